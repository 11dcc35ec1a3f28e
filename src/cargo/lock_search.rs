//! Every lock file below a folder, for what may be deleted because none of them names it.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::fetch_error::{FetchError, failed};
use super::lockfile;
use crate::domain::package::CrateId;
use crate::files::{self, FileError};

/// What marks a folder whose content can be made again, such as `target`.
const CACHE_TAG: &str = "CACHEDIR.TAG";

/// The crates of all lock files found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    pub files: usize,
    pub crates: HashSet<CrateId>,
}

/// Reads every `Cargo.lock` in the folder and below it; links, `.git` and build folders are not entered.
///
/// # Errors
/// The path, and why: what one of them names is not known then, and nothing may count as unused.
pub fn locked_under(dir: &Path, cancel: &AtomicBool) -> Result<Found, (PathBuf, FetchError)> {
    let mut found = Found::default();
    let mut waiting = vec![dir.to_owned()];
    while let Some(dir) = waiting.pop().filter(|_| !cancel.load(Ordering::Relaxed)) {
        let entries = fs::read_dir(&dir).map_err(|error| (dir.clone(), failed("read", &dir)(error)))?;
        for entry in entries {
            let entry = entry.map_err(|error| (dir.clone(), failed("read", &dir)(error)))?;
            let name = entry.file_name();
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && name != ".git" && !is_build_folder(&path) => waiting.push(path),
                Ok(kind) if !kind.is_dir() && name == "Cargo.lock" => {
                    // Gone meanwhile, or a link to nowhere: no lock file.
                    if let Some(crates) = crates_of(&path).map_err(|error| (path, error))? {
                        found.crates.extend(crates);
                        found.files += 1;
                    }
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err((path.clone(), failed("read", &path)(error))),
            }
        }
    }
    Ok(found)
}

/// One of Cargo's own. The tag alone says only that no backup is wanted: a folder of projects may have it.
fn is_build_folder(dir: &Path) -> bool {
    [CACHE_TAG, ".rustc_info.json"].iter().all(|file| dir.join(file).exists())
}

fn crates_of(path: &Path) -> Result<Option<Vec<CrateId>>, FetchError> {
    let text = files::read(path).map_err(|error| match error {
        FileError::Io { action, path, source } => FetchError::Io { action, path, source },
        other => FetchError::LockNotValid(other.to_string()),
    })?;
    let lock = text.map(|text| lockfile::parse(&text)).transpose()?;
    Ok(lock.map(|lock| lock.crates.into_iter().map(|locked| locked.id).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(dir: &Path, name: &str) {
        fs::create_dir_all(dir).unwrap();
        let text = format!(
            "version = 4\n[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\n\
             source = \"registry+https://github.com/rust-lang/crates.io-index\"\n"
        );
        fs::write(dir.join("Cargo.lock"), text).unwrap();
    }

    fn names(dir: &Path) -> (usize, Vec<String>) {
        let found = locked_under(dir, &AtomicBool::new(false)).unwrap();
        let mut names: Vec<String> = found.crates.iter().map(|id| id.name.to_string()).collect();
        names.sort();
        (found.files, names)
    }

    #[test]
    fn lock_files_are_found_where_people_keep_them() {
        let root = tempfile::tempdir().unwrap();
        lock(root.path(), "top");
        lock(&root.path().join("a/b/c"), "deep");
        lock(&root.path().join("a/target/package"), "built");
        for tagged in ["", "a/b", "a/target"] {
            fs::write(root.path().join(tagged).join(CACHE_TAG), "").unwrap();
        }
        fs::write(root.path().join("a/target/.rustc_info.json"), "").unwrap();
        lock(&root.path().join(".git/x"), "git");
        assert_eq!(names(root.path()), (2, vec!["deep".to_owned(), "top".to_owned()]));
        assert!(locked_under(&root.path().join("nowhere"), &AtomicBool::new(false)).is_err());
    }

    #[test]
    fn one_that_can_not_be_read_is_an_error_with_its_path() {
        let root = tempfile::tempdir().unwrap();
        lock(&root.path().join("a"), "fine");
        fs::create_dir(root.path().join("b")).unwrap();
        let broken = root.path().join("b/Cargo.lock");
        fs::write(&broken, "<<<<<<< HEAD\n").unwrap();
        let (path, error) = locked_under(root.path(), &AtomicBool::new(false)).unwrap_err();
        assert_eq!(path, broken);
        assert!(matches!(error, FetchError::LockNotValid(_)));
    }

    #[cfg(unix)]
    #[test]
    fn links_to_folders_are_not_followed_and_links_to_nowhere_are_no_lock_files() {
        use std::os::unix::fs::symlink;
        let root = tempfile::tempdir().unwrap();
        for dir in ["b", "c"] {
            fs::create_dir(root.path().join(dir)).unwrap();
        }
        symlink("/nowhere/Cargo.lock", root.path().join("b/Cargo.lock")).unwrap();
        assert_eq!(names(root.path()).0, 0, "nothing that would make every crate unused");
        lock(&root.path().join("a"), "fine");
        symlink(root.path(), root.path().join("a/round")).unwrap();
        symlink(root.path().join("a/Cargo.lock"), root.path().join("c/Cargo.lock")).unwrap();
        assert_eq!(names(root.path()), (2, vec!["fine".to_owned()]));
    }
}
