//! Why an answer is late, in words for the waiting line.

use std::time::Duration;

use super::text::duration;

/// What stands between a request and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// The service wants the next request that much later (azure-contract 3.4).
    Asked(Duration),
    /// What went wrong may pass: the request is sent once more.
    Again { attempt: u32, of: u32 },
    /// There is an answer, or nothing more is waited for.
    Over,
}

impl Waiting {
    /// One line, `passed` after it was told; `None` when there is nothing to say any more.
    #[must_use]
    pub fn line(self, passed: Duration) -> Option<String> {
        match self {
            Self::Asked(wait) => {
                Some(format!("Azure DevOps asks to wait {}", whole(wait.saturating_sub(passed))))
            }
            Self::Again { attempt, of } => Some(format!("trying again, {attempt} of {of}")),
            Self::Over => None,
        }
    }
}

/// In whole seconds: a countdown of tenths would only flicker.
fn whole(left: Duration) -> String {
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    if seconds < 10 { format!("{seconds} s") } else { duration(Duration::from_secs(seconds)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_counts_down_in_whole_seconds() {
        let asked = Waiting::Asked(Duration::from_secs(12));
        let line = |passed| asked.line(Duration::from_millis(passed)).unwrap();
        assert_eq!(line(0), "Azure DevOps asks to wait 12 s");
        assert_eq!(line(2900), "Azure DevOps asks to wait 10 s");
        assert_eq!(line(3000), "Azure DevOps asks to wait 9 s");
        assert_eq!(line(60_000), "Azure DevOps asks to wait 0 s");
        assert_eq!(
            Waiting::Asked(Duration::from_secs(125)).line(Duration::ZERO).unwrap(),
            "Azure DevOps asks to wait 2 min 05 s"
        );
        let again = Waiting::Again { attempt: 2, of: 3 };
        assert_eq!(again.line(Duration::ZERO).unwrap(), "trying again, 2 of 3");
        assert_eq!(Waiting::Over.line(Duration::ZERO), None);
    }
}
