//! The question about a mirror or a vendored folder that stands in for crates.io already: asked only where the
//! review has found one, and answered with no until the person says otherwise.

use crate::domain::plan::{OtherReplacement, SetupPlan};
use crate::task::Request;
use crate::task::connect::Agreed;

use super::super::super::msg::Act;
use super::super::super::session::Session;
use super::super::super::widget::page::Page;

/// Behind a colon.
fn sentence_end(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or(String::new(), |first| format!("{}{}", first.to_lowercase(), letters.as_str()))
}

/// What was found, and the answer.
#[derive(Debug, Default)]
pub(super) struct Mirror {
    found: Option<Box<OtherReplacement>>,
    gives_way: bool,
}

impl Mirror {
    pub(super) fn is_asked(&self) -> bool {
        self.found.is_some()
    }

    /// Asks about what was found; an answer to another question doesn't count.
    pub(super) fn ask(&mut self, found: Box<OtherReplacement>) -> Vec<Act> {
        let is_new = self.found.as_ref() != Some(&found);
        let say = format!("`{}` replaces crates.io: give it up, or leave crates.io as it is", found.name);
        *self = Self { found: Some(found), gives_way: false };
        if is_new { Vec::new() } else { vec![Act::Say(say)] }
    }

    pub(super) fn toggle(&mut self) {
        self.gives_way = !self.gives_way;
    }

    /// The review to ask for, with the yes to what was shown and to nothing else.
    pub(super) fn review(&self, plan: SetupPlan) -> Request {
        match &self.found {
            Some(found) if self.gives_way && plan.replace_crates_io => {
                Request::ReviewOver(plan, Agreed::To(found.clone()))
            }
            _ => Request::Review(plan),
        }
    }

    pub(super) fn draw(&self, page: &mut Page, asked: bool) {
        page.options("Replaced now", (&["keep it", "give it up"], usize::from(self.gives_way)), asked);
    }

    /// What is replaced now, where that stands, and what would change.
    pub(super) fn explain(&self, page: &mut Page, session: &Session) {
        let Some(found) = &self.found else { return };
        let file = session.shown(&found.file);
        let line = found.line.map_or(String::new(), |line| format!(", line {line}"));
        page.warning(&format!("crates.io is replaced by `{}` ({}) in {file}{line}.", found.name, found.what));
        if !self.gives_way {
            page.quiet("keep it (recommended): then leave crates.io as it is, above.");
        }
        page.quiet(&format!("give it up: {}", sentence_end(&found.effect)));
    }
}
