//! The crates of the cache: their columns, cells, orders, and what a filter leaves of them. A hundred thousand rows
//! are compared by numbers that are found once, so that a key is never waited for.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use crate::domain::cache::{CacheRow, CacheTable, FileState};
use crate::domain::package::CrateName;
use crate::domain::text;

use super::super::super::theme::Theme;
use super::super::super::widget::filter::Haystack;
use super::super::super::widget::table::{Cell, Column, Sorted, Width};

const MARK: Column = Column { title: "", width: Width::Exactly(1), right: false, keep: 9 };
const REGISTRY: Column = Column { title: "registry", width: Width::Fill(12), right: false, keep: 4 };

const COLUMNS: [(Order, Column); 8] = [
    (Order::Name, Column { title: "crate", width: Width::Fill(14), right: false, keep: 10 }),
    (Order::Version, Column { title: "version", width: Width::Exactly(10), right: false, keep: 8 }),
    (Order::Size, Column { title: "size", width: Width::Exactly(9), right: true, keep: 7 }),
    (Order::State, Column { title: "checksum", width: Width::Exactly(10), right: false, keep: 6 }),
    (Order::Used, Column { title: "last use", width: Width::Exactly(10), right: true, keep: 5 }),
    (Order::Locked, Column { title: "locked", width: Width::Exactly(8), right: false, keep: 3 }),
    (Order::Age, Column { title: "age", width: Width::Exactly(6), right: true, keep: 2 }),
    (Order::Copies, Column { title: "also in", width: Width::Exactly(9), right: false, keep: 1 }),
];

/// What the rows are sorted by: any column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Order {
    #[default]
    Name,
    Version,
    Registry,
    Size,
    State,
    Used,
    Locked,
    Age,
    Copies,
}

impl Order {
    /// The one after it; registries are told apart only where several are shown.
    pub(super) fn next(self, of_all: bool) -> Self {
        match self {
            Self::Name => Self::Version,
            Self::Version if of_all => Self::Registry,
            Self::Version | Self::Registry => Self::Size,
            Self::Size => Self::State,
            Self::State => Self::Used,
            Self::Used => Self::Locked,
            Self::Locked => Self::Age,
            Self::Age => Self::Copies,
            Self::Copies => Self::Name,
        }
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Version => "version",
            Self::Registry => "registry",
            Self::Size => "size, largest first",
            Self::State => "checksum, damaged first",
            Self::Used => "last use, longest ago first",
            Self::Locked => "this lock file's crates first",
            Self::Age => "age, oldest first",
            Self::Copies => "what is there more than once",
        }
    }

    fn falls(self) -> bool {
        matches!(self, Self::Size | Self::Used | Self::Age | Self::Copies)
    }

    /// What a row is compared by: the smallest comes first.
    fn key(self, row: &CacheRow, facts: &Facts) -> u64 {
        match self {
            Self::Name | Self::Version => 0,
            Self::Registry => facts.folder.into(),
            Self::Size => u64::MAX - row.bytes,
            Self::State => match row.state {
                FileState::Damaged(_) => 0,
                FileState::NotTold => 1,
                FileState::Unchecked => 2,
                FileState::Whole => 3,
            },
            Self::Used => row.last_use().map_or(u64::MAX, seconds),
            Self::Locked => u64::from(!row.in_lock_file),
            Self::Age => row.stored.map_or(u64::MAX, seconds),
            Self::Copies => u64::MAX - u64::from(facts.copies),
        }
    }
}

/// What is found out once of a row, to compare it by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    /// The place of its folder; the last of all where it has none.
    pub(super) folder: u32,
    /// Its place among all by name.
    rank: u32,
    /// Other folders that hold the same crate.
    pub(super) copies: u32,
}

/// The rows in an order, and those of them that are shown.
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) order: Order,
    facts: Vec<Facts>,
    sorted: Vec<u32>,
    shown: Vec<u32>,
    /// Those that would be shown of all crates, where only one crate's are.
    of_all: Vec<u32>,
    /// How many would be shown without a filter.
    before_filter: usize,
    /// Made ready when something is typed.
    haystack: Option<Haystack>,
}

impl View {
    /// Rows that it has taken in.
    pub(super) fn known(&self) -> usize {
        self.facts.len()
    }

