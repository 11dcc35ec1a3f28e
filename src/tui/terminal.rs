//! Enters and leaves the terminal, and gives it back as it was: on return, on a panic, on a signal.

use std::io::{self, Stdout, Write as _};
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::style::force_color_output;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use crate::domain::text;

/// Whether the wizard has the terminal now.
static HELD: AtomicBool = AtomicBool::new(false);

/// What jobs that panicked have said meanwhile.
static OVERHEARD: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The terminal while the wizard has it. Gives it back on drop.
#[derive(Debug)]
pub(super) struct Screen {
    /// Never dropped: its own drop prints to standard error when it can't show the cursor, and that panics
    /// where standard error was the same terminal, which is gone.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Stdout>>>,
}

impl Screen {
    /// Takes the terminal: raw mode, alternate screen, bracketed paste.
    ///
    /// # Errors
    /// Where standard output is no terminal.
    pub(super) fn enter() -> io::Result<Self> {
        // The theme does `NO_COLOR`; crossterm's own handling would take reverse and bold too
        // (libraries.md, trap 2).
        force_color_output(true);
        restore_on_panic();
        take()?;
        let terminal = Terminal::new(CrosstermBackend::new(io::stdout())).inspect_err(|_| give_back())?;
        Ok(Self { terminal: ManuallyDrop::new(terminal) })
    }

    /// Stops the process with the terminal as it was, and takes it again when the shell goes on with it. Jobs
    /// stand still meanwhile; a `cargo fetch` goes on in its own session.
    #[cfg(unix)]
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        give_back();
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TSTP)?;
        take()?;
        // `clear` would do the same, and first ask the terminal for the cursor: its answer comes as keys do, and
        // somebody else reads those.
        let size = self.terminal.size()?;
        self.terminal.resize(size.into())
    }

    /// Other systems have no such thing.
    #[cfg(not(unix))]
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Draws one frame, shown at once where the terminal can.
    pub(super) fn draw(&mut self, view: impl FnOnce(&mut ratatui::Frame<'_>)) -> io::Result<()> {
        execute!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(view)?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)
    }

    /// Puts a text on the clipboard with OSC 52, which also works over SSH.
    pub(super) fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(self.terminal.backend_mut(), CopyToClipboard::to_clipboard_from(text))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
        let mut stdout = io::stdout();
        for words in OVERHEARD.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = writeln!(stdout, "{words}");
        }
    }
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    HELD.store(true, Ordering::Relaxed);
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste).inspect_err(|_| give_back())
}

/// Everything [`take`] did, backwards. There is nobody to tell when a dead terminal refuses.
fn give_back() {
    HELD.store(false, Ordering::Relaxed);
    let mut stdout = io::stdout();
    let _ = execute!(stdout, DisableBracketedPaste, LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
    let _ = stdout.flush();
}

/// A panic's message must land on the normal screen: that of the wizard at once, for it ends; that of a job
/// when the wizard is left, for it goes on.
fn restore_on_panic() {
    let previous = std::panic::take_hook();
    let owner = std::thread::current().id();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() != owner && HELD.load(Ordering::Relaxed) {
            OVERHEARD
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(text::clean_lines(&info.to_string()));
            return;
        }
        give_back();
        previous(info);
    }));
}
