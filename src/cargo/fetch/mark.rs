//! The mark of a run: a small file that lies on the disk while Cargo works, so that the next run knows when this
//! one was killed, and what it may have left (cargo-contract 4.10 and 5.3).

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::plan::Planner;
use super::{FetchSpec, RegistryCache};
use crate::cargo::process::ProcessMark;
use crate::cargo::recover::Recovery;
use crate::domain::package::CrateSource;
use crate::files::{FileError, Held};

const VERSION: u32 = 1;
const EXTENSION: &str = "json";

/// The first line of a mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Marked {
    version: u32,
    /// Milliseconds since 1970.
    began: u64,
    workspace: PathBuf,
    cargo_home: PathBuf,
    caches: Vec<MarkedCache>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct MarkedCache {
    dir_name: String,
    /// The URL of the registry whose crates it holds; `None`: those of crates.io.
    registry: Option<String>,
}

/// The second line of a mark, written once Cargo has been started.
#[derive(Debug, Serialize, Deserialize)]
struct Started {
    cargo: ProcessMark,
}

/// The mark of a run that goes on. Dropped without [`RunMark::clear`], it stays for the next run to find.
#[derive(Debug)]
pub(super) struct RunMark(Held);

impl RunMark {
    /// Marks the run, before Cargo is started.
    pub(super) fn set(spec: &FetchSpec, began: SystemTime) -> Result<Self, FileError> {
        let marked = Marked::of(spec, began);
        // A path that isn't UTF-8 can't be written: such a run goes unmarked.
        let text = serde_json::to_string(&marked).map_err(|_| FileError::NotText(spec.dir.clone()))?;
        Ok(Self(Held::new(&spec.runs_dir, EXTENSION, &format!("{text}\n"))?))
    }

    /// Adds the Cargo that was started for it.
    pub(super) fn started(&mut self, pid: u32) {
        let line = serde_json::to_string(&Started { cargo: ProcessMark::of(pid) }).unwrap_or_default();
        // Without it, Cargo's own lock tells that it still works.
        let _ = self.0.append(&format!("{line}\n"));
    }

    /// The run has ended, and nothing is left of it.
    pub(super) fn clear(self) {
        // Left behind, it makes the next run look once in vain.
        let _ = self.0.remove();
    }
}

/// A run whose wizard was killed before it could clean up. While it is in our hands, no other instance takes it.
#[derive(Debug)]
pub struct Unfinished {
    held: Held,
    marked: Marked,
    cargo: Option<ProcessMark>,
}

impl Unfinished {
    /// Takes every such run. The marks of a newer version, and of file systems without locks, stay where they are.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub fn take_all(runs_dir: &Path) -> Result<Vec<Self>, FileError> {
        Ok(Held::take_all(runs_dir, EXTENSION)?.into_iter().filter_map(Self::parse).collect())
    }

    fn parse(held: Held) -> Option<Self> {
        let text = held.read().ok()?;
        let mut lines = text.lines();
        let marked: Marked = serde_json::from_str(lines.next()?).ok()?;
        let started = lines.next().and_then(|line| serde_json::from_str::<Started>(line).ok());
        (marked.version == VERSION).then_some(Self { held, marked, cargo: started.map(|line| line.cargo) })
    }

    /// The number of its Cargo, where that still runs.
    #[must_use]
    pub fn orphan(&self) -> Option<u32> {
        self.cargo.filter(|cargo| cargo.runs()).map(|cargo| cargo.pid)
    }

    /// Finds and removes what it left damaged; with that, it is over. Where something was in the way, the next run
    /// finds it again. Blocks.
    #[must_use]
    pub fn recover(self) -> Recovery {
        let Marked { began, workspace, cargo_home, caches, .. } = self.marked;
        let caches: Vec<RegistryCache> = caches.into_iter().map(MarkedCache::into_cache).collect();
        let since = SystemTime::UNIX_EPOCH + Duration::from_millis(began);
        let recovery = Planner::new(&workspace, &cargo_home, &caches).recover_unfinished(since);
        if recovery.trouble.is_none() {
            // Left behind, it makes the next run look once in vain.
            let _ = self.held.remove();
        }
        recovery
    }
}

impl Marked {
    fn of(spec: &FetchSpec, began: SystemTime) -> Self {
        let began = began.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self {
            version: VERSION,
            began: u64::try_from(began.as_millis()).unwrap_or(u64::MAX),
            workspace: spec.dir.clone(),
            cargo_home: spec.cargo_home.clone(),
            caches: spec.caches.iter().filter_map(MarkedCache::of).collect(),
        }
    }
}

impl MarkedCache {
    fn of(cache: &RegistryCache) -> Option<Self> {
        let registry = match &cache.covers {
            CrateSource::CratesIo => None,
            CrateSource::Registry(url) => Some(url.clone()),
            CrateSource::Git(_) => return None,
        };
        Some(Self { dir_name: cache.dir_name.clone(), registry })
    }

