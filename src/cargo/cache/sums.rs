//! What a `.crate` file must be: the checksums of a lock file, and those of Cargo's own copy of the index under
//! `registry/index/DIR/.cache` (cargo-contract 5.1).

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use semver::Version;
use serde::Deserialize;

use super::scan::is_real_folder;
use super::{Kept, folder};
use crate::domain::cache::CachedFile;
use crate::domain::package::{Checksum, CrateId, CrateName};

/// Kind and schema of the index files that every Cargo since 1.74 writes.
const START: [u8; 5] = [3, 2, 0, 0, 0];

/// Larger index files are not read: a crate has some thousand versions at most.
const MOST: u64 = 64 * 1024 * 1024;

/// Checksums of lock files, by the folders that hold the crates of their sources.
#[derive(Debug, Clone, Default)]
pub struct Locked(HashMap<String, Vec<Arc<HashMap<CrateId, Checksum>>>>);

impl Locked {
    /// The crates of one source, which may lie in these folders.
    pub fn add(&mut self, dirs: impl IntoIterator<Item = String>, sums: HashMap<CrateId, Checksum>) {
        let sums = Arc::new(sums);
        dirs.into_iter().for_each(|dir| self.0.entry(dir).or_default().push(sums.clone()));
    }

    pub(super) fn find(&self, dir: &str, id: &CrateId) -> impl Iterator<Item = Checksum> {
        self.0.get(dir).into_iter().flatten().filter_map(|sums| sums.get(id).copied())
    }
}

/// The crates that a project's lock file names, by the folders from which Cargo takes them there.
#[derive(Debug, Clone, Default)]
pub struct InUse(HashMap<String, HashSet<CrateId>>);

impl InUse {
    /// Cargo takes these crates from that folder.
    pub fn add(&mut self, dir: String, crates: impl IntoIterator<Item = CrateId>) {
        self.0.entry(dir).or_default().extend(crates);
    }

    /// The crates of one folder.
    #[must_use]
    pub fn of(&self, dir: &str) -> Option<&HashSet<CrateId>> {
        self.0.get(dir)
    }

    /// Whether `cargo fetch` in the project would get it again, were it deleted.
    #[must_use]
    pub fn has(&self, file: &CachedFile) -> bool {
        file.name.id().is_some_and(|id| self.of(&file.dir).is_some_and(|crates| crates.contains(id)))
    }
}

/// The checksums that one folder's index tells, the last crate's kept: versions of a crate are asked for in a row.
#[derive(Debug)]
pub(super) struct IndexSums<'a> {
    cargo_home: &'a Path,
    last: Option<(Arc<str>, CrateName, HashMap<Version, Checksum>)>,
}

impl<'a> IndexSums<'a> {
    pub(super) fn new(cargo_home: &'a Path) -> Self {
        Self { cargo_home, last: None }
    }

    /// `None`: the index does not know it, or is gone.
    pub(super) fn find(&mut self, dir: &Arc<str>, id: &CrateId) -> Option<Checksum> {
        let is_last = |(of, name, _): &(Arc<str>, CrateName, _)| of == dir && *name == id.name;
        if !self.last.as_ref().is_some_and(is_last) {
            let text = index_file(self.cargo_home, dir, &id.name).unwrap_or_default();
            self.last = Some((dir.clone(), id.name.clone(), parse(&text)));
        }
        self.last.as_ref()?.2.get(&id.version).copied()
    }
}

fn index_file(cargo_home: &Path, dir: &str, name: &CrateName) -> Option<Vec<u8>> {
    let index = folder(cargo_home, Kept::Index, dir).ok()?;
    let path = index.join(".cache").join(relative(name));
    let is_safe = is_real_folder(&index) && fs::symlink_metadata(&path).ok()?.is_file();
    let mut text = Vec::new();
    File::open(path).ok().filter(|_| is_safe)?.take(MOST).read_to_end(&mut text).ok()?;
    Some(text)
}

