//! What Cargo is answered as a credential provider (product.md, 'Trust'; cargo-contract 3.4, 3.5). Runs in every
//! fetch: reads what is on disk and in the vault, and starts nothing more unless a token has to be renewed. Never asks a person.

use std::io;
use std::path::Path;

use crate::auth::environment;
use crate::auth::vault::{Slot, Vault, VaultError};
use crate::cargo::provider::{self, Action, Asked, Granted, Keep, Operation, Refusal};
use crate::domain::account::Account;
use crate::domain::credential::{AccessToken, Credential, Renewal, Secret, TimedToken, TokenOrigin};
use crate::domain::organization::{Base, Target};
use crate::domain::registry::IndexUrl;
use crate::error::{Exit, Report};
use crate::files;
use crate::host::Host;
use crate::record::outage::Outage;
use crate::record::{self, Kept, Login, LoginKind, Record};

use super::given_up::{self, GivenUp};
use super::{keeping, renewal};

pub(super) mod fresh;
pub(super) mod turn;

/// A token with less life than this is renewed before it is handed out, in seconds: Cargo uses one for all
/// the crates of a fetch and asks no second time (cargo-contract 3.5).
pub(super) const ENOUGH: u64 = 15 * 60;

/// A token with less life than this is of no use to Cargo, in seconds: it would ask again for each request.
const LEAST: u64 = 60;

/// Gets the next access token of a sign-in, given the refresh token that is kept of it.
pub type Renew = fn(&Host, (&Base, &LoginKind), Option<Secret>) -> Result<AccessToken, Report>;

/// Answers Cargo at the other end of the standard streams until it has heard enough.
///
/// # Errors
/// When Cargo has gone.
pub fn serve(host: &Host) -> io::Result<()> {
    provider::serve_cargo(|asked| answer(host, renewal::renew, asked))
}

/// One answer.
///
/// # Errors
/// Every [`Refusal`].
pub fn answer(host: &Host, renew: Renew, asked: &Asked) -> Result<Granted, Refusal> {
    let state_dir = host.state_dir.as_deref().ok_or(Refusal::UrlNotSupported)?;
    let record = Record::load(state_dir);
    let index = IndexUrl::parse(&asked.registry.index_url).ok_or(Refusal::UrlNotSupported)?;
    let base = index
        .credential_base(record.named())
        .filter(|base| record.knows(base))
        .ok_or(Refusal::UrlNotSupported)?;
    let kept = Keeper { host, state_dir, record: &record, base: &base, renew };
    match &asked.action {
        Action::Get(Operation::Unknown) | Action::Unknown => Err(Refusal::OperationNotSupported),
        Action::Get(_) => kept.token(),
        Action::Login(token) => kept.in_turn(|kept| kept.log_in(token.as_ref())),
        Action::Logout => kept.in_turn(|kept| kept.log_out().map(Granted::LoggedOut)),
    }
}

/// Whose turn it is to renew.
enum Turn {
    Ours(files::Lock),
    /// Another process has renewed meanwhile.
    Renewed(TimedToken),
    /// Somebody has logged in or out meanwhile.
    Other(Box<Record>),
}

/// What is kept of one organization.
struct Keeper<'a> {
    host: &'a Host,
    state_dir: &'a Path,
    record: &'a Record,
    base: &'a Base,
    renew: Renew,
}

