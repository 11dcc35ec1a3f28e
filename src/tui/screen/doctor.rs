//! The Doctor tab: every check, what it means, and what mends it.

use std::collections::BTreeMap;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::finding::{Finding, FindingState};
use crate::domain::text;
use crate::error::Report;
use crate::task::doctor::{Check, Diagnosis};
use crate::task::{Event, Request};

use super::super::keymap::{Action, MOVES, Offer, offer};
use super::super::layout::{below, top};
use super::super::msg::Act;
use super::super::session::Session;
use super::super::theme::Theme;
use super::super::widget::list_window::ListWindow;
use super::super::widget::page::Page;
use super::super::widget::scroll::Scroll;
use super::{Look, Panel};

/// How the run of all checks stands.
#[derive(Debug, Default)]
enum State {
    #[default]
    Not,
    Running,
    Over,
    Failed(Box<Report>),
}

#[derive(Debug, Default)]
pub(super) struct Doctor {
    state: State,
    lines: BTreeMap<Check, Vec<Diagnosis>>,
    window: ListWindow,
    scroll: Scroll,
}

impl Doctor {
    fn run(&mut self) -> Vec<Act> {
        self.state = State::Running;
        self.lines.clear();
        vec![Act::Cancel, Act::Start(Request::Doctor)]
    }

    fn all(&self) -> impl Iterator<Item = &Diagnosis> {
        self.lines.values().flatten()
    }

    fn length(&self) -> usize {
        self.all().count()
    }

    fn selected(&self) -> Option<&Diagnosis> {
        self.all().nth(self.window.selected())
    }

    fn is_running(&self) -> bool {
        matches!(self.state, State::Running)
    }

    /// What all lines come to.
    fn head(&self, page: &mut Page, look: &Look) {
        let of = |state| self.all().filter(|line| line.finding.state == state).count();
        let (failed, warnings) = (of(FindingState::Failed), of(FindingState::Warning));
        let mut words = Vec::new();
        if failed > 0 {
            words.push(text::count(failed, "check failed", "checks failed"));
        }
        if warnings > 0 {
            words.push(text::count(warnings, "warning", "warnings"));
        }
        let unknown = of(FindingState::Unknown);
        if unknown > 0 {
            words.push(format!("{unknown} not found out"));
        }
        let summary =
            if words.is_empty() { "nothing to mend".to_owned() } else { words.join(look.theme.separator()) };
        let checks = text::count(self.length(), "line", "lines");
        match &self.state {
            State::Not => page,
            State::Running => page.busy(look.frame(), &format!("Looking: {checks} so far")),
            State::Failed(report) => page.report(report),
            State::Over if failed > 0 => page.bad(&format!("{checks}: {summary}")),
            State::Over if warnings + unknown > 0 => page.warning(&format!("{checks}: {summary}")),
            State::Over => page.good(&format!("{checks}: {summary}")),
        };
    }

    /// All lines as one page, and where on it the one under the cursor begins and ends.
    fn page(&self, look: &Look, width: u16) -> (Page, (usize, usize)) {
        let mut page = Page::new(look.theme, width);
        let mut seen = (0, 0);
        for (place, line) in self.all().enumerate() {
            let first = usize::from(page.len());
            show(&mut page, &line.finding, (look.theme, place == self.window.selected()));
            if place == self.window.selected() {
                seen = (first, usize::from(page.len()));
            }
        }
        if self.is_running() {
            for check in Check::OF_SERVICE.iter().filter(|check| !self.lines.contains_key(check)) {
                page.busy(look.frame(), &format!("{}: asking", check.subject()));
            }
        }
        (page, seen)
    }
}

impl Panel for Doctor {
    fn enter(&mut self, _session: &mut Session) -> Vec<Act> {
        if self.is_running() { Vec::new() } else { self.run() }
    }

    fn offers(&self, _session: &Session) -> Vec<Offer> {
        let mut offers = Vec::new();
        if self.selected().is_some_and(|line| line.finding.remedy.is_some()) {
            offers.push(offer(Action::Copy, "copy what mends it"));
        }
        if !self.is_running() {
            offers.push(offer(Action::RunAgain, "check again"));
        }
        offers.extend([offer(Action::Help, "help"), offer(Action::Quit, "leave")]);
        if self.length() > 1 {
            offers.extend(MOVES);
        }
        offers
    }

    fn act(&mut self, action: Action, _session: &mut Session) -> Vec<Act> {
        match action {
            Action::RunAgain if !self.is_running() => return self.run(),
            Action::Copy => {
                if let Some(remedy) = self.selected().and_then(|line| line.finding.remedy.clone()) {
                    return vec![Act::Say(format!("on the clipboard: {remedy}")), Act::Copy(remedy)];
                }
            }
            action => {
                self.window.act(action, self.length());
            }
        }
        Vec::new()
    }

    fn why_not(&self, action: Action) -> Option<String> {
        match action {
            Action::Copy => Some("nothing is to be mended in this line".to_owned()),
            Action::RunAgain => Some("it is looking already".to_owned()),
            _ => None,
        }
    }

    fn outdate(&mut self, _session: &mut Session) {
        if !self.is_running() {
            self.lines.clear();
            self.state = State::Not;
        }
    }

    fn event(&mut self, event: Event, _session: &mut Session) -> Vec<Act> {
        match event {
            Event::Diagnosed(line) => {
                let selected = self.selected().cloned();
                self.lines.entry(line.check).or_default().push(line);
                // Who has moved the cursor finds it on the same line.
                let place = selected.and_then(|line| self.all().position(|other| *other == line));
                self.window.select(place.filter(|place| *place > 0).unwrap_or(0));
            }
            Event::Examined => self.state = State::Over,
            Event::Failed(report) => self.state = State::Failed(report),
            Event::Cancelled => self.state = State::Not,
            _ => {}
        }
        Vec::new()
    }

    fn moves(&self) -> bool {
        self.is_running()
    }

    fn failed(&self) -> bool {
        matches!(self.state, State::Failed(_))
            || self.all().any(|line| line.finding.state == FindingState::Failed)
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, look: &Look, _session: &Session) {
        let mut head = Page::new(look.theme, area.width);
        self.head(&mut head, look);
        let rows = head.len().min(area.height);
        head.draw(frame, top(area, rows));
        let body = below(area, (rows + 1).min(area.height));
        let (page, (first, end)) = self.page(look, body.width);
        let (length, height) = (usize::from(page.len()), usize::from(body.height));
        // The line under the cursor is always seen whole, where it fits.
        let at = self.scroll.first();
        let at = if end > at + height { end.saturating_sub(height) } else { at };
        self.scroll.start_at(at.min(first));
        let seen = self.scroll.visible(length, height);
        page.draw_from(frame, body, seen.start);
    }
}

fn show(page: &mut Page, finding: &Finding, (theme, is_selected): (Theme, bool)) {
    let (mark, style) = match finding.state {
        FindingState::Good => (theme.tick(), theme.good()),
        FindingState::Note => (" ", theme.quiet()),
        FindingState::Warning => (theme.warn(), theme.warning()),
        FindingState::Failed => (theme.cross(), theme.bad()),
        FindingState::Unknown => ("?", theme.warning()),
    };
    let style = if is_selected { theme.selected() } else { style };
    let line = format!("{}: {}", finding.subject, finding.text);
    page.marked(mark, style, &line);
    if let Some(remedy) = &finding.remedy {
        let indent = format!("  {}", theme.here());
        page.marked(&indent, theme.accent(), remedy);
    }
}
