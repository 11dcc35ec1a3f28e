//! `login`, `logout`, `status` and `uninstall`, as a person types them.

use std::fs;
use std::process::Output;

use az_cargo_wizard::domain::credential::{Credential, TokenStore};
use az_cargo_wizard::domain::organization::Base;
use az_cargo_wizard::domain::plan::SetupPlan;
use az_cargo_wizard::host::Host;
use az_cargo_wizard::record::{self, Kept, Login, Record};
use az_cargo_wizard::task::{Event, LogIn, Request};
use serde_json::Value;

use crate::support::wizard::{Traces, product};
use crate::world::{REGISTRY, World, fed, words};

impl World {
    pub(crate) fn run(&self, args: &[&str], input: &str) -> Output {
        let org = format!("{}/contoso", self.demo.origin());
        let mut command = product(&self.sandbox, args);
        command.args(["--org", &org]);
        let output = fed(&mut command, input);
        let said = [output.stdout.clone(), output.stderr.clone()].concat();
        assert_eq!(Traces::of(self.demo.token().expose()).found_in(&said), None, "{args:?}");
        output
    }

    fn json(&self, args: &[&str]) -> Value {
        let output = self.run(&[args, &["--json"]].concat(), "");
        assert!(output.status.success(), "{args:?}: {}", words(&output));
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(value["schema"], 1);
        value
    }

    fn token_line(&self) -> String {
        format!("{}\n", self.demo.token().expose())
    }
}

#[test]
fn who_logs_out_and_in_again_goes_on_fetching() {
    let world = World::with_token();
    let before = world.json(&["status"]);
    let [login] = &before["logins"].as_array().unwrap()[..] else { panic!("one sign-in: {before}") };
    assert_eq!((&login["who"], &login["store"]), (&"Ana".into(), &"file".into()));
    assert_eq!(login["organization"], world.base().as_str());
    assert!(before["provider"].as_str().unwrap().ends_with("az-cargo-wizard"));

    assert_eq!(world.json(&["logout"])["logged_out"], true);
    assert_eq!(world.json(&["logout"])["logged_out"], false);
    assert_eq!(world.json(&["status"])["logins"], Value::Array(Vec::new()));
    let kept = fs::read_to_string(world.demo.state_dir().join("credentials.json")).unwrap();
    assert!(!kept.contains(world.demo.token().expose()), "nothing of it stays");
    assert!(!world.fetch().status.success());

    let login = world.run(&["login", "--with-token", "--store", "file"], &world.token_line());
    assert!(login.status.success(), "{}", words(&login));
    assert!(words(&login).contains("signed in to"), "{}", words(&login));
    assert!(!words(&login).contains("does not ask this tool"), "{}", words(&login));
    assert!(String::from_utf8_lossy(&login.stdout).contains("credentials.json"));
    assert!(world.fetch().status.success());
}

#[test]
fn a_token_that_the_organization_refuses_is_not_kept() {
    let world = World::new();
    let output = world.run(&["login", "--with-token", "--store", "file"], "wrong0123456789wrong0123456789\n");
    assert_eq!(output.status.code(), Some(3), "{}", words(&output));
    assert_eq!(world.json(&["status"])["logins"], Value::Array(Vec::new()));
    let missing = world.run(&["login", "--store", "file"], "");
    assert_eq!(missing.status.code(), Some(2), "{}", words(&missing));
}

#[test]
fn without_a_keyring_nothing_is_kept_and_the_file_is_named() {
    let mut world = World::new();
    world.sandbox.unset("DBUS_SESSION_BUS_ADDRESS");
    let output = world.run(&["login", "--with-token"], &world.token_line());
    assert_eq!(output.status.code(), Some(1), "{}", words(&output));
    assert!(words(&output).contains("there is no keyring"), "{}", words(&output));
    assert!(words(&output).contains("--store file"), "{}", words(&output));
    assert!(world.demo.requests().is_empty(), "nobody was asked");
    let file = world.run(&["login", "--with-token", "--store", "file"], &world.token_line());
    assert!(file.status.success(), "{}", words(&file));
    assert!(words(&file).contains("Cargo does not ask this tool yet"), "{}", words(&file));
}

