//! A hostile world: every text of every answer carries what would steer a terminal. For tests alone: nothing of it
//! may reach the screen, a line of output or a file.

use hyper::body::Bytes;
use serde_json::{Map, Value, json};

use super::reply::{Reply, Weight};

/// What steers a terminal: ESC, a clipboard write (OSC 52), a cursor move, C1, bidirectional overrides.
pub const PAYLOAD: &str = "\u{1b}]52;c;aGFja2Vk\u{7}\u{1b}[999C\u{9b}31m\u{202e}\u{2066}\u{8}\r";

/// What of it an HTTP header can carry.
const IN_HEADERS: &str = "\u{9b}31m\u{202e}\u{2066}";

/// What a client has to be able to read, or it would see nothing of the rest. Each list holds every item a second
/// time, with the payload in these too.
const KEPT: [&str; 25] = [
    "id",
    "identityId",
    "role",
    "visibility",
    "protocol",
    "location",
    "status",
    "capabilities",
    "typeKey",
    "dl",
    "deletedDate",
    "isEnabled",
    "$type",
    "accountName",
    "error",
    "device_code",
    "verification_uri",
    "token_type",
    "access_token",
    "refresh_token",
    "patTokenError",
    "authorizationId",
    "token",
    "scope",
    "validTo",
];

/// The answer with the payload in each of its texts.
pub(super) fn poison(reply: Reply) -> Reply {
    let mut reply = poison_body(reply);
    for (name, value) in &mut reply.headers {
        let is_understood = matches!(*name, "content-type" | "location" | "etag" | "retry-after")
            || name.starts_with("x-ms-")
            || name.starts_with("www-");
        if *name == "x-tfs-serviceerror" {
            value.push_str("%1B%5D52%3Bc%3BaGFja2Vk%07%C2%9B31m%E2%80%AE");
        } else if !is_understood {
            value.push_str(IN_HEADERS);
        }
    }
    reply
}

fn poison_body(mut reply: Reply) -> Reply {
    let is_file = reply.weight != Weight::Api && reply.status.is_success();
    let is_json =
        |(name, value): &(&str, String)| *name == "content-type" && value.starts_with("application/json");
    if reply.headers.iter().any(is_json)
        && let Ok(value) = serde_json::from_slice::<Value>(&reply.body)
    {
        reply.body = Bytes::from(poisoned(value, Texts::NotKept).to_string());
    } else if !is_file && !reply.body.is_empty() {
        let text = String::from_utf8_lossy(&reply.body);
        reply.body = Bytes::from(format!("{PAYLOAD}{text}{PAYLOAD}"));
    }
    reply
}

/// Which texts get the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Texts {
    All,
    NotKept,
}

fn poisoned(value: Value, texts: Texts) -> Value {
    match value {
        Value::String(text) => Value::String(with_payload(&text)),
        Value::Array(items) => {
            let twins: Vec<Value> = match texts {
                Texts::NotKept => items.iter().map(|item| poisoned(item.clone(), Texts::All)).collect(),
                Texts::All => Vec::new(),
            };
            let items = items.into_iter().map(|item| poisoned(item, texts));
            Value::Array(items.chain(twins).collect())
        }
        Value::Object(fields) => Value::Object(poisoned_fields(fields, texts)),
        other => other,
    }
}

fn poisoned_fields(fields: Map<String, Value>, texts: Texts) -> Map<String, Value> {
    // Views have a type, upstream sources a protocol: their names are for reading only.
    let is_named = !fields.contains_key("type") && !fields.contains_key("protocol");
    let is_kept = |key: &str| KEPT.contains(&key) || (key == "name" && is_named);
    let mut poisoned_fields: Map<String, Value> = fields
        .into_iter()
        .map(|(key, value)| {
            let leave = texts == Texts::NotKept && value.is_string() && is_kept(&key);
            let value = if leave { value } else { poisoned(value, texts) };
            (key, value)
        })
        .collect();
    poisoned_fields.insert(with_payload("extra"), json!(with_payload("a field that nobody asked for")));
    poisoned_fields
}

/// In the middle, so that neither trimming nor a prefix finds it.
fn with_payload(text: &str) -> String {
    let middle = text.char_indices().map(|(at, _)| at).nth(text.chars().count() / 2).unwrap_or(0);
    format!("{}{PAYLOAD}{}", &text[..middle], &text[middle..])
}

#[cfg(test)]
mod tests {
    use hyper::StatusCode;

    use super::*;

    #[test]
    fn lists_hold_everything_twice_and_only_once_as_it_was() {
        let list = json!({ "count": 1, "value": [{ "id": "1", "name": "a", "description": "bc" }] });
        let reply = poison(Reply::json(&list));
        let value: Value = serde_json::from_slice(&reply.body).unwrap();
        let [item, twin] = value["value"].as_array().unwrap().as_slice() else { panic!("{value}") };
        assert_eq!((item["id"].as_str(), item["name"].as_str()), (Some("1"), Some("a")));
        assert_eq!(item["description"], format!("b{PAYLOAD}c"));
        assert!(twin["name"].as_str().unwrap().contains(PAYLOAD));
    }

    #[test]
    fn words_of_a_refusal_are_raw_and_headers_carry_what_they_can() {
        let reply = Reply::text(StatusCode::NOT_FOUND, "no").header("activityid", "1");
        let reply = poison(reply);
        assert!(reply.body.starts_with(PAYLOAD.as_bytes()));
        assert!(reply.headers.iter().any(|(_, value)| value == &format!("1{IN_HEADERS}")));
    }

    #[test]
    fn what_cargo_has_to_read_stays_as_it_is() {
        let index = Reply::text(StatusCode::OK, "{}\n").weight(Weight::Index);
        assert_eq!(poison(index).body, "{}\n");
    }
}
