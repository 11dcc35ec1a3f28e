//! What is printed: lines for people on standard error, data on standard output. The only printing in
//! the product. JSON fields are a contract: added to, never changed.

mod cache;
mod feeds;
mod journal;
mod setup;
mod switch;

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::progress::{FetchEnd, FetchEvent, FetchTable, Phase};
use crate::domain::text;
use crate::error::{Exit, Report};
use crate::task::{Forced, SigningIn};

pub(super) use feeds::ListedFeed;
pub(super) use setup::DryRun;
pub use setup::SetupOutcome;

/// The version of the JSON that is printed.
const SCHEMA: u32 = 1;

/// Prints for a person, or for a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Printer {
    Lines,
    Json,
}

impl Printer {
    /// A line for a person.
    pub fn say(self, line: &str) {
        // Nobody is left to tell when standard error is closed.
        let _ = writeln!(io::stderr(), "{line}");
    }

    /// A line of data.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn data(self, line: &str) -> io::Result<()> {
        writeln!(io::stdout(), "{line}")
    }

    /// One object.
    ///
    /// # Errors
    /// When standard output is closed.
    pub(super) fn object(self, value: Value) -> io::Result<()> {
        self.json(value)
    }

    fn json(self, mut value: Value) -> io::Result<()> {
        value["schema"] = json!(SCHEMA);
        self.data(&value.to_string())
    }

    /// A failure: words on standard error, with `--json` an object on standard output too.
    pub fn report(self, report: &Report) {
        self.say(&report.to_string());
        if self == Self::Json {
            // The words above have been said in any case.
            let _ = self.json(json!({ "error": report_json(report) }));
        }
    }

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
            return self.json(json!({
                "event": "force-auth",
                "registry": forced.registry.as_str(),
                "index": forced.index.shown(),
                "variable": forced.variable(),
            }));
        }
        self.say(Forced::WHY);
        self.say(&forced.for_plain_cargo());
        Ok(())
    }

    /// The end of a fetch.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn fetch_ended(self, table: &FetchTable, report: Option<&Report>) -> io::Result<()> {
        let tally = table.tally();
        match self {
            Self::Json => self.json(with_time(
                json!({
                    "event": "ended",
                    "end": end_word(table.end.as_ref()),
                    "crates": tally.crates,
                    "cached": tally.cached,
                    "stored": tally.stored,
                    "stored_bytes": tally.stored_bytes,
                    "bytes": tally.bytes,
                    "error": report.map(report_json),
                }),
                table.elapsed,
            )),
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

    /// What a sign-in waits for. A code is said to the person even where a program reads the output.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn signing_in(self, stage: &SigningIn, now: Duration) -> io::Result<()> {
        match stage {
            SigningIn::Code(shown) => {
                let left = shown.until.saturating_sub(now);
                self.say(&format!(
                    "to sign in, open {} in any browser and enter the code {} (good for {})",
                    shown.page,
                    shown.code,
                    text::duration(left)
                ));
                if self == Self::Json {
                    let seconds = left.as_secs();
                    return self.json(json!({
                        "event": "device-code", "code": shown.code, "page": shown.page, "expires_in_s": seconds,
                    }));
                }
            }
            SigningIn::AskingAzureCli => self.say("asking the Azure CLI for a token"),
            SigningIn::Using(variable) => self.say(&format!("using the token in {variable}")),
            SigningIn::FindingTenant | SigningIn::Proving => {}
        }
        Ok(())
    }
}

/// The failure of a process whose standard output nobody reads any more.
#[must_use]
pub fn closed(error: &io::Error) -> Report {
    Report::new(Exit::Failed, "output-closed", "standard output is closed").cause(error.to_string())
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

fn report_json(report: &Report) -> Value {
    json!({
        "code": report.code,
        "exit": report.exit.code(),
        "headline": report.headline,
        "causes": report.causes,
        "details": report.details,
        "hint": report.hint,
    })
}
