//! Holds sources against the rules.

use std::fmt;

use crate::rules::{Forbidden, Rule};
use crate::source::{Mention, Segments, Source, What, World};

/// A line that breaks a rule.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) rule: &'static str,
    sentence: &'static str,
    file: String,
    line: usize,
    what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, sentence, file, line, what } = self;
        write!(f, "src/{file}:{line}: {what}\n    {rule}: {sentence}")
    }
}

/// Everything in the sources that breaks a rule.
pub(crate) fn check(rules: &'static [Rule], world: &World) -> Vec<Violation> {
    let mut violations = Vec::new();
    for source in &world.sources {
        for rule in rules.iter().filter(|rule| rule.holds_in(&source.file)) {
            violations.extend(broken(rule, source, world).into_iter().map(|(line, what)| Violation {
                rule: rule.name,
                sentence: rule.sentence,
                file: source.file.clone(),
                line,
                what,
            }));
        }
    }
    violations
}

/// Line and text of each place in one file that breaks one rule.
fn broken(rule: &Rule, source: &Source, world: &World) -> Vec<(usize, String)> {
    match rule.forbids {
        Forbidden::Mentions { never, but } => offending(source, &|what| mentioned(what, never, but, world)),
        Forbidden::Siblings(folder) => offending(source, &|what| sibling(what, folder, &source.file, world)),
        Forbidden::FileLongerThan(limit) => {
            let long = source.lines > limit;
            long.then(|| (1, format!("{} lines", source.lines))).into_iter().collect()
        }
        Forbidden::FunctionLongerThan(limit) => {
            let long = source.functions.iter().filter(|function| function.lines > limit);
            long.map(|f| (f.line, format!("`{}` has {} lines", f.name, f.lines))).collect()
        }
    }
}

fn offending(source: &Source, offense: &dyn Fn(&What) -> Option<String>) -> Vec<(usize, String)> {
    let found = |mention: &Mention| offense(&mention.what).map(|what| (mention.line, what));
    source.mentions.iter().filter_map(found).collect()
}

/// The forbidden thing that is mentioned, if one is.
fn mentioned(what: &What, never: &[&str], but: &[&str], world: &World) -> Option<String> {
    let forbidden = |text: String| never.contains(&text.as_str()).then_some(text);
    match what {
        What::Method(name) => forbidden(format!(".{name}()")),
        What::Macro(name) => forbidden(format!("{name}!")),
        What::Path(path) => world
            .meanings(path)
            .into_iter()
            .find(|meaning| {
                let hit =
                    |entry: &&str| begins_with(meaning, entry) || (path.glob && may_bring(meaning, entry));
                never.iter().any(hit) && !but.iter().any(|entry| begins_with(meaning, entry))
            })
            .map(|meaning| meaning.join("::")),
    }
}

/// Another module of the same folder that is mentioned.
fn sibling(what: &What, folder: &str, file: &str, world: &World) -> Option<String> {
    let What::Path(path) = what else { return None };
    let own = file.strip_prefix(folder)?.trim_start_matches('/').trim_end_matches(".rs").split('/').next()?;
    let parent = format!("crate::{}", folder.replace('/', "::"));
    let is_other = |meaning: &Segments| {
        let name = begins_with(meaning, &parent).then(|| meaning.get(parent.split("::").count())).flatten();
        match name {
            Some(name) => name != own && world.has_module(&format!("{parent}::{name}")),
            None => path.glob && meaning.join("::") == parent,
        }
    };
    let found = own != "mod" && world.meanings(path).iter().any(is_other);
    found.then(|| path.segments.join("::"))
}

fn begins_with(path: &[String], prefix: &str) -> bool {
    let mut path = path.iter();
    prefix.split("::").all(|segment| path.next().is_some_and(|own| own == segment))
}

/// Whether `use path::*` may bring the forbidden name.
fn may_bring(glob: &[String], forbidden: &str) -> bool {
    let forbidden: Vec<String> = forbidden.split("::").map(str::to_owned).collect();
    begins_with(&forbidden, &glob.join("::"))
}
