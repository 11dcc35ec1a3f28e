//! One organization as an HTTP partner: where requests may go, what they carry, when they are repeated
//! (azure-contract 3.1, 3.4, 1.4). Follows no redirect and no address that an answer names.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio::time::sleep;
use url::Url;

use super::error::{AzureError, Said};
use super::reply::{API_VERSIONS, Class, Reply};
use super::terms::Terms;
use crate::domain::credential::Credential;
use crate::domain::http_date;
use crate::domain::new_feed::RequestPreview;
use crate::domain::organization::{Base, Collection, Target};
use crate::domain::text::{clean, is_control, redact};
use crate::domain::waiting::Waiting;
use crate::net::{self, Fault, NetError, Place};

/// How often one request is sent at most.
const TRIES: u32 = 3;

/// Longest that one request waits for the service's limits, all in all. A longer wish is an error that names it, and
/// so is every request before it has passed.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Pause before the second try where the service names none; the third waits twice as long.
const BACKOFF: Duration = Duration::from_millis(300);

/// More than thousands of feeds with all their upstream sources.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

/// Keeps a missing sign-in from becoming a redirect to a web page.
const SUPPRESS_REDIRECT: HeaderName = HeaderName::from_static("x-tfs-fedauthredirect");
const MSA_PASS_THROUGH: HeaderName = HeaderName::from_static("x-vss-forcemsapassthrough");
const CARGO_PROTOCOL: HeaderName = HeaderName::from_static("cargo-protocol");

/// An organization or collection, and the credential to ask it with.
pub struct Azure {
    http: Client,
    collection: Collection,
    credential: Option<Credential>,
    via: Option<String>,
    terms: Arc<Terms>,
    /// Whether the credential may travel where everybody on the way can read it.
    in_the_clear: bool,
    /// Who is told why an answer is late.
    told: Option<mpsc::UnboundedSender<Waiting>>,
    backoff: Duration,
}

/// Neither the credential nor the client, whose proxies may hold passwords.
impl fmt::Debug for Azure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Azure").field("collection", &self.collection).finish_non_exhaustive()
    }
}

/// Whether a resource has a released version or only previews (azure-contract 1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Released,
    Preview,
}

/// A request that changes something. What a person is shown of it is what is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) method: Method,
    pub(super) url: Url,
    /// JSON; empty: there is none.
    pub(super) body: String,
}

impl Change {
    /// # Panics
    /// Never: our own shapes have no keys that JSON lacks.
    pub(super) fn new(method: Method, url: Url, body: &impl Serialize) -> Self {
        let body = serde_json::to_string_pretty(body).expect("keys are strings");
        Self { method, url, body: escape_controls(&body) }
    }

    /// Takes away what is at that address.
    pub(super) fn delete(url: Url) -> Self {
        Self { method: Method::DELETE, url, body: String::new() }
    }

    /// What a person is shown before.
    pub(super) fn preview(&self) -> RequestPreview {
        let method = if self.method == Method::POST { "POST" } else { "PATCH" };
        RequestPreview { method, url: clean(self.url.as_str()), body: self.body.clone() }
    }
}

/// The same JSON with characters that a terminal might obey written as escapes: only strings can hold them.
fn escape_controls(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && is_control(c) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// What is sent: nothing but a question, or a change.
#[derive(Debug, Clone, Copy)]
struct Outgoing<'a> {
    url: &'a Url,
    change: Option<&'a Change>,
}

impl Outgoing<'_> {
    /// Whether sending it twice does the same as sending it once (RFC 9110, 9.2.2; our PATCHes set values). A
    /// POST is sent again only where the service has said that it did not take the first one.
    fn is_repeatable(&self) -> bool {
        self.change.is_none_or(|change| change.method != Method::POST)
    }
}

/// Whether a request carries the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignedIn {
    Yes,
    No,
}

impl Azure {
    #[must_use]
    pub fn new(http: Client, collection: Collection, credential: Option<Credential>) -> Self {
        Self {
            http,
            collection,
            credential,
            via: None,
            terms: Arc::default(),
            in_the_clear: false,
            told: None,
            backoff: BACKOFF,
        }
    }

    /// Goes on with what other clients for the same organization have learned.
    #[must_use]
    pub fn on(mut self, terms: Arc<Terms>) -> Self {
        self.terms = terms;
        self
    }

