//! What a killed Cargo, or a full disk, may have left: a partial `.crate` that every later Cargo would take
//! for a complete one (cargo-contract 4.10 and 5.3). It is found by its checksum, or by its missing end, and
//! removed.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::cache::{self, Kept};
use super::fetch_error::{FetchError, failed};
use crate::domain::package::{Checksum, CrateId};
use crate::files;

/// Clocks of file systems are coarse, the coarsest counts in steps of two seconds.
const CLOCK_STEP: Duration = Duration::from_secs(2);

/// How far an archive is unpacked to see whether it is whole; Cargo itself unpacks half of that at most.
const MAX_UNPACKED: u64 = 1024 * 1024 * 1024;

/// A `.crate` file that a run may have written, and what it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The folder under `registry/cache`.
    pub dir_name: String,
    pub id: CrateId,
    pub proof: Proof,
}

/// By what a whole file is told from a damaged one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    Checksum(Checksum),
    /// Nobody knows the checksum any more: by the archive's own end.
    Archive,
}

impl Proof {
    fn holds(self, file: &Path) -> Result<bool, FetchError> {
        match self {
            Self::Checksum(checksum) => Ok(cache::checksum(file)? == checksum),
            Self::Archive => Ok(archive_end(file)? == ArchiveEnd::Whole),
        }
    }
}

/// How long another Cargo may hold the crate cache.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    pub tries: u32,
    pub pause: Duration,
}

impl Default for Patience {
    /// Two seconds.
    fn default() -> Self {
        Self { tries: 100, pause: Duration::from_millis(20) }
    }
}

/// What was found and done.
#[derive(Debug, Default)]
pub struct Recovery {
    /// The names of the files that were damaged and are gone.
    pub removed: Vec<String>,
    /// The first thing that went wrong on the way.
    pub trouble: Option<FetchError>,
}

/// Checks the files that are newer than `since` under Cargo's own lock, and deletes those whose checksum
/// or archive is wrong. Without such files it takes no lock.
#[must_use]
pub fn recover(cargo_home: &Path, since: SystemTime, wanted: &[Wanted], patience: Patience) -> Recovery {
    let since = since.checked_sub(CLOCK_STEP).unwrap_or(since);
    let mut recovery = Recovery::default();
    let suspects: Vec<&Wanted> =
        wanted.iter().filter(|wanted| matches!(new_file(cargo_home, since, wanted), Ok(Some(_)))).collect();
    if suspects.is_empty() {
        return recovery;
    }
    let lock = match lock_cache(cargo_home, patience) {
        Ok(lock) => lock,
        Err(error) => {
            recovery.trouble = Some(error);
            return recovery;
        }
    };
    for suspect in suspects {
        match remove_if_damaged(cargo_home, since, suspect) {
            Ok(true) => recovery.removed.push(suspect.id.file_name()),
            Ok(false) => {}
            Err(error) => recovery.trouble = recovery.trouble.or(Some(error)),
        }
    }
    drop(lock);
    recovery
}

/// Looks again: until the lock was ours, somebody else may have been here.
fn remove_if_damaged(cargo_home: &Path, since: SystemTime, wanted: &Wanted) -> Result<bool, FetchError> {
    let Some(file) = new_file(cargo_home, since, wanted)? else { return Ok(false) };
    if wanted.proof.holds(&file)? {
        return Ok(false);
    }
    match files::remove(&file) {
        Ok(()) => Ok(true),
        Err(files::FileError::Io { action, path, source }) => Err(FetchError::Io { action, path, source }),
        Err(other) => Err(failed("delete", &file)(io::Error::other(other.to_string()))),
    }
}

/// What the end of an archive tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ArchiveEnd {
    /// Its own length and checksum hold.
    Whole,
    /// It ends too early.
    Missing,
    /// Something in it is not as it was packed.
    Broken,
}

/// Reads an archive to its end.
pub(super) fn archive_end(path: &Path) -> Result<ArchiveEnd, FetchError> {
    let file = File::open(path).map_err(failed("read", path))?;
    let mut unpacked = flate2::read::GzDecoder::new(file).take(MAX_UNPACKED);
    match io::copy(&mut unpacked, &mut io::sink()).map_err(|error| (error.kind(), error)) {
        Ok(_) => Ok(ArchiveEnd::Whole),
        Err((io::ErrorKind::UnexpectedEof, _)) => Ok(ArchiveEnd::Missing),
        Err((io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput, _)) => Ok(ArchiveEnd::Broken),
        Err((_, error)) => Err(failed("read", path)(error)),
    }
}

/// The path of the crate's file, where it is a plain file of this cache and newer than `since`. An empty one
/// counts: Cargo would replace it, but whoever looks at the cache should not find it.
fn new_file(cargo_home: &Path, since: SystemTime, wanted: &Wanted) -> Result<Option<PathBuf>, FetchError> {
    let dir = cache::folder(cargo_home, Kept::Crates, &wanted.dir_name)?;
    let file = dir.join(wanted.id.file_name());
    let Ok(data) = fs::symlink_metadata(&file) else { return Ok(None) };
    let is_new = data.modified().map_err(failed("read", &file))? >= since;
    if !(data.is_file() && is_new) {
        return Ok(None);
    }
    if fs::symlink_metadata(&dir).map_err(failed("read", &dir))?.is_symlink() {
        return Err(FetchError::FolderLeaves(dir));
    }
    Ok(Some(file))
}

