//! How far a text is scrolled.

use std::cell::Cell;
use std::ops::Range;

use super::super::keymap::Action;

/// Scrolling without a cursor. Where the text ends is known only when it is drawn, hence the cells.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Scroll {
    first: Cell<usize>,
    height: Cell<usize>,
    length: Cell<usize>,
    /// Behind the last line that was drawn.
    end: Cell<usize>,
}

impl Scroll {
    /// Scrolls; other actions do nothing.
    pub(in super::super) fn act(&self, action: Action) {
        let (first, page) = (self.first.get(), self.height.get().saturating_sub(1).max(1));
        self.first.set(match action {
            Action::Up => first.saturating_sub(1),
            Action::Down => first.saturating_add(1),
            Action::PageUp => first.saturating_sub(page),
            Action::PageDown => first.saturating_add(page),
            Action::Top => 0,
            Action::Bottom => usize::MAX,
            _ => first,
        });
    }

    /// The first line that is seen.
    pub(in super::super) fn first(&self) -> usize {
        self.first.get()
    }

    /// The next frame begins with that line, as far as there are lines behind it.
    pub(in super::super) fn start_at(&self, line: usize) {
        self.first.set(line);
    }

    /// Forgets what the last frame showed, but not how far it was scrolled.
    pub(in super::super) fn forget(&self) {
        self.length.set(0);
        self.end.set(0);
    }

    /// Whether the last frame could not show all of it.
    pub(in super::super) fn has_more(&self) -> bool {
        self.length.get() > self.height.get()
    }

    /// Lines below the last one that was drawn.
    pub(in super::super) fn below(&self) -> usize {
        self.length.get().saturating_sub(self.end.get())
    }

    /// The lines to draw in a window of that height.
    pub(in super::super) fn visible(&self, length: usize, height: usize) -> Range<usize> {
        self.height.set(height);
        self.length.set(length);
        let first = self.first.get().min(length.saturating_sub(height));
        self.first.set(first);
        self.end.set((first + height).min(length));
        first..self.end.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_scrolls_to_its_end_and_no_further() {
        let scroll = Scroll::default();
        assert_eq!(scroll.visible(10, 4), 0..4);
        scroll.act(Action::Bottom);
        assert_eq!(scroll.visible(10, 4), 6..10);
        scroll.act(Action::Up);
        assert_eq!(scroll.visible(10, 4), 5..9);
        scroll.act(Action::PageDown);
        assert!(scroll.has_more());
        assert_eq!(scroll.visible(3, 4), 0..3, "a short text does not scroll");
        assert!(!scroll.has_more());
    }

    #[test]
    fn only_what_was_drawn_counts_as_seen() {
        let scroll = Scroll::default();
        scroll.visible(10, 4);
        assert_eq!(scroll.below(), 6);
        scroll.act(Action::Bottom);
        assert_eq!(scroll.below(), 6, "nobody has seen it yet");
        scroll.visible(10, 4);
        assert_eq!(scroll.below(), 0);
    }
}