    /// Lets the credential travel over plain http: to the demo on loopback, or to a server that the person has
    /// confirmed (product.md, 'Trust').
    #[must_use]
    pub fn in_the_clear(mut self) -> Self {
        self.in_the_clear = true;
        self
    }

    /// Tells why an answer is late, as long as it is.
    #[must_use]
    pub fn telling(mut self, told: Option<mpsc::UnboundedSender<Waiting>>) -> Self {
        self.told = told;
        self
    }

    /// Names the proxy in errors; without user information, as [`crate::net::HttpSettings::shown_proxy`]
    /// gives it.
    #[must_use]
    pub fn through(mut self, proxy: Option<String>) -> Self {
        self.via = proxy;
        self
    }

    /// The pause before the next look at something that takes a while; nothing in tests.
    pub(super) async fn pause(&self, looks: u32) {
        sleep(self.backoff * looks).await;
    }

    /// No pause between tries, so that tests need no time.
    #[cfg(test)]
    pub(super) fn without_backoff(mut self) -> Self {
        self.backoff = Duration::ZERO;
        self
    }

    pub(super) fn collection(&self) -> &Collection {
        &self.collection
    }

    /// Where the feeds API is: where the collection's `resourceAreas` say, or at its usual place.
    pub(super) fn feeds_base(&self) -> Base {
        self.terms.feeds().cloned().unwrap_or_else(|| self.collection.feeds())
    }

    /// How far our clock is ahead of the service's, in seconds; `None`: no answer has told the time.
    #[must_use]
    pub fn clock_ahead(&self) -> Option<i64> {
        self.terms.ahead()
    }

    pub(super) fn terms(&self) -> &Terms {
        &self.terms
    }

    pub(super) fn has_credential(&self) -> bool {
        self.credential.is_some()
    }

    /// Asks a REST resource, in the highest API version that the server supports.
    ///
    /// # Errors
    /// Everything but a JSON success.
    pub(super) async fn get(&self, url: &Url, stage: Stage) -> Result<Reply, AzureError> {
        self.ask(Outgoing { url, change: None }, stage).await
    }

    /// Changes something. After [`AzureError::leaves_open`] it is not known whether that was done.
    ///
    /// # Errors
    /// Everything but a JSON success.
    pub(super) async fn change(&self, change: &Change, stage: Stage) -> Result<Reply, AzureError> {
        self.ask(Outgoing { url: &change.url, change: Some(change) }, stage).await
    }

    async fn ask(&self, outgoing: Outgoing<'_>, stage: Stage) -> Result<Reply, AzureError> {
        let url = outgoing.url;
        loop {
            let rung = self.terms.version();
            let asked = versioned(url, rung, stage);
            let outgoing = Outgoing { url: &asked, ..outgoing };
            let reply = self.send(outgoing, rest_headers(rung, stage), SignedIn::Yes).await?;
            match reply.class() {
                Class::Success => return Ok(reply),
                Class::Version if self.terms.lower_version(rung) => {}
                _ => return Err(self.refusal(&reply, url)),
            }
        }
    }

