//! What the tool remembers between runs, in one small versioned file of the state folder, 0600. Garbage
//! counts as nothing remembered and is set aside; what a later version has written is kept.

pub mod made;
pub mod outage;
pub mod upstreams;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::answers::Answers;
pub use crate::domain::credential::Kept;
use crate::domain::organization::Base;
use crate::domain::registry::{IndexUrl, RegistryName};
use crate::files::{self, FileError};
pub use made::{MadeForCargo, Untold};

const FILE: &str = "state.json";
const LOCK: &str = "state.lock";
const VERSION: u32 = 1;
/// Registries that are remembered.
const MOST_USED: usize = 64;

/// How many wizards that were left half-way are remembered.
const MOST_UNFINISHED: usize = 10;

/// How many of the feeds that were used are remembered.
const MOST_RECENT: usize = 20;

/// Everything that is remembered; never a secret.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Record {
    version: u32,
    /// Keys of checkouts, each as its files were, that may run programs and redirect traffic.
    #[serde(default)]
    trusted: BTreeSet<String>,
    /// Bases that a person has named and signed in to (product.md, 'Trust').
    #[serde(default)]
    named: BTreeSet<String>,
    /// Whether a feed that answers everyone is asked by its `~force-auth` address, by its plain index.
    #[serde(default)]
    forced: BTreeMap<String, bool>,
    /// The registries that were fetched from, the last one first.
    #[serde(default)]
    used: Vec<Used>,
    /// What is kept for which base, and where.
    #[serde(default)]
    logins: BTreeMap<String, Known<Login>>,
    /// Tokens that were made for the person and that Cargo keeps, by where it does.
    #[serde(default)]
    cargos_tokens: BTreeMap<String, Vec<Known<MadeForCargo>>>,
    /// Such tokens that are kept no longer, until they are revoked or told.
    #[serde(default)]
    untold: Vec<Known<Untold>>,
    /// Bases of which something is in the keyring, as far as is known; also where nobody is signed in any more.
    #[serde(default)]
    in_keyring: BTreeSet<String>,
    /// Bases for which the person agreed to a file where no keyring can be reached.
    #[serde(default)]
    in_file: BTreeSet<String>,
    /// The feeds that were in force, the last one first.
    #[serde(default)]
    recent: Vec<Known<Recent>>,
    /// The answers of wizards that were left half-way, the last one first.
    #[serde(default)]
    unfinished: Vec<Known<Unfinished>>,
    /// What a later version has added.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// What this version understands, or else as a later one has written it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Known<T> {
    Known(T),
    Other(Value),
}

impl<T> Known<T> {
    fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Other(_) => None,
        }
    }
}

/// A wizard that was left half-way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Unfinished {
    /// The project that it was about.
    project: String,
    answers: Answers,
}

/// A feed that was in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    /// What Cargo called it.
    name: String,
    index: String,
}

impl Recent {
    /// The registry's name and index; `None` where they are no such thing.
    #[must_use]
    pub fn registry(&self) -> Option<(RegistryName, IndexUrl)> {
        Some((RegistryName::parse(&self.name).ok()?, IndexUrl::parse(&self.index)?))
    }
}

/// A registry as a project's configuration named it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Used {
    registry: String,
    index: String,
}

/// A sign-in that outlives the run: everything about it but the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    pub kind: LoginKind,
    pub kept: Kept,
    /// As the service names the person.
    pub who: String,
    /// When a personal access token ends, in seconds since 1970 (UTC), where that is known: it was made for the person.
    #[serde(default)]
    pub expires: Option<u64>,
    /// Which token that is; `None`: none was made, or an earlier version made it.
    #[serde(default)]
    pub made: Option<MadeToken>,
}

/// A personal access token that was made for the person, but for the token itself (azure-contract 2.6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeToken {
    /// What it is called on the person's page of tokens.
    pub name: String,
    /// What it is revoked by.
    pub id: String,
}

/// How the token that Cargo sends is had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum LoginKind {
    Pat,
    /// By a refresh token (azure-contract 2.3).
    Entra {
        authority: String,
        tenant: String,
        client_id: String,
    },
    /// From the session of the Azure CLI.
    AzureCli {
        tenant: Option<String>,
    },
    /// From this variable, each time.
    Environment {
        variable: String,
    },
}

