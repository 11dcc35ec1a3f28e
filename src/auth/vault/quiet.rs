//! The Secret Service without its window: the library behind [`super::system`] has the person asked for a password as
//! soon as it meets something locked, and where Cargo runs nobody may be there to answer.

use std::collections::HashMap;
use std::sync::LazyLock;

use secret_service::blocking::SecretService;
use secret_service::{EncryptionType, Error};

use super::VaultError;
use super::system::SERVICE;
use crate::domain::text::clean;

/// One connection for all that a process reads.
static CONNECTION: LazyLock<Result<SecretService<'static>, Error>> =
    LazyLock::new(|| SecretService::connect(EncryptionType::Dh));

/// What the entry of that name holds; `None` where there is none.
pub(super) fn get(name: &str) -> Result<Option<Vec<u8>>, VaultError> {
    // As the library names its entries.
    let attributes = HashMap::from([("service", SERVICE), ("username", name)]);
    let found = connection()?.search_items(attributes).map_err(|error| refused(&error))?;
    match (&found.unlocked[..], &found.locked[..]) {
        ([], []) => Ok(None),
        ([item], _) => item.get_secret().map(Some).map_err(|error| refused(&error)),
        ([], _) => Err(refused(&Error::Locked)),
        _ => Err(VaultError::Refused("several entries have this name".to_owned())),
    }
}

/// Fails where something written would have to be unlocked first.
pub(super) fn unlocked() -> Result<(), VaultError> {
    let keyring = connection()?.get_default_collection();
    keyring.and_then(|keyring| keyring.ensure_unlocked()).map_err(|error| refused(&error))
}

fn connection() -> Result<&'static SecretService<'static>, VaultError> {
    CONNECTION.as_ref().map_err(|error| VaultError::Unavailable(clean(&error.to_string())))
}

/// In the library's words, but where these say less than is known.
pub(super) fn refused(error: &Error) -> VaultError {
    match error {
        Error::Locked => VaultError::Locked("its password was not given in this session".to_owned()),
        Error::Prompt | Error::PromptDisconnected => {
            VaultError::Locked("nobody gave its password".to_owned())
        }
        // The answer of a service in which no keyring was ever made.
        Error::NoResult => {
            VaultError::Unavailable("the Secret Service has no keyring to keep it in".to_owned())
        }
        other => VaultError::Refused(clean(&other.to_string())),
    }
}
