//! One run at its end: done, failed, cancelled or never begun. What Cargo started is ended, what it left
//! damaged is removed (cargo-contract 4.10), and the files are looked at for the last time.

use std::process::ExitStatus;
use std::time::Duration;

use super::{LAST_LINES, LAST_PULSE, Note, Run};
use crate::cargo::explain::{self, Cause, ExitKind, Failure};
use crate::cargo::fetch::FetchOutcome;
use crate::cargo::fetch::child::{self, Child};
use crate::cargo::fetch::watch::{Order, Report as Sight};
use crate::cargo::fetch_error::FetchError;
use crate::cargo::recover::Recovery;
use crate::domain::package::CrateId;
use crate::domain::progress::{FetchEnd, FetchEvent, Phase};
use crate::error::Report;

/// What Cargo's children may take to end after they were asked to.
const GRACE: Duration = Duration::from_millis(300);

/// How long a killed process may take to be gone.
const LAST_BREATH: Duration = Duration::from_secs(2);

/// How long whoever cancelled may leave the last events unread.
const LAST_EVENTS: Duration = Duration::from_secs(1);

impl Run {
    /// Finishes a run that ended like this; `None`: it was cancelled.
    pub(in crate::cargo::fetch) async fn finish(
        mut self,
        ended: Option<Result<ExitStatus, FetchError>>,
    ) -> FetchOutcome {
        let ended = match ended {
            Some(ended) => Some(ended),
            None => self.too_late().await,
        };
        match ended {
            None => self.cancelled().await,
            Some(Ok(status)) if status.success() => self.done().await,
            Some(Ok(status)) => self.failed(child::exit_kind(status)).await,
            Some(Err(error)) => self.lost(error).await,
        }
    }

    /// The end of a Cargo that had ended by itself before it could be cancelled.
    async fn too_late(&mut self) -> Option<Result<ExitStatus, FetchError>> {
        let status = self.try_wait().ok().flatten()?;
        let _ = tokio::time::timeout(LAST_LINES, self.hear_out()).await;
        Some(Ok(status))
    }

    async fn done(mut self) -> FetchOutcome {
        self.last_look().await;
        self.clear_mark();
        self.outbox.flush().await;
        self.outcome(FetchEnd::Done, None)
    }

    async fn cancelled(mut self) -> FetchOutcome {
        self.stop().await;
        let recovery = self.recover().await;
        self.last_look().await;
        // Whoever cancelled may read no more.
        let _ = tokio::time::timeout(LAST_EVENTS, self.outbox.flush()).await;
        self.outcome(FetchEnd::Cancelled { removed: recovery.removed }, None)
    }

    async fn failed(mut self, exit: ExitKind) -> FetchOutcome {
        let failure = explain::explain(self.lines.make_contiguous(), exit);
        let mut report = failure.report(&self.feed);
        if matches!(exit, ExitKind::Signal(_)) || failure.cause == Cause::DiskFull {
            self.order(Order::Hold);
            for file in self.recover().await.removed {
                report = report.detail(format!("removed the partial file `{file}`"));
            }
        } else {
            self.clear_mark();
        }
        self.last_look().await;
        self.ran_out = self.stored && failure.cause.is_refused_credential();
        self.outbox.flush().await;
        let at = self.crate_at(&failure);
        self.outcome(FetchEnd::Failed { at }, Some(report))
    }

    /// It never started, or nobody can say how it ended.
    async fn lost(mut self, error: FetchError) -> FetchOutcome {
        if self.child.is_some() {
            // What nobody saw the end of keeps its mark: the next run looks again.
            self.stop().await;
        } else {
            self.clear_mark();
        }
        self.last_look().await;
        self.outbox.flush().await;
        self.outcome(FetchEnd::Failed { at: None }, Some(error.into()))
    }

    /// Ends Cargo and all that it started: asks first, so that a git of its own can tidy up.
    async fn stop(&mut self) {
        self.order(Order::Hold);
        let Some(child) = &mut self.child else { return };
        child.terminate();
        let _ = tokio::time::timeout(GRACE, self.hear_out()).await;
        self.child.iter_mut().for_each(Child::kill);
        let gone = async {
            while !matches!(self.try_wait(), Ok(Some(_)) | Err(_)) {
                tokio::time::sleep(LAST_PULSE).await;
            }
        };
        let _ = tokio::time::timeout(LAST_BREATH, gone).await;
        let _ = tokio::time::timeout(LAST_LINES, self.hear_out()).await;
    }

    /// Nothing to clean up after what never started. What could not be cleaned up keeps its mark, for the next run.
    async fn recover(&mut self) -> Recovery {
        if self.child.is_none() {
            self.clear_mark();
            return Recovery::default();
        }
        self.outbox.post(FetchEvent::Phase(Phase::CleaningUp));
        self.order(Order::Recover { since: self.began });
        let is_answer = |note: &Note| matches!(note, Note::Sight(Sight::Recovered(_)));
        let Some(Note::Sight(Sight::Recovered(recovery))) = self.wait_for(is_answer).await else {
            return Recovery::default();
        };
        match &recovery.trouble {
            Some(trouble) => {
                self.keep(format!("warning: partial files may be left in the crate cache: {trouble}"));
            }
            None => self.clear_mark(),
        }
        recovery
    }

    fn clear_mark(&mut self) {
        if let Some(mark) = self.mark.take() {
            mark.clear();
        }
    }

    /// Reads the lock file where Cargo had no reason to download, and looks at every file once more.
    async fn last_look(&mut self) {
        if !self.downloading {
            self.order(Order::Plan);
        }
        self.orders = None;
        while !self.watched {
            match self.next().await {
                // Too late for what a straggler still writes.
                Note::Lines(_) => {}
                note => self.take(note).await,
            }
        }
    }

    /// The crate of the failure; its version from the lock file where the error leaves it out.
    fn crate_at(&self, failure: &Failure) -> Option<CrateId> {
        let at = failure.at.as_ref()?;
        let mut same_name = self.planned.iter().filter(|id| id.name == at.name);
        at.id().or_else(|| same_name.next().cloned().filter(|_| same_name.next().is_none()))
    }

    fn outcome(self, end: FetchEnd, report: Option<Report>) -> FetchOutcome {
        let ran_out = self.ran_out;
        FetchOutcome { end, report, ran_out, lines: self.lines.into(), invalid: self.invalid }
    }
}
