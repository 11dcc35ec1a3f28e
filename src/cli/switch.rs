//! `switch`: another feed in place of crates.io, or crates.io itself; and a registry that goes.

use std::sync::Arc;

use crate::domain::plan::{ConfigChange, WarningKind};
use crate::domain::registry::RegistryName;
use crate::error::{Exit, Report};
use crate::task::switching::{SwitchWish, Wanted};
use crate::task::{Event, Request, Services};

use super::args::Switch;
use super::asking::{self, Answer};
use super::output::{Printer, closed};

/// Lists what can be switched to, or switches.
pub async fn switch(services: Arc<Services>, printer: Printer, (flags, answer): (Switch, Answer)) -> Exit {
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
    async fn to_the_end(&self, flags: &Switch) -> Result<Exit, Box<Report>> {
        let Some(name) = &flags.name else { return self.list().await };
        let request = if flags.remove { Request::PlanRemoval(name.clone()) } else { wish(flags, name)? };
        let Event::Planned(change) = asking::ask(&self.services, request).await? else {
            return Ok(Exit::Interrupted);
        };
        if flags.dry_run {
            self.printer.would_change(&change).map_err(|error| closed(&error))?;
            return Ok(Exit::Done);
        }
        self.printer.said_before(&change);
        if !flags.yes && !self.may(&change)? {
            self.printer.say("nothing was changed");
            return Ok(Exit::Failed);
        }
        let request = Request::MakeChange(change.clone());
        match asking::ask(&self.services, request).await? {
            Event::Applied(_) => {
                self.printer.changed(&change).map_err(|error| closed(&error))?;
                Ok(Exit::Done)
            }
            _ => Ok(Exit::Interrupted),
        }
    }

    async fn list(&self) -> Result<Exit, Box<Report>> {
        let Event::Switches(list) = asking::ask(&self.services, Request::Switches).await? else {
            return Ok(Exit::Interrupted);
        };
        self.printer.switches(&list).map_err(|error| closed(&error))?;
        Ok(Exit::Done)
    }

    /// A warning is asked about on a terminal. Without one it has been said, and the person has named the feed: only
    /// a host that a checkout alone names stops there (product.md, 'Trust').
    fn may(&self, change: &ConfigChange) -> Result<bool, Report> {
        if change.warnings.is_empty() {
            return Ok(true);
        }
        if let Some(agreed) =
            asking::agrees(&self.services, (self.printer, self.answer), "Switch all the same?")
        {
            return Ok(agreed);
        }
        match change.warnings.iter().find(|warning| warning.kind == WarningKind::UnknownHost) {
            None => Ok(true),
            Some(warning) => {
                Err(Report::new(Exit::Usage, "unknown-host", "only this checkout names that host")
                    .cause(warning.text.clone())
                    .hint("name its organization with `--org ORG`, or say `--trust-project` or `--yes`"))
            }
        }
    }
}

fn wish(flags: &Switch, name: &str) -> Result<Request, Report> {
    let registry = flags.registry.as_deref().map(RegistryName::parse).transpose();
    let registry = registry.map_err(|error| {
        Report::new(Exit::Usage, "registry-name", error.to_string()).hint("choose another `--registry NAME`")
    })?;
    Ok(Request::PlanSwitch(SwitchWish {
        to: Wanted::Typed(name.to_owned()),
        registry,
        overwrite_replacement: flags.overwrite_replacement,
    }))
}
