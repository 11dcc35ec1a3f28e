//! Indexes that a checkout names outside Cargo's configuration: `registry-index` in its manifests, and the sources
//! of its lock file. Cargo asks both while it fetches (cargo-contract 7). Git repositories are left out: they are
//! no indexes, no credential of a registry goes to them, and a project that has one is an ordinary project.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml_edit::{Document, Item, TableLike};

use super::super::home::{self, ConfigLayer, Origin};
use super::super::settings::same_index;
use super::super::toml_text;
use super::{CheckoutFile, CheckoutFileKind, is_cloud};
use crate::files;
use url::Url;

/// Tables of a manifest that hold dependencies, wherever they stand in it.
const DEPENDENCIES: [&str; 5] =
    ["dependencies", "dev-dependencies", "dev_dependencies", "build-dependencies", "build_dependencies"];

/// The manifests and the lock files of the folder and of those above it, of the members of their workspaces and of
/// the crates that they name by path, as far as they name an index. Their text is the indexes alone, one a line: an
/// answer about them is to hold as long as those are the same.
pub(super) fn files_with_indexes(dir: &Path, layers: &[ConfigLayer]) -> Vec<CheckoutFile> {
    let mut search = Search { mine: indexes_of_the_person(layers), seen: BTreeSet::new(), found: Vec::new() };
    for dir in home::physical(dir).ancestors() {
        search.manifest(dir);
        search.lock_file(&dir.join("Cargo.lock"));
    }
    search.found
}

/// What the person's own configuration names is no unknown host.
fn indexes_of_the_person(layers: &[ConfigLayer]) -> Vec<String> {
    let mut found = Vec::new();
    for layer in layers.iter().filter(|layer| layer.origin == Origin::User) {
        let Ok(document) = toml_text::parse(&layer.text) else { continue };
        for (section, key) in [("registries", "index"), ("source", "registry")] {
            let table = toml_text::get(&document, &[section]).and_then(Item::as_table_like);
            let entries = table.into_iter().flat_map(TableLike::iter);
            let texts = entries.filter_map(|(_, item)| item.as_table_like()?.get(key)?.as_str());
            found.extend(texts.map(str::to_owned));
        }
    }
    found
}

struct Search {
    mine: Vec<String>,
    /// Folders whose manifest was read.
    seen: BTreeSet<PathBuf>,
    found: Vec<CheckoutFile>,
}

impl Search {
    /// What can't be read or is no TOML names nothing: Cargo can't read it either, and says so.
    fn manifest(&mut self, dir: &Path) {
        let mut folders = vec![dir.to_owned()];
        while let Some(dir) = folders.pop() {
            let path = dir.join("Cargo.toml");
            if !self.seen.insert(home::physical(&dir)) {
                continue;
            }
            let Some(text) = files::read(&path).ok().flatten() else { continue };
            let Ok(document) = toml_text::parse(&text) else { continue };
            let mut named = Named::default();
            named.collect(document.as_item());
            self.add(path, CheckoutFileKind::Manifest, named.indexes);
            folders.extend(named.paths.iter().map(|path| dir.join(path)));
            folders.extend(members(&dir, &document));
        }
    }

    fn lock_file(&mut self, path: &Path) {
        let Some(text) = files::read(path).ok().flatten() else { return };
        let Ok(document) = toml_text::parse(&text) else { return };
        let mut sources = BTreeSet::new();
        collect_sources(document.as_item(), &mut sources);
        self.add(path.to_owned(), CheckoutFileKind::Lock, sources);
    }

    fn add(&mut self, path: PathBuf, kind: CheckoutFileKind, indexes: BTreeSet<String>) {
        let foreign = indexes.into_iter().filter(|index| !self.is_known(index));
        // A line end in one would make two of it: neither is an address then.
        let text: Vec<String> = foreign.map(|index| index.replace(['\r', '\n'], " ")).collect();
        if !text.is_empty() {
            self.found.push(CheckoutFile { path, kind, text: text.join("\n") });
        }
    }

