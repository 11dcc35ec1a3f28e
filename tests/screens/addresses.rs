//! What an address that is typed or pasted settles at once, and what is shown while an answer is late.

use std::time::Duration;

use az_cargo_wizard::domain::waiting::Waiting;
use az_cargo_wizard::task::{Event, Request};
use az_cargo_wizard::tui::{Step, Theme};

use crate::draw::{USUAL, drawn};
use crate::wizard::Wizard;
use crate::world;

const FEED: &str = "https://dev.azure.com/contoso/Storefront/_artifacts/feed/rust-crates@Local";

/// Nothing here names an organization, so that one has to be typed.
fn asked() -> Wizard {
    Wizard::opened(Theme::default()).checked(world::bare_checkout())
}

fn shown(wizard: &Wizard) -> String {
    drawn(wizard, USUAL).to_string()
}

#[test]
fn a_pasted_address_chooses_organization_project_feed_and_view_at_once() {
    let wizard = asked().paste(FEED).press("<enter>").signed_in().answer(Event::Feeds(world::feeds()));
    assert_eq!(wizard.app.step(), Step::Config);
    let reviewing = wizard.press("<enter>");
    let Request::Review(plan) = reviewing.request() else { panic!("{:?}", reviewing.request()) };
    let index = plan.index.as_str();
    assert!(index.ends_with("/contoso/Storefront/_packaging/rust-crates@Local/Cargo/index/"), "{index}");
    let list = reviewing.press("<esc><esc>");
    assert_eq!(list.app.step(), Step::Feed, "another one can still be chosen");
    assert_eq!(list.press("r").answer(Event::Feeds(world::feeds())).app.step(), Step::Feed);
}

#[test]
fn another_view_leaves_crates_io_as_it_is_unless_somebody_wants_otherwise() {
    let address = FEED.replace("@Local", "@Release");
    let wizard = asked().paste(&address).press("<enter>").signed_in().answer(Event::Feeds(world::feeds()));
    let reviewing = wizard.press("<enter>");
    let Request::Review(plan) = reviewing.request() else { panic!("{:?}", reviewing.request()) };
    assert!(plan.index.as_str().contains("/rust-crates@Release/"));
    assert!(!plan.replace_crates_io);
}

#[test]
fn a_feed_that_is_not_there_or_lacks_crates_io_is_shown_in_the_list() {
    for feed in ["Storefront/_artifacts/feed/nowhere", "_artifacts/feed/web", "_artifacts/feed/moving"] {
        let address = format!("https://dev.azure.com/contoso/{feed}");
        let wizard = asked().paste(&address).press("<enter>").signed_in();
        assert_eq!(wizard.answer(Event::Feeds(world::feeds())).app.step(), Step::Feed, "{feed}");
    }
}

#[test]
fn a_server_without_encryption_is_agreed_to_before_it_is_asked() {
    let warned = asked().paste("http://ado.example/Coll").press("<enter>");
    assert_eq!((warned.app.step(), warned.started.len()), (Step::Organization, 1));
    let another = warned.press("<backspace><enter>");
    assert_eq!(another.app.step(), Step::Organization, "what was agreed to holds for that address only");
    let agreed = another.press("<enter>");
    assert_eq!(agreed.app.step(), Step::SignIn);
    let Request::AgreeToHttp(base) = agreed.request() else { panic!("{:?}", agreed.request()) };
    assert_eq!(base.as_str(), "http://ado.example/Col");
}

#[test]
fn a_wait_is_shown_until_it_is_over() {
    let asking = Wizard::opened(Theme::default()).at_sign_in().paste(world::TOKEN).press("<enter>");
    let waiting = asking.answer(Event::Waiting(Waiting::Asked(Duration::from_secs(3))));
    assert!(shown(&waiting).contains("Azure DevOps asks to wait 3 s"));
    let over = waiting.answer(Event::Waiting(Waiting::Over));
    assert!(!shown(&over).contains("asks to wait"));
    let again = over.answer(Event::Waiting(Waiting::Again { attempt: 2, of: 3 }));
    assert!(shown(&again).contains("trying again, 2 of 3"));
    assert!(!shown(&again.press("<esc>")).contains("trying again"));
}
