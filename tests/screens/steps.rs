//! What keys and events do, without a terminal: messages in, steps and effects out.

use az_cargo_wizard::domain::credential::{Credential, Secret, TokenStore};
use az_cargo_wizard::domain::feed::Feed;
use az_cargo_wizard::domain::plan::{ConfigScope, SetupPlan};
use az_cargo_wizard::domain::progress::FetchEnd;
use az_cargo_wizard::error::Exit;
use az_cargo_wizard::task::{self, Event, Request};
use az_cargo_wizard::tui::{Msg, Opening, Step, Theme};

use crate::all_states;
use crate::wizard::Wizard;
use crate::world;

fn wizard() -> Wizard {
    Wizard::opened(Theme::default())
}

fn signed_in_as(name: &str) -> Event {
    let account =
        az_cargo_wizard::domain::account::Account { display_name: name.to_owned(), ..world::account() };
    Event::SignedIn { account, credential: Credential::Pat(Secret::new(format!("token of {name}"))) }
}

/// The plan that the last review was asked for.
fn plan_asked(wizard: &Wizard) -> SetupPlan {
    match wizard.request() {
        Request::Review(plan) => plan.clone(),
        other => panic!("no review was asked for, but {other:?}"),
    }
}

fn organization_asked(wizard: &Wizard) -> String {
    match wizard.request() {
        Request::SignIn(sign_in) => sign_in.collection.as_ref().unwrap().name(),
        Request::Feeds { collection, .. } => collection.name(),
        other => panic!("no organization was asked, but {other:?}"),
    }
}

/// A feed found in the configuration, and a credential typed for it.
fn at_log_in_as_it_is() -> Wizard {
    wizard().checked(world::cloned()).signed_in()
}

mod going_back {
    use super::*;

    #[test]
    fn the_organization_that_was_typed_stays() {
        let wizard = wizard().checked(world::bare_checkout()).press("fabri<enter><esc>kam<enter>");
        assert_eq!(wizard.app.step(), Step::SignIn);
        assert_eq!(organization_asked(&wizard.paste(world::TOKEN).press("<enter>")), "fabrikam");
    }

    #[test]
    fn the_answers_of_the_form_stay() {
        let form = wizard().at_config().press("<space><tab>-x<tab><space><tab><tab><space><enter>");
        let plan = plan_asked(&form);
        assert_eq!(plan.scope, ConfigScope::User);
        assert_eq!(plan.registry.as_str(), "rust-crates-x");
        assert_eq!(plan.store, TokenStore::ThisRunOnly);
        let again = form.answer(Event::Reviewed(world::review(plan.clone()))).press("<esc><esc>");
        assert_eq!(again.app.step(), Step::Feed);
        assert_eq!(plan_asked(&again.press("<enter><enter>")), plan);
    }

    #[test]
    fn the_filter_and_the_cursor_stay() {
        let wizard = wizard().with_feeds(world::feeds()).press("/open<enter><enter>");
        let chosen = wizard.press("<enter>");
        let plan = plan_asked(&chosen);
        assert!(plan.index.as_str().contains("/open-crates/"), "{}", plan.index);
        let again = chosen.press("<esc><esc><enter><enter>");
        assert_eq!(plan_asked(&again), plan);
    }

    #[test]
    fn the_first_step_stays_and_so_does_its_job() {
        let wizard = wizard().press("<esc><esc>");
        assert_eq!((wizard.app.step(), wizard.cancelled.len()), (Step::Check, 0));
        assert_eq!(wizard.checked(world::checkout()).app.step(), Step::Organization);
    }

    #[test]
    fn a_step_that_was_skipped_is_skipped_backwards_too() {
        let wizard = wizard()
            .checked(world::no_project())
            .press("contoso<enter>")
            .signed_in()
            .answer(Event::Feeds(world::feeds()))
            .press("<enter>")
            .reviewed(world::review)
            .agree()
            .answer(world::applied())
            .press("<enter>")
            .answer(world::logged_in());
        assert_eq!(wizard.app.step(), Step::Done);
        assert_eq!(wizard.press("<esc>").app.step(), Step::LogIn);
    }

    #[test]
    fn a_form_without_a_feed_is_passed_over() {
        let wizard = at_log_in_as_it_is().press("<esc>");
        assert_eq!(wizard.app.step(), Step::Feed, "to choose another one than the one that was found");
        assert!(matches!(wizard.request(), Request::Feeds { .. }));
    }

