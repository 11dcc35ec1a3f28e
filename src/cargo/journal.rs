//! The journal of what this tool has changed, in one file of the state folder, 0600: written before and after each
//! change, so that a process that is killed in between leaves an entry that says so. Never a secret.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use toml_edit::Item;

use super::error::ConfigError;
use super::toml_text;
use crate::domain::diff::{holds_masked, holds_user_info, is_secret_key};
use crate::domain::journal::{Change, Entry, State};
use crate::domain::merge;
use crate::domain::plan::{ConfigScope, FileChange};
use crate::files::{self, FileError};

const FILE: &str = "journal.json";
const VERSION: u32 = 1;

/// The folder of the texts that files had before.
const BACKUPS: &str = "backups";

/// Held while configuration or the journal is written, by every command of this tool.
pub(super) const LOCK: &str = "write.lock";

/// How many entries are kept; the oldest are dropped, with their backups.
const MOST: usize = 100;

/// The whole file. What this version can't read of it, it keeps.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Book {
    version: u32,
    /// The number of the last entry ever made.
    last: u64,
    entries: Vec<Line>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Entry(Box<Entry>),
    /// Of a later version.
    Unknown(Value),
}

impl Line {
    fn entry(&self) -> Option<&Entry> {
        match self {
            Self::Entry(entry) => Some(entry),
            Self::Unknown(_) => None,
        }
    }
}

impl Default for Book {
    fn default() -> Self {
        Self { version: VERSION, last: 0, entries: Vec::new(), rest: Map::new() }
    }
}

/// The entries, oldest first; none where the file is missing or garbled.
///
/// # Errors
/// When the file is there and can't be read.
pub fn entries(state_dir: &Path) -> Result<Vec<Entry>, FileError> {
    let text = match files::read(&path(state_dir)) {
        Err(FileError::NotText(_) | FileError::TooLarge(_)) => None,
        text => text?,
    };
    let book = text.and_then(|text| understood(&text)).unwrap_or_default();
    Ok(book.entries.iter().filter_map(Line::entry).cloned().collect())
}

fn understood(text: &str) -> Option<Book> {
    serde_json::from_str(text).ok()
}

/// The same as [`damage`] where it is found just now; nothing is said of what was set aside before.
#[must_use]
pub fn new_damage(state_dir: &Path) -> Option<String> {
    if files::is_garbled(&path(state_dir), understood) { damage(state_dir) } else { None }
}

/// The journals that meant nothing and are kept, with the folder of the backups, in words; one that is found now is set
/// aside. `None`: there is none.
#[must_use]
pub fn damage(state_dir: &Path) -> Option<String> {
    let path = path(state_dir);
    if files::is_garbled(&path, understood) {
        // Failing, it stays where it is until something is written.
        let _ = files::lock(state_dir, LOCK).and_then(|_lock| files::read_ours(&path, understood));
    }
    let mut kept = files::set_aside_of(&path);
    kept.extend(Some(path).filter(|path| files::is_garbled(path, understood)));
    let shown = |path: &Path| format!("`{}`", crate::domain::text::clean(&path.to_string_lossy()));
    let kept: Vec<String> = kept.iter().map(|path| shown(path)).collect();
    let backups = shown(&state_dir.join(BACKUPS));
    (!kept.is_empty()).then(|| {
        format!("the journal was damaged; it is kept as {}, with the backups in {backups}", kept.join(", "))
    })
}

/// Adds an entry about something that is done already.
///
/// # Errors
/// When the state folder can't be written.
pub fn note(state_dir: &Path, entry: Entry) -> Result<u64, FileError> {
    let _lock = files::lock(state_dir, LOCK)?;
    add(state_dir, entry)
}

