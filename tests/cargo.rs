//! The real Cargo outside the wizard, with the configuration and the credential that the wizard has left, against
//! a demo that is served in a process of its own. Unix only: the wizard is driven in a pseudo-terminal, and the
//! lines for the second terminal are those of a shell.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::process::{Child, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use support::pty::{Ended, Terminal};
use support::sandbox::Sandbox;
use support::wizard::{BINARY, CRATES, demo, demo_dir, product, steps, token, whole_crates};

#[expect(dead_code, reason = "this test uses a part of what the tests share")]
mod support;

/// `demo --demo-dir` in the foreground of a first terminal.
struct Served {
    process: Child,
    /// What it prints for a second terminal.
    lines: Vec<String>,
}

impl Served {
    fn start(sandbox: &Sandbox) -> Self {
        let mut command = product(sandbox, ["demo", "--demo-fast", "--demo-dir"]);
        command.arg(demo_dir(sandbox)).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let lines = output.lines().take(4).map(Result::unwrap).collect();
        Self { process, lines }
    }

    /// Types the lines in a second terminal.
    fn all(&self, sandbox: &Sandbox) -> Output {
        self.typed(sandbox, |_| true)
    }

    /// The same without setting up: that was the wizard's part.
    fn fetch(&self, sandbox: &Sandbox) -> Output {
        self.typed(sandbox, |line| !line.contains(" setup "))
    }

    fn typed(&self, sandbox: &Sandbox, wanted: impl Fn(&str) -> bool) -> Output {
        assert!(self.lines.last().is_some_and(|line| line == "cargo fetch --locked"), "{:?}", self.lines);
        let lines: String =
            self.lines.iter().filter(|line| wanted(line)).map(|line| line.to_owned() + "\n").collect();
        sandbox.command("sh").args(["-ec", &lines]).output().unwrap()
    }

    /// Presses Ctrl-C in the first.
    fn end(mut self) {
        kill_process(Pid::from_child(&self.process), Signal::INT).unwrap();
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Fails where it has ended, as it should have.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Leads the wizard to its end.
fn set_up(sandbox: &Sandbox) {
    let mut wizard = Terminal::spawn(&demo(sandbox), 80, 24);
    steps::to_restore(&mut wizard, || token(sandbox));
    steps::restored(&mut wizard);
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
}

fn empty_cache(sandbox: &Sandbox) {
    fs::remove_dir_all(demo_dir(sandbox).join("cargo-home/registry")).unwrap();
}

#[test]
fn plain_cargo_fetch_works_with_what_the_wizard_wrote() {
    let sandbox = Sandbox::new();
    set_up(&sandbox);
    empty_cache(&sandbox);
    let served = Served::start(&sandbox);
    let output = served.fetch(&sandbox);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(whole_crates(&sandbox), CRATES);
    served.end();

    // Another program has taken the ports: the demo moves, and its own files with it.
    empty_cache(&sandbox);
    let world = fs::read_to_string(demo_dir(&sandbox).join("world.json")).unwrap();
    let world: serde_json::Value = serde_json::from_str(&world).unwrap();
    let ports = world["ports"].as_array().unwrap().iter().map(|port| format!("127.0.0.1:{port}"));
    // Where that fails, somebody else has it.
    let _taken: Vec<_> = ports.flat_map(TcpListener::bind).collect();
    let served = Served::start(&sandbox);
    let output = served.fetch(&sandbox);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(whole_crates(&sandbox), CRATES);
    served.end();
}

#[test]
fn a_wizard_that_found_another_demo_in_its_place_checks_again() {
    let sandbox = Sandbox::new();
    let served = Served::start(&sandbox);
    let mut wizard = Terminal::spawn(&demo(&sandbox), 80, 24);
    wizard.wait_for("Another demo runs in");
    wizard.wait_for("r check again");
    served.end();
    wizard.send("r");
    steps::organization(&mut wizard);
    wizard.wait_for("Sign in to http://127.0.0.1:");
    wizard.send("<c-c>");
    assert_eq!(wizard.wait_exit(), Ended::Code(130));
}

#[test]
fn without_the_credential_plain_cargo_fetch_fails() {
    let sandbox = Sandbox::new();
    set_up(&sandbox);
    empty_cache(&sandbox);
    fs::remove_file(demo_dir(&sandbox).join("cargo-home/credentials.toml")).unwrap();
    let served = Served::start(&sandbox);
    let output = served.fetch(&sandbox);
    assert!(!output.status.success());
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("no token found for `rust-crates`"), "{words}");
    assert_eq!(whole_crates(&sandbox), 0);
    served.end();
}

#[test]
fn the_lines_for_a_second_terminal_set_up_a_new_demo() {
    let sandbox = Sandbox::new();
    symlink(BINARY, sandbox.bin().join("az-cargo-wizard")).unwrap();
    // A name that a shell would take apart, below the path that the other tests use.
    let folder = sandbox.root().join("Ana's demo $HOME");
    fs::create_dir(&folder).unwrap();
    symlink(&folder, demo_dir(&sandbox)).unwrap();
    let served = Served::start(&sandbox);
    let output = served.all(&sandbox);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(whole_crates(&sandbox), CRATES);
    served.end();
}
