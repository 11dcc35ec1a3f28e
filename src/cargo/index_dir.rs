//! From the address of an index to the name of its folder under `registry/cache`, `registry/src` and
//! `registry/index` (cargo-contract 6). Pure: it looks at no disk.

use std::hash::{Hash as _, Hasher};

use rustc_stable_hash::StableSipHasher128;
use semver::Version;
use siphasher::sip::SipHasher24;
use url::Url;

/// Cargo's numbers for the kinds of source, as they go into the hash.
const GIT_INDEX: isize = 2;
const SPARSE_INDEX: isize = 3;

/// The two names that one index has had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirNames {
    /// Since Cargo 1.85.
    pub current: String,
    /// Up to Cargo 1.84.
    pub old: String,
}

impl DirNames {
    /// The name that this Cargo uses; pre-releases count to their release.
    #[must_use]
    pub fn for_cargo(self, cargo: &Version) -> String {
        if (cargo.major, cargo.minor) >= (1, 85) { self.current } else { self.old }
    }
}

/// The folder names of an index address: `sparse+https://…/`, or the URL of a git index, with or without
/// the `registry+` of a lock file. `None` where it is no URL.
#[must_use]
pub fn dir_names(index: &str) -> Option<DirNames> {
    let index = index.strip_prefix("registry+").unwrap_or(index);
    let kind = if index.starts_with("sparse+") { SPARSE_INDEX } else { GIT_INDEX };
    let url = Url::parse(index).ok().filter(|url| !url.cannot_be_a_base())?;
    let host = url.host_str().unwrap_or_default();
    Some(DirNames {
        current: format!("{host}-{}", stable_hash(kind, canonical(url.clone())?.as_str())),
        old: format!("{host}-{}", std_hash(kind, url.as_str())),
    })
}

/// The one folder name that this version of Cargo uses.
#[must_use]
pub fn name_for(index: &str, cargo: &Version) -> Option<String> {
    Some(dir_names(index)?.for_cargo(cargo))
}

/// Cargo's canonical URL: no slash and no `.git` at the end, and github.com without case.
fn canonical(mut url: Url) -> Option<Url> {
    if url.path().ends_with('/') {
        url.path_segments_mut().ok()?.pop_if_empty();
    }
    if url.host_str() == Some("github.com") {
        let path = url.path().to_lowercase();
        url.set_path(&path);
    }
    if let Some(path) = url.path().strip_suffix(".git").map(str::to_owned) {
        url.set_path(&path);
    }
    Some(url)
}

fn stable_hash(kind: isize, url: &str) -> String {
    let mut hasher = StableSipHasher128::new();
    kind.hash(&mut hasher);
    url.hash(&mut hasher);
    hex(Hasher::finish(&hasher))
}

/// As std's deprecated `SipHasher` with zero keys does it.
fn std_hash(kind: isize, url: &str) -> String {
    let mut hasher = SipHasher24::new();
    kind.hash(&mut hasher);
    url.hash(&mut hasher);
    hex(hasher.finish())
}

