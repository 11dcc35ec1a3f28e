//! The whole onboarding without a screen: every question of the wizard is a flag, and the missing ones are
//! named all at once.

mod feeds;
mod pat;
mod store;
mod wishes;

use std::sync::Arc;

use crate::domain::account::Account;
use crate::domain::credential::{Credential, TokenStore};
use crate::domain::feed::{Feed, FeedAddress, FeedDetails, FeedName};
use crate::domain::new_feed::{NewFeed, RequestPreview};
use crate::domain::new_pat::PatLeft;
use crate::domain::organization::{Collection, ProjectName, Target};
use crate::domain::plan::{ConfigScope, OtherReplacement, PublishRegistry, Review, SetupPlan};
use crate::domain::registry::{IndexUrl, RegistryName};
use crate::domain::text;
use crate::error::{Exit, Report};
use crate::task::check::{Checkout, HostTrust};
use crate::task::connect::Agreed;
use crate::task::create_feed::{Change, MadeFeed, NewFeeds};
use crate::task::feeds::DetailsOf;
use crate::task::{Event, LogIn, LoggedIn, Request, Restore, Services};

use super::args::{Auth, ConfigFile, Setup};
use super::output::{DryRun, Printer, SetupOutcome, closed};
use super::run;
use super::signing_in::{self, Asking, Ended};
pub(super) use feeds::{Feeds, Wanted};
use wishes::Wishes;

/// Sets the project up, or says which flags are missing.
pub async fn setup(
    services: Arc<Services>,
    printer: Printer,
    (flags, stdin): (Setup, StandardInput),
) -> Exit {
    let flags = filled(flags, services.named.as_ref());
    let store = wishes::store(&flags);
    let mut run = Run { services, printer, flags, store };
    match run.finish(stdin).await {
        Ok(exit) => exit,
        Err(Stop::Said(exit)) => exit,
        Err(Stop::Report(report)) => {
            printer.report(&report);
            report.exit
        }
    }
}

/// The flags with what the address of `--org` names beside the organization: nothing is asked for twice.
fn filled(mut flags: Setup, named: Option<&Target>) -> Setup {
    if let (None, Some(Target { project, feed: Some(feed), view, .. })) = (&flags.feed, named) {
        let view = view.as_ref().map(|view| format!("@{view}")).unwrap_or_default();
        flags.feed = Some(format!("{feed}{view}"));
        flags.project = flags.project.take().or_else(|| project.as_ref().map(ToString::to_string));
    }
    flags
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

impl From<Ended> for Stop {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Report(report) => Self::Report(report),
            Ended::Cancelled => Self::Said(Exit::Interrupted),
        }
    }
}

/// The person, signed in.
struct SignedIn {
    collection: Collection,
    /// `None`: nobody in particular, who reads a public feed.
    credential: Option<Credential>,
    account: Option<Account>,
}

impl Stop {
    /// What fails after the credential was kept says so.
    fn after(self, logged_in: &LoggedIn) -> Self {
        match (self, &logged_in.kept_in) {
            (Self::Report(report), Some(path)) => {
                let report = (*report).detail(format!("the credential is in `{path}` already"));
                logged_in.replaced.iter().map(PatLeft::words).fold(report, Report::detail).into()
            }
            (stop, _) => stop,
        }
    }
}

struct Run {
    services: Arc<Services>,
    printer: Printer,
    flags: Setup,
    store: TokenStore,
}

