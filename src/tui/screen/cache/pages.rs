//! What stands in place of the tables: details of a crate or a registry, and the questions before anything is deleted.

use std::time::{Duration, SystemTime};

use crate::domain::cache::{
    CacheRow, CacheTable, CachedFile, FileState, Folder, FolderTotals, PrunePlan, Target,
};
use crate::domain::text;

use super::super::super::session::Session;
use super::super::super::widget::page::{Page, sentence};
use super::narrow::Narrow;

/// Lines of a list that is only to give an idea.
const SHOWN: usize = 8;

/// Something to agree to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ask {
    Repair(Vec<CachedFile>),
    Prune(PrunePlan),
}

impl Ask {
    /// What agreeing does; `None`: there is nothing to agree to.
    pub(super) fn verb(&self) -> Option<&'static str> {
        match self {
            Self::Repair(_) => Some("delete and fetch again"),
            Self::Prune(plan) => (!plan.targets.is_empty()).then_some("delete"),
        }
    }

    pub(super) fn show(
        &self,
        page: &mut Page,
        (table, session): (&CacheTable, &Session),
        narrow: Option<&Narrow>,
    ) {
        match self {
            Self::Repair(files) => repair(page, files, table),
            Self::Prune(plan) => {
                page.title(&question(plan)).gap();
                if let Some(narrow) = narrow {
                    narrow.show(page, session);
                }
                prune(page, plan, table);
            }
        }
    }
}

fn label<'a>(table: &'a CacheTable, dir: &'a str) -> String {
    let folder = table.folders().iter().find(|folder| *folder.dir == *dir);
    folder.map_or_else(|| dir.to_owned(), Folder::label)
}

fn repair(page: &mut Page, files: &[CachedFile], table: &CacheTable) {
    let crates = text::count(files.len(), "damaged crate", "damaged crates");
    page.title(&format!("Delete {crates}?")).gap();
    for file in files.iter().take(SHOWN) {
        let state = table.row(file).map(|row| &row.state);
        let words = match state {
            Some(FileState::Damaged(damage)) => format!(": {damage}"),
            _ => String::new(),
        };
        let name = file.name.id().map_or_else(|| file.name.to_string(), ToString::to_string);
        page.bad(&format!("{name} of {}{words}", label(table, &file.dir)));
    }
    more(page, files.len());
    page.gap().text(
        "Each is looked at once more under Cargo's locks, and deleted with its unpacked sources. Those of this \
         project's lock file are then fetched again.",
    );
}

fn question(plan: &PrunePlan) -> String {
    let crates = text::count(plan.crates, "crate", "crates");
    match plan.targets.len() {
        0 => "Nothing in the cache fits that".to_owned(),
        _ => format!("Delete {crates} and free {}?", text::size(plan.bytes)),
    }
}

fn prune(page: &mut Page, plan: &PrunePlan, table: &CacheTable) {
    for warning in &plan.warnings {
        page.warning(&sentence(warning));
    }
    if !plan.warnings.is_empty() {
        page.gap();
    }
    for (target, bytes) in plan.targets.iter().take(SHOWN) {
        let words = match target {
            Target::Crate(dir, id) => format!("{id} of {}", label(table, dir)),
            Target::Folder(dir) => format!("everything of {}: {dir}", label(table, dir)),
        };
        page.text(&format!("{:>9}  {words}", text::size(*bytes)));
    }
    more(page, plan.targets.len());
    let is_whole = plan.targets.iter().any(|(target, _)| matches!(target, Target::Folder(_)));
    let what = match (is_whole, plan.targets.is_empty()) {
        (_, true) => return,
        (true, _) => "The whole folder: crates, their unpacked sources, and Cargo's copy of the index.",
        (false, _) => "Crates and their unpacked sources.",
    };
    page.gap().quiet(&format!("{what} Cargo downloads again what it still needs."));
}

fn more(page: &mut Page, all: usize) {
    if all > SHOWN {
        page.quiet(&format!("and {} more", text::grouped(all - SHOWN)));
    }
}

fn moment(at: Option<SystemTime>, now: Option<u64>) -> String {
    let Some(at) = at else { return "not known".to_owned() };
    let seconds = at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let now = now.map(|now| SystemTime::UNIX_EPOCH + Duration::from_secs(now));
    let ago = now.map_or(String::new(), |now| format!(", {}", text::ago(now, at)));
    format!("{}{ago}", text::moment(seconds))
}

/// Everything that is known of one crate, once all is told or before.
pub(super) fn of_row(
    page: &mut Page,
    row: &CacheRow,
    ((table, is_all), session, now): ((&CacheTable, bool), &Session, Option<u64>),
) {
    let folder = table.folders().iter().find(|folder| folder.dir == row.file.dir);
    let id = row.file.name.id();
    page.title(&id.map_or_else(|| row.file.name.to_string(), ToString::to_string)).gap();
    page.pair("registry", &label(table, &row.file.dir));
    if let (Some(folder), Some(id)) = (folder, id) {
        page.pair("file", &session.shown(&folder.path.join(id.file_name())));
        let sources = folder.sources(id).filter(|_| row.unpacked.is_some());
        if let Some(sources) = sources {
            page.pair("sources", &session.shown(&sources));
        }
    } else if let Some(folder) = folder {
        page.pair("in", &session.shown(&folder.path));
    }
    page.pair("size", &text::size(row.bytes));
    let none = if is_all { "no" } else { "not counted yet" };
    page.pair("unpacked", &row.unpacked.map_or_else(|| none.to_owned(), text::size));
    page.pair("stored", &moment(row.stored, now));
    let used =
        row.used.map_or_else(|| "Cargo has not recorded it".to_owned(), |used| moment(Some(used), now));
    page.pair("last use", &used);
    page.pair(
        "this lock file",
        if row.in_lock_file { "takes it from here" } else { "does not take it from here" },
    );
    page.pair("checksum", &checksum(&row.state));
    for copy in table.copies(row) {
        page.pair("also in", &format!("{}, {}", label(table, &copy.file.dir), text::size(copy.bytes)));
    }
}

fn checksum(state: &FileState) -> String {
    match state {
        FileState::Unchecked => "not compared yet".to_owned(),
        FileState::Whole => "whole: what was downloaded".to_owned(),
        FileState::NotTold => "complete; neither the lock file nor the index knows its checksum".to_owned(),
        FileState::Damaged(damage) => damage.to_string(),
    }
}

/// Everything that is known of a registry, once all is told or before.
pub(super) fn of_folder(
    page: &mut Page,
    (folder, total): (&Folder, &FolderTotals),
    ((table, is_all), session, now): ((&CacheTable, bool), &Session, Option<u64>),
) {
    let so_far = if is_all { "" } else { " so far" };
    page.title(&folder.label()).gap();
    page.pair("crates in", &session.shown(&folder.path));
    if let Some(index) = folder.owner.index() {
        page.pair("index", &index.index);
        page.pair("named in", &index.named_in);
    }
    let crates = text::count(total.crates, "crate", "crates");
    page.pair("crates", &format!("{crates}, {}{so_far}", text::size(total.bytes)));
    page.pair("unpacked", &format!("{}{so_far}", text::size(total.unpacked)));
    page.pair("last use", &moment(total.last_use, now));
    if total.damaged > 0 {
        page.bad(&text::count(total.damaged, "damaged file", "damaged files"));
    }
    for note in super::registries::notes(folder, total, table) {
        page.warning(&sentence(&note));
    }
}
