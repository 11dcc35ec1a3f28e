//! What is known before the cache is looked at: whose its folders are, what this project locks, when Cargo used what.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::cargo::cache::{self, Locked, Look, Run};
use crate::cargo::global_cache::Uses;
use crate::cargo::lockfile::Lockfile;
use crate::cargo::owners::{CRATES_IO, Owners};
use crate::cargo::settings::{NamedIndex, Settings, named_indexes};
use crate::cargo::{home, index_dir};
use crate::domain::cache::{CacheEvent, Folder, Owner};
use crate::domain::package::{Checksum, CrateId, CrateSource};
use crate::domain::text;
use crate::error::Report;
use crate::record::Record;
use crate::task::caches;
use crate::task::services::Services;

/// Indexes that only a lock file names: people's have a handful, and each has dozens of spellings.
const MOST_OF_LOCK: usize = 500;

/// Everything that a job on the cache goes by.
pub(super) struct Sight {
    pub(super) cargo_home: PathBuf,
    owners: Owners,
    /// The crates of this project's lock file.
    pub(super) locked: HashSet<CrateId>,
    pub(super) sums: Locked,
    /// The folders that `cargo fetch` in this project fills, of both eras.
    pub(super) in_force: HashSet<String>,
}

impl Sight {
    pub(super) fn new(services: &Services) -> Result<Self, Report> {
        let settings = caches::settings(services)?;
        let lock = match services.workspace_or_near() {
            Some(workspace) => caches::lock_file(&workspace)?,
            None => None,
        };
        let lock = lock.unwrap_or_default();
        let layers = home::config_layers(&services.dir, &services.cargo_home)?;
        let mut indexes = named_indexes(&layers, &services.host.env);
        indexes.extend(of_lock(&lock));
        indexes.extend(of_record(&Record::load(&services.state_dir)));
        let (sums, in_force) = sums(&settings, &lock);
        Ok(Self {
            cargo_home: services.cargo_home.clone(),
            owners: Owners::of(&indexes),
            locked: lock.crates.into_iter().map(|locked| locked.id).collect(),
            sums,
            in_force,
        })
    }

    /// Tells the folders, then what is in them.
    pub(super) fn look(&self, run: Run<'_>, count_sources: bool) -> Result<(), Report> {
        let folders = self.folders()?;
        (run.tell)(CacheEvent::Folders(folders.clone()));
        let uses = Uses::read(&self.cargo_home);
        let (cargo_home, locked) = (&self.cargo_home, &self.locked);
        Ok(Look { cargo_home, uses: &uses, locked, count_sources, run }.scan(&folders)?)
    }

    fn folders(&self) -> Result<Vec<Folder>, Report> {
        let names = cache::all_folders(&self.cargo_home)?;
        let folder = |dir: String| -> Result<Folder, Report> {
            let owner = match self.owners.find(&dir) {
                Some(index) => Owner::Index(Box::new(index.clone())),
                None => Owner::Unknown { hint: cache::hint(&self.cargo_home, &dir) },
            };
            Ok(Folder {
                path: cache::folder(&self.cargo_home, cache::Kept::Crates, &dir)?,
                owner,
                has_index: cache::has_index(&self.cargo_home, &dir),
                dir: Arc::from(dir),
            })
        };
        names.into_iter().map(folder).collect()
    }
}

/// Registries that only a lock file names go by their address.
fn of_lock(lock: &Lockfile) -> Vec<NamedIndex> {
    let mut urls: Vec<&str> = lock
        .crates
        .iter()
        .filter_map(|locked| match &locked.source {
            CrateSource::Registry(url) => Some(url.as_str()),
            CrateSource::CratesIo | CrateSource::Git(_) => None,
        })
        .collect();
    urls.sort_unstable();
    urls.dedup();
    urls.truncate(MOST_OF_LOCK);
    let named = |url: &str| NamedIndex {
        registry: text::redact(&text::clean(url)),
        url: url.to_owned(),
        named_in: "Cargo.lock".to_owned(),
    };
    urls.into_iter().map(named).collect()
}

/// Feeds that this tool has fetched from, in whatever project.
fn of_record(record: &Record) -> Vec<NamedIndex> {
    let named = |(registry, index): (String, String)| NamedIndex {
        registry,
        url: index,
        named_in: "used before".to_owned(),
    };
    record.indexes().map(named).collect()
}

/// The checksums that the lock file tells, by the folders in which crates of each source may lie; and the folders
/// that are in force.
fn sums(settings: &Settings, lock: &Lockfile) -> (Locked, HashSet<String>) {
    let replaced = settings.registry_in_force().filter(|registry| registry.replaces_crates_io);
    let mut by_source: BTreeMap<&CrateSource, HashMap<CrateId, Checksum>> = BTreeMap::new();
    let mut in_force: HashSet<String> = HashSet::new();
    for locked in &lock.crates {
        let sums = by_source.entry(&locked.source).or_default();
        sums.extend(locked.checksum.map(|sum| (locked.id.clone(), sum)));
    }
    let mut locked = Locked::default();
    for (source, sums) in by_source {
        let (own, others): (Vec<String>, &[&str]) = match source {
            CrateSource::CratesIo => match &replaced {
                Some(registry) => {
                    let forced = registry.index.forced().map(|index| index.as_str().to_owned());
                    (forced.into_iter().chain([registry.index.as_str().to_owned()]).collect(), &CRATES_IO)
                }
                None => (CRATES_IO.map(str::to_owned).to_vec(), &[]),
            },
            CrateSource::Registry(url) => (vec![url.clone()], &[]),
            CrateSource::Git(_) => continue,
        };
        let own: Vec<String> = own.iter().flat_map(|url| dirs(url)).collect();
        in_force.extend(own.iter().cloned());
        // A mirror's crates are crates.io's, byte for byte: Cargo compares them with the lock file as well.
        locked.add(own.into_iter().chain(others.iter().flat_map(|url| dirs(url))), sums);
    }
    (locked, in_force)
}

fn dirs(url: &str) -> impl Iterator<Item = String> {
    index_dir::dir_names(url).into_iter().flat_map(|names| [names.current, names.old])
}
