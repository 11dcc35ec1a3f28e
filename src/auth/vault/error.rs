//! Why a store of credentials can't be used, and what mends it.

use crate::error::{Exit, Report};
use crate::files::FileError;

/// Everything that can come in place of a kept credential. Never holds one.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("there is no keyring on this machine, or none for this session")]
    Unavailable(String),
    #[error("the keyring does not answer")]
    Silent,
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
        matches!(self, Self::Unavailable(_) | Self::Silent | Self::Locked(_))
    }
}

const OR_A_FILE: &str =
    "or keep the credential in a file that only you can read: `az-cargo-wizard login --store file`";

impl From<VaultError> for Report {
    fn from(error: VaultError) -> Self {
        let headline = error.to_string();
        let report = |code, hint: String| Self::new(Exit::Failed, code, &headline).hint(hint);
        match error {
            VaultError::Unavailable(cause) => report(
                "keyring-unavailable",
                format!(
                    "start a session with a keyring (over SSH and in WSL there often is none), {OR_A_FILE}"
                ),
            )
            .cause(cause),
            VaultError::Silent => report(
                "keyring-silent",
                format!("look for a window that asks for the keyring's password, {OR_A_FILE}"),
            ),
            VaultError::Taken => report(
                "keyring-taken",
                format!("give the keyring its password, or end the other one, then try again, {OR_A_FILE}"),
            ),
            VaultError::Locked(cause) => {
                report("keyring-locked", format!("unlock the keyring, {OR_A_FILE}")).cause(cause)
            }
            VaultError::Refused(cause) => {
                report("keyring-refused", format!("try again, {OR_A_FILE}")).cause(cause)
            }
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
