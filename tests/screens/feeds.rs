//! The Feeds tab of the dashboard.

use az_cargo_wizard::domain::credential::{Credential, Secret};
use az_cargo_wizard::domain::feed::Feed;
use az_cargo_wizard::task::check::Checkout;
use az_cargo_wizard::task::{Event, Request};
use az_cargo_wizard::tui::{Msg, Step, Theme};

use crate::states;
use crate::wizard::Wizard;
use crate::world;

states! { "feeds":
    first_frame => Wizard::dashboard;
    asking => |wizard| stored(wizard.dashboard_of(world::looked_at())).at(300);
    nobody => |wizard| wizard.dashboard_of(world::looked_at()).stored(None);
    listed => |wizard| wizard.dashboard_with(world::feeds());
    signed_in_before => |wizard| {
        wizard.dashboard_of(world::signed_in_before()).told(Msg::Clock(world::NOON))
    };
    replaced_by_a_folder => |wizard| wizard.dashboard_of(world::vendored());
    back_from_crates_io => |wizard| {
        let checkout = Checkout { cargo: None, findings: Vec::new(), ..world::at_crates_io() };
        stored(wizard.dashboard_on(checkout, world::at_crates_io())).answer(Event::Feeds(world::feeds()))
    };
    crates_io_only => |wizard| {
        let bare = Checkout { registries: Vec::new(), in_force: None, ..world::looked_at() };
        wizard.dashboard_of(bare)
    };
    one => |wizard| {
        let mut checkout = world::looked_at();
        checkout.registries.truncate(1);
        stored(wizard.dashboard_of(checkout)).answer(Event::Feeds(Vec::new()))
    };
    many => |wizard| wizard.dashboard_with(world::many_feeds(400));
    far_scrolled => |wizard| wizard.dashboard_with(world::many_feeds(400)).press("G<up>");
    filtering => |wizard| wizard.dashboard_with(world::many_feeds(400)).press("/39");
    filter_without_match => |wizard| wizard.dashboard_with(world::feeds()).press("/zzz<enter>");
    failed => |wizard| stored(wizard.dashboard_of(world::looked_at())).fail(world::no_network());
    wide_names => |wizard| wizard.dashboard_with(world::wide_feeds());
    no_cargo => |wizard| {
        let checkout = Checkout { failure: Some(world::no_cargo()), cargo: None, ..world::looked_at() };
        stored(wizard.dashboard_of(checkout)).answer(Event::Feeds(world::feeds()))
    };
}

fn stored(wizard: Wizard) -> Wizard {
    wizard.stored(Some(Credential::Pat(Secret::new(world::TOKEN))))
}

fn asked(wizard: &Wizard, is_it: impl Fn(&Request) -> bool) -> bool {
    wizard.started.iter().any(|(_, request)| is_it(request))
}

fn opened() -> Wizard {
    Wizard::opened(Theme::default())
}

fn list(wizard: &Wizard) -> String {
    crate::draw::text_of(crate::draw::drawn(wizard, crate::draw::WIDE).buffer())
}

#[test]
fn the_dashboard_asks_nobody_before_cargo_was_looked_at() {
    let wizard = opened().dashboard();
    assert_eq!(wizard.app.step(), Step::Feeds);
    let requests: Vec<&Request> = wizard.started.iter().map(|(_, request)| request).collect();
    assert_eq!(requests, [&Request::Check]);
}

#[test]
fn who_has_everything_set_up_comes_to_the_dashboard_by_the_check_too() {
    let wizard = opened().checked(world::set_up());
    assert_eq!(wizard.app.step(), Step::Feeds);
    assert!(
        asked(&wizard, |request| matches!(request, Request::StoredCredential(_))),
        "{:?}",
        wizard.started
    );
}

#[test]
fn a_feed_that_answers_everyone_needs_nobody() {
    let mut open = world::cloned();
    if let Some(in_force) = &mut open.in_force {
        in_force.open = true;
    }
    let wizard = opened().checked(open);
    assert_eq!(wizard.app.step(), Step::Feeds);
    assert!(
        asked(&wizard, |request| matches!(request, Request::Feeds { credential: None, .. })),
        "{:?}",
        wizard.started
    );
    assert!(list(&wizard).contains("not signed in: the feed answers everyone"), "{}", list(&wizard));
}