    #[test]
    fn a_fetch_that_was_started_directly_leads_back_to_a_screen_with_answers() {
        let opening = Opening::Fetch { locked: true, force_auth: false };
        let wizard = Wizard::opened_for(Theme::default(), opening).checked(world::checkout());
        assert_eq!(
            wizard.request(),
            &Request::Restore(task::Restore { locked: true, ..task::Restore::default() })
        );
        let wizard = wizard.fail(world::no_network()).press("<esc>");
        assert_eq!(wizard.app.step(), Step::Organization);
    }
}

mod jobs {
    use super::*;

    #[test]
    fn a_late_sign_in_is_ignored() {
        let wizard = wizard().at_sign_in().paste(world::TOKEN).press("<enter>");
        let job = wizard.job();
        let wizard = wizard.press("<esc>");
        assert_eq!(wizard.cancelled, [job]);
        let before = format!("{:?}", wizard.app);
        let wizard = wizard.told(Msg::Job(job, world::signed_in()));
        assert_eq!(format!("{:?}", wizard.app), before);
    }

    #[test]
    fn late_feeds_are_ignored() {
        let wizard = wizard().at_sign_in().signed_in();
        let job = wizard.job();
        let wizard = wizard.press("<esc>");
        assert_eq!((wizard.app.step(), &wizard.cancelled), (Step::SignIn, &vec![job]));
        let before = format!("{:?}", wizard.app);
        let wizard = wizard.told(Msg::Job(job, Event::Feeds(world::feeds())));
        assert_eq!(format!("{:?}", wizard.app), before);
        let wizard = wizard.press("<enter>");
        assert!(matches!(wizard.request(), Request::Feeds { .. }), "and the list is asked for again");
        assert!(wizard.job() > job);
    }

    #[test]
    fn details_are_asked_for_where_the_cursor_rests() {
        let feeds = world::feeds();
        let wizard = wizard().with_feeds(feeds.clone());
        let jobs = wizard.started.len();
        let wizard = wizard.at(0).at(200).press("j").at(260).at(400);
        assert_eq!(wizard.started.len(), jobs, "the cursor has moved meanwhile");
        let wizard = wizard.at(600);
        let Request::FeedDetails(details) = wizard.request() else { panic!("no details") };
        assert_eq!(details.feed, feeds[1]);
        assert!(!wizard.app.moves(), "an idle wizard needs no ticks");
        let first = wizard.job();
        let wizard = wizard.press("j").at(1000).at(1300);
        assert_eq!(wizard.cancelled, [first], "nobody waits for what is not looked at any more");
        let late = wizard.told(Msg::Job(first, world::details(&feeds[1])));
        assert!(matches!(late.request(), Request::FeedDetails(_)));
    }

    #[test]
    fn details_that_were_not_waited_for_are_asked_for_again() {
        let wizard = wizard().with_feeds(world::feeds()).at(0).at(300).press("<esc>");
        let jobs = wizard.started.len();
        let wizard = wizard.press("<enter>").at(400).at(700);
        assert_eq!(wizard.started.len(), jobs + 1);
        assert!(matches!(wizard.request(), Request::FeedDetails(_)));
    }

    #[test]
    fn the_same_event_twice_counts_once() {
        let wizard = wizard().with_feeds(world::feeds());
        let (job, before) = (wizard.job(), format!("{:?}", wizard.app));
        let wizard = wizard.told(Msg::Job(job, Event::Feeds(Vec::new())));
        assert_eq!(format!("{:?}", wizard.app), before);
    }
}

/// A credential goes to the organization it was typed for, and nowhere else.
mod another_organization {
    use super::*;

    #[test]
    fn drops_credential_and_account() {
        let wizard = wizard().with_feeds(world::feeds()).press("<esc><esc>j").press("fabrikam<enter>");
        assert_eq!(wizard.app.step(), Step::SignIn);
        let jobs = wizard.started.len();
        let wizard = wizard.press("r");
        assert_eq!(
            (wizard.app.step(), wizard.started.len()),
            (Step::SignIn, jobs),
            "there is nothing to keep"
        );
        let wizard = wizard.signed_in();
        assert_eq!(organization_asked(&wizard), "fabrikam");
    }

