//! By which address a feed that answers everyone is asked (azure-contract 7.2), and when that makes no sense.

use std::sync::Arc;

use crate::cargo::lockfile::Lockfile;
use crate::cargo::settings::Settings;
use crate::domain::package::CrateSource;
use crate::domain::registry::RegistryName;
use crate::error::{Exit, Report};
use crate::record::{self, Record};

use crate::task::check::HostTrust;
use crate::task::services::Services;
use crate::task::{ForceAuth, Forced, blocking, caches};

/// Refuses `--force-auth` for a feed that asks for a sign-in by itself: Cargo would download every crate again, into
/// the folder of another address. A feed that can't be asked now is not held against it.
///
/// # Errors
/// When the feed has answered that it wants a credential.
pub(super) async fn refuse_without_need(services: &Arc<Services>) -> Result<(), Report> {
    let shared = services.clone();
    let in_force = blocking(move || caches::settings(&shared).map(|settings| settings.registry_in_force()));
    let Some(feed) = in_force.await?? else { return Ok(()) };
    let Some(target) = feed.index.target() else { return Ok(()) };
    if services.trust_in(&target.collection) != HostTrust::Known {
        return Ok(());
    }
    let answer = services.azure(target.collection, None)?.prove_index(&feed.index).await;
    let wants_sign_in = answer.is_err_and(|error| Report::from(error).exit == Exit::SignIn);
    if wants_sign_in { Err(not_needed(&feed.name)) } else { Ok(()) }
}

fn not_needed(name: &RegistryName) -> Report {
    Report::new(
        Exit::Usage,
        "force-auth-not-needed",
        format!("`--force-auth` is not needed: the feed `{name}` asks every Cargo for its token"),
    )
    .cause("by the other address Cargo would download every crate again, into a second folder")
    .hint("leave `--force-auth` out")
}

/// The address to go by in place of the configured one; `None`: the configured one.
///
/// # Errors
/// When a flag asks for it and it can't be done.
pub(super) fn address(
    services: &Services,
    asked: ForceAuth,
    (settings, lock): (&Settings, Option<&Lockfile>),
) -> Result<Option<Forced>, Report> {
    let in_force = settings.registry_in_force();
    if let (ForceAuth::Answered(answer), Some(feed)) = (asked, &in_force) {
        record::force(&services.state_dir, &feed.index, answer)?;
    }
    let wanted = match (asked, &in_force) {
        (ForceAuth::ThisRun, _) => true,
        (ForceAuth::Answered(answer), _) => answer,
        (ForceAuth::AsRemembered, Some(feed)) => {
            Record::load(&services.state_dir).forces(&feed.index) == Some(true)
        }
        (ForceAuth::AsRemembered, None) => false,
    };
    if !wanted {
        return Ok(None);
    }
    let flagged = asked == ForceAuth::ThisRun;
    let Some(feed) = in_force else { return if flagged { Err(no_feed_to_force()) } else { Ok(None) } };
    let Some(index) = feed.index.forced() else { return Ok(None) };
    // Such crates would be written into the lock file with the address as their source (azure-contract 7.2).
    let is_own = |source: &CrateSource| *source == CrateSource::Registry(feed.index.as_str().to_owned());
    if lock.is_some_and(|lock| lock.crates.iter().any(|locked| is_own(&locked.source))) {
        return if flagged { Err(forced_would_be_locked(&feed.name)) } else { Ok(None) };
    }
    Ok(Some(Forced { registry: feed.name, index }))
}

fn no_feed_to_force() -> Report {
    Report::new(Exit::Usage, "no-feed", "`--force-auth` needs a feed, and none is configured here")
        .hint("set one up first, or leave `--force-auth` out")
}

fn forced_would_be_locked(name: &RegistryName) -> Report {
    Report::new(
        Exit::Failed,
        "force-auth-changes-lock-file",
        format!("the lock file names crates of `{name}` itself, and `--force-auth` would change their source there"),
    )
    .hint("leave `--force-auth` out; to save a crate, fetch it in a project that only takes it from crates.io")
}
