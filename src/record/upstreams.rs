//! Which feeds take crates from crates.io, as the lists of their organizations told last: for a switch without a
//! network. In a file of its own, so that thousands of feeds slow down nothing else; never a secret.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::domain::registry::IndexUrl;
use crate::files::{self, FileError};

const FILE: &str = "upstreams.json";
const LOCK: &str = "upstreams.lock";
const VERSION: u32 = 1;

/// Feeds that are remembered: a little more than one organization has.
const MOST: usize = 6000;

/// What was told of every feed, by its index.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Upstreams {
    version: u32,
    #[serde(default)]
    crates_io: BTreeMap<String, bool>,
}

impl Upstreams {
    /// What is remembered; nothing, where the file is missing or unreadable.
    #[must_use]
    pub fn load(state_dir: &Path) -> Self {
        let text = files::read(&state_dir.join(FILE)).ok().flatten().unwrap_or_default();
        Self::understood(&text).unwrap_or_default()
    }

    fn understood(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().filter(|upstreams: &Self| upstreams.version >= VERSION)
    }

    /// Whether the feed behind an index takes crates from crates.io; `None`: nobody has told.
    #[must_use]
    pub fn has_crates_io(&self, index: &IndexUrl) -> Option<bool> {
        self.crates_io.get(&index.shown()).copied()
    }

    /// Remembers what was told of some feeds.
    ///
    /// # Errors
    /// When the state folder can't be written.
    pub fn tell(state_dir: &Path, told: impl IntoIterator<Item = (IndexUrl, bool)>) -> Result<(), FileError> {
        let told: BTreeMap<String, bool> =
            told.into_iter().map(|(index, crates_io)| (index.shown(), crates_io)).collect();
        // Most lists tell nothing new, and nothing is locked for them.
        if Self::load(state_dir).knows(&told) {
            return Ok(());
        }
        let _lock = files::lock(state_dir, LOCK)?;
        let path = state_dir.join(FILE);
        let (before, mut upstreams) = files::read_ours(&path, Self::understood)?;
        upstreams.version = upstreams.version.max(VERSION);
        if upstreams.crates_io.len() + told.len() > MOST {
            upstreams.crates_io.clear();
        }
        upstreams.crates_io.extend(told.into_iter().take(MOST));
        let text = serde_json::to_string_pretty(&upstreams).unwrap_or_default();
        files::replace_private(&path, before.as_deref(), &text)
    }

    fn knows(&self, told: &BTreeMap<String, bool>) -> bool {
        told.iter().all(|(index, crates_io)| self.crates_io.get(index) == Some(crates_io))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(n: usize) -> IndexUrl {
        IndexUrl::parse(&format!("sparse+https://pkgs.dev.azure.com/o/_packaging/f{n}/Cargo/index/")).unwrap()
    }

    #[test]
    fn what_was_told_is_remembered_also_of_feeds_that_were_never_used() {
        let dir = tempfile::tempdir().unwrap();
        let known = |n: usize| Upstreams::load(dir.path()).has_crates_io(&index(n));
        assert_eq!(known(1), None);
        Upstreams::tell(dir.path(), [(index(1), false), (index(2), true)]).unwrap();
        assert_eq!((known(1), known(2), known(3)), (Some(false), Some(true), None));
        Upstreams::tell(dir.path(), [(index(1), true), (index(3), false)]).unwrap();
        assert_eq!((known(1), known(2), known(3)), (Some(true), Some(true), Some(false)));
        let (file, before) = (dir.path().join(FILE), std::fs::read(dir.path().join(FILE)).unwrap());
        std::fs::remove_file(dir.path().join(LOCK)).unwrap();
        Upstreams::tell(dir.path(), [(index(2), true)]).unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), before);
        assert!(!dir.path().join(LOCK).exists(), "nothing new takes no lock");
        std::fs::write(&file, "garbage").unwrap();
        assert_eq!(known(1), None);
        Upstreams::tell(dir.path(), [(index(1), false)]).unwrap();
        assert_eq!((known(1), known(2)), (Some(false), None));
    }

    #[test]
    fn it_does_not_grow_without_an_end() {
        let dir = tempfile::tempdir().unwrap();
        let known = |n: usize| Upstreams::load(dir.path()).has_crates_io(&index(n));
        Upstreams::tell(dir.path(), (0..MOST).map(|n| (index(n), true))).unwrap();
        Upstreams::tell(dir.path(), [(index(MOST), true)]).unwrap();
        assert_eq!((known(0), known(MOST)), (None, Some(true)), "the newest stay");
    }
}
