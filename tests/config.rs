//! Editing Cargo's configuration: golden pairs of real-world shapes, and properties over generated files.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use az_cargo_wizard::cargo::config::{ConfigEdit, edit};
use az_cargo_wizard::cargo::error::ConfigError;
use az_cargo_wizard::domain::registry::{IndexUrl, RegistryName};
use proptest::prelude::*;
use toml_edit::DocumentMut;

const INDEX: &str = "sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/rust/Cargo/index/";
const OTHER: &str = "sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/other/Cargo/index/";

fn name() -> RegistryName {
    RegistryName::parse("rust").unwrap()
}

fn index() -> IndexUrl {
    IndexUrl::parse(INDEX).unwrap()
}

/// The text after registry and replacement are set.
fn set_up(text: &str, overwrite_replacement: bool) -> Result<String, ConfigError> {
    let (name, index) = (name(), index());
    let wanted = ConfigEdit {
        registry: Some((&name, &index)),
        replace_crates_io: Some(&name),
        overwrite_replacement,
        ..ConfigEdit::default()
    };
    edit(Path::new("config.toml"), text, &wanted)
}

fn provide(text: &str) -> Result<String, ConfigError> {
    let name = name();
    let wanted = ConfigEdit { provider: Some((&name, "cargo:token")), ..ConfigEdit::default() };
    edit(Path::new("config.toml"), text, &wanted)
}

/// `<I>` and `<O>` stand for two indexes.
fn spelt(text: &str) -> String {
    text.replace("<I>", INDEX).replace("<O>", OTHER)
}

