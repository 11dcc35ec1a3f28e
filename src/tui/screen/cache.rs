//! The Cache tab: the crates of every folder that Cargo keeps them in.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::text;
use crate::error::Report;
use crate::task::{CacheFolder, Event, Inspect, Request};

use super::super::keymap::{Action, MOVES, Offer, offer};
use super::super::layout::{below, top};
use super::super::msg::Act;
use super::super::session::Session;
use super::super::widget::cached_crates::{COLUMNS, cells, rows};
use super::super::widget::list_window::ListWindow;
use super::super::widget::page::Page;
use super::super::widget::table::Table;
use super::{Look, Panel};

/// Folders that are told each on its own line.
const MOST_FOLDERS: usize = 4;

#[derive(Debug, Default)]
enum State {
    #[default]
    Empty,
    Looking,
    Looked,
    Failed(Box<Report>),
}

#[derive(Debug, Default)]
pub(super) struct Cache {
    state: State,
    folders: Vec<CacheFolder>,
    window: ListWindow,
}

impl Cache {
    fn look(&mut self) -> Vec<Act> {
        self.state = State::Looking;
        vec![Act::Cancel, Act::Start(Request::Inspect(Inspect::All))]
    }

    fn head(&self, page: &mut Page, look: &Look, session: &Session) {
        match &self.state {
            State::Empty => {}
            State::Looking => {
                page.busy(look.frame(), "Looking at the crate cache");
            }
            State::Failed(report) => {
                page.report(report);
            }
            State::Looked if self.folders.is_empty() => {
                page.text("The crate cache is empty: Restore fills it.");
            }
            State::Looked => {
                let bytes = text::size(self.folders.iter().map(CacheFolder::bytes).sum());
                let crates = text::count(rows(&self.folders), "crate", "crates");
                let folders = text::count(self.folders.len(), "folder", "folders");
                page.text(&format!("{crates}, {bytes} in {folders}"));
            }
        }
        let largest = self.folders.iter().take(MOST_FOLDERS);
        for folder in largest {
            let registry = folder.registry.as_deref().unwrap_or("no registry");
            let crates = text::count(folder.crates.len(), "crate", "crates");
            let path = session.shown(&folder.path);
            page.quiet(&format!("{registry}: {crates}, {} in {path}", text::size(folder.bytes())));
        }
    }
}

impl Panel for Cache {
    fn enter(&mut self, _session: &mut Session) -> Vec<Act> {
        self.look()
    }

    fn offers(&self, _session: &Session) -> Vec<Offer> {
        let mut offers = Vec::new();
        if !matches!(self.state, State::Looking) {
            offers.push(offer(Action::RunAgain, "look again"));
        }
        offers.extend([offer(Action::Help, "help"), offer(Action::Quit, "leave")]);
        if rows(&self.folders) > 1 {
            offers.extend(MOVES);
        }
        offers
    }

    fn act(&mut self, action: Action, _session: &mut Session) -> Vec<Act> {
        if action == Action::RunAgain && !matches!(self.state, State::Looking) {
            return self.look();
        }
        self.window.act(action, rows(&self.folders));
        Vec::new()
    }

    fn event(&mut self, event: Event, _session: &mut Session) -> Vec<Act> {
        match event {
            Event::Cache(mut folders) => {
                folders.sort_by_key(|folder| std::cmp::Reverse(folder.bytes()));
                self.folders = folders;
                self.window.clamp(rows(&self.folders));
                self.state = State::Looked;
            }
            Event::Failed(report) => self.state = State::Failed(report),
            _ => {}
        }
        Vec::new()
    }

    fn moves(&self) -> bool {
        matches!(self.state, State::Looking)
    }

    fn failed(&self) -> bool {
        matches!(self.state, State::Failed(_))
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, look: &Look, session: &Session) {
        let mut page = Page::new(look.theme, area.width);
        self.head(&mut page, look, session);
        if rows(&self.folders) == 0 {
            return look.page(frame, area, page);
        }
        // The first crates stay in sight, however much there is to say of the folders.
        let height = page.len().min(area.height / 2);
        page.draw(frame, top(area, height));
        let table = Table {
            theme: look.theme,
            columns: &COLUMNS,
            sorted: None,
            window: &self.window,
            length: rows(&self.folders),
            focused: true,
        };
        table.draw(frame, below(area, height + 1), |row| cells(&self.folders, row, look.theme));
    }
}
