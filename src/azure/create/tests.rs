//! What is sent for a new feed, how often, and what is made of each answer.

use serde_json::Value;

use super::super::canned::{Canned, json, refusal, reply, token_refused};
use super::*;
use crate::domain::new_feed::{Description, FeedScope, Visibility};
use crate::error::{Exit, Report};

const POST: &str = "POST /contoso/Web/_apis/packaging/feeds ";
const FEED: &str = "GET /contoso/Web/_apis/packaging/feeds/rust ";
const PATCH: &str = "PATCH /contoso/Web/_apis/packaging/Feeds/rust/views/Local ";
const VIEW: &str = "GET /contoso/Web/_apis/packaging/Feeds/rust/views/Local ";
const LIST: &str = "GET /contoso/_apis/packaging/feeds ";
const BIN: &str = "GET /contoso/_apis/packaging/feedrecyclebin ";

fn new() -> NewFeed {
    NewFeed {
        name: FeedName::parse("rust").unwrap(),
        description: Description::parse("ours").unwrap(),
        visibility: Visibility::Organization,
        sources: Sources::CratesIo,
        scope: FeedScope::Project(ProjectName::parse("Web").unwrap()),
    }
}

fn feed_body(sources: &str) -> String {
    format!(
        r#"{{"id":"f-1","name":"rust","project":{{"id":"p-1","name":"Web"}},"upstreamSources":[{sources}]}}"#
    )
}

const CRATES_IO: &str = r#"{"name":"crates.io","protocol":"Cargo","location":"https://index.crates.io/"}"#;

fn created() -> String {
    reply("201 Created", "Content-Type: application/json\r\n", &feed_body(CRATES_IO))
}

fn there() -> String {
    json(&feed_body(CRATES_IO))
}

