//! Feed switching as a whole process: from the start of `switch NAME` until it has ended with the file changed, less
//! what a program takes that does nothing. Prints its figures and asserts only that the file was changed; for honest
//! numbers it needs a release build and an idle machine:
//!
//! ```sh
//! cargo bench --bench switch
//! ```
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]
#![expect(clippy::unwrap_used, reason = "it fails by panicking")]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::sandbox::Sandbox;

#[expect(dead_code, reason = "the benchmark uses a part of what the tests share")]
#[path = "../tests/support/mod.rs"]
mod support;

const PRODUCT: &str = env!("CARGO_BIN_EXE_az-cargo-wizard");
const WARM_UP: usize = 3;
const PAIRS: usize = 51;
const GOAL: Duration = Duration::from_millis(20);
/// Registries that are configured beside the two.
const OTHERS: usize = 48;

fn main() {
    let sandbox = Sandbox::new();
    let config = set_up(&sandbox);
    let nothing = build_nothing(&sandbox);
    let (mut switches, mut nothings) = (Vec::new(), Vec::new());
    for round in 0..WARM_UP + PAIRS {
        let name = ["feed-0", "feed-1"][round % 2];
        nothings.push(time(&mut sandbox.command(&nothing)));
        let mut switch = sandbox.command(PRODUCT);
        switches.push(time(switch.args(["switch", name])));
        let text = fs::read_to_string(&config).unwrap();
        assert!(text.contains(&format!("replace-with = \"{name}\"")), "{text}");
    }
    let pairs = switches[WARM_UP..].iter().zip(&nothings[WARM_UP..]);
    let mut own: Vec<Duration> = pairs.map(|(switch, nothing)| switch.saturating_sub(*nothing)).collect();
    own.sort();
    let shown = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
    println!(
        "switch less a do-nothing program, median of {PAIRS}: {} (quarters {} and {}); goal {}{}",
        shown(own[PAIRS / 2]),
        shown(own[PAIRS / 4]),
        shown(own[PAIRS * 3 / 4]),
        shown(GOAL),
        if own[PAIRS / 2] <= GOAL { "" } else { ": MISSED" },
    );
}

/// A project with fifty registries and a lock file as a large one has.
fn set_up(sandbox: &Sandbox) -> PathBuf {
    let registry = |number: usize| {
        format!(
            "[registries.feed-{number}]\nindex = \"sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/feed-{number}/Cargo/index/\"\n\n"
        )
    };
    let registries: String = (0..OTHERS + 2).map(registry).collect();
    let package = |number: usize| {
        format!(
            "\n[[package]]\nname = \"crate-{number}\"\nversion = \"1.0.{number}\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{number:064}\"\n"
        )
    };
    let packages: String = (0..400).map(package).collect();
    sandbox.write(
        "project/Cargo.toml",
        "[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    );
    sandbox.write("project/src/lib.rs", "");
    sandbox.write("project/Cargo.lock", format!("version = 4\n{packages}"));
    let replaced = "[source.crates-io]\nreplace-with = \"feed-1\"\n";
    sandbox.write("project/.cargo/config.toml", format!("{registries}{replaced}"))
}

fn build_nothing(sandbox: &Sandbox) -> PathBuf {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/nothing.rs");
    let program = sandbox.root().join("nothing");
    let mut rustc = Command::new("rustc");
    let status = rustc.args(["--edition=2024", "-O", "-o"]).arg(&program).arg(source).status().unwrap();
    assert!(status.success());
    program
}

fn time(command: &mut Command) -> Duration {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    assert!(command.status().unwrap().success());
    start.elapsed()
}
