//! Colour and glyphs: what must hold however the terminal looks.

use az_cargo_wizard::tui::Theme;
use ratatui::buffer::Buffer;
use ratatui::style::Color;

use crate::draw::{self, Size, USUAL, WIDE, drawn, text_of};
use crate::wizard::Wizard;
use crate::{State, all_states};

const ASCII: Theme = Theme { color: true, unicode: false };
const NO_COLOR: Theme = Theme { color: false, unicode: true };

/// States where something is chosen, asked, typed or wrong.
const TELLING: [&str; 9] = [
    "check_asking_with_yes_chosen",
    "organization_typed_error",
    "sign_in_masked",
    "feed_many",
    "config_view_asked",
    "config_reviewed",
    "restore_failed_with_report",
    "done_with_invalid_file",
    "whole_cancel_question",
];

fn telling() -> impl Iterator<Item = State> {
    TELLING.into_iter().map(|name| all_states().find(|state| state.name == name).unwrap())
}

fn buffer(state: State, theme: Theme, size: Size) -> Buffer {
    drawn(&(state.build)(Wizard::opened(theme)), size).buffer().clone()
}

#[test]
fn an_ascii_terminal_gets_ascii_only() {
    for state in all_states() {
        for size in [WIDE, draw::NARROW] {
            let text = text_of(&buffer(state, ASCII, size));
            let strange: String = text.chars().filter(|c| !c.is_ascii()).collect();
            assert!(strange.is_empty(), "`{strange}` on {} at {size:?}:\n{text}", state.name);
        }
    }
}

#[test]
fn without_colors_there_is_none_and_nothing_else_is_missing() {
    for state in all_states() {
        let (with, without) = (buffer(state, Theme::default(), USUAL), buffer(state, NO_COLOR, USUAL));
        assert_eq!(text_of(&with), text_of(&without), "{}", state.name);
        for (with, without) in with.content.iter().zip(&without.content) {
            assert_eq!((without.fg, without.bg), (Color::Reset, Color::Reset), "{}", state.name);
            assert_eq!(with.modifier, without.modifier, "{}", state.name);
        }
    }
}

#[test]
fn looks_in_ascii() {
    let texts =
        telling().map(|state| format!("{}\n{}\n\n", state.name, text_of(&buffer(state, ASCII, USUAL))));
    draw::compare_text("looks_in_ascii", &texts.collect::<String>());
}

/// With the styles, as the buffer tells them: what is chosen must be seen without colours.
#[test]
fn looks_without_colors() {
    let buffers = telling().map(|state| format!("{}\n{:?}\n\n", state.name, buffer(state, NO_COLOR, USUAL)));
    draw::compare_text("looks_without_colors", &buffers.collect::<String>());
}
