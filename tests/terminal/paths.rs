//! The ways through the wizard, by keyboard alone, with the real Cargo.

use std::fs;

use crate::support::pty::{Ended, Terminal};
use crate::support::sandbox::Sandbox;
use crate::support::wizard::{CRATES, demo, demo_dir, product, steps, token, whole_crates};

/// Key presses of the whole path with an existing feed, and of a cloned project (issue 2, 'It must show').
const MOST_KEYS: usize = 14;
const MOST_KEYS_CLONED: usize = 6;

#[test]
fn the_straight_path_at_80x24() {
    straight_path(80, 24);
}

#[test]
fn the_straight_path_at_120x36() {
    straight_path(120, 36);
}

fn straight_path(cols: u16, rows: u16) {
    let sandbox = Sandbox::new();
    let mut wizard = Terminal::spawn(&demo(&sandbox), cols, rows);
    steps::organization(&mut wizard);
    wizard.wait_for("Sign in to http://127.0.0.1:");
    let lock = demo_dir(&sandbox).join("storefront/Cargo.lock");
    let before = fs::read_to_string(&lock).unwrap();
    steps::sign_in(&mut wizard, &token(&sandbox));
    steps::feed(&mut wizard);
    steps::config(&mut wizard);
    steps::log_in(&mut wizard);
    steps::restored(&mut wizard);
    wizard.send("<enter>");
    wizard.wait_for("60 crates, 11.2 MB in");
    assert!(wizard.keys() <= MOST_KEYS, "{} keys", wizard.keys());
    assert_eq!(wizard.pastes(), 1);
    wizard.send("<enter>");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
    wizard.assert_restored();
    wizard.wait_for("60 crates in the cache, 60 of them new");
    wizard.wait_for("that was a demo: put `--demo-dir");
    assert_eq!(whole_crates(&sandbox), CRATES);
    assert_eq!(fs::read_to_string(&lock).unwrap(), before, "the lock file has changed");
}

#[test]
fn a_cloned_project_needs_a_token_and_then_nothing() {
    let sandbox = Sandbox::new();
    configured_for_this_run_only(&sandbox);
    fs::remove_dir_all(demo_dir(&sandbox).join("cargo-home/registry")).unwrap();

    let mut wizard = Terminal::spawn(&demo(&sandbox), 80, 24);
    wizard.wait_for("Sign in to http://127.0.0.1:");
    steps::sign_in(&mut wizard, &token(&sandbox));
    steps::log_in(&mut wizard);
    steps::restored(&mut wizard);
    wizard.send("<enter>");
    wizard.wait_for("Credential in");
    assert!(wizard.keys() <= MOST_KEYS_CLONED, "{} keys", wizard.keys());
    assert_eq!(wizard.pastes(), 1);
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
    assert_eq!(whole_crates(&sandbox), CRATES);

    // From now on there is nothing left to ask.
    let mut wizard = Terminal::spawn(&demo(&sandbox), 80, 24);
    wizard.wait_for("Cargo takes its crates from here");
    assert_eq!((wizard.keys(), wizard.pastes()), (0, 0));
    wizard.send("<tab>");
    wizard.wait_for("Everything is set up");
    wizard.send("<enter>");
    wizard.wait_for("Everything is in the cache already");
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
}

/// A project whose feed is committed, and a Cargo that has no credential for it: as after a clone.
fn configured_for_this_run_only(sandbox: &Sandbox) {
    let mut wizard = Terminal::spawn(&demo(sandbox), 80, 24);
    steps::organization(&mut wizard);
    wizard.wait_for("Sign in to http://127.0.0.1:");
    steps::sign_in(&mut wizard, &token(sandbox));
    steps::feed(&mut wizard);
    wizard.wait_for("What shall Cargo's configuration say?");
    wizard.send("<s-tab><space>");
    wizard.wait_for("● this run only");
    steps::config(&mut wizard);
    steps::log_in(&mut wizard);
    steps::restored(&mut wizard);
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
    let home = demo_dir(sandbox).join("cargo-home");
    assert!(!home.join("credentials.toml").exists());
    assert!(demo_dir(sandbox).join("storefront/.cargo/config.toml").exists());
}

#[test]
fn fetch_goes_straight_to_the_table() {
    let sandbox = Sandbox::new();
    configured_for_this_run_only(&sandbox);
    fs::remove_dir_all(demo_dir(&sandbox).join("cargo-home/registry")).unwrap();
    let mut wizard = Terminal::spawn(demo(&sandbox).arg("fetch"), 80, 24);
    wizard.wait_for("✗ Restore");
    wizard.wait_for("no credential provider configured");
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(3));
    wizard.assert_restored();
}

/// The proxy of the sandbox would tell if anybody was asked.
#[test]
fn an_organization_in_the_cloud_is_guessed_and_not_asked() {
    let sandbox = Sandbox::new();
    sandbox.write("project/Cargo.toml", "[package]\nname = \"sample\"\nversion = \"0.1.0\"\n");
    sandbox.write("project/src/lib.rs", "");
    let remote = "[remote \"origin\"]\n\turl = https://me:hunter2@dev.azure.com/contoso/Shop/_git/shop\n";
    sandbox.write("project/.git/config", remote);
    let mut wizard = Terminal::spawn(&product(&sandbox, [""; 0]), 80, 24);
    wizard.wait_for("contoso (project Shop)");
    wizard.wait_for("from git remote origin");
    wizard.send("<enter>");
    wizard.wait_for("https://dev.azure.com/contoso/_usersSettings/tokens");
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
    assert!(!String::from_utf8_lossy(wizard.output()).contains("hunter2"));
}
