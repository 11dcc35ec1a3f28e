//! What Cargo is answered as a credential provider (product.md, 'Trust'; cargo-contract 3.4, 3.5). Runs in every
//! fetch: reads what is on disk and in the vault, and starts nothing more unless a token has to be renewed. Never asks a person.

use std::io;
use std::path::Path;
use std::time::Duration;

use crate::auth::vault::{Slot, Vault, VaultError};
use crate::cargo::provider::{self, Action, Asked, Granted, Keep, Operation, Refusal};
use crate::domain::credential::{AccessToken, Credential, Secret, TimedToken, TokenOrigin};
use crate::domain::organization::Base;
use crate::domain::registry::IndexUrl;
use crate::error::{Exit, Report};
use crate::files;
use crate::host::Host;
use crate::record::outage::Outage;
use crate::record::{self, Kept, Login, LoginKind, Record};

use super::{keeping, renewal};

/// A token with less life than this is renewed before it is handed out, in seconds: Cargo uses one for all
/// the crates of a fetch and asks no second time (cargo-contract 3.5).
pub(super) const ENOUGH: u64 = 15 * 60;

/// A token with less life than this is of no use to Cargo, in seconds: it would ask again for each request.
const LEAST: u64 = 60;

const RENEWAL_LOCK: &str = "renew.lock";

/// Gets the next access token of a sign-in, given the refresh token that is kept of it.
pub type Renew = fn(&Host, (&Base, &LoginKind), Option<Secret>) -> Result<AccessToken, Report>;

/// How long another process may take to renew, in steps of [`PAUSE`].
const PAUSES: u32 = 600;
const PAUSE: Duration = Duration::from_millis(100);

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
        Action::Login(token) => kept.log_in(token.as_ref()),
        Action::Logout => kept.log_out(),
    }
}

