//! What stands before a run: what it would do, and the one question of a feed that answers everyone: whether it is
//! asked by the address that makes Cargo send its token (product.md, 'Public feeds, and the two URLs of a feed').

use std::path::Path;

use crate::domain::feed::Role;
use crate::task::{ForceAuth, Forced};

use super::super::super::keymap::{Action, Offer, offer};
use super::super::super::session::{Opening, Session};
use super::super::super::widget::page::{Choice, Page};

/// The question, and the answer under the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) yes: bool,
}

impl Question {
    /// Whether it is to be asked: once, and only those who may save crates into the feed.
    pub(super) fn of(session: &Session) -> Option<Self> {
        let logged_in = session.logged_in.as_ref()?;
        let is_new = logged_in.public && logged_in.forced.is_none();
        let replaces = session.plan.as_ref().is_some_and(|plan| plan.replace_crates_io);
        let role = session.feed.as_ref().and_then(|feed| feed.role);
        let may_save = role.is_none_or(Role::saves_upstream_crates);
        (is_new && replaces && may_save && !is_flagged(session)).then_some(Self { yes: true })
    }

    pub(super) fn show(self, page: &mut Page) {
        page.title("Save new crates into this feed?").gap();
        page.text(Forced::WHY).gap();
        for (label, note, yes) in [
            ("Yes, for those who may save crates", "this wizard's own fetches only; no file changes", true),
            ("No, only crates that are saved already", "as everyone without an account", false),
        ] {
            let here = self.yes == yes;
            page.choice(&Choice { label, note, chosen: here, focused: here, enabled: true });
        }
        page.gap().quiet("The answer is remembered for this feed. The lock file stays as it is either way.");
    }
}

/// The actions before the run.
pub(super) fn offers(question: Option<Question>) -> Vec<Offer> {
    let mut offers = match question {
        Some(_) => {
            vec![offer(Action::Accept, "answer"), offer(Action::Up, "choose"), offer(Action::Down, "choose")]
        }
        None => vec![offer(Action::Accept, "run cargo fetch")],
    };
    offers.extend([offer(Action::Back, "back"), offer(Action::Help, "help"), offer(Action::Quit, "leave")]);
    offers
}

/// Takes the answer, for this run and the next ones.
pub(super) fn answer(question: Option<Question>, session: &mut Session) {
    if let (Some(question), Some(logged_in)) = (question, &mut session.logged_in) {
        logged_in.forced = Some(question.yes);
    }
}

/// What the run is asked to do.
pub(super) fn force_auth(session: &Session) -> ForceAuth {
    match session.logged_in.as_ref().and_then(|logged_in| logged_in.forced) {
        _ if is_flagged(session) => ForceAuth::ThisRun,
        Some(answer) => ForceAuth::Answered(answer),
        None => ForceAuth::AsRemembered,
    }
}

fn is_flagged(session: &Session) -> bool {
    matches!(session.opening, Opening::Fetch { force_auth: true, .. })
}

/// What a run would do, where nobody has asked for one yet.
pub(super) fn ready(page: &mut Page, session: &Session) {
    page.title("Everything is set up").gap();
    let in_force = session.checkout.as_ref().and_then(|checkout| checkout.in_force.as_ref());
    if let (Some(feed), Some(label)) = (in_force, session.feed_label()) {
        page.pair("Feed", &label);
        let source = session.shown(Path::new(&feed.registry.source));
        page.pair("Registry", &format!("{}, from {source}", feed.registry.name));
        let token = feed.token_in.as_deref().map(|place| session.shown(Path::new(place)));
        page.pair("Credential", token.as_deref().unwrap_or("none"));
        page.gap();
    }
    page.text("Enter runs cargo fetch. Esc goes back to choose otherwise.");
}
