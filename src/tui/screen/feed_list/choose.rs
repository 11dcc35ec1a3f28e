//! Going on with a feed of the list.

use crate::domain::feed::{Feed, Role};
use crate::domain::new_feed::publish_partner;

use super::super::super::msg::Act;
use super::super::super::session::{Session, Step};
use super::best::is_named;
use super::{FeedList, Resting};

impl FeedList {
    /// Goes on with the feed under the cursor; one that the list tells no upstream sources of is asked first, for
    /// they decide what the Config step offers.
    pub(super) fn accept(&mut self, session: &mut Session) -> Vec<Act> {
        let is_untold = self.selected().is_some_and(|feed| !feed.upstreams_told);
        if is_untold && self.details.is_none() && !self.details_failed {
            self.choosing = true;
            return if self.resting == Resting::Asked { Vec::new() } else { self.ask_details(session) };
        }
        self.choose(session)
    }

    pub(super) fn choose(&self, session: &mut Session) -> Vec<Act> {
        let Some(feed) = self.chosen() else { return Vec::new() };
        let made = session.making.partner(&feed).or_else(|| publish_partner(&feed, &self.feeds));
        let publish = made.filter(|feed| feed.role >= Some(Role::Contributor)).cloned();
        session.choose_feed(feed);
        session.publish = publish;
        vec![Act::Go(Step::Config)]
    }

    /// Goes on with the feed that the person's own address has named already, where nothing speaks against it.
    pub(super) fn choose_named(&self, session: &mut Session) -> Vec<Act> {
        let is_sound = |feed: &Feed| feed.has_crates_io() && feed.is_usable();
        let named = self.selected().filter(|feed| is_sound(feed)).zip(session.target.as_ref());
        if session.named && !self.wanted && named.is_some_and(|(feed, target)| is_named(feed, target)) {
            return self.choose(session);
        }
        Vec::new()
    }
}
