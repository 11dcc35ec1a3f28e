//! The feeds of an organization, and what one of them is like.

use std::sync::Arc;

use crate::azure::AzureError;
use crate::cargo::credentials;
use crate::cargo::provider::{Action, Asked, Granted, Operation, Registry};
use crate::cargo::settings::Index;
use crate::domain::account::Account;
use crate::domain::credential::Credential;
use crate::domain::feed::{Feed, FeedAddress};
use crate::domain::organization::Collection;
use crate::domain::registry::{IndexUrl, RegistryName};
use crate::error::Report;
use crate::record::upstreams::Upstreams;

use super::check::HostTrust;
use super::logins::{self, KeptLogin};
use super::services::Services;
use super::{Event, blocking, caches, keeping, sign_in};
use super::{provide_token, renewal};

/// A feed to be looked at closely, and who looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetailsOf {
    pub collection: Collection,
    /// `None`: whoever comes without signing in.
    pub credential: Option<Credential>,
    pub account: Option<Account>,
    pub feed: Feed,
}

/// A credential that is kept on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub credential: Credential,
    /// The sign-in that it is of, where this tool keeps it for Cargo.
    pub login: Option<KeptLogin>,
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
    let of = collection.clone();
    let azure = services.azure(collection, credential.clone())?;
    match azure.feeds().await {
        Ok(feeds) => {
            remember(services, &of, &feeds).await;
            Ok(Event::Feeds(feeds))
        }
        Err(error) => Err(sign_in::explain(&azure, error, credential.as_ref()).await),
    }
}

/// Which of the feeds take crates from crates.io, for a switch without network. What can't be remembered is asked for
/// again.
async fn remember(services: &Services, collection: &Collection, feeds: &[Feed]) {
    let told = |feed: &Feed| Some((IndexUrl::for_feed(collection, feed, None), feed.crates_io()?));
    let told: Vec<_> = feeds.iter().filter_map(told).collect();
    let state_dir = services.state_dir.clone();
    if !services.dry_run {
        let _ = blocking(move || Upstreams::tell(&state_dir, told)).await;
    }
}

pub(super) async fn details(services: &Services, of: Box<DetailsOf>) -> Result<Event, Report> {
    let azure = services.azure(of.collection, of.credential)?;
    Ok(Event::FeedDetails(azure.feed_details(&of.feed, of.account.as_ref()).await?))
}

/// One feed, by a request for it alone. Where no project is named and the organization has no such feed, it may be a
/// project's: those are found in the list, where that may be asked for (azure-contract 3.2, class 8).
pub(super) async fn find(
    services: &Services,
    (collection, credential): (Collection, Option<Credential>),
    address: FeedAddress,
) -> Result<Event, Report> {
    let azure = services.azure(collection, credential)?;
    let alone = azure.feed(address.name.as_str(), address.project.as_ref()).await;
    let listed = match (&alone, &address.project) {
        (Err(AzureError::FeedNotFound(_)), None) => azure.feeds().await.unwrap_or_default(),
        _ => Vec::new(),
    };
    match listed.into_iter().find(|feed| feed.name == address.name) {
        Some(feed) if feed.upstreams_told => Ok(Event::FeedFound(Box::new(feed))),
        Some(feed) => {
            let project = feed.project.as_ref().map(|project| &project.name);
            Ok(Event::FeedFound(Box::new(azure.feed(&feed.id, project).await?)))
        }
        None => Ok(Event::FeedFound(Box::new(alone?))),
    }
}

/// The credential that Cargo would get from this tool, renewed where it has ended.
fn kept_here(services: &Services, collection: &Collection) -> Option<Stored> {
    let index_url = format!("sparse+{}/_packaging/any/Cargo/index/", collection.packages());
    let registry = Registry { index_url, ..Registry::default() };
    let asked = Asked { registry, action: Action::Get(Operation::Read) };
    let Ok(Granted::Token { header, .. }) = provide_token::answer(&services.host, renewal::renew, &asked)
    else {
        return None;
    };
    let credential = Credential::from_header(&header, keeping::OURS)?;
    Some(Stored { credential, login: logins::of_base(services, &collection.base()) })
}

/// The credential that this tool keeps, or `cargo:token` has for a feed of that organization. Only where a person, a flag or a login has
/// named the organization: a checkout can give any registry any address (product.md, 'Trust').
pub(super) async fn stored(services: &Arc<Services>, collection: Collection) -> Result<Event, Report> {
    let services = services.clone();
    let look = move || -> Result<_, Report> {
        if !services.is_named(&collection) {
            return Ok(None);
        }
        if let Some(kept) = kept_here(&services, &collection) {
            return Ok(Some(kept));
        }
        let settings = caches::settings(&services)?;
        for registry in settings.registries() {
            let Index::Sparse(index) = &registry.index else { continue };
            let is_there = index.target().is_some_and(|target| target.collection.base() == collection.base());
            let Some(name) = RegistryName::parse(&registry.name).ok().filter(|_| is_there) else { continue };
            let token = credentials::token_for(&services.cargo_home, &services.host.env, &name)?;
            let credential = token.and_then(|token| Credential::from_header(&token.header, &token.place));
            if let Some(credential) = credential {
                return Ok(Some(Stored { credential, login: None }));
            }
        }
        Ok(None)
    };
    Ok(Event::StoredCredential(blocking(look).await??))
}
