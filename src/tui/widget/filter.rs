//! Which entries of a list match what was typed.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str, Utf32String};

/// The positions of the entries that match, in their own order; all of them for an empty query.
pub(in super::super) fn matching<'a>(query: &str, entries: impl Iterator<Item = &'a str>) -> Vec<usize> {
    if query.trim().is_empty() {
        return (0..entries.count()).collect();
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = pattern(query);
    let mut buffer = Vec::new();
    entries
        .enumerate()
        .filter(|(_, entry)| pattern.score(Utf32Str::new(entry, &mut buffer), &mut matcher).is_some())
        .map(|(index, _)| index)
        .collect()
}

fn pattern(query: &str) -> Pattern {
    // Scattered letters would match half of a long list: every word must stand in the entry as it is.
    Pattern::new(query, CaseMatching::Ignore, Normalization::Smart, AtomKind::Substring)
}

/// A long list, made ready once for many queries.
#[derive(Debug, Default)]
pub(in super::super) struct Haystack {
    entries: Vec<Utf32String>,
    /// The last query with what it left.
    last: (String, Vec<usize>),
}

impl Haystack {
    pub(in super::super) fn new<'a>(entries: impl Iterator<Item = &'a str>) -> Self {
        let entries: Vec<Utf32String> = entries.map(Utf32String::from).collect();
        let all = (0..entries.len()).collect();
        Self { entries, last: (String::new(), all) }
    }

    /// What [`matching`] says. A query that goes on from the last one looks only at what that left.
    pub(in super::super) fn matching(&mut self, query: &str) -> Vec<usize> {
        let (last, left) = &self.last;
        // A backslash joins two words into one, which then match elsewhere.
        let narrows = query.starts_with(last.as_str()) && !query.contains('\\');
        let found = if query.trim().is_empty() {
            (0..self.entries.len()).collect()
        } else {
            let mut matcher = Matcher::new(Config::DEFAULT);
            let pattern = pattern(query);
            let mut matches =
                |index: &usize| pattern.score(self.entries[*index].slice(..), &mut matcher).is_some();
            if narrows {
                left.iter().copied().filter(|index| matches(index)).collect()
            } else {
                (0..self.entries.len()).filter(|index| matches(index)).collect()
            }
        };
        self.last = (query.to_owned(), found);
        self.last.1.clone()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_match_in_any_place_and_the_order_stays() {
        let names = ["Storefront/rust-crates", "npm-only", "Web/rust"];
        assert_eq!(matching("", names.into_iter()), [0, 1, 2]);
        assert_eq!(matching("rust", names.into_iter()), [0, 2]);
        assert_eq!(matching("rust store", names.into_iter()), [0]);
        assert_eq!(matching("STORE", names.into_iter()), [0]);
        assert!(matching("rtc", names.into_iter()).is_empty(), "scattered letters are no match");
    }

    proptest! {
        #[test]
        fn a_haystack_finds_what_a_fresh_look_finds(
            entries in prop::collection::vec("[ab \\\\éE/]{0,8}", 0..12),
            queries in prop::collection::vec("[ab \\\\éeA]{0,4}", 0..12),
        ) {
            let mut haystack = Haystack::new(entries.iter().map(String::as_str));
            let mut typed = String::new();
            for query in queries {
                // As it is typed, and now and then something else.
                typed = if query.len() % 3 == 0 { query } else { typed + &query };
                let fresh = matching(&typed, entries.iter().map(String::as_str));
                prop_assert_eq!(haystack.matching(&typed), fresh, "{}", typed);
            }
        }
    }
}