    #[test]
    fn is_not_the_same_one_in_another_spelling() {
        let wizard = wizard()
            .with_feeds(world::feeds())
            .press("<esc><esc>j")
            .paste("https://contoso.visualstudio.com")
            .press("<enter><enter>");
        assert_eq!(wizard.app.step(), Step::Feed, "who signed in stays signed in");
    }

    #[test]
    fn is_not_exchanged_for_the_one_of_the_files_by_going_on_from_check() {
        // The files name contoso; the person signs in to fabrikam, goes back to Check and on again.
        let wizard = wizard()
            .checked(world::cloned())
            .press("<esc>j")
            .press("fabrikam<enter>")
            .signed_in()
            .answer(Event::Feeds(world::feeds()))
            .press("<esc><esc><esc>");
        assert_eq!(wizard.app.step(), Step::Check);
        let wizard = wizard.press("<enter>");
        assert_eq!(wizard.app.step(), Step::Organization);
        let asked =
            |wizard: &Wizard| wizard.started.iter().any(|(_, request)| matches!(request, Request::LogIn(_)));
        let wizard = wizard.press("G<enter><enter>");
        assert!(!asked(&wizard), "fabrikam's credential must not be offered to contoso's feed");
    }

    #[test]
    fn found_by_another_check_drops_the_credential_too() {
        let mut moved = world::cloned();
        let feed = moved.in_force.as_mut().unwrap();
        feed.target = world::target("https://pkgs.dev.azure.com/fabrikam/_packaging/rust/Cargo/index/");
        let wizard = at_log_in_as_it_is().press("<esc><esc><esc><esc>r").checked(moved);
        assert_eq!(wizard.app.step(), Step::SignIn);
        assert!(!format!("{:?}", wizard.app).contains("Ana Costa"), "nobody is signed in there");
    }
}

mod another_answer {
    use super::*;

    #[test]
    fn signing_in_as_somebody_else_lists_their_feeds() {
        let wizard = wizard().with_feeds(world::feeds()).press("<esc>r").paste("another").press("<enter>");
        let wizard = wizard.answer(signed_in_as("Ben"));
        let Request::Feeds { credential, .. } = wizard.request() else { panic!("no feeds were asked for") };
        assert_eq!(credential.as_ref(), Some(&Credential::Pat(Secret::new("token of Ben"))));
    }

    #[test]
    fn another_feed_starts_from_its_own_plan() {
        let wizard = wizard().at_log_in().press("<esc><esc>j<enter><enter>");
        assert!(plan_asked(&wizard).index.as_str().contains("/rust-releases/"));
        let summary = wizard.app.summary().concat();
        assert!(
            summary.contains("Changed .cargo/config.toml"),
            "what was written stays on record: {summary}"
        );
    }

    #[test]
    fn another_store_has_to_be_proved_anew() {
        let wizard = wizard().at_restore().fail(world::no_network()).press("<esc><esc>");
        let wizard = wizard.press("<s-tab><space>").reviewed(world::review).agree();
        let wizard = wizard.answer(world::applied());
        assert_eq!(wizard.app.step(), Step::LogIn);
        let wizard = wizard.press("<enter>");
        let Request::LogIn(log_in) = wizard.request() else { panic!("the feed was not asked") };
        assert_eq!(log_in.plan.store, TokenStore::ThisRunOnly);
        let wizard = wizard.answer(world::logged_in());
        let Request::Restore(restore) = wizard.request() else { panic!("no fetch") };
        let (registry, credential) = restore.credential.clone().unwrap();
        assert_eq!(registry.as_str(), "rust-crates");
        assert_eq!(credential, Credential::Pat(Secret::new(world::TOKEN)));
    }

    #[test]
    fn a_new_check_brings_its_own_guesses() {
        let wizard = wizard().checked(world::bare_checkout()).press("<esc>r").checked(world::checkout());
        let wizard = wizard.press("<enter>").paste(world::TOKEN).press("<enter>");
        assert_eq!(organization_asked(&wizard), "contoso");
    }
}

mod logging_in {
    use super::*;

    fn reviewed() -> Wizard {
        let wizard = at_log_in_as_it_is();
        let plan = plan_asked(&wizard);
        assert_eq!(plan.scope, ConfigScope::AsItIs);
        wizard.answer(Event::Reviewed(world::review_of_the_users_file(plan)))
    }

