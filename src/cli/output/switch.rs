//! What `switch` prints.

use std::io;

use serde_json::{Value, json};

use super::Printer;
use super::setup::file_json;
use crate::domain::plan::{ConfigChange, FileChange, SwitchTo};
use crate::domain::text;
use crate::task::check::HostTrust;
use crate::task::switching::Switchable;

impl Printer {
    /// What can be switched to, the one in force marked.
    ///
    /// # Errors
    /// When standard output is closed.
    pub(in super::super) fn switches(self, list: &[Switchable]) -> io::Result<()> {
        if self == Self::Json {
            let registries: Vec<Value> = list.iter().map(switchable_json).collect();
            return self.json(json!({ "registries": registries }));
        }
        let width = list.iter().map(|one| text::width(one.name())).max().unwrap_or_default();
        for one in list {
            let mark = if one.in_force { "*" } else { " " };
            self.data(&format!("{mark} {}  {}", text::pad(one.name(), width), about(one)))?;
        }
        self.say("`az-cargo-wizard switch NAME` switches to one");
        Ok(())
    }

    /// The difference that a change would make.
    ///
    /// # Errors
    /// When standard output is closed.
    pub(in super::super) fn would_change(self, change: &ConfigChange) -> io::Result<()> {
        if self == Self::Json {
            return self.json(change_json(change, false));
        }
        self.differences(&change.files)?;
        self.said_before(change);
        Ok(())
    }

    /// What a person should know before it is made.
    pub(in super::super) fn said_before(self, change: &ConfigChange) {
        if change.is_done() {
            self.say("everything is already so");
        }
        for note in &change.notes {
            self.say(&format!("note: {note}"));
        }
        for warning in &change.warnings {
            self.say(&format!("warning: {}", warning.text));
        }
    }

    /// What was changed.
    ///
    /// # Errors
    /// When standard output is closed.
    pub(in super::super) fn changed(self, change: &ConfigChange) -> io::Result<()> {
        if self == Self::Json {
            return self.json(change_json(change, true));
        }
        if change.is_done() {
            return Ok(());
        }
        self.data(&change.what)?;
        for file in change.files.iter().filter(|file| file.changes_something()) {
            self.data(&format!("changed {}", text::clean(&file.path.to_string_lossy())))?;
        }
        self.say("`az-cargo-wizard undo` takes that back");
        Ok(())
    }
}

fn about(one: &Switchable) -> String {
    let SwitchTo::Registry { index, .. } = &one.to else { return "crates.io itself".to_owned() };
    let mut words = vec![index.shown()];
    words.push(one.source.as_ref().map_or("used before".to_owned(), |source| format!("from {source}")));
    if one.host == HostTrust::Unknown {
        words.push(format!("unknown host {}", index.url().host_str().unwrap_or_default()));
    }
    if one.crates_io == Some(false) {
        words.push("no crates.io upstream".to_owned());
    }
    if one.credential.is_none() {
        words.push("no credential".to_owned());
    }
    words.join("; ")
}

fn switchable_json(one: &Switchable) -> Value {
    let index = match &one.to {
        SwitchTo::CratesIo => None,
        SwitchTo::Registry { index, .. } => Some(index.shown()),
    };
    json!({
        "name": one.name(),
        "index": index,
        "in_force": one.in_force,
        "source": one.source,
        "host_known": one.host == HostTrust::Known,
        "credential": one.credential,
        "crates_io": one.crates_io,
    })
}

fn change_json(change: &ConfigChange, done: bool) -> Value {
    let (to, index) = match &change.to {
        None => (None, None),
        Some(SwitchTo::CratesIo) => (Some("crates-io"), None),
        Some(SwitchTo::Registry { name, index }) => (Some(name.as_str()), Some(index.shown())),
    };
    let files: Vec<Value> = change.files.iter().map(file_json).collect();
    let warnings: Vec<Value> = change
        .warnings
        .iter()
        .map(|warning| json!({ "kind": warning.kind.word(), "text": warning.text }))
        .collect();
    json!({
        "act": change.act.word(),
        "switched_to": to,
        "index": index,
        "changed": done && change.files.iter().any(FileChange::changes_something),
        "files": files,
        "notes": change.notes,
        "warnings": warnings,
    })
}