    /// Asks for a file of a Cargo index the way Cargo does (azure-contract 7.4). Any status is an answer.
    ///
    /// # Errors
    /// When there is none, or the address doesn't belong to the organization.
    pub(super) async fn get_as_cargo(&self, url: &Url, signed_in: SignedIn) -> Result<Reply, AzureError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("text/plain"));
        headers.insert(CARGO_PROTOCOL, HeaderValue::from_static("version=1"));
        self.send(Outgoing { url, change: None }, headers, signed_in).await
    }

    /// Asks without the credential where only the headers are wanted. Any status is an answer.
    ///
    /// # Errors
    /// When there is none, or the address doesn't belong to the organization.
    pub(super) async fn get_as_nobody(&self, url: &Url) -> Result<Reply, AzureError> {
        self.send(Outgoing { url, change: None }, rest_headers(0, Stage::Released), SignedIn::No).await
    }

    /// Reads the body of a success.
    ///
    /// # Errors
    /// When it has another shape than was asked for.
    pub(super) fn read<T: DeserializeOwned>(&self, reply: &Reply, url: &Url) -> Result<T, AzureError> {
        reply.json().map_err(|error| self.misunderstood(reply, url, &error.to_string()))
    }

    /// An answer that makes no sense.
    pub(super) fn misunderstood(&self, reply: &Reply, url: &Url, cause: &str) -> AzureError {
        AzureError::Unexpected { cause: clean(cause), said: Box::new(self.said(reply, url)) }
    }

    pub(super) fn refusal(&self, reply: &Reply, url: &Url) -> AzureError {
        AzureError::of(reply, self.said(reply, url), self.has_credential())
    }

    pub(super) fn said(&self, reply: &Reply, url: &Url) -> Said {
        let Place { host, via } = self.place(url);
        Said { via, ..reply.said(host) }
    }

    /// Sends until there is an answer that asking again would not change: again after broken
    /// connections and passing trouble, and as late as the service asks for.
    async fn send(
        &self,
        outgoing: Outgoing<'_>,
        headers: HeaderMap,
        signed_in: SignedIn,
    ) -> Result<Reply, AzureError> {
        let headers = self.with_credential(outgoing.url, headers, signed_in)?;
        let mut waited = Duration::ZERO;
        let mut tries = 1;
        loop {
            self.wait_until_welcome(outgoing.url).await?;
            let outcome = self.send_once(outgoing, headers.clone()).await;
            let pause = self.pause_before_next(&outcome, tries).filter(|_| {
                outgoing.is_repeatable()
                    || outcome.as_ref().is_ok_and(|reply| reply.class() == Class::RateLimited)
            });
            waited = waited.saturating_add(pause.unwrap_or_default());
            let Some(pause) = pause.filter(|_| tries < TRIES && waited <= LONGEST_WAIT) else {
                if tries > 1 {
                    self.tell(Waiting::Over);
                }
                self.slow_down(&outcome);
                return outcome;
            };
            tries += 1;
            if outcome.as_ref().is_ok_and(|reply| reply.retry_after().is_some()) {
                self.tell(Waiting::Asked(pause));
                sleep(pause).await;
                self.tell(Waiting::Again { attempt: tries, of: TRIES });
            } else {
                self.tell(Waiting::Again { attempt: tries, of: TRIES });
                sleep(pause).await;
            }
        }
    }

    fn tell(&self, waiting: Waiting) {
        // Nobody need listen.
        let _ = self.told.as_ref().map(|told| told.send(waiting));
    }

    /// `None` where the outcome stands.
    fn pause_before_next(&self, outcome: &Result<Reply, AzureError>, tries: u32) -> Option<Duration> {
        let backoff = self.backoff * tries;
        match outcome {
            Err(AzureError::Network(error)) => (error.fault() == Some(Fault::Broken)).then_some(backoff),
            Err(_) => None,
            Ok(reply) => (reply.class() == Class::RateLimited || reply.is_passing_trouble())
                .then(|| reply.retry_after().unwrap_or(backoff)),
        }
    }

    /// Sends it once; below, the HTTP library repeats only what it has not begun to write.
    async fn send_once(&self, outgoing: Outgoing<'_>, headers: HeaderMap) -> Result<Reply, AzureError> {
        let url = outgoing.url;
        let broken = |error| NetError::of(error, self.place(url));
        let request = match outgoing.change {
            None => self.http.get(url.clone()),
            Some(change) if change.body.is_empty() => self.http.request(change.method.clone(), url.clone()),
            Some(change) => self
                .http
                .request(change.method.clone(), url.clone())
                .header(CONTENT_TYPE, "application/json")
                .body(change.body.clone()),
        };
        let method = outgoing.change.map_or(&Method::GET, |change| &change.method);
        tracing::debug!(%method, url = redact(&clean(url.as_str())), signed = headers.contains_key(AUTHORIZATION), "asking");
        let mut response = request.headers(headers).send().await.map_err(broken)?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let date = headers.get(DATE).and_then(|date| http_date::parse(date.to_str().ok()?));
        date.inspect(|theirs| self.terms.hear_time(*theirs));
        let body = net::body(response, LARGEST_BODY).await.map_err(broken)?;
        let reply = Reply { status, headers, body };
        let activity = reply.activity_id().unwrap_or_default();
        tracing::debug!(status = reply.status.as_u16(), bytes = reply.body.len(), activity, "answered");
        if reply.body.len() > LARGEST_BODY {
            return Err(self.misunderstood(&reply, url, "the answer is too large"));
        }
        Ok(reply)
    }

    /// Waits out what an earlier answer asked for.
    ///
    /// # Errors
    /// [`AzureError::RateLimited`] where that is too long to be waited for.
    async fn wait_until_welcome(&self, url: &Url) -> Result<(), AzureError> {
        let Some(wait) = self.terms.quiet() else { return Ok(()) };
        if wait > LONGEST_WAIT {
            let said = Box::new(Said { host: self.place(url).host, ..Said::default() });
            return Err(AzureError::RateLimited { wait, said });
        }
        self.tell(Waiting::Asked(wait));
        sleep(wait).await;
        self.terms.end_quiet();
        self.tell(Waiting::Over);
        Ok(())
    }

    /// Remembers what the service asks of the next request: after a success that was delayed, and after a refusal
    /// that stands.
    fn slow_down(&self, outcome: &Result<Reply, AzureError>) {
        let Ok(reply) = outcome else { return };
        if let (Class::Success | Class::RateLimited, Some(pause)) = (reply.class(), reply.retry_after()) {
            self.terms.keep_quiet(pause);
        }
    }

    /// The only place where a credential meets an address (product.md, 'Trust').
    fn with_credential(
        &self,
        url: &Url,
        mut headers: HeaderMap,
        signed_in: SignedIn,
    ) -> Result<HeaderMap, AzureError> {
        if !self.owns(url) {
            return Err(AzureError::OutsideOrganization { url: redact(&clean(url.as_str())) });
        }
        if let (SignedIn::Yes, Some(credential)) = (signed_in, &self.credential) {
            if url.scheme() == "http" && !self.in_the_clear {
                return Err(AzureError::InTheClear { host: self.place(url).host });
            }
            let mut value =
                HeaderValue::from_str(credential.header().expose()).map_err(|_| AzureError::Unsendable)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(headers)
    }

    /// Whether the URL lies under one of the organization's own bases. A cloud organization is one and
    /// the same under both its host names and in every spelling of its name.
    fn owns(&self, url: &Url) -> bool {
        let plain = url.username().is_empty() && url.password().is_none();
        let mut bases = vec![self.collection.web(), self.collection.feeds(), self.collection.packages()];
        bases.extend(self.terms.feeds().cloned());
        let same_organization = || {
            self.collection.is_cloud()
                && Target::from_url(url).is_some_and(|target| {
                    target.collection.is_cloud() && target.collection.base() == self.collection.base()
                })
        };
        plain && (bases.iter().any(|base| base.covers(url)) || same_organization())
    }

    fn place(&self, url: &Url) -> Place {
        Place::of(url, self.via.as_deref())
    }
}

