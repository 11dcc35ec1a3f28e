//! The table of the cache: every row once, found again by its file, with what all of them come to.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::time::SystemTime;

use super::{CacheEvent, CacheRow, CachedFile, Damage, FileName, FileState, Folder, Removal, Target};

/// Everything that a look at the cache has told so far.
#[derive(Debug, Clone, Default)]
pub struct CacheTable {
    notes: Vec<String>,
    folders: Vec<Folder>,
    rows: Vec<CacheRow>,
    sources_only: HashMap<Arc<str>, (usize, u64)>,
    /// Rows by the hash of their file; made when the first is looked for.
    places: HashMap<u64, u32>,
    /// The rows of crates, those of one crate side by side; made by [`Self::finish`].
    by_crate: Vec<u32>,
    to_check: (usize, u64),
    checked: (usize, u64),
}

/// What the files of one folder come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FolderTotals {
    pub crates: usize,
    /// Of all files in `registry/cache/DIR`.
    pub bytes: u64,
    /// Of the unpacked sources, those without a `.crate` file included.
    pub unpacked: u64,
    /// The latest use.
    pub last_use: Option<SystemTime>,
    /// Of crates that another folder holds too.
    pub duplicate_bytes: u64,
    pub damaged: usize,
}

impl CacheTable {
    /// What of the project can't be known, and why.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    #[must_use]
    pub fn folders(&self) -> &[Folder] {
        &self.folders
    }

    #[must_use]
    pub fn rows(&self) -> &[CacheRow] {
        &self.rows
    }

    /// Files and bytes that are checked, of all that are to be.
    #[must_use]
    pub fn progress(&self) -> ((usize, u64), (usize, u64)) {
        (self.checked, self.to_check)
    }

    /// Takes in what is told.
    pub fn apply(&mut self, event: CacheEvent) {
        match event {
            CacheEvent::Note(note) => self.notes.push(note),
            CacheEvent::Folders(folders) => self.folders = folders,
            CacheEvent::Rows(rows) => {
                self.places.clear();
                self.by_crate.clear();
                self.rows.extend(rows);
            }
            CacheEvent::Unpacked(sizes) => {
                for (file, bytes) in sizes {
                    if let Some(row) = self.row_mut(&file) {
                        row.unpacked = Some(bytes);
                    }
                }
            }
            CacheEvent::SourcesOnly { dir, crates, bytes } => {
                self.sources_only.insert(dir, (crates, bytes));
            }
            CacheEvent::ToCheck { files, bytes } => {
                (self.to_check, self.checked) = ((files, bytes), (0, 0));
            }
            CacheEvent::Checked(verdicts) => {
                for verdict in verdicts {
                    self.checked.0 += 1;
                    self.checked.1 += verdict.bytes;
                    if let Some(row) = self.row_mut(&verdict.file) {
                        row.state = verdict.state;
                    }
                }
            }
            CacheEvent::Removed(removals) => self.forget(&removals),
        }
    }

