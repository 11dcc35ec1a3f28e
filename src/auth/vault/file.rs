//! Credentials in a file of mode 0600, for machines without a keyring. Only after the person has agreed; never on
//! Windows, where a mode says nothing.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::VaultError;
use crate::domain::credential::Secret;
use crate::domain::organization::Base;
use crate::files;

const VERSION: u32 = 1;

/// Dropping it leaves copies in memory, as the JSON library's own buffers do: the file itself is plain.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    version: u32,
    entries: BTreeMap<String, String>,
}

pub(super) fn get(path: &Path, name: &str) -> Result<Option<Secret>, VaultError> {
    Ok(read(path)?.1.entries.remove(name).map(Secret::new))
}

pub(super) fn put(path: &Path, name: &str, secret: &Secret) -> Result<(), VaultError> {
    change(path, |entries| {
        entries.insert(name.to_owned(), secret.expose().to_owned());
    })
}

pub(super) fn delete(path: &Path, name: &str) -> Result<(), VaultError> {
    if files::read_private(path)?.is_none() {
        return Ok(());
    }
    change(path, |entries| {
        entries.remove(name);
    })
}

/// The organizations that anything is kept of.
pub(super) fn bases(path: &Path) -> Result<Vec<Base>, VaultError> {
    let entries = read(path)?.1.entries;
    let mut bases: Vec<Base> = entries.keys().filter_map(|name| Base::parse(base_of(name))).collect();
    bases.dedup();
    Ok(bases)
}

/// All of an organization, also parts that nothing names any more.
pub(super) fn forget(path: &Path, base: &Base) -> Result<(), VaultError> {
    if files::read_private(path)?.is_none() {
        return Ok(());
    }
    change(path, |entries| entries.retain(|name, _| base_of(name) != base.as_str()))
}

fn base_of(name: &str) -> &str {
    name.split(' ').next().unwrap_or_default()
}

/// The file's text, to tell whether it has changed, and what it says.
fn read(path: &Path) -> Result<(Option<String>, Kept), VaultError> {
    if cfg!(windows) {
        return Err(VaultError::NoFileHere);
    }
    let text = files::read_private(path)?;
    let kept = match &text {
        None => Kept::default(),
        Some(text) => serde_json::from_str(text).map_err(|_| VaultError::Garbled)?,
    };
    if text.is_some() && kept.version != VERSION {
        return Err(VaultError::Garbled);
    }
    Ok((text, kept))
}

/// Under a lock, so that two processes lose nothing of each other.
fn change(path: &Path, change: impl FnOnce(&mut BTreeMap<String, String>)) -> Result<(), VaultError> {
    let dir = path.parent().ok_or(VaultError::NoFileHere)?;
    let _lock = files::lock(dir, "credentials.lock")?;
    let (before, mut kept) = read(path)?;
    kept.version = VERSION;
    change(&mut kept.entries);
    let text = serde_json::to_string_pretty(&kept).map_err(|_| VaultError::Garbled)?;
    if before.as_ref() == Some(&text) {
        return Ok(());
    }
    Ok(files::replace_private(path, before.as_deref(), &text)?)
}
