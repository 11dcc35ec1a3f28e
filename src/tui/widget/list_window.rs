//! Which row is selected, and which rows are seen.

use std::cell::Cell;
use std::ops::Range;

use super::super::keymap::Action;

/// A cursor in a list of any length. The first visible row is memory of drawing and nothing else, hence
/// the cell.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct ListWindow {
    selected: usize,
    first: Cell<usize>,
    page: Cell<usize>,
    /// The next frame puts the cursor's row in the middle.
    centering: Cell<bool>,
}

impl ListWindow {
    pub(in super::super) fn selected(&self) -> usize {
        self.selected
    }

    pub(in super::super) fn select(&mut self, index: usize) {
        self.selected = index;
    }

    /// Puts the cursor where its row has gone: the row stays at its place on the screen as far as that can be.
    pub(in super::super) fn follow(&mut self, index: usize) {
        let above = self.selected.saturating_sub(self.first.get());
        self.first.set(index.saturating_sub(above));
        self.selected = index;
    }

    /// Puts the cursor on a row and, with the next frame, that row in the middle.
    pub(in super::super) fn center(&mut self, index: usize) {
        self.selected = index;
        self.centering.set(true);
    }

    /// Keeps the cursor inside a list that has become shorter.
    pub(in super::super) fn clamp(&mut self, length: usize) {
        self.selected = self.selected.min(length.saturating_sub(1));
    }

    /// Moves the cursor; false where the action is no movement.
    pub(in super::super) fn act(&mut self, action: Action, length: usize) -> bool {
        let last = length.saturating_sub(1);
        let page = self.page.get().max(1);
        self.selected = match action {
            Action::Up => self.selected.saturating_sub(1),
            Action::Down => (self.selected + 1).min(last),
            Action::Top => 0,
            Action::Bottom => last,
            Action::PageUp => self.selected.saturating_sub(page),
            Action::PageDown => (self.selected + page).min(last),
            _ => return false,
        };
        true
    }

    /// The rows to draw in a window of that height; the cursor is always among them.
    pub(in super::super) fn visible(&self, length: usize, height: usize) -> Range<usize> {
        self.page.set(height.saturating_sub(1).max(1));
        if self.centering.take() {
            self.first.set(self.selected.saturating_sub(height / 2));
        }
        let mut first = self.first.get().min(length.saturating_sub(height));
        if self.selected < first {
            first = self.selected;
        } else if height > 0 && self.selected >= first + height {
            first = self.selected + 1 - height;
        }
        self.first.set(first);
        first..(first + height).min(length)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_window_follows_the_cursor() {
        let mut list = ListWindow::default();
        assert_eq!(list.visible(100, 10), 0..10);
        list.act(Action::Bottom, 100);
        assert_eq!(list.visible(100, 10), 90..100);
        list.act(Action::Up, 100);
        assert_eq!(list.visible(100, 10), 90..100, "the window only moves when it must");
        list.act(Action::PageUp, 100);
        assert_eq!(list.selected(), 89);
        list.clamp(5);
        assert_eq!((list.selected(), list.visible(5, 10)), (4, 0..5));
        assert!(!list.act(Action::Accept, 5));
    }

    #[test]
    fn a_row_that_is_followed_stays_at_its_place_on_the_screen() {
        let mut list = ListWindow::default();
        list.visible(100, 10);
        for _ in 0..3 {
            list.act(Action::Down, 100);
        }
        list.follow(50);
        assert_eq!((list.selected(), list.visible(100, 10)), (50, 47..57));
        list.follow(1);
        assert_eq!((list.selected(), list.visible(100, 10)), (1, 0..10));
        list.follow(99);
        assert_eq!((list.selected(), list.visible(100, 10)), (99, 90..100));
    }

    proptest! {
        #[test]
        fn the_cursor_is_always_seen(moves in prop::collection::vec(0usize..6, 0..60), length in 1usize..500, height in 1usize..40) {
            let mut list = ListWindow::default();
            for step in moves {
                let action = [Action::Up, Action::Down, Action::Top, Action::Bottom, Action::PageUp, Action::PageDown][step];
                list.act(action, length);
                let seen = list.visible(length, height);
                prop_assert!(seen.contains(&list.selected()));
                prop_assert!(seen.len() <= height && seen.end <= length);
            }
        }
    }
}