impl Login {
    /// Whether a store holds something of it: a variable is read anew each time.
    #[must_use]
    pub fn is_stored(&self) -> bool {
        !matches!(self.kind, LoginKind::Environment { .. })
    }

    fn is_stored_in(&self, kept: Kept) -> bool {
        self.kept == kept && self.is_stored()
    }
}

impl Record {
    /// What is remembered; nothing, where the file is missing or unreadable.
    #[must_use]
    pub fn load(state_dir: &Path) -> Self {
        let text = files::read(&state_dir.join(FILE)).ok().flatten().unwrap_or_default();
        Self::parse(&text)
    }

    fn parse(text: &str) -> Self {
        Self::understood(text).unwrap_or_default()
    }

    /// `None`: garbage. A later version has only added to what this one knows.
    fn understood(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().filter(|record: &Self| record.version >= VERSION)
    }

    /// The feeds that were in force, the last one first.
    pub fn recent(&self) -> impl Iterator<Item = (RegistryName, IndexUrl)> {
        self.recent.iter().filter_map(|recent| recent.known()?.registry())
    }

    /// What a wizard in that project has left half-way.
    #[must_use]
    pub fn unfinished(&self, project: &str) -> Option<&Answers> {
        let mut known = self.unfinished.iter().filter_map(Known::known);
        Some(&known.find(|unfinished| unfinished.project == project)?.answers)
    }

    #[must_use]
    pub fn trusts(&self, key: &str) -> bool {
        self.trusted.contains(key)
    }

    /// What the person has answered about `~force-auth` for that index; `None`: not asked yet.
    #[must_use]
    pub fn forces(&self, index: &IndexUrl) -> Option<bool> {
        self.forced.get(&index.shown()).copied()
    }

    #[must_use]
    pub fn knows(&self, base: &Base) -> bool {
        self.named.contains(base.as_str())
    }

    /// How to get a token for a base; `None` where nobody is signed in.
    #[must_use]
    pub fn login(&self, base: &Base) -> Option<&Login> {
        self.logins.get(base.as_str())?.known()
    }

    /// All sign-ins that are kept.
    pub fn logins(&self) -> impl Iterator<Item = (Base, &Login)> {
        self.logins.iter().filter_map(|(base, login)| Some((Base::parse(base)?, login.known()?)))
    }

    /// Whether a file may hold what is kept of a base when the keyring is out of reach.
    #[must_use]
    pub fn may_use_file(&self, base: &Base) -> bool {
        self.in_file.contains(base.as_str())
            || self.login(base).is_some_and(|login| login.is_stored_in(Kept::File))
    }

    /// The bases of which something may be in the keyring though nobody is signed in to them any more.
    pub fn left_in_keyring(&self) -> impl Iterator<Item = Base> {
        let left = self.in_keyring.iter().filter(|base| !self.logins.contains_key(*base));
        left.filter_map(|base| Base::parse(base))
    }

    /// Whether something of a base may be in the keyring, wherever its sign-in is kept.
    #[must_use]
    pub fn is_in_keyring(&self, base: &Base) -> bool {
        self.in_keyring.contains(base.as_str())
            || self.login(base).is_some_and(|login| login.is_stored_in(Kept::Keyring))
    }

    /// The registries that were fetched from, and the feeds that were asked by their `~force-auth` address: name and
    /// index, the last used first.
    pub fn indexes(&self) -> impl Iterator<Item = (String, String)> {
        let used = self.used.iter().map(|used| (used.registry.clone(), used.index.clone()));
        used.chain(self.forced.keys().map(|index| (index.clone(), index.clone())))
    }

    /// The bases that a person has named before.
    pub fn named(&self) -> impl Iterator<Item = Base> {
        self.named.iter().filter_map(|base| Base::parse(base))
    }
}

/// Remembers the yes to a checkout as it is now.
///
/// # Errors
/// When the state folder can't be written.
pub fn trust(state_dir: &Path, key: &str) -> Result<(), FileError> {
    change(state_dir, |record| record.trusted.insert(key.to_owned()))
}

/// Remembers a base that a person has named and signed in to.
///
/// # Errors
/// When the state folder can't be written.
pub fn name(state_dir: &Path, base: &Base) -> Result<(), FileError> {
    change(state_dir, |record| record.named.insert(base.as_str().to_owned()))
}

