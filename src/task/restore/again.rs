//! The next credential for a fetch whose first one ran out on the way: Cargo asks no provider a second time, so a
//! second Cargo has to (cargo-contract 3.5). What nothing renews is said.

use std::sync::Arc;

use crate::domain::credential::{AccessToken, Credential, TokenOrigin};
use crate::error::{Exit, Report};
use crate::task::services::Services;
use crate::task::{Renewed, RenewedBy, Restore, blocking, caches, provide_token, renewal, sign_in};

/// Renews what the run was given, or what this tool keeps for Cargo.
///
/// # Errors
/// When nothing renews it, or what does says no.
pub(super) async fn renew(services: &Arc<Services>, request: &mut Restore) -> Result<Renewed, Report> {
    let Some((_, held)) = &mut request.credential else { return renew_kept(services).await };
    let access = match held {
        Credential::Bearer(access) => access,
        Credential::Pat(_) => return Err(provide_token::fresh::not_a_personal_one()),
    };
    let by = by(access);
    let next = sign_in::renew(services, access).await?;
    *held = Credential::Bearer(Box::new(next));
    Ok(Renewed { by, credential: Some(held.clone()) })
}

fn by(access: &AccessToken) -> RenewedBy {
    match access.origin {
        TokenOrigin::AzureCli { .. } => RenewedBy::AzureCli,
        TokenOrigin::DeviceCode(_)
        | TokenOrigin::Unrenewed
        | TokenOrigin::Environment(_)
        | TokenOrigin::Kept(_) => RenewedBy::Entra,
    }
}

async fn renew_kept(services: &Arc<Services>) -> Result<Renewed, Report> {
    let services = services.clone();
    let renewed = blocking(move || {
        let in_force = caches::settings(&services)?.registry_in_force();
        let index = in_force.map(|feed| feed.index).ok_or_else(provide_token::fresh::not_kept_here)?;
        provide_token::fresh::renew(&services.host, renewal::renew, &index)
    });
    Ok(Renewed { by: renewed.await??, credential: None })
}

/// The failure of the run, with why it could not go on by itself.
pub(super) fn not_renewed(report: Report, why: Report) -> Report {
    let words = std::iter::once(why.headline).chain(why.causes).collect::<Vec<_>>().join(": ");
    let report = report.detail(format!("it does not go on by itself: {words}"));
    match (why.hint, why.exit) {
        (Some(hint), Exit::SignIn) => report.detail("crates that arrived are kept").hint(hint),
        _ => report,
    }
}
