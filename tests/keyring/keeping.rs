//! A keyring that works, from signing in to signing out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use az_cargo_wizard::auth::vault::Slot;
use az_cargo_wizard::record::{self, Kept, Login, Record};
use serde_json::Value;

use crate::session::Session;
use crate::support::sandbox::toolchain;
use crate::support::wizard::{BINARY, CRATES, Traces, product};
use crate::world::{REGISTRY, World, fed, words};

impl World {
    /// A demo whose person has this session.
    pub(crate) fn of(session: &Session) -> Self {
        let mut world = Self::new();
        world.sandbox.set("DBUS_SESSION_BUS_ADDRESS", session.address());
        world
    }

    pub(crate) fn run(&self, args: &[&str], input: &str) -> Output {
        self.run_by(BINARY.as_ref(), args, input)
    }

    fn run_by(&self, program: &Path, args: &[&str], input: &str) -> Output {
        let org = format!("{}/contoso", self.demo.origin());
        let mut command = self.sandbox.command(program);
        command.args(args).args(["--org", &org]).current_dir(self.demo.project_dir());
        let output = fed(&mut command, input);
        let said = [output.stdout.clone(), output.stderr.clone()].concat();
        assert_eq!(Traces::of(self.demo.token().expose()).found_in(&said), None, "{args:?}");
        output
    }

    pub(crate) fn log_in(&self, flags: &[&str]) -> Output {
        let token = format!("{}\n", self.demo.token().expose());
        self.run(&[&["login", "--with-token"], flags].concat(), &token)
    }

