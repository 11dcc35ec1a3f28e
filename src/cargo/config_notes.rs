//! What a person should know before agreeing to a change of Cargo's configuration: sentences, no decisions.

use super::settings::{ProviderOrigin, Replacement, env_name, first_include, same_index};
use super::situation::{Situation, cargos_provider, index_of, replacement_of, shown};
use crate::domain::answering::Answerer;
use crate::domain::credential::{Kept, TokenStore};
use crate::domain::plan::ConfigScope;
use crate::domain::text::clean;
use crate::host::Host;

/// The sentences for this plan in this situation, the most surprising first.
pub(super) fn notes(situation: &Situation<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(nearer_replacement(situation));
    notes.extend(of_registry(situation));
    notes.extend(two_files(situation));
    notes.extend(included(situation));
    notes.extend(replacement(situation));
    notes
}

/// Those that concern the registry alone: its name, index and credential.
pub(super) fn of_registry(situation: &Situation<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(plain_text(situation));
    notes.extend(index_variable(situation));
    notes.extend(of_provider(situation));
    notes.extend(provider_that_gives_way(situation));
    notes.extend(token_variable(situation));
    notes.extend(shadowed_index(situation));
    notes.extend(shared_variables(situation));
    notes
}

/// A file of the project wins over the person's.
fn nearer_replacement(situation: &Situation<'_>) -> Option<String> {
    if situation.scope != ConfigScope::User || !situation.plan.replace_crates_io {
        return None;
    }
    let own = situation.plan.registry.as_str();
    let (layer, name) = situation
        .nearer_layers()
        .iter()
        .find_map(|layer| Some((layer, replacement_of(layer)?)))
        .filter(|(_, name)| name != own)?;
    let file = shown(&layer.path);
    Some(format!(
        "{file} is nearer and replaces crates.io by `{}`, so in this project the change has no effect.",
        clean(&name)
    ))
}

/// What a person agrees to with the rest: no keyring asks for a password before it gives the credential away.
fn plain_text(situation: &Situation<'_>) -> Option<String> {
    (situation.plan.store == TokenStore::Provider(Kept::File)).then(|| {
        "The credential will lie in a file of this tool, in plain text, readable by you alone: going on is your yes to that."
            .to_owned()
    })
}

/// Cargo-contract trap 10: the variable changes the registry's name for the credential too.
fn index_variable(situation: &Situation<'_>) -> Option<String> {
    let name = &situation.plan.registry;
    let variable = format!("CARGO_REGISTRIES_{}_INDEX", name.env_name());
    let index = situation.places.env.text(&variable)?;
    if !same_index(index, situation.plan.index.as_str()) {
        return Some(format!("The variable {variable} gives `{name}` another index and wins: unset it."));
    }
    let is_renamed = name.env_name().to_lowercase() != name.as_str();
    is_renamed.then(|| {
        format!("The variable {variable} hides the credential of `{name}` from Cargo: unset it, or choose a name without `-` and capitals.")
    })
}

/// What in the environment names another credential provider than the plan does.
pub(super) fn of_provider(situation: &Situation<'_>) -> Option<String> {
    const FOR_ALL: &str = "CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS";
    let name = &situation.plan.registry;
    if situation.plan.store == TokenStore::ThisRunOnly {
        return None;
    }
    let wanted = cargos_provider(situation.plan.store);
    let variable = format!("CARGO_REGISTRIES_{}_CREDENTIAL_PROVIDER", name.env_name());
    if situation.places.env.text(&variable).is_some() {
        let provider = situation.settings.provider_of(name)?;
        return (wanted != Some(provider.text.trim())).then(|| {
            format!("The variable {variable} names another credential provider and wins: unset it.")
        });
    }
    let asked_first = wanted.is_none() && situation.places.env.text(FOR_ALL).is_some();
    asked_first.then(|| format!("The providers of the variable {FOR_ALL} are asked before this tool."))
}

/// The person's own choice for this registry: never given up without a word.
fn provider_that_gives_way(situation: &Situation<'_>) -> Option<String> {
    let plan = situation.plan;
    let own = situation.settings.provider_of(&plan.registry)?;
    let is_kept = plan.store == TokenStore::ThisRunOnly
        || own.origin == ProviderOrigin::Environment
        || cargos_provider(plan.store) == Some(own.text.trim());
    (!is_kept).then(|| {
        format!(
            "{} names {} as the credential provider of `{}`: it gives way, and `az-cargo-wizard undo` brings it back.",
            shown(&own.file),
            Answerer::of(&own.text, Host::system()).words(),
            plan.registry
        )
    })
}

fn token_variable(situation: &Situation<'_>) -> Option<String> {
    let name = &situation.plan.registry;
    let variable = format!("CARGO_REGISTRIES_{}_TOKEN", name.env_name());
    situation.places.env.text(&variable)?;
    match situation.plan.store {
        TokenStore::PlainFile => {
            Some(format!("The variable {variable} holds a token, which wins over the one that is kept."))
        }
        // One provider alone is asked for the registry, and it is not the one that reads variables.
        TokenStore::Native(provider) => Some(format!(
            "The variable {variable} holds a token, which Cargo ignores while it asks `{0}` alone; to have it win, set \
             CARGO_REGISTRIES_{1}_CREDENTIAL_PROVIDER=cargo:token beside it.",
            provider.name(),
            name.env_name()
        )),
        TokenStore::Provider(_) | TokenStore::ThisRunOnly => None,
    }
}

