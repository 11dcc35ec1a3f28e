//! The Doctor tab: every check, what it means, and what mends it.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::finding::{Finding, FindingState};
use crate::task::Event;

use super::super::keymap::{Action, Offer, offer};
use super::super::msg::Act;
use super::super::session::Session;
use super::super::widget::page::Page;
use super::{Look, Panel};

#[derive(Debug, Default)]
pub(super) struct Doctor;

impl Panel for Doctor {
    fn offers(&self, _session: &Session) -> Vec<Offer> {
        vec![offer(Action::Help, "help"), offer(Action::Quit, "leave")]
    }

    fn act(&mut self, _action: Action, _session: &mut Session) -> Vec<Act> {
        Vec::new()
    }

    fn event(&mut self, _event: Event, _session: &mut Session) -> Vec<Act> {
        Vec::new()
    }

    fn moves(&self) -> bool {
        false
    }

    fn failed(&self) -> bool {
        false
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, look: &Look, session: &Session) {
        let mut page = Page::new(look.theme, area.width);
        let findings = session.checkout.iter().flat_map(|checkout| &checkout.findings);
        for finding in findings {
            show(&mut page, finding);
        }
        if page.len() == 0 {
            page.busy(look.frame(), "Looking at Cargo and the project");
        }
        look.page(frame, area, page);
    }
}

fn show(page: &mut Page, finding: &Finding) {
    let line = format!("{}: {}", finding.subject, finding.text);
    match finding.state {
        FindingState::Good => page.good(&line),
        FindingState::Note => page.quiet(&format!("  {line}")),
        FindingState::Warning => page.warning(&line),
        FindingState::Failed => page.bad(&line),
    };
    if let Some(remedy) = &finding.remedy {
        page.quiet(&format!("    {remedy}"));
    }
}
