//! What the service tells: who the credential belongs to, whether the feed takes it, what one may do there, and what
//! time it is.

use std::sync::Arc;

use crate::azure::{Azure, AzureError, IndexProof};
use crate::domain::account::Account;
use crate::domain::credential::Credential;
use crate::domain::feed::{Condition, Feed, FeedName, Role};
use crate::error::{Exit, Report};
use crate::task::check::{HostTrust, InForce};
use crate::task::services::Services;
use crate::task::{Event, Events, feeds, sign_in};

use super::local::log_in;
use super::{Check, Diagnosis, without_feed};

/// Differences that tokens bear, and that a person need not know of, in seconds.
const EXACT: u64 = 60;
const BEARABLE: u64 = 300;

/// Asks what only the service knows; where it may not be asked, says why. Whether the feed answers everyone.
pub(super) async fn ask(services: &Arc<Services>, events: &Events, in_force: Option<&InForce>) -> bool {
    let tell = |lines: Vec<Diagnosis>| async move {
        for line in lines {
            events.send(Event::Diagnosed(line)).await;
        }
    };
    let Some(feed) = in_force else {
        tell(Check::OF_SERVICE.into_iter().map(without_feed).collect()).await;
        return false;
    };
    if feed.host == HostTrust::Unknown {
        let remedy =
            format!("if it is yours: az-cargo-wizard doctor --org {}", feed.target.collection.base());
        let line = |check: Check| check.unknown("nobody has named that host", Some(remedy.clone()));
        tell(Check::OF_SERVICE.into_iter().map(line).collect()).await;
        return false;
    }
    let (azure, credential) = match reach(services, feed).await {
        Ok(reached) => reached,
        Err(report) => {
            tell(Check::OF_SERVICE.into_iter().map(|check| check.of_report(&report)).collect()).await;
            return false;
        }
    };
    let asked = Asked { azure: &azure, credential: credential.as_ref(), feed };
    let ((account, line), answers_everyone) = tokio::join!(asked.who(), async {
        let (line, answers_everyone) = asked.accepted().await;
        tell(vec![line]).await;
        answers_everyone
    });
    tell(vec![line]).await;
    tell(asked.of_feed(account.as_ref()).await).await;
    tell(vec![clock(azure.clock_ahead())]).await;
    answers_everyone
}

async fn reach(services: &Arc<Services>, feed: &InForce) -> Result<(Azure, Option<Credential>), Report> {
    let collection = feed.target.collection.clone();
    let credential = match feeds::stored(services, collection.clone()).await? {
        Event::StoredCredential(stored) => stored.map(|stored| stored.credential),
        _ => None,
    };
    Ok((services.azure(collection, credential.clone())?, credential))
}

/// What is asked, of whom and as whom.
struct Asked<'a> {
    azure: &'a Azure,
    credential: Option<&'a Credential>,
    feed: &'a InForce,
}

