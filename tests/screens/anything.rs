//! Whatever is pressed, pasted, answered or resized, in whatever order: no panic, and no secret on the screen.

use std::time::Duration;

use az_cargo_wizard::domain::credential::{Credential, Secret};
use az_cargo_wizard::domain::progress::{FetchEnd, FetchEvent, Phase};
use az_cargo_wizard::domain::text::is_control;
use az_cargo_wizard::task::feeds::Stored;
use az_cargo_wizard::task::{Event, JobId, Request};
use az_cargo_wizard::tui::{Key, Msg, Step, Theme};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::all_states;
use crate::draw::{USUAL, drawn, text_of};
use crate::switch;
use crate::wizard::Wizard;
use crate::world;

/// One thing that happens.
#[derive(Debug, Clone)]
enum Happening {
    Key(Key),
    Paste(String),
    /// The token is pasted, where it is asked for.
    Token,
    /// One of the jobs says one of the things that jobs say; mostly the newest.
    Event(Index, Index),
    Newest(Index),
    Tick(u64),
    Resize(u16, u16),
    Stop,
}

fn keys() -> impl Strategy<Value = Key> {
    let named = vec![
        Key::Enter,
        Key::Enter,
        Key::Enter,
        Key::Esc,
        Key::Tab,
        Key::BackTab,
        Key::Up,
        Key::Down,
        Key::Left,
        Key::Right,
        Key::Home,
        Key::End,
        Key::PageUp,
        Key::PageDown,
        Key::Backspace,
        Key::Delete,
        Key::F1,
    ];
    prop_oneof![
        6 => select(named),
        3 => select("kjgGq/ pdyrsaunxvmb159?".chars().collect::<Vec<_>>()).prop_map(Key::Char),
        1 => any::<char>().prop_map(Key::Char),
        1 => select("aeukwxcz".chars().collect::<Vec<_>>()).prop_map(Key::Ctrl),
    ]
}

fn happenings() -> impl Strategy<Value = Happening> {
    prop_oneof![
        12 => keys().prop_map(Happening::Key),
        2 => ".{0,40}".prop_map(Happening::Paste),
        1 => "[a-z]{0,9}|日本語❤\u{fe0f}👩\u{200d}💻".prop_map(Happening::Paste),
        2 => Just(Happening::Token),
        6 => any::<Index>().prop_map(Happening::Newest),
        2 => (any::<Index>(), any::<Index>()).prop_map(|(job, event)| Happening::Event(job, event)),
        2 => (0u64..9000).prop_map(Happening::Tick),
        1 => (1u16..=200, 1u16..=60).prop_map(|(columns, rows)| Happening::Resize(columns, rows)),
        1 => Just(Happening::Stop),
    ]
}

/// Everything that a job may say, with the plan that was asked about.
fn events(wizard: &Wizard) -> Vec<Event> {
    let at = Duration::from_millis(1500);
    let plan = wizard.started.iter().rev().find_map(|(_, request)| match request {
        Request::Review(plan) => Some(plan.clone()),
        _ => None,
    });
    let reviews = plan.into_iter().flat_map(|plan| {
        [world::review(plan.clone()), world::long_review(plan.clone()), world::nothing_to_write(plan)]
    });
    let checkouts = [
        world::checkout(),
        world::bare_checkout(),
        world::checkout_with_unknown_hosts(),
        world::no_project(),
        world::cloned(),
        world::set_up(),
        world::demo(),
        world::old_cargo(),
    ];
    let lists = [world::feeds(), world::many_feeds(40), world::wide_feeds(), Vec::new()];
    let told = [
        world::planned(),
        world::stored(5, 1_000_000),
        world::planned_thousands(50),
        FetchEvent::Phase(Phase::Locking { packages: 1 }),
        FetchEvent::Remaining { crates: 3, bytes: None },
        FetchEvent::Retry { tries_left: 1, reason: "日本語".repeat(30) },
        FetchEvent::Line("   Locking 3 packages".to_owned()),
    ];
    let ends = [
        FetchEnd::Done,
        FetchEnd::Cancelled { removed: vec!["a-1.0.0.crate".to_owned()] },
        FetchEnd::Failed { at: Some(world::crate_id("serde", "1.0.228")) },
        FetchEnd::Failed { at: None },
    ];
    let mut events = vec![
        Event::NeedsTrust(world::hazards()),
        world::signed_in(),
        world::signed_in(),
        world::signed_in_with_entra(),
        world::mine(),
        world::logged_in_after_a_made_token(false),
        world::details(&world::feeds()[0]),
        world::applied(),
        world::logged_in(),
        Event::Cache(world::cache()),
        Event::Cache(Vec::new()),
        Event::StoredCredential(None),
        Event::StoredCredential(Some(Stored {
            credential: Credential::Pat(Secret::new(world::TOKEN)),
            login: Some(world::kept_login()),
        })),
        Event::StoredCredential(Some(Stored { credential: world::of_entra(), login: None })),
        Event::Switches(switch::switches()),
        Event::Planned(Box::new(switch::change())),
        Event::UndoPlanned(Box::new(switch::merged_plan())),
        Event::UndoPlanned(Box::new(switch::conflict_plan())),
        Event::Examined,
        Event::Failed(Box::new(world::token_refused())),
        Event::Failed(Box::new(world::not_saved())),
        Event::Cancelled,
    ];
    events
        .extend(crate::cache::events(|name| format!("{name}\u{1b}]52;c;ZXZpbA==\u{7}日本語\u{202e}{name}")));
    events.extend(reviews.map(Event::Reviewed));
    events.extend(checkouts.map(|checkout| Event::Checked(Box::new(checkout))));
    events.extend(lists.map(Event::Feeds));
    events.extend(told.map(|event| Event::Fetch { at, event }));
    events.extend(ends.map(|end| Event::FetchEnded {
        at,
        end,
        report: Some(Box::new(world::sign_in_needed())),
    }));
    events
}

