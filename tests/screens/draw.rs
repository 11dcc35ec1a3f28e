//! Draws a wizard on a test terminal, and says what is there.

use std::fmt::Write as _;

use az_cargo_wizard::domain::text;
use az_cargo_wizard::tui::Theme;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Modifier;

use crate::State;
use crate::required::is_narrow;
use crate::wizard::Wizard;

/// Columns and rows of a terminal.
pub(crate) type Size = (u16, u16);

pub(crate) const WIDE: Size = (120, 36);
pub(crate) const USUAL: Size = (80, 24);
pub(crate) const NARROW: Size = (60, 18);

/// States that are looked at on a narrow terminal besides those of which [`is_narrow`] knows.
const ALSO_NARROW: &[&str] = &[
    "organization_known_guess",
    "feed_details_alone",
    "resume_asked",
    "config_file_asked",
    "config_mirror_asked",
    "log_in_ready",
    "log_in_token_offered",
    "log_in_token_days_wrong",
    "log_in_token_shown",
    "log_in_token_refused",
    "log_in_token_for_a_cloned_project",
    "done_made_token",
    "new_feed_form",
    "done_to_publish",
    "restore_saving_asked",
    "restore_no_crates",
    "restore_many_crates",
    "restore_filter_without_match",
    "restore_words_wrapped",
    "restore_sorted_by_time",
    "restore_sorted_after_a_choice",
    "restore_waited",
    "restore_unpacking",
    "restore_renewed_on_the_way",
    "restore_renewed_and_done",
    "restore_failed_with_nothing_to_renew",
    "whole_help",
    "whole_token_that_ends",
    "whole_token_that_ends_soon",
];

/// Compares a state at all its sizes with its snapshot.
#[track_caller]
pub(crate) fn compare(state: &State) {
    let wizard = (state.build)(Wizard::opened(Theme::default()));
    let mut sizes = vec![WIDE, USUAL];
    sizes.extend((is_narrow(state.name) || ALSO_NARROW.contains(&state.name)).then_some(NARROW));
    let frames: Vec<String> = sizes.into_iter().map(|size| frame(&wizard, size)).collect();
    compare_text(state.name, &frames.concat());
}

/// Compares a text with the snapshot of that name.
#[track_caller]
pub(crate) fn compare_text(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// The terminal after one frame.
pub(crate) fn drawn(wizard: &Wizard, (columns, rows): Size) -> TestBackend {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| wizard.app.view(frame)).unwrap();
    terminal.backend().clone()
}

/// A heading, the rows without the spaces at their ends, and what text can't show: the cells that stand out
/// because they are reversed, and the cursor.
fn frame(wizard: &Wizard, (columns, rows): Size) -> String {
    let backend = drawn(wizard, (columns, rows));
    let mut out = format!("{columns}x{rows} {}\n", "=".repeat(usize::from(columns).saturating_sub(7)));
    for row in self::rows(backend.buffer()) {
        out.push_str(row.trim_end());
        out.push('\n');
    }
    for (row, reversed) in reversed(backend.buffer()) {
        writeln!(out, "reversed in row {row}: {}", reversed.trim_end()).unwrap();
    }
    if backend.cursor_visible() {
        let position = backend.cursor_position();
        writeln!(out, "cursor in row {}, column {}", position.y + 1, position.x + 1).unwrap();
    }
    out.push('\n');
    out
}

/// The rows as text; the second half of a wide character is none.
pub(crate) fn rows(buffer: &Buffer) -> Vec<String> {
    let columns = buffer.area.width;
    (0..buffer.area.height)
        .map(|y| {
            let mut row = String::new();
            let mut x = 0;
            while x < columns {
                let symbol = buffer[(x, y)].symbol();
                row.push_str(symbol);
                x += u16::try_from(text::width(symbol).max(1)).unwrap();
            }
            row
        })
        .collect()
}

/// All rows in one text.
pub(crate) fn text_of(buffer: &Buffer) -> String {
    rows(buffer).join("\n")
}

/// Number, from 1 on, and text of each row's reversed cells.
pub(crate) fn reversed(buffer: &Buffer) -> Vec<(u16, String)> {
    (0..buffer.area.height)
        .map(|y| {
            let cells = (0..buffer.area.width).map(|x| &buffer[(x, y)]);
            let reversed = cells.filter(|cell| cell.modifier.contains(Modifier::REVERSED));
            (y + 1, reversed.map(ratatui::buffer::Cell::symbol).collect::<String>())
        })
        .filter(|(_, text)| !text.is_empty())
        .collect()
}
