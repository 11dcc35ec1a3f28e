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
