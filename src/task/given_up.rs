//! Personal access tokens that were made for the person and that this tool keeps no longer (azure-contract 2.6). None
//! goes without a word: it is revoked where a new sign-in to Entra may do that, or told with the page that revokes it.

use std::path::Path;

use crate::auth::vault::Slot;
use crate::domain::credential::{Credential, Secret};
use crate::domain::new_pat::{MadePat, PatLeft, name_on};
use crate::domain::organization::{Base, Collection, Target};
use crate::domain::text::clean;
use crate::error::Report;
use crate::host::Host;
use crate::record::{self, Login, LoginKind, MadeForCargo, MadeToken, Record};

use super::provide_token::now;
use super::services::Services;
use super::{LogIn, new_pat};

/// One that is still good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GivenUp {
    name: String,
    /// In seconds since 1970 (UTC).
    ends: u64,
    /// What it is revoked by; `None`: an earlier version made it.
    id: Option<String>,
    /// Whose it is.
    who: String,
    base: Base,
}

impl GivenUp {
    /// That of a sign-in which is kept no longer; `None`: none was made for it, or it has ended.
    pub(super) fn of(host: &Host, (base, login): (&Base, &Login)) -> Option<Self> {
        let ends = login.expires.filter(|ends| login.kind == LoginKind::Pat && *ends > now(host))?;
        let (name, id) = match &login.made {
            Some(MadeToken { name, id }) => (clean(name), Some(id.clone())),
            None => (name_on(host.machine.as_deref()), None),
        };
        Some(Self { name, ends, id, who: login.who.clone(), base: base.clone() })
    }

    /// The same of a place where Cargo keeps it.
    fn of_cargos(host: &Host, before: MadeForCargo) -> Option<Self> {
        let MadeForCargo { base, who, ends, made } = before;
        let base = Base::parse(&base).filter(|_| ends > now(host))?;
        Some(Self { name: clean(&made.name), ends, id: Some(made.id), who, base })
    }

    /// What is told where nobody is there who could revoke it.
    pub(super) fn left(self) -> PatLeft {
        let target = Target::parse(self.base.as_str());
        let page = target.map(|target| target.collection.token_page()).unwrap_or_default();
        PatLeft { name: self.name, ends: self.ends, revoked: false, why: None, page }
    }

    /// Revokes it with a new sign-in of the same person to Entra, and with nothing else; whatever comes of it, the new
    /// sign-in is kept.
    pub(super) async fn settle(
        self,
        services: &Services,
        (collection, credential, who): (&Collection, &Credential, &str),
    ) -> PatLeft {
        let is_same_place = collection.base() == self.base;
        let id = self.id.clone().filter(|_| is_same_place && who == self.who);
        let left = self.left();
        let Some(id) = id else { return left };
        match new_pat::revoke(services, (collection, credential), &id).await {
            None => left,
            Some(Ok(())) => PatLeft { revoked: true, ..left },
            Some(Err(report)) => PatLeft { why: Some(report.headline), ..left },
        }
    }
}

/// The made token that Cargo is to keep.
pub(super) fn for_cargo(log_in: &LogIn, made: Option<&MadePat>) -> Option<MadeForCargo> {
    let made = made?;
    Some(MadeForCargo {
        base: log_in.collection.base().as_str().to_owned(),
        who: log_in.who.clone().unwrap_or_default(),
        ends: made.ends,
        made: MadeToken { name: made.name.clone(), id: made.id.clone() },
    })
}

/// Remembers what Cargo keeps in a place from now on; what is given up with that.
///
/// # Errors
/// When the state folder can't be written.
pub(super) fn in_cargos_place(
    (host, state_dir): (&Host, &Path),
    place: &str,
    made: Option<MadeForCargo>,
) -> Result<Option<GivenUp>, Report> {
    let before = Record::load(state_dir).made_for_cargo(place).cloned();
    record::keep_for_cargo(state_dir, place, made)?;
    Ok(before.and_then(|before| GivenUp::of_cargos(host, before)))
}

/// Whether a credential is the very token of that sign-in, which stays what it was: the wizard signs in with what is
/// kept, too.
pub(super) fn is_kept(
    (login, credential): (&Login, &Credential),
    read: impl FnOnce(Slot) -> Option<Secret>,
) -> bool {
    match credential {
        Credential::Pat(token) => login.kind == LoginKind::Pat && read(Slot::Pat).as_ref() == Some(token),
        Credential::Bearer(_) => false,
    }
}
