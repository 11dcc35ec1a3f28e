//! The demo's own folder: the sample project, a Cargo home, a folder for what the wizard remembers, and
//! the world that a kept folder goes on with. The only files that the demo writes are below it.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::{NamedTempFile, TempDir};

use super::access::is_token;
use super::crates::Catalog;
use super::error::DemoError;
use super::pats::Pat;
use super::publish::KeptCrate;
use super::world::KeptFeed;
use crate::files::{self, Links, NewFile, Replacement};

const MANIFEST: &str = include_str!("../../assets/demo/project/manifest.toml");
const MAIN: &str = include_str!("../../assets/demo/project/main.rs");
const GITIGNORE: &str = include_str!("../../assets/demo/project/gitignore.txt");

const WORLD: &str = "world.json";
const LOCK: &str = "demo.lock";

/// The form of `world.json`, and the crates that kept lock files name.
const WORLD_VERSION: u32 = 1;

/// What Cargo reads in every folder above a project (cargo-contract 1.1).
const CONFIGS: [&str; 2] = [".cargo/config", ".cargo/config.toml"];

/// The files of the demo that may name its ports, below its folder.
const FILES_WITH_PORTS: [&str; 5] = [
    "storefront/.cargo/config",
    "storefront/.cargo/config.toml",
    "storefront/.git/config",
    "cargo-home/config",
    "cargo-home/config.toml",
];

/// What a kept demo goes on with. Holds the token, so it has no `Debug`.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    version: u32,
    pub(super) token: String,
    /// Of Azure and of its storage.
    pub(super) ports: [u16; 2],
    /// The crates that were saved into feeds.
    #[serde(default)]
    pub(super) saved: BTreeSet<String>,
    /// Whether its answers are poisoned, for tests.
    #[serde(default)]
    pub(super) hostile: bool,
    /// The feeds that were made or changed.
    #[serde(default)]
    pub(super) feeds: Vec<KeptFeed>,
    /// The personal access tokens that people have made.
    #[serde(default)]
    pub(super) pats: Vec<Pat>,
    /// The crates that people have published.
    #[serde(default)]
    pub(super) published: Vec<KeptCrate>,
}

impl Kept {
    pub(super) fn new(token: String) -> Self {
        Self {
            version: WORLD_VERSION,
            token,
            ports: [0; 2],
            saved: BTreeSet::new(),
            hostile: false,
            feeds: Vec::new(),
            pats: Vec::new(),
            published: Vec::new(),
        }
    }
}

/// The folder of one running demo; a temporary one goes with it.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) root: PathBuf,
    temporary: Option<TempDir>,
    /// Held so that no second demo runs in the folder.
    _lock: Option<File>,
}

impl Folder {
    /// Takes the folder that is to be kept, with the world in it, or makes a temporary one.
    ///
    /// # Errors
    /// When Cargo would read a configuration above it, when it belongs to somebody else or to a running
    /// demo, or when it can't be made. Nothing has been written then.
    pub(super) fn open(dir: Option<&Path>, temp_parent: &Path) -> Result<(Self, Option<Kept>), DemoError> {
        match dir {
            Some(dir) => Self::keep(dir),
            None => Ok((Self::temporary(temp_parent)?, None)),
        }
    }

