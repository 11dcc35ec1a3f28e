//! What is printed: lines for people on standard error, data on standard output. The only printing in
//! the product. JSON fields are a contract: added to, never changed.

mod cache;
mod doctor;
mod feeds;
mod fetch;
mod journal;
mod named;
mod setup;
mod switch;

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::text;
use crate::error::{Exit, Report};
use crate::task::SigningIn;

pub(super) use feeds::ListedFeed;
pub use named::has_named_a_command;
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
        named::note(line);
        // Nobody is left to tell when standard error is closed.
        let _ = writeln!(io::stderr(), "{line}");
    }

    /// A line of data.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn data(self, line: &str) -> io::Result<()> {
        named::note(line);
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

fn report_json(report: &Report) -> Value {
    json!({
        "code": report.code,
        "exit": report.exit.code(),
        "headline": report.headline,
        "causes": report.causes.iter().flat_map(|cause| cause.lines()).collect::<Vec<_>>(),
        "details": report.details,
        "hint": report.hint,
    })
}
