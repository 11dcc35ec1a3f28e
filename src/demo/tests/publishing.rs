use serde_json::{Value, json};

use super::{Answer, basic, demo, exchange, get, get_anonymously, get_as, send};
use crate::demo::Demo;
use crate::demo::crates::Catalog;
use crate::domain::credential::Secret;

/// Without upstream sources; the person is a Contributor.
const OWN: &str = "/contoso/Platform/_packaging/sdk-preview";

/// With crates.io as its upstream source; the person is a Contributor.
const MIXED: &str = "/contoso/_packaging/tools";

/// A crate with nothing in it but its manifest, as Cargo uploads it.
pub(super) fn upload(name: &str, version: &str) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut archive = tar::Builder::new(gzip);
    let manifest = format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\n");
    let mut header = tar::Header::new_ustar();
    header.set_size(manifest.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, format!("{name}-{version}/Cargo.toml"), manifest.as_bytes()).unwrap();
    let packed = archive.into_inner().unwrap().finish().unwrap();
    let json = json!({ "name": name, "vers": version, "deps": [], "features": {} }).to_string();
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
    [&length(json.as_bytes())[..], json.as_bytes(), &length(&packed), &packed].concat()
}

pub(super) async fn publish(demo: &Demo, feed: &str, body: &[u8]) -> Answer {
    publish_as((demo, demo.token()), feed, body).await
}

async fn publish_as((demo, token): (&Demo, &Secret), feed: &str, body: &[u8]) -> Answer {
    let url = format!("{}{feed}/cargo/api/v1/crates/new", demo.origin());
    exchange(("PUT", &url), &[("Authorization", &basic(token))], body).await
}

async fn yank(demo: &Demo, method: &str, place: &str) -> Answer {
    let url = format!("{}{OWN}/cargo/api/v1/crates/{place}", demo.origin());
    exchange((method, &url), &[("Authorization", &basic(demo.token()))], "").await
}

