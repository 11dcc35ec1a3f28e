//! The whole wizard as a value: `update` takes a message and says what to do; its `view` is a file of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::text;
use crate::domain::waiting::Waiting;
use crate::error::Exit;
use crate::task::{Event, JobId, Request};

use super::header::Header;
use super::keymap::{Action, Key, Offer, SCROLLS, action_of};
use super::msg::{Act, Effect, Msg, Question};
use super::screen::{Screens, done};
use super::session::{Opening, Session, Step, StepState};
use super::theme::Theme;
use super::widget::overflow::Overflow;
use super::widget::scroll::Scroll;

mod dashboard;
mod keeping;
mod view;

/// Something above the screen that takes the keys first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Modal {
    Help,
    Ask(Question),
}

/// A job that runs: whose it is, and what it was asked for.
#[derive(Debug)]
struct Job {
    owner: Step,
    request: Request,
}

/// The wizard.
#[derive(Debug)]
pub struct App {
    theme: Theme,
    now: Duration,
    /// The time of day, in seconds since 1970 (UTC), once it was told.
    time: Option<u64>,
    session: Box<Session>,
    screens: Screens,
    here: Step,
    modal: Option<Modal>,
    help_scroll: Scroll,
    /// Of the page that is shown, where it is longer than the screen.
    overflow: Overflow,
    /// One line above the keys, until the next key.
    notice: Option<String>,
    next_job: u64,
    jobs: BTreeMap<JobId, Job>,
    /// Jobs whose answers are late, why, and since when.
    waits: BTreeMap<JobId, (Waiting, Duration)>,
    /// The exit code to leave with as soon as nothing runs any more.
    leaving: Option<Exit>,
    keeping: keeping::Keeping,
}

impl App {
    /// The wizard before its first message, and what to start at once.
    #[must_use]
    pub fn new(theme: Theme, opening: Opening) -> (Self, Vec<Effect>) {
        let (opening, checkout) = match opening {
            Opening::Dashboard(checkout) => (Opening::Wizard, Some(*checkout)),
            opening => (opening, None),
        };
        let mut app = Self {
            theme,
            now: Duration::ZERO,
            time: None,
            session: Box::new(Session { opening, checkout, ..Session::default() }),
            screens: Screens::default(),
            here: Step::Check,
            modal: None,
            help_scroll: Scroll::default(),
            overflow: Overflow::default(),
            notice: None,
            next_job: 1,
            jobs: BTreeMap::new(),
            waits: BTreeMap::new(),
            leaving: None,
            keeping: keeping::Keeping::default(),
        };
        let effects = match &app.session.checkout {
            Some(_) => app.open_dashboard(),
            None => app.show(Step::Check),
        };
        (app, effects)
    }

    #[must_use]
    pub fn theme(&self) -> Theme {
        self.theme
    }

    #[must_use]
    pub fn step(&self) -> Step {
        self.here
    }

