//! Proves who a token belongs to.

use crate::auth::pat;
use crate::domain::credential::Secret;
use crate::domain::organization::Collection;
use crate::error::Report;
use crate::record;

use super::services::Services;
use super::{Event, blocking};

/// Asks the organization who this is. A server that answers is remembered as named by the person.
pub(super) async fn sign_in(
    services: &Services,
    (collection, token): (Collection, Secret),
) -> Result<Event, Report> {
    let (credential, warning) = pat::accept(&token)?;
    let azure = services.azure(collection.clone(), Some(credential.clone()))?;
    let account = azure.who_am_i().await.map_err(|error| {
        let report = Report::from(error);
        match warning {
            Some(warning) => report.cause(warning.to_string()),
            None => report,
        }
    })?;
    if !collection.is_cloud() && !services.dry_run {
        let state_dir = services.state_dir.clone();
        blocking(move || record::name(&state_dir, &collection.base())).await??;
    }
    Ok(Event::SignedIn { account, credential })
}
