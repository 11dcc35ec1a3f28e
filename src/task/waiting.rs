//! Tells whoever has started a job why an answer of the service is late.

use std::pin::pin;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::{Event, Events};
use crate::domain::waiting::Waiting;

tokio::task_local! {
    /// Where the clients of the job that runs here report to. Bound to the job, so that no use case has to hand it
    /// through to every client that it makes.
    static TOLD: UnboundedSender<Waiting>;
}

/// What a client of the job that runs here reports to; `None` outside of one.
pub(super) fn told() -> Option<UnboundedSender<Waiting>> {
    TOLD.try_with(Clone::clone).ok()
}

/// Runs the job and meanwhile tells its waits as events of its own.
pub(super) async fn telling<T>(events: &Events, job: impl Future<Output = T>) -> T {
    let (sender, mut waits) = unbounded_channel();
    let mut job = pin!(TOLD.scope(sender, job));
    loop {
        tokio::select! {
            biased;
            done = &mut job => return done,
            Some(waiting) = waits.recv() => events.send(Event::Waiting(waiting)).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::mpsc;

    use super::super::JobId;
    use super::*;

    #[tokio::test]
    async fn a_jobs_waits_become_its_events_and_other_jobs_hear_nothing() {
        let (sender, mut receiver) = mpsc::channel(9);
        let events = Events::new(JobId(7), sender);
        let asked = Waiting::Asked(Duration::from_secs(1));
        let (go_on, gone_on) = tokio::sync::oneshot::channel();
        let job = telling(&events, async {
            told().unwrap().send(asked).unwrap();
            gone_on.await.unwrap();
        });
        let listener = async {
            assert_eq!(receiver.recv().await, Some((JobId(7), Event::Waiting(asked))));
            go_on.send(()).unwrap();
        };
        tokio::join!(job, listener);
        assert!(told().is_none());
        assert!(receiver.try_recv().is_err());
    }
}
