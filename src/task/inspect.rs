//! Looks at Cargo's crate cache.

use std::collections::HashSet;
use std::sync::Arc;

use crate::cargo::cache;
use crate::domain::package::CrateId;
use crate::error::Report;

use super::services::Services;
use super::{CacheFolder, CachedCrate, Event, Inspect, blocking, caches};

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
