//! How fast the demo answers: slow enough to watch, or as fast as it can.

use std::time::Duration;

use super::reply::Weight;

/// How fast the demo answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// A fetch of all sixty crates takes about eight seconds.
    #[default]
    Watchable,
    /// Nothing waits, for tests.
    Fast,
}

/// How much of a crate is sent at once, and the time that takes: about 1.3 MB a second on each of Cargo's
/// two connections (cargo-contract 4.5).
const CHUNK: usize = 32 * 1024;
const CHUNK_TIME: Duration = Duration::from_millis(25);

impl Pace {
    /// How long an answer is waited for.
    pub(super) fn latency(self, weight: Weight) -> Duration {
        match (self, weight) {
            (Self::Fast, _) => Duration::ZERO,
            (Self::Watchable, Weight::Api) => Duration::from_millis(40),
            (Self::Watchable, Weight::Index) => Duration::from_millis(8),
            (Self::Watchable, Weight::Crate) => Duration::from_millis(60),
        }
    }

    /// How long to wait before a code is asked for again, in seconds.
    pub(super) fn interval(self) -> u32 {
        u32::from(self == Self::Watchable)
    }

    /// How a crate is cut into pieces: their size, and the pause before each; `None`: not at all.
    pub(super) fn pieces(self) -> Option<(usize, Duration)> {
        (self == Self::Watchable).then_some((CHUNK, CHUNK_TIME))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::crates::Catalog;

    #[test]
    fn a_watched_fetch_is_planned_for_about_eight_seconds() {
        let pace = Pace::Watchable;
        let (size, pause) = pace.pieces().unwrap();
        let mut time = Duration::ZERO;
        for krate in Catalog::packed().public() {
            let pieces = u32::try_from(krate.packed.len().div_ceil(size)).unwrap();
            time += pace.latency(Weight::Crate) + pause * pieces + 2 * pace.latency(Weight::Index);
        }
        // Cargo's two connections; its own work comes on top.
        let time = time / 2;
        assert!((6_500..8_500).contains(&time.as_millis()), "{time:?}");
        assert_eq!(Pace::Fast.latency(Weight::Crate), Duration::ZERO);
    }
}
