//! A fetch as lines for people and as JSON for programs. Every event and field is in the README.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::progress::{FetchEnd, FetchEvent, FetchTable, Phase};
use crate::domain::text;
use crate::error::Report;
use crate::task::{Forced, Renewed, RenewedBy};

use super::{Printer, report_json};

impl Printer {
    /// One event of a fetch.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn fetch(self, at: Duration, event: &FetchEvent) -> io::Result<()> {
        match self {
            Self::Json => self.json(with_time(event_json(event), at)),
            Self::Lines => match line_of(event) {
                Some(line) => self.data(&line),
                None => Ok(()),
            },
        }
    }

    /// That the fetch goes by another address, why, and how plain Cargo does.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn forced(self, forced: &Forced) -> io::Result<()> {
        if self == Self::Json {
            return self.json(forced_json(forced));
        }
        self.say(Forced::WHY);
        self.say(&forced.for_plain_cargo());
        Ok(())
    }

    /// That the credential ran out, and the fetch goes on with the next one.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn renewed(self, at: Duration, renewed: &Renewed) -> io::Result<()> {
        match self {
            Self::Json => self.json(renewed_json(at, renewed)),
            Self::Lines => self.data("the credential ran out on the way: renewed, and the fetch goes on"),
        }
    }

    /// The end of a fetch.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn fetch_ended(self, table: &FetchTable, report: Option<&Report>) -> io::Result<()> {
        let tally = table.tally();
        match self {
            Self::Json => self.json(ended_json(table, report)),
            Self::Lines => {
                let summary = format!(
                    "{} in the cache: {} new ({}), {} there before, in {}",
                    text::count(tally.cached + tally.stored, "crate", "crates"),
                    text::grouped(tally.stored),
                    text::size(tally.stored_bytes),
                    text::grouped(tally.cached),
                    text::duration(table.elapsed),
                );
                self.data(&summary)
            }
        }
    }
}

fn line_of(event: &FetchEvent) -> Option<String> {
    Some(match event {
        FetchEvent::Planned(crates) => {
            let cached = crates.iter().filter(|planned| planned.cached.is_some()).count();
            let all = text::count(crates.len(), "crate", "crates");
            format!("{all} in the lock file, {} cached already", text::grouped(cached))
        }
        FetchEvent::Phase(Phase::Waiting { on }) => format!("waiting for {on}: another Cargo is at work"),
        FetchEvent::Phase(Phase::Updating { index }) => format!("updating the index of {index}"),
        FetchEvent::Phase(Phase::Locking { packages }) => {
            format!("locking {}", text::count(*packages, "package", "packages"))
        }
        FetchEvent::Phase(Phase::CleaningUp) => "looking for partial files".to_owned(),
        FetchEvent::Stored { id, bytes } => format!("stored {id} ({})", text::size(*bytes)),
        FetchEvent::Retry { tries_left, reason } => format!("retrying, {tries_left} tries left: {reason}"),
        FetchEvent::Invalid(rows) => format!("invalid in the lock file: {}", shown_rows(rows)),
        FetchEvent::Recovered { removed } => {
            format!("an earlier run was cut short; removed as damaged: {}", removed.join(", "))
        }
        FetchEvent::Phase(_) | FetchEvent::Downloaded(_) | FetchEvent::Unpacked(_) => return None,
        FetchEvent::Remaining { .. } | FetchEvent::Line(_) => return None,
    })
}

/// The first few, each cut where nobody would read on.
fn shown_rows(rows: &[String]) -> String {
    const MOST: usize = 5;
    const LONGEST: usize = 60;
    let shown: Vec<String> =
        rows.iter().take(MOST).map(|row| format!("`{}`", text::truncate(row, LONGEST))).collect();
    let more = rows.len().saturating_sub(MOST);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", shown.join(", "))
}

fn with_time(mut value: Value, at: Duration) -> Value {
    value["at_ms"] = json!(u64::try_from(at.as_millis()).unwrap_or(u64::MAX));
    value
}

