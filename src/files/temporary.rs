//! Temporary files beside what they are to replace, and those that a killed instance has left behind.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions, Permissions};
use std::path::Path;
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

use super::{FileError, failed};

const PREFIX: &str = ".az-cargo-wizard-";
const SUFFIX: &str = ".tmp";

/// A younger file may belong to somebody who has not come to lock it yet. No clock of a file system counts in
/// coarser steps than this.
const LEFT_FOR: Duration = Duration::from_secs(2);

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
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    if matches!(mode, Mode::Ordinary) {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(Permissions::from_mode(0o666));
    }
    let temporary = builder.tempfile_in(dir).map_err(failed("write in", dir))?;
    // Where locks are unknown, nobody takes the file for one that was left either.
    let _ = temporary.as_file().try_lock();
    if let Mode::Like(permissions) = mode {
        temporary.as_file().set_permissions(permissions).map_err(failed("write in", dir))?;
    }
    if let Ok(now) = temporary.as_file().metadata().and_then(|data| data.modified()) {
        remove_left(dir, now);
    }
    Ok(temporary)
}

/// The part of its name that is random.
pub(super) fn random_part(temporary: &NamedTempFile) -> &str {
    let name = temporary.path().file_name().and_then(OsStr::to_str).unwrap_or_default();
    name.strip_prefix(PREFIX).and_then(|name| name.strip_suffix(SUFFIX)).unwrap_or(name)
}

/// Removes our temporary files that nobody holds: plain files of our name whose lock is free, as the kernel frees
/// it when its holder is killed, and that are older than `now`, the file system's own time, by [`LEFT_FOR`]. Were
/// one removed under a writer that was stopped before it could lock, the writer's rename would fail and the old
/// text stay.
fn remove_left(dir: &Path, now: SystemTime) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if !is_ours(&entry.file_name()) {
            continue;
        }
        // Of the entry itself, never of what a link leads to.
        let Ok(data) = entry.metadata() else { continue };
        let written = data.modified().unwrap_or(now);
        if !data.is_file() || written.checked_add(LEFT_FOR).is_none_or(|written| written > now) {
            continue;
        }
        let Ok(file) = OpenOptions::new().write(true).open(entry.path()) else { continue };
        if file.try_lock().is_ok() {
            // The next writer tries again.
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn is_ours(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::path::PathBuf;

    use super::*;

    /// A file that was last written that long before now.
    fn old(dir: &Path, name: &str, age: Duration) -> PathBuf {
        let path = dir.join(name);
        let file = File::create(&path).unwrap();
        let now = file.metadata().unwrap().modified().unwrap();
        file.set_modified(now - age).unwrap();
        path
    }

    #[test]
    fn what_a_killed_instance_left_is_removed_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let left = old(dir, ".az-cargo-wizard-a1.tmp", LEFT_FOR * 2);
        let held = old(dir, ".az-cargo-wizard-b2.tmp", LEFT_FOR * 2);
        let young = old(dir, ".az-cargo-wizard-c3.tmp", Duration::ZERO);
        let theirs = old(dir, ".az-cargo-wizard-notes.txt", LEFT_FOR * 2);
        let folder = dir.join(".az-cargo-wizard-d4.tmp");
        fs::create_dir(&folder).unwrap();
        let holder = File::open(&held).unwrap();
        holder.lock().unwrap();
        let temporary = temporary_in(dir, Mode::Private).unwrap();
        assert!(!left.exists());
        for kept in [&held, &young, &theirs, &folder, &temporary.path().to_owned()] {
            assert!(kept.exists(), "{}", kept.display());
        }
        holder.unlock().unwrap();
        drop(temporary_in(dir, Mode::Ordinary).unwrap());
        assert!(!held.exists() && temporary.path().exists());
        assert_eq!(random_part(&temporary).len(), 6);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_of_that_name_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let target = old(dir.path(), "precious", LEFT_FOR * 2);
        let link = dir.path().join(".az-cargo-wizard-a1.tmp");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        drop(temporary_in(dir.path(), Mode::Private).unwrap());
        assert!(target.exists() && fs::symlink_metadata(&link).is_ok());
    }
}
