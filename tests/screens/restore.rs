//! The Restore step.

use std::time::Duration;

use az_cargo_wizard::domain::progress::{FetchEnd, FetchEvent, Phase};
use az_cargo_wizard::task::{Event, ForceAuth, LoggedIn, Renewed, RenewedBy, Request};
use az_cargo_wizard::tui::Theme;

use crate::draw::{USUAL, drawn, text_of};
use crate::fetches;
use crate::states;
use crate::wizard::Wizard;
use crate::world;

states! { "restore":
    saving_asked => public_feed;
    saving_declined => |wizard| public_feed(wizard).press("<down>");
    starting => |wizard| wizard.at_restore().at(1000);
    waiting_for_another_cargo => |wizard| wizard
        .at_restore()
        .fetching(vec![FetchEvent::Phase(Phase::Waiting { on: "package cache".to_owned() })])
        .at(300)
        .at(3000);
    resolving => |wizard| wizard
        .at_restore()
        .fetching(vec![world::planned(), FetchEvent::Phase(Phase::Resolving { complete: 31, pending: 12 })])
        .at(300)
        .at(3000);
    downloading => |wizard| wizard.at_restore().fetching(world::half_a_fetch()).at(1200);
    filtering => |wizard| wizard.at_restore().fetching(world::half_a_fetch()).press("/r");
    filter_without_match => |wizard| wizard.at_restore().fetching(world::half_a_fetch()).press("/zzz<enter>");
    sorted_by_state => |wizard| wizard.at_restore().fetching(world::half_a_fetch()).press("s");
    sorted_by_size => |wizard| wizard.at_restore().fetching(world::half_a_fetch()).press("ss");
    sorted_by_time => |wizard| wizard.at_restore().fetching(world::half_a_fetch()).press("jjjjsss");
    sorted_after_a_choice => |wizard| {
        wizard.at_restore().fetching(fetches::of_thousands(3000)).press("<pagedown><down>ss")
    };
    waited => |wizard| wizard.at_restore().fetching(fetches::after_another()).at(5200);
    unpacking => |wizard| wizard
        .at_restore()
        .fetching(world::half_a_fetch())
        .fetching(vec![FetchEvent::Phase(Phase::Unpacking { name: "windows-sys".to_owned() })])
        .at(3400);
    renewed_on_the_way => |wizard| renewed(wizard).at(1500);
    renewed_and_done => |wizard| {
        renewed(wizard).fetching(world::fetch()).ended(FetchEnd::Done, None)
    };
    failed_with_nothing_to_renew => |wizard| wizard
        .at_restore()
        .fetching(world::half_a_fetch())
        .ended(FetchEnd::Failed { at: Some(world::crate_id("serde", "1.0.228")) }, Some(fetches::ran_out()));
    cargos_words => |wizard| wizard.at_restore().fetching(world::half_a_fetch()).press("d");
    no_words_yet => |wizard| wizard.at_restore().press("d");
    words_followed => |wizard| wizard.at_restore().fetching(fetches::many_words()).press("d");
    words_scrolled_up => |wizard| wizard.at_restore().fetching(fetches::many_words()).press("d<pageup><pageup>");
    words_wrapped => |wizard| wizard
        .at_restore()
        .fetching(fetches::long_words())
        .ended(FetchEnd::Failed { at: None }, Some(world::not_saved()))
        .press("d");
    retries => |wizard| wizard.at_restore().fetching(world::retries());
    cancelling => |wizard| wizard.at_restore().fetching(world::half_a_fetch()).press("<esc><enter>");
    cancelled => |wizard| wizard
        .at_restore()
        .fetching(world::half_a_fetch())
        .press("<esc><enter>")
        .ended(FetchEnd::Cancelled { removed: vec!["memchr-2.7.6.crate".to_owned()] }, None);
    done => |wizard| wizard.at_restore().fetching(world::fetch()).ended(FetchEnd::Done, None);
    done_nothing_new => |wizard| {
        wizard.at_restore().fetching(world::fetch_of_cached()).ended(FetchEnd::Done, None)
    };
    done_with_fewer_crates => |wizard| {
        wizard.at_restore().fetching(world::half_a_fetch()).ended(FetchEnd::Done, None)
    };
    failed_with_report => |wizard| wizard
        .at_restore()
        .fetching(world::half_a_fetch())
        .ended(FetchEnd::Failed { at: Some(world::crate_id("serde", "1.0.228")) }, Some(world::not_saved()));
    failed_for_want_of_a_credential => |wizard| wizard
        .at_restore()
        .fetching(vec![world::planned()])
        .ended(FetchEnd::Failed { at: None }, Some(world::sign_in_needed()));
    nothing_to_fetch => |wizard| {
        wizard.at_restore().fetching(vec![FetchEvent::Planned(Vec::new())]).ended(FetchEnd::Done, None)
    };
    one_crate => |wizard| wizard.at_restore().fetching(vec![world::planned_thousands(1)]).at(1000);
    wide_names => |wizard| {
        let wizard = wizard.with_feeds(world::wide_feeds()).press("<enter>");
        let wizard = wizard.reviewed(world::review).agree().answer(world::applied()).press("<enter>");
        wizard.answer(world::logged_in()).fetching(vec![world::planned_wide()]).at(1000)
    };
    failed_after_retries => |wizard| wizard
        .at_restore()
        .fetching(world::retries())
        .ended(FetchEnd::Failed { at: Some(world::crate_id("serde", "1.0.228")) }, Some(world::no_network()));
    failed_and_run_again => |wizard| wizard
        .at_restore()
        .fetching(world::retries())
        .ended(FetchEnd::Failed { at: None }, Some(world::no_network()))
        .press("r");
    failed_at_once => |wizard| wizard.at_restore().fail(world::no_cargo());
    no_crates => |wizard| wizard.at_restore().fetching(vec![]).ended(FetchEnd::Done, None);
    one_crate_arrived => |wizard| wizard.at_restore().fetching(fetches::of_one());
    many_crates => |wizard| wizard.at_restore().fetching(fetches::of_thousands(3000)).at(4200);
    far_scrolled => |wizard| wizard.at_restore().fetching(vec![world::planned_thousands(3000)]).press("G<up>");
    long_and_wide_names => |wizard| wizard.at_restore().fetching(fetches::of_long_names());
}

