//! Where Cargo's things are: the program and its version, `CARGO_HOME`, the workspace, and the configuration
//! files that apply in a folder (cargo-contract 1.1, 8). Reads only; what the files mean is `settings`' matter.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use semver::Version;

use super::error::ConfigError;
use super::toml_text;
use crate::domain::text::{clean, clean_lines, redact};
use crate::files;
use crate::host::Env;

/// Rustup's proxy takes 90 ms; a network drive more.
const PATIENCE: Duration = Duration::from_secs(30);

/// The first with authentication for registries (cargo-contract 8).
const OLDEST: (u64, u64) = (1, 74);

/// Whose a configuration file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The project's, or one of a folder above it: not trusted (product.md, 'Trust').
    Checkout,
    /// In `$CARGO_HOME`.
    User,
}

/// One configuration file that applies.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigLayer {
    pub path: PathBuf,
    pub origin: Origin,
    pub text: String,
}

/// Without the text, which may hold tokens.
impl std::fmt::Debug for ConfigLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConfigLayer")
            .field("path", &self.path)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// The Cargo that a project uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    pub version: Version,
    /// The target triple that it was built for; older ones don't tell.
    pub host: Option<String>,
}

/// `$CARGO_HOME`, or `.cargo` in the person's home; `None` where neither is known.
#[must_use]
pub fn cargo_home(env: &Env, home: Option<&Path>, cwd: &Path) -> Option<PathBuf> {
    match env.os("CARGO_HOME").filter(|dir| !dir.is_empty()) {
        Some(dir) => Some(cwd.join(dir)),
        None => home.map(|home| home.join(".cargo")),
    }
}

/// The nearest `Cargo.toml` in the folder or above it.
#[must_use]
pub fn find_manifest(dir: &Path) -> Option<PathBuf> {
    dir.ancestors().map(|dir| dir.join("Cargo.toml")).find(|file| file.is_file())
}

/// The folder as its own children see it: on Unix a process's working directory holds no links.
#[must_use]
pub fn physical(dir: &Path) -> PathBuf {
    let resolved = if cfg!(unix) { dir.canonicalize() } else { std::path::absolute(dir) };
    resolved.unwrap_or_else(|_| dir.to_owned())
}

/// The configuration file of a `.cargo` folder that Cargo would read, or `config.toml` where there is none
/// yet: the old name wins where both exist.
#[must_use]
pub fn config_path(cargo_dir: &Path) -> PathBuf {
    let old = cargo_dir.join("config");
    if old.exists() { old } else { cargo_dir.join("config.toml") }
}

/// The configuration files that apply in the folder, nearest first, `$CARGO_HOME`'s where the walk meets it
/// and otherwise last.
///
/// # Errors
/// When one is there and can't be read as text: Cargo can't either.
pub fn config_layers(dir: &Path, cargo_home: &Path) -> Result<Vec<ConfigLayer>, ConfigError> {
    let cargo_home = physical(cargo_home);
    let mut layers = Vec::new();
    let mut is_home_met = false;
    for dir in physical(dir).ancestors() {
        let cargo_dir = dir.join(".cargo");
        let is_home = physical(&cargo_dir) == cargo_home;
        is_home_met |= is_home;
        let origin = if is_home { Origin::User } else { Origin::Checkout };
        layers.extend(layer(&config_path(&cargo_dir), origin)?);
    }
    if !is_home_met {
        layers.extend(layer(&config_path(&cargo_home), Origin::User)?);
    }
    Ok(layers)
}

fn layer(path: &Path, origin: Origin) -> Result<Option<ConfigLayer>, ConfigError> {
    Ok(files::read(path)?.map(|text| ConfigLayer { path: path.to_owned(), origin, text }))
}

