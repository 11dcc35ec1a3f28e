//! One operation of the REST API: where it is, and what a request for it must look like.

use serde_json::Value;

use super::Undocumented;
use super::request::Seen;
use super::schema::{Definitions, Schema};

/// What a document says of one method of one path.
#[derive(Debug)]
pub(crate) struct Operation {
    /// `GET {organization}/{project}/_apis/packaging/feeds`
    pub(crate) name: String,
    method: String,
    /// In the cloud; `None`: on an own Server.
    host: Option<String>,
    segments: Vec<Segment>,
    /// None where it has no versions.
    versions: Vec<String>,
    query: Vec<Parameter>,
    body: Option<Schema>,
    reply: Option<Schema>,
}

#[derive(Debug)]
enum Segment {
    Word(String),
    Any,
    /// `{project}`, marked `required` but `x-ms-required: false` (azure-contract 13.5).
    Project,
}

#[derive(Debug)]
struct Parameter {
    name: String,
    required: bool,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Text,
    Boolean,
    Integer,
    OneOf(Vec<String>),
}

impl Operation {
    /// Every operation of a document.
    pub(super) fn read_all(document: &mut Value, version: &str, all: &mut Vec<Self>) {
        let definitions = Definitions::of(document);
        let document = &*document;
        let is_server = document["x-ms-parameterized-host"].is_object();
        let host = document["host"].as_str().filter(|_| !is_server).map(str::to_owned);
        for (path, methods) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in methods.as_object().into_iter().flatten() {
                let parameters: Vec<&Value> = operation["parameters"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|parameter| resolved(document, parameter))
                    .collect();
                let version = version_of(&parameters, version);
                let body = parameters.iter().find(|parameter| parameter["in"] == "body");
                let reply = &operation["responses"]["200"]["schema"];
                all.push(Self {
                    name: format!("{} {}", method.to_uppercase(), path.trim_matches('/')),
                    method: method.to_uppercase(),
                    host: host.clone(),
                    segments: segments(path, &parameters),
                    versions: vec![version],
                    query: parameters.iter().filter_map(|parameter| Parameter::read(parameter)).collect(),
                    body: body.map(|body| Schema::of_request(&body["schema"], &definitions)),
                    reply: reply.is_object().then(|| Schema::of_reply(reply, &definitions)),
                });
            }
        }
    }

    pub(super) fn undocumented(of: &Undocumented) -> Self {
        let parameter =
            |name: &&str| Parameter { name: (*name).to_owned(), required: false, kind: Kind::Text };
        Self {
            name: format!("{} {} (azure-contract {})", of.method, of.path, of.section),
            method: of.method.to_owned(),
            host: Some(of.host.to_owned()),
            segments: segments(of.path, &[]),
            versions: of.versions.unwrap_or_default().iter().copied().map(str::to_owned).collect(),
            query: of.query.iter().map(parameter).collect(),
            body: None,
            reply: None,
        }
    }

    /// Whether method, host and path are its own.
    pub(super) fn is_route_of(&self, seen: &Seen) -> bool {
        self.method == seen.method
            && self.is_at(&seen.host)
            && {
                let path = legacy_path(seen);
                matches(&self.segments, &path)
                // A virtual directory in front of the collection (azure-contract 1.1).
                || (is_server(&seen.host) && path.first().is_some_and(|s| s == "tfs") && matches(&self.segments, &path[1..]))
            }
    }

    /// A host that is not the cloud's is a Server, or the demo, which serves every service at one place.
    fn is_at(&self, host: &str) -> bool {
        if is_server(host) {
            return true;
        }
        let host = host.strip_suffix(":443").unwrap_or(host).to_lowercase();
        self.host.as_deref().is_some_and(|own| own == "*" || own == host || is_legacy_of(own, &host))
    }

    /// # Errors
    /// When the request is not as it should be.
    pub(super) fn judge(&self, seen: &Seen) -> Result<(), String> {
        self.judge_version(seen)?;
        for (name, value) in &seen.query {
            if name.eq_ignore_ascii_case("api-version") {
                continue;
            }
            let parameter = self.query.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name));
            let parameter = parameter.ok_or_else(|| format!("it has no parameter `{name}`"))?;
            parameter.judge(value)?;
        }
        let given = |name: &str| seen.query.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
        if let Some(missing) = self.query.iter().find(|p| p.required && !given(&p.name)) {
            return Err(format!("`{}` is missing", missing.name));
        }
        self.judge_body(seen)
    }

    fn judge_version(&self, seen: &Seen) -> Result<(), String> {
        if self.versions.is_empty() {
            return Ok(());
        }
        let Some(asked) = seen.version() else { return Err("no api-version".to_owned()) };
        // There is no document of 6.0, the last rung of the ladder (azure-contract 1.4).
        let asked = if asked == "6.0" { "7.0" } else { asked };
        if self.versions.iter().any(|version| version == asked) {
            return Ok(());
        }
        Err(format!("api-version {asked}, not {}", self.versions.join(" or ")))
    }

    fn judge_body(&self, seen: &Seen) -> Result<(), String> {
        let Some(schema) = &self.body else {
            return if seen.body.is_empty() { Ok(()) } else { Err("it takes no body".to_owned()) };
        };
        if seen.content_type.split(';').next() != Some("application/json") {
            return Err(format!("its body is `{}`, not JSON", seen.content_type));
        }
        let body = serde_json::from_str(&seen.body).map_err(|error| error.to_string())?;
        schema.judge(&body)
    }

    /// # Errors
    /// When an answer is not as the document says, or the document says nothing.
    pub(crate) fn judge_reply(&self, body: &Value) -> Result<(), String> {
        self.reply.as_ref().ok_or("no answer is described")?.judge(body)
    }
}

