//! The sign-ins that this tool keeps for Cargo: made, listed and forgotten outside the wizard, and its own entry in the
//! person's Cargo configuration.

use std::sync::Arc;

use crate::auth::vault::Slot;
use crate::cargo::{config_file, home, install};
use crate::domain::account::Account;
use crate::domain::answering::Answering;
use crate::domain::credential::{Credential, Kept};
use crate::domain::journal::Act;
use crate::domain::lifetime::Lifetime;
use crate::domain::new_pat::MadePat;
use crate::domain::organization::{Base, Collection};
use crate::domain::registry::{IndexUrl, RegistryName};
use crate::error::Report;
use crate::files;
use crate::record::{self, Login, LoginKind, Record};

use super::connect::{self, OwnedPlaces};
use super::given_up::{self, GivenUp};
use super::keeping::{self, Forgotten, SignedIn, Stored};
use super::new_pat::{self, PatOf};
use super::services::Services;
use super::{Event, KeptIn, blocking, caches, check, undoing};

/// A sign-in that the organization has confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLogin {
    pub collection: Collection,
    pub credential: Credential,
    pub account: Account,
    pub kept: Kept,
    /// A personal access token that lives that many days is made and kept in place of the sign-in.
    pub pat_days: Option<u16>,
}

/// A sign-in that is kept; every text is safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLogin {
    pub base: Base,
    pub who: String,
    /// `personal access token`.
    pub kind: &'static str,
    /// The same in one word.
    pub short_kind: &'static str,
    /// Whether this tool gets the next token by itself.
    pub is_renewed: bool,
    /// `None`: nowhere, for it is read anew each time.
    pub kept: Option<Kept>,
    /// When it ends, in seconds since 1970 (UTC), where nothing renews it and that is known.
    pub expires: Option<u64>,
    /// Whether its store has it; `None`: the store was not asked, or did not say.
    pub found: Option<bool>,
    /// Why the store did not say.
    pub trouble: Option<Box<Report>>,
}

impl KeptLogin {
    /// The name of who is signed in, without the address behind it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.who.split_once(" (").map_or(self.who.as_str(), |(name, _)| name)
    }

    /// How long it lives, as far as that is remembered.
    #[must_use]
    pub fn lifetime(&self) -> Lifetime {
        if self.is_renewed {
            Lifetime::Renewed
        } else {
            self.expires.map_or(Lifetime::Unknown, Lifetime::Until)
        }
    }
}

/// All sign-ins, and whether Cargo asks this tool for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logins {
    pub logins: Vec<KeptLogin>,
    /// Where nobody is signed in any more, and something may still be in the keyring.
    pub left_in_keyring: Vec<Base>,
    /// Where the record tells of no sign-in, and something is in this tool's own file; or why that can't be read.
    pub left_in_file: Result<Vec<Base>, Box<Report>>,
    /// Records that were damaged, as they are kept; safe to show.
    pub damaged: Vec<String>,
    /// The program that the person's Cargo configuration names as ours; `None`: it names none.
    pub asked: Option<String>,
    /// Which store answers Cargo for the feed that is in force here; looked up only.
    pub feed: Option<FeedAnswer>,
}

/// A feed in force, and which store answers Cargo for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedAnswer {
    pub registry: RegistryName,
    /// Safe to show.
    pub index: String,
    pub answering: Answering,
}

/// Keeps a sign-in, or a token that is made for it.
pub(super) async fn keep(services: &Arc<Services>, new: NewLogin) -> Result<Event, Report> {
    let base = new.collection.base();
    let (stored, pat) = match new.pat_days {
        None => (put(services, &new, None).await?, None),
        Some(days) => {
            let of = PatOf { collection: new.collection.clone(), credential: new.credential.clone(), days };
            let (stored, pat) = new_pat::kept(services, of, async |made: &MadePat| {
                put(services, &new, Some(made.clone())).await
            })
            .await?;
            (stored, Some(pat))
        }
    };
    let Stored { place, left } = stored;
    let kept_in = Some(KeptIn::Vault(place));
    let what = (Act::LoggedIn, format!("kept the sign-in to {base}"));
    undoing::note(services, what, connect::forgetting(&base)).await;
    let by = (&new.collection, &new.credential, &*new.account.label());
    let replaced = given_up::settled(services, by).await;
    Ok(Event::LoggedIn(super::LoggedIn { kept_in, left, public: false, forced: None, pat, replaced }))
}

/// With the token that was made for it, where one was.
async fn put(services: &Services, new: &NewLogin, made: Option<MadePat>) -> Result<Stored, Report> {
    let (host, state_dir) = (services.host.clone(), services.state_dir.clone());
    let (base, who, kept) = (new.collection.base(), new.account.label(), new.kept);
    let credential =
        made.as_ref().map_or_else(|| new.credential.clone(), |made| Credential::Pat(made.token.clone()));
    let keep = move || {
        let signed_in = SignedIn { base: &base, who: &who, credential: &credential, made: made.as_ref() };
        keeping::keep(&host, &state_dir, (&signed_in, kept))
    };
    blocking(keep).await?
}

