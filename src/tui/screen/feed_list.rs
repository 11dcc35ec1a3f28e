//! Feed: every feed one can see, filtered instantly, with what it means for Cargo beside it.

mod best;
mod choose;
mod details;
mod typed;

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};

use crate::domain::credential::Credential;
use crate::domain::feed::{Feed, FeedDetails, Role};
use crate::domain::organization::Base;
use crate::domain::text;
use crate::error::Report;
use crate::task::feeds::DetailsOf;
use crate::task::{Event, Request};

use super::super::keymap::{Action, Key, MOVES, Offer, offer};
use super::super::layout::{below, top};
use super::super::msg::Act;
use super::super::session::{Session, Step};
use super::super::widget::field::Field;
use super::super::widget::filter::Haystack;
use super::super::widget::list_window::ListWindow;
use super::super::widget::page::Page;
use super::super::widget::table::{Cell, Column, Table, Width};
use super::{Look, Panel};
use best::best;
use details::role_cell;
use typed::Typed;

/// From this width on the details stand beside the list.
const BESIDE: u16 = 90;

/// Columns of the details beside the list.
const DETAILS: u16 = 32;

/// How long the cursor rests on a feed before its details are asked for.
const REST: Duration = Duration::from_millis(250);

const COLUMNS: [Column; 5] = [
    Column { title: "feed", width: Width::Fill(20), right: false, keep: 9 },
    Column { title: "crates.io", width: Width::Exactly(9), right: false, keep: 8 },
    Column { title: "role", width: Width::Exactly(12), right: false, keep: 7 },
    Column { title: "scope", width: Width::Exactly(12), right: false, keep: 2 },
    Column { title: "access", width: Width::Exactly(7), right: false, keep: 3 },
];

#[derive(Debug, Default)]
enum State {
    #[default]
    Empty,
    Loading,
    Loaded,
    /// It may not be listed, but perhaps named.
    Typing(Box<Typed>),
    Failed(Box<Report>),
}

/// Whether the cursor has been on its feed long enough to ask more about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Resting {
    Moved,
    Since(Duration),
    /// Nothing more is to be asked.
    #[default]
    Asked,
}

#[derive(Debug, Default)]
pub(super) struct FeedList {
    state: State,
    /// Which organization the list is of, and who asked for it.
    of: Option<(Base, Option<Credential>)>,
    feeds: Vec<Feed>,
    labels: Haystack,
    /// Positions in `feeds` that the filter leaves.
    shown: Vec<usize>,
    window: ListWindow,
    filter: Option<Field>,
    filtering: bool,
    details: Option<FeedDetails>,
    details_failed: bool,
    /// Chosen, as soon as it has told its upstream sources.
    choosing: bool,
    /// The details have the whole screen.
    reading: bool,
    resting: Resting,
    /// The feed that was made or changed, on which the cursor is put.
    select: Option<String>,
    /// Whether the person wanted to see the list.
    wanted: bool,
}

impl FeedList {
    fn load(&mut self, session: &Session) -> Vec<Act> {
        let Some(target) = session.target.as_ref().filter(|_| has_way_in(session)) else {
            return vec![Act::Back];
        };
        let credential = session.credential.clone();
        let collection = target.collection.clone();
        self.of = Some((collection.base(), credential.clone()));
        self.state = State::Loading;
        vec![Act::Cancel, Act::Start(Request::Feeds { collection, credential })]
    }

    fn take(&mut self, mut feeds: Vec<Feed>, session: &Session) {
        let listed = |feed: &&Feed| feeds.iter().all(|other| other.id != feed.id);
        let missing: Vec<Feed> =
            session.making.made_in(session.target.as_ref()).filter(listed).cloned().collect();
        if !missing.is_empty() {
            feeds.extend(missing);
            feeds.sort_by_cached_key(|feed| (feed.label().to_lowercase(), feed.label()));
        }
        let labels: Vec<String> = feeds.iter().map(Feed::label).collect();
        self.labels = Haystack::new(labels.iter().map(String::as_str));
        self.feeds = feeds;
        self.state = State::Loaded;
        let select = self.select.take();
        let fresh = select.and_then(|id| self.feeds.iter().position(|feed| feed.id == id));
        self.refilter(fresh.or_else(|| best(&self.feeds, session.target.as_ref()?)));
    }

