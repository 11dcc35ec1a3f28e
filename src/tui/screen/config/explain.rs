//! What the answers of the form mean.

use super::{Config, Question};
use crate::domain::credential::{Kept, TokenStore};
use crate::domain::feed::Feed;
use crate::domain::machine::Recommended;
use crate::domain::plan::ConfigScope;
use crate::tui::session::Session;
use crate::tui::widget::page::{Page, sentence};

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
            (Question::View, _) if self.view_at() > 1 => &[
                "A part of the feed: what was promoted to that view. Too little to stand in for crates.io, mostly.",
            ],
            (Question::View, _) if self.view.is_some() => {
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
            (Question::Store, _) => store(self.store),
        }
    }

    /// The row about the credential.
    pub(super) fn store_options(&self, page: &mut Page, session: &Session) {
        if Question::Store.is_asked((self, session)) {
            let stores = session.stores();
            let words: Vec<&str> = stores.iter().map(|store| store.name()).collect();
            let chosen = stores.iter().position(|store| *store == self.store).unwrap_or_default();
            page.options("Credential", (&words, chosen), self.question == Question::Store);
        }
    }

    /// What to know about keeping a credential that ends soon where nobody renews it.
    pub(super) fn warn_of_store(&self, page: &mut Page, session: &Session) {
        let is_renewed = matches!(self.store, TokenStore::Provider(_));
        let is_asked = self.question == Question::Store && !is_renewed;
        if let Some(line) = session.store_warning().filter(|_| is_asked) {
            page.warning(&line);
        }
    }
}

/// The store that fits this machine, and why; and why one is not among the answers.
pub(super) fn recommendation(page: &mut Page, session: &Session) {
    let Recommended { store, why, .. } = session.recommended();
    page.quiet(&format!("Recommended here: {}, because {why}.", store.name()));
    if let Some(Err(report)) = &session.native {
        let why = report.why().map_or(String::new(), |cause| format!(": {cause}"));
        page.quiet(&format!("{}{why}.", sentence(&report.headline)));
    }
}

fn store(store: TokenStore) -> &'static [&'static str] {
    match store {
        TokenStore::Provider(Kept::Keyring) => &[
            "system keyring: kept there, and renewed; Cargo asks this tool for it, in every project.",
            "Cargo's own configuration will name this program once, for all feeds.",
        ],
        TokenStore::Provider(Kept::File) => &[
            "file of this tool: plain text, readable by you alone, and renewed; Cargo asks this tool for it, in every \
             project, and no other organization gets it.",
            "Cargo's own configuration will name this program once, for all feeds.",
        ],
        TokenStore::Native(_) => &[
            "Cargo's own provider for this system keeps it in the keyring and is asked for this registry alone. Nothing \
             renews it.",
        ],
        TokenStore::ThisRunOnly => &["this run only: given to this one cargo fetch, and kept nowhere."],
        TokenStore::PlainFile => &[PLAIN_FILE],
    }
}

const PLAIN_FILE: &str = "plain token file: credentials.toml in Cargo's home, in plain text, readable by you alone. Cargo offers it to any \
     project whose configuration has a registry of this name.";