/// The feed answers everyone, and who is here may save crates into it.
fn public_feed(wizard: Wizard) -> Wizard {
    let Event::LoggedIn(logged_in) = world::logged_in() else { unreachable!("logged in") };
    wizard.at_log_in().press("<enter>").answer(Event::LoggedIn(LoggedIn { public: true, ..logged_in }))
}

/// The credential has run out on the way, and was renewed.
fn renewed(wizard: Wizard) -> Wizard {
    let at = Duration::from_millis(1300);
    let renewed = Renewed { by: RenewedBy::Entra, credential: None };
    wizard.at_restore().fetching(world::half_a_fetch()).answer(Event::Renewed { at, renewed })
}

/// The row under the cursor: where it is on the screen, and its text.
fn under_the_cursor(wizard: &Wizard) -> (u16, String) {
    let backend = drawn(wizard, USUAL);
    let y = backend.cursor_position().y;
    (y, text_of(backend.buffer()).lines().nth(y.into()).unwrap().to_owned())
}

/// Three thousand crates, most of them on their way.
fn thousands() -> Wizard {
    Wizard::opened(Theme::default()).at_restore().fetching(fetches::of_thousands(3000)).at(2000)
}

fn arrives(wizard: Wizard, index: usize, bytes: u64) -> Wizard {
    let id = world::crate_id(&format!("crate-{index:05}"), "1.2.3");
    let event = FetchEvent::Stored { id, bytes };
    wizard.answer(Event::Fetch { at: Duration::from_secs(3), event })
}

#[test]
fn the_chosen_crate_stays_chosen_and_in_its_place_while_crates_arrive() {
    for sorts in ["", "s", "ss", "sss"] {
        let wizard = thousands().press(sorts).press("<pagedown><pagedown><down>").at(2100);
        let (y, before) = under_the_cursor(&wizard);
        let name = before.split_whitespace().find(|word| word.starts_with("crate-")).unwrap().to_owned();
        let mut wizard = wizard;
        for index in (1..2999).step_by(13).filter(|index| !name.ends_with(&format!("{index:05}"))) {
            wizard = arrives(wizard, index, u64::try_from(index).unwrap() * 999);
        }
        let (now, after) = under_the_cursor(&wizard.at(3100));
        assert!(after.contains(&name), "{sorts}: {name} in {after}");
        assert_eq!(now, y, "{sorts}: the row moves under the eye");
    }
}

