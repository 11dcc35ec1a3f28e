//! What a run of `cargo fetch` reports, and the table folded from it (cargo-contract 12).

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::package::CrateId;

/// One thing that happened in a fetch. The one vocabulary of the live table, plain lines and JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchEvent {
    /// The crates of the lock file, known before or soon after the start.
    Planned(Vec<PlannedCrate>),
    /// Rows of the lock file whose name or version no crate can have, safe to show: they never become paths.
    Invalid(Vec<String>),
    Phase(Phase),
    /// Cargo says the body has arrived; it is not stored yet (cargo-contract 4.3).
    Downloaded(CrateId),
    /// The `.crate` file is there, with its size.
    Stored {
        id: CrateId,
        bytes: u64,
    },
    /// `.cargo-ok` is there.
    Unpacked(CrateId),
    /// The number and the known bytes of crates that are still to come.
    Remaining {
        crates: usize,
        bytes: Option<u64>,
    },
    /// Cargo tries something again.
    Retry {
        tries_left: usize,
        reason: String,
    },
    /// An earlier run was killed; what it left damaged is gone, by file name.
    Recovered {
        removed: Vec<String>,
    },
    /// A line of Cargo's own output, redacted and cleaned.
    Line(String),
}

/// A crate of the lock file as the fetch starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedCrate {
    pub id: CrateId,
    /// Which registry it comes from, by the name a person knows.
    pub source: String,
    /// The size of its `.crate` file, where it is in the cache already.
    pub cached: Option<u64>,
}

/// What Cargo is at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    Starting,
    /// Another Cargo holds the lock that is named.
    Waiting {
        on: String,
    },
    Updating {
        index: String,
    },
    /// Index files: arrived, and asked for.
    Resolving {
        complete: usize,
        pending: usize,
    },
    Locking {
        packages: usize,
    },
    Downloading,
    /// A large crate is being unpacked.
    Unpacking {
        name: String,
    },
    /// What a killed Cargo may have left is looked for.
    CleaningUp,
}

/// The parts of a run that a person waits for, each with a clock of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// From the start until it is known which crates are missing.
    Resolving,
    /// Another Cargo is at work.
    Waiting,
    Downloading,
    Unpacking,
    CleaningUp,
}

impl Phase {
    #[must_use]
    pub fn stage(&self) -> Stage {
        match self {
            Self::Starting | Self::Updating { .. } | Self::Resolving { .. } | Self::Locking { .. } => {
                Stage::Resolving
            }
            Self::Waiting { .. } => Stage::Waiting,
            Self::Downloading => Stage::Downloading,
            Self::Unpacking { .. } => Stage::Unpacking,
            Self::CleaningUp => Stage::CleaningUp,
        }
    }
}

/// How a fetch ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchEnd {
    Done,
    /// Partial files found and removed afterwards, by name.
    Cancelled {
        removed: Vec<String>,
    },
    /// The crate that the error names, where it names one.
    Failed {
        at: Option<CrateId>,
    },
}

/// How far one crate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowState {
    Failed,
    Queued,
    Downloaded,
    Stored,
    Unpacked,
    Cached,
    NotReached,
}

impl RowState {
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Queued => "queued",
            Self::Downloaded => "downloaded",
            Self::Stored => "stored",
            Self::Unpacked => "unpacked",
            Self::Cached => "already cached",
            Self::NotReached => "not reached",
        }
    }

    /// Whether the crate is on the disk.
    #[must_use]
    pub fn is_present(self) -> bool {
        matches!(self, Self::Stored | Self::Unpacked | Self::Cached)
    }
}

/// One row of the live table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub id: CrateId,
    pub source: String,
    pub state: RowState,
    pub bytes: Option<u64>,
    /// When it was stored, since the start of the run.
    pub at: Option<Duration>,
}

/// The live table: everything a fetch has told so far.
#[derive(Debug, Clone, Default)]
pub struct FetchTable {
    rows: Vec<Row>,
    by_id: HashMap<CrateId, usize>,
    pub phase: Option<Phase>,
    /// When that stage was entered last.
    entered: Duration,
    /// What was spent in each stage before that.
    spent: BTreeMap<Stage, Duration>,
    pub remaining: Option<(usize, Option<u64>)>,
    pub retries: Vec<String>,
    /// Files of an earlier run that were damaged and are gone.
    pub recovered: Vec<String>,
    /// Rows of the lock file that are none.
    pub invalid: Vec<String>,
    pub lines: Vec<String>,
    pub elapsed: Duration,
    pub end: Option<FetchEnd>,
}

/// Totals of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub crates: usize,
    /// In the cache before the run began.
    pub cached: usize,
    /// Stored by this run.
    pub stored: usize,
    pub failed: usize,
    pub not_reached: usize,
    /// Bytes stored by this run.
    pub stored_bytes: u64,
    /// Bytes of all crates that are on the disk.
    pub bytes: u64,
}