fn event_json(event: &FetchEvent) -> Value {
    match event {
        FetchEvent::Planned(crates) => {
            let crates: Vec<Value> = crates
                .iter()
                .map(|planned| {
                    json!({
                        "name": planned.id.name.as_str(),
                        "version": planned.id.version.to_string(),
                        "source": planned.source,
                        "cached_bytes": planned.cached,
                    })
                })
                .collect();
            json!({ "event": "planned", "crates": crates })
        }
        FetchEvent::Phase(phase) => phase_json(phase),
        FetchEvent::Downloaded(id) => json!({
            "event": "downloaded", "name": id.name.as_str(), "version": id.version.to_string(),
        }),
        FetchEvent::Stored { id, bytes } => json!({
            "event": "stored", "name": id.name.as_str(), "version": id.version.to_string(), "bytes": bytes,
        }),
        FetchEvent::Unpacked(id) => json!({
            "event": "unpacked", "name": id.name.as_str(), "version": id.version.to_string(),
        }),
        FetchEvent::Remaining { crates, bytes } => {
            json!({ "event": "remaining", "crates": crates, "bytes": bytes })
        }
        FetchEvent::Retry { tries_left, reason } => {
            json!({ "event": "retry", "tries_left": tries_left, "reason": reason })
        }
        FetchEvent::Invalid(rows) => json!({ "event": "invalid", "rows": rows }),
        FetchEvent::Recovered { removed } => json!({ "event": "recovered", "removed": removed }),
        FetchEvent::Line(line) => json!({ "event": "line", "text": line }),
    }
}

fn phase_json(phase: &Phase) -> Value {
    let mut value = match phase {
        Phase::Starting => json!({ "phase": "starting" }),
        Phase::Waiting { on } => json!({ "phase": "waiting", "on": on }),
        Phase::Updating { index } => json!({ "phase": "updating", "index": index }),
        Phase::Resolving { complete, pending } => {
            json!({ "phase": "resolving", "complete": complete, "pending": pending })
        }
        Phase::Locking { packages } => json!({ "phase": "locking", "packages": packages }),
        Phase::Downloading => json!({ "phase": "downloading" }),
        Phase::Unpacking { name } => json!({ "phase": "unpacking", "name": name }),
        Phase::CleaningUp => json!({ "phase": "cleaning-up" }),
    };
    value["event"] = json!("phase");
    value
}

fn end_word(end: Option<&FetchEnd>) -> &'static str {
    match end {
        Some(FetchEnd::Done) => "done",
        Some(FetchEnd::Cancelled { .. }) => "cancelled",
        Some(FetchEnd::Failed { .. }) | None => "failed",
    }
}

fn forced_json(forced: &Forced) -> Value {
    json!({
        "event": "force-auth",
        "registry": forced.registry.as_str(),
        "index": forced.index.shown(),
        "variable": forced.variable(),
    })
}

fn renewed_json(at: Duration, renewed: &Renewed) -> Value {
    let by = match renewed.by {
        RenewedBy::Entra => "entra",
        RenewedBy::AzureCli => "az",
    };
    with_time(json!({ "event": "renewed", "by": by }), at)
}

