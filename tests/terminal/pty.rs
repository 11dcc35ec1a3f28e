//! The terminal, tried on the shell and `cat`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::support::pty::{Ended, Signal, Terminal};
use crate::support::sandbox::Sandbox;

fn shell(sandbox: &Sandbox, script: &str) -> Terminal {
    Terminal::spawn(sandbox.command("sh").args(["-c", script]), 80, 24)
}

#[test]
fn keys_reach_the_program_and_its_output_the_screen() {
    let sandbox = Sandbox::new();
    let mut terminal = shell(&sandbox, "read a; read b; clear; echo $b-$a; exit 3");
    terminal.send("one<enter>");
    terminal.send("two<enter>");
    terminal.wait_for("two-one");
    assert_eq!(terminal.wait_exit(), Ended::Code(3));
    assert_eq!(terminal.screen().trim_end(), "two-one");
    assert_eq!((terminal.keys(), terminal.pastes()), (8, 0));
}

#[test]
fn what_goes_is_waited_for() {
    let sandbox = Sandbox::new();
    let mut terminal = shell(&sandbox, "echo here; read a; clear; read a");
    terminal.wait_for("here");
    terminal.send("<enter>");
    terminal.wait_gone("here");
}

#[test]
fn a_paste_is_bracketed_where_the_program_wants_it() {
    let sandbox = Sandbox::new();
    let script = "stty -echo; echo plain; read a; echo \"<$a>\"; printf '\\033[?2004h'; echo brackets; head -n1 | cat -v";
    let mut terminal = shell(&sandbox, script);
    terminal.wait_for("plain");
    terminal.paste("tok");
    terminal.send("<enter>");
    terminal.wait_for("<tok>");
    terminal.wait_for("brackets");
    terminal.paste("tok");
    terminal.send("<enter>");
    terminal.wait_for("^[[200~tok^[[201~");
    assert_eq!((terminal.keys(), terminal.pastes()), (2, 2));
}

#[test]
fn the_program_learns_the_new_size() {
    let sandbox = Sandbox::new();
    let mut terminal = shell(&sandbox, "stty size; read a; stty size; read a");
    terminal.wait_for("24 80");
    terminal.resize(120, 36);
    terminal.send("<enter>");
    terminal.wait_for("36 120");
}

#[test]
fn the_modes_of_the_screen_are_known() {
    let sandbox = Sandbox::new();
    let script = "saved=$(stty -g); stty raw -echo; printf '\\033[?1049h\\033[?25l\\033[?2004hin'; head -c1 >/dev/null; \
                  printf '\\033[?2004l\\033[?25h\\033[?1049l'; stty \"$saved\"; echo out";
    let mut terminal = shell(&sandbox, script);
    terminal.wait_for("in");
    let modes = |terminal: &Terminal| {
        [
            terminal.alternate_screen(),
            terminal.bracketed_paste(),
            !terminal.cursor_visible(),
            !terminal.modes_restored(),
        ]
    };
    assert_eq!(modes(&terminal), [true; 4]);
    terminal.send("x");
    assert_eq!(terminal.wait_exit(), Ended::Code(0));
    assert_eq!(modes(&terminal), [false; 4], "{terminal:?}");
    terminal.assert_restored();
    assert!(terminal.output().windows(8).any(|part| part == b"\x1b[?1049h"));
}

#[test]
fn signals_are_sent_and_told() {
    let sandbox = Sandbox::new();
    let mut terminal = shell(&sandbox, "trap 'echo told; exit 7' TERM; echo ready; while :; do read a; done");
    terminal.wait_for("ready");
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.wait_exit(), Ended::Code(7));
    terminal.wait_for("told");

    let mut terminal = shell(&sandbox, "echo ready; read a");
    terminal.wait_for("ready");
    terminal.signal(Signal::KILL);
    assert_eq!(terminal.wait_exit(), Ended::Signal("Killed".to_owned()));
}

#[test]
fn a_lost_terminal_hangs_up() {
    let sandbox = Sandbox::new();
    let mut terminal = shell(
        &sandbox,
        "trap 'echo; echo size' WINCH; trap 'exit 9' HUP; echo ready; while :; do read a; done",
    );
    terminal.wait_for("ready");
    terminal.lose();
    assert_eq!(terminal.wait_exit(), Ended::Code(9));
}

#[test]
fn a_wait_in_vain_shows_the_screen() {
    let sandbox = Sandbox::new();
    let mut terminal = shell(&sandbox, "echo something else; read a");
    terminal.wait_for("something");
    terminal.set_deadline(Duration::from_millis(50));
    let message = failure(|| terminal.wait_for("the right thing"));
    assert!(message.contains("`the right thing` to appear"), "{message}");
    assert!(message.contains("  | something else"), "{message}");
}

#[test]
fn a_wait_ends_with_the_program() {
    let sandbox = Sandbox::new();
    let mut terminal = shell(&sandbox, "echo that was all; exit 4");
    let message = failure(|| terminal.wait_for("more"));
    assert!(message.contains("the program ended") && message.contains("Code(4)"), "{message}");
    assert!(message.contains("  | that was all"), "{message}");
}

#[test]
#[should_panic(expected = "<esc> must be the last key")]
fn escape_is_not_glued_to_the_next_key() {
    let sandbox = Sandbox::new();
    shell(&sandbox, "read a").send("<esc>j");
}

/// The message with which something fails.
fn failure(act: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(act)).expect_err("it should have failed");
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}