/// The lock that every downloading Cargo holds; given back on drop. `None` where there is no lock file, or
/// the file system knows no locks: Cargo itself then goes on without. A build shares the other lock for as long as it
/// compiles, and reads no archive then: with it, a fetch beside a build would end in trouble.
fn lock_cache(cargo_home: &Path, patience: Patience) -> Result<Option<File>, FetchError> {
    let path = cargo_home.join(".package-cache");
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("open", &path)(error)),
    };
    for tried in 0..patience.tries {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) if tried + 1 < patience.tries => std::thread::sleep(patience.pause),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(failed("lock", &path)(error)),
        }
    }
    Err(FetchError::CacheBusy)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    const DIR: &str = "pkgs.dev.azure.com-48e597bd8dd18fd1";
    const AT_ONCE: Patience = Patience { tries: 1, pause: Duration::ZERO };

    struct Cache {
        home: tempfile::TempDir,
        wanted: Vec<Wanted>,
    }

    impl Cache {
        fn new() -> Self {
            let home = tempfile::tempdir().unwrap();
            fs::create_dir_all(cache::folder(home.path(), Kept::Crates, DIR).unwrap()).unwrap();
            fs::write(home.path().join(".package-cache"), "").unwrap();
            Self { home, wanted: Vec::new() }
        }

        fn path(&self, name: &str) -> PathBuf {
            cache::folder(self.home.path(), Kept::Crates, DIR).unwrap().join(format!("{name}-1.0.0.crate"))
        }

        /// A crate that should hold `whole`, and holds `text`.
        fn with(mut self, name: &str, whole: &str, text: &str) -> Self {
            fs::write(self.path(name), text).unwrap();
            let checksum = Checksum::new(Sha256::digest(whole).into());
            let id = CrateId::parse(name, "1.0.0").unwrap();
            self.wanted.push(Wanted { dir_name: DIR.into(), id, proof: Proof::Checksum(checksum) });
            self
        }

        fn written(&self, name: &str) -> SystemTime {
            fs::metadata(self.path(name)).unwrap().modified().unwrap()
        }

        fn recover(&self, since: SystemTime) -> Recovery {
            recover(self.home.path(), since, &self.wanted, AT_ONCE)
        }
    }

    #[test]
    fn only_the_damaged_file_goes() {
        let cache =
            Cache::new().with("whole", "abc", "abc").with("part", "abcdef", "abc").with("empty", "x", "");
        let recovery = cache.recover(cache.written("whole"));
        assert_eq!(recovery.removed, ["part-1.0.0.crate", "empty-1.0.0.crate"]);
        assert!(recovery.trouble.is_none());
        assert!(
            cache.path("whole").exists() && !cache.path("empty").exists() && !cache.path("part").exists()
        );
    }

    #[test]
    fn what_is_older_than_the_run_is_not_ours_to_judge() {
        let cache = Cache::new().with("old", "abcdef", "abc");
        let recovery = cache.recover(cache.written("old") + CLOCK_STEP + Duration::from_secs(1));
        assert!(recovery.removed.is_empty());
        assert!(cache.path("old").exists());
    }

    #[test]
    fn nothing_is_deleted_while_another_cargo_works() {
        let cache = Cache::new().with("part", "abcdef", "abc");
        let since = cache.written("part");
        let lock = File::open(cache.home.path().join(".package-cache")).unwrap();
        lock.lock().unwrap();
        let recovery = cache.recover(since);
        assert!(matches!(recovery.trouble, Some(FetchError::CacheBusy)));
        assert!(recovery.removed.is_empty() && cache.path("part").exists());
        lock.unlock().unwrap();
        assert_eq!(cache.recover(since).removed, ["part-1.0.0.crate"]);
    }

    #[test]
    fn a_clean_cache_needs_no_lock() {
        let cache = Cache::new();
        let lock = File::open(cache.home.path().join(".package-cache")).unwrap();
        lock.lock().unwrap();
        let recovery = cache.recover(SystemTime::UNIX_EPOCH);
        assert!(recovery.trouble.is_none());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_never_followed() {
        use std::os::unix::fs::symlink;
        let mut cache = Cache::new().with("part", "abcdef", "abc");
        let outside = cache.home.path().join("outside");
        fs::rename(cache.path("part"), &outside).unwrap();
        symlink(&outside, cache.path("part")).unwrap();
        let other = cache.home.path().join("registry/cache/other-48e597bd8dd18fd1");
        symlink(outside.parent().unwrap(), &other).unwrap();
        fs::write(cache.home.path().join("linked-1.0.0.crate"), "abc").unwrap();
        cache.wanted.push(Wanted {
            dir_name: "other-48e597bd8dd18fd1".into(),
            id: CrateId::parse("linked", "1.0.0").unwrap(),
            proof: Proof::Checksum(Checksum::new([0; 32])),
        });
        cache.wanted.push(Wanted { dir_name: "../..".into(), ..cache.wanted[1].clone() });
        let recovery = cache.recover(SystemTime::UNIX_EPOCH);
        assert!(recovery.removed.is_empty());
        assert!(outside.exists() && cache.home.path().join("linked-1.0.0.crate").exists());
    }
}
