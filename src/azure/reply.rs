//! What an answer means: status, headers and body in, one of the classes of azure-contract 3.2 out.
//! Pure; sends nothing.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, LOCATION, RETRY_AFTER, SERVER, VIA, WWW_AUTHENTICATE};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::Said;
use crate::domain::account::ANONYMOUS_ID;
use crate::domain::segment;
use crate::domain::text::{clean, redact, truncate};

/// Every API version that is asked for, best first (azure-contract 1.4).
pub(super) const API_VERSIONS: [&str; 3] = ["7.1", "7.0", "6.0"];

/// The service's own sentence fits in this many columns, or is of no use to a person.
const LONGEST_WORDS: usize = 600;

/// One answer, read to its end.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// The kinds of answers, in brackets the number of azure-contract 3.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Asked for and given; also while being slowed down (16).
    Success,
    /// The page to sign in at, or the way to it (1, 2).
    SignInPage,
    /// Led elsewhere: never followed.
    Redirect,
    /// A token that lacks a scope, has expired or was revoked (3).
    TokenRefused,
    /// The same, told plainly (3b).
    TokenExpired,
    /// A person whom the organization doesn't know (4).
    UnknownIdentity,
    /// The credential was not understood, or there was none (5).
    Anonymous,
    ConditionalAccess,
    /// A role that is too low (7).
    NeedsPermission,
    /// A kind of sign-in that may not do this (azure-contract 2.6).
    InvalidAccess,
    /// Any other 403.
    Forbidden,
    FeedNotFound,
    ProjectNotFound,
    /// No such route on this host or version (10).
    NoRoute,
    /// Any other 404 (11).
    NotFound,
    /// An organization that was put to sleep (12): asking again does not help.
    Asleep,
    InvalidFeedName,
    Conflict,
    RateLimited,
    /// An older server that wants a lower API version (17).
    Version,
    /// Somebody else answered (18).
    NotAzure,
    /// The service has trouble of its own; asking again may help.
    ServerError,
    /// Anything else, or a success that isn't JSON.
    Unexpected,
}

impl Reply {
    /// The class, found in the order of azure-contract 3.2. Decides on `typeKey`, then on `TF…` and
    /// `VS…` numbers, then on the status; never on words, which servers translate.
    pub(super) fn class(&self) -> Class {
        if !self.is_from_azure() {
            return Class::NotAzure;
        }
        match self.status.as_u16() {
            203 => Class::SignInPage,
            300..=399 if self.header(LOCATION.as_str()).to_ascii_lowercase().contains("_signin") => {
                Class::SignInPage
            }
            300..=399 => Class::Redirect,
            200..=299 if self.media_type() == "text/html" => Class::SignInPage,
            200..=299 if self.media_type() == "application/json" => Class::Success,
            204 => Class::Success,
            200..=299 => Class::Unexpected,
            status => self.class_of_refusal(status),
        }
    }

    fn class_of_refusal(&self, status: u16) -> Class {
        let fault = self.fault();
        match status {
            401 => self.class_of_unauthorized(&fault),
            403 => fault.class_of_forbidden(),
            status => fault.class_by_key().unwrap_or_else(|| self.class_by_status(status, &fault)),
        }
    }

    fn class_of_unauthorized(&self, fault: &Fault) -> Class {
        if let Some(class) = fault.class_of_either() {
            return class;
        }
        match fault.type_key.as_str() {
            "AccessCheckException" => Class::TokenExpired,
            "InvalidIdentityException" => Class::UnknownIdentity,
            "InvalidAccessException" => Class::InvalidAccess,
            _ if fault.names("TF400813") && self.challenges(b"Bearer") => Class::UnknownIdentity,
            _ => Class::TokenRefused,
        }
    }

    /// Whether one of its challenges, of which there may be several, is of that scheme.
    fn challenges(&self, scheme: &[u8]) -> bool {
        let challenges = self.headers.get_all(WWW_AUTHENTICATE).iter();
        challenges
            .filter_map(|challenge| challenge.as_bytes().get(..scheme.len()))
            .any(|is| is.eq_ignore_ascii_case(scheme))
    }

    fn class_by_status(&self, status: u16, fault: &Fault) -> Class {
        match status {
            400 if fault.names_api_version() => Class::Version,
            404 if self.media_type() == "text/plain" => Class::NoRoute,
            404 => Class::NotFound,
            409 => Class::Conflict,
            429 => Class::RateLimited,
            500..=599 => Class::ServerError,
            _ => Class::Unexpected,
        }
    }

    /// Whether any of the headers is there that only Azure DevOps sends. One is enough: a sleeping
    /// organization answers without an activity id (azure-contract 12).
    fn is_from_azure(&self) -> bool {
        self.headers.keys().map(reqwest::header::HeaderName::as_str).any(|name| {
            name == "activityid"
                || name.starts_with("x-vss-")
                || (name.starts_with("x-tfs-") && name != "x-tfs-session")
        })
    }

    /// A cut connection, an overload, or a gateway in between: worth asking again.
    pub(super) fn is_passing_trouble(&self) -> bool {
        let class = self.class();
        class == Class::ServerError || (class == Class::NotAzure && self.status.is_server_error())
    }

