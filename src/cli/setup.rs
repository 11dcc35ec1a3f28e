//! The whole onboarding without a screen: every question of the wizard is a flag, and a missing one is
//! named.

use std::sync::Arc;

use crate::domain::credential::{Credential, Secret, TokenStore};
use crate::domain::feed::{Feed, FeedName, ViewName};
use crate::domain::organization::{Collection, ProjectName, Target};
use crate::domain::plan::{ConfigScope, Review, SetupPlan};
use crate::domain::registry::{IndexUrl, RegistryName};
use crate::domain::text;
use crate::error::{Exit, Report};
use crate::task::check::{Checkout, HostTrust};
use crate::task::{Event, LogIn, LoggedIn, Request, Restore, Services};

use super::args::{ConfigFile, Setup, Store};
use super::output::{Printer, SetupOutcome, closed};
use super::run;

/// Names that come close, shown where a feed is not found.
const NEAR: usize = 5;

/// Sets the project up, or says which flag is missing.
pub async fn setup(
    services: Arc<Services>,
    printer: Printer,
    (flags, stdin): (Setup, StandardInput),
) -> Exit {
    let run = Run { services, printer, flags };
    match run.to_the_end(stdin).await {
        Ok(exit) => exit,
        Err(Stop::Said(exit)) => exit,
        Err(Stop::Report(report)) => {
            printer.report(&report);
            report.exit
        }
    }
}

/// Standard input, read once and only where `--with-token` asks for it.
pub type StandardInput = fn() -> std::io::Result<String>;

/// Why it goes no further.
enum Stop {
    /// Already said.
    Said(Exit),
    Report(Box<Report>),
}

impl From<Report> for Stop {
    fn from(report: Report) -> Self {
        Self::Report(Box::new(report))
    }
}

struct Run {
    services: Arc<Services>,
    printer: Printer,
    flags: Setup,
}

impl Run {
    async fn to_the_end(&self, stdin: StandardInput) -> Result<Exit, Stop> {
        let checkout = self.check().await?;
        let target = target(&checkout)?;
        self.require_flags()?;
        let collection = target.collection.clone();
        let credential = self.sign_in(&collection, stdin).await?;
        let feed = self.feed(&target, &credential).await?;
        let plan = self.plan((&checkout, &collection), &feed)?;
        let review = self.review(plan).await?;
        if self.flags.dry_run || !self.flags.yes {
            return self.show(&review);
        }
        self.write(review, (collection, credential), &checkout).await
    }

    async fn check(&self) -> Result<Checkout, Stop> {
        match self.ask(Request::Check).await? {
            Event::Checked(checkout) => match checkout.failure.clone() {
                Some(report) => Err(report.into()),
                None => Ok(*checkout),
            },
            Event::NeedsTrust(hazards) => {
                run::refuse(self.printer, &hazards);
                Err(Stop::Said(Exit::Usage))
            }
            _ => Err(Stop::Said(Exit::Failed)),
        }
    }

    /// Everything that can't be found out, before anything is asked of the network; all of it at once.
    fn require_flags(&self) -> Result<(), Report> {
        let flags = &self.flags;
        let needed = [
            (flags.feed.is_some(), "`--feed NAME`: the feed"),
            (flags.with_token, "`--with-token`: the personal access token is on standard input"),
            (flags.store.is_some(), "`--store file` or `--store none`: where the credential is kept"),
        ];
        let missing: Vec<&str> = needed.iter().filter(|(given, _)| !given).map(|(_, flag)| *flag).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let report = Report::new(Exit::Usage, "flag-missing", "without a screen nothing can be asked");
        Err(report.hint(format!("add {}", missing.join("; "))))
    }

