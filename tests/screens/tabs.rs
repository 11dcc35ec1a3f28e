//! The other tabs of the dashboard.

use az_cargo_wizard::domain::progress::FetchEnd;
use az_cargo_wizard::task::Request;
use az_cargo_wizard::task::check::Checkout;
use az_cargo_wizard::tui::{Step, Theme};

use crate::states;
use crate::wizard::Wizard;
use crate::world;

states! { "tab":
    restore_ready => |wizard| wizard.dashboard_of(world::looked_at()).press("<tab>");
    restore_looking => |wizard| wizard.dashboard().press("<tab>").at(300);
    restore_no_project => |wizard| {
        wizard.dashboard_of(Checkout { workspace: None, ..world::looked_at() }).press("<tab>")
    };
    restore_no_cargo => |wizard| {
        let checkout = Checkout { failure: Some(world::no_cargo()), cargo: None, ..world::looked_at() };
        wizard.dashboard_of(checkout).press("<tab>")
    };
    restore_running => |wizard| running(wizard).at(1200);
    restore_done => |wizard| running(wizard).ended(FetchEnd::Done, None);
    restore_failed => |wizard| {
        running(wizard).ended(FetchEnd::Failed { at: None }, Some(world::sign_in_needed()))
    };
}

fn running(wizard: Wizard) -> Wizard {
    wizard.dashboard_of(world::looked_at()).press("<tab><enter>").fetching(world::half_a_fetch())
}

fn opened() -> Wizard {
    Wizard::opened(Theme::default())
}

#[test]
fn nothing_is_fetched_before_somebody_says_so() {
    let ready = opened().dashboard_of(world::looked_at()).press("<tab>");
    assert!(!ready.started.iter().any(|(_, request)| matches!(request, Request::Restore(_))));
    assert!(matches!(ready.press("<enter>").request(), Request::Restore(_)));
}

#[test]
fn nothing_is_fetched_before_cargo_was_looked_at() {
    let looking = opened().dashboard().press("<tab><enter>");
    assert_eq!(looking.started.len(), 1);
}

/// The fetch goes on behind the other tabs, and is not left alone.
#[test]
fn a_fetch_goes_on_behind_another_tab() {
    let elsewhere = running(opened()).press("<tab>");
    assert_eq!((elsewhere.app.step(), elsewhere.cancelled.len()), (Step::Cache, 0));
    let asked = elsewhere.press("q");
    assert_eq!(asked.quit, None, "it asks first");
    assert!(asked.press("<enter>").cancelled.len() == 1);
}

#[test]
fn a_fetch_that_lacks_a_credential_leads_to_the_sign_in_and_esc_back() {
    let failed = running(opened()).ended(FetchEnd::Failed { at: None }, Some(world::sign_in_needed()));
    let signing_in = failed.press("<enter>");
    assert_eq!(signing_in.app.step(), Step::SignIn);
    assert_eq!(signing_in.press("<esc>").app.step(), Step::Restore);
}
