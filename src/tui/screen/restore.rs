//! Restore: the live table of `cargo fetch`.

mod before;
mod head;
mod rows;
mod words;

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::credential::TokenStore;
use crate::domain::organization::Base;
use crate::domain::package::CrateId;
use crate::domain::plan::{ConfigScope, SetupPlan};
use crate::domain::progress::{FetchEnd, FetchEvent, FetchTable};
use crate::domain::text;
use crate::error::{Exit, Report};
use crate::task::{self, Event, Forced, LoggedIn, Request};

use super::super::keymap::{Action, Key, MOVES, Offer, SCROLLS, offer};
use super::super::layout::{below, top};
use super::super::msg::{Act, Question};
use super::super::session::{Opening, Session, Step};
use super::super::widget::above::Above;
use super::super::widget::field::Field;
use super::super::widget::filter;
use super::super::widget::list_window::ListWindow;
use super::super::widget::page::Page;
use super::super::widget::table::Table;
use super::{Look, Panel};
use before::ready;
use rows::{Order, cells};
use words::Words;

/// To the step before; there is none before a tab.
const BACK: &str = "back";

#[derive(Debug, Default)]
pub(super) struct Restore {
    running: bool,
    /// Cancelling takes as long as Cargo and the clean-up take.
    cancelling: bool,
    table: FetchTable,
    report: Option<Box<Report>>,
    /// What the run hangs on, as it was when it began.
    ran_with: Settled,
    /// When the run began, as the ticks tell it.
    began: Option<Duration>,
    order: Order,
    /// Whether rows have changed since they were sorted: that waits for the next frame.
    unsorted: bool,
    /// Positions in the table, sorted and filtered.
    shown: Vec<usize>,
    selected: Option<CrateId>,
    window: ListWindow,
    filter: Option<Field>,
    filtering: bool,
    /// Whether Cargo's own words stand in place of the table.
    wordy: bool,
    words: Words,
    /// The head, where it is longer than its place.
    above: Above,
    /// The question that comes before the run.
    question: Option<before::Question>,
    /// The address that the run goes by in place of the configured one.
    forced: Option<Forced>,
    /// The organization that it began with: what is renewed on the way belongs to it.
    of: Option<Base>,
    /// How many crates were there when the credential ran out and was renewed.
    renewed: Option<usize>,
}

/// The plan that was written and the credential that was proved for it.
type Settled = (Option<SetupPlan>, Option<LoggedIn>);

fn settled(session: &Session) -> Settled {
    let plan = session.plan.clone().filter(|plan| plan.scope != ConfigScope::AsItIs);
    (plan, session.logged_in.clone())
}

impl Restore {
    fn start(&mut self, session: &mut Session) -> Vec<Act> {
        let filter = self.filter.take();
        let ran_with = settled(session);
        let (order, wordy) = (self.order, self.wordy);
        let of = session.base();
        *self = Self { running: true, ran_with, order, filter, wordy, of, ..Self::default() };
        session.fetched = None;
        session.unfinished =
            vec!["cargo fetch was ended on its way; crates that had arrived are kept".to_owned()];
        let credential = match (&session.plan, &session.credential) {
            (Some(plan), Some(credential)) if plan.store == TokenStore::ThisRunOnly => {
                Some((plan.registry.clone(), credential.clone()))
            }
            _ => None,
        };
        let again = std::mem::take(&mut session.fetch_again);
        let locked = again || matches!(session.opening, Opening::Fetch { locked: true, .. });
        let force_auth = before::force_auth(session);
        vec![Act::Start(Request::Restore(task::Restore { locked, force_auth, credential }))]
    }

    fn sort(&mut self) {
        self.unsorted = false;
        let rows = self.table.rows();
        let query = self.filter.as_ref().map_or("", Field::text);
        self.shown = filter::matching(query, rows.iter().map(|row| row.id.name.as_str()));
        self.order.sort(rows, &mut self.shown);
        let place = self.selected.as_ref().and_then(|id| self.shown.iter().position(|i| rows[*i].id == *id));
        match place {
            Some(place) => self.window.follow(place),
            // Nobody has chosen a row yet.
            None if self.selected.is_none() => self.window.select(0),
            None => self.window.clamp(self.shown.len()),
        }
    }

    /// The row that somebody has chosen stays chosen, wherever it goes.
    fn sorted_by(&self) -> String {
        let by = format!("sorted by {}", self.order.label());
        match self.selected.as_ref().filter(|_| self.window.selected() > 0) {
            Some(id) => format!("{by}; still on {id}, g shows the first"),
            None => by,
        }
    }

    fn remember_selection(&mut self) {
        let row = self.shown.get(self.window.selected()).and_then(|index| self.table.rows().get(*index));
        self.selected = row.map(|row| row.id.clone());
    }

    fn ended(&mut self, session: &mut Session, report: Option<Box<Report>>) {
        self.running = false;
        self.cancelling = false;
        self.report = report;
        session.cache_changed = true;
        if self.table.end == Some(FetchEnd::Done) {
            session.fetched = Some(self.table.tally());
        }
        session.unfinished = self.unfinished().iter().map(|line| text::clean(line)).collect();
        self.sort();
    }

