//! What each answer of the form means, for the person who is about to give it.

use super::super::super::session::Session;
use super::{Config, Question};
use crate::domain::credential::TokenStore;
use crate::domain::feed::Feed;
use crate::domain::plan::ConfigScope;

impl Config {
    /// What the answer under the cursor means.
    pub(super) fn explain(&self, session: &Session) -> &'static [&'static str] {
        let feed_replaces = session.feed.as_ref().is_some_and(Feed::has_crates_io);
        match (self.question, self.scope) {
            (Question::File, ConfigScope::Project) => &[
                "project: .cargo/config.toml of this workspace, for everyone who clones it. It never holds a secret.",
            ],
            (Question::File, _) => {
                &["user: Cargo's own configuration, for every project of yours on this machine."]
            }
            (Question::Name, _) => &["How Cargo calls the feed; crates are published with --registry NAME."],
            (Question::View, _) if self.local_view => {
                &["@Local: everything that is in the feed, as a view. Another spelling is another cache."]
            }
            (Question::View, _) => &["none (recommended): the feed itself."],
            (Question::Replace, _) if !feed_replaces => {
                &["Not possible: without the crates.io upstream every public dependency would break."]
            }
            (Question::Replace, _) if self.replace => &[
                "use the feed (recommended): every crate of crates.io comes through the feed. The lock file stays as it is.",
            ],
            (Question::Replace, _) => {
                &["leave as it is: only dependencies that name this registry come from the feed."]
            }
            (Question::Mirror, _) => &[],
            (Question::Publish, _) => &[
                "A second registry, for crates of your own: they go to a feed without upstream sources. A crate says \
                 publish = [\"NAME\"] in its Cargo.toml.",
            ],
            (Question::Store, _) if self.store == TokenStore::PlainFile => &[
                "plain token file: credentials.toml in Cargo's home, in plain text, readable by you alone. Cargo offers it to \
                 any project whose configuration has a registry of this name.",
                "The system keyring: not yet.",
            ],
            (Question::Store, _) => &["this run only: given to this one cargo fetch, and kept nowhere."],
        }
    }
}
