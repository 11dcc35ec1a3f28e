//! How long a credential still lives, in words. The time of day comes in as a number: nothing here has a clock.

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// With less left than this, in seconds, a fetch may outlive the token (cargo-contract 3.5).
pub const SOON: u64 = 15 * MINUTE;

/// How the life of a credential ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// Nobody has told.
    Unknown,
    /// What is kept gets the next token by itself.
    Renewed,
    /// In seconds since 1970 (UTC).
    Until(u64),
}

impl Lifetime {
    /// `expires in 43 min`, `expired`, `renewed by itself`; `None` where nothing is known. Both in seconds since 1970.
    #[must_use]
    pub fn words(self, now: Option<u64>) -> Option<String> {
        match (self, now) {
            (Self::Unknown, _) | (Self::Until(_), None) => None,
            (Self::Renewed, _) => Some("renewed by itself".to_owned()),
            (Self::Until(end), Some(now)) => Some(left(end.saturating_sub(now))),
        }
    }

    /// Whether it has ended, or will before a long fetch does.
    #[must_use]
    pub fn ends_soon(self, now: Option<u64>) -> bool {
        matches!((self, now), (Self::Until(end), Some(now)) if end < now + SOON)
    }
}

/// Rounded down: what is promised is there.
fn left(seconds: u64) -> String {
    match seconds {
        0 => "expired".to_owned(),
        1..MINUTE => "expires within a minute".to_owned(),
        MINUTE..7200 => format!("expires in {} min", seconds / MINUTE),
        7200..172_800 => format!("expires in {} h", seconds / HOUR),
        _ => format!("expires in {} days", seconds / DAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_never_more_than_there_is() {
        let left = |seconds: u64| Lifetime::Until(1_000_000 + seconds).words(Some(1_000_000)).unwrap();
        assert_eq!(left(0), "expired");
        assert_eq!(left(1), "expires within a minute");
        assert_eq!(left(43 * 60 + 59), "expires in 43 min");
        assert_eq!(left(119 * 60 + 59), "expires in 119 min");
        assert_eq!(left(2 * 3600), "expires in 2 h");
        assert_eq!(left(48 * 3600), "expires in 2 days");
        assert_eq!(Lifetime::Until(5).words(Some(9)).as_deref(), Some("expired"));
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        assert_eq!(Lifetime::Unknown.words(Some(1)), None);
        assert_eq!(Lifetime::Until(9).words(None), None);
        assert_eq!(Lifetime::Renewed.words(None).as_deref(), Some("renewed by itself"));
        assert!(Lifetime::Until(100 + SOON - 1).ends_soon(Some(100)));
        assert!(!Lifetime::Until(100 + SOON).ends_soon(Some(100)));
        assert!(!Lifetime::Renewed.ends_soon(Some(100)) && !Lifetime::Until(1).ends_soon(None));
    }
}
