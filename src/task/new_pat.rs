//! A personal access token that is made for who has signed in to Entra, in place of keeping the sign-in
//! (azure-contract 2.4, 2.6). It is made last, and whatever then fails takes it back: none is left behind that nobody
//! keeps.

use crate::azure::Azure;
use crate::domain::credential::Credential;
use crate::domain::new_pat::{MadePat, NewPat, PatMade, hindrance};
use crate::domain::organization::Collection;
use crate::error::{Exit, Report};

use super::Event;
use super::provide_token::now;
use super::services::Services;

/// A token that a person wants to have made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatOf {
    pub collection: Collection,
    /// Of Entra.
    pub credential: Credential,
    /// How long it is to live.
    pub days: u16,
}

/// The request that would make it.
pub(super) fn plan(services: &Services, of: PatOf) -> Result<Event, Report> {
    let (azure, new) = office(services, of)?;
    Ok(Event::Previewed(vec![azure.pat_preview(&new)?]))
}

/// Makes the token and has it kept; where that fails, it is revoked.
pub(super) async fn kept<T>(
    services: &Services,
    of: PatOf,
    keep: impl AsyncFnOnce(&MadePat) -> Result<T, Report>,
) -> Result<(T, PatMade), Report> {
    let (azure, new) = office(services, of)?;
    let made = azure.make_pat(&new).await?;
    match keep(&made).await {
        Ok(kept) => Ok((kept, PatMade { name: new.name, ends: made.ends })),
        Err(report) => Err(match azure.revoke_pat(&made.id).await {
            Ok(()) => report.detail(format!("the personal access token `{}` was revoked again", new.name)),
            Err(error) => report.detail(format!(
                "the personal access token `{}` was made and could not be revoked ({error}): revoke it on the page of \
                 your personal access tokens",
                new.name
            )),
        }),
    }
}

/// Takes a token back; `None`: nobody was asked, for only who has signed in to Entra may.
pub(super) async fn revoke(
    services: &Services,
    (collection, credential): (&Collection, &Credential),
    id: &str,
) -> Option<Result<(), Report>> {
    check(services, collection, credential).ok()?;
    let place = place(services, collection).ok()?;
    let revoked = match services.azure(place, Some(credential.clone())) {
        Ok(azure) => azure.revoke_pat(id).await.map_err(Report::from),
        Err(report) => Err(report),
    };
    Some(revoked)
}

/// Whether this person can have a token made there; nothing is asked.
///
/// # Errors
/// Why not, and what to do instead.
pub(super) fn check(
    services: &Services,
    collection: &Collection,
    credential: &Credential,
) -> Result<(), Report> {
    place(services, collection)?;
    hindrance(credential).map_or(Ok(()), |why| Err(impossible(collection, why)))
}

fn office(services: &Services, of: PatOf) -> Result<(Azure, NewPat), Report> {
    check(services, &of.collection, &of.credential)?;
    let azure = services.azure(place(services, &of.collection)?, Some(of.credential))?;
    Ok((azure, NewPat::new(services.host.machine.as_deref(), of.days, now(&services.host))))
}

/// Where tokens are made. Only the cloud does: the sign-in goes to the organization's place on `vssps.dev.azure.com`,
/// whatever host names the person uses, and to nobody else.
fn place(services: &Services, collection: &Collection) -> Result<Collection, Report> {
    if services.is_in_demo(collection) {
        return Ok(collection.clone());
    }
    let place = match collection {
        Collection::Cloud { org, .. } => Collection::cloud(org.clone()).identities(),
        Collection::Server { .. } => None,
    };
    place.ok_or_else(|| impossible(collection, "an Azure DevOps Server knows no Entra"))
}

fn impossible(collection: &Collection, why: &str) -> Report {
    let report =
        Report::new(Exit::Usage, "pat-not-possible", "no personal access token can be made for you here");
    report.cause(why).hint(format!(
        "sign in to Entra (`--auth az` or `--auth device`), or make the token by hand: {}",
        collection.token_page()
    ))
}
