//! The crate cache by command: list, verify, repair, prune.

use std::sync::Arc;

use crate::domain::cache::{CacheEvent, CacheTable, PrunePlan, Removal, Selection};
use crate::error::{Exit, Report};
use crate::task::{CacheDone, CacheJob, Event, Request, Restore, Services};

use super::args::{CacheCommand, Meant, Prune};
use super::output::Printer;
use super::run::{check, fetch_checked, follow, other};

/// Does what the command says.
pub async fn cache(services: Arc<Services>, printer: Printer, command: CacheCommand) -> Exit {
    match command {
        CacheCommand::List => list(services, printer).await,
        CacheCommand::Verify(meant) => verify(services, printer, meant).await,
        CacheCommand::Repair(meant) => repair(services, printer, meant).await,
        CacheCommand::Prune(flags) => prune(services, printer, flags).await,
    }
}

/// What a job has told, and how it ended.
struct Told {
    table: CacheTable,
    removals: Vec<Removal>,
    /// `None`: it has failed or was cancelled, which was said.
    done: Option<CacheDone>,
    exit: Exit,
}

async fn run(services: &Arc<Services>, printer: Printer, job: CacheJob) -> Told {
    let (mut table, mut removals, mut done) = (CacheTable::default(), Vec::new(), None);
    let exit = follow(services.clone(), Request::Cache(job), |event| {
        Ok(match event {
            Event::InCache(CacheEvent::Removed(told)) => {
                removals.extend(told);
                None
            }
            Event::InCache(event) => {
                table.apply(event);
                None
            }
            Event::CacheDone(how) => {
                done = Some(how);
                Some(Exit::Done)
            }
            event => other(printer, event),
        })
    })
    .await;
    table.finish();
    Told { table, removals, done, exit }
}

async fn list(services: Arc<Services>, printer: Printer) -> Exit {
    let told = run(&services, printer, CacheJob::List).await;
    if told.done.is_none() {
        return told.exit;
    }
    printed(printer.cache_listed(&told.table, services.host.clock.now()), Exit::Done)
}

async fn verify(services: Arc<Services>, printer: Printer, meant: Meant) -> Exit {
    let told = run(&services, printer, CacheJob::Verify(selection(meant))).await;
    if told.done.is_none() {
        return told.exit;
    }
    let damaged = told.table.repairable().len();
    if damaged > 0 {
        printer.say("`az-cargo-wizard cache repair` deletes what is damaged and fetches it again");
    }
    let exit = if damaged == 0 { Exit::Done } else { Exit::Failed };
    printed(printer.cache_verified(&told.table, None), exit)
}

async fn repair(services: Arc<Services>, printer: Printer, meant: Meant) -> Exit {
    let found = run(&services, printer, CacheJob::Verify(selection(meant))).await;
    if found.done.is_none() {
        return found.exit;
    }
    if printer.cache_verified(&found.table, Some("verified")).is_err() {
        return Exit::Failed;
    }
    let told = run(&services, printer, CacheJob::Repair(found.table.repairable())).await;
    let Some(CacheDone::Repaired(cleared)) = told.done else { return told.exit };
    if printer.cache_repaired(&cleared, &told.removals).is_err() {
        return Exit::Failed;
    }
    let exit = if cleared.failed == 0 { Exit::Done } else { Exit::Failed };
    if !cleared.fetch_again {
        return exit;
    }
    match check(&services, printer).await {
        Ok(()) => {
            match fetch_checked(services, printer, Restore { locked: true, ..Restore::default() }).await {
                Exit::Done => exit,
                failed => failed,
            }
        }
        Err(failed) => failed,
    }
}

async fn prune(services: Arc<Services>, printer: Printer, flags: Prune) -> Exit {
    let selection = Selection {
        unused_under: flags.unused_under.map(|dir| services.host.cwd.join(dir)),
        unused_for: flags.older_than,
        ..selection(flags.meant)
    };
    let planned = run(&services, printer, CacheJob::PlanPrune(selection)).await;
    let Some(CacheDone::PrunePlanned(plan)) = planned.done else { return planned.exit };
    if !flags.yes {
        return printed(printer.cache_pruned(&plan, None), unagreed(printer, &plan, flags.dry_run));
    }
    let told = run(&services, printer, CacheJob::Prune(plan.clone())).await;
    let Some(CacheDone::Pruned(cleared)) = told.done else {
        if !told.removals.is_empty() {
            printer.say(&format!(
                "stopped after {} of {} deletions",
                told.removals.len(),
                plan.targets.len()
            ));
        }
        return told.exit;
    };
    let exit = if cleared.failed == 0 { Exit::Done } else { Exit::Failed };
    printed(printer.cache_pruned(&plan, Some((&cleared, &told.removals))), exit)
}

/// Without `--yes` nothing is deleted; a script that wanted it deleted must learn that.
fn unagreed(printer: Printer, plan: &PrunePlan, dry_run: bool) -> Exit {
    if dry_run || plan.targets.is_empty() {
        return Exit::Done;
    }
    let report = Report::new(Exit::Usage, "not-agreed", "nothing was deleted")
        .hint("add `--yes` to delete it, or `--dry-run` to look only");
    printer.say(&report.to_string());
    report.exit
}

fn selection(meant: Meant) -> Selection {
    Selection { registries: meant.registry, crates: meant.crates, ..Selection::default() }
}

/// Fails where nobody reads the output any more.
fn printed(result: std::io::Result<()>, exit: Exit) -> Exit {
    result.map_or(Exit::Failed, |()| exit)
}
