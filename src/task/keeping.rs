//! Where sign-ins are kept between runs, for this tool as Cargo's credential provider: which store works here, what is
//! put into it, and what is remembered of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::auth::vault::{Slot, Vault, VaultError};
use crate::domain::credential::{Credential, Kept, Renewal, Secret, TimedToken, TokenOrigin};
use crate::domain::new_pat::MadePat;
use crate::domain::organization::Base;
use crate::domain::registry::IndexUrl;
use crate::domain::text::clean;
use crate::error::{Exit, Report};
use crate::host::{Env, Host};
use crate::record::made;
use crate::record::outage::Outage;
use crate::record::{self, Login, LoginKind, MadeToken, Record};

use super::given_up::{self, GivenUp};
use super::provide_token::{ENOUGH, now, turn};
use super::services::Services;
use super::{Event, blocking};

/// The place of a credential that this tool hands out, as its origin names it.
pub(super) const OURS: &str = "az-cargo-wizard";

/// The file that holds credentials where there is no keyring.
pub(super) fn file_of(state_dir: &Path) -> PathBuf {
    state_dir.join("credentials.json")
}

/// Tells where this tool can keep a credential for an organization: in the keyring, or where that fails in the file that
/// the person has agreed to. The demo never touches the person's keyring.
pub(super) async fn try_keyring(services: &Arc<Services>, base: Option<Base>) -> Result<Event, Report> {
    if services.demo.is_some() {
        return Ok(Event::Keyring(Ok(Kept::File)));
    }
    let (host, state_dir) = (services.host.clone(), services.state_dir.clone());
    let tried = blocking(move || {
        let tried = patient_vault(&host, &state_dir, Kept::Keyring).and_then(|vault| vault.try_out());
        let agreed = base.is_some_and(|base| Record::load(&state_dir).may_use_file(&base));
        match tried {
            Ok(()) => Ok(Kept::Keyring),
            Err(_) if agreed && Kept::File.is_possible() => Ok(Kept::File),
            Err(error) => Err(Box::new(Report::from(error))),
        }
    });
    Ok(Event::Keyring(tried.await?))
}

/// The library would look for another session where this one has none.
fn has_session(env: &Env) -> Result<(), VaultError> {
    let why = || VaultError::Unavailable("no session with a message bus is known".to_owned());
    if env.is_own_session() { Ok(()) } else { Err(why()) }
}

/// The place that a login names, for Cargo: it answers soon, and asks nobody for a password.
pub(super) fn vault(host: &Host, state_dir: &Path, kept: Kept) -> Result<Vault, VaultError> {
    match kept {
        Kept::Keyring => has_session(&host.env).and_then(|()| Vault::quiet_system(state_dir)),
        Kept::File => Ok(Vault::file(file_of(state_dir))),
    }
}

/// The same for what would be lost if it were not kept: it may take longer, and asks nobody either.
pub(super) fn steady_vault(host: &Host, state_dir: &Path, kept: Kept) -> Result<Vault, VaultError> {
    match kept {
        Kept::Keyring => has_session(&host.env).and_then(|()| Vault::steady_system(state_dir)),
        Kept::File => vault(host, state_dir, kept),
    }
}

/// The same for a person, who may be asked for the keyring's password.
pub(super) fn patient_vault(host: &Host, state_dir: &Path, kept: Kept) -> Result<Vault, VaultError> {
    match kept {
        Kept::Keyring => has_session(&host.env).and_then(|()| Vault::system(state_dir)),
        Kept::File => vault(host, state_dir, kept),
    }
}

/// Where the credential is that Cargo gets from this tool for an index, in words; `None`: nobody is signed in there.
pub(super) fn place_of(state_dir: &Path, index: &IndexUrl) -> Option<String> {
    let record = Record::load(state_dir);
    let login = record.login(&index.credential_base(record.named())?)?;
    Some(format!("az-cargo-wizard, in {}", place(login)))
}

/// Where a sign-in is kept, in words; nothing is asked there.
pub(super) fn place(login: &Login) -> String {
    match (&login.kind, login.kept) {
        (LoginKind::Environment { variable }, _) => the_variable(variable),
        (_, Kept::Keyring) => "the system keyring".to_owned(),
        (_, Kept::File) => "a file of this tool that only you can read".to_owned(),
    }
}

/// The same place; `None`: nobody is signed in there.
pub(super) fn kept_for(state_dir: &Path, index: &IndexUrl) -> Option<Kept> {
    let record = Record::load(state_dir);
    Some(record.login(&index.credential_base(record.named())?)?.kept)
}

