use serde_json::Value;

use super::{Answer, demo, get, get_anonymously};
use crate::demo::Demo;

async fn all_projects(demo: &Demo, organization: &str) -> (Vec<String>, usize) {
    let (mut names, mut pages, mut token) = (Vec::new(), 0, None::<String>);
    loop {
        let mut path = format!("/{organization}/_apis/projects?stateFilter=wellFormed&%24top=2");
        if let Some(token) = &token {
            path.push_str(&format!("&continuationToken={token}"));
        }
        let page = get(demo, &path).await;
        assert!(page.names().len() <= 2);
        names.extend(page.names());
        pages += 1;
        token = page.header("x-ms-continuationtoken").map(str::to_owned);
        if token.is_none() {
            return (names, pages);
        }
    }
}

async fn feed(demo: &Demo, path: &str) -> Value {
    let answer = get(demo, path).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.json()
}

fn type_key(answer: &Answer) -> String {
    answer.json()["typeKey"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn projects_come_in_pages_that_a_header_links() {
    let demo = demo().await;
    let (contoso, pages) = all_projects(&demo, "contoso").await;
    assert_eq!((contoso.len(), pages), (7, 4));
    assert!(contoso.contains(&"Zahlungsverkehr Österreich".to_owned()));
    let (fabrikam, _) = all_projects(&demo, "Fabrikam").await;
    assert_eq!(fabrikam.len(), 5);
    assert!(fabrikam.contains(&"Fabrikam Fiber".to_owned()));
    // A large page isn't given, and `$skip` does the same as the token.
    let page = get(&demo, "/contoso/_apis/projects?$top=100").await;
    assert_eq!((page.names().len(), page.header("x-ms-continuationtoken")), (5, Some("5")));
    let rest = get(&demo, "/contoso/_apis/projects?$skip=5").await;
    assert_eq!((rest.names().len(), rest.header("x-ms-continuationtoken")), (2, None));
    assert!(get(&demo, "/contoso/_apis/projects?stateFilter=deleting").await.names().is_empty());
}

#[tokio::test]
async fn strangers_see_what_is_public_and_nothing_else() {
    let demo = demo().await;
    assert_eq!(get_anonymously(&demo, "/fabrikam/_apis/projects").await.names(), ["OSS"]);
    let feeds = get_anonymously(&demo, "/fabrikam/_apis/packaging/feeds").await;
    assert_eq!(feeds.names(), ["open-crates"]);
    assert_eq!(feeds.json()["value"][0]["project"]["visibility"], "public");
    assert_eq!(get_anonymously(&demo, "/contoso/_apis/projects").await.status, 203);
    let permissions = "/fabrikam/OSS/_apis/packaging/feeds/open-crates/permissions";
    assert_eq!(get_anonymously(&demo, permissions).await.status, 401);
}

#[tokio::test]
async fn feeds_are_listed_at_the_organization_and_at_each_project() {
    let demo = demo().await;
    let contoso = get(&demo, "/contoso/_apis/packaging/feeds?api-version=7.1").await;
    let fabrikam = get(&demo, "/fabrikam/_apis/packaging/Feeds").await;
    assert_eq!(contoso.names().len() + fabrikam.names().len(), 60);
    for (project, count) in [
        ("contoso/Storefront", 5),
        ("fabrikam/Fabrikam%20Fiber", 4),
        ("contoso/Zahlungsverkehr%20%C3%96sterreich", 3),
    ] {
        let path = format!("/{project}/_apis/packaging/feeds");
        let feeds = get(&demo, &path).await;
        assert_eq!(feeds.names().len(), count, "{path}");
        let id = feeds.json()["value"][0]["project"]["id"].as_str().unwrap().to_owned();
        let organization = project.split('/').next().unwrap();
        let by_id = get(&demo, &format!("/{organization}/{id}/_apis/packaging/feeds")).await;
        assert_eq!(by_id.names(), feeds.names());
    }
    let json = contoso.json();
    let feeds = json["value"].as_array().unwrap();
    assert!(feeds.iter().any(|feed| feed.get("project").is_none()));
}

#[tokio::test]
async fn a_role_is_learned_from_the_list_alone() {
    let demo = demo().await;
    let names = async |role: &str| {
        get(&demo, &format!("/contoso/_apis/packaging/feeds?feedRole={role}")).await.names()
    };
    let (readers, contributors, administrators) =
        (names("reader").await, names("contributor").await, names("administrator").await);
    assert_eq!(readers.len(), 38);
    assert!(administrators.len() < contributors.len() && contributors.len() < readers.len());
    assert!(administrators.iter().all(|name| contributors.contains(name)));
    assert!(contributors.contains(&"rust-crates".to_owned()));
    assert!(!contributors.contains(&"shared-crates".to_owned()));
    assert_eq!(get(&demo, "/contoso/_apis/packaging/feeds?feedRole=king").await.status, 400);
}

#[tokio::test]
async fn a_feed_is_found_by_name_or_id_and_only_where_it_belongs() {
    let demo = demo().await;
    let by_name = feed(&demo, "/contoso/Storefront/_apis/packaging/Feeds/Rust-Crates?api-version=7.1").await;
    assert_eq!(by_name["fullyQualifiedName"], "rust-crates");
    assert_eq!(by_name["upstreamSources"][0]["location"], "https://index.crates.io/");
    assert_eq!(by_name["upstreamSources"][0]["protocol"], "Cargo");
    let (project, id) = (by_name["project"]["id"].as_str().unwrap(), by_name["id"].as_str().unwrap());
    let by_id = feed(&demo, &format!("/contoso/{project}/_apis/packaging/feeds/{id}")).await;
    assert_eq!(by_id, by_name);
    let url = by_name["url"].as_str().unwrap().strip_prefix(demo.origin()).unwrap().to_owned();
    assert_eq!(feed(&demo, &url).await, by_name, "its own address leads to it");
    for path in [
        "/contoso/_apis/packaging/feeds/rust-crates",
        "/contoso/Payments/_apis/packaging/feeds/rust-crates",
        "/contoso/Storefront/_apis/packaging/feeds/shared-crates",
        "/contoso/_apis/packaging/feeds/absent",
        "/contoso/_apis/packaging/feeds/tools@Nowhere",
    ] {
        let answer = get(&demo, path).await;
        assert_eq!((answer.status, type_key(&answer).as_str()), (404, "FeedIdNotFoundException"), "{path}");
    }
    let umlaut = "/contoso/Zahlungsverkehr%20%C3%96sterreich/_apis/packaging/feeds/%C3%BCberweisungen";
    assert_eq!(feed(&demo, umlaut).await["name"], "überweisungen");
}

#[tokio::test]
async fn class_9_a_project_that_is_not_there() {
    let demo = demo().await;
    for path in ["/contoso/Nowhere/_apis/packaging/feeds", "/contoso/_apis/projects/Nowhere"] {
        let answer = get(&demo, path).await;
        assert_eq!(
            (answer.status, type_key(&answer).as_str()),
            (404, "ProjectDoesNotExistWithNameException")
        );
        assert!(answer.json()["message"].as_str().unwrap().starts_with("TF200016:"));
    }
    let json = get(&demo, "/fabrikam/_apis/projects/Fabrikam%20Fiber").await.json();
    assert!(json["_links"]["web"]["href"].as_str().unwrap().ends_with("/fabrikam/Fabrikam%20Fiber"));
}

#[tokio::test]
async fn views_upstreams_and_permissions_have_their_documented_shapes() {
    let demo = demo().await;
    let nightly = "/contoso/Storefront/_apis/packaging/feeds/storefront-nightly";
    let json = feed(&demo, nightly).await;
    let upstream = &json["upstreamSources"][0];
    assert_eq!(upstream["upstreamSourceType"], "internal");
    assert_eq!(upstream["displayLocation"], "azure-feed://contoso/Storefront/rust-crates@Local");
    let target = feed(&demo, "/contoso/Storefront/_apis/packaging/feeds/rust-crates").await;
    assert_eq!(upstream["internalUpstreamFeedId"], target["id"]);
    assert_eq!(upstream["internalUpstreamViewId"], target["defaultViewId"]);
    assert_eq!(upstream["internalUpstreamProjectId"], target["project"]["id"]);

    let view = feed(&demo, &format!("{nightly}@Local")).await;
    assert_eq!(
        (&view["fullyQualifiedName"], &view["isReadOnly"]),
        (&"storefront-nightly@Local".into(), &true.into())
    );
    assert_eq!((&view["viewName"], &view["viewId"]), (&"Local".into(), &json["defaultViewId"]));
    let views = get(&demo, &format!("{nightly}/views")).await;
    assert_eq!(views.names(), ["Local", "Prerelease", "Release"]);
    assert_eq!(views.json()["value"][0]["type"], "implicit");
    let local =
        get(&demo, "/contoso/Platform/_apis/packaging/feeds/platform-crates/views/local").await.json();
    assert_eq!(local["visibility"], "aadTenant");

    let permissions = get(&demo, &format!("{nightly}/permissions?includeIds=true")).await.json();
    let entries = permissions["value"].as_array().unwrap();
    let mine = entries.iter().find(|entry| entry["displayName"] == "Ana Costa").unwrap();
    assert_eq!(mine["role"], "contributor");
    assert!(mine["identityId"].is_string() && mine["identityDescriptor"].as_str().unwrap().contains(';'));
    assert!(entries.iter().any(|entry| entry["displayName"] == "Storefront Build Service (contoso)"));
}

#[tokio::test]
async fn packages_are_what_a_feed_holds_in_pages() {
    let demo = demo().await;
    let base = "/contoso/Storefront/_apis/packaging/Feeds/rust-crates/packages";
    let all = get(&demo, &format!("{base}?protocolType=Cargo")).await.names();
    assert!((20..59).contains(&all.len()), "some are saved and some are not: {}", all.len());
    let mut paged = Vec::new();
    for skip in (0..).step_by(10) {
        let page = get(&demo, &format!("{base}?%24top=10&%24skip={skip}")).await.names();
        let end = page.len() < 10;
        paged.extend(page);
        if end {
            break;
        }
    }
    assert_eq!(paged, all);
    let one =
        get(&demo, "/contoso/_apis/packaging/feeds/shared-crates/packages?packageNameQuery=TRAILMARK-C")
            .await;
    assert_eq!(one.names(), ["trailmark-core"]);
    let json = one.json();
    let version = &json["value"][0]["versions"][0];
    assert_eq!((&version["version"], &version["isLatest"]), (&"0.1.33".into(), &true.into()));
    let upstream =
        &feed(&demo, "/contoso/_apis/packaging/feeds/shared-crates").await["upstreamSources"][0]["id"];
    assert_eq!(&version["directUpstreamSourceId"], upstream);
    let published = get(&demo, "/contoso/_apis/packaging/feeds/contoso-internal/packages").await;
    assert_eq!(published.names(), ["contoso-ids", "contoso-money"]);
    assert!(published.json()["value"][0]["versions"][0].get("directUpstreamSourceId").is_none());
    let twice = "/contoso/_apis/packaging/feeds/shared-crates/packages?packageNameQuery=shelfhash";
    for (path, count) in [(twice.to_owned(), 1), (format!("{twice}&includeAllVersions=true"), 2)] {
        let json = get(&demo, &path).await.json();
        assert_eq!(json["value"][0]["versions"].as_array().unwrap().len(), count);
    }
    for empty in [format!("{base}?protocolType=npm"), base.replace("rust-crates", "rust-crates@Release")] {
        assert!(get(&demo, &empty).await.names().is_empty());
    }
}
