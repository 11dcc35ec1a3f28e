//! The rows of the live table: their columns, cells and order.

use std::cmp::Reverse;

use crate::domain::progress::{FetchEvent, Row, RowState};
use crate::domain::text;

use super::super::super::theme::Theme;
use super::super::super::widget::table::{Cell, Column, Sorted, Width};

const COLUMNS: [Column; 6] = [
    Column { title: "crate", width: Width::Fill(16), right: false, keep: 9 },
    Column { title: "version", width: Width::Exactly(9), right: false, keep: 8 },
    Column { title: "source", width: Width::Exactly(16), right: false, keep: 1 },
    Column { title: "state", width: Width::Exactly(14), right: false, keep: 7 },
    Column { title: "size", width: Width::Exactly(9), right: true, keep: 6 },
    Column { title: "time", width: Width::Exactly(8), right: true, keep: 4 },
];

/// What the rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Order {
    #[default]
    Name,
    State,
    Size,
    Time,
}

impl Order {
    pub(super) fn next(self) -> Self {
        match self {
            Self::Name => Self::State,
            Self::State => Self::Size,
            Self::Size => Self::Time,
            Self::Time => Self::Name,
        }
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::State => "state",
            Self::Size => "size, largest first",
            Self::Time => "time, latest first",
        }
    }

    /// The columns; the one that the rows are sorted by is dropped last but for the crate itself.
    pub(super) fn columns(self) -> [Column; 6] {
        let mut columns = COLUMNS;
        let sorted = &mut columns[self.sorted().column];
        sorted.keep = sorted.keep.max(8);
        columns
    }

    /// The column, for its head.
    pub(super) fn sorted(self) -> Sorted {
        let (column, falls) = match self {
            Self::Name => (0, false),
            Self::State => (3, false),
            Self::Size => (4, true),
            Self::Time => (5, true),
        };
        Sorted { column, falls }
    }

    /// Sorts the positions of rows; equal ones by name.
    pub(super) fn sort(self, rows: &[Row], shown: &mut [usize]) {
        let by = |index: &usize| &rows[*index];
        match self {
            Self::Name => shown.sort_by(|a, b| by(a).id.cmp(&by(b).id)),
            Self::State => shown.sort_by(|a, b| (by(a).state, &by(a).id).cmp(&(by(b).state, &by(b).id))),
            Self::Size => {
                shown.sort_by(|a, b| {
                    (Reverse(by(a).bytes), &by(a).id).cmp(&(Reverse(by(b).bytes), &by(b).id))
                });
            }
            Self::Time => {
                shown.sort_by(|a, b| (Reverse(by(a).at), &by(a).id).cmp(&(Reverse(by(b).at), &by(b).id)));
            }
        }
    }

    /// Whether an event can change the order. Most can't, and sorting thousands of rows takes time.
    pub(super) fn is_changed_by(self, event: &FetchEvent) -> bool {
        match event {
            FetchEvent::Planned(_) => true,
            FetchEvent::Downloaded(_) | FetchEvent::Stored { .. } | FetchEvent::Unpacked(_) => {
                self != Self::Name
            }
            _ => false,
        }
    }
}

/// The cells of one row.
pub(super) fn cells(row: &Row, theme: Theme) -> Vec<Cell> {
    let style = match row.state {
        RowState::Failed => theme.bad(),
        RowState::Queued | RowState::Cached | RowState::NotReached => theme.quiet(),
        RowState::Downloaded => theme.warning(),
        RowState::Stored | RowState::Unpacked => theme.good(),
    };
    vec![
        Cell::new(row.id.name.as_str()),
        Cell::styled(row.id.version.to_string(), theme.quiet()),
        Cell::styled(row.source.clone(), theme.quiet()),
        Cell::styled(row.state.label(), style),
        Cell::new(row.bytes.map(text::size).unwrap_or_default()),
        Cell::styled(row.at.map(text::duration).unwrap_or_default(), theme.quiet()),
    ]
}
