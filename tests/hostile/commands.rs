//! Every command on a hostile world.
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::fs;
use std::process::Output;

use az_cargo_wizard::demo::PAYLOAD;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::clean::{assert_json, assert_lines};
use crate::support::sandbox::Sandbox;
use crate::support::wizard::{demo, demo_dir, product, token};
use crate::world::{self, ESCAPED_IN_TOML, RAW_IN_TOML, make, project, write_config};

/// Runs the command with and without `--json`, and searches all that it prints. Returns both exit codes.
#[track_caller]
fn search(run: impl Fn(&[&str]) -> Output) -> [Option<i32>; 2] {
    let lines = run(&[]);
    assert_lines(&lines.stdout);
    assert_lines(&lines.stderr);
    let json = run(&["--json"]);
    assert_json(&json.stdout);
    assert_lines(&json.stderr);
    assert!(!json.stdout.is_empty(), "a program reads nothing: {}", String::from_utf8_lossy(&json.stderr));
    [lines.status.code(), json.status.code()]
}

/// The demo's commands.
fn of_demo<'a>(sandbox: &'a Sandbox, args: &'a [&'a str]) -> impl Fn(&[&str]) -> Output + 'a {
    move |more| demo(sandbox).args(args).args(more).output().unwrap()
}

fn configure(sandbox: &Sandbox, feed: &str) {
    let index = format!("sparse+{}/contoso/{feed}/Cargo/index/", world::origin(sandbox));
    write_config(
        sandbox,
        &format!("[registries.feed]\nindex = \"{index}\"\n[source.crates-io]\nreplace-with = \"feed\"\n"),
    );
    let home = demo_dir(sandbox).join("cargo-home");
    let config = "[registry]\nglobal-credential-providers = [\"cargo:token\"]\n";
    fs::write(home.join("config.toml"), config).unwrap();
    let header = STANDARD.encode(format!(":{}", token(sandbox)));
    let credentials = format!("[registries.feed]\ntoken = \"Basic {header}\"\n");
    fs::write(home.join("credentials.toml"), credentials).unwrap();
}

#[test]
fn a_fetch_and_the_cache_are_printed_clean() {
    let sandbox = Sandbox::new();
    make(&sandbox);
    configure(&sandbox, "Storefront/_packaging/rust-crates");
    assert_eq!(search(of_demo(&sandbox, &["fetch"])), [Some(0); 2]);
    assert_eq!(search(of_demo(&sandbox, &["cache", "list"])), [Some(0); 2]);
}

#[test]
fn a_refused_fetch_is_printed_clean() {
    let sandbox = Sandbox::new();
    make(&sandbox);
    configure(&sandbox, "Payments/_packaging/payments-crates");
    assert_eq!(search(of_demo(&sandbox, &["fetch"])), [Some(4); 2]);
    configure(&sandbox, "Payments/_packaging/nowhere");
    assert_eq!(search(of_demo(&sandbox, &["fetch"])), [Some(5); 2]);
    fs::write(demo_dir(&sandbox).join("cargo-home/credentials.toml"), "").unwrap();
    assert_eq!(search(of_demo(&sandbox, &["fetch"])), [Some(3); 2]);
}

#[test]
fn a_project_that_is_not_trusted_is_printed_clean() {
    let sandbox = Sandbox::new();
    make(&sandbox);
    write_config(
        &sandbox,
        &format!(
            "[build]\nrustc-wrapper = \"{ESCAPED_IN_TOML}\"\n[patch.\"{ESCAPED_IN_TOML}\"]\n\
             \"{ESCAPED_IN_TOML}\" = {{ git = \"https://u:s3cret@h/{RAW_IN_TOML}\" }}\n"
        ),
    );
    assert_eq!(search(of_demo(&sandbox, &["fetch"])), [Some(2); 2]);
}

#[test]
fn broken_files_are_printed_clean() {
    let broken = [
        ("Cargo.lock", format!("# {RAW_IN_TOML}\n[[package]]\nname = \"{ESCAPED_IN_TOML}")),
        ("Cargo.toml", format!("[package]\nname = \"{ESCAPED_IN_TOML}\"\n")),
        (".cargo/config.toml", format!("[registries]\n\"{ESCAPED_IN_TOML}\" = 1 {RAW_IN_TOML}\n")),
        ("rust-toolchain", format!("{PAYLOAD}\n")),
    ];
    for (file, text) in broken {
        let sandbox = Sandbox::new();
        make(&sandbox);
        configure(&sandbox, "Storefront/_packaging/rust-crates");
        fs::write(project(&sandbox).join(file), text).unwrap();
        search(of_demo(&sandbox, &["fetch"]));
    }
}

#[test]
fn a_setup_is_printed_clean() {
    let sandbox = Sandbox::new();
    make(&sandbox);
    let org = format!("{}/contoso", world::origin(&sandbox));
    let setup = |feed: &'static str, token: String, how: &'static str| {
        let (sandbox, org) = (&sandbox, &org);
        let token = sandbox.write("token", token);
        move |more: &[&str]| {
            let mut command = demo(sandbox);
            command.args(["setup", "--org", org, "--feed", feed, "--with-token", "--store", "file", how]);
            command.args(more).stdin(fs::File::open(&token).unwrap()).output().unwrap()
        }
    };
    let token = token(&sandbox);
    assert_eq!(search(setup("rust-crates", "nobodysToken".to_owned(), "--dry-run")), [Some(3); 2]);
    assert_eq!(search(setup("nowhere", token.clone(), "--dry-run")), [Some(5); 2]);
    write_config(&sandbox, "");
    assert_eq!(search(setup("rust-crates", token.clone(), "--dry-run")), [Some(0); 2]);
    assert_eq!(search(setup("rust-crates", token, "--yes")), [Some(0); 2]);
}

#[test]
fn a_folder_of_hostile_name_is_printed_clean() {
    let mut sandbox = Sandbox::new();
    sandbox.set("CARGO_NET_OFFLINE", "true");
    let name = PAYLOAD.replace('/', "");
    sandbox.write(
        format!("{name}/Cargo.toml"),
        "[package]\nname = \"demo\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    );
    sandbox.write(format!("{name}/src/lib.rs"), "");
    let folder = sandbox.root().join(&name);
    let run = |command: &'static [&'static str], folder: std::path::PathBuf| {
        let sandbox = &sandbox;
        move |more: &[&str]| {
            let mut command = product(sandbox, command);
            command.args(more).arg("--dir").arg(&folder).output().unwrap()
        }
    };
    assert_eq!(search(run(&["fetch"], folder.clone())), [Some(0); 2]);
    assert_eq!(search(run(&["cache", "list"], folder.clone())), [Some(0); 2]);
    assert_eq!(search(run(&["fetch"], folder.join("gone"))), [Some(2); 2]);
    fs::create_dir(folder.join(".cargo")).unwrap();
    fs::write(folder.join(".cargo/config.toml"), "[build]\nrustc = 'x'\n").unwrap();
    assert_eq!(search(run(&["fetch"], folder.clone())), [Some(2); 2]);
    fs::write(folder.join(".cargo/config.toml"), b"\xff\x9b").unwrap();
    assert_eq!(search(run(&["fetch"], folder)), [Some(1); 2]);
}
