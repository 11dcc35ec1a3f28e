//! The Sign in step.

use std::time::Duration;

use az_cargo_wizard::domain::waiting::Waiting;
use az_cargo_wizard::task::Event;

use crate::states;
use crate::world;

states! { "sign_in":
    choosing => |wizard| wizard.at_sign_in();
    not_yet => |wizard| wizard.at_sign_in().press("j<enter>");
    with_demo_token => |wizard| wizard.checked(world::demo()).press("<enter>");
    demo_token_copied => |wizard| wizard.checked(world::demo()).press("<enter>y");
    entering => |wizard| wizard.at_sign_in().press("<enter>");
    masked => |wizard| wizard.at_sign_in().press("<enter>").paste(world::TOKEN);
    asking => |wizard| wizard.at_sign_in().paste(world::TOKEN).press("<enter>").at(400);
    waiting => |wizard| {
        let asked = Event::Waiting(Waiting::Asked(Duration::from_secs(12)));
        wizard.at_sign_in().paste(world::TOKEN).press("<enter>").at(400).answer(asked).at(3000)
    };
    trying_again => |wizard| {
        let again = Event::Waiting(Waiting::Again { attempt: 2, of: 3 });
        wizard.at_sign_in().paste(world::TOKEN).press("<enter>").answer(again)
    };
    failed => |wizard| wizard.at_sign_in().paste(world::TOKEN).press("<enter>").fail(world::token_refused());
    signed_in => |wizard| wizard.with_feeds(world::feeds()).press("<esc>");
    wide_names => |wizard| wizard
        .checked(world::wide_checkout())
        .press("<enter><enter>")
        .paste(world::TOKEN)
        .press("<enter>")
        .answer(world::signed_in_with_a_wide_name())
        .press("<esc>");
    for_a_cloned_project => |wizard| wizard.checked(world::cloned());
}
