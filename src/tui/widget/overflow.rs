//! A page that may be longer than its place on the screen: nothing of it is out of reach.

use std::cell::Cell;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::text;

use super::super::keymap::{Action, binding};
use super::super::layout::{below, top};
use super::super::theme::Theme;
use super::page::Page;
use super::scroll::Scroll;

/// How far the page of a screen is scrolled: by itself to what is asked, or by the person. Memory of drawing
/// and nothing else, hence the cells.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Overflow {
    scroll: Scroll,
    shows: Cell<Shows>,
}

/// What brings a page into its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Shows {
    /// What is asked.
    #[default]
    Focus,
    /// What went wrong.
    Report,
    /// Whatever the person has scrolled to.
    ByHand,
}

impl Overflow {
    /// What is asked comes into sight by itself again.
    pub(in super::super) fn follow(&self) {
        self.shows.set(Shows::Focus);
    }

    /// Something has failed: that is read first, wherever the cursor is.
    pub(in super::super) fn show_report(&self) {
        self.shows.set(Shows::Report);
    }

    pub(in super::super) fn act(&self, action: Action) {
        self.shows.set(Shows::ByHand);
        self.scroll.act(action);
    }

    /// Forgets the last frame: what is drawn now may be no page.
    pub(in super::super) fn clear(&self) {
        self.scroll.forget();
    }

    /// Lines below the last one that was drawn.
    pub(in super::super) fn below(&self) -> usize {
        self.scroll.below()
    }

    /// Whether the last frame could not show all of it.
    pub(in super::super) fn has_more(&self) -> bool {
        self.scroll.has_more()
    }

    /// Draws the page; where it does not fit, its last line says so and how to go on.
    pub(in super::super) fn draw(&self, frame: &mut Frame<'_>, area: Rect, (theme, page): (Theme, Page)) {
        let length = usize::from(page.len());
        let fits = length <= area.height.into();
        let window = if fits { area } else { top(area, area.height.saturating_sub(1)) };
        let height = usize::from(window.height);
        let about_report = page.report_lines().filter(|_| self.shows.get() == Shows::Report);
        match (self.shows.get(), about_report) {
            (Shows::ByHand, _) => {}
            (_, Some(lines)) if lines.end <= height => self.scroll.start_at(0),
            (_, Some(lines)) => self.scroll.start_at(lines.start),
            (_, None) => self.scroll.start_at(page.focus().saturating_sub(height / 2)),
        }
        let seen = self.scroll.visible(length, height);
        page.draw_from(frame, window, seen.start);
        if !fits {
            let mut mark = Page::new(theme, area.width);
            mark.quiet(&self.mark(theme, seen.start));
            mark.draw(frame, below(area, window.height));
        }
    }

    fn mark(&self, theme: Theme, above: usize) -> String {
        match self.scroll.below() {
            0 => format!("{} {}", theme.up(), more(above, "above", Action::PageUp)),
            rest => format!("{} {}", theme.down(), more(rest, "below", Action::PageDown)),
        }
    }
}

/// How many lines there are, and the key that leads to them.
pub(in super::super) fn more(lines: usize, place: &str, action: Action) -> String {
    let lines = text::count(lines, "more line", "more lines");
    format!("{lines} {place}: {}", binding(action).shown)
}
