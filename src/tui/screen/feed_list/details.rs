//! What a feed means for Cargo, said before it hurts.

use crate::domain::feed::{Condition, CrateCount, Feed, Role};
use crate::domain::text;

use super::super::super::session::Session;
use super::super::super::theme::Theme;
use super::super::super::widget::page::Page;
use super::super::super::widget::table::Cell;
use super::FeedList;

impl FeedList {
    pub(super) fn describe(&self, page: &mut Page, feed: &Feed, session: &Session) {
        page.styled_title(&feed.label());
        if let Some(warning) = feed.condition.warning() {
            page.warning(warning);
        }
        match feed.crates_io() {
            Some(true) => page.good("Has the crates.io upstream: it can stand in for crates.io."),
            Some(false) => {
                page.warning("No crates.io upstream: only its own crates, never in place of crates.io.")
            }
            None => page.quiet("Its upstream sources are asked for while the cursor rests here."),
        };
        self.say_role(page, feed, session);
        if !feed.description.is_empty() {
            page.quiet(&feed.description);
        }
        if let Some(details) = &self.details {
            if let Some(count) = details.crates {
                page.pair("Crates", &crates(count));
            }
            for (index, view) in details.views.iter().enumerate() {
                let label = if index == 0 { "Views" } else { "" };
                page.pair(label, &format!("@{}: {}", view.name, view.visibility));
            }
        } else if self.details_failed {
            page.quiet("Its details could not be asked for.");
        }
        if !feed.upstreams_told {
            return;
        }
        let sources: Vec<&str> = feed.upstreams.iter().map(|upstream| upstream.name.as_str()).collect();
        page.pair("Upstreams", &if sources.is_empty() { "none".to_owned() } else { sources.join(", ") });
    }

    fn say_role(&self, page: &mut Page, feed: &Feed, session: &Session) {
        let role = self.details.as_ref().and_then(|details| details.role).or(feed.role);
        match role {
            None if session.anonymous => {
                page.warning("Not signed in: crates that nobody has saved yet will fail.");
            }
            Some(role) if role.saves_upstream_crates() && feed.condition == Condition::ReadOnly => {
                page.quiet(&format!("  {}.", role.label()));
            }
            Some(role) if role.saves_upstream_crates() => {
                page.good(&format!("{}: crates are saved on first use.", role.label()));
            }
            Some(role) => {
                page.warning(&format!("{}: crates that nobody has saved yet will fail.", role.label()));
            }
            None => {
                page.quiet("  Reader or more: which, is asked while the cursor rests here.");
            }
        }
    }
}

/// The role in a column, or what stands in its way.
pub(super) fn role_cell(feed: &Feed, theme: Theme) -> Cell {
    match (feed.condition, feed.role) {
        (Condition::Sound, Some(role)) if feed.has_crates_io() && feed.cannot_save() => {
            Cell::styled(role.short(), theme.warning())
        }
        (Condition::Sound, Some(Role::Reader) | None) => Cell::styled(role_word(feed.role), theme.quiet()),
        (Condition::Sound, Some(role)) => Cell::new(role.short()),
        (condition, _) => Cell::styled(condition.word(), theme.warning()),
    }
}

fn role_word(role: Option<Role>) -> &'static str {
    // Whoever sees a feed may at least read it.
    role.map_or("reader+", Role::short)
}

fn crates(count: CrateCount) -> String {
    match count {
        CrateCount::Exactly(number) => text::grouped(number),
        CrateCount::AtLeast(number) => format!("{} or more", text::grouped(number)),
    }
}
