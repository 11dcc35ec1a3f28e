//! The key bar and the help say what is so, on every screen in every state.

use az_cargo_wizard::tui::{Step, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use crate::draw::{drawn, rows};
use crate::wizard::Wizard;
use crate::{State, all_states};

/// Wide enough for every entry.
const BROAD: (u16, u16) = (240, 50);

fn built(state: State) -> Wizard {
    (state.build)(Wizard::opened(Theme::default()))
}

/// The entries of the key bar: keys and what they do.
fn bar(wizard: &Wizard) -> Vec<(Vec<String>, String)> {
    let rows = rows(drawn(wizard, BROAD).buffer());
    let entries = rows.last().unwrap().trim().split("   ").filter(|entry| !entry.is_empty());
    entries
        .map(|entry| {
            let (keys, verb) = entry.split_once(' ').unwrap();
            let keys = if keys.starts_with(['↑', '↓']) || keys.chars().all(|key| key.is_ascii_digit()) {
                keys.chars().map(String::from).collect()
            } else {
                vec![keys.to_owned()]
            };
            (keys, verb.to_owned())
        })
        .collect()
}

/// As a key string.
fn pressed(word: &str) -> &str {
    match word {
        "Enter" => "<enter>",
        "Esc" => "<esc>",
        "Tab" => "<tab>",
        "Shift-Tab" => "<s-tab>",
        "Space" => "<space>",
        "↑" => "<up>",
        "↓" => "<down>",
        "PageUp" => "<pageup>",
        "PageDown" => "<pagedown>",
        "Home" => "<home>",
        "End" => "<end>",
        "F1" => "<f1>",
        "Ctrl-C" => "<c-c>",
        other => other,
    }
}

fn moves(word: &str) -> bool {
    ["↑", "↓", "PageUp", "PageDown", "Home", "End", "k", "j", "g", "G"].contains(&word)
}

/// What is seen, with the cursor.
fn seen(wizard: &Wizard) -> (Buffer, Position) {
    let backend = drawn(wizard, (80, 24));
    (backend.buffer().clone(), backend.cursor_position())
}

/// Whether the key changes anything: what is to be done, what is seen, or, dearest to compare, what is known.
fn changes(state: State, (before, picture): (&Wizard, &(Buffer, Position)), key: &str) -> bool {
    let after = built(state).press(pressed(key));
    let wanted = |wizard: &Wizard| {
        (wizard.started.len(), wizard.cancelled.len(), wizard.copied.clone(), wizard.quit.is_some())
    };
    wanted(before) != wanted(&after)
        || *picture != seen(&after)
        || format!("{:?}", before.app) != format!("{:?}", after.app)
}

/// States in which a key has just said why it does nothing, and would say so again.
const SAYING_WHY: [(&str, &str); 7] = [
    ("organization_typed_error", "Enter"),
    ("feed_named", "Enter"),
    ("sign_in_not_yet", "Enter"),
    ("config_name_error", "Enter"),
    ("config_name_missing", "Enter"),
    ("config_cannot_replace_crates_io", "Space"),
    ("config_without_a_project", "Space"),
];

#[test]
fn the_bar_names_only_keys_that_do_something() {
    let mut idle = Vec::new();
    for state in all_states() {
        let wizard = built(state);
        let bar = bar(&wizard);
        assert!(!bar.is_empty(), "{}", state.name);
        let picture = seen(&wizard);
        let does_something =
            |key: &str| SAYING_WHY.contains(&(state.name, key)) || changes(state, (&wizard, &picture), key);
        let keys = bar.iter().flat_map(|(keys, _)| keys);
        let (moving, acting): (Vec<&String>, Vec<&String>) = keys.partition(|key| moves(key));
        idle.extend(acting.iter().filter(|key| !does_something(key)).map(|key| (state.name, (*key).clone())));
        if !moving.is_empty() && !moving.iter().any(|key| does_something(key)) {
            idle.push((state.name, "moving".to_owned()));
        }
    }
    assert!(idle.is_empty(), "these do nothing: {idle:#?}");
}

#[test]
fn the_help_explains_every_key_of_the_bar() {
    for state in all_states().filter(|state| !state.name.starts_with("whole_")) {
        let wizard = built(state);
        let bar = bar(&wizard);
        let is_tab = wizard.app.step() == Step::Feeds
            || matches!(wizard.app.step(), Step::Cache | Step::Doctor)
            || state.name.starts_with("tab_");
        let is_first = wizard.app.step() == Step::Check;
        let help = rows(drawn(&wizard.press("<f1>"), BROAD).buffer());
        let named = |key: &str| help.iter().any(|row| row.contains(&format!("│ {key} ")));
        assert!(named("Ctrl-C"), "{}", state.name);
        let leads_back = !is_tab && !is_first;
        assert!(named("Esc") == leads_back || is_tab, "before {} is nothing", state.name);
        let explained: Vec<&str> = help.iter().filter_map(|row| row.split('│').nth(1)).collect();
        for (keys, verb) in bar {
            // `1 to 9` says it of all digits.
            let keys = keys.into_iter().filter(|key| !matches!(key.parse(), Ok(2..=9_u8)));
            for key in keys {
                let is_row =
                    |row: &&&str| row.split_whitespace().any(|word| word == key) && row.contains(&verb);
                assert!(
                    explained.iter().any(|row| is_row(&row)),
                    "`{key} {verb}` of {} is not in {explained:#?}",
                    state.name
                );
            }
        }
    }
}
