//! Another token in place of one that was refused, however long it should have lived.

use crate::cargo::provider::{Granted, Refusal};
use crate::domain::registry::IndexUrl;
use crate::error::{Exit, Report};
use crate::host::Host;
use crate::record::{Login, LoginKind, Record};
use crate::task::RenewedBy;

use super::{Keeper, Renew, turn};

/// Renews what is kept for that index, unless another process has done so while this one waited. Blocks.
///
/// # Errors
/// When nothing renews it, or what does says no.
pub(in crate::task) fn renew(host: &Host, renew: Renew, index: &IndexUrl) -> Result<RenewedBy, Report> {
    let state_dir = host.state_dir.as_deref().ok_or_else(not_kept_here)?;
    let record = Record::load(state_dir);
    let base = index.credential_base(record.named()).ok_or_else(not_kept_here)?;
    let login = record.login(&base).ok_or_else(not_kept_here)?;
    let by = match &login.kind {
        LoginKind::Pat => return Err(not_a_personal_one()),
        LoginKind::Environment { variable } => return Err(not_of(variable)),
        LoginKind::Entra { .. } => RenewedBy::Entra,
        LoginKind::AzureCli { .. } => RenewedBy::AzureCli,
    };
    let keeper = Keeper { host, state_dir, record: &record, base: &base, renew };
    keeper.replace(login).map_err(|refusal| match refusal {
        Refusal::Failed(report) => *report,
        _ => not_kept_here(),
    })?;
    Ok(by)
}

impl Keeper<'_> {
    pub(super) fn replace(&self, login: &Login) -> Result<Granted, Refusal> {
        let refused = self.kept_access(login)?;
        let lock = turn::wait(self.state_dir)?;
        let record = Record::load(self.state_dir);
        if record.login(self.base) != Some(login) {
            // Somebody has logged in or out meanwhile.
            drop(lock);
            return Keeper { record: &record, ..*self }.token();
        }
        match self.kept_access(login)? {
            // Another process was first.
            Some(kept) if Some(&kept) != refused.as_ref() => Ok(super::granted(&kept)),
            _ => self.renewed(login),
        }
    }
}

/// Nobody renews these.
pub(in crate::task) fn not_a_personal_one() -> Report {
    Report::new(Exit::SignIn, "token-not-renewable", "nothing renews a personal access token")
        .hint("make a new personal access token, log in with it, then run it again")
}

fn not_of(variable: &str) -> Report {
    let headline = format!("the token is that of the variable `{variable}`, which nothing here renews");
    Report::new(Exit::SignIn, "token-not-renewable", headline)
        .hint("put a new token into the variable, then run it again")
}

/// Cargo has it from somewhere else.
pub(in crate::task) fn not_kept_here() -> Report {
    let headline = "Cargo has its token from another place than this tool, which does not renew it";
    Report::new(Exit::Failed, "token-not-kept-here", headline)
}
