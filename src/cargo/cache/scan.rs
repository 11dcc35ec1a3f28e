//! A look at the whole cache: rows in batches as they are found, on all cores, and the sizes of unpacked sources
//! after them. Takes no lock: files may be short, or gone the moment after.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::parallel::Run;
use super::sums::InUse;
use super::{Kept, crate_of, entries, folder, is_folder_name};
use crate::cargo::fetch_error::{FetchError, failed};
use crate::cargo::global_cache::Uses;
use crate::domain::cache::{CacheEvent, CacheRow, CachedFile, Damage, FileName, FileState, Folder};
use crate::domain::package::CrateId;
use crate::domain::text::clean;

/// The first rows are told at once, the others in batches of that many, or after that time.
const FIRST_ROWS: usize = 64;
const ROWS: usize = 512;
const PAUSE: Duration = Duration::from_millis(50);

/// Sources that are counted in one go.
const COUNTED: usize = 64;

/// What rows are filled in with.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    pub cargo_home: &'a Path,
    pub uses: &'a Uses,
    /// The crates of this project's lock file, where Cargo takes them from.
    pub in_use: &'a InUse,
    /// Whether the sizes of unpacked sources are wanted where Cargo has not recorded them.
    pub count_sources: bool,
    pub run: Run<'a>,
}

/// Sources that are still to be counted.
#[derive(Default)]
struct Uncounted {
    rows: Vec<CachedFile>,
    /// Names of folders in `registry/src/DIR` without a `.crate` file, by the number of the folder.
    alone: Vec<(usize, Vec<OsString>)>,
}

