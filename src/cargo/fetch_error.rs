//! What can go wrong with lock files, the crate cache and the start of Cargo itself. What Cargo says
//! when it fails is told by [`super::explain`].

use std::io;
use std::path::{Path, PathBuf};

use crate::domain::text::clean;
use crate::error::{Exit, Report};

#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The words are the TOML parser's, cleaned.
    #[error("the lock file is not valid: {0}")]
    LockNotValid(String),
    #[error("the lock file has version `{0}`, which this tool does not know")]
    LockTooNew(i64),
    #[error("`{}` is not the name of a registry cache folder", clean(.0))]
    FolderName(String),
    #[error("`{}` is a link or leaves the registry cache", clean(&.0.to_string_lossy()))]
    FolderLeaves(PathBuf),
    #[error("Cargo is running and uses the crate cache")]
    CacheBusy,
    #[error("cannot {action} `{}`", clean(&path.to_string_lossy()))]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot start `{program}`")]
    Start {
        program: String,
        #[source]
        source: io::Error,
    },
    #[error("lost sight of Cargo while it was running")]
    Lost(#[source] io::Error),
}

/// An I/O failure with what was tried, and where.
pub(super) fn failed<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> FetchError + 'a {
    move |source| FetchError::Io { action, path: path.to_owned(), source }
}

impl From<FetchError> for Report {
    fn from(error: FetchError) -> Self {
        let (exit, code, hint) = match &error {
            FetchError::LockNotValid(_) => (
                Exit::Failed,
                "lock-file-not-valid",
                "mend `Cargo.lock` by hand, or take it back from version control",
            ),
            FetchError::LockTooNew(_) => {
                (Exit::Failed, "lock-file-too-new", "update az-cargo-wizard, then try again")
            }
            FetchError::FolderName(_) | FetchError::FolderLeaves(_) => {
                (Exit::Failed, "cache-folder-refused", "name a folder of `registry/cache` in CARGO_HOME")
            }
            FetchError::CacheBusy => (Exit::Failed, "cache-busy", "wait until it has ended, then try again"),
            FetchError::Io { .. } => {
                (Exit::Failed, "cache-failed", "check who owns the path, then try again")
            }
            FetchError::Start { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                (Exit::Failed, "cargo-not-found", "install Rust with rustup, or put `cargo` on PATH")
            }
            FetchError::Start { .. } => {
                (Exit::Failed, "cargo-not-started", "check that `cargo --version` works here")
            }
            FetchError::Lost(_) => (Exit::Cargo, "cargo-lost", "run it again"),
        };
        let report = Self::new(exit, code, error.to_string()).hint(hint);
        match std::error::Error::source(&error) {
            Some(source) => report.causes_of(source),
            None => report,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_cargo_is_told_from_one_that_does_not_start() {
        let report = |kind: io::ErrorKind| {
            Report::from(FetchError::Start { program: "cargo".into(), source: kind.into() })
        };
        assert_eq!(report(io::ErrorKind::NotFound).code, "cargo-not-found");
        assert_eq!(report(io::ErrorKind::PermissionDenied).code, "cargo-not-started");
        assert_eq!(report(io::ErrorKind::PermissionDenied).causes, ["permission denied"]);
    }

    #[test]
    fn paths_are_clean_before_they_are_shown() {
        let error = failed("read", Path::new("/x\u{1b}[31m/y"))(io::ErrorKind::NotFound.into());
        assert_eq!(error.to_string(), "cannot read `/x[31m/y`");
    }
}
