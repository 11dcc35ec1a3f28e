//! A column of text: titles, paragraphs, choices, fields and reports, wrapped to a width.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::domain::text;
use crate::error::Report;

use super::super::theme::Theme;
use super::field::Field;
use super::secret_field::SecretField;

/// Columns of a label before its value.
const LABEL: usize = 16;

/// Columns between two answers on one line.
const APART: usize = 3;

/// Lines being put together.
#[derive(Debug)]
pub(in super::super) struct Page {
    theme: Theme,
    width: usize,
    lines: Vec<Line<'static>>,
    cursor: Option<(usize, usize)>,
    /// The line that must be seen.
    focus: usize,
    /// The lines of the first failure.
    report: Option<Range<usize>>,
}

impl Page {
    pub(in super::super) fn new(theme: Theme, width: u16) -> Self {
        Self { theme, width: width.into(), lines: Vec::new(), cursor: None, focus: 0, report: None }
    }

    pub(in super::super) fn len(&self) -> u16 {
        u16::try_from(self.lines.len()).unwrap_or(u16::MAX)
    }

    pub(in super::super) fn width(&self) -> usize {
        self.width
    }

    /// The line that matters most: the question that is asked now.
    pub(in super::super) fn focus(&self) -> usize {
        self.focus
    }

    /// The lines of the first failure that it tells.
    pub(in super::super) fn report_lines(&self) -> Option<Range<usize>> {
        self.report.clone()
    }

    pub(in super::super) fn title(&mut self, title: &str) -> &mut Self {
        self.styled(title, self.theme.accent())
    }

    pub(in super::super) fn styled_title(&mut self, title: &str) -> &mut Self {
        self.styled(title, self.theme.strong())
    }

    /// A question of a form with its answers, on one line where they fit; the one that is asked now stands out.
    pub(in super::super) fn options(
        &mut self,
        label: &str,
        (answers, chosen): (&[&str], usize),
        asked: bool,
    ) -> &mut Self {
        let theme = self.theme;
        if asked {
            self.focus = self.lines.len();
        }
        let label_style = if asked { theme.strong() } else { theme.quiet() };
        let mut line = vec![Span::styled(text::pad(label, LABEL), label_style)];
        let mut used = LABEL;
        for (index, answer) in answers.iter().enumerate() {
            let mark = if index == chosen { theme.chosen() } else { theme.not_chosen() };
            let style = match (index == chosen, asked) {
                (true, true) => theme.selected(),
                (true, false) => Style::new(),
                (false, _) => theme.quiet(),
            };
            let room = self.width.saturating_sub(LABEL + text::width(mark) + 1);
            let answer = format!("{mark} {}", theme.name(answer, room));
            if index > 0 && used + APART + text::width(&answer) > self.width {
                self.lines.push(Line::from(std::mem::take(&mut line)));
                line.push(Span::raw(" ".repeat(LABEL)));
                used = LABEL;
            } else if index > 0 {
                line.push(Span::raw(" ".repeat(APART)));
                used += APART;
            }
            used += text::width(&answer);
            line.push(Span::styled(answer, style));
        }
        self.lines.push(Line::from(line));
        self
    }

    pub(in super::super) fn text(&mut self, text: &str) -> &mut Self {
        self.styled(text, Style::new())
    }

    pub(in super::super) fn quiet(&mut self, text: &str) -> &mut Self {
        self.styled(text, self.theme.quiet())
    }

    pub(in super::super) fn good(&mut self, text: &str) -> &mut Self {
        let mark = self.theme.tick();
        self.marked(mark, self.theme.good(), text)
    }

    pub(in super::super) fn warning(&mut self, text: &str) -> &mut Self {
        let mark = self.theme.warn();
        self.marked(mark, self.theme.warning(), text)
    }

    pub(in super::super) fn bad(&mut self, text: &str) -> &mut Self {
        let mark = self.theme.cross();
        self.marked(mark, self.theme.bad(), text)
    }

    pub(in super::super) fn busy(&mut self, frame: usize, text: &str) -> &mut Self {
        let mark = self.theme.spinner(frame);
        self.marked(mark, self.theme.accent(), text)
    }

    pub(in super::super) fn gap(&mut self) -> &mut Self {
        self.lines.push(Line::default());
        self
    }

    pub(in super::super) fn styled(&mut self, text: &str, style: Style) -> &mut Self {
        for line in self.wrapped(text, 0) {
            self.lines.push(Line::styled(line, style));
        }
        self
    }

