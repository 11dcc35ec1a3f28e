use proptest::prelude::*;

use super::super::{diff, holds_masked};
use super::lines;

/// Stands in every secret of these tests.
const SECRET: &str = "hunter2";

#[track_caller]
fn hides(text: &str) -> Vec<String> {
    let shown = lines(text);
    assert!(!format!("{shown:?}").contains(SECRET), "{text}\n{shown:#?}");
    assert_eq!(shown.len(), text.split_inclusive('\n').count(), "{text}");
    assert!(holds_masked(text), "{text}");
    for (before, after) in [("", text), (text, ""), (text, "[net]\nretry = 3\n")] {
        assert!(!format!("{:?}", diff(before, after)).contains(SECRET), "{text}");
    }
    shown
}

#[test]
fn a_value_over_several_lines_is_masked_to_its_end() {
    let text =
        "[registries.rust]\ntoken = \"\"\"\nBasic \\\n  hunter2\nhunter2\"\"\" # mine\nindex = \"i\"\n";
    assert_eq!(
        hides(text),
        ["[registries.rust]", "token = \"***\"", "***", "***", "*** # mine", "index = \"i\""]
    );
    hides(&text.replace('\n', "\r\n"));
    hides("\u{feff}token = '''\nhunter2\n\n'hunter2'''\n");
    hides("registries = { rust = { token = \"\"\"a\nhunter2\"\"\", index = 'i' } }\n");
    hides("token = [\n  'hunter2', # first\n  \"hunter2\",\n]\n");
}

#[test]
fn escaped_quotes_end_no_value() {
    assert_eq!(hides("token = \"a\\\"hunter2\\\\\" # why\n"), ["token = \"***\" # why"]);
    assert_eq!(hides("# token = \"a\\\"hunter2\", x\n"), ["# token = \"***\", x"]);
    hides("x = { secret-key = \"a\\\"hunter2\", b = 1 }");
    hides("\"tok\\u0065n\" = 'hunter2'");
}

#[test]
fn what_stands_below_a_secrets_name_is_masked() {
    assert_eq!(
        hides("[env.MY_TOKEN]\nvalue = \"hunter2\"\n# value = \"hunter2\"\n[env]\nPATH = 'x'\n"),
        ["[env.MY_TOKEN]", "value = \"***\"", "# value = \"***\"", "[env]", "PATH = 'x'"]
    );
    hides("env.MY_TOKEN.value = 'hunter2'\n");
    hides("[env]\nMY_TOKEN.value = 'hunter2'\n");
    hides("env . \"MY_TOKEN\" . value = 'hunter2'\n");
    hides("env = { MY_TOKEN.value = 'hunter2', A = 'b' }\n");
    hides("[[env.MY_TOKEN]]\nvalue = 'hunter2'\n[[env.MY_TOKEN]]\nvalue = 'hunter2'\n");
    hides("# [env.\"MY_TOKEN\"]\n# value = hunter2\n");
    hides("# env.MY_TOKEN.value = hunter2, hunter2\n");
}

#[test]
fn people_in_addresses_are_masked_however_they_are_spelled() {
    hides("[http]\nproxy = \"ana:a\\\"hunter2@proxy:3128\"\n");
    hides("index = \"sparse+https:\\u002F/ana:hunter2@host/\"\n");
    hides("index = \"\"\"sparse+https://ana:\\\n  hunter2@host/\"\"\"\n");
    hides("index = 'sparse+https://ana:a \"hunter2@host/'\n");
    hides(
        "[source]\na = { registry = 'ssh://git@host/a' }\nb = { registry = 'https://hunter2@host/' } # ssh://git@a\n",
    );
    hides("a = ['ssh://git@host', 'https://hunter2@host']\n");
}

#[test]
fn text_that_is_no_toml_is_masked_line_by_line() {
    assert_eq!(
        hides("[registries.rust\ntoken = \"\"\"\nhunter2\n# hunter2\nhunter2\"\"\" hunter2\nindex = 'i'\n"),
        ["[registries.rust", "token = \"***\"", "***", "***", "***", "index = 'i'"]
    );
    assert_eq!(
        hides("# token = \"\"\"\n# hunter2\n\"it\" = 1\n# after\n"),
        ["# token = \"***\"", "# ***", "\"it\" = 1", "# after"]
    );
    hides("broken\n[env.A_PAT]\nvalue = hunter2\n");
    hides("broken\nx = { token = hunter2, index = 1 }\n");
    hides("broken\ntoken = \"a\\\"hunter2\"\n");
    hides("broken\ntoken = \"\"\"\n\\\"\"\nhunter2\n\\\"\"\"x\nhunter2\"\"\"\n");
}