impl Look<'_> {
    /// Tells every row of these folders, and then every size.
    ///
    /// # Errors
    /// When a folder is there and can't be read; the others are told all the same.
    pub fn scan(&self, folders: &[Folder]) -> Result<(), FetchError> {
        let uncounted = Mutex::new(Uncounted::default());
        let trouble = Mutex::new(None);
        self.run.each(folders.len(), |at| match self.folder(&folders[at]) {
            Ok((rows, alone)) => {
                let mut uncounted = held(&uncounted);
                uncounted.rows.extend(rows);
                uncounted.alone.push((at, alone));
            }
            Err(error) => *held(&trouble) = Some(error),
        });
        if let Some(error) = held(&trouble).take() {
            return Err(error);
        }
        let Uncounted { rows, alone } = std::mem::take(&mut *held(&uncounted));
        if self.count_sources {
            self.count(&rows);
            self.count_alone(folders, &alone);
        }
        Ok(())
    }

    /// Tells the rows of one folder; what is unpacked without a size, and without a crate, is left to be counted.
    fn folder(&self, folder: &Folder) -> Result<(Vec<CachedFile>, Vec<OsString>), FetchError> {
        let mut unpacked = self.unpacked(&folder.dir)?;
        let mut uncounted = Vec::new();
        let mut batch = Batch::new(self.run);
        let in_use = self.in_use.of(&folder.dir);
        if is_real_folder(&folder.path) {
            for entry in entries(&folder.path)? {
                if self.run.is_cancelled() {
                    break;
                }
                let entry = entry.map_err(failed("read", &folder.path))?;
                // Of the entry itself, not of what a link leads to. One that has just vanished is no row.
                let Ok(data) = entry.metadata() else { continue };
                let mut row = self.row((folder, in_use), &entry.file_name(), &data);
                if let Some(id) = row.file.name.id()
                    && unpacked.remove(OsString::from(id.stem()).as_os_str())
                {
                    row.unpacked = self.uses.unpacked(&folder.dir, &id.stem());
                    if row.unpacked.is_none() {
                        uncounted.push(row.file.clone());
                    }
                }
                batch.push(row);
            }
        }
        batch.tell();
        Ok((uncounted, unpacked.into_iter().collect()))
    }

    fn row(
        &self,
        (folder, in_use): (&Folder, Option<&HashSet<CrateId>>),
        name: &OsString,
        data: &fs::Metadata,
    ) -> CacheRow {
        let id = name.to_str().filter(|_| data.is_file()).and_then(crate_of);
        let bytes = if data.is_file() { data.len() } else { 0 };
        let state = match &id {
            None => FileState::Damaged(Damage::Foreign),
            Some(_) if bytes == 0 => FileState::Damaged(Damage::Empty),
            Some(_) => FileState::Unchecked,
        };
        let used = id.as_ref().and_then(|id| self.uses.last(&folder.dir, &id.file_name(), &id.stem()));
        let in_lock_file = in_use.zip(id.as_ref()).is_some_and(|(crates, id)| crates.contains(id));
        let name = id.map_or_else(|| FileName::Foreign(clean(&name.to_string_lossy())), FileName::Crate);
        CacheRow {
            file: CachedFile { dir: folder.dir.clone(), name },
            bytes,
            unpacked: None,
            stored: data.modified().ok(),
            used,
            in_lock_file,
            state,
        }
    }

    /// The folders of unpacked sources, links left out.
    fn unpacked(&self, dir: &str) -> Result<HashSet<OsString>, FetchError> {
        let path = folder(self.cargo_home, Kept::Sources, dir)?;
        if !is_real_folder(&path) {
            return Ok(HashSet::new());
        }
        let entries = entries(&path)?.flatten();
        let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        Ok(folders.map(|entry| entry.file_name()).collect())
    }

    fn count(&self, files: &[CachedFile]) {
        let parts: Vec<&[CachedFile]> = files.chunks(COUNTED).collect();
        self.run.each(parts.len(), |at| {
            let sizes = parts[at].iter().filter_map(|file| {
                let dir = folder(self.cargo_home, Kept::Sources, &file.dir).ok()?;
                Some((file.clone(), self.size(&dir.join(file.name.id()?.stem()))?))
            });
            (self.run.tell)(CacheEvent::Unpacked(sizes.collect()));
        });
    }

    fn count_alone(&self, folders: &[Folder], alone: &[(usize, Vec<OsString>)]) {
        let bytes: Vec<AtomicU64> = alone.iter().map(|_| AtomicU64::new(0)).collect();
        let parts: Vec<(usize, &[OsString])> = alone
            .iter()
            .enumerate()
            .flat_map(|(at, (_, names))| names.chunks(COUNTED).map(move |part| (at, part)))
            .collect();
        self.run.each(parts.len(), |part| {
            let (at, names) = parts[part];
            let dir = &folders[alone[at].0].dir;
            let Ok(sources) = folder(self.cargo_home, Kept::Sources, dir) else { return };
            let recorded = |name: &OsString| self.uses.unpacked(dir, name.to_str()?);
            let sizes =
                names.iter().filter_map(|name| recorded(name).or_else(|| self.size(&sources.join(name))));
            bytes[at].fetch_add(sizes.sum(), Ordering::Relaxed);
        });
        let told = alone.iter().zip(bytes).filter(|((_, names), _)| !names.is_empty());
        for ((folder, names), bytes) in told.filter(|_| !self.run.is_cancelled()) {
            let (dir, bytes) = (folders[*folder].dir.clone(), bytes.into_inner());
            (self.run.tell)(CacheEvent::SourcesOnly { dir, crates: names.len(), bytes });
        }
    }

    /// `None`: it was cancelled before all was counted.
    fn size(&self, root: &Path) -> Option<u64> {
        tree_size_while(root, || !self.run.is_cancelled())
    }
}

/// Rows that are not told yet.
struct Batch<'a> {
    rows: Vec<CacheRow>,
    most: usize,
    since: Duration,
    run: Run<'a>,
}

impl<'a> Batch<'a> {
    fn new(run: Run<'a>) -> Self {
        Self { rows: Vec::new(), most: FIRST_ROWS, since: run.clock.since_start(), run }
    }

    fn push(&mut self, row: CacheRow) {
        self.rows.push(row);
        if self.rows.len() >= self.most || self.run.clock.since_start() > self.since + PAUSE {
            self.tell();
        }
    }

    fn tell(&mut self) {
        if !self.rows.is_empty() {
            (self.run.tell)(CacheEvent::Rows(std::mem::take(&mut self.rows)));
        }
        (self.most, self.since) = (ROWS, self.run.clock.since_start());
    }
}

/// The names of all folders that Cargo keeps for an index, sorted; links and odd names are left out.
///
/// # Errors
/// When a folder of `registry` is there and can't be read.
pub fn all_folders(cargo_home: &Path) -> Result<Vec<String>, FetchError> {
    let mut names = HashSet::new();
    for kept in Kept::ALL {
        let path = cargo_home.join("registry").join(kept.name());
        for entry in entries(&path)? {
            let entry = entry.map_err(failed("read", &path))?;
            let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
            names.extend(entry.file_name().into_string().ok().filter(|name| is_dir && is_folder_name(name)));
        }
    }
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort_unstable();
    Ok(names)
}

