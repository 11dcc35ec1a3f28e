//! The conversation with Entra: a code for a device, the token it becomes, and the next token (azure-contract 2.3).
//! Sends what it sends to the configured authority alone, and follows nothing that an answer names.

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use reqwest::{Client, StatusCode};
use serde::Deserialize;
use tokio::time::sleep;
use url::Url;

use super::device::{Answer, Next, Waiting};
use super::error::{EntraError, Refusal};
use super::jwt;
use crate::domain::credential::{AccessToken, Renewal, Secret, TokenOrigin};
use crate::domain::entra::{AZURE_DEVOPS, Authority, EntraApp, ShownCode, Tenant};
use crate::domain::text::{clean, redact, truncate};
use crate::host::Clock;
use crate::net::{self, NetError, Place};

/// No answer of Entra is larger.
const LARGEST_BODY: usize = 256 * 1024;

/// What an answer says fits in this many columns, or is of no use to a person.
const LONGEST_WORDS: usize = 600;

/// Codes have nine characters.
const LONGEST_CODE: usize = 24;

/// How often in a row nobody may answer before that is what is said.
const MOST_SILENCES: u32 = 5;

/// Where people enter codes (azure-contract 2.3): the browser opens nothing else.
const PAGE_HOSTS: [&str; 5] = [
    "microsoft.com",
    "www.microsoft.com",
    "login.microsoft.com",
    "login.microsoftonline.com",
    "login.windows.net",
];

/// An application at its authority.
pub struct Entra {
    http: Client,
    app: EntraApp,
    clock: Clock,
    via: Option<String>,
}

/// Not the client, whose proxies may hold passwords.
impl fmt::Debug for Entra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entra").field("app", &self.app).finish_non_exhaustive()
    }
}

/// A code that is waited for.
#[derive(Debug)]
pub struct DeviceCode {
    pub shown: ShownCode,
    secret: Secret,
    waiting: Waiting,
    tenant: Tenant,
}

#[derive(Deserialize)]
struct CodeReply {
    user_code: String,
    device_code: String,
    verification_uri: String,
    expires_in: u64,
    interval: Option<u64>,
}

#[derive(Deserialize)]
struct TokenReply {
    token_type: String,
    access_token: String,
    expires_in: Option<u64>,
    refresh_token: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ErrorReply {
    error: String,
    error_description: String,
    error_codes: Vec<u32>,
    correlation_id: String,
}

/// The pace where the authority names none (RFC 8628, 3.2).
const USUAL_INTERVAL: u64 = 5;

impl Entra {
    /// `via` names the proxy in errors, without user information.
    #[must_use]
    pub fn new(http: Client, app: EntraApp, (clock, via): (Clock, Option<String>)) -> Self {
        Self { http, app, clock, via }
    }

    /// Asks for a code that a person enters at a page.
    ///
    /// # Errors
    /// When the authority can't be reached, says no, or names a page that is not to be trusted.
    pub async fn begin(&self, tenant: &Tenant) -> Result<DeviceCode, EntraError> {
        let url = self.app.authority.endpoint(tenant, "devicecode");
        let form = [("client_id", self.app.client_id.as_str()), ("scope", &scope())];
        let reply: CodeReply = self.ask(&url, &form).await?;
        let code = truncate(&clean(&reply.user_code), LONGEST_CODE);
        if code.is_empty() || reply.device_code.is_empty() {
            return Err(self.misunderstood(&url, "it names no code"));
        }
        let until = self.clock.since_start() + Duration::from_secs(reply.expires_in.min(3600));
        let interval = Duration::from_secs(reply.interval.unwrap_or(USUAL_INTERVAL).min(60));
        Ok(DeviceCode {
            shown: ShownCode { code, page: self.page(&reply.verification_uri)?, until },
            secret: Secret::new(reply.device_code),
            waiting: Waiting::new(interval, until),
            tenant: tenant.clone(),
        })
    }

    /// A page that a person may be sent to.
    fn page(&self, text: &str) -> Result<String, EntraError> {
        match Url::parse(text).ok().filter(|url| is_known_page(url, &self.app.authority)) {
            Some(url) => Ok(clean(url.as_str())),
            None => Err(EntraError::ForeignPage { page: truncate(&redact(&clean(text)), LONGEST_WORDS) }),
        }
    }

    /// Waits until the person has entered the code. Dropping it ends the waiting.
    ///
    /// # Errors
    /// When they declined, the code has ended, or the authority says no.
    pub async fn wait(&self, code: DeviceCode) -> Result<AccessToken, EntraError> {
        let DeviceCode { secret, mut waiting, tenant, .. } = code;
        let mut silences = 0;
        let mut next = waiting.first(self.clock.since_start());
        loop {
            match next {
                Next::Declined => return Err(EntraError::Declined),
                Next::Expired => return Err(EntraError::Expired),
                Next::Ask(pause) => sleep(pause).await,
            }
            let outcome = self.redeem(&secret, &tenant).await;
            let now = self.clock.since_start();
            next = match outcome {
                Ok(token) => return Ok(token),
                Err(EntraError::Refused(refusal)) => match Answer::of(&refusal.error) {
                    Some(answer) => {
                        silences = 0;
                        waiting.after(answer, now)
                    }
                    None => return Err(EntraError::Refused(refusal)),
                },
                Err(error @ (EntraError::Network(_) | EntraError::Trouble { .. })) => {
                    silences += 1;
                    if silences == MOST_SILENCES {
                        return Err(error);
                    }
                    waiting.after_silence(now)
                }
                Err(error) => return Err(error),
            };
        }
    }

