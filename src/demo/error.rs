//! What can keep the demo from starting.

use std::io;
use std::path::PathBuf;

use crate::domain::text::clean;
use crate::error::{Exit, Report};
use crate::files::FileError;

/// A demo that could not start; the path is always said.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("cannot {action} `{}`", clean(&path.to_string_lossy()))]
    Folder {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("Cargo would read `{}` in the demo's project", clean(&.0.to_string_lossy()))]
    CargoConfigAbove(PathBuf),
    #[error("`{}` is not empty and holds no demo", clean(&.0.to_string_lossy()))]
    NotADemo(PathBuf),
    #[error("another demo runs in `{}`", clean(&.0.to_string_lossy()))]
    InUse(PathBuf),
    #[error("`{}` can't be read as a demo's world: {why}", clean(&path.to_string_lossy()))]
    World { path: PathBuf, why: String },
    #[error("cannot listen on 127.0.0.1")]
    Listen(#[source] io::Error),
    #[error("the system has no random numbers")]
    Random,
    #[error("the demo stopped while it was starting")]
    Stopped,
    #[error(transparent)]
    File(#[from] FileError),
}

impl DemoError {
    fn code(&self) -> &'static str {
        match self {
            Self::Folder { .. } | Self::File(_) => "demo-folder-failed",
            Self::CargoConfigAbove(_) => "demo-config-above",
            Self::NotADemo(_) => "demo-folder-not-empty",
            Self::InUse(_) => "demo-in-use",
            Self::World { .. } => "demo-world-damaged",
            Self::Listen(_) => "demo-cannot-listen",
            Self::Random | Self::Stopped => "demo-failed",
        }
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::CargoConfigAbove(_) | Self::NotADemo(_) => {
                "choose another folder with `--demo-dir`; nothing was changed"
            }
            Self::InUse(_) => "close the other one, or choose another folder with `--demo-dir`",
            Self::World { .. } => "delete the folder, or choose another one with `--demo-dir`",
            Self::Folder { .. } | Self::File(_) => {
                "check the folder, or choose another one with `--demo-dir`"
            }
            Self::Listen(_) | Self::Random | Self::Stopped => "try again",
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::CargoConfigAbove(_) | Self::NotADemo(_) => Exit::Usage,
            _ => Exit::Failed,
        }
    }
}

impl From<DemoError> for Report {
    fn from(error: DemoError) -> Self {
        let report = Self::new(error.exit(), error.code(), error.to_string()).hint(error.hint());
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
    fn a_refusal_names_the_file_and_the_way_out() {
        let report = Report::from(DemoError::CargoConfigAbove(PathBuf::from("/home/ana/.cargo/config.toml")));
        assert!(report.headline.contains("/home/ana/.cargo/config.toml"));
        assert_eq!((report.code, report.exit), ("demo-config-above", Exit::Usage));
        assert!(report.hint.is_some());
    }

    #[test]
    fn a_failing_folder_says_why() {
        let error =
            DemoError::Folder { action: "create", path: "/x".into(), source: io::ErrorKind::NotFound.into() };
        assert_eq!(Report::from(error).causes.len(), 1);
    }
}
