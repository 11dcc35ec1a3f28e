//! Config: what the configuration will say, then the difference to agree to.

mod explain;
mod mirror;
mod view;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::answers::Answers;
use crate::domain::credential::TokenStore;
use crate::domain::feed::{Feed, ViewName};
use crate::domain::plan::{ConfigScope, PublishRegistry, Review, SetupPlan};
use crate::domain::registry::{IndexUrl, RegistryName};
use crate::error::Report;
use crate::task::{Event, Request};

use super::super::keymap::{Action, Key, Offer, SCROLLS, offer};
use super::super::msg::Act;
use super::super::session::Session;
use super::super::widget::field::Field;
use super::super::widget::page::Page;
use super::super::widget::scroll::Scroll;
use super::{Look, Panel};
use mirror::Mirror;

/// The questions, in the order of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Question {
    #[default]
    File,
    Name,
    View,
    Replace,
    /// Asked only where something else replaces crates.io.
    Mirror,
    /// Asked only where there is a feed to publish to.
    Publish,
    Store,
}

impl Question {
    const ALL: [Self; 7] =
        [Self::File, Self::Name, Self::View, Self::Replace, Self::Mirror, Self::Publish, Self::Store];

    /// Whether it is a question at all: nobody's credential has to be kept.
    fn is_asked(self, (form, session): (&Config, &Session)) -> bool {
        match self {
            Self::Mirror => form.replace && form.mirror.is_asked(),
            Self::Publish => session.publish.is_some(),
            Self::Store => !session.anonymous,
            _ => true,
        }
    }

    fn step(self, forward: bool, of: (&Config, &Session)) -> Self {
        let asked: Vec<Self> = Self::ALL.into_iter().filter(|question| question.is_asked(of)).collect();
        let at = asked.iter().position(|question| *question == self).unwrap_or(0);
        asked[(at + if forward { 1 } else { asked.len() - 1 }) % asked.len()]
    }
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Form,
    Reviewing,
    Reviewed(Box<Review>),
    /// The plan is the person's once it is written.
    Writing(SetupPlan),
    Failed(Box<Report>),
}

/// Feed, feed to publish to, and the view that was named.
type Of = (String, Option<String>, Option<ViewName>);

#[derive(Debug, Default)]
pub(super) struct Config {
    state: State,
    /// The feed that the form is for, and the one to publish to.
    of: Option<Of>,
    question: Question,
    scope: ConfigScope,
    name: Field,
    name_error: Option<String>,
    /// None is the feed itself.
    view: Option<ViewName>,
    /// A view that the person's own address named, beside the usual one.
    named_view: Option<ViewName>,
    replace: bool,
    mirror: Mirror,
    publish: bool,
    store: TokenStore,
    /// The person has chosen the store: what is found out later changes nothing.
    chose_store: bool,
    scroll: Scroll,
}

impl Config {
    fn fill(&mut self, session: &Session) {
        let Some(feed) = &session.feed else { return };
        let name = RegistryName::suggest(&feed.name);
        let named = session.target.as_ref().filter(|target| target.feed.as_ref() == Some(&feed.name));
        let view = named.and_then(|target| target.view.clone());
        let is_usual = view.as_ref().is_none_or(|view| *view == ViewName::local());
        *self = Self {
            of: feeds(session),
            scope: if session.has_project() { ConfigScope::Project } else { ConfigScope::User },
            name: Field::with(name.as_str()),
            // Every project of the person's would be changed: that is not for a default.
            // Another view than the usual one holds a part of the feed only.
            replace: feed.has_crates_io() && session.has_project() && is_usual,
            named_view: view.clone().filter(|_| !is_usual),
            view,
            publish: session.publish.is_some(),
            store: session.recommended().store,
            ..Self::default()
        };
        let index = self.index(session);
        if let Some(answers) = session.resumed() {
            self.resume(answers, session);
        }
        if let Some(name) = index.and_then(|index| existing_name(session, &index)) {
            self.name = Field::with(name.as_str());
        }
    }

    /// Takes up the answers of the wizard that this one goes on with, as far as they still are any.
    fn resume(&mut self, answers: &Answers, session: &Session) {
        if let Some(name) = answers.registry() {
            self.name = Field::with(name.as_str());
        }
        match answers.user_file {
            Some(true) => self.scope = ConfigScope::User,
            Some(false) if session.has_project() => self.scope = ConfigScope::Project,
            _ => {}
        }
        let may_replace = session.feed.as_ref().is_some_and(Feed::has_crates_io);
        self.replace = answers.replace_crates_io.map_or(self.replace, |replace| replace && may_replace);
    }

    /// The registry to publish to, where there is one and it is wanted.
    fn publish_registry(&self, session: &Session) -> Option<PublishRegistry> {
        let feed = session.publish.as_ref().filter(|_| self.publish)?;
        let index = IndexUrl::for_feed(&session.target.as_ref()?.collection, feed, None);
        let name = existing_name(session, &index).unwrap_or_else(|| RegistryName::suggest(&feed.name));
        Some(PublishRegistry { name, index })
    }

