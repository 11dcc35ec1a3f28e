//! What comes into the loop, and what `update` wants done.

use std::time::Duration;

use crate::error::Exit;
use crate::task::{Event, JobId, Request};

use super::keymap::Key;
use super::session::Step;

/// Everything that can happen to the wizard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Msg {
    Key(Key),
    /// A bracketed paste, as the terminal sent it.
    Paste(String),
    Resize(u16, u16),
    Job(JobId, Event),
    /// Time since the start; comes only while something on the screen moves by itself.
    Tick(Duration),
    /// The time of day, in seconds since 1970 (UTC); comes with every frame.
    Clock(u64),
    /// The process was asked to end, or its terminal is gone.
    Stop,
}

/// What the shell around `update` does for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    Start(JobId, Request),
    Cancel(JobId),
    /// Put a text on the clipboard of the terminal.
    Copy(String),
    /// Give the terminal back to the shell until it brings the wizard to the front again.
    Suspend,
    Quit(Exit),
}

/// What a screen wants after it has handled something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// Start a job that reports to this screen.
    Start(Request),
    /// Cancel every job of this screen.
    Cancel,
    /// Ask this screen's jobs to stop, and wait for what they say: something may have been done already.
    Stop,
    /// Look at Cargo and the configuration again: something has changed.
    Look,
    /// Leave this step as done and go to that one.
    Go(Step),
    Back,
    Ask(Question),
    Copy(String),
    /// Show a line for a while above the keys.
    Say(String),
    Quit,
}

/// A question that needs an answer before anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    CancelFetch,
    LeaveWhileFetching,
}