    /// Whether time must come in, because something on the screen moves by itself.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.screens.of(self.here).moves() || self.waits_for_check()
    }

    /// Whether something on the screen changes with the time of day.
    #[must_use]
    pub fn tells_time(&self) -> bool {
        Header::of(&self.session).tells_time()
    }

    /// Whether it only waits for jobs to end.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        self.leaving.is_some()
    }

    /// The lines that stay on the normal screen afterwards.
    #[must_use]
    pub fn summary(&self) -> Vec<String> {
        let unfinished = self.session.unfinished.iter().cloned();
        unfinished.chain(done::summary(&self.session)).collect()
    }

    /// Takes one message. Never blocks, never reads a clock.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Key(key) => {
                let mut effects = self.key(key);
                effects.extend(self.keep_answers());
                effects
            }
            Msg::Paste(pasted) => {
                if self.modal.is_none() {
                    self.overflow.follow();
                    self.screens.of_mut(self.here).paste(&pasted, &mut self.session);
                }
                Vec::new()
            }
            Msg::Resize(..) => Vec::new(),
            Msg::Job(id, event) => self.job(id, event),
            Msg::Tick(now) => {
                self.now = now;
                let acts = self.screens.of_mut(self.here).tick(now, &self.session);
                self.apply(self.here, acts)
            }
            Msg::Clock(time) => {
                self.time = Some(time);
                Vec::new()
            }
            Msg::Stop => self.leave(Exit::Interrupted),
        }
    }

    fn key(&mut self, key: Key) -> Vec<Effect> {
        self.notice = None;
        let in_field = self.modal.is_none() && self.screens.of(self.here).in_field();
        let action = action_of(key, in_field);
        match action {
            Some(Action::Interrupt) => return self.leave(Exit::Interrupted),
            Some(Action::Suspend) => return vec![Effect::Suspend],
            _ => {}
        }
        if let Some(modal) = self.modal {
            return self.modal_key(modal, action);
        }
        match action {
            None if in_field => {
                self.overflow.follow();
                self.screens.of_mut(self.here).edit(key, &mut self.session);
                Vec::new()
            }
            None => Vec::new(),
            Some(Action::Help) => {
                self.modal = Some(Modal::Help);
                self.help_scroll = Scroll::default();
                Vec::new()
            }
            Some(Action::Quit) => self.quit(),
            Some(Action::Back) => self.back(),
            Some(action @ (Action::NextField | Action::PreviousField)) if self.session.dashboard.is_shown => {
                self.turn_tab(action)
            }
            Some(Action::Accept) if self.reads_on() => {
                self.overflow.act(Action::PageDown);
                Vec::new()
            }
            Some(action) if self.screen_offers().iter().any(|offer| offer.action == action) => {
                self.overflow.follow();
                let acts = self.screens.of_mut(self.here).act(action, &mut self.session);
                self.apply(self.here, acts)
            }
            Some(action) => {
                if self.offers().iter().any(|offer| offer.action == action) {
                    self.overflow.act(action);
                } else {
                    self.notice = self.screens.of(self.here).why_not(action);
                }
                Vec::new()
            }
        }
    }

    fn modal_key(&mut self, modal: Modal, action: Option<Action>) -> Vec<Effect> {
        match (modal, action) {
            (_, Some(Action::Back)) | (Modal::Help, Some(Action::Help | Action::Accept | Action::Quit)) => {
                self.modal = None;
                Vec::new()
            }
            (Modal::Ask(question), Some(Action::Accept)) => {
                self.modal = None;
                match question {
                    Question::CancelFetch => self.cancel_fetch(),
                    Question::LeaveWhileFetching => self.leave(Exit::Interrupted),
                }
            }
            (Modal::Help, Some(action)) => {
                self.help_scroll.act(action);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn back(&mut self) -> Vec<Effect> {
        if let Some(acts) = self.screens.of_mut(self.here).close(&mut self.session) {
            return self.apply(self.here, acts);
        }
        self.apply(self.here, vec![Act::Back])
    }

    fn quit(&mut self) -> Vec<Effect> {
        if self.is_fetching() {
            self.modal = Some(Modal::Ask(Question::LeaveWhileFetching));
            return Vec::new();
        }
        let failed = [Step::Restore, Step::Check].into_iter().find_map(|step| self.screens.of(step).exit());
        self.leave(failed.unwrap_or(Exit::Done))
    }

    /// Cancels everything and leaves when it has ended; asked again, at once.
    fn leave(&mut self, exit: Exit) -> Vec<Effect> {
        if self.leaving.is_some() || !self.must_end() {
            return vec![Effect::Quit(exit)];
        }
        self.leaving = Some(exit);
        let changing = self.jobs.iter().filter(|(_, job)| self.screens.of(job.owner).must_end());
        let mut effects: Vec<Effect> = changing.map(|(id, _)| Effect::Cancel(*id)).collect();
        if self.is_fetching() {
            effects.extend(self.cancel_fetch());
        }
        effects
    }

    /// Whether something runs that must not be left alone: a fetch, a request that changes something, or answers that
    /// are being kept.
    fn must_end(&self) -> bool {
        self.is_keeping()
            || self.is_fetching()
            || self.jobs.values().any(|job| self.screens.of(job.owner).must_end())
    }

    fn is_fetching(&self) -> bool {
        self.jobs.values().any(|job| job.owner == Step::Restore)
    }

    fn cancel_fetch(&mut self) -> Vec<Effect> {
        self.screens.of_mut(Step::Restore).cancelling();
        self.jobs_of(Step::Restore).map(Effect::Cancel).collect()
    }

    /// An event of a job. Late answers for something that is gone have an id nobody owns any more.
    fn job(&mut self, id: JobId, event: Event) -> Vec<Effect> {
        if self.has_kept(id) {
            return self.keep_or_end();
        }
        let Some(owner) = self.jobs.get(&id).map(|job| job.owner) else { return Vec::new() };
        if let Event::Waiting(waiting) = event {
            self.waits.insert(id, (waiting, self.now));
            return Vec::new();
        }
        let is_last = event.is_last();
        if is_last {
            self.waits.remove(&id);
        }
        if owner == self.here && matches!(event, Event::Failed(_)) {
            self.overflow.show_report();
        }
        let ended = if is_last { self.jobs.remove(&id) } else { None };
        let Some(job) = ended.as_ref().or_else(|| self.jobs.get(&id)) else { return Vec::new() };
        let acts = self.screens.of_mut(owner).answered((&job.request, event), &mut self.session);
        let mut effects = self.apply(owner, acts);
        effects.extend(self.take_check(owner));
        if !self.is_fetching() {
            // What was asked about has ended by itself.
            self.modal = self.modal.filter(|modal| *modal == Modal::Help);
        }
        if is_last {
            effects.extend(self.keep_or_end());
        }
        effects
    }

    /// What follows from the end of a job, whatever it was.
    fn keep_or_end(&mut self) -> Vec<Effect> {
        let mut effects = self.keep_answers();
        effects.extend(self.leaving.filter(|_| !self.must_end()).map(Effect::Quit));
        effects
    }

    /// Carries out what a screen wants. A screen that is not shown any more cannot move the person.
    fn apply(&mut self, from: Step, acts: Vec<Act>) -> Vec<Effect> {
        let mut effects = Vec::new();
        for act in acts {
            match act {
                act if self.leaving.is_some() && begins_something(&act) => {}
                Act::Start(request) => effects.push(self.start(from, request)),
                Act::Look => {
                    for tab in Step::TABS {
                        self.screens.of_mut(tab).outdate(&mut self.session);
                    }
                    effects.extend(self.look_again());
                }
                Act::Cancel => effects.extend(self.forget_jobs(from)),
                Act::Stop => effects.extend(self.jobs_of(from).map(Effect::Cancel)),
                Act::Go(step) if from == self.here => effects.extend(self.show(step)),
                Act::Back if from == self.here => effects.extend(self.step_back()),
                Act::Go(_) | Act::Back => {}
                Act::Ask(question) => self.modal = Some(Modal::Ask(question)),
                Act::Copy(copied) => effects.push(Effect::Copy(text::clean(&copied))),
                Act::Say(line) => self.notice = Some(line),
                Act::Quit => effects.extend(self.quit()),
            }
        }
        effects
    }

    fn step_back(&mut self) -> Vec<Effect> {
        let Some(step) = self.step_before() else { return Vec::new() };
        let mut effects = self.forget_jobs(self.here);
        let tab = self.session.dashboard.behind(self.here);
        effects.extend(if tab.is_some() { self.back_to_tab(step) } else { self.show(step) });
        effects
    }

    fn step_before(&self) -> Option<Step> {
        if self.session.dashboard.is_shown {
            return None;
        }
        if let Some(tab) = self.session.dashboard.behind(self.here) {
            return Some(tab);
        }
        let mut step = self.here.previous()?;
        while self.session.state_of(step) == StepState::Skipped {
            step = step.previous()?;
        }
        Some(step)
    }

    fn show(&mut self, step: Step) -> Vec<Effect> {
        let mut effects = self.turn_to(step);
        self.here = step;
        self.overflow.follow();
        let acts = self.screens.of_mut(step).enter(&mut self.session);
        effects.extend(self.apply(step, acts));
        effects
    }

    fn start(&mut self, owner: Step, request: Request) -> Effect {
        let id = JobId(self.next_job);
        self.next_job += 1;
        self.jobs.insert(id, Job { owner, request: request.clone() });
        Effect::Start(id, request)
    }

    /// Cancels a screen's jobs and ignores what they still say.
    fn forget_jobs(&mut self, owner: Step) -> Vec<Effect> {
        let ids: Vec<JobId> = self.jobs_of(owner).collect();
        ids.into_iter()
            .map(|id| {
                self.jobs.remove(&id);
                self.waits.remove(&id);
                Effect::Cancel(id)
            })
            .collect()
    }

    fn jobs_of(&self, owner: Step) -> impl Iterator<Item = JobId> {
        self.jobs.iter().filter(move |(_, job)| job.owner == owner).map(|(id, _)| *id)
    }

    /// Whether there is more to be seen before anything is agreed to.
    fn reads_on(&self) -> bool {
        self.screens.of(self.here).must_be_read() && self.overflow.below() > 0
    }

    fn screen_offers(&self) -> Vec<Offer> {
        self.screens.of(self.here).offers(&self.session)
    }

    /// What the screen offers, and scrolling where its page is longer than the place for it.
    fn offers(&self) -> Vec<Offer> {
        let mut offers = self.screen_offers();
        if self.reads_on() {
            for accept in offers.iter_mut().filter(|offer| offer.action == Action::Accept) {
                accept.verb = "read on";
            }
        }
        if self.session.dashboard.is_shown {
            dashboard::offer_tabs(&mut offers);
        }
        if self.overflow.has_more() {
            let taken = |scroll: &Offer| offers.iter().any(|offer| offer.action == scroll.action);
            let free: Vec<Offer> = SCROLLS.into_iter().filter(|scroll| !taken(scroll)).collect();
            offers.extend(free);
        }
        offers
    }
}

/// On the way out nothing new begins, but for the rest of what was agreed to.
fn begins_something(act: &Act) -> bool {
    match act {
        Act::Start(request) => !matches!(request, Request::Apply(_)),
        Act::Go(_) | Act::Back => true,
        _ => false,
    }
}