/// What the pair shows, before, after.
const SET_UP: &[(&str, &str, &str)] = &[
    ("a new file", "", "[registries.rust]\nindex = \"<I>\"\n\n[source.crates-io]\nreplace-with = \"rust\"\n"),
    (
        "comments only",
        "# ours\n",
        "# ours\n\n[registries.rust]\nindex = \"<I>\"\n\n[source.crates-io]\nreplace-with = \"rust\"\n",
    ),
    (
        "other tables stay above, untouched",
        "[build]\njobs = 4 # few\n\n[alias]\nt=\"test\"\n",
        "[build]\njobs = 4 # few\n\n[alias]\nt=\"test\"\n\n[registries.rust]\nindex = \"<I>\"\n\n[source.crates-io]\nreplace-with = \"rust\"\n",
    ),
    (
        "line ends of Windows",
        "[build]\r\njobs = 4\r\n",
        "[build]\r\njobs = 4\r\n\r\n[registries.rust]\r\nindex = \"<I>\"\r\n\r\n[source.crates-io]\r\nreplace-with = \"rust\"\r\n",
    ),
    (
        "mixed line ends stay mixed",
        "[build]\r\njobs = 4\n[net]\nretry = 3\r\n",
        "[build]\r\njobs = 4\n[net]\nretry = 3\r\n\r\n[registries.rust]\r\nindex = \"<I>\"\r\n\r\n[source.crates-io]\r\nreplace-with = \"rust\"\r\n",
    ),
    (
        "a byte-order mark",
        "\u{feff}[build]\njobs = 4\n",
        "\u{feff}[build]\njobs = 4\n\n[registries.rust]\nindex = \"<I>\"\n\n[source.crates-io]\nreplace-with = \"rust\"\n",
    ),
    (
        "a byte-order mark and nothing else",
        "\u{feff}",
        "\u{feff}[registries.rust]\nindex = \"<I>\"\n\n[source.crates-io]\nreplace-with = \"rust\"\n",
    ),
    (
        "no line end at the end of the file",
        "[build]\njobs = 4",
        "[build]\njobs = 4\n\n[registries.rust]\nindex = \"<I>\"\n\n[source.crates-io]\nreplace-with = \"rust\"",
    ),
    (
        "an empty line at the end is not doubled",
        "[build]\njobs = 4\n\n",
        "[build]\njobs = 4\n\n[registries.rust]\nindex = \"<I>\"\n\n[source.crates-io]\nreplace-with = \"rust\"\n",
    ),
    (
        "inline registries, as Azure's own page has them",
        "[registries]\nold = { index = \"<O>\" } # ours\n\n[build]\njobs = 4\n",
        "[registries]\nold = { index = \"<O>\" } # ours\nrust = { index = \"<I>\" }\n\n[build]\njobs = 4\n\n[source.crates-io]\nreplace-with = \"rust\"\n",
    ),
    (
        "indented inline registries",
        "[registries]\n  old = { index = \"<O>\" }\n",
        "[registries]\n  old = { index = \"<O>\" }\n  rust = { index = \"<I>\" }\n\n[source.crates-io]\nreplace-with = \"rust\"\n",
    ),
    (
        "an inline registry in the last line, which has no end",
        "[registries]\nold = { index = \"<O>\" }",
        "[registries]\nold = { index = \"<O>\" }\nrust = { index = \"<I>\" }\n\n[source.crates-io]\nreplace-with = \"rust\"",
    ),
    (
        "an empty section of registries",
        "[registries] # none yet\n\n[build]\njobs = 4\n",
        "[registries] # none yet\nrust = { index = \"<I>\" }\n\n[build]\njobs = 4\n\n[source.crates-io]\nreplace-with = \"rust\"\n",
    ),
    (
        "registries in sections",
        "[registries.old]\nindex = \"<O>\"\n# the end\n",
        "[registries.old]\nindex = \"<O>\"\n# the end\n\n[registries.rust]\nindex = \"<I>\"\n\n[source.crates-io]\nreplace-with = \"rust\"\n",
    ),
    (
        "a header of registries with sections below",
        "[registries]\n[registries.old]\nindex = \"<O>\"\n",
        "[registries]\n[registries.old]\nindex = \"<O>\"\n\n[registries.rust]\nindex = \"<I>\"\n\n[source.crates-io]\nreplace-with = \"rust\"\n",
    ),
    (
        "dotted keys at the top",
        "registries.old.index = \"<O>\" # a\n\n[build]\njobs = 4\n",
        "registries.old.index = \"<O>\" # a\nregistries.rust.index = \"<I>\"\n\n[build]\njobs = 4\n\n[source.crates-io]\nreplace-with = \"rust\"\n",
    ),
    (
        "dotted keys in a section",
        "[registries]\nold.index = \"<O>\"\n[build]\njobs = 4\n",
        "[registries]\nold.index = \"<O>\"\nrust.index = \"<I>\"\n[build]\njobs = 4\n\n[source.crates-io]\nreplace-with = \"rust\"\n",
    ),
    (
        "everything inline at the top",
        "registries = { old = { index = \"<O>\" } }\nsource = {}\n",
        "registries = { old = { index = \"<O>\" }, rust = { index = \"<I>\" } }\nsource = { crates-io = { replace-with = \"rust\" } }\n",
    ),
    (
        "dotted keys inside an inline table",
        "registries = { old.index = \"<O>\" }\n",
        "registries = { old.index = \"<O>\", rust = { index = \"<I>\" } }\n\n[source.crates-io]\nreplace-with = \"rust\"\n",
    ),
    (
        "the registry is there, without an index",
        "[registries.rust]\ncredential-provider = \"cargo:token\"\n\n[net]\nretry = 3\n",
        "[registries.rust]\ncredential-provider = \"cargo:token\"\nindex = \"<I>\"\n\n[net]\nretry = 3\n\n[source.crates-io]\nreplace-with = \"rust\"\n",
    ),
    (
        "the registry is there, inline, without an index",
        "[registries]\nrust = { protocol = \"sparse\" }\n",
        "[registries]\nrust = { protocol = \"sparse\", index = \"<I>\" }\n\n[source.crates-io]\nreplace-with = \"rust\"\n",
    ),
    (
        "the index lacks its slash, which Cargo refuses",
        "[registries]\nrust = { index = 'sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/rust/Cargo/index' } # see wiki\n",
        "[registries]\nrust = { index = \"<I>\" } # see wiki\n\n[source.crates-io]\nreplace-with = \"rust\"\n",
    ),
    (
        "another feed gives way, its comment stays",
        "[registries]\nold = { index = \"<O>\" }\n\n[source.crates-io]\n# since May\nreplace-with = 'old'   # was crates.io\n",
        "[registries]\nold = { index = \"<O>\" }\nrust = { index = \"<I>\" }\n\n[source.crates-io]\n# since May\nreplace-with = \"rust\"   # was crates.io\n",
    ),
    (
        "a dotted replacement",
        "[source]\ncrates-io.replace-with = \"old\"\n[registries.old]\nindex = \"<O>\"\n",
        "[source]\ncrates-io.replace-with = \"rust\"\n[registries.old]\nindex = \"<O>\"\n\n[registries.rust]\nindex = \"<I>\"\n",
    ),
    (
        "other sources in sections",
        "[source.vendored]\ndirectory = \"vendor\"\n",
        "[source.vendored]\ndirectory = \"vendor\"\n\n[registries.rust]\nindex = \"<I>\"\n\n[source.crates-io]\nreplace-with = \"rust\"\n",
    ),
    (
        "a section of crates.io that says something else",
        "[source.crates-io]\n# nothing yet\n",
        "[source.crates-io]\nreplace-with = \"rust\"\n# nothing yet\n\n[registries.rust]\nindex = \"<I>\"\n",
    ),
    (
        "quoted keys and headers with spaces",
        "[ \"registries\" . 'old' ]\n\"index\" = \"<O>\"\n[source.\"crates-io\"]\n\"replace-with\" = \"old\"\n",
        "[ \"registries\" . 'old' ]\n\"index\" = \"<O>\"\n[source.\"crates-io\"]\n\"replace-with\" = \"rust\"\n\n[registries.rust]\nindex = \"<I>\"\n",
    ),
    (
        "a value over several lines comes before the new key",
        "[registries.rust]\ncredential-provider = [\n  \"cargo:token\", # plain\n]\n",
        "[registries.rust]\ncredential-provider = [\n  \"cargo:token\", # plain\n]\nindex = \"<I>\"\n\n[source.crates-io]\nreplace-with = \"rust\"\n",
    ),
];

