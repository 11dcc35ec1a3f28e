//! The feeds of a setup: those that are there, those that are to be made, and whether one that is there is what
//! was asked for, so that the same command can be run again.

use crate::domain::feed::{Feed, FeedDetails, FeedName, ViewName};
use crate::domain::new_feed::{NewFeed, Visibility};
use crate::domain::organization::{Collection, ProjectName};
use crate::domain::registry::IndexUrl;
use crate::domain::text;
use crate::error::{Exit, Report};

/// Names that come close, shown where a feed is not found.
const NEAR: usize = 5;

/// The views that every new feed has (azure-contract 5.9).
const NEW_VIEWS: [&str; 3] = ["Local", "Prerelease", "Release"];

/// A feed of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Wanted {
    There(Feed),
    New(NewFeed),
}

impl Wanted {
    pub(in super::super) fn label(&self) -> String {
        match self {
            Self::There(feed) => feed.label(),
            Self::New(feed) => feed.label(),
        }
    }

    pub(in super::super) fn name(&self) -> &FeedName {
        match self {
            Self::There(feed) => &feed.name,
            Self::New(feed) => &feed.name,
        }
    }

    pub(in super::super) fn is_there(&self) -> bool {
        matches!(self, Self::There(_))
    }

    pub(super) fn has_crates_io(&self) -> bool {
        match self {
            Self::There(feed) => feed.has_crates_io(),
            Self::New(feed) => feed.sources.has_crates_io(),
        }
    }

    pub(super) fn index(&self, collection: &Collection, view: Option<&ViewName>) -> IndexUrl {
        match self {
            Self::There(feed) => IndexUrl::for_feed(collection, feed, view),
            Self::New(feed) => IndexUrl::build(collection, feed.scope.project(), &feed.name, view),
        }
    }
}

/// The feed to consume from, and the one to publish to.
#[derive(Debug, Clone)]
pub(in super::super) struct Feeds {
    pub(in super::super) consume: Wanted,
    /// Of the feed to consume from.
    pub(super) view: Option<ViewName>,
    pub(in super::super) publish: Option<Wanted>,
}

impl Feeds {
    /// Those that are to be made, in their order.
    pub(super) fn to_make(&self) -> Vec<NewFeed> {
        let all = std::iter::once(&self.consume).chain(&self.publish);
        let new = all.filter_map(|feed| match feed {
            Wanted::New(new) => Some(new.clone()),
            Wanted::There(_) => None,
        });
        new.collect()
    }

    /// Puts a feed that was made in the place of its plan.
    pub(super) fn made(&mut self, made: &Feed) {
        for wanted in std::iter::once(&mut self.consume).chain(&mut self.publish) {
            if !wanted.is_there() && *wanted.name() == made.name {
                *wanted = Wanted::There(made.clone());
            }
        }
    }
}

/// The feed to consume from: the one that is there, or else the one that is to be made.
///
/// # Errors
/// Where neither is possible.
pub(super) fn consumed(
    (name, project): (&FeedName, Option<&ProjectName>),
    new: Option<&NewFeed>,
    feeds: &[Feed],
) -> Result<Wanted, Report> {
    // Names are unique in an organization (azure-contract 5.6): a new one is compared with any of that name.
    let fits = |feed: &&Feed| feed.name == *name && (new.is_some() || is_of(feed, project));
    match (feeds.iter().find(fits), new) {
        (Some(feed), _) => Ok(Wanted::There(feed.clone())),
        (None, Some(new)) => Ok(Wanted::New(new.clone())),
        (None, None) => Err(not_found(name, feeds)),
    }
}

/// The feed to publish to, which is of the same kind as the new one beside it.
///
/// # Errors
/// Where it is not there and nothing says that it is to be made.
pub(super) fn published(name: &FeedName, new: Option<&NewFeed>, feeds: &[Feed]) -> Result<Wanted, Report> {
    match (feeds.iter().find(|feed| feed.name == *name), new) {
        (Some(feed), _) => Ok(Wanted::There(feed.clone())),
        (None, Some(new)) => Ok(Wanted::New(new.for_publishing(name.clone()))),
        (None, None) => Err(not_found(name, feeds)),
    }
}

