//! Which workspace a folder belongs to, by Cargo's own rule and without Cargo: a checkout's manifests are read, and
//! nothing of it is run.

use std::iter;
use std::path::{Component, Path, PathBuf};

use toml_edit::{Document, Item};

use super::error::ConfigError;
use super::home::{find_manifest, physical};
use super::toml_text::{get, parse};
use crate::files;

/// The folder of the workspace's root for whoever runs Cargo in a folder; a package alone is its own. `None` where no
/// `Cargo.toml` lies above. A manifest that can't be read names no workspace.
///
/// What a root means for links and new files is the person's to say, not a checkout's (product.md, 'Trust'): the root
/// that a package names counts where a `[workspace]` stands there, in the same repository; one above the repository
/// counts where it names the package in turn.
#[must_use]
pub fn root(dir: &Path, cargo_home: &Path) -> Option<PathBuf> {
    Some(find(dir, cargo_home)?.root)
}

/// A root whose manifest Cargo could read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadableRoot {
    pub dir: PathBuf,
    /// Where Cargo would look for the root beyond the repository; it was not followed there.
    pub beyond: Option<PathBuf>,
}

/// The same, where Cargo could read the manifests of the package and of the root.
///
/// # Errors
/// When one of them can't be read, is no TOML, or is no manifest; the one that a package names also without a
/// `[workspace]`.
pub fn readable_root(dir: &Path, cargo_home: &Path) -> Result<Option<ReadableRoot>, ConfigError> {
    let Some(Found { manifest, root, named, beyond }) = find(dir, cargo_home) else { return Ok(None) };
    check_manifest(
        &manifest,
        &["package", "project", "workspace"],
        "has neither `[package]` nor `[workspace]`",
    )?;
    if let Some(named) = named {
        let why = "has no `[workspace]`, though a package names it";
        check_manifest(&named.join("Cargo.toml"), &["workspace"], why)?;
    }
    Ok(Some(ReadableRoot { dir: root, beyond }))
}

fn check_manifest(file: &Path, tables: &[&str], why: &'static str) -> Result<(), ConfigError> {
    let unusable = |why| ConfigError::ManifestUnusable { file: file.to_owned(), why };
    let text = files::read(file)?.ok_or_else(|| unusable("is not there, though a package names it"))?;
    let document = parse(&text).map_err(|fault| ConfigError::fault(file, fault))?;
    let is_any = tables.iter().any(|table| get(&document, &[table]).is_some_and(Item::is_table_like));
    if is_any { Ok(()) } else { Err(unusable(why)) }
}

struct Found {
    manifest: PathBuf,
    root: PathBuf,
    /// What a package names in the same repository.
    named: Option<PathBuf>,
    beyond: Option<PathBuf>,
}

fn find(dir: &Path, cargo_home: &Path) -> Option<Found> {
    let manifest = find_manifest(&physical(dir))?;
    let own = manifest.parent()?.to_owned();
    let repository = own.ancestors().find(|dir| dir.join(".git").exists());
    let found =
        |root: &Path| Found { manifest: manifest.clone(), root: root.into(), named: None, beyond: None };
    let mut beyond = None;
    for dir in searched(&own, &physical(cargo_home)) {
        match (says(dir, &own), repository) {
            (Says::Nothing, _) => {}
            (Says::Root { names_it }, Some(repository)) if !dir.starts_with(repository) && !names_it => {
                return Some(Found { beyond: Some(dir.to_owned()), ..found(&own) });
            }
            (Says::Root { .. }, _) => {
                return Some(Found { beyond: beyond.filter(|it| it != dir), ..found(dir) });
            }
            (Says::At(root), Some(repository)) if is_inside(&root, repository) => {
                let is_root = matches!(says(&root, &root), Says::Root { .. });
                return Some(Found {
                    named: Some(root.clone()),
                    ..found(if is_root { &root } else { &own })
                });
            }
            (Says::At(root), Some(_)) => return Some(Found { beyond: Some(root), ..found(&own) }),
            // Whatever a package names, only what lies above it is looked at.
            (Says::At(root), None) => beyond = beyond.or(Some(root)),
        }
    }
    Some(Found { beyond, ..found(&own) })
}

