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
use crate::record::made::{self, MadeForCargo, Untold};
use crate::record::{Login, LoginKind, MadeToken, Record};

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

    /// One that is yet to be told; `None`: it has ended.
    fn of_untold(host: &Host, untold: &Untold) -> Option<Self> {
        let Untold { base, who, name, ends, id } = untold.clone();
        let base = Base::parse(&base).filter(|_| ends > now(host))?;
        Some(Self { name: clean(&name), ends, id, who, base })
    }

    /// What is remembered of it until it is told.
    pub(super) fn untold(self) -> Untold {
        let Self { name, ends, id, who, base } = self;
        Untold { base: base.as_str().to_owned(), who, name, ends, id }
    }

    /// What is told where nobody is there who could revoke it.
    pub(super) fn left(self) -> PatLeft {
        let target = Target::parse(self.base.as_str());
        let page = target.map(|target| target.collection.token_page()).unwrap_or_default();
        PatLeft { name: self.name, ends: self.ends, revoked: false, why: None, page }
    }

    /// Revokes it with a new sign-in of the same person to Entra, and with nothing else; whatever comes of it, the new
    /// sign-in is kept.
    async fn settle(
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

/// Revokes or tells every token that is kept no longer, also of a run that ended before it came to that. Each stays
/// remembered until then.
pub(super) async fn settled(services: &Services, by: (&Collection, &Credential, &str)) -> Vec<PatLeft> {
    let untold: Vec<Untold> = Record::load(&services.state_dir).untold().cloned().collect();
    let mut settled = Vec::new();
    for untold in &untold {
        let Some(given_up) = GivenUp::of_untold(&services.host, untold) else { continue };
        let left = given_up.settle(services, by).await;
        if left.revoked {
            // At worst it is tried once more.
            let _ = made::told(&services.state_dir, std::slice::from_ref(untold));
        }
        settled.push(left);
    }
    // At worst it is told twice.
    let _ = made::told(&services.state_dir, &untold);
    settled
}

/// The places where Cargo keeps a credential, and what is known of the tokens that were made for it.
pub(super) struct InCargos {
    pub(super) base: Base,
    pub(super) places: Vec<String>,
    /// More than one where a run ended between two steps.
    pub(super) made: Vec<MadeForCargo>,
}

impl InCargos {
    /// For a credential that goes to all these places.
    pub(super) fn of(log_in: &LogIn, made: Option<&MadePat>, places: Vec<String>) -> Self {
        let base = log_in.collection.base();
        let made = made.map(|made| MadeForCargo {
            base: base.as_str().to_owned(),
            who: log_in.who.clone().unwrap_or_default(),
            ends: made.ends,
            made: MadeToken { name: made.name.clone(), id: made.id.clone() },
        });
        Self { base, places, made: made.into_iter().collect() }
    }

    /// Before Cargo gets the credential.
    ///
    /// # Errors
    /// When the state folder can't be written: then nothing is to be kept.
    pub(super) fn enter(&self, state_dir: &Path) -> Result<(), Report> {
        Ok(made::enter_cargos(state_dir, &self.base, (&self.places, &self.made))?)
    }

    /// Once it has got it, or could not. What can't be written is remembered as it was: the next one to keep something
    /// in that place tells of the token before.
    pub(super) fn settle(&self, state_dir: &Path, is_kept: bool) {
        let of = (self.places.as_slice(), self.made.as_slice());
        let _ = if is_kept { made::settle_cargos(state_dir, of) } else { made::leave_cargos(state_dir, of) };
    }
}

/// Whether a credential is the very token of that sign-in, which stays what it was: the wizard signs in with what is
/// kept, too.
///
/// # Errors
/// When its store doesn't say: then it may be that one.
pub(super) fn is_kept<E>(
    (login, credential): (&Login, &Credential),
    read: impl FnOnce(Slot) -> Result<Option<Secret>, E>,
) -> Result<bool, E> {
    match credential {
        Credential::Pat(token) if login.kind == LoginKind::Pat => {
            Ok(read(Slot::Pat)?.is_some_and(|kept| kept == *token))
        }
        Credential::Pat(_) | Credential::Bearer(_) => Ok(false),
    }
}