    fn temporary(parent: &Path) -> Result<Self, DemoError> {
        let parent = parent.canonicalize().map_err(failed("find", parent))?;
        refuse_config_above(&parent)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix("az-cargo-wizard-demo-").rand_bytes(12);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            builder.permissions(fs::Permissions::from_mode(0o700));
        }
        let temporary = builder.tempdir_in(&parent).map_err(failed("create a folder in", &parent))?;
        Ok(Self { root: temporary.path().to_owned(), temporary: Some(temporary), _lock: None })
    }

    fn keep(dir: &Path) -> Result<(Self, Option<Kept>), DemoError> {
        let mut existing = dir;
        while !existing.as_os_str().is_empty() && !existing.exists() {
            existing = existing.parent().unwrap_or(Path::new(""));
        }
        let existing = if existing.as_os_str().is_empty() { Path::new(".") } else { existing };
        refuse_config_above(&existing.canonicalize().map_err(failed("find", existing))?)?;
        refuse_foreign(dir)?;
        files::create_private_dir(dir)?;
        let root = dir.canonicalize().map_err(failed("find", dir))?;
        let lock = lock(&root)?;
        let kept = read_world(&root)?;
        Ok((Self { root, temporary: None, _lock: Some(lock) }, kept))
    }

    pub(super) fn project(&self) -> PathBuf {
        self.root.join("storefront")
    }

    pub(super) fn cargo_home(&self) -> PathBuf {
        self.root.join("cargo-home")
    }

    pub(super) fn state(&self) -> PathBuf {
        self.root.join("state")
    }

    /// Writes what is missing, and moves the ports where they have changed. What is there stays as it is.
    ///
    /// # Errors
    /// When something can't be written.
    pub(super) fn furnish(
        &self,
        world: &Kept,
        before: Option<&Kept>,
        catalog: &Catalog,
    ) -> Result<(), DemoError> {
        for dir in [self.cargo_home(), self.state(), self.project().join("src")] {
            files::create_private_dir(&dir)?;
        }
        if let Some(before) = before {
            self.move_ports(before.ports, world.ports)?;
        }
        self.write_world(world)?;
        self.write_git(world.ports[0])?;
        let (dependencies, dev_dependencies) = catalog.project_needs();
        let manifest = MANIFEST
            .replace("{{dependencies}}", &dependencies)
            .replace("{{dev-dependencies}}", &dev_dependencies);
        let project = self.project();
        write_missing(&project.join("Cargo.toml"), &manifest)?;
        write_missing(&project.join("Cargo.lock"), &catalog.lock_file())?;
        write_missing(&project.join("src/main.rs"), MAIN)?;
        write_missing(&project.join(".gitignore"), GITIGNORE)
    }

    /// Enough of a repository for a remote to be found in it, written without running git.
    fn write_git(&self, port: u16) -> Result<(), DemoError> {
        let git = self.project().join(".git");
        for dir in ["objects", "refs/heads"] {
            files::create_private_dir(&git.join(dir))?;
        }
        let config = format!(
            "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\
             [remote \"origin\"]\n\turl = http://127.0.0.1:{port}/contoso/Storefront/_git/storefront\n\
             \tfetch = +refs/heads/*:refs/remotes/origin/*\n"
        );
        write_missing(&git.join("config"), &config)?;
        write_missing(&git.join("HEAD"), "ref: refs/heads/main\n")
    }

    /// Gives the new ports to the files that name the old ones.
    fn move_ports(&self, from: [u16; 2], to: [u16; 2]) -> Result<(), DemoError> {
        for path in FILES_WITH_PORTS.map(|path| self.root.join(path)) {
            let Some(text) = files::read(&path)? else { continue };
            let moved = with_ports(&text, from, to);
            if moved != text {
                files::replace(&Replacement {
                    path: &path,
                    expected: Some(&text),
                    text: &moved,
                    links: Links::Within(&self.root),
                    new_file: NewFile::Ordinary,
                })?;
            }
        }
        Ok(())
    }

    /// Keeps what has come about in the world, where the folder is kept.
    ///
    /// # Errors
    /// When the world can't be read or written.
    pub(super) fn remember(&self, take: impl FnOnce(&mut Kept)) -> Result<(), DemoError> {
        if self.temporary.is_some() {
            return Ok(());
        }
        let Some(before) = read_world(&self.root)? else { return Ok(()) };
        let mut now = before.clone();
        take(&mut now);
        if now == before { Ok(()) } else { self.write_world(&now) }
    }

    /// 0600, as every file that is made through a temporary one.
    fn write_world(&self, world: &Kept) -> Result<(), DemoError> {
        let path = self.root.join(WORLD);
        let mut file = NamedTempFile::new_in(&self.root).map_err(failed("write in", &self.root))?;
        serde_json::to_writer_pretty(&mut file, world)
            .map_err(|error| failed("write", &path)(io::Error::from(error)))?;
        file.as_file().sync_all().map_err(failed("write", &path))?;
        file.persist(&path).map_err(|error| failed("write", &path)(error.error))?;
        Ok(())
    }
}

fn failed<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> DemoError + 'a {
    move |source| DemoError::Folder { action, path: path.to_owned(), source }
}

/// Refuses a place where Cargo would find somebody else's configuration.
fn refuse_config_above(dir: &Path) -> Result<(), DemoError> {
    let found = dir
        .ancestors()
        .flat_map(|dir| CONFIGS.map(|config| dir.join(config)))
        .find(|path| path.symlink_metadata().is_ok());
    found.map_or(Ok(()), |path| Err(DemoError::CargoConfigAbove(path)))
}

/// Refuses a folder that holds anything, but no world.
fn refuse_foreign(dir: &Path) -> Result<(), DemoError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed("read", dir)(error)),
    };
    let mut names: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.file_name())).collect();
    names.retain(|name| name != LOCK);
    if names.is_empty() || names.iter().any(|name| name == WORLD) {
        return Ok(());
    }
    Err(DemoError::NotADemo(dir.to_owned()))
}

/// Tried once: a running demo doesn't end while one waits for it.
fn lock(root: &Path) -> Result<File, DemoError> {
    let path = root.join(LOCK);
    let file =
        private().create(true).truncate(false).write(true).open(&path).map_err(failed("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DemoError::InUse(root.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed("lock", &path)(error)),
    }
}

fn read_world(root: &Path) -> Result<Option<Kept>, DemoError> {
    let path = root.join(WORLD);
    let Some(text) = files::read(&path)? else { return Ok(None) };
    // Serde's own words may hold a piece of the token.
    let damaged = |why: String| DemoError::World { path: path.clone(), why };
    let world: Kept = serde_json::from_str(&text)
        .map_err(|error| damaged(format!("line {} is not what a demo writes", error.line())))?;
    if world.version != WORLD_VERSION {
        return Err(damaged(format!("it has version {}, not {WORLD_VERSION}", world.version)));
    }
    if !is_token(&world.token) {
        return Err(damaged("it holds no token of a demo".to_owned()));
    }
    Ok(Some(world))
}

/// Adds one JSON line to a file of the log, in one piece. A log that can't be written stops nobody.
pub(super) fn append_line(path: &Path, value: &impl Serialize) {
    let Ok(mut line) = serde_json::to_vec(value) else { return };
    line.push(b'\n');
    let _ = private().create(true).append(true).open(path).and_then(|mut file| file.write_all(&line));
}

fn write_missing(path: &Path, text: &str) -> Result<(), DemoError> {
    match private().create_new(true).write(true).open(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).map_err(failed("write", path)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed("create", path)(error)),
    }
}

