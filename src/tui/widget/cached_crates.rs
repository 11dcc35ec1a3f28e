//! Rows of the crates that Cargo keeps, folder after folder.

use crate::domain::text;
use crate::task::CacheFolder;

use super::super::theme::Theme;
use super::table::{Cell, Column, Width};

pub(in super::super) const COLUMNS: [Column; 4] = [
    Column { title: "cached crate", width: Width::Fill(18), right: false, keep: 9 },
    Column { title: "version", width: Width::Exactly(10), right: false, keep: 8 },
    Column { title: "size", width: Width::Exactly(9), right: true, keep: 7 },
    Column { title: "in this lock file", width: Width::Exactly(17), right: false, keep: 2 },
];

pub(in super::super) fn rows(folders: &[CacheFolder]) -> usize {
    folders.iter().map(|folder| folder.crates.len()).sum()
}

/// The cells of one row.
pub(in super::super) fn cells(folders: &[CacheFolder], row: usize, theme: Theme) -> Vec<Cell> {
    let Some(file) = folders.iter().flat_map(|folder| &folder.crates).nth(row) else {
        return Vec::new();
    };
    let (name, version) = match &file.id {
        Some(id) => (Cell::new(id.name.as_str()), Cell::styled(id.version.to_string(), theme.quiet())),
        None => (Cell::styled(file.file.clone(), theme.warning()), Cell::styled("invalid", theme.warning())),
    };
    let used = if file.in_lock_file { "yes" } else { "no" };
    vec![name, version, Cell::new(text::size(file.bytes)), Cell::styled(used, theme.quiet())]
}
