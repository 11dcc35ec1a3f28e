//! What can be switched to, row by row: what the configuration names and what was used before, crates.io itself, and
//! the organization's feeds.

use std::collections::HashMap;

use crate::domain::feed::Feed;
use crate::domain::organization::Collection;
use crate::domain::plan::SwitchTo;
use crate::domain::registry::{IndexUrl, RegistryName};
use crate::task::check::HostTrust;
use crate::task::switching::Switchable;

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
    /// The file or variable that names it.
    pub(super) source: Option<String>,
    pub(super) in_force: bool,
    pub(super) host: HostTrust,
    /// Where Cargo would find its credential.
    pub(super) credential: Option<String>,
    pub(super) crates_io: Option<bool>,
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

    /// Whether a file names it, that it could be taken out of.
    pub(super) fn is_configured(&self) -> bool {
        self.source.as_ref().is_some_and(|source| !source.starts_with("CARGO_"))
    }

    /// Where a switch would lead; a feed that no file names yet gets a name that is free.
    pub(super) fn to(&self, rows: &[Self]) -> SwitchTo {
        let Some(index) = &self.index else { return SwitchTo::CratesIo };
        let own = self.registry.clone().filter(|_| self.source.is_some());
        let name = own.unwrap_or_else(|| free_name(self, rows));
        SwitchTo::Registry { name, index: index.clone() }
    }
}

/// The name it was used by, or one like the feed's, that stands for no other index.
fn free_name(row: &Row, rows: &[Row]) -> RegistryName {
    let suggested = row.feed.as_ref().map(|feed| RegistryName::suggest(&feed.name));
    let base = row.registry.clone().or(suggested).map_or_else(|| "feed".to_owned(), |name| name.to_string());
    let is_taken = |name: &RegistryName| {
        let others = rows.iter().filter(|other| other.index != row.index);
        others.filter_map(|other| other.registry.as_ref()).any(|taken| taken.env_name() == name.env_name())
    };
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    let mut names =
        std::iter::once(base.clone()).chain(numbered).filter_map(|name| RegistryName::parse(&name).ok());
    // There is always a next number.
    names.find(|name| !is_taken(name)).unwrap_or_else(|| unreachable!("numbers do not end"))
}

/// What the files have told with the first frame.
pub(super) fn of_checkout(session: &Session) -> Vec<Row> {
    let checkout = session.checkout.as_ref();
    let in_force = checkout.and_then(|checkout| checkout.in_force.as_ref());
    let replaced = in_force.filter(|feed| feed.registry.replaces_crates_io);
    let stand_in = checkout.and_then(|checkout| checkout.stand_in.as_ref());
    let mut rows: Vec<Row> = Vec::new();
    for (name, index) in checkout.iter().flat_map(|checkout| &checkout.registries) {
        let own = replaced.filter(|feed| feed.registry.name == *name);
        rows.push(Row {
            registry: Some(name.clone()),
            in_force: own.is_some() || stand_in.is_some_and(|stand_in| stand_in.name == name.as_str()),
            credential: own.and_then(|feed| feed.token_in.clone()),
            ..bare(label(index), Some(index.clone()))
        });
    }
    rows.push(Row { in_force: replaced.is_none() && stand_in.is_none(), ..crates_io() });
    rows
}

fn bare(label: String, index: Option<IndexUrl>) -> Row {
    let (host, source) = (HostTrust::Known, None);
    let (registry, credential, crates_io, feed) = (None, None, None, None);
    Row { label, registry, index, source, in_force: false, host, credential, crates_io, feed }
}

fn crates_io() -> Row {
    Row { crates_io: Some(true), ..bare("crates.io".to_owned(), None) }
}

/// The same once everything was looked at.
pub(super) fn of_switchables(list: &[Switchable]) -> Vec<Row> {
    let row = |switchable: &Switchable| match &switchable.to {
        SwitchTo::CratesIo => Row { in_force: switchable.in_force, ..crates_io() },
        SwitchTo::Registry { name, index } => Row {
            registry: Some(name.clone()),
            source: switchable.source.clone(),
            in_force: switchable.in_force,
            host: switchable.host,
            credential: switchable.credential.clone(),
            crates_io: switchable.crates_io,
            ..bare(label(index), Some(index.clone()))
        },
    };
    list.iter().map(row).collect()
}

