//! A plan becomes changes of Cargo's configuration files: looked at first, then made all or not at all. What a
//! file should say is `config`'s matter; links, locks and atomic writing are `files`'.

use std::path::{Path, PathBuf};

use super::config::{ConfigEdit, edit};
use super::config_notes;
use super::error::ConfigError;
use super::home;
use super::install;
use super::journal::{self, holds_secret};
use super::situation::{Situation, shown};
use crate::domain::diff::diff;
use crate::domain::journal::{Act, Change, Entry, State};
use crate::domain::plan::{ConfigScope, FileChange, Review, SetupPlan, Written};
use crate::files::{self, FileError, Links, NewFile, Replacement};
use crate::host::Env;

/// Where things are, and what the person has agreed to beyond the plan.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// The workspace's root; `None` outside a Cargo project.
    pub workspace: Option<&'a Path>,
    pub cargo_home: &'a Path,
    /// The tool's own folder, for the lock and the backups.
    pub state_dir: &'a Path,
    pub env: &'a Env,
    /// After [`ConfigError::OtherReplacement`] the person said that the feed takes its place.
    pub overwrite_replacement: bool,
    /// This program's file, where Cargo's configuration may name it.
    pub program: Option<&'a Path>,
    /// For the journal, in seconds since 1970 (UTC).
    pub now: u64,
}

/// What the plan would change, with everything worth knowing before agreeing. Writes nothing.
///
/// # Errors
/// When a file can't be read or changed safely, or another setting would defeat the plan: see the variants
/// of [`ConfigError`].
pub fn review(plan: &SetupPlan, places: &Places<'_>) -> Result<Review, ConfigError> {
    let publish = plan.for_publishing();
    let situation = Situation::read(plan, places)?;
    let second = publish.as_ref().map(|publish| Situation::read(publish, places)).transpose()?;
    let situations: Vec<&Situation<'_>> = std::iter::once(&situation).chain(&second).collect();
    let user_file = home::config_path(places.cargo_home);
    if plan.scope == ConfigScope::AsItIs {
        return credential_only(&situation, &user_file);
    }
    let providers = provider_edits(&situations)?;
    let mut wanted: Vec<ConfigEdit<'_>> =
        situations.iter().map(|situation| registry_edit(situation)).collect();
    if situation.scope == ConfigScope::User {
        wanted.extend(&providers);
    }
    let mut files = vec![change(&situation.target, situation.scope, places, &wanted)?];
    situations.iter().try_for_each(|situation| situation.check_other_files())?;
    if situation.scope == ConfigScope::Project && !providers.is_empty() {
        files.push(change(&user_file, ConfigScope::User, places, &providers)?);
    }
    let mut notes = config_notes::notes(&situation);
    notes.extend(second.iter().flat_map(config_notes::of_registry));
    for file in &files {
        if file.changes_something() && file.before.as_deref().is_some_and(holds_secret) {
            notes.push(format!("{} holds a secret, so no copy of it is kept.", shown(&file.path)));
        }
    }
    Ok(Review { plan: plan.clone(), files, notes })
}

/// For a registry that is configured already: the user's file learns where its credential is, nothing else.
fn credential_only(situation: &Situation<'_>, user_file: &Path) -> Result<Review, ConfigError> {
    let mut files = Vec::new();
    if let Some(wanted) = situation.provider_edit()? {
        files.push(change(user_file, ConfigScope::User, situation.places, &[wanted])?);
    }
    let notes = config_notes::of_provider(situation).into_iter().collect();
    Ok(Review { plan: situation.plan.clone(), files, notes })
}

/// What the file that names registry and replacement should say.
fn registry_edit<'a>(situation: &Situation<'a>) -> ConfigEdit<'a> {
    let (plan, places) = (situation.plan, situation.places);
    ConfigEdit {
        registry: Some((&plan.registry, &plan.index)),
        replace_crates_io: plan.replace_crates_io.then_some(&plan.registry),
        overwrite_replacement: places.overwrite_replacement || situation.own_replacement_is_feed(),
        ..ConfigEdit::default()
    }
}

/// What the person's file still has to say about providers.
fn provider_edits<'a>(situations: &[&Situation<'a>]) -> Result<Vec<ConfigEdit<'a>>, ConfigError> {
    situations.iter().filter_map(|situation| situation.provider_edit().transpose()).collect()
}

/// Makes the changes that were agreed to. A file that has changed since then stops everything, and when a later
/// file can't be written the earlier ones are put back.
///
/// # Errors
/// Every [`FileError`]; nothing is changed then, except after [`ConfigError::NotPutBack`].
pub fn apply(review: &Review, places: &Places<'_>) -> Result<Vec<Written>, ConfigError> {
    let what = format!("set up `{}`", review.plan.registry);
    make((Act::SetUp, what), &review.files, places)
}

/// Makes changes that were looked at, as one entry of the journal: begun before the first file is written, done
/// after the last.
///
/// # Errors
/// As [`apply`].
pub(super) fn make(
    what: (Act, String),
    files: &[FileChange],
    places: &Places<'_>,
) -> Result<Vec<Written>, ConfigError> {
    let _lock = files::lock(places.state_dir, journal::LOCK)?;
    make_locked(what, files, places)
}

