//! One key of a TOML text, read or changed in place. The text is parsed for the places of its values, and
//! only those bytes are replaced: comments, order, line ends and every other byte stay by construction
//! (libraries trap 13). Knows nothing of Cargo's keys and never touches the disk.

pub(super) mod list;

use std::ops::Range;

use toml_edit::{Document, InlineTable, Item, Key, Table, Value};

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Why a text was left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// Not TOML, or a key given twice. The message names no value of the text.
    Syntax { message: String, at: Position },
    /// Something else stands where a table or a string should.
    WrongType { key: String, found: &'static str, at: Position },
    /// The change would not have had the wanted effect.
    Unsafe { key: String },
}

/// Line and column of a place in a text, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Position {
    pub(super) fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text).trim_start_matches(BYTE_ORDER_MARK);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }
}

pub(super) fn parse(text: &str) -> Result<Document<&str>, Fault> {
    Document::parse(text).map_err(|error| Fault::Syntax {
        message: error.message().to_owned(),
        at: Position::of(text, error.span().map_or(0, |span| span.start)),
    })
}

/// The item at a path of keys, in whichever of its forms it is written.
pub(super) fn get<'d>(document: &'d Document<&str>, path: &[&str]) -> Option<&'d Item> {
    path.iter().try_fold(document.as_item(), |item, key| item.as_table_like()?.get(key))
}

/// Where an item begins.
pub(super) fn position(text: &str, item: &Item) -> Position {
    Position::of(text, item.span().map_or(0, |span| span.start))
}

/// The text with the value at the path; unchanged where it says so already. A missing key is added in the
/// form that its neighbors have, at the end of its table; a missing table at the end of the text.
///
/// # Errors
/// Every [`Fault`].
pub(super) fn set(text: &str, path: &[&str], value: &Value) -> Result<String, Fault> {
    let document = parse(text)?;
    let changed = match find(text, &document, path)? {
        Found::Value(current) if same(current, value) => return Ok(text.to_owned()),
        Found::Value(current) if current.type_name() == value.type_name() => {
            splice(text, span_of(current.span()), &rendered(value))
        }
        Found::Value(current) => {
            return Err(wrong_type(text, path, current.type_name(), span_of(current.span()).start));
        }
        Found::Missing(gap) => gap.filled(text, path, &rendered(value)),
    };
    verify(&changed, path, Some(value))?;
    Ok(changed)
}

/// The text without the key at the path, and without its line where it has one of its own; a table left
/// empty stays.
///
/// # Errors
/// Every [`Fault`].
pub(super) fn remove(text: &str, path: &[&str]) -> Result<String, Fault> {
    let document = parse(text)?;
    let Found::Value(value) = find(text, &document, path)? else { return Ok(text.to_owned()) };
    let value = span_of(value.span());
    let changed = without_value(text, &document, path, &value);
    verify(&changed, path, None)?;
    Ok(changed)
}

fn without_value(text: &str, document: &Document<&str>, path: &[&str], value: &Range<usize>) -> String {
    match innermost_inline(document, path) {
        Some(table) => splice(text, entry_of(text, table, value), ""),
        None => splice(text, line_start(text, value.start)..line_end(text, value.end), ""),
    }
}

/// The text without the table at the path: its values with their lines or commas, then its own header or entry. What
/// else stands between them stays, comments too.
///
/// # Errors
/// Every [`Fault`].
pub(super) fn remove_table(text: &str, path: &[&str]) -> Result<String, Fault> {
    let mut text = text.to_owned();
    loop {
        let document = parse(&text)?;
        let Some(item) = get(&document, path) else { return Ok(text) };
        let Some(table) = item.as_table_like() else {
            return Err(wrong_type(&text, path, item.type_name(), span_of(item.span()).start));
        };
        let own = match item {
            Item::Value(Value::InlineTable(inline)) if !inline.is_dotted() => inline.span(),
            _ => None,
        };
        if let Some(own) = own {
            let changed = without_value(&text, &document, path, &own);
            verify(&changed, path, None)?;
            return Ok(changed);
        }
        let first = table.iter().next().map(|(key, item)| (key.to_owned(), item.is_table_like()));
        let shorter = match first {
            Some((key, is_table)) => {
                let inner: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
                if is_table { remove_table(&text, &inner)? } else { remove(&text, &inner)? }
            }
            None => match item.as_table().filter(|table| !table.is_dotted()).and_then(Table::span) {
                Some(header) => {
                    splice(&text, line_start(&text, header.start)..line_end(&text, header.end), "")
                }
                None => return Ok(text),
            },
        };
        if shorter == text {
            return Err(Fault::Unsafe { key: shown(path) });
        }
        text = shorter;
    }
}

