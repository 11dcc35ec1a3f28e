//! What benchmarks measure against: a program that does nothing, and how long a program takes to say something.

use std::path::{Path, PathBuf};
use std::process::Command;
#[cfg(unix)]
use std::time::Duration;

#[cfg(unix)]
use super::pty::Terminal;
use super::sandbox::Sandbox;

/// Builds `examples/nothing.rs` into the sandbox: it prints a dot and ends.
pub(crate) fn build_nothing(sandbox: &Sandbox) -> PathBuf {
    let program = sandbox.bin().join("nothing");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/nothing.rs");
    let built = Command::new("rustc")
        .args(["--edition=2024", "-Copt-level=3", "-Cstrip=symbols", "-o"])
        .args([&program, &source])
        .status()
        .unwrap();
    assert!(built.success(), "rustc could not build {}", source.display());
    program
}

/// From the start in a terminal until the text is on its screen.
#[cfg(unix)]
pub(crate) fn time_to(command: &Command, text: &str, (columns, rows): (u16, u16)) -> Duration {
    #[expect(clippy::disallowed_methods, reason = "benchmarks measure time")]
    let start = std::time::Instant::now();
    let mut terminal = Terminal::spawn(command, columns, rows);
    terminal.wait_for(text);
    start.elapsed()
}
