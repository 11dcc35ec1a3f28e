//! The dashboard: which of its tabs leads where, and what its second line tells.

use super::header::Header;
use super::session::{Session, Step};
use super::theme::Theme;
use crate::domain::text;

/// Whether the tabs are shown, and the way back to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Dashboard {
    /// The tabs are shown in place of the steps.
    pub(super) is_shown: bool,
    /// The tab from which the wizard was opened, and the step at which.
    pub(super) opened: Option<(Step, Step)>,
    /// Whether Cargo was asked, too, and not only the files.
    pub(super) is_checked: bool,
}

impl Dashboard {
    /// Takes the step that is shown next, coming from that one; whether the tabs come up with it.
    pub(super) fn turn(&mut self, from: Step, to: Step) -> bool {
        let opens = !self.is_shown && Step::TABS.contains(&to) && to != Step::Restore;
        if opens {
            *self = Self { is_shown: true, ..Self::default() };
        } else if self.is_shown && !Step::TABS.contains(&to) {
            self.is_shown = false;
            self.opened = Some((from, to));
        } else if let Some((_, entry)) = &mut self.opened
            && to == Step::Feed
            && *entry == Step::NewFeed
        {
            *entry = Step::Feed;
        }
        opens
    }

    /// The tab to go back to from there.
    pub(super) fn behind(self, step: Step) -> Option<Step> {
        self.opened.filter(|(_, entry)| *entry == step && !self.is_shown).map(|(tab, _)| tab)
    }
}

/// The tab that many places behind this one, round the end.
pub(super) fn tab_after(step: Step, places: usize) -> Step {
    let tabs = Step::TABS;
    let at = tabs.iter().position(|tab| *tab == step).unwrap_or_default();
    tabs[(at + places) % tabs.len()]
}

/// Which project this is, what is in force and why, who is signed in and which Cargo that is; what matters least goes
/// where there is little room.
pub(super) fn facts(session: &Session, theme: Theme, (columns, now): (u16, Option<u64>)) -> String {
    let mut facts: Vec<(u8, String)> = Vec::new();
    let checkout = session.checkout.as_ref();
    let project = checkout.and_then(|checkout| checkout.workspace.as_deref());
    let name = project.and_then(|dir| dir.file_name()).map(|name| text::clean(&name.to_string_lossy()));
    facts.push((13, name.unwrap_or_else(|| "no project".to_owned())));
    facts.push((15, in_force(session)));
    facts.extend(signed_in(session).map(|words| (14, words)));
    // The header says it where it has the room.
    let left_out = Header::of(session).left_out(theme, (columns, now));
    facts.extend(left_out.into_iter().map(|(rank, words)| (2 * rank, words)));
    let cargo = checkout.and_then(|checkout| checkout.cargo.as_ref());
    facts.extend(cargo.map(|version| (5, format!("Cargo {version}"))));
    let columns = usize::from(columns).saturating_sub(2);
    loop {
        let words: Vec<&str> = facts.iter().map(|(_, words)| words.as_str()).collect();
        let line = theme.text(&words.join(theme.separator()));
        if facts.len() == 1 || text::width(&line) <= columns {
            return theme.name(&line, columns);
        }
        let least = facts.iter().map(|(rank, _)| *rank).min();
        facts.retain(|(rank, _)| Some(*rank) != least);
    }
}

fn in_force(session: &Session) -> String {
    let in_force = session.checkout.as_ref().and_then(|checkout| checkout.in_force.as_ref());
    let Some(feed) = in_force else { return without_feed(session) };
    let view = feed.target.view.as_ref().map_or(String::new(), |view| format!("@{view}"));
    let beside = if feed.registry.replaces_crates_io { "" } else { " beside crates.io" };
    let source = session.shown(std::path::Path::new(&feed.registry.source));
    format!("{}{view}{beside} from {source}", feed.registry.name)
}

/// The place of a token; of a path the last part, for a second line has little room.
fn short(place: &str) -> String {
    let path = std::path::Path::new(place);
    let name = path.file_name().filter(|_| path.is_absolute());
    name.map_or_else(|| text::clean(place), |name| text::clean(&name.to_string_lossy()))
}

fn without_feed(session: &Session) -> String {
    match session.checkout.as_ref().and_then(|checkout| checkout.stand_in.as_ref()) {
        Some(other) => format!("{} from {}", other.name, session.shown(std::path::Path::new(&other.source))),
        None => "crates.io directly".to_owned(),
    }
}

/// Whether Cargo is signed in, where the header does not say as whom.
fn signed_in(session: &Session) -> Option<String> {
    let feed = session.checkout.as_ref()?.in_force.as_ref().filter(|_| session.account.is_none())?;
    match feed.token_in.as_deref().map(short) {
        Some(_) if session.login().is_some() => None,
        Some(place) => Some(format!("token from {place}")),
        None if feed.open => Some("not signed in: the feed answers everyone".to_owned()),
        None => Some("not signed in".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tabs_go_round() {
        assert_eq!(tab_after(Step::Feeds, 1), Step::Restore);
        assert_eq!(tab_after(Step::Doctor, 1), Step::Feeds);
        assert_eq!(tab_after(Step::Feeds, 3), Step::Doctor);
    }

    #[test]
    fn a_step_that_was_opened_from_a_tab_leads_back_to_it() {
        let mut dashboard = Dashboard::default();
        assert!(!dashboard.turn(Step::LogIn, Step::Restore), "the step of the wizard is no tab");
        assert!(dashboard.turn(Step::Check, Step::Feeds) && dashboard.is_shown);
        assert!(!dashboard.turn(Step::Feeds, Step::Restore) && dashboard.is_shown);
        dashboard.turn(Step::Restore, Step::NewFeed);
        assert_eq!((dashboard.is_shown, dashboard.behind(Step::NewFeed)), (false, Some(Step::Restore)));
        dashboard.turn(Step::NewFeed, Step::Feed);
        assert_eq!(dashboard.behind(Step::Feed), Some(Step::Restore));
        dashboard.turn(Step::Feed, Step::Config);
        assert_eq!(dashboard.behind(Step::Config), None);
        assert!(dashboard.turn(Step::Done, Step::Feeds));
        assert_eq!(dashboard.opened, None);
    }
}
