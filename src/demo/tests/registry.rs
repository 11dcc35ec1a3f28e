use serde_json::{Value, json};

use super::{Answer, basic, demo, get, get_anonymously, get_as, send};
use crate::demo::Demo;
use crate::demo::crates::Catalog;

const STOREFRONT: &str = "/contoso/Storefront/_packaging/rust-crates/Cargo/index";
const OPEN: &str = "/fabrikam/OSS/_packaging/open-crates";

async fn config(demo: &Demo, feed: &str) -> Value {
    get(demo, &format!("{feed}/Cargo/index/config.json")).await.json()
}

/// The path under the demo's origin where the feed's `dl` leads for a crate.
async fn download(demo: &Demo, feed: &str, name: &str) -> String {
    let catalog = Catalog::packed();
    let krate = catalog.versions(name).next().unwrap();
    let config = config(demo, feed).await;
    let url = config["dl"].as_str().unwrap();
    let url = url.replace("{crate}", name).replace("{version}", &krate.version.to_string());
    url.strip_prefix(demo.origin()).unwrap().to_owned()
}

/// The first crate that the feed holds, and the first that it doesn't.
async fn held_and_not_held(demo: &Demo, packages: &str) -> (String, String) {
    let held = get(demo, packages).await.names();
    let catalog = Catalog::packed();
    let missing = catalog.public().find(|krate| !held.contains(&krate.name)).unwrap();
    (held[0].clone(), missing.name.clone())
}