fn after(wizard: Wizard, happening: Happening) -> Wizard {
    let answer = |wizard: Wizard, id: JobId, which: Index| {
        let events = events(&wizard);
        let event = which.get(&events).clone();
        wizard.told(Msg::Job(id, event))
    };
    match happening {
        Happening::Key(key) => wizard.told(Msg::Key(key)),
        Happening::Paste(text) => wizard.told(Msg::Paste(text)),
        Happening::Token if wizard.app.step() == Step::SignIn => wizard.paste(world::TOKEN),
        Happening::Token => wizard,
        Happening::Event(job, event) => {
            let id = JobId(u64::try_from(job.index(wizard.started.len() + 2)).unwrap());
            answer(wizard, id, event)
        }
        Happening::Newest(event) => {
            let id = wizard.job();
            answer(wizard, id, event)
        }
        Happening::Tick(millis) => wizard.at(millis),
        Happening::Resize(columns, rows) => wizard.told(Msg::Resize(columns, rows)),
        Happening::Stop => wizard.told(Msg::Stop),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_things_panics_or_shows_a_secret(
        from in any::<Index>(),
        theme in (any::<bool>(), any::<bool>()),
        happenings in prop::collection::vec((happenings(), 1u16..=200, 1u16..=60), 1..25),
    ) {
        let states: Vec<_> = all_states().collect();
        let state = from.get(&states);
        let mut wizard = (state.build)(Wizard::opened(Theme { color: theme.0, unicode: theme.1 }));
        for (happening, columns, rows) in happenings {
            wizard = after(wizard, happening);
            let text = text_of(drawn(&wizard, (columns, rows)).buffer());
            prop_assert!(!text.contains(&world::TOKEN[..6]), "{}", text);
            prop_assert!(!text.chars().any(|c| c != '\n' && is_control(c)), "{:?}", text);
            prop_assert!(theme.1 || text.is_ascii(), "{}", text);
        }
        let said = (wizard.app.summary(), events(&wizard));
        let told = format!("{:?} {:?} {said:?}", wizard.app, wizard.started);
        prop_assert!(!told.contains(&world::TOKEN[..6]), "{}", told);
    }
}

/// What was typed, what renews a sign-in, what is sent for it, and what was made and kept: each is a state of the
/// screens, and of none does `Debug` tell it.
#[test]
fn no_state_tells_a_secret_of_any_kind() {
    let opened = || Wizard::opened(Theme::default()).at_sign_in();
    for wizard in [opened().signed_in(), opened().signed_in_with_entra()] {
        let holds = format!("{:?}", wizard.app);
        assert!(holds.contains("Secret(***)"), "it is signed in: {holds}");
        let wizard = wizard.answer(Event::Feeds(world::feeds())).answer(world::logged_in_with_a_made_token());
        let told = format!("{:?} {:?} {:?}", world::mine(), wizard.app, wizard.started);
        assert!(!told.contains(&world::TOKEN[..6]), "{told}");
    }
}

/// However small the window was meanwhile, the picture comes back as it was.
#[test]
fn a_window_that_was_too_small_for_a_while_looks_as_before() {
    for state in all_states() {
        let wizard = (state.build)(Wizard::opened(Theme::default()));
        let before = drawn(&wizard, USUAL);
        for size in [(1, 1), (39, 24), (80, 9)] {
            drawn(&wizard, size);
        }
        assert_eq!(text_of(drawn(&wizard, USUAL).buffer()), text_of(before.buffer()), "{}", state.name);
    }
}

#[test]
fn every_state_can_be_drawn_at_every_size() {
    for state in all_states() {
        let wizard = (state.build)(Wizard::opened(Theme::default()));
        for columns in [1, 39, 40, 79, 80, 200] {
            for rows in [1, 9, 10, 11, 60] {
                let backend = drawn(&wizard, (columns, rows));
                if backend.cursor_visible() {
                    let position = backend.cursor_position();
                    assert!(position.x < columns && position.y < rows, "{} at {columns}x{rows}", state.name);
                }
            }
        }
    }
}

/// But for the one that the demo shows to be copied.
#[test]
fn no_picture_holds_a_secret() {
    let letters = |text: &str| text.chars().take_while(char::is_ascii_alphanumeric).count();
    let is_secret = |line: &str| {
        let after = |word: &str| line.split(word).skip(1).map(letters).max().unwrap_or_default();
        line.contains(&world::TOKEN[..6])
            || after("Basic ") > 12
            || after("Bearer ") > 12
            || after("eyJ") > 12
    };
    assert!(is_secret("Authorization: Basic OmNhbmFyeS1jYW5hcnk"), "it is seen where it is");
    let pictures = std::fs::read_dir("tests/snapshots").unwrap().map(|file| file.unwrap().path());
    for picture in pictures.filter(|file| file.extension().is_some_and(|ending| ending == "snap")) {
        let text = std::fs::read_to_string(&picture).unwrap();
        let shown = text.lines().find(|line| is_secret(line));
        let is_the_demos = picture.to_string_lossy().contains("demo_token");
        assert!(shown.is_none() || is_the_demos, "{}: {shown:?}", picture.display());
    }
}
