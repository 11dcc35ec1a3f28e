//! Runs the real `cargo fetch` and tells what happens.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::cargo::fetch::{self, FetchSpec};
use crate::domain::progress::{FetchEnd, FetchEvent};
use crate::error::{Exit, Report};
use crate::host::Env;

use super::services::Services;
use super::{Event, Events, Restore, blocking, caches, check, earlier};

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
        Ok(spec) => spec,
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

async fn spec(services: &Arc<Services>, request: Restore) -> Result<FetchSpec, Report> {
    let (Some(workspace), Some(cargo)) = (services.workspace(), services.cargo_version()) else {
        return Err(Report::new(Exit::NotFound, "no-manifest", "there is no project to fetch crates for")
            .hint("go to a Cargo project, or name one with `--dir DIR`"));
    };
    check::still_agreed(services).await?;
    let (shared, dir) = (services.clone(), workspace.clone());
    let caches = blocking(move || -> Result<_, Report> {
        let settings = caches::settings(&shared)?;
        if shared.demo.is_some() && settings.registry_in_force().is_none_or(|feed| !feed.replaces_crates_io) {
            return Err(demo_needs_feed());
        }
        let lock = caches::lock_file(&dir)?;
        Ok(caches::of_sources(&settings, lock.as_ref(), &cargo))
    });
    Ok(FetchSpec {
        cargo: "cargo".into(),
        dir: workspace,
        cargo_home: services.cargo_home.clone(),
        runs_dir: services.runs_dir(),
        caches: caches.await??,
        locked: request.locked,
        configs: Vec::new(),
        clock: services.host.clock,
        env: env(services, request),
    })
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
