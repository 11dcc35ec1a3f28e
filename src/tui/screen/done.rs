//! Done: what was changed and where, how to take it back, and the crates in the feed's cache.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::registry::RegistryName;
use crate::domain::text;
use crate::error::Report;
use crate::task::{Event, Inspect, KeptIn, Request};

use super::super::keymap::{Action, MOVES, Offer, offer};
use super::super::layout::{below, top};
use super::super::made_token::MadeToken;
use super::super::msg::Act;
use super::super::session::{Session, Step};
use super::super::widget::above::Above;
use super::super::widget::cached_crates::{COLUMNS, cells, rows};
use super::super::widget::list_window::ListWindow;
use super::super::widget::page::Page;
use super::super::widget::table::Table;
use super::{Look, Panel};

/// Rows of the table, its head and the line above it, that are always seen.
const FEWEST_ROWS: u16 = 4;

#[derive(Debug, Default)]
pub(super) struct Done {
    looking: bool,
    failed: Option<Box<Report>>,
    window: ListWindow,
    above: Above,
}

impl Panel for Done {
    fn enter(&mut self, session: &mut Session) -> Vec<Act> {
        if !session.has_project() {
            return Vec::new();
        }
        self.looking = true;
        self.failed = None;
        vec![Act::Cancel, Act::Start(Request::Inspect(Inspect::InForce))]
    }

    fn offers(&self, session: &Session) -> Vec<Offer> {
        let came_from_tabs = session.dashboard.opened.is_some();
        let mut offers =
            vec![offer(Action::Accept, if came_from_tabs { "to the dashboard" } else { "leave" })];
        if to_publish(session).is_some() {
            offers.push(offer(Action::Copy, "copy the publish line"));
        }
        offers.extend([
            offer(Action::Back, "back"),
            offer(Action::Help, "help"),
            offer(Action::Quit, "leave"),
        ]);
        if rows(&session.cache) > 0 {
            offers.extend(self.above.offer());
        }
        if rows(&session.cache) > 1 && !self.above.is_read() {
            offers.extend(MOVES);
        }
        offers
    }

    fn act(&mut self, action: Action, session: &mut Session) -> Vec<Act> {
        if action == Action::Accept && session.dashboard.opened.is_some() {
            return vec![Act::Go(Step::Feeds)];
        }
        if action == Action::Accept {
            return vec![Act::Quit];
        }
        if action == Action::Copy
            && let Some(line) = publish_line(session)
        {
            return vec![Act::Say(format!("on the clipboard: {line}")), Act::Copy(line)];
        }
        if action == Action::Toggle {
            self.above.turn();
        }
        self.window.act(action, rows(&session.cache));
        Vec::new()
    }

    fn event(&mut self, event: Event, session: &mut Session) -> Vec<Act> {
        self.looking = false;
        match event {
            Event::Cache(folders) => {
                session.cache = folders;
                self.window.clamp(rows(&session.cache));
            }
            Event::Failed(report) => self.failed = Some(report),
            _ => {}
        }
        Vec::new()
    }

    fn moves(&self) -> bool {
        self.looking
    }

    fn failed(&self) -> bool {
        self.failed.is_some()
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, look: &Look, session: &Session) {
        let mut page = Page::new(look.theme, area.width);
        page.title("Done").gap();
        for line in summary(session) {
            page.good(&line);
        }
        if let Some(report) = &self.failed {
            page.gap().report(report);
        }
        if rows(&session.cache) == 0 {
            self.show_totals(&mut page, look, session);
            look.page(frame, area, page);
            return;
        }
        // However long the summary, the total and the first crates stay in sight.
        let mut totals = Page::new(look.theme, area.width);
        self.show_totals(&mut totals, look, session);
        let total = totals.len().min(area.height);
        let room = area.height.saturating_sub(total + FEWEST_ROWS);
        let Some(height) = self.above.draw(frame, (area, room), (look.theme, look.overflow, page)) else {
            return;
        };
        totals.draw(frame, top(below(area, height), total));
        let table = Table {
            theme: look.theme,
            columns: &COLUMNS,
            sorted: None,
            window: &self.window,
            length: rows(&session.cache),
            focused: true,
        };
        table.draw(frame, below(area, height + total + 1), |row| cells(&session.cache, row, look.theme));
    }
}