#[test]
fn every_shape_keeps_what_is_not_ours() {
    for (shows, before, after) in SET_UP {
        let after = spelt(after);
        let edited = set_up(&spelt(before), false).unwrap_or_else(|error| panic!("{shows}: {error}"));
        assert_eq!(edited, after, "{shows}");
        assert_eq!(set_up(&after, false).unwrap(), after, "twice: {shows}");
    }
}

const PROVIDE: &[(&str, &str, &str)] = &[
    ("a new file", "", "[registries.rust]\ncredential-provider = \"cargo:token\"\n"),
    (
        "beside a list for all registries",
        "[registry]\nglobal-credential-providers = [\n  \"cargo:libsecret\",\n]\n",
        "[registry]\nglobal-credential-providers = [\n  \"cargo:libsecret\",\n]\n\n[registries.rust]\ncredential-provider = \"cargo:token\"\n",
    ),
    (
        "after the index",
        "[registries.rust]\nindex = \"<I>\"",
        "[registries.rust]\nindex = \"<I>\"\ncredential-provider = \"cargo:token\"",
    ),
    (
        "inside an inline registry",
        "[registries]\nrust = { index = \"<I>\" }\n",
        "[registries]\nrust = { index = \"<I>\", credential-provider = \"cargo:token\" }\n",
    ),
    (
        "after dotted keys",
        "[registries]\nrust.index = \"<I>\"\nold.index = \"<O>\"\n",
        "[registries]\nrust.index = \"<I>\"\nrust.credential-provider = \"cargo:token\"\nold.index = \"<O>\"\n",
    ),
    (
        "another provider gives way",
        "[registries.rust]\ncredential-provider = 'cargo:libsecret' # keyring\n",
        "[registries.rust]\ncredential-provider = \"cargo:token\" # keyring\n",
    ),
    (
        "a list stays a list",
        "[registries.rust]\ncredential-provider = [ \"/opt/x\", \"--y\" ] # ours\n",
        "[registries.rust]\ncredential-provider = [\"cargo:token\"] # ours\n",
    ),
    (
        "a list that says so already",
        "[registries.rust]\ncredential-provider = [\n  'cargo:token',\n]\n",
        "[registries.rust]\ncredential-provider = [\n  'cargo:token',\n]\n",
    ),
];

#[test]
fn the_provider_goes_beside_what_is_there() {
    for (shows, before, after) in PROVIDE {
        let after = spelt(after);
        assert_eq!(provide(&spelt(before)).unwrap(), after, "{shows}");
        assert_eq!(provide(&after).unwrap(), after, "twice: {shows}");
    }
}

