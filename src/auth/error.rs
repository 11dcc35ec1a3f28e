//! Why somebody could not sign in. Never holds a secret; the words of others are clean.

use crate::domain::credential::NEEDED_SCOPE;
use crate::domain::text::duration;
use crate::error::{Exit, Report};
use crate::net::NetError;

use super::aadsts;

/// Why a text is no personal access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatError {
    #[error("no personal access token was given")]
    Empty,
    #[error("this is a whole `{0}` header, not a personal access token")]
    Header(&'static str),
    #[error("a personal access token holds no white space")]
    WhiteSpace,
    #[error("a personal access token holds only printable ASCII characters")]
    NotPrintable,
}

impl From<PatError> for Report {
    fn from(error: PatError) -> Self {
        let (code, hint) = match error {
            PatError::Empty => ("token-missing", format!("paste a token with the scope {NEEDED_SCOPE}")),
            PatError::Header(_) => (
                "token-malformed",
                "paste the token as Azure DevOps shows it; the header is made from it".to_owned(),
            ),
            PatError::WhiteSpace | PatError::NotPrintable => (
                "token-malformed",
                "copy the token again, whole and without what stands around it".to_owned(),
            ),
        };
        Self::new(Exit::SignIn, code, error.to_string()).hint(hint)
    }
}

/// What Entra says no with (azure-contract 2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub host: String,
    pub status: u16,
    /// Such as `invalid_grant`.
    pub error: String,
    /// The numbers of AADSTS.
    pub codes: Vec<u32>,
    /// Entra's own words.
    pub words: Option<String>,
    /// What support asks for.
    pub correlation_id: Option<String>,
}

