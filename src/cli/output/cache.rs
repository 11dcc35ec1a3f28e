//! The cache as lines and as JSON. A hundred thousand rows are written one after the other, never held as one text.

use std::io::{self, BufWriter, Write};
use std::time::SystemTime;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Printer, SCHEMA, report_json};
use crate::domain::cache::{
    CacheRow, CacheTable, Cleared, Damage, Era, FileState, Folder, FolderTotals, Owner, PrunePlan, Removal,
    Spelling, Target,
};
use crate::domain::text;
use crate::error::Report;

impl Printer {
    /// The crate cache, folder by folder.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn cache_listed(self, table: &CacheTable, now: SystemTime) -> io::Result<()> {
        let totals = table.totals();
        let mut out = BufWriter::new(io::stdout().lock());
        if self == Self::Json {
            serde_json::to_writer(&mut out, &Listing { table, totals: &totals }.json())?;
            writeln!(out)?;
            return out.flush();
        }
        let mut rows = table.rows().iter().peekable();
        for (folder, total) in table.folders().iter().zip(&totals) {
            for line in folder_lines(folder, total, (table, now)) {
                writeln!(out, "{line}")?;
            }
            while let Some(row) = rows.next_if(|row| row.file.dir == folder.dir) {
                writeln!(out, "{}", row_line(row, table))?;
            }
        }
        if table.folders().is_empty() {
            self.say("the crate cache is empty");
        } else if table.folders().len() > 1 {
            let duplicates = text::size(table.duplicate_bytes());
            writeln!(out, "{duplicates} would be free if each crate were cached once")?;
        }
        out.flush()
    }

    /// What checking has found; with the name of the event where others follow.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn cache_verified(self, table: &CacheTable, event: Option<&str>) -> io::Result<()> {
        let of = |state: &FileState| table.rows().iter().filter(|row| row.state == *state).count();
        let (whole, not_known) = (of(&FileState::Whole), of(&FileState::NotTold));
        let found: Vec<(&CacheRow, &Damage)> = table.damaged().collect();
        let foreign = found.iter().filter(|(_, damage)| **damage == Damage::Foreign).count();
        let bytes: u64 = table.rows().iter().map(|row| row.bytes).sum();
        if self == Self::Json {
            let mut value = verified_json(table, (whole, not_known));
            if let Some(event) = event {
                value["event"] = json!(event);
            }
            return self.json(value);
        }
        for (row, damage) in &found {
            let registry =
                table.folders().iter().find(|folder| folder.dir == row.file.dir).map(Folder::label);
            self.data(&format!("{} in {}: {damage}", row.file.name, registry.unwrap_or_default()))?;
        }
        let foreign =
            if foreign == 0 { String::new() } else { format!(", {} foreign", text::grouped(foreign)) };
        let not_known = match not_known {
            0 => String::new(),
            some => format!(", {} complete but of no known checksum", text::grouped(some)),
        };
        self.data(&format!(
            "{} checked ({}): {} whole, {} damaged{foreign}{not_known}",
            text::count(table.rows().len(), "file", "files"),
            text::size(bytes),
            text::grouped(whole),
            text::grouped(found.iter().filter(|(_, damage)| **damage != Damage::Foreign).count()),
        ))
    }

    /// What was deleted because it was damaged.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn cache_repaired(self, cleared: &Cleared, removals: &[Removal]) -> io::Result<()> {
        if self == Self::Json {
            return self.json(repaired_json(cleared, removals));
        }
        self.failures(removals);
        let files = text::count(cleared.removed, "damaged crate", "damaged crates");
        self.data(&format!("{files} deleted{}", if cleared.fetch_again { "; fetching again" } else { "" }))
    }

    /// What would be deleted, and why nothing was, where somebody may have wanted it.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn cache_planned(self, plan: &PrunePlan, why_not: Option<&Report>) -> io::Result<()> {
        if self == Self::Json {
            self.json(planned_json(plan, why_not))?;
        } else {
            self.notes(plan);
            for (target, bytes) in &plan.targets {
                self.data(&format!("  {} {:>9}", text::pad(&target.to_string(), 60), text::size(*bytes)))?;
            }
            let crates = text::count(plan.crates, "crate", "crates");
            self.data(&format!("{crates}, {} to be freed", text::size(plan.bytes)))?;
        }
        if let Some(report) = why_not {
            self.say(&report.to_string());
        }
        Ok(())
    }

    /// What was deleted, also where it was stopped.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn cache_pruned(
        self,
        plan: &PrunePlan,
        (cleared, removals): (&Cleared, &[Removal]),
    ) -> io::Result<()> {
        if self == Self::Json {
            return self.json(pruned_json(plan, (cleared, removals)));
        }
        self.notes(plan);
        self.failures(removals);
        if removals.len() < plan.targets.len() {
            self.say(&format!("stopped after {} of {} deletions", removals.len(), plan.targets.len()));
        }
        let what = text::count(cleared.removed, "deletion", "deletions");
        self.data(&format!("{} freed by {what}", text::size(cleared.bytes)))
    }

    fn notes(self, plan: &PrunePlan) {
        plan.warnings.iter().for_each(|warning| self.say(&format!("note: {warning}")));
        if plan.lock_files > 0 {
            self.say(&format!("asked {}", text::count(plan.lock_files, "lock file", "lock files")));
        }
    }

    fn failures(self, removals: &[Removal]) {
        for removal in removals {
            if let Some(failure) = &removal.failure {
                self.say(&format!("still there: {}: {failure}", removal.target));
            }
        }
    }
}