/// Remembers whether the feed behind an index is asked by its `~force-auth` address from now on.
///
/// # Errors
/// When the state folder can't be written.
pub fn force(state_dir: &Path, index: &IndexUrl, forced: bool) -> Result<(), FileError> {
    change(state_dir, |record| record.forced.insert(index.shown(), forced) != Some(forced))
}

/// Remembers a registry that is fetched from, as the last one used.
///
/// # Errors
/// When the state folder can't be written.
pub fn fetch(state_dir: &Path, registry: &RegistryName, index: &IndexUrl) -> Result<(), FileError> {
    let used = Used { registry: registry.to_string(), index: index.shown() };
    if Record::load(state_dir).used.first() == Some(&used) {
        return Ok(());
    }
    change(state_dir, |record| {
        record.used.retain(|other| other.index != used.index);
        record.used.insert(0, used);
        record.used.truncate(MOST_USED);
        true
    })
}

/// Remembers a sign-in; its base counts as named from now on. The secret must be kept already.
///
/// # Errors
/// When the state folder can't be written.
pub fn log_in(state_dir: &Path, base: &Base, login: &Login) -> Result<(), FileError> {
    made::log_in_over(state_dir, (base, login), None)
}

fn insert_login(record: &mut Record, base: &Base, login: &Login) {
    record.named.insert(base.as_str().to_owned());
    if login.is_stored_in(Kept::File) {
        record.in_file.insert(base.as_str().to_owned());
    }
    if login.is_stored_in(Kept::Keyring) {
        record.in_keyring.insert(base.as_str().to_owned());
    }
    record.logins.insert(base.as_str().to_owned(), Known::Known(login.clone()));
}

/// Forgets a sign-in; the base stays named.
///
/// # Errors
/// When the state folder can't be written.
pub fn log_out(state_dir: &Path, base: &Base) -> Result<(), FileError> {
    change(state_dir, |record| record.logins.remove(base.as_str()).is_some())
}

/// Remembers that something of a base may be in the keyring from now on: told before it is written, so that whatever
/// happens between the two it is looked for there when it is to be forgotten.
///
/// # Errors
/// When the state folder can't be written.
pub fn enter_keyring(state_dir: &Path, base: &Base) -> Result<(), FileError> {
    change(state_dir, |record| record.in_keyring.insert(base.as_str().to_owned()))
}

/// Takes back every yes to a file where no keyring can be reached.
///
/// # Errors
/// When the state folder can't be written.
pub fn withdraw_files(state_dir: &Path) -> Result<(), FileError> {
    if Record::load(state_dir).in_file.is_empty() {
        return Ok(());
    }
    change(state_dir, |record| {
        record.in_file.clear();
        true
    })
}

/// Remembers that nothing of a base is in the keyring any more.
///
/// # Errors
/// When the state folder can't be written.
pub fn leave_keyring(state_dir: &Path, base: &Base) -> Result<(), FileError> {
    change(state_dir, |record| record.in_keyring.remove(base.as_str()))
}

/// Remembers that a feed is in force now.
///
/// # Errors
/// When the state folder can't be written.
pub fn use_feed(state_dir: &Path, (name, index): (&RegistryName, &IndexUrl)) -> Result<(), FileError> {
    change(state_dir, |record| {
        let index = index.shown();
        let is_same = |recent: &Known<Recent>| recent.known().is_some_and(|recent| recent.index == index);
        let recent = Known::Known(Recent { name: name.to_string(), index: index.clone() });
        if record.recent.first() == Some(&recent) {
            return false;
        }
        record.recent.retain(|other| !is_same(other));
        record.recent.insert(0, recent);
        record.recent.truncate(MOST_RECENT);
        true
    })
}

/// Remembers the answers of a wizard that is left half-way; `None` forgets them.
///
/// # Errors
/// When the state folder can't be written.
pub fn leave_unfinished(state_dir: &Path, project: &str, answers: Option<Answers>) -> Result<(), FileError> {
    change(state_dir, |record| {
        let before = record.unfinished.clone();
        let is_other = |left: &Known<Unfinished>| left.known().is_none_or(|left| left.project != project);
        record.unfinished.retain(is_other);
        let left = answers.map(|answers| Unfinished { project: project.to_owned(), answers });
        record.unfinished.splice(0..0, left.map(Known::Known));
        record.unfinished.truncate(MOST_UNFINISHED);
        record.unfinished != before
    })
}