/// The package's folder, and those above it where Cargo looks for a root: what is packaged, and what lies in
/// `$CARGO_HOME`, belongs to no workspace around it.
fn searched<'p>(own: &'p Path, cargo_home: &Path) -> impl Iterator<Item = &'p Path> {
    let above = || own.ancestors().skip(1);
    let below = iter::once(None).chain(above().map(Some));
    let counts = |(dir, below): &(&Path, Option<&Path>)| {
        !dir.ends_with("target/package") && *below != Some(cargo_home)
    };
    iter::once(own).chain(above().zip(below).take_while(counts).map(|(dir, _)| dir))
}

/// Whether the manifest of that folder lies in the repository, with links followed. What is elsewhere by its very
/// name is not looked at: it may be a server's.
fn is_inside(dir: &Path, repository: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let file = dir.join("Cargo.toml");
    dir.starts_with(repository) && (!file.exists() || real(&file).starts_with(real(repository)))
}

/// What the manifest of a folder says of a package's root.
enum Says {
    Nothing,
    /// It is here.
    Root {
        /// Its `members` name the package.
        names_it: bool,
    },
    At(PathBuf),
}

fn says(dir: &Path, package: &Path) -> Says {
    let text = files::read(&dir.join("Cargo.toml")).ok().flatten().unwrap_or_default();
    let Ok(document) = parse(&text) else { return Says::Nothing };
    if get(&document, &["workspace"]).is_some_and(Item::is_table_like) {
        let is_left_out = leaves_out(&document, dir, package);
        let names_it = takes_in(&document, dir, package);
        return if is_left_out { Says::Nothing } else { Says::Root { names_it } };
    }
    let pointer = ["package", "project"].into_iter().find_map(|table| get(&document, &[table, "workspace"]));
    pointer.and_then(Item::as_str).map_or(Says::Nothing, |root| Says::At(without_dots(&dir.join(root))))
}

/// By `exclude`, unless `members` names it to the letter.
fn leaves_out(document: &Document<&str>, root: &Path, package: &Path) -> bool {
    let names =
        |key| listed(document, key).any(|name| package.join("Cargo.toml").starts_with(root.join(name)));
    names("exclude") && !names("members")
}

/// By `members`, in which `*` stands for anything within a name.
fn takes_in(document: &Document<&str>, root: &Path, package: &Path) -> bool {
    let parts = |path: &Path| -> Vec<String> {
        path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
    };
    let package = parts(package);
    listed(document, "members").any(|name| {
        let wanted = parts(&without_dots(&root.join(name)));
        let mut pairs = wanted.iter().zip(&package);
        wanted.len() == package.len() && pairs.all(|(wanted, name)| is_like(wanted, name))
    })
}

fn listed<'d>(document: &'d Document<&str>, key: &str) -> impl Iterator<Item = &'d str> {
    let list = get(document, &["workspace", key]).and_then(Item::as_array);
    list.into_iter().flatten().filter_map(|name| name.as_str())
}

fn is_like(wanted: &str, name: &str) -> bool {
    let Some((start, rest)) = wanted.split_once('*') else { return wanted == name };
    let Some(name) = name.strip_prefix(start) else { return false };
    name.char_indices().any(|(at, _)| is_like(rest, &name[at..])) || is_like(rest, "")
}

