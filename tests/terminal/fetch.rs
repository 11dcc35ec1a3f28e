//! A fetch that is cancelled, and one whose wizard ends: no Cargo stays behind, and no damaged crate.

use std::fs::File;
use std::io::Read as _;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use crate::support::pty::{Ended, Signal, Terminal};
use crate::support::sandbox::{Sandbox, toolchain};
use crate::support::wizard::{CRATES, demo, steps, token, watchable_demo, whole_crates};

/// Tells when every `cargo fetch` that was started has ended.
struct Fetches(Receiver<()>);

impl Fetches {
    /// Puts a Cargo on `PATH` that does this for `fetch`, and is the real one for everything else. `$CARGO` is
    /// the real one.
    fn run(sandbox: &Sandbox, script: &str) -> Self {
        let pipe = sandbox.root().join("fetches");
        assert!(sandbox.command("mkfifo").arg(&pipe).status().unwrap().success());
        let (pipe_name, cargo) = (pipe.display(), toolchain().join("bin/cargo"));
        sandbox.program(
            "cargo",
            &format!(
                "CARGO='{}'\nif [ \"$1\" = fetch ]; then\nexec 9>'{pipe_name}'; rm -f '{pipe_name}'\n{script}\nfi\nexec \"$CARGO\" \"$@\"",
                cargo.display()
            ),
        );
        // Whoever was started from there holds the pipe open, to the last. Its name is gone as soon as it is open at
        // both ends: who reads the files of the sandbox would wait for a writer.
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let ended = File::open(pipe).and_then(|mut pipe| pipe.read_to_end(&mut Vec::new()));
            ended.map(|_| sender.send(()))
        });
        Self(receiver)
    }

    #[track_caller]
    fn assert_ended(&self) {
        self.0.recv_timeout(Duration::from_secs(60)).expect("a `cargo fetch` still runs");
    }
}

#[test]
fn a_cancelled_fetch_leaves_only_whole_crates_and_can_go_on() {
    let sandbox = Sandbox::new();
    let fetches = Fetches::run(&sandbox, "");
    let mut wizard = Terminal::spawn(&watchable_demo(&sandbox), 80, 24);
    steps::to_restore(&mut wizard, || token(&sandbox));
    wizard.wait_for("unpacked");
    wizard.wait_for("Downloading");
    wizard.send("<esc>");
    wizard.wait_for("Cancel the fetch?");
    wizard.send("<enter>");
    wizard.wait_for("Cancelled");
    fetches.assert_ended();
    let arrived = whole_crates(&sandbox);
    assert!((1..CRATES).contains(&arrived), "{arrived} crates");
    wizard.send("r");
    steps::restored(&mut wizard);
    assert_eq!(whole_crates(&sandbox), CRATES);
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
    wizard.assert_restored();
}

/// Whether all of that is on the screen at once.
fn wait_for_all(wizard: &mut Terminal, texts: &[&str]) {
    wizard.wait_until(&texts.join(" + "), |screen| {
        let text: String = screen.rows(0, screen.size().1.get()).collect();
        texts.iter().all(|part| text.contains(part))
    });
}

#[test]
fn a_running_fetch_is_sorted_filtered_and_read_and_goes_on() {
    let sandbox = Sandbox::new();
    let mut wizard = Terminal::spawn(&watchable_demo(&sandbox), 120, 36);
    steps::to_restore(&mut wizard, || token(&sandbox));
    wait_for_all(&mut wizard, &["Downloading", "unpacked", "crate ↑"]);
    wizard.send("s");
    wait_for_all(&mut wizard, &["sorted by state", "state ↑", "Downloading"]);
    wizard.send("/tide");
    wait_for_all(&mut wizard, &["of 60", "tidewater", "Downloading"]);
    wizard.send("<enter>d");
    wait_for_all(&mut wizard, &["Updating `rust-crates` index", "Downloading"]);
    wizard.send("d");
    wait_for_all(&mut wizard, &["tidewater", "state ↑"]);
    wizard.send("<esc>");
    wizard.wait_gone("of 60  ");
    steps::restored(&mut wizard);
    wait_for_all(&mut wizard, &["largest: ", "slowest: ", "state ↑"]);
    assert_eq!(whole_crates(&sandbox), CRATES);
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
}

