//! One request as the routes see it: decoded path, query, and who calls.

use std::sync::Arc;

use hyper::body::Bytes;
use hyper::header::{self, HeaderMap};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::access::{Caller, entra_token, personal_token};
use super::faults::Fault;
use super::front::{Door, Front, Service};
use super::pats::Standing;
use super::refusal::unusable;
use super::reply::Reply;
use super::server::{RequestLog, State};
use super::world::{Guid, Organization, World};
use crate::domain::segment;

/// The words of Azure's own paths, which are told apart without regard to case (azure-contract 5).
const WORDS: [&str; 26] = [
    "_apis",
    "_packaging",
    "_signin",
    "_userssettings",
    "accounts",
    "api",
    "cargo",
    "connectiondata",
    "crates",
    "devicelogin",
    "download",
    "feedrecyclebin",
    "feeds",
    "index",
    "me",
    "packages",
    "packaging",
    "pats",
    "permissions",
    "profile",
    "profiles",
    "projects",
    "resourceareas",
    "tokens",
    "v1",
    "views",
];

/// One request.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) state: &'a State,
    /// As it was when the request came.
    pub(super) world: Arc<World>,
    pub(super) method: Method,
    /// The path as it came, without the query.
    pub(super) path: String,
    /// The host and port that it was addressed to.
    host: String,
    /// Which service it was addressed to.
    pub(super) door: Door,
    segments: Vec<String>,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
    pub(super) caller: Caller<'a>,
    /// The id of this exchange, which support asks for.
    pub(super) activity: Guid,
}

impl<'a> Call<'a> {
    pub(super) fn new(
        state: &'a State,
        (front, activity): (&Front, Guid),
        (head, body): (&Parts, Bytes),
    ) -> Self {
        let uri = &head.uri;
        let host = head.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let (door, below) = front.door(host, uri.path());
        let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let authorization = head.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        let segments: Vec<String> =
            below.split('/').filter(|part| !part.is_empty()).map(read_segment).collect();
        let world = state.world();
        let organization = segments.first().and_then(|name| world.organization(name));
        let caller = caller(state, authorization, organization);
        Self {
            state,
            world,
            method: head.method.clone(),
            path: uri.path().to_owned(),
            host: host.to_owned(),
            door,
            segments,
            query: query.into_owned().collect(),
            headers: head.headers.clone(),
            body,
            caller,
            activity,
        }
    }

    pub(super) fn segments(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
    }

    /// Where a service of the organization is, in the form of this request; without a slash at its end.
    pub(super) fn base(&self, service: Service, organization: &Organization) -> String {
        self.door.base(&self.state.origin, service, organization)
    }

    /// What is kept of it.
    pub(super) fn logged(&self, status: u16, fault: Option<Fault>) -> RequestLog {
        let text = |name: &str| self.header(name).unwrap_or_default().to_owned();
        let content_type = text(header::CONTENT_TYPE.as_str());
        let is_json = content_type.starts_with("application/json");
        let is_signed = self.query("sig").is_some();
        RequestLog {
            method: self.method.to_string(),
            host: self.host.clone(),
            path: self.path.clone(),
            query: if is_signed { Vec::new() } else { self.query.clone() },
            agent: text(header::USER_AGENT.as_str()),
            accept: text(header::ACCEPT.as_str()),
            body: if is_json { String::from_utf8_lossy(&self.body).into_owned() } else { String::new() },
            content_type,
            status,
            authorized: self.has_authorization(),
            fault,
        }
    }

    /// A query parameter; names are told apart without regard to case.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.query(name)?.parse().ok()
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.query(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body, whatever it is.
    pub(super) fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The body, which must say that it is JSON and be it.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Reply> {
        let media_type = self.header(header::CONTENT_TYPE.as_str()).unwrap_or_default();
        if media_type.split(';').next().is_none_or(|kind| kind.trim() != "application/json") {
            return Err(Reply::text(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The media type is not supported."));
        }
        serde_json::from_slice(&self.body)
            .map_err(|error| unusable(&format!("The request's body can't be read: {error}")))
    }

    /// The fields of a form, which the body must say that it is.
    pub(super) fn form(&self) -> Result<Vec<(String, String)>, Reply> {
        let media_type = self.header(header::CONTENT_TYPE.as_str()).unwrap_or_default();
        if media_type != "application/x-www-form-urlencoded" {
            return Err(Reply::text(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The media type is not supported."));
        }
        Ok(form_urlencoded::parse(&self.body).into_owned().collect())
    }

    /// Whether any `Authorization` came with it, good or bad.
    pub(super) fn has_authorization(&self) -> bool {
        self.headers.contains_key(header::AUTHORIZATION)
    }

    /// The version that is asked for, in the query or else in `Accept` (azure-contract 1.4).
    pub(super) fn api_version(&self) -> Option<&str> {
        self.query("api-version").or_else(|| {
            let accept = self.header(header::ACCEPT.as_str())?;
            accept.split(';').find_map(|part| part.trim().strip_prefix("api-version="))
        })
    }
}

fn caller<'a>(
    state: &'a State,
    authorization: Option<&str>,
    organization: Option<&Organization>,
) -> Caller<'a> {
    match state.access.caller(authorization) {
        Caller::Nobody if entra_token(authorization).is_some_and(|token| state.entra.knows(&token)) => {
            Caller::Known(&state.access.person)
        }
        Caller::Nobody => {
            let standing =
                personal_token(authorization).map(|token| state.pats.standing(&token, organization));
            match standing {
                Some(Standing::Good(scope)) => Caller::Known(state.access.of_scope(scope)),
                Some(Standing::Dead) => Caller::Dead,
                Some(Standing::Unknown) | None => Caller::Nobody,
            }
        }
        caller => caller,
    }
}

fn read_segment(text: &str) -> String {
    let text = segment::decode(text);
    let folded = text.to_ascii_lowercase();
    if WORDS.contains(&folded.as_str()) { folded } else { text }
}
