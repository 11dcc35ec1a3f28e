//! A personal access token that is made for who has signed in to Entra (azure-contract 2.6): what Cargo does with it,
//! and that none is left behind that nobody keeps.

use std::fs;

use az_cargo_wizard::auth::vault::Slot;
use az_cargo_wizard::demo::{Fault, RequestLog, Resource, Where};
use az_cargo_wizard::domain::account::Account;
use az_cargo_wizard::domain::credential::{Credential, Kept, TokenStore};
use az_cargo_wizard::domain::new_pat::PatMade;
use az_cargo_wizard::domain::plan::SetupPlan;
use az_cargo_wizard::error::Report;
use az_cargo_wizard::task::logins::NewLogin;
use az_cargo_wizard::task::{Event, LogIn, LoggedIn, Request};

use crate::support::wizard::{CRATES, Traces};
use crate::world::{World, words};

impl World {
    /// Set up with a token of its own.
    fn with_made_token() -> (Self, PatMade) {
        let world = Self::new();
        let Event::Reviewed(review) = world.ask(Request::Review(world.plan())) else { panic!("no review") };
        let made = world.log_in_and_make(world.log_in_request(world.entra(), Some(7)));
        assert!(matches!(world.ask(Request::Apply(review)), Event::Applied(_)));
        (world, made)
    }

    fn log_in_and_make(&self, log_in: LogIn) -> PatMade {
        match self.ask(Request::LogIn(log_in)) {
            Event::LoggedIn(LoggedIn { pat: Some(made), .. }) => made,
            other => panic!("{other:?}"),
        }
    }

    fn refused(&self, request: Request) -> Report {
        match self.ask(request) {
            Event::Failed(report) => *report,
            other => panic!("{other:?}"),
        }
    }

    fn about_tokens(&self) -> Vec<(String, u16)> {
        let is_about = |request: &RequestLog| request.path.ends_with("/_apis/tokens/pats");
        let requests = self.demo.requests().into_iter().filter(is_about);
        requests.map(|request| (request.method, request.status)).collect()
    }

    /// The place of the sign-ins can't be written.
    fn block_the_store(&self) {
        fs::create_dir(self.demo.state_dir().join("credentials.json")).unwrap();
    }

    fn new_login(&self, credential: Credential) -> Request {
        let account = Account { id: None, display_name: "Ana".to_owned(), sign_in_name: String::new() };
        Request::KeepLogin(Box::new(NewLogin {
            collection: self.collection(),
            credential,
            account,
            kept: Kept::File,
            pat_days: Some(7),
        }))
    }
}

#[test]
fn cargo_fetches_with_the_made_token_until_it_ends() {
    let (world, made) = World::with_made_token();
    assert_eq!(made.name, "az-cargo-wizard on LAPTOP-7");
    let token = world.vault().read(&world.base(), Slot::Pat).unwrap().unwrap();
    assert_eq!(
        world.vault().read(&world.base(), Slot::Refresh).unwrap(),
        None,
        "the sign-in itself is not kept"
    );
    world.demo.end_entra_tokens();
    let fetch = world.fetch();
    assert!(fetch.status.success(), "{}", words(&fetch));
    assert_eq!(world.crates(), CRATES);
    assert_eq!(Traces::of(token.expose()).found_in(&[fetch.stdout, fetch.stderr].concat()), None);
    assert_eq!(world.about_tokens(), [("POST".to_owned(), 200)]);
    let body = world
        .demo
        .requests()
        .into_iter()
        .find(|request| request.method == "POST" && !request.body.is_empty());
    let body: serde_json::Value = serde_json::from_str(&body.unwrap().body).unwrap();
    assert_eq!((&body["scope"], &body["allOrgs"]), (&"vso.packaging_write".into(), &false.into()));

    world.forget_crates();
    world.demo.it_is(made.ends);
    let ended = world.fetch();
    assert!(!ended.status.success(), "its end is respected");
}

#[test]
fn the_plain_file_gets_the_made_token_and_never_the_sign_in() {
    let world = World::new();
    let log_in = world.log_in_request(world.entra(), Some(30));
    let plan = SetupPlan { store: TokenStore::PlainFile, ..log_in.plan.clone() };
    world.log_in_and_make(LogIn { plan, ..log_in });
    let kept = fs::read_to_string(world.file("credentials.toml")).unwrap();
    assert!(kept.contains("token = \"Basic ") && !kept.contains("Bearer"), "only what lasts is kept");
}

#[test]
fn a_token_that_cannot_be_kept_is_revoked() {
    let world = World::new();
    let log_in = world.log_in_request(world.entra(), Some(7));
    world.block_the_store();
    let report = world.refused(Request::LogIn(log_in));
    assert!(report.details.iter().any(|detail| detail.ends_with("was revoked again")), "{report}");
    assert_eq!(world.about_tokens(), [("POST".to_owned(), 200), ("DELETE".to_owned(), 204)]);

    let report = world.refused(world.new_login(world.entra()));
    assert!(report.details.iter().any(|detail| detail.ends_with("was revoked again")), "{report}");
    assert_eq!(world.about_tokens().len(), 4);

    world.demo.arm(Fault::TokenRefused, Where::Rest(Resource::Pat), u32::MAX);
    let report = world.refused(world.new_login(world.entra()));
    let is_said = |detail: &String| detail.contains("revoke it on the page of your personal access tokens");
    assert!(report.details.iter().any(is_said), "{report}");
}

#[test]
fn a_feed_that_refuses_the_person_has_no_token_made() {
    let world = World::new();
    let log_in = world.log_in_request(world.entra(), Some(7));
    world.demo.arm(Fault::MayNotRead, Where::Config, u32::MAX);
    world.refused(Request::LogIn(log_in));
    assert_eq!(world.about_tokens(), []);
}

#[test]
fn who_is_no_person_of_entra_and_what_nobody_keeps_is_told_before_anything_is_sent() {
    let world = World::new();
    let pat = Credential::Pat(world.demo.token().clone());
    let report = world.refused(Request::LogIn(world.log_in_request(pat.clone(), Some(7))));
    assert_eq!((report.code, report.exit.code()), ("pat-not-possible", 2));
    assert!(report.hint.as_ref().unwrap().contains("/_usersSettings/tokens"), "{report}");
    assert_eq!(world.refused(world.new_login(pat)).code, "pat-not-possible");
    let log_in = world.log_in_request(world.entra(), Some(7));
    let plan = SetupPlan { store: TokenStore::ThisRunOnly, ..log_in.plan.clone() };
    assert_eq!(world.refused(Request::LogIn(LogIn { plan, ..log_in })).code, "pat-not-kept");
    assert_eq!(world.about_tokens(), []);
}
