//! Feeds as lines and as one object.

use std::io;

use serde_json::{Value, json};

use super::Printer;
use crate::domain::feed::{Condition, CrateCount, Feed, FeedDetails, Role};
use crate::domain::organization::Collection;
use crate::domain::registry::IndexUrl;
use crate::domain::text;

/// A feed, and what is known of it beyond the list.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct ListedFeed<'a> {
    pub(in super::super) collection: &'a Collection,
    pub(in super::super) feed: &'a Feed,
    pub(in super::super) details: Option<&'a FeedDetails>,
}

impl ListedFeed<'_> {
    fn role(&self) -> Option<Role> {
        self.details.and_then(|details| details.role).or(self.feed.role)
    }

    fn index(&self) -> IndexUrl {
        IndexUrl::for_feed(self.collection, self.feed, None)
    }

    fn json(&self) -> Value {
        let Self { feed, details, .. } = self;
        let views = details.map(|details| {
            let views = details.views.iter();
            views.map(|view| json!({ "name": view.name, "visibility": view.visibility })).collect::<Vec<_>>()
        });
        let (crates, all) = match details.and_then(|details| details.crates) {
            Some(CrateCount::Exactly(number)) => (Some(number), Some(true)),
            Some(CrateCount::AtLeast(number)) => (Some(number), Some(false)),
            None => (None, None),
        };
        json!({
            "name": feed.name.as_str(),
            "project": feed.project.as_ref().map(|project| project.name.as_str()),
            "scope": scope(feed),
            "description": feed.description,
            "crates_io": feed.crates_io(),
            "role": self.role().map(Role::short),
            "public": feed.is_public(),
            "condition": match feed.condition {
                Condition::Sound => "ok",
                condition => condition.word(),
            },
            "index": self.index().shown(),
            "views": views,
            "crates": crates,
            "crates_counted_to_the_end": all,
        })
    }
}

fn scope(feed: &Feed) -> &'static str {
    if feed.project.is_some() { "project" } else { "organization" }
}

impl Printer {
    /// The feeds of an organization, a line each, or as one object.
    ///
    /// # Errors
    /// When standard output is closed.
    pub(in super::super) fn feeds(self, of: &Collection, feeds: &[ListedFeed<'_>]) -> io::Result<()> {
        if self == Self::Json {
            let feeds: Vec<Value> = feeds.iter().map(ListedFeed::json).collect();
            return self.json(json!({ "organization": of.name(), "feeds": feeds }));
        }
        if feeds.is_empty() {
            self.say(&format!("you can see no feed in {of}"));
            return Ok(());
        }
        let rows: Vec<[String; 6]> =
            std::iter::once(HEAD.map(str::to_owned)).chain(feeds.iter().map(row)).collect();
        let mut widths = [0; 6];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = text::width(cell).max(*width);
            }
        }
        for row in &rows {
            let cells: Vec<String> =
                row.iter().zip(widths).map(|(cell, width)| text::pad(cell, width)).collect();
            self.data(cells.join("  ").trim_end())?;
        }
        feeds.iter().filter_map(|listed| listed.details).try_for_each(|details| self.details(details))
    }

    fn details(self, details: &FeedDetails) -> io::Result<()> {
        for view in &details.views {
            self.data(&format!("  view @{}: {}", view.name, view.visibility))?;
        }
        match details.crates {
            Some(CrateCount::Exactly(number)) => {
                self.data(&format!("  {}", text::count(number, "crate", "crates")))
            }
            Some(CrateCount::AtLeast(number)) => {
                self.data(&format!("  {} crates or more", text::grouped(number)))
            }
            None => Ok(()),
        }
    }
}

const HEAD: [&str; 6] = ["FEED", "CRATES.IO", "ROLE", "SCOPE", "ACCESS", "INDEX"];

fn row(listed: &ListedFeed<'_>) -> [String; 6] {
    let feed = listed.feed;
    let access = if feed.is_public() { "public" } else { "private" };
    // Whoever sees a feed may at least read it.
    let role = listed.role().map_or("reader+", Role::short);
    let role = match feed.condition {
        Condition::Sound => role.to_owned(),
        condition => format!("{role}, {}", condition.word()),
    };
    let crates_io = match feed.crates_io() {
        Some(true) => "yes",
        Some(false) => "no",
        None => "?",
    };
    [
        feed.label(),
        crates_io.to_owned(),
        role,
        scope(feed).to_owned(),
        access.to_owned(),
        listed.index().shown(),
    ]
}
