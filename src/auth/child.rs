//! A program that is asked something: in a session of its own, so that giving it up takes everything along that it
//! has started (libraries, trap 15).

use std::io::Read;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use process_wrap::std::{ChildWrapper, CommandWrap};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

/// No answer is larger; what is more is thrown away.
const LARGEST: usize = 256 * 1024;

/// Between two looks whether it has ended.
const LOOK: Duration = Duration::from_millis(15);

/// How long its pipes may stay open after its end: something that it started may hold them for ever.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What it said.
pub(super) struct Output {
    pub(super) status: ExitStatus,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

/// Why there is no output.
#[derive(Debug)]
pub(super) enum Lost {
    Start(std::io::Error),
    Silent,
}

/// Runs it to its end. Dropped before that, or over the limit, it is killed with everything that it started.
pub(super) async fn run(mut command: Command, limit: Duration) -> Result<Output, Lost> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    tracing::debug!(program = ?command.get_program(), arguments = ?command.get_args(), "running");
    let mut command = CommandWrap::from(command);
    #[cfg(unix)]
    command.wrap(process_wrap::std::ProcessSession);
    #[cfg(windows)]
    command.wrap(process_wrap::std::JobObject);
    let mut process = command.spawn().map_err(Lost::Start)?;
    let stdout = process.stdout().take().map(collect);
    let stderr = process.stderr().take().map(collect);
    let mut child = Child { process: Some(process), ended: false };
    let status = timeout(limit, child.end()).await.map_err(|_| Lost::Silent)?.map_err(Lost::Start)?;
    let (stdout, stderr) = (rest(stdout).await, rest(stderr).await);
    tracing::debug!(%status, "ended");
    Ok(Output { status, stdout, stderr })
}

/// Reads a pipe on a thread that nobody waits for.
fn collect(mut pipe: impl Read + Send + 'static) -> mpsc::UnboundedReceiver<Vec<u8>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 8192];
        while let Ok(length @ 1..) = pipe.read(&mut bytes) {
            if sender.send(bytes[..length].to_vec()).is_err() {
                return;
            }
        }
    });
    receiver
}

async fn rest(pipe: Option<mpsc::UnboundedReceiver<Vec<u8>>>) -> Vec<u8> {
    let Some(mut pipe) = pipe else { return Vec::new() };
    let mut all = Vec::new();
    while let Ok(Some(bytes)) = timeout(LAST_WORDS, pipe.recv()).await {
        all.extend_from_slice(&bytes);
        if all.len() > LARGEST {
            break;
        }
    }
    all
}

struct Child {
    /// `None` only while it is being dropped.
    process: Option<Box<dyn ChildWrapper>>,
    ended: bool,
}

impl Child {
    async fn end(&mut self) -> std::io::Result<ExitStatus> {
        loop {
            if let Some(process) = &mut self.process
                && let Some(status) = process.try_wait()?
            {
                self.ended = true;
                return Ok(status);
            }
            sleep(LOOK).await;
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Not after its end: the number may be another's by then.
        if let (false, Some(mut process)) = (self.ended, self.process.take()) {
            // Fails only where nothing is left to end.
            let _ = process.start_kill();
            // Somebody must wait for it, and a drop must not.
            std::thread::spawn(move || process.wait());
        }
    }
}
