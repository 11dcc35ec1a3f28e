//! The real Cargo after a switch: plain `cargo fetch --locked` takes the crates of the other feed, and the lock file
//! stays as it is, byte for byte.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};

use az_cargo_wizard::cargo::credentials;
use az_cargo_wizard::domain::credential::{Credential, Secret};
use az_cargo_wizard::domain::registry::RegistryName;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::sandbox::Sandbox;
use crate::support::wizard::{demo_dir, files_below, product, token};

/// `demo --demo-dir` in the foreground, with the variables that it prints for a second terminal.
struct Served {
    process: Child,
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

    /// Runs a line in a second terminal, in the demo's project.
    fn run(&self, sandbox: &Sandbox, line: &str) -> Output {
        let mut shell: Command = sandbox.command("/bin/sh");
        let lines = format!("set -e\n{}\n{}\n{line}\n", self.lines[0], self.lines[1]);
        shell.args(["-c", &lines]).output().unwrap()
    }

    fn product(&self, sandbox: &Sandbox, arguments: &str) -> Output {
        self.run(sandbox, &format!("exec '{}' {arguments}", env!("CARGO_BIN_EXE_az-cargo-wizard")))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.process), Signal::INT);
        let _ = self.process.wait();
    }
}

/// The cache folders with crates in them.
fn folders(sandbox: &Sandbox) -> Vec<String> {
    let cache = demo_dir(sandbox).join("cargo-home/registry/cache");
    let mut folders: Vec<String> = files_below(&cache)
        .iter()
        .map(|file| file.strip_prefix(&cache).unwrap().iter().next().unwrap().to_str().unwrap().to_owned())
        .collect();
    folders.sort();
    folders.dedup();
    folders
}

#[test]
fn cargo_fetch_takes_the_other_feed_and_the_lock_file_stays() {
    let sandbox = Sandbox::new();
    let served = Served::start(&sandbox);
    let done = |output: Output| {
        let words =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{words}");
        words
    };
    let lock = demo_dir(&sandbox).join("storefront/Cargo.lock");
    let before = fs::read(&lock).unwrap();
    let binary = env!("CARGO_BIN_EXE_az-cargo-wizard");
    done(
        served.run(&sandbox, &served.lines[2].replace("az-cargo-wizard setup", &format!("'{binary}' setup"))),
    );
    done(served.run(&sandbox, "cargo fetch --locked"));
    let first = folders(&sandbox);
    assert_eq!(first.len(), 1);

    let config = demo_dir(&sandbox).join("storefront/.cargo/config.toml");
    let written = fs::read_to_string(&config).unwrap();
    let (_, org) = served.lines[2].split_once("--org ").unwrap();
    let (org, _) = org.split_once(' ').unwrap();
    let header = Credential::Pat(Secret::new(token(&sandbox))).header();
    let home = demo_dir(&sandbox).join("cargo-home");
    credentials::store(&home, &RegistryName::parse("tools").unwrap(), &header).unwrap();
    done(served.product(&sandbox, &format!("switch tools --org {org}")));
    assert_ne!(fs::read_to_string(&config).unwrap(), written);
    // Setting up has named the provider of the plain file for its own feed alone.
    done(served.run(&sandbox, "CARGO_REGISTRIES_TOOLS_CREDENTIAL_PROVIDER=cargo:token cargo fetch --locked"));
    let both = folders(&sandbox);
    assert!(both.len() == 2 && both.contains(&first[0]), "{both:?}");
    assert_eq!(fs::read(&lock).unwrap(), before, "the lock file is as it was");

    done(served.product(&sandbox, "undo"));
    assert_eq!(fs::read_to_string(&config).unwrap(), written);
    done(served.run(&sandbox, "cargo fetch --locked --offline"));
    assert_eq!(folders(&sandbox), both);
    assert_eq!(fs::read(&lock).unwrap(), before);
}
