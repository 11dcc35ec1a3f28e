//! Whose turn it is to change what is kept: a renewal, a login and a logout come one after the other, across processes.
//! Whoever needs the keyring's turn, too, takes this one first.

use std::path::Path;
use std::time::Duration;

use crate::error::{Exit, Report};
use crate::files;

const LOCK: &str = "renew.lock";

/// How long another process may take, in steps of [`PAUSE`].
pub(super) const PAUSES: u32 = 600;
pub(super) const PAUSE: Duration = Duration::from_millis(100);

/// Waits for it. What is known of a sign-in has to be read anew after that. Blocks.
///
/// # Errors
/// After a minute, or when the state folder can't be written.
pub(in crate::task) fn wait(state_dir: &Path) -> Result<files::Lock, Report> {
    for _ in 0..PAUSES {
        match take(state_dir)? {
            Some(lock) => return Ok(lock),
            None => std::thread::sleep(PAUSE),
        }
    }
    Err(busy())
}

/// The same without waiting; `None` while another process has it.
pub(super) fn take(state_dir: &Path) -> Result<Option<files::Lock>, Report> {
    Ok(files::try_lock(state_dir, LOCK)?)
}

pub(super) fn busy() -> Report {
    Report::new(Exit::Failed, "busy", "another process has been renewing the token for a minute")
        .hint("end the other one, then try again")
}
