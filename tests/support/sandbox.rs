//! A world of its own for one test: folders, an environment with nothing of the person's in it, and canaries
//! that tell when something outside was touched.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{ErrorKind, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use az_cargo_wizard::demo::Demo;
use az_cargo_wizard::host::{Clock, Host, TerminalFlags};
use tempfile::TempDir;

use super::openapi::{Documents, Seen};

/// The token in the canary home: it must be found nowhere else.
pub(crate) const CANARY_TOKEN: &str = "Basic OmNhbmFyeS1jYW5hcnktY2FuYXJ5";

/// Files above this size aren't searched for the canary token.
const MAX_SEARCHED: u64 = 1024 * 1024;

/// A folder of random name, private to the user, that is deleted in the end. Dropping it fails the test when a
/// canary was touched: the files of the home, the message bus, the proxy. So does a request to a demo that is not
/// as Microsoft's documents of the REST API say: also one that is served by the product in another process.
#[derive(Debug)]
pub(crate) struct Sandbox {
    root: TempDir,
    env: BTreeMap<OsString, OsString>,
    home_at_start: BTreeMap<PathBuf, Vec<u8>>,
    proxy: TcpListener,
    #[cfg(unix)]
    bus: std::os::unix::net::UnixListener,
}

impl Sandbox {
    /// # Panics
    /// When it can't be made, or when a Cargo configuration above it would be read by every Cargo inside.
    pub(crate) fn new() -> Self {
        let root = private_folder();
        for ancestor in root.path().ancestors() {
            for config in ["config", "config.toml"].map(|name| ancestor.join(".cargo").join(name)) {
                assert!(
                    !config.exists(),
                    "{} would be read in every sandbox: move it away",
                    config.display()
                );
            }
        }
        for folder in ["bin", "cargo-home", "project", "state", "tmp"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        make_canary_home(&root.path().join("home"));
        let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
        proxy.set_nonblocking(true).unwrap();
        let mut sandbox = Self {
            env: BTreeMap::new(),
            home_at_start: contents(&root.path().join("home")),
            proxy,
            #[cfg(unix)]
            bus: bus(&root.path().join("bus")),
            root,
        };
        sandbox.fill_env();
        sandbox
    }

    fn fill_env(&mut self) {
        let at = |name: &str| self.root.path().join(name).into_os_string();
        let mut bus = OsString::from("unix:path=");
        bus.push(at("bus"));
        let path = [&self.bin(), &toolchain().join("bin"), Path::new("/usr/bin"), Path::new("/bin")];
        let proxy = format!("http://{}", self.proxy.local_addr().unwrap());
        let mut env: BTreeMap<OsString, OsString> = [
            ("HOME", at("home")),
            ("USERPROFILE", at("home")),
            ("CARGO_HOME", at("cargo-home")),
            ("XDG_STATE_HOME", at("state")),
            ("TMPDIR", at("tmp")),
            ("PATH", std::env::join_paths(path).unwrap()),
            ("DBUS_SESSION_BUS_ADDRESS", bus),
            ("LANG", "C.UTF-8".into()),
            ("TERM", "xterm-256color".into()),
            ("AZ_CARGO_WIZARD_DEMO_LOG", at("requests.jsonl")),
        ]
        .map(|(name, value)| (name.into(), value))
        .into();
        for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            env.insert(name.into(), proxy.clone().into());
        }
        if let Some(rustup) = rustup_home() {
            env.insert("RUSTUP_HOME".into(), rustup.into());
        }
        self.env = env;
    }

    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// The canary home. Nothing may change in it.
    pub(crate) fn home(&self) -> PathBuf {
        self.root().join("home")
    }

    pub(crate) fn cargo_home(&self) -> PathBuf {
        self.root().join("cargo-home")
    }

    /// The product's own folder for what it remembers; made by the product.
    pub(crate) fn state_dir(&self) -> PathBuf {
        self.root().join("state/az-cargo-wizard")
    }

    /// The working directory of every command; empty at first.
    pub(crate) fn project(&self) -> PathBuf {
        self.root().join("project")
    }

    /// First on `PATH`, for stand-ins of programs.
    pub(crate) fn bin(&self) -> PathBuf {
        self.root().join("bin")
    }

    /// What demos in this sandbox were asked.
    pub(crate) fn request_log(&self) -> PathBuf {
        self.root().join("requests.jsonl")
    }

    /// Judges what a demo in this process is asked from now on, too.
    pub(crate) fn watch(&self, demo: &Demo) {
        demo.log_to(self.request_log());
    }

