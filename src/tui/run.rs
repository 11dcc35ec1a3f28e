//! The one loop: wait, update, carry out, draw.

use std::io;
use std::time::Duration;

use crossterm::event::{Event as TerminalEvent, read};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::error::Exit;
use crate::host::Clock;
use crate::task::{Event, JobId, interrupted};

use super::app::App;
use super::effects::{Jobs, Starting};
use super::keymap::Key;
use super::msg::{Effect, Msg};
use super::session::Opening;
use super::terminal::Screen;
use super::theme::Theme;

/// Between two frames after keys and answers: at most 30 a second.
const FRAME: Duration = Duration::from_millis(33);

/// Between two frames of what moves by itself, and of what only goes on: a fetch tells hundreds of things a second,
/// and whoever draws each of them takes from Cargo's own time.
const PROGRESS: Duration = Duration::from_millis(100);

/// Between two frames of nothing but the time that a token has left.
const COUNTDOWN: Duration = Duration::from_secs(20);

/// Keys that may wait for the loop; those behind them wait in the terminal.
const KEYS: usize = 64;

/// How long leaving waits for a cancelled fetch.
const PATIENCE: Duration = Duration::from_secs(2);

/// How the wizard was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub exit: Exit,
    /// What was done, for the normal screen.
    pub summary: Vec<String>,
}

/// Runs the wizard on the terminal until it is left. `start` gets the services ready meanwhile.
///
/// # Errors
/// When the terminal can't be taken.
pub fn run(
    runtime: &tokio::runtime::Runtime,
    (theme, opening): (Theme, Opening),
    (clock, start): (Clock, impl FnOnce() -> Starting),
) -> io::Result<Ended> {
    let (mut app, effects) = App::new(theme, opening);
    let mut screen = Screen::enter()?;
    screen.draw(|frame| app.view(frame))?;
    let exit = runtime.block_on(async {
        let (jobs, events) = Jobs::new(start());
        let mut shell = Shell { screen: &mut screen, jobs, terminal_lost: false, exit: None };
        shell.carry_out(effects);
        let exit = shell.run(&mut app, (clock, events)).await;
        // However it was left: no Cargo stays behind.
        shell.jobs.end().await;
        exit
    });
    Ok(Ended { exit, summary: app.summary() })
}

/// What the screen lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stale {
    Nothing,
    /// What jobs have told on their way.
    Progress,
    /// What a person has done, or waits for.
    Something,
}

impl Stale {
    /// How long after the last frame the next one is due; `None`: not before something comes.
    fn pause(self, moves: bool) -> Option<Duration> {
        match self {
            Self::Something => Some(FRAME),
            Self::Progress => Some(PROGRESS),
            Self::Nothing => moves.then_some(PROGRESS),
        }
    }
}

/// Everything around `update` and `view` that has an effect.
struct Shell<'a> {
    screen: &'a mut Screen,
    jobs: Jobs,
    /// Nobody sees what is drawn any more, and no key comes.
    terminal_lost: bool,
    exit: Option<Exit>,
}

impl Shell<'_> {
    async fn run(
        &mut self,
        app: &mut App,
        (clock, mut events): (Clock, mpsc::Receiver<(JobId, Event)>),
    ) -> Exit {
        let mut keys = terminal_events();
        let mut stop = std::pin::pin!(interrupted());
        // Asked twice to stop, the wizard would not wait for what it cancels. A terminal that goes also sends a
        // signal: that is one wish.
        let mut stopped = false;
        // Times since the start, as the clock tells them.
        let mut patience: Option<Duration> = None;
        let mut drawn = clock.since_start();
        let mut stale = Stale::Nothing;
        loop {
            if let Some(exit) = self.exit {
                return exit;
            }
            if self.terminal_lost && !stopped {
                stopped = true;
                let effects = app.update(Msg::Stop);
                self.carry_out(effects);
                continue;
            }
            if app.is_leaving() && patience.is_none() {
                patience = Some(clock.since_start() + PATIENCE);
            }
            let until = |time: Duration| sleep(time.saturating_sub(clock.since_start()));
            let pause = stale.pause(app.moves()).or_else(|| app.tells_time().then_some(COUNTDOWN));
            let pause = pause.filter(|_| !self.terminal_lost);
            let msg = tokio::select! {
                biased;
                key = keys.recv(), if !self.terminal_lost => {
                    self.terminal_lost = key.is_none();
                    key.and_then(message_of)
                }
                () = &mut stop, if !stopped => {
                    stopped = true;
                    Some(Msg::Stop)
                }
                () = until(patience.unwrap_or_default()), if patience.is_some() => return Exit::Interrupted,
                () = until(drawn + pause.unwrap_or_default()), if pause.is_some() => {
                    self.catch_up(app, &mut events);
                    if app.moves() {
                        let effects = app.update(Msg::Tick(clock.since_start()));
                        self.carry_out(effects);
                    }
                    let effects = app.update(Msg::Clock(clock.unix_seconds()));
                    self.carry_out(effects);
                    self.terminal_lost = self.screen.draw(|frame| app.view(frame)).is_err();
                    drawn = clock.since_start();
                    stale = Stale::Nothing;
                    continue;
                }
                // Progress waits for its frame and is taken together; what a person waits for goes on at once.
                Some(event) = events.recv(), if stale != Stale::Progress || self.terminal_lost => {
                    if stale != Stale::Something {
                        stale = if event.1.is_last() { Stale::Something } else { Stale::Progress };
                    }
                    self.take(app, event);
                    continue;
                }
            };
            let Some(msg) = msg else { continue };
            let effects = app.update(msg);
            self.carry_out(effects);
            stale = Stale::Something;
        }
    }

    /// Takes everything that jobs have told by now.
    fn catch_up(&mut self, app: &mut App, events: &mut mpsc::Receiver<(JobId, Event)>) {
        for _ in 0..events.len() {
            let Ok(event) = events.try_recv() else { return };
            self.take(app, event);
        }
    }

    fn take(&mut self, app: &mut App, (id, event): (JobId, Event)) {
        if event.is_last() {
            self.jobs.ended(id);
        }
        let effects = app.update(Msg::Job(id, event));
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Start(id, request) => self.jobs.start(id, request),
                Effect::Cancel(id) => self.jobs.cancel(id),
                Effect::Copy(text) => self.terminal_lost |= self.screen.copy(&text).is_err(),
                Effect::Suspend => self.terminal_lost |= self.screen.suspend().is_err(),
                Effect::Quit(exit) => self.exit = Some(exit),
            }
        }
    }
}

/// What the terminal says; ends with the terminal. Read on a thread of its own, which nobody waits for: where the
/// terminal vanishes in the middle of a read, crossterm reads for ever (libraries.md, trap 5), and the loop
/// must hear the signal.
fn terminal_events() -> mpsc::Receiver<TerminalEvent> {
    let (sender, receiver) = mpsc::channel(KEYS);
    std::thread::spawn(move || {
        while let Ok(event) = read() {
            if sender.blocking_send(event).is_err() {
                return;
            }
        }
    });
    receiver
}

fn message_of(event: TerminalEvent) -> Option<Msg> {
    match event {
        TerminalEvent::Key(key) => Key::from_event(&key).map(Msg::Key),
        TerminalEvent::Paste(pasted) => Some(Msg::Paste(pasted)),
        TerminalEvent::Resize(columns, rows) => Some(Msg::Resize(columns, rows)),
        TerminalEvent::FocusGained | TerminalEvent::FocusLost | TerminalEvent::Mouse(_) => None,
    }
}
