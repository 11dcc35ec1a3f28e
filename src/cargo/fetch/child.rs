//! The process of Cargo: its environment, its session, its lines and its end (libraries trap 15,
//! cargo-contract 4.9). Knows nothing of what the lines mean.

use std::io::{ErrorKind, Read};
use std::process::{ChildStderr, Command, ExitStatus, Stdio};
use std::time::Duration;

use process_wrap::std::{ChildWrapper, CommandWrap};

use super::FetchSpec;
use crate::cargo::explain::ExitKind;
use crate::cargo::fetch_error::FetchError;
use crate::domain::text::clean;
use crate::host::Env;

/// What makes Cargo report in a pipe, the same on every machine.
const SETTINGS: [(&str, &str); 6] = [
    ("CARGO_TERM_PROGRESS_WHEN", "always"),
    ("CARGO_TERM_PROGRESS_WIDTH", "160"),
    ("CARGO_TERM_COLOR", "never"),
    ("CARGO_TERM_QUIET", "false"),
    ("CARGO_TERM_VERBOSE", "false"),
    ("CARGO_TERM_PROGRESS_TERM_INTEGRATION", "false"),
];

/// What would put more, and secrets, between the lines.
const UNWANTED: [&str; 3] = ["CARGO_LOG", "CARGO_HTTP_DEBUG", "RUST_BACKTRACE"];

/// Bytes of one line that are kept.
const MAX_LINE: usize = 64 * 1024;

/// A running `cargo fetch` in a session of its own. Dropped while it runs, it is killed with everything
/// that it started.
#[derive(Debug)]
pub(super) struct Child {
    /// `None` only while it is being dropped.
    process: Option<Box<dyn ChildWrapper>>,
    status: Option<ExitStatus>,
}

/// Starts it; its standard error is the reader's.
pub(super) fn start(spec: &FetchSpec) -> Result<(Child, ChildStderr), FetchError> {
    let mut command = Command::new(&spec.cargo);
    command.arg("fetch");
    if spec.locked {
        command.arg("--locked");
    }
    for config in &spec.configs {
        command.arg("--config").arg(config);
    }
    command.current_dir(&spec.dir).env_clear().envs(environment(spec).iter());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    tracing::debug!(program = ?command.get_program(), arguments = ?command.get_args(), "running");
    let mut command = CommandWrap::from(command);
    #[cfg(unix)]
    command.wrap(process_wrap::std::ProcessSession);
    #[cfg(windows)]
    command.wrap(process_wrap::std::JobObject);
    let program = clean(&spec.cargo.to_string_lossy());
    let mut process = command.spawn().map_err(|source| FetchError::Start { program, source })?;
    let stderr = process.stderr().take().expect("standard error was asked to be a pipe");
    Ok((Child { process: Some(process), status: None }, stderr))
}

fn environment(spec: &FetchSpec) -> Env {
    let mut env = spec.env.clone();
    for (name, value) in SETTINGS {
        env.set(name, value);
    }
    for name in UNWANTED {
        env.remove(name);
    }
    // What is watched must be what Cargo writes.
    env.set("CARGO_HOME", spec.cargo_home.clone());
    env
}

impl Child {
    /// Its number; `None` while it is being dropped.
    pub(super) fn id(&self) -> Option<u32> {
        self.process.as_ref().map(|process| process.id())
    }

    /// How it ended, once it has.
    pub(super) fn try_wait(&mut self) -> Result<Option<ExitStatus>, FetchError> {
        if let (None, Some(process)) = (self.status, &mut self.process) {
            self.status = process.try_wait().map_err(FetchError::Lost)?;
        }
        Ok(self.status)
    }

    /// Asks the whole group to end.
    pub(super) fn terminate(&mut self) {
        #[cfg(unix)]
        if let (None, Some(process)) = (self.status, &self.process) {
            // Fails only where nothing is left to end.
            let _ = process.signal(rustix::process::Signal::TERM.as_raw());
        }
    }

