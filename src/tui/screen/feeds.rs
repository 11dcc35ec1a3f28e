//! The Feeds tab: where Cargo could take its crates from, where it does, and the switch from one to another.

mod change;
mod details;
mod list;
mod organization;
mod rows;

use std::collections::HashMap;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::feed::{Feed, FeedDetails};
use crate::domain::organization::Collection;
use crate::error::Report;
use crate::task::feeds::DetailsOf;
use crate::task::switching::{SwitchWish, Switchable, Wanted};
use crate::task::{Event, Inspect, Request};

use super::super::keymap::{Action, Key, MOVES, Offer, offer};
use super::super::layout::{below, top};
use super::super::msg::Act;
use super::super::session::{Session, Step};
use super::super::widget::field::Field;
use super::super::widget::filter;
use super::super::widget::list_window::ListWindow;
use super::super::widget::page::Page;
use super::super::widget::scroll::Scroll;
use super::{Look, Panel};
use change::{Change, Known, Wish};
use details::Details;
use organization::{Listing, Organization};
use rows::Row;

/// Lines about the row under the cursor, and the empty one before them.
const ABOUT: u16 = 4;

/// Where reading the files stands. One reading at a time: an older one that ends later would bring back what was.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Reading {
    #[default]
    Not,
    Reads,
    /// They have changed since it began.
    Again,
}

#[derive(Debug, Default)]
pub(super) struct Feeds {
    rows: Vec<Row>,
    /// Positions in the rows that the filter leaves.
    shown: Vec<usize>,
    window: ListWindow,
    filter: Option<Field>,
    filtering: bool,
    /// What can be switched to, as files tell; `None`: as the first frame has it.
    known: Option<Vec<Switchable>>,
    reading: Reading,
    /// Why what can be switched to could not be read the last time.
    unread: Option<String>,
    organization: Organization,
    /// The rows by their keys, as they stood when something was changed: digits and places stay as they were seen.
    order: HashMap<String, usize>,
    change: Change,
    /// What was asked last, to be asked again where somebody has edited the file meanwhile.
    asked: Option<(Known, Request)>,
    scroll: Scroll,
    /// What was changed last, and what follows from it.
    done: Vec<String>,
    details: Option<Details>,
}

impl Feeds {
    /// Puts the rows together anew; the cursor stays on its row.
    fn collect(&mut self, session: &Session) {
        let before = self.selected().map(Row::key);
        self.rows =
            self.known.as_ref().map_or_else(|| rows::of_checkout(session), |list| rows::of_switchables(list));
        if let Some(organization) = self.organization.feeds() {
            rows::add(&mut self.rows, organization);
        }
        self.rows.sort_by_cached_key(|row| self.order.get(&row.key()).copied().unwrap_or(usize::MAX));
        self.refilter(before.as_deref());
    }

    fn refilter(&mut self, keep: Option<&str>) {
        let query = self.filter.as_ref().map_or("", Field::text);
        let names: Vec<String> = self.rows.iter().map(Row::searched).collect();
        self.shown = filter::matching(query, names.iter().map(String::as_str));
        let is_kept = |row: &Row| keep.map_or(row.in_force, |key| row.key() == key);
        let place = self.shown.iter().position(|index| is_kept(&self.rows[*index]));
        match place {
            Some(place) => self.window.select(place),
            None => self.window.clamp(self.shown.len()),
        }
    }

    fn row(&self, place: usize) -> Option<&Row> {
        self.rows.get(*self.shown.get(place)?)
    }

    fn selected(&self) -> Option<&Row> {
        self.row(self.window.selected())
    }

    /// Asks for what is still to be known of the organization.
    fn ask(&mut self, session: &Session) -> Vec<Act> {
        self.organization.ask(session).map(Act::Start).into_iter().collect()
    }

    /// Reads what can be switched to, once more where it is being read already.
    fn read(&mut self) -> Option<Act> {
        let is_first = self.reading == Reading::Not;
        self.reading = if is_first { Reading::Reads } else { Reading::Again };
        is_first.then_some(Act::Start(Request::Switches))
    }

