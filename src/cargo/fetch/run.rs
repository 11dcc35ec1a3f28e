//! One run while Cargo works: notes of the two threads in, events out.

mod ending;

use std::collections::VecDeque;
use std::process::ExitStatus;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;

use super::child::{self, Child};
use super::mark::RunMark;
use super::outbox::Outbox;
use super::plan::{Addition, Planner};
use super::watch::{self, Order, Report as Sight};
use super::{FetchSpec, RegistryCache};
use crate::cargo::explain;
use crate::cargo::fetch_error::FetchError;
use crate::cargo::fetch_line::{FetchLine, parse_line};
use crate::domain::package::{CrateId, CrateSource};
use crate::domain::progress::{FetchEvent, Phase};
use crate::domain::text::{REDACTED, clean};
use crate::host::Env;

/// Lines of Cargo that are kept for the end.
const MAX_LINES: usize = 10_000;

/// Notes of the two threads that may wait to be read.
const NOTES: usize = 1024;

/// How often a silent Cargo is looked at.
const PULSE: Duration = Duration::from_millis(100);

/// The same, when it has closed its standard error and so is about to end.
const LAST_PULSE: Duration = Duration::from_millis(5);

/// How long lines are waited for when Cargo has ended and one of its children still holds the pipe.
const LAST_LINES: Duration = Duration::from_millis(500);

/// How long lines may wait in the pipe for others: half as long as a frame of the table, and far shorter than Cargo
/// needs to fill the pipe.
const READ_PAUSE: Duration = Duration::from_millis(50);

/// What the two threads say.
#[derive(Debug)]
enum Note {
    Lines(Vec<String>),
    /// Nobody holds Cargo's standard error any more.
    Silent,
    Sight(Sight),
    /// The watcher has had its last look.
    Watched,
}

/// Rings when the watcher leaves, however that comes: somebody waits for it.
struct Bell(mpsc::Sender<Note>);

impl Bell {
    fn ring(&self, note: Note) {
        // A run that is gone reads no notes, and then none is missed.
        drop(self.0.blocking_send(note));
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        self.ring(Note::Watched);
    }
}

#[derive(Debug)]
pub(super) struct Run {
    outbox: Outbox,
    notes: mpsc::Receiver<Note>,
    /// For the line reader, and so that the channel never closes.
    note: mpsc::Sender<Note>,
    /// Those that came while an answer of the watcher was waited for.
    backlog: VecDeque<Note>,
    /// Lines that came together with the one that is being taken.
    unread: VecDeque<String>,
    orders: Option<std::sync::mpsc::Sender<Order>>,
    child: Option<Child>,
    /// On the disk from before Cargo is started until nothing of the run is left.
    mark: Option<RunMark>,
    silent: bool,
    /// Whether the watcher has gone.
    watched: bool,
    /// Whether the lock file was read since Cargo began to download.
    downloading: bool,
    /// Whether a crate was stored by this run.
    stored: bool,
    /// Whether a credential was refused after that.
    ran_out: bool,
    began: SystemTime,
    feed: String,
    secrets: Vec<String>,
    planned: Vec<CrateId>,
    lines: VecDeque<String>,
    invalid: Vec<String>,
}

impl Run {
    /// Starts the watcher; Cargo itself is started by [`Run::drive`].
    pub(super) fn new(spec: &FetchSpec, events: mpsc::Sender<(Duration, FetchEvent)>) -> Self {
        let (note, notes) = mpsc::channel(NOTES);
        let (orders, ordered) = std::sync::mpsc::channel();
        let run = Self {
            outbox: Outbox::new(events, spec.clock),
            notes,
            note: note.clone(),
            backlog: VecDeque::new(),
            unread: VecDeque::new(),
            orders: Some(orders),
            child: None,
            mark: None,
            silent: false,
            watched: false,
            downloading: false,
            stored: false,
            ran_out: false,
            began: spec.clock.now(),
            feed: feed_name(&spec.caches),
            secrets: secrets(&spec.env),
            planned: Vec::new(),
            lines: VecDeque::new(),
            invalid: Vec::new(),
        };
        let (project, cargo_home, caches) = (spec.dir.clone(), spec.cargo_home.clone(), spec.caches.clone());
        std::thread::spawn(move || {
            let bell = Bell(note);
            let planner = Planner::new(&project, &cargo_home, &caches);
            watch::watch(planner, &ordered, |sight| bell.ring(Note::Sight(sight)));
        });
        run
    }