    /// Applies the filter; the cursor stays on the feed it was on.
    fn refilter(&mut self, keep: Option<usize>) {
        let query = self.filter.as_ref().map_or("", Field::text);
        self.shown = self.labels.matching(query);
        let place = keep.and_then(|feed| self.shown.iter().position(|shown| *shown == feed));
        self.window.center(place.unwrap_or(0));
        self.moved();
    }

    fn moved(&mut self) {
        self.details = None;
        self.details_failed = false;
        self.choosing = false;
        self.resting = if self.selected().is_some() { Resting::Moved } else { Resting::Asked };
    }

    fn selected_index(&self) -> Option<usize> {
        self.shown.get(self.window.selected()).copied()
    }

    fn selected(&self) -> Option<&Feed> {
        self.feeds.get(self.selected_index()?)
    }

    /// The feed under the cursor, with the role that is known by now.
    fn chosen(&self) -> Option<Feed> {
        let feed = self.selected()?.clone();
        let role = self.details.as_ref().and_then(|details| details.role).or(feed.role);
        Some(Feed { role, ..feed })
    }

    fn can_widen(&self) -> bool {
        self.chosen().is_some_and(|feed| feed.role == Some(Role::Owner) && feed.crates_io() == Some(false))
    }

    /// To a screen that makes or changes a feed.
    fn open(&self, step: Step, session: &mut Session) -> Vec<Act> {
        session.making.known.clone_from(&self.feeds);
        session.making.subject = self.chosen();
        vec![Act::Go(step)]
    }

    fn ask_details(&mut self, session: &Session) -> Vec<Act> {
        self.resting = Resting::Asked;
        let (Some(feed), Some(target)) = (self.selected(), &session.target) else { return Vec::new() };
        let details = DetailsOf {
            collection: target.collection.clone(),
            credential: session.credential.clone(),
            account: session.account.clone(),
            feed: feed.clone(),
        };
        vec![Act::Cancel, Act::Start(Request::FeedDetails(Box::new(details)))]
    }
}

impl Panel for FeedList {
    fn enter(&mut self, session: &mut Session) -> Vec<Act> {
        let of = session.target.as_ref().map(|target| (target.collection.base(), session.credential.clone()));
        let of = of.filter(|_| has_way_in(session));
        let (is_stale, select) = (std::mem::take(&mut session.making.stale), session.making.select.take());
        if of.is_some() && of == self.of && matches!(self.state, State::Loaded) && !is_stale {
            if self.details.is_none() {
                self.moved();
            }
            return Vec::new();
        }
        *self = Self { wanted: select.is_some(), select, ..Self::default() };
        self.load(session)
    }

    fn offers(&self, _session: &Session) -> Vec<Offer> {
        if self.filtering {
            return vec![offer(Action::Accept, "keep the filter"), offer(Action::Back, "clear")];
        }
        if let State::Typing(typed) = &self.state {
            let ask = typed.asking.is_none().then_some(offer(Action::Accept, "ask for it"));
            let others =
                [offer(Action::Back, "back"), offer(Action::Help, "help"), offer(Action::Quit, "leave")];
            return ask.into_iter().chain(others).collect();
        }
        if self.reading {
            return vec![
                offer(Action::Accept, "choose"),
                offer(Action::Details, "the list"),
                offer(Action::Back, "close"),
                offer(Action::Help, "help"),
                offer(Action::Quit, "leave"),
            ];
        }
        let mut offers = Vec::new();
        if matches!(self.state, State::Loaded) && !self.shown.is_empty() {
            offers.extend([
                offer(Action::Accept, "choose"),
                offer(Action::Filter, "filter"),
                offer(Action::Details, "details"),
                offer(Action::New, "new feed"),
            ]);
        } else if matches!(self.state, State::Loaded) && !self.feeds.is_empty() {
            offers.push(offer(Action::Filter, "filter"));
        } else if matches!(self.state, State::Loaded) {
            offers.push(offer(Action::New, "new feed"));
        }
        if self.can_widen() {
            offers.push(offer(Action::Preview, "add crates.io"));
        }
        if self.failed() {
            offers.push(offer(Action::RunAgain, "try again"));
        }
        offers.extend([
            offer(Action::Back, if self.filter.is_some() { "clear the filter" } else { "back" }),
            offer(Action::Help, "help"),
            offer(Action::Quit, "leave"),
        ]);
        if matches!(self.state, State::Loaded) {
            // What everybody needs comes first on the key bar.
            offers.push(offer(Action::RunAgain, "list again"));
        }
        if matches!(self.state, State::Loaded) && self.shown.len() > 1 {
            offers.extend(MOVES);
        }
        offers
    }

