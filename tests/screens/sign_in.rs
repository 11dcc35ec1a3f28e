//! The Sign in step.

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
