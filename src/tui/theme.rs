//! Styles and glyphs: four colours, none at all, and plain ASCII. Meaning never hangs on a colour.
//!
//! The background is not known, and asking the terminal for it would hold up the first frame. So there is none of
//! our own, what is chosen is reversed, and each colour is a middling one, which is read on white as well as on
//! black: `tests/screens/looks.rs` computes it. The sixteen named colours are not like that: what most palettes
//! call yellow, green or cyan is for dark backgrounds only. A terminal of sixteen colours takes the nearest of its
//! own; the sequence is the same that the named ones are written with.

use ratatui::style::{Color, Modifier, Style};

use crate::domain::text;

/// How things look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    pub color: bool,
    pub unicode: bool,
}

const CYAN: Color = Color::Indexed(30);
const GREEN: Color = Color::Indexed(28);
const ORANGE: Color = Color::Indexed(130);
const RED: Color = Color::Indexed(160);

impl Default for Theme {
    fn default() -> Self {
        Self { color: true, unicode: true }
    }
}

#[expect(clippy::unused_self, reason = "every style is asked of the theme, whatever it depends on today")]
impl Theme {
    fn colored(self, color: Color) -> Style {
        if self.color { Style::new().fg(color) } else { Style::new() }
    }

    /// Titles, and the step one is at.
    pub(super) fn accent(self) -> Style {
        self.colored(CYAN).add_modifier(Modifier::BOLD)
    }

    pub(super) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Labels, hints, what is not the matter now.
    pub(super) fn quiet(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(super) fn good(self) -> Style {
        self.colored(GREEN)
    }

    pub(super) fn warning(self) -> Style {
        self.colored(ORANGE)
    }

    pub(super) fn bad(self) -> Style {
        self.colored(RED).add_modifier(Modifier::BOLD)
    }

    /// The row under the cursor.
    pub(super) fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    pub(super) fn key(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(super) fn border(self) -> Style {
        self.quiet()
    }
}

impl Theme {
    fn glyph(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.unicode { unicode } else { ascii }
    }

    pub(super) fn tick(self) -> &'static str {
        self.glyph("✓", "+")
    }

    pub(super) fn cross(self) -> &'static str {
        self.glyph("✗", "x")
    }

    pub(super) fn here(self) -> &'static str {
        self.glyph("▸", ">")
    }

    pub(super) fn to_come(self) -> &'static str {
        self.glyph("·", ".")
    }

    pub(super) fn warn(self) -> &'static str {
        self.glyph("▲", "!")
    }

    pub(super) fn up(self) -> &'static str {
        self.glyph("↑", "^")
    }

    pub(super) fn down(self) -> &'static str {
        self.glyph("↓", "v")
    }

    pub(super) fn chosen(self) -> &'static str {
        self.glyph("●", "(*)")
    }

    pub(super) fn not_chosen(self) -> &'static str {
        self.glyph("○", "( )")
    }

    /// Before what the person has marked.
    pub(super) fn mark(self) -> &'static str {
        self.glyph("●", "*")
    }

    pub(super) fn dash(self) -> &'static str {
        self.glyph("—", "-")
    }

    pub(super) fn separator(self) -> &'static str {
        self.glyph(" · ", " | ")
    }

    pub(super) fn mask(self) -> char {
        if self.unicode { '•' } else { '*' }
    }

    pub(super) fn bar_full(self) -> &'static str {
        self.glyph("█", "#")
    }

    pub(super) fn bar_empty(self) -> &'static str {
        self.glyph("░", ".")
    }

    /// The picture of a spinner at that frame.
    pub(super) fn spinner(self, frame: usize) -> &'static str {
        const DOTS: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
        const LINES: [&str; 4] = ["|", "/", "-", "\\"];
        if self.unicode { DOTS[frame % DOTS.len()] } else { LINES[frame % LINES.len()] }
    }

    /// A text as this terminal may show it: without what could steer it, whoever should have cleaned it
    /// before, and without the glyphs that ASCII lacks. Line ends stay.
    pub(super) fn text(self, text: &str) -> String {
        let text = text::clean_lines(text);
        if self.unicode {
            return text;
        }
        text.chars()
            .map(|c| match c {
                '…' => '~',
                '↑' => '^',
                '↓' => 'v',
                '·' => '|',
                c if c.is_ascii() => c,
                _ => '?',
            })
            .collect()
    }

    /// [`Theme::text`] in one line of at most that many columns.
    pub(super) fn line(self, text: &str, columns: usize) -> String {
        let text = self.text(text).replace('\n', " ");
        // Cutting adds a glyph of its own.
        self.text(&text::truncate(&text, columns))
    }

    /// [`Theme::line`] for names, whose ends tell them apart: what is cut is cut in the middle.
    pub(super) fn name(self, text: &str, columns: usize) -> String {
        let text = self.text(text).replace('\n', " ");
        self.text(&text::truncate_middle(&text, columns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_steer_a_terminal_is_not_shown() {
        let theme = Theme::default();
        assert_eq!(theme.text("a\u{1b}[31mb\u{9b}c\u{202e}d\ne"), "a[31mbcd\ne");
        assert_eq!(theme.line("a\nb\u{7}c", 10), "a bc");
    }

    #[test]
    fn ascii_means_every_character() {
        let theme = Theme { color: true, unicode: false };
        assert_eq!(theme.text("↑ k · 日本…"), "^ k | ??~");
        assert_eq!(theme.line("contoso/日本語のフィード", 10), "contoso/?~");
        assert_eq!(theme.name("contoso/rust-crates", 10), "conto~ates");
    }
}
