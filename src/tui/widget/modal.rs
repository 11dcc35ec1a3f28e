//! A box above everything else.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use ratatui::symbols::border;
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear};

use super::super::keymap::Action;
use super::super::layout::{inset, middle};
use super::super::theme::Theme;
use super::overflow;
use super::page::Page;
use super::scroll::Scroll;

const ASCII: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// Draws a page in a box of its height in the middle of the area, scrolled where it is longer.
pub(in super::super) fn modal(
    frame: &mut Frame<'_>,
    area: Rect,
    (theme, scroll): (Theme, &Scroll),
    (title, page): (&str, Page),
) {
    let area = box_of(area, page.len());
    frame.render_widget(Clear, area);
    // The border is faint; its title is not.
    let title_style = theme.accent().remove_modifier(Modifier::DIM);
    let mut block = Block::bordered().title(format!(" {title} ")).title_style(title_style);
    if !theme.unicode {
        block = block.border_set(ASCII);
    }
    let inner = inset(block.inner(area), 1);
    let seen = scroll.visible(page.len().into(), inner.height.into());
    if scroll.below() > 0 {
        let more = overflow::more(scroll.below(), "below", Action::PageDown);
        block = block.title_bottom(Line::styled(format!(" {} {more} ", theme.down()), theme.quiet()));
    }
    frame.render_widget(block.border_style(theme.border()), area);
    // The cursor of what lies below would blink through.
    frame.set_cursor_position(Position { x: inner.x, y: inner.y });
    page.draw_from(frame, inner, seen.start);
}

/// Columns of text inside a modal on a screen of that width.
pub(in super::super) fn columns(screen: Rect) -> u16 {
    screen.width.saturating_sub(8).clamp(20, 72)
}

fn box_of(area: Rect, rows: u16) -> Rect {
    middle(area, columns(area) + 4, rows.saturating_add(2))
}
