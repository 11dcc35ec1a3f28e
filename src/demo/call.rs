//! One request as the routes see it: decoded path, query, and who calls.

use hyper::header::{self, HeaderMap};
use hyper::{Method, Request};
use url::form_urlencoded;

use super::access::Caller;
use super::server::State;
use super::world::Guid;
use crate::domain::segment;

/// The words of Azure's own paths, which are told apart without regard to case (azure-contract 5).
const WORDS: [&str; 23] = [
    "_apis",
    "_packaging",
    "_signin",
    "_userssettings",
    "accounts",
    "api",
    "cargo",
    "connectiondata",
    "crates",
    "download",
    "feeds",
    "index",
    "me",
    "packages",
    "packaging",
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
    pub(super) method: Method,
    /// The path as it came, without the query.
    pub(super) path: String,
    segments: Vec<String>,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    pub(super) caller: Caller<'a>,
    /// The id of this exchange, which support asks for.
    pub(super) activity: Guid,
}

impl<'a> Call<'a> {
    pub(super) fn new<B>(state: &'a State, activity: Guid, request: &Request<B>) -> Self {
        let uri = request.uri();
        let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let authorization = request.headers().get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        Self {
            state,
            method: request.method().clone(),
            path: uri.path().to_owned(),
            segments: uri.path().split('/').filter(|part| !part.is_empty()).map(read_segment).collect(),
            query: query.into_owned().collect(),
            headers: request.headers().clone(),
            caller: state.access.caller(authorization),
            activity,
        }
    }

    pub(super) fn segments(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
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

fn read_segment(text: &str) -> String {
    let text = segment::decode(text);
    let folded = text.to_ascii_lowercase();
    if WORDS.contains(&folded.as_str()) { folded } else { text }
}
