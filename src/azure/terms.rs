//! What earlier answers of an organization have settled for the requests to come: the API version that it speaks,
//! when it wants the next request, and where its feeds are. Shared by every client for the organization.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use super::reply::API_VERSIONS;
use crate::domain::organization::Base;
use crate::host::Clock;

/// The terms on which one organization is asked.
#[derive(Debug)]
pub struct Terms {
    clock: Clock,
    /// Index into [`API_VERSIONS`]: what this server was last found to support.
    version: AtomicUsize,
    /// Time since the process began, before which nothing is to be sent (azure-contract 3.2, classes 15 and 16).
    quiet_until: Mutex<Option<Duration>>,
    /// How far our clock is ahead of the service's, in seconds, as the last answer tells.
    ahead: Mutex<Option<i64>>,
    /// Where `resourceAreas` says that the feeds API is; only a place that the credential may go to.
    feeds: OnceLock<Base>,
}

/// With a clock that stands still: good for one short-lived client.
impl Default for Terms {
    fn default() -> Self {
        Self::new(Clock::Fake { since_start: Duration::ZERO, now: SystemTime::UNIX_EPOCH })
    }
}

impl Terms {
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            version: AtomicUsize::new(0),
            quiet_until: Mutex::default(),
            ahead: Mutex::default(),
            feeds: OnceLock::new(),
        }
    }

    /// Index into [`API_VERSIONS`].
    pub(super) fn version(&self) -> usize {
        self.version.load(Ordering::Relaxed)
    }

    /// Goes one version down from the one that was refused; `false` where there is none.
    pub(super) fn lower_version(&self, refused: usize) -> bool {
        let is_there = refused + 1 < API_VERSIONS.len();
        if is_there {
            self.version.fetch_max(refused + 1, Ordering::Relaxed);
        }
        is_there
    }

    /// Sends nothing for a while, from now on. A longer one stays.
    pub(super) fn keep_quiet(&self, pause: Duration) {
        let until = self.clock.since_start().saturating_add(pause);
        let mut quiet_until = self.quiet_until();
        *quiet_until = (*quiet_until).max(Some(until));
    }

    /// How long nothing is to be sent yet; `None`: as soon as one likes.
    pub(super) fn quiet(&self) -> Option<Duration> {
        let left = (*self.quiet_until())?.checked_sub(self.clock.since_start())?;
        Some(left).filter(|left| !left.is_zero())
    }

    /// The wait is over.
    pub(super) fn end_quiet(&self) {
        *self.quiet_until() = None;
    }

    /// Takes the time that an answer tells, in seconds since 1970 (UTC).
    pub(super) fn hear_time(&self, theirs: u64) {
        let ahead = self.clock.unix_seconds().cast_signed().saturating_sub(theirs.cast_signed());
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) = Some(ahead);
    }

    /// How far our clock is ahead of the service's, in seconds; `None`: no answer has told the time.
    pub(super) fn ahead(&self) -> Option<i64> {
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn feeds(&self) -> Option<&Base> {
        self.feeds.get()
    }

    /// Takes where the feeds API is; the first one stays.
    pub(super) fn feeds_are_at(&self, base: Base) {
        // A second client that has found the same out at the same time changes nothing.
        let _ = self.feeds.set(base);
    }

    /// A lock that a panic elsewhere has poisoned still holds a whole value.
    fn quiet_until(&self) -> MutexGuard<'_, Option<Duration>> {
        self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_only_go_down_and_end() {
        let terms = Terms::default();
        assert!(terms.lower_version(0));
        assert!(terms.lower_version(0), "another request was refused at the same time");
        assert_eq!(terms.version(), 1);
        assert!(terms.lower_version(1));
        assert!(!terms.lower_version(2));
        assert_eq!(API_VERSIONS[terms.version()], "6.0");
    }

    #[test]
    fn the_clock_of_the_service_is_compared_with_ours() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let terms = Terms::new(Clock::Fake { since_start: Duration::ZERO, now });
        assert_eq!(terms.ahead(), None);
        terms.hear_time(1060);
        assert_eq!(terms.ahead(), Some(-60));
        terms.hear_time(10);
        assert_eq!(terms.ahead(), Some(990));
    }

    #[test]
    fn the_longest_wish_for_quiet_counts_and_passes() {
        let terms = Terms::default();
        assert_eq!(terms.quiet(), None);
        terms.keep_quiet(Duration::from_secs(9));
        terms.keep_quiet(Duration::from_secs(2));
        assert_eq!(terms.quiet(), Some(Duration::from_secs(9)));
        terms.end_quiet();
        assert_eq!(terms.quiet(), None);
        terms.keep_quiet(Duration::ZERO);
        assert_eq!(terms.quiet(), None);
        terms.keep_quiet(Duration::MAX);
        assert!(terms.quiet().is_some(), "no wish is too long to be kept");
    }
}