fn absent() -> String {
    refusal("404 Not Found", r#"{"typeKey":"FeedIdNotFoundException"}"#)
}

fn view(visibility: &str) -> String {
    json(&format!(r#"{{"name":"Local","visibility":"{visibility}"}}"#))
}

/// A connection that ends without an answer.
fn broken() -> String {
    String::new()
}

fn posts(server: &Canned) -> usize {
    server.bodies("POST").len()
}

fn taken() -> String {
    refusal("409 Conflict", r#"{"message":"A feed with the name 'rust' already exists."}"#)
}

#[tokio::test]
async fn a_feed_is_made_shown_and_made_visible_with_the_requests_that_were_shown() {
    let server = Canned::serve([
        (POST, created()),
        (FEED, absent()),
        (FEED, there()),
        (PATCH, view("collection")),
        (VIEW, view("Collection")),
    ])
    .await;
    let azure = server.azure();
    let shown = azure.creation_previews(&new()).unwrap();
    assert!(server.heard().is_empty(), "showing asks nothing");
    let creation = azure.create_feed(&new()).await.unwrap();
    assert!(creation.visibility.is_ok() && !creation.lacks_crates_io);
    assert_eq!((creation.feed.label().as_str(), creation.feed.role), ("Web/rust", Some(Role::Owner)));
    let sent: Vec<String> = [server.bodies("POST"), server.bodies("PATCH")].concat();
    assert_eq!(sent, shown.iter().map(|request| request.body.clone()).collect::<Vec<_>>());
    assert_eq!((shown[0].method, shown[1].method), ("POST", "PATCH"));
    assert_eq!(shown[0].url, format!("{}/Web/_apis/packaging/feeds", server.base()));
    assert!(server.heard()[0].contains("content-type: application/json\r\n"));
    let body: Value = serde_json::from_str(&shown[0].body).unwrap();
    assert_eq!((&body["name"], &body["description"]), (&"rust".into(), &"ours".into()));
    assert_eq!(body["upstreamSources"][0]["location"], "https://index.crates.io/");
    assert!(shown[0].body.starts_with("{\n  \"name\": \"rust\",\n"), "{}", shown[0].body);
}

#[tokio::test]
async fn the_scope_is_in_the_address_and_the_sources_are_as_wanted() {
    let server = Canned::serve([]).await;
    let azure = server.azure();
    let body = |new: &NewFeed| -> Value {
        serde_json::from_str(&azure.creation_previews(new).unwrap()[0].body).unwrap()
    };
    let common = body(&NewFeed { sources: Sources::Common, ..new() });
    let names: Vec<&str> =
        common["upstreamSources"].as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert_eq!((names.len(), names[0], names[8]), (9, "npmjs", "crates.io"));
    let none = NewFeed { sources: Sources::None, description: Description::default(), ..new() };
    assert_eq!(body(&none)["upstreamSources"], serde_json::json!([]));
    assert_eq!(body(&none)["upstreamEnabled"], true);
    assert!(body(&none).get("description").is_none());
    let of_organization = NewFeed { scope: FeedScope::Organization, ..new() };
    let shown = azure.creation_previews(&of_organization).unwrap();
    assert!(shown[0].url.ends_with("/contoso/_apis/packaging/feeds"), "{}", shown[0].url);
    let spaced = FeedScope::Project(ProjectName::parse("Fabrikam Fiber").unwrap());
    let shown = azure.creation_previews(&NewFeed { scope: spaced, ..new() }).unwrap();
    assert!(shown[1].url.contains("/Fabrikam%20Fiber/_apis/packaging/Feeds/rust/views/Local"));
}

#[tokio::test]
async fn control_characters_are_escaped_in_what_is_shown_and_sent() {
    let server = Canned::serve([]).await;
    let odd = NewFeed { description: Description::parse("a\u{202e}b\u{9b}c\u{1b}d").unwrap(), ..new() };
    let shown = server.azure().creation_previews(&odd).unwrap().remove(0).body;
    assert!(shown.contains(r"a\u202eb\u009bc\u001bd"), "{shown}");
    assert!(
        serde_json::from_str::<Value>(&shown)
            .is_ok_and(|body| body["description"] == "a\u{202e}b\u{9b}c\u{1b}d")
    );
}

#[tokio::test]
async fn after_a_broken_connection_there_is_a_look_and_no_second_post() {
    let trouble = reply("500 Internal Server Error", "", "");
    let proxy = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n".to_owned();
    let unread = reply("201 Created", "Content-Type: application/json\r\n", "{");
    for lost in [broken(), trouble, proxy, unread] {
        let server = Canned::serve([
            (POST, lost),
            (FEED, absent()),
            (FEED, there()),
            (PATCH, view("collection")),
            (VIEW, view("collection")),
        ])
        .await;
        let creation = server.azure().create_feed(&new()).await.unwrap();
        assert_eq!(creation.feed.name.as_str(), "rust");
        assert_eq!(posts(&server), 1);
    }
}

#[tokio::test]
async fn a_feed_that_never_shows_leaves_its_fate_open_without_a_second_post() {
    let mut replies = vec![(POST, broken())];
    replies.extend((0..LOOKS).map(|_| (FEED, absent())));
    let server = Canned::serve(<[_; 9]>::try_from(replies).unwrap()).await;
    let error = server.azure().create_feed(&new()).await.unwrap_err();
    assert!(matches!(&error, AzureError::CreationUnknown { .. }), "{error:?}");
    assert_eq!((posts(&server), server.heard().len()), (1, 9));
    let report = Report::from(error);
    assert_eq!((report.code, report.exit), ("feed-creation-unknown", Exit::Network));
    assert!(report.headline.contains("Web/rust"), "{report}");
    assert!(report.hint.unwrap().contains("list of feeds"));
}

#[tokio::test]
async fn a_request_that_was_not_taken_may_be_sent_again() {
    let busy = reply("429 Too Many Requests", "Retry-After: 0\r\n", "");
    let old = refusal("400 Bad Request", r#"{"typeKey":"VssVersionOutOfRangeException"}"#);
    for refused in [busy, old] {
        let server = Canned::serve([
            (POST, refused),
            (POST, created()),
            (FEED, there()),
            (PATCH, view("collection")),
            (VIEW, view("collection")),
        ])
        .await;
        server.azure().create_feed(&new()).await.unwrap();
        assert_eq!(posts(&server), 2);
    }
}

#[tokio::test]
async fn a_visibility_that_was_not_set_is_part_of_the_success() {
    let role = r#"{"typeKey":"FeedNeedsPermissionsException","message":"needs EditFeed"}"#;
    for (answer, seen, code) in [
        (token_refused(), view("private"), "token-cannot-manage"),
        (refusal("403 Forbidden", role), view("private"), "role-too-low"),
        (view("collection"), view("private"), "other-visibility"),
        (view("collection"), refusal("403 Forbidden", role), "role-too-low"),
    ] {
        let server = Canned::serve([(POST, created()), (FEED, there()), (PATCH, answer), (VIEW, seen)]).await;
        let creation = server.azure().create_feed(&new()).await.unwrap();
        assert_eq!(creation.feed.id, "f-1");
        assert_eq!(Report::from(creation.visibility.unwrap_err()).code, code);
        assert_eq!(posts(&server), 1);
    }
    let server = Canned::serve([
        (POST, created()),
        (FEED, there()),
        (PATCH, token_refused()),
        (VIEW, view("collection")),
    ])
    .await;
    assert!(server.azure().create_feed(&new()).await.unwrap().visibility.is_ok(), "it is as it was wanted");
}

#[tokio::test]
async fn a_missing_upstream_source_is_noticed() {
    for (sources, told, lacks) in
        [(Sources::CratesIo, "", true), (Sources::None, "", false), (Sources::Common, CRATES_IO, false)]
    {
        let server = Canned::serve([
            (POST, created()),
            (FEED, json(&feed_body(told))),
            (PATCH, view("collection")),
            (VIEW, view("collection")),
        ])
        .await;
        let creation = server.azure().create_feed(&NewFeed { sources, ..new() }).await.unwrap();
        assert_eq!(creation.lacks_crates_io, lacks, "{sources:?}");
    }
}

#[tokio::test]
async fn a_feed_keeps_the_project_that_it_was_made_in() {
    let bare = json(r#"{"id":"f-1","name":"rust"}"#);
    let server = Canned::serve([
        (POST, bare.clone()),
        (FEED, bare),
        (PATCH, view("collection")),
        (VIEW, view("collection")),
    ])
    .await;
    assert_eq!(server.azure().create_feed(&new()).await.unwrap().feed.label(), "Web/rust");
}

#[tokio::test]
async fn a_taken_name_says_who_has_it() {
    let other = r#"{"id":"x","name":"RUST","project":{"id":"p-2","name":"Payments"}}"#;
    let list = |feeds: &str| json(&format!(r#"{{"value":[{feeds}]}}"#));
    let bin = list(
        r#"{"name":"Rust","project":{"name":"Old"},"scheduledPermanentDeleteDate":"2026-12-10T09:00:00.1Z"}"#,
    );
    for (listed, deleted, words) in [
        (list(other), bin.clone(), "`Payments/RUST` has it"),
        (list(""), bin, "`Old/Rust`, which was deleted and lies in the recycle bin until 2026-12-10"),
        (list(""), list(""), "a feed that you can't see"),
        (token_refused(), refusal("403 Forbidden", "{}"), "a feed that you can't see"),
    ] {
        let server = Canned::serve([(POST, taken()), (LIST, listed), (BIN, deleted)]).await;
        let report = Report::from(server.azure().create_feed(&new()).await.unwrap_err());
        assert_eq!(report.code, "feed-name-taken");
        assert!(report.causes[0].contains(words), "{report}");
        assert!(report.causes[1].contains("already exists"), "the service's own words: {report}");
        assert_eq!(posts(&server), 1);
    }
}

#[tokio::test]
async fn a_name_that_is_seen_to_be_taken_is_not_asked_for() {
    let list = || json(r#"{"value":[{"id":"x","name":"Rust"}]}"#);
    let server = Canned::serve([(LIST, list()), (LIST, list())]).await;
    let azure = server.azure();
    let free = FeedName::parse("free").unwrap();
    azure.check_names(&[&free]).await.unwrap();
    let error = azure.check_names(&[&free, &new().name]).await.unwrap_err();
    assert!(matches!(&error, AzureError::NameTaken { by: Holder::Feed(label), .. } if label == "Rust"));
    assert_eq!(posts(&server), 0);
}

#[tokio::test]
async fn every_refusal_names_what_is_missing() {
    let json_refusal = |status: &str, key: &str, words: &str| {
        refusal(status, &format!(r#"{{"typeKey":"{key}","message":"{words}"}}"#))
    };
    for (answer, code, exit, part) in [
        (
            refusal("403 Forbidden", "{}"),
            "feed-creation-not-allowed",
            Exit::NotAllowed,
            "right to create feeds",
        ),
        (
            json_refusal("403 Forbidden", "FeedNeedsPermissionsException", "needs CreateFeed"),
            "feed-creation-not-allowed",
            Exit::NotAllowed,
            "right to create feeds",
        ),
        (token_refused(), "token-cannot-manage", Exit::SignIn, "Packaging (Read, write, & manage)"),
        (
            json_refusal("400 Bad Request", "InvalidFeedNameException", "the service's own words"),
            "feed-name-refused",
            Exit::Failed,
            "rules",
        ),
        (
            json_refusal("400 Bad Request", "ArgumentException", "Value does not fall within the range"),
            "feed-refused",
            Exit::Failed,
            "upstream sources",
        ),
        (
            json_refusal("404 Not Found", "ProjectDoesNotExistWithNameException", "TF200016"),
            "project-not-found",
            Exit::NotFound,
            "project",
        ),
    ] {
        let server = Canned::serve([(POST, answer)]).await;
        let report = Report::from(server.azure().create_feed(&new()).await.unwrap_err());
        assert_eq!((report.code, report.exit), (code, exit), "{report}");
        assert!(report.hint.as_ref().unwrap().contains(part), "{report}");
        if code == "feed-name-refused" {
            assert_eq!(report.causes, ["the service's own words"]);
        }
    }
}
