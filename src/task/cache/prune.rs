//! Finds what is meant, says what deleting it would free, and deletes it under Cargo's locks.

use std::collections::{BTreeSet, HashSet};
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
use crate::task::near::near;

/// Deletions that are told together.
const TOLD: usize = 64;

/// A crate as a person names it: all of its versions, or one.
type NamedCrate = (CrateName, Option<Version>);

/// A selection, with everything looked up that it needs.
pub(super) struct Wanted {
    /// The folders that are meant; `None`: all.
    dirs: Option<HashSet<Arc<str>>>,
    crates: Vec<NamedCrate>,
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
        let dirs =
            (!selection.registries.is_empty()).then(|| dirs(table, &selection.registries)).transpose()?;
        let crates = selection.crates.iter().map(|text| crate_wanted(text)).collect::<Result<Vec<_>, _>>()?;
        all_cached(table, (dirs.as_ref(), &crates))?;
        Ok(Self {
            dirs,
            crates,
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
        let is_named = |id: &CrateId| self.crates.iter().any(|wanted| is_crate(id, wanted));
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
    if selection.is_whole_registries() {
        let foreign =
            table.rows().iter().filter(|row| row.file.name.id().is_none() && wanted.has(row)).count();
        plan.warnings.extend((foreign > 0).then(|| {
            let files = text::count(
                foreign,
                "file that Cargo did not put there",
                "files that Cargo did not put there",
            );
            format!("{files} would go too")
        }));
    }
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
    let mut warnings = table.notes().to_vec();
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

/// The folders of these registries. All of one feed are meant together, however its address is spelled; feeds that
/// only share a name are not.
fn dirs(table: &CacheTable, names: &[String]) -> Result<HashSet<Arc<str>>, Report> {
    let mut dirs = HashSet::new();
    for name in names {
        // A folder is meant itself, whatever a project calls its registries.
        if let Some(folder) = table.folders().iter().find(|folder| *folder.dir == **name) {
            dirs.insert(folder.dir.clone());
            continue;
        }
        let is_it = |folder: &&Folder| {
            let index = folder.owner.index().is_some_and(|index| index.index == *name);
            index || folder.owner.registry() == Some(name)
        };
        let found: Vec<&Folder> = table.folders().iter().filter(is_it).collect();
        if found.is_empty() {
            let known = table.folders().iter().filter_map(|folder| folder.owner.registry());
            let near = near(name, known.map(str::to_owned));
            let headline = format!("no cache folder belongs to `{}`", text::clean(name));
            let otherwise = "`cache list` names the registries and their folders";
            return Err(not_found("no-such-registry", headline, (&near, otherwise)));
        }
        let feeds = found.iter().filter_map(|folder| folder.owner.index()).map(|index| &index.feed);
        if feeds.collect::<HashSet<_>>().len() > 1 {
            return Err(ambiguous(name, &found));
        }
        dirs.extend(found.into_iter().map(|folder| folder.dir.clone()));
    }
    Ok(dirs)
}

fn ambiguous(name: &str, found: &[&Folder]) -> Report {
    let headline = format!("`{}` is the name of several registries", text::clean(name));
    let report = Report::new(Exit::Usage, "ambiguous", headline)
        .hint("name one by its index, or by the name of its folder");
    found.iter().fold(report, |report, folder| {
        let index = folder.owner.index().map_or("", |index| index.index.as_str());
        report.detail(format!("{}: {index}", folder.dir))
    })
}

/// # Errors
/// When one of the crates that were named is not there: it was mistyped, or has gone before.
fn all_cached(
    table: &CacheTable,
    (dirs, crates): (Option<&HashSet<Arc<str>>>, &[NamedCrate]),
) -> Result<(), Report> {
    let is_meant = |row: &&CacheRow| dirs.is_none_or(|dirs| dirs.contains(&row.file.dir));
    let cached = || table.rows().iter().filter(is_meant).filter_map(|row| row.file.name.id());
    let Some((name, version)) = crates.iter().find(|wanted| !cached().any(|id| is_crate(id, wanted))) else {
        return Ok(());
    };
    let others: BTreeSet<String> =
        cached().filter(|id| id.name == *name).map(|id| format!("{name}@{}", id.version)).collect();
    let asked = version.as_ref().map_or_else(|| name.to_string(), |version| format!("{name}@{version}"));
    let near = if others.is_empty() {
        near(name.as_str(), cached().map(|id| id.name.to_string()).collect::<BTreeSet<_>>())
    } else {
        near(&asked, others)
    };
    let headline = format!("no crate `{asked}` is cached{}", if dirs.is_some() { " there" } else { "" });
    Err(not_found("no-such-crate", headline, (&near, "`cache list` names what is")))
}

fn not_found(code: &'static str, headline: String, (near, otherwise): (&[String], &str)) -> Report {
    let report = Report::new(Exit::NotFound, code, headline);
    match near {
        [] => report.hint(otherwise),
        near => report.hint(format!("did you mean {}?", near.join(" or "))),
    }
}

fn is_crate(id: &CrateId, (name, version): &NamedCrate) -> bool {
    id.name == *name && version.as_ref().is_none_or(|version| id.version == *version)
}

/// `NAME` or `NAME@VERSION`.
fn crate_wanted(text: &str) -> Result<NamedCrate, Report> {
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