impl Done {
    /// What the caches hold in all.
    fn show_totals(&self, page: &mut Page, look: &Look, session: &Session) {
        if self.looking {
            page.gap().busy(look.frame(), "Looking at the crate cache");
        } else if self.failed.is_none() && !session.cache.is_empty() {
            page.gap();
            for folder in &session.cache {
                let crates = text::count(folder.crates.len(), "crate", "crates");
                let path = session.shown(&folder.path);
                page.text(&format!("{crates}, {} in {path}", text::size(folder.bytes())));
            }
        }
    }
}

/// What was done, line by line: first how it came out and what comes next, which no small terminal cuts off. The
/// same lines stay on the normal screen afterwards.
pub(in super::super) fn summary(session: &Session) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(tally) = session.fetched {
        let crates = text::count(tally.cached + tally.stored, "crate", "crates");
        lines.push(format!("{crates} in the cache, {} of them new", text::grouped(tally.stored)));
    }
    lines.extend(to_publish(session));
    lines.extend(to_commit(session));
    lines.extend(session.making.summary());
    lines.extend(credentials(session));
    for written in &session.written {
        let path = session.shown(&written.path);
        lines.push(format!("{} {path}", if written.was_there { "Changed" } else { "Wrote" }));
    }
    if !session.written.is_empty() {
        lines.push("To undo that: az-cargo-wizard undo".to_owned());
    }
    lines
}

/// Where a credential is kept, also one of an answer that was changed later.
fn credentials(session: &Session) -> Vec<String> {
    let kept = session.kept.iter().map(|(registry, place)| {
        let logout = format!("to undo, first: cargo logout --registry {registry}");
        match (place, published_beside(session, registry)) {
            (KeptIn::CargosFile(path), Some(publish)) => {
                let path = session.shown(path);
                format!("Credential in {path}; {logout}; cargo logout --registry {publish}")
            }
            (KeptIn::CargosFile(path), None) => format!("Credential in {}; {logout}", session.shown(path)),
            (KeptIn::Native(_), Some(publish)) => {
                format!("Credential in {place}; {logout}; cargo logout --registry {publish}")
            }
            (KeptIn::Native(_), None) => format!("Credential in {place}; {logout}"),
            (KeptIn::Vault(name), _) => {
                format!("Credential in {name}, for which Cargo asks this tool; {logout}")
            }
        }
    });
    let mut lines: Vec<String> = kept.collect();
    if session.kept.iter().any(|(_, place)| matches!(place, KeptIn::Vault(_))) {
        lines.push(
            "Cargo asks this tool from now on; to undo all of it: az-cargo-wizard uninstall --forget"
                .to_owned(),
        );
    }
    lines.extend(session.made.iter().map(MadeToken::words));
    lines.extend(session.replaced.iter().cloned());
    if session.logged_in.as_ref().is_some_and(|logged_in| logged_in.kept_in.is_none()) {
        lines.push("Credential used for this run and kept nowhere".to_owned());
    }
    if session.anonymous {
        lines.push(
            "No credential: the feed answers everyone, with the crates that are saved in it".to_owned(),
        );
    }
    lines
}

/// The registry to publish to, which Cargo's file names with a credential of its own.
fn published_beside<'a>(session: &'a Session, registry: &RegistryName) -> Option<&'a RegistryName> {
    let plan = session.plan.as_ref().filter(|plan| plan.registry == *registry)?;
    Some(&plan.publish.as_ref()?.name)
}

fn to_commit(session: &Session) -> Option<String> {
    let workspace = session.checkout.as_ref().and_then(|checkout| checkout.workspace.as_ref())?;
    let shared = session.written.iter().find(|written| written.path.starts_with(workspace))?;
    let path = session.shown(&shared.path);
    Some(format!("Next: commit {path}, so that everyone who clones has the feed"))
}

/// What a crate's manifest says so that it can be published to the feed for that, and nowhere else.
fn publish_line(session: &Session) -> Option<String> {
    Some(format!("publish = [\"{}\"]", session.plan.as_ref()?.publish.as_ref()?.name))
}

fn to_publish(session: &Session) -> Option<String> {
    let name = &session.plan.as_ref()?.publish.as_ref()?.name;
    let line = publish_line(session)?;
    Some(format!("To publish a crate: {line} in its Cargo.toml, then cargo publish --registry {name}"))
}
