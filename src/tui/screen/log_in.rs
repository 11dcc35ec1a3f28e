//! Log in Cargo: prove the credential at the feed, and keep it where Config said.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::account::Account;
use crate::domain::answering::Answering;
use crate::domain::credential::{Kept, TokenStore};
use crate::domain::machine::Recommended;
use crate::domain::plan::{ConfigScope, Review, SetupPlan};
use crate::error::Report;
use crate::task::{self, Event, Request};

use super::super::keymap::{Action, Offer, offer};
use super::super::msg::Act;
use super::super::session::{Session, Step};
use super::super::widget::diff_lines;
use super::super::widget::page::{Page, sentence};
use super::{Look, Panel};

#[derive(Debug, Default)]
enum State {
    #[default]
    Ready,
    /// Reading what the user's configuration lacks, for a project whose feed was there already.
    Reviewing,
    Proving,
    Writing,
    Failed(Box<Report>),
}

#[derive(Debug, Default)]
pub(super) struct LogIn {
    state: State,
    store: TokenStore,
    /// The person has chosen the store: what is found out later changes nothing.
    chose_store: bool,
    review: Option<Review>,
}

impl LogIn {
    /// The plan of the Config step; for a feed found in the configuration, one that writes only the
    /// credential's part.
    fn plan(&self, session: &Session) -> Option<SetupPlan> {
        if let Some(plan) = &session.plan
            && plan.scope != ConfigScope::AsItIs
        {
            return Some(plan.clone());
        }
        // A credential for one organization must not go to a feed of another.
        let in_force = session.checkout.as_ref()?.in_force.as_ref().filter(|_| session.found)?;
        Some(SetupPlan {
            scope: ConfigScope::AsItIs,
            registry: in_force.registry.name.clone(),
            index: in_force.registry.index.clone(),
            replace_crates_io: in_force.registry.replaces_crates_io,
            store: self.store,
            publish: None,
        })
    }

    fn review(&mut self, session: &mut Session) -> Vec<Act> {
        self.review = None;
        let Some(plan) = self.plan(session) else { return vec![Act::Back] };
        session.choose_plan(plan.clone());
        if plan.scope != ConfigScope::AsItIs {
            return Vec::new();
        }
        self.state = State::Reviewing;
        vec![Act::Cancel, Act::Start(Request::Review(plan))]
    }

    fn prove(&mut self, session: &Session) -> Vec<Act> {
        let (Some(target), Some(credential), Some(plan)) =
            (&session.target, &session.credential, &session.plan)
        else {
            return vec![Act::Back];
        };
        self.state = State::Proving;
        vec![Act::Start(Request::LogIn(task::LogIn {
            collection: target.collection.clone(),
            credential: credential.clone(),
            who: session.account.as_ref().map_or_else(String::new, Account::label),
            plan: plan.clone(),
            pat_days: None,
        }))]
    }

    /// What is to be written once the feed has accepted the credential.
    fn is_pending(&self) -> bool {
        self.review.as_ref().is_some_and(|review| !review.is_done())
    }

    fn accept(&mut self, session: &Session) -> Vec<Act> {
        if session.logged_in.is_some() { self.write_rest(session) } else { self.prove(session) }
    }

    fn write_rest(&mut self, session: &Session) -> Vec<Act> {
        if let Some(review) = self.review.take_if(|review| !review.is_done()) {
            self.state = State::Writing;
            return vec![Act::Start(Request::Apply(review))];
        }
        self.state = State::Ready;
        Self::next(session)
    }

    /// Begins again with what has failed: reading the configuration, the proof, or the writing.
    fn try_again(&mut self, session: &mut Session) -> Vec<Act> {
        let as_it_is = session.plan.as_ref().is_some_and(|plan| plan.scope == ConfigScope::AsItIs);
        if as_it_is && self.review.is_none() { self.review(session) } else { self.accept(session) }
    }

    fn next(session: &Session) -> Vec<Act> {
        vec![Act::Go(if session.has_project() { Step::Restore } else { Step::Done })]
    }
}

impl Panel for LogIn {
    fn enter(&mut self, session: &mut Session) -> Vec<Act> {
        self.state = State::Ready;
        if let Some(plan) = &session.plan {
            self.store = plan.store;
        } else {
            self.store = session.recommended().store;
        }
        let mut acts = self.review(session);
        if matches!(self.state, State::Reviewing) && session.keyring.is_none() {
            // Behind what cancels the jobs before, in front of the review.
            acts.insert(acts.len() - 1, Act::Start(Request::TryKeyring));
        }
        acts
    }

    fn offers(&self, session: &Session) -> Vec<Offer> {
        let mut offers = Vec::new();
        match self.state {
            State::Ready if session.logged_in.is_some() => {
                offers.push(offer(Action::Accept, if self.is_pending() { "write" } else { "go on" }));
            }
            State::Ready => offers.push(offer(Action::Accept, "log in")),
            State::Failed(_) => offers.push(offer(Action::RunAgain, "try again")),
            State::Reviewing | State::Proving | State::Writing => {}
        }
        if session.found && matches!(self.state, State::Ready | State::Failed(_)) {
            offers.push(offer(Action::Toggle, "keep it elsewhere"));
        }
        if !matches!(self.state, State::Writing) {
            offers.push(offer(Action::Back, "back"));
        }
        offers.extend([offer(Action::Help, "help"), offer(Action::Quit, "leave")]);
        offers
    }

