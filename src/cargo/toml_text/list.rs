//! One element of a list of strings, added or taken out in place: the other elements, their lines and their
//! comments stay.

use std::ops::Range;

use toml_edit::{Array, Document, Item, Value};

use super::{
    Fault, end_of_line, get, line_end, line_start, parse, position, rendered, set, shown, span_of, splice,
    wrong_type,
};

/// The text with this element at the end of the list; where the list is missing or empty, with the elements `first`
/// before it.
///
/// # Errors
/// Every [`Fault`].
pub(in crate::cargo) fn append(
    text: &str,
    path: &[&str],
    (first, element): (&[&str], &str),
) -> Result<String, Fault> {
    let document = parse(text)?;
    let Some(list) = list_at(text, &document, path)?.filter(|list| !list.is_empty()) else {
        let whole = first.iter().copied().chain([element]);
        return replace_empty(text, path, &document, &Value::from(whole.collect::<Array>()));
    };
    let ours = |value: &Value| value.as_str() == Some(element);
    if list.iter().filter(|value| ours(value)).count() == 1 && list.iter().last().is_some_and(ours) {
        return Ok(text.to_owned());
    }
    let text = &remove(text, path, element)?;
    let document = parse(text)?;
    let Some(last) = list_at(text, &document, path)?.and_then(|list| list.iter().last()) else {
        return append(text, path, (first, element));
    };
    let last = span_of(last.span());
    let line = &text[line_start(text, last.start)..last.start];
    let own_line = !line.is_empty() && line.trim().is_empty();
    let between = if own_line { format!(",{}{line}", end_of_line(text)) } else { ", ".to_owned() };
    // Before a comment behind the last element, or that would seem to belong to ours.
    let behind_comma = comma_after(text, last.end).filter(|_| own_line);
    let added = match behind_comma {
        Some(comma) => {
            let at = line_end(text, comma);
            let value = rendered(&Value::from(element));
            splice(text, at..at, &format!("{line}{value},{}", end_of_line(text)))
        }
        None => splice(text, last.end..last.end, &format!("{between}{}", rendered(&Value::from(element)))),
    };
    verify(&added, path, |elements| elements.last().is_some_and(|last| last == element))?;
    Ok(added)
}

/// The text without this element, wherever in the list it stands.
///
/// # Errors
/// Every [`Fault`].
pub(in crate::cargo) fn remove(text: &str, path: &[&str], element: &str) -> Result<String, Fault> {
    let document = parse(text)?;
    let Some(list) = list_at(text, &document, path)? else { return Ok(text.to_owned()) };
    let Some(at) = list.iter().position(|value| value.as_str() == Some(element)) else {
        return Ok(text.to_owned());
    };
    let spans: Vec<Range<usize>> = list.iter().map(|value| span_of(value.span())).collect();
    let span = spans[at].clone();
    // Its own comma, or the one before where it is the last and has none.
    let comma = comma_after(text, span.end)
        .or_else(|| at.checked_sub(1).and_then(|before| comma_after(text, spans[before].end)));
    let mut shorter = splice(text, span.clone(), "");
    let mut gap = span.start;
    if let Some(comma) = comma {
        let moved = if comma > span.start { comma - span.len() } else { comma };
        shorter.replace_range(moved..=moved, "");
        gap -= usize::from(moved < gap);
    }
    let shorter = closed(shorter, gap);
    remove(&shorter, path, element).and_then(|shorter| {
        verify(&shorter, path, |elements| !elements.iter().any(|other| other == element))?;
        Ok(shorter)
    })
}

/// Closes the gap that an element leaves: its line where nothing else is on it, or else one of two spaces.
fn closed(mut text: String, gap: usize) -> String {
    let line = line_start(&text, gap)..line_end(&text, gap);
    if text[line.clone()].trim().is_empty() {
        text.replace_range(line, "");
    } else if text[gap..].starts_with(' ') && text[..gap].ends_with(['[', ' ']) {
        text.replace_range(gap..=gap, "");
    } else if text[gap..].starts_with(']') && text[..gap].ends_with(' ') {
        let spaces = text[..gap].len() - text[..gap].trim_end_matches(' ').len();
        text.replace_range(gap - spaces..gap, "");
    }
    text
}

