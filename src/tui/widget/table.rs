//! Rows in columns; only the rows that are seen are ever made (libraries.md, trap 9).

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::domain::text;

use super::super::theme::Theme;
use super::list_window::ListWindow;

/// Between two columns.
const GAP: usize = 2;

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Column {
    pub(in super::super) title: &'static str,
    /// Columns of the terminal; a column of several `Fill` shares what is left.
    pub(in super::super) width: Width,
    pub(in super::super) right: bool,
    /// Lower ones are dropped first when the terminal is narrow.
    pub(in super::super) keep: u8,
}

/// How wide a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Width {
    Exactly(usize),
    /// What is left, but at least this.
    Fill(usize),
}

/// One cell.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Cell {
    pub(in super::super) text: String,
    pub(in super::super) style: Style,
    /// Its end tells it apart: what does not fit is cut in the middle.
    pub(in super::super) is_name: bool,
}

impl Cell {
    pub(in super::super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub(in super::super) fn name(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_name: true, ..Self::default() }
    }

    pub(in super::super) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style, ..Self::default() }
    }

    /// As many columns of it as there are.
    fn cut(&self, theme: Theme, columns: usize) -> String {
        if self.is_name { theme.name(&self.text, columns) } else { theme.line(&self.text, columns) }
    }
}

/// The column that the rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Sorted {
    pub(in super::super) column: usize,
    /// The largest or the latest comes first.
    pub(in super::super) falls: bool,
}

/// A table about to be drawn.
#[derive(Debug)]
pub(in super::super) struct Table<'a> {
    pub(in super::super) theme: Theme,
    pub(in super::super) columns: &'a [Column],
    /// Marked in the head.
    pub(in super::super) sorted: Option<Sorted>,
    pub(in super::super) window: &'a ListWindow,
    pub(in super::super) length: usize,
    /// Whether the cursor's row is marked.
    pub(in super::super) focused: bool,
}

impl Table<'_> {
    /// Draws the head and the rows that are seen; `row` makes the cells of one.
    pub(in super::super) fn draw(&self, frame: &mut Frame<'_>, area: Rect, row: impl Fn(usize) -> Vec<Cell>) {
        if area.height == 0 {
            return;
        }
        let widths = widths(self.columns, area.width.into());
        let head = self.columns.iter().enumerate().map(|(index, column)| self.title(index, column)).collect();
        self.line(frame, Rect { height: 1, ..area }, (head, &widths, Style::new()));
        let rows = self.window.visible(self.length, usize::from(area.height) - 1);
        for (y, index) in (area.y + 1..).zip(rows) {
            let selected = self.focused && index == self.window.selected();
            let style = if selected { self.theme.selected() } else { Style::new() };
            self.line(frame, Rect { y, height: 1, ..area }, (row(index), &widths, style));
        }
    }

    fn title(&self, index: usize, column: &Column) -> Cell {
        let theme = self.theme;
        match self.sorted.filter(|sorted| sorted.column == index) {
            Some(Sorted { falls, .. }) => {
                let mark = if falls { theme.down() } else { theme.up() };
                Cell::styled(format!("{} {mark}", column.title), theme.strong())
            }
            None => Cell::styled(column.title, theme.quiet()),
        }
    }

    fn line(&self, frame: &mut Frame<'_>, area: Rect, (cells, widths, style): (Vec<Cell>, &[usize], Style)) {
        let mut spans = Vec::with_capacity(cells.len() * 2);
        let shown = cells.into_iter().zip(self.columns).zip(widths).filter(|(_, width)| **width > 0);
        for ((cell, column), width) in shown {
            if !spans.is_empty() {
                spans.push(Span::raw(" ".repeat(GAP)));
            }
            let text = cell.cut(self.theme, *width);
            let fill = " ".repeat(width.saturating_sub(text::width(&text)));
            let text = if column.right { format!("{fill}{text}") } else { format!("{text}{fill}") };
            spans.push(Span::styled(text, if style == Style::new() { cell.style } else { Style::new() }));
        }
        frame.buffer_mut().set_style(area, style);
        frame.buffer_mut().set_line(area.x, area.y, &Line::from(spans).style(style), area.width);
        if style != Style::new() {
            // The terminal's own cursor marks the row for screen readers, and where reverse is not seen.
            frame.set_cursor_position(Position { x: area.x, y: area.y });
        }
    }
}

/// The width of each column in a window; 0: dropped.
fn widths(columns: &[Column], room: usize) -> Vec<usize> {
    let least = |column: &Column| match column.width {
        Width::Exactly(width) | Width::Fill(width) => width,
    };
    let mut kept: Vec<bool> = vec![true; columns.len()];
    let needed = |kept: &[bool]| -> usize {
        let shown = columns.iter().zip(kept).filter(|(_, kept)| **kept);
        shown.map(|(column, _)| least(column) + GAP).sum::<usize>().saturating_sub(GAP)
    };
    while needed(&kept) > room && kept.iter().filter(|kept| **kept).count() > 1 {
        let candidates = columns.iter().enumerate().filter(|(index, _)| kept[*index]);
        let Some((weakest, _)) = candidates.min_by_key(|(_, column)| column.keep) else { break };
        kept[weakest] = false;
    }
    let spare = room.saturating_sub(needed(&kept));
    let fills =
        columns.iter().zip(&kept).filter(|(c, kept)| **kept && matches!(c.width, Width::Fill(_))).count();
    let mut widths: Vec<usize> = Vec::with_capacity(columns.len());
    for (column, kept) in columns.iter().zip(&kept) {
        widths.push(match (kept, column.width) {
            (false, _) => 0,
            (true, Width::Exactly(width)) => width.min(room),
            (true, Width::Fill(width)) => (width + spare / fills.max(1)).min(room),
        });
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column { title: "name", width: Width::Fill(10), right: false, keep: 9 },
        Column { title: "source", width: Width::Exactly(12), right: false, keep: 1 },
        Column { title: "size", width: Width::Exactly(9), right: true, keep: 5 },
    ];

    #[test]
    fn what_matters_least_is_dropped_first() {
        assert_eq!(widths(&COLUMNS, 60), [35, 12, 9]);
        assert_eq!(widths(&COLUMNS, 30), [19, 0, 9]);
        assert_eq!(widths(&COLUMNS, 15), [15, 0, 0]);
        assert_eq!(widths(&COLUMNS, 4), [4, 0, 0]);
    }
}