    pub(super) fn len(&self) -> usize {
        self.shown.len()
    }

    pub(super) fn before_filter(&self) -> usize {
        self.before_filter
    }

    pub(super) fn row<'a>(&self, table: &'a CacheTable, place: usize) -> Option<(&'a CacheRow, Facts)> {
        let index = *self.shown.get(place)? as usize;
        Some((table.rows().get(index)?, *self.facts.get(index)?))
    }

    /// Every row that is shown.
    pub(super) fn rows<'a>(&'a self, table: &'a CacheTable) -> impl Iterator<Item = &'a CacheRow> {
        self.shown.iter().filter_map(|index| table.rows().get(*index as usize))
    }

    /// The place of the first row that is shown and like that.
    pub(super) fn position(&self, table: &CacheTable, is_it: impl Fn(&CacheRow) -> bool) -> Option<usize> {
        self.shown.iter().position(|index| table.rows().get(*index as usize).is_some_and(&is_it))
    }

    /// Takes in rows that have come or gone.
    pub(super) fn take(&mut self, table: &CacheTable) {
        let rows = table.rows();
        let folders: HashMap<&str, u32> =
            table.folders().iter().zip(0..).map(|(folder, place)| (&*folder.dir, place)).collect();
        let facts = |row: &CacheRow| {
            let folder = folders.get(&*row.file.dir).copied().unwrap_or(u32::MAX);
            Facts { folder, rank: 0, copies: 0 }
        };
        self.facts = rows.iter().map(facts).collect();
        let mut by_name: Vec<u32> = numbers(rows.len()).collect();
        let name = |index: u32| &rows[index as usize].file.name;
        // Folder by folder they are sorted already: the stable sort merges those runs.
        by_name.sort_by(|a, b| name(*a).cmp(name(*b)));
        for (rank, index) in (0..).zip(&by_name) {
            self.facts[*index as usize].rank = rank;
        }
        for group in by_name.chunk_by(|a, b| name(*a) == name(*b)) {
            let copies = u32::try_from(group.len() - 1).unwrap_or(u32::MAX);
            for index in group.iter().filter(|index| name(**index).id().is_some()) {
                self.facts[*index as usize].copies = copies;
            }
        }
        self.haystack = None;
        self.sort(table);
    }

    /// Sorts all rows anew; what is shown of them is for [`Self::choose`].
    pub(super) fn sort(&mut self, table: &CacheTable) {
        let (rows, facts, order) = (table.rows(), &self.facts, self.order);
        let rank = |index: &u32| facts[*index as usize].rank;
        self.sorted = numbers(facts.len()).collect();
        if order == Order::Version {
            let version = |index: &u32| rows[*index as usize].file.name.id().map(|id| Reverse(&id.version));
            self.sorted.sort_by(|a, b| version(b).cmp(&version(a)).then_with(|| rank(a).cmp(&rank(b))));
            return;
        }
        let mut keyed: Vec<(u64, u32, u32)> = self
            .sorted
            .iter()
            .map(|index| (order.key(&rows[*index as usize], &facts[*index as usize]), rank(index), *index))
            .collect();
        keyed.sort_unstable();
        self.sorted = keyed.into_iter().map(|(_, _, index)| index).collect();
    }

    /// Shows the rows of that folder, or of all, that match.
    pub(super) fn choose(&mut self, table: &CacheTable, folder: Option<u32>, query: &str) {
        let is_of = |facts: &Facts| folder.is_none_or(|folder| facts.folder == folder);
        let mut matches: Vec<bool> = self.facts.iter().map(is_of).collect();
        self.before_filter = matches.iter().filter(|is_of| **is_of).count();
        if !query.trim().is_empty() {
            let rows = table.rows();
            let haystack = self.haystack.get_or_insert_with(|| {
                let names: Vec<String> = rows.iter().take(matches.len()).map(searched).collect();
                Haystack::new(names.iter().map(String::as_str))
            });
            let mut found = vec![false; matches.len()];
            haystack.matching(query).into_iter().for_each(|index| found[index] = true);
            matches.iter_mut().zip(found).for_each(|(shown, found)| *shown &= found);
        }
        self.shown = self.sorted.iter().copied().filter(|index| matches[*index as usize]).collect();
        self.of_all = Vec::new();
    }

    /// Shows what is left of the crate of that name, after [`Self::choose`].
    pub(super) fn choose_name(&mut self, table: &CacheTable, name: Option<&CrateName>) {
        if self.of_all.is_empty() {
            self.of_all = std::mem::take(&mut self.shown);
        }
        let id = |index: &u32| table.rows().get(*index as usize).and_then(|row| row.file.name.id());
        let is_it = |index: &u32| name.is_some() && id(index).map(|id| &id.name) == name;
        self.shown = self.of_all.iter().copied().filter(is_it).collect();
    }
}