    /// Nothing was run yet.
    fn is_ready(&self) -> bool {
        !self.running && self.table.end.is_none()
    }

    /// Whether signing in is what mends the failure.
    fn needs_sign_in(&self, session: &Session) -> bool {
        session.target.is_some() && self.report.as_ref().is_some_and(|report| report.exit == Exit::SignIn)
    }

    /// What `Esc` does now.
    fn back(&self) -> Option<&'static str> {
        match self {
            Self { wordy: true, .. } => Some("close"),
            Self { filter: Some(_), .. } => Some("clear the filter"),
            Self { cancelling: true, .. } => None,
            Self { running: true, .. } => Some("cancel"),
            _ => Some(BACK),
        }
    }

    /// Whether something stands below the head: not where all there is to say is why it failed.
    fn has_body(&self) -> bool {
        self.wordy || self.running || self.report.is_none() || !self.table.rows().is_empty()
    }

    fn is_done(&self) -> bool {
        self.table.end == Some(FetchEnd::Done)
    }
}

impl Panel for Restore {
    fn enter(&mut self, session: &mut Session) -> Vec<Act> {
        // Whoever comes here by the wizard has just agreed to go on; who starts here has not.
        let asked_for = session.logged_in.is_some()
            || session.anonymous
            || matches!(session.opening, Opening::Fetch { .. });
        let asked_for = asked_for && !session.dashboard.is_shown;
        if session.fetch_again && !self.running && before::hindrance(session).is_none() {
            return self.start(session);
        }
        let is_current = self.ran_with == settled(session);
        if self.running || (self.is_done() && is_current) {
            return Vec::new();
        }
        if !is_current {
            *self =
                Self { order: self.order, filter: self.filter.take(), wordy: self.wordy, ..Self::default() };
        }
        self.question = before::Question::of(session).filter(|_| asked_for);
        if asked_for && self.question.is_none() {
            return self.start(session);
        }
        Vec::new()
    }

    fn offers(&self, session: &Session) -> Vec<Offer> {
        if self.filtering {
            return vec![offer(Action::Accept, "keep the filter"), offer(Action::Back, "clear")];
        }
        if self.is_ready() {
            return before::offers(self.question, session);
        }
        let mut offers = Vec::new();
        if self.is_done() && !session.dashboard.is_shown {
            offers.push(offer(Action::Accept, "go on"));
        } else if self.needs_sign_in(session) {
            offers.push(offer(Action::Accept, "sign in"));
        }
        if !self.running {
            offers.push(offer(Action::RunAgain, "run again"));
        }
        offers.push(offer(Action::Details, if self.wordy { "the table" } else { "Cargo's words" }));
        if !self.wordy && !self.table.rows().is_empty() {
            offers.extend([offer(Action::Sort, "sort"), offer(Action::Filter, "filter")]);
        }
        let back = self.back().filter(|verb| *verb != BACK || !session.dashboard.is_shown);
        offers.extend(back.map(|verb| offer(Action::Back, verb)));
        offers.extend([offer(Action::Help, "help"), offer(Action::Quit, "leave")]);
        if self.has_body() {
            offers.extend(self.above.offer());
        }
        if self.above.is_read() {
            // The page scrolls.
        } else if self.wordy && self.words.has_more() {
            offers.extend(SCROLLS);
        } else if !self.wordy && self.shown.len() > 1 {
            offers.extend(MOVES);
        }
        offers
    }

    fn act(&mut self, action: Action, session: &mut Session) -> Vec<Act> {
        match action {
            Action::Accept if self.filtering => self.filtering = false,
            Action::Accept if self.is_done() && !session.dashboard.is_shown => {
                return vec![Act::Go(Step::Done)];
            }
            Action::Accept if self.is_ready() && before::hindrance(session).is_none() => {
                before::answer(self.question, session);
                return self.start(session);
            }
            Action::Up | Action::Down if self.is_ready() => {
                self.question = self.question.map(|_| before::Question { yes: action == Action::Up });
            }
            Action::Accept if self.needs_sign_in(session) => {
                *self = Self { order: self.order, ..Self::default() };
                return vec![Act::Go(Step::SignIn)];
            }
            Action::RunAgain if !self.running => return self.start(session),
            Action::Toggle => self.above.turn(),
            Action::Details => {
                self.wordy = !self.wordy;
                self.above = Above::default();
            }
            Action::Sort => {
                self.order = self.order.next();
                self.sort();
                return vec![Act::Say(self.sorted_by())];
            }
            Action::Filter => {
                self.filter.get_or_insert_with(Field::default);
                self.filtering = true;
            }
            action if self.wordy => self.words.act(action),
            action => {
                if self.window.act(action, self.shown.len()) {
                    self.remember_selection();
                }
            }
        }
        Vec::new()
    }

    fn close(&mut self, _session: &mut Session) -> Option<Vec<Act>> {
        if self.wordy {
            self.wordy = false;
            return Some(Vec::new());
        }
        if self.filter.is_some() {
            self.filter = None;
            self.filtering = false;
            self.sort();
            return Some(Vec::new());
        }
        if self.cancelling {
            return Some(Vec::new());
        }
        self.running.then(|| vec![Act::Ask(Question::CancelFetch)])
    }

