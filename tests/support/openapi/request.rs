//! A request as a test server has seen it.

use std::fmt;
use std::path::Path;

use serde::Deserialize;

/// One request, as the demo writes it into its log.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) host: String,
    /// As it came, still encoded.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) agent: String,
    pub(crate) accept: String,
    pub(crate) content_type: String,
    pub(crate) body: String,
    pub(crate) authorized: bool,
    pub(crate) status: u16,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.method, self.host, self.path)?;
        let query: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if query.is_empty() { Ok(()) } else { write!(f, "?{}", query.join("&")) }
    }
}

impl Seen {
    /// Every request of a log file; none where there is none. A line that was cut short was never finished.
    ///
    /// # Panics
    /// When a line is not one.
    pub(crate) fn read_log(file: &Path) -> Vec<Self> {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).expect("the demo writes JSON lines")).collect()
    }

    /// A request as its bytes were: the head, and perhaps a body.
    pub(crate) fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let header = |name: &str| {
            let found = head.lines().skip(1).find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            });
            found.unwrap_or_default()
        };
        let mut words = head.split(' ').map(str::to_owned);
        let method = words.next().unwrap_or_default();
        let target = words.next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        Self {
            method,
            host: header("host"),
            path: path.to_owned(),
            query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            agent: header("user-agent"),
            accept: header("accept"),
            content_type: header("content-type"),
            body: body.to_owned(),
            authorized: !header("authorization").is_empty(),
            status: 0,
        }
    }

    /// The segments of its path, decoded.
    pub(crate) fn segments(&self) -> Vec<String> {
        let decode = |part: &str| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned();
        self.path.split('/').filter(|part| !part.is_empty()).map(decode).collect()
    }

    /// The API version that it asks for, in the query or in `Accept` (azure-contract 1.4).
    pub(crate) fn version(&self) -> Option<&str> {
        let asked = self.query.iter().find(|(name, _)| name.eq_ignore_ascii_case("api-version"));
        asked
            .map(|(_, version)| version.as_str())
            .or_else(|| self.accept.split(';').find_map(|part| part.trim().strip_prefix("api-version=")))
    }

    /// Whether it went to the storage, which is no part of Azure DevOps.
    pub(crate) fn is_storage(&self) -> bool {
        self.path.starts_with("/blob/")
    }
}