/// Why Entra gave no token.
#[derive(Debug, thiserror::Error)]
pub enum EntraError {
    #[error("{}", refused_headline(.0))]
    Refused(Box<Refusal>),
    #[error("the sign-in was declined")]
    Declined,
    #[error("the code has ended before it was entered")]
    Expired,
    #[error("the sign-in names a page that is not Microsoft's: `{page}`")]
    ForeignPage { page: String },
    #[error("`{host}` answered in a way that Entra does not")]
    Misunderstood { host: String, cause: String },
    #[error("`{host}` has trouble of its own")]
    Trouble { host: String, status: u16 },
    #[error("there is nothing to renew the sign-in with")]
    NothingToRenew,
    #[error(transparent)]
    Network(#[from] NetError),
}

fn refused_headline(refusal: &Refusal) -> String {
    let known = refusal.codes.iter().find_map(|code| aadsts::meaning_of(*code));
    known.map_or_else(
        || format!("Entra refused the sign-in (`{}`)", refusal.error),
        |known| known.headline.to_owned(),
    )
}

impl From<EntraError> for Report {
    fn from(error: EntraError) -> Self {
        let headline = error.to_string();
        let sign_in = |code, hint: &str| Self::new(Exit::SignIn, code, &headline).hint(hint);
        match error {
            EntraError::Refused(refusal) => of_refusal(*refusal, headline),
            EntraError::Declined => {
                sign_in("entra-declined", "sign in again and allow it, or choose another way")
            }
            EntraError::Expired => {
                sign_in("entra-code-expired", "sign in again for a new code, or choose another way")
            }
            EntraError::ForeignPage { .. } => Self::new(Exit::NotAllowed, "entra-foreign-page", headline)
                .hint("do not enter anything there; check `--authority` and the proxy"),
            EntraError::Misunderstood { cause, .. } => {
                Self::new(Exit::Network, "entra-not-understood", headline)
                    .cause(cause)
                    .hint("check the network and the proxy; a proxy may want you to sign in to it first")
            }
            EntraError::Trouble { status, .. } => Self::new(Exit::Network, "entra-trouble", headline)
                .cause(format!("status {status}"))
                .hint("try again in a while"),
            EntraError::NothingToRenew => sign_in("entra-sign-in-expired", "sign in again"),
            EntraError::Network(error) => error.into(),
        }
    }
}

/// For codes that nobody knows, Entra's own words have to do.
fn of_refusal(refusal: Refusal, headline: String) -> Report {
    let known = refusal.codes.iter().find_map(|code| aadsts::meaning_of(*code));
    let expired = refusal.error == "invalid_grant";
    let (code, hint) = match known {
        Some(known) => (known.code, known.hint),
        None if expired => ("entra-sign-in-expired", "sign in again"),
        None => (
            "entra-refused",
            "follow what it says, or choose another way: the Azure CLI session or a personal access token",
        ),
    };
    let exit = if known.is_some_and(|known| known.is_policy) { Exit::NotAllowed } else { Exit::SignIn };
    let mut report = Report::new(exit, code, headline).hint(hint);
    report.causes.extend(refusal.words);
    report.details.push(format!("status: {} from `{}`, `{}`", refusal.status, refusal.host, refusal.error));
    report.details.extend(refusal.correlation_id.map(|id| format!("correlation id: {id}")));
    report
}

/// Why the Azure CLI gave no token (azure-contract 2.3).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AzError {
    #[error("the Azure CLI is not installed")]
    Missing,
    #[error("the only `az` on the PATH lies inside this checkout, so it is not run")]
    InCheckout,
    #[error("the Azure CLI could not be started")]
    CannotStart { cause: String },
    #[error("the Azure CLI has not answered in {}", duration(*.0))]
    Silent(std::time::Duration),
    #[error("the Azure CLI is not signed in")]
    LoggedOut { login: String, words: String },
    #[error("the Azure CLI is signed in to another tenant")]
    WrongTenant { login: String, words: String },
    #[error("{headline}")]
    Entra { code: &'static str, headline: &'static str, hint: &'static str, login: String, words: String },
    #[error("the Azure CLI failed")]
    Failed { login: String, words: String },
    #[error("what the Azure CLI answered is not understood")]
    Misunderstood { cause: &'static str },
}

impl From<AzError> for Report {
    fn from(error: AzError) -> Self {
        let headline = error.to_string();
        let report = |code, hint: String| Self::new(Exit::SignIn, code, &headline).hint(hint);
        let run = |login: &str| format!("run `{login}`, then sign in again; or choose another way");
        let said = |report: Self, words: String| if words.is_empty() { report } else { report.cause(words) };
        match error {
            AzError::Missing => report(
                "az-missing",
                "install it from https://aka.ms/azure-cli and run `az login`, or choose another way".into(),
            ),
            AzError::InCheckout => report(
                "az-in-checkout",
                "put the folder of your own `az` on the PATH, or choose another way".into(),
            ),
            AzError::CannotStart { cause } => {
                report("az-not-started", "check that `az version` works in a shell".into()).cause(cause)
            }
            AzError::Silent(_) => {
                report("az-silent", "check that `az account get-access-token` ends in a shell".into())
            }
            AzError::LoggedOut { login, words } => said(report("az-logged-out", run(&login)), words),
            AzError::WrongTenant { login, words } => said(report("az-wrong-tenant", run(&login)), words),
            AzError::Entra { code, hint, login, words, .. } => {
                said(report(code, format!("{hint} (`{login}`)")), words)
            }
            AzError::Failed { login, words } => said(report("az-failed", run(&login)), words),
            AzError::Misunderstood { cause } => {
                report("az-not-understood", "bring the Azure CLI up to date with `az upgrade`".into())
                    .cause(cause)
            }
        }
    }
}

/// Why a token of the environment can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentError {
    #[error("no variable of the environment holds a token for `{organization}`")]
    None { organization: String },
    #[error("the token in `{variable}` may not go to `{organization}`")]
    Elsewhere { variable: String, organization: String },
    #[error("`{variable}` holds no token: {why}")]
    NoToken { variable: String, why: &'static str },
}

impl From<EnvironmentError> for Report {
    fn from(error: EnvironmentError) -> Self {
        let headline = error.to_string();
        let report = |code, hint: &str| Self::new(Exit::SignIn, code, &headline).hint(hint);
        match error {
            EnvironmentError::None { .. } => report(
                "environment-token-missing",
                "set `AZURE_DEVOPS_EXT_PAT`, or in a pipeline map `SYSTEM_ACCESSTOKEN: $(System.AccessToken)`",
            ),
            EnvironmentError::Elsewhere { .. } => report(
                "environment-token-elsewhere",
                "name the organization with `--org`: a token of the environment goes only to an organization that \
                 a flag or `SYSTEM_COLLECTIONURI` names",
            ),
            EnvironmentError::NoToken { .. } => report(
                "environment-token-unusable",
                "in a pipeline map `SYSTEM_ACCESSTOKEN: $(System.AccessToken)`; a build of a fork gets none",
            ),
        }
    }
}
