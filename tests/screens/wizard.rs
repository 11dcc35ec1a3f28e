//! The wizard without a terminal and without anything behind it: keys go in, jobs are answered by hand.

use std::time::Duration;

use az_cargo_wizard::domain::answers::Answers;
use az_cargo_wizard::domain::credential::{Credential, Secret, TokenStore};
use az_cargo_wizard::domain::feed::Feed;
use az_cargo_wizard::domain::plan::{Review, SetupPlan};
use az_cargo_wizard::domain::progress::{FetchEnd, FetchEvent};
use az_cargo_wizard::error::{Exit, Report};
use az_cargo_wizard::task::check::Checkout;
use az_cargo_wizard::task::feeds::Stored;
use az_cargo_wizard::task::{CacheFolder, Event, JobId, Request};
use az_cargo_wizard::tui::{App, Effect, Key, Msg, Opening, Theme};

use crate::draw::{USUAL, drawn};
use crate::switch;
use crate::world;

/// A wizard and what it wanted so far.
#[derive(Debug)]
pub(crate) struct Wizard {
    pub(crate) app: App,
    /// Jobs in the order of their start.
    pub(crate) started: Vec<(JobId, Request)>,
    pub(crate) cancelled: Vec<JobId>,
    pub(crate) copied: Vec<String>,
    pub(crate) suspended: usize,
    pub(crate) quit: Option<Exit>,
    /// What was kept for the next wizard; it is kept at once here.
    pub(crate) left: Vec<Option<Answers>>,
}

impl Wizard {
    pub(crate) fn opened(theme: Theme) -> Self {
        Self::opened_for(theme, Opening::Wizard)
    }

    pub(crate) fn opened_for(theme: Theme, opening: Opening) -> Self {
        let (app, effects) = App::new(theme, opening);
        let (started, cancelled, copied) = (Vec::new(), Vec::new(), Vec::new());
        Self { app, started, cancelled, copied, suspended: 0, quit: None, left: Vec::new() }
            .carry_out(effects)
    }

    fn carry_out(mut self, effects: Vec<Effect>) -> Self {
        for effect in effects {
            match effect {
                Effect::Start(id, Request::LeaveUnfinished(answers)) => {
                    self.left.push(answers.map(|answers| *answers));
                    self = self.told(Msg::Job(id, Event::UnfinishedKept));
                }
                Effect::Start(id, request) => self.started.push((id, request)),
                Effect::Cancel(id) => self.cancelled.push(id),
                Effect::Copy(text) => self.copied.push(text),
                Effect::Suspend => self.suspended += 1,
                Effect::Quit(exit) => self.quit = Some(exit),
            }
        }
        self
    }

    pub(crate) fn told(mut self, msg: Msg) -> Self {
        let effects = self.app.update(msg);
        self.carry_out(effects)
    }

    /// Presses keys: characters, and named ones in angle brackets, `jj<enter>`. As a person does, after having
    /// seen what is there: what can be scrolled is known only then.
    pub(crate) fn press(self, keys: &str) -> Self {
        keys_of(keys).into_iter().fold(self, |wizard, key| {
            drawn(&wizard, USUAL);
            wizard.told(Msg::Key(key))
        })
    }

    pub(crate) fn paste(self, text: &str) -> Self {
        self.told(Msg::Paste(text.to_owned()))
    }

    /// The time since the start is so many milliseconds.
    pub(crate) fn at(self, millis: u64) -> Self {
        self.told(Msg::Tick(Duration::from_millis(millis)))
    }

    /// The id of the job that was started last.
    pub(crate) fn job(&self) -> JobId {
        self.started.last().unwrap().0
    }

    /// What the job that was started last is to do.
    pub(crate) fn request(&self) -> &Request {
        &self.started.last().unwrap().1
    }

    /// Answers the job that was started last.
    pub(crate) fn answer(self, event: Event) -> Self {
        let id = self.job();
        self.told(Msg::Job(id, event))
    }

    pub(crate) fn fail(self, report: Report) -> Self {
        self.answer(Event::Failed(Box::new(report)))
    }
}

/// The way through the wizard, a step each.
impl Wizard {
    pub(crate) fn checked(self, checkout: Checkout) -> Self {
        self.answer(Event::Checked(Box::new(checkout)))
    }

    /// On the dashboard, as it opens before anything was asked.
    pub(crate) fn dashboard(self) -> Self {
        Self::opened_for(self.app.theme(), Opening::Dashboard(Box::new(world::glanced())))
    }

    /// The same, with Cargo and project looked at.
    pub(crate) fn dashboard_of(self, checkout: Checkout) -> Self {
        let wizard = self.dashboard();
        let check = wizard.started.iter().find(|(_, request)| *request == Request::Check).unwrap().0;
        wizard.told(Msg::Job(check, Event::Checked(Box::new(checkout))))
    }

    /// On the dashboard of a checkout, as the files and then Cargo tell of it.
    pub(crate) fn dashboard_on(self, glanced: Checkout, checkout: Checkout) -> Self {
        let wizard = Self::opened_for(self.app.theme(), Opening::Dashboard(Box::new(glanced)));
        wizard.answer_to(|request| *request == Request::Check, Event::Checked(Box::new(checkout)))
    }

    /// The credential that Cargo has is found, or none.
    pub(crate) fn stored(self, credential: Option<Credential>) -> Self {
        self.kept(credential.map(|credential| Stored { credential, login: None }))
    }

