//! Log in Cargo: prove the credential at the feed, and keep it where Config said. Where that would soon be of no use, a
//! personal access token can be made in its place.

mod form;
mod view;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::credential::TokenStore;
use crate::domain::new_feed::RequestPreview;
use crate::domain::plan::{ConfigScope, Review, SetupPlan};
use crate::error::Report;
use crate::task::new_pat::PatOf;
use crate::task::{self, Event, Request};

use super::super::keymap::{Action, Key, Offer, SCROLLS, offer};
use super::super::msg::Act;
use super::super::session::{Session, Step};
use super::super::widget::page::Page;
use super::super::widget::request;
use super::super::widget::scroll::Scroll;
use super::{Look, Panel};
use form::{Form, Question};

#[derive(Debug, Default)]
enum State {
    #[default]
    Ready,
    /// Reading what the user's configuration lacks, for a project whose feed was there already.
    Reviewing,
    /// Writing the request for a token that lives that many days.
    Planning(u16),
    /// The request, waiting for a yes.
    Planned(u16, Vec<RequestPreview>),
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
    form: Form,
    scroll: Scroll,
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
        let in_force = session.in_force()?;
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
        self.form.begin(self.place(session));
        if plan.scope != ConfigScope::AsItIs {
            return Vec::new();
        }
        self.state = State::Reviewing;
        vec![Act::Cancel, Act::Start(Request::Review(plan))]
    }

    /// Asks for the request that makes a token: it is seen before it is sent.
    fn plan_token(&mut self, session: &Session) -> Vec<Act> {
        let Some(days) = self.form.days() else { return Vec::new() };
        let (Some(target), Some(credential)) = (&session.target, &session.credential) else {
            return vec![Act::Back];
        };
        let of = PatOf { collection: target.collection.clone(), credential: credential.clone(), days };
        self.state = State::Planning(days);
        self.scroll = Scroll::default();
        vec![Act::Start(Request::PlanPat(Box::new(of)))]
    }

    /// Where the credential is to be kept.
    fn place<'a>(&self, session: &'a Session) -> (&'a Session, TokenStore) {
        (session, session.plan.as_ref().map_or(self.store, |plan| plan.store))
    }

    /// Whether the form is there to be filled in.
    fn is_asking(&self, session: &Session) -> bool {
        matches!(self.state, State::Ready | State::Reviewing | State::Failed(_))
            && session.logged_in.is_none()
    }

    fn prove(&mut self, session: &Session, pat_days: Option<u16>) -> Vec<Act> {
        let (Some(target), Some(credential), Some(plan)) =
            (&session.target, &session.credential, &session.plan)
        else {
            return vec![Act::Back];
        };
        self.state = State::Proving;
        vec![Act::Start(Request::LogIn(task::LogIn {
            collection: target.collection.clone(),
            credential: credential.clone(),
            who: session.who(),
            plan: plan.clone(),
            pat_days,
        }))]
    }

    /// What is to be written once the feed has accepted the credential.
    fn is_pending(&self) -> bool {
        self.review.as_ref().is_some_and(|review| !review.is_done())
    }

    fn accept(&mut self, session: &Session) -> Vec<Act> {
        if session.logged_in.is_some() {
            self.write_rest(session)
        } else if self.form.makes_token(self.place(session)) {
            self.plan_token(session)
        } else {
            self.prove(session, None)
        }
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
            acts.insert(acts.len() - 1, Act::Start(session.trial()));
        }
        acts
    }

    fn offers(&self, session: &Session) -> Vec<Offer> {
        let mut offers = Vec::new();
        match self.state {
            State::Ready if session.logged_in.is_some() => {
                offers.push(offer(Action::Accept, if self.is_pending() { "write" } else { "go on" }));
            }
            State::Ready => offers.extend(self.verb(session).map(|verb| offer(Action::Accept, verb))),
            State::Failed(_) => offers.push(offer(Action::RunAgain, "try again")),
            State::Planned(..) => {
                offers.push(offer(Action::Accept, if self.scroll.below() > 0 { "read on" } else { "send" }));
            }
            State::Reviewing | State::Planning(_) | State::Proving | State::Writing => {}
        }
        let is_open = matches!(self.state, State::Ready | State::Failed(_));
        if is_open {
            offers.extend(self.form_offers(session));
        }
        if !matches!(self.state, State::Writing) {
            offers.push(offer(Action::Back, "back"));
        }
        offers.extend([offer(Action::Help, "help"), offer(Action::Quit, "leave")]);
        if is_open && self.steps(session) {
            offers.extend([
                offer(Action::PreviousField, "previous"),
                offer(Action::Up, "previous"),
                offer(Action::Down, "next"),
            ]);
        }
        if matches!(self.state, State::Planned(..)) && self.scroll.has_more() {
            offers.extend(SCROLLS);
        }
        offers
    }

    fn act(&mut self, action: Action, session: &mut Session) -> Vec<Act> {
        match (action, &self.state) {
            (Action::Accept, State::Ready) => self.accept(session),
            // Nothing is agreed to that was not seen.
            (Action::Accept, State::Planned(..)) if self.scroll.below() > 0 => {
                self.scroll.act(Action::PageDown);
                Vec::new()
            }
            (Action::Accept, State::Planned(days, _)) => self.prove(session, Some(*days)),
            (action, State::Planned(..)) => {
                self.scroll.act(action);
                Vec::new()
            }
            (Action::RunAgain | Action::Accept, State::Failed(_)) => self.try_again(session),
            (Action::Toggle, State::Ready | State::Failed(_)) => self.toggle(session),
            (Action::NextField | Action::Down, State::Ready | State::Failed(_)) => {
                self.form.step(true, self.place(session));
                Vec::new()
            }
            (Action::PreviousField | Action::Up, State::Ready | State::Failed(_)) => {
                self.form.step(false, self.place(session));
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn close(&mut self, _session: &mut Session) -> Option<Vec<Act>> {
        match self.state {
            // It may be kept at this very moment: the job says what has come of it.
            State::Proving => Some(vec![Act::Stop]),
            State::Writing => Some(Vec::new()),
            State::Planning(_) | State::Planned(..) => {
                self.state = State::Ready;
                Some(vec![Act::Cancel])
            }
            State::Ready | State::Reviewing | State::Failed(_) => None,
        }
    }

    fn in_field(&self) -> bool {
        self.form.is_at(Question::Days) && matches!(self.state, State::Ready | State::Failed(_))
    }

    fn edit(&mut self, key: Key, _session: &mut Session) {
        self.form.edit(key);
    }

    fn paste(&mut self, pasted: &str, _session: &mut Session) {
        if self.in_field() {
            self.form.paste(pasted);
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
            Event::Previewed(requests) => {
                if let State::Planning(days) = self.state {
                    self.state = State::Planned(days, requests);
                }
            }
            Event::LoggedIn(logged_in) => {
                session.log_in(logged_in);
                self.form.begin(self.place(session));
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
        matches!(self.state, State::Reviewing | State::Planning(_) | State::Proving | State::Writing)
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
        if let State::Planned(_, requests) = &self.state {
            request::draw(frame, area, (look.theme, requests, &self.scroll));
            return;
        }
        let mut page = Page::new(look.theme, area.width);
        self.show(&mut page, (look, session));
        look.page(frame, area, page);
    }
}

impl LogIn {
    /// What Enter does; nothing while the form has no answer.
    fn verb(&self, session: &Session) -> Option<&'static str> {
        match (self.form.makes_token(self.place(session)), self.form.days()) {
            (false, _) => Some("log in"),
            (true, Some(_)) => Some("show the request"),
            (true, None) => None,
        }
    }

    /// Whether there is more than one question.
    fn steps(&self, session: &Session) -> bool {
        self.is_asking(session) && self.form.questions(self.place(session)).len() > 1
    }

    fn form_offers(&self, session: &Session) -> Vec<Offer> {
        let mut offers = Vec::new();
        if self.steps(session) {
            offers.push(offer(Action::NextField, "next"));
        }
        let of = self.place(session);
        if self.is_asking(session) && !self.form.questions(of).is_empty() {
            if !self.form.is_at(Question::Days) {
                offers.push(offer(Action::Toggle, "change"));
            } else if matches!(self.state, State::Failed(_)) {
                // Where characters are text, `r` is one.
                offers.extend(self.verb(session).map(|verb| offer(Action::Accept, verb)));
            }
        } else if session.found {
            offers.push(offer(Action::Toggle, "keep it elsewhere"));
        }
        offers
    }

    fn toggle(&mut self, session: &mut Session) -> Vec<Act> {
        let of = self.place(session);
        if self.is_asking(session) && self.form.is_at(Question::Token) {
            self.form.turn(of);
            return Vec::new();
        }
        if !session.found {
            return Vec::new();
        }
        self.store = session.store_after(self.store);
        self.chose_store = true;
        session.logged_in = None;
        self.review(session)
    }
}