/// The eight bytes, lowest first.
fn hex(hash: u64) -> String {
    format!("{:016x}", hash.swap_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The table of cargo-contract 6: address, hash up to 1.84, hash since 1.85.
    const PUBLISHED: [(&str, &str, &str); 9] = [
        (
            "sparse+https://pkgs.dev.azure.com/org/_packaging/feed/Cargo/index/",
            "pkgs.dev.azure.com-f0cdbcdd091cdd73",
            "pkgs.dev.azure.com-48e597bd8dd18fd1",
        ),
        (
            "sparse+https://pkgs.dev.azure.com/org/_packaging/feed/Cargo/index",
            "pkgs.dev.azure.com-ec4ed96ab931036a",
            "pkgs.dev.azure.com-48e597bd8dd18fd1",
        ),
        (
            "sparse+https://PKGS.dev.azure.com/Org/_packaging/Feed/Cargo/index/",
            "PKGS.dev.azure.com-94744ea0385d58c6",
            "PKGS.dev.azure.com-eea42e133e9275a2",
        ),
        (
            "sparse+https://pkgs.dev.azure.com:443/org/_packaging/feed/Cargo/index/",
            "pkgs.dev.azure.com-2a6852efd2f349fd",
            "pkgs.dev.azure.com-ea582f56da049acd",
        ),
        (
            "sparse+https://pkgs.dev.azure.com/org/My Project/_packaging/feed@Local/Cargo/index/",
            "pkgs.dev.azure.com-956780606673df11",
            "pkgs.dev.azure.com-5908fdcef304db0c",
        ),
        (
            "sparse+https://pkgs.dev.azure.com/org/My%20Project/_packaging/feed@Local/Cargo/index/",
            "pkgs.dev.azure.com-956780606673df11",
            "pkgs.dev.azure.com-5908fdcef304db0c",
        ),
        (
            "sparse+https://org.pkgs.visualstudio.com/_packaging/feed/Cargo/index/",
            "org.pkgs.visualstudio.com-10bfc821da599ec3",
            "org.pkgs.visualstudio.com-283a275a86aac095",
        ),
        (
            "sparse+https://index.crates.io/",
            "index.crates.io-6f17d22bba15001f",
            "index.crates.io-1949cf8c6b5b557f",
        ),
        (
            "https://github.com/rust-lang/crates.io-index",
            "github.com-1ecc6299db9ec823",
            "github.com-25cdd57fae9f0462",
        ),
    ];

    #[test]
    fn the_published_names_come_out() {
        for (index, old, current) in PUBLISHED {
            let names = dir_names(index).unwrap();
            assert_eq!((names.old.as_str(), names.current.as_str()), (old, current), "{index}");
        }
    }

    #[test]
    fn each_cargo_gets_the_name_of_its_era() {
        let index = "registry+https://github.com/rust-lang/crates.io-index";
        let name = |cargo: &str| name_for(index, &Version::parse(cargo).unwrap()).unwrap();
        assert_eq!(name("1.74.1"), "github.com-1ecc6299db9ec823");
        assert_eq!(name("1.84.1"), "github.com-1ecc6299db9ec823");
        assert_eq!(name("1.85.0-nightly"), "github.com-25cdd57fae9f0462");
        assert_eq!(name("1.99.0"), "github.com-25cdd57fae9f0462");
    }

    #[test]
    fn letters_outside_ascii_are_encoded_first() {
        let raw = dir_names("sparse+https://pkgs.dev.azure.com/org/Müller/_packaging/f/Cargo/index/");
        let encoded =
            dir_names("sparse+https://pkgs.dev.azure.com/org/M%C3%BCller/_packaging/f/Cargo/index/");
        assert_eq!(raw, encoded);
        assert!(raw.is_some());
    }

    #[test]
    fn what_is_no_address_has_no_folder() {
        for bad in ["", "feed", "sparse+", "mailto:me", "sparse+nonsense"] {
            assert_eq!(dir_names(bad), None, "{bad}");
        }
    }

    /// What others have found out of Cargo's rules. It takes an address as it is, so it gets one that is encoded.
    fn oracle(index: &str, is_current: bool) -> String {
        let url = Url::parse(index).unwrap();
        tame_index::utils::url_to_local_dir(url.as_str(), is_current).unwrap().dir_name
    }

    #[test]
    fn the_oracle_agrees_with_the_published_names() {
        for (index, ..) in PUBLISHED {
            let names = dir_names(index).unwrap();
            assert_eq!((names.old, names.current), (oracle(index, false), oracle(index, true)), "{index}");
        }
    }

    proptest! {
        #[test]
        fn the_oracle_agrees_on_addresses_of_feeds(
            host in "(pkgs\\.dev\\.azure\\.com|PKGS\\.dev\\.azure\\.com|[a-z]{1,8}\\.pkgs\\.visualstudio\\.com)",
            port in "(:443|:8080)?",
            project in "([A-Za-z äß]{1,9}/)?",
            feed in "[A-Za-z]{1,9}(@[A-Z][a-z]{1,8})?(~force-auth)?",
        ) {
            let index = format!("sparse+https://{host}{port}/org/{project}_packaging/{feed}/Cargo/index/");
            let names = dir_names(&index).unwrap();
            prop_assert_eq!(names.old, oracle(&index, false));
            prop_assert_eq!(names.current, oracle(&index, true));
        }

        #[test]
        fn any_text_is_survived(text in "\\PC*") {
            let _ = dir_names(&text);
            let _ = dir_names(&format!("sparse+https://{text}"));
        }
    }
}
