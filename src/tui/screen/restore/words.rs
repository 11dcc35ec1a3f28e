//! Cargo's own words: wrapped to the width, and followed to their end while more come.

use std::cell::{Cell, RefCell};

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::domain::text;

use super::super::super::keymap::Action;
use super::super::super::layout::{below, top};
use super::super::super::theme::Theme;
use super::super::super::widget::page::{Page, wrap};
use super::super::super::widget::scroll::Scroll;

/// A text that grows at its end. Where that end is in sight it stays in sight; whoever scrolls up stays where they
/// are.
#[derive(Debug)]
pub(super) struct Words {
    scroll: Scroll,
    /// Whether the end was in sight when it was last drawn, or is asked for.
    following: Cell<bool>,
    wrapped: RefCell<Wrapped>,
}

impl Default for Words {
    fn default() -> Self {
        Self { scroll: Scroll::default(), following: Cell::new(true), wrapped: RefCell::default() }
    }
}

impl Words {
    pub(super) fn has_more(&self) -> bool {
        self.scroll.has_more()
    }

    pub(super) fn act(&self, action: Action) {
        self.scroll.act(action);
        self.following.set(action == Action::Bottom);
    }

    pub(super) fn draw(
        &self,
        frame: &mut Frame<'_>,
        area: Rect,
        (theme, lines, grows): (Theme, &[String], bool),
    ) {
        let mut page = Page::new(theme, area.width);
        if lines.is_empty() {
            page.quiet(if grows { "Cargo has said nothing yet." } else { "Cargo has said nothing." });
        }
        let mut wrapped = self.wrapped.borrow_mut();
        if let Some(first) = wrapped.take((theme, lines, area.width.into()), self.scroll.first()) {
            self.scroll.start_at(first);
        }
        if self.following.get() {
            self.scroll.act(Action::Bottom);
        }
        let length = wrapped.rows.len();
        let mut seen = self.scroll.visible(length, area.height.into());
        self.following.set(self.scroll.below() == 0);
        let window = if self.following.get() { area } else { top(area, area.height.saturating_sub(1)) };
        if window != area {
            seen = self.scroll.visible(length, window.height.into());
            let mut more = Page::new(theme, area.width);
            let lines = text::count(self.scroll.below(), "more line below", "more lines below");
            let follows = if grows { ". G follows." } else { "" };
            more.quiet(&format!("{} {lines}{follows}", theme.down()));
            more.draw(frame, below(area, window.height));
        }
        for (_, row) in &wrapped.rows[seen] {
            page.exact(row, Style::new());
        }
        page.draw_from(frame, window, 0);
    }
}

/// The lines as rows of the screen: memory of drawing, so that thousands of them are not wrapped for each frame.
#[derive(Debug, Default)]
struct Wrapped {
    width: usize,
    /// Lines that were taken.
    lines: usize,
    /// Each with the line that it is of.
    rows: Vec<(usize, String)>,
}

impl Wrapped {
    /// Wraps what has come since. Where the width has changed, it wraps all, and answers which row now begins the
    /// line that began at the first one seen.
    fn take(&mut self, (theme, lines, width): (Theme, &[String], usize), first_seen: usize) -> Option<usize> {
        let is_other = self.width != width || self.lines > lines.len();
        let line_seen = is_other.then(|| self.rows.get(first_seen).map_or(0, |(line, _)| *line));
        if is_other {
            *self = Self { width, ..Self::default() };
        }
        for (index, line) in lines.iter().enumerate().skip(self.lines) {
            let wrapped = wrap(&theme.text(line), width.max(1));
            self.rows.extend(wrapped.into_iter().map(|row| (index, row)));
        }
        self.lines = lines.len();
        line_seen.map(|seen| self.rows.partition_point(|(line, _)| *line < seen))
    }
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;

    /// The rows of one frame.
    fn draw(words: &Words, lines: usize, (columns, height): (u16, u16)) -> Vec<String> {
        let lines: Vec<String> = (0..lines).map(|line| format!("line {line} is long")).collect();
        let mut terminal = Terminal::new(TestBackend::new(columns, height)).unwrap();
        terminal.draw(|frame| words.draw(frame, frame.area(), (Theme::default(), &lines, true))).unwrap();
        let buffer = terminal.backend().buffer();
        let row = |y| (0..columns).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
        (0..height).map(row).collect()
    }

    const WIDE: (u16, u16) = (40, 3);

    #[test]
    fn the_end_is_followed_until_someone_scrolls_up() {
        let words = Words::default();
        assert_eq!(draw(&words, 2, WIDE)[1], "line 1 is long");
        assert_eq!(draw(&words, 9, WIDE)[2], "line 8 is long");
        words.act(Action::Up);
        let stays = ["line 5 is long", "line 6 is long"];
        assert_eq!(draw(&words, 9, WIDE)[..2], stays);
        assert_eq!(draw(&words, 20, WIDE), [stays[0], stays[1], "↓ 13 more lines below. G follows."]);
        words.act(Action::Bottom);
        assert_eq!(draw(&words, 20, WIDE)[2], "line 19 is long");
        assert_eq!(draw(&words, 30, WIDE)[2], "line 29 is long");
    }

    #[test]
    fn who_comes_down_to_the_end_follows_it_again() {
        let words = Words::default();
        draw(&words, 9, WIDE);
        words.act(Action::Up);
        draw(&words, 9, WIDE);
        words.act(Action::Down);
        draw(&words, 9, WIDE);
        assert_eq!(draw(&words, 30, WIDE)[2], "line 29 is long");
    }

    #[test]
    fn another_width_keeps_the_line_in_sight() {
        let words = Words::default();
        draw(&words, 30, WIDE);
        words.act(Action::Top);
        draw(&words, 30, WIDE);
        (0..7).for_each(|_| words.act(Action::Down));
        assert_eq!(draw(&words, 30, WIDE)[0], "line 7 is long");
        assert_eq!(draw(&words, 30, (8, 3))[..2], ["line 7", "is long"]);
        assert_eq!(draw(&words, 30, WIDE)[0], "line 7 is long");
    }
}