    #[test]
    fn writes_what_the_users_file_lacks_once_the_feed_has_agreed() {
        let wizard = reviewed().press("<enter>");
        assert!(matches!(wizard.request(), Request::LogIn(_)));
        let wizard = wizard.answer(world::logged_in());
        assert!(matches!(wizard.request(), Request::Apply(_)));
        assert_eq!(wizard.answer(world::applied()).app.step(), Step::Restore);
    }

    #[test]
    fn reads_the_configuration_again_where_that_has_failed() {
        let wizard = at_log_in_as_it_is().fail(world::file_is_locked()).press("r");
        assert_eq!(plan_asked(&wizard).scope, ConfigScope::AsItIs, "what it lacks must still be known");
    }

    #[test]
    fn writes_again_where_that_has_failed() {
        let wizard = reviewed().press("<enter>").answer(world::logged_in()).fail(world::file_is_locked());
        assert!(wizard.app.summary().concat().contains("Credential in"), "that part has happened");
        let wizard = wizard.press("r");
        let plan = plan_asked(&wizard);
        let wizard = wizard.answer(Event::Reviewed(world::review_of_the_users_file(plan))).press("<enter>");
        assert!(matches!(wizard.request(), Request::Apply(_)));
    }

    #[test]
    fn is_left_by_esc_while_it_reads() {
        assert_eq!(at_log_in_as_it_is().press("<esc>").app.step(), Step::Feed);
    }

    #[test]
    fn forgets_the_difference_of_a_feed_that_was_not_taken() {
        // The difference for the found feed is there; then another feed is chosen and configured.
        let wizard = reviewed().press("<esc>").answer(Event::Feeds(world::feeds())).press("j<enter>");
        let wizard = wizard.reviewed(world::review).agree().answer(world::applied());
        let wizard = wizard.press("<enter>").answer(world::logged_in());
        assert_eq!(wizard.app.step(), Step::Restore);
        assert!(matches!(wizard.request(), Request::Restore(_)));
    }
}

mod fetching {
    use super::*;

    fn running() -> Wizard {
        wizard().at_restore().fetching(world::half_a_fetch())
    }

    fn cancelled() -> FetchEnd {
        FetchEnd::Cancelled { removed: Vec::new() }
    }

    #[test]
    fn q_asks_first() {
        let wizard = running().press("q");
        assert_eq!((wizard.quit, wizard.cancelled.len()), (None, 0));
        let wizard = wizard.press("<esc>q");
        let job = wizard.job();
        let wizard = wizard.press("<enter>");
        assert_eq!((wizard.quit, &wizard.cancelled), (None, &vec![job]));
        assert!(wizard.app.is_leaving());
        assert_eq!(wizard.ended(cancelled(), None).quit, Some(Exit::Interrupted));
    }

    #[test]
    fn ctrl_c_cancels_and_leaves_when_the_fetch_has_ended() {
        let wizard = running().press("<c-c>");
        assert_eq!((wizard.quit, &wizard.cancelled), (None, &vec![wizard.job()]));
        assert_eq!(wizard.ended(cancelled(), None).quit, Some(Exit::Interrupted));
    }

    #[test]
    fn ctrl_c_twice_leaves_at_once() {
        assert_eq!(running().press("<c-c><c-c>").quit, Some(Exit::Interrupted));
    }

    #[test]
    fn being_asked_to_end_is_like_ctrl_c() {
        let wizard = running().told(Msg::Stop);
        assert_eq!(wizard.quit, None);
        assert_eq!(wizard.told(Msg::Stop).quit, Some(Exit::Interrupted));
    }

    #[test]
    fn ctrl_c_leaves_from_everywhere() {
        for state in all_states() {
            let wizard = (state.build)(wizard()).press("<c-c><c-c>");
            assert_eq!(wizard.quit, Some(Exit::Interrupted), "{}", state.name);
        }
    }

    #[test]
    fn esc_asks_and_the_fetch_goes_on_meanwhile() {
        let wizard = running().press("<esc>");
        assert_eq!((wizard.app.step(), wizard.cancelled.len()), (Step::Restore, 0));
        let job = wizard.job();
        assert_eq!(wizard.press("<enter>").cancelled, [job]);
    }

    #[test]
    fn a_question_ends_with_what_it_was_about() {
        let wizard = running().press("q").ended(FetchEnd::Done, None);
        assert_eq!(wizard.press("<enter>").app.step(), Step::Done);
        let wizard = running().press("<esc>").ended(FetchEnd::Done, None);
        assert_eq!(wizard.press("q").quit, Some(Exit::Done));
    }

