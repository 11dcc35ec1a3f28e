//! Deletes damaged crates under Cargo's locks, so that the next `cargo fetch` gets them again.

use crate::cargo::cache::{self, Check, Locks, Run};
use crate::domain::cache::{CacheEvent, CachedFile, Cleared, Damage, FileName, FileState, Removal, Target};
use crate::domain::text;
use crate::error::Report;

use super::look::Sight;

/// Each is looked at again: until the locks are ours, Cargo itself may have replaced it.
pub(super) fn repair(sight: &Sight, files: Vec<CachedFile>, run: Run<'_>) -> Result<Cleared, Report> {
    let mut cleared = Cleared::default();
    if files.is_empty() {
        return Ok(cleared);
    }
    let locks = Locks::try_take(&sight.cargo_home)?;
    let check = Check { cargo_home: &sight.cargo_home, locked: &sight.sums, run };
    for file in files {
        if run.cancel.load(std::sync::atomic::Ordering::Relaxed) {
            break;
        }
        let FileName::Crate(id) = &file.name else { continue };
        let is_damaged = matches!(
            check.one(&file),
            Some(FileState::Damaged(Damage::Empty | Damage::Truncated | Damage::Altered))
        );
        if !is_damaged {
            continue;
        }
        cleared.fetch_again |= sight.in_use.has(&file);
        let removal = remove(sight, &locks, Target::Crate(file.dir.clone(), id.clone()));
        cleared.count(&removal);
        (run.tell)(CacheEvent::Removed(vec![removal]));
    }
    Ok(cleared)
}

/// Deletes one thing, and says what came of it.
pub(super) fn remove(sight: &Sight, locks: &Locks, target: Target) -> Removal {
    match cache::remove(&sight.cargo_home, locks, &target) {
        Ok(bytes) => Removal { target, bytes, failure: None },
        Err(error) => {
            let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
            let words = format!("{error}{}", source.unwrap_or_default());
            Removal { target, bytes: 0, failure: Some(text::clean(&words)) }
        }
    }
}
