//! Takes back what an entry of the journal has written: exactly where the file is as it was left, out of what
//! others have edited since where its own lines still are, and not at all otherwise.

use std::path::{Path, PathBuf};

use super::config_file::{self, Places};
use super::journal;
use crate::domain::diff::diff;
use crate::domain::journal::{Act, Change, Entry, How, State, UndoFile, UndoPlan};
use crate::domain::merge;
use crate::domain::plan::{FileChange, Written};
use crate::domain::text::clean;
use crate::error::{Exit, Report};
use crate::files::{self, FileError};

/// Why nothing was taken back. Texts are safe to show.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    #[error("there is nothing to take back")]
    Nothing,
    #[error("the journal has no entry {0}")]
    NoSuchEntry(u64),
    #[error("{0} is taken back already")]
    AlreadyUndone(u64),
    /// With how a person does it.
    #[error("{id} ({what}) cannot be taken back by this tool")]
    ByHand { id: u64, what: String, how: String },
    #[error("{why}")]
    Conflict { id: u64, why: String },
    #[error(transparent)]
    File(#[from] FileError),
}

impl From<UndoError> for Report {
    fn from(error: UndoError) -> Self {
        let words = error.to_string();
        let (exit, code, hint) = match error {
            UndoError::File(error) => return error.into(),
            UndoError::Nothing => (
                Exit::NotFound,
                "nothing-to-undo",
                "`az-cargo-wizard undo --list` shows every change".to_owned(),
            ),
            UndoError::NoSuchEntry(_) => (
                Exit::NotFound,
                "no-such-entry",
                "`az-cargo-wizard undo --list` shows every change".to_owned(),
            ),
            UndoError::AlreadyUndone(_) => (
                Exit::Failed,
                "already-undone",
                "`az-cargo-wizard undo --list` shows every change".to_owned(),
            ),
            UndoError::ByHand { how, .. } => (Exit::Failed, "undo-by-hand", how),
            UndoError::Conflict { id, .. } => (
                Exit::Failed,
                "undo-conflict",
                format!("`az-cargo-wizard undo {id} --dry-run` shows who wrote what; edit the file by hand"),
            ),
        };
        Self::new(exit, code, words).hint(hint)
    }
}

/// How an entry would be taken back: the one with that number, or the last of this project that can be. Writes
/// nothing.
///
/// # Errors
/// Every [`UndoError`] but `Conflict`, which the plan tells.
pub fn plan(id: Option<u64>, places: &Places<'_>) -> Result<UndoPlan, UndoError> {
    let entries = journal::entries(places.state_dir)?;
    if let Some(id) = id {
        let entry = entries.iter().find(|entry| entry.id == id).ok_or(UndoError::NoSuchEntry(id))?;
        check(entry)?;
        return of(entry, &entries);
    }
    let project = places.workspace.map(|root| root.to_string_lossy().into_owned());
    let ours = || entries.iter().rev().filter(|entry| entry.concerns(project.as_deref()));
    for entry in ours().filter(|entry| entry.can_be_undone()) {
        let plan = of(entry, &entries)?;
        // Begun and killed before the first file was written: nothing has happened.
        if !(entry.state != State::Done && plan.is_done()) {
            return Ok(plan);
        }
    }
    // What is left of it is a person's to do: the last feed first, as a sign-in is taken back by a command.
    let mut by_hand: Vec<&Entry> = ours().filter(|entry| entry.is_by_hand()).collect();
    by_hand.sort_by_key(|entry| entry.act == Act::LoggedIn);
    by_hand.first().map_or(Err(UndoError::Nothing), |entry| Err(of_person(entry)))
}

fn of_person(entry: &Entry) -> UndoError {
    let how = entry.by_hand.as_deref().unwrap_or("it was written by another version of this tool");
    UndoError::ByHand { id: entry.id, what: clean(&entry.what), how: clean(how) }
}

fn check(entry: &Entry) -> Result<(), UndoError> {
    match entry.state {
        State::Undone => Err(UndoError::AlreadyUndone(entry.id)),
        _ if entry.can_be_undone() => Ok(()),
        _ => Err(of_person(entry)),
    }
}