    /// The same, with what is known of the sign-in that it is of.
    pub(crate) fn kept(self, stored: Option<Stored>) -> Self {
        self.answer_to(
            |request| matches!(request, Request::StoredCredential(_)),
            Event::StoredCredential(stored),
        )
    }

    /// The same, with what can be switched to.
    pub(crate) fn with_switches(self) -> Self {
        self.dashboard_of(world::looked_at()).answer(Event::Switches(switch::switches()))
    }

    /// Answers the last job that was started for something like it.
    pub(crate) fn answer_to(self, is_it: impl Fn(&Request) -> bool, event: Event) -> Self {
        let id = self.started.iter().rev().find(|(_, request)| is_it(request)).unwrap().0;
        self.told(Msg::Job(id, event))
    }

    /// The same, with the feeds of the organization.
    pub(crate) fn dashboard_with(self, feeds: Vec<Feed>) -> Self {
        let credential = Credential::Pat(Secret::new(world::TOKEN));
        let wizard = self.dashboard_of(world::looked_at());
        wizard.stored(Some(credential)).answer(Event::Feeds(feeds))
    }

    /// In a project without a feed, with an organization accepted.
    pub(crate) fn at_sign_in(self) -> Self {
        self.checked(world::checkout()).press("<enter>")
    }

    /// A token is typed and accepted; the next step has begun.
    pub(crate) fn signed_in(self) -> Self {
        self.press("<enter>").paste(world::TOKEN).press("<enter>").answer(world::signed_in())
    }

    /// Somebody has signed in to Entra.
    pub(crate) fn signed_in_with_entra(self) -> Self {
        self.press("<enter>").paste(world::TOKEN).press("<enter>").answer(world::signed_in_with_entra())
    }

    /// At Log in with an Entra sign-in, and with that store.
    pub(crate) fn at_log_in_with_entra(self, store: TokenStore) -> Self {
        let wizard = self.at_sign_in().signed_in_with_entra().answer(Event::Feeds(world::feeds()));
        let wizard = wizard.press("<enter>").reviewed(|plan| world::review(SetupPlan { store, ..plan }));
        wizard.agree().answer(world::applied())
    }

    /// The list of these feeds has arrived.
    pub(crate) fn with_feeds(self, feeds: Vec<Feed>) -> Self {
        self.at_sign_in().signed_in().answer(Event::Feeds(feeds))
    }

    /// At the form, for the first feed.
    pub(crate) fn at_config(self) -> Self {
        self.with_feeds(world::feeds()).press("<enter>")
    }

    /// The form is filled in, and the difference is there.
    pub(crate) fn reviewed(self, review: impl FnOnce(SetupPlan) -> Review) -> Self {
        self.press("<enter>").reviewed_by(review)
    }

    /// The difference that was asked for is there.
    pub(crate) fn reviewed_by(self, review: impl FnOnce(SetupPlan) -> Review) -> Self {
        let Request::Review(plan) = self.request() else { panic!("no review was asked for") };
        let review = review(plan.clone());
        self.answer(Event::Reviewed(review))
    }

    /// Reads the difference to its end, and agrees to it.
    pub(crate) fn agree(self) -> Self {
        self.press("<pagedown><pagedown><pagedown><enter>")
    }

    pub(crate) fn at_log_in(self) -> Self {
        self.at_config().reviewed(world::review).agree().answer(world::applied())
    }

    /// The feed has accepted the credential, and `cargo fetch` has been started.
    pub(crate) fn at_restore(self) -> Self {
        self.at_log_in().press("<enter>").answer(world::logged_in())
    }

    /// `cargo fetch` tells these things, a tenth of a second apart.
    pub(crate) fn fetching(self, events: Vec<FetchEvent>) -> Self {
        let id = self.job();
        events.into_iter().zip(1..).fold(self, |wizard, (event, tenth)| {
            let at = Duration::from_millis(tenth * 100);
            wizard.told(Msg::Job(id, Event::Fetch { at, event }))
        })
    }

    pub(crate) fn ended(self, end: FetchEnd, report: Option<Report>) -> Self {
        let at = Duration::from_secs(7);
        self.answer(Event::FetchEnded { at, end, report: report.map(Box::new) })
    }

    pub(crate) fn at_done(self) -> Self {
        self.at_restore().fetching(world::fetch()).ended(FetchEnd::Done, None).press("<enter>")
    }

    pub(crate) fn with_cache(self, folders: Vec<CacheFolder>) -> Self {
        self.at_done().answer(Event::Cache(folders))
    }
}

fn keys_of(text: &str) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (key, length) = match rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
            Some((name, _)) => (named(name), name.len() + 2),
            None => (Key::Char(first), first.len_utf8()),
        };
        keys.push(key);
        rest = &rest[length..];
    }
    keys
}

fn named(name: &str) -> Key {
    match name {
        "enter" => Key::Enter,
        "esc" => Key::Esc,
        "space" => Key::Char(' '),
        "tab" => Key::Tab,
        "s-tab" => Key::BackTab,
        "up" => Key::Up,
        "down" => Key::Down,
        "left" => Key::Left,
        "right" => Key::Right,
        "home" => Key::Home,
        "end" => Key::End,
        "pageup" => Key::PageUp,
        "pagedown" => Key::PageDown,
        "backspace" => Key::Backspace,
        "delete" => Key::Delete,
        "f1" => Key::F1,
        "c-c" => Key::Ctrl('c'),
        "c-z" => Key::Ctrl('z'),
        "c-u" => Key::Ctrl('u'),
        _ => panic!("no key is named `<{name}>`"),
    }
}
