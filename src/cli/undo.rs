//! `undo`: takes back the last change of Cargo's configuration, or one of the journal.

use std::sync::Arc;

use crate::domain::journal::UndoPlan;
use crate::error::{Exit, Report};
use crate::task::{Event, Request, Services};

use super::args::Undo;
use super::asking::{self, Answer};
use super::output::{Printer, closed};

/// Lists the journal, or takes something back.
pub async fn undo(services: Arc<Services>, printer: Printer, (flags, answer): (Undo, Answer)) -> Exit {
    let run = Run { services, printer, answer };
    run.to_the_end(&flags).await.unwrap_or_else(|report| {
        printer.report(&report);
        report.exit
    })
}

struct Run {
    services: Arc<Services>,
    printer: Printer,
    answer: Answer,
}

impl Run {
    async fn to_the_end(&self, flags: &Undo) -> Result<Exit, Box<Report>> {
        if flags.list {
            let Event::Journal { entries, damage } = asking::ask(&self.services, Request::Journal).await?
            else {
                return Ok(Exit::Interrupted);
            };
            self.printer.journal(&entries, damage.as_deref()).map_err(|error| closed(&error))?;
            return Ok(Exit::Done);
        }
        let Event::UndoPlanned(plan) = asking::ask(&self.services, Request::PlanUndo(flags.id)).await? else {
            return Ok(Exit::Interrupted);
        };
        if flags.dry_run {
            self.printer.would_undo(&plan).map_err(|error| closed(&error))?;
            return Ok(Exit::Done);
        }
        if !self.may(&plan, flags.yes)? {
            self.printer.say("nothing was changed");
            return Ok(Exit::Failed);
        }
        match asking::ask(&self.services, Request::Undo(plan.clone())).await? {
            Event::Applied(_) => {
                self.printer.undone(&plan).map_err(|error| closed(&error))?;
                Ok(Exit::Done)
            }
            _ => Ok(Exit::Interrupted),
        }
    }

    /// What others have edited since is shown and asked about; a conflict is refused by the use case, after it
    /// was shown.
    fn may(&self, plan: &UndoPlan, yes: bool) -> Result<bool, Report> {
        if plan.conflict().is_some() {
            self.printer.show_merge(plan);
            return Ok(true);
        }
        if yes || !plan.is_merge() {
            return Ok(true);
        }
        self.printer.show_merge(plan);
        let question = "Take back these lines, and leave the other edits?";
        asking::agrees(&self.services, (self.printer, self.answer), question).ok_or_else(|| {
            Report::new(Exit::Usage, "undo-needs-yes", "the file has been edited since the change")
                .hint("look at it with `--dry-run`; `--yes` takes the change back and leaves the other edits")
        })
    }
}
