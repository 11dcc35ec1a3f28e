//! What the demo answers, before it becomes bytes: status, headers, body; and the JSON envelopes of
//! azure-contract 3.3 and 5.2.

use hyper::body::Bytes;
use hyper::{StatusCode, header};
use serde_json::{Value, json};

const JSON: &str = "application/json; charset=utf-8; api-version=7.1";

/// One answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Bytes,
    pub(super) weight: Weight,
}

/// What an answer is, which decides how long it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// An answer of the REST API.
    Api,
    /// A file of the index, or the redirect of a download.
    Index,
    /// A packed crate.
    Crate,
}

impl Reply {
    pub(super) fn new(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new(), weight: Weight::Api }
    }

    pub(super) fn json(value: &Value) -> Self {
        Self::new(StatusCode::OK).body(JSON, value.to_string())
    }

    /// The envelope of lists: `{"count":N,"value":[…]}`.
    pub(super) fn list(values: &[Value]) -> Self {
        Self::json(&json!({ "count": values.len(), "value": values }))
    }

    pub(super) fn text(status: StatusCode, text: impl Into<String>) -> Self {
        Self::new(status).body("text/plain; charset=utf-8", text.into())
    }

    /// An error in Azure's envelope (azure-contract 3.3).
    pub(super) fn failure(status: StatusCode, type_key: &str, message: &str) -> Self {
        Self::new(status).body(JSON, failure_body(type_key, message))
    }

    /// The same with a byte-order mark, as some layers send it.
    pub(super) fn failure_with_bom(status: StatusCode, type_key: &str, message: &str) -> Self {
        Self::new(status).body(JSON, format!("\u{feff}{}", failure_body(type_key, message)))
    }

    pub(super) fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header(header::CONTENT_TYPE.as_str(), content_type)
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn weight(self, weight: Weight) -> Self {
        Self { weight, ..self }
    }
}

fn failure_body(type_key: &str, message: &str) -> String {
    json!({
        "$id": "1", "innerException": null, "message": message,
        "typeName": format!("Microsoft.VisualStudio.Services.{type_key}, Microsoft.VisualStudio.Services.WebApi"),
        "typeKey": type_key, "errorCode": 0, "eventId": 3000,
    })
    .to_string()
}
