//! The Feeds tab: where Cargo could take its crates from, and where it does.

mod rows;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::credential::Credential;
use crate::domain::feed::Feed;
use crate::domain::organization::Base;
use crate::domain::text;
use crate::error::Report;
use crate::task::{Event, Request};

use super::super::keymap::{Action, Key, MOVES, Offer, offer};
use super::super::layout::{below, top};
use super::super::msg::Act;
use super::super::session::{Session, Step};
use super::super::widget::field::Field;
use super::super::widget::filter;
use super::super::widget::list_window::ListWindow;
use super::super::widget::page::{Page, sentence};
use super::super::widget::table::Table;
use super::{Look, Panel};
use rows::{COLUMNS, Row, cells};

/// Lines about the row under the cursor.
const ABOUT: u16 = 3;

/// What is known of the organization's feeds.
#[derive(Debug, Default)]
enum Listing {
    /// Not asked for yet.
    #[default]
    Not,
    /// Looks for the credential that Cargo has.
    Credential,
    Asking,
    Listed,
    /// There is nobody to ask as.
    Nobody,
    Failed(Box<Report>),
}

#[derive(Debug, Default)]
pub(super) struct Feeds {
    rows: Vec<Row>,
    /// Positions in the rows that the filter leaves.
    shown: Vec<usize>,
    window: ListWindow,
    filter: Option<Field>,
    filtering: bool,
    listing: Listing,
    /// Whose feeds are listed, and who has asked for them.
    of: Option<(Base, Option<Credential>)>,
    organization: Vec<Feed>,
}

impl Feeds {
    /// Puts the rows together anew; the cursor stays on its row.
    fn collect(&mut self, session: &Session) {
        let before = self.selected().map(Row::key);
        self.rows = rows::collect(session, &self.organization);
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

    fn selected(&self) -> Option<&Row> {
        self.rows.get(*self.shown.get(self.window.selected())?)
    }

    /// Asks for what is still to be known: first for the credential, then for the organization's feeds.
    fn ask(&mut self, session: &Session) -> Vec<Act> {
        let Some(target) = session.target.as_ref().filter(|_| session.dashboard.is_checked) else {
            return Vec::new();
        };
        let (collection, credential) = (target.collection.clone(), session.credential.clone());
        let of = (collection.base(), credential.clone());
        let is_of = self.of.as_ref() == Some(&of);
        match self.listing {
            Listing::Credential | Listing::Asking => Vec::new(),
            Listing::Nobody | Listing::Listed | Listing::Failed(_) if is_of => Vec::new(),
            _ if credential.is_none() && !session.anonymous && !is_of => {
                self.of = Some(of);
                self.listing = Listing::Credential;
                vec![Act::Start(Request::StoredCredential(collection))]
            }
            _ if credential.is_none() && !session.anonymous => {
                self.listing = Listing::Nobody;
                Vec::new()
            }
            _ => {
                self.of = Some(of);
                self.listing = Listing::Asking;
                vec![Act::Start(Request::Feeds { collection, credential })]
            }
        }
    }

    fn is_asking(&self) -> bool {
        matches!(self.listing, Listing::Credential | Listing::Asking)
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

    /// How the list of the organization stands, in one line.
    fn told(&self, session: &Session) -> Option<String> {
        let organization = session.target.as_ref().map(|target| target.collection.name())?;
        match &self.listing {
            Listing::Not | Listing::Listed => None,
            Listing::Credential | Listing::Asking => Some(format!("Listing the feeds of {organization}")),
            Listing::Nobody => Some(format!("To see the feeds of {organization}, sign in: a")),
            Listing::Failed(report) => {
                Some(format!("The feeds of {organization} are not listed: {}", report.headline))
            }
        }
    }

    fn head(&self, page: &mut Page, look: &Look, session: &Session) {
        if let Some(field) = &self.filter {
            let total = text::grouped(self.rows.len());
            page.field(&format!("{} of {total}", text::grouped(self.shown.len())), field, self.filtering);
        }
        match (self.told(session), &self.listing) {
            (Some(line), Listing::Failed(_)) => page.warning(&sentence(&line)),
            (Some(line), Listing::Nobody) => page.quiet(&line),
            (Some(line), _) => page.busy(look.frame(), &line),
            (None, _) => page.quiet(&text::count(self.rows.len(), "place", "places")),
        };
    }
}

impl Panel for Feeds {
    fn enter(&mut self, session: &mut Session) -> Vec<Act> {
        if std::mem::take(&mut session.making.stale) {
            self.of = None;
            self.listing = Listing::Not;
        }
        let acts = self.ask(session);
        self.collect(session);
        acts
    }

    fn offers(&self, session: &Session) -> Vec<Offer> {
        if self.filtering {
            return vec![offer(Action::Accept, "keep the filter"), offer(Action::Back, "clear")];
        }
        let mut offers = vec![offer(Action::Filter, "filter")];
        if self.selected().is_some_and(|row| row.index.is_some()) {
            offers.push(offer(Action::Copy, "copy the index"));
        }
        offers.extend([offer(Action::Add, "another feed"), offer(Action::New, "new feed")]);
        offers.extend(self.filter.is_some().then(|| offer(Action::Back, "clear the filter")));
        offers.extend([offer(Action::Help, "help"), offer(Action::Quit, "leave")]);
        if matches!(self.listing, Listing::Listed | Listing::Failed(_)) && session.target.is_some() {
            offers.push(offer(Action::RunAgain, "list again"));
        }
        if self.shown.len() > 1 {
            offers.extend(MOVES);
        }
        offers
    }

    fn act(&mut self, action: Action, session: &mut Session) -> Vec<Act> {
        match action {
            Action::Accept => self.filtering = false,
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
            Action::RunAgain if !self.is_asking() => {
                self.of = None;
                self.listing = Listing::Not;
                return self.ask(session);
            }
            action => {
                self.window.act(action, self.shown.len());
            }
        }
        Vec::new()
    }

    fn close(&mut self, _session: &mut Session) -> Option<Vec<Act>> {
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
            Event::StoredCredential(credential) => {
                self.listing = Listing::Not;
                if session.credential.is_none() {
                    session.credential = credential;
                }
                return self.ask(session);
            }
            Event::Feeds(feeds) => {
                self.listing = Listing::Listed;
                self.organization = feeds;
            }
            Event::Failed(report) => self.listing = Listing::Failed(report),
            _ => {}
        }
        self.collect(session);
        Vec::new()
    }

    fn moves(&self) -> bool {
        self.is_asking()
    }

    fn failed(&self) -> bool {
        false
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, look: &Look, session: &Session) {
        let mut head = Page::new(look.theme, area.width);
        self.head(&mut head, look, session);
        let rows = head.len().min(area.height / 2);
        head.draw(frame, top(area, rows));
        let rest = below(area, rows);
        let about = if rest.height > 2 * ABOUT { ABOUT } else { 0 };
        let list = Rect { height: rest.height - about, ..rest };
        let table = Table {
            theme: look.theme,
            columns: &COLUMNS,
            sorted: None,
            window: &self.window,
            length: self.shown.len(),
            focused: !self.filtering,
        };
        table.draw(frame, list, |row| {
            let row = self.shown.get(row).and_then(|index| Some((*index, self.rows.get(*index)?)));
            row.map(|(place, row)| cells(row, place, look)).unwrap_or_default()
        });
        let mut page = Page::new(look.theme, area.width);
        match self.selected() {
            Some(row) => rows::about(&mut page, row),
            None => {
                page.quiet("Nothing matches. Esc clears the filter.");
            }
        }
        page.draw_from(frame, below(rest, list.height + 1), 0);
    }
}