    fn into_cache(self) -> RegistryCache {
        RegistryCache {
            name: String::new(),
            dir_name: self.dir_name,
            covers: self.registry.map_or(CrateSource::CratesIo, CrateSource::Registry),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::cargo::cache::{self, Kept};
    use crate::domain::package::Checksum;
    use crate::host::Clock;

    const DIR: &str = "pkgs.dev.azure.com-48e597bd8dd18fd1";

    struct Place {
        root: tempfile::TempDir,
        spec: FetchSpec,
    }

    impl Place {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            let now = SystemTime::UNIX_EPOCH;
            let spec = FetchSpec {
                cargo: "cargo".into(),
                dir: root.path().join("project"),
                cargo_home: root.path().join("home"),
                runs_dir: root.path().join("state/runs"),
                env: crate::host::Env::default(),
                locked: false,
                configs: Vec::new(),
                caches: vec![RegistryCache {
                    name: "rust".into(),
                    dir_name: DIR.into(),
                    covers: CrateSource::CratesIo,
                }],
                clock: Clock::Fake { since_start: Duration::ZERO, now },
            };
            fs::create_dir_all(&spec.dir).unwrap();
            fs::create_dir_all(cache::folder(&spec.cargo_home, Kept::Crates, DIR).unwrap()).unwrap();
            fs::write(spec.cargo_home.join(".package-cache"), "").unwrap();
            Self { root, spec }
        }

        fn lock(&self, name: &str, whole: &[u8]) {
            let sum = Checksum::new(Sha256::digest(whole).into());
            let source = "registry+https://github.com/rust-lang/crates.io-index";
            let text = format!(
                "version = 4\n[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = \"{source}\"\nchecksum = \"{sum}\"\n"
            );
            fs::write(self.spec.dir.join("Cargo.lock"), text).unwrap();
        }

        fn archive(&self, name: &str) -> PathBuf {
            cache::folder(&self.spec.cargo_home, Kept::Crates, DIR)
                .unwrap()
                .join(format!("{name}-1.0.0.crate"))
        }

        fn taken(&self) -> Vec<Unfinished> {
            Unfinished::take_all(&self.spec.runs_dir).unwrap()
        }

        fn marks(&self) -> usize {
            fs::read_dir(&self.spec.runs_dir).unwrap().count()
        }

        /// A run that was killed.
        fn killed(&self) {
            drop(RunMark::set(&self.spec, SystemTime::UNIX_EPOCH).unwrap());
        }
    }

    fn packed(text: &str) -> Vec<u8> {
        use std::io::Write as _;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn a_run_that_goes_on_or_has_ended_is_not_taken_for_a_killed_one() {
        let place = Place::new();
        assert!(place.taken().is_empty());
        let mark = RunMark::set(&place.spec, SystemTime::UNIX_EPOCH).unwrap();
        assert!(place.taken().is_empty());
        assert_eq!(place.marks(), 1);
        mark.clear();
        assert_eq!(place.marks(), 0);
    }

    #[test]
    fn what_a_killed_run_left_damaged_is_found_by_the_next_one() {
        let place = Place::new();
        place.lock("part", b"abcdef");
        fs::write(place.archive("part"), "abc").unwrap();
        place.killed();
        let mut taken = place.taken();
        assert_eq!(taken.len(), 1);
        assert!(place.taken().is_empty(), "two instances don't share one");
        let recovery = taken.remove(0).recover();
        assert_eq!(recovery.removed, ["part-1.0.0.crate"]);
        assert!(!place.archive("part").exists());
        assert_eq!(place.marks(), 0);
    }

    #[test]
    fn a_crate_that_no_lock_file_names_any_more_is_judged_by_itself() {
        let place = Place::new();
        let whole = packed("a crate");
        fs::write(place.archive("whole"), &whole).unwrap();
        fs::write(place.archive("part"), &whole[..whole.len() - 3]).unwrap();
        let foreign = place.archive("x").with_file_name("notes.txt");
        fs::write(&foreign, "mine").unwrap();
        place.killed();
        assert_eq!(place.taken().remove(0).recover().removed, ["part-1.0.0.crate"]);
        assert!(place.archive("whole").exists() && foreign.exists());
    }

    #[test]
    fn the_mark_stays_while_another_cargo_is_in_the_way() {
        let place = Place::new();
        place.lock("part", b"abcdef");
        fs::write(place.archive("part"), "abc").unwrap();
        place.killed();
        let busy = fs::File::open(place.spec.cargo_home.join(".package-cache")).unwrap();
        busy.lock().unwrap();
        assert!(place.taken().remove(0).recover().trouble.is_some());
        assert!(place.archive("part").exists());
        busy.unlock().unwrap();
        assert_eq!(place.taken().remove(0).recover().removed, ["part-1.0.0.crate"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_orphaned_cargo_is_known_as_long_as_it_runs() {
        let place = Place::new();
        let mut cargo =
            std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let mut mark = RunMark::set(&place.spec, SystemTime::UNIX_EPOCH).unwrap();
        mark.started(cargo.id());
        drop(mark);
        let taken = place.taken().remove(0);
        assert_eq!(taken.orphan(), Some(cargo.id()));
        cargo.kill().unwrap();
        cargo.wait().unwrap();
        assert_eq!(taken.orphan(), None);
    }

    #[test]
    fn marks_of_a_newer_version_and_garbage_are_left_alone() {
        let place = Place::new();
        fs::create_dir_all(&place.spec.runs_dir).unwrap();
        let text = "{\"version\":2,\"began\":0,\"workspace\":\"/\",\"cargo_home\":\"/\",\"caches\":[]}\n";
        fs::write(place.spec.runs_dir.join("new.json"), text).unwrap();
        fs::write(place.spec.runs_dir.join("odd.json"), "{").unwrap();
        assert!(place.taken().is_empty());
        assert_eq!(place.marks(), 2);
        assert!(place.root.path().exists());
    }
}
