//! One file a step. A screen changes its own state and the answers, and returns what should happen
//! next; it knows no other screen.

mod cache;
mod check;
mod config;
mod create;
mod doctor;
pub(super) mod done;
mod feed_list;
mod feeds;
mod log_in;
mod organization;
mod restore;
mod sign_in;
mod upstream;

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::error::Exit;
use crate::task::{Event, Request};

use super::keymap::{Action, Key, Offer};
use super::msg::Act;
use super::session::{Session, Step};
use super::theme::Theme;
use super::widget::overflow::Overflow;
use super::widget::page::Page;

/// How to draw, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) theme: Theme,
    /// Since the start: only things that move by themselves depend on it.
    pub(super) now: Duration,
    /// The time of day, in seconds since 1970 (UTC), once it was told.
    pub(super) time: Option<u64>,
    /// How far the page of the screen is scrolled.
    pub(super) overflow: &'a Overflow,
}

impl Look<'_> {
    /// Draws the one page of a screen; it scrolls where it is longer than the area.
    fn page(&self, frame: &mut Frame<'_>, area: Rect, page: Page) {
        self.overflow.draw(frame, area, (self.theme, page));
    }

    /// The picture of a spinner: ten a second.
    fn frame(&self) -> usize {
        usize::try_from(self.now.as_millis() / 100).unwrap_or(0)
    }
}

/// What every step can do.
pub(super) trait Panel {
    /// The step is shown, for the first time or again.
    fn enter(&mut self, _session: &mut Session) -> Vec<Act> {
        Vec::new()
    }

    /// The actions that work now, in the order of the key bar.
    fn offers(&self, session: &Session) -> Vec<Offer>;

    fn act(&mut self, action: Action, session: &mut Session) -> Vec<Act>;

    /// Why a key that is not offered does nothing now, in one line.
    fn why_not(&self, _action: Action) -> Option<String> {
        None
    }

    /// Files or credentials have changed: what failed before says nothing any more.
    fn outdate(&mut self, _session: &mut Session) {}

    /// Closes the innermost thing that is open here; `None` where nothing is, so that `Esc` goes a step back.
    fn close(&mut self, _session: &mut Session) -> Option<Vec<Act>> {
        None
    }

    /// Whether characters are text now.
    fn in_field(&self) -> bool {
        false
    }

    /// A key for the field that has the focus.
    fn edit(&mut self, _key: Key, _session: &mut Session) {}

    fn paste(&mut self, _text: &str, _session: &mut Session) {}

    /// An event of a job that this screen started.
    fn event(&mut self, event: Event, session: &mut Session) -> Vec<Act>;

    /// The same with what the job was asked for, where it matters: a late answer may be about something that is not at
    /// hand any more.
    fn answered(&mut self, (_, event): (&Request, Event), session: &mut Session) -> Vec<Act> {
        self.event(event, session)
    }

    /// Time has gone by; comes only while [`Panel::moves`].
    fn tick(&mut self, _now: Duration, _session: &Session) -> Vec<Act> {
        Vec::new()
    }

    /// The person has agreed to cancel what runs; its end comes as an event.
    fn cancelling(&mut self) {}

    /// Whether something on the screen moves by itself.
    fn moves(&self) -> bool;

    /// Whether something runs whose end must be waited for when the wizard is left.
    fn must_end(&self) -> bool {
        false
    }

    /// Whether all of the page must have been seen before `Enter` agrees to it.
    fn must_be_read(&self) -> bool {
        false
    }

    /// Whether the step has failed, for the rail.
    fn failed(&self) -> bool;

    /// The exit code to leave with, where the step's failure is what the process failed at.
    fn exit(&self) -> Option<Exit> {
        None
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, look: &Look, session: &Session);
}

/// All screens; each keeps its state while the person walks back and forth.
#[derive(Debug, Default)]
pub(super) struct Screens {
    check: check::Check,
    organization: organization::Organization,
    sign_in: sign_in::SignIn,
    feed_list: feed_list::FeedList,
    config: config::Config,
    log_in: log_in::LogIn,
    restore: restore::Restore,
    done: done::Done,
    create: create::Create,
    upstream: upstream::Upstream,
    feeds: feeds::Feeds,
    /// The largest of them.
    cache: Box<cache::Cache>,
    doctor: doctor::Doctor,
}

impl Screens {
    pub(super) fn of(&self, step: Step) -> &dyn Panel {
        match step {
            Step::Check => &self.check,
            Step::Organization => &self.organization,
            Step::SignIn => &self.sign_in,
            Step::Feed => &self.feed_list,
            Step::Config => &self.config,
            Step::LogIn => &self.log_in,
            Step::Restore => &self.restore,
            Step::Done => &self.done,
            Step::NewFeed => &self.create,
            Step::Upstream => &self.upstream,
            Step::Feeds => &self.feeds,
            Step::Cache => &*self.cache,
            Step::Doctor => &self.doctor,
        }
    }

    pub(super) fn of_mut(&mut self, step: Step) -> &mut dyn Panel {
        match step {
            Step::Check => &mut self.check,
            Step::Organization => &mut self.organization,
            Step::SignIn => &mut self.sign_in,
            Step::Feed => &mut self.feed_list,
            Step::Config => &mut self.config,
            Step::LogIn => &mut self.log_in,
            Step::Restore => &mut self.restore,
            Step::Done => &mut self.done,
            Step::NewFeed => &mut self.create,
            Step::Upstream => &mut self.upstream,
            Step::Feeds => &mut self.feeds,
            Step::Cache => &mut *self.cache,
            Step::Doctor => &mut self.doctor,
        }
    }

    /// Whether the check waits for the person's answer about this checkout.
    pub(super) fn asks_for_trust(&self) -> bool {
        self.check.asks_for_trust()
    }
}