fn is_of(feed: &Feed, project: Option<&ProjectName>) -> bool {
    project.is_none_or(|wanted| feed.project.as_ref().is_some_and(|project| project.name == *wanted))
}

/// Whether a feed that is there is what `--create` asks for; its description may be another.
///
/// # Errors
/// With every difference.
pub(super) fn compare(
    (feed, details): (&Feed, &FeedDetails),
    new: &NewFeed,
    collection: &Collection,
) -> Result<(), Report> {
    let differences = differences((feed, details), new, collection);
    if differences.is_empty() {
        return Ok(());
    }
    let label = feed.label();
    let page = collection.feed_settings_page(feed.project.as_ref().map(|project| &project.name), &feed.name);
    let report = Report::new(
        Exit::Failed,
        "feed-differs",
        format!("the feed `{label}` is there, but not as asked for"),
    );
    let report = differences.into_iter().fold(report, Report::cause);
    Err(report.hint(format!(
        "leave `--create` out to use it as it is, choose another name, or change it under {page}"
    )))
}

fn differences(
    (feed, details): (&Feed, &FeedDetails),
    new: &NewFeed,
    collection: &Collection,
) -> Vec<String> {
    let mut found = Vec::new();
    let is = feed.project.as_ref().map(|project| &project.name);
    if is != new.scope.project() {
        let owner = |project: Option<&ProjectName>| match project {
            Some(project) => format!("the project {project}"),
            None => "the organization".to_owned(),
        };
        found.push(format!("it belongs to {}, not to {}", owner(is), owner(new.scope.project())));
    }
    match (feed.has_crates_io(), new.sources.has_crates_io()) {
        (false, true) => found.push("crates.io is not among its upstream sources".to_owned()),
        (true, false) => found.push("crates.io is among its upstream sources".to_owned()),
        _ => {}
    }
    let local = details.views.iter().find(|view| view.name.eq_ignore_ascii_case("Local"));
    let told = local.filter(|view| view.visibility != Visibility::UNTOLD);
    let wanted = new.visibility.audience(&collection.name());
    if let Some(view) = told.filter(|view| view.visibility != wanted) {
        found.push(format!("its view Local is visible to `{}`, not to `{wanted}`", view.visibility));
    }
    found
}

/// The view that was asked for, as the service spells it: another spelling is another cache of Cargo's. As it was
/// asked for where the service tells no views.
///
/// # Errors
/// With the views that there are, where it is none of them.
pub(super) fn view(
    view: &ViewName,
    feed: &Wanted,
    details: Option<&FeedDetails>,
) -> Result<ViewName, Report> {
    let views: Vec<&str> = match (feed, details) {
        (Wanted::New(_), _) => NEW_VIEWS.to_vec(),
        (_, Some(details)) => details.views.iter().map(|view| view.name.as_str()).collect(),
        _ => Vec::new(),
    };
    let same = views.iter().find(|name| name.eq_ignore_ascii_case(view.as_str()));
    match same.and_then(|name| ViewName::parse(name)) {
        Some(view) => Ok(view),
        None if views.is_empty() => Ok(view.clone()),
        None => Err(no_view(view, feed, &views)),
    }
}

fn no_view(view: &ViewName, feed: &Wanted, views: &[&str]) -> Report {
    let headline = format!("the feed `{}` has no view `{}`", feed.label(), text::clean(view.as_str()));
    Report::new(Exit::NotFound, "view-not-found", headline)
        .hint(format!("its views are {}; without `@VIEW` the feed itself is used", views.join(", ")))
}

fn not_found(name: &FeedName, feeds: &[Feed]) -> Report {
    let report = Report::new(
        Exit::NotFound,
        "feed-not-found",
        format!("you can see no feed `{}`", text::clean(name.as_str())),
    );
    let wanted = name.as_str().to_lowercase();
    let near = feeds.iter().filter(|feed| {
        let name = feed.name.as_str().to_lowercase();
        name.contains(&wanted) || wanted.contains(&name)
    });
    let near: Vec<String> = near.take(NEAR).map(Feed::label).collect();
    if near.is_empty() {
        report.hint("check the name, ask for access to the feed, or make it with `--create`")
    } else {
        report.hint(format!("there are {}", near.join(", ")))
    }
}
