//! The tabs of the dashboard, in one line.

use ratatui::text::{Line, Span};

use super::super::session::Step;
use super::super::theme::Theme;

/// The tabs: which one is shown, and in which something has failed.
pub(in super::super) fn tab_bar(theme: Theme, here: Step, failed: &dyn Fn(Step) -> bool) -> Line<'static> {
    let mut spans = vec![Span::raw(" ")];
    for tab in Step::TABS {
        let style = if tab == here { theme.accent() } else { theme.quiet() };
        if tab == here {
            spans.push(Span::styled(format!("{} ", theme.here()), style));
        }
        spans.push(Span::styled(tab.title(), style));
        if failed(tab) {
            spans.push(Span::styled(format!(" {}", theme.cross()), theme.bad()));
        }
        spans.push(Span::raw("   "));
    }
    Line::from(spans)
}
