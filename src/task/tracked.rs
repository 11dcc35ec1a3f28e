//! Whether git tracks a file, read from the repository's own list: git itself is not run, for its configuration is the
//! checkout's own (product.md, 'Trust').

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::remote;

/// A longer list is not read: it would take longer than a blink.
const MOST: u64 = 64 * 1024 * 1024;

/// The parts of an entry before its name: times, numbers and the hash; then the flags.
const STAT: usize = 40;
const SHA_1: usize = 20;

/// Whether git tracks the file; `None` where there is no repository, or its list is none that is understood.
pub(super) fn is_tracked(file: &Path) -> Option<bool> {
    let real = file.canonicalize().ok()?;
    let (root, index) = real.ancestors().skip(1).find_map(|dir| Some((dir, index_of(dir)?)))?;
    let name = real.strip_prefix(root).ok()?;
    let name: Vec<&str> = name.components().map(|part| part.as_os_str().to_str()).collect::<Option<_>>()?;
    lists(&read(&index)?, name.join("/").as_bytes())
}

/// A checkout may hold a link to a device or a pipe in its place, which would never end.
fn read(index: &Path) -> Option<Vec<u8>> {
    let data = fs::metadata(index).ok()?;
    if !data.is_file() || data.len() > MOST {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(index).ok()?.take(MOST).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// The list of a repository; `None` where the folder is no root of one.
fn index_of(dir: &Path) -> Option<PathBuf> {
    let index = remote::own_folder(&dir.join(".git"))?.join("index");
    Some(index)
}

/// Reads versions 2, 3 and 4 with SHA-1 (gitformat-index). Where the list is split in two, only a yes is sure.
fn lists(bytes: &[u8], wanted: &[u8]) -> Option<bool> {
    let version = number(bytes, 4)?;
    if bytes.get(..4)? != b"DIRC" || !(2..=4).contains(&version) {
        return None;
    }
    let mut at = 12;
    let mut name: Vec<u8> = Vec::new();
    for _ in 0..number(bytes, 8)? {
        let start = at;
        let flags = u16::from_be_bytes(bytes.get(at + STAT + SHA_1..at + STAT + SHA_1 + 2)?.try_into().ok()?);
        at += STAT + SHA_1 + 2 + if flags & 0x4000 == 0 { 0 } else { 2 };
        if version == 4 {
            let (cut, length) = variable(bytes.get(at..)?)?;
            at += length;
            name.truncate(name.len().checked_sub(cut)?);
        } else {
            name.clear();
        }
        let length = bytes.get(at..)?.iter().position(|byte| *byte == 0)?;
        name.extend(&bytes[at..at + length]);
        at += length + 1;
        if version != 4 {
            // Entries begin at multiples of eight, and at least one zero ends the name.
            at = start + (at - start).next_multiple_of(8);
        }
        if name == wanted {
            return Some(true);
        }
    }
    let is_split = bytes.get(at..at + 4).is_some_and(|extension| extension == b"link");
    (!is_split).then_some(false)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// A number of variable length, as in packs; with how many bytes it takes.
fn variable(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0_usize;
    for (at, byte) in bytes.iter().take(5).enumerate() {
        value = (value << 7) | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
        value += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn git(dir: &Path, args: &[&str]) {
        let mut command = Command::new("git");
        command.args(args).current_dir(dir).env_clear().env("HOME", dir).env("PATH", "/usr/bin:/bin");
        assert!(command.output().unwrap().status.success(), "{args:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_list_that_would_never_end_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let (file, index) = (dir.path().join("file"), dir.path().join(".git/index"));
        fs::create_dir(dir.path().join(".git")).unwrap();
        fs::write(&file, "x").unwrap();
        assert!(Command::new("mkfifo").arg(&index).status().unwrap().success());
        assert_eq!(is_tracked(&file), None);
        fs::remove_file(&index).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &index).unwrap();
        assert_eq!(is_tracked(&file), None);
    }

    #[test]
    fn gits_own_lists_are_read_in_every_version() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let file = |name: &str| {
            let path = dir.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "x").unwrap();
            path
        };
        let (tracked, not) = (file("a/.cargo/config.toml"), file("a/.cargo/config"));
        (0..300).for_each(|n| drop(file(&format!("src/{n}/{}.rs", "long".repeat(n % 7)))));
        assert_eq!(is_tracked(&tracked), None, "no repository");
        git(dir, &["init", "-q"]);
        git(dir, &["add", "a/.cargo/config.toml", "src"]);
        for version in ["2", "3", "4"] {
            git(dir, &["update-index", "--index-version", version]);
            assert_eq!((is_tracked(&tracked), is_tracked(&not)), (Some(true), Some(false)), "{version}");
        }
        git(dir, &["add", "-N", "a/.cargo/config"]);
        assert_eq!(is_tracked(&not), Some(true), "with the longer flags of version 3");
        fs::write(dir.join(".git/index"), b"DIRC\0\0\0\x02\0\0\0\x09short").unwrap();
        assert_eq!(is_tracked(&tracked), None);
    }
}
