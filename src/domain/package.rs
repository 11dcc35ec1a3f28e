//! Crates as the lock file and the cache name them.

use std::fmt;

/// A crate's name, safe as a part of a path: `[A-Za-z0-9_-]+` (product.md, 'Trust').
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrateName(String);

impl CrateName {
    /// Longest name that crates.io accepts.
    const MAX: usize = 64;

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let sound = !text.is_empty()
            && text.len() <= Self::MAX
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        sound.then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CrateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One version of one crate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrateId {
    pub name: CrateName,
    pub version: semver::Version,
}

impl CrateId {
    /// A name and a version from outside; `None` where either is not what Cargo would accept.
    #[must_use]
    pub fn parse(name: &str, version: &str) -> Option<Self> {
        Some(Self { name: CrateName::parse(name)?, version: semver::Version::parse(version).ok()? })
    }

    /// Reads `NAME-VERSION`, as the cache spells it: the version starts after the last `-` that is
    /// followed by a digit and leaves a valid version (cargo-contract 5.1).
    #[must_use]
    pub fn from_stem(stem: &str) -> Option<Self> {
        stem.match_indices('-')
            .filter(|(at, _)| stem.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit))
            .find_map(|(at, _)| Self::parse(&stem[..at], &stem[at + 1..]))
    }

    /// `NAME-VERSION`: the folder in `registry/src`, and the file in `registry/cache` less its `.crate`.
    #[must_use]
    pub fn stem(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }

    /// `NAME-VERSION.crate`.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.crate", self.stem())
    }
}

impl fmt::Display for CrateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// The SHA-256 of a `.crate` file.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Checksum([u8; 32]);

impl Checksum {
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads the 64 hexadecimal digits of a lock file or an index.
    #[must_use]
    pub fn parse(hex: &str) -> Option<Self> {
        let hex = hex.as_bytes();
        if hex.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
            let digit = |b: u8| char::from(b).to_digit(16);
            *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checksum({self})")
    }
}

/// Where a locked crate comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CrateSource {
    /// crates.io, or the registry that replaces it.
    CratesIo,
    /// Another registry, by the URL in the lock file (with its `sparse+` where it is sparse).
    Registry(String),
    /// A git repository: no `.crate` file.
    Git(String),
}

/// One `[[package]]` of a lock file that has a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedCrate {
    pub id: CrateId,
    pub source: CrateSource,
    pub checksum: Option<Checksum>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stems_with_dashes_and_pre_releases_split_where_cargo_joined_them() {
        let split =
            |stem: &str| CrateId::from_stem(stem).map(|id| (id.name.to_string(), id.version.to_string()));
        assert_eq!(split("serde-1.0.219"), Some(("serde".into(), "1.0.219".into())));
        assert_eq!(
            split("wasi-0.11.0+wasi-snapshot-preview1"),
            Some(("wasi".into(), "0.11.0+wasi-snapshot-preview1".into()))
        );
        assert_eq!(split("rand-0.9.0-alpha.1"), Some(("rand".into(), "0.9.0-alpha.1".into())));
        assert_eq!(split("sha-1-0.10.1"), Some(("sha-1".into(), "0.10.1".into())));
        assert_eq!(split("../../etc-1.0.0"), None);
        assert_eq!(split("no-version"), None);
    }

    #[test]
    fn names_that_could_leave_the_cache_are_refused() {
        for bad in ["", "..", "a/b", "a\\b", "a b", "é", "a\u{202e}b", &"x".repeat(65)] {
            assert!(CrateName::parse(bad).is_none(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_stem_reads_back(name in "[a-z][a-z0-9_]{0,10}(-[a-z][a-z0-9]{0,5})?", a in 0u64..99, b in 0u64..99, c in 0u64..99) {
            let id = CrateId::parse(&name, &format!("{a}.{b}.{c}")).unwrap();
            prop_assert_eq!(CrateId::from_stem(&id.stem()), Some(id));
        }

        #[test]
        fn a_checksum_reads_back(bytes in any::<[u8; 32]>()) {
            let sum = Checksum::new(bytes);
            prop_assert_eq!(Checksum::parse(&sum.to_string()), Some(sum));
        }
    }
}
