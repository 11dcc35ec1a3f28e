//! The bottom line: the keys that work here.

use ratatui::text::{Line, Span};

use crate::domain::text;

use super::super::keymap::{Offer, binding};
use super::super::theme::Theme;

/// The offers that fit, the first ones first; what is left out is in the help.
pub(in super::super) fn key_bar(theme: Theme, offers: &[Offer], columns: u16) -> Line<'static> {
    let mut spans = vec![Span::raw(" ")];
    let mut room = usize::from(columns).saturating_sub(1);
    for (index, (keys, verb)) in joined(offers).into_iter().enumerate() {
        let keys = theme.text(&keys);
        let gap = if index == 0 { 0 } else { 3 };
        let needed = text::width(&keys) + 1 + text::width(verb) + gap;
        if needed > room {
            break;
        }
        room -= needed;
        spans.push(Span::raw(" ".repeat(gap)));
        spans.push(Span::styled(keys, theme.key()));
        spans.push(Span::styled(format!(" {verb}"), theme.quiet()));
    }
    Line::from(spans)
}

/// Neighbours with one verb become one: `↑↓ move`.
fn joined(offers: &[Offer]) -> Vec<(String, &'static str)> {
    let mut joined: Vec<(String, &'static str)> = Vec::new();
    for offer in offers {
        let key = first_key(binding(offer.action).shown);
        match joined.last_mut() {
            Some((keys, verb)) if *verb == offer.verb => keys.push_str(key),
            _ => joined.push((key.to_owned(), offer.verb)),
        }
    }
    joined
}

/// Of several keys the first: the bar is short.
fn first_key(shown: &str) -> &str {
    shown.split(' ').next().unwrap_or(shown)
}

#[cfg(test)]
mod tests {
    use super::super::super::keymap::{Action, offer};
    use super::*;

    #[test]
    fn the_bar_keeps_whole_offers_only() {
        let offers =
            [offer(Action::Accept, "choose"), offer(Action::Back, "back"), offer(Action::Quit, "leave")];
        assert_eq!(key_bar(Theme::default(), &offers, 80).to_string(), " Enter choose   Esc back   q leave");
        assert_eq!(key_bar(Theme::default(), &offers, 30).to_string(), " Enter choose   Esc back");
        assert_eq!(key_bar(Theme::default(), &offers, 8).to_string(), " ");
        let moves = [offer(Action::Up, "move"), offer(Action::Down, "move")];
        assert_eq!(key_bar(Theme::default(), &moves, 80).to_string(), " ↑↓ move");
    }
}
