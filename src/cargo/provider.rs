//! Cargo's credential-provider protocol, version 1, over any reader and writer (cargo-contract 3.4): a JSON document
//! a line, the provider's hello first. Knows the words only; what to answer is the caller's.

use std::io::{self, BufRead, Read as _, Write};

use serde::{Deserialize, Serialize};

use crate::domain::credential::Secret;
use crate::domain::text::{clean, redact};
use crate::error::Report;

/// The one argument that Cargo starts a provider with.
pub const FLAG: &str = "--cargo-plugin";

/// Cargo's requests with all headers of an answer are a few kilobytes long.
const LONGEST_REQUEST: u64 = 1024 * 1024;

const VERSION: u32 = 1;

/// What Cargo wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub registry: Registry,
    pub action: Action,
}

/// The registry as Cargo knows it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Registry {
    /// In the configured spelling, with `sparse+`.
    pub index_url: String,
    #[serde(default)]
    pub name: Option<String>,
    /// All headers of the 401, on first contact only. In the spelling of the server or, since Cargo 1.96, in lower case.
    #[serde(default)]
    pub headers: Vec<String>,
}

/// What is to be done with the credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    Get(Operation),
    /// With what was piped to `cargo login`, without the line end that Cargo before 1.79 leaves in it.
    Login(Option<Secret>),
    Logout,
    /// One that a later Cargo may know.
    Unknown,
}

/// What the credential is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    #[default]
    Read,
    Publish,
    Yank,
    Unyank,
    Owners,
    #[serde(other)]
    Unknown,
}

/// A request that was met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Granted {
    /// The whole `Authorization` value, good for every operation.
    Token {
        header: Secret,
        keep: Keep,
    },
    /// With what the person has to know of it, if there is something.
    LoggedIn(Option<String>),
    LoggedOut(Option<String>),
}

impl Granted {
    /// What the protocol has no word for.
    fn note(&self) -> Option<&str> {
        match self {
            Self::Token { .. } => None,
            Self::LoggedIn(note) | Self::LoggedOut(note) => note.as_deref(),
        }
    }
}

/// How long Cargo may use a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// As long as this Cargo runs.
    Session,
    /// Until then, in seconds since 1970 (UTC). Cargo asks again 60 s before.
    Until(u64),
}

/// A request that was not met. Cargo goes on to the next provider after the first two only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    UrlNotSupported,
    NotFound,
    OperationNotSupported,
    /// Ends the command with these words.
    Failed(Box<Report>),
}

/// Greets, then answers each request until Cargo closes the input.
///
/// # Errors
/// When the input can't be read or the output not be written.
pub fn serve(
    input: impl BufRead,
    mut output: impl Write,
    mut answer: impl FnMut(&Asked) -> Result<Granted, Refusal>,
) -> io::Result<()> {
    line(&mut output, &Hello { v: [VERSION] })?;
    let mut input = input;
    let mut text = Vec::new();
    loop {
        text.clear();
        if input.by_ref().take(LONGEST_REQUEST).read_until(b'\n', &mut text)? == 0 {
            return Ok(());
        }
        if text.trim_ascii().is_empty() {
            continue;
        }
        let answered = parse(&text).and_then(|asked| logged(&asked, answer(&asked)));
        match &answered {
            Ok(granted) => line(&mut output, &Response::Ok(Grant::of(granted)))?,
            Err(refusal) => line(&mut output, &Response::Err(Failure::of(refusal)))?,
        }
    }
}

/// Of what is granted the log says nothing but that it is.
fn logged(asked: &Asked, answered: Result<Granted, Refusal>) -> Result<Granted, Refusal> {
    let index = clean(&asked.registry.index_url);
    match &answered {
        Ok(_) => tracing::debug!(index = redact(&index), "granted"),
        Err(refusal) => tracing::debug!(index = redact(&index), ?refusal, "refused"),
    }
    answered
}

/// The same with Cargo at the other end of the standard streams. Standard error is the person's (cargo-contract 3.4).
///
/// # Errors
/// When Cargo has gone.
pub fn serve_cargo(mut answer: impl FnMut(&Asked) -> Result<Granted, Refusal>) -> io::Result<()> {
    serve(io::stdin().lock(), io::stdout().lock(), |asked| {
        let answered = answer(asked);
        if let Ok(granted) = &answered
            && let Some(note) = granted.note()
        {
            // Nobody is left to tell when it is closed.
            let _ = writeln!(io::stderr(), "note: {}", clean(note));
        }
        answered
    })
}

fn line(output: &mut impl Write, document: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *output, document)?;
    output.write_all(b"\n")?;
    output.flush()
}

/// Fields that are not known are ignored, for later versions may have more.
#[derive(Deserialize)]
struct Request {
    v: u32,
    registry: Registry,
    kind: String,
    #[serde(default)]
    operation: Operation,
    #[serde(default)]
    token: Option<String>,
}

fn parse(text: &[u8]) -> Result<Asked, Refusal> {
    // The parser's own words may quote the request, and that may hold a token.
    let request: Request = serde_json::from_slice(text).map_err(|error| {
        failed("Cargo's request was not understood").cause(format!("column {}", error.column()))
    })?;
    if request.v != VERSION {
        return Err(
            failed(format!("Cargo speaks version {} of the protocol, not {VERSION}", request.v)).into()
        );
    }
    let action = match request.kind.as_str() {
        "get" => Action::Get(request.operation),
        "login" => Action::Login(request.token.map(Secret::new)),
        "logout" => Action::Logout,
        _ => Action::Unknown,
    };
    Ok(Asked { registry: request.registry, action })
}

fn failed(headline: impl Into<String>) -> Report {
    Report::new(crate::error::Exit::Failed, "credential-protocol", headline)
        .hint("update Cargo and az-cargo-wizard")
}

impl From<Report> for Refusal {
    fn from(report: Report) -> Self {
        Self::Failed(Box::new(report))
    }
}

#[derive(Serialize)]
struct Hello {
    v: [u32; 1],
}

#[derive(Serialize)]
enum Response<'a> {
    Ok(Grant<'a>),
    Err(Failure),
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Grant<'a> {
    Get {
        token: &'a str,
        cache: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        expiration: Option<u64>,
        operation_independent: bool,
    },
    Login,
    Logout,
}

impl<'a> Grant<'a> {
    fn of(granted: &'a Granted) -> Self {
        match granted {
            Granted::LoggedIn(_) => Self::Login,
            Granted::LoggedOut(_) => Self::Logout,
            Granted::Token { header, keep } => {
                let (cache, expiration) = match keep {
                    Keep::Session => ("session", None),
                    Keep::Until(seconds) => ("expires", Some(*seconds)),
                };
                Self::Get { token: header.expose(), cache, expiration, operation_independent: true }
            }
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Failure {
    UrlNotSupported,
    NotFound,
    OperationNotSupported,
    Other {
        message: String,
        #[serde(rename = "caused-by")]
        caused_by: Vec<String>,
    },
}

impl Failure {
    fn of(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::UrlNotSupported => Self::UrlNotSupported,
            Refusal::NotFound => Self::NotFound,
            Refusal::OperationNotSupported => Self::OperationNotSupported,
            Refusal::Failed(report) => Self::Other {
                message: clean(&report.headline),
                // Cargo shows no hints: what to do is the last thing read.
                caused_by: report.causes.iter().chain(&report.hint).map(|text| clean(text)).collect(),
            },
        }
    }
}

#[cfg(test)]
mod tests;
