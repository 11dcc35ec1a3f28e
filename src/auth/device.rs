//! Waiting for a person to enter a code, as a state machine: an answer in, what to do next out (azure-contract 2.3,
//! RFC 8628). Sends nothing and reads no clock.

use std::time::Duration;

/// What the authority answers while the person is on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// `authorization_pending`.
    Pending,
    /// `slow_down`.
    SlowDown,
    /// `authorization_declined`, or `access_denied` as RFC 8628 calls it.
    Declined,
    /// `expired_token`.
    Expired,
    /// `bad_verification_code`: the authority has never heard of the code.
    Unknown,
}

impl Answer {
    /// The answer that an `error` stands for; `None` for any other failure.
    pub(super) fn of(error: &str) -> Option<Self> {
        Some(match error {
            "authorization_pending" => Self::Pending,
            "slow_down" => Self::SlowDown,
            "authorization_declined" | "access_denied" => Self::Declined,
            "expired_token" | "code_expired" => Self::Expired,
            "bad_verification_code" => Self::Unknown,
            _ => return None,
        })
    }
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Ask again after this time.
    Ask(Duration),
    Declined,
    Expired,
}

/// One code that is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiting {
    interval: Duration,
    /// The end of the code: time since the start of the process.
    until: Duration,
}

impl Waiting {
    /// How much later to ask after `slow_down`.
    const SLOWER: Duration = Duration::from_secs(5);

    pub(super) fn new(interval: Duration, until: Duration) -> Self {
        Self { interval, until }
    }

    /// Before the first question: nobody enters a code in no time.
    pub(super) fn first(&self, now: Duration) -> Next {
        self.ask_again(now)
    }

    pub(super) fn after(&mut self, answer: Answer, now: Duration) -> Next {
        match answer {
            Answer::Pending => self.ask_again(now),
            Answer::SlowDown => {
                self.interval = self.interval.saturating_add(Self::SLOWER);
                self.ask_again(now)
            }
            Answer::Declined => Next::Declined,
            Answer::Expired | Answer::Unknown => Next::Expired,
        }
    }

    /// A connection that broke says nothing of the code: twice as slow from now on (RFC 8628, 3.5).
    pub(super) fn after_silence(&mut self, now: Duration) -> Next {
        self.interval = self.interval.saturating_mul(2);
        self.ask_again(now)
    }

    fn ask_again(&self, now: Duration) -> Next {
        if now >= self.until { Next::Expired } else { Next::Ask(self.interval) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn waiting() -> Waiting {
        Waiting::new(5 * SECOND, 900 * SECOND)
    }

    #[test]
    fn it_asks_at_the_authoritys_pace_until_the_code_ends() {
        let mut waiting = waiting();
        assert_eq!(waiting.first(SECOND), Next::Ask(5 * SECOND));
        assert_eq!(waiting.after(Answer::Pending, 899 * SECOND), Next::Ask(5 * SECOND));
        assert_eq!(waiting.after(Answer::Pending, 900 * SECOND), Next::Expired);
    }

    #[test]
    fn each_request_to_slow_down_adds_five_seconds_for_good() {
        let mut waiting = waiting();
        assert_eq!(waiting.after(Answer::SlowDown, SECOND), Next::Ask(10 * SECOND));
        assert_eq!(waiting.after(Answer::SlowDown, SECOND), Next::Ask(15 * SECOND));
        assert_eq!(waiting.after(Answer::Pending, SECOND), Next::Ask(15 * SECOND));
    }

    #[test]
    fn a_broken_connection_makes_it_slower_and_ends_nothing() {
        let mut waiting = waiting();
        assert_eq!(waiting.after_silence(SECOND), Next::Ask(10 * SECOND));
        assert_eq!(waiting.after(Answer::Pending, SECOND), Next::Ask(10 * SECOND));
    }

    #[test]
    fn every_error_of_the_contract_is_known() {
        let mut waiting = waiting();
        for (error, next) in [
            ("authorization_pending", Next::Ask(5 * SECOND)),
            ("authorization_declined", Next::Declined),
            ("access_denied", Next::Declined),
            ("expired_token", Next::Expired),
            ("bad_verification_code", Next::Expired),
        ] {
            assert_eq!(waiting.after(Answer::of(error).unwrap(), SECOND), next, "{error}");
        }
        assert_eq!(Answer::of("slow_down"), Some(Answer::SlowDown));
        assert_eq!(Answer::of("invalid_grant"), None);
    }
}
