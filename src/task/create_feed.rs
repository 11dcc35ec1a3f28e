//! Makes feeds, and adds crates.io to one that lacks it. Both can be cancelled until the first request that
//! changes something has been sent; from then on their end is waited for, so that nobody is told otherwise.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::azure::{Azure, AzureError, Creation};
use crate::domain::credential::Credential;
use crate::domain::feed::{Feed, FeedName};
use crate::domain::journal::Act;
use crate::domain::new_feed::{NewFeed, RequestPreview, Sources};
use crate::domain::organization::Collection;
use crate::error::{Exit, Report};

use super::services::Services;
use super::{Event, Events, undoing};

/// Feeds to be made, in their order, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFeeds {
    pub collection: Collection,
    pub credential: Credential,
    pub feeds: Vec<NewFeed>,
}

/// A feed that is to get crates.io as an upstream source, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamOf {
    pub collection: Collection,
    pub credential: Credential,
    pub feed: Feed,
}

/// A change that was shown and agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Create(NewFeeds),
    /// The request as it was shown: where another would be sent by now, none is.
    AddUpstream(UpstreamOf, RequestPreview),
}

/// A feed that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeFeed {
    pub feed: Feed,
    /// What of the plan did not come true; the feed is there all the same.
    pub shortfalls: Vec<Report>,
}

/// The requests that would make the feeds.
pub(super) fn plan(services: &Services, new: NewFeeds) -> Result<Event, Report> {
    let azure = services.azure(new.collection, Some(new.credential))?;
    let mut requests = Vec::new();
    for feed in &new.feeds {
        requests.extend(azure.creation_previews(feed)?);
    }
    Ok(Event::Previewed(requests))
}

/// The request that would add crates.io now.
pub(super) async fn plan_upstream(services: &Services, of: UpstreamOf) -> Result<Event, Report> {
    let azure = services.azure(of.collection, Some(of.credential))?;
    Ok(Event::Previewed(vec![azure.crates_io_preview(&of.feed).await?]))
}

/// Carries out a change; its last event says how it ended.
pub(super) async fn run(
    services: &Arc<Services>,
    change: Change,
    (events, cancelled): (&Events, oneshot::Receiver<()>),
) {
    let end = match change {
        Change::Create(new) => create(services, new, (events, cancelled)).await,
        Change::AddUpstream(of, confirmed) => {
            add_upstream(services, (of, confirmed), (events, cancelled)).await
        }
    };
    events.send(end.unwrap_or_else(|report| Event::Failed(Box::new(report)))).await;
}

async fn create(
    services: &Services,
    new: NewFeeds,
    (events, mut cancelled): (&Events, oneshot::Receiver<()>),
) -> Result<Event, Report> {
    let NewFeeds { collection, credential, feeds } = new;
    let azure = services.azure(collection.clone(), Some(credential))?;
    let names: Vec<&FeedName> = feeds.iter().map(|feed| &feed.name).collect();
    tokio::select! {
        biased;
        _ = &mut cancelled => return Ok(Event::Cancelled),
        free = azure.check_names(&names) => free?,
    }
    for feed in &feeds {
        // Between two feeds there is a moment where nothing is under way.
        if !matches!(cancelled.try_recv(), Err(oneshot::error::TryRecvError::Empty)) {
            return Ok(Event::Cancelled);
        }
        events.send(Event::Sending(feed.label())).await;
        let creation = azure.create_feed(feed).await?;
        let made = made(&collection, feed, creation);
        let page = collection.feed_settings_page(feed.scope.project(), &feed.name);
        let what = (Act::FeedCreated, format!("created the feed {}", made.feed.label()));
        undoing::note(services, what, format!("Delete the feed on its own page: {page}")).await;
        events.send(Event::FeedMade(Box::new(made))).await;
    }
    Ok(Event::FeedsMade)
}

async fn add_upstream(
    services: &Services,
    (of, confirmed): (UpstreamOf, RequestPreview),
    (events, mut cancelled): (&Events, oneshot::Receiver<()>),
) -> Result<Event, Report> {
    if !matches!(cancelled.try_recv(), Err(oneshot::error::TryRecvError::Empty)) {
        return Ok(Event::Cancelled);
    }
    let azure: Azure = services.azure(of.collection, Some(of.credential))?;
    events.send(Event::Sending(of.feed.label())).await;
    let feed = azure.add_crates_io(&of.feed, &confirmed).await?;
    let what = (Act::FeedChanged, format!("added crates.io to the upstream sources of {}", feed.label()));
    undoing::note(services, what, "Take it out on the page of the feed, under Upstream sources.".to_owned())
        .await;
    Ok(Event::UpstreamAdded(Box::new(feed)))
}

fn made(collection: &Collection, new: &NewFeed, creation: Creation) -> MadeFeed {
    let Creation { feed, lacks_crates_io, visibility } = creation;
    let page = collection.feed_settings_page(new.scope.project(), &new.name);
    let mut shortfalls = Vec::new();
    if let Err(error) = visibility {
        shortfalls.push(visibility_not_set(new, error, &page));
    }
    if lacks_crates_io {
        shortfalls.push(upstream_missing(new.sources, &page));
    }
    MadeFeed { feed, shortfalls }
}

fn visibility_not_set(new: &NewFeed, error: AzureError, page: &str) -> Report {
    let why = Report::from(error);
    let mut report = Report::new(why.exit, "visibility-not-set", "feed created; visibility not set")
        .cause(why.headline)
        .hint(format!("set the view Local to `{}`, under Views of {page}", new.visibility.label()));
    report.causes.extend(why.causes);
    report.details = why.details;
    report
}

fn upstream_missing(sources: Sources, page: &str) -> Report {
    let wanted = if sources == Sources::Common { "every common public source" } else { "crates.io" };
    Report::new(Exit::Failed, "upstream-missing", "feed created; crates.io is not among its upstream sources")
        .cause(format!("{wanted} was asked for, and the service shows the feed without it"))
        .hint(format!("add it from the list of feeds, or under Upstream sources of {page}"))
}

#[cfg(test)]
mod tests;