fn of(entry: &Entry, entries: &[Entry]) -> Result<UndoPlan, UndoError> {
    let later = || entries.iter().filter(|other| other.id > entry.id && other.state != State::Undone);
    let look = |change: &Change| {
        let over = later().find(|other| other.changes.iter().any(|theirs| theirs.path == change.path));
        file(change, over)
    };
    let files = entry.changes.iter().map(look).collect::<Result<Vec<_>, _>>()?;
    // What led to a setup came after the setup before it.
    let before = entries.iter().rev().skip_while(|other| other.id >= entry.id);
    let mut told: Vec<Entry> = before
        .take_while(|other| entry.act == Act::SetUp && other.act != Act::SetUp)
        // A setup by flags keeps the credential just before it writes the configuration that names its feed.
        .filter(|other| other.is_of_feed() || (other.act == Act::LoggedIn && other.id + 1 == entry.id))
        .chain(later())
        .filter(|other| other.is_by_hand() && (other.project == entry.project || other.project.is_none()))
        .cloned()
        .collect();
    told.sort_by_key(|other| other.id);
    Ok(UndoPlan { entry: entry.clone(), files, later: told })
}

fn file(change: &Change, over: Option<&Entry>) -> Result<UndoFile, UndoError> {
    let path = PathBuf::from(&change.path);
    let current = files::read(&path)?;
    let now = current.as_deref().map(journal::hash);
    let mut file = UndoFile {
        path,
        how: How::Already,
        ours: Vec::new(),
        theirs: Vec::new(),
        change: None,
        deletes: false,
    };
    if now == change.hash_before || (now.is_some() && now == change.hash_undone) {
        return Ok(file);
    }
    match result(change, current.as_deref(), now.as_deref() == Some(&change.hash_after)) {
        Ok(Found { texts, result, how }) => {
            let (before, after) = &texts;
            let current = current.unwrap_or_default();
            file.ours = diff(before, after);
            file.theirs = diff(after, &current);
            file.deletes = change.hash_before.is_none() && result.trim().is_empty();
            let lines = diff(&current, &result);
            let path = file.path.clone();
            file.how = how;
            file.change =
                Some(FileChange { path, scope: change.scope(), before: Some(current), after: result, lines });
        }
        Err(Trouble { why, texts }) => {
            if let (Some((before, after)), Some(current)) = (texts, &current) {
                file.ours = diff(&before, &after);
                file.theirs = diff(&after, current);
            }
            let path = clean(&change.path);
            let by = over.map(|entry| format!(", last by entry {} ({})", entry.id, clean(&entry.what)));
            file.how = How::Conflict(format!("`{path}` {why}{}", by.unwrap_or_default()));
        }
    }
    Ok(file)
}

/// What a file will say.
struct Found {
    /// Before the act and after it.
    texts: (String, String),
    result: String,
    how: How,
}

/// Why it can't.
struct Trouble {
    why: &'static str,
    texts: Option<(String, String)>,
}

fn result(change: &Change, current: Option<&str>, is_as_left: bool) -> Result<Found, Trouble> {
    let trouble = |why| Trouble { why, texts: None };
    let spans = change.spans.as_deref().ok_or(trouble("held a secret there, which is not kept"))?;
    let current = current.ok_or(trouble("is gone"))?;
    let is_before = |text: &str| match &change.hash_before {
        Some(hash) => journal::hash(text) == *hash,
        None => text.is_empty(),
    };
    if is_as_left {
        let before = merge::undone(current, spans).filter(|before| is_before(before));
        let before = before.ok_or(trouble("is not what the journal says of it"))?;
        return Ok(Found { texts: (before.clone(), current.to_owned()), result: before, how: How::Exact });
    }
    let before = match (&change.hash_before, &change.backup) {
        (None, _) => Some(String::new()),
        (Some(_), Some(backup)) => files::read(Path::new(backup)).ok().flatten(),
        (Some(_), None) => None,
    };
    let before = before.filter(|before| is_before(before));
    let before = before.ok_or(trouble("has been edited since, and no copy of what it said is kept"))?;
    let after = merge::redone(&before, spans).filter(|after| journal::hash(after) == change.hash_after);
    let after = after.ok_or(trouble("is not what the journal says of it"))?;
    let texts = (before, after);
    match merge::merged(&texts.1, current, spans) {
        Ok(result) if is_sound(current, &result, &change.keys) => {
            Ok(Found { texts, result, how: How::Merged })
        }
        _ => Err(Trouble { why: "was edited in the same place since", texts: Some(texts) }),
    }
}