/// An address under a base of the organization.
///
/// # Errors
/// When a segment, such as `..`, would lead out of the base.
pub(super) fn address(base: &Base, segments: &[&str], query: &[(&str, &str)]) -> Result<Url, AzureError> {
    let text = base.join(segments);
    let Some(mut url) = Url::parse(&text).ok().filter(|url| base.covers(url)) else {
        return Err(AzureError::OutsideOrganization { url: redact(&clean(&text)) });
    };
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    Ok(url)
}

/// Hosts that a `dl` or a `locationUrl` may name beside the collection's own (product.md, 'Trust').
pub(super) fn is_cloud_host(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && [".dev.azure.com", ".visualstudio.com"].iter().any(|domain| host.ends_with(domain))
}

/// The API version of a request, in the words of the service (azure-contract 1.4).
fn version_of(rung: usize, stage: Stage) -> String {
    match stage {
        Stage::Released => API_VERSIONS[rung].to_owned(),
        Stage::Preview => format!("{}-preview.1", API_VERSIONS[rung]),
    }
}

/// The address with the version in its query: Microsoft's own documents demand it there, its clients name it in
/// `Accept` (azure-contract 3.1), and so it stands in both.
fn versioned(url: &Url, rung: usize, stage: Stage) -> Url {
    let mut url = url.clone();
    url.query_pairs_mut().append_pair("api-version", &version_of(rung, stage));
    url
}

fn rest_headers(rung: usize, stage: Stage) -> HeaderMap {
    let accept = format!("application/json;api-version={}", version_of(rung, stage));
    let accept = HeaderValue::from_str(&accept).expect("versions are printable ASCII");
    HeaderMap::from_iter([
        (ACCEPT, accept),
        (SUPPRESS_REDIRECT, HeaderValue::from_static("Suppress")),
        (MSA_PASS_THROUGH, HeaderValue::from_static("true")),
    ])
}

#[cfg(test)]
mod tests;
