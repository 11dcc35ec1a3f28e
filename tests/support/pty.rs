//! A terminal with a program in it: keys go in, the screen is read as a person sees it. Nothing here sleeps: a
//! wait ends with the output that it waits for, with the end of the program, or at the deadline.

use std::fmt;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
pub(crate) use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

use super::keys;

/// Far longer than anything takes, also on a loaded machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// How the program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    Code(u32),
    /// By this signal, in the system's words.
    Signal(String),
}

enum Event {
    Output(Vec<u8>),
    /// Nobody has the terminal open any more.
    Closed,
    Exited(Ended),
}

/// A program in a pseudo-terminal. Dropping it kills the program.
pub(crate) struct Terminal {
    parser: vt100::Parser,
    events: Receiver<Event>,
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    /// Open until the program has ended: macOS otherwise forgets output that was not yet read.
    slave: Option<Box<dyn SlavePty + Send>>,
    /// Tells the reader to let go of the terminal too.
    lost: Arc<AtomicBool>,
    pid: Pid,
    ended: Option<Ended>,
    closed: bool,
    deadline: Duration,
    output: Vec<u8>,
    modes_at_start: String,
    keys: usize,
    pastes: usize,
}

impl Terminal {
    /// Starts the command, with its arguments, variables and folder and no other variables.
    pub(crate) fn spawn(command: &Command, cols: u16, rows: u16) -> Self {
        let pair = native_pty_system().openpty(size(cols, rows)).unwrap();
        let modes_at_start = modes(&*pair.master);
        let (sender, events) = mpsc::channel();
        let lost = Arc::new(AtomicBool::new(false));
        read(pair.master.try_clone_reader().unwrap(), Arc::clone(&lost), sender.clone());
        let child = pair.slave.spawn_command(builder(command)).unwrap();
        let pid = child.process_id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)).unwrap();
        wait_for_end(child, sender);
        Self {
            parser: vt100::Parser::new(cells(rows), cells(cols), 0),
            events,
            writer: Some(pair.master.take_writer().unwrap()),
            master: Some(pair.master),
            slave: Some(pair.slave),
            lost,
            pid,
            ended: None,
            closed: false,
            deadline: DEADLINE,
            output: Vec::new(),
            modes_at_start,
            keys: 0,
            pastes: 0,
        }
    }

    /// Sets another limit for waits.
    pub(crate) fn set_deadline(&mut self, deadline: Duration) {
        self.deadline = deadline;
    }

    /// Presses the keys of a key string (`keys`).
    ///
    /// # Panics
    /// When `<esc>` is followed by another key: sent together they would be one key, Alt with the other. Wait for
    /// what Esc does before pressing on.
    pub(crate) fn send(&mut self, text: &str) {
        let keys = keys::parse(text);
        let last = keys.len().saturating_sub(1);
        assert!(
            !keys[..last].iter().any(|key| key.bytes == b"\x1b"),
            "`{text}`: <esc> must be the last key that is sent together"
        );
        self.keys += keys.len();
        self.write(&keys.into_iter().flat_map(|key| key.bytes).collect::<Vec<_>>());
    }

    /// Pastes as a terminal does: in brackets, where the program has asked for them.
    pub(crate) fn paste(&mut self, text: &str) {
        self.drain();
        self.pastes += 1;
        if self.bracketed_paste() {
            self.write(format!("\x1b[200~{text}\x1b[201~").as_bytes());
        } else {
            self.write(text.as_bytes());
        }
    }

    /// Key presses so far.
    pub(crate) fn keys(&self) -> usize {
        self.keys
    }

    /// Pastes so far.
    pub(crate) fn pastes(&self) -> usize {
        self.pastes
    }

    pub(crate) fn resize(&mut self, cols: u16, rows: u16) {
        self.drain();
        self.parser.screen_mut().set_size(cells(rows), cells(cols));
        self.master.as_ref().unwrap().resize(size(cols, rows)).unwrap();
    }

    pub(crate) fn signal(&mut self, signal: Signal) {
        assert!(self.ended.is_none(), "the program has ended: {self:?}");
        kill_process(self.pid, signal).unwrap();
    }

    /// Takes the terminal away, as when its window is closed. The program must write something on a change of
    /// size: only then does the reader let go.
    pub(crate) fn lose(&mut self) {
        self.lost.store(true, Ordering::SeqCst);
        self.slave = None;
        self.writer = None;
        let (rows, cols) = self.parser.screen().size();
        self.resize(cols.get() + 1, rows.get());
        self.master = None;
    }

    /// Waits until the text is on the screen, within one line.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait_until(&format!("`{text}` to appear"), |screen| contains(screen, text));
    }

    /// Waits until the text is no longer on the screen.
    #[track_caller]
    pub(crate) fn wait_gone(&mut self, text: &str) {
        self.wait_until(&format!("`{text}` to go"), |screen| !contains(screen, text));
    }

    /// Waits until the screen is as wanted; `what` is what the test is waiting for.
    #[track_caller]
    pub(crate) fn wait_until(&mut self, what: &str, done: impl Fn(&vt100::Screen) -> bool) {
        let end = deadline(self.deadline);
        while !done(self.parser.screen()) {
            assert!(
                !(self.closed && self.ended.is_some()),
                "the program ended, waiting for {what}: {self:?}"
            );
            let event = self.events.recv_timeout(end.saturating_duration_since(now()));
            self.take(event.unwrap_or_else(|_| panic!("waited {:?} for {what}: {self:?}", self.deadline)));
        }
    }

    /// Waits for the end of the program and the last of its output.
    #[track_caller]
    pub(crate) fn wait_exit(&mut self) -> Ended {
        let end = deadline(self.deadline);
        while !(self.closed && self.ended.is_some()) {
            let event = self.events.recv_timeout(end.saturating_duration_since(now()));
            self.take(event.unwrap_or_else(|_| panic!("waited {:?} for its end: {self:?}", self.deadline)));
        }
        self.ended.clone().unwrap()
    }

    /// Waits until the program has written nothing for that long; for benchmarks.
    pub(crate) fn wait_quiet(&mut self, quiet: Duration) {
        while let Ok(event) = self.events.recv_timeout(quiet) {
            self.take(event);
        }
    }

    /// The screen as text, a line a row, without the blanks at the ends of lines.
    pub(crate) fn screen(&self) -> String {
        text(self.parser.screen())
    }

    /// The screen with colors and attributes.
    pub(crate) fn cells(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// Every byte that was ever written.
    pub(crate) fn output(&self) -> &[u8] {
        &self.output
    }

    /// Whether the program has ended, as far as has been heard.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.is_some()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    pub(crate) fn cursor_visible(&self) -> bool {
        !self.parser.screen().hide_cursor()
    }

    pub(crate) fn alternate_screen(&self) -> bool {
        self.parser.screen().alternate_screen()
    }

    pub(crate) fn bracketed_paste(&self) -> bool {
        self.parser.screen().bracketed_paste()
    }

    /// Whether the line modes (echo, canonical input and the like) are those of the beginning.
    pub(crate) fn modes_restored(&self) -> bool {
        self.master.as_ref().is_some_and(|master| modes(&**master) == self.modes_at_start)
    }

    /// Asserts that the terminal was left as it was found.
    #[track_caller]
    pub(crate) fn assert_restored(&self) {
        assert!(!self.alternate_screen(), "still on the alternate screen: {self:?}");
        assert!(self.cursor_visible(), "the cursor is still hidden: {self:?}");
        assert!(!self.bracketed_paste(), "pastes are still bracketed: {self:?}");
        assert!(self.modes_restored(), "the terminal is still in raw mode: {self:?}");
    }

    fn write(&mut self, bytes: &[u8]) {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(bytes).and_then(|()| writer.flush()).unwrap();
    }

    /// Takes in what has been written until now.
    fn drain(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            self.take(event);
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Output(bytes) => {
                self.parser.process(&bytes);
                self.output.extend(bytes);
            }
            Event::Closed => self.closed = true,
            Event::Exited(ended) => {
                self.ended = Some(ended);
                self.slave = None;
            }
        }
    }
}

