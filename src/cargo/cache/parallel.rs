//! Plain threads for walking and hashing: as many as the machine has cores, and a flag that ends them.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::domain::cache::CacheEvent;
use crate::host::Clock;

/// How work on the cache reports, and is ended.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// Once set, nothing more is begun.
    pub cancel: &'a AtomicBool,
    /// May wait until somebody takes it.
    pub tell: &'a (dyn Fn(CacheEvent) + Sync),
    pub clock: Clock,
}

impl std::fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("cancel", &self.cancel).finish_non_exhaustive()
    }
}

impl Run<'_> {
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// Does the numbered jobs on all cores, the lowest first, until they are done or it is cancelled.
    pub(super) fn each(&self, jobs: usize, job: impl Fn(usize) + Sync) {
        let next = AtomicUsize::new(0);
        let work = || {
            while !self.is_cancelled() {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= jobs {
                    return;
                }
                job(at);
            }
        };
        let threads = thread::available_parallelism().map_or(1, NonZero::get).min(jobs);
        thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn once_it_is_cancelled_nothing_more_is_begun() {
        const JOBS: usize = 10_000;
        let clock = Clock::Fake { since_start: Duration::ZERO, now: SystemTime::UNIX_EPOCH };
        let (cancel, begun) = (AtomicBool::new(false), AtomicUsize::new(0));
        let run = Run { cancel: &cancel, tell: &|_| {}, clock };
        run.each(JOBS, |at| {
            begun.fetch_add(1, Ordering::Relaxed);
            match at {
                3 => cancel.store(true, Ordering::Relaxed),
                // Nobody gets ahead of the one that cancels.
                4.. => {
                    while !run.is_cancelled() {
                        thread::yield_now();
                    }
                }
                _ => {}
            }
        });
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let begun = begun.into_inner();
        assert!((4..=4 + threads).contains(&begun), "{begun} of {JOBS} with {threads} threads");
        cancel.store(false, Ordering::Relaxed);
        let done = AtomicUsize::new(0);
        run.each(JOBS, |_| {
            done.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(done.into_inner(), JOBS);
    }
}