    /// Makes the whole group end. Not after its leader was waited for: the number may be another's by then.
    pub(super) fn kill(&mut self) {
        if let (None, Some(process)) = (self.status, &mut self.process) {
            // Fails only where nothing is left to end.
            let _ = process.start_kill();
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
        if let (None, Some(mut process)) = (self.status, self.process.take()) {
            // Somebody must wait for it, and a drop must not.
            std::thread::spawn(move || process.wait());
        }
    }
}

/// The end of the process as a number.
pub(super) fn exit_kind(status: ExitStatus) -> ExitKind {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return ExitKind::Signal(signal);
    }
    ExitKind::Code(status.code().unwrap_or(-1))
}

/// Bytes that are read at once: as many as a pipe holds on Linux.
const PIPE: usize = 64 * 1024;

/// Reads until the last writer has closed the pipe, or the taker wants no more. Lines that come within `pause` are
/// handed over together: every waking takes from the time that Cargo could have.
pub(super) fn read_lines(mut pipe: impl Read, pause: Duration, mut take: impl FnMut(Vec<String>) -> bool) {
    let mut splitter = Splitter::default();
    let mut bytes = vec![0; PIPE];
    loop {
        let read = match pipe.read(&mut bytes) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        let lines = splitter.push(&bytes[..read]);
        if !lines.is_empty() && !take(lines) {
            return;
        }
        // A pipe that fills up would hold Cargo up: then it is emptied without a pause.
        if read < PIPE / 4 {
            std::thread::sleep(pause);
        }
    }
    splitter.rest().map(|line| take(vec![line]));
}

/// Cuts the stream at `\n` and `\r`: progress is redrawn by the latter (cargo-contract 4.4).
#[derive(Debug, Default)]
struct Splitter {
    line: Vec<u8>,
    after_return: bool,
}

impl Splitter {
    fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for byte in bytes {
            match byte {
                b'\n' => {
                    let is_end_of_redrawn = self.after_return && self.line.is_empty();
                    let line = self.take();
                    lines.extend((!is_end_of_redrawn).then_some(line));
                }
                b'\r' => {
                    let line = self.take();
                    lines.extend((!line.trim().is_empty()).then_some(line));
                }
                byte if self.line.len() < MAX_LINE => self.line.push(*byte),
                _ => {}
            }
            self.after_return = *byte == b'\r';
        }
        lines
    }

    /// The last line, where nothing ended it.
    fn rest(mut self) -> Option<String> {
        (!self.line.is_empty()).then(|| self.take())
    }

    fn take(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(pieces: &[&str]) -> Vec<String> {
        let mut splitter = Splitter::default();
        let mut lines: Vec<String> =
            pieces.iter().flat_map(|piece| splitter.push(piece.as_bytes())).collect();
        lines.extend(splitter.rest());
        lines
    }

    #[test]
    fn lines_end_at_both_ends_of_line_wherever_the_reads_fall() {
        let pieces = [
            "  Down",
            "loaded a v1.0.0\n Downloading 3 cra",
            "tes   \r",
            " Downloading 2 crates\r\n",
            "\n",
            "x",
        ];
        assert_eq!(
            lines(&pieces),
            ["  Downloaded a v1.0.0", " Downloading 3 crates   ", " Downloading 2 crates", "", "x"]
        );
    }

    #[test]
    fn an_endless_line_is_cut_and_bad_letters_are_replaced() {
        let mut splitter = Splitter::default();
        for _ in 0..40 {
            assert!(splitter.push(&[b'x'; 4096]).is_empty());
        }
        assert_eq!(splitter.push(b"\n")[0].len(), MAX_LINE);
        assert_eq!(splitter.push(b"a\xffb\n"), ["a\u{fffd}b"]);
    }

    #[test]
    fn a_taker_that_wants_no_more_ends_the_reading() {
        let mut taken = 0;
        let pieces = (&b"a\nb\n"[..]).chain(&b"c"[..]).chain(&b"\nd\n"[..]).chain(&b"e\n"[..]);
        read_lines(pieces, Duration::ZERO, |lines| {
            taken += lines.len();
            taken < 4
        });
        assert_eq!(taken, 4);
    }

    proptest! {
        #[test]
        fn the_reads_do_not_matter(text in "[ab\r\n]{0,60}", at in 0usize..60) {
            let at = at.min(text.len());
            prop_assert_eq!(lines(&[&text[..at], &text[at..]]), lines(&[&text]));
        }
    }
}
