//! The commands without a terminal: exit code, standard output and standard error as one picture, with
//! placeholders for what differs from run to run; JSON line by line.
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use az_cargo_wizard::cargo::config_file::{Places, apply, review};
use az_cargo_wizard::cargo::credentials;
use az_cargo_wizard::domain::credential::{Credential, Secret, TokenStore};
use az_cargo_wizard::domain::plan::{ConfigScope, SetupPlan};
use az_cargo_wizard::domain::registry::{IndexUrl, RegistryName};
use insta::assert_snapshot;
use serde_json::Value;

use support::sandbox::{Sandbox, toolchain};
use support::wizard::{CRATES, Traces, demo_dir, product, token, whole_crates};

#[expect(dead_code, reason = "this test uses a part of what the tests share")]
mod support;

const MANIFEST: &str = "[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";

/// What a command has said and how it ended, as one text.
fn picture(sandbox: &Sandbox, command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = format!(
        "exit: {}\n--- stdout\n{}--- stderr\n{}",
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap()
    );
    let root = sandbox.root().canonicalize().unwrap();
    text.replace(root.to_str().unwrap(), "ROOT").replace(sandbox.root().to_str().unwrap(), "ROOT")
}

/// A picture of the product with these arguments.
fn run(sandbox: &Sandbox, args: &[&str]) -> String {
    picture(sandbox, &mut product(sandbox, args))
}

/// Placeholders of one width for ports, names of cache folders, times and versions.
macro_rules! assert_picture {
    ($picture:expr) => {{
        let mut settings = insta::Settings::clone_current();
        settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT");
        settings.add_filter(r"127\.0\.0\.1-[0-9a-f]{16}", "127.0.0.1-0000000000000000");
        settings.add_filter(r"in \d+(\.\d+)? (ms|s)\b", "in 0.0 s");
        settings.add_filter(r"(  caused by: .*\n(    .*\n)*)+", "  caused by: CARGO'S WORDS\n");
        settings.bind(|| assert_snapshot!($picture));
    }};
}

#[test]
fn help() {
    let sandbox = Sandbox::new();
    assert_picture!(run(&sandbox, &["--help"]));
}

#[test]
fn help_of_fetch() {
    let sandbox = Sandbox::new();
    assert_picture!(run(&sandbox, &["fetch", "--help"]));
}

#[test]
fn without_a_terminal_the_wizard_names_the_commands() {
    let sandbox = Sandbox::new();
    assert_picture!(run(&sandbox, &[]));
}

#[test]
fn the_demo_has_its_own_project() {
    let sandbox = Sandbox::new();
    assert_picture!(run(&sandbox, &["--demo", "--dir", "."]));
    assert_eq!(run(&sandbox, &["--demo-dir", "x", "--dir", "."]), run(&sandbox, &["--demo", "--dir", "."]));
}

#[test]
fn a_served_demo_needs_a_folder() {
    let sandbox = Sandbox::new();
    assert_picture!(run(&sandbox, &["demo"]));
}

#[test]
fn a_demo_below_somebody_elses_configuration_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("project/.cargo/config.toml", "");
    assert_picture!(run(&sandbox, &["cache", "list", "--demo", "--demo-dir", "kept"]));
    assert!(!sandbox.project().join("kept").exists());
}