    fn act(&mut self, action: Action, session: &mut Session) -> Vec<Act> {
        if let (State::Typing(typed), Action::Accept) = (&mut self.state, action) {
            return typed.ask(session);
        }
        match action {
            Action::Accept if self.filtering => self.filtering = false,
            Action::Accept => return self.accept(session),
            Action::Filter if !self.feeds.is_empty() => {
                self.filter.get_or_insert_with(Field::default);
                self.filtering = true;
            }
            Action::Details => self.reading = !self.reading && self.selected().is_some(),
            Action::New => return self.open(Step::NewFeed, session),
            Action::Preview => return self.open(Step::Upstream, session),
            Action::RunAgain if !matches!(self.state, State::Loading) => {
                self.wanted = true;
                return self.load(session);
            }
            action if self.window.act(action, self.shown.len()) => self.moved(),
            _ => {}
        }
        Vec::new()
    }

    fn close(&mut self, _session: &mut Session) -> Option<Vec<Act>> {
        if std::mem::take(&mut self.reading) {
            return Some(Vec::new());
        }
        if let State::Typing(typed) = &mut self.state {
            typed.asking.take()?;
            return Some(vec![Act::Cancel]);
        }
        let keep = self.selected_index();
        self.filter.take()?;
        self.filtering = false;
        self.refilter(keep);
        Some(Vec::new())
    }

    fn in_field(&self) -> bool {
        self.filtering || matches!(&self.state, State::Typing(typed) if typed.asking.is_none())
    }

    fn edit(&mut self, key: Key, _session: &mut Session) {
        if let State::Typing(typed) = &mut self.state {
            typed.field.key(key);
            return typed.changed();
        }
        let keep = self.selected_index();
        if self.filter.as_mut().is_some_and(|field| field.key(key)) {
            self.refilter(keep);
        }
    }

    fn paste(&mut self, pasted: &str, _session: &mut Session) {
        if let State::Typing(typed) = &mut self.state {
            typed.field.paste(pasted);
            return typed.changed();
        }
        let keep = self.selected_index();
        if self.filtering
            && let Some(field) = &mut self.filter
        {
            field.paste(pasted);
            self.refilter(keep);
        }
    }

    fn event(&mut self, event: Event, session: &mut Session) -> Vec<Act> {
        match event {
            Event::Feeds(feeds) => {
                self.take(feeds, session);
                return self.choose_named(session);
            }
            Event::FeedDetails(details) if self.selected().is_some_and(|feed| feed.id == details.feed_id) => {
                let index = self.selected_index();
                if let Some(feed) = index.and_then(|index| self.feeds.get_mut(index)) {
                    feed.take(&details);
                }
                self.details = Some(details);
                if std::mem::take(&mut self.choosing) {
                    return self.choose(session);
                }
            }
            Event::FeedFound(feed) => {
                if let State::Typing(typed) = &mut self.state
                    && let Some(address) = typed.asking.take()
                {
                    session.name_feed(*feed, address);
                    return vec![Act::Go(Step::Config)];
                }
            }
            Event::Failed(report) => self.fail(report, session),
            _ => {}
        }
        Vec::new()
    }

    fn tick(&mut self, now: Duration, session: &Session) -> Vec<Act> {
        match self.resting {
            Resting::Moved => self.resting = Resting::Since(now),
            Resting::Since(since) if now.saturating_sub(since) >= REST => return self.ask_details(session),
            _ => {}
        }
        Vec::new()
    }

