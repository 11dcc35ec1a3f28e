//! One demo with faults armed in it, one job run against it, and what a person would be told.

use std::fs;
use std::sync::Arc;

use az_cargo_wizard::demo::{Demo, DemoOptions, Fault, Pace, Where};
use az_cargo_wizard::domain::account::Account;
use az_cargo_wizard::domain::credential::{AccessToken, Credential, TokenOrigin, TokenStore};
use az_cargo_wizard::domain::feed::{Feed, FeedName};
use az_cargo_wizard::domain::new_feed::{Description, FeedScope, NewFeed, Sources, Visibility};
use az_cargo_wizard::domain::organization::{Collection, ProjectName, Target};
use az_cargo_wizard::domain::plan::{ConfigScope, SetupPlan};
use az_cargo_wizard::domain::progress::{FetchEnd, FetchEvent};
use az_cargo_wizard::domain::registry::{IndexUrl, RegistryName};
use az_cargo_wizard::error::Report;
use az_cargo_wizard::task::create_feed::{Change, NewFeeds};
use az_cargo_wizard::task::feeds::DetailsOf;
use az_cargo_wizard::task::{
    self, DemoPlace, Event, Events, JobId, LogIn, LoggedIn, Request, Restore, Services, Settled,
};
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::support::sandbox::Sandbox;

/// What is done while the faults are armed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Job {
    SignIn,
    Feeds,
    FeedDetails,
    /// One feed, whose visibility is set after it is made.
    Create,
    LogIn,
    /// Of somebody who signed in to Entra, with a token that is made for it.
    MakePat,
    /// The real `cargo fetch`, which tries nothing twice.
    Fetch,
    /// The same, which tries once more.
    FetchAgain,
}

/// How often a fault is met: always.
pub(crate) const ALWAYS: u32 = u32::MAX;

/// One job under faults.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) job: Job,
    pub(crate) faults: &'static [(Fault, Where, u32)],
}

/// A row with one fault.
macro_rules! row {
    ($job:ident, $($fault:ident at $place:expr, $times:expr);+) => {
        Row { job: Job::$job, faults: &[$((Fault::$fault, $place, $times)),+] }
    };
}
pub(crate) use row;

/// What the texts of the answers are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Texts {
    Plain,
    /// They would steer a terminal.
    Hostile,
}

/// Rows that run at a time: most of them wait.
const AT_A_TIME: usize = 4;

/// What a person is told in each row.
pub(crate) async fn told(rows: impl IntoIterator<Item = &'static Row>, texts: Texts) -> String {
    let room = Arc::new(Semaphore::new(AT_A_TIME));
    let start = |row: &'static Row| {
        let room = Arc::clone(&room);
        tokio::spawn(async move {
            let _room = room.acquire().await.expect("nobody closes it");
            told_in(row, texts).await
        })
    };
    let running: Vec<_> = rows.into_iter().map(start).collect();
    let mut text = String::new();
    for row in running {
        match row.await {
            Ok(told) => text.push_str(&told),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
    text
}

async fn told_in(row: &Row, texts: Texts) -> String {
    let sandbox = Sandbox::new();
    let temp_parent = sandbox.root().join("tmp");
    let options = DemoOptions { dir: None, temp_parent, pace: Pace::Fast };
    let demo = Demo::start(options).await.expect("the demo starts");
    sandbox.watch(&demo);
    if texts == Texts::Hostile {
        demo.turn_hostile();
    }
    let outcome = run(&demo, &sandbox, row).await;
    for (fault, _, _) in row.faults {
        let met = demo.requests().iter().any(|request| request.fault == Some(*fault));
        assert!(met, "{fault:?} was never met in {row:?}: {outcome}");
    }
    let outcome = outcome.replace(demo.origin().trim_start_matches("http://"), "HOST");
    format!("## {:?}{}\n{outcome}\n\n", row.job, spelled(row.faults))
}

fn spelled(faults: &[(Fault, Where, u32)]) -> String {
    faults.iter().fold(String::new(), |text, (fault, place, times)| {
        let times = if *times == ALWAYS { "always".to_owned() } else { format!("{times} times") };
        text + &format!(", {fault:?} at {place:?} {times}")
    })
}

async fn run(demo: &Demo, sandbox: &Sandbox, row: &Row) -> String {
    let is_slow = row.faults.iter().any(|(fault, ..)| matches!(fault, Fault::Late | Fault::Slow));
    furnish(demo, row.job, is_slow);
    let place = DemoPlace {
        origin: demo.origin().to_owned(),
        token: demo.token().expose().to_owned(),
        project_dir: demo.project_dir().to_owned(),
        cargo_home: demo.cargo_home().to_owned(),
        state_dir: demo.state_dir().to_owned(),
    };
    let settled = Settled { demo: Some(place), ..Settled::default() };
    let services = Arc::new(Services::new(sandbox.host(&[]), settled).expect("the services start"));
    let visitor = Visitor { demo, services };
    let checked = visitor.ask(Request::Check).await;
    assert!(matches!(checked.last(), Some(Event::Checked(checkout)) if checkout.passed()), "{checked:?}");
    match row.job {
        Job::Fetch | Job::FetchAgain => visitor.fetch(row.faults).await,
        _ => visitor.rest(row).await,
    }
}

/// The feed in the project's file, and the person's own: no time is lost with trying again.
fn furnish(demo: &Demo, job: Job, is_slow: bool) {
    let retry = u8::from(job == Job::FetchAgain);
    let limits = if is_slow { "[http]\ntimeout = 2\nlow-speed-limit = 1000000\n" } else { "" };
    let user = format!(
        "[net]\nretry = {retry}\n{limits}[registry]\nglobal-credential-providers = [\"cargo:token\"]\n"
    );
    let project = format!(
        "[registries]\nrust-crates = {{ index = \"{}\" }}\n[source.crates-io]\nreplace-with = \"rust-crates\"\n",
        index(demo)
    );
    let token = format!("[registries.rust-crates]\ntoken = \"{}\"\n", credential(demo).header().expose());
    let cargo = demo.project_dir().join(".cargo");
    fs::create_dir(&cargo).expect("the project has no configuration yet");
    for (path, text) in [
        (cargo.join("config.toml"), project),
        (demo.cargo_home().join("config.toml"), user),
        (demo.cargo_home().join("credentials.toml"), token),
    ] {
        fs::write(path, text).expect("the demo's folders can be written");
    }
}

fn index(demo: &Demo) -> String {
    format!("sparse+{}/contoso/Storefront/_packaging/rust-crates/Cargo/index/", demo.origin())
}

fn credential(demo: &Demo) -> Credential {
    Credential::Pat(demo.token().clone())
}

fn collection(demo: &Demo) -> Collection {
    let target = Target::parse(&format!("{}/contoso", demo.origin())).expect("the demo has an address");
    target.collection
}

struct Visitor<'a> {
    demo: &'a Demo,
    services: Arc<Services>,
}

