//! What can be asked for.

use crate::domain::answers::Answers;
use crate::domain::credential::Credential;
use crate::domain::feed::FeedAddress;
use crate::domain::journal::UndoPlan;
use crate::domain::organization::{Base, Collection};
use crate::domain::plan::{ConfigChange, Review, SetupPlan};
use crate::domain::registry::IndexUrl;

use super::{CacheJob, Restore, SignIn, connect, create_feed, feeds, logins, new_pat, switching};

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
    /// Show the request that would make a personal access token.
    PlanPat(Box<new_pat::PatOf>),
    /// Show the request that would add crates.io to a feed.
    PlanUpstream(Box<create_feed::UpstreamOf>),
    /// Send what was shown. Once something has been sent, it is not cancelled any more.
    Change(Box<create_feed::Change>),
    Review(SetupPlan),
    /// The same, where the person gives up what replaces crates.io now.
    ReviewOver(SetupPlan, connect::Agreed),
    /// Write what was agreed to. Once begun, it is not cancelled any more.
    Apply(Review),
    /// Keep the answers of this wizard for the next one in this project; `None`: it is done, or starts anew.
    LeaveUnfinished(Option<Box<Answers>>),
    /// What the project can be switched to.
    Switches,
    /// Show what a switch would change.
    PlanSwitch(switching::SwitchWish),
    /// Show what taking that registry out of the configuration would change.
    PlanRemoval(String),
    /// Make a change that was shown. Once begun, it is not cancelled any more.
    MakeChange(Box<ConfigChange>),
    /// Everything that this tool has changed.
    Journal,
    /// Show how that entry of the journal is taken back, or else the last one of this project.
    PlanUndo(Option<u64>),
    /// Take back what was shown. Once begun, it is not cancelled any more.
    Undo(Box<UndoPlan>),
    /// Keep a sign-in for Cargo. Once begun, it is not cancelled any more.
    KeepLogin(Box<logins::NewLogin>),
    /// Forget the sign-in to that organization.
    ForgetLogin(Base),
    /// The sign-ins that are kept, as far as is remembered.
    Logins,
    /// The same, looked up in their stores.
    LookUpLogins,
    /// Take this tool out of the person's Cargo configuration; where it is to forget, with every yes to a file of its own.
    Uninstall {
        forgets: bool,
    },
    /// Find out where this tool can keep credentials of that organization, by keeping something without worth.
    TryKeyring(Option<Base>),
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
    /// As the service names the person; `None`: the credential is that of the sign-in that this tool keeps, which stays
    /// as it is.
    pub who: Option<String>,
    pub plan: SetupPlan,
    /// A personal access token that lives that many days is made and kept in place of the sign-in.
    pub pat_days: Option<u16>,
}

/// The crates in the cache folders of the registry in force, or in all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inspect {
    InForce,
    All,
}