    fn moves(&self) -> bool {
        matches!(&self.state, State::Typing(typed) if typed.asking.is_some())
            || matches!(self.state, State::Loading)
            || self.choosing
            || self.resting != Resting::Asked
    }

    fn failed(&self) -> bool {
        matches!(self.state, State::Failed(_))
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, look: &Look, session: &Session) {
        let mut head = Page::new(look.theme, area.width);
        head.title("Which feed shall Cargo use?");
        match &self.state {
            State::Empty => {}
            State::Loading => {
                head.gap().busy(look.frame(), "Listing the feeds you can see");
            }
            State::Failed(report) => {
                head.gap().report(report);
            }
            State::Typing(typed) => typed.show(&mut head, look),
            State::Loaded if self.feeds.is_empty() => {
                head.gap().text("You can see no feed in this organization.");
                head.quiet("Ask for access to one, or make one here: n.");
            }
            State::Loaded if self.reading => {
                let mut page = Page::new(look.theme, area.width);
                if let Some(feed) = self.selected() {
                    self.describe(&mut page, feed, session);
                }
                look.page(frame, area, page);
                return;
            }
            State::Loaded => {
                self.head(&mut head);
                let rows = head.len();
                head.draw(frame, top(area, rows));
                self.body(frame, below(area, rows), look, session);
                return;
            }
        }
        look.page(frame, area, head);
    }
}

impl FeedList {
    fn fail(&mut self, report: Box<Report>, session: &Session) {
        match &mut self.state {
            State::Loaded => {
                self.details_failed = true;
                self.choosing = false;
            }
            State::Typing(typed) => typed.refused(report),
            _ => {
                self.state = match Typed::instead(&report, session) {
                    Some(typed) => State::Typing(Box::new(typed)),
                    None => State::Failed(report),
                };
            }
        }
    }

    fn head(&self, page: &mut Page) {
        match &self.filter {
            Some(field) => {
                let total = text::grouped(self.feeds.len());
                page.field(&format!("{} of {total}", text::grouped(self.shown.len())), field, self.filtering);
            }
            None => {
                page.quiet(&text::count(self.feeds.len(), "feed", "feeds"));
            }
        }
    }

    fn body(&self, frame: &mut Frame<'_>, area: Rect, look: &Look, session: &Session) {
        let beside = area.width >= BESIDE;
        let [list, details] = if beside {
            Layout::horizontal([Constraint::Fill(1), Constraint::Length(DETAILS)]).spacing(3).areas(area)
        } else {
            Layout::vertical([Constraint::Fill(1), Constraint::Length(7.min(area.height / 2))])
                .spacing(1)
                .areas(area)
        };
        let table = Table {
            theme: look.theme,
            columns: &COLUMNS,
            sorted: None,
            window: &self.window,
            length: self.shown.len(),
            focused: !self.filtering,
        };
        table.draw(frame, list, |row| self.row(row, look));
        let mut page = Page::new(look.theme, details.width);
        match self.selected() {
            Some(feed) => self.describe(&mut page, feed, session),
            None => {
                page.quiet("No feed matches. Esc clears the filter.");
            }
        }
        page.draw(frame, details);
    }

    fn row(&self, row: usize, look: &Look) -> Vec<Cell> {
        let Some(feed) = self.shown.get(row).and_then(|index| self.feeds.get(*index)) else {
            return Vec::new();
        };
        let theme = look.theme;
        let upstream = match feed.crates_io() {
            Some(true) => Cell::styled("yes", theme.good()),
            Some(false) => Cell::styled("no", theme.warning()),
            None => Cell::styled("?", theme.quiet()),
        };
        vec![
            Cell::name(feed.label()),
            upstream,
            role_cell(feed, theme),
            Cell::styled(if feed.project.is_some() { "project" } else { "organization" }, theme.quiet()),
            Cell::styled(if feed.is_public() { "public" } else { "private" }, theme.quiet()),
        ]
    }
}

/// Whether anything can be asked: as somebody, or knowingly as nobody.
fn has_way_in(session: &Session) -> bool {
    session.credential.is_some() || session.anonymous
}

#[cfg(test)]
mod tests;
