//! The sandbox: what it gives, and that its canaries sing.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;

use crate::support::sandbox::{CANARY_TOKEN, Sandbox};

/// Standard output of a program that succeeds.
fn output(sandbox: &Sandbox, program: &str, args: &[&str]) -> String {
    let output = sandbox.command(program).args(args).output().expect("the program starts");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("the output is UTF-8")
}

#[test]
fn a_program_sees_the_sandbox_and_nothing_else() {
    let mut sandbox = Sandbox::new();
    sandbox.set("ONE", "1");
    sandbox.unset("TERM");
    let seen = output(&sandbox, "env", &[]);
    let names: BTreeSet<&str> = seen.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    let ours = "ALL_PROXY AZ_CARGO_WIZARD_DEMO_LOG CARGO_HOME DBUS_SESSION_BUS_ADDRESS HOME HTTPS_PROXY HTTP_PROXY \
                LANG ONE PATH RUSTUP_HOME TMPDIR USERPROFILE XDG_STATE_HOME all_proxy http_proxy https_proxy";
    let ours: BTreeSet<&str> = ours.split(' ').collect();
    assert!(names.is_subset(&ours), "{names:?}");
    assert_eq!(
        output(&sandbox, "pwd", &["-P"]).trim_end(),
        sandbox.project().canonicalize().unwrap().to_str().unwrap()
    );
    assert_eq!(fs::metadata(sandbox.root()).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn cargo_runs_in_it() {
    let sandbox = Sandbox::new();
    assert!(output(&sandbox, "cargo", &["--version"]).starts_with("cargo 1."));
    assert!(output(&sandbox, "rustc", &["--version"]).starts_with("rustc 1."));
}

#[test]
fn a_stand_in_comes_before_the_real_program() {
    let sandbox = Sandbox::new();
    sandbox.program("cargo", "echo stand-in \"$@\"");
    assert_eq!(output(&sandbox, "cargo", &["fetch"]), "stand-in fetch\n");
}

#[test]
fn the_host_is_the_same_world() {
    let sandbox = Sandbox::new();
    let host = sandbox.host(&["--demo"]);
    assert_eq!(host.env.os("CARGO_HOME"), Some(sandbox.cargo_home().as_os_str()));
    assert_eq!(host.cwd, sandbox.project());
    assert_eq!(host.args, ["az-cargo-wizard", "--demo"]);
    assert!(host.env.find_program("cargo").is_some());
}

#[test]
#[should_panic(expected = ".cargo/config.toml` has changed")]
fn a_changed_home_is_noticed() {
    let sandbox = Sandbox::new();
    sandbox.write("home/.cargo/config.toml", "[net]\n");
}

#[test]
#[should_panic(expected = ".cargo/.package-cache` is new")]
fn a_new_file_in_the_home_is_noticed() {
    let sandbox = Sandbox::new();
    sandbox.write("home/.cargo/.package-cache", "");
}

#[test]
#[should_panic(expected = ".gitconfig` is gone")]
fn a_lost_file_of_the_home_is_noticed() {
    let sandbox = Sandbox::new();
    fs::remove_file(sandbox.home().join(".gitconfig")).unwrap();
}

#[test]
#[should_panic(expected = "log` holds the token of the canary home")]
fn a_token_carried_out_of_the_home_is_noticed() {
    let sandbox = Sandbox::new();
    sandbox.write("state/az-cargo-wizard/log", format!("sent {CANARY_TOKEN} to somebody"));
}

#[test]
#[should_panic(expected = "somebody asked the proxy")]
fn a_call_of_the_proxy_is_noticed() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.host(&[]).env.text("HTTPS_PROXY").unwrap().replace("http://", "");
    TcpStream::connect(proxy).unwrap();
}

#[test]
#[should_panic(expected = "somebody called the message bus")]
fn a_call_of_the_bus_is_noticed() {
    let sandbox = Sandbox::new();
    let bus = sandbox.host(&[]).env.text("DBUS_SESSION_BUS_ADDRESS").unwrap().replace("unix:path=", "");
    UnixStream::connect(bus).unwrap();
}