fn folder_lines(
    folder: &Folder,
    total: &FolderTotals,
    (table, now): (&CacheTable, SystemTime),
) -> Vec<String> {
    let crates = text::count(total.crates, "crate", "crates");
    let path = text::clean(&folder.path.to_string_lossy());
    let mut lines = vec![format!("{}: {crates}, {} in {path}", folder.label(), text::size(total.bytes))];
    let mut notes = Vec::new();
    if total.unpacked > 0 {
        notes.push(format!("unpacked {}", text::size(total.unpacked)));
    }
    notes.extend(total.last_use.map(|at| format!("last used {}", text::ago(now, at))));
    if total.duplicate_bytes > 0 {
        notes.push(format!("{} in another folder too", text::size(total.duplicate_bytes)));
    }
    let twins: Vec<&str> = table.twins(folder).map(|twin| &*twin.dir).collect();
    if !twins.is_empty() {
        notes.push(format!("another address of the same registry has {}", twins.join(", ")));
    }
    if folder.is_orphan() {
        notes.push("no index: Cargo's daily clean-up will delete all of it".to_owned());
    }
    if !notes.is_empty() {
        lines.push(format!("  {}", notes.join("; ")));
    }
    lines
}

fn row_line(row: &CacheRow, table: &CacheTable) -> String {
    let size = text::size(row.bytes);
    let Some(id) = row.file.name.id() else {
        return format!("  {} {size:>9}  invalid name", text::pad(&row.file.name.to_string(), 40));
    };
    let mut marks = String::new();
    if row.in_lock_file {
        marks.push_str("  in this lock file");
    }
    if table.copies(row).next().is_some() {
        marks.push_str("  in another folder too");
    }
    if let FileState::Damaged(damage) = &row.state {
        marks.push_str(&format!("  {damage}"));
    }
    format!("  {} {size:>9}{marks}", text::pad(&id.to_string(), 40))
}

fn target_json(target: &Target, bytes: u64) -> Value {
    let (dir, id) = match target {
        Target::Crate(dir, id) => (dir, Some(id)),
        Target::Folder(dir) => (dir, None),
    };
    json!({
        "dir": &**dir,
        "name": id.map(|id| id.name.as_str()),
        "version": id.map(|id| id.version.to_string()),
        "bytes": bytes,
    })
}

fn verified_json(table: &CacheTable, (whole, not_known): (usize, usize)) -> Value {
    let damaged = table.damaged().map(|(row, damage)| damaged_json(row, damage, table));
    json!({
        "checked": table.rows().len(),
        "bytes": table.rows().iter().map(|row| row.bytes).sum::<u64>(),
        "whole": whole,
        "checksum_not_known": not_known,
        "damaged": damaged.collect::<Vec<_>>(),
        "notes": table.notes(),
    })
}

fn repaired_json(cleared: &Cleared, removals: &[Removal]) -> Value {
    let mut value = cleared_json(cleared, removals);
    value["event"] = json!("repaired");
    value["fetch_again"] = json!(cleared.fetch_again);
    value
}

fn planned_json(plan: &PrunePlan, why_not: Option<&Report>) -> Value {
    let targets = plan.targets.iter().map(|(target, bytes)| target_json(target, *bytes));
    let mut value = json!({
        "crates": plan.crates,
        "bytes": plan.bytes,
        "lock_files": plan.lock_files,
        "warnings": plan.warnings,
        "targets": targets.collect::<Vec<_>>(),
        "pruned": Value::Null,
    });
    if let Some(report) = why_not {
        value["error"] = report_json(report);
    }
    value
}

fn pruned_json(plan: &PrunePlan, (cleared, removals): (&Cleared, &[Removal])) -> Value {
    let mut value = planned_json(plan, None);
    value["pruned"] = cleared_json(cleared, removals);
    value["pruned"]["stopped"] = json!(removals.len() < plan.targets.len());
    value
}