    /// How long to wait before the next request: in whole or decimal seconds, or until a date (azure-contract 3.4).
    /// A date counts from the answer's own, so that a wrong clock on this machine does not matter.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let after = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = after.parse() {
            return Duration::try_from_secs_f64(seconds).ok();
        }
        let until = httpdate::parse_http_date(after).ok()?;
        let sent = httpdate::parse_http_date(self.headers.get(DATE)?.to_str().ok()?.trim()).ok()?;
        Some(until.duration_since(sent).unwrap_or_default())
    }

    /// Where the next page begins; `None` on the last one (azure-contract 4.3).
    pub(super) fn continuation(&self) -> Option<&str> {
        let token = self.headers.get("x-ms-continuationtoken")?.to_str().ok()?;
        Some(token).filter(|token| !token.is_empty())
    }

    /// Id and account of whom the service took the caller for (azure-contract 1.5).
    pub(super) fn user(&self) -> Option<(String, String)> {
        let value = self.header("x-vss-userdata");
        let (id, account) = value.split_once(':')?;
        Some((clean(id), clean(account)))
    }

    /// # Errors
    /// When the body is no JSON of that shape.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(without_bom(&self.body))
    }

    /// What the service said about a refusal, cleaned, for a report.
    pub(super) fn said(&self, host: String) -> Said {
        let words = truncate(&redact(&clean(&self.fault().words)), LONGEST_WORDS);
        let header = |name: &str| self.clean_header(name);
        Said {
            host,
            status: Some(self.status.as_u16()),
            words: Some(words).filter(|words| !words.is_empty()),
            activity_id: self.activity_id(),
            date: header(DATE.as_str()),
            by: header(VIA.as_str()).or_else(|| header(SERVER.as_str())).filter(|_| !self.is_from_azure()),
            via: None,
            takes_windows: self.challenges(b"Negotiate") || self.challenges(b"NTLM"),
        }
    }

    /// What support asks for (azure-contract 3.3).
    pub(super) fn activity_id(&self) -> Option<String> {
        self.clean_header("activityid").or_else(|| self.clean_header("x-vss-e2eid"))
    }

    fn clean_header(&self, name: &str) -> Option<String> {
        Some(clean(&self.header(name))).filter(|text| !text.is_empty())
    }

    /// The media type alone, lower-case: parameters follow the first `;` (azure-contract 1.4).
    fn media_type(&self) -> String {
        let value = self.header(CONTENT_TYPE.as_str());
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
        value.unwrap_or_default().into_owned()
    }

    fn fault(&self) -> Fault {
        let header = segment::decode(&self.header("x-tfs-serviceerror").replace('+', " "));
        let body: Value = self.json().unwrap_or_default();
        let field = |names: [&str; 2]| names.iter().find_map(|name| body[*name].as_str().map(str::to_owned));
        // Some layers wrap the message as the only item of a list (azure-contract 3.3).
        let wrapped = || body["value"]["Message"].as_str().map(str::to_owned);
        let plain = || {
            let text = String::from_utf8_lossy(without_bom(&self.body)).into_owned();
            Some(text).filter(|_| self.media_type() == "text/plain")
        };
        let message = field(["message", "Message"]).or_else(wrapped).or_else(plain);
        let words = message.filter(|words| !words.trim().is_empty()).unwrap_or_else(|| header.clone());
        Fault { type_key: field(["typeKey", "TypeKey"]).unwrap_or_default(), words, header }
    }
}

fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// What a refusal says of itself.
#[derive(Debug)]
struct Fault {
    type_key: String,
    words: String,
    /// `X-TFS-ServiceError`, decoded: there where the body is empty.
    header: String,
}

impl Fault {
    /// Whether the number, such as `TF24668`, is in the message or in the header.
    fn names(&self, number: &str) -> bool {
        self.words.contains(number) || self.header.contains(number)
    }

    /// Every language names the parameter or the number that was asked for.
    fn names_api_version(&self) -> bool {
        let is_version_key = self.type_key.starts_with("Vss") && self.type_key.contains("Version");
        is_version_key
            || self.words.contains("api-version")
            || API_VERSIONS.iter().any(|version| self.words.contains(version))
    }

    /// What comes with 401 and with 403.
    fn class_of_either(&self) -> Option<Class> {
        let is_about_a_user = self.names("TF400813");
        if self.names("VS403463") {
            Some(Class::ConditionalAccess)
        } else if is_about_a_user && self.names(ANONYMOUS_ID) {
            Some(Class::Anonymous)
        } else if self.type_key == "UnauthorizedRequestException" {
            // The same exception with a user's own name was understood: that user may not come in.
            Some(if is_about_a_user { Class::UnknownIdentity } else { Class::Anonymous })
        } else {
            None
        }
    }

    fn class_of_forbidden(&self) -> Class {
        match self.class_by_key() {
            Some(class) => class,
            None => self.class_of_either().unwrap_or(Class::Forbidden),
        }
    }

    fn class_by_key(&self) -> Option<Class> {
        match self.type_key.as_str() {
            "InvalidAccessException" => Some(Class::InvalidAccess),
            "FeedNeedsPermissionsException" => Some(Class::NeedsPermission),
            "FeedIdNotFoundException" => Some(Class::FeedNotFound),
            "ProjectDoesNotExistWithNameException" | "ProjectDoesNotExistException" => {
                Some(Class::ProjectNotFound)
            }
            "InvalidFeedNameException" => Some(Class::InvalidFeedName),
            "FeedNameAlreadyExistsException" => Some(Class::Conflict),
            _ if self.names("TF24668") => Some(Class::Asleep),
            _ if self.names("TF400733") => Some(Class::RateLimited),
            _ if self.names("TF200016") => Some(Class::ProjectNotFound),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
