//! The rules of the house: who may know whom, where the outside world may be touched, and how long a
//! file may grow. They are read from the sources with `syn`; each is a row of [`rules::RULES`], and for
//! each there is a planted violation, so that a rule that has stopped working is noticed.
#![expect(clippy::unwrap_used, reason = "clippy spares test functions only, and this whole binary is a test")]

use std::fs;
use std::path::{Path, PathBuf};

#[path = "house/checker.rs"]
mod checker;
#[path = "house/collector.rs"]
mod collector;
#[path = "house/evasions.rs"]
mod evasions;
#[path = "house/plants.rs"]
mod plants;
#[path = "house/rules.rs"]
mod rules;
#[path = "house/source.rs"]
mod source;

use checker::check;
use plants::plants;
use rules::RULES;
use source::World;

#[test]
fn the_house_keeps_its_rules() {
    let violations = check(RULES, &World::parse(&product_sources()));
    assert!(violations.is_empty(), "{}", lines(&violations));
}

#[test]
fn every_rule_fails_on_its_planted_violation() {
    for plant in plants() {
        let violations = check(RULES, &World::parse(&plant.files));
        assert!(
            violations.iter().any(|found| found.rule == plant.rule),
            "rule `{}` does not see its plant in {:?}; seen: [{}]",
            plant.rule,
            plant.files.first().map(|(file, _)| file),
            lines(&violations)
        );
    }
}

#[test]
fn every_rule_has_a_plant_and_every_plant_a_rule() {
    let plants = plants();
    for rule in RULES {
        assert!(plants.iter().any(|plant| plant.rule == rule.name), "no plant for `{}`", rule.name);
        assert_eq!(RULES.iter().filter(|other| other.name == rule.name).count(), 1, "{}", rule.name);
        assert!(rule.sentence.ends_with('.'), "`{}` is not said in a sentence", rule.name);
    }
    for plant in &plants {
        assert!(RULES.iter().any(|rule| rule.name == plant.rule), "no rule `{}`", plant.rule);
    }
}

#[test]
fn the_readme_names_the_test_command_that_ci_runs() {
    let command = "cargo test --locked";
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let ci = fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(readme.lines().any(|line| line == command), "the README lacks the line `{command}`");
    assert!(ci.lines().any(|line| line == command), ".ci/run lacks the line `{command}`");
}

#[test]
fn no_file_names_a_private_workplace() {
    let mut files = Vec::new();
    walk(root(), &|name| ![".git", "target"].contains(&name), &mut files);
    assert!(files.len() > 20, "only {} files found", files.len());
    for file in files {
        let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
        if let Some(word) = private_word(&text) {
            panic!("{} holds `{word}`, which means nothing outside the place it was made in", file.display());
        }
    }
}

#[test]
fn a_private_workplace_is_recognized_and_ordinary_words_are_not() {
    for word in PRIVATE {
        assert_eq!(private_word(&format!("see `{word}x` there")), Some(word));
        assert_eq!(private_word(word), Some(word));
    }
    for ordinary in ["https://example.org/work/", "~/work/project", "a.library of", "sharedness/../ shared"] {
        assert_eq!(private_word(ordinary), None, "{ordinary}");
    }
}

/// Split, so that this file doesn't hold what it looks for.
const PRIVATE: [&str; 4] =
    [concat!("/wo", "rk/"), concat!("../sha", "red"), concat!("tui-", "shot"), concat!(".lib", "rary")];

/// The first private word that begins there: not the tail of a longer path or name.
fn private_word(text: &str) -> Option<&'static str> {
    let begins = |at: usize| {
        let before = text[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !"~._-/}".contains(c))
    };
    PRIVATE.into_iter().find(|word| {
        // A path in front of these two names is private as well.
        let anywhere = word.starts_with('.') || word.starts_with('t');
        text.match_indices(word).any(|(at, _)| begins(at) || (anywhere && text[..at].ends_with('/')))
    })
}

fn product_sources() -> Vec<(String, String)> {
    let src = root().join("src");
    let mut files = Vec::new();
    walk(&src, &|_| true, &mut files);
    let sources: Vec<_> = files
        .into_iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "rs"))
        .map(|file| {
            let name = file.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
            (name, fs::read_to_string(&file).unwrap())
        })
        .collect();
    assert!(sources.len() > 10, "only {} source files found", sources.len());
    sources
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder, sorted, without the folders whose name is refused. Links aren't followed.
fn walk(dir: &Path, wanted: &dyn Fn(&str) -> bool, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(dir).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type().unwrap();
        if !wanted(&entry.file_name().to_string_lossy()) {
            continue;
        }
        if kind.is_dir() {
            walk(&entry.path(), wanted, files);
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
}

fn lines(violations: &[checker::Violation]) -> String {
    violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
