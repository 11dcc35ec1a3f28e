//! The Done step.

use az_cargo_wizard::domain::feed::{Feed, Role};
use az_cargo_wizard::domain::plan::Written;
use az_cargo_wizard::domain::progress::FetchEnd;
use az_cargo_wizard::task::{Event, LoggedIn};
use az_cargo_wizard::tui::{Msg, Step, Theme};

use crate::log_in::{with_made_token, with_request};
use crate::states;
use crate::wizard::Wizard;
use crate::world;

states! { "done":
    looking => |wizard| wizard.at_done().at(1100);
    with_cache => |wizard| wizard.with_cache(world::cache());
    to_publish => |wizard| {
        let mut feeds = world::feeds();
        let publish = world::feed("rust-crates-publish", Some("Storefront"));
        feeds.push(Feed { role: Some(Role::Contributor), ..publish });
        let wizard = wizard.with_feeds(feeds).press("<enter>").reviewed(world::review).agree();
        let wizard = wizard.answer(world::applied()).press("<enter>").answer(world::logged_in());
        let wizard = wizard.fetching(world::fetch()).ended(FetchEnd::Done, None).press("<enter>");
        wizard.answer(Event::Cache(world::cache()))
    };
    with_invalid_file => |wizard| wizard.with_cache(world::cache()).press("G");
    no_cache => |wizard| wizard.with_cache(Vec::new());
    cache_unreadable => |wizard| wizard.at_done().fail(world::file_is_locked());
    one_crate => |wizard| wizard.with_cache(world::cache_of(vec!["a".to_owned()]));
    far_scrolled => |wizard| {
        let names = (0..1000).map(|index| format!("crate-{index:04}")).collect();
        wizard.with_cache(world::cache_of(names)).press("G<up><up>")
    };
    wide_names => |wizard| wizard.with_cache(world::wide_cache());
    without_a_project => nobodys_project;
    made_token => |wizard| {
        let wizard = with_made_token(wizard).fetching(world::fetch()).ended(FetchEnd::Done, None).press("<enter>");
        wizard.answer(Event::Cache(world::cache())).told(Msg::Clock(world::NOON))
    };
    token_left => |wizard| {
        let wizard = with_request(wizard).agree().answer(world::logged_in_after_a_made_token(false));
        let wizard = wizard.fetching(world::fetch()).ended(FetchEnd::Done, None).press("<enter>");
        wizard.answer(Event::Cache(world::cache())).told(Msg::Clock(world::NOON))
    };
}

fn nobodys_project(wizard: Wizard) -> Wizard {
    wizard
        .checked(world::no_project())
        .press("contoso<enter>")
        .signed_in()
        .answer(Event::Feeds(world::feeds()))
        .press("<enter>")
        .reviewed(world::review)
        .agree()
        .answer(world::applied())
        .press("<enter>")
        .answer(world::logged_in())
}

#[test]
fn the_outcome_comes_first() {
    let lines = Wizard::opened(Theme::default()).at_done().app.summary();
    assert!(lines[0].contains("crates in the cache"), "{lines:?}");
    assert!(lines[1].starts_with("Next: commit"), "{lines:?}");
}

#[test]
fn whoever_wants_to_undo_is_told_the_command() {
    let written = |was_there| {
        let written = Written { path: "/config.toml".into(), backup: None, was_there };
        let wizard = Wizard::opened(Theme::default()).at_config().reviewed(world::review).agree();
        wizard.answer(Event::Applied(vec![written])).app.summary().join("\n")
    };
    for (was_there, line) in [(false, "Wrote /config.toml"), (true, "Changed /config.toml")] {
        let words = written(was_there);
        assert!(words.contains(line) && words.contains("To undo that: az-cargo-wizard undo"), "{words}");
        assert!(!words.contains("delete") && !words.contains("copy"), "{words}");
    }
}

#[test]
fn a_credential_that_was_stored_is_told_also_after_another_answer() {
    let wizard = nobodys_project(Wizard::opened(Theme::default())).press("<esc><esc>");
    assert_eq!(wizard.app.step(), Step::Config);
    let wizard = wizard.press("<s-tab><space>").reviewed(world::nothing_to_write).press("<enter>");
    let Event::LoggedIn(kept) = world::logged_in() else { unreachable!("logged in") };
    let wizard = wizard.press("<enter>").answer(Event::LoggedIn(LoggedIn { kept_in: None, ..kept }));
    assert_eq!(wizard.app.step(), Step::Done);
    let lines = wizard.app.summary().join("\n");
    assert!(
        lines.contains("Credential in ~/.cargo/credentials.toml; to undo, first: cargo logout"),
        "{lines}"
    );
    assert!(lines.contains("Credential used for this run and kept nowhere"), "{lines}");
}
