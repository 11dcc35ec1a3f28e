//! What a change has done to a text, as spans of bytes, and how it is taken back: exactly, or out of a text that
//! somebody has edited since.

use serde::{Deserialize, Serialize};
use similar::{DiffTag, TextDiff};

/// One place that a change has written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Where it begins in the text before the change, in bytes.
    pub at: usize,
    pub old: String,
    pub new: String,
}

/// The places where two texts differ, in order; what both have around them is left out.
#[must_use]
pub fn spans(before: &str, after: &str) -> Vec<Span> {
    let diff = TextDiff::from_lines(before, after);
    let (old_starts, new_starts) = (line_starts(before), line_starts(after));
    let differing = diff.ops().iter().filter(|op| op.tag() != DiffTag::Equal);
    differing
        .map(|op| {
            let (old, new) = (op.old_range(), op.new_range());
            let start = old_starts[old.start];
            trimmed(
                start,
                &before[start..old_starts[old.end]],
                &after[new_starts[new.start]..new_starts[new.end]],
            )
        })
        .collect()
}

/// Where each line begins, and where the text ends.
fn line_starts(text: &str) -> Vec<usize> {
    let lines = text.split_inclusive('\n').scan(0, |at, line| {
        *at += line.len();
        Some(*at)
    });
    std::iter::once(0).chain(lines).collect()
}

/// A difference without what its two sides begin and end with alike. Whole lines that only came or went stay whole.
fn trimmed(at: usize, old: &str, new: &str) -> Span {
    let head: usize =
        old.chars().zip(new.chars()).take_while(|(a, b)| a == b).map(|(c, _)| c.len_utf8()).sum();
    let (old, new) = (&old[head..], &new[head..]);
    let ends = old.chars().rev().zip(new.chars().rev());
    let tail: usize = ends.take_while(|(a, b)| a == b).map(|(c, _)| c.len_utf8()).sum();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    Span { at: at + head, old: old.to_owned(), new: new.to_owned() }
}

/// The text after the change; `None` where it is not the text that the spans were taken of.
#[must_use]
pub fn redone(before: &str, spans: &[Span]) -> Option<String> {
    let mut after = String::with_capacity(before.len());
    let mut from = 0;
    for span in spans {
        after.push_str(before.get(from..span.at)?);
        from = span.at + span.old.len();
        if before.get(span.at..from)? != span.old {
            return None;
        }
        after.push_str(&span.new);
    }
    after.push_str(before.get(from..)?);
    Some(after)
}

/// The text before the change; `None` where it is not the text that the change has left.
#[must_use]
pub fn undone(after: &str, spans: &[Span]) -> Option<String> {
    redone(after, &turned(spans))
}

/// The same change the other way round: places are those in the text after it.
fn turned(spans: &[Span]) -> Vec<Span> {
    let mut grown: isize = 0;
    let turn = |span: &Span| {
        let at = span.at.saturating_add_signed(grown);
        grown += span.new.len().cast_signed() - span.old.len().cast_signed();
        Span { at, old: span.new.clone(), new: span.old.clone() }
    };
    spans.iter().map(turn).collect()
}

/// Why a change can't be taken out of a text: what it has written is not there as it was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what was written has been edited since")]
pub struct Conflict;

/// Takes a change out of a text that was edited after it: its own spans go back, every other edit stays.
///
/// # Errors
/// [`Conflict`], where a line that the change has written is not as it was left, or where it took lines away and
/// the lines around that place have changed.
pub fn merged(after: &str, current: &str, spans: &[Span]) -> Result<String, Conflict> {
    let lines = LineMap::of(after, current);
    let mut out = String::with_capacity(current.len());
    let mut from = 0;
    for span in turned(spans) {
        let at = lines.place(&span).ok_or(Conflict)?;
        let end = at + span.old.len();
        if at < from || current.get(at..end) != Some(span.old.as_str()) {
            return Err(Conflict);
        }
        out.push_str(&current[from..at]);
        out.push_str(&span.new);
        from = end;
    }
    out.push_str(&current[from..]);
    Ok(out)
}

/// Where the lines of one text are in a later one.
struct LineMap {
    before: Vec<usize>,
    after: Vec<usize>,
    /// For each line of the first text its number in the second, where it is there unchanged.
    same: Vec<Option<usize>>,
}

impl LineMap {
    fn of(before: &str, after: &str) -> Self {
        let diff = TextDiff::from_lines(before, after);
        let starts = line_starts(before);
        let mut same = vec![None; starts.len() - 1];
        for op in diff.ops().iter().filter(|op| op.tag() == DiffTag::Equal) {
            for (old, new) in op.old_range().zip(op.new_range()) {
                same[old] = Some(new);
            }
        }
        Self { before: starts, after: line_starts(after), same }
    }

