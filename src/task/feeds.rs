//! The feeds of an organization, and what one of them is like.

use crate::domain::account::Account;
use crate::domain::credential::Credential;
use crate::domain::feed::Feed;
use crate::domain::organization::Collection;
use crate::error::Report;

use super::Event;
use super::services::Services;

/// A feed to be looked at closely, and who looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetailsOf {
    pub collection: Collection,
    pub credential: Credential,
    pub account: Account,
    pub feed: Feed,
}

/// Every feed that the person can see.
pub(super) async fn list(
    services: &Services,
    (collection, credential): (Collection, Credential),
) -> Result<Event, Report> {
    let feeds = services.azure(collection, Some(credential))?.feeds().await?;
    Ok(Event::Feeds(feeds))
}

pub(super) async fn details(services: &Services, of: Box<DetailsOf>) -> Result<Event, Report> {
    let azure = services.azure(of.collection, Some(of.credential))?;
    Ok(Event::FeedDetails(azure.feed_details(&of.feed, &of.account).await?))
}