/// Where this tool keeps credentials on this machine, as far as is remembered: in its file where nothing is in a keyring.
pub(super) fn usual(state_dir: &Path) -> Kept {
    let record = Record::load(state_dir);
    let mut stored =
        record.logins().filter(|(_, login)| login.is_stored()).map(|(_, login)| login.kept).peekable();
    let is_file = stored.peek().is_some() && stored.all(|kept| kept == Kept::File);
    if is_file { Kept::File } else { Kept::Keyring }
}

fn the_variable(variable: &str) -> String {
    format!("the variable `{}`", clean(variable))
}

/// The sign-in that is kept and that this credential is of, and whether that is certain: its store may not say.
/// `None`: it is another one's.
pub(super) fn login_of(
    host: &Host,
    state_dir: &Path,
    (base, credential): (&Base, &Credential),
) -> Option<(Login, bool)> {
    let login = Record::load(state_dir).login(base)?.clone();
    let mut is_certain = true;
    let is_own = match (credential, &login.kind) {
        (Credential::Pat(_), LoginKind::Pat) => {
            let read = |slot| vault(host, state_dir, login.kept).and_then(|vault| vault.read(base, slot));
            given_up::is_kept((&login, credential), read).unwrap_or_else(|_| {
                is_certain = false;
                true
            })
        }
        (Credential::Pat(token), LoginKind::Environment { variable }) => {
            host.env.text(variable).is_some_and(|value| Secret::new(value) == *token)
        }
        (Credential::Pat(_), _) | (Credential::Bearer(_), LoginKind::Pat) => false,
        (Credential::Bearer(access), _) => access.origin == TokenOrigin::Kept(OURS.to_owned()),
    };
    is_own.then_some((login, is_certain))
}

/// A sign-in that is to be kept.
pub(super) struct SignedIn<'a> {
    pub(super) base: &'a Base,
    pub(super) who: &'a str,
    pub(super) credential: &'a Credential,
    /// The token that was made for it, which is the credential then.
    pub(super) made: Option<&'a MadePat>,
}

/// Where a sign-in is kept now.
pub(super) struct Stored {
    /// In words.
    pub(super) place: String,
    /// Where the one before still is, and why; `None`: nowhere.
    pub(super) left: Option<String>,
}

