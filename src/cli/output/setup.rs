//! What `setup` prints: what it would do, the feeds that it made, and what it has done. README.md tells the
//! fields.

use std::io;

use serde_json::{Value, json};

use super::super::setup::{Feeds, Wanted};
use super::super::signing_in::{pat_json, pat_left_json, pat_line};
use super::{Printer, report_json};
use crate::domain::credential::TokenStore;
use crate::domain::diff::DiffLine;
use crate::domain::new_feed::RequestPreview;
use crate::domain::new_pat::{PatLeft, PatMade};
use crate::domain::plan::{ConfigScope, FileChange, Review, SetupPlan, Written};
use crate::domain::text;
use crate::task::KeptIn;
use crate::task::create_feed::MadeFeed;

/// What `setup --dry-run` has found out.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct DryRun<'a> {
    pub(in super::super) feeds: &'a Feeds,
    /// What would be sent to make the feeds that are missing, and a token.
    pub(in super::super) requests: &'a [RequestPreview],
    pub(in super::super) review: &'a Review,
    /// Not with `--auth none`.
    pub(in super::super) signed_in: bool,
}

/// What `setup` has done.
#[derive(Debug, Clone, Copy)]
pub struct SetupOutcome<'a> {
    pub plan: &'a SetupPlan,
    pub written: &'a [Written],
    /// Where the credential is now; `None`: this run only.
    pub kept_in: Option<&'a KeptIn>,
    /// The personal access token that was made.
    pub pat: Option<&'a PatMade>,
    /// The one that was made before, which this tool keeps no longer.
    pub replaced: &'a [PatLeft],
    pub public: bool,
    /// Not with `--auth none`: there is no credential then.
    pub signed_in: bool,
}

impl Printer {
    /// What would be sent and written: requests and differences, for people; with `--json` as an object.
    ///
    /// # Errors
    /// When standard output is closed.
    pub(in super::super) fn dry_run(self, run: &DryRun<'_>) -> io::Result<()> {
        if self == Self::Json {
            return self.json(dry_run_json(run));
        }
        for request in run.requests {
            self.data(&format!("would send {} {}", request.method, request.url))?;
            for line in request.body.lines() {
                self.data(&format!("  {line}"))?;
            }
        }
        self.differences(&run.review.files)?;
        if run.review.is_done() && run.requests.is_empty() {
            self.say("everything is as you want it: nothing to write");
        }
        for note in &run.review.notes {
            self.say(&format!("note: {note}"));
        }
        Ok(())
    }

    pub(super) fn differences(self, files: &[FileChange]) -> io::Result<()> {
        for file in files.iter().filter(|file| file.changes_something()) {
            let what = if file.before.is_none() { "new file" } else { "changed" };
            self.data(&format!("{} ({what})", text::clean(&file.path.to_string_lossy())))?;
            for line in &file.lines {
                self.data(&diff_line(line))?;
            }
        }
        Ok(())
    }

    /// A feed that was made, and what of its plan did not come true.
    ///
    /// # Errors
    /// When standard output is closed.
    pub(in super::super) fn feed_made(self, made: &MadeFeed) -> io::Result<()> {
        if self == Self::Json {
            let shortfalls: Vec<Value> = made.shortfalls.iter().map(report_json).collect();
            let feed = made.feed.label();
            return self.json(json!({ "event": "feed-created", "feed": feed, "shortfalls": shortfalls }));
        }
        self.data(&format!("created the feed {}", made.feed.label()))
    }

    /// What was set up.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn setup(self, outcome: &SetupOutcome<'_>) -> io::Result<()> {
        let kept_in = outcome.kept_in.map(ToString::to_string);
        if self == Self::Json {
            let written: Vec<Value> = outcome.written.iter().map(written_json).collect();
            return self.json(json!({
                "event": "set-up",
                "plan": plan_json(outcome.plan),
                "written": written,
                "credential_in": kept_in,
                "made_token": outcome.pat.map(pat_json),
                "replaced_tokens": outcome.replaced.iter().map(pat_left_json).collect::<Vec<_>>(),
                "public": outcome.public,
                "signed_in": outcome.signed_in,
            }));
        }
        for written in outcome.written {
            let path = text::clean(&written.path.to_string_lossy());
            self.data(&format!("{} {path}", if written.was_there { "changed" } else { "wrote" }))?;
        }
        if !outcome.written.is_empty() {
            self.say("`az-cargo-wizard undo` takes that back");
        }
        if let Some(pat) = outcome.pat {
            self.data(&pat_line(pat))?;
        }
        for replaced in outcome.replaced {
            self.say(&format!("note: {}", replaced.words()));
        }
        match kept_in {
            Some(path) => self.data(&format!("credential in {path}"))?,
            None if !outcome.signed_in => self.data("no credential: the feed answers everyone")?,
            None => self.data("credential used for this run and kept nowhere")?,
        }
        match &outcome.plan.publish {
            Some(publish) => self.data(&format!("to publish a crate: publish = [\"{}\"]", publish.name)),
            None => Ok(()),
        }
    }
}

fn dry_run_json(run: &DryRun<'_>) -> Value {
    let feed = |feed: &Wanted| json!({ "feed": feed.label(), "exists": feed.is_there() });
    let requests: Vec<Value> = run.requests.iter().map(request_json).collect();
    let files: Vec<Value> = run.review.files.iter().map(file_json).collect();
    json!({
        "feed": feed(&run.feeds.consume),
        "publish_feed": run.feeds.publish.as_ref().map(feed),
        "requests": requests,
        "plan": plan_json(&run.review.plan),
        "files": files,
        "notes": run.review.notes,
        "signed_in": run.signed_in,
    })
}

fn request_json(request: &RequestPreview) -> Value {
    // It was made as JSON.
    let body: Value = serde_json::from_str(&request.body).unwrap_or_else(|_| json!(request.body));
    json!({ "method": request.method, "url": request.url, "body": body })
}

pub(super) fn diff_line(line: &DiffLine) -> String {
    match line {
        DiffLine::Added(line) => format!("+ {line}"),
        DiffLine::Removed(line) => format!("- {line}"),
        DiffLine::Same(line) => format!("  {line}"),
        DiffLine::Gap => "  ...".to_owned(),
    }
}

fn plan_json(plan: &SetupPlan) -> Value {
    let publish = plan.publish.as_ref();
    json!({
        "registry": plan.registry.as_str(),
        "index": plan.index.shown(),
        "config": match plan.scope {
            ConfigScope::Project => "project",
            ConfigScope::User => "user",
            ConfigScope::AsItIs => "none",
        },
        "replace_crates_io": plan.replace_crates_io,
        "store": match plan.store {
            TokenStore::Provider(_) => "provider",
            TokenStore::Native(_) => "native",
            TokenStore::PlainFile => "file",
            TokenStore::ThisRunOnly => "none",
        },
        "publish": publish.map(|publish| {
            json!({ "registry": publish.name.as_str(), "index": publish.index.shown() })
        }),
    })
}

pub(super) fn file_json(file: &FileChange) -> Value {
    let diff: Vec<String> = file.lines.iter().map(diff_line).collect();
    json!({
        "path": text::clean(&file.path.to_string_lossy()),
        "changes": file.changes_something(),
        "new": file.before.is_none(),
        "diff": diff,
    })
}

fn written_json(written: &Written) -> Value {
    json!({
        "path": text::clean(&written.path.to_string_lossy()),
        "new": !written.was_there,
        "backup": written.backup.as_ref().map(|path| text::clean(&path.to_string_lossy())),
    })
}
