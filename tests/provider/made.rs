//! A personal access token that is made for who has signed in to Entra (azure-contract 2.6): what Cargo does with it,
//! and that none is left behind that nobody keeps.

use std::fs;

use az_cargo_wizard::auth::vault::Slot;
use az_cargo_wizard::demo::{Fault, RequestLog, Resource, Where};
use az_cargo_wizard::domain::account::Account;
use az_cargo_wizard::domain::credential::{Credential, Kept, TokenStore};
use az_cargo_wizard::domain::journal::Act;
use az_cargo_wizard::domain::new_pat::{PatLeft, PatMade};
use az_cargo_wizard::domain::plan::SetupPlan;
use az_cargo_wizard::error::Report;
use az_cargo_wizard::record::{self, Login, Record};
use az_cargo_wizard::task::logins::NewLogin;
use az_cargo_wizard::task::{Event, LogIn, LoggedIn, Request};

use crate::support::wizard::{CRATES, Traces};
use crate::world::{REGISTRY, World, fed, words};

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

    /// What becomes of the token before when this is kept in its place.
    fn replaced(&self, request: Request) -> Option<PatLeft> {
        match self.ask(request) {
            Event::LoggedIn(LoggedIn { mut replaced, .. }) => {
                assert!(replaced.len() <= 1, "{replaced:?}");
                replaced.pop()
            }
            other => panic!("{other:?}"),
        }
    }

    /// The token that is kept.
    fn kept(&self) -> Credential {
        Credential::Pat(self.vault().read(&self.base(), Slot::Pat).unwrap().unwrap())
    }

    /// Into the file that Cargo itself reads.
    fn for_cargos_file(&self, pat_days: u16) -> Request {
        let log_in = self.log_in_request(self.entra(), Some(pat_days));
        let plan = SetupPlan { store: TokenStore::PlainFile, ..log_in.plan.clone() };
        Request::LogIn(LogIn { plan, ..log_in })
    }

    fn sign_ins_noted(&self) -> usize {
        let Event::Journal { entries, .. } = self.ask(Request::Journal) else { panic!("no journal") };
        entries.iter().filter(|entry| entry.act == Act::LoggedIn).count()
    }

    /// Whether the organization takes that credential.
    fn is_good(&self, credential: Credential) -> bool {
        let asked = Request::Feeds { collection: self.collection(), credential: Some(credential) };
        matches!(self.ask(asked), Event::Feeds(_))
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
        self.login_of("Ana", (credential, Some(7)))
    }

    fn login_of(&self, who: &str, (credential, pat_days): (Credential, Option<u16>)) -> Request {
        let account = Account { id: None, display_name: who.to_owned(), sign_in_name: String::new() };
        let (collection, kept) = (self.collection(), Kept::File);
        Request::KeepLogin(Box::new(NewLogin { collection, credential, account, kept, pat_days }))
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

const MADE: (&str, u16) = ("POST", 200);
const REVOKED: (&str, u16) = ("DELETE", 204);

/// Each of the two ways to sign in, over a token that was made before.
#[test]
fn the_token_before_is_revoked_by_the_next_sign_in_to_entra_once_that_is_kept() {
    let (world, first) = World::with_made_token();
    let mut before = world.kept();
    let entra = world.entra();
    let sign_ins = [
        Request::LogIn(world.log_in_request(entra.clone(), Some(30))),
        world.new_login(entra.clone()),
        world.login_of("Ana", (entra, None)),
    ];
    for (count, request) in sign_ins.into_iter().enumerate() {
        assert!(world.is_good(before.clone()));
        let replaced = world.replaced(request).unwrap();
        assert_eq!((replaced.name.as_str(), replaced.revoked), (first.name.as_str(), true), "{count}");
        assert!(!world.is_good(before.clone()), "{count}");
        if count < 2 {
            before = world.kept();
        }
    }
    let about = world.about_tokens();
    let about: Vec<(&str, u16)> = about.iter().map(|(method, status)| (method.as_str(), *status)).collect();
    assert_eq!(about, [MADE, MADE, REVOKED, MADE, REVOKED, REVOKED]);
    let none = world.replaced(world.login_of("Ana", (world.entra(), None)));
    assert_eq!(none, None, "nothing was made for the sign-in before");
}

/// A sign-in over one with a made token.
type Over = fn(&World, Credential) -> Request;

#[test]
fn nobody_else_revokes_it_and_it_is_told_with_its_end_and_its_page() {
    let pat = |world: &World| Credential::Pat(world.demo.token().clone());
    let others: [(&str, Over); 3] = [
        ("another credential", |world, pat| world.login_of("Ana", (pat, None))),
        ("another credential in the wizard", |world, pat| Request::LogIn(world.log_in_request(pat, None))),
        ("another person", |world, _| world.login_of("Ben", (world.entra(), Some(7)))),
    ];
    for (what, request) in others {
        let (world, made) = World::with_made_token();
        let before = world.kept();
        let left = world.replaced(request(&world, pat(&world))).unwrap();
        assert_eq!((&left.name, left.ends, left.revoked), (&made.name, made.ends, false), "{what}");
        assert_eq!(left.page, format!("{}/contoso/_usersSettings/tokens", world.demo.origin()));
        assert!(world.is_good(before), "{what}");
        assert!(world.about_tokens().iter().all(|(method, _)| method == "POST"), "{what}");
    }
}

#[test]
fn a_token_that_cannot_be_revoked_is_told_with_the_reason_and_the_new_one_stays() {
    let (world, _) = World::with_made_token();
    let before = world.kept();
    world.demo.arm(Fault::TokenRefused, Where::Rest(Resource::Pat), u32::MAX);
    let left = world.replaced(world.login_of("Ana", (world.entra(), None))).unwrap();
    assert!(!left.revoked && left.why.is_some(), "{left:?}");
    assert!(left.words().contains("could not be revoked ("), "{}", left.words());
    assert!(world.is_good(before));
    assert!(world.vault().read(&world.base(), Slot::Refresh).unwrap().is_some(), "the new sign-in is kept");
}

/// The wizard signs in with what is kept, too, and then keeps it once more.
#[test]
fn the_very_token_that_is_kept_stays_what_it_was() {
    let (world, made) = World::with_made_token();
    let same = world.kept();
    assert_eq!(world.replaced(Request::LogIn(world.log_in_request(same.clone(), None))), None);
    let login = Record::load(world.demo.state_dir()).login(&world.base()).unwrap().clone();
    assert_eq!(login.expires, Some(made.ends));
    assert_eq!(login.made.map(|made| made.name), Some(made.name));
    assert!(world.replaced(world.login_of("Ana", (world.entra(), None))).unwrap().revoked);
    assert!(!world.is_good(same));
}

#[test]
fn a_token_that_has_ended_is_nobodys_business_any_more() {
    let (world, _) = World::with_made_token();
    let base = world.base();
    let login = Record::load(world.demo.state_dir()).login(&base).unwrap().clone();
    record::log_in(world.demo.state_dir(), &base, &Login { expires: Some(1), ..login }).unwrap();
    assert_eq!(world.replaced(world.login_of("Ana", (world.entra(), None))), None);
    assert_eq!(world.about_tokens(), [("POST".to_owned(), 200)]);
}

/// As an earlier version has remembered it: with its end, and without what revokes it.
#[test]
fn one_of_an_earlier_version_is_told_by_the_name_that_it_has_here() {
    let (world, made) = World::with_made_token();
    let file = world.demo.state_dir().join("state.json");
    let mut state: serde_json::Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let login = state["logins"][world.base().as_str()].as_object_mut().unwrap();
    assert!(login.remove("made").is_some());
    fs::write(&file, state.to_string()).unwrap();
    let left = world.replaced(world.login_of("Ana", (world.entra(), None))).unwrap();
    assert_eq!((left.name, left.revoked), (made.name, false));
}

/// Cargo has no words for it, but leaves standard error to its providers.
#[test]
fn cargo_login_and_cargo_logout_tell_it_too() {
    let said = |world: &World, command: &str, input: &str| {
        let output = fed(&mut world.cargo(&[command, "--registry", REGISTRY]), input);
        assert!(output.status.success(), "{}", words(&output));
        words(&output)
    };
    let (world, made) = World::with_made_token();
    let note =
        format!("note: the personal access token `{}` that was made for you earlier stays good", made.name);
    assert!(said(&world, "logout", "").contains(&note));
    let (world, _) = World::with_made_token();
    let Credential::Pat(same) = world.kept() else { panic!("a personal access token") };
    assert!(!said(&world, "login", &format!("{}\n", same.expose())).contains("note:"));
    let other = format!("{}\n", world.demo.token().expose());
    let told = said(&world, "login", &other);
    assert!(told.contains(&note) && told.contains("/_usersSettings/tokens"), "{told}");
    assert!(!said(&world, "login", &other).contains("note:"), "it is told once");
}

#[test]
fn a_token_in_another_folder_of_cargo_stays_good() {
    let mut world = World::new();
    let first = world.sandbox.variable("CARGO_HOME");
    let second = world.sandbox.root().join("cargo-two");
    assert_eq!(world.replaced(world.for_cargos_file(7)), None);
    world.set("CARGO_HOME", second.to_str().unwrap());
    assert_eq!(world.replaced(world.for_cargos_file(7)), None);
    assert_eq!(world.about_tokens(), [("POST".to_owned(), 200), ("POST".to_owned(), 200)]);
    world.set("CARGO_HOME", &first);
    assert!(world.replaced(world.for_cargos_file(7)).unwrap().revoked, "the one that is in use nowhere");
}

#[test]
fn a_run_that_ends_before_the_revocation_leaves_its_note_and_the_token_to_the_next_one() {
    type Again = fn(&World) -> Request;
    let ways: [(&str, Again); 2] = [
        ("the wizard", |world| Request::LogIn(world.log_in_request(world.entra(), None))),
        ("a login", |world| world.login_of("Ana", (world.entra(), None))),
    ];
    for (what, again) in ways {
        let (world, made) = World::with_made_token();
        let noted = world.sign_ins_noted();
        world.demo.arm(Fault::Late, Where::Rest(Resource::Pat), 1);
        world.ask_and_end(again(&world), |request| request.method == "DELETE");
        assert_eq!(world.sign_ins_noted(), noted + 1, "{what}");
        let told = world.replaced(again(&world)).unwrap();
        assert_eq!(told.name, made.name, "{what}");
        assert_eq!(world.replaced(again(&world)), None, "{what}: it is told once");
    }
}

#[test]
fn where_nothing_can_be_remembered_cargos_file_gets_no_token_that_is_revoked_then() {
    let world = World::new();
    let request = world.for_cargos_file(7);
    let lock = world.demo.state_dir().join("state.lock");
    let _ = fs::remove_file(&lock);
    fs::create_dir(&lock).unwrap();
    let report = world.refused(request);
    assert!(report.details.iter().any(|detail| detail.ends_with("was revoked again")), "{report}");
    let kept = fs::read_to_string(world.file("credentials.toml")).unwrap_or_default();
    assert!(!kept.contains("Basic "), "{report}");
    fs::remove_dir(&lock).unwrap();
    assert_eq!(world.replaced(world.for_cargos_file(7)), None, "and it is nobody's business any more");
}
