//! Personal access tokens that were made for the person: which places of Cargo hold them, and which ones are kept nowhere
//! any more and are yet to be revoked or told.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Known, Login, MadeToken, Record, change, insert_login};
use crate::domain::organization::Base;
use crate::files::FileError;

/// One that Cargo keeps, and not this tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeForCargo {
    pub base: String,
    /// As the service names the person.
    pub who: String,
    /// In seconds since 1970 (UTC).
    pub ends: u64,
    pub made: MadeToken,
}

/// One that nobody keeps any more, and of which nobody has been told yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Untold {
    pub base: String,
    /// As the service names the person.
    pub who: String,
    pub name: String,
    /// In seconds since 1970 (UTC).
    pub ends: u64,
    /// What it is revoked by; `None`: an earlier version made it.
    #[serde(default)]
    pub id: Option<String>,
}

impl Record {
    /// The tokens that Cargo may hold in that place: more than one where a run ended between two steps.
    pub fn made_for_cargo(&self, place: &str) -> impl Iterator<Item = &MadeForCargo> {
        self.cargos_tokens.get(place).into_iter().flatten().filter_map(Known::known)
    }

    /// What is yet to be revoked or told; never one that is kept again.
    pub fn untold(&self) -> impl Iterator<Item = &Untold> {
        let untold = self.untold.iter().filter_map(Known::known);
        untold.filter(|untold| untold.id.as_ref().is_none_or(|id| !self.keeps(id)))
    }

    /// Whether any place holds the token of that id, as far as is remembered.
    fn keeps(&self, id: &str) -> bool {
        let mut logins =
            self.logins.values().filter_map(Known::known).filter_map(|login| login.made.as_ref());
        let mut cargos = self.cargos_tokens.values().flatten().filter_map(Known::known);
        logins.any(|made| made.id == id) || cargos.any(|held| held.made.id == id)
    }

    fn tell_later(&mut self, untold: Untold) {
        if untold.id.as_ref().is_some_and(|id| self.keeps(id)) {
            return;
        }
        let untold = Known::Known(untold);
        if !self.untold.contains(&untold) {
            self.untold.push(untold);
        }
    }
}

/// Remembers what Cargo is about to hold in these places, beside what it holds there; the base counts as named from now
/// on. Told before it is written, so that whatever happens between the two no token is forgotten or taken for unused.
///
/// # Errors
/// When the state folder can't be written.
pub fn enter_cargos(
    state_dir: &Path,
    base: &Base,
    (places, made): (&[String], &[MadeForCargo]),
) -> Result<(), FileError> {
    change(state_dir, |record| {
        record.named.insert(base.as_str().to_owned());
        for place in places.iter().filter(|_| !made.is_empty()) {
            let held = record.cargos_tokens.entry(place.clone()).or_default();
            for made in made.iter().cloned().map(Known::Known) {
                if !held.contains(&made) {
                    held.push(made);
                }
            }
        }
        true
    })
}

/// Remembers that Cargo did not get to hold these tokens in these places.
///
/// # Errors
/// When the state folder can't be written.
pub fn leave_cargos(state_dir: &Path, (places, made): (&[String], &[MadeForCargo])) -> Result<(), FileError> {
    change(state_dir, |record| {
        for place in places {
            if let Some(held) = record.cargos_tokens.get_mut(place) {
                held.retain(|held| held.known().is_none_or(|held| !made.contains(held)));
            }
        }
        record.cargos_tokens.retain(|_, held| !held.is_empty());
        true
    })
}

/// Remembers that Cargo holds these tokens in these places, and nothing else. What no place holds any more is to be told.
///
/// # Errors
/// When the state folder can't be written.
pub fn settle_cargos(
    state_dir: &Path,
    (places, made): (&[String], &[MadeForCargo]),
) -> Result<(), FileError> {
    change(state_dir, |record| {
        let mut before = Vec::new();
        for place in places {
            before.extend(record.cargos_tokens.remove(place).into_iter().flatten());
            if !made.is_empty() {
                let made = made.iter().cloned().map(Known::Known).collect();
                record.cargos_tokens.insert(place.clone(), made);
            }
        }
        for MadeForCargo { base, who, ends, made } in before.iter().filter_map(Known::known).cloned() {
            record.tell_later(Untold { base, who, name: made.name, ends, id: Some(made.id) });
        }
        true
    })
}

/// Remembers a sign-in, as [`super::log_in`] does, and that the token of the one before is to be told.
///
/// # Errors
/// When the state folder can't be written.
pub fn log_in_over(
    state_dir: &Path,
    (base, login): (&Base, &Login),
    untold: Option<Untold>,
) -> Result<(), FileError> {
    change(state_dir, |record| {
        insert_login(record, base, login);
        if let Some(untold) = untold {
            record.tell_later(untold);
        }
        true
    })
}

/// Remembers that these were revoked or told.
///
/// # Errors
/// When the state folder can't be written.
pub fn told(state_dir: &Path, told: &[Untold]) -> Result<(), FileError> {
    if told.is_empty() {
        return Ok(());
    }
    change(state_dir, |record| {
        record.untold.retain(|untold| untold.known().is_none_or(|untold| !told.contains(untold)));
        true
    })
}
