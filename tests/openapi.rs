//! What is sent to Azure DevOps, and what the demo answers, by Microsoft's own documents of the REST API.
//!
//! Every request of every other test is judged too, in its own sandbox and as soon as the test ends
//! (`tests/support/sandbox.rs`): nothing depends on the order of the tests, and the test that sent it fails. Here
//! every operation of `azure/` is sent once, and one that isn't known here, or was not sent, fails.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use az_cargo_wizard::azure::{Azure, AzureError};
use az_cargo_wizard::demo::{Demo, DemoOptions, Pace};
use az_cargo_wizard::domain::credential::{AccessToken, Credential, Secret, TokenOrigin};
use az_cargo_wizard::domain::feed::{Feed, FeedName};
use az_cargo_wizard::domain::new_feed::{Description, FeedScope, NewFeed, Sources, Visibility};
use az_cargo_wizard::domain::new_pat::NewPat;
use az_cargo_wizard::domain::organization::{Base, Collection, ProjectName, Target};
use az_cargo_wizard::domain::registry::IndexUrl;
use az_cargo_wizard::net::{self, HttpSettings};
use serde_json::{Value, json};
use syn::visit::Visit;

use support::openapi::{Documents, Seen};
use support::sandbox::Sandbox;

#[expect(dead_code, reason = "this test uses a part of what the tests share")]
mod support;

/// Every function of `azure/` that makes an address, and the operations that it asks for there.
const OPERATIONS: [(&str, &str, &[&str]); 15] = [
    ("accounts.rs", "connection_data", &["GET {organization}/_apis/connectionData"]),
    ("accounts.rs", "all_projects", &["GET {organization}/_apis/projects"]),
    ("areas.rs", "find_feeds", &["GET {organization}/_apis/resourceAreas"]),
    ("challenge.rs", "challenge", &["GET {organization} (azure-contract 2.5)"]),
    ("create.rs", "creation", &["POST {organization}/{project}/_apis/packaging/feeds"]),
    (
        "create.rs",
        "showing",
        &[
            "PATCH {organization}/{project}/_apis/packaging/Feeds/{feedId}/views/{viewId}",
            "GET {organization}/{project}/_apis/packaging/Feeds/{feedId}/views/{viewId}",
        ],
    ),
    ("create.rs", "recycle_bin", &["GET {organization}/{project}/_apis/packaging/feedrecyclebin"]),
    ("feeds.rs", "feed", &["GET {organization}/{project}/_apis/packaging/feeds/{feedId}"]),
    ("feeds.rs", "feed_page", &["GET {organization}/{project}/_apis/packaging/feeds"]),
    (
        "feeds.rs",
        "feed_url",
        &[
            "GET {organization}/{project}/_apis/packaging/Feeds/{feedId}/permissions",
            "GET {organization}/{project}/_apis/packaging/Feeds/{feedId}/views",
            "GET {organization}/{project}/_apis/packaging/Feeds/{feedId}/packages",
        ],
    ),
    ("mine.rs", "my_organizations", &["GET _apis/profile/profiles/{id}", "GET _apis/accounts"]),
    (
        "packages.rs",
        "prove_index",
        &["GET {organization}/{project?}/_packaging/{feed}/Cargo/index/config.json"],
    ),
    ("pats.rs", "pat_creation", &["POST {organization}/_apis/tokens/pats"]),
    ("pats.rs", "revoke_pat", &["DELETE {organization}/_apis/tokens/pats"]),
    (
        "upstreams.rs",
        "url_of",
        &[
            "GET {organization}/{project}/_apis/packaging/feeds/{feedId}",
            "PATCH {organization}/{project}/_apis/packaging/feeds/{feedId}",
        ],
    ),
];

/// The demo, and a client with one of its tokens.
struct World {
    demo: Demo,
    sandbox: Sandbox,
}

impl World {
    async fn start() -> Self {
        let sandbox = Sandbox::new();
        let options = DemoOptions { dir: None, temp_parent: sandbox.root().to_owned(), pace: Pace::Fast };
        let demo = Demo::start(options).await.unwrap();
        sandbox.watch(&demo);
        Self { demo, sandbox }
    }

    fn collection(&self) -> Collection {
        Target::parse(&format!("{}/contoso", self.demo.origin())).unwrap().collection
    }

    fn azure(&self, token: &Secret) -> Azure {
        let credential = Some(Credential::Pat(token.clone()));
        Azure::new(client(), self.collection(), credential).in_the_clear()
    }

    /// Somebody who has signed in to Entra.
    fn person(&self) -> Credential {
        let origin = TokenOrigin::AzureCli { tenant: None };
        Credential::Bearer(Box::new(AccessToken { token: self.demo.entra_token(), expires: None, origin }))
    }