    /// A line as it is, cut at the width: for diffs and for what must not be wrapped.
    pub(in super::super) fn exact(&mut self, text: &str, style: Style) -> &mut Self {
        self.lines.push(Line::styled(self.theme.line(text, self.width), style));
        self
    }

    /// A sign in its colour, then text; further lines are indented.
    pub(in super::super) fn marked(&mut self, mark: &str, style: Style, text: &str) -> &mut Self {
        let indent = text::width(mark) + 1;
        for (index, line) in self.wrapped(text, indent).into_iter().enumerate() {
            let head = if index == 0 { format!("{mark} ") } else { " ".repeat(indent) };
            self.lines.push(Line::from(vec![Span::styled(head, style), Span::raw(line)]));
        }
        self
    }

    /// A line of a difference, its sign before it and every part of it in one colour.
    pub(in super::super) fn diff(&mut self, sign: &str, style: Style, line: &str) -> &mut Self {
        let indent = line.len() - line.trim_start().len();
        let indent = indent.min(self.width / 2);
        for (index, part) in self.wrapped(line.trim_start(), indent + 2).into_iter().enumerate() {
            let head = if index == 0 { sign } else { " " };
            self.lines.push(Line::styled(format!("{head} {}{part}", " ".repeat(indent)), style));
        }
        self
    }

    /// `Label        value`, the value wrapped in its own column.
    pub(in super::super) fn pair(&mut self, label: &str, value: &str) -> &mut Self {
        for (index, line) in self.wrapped(value, LABEL).into_iter().enumerate() {
            let label = if index == 0 { self.theme.text(label) } else { String::new() };
            let head = text::pad(&label, LABEL);
            self.lines.push(Line::from(vec![Span::styled(head, self.theme.quiet()), Span::raw(line)]));
        }
        self
    }

    /// One of several answers, with what speaks for it.
    pub(in super::super) fn choice(&mut self, choice: &Choice<'_>) -> &mut Self {
        let mark = if choice.chosen { self.theme.chosen() } else { self.theme.not_chosen() };
        let style = match (choice.focused, choice.enabled) {
            (true, _) => self.theme.selected(),
            (false, false) => self.theme.quiet(),
            (false, true) => Style::new(),
        };
        if choice.focused {
            self.focus = self.lines.len();
        }
        let label = self.theme.line(choice.label, self.width.saturating_sub(text::width(mark) + 1));
        let used = text::width(mark) + 1 + text::width(&label);
        let mut line = vec![Span::styled(format!("{mark} {label}"), style)];
        let room = self.width.saturating_sub(used + 2);
        if !choice.note.is_empty() && text::width(choice.note) <= room {
            line.push(Span::styled(format!("  {}", self.theme.text(choice.note)), self.theme.quiet()));
            self.lines.push(Line::from(line));
        } else {
            self.lines.push(Line::from(line));
            if !choice.note.is_empty() {
                for note in self.wrapped(choice.note, 4) {
                    self.lines.push(Line::styled(format!("    {note}"), self.theme.quiet()));
                }
            }
        }
        self
    }

    /// A labelled text field; the cursor stands in it when it has the focus.
    pub(in super::super) fn field(&mut self, label: &str, field: &Field, focused: bool) -> &mut Self {
        let room = self.width.saturating_sub(LABEL + 1).max(1);
        let (shown, cursor) = field.shown(room);
        self.input(label, &self.theme.line(&shown, room), focused.then_some(cursor))
    }

    /// A labelled hidden field: as many dots as fit.
    pub(in super::super) fn secret(&mut self, label: &str, field: &SecretField) -> &mut Self {
        let room = self.width.saturating_sub(LABEL + 1).max(1);
        let dots = field.len().min(room);
        let shown: String = std::iter::repeat_n(self.theme.mask(), dots).collect();
        self.input(label, &shown, Some(dots))
    }

    fn input(&mut self, label: &str, shown: &str, cursor: Option<usize>) -> &mut Self {
        if let Some(column) = cursor {
            self.cursor = Some((LABEL + column, self.lines.len()));
            self.focus = self.lines.len();
        }
        let label_style = if cursor.is_some() { self.theme.strong() } else { self.theme.quiet() };
        self.lines.push(Line::from(vec![
            Span::styled(text::pad(label, LABEL), label_style),
            Span::styled(shown.to_owned(), self.theme.strong()),
        ]));
        self
    }

