//! Runs the real `cargo fetch` and tells what happens.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::cargo::fetch::{self, FetchSpec};
use crate::cargo::lockfile::Lockfile;
use crate::cargo::settings::{Settings, index_argument};
use crate::domain::package::CrateSource;
use crate::domain::progress::{FetchEnd, FetchEvent};
use crate::domain::registry::RegistryName;
use crate::error::{Exit, Report};
use crate::host::Env;
use crate::record::{self, Record};

use super::services::Services;
use super::{Event, Events, ForceAuth, Forced, Restore, blocking, caches, check, earlier};

/// Events between Cargo and whoever listens.
const WAITING: usize = 256;

/// Cleans up after runs that were killed; then fetches, until it has ended or is cancelled, and cleans up after it.
pub(super) async fn run(
    services: &Arc<Services>,
    request: Restore,
    (events, mut cancelled): (&Events, oneshot::Receiver<()>),
) {
    let began = services.host.clock.since_start();
    let elapsed = || services.host.clock.since_start().saturating_sub(began);
    tokio::select! {
        biased;
        _ = &mut cancelled => {
            let end = FetchEnd::Cancelled { removed: Vec::new() };
            return events.send(Event::FetchEnded { at: elapsed(), end, report: None }).await;
        }
        () = earlier::clean_up(services, events) => {}
    }
    let spec = match spec(services, request).await {
        Ok((spec, forced)) => {
            if let Some(forced) = forced {
                events.send(Event::Forced(forced)).await;
            }
            spec
        }
        Err(report) => return events.send(Event::Failed(Box::new(report))).await,
    };
    let (sender, receiver) = mpsc::channel(WAITING);
    let cancel = async move {
        // A sender that is gone asks for the same as one that speaks.
        let _ = cancelled.await;
    };
    let (outcome, ()) = tokio::join!(fetch::fetch(spec, sender, cancel), forward(events, receiver));
    let report = outcome.report.filter(|_| outcome.end != FetchEnd::Done).map(Box::new);
    events.send(Event::FetchEnded { at: elapsed(), end: outcome.end, report }).await;
}

async fn forward(events: &Events, mut receiver: mpsc::Receiver<(Duration, FetchEvent)>) {
    while let Some((at, event)) = receiver.recv().await {
        events.send(Event::Fetch { at, event }).await;
    }
}

async fn spec(services: &Arc<Services>, request: Restore) -> Result<(FetchSpec, Option<Forced>), Report> {
    let (Some(workspace), Some(cargo)) = (services.workspace(), services.cargo_version()) else {
        return Err(Report::new(Exit::NotFound, "no-manifest", "there is no project to fetch crates for")
            .hint("go to a Cargo project, or name one with `--dir DIR`"));
    };
    check::still_agreed(services).await?;
    let (shared, dir, force_auth) = (services.clone(), workspace.clone(), request.force_auth);
    let caches = blocking(move || -> Result<_, Report> {
        let mut settings = caches::settings(&shared)?;
        if shared.demo.is_some() && settings.registry_in_force().is_none_or(|feed| !feed.replaces_crates_io) {
            return Err(demo_needs_feed());
        }
        let lock = caches::lock_file(&dir)?;
        if let Some(registry) = settings.registry_in_force() {
            // For the names of cache folders, once the project is out of sight: no fetch fails for want of it.
            let _ = record::fetch(&shared.state_dir, &registry.name, &registry.index);
        }
        let forced = forced(&shared, force_auth, (&settings, lock.as_ref()))?;
        if let Some(Forced { registry, index }) = &forced {
            settings = settings.with_index(registry, index);
        }
        Ok((caches::of_sources(&settings, lock.as_ref(), &cargo), forced))
    });
    let (caches, forced) = caches.await??;
    let configs = forced.iter().map(|forced| index_argument(&forced.registry, &forced.index)).collect();
    let spec = FetchSpec {
        cargo: "cargo".into(),
        dir: workspace,
        cargo_home: services.cargo_home.clone(),
        runs_dir: services.runs_dir(),
        caches,
        locked: request.locked,
        configs,
        clock: services.host.clock,
        env: env(services, request),
    };
    Ok((spec, forced))
}

/// The address to go by in place of the configured one; `None`: the configured one.
///
/// # Errors
/// When a flag asks for it and it can't be done.
fn forced(
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

/// The demo doesn't ask the real crates.io, which has none of its crates.
fn demo_needs_feed() -> Report {
    Report::new(Exit::NotFound, "demo-needs-feed", "no feed of the demo stands in for crates.io yet")
        .hint("let the wizard set one up first: `az-cargo-wizard --demo --demo-dir DIR`")
}

/// The child's environment. 'This run only' hands its credential over here, and nowhere else
/// (cargo-contract 1.3).
fn env(services: &Services, request: Restore) -> Env {
    let mut env = services.child_env();
    if let Some((registry, credential)) = request.credential {
        let prefix = format!("CARGO_REGISTRIES_{}", registry.env_name());
        env.set(&format!("{prefix}_CREDENTIAL_PROVIDER"), "cargo:token");
        env.set(&format!("{prefix}_TOKEN"), credential.header().expose());
    }
    env
}
