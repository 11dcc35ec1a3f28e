//! What stands before a run: what it would do, and the one question of a feed that answers everyone: whether it is
//! asked by the address that makes Cargo send its token (product.md, 'Public feeds, and the two URLs of a feed').

use std::path::Path;

use crate::domain::feed::Role;
use crate::error::Report;
use crate::task::{ForceAuth, Forced};

use super::super::super::keymap::{Action, Offer, offer};
use super::super::super::session::{Opening, Session};
use super::super::super::widget::page::{Choice, Page};
use super::super::Look;

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
pub(super) fn offers(question: Option<Question>, session: &Session) -> Vec<Offer> {
    let mut offers = match question {
        _ if hindrance(session).is_some() => Vec::new(),
        Some(_) => {
            vec![offer(Action::Accept, "answer"), offer(Action::Up, "choose"), offer(Action::Down, "choose")]
        }
        None => vec![offer(Action::Accept, "run cargo fetch")],
    };
    offers.extend((!session.dashboard.is_shown).then(|| offer(Action::Back, super::BACK)));
    offers.extend([offer(Action::Help, "help"), offer(Action::Quit, "leave")]);
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

/// What stands in the way of a run, on the dashboard, which opens before Cargo was asked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Hindrance<'a> {
    Looking,
    Failed(&'a Report),
    NoProject,
}

pub(super) fn hindrance(session: &Session) -> Option<Hindrance<'_>> {
    let checkout = session.checkout.as_ref().filter(|_| session.dashboard.is_shown)?;
    match (&checkout.failure, &checkout.workspace) {
        (Some(report), _) => Some(Hindrance::Failed(report)),
        _ if !session.dashboard.is_checked => Some(Hindrance::Looking),
        (None, None) => Some(Hindrance::NoProject),
        (None, Some(_)) => None,
    }
}

/// What a run would do, where nobody has asked for one yet.
pub(super) fn ready(page: &mut Page, look: &Look, session: &Session) {
    match hindrance(session) {
        Some(Hindrance::Looking) => {
            page.title("Restore").gap().busy(look.frame(), "Looking at Cargo and the project");
            return;
        }
        Some(Hindrance::Failed(report)) => {
            page.title("Cargo can't be run here").gap().report(report);
            return;
        }
        Some(Hindrance::NoProject) => {
            page.title("Nothing to restore").gap();
            page.text(
                "There is no Cargo.toml here or above: go to a Cargo project, or name one with --dir DIR.",
            );
            return;
        }
        None => {}
    }
    let in_force = session.checkout.as_ref().and_then(|checkout| checkout.in_force.as_ref());
    let is_signed_out = in_force.is_some_and(|feed| feed.token_in.is_none() && !feed.open);
    let title = if is_signed_out { "Cargo has no credential for this feed" } else { "Everything is set up" };
    page.title(title).gap();
    if let (Some(feed), Some(label)) = (in_force, session.feed_label()) {
        page.pair("Feed", &label);
        let source = session.shown(Path::new(&feed.registry.source));
        page.pair("Registry", &format!("{}, from {source}", feed.registry.name));
        let token = feed.token_in.as_deref().map(|place| session.shown(Path::new(place)));
        page.pair("Credential", token.as_deref().unwrap_or(if feed.open { "not needed" } else { "none" }));
        page.gap();
    }
    if is_signed_out {
        page.warning("Unless it answers everyone, cargo fetch is refused. To sign in: a, on the Feeds tab.");
    }
    page.text("Enter runs cargo fetch.");
}
