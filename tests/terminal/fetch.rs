//! A fetch that is cancelled, and one whose wizard ends: no Cargo stays behind, and no damaged crate.

use std::fs;
use std::path::PathBuf;

use rustix::process::{Pid, test_kill_process};

use crate::support::pty::{Ended, Signal, Terminal};
use crate::support::sandbox::{Sandbox, toolchain};
use crate::support::wizard::{CRATES, steps, token, watchable_demo, whole_crates};

/// The wizard while Cargo downloads.
fn downloading(sandbox: &Sandbox) -> Terminal {
    let cargo = toolchain().join("bin/cargo");
    let note = pids_file(sandbox);
    // It is Cargo itself under the number that is written down.
    sandbox.program("cargo", &format!("echo $$ >>'{}'; exec '{}' \"$@\"", note.display(), cargo.display()));
    let mut wizard = Terminal::spawn(&watchable_demo(sandbox), 80, 24);
    steps::to_restore(&mut wizard, || token(sandbox));
    wizard.wait_for("unpacked");
    wizard.wait_for("Downloading");
    wizard
}

fn pids_file(sandbox: &Sandbox) -> PathBuf {
    sandbox.root().join("pids")
}

/// Asserts that every Cargo that was ever started has ended.
#[track_caller]
fn assert_no_cargo(sandbox: &Sandbox) {
    let pids = fs::read_to_string(pids_file(sandbox)).unwrap();
    let pids: Vec<Pid> = pids.lines().map(|pid| Pid::from_raw(pid.parse().unwrap()).unwrap()).collect();
    assert!(pids.len() > 1, "at least the version and the fetch: {pids:?}");
    for pid in pids {
        assert!(test_kill_process(pid).is_err(), "cargo {pid:?} still runs");
    }
}

#[test]
fn a_cancelled_fetch_leaves_only_whole_crates_and_can_go_on() {
    let sandbox = Sandbox::new();
    let mut wizard = downloading(&sandbox);
    wizard.send("<esc>");
    wizard.wait_for("Cancel the fetch?");
    wizard.send("<enter>");
    wizard.wait_for("Cancelled");
    assert_no_cargo(&sandbox);
    let arrived = whole_crates(&sandbox);
    assert!((1..CRATES).contains(&arrived), "{arrived} crates");
    wizard.send("r");
    steps::restored(&mut wizard);
    assert_eq!(whole_crates(&sandbox), CRATES);
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
    wizard.assert_restored();
}

#[test]
fn ctrl_c_ends_cargo_too() {
    ends_with(|wizard| wizard.send("<c-c>"));
}

#[test]
fn ctrl_c_twice_ends_cargo_too() {
    ends_with(|wizard| wizard.send("<c-c><c-c>"));
}

#[test]
fn a_signal_ends_cargo_too() {
    ends_with(|wizard| wizard.signal(Signal::TERM));
}

#[test]
fn a_lost_terminal_ends_cargo_too() {
    let sandbox = Sandbox::new();
    let mut wizard = downloading(&sandbox);
    wizard.lose();
    assert_eq!(wizard.wait_exit(), Ended::Code(130));
    assert_no_cargo(&sandbox);
}

fn ends_with(end: impl FnOnce(&mut Terminal)) {
    let sandbox = Sandbox::new();
    let mut wizard = downloading(&sandbox);
    end(&mut wizard);
    assert_eq!(wizard.wait_exit(), Ended::Code(130));
    assert_no_cargo(&sandbox);
    wizard.assert_restored();
}
