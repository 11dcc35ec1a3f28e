//! A box above everything else.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Clear};

use super::super::layout::{inset, middle};
use super::super::theme::Theme;
use super::page::Page;

/// Draws a page in a box of its height in the middle of the screen.
pub(in super::super) fn modal(frame: &mut Frame<'_>, theme: Theme, (title, page): (&str, Page)) {
    let area = box_of(frame.area(), page.len());
    frame.render_widget(Clear, area);
    let mut block = Block::bordered().title(format!(" {title} ")).title_style(theme.accent());
    if !theme.unicode {
        block = block.border_set(ratatui::symbols::border::Set {
            top_left: "+",
            top_right: "+",
            bottom_left: "+",
            bottom_right: "+",
            vertical_left: "|",
            vertical_right: "|",
            horizontal_top: "-",
            horizontal_bottom: "-",
        });
    }
    let inner = inset(block.inner(area), 1);
    frame.render_widget(block.border_style(theme.border()), area);
    page.draw(frame, inner);
}

/// Columns of text inside a modal on a screen of that width.
pub(in super::super) fn columns(screen: Rect) -> u16 {
    screen.width.saturating_sub(8).clamp(20, 72)
}

fn box_of(screen: Rect, rows: u16) -> Rect {
    middle(screen, columns(screen) + 4, rows + 2)
}
