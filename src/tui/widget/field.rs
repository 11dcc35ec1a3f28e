//! One line of text that a person edits.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use crate::domain::text;

use super::super::keymap::Key;

/// Longer input is cut: nothing that is asked for needs more.
const MAX_CHARS: usize = 2048;

/// A text field.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Field {
    input: Input,
}

impl Field {
    pub(in super::super) fn with(text: &str) -> Self {
        Self { input: Input::new(text.to_owned()) }
    }

    pub(in super::super) fn text(&self) -> &str {
        self.input.value()
    }

    /// Edits the text; false where the key is none of a text field's.
    pub(in super::super) fn key(&mut self, key: Key) -> bool {
        let Some(event) = event_of(key) else { return false };
        if matches!(key, Key::Char(_)) && self.text().chars().count() >= MAX_CHARS {
            return true;
        }
        self.input.handle_event(&Event::Key(event));
        true
    }

    /// Inserts a pasted text, without its line ends and whatever else could steer a terminal.
    pub(in super::super) fn paste(&mut self, text: &str) {
        for c in text.chars().filter(|c| !text::is_control(*c)) {
            self.key(Key::Char(c));
        }
    }

    /// The part that fits, and the cursor's column in it.
    pub(in super::super) fn shown(&self, columns: usize) -> (String, usize) {
        let scroll = self.input.visual_scroll(columns);
        let text = &self.text()[text::fitting(self.text(), scroll)..];
        (text.to_owned(), self.input.visual_cursor().saturating_sub(scroll))
    }
}

/// The keys that edit: characters, movement in the line, deletion, and the usual control keys.
fn event_of(key: Key) -> Option<KeyEvent> {
    let plain = |code| Some(KeyEvent::new(code, KeyModifiers::NONE));
    match key {
        Key::Char(c) => plain(KeyCode::Char(c)),
        Key::Ctrl(c @ ('a' | 'e' | 'u' | 'k' | 'w')) => {
            Some(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL))
        }
        Key::Backspace => plain(KeyCode::Backspace),
        Key::Delete => plain(KeyCode::Delete),
        Key::Left => plain(KeyCode::Left),
        Key::Right => plain(KeyCode::Right),
        Key::Home => plain(KeyCode::Home),
        Key::End => plain(KeyCode::End),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_edits_and_takes_pastes_without_line_ends() {
        let mut field = Field::with("ab");
        field.paste("c\r\n\u{1b}d");
        assert_eq!(field.text(), "abcd");
        field.key(Key::Home);
        field.key(Key::Delete);
        assert_eq!(field.text(), "bcd");
        field.key(Key::Ctrl('e'));
        field.key(Key::Ctrl('u'));
        assert_eq!(field.text(), "");
        assert!(!field.key(Key::Enter));
    }

    #[test]
    fn a_long_text_scrolls_to_its_cursor() {
        let field = Field::with("0123456789");
        let (text, cursor) = field.shown(5);
        assert!(text.ends_with('9'));
        assert!(cursor <= 5, "{text} {cursor}");
    }
}
