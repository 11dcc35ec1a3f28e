//! The one place that builds HTTP clients: TLS provider, proxy, certificates and time limits; and what a
//! connection that did not come about was lacking. Knows nothing of what is asked.
#![expect(clippy::disallowed_methods, reason = "this room builds the clients, so that no other has to")]

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use reqwest::{Certificate, Client, NoProxy, Proxy, Response, redirect};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use url::Url;

use crate::domain::text::{clean, redact};
use crate::error::{Exit, Report};

const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// Longest silence inside an answer.
const READ_LIMIT: Duration = Duration::from_secs(30);

/// Installs the TLS provider; a second call does nothing. Building a client without it panics
/// (libraries, trap 10).
pub fn init() {
    // Fails only when a provider is installed already, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The body of an answer, or a little more than `limit` bytes of it: the caller tells one from the other.
///
/// # Errors
/// When the connection breaks.
pub async fn body(mut response: Response, limit: usize) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while body.len() <= limit
        && let Some(chunk) = response.chunk().await?
    {
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// How to reach the network.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HttpSettings {
    /// For https: `[scheme://][user:password@]host[:port]`, as Cargo and git spell it.
    pub proxy: Option<String>,
    /// The same for http.
    pub plain_proxy: Option<String>,
    /// Hosts that are reached without a proxy, separated by commas, as `NO_PROXY` has them.
    pub no_proxy: Option<String>,
    /// PEM certificates to trust beside the system's.
    pub ca_file: Option<PathBuf>,
    /// How long a connection may take to come about, or be silent, as Cargo's `http.timeout`; `None`: this
    /// tool's own limits.
    pub timeout: Option<Duration>,
    /// For the demo: no proxy and no certificates at all, so that it works on any machine
    /// (libraries, trap 11).
    pub loopback_only: bool,
}

/// The proxy without its user information.
impl fmt::Debug for HttpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSettings")
            .field("proxy", &self.shown_proxy())
            .field("no_proxy", &self.no_proxy)
            .field("ca_file", &self.ca_file)
            .field("timeout", &self.timeout)
            .field("loopback_only", &self.loopback_only)
            .finish_non_exhaustive()
    }
}

impl HttpSettings {
    /// The proxy that was set, safe to show.
    #[must_use]
    pub fn shown_proxy(&self) -> Option<String> {
        let proxy = self.proxy.as_deref().or(self.plain_proxy.as_deref());
        proxy.filter(|_| !self.loopback_only).map(without_user)
    }

    /// The proxy on the way to that place, safe to show.
    #[must_use]
    pub fn shown_proxy_to(&self, base: &Url) -> Option<String> {
        let proxy = if base.scheme() == "http" { &self.plain_proxy } else { &self.proxy };
        let is_exempt = base.host_str().is_some_and(|host| is_exempt(host, self.no_proxy.as_deref()));
        proxy.as_deref().filter(|_| !self.loopback_only && !is_exempt).map(without_user)
    }
}

/// Whether `NO_PROXY` names the host or a domain above it; networks in it are left to the HTTP library.
fn is_exempt(host: &str, no_proxy: Option<&str>) -> bool {
    let mut entries =
        no_proxy.unwrap_or_default().split(',').map(|entry| entry.trim().trim_start_matches('.'));
    entries.any(|entry| {
        let above = host.len().checked_sub(entry.len() + 1).filter(|_| !entry.is_empty());
        entry == "*"
            || host.eq_ignore_ascii_case(entry)
            || above.is_some_and(|dot| {
                host.as_bytes()[dot] == b'.'
                    && host.as_bytes()[dot + 1..].eq_ignore_ascii_case(entry.as_bytes())
            })
    })
}

/// `user:password@` may also stand in front of what is no URL.
fn without_user(proxy: &str) -> String {
    let (scheme, rest) = proxy.split_once("://").map_or((None, proxy), |(s, rest)| (Some(s), rest));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    // A password may hold what looks like the end of the host, so the last `@` counts.
    let host = rest.rfind('@').map_or(&rest[..end], |at| {
        let rest = &rest[at + 1..];
        &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())]
    });
    clean(&scheme.map_or_else(|| host.to_owned(), |scheme| format!("{scheme}://{host}")))
}

