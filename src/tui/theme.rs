//! Styles and glyphs: sixteen colours, none at all, and plain ASCII. Meaning never hangs on a colour.

use ratatui::style::{Color, Modifier, Style};

/// How things look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    pub color: bool,
    pub unicode: bool,
}

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
        self.colored(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    pub(super) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Labels, hints, what is not the matter now.
    pub(super) fn quiet(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(super) fn good(self) -> Style {
        self.colored(Color::Green)
    }

    pub(super) fn warning(self) -> Style {
        self.colored(Color::Yellow)
    }

    pub(super) fn bad(self) -> Style {
        self.colored(Color::Red).add_modifier(Modifier::BOLD)
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

    pub(super) fn chosen(self) -> &'static str {
        self.glyph("●", "(*)")
    }

    pub(super) fn not_chosen(self) -> &'static str {
        self.glyph("○", "( )")
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

    /// Replaces the glyphs that ASCII lacks, for texts that carry them.
    pub(super) fn text(self, text: &str) -> String {
        if self.unicode {
            return text.to_owned();
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
}
