//! Reads crates again and compares them with what their index or a lock file says they are, on all cores. Cargo
//! itself never does: what it finds in the cache it unpacks (cargo-contract 5.3).

use std::io;
use std::path::Path;

use super::parallel::Run;
use super::scan::is_real_folder;
use super::sums::{IndexSums, Locked};
use super::{Hashing, Kept, folder};
use crate::cargo::fetch_error::FetchError;
use crate::cargo::recover::{ArchiveEnd, archive_end};
use crate::domain::cache::{CacheEvent, CachedFile, Damage, FileState, Verdict};
use crate::domain::package::CrateId;
use crate::domain::text::clean;

/// Files that one thread takes at a time.
const PART: usize = 32;

/// What files are compared with.
#[derive(Debug, Clone, Copy)]
pub struct Check<'a> {
    pub cargo_home: &'a Path,
    pub locked: &'a Locked,
    pub run: Run<'a>,
}

impl Check<'_> {
    /// Tells a verdict for each file, in parts as they are read. Given in the order of their names, each part of the
    /// index is read once.
    pub fn verify(&self, files: &[(CachedFile, u64)]) {
        let bytes = files.iter().map(|(_, bytes)| bytes).sum();
        (self.run.tell)(CacheEvent::ToCheck { files: files.len(), bytes });
        let parts: Vec<&[(CachedFile, u64)]> = files.chunks(PART).collect();
        self.run.each(parts.len(), |at| {
            let (mut index, mut hashing) = (IndexSums::new(self.cargo_home), Hashing::default());
            let mut verdicts = Vec::with_capacity(parts[at].len());
            for (file, bytes) in parts[at] {
                if self.run.is_cancelled() {
                    break;
                }
                // Gone meanwhile: nothing to be judged.
                let Some(state) = self.state(file, (&mut index, &mut hashing)) else { continue };
                verdicts.push(Verdict { file: file.clone(), bytes: *bytes, state });
            }
            (self.run.tell)(CacheEvent::Checked(verdicts));
        });
    }

    /// The verdict on one file as it is now; `None`: it is gone.
    #[must_use]
    pub fn one(&self, file: &CachedFile) -> Option<FileState> {
        self.state(file, (&mut IndexSums::new(self.cargo_home), &mut Hashing::default()))
    }

    fn state(&self, file: &CachedFile, with: (&mut IndexSums<'_>, &mut Hashing)) -> Option<FileState> {
        let Some(id) = file.name.id() else { return Some(FileState::Damaged(Damage::Foreign)) };
        match self.crate_state(file, id, with) {
            Ok(state) => state,
            Err(FetchError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => None,
            Err(FetchError::Io { source, .. }) => Some(unreadable(&source.to_string())),
            Err(error) => Some(unreadable(&error.to_string())),
        }
    }

    fn crate_state(
        &self,
        file: &CachedFile,
        id: &CrateId,
        (index, hashing): (&mut IndexSums<'_>, &mut Hashing),
    ) -> Result<Option<FileState>, FetchError> {
        let dir = folder(self.cargo_home, Kept::Crates, &file.dir)?;
        let path = dir.join(id.file_name());
        let Ok(data) = path.symlink_metadata() else { return Ok(None) };
        if !data.is_file() || !is_real_folder(&dir) {
            return Ok(Some(FileState::Damaged(Damage::Foreign)));
        }
        if data.len() == 0 {
            return Ok(Some(FileState::Damaged(Damage::Empty)));
        }
        let found = hashing.checksum(&path)?;
        // The lock file may be anybody's: where the index knows the crate, it alone decides.
        let told = index.find(&file.dir, id);
        let wanted = match told {
            Some(sum) => vec![sum],
            None => self.locked.find(&file.dir, id).collect(),
        };
        if wanted.contains(&found) {
            return Ok(Some(FileState::Whole));
        }
        Ok(Some(match archive_end(&path)? {
            ArchiveEnd::Missing => FileState::Damaged(Damage::Truncated),
            ArchiveEnd::Broken => FileState::Damaged(Damage::Altered),
            ArchiveEnd::Whole if wanted.is_empty() => FileState::NotTold,
            ArchiveEnd::Whole => FileState::Damaged(Damage::Altered),
        }))
    }
}

fn unreadable(words: &str) -> FileState {
    FileState::Damaged(Damage::Unreadable(clean(words)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::domain::cache::FileName;
    use crate::host::Clock;

    const DIR: &str = "h-0011223344556677";

    #[test]
    fn what_is_cancelled_before_it_begins_reads_nothing() {
        let home = tempfile::tempdir().unwrap();
        let dir = folder(home.path(), Kept::Crates, DIR).unwrap();
        fs::create_dir_all(&dir).unwrap();
        let file = |number: usize| {
            let id = CrateId::parse("made", &format!("1.0.{number}")).unwrap();
            fs::write(dir.join(id.file_name()), "").unwrap();
            (CachedFile { dir: DIR.into(), name: FileName::Crate(id) }, 0)
        };
        let files: Vec<_> = (0..10 * PART).map(file).collect();
        let judged = |cancels: bool| {
            let (cancel, judged) = (AtomicBool::new(false), Mutex::new(0));
            let tell = |event| match event {
                CacheEvent::ToCheck { .. } => cancel.store(cancels, Ordering::Relaxed),
                CacheEvent::Checked(verdicts) => *judged.lock().unwrap() += verdicts.len(),
                other => panic!("{other:?}"),
            };
            let clock = Clock::Fake { since_start: Duration::ZERO, now: SystemTime::UNIX_EPOCH };
            let run = Run { cancel: &cancel, tell: &tell, clock };
            Check { cargo_home: home.path(), locked: &Locked::default(), run }.verify(&files);
            judged.into_inner().unwrap()
        };
        assert_eq!((judged(true), judged(false)), (0, 10 * PART));
    }
}
