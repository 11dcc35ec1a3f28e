//! How the list is drawn: what was done last, how the organization's feeds stand, the rows, and the one under the cursor.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::text;

use super::super::super::keymap::Action;
use super::super::super::layout::below;
use super::super::super::session::Session;
use super::super::super::widget::page::{Page, sentence};
use super::super::super::widget::table::Table;
use super::super::Look;
use super::organization::Listing;
use super::rows::{self, COLUMNS, cells};
use super::{ABOUT, Feeds};

impl Feeds {
    /// How the list of the organization stands, in one line.
    fn told(&self) -> Option<String> {
        let organization = self.organization.name()?;
        match &self.organization.listing {
            Listing::Not | Listing::Listed => None,
            Listing::Credential | Listing::Asking => Some(format!("Listing the feeds of {organization}")),
            Listing::Nobody => Some(format!("To see the feeds of {organization}, sign in: a")),
            Listing::Failed(report) => {
                Some(format!("The feeds of {organization} are not listed: {}", report.headline))
            }
        }
    }

    /// Why that key does nothing on the list.
    pub(super) fn silent(&self, action: Action) -> Option<String> {
        let row = self.selected()?;
        let why = match (action, &self.organization.listing) {
            (Action::Accept | Action::Preview | Action::Remove | Action::Undo, _)
                if self.change.is_busy() =>
            {
                "a change is on its way"
            }
            (Action::Accept | Action::Preview, _) if row.in_force => "already in force: nothing to change",
            (Action::Remove, _) if row.index.is_none() => "crates.io itself: there is nothing to remove",
            (Action::Remove, _) => match &row.source {
                Some(variable) => return Some(format!("unset the variable `{variable}` to remove it")),
                None => "no file names this feed: there is nothing to remove",
            },
            (Action::RunAgain, Listing::Credential | Listing::Asking) => "the feeds are being listed already",
            (Action::RunAgain, Listing::Nobody) => "nobody is signed in to list them: a signs in",
            (Action::RunAgain, _) => "no organization is at hand to list: a chooses one",
            _ => return None,
        };
        Some(why.to_owned())
    }

    pub(super) fn head(&self, page: &mut Page, look: &Look) {
        if let Some(field) = &self.filter {
            let total = text::grouped(self.rows.len());
            page.field(&format!("{} of {total}", text::grouped(self.shown.len())), field, self.filtering);
        }
        if let Some(words) = self.change.doing() {
            page.busy(look.frame(), words);
        }
        for (place, line) in self.done.iter().enumerate() {
            if place == 0 {
                page.good(line)
            } else {
                page.quiet(&format!("  {line}"))
            };
        }
        if let Some(why) = &self.unread {
            page.warning(&format!("The configuration could not be read: {why}"));
        }
        match (self.told(), &self.organization.listing) {
            (Some(line), Listing::Failed(_)) => page.warning(&sentence(&line)),
            (Some(line), Listing::Nobody) => page.quiet(&line),
            (Some(line), _) => page.busy(look.frame(), &line),
            (None, _) => page.quiet(&text::count(
                self.rows.len(),
                "place to take crates from",
                "places to take crates from",
            )),
        };
    }

    pub(super) fn list(&self, frame: &mut Frame<'_>, area: Rect, look: &Look, session: &Session) {
        let about = if area.height > 2 * ABOUT { ABOUT } else { 0 };
        let list = Rect { height: area.height - about, ..area };
        let table = Table {
            theme: look.theme,
            columns: &COLUMNS,
            window: &self.window,
            length: self.shown.len(),
            focused: !self.filtering,
            sorted: None,
        };
        table.draw(frame, list, |place| {
            self.row(place).map(|row| cells(row, place, look)).unwrap_or_default()
        });
        let mut page = Page::new(look.theme, area.width);
        match self.selected() {
            Some(row) => rows::about(&mut page, row, session),
            None => {
                page.quiet("Nothing matches. Esc clears the filter.");
            }
        }
        page.draw_from(frame, below(area, list.height + 1), 0);
    }
}
