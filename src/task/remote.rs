//! The git remotes of a checkout, read from its files: git itself is not run, for its configuration is the
//! checkout's own (product.md, 'Trust').

use std::path::{Path, PathBuf};

use crate::files;

/// A remote's name and address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remote {
    pub(super) name: String,
    pub(super) url: String,
}

/// The remotes of the repository that the folder lies in, `origin` first.
pub(super) fn remotes(dir: &Path) -> Vec<Remote> {
    let config = dir.ancestors().find_map(|dir| config_of(&dir.join(".git")));
    let text = config.and_then(|path| files::read(&path).ok().flatten()).unwrap_or_default();
    let mut remotes = parse(&text);
    remotes.sort_by_key(|remote| remote.name != "origin");
    remotes
}

/// The configuration of a repository: in `.git`, or of a worktree where the repository itself has it.
fn config_of(git: &Path) -> Option<PathBuf> {
    let own = own_folder(git)?;
    if git.is_dir() || is_module(&own, git) {
        return Some(own.join("config"));
    }
    let common = files::read(&own.join("commondir")).ok().flatten();
    Some(own.join(common.as_deref().unwrap_or_default().trim()).join("config"))
}

/// The folder with what belongs to this checkout: `.git`, or where the `.git` file of a worktree or a submodule
/// points. One that points to what doesn't know of it is not followed: a checkout may name any place.
pub(super) fn own_folder(git: &Path) -> Option<PathBuf> {
    if git.is_dir() {
        return Some(git.to_owned());
    }
    let pointer = files::read(git).ok().flatten()?;
    let pointer = pointer.strip_prefix("gitdir:")?.trim();
    // On Windows merely looking at a share would sign in to its server.
    if pointer.starts_with("\\\\") || pointer.starts_with("//") {
        return None;
    }
    let own = git.parent()?.join(pointer);
    if is_module(&own, git) {
        return Some(own);
    }
    let back = files::read(&own.join("gitdir")).ok().flatten()?;
    let knows_of_it = own.join(back.trim()).canonicalize().ok()? == git.canonicalize().ok()?;
    knows_of_it.then_some(own)
}

/// Whether the folder belongs to the repository that the submodule lies in.
fn is_module(own: &Path, git: &Path) -> bool {
    let Ok(own) = own.canonicalize() else { return false };
    let above = git.parent().into_iter().flat_map(Path::ancestors).skip(1);
    above
        .filter_map(|dir| dir.join(".git/modules").canonicalize().ok())
        .any(|modules| own.starts_with(modules))
}

fn parse(text: &str) -> Vec<Remote> {
    let mut remotes = Vec::new();
    let mut name = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            name =
                line.strip_prefix("[remote \"").and_then(|rest| rest.strip_suffix("\"]")).map(str::to_owned);
        } else if let (Some(name), Some((key, value))) = (&name, line.split_once('='))
            && key.trim() == "url"
        {
            remotes.push(Remote { name: name.clone(), url: value.trim().trim_matches('"').to_owned() });
        }
    }
    remotes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    const CONFIG: &str = "[core]\n\turl = no\n[remote \"fork\"]\n\turl = https://a/b\n[remote \"origin\"]\n\turl = https://dev.azure.com/o/p/_git/r\n\tfetch = x\n";

    #[test]
    fn remotes_are_read_from_the_repository_above_origin_first() {
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join(".git/config"), CONFIG);
        let inner = dir.path().join("a/b");
        std::fs::create_dir_all(&inner).unwrap();
        let names: Vec<String> = remotes(&inner).into_iter().map(|remote| remote.name).collect();
        assert_eq!(names, ["origin", "fork"]);
    }

    #[test]
    fn a_worktree_leads_to_the_common_configuration() {
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join("main/.git/config"), CONFIG);
        write(&dir.path().join("main/.git/worktrees/wt/commondir"), "../..\n");
        write(&dir.path().join("wt/.git"), "gitdir: ../main/.git/worktrees/wt\n");
        write(&dir.path().join("main/.git/worktrees/wt/gitdir"), "../../../../wt/.git\n");
        assert_eq!(remotes(&dir.path().join("wt")).len(), 2);
    }

    #[test]
    fn a_submodule_has_its_own_remotes() {
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join(".git/modules/sub/config"), CONFIG);
        write(&dir.path().join("sub/.git"), "gitdir: ../.git/modules/sub\n");
        assert_eq!(remotes(&dir.path().join("sub")).len(), 2);
    }

    #[test]
    fn a_pointer_to_what_does_not_know_of_it_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let other = dir.path().join("other/.git");
        write(&other.join("config"), CONFIG);
        for pointer in [other.display().to_string(), "//server/share".into(), "\\\\server\\share".into()] {
            write(&dir.path().join("checkout/.git"), &format!("gitdir: {pointer}\n"));
            assert_eq!(remotes(&dir.path().join("checkout")), [], "{pointer}");
        }
        // Not even where it claims to be a worktree of another one.
        write(&other.join("gitdir"), &dir.path().join("elsewhere/.git").display().to_string());
        write(&dir.path().join("checkout/.git"), &format!("gitdir: {}\n", other.display()));
        assert_eq!(remotes(&dir.path().join("checkout")), []);
    }

    #[test]
    fn what_is_no_repository_has_no_remotes() {
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join(".git"), "garbage");
        assert_eq!(remotes(dir.path()), []);
    }
}
