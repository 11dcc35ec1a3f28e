//! The Log in step.

use az_cargo_wizard::domain::answering::Answering;
use az_cargo_wizard::domain::credential::{AccessToken, Credential, Kept, Secret, TokenOrigin, TokenStore};
use az_cargo_wizard::domain::machine::Machine;
use az_cargo_wizard::domain::plan::SetupPlan;
use az_cargo_wizard::domain::progress::FetchEnd;
use az_cargo_wizard::domain::store::NativeProvider;
use az_cargo_wizard::task::check::Checkout;
use az_cargo_wizard::task::feeds::Stored;
use az_cargo_wizard::task::{Event, Request};
use az_cargo_wizard::tui::{Msg, Step, Theme};

use crate::states;
use crate::wizard::Wizard;
use crate::world;

/// A feed that was configured before, with what the user's own file lacks.
fn after_a_review(wizard: Wizard) -> Wizard {
    wizard.checked(world::cloned()).signed_in().reviewed_by(world::review_of_the_users_file)
}

states! { "log_in":
    ready => |wizard| wizard.at_log_in();
    reading_the_configuration => |wizard| wizard.checked(world::cloned()).signed_in().at(100);
    with_extra_difference => after_a_review;
    over_ssh => |wizard| {
        let checkout = Checkout { machine: Machine::Ssh, ..world::cloned() };
        let wizard = wizard.checked(checkout).signed_in().reviewed_by(world::review_of_the_users_file);
        let trial = wizard.started.iter().find(|(_, request)| matches!(request, Request::TryKeyring(_))).unwrap().0;
        wizard.told(Msg::Job(trial, Event::Keyring(Err(Box::new(world::no_keyring())))))
    };
    kept_in_a_file_of_this_tool => |wizard| {
        let own = TokenStore::Provider(Kept::File);
        wizard.at_config().reviewed(|plan| world::review(SetupPlan { store: own, ..plan })).agree()
            .answer(world::applied())
    };
    several_stores => |wizard| {
        let checkout = Checkout { answering: Some(Answering::of(&world::several_stores())), ..world::cloned() };
        wizard.checked(checkout).signed_in().reviewed_by(world::review_of_the_users_file)
    };
    kept_by_cargo_itself => |wizard| {
        let native = TokenStore::Native(NativeProvider::Libsecret);
        wizard.at_config().reviewed(|plan| world::review(SetupPlan { store: native, ..plan })).agree()
            .answer(world::applied())
    };
    kept_nowhere => |wizard| {
        let wizard = wizard.checked(world::cloned()).signed_in().reviewed_by(world::nothing_to_write);
        wizard.press("<space>").reviewed_by(world::nothing_to_write)
    };
    long_difference => |wizard| wizard.checked(world::cloned()).signed_in().reviewed_by(world::long_review);
    long_difference_to_its_end => |wizard| {
        wizard.checked(world::cloned()).signed_in().reviewed_by(world::long_review).press("<end>")
    };
    wide_names => |wizard| {
        let wizard = wizard.with_feeds(world::wide_feeds()).press("<enter>");
        wizard.reviewed(world::review).agree().answer(world::applied())
    };
    proving => |wizard| wizard.at_log_in().press("<enter>").at(800);
    writing => |wizard| after_a_review(wizard).press("<enter>").answer(world::logged_in()).at(900);
    failed => |wizard| wizard.at_log_in().press("<enter>").fail(world::feed_refused());
    accepted => |wizard| {
        let wizard = wizard.at_restore().fetching(world::fetch());
        wizard.ended(FetchEnd::Done, None).press("<esc>")
    };
    token_offered => |wizard| wizard.at_log_in_with_entra(TokenStore::PlainFile);
    token_not_wanted => |wizard| wizard.at_log_in_with_entra(TokenStore::PlainFile).press("<space>");
    token_days => |wizard| wizard.at_log_in_with_entra(TokenStore::PlainFile).press("<tab><c-u>7");
    token_days_wrong => |wizard| wizard.at_log_in_with_entra(TokenStore::PlainFile).press("<tab>q<up><down>00");
    token_beside_the_keyring => |wizard| wizard.at_log_in_with_entra(TokenStore::Provider(Kept::Keyring));
    token_for_cargos_provider => |wizard| {
        wizard.at_log_in_with_entra(TokenStore::Native(NativeProvider::Libsecret))
    };
    token_planning => |wizard| wizard.at_log_in_with_entra(TokenStore::PlainFile).press("<enter>").at(300);
    token_shown => with_request;
    token_making => |wizard| with_request(wizard).agree().at(700);
    token_refused => |wizard| with_request(wizard).agree().fail(world::lives_too_long());
    token_made => |wizard| with_made_token(wizard).fetching(world::fetch()).ended(FetchEnd::Done, None).press("<esc>");
    token_replaced => |wizard| {
        let wizard = with_request(wizard).agree().answer(world::logged_in_after_a_made_token(true));
        wizard.fetching(world::fetch()).ended(FetchEnd::Done, None).press("<esc>")
    };
    token_for_a_cloned_project => |wizard| cloned_with_entra(wizard).press("<space>").reviewed_by(world::nothing_to_write);
    token_unasked_for_this_run => cloned_with_entra;
}

pub(crate) fn with_request(wizard: Wizard) -> Wizard {
    wizard.at_log_in_with_entra(TokenStore::PlainFile).press("<enter>").answer(world::token_request())
}

pub(crate) fn with_made_token(wizard: Wizard) -> Wizard {
    with_request(wizard).agree().answer(world::logged_in_with_a_made_token())
}

