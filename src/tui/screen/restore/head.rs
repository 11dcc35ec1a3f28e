//! The head of the Restore step: what is known of the whole run.

use std::time::Duration;

use crate::domain::progress::{FetchEnd, Phase, Stage};
use crate::domain::text;
use crate::error::Report;

use super::super::super::session::Session;
use super::super::super::theme::Theme;
use super::super::super::widget::page::{Page, sentence};
use super::super::Look;
use super::Restore;

/// Shorter waits are not worth a word.
const NOTICED: Duration = Duration::from_secs(1);

impl Restore {
    /// What is known of the whole run; no invented percentages (product.md, 'The live table').
    pub(super) fn head(&self, page: &mut Page, look: &Look, session: &Session) {
        let theme = look.theme;
        let tally = self.table.tally();
        let separator = theme.separator();
        if let Some(report) = &self.report {
            // Cargo's own words are the cause, and need the room.
            let causes = if self.wordy { Vec::new() } else { report.causes.clone() };
            page.report(&Report { causes, ..(**report).clone() });
        } else if self.running {
            page.busy(look.frame(), &self.phase_with_clock(separator));
        } else {
            self.show_end(page);
        }
        let present = tally.cached + tally.stored;
        let mut facts = Vec::new();
        if tally.crates > 0 {
            facts.push(format!(
                "{} of {}",
                text::grouped(present),
                text::count(tally.crates, "crate", "crates")
            ));
        }
        if tally.stored_bytes > 0 {
            facts.push(text::size(tally.stored_bytes));
            facts.push(format!("{}/s", text::size(self.table.rate())));
        }
        facts.push(text::duration(self.table.elapsed) + &self.waited());
        page.text(&facts.join(separator));
        if tally.crates > 0 && (self.running || self.is_done()) {
            let bar = bar(theme, (present, tally.crates), page.width());
            page.styled(&bar, theme.good());
        }
        let mut origin = Vec::new();
        if let (true, Some((crates, bytes))) = (self.running, self.table.remaining) {
            // Cargo counts a crate as received before its file is there. One screen, one count: the table's.
            let left = if tally.crates > 0 { tally.crates - present } else { crates };
            let bytes = bytes.map_or(String::new(), |bytes| format!(", {} on the way", text::size(bytes)));
            origin.push(format!("{} left{bytes}", text::grouped(left)));
        }
        origin.extend(session.feed_label().map(|label| format!("from {label}")));
        page.quiet(&text::truncate(&origin.join(separator), page.width()));
        if self.is_done() {
            self.show_extremes(page, tally.stored);
        }
        if let Some(crates) = self.renewed {
            let crates = text::count(crates, "crate", "crates");
            page.good(&format!(
                "The credential ran out after {crates}; it was renewed, and the fetch went on"
            ));
        }
        if let Some(forced) = self.forced.as_ref().filter(|_| !self.running) {
            page.quiet(&forced.for_plain_cargo());
        }
        if !self.table.recovered.is_empty() {
            let files = self.table.recovered.join(", ");
            page.warning(&format!("An earlier run was cut short; removed as damaged: {files}"));
        }
        if let Some(first) = self.table.invalid.first() {
            let rows = text::count(self.table.invalid.len(), "row", "rows");
            let first = text::truncate(first, 40);
            page.warning(&format!("{rows} of the lock file invalid, such as `{first}`"));
        }
        if let Some(retry) = self.table.retries.last() {
            let count = text::count(self.table.retries.len(), "retry", "retries");
            page.warning(&format!("{count}: {retry}"));
        }
    }

    /// What an eager eye looks for at the end.
    fn show_extremes(&self, page: &mut Page, stored: usize) {
        let (Some(largest), Some(slowest)) = (self.table.largest(), self.table.slowest()) else { return };
        if stored > 1 {
            let size = largest.bytes.map(text::size).unwrap_or_default();
            let time = slowest.at.map(text::duration).unwrap_or_default();
            page.quiet(&format!("largest: {}, {size}", largest.id));
            page.quiet(&format!("slowest: {}, after {time}", slowest.id));
        }
    }

