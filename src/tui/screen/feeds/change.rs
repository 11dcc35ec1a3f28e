//! What a switch, a removal or taking back would change: shown, agreed to, made; and why it can't be.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::diff::DiffLine;
use crate::domain::journal::{Act, How, UndoFile, UndoPlan};
use crate::domain::plan::{ConfigChange, FileChange, Warning, WarningKind};
use crate::error::Report;
use crate::task::Request;

use super::super::super::keymap::{Action, Offer, SCROLLS, offer};
use super::super::super::session::Session;
use super::super::super::widget::page::{Page, sentence};
use super::super::super::widget::scroll::Scroll;
use super::super::super::widget::{diff_lines, reading};
use super::super::Look;

/// What stands in place of the list.
#[derive(Debug, Default)]
pub(super) enum Change {
    #[default]
    None,
    /// Asked for; whether it is made at once where nothing speaks against it.
    Planning(Wish, Known),
    /// To be looked at, and agreed to.
    Shown(Box<ConfigChange>),
    /// The same of what is taken back.
    UndoShown(Box<UndoPlan>),
    /// On its way, with what is said of it afterwards.
    Making(Vec<String>),
    /// Written; the list does not show it yet.
    Made(Vec<String>),
    Failed(Box<Report>),
}

/// What the person wants to see of a change first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Nothing, unless there is something to be warned of.
    AtOnce,
    /// The difference.
    Look,
}

/// What the list knows of the feed that was asked for: the cursor may be elsewhere when the answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Known {
    /// It takes no crates from crates.io.
    pub(super) no_upstream: bool,
}

impl Change {
    /// Whether the list is hidden behind it.
    pub(super) fn covers(&self) -> bool {
        matches!(self, Self::Shown(_) | Self::UndoShown(_) | Self::Failed(_))
    }

    pub(super) fn is_busy(&self) -> bool {
        self.doing().is_some()
    }

    /// What it is at, while it is busy.
    pub(super) fn doing(&self) -> Option<&'static str> {
        match self {
            Self::Planning(..) => Some("Looking at what would change"),
            Self::Making(_) => Some("Writing it"),
            Self::Made(_) => Some("Reading the files again"),
            Self::None | Self::Shown(_) | Self::UndoShown(_) | Self::Failed(_) => None,
        }
    }

    /// It was written.
    pub(super) fn made(&mut self) {
        *self = match std::mem::take(self) {
            Self::Making(said) => Self::Made(said),
            other => other,
        };
    }

    /// What is to be said of what was written, once.
    pub(super) fn take_made(&mut self) -> Option<Vec<String>> {
        let Self::Made(said) = self else { return None };
        let said = std::mem::take(said);
        *self = Self::None;
        Some(said)
    }

    /// Takes what would change: shown first where the person wants it or something speaks against it. What is to be
    /// started, or said where nothing is left to do.
    pub(super) fn take_planned(&mut self, change: ConfigChange) -> Result<Option<Request>, String> {
        let Self::Planning(wish, Known { no_upstream }) = *self else { return Ok(None) };
        let mut change = change;
        if change.is_done() {
            *self = Self::None;
            return Err("already in force: nothing to change".to_owned());
        }
        if no_upstream && !change.warnings.iter().any(|warning| warning.kind == WarningKind::NoUpstream) {
            let text =
                "This feed has no upstream source crates.io: crates that it does not hold are not found.";
            change.warnings.push(Warning { kind: WarningKind::NoUpstream, text: text.to_owned() });
        }
        if wish == Wish::Look || !change.warnings.is_empty() {
            *self = Self::Shown(Box::new(change));
            return Ok(None);
        }
        Ok(Some(self.make(change)))
    }

    fn make(&mut self, change: ConfigChange) -> Request {
        let mut said = vec![format!("{}; u takes it back", sentence(&change.what))];
        said.extend(change.notes.clone());
        *self = Self::Making(said);
        Request::MakeChange(Box::new(change))
    }

    /// The same for what is taken back: at once a switch alone, where the files are as it left them.
    pub(super) fn take_undo(&mut self, plan: UndoPlan) -> Result<Option<Request>, String> {
        if plan.is_done() && plan.conflict().is_none() {
            *self = Self::None;
            return Err("everything is as it was before: nothing to take back".to_owned());
        }
        let is_small = plan.entry.act == Act::Switch && plan.later.is_empty();
        if plan.conflict().is_some() || plan.is_merge() || !is_small {
            *self = Self::UndoShown(Box::new(plan));
            return Ok(None);
        }
        Ok(Some(self.undo(plan)))
    }

    fn undo(&mut self, plan: UndoPlan) -> Request {
        *self = Self::Making(vec![format!("Taken back: {}", plan.entry.what)]);
        Request::Undo(Box::new(plan))
    }

    /// The person has agreed to what is shown.
    pub(super) fn agree(&mut self) -> Option<Request> {
        match std::mem::take(self) {
            Self::Shown(change) => Some(self.make(*change)),
            Self::UndoShown(plan) if plan.conflict().is_none() => Some(self.undo(*plan)),
            other => {
                *self = other;
                None
            }
        }
    }

    pub(super) fn offers(&self, scroll: &Scroll) -> Vec<Offer> {
        let mut offers = Vec::new();
        let reads_on = scroll.below() > 0;
        let verb = match self {
            Self::Shown(_) => Some("make it so"),
            Self::UndoShown(plan) => plan.conflict().is_none().then_some("take it back"),
            _ => None,
        };
        offers.extend(verb.map(|verb| offer(Action::Accept, if reads_on { "read on" } else { verb })));
        offers.extend(matches!(self, Self::Failed(_)).then(|| offer(Action::RunAgain, "look again")));
        offers.extend([
            offer(Action::Back, "close"),
            offer(Action::Help, "help"),
            offer(Action::Quit, "leave"),
        ]);
        if scroll.has_more() {
            offers.extend(SCROLLS);
        }
        offers
    }

    pub(super) fn view(
        &self,
        frame: &mut Frame<'_>,
        area: Rect,
        (look, scroll, session): (&Look, &Scroll, &Session),
    ) {
        let mut page = Page::new(look.theme, area.width);
        match self {
            Self::Shown(change) => shown(&mut page, change, (look, session)),
            Self::UndoShown(plan) => undo_shown(&mut page, plan, (look, session)),
            Self::Failed(report) => {
                page.title("Nothing was changed").gap().report(report).gap();
            }
            Self::None | Self::Planning(..) | Self::Making(_) | Self::Made(_) => {}
        }
        reading::draw(frame, area, (look.theme, page, scroll));
    }
}