    async fn sign_in(&self, collection: &Collection, stdin: StandardInput) -> Result<Credential, Stop> {
        let text = stdin().map_err(|error| {
            Report::new(Exit::Failed, "no-input", "standard input could not be read").cause(error.to_string())
        })?;
        let token = Secret::new(text.lines().next().unwrap_or_default());
        match self.ask(Request::SignIn { collection: collection.clone(), token }).await? {
            Event::SignedIn { account, credential } => {
                self.printer.say(&format!("signed in to {collection} as {}", account.label()));
                Ok(credential)
            }
            _ => Err(Stop::Said(Exit::Failed)),
        }
    }

    async fn feed(&self, target: &Target, credential: &Credential) -> Result<Feed, Stop> {
        let (name, _) = self.feed_name()?;
        let request =
            Request::Feeds { collection: target.collection.clone(), credential: Some(credential.clone()) };
        let Event::Feeds(feeds) = self.ask(request).await? else { return Err(Stop::Said(Exit::Failed)) };
        let before_name = self.flags.feed.as_deref().and_then(|text| text.rsplit_once('/'));
        let project = self.flags.project.as_deref().or(before_name.map(|(project, _)| project));
        let project = project.and_then(ProjectName::parse);
        let fits = |feed: &&Feed| {
            feed.name == name && project.as_ref().is_none_or(|wanted| project_of(feed) == Some(wanted))
        };
        // Names are unique in an organization (azure-contract 5.6), so that the first one is the only one.
        match feeds.iter().find(fits) {
            Some(feed) => Ok(feed.clone()),
            None => Err(not_found(&name, &feeds).into()),
        }
    }

    /// `NAME` and `VIEW` of `--feed NAME@VIEW`.
    fn feed_name(&self) -> Result<(FeedName, Option<ViewName>), Report> {
        let text = self.flags.feed.as_deref().unwrap_or_default();
        // As the screens and the hints write it.
        let text = text.rsplit_once('/').map_or(text, |(_, name)| name);
        let (name, view) = match text.split_once('@') {
            Some((name, view)) => (name, Some(view)),
            None => (text, None),
        };
        let name = FeedName::parse(name).map_err(|error| {
            Report::new(Exit::Usage, "feed-name", error.to_string())
                .hint("name an existing feed with `--feed`")
        })?;
        let view = view.map(|view| {
            ViewName::parse(view).ok_or_else(|| {
                Report::new(Exit::Usage, "view-name", "what follows `@` in `--feed` names no view")
                    .hint("leave it out, or name a view such as `Local`")
            })
        });
        Ok((name, view.transpose()?))
    }

    fn plan(&self, (checkout, collection): (&Checkout, &Collection), feed: &Feed) -> Result<SetupPlan, Stop> {
        let (_, view) = self.feed_name()?;
        let index = IndexUrl::for_feed(collection, feed, view.as_ref());
        let scope = match (self.flags.config, &checkout.workspace) {
            (Some(ConfigFile::Project), _) | (None, Some(_)) => ConfigScope::Project,
            (Some(ConfigFile::User), _) | (None, None) => ConfigScope::User,
        };
        let replace_crates_io = !self.flags.no_replace_crates_io;
        if replace_crates_io && !feed.has_crates_io() {
            return Err(Report::new(
                Exit::Failed,
                "no-crates-io-upstream",
                format!(
                    "the feed `{}` has no crates.io upstream and cannot stand in for crates.io",
                    feed.label()
                ),
            )
            .hint("choose another feed, or leave crates.io as it is with `--no-replace-crates-io`")
            .into());
        }
        let store = match self.flags.store {
            Some(Store::None) => TokenStore::ThisRunOnly,
            Some(Store::File) | None => TokenStore::PlainFile,
        };
        Ok(SetupPlan {
            scope,
            registry: self.registry(checkout, (feed, &index))?,
            index,
            replace_crates_io,
            store,
            publish: None,
        })
    }

