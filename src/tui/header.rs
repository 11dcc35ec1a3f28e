//! The line at the head of every screen: who is at which feed, with what, kept where, and for how long. Made of the
//! answers so far and of nothing else, so that no name outlives what it belongs to.

use ratatui::text::{Line, Span};

use crate::domain::credential::{Kept, TokenStore};
use crate::domain::lifetime::Lifetime;
use crate::domain::text;

use super::session::Session;
use super::theme::Theme;

/// Columns below which nothing is said at the right: too little to be understood.
const LEAST: usize = 8;

/// Between the left part and the right one, and at both ends.
const GAPS: usize = 3;

/// What the line can say at the right.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Header {
    place: Option<String>,
    demo: bool,
    who: Option<String>,
    kind: Option<&'static str>,
    store: Option<&'static str>,
    lifetime: Option<Lifetime>,
}

/// One part, and how much it matters: the least goes first where there is little room.
struct Part {
    rank: u8,
    text: String,
    is_urgent: bool,
}

impl Header {
    /// What the answers so far tell.
    pub(super) fn of(session: &Session) -> Self {
        // Another feed may have taken the place of the one that the configuration named.
        let feed = session.feed_label().filter(|_| !session.found || session.in_force().is_some());
        let place = feed.or_else(|| Some(session.target.as_ref()?.collection.name()));
        let demo = session.checkout.as_ref().is_some_and(|checkout| checkout.demo_token.is_some());
        let store = session.plan.as_ref().filter(|_| session.logged_in.is_some()).map(|plan| plan.store);
        if let Some(login) = session.login() {
            return Self {
                place,
                demo,
                who: Some(login.name().to_owned()).filter(|name| !name.is_empty()),
                kind: Some(login.short_kind),
                store: login.kept.map(Kept::name),
                lifetime: Some(login.lifetime()),
            };
        }
        let credential = session.credential.as_ref();
        // It is what Cargo goes on with.
        let made = session.logged_in.as_ref().and_then(|logged_in| logged_in.pat.as_ref());
        Self {
            place,
            demo,
            who: session.account.as_ref().map(|account| account.display_name.clone()),
            kind: credential.map(|credential| made.map_or(credential.short_kind(), |_| "PAT")),
            store: credential.and(store).map(TokenStore::name),
            lifetime: credential.map(|credential| {
                made.map_or_else(|| credential.lifetime(store), |made| Lifetime::Until(made.ends))
            }),
        }
    }

    /// Whether it says how much time is left.
    pub(super) fn tells_time(&self) -> bool {
        matches!(self.lifetime, Some(Lifetime::Until(_)))
    }