#[test]
fn what_cannot_be_done_safely_is_refused_with_its_line() {
    let refused = |text: &str| set_up(&spelt(text), false).unwrap_err();
    let source = refused("[source.rust]\nregistry = \"<I>\"\n");
    assert!(matches!(source, ConfigError::SourceOfSameName { line: Some(1), .. }), "{source:?}");
    let mirror = refused("[source.crates-io]\nreplace-with = \"tuna\"\n");
    assert!(
        matches!(&mirror, ConfigError::OtherReplacement { line: Some(2), current, .. } if current == "tuna")
    );
    let shadowed = refused(
        "[source]\ncrates-io = { replace-with = \"old\" }\nold = { directory = \"v\" }\n[registries.old]\nindex = \"<O>\"\n",
    );
    assert!(matches!(shadowed, ConfigError::OtherReplacement { line: Some(2), .. }), "{shadowed:?}");
    let taken = refused("\n[registries.rust]\nindex = \"sparse+https://me:pw@pkgs.dev.azure.com/x/\"\n");
    assert!(matches!(taken, ConfigError::OtherIndex { line: Some(3), .. }), "{taken:?}");
    assert!(!format!("{taken:?} {taken}").contains("pw"));
    let twice = refused(
        "[registries]\nazure = { index = \"sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/rust/Cargo/index\" }\n",
    );
    assert!(matches!(&twice, ConfigError::SameIndex { line: Some(2), other, .. } if other == "azure"));
    for (text, line) in [
        ("registries = 3\n", 1),
        ("[registries]\nrust = \"<I>\"\n", 2),
        ("[[registries]]\nindex = 1\n", 1),
        ("[registries.rust]\nindex = 1\n", 2),
        ("[registries.rust]\nindex = { a = 1 }\n", 2),
        ("[source]\ncrates-io = []\n", 2),
    ] {
        let error = refused(text);
        assert!(matches!(error, ConfigError::WrongType { line: at, .. } if at == line), "{text}: {error:?}");
    }
    for (text, line, column) in [
        ("[registries]\nrust = { index = \"<I>\" }\n[registries.rust]\n", 3, 13),
        ("[a]\n[a]\n", 2, 2),
        ("\u{feff}a\n", 1, 2),
        ("a = \"ä\" x\n", 1, 9),
    ] {
        let error = refused(text);
        assert!(
            matches!(error, ConfigError::Syntax { line: l, column: c, .. } if (l, c) == (line, column)),
            "{text}: {error:?}"
        );
    }
}

#[test]
fn another_replacement_gives_way_when_the_person_says_so() {
    let before = "[source.crates-io]\nreplace-with = \"vendored\" # offline\n\n[source.vendored]\ndirectory = \"vendor\"\n";
    assert!(set_up(before, false).is_err());
    let after = set_up(before, true).unwrap();
    let expected = before.replace("\"vendored\"", "\"rust\"");
    assert_eq!(after, format!("{expected}\n[registries.rust]\nindex = \"{INDEX}\"\n"));
}

/// The first lines of a file, where tables can be written inline or dotted; they may hold what a block would.
fn top_block() -> impl Strategy<Value = String> {
    let old = spelt("\"<O>\"");
    prop_oneof![
        4 => Just(String::new()),
        1 => Just(format!("registries = {{ old = {{ index = {old} }} }} # all\n")),
        1 => Just(format!("registries={{old.index={old},\"büro\"={{a=[{{b=1}},2]}}}}\n")),
        1 => Just(format!("registries.old.index\t=  {old}   # dotted\n")),
        1 => Just(format!("registries . \"old\" . 'index' = {old}\nregistries.rust.protocol = 'sparse'\n")),
        1 => Just("registries = { rust = { \"ü\" = { x = { y = { } } } } }\n".to_owned()),
        1 => Just("source = { other = { directory = 'v' } }\n".to_owned()),
        1 => Just("source.crates-io . replace-with='rust'\n".to_owned()),
        1 => Just("source={}\nregistries={ }\n".to_owned()),
    ]
}

/// One block of a generated file; blocks of a kind appear once at most, so that the file is sound TOML.
fn registries_block() -> impl Strategy<Value = String> {
    let old = spelt("\"<O>\"");
    prop_oneof![
        Just(String::new()),
        Just(format!("[registries]\nold = {{ index = {old} }} # inline\n")),
        Just(format!("[registries]\n\told.index = {old}\n")),
        Just(format!("[registries.old]\n  index = {old}\n# tail\n")),
        Just(format!("[registries.old]\nindex = {old}\n[registries]\nx = {{}}\n")),
        Just("[registries]\n".to_owned()),
        Just(spelt("[registries.rust]\n# mine\nindex = '<I>'\n")),
        Just("[registries.rust]\nprotocol = 'sparse'\n".to_owned()),
        Just("[registries]\nrust = {}\n".to_owned()),
        Just(format!("\t[ registries ]  \n\t old\t=\t{{index={old}\t}}\t# weird\n")),
        Just(format!("[\"registries\" .  'old']\n   \"index\"  =  {old}\n")),
        Just(format!(
            "[registries]\n\"büro\" = {{ index = {old}, \"x y\" = {{ z = [ {{ q = '日' }} ] }} }}\n\n\n# 終\n"
        )),
        Just("[registries.rust] # ours\n\"credential-provider\"   =   'cargo:token'   # plain\n".to_owned()),
        Just(
            "[registries]\n\trust . \"protocol\" = \"sparse\"\n\trust.'x' = { a = { b = { } } }\n".to_owned()
        ),
    ]
}

