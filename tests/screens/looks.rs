//! Colour and glyphs: what must hold however the terminal looks.

use std::collections::BTreeSet;

use az_cargo_wizard::tui::{Step, Theme};
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

use crate::draw::{self, Size, USUAL, WIDE, drawn, text_of};
use crate::palette::{Rgb, rgb};
use crate::wizard::Wizard;
use crate::{State, all_states};

const ASCII: Theme = Theme { color: true, unicode: false };
const NO_COLOR: Theme = Theme { color: false, unicode: true };

/// States where something is chosen, asked, typed or wrong.
const TELLING: [&str; 12] = [
    "check_asking_with_yes_chosen",
    "organization_typed_error",
    "sign_in_masked",
    "feed_many",
    "config_view_asked",
    "config_reviewed",
    "log_in_failed",
    "restore_failed_with_report",
    "done_with_invalid_file",
    "new_feed_taken_name",
    "upstream_shown",
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
fn every_step_is_looked_at_in_ascii_and_without_colors() {
    let seen: Vec<Step> = telling().map(|state| (state.build)(Wizard::opened(NO_COLOR)).app.step()).collect();
    for step in Step::ALL.into_iter().chain([Step::NewFeed, Step::Upstream]) {
        assert!(seen.contains(&step), "{step:?}");
    }
}

/// How much light a color gives, by the definition of the Web Content Accessibility Guidelines.
fn luminance(color: Rgb) -> f64 {
    let [red, green, blue] = color.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// By the same guidelines: 3 is enough for signs and bold words, 4.5 for all.
fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    one.max(other) / one.min(other)
}

/// Whatever the background, the words on it can be read: the colors are the same everywhere, none is made fainter,
/// and the terminal's own color on its own background is its own affair.
#[test]
fn every_color_is_read_on_white_and_on_black() {
    let mut colors = BTreeSet::new();
    for state in all_states() {
        for cell in &buffer(state, Theme::default(), USUAL).content {
            assert_eq!(cell.bg, Color::Reset, "a background of our own on {}", state.name);
            if cell.fg != Color::Reset && cell.symbol() != " " {
                let faint = Modifier::DIM | Modifier::REVERSED;
                assert!(!cell.modifier.intersects(faint), "`{}` on {}", cell.symbol(), state.name);
                let Color::Indexed(16..) = cell.fg else { panic!("{:?} is another one everywhere", cell.fg) };
                colors.insert(rgb(cell.fg).unwrap());
            }
        }
    }
    assert_eq!(colors.len(), 4, "{colors:?}");
    for color in colors {
        let (on_white, on_black) = (contrast(color, [255; 3]), contrast(color, [0; 3]));
        assert!(
            on_white >= 3.8 && on_black >= 3.8,
            "{color:?}: {on_white:.2} on white, {on_black:.2} on black"
        );
        let (paper, slate) = (contrast(color, [0xfd, 0xf6, 0xe3]), contrast(color, [0x28, 0x2c, 0x34]));
        assert!(paper >= 3.5 && slate >= 2.5, "{color:?}: {paper:.2} on paper, {slate:.2} on slate");
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
