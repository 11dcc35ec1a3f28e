//! How the lines of `doctor` are printed.

use std::io;

use serde_json::{Value, json};

use super::Printer;
use crate::domain::finding::FindingState;
use crate::domain::text;
use crate::error::Exit;
use crate::task::doctor::Diagnosis;

impl Printer {
    /// Every check with its state, what it means and what mends it.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn diagnoses(self, lines: &[Diagnosis], exit: Exit) -> io::Result<()> {
        if self == Self::Json {
            let checks: Vec<Value> = lines.iter().map(to_json).collect();
            return self.json(json!({ "checks": checks, "exit": exit.code() }));
        }
        for Diagnosis { finding, .. } in lines {
            let state = text::pad(word(finding.state), 8);
            self.data(&format!("{state} {}: {}", finding.subject, finding.text))?;
            if let Some(remedy) = &finding.remedy {
                self.data(&format!("         > {remedy}"))?;
            }
        }
        Ok(())
    }
}

fn word(state: FindingState) -> &'static str {
    match state {
        FindingState::Good => "ok",
        FindingState::Note => "note",
        FindingState::Warning => "warning",
        FindingState::Failed => "failed",
        FindingState::Unknown => "unknown",
    }
}

fn to_json(line: &Diagnosis) -> Value {
    let Diagnosis { check, finding, .. } = line;
    json!({
        "check": check.id(),
        "subject": finding.subject,
        "state": word(finding.state),
        "text": finding.text,
        "remedy": finding.remedy,
    })
}