    #[test]
    fn the_exit_code_is_that_of_the_failure() {
        let at = Some(world::crate_id("serde", "1.0.228"));
        let failed = running().ended(FetchEnd::Failed { at }, Some(world::not_saved()));
        assert_eq!(failed.press("q").quit, Some(Exit::NotAllowed));
        let unnamed = running().ended(FetchEnd::Failed { at: None }, None);
        assert_eq!(unnamed.press("q").quit, Some(Exit::Cargo));
        assert_eq!(wizard().fail(world::no_cargo()).press("q").quit, Some(Exit::NotFound));
        assert_eq!(wizard().checked(world::old_cargo()).press("q").quit, Some(Exit::Failed));
        assert_eq!(wizard().at_done().press("<enter>").quit, Some(Exit::Done));
    }

    #[test]
    fn is_not_repeated_by_walking_back_and_forth() {
        let wizard = running().ended(FetchEnd::Done, None);
        let jobs = wizard.started.len();
        let wizard = wizard.press("<esc><enter>");
        assert_eq!((wizard.app.step(), wizard.started.len()), (Step::Restore, jobs));
    }

    #[test]
    fn is_repeated_for_another_feed() {
        let wizard = running().ended(FetchEnd::Done, None).press("<esc><esc><esc>j<enter>");
        let wizard = wizard.reviewed(world::review).agree().answer(world::applied()).press("<enter>");
        let wizard = wizard.answer(world::logged_in());
        assert_eq!(wizard.app.step(), Step::Restore);
        assert!(matches!(wizard.request(), Request::Restore(_)));
    }

    #[test]
    fn is_repeated_after_it_has_failed() {
        let wizard = running().fail(world::no_network()).press("<esc><enter>");
        assert!(matches!(wizard.request(), Request::Restore(_)));
        assert!(wizard.app.moves());
    }

    #[test]
    fn a_pasted_filter_filters() {
        let drawn = |wizard: &Wizard| crate::draw::text_of(crate::draw::drawn(wizard, (100, 30)).buffer());
        let text = drawn(&running().press("/").paste("syn\n"));
        assert!(text.contains("1 of 12") && !text.contains("serde"), "{text}");
    }
}

mod secrets {
    use super::*;

    #[test]
    fn are_in_no_debug_output() {
        let typed = wizard().at_sign_in().paste(world::TOKEN);
        let asking = wizard().at_sign_in().paste(world::TOKEN).press("<enter>");
        let states =
            vec![typed, asking, wizard().at_sign_in().signed_in(), wizard().at_restore(), wizard().at_done()];
        for wizard in states {
            let debug = format!("{wizard:?} {:#?}", wizard.app);
            assert!(!debug.contains(&world::TOKEN[..8]), "{debug}");
        }
    }

    #[test]
    fn are_gone_from_the_field_when_it_is_left() {
        let wizard = wizard().at_sign_in().paste(world::TOKEN).press("<esc><enter><enter>");
        assert!(matches!(wizard.request(), Request::Check), "an empty field asks nobody");
    }

    #[test]
    fn the_demos_token_is_copied_without_anything_that_steers_a_terminal() {
        let mut demo = world::demo();
        demo.demo_token = Some(format!("{}\u{1b}[2J\n", world::DEMO_TOKEN));
        let wizard = wizard().checked(demo).press("<enter>y");
        assert_eq!(wizard.copied, [format!("{}[2J", world::DEMO_TOKEN)]);
    }
}

#[test]
fn ctrl_z_gives_the_terminal_back_from_everywhere() {
    for state in all_states() {
        let wizard = (state.build)(wizard()).press("<c-z>");
        assert_eq!((wizard.suspended, wizard.quit), (1, None), "{}", state.name);
    }
}

#[test]
fn a_feed_takes_the_role_that_its_details_tell() {
    let mut feeds = world::feeds();
    feeds[0].role = None;
    let details =
        world::details(&Feed { role: Some(az_cargo_wizard::domain::feed::Role::Owner), ..feeds[0].clone() });
    let wizard = wizard().with_feeds(feeds).at(0).at(250).answer(details).press("<enter>");
    assert!(format!("{:?}", wizard.app).contains("role: Some(Owner)"));
}