    /// Where a span of the first text begins in the second: all its lines must be there, one after the other. Of one
    /// that is empty, as lines were taken away there, the lines on both sides must.
    fn place(&self, span: &Span) -> Option<usize> {
        let end = span.at + span.old.len();
        let first = self.before.partition_point(|start| *start <= span.at) - 1;
        let is_between = span.old.is_empty() && self.before[first] == span.at;
        if is_between {
            return self.between(first);
        }
        let last = self.before.partition_point(|start| *start < end).max(first + 1);
        let found = (*self.same.get(first)?)?;
        let is_whole = (first..last).all(|line| self.same.get(line) == Some(&Some(found + line - first)));
        is_whole.then(|| self.after[found] + span.at - self.before[first])
    }

    /// The place before a line, where the line and the one above it still follow each other.
    fn between(&self, line: usize) -> Option<usize> {
        let above = line.checked_sub(1).map(|above| self.same[above]);
        let below = self.same.get(line).copied();
        let at = match (above, below) {
            (None, None) => 0,
            (None, Some(below)) => below.filter(|at| *at == 0)?,
            (Some(above), None) => above.map(|at| at + 1).filter(|at| *at + 1 == self.after.len())?,
            (Some(above), Some(below)) => below.filter(|at| above.is_some_and(|above| above + 1 == *at))?,
        };
        self.after.get(at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "# mine\n[net]\nretry = 3\n\n[source.crates-io]\nreplace-with = \"a\" # team\n";

    fn change(before: &str, after: &str) -> Vec<Span> {
        let spans = spans(before, after);
        assert_eq!(redone(before, &spans).as_deref(), Some(after));
        assert_eq!(undone(after, &spans).as_deref(), Some(before));
        assert_eq!(merged(after, after, &spans).as_deref(), Ok(before));
        spans
    }

    #[test]
    fn a_span_holds_what_differs_and_no_more() {
        let spans = change(BEFORE, &BEFORE.replace("\"a\"", "\"bb\""));
        assert_eq!(
            spans,
            [Span { at: BEFORE.find("\"a\"").unwrap() + 1, old: "a".into(), new: "bb".into() }]
        );
        let spans = change("", "[a]\nb = 1\n");
        assert_eq!(spans, [Span { at: 0, old: String::new(), new: "[a]\nb = 1\n".into() }]);
        assert!(change(BEFORE, BEFORE).is_empty());
        change("a\r\nb", "a\r\nb\r\nc\n");
        change("ä\nö\nü\n", "ö\nu\nü\nx");
        assert_eq!(undone("something else\n", &change(BEFORE, "x\n")), None);
    }

    #[test]
    fn edits_of_others_stay_when_a_change_is_taken_back() {
        let after = format!("{}[registries.b]\nindex = \"i\"\n", BEFORE.replace("\"a\"", "\"b\""));
        let spans = change(BEFORE, &after);
        for (theirs, left) in [
            (
                after.replace("retry = 3", "retry = 9\ngit-fetch-with-cli = true"),
                BEFORE.replace("retry = 3", "retry = 9\ngit-fetch-with-cli = true"),
            ),
            (format!("[alias]\nx = \"y\"\n\n{after}"), format!("[alias]\nx = \"y\"\n\n{BEFORE}")),
            (format!("{after}[term]\n"), format!("{BEFORE}[term]\n")),
            (after.replace("# mine\n", ""), BEFORE.replace("# mine\n", "")),
        ] {
            assert_eq!(merged(&after, &theirs, &spans), Ok(left), "{theirs}");
        }
        for conflict in [
            after.replace("replace-with = \"b\"", "replace-with = \"c\""),
            after.replace("index = \"i\"", "index = \"j\""),
            after.replace("# team", "# ours"),
            String::new(),
        ] {
            assert_eq!(merged(&after, &conflict, &spans), Err(Conflict), "{conflict}");
        }
    }

    #[test]
    fn lines_that_were_taken_away_come_back_between_their_neighbors_only() {
        let after = BEFORE.replace("retry = 3\n", "");
        let spans = change(BEFORE, &after);
        let theirs = after.replace("# mine", "# yours");
        assert_eq!(merged(&after, &theirs, &spans), Ok(BEFORE.replace("# mine", "# yours")));
        let between = after.replace("[net]\n", "[net]\noffline = true\n");
        assert_eq!(merged(&after, &between, &spans), Err(Conflict));
    }
}