/// Where an index keeps a crate: by its first letters, all of them small.
fn relative(name: &CrateName) -> PathBuf {
    let name = name.as_str().to_ascii_lowercase();
    // Names are ASCII.
    match name.len() {
        1 | 2 => [name.len().to_string().as_str(), &name].iter().collect(),
        3 => ["3", &name[..1], &name].iter().collect(),
        _ => [&name[..2], &name[2..4], &name].iter().collect(),
    }
}

/// Kind, schema and revision, then version and JSON in turn, each ended by a NUL.
fn parse(bytes: &[u8]) -> HashMap<Version, Checksum> {
    #[derive(Deserialize)]
    struct Line<'a> {
        #[serde(borrow)]
        vers: std::borrow::Cow<'a, str>,
        #[serde(borrow)]
        cksum: std::borrow::Cow<'a, str>,
    }
    let Some(rest) = bytes.strip_prefix(&START) else { return HashMap::new() };
    let parts = rest.split(|byte| *byte == 0).skip(1).skip(1).step_by(2);
    let lines = parts.filter_map(|json| serde_json::from_slice::<Line<'_>>(json).ok());
    lines.filter_map(|line| Some((Version::parse(&line.vers).ok()?, Checksum::parse(&line.cksum)?))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn index(lines: &[(&str, &str)]) -> Vec<u8> {
        let mut bytes = [&START[..], b"etag: \"x\"\0"].concat();
        for (version, sum) in lines {
            let json =
                format!(r#"{{"name":"x","vers":"{version}","deps":[],"cksum":"{sum}","yanked":false}}"#);
            bytes.extend([version.as_bytes(), b"\0", json.as_bytes(), b"\0"].concat());
        }
        bytes
    }

    #[test]
    fn versions_are_read_with_their_checksums() {
        let sum = Checksum::new([7; 32]);
        let bytes =
            index(&[("1.0.0", &sum.to_string()), ("1.0.1", "short"), ("2.0.0-a.1", &sum.to_string())]);
        let mut versions: Vec<String> = parse(&bytes).keys().map(ToString::to_string).collect();
        versions.sort();
        assert_eq!(versions, ["1.0.0", "2.0.0-a.1"]);
        let another = [&[4, 2, 0, 0, 0][..], &bytes[5..]].concat();
        assert!(parse(&another).is_empty(), "a kind that is not known here");
    }

    #[test]
    fn crates_lie_where_an_index_keeps_them() {
        let path =
            |name: &str| relative(&CrateName::parse(name).unwrap()).to_str().unwrap().replace('\\', "/");
        assert_eq!(path("a"), "1/a");
        assert_eq!(path("ab"), "2/ab");
        assert_eq!(path("Abc"), "3/a/abc");
        assert_eq!(path("Serde"), "se/rd/serde");
    }

    #[cfg(unix)]
    #[test]
    fn an_index_that_is_a_link_tells_nothing() {
        let home = tempfile::tempdir().unwrap();
        let dir: Arc<str> = "h-0011223344556677".into();
        let (real, id) = (home.path().join("elsewhere"), CrateId::parse("serde", "1.0.0").unwrap());
        let file = real.join(".cache/se/rd/serde");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, index(&[("1.0.0", &Checksum::new([7; 32]).to_string())])).unwrap();
        let place = folder(home.path(), Kept::Index, &dir).unwrap();
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(&real, &place).unwrap();
        assert_eq!(IndexSums::new(home.path()).find(&dir, &id), None);
        fs::remove_file(&place).unwrap();
        fs::rename(&real, &place).unwrap();
        assert_eq!(IndexSums::new(home.path()).find(&dir, &id), Some(Checksum::new([7; 32])));
    }

    proptest! {
        #[test]
        fn any_file_is_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&[&START[..], &bytes].concat());
        }
    }
}