    /// Sorts the rows by folder and name, and finds those of one crate; call it when all have been told.
    pub fn finish(&mut self) {
        let order: HashMap<&str, usize> =
            self.folders.iter().enumerate().map(|(at, folder)| (&*folder.dir, at)).collect();
        let place = |row: &CacheRow| order.get(&*row.file.dir).copied().unwrap_or(usize::MAX);
        self.rows
            .sort_unstable_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.file.name.cmp(&b.file.name)));
        self.places.clear();
        let rows = &self.rows;
        let id = |row: &u32| rows[*row as usize].file.name.id();
        self.by_crate = numbers(rows.len()).filter(|row| id(row).is_some()).collect();
        self.by_crate.sort_unstable_by(|a, b| id(a).cmp(&id(b)).then(a.cmp(b)));
    }

    /// The row of a file.
    #[must_use]
    pub fn row(&self, file: &CachedFile) -> Option<&CacheRow> {
        self.rows.iter().find(|row| row.file == *file)
    }

    /// The same crate in other folders, once [`Self::finish`] was called; each costs its own bytes.
    pub fn copies<'a>(&'a self, row: &'a CacheRow) -> impl Iterator<Item = &'a CacheRow> {
        let of = |at: &u32| &self.rows[*at as usize];
        let id = row.file.name.id();
        let start = self.by_crate.partition_point(|at| of(at).file.name.id() < id);
        let group = self.by_crate[start..].iter().map(of).take_while(move |other| other.file.name.id() == id);
        group.filter(move |other| id.is_some() && other.file.dir != row.file.dir)
    }

    /// What each folder comes to, in their order.
    #[must_use]
    pub fn totals(&self) -> Vec<FolderTotals> {
        let mut totals = vec![FolderTotals::default(); self.folders.len()];
        let order: HashMap<&str, usize> =
            self.folders.iter().enumerate().map(|(at, folder)| (&*folder.dir, at)).collect();
        for row in &self.rows {
            let Some(total) = order.get(&*row.file.dir).and_then(|at| totals.get_mut(*at)) else { continue };
            total.crates += usize::from(row.file.name.id().is_some());
            total.bytes += row.bytes;
            total.unpacked += row.unpacked.unwrap_or(0);
            total.last_use = total.last_use.max(row.last_use());
            total.damaged += usize::from(matches!(row.state, FileState::Damaged(_)));
        }
        for (dir, (_, bytes)) in &self.sources_only {
            if let Some(total) = order.get(&**dir).and_then(|at| totals.get_mut(*at)) {
                total.unpacked += bytes;
            }
        }
        for group in self.groups().filter(|group| group.len() > 1) {
            for row in group.iter().map(|at| &self.rows[*at as usize]) {
                if let Some(total) = order.get(&*row.file.dir).and_then(|at| totals.get_mut(*at)) {
                    total.duplicate_bytes += row.bytes;
                }
            }
        }
        totals
    }

    /// What would be free if each crate were cached once: all its copies but the largest.
    #[must_use]
    pub fn duplicate_bytes(&self) -> u64 {
        let bytes = |group: &[u32]| {
            let sizes = group.iter().map(|at| self.rows[*at as usize].bytes);
            sizes.clone().sum::<u64>() - sizes.max().unwrap_or(0)
        };
        self.groups().map(bytes).sum()
    }

    /// The other folders of the same feed: twins by another spelling or for another era of Cargo.
    pub fn twins<'a>(&'a self, folder: &'a Folder) -> impl Iterator<Item = &'a Folder> {
        let feed = |folder: &'a Folder| folder.owner.index().map(|index| index.feed.as_str());
        let own = feed(folder);
        self.folders
            .iter()
            .filter(move |other| own.is_some() && feed(other) == own && other.dir != folder.dir)
    }

    /// Files that are not what Cargo downloaded.
    pub fn damaged(&self) -> impl Iterator<Item = (&CacheRow, &Damage)> {
        self.rows.iter().filter_map(|row| match &row.state {
            FileState::Damaged(damage) => Some((row, damage)),
            _ => None,
        })
    }

    /// The damaged crates that Cargo can get again.
    #[must_use]
    pub fn repairable(&self) -> Vec<CachedFile> {
        let damaged =
            self.rows.iter().filter(|row| row.state.is_repairable() && row.file.name.id().is_some());
        damaged.map(|row| row.file.clone()).collect()
    }

    fn groups(&self) -> impl Iterator<Item = &[u32]> {
        let id = |at: &u32| self.rows[*at as usize].file.name.id();
        self.by_crate.chunk_by(move |a, b| id(a) == id(b))
    }

    fn forget(&mut self, removals: &[Removal]) {
        let (mut dirs, mut files) = (HashSet::new(), HashSet::new());
        for removal in removals.iter().filter(|removal| removal.failure.is_none()) {
            match &removal.target {
                Target::Folder(dir) => {
                    dirs.insert(dir.clone());
                }
                Target::Crate(dir, id) => {
                    files.insert(CachedFile { dir: dir.clone(), name: FileName::Crate(id.clone()) });
                }
            }
        }
        self.rows.retain(|row| !dirs.contains(&row.file.dir) && !files.contains(&row.file));
        self.folders.retain(|folder| !dirs.contains(&folder.dir));
        self.sources_only.retain(|dir, _| !dirs.contains(dir));
        self.finish();
    }

    fn row_mut(&mut self, file: &CachedFile) -> Option<&mut CacheRow> {
        if self.places.is_empty() {
            let keys = self.rows.iter().map(|row| key(&row.file));
            self.places = keys.zip(numbers(self.rows.len())).collect();
        }
        let at = self.places.get(&key(file)).map(|at| *at as usize);
        let at = at.filter(|at| self.rows.get(*at).is_some_and(|row| row.file == *file));
        // Two files of one hash: one in 2^64.
        let at = at.or_else(|| self.rows.iter().position(|row| row.file == *file))?;
        self.rows.get_mut(at)
    }
}

