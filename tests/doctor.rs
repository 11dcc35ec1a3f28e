//! `doctor` without a terminal: the real binary, the embedded Azure in this process, so that what was asked of it can
//! be looked at, and the real Cargo.
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::fs;
use std::net::TcpListener;
use std::process::Output;

use az_cargo_wizard::demo::{Demo, DemoOptions, Pace};
use insta::assert_snapshot;
use serde_json::Value;

use support::sandbox::Sandbox;
use support::wizard::product;

#[expect(dead_code, reason = "this test uses a part of what the tests share")]
mod support;

const MANIFEST: &str = "[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";

fn doctor(sandbox: &Sandbox, args: &[&str]) -> Output {
    product(sandbox, ["doctor"]).args(args).output().unwrap()
}

/// Every check with its state, of the JSON.
fn states(output: &Output) -> Vec<(String, String)> {
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["schema"], 1);
    assert_eq!(value["exit"], output.status.code().unwrap());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let checks = value["checks"].as_array().unwrap();
    checks.iter().map(|check| (text(&check["check"]), text(&check["state"]))).collect()
}

#[track_caller]
fn assert_state(output: &Output, check: &str, state: &str) {
    let states = states(output);
    let found = states.iter().find(|(name, _)| name == check);
    assert_eq!(found.map(|(_, state)| state.as_str()), Some(state), "{check} in {states:?}");
}

/// A project whose feed is of that server, with a credential in the plain file.
fn set_up(sandbox: &Sandbox, base: &str) {
    sandbox.write("project/Cargo.toml", MANIFEST);
    sandbox.write("project/src/lib.rs", "");
    let config = format!(
        "[registries.rust]\nindex = \"sparse+{base}/_packaging/rust/Cargo/index/\"\n[source.crates-io]\nreplace-with = \"rust\"\n"
    );
    sandbox.write("project/.cargo/config.toml", config);
    sandbox.write("own/config.toml", "[registries.rust]\ncredential-provider = \"cargo:token\"\n");
    sandbox.write("own/credentials.toml", "[registries.rust]\ntoken = \"Basic OnNlY3JldA==\"\n");
}

fn own_home(sandbox: &mut Sandbox) {
    let home = sandbox.root().join("own");
    fs::create_dir_all(&home).unwrap();
    sandbox.set("CARGO_HOME", home);
}

