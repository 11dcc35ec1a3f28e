//! Where credentials outlive a run: the keyring of the system, or a file that only the person can read. The keyring
//! may be missing, locked or silent, so each use has a deadline and a thread of its own (libraries, traps 17 to 22),
//! and processes use it one after the other.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::domain::credential::Secret;
use crate::domain::organization::Base;
use crate::files;

mod error;
mod file;
#[cfg(target_os = "linux")]
mod quiet;
mod system;
#[cfg(test)]
mod tests;

pub use error::VaultError;
use system::System;

/// Windows keeps 2,560 bytes in an entry; Entra's tokens are longer.
const LONGEST_ENTRY: usize = 2_400;

/// How long a person waits for a keyring that may be asking for its password elsewhere.
const PATIENT: Duration = Duration::from_secs(5);

/// How long Cargo is kept waiting, for a person at the keyring and for its answer together: it is to be told within a
/// second (product.md, 'Where the credential provider is named').
const BRIEF: Duration = Duration::from_millis(900);

const LOCK: &str = "keyring.lock";

/// Held as well by who may be waiting for a person.
const PATIENT_LOCK: &str = "keyring-person.lock";

/// How long to wait for the processes before: two hundred Cargos at once take a few seconds together.
const TURNS: u32 = 3_000;
const PAUSE: Duration = Duration::from_millis(10);

/// How many of the turns Cargo waits for a process that may be waiting for a person: half a second.
const TURNS_OF_A_PERSON: u32 = 50;

/// What is kept of one organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// A personal access token.
    Pat,
    /// What gets the next access token; changes with each use.
    Refresh,
    /// The access token in use, so that not every fetch pays for a new one.
    Access,
}

impl Slot {
    /// All of them, for forgetting.
    pub const ALL: [Self; 3] = [Self::Pat, Self::Refresh, Self::Access];

    fn word(self) -> &'static str {
        match self {
            Self::Pat => "pat",
            Self::Refresh => "refresh",
            Self::Access => "access",
        }
    }
}

/// A place that keeps credentials.
#[derive(Debug)]
pub struct Vault {
    store: Store,
    deadline: Duration,
    /// A store that was silent once is not waited for again.
    gave_up: AtomicBool,
    /// While it lives no other process uses the keyring: else a reader could meet the parts of a long token while they
    /// are being replaced, and a crowd would take so long that each of them gave up.
    _turn: Option<Turn>,
}

/// One lock, or both.
type Turn = (files::Lock, Option<files::Lock>);

/// Closed, so that nothing but these can ever get a secret.
#[derive(Debug, Clone)]
enum Store {
    System(System),
    File(PathBuf),
}

impl Vault {
    /// The keyring of the system: Keychain, Credential Manager or Secret Service. It may open a window of its own that
    /// asks for its password. Waits until no other process uses it; the lock lies in that folder.
    ///
    /// # Errors
    /// When others use it without end, or the folder can't be written.
    pub fn system(dir: &Path) -> Result<Self, VaultError> {
        let (turn, _) = turn(dir, TURNS)?;
        let person = wait_for(dir, PATIENT_LOCK)?;
        Ok(Self { _turn: Some((turn, Some(person))), ..Self::over(Store::System(System::Os), PATIENT) })
    }

    /// The same where nobody sits: it opens no window, and it is given up within a second.
    ///
    /// # Errors
    /// As [`Self::system`]; [`VaultError::Taken`] after half a second of another process that may be asking a person.
    pub fn quiet_system(dir: &Path) -> Result<Self, VaultError> {
        let (turn, waited) = turn(dir, TURNS_OF_A_PERSON)?;
        Ok(Self { _turn: Some((turn, None)), ..Self::over(Store::System(System::Quiet), left_after(waited)) })
    }

    /// It opens no window either, and waits as long as for a person: for what would be lost if it were not kept.
    ///
    /// # Errors
    /// As [`Self::system`].
    pub fn steady_system(dir: &Path) -> Result<Self, VaultError> {
        let (turn, _) = turn(dir, TURNS)?;
        Ok(Self { _turn: Some((turn, None)), ..Self::over(Store::System(System::Quiet), PATIENT) })
    }

    /// A file of mode 0600 in the state folder.
    #[must_use]
    pub fn file(path: PathBuf) -> Self {
        Self::over(Store::File(path), PATIENT)
    }

    fn over(store: Store, deadline: Duration) -> Self {
        Self { store, deadline, gave_up: AtomicBool::new(false), _turn: None }
    }