/// The environment for every `cargo` that we start: without what rustup and Cargo gave to us when they
/// started us, which would override the project's own choice, and without silent toolchain downloads
/// (cargo-contract 8).
#[must_use]
pub fn child_env(env: &Env) -> Env {
    let is_inherited =
        |name: &str| name.starts_with("RUSTUP_TOOLCHAIN") || matches!(name, "RUST_RECURSION_COUNT" | "CARGO");
    let kept = env.iter().filter(|(name, _)| !name.to_str().is_some_and(is_inherited));
    let mut child: Env = kept.collect();
    child.set("RUSTUP_AUTO_INSTALL", "0");
    child
}

/// The channel or path that the nearest toolchain file of the folder names, safe to show, and the file.
#[must_use]
pub fn pinned_toolchain(dir: &Path) -> Option<(PathBuf, String)> {
    let files = physical(dir);
    let files = files
        .ancestors()
        .flat_map(|dir| ["rust-toolchain", "rust-toolchain.toml"].map(|name| dir.join(name)));
    files.into_iter().find_map(|file| {
        let text = files::read(&file).ok()??;
        let document = toml_text::parse(&text).ok();
        let named =
            |key| toml_text::get(document.as_ref()?, &["toolchain", key])?.as_str().map(str::to_owned);
        let line = || text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned);
        let words = named("channel")
            .or_else(|| named("path"))
            .or_else(|| if document.is_none() { line() } else { None });
        Some((file, clean(&words.unwrap_or_else(|| "no channel".to_owned()))))
    })
}

