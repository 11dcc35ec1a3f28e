//! `Cargo.lock`, versions 1 to 4, to the crates that `cargo fetch` gets (cargo-contract 7). Pure.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::fetch_error::FetchError;
use crate::domain::package::{Checksum, CrateId, CrateSource, LockedCrate};
use crate::domain::text::{clean, is_control, truncate};

/// Both ways in which lock files and configurations name crates.io.
const CRATES_IO: [&str; 2] =
    ["registry+https://github.com/rust-lang/crates.io-index", "sparse+https://index.crates.io/"];

const NEWEST_VERSION: i64 = 4;

/// What a lock file locks; crates of the workspace itself are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lockfile {
    pub crates: Vec<LockedCrate>,
    /// Rows with a name, version, source or checksum that Cargo would not write, as shown to a person.
    pub invalid: Vec<String>,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    version: Option<i64>,
    #[serde(default)]
    package: Vec<Package>,
    /// Version 1 keeps the checksums here.
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
}

/// Reads the text of a lock file.
///
/// # Errors
/// [`FetchError::LockNotValid`] and [`FetchError::LockTooNew`].
pub fn parse(text: &str) -> Result<Lockfile, FetchError> {
    let document: Document = toml_edit::de::from_str(text).map_err(|error| not_valid(text, &error))?;
    let version = document.version.unwrap_or(1);
    if version > NEWEST_VERSION {
        return Err(FetchError::LockTooNew(version));
    }
    let mut lock = Lockfile::default();
    for package in &document.package {
        let Some(source) = &package.source else { continue };
        match locked(package, source, &document.metadata) {
            Some(found) => lock.crates.push(found),
            None => lock.invalid.push(shown(&package.name, &package.version)),
        }
    }
    Ok(lock)
}

/// A row that is no crate, for a person to find it by.
fn shown(name: &str, version: &str) -> String {
    /// In columns; a longer one says no more.
    const LONGEST: usize = 200;
    truncate(&clean(&format!("{name} {version}")), LONGEST)
}

fn not_valid(text: &str, error: &toml_edit::de::Error) -> FetchError {
    let message = clean(error.message());
    let before = error.span().and_then(|span| text.get(..span.start));
    FetchError::LockNotValid(match before {
        Some(before) => format!("line {}: {message}", before.matches('\n').count() + 1),
        None => message,
    })
}

/// `None` for a row that Cargo would not write.
fn locked(package: &Package, source: &str, metadata: &BTreeMap<String, String>) -> Option<LockedCrate> {
    let id = CrateId::parse(&package.name, &package.version)?;
    let old_key = format!("checksum {} {} ({source})", package.name, package.version);
    let hex = package.checksum.as_ref().or_else(|| metadata.get(&old_key)).filter(|hex| *hex != "<none>");
    let checksum = match hex {
        Some(hex) => Some(Checksum::parse(hex)?),
        None => None,
    };
    Some(LockedCrate { id, source: parse_source(source)?, checksum })
}