/// The bus of the sandbox fails the test when it is called.
#[test]
fn a_variables_token_is_kept_nowhere_and_needs_no_keyring() {
    let mut world = World::new();
    let Credential::Bearer(job) = world.entra() else { panic!("a token that ends") };
    world.sandbox.set("SYSTEM_ACCESSTOKEN", job.token.expose());
    let login = world.run(&["login", "--auth", "env"], "");
    assert!(login.status.success(), "{}", words(&login));
    let said = String::from_utf8_lossy(&login.stdout);
    assert!(said.contains("credential in the variable `SYSTEM_ACCESSTOKEN`"), "{said}");
    let status = world.json(&["status"]);
    let login = &status["logins"][0];
    assert_eq!((&login["store"], &login["found"]), (&"environment".into(), &true.into()), "{status}");
    assert!(!world.demo.state_dir().join("credentials.json").exists());
    let said = world.run(&["status"], "").stdout;
    assert!(String::from_utf8_lossy(&said).contains("variable of the environment  read anew each time"));
    let logout = world.run(&["logout"], "");
    assert!(logout.status.success() && !words(&logout).contains("stays"), "{}", words(&logout));

    // A personal one is kept, so that it needs a place.
    world.sandbox.unset("SYSTEM_ACCESSTOKEN");
    world.sandbox.unset("DBUS_SESSION_BUS_ADDRESS");
    world.sandbox.set("AZURE_DEVOPS_EXT_PAT", world.demo.token().expose());
    let login = world.run(&["login", "--auth", "env"], "");
    assert_eq!(login.status.code(), Some(1), "{}", words(&login));
    assert!(words(&login).contains("--store file"), "{}", words(&login));
}

#[test]
fn uninstalled_cargo_does_not_ask_any_more_and_what_was_there_stays() {
    let world = World::new();
    let theirs = "# mine\n[registry]\nglobal-credential-providers = [\"cargo:token\"] # plain\n";
    fs::write(world.file("config.toml"), theirs).unwrap();
    world.set_up(Credential::Pat(world.demo.token().clone()));
    assert!(world.fetch().status.success());
    let changed = world.json(&["uninstall"]);
    assert_eq!(changed["changed"].as_array().map(Vec::len), Some(1), "{changed}");
    let config = world.user_config();
    assert!(config.starts_with(theirs) && !config.contains("az-cargo-wizard ="), "{config}");
    assert_eq!(world.json(&["uninstall"])["changed"], Value::Array(Vec::new()));
    world.forget_crates();
    assert!(!world.fetch().status.success());
    assert_eq!(world.json(&["status"])["provider"], Value::Null);
}

#[test]
fn who_uninstalls_may_have_everything_forgotten() {
    let world = World::with_token();
    let kept = world.run(&["uninstall"], "");
    assert!(
        words(&kept).contains("`az-cargo-wizard uninstall --forget` forgets them all"),
        "{}",
        words(&kept)
    );
    assert_eq!(world.json(&["status"])["logins"].as_array().map(Vec::len), Some(1));
    let gone = world.json(&["uninstall", "--forget"]);
    assert_eq!(gone["changed"], Value::Array(Vec::new()), "it was taken out before");
    assert_eq!(gone["forgotten"], serde_json::json!([world.base().as_str()]));
    assert_eq!(gone["not_forgotten"], Value::Array(Vec::new()));
    assert_eq!(world.json(&["status"])["logins"], Value::Array(Vec::new()));
    let file = fs::read_to_string(world.demo.state_dir().join("credentials.json")).unwrap();
    assert!(!file.contains(world.demo.token().expose()), "nothing of it stays");
    let nothing = world.run(&["uninstall", "--forget"], "");
    assert!(nothing.status.success() && words(&nothing).contains("nothing to forget"), "{}", words(&nothing));
}