/// The list; `None` where the key is missing.
fn list_at<'d>(text: &str, document: &'d Document<&str>, path: &[&str]) -> Result<Option<&'d Array>, Fault> {
    match get(document, path) {
        None => Ok(None),
        Some(Item::Value(Value::Array(list))) => Ok(Some(list)),
        Some(other) => {
            Err(wrong_type(text, path, other.type_name(), other.span().map_or(0, |span| span.start)))
        }
    }
}

fn replace_empty(
    text: &str,
    path: &[&str],
    document: &Document<&str>,
    whole: &Value,
) -> Result<String, Fault> {
    let Some(item) = get(document, path) else { return set(text, path, whole) };
    let span = span_of(item.span());
    if text[span.clone()].contains('#') {
        return Err(Fault::WrongType {
            key: shown(path),
            found: "empty list with a comment",
            at: position(text, item),
        });
    }
    Ok(splice(text, span, &rendered(whole)))
}

/// Where the comma behind a value is, past white space and comments.
fn comma_after(text: &str, mut at: usize) -> Option<usize> {
    loop {
        let rest = text.get(at..)?;
        let next = rest.trim_start();
        at += rest.len() - next.len();
        match next.chars().next()? {
            ',' => return Some(at),
            '#' => at += next.find('\n')?,
            _ => return None,
        }
    }
}

