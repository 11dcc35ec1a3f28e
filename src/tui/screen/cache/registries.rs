//! The registries of the cache: a row a folder, and above several the row of all.

use crate::domain::cache::{CacheTable, Folder, FolderTotals};
use crate::domain::text;

use super::super::super::session::Session;
use super::super::super::theme::Theme;
use super::super::super::widget::table::{Cell, Column, Width};
use super::rows::since;

pub(super) const COLUMNS: [Column; 6] = [
    Column { title: "registry", width: Width::Fill(18), right: false, keep: 9 },
    Column { title: "crates", width: Width::Exactly(8), right: true, keep: 7 },
    Column { title: "size", width: Width::Exactly(9), right: true, keep: 8 },
    Column { title: "unpacked", width: Width::Exactly(9), right: true, keep: 4 },
    Column { title: "last use", width: Width::Exactly(10), right: true, keep: 5 },
    Column { title: "note", width: Width::Exactly(14), right: false, keep: 6 },
];

/// The totals of all folders.
pub(super) fn of_all(totals: &[FolderTotals]) -> FolderTotals {
    totals.iter().fold(FolderTotals::default(), |all, one| FolderTotals {
        crates: all.crates + one.crates,
        bytes: all.bytes + one.bytes,
        unpacked: all.unpacked + one.unpacked,
        last_use: all.last_use.max(one.last_use),
        duplicate_bytes: all.duplicate_bytes + one.duplicate_bytes,
        damaged: all.damaged + one.damaged,
    })
}

/// The cells of a folder, or of all.
pub(super) fn cells(
    folder: Option<&Folder>,
    total: &FolderTotals,
    (table, theme, now): (&CacheTable, Theme, Option<u64>),
) -> Vec<Cell> {
    let name = match folder {
        None => Cell::styled("all registries", theme.strong()),
        Some(folder) if folder.owner.index().is_none() => {
            Cell { style: theme.warning(), ..Cell::name(folder.label()) }
        }
        Some(folder) => Cell::name(folder.label()),
    };
    let is_orphan = folder.is_some_and(Folder::is_orphan);
    let has_twins = folder.is_some_and(|folder| table.twins(folder).next().is_some());
    let note = match (total.damaged, is_orphan, has_twins) {
        (1.., _, _) => Cell::styled(format!("{} damaged", text::grouped(total.damaged)), theme.bad()),
        (0, true, _) => Cell::styled("no index", theme.warning()),
        (0, false, true) => Cell::styled("has a twin", theme.quiet()),
        (0, false, false) => Cell::default(),
    };
    let unpacked = if total.unpacked == 0 { String::new() } else { text::size(total.unpacked) };
    vec![
        name,
        Cell::new(text::grouped(total.crates)),
        Cell::new(text::size(total.bytes)),
        Cell::styled(unpacked, theme.quiet()),
        Cell::styled(since(now, total.last_use), theme.quiet()),
        note,
    ]
}

/// What is to be known of a folder besides its totals.
pub(super) fn notes(folder: &Folder, total: &FolderTotals, table: &CacheTable) -> Vec<String> {
    let mut notes = Vec::new();
    if folder.owner.index().is_none() {
        notes.push("no index known here has a folder of that name".to_owned());
    }
    if folder.is_orphan() {
        notes.push("no index: Cargo's own daily clean-up will delete all of it".to_owned());
    }
    if total.duplicate_bytes > 0 {
        notes.push(format!("{} in another folder too", text::size(total.duplicate_bytes)));
    }
    let twins: Vec<&str> = table.twins(folder).map(|twin| &*twin.dir).collect();
    if !twins.is_empty() {
        notes.push(format!("another address of the same registry has {}", twins.join(", ")));
    }
    notes
}

/// One line about the registry under the cursor.
pub(super) fn about(
    folder: &Folder,
    total: &FolderTotals,
    (table, theme, session): (&CacheTable, Theme, &Session),
) -> String {
    let mut words = notes(folder, total, table);
    words.push(format!("in {}", session.shown(&folder.path)));
    words.join(theme.separator())
}