impl Keeper<'_> {
    /// When nobody else changes what is kept, by what is known then.
    fn in_turn<T>(&self, work: impl FnOnce(&Keeper<'_>) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let _lock = turn::wait(self.state_dir)?;
        work(&Keeper { record: &Record::load(self.state_dir), ..*self })
    }

    fn token(&self) -> Result<Granted, Refusal> {
        let login = self.record.login(self.base).ok_or(Refusal::NotFound)?;
        match &login.kind {
            LoginKind::Pat => self.personal(login),
            LoginKind::Environment { variable } => self.of_environment(variable),
            LoginKind::Entra { .. } | LoginKind::AzureCli { .. } => self.access(login),
        }
    }

    fn personal(&self, login: &Login) -> Result<Granted, Refusal> {
        if login.expires.is_some_and(|expires| expires <= self.now()) {
            return Err(self.sign_in_again("token-expired", "the personal access token has expired").into());
        }
        let Some(token) = self.read(login, Slot::Pat)? else { return self.unless_gone(login) };
        let header = Credential::Pat(token).header();
        Ok(Granted::Token { header, keep: login.expires.map_or(Keep::Session, Keep::Until) })
    }

    /// What is not there any more may have made room for a login of another kind since the record was read.
    fn unless_gone(&self, login: &Login) -> Result<Granted, Refusal> {
        let record = Record::load(self.state_dir);
        if record.login(self.base) == Some(login) {
            return Err(self.gone(login));
        }
        Keeper { record: &record, ..*self }.token()
    }

    /// Judged anew each time: what the variable holds may be another token by now, for another organization
    /// (product.md, 'Trust').
    fn of_environment(&self, variable: &str) -> Result<Granted, Refusal> {
        let Target { collection, .. } = Target::parse(self.base.as_str()).ok_or(Refusal::UrlNotSupported)?;
        let another_way = || format!("sign in in another way: az-cargo-wizard login --org {}", self.base);
        let held = environment::credential_of(&self.host.env, variable, &collection);
        let credential = held.map_err(|error| Report::from(error).hint(another_way()))?.ok_or_else(|| {
            Report::new(Exit::SignIn, "variable-missing", format!("the variable `{variable}` is not set"))
                .hint(format!("map it in the pipeline's step, or {}", another_way()))
        })?;
        let expires = match &credential {
            Credential::Pat(_) => None,
            Credential::Bearer(access) => access.expires,
        };
        if expires.is_some_and(|expires| expires <= self.now()) {
            let words = format!("the token in the variable `{variable}` has expired");
            return Err(Report::new(Exit::SignIn, "token-expired", words)
                .hint(format!("put a new token into the variable, or {}", another_way()))
                .into());
        }
        Ok(Granted::Token { header: credential.header(), keep: expires.map_or(Keep::Session, Keep::Until) })
    }

    /// The access token that is kept, while it lives long enough; or the next one.
    fn access(&self, login: &Login) -> Result<Granted, Refusal> {
        if let Some(token) = self.kept_access(login)?.filter(|token| self.lives(token, ENOUGH)) {
            return Ok(granted(&token));
        }
        let _lock = match self.renewal_lock(login)? {
            Turn::Ours(lock) => lock,
            Turn::Renewed(token) => return Ok(granted(&token)),
            Turn::Other(record) => return Keeper { record: &record, ..*self }.token(),
        };
        let kept = self.kept_access(login)?;
        match self.renewed(login) {
            Err(Refusal::Failed(report)) if report.exit != Exit::SignIn => kept
                .filter(|token| self.lives(token, LEAST))
                .map_or(Err(Refusal::Failed(report)), |token| Ok(granted(&token))),
            outcome => outcome,
        }
    }

    /// A refresh token is good once, so the place for the next one is tried out before this one is spent. Between the
    /// answer and its being kept, at once and before anything else is done, the next one is in memory alone: killed
    /// there, the person has to sign in again where the service takes no token twice. Until the next one is whole in the
    /// store the one before stays in it, for Entra often does.
    fn renewed(&self, login: &Login) -> Result<Granted, Refusal> {
        let LoginKind::Entra { .. } = &login.kind else {
            let next = (self.renew)(self.host, (self.base, &login.kind), None);
            return Ok(self.keep_access(login, next.map_err(|report| self.mended(report, &login.kind))?));
        };
        let refresh = self.read(login, Slot::Refresh)?.filter(|refresh| !refresh.is_empty());
        let refresh = refresh.ok_or_else(|| self.gone(login))?;
        let login = self.place_for_next(login, &refresh)?;
        let next = (self.renew)(self.host, (self.base, &login.kind), Some(refresh));
        let next = next.map_err(|report| self.mended(report, &login.kind))?;
        let login = self.keep_refresh(login, &next);
        Ok(self.keep_access(&login, next))
    }

    /// The login itself where its store can be written; else moved to the file that was agreed to, with what is kept.
    fn place_for_next(&self, login: &Login, refresh: &Secret) -> Result<Login, Refusal> {
        let tried = self.vault(login.kept).and_then(|vault| vault.try_out());
        match tried {
            Ok(()) => Ok(login.clone()),
            Err(error) => self.moved(login, refresh).ok_or_else(|| self.lost(error)),
        }
    }

    /// Where nothing keeps the next one, Cargo still gets the access token that was paid for; what the service says to
    /// the one before is told when that one ends. Where there is none, the one before stays.
    fn keep_refresh(&self, login: Login, next: &AccessToken) -> Login {
        let refresh = match &next.origin {
            TokenOrigin::DeviceCode(Renewal { refresh, .. }) if !refresh.is_empty() => refresh,
            _ => return login,
        };
        let vault = keeping::steady_vault(self.host, self.state_dir, login.kept);
        let Err(error) = vault.and_then(|vault| vault.write(self.base, Slot::Refresh, refresh)) else {
            return login;
        };
        self.remember(&error);
        self.moved(&login, refresh).unwrap_or_else(|| {
            tracing::warn!(base = %self.base, %error, "what renews the sign-in next could not be kept");
            login
        })
    }

    /// Into the file, where that was agreed to: first the secret, then that it is there.
    fn moved(&self, login: &Login, refresh: &Secret) -> Option<Login> {
        let may_move = login.kept == Kept::Keyring && self.record.may_use_file(self.base);
        let login = may_move.then(|| Login { kept: Kept::File, ..login.clone() })?;
        self.vault(login.kept).and_then(|file| file.write(self.base, Slot::Refresh, refresh)).ok()?;
        record::log_in(self.state_dir, self.base, &login).ok()?;
        Some(login)
    }

    /// Waits until no other process renews; one that did leaves a token that is good for us, too.
    fn renewal_lock(&self, login: &Login) -> Result<Turn, Refusal> {
        for _ in 0..turn::PAUSES {
            let lock = turn::take(self.state_dir)?;
            let record = Record::load(self.state_dir);
            if record.login(self.base) != Some(login) {
                return Ok(Turn::Other(Box::new(record)));
            }
            let kept = self.kept_access(login)?;
            if let Some(token) = kept.filter(|token| self.lives(token, ENOUGH)) {
                return Ok(Turn::Renewed(token));
            }
            match lock {
                Some(lock) => return Ok(Turn::Ours(lock)),
                None => std::thread::sleep(turn::PAUSE),
            }
        }
        Err(turn::busy().into())
    }

    fn keep_access(&self, login: &Login, next: AccessToken) -> Granted {
        let next = TimedToken { expires: next.expires.unwrap_or(self.now() + ENOUGH), token: next.token };
        // Without it the next process renews again, no more: a keyring that has just failed is not waited for.
        if self.no_outage(login).is_ok() {
            let vault = self.vault(login.kept);
            let kept = vault.and_then(|vault| vault.write(self.base, Slot::Access, &next.to_kept()));
            kept.unwrap_or_else(|error| self.remember(&error));
        }
        granted(&next)
    }

    fn kept_access(&self, login: &Login) -> Result<Option<TimedToken>, Refusal> {
        Ok(self.read(login, Slot::Access)?.as_ref().and_then(TimedToken::of_kept))
    }

    /// An access token that makes no sense counts as none, for the next one takes its place.
    fn held(&self, vault: &Vault, slot: Slot) -> Result<Option<Secret>, VaultError> {
        match vault.read(self.base, slot) {
            Err(VaultError::Garbled) if slot == Slot::Access => Ok(None),
            held => held,
        }
    }

    fn log_in(&self, token: Option<&Secret>) -> Result<Granted, Refusal> {
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Err(self.sign_in_again("token-missing", "no token was piped to `cargo login`").into());
        };
        let (credential, _) = crate::auth::pat::accept(token).map_err(Report::from)?;
        let Credential::Pat(token) = credential else { return Err(Refusal::OperationNotSupported) };
        let before = self.record.login(self.base);
        // Who has agreed to the file once has no keyring.
        let usual = if self.record.may_use_file(self.base) { Kept::File } else { Kept::Keyring };
        let kept = before.filter(|login| login.is_stored()).map_or(usual, |login| login.kept);
        let credential = Credential::Pat(token.clone());
        let same = before.filter(|login| {
            let read = |slot| self.vault(kept).and_then(|vault| vault.read(self.base, slot));
            login.expires.is_some() && given_up::is_kept((login, &credential), read).unwrap_or(true)
        });
        let given_up = before.filter(|_| same.is_none()).and_then(|login| self.note_of(login));
        let vault = self.vault(kept).map_err(|error| self.lost(error))?;
        if kept == Kept::Keyring {
            record::enter_keyring(self.state_dir, self.base).map_err(Report::from)?;
        }
        vault.write(self.base, Slot::Pat, &token).map_err(|error| self.lost(error))?;
        let who = before.map_or_else(|| Account::TOKEN_HOLDER.to_owned(), |login| login.who.clone());
        let (expires, made) = same.map_or((None, None), |login| (login.expires, login.made.clone()));
        let login = Login { kind: LoginKind::Pat, kept, who, expires, made };
        record::log_in(self.state_dir, self.base, &login).map_err(Report::from)?;
        vault.forget_but(self.base, &[Slot::Pat]).map_err(|error| self.lost(error))?;
        drop(vault);
        if kept == Kept::Keyring {
            keeping::replace_in_file(self.host, self.state_dir, (self.base, &credential))?;
        }
        Ok(Granted::LoggedIn(given_up))
    }

    /// The token that was made for a sign-in, where it is good beyond that.
    fn note_of(&self, login: &Login) -> Option<String> {
        Some(GivenUp::of(self.host, (self.base, login))?.left().words())
    }

    /// With what the person has to know of it.
    fn log_out(&self) -> Result<Option<String>, Refusal> {
        let login = self.record.login(self.base).ok_or(Refusal::NotFound)?;
        // What stays in a store that is out of reach is looked for at the next logout; Cargo has no words for it.
        keeping::forget_secrets(self.state_dir, (self.record, self.base), |kept| self.vault(kept))
            .map_err(|error| self.lost(error))?;
        record::log_out(self.state_dir, self.base).map_err(Report::from)?;
        Ok(self.note_of(login))
    }

    /// Out of the place that the login names; where that is out of reach, out of the file that was agreed to.
    fn read(&self, login: &Login, slot: Slot) -> Result<Option<Secret>, Refusal> {
        self.asked(login, slot).or_else(|(refusal, is_out_of_reach)| {
            let file = is_out_of_reach.then(|| self.file_for(login)).flatten().ok_or(refusal)?;
            self.held(&file, slot).map_err(|error| self.lost(error))
        })
    }

    /// The file that was agreed to, where all of a login is in it that can't be had otherwise.
    fn file_for(&self, login: &Login) -> Option<Vault> {
        let file = self.record.may_use_file(self.base).then(|| self.vault(Kept::File))?.ok()?;
        let needed = match login.kind {
            LoginKind::Pat => Slot::Pat,
            LoginKind::Entra { .. } => Slot::Refresh,
            LoginKind::AzureCli { .. } | LoginKind::Environment { .. } => return Some(file),
        };
        let is_there = matches!(file.read(self.base, needed), Ok(Some(_)));
        is_there.then_some(file)
    }

    /// With a refusal: whether the store is out of reach.
    fn asked(&self, login: &Login, slot: Slot) -> Result<Option<Secret>, (Refusal, bool)> {
        let lost = |error: VaultError| {
            let is_out_of_reach = error.is_out_of_reach();
            (self.lost(error), is_out_of_reach)
        };
        self.no_outage(login)?;
        let vault = self.vault(login.kept).map_err(lost)?;
        // While this one waited for its turn another may have found the keyring out of reach: of two hundred at once
        // only the first waits for it.
        self.no_outage(login)?;
        self.held(&vault, slot).map_err(lost)
    }

    fn no_outage(&self, login: &Login) -> Result<(), (Refusal, bool)> {
        if login.kept == Kept::File {
            return Ok(());
        }
        let outage = Outage::load(self.state_dir, self.session(), self.now());
        outage.map_or(Ok(()), |outage| Err((self.named(out_of_reach(&outage.why)).into(), true)))
    }

    /// Never `not-found`, which would let a stale token of another provider answer.
    fn lost(&self, error: VaultError) -> Refusal {
        self.remember(&error);
        self.named(error.into()).into()
    }

    /// That the keyring was out of reach: the next process does not wait for it.
    fn remember(&self, error: &VaultError) {
        if error.is_outage() {
            // At worst the next process waits as long as this one did.
            let _ = Outage::store(self.state_dir, (self.session(), self.now()), error.why());
        }
    }

    /// With the organization in the command that mends it, for Cargo is at home in many.
    fn named(&self, mut report: Report) -> Report {
        let command = format!("az-cargo-wizard login --org {}", self.base);
        report.hint = report.hint.map(|hint| hint.replace("az-cargo-wizard login", &command));
        report
    }

    /// Not `not-found`: that is for who has signed out.
    fn gone(&self, login: &Login) -> Refusal {
        let place = match login.kept {
            Kept::Keyring => "the system keyring",
            Kept::File => "the file that kept it",
        };
        self.sign_in_again("credential-gone", &format!("the credential is not in {place} any more")).into()
    }

    fn sign_in_again(&self, code: &'static str, headline: &str) -> Report {
        Report::new(Exit::SignIn, code, headline).hint(self.command())
    }

    /// Says what failed and ends with the command to run: Cargo shows nothing else.
    fn mended(&self, mut report: Report, kind: &LoginKind) -> Report {
        if report.exit == Exit::SignIn {
            return if matches!(kind, LoginKind::Entra { .. }) {
                report.hint(self.command())
            } else {
                report
            };
        }
        report.headline = format!("the sign-in could not be renewed: {}", report.headline);
        let hint = report.hint.take().map(|hint| hint + "; ").unwrap_or_default();
        let login = format!("az-cargo-wizard login --org {}", self.base);
        report.hint(format!("{hint}if it stays so, sign in in another way: {login} --with-token"))
    }

    fn command(&self) -> String {
        format!("run: az-cargo-wizard login --org {}", self.base)
    }

    fn vault(&self, kept: Kept) -> Result<Vault, VaultError> {
        keeping::vault(self.host, self.state_dir, kept)
    }

    /// What tells one session's keyring from another's.
    fn session(&self) -> &str {
        let names = ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"];
        names.iter().find_map(|name| self.host.env.text(name)).unwrap_or_default()
    }

    fn lives(&self, token: &TimedToken, seconds: u64) -> bool {
        token.expires >= self.now() + seconds
    }

    fn now(&self) -> u64 {
        now(self.host)
    }
}

/// Seconds since 1970 (UTC).
pub(super) fn now(host: &Host) -> u64 {
    host.clock.unix_seconds()
}

fn granted(token: &TimedToken) -> Granted {
    Granted::Token { header: token.header(), keep: Keep::Until(token.expires) }
}

fn out_of_reach(why: &str) -> Report {
    Report::new(Exit::Failed, "keyring-unavailable", why.to_owned())
        .cause("it was asked within the last minute")
        .hint("unlock the keyring, or keep the credential in a file that only you can read: `az-cargo-wizard login --store file`")
}

#[cfg(test)]
mod tests;
