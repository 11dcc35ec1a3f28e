//! Which entries of a list match what was typed.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// The positions of the entries that match, in their own order; all of them for an empty query.
pub(in super::super) fn matching<'a>(query: &str, entries: impl Iterator<Item = &'a str>) -> Vec<usize> {
    if query.trim().is_empty() {
        return (0..entries.count()).collect();
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    // Scattered letters would match half of a long list: every word must stand in the entry as it is.
    let pattern = Pattern::new(query, CaseMatching::Ignore, Normalization::Smart, AtomKind::Substring);
    let mut buffer = Vec::new();
    entries
        .enumerate()
        .filter(|(_, entry)| pattern.score(Utf32Str::new(entry, &mut buffer), &mut matcher).is_some())
        .map(|(index, _)| index)
        .collect()
}

#[cfg(test)]
mod tests {
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
}
