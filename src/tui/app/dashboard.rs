//! How one comes to the dashboard, from tab to tab, and from its tabs into the steps and back.

use super::App;
use crate::task::Request;
use crate::tui::dashboard::{Dashboard, tab_after};
use crate::tui::keymap::{Action, Offer, offer};
use crate::tui::msg::Effect;
use crate::tui::session::Step;

impl App {
    /// Opens on what the files have told; the rest is looked at meanwhile.
    pub(super) fn open_dashboard(&mut self) -> Vec<Effect> {
        let way_back = self.session.checkout.as_ref().and_then(|checkout| checkout.way_back.clone());
        if let Some(target) = way_back {
            self.session.find_target(target);
        }
        self.session.dashboard = Dashboard { is_shown: true, ..Dashboard::default() };
        let mut effects = self.look_again();
        effects.extend(self.show(Step::Feeds));
        effects
    }

    /// Keeps book of tabs and steps; what was changed since the last look is looked at.
    pub(super) fn turn_to(&mut self, step: Step) -> Vec<Effect> {
        let is_checked = self.here == Step::Check;
        if !self.session.dashboard.turn(self.here, step) {
            return Vec::new();
        }
        self.session.dashboard.is_checked = is_checked;
        if is_checked { Vec::new() } else { self.look_again() }
    }

    /// Back from the step that was opened from a tab.
    pub(super) fn back_to_tab(&mut self, tab: Step) -> Vec<Effect> {
        self.session.dashboard = Dashboard { is_shown: true, ..Dashboard::default() };
        let mut effects = self.look_again();
        effects.extend(self.show(tab));
        effects
    }

    /// Takes the feed that is in force, whatever the steps have asked about, and looks at everything anew.
    pub(super) fn look_again(&mut self) -> Vec<Effect> {
        self.session.find_in_force();
        vec![self.start(Step::Check, Request::Check)]
    }

    /// Whether Cargo is still being asked.
    pub(super) fn waits_for_check(&self) -> bool {
        self.session.dashboard.is_shown && !self.session.dashboard.is_checked
    }

    /// Where the check has told something: its question comes before everything else, and what it has found is for the
    /// list of feeds.
    pub(super) fn take_check(&mut self, owner: Step) -> Vec<Effect> {
        if owner != Step::Check || !self.session.dashboard.is_shown {
            return Vec::new();
        }
        if self.screens.asks_for_trust() {
            return self.show(Step::Check);
        }
        let acts = self.screens.of_mut(Step::Feeds).enter(&mut self.session);
        self.apply(Step::Feeds, acts)
    }

    pub(super) fn turn_tab(&mut self, action: Action) -> Vec<Effect> {
        let places = if action == Action::NextField { 1 } else { Step::TABS.len() - 1 };
        self.show(tab_after(self.here, places))
    }
}

/// Puts the way to the next tab where it is seen, behind what matters most here.
pub(super) fn offer_tabs(offers: &mut Vec<Offer>) {
    const BEHIND: usize = 2;
    offers.insert(offers.len().min(BEHIND), offer(Action::NextField, "next tab"));
    offers.push(offer(Action::PreviousField, "tab before"));
}
