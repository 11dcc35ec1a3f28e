//! Which cache folder belongs to which registry: names computed from the index addresses that the
//! configuration and the lock file give (cargo-contract 6).

use std::collections::BTreeSet;
use std::path::Path;

use semver::Version;

use crate::cargo::error::ConfigError;
use crate::cargo::fetch::RegistryCache;
use crate::cargo::home;
use crate::cargo::index_dir;
use crate::cargo::lockfile::{self, Lockfile};
use crate::cargo::owners::CRATES_IO;
use crate::cargo::settings::{Index, Settings};
use crate::domain::package::CrateSource;
use crate::domain::registry::RegistryInForce;
use crate::domain::text;
use crate::error::Report;
use crate::files;

use super::services::Services;

/// The configuration as it is now: the wizard may have written it since the check.
pub(super) fn settings(services: &Services) -> Result<Settings, ConfigError> {
    let layers = home::config_layers(&services.dir, &services.cargo_home)?;
    Settings::read(&layers, &services.host.env)
}

/// The lock file of the workspace; `None` where there is none yet.
pub(super) fn lock_file(workspace: &Path) -> Result<Option<Lockfile>, Report> {
    let text = files::read(&workspace.join("Cargo.lock"))?;
    Ok(text.map(|text| lockfile::parse(&text)).transpose()?)
}

/// Where the crates of each source land, for this version of Cargo.
pub(super) fn of_sources(
    settings: &Settings,
    lock: Option<&Lockfile>,
    cargo: &Version,
) -> Vec<RegistryCache> {
    let in_force = settings.registry_in_force().filter(|registry| registry.replaces_crates_io);
    let mut caches: Vec<RegistryCache> = crates_io(in_force.as_ref(), cargo).into_iter().collect();
    let sources: BTreeSet<&CrateSource> =
        lock.iter().flat_map(|lock| &lock.crates).map(|c| &c.source).collect();
    caches.extend(sources.into_iter().filter_map(|source| match source {
        CrateSource::Registry(url) => Some(RegistryCache {
            name: name_of(settings, url).unwrap_or_else(|| text::clean(url)),
            dir_name: index_dir::name_for(url, cargo)?,
            covers: source.clone(),
        }),
        CrateSource::CratesIo | CrateSource::Git(_) => None,
    }));
    caches
}

fn crates_io(in_force: Option<&RegistryInForce>, cargo: &Version) -> Option<RegistryCache> {
    let (name, index) = match in_force {
        Some(registry) => (registry.name.as_str(), registry.index.as_str()),
        None => ("crates.io", CRATES_IO[0]),
    };
    Some(RegistryCache {
        name: name.to_owned(),
        dir_name: index_dir::name_for(index, cargo)?,
        covers: CrateSource::CratesIo,
    })
}

/// The registry whose index has that address.
fn name_of(settings: &Settings, url: &str) -> Option<String> {
    let registries = settings.registries().iter();
    let mut named = registries
        .filter(|registry| matches!(&registry.index, Index::Sparse(index) if index.as_str() == url));
    named.next().map(|registry| text::clean(&registry.name))
}

/// The registry that a cache folder belongs to, for old Cargos and new ones; `None` for an orphan.
pub(super) fn registry_of(settings: &Settings, dir_name: &str) -> Option<String> {
    let fits = |index: &str| {
        index_dir::dir_names(index).is_some_and(|names| names.current == dir_name || names.old == dir_name)
    };
    let sparse = settings.registries().iter().find(|registry| match &registry.index {
        Index::Sparse(index) => fits(index.as_str()),
        Index::Other(_) | Index::Missing => false,
    });
    match sparse {
        Some(registry) => Some(text::clean(&registry.name)),
        None if CRATES_IO.into_iter().any(&fits) => Some("crates.io".to_owned()),
        None => None,
    }
}
