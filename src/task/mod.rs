//! Use cases, shared by screen and command line: a request in, events out. Has no idea what a screen or
//! a line of output is.

mod az_defaults;
pub mod cache;
mod caches;
pub mod check;
pub mod connect;
pub mod create_feed;
pub mod doctor;
mod earlier;
mod entra_app;
mod event;
pub mod feeds;
mod given_up;
mod glance;
pub mod inspect;
mod keeping;
pub mod logins;
mod near;
mod network;
pub mod new_pat;
mod open_page;
pub mod provide_token;
mod remote;
pub mod renewal;
mod request;
pub mod restore;
mod resuming;
pub mod services;
pub mod sign_in;
pub mod switching;
mod tracked;
mod undoing;
mod waiting;

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::error::Report;

pub use cache::{CacheDone, CacheJob};
pub use entra_app::EntraFlags;
pub use event::{Event, KeptIn, LoggedIn};
pub use glance::glance;
pub use inspect::{CacheFolder, CachedCrate};
pub use request::{Inspect, LogIn, Request};
pub use restore::request::{ForceAuth, Forced, Renewed, RenewedBy, Restore};
pub use services::{DemoPlace, Services, Settled};
pub use sign_in::{SignIn, SignInWith, SigningIn};
pub use undoing::new_damage;

/// Tells the jobs of one run apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// Where a job reports to.
#[derive(Debug, Clone)]
pub struct Events {
    id: JobId,
    sender: mpsc::Sender<(JobId, Event)>,
}

impl Events {
    #[must_use]
    pub fn new(id: JobId, sender: mpsc::Sender<(JobId, Event)>) -> Self {
        Self { id, sender }
    }

    /// Waits until there is room. Once nobody listens any more, the event is dropped.
    pub async fn send(&self, event: Event) {
        if let Event::Failed(report) = &event {
            tracing::warn!(job = self.id.0, code = report.code, headline = report.headline, "failed");
        }
        let _ = self.sender.send((self.id, event)).await;
    }

    /// The same from a plain thread.
    fn send_blocking(&self, event: Event) {
        let _ = self.sender.blocking_send((self.id, event));
    }
}

/// Runs one request to its end; every path ends in an event that is the last.
pub async fn run(
    services: Arc<Services>,
    request: Request,
    (events, cancelled): (&Events, oneshot::Receiver<()>),
) {
    tracing::debug!(job = events.id.0, request = first_word(&request), "begins");
    let work = Box::pin(run_to_its_end(services, request, (events, cancelled)));
    waiting::telling(events, work).await;
}

/// The name of what is asked: what it holds is nobody's business.
fn first_word(request: &Request) -> String {
    use std::fmt::Write;
    struct FirstWord(String);
    impl Write for FirstWord {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            let end = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
            self.0.push_str(&text[..end]);
            if end == text.len() { Ok(()) } else { Err(std::fmt::Error) }
        }
    }
    let mut word = FirstWord(String::new());
    // Fails on purpose, where the name ends.
    let _ = write!(word, "{request:?}");
    word.0
}

async fn run_to_its_end(
    services: Arc<Services>,
    request: Request,
    (events, cancelled): (&Events, oneshot::Receiver<()>),
) {
    // These tell more than one thing, and have their own ways of being cancelled.
    let request = match request {
        Request::Restore(request) => return restore::run(&services, request, (events, cancelled)).await,
        Request::Doctor => return doctor::run(&services, (events, cancelled)).await,
        Request::SignIn(request) => return sign_in::run(&services, *request, (events, cancelled)).await,
        Request::Cache(job) => return cache::run(&services, job, (events, cancelled)).await,
        Request::Change(change) => return create_feed::run(&services, *change, (events, cancelled)).await,
        request => request,
    };
    let outcome = match request {
        // Files that were agreed to together are written together, in a moment.
        Request::Apply(review) => connect::apply(&services, review).await,
        Request::MakeChange(change) => switching::make(&services, *change).await,
        Request::Undo(plan) => undoing::undo(&services, *plan).await,
        Request::LogIn(log_in) => Box::pin(connect::log_in(&services, log_in, cancelled)).await,
        Request::KeepLogin(new) => Box::pin(logins::keep(&services, *new)).await,
        request => tokio::select! {
            biased;
            _ = cancelled => Ok(Event::Cancelled),
            outcome = Box::pin(answer(&services, request)) => outcome,
        },
    };
    events.send(outcome.unwrap_or_else(|report| Event::Failed(Box::new(report)))).await;
}

/// The requests that have one answer.
async fn answer(services: &Arc<Services>, request: Request) -> Result<Event, Report> {
    match request {
        Request::Check => check::check(services).await,
        Request::TrustAndCheck => check::trust_and_check(services).await,
        Request::OpenPage(page) => open_page::open(services, page).await,
        Request::Probe { collection, index } => Ok(feeds::probe(services, (collection, index)).await),
        Request::Feeds { collection, credential } => feeds::list(services, (collection, credential)).await,
        Request::FeedDetails(details) => feeds::details(services, details).await,
        Request::FindFeed { collection, credential, address } => {
            feeds::find(services, (collection, credential), address).await
        }
        Request::StoredCredential(collection) => feeds::stored(services, collection).await,
        Request::Review(plan) => connect::review(services, plan, None).await,
        Request::ReviewOver(plan, agreed) => connect::review(services, plan, Some(agreed)).await,
        Request::ForgetLogin(base) => logins::forget(services, base).await,
        Request::Logins => logins::list(services, false).await,
        Request::LookUpLogins => logins::list(services, true).await,
        Request::Uninstall { forgets } => logins::uninstall(services, forgets).await,
        Request::TryNative => Box::pin(connect::try_native(services)).await,
        Request::TryKeyring(base) => keeping::try_keyring(services, base).await,
        Request::Inspect(what) => inspect::inspect(services, what).await,
        Request::PlanFeeds(new) => create_feed::plan(services, *new),
        Request::PlanPat(of) => new_pat::plan(services, *of),
        Request::PlanUpstream(of) => create_feed::plan_upstream(services, *of).await,
        Request::LeaveUnfinished(answers) => resuming::keep(services, answers.map(|answers| *answers)).await,
        Request::Switches => switching::list(services).await,
        Request::PlanSwitch(wish) => switching::plan(services, wish).await,
        Request::PlanRemoval(name) => switching::plan_removal(services, name).await,
        Request::Journal => undoing::list(services).await,
        Request::PlanUndo(id) => undoing::plan(services, id).await,
        Request::AgreeToHttp(base) => {
            services.agree_to_http(base);
            Ok(Event::AgreedToHttp)
        }
        // They have been taken by `run`.
        Request::Restore(_)
        | Request::Cache(_)
        | Request::Change(_)
        | Request::Apply(_)
        | Request::MakeChange(_)
        | Request::Undo(_)
        | Request::LogIn(_)
        | Request::KeepLogin(_)
        | Request::Doctor
        | Request::SignIn(_) => Ok(Event::Cancelled),
    }
}

/// Returns when the process is asked to end: Ctrl-C outside raw mode, SIGTERM, or a lost terminal.
#[cfg(unix)]
pub async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut hangup), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::hangup()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = hangup.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Returns when the process is asked to end.
#[cfg(not(unix))]
pub async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Runs what blocks for a moment (files, hashing) where it blocks nobody.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Report> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Report::new(crate::error::Exit::Failed, "internal", "a part of az-cargo-wizard has failed")
            .cause(error.to_string())
            .hint("try again; if it happens again, report it with these words")
    })
}
