//! A personal access token that is made for a person who has signed in to Entra (azure-contract 2.6).

use super::credential::{Credential, Secret, TokenOrigin};
use super::date;
use super::text::clean;

/// How many days a token may live: the service's own limit is a year (azure-contract 2.1), a tenant's may be lower.
pub const FEWEST_DAYS: u16 = 1;
pub const MOST_DAYS: u16 = 365;

/// What is asked for where nobody says anything.
pub const USUAL_DAYS: u16 = 30;

/// The name of [`super::credential::NEEDED_SCOPE`] in the REST API: to read, to save crates and to publish. A token that
/// is kept for Cargo never makes or changes a feed, so it never needs more (azure-contract 2.2).
pub const SCOPE: &str = "vso.packaging_write";

/// Left out of the life of a token, in seconds: a clock that is a little ahead must not exceed a tenant's limit.
const MARGIN: u64 = 5 * 60;

/// A token that is to be made: for one organization, with [`SCOPE`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPat {
    /// What it is called on the person's page of tokens.
    pub name: String,
    /// Its end, in seconds since 1970 (UTC).
    pub ends: u64,
}

impl NewPat {
    /// Named after the machine it is for; `now` in seconds since 1970 (UTC).
    #[must_use]
    pub fn new(machine: Option<&str>, days: u16, now: u64) -> Self {
        let ends = (now + u64::from(days) * 24 * 60 * 60).saturating_sub(MARGIN);
        Self { name: name_on(machine), ends }
    }
}

/// What a token that is made on that machine is called.
#[must_use]
pub fn name_on(machine: Option<&str>) -> String {
    let machine = machine.map(|name| clean(name.trim()).chars().take(63).collect::<String>());
    let machine = machine.filter(|name| !name.is_empty()).unwrap_or_else(|| "this machine".to_owned());
    format!("az-cargo-wizard on {machine}")
}

/// A token that was made. Whoever does not keep it has to revoke it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadePat {
    pub token: Secret,
    /// What it is called on the person's page of tokens.
    pub name: String,
    /// What it is revoked by.
    pub id: String,
    /// Its end, in seconds since 1970 (UTC).
    pub ends: u64,
}

/// What is told of a token that was made and kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatMade {
    pub name: String,
    /// Its end, in seconds since 1970 (UTC).
    pub ends: u64,
}

impl PatMade {
    /// `2026-10-01`
    #[must_use]
    pub fn last_day(&self) -> String {
        date::day(self.ends)
    }
}

/// A token that was made before and that is kept no longer, told while it is or was still good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatLeft {
    /// Safe to show, as is the rest.
    pub name: String,
    /// Its end, in seconds since 1970 (UTC).
    pub ends: u64,
    /// Whether the service took it back.
    pub revoked: bool,
    /// Why the service did not, where it was asked to.
    pub why: Option<String>,
    /// The page where the person revokes it.
    pub page: String,
}

impl PatLeft {
    /// What became of it, and what is left to do.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { name, ends, revoked, why, page } = self;
        let token = format!("the personal access token `{name}` that was made for you earlier");
        if *revoked {
            return format!("{token} was revoked");
        }
        let day = date::day(*ends);
        match why {
            Some(why) => {
                format!(
                    "{token} could not be revoked ({why}): it stays good until {day}; to revoke it: {page}"
                )
            }
            None => format!("{token} stays good until {day}; to revoke it: {page}"),
        }
    }
}

/// Why no token can be made with that credential; `None`: it may be asked for. Only a person who has signed in to Entra
/// gets one.
#[must_use]
pub fn hindrance(credential: &Credential) -> Option<&'static str> {
    match credential {
        Credential::Pat(_) => Some("a personal access token makes no other one"),
        Credential::Bearer(access) => match access.origin {
            TokenOrigin::DeviceCode(_)
            | TokenOrigin::Unrenewed
            | TokenOrigin::AzureCli { .. }
            | TokenOrigin::Kept(_) => None,
            TokenOrigin::Environment(_) => Some("the token of a pipeline makes no other one"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::credential::AccessToken;

    #[test]
    fn it_is_named_after_the_machine_and_ends_a_little_before_its_last_hour() {
        let new = NewPat::new(Some(" LAPTOP-7\u{1b}\n"), 30, 1_000_000);
        assert_eq!(new.name, "az-cargo-wizard on LAPTOP-7");
        assert_eq!(new.ends, 1_000_000 + 30 * 86_400 - 300);
        assert_eq!(NewPat::new(None, 1, 0).name, "az-cargo-wizard on this machine");
        assert_eq!(NewPat::new(Some("x".repeat(300).as_str()), 1, 0).name.len(), 19 + 63);
    }

    #[test]
    fn only_a_person_of_entra_gets_one() {
        let bearer = |origin| {
            Credential::Bearer(Box::new(AccessToken { token: Secret::new("x"), expires: None, origin }))
        };
        assert_eq!(hindrance(&bearer(TokenOrigin::AzureCli { tenant: None })), None);
        assert!(hindrance(&bearer(TokenOrigin::Environment("SYSTEM_ACCESSTOKEN".into()))).is_some());
        assert!(hindrance(&Credential::Pat(Secret::new("x"))).is_some());
    }

    #[test]
    fn a_made_token_is_never_printed() {
        let made = MadePat { token: Secret::new("hunter2"), name: "x".into(), id: "1".into(), ends: 86_400 };
        assert!(!format!("{made:?}").contains("hunter2"));
        assert_eq!(PatMade { name: "x".into(), ends: made.ends }.last_day(), "1970-01-02");
    }

    #[test]
    fn what_is_left_of_a_token_that_is_kept_no_longer_is_said_with_its_end_and_its_page() {
        let page = "https://dev.azure.com/contoso/_usersSettings/tokens".to_owned();
        let left = PatLeft { name: "x".into(), ends: 86_400, revoked: false, why: None, page };
        assert_eq!(
            left.words(),
            "the personal access token `x` that was made for you earlier stays good until 1970-01-02; to revoke it: \
             https://dev.azure.com/contoso/_usersSettings/tokens"
        );
        assert!(
            PatLeft { revoked: true, ..left.clone() }
                .words()
                .ends_with("`x` that was made for you earlier was revoked")
        );
        let failed = PatLeft { why: Some("no answer".into()), ..left }.words();
        assert!(
            failed.contains("could not be revoked (no answer): it stays good until 1970-01-02"),
            "{failed}"
        );
    }
}
