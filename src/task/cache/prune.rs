//! Finds what is meant, says what deleting it would free, and deletes it under Cargo's locks.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use semver::Version;

use crate::cargo::cache::{self, Locks, Run};
use crate::cargo::lock_search;
use crate::domain::cache::{
    CacheEvent, CacheRow, CacheTable, CachedFile, Cleared, Folder, PrunePlan, Selection, Target,
};
use crate::domain::package::{CrateId, CrateName};
use crate::domain::text;
use crate::error::{Exit, Report};

use super::look::Sight;
use super::repair::remove;
use super::table_of;

/// Deletions that are told together.
const TOLD: usize = 64;

/// A selection, with everything looked up that it needs.
pub(super) struct Wanted {
    /// The folders that are meant; `None`: all.
    dirs: Option<HashSet<Arc<str>>>,
    crates: Vec<(CrateName, Option<Version>)>,
    /// What lock files name, and how many there are.
    used: Option<lock_search::Found>,
    /// The latest use that is long enough ago.
    before: Option<SystemTime>,
    marked: Option<HashSet<CachedFile>>,
}

impl Wanted {
    /// # Errors
    /// When nothing in the cache has such a name, or a lock file can't be read.
    pub(super) fn of(table: &CacheTable, selection: &Selection, run: Run<'_>) -> Result<Self, Report> {
        let used = match &selection.unused_under {
            Some(dir) => Some(used_under(dir, run)?),
            None => None,
        };
        Ok(Self {
            dirs: (!selection.registries.is_empty())
                .then(|| dirs(table, &selection.registries))
                .transpose()?,
            crates: selection.crates.iter().map(|text| crate_wanted(text)).collect::<Result<_, _>>()?,
            used,
            before: selection
                .unused_for
                .map(|age| run.clock.now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH)),
            marked: selection.marked.as_ref().map(|files| files.iter().cloned().collect()),
        })
    }

    /// Whether all that is asked for holds of it.
    pub(super) fn has(&self, row: &CacheRow) -> bool {
        let id = row.file.name.id();
        let is_named = |id: &CrateId| {
            let mut wanted = self.crates.iter();
            wanted
                .any(|(name, version)| id.name == *name && version.as_ref().is_none_or(|v| id.version == *v))
        };
        self.dirs.as_ref().is_none_or(|dirs| dirs.contains(&row.file.dir))
            && (self.crates.is_empty() || id.is_some_and(is_named))
            && self.used.as_ref().is_none_or(|used| id.is_some_and(|id| !used.crates.contains(id)))
            && self.before.is_none_or(|before| row.last_use().is_some_and(|last| last <= before))
            && self.marked.as_ref().is_none_or(|marked| marked.contains(&row.file))
    }
}

/// What deleting the crates that are meant would free.
pub(super) fn plan(sight: &Sight, selection: &Selection, run: Run<'_>) -> Result<PrunePlan, Report> {
    if selection.is_everything() {
        return Err(Report::new(Exit::Usage, "nothing-selected", "nothing says what to delete")
            .hint("name a registry, crates, an age or a folder of projects: see `cache prune --help`"));
    }
    let table = table_of(sight, run, true)?;
    let wanted = Wanted::of(&table, selection, run)?;
    let mut plan =
        PrunePlan { lock_files: wanted.used.as_ref().map_or(0, |used| used.files), ..PrunePlan::default() };
    let rows: Vec<&CacheRow> =
        table.rows().iter().filter(|row| row.file.name.id().is_some() && wanted.has(row)).collect();
    plan.crates = rows.len();
    if selection.is_whole_registries() {
        let totals = table.totals();
        let folders = table.folders().iter().zip(totals);
        for (folder, total) in folders.filter(|(folder, _)| wants(&wanted, folder)) {
            let bytes = total.bytes + total.unpacked + cache::index_size(&sight.cargo_home, &folder.dir);
            plan.targets.push((Target::Folder(folder.dir.clone()), bytes));
        }
    } else {
        plan.targets = rows.iter().filter_map(|row| target(row)).collect();
    }
    plan.bytes = plan.targets.iter().map(|(_, bytes)| bytes).sum();
    plan.warnings = warnings(&table, &rows);
    Ok(plan)
}

