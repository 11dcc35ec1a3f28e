//! Which files a run of Cargo is expected to bring: the lock file against the cache as it was before.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::RegistryCache;
use crate::cargo::cache::{self, Kept};
use crate::cargo::index_dir;
use crate::cargo::lockfile;
use crate::cargo::recover::{Patience, Proof, Recovery, Wanted, recover};
use crate::domain::package::{CrateId, CrateSource, LockedCrate};
use crate::domain::progress::PlannedCrate;
use crate::domain::text::{clean, redact};
use crate::files;

/// The two files by which a crate shows that it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) id: CrateId,
    /// The `.crate` file.
    pub(super) archive: PathBuf,
    /// The `.cargo-ok` in its sources.
    pub(super) mark: PathBuf,
    /// Whether the mark was there already, and so says nothing about the new file.
    pub(super) marked_before: bool,
}

/// What one reading of the lock file adds to those before it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Addition {
    pub(super) planned: Vec<PlannedCrate>,
    pub(super) expected: Vec<Expected>,
    /// Rows that are not valid, as shown to a person.
    pub(super) invalid: Vec<String>,
}

/// Reads the lock file as often as Cargo may have changed it.
#[derive(Debug)]
pub(super) struct Planner {
    lock_file: PathBuf,
    cargo_home: PathBuf,
    caches: Vec<RegistryCache>,
    /// The lock file as it was read last.
    text: String,
    /// The file names in each cache folder before Cargo was started.
    before: HashMap<String, HashSet<OsString>>,
    known: HashSet<(CrateId, CrateSource)>,
    known_invalid: HashSet<String>,
}