fn verify(changed: &str, path: &[&str], holds: impl FnOnce(&[String]) -> bool) -> Result<(), Fault> {
    let is_right = parse(changed).is_ok_and(|document| {
        list_at(changed, &document, path).is_ok_and(|list| {
            let elements = list.into_iter().flat_map(Array::iter).filter_map(Value::as_str);
            holds(&elements.map(str::to_owned).collect::<Vec<_>>())
        })
    });
    if is_right { Ok(()) } else { Err(Fault::Unsafe { key: shown(path) }) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATH: [&str; 2] = ["registry", "global-credential-providers"];

    fn appended(text: &str) -> String {
        append(text, &PATH, (&["cargo:token"], "ours")).unwrap()
    }

    #[test]
    fn an_element_goes_to_the_end_in_the_style_of_the_list() {
        for (before, after) in [
            ("", "[registry]\nglobal-credential-providers = [\"cargo:token\", \"ours\"]\n"),
            (
                "registry.global-credential-providers = []",
                "registry.global-credential-providers = [\"cargo:token\", \"ours\"]",
            ),
            (
                "[registry]\nglobal-credential-providers = ['a'] # mine\n",
                "[registry]\nglobal-credential-providers = ['a', \"ours\"] # mine\n",
            ),
            (
                "[registry]\nglobal-credential-providers = [ \"a\", ]\n",
                "[registry]\nglobal-credential-providers = [ \"a\", \"ours\", ]\n",
            ),
            (
                "[registry]\r\nglobal-credential-providers = [\r\n    \"a\", # one\r\n    \"b\", # two\r\n]\r\n",
                "[registry]\r\nglobal-credential-providers = [\r\n    \"a\", # one\r\n    \"b\", # two\r\n    \"ours\",\r\n]\r\n",
            ),
            (
                "[registry]\nglobal-credential-providers = [\n  \"a\" # one\n]\n",
                "[registry]\nglobal-credential-providers = [\n  \"a\",\n  \"ours\" # one\n]\n",
            ),
            (
                "[registry]\nglobal-credential-providers = [\"ours\", \"a\"]\n",
                "[registry]\nglobal-credential-providers = [\"a\", \"ours\"]\n",
            ),
            (
                "[registry]\nglobal-credential-providers = [\"a\", \"ours\"]\n",
                "[registry]\nglobal-credential-providers = [\"a\", \"ours\"]\n",
            ),
        ] {
            assert_eq!(appended(before), after, "{before}");
            assert_eq!(appended(after), after, "twice is once");
        }
    }

    #[test]
    fn an_element_is_taken_out_with_its_comma_alone() {
        for (before, after) in [
            (
                "[registry]\nglobal-credential-providers = [\"cargo:token\", \"ours\"]\n",
                "[registry]\nglobal-credential-providers = [\"cargo:token\"]\n",
            ),
            (
                "[registry]\nglobal-credential-providers = [\"ours\", \"a\"]\n",
                "[registry]\nglobal-credential-providers = [\"a\"]\n",
            ),
            (
                "[registry]\nglobal-credential-providers = [\"a\", \"ours\", \"b\"]\n",
                "[registry]\nglobal-credential-providers = [\"a\", \"b\"]\n",
            ),
            (
                "[registry]\nglobal-credential-providers = [\"ours\"]\n",
                "[registry]\nglobal-credential-providers = []\n",
            ),
            (
                "[registry]\nglobal-credential-providers = [\n  \"a\", # one\n  \"ours\",\n]\n",
                "[registry]\nglobal-credential-providers = [\n  \"a\", # one\n]\n",
            ),
            (
                "[registry]\nglobal-credential-providers = [\"ours\", \"a\", \"ours\"]\n",
                "[registry]\nglobal-credential-providers = [\"a\"]\n",
            ),
            ("[registry]\nindex = \"x\"\n", "[registry]\nindex = \"x\"\n"),
        ] {
            assert_eq!(remove(before, &PATH, "ours").unwrap(), after, "{before}");
        }
    }

    #[test]
    fn something_else_than_a_list_is_left_alone() {
        for text in [
            "registry.global-credential-providers = \"a\"\n",
            "registry.global-credential-providers = { a = 1 }\n",
            "registry.global-credential-providers = [ # none\n]\n",
        ] {
            assert!(append(text, &PATH, (&[], "ours")).is_err(), "{text}");
        }
        assert!(append("registry = 1\n", &PATH, (&[], "ours")).is_err());
    }

    fn element() -> impl Strategy<Value = String> {
        prop::sample::select(vec!["\"a\"", "'b c'", "\"ours\"", "\"cargo:token\""]).prop_map(str::to_owned)
    }

    proptest! {
        #[test]
        fn what_was_added_can_be_taken_out_and_the_others_stay(
            elements in prop::collection::vec((element(), prop::sample::select(vec![", ", ",", ",\n  ", ", # c\n", "\n , "])), 0..5),
            (open, close) in (prop::sample::select(vec!["[", "[ ", "[\n  "]), prop::sample::select(vec!["]", " ]", "\n]"])),
        ) {
            let last = elements.len().saturating_sub(1);
            let list: String = elements.iter().enumerate()
                .map(|(at, (element, comma))| if at == last { element.clone() } else { format!("{element}{comma}") })
                .collect();
            let text = format!("# before\n[registry]\nglobal-credential-providers = {open}{list}{close} # behind\nx = 1\n");
            // A list of nothing but us with a comment is refused, as an empty one is.
            prop_assume!(elements.is_empty() || elements.iter().any(|(element, _)| element != "\"ours\""));
            let added = append(&text, &PATH, (&["cargo:token"], "ours")).unwrap();
            let gone = remove(&added, &PATH, "ours").unwrap();
            let strings = |text: &str| {
                let document = parse(text).unwrap();
                list_at(text, &document, &PATH).unwrap().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect::<Vec<_>>()
            };
            let mut expected: Vec<String> = strings(&text).into_iter().filter(|element| element != "ours").collect();
            if elements.is_empty() {
                expected = vec!["cargo:token".to_owned()];
            }
            prop_assert_eq!(strings(&gone), expected.clone());
            expected.push("ours".to_owned());
            prop_assert_eq!(strings(&added), expected);
            prop_assert!(added.starts_with("# before\n[registry]\n") && added.ends_with("# behind\nx = 1\n"));
            prop_assert_eq!(added.matches("# c").count(), text.matches("# c").count());
        }
    }
}