    /// Writes, reads back and deletes something without worth: whether the store can be relied on.
    ///
    /// # Errors
    /// Why it can't.
    pub fn try_out(&self) -> Result<(), VaultError> {
        const NAME: &str = "trial";
        let dummy = Secret::new("nothing of worth");
        self.on_store(move |store| {
            put(store, NAME, &dummy)?;
            let back = get(store, NAME);
            remove(store, NAME)?;
            if back?.as_ref() == Some(&dummy) { Ok(()) } else { Err(VaultError::Forgetful) }
        })
    }

    /// What is kept; `None` where there is nothing.
    ///
    /// # Errors
    /// When the store can't be asked.
    pub fn read(&self, base: &Base, slot: Slot) -> Result<Option<Secret>, VaultError> {
        let name = name_of(base, slot);
        self.on_store(move |store| get(store, &name))
    }

    /// Keeps a secret in place of the one before. Cut short at any point, either of them is found again.
    ///
    /// # Errors
    /// When the store can't be written.
    pub fn write(&self, base: &Base, slot: Slot, secret: &Secret) -> Result<(), VaultError> {
        let (name, secret) = (name_of(base, slot), secret.clone());
        self.on_store(move |store| put(store, &name, &secret))
    }

    /// Forgets all that is kept of an organization; fine where there is nothing.
    ///
    /// # Errors
    /// When the store can't be written.
    pub fn forget(&self, base: &Base) -> Result<(), VaultError> {
        match &self.store {
            Store::System(_) => self.forget_but(base, &[]),
            Store::File(path) => file::forget(path, base),
        }
    }

    /// The same, but for these.
    ///
    /// # Errors
    /// As [`Self::forget`].
    pub fn forget_but(&self, base: &Base, kept: &[Slot]) -> Result<(), VaultError> {
        let others = Slot::ALL.into_iter().filter(|slot| !kept.contains(slot));
        let names: Vec<String> = others.map(|slot| name_of(base, slot)).collect();
        self.on_store(move |store| names.iter().try_for_each(|name| remove(store, name)))
    }

    /// The organizations of which the file holds something; a keyring lists none.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn bases(&self) -> Result<Vec<Base>, VaultError> {
        match &self.store {
            Store::System(_) => Ok(Vec::new()),
            Store::File(path) => file::bases(path),
        }
    }

    fn on_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, VaultError> + Send + 'static,
    ) -> Result<T, VaultError> {
        if matches!(self.store, Store::File(_)) {
            return work(&self.store);
        }
        if self.gave_up.load(Ordering::Relaxed) {
            return Err(VaultError::Silent(self.deadline));
        }
        let store = self.store.clone();
        let outcome = within(self.deadline, move || work(&store));
        if matches!(outcome, Err(VaultError::Silent(_))) {
            self.gave_up.store(true, Ordering::Relaxed);
        }
        outcome
    }
}

/// Where the secrets go, as a person reads it.
impl fmt::Display for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.store {
            Store::System(_) => f.write_str(system::NAME),
            Store::File(path) => write!(f, "{}", crate::domain::text::clean(&path.to_string_lossy())),
        }
    }
}

/// What is left for the keyring's answer after so many turns of a person.
fn left_after(waited: u32) -> Duration {
    BRIEF.saturating_sub(PAUSE * waited)
}

/// Waits for all processes before, and for those that may be waiting for a person no longer than so many turns; with how
/// many it has been.
fn turn(dir: &Path, of_a_person: u32) -> Result<(files::Lock, u32), VaultError> {
    let mut left = of_a_person;
    for _ in 0..TURNS {
        if let Some(lock) = files::try_lock(dir, LOCK)? {
            return Ok((lock, of_a_person - left));
        }
        if files::is_locked(dir, PATIENT_LOCK) {
            left = left.checked_sub(1).ok_or(VaultError::Taken)?;
        }
        std::thread::sleep(PAUSE);
    }
    Err(VaultError::Taken)
}

/// Those who only look hold it for a moment.
fn wait_for(dir: &Path, lock: &str) -> Result<files::Lock, VaultError> {
    for _ in 0..TURNS {
        match files::try_lock(dir, lock)? {
            Some(lock) => return Ok(lock),
            None => std::thread::sleep(PAUSE),
        }
    }
    Err(VaultError::Taken)
}

/// Waits for a thread that may never end; it is then left behind and holds nothing of ours.
fn within<T: Send + 'static>(
    deadline: Duration,
    work: impl FnOnce() -> Result<T, VaultError> + Send + 'static,
) -> Result<T, VaultError> {
    let (send, receive) = std::sync::mpsc::sync_channel(1);
    let started = std::thread::Builder::new().name("keyring".to_owned()).spawn(move || {
        // Nobody listens any more once the deadline has passed.
        let _ = send.send(work());
    });
    started.map_err(|error| VaultError::Unavailable(error.to_string()))?;
    receive.recv_timeout(deadline).map_err(|_| VaultError::Silent(deadline))?
}