/// What a filter looks at.
fn searched(row: &CacheRow) -> String {
    row.file.name.id().map_or_else(|| row.file.name.to_string(), ToString::to_string)
}

fn numbers(rows: usize) -> std::ops::Range<u32> {
    0..u32::try_from(rows).unwrap_or(u32::MAX)
}

fn seconds(at: SystemTime) -> u64 {
    at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The columns; the one that the rows are sorted by is dropped last but for the crate itself. And its place.
pub(super) fn columns(order: Order, (of_all, marked): (bool, bool)) -> (Vec<Column>, Sorted) {
    let mut columns: Vec<(Option<Order>, Column)> =
        COLUMNS.iter().map(|(order, column)| (Some(*order), *column)).collect();
    if of_all {
        columns.insert(2, (Some(Order::Registry), REGISTRY));
    }
    if marked {
        columns.insert(0, (None, MARK));
    }
    let column = columns.iter().position(|(of, _)| *of == Some(order)).unwrap_or(0);
    columns[column].1.keep = columns[column].1.keep.max(8);
    let sorted = Sorted { column, falls: order.falls() };
    (columns.into_iter().map(|(_, column)| column).collect(), sorted)
}

/// One row about to be shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) row: &'a CacheRow,
    pub(super) copies: u32,
    /// Its registry, where several are shown.
    pub(super) registry: Option<&'a str>,
    /// `None`: nothing is marked.
    pub(super) marked: Option<bool>,
}

/// The cells of one row.
pub(super) fn cells(shown: Shown<'_>, theme: Theme, now: Option<u64>) -> Vec<Cell> {
    let row = shown.row;
    let mut cells = Vec::with_capacity(10);
    cells.extend(
        shown.marked.map(|marked| Cell::styled(if marked { theme.mark() } else { "" }, theme.accent())),
    );
    if let Some(id) = row.file.name.id() {
        cells.extend([Cell::new(id.name.as_str()), Cell::styled(id.version.to_string(), theme.quiet())]);
    } else {
        let name = Cell { is_name: true, ..Cell::styled(row.file.name.to_string(), theme.warning()) };
        cells.extend([name, Cell::styled("invalid", theme.warning())]);
    }
    cells.extend(shown.registry.map(|registry| Cell { style: theme.quiet(), ..Cell::name(registry) }));
    let copies = match shown.copies {
        0 => String::new(),
        1 => "1 other".to_owned(),
        some => format!("{some} others"),
    };
    cells.extend([
        Cell::new(text::size(row.bytes)),
        state(&row.state, theme),
        Cell::styled(since(now, row.last_use()), theme.quiet()),
        Cell::styled(if row.in_lock_file { "yes" } else { "" }, theme.good()),
        Cell::styled(since(now, row.stored), theme.quiet()),
        Cell::styled(copies, theme.quiet()),
    ]);
    cells
}

fn state(state: &FileState, theme: Theme) -> Cell {
    match state {
        FileState::Unchecked => Cell::styled(theme.to_come(), theme.quiet()),
        FileState::Whole => Cell::styled("whole", theme.good()),
        FileState::NotTold => Cell::styled("not known", theme.quiet()),
        FileState::Damaged(_) => Cell::styled(state.word(), theme.bad()),
    }
}

/// How long ago that was, as short as a column is.
pub(super) fn since(now: Option<u64>, at: Option<SystemTime>) -> String {
    const DAY: u64 = 24 * 60 * 60;
    let (Some(now), Some(at)) = (now, at) else { return String::new() };
    match Duration::from_secs(now.saturating_sub(seconds(at))).as_secs() / DAY {
        0 => "today".to_owned(),
        days if days < 1000 => format!("{days} d"),
        days => format!("{} y", days / 365),
    }
}
