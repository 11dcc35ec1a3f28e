//! Why a store of credentials can't be used, and what mends it.

use std::time::Duration;

use crate::error::{Exit, Report};
use crate::files::FileError;

/// Everything that can come in place of a kept credential. Never holds one.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("there is no keyring on this machine, or none for this session")]
    Unavailable(String),
    /// It had so long.
    #[error("the keyring does not answer")]
    Silent(Duration),
    #[error("another az-cargo-wizard is using the keyring, and may be waiting for its password")]
    Taken,
    #[error("the keyring is locked")]
    Locked(String),
    #[error("the keyring refused")]
    Refused(String),
    #[error("the keyring does not give back what it was given")]
    Forgetful,
    #[error("what is kept of the credential makes no sense")]
    Garbled,
    #[error("the credential holds characters that no token has")]
    NotAscii,
    #[error("on Windows no file is private enough for a credential")]
    NoFileHere,
    #[error(transparent)]
    File(#[from] FileError),
}

impl VaultError {
    /// Whether the store itself is out of reach just now.
    #[must_use]
    pub fn is_out_of_reach(&self) -> bool {
        self.is_outage() || matches!(self, Self::Taken)
    }

    /// Whether it is so that asking it again soon is in vain.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Silent(_) | Self::Locked(_))
    }

    /// What lies behind it, where more is known than its own words say.
    fn cause(&self) -> Option<String> {
        match self {
            Self::Unavailable(cause) | Self::Locked(cause) | Self::Refused(cause) => Some(cause.clone()),
            Self::Silent(had) => Some(format!("it had {} seconds", had.as_secs_f32())),
            _ => None,
        }
    }

    /// All of it in one line.
    #[must_use]
    pub fn why(&self) -> String {
        self.cause().map_or_else(|| self.to_string(), |cause| format!("{self}: {cause}"))
    }
}

/// A command that works where this is said.
const OR_A_FILE: &str = if cfg!(windows) {
    "or keep a personal access token with Cargo, in plain text: `az-cargo-wizard setup --store file`"
} else {
    "or keep the credential in a file that only you can read: `az-cargo-wizard login --store file`"
};

impl From<VaultError> for Report {
    fn from(error: VaultError) -> Self {
        let (headline, cause) = (error.to_string(), error.cause());
        let report = |code, hint: String| {
            let report = Self::new(Exit::Failed, code, &headline).hint(hint);
            cause.iter().fold(report, Self::cause)
        };
        match error {
            VaultError::Unavailable(_) => report(
                "keyring-unavailable",
                format!(
                    "start a session with a keyring (over SSH and in WSL there often is none), {OR_A_FILE}"
                ),
            ),
            VaultError::Silent(_) => report(
                "keyring-silent",
                format!("look for a window that asks for the keyring's password, {OR_A_FILE}"),
            ),
            VaultError::Taken => report(
                "keyring-taken",
                format!("give the keyring its password, or end the other one, then try again, {OR_A_FILE}"),
            ),
            VaultError::Locked(_) => report("keyring-locked", format!("unlock the keyring, {OR_A_FILE}")),
            VaultError::Refused(_) => report("keyring-refused", format!("try again, {OR_A_FILE}")),
            VaultError::Forgetful => report("keyring-forgetful", OR_A_FILE.replacen("or keep", "keep", 1)),
            VaultError::Garbled | VaultError::NotAscii => {
                report("credential-garbled", "sign in again: `az-cargo-wizard login`".to_owned())
            }
            VaultError::NoFileHere => {
                report("no-private-file", "use the Credential Manager: `az-cargo-wizard login`".to_owned())
            }
            VaultError::File(error) => error.into(),
        }
    }
}
