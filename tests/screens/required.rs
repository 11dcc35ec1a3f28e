//! Which states every step must have a snapshot of, and at which sizes: a step that lacks one fails here.

use az_cargo_wizard::tui::{Step, Theme};

use crate::all_states;
use crate::wizard::Wizard;
use crate::world;

/// What can be the matter with a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Empty,
    Loading,
    One,
    Many,
    /// Scrolled as far as it goes, or nearly.
    Far,
    Failed,
    /// Names that are very long, wide, or put together from several characters.
    Wide,
}

use Kind::{Empty, Failed, Far, Loading, Many, One, Wide};

const KINDS: [Kind; 7] = [Empty, Loading, One, Many, Far, Failed, Wide];

/// The states of one step, in the order of the kinds; where there is no such state, why.
type Row = (Step, [Result<&'static str, &'static str>; 7]);

const REQUIRED: [Row; 13] = [
    (
        Step::Check,
        [
            Ok("check_no_project"),
            Ok("check_looking"),
            Ok("check_cannot_go_on"),
            Ok("check_passed"),
            Ok("check_many_hazards_far"),
            Ok("check_failed"),
            Ok("check_wide_names"),
        ],
    ),
    (
        Step::Organization,
        [
            Ok("organization_nothing_known"),
            Err("it asks nobody: what the check has found is there"),
            Ok("organization_known_guess"),
            Ok("organization_many_guesses"),
            Ok("organization_many_guesses_far"),
            Ok("organization_typed_error"),
            Ok("organization_wide_guess"),
        ],
    ),
    (
        Step::SignIn,
        [
            Ok("sign_in_entering"),
            Ok("sign_in_asking"),
            Ok("sign_in_for_a_cloned_project"),
            Ok("sign_in_choosing"),
            Err("the ways to sign in are a handful"),
            Ok("sign_in_failed"),
            Ok("sign_in_wide_names"),
        ],
    ),
    (
        Step::Feed,
        [
            Ok("feed_empty"),
            Ok("feed_loading"),
            Ok("feed_one"),
            Ok("feed_many"),
            Ok("feed_far_scrolled"),
            Ok("feed_failed"),
            Ok("feed_wide_names"),
        ],
    ),
    (
        Step::Config,
        [
            Ok("config_name_missing"),
            Ok("config_reviewing"),
            Ok("config_file_asked"),
            Ok("config_reviewed"),
            Ok("config_reviewed_to_its_end"),
            Ok("config_failed"),
            Ok("config_wide_names"),
        ],
    ),
    (
        Step::LogIn,
        [
            Err("without a feed and a credential nobody comes here"),
            Ok("log_in_proving"),
            Ok("log_in_ready"),
            Ok("log_in_long_difference"),
            Ok("log_in_long_difference_to_its_end"),
            Ok("log_in_failed"),
            Ok("log_in_wide_names"),
        ],
    ),
    (
        Step::Restore,
        [
            Ok("restore_nothing_to_fetch"),
            Ok("restore_starting"),
            Ok("restore_one_crate"),
            Ok("restore_downloading"),
            Ok("restore_far_scrolled"),
            Ok("restore_failed_with_report"),
            Ok("restore_wide_names"),
        ],
    ),
    (
        Step::Done,
        [
            Ok("done_no_cache"),
            Ok("done_looking"),
            Ok("done_one_crate"),
            Ok("done_with_cache"),
            Ok("done_far_scrolled"),
            Ok("done_cache_unreadable"),
            Ok("done_wide_names"),
        ],
    ),
    (
        Step::NewFeed,
        [
            Ok("new_feed_no_name"),
            Ok("new_feed_planning"),
            Ok("new_feed_one_feed_only"),
            Ok("new_feed_shown"),
            Ok("new_feed_shown_to_its_end"),
            Ok("new_feed_failed"),
            Ok("new_feed_wide_names"),
        ],
    ),
    (
        Step::Upstream,
        [
            Err("a feed without sources is the one that crates.io is added to: `One`"),
            Ok("upstream_asking"),
            Ok("upstream_shown"),
            Ok("upstream_many"),
            Ok("upstream_many_to_its_end"),
            Ok("upstream_failed"),
            Ok("upstream_wide_names"),
        ],
    ),
    (
        Step::Feeds,
        [
            Ok("feeds_crates_io_only"),
            Ok("feeds_asking"),
            Ok("feeds_one"),
            Ok("feeds_many"),
            Ok("feeds_far_scrolled"),
            Ok("feeds_failed"),
            Ok("feeds_wide_names"),
        ],
    ),
    (
        Step::Cache,
        [
            Ok("cache_empty"),
            Ok("cache_looking"),
            Ok("cache_one"),
            Ok("cache_listed"),
            Ok("cache_far_scrolled"),
            Ok("cache_failed"),
            Ok("cache_wide_names"),
        ],
    ),
    (
        Step::Doctor,
        [
            Err("there is always something to be told"),
            Ok("doctor_looking"),
            Ok("doctor_one"),
            Ok("doctor_told"),
            Ok("doctor_far_scrolled"),
            Ok("doctor_failed"),
            Ok("doctor_wide_names"),
        ],
    ),
];

/// The states that are required, with their step and kind.
fn required() -> impl Iterator<Item = (Step, Kind, &'static str)> {
    REQUIRED.iter().flat_map(|(step, states)| {
        KINDS.into_iter().zip(states).filter_map(|(kind, state)| Some((*step, kind, (*state).ok()?)))
    })
}

/// Whether the state must be seen on a narrow terminal too.
pub(crate) fn is_narrow(name: &str) -> bool {
    required().any(|(_, kind, state)| state == name && matches!(kind, Empty | Many | Failed))
}

fn built(name: &str) -> Wizard {
    let state = all_states().find(|state| state.name == name);
    let state = state.unwrap_or_else(|| panic!("there is no state `{name}`"));
    (state.build)(Wizard::opened(Theme::default()))
}

#[test]
fn every_step_has_its_row() {
    let steps: Vec<Step> = Step::ALL
        .into_iter()
        .chain([Step::NewFeed, Step::Upstream, Step::Feeds, Step::Cache, Step::Doctor])
        .collect();
    let rows: Vec<Step> = REQUIRED.iter().map(|(step, _)| *step).collect();
    assert_eq!(rows, steps);
}

/// Each is a state of its own, and of the step that it stands for.
#[test]
fn every_required_state_is_there() {
    let mut seen = Vec::new();
    for (step, kind, name) in required() {
        assert!(!seen.contains(&name), "`{name}` stands for two");
        seen.push(name);
        let wizard = built(name);
        assert_eq!(wizard.app.step(), step, "{name}");
        assert!(kind != Loading || wizard.app.moves(), "`{name}` does not wait for anything");
    }
}

/// What has failed can be tried again: something is asked anew, or the next step is reached.
#[test]
fn every_failure_can_be_tried_again() {
    for (step, _, name) in required().filter(|(_, kind, _)| *kind == Failed) {
        let failed = built(name);
        let asked = failed.started.len();
        let again = match step {
            Step::Organization => failed.press("<c-u>contoso<enter>"),
            Step::SignIn => failed.paste(world::TOKEN).press("<enter>"),
            Step::Config | Step::NewFeed => failed.press("<enter>"),
            Step::Done => failed.press("<esc><enter>"),
            _ => failed.press("r"),
        };
        assert!(again.started.len() > asked || again.app.step() != step, "{name}");
    }
}