    fn index(&self, session: &Session) -> Option<IndexUrl> {
        let (target, feed) = (session.target.as_ref()?, session.feed.as_ref()?);
        Some(IndexUrl::for_feed(&target.collection, feed, self.view.as_ref()))
    }

    /// The answers about the view, in their order.
    fn views(&self) -> Vec<Option<ViewName>> {
        [None, Some(ViewName::local())].into_iter().chain(self.named_view.clone().map(Some)).collect()
    }

    /// Which of them holds.
    fn view_at(&self) -> usize {
        self.views().iter().position(|view| *view == self.view).unwrap_or_default()
    }

    fn plan(&mut self, session: &Session) -> Option<SetupPlan> {
        let registry = match RegistryName::parse(self.name.text()) {
            Ok(name) => name,
            Err(error) => {
                self.name_error = Some(error.to_string());
                self.question = Question::Name;
                return None;
            }
        };
        let publish = self.publish_registry(session);
        if publish.as_ref().is_some_and(|publish| publish.name.env_name() == registry.env_name()) {
            self.name_error = Some("the registry for publishing has this name".to_owned());
            self.question = Question::Name;
            return None;
        }
        Some(SetupPlan {
            scope: self.scope,
            registry,
            index: self.index(session)?,
            replace_crates_io: self.replace,
            store: if session.anonymous { TokenStore::ThisRunOnly } else { self.store },
            publish,
        })
    }

    fn review(&mut self, session: &mut Session) -> Vec<Act> {
        let Some(plan) = self.plan(session) else { return Vec::new() };
        session.left.draft = Some(plan.clone());
        self.state = State::Reviewing;
        vec![Act::Start(self.mirror.review(plan))]
    }

    fn accept(&mut self, session: &mut Session) -> Vec<Act> {
        match &self.state {
            State::Form | State::Failed(_) => self.review(session),
            State::Reviewed(review) if review.is_done() => {
                session.choose_plan(review.plan.clone());
                vec![Act::Go(session.after_config())]
            }
            // Nothing is agreed to that was not seen.
            State::Reviewed(_) if self.scroll.below() > 0 => {
                self.scroll.act(Action::PageDown);
                Vec::new()
            }
            State::Reviewed(review) => {
                let request = Request::Apply((**review).clone());
                self.state = State::Writing(review.plan.clone());
                vec![Act::Start(request)]
            }
            State::Reviewing | State::Writing(_) => Vec::new(),
        }
    }

    /// Checks the name as it is typed.
    fn named(&mut self) {
        self.name_error = RegistryName::parse(self.name.text()).err().map(|error| error.to_string());
        self.state = State::Form;
    }

    /// What Enter does with the difference.
    fn verb(&self, review: &Review) -> &'static str {
        match (review.is_done(), self.scroll.below()) {
            (true, _) => "go on",
            (false, 0) => "write",
            (false, _) => "read on",
        }
    }

    /// Changes the answer under the cursor.
    fn toggle(&mut self, session: &Session) -> Vec<Act> {
        match self.question {
            Question::File if session.has_project() => {
                self.scope = match self.scope {
                    ConfigScope::Project => ConfigScope::User,
                    ConfigScope::User | ConfigScope::AsItIs => ConfigScope::Project,
                };
            }
            Question::File => {
                return vec![Act::Say("there is no project here, so the user's file it is".into())];
            }
            Question::View => {
                let next = self.view_at() + 1;
                self.view = self.views().into_iter().nth(next).flatten();
            }
            Question::Replace if session.feed.as_ref().is_some_and(Feed::has_crates_io) => {
                self.replace = !self.replace;
            }
            Question::Replace => {
                return vec![Act::Say(
                    "without the crates.io upstream every public dependency would break".into(),
                )];
            }
            Question::Mirror => self.mirror.toggle(),
            Question::Publish => self.publish = !self.publish,
            Question::Store => {
                self.store = session.store_after(self.store);
                self.chose_store = true;
            }
            Question::Name => {}
        }
        Vec::new()
    }
}

/// What tells whether the form is still about the same feeds.
fn feeds(session: &Session) -> Option<Of> {
    let publish = session.publish.as_ref().map(|feed| feed.id.clone());
    let view = session.target.as_ref().and_then(|target| target.view.clone());
    session.feed.as_ref().map(|feed| (feed.id.clone(), publish, view))
}

/// The name under which an index is configured already: Cargo allows one only.
fn existing_name(session: &Session, index: &IndexUrl) -> Option<RegistryName> {
    let mut existing = session.checkout.iter().flat_map(|checkout| &checkout.registries);
    existing.find(|(_, other)| other == index).map(|(name, _)| name.clone())
}