/// Files that only the person can read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

/// The text with new ports, all at once: a new port may be the other's old one.
fn with_ports(text: &str, from: [u16; 2], to: [u16; 2]) -> String {
    const HOST: &str = "127.0.0.1:";
    let mut parts = text.split(HOST);
    let mut moved = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (port, rest) = part.split_at(digits);
        let place = from.iter().position(|old| port == old.to_string());
        let port = place.map_or_else(|| port.to_owned(), |place| to[place].to_string());
        moved.push_str(&format!("{HOST}{port}{rest}"));
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_moved_whole_and_at_once() {
        let text = "a 127.0.0.1:80/x b 127.0.0.1:8080 c 127.0.0.1:81 d 127.0.0.1:";
        assert_eq!(
            with_ports(text, [80, 81], [81, 80]),
            "a 127.0.0.1:81/x b 127.0.0.1:8080 c 127.0.0.1:80 d 127.0.0.1:"
        );
    }

    #[test]
    fn a_folder_below_a_cargo_configuration_is_refused_by_the_files_name() {
        for config in CONFIGS {
            let above = tempfile::tempdir().unwrap();
            let config = above.path().join(config);
            fs::create_dir_all(config.parent().unwrap()).unwrap();
            fs::write(&config, "").unwrap();
            let dir = above.path().join("a/b");
            for dir in [Some(dir.as_path()), None] {
                let refused = Folder::open(dir, above.path());
                assert!(
                    matches!(&refused, Err(DemoError::CargoConfigAbove(path)) if path.ends_with(config.strip_prefix(above.path()).unwrap())),
                );
            }
            assert!(!dir.exists(), "nothing was made");
        }
    }

    #[test]
    fn a_folder_of_somebody_else_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("thesis.txt"), "").unwrap();
        assert!(matches!(Folder::open(Some(dir.path()), dir.path()), Err(DemoError::NotADemo(_))));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_is_lent_to_one_demo_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let first = Folder::open(Some(dir.path()), dir.path()).unwrap();
        assert!(matches!(Folder::open(Some(dir.path()), dir.path()), Err(DemoError::InUse(_))));
        drop(first);
        assert!(Folder::open(Some(dir.path()), dir.path()).is_ok());
    }

    #[test]
    fn a_damaged_world_is_said_without_its_token() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(WORLD), r#"{"version": 1, "token": ["hunter2"]}"#).unwrap();
        let Err(error) = Folder::open(Some(dir.path()), dir.path()) else { panic!("it was taken") };
        assert!(matches!(error, DemoError::World { .. }));
        assert!(!format!("{error} {error:?}").contains("hunter2"));
        fs::write(dir.path().join(WORLD), r#"{"version": 7, "token": "x", "ports": [1, 2]}"#).unwrap();
        let Err(error) = Folder::open(Some(dir.path()), dir.path()) else { panic!("it was taken") };
        assert!(error.to_string().contains("version 7"));
        fs::write(dir.path().join(WORLD), r#"{"version": 1, "token": "", "ports": [1, 2]}"#).unwrap();
        assert!(matches!(Folder::open(Some(dir.path()), dir.path()), Err(DemoError::World { .. })));
    }

    #[test]
    fn everything_is_private_and_what_the_person_changed_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, none) = Folder::open(Some(&dir.path().join("demo")), dir.path()).unwrap();
        assert!(none.is_none());
        let world = Kept { ports: [4000, 4001], ..Kept::new("token".to_owned()) };
        folder.furnish(&world, None, &Catalog::packed()).unwrap();
        let manifest = folder.project().join("Cargo.toml");
        fs::write(&manifest, "mine").unwrap();
        let moved = Kept { ports: [5000, 5001], ..world.clone() };
        folder.furnish(&moved, Some(&world), &Catalog::packed()).unwrap();
        assert_eq!(fs::read_to_string(&manifest).unwrap(), "mine");
        let git = fs::read_to_string(folder.project().join(".git/config")).unwrap();
        assert!(git.contains("url = http://127.0.0.1:5000/contoso/Storefront/_git/storefront\n"), "{git}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            for path in ["", "storefront", "cargo-home", "state"] {
                assert_eq!(mode(&folder.root.join(path)), 0o700, "{path}");
            }
            for path in [WORLD, LOCK, "storefront/Cargo.lock", "storefront/.git/config"] {
                assert_eq!(mode(&folder.root.join(path)), 0o600, "{path}");
            }
        }
    }
}