    /// From the look at the lock file to the last line of Cargo. May be dropped at any moment.
    pub(super) async fn drive(&mut self, spec: &FetchSpec) -> Result<ExitStatus, FetchError> {
        self.outbox.post(FetchEvent::Phase(Phase::Starting));
        self.plan().await;
        self.set_mark(spec).await;
        self.outbox.flush().await;
        self.start(spec)?;
        loop {
            if let Some(status) = self.try_wait()? {
                let _ = tokio::time::timeout(LAST_LINES, self.hear_out()).await;
                self.outbox.flush().await;
                return Ok(status);
            }
            let pulse = if self.silent { LAST_PULSE } else { PULSE };
            if let Ok(note) = tokio::time::timeout(pulse, self.next()).await {
                self.take(note).await;
                self.outbox.flush().await;
            }
        }
    }

    /// A run that can't be marked is better than none.
    async fn set_mark(&mut self, spec: &FetchSpec) {
        let (marked, began) = (spec.clone(), self.began);
        let mark = tokio::task::spawn_blocking(move || RunMark::set(&marked, began)).await;
        match mark {
            Ok(Ok(mark)) => self.mark = Some(mark),
            Ok(Err(error)) => {
                self.keep(format!("warning: if this run is killed, its partial files go unnoticed: {error}"));
            }
            // It has panicked, which was reported where it happened.
            Err(_) => {}
        }
    }

    fn start(&mut self, spec: &FetchSpec) -> Result<(), FetchError> {
        let (child, stderr) = child::start(spec)?;
        if let (Some(mark), Some(pid)) = (&mut self.mark, child.id()) {
            mark.started(pid);
        }
        self.child = Some(child);
        let note = self.note.clone();
        std::thread::spawn(move || {
            child::read_lines(stderr, READ_PAUSE, |lines| note.blocking_send(Note::Lines(lines)).is_ok());
            drop(note.blocking_send(Note::Silent));
        });
        Ok(())
    }

    fn try_wait(&mut self) -> Result<Option<ExitStatus>, FetchError> {
        self.child.as_mut().map_or(Ok(None), Child::try_wait)
    }

    async fn next(&mut self) -> Note {
        match self.backlog.pop_front() {
            Some(note) => note,
            None => self.notes.recv().await.expect("the run itself holds a sender"),
        }
    }

    /// Takes notes until all of Cargo's lines have come.
    async fn hear_out(&mut self) {
        self.read_on().await;
        while !self.silent {
            let note = self.next().await;
            self.take(note).await;
        }
    }

    /// Goes on with the lines at hand.
    async fn read_on(&mut self) {
        while let Some(line) = self.unread.pop_front() {
            self.line(&line).await;
        }
    }

    async fn take(&mut self, note: Note) {
        match note {
            Note::Lines(lines) => {
                self.unread.extend(lines);
                self.read_on().await;
            }
            Note::Silent => self.silent = true,
            Note::Sight(Sight::Plan(addition)) => self.planned(addition),
            Note::Sight(Sight::Seen(events)) => {
                self.stored |= events.iter().any(|event| matches!(event, FetchEvent::Stored { .. }));
                for event in events {
                    self.outbox.post(event);
                }
            }
            Note::Sight(Sight::Recovered(_)) => {}
            Note::Watched => self.watched = true,
        }
    }

    /// Has the lock file read before anything else is told: a crate can't arrive before it is planned.
    async fn plan(&mut self) {
        self.order(Order::Plan);
        let is_answer = |note: &Note| matches!(note, Note::Sight(Sight::Plan(_)));
        if let Some(Note::Sight(Sight::Plan(addition))) = self.wait_for(is_answer).await {
            self.planned(addition);
        }
    }

