//! What can be switched to, row by row: crates.io itself, what the configuration names, and the organization's feeds.

use crate::domain::feed::Feed;
use crate::domain::registry::{IndexUrl, RegistryName};

use super::super::super::session::Session;
use super::super::super::widget::page::Page;
use super::super::super::widget::table::{Cell, Column, Width};
use super::super::Look;

/// One place where Cargo could take its crates from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// `contoso/Storefront/rust-crates`, or `crates.io`.
    pub(super) label: String,
    /// What the configuration calls it.
    pub(super) registry: Option<RegistryName>,
    /// `None`: crates.io.
    pub(super) index: Option<IndexUrl>,
    pub(super) in_force: bool,
    /// As the organization tells of it.
    pub(super) feed: Option<Feed>,
}

impl Row {
    /// What tells it from every other row.
    pub(super) fn key(&self) -> String {
        self.index.as_ref().map_or_else(|| "crates.io".to_owned(), |index| index.as_str().to_owned())
    }

    /// What the filter looks at.
    pub(super) fn searched(&self) -> String {
        format!("{} {}", self.label, self.registry.as_ref().map_or("", RegistryName::as_str))
    }
}

/// All rows: first crates.io and what is configured, then the feeds of the organization that nothing names yet.
pub(super) fn collect(session: &Session, organization: &[Feed]) -> Vec<Row> {
    let checkout = session.checkout.as_ref();
    let in_force = checkout.and_then(|checkout| checkout.in_force.as_ref());
    let in_force = in_force.map(|in_force| &in_force.registry);
    let replaced = in_force.filter(|registry| registry.replaces_crates_io);
    let mut rows = Vec::new();
    for (name, index) in checkout.iter().flat_map(|checkout| &checkout.registries) {
        rows.push(Row {
            label: label(index),
            registry: Some(name.clone()),
            in_force: replaced.is_some_and(|registry| registry.name == *name),
            index: Some(index.clone()),
            feed: None,
        });
    }
    rows.push(Row {
        label: "crates.io".to_owned(),
        registry: None,
        index: None,
        in_force: replaced.is_none(),
        feed: None,
    });
    let Some(collection) = session.target.as_ref().map(|target| &target.collection) else { return rows };
    for feed in organization {
        let index = IndexUrl::for_feed(collection, feed, None);
        match rows.iter_mut().find(|row| row.index.as_ref() == Some(&index)) {
            Some(row) => row.feed = Some(feed.clone()),
            None => rows.push(Row {
                label: format!("{}/{}", collection.name(), feed.label()),
                registry: None,
                index: Some(index),
                in_force: false,
                feed: Some(feed.clone()),
            }),
        }
    }
    rows
}

/// A feed as the other screens call it; another index as it is.
fn label(index: &IndexUrl) -> String {
    let Some(target) = index.target() else { return index.shown() };
    let Some(feed) = target.feed else { return index.shown() };
    let project = target.project.map_or(String::new(), |project| format!("{project}/"));
    let view = target.view.map_or(String::new(), |view| format!("@{view}"));
    format!("{}/{project}{feed}{view}", target.collection.name())
}

pub(super) const COLUMNS: [Column; 4] = [
    Column { title: "  feed", width: Width::Fill(24), right: false, keep: 9 },
    Column { title: "registry", width: Width::Exactly(18), right: false, keep: 7 },
    Column { title: "crates.io", width: Width::Exactly(9), right: false, keep: 5 },
    Column { title: "access", width: Width::Exactly(8), right: false, keep: 2 },
];

/// The cells of one row.
pub(super) fn cells(row: &Row, _place: usize, look: &Look) -> Vec<Cell> {
    let theme = look.theme;
    let mark = if row.in_force { theme.chosen() } else { " " };
    let upstream = match row.feed.as_ref().map(Feed::crates_io) {
        Some(Some(true)) => Cell::styled("yes", theme.good()),
        Some(Some(false)) => Cell::styled("no", theme.warning()),
        Some(None) => Cell::styled("?", theme.quiet()),
        None => Cell::default(),
    };
    let access = match &row.feed {
        Some(feed) if feed.is_public() => "public",
        Some(_) => "private",
        None if row.index.is_none() => "public",
        None => "",
    };
    let registry = row.registry.as_ref().map_or("", RegistryName::as_str);
    vec![
        Cell::name(format!("{mark} {}", row.label)),
        Cell::name(registry),
        upstream,
        Cell::styled(access, theme.quiet()),
    ]
}

/// The lines about one row.
pub(super) fn about(page: &mut Page, row: &Row) {
    if row.in_force {
        page.good("Cargo takes its crates from here.");
    }
    match &row.index {
        Some(index) => page.quiet(&index.shown()),
        None => page.quiet("crates.io itself, with no feed in its place."),
    };
}