    /// A failure: what, what to do, and why. The remedy stands above the words of others, which may be long.
    pub(in super::super) fn report(&mut self, report: &Report) -> &mut Self {
        let first = self.lines.len();
        self.marked(self.theme.cross(), self.theme.bad(), &sentence(&report.headline));
        if let Some(hint) = &report.hint {
            let (mark, style) = (self.theme.here(), self.theme.accent());
            self.marked(mark, style, &sentence(hint));
        }
        for words in report.causes.iter().chain(&report.details) {
            self.indented(words);
        }
        let last = self.lines.len();
        self.report.get_or_insert(first..last);
        self
    }

    fn indented(&mut self, text: &str) {
        for line in self.wrapped(text, 2) {
            self.lines.push(Line::styled(format!("  {line}"), self.theme.quiet()));
        }
    }

    fn wrapped(&self, text: &str, indent: usize) -> Vec<String> {
        wrap(&self.theme.text(text), self.width.saturating_sub(indent).max(1))
    }

    /// Draws the page from that line on, and the cursor where its line is seen.
    pub(in super::super) fn draw_from(self, frame: &mut Frame<'_>, area: Rect, first: usize) {
        let height = usize::from(area.height);
        if let Some((column, line)) = self.cursor
            && (first..first + height).contains(&line)
        {
            let x = area.x.saturating_add(u16::try_from(column).unwrap_or(u16::MAX));
            let y = area.y + u16::try_from(line - first).unwrap_or(0);
            frame.set_cursor_position(Position { x: x.min(area.right().saturating_sub(1)), y });
        }
        let seen: Vec<Line<'_>> = self.lines.into_iter().skip(first).take(height).collect();
        frame.render_widget(Paragraph::new(seen), area);
    }

    /// Draws a page that has been given all the lines it needs; what does not fit is cut.
    pub(in super::super) fn draw(self, frame: &mut Frame<'_>, area: Rect) {
        let height = usize::from(area.height);
        let first = (self.focus + 2).saturating_sub(height).min(self.lines.len().saturating_sub(height));
        self.draw_from(frame, area, first);
    }
}

/// One of several answers.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Choice<'a> {
    pub(in super::super) label: &'a str,
    pub(in super::super) note: &'a str,
    pub(in super::super) chosen: bool,
    pub(in super::super) focused: bool,
    pub(in super::super) enabled: bool,
}

/// A lower-case fragment as a sentence of a screen.
pub(in super::super) fn sentence(fragment: &str) -> String {
    let mut chars = fragment.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// Breaks a text at spaces into lines of at most that many columns; longer words are broken anywhere. All
/// lines of a paragraph are indented as its first.
pub(in super::super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    text.split('\n').flat_map(|paragraph| wrap_paragraph(paragraph, columns)).collect()
}

fn wrap_paragraph(paragraph: &str, columns: usize) -> Vec<String> {
    let text = paragraph.trim_start_matches(' ');
    let indent = " ".repeat((paragraph.len() - text.len()).min(columns / 2));
    let columns = columns - indent.len();
    let mut lines = Vec::new();
    let mut line = String::new();
    for mut word in text.split(' ') {
        let gap = usize::from(!line.is_empty());
        if text::width(&line) + gap + text::width(word) > columns && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        while text::width(word) > columns {
            // Where not even one character fits, it is cut by the edge.
            let end = text::fitting(word, columns).max(word.chars().next().map_or(0, char::len_utf8));
            if end == word.len() {
                break;
            }
            lines.push(word[..end].to_owned());
            word = &word[end..];
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines.into_iter().map(|line| format!("{indent}{line}")).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_wraps_at_spaces_and_long_words_anywhere() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("https://example/long", 8), ["https://", "example/", "long"]);
        assert_eq!(wrap("a\n\nb", 8), ["a", "", "b"]);
        assert_eq!(wrap("日本語日本", 4), ["日本", "語日", "本"]);
        assert_eq!(wrap("  one two", 6), ["  one", "  two"]);
        assert_eq!(wrap("日", 1), ["日"]);
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_no_word_is_lost(text in "[a-zA-Z❤\u{fe0f} ]{0,120}", columns in 2usize..30) {
            let lines = wrap(&text, columns);
            prop_assert!(lines.iter().all(|line| text::width(line) <= columns));
            let letters = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
