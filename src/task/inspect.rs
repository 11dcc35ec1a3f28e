//! Looks at Cargo's crate cache.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::cargo::cache;
use crate::domain::package::CrateId;
use crate::error::Report;

use super::services::Services;
use super::{Event, Inspect, blocking, caches};

/// One folder of Cargo's crate cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheFolder {
    /// The folder's name under `registry/cache`.
    pub dir_name: String,
    pub path: PathBuf,
    /// The registry it belongs to; `None`: no configuration names one.
    pub registry: Option<String>,
    pub crates: Vec<CachedCrate>,
}

impl CacheFolder {
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.crates.iter().map(|file| file.bytes).sum()
    }
}

/// One file in a cache folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedCrate {
    /// Name and version; `None`: not a name that Cargo would give.
    pub id: Option<CrateId>,
    /// The file's name, safe to show.
    pub file: String,
    pub bytes: u64,
    /// Whether the lock file of this project names it.
    pub in_lock_file: bool,
}

/// Lists the folders that are wanted, their crates by name.
pub(super) async fn inspect(services: &Arc<Services>, what: Inspect) -> Result<Event, Report> {
    let services = services.clone();
    let folders = blocking(move || folders(&services, what)).await??;
    Ok(Event::Cache(folders))
}

fn folders(services: &Services, what: Inspect) -> Result<Vec<CacheFolder>, Report> {
    let settings = caches::settings(services)?;
    let lock = match services.workspace_or_near() {
        Some(workspace) => caches::lock_file(&workspace)?,
        None => None,
    };
    let locked: HashSet<CrateId> = lock.iter().flat_map(|lock| &lock.crates).map(|c| c.id.clone()).collect();
    let names = match (what, services.cargo_version()) {
        (Inspect::InForce, Some(cargo)) => caches::of_sources(&settings, lock.as_ref(), &cargo)
            .into_iter()
            .map(|cache| cache.dir_name)
            .collect(),
        _ => cache::folders(&services.cargo_home)?,
    };
    let list = |dir_name: String| -> Result<CacheFolder, Report> {
        let folder = cache::list(&services.cargo_home, &dir_name)?;
        let crates = folder.crates.into_iter().map(|file| CachedCrate {
            in_lock_file: file.id.as_ref().is_some_and(|id| locked.contains(id)),
            id: file.id,
            file: file.file,
            bytes: file.bytes,
        });
        Ok(CacheFolder {
            registry: caches::registry_of(&settings, &dir_name),
            crates: crates.collect(),
            path: folder.path,
            dir_name,
        })
    };
    names.into_iter().map(list).collect()
}
