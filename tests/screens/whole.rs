//! What stands above every screen, and what stands in for all of them.

use az_cargo_wizard::domain::progress::FetchEnd;
use az_cargo_wizard::task::Event;
use az_cargo_wizard::tui::{Msg, Step, Theme};

use crate::draw::{WIDE, compare_text, drawn, rows, text_of};
use crate::log_in::with_made_token;
use crate::states;
use crate::wizard::Wizard;
use crate::world;

states! { "whole":
    help => |wizard| wizard.with_feeds(world::feeds()).press("?");
    help_of_a_form => |wizard| wizard.at_config().press("?");
    help_of_the_longest_list => |wizard| wizard.at_restore().fetching(world::half_a_fetch()).press("?");
    help_in_a_field => |wizard| wizard.at_config().press("<tab><f1>");
    cancel_question => |wizard| wizard.at_restore().fetching(world::half_a_fetch()).press("<esc>");
    leave_question => |wizard| wizard.at_restore().fetching(world::half_a_fetch()).press("q");
    token_that_ends => |wizard| entra(wizard).told(Msg::Clock(world::NOON));
    token_that_ends_soon => |wizard| entra(wizard).told(Msg::Clock(world::NOON + 40 * 60));
    token_that_has_ended => |wizard| entra(wizard).told(Msg::Clock(world::NOON + 3600));
}

/// Signed in with a token of Entra that lives for 43 minutes, and logged in for this run only.
fn entra(wizard: Wizard) -> Wizard {
    let wizard = wizard.at_sign_in().press("<enter>").paste(world::TOKEN).press("<enter>");
    let wizard = wizard.answer(world::signed_in_with_entra()).answer(Event::Feeds(world::feeds()));
    let wizard = wizard.press("<enter>").reviewed(world::review).agree().answer(world::applied());
    wizard.press("<enter>").answer(world::logged_in_for_this_run())
}

/// The first row.
fn head(wizard: &Wizard) -> String {
    rows(drawn(wizard, WIDE).buffer())[0].trim_end().to_owned()
}

#[test]
fn no_name_outlives_what_it_belongs_to() {
    let wizard = entra(Wizard::opened(Theme::default())).told(Msg::Clock(world::NOON));
    assert!(wizard.app.tells_time());
    let all = head(&wizard);
    for part in ["contoso/Storefront/rust-crates", "Ana Costa", "Entra", "this run only", "expires in 43 min"]
    {
        assert!(all.contains(part), "{part}: {all}");
    }
    let mut wizard = wizard.ended(FetchEnd::Done, None);
    for _ in 0..10 {
        wizard = if wizard.app.step() == Step::Organization { wizard } else { wizard.press("<esc>") };
    }
    assert_eq!(wizard.app.step(), Step::Organization);
    // Another feed of the same organization: the person stays, the feed and what was chosen for it go.
    let address = "https://dev.azure.com/contoso/_artifacts/feed/web";
    let same = wizard.press("<down><down><down><c-u>").paste(address).press("<enter>");
    let line = head(&same);
    assert!(
        line.contains("contoso/web") && line.contains("Ana Costa") && !line.contains("rust-crates"),
        "{line}"
    );
    assert!(!line.contains("this run only"), "{line}");
    // Another organization: nobody has signed in there.
    let wizard = same.press("<esc><c-u>").paste("https://dev.azure.com/fabrikam").press("<enter>");
    assert_eq!(head(&wizard), " az-cargo-wizard · fabrikam");
    assert!(!wizard.app.tells_time());
}

/// It is what Cargo has now, and not the sign-in that it was made with.
#[test]
fn a_made_token_is_what_the_time_left_is_told_of() {
    let wizard = with_made_token(Wizard::opened(Theme::default())).told(Msg::Clock(world::NOON));
    assert!(wizard.app.tells_time());
    let line = head(&wizard);
    assert!(line.ends_with("Ana Costa · PAT · plain token file · expires in 30 days"), "{line}");
    let line = head(&wizard.told(Msg::Clock(world::NOON + 30 * 86_400 - 600)));
    assert!(line.ends_with("expires in 10 min"), "{line}");
}

#[test]
fn too_small() {
    let wizard = Wizard::opened(Theme::default()).with_feeds(world::feeds());
    let sizes = [(39, 9), (39, 24), (80, 9), (12, 3)];
    let frames = sizes.map(|(columns, rows)| {
        format!("{columns}x{rows}\n{}\n", text_of(drawn(&wizard, (columns, rows)).buffer()).replace(' ', "."))
    });
    compare_text("whole_too_small", &frames.concat());
}