/// Why there was no answer, or no client to ask with.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    #[error("the proxy `{0}` cannot be used")]
    Proxy(String),
    #[error("the certificates in `{path}` cannot be used")]
    CaFile { path: String, cause: String },
    #[error("the HTTP client cannot be set up")]
    Setup { cause: String },
    #[error("{fault}: {place}")]
    Unreachable { place: Place, fault: Fault, cause: String },
}

/// Where a request was going.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Host, and port where it isn't the scheme's own.
    pub host: String,
    /// The proxy in between, without user information.
    pub via: Option<String>,
}

impl Place {
    #[must_use]
    pub fn of(url: &Url, via: Option<&str>) -> Self {
        let host = clean(url.host_str().unwrap_or_default());
        let host = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        Self { host, via: via.map(str::to_owned) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.host)?;
        self.via.iter().try_for_each(|proxy| write!(f, " through the proxy `{proxy}`"))
    }
}

/// What went wrong on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Dns,
    Refused,
    Tls,
    TimedOut,
    /// The proxy would not make the connection.
    Tunnel,
    /// Cut in the middle, or not HTTP.
    Broken,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "the host name is not known",
            Self::Refused => "the connection was refused",
            Self::Tls => "no secure connection could be made",
            Self::TimedOut => "no answer in time",
            Self::Tunnel => "the proxy did not let the connection through",
            Self::Broken => "the connection broke",
        })
    }
}

impl NetError {
    /// Reads the failure of a request. Its URL and whatever could be a secret is left out.
    #[must_use]
    pub fn of(error: reqwest::Error, place: Place) -> Self {
        let error = error.without_url();
        let fault = fault_of(&error);
        Self::Unreachable { place, fault, cause: innermost(&error) }
    }

    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        match self {
            Self::Unreachable { fault, .. } => Some(*fault),
            _ => None,
        }
    }
}

fn fault_of(error: &reqwest::Error) -> Fault {
    if error.is_timeout() {
        return Fault::TimedOut;
    }
    chain(error).find_map(fault_of_link).unwrap_or(Fault::Broken)
}

fn fault_of_link(error: &(dyn std::error::Error + 'static)) -> Option<Fault> {
    // These two come as words only; they are the HTTP library's own, not the system's.
    let text = error.to_string();
    if text.starts_with("dns error") {
        return Some(Fault::Dns);
    }
    if text.starts_with("tunnel error") {
        return Some(Fault::Tunnel);
    }
    if error.is::<rustls::Error>() {
        return Some(Fault::Tls);
    }
    match error.downcast_ref::<io::Error>()?.kind() {
        io::ErrorKind::ConnectionRefused => Some(Fault::Refused),
        io::ErrorKind::TimedOut => Some(Fault::TimedOut),
        _ => None,
    }
}

/// The error and what caused it. An `io::Error` that wraps another names the wrapped one's source as its
/// own, and would so leave out the one that matters here.
fn chain<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map(|inner| inner as &(dyn std::error::Error + 'static)).or_else(|| error.source())
    })
}

/// The last cause says most; those before it only where it came up.
fn innermost(error: &reqwest::Error) -> String {
    redact(&clean(&chain(error).last().map(ToString::to_string).unwrap_or_default()))
}

impl From<NetError> for Report {
    fn from(error: NetError) -> Self {
        let headline = error.to_string();
        let report = |code, hint: &str| Self::new(Exit::Network, code, &headline).hint(hint);
        match error {
            NetError::Proxy(_) => report(
                "proxy-unusable",
                "write the proxy as `http://host:port`; SOCKS proxies cannot be used",
            ),
            NetError::CaFile { cause, .. } => {
                report("ca-file-unusable", "name a file of PEM certificates").cause(cause)
            }
            NetError::Setup { cause } => report(
                "http-setup-failed",
                "install the system's certificates (often a package `ca-certificates`), or name a file \
                 with `--ca-file`",
            )
            .cause(cause),
            NetError::Unreachable { fault, cause, .. } => {
                let (code, hint) = advice(fault);
                report(code, hint).cause(cause)
            }
        }
    }
}

fn advice(fault: Fault) -> (&'static str, &'static str) {
    match fault {
        Fault::Dns => ("host-unknown", "check the spelling of the host, the network, and the proxy settings"),
        Fault::Refused => ("connection-refused", "check host, port and proxy, then try again"),
        Fault::Tls => (
            "tls-failed",
            "where a company proxy or an own server signs with its own root, name that with `--ca-file`",
        ),
        Fault::TimedOut => ("timed-out", "check the network and the proxy settings, then try again"),
        Fault::Tunnel => ("proxy-refused", "check the proxy's address, user and password"),
        Fault::Broken => ("connection-broken", "check the network and the proxy settings, then try again"),
    }
}