/// The records that meant nothing, each under the name that it was set aside by; one that is found now is set aside.
#[must_use]
pub fn damaged(state_dir: &Path) -> Vec<PathBuf> {
    let path = state_dir.join(FILE);
    if files::is_garbled(&path, Record::understood) {
        // Failing, it stays where it is until something is written.
        let _ = change(state_dir, |_| false);
    }
    let mut damaged = files::set_aside_of(&path);
    damaged.extend(Some(path).filter(|path| files::is_garbled(path, Record::understood)));
    damaged
}

/// Reads, changes and writes under the lock, so that two instances lose nothing of each other. Where nothing has changed
/// nothing is written: a full disk is in nobody's way then.
fn change(state_dir: &Path, change: impl FnOnce(&mut Record) -> bool) -> Result<(), FileError> {
    let _lock = files::lock(state_dir, LOCK)?;
    let path = state_dir.join(FILE);
    let (before, mut record) = files::read_ours(&path, Record::understood)?;
    record.version = record.version.max(VERSION);
    let known = record.clone();
    if !change(&mut record) || record == known {
        return Ok(());
    }
    let text = serde_json::to_string_pretty(&record).unwrap_or_default();
    files::replace_private(&path, before.as_deref(), &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_remembered_and_garbage_is_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let base = Base::parse("https://ado.example/Coll").unwrap();
        assert_eq!(Record::load(dir.path()), Record::default());
        trust(dir.path(), "one").unwrap();
        name(dir.path(), &base).unwrap();
        let record = Record::load(dir.path());
        assert!(record.trusts("one") && !record.trusts("two") && record.knows(&base));
        assert_eq!(record.named().collect::<Vec<_>>(), [base]);
        let index = IndexUrl::parse("sparse+https://pkgs.dev.azure.com/o/_packaging/f/Cargo/index/").unwrap();
        assert_eq!(record.forces(&index), None);
        for answer in [true, false] {
            force(dir.path(), &index, answer).unwrap();
            assert_eq!(Record::load(dir.path()).forces(&index), Some(answer));
        }
        let other = IndexUrl::parse("sparse+https://pkgs.dev.azure.com/o/_packaging/g/Cargo/index/").unwrap();
        let registry = |name: &str| RegistryName::parse(name).unwrap();
        for (name, index) in [("f", &index), ("g", &other), ("again", &index)] {
            fetch(dir.path(), &registry(name), index).unwrap();
        }
        let used: Vec<String> = Record::load(dir.path()).indexes().map(|(name, _)| name).collect();
        assert_eq!(used, ["again", "g", &index.shown()]);
        let login = Login {
            kind: LoginKind::AzureCli { tenant: None },
            kept: Kept::File,
            who: "ana".into(),
            expires: None,
            made: None,
        };
        let cloud = Base::parse("https://dev.azure.com/contoso").unwrap();
        assert!(record.login(&record.named().next().unwrap()).is_none() && !record.may_use_file(&cloud));
        log_in(dir.path(), &cloud, &login).unwrap();
        let record = Record::load(dir.path());
        assert_eq!(record.login(&cloud), Some(&login));
        assert!(record.knows(&cloud) && record.may_use_file(&cloud) && record.trusts("one"));
        log_out(dir.path(), &cloud).unwrap();
        let record = Record::load(dir.path());
        assert!(record.knows(&cloud) && record.logins().next().is_none());
        for (number, garbage) in [&b"{"[..], b"[]", b"{\"version\":0}", b"\xff\xfe"].into_iter().enumerate() {
            std::fs::write(dir.path().join(FILE), garbage).unwrap();
            assert_eq!(Record::load(dir.path()), Record::default());
            trust(dir.path(), "again").unwrap();
            assert!(Record::load(dir.path()).trusts("again"));
            let aside = &damaged(dir.path())[number];
            assert_eq!(std::fs::read(aside).unwrap(), garbage, "it is set aside, not lost");
        }
    }

    #[test]
    fn a_yes_to_the_file_is_for_one_organization_and_can_be_withdrawn() {
        let dir = tempfile::tempdir().unwrap();
        let base = |org: &str| Base::parse(&format!("https://dev.azure.com/{org}")).unwrap();
        let (kind, who) = (LoginKind::Pat, "ana".to_owned());
        let in_file = Login { kind, kept: Kept::File, who, expires: None, made: None };
        let in_keyring = Login { kept: Kept::Keyring, ..in_file.clone() };
        let variable = LoginKind::Environment { variable: "SYSTEM_ACCESSTOKEN".into() };
        for (org, login) in [
            ("one", &in_file),
            ("two", &in_keyring),
            ("three", &Login { kind: variable.clone(), ..in_file.clone() }),
            ("four", &Login { kind: variable, ..in_keyring.clone() }),
        ] {
            log_in(dir.path(), &base(org), login).unwrap();
        }
        let agreed =
            || ["one", "two", "three", "four"].map(|org| Record::load(dir.path()).may_use_file(&base(org)));
        assert_eq!(agreed(), [true, false, false, false], "a variable is kept nowhere");
        let record = Record::load(dir.path());
        assert!(record.is_in_keyring(&base("two")) && !record.is_in_keyring(&base("four")));
        log_out(dir.path(), &base("one")).unwrap();
        assert!(agreed()[0], "who logs out logs in again");
        withdraw_files(dir.path()).unwrap();
        withdraw_files(dir.path()).unwrap();
        assert_eq!(agreed(), [false; 4]);
    }

    #[test]
    fn what_a_later_version_has_written_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let later = r#"{"version":7,"new":{"a":[1]},"trusted":["one"],
            "logins":{"https://dev.azure.com/contoso":{"kind":{"kind":"telepathy"},"kept":"mind","who":"ana"}},
            "recent":[{"name":1}]}"#;
        std::fs::write(dir.path().join(FILE), later).unwrap();
        trust(dir.path(), "two").unwrap();
        let record = Record::load(dir.path());
        assert!(record.trusts("one") && record.trusts("two") && record.logins().next().is_none());
        let text = std::fs::read_to_string(dir.path().join(FILE)).unwrap();
        let (now, before): (Value, Value) =
            (serde_json::from_str(&text).unwrap(), serde_json::from_str(later).unwrap());
        for kept in ["version", "new", "logins", "recent"] {
            assert_eq!(now[kept], before[kept]);
        }
        assert!(damaged(dir.path()).is_empty());
    }

    #[test]
    fn a_wizard_that_was_left_is_remembered_by_its_project_until_it_is_done() {
        let dir = tempfile::tempdir().unwrap();
        let answers = |n: usize| Answers::of(&Base::parse(&format!("https://dev.azure.com/org{n}")).unwrap());
        let left = |n: usize| Record::load(dir.path()).unfinished(&format!("/p{n}")).cloned();
        for n in 0..12 {
            leave_unfinished(dir.path(), &format!("/p{n}"), Some(answers(n))).unwrap();
        }
        assert_eq!(
            (left(11), left(2), left(1)),
            (Some(answers(11)), Some(answers(2)), None),
            "the oldest go"
        );
        leave_unfinished(dir.path(), "/p11", Some(answers(3))).unwrap();
        leave_unfinished(dir.path(), "/p5", None).unwrap();
        assert_eq!((left(11), left(5), left(4)), (Some(answers(3)), None, Some(answers(4))));
    }

    #[test]
    fn feeds_that_were_used_are_remembered_the_last_one_first() {
        let dir = tempfile::tempdir().unwrap();
        let registry = |n: usize| {
            let index = format!("sparse+https://pkgs.dev.azure.com/o/_packaging/f{n}/Cargo/index/");
            (RegistryName::parse(&format!("f{n}")).unwrap(), IndexUrl::parse(&index).unwrap())
        };
        for n in (0..30).chain([25]) {
            let (name, index) = registry(n);
            use_feed(dir.path(), (&name, &index)).unwrap();
        }
        let recent: Vec<_> = Record::load(dir.path()).recent().collect();
        assert_eq!((recent.len(), &recent[0], &recent[1]), (20, &registry(25), &registry(29)));
    }
}
