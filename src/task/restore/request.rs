//! What a run of `cargo fetch` is asked to do, and what it tells besides its events.

use crate::domain::credential::Credential;
use crate::domain::registry::{IndexUrl, RegistryName};

/// One run of `cargo fetch`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Restore {
    /// `--locked`: fail instead of changing the lock file.
    pub locked: bool,
    /// Ask a feed that answers everyone by the address that makes Cargo send its token (azure-contract 7.2).
    pub force_auth: ForceAuth,
    /// The credential of 'this run only', with the registry it is for.
    pub credential: Option<(RegistryName, Credential)>,
}

/// Whether a fetch goes by the `~force-auth` address of a feed that answers everyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForceAuth {
    /// As the person has answered before; else not.
    #[default]
    AsRemembered,
    /// This run does: a flag says so.
    ThisRun,
    /// The person's answer, for this run and the next ones.
    Answered(bool),
}

/// A registry whose feed is asked by its `~force-auth` address in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forced {
    pub registry: RegistryName,
    pub index: IndexUrl,
}

impl Forced {
    /// Why, in one sentence.
    pub const WHY: &str = "The feed answers everyone, so Cargo sends it no token and nobody can save a new crate \
         through it; its ~force-auth address makes Cargo send the token.";

    /// The line that does the same for plain Cargo. For a name with `-` there is none: the variable would hide the
    /// registry's credential provider (cargo-contract trap 10).
    #[must_use]
    pub fn variable(&self) -> Option<String> {
        let name = &self.registry;
        let is_safe = !name.as_str().contains('-');
        is_safe.then(|| format!("CARGO_REGISTRIES_{}_INDEX={}", name.env_name(), self.index.shown()))
    }

    /// What plain Cargo needs, whatever the name.
    #[must_use]
    pub fn for_plain_cargo(&self) -> String {
        match self.variable() {
            Some(line) => format!("for plain Cargo: {line}"),
            None => format!(
                "for plain Cargo: cargo fetch --config 'registries.{}.index=\"{}\"'",
                self.registry,
                self.index.shown()
            ),
        }
    }
}

/// A credential that ran out in the middle of a fetch, and was renewed: Cargo runs again, for the crates that are
/// still missing (cargo-contract 3.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewed {
    pub by: RenewedBy,
    /// The next credential, where the run itself holds it; this tool as Cargo's provider keeps it otherwise.
    pub credential: Option<Credential>,
}

/// What gave the next token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenewedBy {
    Entra,
    AzureCli,
}