fn make_locked(
    what: (Act, String),
    files: &[FileChange],
    places: &Places<'_>,
) -> Result<Vec<Written>, ConfigError> {
    let changes: Vec<&FileChange> = files.iter().filter(|file| file.changes_something()).collect();
    for change in &changes {
        if files::read(&change.path)? != change.before {
            return Err(FileError::Changed(change.path.clone()).into());
        }
    }
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let state_dir = places.state_dir;
    let noted = journal::changes_of(state_dir, &changes)?;
    let written: Vec<Written> = changes
        .iter()
        .zip(&noted)
        .map(|(change, noted)| Written {
            path: change.path.clone(),
            backup: noted.backup.as_ref().map(PathBuf::from),
            was_there: change.before.is_some(),
        })
        .collect();
    let new_folders = new_folders(&noted);
    let by_hand = journal::by_hand(&noted);
    let project = places.workspace.map(|root| root.to_string_lossy().into_owned());
    let entry = Entry { by_hand, ..Entry::begun(places.now, what, project, noted) };
    let id = journal::add(state_dir, entry)?;
    let mut done: Vec<(&FileChange, &Written)> = Vec::new();
    for (change, written) in changes.into_iter().zip(&written) {
        if let Err(error) = replace(change, places, change.before.as_deref(), &change.after) {
            put_back(&done, places)?;
            for folder in &new_folders {
                files::remove_empty_dir(folder);
            }
            // Left where it can't be taken out, it is told by the hashes that nothing has happened.
            let _ = journal::forget(state_dir, id);
            return Err(error.into());
        }
        done.push((change, written));
    }
    // The same: everything has happened.
    let _ = journal::mark(state_dir, id, journal::is_now(State::Done));
    Ok(written)
}

/// The folders that are made for files.
pub(super) fn new_folders<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Vec<PathBuf> {
    let new = changes.into_iter().filter(|change| change.folder_is_new);
    new.filter_map(|change| Some(Path::new(&change.path).parent()?.to_owned())).collect()
}

/// Takes this tool out of the person's file; `None` where the file doesn't name it.
///
/// # Errors
/// When the file can't be read, is no TOML, or can't be written; it is then as it was.
pub fn uninstall(places: &Places<'_>) -> Result<Option<Written>, ConfigError> {
    let _lock = files::lock(places.state_dir, journal::LOCK)?;
    let path = home::config_path(places.cargo_home);
    let before = files::read(&path)?;
    let old = before.as_deref().unwrap_or_default();
    let after = install::uninstall(&path, old)?;
    let change = FileChange { lines: diff(old, &after), path, scope: ConfigScope::User, before, after };
    if change.before.is_none() {
        return Ok(None);
    }
    let what = (Act::Uninstall, "took this tool out of your Cargo configuration".to_owned());
    Ok(make_locked(what, &[change], places)?.into_iter().next())
}

fn put_back(done: &[(&FileChange, &Written)], places: &Places<'_>) -> Result<(), ConfigError> {
    for (change, written) in done.iter().rev() {
        let result = match &change.before {
            Some(before) => replace(change, places, Some(&change.after), before),
            // The file itself, not a link of the person that leads to it.
            None => delete(change, places, &change.after),
        };
        result.map_err(|source| ConfigError::NotPutBack {
            file: change.path.clone(),
            backup: written.backup.clone(),
            source,
        })?;
    }
    Ok(())
}

pub(super) fn replace(
    change: &FileChange,
    places: &Places<'_>,
    expected: Option<&str>,
    text: &str,
) -> Result<(), FileError> {
    let links = links_of(change, places);
    files::replace(&Replacement { path: &change.path, expected, text, links, new_file: NewFile::Ordinary })
}

/// Deletes the file itself, not a link of the person that leads to it; not where it says something else by now.
pub(super) fn delete(change: &FileChange, places: &Places<'_>, expected: &str) -> Result<(), FileError> {
    let real = files::real_path(&change.path, links_of(change, places))?;
    match files::read(&real)? {
        Some(text) if text != expected => Err(FileError::Changed(change.path.clone())),
        _ => files::remove(&real),
    }
}

/// Where links of the file may lead: those of a folder above the workspace stay in that folder.
fn links_of<'a>(change: &'a FileChange, places: &Places<'a>) -> Links<'a> {
    let is_inside = places.workspace.is_some_and(|root| change.path.starts_with(root));
    match (change.scope, change.path.parent().and_then(Path::parent)) {
        (ConfigScope::Project, Some(folder)) if !is_inside => Links::Within(folder),
        (scope, _) => links(scope, places),
    }
}

pub(super) fn links<'a>(scope: ConfigScope, places: &Places<'a>) -> Links<'a> {
    match (scope, places.workspace) {
        (ConfigScope::Project, Some(root)) => Links::Within(root),
        _ => Links::Follow,
    }
}

fn change(
    path: &Path,
    scope: ConfigScope,
    places: &Places<'_>,
    wanted: &[ConfigEdit<'_>],
) -> Result<FileChange, ConfigError> {
    files::real_path(path, links(scope, places))?;
    let before = files::read(path)?;
    let old = before.as_deref().unwrap_or_default();
    let after = wanted.iter().try_fold(old.to_owned(), |text, wanted| edit(path, &text, wanted))?;
    Ok(FileChange { path: path.to_owned(), scope, lines: diff(old, &after), before, after })
}

#[cfg(test)]
pub(super) mod tests;
