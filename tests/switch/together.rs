//! Several processes at once, and one that an editor has overtaken: nothing is lost.

use std::fs;
use std::process::{Child, Stdio};

use az_cargo_wizard::cargo::config_file::{self, Places};
use az_cargo_wizard::cargo::error::ConfigError;
use az_cargo_wizard::cargo::journal;
use az_cargo_wizard::cargo::switch::{self, InFolder};
use az_cargo_wizard::cargo::undo::{self, UndoError};
use az_cargo_wizard::domain::credential::TokenStore;
use az_cargo_wizard::domain::journal::{How, State};
use az_cargo_wizard::domain::plan::{ConfigScope, SetupPlan, SwitchTo};
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

/// Says of an entry what a process that was killed has left there.
fn leave(sandbox: &Sandbox, id: u64, word: &str) {
    let path = sandbox.state_dir().join("journal.json");
    let mut book: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let entries = book["entries"].as_array_mut().unwrap();
    entries.iter_mut().find(|entry| entry["id"] == id).unwrap()["state"] = word.into();
    fs::write(&path, book.to_string()).unwrap();
}

const OLD: &str = "# the team's\n[net]\nretry = 3\n";

#[test]
fn an_entry_that_was_begun_is_told_by_the_file_whether_it_happened() {
    let sandbox = sandbox();
    let config = sandbox.project().join(".cargo/config.toml");
    with(&sandbox, |places| {
        switch::apply(&planned(places, 1), places).unwrap();
        let first = fs::read_to_string(&config).unwrap();
        switch::apply(&planned(places, 2), places).unwrap();
        // Killed after the file was written: it happened, and is taken back.
        leave(&sandbox, 2, "begun");
        undo::apply(&undo::plan(None, places).unwrap(), places).unwrap();
        assert_eq!(fs::read_to_string(&config).unwrap(), first);
        // Killed before: it didn't, so that the one before it is the last.
        leave(&sandbox, 2, "begun");
        let plan = undo::plan(None, places).unwrap();
        assert_eq!(plan.entry.id, 1);
        undo::apply(&plan, places).unwrap();
        assert_eq!(fs::read_to_string(&config).unwrap(), OLD);
        assert!(matches!(undo::plan(None, places), Err(UndoError::Nothing)));
    });
}

#[test]
fn one_that_was_being_taken_back_is_told_by_the_file_how_far_that_came() {
    let sandbox = sandbox();
    let config = sandbox.project().join(".cargo/config.toml");
    with(&sandbox, |places| {
        switch::apply(&planned(places, 1), places).unwrap();
        let first = fs::read_to_string(&config).unwrap();
        undo::apply(&undo::plan(None, places).unwrap(), places).unwrap();
        // Killed after the file was written: there is nothing left to do.
        leave(&sandbox, 1, "undoing");
        assert!(matches!(undo::plan(None, places), Err(UndoError::Nothing)));
        // Killed before: it is still to be taken back.
        fs::write(&config, &first).unwrap();
        let plan = undo::plan(None, places).unwrap();
        assert_eq!((plan.entry.id, plan.entry.state), (1, State::Undoing));
        undo::apply(&plan, places).unwrap();
        assert_eq!(fs::read_to_string(&config).unwrap(), OLD);
        // The same where an edit of somebody else stays: the file is neither as before the act nor as after it.
        switch::apply(&planned(places, 1), places).unwrap();
        let edited = format!("{}# more\n", fs::read_to_string(&config).unwrap());
        fs::write(&config, &edited).unwrap();
        undo::apply(&undo::plan(None, places).unwrap(), places).unwrap();
        leave(&sandbox, 2, "undoing");
        assert!(matches!(undo::plan(None, places), Err(UndoError::Nothing)));
        assert_eq!(fs::read_to_string(&config).unwrap(), format!("{OLD}# more\n"));
        fs::write(&config, &edited).unwrap();
        undo::apply(&undo::plan(None, places).unwrap(), places).unwrap();
        assert_eq!(fs::read_to_string(&config).unwrap(), format!("{OLD}# more\n"));
    });
}

/// A setup that writes the project's file first and the person's after it.
fn set_up(places: &Places<'_>) {
    let plan = SetupPlan {
        scope: ConfigScope::Project,
        registry: RegistryName::parse("feed-1").unwrap(),
        index: IndexUrl::parse(&index(1)).unwrap(),
        replace_crates_io: true,
        store: TokenStore::PlainFile,
        publish: None,
    };
    let review = config_file::review(&plan, places).unwrap();
    assert_eq!(review.files.len(), 2);
    config_file::apply(&review, places).unwrap();
}

#[test]
fn of_two_files_the_one_that_was_written_goes_back() {
    let sandbox = sandbox();
    let files = [sandbox.project().join(".cargo/config.toml"), sandbox.cargo_home().join("config.toml")];
    let old = [OLD, "# mine\n"];
    let texts = || files.each_ref().map(|file| fs::read_to_string(file).unwrap());
    for (state, written) in [("begun", [true, false]), ("undoing", [false, true]), ("undoing", [true, false])]
    {
        with(&sandbox, |places| {
            files.iter().zip(old).for_each(|(file, text)| fs::write(file, text).unwrap());
            set_up(places);
            let id = journal::entries(places.state_dir).unwrap().last().unwrap().id;
            leave(&sandbox, id, state);
            for ((file, text), _) in files.iter().zip(old).zip(written).filter(|(_, written)| !written) {
                fs::write(file, text).unwrap();
            }
            let plan = undo::plan(None, places).unwrap();
            let hows: Vec<bool> = plan.files.iter().map(|file| file.how == How::Exact).collect();
            assert_eq!((plan.entry.id, &hows[..]), (id, &written[..]), "{state}");
            undo::apply(&plan, places).unwrap();
            assert_eq!(texts(), old, "{state} {written:?}");
            let last = journal::entries(places.state_dir).unwrap().pop().unwrap();
            assert_eq!(last.state, State::Undone);
        });
    }
}
