//! Jobs on Cargo's crate cache: list, verify, repair, prune. Each runs on plain threads, tells what it finds while it
//! goes on, and ends soon after it is cancelled.

mod look;
mod prune;
mod repair;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::oneshot;

use crate::cargo::cache::{Check, Run};
use crate::domain::cache::{CacheEvent, CacheTable, CachedFile, Cleared, PrunePlan, Selection};
use crate::error::{Exit, Report};

use self::look::Sight;
use super::services::Services;
use super::{Event, Events};

/// Something to do with the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheJob {
    /// Folders, rows, sizes.
    List,
    /// The same for the crates that are meant, and then a verdict on each.
    Verify(Selection),
    /// Look at these files again under Cargo's locks, and delete the damaged ones with their unpacked sources.
    Repair(Vec<CachedFile>),
    /// Find out what deleting the crates that are meant would free.
    PlanPrune(Selection),
    /// Delete what was shown, under Cargo's locks.
    Prune(PrunePlan),
}

/// How a job on the cache has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheDone {
    Listed,
    Verified,
    Repaired(Cleared),
    PrunePlanned(PrunePlan),
    Pruned(Cleared),
}

/// Does it, and tells its end.
pub(super) async fn run(
    services: &Arc<Services>,
    job: CacheJob,
    (events, cancelled): (&Events, oneshot::Receiver<()>),
) {
    let cancel = Arc::new(AtomicBool::new(false));
    let (done, mut ended) = oneshot::channel();
    let work = {
        let (services, events, cancel) = (services.clone(), events.clone(), cancel.clone());
        move || {
            let tell = |event| events.send_blocking(Event::InCache(event));
            let run = Run { cancel: &cancel, tell: &tell, clock: services.host.clock };
            // Nobody waits any more once the process ends.
            let _ = done.send(perform(&services, job, run));
        }
    };
    if let Err(error) = std::thread::Builder::new().name("cache".to_owned()).spawn(work) {
        return events.send(Event::Failed(Box::new(no_thread(&error)))).await;
    }
    let outcome = tokio::select! {
        outcome = &mut ended => outcome,
        _ = cancelled => {
            cancel.store(true, Ordering::Relaxed);
            ended.await
        }
    };
    let event = match outcome {
        _ if cancel.load(Ordering::Relaxed) => Event::Cancelled,
        Ok(Ok(done)) => Event::CacheDone(done),
        Ok(Err(report)) => Event::Failed(Box::new(report)),
        // The panic itself was reported where it happened.
        Err(_) => Event::Failed(Box::new(no_thread(&std::io::Error::other("it has stopped")))),
    };
    events.send(event).await;
}

fn no_thread(error: &std::io::Error) -> Report {
    Report::new(Exit::Failed, "no-thread", "the cache could not be looked at").cause(error.to_string())
}

fn perform(services: &Services, job: CacheJob, run: Run<'_>) -> Result<CacheDone, Report> {
    let sight = Sight::new(services);
    match job {
        CacheJob::List => {
            sight.look(run, true)?;
            Ok(CacheDone::Listed)
        }
        CacheJob::Verify(selection) => {
            verify(&sight, &selection, run)?;
            Ok(CacheDone::Verified)
        }
        // What is deleted is fetched again: not from a project that Cargo can't read either.
        CacheJob::Repair(files) => Ok(CacheDone::Repaired(repair::repair(&sight.whole()?, files, run)?)),
        CacheJob::PlanPrune(selection) => Ok(CacheDone::PrunePlanned(prune::plan(&sight, &selection, run)?)),
        CacheJob::Prune(plan) => Ok(CacheDone::Pruned(prune::prune(&sight, plan, run)?)),
    }
}

/// Looks, tells the rows that are meant, and checks them.
fn verify(sight: &Sight, selection: &Selection, run: Run<'_>) -> Result<(), Report> {
    let table = table_of(sight, run, false)?;
    let wanted = prune::Wanted::of(&table, selection, run)?;
    let rows: Vec<_> = table.rows().iter().filter(|row| wanted.has(row)).cloned().collect();
    let files: Vec<(CachedFile, u64)> = rows.iter().map(|row| (row.file.clone(), row.bytes)).collect();
    table.notes().iter().for_each(|note| (run.tell)(CacheEvent::Note(note.clone())));
    (run.tell)(CacheEvent::Folders(table.folders().to_vec()));
    drop(table);
    (run.tell)(CacheEvent::Rows(rows));
    Check { cargo_home: &sight.cargo_home, locked: &sight.sums, run }.verify(&files);
    Ok(())
}

/// The whole table, told to nobody.
fn table_of(sight: &Sight, run: Run<'_>, count_sources: bool) -> Result<CacheTable, Report> {
    let table = std::sync::Mutex::new(CacheTable::default());
    let fold = |event| table.lock().unwrap_or_else(std::sync::PoisonError::into_inner).apply(event);
    sight.look(Run { tell: &fold, ..run }, count_sources)?;
    let mut table = table.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    table.finish();
    Ok(table)
}
