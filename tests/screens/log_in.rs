//! The Log in step.

use az_cargo_wizard::domain::answering::Answering;
use az_cargo_wizard::domain::credential::TokenStore;
use az_cargo_wizard::domain::machine::Machine;
use az_cargo_wizard::domain::plan::SetupPlan;
use az_cargo_wizard::domain::progress::FetchEnd;
use az_cargo_wizard::domain::store::NativeProvider;
use az_cargo_wizard::task::check::Checkout;
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
        let trial = wizard.started.iter().find(|(_, request)| *request == Request::TryKeyring).unwrap().0;
        wizard.told(Msg::Job(trial, Event::Keyring(Err(Box::new(world::no_keyring())))))
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
