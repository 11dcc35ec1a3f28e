//! The demo's own Entra: codes that wait for a person, and the tokens that they become (azure-contract 2.3). A code is
//! approved by whoever opens the demo's page, or by itself once it has been asked for a few times.

use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

use super::crates::hex;
use super::pace::Pace;
use crate::domain::credential::Secret;

/// How often a code is asked for before it is approved by itself: with a pace to watch, about ten seconds.
const ASKS: u32 = 10;
const FAST_ASKS: u32 = 3;

/// The letters of a code that a person types.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// Everything that Entra remembers.
#[derive(Debug)]
pub(super) struct Desk {
    /// What tokens and codes are derived from: they can't be guessed without it.
    seed: String,
    asks: u32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    codes: Vec<Code>,
    /// Every access token and refresh token that is good, newest last.
    access: Vec<Secret>,
    refresh: Vec<Secret>,
    number: u64,
    /// No code is approved by itself.
    held: bool,
}

#[derive(Debug)]
struct Code {
    device: String,
    user: String,
    asked: u32,
    fate: Fate,
}

/// What the person does with a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Waiting,
    Approved,
    Declined,
    Expired,
}

/// A code as it is given out.
#[derive(Debug)]
pub(super) struct NewCode {
    pub(super) device: String,
    pub(super) user: String,
}

/// Both tokens of a sign-in.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) refresh: String,
}

/// What becomes of a question for a token.
#[derive(Debug)]
pub(super) enum Outcome {
    Tokens(Tokens),
    Pending,
    Declined,
    Expired,
    Unknown,
}

impl Desk {
    pub(super) fn new(seed: &[u8; 32], pace: Pace) -> Self {
        let digest = Sha256::digest(format!("entra of {}", hex(seed)));
        let asks = if pace == Pace::Fast { FAST_ASKS } else { ASKS };
        Self { seed: hex(&digest), asks, state: Mutex::default() }
    }

    pub(super) fn begin(&self) -> NewCode {
        let mut state = self.state();
        state.number += 1;
        let digest = self.digest("code", state.number);
        let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
        let user: String = digest.iter().take(8).map(letter).collect();
        let user = format!("{}-{}", &user[..4], &user[4..]);
        let device = format!("GAB{}", hex(&digest));
        state.codes.push(Code { device: device.clone(), user: user.clone(), asked: 0, fate: Fate::Waiting });
        NewCode { device, user }
    }

    /// The person has opened the page: every code that waits is approved, or meets another fate.
    pub(super) fn settle(&self, fate: Fate) {
        for code in self.state().codes.iter_mut().filter(|code| code.fate == Fate::Waiting) {
            code.fate = fate;
        }
    }

    /// From now on nothing is approved by itself.
    pub(super) fn hold(&self) {
        self.state().held = true;
    }

    /// The codes that wait.
    pub(super) fn waiting(&self) -> Vec<String> {
        let state = self.state();
        let waiting = state.codes.iter().filter(|code| code.fate == Fate::Waiting);
        waiting.map(|code| code.user.clone()).collect()
    }

    pub(super) fn redeem(&self, device: &str) -> Outcome {
        let mut state = self.state();
        let held = state.held;
        let Some(at) = state.codes.iter().position(|code| code.device == device) else {
            return Outcome::Unknown;
        };
        let code = &mut state.codes[at];
        code.asked += 1;
        if code.fate == Fate::Waiting && !held && code.asked > self.asks {
            code.fate = Fate::Approved;
        }
        match code.fate {
            Fate::Waiting => Outcome::Pending,
            Fate::Declined => Outcome::Declined,
            Fate::Expired => Outcome::Expired,
            Fate::Approved => {
                // A code is good once.
                state.codes.remove(at);
                Outcome::Tokens(self.issue(&mut state))
            }
        }
    }

    /// New tokens for a refresh token, which is good once.
    pub(super) fn renew(&self, refresh: &str) -> Option<Tokens> {
        let mut state = self.state();
        let refresh = Secret::new(refresh);
        let at = state.refresh.iter().position(|known| *known == refresh)?;
        state.refresh.remove(at);
        Some(self.issue(&mut state))
    }

    /// The tokens of somebody who has signed in elsewhere.
    pub(super) fn sign_in(&self) -> Tokens {
        self.issue(&mut self.state())
    }

    fn issue(&self, state: &mut State) -> Tokens {
        state.number += 1;
        let part = |name: &str| hex(&self.digest(name, state.number));
        // It looks like the real one, and says nothing that could be believed.
        let access = format!("eyJ0eXAiOiJKV1QifQ.e30.{}{}", part("access"), part("signature"));
        let refresh = format!("0.AX{}", part("refresh"));
        state.access.push(Secret::new(access.clone()));
        state.refresh.push(Secret::new(refresh.clone()));
        Tokens { access, refresh }
    }

    pub(super) fn knows(&self, access: &Secret) -> bool {
        self.state().access.contains(access)
    }

    /// Every access token has ended, as after an hour.
    pub(super) fn end_tokens(&self) {
        self.state().access.clear();
    }

    fn digest(&self, name: &str, number: u64) -> [u8; 32] {
        Sha256::digest(format!("{name} {number} {}", self.seed)).into()
    }

    /// Whole after every statement, so a panic elsewhere spoils nothing.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
