//! The Log in step.

use az_cargo_wizard::domain::progress::FetchEnd;

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
    kept_nowhere => |wizard| {
        let wizard = wizard.checked(world::cloned()).signed_in().reviewed_by(world::nothing_to_write);
        wizard.press("<space>").reviewed_by(world::nothing_to_write)
    };
    proving => |wizard| wizard.at_log_in().press("<enter>").at(800);
    writing => |wizard| after_a_review(wizard).press("<enter>").answer(world::logged_in()).at(900);
    failed => |wizard| wizard.at_log_in().press("<enter>").fail(world::feed_refused());
    accepted => |wizard| {
        let wizard = wizard.at_restore().fetching(world::fetch());
        wizard.ended(FetchEnd::Done, None).press("<esc>")
    };
}
