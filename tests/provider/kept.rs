//! Another feed is set up with the sign-in that this tool keeps: that one stays as it is.

use az_cargo_wizard::domain::credential::{Credential, Kept, TokenStore};
use az_cargo_wizard::record::{Login, Record};
use az_cargo_wizard::task::feeds::Stored;
use az_cargo_wizard::task::{Event, KeptIn, LogIn, Request};

use crate::world::{World, words};

fn stored(world: &World) -> Stored {
    match world.ask(Request::StoredCredential(world.collection())) {
        Event::StoredCredential(Some(stored)) => stored,
        other => panic!("{other:?}"),
    }
}

fn login(world: &World) -> Login {
    Record::load(world.demo.state_dir()).login(&world.base()).unwrap().clone()
}

fn entries(world: &World) -> usize {
    match world.ask(Request::Journal) {
        Event::Journal { entries, .. } => entries.len(),
        other => panic!("{other:?}"),
    }
}

/// Sets up a feed with what is kept, as from the dashboard.
fn again(world: &World) {
    let (before, noted) = (login(world), entries(world));
    let Stored { credential, login: known } = stored(world);
    assert_eq!(known.unwrap().who, before.who);
    let request = LogIn { who: None, ..world.log_in_request(credential, None) };
    let Event::LoggedIn(logged_in) = world.ask(Request::LogIn(request)) else { panic!("it is accepted") };
    assert!(matches!(logged_in.kept_in, Some(KeptIn::Vault(_))), "{logged_in:?}");
    assert_eq!((login(world), entries(world)), (before, noted));
    let fetch = world.fetch();
    assert!(fetch.status.success(), "{}", words(&fetch));
}

#[test]
fn a_made_token_keeps_its_name_and_its_end() {
    let world = World::new();
    let Event::Reviewed(review) = world.ask(Request::Review(world.plan())) else { panic!("no review") };
    let made = world.ask(Request::LogIn(world.log_in_request(world.entra(), Some(7))));
    assert!(matches!(made, Event::LoggedIn(_)), "{made:?}");
    assert!(matches!(world.ask(Request::Apply(review)), Event::Applied(_)));
    assert!(login(&world).expires.is_some());
    again(&world);
}

#[test]
fn a_sign_in_that_is_renewed_goes_on_being_renewed() {
    let world = World::with_entra();
    assert!(matches!(stored(&world).credential, Credential::Bearer(_)));
    again(&world);
    world.demo.end_entra_tokens();
    assert!(
        world.vault().read(&world.base(), az_cargo_wizard::auth::vault::Slot::Refresh).unwrap().is_some()
    );
}

/// Somebody else has signed in meanwhile: what was shown as kept is kept now.
#[test]
fn a_token_that_is_not_the_kept_one_is_kept_anew() {
    let world = World::with_token();
    let other = Credential::Pat(world.demo.tokens().packaging_only.clone());
    let request = LogIn { who: None, ..world.log_in_request(other.clone(), None) };
    assert!(matches!(world.ask(Request::LogIn(request)), Event::LoggedIn(_)));
    assert_eq!(stored(&world).credential, other);
    assert_eq!(login(&world).who, "token holder");
}

/// The bus of the sandbox fails the test when it is called.
#[test]
fn a_variables_token_needs_no_keyring_and_stays_in_its_variable() {
    let mut world = World::new();
    let Credential::Bearer(job) = world.entra() else { panic!("a token that ends") };
    world.set("SYSTEM_ACCESSTOKEN", job.token.expose());
    let output = world.run(&["login", "--auth", "env"], "");
    assert!(output.status.success(), "{}", words(&output));
    let mut request = LogIn { who: None, ..world.log_in_request(stored(&world).credential, None) };
    request.plan.store = TokenStore::Provider(Kept::Keyring);
    let Event::LoggedIn(logged_in) = world.ask(Request::LogIn(request)) else { panic!("it is accepted") };
    let place = logged_in.kept_in.map(|place| place.to_string());
    assert_eq!(place.as_deref(), Some("the variable `SYSTEM_ACCESSTOKEN`"));
}
