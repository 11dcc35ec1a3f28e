//! Keys, and what they mean: one table for the whole product, from which the key bar and the help are
//! made (product.md, 'Keys').

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// A key press, as far as the wizard tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    Char(char),
    Ctrl(char),
    Enter,
    Esc,
    Tab,
    BackTab,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    Backspace,
    Delete,
    F1,
}

impl Key {
    /// The key of a terminal event; `None` for releases, which Windows reports too, and for keys that
    /// mean nothing here.
    #[must_use]
    pub fn from_event(event: &KeyEvent) -> Option<Self> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        let alt = event.modifiers.contains(KeyModifiers::ALT);
        Some(match event.code {
            KeyCode::Char(c) if control && !alt => Self::Ctrl(c.to_ascii_lowercase()),
            // AltGr arrives as both modifiers and makes characters.
            KeyCode::Char(c) if control == alt => Self::Char(c),
            KeyCode::Enter => Self::Enter,
            KeyCode::Esc => Self::Esc,
            KeyCode::Tab => Self::Tab,
            KeyCode::BackTab => Self::BackTab,
            KeyCode::Up => Self::Up,
            KeyCode::Down => Self::Down,
            KeyCode::Left => Self::Left,
            KeyCode::Right => Self::Right,
            KeyCode::Home => Self::Home,
            KeyCode::End => Self::End,
            KeyCode::PageUp => Self::PageUp,
            KeyCode::PageDown => Self::PageDown,
            KeyCode::Backspace => Self::Backspace,
            KeyCode::Delete => Self::Delete,
            KeyCode::F(1) => Self::F1,
            _ => return None,
        })
    }
}

/// What a key means, everywhere the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Action {
    Up,
    Down,
    Top,
    Bottom,
    PageUp,
    PageDown,
    Accept,
    Back,
    Filter,
    Toggle,
    NextField,
    PreviousField,
    New,
    Add,
    Remove,
    Undo,
    /// The row of that number, from 1.
    Nth(u8),
    Preview,
    Details,
    Copy,
    RunAgain,
    Sort,
    Verify,
    MarkAll,
    Group,
    Help,
    Quit,
    Interrupt,
    Suspend,
}

/// One row of the product's key table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Binding {
    pub(super) action: Action,
    pub(super) keys: &'static [Key],
    /// How the keys are written, a word each.
    pub(super) shown: &'static str,
    /// What the help says where a screen has no word of its own.
    pub(super) meaning: &'static str,
    /// Whether the key also works while a text field has the focus.
    pub(super) in_field: bool,
}

const fn row(action: Action, keys: &'static [Key], shown: &'static str, meaning: &'static str) -> Binding {
    Binding { action, keys, shown, meaning, in_field: false }
}

const fn always(action: Action, keys: &'static [Key], shown: &'static str, meaning: &'static str) -> Binding {
    Binding { action, keys, shown, meaning, in_field: true }
}

const NTH: &str = "switch to the feed of that number";