#[test]
fn what_was_cancelled_is_said_on_the_normal_screen() {
    let sandbox = Sandbox::new();
    let fetches = Fetches::run(&sandbox, "");
    let mut wizard = Terminal::spawn(&watchable_demo(&sandbox), 80, 24);
    steps::to_restore(&mut wizard, || token(&sandbox));
    wizard.wait_for("unpacked");
    wizard.send("<esc>");
    wizard.wait_for("Cancel the fetch?");
    wizard.send("<enter>");
    wizard.wait_for("Cancelled");
    fetches.assert_ended();
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
    wizard.assert_restored();
    let left = wizard.screen();
    assert!(left.contains("cargo fetch was cancelled; "), "{left}");
    assert!(left.contains("To go on: az-cargo-wizard fetch"), "{left}");
}

/// A Cargo that can't find the host the first time.
fn failing_once(sandbox: &Sandbox) -> Fetches {
    let flag = sandbox.root().join("has-failed");
    let script = &format!(
        "if [ ! -e '{0}' ]; then : > '{0}'\n\
         echo '  Downloaded tidewater v1.44.2 (registry `rust-crates`)' >&2\n\
         echo 'error: failed to download from `https://nowhere.invalid/x`' >&2\n\
         echo '' >&2; echo 'Caused by:' >&2\n\
         echo '  [6] Could not resolve hostname (Could not resolve host: nowhere.invalid)' >&2\n\
         exit 101; fi",
        flag.display()
    );
    Fetches::run(sandbox, script)
}

#[test]
fn a_failed_fetch_says_why_first_and_runs_again() {
    let sandbox = Sandbox::new();
    let _fetches = failing_once(&sandbox);
    let mut wizard = Terminal::spawn(&demo(&sandbox), 80, 24);
    steps::to_restore(&mut wizard, || token(&sandbox));
    wizard.wait_for("✗ Cannot find the feed's server by its name");
    wait_for_all(
        &mut wizard,
        &["Check the network", "[6] Could not resolve hostname", "not reached", "r run again"],
    );
    assert_eq!(whole_crates(&sandbox), 0);
    wizard.send("r");
    steps::restored(&mut wizard);
    assert_eq!(whole_crates(&sandbox), CRATES);
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
    let left = wizard.screen();
    assert!(left.contains("60 crates in the cache") && !left.contains("failed"), "{left}");
}

#[test]
fn what_failed_is_said_on_the_normal_screen() {
    let sandbox = Sandbox::new();
    let _fetches = failing_once(&sandbox);
    let mut wizard = Terminal::spawn(&demo(&sandbox), 80, 24);
    steps::to_restore(&mut wizard, || token(&sandbox));
    wizard.wait_for("✗ Cannot find the feed's server by its name");
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(6));
    let left = wizard.screen();
    assert!(
        left.contains("cargo fetch failed: cannot find the feed's server by its name; 0 of 60"),
        "{left}"
    );
    assert!(left.contains("Check the network, VPN and the feed's address"), "{left}");
}

/// A Cargo that downloads for ever, and doesn't listen.
const STUBBORN: &str = "trap '' TERM HUP INT\necho ' Downloading 7 crates, remaining bytes: 1.0MiB' >&2\nwhile :; do sleep 1; done";

#[test]
fn ctrl_c_ends_cargo_too() {
    ends_with(Terminal::assert_restored, |wizard| wizard.send("<c-c>"));
}

#[test]
fn ctrl_c_twice_ends_cargo_too() {
    ends_with(Terminal::assert_restored, |wizard| wizard.send("<c-c><c-c>"));
}

#[test]
fn q_asks_and_ends_cargo_too() {
    ends_with(Terminal::assert_restored, |wizard| {
        wizard.send("q");
        wizard.wait_for("Cancel the fetch and leave?");
        wizard.send("<enter>");
    });
}

#[test]
fn signals_end_cargo_too() {
    ends_with(Terminal::assert_restored, |wizard| wizard.signal(Signal::TERM));
    ends_with(Terminal::assert_restored, |wizard| wizard.signal(Signal::HUP));
}

#[test]
fn a_lost_terminal_ends_cargo_too() {
    ends_with(|_| {}, Terminal::lose);
}

/// Ends the wizard in the midst of a fetch, and asserts that nothing of it is left.
fn ends_with(check: impl FnOnce(&Terminal), end: impl FnOnce(&mut Terminal)) {
    let sandbox = Sandbox::new();
    let fetches = Fetches::run(&sandbox, STUBBORN);
    let mut wizard = Terminal::spawn(&demo(&sandbox), 80, 24);
    steps::to_restore(&mut wizard, || token(&sandbox));
    wizard.wait_for("on the way");
    end(&mut wizard);
    assert_eq!(wizard.wait_exit(), Ended::Code(130));
    fetches.assert_ended();
    check(&wizard);
}
