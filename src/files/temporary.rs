//! Temporary files beside what they are to replace, and those that a killed instance has left behind.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{FileError, failed, sync_dir};

const PREFIX: &str = ".az-cargo-wizard-";
const SUFFIX: &str = ".tmp";

/// How many files may be swept away between their making and their locking, one after the other.
const TRIES: usize = 20;

/// Who may read a temporary file, and so what it becomes.
#[derive(Debug)]
pub(super) enum Mode {
    /// 0600.
    Private,
    /// By the process's umask.
    Ordinary,
    Like(Permissions),
}

/// A new file in the folder, locked as long as it is open. Removes what others have left there: whoever writes
/// next cleans up.
pub(super) fn temporary_in(dir: &Path, mode: Mode) -> Result<NamedTempFile, FileError> {
    let temporary = locked_in(dir, &mode)?;
    if let Mode::Like(permissions) = mode {
        temporary.as_file().set_permissions(permissions).map_err(failed("write in", dir))?;
    }
    sweep(dir);
    Ok(temporary)
}

/// Makes a file and locks it. One that somebody takes for a leftover before it is locked is given up for another.
fn locked_in(dir: &Path, mode: &Mode) -> Result<NamedTempFile, FileError> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    if matches!(mode, Mode::Ordinary) {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(Permissions::from_mode(0o666));
    }
    for _ in 0..TRIES {
        let temporary = builder.tempfile_in(dir).map_err(failed("write in", dir))?;
        match temporary.as_file().try_lock() {
            Ok(()) if temporary.path().exists() => return Ok(temporary),
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            // Where locks are unknown, nobody takes the file for one that was left either.
            Err(TryLockError::Error(_)) => return Ok(temporary),
        }
    }
    Err(failed("write in", dir)(io::ErrorKind::ResourceBusy.into()))
}

/// Keeps a text in a new file, 0600, under the name made of a random part: on the disk and whole as soon as it
/// bears that name. The file is still locked.
pub(super) fn keep_new(
    dir: &Path,
    name: impl FnOnce(&str) -> String,
    text: &str,
) -> Result<(PathBuf, File), FileError> {
    let mut temporary = temporary_in(dir, Mode::Private)?;
    temporary.write_all(text.as_bytes()).map_err(failed("write in", dir))?;
    temporary.as_file().sync_all().map_err(failed("write in", dir))?;
    let path = dir.join(name(random_part(&temporary)));
    let file = temporary.persist_noclobber(&path).map_err(|error| failed("write in", dir)(error.error))?;
    sync_dir(dir);
    Ok((path, file))
}

/// The part of its name that is random.
fn random_part(temporary: &NamedTempFile) -> &str {
    let name = temporary.path().file_name().and_then(OsStr::to_str).unwrap_or_default();
    name.strip_prefix(PREFIX).and_then(|name| name.strip_suffix(SUFFIX)).unwrap_or(name)
}

/// Removes the temporary files of this tool that nobody holds: plain files of its name whose lock is free, as the
/// kernel frees it when its holder is killed. What can't be removed stays for the next run.
pub fn sweep(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        // Of the entry itself, never of what a link leads to.
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if !is_file || !is_ours(&entry.file_name()) {
            continue;
        }
        let Ok(file) = OpenOptions::new().write(true).open(entry.path()) else { continue };
        if file.try_lock().is_ok() {
            // While the lock is ours, so that a writer who comes to lock it sees that it is gone.
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn is_ours(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(dir: &Path, name: &str) -> PathBuf {
        let path = dir.join(name);
        File::create(&path).unwrap();
        path
    }

    #[test]
    fn what_a_killed_instance_left_is_removed_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let left = file(dir, ".az-cargo-wizard-a1.tmp");
        let held = file(dir, ".az-cargo-wizard-b2.tmp");
        let theirs = file(dir, ".az-cargo-wizard-notes.txt");
        let folder = dir.join(".az-cargo-wizard-d4.tmp");
        fs::create_dir(&folder).unwrap();
        let holder = File::open(&held).unwrap();
        holder.lock().unwrap();
        let temporary = temporary_in(dir, Mode::Private).unwrap();
        assert!(!left.exists());
        for kept in [&held, &theirs, &folder, &temporary.path().to_owned()] {
            assert!(kept.exists(), "{}", kept.display());
        }
        holder.unlock().unwrap();
        sweep(dir);
        assert!(!held.exists() && temporary.path().exists());
        assert_eq!(random_part(&temporary).len(), 6);
    }

    #[test]
    fn a_writer_is_never_disturbed_by_one_who_sweeps() {
        let dir = tempfile::tempdir().unwrap();
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    sweep(dir.path());
                }
            });
            for n in 0..300 {
                let temporary = locked_in(dir.path(), &Mode::Private).unwrap();
                temporary.persist(dir.path().join(format!("{n}.txt"))).unwrap();
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 300);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_of_that_name_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let target = file(dir.path(), "precious");
        let link = dir.path().join(".az-cargo-wizard-a1.tmp");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        sweep(dir.path());
        assert!(target.exists() && fs::symlink_metadata(&link).is_ok());
    }
}
