//! A file's difference, as lines of a page.

use crate::domain::diff::DiffLine;
use crate::domain::plan::FileChange;

use super::super::theme::Theme;
use super::page::Page;

/// The file's name, what happens to it, and its lines: added, removed, kept around them.
pub(in super::super) fn show(page: &mut Page, (file, path): (&FileChange, &str), theme: Theme) {
    let what = match (&file.before, file.changes_something()) {
        (None, _) => "new file",
        (Some(_), true) => "changed",
        (Some(_), false) => "stays as it is",
    };
    page.styled(&format!("{path} ({what})"), theme.strong());
    lines(page, &file.lines, theme);
    page.gap();
}

/// The lines alone.
pub(in super::super) fn lines(page: &mut Page, lines: &[DiffLine], theme: Theme) {
    for line in lines {
        match line {
            DiffLine::Added(line) => page.diff("+", theme.good(), line),
            DiffLine::Removed(line) => page.diff("-", theme.bad(), line),
            DiffLine::Same(line) => page.diff(" ", theme.quiet(), line),
            DiffLine::Gap => page.diff(" ", theme.quiet(), "..."),
        };
    }
}
