//! What the process is given: arguments, environment, working directory, home, terminal flags and the
//! clock. The one place that asks the operating system for them; everything else gets a [`Host`].
#![expect(
    clippy::disallowed_methods,
    reason = "this room asks the operating system, so that no other has to"
)]

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use etcetera::BaseStrategy as _;

use crate::domain::machine::{Facts, Machine};

/// Names the folder for what this tool remembers, in place of the usual one; the demo gives its own to its children.
pub const STATE_DIR: &str = "AZ_CARGO_WIZARD_STATE_DIR";

/// The world around one process, as a value.
#[derive(Debug, Clone)]
pub struct Host {
    pub args: Vec<OsString>,
    /// This program's own file; `None` where the system does not tell.
    pub program: Option<PathBuf>,
    pub env: Env,
    pub cwd: PathBuf,
    /// The person's home; `None` where the system knows none.
    pub home: Option<PathBuf>,
    /// The folder for what this tool remembers (`$XDG_STATE_HOME/az-cargo-wizard` on Linux).
    pub state_dir: Option<PathBuf>,
    /// Where temporary folders go.
    pub temp_dir: PathBuf,
    pub terminal: TerminalFlags,
    pub clock: Clock,
    /// What this machine is called; as it says it.
    pub machine: Option<String>,
}

/// Without one of them there is no session on Linux whose keyring could be asked.
const SESSION: [&str; 2] = ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"];

/// Which standard streams are terminals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TerminalFlags {
    pub stdin: bool,
    pub stdout: bool,
    pub stderr: bool,
}

/// The service that runs a pipeline's job, by the variable that tells; the last one is everybody's.
const PIPELINES: [(&str, &str); 5] = [
    ("TF_BUILD", "Azure Pipelines"),
    ("GITHUB_ACTIONS", "GitHub Actions"),
    ("GITLAB_CI", "GitLab CI"),
    ("JENKINS_URL", "Jenkins"),
    ("CI", "CI"),
];

/// What only a container has.
const OF_CONTAINERS: [&str; 5] =
    ["container", "REMOTE_CONTAINERS", "CODESPACES", "KUBERNETES_SERVICE_HOST", "DEVCONTAINER"];

/// The files that Docker and Podman leave.
const CONTAINER_FILES: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];

impl Env {
    /// What the environment tells of the machine.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let says =
            |name: &str| self.text(name).is_some_and(|value| !matches!(value, "0" | "false" | "False"));
        let any = |names: &[&str]| names.iter().any(|name| says(name));
        Facts {
            pipeline: PIPELINES.iter().find(|(name, _)| says(name)).map(|(_, service)| *service),
            container: any(&OF_CONTAINERS),
            wsl: any(&["WSL_DISTRO_NAME", "WSL_INTEROP"]),
            ssh: any(&["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"]),
        }
    }
}

impl Host {
    /// The kind of machine this is.
    #[must_use]
    pub fn machine(&self) -> Machine {
        let mut facts = self.env.facts();
        facts.container |= CONTAINER_FILES.iter().any(|file| Path::new(file).exists());
        Machine::of(&facts)
    }

    /// The system that this program was built for, as Rust names it.
    #[must_use]
    pub fn system() -> &'static str {
        std::env::consts::OS
    }

    /// The real one.
    ///
    /// # Errors
    /// When the working directory is gone.
    pub fn os() -> std::io::Result<Self> {
        let base = etcetera::choose_base_strategy().ok();
        let state = base.as_ref().map(|dirs| dirs.state_dir().unwrap_or_else(|| dirs.data_dir()));
        let named = std::env::var_os(STATE_DIR).filter(|dir| !dir.is_empty()).map(PathBuf::from);
        Ok(Self {
            args: std::env::args_os().collect(),
            program: std::env::current_exe().ok(),
            env: Env(std::env::vars_os().collect()),
            cwd: std::env::current_dir()?,
            home: base.map(|dirs| dirs.home_dir().to_owned()),
            state_dir: named.or_else(|| state.map(|dir| dir.join("az-cargo-wizard"))),
            temp_dir: std::env::temp_dir(),
            terminal: TerminalFlags {
                stdin: std::io::stdin().is_terminal(),
                stdout: std::io::stdout().is_terminal(),
                stderr: std::io::stderr().is_terminal(),
            },
            clock: Clock::Os { start: Instant::now() },
            machine: machine(),
        })
    }
}

/// Linux tells it in a file; the others in a variable, where the shell hands that on.
fn machine() -> Option<String> {
    let mut files = ["/proc/sys/kernel/hostname", "/etc/hostname"].into_iter();
    let mut variables = ["COMPUTERNAME", "HOSTNAME", "HOST"].into_iter();
    files
        .find_map(|file| std::fs::read_to_string(file).ok())
        .or_else(|| variables.find_map(|name| std::env::var(name).ok()))
}

/// The environment, and what children of ours are given of it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Env(BTreeMap<OsString, OsString>);

/// Names only: values may be secrets.
impl std::fmt::Debug for Env {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Env {
    /// The variable, where it is set, not empty and UTF-8.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(OsStr::new(name))?.to_str().filter(|value| !value.is_empty())
    }

    #[must_use]
    pub fn os(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// Whether this is the session of the process itself: a library that asks the system for a keyring would find
    /// none of another person's.
    #[must_use]
    pub fn is_own_session(&self) -> bool {
        const NAMES: [&str; 4] = ["HOME", "USERPROFILE", SESSION[0], SESSION[1]];
        let has_one = !cfg!(target_os = "linux") || SESSION.iter().any(|name| self.text(name).is_some());
        has_one && NAMES.iter().all(|name| self.os(name) == std::env::var_os(name).as_deref())
    }

    pub fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.0.insert(name.into(), value.into());
    }

