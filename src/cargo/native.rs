//! Cargo's own providers for the keyring of the system, through the real Cargo: tried without keeping anything, given a
//! credential, and told to forget it (cargo-contract 3.3, 3.8). The provider comes in as a variable, which wins over every
//! file, so that none has to be written first (cargo-contract 1.3).

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;

use super::error::ConfigError;
use super::settings::index_argument;
use crate::domain::credential::Secret;
use crate::domain::registry::{IndexUrl, RegistryName};
use crate::domain::text::{clean_lines, redact};
use crate::host::Env;

/// A keyring answers in milliseconds; one that waits for a person never does.
const TRIAL: Duration = Duration::from_secs(8);

/// Cargo asks the registry before it keeps anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// A registry that nobody has.
const PROBE: (&str, &str) = ("az-cargo-wizard-trial", "sparse+https://az-cargo-wizard.invalid/");

/// What would put more, and secrets, into Cargo's words.
const UNWANTED: [&str; 3] = ["CARGO_LOG", "CARGO_HTTP_DEBUG", "RUST_BACKTRACE"];

/// One of Cargo's own providers on this machine.
#[derive(Debug, Clone, Copy)]
pub struct Native<'a> {
    /// The environment for every `cargo` that is started.
    pub env: &'a Env,
    /// Where the Cargo is chosen that will ask for the credential.
    pub dir: &'a Path,
    /// `cargo:libsecret`.
    pub provider: &'a str,
}

/// A registry, for one command.
#[derive(Debug, Clone, Copy)]
pub struct Registry<'a> {
    pub name: &'a RegistryName,
    pub index: &'a IndexUrl,
}

impl Native<'_> {
    /// Whether the provider works here: Cargo has it forget what nobody ever kept. Keeps nothing, asks no server and, as
    /// nothing is found, no person.
    ///
    /// # Errors
    /// With Cargo's own words where it doesn't, or not within seconds.
    pub async fn try_out(&self) -> Result<(), ConfigError> {
        let (name, index) = (RegistryName::parse(PROBE.0), IndexUrl::parse(PROBE.1));
        let (Ok(name), Some(index)) = (name, index) else { return Ok(()) };
        self.logout(Registry { name: &name, index: &index }, TRIAL).await
    }

    /// Has the provider keep an `Authorization` value, given on standard input.
    ///
    /// # Errors
    /// With Cargo's own words.
    pub async fn keep(&self, registry: Registry<'_>, header: &Secret) -> Result<(), ConfigError> {
        let output = self.run("login", registry, (Some(header), PATIENCE)).await?;
        self.done(&output, Some(header))
    }

    /// Whether the provider hands out what it keeps: Cargo asks it when it looks for a crate. What the registry says to
    /// that doesn't matter.
    ///
    /// # Errors
    /// With Cargo's own words where the provider does not answer.
    pub async fn prove(&self, registry: Registry<'_>) -> Result<(), ConfigError> {
        let output = self.run("search", registry, (None, PATIENCE)).await?;
        let words = words(&output.stderr);
        let is_of_provider =
            ["credential provider", "no token found"].iter().any(|part| words.contains(part));
        if is_of_provider { Err(self.failed(words)) } else { Ok(()) }
    }

    /// Has the provider forget what it keeps for a registry.
    ///
    /// # Errors
    /// With Cargo's own words.
    pub async fn forget(&self, registry: Registry<'_>) -> Result<(), ConfigError> {
        self.logout(registry, PATIENCE).await
    }

    async fn logout(&self, registry: Registry<'_>, patience: Duration) -> Result<(), ConfigError> {
        let output = self.run("logout", registry, (None, patience)).await?;
        self.done(&output, None)
    }

    fn done(&self, output: &Output, secret: Option<&Secret>) -> Result<(), ConfigError> {
        if output.status.success() {
            return Ok(());
        }
        let words = words(&output.stderr);
        // Cargo says no token; should it ever, nobody reads it here.
        let words = secret.map_or(words.clone(), |secret| words.replace(secret.expose(), "***"));
        Err(self.failed(words))
    }

    fn failed(&self, words: String) -> ConfigError {
        ConfigError::NativeFailed { provider: self.provider.to_owned(), words }
    }

    async fn run(
        &self,
        command: &str,
        Registry { name, index }: Registry<'_>,
        (input, patience): (Option<&Secret>, Duration),
    ) -> Result<Output, ConfigError> {
        let program = self.env.find_program("cargo").ok_or(ConfigError::CargoMissing)?;
        let mut env = self.env.clone();
        for name in UNWANTED {
            env.remove(name);
        }
        env.set("CARGO_TERM_COLOR", "never");
        env.set(&format!("CARGO_REGISTRIES_{}_CREDENTIAL_PROVIDER", name.env_name()), self.provider);
        let mut cargo = tokio::process::Command::new(&program);
        cargo.args([command, "--registry", name.as_str(), "--config", &index_argument(name, index)]);
        if command == "search" {
            cargo.args(["--limit", "1", "az-cargo-wizard"]);
        }
        cargo.current_dir(self.dir).env_clear().envs(env.iter()).kill_on_drop(true);
        // No terminal: nothing may be asked there.
        #[cfg(unix)]
        cargo.process_group(0);
        cargo.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
        cargo.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = cargo.spawn().map_err(|source| ConfigError::CannotStart { program, source })?;
        let talk = async {
            if let (Some(mut stdin), Some(secret)) = (child.stdin.take(), input) {
                // Without a line end, which Cargo before 1.79 would keep. A Cargo that has failed reads nothing.
                let _ = stdin.write_all(secret.expose().as_bytes()).await;
            }
            child.wait_with_output().await
        };
        match tokio::time::timeout(patience, talk).await {
            Ok(output) => {
                output.map_err(|source| ConfigError::CannotStart { program: "cargo".into(), source })
            }
            Err(_) => {
                Err(ConfigError::CargoSilent { command: command.to_owned(), seconds: patience.as_secs() })
            }
        }
    }
}

/// What Cargo said, safe to show.
fn words(output: &[u8]) -> String {
    let text = clean_lines(&String::from_utf8_lossy(output));
    text.lines().map(|line| redact(line.trim())).collect::<Vec<_>>().join("\n")
}
