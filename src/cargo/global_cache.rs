//! When Cargo last used what it keeps: its own record, `.global-cache`, read where it is there and readable
//! (cargo-contract 5.6). Cargo writes it since 1.78, and what it says may be some minutes old.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::sqlite::{Database, Value};

const FILE: &str = ".global-cache";

/// Uses and sizes by folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Uses {
    folders: HashMap<String, OfFolder>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct OfFolder {
    /// By the name of the `.crate` file: seconds since 1970.
    crates: HashMap<Box<str>, u32>,
    /// By `NAME-VERSION`: bytes, where they were counted, and seconds since 1970.
    sources: HashMap<Box<str>, (Option<u64>, u32)>,
}

impl Uses {
    /// Everything that is recorded; nothing, where the record is missing, being written or not understood.
    #[must_use]
    pub fn read(cargo_home: &Path) -> Self {
        Self::read_file(&cargo_home.join(FILE)).unwrap_or_default()
    }

    fn read_file(path: &Path) -> Option<Self> {
        let mut database = Database::open(path).ok()??;
        let mut names: HashMap<i64, String> = HashMap::new();
        database.rows("registry_index", |id, values| {
            if let [_, Value::Text(name), ..] = values {
                names.insert(id, (*name).to_owned());
            }
        })?;
        let mut by_id: HashMap<i64, OfFolder> = HashMap::new();
        database.rows("registry_crate", |_, values| {
            if let [Value::Integer(registry), Value::Text(name), _, Value::Integer(at), ..] = values {
                by_id.entry(*registry).or_default().crates.insert((*name).into(), seconds(*at));
            }
        })?;
        database.rows("registry_src", |_, values| {
            if let [Value::Integer(registry), Value::Text(name), size, Value::Integer(at), ..] = values {
                let size = size.integer().and_then(|size| u64::try_from(size).ok());
                by_id.entry(*registry).or_default().sources.insert((*name).into(), (size, seconds(*at)));
            }
        })?;
        if database.has_changed() {
            return None;
        }
        let folders = by_id.into_iter().filter_map(|(id, folder)| Some((names.remove(&id)?, folder)));
        Some(Self { folders: folders.collect() })
    }

    /// Whether nothing is recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.folders.is_empty()
    }

    /// The last use of a crate, of its file or its sources; `stem` is `NAME-VERSION`.
    #[must_use]
    pub fn last(&self, dir: &str, file: &str, stem: &str) -> Option<SystemTime> {
        let folder = self.folders.get(dir)?;
        let of_sources = folder.sources.get(stem).map(|(_, at)| *at);
        let at = folder.crates.get(file).copied().max(of_sources)?;
        Some(SystemTime::UNIX_EPOCH + Duration::from_secs(at.into()))
    }

    /// How large the unpacked sources are, where Cargo has counted them.
    #[must_use]
    pub fn unpacked(&self, dir: &str, stem: &str) -> Option<u64> {
        self.folders.get(dir)?.sources.get(stem)?.0
    }
}

/// Good until 2106.
fn seconds(at: i64) -> u32 {
    u32::try_from(at).unwrap_or(if at < 0 { 0 } else { u32::MAX })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Made by SQLite with Cargo's tables, 300 crates in pages of 512 bytes.
    const RECORD: &[u8] = include_bytes!("../../assets/global-cache.sqlite");

    #[test]
    fn uses_and_sizes_are_read_from_tables_of_many_pages() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join(FILE), RECORD).unwrap();
        let uses = Uses::read(home.path());
        let feed = "pkgs.dev.azure.com-48e597bd8dd18fd1";
        let crates_io = "index.crates.io-1949cf8c6b5b557f";
        let counts = |dir: &str| (uses.folders[dir].crates.len(), uses.folders[dir].sources.len());
        assert_eq!((counts(feed), counts(crates_io)), ((150, 150), (150, 150)));
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(uses.last(feed, "made-298-1.0.298.crate", "made-298-1.0.298"), at(1_795_000_798));
        assert_eq!(uses.last(feed, "made-298-1.0.298.crate", "other-1.0.0"), at(1_795_000_298));
        assert_eq!(uses.last(feed, "made-299-1.0.299.crate", "made-299-1.0.299"), None, "it is crates.io's");
        assert_eq!(uses.unpacked(crates_io, "made-299-1.0.299"), Some(299 * 5000));
        assert_eq!(uses.unpacked(feed, "made-290-1.0.290"), None, "Cargo has not counted it");
    }

    #[test]
    fn a_record_that_is_being_written_is_not_read() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join(FILE), RECORD).unwrap();
        fs::write(home.path().join(".global-cache-journal"), "x").unwrap();
        assert!(Uses::read(home.path()).is_empty());
        fs::remove_file(home.path().join(".global-cache-journal")).unwrap();
        let half = &RECORD[..RECORD.len() / 2];
        fs::write(home.path().join(FILE), half).unwrap();
        assert!(Uses::read(home.path()).is_empty(), "half of it is none of it");
    }

    #[test]
    fn what_is_no_record_is_none() {
        let home = tempfile::tempdir().unwrap();
        assert!(Uses::read(home.path()).is_empty());
        for garbage in [&b""[..], b"SQLite format 3\0", &[0; 4096]] {
            fs::write(home.path().join(FILE), garbage).unwrap();
            assert!(Uses::read(home.path()).is_empty());
        }
        fs::remove_file(home.path().join(FILE)).unwrap();
        fs::create_dir(home.path().join(FILE)).unwrap();
        assert!(Uses::read(home.path()).is_empty());
    }
}