impl Visitor<'_> {
    async fn ask(&self, request: Request) -> Vec<Event> {
        let (sender, mut receiver) = mpsc::channel(256);
        let (_cancel, cancelled) = oneshot::channel();
        let services = Arc::clone(&self.services);
        let job = tokio::spawn(async move {
            let events = Events::new(JobId(1), sender);
            task::run(services, request, (&events, cancelled)).await;
        });
        let mut events = Vec::new();
        while let Some((_, event)) = receiver.recv().await {
            // What is waited for meanwhile has tests of its own.
            if matches!(event, Event::Waiting(_)) {
                continue;
            }
            events.push(event);
        }
        job.await.expect("the job doesn't panic");
        assert_clean(&events);
        events.retain(|event| !matches!(event, Event::SigningIn(_)));
        events
    }

    /// A request of the REST API; what comes before it in the wizard is asked before the faults are armed.
    async fn rest(&self, row: &Row) -> String {
        let request = match row.job {
            Job::FeedDetails => {
                let (account, feed) = self.account_and_feed().await;
                Request::FeedDetails(Box::new(DetailsOf {
                    collection: collection(self.demo),
                    credential: Some(credential(self.demo)),
                    account: Some(account),
                    feed,
                }))
            }
            Job::Create => Request::Change(Box::new(self.creation())),
            Job::LogIn => Request::LogIn(self.log_in()),
            Job::MakePat => Request::LogIn(self.log_in_with_pat()),
            Job::Feeds => {
                Request::Feeds { collection: collection(self.demo), credential: Some(credential(self.demo)) }
            }
            _ => self.sign_in(),
        };
        self.arm(row.faults);
        let events = self.ask(request).await;
        if row.job == Job::Create {
            return self.created(&events);
        }
        if row.job == Job::MakePat {
            return self.with_pat(&events);
        }
        match events.as_slice() {
            [Event::SignedIn { account, .. }] => format!("signed in as {}", account.label()),
            [Event::Feeds(feeds)] => format!("{} feeds", feeds.len()),
            [Event::FeedDetails(details)] => {
                format!("role {:?}, {} views, crates {:?}", details.role, details.views.len(), details.crates)
            }
            [Event::LoggedIn(logged_in)] => format!("logged in, public: {}", logged_in.public),
            [Event::Failed(report)] => shown(report),
            other => panic!("{other:?}"),
        }
    }

    fn arm(&self, faults: &[(Fault, Where, u32)]) {
        for (fault, place, times) in faults {
            self.demo.arm(*fault, *place, *times);
        }
    }

    fn sign_in(&self) -> Request {
        let with = task::SignInWith::Token(self.demo.token().clone());
        Request::SignIn(Box::new(task::SignIn { collection: Some(collection(self.demo)), with }))
    }

    async fn account_and_feed(&self) -> (Account, Feed) {
        let [Event::SignedIn { account, .. }] = &self.ask(self.sign_in()).await[..] else {
            panic!("the sign-in works without a fault")
        };
        let request =
            Request::Feeds { collection: collection(self.demo), credential: Some(credential(self.demo)) };
        let [Event::Feeds(feeds)] = &self.ask(request).await[..] else {
            panic!("the list works without a fault")
        };
        let feed = feeds.iter().find(|feed| feed.name.as_str() == "rust-crates");
        (account.clone(), feed.expect("the demo has it").clone())
    }

    fn log_in(&self) -> LogIn {
        LogIn {
            collection: collection(self.demo),
            credential: credential(self.demo),
            who: Some("Ana".to_owned()),
            plan: SetupPlan {
                scope: ConfigScope::Project,
                registry: RegistryName::parse("rust-crates").expect("a name"),
                index: IndexUrl::parse(&index(self.demo)).expect("an index"),
                replace_crates_io: true,
                store: TokenStore::ThisRunOnly,
                publish: None,
            },
            pat_days: None,
        }
    }

    fn log_in_with_pat(&self) -> LogIn {
        let log_in = self.log_in();
        let origin = TokenOrigin::AzureCli { tenant: None };
        let access = AccessToken { token: self.demo.entra_token(), expires: None, origin };
        LogIn {
            credential: Credential::Bearer(Box::new(access)),
            plan: SetupPlan { store: TokenStore::PlainFile, ..log_in.plan },
            pat_days: Some(30),
            ..log_in
        }
    }

    /// What was told of a token that was to be made, and what was asked for it.
    fn with_pat(&self, events: &[Event]) -> String {
        let told = match events {
            [Event::LoggedIn(LoggedIn { pat: Some(pat), .. })] => {
                format!("made {}, until {}", pat.name, pat.last_day())
            }
            [Event::Failed(report)] => shown(report),
            other => panic!("{other:?}"),
        };
        let asked = |method: &str| {
            self.demo
                .requests()
                .iter()
                .filter(|request| request.method == method && request.path.ends_with("/_apis/tokens/pats"))
                .count()
        };
        format!("{told}\nrequests to make it: {}, to revoke it: {}", asked("POST"), asked("DELETE"))
    }

    fn creation(&self) -> Change {
        let project = ProjectName::parse("Storefront").expect("a name");
        Change::Create(NewFeeds {
            collection: collection(self.demo),
            credential: credential(self.demo),
            feeds: vec![NewFeed {
                name: FeedName::parse("tidepool").expect("a name"),
                description: Description::default(),
                visibility: Visibility::Specific,
                sources: Sources::CratesIo,
                scope: FeedScope::Project(project),
            }],
        })
    }

    /// What was told of a feed that was to be made, and how often it was asked for.
    fn created(&self, events: &[Event]) -> String {
        let told: Vec<String> = events
            .iter()
            .map(|event| match event {
                Event::Sending(feed) => format!("sending {feed}"),
                Event::FeedMade(made) => made
                    .shortfalls
                    .iter()
                    .fold("made".to_owned(), |text, report| text + "\n" + &shown(report)),
                Event::FeedsMade => "done".to_owned(),
                Event::Failed(report) => shown(report),
                other => panic!("{other:?}"),
            })
            .collect();
        let posts = self.demo.requests().iter().filter(|request| request.method == "POST").count();
        format!("{}\nrequests to make it: {posts}", told.join("\n"))
    }

    async fn fetch(&self, faults: &[(Fault, Where, u32)]) -> String {
        self.arm(faults);
        let restore = Restore { locked: true, ..Restore::default() };
        let events = self.ask(Request::Restore(restore)).await;
        let is_retry = |event: &&Event| matches!(event, Event::Fetch { event: FetchEvent::Retry { .. }, .. });
        let retries = events.iter().filter(is_retry).count();
        let Some(Event::FetchEnded { end, report, .. }) = events.last() else { panic!("{events:?}") };
        let Some(report) = report else { return format!("{end:?} after {retries} retries") };
        // Cargo's own words change from release to release; ours don't.
        assert!(!report.causes.is_empty(), "{report}");
        assert!(!report.causes.iter().any(|cause| cause.starts_with('{')), "an envelope is shown: {report}");
        let named = if matches!(end, FetchEnd::Failed { at: Some(_) }) { ", its row is marked" } else { "" };
        shown(&Report { causes: Vec::new(), ..(**report).clone() }).replacen('\n', &format!("{named}\n"), 1)
    }
}

fn shown(report: &Report) -> String {
    format!("exit {}, {}\n{report}", report.exit.code(), report.code)
}

/// Asserts that no text of what is told steers a terminal. `Debug` spells every control character out.
#[track_caller]
fn assert_clean(events: &[Event]) {
    // What was escaped by the service is text, and stays so.
    let text = format!("{events:?}").replace("\\\\", "");
    for bad in ["\\u{", "\\r", "\u{9b}", "\u{202e}", "\u{2066}"] {
        let found = text.find(bad).map(|at| {
            let start = text[..at].char_indices().rev().nth(200).map_or(0, |(start, _)| start);
            text[start..].chars().take(400).collect::<String>()
        });
        assert_eq!(found, None, "{bad:?}");
    }
}
