//! Key strings: `jj<enter>my-feed<tab><c-c>`. A character is its key, a name in angle brackets is a special
//! one, `<lt>` is `<`.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// One key press, as a terminal sends it and as crossterm reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) event: KeyEvent,
    pub(crate) bytes: Vec<u8>,
}

const NAMED: [(&str, KeyCode, &str); 15] = [
    ("enter", KeyCode::Enter, "\r"),
    ("tab", KeyCode::Tab, "\t"),
    ("s-tab", KeyCode::BackTab, "\x1b[Z"),
    ("esc", KeyCode::Esc, "\x1b"),
    ("space", KeyCode::Char(' '), " "),
    ("backspace", KeyCode::Backspace, "\x7f"),
    ("delete", KeyCode::Delete, "\x1b[3~"),
    ("up", KeyCode::Up, "\x1b[A"),
    ("down", KeyCode::Down, "\x1b[B"),
    ("right", KeyCode::Right, "\x1b[C"),
    ("left", KeyCode::Left, "\x1b[D"),
    ("home", KeyCode::Home, "\x1b[H"),
    ("end", KeyCode::End, "\x1b[F"),
    ("pageup", KeyCode::PageUp, "\x1b[5~"),
    ("pagedown", KeyCode::PageDown, "\x1b[6~"),
];

/// The key presses of a key string.
///
/// # Panics
/// When a name is unknown or a bracket open.
pub(crate) fn parse(text: &str) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first == '<' {
            let (name, after) = rest[1..].split_once('>').unwrap_or_else(|| panic!("no `>` in `{rest}`"));
            keys.push(named(name));
            rest = after;
        } else {
            keys.push(character(first));
            rest = &rest[first.len_utf8()..];
        }
    }
    keys
}

fn named(name: &str) -> Key {
    if let Some((_, code, bytes)) = NAMED.iter().find(|(known, ..)| *known == name) {
        // Shift is reported with it, as for a capital letter.
        let shift = if *code == KeyCode::BackTab { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
        return Key { event: KeyEvent::new(*code, shift), bytes: bytes.as_bytes().to_vec() };
    }
    match (name, name.strip_prefix("c-").map(str::as_bytes)) {
        ("lt", _) => character('<'),
        (_, Some([letter @ b'a'..=b'z'])) => Key {
            event: KeyEvent::new(KeyCode::Char(char::from(*letter)), KeyModifiers::CONTROL),
            bytes: vec![letter - b'a' + 1],
        },
        _ => panic!("no key is named `<{name}>`"),
    }
}

fn character(character: char) -> Key {
    let shift = if character.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
    let event = KeyEvent::new(KeyCode::Char(character), shift);
    Key { event, bytes: character.to_string().into_bytes() }
}
