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
pub mod feeds;
mod glance;
pub mod inspect;
mod keeping;
pub mod logins;
mod network;
mod open_page;
pub mod provide_token;
mod remote;
pub mod renewal;
pub mod restore;
pub mod services;
pub mod sign_in;
mod waiting;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::domain::account::Account;
use crate::domain::cache::CacheEvent;
use crate::domain::credential::{Credential, Kept};
use crate::domain::feed::{Feed, FeedAddress, FeedDetails};
use crate::domain::finding::Hazard;
use crate::domain::new_feed::RequestPreview;
use crate::domain::organization::{Base, Collection, Target};
use crate::domain::plan::{OtherReplacement, Review, SetupPlan, Written};
use crate::domain::progress::{FetchEnd, FetchEvent};
use crate::domain::registry::IndexUrl;
use crate::domain::store::NativeProvider;
use crate::domain::waiting::Waiting;
use crate::error::Report;

pub use cache::{CacheDone, CacheJob};
pub use entra_app::EntraFlags;
pub use glance::glance;
pub use inspect::{CacheFolder, CachedCrate};
pub use restore::request::{ForceAuth, Forced, Renewed, RenewedBy, Restore};
pub use services::{DemoPlace, Services, Settled};
pub use sign_in::{SignIn, SignInWith, SigningIn};

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
    waiting::telling(events, run_to_its_end(services, request, (events, cancelled))).await;
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
        Request::LogIn(log_in) => connect::log_in(&services, log_in, cancelled).await,
        request => tokio::select! {
            biased;
            _ = cancelled => Ok(Event::Cancelled),
            outcome = answer(&services, request) => outcome,
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
        Request::KeepLogin(new) => logins::keep(services, *new).await,
        Request::ForgetLogin(base) => logins::forget(services, base).await,
        Request::Logins => logins::list(services, false).await,
        Request::LookUpLogins => logins::list(services, true).await,
        Request::Uninstall => logins::uninstall(services).await,
        Request::TryNative => connect::try_native(services).await,
        Request::TryKeyring => keeping::try_keyring(services).await,
        Request::Inspect(what) => inspect::inspect(services, what).await,
        Request::PlanFeeds(new) => create_feed::plan(services, *new),
        Request::PlanUpstream(of) => create_feed::plan_upstream(services, *of).await,
        Request::AgreeToHttp(base) => {
            services.agree_to_http(base);
            Ok(Event::AgreedToHttp)
        }
        // They have been taken by `run`.
        Request::Restore(_)
        | Request::Cache(_)
        | Request::Change(_)
        | Request::Apply(_)
        | Request::LogIn(_)
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

/// One thing to do in the background.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Look at the machine and the checkout; nothing in it is run before its settings are known.
    Check,
    /// Remember that this checkout, as it is now, may run programs and redirect traffic; then check.
    TrustAndCheck,
    SignIn(Box<SignIn>),
    /// Open a page in the browser; the person has asked for it.
    OpenPage(String),
    /// Ask whether the feed behind an index answers without a credential.
    Probe {
        collection: Collection,
        index: IndexUrl,
    },
    /// Without a credential: those that everyone can see.
    Feeds {
        collection: Collection,
        credential: Option<Credential>,
    },
    FeedDetails(Box<feeds::DetailsOf>),
    /// Ask for one feed by its names, where the list may not be asked for or doesn't hold it.
    FindFeed {
        collection: Collection,
        credential: Option<Credential>,
        address: FeedAddress,
    },
    /// The credential that Cargo has for a feed of that organization.
    StoredCredential(Collection),
    /// Show the requests that would make these feeds.
    PlanFeeds(Box<create_feed::NewFeeds>),
    /// Show the request that would add crates.io to a feed.
    PlanUpstream(Box<create_feed::UpstreamOf>),
    /// Send what was shown. Once something has been sent, it is not cancelled any more.
    Change(Box<create_feed::Change>),
    Review(SetupPlan),
    /// The same, where the person gives up what replaces crates.io now.
    ReviewOver(SetupPlan, connect::Agreed),
    /// Write what was agreed to. Once begun, it is not cancelled any more.
    Apply(Review),
    /// Keep a sign-in for Cargo.
    KeepLogin(Box<logins::NewLogin>),
    /// Forget the sign-in to that organization.
    ForgetLogin(Base),
    /// The sign-ins that are kept, as far as is remembered.
    Logins,
    /// The same, looked up in their stores.
    LookUpLogins,
    /// Take this tool out of the person's Cargo configuration.
    Uninstall,
    /// Find out where this tool can keep credentials, by keeping something without worth.
    TryKeyring,
    /// Find out whether Cargo's own provider for the keyring works here; where the keyring does.
    TryNative,
    /// Prove a credential and keep it. Once it is being kept, that is not cancelled any more.
    LogIn(LogIn),
    Restore(Restore),
    /// Look at everything that this tool knows to check.
    Doctor,
    Inspect(Inspect),
    /// Look at Cargo's crate cache, check it, or delete from it.
    Cache(CacheJob),
    /// The person has read that http is not encrypted, and wants it for this server all the same.
    AgreeToHttp(Base),
}

