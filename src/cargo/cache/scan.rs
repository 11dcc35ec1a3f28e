//! A look at the whole cache: rows in batches as they are found, on all cores, and the sizes of unpacked sources
//! after them. Takes no lock: files may be short, or gone the moment after.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use super::parallel::Run;
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
    /// The crates of this project's lock file.
    pub locked: &'a HashSet<CrateId>,
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
            self.run.each(alone.len(), |at| self.count_alone(&folders[alone[at].0], &alone[at].1));
        }
        Ok(())
    }

    /// Tells the rows of one folder; what is unpacked without a size, and without a crate, is left to be counted.
    fn folder(&self, folder: &Folder) -> Result<(Vec<CachedFile>, Vec<OsString>), FetchError> {
        let mut unpacked = self.unpacked(&folder.dir)?;
        let mut uncounted = Vec::new();
        let mut batch = Batch::new(self.run);
        if is_real_folder(&folder.path) {
            for entry in entries(&folder.path)? {
                if self.run.is_cancelled() {
                    break;
                }
                let entry = entry.map_err(failed("read", &folder.path))?;
                // Of the entry itself, not of what a link leads to. One that has just vanished is no row.
                let Ok(data) = entry.metadata() else { continue };
                let mut row = self.row(folder, &entry.file_name(), &data);
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

    fn row(&self, folder: &Folder, name: &OsString, data: &fs::Metadata) -> CacheRow {
        let id = name.to_str().filter(|_| data.is_file()).and_then(crate_of);
        let bytes = if data.is_file() { data.len() } else { 0 };
        let state = match &id {
            None => FileState::Damaged(Damage::Foreign),
            Some(_) if bytes == 0 => FileState::Damaged(Damage::Empty),
            Some(_) => FileState::Unchecked,
        };
        let used = id.as_ref().and_then(|id| self.uses.last(&folder.dir, &id.file_name(), &id.stem()));
        let in_lock_file = id.as_ref().is_some_and(|id| self.locked.contains(id));
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
                Some((file.clone(), tree_size(&dir.join(file.name.id()?.stem()))))
            });
            (self.run.tell)(CacheEvent::Unpacked(sizes.collect()));
        });
    }

    fn count_alone(&self, of: &Folder, names: &[OsString]) {
        let Ok(dir) = folder(self.cargo_home, Kept::Sources, &of.dir) else { return };
        let recorded = |name: &OsString| self.uses.unpacked(&of.dir, name.to_str()?);
        let bytes =
            names.iter().map(|name| recorded(name).unwrap_or_else(|| tree_size(&dir.join(name)))).sum();
        if !names.is_empty() {
            (self.run.tell)(CacheEvent::SourcesOnly { dir: of.dir.clone(), crates: names.len(), bytes });
        }
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
    let mut bytes = 0;
    let mut waiting: Vec<PathBuf> = vec![root.to_owned()];
    while let Some(dir) = waiting.pop() {
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => waiting.push(entry.path()),
                Ok(kind) if kind.is_file() => bytes += entry.metadata().map_or(0, |data| data.len()),
                _ => {}
            }
        }
    }
    bytes
}

/// A lock that a panic elsewhere has poisoned still holds a whole value.
fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