fn source_block() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("[source.crates-io]\n# here\nreplace-with = 'rust' # done\n".to_owned()),
        Just("[source.other]\ndirectory = \"vendor\"\n".to_owned()),
        Just("[source]\nother.directory = \"vendor\"\n".to_owned()),
        Just("[source]\nother = { directory = \"vendor\" }\n".to_owned()),
        Just("  [ source . \"crates-io\" ] # <- here\n".to_owned()),
        Just("[source]\ncrates-io={ }\n\"зеркало\" = { directory = 'v' }   \n".to_owned()),
        Just(
            "[source.\"git+https://h/r?branch=main\"]\ngit = \"https://h/r\"\nbranch = \"main\"\n".to_owned()
        ),
    ]
}

/// A mirror or a vendored folder that stands in for crates.io; `<V>` is where its name stands.
fn mirror_block() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just(
            "[source.crates-io]\n# why\nreplace-with   = <V> # offline\n[source.mirror-7]\ndirectory = 'v'\n"
        ),
        Just(
            "[source]\ncrates-io = { replace-with = <V> }\nmirror-7 = { registry = 'https://m/i' } # ours\n"
        ),
        Just("[source]\n\tcrates-io . replace-with=<V>\n\tmirror-7.local-registry = 'r'\n"),
        Just(
            "[source.mirror-7]\nregistry = 'sparse+https://m/i/'\n[ source . \"crates-io\" ]\n'replace-with'=<V>\n"
        ),
    ]
}

fn foreign_block() -> impl Strategy<Value = Vec<String>> {
    let comment = "[ -~äß日]{0,20}".prop_map(|text| format!("# {text}\n"));
    let table = ("[a-z]{1,6}", any::<i32>(), "[ -!#-\\[\\]-~é]{0,12}").prop_map(|(key, number, text)| {
        format!("[foreign.{key}]\nnumber = {number}   # {text}\ntext = \"{text}\"\nlist = [\n  1, # one\n  2,\n]\n")
    });
    let nested = ("[a-z]{1,6}", "[ \t]{0,3}", any::<bool>()).prop_map(|(key, gap, deep)| {
        let inner = if deep { "{ b = [1, { \"ключ\" = 'v' }], 'c d'.e = {} }" } else { "{}" };
        format!("[\"ü.{key}\" .{gap}'日本']{gap}\n{gap}a{gap}={gap}{inner}{gap}# ü\n\"\" = 1979-05-27\n")
    });
    let text = "[a-z]{1,6}".prop_map(|key| {
        format!("[text.{key}]\nmany = \"\"\"\n[registries.rust]\nindex = 'no' # no\n\"\"\"\nraw = '''\n[source]\n'''\n")
    });
    let blank = prop_oneof![Just("\n".to_owned()), Just(" \t \n".to_owned())];
    proptest::collection::vec(prop_oneof![comment, table, nested, text, blank], 0..4)
}

prop_compose! {
    /// A configuration file as people write them, and whether its line ends are those of Windows.
    fn config_file()(
        top in top_block(),
        head in foreign_block(),
        registries in registries_block(),
        middle in foreign_block(),
        source in source_block(),
        tail in foreign_block(),
        crlf in any::<bool>(),
        mark in any::<bool>(),
        complete in any::<bool>(),
    ) -> String {
        // A table is written in one place.
        let unless = |key: &str, block: String| if top.contains(key) { String::new() } else { block };
        let (registries, source) = (unless("registries", registries), unless("source", source));
        let blocks = std::iter::once(top).chain(head).chain([registries]).chain(middle).chain([source]).chain(tail);
        let mut text: String = blocks.collect();
        if !complete && text.ends_with('\n') {
            text.pop();
        }
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        if mark { format!("\u{feff}{text}") } else { text }
    }
}

fn is_sound(text: &str) -> bool {
    text.parse::<DocumentMut>().is_ok()
}