/// Whose turn it is to renew.
enum Turn {
    Ours(files::Lock),
    /// Another process has renewed meanwhile.
    Renewed(TimedToken),
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
        let token = self.read(login, Slot::Pat)?.ok_or(Refusal::NotFound)?;
        let header = Credential::Pat(token).header();
        Ok(Granted::Token { header, keep: login.expires.map_or(Keep::Session, Keep::Until) })
    }

    fn of_environment(&self, variable: &str) -> Result<Granted, Refusal> {
        let token = self.host.env.text(variable).ok_or_else(|| {
            Report::new(Exit::SignIn, "variable-missing", format!("the variable `{variable}` is not set"))
                .hint("map it in the pipeline's step, or sign in in another way: `az-cargo-wizard login`")
        })?;
        let token = Secret::new(token);
        // The token of a pipeline's job; the others are personal ones (azure-contract 2.1, 2.8).
        let credential = if variable == "SYSTEM_ACCESSTOKEN" {
            let origin = TokenOrigin::Environment(variable.to_owned());
            Credential::Bearer(Box::new(AccessToken { token, expires: None, origin }))
        } else {
            Credential::Pat(token)
        };
        Ok(Granted::Token { header: credential.header(), keep: Keep::Session })
    }

    /// The access token that is kept, while it lives long enough; or the next one.
    fn access(&self, login: &Login) -> Result<Granted, Refusal> {
        if let Some(token) = self.kept_access(login)?.filter(|token| self.lives(token, ENOUGH)) {
            return Ok(granted(&token));
        }
        let _lock = match self.renewal_lock(login)? {
            Turn::Ours(lock) => lock,
            Turn::Renewed(token) => return Ok(granted(&token)),
        };
        let kept = self.kept_access(login)?;
        let refresh = match &login.kind {
            LoginKind::Entra { .. } => Some(self.read(login, Slot::Refresh)?.ok_or(Refusal::NotFound)?),
            _ => None,
        };
        match (self.renew)(self.host, (self.base, &login.kind), refresh) {
            Ok(next) => self.keep(login, next),
            Err(report) => match kept.filter(|token| self.lives(token, LEAST)) {
                Some(token) if report.exit == Exit::Network => Ok(granted(&token)),
                _ => Err(self.mended(report, &login.kind).into()),
            },
        }
    }

    /// Waits until no other process renews; one that did leaves a token that is good for us, too.
    fn renewal_lock(&self, login: &Login) -> Result<Turn, Refusal> {
        for _ in 0..PAUSES {
            let lock = files::try_lock(self.state_dir, RENEWAL_LOCK).map_err(Report::from)?;
            let kept = self.kept_access(login)?;
            if let Some(token) = kept.filter(|token| self.lives(token, ENOUGH)) {
                return Ok(Turn::Renewed(token));
            }
            match lock {
                Some(lock) => return Ok(Turn::Ours(lock)),
                None => std::thread::sleep(PAUSE),
            }
        }
        let report =
            Report::new(Exit::Failed, "busy", "another process has been renewing the token for a minute");
        Err(report.hint("end the other one, then try again").into())
    }

    /// The refresh token first: the one before is used up.
    fn keep(&self, login: &Login, next: AccessToken) -> Result<Granted, Refusal> {
        let vault = self.vault(login.kept).map_err(|error| self.lost(error))?;
        if let TokenOrigin::DeviceCode(renewal) = &next.origin {
            vault.write(self.base, Slot::Refresh, &renewal.refresh).map_err(|error| self.lost(error))?;
        }
        let next = TimedToken { expires: next.expires.unwrap_or(self.now() + ENOUGH), token: next.token };
        // Without it the next process renews again, no more.
        let _ = vault.write(self.base, Slot::Access, &next.to_kept());
        Ok(granted(&next))
    }

    fn kept_access(&self, login: &Login) -> Result<Option<TimedToken>, Refusal> {
        Ok(self.read(login, Slot::Access)?.as_ref().and_then(TimedToken::of_kept))
    }

    fn log_in(&self, token: Option<&Secret>) -> Result<Granted, Refusal> {
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Err(self.sign_in_again("token-missing", "no token was piped to `cargo login`").into());
        };
        let (credential, _) = crate::auth::pat::accept(token).map_err(Report::from)?;
        let Credential::Pat(token) = credential else { return Err(Refusal::OperationNotSupported) };
        let before = self.record.login(self.base);
        // Who has agreed to the file once has no keyring.
        let usual = if self.record.file_agreed() { Kept::File } else { Kept::Keyring };
        let kept = before.map_or(usual, |login| login.kept);
        self.vault(kept)
            .and_then(|vault| vault.write(self.base, Slot::Pat, &token))
            .map_err(|error| self.lost(error))?;
        let who = before.map_or_else(|| "token holder".to_owned(), |login| login.who.clone());
        let login = Login { kind: LoginKind::Pat, kept, who, expires: None };
        record::log_in(self.state_dir, self.base, &login).map_err(Report::from)?;
        Ok(Granted::LoggedIn)
    }

    fn log_out(&self) -> Result<Granted, Refusal> {
        let login = self.record.login(self.base).ok_or(Refusal::NotFound)?;
        self.vault(login.kept).and_then(|vault| vault.forget(self.base)).map_err(|error| self.lost(error))?;
        record::log_out(self.state_dir, self.base).map_err(Report::from)?;
        Ok(Granted::LoggedOut)
    }

    /// Out of the place that the login names; where that is out of reach, out of the file that was agreed to.
    fn read(&self, login: &Login, slot: Slot) -> Result<Option<Secret>, Refusal> {
        if login.kept == Kept::Keyring
            && let Some(outage) = Outage::load(self.state_dir, self.session(), self.now())
        {
            return self
                .in_the_file(slot)
                .map_or_else(|| Err(out_of_reach(&outage.why).into()), |found| Ok(Some(found)));
        }
        match self.vault(login.kept).and_then(|vault| vault.read(self.base, slot)) {
            Ok(found) => Ok(found),
            Err(error) => {
                let is_out_of_reach = error.is_out_of_reach();
                let refusal = self.lost(error);
                let found = self.in_the_file(slot).filter(|_| is_out_of_reach);
                found.map_or(Err(refusal), |found| Ok(Some(found)))
            }
        }
    }

    fn in_the_file(&self, slot: Slot) -> Option<Secret> {
        let file = self.record.file_agreed().then(|| self.vault(Kept::File))?.ok()?;
        file.read(self.base, slot).ok().flatten()
    }

    /// Never `not-found`, which would let a stale token of another provider answer.
    fn lost(&self, error: VaultError) -> Refusal {
        let is_out_of_reach = error.is_out_of_reach();
        let report = Report::from(error);
        if is_out_of_reach {
            let why = std::iter::once(&report.headline).chain(&report.causes).cloned().collect::<Vec<_>>();
            // At worst the next process waits as long as this one did.
            let _ = Outage::store(self.state_dir, (self.session(), self.now()), why.join(": "));
        }
        report.into()
    }

    fn sign_in_again(&self, code: &'static str, headline: &str) -> Report {
        Report::new(Exit::SignIn, code, headline).hint(self.command())
    }

    /// Ends with the command to run: Cargo shows nothing else.
    fn mended(&self, report: Report, kind: &LoginKind) -> Report {
        match (kind, report.exit) {
            (LoginKind::Entra { .. }, Exit::SignIn) => report.hint(self.command()),
            _ => report,
        }
    }

    fn command(&self) -> String {
        format!("run: az-cargo-wizard login --org {}", self.base)
    }

    fn vault(&self, kept: Kept) -> Result<Vault, VaultError> {
        keeping::vault(self.host, self.state_dir, kept)
    }

    /// What tells one session's keyring from another's.
    fn session(&self) -> &str {
        self.host.env.text("DBUS_SESSION_BUS_ADDRESS").unwrap_or_default()
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