fn verify(changed: &str, path: &[&str], expected: Option<&Value>) -> Result<(), Fault> {
    let holds = parse(changed).is_ok_and(|document| {
        match (get(&document, path).and_then(Item::as_value), expected) {
            (Some(found), Some(expected)) => same(found, expected),
            (found, expected) => found.is_none() && expected.is_none(),
        }
    });
    if holds { Ok(()) } else { Err(Fault::Unsafe { key: shown(path) }) }
}

/// What a path leads to.
enum Found<'d> {
    Value(&'d Value),
    Missing(Gap<'d>),
}

/// The place of a missing key.
struct Gap<'d> {
    home: Home<'d>,
    /// Dotted keys between the home and the deepest table there is.
    dotted: Vec<String>,
    /// How many keys of the path lead to what exists.
    depth: usize,
}

/// The nearest table around a place that has text of its own.
#[derive(Clone, Copy)]
enum Home<'d> {
    /// The top of the file, or a table known only by the headers below it.
    Nowhere,
    Root(&'d Table),
    Section(&'d Table),
    Inline(&'d InlineTable),
}

fn find<'d>(text: &str, document: &'d Document<&str>, path: &[&str]) -> Result<Found<'d>, Fault> {
    let mut item = document.as_item();
    let mut home = Home::Root(document.as_table());
    let mut dotted = Vec::new();
    for (depth, key) in path.iter().enumerate() {
        let Some(table) = item.as_table_like() else {
            return Err(wrong_type(text, &path[..depth], item.type_name(), span_of(item.span()).start));
        };
        let Some(next) = table.get(key) else {
            return Ok(Found::Missing(Gap { home, dotted, depth }));
        };
        item = next;
        let is_dotted = match item {
            Item::Table(table) => table.is_dotted(),
            Item::Value(Value::InlineTable(table)) => table.is_dotted(),
            _ => false,
        };
        if is_dotted {
            dotted.push((*key).to_owned());
            continue;
        }
        dotted.clear();
        home = match item {
            Item::Table(table) if table.is_implicit() => Home::Nowhere,
            Item::Table(table) => Home::Section(table),
            Item::Value(Value::InlineTable(table)) => Home::Inline(table),
            _ => home,
        };
    }
    match item {
        Item::Value(value) if !value.is_inline_table() => Ok(Found::Value(value)),
        _ => Err(wrong_type(text, path, item.type_name(), span_of(item.span()).start)),
    }
}

impl Gap<'_> {
    fn filled(&self, text: &str, path: &[&str], value: &str) -> String {
        let rest = &path[self.depth..];
        let dotted: Vec<&str> = self.dotted.iter().map(String::as_str).chain(rest.iter().copied()).collect();
        let dotted = format!("{} = {value}", joined(&dotted));
        match self.home {
            Home::Inline(table) => {
                let entry = if self.dotted.is_empty() { nested(rest, value) } else { dotted };
                with_entry(text, table, &entry)
            }
            Home::Root(table) | Home::Section(table) if !self.dotted.is_empty() => {
                let last = last_line(table, &self.dotted).unwrap_or_else(|| header_of(table));
                with_line(text, &last, &dotted)
            }
            Home::Section(table) => match last_line(table, &[]) {
                Some(last) if rest.len() > 1 && last.is_dotted => with_line(text, &last, &dotted),
                Some(last) => with_line(text, &last, &nested(rest, value)),
                None if rest.len() == 1 || table.is_empty() => {
                    with_line(text, &header_of(table), &nested(rest, value))
                }
                None => with_section(text, path, value),
            },
            Home::Nowhere | Home::Root(_) => with_section(text, path, value),
        }
    }
}

/// Where a table's own lines end.
struct LastLine {
    /// Any place in the line whose indentation counts.
    key: usize,
    /// The end of its value.
    end: usize,
    is_dotted: bool,
}

fn header_of(table: &Table) -> LastLine {
    let span = span_of(table.span());
    LastLine { key: span.start, end: span.end, is_dotted: false }
}