/// The toolchain that the folder's files choose. Where they name one by path, this runs it: ask first.
///
/// # Errors
/// When there is no `cargo`, the chosen toolchain is not installed, or it is older than 1.74.
pub async fn toolchain(env: &Env, dir: &Path) -> Result<Toolchain, ConfigError> {
    let output = run(env, dir, &["-Vv"]).await?;
    if !output.status.success() {
        return Err(rustup_failure(&words(&output.stderr)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let Some(version) = field("release:").and_then(|release| Version::parse(release).ok()) else {
        return Err(ConfigError::CargoFailed { command: "-Vv".to_owned(), words: words(&output.stdout) });
    };
    if (version.major, version.minor) < OLDEST {
        return Err(ConfigError::CargoTooOld { version });
    }
    Ok(Toolchain { version, host: field("host:").map(clean) })
}

fn rustup_failure(words: &str) -> ConfigError {
    let words = words.to_owned();
    if words.contains("is not installed") {
        ConfigError::ToolchainMissing { words }
    } else if words.contains("could not choose a version") {
        ConfigError::NoDefaultToolchain { words }
    } else {
        ConfigError::CargoFailed { command: "-Vv".to_owned(), words }
    }
}

/// The root of the workspace that the manifest's folder belongs to. Runs the checkout's Cargo: only after
/// its hazards were agreed to.
///
/// # Errors
/// When Cargo can't be run, or can't read the manifests.
pub async fn workspace_root(env: &Env, manifest_dir: &Path) -> Result<PathBuf, ConfigError> {
    // As JSON: in plain text Cargo leaves out of a path what looks like a terminal's control sequence.
    let output = run(env, manifest_dir, &["locate-project", "--workspace"]).await?;
    let located: Option<Located> = serde_json::from_slice(&output.stdout).ok();
    let located = located.filter(|_| output.status.success());
    match located.as_ref().and_then(|located| located.root.parent()) {
        Some(root) => Ok(root.to_owned()),
        None => Err(ConfigError::CargoFailed {
            command: "locate-project".to_owned(),
            words: words(&output.stderr),
        }),
    }
}

/// What `cargo locate-project` answers.
#[derive(serde::Deserialize)]
struct Located {
    root: PathBuf,
}

async fn run(env: &Env, dir: &Path, args: &[&str]) -> Result<Output, ConfigError> {
    let program = env.find_program("cargo").ok_or(ConfigError::CargoMissing)?;
    let mut command = tokio::process::Command::new(&program);
    command.args(args).current_dir(dir).env_clear().envs(child_env(env).iter());
    command.stdin(Stdio::null()).kill_on_drop(true);
    let command_line = command.as_std();
    tracing::debug!(program = ?command_line.get_program(), arguments = ?command_line.get_args(), "running");
    match tokio::time::timeout(PATIENCE, command.output()).await {
        Ok(output) => output.map_err(|source| ConfigError::CannotStart { program, source }),
        Err(_) => Err(ConfigError::CargoSilent { command: args.join(" "), seconds: PATIENCE.as_secs() }),
    }
}

/// What a program said, safe to show.
fn words(output: &[u8]) -> String {
    let text = clean_lines(&String::from_utf8_lossy(output));
    text.lines().map(redact).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn texts(layers: &[ConfigLayer]) -> Vec<(&str, Origin)> {
        layers.iter().map(|layer| (layer.text.as_str(), layer.origin)).collect()
    }

    /// A folder that has no configuration above it, as far as the machine allows.
    fn sandbox() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn cargo_home_follows_the_variable_then_the_home() {
        let cwd = Path::new("/srv");
        let home = Some(Path::new("/home/me"));
        let with = |value: &str| Env::from_iter([("CARGO_HOME", value)]);
        assert_eq!(cargo_home(&with("/c"), home, cwd), Some("/c".into()));
        assert_eq!(cargo_home(&with("rel"), home, cwd), Some("/srv/rel".into()));
        assert_eq!(cargo_home(&with(""), home, cwd), Some("/home/me/.cargo".into()));
        assert_eq!(cargo_home(&Env::default(), None, cwd), None);
    }

    #[test]
    fn files_are_found_nearest_first_and_the_old_name_wins() {
        let dir = sandbox();
        let root = dir.path();
        let home = root.join("home/.cargo");
        write(&root.join("a/b/.cargo/config.toml"), "near");
        write(&root.join("a/.cargo/config.toml"), "ignored");
        write(&root.join("a/.cargo/config"), "old name");
        write(&home.join("config.toml"), "user");
        fs::create_dir_all(root.join("a/b/c")).unwrap();
        let layers = config_layers(&root.join("a/b/c"), &home).unwrap();
        assert_eq!(
            texts(&layers),
            [("near", Origin::Checkout), ("old name", Origin::Checkout), ("user", Origin::User)]
        );
        assert!(!format!("{layers:?}").contains("user\""), "texts may hold tokens");
    }

    #[test]
    fn a_cargo_home_on_the_way_is_read_once_and_is_the_persons() {
        let dir = sandbox();
        let root = dir.path();
        write(&root.join(".cargo/config.toml"), "user");
        write(&root.join("project/.cargo/config.toml"), "project");
        let layers = config_layers(&root.join("project"), &root.join(".cargo")).unwrap();
        assert_eq!(texts(&layers), [("project", Origin::Checkout), ("user", Origin::User)]);
    }

    #[test]
    fn a_file_that_cargo_could_not_read_is_said() {
        let dir = sandbox();
        let file = dir.path().join(".cargo/config.toml");
        write(&file, "");
        fs::write(&file, b"\xff").unwrap();
        assert!(matches!(config_layers(dir.path(), &dir.path().join("home")), Err(ConfigError::File(_))));
    }

    #[test]
    fn the_nearest_manifest_is_found() {
        let dir = sandbox();
        write(&dir.path().join("ws/Cargo.toml"), "");
        fs::create_dir_all(dir.path().join("ws/member/src")).unwrap();
        let found = find_manifest(&dir.path().join("ws/member/src"));
        assert_eq!(found, Some(dir.path().join("ws/Cargo.toml")));
    }

    #[test]
    fn children_do_not_inherit_what_rustup_gave_us() {
        let env = Env::from_iter([
            ("PATH", "/bin"),
            ("CARGO", "/x/cargo"),
            ("CARGO_HOME", "/c"),
            ("RUSTUP_HOME", "/r"),
            ("RUSTUP_TOOLCHAIN", "nightly"),
            ("RUSTUP_TOOLCHAIN_SOURCE", "env"),
            ("RUST_RECURSION_COUNT", "1"),
            ("RUSTUP_AUTO_INSTALL", "1"),
        ]);
        let expected =
            [("PATH", "/bin"), ("CARGO_HOME", "/c"), ("RUSTUP_HOME", "/r"), ("RUSTUP_AUTO_INSTALL", "0")];
        assert_eq!(child_env(&env), Env::from_iter(expected));
    }

    #[cfg(unix)]
    mod programs {
        use super::*;

        /// A folder with a `cargo` that does what the script says.
        fn cargo(script: &str) -> (tempfile::TempDir, Env) {
            use std::os::unix::fs::PermissionsExt as _;
            let dir = sandbox();
            let program = dir.path().join("cargo");
            fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
            // A child that another test forked meanwhile may still hold the file open for writing.
            let busy = std::io::ErrorKind::ExecutableFileBusy;
            while std::process::Command::new(&program).output().is_err_and(|error| error.kind() == busy) {
                std::thread::yield_now();
            }
            let env = Env::from_iter([("PATH", dir.path())]);
            (dir, env)
        }

        async fn ask(script: &str) -> Result<Toolchain, ConfigError> {
            let (dir, env) = cargo(script);
            toolchain(&env, dir.path()).await
        }

        #[tokio::test]
        async fn the_version_is_read_from_what_cargo_says() {
            let said = "echo 'cargo 1.97.0-nightly (4d1f98451 2026-05-15)'; echo 'release: 1.97.0-nightly'; echo 'host: x86_64-unknown-linux-gnu'";
            let found = ask(said).await.unwrap();
            assert_eq!(found.version.to_string(), "1.97.0-nightly");
            assert_eq!(found.host.as_deref(), Some("x86_64-unknown-linux-gnu"));
            assert_eq!(ask("echo 'release: 1.74.0'").await.unwrap().version, Version::new(1, 74, 0));
        }

        #[tokio::test]
        async fn each_way_to_have_no_cargo_has_its_own_words() {
            let missing = "echo \"error: toolchain '1.60.0-x' is not installed\" >&2; exit 1";
            assert!(matches!(ask(missing).await, Err(ConfigError::ToolchainMissing { .. })));
            let none = "echo 'error: rustup could not choose a version of cargo to run' >&2; exit 1";
            assert!(matches!(ask(none).await, Err(ConfigError::NoDefaultToolchain { .. })));
            let broken = "printf 'error: could not parse override file \\033[31m' >&2; exit 1";
            let Err(ConfigError::CargoFailed { words, .. }) = ask(broken).await else { panic!() };
            assert!(!words.contains('\u{1b}'));
            assert!(matches!(ask("echo 'release: 1.73.9'").await, Err(ConfigError::CargoTooOld { .. })));
            assert!(matches!(ask("echo hello").await, Err(ConfigError::CargoFailed { .. })));
            let dir = sandbox();
            let nowhere = Env::from_iter([("PATH", dir.path())]);
            assert!(matches!(toolchain(&nowhere, dir.path()).await, Err(ConfigError::CargoMissing)));
        }

        #[tokio::test]
        async fn the_workspace_is_where_cargo_says() {
            let (dir, env) = cargo(r#"echo '{"root":"/srv/my\u001b[m ws/Cargo.toml"}'"#);
            assert_eq!(workspace_root(&env, dir.path()).await.unwrap(), Path::new("/srv/my\u{1b}[m ws"));
            let words = r"printf 'error: no\n\nCaused by:\n  at\n   \033[31m| ^\n'";
            let (dir, env) = cargo(&format!("{words} >&2; exit 101"));
            let error = workspace_root(&env, dir.path()).await.unwrap_err();
            let report = crate::error::Report::from(error);
            assert_eq!(
                (report.code, report.causes.as_slice()),
                ("cargo-failed", ["no\nCaused by:\n  at\n   [31m| ^".to_owned()].as_slice())
            );
            let lines = "\n  caused by: no\n    Caused by:\n      at\n       [31m| ^\n\nhint: ";
            assert!(report.to_string().contains(lines), "{report}");
        }
    }
}