impl FetchTable {
    /// Folds one event, `at` after the start of the run.
    pub fn apply(&mut self, at: Duration, event: FetchEvent) {
        self.elapsed = self.elapsed.max(at);
        match event {
            FetchEvent::Planned(crates) => self.plan(crates),
            FetchEvent::Phase(phase) => self.enter(phase, at),
            FetchEvent::Downloaded(id) => self.advance(&id, RowState::Downloaded, None, at),
            FetchEvent::Stored { id, bytes } => self.advance(&id, RowState::Stored, Some(bytes), at),
            FetchEvent::Unpacked(id) => self.advance(&id, RowState::Unpacked, None, at),
            FetchEvent::Remaining { crates, bytes } => {
                self.enter(Phase::Downloading, at);
                self.remaining = Some((crates, bytes));
            }
            FetchEvent::Retry { tries_left, reason } => {
                self.retries.push(format!("{reason} ({tries_left} tries left)"));
            }
            FetchEvent::Invalid(rows) => self.invalid.extend(rows),
            FetchEvent::Recovered { removed } => self.recovered.extend(removed),
            FetchEvent::Line(line) => self.lines.push(line),
        }
    }

    /// Ends the run: rows that were still to come become what the end makes of them. Even a run that is done
    /// may leave some, where Cargo has changed the lock file.
    pub fn finish(&mut self, at: Duration, end: FetchEnd) {
        self.elapsed = self.elapsed.max(at);
        let failed = match &end {
            FetchEnd::Failed { at } => at.as_ref().and_then(|id| self.by_id.get(id)).copied(),
            _ => None,
        };
        for (index, row) in self.rows.iter_mut().enumerate() {
            if failed == Some(index) {
                row.state = RowState::Failed;
            } else if !row.state.is_present() {
                row.state = RowState::NotReached;
            }
        }
        self.end = Some(end);
    }

    /// The time that a stage has taken so far.
    #[must_use]
    pub fn spent_in(&self, stage: Stage) -> Duration {
        let before = self.spent.get(&stage).copied().unwrap_or_default();
        let is_here = self.phase.as_ref().is_some_and(|phase| phase.stage() == stage);
        if is_here { before + self.elapsed.saturating_sub(self.entered) } else { before }
    }

    /// Bytes a second, of what this run has stored while crates were coming.
    #[must_use]
    pub fn rate(&self) -> u64 {
        let coming = self.spent_in(Stage::Downloading) + self.spent_in(Stage::Unpacking);
        let time = if coming.is_zero() { self.elapsed } else { coming };
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
        self.tally().stored_bytes.saturating_mul(1000) / millis
    }

    /// The largest crate that this run has stored.
    #[must_use]
    pub fn largest(&self) -> Option<&Row> {
        self.stored().max_by_key(|row| row.bytes)
    }

    /// The crate of this run that came last.
    #[must_use]
    pub fn slowest(&self) -> Option<&Row> {
        self.stored().max_by_key(|row| row.at)
    }

