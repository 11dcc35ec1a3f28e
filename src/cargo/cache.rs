//! The crate cache under CARGO_HOME, listed (cargo-contract 5.1). Reading needs no lock: files may be short
//! or gone the moment after. Names that Cargo would not write are shown, and never become a path.

mod hint;
mod locks;
mod parallel;
mod remove;
mod scan;
mod sums;
mod verify;

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use super::fetch_error::{FetchError, failed};
use crate::domain::package::{Checksum, CrateId};
use crate::domain::text::{clean, is_control};

pub use hint::{has_index, hint};
pub use locks::Locks;
pub use parallel::Run;
pub use remove::{index_size, remove};
pub use scan::{Look, all_folders};
pub use sums::{InUse, Locked};
pub use verify::Check;

/// Bytes read at once for a checksum.
const PIECE: usize = 256 * 1024;

/// One folder of `registry/cache`: the crates of one index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheFolder {
    pub dir_name: String,
    pub path: PathBuf,
    /// By file name.
    pub crates: Vec<CachedCrate>,
    /// Of all files in it.
    pub bytes: u64,
}

/// One file of a cache folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedCrate {
    /// `None`: a file that Cargo did not put there.
    pub id: Option<CrateId>,
    /// The file name as shown to a person.
    pub file: String,
    pub bytes: u64,
    pub modified: Option<SystemTime>,
}

/// The folder of one kind of thing that Cargo keeps for an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// The `.crate` files.
    Crates,
    /// The unpacked sources.
    Sources,
    /// The index: what the registry has, as far as Cargo has asked.
    Index,
}

impl Kept {
    const ALL: [Self; 3] = [Self::Crates, Self::Sources, Self::Index];

    /// The folder below `registry`.
    fn name(self) -> &'static str {
        match self {
            Self::Crates => "cache",
            Self::Sources => "src",
            Self::Index => "index",
        }
    }
}

/// Where Cargo keeps the crates of an index; it need not exist.
///
/// # Errors
/// [`FetchError::FolderName`] for anything but the name of one folder.
pub fn folder(cargo_home: &Path, kept: Kept, dir_name: &str) -> Result<PathBuf, FetchError> {
    if !is_folder_name(dir_name) {
        return Err(FetchError::FolderName(dir_name.to_owned()));
    }
    Ok(cargo_home.join("registry").join(kept.name()).join(dir_name))
}