    /// The next such note; those before it wait in line. `None` once the watcher has gone.
    async fn wait_for(&mut self, is_answer: impl Fn(&Note) -> bool) -> Option<Note> {
        while !self.watched {
            let note = self.notes.recv().await.expect("the run itself holds a sender");
            if is_answer(&note) {
                return Some(note);
            }
            self.watched = matches!(note, Note::Watched);
            self.backlog.push_back(note);
        }
        None
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // The watcher lives as long as there can be orders.
            let _ = orders.send(order);
        }
    }

    fn planned(&mut self, addition: Addition) {
        if !addition.invalid.is_empty() {
            self.invalid.extend(addition.invalid.iter().cloned());
            self.outbox.post(FetchEvent::Invalid(addition.invalid));
        }
        if !addition.planned.is_empty() {
            self.planned.extend(addition.planned.iter().map(|planned| planned.id.clone()));
            self.outbox.post(FetchEvent::Planned(addition.planned));
        }
    }

    async fn line(&mut self, raw: &str) {
        let mut said = parse_line(raw);
        // What is redrawn gives numbers and the name of a crate, hundreds of times, and no word of it is kept.
        if !said.is_redrawn() {
            let line = explain::shown(&self.without_secrets(raw));
            said = parse_line(&line);
            self.keep(line);
        }
        match said {
            FetchLine::Locking { .. } => self.plan().await,
            FetchLine::DownloadStarts
            | FetchLine::Downloading { .. }
            | FetchLine::Unpacking { .. }
            | FetchLine::Downloaded(_)
                if !self.downloading =>
            {
                self.downloading = true;
                self.plan().await;
            }
            _ => {}
        }
        self.tell(said);
    }

    fn tell(&mut self, said: FetchLine) {
        let phase = match said {
            FetchLine::Updating { index } => Phase::Updating { index },
            FetchLine::Locking { packages } => Phase::Locking { packages },
            FetchLine::Blocking { on } => Phase::Waiting { on },
            FetchLine::DownloadStarts => Phase::Downloading,
            FetchLine::Resolving { complete, pending } => {
                let phase = Phase::Resolving { complete, pending };
                return self.outbox.post_if_room(FetchEvent::Phase(phase));
            }
            FetchLine::Downloading { crates, bytes } => {
                return self.outbox.post_if_room(FetchEvent::Remaining { crates, bytes });
            }
            FetchLine::Unpacking { name, .. } => {
                let phase = Phase::Unpacking { name: name.to_string() };
                return self.outbox.post_if_room(FetchEvent::Phase(phase));
            }
            FetchLine::Downloaded(id) => return self.outbox.post(FetchEvent::Downloaded(id)),
            FetchLine::Retry { tries_left, reason } => {
                return self.outbox.post(FetchEvent::Retry { tries_left, reason });
            }
            FetchLine::Summary { .. } | FetchLine::Text => return,
        };
        self.outbox.post(FetchEvent::Phase(phase));
    }

    fn keep(&mut self, line: String) {
        if self.lines.len() == MAX_LINES {
            self.lines.pop_front();
        }
        tracing::trace!(line, "cargo");
        self.lines.push_back(line.clone());
        self.outbox.post(FetchEvent::Line(line));
    }

    fn without_secrets(&self, line: &str) -> String {
        self.secrets.iter().fold(line.to_owned(), |line, secret| line.replace(secret, REDACTED))
    }
}

/// The feed as the report calls it: what stands in for crates.io, or the first there is.
fn feed_name(caches: &[RegistryCache]) -> String {
    let stands_in = caches.iter().find(|cache| cache.covers == CrateSource::CratesIo);
    let feed = stands_in.or(caches.first());
    feed.map_or_else(|| "crates.io".to_owned(), |cache| clean(&cache.name))
}

/// The tokens in the environment of the child, as a whole and without their scheme.
fn secrets(env: &Env) -> Vec<String> {
    /// Shorter ones would take words apart.
    const SHORTEST: usize = 8;
    let mut secrets = Vec::new();
    for (name, value) in env.iter() {
        let name = name.to_string_lossy().to_ascii_uppercase();
        if let (true, Some(value)) =
            (name.starts_with("CARGO_REGISTR") && name.ends_with("_TOKEN"), value.to_str())
        {
            secrets.push(value.trim().to_owned());
            secrets.extend(value.trim().split_once(' ').map(|(_, rest)| rest.trim().to_owned()));
        }
    }
    secrets.retain(|secret| secret.len() >= SHORTEST);
    secrets
}
