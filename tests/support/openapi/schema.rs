//! The schemas of the documents, put right where they are known to be wrong.

use std::sync::{Arc, OnceLock};

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

/// The definitions of a document, put right when one is needed: most tests need none.
#[derive(Debug)]
pub(super) struct Definitions {
    as_written: Map<String, Value>,
    corrected: OnceLock<Value>,
}

/// Something that JSON is judged by.
#[derive(Debug)]
pub(super) struct Schema {
    schema: Value,
    definitions: Arc<Definitions>,
}

/// Changes the definitions of a document.
type Correction = fn(&mut Map<String, Value>);

/// Where the documents differ from the service, each as the change that makes them agree.
const DEVIATIONS: [(&str, Correction); 5] = [
    ("4.1: a profile has more than its schema, in the document's own example too", |definitions| {
        if let Some(profile) = definitions.get_mut("Profile") {
            for name in ["displayName", "publicAlias", "emailAddress"] {
                profile["properties"][name] = json!({ "type": "string" });
            }
        }
    }),
    ("13.2: identity descriptors are strings", |definitions| {
        definitions.insert("IdentityDescriptor".to_owned(), json!({ "type": "string" }));
    }),
    ("13.3: the visibility of a project has more words", |definitions| {
        if let Some(project) = definitions.get_mut("TeamProjectReference") {
            project["properties"]["visibility"] = json!({ "type": "string" });
        }
    }),
    ("13.6: flags may be joined by commas", |definitions| {
        if let Some(feed) = definitions.get_mut("FeedCore") {
            feed["properties"]["capabilities"] = json!({ "type": "string" });
        }
    }),
    ("13.7: links are a free object", |definitions| {
        let link = json!({ "type": "object", "properties": { "href": { "type": "string" } } });
        let links = json!({ "type": "object", "additionalProperties": link });
        definitions.insert("ReferenceLinks".to_owned(), links);
    }),
];

impl Definitions {
    pub(super) fn of(document: &mut Value) -> Arc<Self> {
        let as_written = document["definitions"].as_object_mut().map(std::mem::take).unwrap_or_default();
        Arc::new(Self { as_written, corrected: OnceLock::new() })
    }

    fn corrected(&self) -> &Value {
        self.corrected.get_or_init(|| {
            let mut definitions = self.as_written.clone();
            for (_, correct) in DEVIATIONS {
                correct(&mut definitions);
            }
            let closed =
                definitions.iter().map(|(name, schema)| (name.clone(), closed(schema, &definitions)));
            Value::Object(closed.collect())
        })
    }
}

impl Schema {
    pub(super) fn of_request(schema: &Value, definitions: &Arc<Definitions>) -> Self {
        Self { schema: schema.clone(), definitions: Arc::clone(definitions) }
    }

    /// Where it is a list, the wire has an envelope (azure-contract 13.1).
    pub(super) fn of_reply(schema: &Value, definitions: &Arc<Definitions>) -> Self {
        let is_list = schema["type"] == "array";
        let envelope = json!({
            "type": "object", "required": ["count", "value"], "additionalProperties": false,
            "properties": { "count": { "type": "integer" }, "value": schema },
        });
        Self::of_request(if is_list { &envelope } else { schema }, definitions)
    }

    /// # Errors
    /// What of the JSON is not as it should be, and where.
    pub(super) fn judge(&self, json: &Value) -> Result<(), String> {
        let validator = self.validator();
        let faults: Vec<String> = validator
            .iter_errors(json)
            .map(|error| format!("{} at `{}`", error, error.instance_path()))
            .collect();
        if faults.is_empty() { Ok(()) } else { Err(faults.join(", ")) }
    }

    fn validator(&self) -> Validator {
        // What stands beside a `$ref` would be passed over.
        let whole = json!({ "allOf": [self.schema], "definitions": self.definitions.corrected() });
        jsonschema::options()
            .with_draft(Draft::Draft7)
            .should_validate_formats(true)
            .with_format("uuid", is_guid)
            .with_format("date-time", is_date)
            .build(&whole)
            .expect("the documents' schemas are sound")
    }
}

/// The schema with everything it inherits, and no room for what it doesn't name: a misspelled field would pass.
fn closed(schema: &Value, definitions: &Map<String, Value>) -> Value {
    let mut schema = schema.clone();
    let mut properties = own_properties(&schema, definitions);
    if properties.is_empty() || schema["type"] != "object" {
        return schema;
    }
    for property in properties.values_mut() {
        // Nearly everything may be null (azure-contract 13.6).
        *property = json!({ "anyOf": [property.clone(), { "type": "null" }] });
    }
    schema["properties"] = Value::Object(properties);
    schema["additionalProperties"] = json!(false);
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("allOf");
    }
    schema
}

fn own_properties(schema: &Value, definitions: &Map<String, Value>) -> Map<String, Value> {
    let mut properties = Map::new();
    for parent in schema["allOf"].as_array().into_iter().flatten() {
        let name = parent["$ref"].as_str().and_then(|path| path.strip_prefix("#/definitions/"));
        if let Some(parent) = name.and_then(|name| definitions.get(name)) {
            properties.extend(own_properties(parent, definitions));
        }
    }
    properties.extend(schema["properties"].as_object().cloned().unwrap_or_default());
    properties
}

fn is_guid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Up to seven digits of a second; without a zone it means 'never' (azure-contract 13.8).
fn is_date(text: &str) -> bool {
    let Some((day, time)) = text.split_once('T') else { return false };
    let zone = time.find(['Z', '+']).map(|at| &time[at..]);
    let time = &time[..time.len() - zone.map_or(0, str::len)];
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let digits = |text: &str, separator: char, lengths: [usize; 3]| {
        let parts: Vec<&str> = text.split(separator).collect();
        parts.iter().map(|part| part.len()).eq(lengths)
            && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    digits(day, '-', [4, 2, 2])
        && digits(time, ':', [2, 2, 2])
        && (1..=7).contains(&fraction.len())
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
        && (zone.is_some() || text.starts_with("0001-01-01T00:00:00"))
}
