//! Requests as they will be sent, for a person to agree to.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::domain::new_feed::RequestPreview;

use super::super::layout::{below, top};
use super::super::theme::Theme;
use super::page::Page;
use super::reading;
use super::scroll::Scroll;

/// Draws the requests under a title; long ones scroll.
pub(in super::super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    (theme, requests, scroll): (Theme, &[RequestPreview], &Scroll),
) {
    let mut head = Page::new(theme, area.width);
    head.title("This will be sent when you agree");
    head.quiet("With your credential, which is not shown, in a header.").gap();
    let rows = head.len().min(area.height / 2);
    head.draw(frame, top(area, rows));
    let body = below(area, rows);
    let mut page = Page::new(theme, area.width);
    for request in requests {
        page.styled(&format!("{} {}", request.method, request.url), theme.strong());
        for line in request.body.lines() {
            page.diff(" ", Style::new(), line);
        }
        page.gap();
    }
    reading::draw(frame, body, (theme, page, scroll));
}
