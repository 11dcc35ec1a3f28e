//! Carries out what `update` wants: starts and cancels jobs, and brings their events back.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::error::{Exit, Report};
use crate::task::{self, Event, Events, JobId, Request, Services};

/// Messages that may wait before jobs have to: more than a fetch tells between two frames.
const WAITING: usize = 4096;

type Ready = Option<Result<Arc<Services>, Report>>;
type Start = dyn Fn() -> BoxFuture<'static, Result<Services, Report>> + Send + Sync;

/// What the jobs need, as soon as it is ready: the first frame does not wait for it. Where it could not be had, a new
/// check tries again.
#[derive(Clone)]
pub struct Starting {
    ready: watch::Sender<Ready>,
    start: Arc<Start>,
}

impl fmt::Debug for Starting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Starting").field("ready", &self.ready).finish_non_exhaustive()
    }
}

impl Starting {
    /// Gets the services ready in the background.
    pub fn spawn<F>(start: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Services, Report>> + Send + 'static,
    {
        let starting = Self { ready: watch::Sender::new(None), start: Arc::new(move || start().boxed()) };
        starting.begin();
        starting
    }

    fn begin(&self) {
        let (ready, start) = (self.ready.clone(), tokio::spawn((self.start)()));
        tokio::spawn(async move {
            let done = start.await.unwrap_or_else(|_| Err(broken()));
            ready.send_replace(Some(done.map(Arc::new)));
        });
    }

    fn try_again(&self) {
        let take_back = |ready: &mut Ready| {
            let has_failed = matches!(ready, Some(Err(_)));
            if has_failed {
                *ready = None;
            }
            has_failed
        };
        if self.ready.send_if_modified(take_back) {
            self.begin();
        }
    }

    async fn ready(self) -> Ready {
        self.ready.subscribe().wait_for(Option::is_some).await.ok()?.clone()
    }
}

/// The jobs that run.
#[derive(Debug)]
pub(super) struct Jobs {
    starting: Starting,
    sender: mpsc::Sender<(JobId, Event)>,
    cancels: HashMap<JobId, oneshot::Sender<()>>,
    running: JoinSet<()>,
}

impl Jobs {
    pub(super) fn new(starting: Starting) -> (Self, mpsc::Receiver<(JobId, Event)>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self { starting, sender, cancels: HashMap::new(), running: JoinSet::new() }, receiver)
    }

    pub(super) fn start(&mut self, id: JobId, request: Request) {
        let (cancel, cancelled) = oneshot::channel();
        self.cancels.insert(id, cancel);
        let events = Events::new(id, self.sender.clone());
        if request == Request::Check {
            self.starting.try_again();
        }
        let starting = self.starting.clone();
        let last_word = LastWord { id, sender: self.sender.clone() };
        self.running.spawn(async move {
            let _last_word = last_word;
            match starting.ready().await {
                Some(Ok(services)) => task::run(services, request, (&events, cancelled)).await,
                Some(Err(report)) => events.send(Event::Failed(Box::new(report))).await,
                None => events.send(Event::Failed(Box::new(broken()))).await,
            }
        });
    }

    pub(super) fn cancel(&mut self, id: JobId) {
        if let Some(cancel) = self.cancels.remove(&id) {
            // A job that has ended already needs no word.
            let _ = cancel.send(());
        }
    }

    pub(super) fn ended(&mut self, id: JobId) {
        self.cancels.remove(&id);
        // Takes those that have ended out of the set.
        while self.running.try_join_next().is_some() {}
    }

    /// Ends what still runs, at once; with a fetch goes its Cargo.
    pub(super) async fn end(&mut self) {
        self.running.shutdown().await;
    }
}

/// Tells of a job that panics: it would be waited for until the wizard is left.
struct LastWord {
    id: JobId,
    sender: mpsc::Sender<(JobId, Event)>,
}

impl Drop for LastWord {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Where so much waits to be read that this finds no room, nothing better can be done.
            let _ = self.sender.try_send((self.id, Event::Failed(Box::new(broken()))));
        }
    }
}

fn broken() -> Report {
    Report::new(Exit::Failed, "internal", "a part of az-cargo-wizard has failed")
        .hint("try again; if it happens again, report it with the words that are shown after leaving")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_panics_is_told_as_failed_and_others_end_in_silence() {
        let (sender, mut receiver) = mpsc::channel(2);
        let word = |id| LastWord { id: JobId(id), sender: sender.clone() };
        drop(word(6));
        let last_word = word(7);
        let job = std::thread::spawn(move || {
            let _last_word = last_word;
            panic!("on purpose");
        });
        assert!(job.join().is_err());
        let (id, event) = receiver.try_recv().unwrap();
        assert_eq!(id, JobId(7));
        assert!(event.is_last());
        assert!(receiver.try_recv().is_err());
    }
}