/// The last line of the table that gives a key under this dotted prefix; sections below it don't count.
fn last_line(table: &Table, prefix: &[String]) -> Option<LastLine> {
    let Some((first, prefix)) = prefix.split_first() else {
        return table
            .iter()
            .filter_map(|(name, item)| {
                let key = table.key(name)?.span()?.start;
                match item {
                    Item::Value(value) => Some(LastLine { key, end: value.span()?.end, is_dotted: false }),
                    Item::Table(inner) if inner.is_dotted() => {
                        last_line(inner, &[]).map(|last| LastLine { is_dotted: true, ..last })
                    }
                    _ => None,
                }
            })
            .max_by_key(|last| last.end);
    };
    last_line(table.get(first)?.as_table()?, prefix)
}

fn with_line(text: &str, after: &LastLine, line: &str) -> String {
    let start = line_start(text, after.key);
    let indentation: String = text[start..].chars().take_while(|c| matches!(c, ' ' | '\t')).collect();
    let at = line_end(text, after.end);
    let end_of_line = end_of_line(text);
    let line = if text[..at].ends_with('\n') {
        format!("{indentation}{line}{end_of_line}")
    } else {
        format!("{end_of_line}{indentation}{line}")
    };
    splice(text, at..at, &line)
}

/// The table's last entry is followed by a new one, on the same line: line breaks are TOML 1.1.
fn with_entry(text: &str, table: &InlineTable, entry: &str) -> String {
    if let Some(last) = entry_ends(table).into_iter().max() {
        return splice(text, last..last, &format!(", {entry}"));
    }
    let open = span_of(table.span()).start + 1;
    let space = if text[open..].starts_with('}') { " " } else { "" };
    splice(text, open..open, &format!(" {entry}{space}"))
}

fn with_section(text: &str, path: &[&str], value: &str) -> String {
    let end_of_line = end_of_line(text);
    let (last, tables) = path.split_last().expect("a path has at least one key");
    let mut out = text.to_owned();
    let body = text.trim_start_matches(BYTE_ORDER_MARK);
    let is_complete = body.is_empty() || body.ends_with('\n');
    if !is_complete {
        out.push_str(end_of_line);
    }
    if !body.trim().is_empty() && !out.ends_with("\n\n") && !out.ends_with("\n\r\n") {
        out.push_str(end_of_line);
    }
    out.push_str(&format!("[{}]{end_of_line}{} = {value}", joined(tables), joined(&[last])));
    if is_complete {
        out.push_str(end_of_line);
    }
    out
}

fn innermost_inline<'d>(document: &'d Document<&str>, path: &[&str]) -> Option<&'d InlineTable> {
    (1..path.len()).rev().find_map(|depth| match get(document, &path[..depth]) {
        Some(Item::Value(Value::InlineTable(table))) if !table.is_dotted() => Some(table),
        _ => None,
    })
}

/// The bytes of an entry together with the comma that goes with it.
fn entry_of(text: &str, table: &InlineTable, value: &Range<usize>) -> Range<usize> {
    let ends = entry_ends(table);
    let open = span_of(table.span()).start + 1;
    if let Some(previous) = ends.iter().copied().filter(|end| *end < value.start).max() {
        return previous..value.end;
    }
    let has_next = ends.iter().any(|end| *end > value.end);
    match text[value.end..].find(',') {
        Some(comma) if has_next => open..value.end + comma + 1,
        _ => open..value.end,
    }
}

/// The ends of the values, also of those under dotted keys.
fn entry_ends(table: &InlineTable) -> Vec<usize> {
    let mut ends = Vec::new();
    for (_, value) in table {
        match value {
            Value::InlineTable(inner) if inner.is_dotted() => ends.extend(entry_ends(inner)),
            value => ends.extend(value.span().map(|span| span.end)),
        }
    }
    ends
}

/// `a = { b = 1 }` for the keys `a`, `b`.
fn nested(keys: &[&str], value: &str) -> String {
    match keys {
        [] => value.to_owned(),
        [key] => format!("{} = {value}", joined(&[key])),
        [key, rest @ ..] => format!("{} = {{ {} }}", joined(&[key]), nested(rest, value)),
    }
}

fn joined(keys: &[&str]) -> String {
    let keys: Vec<String> = keys.iter().map(|key| Key::new(*key).display_repr().into_owned()).collect();
    keys.join(".")
}

fn rendered(value: &Value) -> String {
    value.clone().decorated("", "").to_string()
}

/// Whether both say the same, however they are spelt.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => one.value() == other.value(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        _ => false,
    }
}

fn wrong_type(text: &str, path: &[&str], found: &'static str, offset: usize) -> Fault {
    Fault::WrongType { key: shown(path), found, at: Position::of(text, offset) }
}

