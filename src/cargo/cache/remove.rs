//! Deletes from the cache, under Cargo's locks and in the order that never confuses Cargo: sources before crates,
//! crates before the index (cargo-contract 5.4). Nothing is reached through a link, and what is gone already is fine.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::scan::tree_size;
use super::{Kept, Locks, folder};
use crate::cargo::fetch_error::{FetchError, failed};
use crate::domain::cache::Target;

/// Deletes one crate with its unpacked sources, or everything of one index; answers with the bytes that are free.
///
/// # Errors
/// Where something can't be deleted or is a link; what would have come after it stays, so that crates never lose
/// their index and become orphans.
pub fn remove(cargo_home: &Path, _locks: &Locks, target: &Target) -> Result<u64, FetchError> {
    match target {
        Target::Crate(dir, id) => {
            let sources =
                remove_tree(inside(cargo_home, Kept::Sources, dir)?.map(|dir| dir.join(id.stem())))?;
            let file = inside(cargo_home, Kept::Crates, dir)?.map(|dir| dir.join(id.file_name()));
            Ok(sources + remove_file(file)?)
        }
        Target::Folder(dir) => {
            let mut bytes = 0;
            for kept in [Kept::Sources, Kept::Crates, Kept::Index] {
                bytes += remove_tree(inside(cargo_home, kept, dir)?)?;
            }
            Ok(bytes)
        }
    }
}

/// The bytes of a folder's index.
#[must_use]
pub fn index_size(cargo_home: &Path, dir: &str) -> u64 {
    inside(cargo_home, Kept::Index, dir).ok().flatten().map_or(0, |path| tree_size(&path))
}

/// The folder, where every step to it below CARGO_HOME is a folder and no link; `None` where it is not there.
fn inside(cargo_home: &Path, kept: Kept, dir: &str) -> Result<Option<PathBuf>, FetchError> {
    let path = folder(cargo_home, kept, dir)?;
    let registry = cargo_home.join("registry");
    for step in [&registry, &registry.join(kept.name()), &path] {
        match fs::symlink_metadata(step) {
            Ok(data) if data.is_dir() => {}
            Ok(_) => return Err(FetchError::FolderLeaves(step.clone())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read", step)(error)),
        }
    }
    Ok(Some(path))
}

/// Links inside are deleted themselves, and what they lead to stays.
fn remove_tree(path: Option<PathBuf>) -> Result<u64, FetchError> {
    let Some(path) = path else { return Ok(0) };
    match fs::symlink_metadata(&path) {
        Ok(data) if data.is_dir() => {}
        Ok(_) => return Err(FetchError::FolderLeaves(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(failed("read", &path)(error)),
    }
    let bytes = tree_size(&path);
    // Once more where somebody else has just deleted a part: that ends the first try.
    let removed = fs::remove_dir_all(&path).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => fs::remove_dir_all(&path),
        _ => Err(error),
    });
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("delete", &path)(error)),
        _ => Ok(bytes),
    }
}