    pub(crate) fn status(&self) -> Value {
        let output = self.run(&["status", "--json"], "");
        assert!(output.status.success(), "{}", words(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The line that Cargo gets.
    pub(crate) fn get(&self) -> Value {
        let request = format!(
            "{{\"v\":1,\"registry\":{{\"index-url\":\"{}\"}},\"kind\":\"get\",\"operation\":\"read\"}}\n",
            self.index()
        );
        let output = fed(&mut product(&self.sandbox, ["--cargo-plugin"]), &request);
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        serde_json::from_str(text.lines().nth(1).unwrap()).unwrap()
    }

    /// The product where it would be installed: one in a folder of builds is not named in a configuration.
    fn installed(&self) -> PathBuf {
        let program = self.sandbox.bin().join("az-cargo-wizard");
        if fs::hard_link(BINARY, &program).is_err() {
            fs::copy(BINARY, &program).unwrap();
        }
        program
    }

    /// Nothing that this tool has written holds the token.
    fn nothing_in_files(&self) {
        let traces = Traces::of(self.demo.token().expose());
        for folder in [self.demo.state_dir(), self.demo.cargo_home(), self.demo.project_dir()] {
            assert_eq!(traces.files_below(folder), <[PathBuf; 0]>::default());
        }
    }
}

#[test]
fn a_login_is_kept_found_used_by_cargo_and_forgotten() {
    let Some(session) = Session::with_keyring() else { return };
    let world = World::of(&session);
    let login = world.log_in(&[]);
    assert!(login.status.success(), "{}", words(&login));
    let said = String::from_utf8(login.stdout).unwrap();
    assert!(said.contains("credential in the system keyring (Secret Service)"), "{said}");
    assert_eq!(session.entries(), 1, "the trial left nothing");

    let status = world.status();
    let [login] = &status["logins"].as_array().unwrap()[..] else { panic!("one sign-in: {status}") };
    assert_eq!(
        (&login["who"], &login["store"]),
        (&"Ana Costa (ana@contoso.example)".into(), &"keyring".into())
    );
    assert_eq!((&login["found"], &login["trouble"]), (&true.into(), &Value::Null));
    assert!(world.get()["Ok"]["token"].as_str().unwrap().starts_with("Basic "));

    let flags = ["setup", "--feed", REGISTRY, "--config", "project", "--with-token", "--store", "provider"];
    let token = format!("{}\n", world.demo.token().expose());
    let args = [&flags[..], &["--yes", "--trust-project"]].concat();
    let setup = world.run_by(&world.installed(), &args, &token);
    assert!(setup.status.success(), "{}", words(&setup));
    assert!(String::from_utf8_lossy(&setup.stdout).contains("system keyring"), "{setup:?}");
    assert_eq!(world.crates(), CRATES, "setup ends with a fetch");
    world.forget_crates();
    let fetch = world.fetch();
    assert!(fetch.status.success(), "{}", words(&fetch));
    assert_eq!(world.crates(), CRATES);
    world.nothing_in_files();

    let logout = world.run(&["logout"], "");
    assert!(logout.status.success(), "{}", words(&logout));
    assert_eq!(session.entries(), 0);
    assert_eq!(world.get()["Err"]["kind"], "not-found");
    assert_eq!(world.status()["logins"], Value::Array(Vec::new()));
    world.forget_crates();
    assert!(!world.fetch().status.success());
}

/// With every argument and variable of every Cargo written down, and a log.
#[test]
fn what_cargos_own_provider_keeps_is_in_the_keyring_alone() {
    let Some(session) = Session::with_keyring() else { return };
    let mut world = World::of(&session);
    let root = world.sandbox.root().to_owned();
    let cargo = toolchain().join("bin/cargo");
    let script = format!(
        "echo \"$*\" >>'{0}/arguments'; env >>'{0}/environments'; exec '{1}' \"$@\"",
        root.display(),
        cargo.display()
    );
    world.sandbox.program("cargo", &script);
    world.sandbox.set("AZ_CARGO_WIZARD_LOG", root.join("log"));
    let token = format!("{}\n", world.demo.token().expose());
    let flags = ["setup", "--feed", REGISTRY, "--config", "project", "--with-token", "--store", "native"];
    let setup = world.run(&[&flags[..], &["--yes", "--trust-project"]].concat(), &token);
    if words(&setup).contains("failed to load libsecret") {
        println!("skipped: `libsecret-1.so.0`, which Cargo's own provider needs, is not installed");
        return;
    }
    assert!(setup.status.success(), "{}", words(&setup));
    assert!(String::from_utf8_lossy(&setup.stdout).contains("the system keyring, by cargo:libsecret"));
    assert_eq!(world.crates(), CRATES, "Cargo has it from there");
    world.nothing_in_files();
    let traces = Traces::of(world.demo.token().expose());
    for (file, word) in [("arguments", "login"), ("environments", "CARGO_HOME"), ("log", "running")] {
        let text = fs::read_to_string(root.join(file)).unwrap();
        assert!(text.contains(word), "{file}: {text}");
        assert_eq!(traces.found_in(text.as_bytes()), None, "{file}");
    }
    let logout = world.cargo(&["logout", "--registry", REGISTRY]).output().unwrap();
    assert!(logout.status.success(), "{}", words(&logout));
    world.forget_crates();
    assert!(!world.fetch().status.success(), "it is not there any more");
}

#[test]
fn cargos_own_login_and_logout_reach_the_keyring() {
    let Some(session) = Session::with_keyring() else { return };
    let world = World::of(&session);
    assert!(world.log_in(&[]).status.success());
    let registry = format!("\"registry\":{{\"index-url\":\"{}\"}}", world.index());
    let token = world.demo.tokens().read_write.expose().to_owned();
    let input = format!(
        "{{\"v\":1,{registry},\"kind\":\"login\",\"token\":\"{token}\"}}\n{{\"v\":1,{registry},\"kind\":\"get\",\"operation\":\"read\"}}\n{{\"v\":1,{registry},\"kind\":\"logout\"}}\n{{\"v\":1,{registry},\"kind\":\"get\",\"operation\":\"read\"}}\n"
    );
    let output = fed(&mut product(&world.sandbox, ["--cargo-plugin"]), &input);
    let text = String::from_utf8(output.stdout).unwrap();
    let [hello, login, get, logout, after] = &text.lines().collect::<Vec<_>>()[..] else { panic!("{text}") };
    assert_eq!(
        [*hello, *login, *logout],
        [r#"{"v":[1]}"#, r#"{"Ok":{"kind":"login"}}"#, r#"{"Ok":{"kind":"logout"}}"#]
    );
    assert!(get.contains("Basic ") && after.contains("not-found"), "{text}");
    assert_eq!(session.entries(), 0);
}

#[test]
fn a_login_to_the_file_takes_the_one_before_out_of_the_keyring() {
    let Some(session) = Session::with_keyring() else { return };
    let world = World::of(&session);
    assert!(world.log_in(&[]).status.success());
    let login = world.log_in(&["--store", "file"]);
    assert!(login.status.success(), "{}", words(&login));
    assert!(!words(&login).contains("stays in the system keyring"), "{}", words(&login));
    assert_eq!(session.entries(), 0);
    assert_eq!(world.status()["logins"][0]["store"], "file");

    assert!(world.log_in(&[]).status.success());
    assert_eq!(session.entries(), 1);
    session.silence_keyring();
    let login = world.log_in(&["--store", "file"]);
    assert!(login.status.success(), "{}", words(&login));
    let said = words(&login);
    assert!(said.contains("stays in the system keyring: the keyring does not answer"), "{said}");
    session.wake_keyring();
    assert!(world.get()["Ok"]["token"].is_string());
}

#[test]
fn a_login_to_the_keyring_changes_what_the_file_would_answer() {
    let Some(mut session) = Session::with_keyring() else { return };
    let world = World::of(&session);
    assert!(world.log_in(&["--store", "file"]).status.success());
    let before = world.get();
    let token = format!("{}\n", world.demo.tokens().read_write.expose());
    assert!(world.run(&["login", "--with-token"], &token).status.success());
    let after = world.get();
    assert_ne!(after["Ok"]["token"], before["Ok"]["token"]);
    session.lock_keyring();
    assert_eq!(world.get(), after, "from the file that was agreed to");
}

#[test]
fn a_logout_looks_into_the_keyring_that_a_sign_in_has_left() {
    let Some(session) = Session::with_keyring() else { return };
    let world = World::of(&session);
    for silent in [false, true] {
        assert!(world.log_in(&[]).status.success());
        assert_eq!(session.entries(), 1);
        // As a renewal moves one whose keyring refuses.
        let base = world.base();
        let login = Record::load(world.demo.state_dir()).login(&base).unwrap().clone();
        world.vault().write(&base, Slot::Pat, world.demo.token()).unwrap();
        let login = Login { kept: Kept::File, ..login };
        record::log_in(world.demo.state_dir(), &base, &login).unwrap();
        if silent {
            session.silence_keyring();
        }
        let logout = world.run(&["logout"], "");
        assert!(logout.status.success(), "{}", words(&logout));
        assert_eq!(words(&logout).contains("stays in the system keyring: "), silent, "{}", words(&logout));
        session.wake_keyring();
    }
    assert_eq!(session.entries(), 1);
    assert_eq!(world.status()["left_in_keyring"], serde_json::json!([world.base().as_str()]));
    let gone = world.run(&["uninstall", "--forget", "--json"], "");
    let gone: Value = serde_json::from_slice(&gone.stdout).unwrap();
    assert_eq!(gone["forgotten"], serde_json::json!([world.base().as_str()]));
    assert_eq!(session.entries(), 0, "whoever has all of it forgotten has that forgotten, too");
    assert_eq!(world.status()["left_in_keyring"], Value::Array(Vec::new()));
}

/// As the demo keeps it, but in the keyring.
fn with_entra(session: &Session) -> World {
    let mut world = World::with_entra();
    world.sandbox.set("DBUS_SESSION_BUS_ADDRESS", session.address());
    for slot in [Slot::Refresh, Slot::Access] {
        let secret = world.vault().read(&world.base(), slot).unwrap().unwrap();
        crate::apart::write(&world.sandbox, &world.base(), (slot, secret.expose()));
    }
    world.vault().forget(&world.base()).unwrap();
    let login = Record::load(world.demo.state_dir()).login(&world.base()).unwrap().clone();
    let login = Login { kept: Kept::Keyring, ..login };
    record::log_in(world.demo.state_dir(), &world.base(), &login).unwrap();
    world
}

#[test]
fn a_sign_in_with_entra_is_renewed_in_the_keyring() {
    let Some(session) = Session::with_keyring() else { return };
    let world = with_entra(&session);
    let kept = session.entries();
    assert!(kept >= 2, "what renews it, and the access token: {kept}");
    let first = world.get();
    assert!(first["Ok"]["token"].as_str().is_some_and(|token| token.starts_with("Bearer ")), "{first}");
    assert_eq!(world.get(), first, "it is fresh");

    for _ in 0..2 {
        world.demo.end_entra_tokens();
        crate::apart::write(&world.sandbox, &world.base(), (Slot::Access, "1 eyJold.e30.x"));
        let next = world.get();
        let token = next["Ok"]["token"].as_str().unwrap_or_else(|| panic!("{next}"));
        assert!(first["Ok"]["token"] != token && !token.contains("eyJold"));
        assert_eq!(session.entries(), kept, "in place of those before");
        assert_eq!(world.get(), next);
    }
    let fetch = world.fetch();
    assert!(fetch.status.success(), "{}", words(&fetch));
    assert_eq!(world.crates(), CRATES);
    world.nothing_in_files();
}

#[test]
fn where_the_keyring_lost_it_cargo_is_told_and_asks_no_other_provider() {
    let Some(session) = Session::with_keyring() else { return };
    let world = World::of(&session);
    assert!(world.log_in(&[]).status.success());
    crate::apart::forget(&world.sandbox, &world.base());
    let told = world.get();
    assert_eq!(told["Err"]["kind"], "other");
    assert_eq!(told["Err"]["message"], "the credential is not in the system keyring any more");
    let command = format!("run: az-cargo-wizard login --org {}", world.base());
    assert_eq!(told["Err"]["caused-by"], serde_json::json!([command]));
    assert_eq!(world.status()["logins"][0]["found"], false);
}