    fn seen(&self) -> Vec<Seen> {
        Seen::read_log(&self.sandbox.request_log())
    }

    /// A request as curl would send it, with the person's token and the version of the documents.
    async fn raw(&self, method: reqwest::Method, path: &str, body: Option<&Value>) -> (Seen, Value) {
        let url = format!("{}{path}", self.demo.origin());
        let request = client().request(method, url);
        // Tokens are made for people alone.
        let request = if path.contains("/tokens/") {
            request.bearer_auth(self.demo.entra_token().expose())
        } else {
            request.basic_auth("", Some(self.demo.token().expose()))
        };
        let mut request = request.header("Accept", "application/json;api-version=7.1");
        if let Some(body) = body {
            request = request.json(body);
        }
        let reply = request.send().await.unwrap();
        let (status, text) = (reply.status(), reply.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        (self.seen().pop().unwrap(), serde_json::from_str(&text).unwrap())
    }
}

fn client() -> reqwest::Client {
    net::init();
    net::client(&HttpSettings { loopback_only: true, ..HttpSettings::default() }).unwrap()
}

fn named<'a>(feeds: &'a [Feed], name: &str) -> &'a Feed {
    feeds.iter().find(|feed| feed.name.as_str() == name).unwrap_or_else(|| panic!("{name} is missing"))
}

fn new_feed(name: &str, project: Option<&str>, visibility: Visibility, sources: Sources) -> NewFeed {
    NewFeed {
        name: FeedName::parse(name).unwrap(),
        description: Description::parse("crates.io \"and\" our own, für alle").unwrap(),
        visibility,
        sources,
        scope: match project {
            Some(project) => FeedScope::Project(ProjectName::parse(project).unwrap()),
            None => FeedScope::Organization,
        },
    }
}

/// Sends everything that `azure/` can send.
async fn send_everything(world: &World) {
    let azure = world.azure(world.demo.token());
    let me = azure.who_am_i().await.unwrap();
    assert!(azure.challenge().await.unwrap().tenant.is_some());
    let everywhere = Collection::Server { base: Base::parse(world.demo.origin()).unwrap() };
    let credential = Some(Credential::Pat(world.demo.token().clone()));
    let accounts = Azure::new(client(), everywhere, credential).in_the_clear();
    assert_eq!(accounts.my_organizations().await.unwrap().1.len(), 2);
    assert!(azure.projects().await.unwrap().len() > 3);
    let feeds = azure.feeds().await.unwrap();
    for name in ["rust-crates", "shared-crates"] {
        let feed = named(&feeds, name);
        let project = feed.project.as_ref().map(|project| &project.name);
        assert_eq!(azure.feed(feed.name.as_str(), project).await.unwrap().id, feed.id);
        assert!(azure.feed_details(feed, Some(&me)).await.unwrap().role.is_some());
        let index = IndexUrl::for_feed(&world.collection(), feed, None);
        assert!(azure.prove_index(&index).await.unwrap().auth_required);
    }
    for (visibility, sources, project) in [
        (Visibility::Tenant, Sources::Common, Some("Storefront")),
        (Visibility::Organization, Sources::CratesIo, None),
        (Visibility::Specific, Sources::None, Some("Zahlungsverkehr Österreich")),
    ] {
        let new = new_feed(&format!("new-{}", visibility.word()), project, visibility, sources);
        assert!(azure.create_feed(&new).await.unwrap().visibility.is_ok());
    }
    let deleted = new_feed("storefront-legacy", Some("Storefront"), Visibility::Tenant, Sources::None);
    assert!(matches!(azure.create_feed(&deleted).await, Err(AzureError::NameTaken { .. })));
    // One with sources of its own, whose entries go back as they came.
    let feed = named(&feeds, "experiments");
    let preview = azure.crates_io_preview(feed).await.unwrap();
    assert!(azure.add_crates_io(feed, &preview).await.unwrap().has_crates_io());
    // Only who has signed in to Entra is given a token.
    let person = Azure::new(client(), world.collection(), Some(world.person())).in_the_clear();
    let pat = person.make_pat(&NewPat::new(Some("LAPTOP-7"), 30, 0)).await.unwrap();
    assert!(world.azure(&pat.token).feeds().await.is_ok());
    person.revoke_pat(&pat.id).await.unwrap();
    assert!(matches!(world.azure(&pat.token).feeds().await, Err(AzureError::TokenRefused(_))));
    assert!(azure.make_pat(&NewPat::new(None, 30, 0)).await.is_err());
}