fn shown(path: &[&str]) -> String {
    joined(path)
}

fn splice(text: &str, range: Range<usize>, with: &str) -> String {
    let mut out = text.to_owned();
    out.replace_range(range, with);
    out
}

fn span_of(span: Option<Range<usize>>) -> Range<usize> {
    span.expect("a parsed document knows where its parts are")
}

fn line_start(text: &str, offset: usize) -> usize {
    text[..offset]
        .rfind('\n')
        .map_or_else(|| text.len() - text.trim_start_matches(BYTE_ORDER_MARK).len(), |at| at + 1)
}

/// Behind the line's end, or the end of the text.
fn line_end(text: &str, offset: usize) -> usize {
    text[offset..].find('\n').map_or(text.len(), |at| offset + at + 1)
}

fn end_of_line(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: [&str; 3] = ["registries", "rust", "token"];

    #[test]
    fn a_key_is_taken_out_with_its_line_or_its_comma() {
        for (before, after) in [
            ("[registries.rust]\ntoken = \"t\" # old\nindex = \"i\"\n", "[registries.rust]\nindex = \"i\"\n"),
            ("[registries.rust]\r\n  token = 't'\r\n# end\r\n", "[registries.rust]\r\n# end\r\n"),
            ("[registries.rust]\ntoken = \"\"\"\na\nb\"\"\"\nx = 1", "[registries.rust]\nx = 1"),
            ("[registries.rust]\ntoken = 't'", "[registries.rust]\n"),
            ("registries.rust.token = 't'\nregistries.rust.x = 1\n", "registries.rust.x = 1\n"),
            ("\u{feff}registries.rust.token = 't'\n", "\u{feff}"),
            ("[registries]\nrust = { token = 't', index = 'i' }\n", "[registries]\nrust = { index = 'i' }\n"),
            (
                "[registries]\nrust = { a = 1, token = 't', b = 2 }\n",
                "[registries]\nrust = { a = 1, b = 2 }\n",
            ),
            ("[registries]\nrust = { a = 1, token = 't' }\n", "[registries]\nrust = { a = 1 }\n"),
            ("registries = { rust.token = 't', a = {} }\n", "registries = { a = {} }\n"),
            ("registries = { rust = { token = 't' } }\n", "registries = { rust = { } }\n"),
            ("[registries.other]\ntoken = 't'\n", "[registries.other]\ntoken = 't'\n"),
        ] {
            assert_eq!(remove(before, &PATH).as_deref(), Ok(after), "{before}");
            assert_eq!(remove(after, &PATH).as_deref(), Ok(after), "twice: {after}");
        }
    }

    #[test]
    fn a_value_is_written_so_that_it_reads_back() {
        for value in ["plain", "Basic OnBhdA==", "C:\\dir \"x\"", "tab\there", "é'\"", "a\nb"] {
            let text = set("", &PATH, &Value::from(value)).unwrap();
            let document = parse(&text).unwrap();
            assert_eq!(get(&document, &PATH).and_then(Item::as_str), Some(value), "{text}");
        }
        assert_eq!(set("", &["a", "b c"], &Value::from("x")).unwrap(), "[a]\n\"b c\" = \"x\"\n");
    }

    #[test]
    fn entries_join_inline_tables_of_every_layout() {
        let path = ["registries", "rust", "index"];
        let set = |text| set(text, &path, &Value::from("i")).unwrap();
        assert_eq!(set("registries = {}"), "registries = { rust = { index = \"i\" } }");
        assert_eq!(set("registries = { }"), "registries = { rust = { index = \"i\" } }");
        assert_eq!(set("registries={rust={a=1}}"), "registries={rust={a=1, index = \"i\"}}");
        assert_eq!(
            set("registries = { rust.a = 1, x = 2 }"),
            "registries = { rust.a = 1, x = 2, rust.index = \"i\" }"
        );
    }

    #[test]
    fn positions_count_characters_from_one() {
        assert_eq!(Position::of("ä = 1\nb", 0), Position { line: 1, column: 1 });
        assert_eq!(Position::of("ä = 1\nb", 7), Position { line: 2, column: 1 });
        assert_eq!(Position::of("ä = 1", 4), Position { line: 1, column: 4 });
        assert_eq!(Position::of("\u{feff}ab", 4), Position { line: 1, column: 2 });
        assert_eq!(Position::of("a", 99), Position { line: 1, column: 2 });
    }
}