/// The same while [`LOCK`] is held.
pub(super) fn add(state_dir: &Path, mut entry: Entry) -> Result<u64, FileError> {
    let changes = entry.changes.clone();
    let added = change(state_dir, |book| {
        book.last += 1;
        entry.id = book.last;
        book.entries.push(Line::Entry(Box::new(entry)));
        let dropped = book.entries.len().saturating_sub(MOST);
        book.entries.drain(..dropped).collect()
    });
    added.inspect_err(|_| drop_backups(&changes))
}

/// Says how far an entry has come, while [`LOCK`] is held.
pub(super) fn mark(state_dir: &Path, id: u64, update: impl FnOnce(&mut Entry)) -> Result<(), FileError> {
    change(state_dir, |book| {
        let found = book.entries.iter_mut().find_map(|line| match line {
            Line::Entry(entry) if entry.id == id => Some(entry),
            _ => None,
        });
        if let Some(entry) = found {
            update(entry);
        }
        Vec::new()
    })?;
    Ok(())
}

/// Takes an entry out, while [`LOCK`] is held: what it was about has not been done.
pub(super) fn forget(state_dir: &Path, id: u64) -> Result<(), FileError> {
    change(state_dir, |book| {
        let is_gone = |line: &mut Line| line.entry().is_some_and(|entry| entry.id == id);
        book.entries.extract_if(.., is_gone).collect()
    })?;
    Ok(())
}

/// Deletes the backups of changes that are not made. A backup is a convenience: one that can't be deleted stays.
pub(super) fn drop_backups<'a>(changes: impl IntoIterator<Item = &'a Change>) {
    for backup in changes.into_iter().filter_map(|change| change.backup.as_ref()) {
        let _ = files::remove(Path::new(backup));
    }
}

/// The backups of entries that are dropped are dropped with them. Returns the number of the last entry.
fn change(state_dir: &Path, change: impl FnOnce(&mut Book) -> Vec<Line>) -> Result<u64, FileError> {
    let path = path(state_dir);
    let (before, mut book) = files::read_ours(&path, understood)?;
    book.version = book.version.max(VERSION);
    let dropped = change(&mut book);
    let text = serde_json::to_string_pretty(&book).unwrap_or_default();
    files::replace_private(&path, before.as_deref(), &text)?;
    drop_backups(dropped.iter().filter_map(Line::entry).flat_map(|entry| &entry.changes));
    Ok(book.last)
}

fn path(state_dir: &Path) -> PathBuf {
    state_dir.join(FILE)
}

/// What changes of files will have done, to be written down before.
///
/// # Errors
/// When a text can't be kept as a backup; none is kept then.
pub(super) fn changes_of(state_dir: &Path, files: &[&FileChange]) -> Result<Vec<Change>, ConfigError> {
    let mut changes = Vec::with_capacity(files.len());
    for file in files {
        match change_of(state_dir, file) {
            Ok(change) => changes.push(change),
            Err(error) => {
                drop_backups(&changes);
                return Err(error);
            }
        }
    }
    Ok(changes)
}

/// Keeps the text before as a backup, where it holds no secret.
fn change_of(state_dir: &Path, file: &FileChange) -> Result<Change, ConfigError> {
    let old = file.before.as_deref().unwrap_or_default();
    let spans = merge::spans(old, &file.after);
    let keys = changed_keys(old, &file.after);
    let has_secret =
        spans.iter().any(|span| [&span.old, &span.new].into_iter().any(|text| holds_secret(text)))
            || keys.iter().any(|key| is_secret_path(key, old) || is_secret_path(key, &file.after));
    let backup = match &file.before {
        Some(text) if !holds_secret(text) => Some(back_up(state_dir, &file.path, text)?),
        _ => None,
    };
    Ok(Change {
        path: file.path.to_string_lossy().into_owned(),
        of_user: file.scope == ConfigScope::User,
        keys,
        hash_before: file.before.as_deref().map(hash),
        hash_after: hash(&file.after),
        spans: (!has_secret).then_some(spans),
        backup: backup.map(|path| path.to_string_lossy().into_owned()),
        hash_undone: None,
        folder_is_new: file.path.parent().is_some_and(|folder| !folder.exists()),
        rest: Map::new(),
    })
}