impl Parameter {
    /// One of the query but the version.
    fn read(parameter: &Value) -> Option<Self> {
        let name = parameter["name"].as_str()?;
        if parameter["in"] != "query" || name == "api-version" {
            return None;
        }
        let words = parameter["enum"].as_array();
        let kind = match (parameter["type"].as_str(), words) {
            // Opaque: it is what the last answer's header said (azure-contract 12).
            _ if name == "continuationToken" => Kind::Text,
            (_, Some(words)) => {
                Kind::OneOf(words.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            }
            (Some("boolean"), None) => Kind::Boolean,
            (Some("integer"), None) => Kind::Integer,
            _ => Kind::Text,
        };
        Some(Self { name: name.to_owned(), required: parameter["required"] == true, kind })
    }

    fn judge(&self, value: &str) -> Result<(), String> {
        let sound = match &self.kind {
            Kind::Text => true,
            Kind::Boolean => matches!(value, "true" | "false"),
            Kind::Integer => value.parse::<i32>().is_ok(),
            Kind::OneOf(words) => words.iter().any(|word| word == value),
        };
        if sound { Ok(()) } else { Err(format!("`{value}` is nothing for `{}`", self.name)) }
    }
}

fn resolved<'a>(document: &'a Value, parameter: &'a Value) -> &'a Value {
    match parameter["$ref"].as_str().and_then(|path| path.strip_prefix('#')) {
        Some(pointer) => document.pointer(pointer).expect("references lead somewhere"),
        None => parameter,
    }
}

/// What the operation's `api-version` should be set to, which only its description says.
fn version_of(parameters: &[&Value], of_document: &str) -> String {
    let parameter = parameters.iter().find(|parameter| parameter["name"] == "api-version");
    let words = parameter.and_then(|parameter| parameter["description"].as_str()).unwrap_or_default();
    words.split('\'').nth(1).unwrap_or(of_document).to_owned()
}

fn segments(path: &str, parameters: &[&Value]) -> Vec<Segment> {
    let optional = |name: &str| {
        parameters.iter().any(|parameter| parameter["name"] == name && parameter["x-ms-required"] == false)
    };
    let segment = |part: &str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        Some("project") if optional("project") => Segment::Project,
        Some("project?") => Segment::Project,
        Some(_) => Segment::Any,
        None => Segment::Word(part.to_owned()),
    };
    path.split('/').filter(|part| !part.is_empty()).map(segment).collect()
}

/// The case of words does not matter (azure-contract 5).
fn matches(template: &[Segment], path: &[String]) -> bool {
    match (template, path) {
        ([], []) => true,
        ([Segment::Word(word), template @ ..], [part, path @ ..]) => {
            word.eq_ignore_ascii_case(part) && matches(template, path)
        }
        ([Segment::Any, template @ ..], [_, path @ ..]) => matches(template, path),
        ([Segment::Project, rest @ ..], [_, after @ ..]) => matches(rest, path) || matches(rest, after),
        _ => false,
    }
}

/// Every host that is none of the cloud's.
fn is_server(host: &str) -> bool {
    let host = host.split(':').next().unwrap_or_default().to_lowercase();
    let clouds = [".azure.com", ".visualstudio.com", ".microsoftonline.com"];
    !clouds.iter().any(|domain| host.ends_with(domain))
}

/// `{organization}.feeds.visualstudio.com` is `feeds.dev.azure.com/{organization}` (azure-contract 1.1).
fn is_legacy_of(own: &str, host: &str) -> bool {
    let service = own.strip_suffix("dev.azure.com").unwrap_or("none.").trim_end_matches('.');
    let Some(sub) = host.strip_suffix(".visualstudio.com") else { return false };
    match sub.split_once('.') {
        None => service.is_empty(),
        Some((_, part)) => part == service,
    }
}

/// The path with the organization in front, where the host has it.
fn legacy_path(seen: &Seen) -> Vec<String> {
    let mut path = seen.segments();
    let host = seen.host.to_lowercase();
    if host.ends_with(".visualstudio.com") && !host.starts_with("app.vssps.") {
        if path.first().is_some_and(|first| first.eq_ignore_ascii_case("DefaultCollection")) {
            path.remove(0);
        }
        path.insert(0, host.split('.').next().unwrap_or_default().to_owned());
    }
    path
}