#[test]
fn usage_is_exit_2() {
    let sandbox = Sandbox::new();
    for args in [&["--no-such-flag"][..], &["no-such-command"], &["cache"], &["--org"]] {
        let output = product(&sandbox, args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {output:?}");
    }
}

#[test]
fn an_organization_that_is_none() {
    let sandbox = Sandbox::new();
    assert_picture!(run(&sandbox, &["fetch", "--org", "https://example.com/?"]));
}

#[test]
fn a_folder_that_is_not_there() {
    let sandbox = Sandbox::new();
    assert_picture!(run(&sandbox, &["fetch", "--dir", "nowhere"]));
}

#[test]
fn a_folder_without_a_project() {
    let sandbox = Sandbox::new();
    assert_picture!(run(&sandbox, &["fetch"]));
}

#[test]
fn a_configuration_that_is_no_toml() {
    let sandbox = Sandbox::new();
    sandbox.write("project/Cargo.toml", MANIFEST);
    sandbox.write("cargo-home/config.toml", "[registries\n");
    assert_picture!(run(&sandbox, &["fetch"]));
}

#[test]
fn a_failure_is_an_object_too() {
    let sandbox = Sandbox::new();
    let output = product(&sandbox, ["fetch", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(5));
    let [object] = &objects(&output)[..] else { panic!("one object: {output:?}") };
    assert_eq!(object["error"]["code"], "no-manifest");
    assert_eq!(object["error"]["exit"], 5);
}

#[cfg(unix)]
#[test]
fn a_checkout_that_would_run_something_is_refused_until_it_is_trusted() {
    let sandbox = Sandbox::new();
    sandbox.write("project/Cargo.toml", MANIFEST);
    sandbox.write("project/src/lib.rs", "");
    let ran = sandbox.root().join("ran");
    let rustc = toolchain().join("bin/rustc");
    let script = format!("echo ran >>'{}'; exec '{}' \"$@\"", ran.display(), rustc.display());
    let canary = sandbox.program("canary", &script);
    sandbox.write("project/.cargo/config.toml", format!("[build]\nrustc = '{}'\n", canary.display()));
    assert_picture!(run(&sandbox, &["fetch"]));
    assert!(!ran.exists(), "it was run before anybody agreed");
    let output = product(&sandbox, ["fetch", "--trust-project"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(ran.exists(), "the canary sings");
}

#[test]
fn a_new_demo_has_an_empty_cache_and_no_feed() {
    let sandbox = Sandbox::new();
    assert_picture!(picture(&sandbox, &mut in_demo(&sandbox, &["cache", "list"])));
    let fetch = picture(&sandbox, &mut in_demo(&sandbox, &["fetch"]));
    insta::with_settings!({ snapshot_suffix => "fetch" }, { assert_picture!(fetch) });
}

/// The product on a demo that is kept in the sandbox.
fn in_demo(sandbox: &Sandbox, args: &[&str]) -> Command {
    let mut command = product(sandbox, args);
    command.args(["--demo", "--demo-fast", "--demo-dir"]).arg(demo_dir(sandbox));
    command
}

/// A bare name is the demo's own organization, and nobody else is meant by any command.
#[test]
fn an_organization_of_the_demo_is_its_own() {
    let sandbox = Sandbox::new();
    let run = |args: &[&str]| {
        let output = in_demo(&sandbox, args).output().unwrap();
        let [out, err] =
            [&output.stdout, &output.stderr].map(|words| String::from_utf8_lossy(words).into_owned());
        (output.status.code(), out + &err)
    };
    let elsewhere = "https://dev.azure.com/contoso";
    for command in [
        &["fetch"][..],
        &["cache", "list"],
        &["doctor"],
        &["feeds"],
        &["login"],
        &["logout"],
        &["status"],
        &["setup"],
        &["switch", "archive-2019", "--yes"],
    ] {
        let (code, words) = run(&[command, &["--org", elsewhere]].concat());
        assert_eq!(code, Some(2), "{command:?}: {words}");
        assert!(
            words.contains("the demo has no organization `https://dev.azure.com/contoso`"),
            "{command:?}: {words}"
        );
    }
    let (code, words) =
        run(&["switch", "https://pkgs.dev.azure.com/contoso/_packaging/a/Cargo/index/", "--yes"]);
    assert!(code == Some(2) && words.contains("the demo has no feed `"), "{words}");
    let (code, words) = run(&["switch", "archive-2019", "--org", "contoso", "--yes"]);
    assert_eq!(code, Some(0), "{words}");
    let config = fs::read_to_string(demo_dir(&sandbox).join("storefront/.cargo/config.toml")).unwrap();
    assert!(config.contains("http://127.0.0.1:") && !config.contains("dev.azure.com"), "{config}");
    let (_, words) = run(&["logout", "--org", "contoso"]);
    assert!(words.contains("http://127.0.0.1:"), "{words}");
}

#[test]
fn the_pace_of_the_demo_means_the_demo() {
    let sandbox = Sandbox::new();
    sandbox.write("cargo-home/config.toml", "[registries\n");
    let output = product(&sandbox, ["--demo-fast", "status"]).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && words.contains("that was a demo"), "{words}");
    assert_eq!(run(&sandbox, &["--demo-fast", "--dir", "."]), run(&sandbox, &["--demo", "--dir", "."]));
}

/// Cargo's drawing stays one.
#[test]
fn a_manifest_that_cargo_cannot_read_is_shown_in_cargos_words() {
    let sandbox = Sandbox::new();
    sandbox.write("project/Cargo.toml", "[package]\nname = \n");
    let picture = run(&sandbox, &["fetch"]);
    assert_eq!(picture.matches("caused by: ").count(), 1, "{picture}");
    assert!(picture.contains("2 | name ="), "{picture}");
    assert!(picture.contains('^'), "{picture}");
}

/// Copied as it stands, such a command would work on the person's own files.
#[test]
fn commands_that_a_demo_names_are_said_to_need_its_folder() {
    let sandbox = Sandbox::new();
    let said = |command: &mut Command| String::from_utf8(command.output().unwrap().stderr).unwrap();
    let kept = said(&mut in_demo(&sandbox, &["status"]));
    assert!(kept.contains("nobody is signed in: `az-cargo-wizard login --org ORG`"), "{kept}");
    let dir = demo_dir(&sandbox);
    let flag = format!("--demo-dir '{}'", dir.display());
    let line = format!("put `{flag}` behind each `az-cargo-wizard` named here");
    assert_eq!(kept.matches(&line).count(), 1, "{kept}");
    assert!(kept.contains(&format!("run `az-cargo-wizard demo {flag}`")), "{kept}");
    // As it says.
    let followed =
        product(&sandbox, ["--demo-dir", dir.to_str().unwrap(), "undo", "--list"]).output().unwrap();
    assert!(followed.status.success(), "{followed:?}");
    let gone = said(&mut product(&sandbox, ["status", "--demo"]));
    assert!(
        gone.contains("that was a demo, which is gone") && gone.contains("`--demo-dir DIR` keeps"),
        "{gone}"
    );
    for silent in [&["cache", "list"][..], &["status", "--json"]] {
        let said = said(&mut in_demo(&sandbox, silent));
        assert!(!said.contains("that was a demo"), "{said}");
    }
    let no_demo = said(&mut product(&sandbox, ["status"]));
    assert!(no_demo.contains("az-cargo-wizard login") && !no_demo.contains("demo"), "{no_demo}");
}

/// A demo whose project uses that feed of contoso, with this token for Cargo.
fn set_up(sandbox: &Sandbox, feed: &str, token: impl FnOnce() -> Option<String>) {
    assert!(in_demo(sandbox, &["cache", "list"]).output().unwrap().status.success());
    let dir = demo_dir(sandbox);
    let world: Value = serde_json::from_str(&fs::read_to_string(dir.join("world.json")).unwrap()).unwrap();
    let (project, name) = feed.split_once('/').unwrap();
    let index = format!(
        "sparse+http://127.0.0.1:{}/contoso/{project}/_packaging/{name}/Cargo/index/",
        world["ports"][0]
    );
    let registry = RegistryName::parse(name).unwrap();
    let plan = SetupPlan {
        scope: ConfigScope::Project,
        registry: registry.clone(),
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
    if let Some(token) = token() {
        let header = Credential::Pat(Secret::new(token)).header();
        credentials::store(&dir.join("cargo-home"), &registry, &header).unwrap();
    }
}

fn objects(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let objects: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(objects.iter().all(|object| object["schema"] == 1), "{text}");
    objects
}

#[test]
fn a_fetch_without_a_credential_says_what_to_do() {
    let sandbox = Sandbox::new();
    set_up(&sandbox, "Storefront/rust-crates", || None);
    assert_picture!(picture(&sandbox, &mut in_demo(&sandbox, &["fetch"])));
}

#[test]
fn a_fetch_with_a_dead_credential_says_what_to_do() {
    let sandbox = Sandbox::new();
    set_up(&sandbox, "Storefront/rust-crates", || Some("x".repeat(52)));
    assert_picture!(picture(&sandbox, &mut in_demo(&sandbox, &["fetch"])));
}

#[test]
fn a_reader_learns_what_a_reader_cannot() {
    let sandbox = Sandbox::new();
    set_up(&sandbox, "Payments/payments-crates", || Some(token(&sandbox)));
    let output = in_demo(&sandbox, &["fetch", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    let ended = objects(&output).pop().unwrap();
    assert_eq!((&ended["event"], &ended["end"]), (&"ended".into(), &"failed".into()));
    assert_eq!(ended["error"]["exit"], 4, "{ended}");
}

#[test]
fn fetch_tells_each_event_and_the_cache_is_listed() {
    let sandbox = Sandbox::new();
    set_up(&sandbox, "Storefront/rust-crates", || Some(token(&sandbox)));
    let traces = Traces::of(&token(&sandbox));
    let output = in_demo(&sandbox, &["fetch", "--json", "--locked"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let events = objects(&output);
    let of = |kind: &'static str| events.iter().filter(move |event| event["event"] == kind);
    assert_eq!(of("planned").next().unwrap()["crates"].as_array().unwrap().len(), CRATES);
    assert_eq!(of("stored").count(), CRATES);
    assert_eq!(of("unpacked").count(), CRATES);
    assert!(of("line").any(|event| event["text"].as_str().unwrap().contains("Downloaded")));
    let ended = events.last().unwrap();
    assert_eq!((&ended["event"], &ended["end"]), (&"ended".into(), &"done".into()));
    assert_eq!((ended["stored"].as_u64(), ended["cached"].as_u64()), (Some(CRATES as u64), Some(0)));
    assert_eq!(whole_crates(&sandbox), CRATES);

    let again = picture(&sandbox, &mut in_demo(&sandbox, &["fetch"]));
    insta::with_settings!({ snapshot_suffix => "again" }, { assert_picture!(again) });
    let list = picture(&sandbox, &mut in_demo(&sandbox, &["cache", "list"]));
    insta::with_settings!({ snapshot_suffix => "list" }, { assert_picture!(&list) });

    let output = in_demo(&sandbox, &["cache", "list", "--json"]).output().unwrap();
    let [cache] = &objects(&output)[..] else { panic!("one object: {output:?}") };
    let folder = &cache["folders"][0];
    assert_eq!(folder["registry"], "rust-crates");
    assert_eq!(folder["crates"].as_array().unwrap().len(), CRATES);
    assert_eq!(folder["bytes"], cache["bytes"]);
    assert_eq!(ended["stored_bytes"], cache["bytes"]);

    let said: Vec<u8> = events.iter().flat_map(|event| event.to_string().into_bytes()).collect();
    assert_eq!(traces.found_in(&said), None);
    assert_eq!(traces.found_in(list.as_bytes()), None);
}

#[test]
fn lines_tell_each_crate_once() {
    let sandbox = Sandbox::new();
    set_up(&sandbox, "Storefront/rust-crates", || Some(token(&sandbox)));
    let output = in_demo(&sandbox, &["fetch"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("60 crates in the lock file, 0 cached already\n"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("stored ")).count(), CRATES, "{text}");
    assert!(text.lines().last().unwrap().starts_with("60 crates in the cache: 60 new (11.2 MB)"), "{text}");
}

#[test]
fn a_reader_that_goes_away_ends_the_fetch() {
    let sandbox = Sandbox::new();
    set_up(&sandbox, "Storefront/rust-crates", || Some(token(&sandbox)));
    // At the demo's own pace it would take seconds.
    let mut command = product(&sandbox, ["fetch", "--json", "--demo", "--demo-dir"]);
    command.arg(demo_dir(&sandbox)).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let mut output = BufReader::new(process.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("\"downloaded\"") {
        line.clear();
        assert!(output.read_line(&mut line).unwrap() > 0, "it has ended");
    }
    drop(output);
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut words = String::new();
        let read = process.stderr.take().map(|mut pipe| pipe.read_to_string(&mut words));
        sender.send((process.wait(), read, words))
    });
    let (status, _, words) = receiver.recv_timeout(Duration::from_secs(60)).expect("it hangs");
    assert_eq!(status.unwrap().code(), Some(1), "{words}");
    assert!(!words.contains("panicked"), "{words}");
    assert!(whole_crates(&sandbox) < CRATES, "it has gone on for nobody");
}

#[test]
fn nothing_but_the_demo_is_touched() {
    let sandbox = Sandbox::new();
    assert_eq!(in_demo(&sandbox, &["cache", "list"]).output().unwrap().status.code(), Some(0));
    let made = |name: &str| fs::read_dir(sandbox.root().join(name)).unwrap().count();
    for folder in ["cargo-home", "state", "project", "tmp"] {
        assert_eq!(made(folder), 0, "{folder}");
    }
    // Without a folder of its own, the demo takes everything with it.
    let output = product(&sandbox, ["cache", "list", "--demo"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(made("tmp"), 0);
}

#[test]
fn a_log_that_cannot_be_written_is_said_before_anything_else() {
    let sandbox = Sandbox::new();
    assert_picture!(run(&sandbox, &["--log", "no/such/folder", "cache", "list"]));
}

#[cfg(unix)]
#[test]
fn a_log_is_added_to_and_nobody_else_reads_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new();
    for started in 1..=2 {
        let output = product(&sandbox, ["--log", "../log", "cache", "list"]).output().unwrap();
        assert!(output.status.success());
        let file = sandbox.root().join("log");
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text.matches("started version=").count(), started, "{text}");
        assert!(text.contains("begins"), "{text}");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
