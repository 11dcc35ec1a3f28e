//! What of a text is no one's business: in a TOML file the values by their places, over lines and whatever they are
//! spelled with; in comments, and in text that is no TOML, line by line.

use std::ops::Range;

use toml_edit::{Document, Item, TableLike, Value};

use super::{PROXY_KEYS, holds_user_info, is_secret_key};
use crate::domain::text::{REDACTED, clean_lines, replace_user_info};

/// Marks a value of several lines, in the order in which they are tried.
const OVER_LINES: [&str; 2] = ["\"\"\"", "'''"];

/// Each line of the text, without its end, safe to show.
pub(super) fn lines(text: &str) -> Vec<String> {
    let document = Document::parse(text).ok();
    let covered = document.as_ref().map(|document| covered(text, &secrets(document.as_table(), text)));
    let mut reader = Reader { is_toml: document.is_some(), ..Reader::default() };
    covered.as_deref().unwrap_or(text).split_inclusive('\n').map(|line| reader.shown(line)).collect()
}

/// A line as it is shown where nothing in it is secret.
pub(super) fn plain(line: &str) -> String {
    clean_lines(line).trim_end().to_owned()
}

/// The places of the values that are secret, in their order.
fn secrets(root: &dyn TableLike, text: &str) -> Vec<Range<usize>> {
    let mut found = Found { text, places: Vec::new() };
    found.in_table(root, false);
    found.places.sort_by_key(|place| place.start);
    found.places
}

struct Found<'t> {
    text: &'t str,
    places: Vec<Range<usize>>,
}

impl Found<'_> {
    /// Everything below a secret's name is secret: `[env.MY_TOKEN]` holds a `value`.
    fn in_table(&mut self, table: &dyn TableLike, is_secret: bool) {
        for (key, item) in table.iter() {
            let is_secret = is_secret || is_secret_key(key);
            match item {
                Item::None => {}
                Item::Value(value) => self.in_value(key, value, is_secret),
                Item::Table(table) => self.in_table(table, is_secret),
                Item::ArrayOfTables(tables) => {
                    tables.iter().for_each(|table| self.in_table(table, is_secret));
                }
            }
        }
    }

    fn in_value(&mut self, key: &str, value: &Value, is_secret: bool) {
        match value {
            Value::InlineTable(table) if table.is_dotted() || !is_secret => self.in_table(table, is_secret),
            Value::Array(values) if !is_secret => {
                values.iter().for_each(|value| self.in_value(key, value, false));
            }
            Value::String(string) if !is_secret && !self.hides_user_info(key, string.value(), value) => {}
            _ if is_secret || value.is_str() => self.places.extend(value.span()),
            _ => {}
        }
    }

    /// Whether a string says who somebody is so that its lines don't show it: spelled with escapes, over several
    /// lines, or with what no address holds.
    fn hides_user_info(&self, key: &str, said: &str, value: &Value) -> bool {
        let written = value.span().and_then(|place| self.text.get(place));
        let as_said = written.and_then(|written| written.get(1..written.len() - 1)) == Some(said);
        let is_seen = as_said && !holds_user_info(key, &replace_user_info(said, ""));
        holds_user_info(key, said) && !is_seen
    }
}

/// The text with something else in these places; its lines stay.
fn covered(text: &str, places: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for place in places {
        out.push_str(&text[from..place.start]);
        for (number, line) in text[place.clone()].split('\n').enumerate() {
            out.push_str(&if number == 0 { format!("\"{REDACTED}\"") } else { format!("\n{REDACTED}") });
            out.push_str(if line.ends_with('\r') { "\r" } else { "" });
        }
        from = place.end;
    }
    out + &text[from..]
}

/// Reads line after line.
#[derive(Debug, Default)]
struct Reader {
    /// Its values are covered already, so that only comments are left.
    is_toml: bool,
    /// The last header is that of a table with a secret's name.
    in_secret_table: bool,
    /// A secret value goes on until nothing is lacking.
    open: Option<Open>,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    lacks: Lacks,
    in_comment: bool,
}

/// What a value lacks at the end of a line.
#[derive(Debug, Clone, Copy, Default)]
struct Lacks {
    /// The closing quotes of a string of several lines.
    mark: Option<&'static str>,
    /// So many braces and brackets.
    brackets: usize,
}

impl Reader {
    fn shown(&mut self, line: &str) -> String {
        let line = plain(line);
        let is_comment = line.trim_start().starts_with('#');
        if let Some(open) = self.open.filter(|open| is_comment || !open.in_comment) {
            let text = if open.in_comment { line.trim_start_matches(['#', ' ']) } else { &line };
            self.open = end_of(text, open.lacks, 0).err().map(|lacks| Open { lacks, ..open });
            let hash = if open.in_comment { "# " } else { "" };
            return format!("{hash}{REDACTED}");
        }
        self.open = None;
        let body = line.trim_start_matches(['#', ' ']);
        if let Some(header) = body.strip_prefix('[').filter(|header| header.contains(']')) {
            self.in_secret_table = parts(&header[..header.find(']').unwrap_or_default()]).any(is_secret_key);
        }
        let is_loose = is_comment || !self.is_toml;
        let (shown, open) = masked(&without_users(&line), is_loose && self.in_secret_table);
        self.open = open.filter(|_| is_loose).map(|lacks| Open { lacks, in_comment: is_comment });
        shown
    }
}

