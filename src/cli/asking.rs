//! A question to the person at a terminal; without one nothing is asked.

use std::sync::Arc;

use crate::error::Report;
use crate::task::{Event, Request, Services};

use super::output::Printer;
use super::run;

/// One line of standard input.
pub type Answer = fn() -> std::io::Result<String>;

/// Whether the person says yes; `None` where nobody can be asked.
pub(super) fn agrees(
    services: &Services,
    (printer, answer): (Printer, Answer),
    question: &str,
) -> Option<bool> {
    let terminal = services.host.terminal;
    if printer == Printer::Json || !(terminal.stdin && terminal.stderr) {
        return None;
    }
    printer.say(&format!("{question} [y/N]"));
    let answer = answer().unwrap_or_default();
    Some(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// What a request has come to, or why it failed.
pub(super) async fn ask(services: &Arc<Services>, request: Request) -> Result<Event, Box<Report>> {
    match run::answer(Arc::clone(services), request).await.event {
        Event::Failed(report) => Err(report),
        event => Ok(event),
    }
}
