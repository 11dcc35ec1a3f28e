//! Two organizations on one dashboard: what one is asked, told and trusted with is never the other's.

use az_cargo_wizard::domain::credential::{Credential, Secret};
use az_cargo_wizard::domain::organization::Collection;
use az_cargo_wizard::task::check::Checkout;
use az_cargo_wizard::task::feeds::Stored;
use az_cargo_wizard::task::{Event, JobId, Renewed, RenewedBy, Request};
use az_cargo_wizard::tui::{Msg, Step, Theme};

use crate::draw::{WIDE, drawn, text_of};
use crate::switch;
use crate::wizard::Wizard;
use crate::world;

fn opened() -> Wizard {
    Wizard::opened(Theme::default())
}

fn shown(wizard: &Wizard) -> String {
    text_of(drawn(wizard, WIDE).buffer())
}

fn collection(text: &str) -> Collection {
    world::target(text).collection
}

fn credential(text: &str) -> Credential {
    Credential::Pat(Secret::new(text))
}

fn stored(text: &str) -> Event {
    Event::StoredCredential(Some(Stored { credential: credential(text), login: None }))
}

/// The job that looks for the credential of an organization.
fn search(wizard: &Wizard, of: &str) -> Option<JobId> {
    let request = Request::StoredCredential(collection(of));
    wizard.started.iter().rev().find(|(_, started)| *started == request).map(|(id, _)| *id)
}

/// A feed is switched to, and this is what is in force then.
pub(crate) fn switched(wizard: Wizard, checkout: Checkout) -> Wizard {
    wizard
        .answer_to(|request| *request == Request::Switches, Event::Switches(switch::switches()))
        .press("4")
        .answer_to(
            |request| matches!(request, Request::PlanSwitch(_)),
            Event::Planned(Box::new(switch::change())),
        )
        .answer_to(|request| matches!(request, Request::MakeChange(_)), world::applied())
        .answer_to(|request| *request == Request::Check, Event::Checked(Box::new(checkout)))
}

/// Everybody that was asked for feeds, and with what.
fn lists(wizard: &Wizard) -> Vec<(Collection, Option<Credential>)> {
    let lists = wizard.started.iter().filter_map(|(_, request)| match request {
        Request::Feeds { collection, credential } => Some((collection.clone(), credential.clone())),
        _ => None,
    });
    lists.collect()
}

#[test]
fn a_credential_that_comes_late_is_not_sent_to_the_organization_that_is_at_hand_by_then() {
    let wizard = opened().dashboard_of(world::looked_at());
    let first = search(&wizard, "contoso").expect("it is looked for");
    let wizard = switched(wizard, world::of_fabrikam());
    let second = search(&wizard, "fabrikam").expect("the other one has its own");
    let wizard = wizard.told(Msg::Job(first, stored("contosos-own")));
    assert_eq!(lists(&wizard), [], "it belongs to nobody here");
    let wizard = wizard.told(Msg::Job(second, stored("fabrikams-own")));
    assert_eq!(lists(&wizard), [(collection("fabrikam"), Some(credential("fabrikams-own")))]);
}

#[test]
fn the_feeds_of_one_are_not_shown_as_the_others() {
    let wizard = opened().dashboard_with(world::feeds());
    assert!(shown(&wizard).contains("contoso/Community/open-crates"));
    let wizard = switched(wizard, world::of_fabrikam());
    let text = shown(&wizard);
    assert!(!text.contains("open-crates") && text.contains("Listing the feeds of fabrikam"), "{text}");
}

#[test]
fn a_list_that_comes_late_is_dropped() {
    let asking = opened().dashboard_of(world::looked_at()).stored(Some(credential("contosos-own")));
    let late = asking.job();
    let wizard = switched(asking, world::of_fabrikam());
    let text = shown(&wizard.told(Msg::Job(late, Event::Feeds(world::feeds()))));
    assert!(!text.contains("open-crates") && text.contains("Listing the feeds of fabrikam"), "{text}");
}

#[test]
fn what_a_fetch_renews_for_one_is_not_taken_for_the_other() {
    let wizard = opened().dashboard_of(world::looked_at()).press("<tab><enter>");
    let fetch = wizard.job();
    let wizard = switched(wizard.press("<s-tab>"), world::of_fabrikam());
    let renewed = Renewed { by: RenewedBy::Entra, credential: Some(credential("contosos-own")) };
    let at = std::time::Duration::from_secs(1);
    let wizard = wizard.told(Msg::Job(fetch, Event::Renewed { at, renewed })).press("<tab><s-tab>");
    assert!(lists(&wizard).is_empty(), "{:?}", lists(&wizard));
}

/// Nothing is sent to a host that only a checkout names before somebody has typed it, whatever is in force.
#[test]
fn an_unknown_host_that_was_switched_to_is_not_where_one_signs_in() {
    let wizard = opened().dashboard_of(world::looked_at()).stored(None);
    let wizard = switched(wizard, world::of_attacker()).press("a<esc>");
    let wizard = wizard
        .answer_to(|request| *request == Request::Check, Event::Checked(Box::new(world::of_attacker())));
    let wizard = wizard.press("a");
    assert_eq!(wizard.app.step(), Step::SignIn);
    let text = shown(&wizard);
    assert!(text.contains("Sign in to contoso") && !text.contains("attacker"), "{text}");
    let wizard = wizard.paste(world::TOKEN).press("<enter>");
    let Request::SignIn(asked) = wizard.request() else { panic!("{:?}", wizard.request()) };
    assert_eq!(asked.collection, Some(collection("contoso")));
    // Nor is the credential of the one tried on the feed of the other.
    let wizard = wizard.answer(world::signed_in());
    assert_eq!(wizard.app.step(), Step::Feed);
}

#[test]
fn who_came_as_everybody_has_a_name_again_where_the_next_feed_knows_one() {
    let mut open = world::looked_at();
    let in_force = open.in_force.as_mut().unwrap();
    (in_force.token_in, in_force.open) = (None, true);
    let wizard = opened().dashboard_of(open);
    assert_eq!(lists(&wizard), [(collection("contoso"), None)]);
    let wizard =
        wizard.answer_to(|request| matches!(request, Request::Feeds { .. }), Event::Feeds(world::feeds()));
    assert!(search(&wizard, "contoso").is_none());
    let wizard = switched(wizard, world::looked_at());
    assert!(search(&wizard, "contoso").is_some(), "{:?}", wizard.started.last());
}
