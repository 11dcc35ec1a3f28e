//! Areas of the screen, and what is dropped first when it is narrow.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::Paragraph;

/// Below this a notice stands in for everything: columns, rows.
pub const SMALLEST: (u16, u16) = (40, 10);

/// From this width on the steps stand on a rail; below it they fold into one line.
const WITH_RAIL: u16 = 80;
const RAIL: u16 = 20;

/// From this height on there is room for an empty line.
const WITH_GAP: u16 = 16;

/// Where everything goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Areas {
    pub(super) header: Rect,
    pub(super) rail: Rect,
    /// The rail stands at the left; else it is one line.
    pub(super) rail_is_tall: bool,
    pub(super) panel: Rect,
    pub(super) notice: Rect,
    pub(super) keys: Rect,
}

impl Areas {
    pub(super) fn of(area: Rect) -> Self {
        let [header, line, body, notice, keys] = Layout::vertical([
            Constraint::Length(1),
            Constraint::Length(1),
            Constraint::Fill(1),
            Constraint::Length(1),
            Constraint::Length(1),
        ])
        .areas(area);
        if area.width < WITH_RAIL {
            let panel = inset(body, 1);
            return Self { header, rail: line, rail_is_tall: false, panel, notice, keys };
        }
        let body = Rect { y: line.y, height: line.height + body.height, ..body };
        let [rail, panel] = Layout::horizontal([Constraint::Length(RAIL), Constraint::Fill(1)]).areas(body);
        Self {
            header,
            rail: below(rail, 1),
            rail_is_tall: true,
            panel: inset(below(panel, 1), 2),
            notice,
            keys,
        }
    }
}

impl Areas {
    /// The same where tabs and a line about what is in force stand at the head, with room where there is any.
    pub(super) fn of_tabs(area: Rect) -> Self {
        let gap = u16::from(area.height >= WITH_GAP);
        let [header, rail, _, panel, notice, keys] = Layout::vertical([
            Constraint::Length(1),
            Constraint::Length(2),
            Constraint::Length(gap),
            Constraint::Fill(1),
            Constraint::Length(1),
            Constraint::Length(1),
        ])
        .areas(area);
        Self { header, rail, rail_is_tall: false, panel: inset(panel, 1), notice, keys }
    }
}

/// Fewer columns at both sides.
pub(super) fn inset(area: Rect, columns: u16) -> Rect {
    Rect { x: area.x + columns.min(area.width), width: area.width.saturating_sub(columns * 2), ..area }
}

/// The area without its first rows.
pub(super) fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}

/// The first rows of the area.
pub(super) fn top(area: Rect, rows: u16) -> Rect {
    Rect { height: rows.min(area.height), ..area }
}

/// A box of that size in the middle, as far as it fits.
pub(super) fn middle(area: Rect, columns: u16, rows: u16) -> Rect {
    let width = columns.min(area.width);
    let height = rows.min(area.height);
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

/// The notice that stands in for everything on a terminal that is too small.
pub(super) fn too_small(frame: &mut Frame<'_>) {
    let (columns, rows) = SMALLEST;
    let notice = format!("az-cargo-wizard needs {columns}x{rows}");
    let area = middle(frame.area(), u16::try_from(notice.len()).unwrap_or(0), 1);
    frame.render_widget(Paragraph::new(notice), area);
}