    fn stored(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.at.is_some())
    }

    fn enter(&mut self, phase: Phase, at: Duration) {
        let stage = self.phase.as_ref().map(Phase::stage);
        if stage != Some(phase.stage()) {
            if let Some(stage) = stage {
                *self.spent.entry(stage).or_default() += at.saturating_sub(self.entered);
            }
            self.entered = at;
        }
        self.phase = Some(phase);
    }

    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally { crates: self.rows.len(), ..Tally::default() };
        for row in &self.rows {
            let bytes = row.bytes.unwrap_or(0);
            match row.state {
                RowState::Cached => tally.cached += 1,
                RowState::Stored | RowState::Unpacked => {
                    tally.stored += 1;
                    tally.stored_bytes += bytes;
                }
                RowState::Failed => tally.failed += 1,
                RowState::NotReached => tally.not_reached += 1,
                RowState::Queued | RowState::Downloaded => {}
            }
            if row.state.is_present() {
                tally.bytes += bytes;
            }
        }
        tally
    }

    /// A list that arrives later (no lock file at the start) keeps what is known of its crates.
    fn plan(&mut self, crates: Vec<PlannedCrate>) {
        for planned in crates {
            if self.by_id.contains_key(&planned.id) {
                continue;
            }
            self.by_id.insert(planned.id.clone(), self.rows.len());
            self.rows.push(Row {
                id: planned.id,
                source: planned.source,
                state: if planned.cached.is_some() { RowState::Cached } else { RowState::Queued },
                bytes: planned.cached,
                at: None,
            });
        }
    }

    /// Moves a crate forward, never back: what Cargo says and what the disk shows may cross. Only what
    /// was to be downloaded moves; a cached crate that is unpacked again stays cached.
    fn advance(&mut self, id: &CrateId, state: RowState, bytes: Option<u64>, at: Duration) {
        let Some(row) = self.by_id.get(id).and_then(|index| self.rows.get_mut(*index)) else { return };
        if row.state == RowState::Cached || row.state >= state {
            return;
        }
        row.state = state;
        row.bytes = bytes.or(row.bytes);
        if state >= RowState::Stored && row.at.is_none() {
            row.at = Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> CrateId {
        CrateId::parse(name, "1.0.0").unwrap()
    }

    fn planned(name: &str, cached: Option<u64>) -> PlannedCrate {
        PlannedCrate { id: id(name), source: "feed".into(), cached }
    }

    fn table() -> FetchTable {
        let mut table = FetchTable::default();
        let crates = vec![planned("a", Some(10)), planned("b", None), planned("c", None)];
        table.apply(Duration::ZERO, FetchEvent::Planned(crates));
        table
    }

    fn states(table: &FetchTable) -> Vec<RowState> {
        table.rows().iter().map(|row| row.state).collect()
    }

    #[test]
    fn a_crate_counts_as_stored_when_the_file_is_there() {
        let mut table = table();
        table.apply(Duration::from_secs(1), FetchEvent::Downloaded(id("b")));
        assert_eq!(table.tally().stored, 0);
        table.apply(Duration::from_secs(2), FetchEvent::Stored { id: id("b"), bytes: 7 });
        let tally = table.tally();
        assert_eq!((tally.cached, tally.stored, tally.stored_bytes, tally.bytes), (1, 1, 7, 17));
        assert_eq!(table.rows()[1].at, Some(Duration::from_secs(2)));
    }

    #[test]
    fn late_words_of_cargo_never_move_a_crate_back() {
        let mut table = table();
        table.apply(Duration::ZERO, FetchEvent::Stored { id: id("b"), bytes: 7 });
        table.apply(Duration::ZERO, FetchEvent::Unpacked(id("b")));
        table.apply(Duration::ZERO, FetchEvent::Downloaded(id("b")));
        table.apply(Duration::ZERO, FetchEvent::Unpacked(id("a")));
        table.apply(Duration::ZERO, FetchEvent::Downloaded(id("unknown")));
        assert_eq!(states(&table), [RowState::Cached, RowState::Unpacked, RowState::Queued]);
    }

    #[test]
    fn a_failed_run_names_its_crate_and_the_ones_not_reached() {
        let mut table = table();
        table.apply(Duration::ZERO, FetchEvent::Downloaded(id("b")));
        table.finish(Duration::from_secs(3), FetchEnd::Failed { at: Some(id("b")) });
        assert_eq!(states(&table), [RowState::Cached, RowState::Failed, RowState::NotReached]);
        assert_eq!(table.tally().failed, 1);
    }

    #[test]
    fn a_run_that_needed_fewer_crates_says_so() {
        let mut table = table();
        table.apply(Duration::ZERO, FetchEvent::Stored { id: id("b"), bytes: 7 });
        table.finish(Duration::ZERO, FetchEnd::Done);
        assert_eq!(states(&table), [RowState::Cached, RowState::Stored, RowState::NotReached]);
        assert_eq!(table.tally().not_reached, 1);
    }

    #[test]
    fn every_stage_has_its_own_clock_and_the_rate_is_of_the_time_that_crates_were_coming() {
        let mut table = table();
        let seconds = Duration::from_secs;
        table.apply(seconds(0), FetchEvent::Phase(Phase::Starting));
        table.apply(seconds(1), FetchEvent::Phase(Phase::Waiting { on: "package cache".into() }));
        table.apply(seconds(4), FetchEvent::Phase(Phase::Resolving { complete: 1, pending: 2 }));
        table.apply(seconds(6), FetchEvent::Remaining { crates: 2, bytes: None });
        table.apply(seconds(7), FetchEvent::Stored { id: id("b"), bytes: 4000 });
        table.apply(seconds(8), FetchEvent::Phase(Phase::Unpacking { name: "b".into() }));
        table.apply(seconds(9), FetchEvent::Remaining { crates: 1, bytes: None });
        table.apply(seconds(10), FetchEvent::Stored { id: id("c"), bytes: 2000 });
        let spent = [Stage::Resolving, Stage::Waiting, Stage::Downloading, Stage::Unpacking]
            .map(|stage| table.spent_in(stage).as_secs());
        assert_eq!(spent, [3, 3, 3, 1]);
        assert_eq!(table.rate(), 1500);
        let named = |row: Option<&Row>| row.map(|row| row.id.name.to_string());
        assert_eq!((named(table.largest()), named(table.slowest())), (Some("b".into()), Some("c".into())));
    }

    #[test]
    fn a_list_that_comes_later_keeps_what_is_known() {
        let mut table = table();
        table.apply(Duration::ZERO, FetchEvent::Stored { id: id("b"), bytes: 7 });
        table.apply(Duration::ZERO, FetchEvent::Planned(vec![planned("b", None), planned("d", None)]));
        assert_eq!(states(&table), [RowState::Cached, RowState::Stored, RowState::Queued, RowState::Queued]);
    }
}
