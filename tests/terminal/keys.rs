//! Key strings.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::support::keys::parse;

#[test]
fn a_key_string_is_characters_and_names() {
    let keys = parse("jG<enter><lt>é<c-c><s-tab>");
    let events: Vec<_> = keys.iter().map(|key| key.event).collect();
    let key = |code, modifiers| KeyEvent::new(code, modifiers);
    assert_eq!(
        events,
        [
            key(KeyCode::Char('j'), KeyModifiers::NONE),
            key(KeyCode::Char('G'), KeyModifiers::SHIFT),
            key(KeyCode::Enter, KeyModifiers::NONE),
            key(KeyCode::Char('<'), KeyModifiers::NONE),
            key(KeyCode::Char('é'), KeyModifiers::NONE),
            key(KeyCode::Char('c'), KeyModifiers::CONTROL),
            key(KeyCode::BackTab, KeyModifiers::SHIFT),
        ]
    );
    let bytes: Vec<u8> = keys.into_iter().flat_map(|key| key.bytes).collect();
    assert_eq!(bytes, "jG\r<é\x03\x1b[Z".as_bytes());
}

#[test]
#[should_panic(expected = "no key is named `<enetr>`")]
fn an_unknown_name_is_an_error() {
    parse("j<enetr>");
}

#[test]
#[should_panic(expected = "no `>` in `<ent`")]
fn an_open_bracket_is_an_error() {
    parse("j<ent");
}
