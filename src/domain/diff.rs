//! What will change in a text file, line by line, for people to read before it happens.

use similar::{ChangeTag, TextDiff};

use super::text::{REDACTED, clean_lines};

/// Lines of context kept around a change.
const CONTEXT: usize = 3;

/// Keys whose values are secrets, in Cargo's files.
const SECRET_KEYS: [&str; 2] = ["token", "secret-key"];

/// One line of a diff; texts are safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiffLine {
    Same(String),
    Removed(String),
    Added(String),
    /// Unchanged lines left out.
    Gap,
}

/// The difference of two texts, with values of secret keys masked and control characters removed.
#[must_use]
pub fn diff(before: &str, after: &str) -> Vec<DiffLine> {
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    let mut end_of_last = 0;
    for group in diff.grouped_ops(CONTEXT) {
        let start = group.first().map_or(0, |op| op.old_range().start);
        if start > end_of_last {
            lines.push(DiffLine::Gap);
        }
        end_of_last = group.last().map_or(0, |op| op.old_range().end);
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let text = shown(change.value());
            lines.push(match change.tag() {
                ChangeTag::Equal => DiffLine::Same(text),
                ChangeTag::Delete => DiffLine::Removed(text),
                ChangeTag::Insert => DiffLine::Added(text),
            });
        }
    }
    if !lines.is_empty() && end_of_last < before.lines().count() {
        lines.push(DiffLine::Gap);
    }
    lines
}

fn shown(line: &str) -> String {
    mask(clean_lines(line).trim_end())
}

/// Replaces the value in `token = "…"`, also inside an inline table.
fn mask(line: &str) -> String {
    let mut out = line.to_owned();
    for key in SECRET_KEYS {
        let mut from = 0;
        while let Some(found) = out[from..].find(key) {
            let at = from + found;
            from = at + key.len();
            let starts_word =
                !out[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_');
            let rest = out[from..].trim_start_matches(['"', '\'', ' ']);
            if !starts_word || !rest.starts_with('=') {
                continue;
            }
            let value = out.len() - rest.len() + 1;
            let end = out[value..].find(['}', ',']).map_or(out.len(), |end| value + end);
            out.replace_range(value..end, &format!(" \"{REDACTED}\""));
            from = value;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::DiffLine::{Added, Gap, Removed, Same};
    use super::*;

    #[test]
    fn a_change_in_the_middle_keeps_three_lines_around_it() {
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let after = "1\n2\n3\n4\nfive\n6\n7\n8\n9\n";
        let line = |text: &str| Same(text.to_owned());
        assert_eq!(
            diff(before, after),
            [
                Gap,
                line("2"),
                line("3"),
                line("4"),
                Removed("5".into()),
                Added("five".into()),
                line("6"),
                line("7"),
                line("8"),
                Gap
            ]
        );
        assert_eq!(diff("a\n", "a\n"), []);
    }

    #[test]
    fn secrets_and_control_characters_never_show() {
        let shown = diff(
            "",
            "token = \"Basic abc\"\nx = { token = 'y', index = \"z\" }\n# \u{1b}[2J\nmy-token = 1\n",
        );
        assert_eq!(
            shown,
            [
                Added("token = \"***\"".into()),
                Added("x = { token = \"***\", index = \"z\" }".into()),
                Added("# [2J".into()),
                Added("my-token = 1".into()),
            ]
        );
    }
}
