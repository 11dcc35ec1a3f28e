//! That the keyring could not be reached, remembered for a minute: a hundred fetches in a row must not wait for
//! it a hundred times.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::files::{self, FileError};

const FILE: &str = "keyring.json";

/// Seconds for which a keyring that was out of reach is not asked again.
const MEMORY: u64 = 60;

/// One outage, of one session's keyring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// The address of the session's bus: another session may have a keyring that works.
    session: String,
    /// In seconds since 1970 (UTC).
    until: u64,
    /// What was said of it.
    pub why: String,
}

impl Outage {
    /// The outage of this session that is still to be believed.
    #[must_use]
    pub fn load(state_dir: &Path, session: &str, now: u64) -> Option<Self> {
        let text = files::read(&state_dir.join(FILE)).ok()??;
        let outage: Self = serde_json::from_str(&text).ok()?;
        // One from a time to come is of a clock that was set back.
        let is_fresh = now < outage.until && outage.until <= now + MEMORY;
        (outage.session == session && is_fresh).then_some(outage)
    }

    /// Remembers one.
    ///
    /// # Errors
    /// When the state folder can't be written.
    pub fn store(state_dir: &Path, (session, now): (&str, u64), why: String) -> Result<(), FileError> {
        let path = state_dir.join(FILE);
        let outage = Self { session: session.to_owned(), until: now + MEMORY, why };
        let text = serde_json::to_string_pretty(&outage).unwrap_or_default();
        // Of two at once either will do.
        let before = files::read(&path).ok().flatten();
        files::replace_private(&path, before.as_deref(), &text)
    }

    /// Forgets it: the keyring has answered.
    ///
    /// # Errors
    /// When the state folder can't be written.
    pub fn forget(state_dir: &Path) -> Result<(), FileError> {
        match state_dir.join(FILE) {
            path if path.exists() => files::remove(&path),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_believed_for_a_minute_and_in_its_own_session() {
        let dir = tempfile::tempdir().unwrap();
        let load = |session, now| Outage::load(dir.path(), session, now).map(|outage| outage.why);
        assert_eq!(load("bus", 100), None);
        Outage::store(dir.path(), ("bus", 100), "locked".into()).unwrap();
        assert_eq!(load("bus", 100).as_deref(), Some("locked"));
        assert_eq!(load("bus", 159).as_deref(), Some("locked"));
        assert_eq!(load("bus", 160), None);
        assert_eq!(load("bus", 99), None, "the clock was set back");
        assert_eq!(load("other", 100), None);
        Outage::store(dir.path(), ("other", 200), "silent".into()).unwrap();
        assert_eq!(load("other", 201).as_deref(), Some("silent"));
        Outage::forget(dir.path()).unwrap();
        Outage::forget(dir.path()).unwrap();
        assert_eq!(load("other", 201), None);
        std::fs::write(dir.path().join(FILE), "garbage").unwrap();
        assert_eq!(load("other", 201), None);
    }
}
