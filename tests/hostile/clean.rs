//! Whether bytes hold nothing that steers a terminal but what the product itself writes.

use az_cargo_wizard::domain::text::is_control;
use serde_json::Value;

/// Asserts that the raw output of the wizard holds no control sequence but its own.
#[track_caller]
pub(crate) fn assert_screen(output: &[u8]) {
    let text = String::from_utf8_lossy(output);
    let left = without_own_sequences(&text);
    let found: Vec<String> = left
        .char_indices()
        .filter(|(at, c)| is_control(*c) && *c != '\n' && !(*c == '\r' && left[*at..].starts_with("\r\n")))
        .map(|(at, _)| around(&left, at))
        .collect();
    assert!(found.is_empty(), "these reached the terminal: {found:#?}");
}

/// Asserts that lines of output hold no control character at all.
#[track_caller]
pub(crate) fn assert_lines(output: &[u8]) {
    let text = std::str::from_utf8(output).expect("output is UTF-8");
    let found = text.char_indices().find(|(_, c)| *c != '\n' && is_control(*c));
    assert!(found.is_none(), "this was printed: {:?}", found.map(|(at, _)| around(text, at)));
}

/// Asserts that every line is JSON, and that its texts are clean once they are decoded.
#[track_caller]
pub(crate) fn assert_json(output: &[u8]) {
    assert_lines(output);
    for line in String::from_utf8_lossy(output).lines() {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        if let Some(text) = dirty(&value) {
            panic!("a program would decode {text:?}");
        }
    }
}

/// The first text in the value, or name of a field, with a control character.
fn dirty(value: &Value) -> Option<&str> {
    let text = |text: &str| text.chars().any(is_control);
    match value {
        Value::String(string) => Some(string.as_str()).filter(|string| text(string)),
        Value::Array(items) => items.iter().find_map(dirty),
        Value::Object(fields) => fields
            .iter()
            .find_map(|(name, value)| Some(name.as_str()).filter(|name| text(name)).or_else(|| dirty(value))),
        _ => None,
    }
}

/// The text without the sequences that the product's own terminal code writes: colors, cursor, erasing, modes.
fn without_own_sequences(text: &str) -> String {
    let mut left = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        left.push_str(before);
        let own = own_sequence(after);
        if own.is_none() {
            left.push('\u{1b}');
        }
        rest = &after[own.unwrap_or(0)..];
    }
    left + rest
}

/// The length of one of our own sequences, behind its ESC.
fn own_sequence(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix('[')?;
    let is_private = parameters.starts_with('?');
    let digits = parameters.strip_prefix('?').unwrap_or(parameters);
    let end = digits.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    let (parameters, last) = (&digits[..end], digits[end..].chars().next()?);
    let is_own = match (is_private, last) {
        (true, 'h' | 'l') => ["25", "1049", "2004", "2026", "7"].contains(&parameters),
        (false, 'm' | 'H' | 'J' | 'K') => true,
        _ => false,
    };
    is_own.then(|| 1 + usize::from(is_private) + end + last.len_utf8())
}

/// Some text around a place, escaped.
fn around(text: &str, at: usize) -> String {
    let (before, after) = text.split_at(at);
    let start = before.char_indices().rev().nth(40).map_or(0, |(start, _)| start);
    before[start..].chars().chain(after.chars().take(40)).flat_map(char::escape_debug).collect()
}

#[test]
fn the_search_finds_each_of_them() {
    for bad in ["\u{1b}]52;c;x\u{7}", "\u{1b}[999C", "\u{1b}[6n", "\u{9b}31m", "a\u{202e}", "\u{8}", "\ra"] {
        let found = std::panic::catch_unwind(|| assert_screen(format!("\u{1b}[1;1H{bad}").as_bytes()));
        assert!(found.is_err(), "{bad:?} was not found");
        let found = std::panic::catch_unwind(|| assert_lines(bad.as_bytes()));
        assert!(found.is_err(), "{bad:?} was not found in a line");
    }
    assert_screen("\u{1b}[?1049h\u{1b}[2J\u{1b}[1;31mRed\u{1b}[39m\u{1b}[?25l\r\nfine".as_bytes());
    let found = std::panic::catch_unwind(|| assert_json(br#"{"a":["\u001b]52"]}"#));
    assert!(found.is_err(), "an escape was not decoded");
}