/// Adds the feeds of the organization that no row stands for yet.
pub(super) fn add(rows: &mut Vec<Row>, (collection, feeds): (&Collection, &[Feed])) {
    let mut places: HashMap<IndexUrl, usize> = HashMap::new();
    for (place, row) in rows.iter().enumerate() {
        if let Some(index) = &row.index {
            places.entry(index.clone()).or_insert(place);
        }
    }
    for feed in feeds {
        let index = IndexUrl::for_feed(collection, feed, None);
        let told = feed.crates_io();
        match places.get(&index).and_then(|place| rows.get_mut(*place)) {
            Some(row) => {
                row.crates_io = told.or(row.crates_io);
                row.feed = Some(feed.clone());
            }
            None => rows.push(Row {
                crates_io: told,
                feed: Some(feed.clone()),
                ..bare(format!("{}/{}", collection.name(), feed.label()), Some(index))
            }),
        }
    }
}

/// A feed as the other screens call it; another index as it is.
fn label(index: &IndexUrl) -> String {
    let Some(target) = index.target() else { return index.shown() };
    let Some(feed) = target.feed else { return index.shown() };
    let project = target.project.map_or(String::new(), |project| format!("{project}/"));
    let view = target.view.map_or(String::new(), |view| format!("@{view}"));
    format!("{}/{project}{feed}{view}", target.collection.name())
}

pub(super) const COLUMNS: [Column; 5] = [
    Column { title: "   feed", width: Width::Fill(24), right: false, keep: 9 },
    Column { title: "registry", width: Width::Exactly(16), right: false, keep: 7 },
    Column { title: "crates.io", width: Width::Exactly(9), right: false, keep: 5 },
    Column { title: "credential", width: Width::Exactly(10), right: false, keep: 4 },
    Column { title: "access", width: Width::Exactly(7), right: false, keep: 2 },
];

/// The cells of one row; the first nine have a digit.
pub(super) fn cells(row: &Row, place: usize, look: &Look) -> Vec<Cell> {
    let theme = look.theme;
    let mark = if row.in_force { theme.chosen() } else { " " };
    let digit = if place < 9 { (place + 1).to_string() } else { " ".to_owned() };
    let upstream = match (row.crates_io, &row.index) {
        (Some(true), _) => Cell::styled("yes", theme.good()),
        (Some(false), _) => Cell::styled("no", theme.warning()),
        (None, _) => Cell::styled("?", theme.quiet()),
    };
    let credential = match (&row.index, &row.credential, row.host) {
        (None, ..) => Cell::styled("not needed", theme.quiet()),
        (_, _, HostTrust::Unknown) => Cell::styled("unknown", theme.warning()),
        (_, Some(_), _) => Cell::styled("yes", theme.good()),
        // Of a feed that no file names yet nobody has looked.
        (_, None, _) if row.registry.is_none() => Cell::styled("?", theme.quiet()),
        (_, None, _) => Cell::styled("none", theme.warning()),
    };
    let access = match &row.feed {
        Some(feed) if feed.is_public() => "public",
        Some(_) => "private",
        None if row.index.is_none() => "public",
        None => "",
    };
    let registry = row.registry.as_ref().map_or("", RegistryName::as_str);
    vec![
        Cell::name(format!("{digit}{mark} {}", row.label)),
        Cell::name(registry),
        upstream,
        credential,
        Cell::styled(access, theme.quiet()),
    ]
}

/// The lines about one row.
pub(super) fn about(page: &mut Page, row: &Row, session: &Session) {
    if row.in_force {
        page.good("Cargo takes its crates from here.");
    } else if row.host == HostTrust::Unknown {
        page.warning("Nobody has named this host: it is asked nothing.");
    }
    match (&row.source, &row.registry, &row.index) {
        (Some(source), ..) => {
            page.quiet(&format!("Named by {}", session.shown(std::path::Path::new(source))))
        }
        (None, Some(_), _) if row.feed.is_none() => page.quiet("Used before"),
        (None, None, Some(_)) => page.quiet("No file names it yet"),
        (_, _, None) => page.quiet("crates.io itself, with no feed in its place"),
        _ => page,
    };
    if let Some(index) = &row.index {
        page.quiet(&index.shown());
    }
}
