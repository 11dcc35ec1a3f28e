//! The client of Azure DevOps against the demo's own one: two programs that share no JSON type.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use az_cargo_wizard::azure::{Azure, AzureError};
use az_cargo_wizard::demo::{Demo, DemoOptions, Pace};
use az_cargo_wizard::domain::credential::{Credential, Secret};
use az_cargo_wizard::domain::feed::{CrateCount, Feed, Role};
use az_cargo_wizard::domain::organization::{Collection, Target};
use az_cargo_wizard::domain::registry::IndexUrl;
use az_cargo_wizard::error::{Exit, Report};
use az_cargo_wizard::net::{self, HttpSettings};

use support::sandbox::Sandbox;

#[expect(dead_code, reason = "this test uses a part of what the tests share")]
mod support;

struct World {
    demo: Demo,
    _sandbox: Sandbox,
}

impl World {
    async fn start() -> Self {
        let sandbox = Sandbox::new();
        let options = DemoOptions { dir: None, temp_parent: sandbox.root().to_owned(), pace: Pace::Fast };
        let demo = Demo::start(options).await.unwrap();
        sandbox.watch(&demo);
        Self { demo, _sandbox: sandbox }
    }

    fn collection(&self, organization: &str) -> Collection {
        Target::parse(&format!("{}/{organization}", self.demo.origin())).unwrap().collection
    }

    fn azure(&self, organization: &str, token: Option<&Secret>) -> Azure {
        net::init();
        let settings = HttpSettings { loopback_only: true, ..HttpSettings::default() };
        let credential = token.cloned().map(Credential::Pat);
        Azure::new(net::client(&settings).unwrap(), self.collection(organization), credential).in_the_clear()
    }

    /// Signed in with the token that a person is shown.
    fn signed_in(&self, organization: &str) -> Azure {
        self.azure(organization, Some(self.demo.token()))
    }

    fn index(&self, organization: &str, feed: &Feed) -> IndexUrl {
        IndexUrl::for_feed(&self.collection(organization), feed, None)
    }
}

fn code(error: AzureError) -> (&'static str, Exit) {
    let report = Report::from(error);
    assert!(report.details.iter().any(|detail| detail.starts_with("activity id: ")), "{report:?}");
    (report.code, report.exit)
}

fn named<'a>(feeds: &'a [Feed], name: &str) -> &'a Feed {
    feeds.iter().find(|feed| feed.name.as_str() == name).unwrap_or_else(|| panic!("{name} is missing"))
}

#[tokio::test]
async fn a_person_is_recognized_with_projects_and_feeds() {
    let world = World::start().await;
    let azure = world.signed_in("contoso");
    assert_eq!(azure.who_am_i().await.unwrap().label(), "Ana Costa (ana@contoso.example)");

    let projects = azure.projects().await.unwrap();
    assert!(projects.iter().any(|project| project.as_str() == "Zahlungsverkehr Österreich"));
    assert!(projects.is_sorted_by_key(|project| project.as_str().to_lowercase()));

    let feeds = azure.feeds().await.unwrap();
    let labels: Vec<_> = feeds.iter().map(|feed| feed.label().to_lowercase()).collect();
    assert!(labels.is_sorted(), "{labels:?}");
    let rust = named(&feeds, "rust-crates");
    assert_eq!((rust.label().as_str(), rust.role), ("Storefront/rust-crates", Some(Role::Contributor)));
    assert!(rust.has_crates_io() && !rust.is_public());
    assert_eq!(named(&feeds, "platform-crates").role, Some(Role::Owner));
    assert_eq!(named(&feeds, "payments-crates").role, None, "the list tells owners and contributors only");
    assert!(!named(&feeds, "npm-mirror").has_crates_io());
}

#[tokio::test]
async fn details_tell_role_views_and_crates_of_feeds_at_both_levels() {
    let world = World::start().await;
    let azure = world.signed_in("contoso");
    let me = azure.who_am_i().await.unwrap();
    let feeds = azure.feeds().await.unwrap();
    for (name, role) in [
        ("payments-crates", Role::Reader),
        ("everything", Role::Collaborator),
        ("überweisungen", Role::Contributor),
        ("platform-crates", Role::Owner),
    ] {
        let details = azure.feed_details(named(&feeds, name), Some(&me)).await.unwrap();
        assert_eq!(details.role, Some(role), "{name}");
        assert_eq!(details.views.len(), 3, "{name}");
        assert!(matches!(details.crates, Some(CrateCount::Exactly(1..))), "{name}: {:?}", details.crates);
    }
    let views = azure.feed_details(named(&feeds, "platform-crates"), Some(&me)).await.unwrap().views;
    assert_eq!(views[0].visibility, "Members of your Microsoft Entra tenant");
}