    /// The name of `--registry`; or the one that the index has already; or one made from the feed's.
    fn registry(
        &self,
        checkout: &Checkout,
        (feed, index): (&Feed, &IndexUrl),
    ) -> Result<RegistryName, Report> {
        if let Some(name) = &self.flags.registry {
            return RegistryName::parse(name).map_err(|error| {
                Report::new(Exit::Usage, "registry-name", error.to_string())
                    .hint("name it with `--registry NAME`")
            });
        }
        let existing = checkout.registries.iter().find(|(_, other)| other == index);
        Ok(existing.map_or_else(|| RegistryName::suggest(&feed.name), |(name, _)| name.clone()))
    }

    async fn review(&self, plan: SetupPlan) -> Result<Review, Stop> {
        match self.ask(Request::Review(plan)).await? {
            Event::Reviewed(review) => Ok(review),
            _ => Err(Stop::Said(Exit::Failed)),
        }
    }

    /// Without `--yes` nothing is written; without `--dry-run` either, the missing flag is named.
    fn show(&self, review: &Review) -> Result<Exit, Stop> {
        self.printer.review(review).map_err(|error| closed(&error))?;
        if self.flags.dry_run {
            return Ok(Exit::Done);
        }
        Err(missing("nothing was written: these changes need your yes", "add `--yes`").into())
    }

    async fn write(
        &self,
        review: Review,
        (collection, credential): (Collection, Credential),
        checkout: &Checkout,
    ) -> Result<Exit, Stop> {
        let plan = review.plan.clone();
        // Proved before anything is written: a credential that the feed refuses changes nothing.
        let request = LogIn { collection, credential: credential.clone(), plan: plan.clone() };
        let Event::LoggedIn(logged_in) = self.ask(Request::LogIn(request)).await? else {
            return Err(Stop::Said(Exit::Failed));
        };
        let Event::Applied(written) = self.ask(Request::Apply(review)).await? else {
            return Err(Stop::Said(Exit::Failed));
        };
        let LoggedIn { kept_in, public } = logged_in;
        let outcome = SetupOutcome { plan: &plan, written: &written, kept_in: kept_in.as_deref(), public };
        self.printer.setup(&outcome).map_err(|error| closed(&error))?;
        if checkout.workspace.is_none() {
            return Ok(Exit::Done);
        }
        let credential = (plan.store == TokenStore::ThisRunOnly).then_some((plan.registry, credential));
        let restore = Restore { locked: false, credential };
        Ok(run::fetch_checked(self.services.clone(), self.printer, restore).await)
    }

    /// One request, and its one answer.
    async fn ask(&self, request: Request) -> Result<Event, Stop> {
        match run::answer(self.services.clone(), request).await {
            Event::Failed(report) => Err(Stop::Report(report)),
            Event::Cancelled => Err(Stop::Said(Exit::Interrupted)),
            event => Ok(event),
        }
    }
}

/// The organization of `--org`, or the first known one that something names.
fn target(checkout: &Checkout) -> Result<Target, Report> {
    let known = checkout.guesses.iter().find(|guess| guess.host == HostTrust::Known);
    known.map(|guess| guess.target.clone()).ok_or_else(|| {
        missing("no organization is named, and nothing here names one", "name it with `--org ORG`")
    })
}

fn project_of(feed: &Feed) -> Option<&ProjectName> {
    feed.project.as_ref().map(|project| &project.name)
}

fn missing(what: &str, flag: &str) -> Report {
    Report::new(Exit::Usage, "flag-missing", what).hint(flag)
}

fn not_found(name: &FeedName, feeds: &[Feed]) -> Report {
    let report = Report::new(
        Exit::NotFound,
        "feed-not-found",
        format!("you can see no feed `{}`", text::clean(name.as_str())),
    );
    let wanted = name.as_str().to_lowercase();
    let near = feeds.iter().filter(|feed| {
        let name = feed.name.as_str().to_lowercase();
        name.contains(&wanted) || wanted.contains(&name)
    });
    let near: Vec<String> = near.take(NEAR).map(Feed::label).collect();
    if near.is_empty() {
        report.hint("check the name, or ask for access to the feed")
    } else {
        report.hint(format!("there are {}", near.join(", ")))
    }
}
