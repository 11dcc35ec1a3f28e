//! What is known before the cache is looked at: whose its folders are, what this project locks, when Cargo used what.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use semver::Version;

use crate::cargo::cache::{self, InUse, Locked, Look, Run};
use crate::cargo::global_cache::Uses;
use crate::cargo::lockfile::Lockfile;
use crate::cargo::owners::{CRATES_IO, Owners};
use crate::cargo::settings::{NamedIndex, Replacement, Settings, named_indexes};
use crate::cargo::{home, index_dir};
use crate::domain::cache::{CacheEvent, Folder, Owner};
use crate::domain::package::{Checksum, CrateId, CrateSource};
use crate::domain::registry::IndexUrl;
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
    /// The crates of this project's lock file, where `cargo fetch` takes them from.
    pub(super) in_use: InUse,
    pub(super) sums: Locked,
    /// Why the project's configuration or its lock file can't be read: what it uses is not known then.
    trouble: Vec<Report>,
}

impl Sight {
    /// A broken project tells nothing, and the cache is there all the same.
    pub(super) fn new(services: &Services) -> Self {
        let mut trouble = Vec::new();
        let layers = home::config_layers(&services.dir, &services.cargo_home);
        let layers = known(layers, &mut trouble).unwrap_or_default();
        let settings =
            if trouble.is_empty() { known(caches::settings(services), &mut trouble) } else { None };
        let lock = services.workspace_or_near().map(|workspace| caches::lock_file(&workspace));
        let lock = lock.and_then(|lock| known(lock, &mut trouble).flatten()).unwrap_or_default();
        let record = Record::load(&services.state_dir);
        let mut indexes = named_indexes(&layers, &services.host.env);
        indexes.extend(of_lock(&lock));
        indexes.extend(of_record(&record));
        let reads = Reads {
            settings: settings.as_ref(),
            record: &record,
            cargo: services.cargo_version(),
            cargo_home: &services.cargo_home,
        };
        let (sums, in_use) = reads.crates(&lock);
        let cargo_home = services.cargo_home.clone();
        Self { cargo_home, owners: Owners::of(&indexes), in_use, sums, trouble }
    }

    /// # Errors
    /// Why it is not known what the project uses.
    pub(super) fn whole(self) -> Result<Self, Report> {
        match self.trouble.first() {
            Some(report) => Err(report.clone()),
            None => Ok(self),
        }
    }

    /// Tells what is not known, the folders, then what is in them.
    pub(super) fn look(&self, run: Run<'_>, count_sources: bool) -> Result<(), Report> {
        for report in &self.trouble {
            let note = format!("what this project uses is not known: {}", report.headline);
            (run.tell)(CacheEvent::Note(note));
        }
        let folders = self.folders()?;
        (run.tell)(CacheEvent::Folders(folders.clone()));
        let uses = Uses::read(&self.cargo_home);
        let (cargo_home, in_use) = (&self.cargo_home, &self.in_use);
        Ok(Look { cargo_home, uses: &uses, in_use, count_sources, run }.scan(&folders)?)
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

/// Feeds that this tool has fetched from or switched to, in whatever project.
fn of_record(record: &Record) -> Vec<NamedIndex> {
    let named = |(registry, index): (String, String)| NamedIndex {
        registry,
        url: index,
        named_in: "used before".to_owned(),
    };
    let recent = record.recent().map(|(name, index)| (name.to_string(), index.as_str().to_owned()));
    record.indexes().chain(recent).map(named).collect()
}

/// What could be read, or else the trouble with it.
fn known<T, E: Into<Report>>(read: Result<T, E>, trouble: &mut Vec<Report>) -> Option<T> {
    read.map_err(|error| trouble.push(error.into())).ok()
}

/// From where Cargo takes what.
struct Reads<'a> {
    /// `None`: they can't be read.
    settings: Option<&'a Settings>,
    record: &'a Record,
    /// `None`: nobody has asked.
    cargo: Option<Version>,
    cargo_home: &'a Path,
}

impl Reads<'_> {
    /// The checksums that the lock file tells, by the folders in which crates of each source may lie; and its crates,
    /// by the folders from which Cargo takes them.
    fn crates(&self, lock: &Lockfile) -> (Locked, InUse) {
        let mut by_source: BTreeMap<&CrateSource, Vec<(&CrateId, Option<Checksum>)>> = BTreeMap::new();
        for locked in &lock.crates {
            by_source.entry(&locked.source).or_default().push((&locked.id, locked.checksum));
        }
        let (mut locked, mut in_use) = (Locked::default(), InUse::default());
        for (source, crates) in by_source {
            // Each may be spelled in several ways, the likeliest first.
            let (own, others) = match source {
                // A mirror's crates are crates.io's, byte for byte: Cargo compares them with the lock file as well.
                CrateSource::CratesIo => (self.instead_of_crates_io(), CRATES_IO.map(str::to_owned).to_vec()),
                CrateSource::Registry(url) => (vec![vec![url.clone()]], Vec::new()),
                CrateSource::Git(_) => continue,
            };
            for dir in own.iter().filter_map(|urls| self.place(urls)) {
                in_use.add(dir, crates.iter().map(|(id, _)| (*id).clone()));
            }
            let sums: HashMap<CrateId, Checksum> =
                crates.into_iter().filter_map(|(id, sum)| Some((id.clone(), sum?))).collect();
            let forced = own.iter().flatten().filter_map(|url| IndexUrl::parse(url)?.forced());
            let forced: Vec<String> = forced.map(|index| index.as_str().to_owned()).collect();
            let urls = own.iter().flatten().chain(&others).chain(&forced);
            let dirs = urls.filter_map(|url| index_dir::dir_names(url));
            let dirs: BTreeSet<String> = dirs.flat_map(|names| [names.current, names.old]).collect();
            locked.add(dirs, sums);
        }
        (locked, in_use)
    }

    /// The indexes that are read in place of crates.io's, or those of crates.io, each in all its spellings: the plain
    /// one by every Cargo, and that which asks for a sign-in by this tool's own `fetch`, where the person wanted that.
    fn instead_of_crates_io(&self) -> Vec<Vec<String>> {
        let Some(settings) = self.settings else { return Vec::new() };
        match settings.replacement() {
            Replacement::None => vec![CRATES_IO.map(str::to_owned).to_vec()],
            Replacement::Registry(registry) => {
                let forced =
                    registry.index.forced().filter(|_| self.record.forces(&registry.index) == Some(true));
                let indexes = [Some(registry.index.clone()), forced].into_iter().flatten();
                indexes.map(|index| vec![index.as_str().to_owned()]).collect()
            }
            Replacement::Other { .. } | Replacement::Undefined { .. } | Replacement::Cycle { .. } => {
                Vec::new()
            }
        }
    }

    /// The folder of an index: that of this Cargo, or the first that is there.
    fn place(&self, urls: &[String]) -> Option<String> {
        let dirs: Vec<String> = urls.iter().flat_map(|url| self.dirs(url)).collect();
        let is_there = |dir: &&String| {
            cache::folder(self.cargo_home, cache::Kept::Crates, dir).is_ok_and(|path| path.is_dir())
        };
        dirs.iter().find(is_there).or(dirs.first()).cloned()
    }

    /// The names that Cargo has had for its folder: where this Cargo is known, its own.
    fn dirs(&self, url: &str) -> Vec<String> {
        let Some(names) = index_dir::dir_names(url) else { return Vec::new() };
        match &self.cargo {
            Some(cargo) => vec![names.for_cargo(cargo)],
            None => vec![names.current, names.old],
        }
    }
}
