//! The Config step.

use az_cargo_wizard::domain::plan::OtherReplacement;
use az_cargo_wizard::task::connect::Agreed;
use az_cargo_wizard::task::{Event, Request};
use az_cargo_wizard::tui::Theme;

use crate::states;
use crate::wizard::Wizard;
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
    mirror_asked => |wizard| wizard.at_config().press("<enter>").answer(world::replaced());
    mirror_given_up => |wizard| wizard.at_config().press("<enter>").answer(world::replaced()).press(" ");
    mirror_kept => |wizard| {
        wizard.at_config().press("<enter>").answer(world::replaced()).press("<enter>").answer(world::replaced())
    };
    failed => |wizard| {
        wizard.at_config().reviewed(world::review).agree().fail(world::file_is_locked())
    };
}

fn asked() -> Wizard {
    Wizard::opened(Theme::default()).at_config().press("<enter>").answer(world::replaced())
}

#[test]
fn a_mirror_stays_until_the_person_gives_it_up() {
    let wizard = asked().press("<enter>");
    assert!(matches!(wizard.request(), Request::Review(_)), "{:?}", wizard.request());
    let wizard = asked().press("<space><enter>");
    let Request::ReviewOver(plan, Agreed::To(agreed)) = wizard.request() else {
        panic!("{:?}", wizard.request())
    };
    assert!(plan.replace_crates_io);
    let Event::Replaced(shown) = world::replaced() else { unreachable!("a replacement") };
    assert_eq!(*agreed, shown);
}

#[test]
fn a_yes_to_one_mirror_is_none_to_another_and_none_is_needed_where_crates_io_stays() {
    let Event::Replaced(shown) = world::replaced() else { unreachable!("a replacement") };
    let other = Event::Replaced(Box::new(OtherReplacement { name: "other".into(), ..*shown }));
    let wizard = asked().press("<space><enter>").answer(other).press("<enter>");
    assert!(matches!(wizard.request(), Request::Review(_)), "{:?}", wizard.request());
    // The question before: leave crates.io as it is.
    let wizard = asked().press("<space><s-tab><space><enter>");
    assert!(matches!(wizard.request(), Request::Review(plan) if !plan.replace_crates_io));
}