/// The person's file knows the name for another feed; the project's wins here.
fn shadowed_index(situation: &Situation<'_>) -> Option<String> {
    let plan = situation.plan;
    let farther = &situation.layers[situation.nearer_layers().len()..];
    let layer = farther.iter().find(|layer| {
        let index = index_of(layer, plan.registry.as_str());
        index.is_some_and(|index| !same_index(&index, plan.index.as_str()))
    })?;
    let file = shown(&layer.path);
    Some(format!("{file} gives `{}` another index, which holds no longer in this project.", plan.registry))
}

/// `my-feed` and `my_feed` share their variables (azure-contract 10.2).
fn shared_variables(situation: &Situation<'_>) -> Option<String> {
    let name = &situation.plan.registry;
    let other = situation.settings.registries().iter().find(|registry| {
        registry.name != name.as_str()
            && env_name(&registry.name) == name.env_name()
            && !registry.source.starts_with("CARGO_REGISTRIES_")
    })?;
    Some(format!("`{name}` and `{}` share their environment variables.", clean(&other.name)))
}

/// Cargo reads `config` alone where both exist (cargo-contract 1.1).
fn two_files(situation: &Situation<'_>) -> Option<String> {
    let other = situation.target.with_extension("toml");
    let is_old = situation.target.extension().is_none();
    (is_old && other.is_file())
        .then(|| format!("Cargo reads {} and ignores {} beside it.", shown(&situation.target), shown(&other)))
}

fn included(situation: &Situation<'_>) -> Option<String> {
    let (file, line) = first_include(&situation.layers)?;
    Some(format!(
        "{} (line {line}) includes further files, which Cargo reads since 1.94. They are not looked at: if one of \
         them replaces crates.io, see which wins.",
        shown(&file)
    ))
}

fn replacement(situation: &Situation<'_>) -> Option<String> {
    let plan = situation.plan;
    let current = situation.settings.replacement();
    if plan.replace_crates_io {
        let is_same = matches!(&current, Replacement::Registry(found)
            if same_index(found.index.as_str(), plan.index.as_str()));
        return (!is_same).then(|| {
            "Cargo downloads the crates again, into the cache folder of this feed, and rebuilds once."
                .to_owned()
        });
    }
    let (name, file) = match current {
        Replacement::None => return None,
        Replacement::Registry(found) => (found.name.to_string(), format!("`{}`", found.source)),
        Replacement::Other { name, file, .. }
        | Replacement::Undefined { name, file }
        | Replacement::Cycle { name, file } => (name, shown(&file)),
    };
    Some(format!("crates.io stays replaced by `{name}`, as {file} says."))
}

#[cfg(test)]
mod tests {
    use super::super::config_file::tests::{INDEX, OTHER, Sandbox, project, user};
    use crate::domain::plan::SetupPlan;
    use crate::domain::registry::RegistryName;

    #[test]
    fn notes_say_what_will_surprise() {
        let notes = |sandbox: &Sandbox, plan: &SetupPlan| sandbox.review(plan).unwrap().notes.join(" ");
        let mut sandbox = Sandbox::new();
        sandbox.write(
            "ws/.cargo/config.toml",
            "[registries.old]\nindex = '<O>'\n[source.crates-io]\nreplace-with = 'old'\n",
        );
        assert!(notes(&sandbox, &user()).contains("has no effect"));
        sandbox.env.set("CARGO_REGISTRIES_RUST_INDEX", OTHER);
        assert!(notes(&sandbox, &user()).contains("another index and wins"));
        sandbox.env.set("CARGO_REGISTRIES_RUST_INDEX", INDEX);
        assert!(!notes(&sandbox, &user()).contains("RUST_INDEX"));
        sandbox.env.set("CARGO_REGISTRIES_RUST_TOKEN", "Basic hunter2");
        assert!(notes(&sandbox, &user()).contains("RUST_TOKEN holds a token"));
        assert!(!notes(&sandbox, &user()).contains("hunter2"));
        let hyphen = SetupPlan { registry: RegistryName::parse("my-feed").unwrap(), ..user() };
        let mut trap = Sandbox::new();
        trap.env.set("CARGO_REGISTRIES_MY_FEED_INDEX", INDEX);
        assert!(notes(&trap, &hyphen).contains("hides the credential"));
        let kept = SetupPlan { replace_crates_io: false, ..project() };
        assert!(notes(&sandbox, &kept).contains("stays replaced by `old`"));
        sandbox.write("ws/.cargo/config.toml", "include = ['corp.toml']\n");
        assert!(notes(&sandbox, &project()).contains("(line 1) includes further files"));
        let fresh = Sandbox::new();
        fresh.write(
            "home/config.toml",
            "[registries.rust]\nindex = '<O>'\n[registries.My-Feed]\nindex = 'https://h/x'\n",
        );
        assert!(notes(&fresh, &project()).contains("holds no longer in this project"));
        assert!(notes(&fresh, &hyphen).contains("share their environment variables"));
    }
}