#[test]
fn a_question_of_trust_comes_before_the_tabs_and_leads_back_to_them() {
    let wizard = opened().dashboard().answer(Event::NeedsTrust(world::hazards()));
    assert_eq!(wizard.app.step(), Step::Check);
    let trusted = wizard.press("<down><enter>").checked(world::looked_at());
    assert_eq!(trusted.app.step(), Step::Feeds);
}

#[test]
fn the_tabs_go_round_and_what_they_know_stays() {
    let steps = |keys: &str| opened().dashboard_with(world::feeds()).press(keys).app.step();
    assert_eq!(steps("<tab>"), Step::Restore);
    assert_eq!(steps("<tab><tab>"), Step::Cache);
    assert_eq!(steps("<tab><tab><tab>"), Step::Doctor);
    assert_eq!(steps("<tab><tab><tab><tab>"), Step::Feeds);
    assert_eq!(steps("<s-tab>"), Step::Doctor);
    let before = opened().dashboard_with(world::feeds());
    let after = opened().dashboard_with(world::feeds()).press("<tab><s-tab>");
    assert_eq!(list(&before), list(&after));
}

#[test]
fn another_feed_is_chosen_in_the_steps_and_esc_comes_back() {
    let signed_in = opened().dashboard_with(world::feeds()).press("a");
    assert_eq!(signed_in.app.step(), Step::Feed);
    let back = signed_in.press("<esc>");
    assert_eq!(back.app.step(), Step::Feeds);
    assert!(
        back.started.iter().filter(|(_, request)| *request == Request::Check).count() == 2,
        "looked again"
    );
    assert_eq!(back.press("n").app.step(), Step::NewFeed);
    let nobody = opened().dashboard_of(world::looked_at()).stored(None).press("a");
    assert_eq!(nobody.app.step(), Step::SignIn);
    assert_eq!(nobody.press("<esc>").app.step(), Step::Feeds);
}

#[test]
fn the_cursor_stays_on_its_feed_while_the_list_grows() {
    let wizard = stored(opened().dashboard_of(world::many_registries(9))).press("<down><down>");
    let before = crate::draw::reversed(crate::draw::drawn(&wizard, crate::draw::WIDE).buffer());
    let after = wizard.answer(Event::Feeds(world::many_feeds(50)));
    let after = crate::draw::reversed(crate::draw::drawn(&after, crate::draw::WIDE).buffer());
    assert_eq!(before[0].1, after[0].1);
}

#[test]
fn the_time_that_is_left_to_a_token_of_before_goes_by() {
    let before = opened().dashboard_of(world::looked_at());
    assert!(!before.app.tells_time(), "nothing is known of it");
    let wizard = opened().dashboard_of(world::signed_in_before());
    assert!(wizard.app.tells_time());
    let at = |wizard: Wizard, time: u64| list(&wizard.told(Msg::Clock(time)));
    let now = at(wizard, world::NOON + 60);
    assert!(
        now.contains("expires in 42 min") && now.contains("PAT") && now.contains("system keyring"),
        "{now}"
    );
}

#[test]
fn from_crates_io_one_comes_back_by_keyboard() {
    let checkout = Checkout { cargo: None, findings: Vec::new(), ..world::at_crates_io() };
    let wizard = opened().dashboard_on(checkout, world::at_crates_io());
    assert!(asked(&wizard, |request| matches!(request, Request::StoredCredential(_))));
    let wizard = wizard.press("1");
    assert!(matches!(wizard.request(), Request::PlanSwitch(_)), "{:?}", wizard.request());
    // By the check, too.
    assert_eq!(opened().checked(world::at_crates_io()).app.step(), Step::Feeds);
    let nobody = Checkout { way_back: None, ..world::at_crates_io() };
    assert_eq!(opened().checked(nobody).app.step(), Step::Organization);
}

#[test]
fn a_list_that_failed_is_asked_for_again() {
    let failed = stored(opened().dashboard_of(world::looked_at())).fail(world::no_network());
    let before = failed.started.len();
    let again = failed.press("r");
    assert!(matches!(again.request(), Request::Feeds { .. }) && again.started.len() == before + 1);
    let listed: Vec<Feed> = world::feeds();
    assert!(list(&again.answer(Event::Feeds(listed))).contains("open-crates"));
}
