//! Making and changing feeds, over the wire.

use serde_json::{Value, json};

use super::{Answer, SUPPRESS, change, change_as, demo, exchange, get, get_anonymously, get_as};

const FEEDS: &str = "/contoso/Storefront/_apis/packaging/feeds";

fn crates_io() -> Value {
    json!({
        "name": "crates.io", "protocol": "Cargo", "location": "https://index.crates.io/",
        "displayLocation": "https://index.crates.io/", "upstreamSourceType": "public", "status": "ok",
    })
}

fn key(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["typeKey"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_new_feed_is_there_at_once_and_serves_cargo() {
    let demo = demo().await;
    let body = json!({ "name": "mine", "description": "ours", "upstreamSources": [crates_io()] });
    let made = change(&demo, "POST", FEEDS, &body).await;
    assert_eq!(made.status, 201);
    let feed = made.json();
    assert_eq!((&feed["name"], &feed["project"]["name"]), (&"mine".into(), &"Storefront".into()));
    assert_eq!(feed["upstreamSources"][0]["location"], "https://index.crates.io/");
    assert_eq!(get(&demo, &format!("{FEEDS}/mine")).await.json(), feed);
    let owned = get(&demo, "/contoso/_apis/packaging/feeds?feedRole=administrator").await.names();
    assert!(owned.contains(&"mine".to_owned()));
    let index = get(&demo, "/contoso/Storefront/_packaging/mine/Cargo/index/ti/de/tidewater").await;
    assert_eq!(index.status, 200);

    let none = change(&demo, "POST", FEEDS, &json!({ "name": "empty", "upstreamSources": [] })).await;
    assert_eq!(none.status, 201);
    let index = get(&demo, "/contoso/Storefront/_packaging/empty/Cargo/index/ti/de/tidewater").await;
    assert_eq!(index.status, 404);
}

#[tokio::test]
async fn every_common_public_source_is_known() {
    let demo = demo().await;
    let sources = [
        ("npm", "https://registry.npmjs.org/"),
        ("nuget", "https://api.nuget.org/v3/index.json"),
        ("nuget", "https://www.powershellgallery.com/api/v2/"),
        ("pypi", "https://pypi.org/"),
        ("Maven", "https://repo.maven.apache.org/maven2/"),
        ("Maven", "https://dl.google.com/android/maven2/"),
        ("Maven", "https://jitpack.io/"),
        ("Maven", "https://plugins.gradle.org/m2/"),
        ("Cargo", "https://index.crates.io/"),
    ];
    let sources: Vec<Value> = sources
        .iter()
        .map(|(protocol, location)| {
            json!({ "name": "x", "protocol": protocol, "location": location, "upstreamSourceType": "public" })
        })
        .collect();
    let made = change(&demo, "POST", FEEDS, &json!({ "name": "all", "upstreamSources": sources })).await;
    assert_eq!(made.json()["upstreamSources"].as_array().unwrap().len(), 9);
    let unknown = json!({ "name": "x", "protocol": "Cargo", "location": "https://evil.example/", "upstreamSourceType": "public" });
    let refused = change(&demo, "POST", FEEDS, &json!({ "name": "odd", "upstreamSources": [unknown] })).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn a_name_is_refused_by_the_rules_and_where_anybody_has_it() {
    let demo = demo().await;
    for bad in ["", "two words", "_x", "x.", "a@b", "a,b", &"x".repeat(65)] {
        let refused = change(&demo, "POST", FEEDS, &json!({ "name": bad })).await;
        assert_eq!(key(&refused), (400, "InvalidFeedNameException".into()), "{bad}");
    }
    for taken in ["Rust-Crates", "payments-internal", "payments-vault", "storefront-legacy", "platform-2019"]
    {
        let refused = change(&demo, "POST", FEEDS, &json!({ "name": taken })).await;
        assert_eq!(key(&refused), (409, "FeedNameAlreadyExistsException".into()), "{taken}");
    }
    let long = json!({ "name": "long", "description": "x".repeat(256) });
    for bad in [json!({}), json!({ "name": 7 }), long] {
        assert_eq!(change(&demo, "POST", FEEDS, &bad).await.status, 400, "{bad}");
    }
    let unread = [SUPPRESS, ("Authorization", &super::basic(demo.token()))];
    let url = format!("{}{FEEDS}", demo.origin());
    assert_eq!(exchange(("POST", &url), &unread, r#"{"name":"typeless"}"#).await.status, 415);
}

#[tokio::test]
async fn the_recycle_bin_shows_what_one_owned() {
    let demo = demo().await;
    let bin = get(&demo, "/contoso/_apis/packaging/feedRecycleBin").await;
    assert_eq!(bin.names(), ["storefront-legacy"]);
    let feed = &bin.json()["value"][0];
    assert!(feed["deletedDate"].is_string() && feed["scheduledPermanentDeleteDate"].is_string());
    assert_eq!(feed["project"]["name"], "Storefront");
    assert!(get(&demo, "/contoso/Payments/_apis/packaging/feedrecyclebin").await.names().is_empty());
    let listed = get(&demo, "/contoso/_apis/packaging/feeds").await.names();
    assert!(!listed.iter().any(|name| name == "storefront-legacy" || name == "payments-vault"));
}

#[tokio::test]
async fn upstream_sources_are_replaced_as_a_whole_and_keep_their_ids() {
    let demo = demo().await;
    let path = "/contoso/Platform/_apis/packaging/feeds/platform-tools";
    let before = get(&demo, path).await.json()["upstreamSources"].clone();
    let kept = json!({ "upstreamSources": [before[0].clone()] });
    let one = change(&demo, "PATCH", path, &kept).await.json();
    assert_eq!(one["upstreamSources"], json!([before[0].clone()]));
    let both = json!({ "upstreamSources": [before[0].clone(), crates_io()] });
    let both = change(&demo, "PATCH", path, &both).await.json();
    assert_eq!(both["upstreamSources"][1]["name"], "crates.io");
    let mut lost = before[0].clone();
    lost.as_object_mut().unwrap().remove("id");
    assert_eq!(change(&demo, "PATCH", path, &json!({ "upstreamSources": [lost] })).await.status, 400);
    let twice = json!({ "upstreamSources": [crates_io(), crates_io()] });
    assert_eq!(change(&demo, "POST", FEEDS, &merged(&json!({ "name": "twice" }), &twice)).await.status, 400);
}

fn merged(one: &Value, other: &Value) -> Value {
    let mut merged = one.clone();
    merged.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    merged
}

#[tokio::test]
async fn the_visibility_of_local_is_set_and_read_back() {
    let demo = demo().await;
    change(&demo, "POST", FEEDS, &json!({ "name": "mine" })).await;
    let view = format!("{FEEDS}/mine/views/Local");
    assert_eq!(get(&demo, &view).await.json()["visibility"], "private");
    let set = change(&demo, "PATCH", &view, &json!({ "visibility": "AadTenant" })).await;
    assert_eq!((set.status, &set.json()["visibility"]), (200, &"aadTenant".into()));
    assert_eq!(get(&demo, &view).await.json()["visibility"], "aadTenant");
    for bad in [json!({}), json!({ "visibility": "everyone" })] {
        assert_eq!(change(&demo, "PATCH", &view, &bad).await.status, 400);
    }
}

#[tokio::test]
async fn every_write_needs_its_scope_and_its_right() {
    let demo = demo().await;
    let tokens = demo.tokens();
    let name = json!({ "name": "mine" });
    for token in [&tokens.read_only, &tokens.scopeless, &tokens.expired] {
        let refused = change_as((&demo, token), "POST", FEEDS, &name).await;
        assert_eq!((refused.status, refused.body.len()), (401, 0));
    }
    assert_eq!(change_as((&demo, &tokens.read_write), "POST", FEEDS, &name).await.status, 201);
    let path = format!("{FEEDS}/mine/views/Local");
    let visible = json!({ "visibility": "collection" });
    assert_eq!(change_as((&demo, &tokens.read_write), "PATCH", &path, &visible).await.status, 401);
    assert_eq!(get_as(&demo, &tokens.read_write, &path).await.json()["visibility"], "private");
    let feed = format!("{FEEDS}/mine");
    let sources = json!({ "upstreamSources": [] });
    assert_eq!(change_as((&demo, &tokens.packaging_only), "PATCH", &feed, &sources).await.status, 401);

    let foreign = "/contoso/_apis/packaging/feeds/shared-crates";
    for path in [foreign.to_owned(), format!("{foreign}/views/Local")] {
        let refused = change(&demo, "PATCH", &path, &merged(&sources, &visible)).await;
        assert_eq!(key(&refused), (403, "FeedNeedsPermissionsException".into()), "{path}");
    }
    let closed = change(&demo, "POST", "/fabrikam/_apis/packaging/feeds", &name).await;
    assert_eq!(key(&closed), (403, "FeedNeedsPermissionsException".into()));
    assert!(closed.text().contains("CreateFeed"));

    let url = format!("{}{FEEDS}", demo.origin());
    let anonymous = exchange(("POST", &url), &[SUPPRESS], &name.to_string()).await;
    assert_eq!(anonymous.status, 203);
    assert_eq!(get_anonymously(&demo, &format!("{FEEDS}/mine")).await.status, 203);
    for (method, path) in [("PUT", FEEDS), ("DELETE", feed.as_str()), ("POST", "/contoso/_apis/projects")] {
        assert_eq!(change(&demo, method, path, &name).await.status, 405, "{method} {path}");
    }
    assert_eq!(change(&demo, "POST", "/contoso/Nowhere/_apis/packaging/feeds", &name).await.status, 404);
}
