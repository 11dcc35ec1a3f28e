//! A wizard that ends half-way, and the next one that goes on.

use std::fs;

use crate::support::pty::{Ended, Signal, Terminal};
use crate::support::sandbox::Sandbox;
use crate::support::wizard::{CRATES, Traces, demo, demo_dir, files_below, steps, token, whole_crates};

/// What is kept in the folder of the state, all of it.
fn kept(sandbox: &Sandbox) -> String {
    let files = files_below(&demo_dir(sandbox).join("state"));
    files.iter().filter_map(|file| fs::read_to_string(file).ok()).collect()
}

/// From the first question to the difference, which is not agreed to.
fn half_way(sandbox: &Sandbox) -> Terminal {
    let mut wizard = Terminal::spawn(&demo(sandbox), 80, 24);
    steps::organization(&mut wizard);
    wizard.wait_for("Sign in to http://127.0.0.1:");
    steps::sign_in(&mut wizard, &token(sandbox));
    steps::feed(&mut wizard);
    wizard.wait_for("What shall Cargo's configuration say?");
    wizard.send("<tab>-team<enter>");
    wizard.wait_for("This will be written when you agree");
    wizard
}

/// Asks for the token again, and for nothing else that was answered.
fn goes_on(sandbox: &Sandbox) {
    assert!(!demo_dir(sandbox).join("storefront/.cargo/config.toml").exists(), "nobody has agreed to it");
    assert_eq!(Traces::of(&token(sandbox)).found_in(kept(sandbox).as_bytes()), None);
    let mut wizard = Terminal::spawn(&demo(sandbox), 80, 24);
    wizard.wait_for("Go on where you left off?");
    wizard.wait_for("Storefront/rust-crates");
    wizard.send("<enter>");
    steps::sign_in(&mut wizard, &token(sandbox));
    wizard.wait_for("rust-crates-team");
    steps::config(&mut wizard);
    steps::log_in(&mut wizard);
    steps::restored(&mut wizard);
    wizard.send("<enter>");
    wizard.wait_for("60 crates, 11.2 MB in");
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
    assert_eq!(whole_crates(sandbox), CRATES);
    let files = files_below(&demo_dir(sandbox).join("state"));
    let state = files.iter().find(|file| file.ends_with("state.json")).unwrap();
    let state: serde_json::Value = serde_json::from_str(&fs::read_to_string(state).unwrap()).unwrap();
    assert_eq!(state["unfinished"], serde_json::json!([]), "it is done, and nothing is left");
}

#[test]
fn left_by_ctrl_c_it_goes_on() {
    let sandbox = Sandbox::new();
    let mut wizard = half_way(&sandbox);
    wizard.send("<c-c>");
    assert_eq!(wizard.wait_exit(), Ended::Code(130));
    goes_on(&sandbox);
}

#[test]
fn killed_it_goes_on() {
    let sandbox = Sandbox::new();
    let mut wizard = half_way(&sandbox);
    // Nothing is drawn when it is kept, so that the files are looked at until it is.
    let is_kept = (0..200_000).any(|_| kept(&sandbox).contains("rust-crates-team"));
    assert!(is_kept, "{}", kept(&sandbox));
    wizard.signal(Signal::KILL);
    assert!(matches!(wizard.wait_exit(), Ended::Signal(_)));
    goes_on(&sandbox);
}
