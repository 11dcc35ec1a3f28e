//! The steps and their states: a rail at the left, or one line at the top.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::super::session::{Step, StepState};
use super::super::theme::Theme;

/// What the rail shows.
pub(in super::super) struct StepRail<'a> {
    pub(in super::super) theme: Theme,
    pub(in super::super) here: Step,
    pub(in super::super) state: &'a dyn Fn(Step) -> StepState,
}

impl StepRail<'_> {
    fn mark(&self, step: Step) -> (&'static str, Style) {
        let theme = self.theme;
        match (self.state)(step) {
            StepState::Failed => (theme.cross(), theme.bad()),
            _ if step == self.here => (theme.here(), theme.accent()),
            StepState::Done | StepState::Found => (theme.tick(), theme.good()),
            StepState::Skipped => (theme.dash(), theme.quiet()),
            StepState::ToCome => (theme.to_come(), theme.quiet()),
        }
    }

    fn words(&self, step: Step) -> Style {
        if step == self.here {
            self.theme.accent()
        } else if (self.state)(step) == StepState::ToCome {
            self.theme.quiet()
        } else {
            Style::new()
        }
    }

    /// The rail, one step a line.
    pub(in super::super) fn tall(&self, frame: &mut Frame<'_>, area: Rect) {
        let lines: Vec<Line<'_>> = Step::ALL
            .into_iter()
            .map(|step| {
                let (mark, style) = self.mark(step);
                let title = Span::styled(step.title(), self.words(step));
                Line::from(vec![Span::raw(" "), Span::styled(format!("{mark} "), style), title])
            })
            .collect();
        frame.render_widget(Paragraph::new(lines), area);
    }

    /// One line: where one is, of how many, and what is behind.
    pub(in super::super) fn flat(&self, frame: &mut Frame<'_>, area: Rect) {
        let at = Step::ALL.iter().position(|step| *step == self.here).unwrap_or(0) + 1;
        let mut spans = vec![Span::raw(" ")];
        for step in Step::ALL {
            let (mark, style) = self.mark(step);
            spans.push(Span::styled(mark, style));
        }
        let title = format!("  {at}/{} {}", Step::ALL.len(), self.here.title());
        spans.push(Span::styled(title, self.theme.accent()));
        frame.render_widget(Paragraph::new(Line::from(spans)), area);
    }
}
