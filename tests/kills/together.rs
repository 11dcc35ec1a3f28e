//! Several instances at once: whatever each has written is there in the end.

use std::fs;
use std::path::Path;

use az_cargo_wizard::cargo::config_file::{Places, apply, review};
use az_cargo_wizard::cargo::credentials;
use az_cargo_wizard::cargo::error::ConfigError;
use az_cargo_wizard::domain::credential::{Secret, TokenStore};
use az_cargo_wizard::domain::organization::Base;
use az_cargo_wizard::domain::plan::{ConfigScope, SetupPlan};
use az_cargo_wizard::domain::registry::{IndexUrl, RegistryName};
use az_cargo_wizard::files::FileError;
use az_cargo_wizard::host::Env;
use az_cargo_wizard::record::{self, Record};

use crate::support::sandbox::Sandbox;

const WRITERS: usize = 4;
const ROUNDS: usize = 8;

/// Runs all of them at once, each with every number that is its own.
fn all_at_once(act: impl Fn(usize) + Sync) {
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let act = &act;
            scope.spawn(move || (0..ROUNDS).for_each(|round| act(round * WRITERS + writer)));
        }
    });
}

fn name(number: usize) -> RegistryName {
    RegistryName::parse(&format!("feed-{number}")).unwrap()
}

#[test]
fn registries_of_several_instances_are_all_in_the_configuration() {
    let sandbox = Sandbox::new();
    let (project, cargo_home, state) = (sandbox.project(), sandbox.cargo_home(), sandbox.state_dir());
    let env = Env::default();
    let places = Places {
        workspace: Some(&project),
        cargo_home: &cargo_home,
        state_dir: &state,
        env: &env,
        overwrite_replacement: false,
        program: None,
        now: 0,
    };
    all_at_once(|number| {
        let index =
            format!("sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/feed-{number}/Cargo/index/");
        let plan = SetupPlan {
            scope: ConfigScope::Project,
            registry: name(number),
            index: IndexUrl::parse(&index).unwrap(),
            replace_crates_io: false,
            store: TokenStore::PlainFile,
            publish: None,
        };
        // Who comes second is told that the file has changed, and looks again.
        loop {
            match review(&plan, &places).and_then(|review| apply(&review, &places)) {
                Ok(_) => break,
                Err(ConfigError::File(FileError::Changed(_))) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    });
    let texts = [project.join(".cargo/config.toml"), cargo_home.join("config.toml")];
    for text in texts.map(|file| fs::read_to_string(file).unwrap()) {
        for number in 0..WRITERS * ROUNDS {
            assert_eq!(text.matches(&format!("[registries.feed-{number}]")).count(), 1, "{text}");
        }
    }
    assert_no_leftovers(&[&project.join(".cargo"), &cargo_home, &state.join("backups")]);
}

#[test]
fn tokens_of_several_instances_are_all_kept() {
    let sandbox = Sandbox::new();
    let home = sandbox.cargo_home();
    all_at_once(|number| {
        credentials::store(&home, &name(number), &Secret::new(format!("Basic {number:08}"))).unwrap();
    });
    for number in 0..WRITERS * ROUNDS {
        let token = credentials::token_for(&home, &Env::default(), &name(number)).unwrap().unwrap();
        assert_eq!(token.header.expose(), format!("Basic {number:08}"));
    }
}

#[test]
fn answers_of_several_instances_are_all_remembered() {
    let sandbox = Sandbox::new();
    let state = sandbox.state_dir();
    let base = |number| Base::parse(&format!("https://ado.example/coll-{number}")).unwrap();
    all_at_once(|number| {
        record::trust(&state, &format!("key-{number}")).unwrap();
        record::name(&state, &base(number)).unwrap();
    });
    let record = Record::load(&state);
    for number in 0..WRITERS * ROUNDS {
        assert!(
            record.trusts(&format!("key-{number}")) && record.knows(&base(number)),
            "{number}: {record:?}"
        );
    }
    assert_no_leftovers(&[&state]);
}

fn assert_no_leftovers(folders: &[&Path]) {
    for folder in folders {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let left: Vec<_> = names.filter(|name| name.to_string_lossy().ends_with(".tmp")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}
