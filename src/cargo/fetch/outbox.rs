//! The way out: events with their time into a bounded channel. What matters waits for room; what is
//! redrawn anyway is left out when there is none.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::mpsc::Sender;

use crate::domain::progress::FetchEvent;
use crate::host::Clock;

#[derive(Debug)]
pub(super) struct Outbox {
    events: Sender<(Duration, FetchEvent)>,
    waiting: VecDeque<(Duration, FetchEvent)>,
    clock: Clock,
    began: Duration,
}

impl Outbox {
    /// Times count from now.
    pub(super) fn new(events: Sender<(Duration, FetchEvent)>, clock: Clock) -> Self {
        Self { events, waiting: VecDeque::new(), clock, began: clock.since_start() }
    }

    /// For what must arrive.
    pub(super) fn post(&mut self, event: FetchEvent) {
        self.waiting.push_back((self.now(), event));
    }

    /// For what the next one of its kind replaces: left out where the channel has no room for all that wait.
    pub(super) fn post_if_room(&mut self, event: FetchEvent) {
        let now = self.now();
        let is_number = |event: &FetchEvent| matches!(event, FetchEvent::Remaining { .. });
        let has_room = self.waiting.len() < self.events.capacity();
        match self.waiting.back_mut() {
            Some(last) if is_number(&last.1) && is_number(&event) => *last = (now, event),
            _ if has_room => self.waiting.push_back((now, event)),
            _ => {}
        }
    }

    /// Hands over what waits, in order. Nothing is lost when it is dropped half way.
    pub(super) async fn flush(&mut self) {
        while !self.waiting.is_empty() {
            let Ok(room) = self.events.reserve().await else {
                return self.waiting.clear();
            };
            if let Some(event) = self.waiting.pop_front() {
                room.send(event);
            }
        }
    }

    fn now(&self) -> Duration {
        self.clock.since_start().saturating_sub(self.began)
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use tokio::sync::mpsc;

    use super::*;

    fn line(text: &str) -> FetchEvent {
        FetchEvent::Line(text.to_owned())
    }

    fn outbox(events: Sender<(Duration, FetchEvent)>) -> Outbox {
        let clock = Clock::Fake { since_start: Duration::from_secs(5), now: SystemTime::UNIX_EPOCH };
        Outbox::new(events, clock)
    }

    #[tokio::test]
    async fn nothing_that_matters_is_lost_when_there_is_no_room() {
        let (events, mut arrived) = mpsc::channel(1);
        let mut outbox = outbox(events);
        outbox.post(line("a"));
        outbox.post(line("b"));
        outbox.post_if_room(line("redrawn"));
        tokio::select! {
            biased;
            () = outbox.flush() => panic!("there was room for one only"),
            () = std::future::ready(()) => {}
        }
        assert_eq!(arrived.recv().await, Some((Duration::ZERO, line("a"))));
        outbox.flush().await;
        outbox.post_if_room(line("redrawn"));
        assert_eq!(arrived.recv().await, Some((Duration::ZERO, line("b"))));
        assert!(arrived.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_reader_that_is_gone_stops_nothing() {
        let (events, arrived) = mpsc::channel(1);
        drop(arrived);
        let mut outbox = outbox(events);
        outbox.post(line("a"));
        outbox.post_if_room(line("redrawn"));
        outbox.flush().await;
    }

    #[tokio::test]
    async fn of_numbers_that_wait_together_the_last_is_told() {
        let (events, mut arrived) = mpsc::channel(4);
        let mut outbox = outbox(events);
        let remaining = |crates| FetchEvent::Remaining { crates, bytes: None };
        outbox.post(line("a"));
        outbox.post_if_room(remaining(3));
        outbox.post_if_room(remaining(2));
        outbox.post(line("b"));
        outbox.flush().await;
        drop(outbox);
        let mut told = Vec::new();
        while let Some((_, event)) = arrived.recv().await {
            told.push(event);
        }
        assert_eq!(told, [line("a"), remaining(2), line("b")]);
    }
}