impl Asked<'_> {
    async fn who(&self) -> (Option<Account>, Diagnosis) {
        let check = Check::SignedIn;
        if self.credential.is_none() {
            return (None, check.note("nobody: this tool has no credential for the organization"));
        }
        match self.azure.who_am_i().await {
            Ok(account) => {
                let line = check.good(account.label());
                (Some(account), line)
            }
            Err(error) => (None, self.explain(check, error).await),
        }
    }

    /// What Cargo's own request comes to, and whether anybody's does.
    async fn accepted(&self) -> (Diagnosis, bool) {
        let proof = self.azure.prove_index(&self.feed.registry.index).await;
        let answers_everyone = proof.as_ref().is_ok_and(|proof| proof.anonymous_ok);
        (self.answer(proof).await, answers_everyone)
    }

    async fn answer(&self, proof: Result<IndexProof, AzureError>) -> Diagnosis {
        let check = Check::Accepted;
        match (proof, self.credential) {
            (Ok(proof), None) if proof.anonymous_ok => {
                check.good("it answers everyone: no credential is needed")
            }
            (Ok(proof), Some(_)) if proof.anonymous_ok => {
                check.good("it takes the credential, and answers everyone, too, so Cargo sends none")
            }
            (Ok(_), _) if self.feed.token_in.is_none() => check.note(
                "it takes the credential that this tool has for the organization, but Cargo has none to send",
            ),
            (Ok(_), _) => check.good("it takes the credential"),
            (Err(error), None) if error.is_refusal() => {
                if self.feed.token_in.is_some() {
                    let why = "only the configured provider has the credential";
                    return check.unknown(why, None);
                }
                check.failed(Exit::SignIn, "it asks for a credential", log_in(self.feed))
            }
            (Err(error), _) => self.explain(check, error).await,
        }
    }

    /// Role and upstream sources.
    async fn of_feed(&self, account: Option<&Account>) -> Vec<Diagnosis> {
        let both = [Check::Role, Check::Upstreams];
        let Some(name) = &self.feed.target.feed else { return both.map(without_feed).into() };
        let found = self.azure.feed(name.as_str(), self.feed.target.project.as_ref()).await;
        let feed = match found {
            Ok(feed) => feed,
            Err(error) => return self.not_told(&both, name, error).await,
        };
        let details = self.azure.feed_details(&feed, account).await;
        let role = details.as_ref().ok().and_then(|details| details.role).or(feed.role);
        let upstreams = details.ok().and_then(|details| details.upstreams).unwrap_or(feed.upstreams.clone());
        let feed = Feed { upstreams, role, ..feed };
        vec![Self::role(&feed), self.upstreams(&feed)]
    }

    async fn not_told(&self, both: &[Check], name: &FeedName, error: AzureError) -> Vec<Diagnosis> {
        let report = sign_in::explain(self.azure, error, self.credential).await;
        let line = |check: &Check| match report.exit {
            Exit::NotFound => {
                check.failed(Exit::NotFound, format!("there is no feed `{name}`"), "az-cargo-wizard feeds")
            }
            Exit::Network => check.of_report(&report),
            _ => check.unknown(&report.headline, report.hint.clone()),
        };
        both.iter().map(line).collect()
    }

    fn role(feed: &Feed) -> Diagnosis {
        let check = Check::Role;
        if feed.condition != Condition::Sound {
            let text = format!("the feed is in the state `{}`", feed.condition.word());
            return check.warning(text, "ask an owner of the feed");
        }
        match feed.role {
            Some(role) if role.saves_upstream_crates() => {
                check.good(format!("{}: crates are saved on first use", role.label()))
            }
            Some(role) => {
                let text = format!("{}: crates that nobody has saved yet will fail", role.label());
                check.warning(
                    text,
                    format!("ask an owner of the feed for the role {}", Role::Collaborator.label()),
                )
            }
            None => check.note("reader or more: the service does not tell which"),
        }
    }

    fn upstreams(&self, feed: &Feed) -> Diagnosis {
        let check = Check::Upstreams;
        match feed.crates_io() {
            Some(true) => check.good("crates.io"),
            Some(false) if self.feed.registry.replaces_crates_io => {
                let text = "no crates.io, though the feed stands in for it: only its own crates are found";
                check.warning(text, "az-cargo-wizard, then a, and p on the feed (its owner may)")
            }
            Some(false) => check.note("no crates.io: only its own crates"),
            None => check.unknown("the service does not tell them", None),
        }
    }

    async fn explain(&self, check: Check, error: AzureError) -> Diagnosis {
        check.of_report(&sign_in::explain(self.azure, error, self.credential).await)
    }
}

/// How far our clock is from the service's, in seconds; negative where ours is behind.
pub(super) fn clock(ahead: Option<i64>) -> Diagnosis {
    let check = Check::Clock;
    let Some(ahead) = ahead else { return check.unknown("no answer told the time", None) };
    let by = ahead.unsigned_abs();
    if by <= EXACT {
        return check.good("as the service's");
    }
    let way = if ahead > 0 { "ahead of" } else { "behind" };
    let text = format!("{by} s {way} the service's");
    if by <= BEARABLE {
        return check.note(text);
    }
    check.warning(format!("{text}: tokens count as ended, or as not yet good"), "timedatectl set-ntp true")
}
