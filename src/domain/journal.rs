//! What this tool has changed, entry by entry, and what can be taken back of it; never a secret.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::diff::DiffLine;
use super::merge::Span;
use super::plan::{ConfigScope, FileChange};

/// One act of this tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Counts from 1; never used again.
    pub id: u64,
    /// In seconds since 1970 (UTC).
    pub at: u64,
    pub act: Act,
    /// In words, lower-case, safe to show: ``switched to `rust` ``.
    pub what: String,
    pub state: State,
    /// The root of the project that it was done in.
    #[serde(default)]
    pub project: Option<String>,
    /// The files that were changed together.
    #[serde(default)]
    pub changes: Vec<Change>,
    /// How a person takes it back where this tool can't: a sentence.
    #[serde(default)]
    pub by_hand: Option<String>,
    /// What a later version has added.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// What kind of act an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    SetUp,
    Switch,
    Remove,
    Uninstall,
    FeedCreated,
    FeedChanged,
    LoggedIn,
    /// Of a later version.
    #[serde(other)]
    Other,
}

impl Act {
    /// As scripts read it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::SetUp => "set-up",
            Self::Switch => "switch",
            Self::Remove => "remove",
            Self::Uninstall => "uninstall",
            Self::FeedCreated => "feed-created",
            Self::FeedChanged => "feed-changed",
            Self::LoggedIn => "logged-in",
            Self::Other => "other",
        }
    }
}

/// How far an act has come. Between `Begun` and `Done` the process may have been killed: whether a file was
/// written then is told by its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Begun,
    Done,
    /// It is being taken back.
    Undoing,
    Undone,
    /// Of a later version.
    #[serde(other)]
    Unknown,
}

impl State {
    /// As scripts read it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Done => "done",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
            Self::Unknown => "unknown",
        }
    }
}

/// What an act has done to one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// As the person knows it.
    pub path: String,
    /// Whether it is the person's own file, in `$CARGO_HOME`.
    pub of_user: bool,
    /// The keys that were changed: `source.crates-io.replace-with`.
    #[serde(default)]
    pub keys: Vec<String>,
    /// SHA-256 of the text before, in hex; `None`: there was no file.
    pub hash_before: Option<String>,
    pub hash_after: String,
    /// `None`: they hold a secret, which is not kept.
    pub spans: Option<Vec<Span>>,
    /// Where the whole text before is kept.
    #[serde(default)]
    pub backup: Option<String>,
    /// SHA-256 of what the file will say when the act has been taken back.
    #[serde(default)]
    pub hash_undone: Option<String>,
    /// Whether the file's folder was made for it.
    #[serde(default)]
    pub folder_is_new: bool,
    /// What a later version has added.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Change {
    #[must_use]
    pub fn scope(&self) -> ConfigScope {
        if self.of_user { ConfigScope::User } else { ConfigScope::Project }
    }
}

impl Entry {
    /// An act that is about to be done.
    #[must_use]
    pub fn begun(at: u64, (act, what): (Act, String), project: Option<String>, changes: Vec<Change>) -> Self {
        Self { id: 0, at, act, what, state: State::Begun, project, changes, by_hand: None, rest: Map::new() }
    }

    /// One that was done elsewhere, and that only a person can take back.
    #[must_use]
    pub fn elsewhere(at: u64, what: (Act, String), (by_hand, project): (String, Option<String>)) -> Self {
        Self { state: State::Done, by_hand: Some(by_hand), ..Self::begun(at, what, project, Vec::new()) }
    }

    /// Whether there is something in it that this tool could take back.
    #[must_use]
    pub fn can_be_undone(&self) -> bool {
        let is_open = matches!(self.state, State::Begun | State::Done | State::Undoing);
        is_open && self.changes.iter().any(|change| change.spans.is_some())
    }

    /// Whether there is something in it that only a person can take back.
    #[must_use]
    pub fn is_by_hand(&self) -> bool {
        let is_open = !matches!(self.state, State::Undone | State::Unknown);
        is_open && self.by_hand.is_some() && !self.can_be_undone()
    }

    /// Whether it is about a feed.
    #[must_use]
    pub fn is_of_feed(&self) -> bool {
        matches!(self.act, Act::FeedCreated | Act::FeedChanged)
    }

    /// Whether it belongs to that project, or to nobody's but the person.
    #[must_use]
    pub fn concerns(&self, project: Option<&str>) -> bool {
        let is_everywhere = self.project.is_none() || !self.changes.is_empty();
        self.project.as_deref() == project
            || (is_everywhere && self.changes.iter().all(|change| change.of_user))
    }
}

/// How one entry would be taken back, to be looked at first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoPlan {
    pub entry: Entry,
    pub files: Vec<UndoFile>,
    /// What only a person can take back, of all that was done after it, or for it just before: feeds, a sign-in.
    pub later: Vec<Entry>,
}

impl UndoPlan {
    /// Why it can't be done, in words; `None`: it can.
    #[must_use]
    pub fn conflict(&self) -> Option<&str> {
        self.files.iter().find_map(|file| match &file.how {
            How::Conflict(why) => Some(why.as_str()),
            _ => None,
        })
    }

    /// Whether somebody has edited a file since, so that the person is to look first.
    #[must_use]
    pub fn is_merge(&self) -> bool {
        self.files.iter().any(|file| file.how == How::Merged)
    }

    /// Whether every file is already as it was before.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.files.iter().all(|file| file.how == How::Already)
    }
}

/// One file of an [`UndoPlan`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoFile {
    pub path: PathBuf,
    pub how: How,
    /// What the act did, where that is still known.
    pub ours: Vec<DiffLine>,
    /// What others have changed since.
    pub theirs: Vec<DiffLine>,
    /// The file as it is and as it will be; `None` where nothing is to be done or can be.
    pub change: Option<FileChange>,
    /// The act made the file, so it is deleted again, with its folder where that was made for it.
    pub deletes: bool,
}

/// In which way a file goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// It is as it was left, and becomes byte for byte what it was.
    Exact,
    /// It has been edited since: the act's own lines go back, the edits stay.
    Merged,
    /// It is already as it was.
    Already,
    /// It can't, and why: a sentence.
    Conflict(String),
}

impl How {
    /// As scripts read it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Merged => "merged",
            Self::Already => "already",
            Self::Conflict(_) => "conflict",
        }
    }
}
