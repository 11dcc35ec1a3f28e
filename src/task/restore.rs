//! Runs the real `cargo fetch` and tells what happens.

mod again;
mod forced;
pub mod request;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::Shared;
use tokio::sync::{mpsc, oneshot};

use crate::cargo::fetch::{self, FetchOutcome, FetchSpec};
use crate::cargo::settings::index_argument;
use crate::domain::progress::{FetchEnd, FetchEvent};
use crate::error::{Exit, Report};
use crate::host::Env;
use crate::record;

use super::services::Services;
use super::{Event, Events, ForceAuth, Forced, Restore, blocking, caches, check, earlier};

/// Events between Cargo and whoever listens.
const WAITING: usize = 256;

/// Cleans up after runs that were killed; then fetches, until it has ended or is cancelled, and cleans up after it.
pub(super) async fn run(
    services: &Arc<Services>,
    request: Restore,
    (events, cancelled): (&Events, oneshot::Receiver<()>),
) {
    // A sender that is gone asks for the same as one that speaks.
    let cancelled = cancelled.map(drop).boxed().shared();
    let job = Job { services, events, began: services.host.clock.since_start() };
    tokio::select! {
        biased;
        () = cancelled.clone() => return job.end(cancelled_at_once()).await,
        () = earlier::clean_up(services, events) => {}
    }
    match spec(services, &request).await {
        Ok((spec, forced)) => {
            if let Some(forced) = forced {
                events.send(Event::Forced(forced)).await;
            }
            let outcome = job.fetch_and_renew(spec, request, cancelled).await;
            job.end(outcome).await;
        }
        Err(report) => events.send(Event::Failed(Box::new(report))).await,
    }
}

type Cancelled = Shared<futures_util::future::BoxFuture<'static, ()>>;

struct Job<'a> {
    services: &'a Arc<Services>,
    events: &'a Events,
    began: Duration,
}

impl Job<'_> {
    fn elapsed(&self) -> Duration {
        self.services.host.clock.since_start().saturating_sub(self.began)
    }

    /// Runs Cargo; where a credential runs out on the way, once more with the next one.
    async fn fetch_and_renew(
        &self,
        mut spec: FetchSpec,
        mut request: Restore,
        cancelled: Cancelled,
    ) -> FetchOutcome {
        let mut outcome = self.fetch(spec.clone(), cancelled.clone()).await;
        if !outcome.ran_out {
            return outcome;
        }
        let renewed = tokio::select! {
            biased;
            () = cancelled.clone() => return cancelled_at_once(),
            renewed = again::renew(self.services, &mut request) => renewed,
        };
        match renewed {
            Ok(renewed) => {
                self.events.send(Event::Renewed { at: self.elapsed(), renewed }).await;
                spec.env = env(self.services, &request);
                self.fetch(spec, cancelled).await
            }
            Err(why) => {
                outcome.report = outcome.report.map(|report| again::not_renewed(report, why));
                outcome
            }
        }
    }

    async fn fetch(&self, spec: FetchSpec, cancelled: Cancelled) -> FetchOutcome {
        let (sender, receiver) = mpsc::channel(WAITING);
        let before = self.elapsed();
        let forward = forward(self.events, receiver, before);
        tokio::join!(fetch::fetch(spec, sender, cancelled), forward).0
    }

    async fn end(&self, outcome: FetchOutcome) {
        let report = outcome.report.filter(|_| outcome.end != FetchEnd::Done).map(Box::new);
        self.events.send(Event::FetchEnded { at: self.elapsed(), end: outcome.end, report }).await;
    }
}

fn cancelled_at_once() -> FetchOutcome {
    FetchOutcome {
        end: FetchEnd::Cancelled { removed: Vec::new() },
        report: None,
        ran_out: false,
        lines: Vec::new(),
        invalid: Vec::new(),
    }
}

/// Times count from the beginning of the job, whichever run of Cargo it is.
async fn forward(events: &Events, mut receiver: mpsc::Receiver<(Duration, FetchEvent)>, before: Duration) {
    while let Some((at, event)) = receiver.recv().await {
        events.send(Event::Fetch { at: before + at, event }).await;
    }
}

async fn spec(services: &Arc<Services>, request: &Restore) -> Result<(FetchSpec, Option<Forced>), Report> {
    let (Some(workspace), Some(cargo)) = (services.workspace(), services.cargo_version()) else {
        return Err(Report::new(Exit::NotFound, "no-manifest", "there is no project to fetch crates for")
            .hint("go to a Cargo project, or name one with `--dir DIR`"));
    };
    check::still_agreed(services).await?;
    if request.force_auth == ForceAuth::ThisRun {
        forced::refuse_without_need(services).await?;
    }
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
        let forced = forced::address(&shared, force_auth, (&settings, lock.as_ref()))?;
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

/// The demo doesn't ask the real crates.io, which has none of its crates.
fn demo_needs_feed() -> Report {
    Report::new(Exit::NotFound, "demo-needs-feed", "no feed of the demo stands in for crates.io yet")
        .hint("let the wizard set one up first: `az-cargo-wizard --demo --demo-dir DIR`")
}

/// The child's environment. 'This run only' hands its credential over here, and nowhere else
/// (cargo-contract 1.3).
fn env(services: &Services, request: &Restore) -> Env {
    let mut env = services.child_env();
    if let Some((registry, credential)) = &request.credential {
        let prefix = format!("CARGO_REGISTRIES_{}", registry.env_name());
        env.set(&format!("{prefix}_CREDENTIAL_PROVIDER"), "cargo:token");
        env.set(&format!("{prefix}_TOKEN"), credential.header().expose());
    }
    env
}
