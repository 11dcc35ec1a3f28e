//! The wizard on the embedded Azure, in this process: real jobs, no terminal, and a clock that stands still.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use az_cargo_wizard::demo::{Demo, DemoOptions, Pace};
use az_cargo_wizard::domain::progress::{FetchEvent, Phase};
use az_cargo_wizard::task::{self, DemoPlace, Event, Events, JobId, Request, Services, Settled};
use az_cargo_wizard::tui::{App, Effect, Key, Msg, Opening, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use tokio::sync::{mpsc, oneshot};

use crate::support::keys;
use crate::support::sandbox::Sandbox;

/// How many crates have arrived in the picture of a fetch.
const ARRIVED: usize = 34;

/// A wizard that is being played.
pub(crate) struct Play {
    app: App,
    services: Arc<Services>,
    token: String,
    /// What the fetch told, kept back for [`Play::half_a_fetch`].
    fetched: Option<(JobId, Vec<FetchEvent>)>,
    _demo: Demo,
    _sandbox: Sandbox,
}

impl Play {
    pub(crate) async fn begin() -> Self {
        let sandbox = Sandbox::new();
        let options = DemoOptions { dir: None, temp_parent: sandbox.root().to_owned(), pace: Pace::Fast };
        let demo = Demo::start(options).await.expect("the demo starts");
        sandbox.watch(&demo);
        let token = demo.token().expose().to_owned();
        let place = DemoPlace {
            origin: demo.origin().to_owned(),
            token: token.clone(),
            project_dir: demo.project_dir().to_owned(),
            cargo_home: demo.cargo_home().to_owned(),
            state_dir: demo.state_dir().to_owned(),
        };
        let settled = Settled { demo: Some(place), ..Settled::default() };
        let services = Services::new(sandbox.host(&[]), settled).expect("the services start");
        let (app, effects) = App::new(Theme::default(), Opening::Wizard);
        let mut play =
            Self { app, services: Arc::new(services), token, fetched: None, _demo: demo, _sandbox: sandbox };
        play.settle(effects).await;
        play
    }

    pub(crate) async fn keys(&mut self, keys: &str) {
        for key in keys::parse(keys) {
            let key = Key::from_event(&key.event).expect("a key that means something");
            let effects = self.app.update(Msg::Key(key));
            self.settle(effects).await;
        }
    }

    pub(crate) async fn sign_in(&mut self) {
        let effects = self.app.update(Msg::Paste(self.token.clone()));
        self.settle(effects).await;
        self.keys("<enter>").await;
    }

    /// Lets the cursor rest until the details of its feed are asked for.
    pub(crate) async fn rest(&mut self) {
        for seconds in [1, 2] {
            let effects = self.app.update(Msg::Tick(Duration::from_secs(seconds)));
            self.settle(effects).await;
        }
    }

    /// Shows the run as it stands after some of its crates: the real events, at made-up times.
    pub(crate) fn half_a_fetch(&mut self) {
        let (id, events) = self.fetched.take().expect("a fetch was run");
        let stored = events.iter().filter(|event| matches!(event, FetchEvent::Stored { .. }));
        let arrived: Vec<FetchEvent> = stored.cloned().collect();
        let planned = events.into_iter().find(|event| matches!(event, FetchEvent::Planned(_)));
        let mut told: Vec<FetchEvent> = planned.into_iter().collect();
        told.push(FetchEvent::Phase(Phase::Downloading));
        told.push(FetchEvent::Remaining { crates: arrived.len() - ARRIVED, bytes: Some(640_000) });
        told.extend(in_order(arrived).into_iter().take(ARRIVED));
        for (number, event) in (0..).zip(told) {
            let at = Duration::from_millis(400 + number * 120);
            self.app.update(Msg::Job(id, Event::Fetch { at, event }));
        }
    }

    pub(crate) fn frame(&self, columns: u16, rows: u16) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| self.app.view(frame)).unwrap();
        terminal.backend().buffer().clone()
    }

    /// Carries out effects, and those that follow from them, until nothing runs any more.
    async fn settle(&mut self, effects: Vec<Effect>) {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            let Effect::Start(id, request) = effect else { continue };
            let is_fetch = matches!(request, Request::Restore(_));
            let told = self.run(id, request).await;
            if is_fetch {
                let fetched = told.into_iter().filter_map(|event| match event {
                    Event::Fetch { event, .. } => Some(event),
                    _ => None,
                });
                self.fetched = Some((id, fetched.collect()));
                continue;
            }
            for event in told {
                effects.extend(self.app.update(Msg::Job(id, event)));
            }
        }
    }

    async fn run(&self, id: JobId, request: Request) -> Vec<Event> {
        let (sender, mut receiver) = mpsc::channel(256);
        let (_cancel, cancelled) = oneshot::channel();
        let events = Events::new(id, sender);
        let services = Arc::clone(&self.services);
        let job = tokio::spawn(async move { task::run(services, request, (&events, cancelled)).await });
        let mut told = Vec::new();
        while let Some((_, event)) = receiver.recv().await {
            told.push(event);
        }
        job.await.expect("the job ends");
        told
    }
}

/// The order in which crates arrive changes from run to run; the picture's does not.
fn in_order(mut arrived: Vec<FetchEvent>) -> Vec<FetchEvent> {
    arrived.sort_by_key(|event| match event {
        FetchEvent::Stored { id, bytes } => (bytes % 1009, id.to_string()),
        _ => (0, String::new()),
    });
    arrived
}