/// As Cargo does it: by the path's own words, whatever links it holds.
fn without_dots(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const PACKAGE: &str = "[package]\nname = \"a\"\nversion = \"0.1.0\"\n";

    /// Each file with its text; where `from` belongs.
    #[track_caller]
    fn found(files: &[(&str, &str)], from: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        for (file, text) in files {
            let path = top.join(file).join("Cargo.toml");
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        fs::create_dir_all(top.join(from)).unwrap();
        let root = root(&top.join(from), &top.join("home")).unwrap();
        root.strip_prefix(&top).unwrap_or(&root).to_str().unwrap().to_owned()
    }

    /// A file that makes its folder a repository.
    const GIT: &str = ".git";

    #[test]
    fn a_member_belongs_to_the_root_above_it() {
        let members = "[workspace]\nmembers = ['x/*']\nexclude = ['out', 'in']\n";
        let files = [
            ("", members),
            ("x/a", PACKAGE),
            ("out", PACKAGE),
            ("in", PACKAGE),
            ("in/own", "workspace = {}"),
        ];
        assert_eq!(found(&files, ""), "");
        assert_eq!(found(&files, "x/a/src"), "");
        assert_eq!(found(&files, "out"), "out", "left out");
        assert_eq!(found(&files, "in/own"), "in/own");
        let listed = [("", "[workspace]\nmembers = ['./out']\nexclude = ['out']\n"), ("out", PACKAGE)];
        assert_eq!(found(&listed, "out"), "", "and taken in");
        let nested = [("", "[workspace]\n"), ("a", "[workspace]\nexclude = ['b']\n"), ("a/b", PACKAGE)];
        assert_eq!(found(&nested, "a/b"), "", "the next one above");
        let virtual_and_broken = [("", "[workspace]\n"), ("a", "[package\n"), ("a/b", PACKAGE)];
        assert_eq!(found(&virtual_and_broken, "a/b"), "");
        assert_eq!(found(&virtual_and_broken, "a"), "");
    }

    #[test]
    fn a_package_may_name_its_root_in_the_same_repository() {
        let pointing = format!("{PACKAGE}workspace = '../root/./x/..'\n");
        let files = [("root", "[workspace]\n"), ("member", pointing.as_str()), ("", "[workspace]\n")];
        assert_eq!(found(&files, "member/src"), "", "no repository: what lies above");
        let files = [&files[..], &[(GIT, "")]].concat();
        assert_eq!(found(&files, "member/src"), "root");
        let old = "[project]\nname = 'a'\nworkspace = '..'\n";
        let left_out = [(GIT, ""), ("", "[workspace]\nexclude = ['a']"), ("a", old)];
        assert_eq!(found(&left_out, "a"), "");
        assert_eq!(found(&[(GIT, ""), ("", PACKAGE), ("a", old)], "a"), "a", "there is no `[workspace]`");
        assert_eq!(found(&[(GIT, ""), ("a", old)], "a"), "a", "nothing is there");
    }

    #[test]
    fn a_package_that_names_a_root_beyond_its_repository_is_its_own() {
        for pointer in ["..", "../other", "/", "../../../../../../../.."] {
            let text = format!("{PACKAGE}workspace = '{pointer}'\n");
            let files = [("a/.git", ""), ("", "[workspace]\n"), ("other", "[workspace]\n"), ("a", &text)];
            assert_eq!(found(&files, "a"), "a", "{pointer}");
            assert_eq!(found(&[("a", &text)], "a"), "a", "{pointer}: without a repository");
        }
    }

    #[test]
    fn a_root_above_the_repository_counts_where_it_names_the_package() {
        let above = |members: &str| {
            let text = format!("[workspace]\nmembers = [{members}]\n");
            found(&[("", &text), ("x/a/.git", ""), ("x/a", PACKAGE)], "x/a")
        };
        for members in ["'x/a'", "'./x/../x/a'", "'y', 'x/*'", "'*/a*'"] {
            assert_eq!(above(members), "", "{members}");
        }
        for members in ["", "'x'", "'x/b'", "'*'", "'x/*b'", "'x/a/b'"] {
            assert_eq!(above(members), "x/a", "{members}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_repository_leads_to_no_root_beyond_it() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        for (file, text) in [
            ("other/Cargo.toml", "[workspace]\n".to_owned()),
            ("a/Cargo.toml", format!("{PACKAGE}workspace = 'link'\n")),
            ("a/.git/HEAD", String::new()),
        ] {
            fs::create_dir_all(top.join(file).parent().unwrap()).unwrap();
            fs::write(top.join(file), text).unwrap();
        }
        std::os::unix::fs::symlink("../other", top.join("a/link")).unwrap();
        let readable = readable_root(&top.join("a"), &top.join("home")).unwrap();
        let beyond = Some(top.join("a/link"));
        assert_eq!(readable, Some(ReadableRoot { dir: top.join("a"), beyond }));
        fs::remove_file(top.join("a/link")).unwrap();
        fs::create_dir(top.join("a/link")).unwrap();
        let missing = readable_root(&top.join("a"), &top.join("home")).unwrap_err();
        assert!(missing.to_string().contains("is not there"), "{missing}");
        std::os::unix::fs::symlink("../../other/Cargo.toml", top.join("a/link/Cargo.toml")).unwrap();
        assert_eq!(root(&top.join("a"), &top.join("home")), Some(top.join("a")));
    }

    #[test]
    fn a_package_alone_is_its_own_root_and_so_is_what_was_packaged_or_unpacked() {
        assert_eq!(found(&[("a", PACKAGE)], "a/src"), "a");
        let files = [("", "[workspace]\n"), ("target/package/a", PACKAGE), ("home/x/a", PACKAGE)];
        assert_eq!(found(&files, "target/package/a"), "target/package/a");
        assert_eq!(found(&files, "home/x/a"), "home/x/a");
        assert_eq!(root(Path::new("/"), Path::new("/home")), None);
    }
}
