//! Every way to leave gives the terminal back, with the right exit code.

use std::process::Command;

use az_cargo_wizard::demo::{Demo, DemoOptions, Pace};
use az_cargo_wizard::domain::credential::{Credential, Secret};
use az_cargo_wizard::host::Host;
use az_cargo_wizard::task::{DemoPlace, Services, Settled};
use az_cargo_wizard::tui::{self, Opening, Starting, Theme};
use tokio::signal::unix::{SignalKind, signal};

use crate::support::pty::{Ended, Signal, Terminal};
use crate::support::sandbox::Sandbox;
use crate::support::wizard::{Traces, demo, demo_dir, steps};

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

/// Set for the process of this test that panics: where the demo is, and whose token signs in.
const SIGNED_IN: &str = "AZ_CARGO_WIZARD_TEST_SIGNED_IN";

/// A panic tells what it is given, and whoever unwraps an error gives it whatever that holds. Here it is a credential,
/// beside a wizard that is signed in with it.
#[test]
fn a_panic_of_who_is_signed_in_tells_no_secret() {
    let host = Host::os().unwrap();
    if let Some(place) = host.env.text(SIGNED_IN) {
        return panic_signed_in(host.clone(), place);
    }
    let sandbox = Sandbox::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _inside = runtime.enter();
    let options = DemoOptions {
        dir: Some(demo_dir(&sandbox)),
        temp_parent: sandbox.root().join("tmp"),
        pace: Pace::Fast,
    };
    let demo = runtime.block_on(Demo::start(options)).unwrap();
    sandbox.watch(&demo);
    // The demo shows its own one to be copied.
    let token = demo.tokens().read_write.expose().to_owned();
    let mut command = sandbox.command(std::env::current_exe().unwrap());
    command.args(["--exact", "ends::a_panic_of_who_is_signed_in_tells_no_secret", "--nocapture"]);
    let dirs = [demo.project_dir(), demo.cargo_home(), demo.state_dir()];
    let dirs = dirs.map(|dir| dir.to_str().unwrap()).join("\n");
    let place = format!("{}\n{}\n{token}\n{dirs}", demo.origin(), demo.token().expose());
    command.env(SIGNED_IN, place).env("RUST_BACKTRACE", "full");
    let mut wizard = Terminal::spawn(&command, 80, 24);
    steps::organization(&mut wizard);
    steps::sign_in(&mut wizard, &token);
    wizard.wait_for("Has the crates.io upstream");
    wizard.signal(Signal::USR1);
    assert_eq!(wizard.wait_exit(), Ended::Code(0), "the panic is a job's: the wizard is left by a signal");
    wizard.assert_restored();
    let told = String::from_utf8_lossy(wizard.output()).into_owned();
    assert!(told.contains("planted beside Pat(Secret(***))"), "{told}");
    assert_eq!(Traces::of(&token).found_in(wizard.output()), None, "{told}");
}

/// The wizard on that demo; on a signal a job beside it panics with the credential in its hands, and the wizard is left.
fn panic_signed_in(host: Host, place: &str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut lines = place.lines();
    let mut next = || lines.next().unwrap().to_owned();
    let (origin, shown, token) = (next(), next(), next());
    let place = DemoPlace {
        origin,
        token: shown,
        project_dir: next().into(),
        cargo_home: next().into(),
        state_dir: next().into(),
    };
    let credential = Credential::Pat(Secret::new(token));
    runtime.spawn(async move {
        let panics = tokio::spawn(async move {
            signal(SignalKind::user_defined1()).unwrap().recv().await;
            panic!("planted beside {credential:?}");
        });
        assert!(panics.await.unwrap_err().is_panic());
        rustix::process::kill_process(rustix::process::getpid(), Signal::TERM).unwrap();
    });
    let clock = host.clock;
    let start = move || {
        Starting::spawn(move || {
            let settled = Settled { demo: Some(place.clone()), ..Settled::default() };
            std::future::ready(Services::new(host.clone(), settled))
        })
    };
    tui::run(&runtime, (Theme::default(), Opening::Wizard), (clock, start)).unwrap();
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
