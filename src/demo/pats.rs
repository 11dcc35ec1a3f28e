//! The personal access tokens that people of the demo have made for themselves (azure-contract 2.6): each is good in
//! one organization, for one scope, until its end or until it is revoked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::access::{Scope, derived_text};
use super::crates::hex;
use super::world::{Guid, Organization};
use crate::domain::credential::Secret;

/// Every token that was made.
#[derive(Debug)]
pub(super) struct Office {
    /// What tokens are derived from: they can't be guessed without it.
    seed: String,
    /// Seconds since 1970; 0: time does not matter.
    now: AtomicU64,
    pats: Mutex<Vec<Pat>>,
}

/// One of them, as `world.json` keeps it; the token itself is derived anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pat {
    number: u64,
    organization: String,
    pub(super) name: String,
    pub(super) scope: PatScope,
    /// Seconds since 1970.
    pub(super) made: u64,
    pub(super) ends: u64,
    revoked: bool,
}

/// The scopes that the demo makes tokens for; one each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum PatScope {
    #[serde(rename = "vso.packaging")]
    Packaging,
    #[serde(rename = "vso.packaging_write")]
    Write,
    #[serde(rename = "vso.packaging_manage")]
    Manage,
}

impl PatScope {
    pub(super) fn parse(word: &str) -> Option<Self> {
        [Self::Packaging, Self::Write, Self::Manage].into_iter().find(|scope| scope.word() == word)
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Packaging => "vso.packaging",
            Self::Write => "vso.packaging_write",
            Self::Manage => "vso.packaging_manage",
        }
    }

    /// What it includes; whose token it is may not be asked with it (azure-contract 12).
    pub(super) fn scopes(self) -> &'static [Scope] {
        const ALL: [Scope; 3] = [Scope::Packaging, Scope::PackagingWrite, Scope::PackagingManage];
        match self {
            Self::Packaging => &ALL[..1],
            Self::Write => &ALL[..2],
            Self::Manage => &ALL,
        }
    }
}

/// What a token is asked to be.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) scope: PatScope,
    pub(super) ends: u64,
}

/// What a token that was made amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nobody has made such a token.
    Unknown,
    /// It has ended, was revoked, or is another organization's.
    Dead,
    Good(PatScope),
}

impl Office {
    pub(super) fn new(seed: &[u8; 32], pats: Vec<Pat>) -> Self {
        let digest = Sha256::digest(format!("tokens of {}", hex(seed)));
        Self { seed: hex(&digest), now: AtomicU64::new(0), pats: Mutex::new(pats) }
    }

    /// From now on this is the time of day, in seconds since 1970.
    pub(super) fn it_is(&self, now: u64) {
        self.now.store(now, Ordering::Relaxed);
    }

    pub(super) fn now(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    pub(super) fn make(&self, organization: &Organization, wanted: Wanted) -> (Pat, String) {
        let mut pats = self.pats();
        let pat = Pat {
            number: pats.len() as u64 + 1,
            organization: organization.id.to_string(),
            name: wanted.name,
            scope: wanted.scope,
            made: self.now(),
            ends: wanted.ends,
            revoked: false,
        };
        pats.push(pat.clone());
        let token = self.token(&pat);
        (pat, token)
    }

    pub(super) fn revoke(&self, organization: &Organization, id: &str) {
        let mut pats = self.pats();
        let found = pats.iter_mut().find(|pat| pat.id().is(id) && organization.id.is(&pat.organization));
        if let Some(pat) = found {
            pat.revoked = true;
        }
    }

    /// What the token is worth in that organization; `None` is a place that belongs to none.
    pub(super) fn standing(&self, token: &Secret, organization: Option<&Organization>) -> Standing {
        let pats = self.pats();
        let Some(pat) = pats.iter().find(|pat| Secret::new(self.token(pat)) == *token) else {
            return Standing::Unknown;
        };
        let is_here = organization.is_some_and(|organization| organization.id.is(&pat.organization));
        if is_here && !pat.revoked && pat.ends > self.now() {
            Standing::Good(pat.scope)
        } else {
            Standing::Dead
        }
    }

    /// What a kept demo must remember.
    pub(super) fn kept(&self) -> Vec<Pat> {
        self.pats().clone()
    }

    fn token(&self, pat: &Pat) -> String {
        derived_text(&self.seed, &format!("made {}", pat.number))
    }

    /// Whole after every statement, so a panic elsewhere spoils nothing.
    fn pats(&self) -> MutexGuard<'_, Vec<Pat>> {
        self.pats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pat {
    /// What it is revoked by.
    pub(super) fn id(&self) -> Guid {
        Guid::of("pat", &[&self.organization, &self.number.to_string()])
    }
}