    fn act(&mut self, action: Action, session: &mut Session) -> Vec<Act> {
        match (action, &self.state) {
            (Action::Accept, State::Ready) => self.accept(session),
            (Action::RunAgain, State::Failed(_)) => self.try_again(session),
            (Action::Toggle, State::Ready | State::Failed(_)) if session.found => {
                self.store = session.store_after(self.store);
                self.chose_store = true;
                session.logged_in = None;
                self.review(session)
            }
            _ => Vec::new(),
        }
    }

    fn close(&mut self, _session: &mut Session) -> Option<Vec<Act>> {
        match self.state {
            // It may be kept at this very moment: the job says what has come of it.
            State::Proving => Some(vec![Act::Stop]),
            State::Writing => Some(Vec::new()),
            State::Ready | State::Reviewing | State::Failed(_) => None,
        }
    }

    fn event(&mut self, event: Event, session: &mut Session) -> Vec<Act> {
        match event {
            Event::Reviewed(review) => {
                self.state = State::Ready;
                self.review = Some(review);
            }
            Event::Keyring(kept) => {
                session.keyring = Some(kept);
                let best = session.recommended().store;
                let is_free = !self.chose_store && session.found && session.logged_in.is_none();
                let mut acts = Vec::new();
                if is_free && best != self.store && matches!(self.state, State::Ready | State::Reviewing) {
                    self.store = best;
                    acts = self.review(session);
                }
                if session.asks_native() {
                    // Behind what cancels the jobs before.
                    acts.insert(acts.len().min(1), Act::Start(Request::TryNative));
                }
                return acts;
            }
            Event::Native(native) => session.native = Some(native),
            Event::LoggedIn(logged_in) => {
                session.log_in(logged_in);
                return self.write_rest(session);
            }
            Event::Applied(written) => {
                session.written.extend(written);
                self.state = State::Ready;
                return Self::next(session);
            }
            Event::Failed(report) => {
                if matches!(self.state, State::Proving) {
                    session.logged_in = None;
                }
                self.state = State::Failed(report);
            }
            Event::Cancelled => self.state = State::Ready,
            _ => {}
        }
        Vec::new()
    }

    fn moves(&self) -> bool {
        matches!(self.state, State::Reviewing | State::Proving | State::Writing)
    }

    fn must_be_read(&self) -> bool {
        matches!(self.state, State::Ready) && self.is_pending()
    }

    fn must_end(&self) -> bool {
        matches!(self.state, State::Proving | State::Writing)
    }

    fn failed(&self) -> bool {
        matches!(self.state, State::Failed(_))
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, look: &Look, session: &Session) {
        let mut page = Page::new(look.theme, area.width);
        page.title("Log in Cargo").gap();
        if let Some(label) = session.feed_label() {
            page.pair("Feed", &label);
        }
        if let Some(plan) = &session.plan {
            page.pair("Registry", plan.registry.as_str());
            page.pair("Kept in", &kept_in(plan.store));
            if plan.scope == ConfigScope::AsItIs && session.logged_in.is_none() {
                let Recommended { store, why } = session.recommended();
                page.quiet(&format!("Recommended here: {}, because {why}.", store.name()));
            }
            let answering = session.checkout.as_ref().and_then(|checkout| checkout.answering.as_ref());
            let is_before = plan.scope == ConfigScope::AsItIs && session.logged_in.is_none();
            for sentence in answering.filter(|_| is_before).into_iter().flat_map(Answering::sentences) {
                page.quiet(&format!("Now: {sentence}"));
            }
            if let Some(why) = session.ends_soon().filter(|_| plan.store != TokenStore::ThisRunOnly) {
                page.gap().warning(&format!("{}: in a file it is of no use afterwards.", sentence(why)));
            }
        }
        page.gap();
        match &self.state {
            State::Ready if session.logged_in.is_some() => {
                page.good("The feed has accepted the credential.");
                self.show_review(&mut page, (look, session));
            }
            State::Ready => {
                page.text("The feed is asked with the very header that Cargo will send.");
                self.show_review(&mut page, (look, session));
            }
            State::Reviewing => {
                page.busy(look.frame(), "Reading the configuration");
            }
            State::Proving => {
                page.busy(look.frame(), "Asking the feed for its config.json");
            }
            State::Writing => {
                page.busy(look.frame(), "Writing");
            }
            State::Failed(report) => {
                page.report(report);
            }
        }
        look.page(frame, area, page);
    }
}

impl LogIn {
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
        TokenStore::Provider(Kept::File) => "a plain file of the demo; Cargo asks this tool for it",
        TokenStore::PlainFile => "credentials.toml in Cargo's home: plain text, readable by you alone",
        TokenStore::ThisRunOnly => "nowhere: given to this one cargo fetch only",
    };
    words.to_owned()
}