fn parse_source(source: &str) -> Option<CrateSource> {
    if source.chars().any(is_control) {
        return None;
    }
    if CRATES_IO.contains(&source) {
        return Some(CrateSource::CratesIo);
    }
    match source.split_once('+')? {
        ("registry", url) => Some(CrateSource::Registry(url.to_owned())),
        ("sparse", _) => Some(CrateSource::Registry(source.to_owned())),
        ("git", url) => Some(CrateSource::Git(url.to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SUM: &str = "5f0e2c6222516cfa5eeee46c0cd0c3a2a5e2f3c1d0ed2a2b3d8cd2f1cd6b3ad1";

    fn one(version: &str, source: &str, rest: &str) -> Lockfile {
        let text = format!(
            "{version}\n[[package]]\nname = \"demo\"\nversion = \"0.1.0\"\ndependencies = [\"a-b\"]\n\n\
             [[package]]\nname = \"a-b\"\nversion = \"1.2.3+meta\"\nsource = \"{source}\"\n{rest}\n"
        );
        parse(&text).unwrap()
    }

    fn expected(source: CrateSource, checksum: Option<&str>) -> Lockfile {
        let id = CrateId::parse("a-b", "1.2.3+meta").unwrap();
        let checksum = checksum.map(|hex| Checksum::parse(hex).unwrap());
        Lockfile { crates: vec![LockedCrate { id, source, checksum }], invalid: Vec::new() }
    }

    #[test]
    fn every_version_that_cargo_has_written_is_read() {
        let crates_io = CRATES_IO[0];
        let inline = format!("checksum = \"{SUM}\"");
        let table = format!("[metadata]\n\"checksum a-b 1.2.3+meta ({crates_io})\" = \"{SUM}\"");
        let wanted = expected(CrateSource::CratesIo, Some(SUM));
        assert_eq!(one("", crates_io, &table), wanted);
        assert_eq!(one("", crates_io, &inline), wanted);
        assert_eq!(one("version = 3", crates_io, &inline), wanted);
        assert_eq!(one("version = 4", crates_io, &inline), wanted);
    }

    #[test]
    fn a_version_of_the_future_is_refused() {
        assert!(matches!(parse("version = 5\n"), Err(FetchError::LockTooNew(5))));
        assert!(matches!(parse("version = 4\n[[package]]\nname = 1"), Err(FetchError::LockNotValid(_))));
        let conflict = parse("version = 4\n<<<<<<< HEAD\n").unwrap_err().to_string();
        assert!(conflict.starts_with("the lock file is not valid: line 2: "), "{conflict}");
        assert_eq!(parse("").unwrap(), Lockfile::default());
    }

    #[test]
    fn sources_keep_the_address_that_names_their_cache() {
        let source = |text: &str| one("version = 4", text, "").crates[0].source.clone();
        let feed = "sparse+https://pkgs.dev.azure.com/o/_packaging/f/Cargo/index/";
        assert_eq!(source(feed), CrateSource::Registry(feed.into()));
        assert_eq!(
            source("registry+https://h/git-index"),
            CrateSource::Registry("https://h/git-index".into())
        );
        assert_eq!(source(CRATES_IO[1]), CrateSource::CratesIo);
        assert_eq!(source("git+https://h/r?tag=v1#abc"), CrateSource::Git("https://h/r?tag=v1#abc".into()));
    }

    #[test]
    fn a_row_that_could_do_harm_is_invalid_and_never_a_path() {
        for (name, version, source, checksum) in [
            ("../../etc", "1.0.0", "registry+https://h/i", SUM),
            ("x", "../1", "registry+https://h/i", SUM),
            ("x", "1.0.0", "local-registry+file:///tmp", SUM),
            ("x", "1.0.0", "registry+https://h/i", "short"),
            ("x\\u001b[2J", "1.0.0", "registry+https://h/i", SUM),
            ("x", "1.0.0", "sparse+https://h/\\u202ei/", SUM),
        ] {
            let lock = parse(&format!(
                "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"{source}\"\nchecksum = \"{checksum}\"\n"
            ))
            .unwrap();
            assert!(lock.crates.is_empty(), "{name} {version}");
            assert_eq!(lock.invalid.len(), 1);
            assert!(!lock.invalid[0].chars().any(is_control));
        }
    }

    #[test]
    fn crates_of_the_workspace_and_unused_patches_are_left_out() {
        let text = "version = 4\n[[package]]\nname = \"demo\"\nversion = \"0.1.0\"\n\n\
                    [[patch.unused]]\nname = \"p\"\nversion = \"1.0.0\"\nsource = \"registry+https://h/i\"\n";
        assert_eq!(parse(text).unwrap(), Lockfile::default());
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "\\PC*") {
            let _ = parse(&text);
        }

        #[test]
        fn what_cargo_writes_reads_back(names in prop::collection::btree_set("[a-z][a-z0-9_-]{0,8}[a-z]", 0..8)) {
            let mut text = String::from("# @generated by Cargo.\nversion = 4\n");
            for name in &names {
                text.push_str(&format!(
                    "\n[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = \"{}\"\nchecksum = \"{SUM}\"\n",
                    CRATES_IO[0]
                ));
            }
            let lock = parse(&text).unwrap();
            let read: Vec<_> = lock.crates.iter().map(|found| found.id.name.as_str()).collect();
            prop_assert_eq!(read, names.iter().map(String::as_str).collect::<Vec<_>>());
            prop_assert!(lock.invalid.is_empty());
        }
    }
}