    /// Takes what was read, and says what was changed once the list shows it.
    fn take_switches(&mut self, list: Vec<Switchable>) -> Option<Act> {
        if std::mem::take(&mut self.reading) == Reading::Again {
            return self.read();
        }
        self.known = Some(list);
        self.unread = None;
        self.end_change();
        None
    }

    fn end_change(&mut self) {
        if let Some(said) = self.change.take_made() {
            self.done = said;
        }
    }

    /// To a step that needs somebody who is signed in.
    fn open(session: &Session, step: Step) -> Vec<Act> {
        let has_way_in = session.credential.is_some() || session.anonymous;
        vec![Act::Go(match session.target {
            None => Step::Organization,
            Some(_) if has_way_in => step,
            Some(_) => Step::SignIn,
        })]
    }

    /// Asks what a switch to that row would change.
    fn plan(&mut self, place: usize, wish: Wish) -> Vec<Act> {
        let Some(row) = self.row(place).filter(|_| !self.change.is_busy()) else { return Vec::new() };
        let to = Wanted::Known(row.to(&self.rows));
        let known = Known { no_upstream: row.crates_io == Some(false) };
        self.window.select(place);
        self.ask_for(
            (wish, known),
            Request::PlanSwitch(SwitchWish { to, registry: None, overwrite_replacement: false }),
        )
    }

    fn ask_for(&mut self, (wish, known): (Wish, Known), request: Request) -> Vec<Act> {
        self.change = Change::Planning(wish, known);
        self.asked = Some((known, request.clone()));
        vec![Act::Start(request)]
    }

    fn plan_removal(&mut self) -> Vec<Act> {
        let name = self.selected().filter(|row| row.is_configured()).and_then(|row| row.registry.clone());
        let Some(name) = name.filter(|_| !self.change.is_busy()) else { return Vec::new() };
        self.ask_for((Wish::Look, Known::default()), Request::PlanRemoval(name.to_string()))
    }

    fn plan_undo(&mut self) -> Vec<Act> {
        if self.change.is_busy() {
            return Vec::new();
        }
        self.ask_for((Wish::AtOnce, Known::default()), Request::PlanUndo(None))
    }

    /// What a change is to be started with, or said where nothing is left to do.
    fn go_on(&mut self, next: Result<Option<Request>, String>) -> Vec<Act> {
        self.scroll = Scroll::default();
        match next {
            Ok(request) => request.map(Act::Start).into_iter().collect(),
            Err(words) => vec![Act::Say(words)],
        }
    }

    /// It was written: what is in force now is looked at again.
    fn made(&mut self, session: &mut Session) -> Vec<Act> {
        self.change.made();
        self.order = self.rows.iter().map(Row::key).zip(0..).collect();
        session.dashboard.is_checked = false;
        std::iter::once(Act::Look).chain(self.read()).collect()
    }

    fn open_details(&mut self, session: &Session) -> Vec<Act> {
        let Some(row) = self.selected() else { return Vec::new() };
        let mut acts = vec![Act::Start(Request::Inspect(Inspect::All))];
        let mut details = Details::default();
        let has_way_in = session.credential.is_some() || session.anonymous;
        let is_at_hand = |of: &Collection| has_way_in && session.base() == Some(of.base());
        let listed = self.organization.feeds().filter(|(of, _)| is_at_hand(of));
        if let (Some(feed), Some((collection, _))) = (&row.feed, listed) {
            details.asking = true;
            acts.push(Act::Start(Request::FeedDetails(Box::new(DetailsOf {
                collection: collection.clone(),
                credential: session.credential.clone(),
                account: session.account.clone(),
                feed: feed.clone(),
            }))));
        }
        self.details = Some(details);
        acts
    }

    /// Puts a failure where it belongs: what was asked for says whose it is.
    fn fail(&mut self, request: &Request, report: Box<Report>) {
        match request {
            Request::StoredCredential(of) | Request::Feeds { collection: of, .. } => {
                self.organization.fail(of, report);
            }
            Request::FeedDetails(of) => self.tell_details(&of.feed, Err(report.headline)),
            Request::Inspect(_) => {
                if let Some(details) = &mut self.details {
                    details.cache = Some(Err(report.headline));
                }
            }
            Request::Switches => {
                self.reading = Reading::Not;
                self.unread = Some(report.headline);
                self.end_change();
            }
            _ if self.change.is_busy() => {
                self.scroll = Scroll::default();
                self.change = Change::Failed(report);
            }
            _ => {}
        }
    }

