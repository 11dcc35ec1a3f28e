//! Which workspace a folder belongs to, by Cargo's own rule and without Cargo: a checkout's manifests are read, and
//! nothing of it is run.

use std::path::{Component, Path, PathBuf};

use toml_edit::{Document, Item};

use super::error::ConfigError;
use super::home::{find_manifest, physical};
use super::toml_text::{get, parse};
use crate::files;

/// The folder of the workspace's root for whoever runs Cargo in a folder; a package alone is its own. `None` where no
/// `Cargo.toml` lies above. A manifest that can't be read names no workspace.
#[must_use]
pub fn root(dir: &Path, cargo_home: &Path) -> Option<PathBuf> {
    let manifest = find_manifest(&physical(dir))?;
    let (own, cargo_home) = (manifest.parent()?, physical(cargo_home));
    if let Some(root) = named_in(own, own) {
        return Some(root);
    }
    let mut below = None;
    for dir in own.ancestors().skip(1) {
        // What is packaged, and what lies in `$CARGO_HOME`, belongs to no workspace around it.
        if dir.ends_with("target/package") || below == Some(cargo_home.as_path()) {
            break;
        }
        if let Some(root) = named_in(dir, own) {
            return Some(root);
        }
        below = Some(dir);
    }
    Some(own.to_owned())
}

/// The same, where Cargo could read the manifests of the package and of the root.
///
/// # Errors
/// When one of them can't be read, is no TOML, or is no manifest.
pub fn readable_root(dir: &Path, cargo_home: &Path) -> Result<Option<PathBuf>, ConfigError> {
    let (Some(near), Some(root)) = (find_manifest(&physical(dir)), root(dir, cargo_home)) else {
        return Ok(None);
    };
    for file in [near, root.join("Cargo.toml")] {
        let unusable = |why| ConfigError::ManifestUnusable { file: file.clone(), why };
        let text = files::read(&file)?.ok_or_else(|| unusable("is not there, though a package names it"))?;
        let document = parse(&text).map_err(|fault| ConfigError::fault(&file, fault))?;
        let tables = ["package", "project", "workspace"];
        if !tables.into_iter().any(|table| get(&document, &[table]).is_some()) {
            return Err(unusable("has neither `[package]` nor `[workspace]`"));
        }
    }
    Ok(Some(root))
}

/// The root that the manifest of a folder names for a package: itself, unless it leaves the package out.
fn named_in(dir: &Path, package: &Path) -> Option<PathBuf> {
    let text = files::read(&dir.join("Cargo.toml")).ok()??;
    let document = parse(&text).ok()?;
    if get(&document, &["workspace"]).is_some_and(Item::is_table_like) {
        return (!leaves_out(&document, dir, package)).then(|| dir.to_owned());
    }
    let pointer = ["package", "project"].into_iter().find_map(|table| get(&document, &[table, "workspace"]));
    Some(without_dots(&dir.join(pointer?.as_str()?)))
}

/// By `exclude`, unless `members` names it to the letter.
fn leaves_out(document: &Document<&str>, root: &Path, package: &Path) -> bool {
    let names = |key| {
        let list = get(document, &["workspace", key]).and_then(Item::as_array);
        let mut names = list.into_iter().flatten().filter_map(|name| name.as_str());
        names.any(|name| package.join("Cargo.toml").starts_with(root.join(name)))
    };
    names("exclude") && !names("members")
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
    fn a_package_may_name_its_root() {
        let pointing = format!("{PACKAGE}workspace = '../root/./x/..'\n");
        let files = [("root", "[workspace]\n"), ("member", pointing.as_str()), ("", "[workspace]\n")];
        assert_eq!(found(&files, "member/src"), "root");
        let old = "[project]\nname = 'a'\nworkspace = '..'\n";
        assert_eq!(found(&[("", "[workspace]\nexclude = ['a']"), ("a", old)], "a"), "");
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