#[test]
fn a_table_or_list_over_several_lines_is_masked_to_its_end_in_text_that_is_no_toml() {
    let text = "<<<<<<< HEAD\nMY_TOKEN = {\n  value = \"hunter2\", # }\n  a = '}', b = [\"hunter2\"],\n  c = \"hunter2\" }\nx = 1\n";
    assert_eq!(hides(text), ["<<<<<<< HEAD", "MY_TOKEN = \"***\"", "***", "***", "***", "x = 1"]);
    hides(&text.replace('\n', "\r\n"));
    assert_eq!(
        hides("broken\ntoken = [ # ]\n  \"\"\"]\n]\"\"\", 'hunter2'\n, \"hunter2\"\n]\nx = 1\n"),
        ["broken", "token = \"***\"", "***", "***", "***", "***", "x = 1"]
    );
    assert_eq!(
        hides("# A_PAT = {\n# value = hunter2,\n# b = hunter2 }\n# after\n"),
        ["# A_PAT = \"***\"", "# ***", "# ***", "# after"]
    );
    assert_eq!(
        hides("broken\nx = { A_PAT = ['a', 'hunter2'], b = 1 }\n"),
        ["broken", "x = { A_PAT = \"***\", b = 1 }"]
    );
    hides("broken\nA_PAT = [ 'open\nhunter2\n");
}

#[test]
fn a_secret_that_changes_is_seen_to_change() {
    use super::super::DiffLine::{Added, Removed, Same};
    let text = "[a]\ntoken = \"\"\"x\nhunter2\"\"\"\n";
    let shown = diff(text, &text.replace("hunter2", "hunter2hunter2"));
    let same = |line: &str| Same(line.into());
    let (old, new) = (Removed("***".into()), Added("***".into()));
    assert_eq!(shown, [same("[a]"), same("token = \"***\""), old, new]);
    // The line itself stays; only around it becomes what makes a secret of it.
    let shown = diff("x = '''\nhunter2\n'''\n", "token = '''\nhunter2\n'''\n");
    assert!(shown.contains(&same("***")), "{shown:#?}");
}

/// A value that holds the secret, over one line or more.
fn value() -> impl Strategy<Value = String> {
    let filling = || "[ a-z:/,.}{#=-]{0,6}";
    let basic =
        || proptest::collection::vec(prop_oneof![filling(), Just("\\\"".into()), Just("\\\\".into())], 0..3);
    let literal = (filling(), filling()).prop_map(|(a, b)| format!("{a}{SECRET}{b}"));
    let escaped = (basic(), basic()).prop_map(|(a, b)| format!("{}{SECRET}{}", a.concat(), b.concat()));
    let several = |quote: &'static str, part: BoxedStrategy<String>| {
        proptest::collection::vec(part, 1..4)
            .prop_map(move |parts| format!("{quote}{}{quote}", parts.join("\n")))
    };
    let (literal, escaped) = (literal.boxed(), escaped.boxed());
    prop_oneof![
        literal.clone().prop_map(|text| format!("'{text}'")),
        escaped.clone().prop_map(|text| format!("\"{text}\"")),
        several("'''", literal),
        several("\"\"\"", escaped),
    ]
}

/// A piece of a file with the value in it, number so and so.
fn piece(number: usize, form: u8, value: &str) -> String {
    match form {
        0 => format!("[registries.r{number}]\ntoken = {value} # r\n"),
        1 => format!("[registries.r{number}]\nindex = 'i'\n  \"token\"  ={value}\n"),
        2 => format!("[registries]\nr{number} = {{ index = 'i', secret-key = {value}, a = 1 }}\n").replacen(
            "[registries]",
            &format!("[x{number}]"),
            1,
        ),
        3 => format!("[env.V{number}_TOKEN]\nvalue = {value}\nforce = true\n"),
        4 => format!("[x{number}.env]\nA_PAT.value = {value}\nPATH = '/bin'\n"),
        5 => format!("[x{number}]\nA_PASSWORD = [ {value}, {value} ] # both\n"),
        _ => format!("# [registries.r{number}]\n# token = {}\n", value.replace('\n', "\n# ")),
    }
}

fn file() -> impl Strategy<Value = String> {
    let pieces = proptest::collection::vec((0..7_u8, value()), 1..5);
    (pieces, any::<bool>(), any::<bool>()).prop_map(|(pieces, crlf, cut)| {
        let pieces = pieces.iter().enumerate();
        let mut text = pieces.map(|(number, (form, value))| piece(number, *form, value)).collect::<String>();
        if cut {
            text.pop();
        }
        if crlf { text.replace('\n', "\r\n") } else { text }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_difference_of_two_files_shows_a_secret(before in file(), after in file()) {
        prop_assert!(toml_edit::Document::parse(before.as_str()).is_ok(), "{}", before);
        let shown = format!("{:?}", diff(&before, &after));
        prop_assert!(!shown.contains(SECRET), "{}\n---\n{}\n---\n{}", before, after, shown);
        prop_assert_eq!(lines(&before).len(), before.split_inclusive('\n').count());
        prop_assert!(holds_masked(&before));
    }

    #[test]
    fn a_file_without_secrets_is_shown_as_it_is(text in "(\\[[a-z]{1,4}\\]\n|[a-z]{1,4} = ('[ -&(-?a-~]{0,8}'|3)\n|# [ -?a-~]{0,9}\n){0,6}") {
        prop_assume!(!text.contains("token") && !text.contains("proxy"));
        let plain: Vec<String> = text.lines().map(|line| line.trim_end().to_owned()).collect();
        prop_assert_eq!(lines(&text), plain);
    }
}