const TABLE: &[Binding] = &[
    always(Action::Accept, &[Key::Enter], "Enter", "accept, open, switch"),
    always(Action::Back, &[Key::Esc], "Esc", "close the innermost thing, then one step back"),
    row(Action::Up, &[Key::Up, Key::Char('k')], "↑ k", "move up"),
    row(Action::Down, &[Key::Down, Key::Char('j')], "↓ j", "move down"),
    row(Action::Top, &[Key::Home, Key::Char('g')], "Home g", "to the first"),
    row(Action::Bottom, &[Key::End, Key::Char('G')], "End G", "to the last"),
    always(Action::PageUp, &[Key::PageUp], "PageUp", "page up"),
    always(Action::PageDown, &[Key::PageDown], "PageDown", "page down"),
    row(Action::Filter, &[Key::Char('/')], "/", "filter"),
    row(Action::Toggle, &[Key::Char(' ')], "Space", "toggle or mark"),
    always(Action::NextField, &[Key::Tab], "Tab", "next field, next tab"),
    always(Action::PreviousField, &[Key::BackTab], "Shift-Tab", "previous field, previous tab"),
    row(Action::New, &[Key::Char('n')], "n", "new"),
    row(Action::Add, &[Key::Char('a')], "a", "add another feed"),
    row(Action::Remove, &[Key::Char('x')], "x", "remove (confirms)"),
    row(Action::Undo, &[Key::Char('u')], "u", "undo"),
    row(Action::Preview, &[Key::Char('p')], "p", "preview the difference"),
    row(Action::Details, &[Key::Char('d')], "d", "details"),
    row(Action::Copy, &[Key::Char('y')], "y", "copy"),
    row(Action::RunAgain, &[Key::Char('r')], "r", "run again"),
    row(Action::Sort, &[Key::Char('s')], "s", "sort"),
    row(Action::Verify, &[Key::Char('v')], "v", "verify"),
    row(Action::MarkAll, &[Key::Char('m')], "m", "mark all that is shown"),
    row(Action::Group, &[Key::Char('b')], "b", "group by something else"),
    row(Action::Nth(1), &[Key::Char('1')], "1", NTH),
    row(Action::Nth(2), &[Key::Char('2')], "2", NTH),
    row(Action::Nth(3), &[Key::Char('3')], "3", NTH),
    row(Action::Nth(4), &[Key::Char('4')], "4", NTH),
    row(Action::Nth(5), &[Key::Char('5')], "5", NTH),
    row(Action::Nth(6), &[Key::Char('6')], "6", NTH),
    row(Action::Nth(7), &[Key::Char('7')], "7", NTH),
    row(Action::Nth(8), &[Key::Char('8')], "8", NTH),
    row(Action::Nth(9), &[Key::Char('9')], "9", NTH),
    always(Action::Help, &[Key::Char('?'), Key::F1], "? F1", "keys and help of this screen"),
    row(Action::Quit, &[Key::Char('q')], "q", "leave"),
    always(Action::Suspend, &[Key::Ctrl('z')], "Ctrl-Z", "suspend; `fg` comes back (Unix)"),
    always(Action::Interrupt, &[Key::Ctrl('c')], "Ctrl-C", "cancel what runs and leave; twice: at once"),
];

/// The whole table as the README shows it: keys, and what they mean everywhere.
#[must_use]
pub fn key_table() -> Vec<(&'static str, &'static str)> {
    TABLE.iter().map(|binding| (binding.shown, binding.meaning)).collect()
}

/// What a screen does with an action, in its own words; the order is that of the key bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) action: Action,
    pub(super) verb: &'static str,
}

pub(super) const fn offer(action: Action, verb: &'static str) -> Offer {
    Offer { action, verb }
}

/// The ways to move in a list, the ones that everybody knows last on the bar.
pub(super) const MOVES: [Offer; 6] = [
    offer(Action::Up, "move"),
    offer(Action::Down, "move"),
    offer(Action::PageDown, "page down"),
    offer(Action::PageUp, "page up"),
    offer(Action::Top, "first"),
    offer(Action::Bottom, "last"),
];

/// The ways to scroll a text.
pub(super) const SCROLLS: [Offer; 6] = [
    offer(Action::Up, "scroll"),
    offer(Action::Down, "scroll"),
    offer(Action::PageDown, "page down"),
    offer(Action::PageUp, "page up"),
    offer(Action::Top, "to its start"),
    offer(Action::Bottom, "to its end"),
];

/// An offer with the keys that carry it out now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hint {
    pub(super) action: Action,
    /// How they are written; at least one.
    pub(super) keys: Vec<&'static str>,
    pub(super) verb: &'static str,
}