    fn in_field(&self) -> bool {
        self.filtering
    }

    fn edit(&mut self, key: Key, _session: &mut Session) {
        if self.filter.as_mut().is_some_and(|field| field.key(key)) {
            self.sort();
        }
    }

    fn paste(&mut self, pasted: &str, _session: &mut Session) {
        if self.filtering
            && let Some(field) = &mut self.filter
        {
            field.paste(pasted);
            self.sort();
        }
    }

    fn event(&mut self, event: Event, session: &mut Session) -> Vec<Act> {
        match event {
            Event::Fetch { at, event } => {
                let is_new = matches!(event, FetchEvent::Planned(_));
                self.unsorted |= self.order.is_changed_by(&event);
                self.table.apply(at, event);
                if is_new {
                    self.sort();
                }
            }
            Event::Forced(forced) => self.forced = Some(forced),
            Event::Renewed { renewed, .. } => {
                let tally = self.table.tally();
                self.renewed = Some(tally.cached + tally.stored);
                // The one before is good for nothing any more, unless another organization is at hand meanwhile.
                if self.of == session.base() {
                    session.credential = renewed.credential.or(session.credential.take());
                }
            }
            Event::FetchEnded { at, end, report } => {
                self.table.finish(at, end);
                self.ended(session, report);
            }
            Event::Failed(report) => {
                self.table.finish(self.table.elapsed, FetchEnd::Failed { at: None });
                self.ended(session, Some(report));
            }
            Event::Cancelled => {
                self.table.finish(self.table.elapsed, FetchEnd::Cancelled { removed: Vec::new() });
                self.ended(session, None);
            }
            _ => {}
        }
        Vec::new()
    }

    fn cancelling(&mut self) {
        self.cancelling = self.running;
    }

    /// Cargo may say nothing for a while; the clock goes on.
    fn tick(&mut self, now: Duration, _session: &Session) -> Vec<Act> {
        if self.unsorted {
            self.sort();
        }
        if self.running {
            let began = *self.began.get_or_insert(now.saturating_sub(self.table.elapsed));
            self.table.elapsed = self.table.elapsed.max(now.saturating_sub(began));
        }
        Vec::new()
    }

    fn outdate(&mut self, session: &mut Session) {
        if !self.running && self.failed() {
            session.unfinished.clear();
            *self =
                Self { order: self.order, filter: self.filter.take(), wordy: self.wordy, ..Self::default() };
        }
    }

    fn moves(&self) -> bool {
        self.running
    }

    fn failed(&self) -> bool {
        self.report.is_some()
            || matches!(self.table.end, Some(FetchEnd::Cancelled { .. } | FetchEnd::Failed { .. }))
    }

    fn exit(&self) -> Option<Exit> {
        match self.table.end {
            Some(FetchEnd::Failed { .. }) => {
                Some(self.report.as_ref().map_or(Exit::Cargo, |report| report.exit))
            }
            _ => None,
        }
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, look: &Look, session: &Session) {
        let mut page = Page::new(look.theme, area.width);
        if self.is_ready() {
            match self.question {
                Some(question) => question.show(&mut page),
                None => ready(&mut page, look, session),
            }
            page.draw(frame, area);
            return;
        }
        self.head(&mut page, look, session);
        if let Some(field) = &self.filter {
            let total = text::grouped(self.table.rows().len());
            page.field(&format!("{} of {total}", text::grouped(self.shown.len())), field, self.filtering);
        }
        if !self.has_body() {
            look.page(frame, area, page);
            return;
        }
        let room = area.height.saturating_sub(4).max(1);
        let rows = if self.filtering {
            let rows = page.len().min(room);
            page.draw(frame, top(area, rows));
            rows
        } else {
            let Some(rows) = self.above.draw(frame, (area, room), (look.theme, look.overflow, page)) else {
                return;
            };
            rows
        };
        let body = below(area, rows + 1);
        if self.wordy {
            self.words.draw(frame, body, (look.theme, &self.table.lines, self.running));
        } else {
            self.show_table(frame, body, look);
        }
    }
}

impl Restore {
    fn show_table(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        if self.shown.is_empty() {
            let mut page = Page::new(look.theme, area.width);
            page.quiet(match (self.table.rows().is_empty(), self.running) {
                (false, _) => "No crate matches. Esc clears the filter.",
                (true, true) => "The list of crates comes with the lock file.",
                (true, false) => "No crates.",
            });
            page.draw(frame, area);
            return;
        }
        let table = Table {
            theme: look.theme,
            columns: &self.order.columns(),
            sorted: Some(self.order.sorted()),
            window: &self.window,
            length: self.shown.len(),
            focused: !self.filtering,
        };
        table.draw(frame, area, |row| {
            let row = self.shown.get(row).and_then(|index| self.table.rows().get(*index));
            row.map(|row| cells(row, look.theme)).unwrap_or_default()
        });
    }
}