fn cleared_json(cleared: &Cleared, removals: &[Removal]) -> Value {
    let failed = removals.iter().filter_map(|removal| {
        let mut value = target_json(&removal.target, removal.bytes);
        value["error"] = json!(removal.failure.as_ref()?);
        Some(value)
    });
    json!({ "removed": cleared.removed, "bytes": cleared.bytes, "failed": failed.collect::<Vec<_>>() })
}

fn damaged_json(row: &CacheRow, damage: &Damage, table: &CacheTable) -> Value {
    let folder = table.folders().iter().find(|folder| folder.dir == row.file.dir);
    json!({
        "dir": &*row.file.dir,
        "registry": folder.and_then(|folder| folder.owner.registry()),
        "file": row.file.name.to_string(),
        "name": row.file.name.id().map(|id| id.name.as_str()),
        "version": row.file.name.id().map(|id| id.version.to_string()),
        "bytes": row.bytes,
        "in_lock_file": row.in_lock_file,
        "damage": row.state.word(),
        "words": damage.to_string(),
    })
}

/// The table as it is written: a row at a time.
struct Listing<'a> {
    table: &'a CacheTable,
    totals: &'a [FolderTotals],
}

#[derive(Serialize)]
struct ListedJson<'a, F> {
    bytes: u64,
    duplicate_bytes: u64,
    folders: F,
    notes: &'a [String],
    schema: u32,
    unpacked_bytes: u64,
}

#[derive(Serialize)]
struct FolderJson<'a, R> {
    bytes: u64,
    crates: R,
    dir: &'a str,
    duplicate_bytes: u64,
    era: Option<&'static str>,
    hint: Option<&'a str>,
    index: Option<&'a str>,
    last_use: Option<u64>,
    named_in: Option<&'a str>,
    orphan: bool,
    path: String,
    registry: Option<&'a str>,
    spelling: Vec<String>,
    twins: Vec<&'a str>,
    unpacked_bytes: u64,
}

#[derive(Serialize)]
struct RowJson<'a> {
    also_in: Vec<&'a str>,
    bytes: u64,
    checksum: &'static str,
    file: String,
    in_lock_file: bool,
    last_use: Option<u64>,
    name: Option<&'a str>,
    stored: Option<u64>,
    unpacked_bytes: Option<u64>,
    version: Option<String>,
}

/// A sequence that is made while it is written.
struct Sequence<I>(I);

impl<T: Serialize, I: Iterator<Item = T> + Clone> Serialize for Sequence<I> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.clone())
    }
}

impl<'a> Listing<'a> {
    fn json(self) -> impl Serialize + use<'a> {
        let (table, totals) = (self.table, self.totals);
        ListedJson {
            bytes: totals.iter().map(|total| total.bytes).sum(),
            duplicate_bytes: table.duplicate_bytes(),
            folders: Sequence(table.folders().iter().zip(totals).map(move |(folder, total)| {
                let rows = table.rows().iter().filter(move |row| row.file.dir == folder.dir);
                folder_json(folder, total, (table, Sequence(rows.map(move |row| row_json(row, table)))))
            })),
            notes: table.notes(),
            schema: SCHEMA,
            unpacked_bytes: totals.iter().map(|total| total.unpacked).sum(),
        }
    }
}

fn folder_json<'a, R>(
    folder: &'a Folder,
    total: &FolderTotals,
    (table, crates): (&'a CacheTable, R),
) -> FolderJson<'a, R> {
    let index = folder.owner.index();
    FolderJson {
        bytes: total.bytes,
        crates,
        dir: &folder.dir,
        duplicate_bytes: total.duplicate_bytes,
        era: index.map(|index| if index.era == Era::Current { "current" } else { "old" }),
        hint: match &folder.owner {
            Owner::Unknown { hint } => hint.as_deref(),
            Owner::Index(_) => None,
        },
        index: index.map(|index| index.index.as_str()),
        last_use: total.last_use.and_then(seconds),
        named_in: index.map(|index| index.named_in.as_str()),
        orphan: folder.is_orphan(),
        path: text::clean(&folder.path.to_string_lossy()),
        registry: folder.owner.registry(),
        spelling: index
            .map(|index| index.spelling.iter().map(Spelling::to_string).collect())
            .unwrap_or_default(),
        twins: table.twins(folder).map(|twin| &*twin.dir).collect(),
        unpacked_bytes: total.unpacked,
    }
}

fn row_json<'a>(row: &'a CacheRow, table: &'a CacheTable) -> RowJson<'a> {
    let id = row.file.name.id();
    RowJson {
        also_in: table.copies(row).map(|other| &*other.file.dir).collect(),
        bytes: row.bytes,
        checksum: row.state.word(),
        file: row.file.name.to_string(),
        in_lock_file: row.in_lock_file,
        last_use: row.last_use().and_then(seconds),
        name: id.map(|id| id.name.as_str()),
        stored: row.stored.and_then(seconds),
        unpacked_bytes: row.unpacked,
        version: id.map(|id| id.version.to_string()),
    }
}