#[tokio::test]
async fn every_operation_of_azure_is_sent_and_is_as_the_documents_say() {
    let world = World::start().await;
    send_everything(&world).await;
    let documents = Documents::get();
    let sent: BTreeSet<String> =
        world.seen().iter().map(|seen| documents.judge(seen).unwrap().name.clone()).collect();
    let (known, known_functions) = known_operations();
    let never: Vec<&&str> =
        known.iter().filter(|known| !sent.iter().any(|sent| sent.starts_with(**known))).collect();
    assert!(never.is_empty(), "never sent: {never:#?}");
    let unknown: Vec<&String> =
        sent.iter().filter(|sent| !known.iter().any(|known| sent.starts_with(known))).collect();
    assert!(unknown.is_empty(), "sent, but no function's in `OPERATIONS`: {unknown:#?}");
    assert_eq!(functions_with_addresses(), known_functions, "`OPERATIONS` must name them all");
}

fn known_operations() -> (BTreeSet<&'static str>, BTreeSet<(String, String)>) {
    let operations = OPERATIONS.iter().flat_map(|(.., operations)| operations.iter().copied()).collect();
    let functions =
        OPERATIONS.iter().map(|(file, function, _)| ((*file).to_owned(), (*function).to_owned())).collect();
    (operations, functions)
}

/// Functions of `azure/` that make an address or ask for one that they were given: by their file and name.
fn functions_with_addresses() -> BTreeSet<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/azure");
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let syntax = syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap();
            let mut functions = Functions::default();
            functions.visit_file(&syntax);
            let file = path.file_name().unwrap().to_str().unwrap();
            found.extend(functions.asking.into_iter().map(|function| (file.to_owned(), function)));
        }
    }
    found
}

#[derive(Default)]
struct Functions {
    current: Vec<String>,
    asking: BTreeSet<String>,
}