async fn versions(demo: &Demo, feed: &str, file: &str) -> Vec<Value> {
    let answer = get(demo, &format!("{feed}/Cargo/index/{file}")).await;
    answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn type_key(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["typeKey"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn what_is_published_is_in_the_index_the_storage_and_the_contents_of_its_feed_alone() {
    let demo = demo().await;
    let answer = publish(&demo, OWN, &upload("Harbor", "1.0.0")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json()["warnings"]["other"], json!([]));
    let lines = versions(&demo, OWN, "ha/rb/harbor").await;
    assert_eq!((&lines[0]["name"], &lines[0]["vers"]), (&json!("Harbor"), &json!("1.0.0")));
    let download = get(&demo, &format!("{OWN}/cargo/api/v1/crates/Harbor/1.0.0/download")).await;
    assert_eq!(download.status, 302);
    let location = download.header("location").unwrap();
    assert!(location.contains(lines[0]["cksum"].as_str().unwrap()), "{location}");
    let packed = send(location, &[]).await.body;
    assert!(upload("Harbor", "1.0.0").ends_with(&packed) && !packed.is_empty());
    let packages = get(&demo, "/contoso/Platform/_apis/packaging/feeds/sdk-preview/packages").await;
    assert_eq!(packages.names(), ["Harbor"]);
    assert_eq!(get(&demo, &format!("{MIXED}/Cargo/index/ha/rb/harbor")).await.status, 404);
    assert_eq!(get_anonymously(&demo, &format!("{OWN}/Cargo/index/ha/rb/harbor")).await.status, 401);
    assert_eq!(
        get_as(&demo, &demo.tokens().read_only, &format!("{OWN}/Cargo/index/ha/rb/harbor")).await.status,
        200
    );
}

#[tokio::test]
async fn only_contributors_publish_and_only_with_a_token_that_may_write() {
    let demo = demo().await;
    let body = upload("harbor", "1.0.0");
    let tokens = demo.tokens();
    let needs = (403, "FeedNeedsPermissionsException".to_owned());
    let reader = publish(&demo, "/contoso/Logistics/_packaging/warehouse", &body).await;
    assert_eq!(type_key(&reader), needs);
    assert!(reader.text().contains("AddPackage"));
    let collaborator = publish(&demo, "/contoso/_packaging/contoso-internal", &body).await;
    assert_eq!(type_key(&collaborator), needs, "saves from upstream, but does not publish");
    assert_eq!(type_key(&publish_as((&demo, &tokens.read_only), OWN, &body).await), needs);
    assert_eq!(publish_as((&demo, &tokens.expired), OWN, &body).await.status, 401);
    assert_eq!(publish_as((&demo, &Secret::new("nobody")), OWN, &body).await.status, 401);
    let public = format!("{}/fabrikam/OSS/_packaging/open-crates/cargo/api/v1/crates/new", demo.origin());
    assert_eq!(exchange(("PUT", &public), &[], &body).await.status, 401, "not even where everyone reads");
    assert_eq!(publish(&demo, &format!("{OWN}@Release"), &body).await.status, 400);
    assert_eq!(
        get(&demo, &format!("{OWN}/Cargo/index/ha/rb/harbor")).await.status,
        404,
        "nothing came of it"
    );
    assert_eq!(publish_as((&demo, &tokens.packaging_only), &format!("{OWN}@Local"), &body).await.status, 200);
}

#[tokio::test]
async fn a_version_is_published_once_and_not_where_upstream_has_it() {
    let demo = demo().await;
    let exists = (409, "PackageVersionExistsException".to_owned());
    assert_eq!(publish(&demo, OWN, &upload("harbor", "1.0.0")).await.status, 200);
    assert_eq!(type_key(&publish(&demo, OWN, &upload("harbor", "1.0.0")).await), exists);
    assert_eq!(publish(&demo, OWN, &upload("harbor", "1.1.0")).await.status, 200);
    let cut = upload("harbor", "1.2.0");
    assert_eq!(publish(&demo, OWN, &cut[..cut.len() - 1]).await.status, 400);

    let catalog = Catalog::packed();
    let upstream = catalog.versions("tidewater").next().unwrap();
    let same = upload("tidewater", &upstream.version.to_string());
    assert_eq!(type_key(&publish(&demo, MIXED, &same).await), exists);
    assert_eq!(publish(&demo, OWN, &same).await.status, 200, "no upstream source, no conflict");
    // Once a version is published, those of upstream that nobody has saved are hidden (azure-contract 6.5).
    let held = get(&demo, "/contoso/_apis/packaging/feeds/tools/packages").await.names();
    let hidden = catalog.public().find(|krate| !held.contains(&krate.name) && krate.name.len() > 3).unwrap();
    let file = format!("{}/{}/{}", &hidden.name[..2], &hidden.name[2..4], hidden.name);
    assert!(!versions(&demo, MIXED, &file).await.is_empty());
    assert_eq!(publish(&demo, MIXED, &upload(&hidden.name, "99.0.0")).await.status, 200);
    let shown = versions(&demo, MIXED, &file).await;
    assert_eq!(shown.iter().map(|line| &line["vers"]).collect::<Vec<_>>(), ["99.0.0"]);
}

#[tokio::test]
async fn a_yanked_version_is_marked_and_stays_and_owners_and_search_are_not_there() {
    let demo = demo().await;
    assert_eq!(publish(&demo, OWN, &upload("harbor", "1.0.0")).await.status, 200);
    let index = format!("{OWN}/Cargo/index/ha/rb/harbor");
    let tag = get(&demo, &index).await.header("etag").unwrap().to_owned();
    for (method, word, is_yanked) in [("DELETE", "yank", true), ("PUT", "unyank", false)] {
        let answer = yank(&demo, method, &format!("harbor/1.0.0/{word}")).await;
        assert_eq!((answer.status, answer.json()), (200, json!({ "ok": true })));
        let answer = get(&demo, &index).await;
        assert_eq!(answer.json()["yanked"], is_yanked);
        assert_eq!(answer.header("etag") != Some(tag.as_str()), is_yanked, "Cargo must hear of it");
        let packages =
            get(&demo, "/contoso/Platform/_apis/packaging/feeds/sdk-preview/packages").await.json();
        assert_eq!(packages["value"][0]["versions"][0]["isListed"], !is_yanked);
    }
    for absent in ["harbor/9.0.0/yank", "absent/1.0.0/yank"] {
        assert_eq!(yank(&demo, "DELETE", absent).await.status, 404, "{absent}");
    }
    let url = format!("{}{OWN}/cargo/api/v1/crates/harbor/1.0.0/yank", demo.origin());
    let reader = [("Authorization", &*basic(&demo.tokens().read_only))];
    assert_eq!(exchange(("DELETE", &url), &reader, "").await.status, 403);
    for absent in ["harbor/owners", "?q=harbor"] {
        assert_eq!(get(&demo, &format!("{OWN}/cargo/api/v1/crates/{absent}")).await.status, 404, "{absent}");
    }
}
