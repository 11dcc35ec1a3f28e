//! The Restore step.

use az_cargo_wizard::domain::progress::{FetchEnd, FetchEvent, Phase};
use az_cargo_wizard::task::{Event, ForceAuth, LoggedIn, Request};
use az_cargo_wizard::tui::Theme;

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
        .fetching(vec![FetchEvent::Phase(Phase::Waiting { on: "package cache".to_owned() })]);
    resolving => |wizard| wizard
        .at_restore()
        .fetching(vec![world::planned(), FetchEvent::Phase(Phase::Resolving { complete: 31, pending: 12 })]);
    downloading => |wizard| wizard.at_restore().fetching(world::half_a_fetch()).at(1200);
    filtering => |wizard| wizard.at_restore().fetching(world::half_a_fetch()).press("/r");
    filter_without_match => |wizard| wizard.at_restore().fetching(world::half_a_fetch()).press("/zzz<enter>");
    sorted_by_state => |wizard| wizard.at_restore().fetching(world::half_a_fetch()).press("s");
    sorted_by_size => |wizard| wizard.at_restore().fetching(world::half_a_fetch()).press("ss");
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
