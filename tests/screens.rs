//! Every screen in its main states, drawn on a test terminal and compared with `tests/snapshots`: 120x36 and
//! 80x24 in one file, some at 60x18. After a change that is meant:
//!
//! ```sh
//! INSTA_UPDATE=always cargo test --test screens
//! ```
//!
//! The same states also stand for the rules that hold on all of them: ASCII only where asked for, no meaning in
//! colour alone, keys that do what the bar says, strings from outside, and no panic at any size.
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

#[path = "screens/draw.rs"]
mod draw;
#[path = "screens/fetches.rs"]
mod fetches;
#[path = "screens/wizard.rs"]
mod wizard;
#[path = "screens/world.rs"]
mod world;

#[path = "screens/cache.rs"]
mod cache;
#[path = "screens/check.rs"]
mod check;
#[path = "screens/config.rs"]
mod config;
#[path = "screens/doctor.rs"]
mod doctor;
#[path = "screens/done.rs"]
mod done;
#[path = "screens/feed.rs"]
mod feed;
#[path = "screens/feeds.rs"]
mod feeds;
#[path = "screens/log_in.rs"]
mod log_in;
#[path = "screens/new_feed.rs"]
mod new_feed;
#[path = "screens/organization.rs"]
mod organization;
#[path = "screens/restore.rs"]
mod restore;
#[path = "screens/sign_in.rs"]
mod sign_in;
#[path = "screens/switch.rs"]
mod switch;
#[path = "screens/tabs.rs"]
mod tabs;
#[path = "screens/whole.rs"]
mod whole;

#[path = "screens/addresses.rs"]
mod addresses;
#[path = "screens/anything.rs"]
mod anything;
#[path = "screens/hostile.rs"]
mod hostile;
#[path = "screens/keys.rs"]
mod keys;
#[path = "screens/looks.rs"]
mod looks;
#[path = "screens/organizations.rs"]
mod organizations;
#[path = "support/palette.rs"]
#[expect(dead_code, reason = "this test uses a part of what the tests share")]
mod palette;
#[path = "screens/reports.rs"]
mod reports;
#[path = "screens/required.rs"]
mod required;
#[path = "screens/resume.rs"]
mod resume;
#[path = "screens/steps.rs"]
mod steps;

/// One screen in one state: from the wizard just opened to what is to be seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct State {
    pub(crate) name: &'static str,
    pub(crate) build: fn(wizard::Wizard) -> wizard::Wizard,
}

/// All states of all screens.
pub(crate) fn all_states() -> impl Iterator<Item = State> {
    [
        check::STATES,
        organization::STATES,
        sign_in::STATES,
        feed::STATES,
        new_feed::STATES,
        new_feed::upstream::STATES,
        config::STATES,
        log_in::STATES,
        restore::STATES,
        done::STATES,
        feeds::STATES,
        tabs::STATES,
        cache::STATES,
        doctor::STATES,
        switch::STATES,
        resume::STATES,
        whole::STATES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// The states of one screen, each with a test that compares it with its snapshot.
#[macro_export]
macro_rules! states {
    ($screen:literal: $($name:ident => $build:expr;)*) => {
        pub(crate) const STATES: &[$crate::State] =
            &[$($crate::State { name: concat!($screen, "_", stringify!($name)), build: $build }),*];

        $(
            #[test]
            fn $name() {
                let state = STATES.iter().find(|state| state.name == concat!($screen, "_", stringify!($name)));
                $crate::draw::compare(state.unwrap());
            }
        )*
    };
}