impl Planner {
    /// Looks at the cache as it is now. Folders that can't be read count as empty: Cargo says why itself.
    pub(super) fn new(project: &Path, cargo_home: &Path, caches: &[RegistryCache]) -> Self {
        let before = cache::folders(cargo_home)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|dir| Some((cache::file_names(cargo_home, &dir).ok()?, dir)))
            .map(|(names, dir)| (dir, names))
            .collect();
        Self {
            lock_file: project.join("Cargo.lock"),
            cargo_home: cargo_home.to_owned(),
            caches: caches.to_vec(),
            text: String::new(),
            before,
            known: HashSet::new(),
            known_invalid: HashSet::new(),
        }
    }

    /// What the lock file names now and did not name before.
    pub(super) fn read(&mut self) -> Addition {
        let mut addition = Addition::default();
        let text = self.lock_text();
        if text == self.text {
            return addition;
        }
        let lock = lockfile::parse(&text).unwrap_or_default();
        self.text = text;
        for locked in lock.crates {
            if !self.known.contains(&(locked.id.clone(), locked.source.clone())) {
                self.add(&locked, &mut addition);
                self.known.insert((locked.id, locked.source));
            }
        }
        for row in lock.invalid {
            if self.known_invalid.insert(row.clone()) {
                addition.invalid.push(row);
            }
        }
        addition
    }

    /// Finds and removes what a run since then left damaged.
    pub(super) fn recover(&self, since: SystemTime) -> Recovery {
        recover(&self.cargo_home, since, &self.wanted(), Patience::default())
    }

    /// The same for a run of the past, whose lock file may be another one by now.
    pub(super) fn recover_unfinished(&self, since: SystemTime) -> Recovery {
        let mut wanted = self.wanted();
        wanted.extend(self.unlisted(&wanted));
        recover(&self.cargo_home, since, &wanted, Patience::default())
    }

    /// The crates in the cache folders of this run that no checksum is locked for.
    fn unlisted(&self, listed: &[Wanted]) -> Vec<Wanted> {
        let listed: HashSet<(&str, &CrateId)> =
            listed.iter().map(|wanted| (wanted.dir_name.as_str(), &wanted.id)).collect();
        let dirs: BTreeSet<&str> = self
            .caches
            .iter()
            .map(|cache| cache.dir_name.as_str())
            .chain(listed.iter().map(|l| l.0))
            .collect();
        let found = dirs.into_iter().filter_map(|dir| cache::list(&self.cargo_home, dir).ok());
        found
            .flat_map(|folder| {
                folder.crates.into_iter().map(move |krate| (folder.dir_name.clone(), krate.id))
            })
            .filter_map(|(dir_name, id)| Some(Wanted { dir_name, id: id?, proof: Proof::Archive }))
            .filter(|wanted| !listed.contains(&(wanted.dir_name.as_str(), &wanted.id)))
            .collect()
    }

    /// What the files of this run must be, for those whose checksum is locked.
    fn wanted(&self) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        for locked in lockfile::parse(&self.lock_text()).unwrap_or_default().crates {
            let Some(checksum) = locked.checksum else { continue };
            for dir_name in self.dir_names(&locked.source) {
                wanted.push(Wanted { dir_name, id: locked.id.clone(), proof: Proof::Checksum(checksum) });
            }
        }
        wanted
    }

    /// A lock file that is missing or not valid plans nothing: Cargo says why itself.
    fn lock_text(&self) -> String {
        files::read(&self.lock_file).ok().flatten().unwrap_or_default()
    }

    fn add(&self, locked: &LockedCrate, addition: &mut Addition) {
        if matches!(locked.source, CrateSource::Git(_)) {
            return;
        }
        let dirs = self.dir_names(&locked.source);
        let cached = dirs.iter().find_map(|dir| self.cached_before(dir, &locked.id));
        if cached.is_none() {
            addition.expected.extend(dirs.iter().filter_map(|dir| self.expect(dir, &locked.id)));
        }
        let source = self.shown(&locked.source);
        addition.planned.push(PlannedCrate { id: locked.id.clone(), source, cached });
    }

    /// The size of a file that was there before the start; an empty one is no crate.
    fn cached_before(&self, dir: &str, id: &CrateId) -> Option<u64> {
        let name = OsString::from(id.file_name());
        if !self.before.get(dir)?.contains(&name) {
            return None;
        }
        file_size(&cache::folder(&self.cargo_home, Kept::Crates, dir).ok()?.join(name))
    }

    fn expect(&self, dir: &str, id: &CrateId) -> Option<Expected> {
        let archive = cache::folder(&self.cargo_home, Kept::Crates, dir).ok()?.join(id.file_name());
        let sources = cache::folder(&self.cargo_home, Kept::Sources, dir).ok()?;
        let mark = sources.join(id.stem()).join(".cargo-ok");
        let marked_before = mark.is_file();
        Some(Expected { id: id.clone(), archive, mark, marked_before })
    }

    fn covering(&self, source: &CrateSource) -> Option<&RegistryCache> {
        self.caches.iter().find(|cache| cache.covers == *source)
    }

    /// Where the crates of a source land. For a registry that nobody named it is one of two folders.
    fn dir_names(&self, source: &CrateSource) -> Vec<String> {
        match (self.covering(source), source) {
            (Some(cache), _) => vec![cache.dir_name.clone()],
            (None, CrateSource::Registry(url)) => {
                index_dir::dir_names(url).map(|names| vec![names.current, names.old]).unwrap_or_default()
            }
            (None, CrateSource::CratesIo | CrateSource::Git(_)) => Vec::new(),
        }
    }

    fn shown(&self, source: &CrateSource) -> String {
        match (self.covering(source), source) {
            (Some(cache), _) => cache.name.clone(),
            (None, CrateSource::Registry(url) | CrateSource::Git(url)) => redact(&clean(url)),
            (None, CrateSource::CratesIo) => "crates.io".to_owned(),
        }
    }
}