/// Whether `before` is `after` with some bytes taken out: nothing was changed or moved.
fn is_subsequence(before: &str, after: &str) -> bool {
    let mut rest = after.chars();
    before.chars().all(|wanted| rest.any(|found| found == wanted))
}

fn string_at(document: &DocumentMut, path: [&str; 3]) -> Option<String> {
    document.get(path[0])?.get(path[1])?.get(path[2])?.as_str().map(str::to_owned)
}

/// The document without what is ours, as a comparable value.
fn foreign(text: &str) -> String {
    let mut document = text.parse::<DocumentMut>().unwrap();
    for (path, leaf) in [
        (["registries", "rust"], "index"),
        (["registries", "rust"], "credential-provider"),
        (["source", "crates-io"], "replace-with"),
    ] {
        let parent = document.get_mut(path[0]).and_then(|item| item.as_table_like_mut());
        let Some(parent) = parent else { continue };
        if let Some(table) = parent.get_mut(path[1]).and_then(|item| item.as_table_like_mut()) {
            table.remove(leaf);
            if table.is_empty() {
                parent.remove(path[1]);
            }
        }
        if document
            .get(path[0])
            .and_then(|item| item.as_table_like())
            .is_some_and(toml_edit::TableLike::is_empty)
        {
            document.remove(path[0]);
        }
    }
    values(document.as_item())
}

fn values(item: &toml_edit::Item) -> String {
    if let Some(table) = item.as_table_like() {
        let mut entries: Vec<String> =
            table.iter().map(|(key, item)| format!("{key:?}:{}", values(item))).collect();
        entries.sort();
        return format!("{{{}}}", entries.join(","));
    }
    item.as_value().map_or_else(String::new, |value| value.clone().decorated("", "").to_string())
}

proptest! {
    #[test]
    fn an_edit_adds_and_never_disturbs(text in config_file()) {
        // Two generated tables may bear one name, which no edit has to cope with.
        prop_assume!(is_sound(&text));
        let after = provide(&set_up(&text, false).unwrap()).unwrap();
        prop_assert!(is_subsequence(&text, &after), "{text:?} became {after:?}");
        let document = after.parse::<DocumentMut>().unwrap();
        prop_assert_eq!(string_at(&document, ["registries", "rust", "index"]), Some(INDEX.to_owned()));
        prop_assert_eq!(
            string_at(&document, ["registries", "rust", "credential-provider"]),
            Some("cargo:token".to_owned())
        );
        prop_assert_eq!(string_at(&document, ["source", "crates-io", "replace-with"]), Some("rust".to_owned()));
        prop_assert_eq!(foreign(&text), foreign(&after));
        prop_assert_eq!(after.starts_with('\u{feff}'), text.starts_with('\u{feff}'));
        prop_assert_eq!(provide(&set_up(&after, false).unwrap()).unwrap(), after.clone());
        if text.contains("\r\n") {
            prop_assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
        }
    }

    #[test]
    fn a_mirror_that_gives_way_loses_its_name_in_one_place_and_nothing_else(
        head in foreign_block(),
        mirror in mirror_block(),
        registries in registries_block(),
        tail in foreign_block(),
        crlf in any::<bool>(),
    ) {
        let file = |value: &str| {
            let blocks = head.concat() + &mirror.replace("<V>", value) + &registries + &tail.concat();
            if crlf { blocks.replace('\n', "\r\n") } else { blocks }
        };
        let before = file("'mirror-7'");
        prop_assume!(is_sound(&before));
        prop_assert!(set_up(&before, false).is_err());
        let after = set_up(&before, true).unwrap();
        prop_assert!(is_subsequence(&file("\"rust\""), &after), "{before:?} became {after:?}");
        prop_assert_eq!(foreign(&before), foreign(&after));
    }

    #[test]
    fn no_text_makes_an_edit_panic(text in "[\\[\\]a-z.=\"'{}#, \\r\\n\u{feff}]{0,40}") {
        let _ = set_up(&text, true);
    }

    #[test]
    fn no_arrangement_of_our_own_words_makes_an_edit_panic(
        words in proptest::collection::vec(
            prop_oneof![
                Just("registries"), Just("rust"), Just("source"), Just("crates-io"), Just("index"),
                Just("replace-with"), Just("."), Just(" = "), Just("["), Just("]"), Just("{ "), Just(" }"),
                Just("\n"), Just("\"x\""), Just(", "),
            ],
            0..24,
        )
    ) {
        if let Ok(after) = set_up(&words.concat(), true) {
            prop_assert!(is_sound(&after), "{after:?}");
        }
    }
}