#[test]
fn where_nothing_is_set_up_nothing_has_failed_and_nobody_is_asked() {
    let mut sandbox = Sandbox::new();
    own_home(&mut sandbox);
    sandbox.write("project/Cargo.toml", MANIFEST);
    let output = doctor(&sandbox, &["--json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    for check in ["signed-in", "credential-accepted", "role", "upstreams", "clock", "index", "credential"] {
        assert_state(&output, check, "note");
    }
    assert_state(&output, "cargo", "ok");
    let names: Vec<String> = states(&output).into_iter().map(|(name, _)| name).collect();
    let all = az_cargo_wizard::task::doctor::Check::ALL.map(az_cargo_wizard::task::doctor::Check::id);
    assert!(all.iter().all(|check| names.iter().any(|name| name == check)), "{names:?}");
}

#[test]
fn a_configuration_that_cannot_be_read_is_why_cargo_is_not_run() {
    let mut sandbox = Sandbox::new();
    own_home(&mut sandbox);
    sandbox.write("project/Cargo.toml", MANIFEST);
    sandbox.write("project/.cargo/config.toml", "[registries\n");
    let output = doctor(&sandbox, &["--json"]);
    assert_state(&output, "cargo", "unknown");
    assert_state(&output, "configuration", "failed");
    let lines = String::from_utf8(doctor(&sandbox, &[]).stdout).unwrap();
    assert!(lines.contains("because the configuration can't be read"), "{lines}");
    assert!(!lines.contains("would run programs"), "{lines}");
}

/// The proxy of the sandbox would tell if anybody was asked.
#[test]
fn a_host_that_nobody_has_named_is_asked_nothing_and_cargo_is_not_run() {
    let mut sandbox = Sandbox::new();
    own_home(&mut sandbox);
    set_up(&sandbox, "https://ado.attacker.example/tfs/Collection");
    let output = doctor(&sandbox, &["--json"]);
    for check in ["signed-in", "credential-accepted", "role", "upstreams", "clock", "cargo"] {
        assert_state(&output, check, "unknown");
    }
    assert_state(&output, "index", "warning");
    let lines = String::from_utf8(doctor(&sandbox, &[]).stdout).unwrap();
    assert!(lines.contains("unknown host ado.attacker.example"), "{lines}");
}

#[test]
fn without_a_network_every_line_says_what_could_not_be_found_out() {
    let mut sandbox = Sandbox::new();
    own_home(&mut sandbox);
    sandbox.set("NO_PROXY", "127.0.0.1");
    // Nobody listens there any more.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let base = format!("http://{nobody}/tfs/Collection");
    set_up(&sandbox, &base);
    let output = doctor(&sandbox, &["--json", "--org", &base]);
    for check in ["signed-in", "credential-accepted", "role", "upstreams", "clock"] {
        assert_state(&output, check, "unknown");
    }
    assert_state(&output, "credential", "ok");
    assert_eq!(output.status.code(), Some(0), "what is not known has not failed: {output:?}");
    let lines = String::from_utf8(doctor(&sandbox, &["--org", &base]).stdout).unwrap();
    assert!(lines.contains("couldn't find out, because"), "{lines}");
}

#[test]
fn a_feed_without_a_credential_ends_with_the_code_of_a_sign_in() {
    let mut sandbox = Sandbox::new();
    own_home(&mut sandbox);
    sandbox.set("NO_PROXY", "127.0.0.1");
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let base = format!("http://{nobody}/tfs/Collection");
    set_up(&sandbox, &base);
    sandbox.write("own/credentials.toml", "");
    let output = doctor(&sandbox, &["--json", "--org", &base]);
    assert_state(&output, "credential", "failed");
    assert_eq!(output.status.code(), Some(3), "{output:?}");
}

#[test]
fn a_feed_that_answers_everyone_needs_no_credential_and_nothing_has_failed() {
    let mut sandbox = Sandbox::new();
    own_home(&mut sandbox);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dir = Some(sandbox.root().join("demo"));
    let temp_parent = sandbox.root().join("tmp");
    let demo = runtime.block_on(Demo::start(DemoOptions { dir, temp_parent, pace: Pace::Fast })).unwrap();
    sandbox.watch(&demo);
    sandbox.set("NO_PROXY", "127.0.0.1");
    let org = format!("{}/fabrikam", demo.origin());
    for (provider, feed, state, exit) in [
        ("credential-provider = \"cargo:token\"\n", "OSS/_packaging/open-crates", "note", 0),
        ("", "OSS/_packaging/open-crates", "note", 0),
        ("", "_packaging/nobody-knows", "failed", 3),
    ] {
        set_up(&sandbox, &org);
        let config = format!(
            "[registries.rust]\nindex = \"sparse+{org}/{feed}/Cargo/index/\"\n[source.crates-io]\nreplace-with = \"rust\"\n"
        );
        sandbox.write("project/.cargo/config.toml", config);
        sandbox.write("own/config.toml", format!("[registries.rust]\n{provider}"));
        sandbox.write("own/credentials.toml", "");
        let output = doctor(&sandbox, &["--json", "--org", &org]);
        assert_state(&output, "credential", state);
        assert_eq!(output.status.code(), Some(exit), "{feed}: {output:?}");
        let lacking: Vec<_> = states(&output).into_iter().filter(|(_, found)| found == "failed").collect();
        assert_eq!(lacking.is_empty(), exit == 0, "{lacking:?}");
    }
    let _guard = runtime.enter();
    drop(demo);
}

#[test]
fn a_project_that_cargo_cannot_read_is_said() {
    let mut sandbox = Sandbox::new();
    own_home(&mut sandbox);
    sandbox.write("project/Cargo.toml", "[package\n");
    let output = doctor(&sandbox, &["--json"]);
    assert_state(&output, "project", "failed");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let package = "[package]\nname = \"a\"\nversion = \"0.1.0\"\n";
    sandbox.write("project/a/Cargo.toml", format!("{package}workspace = \"..\"\n"));
    fs::create_dir(sandbox.project().join(".git")).unwrap();
    // What lies beyond the repository is not read: it would be broken too.
    for (root, around, state) in [
        (package, "", "failed"),
        ("[workspace]\nmembers = [\"a\"]\n", "", "ok"),
        ("[package\n", "a/.git", "note"),
    ] {
        sandbox.write("project/Cargo.toml", root);
        if !around.is_empty() {
            fs::create_dir(sandbox.project().join(around)).unwrap();
        }
        let output = doctor(&sandbox, &["--json", "--dir", "a"]);
        assert_state(&output, "project", state);
    }
    fs::remove_file(sandbox.project().join("Cargo.toml")).unwrap();
    let output = doctor(&sandbox, &["--json"]);
    assert_state(&output, "project", "note");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn everything_in_order_is_said_line_by_line() {
    let mut sandbox = Sandbox::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dir = Some(sandbox.root().join("demo"));
    let temp_parent = sandbox.root().join("tmp");
    let demo = runtime.block_on(Demo::start(DemoOptions { dir, temp_parent, pace: Pace::Fast })).unwrap();
    sandbox.watch(&demo);
    sandbox.set("CARGO_HOME", demo.cargo_home());
    sandbox.set("XDG_STATE_HOME", demo.state_dir());
    sandbox.set("NO_PROXY", "127.0.0.1");
    let token = sandbox.write("token", demo.token().expose());
    let org = format!("{}/contoso", demo.origin());
    let dir = demo.project_dir().to_str().unwrap().to_owned();
    let setup = [
        "setup",
        "--org",
        &org,
        "--feed",
        "rust-crates",
        "--project",
        "Storefront",
        "--with-token",
        "--store",
        "file",
        "--yes",
    ];
    let set_up =
        product(&sandbox, setup).args(["--dir", &dir]).stdin(fs::File::open(token).unwrap()).output();
    assert!(set_up.unwrap().status.success());

    let output = doctor(&sandbox, &["--dir", &dir, "--json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    for check in
        ["cargo", "credential", "credential-accepted", "signed-in", "role", "upstreams", "clock", "cache"]
    {
        assert_state(&output, check, "ok");
    }
    let lines = doctor(&sandbox, &["--dir", &dir]);
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT");
    settings.add_filter(r"Cargo: \d+\.\d+\.\d+", "Cargo: 1.0.0");
    settings.add_filter(r"az-cargo-wizard \d+\.\d+\.\d+, .*", "az-cargo-wizard 0.0.0, PROGRAM");
    let text = String::from_utf8(lines.stdout).unwrap();
    let root = sandbox.root().canonicalize().unwrap();
    let text = text.replace(root.to_str().unwrap(), "ROOT").replace(sandbox.root().to_str().unwrap(), "ROOT");
    settings.bind(|| assert_snapshot!(text));
}