    /// What the service tells about a feed, where it is still that one that is looked at.
    fn tell_details(&mut self, feed: &Feed, told: Result<FeedDetails, String>) {
        let is_shown = self.selected().and_then(|row| row.feed.as_ref()).is_some_and(|own| own.id == feed.id);
        if let Some(details) = self.details.as_mut().filter(|_| is_shown) {
            details.asking = false;
            match told {
                Ok(told) => details.told = Some(told),
                Err(why) => details.failed = Some(why),
            }
        }
    }

    fn own_offers(&self) -> Vec<Offer> {
        let mut offers = Vec::new();
        if let Some(row) = self.selected().filter(|_| !self.change.is_busy()) {
            offers.extend((!row.in_force).then(|| offer(Action::Accept, "switch")));
            offers.push(offer(Action::Details, "details"));
            offers.extend((!row.in_force).then(|| offer(Action::Preview, "difference")));
            offers.extend(row.is_configured().then(|| offer(Action::Remove, "remove")));
        }
        if !self.change.is_busy() {
            offers.push(offer(Action::Undo, "undo"));
        }
        offers.extend([
            offer(Action::Add, "another feed"),
            offer(Action::New, "new feed"),
            offer(Action::Filter, "filter"),
        ]);
        offers.extend(self.filter.is_some().then(|| offer(Action::Back, "clear the filter")));
        offers.extend([offer(Action::Help, "help"), offer(Action::Quit, "leave")]);
        if self.selected().is_some_and(|row| row.index.is_some()) {
            offers.push(offer(Action::Copy, "copy the index"));
        }
        if matches!(self.organization.listing, Listing::Listed | Listing::Failed(_)) {
            offers.push(offer(Action::RunAgain, "list again"));
        }
        if !self.change.is_busy() {
            let nth = (1..=9).zip(&self.shown).map(|(digit, _)| offer(Action::Nth(digit), "switch to it"));
            offers.extend(nth);
        }
        if self.shown.len() > 1 {
            offers.extend(MOVES);
        }
        offers
    }
}

impl Panel for Feeds {
    fn enter(&mut self, session: &mut Session) -> Vec<Act> {
        if std::mem::take(&mut session.making.stale) {
            self.organization.forget();
        }
        let mut acts = self.ask(session);
        if session.dashboard.is_checked {
            acts.extend(self.read());
        }
        self.collect(session);
        acts
    }

    fn offers(&self, _session: &Session) -> Vec<Offer> {
        if self.filtering {
            return vec![offer(Action::Accept, "keep the filter"), offer(Action::Back, "clear")];
        }
        if self.change.covers() {
            return self.change.offers(&self.scroll);
        }
        if self.details.is_some() {
            let mut offers = vec![offer(Action::Details, "the list"), offer(Action::Back, "close")];
            offers.extend([offer(Action::Help, "help"), offer(Action::Quit, "leave")]);
            return offers;
        }
        self.own_offers()
    }

    fn act(&mut self, action: Action, session: &mut Session) -> Vec<Act> {
        if self.change.covers() {
            return match action {
                Action::RunAgain => match self.asked.clone() {
                    Some((known, request)) => self.ask_for((Wish::Look, known), request),
                    None => Vec::new(),
                },
                Action::Accept if self.scroll.below() > 0 => {
                    self.scroll.act(Action::PageDown);
                    Vec::new()
                }
                Action::Accept => self.change.agree().map(Act::Start).into_iter().collect(),
                action => {
                    self.scroll.act(action);
                    Vec::new()
                }
            };
        }
        match action {
            Action::Accept if self.filtering => self.filtering = false,
            Action::Accept => return self.plan(self.window.selected(), Wish::AtOnce),
            Action::Nth(digit) => return self.plan(usize::from(digit) - 1, Wish::AtOnce),
            Action::Preview => return self.plan(self.window.selected(), Wish::Look),
            Action::Remove => return self.plan_removal(),
            Action::Undo => return self.plan_undo(),
            Action::Details if self.details.take().is_none() => return self.open_details(session),
            Action::Filter => {
                self.filter.get_or_insert_with(Field::default);
                self.filtering = true;
            }
            Action::Copy => {
                if let Some(index) = self.selected().and_then(|row| row.index.as_ref()) {
                    let line = index.shown();
                    return vec![Act::Say(format!("on the clipboard: {line}")), Act::Copy(line)];
                }
            }
            Action::Add => return Self::open(session, Step::Feed),
            Action::New => return Self::open(session, Step::NewFeed),
            Action::RunAgain if !self.organization.is_asking() => {
                self.organization.forget();
                return self.ask(session);
            }
            action => {
                self.window.act(action, self.shown.len());
            }
        }
        Vec::new()
    }

