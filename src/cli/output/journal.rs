//! What `undo` prints.

use std::io;

use serde_json::{Value, json};

use super::Printer;
use super::setup::diff_line;
use crate::domain::diff::DiffLine;
use crate::domain::journal::{Entry, How, UndoFile, UndoPlan};
use crate::domain::text;

impl Printer {
    /// Every entry, the last one first.
    ///
    /// # Errors
    /// When standard output is closed.
    pub(in super::super) fn journal(self, entries: &[Entry], damage: Option<&str>) -> io::Result<()> {
        if self == Self::Json {
            let entries: Vec<Value> = entries.iter().map(entry_json).collect();
            return self.json(json!({ "entries": entries, "damage": damage }));
        }
        for entry in entries {
            self.data(&line(entry))?;
            for change in &entry.changes {
                self.data(&format!(
                    "      {}: {}",
                    text::clean(&change.path),
                    text::clean(&change.keys.join(", "))
                ))?;
            }
            if let Some(by_hand) = &entry.by_hand {
                self.data(&format!("      by hand: {}", text::clean(by_hand)))?;
            }
        }
        if let Some(damage) = damage {
            self.say(&format!("note: {damage}"));
        } else if entries.is_empty() {
            self.say("nothing has been changed yet");
        }
        Ok(())
    }

    /// What taking an entry back would change.
    ///
    /// # Errors
    /// When standard output is closed.
    pub(in super::super) fn would_undo(self, plan: &UndoPlan) -> io::Result<()> {
        if self == Self::Json {
            return self.json(plan_json(plan, false));
        }
        self.data(&line(&plan.entry))?;
        for file in &plan.files {
            self.data(&format!("{} ({})", text::clean(&file.path.to_string_lossy()), what_happens(file)))?;
            for line in three_ways(file) {
                self.data(&line)?;
            }
        }
        Ok(())
    }

    /// The same for a person who is about to be asked, or refused.
    pub(in super::super) fn show_merge(self, plan: &UndoPlan) {
        for file in plan.files.iter().filter(|file| file.how != How::Already) {
            self.say(&format!("{} ({})", text::clean(&file.path.to_string_lossy()), what_happens(file)));
            for line in three_ways(file) {
                self.say(&line);
            }
        }
    }

    /// What was taken back.
    ///
    /// # Errors
    /// When standard output is closed.
    pub(in super::super) fn undone(self, plan: &UndoPlan) -> io::Result<()> {
        if self == Self::Json {
            return self.json(plan_json(plan, true));
        }
        self.data(&format!("took back: {}", text::clean(&plan.entry.what)))?;
        for file in &plan.files {
            let path = text::clean(&file.path.to_string_lossy());
            let line = match (&file.how, file.deletes) {
                (How::Already, _) => format!("{path} was already as before"),
                (_, true) => format!("deleted {path}"),
                (How::Merged, false) => format!("changed {path}; what was edited there since stays"),
                (_, false) => format!("changed {path}"),
            };
            self.data(&line)?;
        }
        if let Some(by_hand) = &plan.entry.by_hand {
            self.say(&format!("note: {}", text::clean(by_hand)));
        }
        for later in &plan.later {
            let by_hand = later.by_hand.as_deref().unwrap_or_default();
            self.say(&format!(
                "note: not taken back: {}. {}",
                text::clean(&later.what),
                text::clean(by_hand)
            ));
        }
        Ok(())
    }
}

fn line(entry: &Entry) -> String {
    let state = match entry.state {
        crate::domain::journal::State::Undone => "  (taken back)",
        crate::domain::journal::State::Begun => "  (begun; perhaps cut short)",
        _ => "",
    };
    format!("{:>4}  {}  {}{state}", entry.id, text::moment(entry.at), text::clean(&entry.what))
}

fn what_happens(file: &UndoFile) -> String {
    match &file.how {
        How::Exact if file.deletes => "deleted again".to_owned(),
        How::Exact => "exactly as it was before".to_owned(),
        How::Merged => "edited since: the edits stay".to_owned(),
        How::Already => "already as before".to_owned(),
        How::Conflict(why) => format!("not changed: {why}"),
    }
}

/// What the entry did, what others did after it, and what comes of both.
fn three_ways(file: &UndoFile) -> Vec<String> {
    let part = |title: &str, lines: &[DiffLine]| {
        let lines = lines.iter().map(diff_line);
        std::iter::once(title.to_owned()).chain(lines).collect::<Vec<_>>()
    };
    let result = file.change.as_ref().map(|change| change.lines.as_slice()).unwrap_or_default();
    match file.how {
        How::Already => Vec::new(),
        How::Exact => result.iter().map(diff_line).collect(),
        How::Merged => [
            part("what this tool did:", &file.ours),
            part("what was edited since:", &file.theirs),
            part("what would be written:", result),
        ]
        .concat(),
        How::Conflict(_) if file.ours.is_empty() => Vec::new(),
        How::Conflict(_) => {
            [part("what this tool did:", &file.ours), part("what was edited since:", &file.theirs)].concat()
        }
    }
}

fn entry_json(entry: &Entry) -> Value {
    let changes: Vec<Value> = entry
        .changes
        .iter()
        .map(|change| {
            json!({
                "path": text::clean(&change.path),
                "keys": change.keys,
                "backup": change.backup.as_deref().map(text::clean),
            })
        })
        .collect();
    json!({
        "id": entry.id,
        "at": entry.at,
        "act": entry.act.word(),
        "what": text::clean(&entry.what),
        "state": entry.state.word(),
        "project": entry.project.as_deref().map(text::clean),
        "can_be_undone": entry.can_be_undone(),
        "by_hand": entry.by_hand.as_deref().map(text::clean),
        "files": changes,
    })
}

fn plan_json(plan: &UndoPlan, done: bool) -> Value {
    let lines = |lines: &[DiffLine]| lines.iter().map(diff_line).collect::<Vec<_>>();
    let files: Vec<Value> = plan
        .files
        .iter()
        .map(|file| {
            json!({
                "path": text::clean(&file.path.to_string_lossy()),
                "how": file.how.word(),
                "deletes": file.deletes,
                "ours": lines(&file.ours),
                "theirs": lines(&file.theirs),
                "diff": file.change.as_ref().map(|change| lines(&change.lines)).unwrap_or_default(),
            })
        })
        .collect();
    let later: Vec<Value> = plan.later.iter().map(entry_json).collect();
    json!({
        "entry": entry_json(&plan.entry),
        "undone": done,
        "conflict": plan.conflict(),
        "files": files,
        "later": later,
    })
}
