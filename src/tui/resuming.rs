//! What is kept of the answers for the next wizard in this project, and how that one takes them up.

use crate::domain::answers::Answers;
use crate::domain::feed::FeedAddress;
use crate::domain::plan::{ConfigScope, SetupPlan};
use crate::domain::way::Way;

use super::session::{Opening, Session, Step};

/// What the next wizard would have to know besides the answers that stand on their own.
#[derive(Debug, Clone, Default)]
pub(super) struct Left {
    /// How the person has signed in.
    pub(super) way: Option<Way>,
    /// What Config was answered, before it is written.
    pub(super) draft: Option<SetupPlan>,
    /// The answers that this wizard goes on with.
    resumed: Option<Answers>,
    /// The person would not go on with what was left.
    is_anew: bool,
}

impl Session {
    /// The answers so far; `None`: none, or the configuration gives them.
    pub(super) fn answers(&self) -> Option<Answers> {
        let mut answers = self.place()?;
        if let Some(resumed) = self.resumed() {
            answers = resumed.clone();
        }
        if let Some(way) = self.left.way {
            answers = answers.with_way(way);
        }
        if let Some(draft) = self.left.draft.as_ref().filter(|_| self.feed.is_some()) {
            let view = draft.index.target().and_then(|target| target.view);
            answers = answers.with_registry(&draft.registry).with_view(view.as_ref());
            answers.user_file = Some(draft.scope == ConfigScope::User);
            answers.replace_crates_io = Some(draft.replace_crates_io);
        }
        Some(answers)
    }

    /// Organization and feed alone, as far as they are chosen.
    fn place(&self) -> Option<Answers> {
        let target = self.target.as_ref().filter(|_| !self.found)?;
        let place = Answers::of_target(target);
        let Some(feed) = &self.feed else { return Some(place) };
        let project = feed.project.as_ref().map(|project| project.name.clone());
        Some(place.with_feed(&FeedAddress { project, name: feed.name.clone(), view: target.view.clone() }))
    }

    /// What this wizard goes on with, where it is still about the same feed.
    pub(super) fn resumed(&self) -> Option<&Answers> {
        let place = self.place()?;
        self.left.resumed.as_ref().filter(|resumed| resumed.same_feed(&place))
    }

    /// What can be gone on with: nothing that the person or the configuration has answered since. A server without
    /// encryption is agreed to in every run, and another demo is another organization.
    pub(super) fn resumable(&self) -> Option<Answers> {
        let is_free = self.opening == Opening::Wizard && self.target.is_none() && !self.left.is_anew;
        let is_tabs = self.dashboard.is_shown || self.dashboard.opened.is_some();
        let checkout = self.checkout.as_ref().filter(|_| is_free && !is_tabs)?;
        if checkout.guesses.iter().any(crate::task::check::Guess::is_named) {
            return None;
        }
        let answers = checkout.unfinished.as_ref()?;
        let base = answers.target()?.collection.base();
        let may_be_asked = match &checkout.demo_origin {
            Some(origin) => base.as_str().starts_with(origin.as_str()),
            None => !base.as_str().starts_with("http://"),
        };
        may_be_asked.then(|| answers.clone())
    }

    /// Goes on with those answers; the first step that nothing proves.
    pub(super) fn resume(&mut self, answers: Answers) -> Step {
        let Some(target) = answers.target() else { return Step::Organization };
        if target.feed.is_some() {
            self.name_target(target);
        } else {
            self.choose_target(target);
        }
        self.left.resumed = Some(answers);
        Step::SignIn
    }

    /// Begins with nothing, and what was left is forgotten.
    pub(super) fn start_anew(&mut self) {
        self.left = Left { is_anew: true, ..Left::default() };
    }

    pub(super) fn is_anew(&self) -> bool {
        self.left.is_anew
    }
}