fn message(answer: &Answer) -> String {
    answer.json()["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn config_json_names_ids_and_markers_and_asks_for_a_credential() {
    let demo = demo().await;
    let feed = get(&demo, "/contoso/Storefront/_apis/packaging/feeds/rust-crates").await.json();
    let (project, id) = (feed["project"]["id"].as_str().unwrap(), feed["id"].as_str().unwrap());
    let api = format!("{}/contoso/{project}/_packaging/{id}/cargo", demo.origin());
    let expected = json!({ "dl": format!("{api}/api/v1/crates/{{crate}}/{{version}}/download"), "api": api, "auth-required": true });
    assert_eq!(config(&demo, "/contoso/Storefront/_packaging/rust-crates").await, expected);
    assert_eq!(config(&demo, &format!("/contoso/{project}/_packaging/{id}")).await, expected, "by id, too");
    let organization = config(&demo, "/contoso/_packaging/shared-crates").await;
    let shared = get(&demo, "/contoso/_apis/packaging/feeds/shared-crates").await.json();
    let api = format!("{}/contoso/_packaging/{}/cargo", demo.origin(), shared["id"].as_str().unwrap());
    assert_eq!(organization["api"], api.as_str());
}

#[tokio::test]
async fn a_private_index_answers_strangers_with_the_challenges_of_a_packaging_host() {
    let demo = demo().await;
    let url = format!("{}{STOREFRONT}/config.json", demo.origin());
    let unknown = [("Authorization", "Basic OndoYXQ=")];
    for headers in [&[][..], &unknown[..]] {
        let answer = send(&url, headers).await;
        assert_eq!(answer.status, 401);
        let challenges: Vec<&str> = answer.all("www-authenticate").collect();
        assert!(challenges[0].starts_with("Bearer authorization_uri=https://login.microsoftonline.com/"));
        assert!(challenges[1].starts_with("Basic realm=\""));
        assert_eq!(challenges[2], "TFS-Federated");
        assert!(challenges[0].ends_with(answer.header("x-vss-resourcetenant").unwrap()));
        assert!(answer.header("x-vss-authorizationendpoint").is_some());
        assert_eq!(answer.json()["typeKey"], "UnauthorizedRequestException");
        assert!(message(&answer).contains("aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"));
    }
    // What doesn't exist looks the same to a stranger, and is named to a member.
    let absent = "/contoso/_packaging/absent/Cargo/index/config.json";
    assert_eq!(get_anonymously(&demo, absent).await.status, 401);
    let answer = get(&demo, absent).await;
    assert_eq!((answer.status, &answer.json()["typeKey"]), (404, &"FeedIdNotFoundException".into()));
    assert!(answer.header("x-vss-userdata").is_some());
}

#[tokio::test]
async fn the_public_feed_answers_everyone_unless_it_is_forced_to_ask() {
    let demo = demo().await;
    let plain = get_anonymously(&demo, &format!("{OPEN}/Cargo/index/config.json")).await;
    assert_eq!(plain.status, 200);
    assert!(plain.json().get("auth-required").is_none());
    let forced = format!("{OPEN}~force-auth");
    let refused = get_anonymously(&demo, &format!("{forced}/Cargo/index/config.json")).await;
    assert_eq!(refused.status, 401);
    assert!(message(&refused).contains("No authorization was provided"));
    assert!(refused.header("www-authenticate").is_some());
    assert_eq!(config(&demo, &forced).await["auth-required"], true);

    let (held, missing) =
        held_and_not_held(&demo, "/fabrikam/OSS/_apis/packaging/feeds/open-crates/packages").await;
    // azure-contract 7.2, row by row.
    let (saved, unsaved) = (download(&demo, OPEN, &held).await, download(&demo, OPEN, &missing).await);
    let (saved_forced, unsaved_forced) =
        (download(&demo, &forced, &held).await, download(&demo, &forced, &missing).await);
    assert_eq!(get_anonymously(&demo, &saved).await.status, 302);
    assert_eq!(get_anonymously(&demo, &saved_forced).await.status, 401);
    let answer = get_anonymously(&demo, &unsaved).await;
    assert_eq!(answer.status, 401);
    assert!(
        message(&answer).starts_with(&format!("No local versions of package '{missing}'; please provide"))
    );
    assert_eq!(get_anonymously(&demo, &unsaved_forced).await.status, 401);
    for path in [&saved, &saved_forced, &unsaved_forced] {
        assert_eq!(get(&demo, path).await.status, 302);
    }
    assert_eq!(get_anonymously(&demo, &unsaved).await.status, 302, "a member has saved it");
}

#[tokio::test]
async fn the_index_lists_what_nobody_has_saved_and_knows_what_has_not_changed() {
    let demo = demo().await;
    let (_, missing) =
        held_and_not_held(&demo, "/contoso/Storefront/_apis/packaging/feeds/rust-crates/packages").await;
    let path = format!("{STOREFRONT}/{}/{}/{missing}", &missing[..2], &missing[2..4]);
    let answer = get(&demo, &path).await;
    let line: Value = serde_json::from_str(answer.text().lines().next().unwrap()).unwrap();
    assert_eq!((&line["name"], &line["yanked"]), (&missing.as_str().into(), &false.into()));
    assert_eq!(line["cksum"].as_str().unwrap().len(), 64);
    assert_eq!(get(&demo, &format!("{STOREFRONT}/sh/el/shelfhash")).await.text().lines().count(), 2);

    let authorization = basic(demo.token());
    let headers =
        [("Authorization", authorization.as_str()), ("If-None-Match", answer.header("etag").unwrap())];
    let again = send(&format!("{}{path}", demo.origin()), &headers).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    for absent in ["ab/se/absent", "xx/yy/tidewater", "co/nt/contoso-ids"] {
        assert_eq!(get(&demo, &format!("{STOREFRONT}/{absent}")).await.status, 404, "{absent}");
    }
}

#[tokio::test]
async fn collaborators_save_with_a_token_that_may_write_and_readers_are_told_why_not() {
    let demo = demo().await;
    let cases = [
        ("/contoso/Payments", "payments-crates", false),
        ("/contoso/Logistics", "logistics-rust", true),
        ("/contoso/Storefront", "rust-crates", true),
        ("/contoso/Platform", "platform-crates", true),
    ];
    for (project, feed, may_save) in cases {
        let packages = format!("{project}/_apis/packaging/feeds/{feed}/packages");
        let (held, missing) = held_and_not_held(&demo, &packages).await;
        let place = format!("{project}/_packaging/{feed}");
        let (saved, unsaved) =
            (download(&demo, &place, &held).await, download(&demo, &place, &missing).await);
        assert_eq!(get_as(&demo, &demo.tokens().read_only, &saved).await.status, 302, "{feed}");
        let mut refused = vec![get_as(&demo, &demo.tokens().read_only, &unsaved).await];
        let mine = get(&demo, &unsaved).await;
        if may_save {
            assert_eq!(mine.status, 302, "{feed}");
        } else {
            refused.push(mine);
        }
        for answer in refused {
            assert_eq!(
                (answer.status, &answer.json()["typeKey"]),
                (403, &"FeedNeedsPermissionsException".into())
            );
            assert!(message(&answer).contains("AddPackage"), "{feed}");
        }
        assert_eq!(get(&demo, &packages).await.names().contains(&missing), may_save, "{feed}");
    }
}

#[tokio::test]
async fn a_download_leads_to_another_origin_that_wants_no_credential() {
    let demo = demo().await;
    let path = download(&demo, "/contoso/_packaging/shared-crates", "tidewater").await;
    let answer = get(&demo, &path).await;
    assert_eq!(answer.status, 302);
    let location = answer.header("location").unwrap();
    assert!(location.starts_with("http://127.0.0.1:") && !location.starts_with(demo.origin()));
    assert!(location.contains("/blob/") && location.contains("?sv=") && location.contains("&sig="));
    let blob = send(location, &[]).await;
    let catalog = Catalog::packed();
    let krate = catalog.versions("tidewater").next().unwrap();
    assert_eq!((blob.status, blob.body.as_slice()), (200, krate.packed.as_ref()));
    let refused = send(location, &[("Authorization", &basic(demo.token()))]).await;
    assert_eq!(refused.status, 400);
    let (unsigned, _) = location.split_once('?').unwrap();
    for forged in
        [unsigned.to_owned(), location.replace("&sig=", "&sig=x"), location.replace("/blob/", "/blob/0")]
    {
        assert_eq!(send(&forged, &[]).await.status, 403, "{forged}");
    }
    assert_eq!(get(&demo, &path.replace("1.44.2", "9.9.9")).await.status, 404);
    let log = demo.requests();
    assert!(
        log.iter().any(|entry| entry.path.starts_with("/blob/") && entry.status == 400 && entry.authorized)
    );
    assert!(log.iter().all(|entry| !entry.path.contains("sig=")));
}

#[tokio::test]
async fn a_view_shows_what_was_promoted_to_it() {
    let demo = demo().await;
    let index = |view: &str| format!("/contoso/_packaging/shared-crates{view}/Cargo/index/ti/de/tidewater");
    assert_eq!(get(&demo, &index("@Local")).await.status, 200);
    assert_eq!(get(&demo, &index("@Release")).await.status, 404);
    assert_eq!(get(&demo, &index("@Nowhere")).await.status, 404);
    let local = config(&demo, "/contoso/_packaging/shared-crates@Local").await;
    assert!(local["dl"].as_str().unwrap().contains("@Local/cargo/api/v1/crates/"));
    let path = download(&demo, "/contoso/_packaging/shared-crates@Local", "tidewater").await;
    assert_eq!(get(&demo, &path).await.status, 302);
}

#[tokio::test]
async fn only_get_is_spoken() {
    let demo = demo().await;
    let client = tokio::net::TcpStream::connect(demo.origin().trim_start_matches("http://")).await.unwrap();
    let (mut reader, mut writer) = client.into_split();
    tokio::io::AsyncWriteExt::write_all(
        &mut writer,
        b"DELETE /contoso/_apis/packaging/feeds/tools HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    .await
    .unwrap();
    let mut reply = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut reader, &mut reply).await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 405"), "{reply}");
}