/// The user `git` of a host's ssh is everyone.
fn without_users(line: &str) -> String {
    const EVERYONE: &str = "ssh://git@";
    line.split(EVERYONE).map(|part| replace_user_info(part, "***@")).collect::<Vec<_>>().join(EVERYONE)
}

/// The line without the value of `token = "…"`, also of one in an inline table or a comment, and what a value
/// lacks that goes on below.
fn masked(line: &str, all: bool) -> (String, Option<Lacks>) {
    let mut out = line.to_owned();
    let (mut from, mut open) = (0, None);
    while let Some(found) = out[from..].find('=') {
        let equals = from + found;
        from = equals + 1;
        let (end, goes_on) = value_end(&out, from);
        let name = key_before(&out[..equals]);
        let is_proxy = parts(name).last().is_some_and(|key| PROXY_KEYS.contains(&key));
        let is_secret = all || parts(name).any(is_secret_key);
        if is_secret || (is_proxy && out[from..end].contains('@')) {
            let mask = format!(" \"{REDACTED}\"");
            out.replace_range(from..end, &mask);
            from += mask.len();
            open = goes_on;
        }
    }
    (out, open)
}

/// Where the value ends that begins at a place of the line, and what it lacks there where it goes on below.
fn value_end(line: &str, from: usize) -> (usize, Option<Lacks>) {
    let value = line[from..].trim_start_matches(' ');
    let start = line.len() - value.len();
    let ended = |end: Option<usize>| end.map_or(line.len(), |end| start + end);
    let mark = OVER_LINES.into_iter().find(|mark| value.starts_with(mark));
    let brackets = usize::from(value.starts_with(['{', '[']));
    if mark.is_some() || brackets > 0 {
        let end = end_of(value, Lacks { mark, brackets }, mark.map_or(brackets, str::len));
        return (ended(end.ok()), end.err());
    }
    let end = match ["\"", "'"].into_iter().find(|quote| value.starts_with(quote)) {
        Some(quote) => closing(value, quote, 1),
        None if line[..from].contains('{') => value.find(['}', ',']),
        None => None,
    };
    (ended(end), None)
}

/// Behind the place of the text where a value lacks nothing any more; or what it lacks at the text's end. Brackets in
/// strings and comments count for nothing.
fn end_of(text: &str, mut lacks: Lacks, from: usize) -> Result<usize, Lacks> {
    let mut at = from;
    loop {
        if let Some(mark) = lacks.mark {
            at = closing(text, mark, at).ok_or(lacks)?;
            lacks.mark = None;
        }
        if lacks.brackets == 0 {
            return Ok(at);
        }
        at += text[at..].find(['{', '[', '}', ']', '"', '\'', '#']).ok_or(lacks)?;
        let rest = &text[at..];
        lacks.mark = OVER_LINES.into_iter().find(|mark| rest.starts_with(mark));
        match rest.as_bytes()[0] {
            _ if lacks.mark.is_some() => at += 3,
            b'{' | b'[' => (lacks.brackets, at) = (lacks.brackets + 1, at + 1),
            b'}' | b']' => (lacks.brackets, at) = (lacks.brackets - 1, at + 1),
            b'#' => return Err(lacks),
            _ => at = closing(text, &rest[..1], at + 1).ok_or(lacks)?,
        }
    }
}

/// Behind the first mark from a place on that closes a value.
fn closing(value: &str, quote: &str, mut from: usize) -> Option<usize> {
    loop {
        let at = from + value[from..].find(quote)?;
        let escapes = value[..at].bytes().rev().take_while(|byte| *byte == b'\\').count();
        if quote.starts_with('\'') || escapes % 2 == 0 {
            return Some(at + quote.len());
        }
        from = at + 1;
    }
}

/// The key at the end of the text, with its dots and quotes.
fn key_before(text: &str) -> &str {
    let text = text.trim_end_matches(' ');
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.\"'".contains(c);
    text.rfind(|c| !is_part(c)).map_or(text, |at| text[at..].trim_start_matches(|c| !is_part(c)))
}

/// The parts of a dotted key, without their quotes.
fn parts(key: &str) -> impl Iterator<Item = &str> {
    key.split('.').map(|part| part.trim_matches(['"', '\'', ' ', '[', ']']))
}

#[cfg(test)]
mod tests;
