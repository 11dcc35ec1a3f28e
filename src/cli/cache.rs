//! The crate cache by command: list, verify, repair, prune.

use std::sync::Arc;

use crate::domain::cache::{CacheEvent, CacheTable, Cleared, Damage, PrunePlan, Removal, Selection};
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
                if let CacheEvent::Note(note) = &event {
                    printer.say(&format!("note: {note}"));
                }
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
    printed(printer.cache_verified(&told.table, None), verdict(&told.table))
}

/// What Cargo did not put there is none of its crates, and no damage.
fn verdict(table: &CacheTable) -> Exit {
    let is_damaged = table.damaged().any(|(_, damage)| *damage != Damage::Foreign);
    if is_damaged { Exit::Failed } else { Exit::Done }
}

async fn repair(services: Arc<Services>, printer: Printer, meant: Meant) -> Exit {
    let found = run(&services, printer, CacheJob::Verify(selection(meant))).await;
    if found.done.is_none() {
        return found.exit;
    }
    if printer.cache_verified(&found.table, Some("verified")).is_err() {
        return Exit::Failed;
    }
    // Before anything is deleted: whether what is fetched again may be fetched here at all.
    if is_fetched_again(&found.table)
        && let Err(exit) = check(&services, printer).await
    {
        return exit;
    }
    let told = run(&services, printer, CacheJob::Repair(found.table.repairable())).await;
    let cleared = match told.done {
        Some(CacheDone::Repaired(cleared)) => cleared,
        _ if told.exit == Exit::Interrupted => {
            let cleared = Cleared::of(&told.removals);
            return printed(printer.cache_repaired(&cleared, &told.removals), told.exit);
        }
        _ => return told.exit,
    };
    if printer.cache_repaired(&cleared, &told.removals).is_err() {
        return Exit::Failed;
    }
    let exit = if cleared.failed == 0 { Exit::Done } else { Exit::Failed };
    if !cleared.fetch_again {
        return exit;
    }
    match fetch_checked(services, printer, Restore { locked: true, ..Restore::default() }).await {
        Exit::Done => exit,
        failed => failed,
    }
}

/// Whether something of this project is damaged.
fn is_fetched_again(table: &CacheTable) -> bool {
    table.rows().iter().any(|row| row.state.is_repairable() && row.in_lock_file)
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
        let report = unagreed(&plan, flags.dry_run);
        let exit = report.as_ref().map_or(Exit::Done, |report| report.exit);
        return printed(printer.cache_planned(&plan, report.as_ref()), exit);
    }
    let told = run(&services, printer, CacheJob::Prune(plan.clone())).await;
    let (cleared, exit) = match told.done {
        Some(CacheDone::Pruned(cleared)) if cleared.failed == 0 => (cleared, Exit::Done),
        Some(CacheDone::Pruned(cleared)) => (cleared, Exit::Failed),
        // What was deleted by then is gone.
        _ if told.exit == Exit::Interrupted => (Cleared::of(&told.removals), told.exit),
        _ => return told.exit,
    };
    printed(printer.cache_pruned(&plan, (&cleared, &told.removals)), exit)
}

/// Without `--yes` nothing is deleted; a script that wanted it deleted must learn that.
fn unagreed(plan: &PrunePlan, dry_run: bool) -> Option<Report> {
    let is_meant = !dry_run && !plan.targets.is_empty();
    is_meant.then(|| {
        Report::new(Exit::Usage, "not-agreed", "nothing was deleted")
            .hint("add `--yes` to delete it, or `--dry-run` to look only")
    })
}

fn selection(meant: Meant) -> Selection {
    Selection { registries: meant.registry, crates: meant.crates, ..Selection::default() }
}

/// Fails where nobody reads the output any more.
fn printed(result: std::io::Result<()>, exit: Exit) -> Exit {
    result.map_or(Exit::Failed, |()| exit)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::domain::cache::{CacheRow, CachedFile, FileName, FileState};

    #[test]
    fn what_can_not_be_read_is_damaged_and_what_is_foreign_is_not() {
        let of = |damage: Damage| {
            let mut table = CacheTable::default();
            table.apply(CacheEvent::Rows(vec![CacheRow {
                file: CachedFile { dir: "h-0011223344556677".into(), name: FileName::Foreign("x".into()) },
                bytes: 1,
                unpacked: None,
                stored: None,
                used: None,
                in_lock_file: false,
                state: FileState::Damaged(damage),
            }]));
            verdict(&table)
        };
        assert_eq!(of(Damage::Unreadable("input/output error".into())), Exit::Failed);
        assert_eq!((of(Damage::Altered), of(Damage::Foreign)), (Exit::Failed, Exit::Done));
        assert_eq!(verdict(&CacheTable::default()), Exit::Done);
        let nobody_reads = Err(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(printed(nobody_reads, Exit::Done), Exit::Failed);
    }
}
