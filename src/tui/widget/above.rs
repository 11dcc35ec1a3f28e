//! A text above a table: where it is longer than its place, `Space` leads into it and back.

use std::cell::Cell;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::text;

use super::super::keymap::{Action, Offer, binding, offer};
use super::super::layout::{below, top};
use super::super::theme::Theme;
use super::overflow::Overflow;
use super::page::Page;

/// Whether the keys that move go to the text in place of the table. Whether it fits is known only when it is drawn,
/// hence the cell.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Above {
    chosen: bool,
    is_cut: Cell<bool>,
}

impl Above {
    /// Whether the text has the whole panel now, and scrolls.
    pub(in super::super) fn is_read(&self) -> bool {
        self.chosen && self.is_cut.get()
    }

    pub(in super::super) fn offer(&self) -> Option<Offer> {
        let verb = if self.chosen { "back to the table" } else { "read all" };
        self.is_cut.get().then(|| offer(Action::Toggle, verb))
    }

    /// From the table to the text, or back.
    pub(in super::super) fn turn(&mut self) {
        self.chosen = !self.chosen;
    }

    /// Draws the text in at most so many of the rows, and says how many it took; `None`: the whole area, with no
    /// place for a table.
    pub(in super::super) fn draw(
        &self,
        frame: &mut Frame<'_>,
        (area, rows): (Rect, u16),
        (theme, overflow, page): (Theme, &Overflow, Page),
    ) -> Option<u16> {
        self.is_cut.set(page.len() > rows);
        if self.is_read() {
            overflow.draw(frame, area, (theme, page));
            return None;
        }
        let length = page.len();
        if length <= rows {
            page.draw_from(frame, top(area, rows), 0);
            return Some(length);
        }
        let seen = rows.saturating_sub(1);
        page.draw_from(frame, top(area, seen), 0);
        let lines = text::count(usize::from(length - seen), "more line", "more lines");
        let mut mark = Page::new(theme, area.width);
        mark.quiet(&format!("{} {lines}: {}", theme.down(), binding(Action::Toggle).shown));
        mark.draw(frame, top(below(area, seen), 1));
        Some(rows)
    }
}
