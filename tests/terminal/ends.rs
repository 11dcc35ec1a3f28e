//! Every way to leave gives the terminal back, with the right exit code.

use std::process::Command;

use az_cargo_wizard::host::Host;
use az_cargo_wizard::tui::{self, Opening, Theme};

use crate::support::pty::{Ended, Signal, Terminal};
use crate::support::sandbox::Sandbox;
use crate::support::wizard::{demo, steps};

const INTERRUPTED: Ended = Ended::Code(130);

/// The wizard at its first question.
fn wizard(sandbox: &Sandbox) -> Terminal {
    let mut wizard = Terminal::spawn(&demo(sandbox), 80, 24);
    wizard.wait_for("Which organization");
    assert!(wizard.alternate_screen() && wizard.bracketed_paste() && !wizard.modes_restored());
    wizard
}

#[test]
fn q_leaves() {
    let sandbox = Sandbox::new();
    let mut wizard = wizard(&sandbox);
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
    wizard.assert_restored();
    assert_eq!(wizard.screen().trim(), "", "nothing was done, so there is nothing to say");
}

#[test]
fn ctrl_c_leaves() {
    let sandbox = Sandbox::new();
    let mut wizard = wizard(&sandbox);
    wizard.send("<c-c>");
    assert_eq!(wizard.wait_exit(), INTERRUPTED);
    wizard.assert_restored();
}

#[test]
fn ctrl_c_leaves_before_the_demo_is_there() {
    let sandbox = Sandbox::new();
    let mut wizard = Terminal::spawn(&demo(&sandbox), 80, 24);
    wizard.wait_for("az-cargo-wizard");
    wizard.send("<c-c>");
    assert_eq!(wizard.wait_exit(), INTERRUPTED);
    wizard.assert_restored();
}

#[test]
fn signals_end_it() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let sandbox = Sandbox::new();
        let mut wizard = wizard(&sandbox);
        wizard.signal(signal);
        assert_eq!(wizard.wait_exit(), INTERRUPTED, "{signal:?}");
        wizard.assert_restored();
    }
}

#[test]
fn a_lost_terminal_ends_it() {
    let sandbox = Sandbox::new();
    let mut wizard = wizard(&sandbox);
    wizard.lose();
    assert_eq!(wizard.wait_exit(), INTERRUPTED);
}

/// Set for the process of this test that panics.
const PANICS: &str = "AZ_CARGO_WIZARD_TEST_PANICS";

/// The product has no way to be made to panic. So this test starts itself in the terminal, and there it runs the
/// product's own loop, whose start fails.
#[test]
fn a_panic_gives_the_terminal_back() {
    let host = Host::os().unwrap();
    if host.env.os(PANICS).is_some() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let look = (Theme::default(), Opening::Wizard);
        tui::run(&runtime, look, (host.clock, || panic!("planted in the terminal"))).unwrap();
        return;
    }
    let sandbox = Sandbox::new();
    let mut command = Command::new(std::env::current_exe().unwrap());
    let this = "ends::a_panic_gives_the_terminal_back";
    command.args(["--exact", this, "--nocapture"]).env(PANICS, "1").current_dir(sandbox.project());
    let mut wizard = Terminal::spawn(&command, 80, 24);
    assert_eq!(wizard.wait_exit(), Ended::Code(101));
    assert!(wizard.output().windows(8).any(|part| part == b"\x1b[?1049h"), "it had the terminal");
    wizard.assert_restored();
    wizard.wait_for("planted in the terminal");
}

#[test]
fn ctrl_z_gives_the_terminal_back_and_fg_takes_it_again() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command("sh");
    let script = "set -m; \"$@\"; printf 'stop%s\\n' ped; read answer; fg >/dev/null; echo \"code $?\"";
    let wizard = demo(&sandbox);
    command.args(["-c", script, "sh"]).arg(wizard.get_program()).args(wizard.get_args());
    let mut shell = Terminal::spawn(&command, 80, 24);
    shell.wait_for("Which organization");
    shell.send("<c-z>");
    shell.wait_for("stopped");
    assert!(!shell.alternate_screen() && shell.cursor_visible() && !shell.bracketed_paste(), "{shell:?}");
    shell.send("<enter>");
    shell.wait_for("Which organization");
    assert!(shell.alternate_screen() && shell.bracketed_paste(), "{shell:?}");
    // It still has its answers, and hears keys.
    steps::organization(&mut shell);
    shell.wait_for("▸ Sign in to Azure");
    shell.send("<c-c>");
    shell.wait_for("code 130");
    assert_eq!(shell.wait_exit(), Ended::Code(0));
    shell.assert_restored();
}
