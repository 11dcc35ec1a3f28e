//! A text that is to be read to its end before anything in it is agreed to.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::super::keymap::Action;
use super::super::layout::{below, top};
use super::super::theme::Theme;
use super::overflow;
use super::page::Page;
use super::scroll::Scroll;

/// Draws what fits of the page; below it, how many lines are still to be read.
pub(in super::super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    (theme, page, scroll): (Theme, Page, &Scroll),
) {
    // Its last part ends in an empty line that nobody has to see.
    let length = usize::from(page.len()).saturating_sub(1);
    let fits = length <= area.height.into();
    let window = if fits { area } else { top(area, area.height.saturating_sub(1)) };
    let seen = scroll.visible(length, window.height.into());
    page.draw_from(frame, window, seen.start);
    if scroll.below() > 0 {
        let mut more = Page::new(theme, area.width);
        more.warning(&overflow::more(scroll.below(), "below", Action::PageDown));
        more.draw(frame, below(area, window.height));
    }
}
