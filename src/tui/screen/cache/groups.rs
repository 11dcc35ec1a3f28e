//! The crates of the cache by their names: a row for all versions and copies of one, which opens.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use crate::domain::cache::CacheRow;
use crate::domain::package::CrateName;
use crate::domain::text;

use super::super::super::theme::Theme;
use super::super::super::widget::table::{Cell, Column, Width};
use super::rows::since;

pub(super) const COLUMNS: [Column; 5] = [
    Column { title: "crate", width: Width::Fill(18), right: false, keep: 9 },
    Column { title: "versions", width: Width::Exactly(8), right: true, keep: 7 },
    Column { title: "files", width: Width::Exactly(8), right: true, keep: 6 },
    Column { title: "size", width: Width::Exactly(9), right: true, keep: 8 },
    Column { title: "last use", width: Width::Exactly(10), right: true, keep: 5 },
];

/// All versions and copies of one crate.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) name: CrateName,
    versions: usize,
    files: usize,
    bytes: u64,
    last_use: Option<SystemTime>,
}

/// The rows by crate, what takes most first; files that are no crates are in none.
pub(super) fn of<'a>(rows: impl Iterator<Item = &'a CacheRow>) -> Vec<Group> {
    let mut by_name: BTreeMap<&CrateName, (BTreeSet<&semver::Version>, Group)> = BTreeMap::new();
    for row in rows {
        let Some(id) = row.file.name.id() else { continue };
        let (versions, group) = by_name.entry(&id.name).or_insert_with(|| {
            let name = id.name.clone();
            (BTreeSet::new(), Group { name, versions: 0, files: 0, bytes: 0, last_use: None })
        });
        versions.insert(&id.version);
        group.versions = versions.len();
        group.files += 1;
        group.bytes += row.bytes;
        group.last_use = group.last_use.max(row.last_use());
    }
    let mut groups: Vec<Group> = by_name.into_values().map(|(_, group)| group).collect();
    groups.sort_by_key(|group| Reverse(group.bytes));
    groups
}

pub(super) fn cells(group: &Group, theme: Theme, now: Option<u64>) -> Vec<Cell> {
    vec![
        Cell::name(group.name.as_str()),
        Cell::new(text::grouped(group.versions)),
        Cell::new(text::grouped(group.files)),
        Cell::new(text::size(group.bytes)),
        Cell::styled(since(now, group.last_use), theme.quiet()),
    ]
}
