//! A feed that answers everyone, with the real Cargo: read by nobody in particular, filled by a member through its
//! `~force-auth` address, and the lock file the same byte for byte (azure-contract 7.2).
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::fs;
use std::process::{Command, Output};

use az_cargo_wizard::cargo::config_file::{Places, apply, review};
use az_cargo_wizard::cargo::credentials;
use az_cargo_wizard::domain::credential::{Credential, Secret, TokenStore};
use az_cargo_wizard::domain::plan::{ConfigScope, SetupPlan};
use az_cargo_wizard::domain::registry::{IndexUrl, RegistryName};
use serde_json::Value;

use support::sandbox::Sandbox;
use support::wizard::{CRATES, Traces, demo, demo_dir, token, whole_crates};

#[expect(dead_code, reason = "this test uses a part of what the tests share")]
mod support;

fn run(sandbox: &Sandbox, args: &[&str]) -> Output {
    demo(sandbox).args(args).output().unwrap()
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A demo whose project uses its public feed under that name.
fn set_up(sandbox: &Sandbox, name: &str) -> String {
    set_up_with(sandbox, name, "fabrikam/OSS/_packaging/open-crates")
}

/// The same with any feed of the demo.
fn set_up_with(sandbox: &Sandbox, name: &str, feed: &str) -> String {
    assert!(run(sandbox, &["cache", "list"]).status.success());
    let dir = demo_dir(sandbox);
    let world: Value = serde_json::from_str(&fs::read_to_string(dir.join("world.json")).unwrap()).unwrap();
    let origin = format!("http://127.0.0.1:{}", world["ports"][0]);
    let index = format!("sparse+{origin}/{feed}/Cargo/index/");
    let plan = SetupPlan {
        scope: ConfigScope::Project,
        registry: RegistryName::parse(name).unwrap(),
        index: IndexUrl::parse(&index).unwrap(),
        replace_crates_io: true,
        store: TokenStore::PlainFile,
        publish: None,
    };
    let host = sandbox.host(&[]);
    let places = Places {
        workspace: Some(&dir.join("storefront")),
        cargo_home: &dir.join("cargo-home"),
        state_dir: &dir.join("state"),
        env: &host.env,
        overwrite_replacement: false,
        program: None,
        now: 0,
    };
    apply(&review(&plan, &places).unwrap(), &places).unwrap();
    index
}

fn log_in(sandbox: &Sandbox, name: &str) {
    let header = Credential::Pat(Secret::new(token(sandbox))).header();
    let home = demo_dir(sandbox).join("cargo-home");
    credentials::store(&home, &RegistryName::parse(name).unwrap(), &header).unwrap();
}

/// What a fetch must leave as it is.
fn shared_files(sandbox: &Sandbox) -> [Vec<u8>; 2] {
    let project = demo_dir(sandbox).join("storefront");
    ["Cargo.lock", ".cargo/config.toml"].map(|file| fs::read(project.join(file)).unwrap())
}

/// As on a machine that has never seen the feed.
fn forget_everything(sandbox: &Sandbox) {
    let home = demo_dir(sandbox).join("cargo-home");
    fs::remove_dir_all(home.join("registry")).unwrap();
    let _ = fs::remove_file(home.join("credentials.toml"));
}

#[test]
fn a_member_fills_the_feed_and_everyone_reads_it() {
    let sandbox = Sandbox::new();
    set_up(&sandbox, "open");
    let nobody = run(&sandbox, &["fetch"]);
    assert_eq!(nobody.status.code(), Some(3), "{nobody:?}");
    assert!(words(&nobody).contains("only members can save it"), "{}", words(&nobody));
    assert!(words(&nobody).contains("az-cargo-wizard fetch --force-auth"), "{}", words(&nobody));

    log_in(&sandbox, "open");
    let before = shared_files(&sandbox);
    let plain = run(&sandbox, &["fetch"]);
    assert_eq!(plain.status.code(), Some(3), "Cargo sends no token to it: {plain:?}");

    let forced = run(&sandbox, &["fetch", "--force-auth"]);
    assert_eq!(forced.status.code(), Some(0), "{forced:?}");
    let said = words(&forced);
    assert!(said.contains("answers everyone, so Cargo sends it no token"), "{said}");
    assert!(said.contains("CARGO_REGISTRIES_OPEN_INDEX=sparse+http://127.0.0.1:"), "{said}");
    assert!(said.contains("/open-crates~force-auth/Cargo/index/"), "{said}");
    assert_eq!(shared_files(&sandbox), before, "byte for byte");
    assert_eq!(Traces::of(&token(&sandbox)).found_in(&[forced.stdout, forced.stderr].concat()), None);

    forget_everything(&sandbox);
    let everyone = run(&sandbox, &["fetch", "--locked"]);
    assert_eq!(everyone.status.code(), Some(0), "{everyone:?}");
    assert_eq!(whole_crates(&sandbox), CRATES);
}

#[test]
fn the_address_is_told_to_programs_and_a_name_that_no_variable_may_hold_has_none() {
    let sandbox = Sandbox::new();
    set_up(&sandbox, "open-crates");
    log_in(&sandbox, "open-crates");
    let output = run(&sandbox, &["fetch", "--force-auth", "--locked", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let told = events.find(|event| event["event"] == "force-auth").unwrap();
    assert_eq!((&told["registry"], &told["variable"]), (&"open-crates".into(), &Value::Null));
    assert!(told["index"].as_str().unwrap().contains("~force-auth"));
}

#[test]
fn what_would_be_written_into_the_lock_file_is_refused() {
    let sandbox = Sandbox::new();
    let index = set_up(&sandbox, "open");
    log_in(&sandbox, "open");
    let lock = demo_dir(&sandbox).join("storefront/Cargo.lock");
    let text = fs::read_to_string(&lock).unwrap();
    fs::write(&lock, text.replacen("registry+https://github.com/rust-lang/crates.io-index", &index, 1))
        .unwrap();
    let before = shared_files(&sandbox);
    let output = run(&sandbox, &["fetch", "--force-auth", "--json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("\"force-auth-changes-lock-file\""));
    assert_eq!(shared_files(&sandbox), before);
}

/// By the other address Cargo would download every crate again.
#[test]
fn a_feed_that_asks_for_a_sign_in_anyway_is_not_asked_by_the_other_address() {
    let sandbox = Sandbox::new();
    set_up_with(&sandbox, "own", "contoso/Storefront/_packaging/rust-crates");
    log_in(&sandbox, "own");
    assert!(run(&sandbox, &["fetch", "--locked"]).status.success());
    let forced = run(&sandbox, &["fetch", "--locked", "--force-auth"]);
    assert_eq!(forced.status.code(), Some(2), "{forced:?}");
    let said = words(&forced);
    assert!(said.contains("the feed `own` asks every Cargo for its token"), "{said}");
    assert!(said.contains("a second folder") && said.contains("leave `--force-auth` out"), "{said}");
    assert_eq!(whole_crates(&sandbox), CRATES, "in one folder");
}

#[test]
fn a_flag_without_a_feed_is_a_usage_error() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "project/Cargo.toml",
        "[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    );
    sandbox.write("project/src/lib.rs", "");
    let mut command: Command = support::wizard::product(&sandbox, ["fetch", "--force-auth"]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(
        words(&output).contains("no-feed") || words(&output).contains("needs a feed"),
        "{}",
        words(&output)
    );
}

/// `setup` as nobody in particular, for a feed of one of the demo's organizations.
fn set_up_as_nobody(sandbox: &Sandbox, (organization, feed): (&str, &str), more: &[&str]) -> Output {
    let dir = demo_dir(sandbox);
    let world: Value = serde_json::from_str(&fs::read_to_string(dir.join("world.json")).unwrap()).unwrap();
    let org = format!("http://127.0.0.1:{}/{organization}", world["ports"][0]);
    run(sandbox, &[&["setup", "--auth", "none", "--org", &org, "--feed", feed, "--yes"][..], more].concat())
}

fn requests_so_far(sandbox: &Sandbox) -> Vec<Value> {
    let text = fs::read_to_string(sandbox.request_log()).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_public_feed_is_set_up_without_signing_in() {
    let sandbox = Sandbox::new();
    set_up(&sandbox, "open");
    log_in(&sandbox, "open");
    assert!(run(&sandbox, &["fetch", "--force-auth"]).status.success());
    forget_everything(&sandbox);
    fs::remove_dir_all(demo_dir(&sandbox).join("storefront/.cargo")).unwrap();
    let before = requests_so_far(&sandbox).len();

    let output = set_up_as_nobody(&sandbox, ("fabrikam", "OSS/open-crates"), &["--json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let mut events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let told = events.find(|event| event["event"] == "set-up").unwrap();
    assert_eq!(told["signed_in"], false);
    assert_eq!((&told["credential_in"], &told["public"]), (&Value::Null, &true.into()));
    assert_eq!(whole_crates(&sandbox), CRATES, "and the fetch went through");
    assert!(!demo_dir(&sandbox).join("cargo-home/credentials.toml").exists());
    let config = fs::read_to_string(demo_dir(&sandbox).join("storefront/.cargo/config.toml")).unwrap();
    assert!(config.contains("/open-crates/Cargo/index/") && !config.contains("force-auth"), "{config}");
    let requests = requests_so_far(&sandbox).split_off(before);
    assert!(!requests.is_empty());
    assert!(requests.iter().all(|request| request["authorized"] == false), "{requests:?}");
}

#[test]
fn a_private_feed_is_not_set_up_without_signing_in() {
    let sandbox = Sandbox::new();
    set_up(&sandbox, "open");
    let before = shared_files(&sandbox);
    let output = set_up_as_nobody(&sandbox, ("contoso", "rust-crates"), &[]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(words(&output).contains("--auth"), "{}", words(&output));
    assert_eq!(shared_files(&sandbox), before);
}

#[test]
fn what_needs_somebody_does_not_go_with_nobody() {
    let sandbox = Sandbox::new();
    assert!(run(&sandbox, &["cache", "list"]).status.success());
    for more in [&["--with-token"][..], &["--store", "file"], &["--publish-feed", "own"]] {
        let output = set_up_as_nobody(&sandbox, ("fabrikam", "open-crates"), more);
        assert_eq!(output.status.code(), Some(2), "{more:?}: {output:?}");
        assert!(words(&output).contains("`--auth none` signs nobody in"), "{}", words(&output));
    }
}
