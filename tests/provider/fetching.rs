//! From the first contact to the last, with a personal access token.

use std::fs;

use az_cargo_wizard::auth::vault::Slot;
use az_cargo_wizard::domain::credential::Credential;
use az_cargo_wizard::record;
use az_cargo_wizard::task::{Event, Request};

use crate::support::wizard::{BINARY, CRATES, Traces};
use crate::world::{REGISTRY, World, fed, words};

#[test]
fn the_first_contact_and_the_next_ones_are_answered() {
    let world = World::with_token();
    let config = world.user_config();
    assert!(config.contains(&format!("az-cargo-wizard = [\"{BINARY}\"]")), "{config}");
    assert!(
        config.contains("global-credential-providers = [\"cargo:token\", \"az-cargo-wizard\"]"),
        "{config}"
    );
    let project = fs::read_to_string(world.demo.project_dir().join(".cargo/config.toml")).unwrap();
    assert!(!project.contains("credential"), "it is shared with others: {project}");
    assert!(!world.file("credentials.toml").exists());

    let before = world.demo.requests().len();
    let first = world.fetch();
    assert!(first.status.success(), "{}", words(&first));
    assert_eq!(world.crates(), CRATES);
    let requests = world.requests_since(before);
    let config_json: Vec<_> =
        requests.iter().filter(|request| request.path.ends_with("/config.json")).collect();
    assert_eq!(config_json.iter().map(|request| request.status).collect::<Vec<_>>(), [401, 200]);

    world.forget_crates();
    let before = world.demo.requests().len();
    let next = world.fetch();
    assert!(next.status.success(), "{}", words(&next));
    assert_eq!(world.crates(), CRATES);
    let refused = world.requests_since(before).into_iter().filter(|request| request.status == 401);
    assert_eq!(refused.count(), 0, "Cargo knows the registry by now, and asks with the token at once");

    let said = [first.stdout, first.stderr, next.stdout, next.stderr].concat();
    assert_eq!(Traces::of(world.demo.token().expose()).found_in(&said), None);
}

#[test]
fn signed_out_the_next_provider_is_asked() {
    let world = World::with_token();
    world.vault().forget(&world.base()).unwrap();
    record::log_out(world.demo.state_dir(), &world.base()).unwrap();
    let signed_out = world.fetch();
    assert!(!signed_out.status.success());
    assert!(
        words(&signed_out).contains(&format!("no token found for `{REGISTRY}`")),
        "{}",
        words(&signed_out)
    );

    let header = Credential::Pat(world.demo.token().clone()).header();
    let credentials = format!("[registries.{REGISTRY}]\ntoken = \"{}\"\n", header.expose());
    fs::write(world.file("credentials.toml"), credentials).unwrap();
    let plain = world.fetch();
    assert!(plain.status.success(), "cargo:token has it: {}", words(&plain));
}

#[test]
fn a_base_that_nobody_has_named_is_not_ours() {
    let world = World::with_token();
    fs::remove_file(world.demo.state_dir().join("state.json")).unwrap();
    let before = world.demo.requests().len();
    let output = world.fetch();
    assert!(!output.status.success());
    assert!(!words(&output).contains("az-cargo-wizard login"), "{}", words(&output));
    assert!(world.requests_since(before).iter().all(|request| !request.authorized));
}

#[test]
fn cargos_own_login_and_logout_go_through_it() {
    let world = World::with_token();
    let logout = world.cargo(&["logout", "--registry", REGISTRY]).output().unwrap();
    assert!(logout.status.success(), "{}", words(&logout));
    assert_eq!(world.vault().read(&world.base(), Slot::Pat).unwrap(), None);
    assert!(!world.fetch().status.success());

    let token = format!("{}\n", world.demo.token().expose());
    let login = fed(&mut world.cargo(&["login", "--registry", REGISTRY]), &token);
    assert!(login.status.success(), "{}", words(&login));
    assert!(!words(&login).contains(token.trim()));
    assert!(!world.file("credentials.toml").exists(), "it is kept where the one before was");
    assert!(world.fetch().status.success());
}

#[test]
fn a_login_replaces_the_token_that_is_kept() {
    let world = World::with_token();
    let token = format!("{}\n", world.demo.tokens().read_write.expose());
    let login = fed(&mut world.cargo(&["login", "--registry", REGISTRY]), &token);
    assert!(login.status.success(), "{}", words(&login));
    let kept = world.vault().read(&world.base(), Slot::Pat).unwrap().unwrap();
    assert_eq!(kept.expose(), token.trim());
    assert!(world.fetch().status.success());
}

#[test]
fn a_token_that_has_expired_is_said_with_what_mends_it() {
    let world = World::with_token();
    let file = world.demo.state_dir().join("state.json");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("\"expires\": null", "\"expires\": 1")).unwrap();
    let output = world.fetch();
    assert!(!output.status.success());
    let said = words(&output);
    assert!(said.contains("the personal access token has expired"), "{said}");
    assert!(said.contains("run: az-cargo-wizard login"), "{said}");
}

#[test]
fn crates_io_has_its_own_login_as_before() {
    let world = World::with_token();
    // Cargo asks crates.io for its config.json first: here a feed that answers everyone is in its place.
    let index = format!("sparse+{}/fabrikam/OSS/_packaging/open-crates/Cargo/index/", world.demo.origin());
    let cargo = |action: &str| {
        let mut command = world.sandbox.command("cargo");
        command.arg(action).env("__CARGO_TEST_CRATES_IO_URL_DO_NOT_USE_THIS", &index);
        command
    };
    let login = fed(&mut cargo("login"), "cio0123456789\n");
    assert!(login.status.success(), "{}", words(&login));
    let credentials = fs::read_to_string(world.file("credentials.toml")).unwrap();
    assert!(credentials.contains("cio0123456789"), "{credentials}");
    let logout = cargo("logout").output().unwrap();
    assert!(logout.status.success(), "{}", words(&logout));
    let credentials = fs::read_to_string(world.file("credentials.toml")).unwrap();
    assert!(!credentials.contains("cio0123456789"), "{credentials}");
}

#[test]
fn the_check_finds_what_is_kept_and_the_list_of_feeds_is_asked_with_it() {
    let world = World::with_token();
    let Event::Checked(checkout) = world.ask(Request::Check) else { panic!("nothing to ask about") };
    let in_force = checkout.in_force.unwrap();
    assert_eq!(
        in_force.token_in.as_deref(),
        Some("az-cargo-wizard, in a file of this tool that only you can read")
    );
    let stored = world.ask(Request::StoredCredential(world.collection()));
    let Event::StoredCredential(Some(stored)) = stored else { panic!("{stored:?}") };
    assert_eq!(stored.credential, Credential::Pat(world.demo.token().clone()));
    assert_eq!(stored.login.unwrap().who, "Ana");
    record::log_out(world.demo.state_dir(), &world.base()).unwrap();
    assert_eq!(world.ask(Request::StoredCredential(world.collection())), Event::StoredCredential(None));
}