fn back_up(state_dir: &Path, file: &Path, text: &str) -> Result<PathBuf, FileError> {
    let name = file.file_name().map_or("config".into(), |name| name.to_string_lossy());
    files::back_up(&state_dir.join(BACKUPS), &name, text)
}

/// SHA-256, in hex.
pub(super) fn hash(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::with_capacity(64), |hex, byte| hex + &format!("{byte:02x}"))
}

/// How an entry's changes are taken back by hand, where something in them is secret.
pub(super) fn by_hand(changes: &[Change]) -> Option<String> {
    let change = changes.iter().find(|change| change.spans.is_none())?;
    let (path, keys) = (crate::domain::text::clean(&change.path), shown_keys(&change.keys));
    Some(format!(
        "What was changed in `{path}` holds a secret, which is not kept: to take it back, edit {keys} there."
    ))
}

fn shown_keys(keys: &[String]) -> String {
    let keys: Vec<String> = keys.iter().map(|key| format!("`{}`", crate::domain::text::clean(key))).collect();
    if keys.is_empty() { "it".to_owned() } else { keys.join(", ") }
}

/// The keys whose values differ, in dotted form.
pub(super) fn changed_keys(before: &str, after: &str) -> Vec<String> {
    let (Some(before), Some(after)) = (values(before), values(after)) else { return Vec::new() };
    let gone = before.iter().filter(|(key, value)| !after.contains(&((*key).clone(), (*value).clone())));
    let new = after.iter().filter(|(key, value)| !before.contains(&((*key).clone(), (*value).clone())));
    let mut keys: Vec<String> = gone.chain(new).map(|(key, _)| key.clone()).collect();
    keys.sort();
    keys.dedup();
    keys
}

/// Every value of a text by its dotted key; `None` where it is no TOML.
pub(super) fn values(text: &str) -> Option<Vec<(String, String)>> {
    fn add(item: &Item, key: &str, found: &mut Vec<(String, String)>) {
        if let Some(table) = item.as_table_like() {
            for (name, item) in table.iter() {
                add(item, &if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") }, found);
            }
        } else if let Some(value) = item.as_value() {
            found.push((key.to_owned(), value.clone().decorated("", "").to_string()));
        } else if let Some(tables) = item.as_array_of_tables() {
            for (at, table) in tables.iter().enumerate() {
                table.iter().for_each(|(name, item)| add(item, &format!("{key}[{at}].{name}"), found));
            }
        }
    }
    let document = toml_text::parse(text).ok()?;
    let mut found = Vec::new();
    add(document.as_item(), "", &mut found);
    Some(found)
}

fn is_secret_path(key: &str, text: &str) -> bool {
    let is_secret = |name: &str, value: &str| is_secret_key(name) || holds_user_info(name, value);
    let values = values(text).unwrap_or_default();
    values.iter().filter(|(name, _)| name == key).any(|(name, value)| {
        // The table that holds the value of a variable may bear the secret's name.
        name.split('.').any(is_secret_key) || is_secret(name.rsplit('.').next().unwrap_or(name), value)
    })
}

/// Whether a configuration file, or a piece of one that may be no TOML of its own, holds a token or a password, which
/// belong in no backup (product.md); in a comment too.
pub(super) fn holds_secret(text: &str) -> bool {
    fn is_secret(key: &str, item: &Item) -> bool {
        is_secret_key(key) || item.as_str().is_some_and(|text| holds_user_info(key, text)) || in_item(item)
    }
    fn in_item(item: &Item) -> bool {
        item.as_table_like().is_some_and(|table| table.iter().any(|(key, item)| is_secret(key, item)))
    }
    holds_masked(text) || toml_text::parse(text).is_ok_and(|document| in_item(document.as_item()))
}

/// Sets the state of an entry.
pub(super) fn is_now(state: State) -> impl FnOnce(&mut Entry) {
    move |entry| entry.state = state
}