    fn is_known(&self, index: &str) -> bool {
        let url = Url::parse(index.strip_prefix("sparse+").unwrap_or(index));
        url.is_ok_and(|url| is_cloud(&url)) || self.mine.iter().any(|mine| same_index(mine, index))
    }
}

/// What a manifest names elsewhere.
#[derive(Default)]
struct Named {
    indexes: BTreeSet<String>,
    /// Of crates beside it.
    paths: BTreeSet<String>,
}

impl Named {
    /// Looks through every table that holds dependencies, and through `[patch]` and `[replace]`.
    fn collect(&mut self, item: &Item) {
        for (key, item) in item.as_table_like().into_iter().flat_map(TableLike::iter) {
            match key {
                "patch" => tables(item).for_each(|(_, crates)| self.dependencies(crates)),
                "replace" => self.dependencies(item),
                key if DEPENDENCIES.contains(&key) => self.dependencies(item),
                "workspace" => self.collect(item),
                "target" => tables(item).for_each(|(_, target)| self.collect(target)),
                _ => {}
            }
        }
    }

    fn dependencies(&mut self, item: &Item) {
        for (_, dependency) in tables(item) {
            let text = |key| dependency.as_table_like()?.get(key)?.as_str().map(str::to_owned);
            self.indexes.extend(text("registry-index"));
            self.paths.extend(text("path"));
        }
    }
}

fn tables(item: &Item) -> impl Iterator<Item = (&str, &Item)> {
    item.as_table_like().into_iter().flat_map(TableLike::iter)
}

/// The folders of a workspace's members. More than Cargo would take where a pattern is more than a star: to look
/// into one too many does no harm.
fn members(root: &Path, document: &Document<&str>) -> Vec<PathBuf> {
    let list = toml_text::get(document, &["workspace", "members"]).and_then(Item::as_array);
    let patterns = list.into_iter().flatten().filter_map(|member| member.as_str());
    let mut found = Vec::new();
    for pattern in patterns {
        let mut folders = vec![root.to_owned()];
        for segment in pattern.split(['/', '\\']) {
            folders = folders.iter().flat_map(|folder| step(folder, segment)).collect();
        }
        found.extend(folders);
    }
    found
}

fn step(folder: &Path, segment: &str) -> Vec<PathBuf> {
    match segment {
        "**" => below(folder),
        segment if segment.contains(['*', '?', '[']) => subfolders(folder),
        "" | "." => vec![folder.to_owned()],
        segment => vec![folder.join(segment)],
    }
}

/// The folder and every one below it.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    let mut at = 0;
    while let Some(folder) = found.get(at) {
        let more = subfolders(folder);
        found.extend(more);
        at += 1;
    }
    found
}

/// Without those that links lead to, so that no circle is walked, and without what builds leave behind.
fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.filter(|entry| entry.file_name() != "target").map(|entry| entry.path()).collect()
}

/// Every `source` of a lock file, of any version, that is an index.
fn collect_sources(item: &Item, found: &mut BTreeSet<String>) {
    if let Some(packages) = item.as_array_of_tables() {
        packages.iter().for_each(|package| collect_sources(&Item::Table(package.clone()), found));
    }
    for (key, item) in tables(item) {
        match item.as_str() {
            Some(source) if key == "source" => found.extend(index_of(source)),
            _ => collect_sources(item, found),
        }
    }
    let inline = item.as_array().into_iter().flatten();
    inline.for_each(|value| collect_sources(&Item::Value(value.clone()), found));
}

/// `registry+URL` is a git index, `sparse+URL` one over HTTP; the others are none.
fn index_of(source: &str) -> Option<String> {
    match source.split_once('+')? {
        ("registry", url) => Some(url.to_owned()),
        ("sparse", _) => Some(source.to_owned()),
        _ => None,
    }
}
