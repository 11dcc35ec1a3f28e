//! The keyring of the system. Every call may block for ever: [`super::Vault`] gives each a thread.

use keyring::Entry;
use keyring::v1::Error;

use super::VaultError;
use crate::domain::credential::Secret;
use crate::domain::text::clean;

/// What the person knows the store as.
pub(super) const NAME: &str = if cfg!(target_os = "macos") {
    "the macOS Keychain"
} else if cfg!(windows) {
    "the Windows Credential Manager"
} else {
    "the system keyring (Secret Service)"
};

/// Under which all our entries stand.
pub(super) const SERVICE: &str = "az-cargo-wizard";

/// Closed: the real one, or one in memory for tests.
#[derive(Debug, Clone)]
pub(super) enum System {
    Os,
    /// The same without its window for the password.
    Quiet,
    #[cfg(test)]
    Fake(super::tests::Fake),
}

impl System {
    pub(super) fn get(&self, name: &str) -> Result<Option<Secret>, VaultError> {
        #[cfg(target_os = "linux")]
        if matches!(self, Self::Quiet) {
            return super::quiet::get(name)?.map(text).transpose();
        }
        match self {
            Self::Os | Self::Quiet => match entry(name)?.get_secret() {
                Ok(bytes) => text(bytes).map(Some),
                Err(Error::NoEntry) => Ok(None),
                Err(error) => Err(refused(&error)),
            },
            #[cfg(test)]
            Self::Fake(fake) => fake.get(name),
        }
    }

    pub(super) fn put(&self, name: &str, secret: &Secret) -> Result<(), VaultError> {
        self.stay_quiet()?;
        match self {
            // Bytes, for text would count double on Windows.
            Self::Os | Self::Quiet => {
                entry(name)?.set_secret(secret.expose().as_bytes()).map_err(|error| refused(&error))
            }
            #[cfg(test)]
            Self::Fake(fake) => fake.put(name, secret),
        }
    }

    pub(super) fn delete(&self, name: &str) -> Result<(), VaultError> {
        self.stay_quiet()?;
        match self {
            Self::Os | Self::Quiet => match entry(name)?.delete_credential() {
                Ok(()) | Err(Error::NoEntry) => Ok(()),
                Err(error) => Err(refused(&error)),
            },
            #[cfg(test)]
            Self::Fake(fake) => fake.delete(name),
        }
    }

    /// What the library does to a locked keyring opens its window.
    fn stay_quiet(&self) -> Result<(), VaultError> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Quiet => super::quiet::unlocked(),
            _ => Ok(()),
        }
    }
}

fn text(bytes: Vec<u8>) -> Result<Secret, VaultError> {
    String::from_utf8(bytes).map(Secret::new).map_err(|_| VaultError::Garbled)
}

fn entry(name: &str) -> Result<Entry, VaultError> {
    // Asked first: an entry's own error doesn't say why there is no store.
    if let Err(error) = Entry::store_status() {
        return Err(VaultError::Unavailable(clean(&error.to_string())));
    }
    Entry::new(SERVICE, name).map_err(|error| refused(&error))
}

/// The library's words; without the bytes that some of its errors carry.
fn refused(error: &Error) -> VaultError {
    match error {
        #[cfg(target_os = "linux")]
        Error::NoStorageAccess(cause) | Error::PlatformFailure(cause)
            if cause.is::<secret_service::Error>() =>
        {
            let refused = cause.downcast_ref().map(super::quiet::refused);
            refused.unwrap_or_else(|| VaultError::Refused(clean(&cause.to_string())))
        }
        Error::NoStorageAccess(cause) => VaultError::Locked(clean(&cause.to_string())),
        Error::PlatformFailure(cause) => VaultError::Refused(clean(&cause.to_string())),
        Error::BadEncoding(_) | Error::BadDataFormat(..) => VaultError::Garbled,
        Error::Ambiguous(_) => VaultError::Refused("several entries have this name".to_owned()),
        other => VaultError::Refused(clean(&other.to_string())),
    }
}
