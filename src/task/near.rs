//! Names that come near one that is not known: for 'did you mean'.

use std::collections::BTreeMap;

/// How alike two names must be, from 0 to 1.
const NEAR: f64 = 0.7;
const MOST: usize = 3;

/// The nearest of these, the best first, in backticks; clean where they are.
pub(super) fn near(text: &str, known: impl IntoIterator<Item = String>) -> Vec<String> {
    let nearness = |name: &str| strsim::jaro_winkler(&name.to_lowercase(), &text.to_lowercase());
    let near: BTreeMap<String, f64> = known
        .into_iter()
        .map(|name| (name.clone(), nearness(&name)))
        .filter(|(_, nearness)| *nearness >= NEAR)
        .collect();
    let mut near: Vec<(String, f64)> = near.into_iter().collect();
    near.sort_by(|one, other| other.1.total_cmp(&one.1));
    near.into_iter().take(MOST).map(|(name, _)| format!("`{name}`")).collect()
}
