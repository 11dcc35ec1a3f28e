//! One process, told from a later one that bears the same number.

use serde::{Deserialize, Serialize};

/// What tells a process that leads a session of its own, as every Cargo that is started here does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ProcessMark {
    pub(super) pid: u32,
    /// When it was started, in clock ticks since the system was; known on Linux alone.
    started: Option<u64>,
}

impl ProcessMark {
    /// The process as it is now.
    pub(super) fn of(pid: u32) -> Self {
        Self { pid, started: stat(pid).map(|stat| stat.started) }
    }

    /// Whether that very process still runs; one that has ended and waits to be buried does not. Where there is no
    /// `/proc`, a process of that number counts that leads a session. Windows is not asked: there Cargo's own
    /// lock has to do.
    pub(super) fn runs(self) -> bool {
        match self.started {
            Some(started) => stat(self.pid).is_some_and(|now| now.started == started && now.alive),
            None => leads_session(self.pid),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Stat {
    started: u64,
    alive: bool,
}

fn stat(pid: u32) -> Option<Stat> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    parse_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Reads `/proc/PID/stat`: behind the name, which may hold anything, the state is the third field and the time of
/// the start the twenty-second.
fn parse_stat(text: &str) -> Option<Stat> {
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    let alive = !matches!(fields.next()?, "Z" | "X");
    Some(Stat { started: fields.nth(18)?.parse().ok()?, alive })
}

#[cfg(unix)]
fn leads_session(pid: u32) -> bool {
    use rustix::process::{Pid, getsid};
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| getsid(Some(pid)) == Ok(pid))
}

#[cfg(not(unix))]
fn leads_session(_: u32) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_confuse() {
        let numbers = (4..=24).map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
        let stat = |state: &str| parse_stat(&format!("77 (a) b) {state} {numbers}\n"));
        assert_eq!(stat("S"), Some(Stat { started: 22, alive: true }));
        assert_eq!(stat("Z"), Some(Stat { started: 22, alive: false }));
        assert_eq!(parse_stat("77 (a) S 1 2"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_runs_until_it_ends_and_a_later_one_is_another() {
        let mut child =
            std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let mark = ProcessMark::of(child.id());
        assert!(mark.runs());
        assert!(!ProcessMark { started: mark.started.map(|time| time + 1), ..mark }.runs());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!mark.runs());
    }
}