    pub fn remove(&mut self, name: &str) {
        self.0.remove(OsStr::new(name));
    }

    /// The first executable file of that name on `PATH` that lies in none of the folders, links resolved.
    #[must_use]
    pub fn find_program_outside(&self, name: &str, folders: &[PathBuf]) -> Found {
        let inside =
            |file: &Path| lies_in(file, folders) || file.parent().is_none_or(|dir| lies_in(dir, folders));
        let programs = self.programs(name);
        match programs.iter().find(|file| !inside(file)) {
            Some(program) => Found::Program(program.clone()),
            None if programs.is_empty() => Found::Nothing,
            None => Found::OnlyInside,
        }
    }

    /// The same environment for a child that shall start nothing out of these folders: a `PATH` of absolute folders
    /// elsewhere.
    #[must_use]
    pub fn without_path_in(&self, folders: &[PathBuf]) -> Self {
        let mut env = self.clone();
        let path = self.os("PATH").unwrap_or_default();
        let kept = std::env::split_paths(path).filter(|dir| dir.is_absolute() && !lies_in(dir, folders));
        // Cannot fail: what was split at the separator holds none.
        env.set("PATH", std::env::join_paths(kept).unwrap_or_default());
        env
    }

    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// The first executable file of that name on `PATH`.
    #[must_use]
    pub fn find_program(&self, name: &str) -> Option<PathBuf> {
        self.programs(name).into_iter().next()
    }

    /// Every executable file of that name in an absolute folder of `PATH`, in its order.
    fn programs(&self, name: &str) -> Vec<PathBuf> {
        let Some(path) = self.os("PATH") else { return Vec::new() };
        let names: Vec<String> = if cfg!(windows) {
            ["exe", "cmd", "bat"].iter().map(|extension| format!("{name}.{extension}")).collect()
        } else {
            vec![name.to_owned()]
        };
        std::env::split_paths(path)
            .filter(|dir| dir.is_absolute())
            .flat_map(|dir| names.iter().map(move |name| dir.join(name)).collect::<Vec<_>>())
            .filter(|file| is_executable(file))
            .collect()
    }
}

/// What a search on `PATH` has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Program(PathBuf),
    /// None but in folders that are not to be trusted.
    OnlyInside,
    Nothing,
}

fn lies_in(path: &Path, folders: &[PathBuf]) -> bool {
    let physical = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let own = physical(path);
    folders.iter().any(|folder| path.starts_with(folder) || own.starts_with(physical(folder)))
}

impl<K: Into<OsString>, V: Into<OsString>> FromIterator<(K, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect())
    }
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file()
}

/// Time since the process began, and the time of day.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    Os {
        start: Instant,
    },
    /// Stands still.
    Fake {
        since_start: Duration,
        now: SystemTime,
    },
}

impl Clock {
    #[must_use]
    pub fn since_start(&self) -> Duration {
        match self {
            Self::Os { start } => start.elapsed(),
            Self::Fake { since_start, .. } => *since_start,
        }
    }

    #[must_use]
    pub fn now(&self) -> SystemTime {
        match self {
            Self::Os { .. } => SystemTime::now(),
            Self::Fake { now, .. } => *now,
        }
    }

    /// The time of day in seconds since 1970 (UTC).
    #[must_use]
    pub fn unix_seconds(&self) -> u64 {
        self.now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn program(dir: &Path) -> PathBuf {
        std::fs::create_dir_all(dir).unwrap();
        let file = dir.join("az");
        std::fs::write(&file, "").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        file
    }

    fn env(dirs: &[&Path]) -> Env {
        Env::from_iter([("PATH", std::env::join_paths(dirs).unwrap())])
    }

    #[test]
    fn a_program_inside_a_checkout_is_passed_over_however_it_gets_on_the_path() {
        let root = tempfile::tempdir().unwrap();
        let (checkout, own) = (root.path().join("checkout"), root.path().join("own"));
        let theirs = program(&checkout.join("bin"));
        let ours = program(&own);
        let (linked_file, linked_dir) = (root.path().join("links"), root.path().join("linked"));
        std::fs::create_dir(&linked_file).unwrap();
        symlink(&theirs, linked_file.join("az")).unwrap();
        symlink(checkout.join("bin"), &linked_dir).unwrap();
        let folders = [checkout.clone()];
        for dir in [checkout.join("bin"), checkout.join("bin/../bin"), linked_file, linked_dir] {
            let found = env(&[&dir, &own]).find_program_outside("az", &folders);
            assert_eq!(found, Found::Program(ours.clone()), "{}", dir.display());
            let only = env(&[&dir, Path::new("bin"), Path::new(".")]);
            assert_eq!(only.find_program_outside("az", &folders), Found::OnlyInside, "{}", dir.display());
        }
        assert_eq!(env(&[Path::new("bin")]).find_program_outside("az", &folders), Found::Nothing);
        assert_eq!(Env::default().find_program_outside("az", &folders), Found::Nothing);
    }

    #[test]
    fn a_childs_path_leads_out_of_the_checkout() {
        let root = tempfile::tempdir().unwrap();
        let (checkout, own) = (root.path().join("checkout"), root.path().join("own"));
        std::fs::create_dir_all(checkout.join("bin")).unwrap();
        let env = env(&[Path::new("."), &checkout.join("bin"), &own, Path::new("")]);
        let path = env.without_path_in(&[checkout]);
        assert_eq!(path.os("PATH"), Some(own.as_os_str()));
    }
}
