//! What is done with the cache: jobs that begin, tell, and end.

use std::collections::HashMap;

use crate::domain::cache::{CacheEvent, CachedFile, Cleared, PrunePlan};
use crate::domain::text;
use crate::error::Report;
use crate::task::{CacheDone, CacheJob, Request};

use super::super::super::msg::Act;
use super::super::super::session::{Session, Step};
use super::Cache;
use super::pages::Ask;

/// What runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Job {
    #[default]
    Nothing,
    Listing,
    Verifying,
    Repairing,
    Planning,
    Pruning,
}

impl Job {
    /// Whether it deletes, so that its end must be waited for.
    pub(super) fn deletes(self) -> bool {
        matches!(self, Self::Repairing | Self::Pruning)
    }
}

/// What the last job has come to.
#[derive(Debug)]
pub(super) enum Told {
    Good(String),
    Warning(String),
    Failed(Box<Report>),
}

impl Cache {
    pub(super) fn begin(&mut self, job: Job, request: CacheJob) -> Vec<Act> {
        self.job = job;
        self.stopping = false;
        self.told = None;
        self.failure = None;
        vec![Act::Cancel, Act::Start(Request::Cache(request))]
    }

    /// Ends what runs, as far as it may be left alone.
    pub(super) fn cancel(&mut self) -> Vec<Act> {
        if self.job.deletes() {
            self.stopping = true;
            return vec![Act::Stop];
        }
        let words = match self.job {
            Job::Listing => "Cancelled: not everything is shown. r looks again",
            Job::Verifying => "Cancelled: not everything was compared",
            _ => "Cancelled: nothing was deleted",
        };
        self.ended(Told::Warning(words.to_owned()));
        vec![Act::Cancel]
    }

    pub(super) fn ended(&mut self, told: Told) {
        let was_listing = self.job == Job::Listing;
        self.job = Job::Nothing;
        self.stopping = false;
        self.told = Some(told);
        if was_listing {
            self.table.finish();
        }
        self.refresh();
        let (table, view) = (&self.table, &self.view);
        if view.known() == 0 {
            self.marks.clear();
        } else if !self.marks.is_empty() {
            let mut left: HashMap<CachedFile, u64> = HashMap::new();
            for row in table.rows() {
                left.extend(self.marks.get_key_value(&row.file).map(|(file, _)| (file.clone(), row.bytes)));
            }
            self.marks = left;
        }
    }

    pub(super) fn in_cache(&mut self, event: CacheEvent) {
        match (self.job, event) {
            (Job::Listing, CacheEvent::Folders(folders)) => {
                self.inside |= folders.len() == 1;
                self.table.apply(CacheEvent::Folders(folders));
                self.refresh();
            }
            (Job::Listing, event) => {
                self.table.apply(event);
                if self.view.known() == 0 {
                    self.refresh();
                }
            }
            (Job::Verifying, event @ (CacheEvent::ToCheck { .. } | CacheEvent::Checked(_))) => {
                self.table.apply(event);
            }
            (Job::Repairing | Job::Pruning, CacheEvent::Removed(removals)) => {
                let failure = removals.iter().find_map(|removal| removal.failure.clone());
                self.failure = self.failure.take().or(failure);
                self.removals.extend(removals);
            }
            // Of a job that is to check or to delete, the table is known already.
            _ => return,
        }
        self.stale = true;
    }

    pub(super) fn done(&mut self, done: CacheDone, session: &mut Session) -> Vec<Act> {
        match done {
            CacheDone::Listed => {
                self.listed = true;
                self.ended(Told::Good(String::new()));
                self.told = None;
            }
            CacheDone::Verified => self.verified(),
            CacheDone::PrunePlanned(plan) => self.planned(plan),
            CacheDone::Pruned(cleared) => {
                let words = format!("{} freed", text::size(cleared.bytes));
                self.cleared(&cleared, words);
            }
            CacheDone::Repaired(cleared) => {
                let crates = text::count(cleared.removed, "damaged crate", "damaged crates");
                self.cleared(&cleared, format!("{crates} deleted"));
                if cleared.fetch_again {
                    session.fetch_again = true;
                    return vec![Act::Go(Step::Restore)];
                }
            }
        }
        Vec::new()
    }

    pub(super) fn cleared(&mut self, cleared: &Cleared, words: String) {
        let failure = self.failure.take().unwrap_or_default();
        self.ended(match cleared.failed {
            0 => Told::Good(words),
            failed => Told::Warning(format!("{words}; {} still there: {failure}", text::grouped(failed))),
        });
    }

    pub(super) fn verified(&mut self) {
        let ((files, bytes), _) = self.table.progress();
        let files = text::count(files, "file", "files");
        let damaged = self.table.damaged().count();
        let compared = format!("{files} compared, {}", text::size(bytes));
        self.ended(match damaged {
            0 => Told::Good(format!("{compared}: nothing is damaged")),
            some => Told::Warning(format!("{compared}: {} damaged", text::grouped(some))),
        });
        self.ask_to_repair();
    }

    pub(super) fn ask_to_repair(&mut self) {
        let files = self.table.repairable();
        if !files.is_empty() {
            self.details = false;
            self.narrow = None;
            self.ask = Some(Ask::Repair(files));
        }
    }

    pub(super) fn planned(&mut self, plan: PrunePlan) {
        if plan.targets.is_empty() && self.narrow.is_none() {
            return self.ended(Told::Good("There is nothing of that to delete any more".to_owned()));
        }
        self.ended(Told::Good(String::new()));
        self.told = None;
        self.details = false;
        self.ask = Some(Ask::Prune(plan));
    }

    pub(super) fn agree(&mut self) -> Vec<Act> {
        match self.ask.take() {
            Some(Ask::Repair(files)) => self.begin(Job::Repairing, CacheJob::Repair(files)),
            Some(Ask::Prune(plan)) => self.begin(Job::Pruning, CacheJob::Prune(plan)),
            None => Vec::new(),
        }
    }
}
