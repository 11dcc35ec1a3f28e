//! The places where a credential can be kept for Cargo, by the names that every screen and command gives them.

use super::credential::{Kept, TokenStore};

/// One of Cargo's own providers that ask a keyring (cargo-contract 3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NativeProvider {
    /// The Secret Service of Linux.
    Libsecret,
    /// The Credential Manager of Windows.
    Wincred,
    /// The keychain of macOS.
    MacosKeychain,
}

impl NativeProvider {
    /// The one for a system, by Rust's name of it; `None` where Cargo has none.
    #[must_use]
    pub fn of_system(os: &str) -> Option<Self> {
        match os {
            "linux" => Some(Self::Libsecret),
            "windows" => Some(Self::Wincred),
            "macos" => Some(Self::MacosKeychain),
            _ => None,
        }
    }

    /// As Cargo's configuration names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Libsecret => "cargo:libsecret",
            Self::Wincred => "cargo:wincred",
            Self::MacosKeychain => "cargo:macos-keychain",
        }
    }

    /// How many bytes one entry holds at most (azure-contract 2.10).
    #[must_use]
    pub fn most_bytes(self) -> Option<usize> {
        (self == Self::Wincred).then_some(2560)
    }
}

impl TokenStore {
    /// In two or three words, as every screen and command says it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Provider(kept) => kept.name(),
            Self::Native(provider) => provider.name(),
            Self::PlainFile => "plain token file",
            Self::ThisRunOnly => "this run only",
        }
    }

    /// What `--store` of `setup` calls it.
    #[must_use]
    pub fn flag(self) -> &'static str {
        match self {
            Self::Provider(kept) => kept.flag(),
            Self::Native(_) => "native",
            Self::PlainFile => "file",
            Self::ThisRunOnly => "none",
        }
    }
}

impl Kept {
    /// In two or three words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Keyring => "system keyring",
            Self::File => "file of this tool",
        }
    }

    /// What `--store` of `setup` calls it.
    #[must_use]
    pub fn flag(self) -> &'static str {
        match self {
            Self::Keyring => "provider",
            Self::File => "provider-file",
        }
    }

    /// Whether this system has it at all: on Windows no file is private enough.
    #[must_use]
    pub fn is_possible(self) -> bool {
        self == Self::Keyring || !cfg!(windows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_has_its_provider_and_its_limit() {
        let of = |os| NativeProvider::of_system(os).map(|native| (native.name(), native.most_bytes()));
        assert_eq!(of("linux"), Some(("cargo:libsecret", None)));
        assert_eq!(of("windows"), Some(("cargo:wincred", Some(2560))));
        assert_eq!(of("macos"), Some(("cargo:macos-keychain", None)));
        assert_eq!(of("freebsd"), None);
    }
}