/// A folder itself, and no link to one.
pub(super) fn is_real_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|data| data.is_dir())
}

/// The bytes of all files below a folder; links count for nothing, and what vanishes is passed over.
pub(super) fn tree_size(root: &Path) -> u64 {
    tree_size_while(root, || true).unwrap_or_default()
}

fn tree_size_while(root: &Path, goes_on: impl Fn() -> bool) -> Option<u64> {
    let mut bytes = 0;
    let mut waiting: Vec<PathBuf> = vec![root.to_owned()];
    while let Some(dir) = waiting.pop() {
        if !goes_on() {
            return None;
        }
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => waiting.push(entry.path()),
                Ok(kind) if kind.is_file() => bytes += entry.metadata().map_or(0, |data| data.len()),
                _ => {}
            }
        }
    }
    Some(bytes)
}

/// A lock that a panic elsewhere has poisoned still holds a whole value.
fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::domain::cache::Owner;
    use crate::host::Clock;

    const DIR: &str = "h-0011223344556677";

    fn planted(crates: usize, alone: usize) -> (tempfile::TempDir, Vec<Folder>) {
        let home = tempfile::tempdir().unwrap();
        let place = |kept| folder(home.path(), kept, DIR).unwrap();
        fs::create_dir_all(place(Kept::Crates)).unwrap();
        for number in 0..crates {
            fs::write(place(Kept::Crates).join(format!("made-{number:04}-1.0.0.crate")), "x").unwrap();
        }
        for number in 0..alone {
            let dir = place(Kept::Sources).join(format!("alone-{number:04}-1.0.0"));
            fs::create_dir_all(&dir).unwrap();
            fs::write(dir.join("lib.rs"), "12345").unwrap();
        }
        let owner = Owner::Unknown { hint: None };
        let folders = vec![Folder { dir: DIR.into(), path: place(Kept::Crates), owner, has_index: true }];
        (home, folders)
    }

    /// Everything that is told; `see` may cancel it.
    fn told(
        (home, folders): (&Path, &[Folder]),
        see: impl Fn(&CacheEvent, &AtomicBool) + Sync,
    ) -> Vec<CacheEvent> {
        let (cancel, events) = (AtomicBool::new(false), Mutex::new(Vec::new()));
        let tell = |event| {
            see(&event, &cancel);
            held(&events).push(event);
        };
        let clock = Clock::Fake { since_start: Duration::ZERO, now: std::time::SystemTime::UNIX_EPOCH };
        let run = Run { cancel: &cancel, tell: &tell, clock };
        let (uses, in_use) = (Uses::default(), InUse::default());
        let look = Look { cargo_home: home, uses: &uses, in_use: &in_use, count_sources: true, run };
        look.scan(folders).unwrap();
        events.into_inner().unwrap()
    }

    #[test]
    fn the_first_rows_are_told_at_once_and_the_others_in_batches() {
        let (home, folders) = planted(700, 0);
        let events = told((home.path(), &folders), |_, _| {});
        let batches: Vec<usize> = events
            .iter()
            .map(|event| match event {
                CacheEvent::Rows(rows) => rows.len(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(batches, [FIRST_ROWS, ROWS, 700 - FIRST_ROWS - ROWS]);
    }

    #[test]
    fn sources_without_a_crate_are_counted_on_all_cores_and_not_once_it_is_cancelled() {
        let (home, folders) = planted(1, 3 * COUNTED);
        let events = told((home.path(), &folders), |_, _| {});
        let bytes = 3 * COUNTED as u64 * 5;
        let all = CacheEvent::SourcesOnly { dir: DIR.into(), crates: 3 * COUNTED, bytes };
        assert_eq!(events.last(), Some(&all));
        let events = told((home.path(), &folders), |event, cancel| {
            cancel.fetch_or(matches!(event, CacheEvent::Rows(_)), Ordering::Relaxed);
        });
        assert_eq!(events.len(), 1, "the row alone: {events:?}");
        assert_eq!(tree_size_while(home.path(), || false), None);
    }
}