fn cloned_with_entra(wizard: Wizard) -> Wizard {
    wizard.checked(world::cloned()).signed_in_with_entra().reviewed_by(world::nothing_to_write)
}

fn pat_days(wizard: &Wizard) -> Option<u16> {
    let Request::LogIn(log_in) = wizard.request() else { panic!("{:?}", wizard.request()) };
    log_in.pat_days
}

/// The request comes first, and what it says is what is sent.
#[test]
fn a_token_is_made_after_its_request_was_seen() {
    let wizard = Wizard::opened(Theme::default()).at_log_in_with_entra(TokenStore::PlainFile);
    let wizard = wizard.press("<tab><backspace><backspace>9x0<enter>");
    let Request::PlanPat(of) = wizard.request() else { panic!("{:?}", wizard.request()) };
    assert_eq!(of.days, 90);
    let wizard = wizard.answer(world::token_request()).press("<esc>");
    assert_eq!(wizard.app.step(), Step::LogIn);
    assert!(!wizard.started.iter().any(|(_, request)| matches!(request, Request::LogIn(_))));
    let wizard = wizard.press("<enter>").answer(world::token_request()).agree();
    assert_eq!(pat_days(&wizard), Some(90));
}

#[test]
fn a_life_that_no_token_has_is_not_asked_for() {
    for days in ["", "0", "366", "99999"] {
        let wizard = Wizard::opened(Theme::default()).at_log_in_with_entra(TokenStore::PlainFile);
        let asked = wizard.started.len();
        let wizard = wizard.press("<tab><c-u>").paste(days).press("<enter>");
        assert_eq!(wizard.started.len(), asked, "{days}");
    }
}

/// What was chosen stays, and so does the way out of it.
#[test]
fn a_refused_token_can_be_asked_for_again_or_given_up() {
    let refused = || {
        let wizard = Wizard::opened(Theme::default()).at_log_in_with_entra(TokenStore::PlainFile);
        let wizard = wizard.press("<tab><enter>").answer(world::token_request()).agree();
        wizard.fail(world::lives_too_long())
    };
    let shorter = refused().press("<c-u>7<enter>");
    let Request::PlanPat(of) = shorter.request() else { panic!("{:?}", shorter.request()) };
    assert_eq!(of.days, 7);
    let again = refused().press("<up>r");
    assert!(matches!(again.request(), Request::PlanPat(of) if of.days == 30), "{:?}", again.request());
    assert_eq!(pat_days(&refused().press("<up><space>r")), None);
}

/// Nobody is offered what the service would refuse, or what nobody would keep.
#[test]
fn no_token_is_offered_where_none_can_be_made() {
    let plain = |wizard: Wizard| wizard.press("<enter>");
    let pasted = plain(Wizard::opened(Theme::default()).at_log_in());
    assert_eq!(pat_days(&pasted), None);
    let this_run = plain(Wizard::opened(Theme::default()).at_log_in_with_entra(TokenStore::ThisRunOnly));
    assert_eq!(pat_days(&this_run), None);
    let keyring = TokenStore::Provider(Kept::Keyring);
    assert_eq!(pat_days(&plain(Wizard::opened(Theme::default()).at_log_in_with_entra(keyring))), None);
    let chosen = Wizard::opened(Theme::default()).at_log_in_with_entra(keyring).press("<space><enter>");
    assert!(matches!(chosen.request(), Request::PlanPat(_)), "{:?}", chosen.request());
}

/// Nothing stays of a run that keeps nothing: the next one asks again, and the answer is free.
#[test]
fn after_this_run_only_the_next_run_asks_again() {
    let wizard = Wizard::opened(Theme::default()).checked(world::cloned());
    assert_eq!(wizard.app.step(), Step::SignIn);
    let wizard = wizard.signed_in().reviewed_by(world::nothing_to_write);
    assert_eq!(wizard.app.step(), Step::LogIn);
    let wizard = wizard.press("<space>").reviewed_by(world::nothing_to_write).press("<enter>");
    let Request::LogIn(log_in) = wizard.request() else { panic!("{:?}", wizard.request()) };
    assert_eq!(log_in.plan.store, TokenStore::ThisRunOnly);
}

/// Another feed is set up from the dashboard, with a sign-in that is kept already.
fn another_feed(credential: Credential) -> Wizard {
    let wizard = Wizard::opened(Theme::default()).dashboard_of(world::signed_in_before());
    let wizard = wizard.kept(Some(Stored { credential, login: Some(world::kept_login()) }));
    let wizard = wizard.answer(Event::Feeds(world::feeds())).press("a");
    assert_eq!(wizard.app.step(), Step::Feed);
    wizard.answer(Event::Feeds(world::feeds())).press("g<enter>").reviewed(world::review).agree()
}

#[test]
fn a_sign_in_that_is_kept_stays_where_and_as_it_is() {
    let origin = TokenOrigin::Kept("az-cargo-wizard".to_owned());
    let access = AccessToken { token: Secret::new(world::TOKEN), expires: None, origin };
    for credential in [Credential::Pat(Secret::new(world::TOKEN)), Credential::Bearer(Box::new(access))] {
        let wizard = another_feed(credential.clone()).answer(world::applied());
        assert_eq!(wizard.app.step(), Step::LogIn);
        let wizard = wizard.press("<enter>");
        let Request::LogIn(log_in) = wizard.request() else { panic!("{:?}", wizard.request()) };
        assert_eq!(
            log_in.plan.store,
            TokenStore::Provider(Kept::Keyring),
            "not a file that would win over it"
        );
        assert_eq!((log_in.who.as_deref(), &log_in.credential), (None, &credential));
    }
}