/// A client that follows no redirect and says who it is. Reading the system's certificates takes
/// milliseconds: build it in a job, once.
///
/// # Errors
/// When the proxy or the certificate file can't be used, or TLS can't be set up.
pub fn client(settings: &HttpSettings) -> Result<Client, NetError> {
    let mut builder = Client::builder()
        .user_agent(concat!("az-cargo-wizard/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .referer(false)
        .connect_timeout(settings.timeout.unwrap_or(CONNECT_LIMIT))
        .read_timeout(settings.timeout.unwrap_or(READ_LIMIT));
    // What is used is what was found and can be shown; the library's own search would find other proxies.
    builder = builder.no_proxy();
    if settings.loopback_only {
        builder = builder.tls_certs_only([]);
    } else {
        for proxy in proxies(settings)? {
            builder = builder.proxy(proxy);
        }
        if let Some(file) = &settings.ca_file {
            builder = builder.tls_certs_merge(certificates(file)?);
        }
    }
    builder.build().map_err(|error| NetError::Setup { cause: innermost(&error) })
}

/// A proxy for each scheme, but not for hosts that `NO_PROXY` exempts, as Cargo's own HTTP library does it.
fn proxies(settings: &HttpSettings) -> Result<Vec<Proxy>, NetError> {
    type Scheme = fn(String) -> reqwest::Result<Proxy>;
    let schemes: [(&Option<String>, Scheme); 2] =
        [(&settings.proxy, Proxy::https::<String>), (&settings.plain_proxy, Proxy::http::<String>)];
    let set = schemes.into_iter().filter_map(|(proxy, scheme)| Some((proxy.as_deref()?, scheme)));
    let exempt = || settings.no_proxy.as_deref().and_then(NoProxy::from_string);
    set.map(|(proxy, scheme)| {
        let proxy = scheme(proxy_url(proxy)?).map_err(|_| NetError::Proxy(without_user(proxy)))?;
        Ok(proxy.no_proxy(exempt()))
    })
    .collect()
}

/// A proxy's address with its scheme, which may be left out.
fn proxy_url(proxy: &str) -> Result<String, NetError> {
    let unusable = || NetError::Proxy(without_user(proxy));
    let url = if proxy.contains("://") { proxy.to_owned() } else { format!("http://{proxy}") };
    // Anything else would need a feature of the library that this tool is built without.
    let sound = Url::parse(&url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if sound { Ok(url) } else { Err(unusable()) }
}

fn certificates(file: &Path) -> Result<Vec<Certificate>, NetError> {
    let unusable =
        |cause: String| NetError::CaFile { path: clean(&file.to_string_lossy()), cause: clean(&cause) };
    let pem = std::fs::read(file).map_err(|error| unusable(error.to_string()))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|error| unusable(innermost(&error)))?;
    if found.is_empty() { Err(unusable("it holds no PEM certificate".to_owned())) } else { Ok(found) }
}

/// The certificates of the file and the system's, as the one PEM file that Cargo takes. Where the system has none,
/// those of the file alone.
///
/// # Errors
/// When the file holds no certificate.
pub fn bundle(file: &Path) -> Result<String, NetError> {
    let mut text = String::new();
    let system = rustls_native_certs::load_native_certs().certs;
    for certificate in system.iter().map(AsRef::as_ref).chain(ders(file)?.iter().map(AsRef::as_ref)) {
        text.push_str(&pem(certificate));
    }
    Ok(text)
}

/// The certificates of a PEM file, in their binary form.
fn ders(file: &Path) -> Result<Vec<CertificateDer<'static>>, NetError> {
    // The same file, and so the same refusals, as for our own requests.
    certificates(file)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
    found.map_err(|error| NetError::CaFile {
        path: clean(&file.to_string_lossy()),
        cause: clean(&error.to_string()),
    })
}

fn pem(der: &[u8]) -> String {
    const COLUMNS: usize = 64;
    let base64 = base64::engine::general_purpose::STANDARD.encode(der);
    let lines = base64.as_bytes().chunks(COLUMNS).map(String::from_utf8_lossy);
    let lines: Vec<_> = lines.collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

#[cfg(test)]
mod tests;
