//! Cargo's crate cache as it is shown: folders by the registry they belong to, crates with what is known of
//! each, and the table folded from what a look at it tells (cargo-contract 5, 6).

mod table;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use super::package::CrateId;

pub use table::{CacheTable, FolderTotals};

/// What one index has in the cache of one era of Cargo: `registry/cache/DIR` with its sources and its index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// The name under `registry/cache`, `registry/src` and `registry/index`: one plain path component.
    pub dir: Arc<str>,
    /// Of the crates.
    pub path: PathBuf,
    pub owner: Owner,
    /// Without it the next clean-up of Cargo 1.88 and later deletes crates and sources, whatever their age.
    pub has_index: bool,
}

impl Folder {
    /// Whether Cargo's own clean-up would delete it as it is (cargo-contract 5.4).
    #[must_use]
    pub fn is_orphan(&self) -> bool {
        !self.has_index
    }

    /// The registry as a person knows it, and what makes this one of its folders.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.owner {
            Owner::Index(index) => {
                let mut marks: Vec<String> = index.spelling.iter().map(Spelling::to_string).collect();
                marks.extend((index.era == Era::Old).then(|| "for Cargo up to 1.84".to_owned()));
                let marks = if marks.is_empty() { String::new() } else { format!(" ({})", marks.join(", ")) };
                format!("{}{marks}", index.registry)
            }
            Owner::Unknown { hint: Some(hint) } => format!("unknown (its server: {hint})"),
            Owner::Unknown { hint: None } => "unknown".to_owned(),
        }
    }

    /// Where the unpacked sources of a crate lie.
    #[must_use]
    pub fn sources(&self, id: &CrateId) -> Option<PathBuf> {
        let registry = self.path.parent()?.parent()?;
        Some(registry.join("src").join(&*self.dir).join(id.stem()))
    }
}

/// Whose a folder is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// Its name is the one that Cargo computes from this index.
    Index(Box<KnownIndex>),
    /// No index that is known here has that name.
    Unknown {
        /// What its own copy of `config.json` says of the server; clean, without user information.
        hint: Option<String>,
    },
}

impl Owner {
    /// The registry as a person knows it; `None` where nobody does.
    #[must_use]
    pub fn registry(&self) -> Option<&str> {
        match self {
            Self::Index(index) => Some(&index.registry),
            Self::Unknown { .. } => None,
        }
    }

    /// The index, where it is known.
    #[must_use]
    pub fn index(&self) -> Option<&KnownIndex> {
        match self {
            Self::Index(index) => Some(index),
            Self::Unknown { .. } => None,
        }
    }
}

/// An index whose folder names are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownIndex {
    /// The registry's name; its address where only a lock file names it. Clean.
    pub registry: String,
    /// The address, safe to show.
    pub index: String,
    /// The file or the variable that names it. Clean.
    pub named_in: String,
    pub era: Era,
    /// How it differs from the plain address of its feed: each spelling has a folder of its own.
    pub spelling: Vec<Spelling>,
    /// The same for all spellings of one feed's address; the address itself, where it is no feed.
    pub feed: String,
}

/// Which Cargos use the name of a folder (cargo-contract 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// 1.85 and later.
    Current,
    /// Up to 1.84.
    Old,
}

/// What makes the address of a feed another one for Cargo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spelling {
    /// It asks everyone who they are (azure-contract 7.2).
    ForceAuth,
    /// One view of the feed.
    View(String),
    /// A port that says nothing new.
    Port,
    /// Capital letters in the host.
    Case,
    /// Other capital letters in its path than where it is named: Azure takes both for one feed, Cargo does not.
    Letters,
    /// The organization's host of its own, `ORG.pkgs.visualstudio.com`.
    OwnHost,
}

impl fmt::Display for Spelling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ForceAuth => f.write_str("~force-auth"),
            Self::View(view) => write!(f, "@{view}"),
            Self::Port => f.write_str(":443"),
            Self::Case => f.write_str("host in capital letters"),
            Self::Letters => f.write_str("other capital letters"),
            Self::OwnHost => f.write_str("host of visualstudio.com"),
        }
    }
}

/// The name of a file in a cache folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileName {
    /// Exactly as Cargo names a crate; the only ones that ever become a path.
    Crate(CrateId),
    /// Anything else, also a link or a folder of such a name: as shown to a person.
    Foreign(String),
}

impl FileName {
    #[must_use]
    pub fn id(&self) -> Option<&CrateId> {
        match self {
            Self::Crate(id) => Some(id),
            Self::Foreign(_) => None,
        }
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crate(id) => f.write_str(&id.file_name()),
            Self::Foreign(name) => f.write_str(name),
        }
    }
}

/// One file of the cache, wherever it is spoken of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CachedFile {
    pub dir: Arc<str>,
    pub name: FileName,
}

/// What is known of one file of the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheRow {
    pub file: CachedFile,
    pub bytes: u64,
    /// Bytes of the unpacked sources; `None`: not unpacked, or not counted yet.
    pub unpacked: Option<u64>,
    /// When the file was written.
    pub stored: Option<SystemTime>,
    /// When Cargo last used it, to some minutes; `None` where Cargo has not recorded it (before 1.78).
    pub used: Option<SystemTime>,
    /// Whether the lock file of this project names it, and Cargo takes it from this very folder.
    pub in_lock_file: bool,
    pub state: FileState,
}

