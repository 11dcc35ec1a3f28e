//! What the wizard means to change, before anything is changed.

use std::path::PathBuf;

use super::credential::TokenStore;
use super::diff::DiffLine;
use super::journal::Act;
use super::registry::{IndexUrl, RegistryName};

/// Which Cargo configuration file names the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConfigScope {
    /// `.cargo/config.toml` of the workspace: everyone who clones it.
    #[default]
    Project,
    /// `config.toml` in `$CARGO_HOME`: every project of this person on this machine.
    User,
    /// Neither: the registry is configured already, and only the credential's part is to be written.
    AsItIs,
}

/// The answers of the Config step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupPlan {
    pub scope: ConfigScope,
    pub registry: RegistryName,
    pub index: IndexUrl,
    /// Let the feed stand in for crates.io.
    pub replace_crates_io: bool,
    pub store: TokenStore,
    /// A second registry, for crates of one's own: those are published to another feed than the one that is
    /// consumed from (azure-contract 5.4).
    pub publish: Option<PublishRegistry>,
}

/// A registry to publish to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishRegistry {
    pub name: RegistryName,
    pub index: IndexUrl,
}

impl SetupPlan {
    /// What the registry to publish to needs, as a plan of its own; it never stands in for crates.io.
    #[must_use]
    pub fn for_publishing(&self) -> Option<Self> {
        let PublishRegistry { name, index } = self.publish.clone()?;
        Some(Self { registry: name, index, replace_crates_io: false, publish: None, ..self.clone() })
    }
}

/// One file as it is and as it would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// The file as the person knows it; a link is resolved when it is written.
    pub path: PathBuf,
    pub scope: ConfigScope,
    /// `None`: the file doesn't exist yet.
    pub before: Option<String>,
    pub after: String,
    pub lines: Vec<DiffLine>,
}

impl FileChange {
    #[must_use]
    pub fn changes_something(&self) -> bool {
        self.before.as_deref() != Some(self.after.as_str())
    }
}

/// Every change of a plan, ready to be looked at and then made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    pub plan: SetupPlan,
    pub files: Vec<FileChange>,
    /// What the person should know before agreeing; each a sentence.
    pub notes: Vec<String>,
}

impl Review {
    /// Whether everything is already as the plan wants it.
    #[must_use]
    pub fn is_done(&self) -> bool {
        !self.files.iter().any(FileChange::changes_something)
    }
}

/// Where the crates of crates.io are to come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SwitchTo {
    /// From crates.io itself.
    CratesIo,
    /// From a feed, or another registry that stands in for it.
    Registry { name: RegistryName, index: IndexUrl },
}

/// A change of Cargo's configuration that is no setup: a switch, or a registry that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigChange {
    pub act: Act,
    /// For the journal, lower-case: ``switched to `rust` ``.
    pub what: String,
    pub files: Vec<FileChange>,
    /// What the person should know; each a sentence.
    pub notes: Vec<String>,
    /// What may not be what the person wants, to be asked about before it is made.
    pub warnings: Vec<Warning>,
    /// What is in force afterwards, of a switch.
    pub to: Option<SwitchTo>,
}

impl ConfigChange {
    /// Whether everything is already so.
    #[must_use]
    pub fn is_done(&self) -> bool {
        !self.files.iter().any(FileChange::changes_something)
    }
}

/// A reason to think again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    pub kind: WarningKind,
    /// A sentence, safe to show.
    pub text: String,
}

/// What a warning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarningKind {
    /// The feed is known to have no upstream source crates.io.
    NoUpstream,
    /// Cargo has no credential for it.
    NoCredential,
    /// A file of the checkout names a host that the person has not named.
    UnknownHost,
}

impl WarningKind {
    /// As scripts read it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NoUpstream => "no-upstream",
            Self::NoCredential => "no-credential",
            Self::UnknownHost => "unknown-host",
        }
    }
}

/// Something other than a feed that stands in for crates.io now: the person decides whether it gives way
/// (azure-contract 7.7). Every text is safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherReplacement {
    /// The source that crates.io is replaced by.
    pub name: String,
    /// What that is: `a folder of vendored crates`.
    pub what: String,
    /// The file that says so, as the person knows it.
    pub file: PathBuf,
    pub line: Option<usize>,
    /// What giving it up would change: a sentence.
    pub effect: String,
}

/// One file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub path: PathBuf,
    /// Where the text that was there before is kept; `None` where there was none, or where it held a secret.
    pub backup: Option<PathBuf>,
    /// Whether there was a file before.
    pub was_there: bool,
}