/// Keeps a sign-in: the secret first, then what is known of it, and of the token that was
/// made for the one before; then forgets what is there of that.
pub(super) fn keep(
    host: &Host,
    state_dir: &Path,
    (signed_in, kept): (&SignedIn<'_>, Kept),
) -> Result<Stored, Report> {
    let SignedIn { base, who, credential, .. } = signed_in;
    let kind = kind_of(host, credential)?;
    // Before the keyring's, here and in a renewal.
    let _turn = turn::wait(state_dir)?;
    let record = Record::load(state_dir);
    let (until, given_up) = after(host, state_dir, (signed_in, record.login(base)));
    let untold = given_up.map(GivenUp::untold);
    let was_in_keyring = record.is_in_keyring(base);
    let login = Login { kind, kept, who: (*who).to_owned(), expires: until.expires, made: until.made };
    if let LoginKind::Environment { variable } = &login.kind {
        made::log_in_over(state_dir, (base, &login), untold)?;
        let left = left_anywhere(host, state_dir, (base, was_in_keyring));
        return Ok(Stored { place: the_variable(variable), left });
    }
    let vault = patient_vault(host, state_dir, kept)?;
    if kept == Kept::Keyring {
        record::enter_keyring(state_dir, base)?;
    }
    put(host, (&vault, base), credential)?;
    made::log_in_over(state_dir, (base, &login), untold)?;
    if kept == Kept::Keyring {
        // It has just answered. At worst Cargo believes for a minute that it doesn't.
        let _ = Outage::forget(state_dir);
    }
    let place = vault.to_string();
    let tidied = vault.forget_but(base, slots(&login.kind)).map_err(Report::from);
    drop(vault);
    let left = match tidied {
        Err(error) => Some(stays(&place, &error)),
        Ok(()) if kept == Kept::Keyring => {
            replace_in_file(host, state_dir, (base, credential)).err().map(|error| stays("the file", &error))
        }
        Ok(()) if was_in_keyring => left_in_keyring(host, state_dir, base),
        Ok(()) => None,
    };
    Ok(Stored { place, left })
}

/// What is known of a personal access token: its end, and which one it is, where it was made for the person.
#[derive(Default)]
struct Until {
    expires: Option<u64>,
    made: Option<MadeToken>,
}

/// What is known of the new sign-in, and what is given up with the one before.
fn after(
    host: &Host,
    state_dir: &Path,
    (signed_in, before): (&SignedIn<'_>, Option<&Login>),
) -> (Until, Option<GivenUp>) {
    let SignedIn { base, credential, made, .. } = signed_in;
    let before = before.filter(|login| login.expires.is_some());
    // A token that was just made is no other one, and one that its store doesn't tell may be the same.
    let is_same = |login: &&Login| {
        let read = |slot| vault(host, state_dir, login.kept).and_then(|vault| vault.read(base, slot));
        made.is_none() && given_up::is_kept((login, credential), read).unwrap_or(true)
    };
    if let Some(login) = before.filter(is_same) {
        return (Until { expires: login.expires, made: login.made.clone() }, None);
    }
    let made = made.map(|pat| Until {
        expires: Some(pat.ends),
        made: Some(MadeToken { name: pat.name.clone(), id: pat.id.clone() }),
    });
    (made.unwrap_or_default(), before.and_then(|login| GivenUp::of(host, (base, login))))
}

/// How the token that Cargo sends will be had.
fn kind_of(host: &Host, credential: &Credential) -> Result<LoginKind, Report> {
    let Credential::Bearer(access) = credential else { return Ok(LoginKind::Pat) };
    match &access.origin {
        TokenOrigin::DeviceCode(Renewal { authority, tenant, client_id, refresh }) if !refresh.is_empty() => {
            Ok(LoginKind::Entra {
                authority: authority.clone(),
                tenant: tenant.clone(),
                client_id: client_id.clone(),
            })
        }
        TokenOrigin::AzureCli { tenant } => Ok(LoginKind::AzureCli { tenant: tenant.clone() }),
        // It is read anew each time, and kept nowhere.
        TokenOrigin::Environment(variable) if host.env.text(variable).is_some() => {
            Ok(LoginKind::Environment { variable: variable.clone() })
        }
        TokenOrigin::DeviceCode(_)
        | TokenOrigin::Unrenewed
        | TokenOrigin::Environment(_)
        | TokenOrigin::Kept(_) => Err(nothing_renews()),
    }
}

/// The secrets of a sign-in that a store is to hold.
fn put(host: &Host, (vault, base): (&Vault, &Base), credential: &Credential) -> Result<(), Report> {
    match credential {
        Credential::Pat(token) => vault.write(base, Slot::Pat, token)?,
        Credential::Bearer(access) => {
            if let TokenOrigin::DeviceCode(Renewal { refresh, .. }) = &access.origin {
                vault.write(base, Slot::Refresh, refresh)?;
            }
            let expires = access.expires.unwrap_or_else(|| now(host) + ENOUGH);
            let access = TimedToken { token: access.token.clone(), expires };
            vault.write(base, Slot::Access, &access.to_kept())?;
        }
    }
    Ok(())
}

/// What is kept of a sign-in of that kind.
fn slots(kind: &LoginKind) -> &'static [Slot] {
    match kind {
        LoginKind::Pat => &[Slot::Pat],
        LoginKind::Entra { .. } => &[Slot::Refresh, Slot::Access],
        LoginKind::AzureCli { .. } => &[Slot::Access],
        LoginKind::Environment { .. } => &[],
    }
}

fn stays(place: &str, error: &Report) -> String {
    format!("the credential before stays in {place}: {error}")
}

/// For a sign-in to the keyring: what the file has of the one before must not answer for it when the keyring is out of
/// reach. Nothing comes into the file that held nothing of that organization.
pub(super) fn replace_in_file(
    host: &Host,
    state_dir: &Path,
    (base, credential): (&Base, &Credential),
) -> Result<(), Report> {
    if cfg!(windows) {
        return Ok(());
    }
    let file = vault(host, state_dir, Kept::File)?;
    let mut is_there = false;
    for slot in Slot::ALL {
        is_there |= file.read(base, slot)?.is_some();
    }
    if !is_there {
        return Ok(());
    }
    file.forget(base)?;
    if Record::load(state_dir).may_use_file(base) {
        put(host, (&file, base), credential)?;
    }
    Ok(())
}

/// Why a store still has something of a sign-in that none has any more; `None`: nothing is left.
fn left_anywhere(host: &Host, state_dir: &Path, (base, in_keyring): (&Base, bool)) -> Option<String> {
    let in_keyring = in_keyring.then(|| left_in_keyring(host, state_dir, base)).flatten();
    if cfg!(windows) {
        return in_keyring;
    }
    let forgotten = vault(host, state_dir, Kept::File).and_then(|file| file.forget(base));
    in_keyring.or_else(|| forgotten.err().map(|error| stays("the file", &error.into())))
}

/// Why the keyring still has the credential before; `None`: it hasn't.
fn left_in_keyring(host: &Host, state_dir: &Path, base: &Base) -> Option<String> {
    match patient_vault(host, state_dir, Kept::Keyring).and_then(|vault| vault.forget(base)) {
        Ok(()) => {
            // At worst it is looked for there once more.
            let _ = record::leave_keyring(state_dir, base);
            None
        }
        Err(error) => Some(stays_in_keyring(&error)),
    }
}

fn stays_in_keyring(error: &VaultError) -> String {
    format!(
        "the credential before stays in the system keyring: {error}; remove `az-cargo-wizard` there once it opens"
    )
}

/// What became of a sign-in that was to be forgotten.
#[derive(Debug, Default)]
pub(super) struct Forgotten {
    pub(super) was_there: bool,
    /// Where something of it still is, and why; `None`: nowhere.
    pub(super) left: Option<String>,
    /// The token that was made for it.
    pub(super) given_up: Option<GivenUp>,
}

/// Forgets a sign-in with its secrets, also where nothing but secrets is left of it.
pub(super) fn forget(host: &Host, state_dir: &Path, base: &Base) -> Result<Forgotten, Report> {
    let record = Record::load(state_dir);
    if record.login(base).is_none() && !record.is_in_keyring(base) {
        return forget_unrecorded(host, state_dir, base);
    }
    let _turn = turn::wait(state_dir)?;
    let record = Record::load(state_dir);
    let open = |kept| patient_vault(host, state_dir, kept);
    let left = forget_secrets(state_dir, (&record, base), open)?;
    record::log_out(state_dir, base)?;
    let login = record.login(base);
    let given_up = login.and_then(|login| GivenUp::of(host, (base, login)));
    Ok(Forgotten { was_there: login.is_some(), left, given_up })
}

/// The same where the record tells of none: it may have been damaged, and then the keyring is asked as well.
fn forget_unrecorded(host: &Host, state_dir: &Path, base: &Base) -> Result<Forgotten, Report> {
    let mut forgotten = Forgotten::default();
    if Kept::File.is_possible() {
        let file = vault(host, state_dir, Kept::File)?;
        if file.bases()?.contains(base) {
            let _turn = turn::wait(state_dir)?;
            file.forget(base)?;
            forgotten.was_there = true;
        }
    }
    if !record::damaged(state_dir).is_empty() {
        match forget_if_in_keyring(host, state_dir, base) {
            Ok(was_there) => forgotten.was_there |= was_there,
            Err(error) => {
                forgotten.left = Some(format!(
                    "whether the system keyring has something of it is not known: {}",
                    error.why()
                ));
            }
        }
    }
    Ok(forgotten)
}

/// Whether something was there.
fn forget_if_in_keyring(host: &Host, state_dir: &Path, base: &Base) -> Result<bool, VaultError> {
    let keyring = patient_vault(host, state_dir, Kept::Keyring)?;
    let mut was_there = false;
    for slot in Slot::ALL {
        // What is garbled is there, too.
        was_there |= !matches!(keyring.read(base, slot), Ok(None));
    }
    keyring.forget(base)?;
    Ok(was_there)
}

/// The organizations of which this tool's own file holds something, and the record tells of no sign-in.
pub(super) fn left_in_file(host: &Host, state_dir: &Path, record: &Record) -> Result<Vec<Base>, VaultError> {
    if !Kept::File.is_possible() {
        return Ok(Vec::new());
    }
    let bases = vault(host, state_dir, Kept::File)?.bases()?;
    Ok(bases.into_iter().filter(|base| record.login(base).is_none()).collect())
}

/// Forgets what any store may have of an organization. Only that of its sign-in has to be reached; says what stays in
/// the other one.
pub(super) fn forget_secrets(
    state_dir: &Path,
    (record, base): (&Record, &Base),
    open: impl Fn(Kept) -> Result<Vault, VaultError>,
) -> Result<Option<String>, VaultError> {
    let own = record.login(base).filter(|login| login.is_stored()).map(|login| login.kept);
    let mut left = None;
    if record.is_in_keyring(base) {
        match open(Kept::Keyring).and_then(|vault| vault.forget(base)) {
            // At worst it is looked for there once more.
            Ok(()) => drop(record::leave_keyring(state_dir, base)),
            Err(error) if own == Some(Kept::Keyring) => return Err(error),
            Err(error) => left = Some(stays_in_keyring(&error)),
        }
    }
    if !cfg!(windows) {
        match open(Kept::File).and_then(|vault| vault.forget(base)) {
            Err(error) if own == Some(Kept::File) => return Err(error),
            Err(error) => left = Some(stays("the file", &error.into())),
            Ok(()) => {}
        }
    }
    Ok(left)
}

fn nothing_renews() -> Report {
    Report::new(Exit::SignIn, "token-not-renewable", "nothing renews this token, so it is not worth keeping")
        .hint("sign in in another way")
}
