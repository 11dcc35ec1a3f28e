//! The feeds of an organization, and what one of them is like.

use crate::domain::account::Account;
use crate::domain::credential::Credential;
use crate::domain::feed::Feed;
use crate::domain::organization::Collection;
use crate::domain::registry::IndexUrl;
use crate::error::Report;

use super::Event;
use super::check::HostTrust;
use super::services::Services;

/// A feed to be looked at closely, and who looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetailsOf {
    pub collection: Collection,
    /// `None`: whoever comes without signing in.
    pub credential: Option<Credential>,
    pub account: Option<Account>,
    pub feed: Feed,
}

/// Whether a feed answers without a credential, so that nobody has to sign in to read it (azure-contract 7.2). Asked
/// of known hosts only; what can't be asked counts as no, for signing in will say why.
pub(super) async fn probe(services: &Services, (collection, index): (Collection, IndexUrl)) -> Event {
    let is_known = services.trust_in(&collection) == HostTrust::Known;
    let azure = services.azure(collection, None).ok().filter(|_| is_known);
    let proof = match azure {
        Some(azure) => azure.prove_index(&index).await.ok(),
        None => None,
    };
    Event::Probed { open: proof.is_some_and(|proof| proof.anonymous_ok && !proof.auth_required) }
}

/// Every feed that the person can see.
pub(super) async fn list(
    services: &Services,
    (collection, credential): (Collection, Option<Credential>),
) -> Result<Event, Report> {
    let feeds = services.azure(collection, credential)?.feeds().await?;
    Ok(Event::Feeds(feeds))
}

pub(super) async fn details(services: &Services, of: Box<DetailsOf>) -> Result<Event, Report> {
    let azure = services.azure(of.collection, of.credential)?;
    Ok(Event::FeedDetails(azure.feed_details(&of.feed, of.account.as_ref()).await?))
}