    /// Writes a file below the root, with its folders.
    pub(crate) fn write(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Puts a shell script on `PATH`, as a stand-in of a program.
    #[cfg(unix)]
    pub(crate) fn program(&self, name: &str, script: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.write(Path::new("bin").join(name), format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.env.insert(name.into(), value.into());
    }

    /// The value of a variable that is set.
    pub(crate) fn variable(&self, name: &str) -> String {
        self.env[OsStr::new(name)].to_str().unwrap().to_owned()
    }

    pub(crate) fn unset(&mut self, name: &str) {
        self.env.remove(OsStr::new(name));
    }

    /// The program in the project's folder, with this environment and no other; nothing on its standard input.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(&self.env).current_dir(self.project()).stdin(Stdio::null());
        command
    }

    /// The same world as a value, for tests in this process; its clock stands still.
    pub(crate) fn host(&self, args: &[&str]) -> Host {
        Host {
            args: std::iter::once("az-cargo-wizard")
                .chain(args.iter().copied())
                .map(OsString::from)
                .collect(),
            program: Some(self.bin().join("az-cargo-wizard")),
            env: self.env.clone().into_iter().collect(),
            cwd: self.project(),
            home: Some(self.home()),
            state_dir: Some(self.state_dir()),
            temp_dir: self.root().to_owned(),
            terminal: TerminalFlags { stdin: true, stdout: true, stderr: true },
            clock: Clock::Fake { since_start: Duration::ZERO, now: SystemTime::UNIX_EPOCH },
            machine: Some("LAPTOP-7".to_owned()),
        }
    }

    /// # Panics
    /// When a canary was touched.
    pub(crate) fn check(&self) {
        let problems = self.problems();
        assert!(problems.is_empty(), "the sandbox was left: {}", problems.join("; "));
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = home_changes(&self.home_at_start, &contents(&self.home()));
        problems.extend(self.leaks());
        let asked = Seen::read_log(&self.request_log());
        if !asked.is_empty() {
            problems.extend(Documents::get().complaints(&asked));
        }
        if let Ok((stream, _)) = self.proxy.accept() {
            let _ = stream.set_nonblocking(true);
            problems.push(format!("somebody asked the proxy: `{}`", first_words(stream)));
        }
        #[cfg(unix)]
        if let Ok((stream, _)) = self.bus.accept() {
            let _ = stream.set_nonblocking(true);
            problems.push(format!("somebody called the message bus: `{}`", first_words(stream)));
        }
        problems
    }

    /// Places to which the canary token was carried.
    fn leaks(&self) -> Vec<String> {
        let token = CANARY_TOKEN.as_bytes();
        let elsewhere = files_below(self.root()).into_iter().filter(|file| !file.starts_with(self.home()));
        elsewhere
            .filter(|file| fs::metadata(file).is_ok_and(|data| data.len() <= MAX_SEARCHED))
            .filter(|file| {
                fs::read(file).is_ok_and(|text| text.windows(token.len()).any(|part| part == token))
            })
            .map(|file| format!("`{}` holds the token of the canary home", file.display()))
            .collect()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.check();
        }
    }
}

fn private_folder() -> TempDir {
    let mut builder = tempfile::Builder::new();
    builder.prefix("az-cargo-wizard-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o700));
    }
    builder.tempdir().unwrap()
}

fn make_canary_home(home: &Path) {
    let credentials = format!("[registries.canary]\ntoken = \"{CANARY_TOKEN}\"\n");
    let files = [
        (".cargo/config.toml", "[registries.canary]\nindex = \"sparse+https://canary.invalid/\"\n"),
        (".cargo/credentials.toml", &credentials),
        (".gitconfig", "[user]\nname = Canary\n"),
        (".config/az-cargo-wizard/canary", "canary\n"),
    ];
    for (name, text) in files {
        let path = home.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

#[cfg(unix)]
fn bus(path: &Path) -> std::os::unix::net::UnixListener {
    let listener = std::os::unix::net::UnixListener::bind(path).unwrap();
    listener.set_nonblocking(true).unwrap();
    listener
}

/// The resolved toolchain, whose own `cargo` runs without rustup and therefore with any `HOME`.
pub(crate) fn toolchain() -> &'static Path {
    static TOOLCHAIN: OnceLock<PathBuf> = OnceLock::new();
    TOOLCHAIN.get_or_init(|| {
        let output = Command::new("rustc").args(["--print", "sysroot"]).output().unwrap();
        assert!(output.status.success(), "`rustc --print sysroot` failed");
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
    })
}

/// Where rustup keeps that toolchain, if rustup does.
fn rustup_home() -> Option<&'static Path> {
    let toolchains = toolchain().parent()?;
    (toolchains.file_name()? == "toolchains").then(|| toolchains.parent())?
}

/// Every file below a folder with its bytes; links are not followed.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    files_below(folder).into_iter().map(|file| (file.clone(), fs::read(file).unwrap_or_default())).collect()
}

/// Files, links and sockets below a folder. What vanishes meanwhile is passed over.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files.extend(files_below(&entry.path())),
            Ok(_) => files.push(entry.path()),
            Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound, "{}", entry.path().display()),
        }
    }
    files
}

fn home_changes(before: &BTreeMap<PathBuf, Vec<u8>>, after: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<String> {
    let gone = before.keys().filter(|file| !after.contains_key(*file)).map(|file| (file, "is gone"));
    let new = after.keys().filter(|file| !before.contains_key(*file)).map(|file| (file, "is new"));
    let changed = before.iter().filter(|(file, bytes)| after.get(*file).is_some_and(|now| now != *bytes));
    let changed = changed.map(|(file, _)| (file, "has changed"));
    gone.chain(new).chain(changed).map(|(file, how)| format!("`{}` {how}", file.display())).collect()
}

/// What a caller has said so far.
fn first_words(mut stream: impl Read) -> String {
    let mut bytes = [0; 120];
    let length = stream.read(&mut bytes).unwrap_or(0);
    String::from_utf8_lossy(&bytes[..length]).escape_debug().to_string()
}