    async fn redeem(&self, device_code: &Secret, tenant: &Tenant) -> Result<AccessToken, EntraError> {
        let url = self.app.authority.endpoint(tenant, "token");
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", self.app.client_id.as_str()),
            ("device_code", device_code.expose()),
        ];
        let reply = self.ask(&url, &form).await?;
        let renewal = Renewal {
            authority: self.app.authority.to_string(),
            tenant: tenant.to_string(),
            client_id: self.app.client_id.clone(),
            refresh: Secret::new(""),
        };
        self.token(&url, reply, renewal)
    }

    /// The next token of a sign-in. The refresh token in it replaces the one that was used.
    ///
    /// # Errors
    /// When the authority says no: the person has to sign in again.
    pub async fn refresh(&self, renewal: &Renewal) -> Result<AccessToken, EntraError> {
        let own = &self.app.authority;
        let authority = if renewal.authority == own.as_str() {
            Some(own.clone())
        } else {
            Authority::parse(&renewal.authority)
        };
        let (Some(authority), Some(tenant), false) =
            (authority, Tenant::parse(&renewal.tenant), renewal.refresh.is_empty())
        else {
            return Err(EntraError::NothingToRenew);
        };
        let url = authority.endpoint(&tenant, "token");
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", renewal.client_id.as_str()),
            ("refresh_token", renewal.refresh.expose()),
            ("scope", &scope()),
        ];
        let reply = self.ask(&url, &form).await?;
        self.token(&url, reply, renewal.clone())
    }

    fn token(&self, url: &Url, reply: TokenReply, renewal: Renewal) -> Result<AccessToken, EntraError> {
        let token = Secret::new(reply.access_token);
        if !reply.token_type.eq_ignore_ascii_case("bearer") || token.is_empty() || !token.is_printable() {
            return Err(self.misunderstood(url, "it holds no token that can be sent"));
        }
        let now = self.clock.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let expires = reply.expires_in.map(|lasts| now.saturating_add(lasts));
        let expires = expires.or_else(|| jwt::claims(&token).expires);
        let next = reply.refresh_token.map(Secret::new).filter(|next| !next.is_empty());
        let refresh = next.unwrap_or(renewal.refresh);
        let origin = if refresh.is_empty() {
            TokenOrigin::Unrenewed
        } else {
            TokenOrigin::DeviceCode(Renewal { refresh, ..renewal })
        };
        Ok(AccessToken { token, expires, origin })
    }

    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        url: &Url,
        form: &[(&str, &str)],
    ) -> Result<T, EntraError> {
        let place = || Place::of(url, self.via.as_deref());
        let broken = |error| EntraError::Network(NetError::of(error, place()));
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.http.post(url.clone());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        tracing::debug!(url = redact(&clean(url.as_str())), "asking Entra");
        let response =
            request.header("accept", "application/json").body(body).send().await.map_err(broken)?;
        let status = response.status();
        tracing::debug!(status = status.as_u16(), "Entra answered");
        let body = net::body(response, LARGEST_BODY).await.map_err(broken)?;
        if status == StatusCode::OK {
            // What is in it, also in an error of the reader, may be a secret.
            return serde_json::from_slice(&body).map_err(|_| self.misunderstood(url, "it has another form"));
        }
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(EntraError::Trouble { host: place().host, status: status.as_u16() });
        }
        let reply: ErrorReply = serde_json::from_slice(&body).unwrap_or_default();
        if reply.error.is_empty() {
            return Err(self.misunderstood(url, &format!("status {status}")));
        }
        Err(EntraError::Refused(Box::new(refusal(reply, (&place().host, status.as_u16())))))
    }

    fn misunderstood(&self, url: &Url, cause: &str) -> EntraError {
        let host = Place::of(url, self.via.as_deref()).host;
        EntraError::Misunderstood { host, cause: cause.to_owned() }
    }
}

fn refusal(reply: ErrorReply, (host, status): (&str, u16)) -> Refusal {
    let shown = |text: &str| truncate(&redact(&clean(text)), LONGEST_WORDS);
    let mut codes = reply.error_codes;
    codes.extend(super::aadsts::codes_in(&reply.error_description));
    Refusal {
        host: host.to_owned(),
        status,
        error: shown(&reply.error),
        codes,
        words: Some(shown(&reply.error_description)).filter(|words| !words.is_empty()),
        correlation_id: Some(shown(&reply.correlation_id)).filter(|id| !id.is_empty()),
    }
}

fn scope() -> String {
    format!("{AZURE_DEVOPS}/.default offline_access")
}

/// Whether a person may be sent to a page: https on a host of Microsoft's sign-in, or on the authority that is
/// configured (product.md, 'Trust').
#[must_use]
pub fn is_known_page(url: &Url, authority: &Authority) -> bool {
    let plain = url.username().is_empty() && url.password().is_none();
    let microsoft = || {
        let host = url.host_str().unwrap_or_default();
        url.scheme() == "https" && url.port().is_none() && PAGE_HOSTS.contains(&host)
    };
    plain && (microsoft() || authority.covers(url))
}

#[cfg(test)]
mod tests;
