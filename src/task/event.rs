//! What is told about a request.

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::account::Account;
use crate::domain::cache::CacheEvent;
use crate::domain::credential::{Credential, Kept};
use crate::domain::feed::{Feed, FeedDetails};
use crate::domain::finding::Hazard;
use crate::domain::journal::{Entry, UndoPlan};
use crate::domain::new_feed::RequestPreview;
use crate::domain::new_pat::{PatLeft, PatMade};
use crate::domain::organization::Target;
use crate::domain::plan::{ConfigChange, OtherReplacement, Review, Written};
use crate::domain::progress::{FetchEnd, FetchEvent};
use crate::domain::store::NativeProvider;
use crate::domain::waiting::Waiting;
use crate::error::Report;

use super::{
    CacheDone, CacheFolder, Forced, Renewed, SigningIn, check, create_feed, doctor, feeds, logins, switching,
};

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
    StoredCredential(Option<feeds::Stored>),
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
    /// After [`super::Request::Apply`], [`super::Request::MakeChange`], [`super::Request::Undo`] and [`super::Request::Uninstall`].
    Applied(Vec<Written>),
    Switches(Vec<switching::Switchable>),
    UnfinishedKept,
    Planned(Box<ConfigChange>),
    /// The last one first.
    Journal {
        entries: Vec<Entry>,
        /// Journals that were damaged, and where they are kept.
        damage: Option<String>,
    },
    UndoPlanned(Box<UndoPlan>),
    LoggedIn(LoggedIn),
    LoggedOut {
        /// Whether there was a sign-in to forget.
        was_there: bool,
        /// What could not be forgotten, and why.
        left: Option<String>,
        /// The personal access token that was made for it, and stays good.
        token: Option<PatLeft>,
    },
    Logins(Box<logins::Logins>),
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
    /// One line of [`super::Request::Doctor`]; until [`Event::Examined`].
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
    /// The personal access token that was made for it.
    pub pat: Option<PatMade>,
    /// Those that were made before and that are kept no longer.
    pub replaced: Vec<PatLeft>,
}

impl LoggedIn {
    /// Where the feed has answered without a credential, and there is nothing to keep.
    #[must_use]
    pub fn as_nobody() -> Self {
        Self { kept_in: None, left: None, public: true, forced: Some(false), pat: None, replaced: Vec::new() }
    }

    /// What the sign-in before leaves behind, each in words.
    pub fn left_behind(&self) -> impl Iterator<Item = String> {
        self.left.clone().into_iter().chain(self.replaced.iter().map(PatLeft::words))
    }
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