/// The state of the program and its screen, for a test that has failed.
impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, cols) = self.parser.screen().size();
        writeln!(
            f,
            "{:?}, {cols}x{rows}",
            self.ended.as_ref().map_or("running".to_owned(), |end| format!("{end:?}"))
        )?;
        for line in self.screen().lines() {
            writeln!(f, "  | {line}")?;
        }
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.drain();
        if self.ended.is_none() && kill_process(self.pid, Signal::KILL).is_ok() {
            while self.ended.is_none() {
                match self.events.recv_timeout(DEADLINE) {
                    Ok(event) => self.take(event),
                    Err(_) => return,
                }
            }
        }
    }
}

/// Reads the terminal on a thread of its own, until it is closed or lost.
fn read(mut reader: Box<dyn Read + Send>, lost: Arc<AtomicBool>, events: Sender<Event>) {
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(length @ 1..) = reader.read(&mut buffer) {
            if lost.load(Ordering::SeqCst) || events.send(Event::Output(buffer[..length].to_vec())).is_err() {
                break;
            }
        }
        drop(reader);
        let _ = events.send(Event::Closed);
    });
}

fn wait_for_end(mut child: Box<dyn Child + Send + Sync>, events: Sender<Event>) {
    thread::spawn(move || {
        let status = child.wait().unwrap();
        let signal = status.signal().map(|signal| Ended::Signal(signal.to_owned()));
        let _ = events.send(Event::Exited(signal.unwrap_or(Ended::Code(status.exit_code()))));
    });
}

fn builder(command: &Command) -> CommandBuilder {
    let mut builder = CommandBuilder::new(command.get_program());
    builder.args(command.get_args());
    builder.env_clear();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            builder.env(name, value);
        }
    }
    if let Some(folder) = command.get_current_dir() {
        builder.cwd(folder);
    }
    builder
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

fn cells(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}

fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios())
}

fn text(screen: &vt100::Screen) -> String {
    let lines = screen.rows(0, screen.size().1.get());
    lines.map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn contains(screen: &vt100::Screen, text: &str) -> bool {
    screen.rows(0, screen.size().1.get()).any(|line| line.contains(text))
}

#[expect(clippy::disallowed_methods, reason = "a deadline of the test itself")]
fn now() -> Instant {
    Instant::now()
}

fn deadline(limit: Duration) -> Instant {
    now() + limit
}