impl Panel for Config {
    fn enter(&mut self, session: &mut Session) -> Vec<Act> {
        // Without a feed there is nothing to configure: on the way back from a feed found in the files.
        if session.feed.is_none() {
            return vec![Act::Back];
        }
        if feeds(session) != self.of {
            self.fill(session);
        } else if !matches!(self.state, State::Form) && session.written.is_empty() {
            self.state = State::Form;
        }
        let asks = session.keyring.is_none() && Question::Store.is_asked((self, session));
        asks.then(|| Act::Start(session.trial())).into_iter().collect()
    }

    fn offers(&self, _session: &Session) -> Vec<Offer> {
        let mut offers = match &self.state {
            State::Form | State::Failed(_) => vec![
                offer(Action::Accept, "review the difference"),
                offer(Action::NextField, "next"),
                offer(Action::Toggle, "change"),
            ],
            State::Reviewed(review) => {
                vec![offer(Action::Accept, self.verb(review))]
            }
            State::Reviewing | State::Writing(_) => Vec::new(),
        };
        if !matches!(self.state, State::Writing(_)) {
            offers.push(offer(Action::Back, "back"));
        }
        offers.extend([offer(Action::Help, "help"), offer(Action::Quit, "leave")]);
        // What everybody needs comes first on the key bar.
        match self.state {
            State::Form | State::Failed(_) => offers.extend([
                offer(Action::PreviousField, "previous"),
                offer(Action::Up, "previous"),
                offer(Action::Down, "next"),
                offer(Action::Preview, "preview"),
            ]),
            State::Reviewed(_) if self.scroll.has_more() => offers.extend(SCROLLS),
            _ => {}
        }
        offers
    }

    fn act(&mut self, action: Action, session: &mut Session) -> Vec<Act> {
        if action == Action::Accept {
            return self.accept(session);
        }
        if matches!(self.state, State::Reviewed(_)) {
            self.scroll.act(action);
            return Vec::new();
        }
        match action {
            Action::NextField | Action::Down => {
                self.question = self.question.step(true, (self, session));
            }
            Action::PreviousField | Action::Up => {
                self.question = self.question.step(false, (self, session));
            }
            Action::Toggle => return self.toggle(session),
            Action::Preview => return self.review(session),
            _ => {}
        }
        Vec::new()
    }

    fn close(&mut self, _session: &mut Session) -> Option<Vec<Act>> {
        match self.state {
            State::Form => return None,
            // What is being written will be written: there is nothing to go back to yet.
            State::Writing(_) => {}
            State::Reviewing => {
                self.state = State::Form;
                return Some(vec![Act::Cancel]);
            }
            State::Reviewed(_) | State::Failed(_) => {
                self.state = State::Form;
                self.scroll = Scroll::default();
            }
        }
        Some(Vec::new())
    }

    fn in_field(&self) -> bool {
        self.question == Question::Name && matches!(self.state, State::Form | State::Failed(_))
    }

    fn edit(&mut self, key: Key, _session: &mut Session) {
        self.name.key(key);
        self.named();
    }

    fn paste(&mut self, pasted: &str, _session: &mut Session) {
        if self.in_field() {
            self.name.paste(pasted);
            self.named();
        }
    }

    fn event(&mut self, event: Event, session: &mut Session) -> Vec<Act> {
        match event {
            Event::Reviewed(review) => self.state = State::Reviewed(Box::new(review)),
            Event::Replaced(found) => {
                (self.state, self.question) = (State::Form, Question::Mirror);
                return self.mirror.ask(found);
            }
            Event::Applied(written) => {
                session.written.extend(written);
                if let State::Writing(plan) = std::mem::take(&mut self.state) {
                    session.choose_plan(plan);
                }
                return vec![Act::Go(session.after_config())];
            }
            Event::Keyring(kept) => {
                session.keyring = Some(kept);
                if !self.chose_store {
                    self.store = session.recommended().store;
                }
                return session.asks_native().then_some(Act::Start(Request::TryNative)).into_iter().collect();
            }
            Event::Native(native) => session.native = Some(native),
            Event::Failed(report) => self.state = State::Failed(report),
            _ => {}
        }
        Vec::new()
    }

    fn moves(&self) -> bool {
        matches!(self.state, State::Reviewing | State::Writing(_))
    }

    fn must_end(&self) -> bool {
        matches!(self.state, State::Writing(_))
    }

    fn failed(&self) -> bool {
        matches!(self.state, State::Failed(_))
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, look: &Look, session: &Session) {
        if let State::Reviewed(review) = &self.state {
            self.show_review(frame, area, (look, review, session));
            return;
        }
        let mut page = Page::new(look.theme, area.width);
        page.title("What shall Cargo's configuration say?");
        match &self.state {
            State::Reviewing => {
                page.busy(look.frame(), "Reading the files");
            }
            State::Writing(_) => {
                page.busy(look.frame(), "Writing");
            }
            State::Failed(report) => {
                page.gap().report(report);
            }
            _ => {}
        }
        page.gap();
        self.form(&mut page, session);
        look.page(frame, area, page);
    }
}