impl Functions {
    fn asks(&mut self) {
        self.asking.extend(self.current.last().cloned());
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.ident != "tests" {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.current.push(function.sig.ident.to_string());
        syn::visit::visit_impl_item_fn(self, function);
        self.current.pop();
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.current.push(function.sig.ident.to_string());
        syn::visit::visit_item_fn(self, function);
        self.current.pop();
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let syn::Expr::Path(path) = &*call.func
            && path.path.is_ident("address")
        {
            self.asks();
        }
        syn::visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if call.method == "get_as_cargo" {
            self.asks();
        }
        syn::visit::visit_expr_method_call(self, call);
    }
}

#[tokio::test]
async fn the_demos_answers_are_as_the_documents_say() {
    let world = World::start().await;
    let documents = Documents::get();
    let (_, list) = world.raw(reqwest::Method::GET, "/contoso/_apis/packaging/feeds", None).await;
    let feed = list["value"].as_array().unwrap().iter().find(|feed| feed["name"] == "rust-crates").unwrap();
    let (id, project) = (feed["id"].as_str().unwrap(), feed["project"]["id"].as_str().unwrap());
    let one = format!("/contoso/{project}/_apis/packaging/Feeds/{id}");
    let experiments = "/contoso/Research/_apis/packaging/feeds/experiments";
    let (_, before) = world.raw(reqwest::Method::GET, experiments, None).await;
    let mut sources = before["upstreamSources"].as_array().unwrap().clone();
    sources.push(json!({
        "name": "crates.io", "protocol": "Cargo", "location": "https://index.crates.io/",
        "displayLocation": "https://index.crates.io/", "upstreamSourceType": "public", "status": "ok",
    }));
    let me = "/_apis/accounts?memberId=";
    let (_, profile) = world.raw(reqwest::Method::GET, "/_apis/profile/profiles/me", None).await;
    let accounts = format!("{me}{}", profile["id"].as_str().unwrap());
    let get = |path: &str| (reqwest::Method::GET, path.to_owned(), None);
    let pats = "/contoso/_apis/tokens/pats?api-version=7.1-preview.1";
    let pat = |scope: &str| json!({ "displayName": "x", "scope": scope, "validTo": "2026-10-01T00:00:00Z", "allOrgs": false });
    let requests = [
        get("/contoso/_apis/packaging/feeds"),
        get("/contoso/_apis/packaging/feeds?feedRole=administrator"),
        get("/fabrikam/_apis/packaging/feeds"),
        get("/contoso/Storefront/_apis/packaging/feeds"),
        get("/contoso/_apis/packaging/feedrecyclebin"),
        get(&one.replace("Feeds", "feeds")),
        get(&format!("{}@Local", one.replace("Feeds", "feeds"))),
        get(&format!("{one}/views")),
        get(&format!("{one}/views/Local")),
        get(&format!("{one}/permissions?includeIds=true")),
        get(&format!("{one}/packages?protocolType=Cargo&includeAllVersions=true")),
        get(&format!("{one}@Local/packages")),
        get("/contoso/_apis/projects?stateFilter=wellFormed&$top=3"),
        get("/contoso/_apis/projects/Storefront"),
        get("/_apis/profile/profiles/me"),
        get(&accounts),
        (
            reqwest::Method::POST,
            "/contoso/Storefront/_apis/packaging/feeds".to_owned(),
            Some(json!({ "name": "brand-new", "upstreamEnabled": true, "upstreamSources": [] })),
        ),
        (reqwest::Method::PATCH, experiments.to_owned(), Some(json!({ "upstreamSources": sources }))),
        (reqwest::Method::POST, pats.to_owned(), Some(pat("vso.packaging_write"))),
        (reqwest::Method::POST, pats.to_owned(), Some(pat("app_token"))),
        (
            reqwest::Method::PATCH,
            "/contoso/Research/_apis/packaging/Feeds/experiments/views/Local".to_owned(),
            Some(json!({ "visibility": "aadTenant" })),
        ),
    ];
    let mut complaints = BTreeMap::new();
    for (method, path, body) in requests {
        let (seen, reply) = world.raw(method, &path, body.as_ref()).await;
        let judged = documents.judge(&seen).and_then(|operation| operation.judge_reply(&reply));
        if let Err(complaint) = judged {
            complaints.insert(path, complaint);
        }
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
}

/// A request that the product could send.
fn sound() -> Seen {
    Seen {
        method: "PATCH".to_owned(),
        host: "feeds.dev.azure.com".to_owned(),
        path: "/contoso/_apis/packaging/Feeds/rust/views/Local".to_owned(),
        agent: "az-cargo-wizard/0.1.0".to_owned(),
        accept: "application/json;api-version=7.1".to_owned(),
        content_type: "application/json".to_owned(),
        body: r#"{"visibility":"aadTenant"}"#.to_owned(),
        ..Seen::default()
    }
}

#[test]
fn what_is_wrong_with_a_request_is_found() {
    let documents = Documents::get();
    assert!(documents.complaints(&[sound()]).is_empty());
    let query = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    let list = Seen {
        method: "GET".to_owned(),
        path: "/contoso/_apis/packaging/feeds".to_owned(),
        content_type: String::new(),
        body: String::new(),
        ..sound()
    };
    assert!(documents.complaints(std::slice::from_ref(&list)).is_empty());
    let legacy = Seen {
        host: "contoso.feeds.visualstudio.com".to_owned(),
        path: "/_apis/packaging/feeds".to_owned(),
        ..list.clone()
    };
    assert!(documents.complaints(&[legacy]).is_empty());
    let wrong = [
        Seen { host: "dev.azure.com".to_owned(), ..sound() },
        Seen { path: "/contoso/_apis/packaging/Feeds/rust/view/Local".to_owned(), ..sound() },
        Seen { method: "PUT".to_owned(), ..sound() },
        Seen { host: "contoso.pkgs.visualstudio.com".to_owned(), ..sound() },
        Seen { accept: "application/json".to_owned(), ..sound() },
        Seen { accept: "application/json;api-version=7.2".to_owned(), ..sound() },
        Seen { accept: "application/json;api-version=7.1-preview.1".to_owned(), ..sound() },
        Seen { content_type: "text/json".to_owned(), ..sound() },
        Seen { body: r#"{"visibility":"everyone"}"#.to_owned(), ..sound() },
        Seen { body: r#"{"visibilty":"aadTenant"}"#.to_owned(), ..sound() },
        Seen { body: r#"{"id":"not a guid"}"#.to_owned(), ..sound() },
        Seen { body: "[]".to_owned(), ..sound() },
        Seen { body: String::new(), ..sound() },
        Seen { body: "{}".to_owned(), ..list.clone() },
        Seen { query: query("feedrole", "owner"), ..list.clone() },
        Seen { query: query("role", "reader"), ..list.clone() },
        Seen { query: query("includeUrls", "yes"), ..list.clone() },
        Seen { agent: "cargo/1.95.0".to_owned(), ..list },
    ];
    for seen in wrong {
        assert_eq!(documents.complaints(std::slice::from_ref(&seen)).len(), 1, "{seen:?}");
    }
}

#[test]
fn every_test_that_starts_a_demo_has_its_sandbox_watch_it() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for file in support::wizard::files_below(&tests) {
        let text = fs::read_to_string(&file).unwrap_or_default();
        let starts = text.matches("Demo::start").count();
        let is_this = file.ends_with("openapi.rs");
        assert!(is_this || starts <= text.matches(".watch(").count(), "{}", file.display());
    }
}
