//! What Cargo's configuration, its environment and its file of tokens say of who answers for a registry
//! (cargo-contract 1.5, 3.2). Reads; asks no provider.

use std::path::Path;

use super::credentials;
use super::error::ConfigError;
use super::settings::{ProviderOrigin, Settings, same_index};
use crate::domain::answering::StoreFacts;
use crate::domain::registry::{IndexUrl, RegistryName};
use crate::domain::text::clean;
use crate::host::{Env, Host};

/// The facts for one registry, but for what this tool keeps itself.
///
/// # Errors
/// When Cargo's file of tokens can't be read.
pub fn facts(
    (settings, env): (&Settings, &Env),
    cargo_home: &Path,
    (name, index): (&RegistryName, &IndexUrl),
) -> Result<StoreFacts, ConfigError> {
    let name = &name_for_credentials(env, name, index);
    let own = settings.provider_of(name).map(|provider| {
        let file = clean(&provider.file.to_string_lossy());
        let line = provider.line.map_or(String::new(), |line| format!(" (line {line})"));
        let set_in = match provider.origin {
            ProviderOrigin::Environment => format!("the variable {file}"),
            ProviderOrigin::File(_) => format!("`{file}`{line}"),
        };
        (provider.text.trim().to_owned(), set_in)
    });
    let variable = format!("CARGO_REGISTRIES_{}_TOKEN", name.env_name());
    let in_file = credentials::token_for(cargo_home, &Env::default(), name)?;
    Ok(StoreFacts {
        own,
        list: settings.global_providers().to_vec(),
        variable: env.text(&variable).is_some().then_some(variable),
        file: in_file.map(|token| token.place),
        ours: None,
        kept: None,
        registry: name.to_string(),
        env_name: name.env_name(),
        system: Host::system(),
    })
}

/// Where a variable gives the index, Cargo takes the registry's name from the variable (cargo-contract trap 10).
fn name_for_credentials(env: &Env, name: &RegistryName, index: &IndexUrl) -> RegistryName {
    let variable = format!("CARGO_REGISTRIES_{}_INDEX", name.env_name());
    let is_same = env.text(&variable).is_some_and(|text| same_index(text, index.as_str()));
    let renamed = is_same.then(|| RegistryName::parse(&name.env_name().to_lowercase()).ok()).flatten();
    renamed.unwrap_or_else(|| name.clone())
}