    /// The whole line for that many columns, at that time of day.
    pub(super) fn line(&self, theme: Theme, (columns, now): (u16, Option<u64>)) -> Line<'static> {
        let parts = self.parts(theme, now);
        let mut spans = self.left(theme, &parts, columns);
        let columns = usize::from(columns);
        let left: usize = spans.iter().map(Span::width).sum();
        let room = columns.saturating_sub(left + GAPS);
        let right = drawn(fitting(parts, theme, room), theme, room);
        let width: usize = right.iter().map(Span::width).sum();
        if width > 0 {
            spans.push(Span::raw(" ".repeat(columns.saturating_sub(left + width + 1))));
            spans.extend(right);
        }
        Line::from(spans)
    }

    /// What the line has no room for, and how much each matters.
    pub(super) fn left_out(&self, theme: Theme, (columns, now): (u16, Option<u64>)) -> Vec<(u8, String)> {
        let parts = self.parts(theme, now);
        let left: usize = self.left(theme, &parts, columns).iter().map(Span::width).sum();
        let fits = fitting(self.parts(theme, now), theme, usize::from(columns).saturating_sub(left + GAPS));
        let is_shown = |part: &Part| fits.iter().any(|shown| shown.rank == part.rank);
        parts.into_iter().filter(|part| !is_shown(part)).map(|part| (part.rank, part.text)).collect()
    }

    /// The name of the tool and the place, which gives way a little, so that the foremost part is whole.
    fn left(&self, theme: Theme, parts: &[Part], columns: u16) -> Vec<Span<'static>> {
        let columns = usize::from(columns);
        let foremost = parts.iter().max_by_key(|part| part.rank).map_or(0, |part| text::width(&part.text));
        let mut spans = vec![Span::styled(" az-cargo-wizard", theme.accent())];
        if let Some(place) = &self.place {
            let used = spans[0].width() + text::width(theme.separator()) + 1;
            let wanted = if foremost > 0 { (foremost + GAPS).min(columns / 3) } else { 0 };
            let place = theme.name(place, columns.saturating_sub(used + wanted));
            spans.push(Span::raw(format!("{}{place}", theme.separator())));
        }
        spans
    }

    /// In the order of the line.
    fn parts(&self, theme: Theme, now: Option<u64>) -> Vec<Part> {
        let lifetime = self.lifetime.unwrap_or(Lifetime::Unknown);
        let is_urgent = lifetime.ends_soon(now);
        let time = lifetime.words(now);
        let plain = |rank: u8, text: Option<&str>| {
            text.map(|text| Part { rank, text: theme.text(text), is_urgent: false })
        };
        let time_rank = if is_urgent { 6 } else { 3 };
        [
            plain(4, self.demo.then_some("demo")),
            plain(5, self.who.as_deref()),
            plain(2, self.kind),
            plain(1, self.store),
            time.map(|text| Part { rank: time_rank, text, is_urgent }),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// The parts that have room; the foremost one alone is cut where it has not enough.
fn fitting(mut parts: Vec<Part>, theme: Theme, room: usize) -> Vec<Part> {
    let separator = text::width(theme.separator());
    let width = |parts: &[Part]| {
        let texts: usize = parts.iter().map(|part| text::width(&part.text)).sum();
        texts + separator * parts.len().saturating_sub(1)
    };
    while parts.len() > 1 && width(&parts) > room {
        let least = parts.iter().map(|part| part.rank).min();
        parts.retain(|part| Some(part.rank) != least);
    }
    if room < LEAST && width(&parts) > room {
        return Vec::new();
    }
    parts
}

fn drawn(parts: Vec<Part>, theme: Theme, room: usize) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    for part in parts {
        if !spans.is_empty() {
            spans.push(Span::styled(theme.separator().to_owned(), theme.quiet()));
        }
        let style = if part.is_urgent { theme.warning() } else { theme.quiet() };
        spans.push(Span::styled(theme.line(&part.text, room), style));
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            place: Some("contoso/rust".to_owned()),
            demo: false,
            who: Some("Ana Costa".to_owned()),
            kind: Some("Entra"),
            store: Some("this run only"),
            lifetime: Some(Lifetime::Until(10_000 + 43 * 60)),
        }
    }

    fn shown(header: &Header, columns: u16, now: u64) -> String {
        header.line(Theme::default(), (columns, Some(now))).to_string()
    }

    #[test]
    fn the_least_important_goes_first() {
        let at = |columns| shown(&header(), columns, 10_000).split("contoso/rust").nth(1).unwrap().to_owned();
        assert_eq!(at(100).trim(), "Ana Costa · Entra · this run only · expires in 43 min");
        assert_eq!(at(80).trim(), "Ana Costa · Entra · expires in 43 min");
        assert_eq!(at(60).trim(), "Ana Costa");
        assert_eq!(at(66).trim(), "Ana Costa · expires in 43 min");
        let left_out = |columns| {
            let parts = header().left_out(Theme::default(), (columns, Some(10_000)));
            parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>()
        };
        assert!(left_out(100).is_empty());
        assert_eq!(left_out(66), ["Entra", "this run only"]);
        assert_eq!(left_out(60), ["Entra", "this run only", "expires in 43 min"]);
        assert!(shown(&header(), 40, 10_000).ends_with("Ana Costa"), "{}", shown(&header(), 40, 10_000));
        for columns in 40..120 {
            let line = shown(&header(), columns, 10_000);
            assert!(text::width(&line) < usize::from(columns), "{columns}: {line}");
        }
    }

    #[test]
    fn what_ends_soon_is_said_before_everything_else() {
        let line = shown(&header(), 50, 10_000 + 40 * 60);
        assert!(line.ends_with("expires in 3 min"), "{line}");
        assert!(shown(&header(), 50, 99_999).ends_with("expired"));
        assert!(header().tells_time() && !Header::default().tells_time());
        assert_eq!(shown(&Header::default(), 80, 1), " az-cargo-wizard");
    }
}