/// Since 1970, UTC.
fn seconds(at: SystemTime) -> Option<u64> {
    at.duration_since(SystemTime::UNIX_EPOCH).ok().map(|since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::domain::cache::{CacheEvent, CachedFile, FileName};
    use crate::domain::package::CrateId;
    use crate::error::Exit;

    const README: &str = include_str!("../../../README.md");

    /// The objects and their fields as the table in the README has them; what stands in brackets is none.
    fn documented() -> BTreeMap<String, BTreeSet<String>> {
        let table = README.split("<!-- fields of cache -->").nth(1).unwrap();
        let code = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        let rows = table.lines().filter(|line| line.starts_with("| `"));
        rows.map(|row| {
            let cells: Vec<&str> = row.split('|').collect();
            let fields = cells[2].split('(').map(|part| part.rsplit(')').next().unwrap_or(part));
            (code(cells[1])[0].clone(), fields.flat_map(code).collect())
        })
        .collect()
    }

    /// The fields of an object, and those of the objects in it.
    fn collect(name: &str, value: &Value, into: &mut BTreeMap<String, BTreeSet<String>>) {
        let own = into.entry(name.to_owned()).or_default();
        own.extend(
            value.as_object().unwrap().keys().filter(|key| *key != "schema" && *key != "event").cloned(),
        );
        for (key, inner) in value.as_object().unwrap().iter().filter(|(key, _)| *key != "error") {
            match inner {
                Value::Array(items) => {
                    items.iter().filter(|item| item.is_object()).for_each(|item| collect(key, item, into));
                }
                Value::Object(_) => collect(key, inner, into),
                _ => {}
            }
        }
    }

    fn table() -> CacheTable {
        let dir = "h-0011223344556677";
        let id = CrateId::parse("x", "1.0.0").unwrap();
        let mut table = CacheTable::default();
        table.apply(CacheEvent::Note("the lock file is not valid".into()));
        table.apply(CacheEvent::Folders(vec![Folder {
            dir: dir.into(),
            path: dir.into(),
            owner: Owner::Unknown { hint: None },
            has_index: true,
        }]));
        table.apply(CacheEvent::Rows(vec![CacheRow {
            file: CachedFile { dir: dir.into(), name: FileName::Crate(id) },
            bytes: 1,
            unpacked: None,
            stored: None,
            used: None,
            in_lock_file: false,
            state: FileState::Damaged(Damage::Empty),
        }]));
        table.finish();
        table
    }

    fn removals() -> Vec<Removal> {
        let target = || Target::Folder("h-0011223344556677".into());
        let failure = Some("permission denied".to_owned());
        vec![
            Removal { target: target(), bytes: 5, failure: None },
            Removal { target: target(), bytes: 0, failure },
        ]
    }

    #[test]
    fn every_field_is_in_the_readme_and_no_other() {
        let (table, removals) = (table(), removals());
        let cleared = Cleared::of(&removals);
        let targets = vec![(removals[0].target.clone(), 5); 3];
        let plan = PrunePlan { targets, ..PrunePlan::default() };
        let why_not = Report::new(Exit::Usage, "not-agreed", "nothing was deleted");
        let listed = serde_json::to_value(Listing { table: &table, totals: &table.totals() }.json()).unwrap();
        let mut fields = BTreeMap::new();
        collect("list", &listed, &mut fields);
        collect("verify", &verified_json(&table, (0, 0)), &mut fields);
        collect("repaired", &repaired_json(&cleared, &removals), &mut fields);
        collect("prune", &planned_json(&plan, Some(&why_not)), &mut fields);
        collect("prune", &pruned_json(&plan, (&cleared, &removals)), &mut fields);
        assert_eq!(fields, documented());
    }

    #[test]
    fn what_was_deleted_before_it_was_stopped_is_told() {
        let removals = removals();
        let cleared = Cleared::of(&removals);
        let plan = |targets| PrunePlan {
            targets: vec![(removals[0].target.clone(), 5); targets],
            ..PrunePlan::default()
        };
        let pruned = |targets| pruned_json(&plan(targets), (&cleared, &removals))["pruned"].clone();
        assert_eq!((&pruned(3)["removed"], &pruned(3)["bytes"]), (&json!(1), &json!(5)));
        assert_eq!((&pruned(3)["stopped"], &pruned(2)["stopped"]), (&json!(true), &json!(false)));
        assert_eq!(pruned(3)["failed"][0]["error"], "permission denied");
        assert_eq!(planned_json(&plan(3), None).get("error"), None);
    }
}