#[tokio::test]
async fn one_feed_is_found_only_with_its_project() {
    let world = World::start().await;
    let azure = world.signed_in("contoso");
    let feeds = azure.feeds().await.unwrap();
    let listed = named(&feeds, "überweisungen");
    let project = &listed.project.as_ref().unwrap().name;
    let found = azure.feed(listed.name.as_str(), Some(project)).await.unwrap();
    assert_eq!((&found.id, found.label()), (&listed.id, listed.label()));
    let alone = azure.feed(listed.name.as_str(), None).await.unwrap_err();
    assert_eq!(code(alone), ("feed-not-found", Exit::NotFound));
}

#[tokio::test]
async fn every_token_of_the_demo_meets_its_fate() {
    let world = World::start().await;
    let tokens = world.demo.tokens();

    let holder = world.azure("contoso", Some(&tokens.packaging_only));
    assert_eq!(holder.who_am_i().await.unwrap().display_name, "token holder");
    assert!(holder.projects().await.unwrap().len() > 3, "read off the feeds");

    let dead = world.azure("contoso", Some(&tokens.expired)).who_am_i().await.unwrap_err();
    assert_eq!(code(dead), ("token-refused", Exit::SignIn));
    let scopeless = world.azure("contoso", Some(&tokens.scopeless));
    assert!(scopeless.who_am_i().await.is_ok());
    assert_eq!(code(scopeless.feeds().await.unwrap_err()), ("token-refused", Exit::SignIn));
    let stranger = world.azure("contoso", Some(&tokens.stranger)).who_am_i().await.unwrap_err();
    assert_eq!(code(stranger).0, "unknown-identity");

    let wrong = Secret::new("wrong");
    for organization in ["contoso", "fabrikam"] {
        for token in [Some(&wrong), None] {
            let error = world.azure(organization, token).who_am_i().await.unwrap_err();
            assert_eq!(code(error), ("not-signed-in", Exit::SignIn), "{organization}");
        }
    }
    let nowhere = world.signed_in("nowhere").who_am_i().await.unwrap_err();
    assert_eq!(code(nowhere), ("organization-not-found", Exit::NotFound));
}

#[tokio::test]
async fn an_index_is_proved_with_the_header_that_cargo_sends() {
    let world = World::start().await;
    let azure = world.signed_in("contoso");
    let feeds = azure.feeds().await.unwrap();
    for name in ["rust-crates", "überweisungen", "shared-crates"] {
        let proof = azure.prove_index(&world.index("contoso", named(&feeds, name))).await.unwrap();
        assert!(proof.auth_required && !proof.anonymous_ok && proof.download_host_trusted, "{proof:?}");
        assert_eq!(format!("http://{}", proof.download_host), world.demo.origin());
    }
    let index = world.index("contoso", named(&feeds, "rust-crates"));
    let refused = world.azure("contoso", Some(&world.demo.tokens().expired)).prove_index(&index).await;
    assert_eq!(code(refused.unwrap_err()).0, "token-refused");
    let unsigned = world.azure("contoso", None).prove_index(&index).await;
    assert_eq!(code(unsigned.unwrap_err()).0, "not-signed-in");
}

#[tokio::test]
async fn a_public_index_answers_everybody() {
    let world = World::start().await;
    let feeds = world.azure("fabrikam", None).feeds().await.unwrap();
    let public = feeds.iter().find(|feed| feed.is_public()).unwrap();
    let proof = world.azure("fabrikam", None).prove_index(&world.index("fabrikam", public)).await.unwrap();
    assert!(proof.anonymous_ok && !proof.auth_required);
}

#[tokio::test]
async fn the_credential_of_one_organization_never_reaches_another() {
    let world = World::start().await;
    let feeds = world.signed_in("fabrikam").feeds().await.unwrap();
    let before = world.demo.requests().len();
    let refused = world.signed_in("contoso").prove_index(&world.index("fabrikam", &feeds[0])).await;
    assert!(matches!(refused, Err(AzureError::OutsideOrganization { .. })));
    assert_eq!(world.demo.requests().len(), before, "nothing was sent");
}