/// The size of a plain file that isn't empty; links don't count.
pub(super) fn file_size(path: &Path) -> Option<u64> {
    let data = path.symlink_metadata().ok()?;
    (data.is_file() && data.len() > 0).then_some(data.len())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const DIR: &str = "pkgs.dev.azure.com-48e597bd8dd18fd1";
    const OTHER: &str = "sparse+https://pkgs.dev.azure.com/org/_packaging/feed/Cargo/index/";

    fn lock(rows: &[(&str, &str)]) -> String {
        let row = |(name, source): &(&str, &str)| {
            format!(
                "[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = \"{source}\"\nchecksum = \"{}\"\n",
                "ab".repeat(32)
            )
        };
        format!("version = 4\n{}", rows.iter().map(row).collect::<String>())
    }

    const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

    struct Place {
        home: tempfile::TempDir,
        planner: Planner,
    }

    fn place(cached: &[(&str, &str)], text: Option<&str>) -> Place {
        let home = tempfile::tempdir().unwrap();
        let dir = cache::folder(home.path(), Kept::Crates, DIR).unwrap();
        fs::create_dir_all(&dir).unwrap();
        for (name, content) in cached {
            fs::write(dir.join(format!("{name}-1.0.0.crate")), content).unwrap();
        }
        if let Some(text) = text {
            fs::write(home.path().join("Cargo.lock"), text).unwrap();
        }
        let feed = RegistryCache { name: "rust".into(), dir_name: DIR.into(), covers: CrateSource::CratesIo };
        let planner = Planner::new(home.path(), home.path(), &[feed]);
        Place { home, planner }
    }

    fn rows(addition: &Addition) -> Vec<(String, String, Option<u64>)> {
        addition.planned.iter().map(|c| (c.id.name.to_string(), c.source.clone(), c.cached)).collect()
    }

    #[test]
    fn cached_crates_are_told_from_those_to_come() {
        let text = lock(&[("a", CRATES_IO), ("b", CRATES_IO), ("empty", CRATES_IO)]);
        let addition = place(&[("a", "12345"), ("empty", "")], Some(&text)).planner.read();
        let feed = || "rust".to_owned();
        assert_eq!(
            rows(&addition),
            [("a".into(), feed(), Some(5)), ("b".into(), feed(), None), ("empty".into(), feed(), None)]
        );
        let expected: Vec<_> = addition.expected.iter().map(|e| e.id.name.to_string()).collect();
        assert_eq!(expected, ["b", "empty"]);
        assert!(addition.expected[0].archive.ends_with(format!("registry/cache/{DIR}/b-1.0.0.crate")));
        assert!(addition.expected[0].mark.ends_with(format!("registry/src/{DIR}/b-1.0.0/.cargo-ok")));
    }

    #[test]
    fn a_later_reading_adds_only_what_is_new_and_calls_nothing_cached_that_came_since() {
        let mut place = place(&[("a", "1")], None);
        assert_eq!(place.planner.read(), Addition::default());
        let dir = cache::folder(place.home.path(), Kept::Crates, DIR).unwrap();
        fs::write(dir.join("b-1.0.0.crate"), "12").unwrap();
        let text = lock(&[("a", CRATES_IO), ("b", CRATES_IO)]);
        fs::write(place.home.path().join("Cargo.lock"), &text).unwrap();
        let addition = place.planner.read();
        assert_eq!(
            rows(&addition),
            [("a".into(), "rust".into(), Some(1)), ("b".into(), "rust".into(), None)]
        );
        assert_eq!(place.planner.read(), Addition::default());
    }

    #[test]
    fn a_registry_that_nobody_named_is_looked_for_under_both_its_names() {
        let text = lock(&[("a", OTHER), ("b", OTHER)]);
        let mut place = place(&[("a", "123")], Some(&text));
        let addition = place.planner.read();
        assert_eq!(rows(&addition), [("a".into(), OTHER.into(), Some(3)), ("b".into(), OTHER.into(), None)]);
        assert_eq!(addition.expected.len(), 2);
        assert_eq!(place.planner.wanted().len(), 4);
    }

    #[test]
    fn git_crates_have_no_file_and_bad_rows_no_path() {
        let text = lock(&[("g", "git+https://h/r#abc"), ("../x", CRATES_IO)]);
        let addition = place(&[], Some(&text)).planner.read();
        assert!(addition.planned.is_empty() && addition.expected.is_empty());
        assert_eq!(addition.invalid, ["../x 1.0.0"]);
        assert_eq!(place(&[], Some("not a lock file")).planner.read(), Addition::default());
    }
}
