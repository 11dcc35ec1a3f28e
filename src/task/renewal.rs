//! Gets the next access token where Cargo waits for it: a runtime and a client for one question. How the network is
//! reached comes from the environment and from Cargo's home, never from a checkout; the token is asked for where the
//! person signed in, and nowhere else (product.md, 'Trust').

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::auth::az;
use crate::auth::entra::Entra;
use crate::cargo::home;
use crate::domain::credential::{AccessToken, Renewal, Secret};
use crate::domain::entra::{Authority, EntraApp, Tenant};
use crate::domain::organization::Base;
use crate::error::{Exit, Report};
use crate::host::Host;
use crate::net::{self, HttpSettings};
use crate::record::LoginKind;

use super::network;
use super::services::folders_of_checkout;

/// Cargo shows nothing meanwhile.
const PATIENCE: Duration = Duration::from_secs(30);

/// The next token of a sign-in to that base.
///
/// # Errors
/// When nobody answers, or the person has to sign in again.
pub fn renew(
    host: &Host,
    (base, kind): (&Base, &LoginKind),
    refresh: Option<Secret>,
) -> Result<AccessToken, Report> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Report::new(Exit::Failed, "no-runtime", "a renewal could not be started").cause(error.to_string())
    })?;
    let token = async {
        match (kind, refresh) {
            (LoginKind::Entra { authority, tenant, client_id }, Some(refresh)) => {
                let renewal = Renewal {
                    authority: authority.clone(),
                    tenant: tenant.clone(),
                    client_id: client_id.clone(),
                    refresh,
                };
                Ok(entra(host, base, &renewal)?.refresh(&renewal).await?)
            }
            (LoginKind::AzureCli { tenant }, _) => {
                let az = az::find(&host.env, &checkout(host))?;
                Ok(az.token(tenant.as_deref().and_then(Tenant::parse).as_ref()).await?)
            }
            _ => Err(nothing_to_renew()),
        }
    };
    let late = || Report::new(Exit::Network, "renewal-late", "no new token came within 30 seconds");
    let answer = runtime.block_on(async { tokio::time::timeout(PATIENCE, token).await });
    answer.unwrap_or_else(|_| Err(late().hint("check the network and the proxy settings, then try again")))
}

/// Entra at the authority where the person signed in: over https; on loopback only for an organization that is there,
/// too.
fn entra(host: &Host, base: &Base, renewal: &Renewal) -> Result<Entra, Report> {
    let demo = Authority::on_loopback(&renewal.authority)
        .filter(|authority| Base::parse(authority.as_str()).is_some_and(|origin| origin.holds(base)));
    let settings = match demo {
        Some(_) => HttpSettings { loopback_only: true, ..HttpSettings::default() },
        None => network::for_client(&network::of_person(host)?, host),
    };
    let authority = demo.or_else(|| Authority::parse(&renewal.authority)).ok_or_else(nothing_to_renew)?;
    net::init();
    let via = settings.shown_proxy_to(&authority.endpoint(&Tenant::any(), "token"));
    let app = EntraApp { authority, client_id: renewal.client_id.clone(), tenant: None };
    Ok(Entra::new(net::client(&settings)?, app, (host.clock, via)))
}

/// The folders whose programs are not run: Cargo was started in a checkout.
fn checkout(host: &Host) -> Vec<PathBuf> {
    let workspace = home::find_manifest(&host.cwd).and_then(|file| file.parent().map(Path::to_owned));
    folders_of_checkout(&host.cwd, workspace, host.home.as_deref())
}

fn nothing_to_renew() -> Report {
    Report::new(Exit::SignIn, "sign-in-expired", "the sign-in has ended, and nothing here renews it")
        .hint("run: az-cargo-wizard login")
}
