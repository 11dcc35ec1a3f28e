//! The feeds of the organization: as whom they are asked for, and what came of it. What one organization answers is
//! never taken for another's, however late it comes: neither a credential nor a list.

use crate::domain::credential::Credential;
use crate::domain::feed::Feed;
use crate::domain::organization::Collection;
use crate::error::Report;
use crate::task::Request;
use crate::task::feeds::Stored;

use super::super::super::session::Session;

/// What is known of the feeds.
#[derive(Debug, Default)]
pub(super) enum Listing {
    /// Not asked for yet.
    #[default]
    Not,
    /// Looks for the credential that Cargo has.
    Credential,
    Asking,
    Listed,
    /// There is nobody to ask as.
    Nobody,
    Failed(Box<Report>),
}

/// Who asks: with a credential, or without one as whoever comes.
#[derive(Debug, PartialEq, Eq)]
struct Asker {
    credential: Option<Credential>,
    anonymous: bool,
}

impl Asker {
    fn of(session: &Session) -> Self {
        Self { credential: session.credential.clone(), anonymous: session.anonymous }
    }

    fn is_nobody(&self) -> bool {
        self.credential.is_none() && !self.anonymous
    }
}

#[derive(Debug, Default)]
pub(super) struct Organization {
    /// Whose feeds these are.
    of: Option<Collection>,
    asked_as: Option<Asker>,
    pub(super) listing: Listing,
    feeds: Vec<Feed>,
}

impl Organization {
    /// The feeds that were listed, and whose they are.
    pub(super) fn feeds(&self) -> Option<(&Collection, &[Feed])> {
        Some((self.of.as_ref()?, &self.feeds))
    }

    pub(super) fn name(&self) -> Option<String> {
        self.of.as_ref().map(Collection::name)
    }

    /// Whether an answer is about this organization.
    pub(super) fn is_of(&self, collection: &Collection) -> bool {
        self.of.as_ref().is_some_and(|of| of.base() == collection.base())
    }

    pub(super) fn is_asking(&self) -> bool {
        matches!(self.listing, Listing::Credential | Listing::Asking)
    }

    /// Goes over to the organization at hand: nothing of the one before stays.
    pub(super) fn follow(&mut self, session: &Session) {
        let Some(collection) = session.target.as_ref().map(|target| &target.collection) else {
            *self = Self::default();
            return;
        };
        if !self.is_of(collection) {
            *self = Self::default();
        }
        self.of = Some(collection.clone());
    }

    /// What was listed counts no more.
    pub(super) fn forget(&mut self) {
        self.asked_as = None;
        self.listing = Listing::Not;
    }

    /// What is to be asked next: first for the credential, then for the feeds.
    pub(super) fn ask(&mut self, session: &Session) -> Option<Request> {
        self.follow(session);
        let collection = self.of.clone().filter(|_| session.dashboard.is_checked)?;
        let asker = Asker::of(session);
        let is_same = self.asked_as.as_ref() == Some(&asker);
        let request = match self.listing {
            Listing::Credential | Listing::Asking => return None,
            Listing::Nobody | Listing::Listed | Listing::Failed(_) if is_same => return None,
            _ if asker.is_nobody() && is_same => {
                self.listing = Listing::Nobody;
                return None;
            }
            _ if asker.is_nobody() => {
                self.listing = Listing::Credential;
                Request::StoredCredential(collection)
            }
            _ => {
                self.listing = Listing::Asking;
                Request::Feeds { collection, credential: asker.credential.clone() }
            }
        };
        self.asked_as = Some(asker);
        Some(request)
    }

    /// Takes the credential that was found for an organization, unless another one is at hand meanwhile.
    pub(super) fn take_stored(&mut self, of: &Collection, stored: Option<Stored>, session: &mut Session) {
        if self.is_of(of) {
            self.listing = Listing::Not;
            session.take_stored(of, stored);
        }
    }

    /// The same for its feeds.
    pub(super) fn take_feeds(&mut self, of: &Collection, feeds: Vec<Feed>) {
        if self.is_of(of) {
            self.listing = Listing::Listed;
            self.feeds = feeds;
        }
    }

    /// The same for why there are none.
    pub(super) fn fail(&mut self, of: &Collection, report: Box<Report>) {
        if self.is_of(of) {
            self.listing = Listing::Failed(report);
        }
    }
}
