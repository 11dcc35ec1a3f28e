//! `doctor`: every check, without a screen.

use std::sync::Arc;

use crate::error::Exit;
use crate::task::doctor::{self, Diagnosis};
use crate::task::{Event, Request, Services};

use super::output::Printer;
use super::run;

/// Prints every check, lines as they come in, or one object at the end; the code is that of what has failed.
pub async fn doctor(services: Arc<Services>, printer: Printer) -> Exit {
    let mut lines: Vec<Diagnosis> = Vec::new();
    run::follow(services, Request::Doctor, |event| match event {
        Event::Diagnosed(line) => {
            lines.push(line);
            Ok(None)
        }
        Event::Examined => {
            lines.sort_by_key(|line| line.check);
            let exit = doctor::exit_of(&lines);
            printer.diagnoses(&lines, exit).map(|()| Some(exit))
        }
        Event::Failed(report) => {
            printer.report(&report);
            Ok(Some(report.exit))
        }
        Event::Cancelled => Ok(Some(Exit::Interrupted)),
        _ => Ok(None),
    })
    .await
}