fn numbers(rows: usize) -> impl Iterator<Item = u32> {
    0..u32::try_from(rows).unwrap_or(u32::MAX)
}

fn key(file: &CachedFile) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(file)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::domain::cache::{Owner, Verdict};
    use crate::domain::package::CrateId;

    fn folder(dir: &str) -> Folder {
        Folder {
            dir: dir.into(),
            path: PathBuf::from(dir),
            owner: Owner::Unknown { hint: None },
            has_index: true,
        }
    }

    fn file(dir: &str, name: &str) -> CachedFile {
        let name = CrateId::parse(name, "1.0.0").map_or(FileName::Foreign(name.into()), FileName::Crate);
        CachedFile { dir: dir.into(), name }
    }

    fn row(dir: &str, name: &str, bytes: u64) -> CacheRow {
        CacheRow {
            file: file(dir, name),
            bytes,
            unpacked: None,
            stored: None,
            used: None,
            in_lock_file: false,
            state: FileState::Unchecked,
        }
    }

    fn table() -> CacheTable {
        let mut table = CacheTable::default();
        table.apply(CacheEvent::Folders(vec![folder("one"), folder("two")]));
        table.apply(CacheEvent::Rows(vec![row("two", "b", 5), row("two", "a", 7)]));
        table.apply(CacheEvent::Rows(vec![row("one", "a", 6), row("one", "no crate", 1)]));
        table.apply(CacheEvent::Unpacked(vec![(file("two", "a"), 70)]));
        table.apply(CacheEvent::SourcesOnly { dir: "two".into(), crates: 1, bytes: 30 });
        table.finish();
        table
    }

    fn names(table: &CacheTable) -> Vec<String> {
        table.rows().iter().map(|row| format!("{}/{}", row.file.dir, row.file.name)).collect()
    }

    #[test]
    fn rows_are_sorted_and_summed_by_folder() {
        let table = table();
        assert_eq!(
            names(&table),
            ["one/a-1.0.0.crate", "one/no crate", "two/a-1.0.0.crate", "two/b-1.0.0.crate"]
        );
        let totals = table.totals();
        assert_eq!((totals[0].crates, totals[0].bytes, totals[0].duplicate_bytes), (1, 7, 6));
        assert_eq!((totals[1].crates, totals[1].bytes, totals[1].unpacked), (2, 12, 100));
        assert_eq!(totals[1].duplicate_bytes, 7);
        assert_eq!(table.duplicate_bytes(), 6, "the smaller copy is the one too many");
    }

    #[test]
    fn copies_are_those_of_other_folders_alone() {
        let table = table();
        let copies = |name: &str, dir: &str| {
            let row = table.row(&file(dir, name)).unwrap();
            table.copies(row).map(|row| row.file.dir.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(copies("a", "one"), ["two"]);
        assert_eq!(copies("a", "two"), ["one"]);
        assert!(copies("b", "two").is_empty() && copies("no crate", "one").is_empty());
    }

    #[test]
    fn verdicts_find_their_rows_and_what_is_deleted_is_gone() {
        let mut table = table();
        table.apply(CacheEvent::ToCheck { files: 1, bytes: 7 });
        let state = FileState::Damaged(Damage::Altered);
        table.apply(CacheEvent::Checked(vec![Verdict { file: file("two", "a"), bytes: 7, state }]));
        assert_eq!(table.progress(), ((1, 7), (1, 7)));
        assert_eq!(table.damaged().map(|(row, _)| &*row.file.dir).collect::<Vec<_>>(), ["two"]);
        let id = CrateId::parse("a", "1.0.0").unwrap();
        let removal = |target, failure| Removal { target, bytes: 1, failure };
        table.apply(CacheEvent::Removed(vec![
            removal(Target::Crate("two".into(), id.clone()), None),
            removal(Target::Crate("one".into(), id), Some("busy".into())),
        ]));
        assert_eq!(names(&table), ["one/a-1.0.0.crate", "one/no crate", "two/b-1.0.0.crate"]);
        table.apply(CacheEvent::Removed(vec![removal(Target::Folder("one".into()), None)]));
        assert_eq!((names(&table), table.folders().len()), (vec!["two/b-1.0.0.crate".to_owned()], 1));
    }
}
