//! Watching from outside: files that come and go, and processes that end. Nothing here sleeps; what is waited for
//! is looked at again and again, up to a deadline.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Far longer than anything takes, also on a loaded machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// Looks until something is there.
///
/// # Panics
/// When it does not come.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = now() + DEADLINE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(now() < end, "waited {DEADLINE:?} for {what}");
        std::thread::yield_now();
    }
}

/// For the benchmark's figures.
#[expect(clippy::disallowed_methods, reason = "a deadline of the test itself")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The files of a folder with their sizes; none where it is missing.
pub(crate) fn files_in(folder: &Path) -> Vec<(PathBuf, u64)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> =
        entries.filter_map(|entry| Some((entry.path(), entry.metadata().ok()?.len()))).collect();
    files.sort();
    files
}

/// The Cargo of the run that is marked in a state folder.
pub(crate) fn marked_cargo(state_dir: &Path) -> Option<u32> {
    files_in(&state_dir.join("runs")).into_iter().find_map(|(mark, _)| {
        let text = fs::read_to_string(mark).ok()?;
        let line: serde_json::Value = serde_json::from_str(text.lines().nth(1)?).ok()?;
        u32::try_from(line["cargo"]["pid"].as_u64()?).ok()
    })
}

pub(crate) fn kill(pid: u32) {
    send(pid, Signal::KILL);
}

pub(crate) fn send(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    // It may have ended by itself.
    let _ = pid.map(|pid| kill_process(pid, signal));
}

/// Waits until a process that is not our child has ended. Whoever it belongs to now may not have buried it.
pub(crate) fn wait_gone(pid: u32) {
    until("a killed process to end", || {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok();
        let state = stat.as_deref().and_then(|stat| stat.rsplit_once(") ")?.1.chars().next());
        matches!(state, None | Some('Z' | 'X')).then_some(())
    });
}
