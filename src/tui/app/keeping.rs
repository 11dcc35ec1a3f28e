//! Keeps the answers for the next wizard in this project, as they are given: it may end at any moment.

use super::App;
use crate::domain::answers::Answers;
use crate::task::{JobId, Request};
use crate::tui::msg::Effect;
use crate::tui::session::{Opening, Step};

/// What has been kept of the answers.
#[derive(Debug, Default)]
pub(super) struct Keeping {
    /// The job that keeps them now; the next one waits for it.
    job: Option<JobId>,
    /// What this wizard has kept last, if it has.
    kept: Option<Answers>,
    has_kept: bool,
    /// There is nothing left to go on with.
    is_done: bool,
}

impl App {
    /// Starts to keep what has changed since the last time. Nothing waits for it but the way out.
    pub(super) fn keep_answers(&mut self) -> Vec<Effect> {
        self.keeping.is_done |= self.session.dashboard.is_shown || self.here == Step::Done;
        let wanted = if self.keeping.is_done { None } else { self.session.answers() };
        if self.is_keeping() || !self.may_keep(wanted.as_ref()) {
            return Vec::new();
        }
        let found = || self.session.checkout.as_ref().and_then(|checkout| checkout.unfinished.as_ref());
        let kept = if self.keeping.has_kept { self.keeping.kept.as_ref() } else { found() };
        if kept == wanted.as_ref() {
            return Vec::new();
        }
        // No screen hears of it: nothing there hangs on it.
        let id = JobId(self.next_job);
        self.next_job += 1;
        self.keeping.job = Some(id);
        (self.keeping.kept, self.keeping.has_kept) = (wanted.clone(), true);
        vec![Effect::Start(id, Request::LeaveUnfinished(wanted.map(Box::new)))]
    }

    /// Whether what is kept gives way to that; else it stays as it is.
    fn may_keep(&self, wanted: Option<&Answers>) -> bool {
        let is_wizard = self.session.checkout.is_some() && self.session.opening == Opening::Wizard;
        is_wizard && (self.keeping.is_done || self.session.is_anew() || wanted.is_some())
    }

    pub(super) fn is_keeping(&self) -> bool {
        self.keeping.job.is_some()
    }

    /// Whether it was that job which has ended.
    pub(super) fn has_kept(&mut self, id: JobId) -> bool {
        self.keeping.job.take_if(|job| *job == id).is_some()
    }
}