impl Run {
    async fn finish(&mut self, stdin: StandardInput) -> Result<Exit, Stop> {
        let wishes = Wishes::of(&self.flags)?;
        let checkout = self.check().await?;
        let target = target(&checkout);
        let store = self.settle_store(&checkout, (&wishes, target)).await?;
        wishes.require(&self.flags, (target, store.as_deref()))?;
        // Both are there once nothing is missing.
        let (Some(target), Some(_)) = (target, &wishes.feed) else { return Err(Stop::Said(Exit::Usage)) };
        // What a variable holds is known once it is read: a job's token is kept nowhere.
        let is_variables = self.flags.auth == Auth::Env;
        if !is_variables {
            self.find_keyring(target).await?;
        }
        let person = self.sign_in(&target.collection, stdin).await?;
        if is_variables && matches!(person.credential, Some(Credential::Pat(_))) {
            self.find_keyring(target).await?;
        }
        let mut feeds = self.feeds(&person, (&wishes, target)).await?;
        let review = self.review(&checkout, &person.collection, (&wishes, &feeds)).await?;
        let mut requests = self.requests(&person, feeds.to_make()).await?;
        requests.extend(self.pat_request(&person).await?);
        if person.credential.is_none() {
            self.prove_open(&person.collection, &review.plan).await?;
        }
        if self.flags.dry_run {
            let signed_in = person.credential.is_some();
            let run = DryRun { feeds: &feeds, requests: &requests, review: &review, signed_in };
            self.printer.dry_run(&run).map_err(|error| closed(&error))?;
            return Ok(Exit::Done);
        }
        for made in self.make(&person, feeds.to_make()).await? {
            feeds.made(&made);
        }
        // Once more: what was made may be spelt as the service has it.
        let review = self.review(&checkout, &person.collection, (&wishes, &feeds)).await?;
        self.write(review, person, &checkout).await
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

    async fn sign_in(&self, collection: &Collection, stdin: StandardInput) -> Result<SignedIn, Stop> {
        let wanted = (collection, self.flags.auth, stdin);
        let Asking { account, credential } =
            signing_in::sign_in(&self.services, self.printer, wanted).await?;
        let kept = credential.as_ref().filter(|_| self.flags.pat_days.is_none());
        let note = kept.and_then(|credential| signing_in::lasting(credential, self.store));
        if let Some(note) = note {
            self.printer.say(&format!("note: {note}"));
        }
        Ok(SignedIn { collection: collection.clone(), credential, account })
    }

    /// The feeds that are there and those to be made; one that is there is what was asked for.
    async fn feeds(&self, person: &SignedIn, (wishes, target): (&Wishes, &Target)) -> Result<Feeds, Stop> {
        let Some(name) = &wishes.feed else { return Err(Stop::Said(Exit::Usage)) };
        let known = self.known(person, (name, wishes.project.as_ref())).await?;
        let new = wishes.new_feed(&self.flags, target);
        let mut consume = feeds::consumed((name, wishes.project.as_ref()), new.as_ref(), &known)?;
        let publish = wishes.publish.as_ref();
        let publish = publish.map(|name| feeds::published(name, new.as_ref(), &known)).transpose()?;
        let details = match &mut consume {
            Wanted::There(feed) if new.is_some() || wishes.view.is_some() || !feed.upstreams_told => {
                let details = self.details(person, feed).await?;
                feed.take(&details);
                Some(details)
            }
            _ => None,
        };
        if let (Wanted::There(feed), Some(new), Some(details)) = (&consume, &new, &details) {
            feeds::compare((feed, details), new, &person.collection)?;
            self.printer.say(&format!("the feed {} is there already, as asked for", feed.label()));
        }
        let view = wishes.view.as_ref();
        let view = view.map(|view| feeds::view(view, &consume, details.as_ref())).transpose()?;
        if wishes.replace_crates_io && !consume.has_crates_io() {
            return Err(cannot_replace(&consume).into());
        }
        Ok(Feeds { consume, view, publish })
    }

    /// The feeds that there are. Where nobody in particular may not list them, the one that is asked for.
    async fn known(
        &self,
        person: &SignedIn,
        (name, project): (&FeedName, Option<&ProjectName>),
    ) -> Result<Vec<Feed>, Stop> {
        let (collection, credential) = (person.collection.clone(), person.credential.clone());
        let is_somebody = credential.is_some();
        let found = match self.ask(Request::Feeds { collection: collection.clone(), credential }).await {
            Ok(Event::Feeds(known)) if is_somebody || known.iter().any(|feed| feed.name == *name) => {
                return Ok(known);
            }
            Ok(Event::Feeds(_)) | Err(Stop::Report(_)) if !is_somebody => {
                let address = FeedAddress { project: project.cloned(), name: name.clone(), view: None };
                self.ask(Request::FindFeed { collection, credential: None, address }).await
            }
            listed => listed,
        };
        match found {
            Ok(Event::FeedFound(feed)) => Ok(vec![*feed]),
            Ok(_) => Err(Stop::Said(Exit::Failed)),
            Err(Stop::Report(report)) if !is_somebody => Err(somebody_needed(*report).into()),
            Err(stop) => Err(stop),
        }
    }

    /// Whether nobody in particular gets an answer of the feed, as Cargo will ask it.
    async fn prove_open(&self, collection: &Collection, plan: &SetupPlan) -> Result<(), Stop> {
        let request = Request::Probe { collection: collection.clone(), index: plan.index.clone() };
        if let Event::Probed { open: true } = self.ask(request).await? {
            return Ok(());
        }
        let words = format!("{} does not answer without signing in", plan.index.shown());
        Err(somebody_needed(Report::new(Exit::SignIn, "feed-not-public", words)).into())
    }

    async fn details(&self, person: &SignedIn, feed: &Feed) -> Result<FeedDetails, Stop> {
        let of = DetailsOf {
            collection: person.collection.clone(),
            credential: person.credential.clone(),
            account: person.account.clone(),
            feed: feed.clone(),
        };
        match self.ask(Request::FeedDetails(Box::new(of))).await? {
            Event::FeedDetails(details) => Ok(details),
            _ => Err(Stop::Said(Exit::Failed)),
        }
    }

    /// The requests that would make the feeds.
    async fn requests(&self, person: &SignedIn, feeds: Vec<NewFeed>) -> Result<Vec<RequestPreview>, Stop> {
        let Some(new) = new_feeds(person, feeds) else { return Ok(Vec::new()) };
        match self.ask(Request::PlanFeeds(Box::new(new))).await? {
            Event::Previewed(requests) => Ok(requests),
            _ => Err(Stop::Said(Exit::Failed)),
        }
    }

    /// Makes the feeds, and tells of each at once: what is there is known even if the next step fails. A feed that
    /// falls short of the plan ends the run, and nothing else is changed; the same command goes on from there.
    async fn make(&self, person: &SignedIn, feeds: Vec<NewFeed>) -> Result<Vec<Feed>, Stop> {
        let Some(new) = new_feeds(person, feeds) else { return Ok(Vec::new()) };
        let change = Change::Create(new);
        let (mut made, mut end) = (Vec::new(), Event::Cancelled);
        let exit = run::follow(self.services.clone(), Request::Change(Box::new(change)), |event| {
            if let Event::FeedMade(feed) = event {
                let printed = self.printer.feed_made(&feed);
                made.push(*feed);
                return printed.map(|()| None);
            }
            if event.is_last() {
                end = event;
            }
            Ok(None)
        });
        exit.await;
        let shortfalls: Vec<Report> = made.iter().flat_map(|made| made.shortfalls.clone()).collect();
        match end {
            Event::Failed(report) => Err(Stop::Report(report)),
            Event::FeedsMade => match worst(self.printer, shortfalls) {
                Some(report) => Err(report.into()),
                None => Ok(made.into_iter().map(|MadeFeed { feed, .. }| feed).collect()),
            },
            _ => Err(Stop::Said(Exit::Interrupted)),
        }
    }

    fn plan(
        &self,
        (checkout, collection): (&Checkout, &Collection),
        (wishes, feeds): (&Wishes, &Feeds),
    ) -> Result<SetupPlan, Report> {
        let scope = match (self.flags.config, &checkout.workspace) {
            (Some(ConfigFile::Project), _) | (None, Some(_)) => ConfigScope::Project,
            (Some(ConfigFile::User), _) | (None, None) => ConfigScope::User,
        };
        let index = feeds.consume.index(collection, feeds.view.as_ref());
        let registry = wishes.registry.clone().unwrap_or_else(|| name_for(checkout, &feeds.consume, &index));
        let publish = feeds.publish.as_ref().map(|feed| {
            let index = feed.index(collection, None);
            PublishRegistry { name: name_for(checkout, feed, &index), index }
        });
        if publish.as_ref().is_some_and(|publish| publish.name.env_name() == registry.env_name()) {
            let words = format!("the registry for publishing is called `{registry}` too");
            return Err(Report::new(Exit::Usage, "registry-name", words)
                .hint("choose another name with `--registry NAME`"));
        }
        Ok(SetupPlan {
            scope,
            registry,
            index,
            replace_crates_io: wishes.replace_crates_io,
            store: self.store,
            publish,
        })
    }

    async fn review(
        &self,
        checkout: &Checkout,
        collection: &Collection,
        (wishes, feeds): (&Wishes, &Feeds),
    ) -> Result<Review, Stop> {
        let plan = self.plan((checkout, collection), (wishes, feeds))?;
        let gives_way = self.flags.overwrite_replacement;
        let request =
            if gives_way { Request::ReviewOver(plan, Agreed::ToAny) } else { Request::Review(plan) };
        match self.ask(request).await? {
            Event::Reviewed(mut review) => {
                review.notes.extend(notes(wishes, feeds));
                Ok(review)
            }
            Event::Replaced(other) => Err(replaced(&other).into()),
            _ => Err(Stop::Said(Exit::Failed)),
        }
    }

    async fn write(&self, review: Review, person: SignedIn, checkout: &Checkout) -> Result<Exit, Stop> {
        let plan = review.plan.clone();
        let SignedIn { collection, credential, account } = person;
        // Proved before anything is written: a credential that the feed refuses changes nothing.
        let (logged_in, logging_in_was_stopped) = match credential.clone() {
            Some(credential) => {
                let who = Some(account.map(|account| account.label()).unwrap_or_default());
                let pat_days = self.flags.pat_days;
                let request = LogIn { collection, credential, who, plan: plan.clone(), pat_days };
                let (Event::LoggedIn(logged_in), stopped) = self.do_it(Request::LogIn(request)).await? else {
                    return Err(Stop::Said(Exit::Failed));
                };
                (logged_in, stopped)
            }
            // It has answered without one, and there is nothing to keep.
            None => (LoggedIn::as_nobody(), false),
        };
        // The credential is kept: the rest of what was agreed to goes with it.
        let applied = self.do_it(Request::Apply(review)).await.map_err(|stop| stop.after(&logged_in))?;
        let (Event::Applied(written), writing_was_stopped) = applied else {
            return Err(Stop::Said(Exit::Failed));
        };
        let LoggedIn { kept_in, left, public, pat, replaced, .. } = logged_in;
        if let Some(left) = &left {
            self.printer.say(&format!("note: {left}"));
        }
        let signed_in = credential.is_some();
        let outcome = SetupOutcome {
            plan: &plan,
            written: &written,
            kept_in: kept_in.as_ref(),
            pat: pat.as_ref(),
            replaced: &replaced,
            public,
            signed_in,
        };
        self.printer.setup(&outcome).map_err(|error| closed(&error))?;
        if logging_in_was_stopped || writing_was_stopped {
            return Ok(Exit::Interrupted);
        }
        if checkout.workspace.is_none() {
            return Ok(Exit::Done);
        }
        let credential = credential.filter(|_| plan.store == TokenStore::ThisRunOnly);
        let credential = credential.map(|credential| (plan.registry, credential));
        let restore = Restore { credential, ..Restore::default() };
        Ok(run::fetch_checked(self.services.clone(), self.printer, restore).await)
    }

    /// One request, and its one answer.
    async fn ask(&self, request: Request) -> Result<Event, Stop> {
        match self.do_it(request).await? {
            (_, true) => Err(Stop::Said(Exit::Interrupted)),
            (event, false) => Ok(event),
        }
    }

    /// The same, for what is not cancelled: with whether the person has asked to stop meanwhile.
    async fn do_it(&self, request: Request) -> Result<(Event, bool), Stop> {
        let answer = run::answer(self.services.clone(), request).await;
        match answer.event {
            Event::Failed(report) => Err(Stop::Report(report)),
            Event::Cancelled => Err(Stop::Said(Exit::Interrupted)),
            event => Ok((event, answer.interrupted)),
        }
    }
}

/// The organization of `--org`, or the first known one that something names.
fn target(checkout: &Checkout) -> Option<&Target> {
    let known = checkout.guesses.iter().find(|guess| guess.host == HostTrust::Known);
    known.map(|guess| &guess.target)
}

/// `None` where there is nothing to make; the flags have seen to it that there is somebody who makes it.
fn new_feeds(person: &SignedIn, feeds: Vec<NewFeed>) -> Option<NewFeeds> {
    let credential = person.credential.clone().filter(|_| !feeds.is_empty())?;
    Some(NewFeeds { collection: person.collection.clone(), credential, feeds })
}

/// What nobody in particular is refused, with the way to come as somebody.
fn somebody_needed(report: Report) -> Report {
    match report.exit {
        Exit::SignIn | Exit::NotAllowed | Exit::NotFound => {
            report.hint("sign in: take another `--auth`, such as `pat` with `--with-token`")
        }
        _ => report,
    }
}

/// The name that the index has already, or one made from the feed's.
fn name_for(checkout: &Checkout, feed: &Wanted, index: &IndexUrl) -> RegistryName {
    let existing = checkout.registries.iter().find(|(_, other)| other == index);
    existing.map_or_else(|| RegistryName::suggest(feed.name()), |(name, _)| name.clone())
}

/// The report to end with; the others are said before it.
fn worst(printer: Printer, shortfalls: Vec<Report>) -> Option<Report> {
    let mut shortfalls = shortfalls.into_iter();
    let first = shortfalls.next()?;
    for other in shortfalls {
        printer.say(&format!("{other}\n"));
    }
    Some(first.detail("nothing else was changed; run the same command again to go on from here"))
}

fn cannot_replace(feed: &Wanted) -> Report {
    let headline =
        format!("the feed `{}` has no crates.io upstream and cannot stand in for crates.io", feed.label());
    Report::new(Exit::Failed, "no-crates-io-upstream", headline)
        .hint("choose another feed, or leave crates.io as it is with `--no-replace-crates-io`; the feed's owner adds crates.io in `az-cargo-wizard`, with `p` on the feed")
}

fn replaced(other: &OtherReplacement) -> Report {
    let file = text::clean(&other.file.to_string_lossy());
    let line = other.line.map_or(String::new(), |line| format!(" (line {line})"));
    let headline = format!("crates.io is already replaced by `{}` in `{file}`{line}", other.name);
    Report::new(Exit::Failed, "other-replacement", headline)
        .cause(format!("`{}` is {}", other.name, other.what))
        .detail(other.effect.clone())
        .hint(
            "leave crates.io as it is with `--no-replace-crates-io`, or agree to that with \
             `--overwrite-replacement`",
        )
}

/// What the flags and the feeds together should make one think of; each a sentence.
fn notes(wishes: &Wishes, feeds: &Feeds) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(view) = feeds.view.as_ref().filter(|view| wishes::is_partial(view)) {
        let view = text::clean(view.as_str());
        notes.push(if wishes.replace_crates_io {
            format!("@{view} holds promoted crates only: every other crate will be missing.")
        } else {
            format!(
                "@{view} holds promoted crates only, so crates.io stays as it is; `--replace-crates-io` has it \
                 stand in all the same."
            )
        });
    }
    if let Some(feed) = feeds.publish.as_ref().filter(|feed| feed.has_crates_io()) {
        notes.push(format!(
            "{} takes crates from crates.io too: a feed without upstream sources keeps your own crates apart.",
            feed.label()
        ));
    }
    notes
}
