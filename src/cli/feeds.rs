//! `feeds`: what the wizard's list of feeds shows, as lines or as one object.

use std::sync::Arc;

use crate::domain::feed::{Feed, FeedAddress};
use crate::domain::organization::{Collection, Target};
use crate::error::{Exit, Report};
use crate::task::check::HostTrust;
use crate::task::feeds::DetailsOf;
use crate::task::{Event, Request, Services};

use super::args::{Auth, Feeds};
use super::output::{ListedFeed, Printer, closed};
use super::run;
use super::setup::StandardInput;
use super::signing_in::{self, Asking, Ended};

/// Lists the feeds that the person can see, or shows one of them with its views.
pub async fn feeds(
    services: Arc<Services>,
    printer: Printer,
    (flags, stdin): (Feeds, StandardInput),
) -> Exit {
    let run = Run { services, printer, flags };
    match run.to_the_end(stdin).await {
        Ok(()) => Exit::Done,
        Err(Stop::Said(exit)) => exit,
        Err(Stop::Report(report)) => {
            printer.report(&report);
            report.exit
        }
    }
}

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
    flags: Feeds,
}

impl Run {
    async fn to_the_end(&self, stdin: StandardInput) -> Result<(), Stop> {
        let address = self.flags.feed.as_deref().map(parse).transpose()?;
        let Target { collection, .. } = self.target().await?;
        let asking = self.sign_in(&collection, stdin).await?;
        if let Some(address) = address {
            return self.one(collection, asking, address).await;
        }
        let (named, credential) = (collection.clone(), asking.credential.clone());
        let feeds = match self.ask(Request::Feeds { collection, credential }).await {
            Err(Stop::Report(report)) if asking.credential.is_none() => return Err(unsigned(*report).into()),
            answer => match answer? {
                Event::Feeds(feeds) => feeds,
                _ => return Err(Stop::Said(Exit::Failed)),
            },
        };
        let listed: Vec<ListedFeed<'_>> =
            feeds.iter().map(|feed| ListedFeed { collection: &named, feed, details: None }).collect();
        Ok(self.printer.feeds(&named, &listed).map_err(|error| closed(&error))?)
    }

    /// The organization of `--org`, or the first known one that something here names.
    async fn target(&self) -> Result<Target, Stop> {
        let checkout = match self.ask(Request::Check).await? {
            Event::Checked(checkout) => checkout,
            Event::NeedsTrust(hazards) => {
                run::refuse(self.printer, &hazards);
                return Err(Stop::Said(Exit::Usage));
            }
            _ => return Err(Stop::Said(Exit::Failed)),
        };
        // A Cargo that is missing or too old lists no fewer feeds.
        let known = checkout.guesses.iter().find(|guess| guess.host == HostTrust::Known);
        let target = self.services.named.clone().or_else(|| known.map(|guess| guess.target.clone()));
        Ok(target.ok_or_else(|| {
            let what = "no organization is named, and nothing here names one";
            Report::new(Exit::Usage, "flag-missing", what).hint("name it with `--org ORG`")
        })?)
    }

    /// What a flag says, or the token of standard input, or the one that Cargo has for a feed there, or none.
    async fn sign_in(&self, collection: &Collection, stdin: StandardInput) -> Result<Asking, Stop> {
        let Some(auth) = self.flags.auth.or(self.flags.with_token.then_some(Auth::Pat)) else {
            return match self.ask(Request::StoredCredential(collection.clone())).await? {
                Event::StoredCredential(stored) => {
                    let credential = stored.map(|stored| stored.credential);
                    if credential.is_some() {
                        signing_in::warn_of_http(&self.services, self.printer, collection);
                    }
                    Ok(Asking { credential, account: None })
                }
                _ => Err(Stop::Said(Exit::Failed)),
            };
        };
        if auth == Auth::Nobody && self.flags.with_token {
            let what = "`--auth none` signs nobody in, and `--with-token` brings a token";
            return Err(Report::new(Exit::Usage, "usage", what).hint("leave one of them out").into());
        }
        if auth == Auth::Pat && !self.flags.with_token {
            let what = "a personal access token is read from standard input, and that was not asked for";
            let hint = "add `--with-token`, and the token on standard input";
            return Err(Report::new(Exit::Usage, "flag-missing", what).hint(hint).into());
        }
        let wanted = (collection, auth, stdin);
        match signing_in::sign_in(&self.services, self.printer, wanted).await {
            Ok(asking) => Ok(asking),
            Err(Ended::Report(report)) => Err(Stop::Report(report)),
            Err(Ended::Cancelled) => Err(Stop::Said(Exit::Interrupted)),
        }
    }

    async fn one(&self, collection: Collection, asking: Asking, address: FeedAddress) -> Result<(), Stop> {
        let Asking { credential, account } = asking;
        let is_somebody = credential.is_some();
        let request =
            Request::FindFeed { collection: collection.clone(), credential: credential.clone(), address };
        let feed: Feed = match self.ask(request).await {
            Ok(Event::FeedFound(feed)) => *feed,
            Ok(_) => return Err(Stop::Said(Exit::Failed)),
            Err(Stop::Report(report)) if !is_somebody => return Err(unsigned(*report).into()),
            Err(stop) => return Err(stop),
        };
        let of = DetailsOf { collection: collection.clone(), credential, account, feed: feed.clone() };
        let Event::FeedDetails(details) = self.ask(Request::FeedDetails(Box::new(of))).await? else {
            return Err(Stop::Said(Exit::Failed));
        };
        let listed = ListedFeed { collection: &collection, feed: &feed, details: Some(&details) };
        Ok(self.printer.feeds(&collection, &[listed]).map_err(|error| closed(&error))?)
    }

    /// One request, and its one answer.
    async fn ask(&self, request: Request) -> Result<Event, Stop> {
        match run::answer(self.services.clone(), request).await.event {
            Event::Failed(report) => Err(Stop::Report(report)),
            Event::Cancelled => Err(Stop::Said(Exit::Interrupted)),
            event => Ok(event),
        }
    }
}

fn parse(text: &str) -> Result<FeedAddress, Report> {
    FeedAddress::parse(text).map_err(|error| {
        Report::new(Exit::Usage, "feed-name", error.to_string()).hint("name it as `NAME` or `PROJECT/NAME`")
    })
}

/// What nobody in particular is refused, with the way to come as somebody.
fn unsigned(report: Report) -> Report {
    match report.exit {
        Exit::SignIn | Exit::NotAllowed | Exit::NotFound => report.hint(
            "give a personal access token with `--with-token`; one that Cargo has is used with `--org ORG`",
        ),
        _ => report,
    }
}