fn remove_file(path: Option<PathBuf>) -> Result<u64, FetchError> {
    let Some(path) = path else { return Ok(0) };
    let Ok(data) = fs::symlink_metadata(&path) else { return Ok(0) };
    if !data.is_file() {
        return Err(FetchError::FolderLeaves(path));
    }
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("delete", &path)(error)),
        _ => Ok(data.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::package::CrateId;

    const DIR: &str = "pkgs.dev.azure.com-48e597bd8dd18fd1";

    /// A home with one crate, its sources and an index.
    fn home() -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        for (kept, file) in [
            (Kept::Crates, "x-1.0.0.crate"),
            (Kept::Crates, "y-1.0.0.crate"),
            (Kept::Sources, "x-1.0.0/src/lib.rs"),
            (Kept::Index, "config.json"),
        ] {
            let path = folder(home.path(), kept, DIR).unwrap().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "12345").unwrap();
        }
        home
    }

    fn remaining(home: &Path) -> Vec<String> {
        let mut names: Vec<String> = Kept::ALL
            .into_iter()
            .flat_map(|kept| {
                let dir = folder(home, kept, DIR).unwrap();
                let entries = fs::read_dir(dir).into_iter().flatten().flatten();
                entries.map(move |entry| format!("{}/{}", kept.name(), entry.file_name().display()))
            })
            .collect();
        names.sort();
        names
    }

    fn take(home: &Path, target: &Target) -> Result<u64, FetchError> {
        remove(home, &Locks::try_take(home).unwrap(), target)
    }

    fn x() -> Target {
        Target::Crate(DIR.into(), CrateId::parse("x", "1.0.0").unwrap())
    }

    #[test]
    fn one_crate_goes_with_its_sources_and_nothing_else() {
        let home = home();
        assert_eq!(take(home.path(), &x()).unwrap(), 10);
        assert_eq!(remaining(home.path()), ["cache/y-1.0.0.crate", "index/config.json"]);
        assert_eq!(take(home.path(), &x()).unwrap(), 0, "what is gone is fine");
    }

    #[test]
    fn a_whole_registry_leaves_no_orphan() {
        let home = home();
        assert_eq!(take(home.path(), &Target::Folder(DIR.into())).unwrap(), 20);
        assert_eq!(remaining(home.path()), Vec::<String>::new());
        assert!(home.path().join(".package-cache").exists());
        assert_eq!(take(home.path(), &Target::Folder(DIR.into())).unwrap(), 0);
        assert!(take(home.path(), &Target::Folder("..".into())).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_reached_through_a_link() {
        use std::os::unix::fs::symlink;
        let outside = home();
        let whole = remaining(outside.path());
        let step = |home: &Path, step: &str| home.join("registry").join(step);
        for linked in ["", "cache", "src", &format!("cache/{DIR}"), &format!("src/{DIR}")] {
            let home = home();
            let path = step(home.path(), linked.trim_end_matches('/'));
            let path = path.components().collect::<PathBuf>();
            fs::remove_dir_all(&path).unwrap();
            symlink(step(outside.path(), linked).components().collect::<PathBuf>(), &path).unwrap();
            for target in [x(), Target::Folder(DIR.into())] {
                let failed = take(home.path(), &target).unwrap_err();
                assert!(matches!(failed, FetchError::FolderLeaves(_)), "{linked}: {failed}");
            }
            assert_eq!(remaining(outside.path()), whole, "{linked}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_among_the_crates_and_sources_are_not_followed() {
        use std::os::unix::fs::symlink;
        let (home, outside) = (home(), tempfile::tempdir().unwrap());
        fs::write(outside.path().join("mine"), "12345").unwrap();
        let (crates, sources) = (
            folder(home.path(), Kept::Crates, DIR).unwrap(),
            folder(home.path(), Kept::Sources, DIR).unwrap(),
        );
        symlink(outside.path(), sources.join("x-1.0.0/linked")).unwrap();
        symlink(outside.path(), sources.join("y-1.0.0")).unwrap();
        fs::remove_file(crates.join("y-1.0.0.crate")).unwrap();
        symlink(outside.path().join("mine"), crates.join("y-1.0.0.crate")).unwrap();
        assert_eq!(take(home.path(), &x()).unwrap(), 10);
        let y = Target::Crate(DIR.into(), CrateId::parse("y", "1.0.0").unwrap());
        assert!(matches!(take(home.path(), &y), Err(FetchError::FolderLeaves(_))));
        assert!(take(home.path(), &Target::Folder(DIR.into())).is_ok(), "links go, not what they lead to");
        assert_eq!(fs::read(outside.path().join("mine")).unwrap(), b"12345");
    }

    #[cfg(unix)]
    #[test]
    fn a_crate_whose_sources_can_not_be_deleted_stays() {
        let home = home();
        let sources = folder(home.path(), Kept::Sources, DIR).unwrap().join("x-1.0.0");
        fs::remove_dir_all(&sources).unwrap();
        std::os::unix::fs::symlink("/nowhere", &sources).unwrap();
        assert!(matches!(take(home.path(), &x()), Err(FetchError::FolderLeaves(_))));
        let file = folder(home.path(), Kept::Crates, DIR).unwrap().join("x-1.0.0.crate");
        assert!(file.exists(), "sources go first: Cargo would take what is left of them for the crate's");
    }

    #[cfg(unix)]
    #[test]
    fn what_can_not_be_deleted_keeps_its_index() {
        use std::os::unix::fs::symlink;
        let home = home();
        let crates = folder(home.path(), Kept::Crates, DIR).unwrap();
        fs::remove_dir_all(&crates).unwrap();
        symlink("/nowhere", &crates).unwrap();
        assert!(take(home.path(), &Target::Folder(DIR.into())).is_err());
        assert_eq!(remaining(home.path()), ["index/config.json"]);
    }
}
