//! How the Log in step is drawn.

use crate::domain::answering::Answering;
use crate::domain::credential::{Kept, TokenStore};
use crate::domain::machine::Recommended;
use crate::domain::plan::{ConfigScope, SetupPlan};
use crate::task::LoggedIn;
use crate::tui::screen::Look;
use crate::tui::session::Session;
use crate::tui::widget::diff_lines;
use crate::tui::widget::page::{Page, sentence};

use super::{LogIn, State};

impl LogIn {
    pub(super) fn show(&self, page: &mut Page, (look, session): (&Look, &Session)) {
        page.title("Log in Cargo").gap();
        if let Some(label) = session.feed_label() {
            page.pair("Feed", &label);
        }
        if let Some(plan) = &session.plan {
            page.pair("Registry", plan.registry.as_str());
            page.pair("Kept in", &kept_in(plan.store));
            self.show_store(page, (plan, session));
        }
        page.gap();
        match &self.state {
            State::Ready if session.logged_in.is_some() => {
                page.good("The feed has accepted the credential.");
                let made = session.logged_in.as_ref().and_then(|logged_in| logged_in.pat.as_ref());
                for made in session.made.iter().filter(|one| Some(&one.pat) == made) {
                    page.good(&made.words());
                }
                for words in session.logged_in.iter().flat_map(LoggedIn::left_behind) {
                    page.text(&sentence(&words));
                }
                self.show_review(page, (look, session));
            }
            State::Ready | State::Planned(..) => {
                self.show_form(page, session);
                page.text("The feed is asked with the very header that Cargo will send.");
                self.show_review(page, (look, session));
            }
            State::Reviewing => {
                self.show_form(page, session);
                page.busy(look.frame(), "Reading the configuration");
            }
            State::Planning(_) => {
                page.busy(look.frame(), "Writing the request");
            }
            State::Proving if self.form.makes_token(self.place(session)) => {
                page.busy(look.frame(), "Making the token, and asking the feed for its config.json with it");
            }
            State::Proving => {
                page.busy(look.frame(), "Asking the feed for its config.json");
            }
            State::Writing => {
                page.busy(look.frame(), "Writing");
            }
            State::Failed(report) => {
                page.report(report);
                if self.is_asking(session) && !self.form.questions(self.place(session)).is_empty() {
                    page.gap();
                    self.form.draw(page, self.place(session));
                }
            }
        }
    }

    /// What speaks for the store and against it, and what is there already.
    fn show_store(&self, page: &mut Page, (plan, session): (&SetupPlan, &Session)) {
        let is_before = plan.scope == ConfigScope::AsItIs && session.logged_in.is_none();
        if is_before {
            let Recommended { store, why, .. } = session.recommended();
            page.quiet(&format!("Recommended here: {}, because {why}.", store.name()));
        }
        let answering = session.checkout.as_ref().and_then(|checkout| checkout.answering.as_ref());
        for sentence in answering.filter(|_| is_before).into_iter().flat_map(Answering::sentences) {
            page.quiet(&format!("Now: {sentence}"));
        }
        let made = session.logged_in.as_ref().is_some_and(|logged_in| logged_in.pat.is_some());
        let lasts =
            made || self.form.makes_token((session, plan.store)) || plan.store != TokenStore::PlainFile;
        if let Some(why) = session.ends_soon().filter(|_| !lasts) {
            page.gap().warning(&format!("{}: in a file it is of no use afterwards.", sentence(why)));
        }
    }

    fn show_form(&self, page: &mut Page, session: &Session) {
        let of = self.place(session);
        if self.is_asking(session) && !self.form.questions(of).is_empty() {
            self.form.draw(page, of);
            page.gap();
        }
    }

    /// What else will be written, where the feed was configured before.
    fn show_review(&self, page: &mut Page, (look, session): (&Look, &Session)) {
        let Some(review) = &self.review else { return };
        for note in &review.notes {
            page.gap().warning(note);
        }
        for file in review.files.iter().filter(|file| file.changes_something()) {
            page.gap();
            diff_lines::show(page, (file, &session.shown(&file.path)), look.theme);
        }
    }
}

fn kept_in(store: TokenStore) -> String {
    let words = match store {
        TokenStore::Native(provider) => {
            return format!(
                "the system keyring, by {}, which Cargo asks for this registry alone",
                provider.name()
            );
        }
        TokenStore::Provider(Kept::Keyring) => "the system keyring; Cargo asks this tool for it",
        TokenStore::Provider(Kept::File) => {
            "a file of this tool: plain text, readable by you alone; Cargo asks this tool for it"
        }
        TokenStore::PlainFile => "credentials.toml in Cargo's home: plain text, readable by you alone",
        TokenStore::ThisRunOnly => "nowhere: given to this one cargo fetch only",
    };
    words.to_owned()
}
