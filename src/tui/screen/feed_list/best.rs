//! Which feed the person means, or is served best by.

use crate::domain::feed::{Feed, Role};
use crate::domain::organization::Target;

/// The feed to put the cursor on: the one that was named, else the best for the project at hand.
pub(super) fn best(feeds: &[Feed], target: &Target) -> Option<usize> {
    if let Some(named) = feeds.iter().position(|feed| is_named(feed, target)) {
        return Some(named);
    }
    let fitness = |feed: &Feed| {
        let saves = feed.role.is_some_and(Role::saves_upstream_crates);
        (
            feed.has_crates_io() && feed.is_usable(),
            target.project.is_some() && same_project(feed, target),
            saves,
        )
    };
    // The first of the best: `max_by_key` alone would take the last.
    (0..feeds.len()).rev().max_by_key(|index| fitness(&feeds[*index]))
}

pub(super) fn is_named(feed: &Feed, target: &Target) -> bool {
    target.feed.as_ref() == Some(&feed.name) && same_project(feed, target)
}

fn same_project(feed: &Feed, target: &Target) -> bool {
    feed.project.as_ref().map(|project| &project.name) == target.project.as_ref()
}