/// The offers that a key can be named for: in a text field, characters are text.
pub(super) fn hints(offers: &[Offer], in_field: bool) -> Vec<Hint> {
    let hint = |offer: &Offer| {
        let binding = binding(offer.action);
        let words = binding.shown.split(' ').zip(binding.keys);
        let works = |key: Key| !(in_field && is_text(key, binding));
        let keys = words.filter(|(_, key)| works(**key)).map(|(word, _)| word).collect();
        Hint { action: offer.action, keys, verb: offer.verb }
    };
    offers.iter().map(hint).filter(|hint| !hint.keys.is_empty()).collect()
}

/// What the key means now. In a text field a character is text.
pub(super) fn action_of(key: Key, in_field: bool) -> Option<Action> {
    TABLE
        .iter()
        .find(|binding| binding.keys.contains(&key) && !(in_field && is_text(key, binding)))
        .map(|binding| binding.action)
}

fn is_text(key: Key, binding: &Binding) -> bool {
    match key {
        Key::Char(_) | Key::Home | Key::End => true,
        _ => !binding.in_field && !matches!(binding.action, Action::Up | Action::Down),
    }
}

pub(super) fn binding(action: Action) -> &'static Binding {
    TABLE.iter().find(|binding| binding.action == action).unwrap_or(&TABLE[0])
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyEventState;

    use super::*;

    #[test]
    fn no_key_has_two_meanings() {
        let mut seen = std::collections::HashSet::new();
        for key in TABLE.iter().flat_map(|binding| binding.keys) {
            assert!(seen.insert(key), "{key:?} stands twice in the table");
        }
    }

    #[test]
    fn every_action_has_exactly_one_row() {
        let mut seen = std::collections::HashSet::new();
        for row in TABLE {
            assert!(seen.insert(row.action), "{:?} stands twice", row.action);
            assert_eq!(binding(row.action).shown, row.shown);
        }
    }

    #[test]
    fn every_key_is_written_as_one_word() {
        for row in TABLE {
            assert_eq!(row.shown.split(' ').count(), row.keys.len(), "{:?}", row.action);
        }
    }

    #[test]
    fn in_a_field_only_the_keys_that_are_no_text_are_named() {
        let offers = [offer(Action::Up, "move"), offer(Action::Quit, "leave"), offer(Action::Help, "help")];
        let keys =
            |in_field| hints(&offers, in_field).iter().map(|hint| hint.keys.join(" ")).collect::<Vec<_>>();
        assert_eq!(keys(false), ["↑ k", "q", "? F1"]);
        assert_eq!(keys(true), ["↑", "F1"]);
    }

    #[test]
    fn in_a_field_characters_are_text_and_the_rest_still_works() {
        assert_eq!(action_of(Key::Char('q'), false), Some(Action::Quit));
        assert_eq!(action_of(Key::Char('q'), true), None);
        assert_eq!(action_of(Key::Char('?'), true), None);
        assert_eq!(action_of(Key::F1, true), Some(Action::Help));
        assert_eq!(action_of(Key::Esc, true), Some(Action::Back));
        assert_eq!(action_of(Key::Home, true), None);
        assert_eq!(action_of(Key::Down, true), Some(Action::Down));
        assert_eq!(action_of(Key::Ctrl('c'), true), Some(Action::Interrupt));
    }

    #[test]
    fn releases_are_no_keys_and_altgr_makes_characters() {
        let event = |modifiers, kind| KeyEvent {
            code: KeyCode::Char('q'),
            modifiers,
            kind,
            state: KeyEventState::NONE,
        };
        assert_eq!(Key::from_event(&event(KeyModifiers::NONE, KeyEventKind::Release)), None);
        assert_eq!(Key::from_event(&event(KeyModifiers::NONE, KeyEventKind::Repeat)), Some(Key::Char('q')));
        assert_eq!(Key::from_event(&event(KeyModifiers::CONTROL, KeyEventKind::Press)), Some(Key::Ctrl('q')));
        let altgr = KeyModifiers::CONTROL | KeyModifiers::ALT;
        assert_eq!(Key::from_event(&event(altgr, KeyEventKind::Press)), Some(Key::Char('q')));
    }
}