#[test]
fn the_chosen_crate_stays_chosen_through_every_order_and_filter() {
    let mut wizard = thousands().press("<pagedown><down>");
    let name = "crate-000";
    let (_, chosen) = under_the_cursor(&wizard);
    let chosen = chosen.split_whitespace().find(|word| word.starts_with(name)).unwrap().to_owned();
    for keys in ["s", "s", "s", "s", "/0", "0<enter>", "s", "<esc>", "/zzz<enter>", "<esc>"] {
        wizard = wizard.press(keys).at(2500);
        if keys != "/zzz<enter>" && !keys.starts_with("/0") {
            let (_, row) = under_the_cursor(&wizard);
            assert!(row.contains(&chosen), "after {keys}: {row}");
        }
    }
}

/// Whoever has chosen nothing sees what comes first in the order.
#[test]
fn an_untouched_table_stays_at_its_top() {
    let wizard = arrives(thousands().press("ss"), 2999, 1 << 40).at(3000);
    assert!(under_the_cursor(&wizard).1.contains("crate-02999"));
}

#[test]
fn what_a_run_came_to_stays_on_the_normal_screen() {
    let run = |end, report| {
        let wizard = Wizard::opened(Theme::default()).at_restore().fetching(world::half_a_fetch());
        wizard.ended(end, report).app.summary()
    };
    let removed = vec!["memchr-2.7.6.crate".to_owned()];
    let cancelled = run(FetchEnd::Cancelled { removed }, None);
    assert_eq!(cancelled[0], "cargo fetch was cancelled; 5 of 12 crates in the cache");
    assert_eq!(cancelled[1], "Removed as damaged: memchr-2.7.6.crate");
    assert_eq!(cancelled[2], "To go on: az-cargo-wizard fetch");
    let failed = run(FetchEnd::Failed { at: None }, Some(world::sign_in_needed()));
    assert_eq!(
        failed[0],
        "cargo fetch failed: the feed does not accept the stored credential any more; 5 of 12 crates in the cache"
    );
    assert_eq!(failed[1], "Sign in again");
    let done = run(FetchEnd::Done, None);
    assert!(done.iter().all(|line| !line.contains("cancelled") && !line.contains("failed")), "{done:?}");
    let running = Wizard::opened(Theme::default()).at_restore().fetching(world::half_a_fetch());
    assert!(running.app.summary()[0].contains("ended on its way"), "{:?}", running.app.summary());
    let again = running.ended(FetchEnd::Cancelled { removed: Vec::new() }, None).press("r");
    let done = again.fetching(world::fetch()).ended(FetchEnd::Done, None).app.summary();
    assert!(done[0].contains("12 crates in the cache"), "{done:?}");
}

#[test]
fn the_answer_about_saving_crates_is_what_the_fetch_goes_by() {
    for (keys, answer) in [("<enter>", true), ("<down><enter>", false), ("<down><up><enter>", true)] {
        let asked = public_feed(Wizard::opened(Theme::default()));
        assert!(!matches!(asked.request(), Request::Restore(_)), "it was not asked");
        let answered = asked.press(keys);
        let Request::Restore(restore) = answered.request() else { panic!("no fetch after {keys}") };
        assert_eq!(restore.force_auth, ForceAuth::Answered(answer), "{keys}");
    }
}

/// Who has answered once, or may not save crates anyway, is not asked.
#[test]
fn nobody_is_asked_about_saving_crates_without_need() {
    let Event::LoggedIn(logged_in) = world::logged_in() else { unreachable!("logged in") };
    for (public, forced) in [(false, None), (true, Some(true)), (true, Some(false))] {
        let wizard = Wizard::opened(Theme::default()).at_log_in().press("<enter>");
        let wizard = wizard.answer(Event::LoggedIn(LoggedIn { public, forced, ..logged_in.clone() }));
        assert!(matches!(wizard.request(), Request::Restore(_)), "asked though {public} {forced:?}");
    }
}