#[test]
fn a_program_that_was_only_built_is_not_named_to_cargo() {
    let world = World::new();
    let org = format!("{}/contoso", world.demo.origin());
    let dir = world.demo.project_dir().to_str().unwrap();
    let flags =
        ["setup", "--org", &org, "--with-token", "--store", "provider", "--feed", "rust-crates", "--dry-run"];
    let args = [&flags[..], &["--dir", dir]].concat();
    let output = fed(&mut product(&world.sandbox, args), &world.token_line());
    assert_eq!(output.status.code(), Some(1), "{}", words(&output));
    assert!(words(&output).contains("folder of builds or temporary files"), "{}", words(&output));
    assert!(
        words(&output).contains("install it first with `cargo install --locked --path"),
        "{}",
        words(&output)
    );
}

#[test]
fn status_says_how_long_a_credential_lasts() {
    let world = World::with_token();
    let base = world.base();
    let login = Record::load(world.demo.state_dir()).login(&base).unwrap().clone();
    let now = Host::os().unwrap().clock.unix_seconds();
    let status = |expires: Option<u64>| {
        record::log_in(world.demo.state_dir(), &base, &Login { expires, ..login.clone() }).unwrap();
        String::from_utf8(world.run(&["status"], "").stdout).unwrap()
    };
    let place = "in a file of this tool that only you can read";
    assert!(status(None).ends_with(&format!("{place}\n")), "nobody has told its end");
    assert!(status(Some(now + 6 * 86_400 + 3_600)).ends_with(&format!("{place}  expires in 6 days\n")));
    let ended = status(Some(1));
    assert!(ended.ends_with(&format!("{place}  expired: `az-cargo-wizard login --org {base}`\n")), "{ended}");
}

/// Set up with the token in Cargo's own file.
fn with_plain_file() -> World {
    let world = World::new();
    let plan = SetupPlan { store: TokenStore::PlainFile, ..world.plan() };
    let Event::Reviewed(review) = world.ask(Request::Review(plan.clone())) else { panic!("no review") };
    let pat = Credential::Pat(world.demo.token().clone());
    let log_in = LogIn { plan, ..world.log_in_request(pat, None) };
    assert!(matches!(world.ask(Request::LogIn(log_in)), Event::LoggedIn(_)));
    assert!(matches!(world.ask(Request::Apply(review)), Event::Applied(_)));
    world
}

#[test]
fn what_undo_says_of_cargos_own_file_works_where_the_registry_is_configured_no_more() {
    let world = with_plain_file();
    let undo = world.run(&["undo", "--yes", "--dir", world.demo.project_dir().to_str().unwrap()], "");
    let file = world.file("credentials.toml");
    let way = format!("take the lines of `[registries.{REGISTRY}]` out of `{}`", file.display());
    assert!(undo.status.success() && words(&undo).contains(&way), "{}", words(&undo));
    assert!(fs::read_to_string(&file).unwrap().contains(&format!("[registries.{REGISTRY}]")));
    let logout = world.cargo(&["logout", "--registry", REGISTRY]).output().unwrap();
    assert!(!logout.status.success(), "it is configured no more");
}

/// What Cargo's own file holds is a credential, too.
#[test]
fn status_says_where_a_token_is_that_cargo_keeps_itself() {
    let world = with_plain_file();
    let dir = world.demo.project_dir().to_str().unwrap();
    let status = world.run(&["status", "--dir", dir], "");
    let file = world.file("credentials.toml");
    let shown = String::from_utf8(status.stdout.clone()).unwrap();
    assert_eq!(shown, format!("token for `{REGISTRY}`  in {}\n", file.display()));
    assert!(words(&status).contains("this tool keeps no sign-in"), "{}", words(&status));
    assert!(!words(&status).contains("nobody is signed in"), "{}", words(&status));
    fs::remove_file(file).unwrap();
    let status = world.run(&["status", "--dir", dir], "");
    assert!(status.stdout.is_empty() && words(&status).contains("nobody is signed in"), "{}", words(&status));
}

