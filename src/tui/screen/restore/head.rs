//! The head of the Restore step: what is known of the whole run.

use std::time::Duration;

use crate::domain::progress::{FetchEnd, Phase};
use crate::domain::text;
use crate::error::Report;

use super::super::super::session::Session;
use super::super::super::theme::Theme;
use super::super::super::widget::page::Page;
use super::super::Look;
use super::Restore;

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
            page.busy(look.frame(), &self.phase());
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
            facts.push(format!("{}/s", text::size(rate(tally.stored_bytes, self.table.elapsed))));
        }
        facts.push(text::duration(self.table.elapsed));
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

/// Bytes per second.
fn rate(bytes: u64, elapsed: Duration) -> u64 {
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    bytes.saturating_mul(1000) / millis
}

/// Crates that are there, of all: a count, no estimate.
fn bar(theme: Theme, (present, all): (usize, usize), columns: usize) -> String {
    let columns = columns.min(60);
    let full = (columns * present).checked_div(all).unwrap_or(0);
    theme.bar_full().repeat(full) + &theme.bar_empty().repeat(columns - full)
}