/// Proves the credential at the feed and hands it to Cargo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogIn {
    pub collection: Collection,
    pub credential: Credential,
    /// As the service names the person.
    pub who: String,
    pub plan: SetupPlan,
}

/// The crates in the cache folders of the registry in force, or in all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inspect {
    InForce,
    All,
}

/// What a job tells while it runs and when it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Checked(Box<check::Checkout>),
    /// The checkout would run or redirect something; nothing of it was run.
    NeedsTrust(Vec<Hazard>),
    SigningIn(SigningIn),
    SignedIn {
        account: Account,
        credential: Credential,
    },
    /// The organizations of who has signed in to none of them yet.
    Mine {
        account: Account,
        credential: Credential,
        organizations: Vec<Target>,
    },
    /// Whether the browser was started; else why not.
    Opened(Result<(), String>),
    /// Whether the feed answers without a credential.
    Probed {
        open: bool,
    },
    Feeds(Vec<Feed>),
    FeedDetails(FeedDetails),
    FeedFound(Box<Feed>),
    /// `None`: none that this tool may read.
    StoredCredential(Option<Credential>),
    Previewed(Vec<RequestPreview>),
    /// The request for this feed is on its way: from here on it is not taken back.
    Sending(String),
    FeedMade(Box<create_feed::MadeFeed>),
    /// Every feed of the plan was made.
    FeedsMade,
    UpstreamAdded(Box<Feed>),
    /// The fetch that follows goes by this address.
    Forced(Forced),
    /// The fetch goes on with another token.
    Renewed {
        at: Duration,
        renewed: Renewed,
    },
    Reviewed(Review),
    /// Something other than a feed replaces crates.io: nobody has said that it gives way.
    Replaced(Box<OtherReplacement>),
    Applied(Vec<Written>),
    LoggedIn(LoggedIn),
    /// Whether there was a sign-in to forget.
    LoggedOut(bool),
    Logins(logins::Logins),
    /// Where this tool can keep credentials, or why it can't.
    Keyring(Result<Kept, Box<Report>>),
    /// Cargo's own provider for the keyring of this system, or why it does not work here.
    Native(Result<NativeProvider, Box<Report>>),
    Fetch {
        at: Duration,
        event: FetchEvent,
    },
    FetchEnded {
        at: Duration,
        end: FetchEnd,
        report: Option<Box<Report>>,
    },
    Cache(Vec<CacheFolder>),
    /// What a job on the crate cache finds and does.
    InCache(CacheEvent),
    CacheDone(CacheDone),
    AgreedToHttp,
    /// One line of [`Request::Doctor`]; until [`Event::Examined`].
    Diagnosed(doctor::Diagnosis),
    Examined,
    /// An answer of the service is late, and why; until [`Waiting::Over`].
    Waiting(Waiting),
    Failed(Box<Report>),
    Cancelled,
}

impl Event {
    /// Whether nothing follows it.
    #[must_use]
    pub fn is_last(&self) -> bool {
        !matches!(
            self,
            Self::Fetch { .. }
                | Self::InCache(_)
                | Self::Forced(_)
                | Self::Renewed { .. }
                | Self::Sending(_)
                | Self::FeedMade(_)
                | Self::SigningIn(_)
                | Self::Waiting(_)
                | Self::Diagnosed(_)
        )
    }
}

/// What logging in has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// Where the credential is now; `None`: this run only.
    pub kept_in: Option<KeptIn>,
    /// Where a credential of before still is that nobody asks for any more, and why.
    pub left: Option<String>,
    /// Whether the feed answers without a credential too.
    pub public: bool,
    /// What the person has answered about its `~force-auth` address before.
    pub forced: Option<bool>,
}

/// Where a credential is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptIn {
    /// In Cargo's own file of tokens.
    CargosFile(PathBuf),
    /// In the keyring, by Cargo's own provider.
    Native(NativeProvider),
    /// With this tool, in the place of that name, safe to show.
    Vault(String),
}

impl std::fmt::Display for KeptIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::CargosFile(path) => f.write_str(&crate::domain::text::clean(&path.to_string_lossy())),
            Self::Native(provider) => write!(f, "the system keyring, by {}", provider.name()),
            Self::Vault(name) => f.write_str(name),
        }
    }
}