fn shown(page: &mut Page, change: &ConfigChange, (look, session): (&Look, &Session)) {
    page.title("This will be written").gap();
    for warning in &change.warnings {
        page.warning(&warning.text);
    }
    for note in &change.notes {
        page.quiet(note);
    }
    if !change.warnings.is_empty() || !change.notes.is_empty() {
        page.gap();
    }
    for file in change.files.iter().filter(|file| file.changes_something()) {
        difference(page, file, (look, session));
    }
}

fn difference(page: &mut Page, file: &FileChange, (look, session): (&Look, &Session)) {
    diff_lines::show(page, (file, &session.shown(&file.path)), look.theme);
}

fn undo_shown(page: &mut Page, plan: &UndoPlan, (look, session): (&Look, &Session)) {
    page.title("Take this back?").gap();
    page.pair("Done", &sentence(&plan.entry.what));
    if let Some(by_hand) = &plan.entry.by_hand {
        page.warning(by_hand);
    }
    for later in &plan.later {
        let by_hand = later.by_hand.as_deref().unwrap_or_default();
        let when = if later.id < plan.entry.id { "before" } else { "after" };
        page.warning(&format!("Done {when} it, and not taken back: {}. {by_hand}", later.what));
    }
    page.gap();
    for file in &plan.files {
        of_file(page, file, (look, session));
    }
}

fn of_file(page: &mut Page, file: &UndoFile, (look, session): (&Look, &Session)) {
    let path = session.shown(&file.path);
    match &file.how {
        How::Conflict(why) => {
            page.bad(&format!("{path}: {why}"));
        }
        How::Already => {
            page.quiet(&format!("{path} is as it was before")).gap();
        }
        How::Exact if file.deletes => {
            page.text(&format!("{path} is deleted: it was new")).gap();
        }
        How::Exact => {}
        How::Merged => {
            page.warning(&format!("{path} was edited since: those edits stay"));
        }
    }
    if !matches!(file.how, How::Exact | How::Already) {
        part(page, "What was done", &file.ours, look);
        part(page, "What others have changed since", &file.theirs, look);
    }
    if let Some(change) = &file.change {
        page.quiet("What taking it back will write:");
        difference(page, change, (look, session));
    }
}

fn part(page: &mut Page, title: &str, lines: &[DiffLine], look: &Look) {
    if lines.is_empty() {
        return;
    }
    page.quiet(&format!("{title}:"));
    diff_lines::lines(page, lines, look.theme);
    page.gap();
}