impl CacheRow {
    /// When it was last used, or at least written.
    #[must_use]
    pub fn last_use(&self) -> Option<SystemTime> {
        self.used.max(self.stored)
    }
}

/// Whether a file is what Cargo downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileState {
    Unchecked,
    /// Its SHA-256 is that of the index or of the lock file.
    Whole,
    /// Neither the lock file nor the index knows its checksum any more; the archive is complete.
    NotTold,
    Damaged(Damage),
}

impl FileState {
    /// Whether Cargo can get it again once it is deleted.
    #[must_use]
    pub fn is_repairable(&self) -> bool {
        matches!(self, Self::Damaged(Damage::Empty | Damage::Truncated | Damage::Altered))
    }

    /// The word of the JSON output, part of the contract with scripts.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unchecked => "unchecked",
            Self::Whole => "whole",
            Self::NotTold => "checksum-not-known",
            Self::Damaged(damage) => damage.word(),
        }
    }
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// No byte; Cargo downloads it again by itself.
    Empty,
    /// The archive ends too early: Cargo was killed, or the disk was full.
    Truncated,
    /// Other bytes than those that were downloaded.
    Altered,
    /// Cargo did not put it there.
    Foreign,
    /// It could not be read: the system's words, clean.
    Unreadable(String),
}

impl Damage {
    fn word(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Truncated => "truncated",
            Self::Altered => "altered",
            Self::Foreign => "foreign",
            Self::Unreadable(_) => "unreadable",
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty"),
            Self::Truncated => f.write_str("truncated: the archive ends too early"),
            Self::Altered => f.write_str("altered: not the bytes that were downloaded"),
            Self::Foreign => f.write_str("foreign: Cargo did not put it there"),
            Self::Unreadable(words) => write!(f, "unreadable: {words}"),
        }
    }
}

/// What a look at the cache tells, in this order: what can't be known, folders, rows as they are found, sizes as they
/// are counted, verdicts as they are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheEvent {
    /// Something of the project that can't be known, and why; clean.
    Note(String),
    Folders(Vec<Folder>),
    /// Some of the files.
    Rows(Vec<CacheRow>),
    /// Unpacked sizes of some of the rows.
    Unpacked(Vec<(CachedFile, u64)>),
    /// Unpacked sources of a folder whose `.crate` file is gone.
    SourcesOnly {
        dir: Arc<str>,
        crates: usize,
        bytes: u64,
    },
    /// What checking is up to: `bytes` of what is to be read in all.
    ToCheck {
        files: usize,
        bytes: u64,
    },
    Checked(Vec<Verdict>),
    /// What was deleted, or could not be.
    Removed(Vec<Removal>),
}

/// What checking one file has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub file: CachedFile,
    pub bytes: u64,
    pub state: FileState,
}

/// What came of deleting one file with its unpacked sources, or a whole folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    pub target: Target,
    /// Freed by it: crates, sources and index.
    pub bytes: u64,
    /// Why it is still there; clean.
    pub failure: Option<String>,
}

/// Something to delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// One crate: its unpacked sources first, then the file.
    Crate(Arc<str>, CrateId),
    /// Everything of one index: sources, crates and index, in this order.
    Folder(Arc<str>),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crate(dir, id) => write!(f, "{id} in {dir}"),
            Self::Folder(dir) => write!(f, "everything of {dir}"),
        }
    }
}

/// Which crates of the cache are meant: those that fit everything that is given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Registry names, addresses of indexes or folder names; empty: all.
    pub registries: Vec<String>,
    /// `NAME` or `NAME@VERSION`; empty: all.
    pub crates: Vec<String>,
    /// In no lock file in this folder or below it.
    pub unused_under: Option<PathBuf>,
    /// Not used for so long; by the file's age where Cargo has not recorded the use.
    pub unused_for: Option<std::time::Duration>,
    /// Exactly these: what a person has marked.
    pub marked: Option<Vec<CachedFile>>,
}

impl Selection {
    /// Whether it narrows nothing down.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether whole registries are meant, and not some of their crates.
    #[must_use]
    pub fn is_whole_registries(&self) -> bool {
        let only = Self { registries: self.registries.clone(), ..Self::default() };
        !self.registries.is_empty() && *self == only
    }
}

/// What is to be deleted, as it was shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PrunePlan {
    pub targets: Vec<(Target, u64)>,
    pub crates: usize,
    /// Of all targets, sources and indexes included.
    pub bytes: u64,
    /// What a person should know first.
    pub warnings: Vec<String>,
    /// Lock files that were asked, with `unused_under`.
    pub lock_files: usize,
}

/// What repairing or pruning has come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cleared {
    pub removed: usize,
    pub bytes: u64,
    pub failed: usize,
    /// Whether `cargo fetch` in this project gets some of it back.
    pub fetch_again: bool,
}

impl Cleared {
    /// What these deletions come to.
    #[must_use]
    pub fn of(removals: &[Removal]) -> Self {
        let mut cleared = Self::default();
        for removal in removals {
            cleared.count(removal);
        }
        cleared
    }

    /// Adds what came of one deletion.
    pub fn count(&mut self, removal: &Removal) {
        self.removed += usize::from(removal.failure.is_none());
        self.failed += usize::from(removal.failure.is_some());
        self.bytes += removal.bytes;
    }
}