/// The names of all folders in `registry/cache`, sorted; links and odd names are left out.
///
/// # Errors
/// When it is there and can't be read.
pub fn folders(cargo_home: &Path) -> Result<Vec<String>, FetchError> {
    let path = cargo_home.join("registry").join("cache");
    let mut names = Vec::new();
    for entry in entries(&path)? {
        let entry = entry.map_err(failed("read", &path))?;
        let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if let Some(name) = entry.file_name().to_str().filter(|name| is_dir && is_folder_name(name)) {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// The files of one cache folder; a missing folder is an empty one.
///
/// # Errors
/// When the name is none of a folder, or the folder can't be read.
pub fn list(cargo_home: &Path, dir_name: &str) -> Result<CacheFolder, FetchError> {
    let path = folder(cargo_home, Kept::Crates, dir_name)?;
    let mut crates = Vec::new();
    for entry in entries(&path)? {
        let entry = entry.map_err(failed("read", &path))?;
        // Of the entry itself, not of what a link leads to. One that has just vanished is no error.
        let Ok(data) = entry.metadata() else { continue };
        let name = entry.file_name();
        crates.push(CachedCrate {
            id: name.to_str().filter(|_| data.is_file()).and_then(crate_of),
            file: clean(&name.to_string_lossy()),
            bytes: if data.is_file() { data.len() } else { 0 },
            modified: data.modified().ok(),
        });
    }
    crates.sort_by(|a, b| a.file.cmp(&b.file));
    let bytes = crates.iter().map(|found| found.bytes).sum();
    Ok(CacheFolder { dir_name: dir_name.to_owned(), path, crates, bytes })
}

/// The names of the files in a cache folder, without a look at each of them.
///
/// # Errors
/// When the name is none of a folder, or the folder can't be read.
pub fn file_names(cargo_home: &Path, dir_name: &str) -> Result<HashSet<OsString>, FetchError> {
    let path = folder(cargo_home, Kept::Crates, dir_name)?;
    entries(&path)?.map(|entry| Ok(entry.map_err(failed("read", &path))?.file_name())).collect()
}

/// The SHA-256 of a file, read in pieces.
///
/// # Errors
/// When it can't be read.
pub fn checksum(path: &Path) -> Result<Checksum, FetchError> {
    Hashing::default().checksum(path)
}

/// Takes the checksums of many files with one piece of memory.
#[derive(Debug)]
struct Hashing {
    piece: Vec<u8>,
}

impl Default for Hashing {
    fn default() -> Self {
        Self { piece: vec![0; PIECE] }
    }
}

impl Hashing {
    fn checksum(&mut self, path: &Path) -> Result<Checksum, FetchError> {
        let mut file = fs::File::open(path).map_err(failed("read", path))?;
        let mut hasher = Sha256::new();
        loop {
            match file.read(&mut self.piece) {
                Ok(0) => return Ok(Checksum::new(hasher.finalize().into())),
                Ok(read) => hasher.update(&self.piece[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failed("read", path)(error)),
            }
        }
    }
}

/// The crate of a file name, where it is exactly the name that Cargo gives it.
fn crate_of(file_name: &str) -> Option<CrateId> {
    let id = CrateId::from_stem(file_name.strip_suffix(".crate")?)?;
    (id.file_name() == file_name).then_some(id)
}

/// One plain path component: the host of an index, a dash and a hash.
fn is_folder_name(name: &str) -> bool {
    let mut components = Path::new(name).components();
    let is_one = matches!(components.next(), Some(Component::Normal(only)) if only == name);
    is_one
        && components.next().is_none()
        && !name.contains(|c: char| matches!(c, '\\' | '/') || is_control(c))
}

fn entries(path: &Path) -> Result<impl Iterator<Item = io::Result<fs::DirEntry>>, FetchError> {
    match fs::read_dir(path) {
        Ok(entries) => Ok(Some(entries).into_iter().flatten()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None.into_iter().flatten()),
        Err(error) => Err(failed("read", path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIR: &str = "index.crates.io-1949cf8c6b5b557f";

    fn home_with(files: &[(&str, usize)]) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        let dir = folder(home.path(), Kept::Crates, DIR).unwrap();
        fs::create_dir_all(&dir).unwrap();
        for (name, bytes) in files {
            fs::write(dir.join(name), vec![0; *bytes]).unwrap();
        }
        home
    }

    #[test]
    fn crates_are_listed_with_sizes_and_total() {
        let home = home_with(&[("serde-1.0.219.crate", 30), ("a-b-0.1.0-rc.1.crate", 12)]);
        let folder = list(home.path(), DIR).unwrap();
        let crates: Vec<_> = folder.crates.iter().map(|c| (c.id.clone().unwrap().stem(), c.bytes)).collect();
        assert_eq!(crates, [("a-b-0.1.0-rc.1".to_owned(), 12), ("serde-1.0.219".to_owned(), 30)]);
        assert_eq!(folder.bytes, 42);
        assert!(folder.crates.iter().all(|found| found.modified.is_some()));
        assert_eq!(folders(home.path()).unwrap(), [DIR]);
    }

    #[test]
    fn the_checksum_is_the_one_of_the_whole_file() {
        let home = home_with(&[]);
        let file = home.path().join("abc");
        fs::write(&file, "abc").unwrap();
        assert_eq!(
            checksum(&file).unwrap().to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        fs::write(&file, vec![7; PIECE * 2 + 1]).unwrap();
        let whole: [u8; 32] = Sha256::digest(vec![7; PIECE * 2 + 1]).into();
        assert_eq!(checksum(&file).unwrap(), Checksum::new(whole));
        assert!(checksum(home.path().join("missing").as_path()).is_err());
    }

    #[test]
    fn a_cache_that_is_not_there_is_empty() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(folders(home.path()).unwrap(), Vec::<String>::new());
        let folder = list(home.path(), DIR).unwrap();
        assert!(folder.crates.is_empty());
        assert_eq!(folder.bytes, 0);
    }

    #[test]
    fn foreign_files_are_shown_and_are_no_crates() {
        let home =
            home_with(&[("notes.txt", 5), ("x-1.0.0.crate.part", 5), ("x-01.0.crate", 1), (".crate", 1)]);
        let folder = list(home.path(), DIR).unwrap();
        assert_eq!(folder.crates.len(), 4);
        assert!(folder.crates.iter().all(|found| found.id.is_none()));
        assert_eq!(folder.bytes, 12);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_folders_are_no_crates() {
        let home = home_with(&[]);
        let dir = folder(home.path(), Kept::Crates, DIR).unwrap();
        let outside = home.path().join("secret");
        fs::write(&outside, "12345").unwrap();
        std::os::unix::fs::symlink(&outside, dir.join("x-1.0.0.crate")).unwrap();
        fs::create_dir(dir.join("y-1.0.0.crate")).unwrap();
        fs::write(dir.join("z\u{1b}[2J-1.0.0.crate"), "").unwrap();
        std::os::unix::fs::symlink(home.path(), dir.parent().unwrap().join("link-1949cf8c6b5b557f")).unwrap();
        let listed = list(home.path(), DIR).unwrap();
        assert!(listed.crates.iter().all(|found| found.id.is_none()), "{listed:?}");
        assert_eq!(listed.bytes, 0);
        assert_eq!(listed.crates[2].file, "z[2J-1.0.0.crate");
        assert_eq!(folders(home.path()).unwrap(), [DIR]);
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let home = home_with(&[]);
        for bad in ["", ".", "..", "../cache", "a/b", "a\\b", "/etc", "a\0b", "x/", "h\u{202e}-0011"] {
            assert!(matches!(list(home.path(), bad), Err(FetchError::FolderName(_))), "{bad:?}");
        }
        for good in [DIR, "127.0.0.1-0011223344556677", "[::1]-0011223344556677", "-0011223344556677"] {
            assert!(list(home.path(), good).is_ok(), "{good}");
        }
    }
}
