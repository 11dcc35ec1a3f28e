//! What will change in a text file, line by line, for people to read before it happens.

use similar::{ChangeTag, TextDiff};

use super::text::replace_user_info;

mod mask;

/// Lines of context kept around a change.
const CONTEXT: usize = 3;

/// Keys whose values are secrets, in Cargo's files.
const SECRET_KEYS: [&str; 2] = ["token", "secret-key"];

/// How names of environment variables end that hold secrets: they stand in the table `[env]`.
const SECRET_VARIABLES: [&str; 6] = ["TOKEN", "PASSWORD", "SECRET", "SECRET_KEY", "PAT", "FEED_ENDPOINTS"];

/// The same, whatever stands before it.
const SECRET_ENDING: &str = "ACCESSTOKEN";

/// Whether the value of that key in a file of Cargo's is a secret.
#[must_use]
pub fn is_secret_key(key: &str) -> bool {
    let is_variable =
        |end: &str| key.strip_suffix(end).is_some_and(|head| head.is_empty() || head.ends_with('_'));
    SECRET_KEYS.contains(&key)
        || key.ends_with(SECRET_ENDING)
        || SECRET_VARIABLES.into_iter().any(is_variable)
}

/// Whether a value of that key says who somebody is: a proxy or another address with a name or a password before
/// the host. The user `git` of a host's ssh is everyone.
#[must_use]
pub fn holds_user_info(key: &str, value: &str) -> bool {
    let is_address = replace_user_info(value, "") != value || is_address_of_somebody(value);
    (is_address && !value.contains("ssh://git@")) || (PROXY_KEYS.contains(&key) && value.contains('@'))
}

/// An address whole, so that whatever stands before its host belongs to a name or a password.
fn is_address_of_somebody(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once("://") else { return false };
    let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    scheme.chars().all(is_scheme) && host.contains('@')
}

/// Keys whose values are addresses that may lack a scheme.
const PROXY_KEYS: [&str; 2] = ["proxy", "https-proxy"];

/// One line of a diff; texts are safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiffLine {
    Same(String),
    Removed(String),
    Added(String),
    /// Unchanged lines left out.
    Gap,
}

/// The difference of two texts, with secrets masked and control characters removed. Lines differ as they are written:
/// a secret that changes is seen to change.
#[must_use]
pub fn diff(before: &str, after: &str) -> Vec<DiffLine> {
    let (old, new) = (lines(before), lines(after));
    let shown = [mask::lines(before), mask::lines(after)];
    let diff = TextDiff::from_slices(&old, &new);
    let mut lines = Vec::new();
    let mut end_of_last = 0;
    for group in diff.grouped_ops(CONTEXT) {
        let start = group.first().map_or(0, |op| op.old_range().start);
        if start > end_of_last {
            lines.push(DiffLine::Gap);
        }
        end_of_last = group.last().map_or(0, |op| op.old_range().end);
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let [old, new] = [(&shown[0], change.old_index()), (&shown[1], change.new_index())]
                .map(|(lines, at)| at.and_then(|at| lines.get(at)).cloned().unwrap_or_default());
            lines.push(match change.tag() {
                // What is a secret on one side is none on the other only by where it stands.
                ChangeTag::Equal if old == mask::plain(change.value()) => DiffLine::Same(new),
                ChangeTag::Equal => DiffLine::Same(old),
                ChangeTag::Delete => DiffLine::Removed(old),
                ChangeTag::Insert => DiffLine::Added(new),
            });
        }
    }
    if !lines.is_empty() && end_of_last < old.len() {
        lines.push(DiffLine::Gap);
    }
    lines
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Whether a line of the text, or of a comment in it, holds what a difference masks.
#[must_use]
pub fn holds_masked(text: &str) -> bool {
    mask::lines(text).into_iter().ne(lines(text).into_iter().map(mask::plain))
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

    #[test]
    fn secrets_of_the_environment_and_in_addresses_never_show() {
        let text = "CARGO_REGISTRIES_SHOP_TOKEN = \"Basic abc\"\nB_PAT = { value = 'abc', force = true }\n\
                    proxy = \"ana:abc@proxy:3128\"\nhttp.proxy = 'http://ana:abc@proxy'\n\
                    registries.a.token='abc'\n# \"token\" = abc\ntoken = 'a,abc'\nindex = \"sparse+https://abc@host/\"\n";
        let shown = diff("", text);
        assert!(!format!("{shown:?}").contains("abc"), "{shown:#?}");
        assert_eq!(shown[3], Added("http.proxy = \"***\"".into()));
        assert_eq!(shown[7], Added("index = \"sparse+https://***@host/\"".into()));
        let own = ["SYSTEM_ACCESSTOKEN", "VSS_NUGET_ACCESSTOKEN", "MYACCESSTOKEN"];
        let endpoints =
            ["ARTIFACTS_CREDENTIALPROVIDER_EXTERNAL_FEED_ENDPOINTS", "VSS_NUGET_EXTERNAL_FEED_ENDPOINTS"];
        for name in own.into_iter().chain(["ARTIFACTS_CREDENTIALPROVIDER_ACCESSTOKEN"]).chain(endpoints) {
            for text in [format!("[env]\n{name} = 'abc'\n"), format!("# {name} = abc\n<<<\n{name} = 'abc'\n")]
            {
                assert!(!format!("{:?}", diff("", &text)).contains("abc"), "{text}");
                assert!(holds_masked(&text), "{text}");
            }
        }
        let plain =
            ["x = \"ssh://git@host/a\"", "PATH = \"/bin\"", "proxy = \"http://proxy:3128\"", "a == b, c"];
        assert_eq!(diff("", &plain.join("\n")), plain.map(|line| Added(line.into())));
    }
}