fn ended_json(table: &FetchTable, report: Option<&Report>) -> Value {
    let tally = table.tally();
    let ended = json!({
        "event": "ended",
        "end": end_word(table.end.as_ref()),
        "crates": tally.crates,
        "cached": tally.cached,
        "stored": tally.stored,
        "stored_bytes": tally.stored_bytes,
        "bytes": tally.bytes,
        "error": report.map(report_json),
    });
    with_time(ended, table.elapsed)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::domain::package::CrateId;
    use crate::domain::progress::PlannedCrate;
    use crate::domain::registry::{IndexUrl, RegistryName};
    use crate::error::Exit;

    const README: &str = include_str!("../../../README.md");

    /// The names and fields of the table in the README: `| `event` | `field` (words), `field` … |`.
    fn documented() -> BTreeMap<String, BTreeSet<String>> {
        let table = README.split("<!-- events of fetch -->").nth(1).unwrap();
        let code = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        let rows = table.lines().filter(|line| line.starts_with("| `"));
        rows.map(|row| {
            let cells: Vec<&str> = row.split('|').collect();
            // What stands in brackets says more about a field, and is none.
            let fields = cells[2].split('(').map(|part| part.rsplit(')').next().unwrap_or(part));
            let fields = fields.flat_map(code).collect();
            (code(cells[1])[0].clone(), fields)
        })
        .collect()
    }

    fn phases() -> Vec<Phase> {
        let first = Phase::Starting;
        // Fails to build where a phase is added: it belongs below, and into the README.
        match first {
            Phase::Starting
            | Phase::Waiting { .. }
            | Phase::Updating { .. }
            | Phase::Resolving { .. }
            | Phase::Locking { .. }
            | Phase::Downloading
            | Phase::Unpacking { .. }
            | Phase::CleaningUp => {}
        }
        let text = || "x".to_owned();
        vec![
            first,
            Phase::Waiting { on: text() },
            Phase::Updating { index: text() },
            Phase::Resolving { complete: 1, pending: 2 },
            Phase::Locking { packages: 3 },
            Phase::Downloading,
            Phase::Unpacking { name: text() },
            Phase::CleaningUp,
        ]
    }

    fn events() -> Vec<FetchEvent> {
        let id = CrateId::parse("a", "1.0.0").unwrap();
        let planned = PlannedCrate { id: id.clone(), source: "rust".into(), cached: None };
        let first = FetchEvent::Planned(vec![planned]);
        // The same for events.
        match first {
            FetchEvent::Planned(_)
            | FetchEvent::Invalid(_)
            | FetchEvent::Phase(_)
            | FetchEvent::Downloaded(_)
            | FetchEvent::Stored { .. }
            | FetchEvent::Unpacked(_)
            | FetchEvent::Remaining { .. }
            | FetchEvent::Retry { .. }
            | FetchEvent::Recovered { .. }
            | FetchEvent::Line(_) => {}
        }
        let mut events = vec![
            first,
            FetchEvent::Invalid(vec!["x".into()]),
            FetchEvent::Downloaded(id.clone()),
            FetchEvent::Stored { id: id.clone(), bytes: 1 },
            FetchEvent::Unpacked(id),
            FetchEvent::Remaining { crates: 1, bytes: None },
            FetchEvent::Retry { tries_left: 1, reason: "x".into() },
            FetchEvent::Recovered { removed: vec!["x".into()] },
            FetchEvent::Line("x".into()),
        ];
        events.extend(phases().into_iter().map(FetchEvent::Phase));
        events
    }

    /// Every event that `fetch --json` can print.
    fn printed() -> Vec<Value> {
        let at = Duration::from_millis(7);
        let mut printed: Vec<Value> = events().iter().map(|event| with_time(event_json(event), at)).collect();
        let index = IndexUrl::parse("sparse+https://pkgs.dev.azure.com/o/_packaging/f/Cargo/index/").unwrap();
        printed.push(forced_json(&Forced { registry: RegistryName::parse("f").unwrap(), index }));
        let renewed = |by| renewed_json(at, &Renewed { by, credential: None });
        printed.extend([renewed(RenewedBy::Entra), renewed(RenewedBy::AzureCli)]);
        let mut table = FetchTable::default();
        table.finish(at, FetchEnd::Failed { at: None });
        printed.push(ended_json(&table, Some(&Report::new(Exit::Failed, "x", "x"))));
        printed
    }

    #[test]
    fn every_event_and_every_field_of_it_is_in_the_readme_and_no_other() {
        let mut fields: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for event in printed() {
            let name = event["event"].as_str().unwrap().to_owned();
            let own =
                event.as_object().unwrap().keys().filter(|key| !["event", "at_ms"].contains(&key.as_str()));
            fields.entry(name).or_default().extend(own.cloned());
        }
        assert_eq!(fields, documented());
    }

    #[test]
    fn the_words_of_phases_ends_and_renewals_are_in_the_readme() {
        let told = README.split("<!-- events of fetch -->").nth(1).unwrap();
        let words = printed().into_iter().flat_map(|event| {
            ["phase", "by"].map(|key| event[key].as_str().map(str::to_owned)).into_iter().flatten()
        });
        for word in words.chain(["done", "cancelled", "failed"].map(str::to_owned)) {
            assert!(told.contains(&format!("`{word}`")), "{word}");
        }
    }

    #[test]
    fn every_event_but_the_address_says_when_it_came() {
        for event in printed() {
            assert_eq!(event["at_ms"].is_u64(), event["event"] != "force-auth", "{event}");
        }
    }
}