    /// The time that went by for another Cargo's sake, where anybody noticed.
    fn waited(&self) -> String {
        let waited = self.table.spent_in(Stage::Waiting);
        let is_waiting = self.running && matches!(self.table.phase, Some(Phase::Waiting { .. }));
        if waited < NOTICED || is_waiting {
            return String::new();
        }
        format!(", {} of it waiting for another Cargo", text::duration(waited))
    }

    /// What stays on the normal screen of a run that was not done.
    pub(super) fn unfinished(&self) -> Vec<String> {
        let tally = self.table.tally();
        let crates = text::count(tally.crates, "crate", "crates");
        let there = format!("{} of {crates} in the cache", text::grouped(tally.cached + tally.stored));
        let there = if tally.crates > 0 { there } else { "no crate was asked for yet".to_owned() };
        let go_on = "To go on: az-cargo-wizard fetch".to_owned();
        match (&self.table.end, &self.report) {
            (Some(FetchEnd::Done), _) => Vec::new(),
            (Some(FetchEnd::Cancelled { removed }), _) => {
                let mut lines = vec![format!("cargo fetch was cancelled; {there}")];
                if !removed.is_empty() {
                    lines.push(format!("Removed as damaged: {}", removed.join(", ")));
                }
                lines.push(go_on);
                lines
            }
            (_, Some(report)) => {
                let mut lines = vec![format!("cargo fetch failed: {}; {there}", report.headline)];
                lines.extend(report.hint.as_deref().map(sentence));
                lines
            }
            _ => vec![format!("cargo fetch failed; {there}"), go_on],
        }
    }

    fn show_end(&self, page: &mut Page) {
        match &self.table.end {
            Some(FetchEnd::Done) if self.table.rows().is_empty() => {
                page.good("Nothing to fetch: the lock file names no crate of a registry");
            }
            Some(FetchEnd::Done) if self.table.tally().stored == 0 => {
                page.good("Everything is in the cache already");
            }
            Some(FetchEnd::Done) if self.table.tally().not_reached > 0 => {
                page.good("Cargo is done; it needed fewer crates than the lock file named before");
            }
            Some(FetchEnd::Done) => {
                page.good("Every crate of the lock file is in the cache");
            }
            Some(FetchEnd::Cancelled { removed }) if removed.is_empty() => {
                page.warning("Cancelled; what has arrived is whole and stays");
            }
            Some(FetchEnd::Cancelled { removed }) => {
                page.warning(&format!("Cancelled; removed as damaged: {}", removed.join(", ")));
            }
            Some(FetchEnd::Failed { .. }) | None => {}
        }
    }

    /// What Cargo is at, and for how long it has been at things like that.
    fn phase_with_clock(&self, separator: &str) -> String {
        let stage = self.table.phase.as_ref().map_or(Stage::Resolving, Phase::stage);
        let clock = self.table.spent_in(stage);
        if self.cancelling || clock.is_zero() {
            return self.phase();
        }
        format!("{}{separator}{}", self.phase(), text::duration(clock))
    }

    fn phase(&self) -> String {
        if self.cancelling {
            return "Cancelling: waiting for Cargo to end".to_owned();
        }
        match &self.table.phase {
            None | Some(Phase::Starting) => "Starting cargo fetch".to_owned(),
            Some(Phase::Waiting { on }) => format!("Another Cargo is at work: waiting for {on}"),
            Some(Phase::Updating { index }) => format!("Updating the index of {index}"),
            Some(Phase::Resolving { complete, pending }) => {
                format!("Resolving: {complete} index files read, {pending} to come")
            }
            Some(Phase::Locking { packages }) => {
                format!("Locking {}", text::count(*packages, "package", "packages"))
            }
            Some(Phase::Downloading) => "Downloading".to_owned(),
            Some(Phase::Unpacking { name }) => format!("Unpacking {name}"),
            Some(Phase::CleaningUp) => "Looking for partial files".to_owned(),
        }
    }
}

/// Crates that are there, of all: a count, no estimate.
fn bar(theme: Theme, (present, all): (usize, usize), columns: usize) -> String {
    let columns = columns.min(60);
    let full = (columns * present).checked_div(all).unwrap_or(0);
    theme.bar_full().repeat(full) + &theme.bar_empty().repeat(columns - full)
}