/// Deletes what was shown. What is gone meanwhile is fine; what can't be deleted is told, and the rest goes on.
pub(super) fn prune(sight: &Sight, plan: PrunePlan, run: Run<'_>) -> Result<Cleared, Report> {
    let mut cleared = Cleared::default();
    if plan.targets.is_empty() {
        return Ok(cleared);
    }
    let locks = Locks::try_take(&sight.cargo_home)?;
    let mut removals = Vec::new();
    for (target, _) in plan.targets {
        if run.cancel.load(Ordering::Relaxed) {
            break;
        }
        let removal = remove(sight, &locks, target);
        cleared.count(&removal);
        removals.push(removal);
        if removals.len() == TOLD {
            (run.tell)(CacheEvent::Removed(std::mem::take(&mut removals)));
        }
    }
    (run.tell)(CacheEvent::Removed(removals));
    Ok(cleared)
}

fn wants(wanted: &Wanted, folder: &Folder) -> bool {
    wanted.dirs.as_ref().is_none_or(|dirs| dirs.contains(&folder.dir))
}

fn target(row: &CacheRow) -> Option<(Target, u64)> {
    let id = row.file.name.id()?;
    Some((Target::Crate(row.file.dir.clone(), id.clone()), row.bytes + row.unpacked.unwrap_or(0)))
}

/// What a person should know before agreeing.
fn warnings(table: &CacheTable, rows: &[&CacheRow]) -> Vec<String> {
    let mut warnings = Vec::new();
    let locked = rows.iter().filter(|row| row.in_lock_file).count();
    if locked > 0 {
        let crates = text::count(locked, "crate", "crates");
        warnings
            .push(format!("{crates} of them in this project's lock file: Cargo will download them again"));
    }
    let dirs: HashSet<&str> = rows.iter().map(|row| &*row.file.dir).collect();
    for folder in table.folders().iter().filter(|folder| folder.is_orphan() && dirs.contains(&*folder.dir)) {
        warnings.push(format!(
            "{} has no index: Cargo's own daily clean-up will delete all of it, whatever its age",
            folder.dir
        ));
    }
    warnings
}

fn dirs(table: &CacheTable, names: &[String]) -> Result<HashSet<Arc<str>>, Report> {
    let mut dirs = HashSet::new();
    for name in names {
        let is_it = |folder: &&Folder| {
            let index = folder.owner.index().is_some_and(|index| index.index == *name);
            *folder.dir == **name || folder.owner.registry() == Some(name) || index
        };
        let mut found = table.folders().iter().filter(is_it).peekable();
        if found.peek().is_none() {
            let headline = format!("no cache folder belongs to `{}`", text::clean(name));
            return Err(Report::new(Exit::NotFound, "no-such-registry", headline)
                .hint("`cache list` names the registries and their folders"));
        }
        dirs.extend(found.map(|folder| folder.dir.clone()));
    }
    Ok(dirs)
}

/// `NAME` or `NAME@VERSION`.
fn crate_wanted(text: &str) -> Result<(CrateName, Option<Version>), Report> {
    let (name, version) = match text.split_once('@') {
        Some((name, version)) => (name, Some(Version::parse(version))),
        None => (text, None),
    };
    if let (Some(name), Ok(version)) = (CrateName::parse(name), version.transpose()) {
        return Ok((name, version));
    }
    let headline = format!("`{}` is not the name of a crate", text::clean(text));
    Err(Report::new(Exit::Usage, "crate-not-understood", headline)
        .hint("write NAME or NAME@VERSION, such as serde@1.0.219"))
}

fn used_under(dir: &std::path::Path, run: Run<'_>) -> Result<lock_search::Found, Report> {
    let shown = text::clean(&dir.to_string_lossy());
    let found = lock_search::locked_under(dir, run.cancel).map_err(|(path, error)| {
        let path = text::clean(&path.to_string_lossy());
        Report::from(error)
            .detail(format!("in {path}"))
            .hint("what it names is not known, so nothing counts as unused: mend it or name another folder")
    })?;
    if found.files == 0 {
        return Err(Report::new(
            Exit::NotFound,
            "no-lock-files",
            format!("there is no lock file under `{shown}`"),
        )
        .hint("every crate would count as unused: name the folder that holds your projects"));
    }
    Ok(found)
}
