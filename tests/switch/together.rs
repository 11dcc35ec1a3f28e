//! Several processes at once, and one that an editor has overtaken: nothing is lost.

use std::fs;
use std::process::{Child, Stdio};

use az_cargo_wizard::cargo::config_file::Places;
use az_cargo_wizard::cargo::error::ConfigError;
use az_cargo_wizard::cargo::switch::{self, InFolder};
use az_cargo_wizard::cargo::{journal, undo};
use az_cargo_wizard::domain::plan::SwitchTo;
use az_cargo_wizard::domain::registry::{IndexUrl, RegistryName};
use az_cargo_wizard::files::FileError;
use az_cargo_wizard::host::Env;

use crate::support::sandbox::Sandbox;
use crate::support::wizard::product;

const WRITERS: usize = 6;

fn index(number: usize) -> String {
    format!("sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/feed-{number}/Cargo/index/")
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(
        "project/Cargo.toml",
        "[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    );
    sandbox.write("project/.cargo/config.toml", "# the team's\n[net]\nretry = 3\n");
    sandbox
}

fn with<T>(sandbox: &Sandbox, act: impl FnOnce(&Places<'_>) -> T) -> T {
    let (project, home, state) = (sandbox.project(), sandbox.cargo_home(), sandbox.state_dir());
    act(&Places {
        workspace: Some(&project),
        cargo_home: &home,
        state_dir: &state,
        env: &Env::default(),
        overwrite_replacement: false,
        program: None,
        now: 1,
    })
}

#[test]
fn switches_of_several_processes_all_happen_or_say_that_the_file_has_changed() {
    let sandbox = sandbox();
    let start = |number: usize| -> Child {
        let mut command = product(&sandbox, ["switch", &index(number), "--json"]);
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
    };
    let children: Vec<Child> = (0..WRITERS).map(start).collect();
    let mut done = Vec::new();
    for (number, child) in children.into_iter().enumerate() {
        let output = child.wait_with_output().unwrap();
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        match output.status.code() {
            Some(0) => done.push(number),
            _ => assert_eq!(value["error"]["code"], "file-changed", "{value}"),
        }
    }
    let text = fs::read_to_string(sandbox.project().join(".cargo/config.toml")).unwrap();
    assert!(!done.is_empty() && text.starts_with("# the team's\n[net]\nretry = 3\n"), "{text}");
    for number in 0..WRITERS {
        let is_there = text.contains(&format!("[registries.feed-{number}]"));
        assert_eq!(is_there, done.contains(&number), "{number}: {text}");
    }
    let entries = journal::entries(&sandbox.state_dir()).unwrap();
    assert_eq!(entries.len(), done.len(), "an entry for each, and no other");
    for _ in &done {
        assert!(product(&sandbox, ["undo"]).output().unwrap().status.success());
    }
    let text = fs::read_to_string(sandbox.project().join(".cargo/config.toml")).unwrap();
    assert_eq!(text, "# the team's\n[net]\nretry = 3\n");
}

fn planned(places: &Places<'_>, number: usize) -> az_cargo_wizard::domain::plan::ConfigChange {
    let to = SwitchTo::Registry {
        name: RegistryName::parse(&format!("feed-{number}")).unwrap(),
        index: IndexUrl::parse(&index(number)).unwrap(),
    };
    InFolder::read(places.workspace.unwrap(), places).unwrap().switch(&to, places).unwrap()
}

#[test]
fn an_editor_that_saves_between_the_look_and_the_yes_wins() {
    let sandbox = sandbox();
    with(&sandbox, |places| {
        let change = planned(places, 1);
        sandbox.write("project/.cargo/config.toml", "# edited\n");
        let refused = switch::apply(&change, places);
        assert!(matches!(refused, Err(ConfigError::File(FileError::Changed(_)))), "{refused:?}");
        assert!(journal::entries(places.state_dir).unwrap().is_empty());
        switch::apply(&planned(places, 1), places).unwrap();
        let plan = undo::plan(None, places).unwrap();
        let theirs = fs::read_to_string(sandbox.project().join(".cargo/config.toml")).unwrap() + "# more\n";
        sandbox.write("project/.cargo/config.toml", &theirs);
        assert!(undo::apply(&plan, places).is_err(), "what was looked at is not what is there");
        let text = fs::read_to_string(sandbox.project().join(".cargo/config.toml")).unwrap();
        assert_eq!(text, theirs);
        let plan = undo::plan(None, places).unwrap();
        assert!(plan.is_merge());
        undo::apply(&plan, places).unwrap();
        let text = fs::read_to_string(sandbox.project().join(".cargo/config.toml")).unwrap();
        assert_eq!(text, "# edited\n# more\n");
    });
}

#[test]
fn an_entry_that_was_begun_is_told_by_the_file_whether_it_happened() {
    let sandbox = sandbox();
    let state = |word: &str| {
        let path = sandbox.state_dir().join("journal.json");
        let mut book: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let last = book["entries"].as_array_mut().unwrap().last_mut().unwrap();
        last["state"] = word.into();
        fs::write(&path, book.to_string()).unwrap();
    };
    let config = sandbox.project().join(".cargo/config.toml");
    with(&sandbox, |places| {
        switch::apply(&planned(places, 1), places).unwrap();
        let first = fs::read_to_string(&config).unwrap();
        switch::apply(&planned(places, 2), places).unwrap();
        // Killed after the file was written: it happened, and is taken back.
        state("begun");
        undo::apply(&undo::plan(None, places).unwrap(), places).unwrap();
        assert_eq!(fs::read_to_string(&config).unwrap(), first);
        // Killed before: it didn't, so that the one before it is the last.
        state("begun");
        let plan = undo::plan(None, places).unwrap();
        assert_eq!(plan.entry.id, 1);
        // Killed while it was taken back, before the file was written and after.
        undo::apply(&plan, places).unwrap();
        assert_eq!(fs::read_to_string(&config).unwrap(), "# the team's\n[net]\nretry = 3\n");
        assert!(undo::plan(None, places).is_err());
    });
}
