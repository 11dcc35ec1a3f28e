//! The Log in step.

use az_cargo_wizard::task::{Event, Request};

use crate::states;
use crate::wizard::Wizard;
use crate::world;

/// A feed that was configured before, with what the user's own file lacks.
fn after_a_review(wizard: Wizard) -> Wizard {
    let wizard = wizard.checked(world::cloned()).signed_in();
    let Request::Review(plan) = wizard.request() else { panic!("no review was asked for") };
    let review = world::review_of_the_users_file(plan.clone());
    wizard.answer(Event::Reviewed(review))
}

states! { "log_in":
    ready => |wizard| wizard.at_log_in();
    reading_the_configuration => |wizard| wizard.checked(world::cloned()).signed_in().at(100);
    with_extra_difference => after_a_review;
    kept_nowhere => |wizard| {
        let wizard = wizard.checked(world::cloned()).signed_in();
        let Request::Review(plan) = wizard.request() else { panic!("no review was asked for") };
        let review = world::nothing_to_write(plan.clone());
        wizard.answer(Event::Reviewed(review.clone())).press(" ").answer(Event::Reviewed(review))
    };
    proving => |wizard| wizard.at_log_in().press("<enter>").at(800);
    writing => |wizard| after_a_review(wizard).press("<enter>").answer(world::logged_in()).at(900);
    failed => |wizard| wizard.at_log_in().press("<enter>").fail(world::feed_refused());
    accepted => |wizard| {
        let wizard = wizard.at_restore().fetching(world::fetch());
        wizard.ended(az_cargo_wizard::domain::progress::FetchEnd::Done, None).press("<esc>")
    };
}
