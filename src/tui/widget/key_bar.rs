//! The bottom line: the keys that work here.

use ratatui::text::{Line, Span};

use crate::domain::text;

use super::super::keymap::{Action, Hint};
use super::super::theme::Theme;

/// Between two entries.
const GAP: usize = 3;

/// Keys with one verb.
#[derive(Debug)]
struct Entry {
    keys: String,
    verb: &'static str,
    is_help: bool,
}

impl Entry {
    fn width(&self) -> usize {
        text::width(&self.keys) + 1 + text::width(self.verb)
    }
}

/// The entries that fit, the first ones first; what is left out is in the help, so that is kept.
pub(in super::super) fn key_bar(theme: Theme, hints: &[Hint], columns: u16) -> Line<'static> {
    let entries = fitting(entries(theme, hints), usize::from(columns).saturating_sub(1));
    let mut spans = vec![Span::raw(" ")];
    for (index, entry) in entries.into_iter().enumerate() {
        spans.push(Span::raw(" ".repeat(if index == 0 { 0 } else { GAP })));
        spans.push(Span::styled(entry.keys, theme.key()));
        spans.push(Span::styled(format!(" {}", entry.verb), theme.quiet()));
    }
    Line::from(spans)
}

/// Of several keys the first, for the bar is short; neighbours with one verb become one where their keys are
/// one character each: `↑↓ move`.
fn entries(theme: Theme, hints: &[Hint]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for hint in hints {
        let key = theme.text(hint.keys.first().copied().unwrap_or_default());
        match entries.last_mut() {
            Some(entry) if entry.verb == hint.verb && is_short(&entry.keys) && is_short(&key) => {
                entry.keys.push_str(&key);
            }
            _ => {
                let is_help = hint.action == Action::Help;
                entries.push(Entry { keys: key, verb: hint.verb, is_help });
            }
        }
    }
    entries
}

fn is_short(key: &str) -> bool {
    text::width(key) == 1
}

fn fitting(mut entries: Vec<Entry>, room: usize) -> Vec<Entry> {
    let needed = |entries: &[Entry]| entries.iter().map(|entry| entry.width() + GAP).sum::<usize>();
    while needed(&entries) > room + GAP {
        let Some(last) = entries.iter().rposition(|entry| !entry.is_help) else { return Vec::new() };
        entries.remove(last);
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::super::super::keymap::{hints, offer};
    use super::*;

    fn bar(offers: &[(Action, &'static str)], columns: u16) -> String {
        let offers: Vec<_> = offers.iter().map(|(action, verb)| offer(*action, verb)).collect();
        key_bar(Theme::default(), &hints(&offers, false), columns).to_string()
    }

    #[test]
    fn the_bar_keeps_whole_entries_only() {
        let offers = [(Action::Accept, "choose"), (Action::Back, "back"), (Action::Quit, "leave")];
        assert_eq!(bar(&offers, 80), " Enter choose   Esc back   q leave");
        assert_eq!(bar(&offers, 34), " Enter choose   Esc back   q leave");
        assert_eq!(bar(&offers, 33), " Enter choose   Esc back");
        assert_eq!(bar(&offers, 8), " ");
        assert_eq!(bar(&[(Action::Up, "move"), (Action::Down, "move")], 80), " ↑↓ move");
        assert_eq!(bar(&[(Action::PageUp, "go"), (Action::Up, "go")], 80), " PageUp go   ↑ go");
    }

    #[test]
    fn the_help_is_the_last_to_go() {
        let offers = [(Action::Accept, "choose"), (Action::Back, "back"), (Action::Help, "help")];
        assert_eq!(bar(&offers, 30), " Enter choose   ? help");
        assert_eq!(bar(&offers, 12), " ? help");
    }
}
