//! The wizard without a terminal: keys go into `App`, its effects are carried out on the real jobs, and the screen
//! is read from a buffer.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use az_cargo_wizard::demo::{Demo, DemoOptions, Pace};
use az_cargo_wizard::domain::credential::Secret;
use az_cargo_wizard::error::Exit;
use az_cargo_wizard::host::Host;
use az_cargo_wizard::task::{self, DemoPlace, Event, Events, JobId, Services, Settled};
use az_cargo_wizard::tui::{App, Effect, Key, Msg, Opening, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};

use crate::support::keys;
use crate::support::sandbox::Sandbox;

const SIZE: (u16, u16) = (120, 36);

/// Far longer than anything takes, also on a loaded machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// How long one waits for an event before time goes on for what moves by itself.
const TICK: Duration = Duration::from_millis(20);

/// One run of the wizard.
pub(crate) struct Journey {
    app: App,
    services: Arc<Services>,
    runtime: Arc<Runtime>,
    sender: mpsc::Sender<(JobId, Event)>,
    events: mpsc::Receiver<(JobId, Event)>,
    running: HashMap<JobId, oneshot::Sender<()>>,
    now: Duration,
    exit: Option<Exit>,
}

impl Journey {
    /// # Panics
    /// When there is no such folder.
    pub(crate) fn start(world: &World, settled: Settled) -> Self {
        Self::open(world, settled, Opening::Wizard)
    }

    pub(crate) fn open(world: &World, settled: Settled, opening: Opening) -> Self {
        let services = Services::new(world.host(), settled).unwrap();
        let (app, effects) = App::new(Theme::default(), opening);
        let (sender, events) = mpsc::channel(1024);
        let mut journey = Self {
            app,
            services: Arc::new(services),
            runtime: Arc::clone(&world.runtime),
            sender,
            events,
            running: HashMap::new(),
            now: Duration::ZERO,
            exit: None,
        };
        journey.carry_out(effects);
        journey
    }

    /// Presses the keys of a key string.
    pub(crate) fn press(&mut self, text: &str) {
        for key in keys::parse(text) {
            self.update(Msg::Key(Key::from_event(&key.event).unwrap()));
        }
    }

    pub(crate) fn paste(&mut self, text: &str) {
        self.update(Msg::Paste(text.to_owned()));
    }

    /// Pastes a token and signs in with it.
    pub(crate) fn sign_in(&mut self, token: &Secret) {
        self.wait_for("Sign in to http");
        self.paste(token.expose());
        self.press("<enter>");
    }

    /// From the first screen to the form of the Config step.
    pub(crate) fn reach_config(&mut self, token: &Secret) {
        self.wait_for("Which organization");
        self.press("<enter>");
        self.sign_in(token);
        self.wait_for("Feed Publisher:");
        self.press("<enter>");
        self.wait_for("What shall Cargo's configuration say?");
    }

    /// Reviews what the form says, and agrees to it.
    pub(crate) fn write_config(&mut self) {
        self.press("<enter>");
        self.wait_for("This will be written");
        self.press("<enter>");
        self.wait_for("the very header");
    }

