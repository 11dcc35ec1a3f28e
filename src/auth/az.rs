//! Asks the Azure CLI for a token: its answer in both forms, and each way in which it says no (azure-contract 2.3).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::aadsts;
use super::child::{self, Lost};
use super::error::AzError;
use super::jwt;
use crate::domain::credential::{AccessToken, Secret, TokenOrigin};
use crate::domain::entra::{AZURE_DEVOPS, Tenant};
use crate::domain::text::{clean, clean_lines, redact, truncate};
use crate::host::{Env, Found};

/// It starts slowly, and may ask Entra; more than this is no waiting any more.
const PATIENCE: Duration = Duration::from_secs(60);

/// Its own words fit in this many columns, or are of no use to a person.
const LONGEST_WORDS: usize = 400;

/// What makes it say nothing but its answer.
const SETTINGS: [(&str, &str); 2] =
    [("AZURE_CORE_ONLY_SHOW_ERRORS", "true"), ("AZURE_CORE_NO_COLOR", "true")];

/// An `az` that may be run.
#[derive(Debug, Clone)]
pub struct AzureCli {
    program: PathBuf,
    env: Env,
    limit: Duration,
}

/// The first `az` on `PATH` that lies outside these folders, with an environment that finds no program inside of them
/// (product.md, 'Trust').
///
/// # Errors
/// When there is none, or only one inside.
pub fn find(env: &Env, outside: &[PathBuf]) -> Result<AzureCli, AzError> {
    match env.find_program_outside("az", outside) {
        Found::Program(program) => {
            Ok(AzureCli { program, env: env.without_path_in(outside), limit: PATIENCE })
        }
        Found::OnlyInside => Err(AzError::InCheckout),
        Found::Nothing => Err(AzError::Missing),
    }
}

impl AzureCli {
    /// A token for Azure DevOps, of a tenant where one is known. Dropping it kills the program with everything that
    /// it has started.
    ///
    /// # Errors
    /// Each with the command that mends it.
    pub async fn token(&self, tenant: Option<&Tenant>) -> Result<AccessToken, AzError> {
        let tenant = tenant.filter(|tenant| tenant.is_one());
        let mut command = Command::new(&self.program);
        command.args(["account", "get-access-token", "--resource", AZURE_DEVOPS]);
        if let Some(tenant) = tenant {
            command.args(["--tenant", tenant.as_str()]);
        }
        command.args(["--output", "json"]);
        // It is a Python program, and Python may look for modules in the working folder: never in the checkout.
        command.current_dir(self.program.parent().unwrap_or(Path::new("/")));
        command.env_clear().envs(self.env.iter()).envs(SETTINGS);
        match child::run(command, self.limit).await {
            Ok(output) if output.status.success() => read(&output.stdout, tenant),
            Ok(output) => Err(refusal(&output.stderr, tenant)),
            Err(Lost::Silent) => Err(AzError::Silent(self.limit)),
            Err(Lost::Start(error)) => Err(AzError::CannotStart { cause: clean(&error.to_string()) }),
        }
    }
}

/// Both forms of the answer; `expiresOn` has no time zone and is not read.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "accessToken")]
    access_token: String,
    #[serde(rename = "tokenType")]
    token_type: Option<String>,
    expires_on: Option<Value>,
    tenant: Option<String>,
}

fn read(stdout: &[u8], tenant: Option<&Tenant>) -> Result<AccessToken, AzError> {
    let text = String::from_utf8_lossy(stdout);
    // Old versions put warnings before it, and Windows a byte-order mark.
    let json = text.find('{').map_or("", |at| &text[at..]);
    let answer = serde_json::Deserializer::from_str(json).into_iter::<Answer>().next();
    let Some(Ok(answer)) = answer else {
        return Err(AzError::Misunderstood { cause: "it is no JSON with a token" });
    };
    let token = Secret::new(answer.access_token);
    if token.is_empty() || !token.is_printable() {
        return Err(AzError::Misunderstood { cause: "its token cannot be sent" });
    }
    if answer.token_type.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err(AzError::Misunderstood { cause: "its token is of another type" });
    }
    let claims = jwt::claims(&token);
    let of = claims.tenant.or_else(|| answer.tenant.map(|tenant| clean(&tenant)));
    if let (Some(tenant), Some(of)) = (tenant, &of)
        && crate::domain::entra::is_guid(tenant.as_str())
        && crate::domain::entra::is_guid(of)
        && !of.eq_ignore_ascii_case(tenant.as_str())
    {
        let words = format!("its token is of the tenant {of}, the organization belongs to {tenant}");
        return Err(AzError::WrongTenant { login: login(Some(tenant)), words });
    }
    let expires = answer.expires_on.as_ref().and_then(seconds).or(claims.expires);
    let origin = TokenOrigin::AzureCli { tenant: tenant.map(Tenant::to_string).or(of) };
    Ok(AccessToken { token, expires, origin })
}

/// A number, or one in a string.
fn seconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn refusal(stderr: &[u8], tenant: Option<&Tenant>) -> AzError {
    let text = clean_lines(&String::from_utf8_lossy(stderr));
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = truncate(&redact(&words), LONGEST_WORDS);
    let login = login(tenant);
    let codes = aadsts::codes_in(&text);
    let lower = text.to_ascii_lowercase();
    if let Some(known) = codes.iter().find_map(|code| aadsts::meaning_of(*code)) {
        if known.code == "entra-wrong-account" {
            return AzError::WrongTenant { login, words };
        }
        let (code, headline, hint) = (known.code, known.headline, known.hint);
        return AzError::Entra { code, headline, hint, login, words };
    }
    if lower.contains("no subscription") || lower.contains("allow-no-subscriptions") {
        return AzError::LoggedOut { login: format!("{login} --allow-no-subscriptions"), words };
    }
    if lower.contains("az login") {
        // The words for a tenant that was never signed in to name it; those for nobody at all do not.
        let names =
            tenant.is_some_and(|tenant| lower.contains(tenant.as_str())) || lower.contains("--tenant");
        return if names {
            AzError::WrongTenant { login, words }
        } else {
            AzError::LoggedOut { login, words }
        };
    }
    if !codes.is_empty() && lower.contains("tenant") {
        return AzError::WrongTenant { login, words };
    }
    AzError::Failed { login, words }
}

fn login(tenant: Option<&Tenant>) -> String {
    tenant.map_or_else(|| "az login".to_owned(), |tenant| format!("az login --tenant {tenant}"))
}

#[cfg(test)]
mod tests;
