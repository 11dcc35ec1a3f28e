//! Cargo's own locks around everything that deletes from its cache (cargo-contract 5.4).

use std::io;
use std::path::Path;

use crate::cargo::fetch_error::FetchError;
use crate::files::{self, FileError, Lock};

/// What builds share while they compile, then what every download holds: the order in which Cargo takes them.
const NAMES: [&str; 2] = [".package-cache-mutate", ".package-cache"];

/// Both locks; given back on drop. Where the file system knows no locks, Cargo goes on without, and so does this.
#[derive(Debug)]
pub struct Locks {
    _held: Vec<Lock>,
}

impl Locks {
    /// Takes both without waiting.
    ///
    /// # Errors
    /// [`FetchError::CacheBusy`] while any Cargo has one of them; or when they can't be taken at all.
    pub fn try_take(cargo_home: &Path) -> Result<Self, FetchError> {
        let mut held = Vec::new();
        for name in NAMES {
            let path = cargo_home.join(name);
            if path.is_symlink() {
                return Err(FetchError::FolderLeaves(path));
            }
            match files::try_lock(cargo_home, name) {
                Ok(Some(lock)) => held.push(lock),
                Ok(None) => return Err(FetchError::CacheBusy),
                Err(FileError::Io { source, .. }) if source.kind() == io::ErrorKind::Unsupported => {}
                Err(FileError::Io { action, path, source }) => {
                    return Err(FetchError::Io { action, path, source });
                }
                Err(other) => {
                    let source = io::Error::other(other.to_string());
                    return Err(FetchError::Io { action: "lock", path, source });
                }
            }
        }
        Ok(Self { _held: held })
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::*;

    #[test]
    fn either_lock_of_a_running_cargo_is_respected() {
        let home = tempfile::tempdir().unwrap();
        let lock = |name: &str| {
            let path = home.path().join(name);
            fs::write(&path, "").unwrap();
            File::open(path).unwrap()
        };
        let (mutate, download) = (lock(NAMES[0]), lock(NAMES[1]));
        // A build that compiles shares the first; a fetch has the second alone.
        mutate.lock_shared().unwrap();
        assert!(matches!(Locks::try_take(home.path()), Err(FetchError::CacheBusy)));
        mutate.unlock().unwrap();
        download.lock().unwrap();
        assert!(matches!(Locks::try_take(home.path()), Err(FetchError::CacheBusy)));
        mutate.try_lock().expect("what was taken first is given back");
        mutate.unlock().unwrap();
        download.unlock().unwrap();
        let both = Locks::try_take(home.path()).unwrap();
        assert!(mutate.try_lock_shared().is_err() && download.try_lock().is_err());
        drop(both);
        assert!(mutate.try_lock().is_ok() && download.try_lock().is_ok());
        for name in NAMES {
            assert_eq!(fs::read(home.path().join(name)).unwrap(), b"", "it stays, and stays empty");
        }
    }
}
