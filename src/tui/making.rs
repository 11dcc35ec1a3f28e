//! What making and changing feeds leaves behind for the other screens and for the end.

use crate::domain::feed::Feed;
use crate::domain::organization::Target;

/// Between the list of feeds, the form for a new one, and the lines at the end.
#[derive(Debug, Clone, Default)]
pub(super) struct Making {
    /// Every feed that the list shows, for names that are taken.
    pub(super) known: Vec<Feed>,
    /// The feed under the cursor when the form was opened.
    pub(super) subject: Option<Feed>,
    /// The list must be asked for again.
    pub(super) stale: bool,
    /// The feed on which it is then to put its cursor.
    pub(super) select: Option<String>,
    /// The label of the feed whose request is on its way.
    pub(super) sending: Option<String>,
    /// The id of a feed, and the feed to publish to that was made with it.
    pub(super) pairs: Vec<(String, Feed)>,
    /// Labels of feeds that crates.io was added to.
    widened: Vec<String>,
    /// Feeds that were made, each with the base of its organization.
    made: Vec<(String, Feed)>,
}

impl Making {
    /// Remembers a feed that was made; the list shall show the first one of a pair.
    pub(super) fn made(&mut self, target: Option<&Target>, feed: Feed) {
        self.stale = true;
        self.select.get_or_insert_with(|| feed.id.clone());
        self.made.push((base(target), feed));
    }

    /// Remembers a feed that got crates.io.
    pub(super) fn widened(&mut self, feed: &Feed) {
        self.stale = true;
        self.select = Some(feed.id.clone());
        self.widened.push(feed.label());
    }

    /// The feeds that were made in this organization: a list that is asked for at once may lack them.
    pub(super) fn made_in(&self, target: Option<&Target>) -> impl Iterator<Item = &Feed> {
        let base = base(target);
        self.made.iter().filter(move |(of, _)| *of == base).map(|(_, feed)| feed)
    }

    /// The feed to publish to that was made with another.
    pub(super) fn partner(&self, feed: &Feed) -> Option<&Feed> {
        self.pairs.iter().find(|(id, _)| *id == feed.id).map(|(_, partner)| partner)
    }

    /// What was done, line by line.
    pub(super) fn summary(&self) -> Vec<String> {
        let made = self.made.iter().map(|(_, feed)| format!("Created the feed {}", feed.label()));
        let widened = self.widened.iter().map(|label| format!("Added crates.io to the feed {label}"));
        let open = self.sending.iter().map(|label| {
            format!("The feed {label} was being created when the wizard was left: look in the list of feeds")
        });
        made.chain(widened).chain(open).collect()
    }
}

fn base(target: Option<&Target>) -> String {
    target.map(|target| target.collection.base().to_string()).unwrap_or_default()
}
