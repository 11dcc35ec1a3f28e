//! The Config step.

use crate::states;
use crate::world;

states! { "config":
    file_asked => |wizard| wizard.at_config();
    users_file => |wizard| wizard.at_config().press(" ");
    name_asked => |wizard| wizard.at_config().press("<tab>");
    name_error => |wizard| wizard.at_config().press("<tab>!");
    name_missing => |wizard| wizard.at_config().press("<tab><c-u><enter>");
    view_asked => |wizard| wizard.at_config().press("<tab><tab>");
    local_view => |wizard| wizard.at_config().press("<tab><tab> ");
    named_view => |wizard| {
        let address = "https://dev.azure.com/contoso/Storefront/_artifacts/feed/rust-crates@Release";
        let wizard = wizard.checked(world::bare_checkout()).paste(address).press("<enter>").signed_in();
        wizard.answer(az_cargo_wizard::task::Event::Feeds(world::feeds())).press("<tab><tab>")
    };
    replacement_asked => |wizard| wizard.at_config().press("<tab><tab><tab>");
    store_asked => |wizard| wizard.at_config().press("<s-tab>");
    this_run_only => |wizard| wizard.at_config().press("<s-tab> ");
    cannot_replace_crates_io => |wizard| wizard.with_feeds(world::feeds()).press("jj<enter><tab><tab><tab> ");
    without_a_project => |wizard| {
        let wizard = wizard.checked(world::no_project()).press("contoso<enter>").signed_in();
        wizard.answer(az_cargo_wizard::task::Event::Feeds(world::feeds())).press("<enter> ")
    };
    reviewing => |wizard| wizard.at_config().press("<enter>").at(600);
    reviewed => |wizard| wizard.at_config().reviewed(world::review);
    reviewed_long_lines => |wizard| wizard.at_config().reviewed(world::long_review).press("jjj");
    reviewed_to_its_end => |wizard| wizard.at_config().reviewed(world::long_review).press("<end>");
    wide_names => |wizard| wizard.with_feeds(world::wide_feeds()).press("<enter>");
    nothing_to_write => |wizard| wizard.at_config().reviewed(world::nothing_to_write);
    writing => |wizard| wizard.at_config().reviewed(world::review).agree().at(700);
    failed => |wizard| {
        wizard.at_config().reviewed(world::review).agree().fail(world::file_is_locked())
    };
}
