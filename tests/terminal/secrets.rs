//! The token stands where it must, and nowhere else.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use crate::support::pty::{Ended, Terminal};
use crate::support::sandbox::{Sandbox, toolchain};
use crate::support::wizard::{Traces, demo, demo_dir, steps, token};

/// Has every Cargo write down its arguments, and its environment in a file of its command's name.
fn record_cargo(sandbox: &Sandbox) {
    let cargo = toolchain().join("bin/cargo");
    let root = sandbox.root().display();
    let script = format!(
        "echo \"$@\" >>'{root}/arguments'; env >\"{root}/environment-$1\"; exec '{}' \"$@\"",
        cargo.display()
    );
    sandbox.program("cargo", &script);
}

/// The product on its demo, with a log.
fn logged(sandbox: &Sandbox) -> Command {
    let mut command = demo(sandbox);
    command.arg("--log").arg(log(sandbox));
    command
}

fn log(sandbox: &Sandbox) -> PathBuf {
    sandbox.root().join("tmp/log")
}

/// The files of the sandbox that hold the token, from its root.
fn holders(sandbox: &Sandbox, traces: &Traces) -> Vec<PathBuf> {
    let files = traces.files_below(sandbox.root());
    let mut files: Vec<PathBuf> =
        files.iter().map(|file| file.strip_prefix(sandbox.root()).unwrap().to_owned()).collect();
    files.sort();
    files
}

/// Signs in, and returns where the output of the next step begins: the demo shows its token on this one.
fn sign_in(wizard: &mut Terminal, sandbox: &Sandbox) -> (Traces, usize) {
    steps::organization(wizard);
    wizard.wait_for("Sign in to http://127.0.0.1:");
    let token = token(sandbox);
    let traces = Traces::of(&token);
    wizard.wait_for(&token[..40]);
    assert!(traces.found_in(wizard.output()).is_some(), "the traces are seen where they are");
    steps::sign_in(wizard, &token);
    wizard.wait_for("▸ Feed");
    (traces, wizard.output().len())
}

#[test]
fn the_token_is_in_the_credentials_file_alone() {
    let sandbox = Sandbox::new();
    record_cargo(&sandbox);
    let mut wizard = Terminal::spawn(&logged(&sandbox), 80, 24);
    let (traces, shown) = sign_in(&mut wizard, &sandbox);
    steps::feed(&mut wizard);
    steps::config(&mut wizard);
    steps::log_in(&mut wizard);
    steps::restored(&mut wizard);
    wizard.send("d");
    wizard.wait_for("Downloaded");
    wizard.send("<enter>");
    wizard.wait_for("60 crates, 11.2 MB in");
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
    assert_eq!(traces.found_in(&wizard.output()[shown..]), None);
    let kept = ["demo/cargo-home/credentials.toml", "demo/world.json"];
    assert_eq!(holders(&sandbox, &traces), kept.map(PathBuf::from));
    for file in kept {
        assert_eq!(fs::metadata(sandbox.root().join(file)).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(fs::read_to_string(sandbox.root().join("arguments")).unwrap().contains("fetch"));
    let log = fs::read_to_string(log(&sandbox)).unwrap();
    assert!(log.contains("asking") && log.contains("running") && log.contains("LogIn"), "{log}");
}

#[test]
fn the_token_of_this_run_only_is_in_the_environment_of_the_one_fetch() {
    let sandbox = Sandbox::new();
    record_cargo(&sandbox);
    let mut wizard = Terminal::spawn(&logged(&sandbox), 80, 24);
    let (traces, shown) = sign_in(&mut wizard, &sandbox);
    steps::feed(&mut wizard);
    wizard.wait_for("What shall Cargo's configuration say?");
    wizard.send("<s-tab><space>");
    steps::config(&mut wizard);
    steps::log_in(&mut wizard);
    steps::restored(&mut wizard);
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
    assert_eq!(traces.found_in(&wizard.output()[shown..]), None);
    assert_eq!(holders(&sandbox, &traces), ["demo/world.json", "environment-fetch"].map(PathBuf::from));
    assert!(!demo_dir(&sandbox).join("cargo-home/credentials.toml").exists());
}

#[test]
fn a_token_that_is_refused_was_never_shown() {
    let sandbox = Sandbox::new();
    let mut wizard = Terminal::spawn(&logged(&sandbox), 80, 24);
    steps::organization(&mut wizard);
    wizard.wait_for("Sign in to http://127.0.0.1:");
    // Looks like one, but the demo has never made it.
    let token: String =
        (0..76_u16).map(|n| char::from(b'a' + (n * n % 23) as u8)).collect::<String>() + "AZDO1a2b";
    wizard.send("<enter>");
    wizard.wait_for("Token  ");
    wizard.send(&token);
    wizard.send("<enter>");
    wizard.wait_for("✗ Sign in to Azure");
    wizard.send("<c-c>");
    assert_eq!(wizard.wait_exit(), Ended::Code(130));
    let traces = Traces::of(&token);
    assert_eq!(traces.found_in(wizard.output()), None);
    assert_eq!(holders(&sandbox, &traces), Vec::<PathBuf>::new());
}
