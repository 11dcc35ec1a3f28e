//! What can go wrong with Cargo's configuration and its toolchain, and what to do then.

use std::path::{Path, PathBuf};

use super::toml_text::Fault;
use crate::domain::text::clean;
use crate::error::{Exit, Report};
use crate::files::FileError;

/// A failure around Cargo's own files and the `cargo` program. Texts are clean and hold no secret.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {}: {message}", place(file, Some(*line), Some(*column)))]
    Syntax { file: PathBuf, line: usize, column: usize, message: String },
    /// Without the parser's words: the file holds tokens.
    #[error("cannot make sense of {}", place(file, Some(*line), Some(*column)))]
    CredentialsSyntax { file: PathBuf, line: usize, column: usize },
    #[error("`{key}` in {} should not be of type {found}", place(file, Some(*line), None))]
    WrongType { file: PathBuf, line: usize, key: String, found: &'static str },
    #[error("`{key}` in {} is written in a way that cannot be changed safely", place(file, None, None))]
    Unsafe { file: PathBuf, key: String },
    #[error("`[source.{name}]` in {} would be taken in place of the registry `{name}`", place(file, *line, None))]
    SourceOfSameName { file: PathBuf, line: Option<usize>, name: String },
    #[error("crates.io is already replaced by `{current}` in {}", place(file, *line, None))]
    OtherReplacement { file: PathBuf, line: Option<usize>, current: String },
    #[error("the registry `{name}` already stands for `{current}` in {}", place(file, *line, None))]
    OtherIndex { file: PathBuf, line: Option<usize>, name: String, current: String },
    #[error("{} is replaced by `{name}` in {}", of_source(what), place(file, *line, None))]
    RegistryInForce { file: PathBuf, line: Option<usize>, what: String, name: String },
    #[error("no configuration names a registry `{name}`")]
    NoSuchRegistry { name: String },
    #[error("this feed is already the registry `{other}` in {}", place(file, *line, None))]
    SameIndex { file: PathBuf, line: Option<usize>, other: String },
    #[error("{} sets the credential provider of `{name}` to `{provider}`", place(file, *line, None))]
    ProviderInCheckout { file: PathBuf, line: Option<usize>, name: String, provider: String },
    #[error("{} sets `{key}`, which would win over this tool or stop every Cargo command", place(file, *line, None))]
    ProviderKeyInCheckout { file: PathBuf, line: Option<usize>, key: String },
    #[error(
        "this program lies in a folder of builds or temporary files, which Cargo's configuration must not name"
    )]
    NotInstalled,
    #[error(
        "`registries.{name}.credential-provider` is a list in one file and a string in another: {} and {}",
        place(&near.0, near.1, None),
        place(&far.0, far.1, None)
    )]
    MixedProviderTypes { name: String, near: (PathBuf, Option<usize>), far: (PathBuf, Option<usize>) },
    #[error("{} {why}", place(file, None, None))]
    ManifestUnusable { file: PathBuf, why: &'static str },
    #[error("there is no Cargo project here whose configuration could be changed")]
    NoWorkspace,
    /// A later file could not be written, and this one, written before, could not be put back.
    #[error("{} was changed and could not be put back", place(file, None, None))]
    NotPutBack {
        file: PathBuf,
        backup: Option<PathBuf>,
        #[source]
        source: FileError,
    },
    #[error("a token for Cargo holds printable ASCII characters only")]
    TokenNotPrintable,
    #[error("`{provider}` does not work here")]
    NativeFailed { provider: String, words: String },
    #[error("`{provider}` keeps at most {limit} bytes, and this credential is longer")]
    TooLongForNative { provider: &'static str, limit: usize },
    #[error("`cargo` is not on PATH")]
    CargoMissing,
    #[error("the toolchain that this project asks for is not installed")]
    ToolchainMissing { words: String },
    #[error("rustup has no default toolchain")]
    NoDefaultToolchain { words: String },
    #[error("cargo {version} is too old for private registries: 1.74 is needed")]
    CargoTooOld { version: semver::Version },
    #[error("`cargo {command}` failed")]
    CargoFailed { command: String, words: String },
    #[error("`cargo {command}` has not answered for {seconds} s")]
    CargoSilent { command: String, seconds: u64 },
    #[error("cannot start `{}`", clean(&program.to_string_lossy()))]
    CannotStart {
        program: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(transparent)]
    File(#[from] FileError),
}

const CRATES_IO: &str = "crates-io";
const BY_HAND: &str = "mend the file by hand; Cargo cannot read it either";

fn of_source(name: &str) -> String {
    if name == CRATES_IO { "crates.io".to_owned() } else { format!("`[source.{name}]`") }
}

/// `` `FILE` (line 3, column 7) ``.
fn place(file: &Path, line: Option<usize>, column: Option<usize>) -> String {
    let file = format!("`{}`", clean(&file.to_string_lossy()));
    match (line, column) {
        (Some(line), Some(column)) => format!("{file} (line {line}, column {column})"),
        (Some(line), None) => format!("{file} (line {line})"),
        _ => file,
    }
}

impl ConfigError {
    pub(super) fn fault(file: &Path, fault: Fault) -> Self {
        let file = file.to_owned();
        match fault {
            Fault::Syntax { message, at } => {
                Self::Syntax { file, line: at.line, column: at.column, message: clean(&message) }
            }
            Fault::WrongType { key, found, at } => {
                Self::WrongType { file, line: at.line, key: clean(&key), found }
            }
            Fault::Unsafe { key } => Self::Unsafe { file, key: clean(&key) },
        }
    }

    fn code_and_hint(&self) -> (&'static str, String) {
        let (code, hint) = match self {
            Self::Syntax { .. } | Self::ManifestUnusable { .. } => ("config-syntax", BY_HAND),
            Self::CredentialsSyntax { .. } => ("credentials-syntax", BY_HAND),
            Self::WrongType { .. } => ("config-type", "mend the key by hand, then try again"),
            Self::Unsafe { .. } => ("config-unsafe", "write the key as a section of its own, then try again"),
            Self::SourceOfSameName { .. } => {
                ("source-of-same-name", "choose another registry name, or remove that section")
            }
            Self::OtherReplacement { .. } => (
                "other-replacement",
                "leave crates.io as it is, or take the `replace-with` out of that file and try again",
            ),
            Self::OtherIndex { .. } => ("registry-name-taken", "choose another registry name"),
            Self::SameIndex { other, .. } => {
                return (
                    "same-index",
                    format!("use the name `{other}`: Cargo accepts only one name for a feed"),
                );
            }
            Self::RegistryInForce { what, .. } if what != CRATES_IO => {
                ("registry-in-force", "take that `replace-with` out of the file first")
            }
            Self::RegistryInForce { .. } => (
                "registry-in-force",
                "switch to another one first, such as `az-cargo-wizard switch crates-io`",
            ),
            Self::NoSuchRegistry { .. } => {
                ("no-such-registry", "`az-cargo-wizard switch` lists those that there are")
            }
            Self::ProviderInCheckout { .. } => (
                "provider-in-project",
                "remove the key there, or give the token to that provider yourself; nothing was changed",
            ),
            Self::ProviderKeyInCheckout { .. } => (
                "provider-in-project",
                "remove the key there, or keep the credential in another place; nothing was changed",
            ),
            Self::NotInstalled => (
                "not-installed",
                "install it first with `cargo install --locked --path DIR`, DIR its checkout, and run that one; or keep the \
                 credential in another place",
            ),
            Self::MixedProviderTypes { .. } => (
                "provider-types",
                "write it in the same form in both files; no cargo command works until then",
            ),
            Self::NotPutBack { backup: Some(backup), .. } => {
                let backup = clean(&backup.to_string_lossy());
                return ("not-put-back", format!("copy `{backup}` over it to have the old text back"));
            }
            Self::NotPutBack { backup: None, .. } => ("not-put-back", "look at the file and mend it by hand"),
            Self::NoWorkspace => {
                ("no-workspace", "go to a folder with a `Cargo.toml`, or choose the user's configuration")
            }
            Self::TokenNotPrintable => ("token-not-printable", "paste the token again, without line breaks"),
            Self::NativeFailed { .. } => (
                "native-store",
                "keep the credential in another place; `cargo login -v` in the project tells more",
            ),
            Self::TooLongForNative { .. } => ("native-store", "keep the credential in another place"),
            Self::CargoMissing => ("cargo-missing", "install Rust from https://rustup.rs, then try again"),
            Self::ToolchainMissing { .. } => {
                ("toolchain-missing", "run `rustup toolchain install` in the project, then try again")
            }
            Self::NoDefaultToolchain { .. } => ("no-default-toolchain", "run `rustup default stable`"),
            Self::CargoTooOld { .. } => {
                ("cargo-too-old", "use cargo 1.74 or later: `rustup update`, or change `rust-toolchain.toml`")
            }
            Self::CargoFailed { .. } => ("cargo-failed", "run the same command in the project to see more"),
            Self::CargoSilent { .. } => {
                ("cargo-silent", "run `cargo -V` in the project and see what it waits for")
            }
            Self::CannotStart { .. } => ("cargo-not-started", "check the program and its permissions"),
            Self::File(_) => ("file-failed", "check the path and its folder"),
        };
        (code, hint.to_owned())
    }
}

/// The words of a program as one text: its drawings stay as they are.
fn without_blank_lines(words: &str) -> String {
    let lines = words.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let lines: Vec<&str> = lines.collect();
    let text = lines.join("\n");
    text.strip_prefix("error: ").map_or(text.clone(), str::to_owned)
}

impl From<ConfigError> for Report {
    fn from(error: ConfigError) -> Self {
        let error = match error {
            ConfigError::File(error) => return error.into(),
            error => error,
        };
        let exit = match &error {
            ConfigError::NoWorkspace | ConfigError::TokenNotPrintable => Exit::Usage,
            ConfigError::CargoMissing
            | ConfigError::ToolchainMissing { .. }
            | ConfigError::NoSuchRegistry { .. } => Exit::NotFound,
            ConfigError::CargoFailed { .. } | ConfigError::CargoSilent { .. } => Exit::Cargo,
            _ => Exit::Failed,
        };
        let (code, hint) = error.code_and_hint();
        let report = Self::new(exit, code, error.to_string()).hint(hint);
        match &error {
            ConfigError::ToolchainMissing { words }
            | ConfigError::NoDefaultToolchain { words }
            | ConfigError::NativeFailed { words, .. }
            | ConfigError::CargoFailed { words, .. } => match without_blank_lines(words) {
                words if words.is_empty() => report,
                words => report.cause(words),
            },
            ConfigError::CannotStart { source, .. } => report.cause(source.to_string()),
            ConfigError::NotPutBack { source, .. } => report.causes_of(source),
            _ => report,
        }
    }
}
