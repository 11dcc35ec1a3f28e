//! Product sources as the checker sees them: what each file mentions, and what every name in every module
//! stands for.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::Visit as _;

use crate::collector::Collector;

/// The segments of a path or module; an absolute path within the product begins with `crate`.
pub(crate) type Segments = Vec<String>;

/// How often one name may stand for another before the checker gives up.
const MAX_STEPS: usize = 16;

/// Something a file mentions.
#[derive(Debug)]
pub(crate) struct Mention {
    pub(crate) line: usize,
    pub(crate) what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    Path(Path),
    /// `.name()`
    Method(String),
    /// `name!`
    Macro(String),
}

/// A path as written, not yet resolved.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    pub(crate) segments: Segments,
    /// `::std::…`: the first segment can only be a crate.
    pub(crate) global: bool,
    /// `use a::b::*`, without the star.
    pub(crate) glob: bool,
    /// The module it is written in, from `crate`.
    pub(crate) module: Segments,
}

/// A function of product code and its length, signature and braces included.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) lines: usize,
}

/// One source file.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its path below `src`, with `/`.
    pub(crate) file: String,
    pub(crate) mentions: Vec<Mention>,
    pub(crate) functions: Vec<Function>,
    /// Lines that aren't test code.
    pub(crate) lines: usize,
}

/// What the names in a module stand for.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Imports and type aliases; one name may have several meanings, by function or by `cfg`.
    pub(crate) meanings: BTreeMap<String, Vec<Path>>,
    pub(crate) globs: Vec<Path>,
}

/// All sources together.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) sources: Vec<Source>,
    modules: BTreeMap<Segments, Names>,
}

impl World {
    /// Parses sources given as (path below `src`, text).
    pub(crate) fn parse<F: AsRef<str>, T: AsRef<str>>(files: &[(F, T)]) -> Self {
        let mut parsed: Vec<(Source, Collector)> = Vec::new();
        for (file, text) in files {
            let (file, text) = (file.as_ref(), text.as_ref());
            let syntax = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
            let mut collector = Collector::new(module_of(file));
            collector.visit_file(&syntax);
            let lines = text.lines().count() - collector.test_lines.len();
            let functions = std::mem::take(&mut collector.functions);
            let mentions = std::mem::take(&mut collector.mentions);
            parsed.push((Source { file: file.to_owned(), mentions, functions, lines }, collector));
        }
        let tests: BTreeSet<Segments> =
            parsed.iter().flat_map(|(_, collector)| collector.test_modules.iter().cloned()).collect();
        let mut world = Self { sources: Vec::new(), modules: BTreeMap::new() };
        for (source, collector) in parsed {
            let module = module_of(&source.file);
            if !(1..=module.len()).any(|end| tests.contains(&module[..end])) {
                world.sources.push(source);
                world.modules.extend(collector.modules);
            }
        }
        world
    }

    pub(crate) fn has_module(&self, path: &str) -> bool {
        self.modules.contains_key(&path.split("::").map(str::to_owned).collect::<Segments>())
    }

    /// Everything a written path stands for: as resolved against its module, then with each import, alias and
    /// re-export on the way followed.
    pub(crate) fn meanings(&self, path: &Path) -> Vec<Segments> {
        let mut seen = Vec::new();
        self.follow(path, &mut seen, 0);
        seen
    }

    fn follow(&self, path: &Path, seen: &mut Vec<Segments>, depth: usize) {
        if depth > MAX_STEPS {
            return;
        }
        if let Some(absolute) = from_root(path) {
            self.follow_absolute(&absolute, seen, depth);
        } else if path.global {
            note(&path.segments, seen);
        } else {
            self.follow_relative(path, seen, depth);
        }
    }

    /// A path from the root of the product: noted, then each of its names that stands for another is replaced.
    fn follow_absolute(&self, path: &[String], seen: &mut Vec<Segments>, depth: usize) {
        if !note(path, seen) {
            return;
        }
        let inside = (1..path.len()).rev().find(|end| self.modules.contains_key(&path[..*end]));
        if let Some(end) = inside {
            self.follow_name(&path[..end], &path[end..], seen, depth);
        }
    }

    /// A path that begins with a name: one of its module, or else a crate.
    fn follow_relative(&self, path: &Path, seen: &mut Vec<Segments>, depth: usize) {
        let within = [path.module.as_slice(), &path.segments].concat();
        if self.modules.contains_key(&within[..=path.module.len()]) {
            return self.follow_absolute(&within, seen, depth);
        }
        note(&path.segments, seen);
        self.follow_name(&path.module, &path.segments, seen, depth);
    }

    /// Replaces the first of `names`, which stands in `module`, by what it means there.
    fn follow_name(&self, module: &[String], names: &[String], seen: &mut Vec<Segments>, depth: usize) {
        let (Some((first, rest)), Some(known)) = (names.split_first(), self.modules.get(module)) else {
            return;
        };
        for meaning in known.meanings.get(first).into_iter().flatten() {
            let segments = [meaning.segments.as_slice(), rest].concat();
            // `use tokio;` and `use serde::{self}` mean themselves.
            let itself =
                meaning.segments.first() == Some(first) && !self.modules.contains_key(&meaning.segments);
            let global = meaning.global || itself;
            self.follow(&Path { segments, global, ..meaning.clone() }, seen, depth + 1);
        }
        if known.meanings.contains_key(first) {
            return;
        }
        for glob in &known.globs {
            let segments = [glob.segments.as_slice(), names].concat();
            self.follow(&Path { segments, ..glob.clone() }, seen, depth + 1);
        }
    }
}

/// Whether it is new.
fn note(path: &[String], seen: &mut Vec<Segments>) -> bool {
    let new = !seen.iter().any(|known| known == path);
    if new {
        seen.push(path.to_vec());
    }
    new
}

/// The path from the root of the product, where `crate`, `self` or `super` say so.
fn from_root(path: &Path) -> Option<Segments> {
    let mut rest = path.segments.as_slice();
    let mut base = match rest.first()?.as_str() {
        "crate" | "az_cargo_wizard" => {
            return Some([&["crate".to_owned()], &rest[1..]].concat());
        }
        "self" | "super" => path.module.clone(),
        _ => return None,
    };
    while let Some((first, after)) = rest.split_first() {
        match first.as_str() {
            "self" => {}
            "super" => drop(base.pop()),
            _ => break,
        }
        rest = after;
    }
    base.extend_from_slice(rest);
    Some(base)
}

/// `tui/run.rs` is `crate::tui::run`; `main.rs`, a crate of its own, stands beside the rooms.
fn module_of(file: &str) -> Segments {
    let stem = file.strip_suffix(".rs").unwrap_or(file);
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    let below = stem.split('/').filter(|part| *part != "lib").map(str::to_owned);
    std::iter::once("crate".to_owned()).chain(below).collect()
}