/// Whether nothing but the act's own keys differs: lines that fit may mean something else where they stand now.
fn is_sound(current: &str, result: &str, keys: &[String]) -> bool {
    let foreign = |text: &str| {
        let values = journal::values(text)?;
        let mut values: Vec<_> = values.into_iter().filter(|(key, _)| !keys.contains(key)).collect();
        values.sort();
        Some(values)
    };
    foreign(result).is_some_and(|result| foreign(current).is_some_and(|current| current == result))
}

/// Takes back what the person has looked at. A file that has changed since then stops everything.
///
/// # Errors
/// Every [`UndoError`]; nothing is changed then.
pub fn apply(plan: &UndoPlan, places: &Places<'_>) -> Result<Vec<Written>, UndoError> {
    let id = plan.entry.id;
    if let Some(why) = plan.conflict() {
        return Err(UndoError::Conflict { id, why: why.to_owned() });
    }
    let state_dir = places.state_dir;
    let _lock = files::lock(state_dir, journal::LOCK)?;
    let entries = journal::entries(state_dir)?;
    check(entries.iter().find(|entry| entry.id == id).ok_or(UndoError::NoSuchEntry(id))?)?;
    let project = plan.entry.project.as_ref().map(PathBuf::from);
    let places = Places { workspace: project.as_deref(), ..*places };
    let changes: Vec<(&FileChange, bool)> =
        plan.files.iter().filter_map(|file| Some((file.change.as_ref()?, file.deletes))).collect();
    for (change, _) in &changes {
        if files::read(&change.path)? != change.before {
            return Err(FileError::Changed(change.path.clone()).into());
        }
    }
    settle(id, &entries, state_dir)?;
    journal::mark(state_dir, id, |entry| {
        entry.state = State::Undoing;
        for (change, file) in entry.changes.iter_mut().zip(&plan.files) {
            change.hash_undone = file.change.as_ref().map(|file| journal::hash(&file.after));
        }
    })?;
    if let Err(error) = write(&changes, &places) {
        // Left where it can't be marked, the hashes tell.
        let _ = journal::mark(state_dir, id, journal::is_now(plan.entry.state));
        return Err(error.into());
    }
    let deleted = plan.entry.changes.iter().zip(&plan.files).filter(|(_, file)| file.deletes);
    for folder in config_file::new_folders(deleted.map(|(change, _)| change)) {
        files::remove_empty_dir(&folder);
    }
    // The same: everything has happened.
    let _ = journal::mark(state_dir, id, journal::is_now(State::Undone));
    let written = |(change, _): (&FileChange, bool)| Written {
        path: change.path.clone(),
        backup: None,
        was_there: true,
    };
    Ok(changes.into_iter().map(written).collect())
}

/// Marks what was begun and never happened: once the files change, their hashes no longer tell. What can't be read is
/// left for whoever takes that back.
fn settle(id: u64, entries: &[Entry], state_dir: &Path) -> Result<(), UndoError> {
    for entry in entries.iter().filter(|entry| entry.id != id && entry.state == State::Begun) {
        if of(entry, entries).is_ok_and(|plan| plan.is_done()) {
            journal::mark(state_dir, entry.id, journal::is_now(State::Undone))?;
        }
    }
    Ok(())
}

/// Writes all or nothing, as far as the system lets it.
fn write(changes: &[(&FileChange, bool)], places: &Places<'_>) -> Result<(), FileError> {
    for (at, (change, deletes)) in changes.iter().enumerate() {
        let done = if *deletes {
            config_file::delete(change, places, change.before.as_deref().unwrap_or_default())
        } else {
            config_file::replace(change, places, change.before.as_deref(), &change.after)
        };
        if let Err(error) = done {
            for (change, deleted) in changes[..at].iter().rev() {
                let expected = (!deleted).then_some(change.after.as_str());
                // It was just written there: what keeps that from being done again is told by the first error.
                let _ = config_file::replace(
                    change,
                    places,
                    expected,
                    change.before.as_deref().unwrap_or_default(),
                );
            }
            return Err(error);
        }
    }
    Ok(())
}