/// Nobody is signed in there any more, but something may have stayed.
#[test]
fn who_has_everything_forgotten_is_told_of_what_stays_in_a_keyring() {
    let mut world = World::with_token();
    world.sandbox.unset("DBUS_SESSION_BUS_ADDRESS");
    let base = Base::parse("https://dev.azure.com/contoso").unwrap();
    let state_dir = world.demo.state_dir().to_owned();
    let login = Record::load(&state_dir).login(&world.base()).unwrap().clone();
    record::log_in(&state_dir, &base, &Login { kept: Kept::Keyring, ..login }).unwrap();
    record::log_out(&state_dir, &base).unwrap();
    let status = world.run(&["status"], "");
    assert!(words(&status).contains(&format!("something of {base} may still be in the system keyring")));
    assert_eq!(world.json(&["status"])["left_in_keyring"], serde_json::json!([base.as_str()]));
    let output = world.run(&["uninstall", "--forget", "--json"], "");
    assert_eq!(output.status.code(), Some(1), "{}", words(&output));
    let gone: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(gone["forgotten"], serde_json::json!([world.base().as_str()]));
    assert_eq!(gone["not_forgotten"][0]["organization"], base.as_str());
    let why = gone["not_forgotten"][0]["why"].as_str().unwrap();
    assert!(why.contains("stays in the system keyring"), "{why}");
    let again = world.run(&["uninstall", "--forget"], "");
    assert!(
        words(&again).contains(&format!("could not forget the sign-in to {base}: ")),
        "{}",
        words(&again)
    );
}

#[test]
fn what_a_damaged_record_does_not_tell_is_found_and_forgotten_all_the_same() {
    for (garbage, forget) in [("{", &["logout"][..]), ("[]", &["uninstall", "--forget"])] {
        let mut world = World::with_token();
        world.sandbox.unset("DBUS_SESSION_BUS_ADDRESS");
        let state_dir = world.demo.state_dir().to_owned();
        let holds = |world: &World| {
            let kept = fs::read_to_string(world.demo.state_dir().join("credentials.json")).unwrap();
            kept.contains(world.demo.token().expose())
        };
        fs::write(state_dir.join("state.json"), garbage).unwrap();
        let aside = state_dir.join("state.json.garbled-1");
        let status = world.run(&["status"], "");
        let set_aside = format!("was damaged; it is kept as {}", aside.display());
        assert!(words(&status).contains(&set_aside), "{}", words(&status));
        let left = format!("a credential of {} is in the file of this tool", world.base());
        assert!(words(&status).contains(&left), "{}", words(&status));
        assert_eq!(world.json(&["status"])["left_in_file"], serde_json::json!([world.base().as_str()]));
        assert_eq!(fs::read_to_string(&aside).unwrap(), garbage, "it is not lost");
        assert!(holds(&world));
        let gone = world.run(forget, "");
        assert!(gone.status.success(), "{}", words(&gone));
        let shown = String::from_utf8_lossy(&gone.stdout).into_owned();
        assert!(shown.contains(&format!("signed out of {}", world.base())), "{shown}");
        assert!(words(&gone).contains("system keyring"), "{}", words(&gone));
        assert!(!holds(&world), "nothing of it stays");
        assert_eq!(world.json(&["status"])["left_in_file"], Value::Array(Vec::new()));
    }
}

#[test]
fn a_file_of_credentials_that_cannot_be_read_is_not_said_to_be_empty() {
    let world = World::with_token();
    for (file, text) in [("credentials.json", "{"), ("state.json", r#"{"version":1}"#)] {
        fs::write(world.demo.state_dir().join(file), text).unwrap();
    }
    let gone = world.run(&["uninstall", "--forget"], "");
    assert_eq!(gone.status.code(), Some(1), "{}", words(&gone));
    assert!(words(&gone).contains("could not look into the file of this tool"), "{}", words(&gone));
    assert!(!words(&gone).contains("nothing to forget"), "{}", words(&gone));
}