    fn why_not(&self, action: Action) -> Option<String> {
        let is_list = !self.filtering && !self.change.covers() && self.details.is_none();
        if is_list { self.silent(action) } else { None }
    }

    fn close(&mut self, _session: &mut Session) -> Option<Vec<Act>> {
        if self.change.covers() {
            self.change = Change::None;
            return Some(Vec::new());
        }
        if self.details.take().is_some() {
            return Some(Vec::new());
        }
        self.filter.take()?;
        self.filtering = false;
        let keep = self.selected().map(Row::key);
        self.refilter(keep.as_deref());
        Some(Vec::new())
    }

    fn in_field(&self) -> bool {
        self.filtering
    }

    fn edit(&mut self, key: Key, _session: &mut Session) {
        let keep = self.selected().map(Row::key);
        if self.filter.as_mut().is_some_and(|field| field.key(key)) {
            self.refilter(keep.as_deref());
        }
    }

    fn paste(&mut self, pasted: &str, _session: &mut Session) {
        let keep = self.selected().map(Row::key);
        if let Some(field) = self.filter.as_mut().filter(|_| self.filtering) {
            field.paste(pasted);
            self.refilter(keep.as_deref());
        }
    }

    fn event(&mut self, event: Event, session: &mut Session) -> Vec<Act> {
        match event {
            Event::Switches(list) => {
                let again = self.take_switches(list);
                self.collect(session);
                return again.into_iter().collect();
            }
            Event::Planned(change) => {
                let next = self.change.take_planned(*change);
                return self.go_on(next);
            }
            Event::UndoPlanned(plan) => {
                let next = self.change.take_undo(*plan);
                return self.go_on(next);
            }
            Event::Applied(_) => return self.made(session),
            Event::Cache(folders) => {
                if let Some(details) = &mut self.details {
                    details.cache = Some(Ok(folders));
                }
            }
            _ => {}
        }
        Vec::new()
    }

    fn answered(&mut self, (request, event): (&Request, Event), session: &mut Session) -> Vec<Act> {
        self.organization.follow(session);
        match (request, event) {
            (Request::StoredCredential(of), Event::StoredCredential(stored)) => {
                self.organization.take_stored(of, stored, session);
                return self.ask(session);
            }
            (Request::Feeds { collection, .. }, Event::Feeds(feeds)) => {
                self.organization.take_feeds(collection, feeds);
            }
            (Request::FeedDetails(of), Event::FeedDetails(told)) => self.tell_details(&of.feed, Ok(told)),
            (request, Event::Failed(report)) => self.fail(request, report),
            (_, event) => return self.event(event, session),
        }
        self.collect(session);
        Vec::new()
    }

    fn moves(&self) -> bool {
        self.organization.is_asking()
            || self.change.is_busy()
            || self.details.as_ref().is_some_and(|details| details.asking)
    }

    fn must_end(&self) -> bool {
        matches!(self.change, Change::Making(_))
    }

    fn failed(&self) -> bool {
        matches!(self.change, Change::Failed(_))
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, look: &Look, session: &Session) {
        if self.change.covers() {
            return self.change.view(frame, area, (look, &self.scroll, session));
        }
        if let (Some(details), Some(row)) = (&self.details, self.selected()) {
            let mut page = Page::new(look.theme, area.width);
            details.show(&mut page, row, look);
            return look.page(frame, area, page);
        }
        let mut head = Page::new(look.theme, area.width);
        self.head(&mut head, look);
        let rows = head.len().min(area.height / 2);
        head.draw(frame, top(area, rows));
        self.list(frame, below(area, rows), look, session);
    }
}