    /// Waits until the text is on the screen, within one line.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) {
        #[expect(clippy::disallowed_methods, reason = "a deadline of the test itself")]
        let now = Instant::now;
        let end = now() + DEADLINE;
        while !self.screen().contains(text) {
            assert!(now() < end, "waited {DEADLINE:?} for `{text}`: {self:?}");
            self.turn();
        }
    }

    /// Waits until nothing runs and nothing moves.
    pub(crate) fn settle(&mut self) {
        while !self.running.is_empty() || self.app.moves() {
            self.turn();
        }
    }

    /// Waits until it is left.
    pub(crate) fn wait_exit(&mut self) -> Exit {
        while self.exit.is_none() {
            self.turn();
        }
        self.exit.unwrap()
    }

    /// What stays on the normal screen.
    pub(crate) fn summary(&self) -> String {
        self.app.summary().join("\n")
    }

    #[track_caller]
    pub(crate) fn assert_not_shown(&self, text: &str) {
        assert!(!self.screen().contains(text), "`{text}` is shown: {self:?}");
    }

    /// The code it was left with.
    pub(crate) fn exit(&self) -> Option<Exit> {
        self.exit
    }

    /// The screen as text, a line a row.
    pub(crate) fn screen(&self) -> String {
        let mut terminal = Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).unwrap();
        let frame = terminal.draw(|frame| self.app.view(frame)).unwrap();
        let cells = frame.buffer.content().chunks(usize::from(SIZE.0));
        let lines = cells.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>());
        lines.map(|line| line.trim_end().to_owned() + "\n").collect()
    }

    /// Takes the next event, or lets time go on.
    fn turn(&mut self) {
        let next = async { tokio::time::timeout(TICK, self.events.recv()).await };
        match self.runtime.block_on(next) {
            Ok(Some((id, event))) => {
                if event.is_last() {
                    self.running.remove(&id);
                }
                self.update(Msg::Job(id, event));
            }
            _ if self.app.moves() => {
                self.now += Duration::from_millis(100);
                self.update(Msg::Tick(self.now));
            }
            _ => {}
        }
    }

    fn update(&mut self, msg: Msg) {
        let effects = self.app.update(msg);
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Start(id, request) => {
                    let (cancel, cancelled) = oneshot::channel();
                    self.running.insert(id, cancel);
                    let (services, events) =
                        (Arc::clone(&self.services), Events::new(id, self.sender.clone()));
                    self.runtime.spawn(async move {
                        task::run(services, request, (&events, cancelled)).await;
                    });
                }
                Effect::Cancel(id) => {
                    if let Some(cancel) = self.running.remove(&id) {
                        // It may have ended already.
                        let _ = cancel.send(());
                    }
                }
                Effect::Copy(_) => {}
                Effect::Suspend => {}
                Effect::Quit(exit) => self.exit = Some(exit),
            }
        }
    }
}

impl fmt::Debug for Journey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}, left with {:?}", self.app.step(), self.exit)?;
        self.screen().lines().try_for_each(|line| writeln!(f, "  | {line}"))
    }
}

/// A sandbox, and the threads that the jobs run on.
pub(crate) struct World {
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) sandbox: Sandbox,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { runtime: Arc::new(Runtime::new().unwrap()), sandbox: Sandbox::new() }
    }

    /// A demo of its own in the sandbox, its downloads at full speed.
    pub(crate) fn demo(&self) -> Demo {
        let options =
            DemoOptions { dir: None, temp_parent: self.sandbox.root().to_owned(), pace: Pace::Fast };
        let demo = self.runtime.block_on(Demo::start(options)).unwrap();
        self.sandbox.watch(&demo);
        demo
    }

    /// The same, in a folder that outlives it.
    pub(crate) fn demo_in(&self, folder: &str) -> Demo {
        let dir = Some(self.sandbox.root().join(folder));
        let options = DemoOptions { dir, temp_parent: self.sandbox.root().to_owned(), pace: Pace::Fast };
        let demo = self.runtime.block_on(Demo::start(options)).unwrap();
        self.sandbox.watch(&demo);
        demo
    }

    pub(crate) fn host(&self) -> Host {
        Host { clock: Host::os().unwrap().clock, ..self.sandbox.host(&[]) }
    }
}

/// What is settled where that demo runs.
pub(crate) fn in_demo(demo: &Demo) -> Settled {
    let place = DemoPlace {
        origin: demo.origin().to_owned(),
        token: demo.token().expose().to_owned(),
        project_dir: demo.project_dir().to_owned(),
        cargo_home: demo.cargo_home().to_owned(),
        state_dir: demo.state_dir().to_owned(),
    };
    Settled { demo: Some(place), ..Settled::default() }
}