/// Forgets a sign-in with its secrets; whether there was one.
pub(super) async fn forget(services: &Arc<Services>, base: Base) -> Result<Event, Report> {
    let (host, state_dir) = (services.host.clone(), services.state_dir.clone());
    let forget = move || keeping::forget(&host, &state_dir, &base);
    let Forgotten { was_there, left, given_up } = blocking(forget).await??;
    Ok(Event::LoggedOut { was_there, left, token: given_up.map(GivenUp::left) })
}

/// What is kept, by what is remembered of it; or looked up in its store, too.
pub(super) async fn list(services: &Arc<Services>, look: bool) -> Result<Event, Report> {
    let services = Arc::clone(services);
    let list = move || -> Result<_, Report> {
        let record = Record::load(&services.state_dir);
        let mut logins: Vec<_> = record.logins().map(|(base, login)| kept_login(base, login)).collect();
        if look {
            look_up(&services, &record, &mut logins);
        }
        let config = files::read(&home::config_path(&services.cargo_home))?.unwrap_or_default();
        let asked = install::installed(&config).map(|program| super::services::shown(&program));
        let feed = look.then(|| feed(&services)).flatten();
        let left_in_keyring = record.left_in_keyring().collect();
        let left_in_file = keeping::left_in_file(&services.host, &services.state_dir, &record)
            .map_err(|error| Box::new(Report::from(error)));
        let damaged = record::damaged(&services.state_dir);
        let damaged = damaged.iter().map(|path| super::services::shown(path)).collect();
        Ok(Logins { logins, left_in_keyring, left_in_file, damaged, asked, feed })
    };
    Ok(Event::Logins(Box::new(blocking(list).await??)))
}

/// The feed in force here. A configuration that can't be read names none: Check says so.
fn feed(services: &Services) -> Option<FeedAnswer> {
    let settings = caches::settings(services).ok()?;
    let answering = check::answering(services, &settings)?;
    let registry = settings.registry_in_force()?;
    Some(FeedAnswer { registry: registry.name, index: registry.index.shown(), answering })
}

/// Opens no window for the keyring's password, and asks a store that gave no answer for none of the others.
fn look_up(services: &Services, record: &Record, logins: &mut [KeptLogin]) {
    let mut trouble: Option<(Kept, Report)> = None;
    for kept in logins {
        let Some(login) = record.login(&kept.base) else { continue };
        let slot = match &login.kind {
            LoginKind::Pat => Slot::Pat,
            LoginKind::Entra { .. } => Slot::Refresh,
            LoginKind::AzureCli { .. } => continue,
            LoginKind::Environment { variable } => {
                kept.found = Some(services.host.env.text(variable).is_some());
                continue;
            }
        };
        if trouble.as_ref().is_none_or(|(store, _)| *store != login.kept) {
            let vault = keeping::vault(&services.host, &services.state_dir, login.kept);
            match vault.and_then(|vault| vault.read(&kept.base, slot)) {
                Ok(found) => {
                    kept.found = Some(found.is_some());
                    continue;
                }
                Err(error) => trouble = Some((login.kept, error.into())),
            }
        }
        kept.trouble = trouble.as_ref().map(|(_, report)| Box::new(report.clone()));
    }
}

/// Who is signed in to the organization of an index.
pub(super) fn of_index(services: &Services, index: &IndexUrl) -> Option<KeptLogin> {
    let record = Record::load(&services.state_dir);
    let base = index.credential_base(record.named())?;
    let login = record.login(&base)?;
    Some(kept_login(base, login))
}

/// The same of its canonical base.
pub(super) fn of_base(services: &Services, base: &Base) -> Option<KeptLogin> {
    let record = Record::load(&services.state_dir);
    Some(kept_login(base.clone(), record.login(base)?))
}

fn kept_login(base: Base, login: &Login) -> KeptLogin {
    let (kind, short_kind, is_renewed) = match &login.kind {
        LoginKind::Pat => ("personal access token", "PAT", false),
        LoginKind::Entra { .. } => ("Entra sign-in, renewed by itself", "Entra", true),
        LoginKind::AzureCli { .. } => ("session of the Azure CLI", "az", true),
        LoginKind::Environment { .. } => ("variable of the environment", "environment", false),
    };
    let who = crate::domain::text::clean(&login.who);
    let (kept, expires) = (login.is_stored().then_some(login.kept), login.expires);
    KeptLogin { base, who, kind, short_kind, is_renewed, kept, expires, found: None, trouble: None }
}

/// Takes our entry out of the person's Cargo configuration; where this tool is to forget, every yes to a file of its own
/// is taken back, too.
pub(super) async fn uninstall(services: &Arc<Services>, forgets: bool) -> Result<Event, Report> {
    let (places, state_dir) = (OwnedPlaces::of(services), services.state_dir.clone());
    let uninstall = move || -> Result<_, Report> {
        if forgets {
            record::withdraw_files(&state_dir)?;
        }
        Ok(config_file::uninstall(&places.borrow())?)
    };
    let written = blocking(uninstall).await??;
    Ok(Event::Applied(written.into_iter().collect()))
}