fn name_of(base: &Base, slot: Slot) -> String {
    format!("{base} {}", slot.word())
}

/// What the entry of a name says: the secret itself, or the parts that make it up.
enum Entry {
    Whole(Secret),
    Parts { tag: String, count: usize },
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        if let Some(secret) = text.strip_prefix('=') {
            return Some(Self::Whole(Secret::new(secret)));
        }
        let (tag, count) = text.strip_prefix('@')?.split_once(' ')?;
        let count = count.parse().ok().filter(|count| (1..=64).contains(count))?;
        Some(Self::Parts { tag: tag.to_owned(), count })
    }
}

fn part_name(name: &str, tag: &str, part: usize) -> String {
    format!("{name} {tag}.{part}")
}

fn get(store: &Store, name: &str) -> Result<Option<Secret>, VaultError> {
    let Some(text) = store.get(name)? else { return Ok(None) };
    match Entry::parse(text.expose()) {
        Some(Entry::Whole(secret)) => Ok(Some(secret)),
        Some(Entry::Parts { tag, count }) => gather(store, name, (&tag, count)).map(Some),
        None => Err(VaultError::Garbled),
    }
}

fn gather(store: &Store, name: &str, (tag, count): (&str, usize)) -> Result<Secret, VaultError> {
    let mut whole = String::new();
    for part in 0..count {
        let text = store.get(&part_name(name, tag, part))?.ok_or(VaultError::Garbled)?;
        whole.push_str(text.expose());
    }
    let whole = Secret::new(whole);
    if tag_of(&whole) == tag { Ok(whole) } else { Err(VaultError::Garbled) }
}

/// Parts of a new secret have names of their own, and the entry that names them is written last: until
/// then the old secret is whole.
fn put(store: &Store, name: &str, secret: &Secret) -> Result<(), VaultError> {
    let before = parts_of(store, name);
    let text = secret.expose();
    let mut kept = None;
    if text.len() < LONGEST_ENTRY {
        store.put(name, &Secret::new(format!("={text}")))?;
    } else {
        let tag = tag_of(secret);
        let parts = text.as_bytes().chunks(LONGEST_ENTRY);
        let count = parts.len();
        for (part, bytes) in parts.enumerate() {
            let bytes = std::str::from_utf8(bytes).map_err(|_| VaultError::NotAscii)?;
            store.put(&part_name(name, &tag, part), &Secret::new(bytes))?;
        }
        store.put(name, &Secret::new(format!("@{tag} {count}")))?;
        kept = Some(tag);
    }
    match before {
        Some((tag, count)) if Some(&tag) != kept.as_ref() => delete_parts(store, name, (&tag, count)),
        _ => Ok(()),
    }
}

fn remove(store: &Store, name: &str) -> Result<(), VaultError> {
    let parts = parts_of(store, name);
    store.delete(name)?;
    parts.map_or(Ok(()), |(tag, count)| delete_parts(store, name, (&tag, count)))
}

fn parts_of(store: &Store, name: &str) -> Option<(String, usize)> {
    match Entry::parse(store.get(name).ok()??.expose())? {
        Entry::Parts { tag, count } => Some((tag, count)),
        Entry::Whole(_) => None,
    }
}

fn delete_parts(store: &Store, name: &str, (tag, count): (&str, usize)) -> Result<(), VaultError> {
    (0..count).try_for_each(|part| store.delete(&part_name(name, tag, part)))
}

/// Tells parts of one secret from those of another.
fn tag_of(secret: &Secret) -> String {
    let hash = Sha256::digest(secret.expose());
    format!("{:02x}{:02x}{:02x}{:02x}", hash[0], hash[1], hash[2], hash[3])
}

impl Store {
    fn get(&self, name: &str) -> Result<Option<Secret>, VaultError> {
        match self {
            Self::System(system) => system.get(name),
            Self::File(path) => file::get(path, name),
        }
    }

    fn put(&self, name: &str, secret: &Secret) -> Result<(), VaultError> {
        match self {
            Self::System(system) => system.put(name, secret),
            Self::File(path) => file::put(path, name, secret),
        }
    }

    fn delete(&self, name: &str) -> Result<(), VaultError> {
        match self {
            Self::System(system) => system.delete(name),
            Self::File(path) => file::delete(path, name),
        }
    }
}
