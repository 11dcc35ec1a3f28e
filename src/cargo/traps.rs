//! What in the names and addresses of registries keeps Cargo from finding or authenticating one (cargo-contract 0,
//! traps 8 to 13). Pure.

use toml_edit::Item;
use url::Url;

use super::home::ConfigLayer;
use super::settings::{Index, Registry, Replacement, Settings, env_name, same_index};
use super::toml_text;
use crate::domain::text::clean;
use crate::host::Env;

/// One of them, safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trap {
    /// Whether Cargo fails; else it surprises.
    pub is_fatal: bool,
    pub what: String,
    /// What mends it.
    pub remedy: String,
}

/// All that are there, those that make Cargo fail first.
#[must_use]
pub fn traps(settings: &Settings, layers: &[ConfigLayer], env: &Env) -> Vec<Trap> {
    let registries = settings.registries();
    let mut traps: Vec<Trap> = replacement(settings).into_iter().collect();
    for (place, registry) in registries.iter().enumerate() {
        traps.extend(hidden(registry, env));
        traps.extend(invalid(registry));
        traps.extend(two_sources(registry, layers));
        traps.extend(registries[..place].iter().filter_map(|other| twin(other, registry)));
    }
    traps.sort_by_key(|trap| !trap.is_fatal);
    traps
}

fn fatal(what: String, remedy: String) -> Trap {
    Trap { is_fatal: true, what, remedy }
}

fn replacement(settings: &Settings) -> Option<Trap> {
    match settings.replacement() {
        Replacement::Cycle { name, file } => Some(fatal(
            format!("`replace-with` goes round in a circle at `{name}`, and Cargo would never end"),
            format!("mend the `[source]` tables of {}", shown(&file.to_string_lossy())),
        )),
        Replacement::Undefined { name, file } => Some(fatal(
            format!("crates.io is replaced by `{name}`, which has no usable index"),
            format!("give `[registries.{name}]` an index, or mend {}", shown(&file.to_string_lossy())),
        )),
        Replacement::None | Replacement::Registry(_) | Replacement::Other { .. } => None,
    }
}

/// Trap 10.
fn hidden(registry: &Registry, env: &Env) -> Option<Trap> {
    let middle = env_name(&registry.name);
    let variable = format!("CARGO_REGISTRIES_{middle}_INDEX");
    let is_renamed = middle.to_lowercase() != registry.name;
    env.text(&variable).filter(|_| is_renamed)?;
    let name = clean(&registry.name);
    Some(fatal(
        format!("the variable {variable} hides the credential of `{name}` from Cargo"),
        format!("unset {variable}"),
    ))
}

/// Trap 9.
fn invalid(registry: &Registry) -> Option<Trap> {
    let Index::Other(index) = &registry.index else { return None };
    let is_address = Url::parse(index.strip_prefix("sparse+").unwrap_or(index)).is_ok();
    let is_git = is_address && !index.starts_with("sparse+");
    (!is_git).then(|| {
        let name = clean(&registry.name);
        fatal(
            format!("the index of `{name}` is no address that Cargo takes, so no registry gets a credential"),
            format!("mend `registries.{name}.index` in {}", shown(&registry.source)),
        )
    })
}

/// Trap 11.
fn two_sources(registry: &Registry, layers: &[ConfigLayer]) -> Option<Trap> {
    let layer = layers.iter().find(|layer| {
        let document = toml_text::parse(&layer.text).ok();
        let named =
            document.as_ref().and_then(|document| toml_text::get(document, &["source", &registry.name]));
        named.is_some_and(Item::is_table_like)
    })?;
    let name = clean(&registry.name);
    Some(fatal(
        format!("`{name}` is a registry and a source: Cargo takes the source, which has no credential"),
        format!("take `[source.{name}]` out of {}", shown(&layer.path.to_string_lossy())),
    ))
}

/// Trap 8, and names that share their variables.
fn twin(one: &Registry, other: &Registry) -> Option<Trap> {
    let (first, second) = (clean(&one.name), clean(&other.name));
    if let (Index::Sparse(a), Index::Sparse(b)) = (&one.index, &other.index)
        && same_index(a.as_str(), b.as_str())
    {
        return Some(fatal(
            format!("`{first}` and `{second}` have one index, and Cargo can't tell whose credential to send"),
            format!("take `[registries.{second}]` out of {}", shown(&other.source)),
        ));
    }
    (env_name(&one.name) == env_name(&other.name)).then(|| Trap {
        is_fatal: false,
        what: format!("`{first}` and `{second}` share their environment variables"),
        remedy: format!("rename `{second}` in {}", shown(&other.source)),
    })
}

fn shown(place: &str) -> String {
    clean(place)
}

#[cfg(test)]
mod tests {
    use super::super::home::Origin;
    use super::super::settings::tests::layer;
    use super::*;

    fn found(text: &str, env: &[(&str, &str)]) -> Vec<Trap> {
        let layers = [layer("/p/.cargo/config.toml", Origin::Checkout, text)];
        let env: Env = env.iter().copied().collect();
        let settings = Settings::read(&layers, &env).unwrap();
        traps(&settings, &layers, &env)
    }

    #[test]
    fn every_trap_is_seen() {
        for (text, words) in [
            ("source.crates-io.replace-with = 'x'\nsource.x.replace-with = 'x'\n", "in a circle"),
            ("source.crates-io.replace-with = 'x'\n", "no usable index"),
            ("registries.a.index = 'sparse+nowhere'\n", "no address"),
            ("registries.a.index = 'not an address'\n", "no address"),
            ("registries.a.index = '<A>'\nsource.a.registry = '<A>'\n", "a registry and a source"),
            ("registries.a.index = '<A>'\nregistries.b.index = '<A>'\n", "have one index"),
        ] {
            let found = found(text, &[]);
            assert!(found.iter().any(|trap| trap.is_fatal && trap.what.contains(words)), "{text}: {found:?}");
        }
    }

    #[test]
    fn names_are_traps_only_where_a_variable_or_another_name_meets_them() {
        let text = "registries.my-feed.index = '<A>'\n";
        assert!(found(text, &[]).is_empty());
        let hidden = found(text, &[("CARGO_REGISTRIES_MY_FEED_INDEX", "sparse+https://h/x/")]);
        assert_eq!(hidden[0].remedy, "unset CARGO_REGISTRIES_MY_FEED_INDEX");
        let plain = "registries.feed.index = '<A>'\n";
        assert!(found(plain, &[("CARGO_REGISTRIES_FEED_INDEX", "sparse+https://h/x/")]).is_empty());
        let shared = found("registries.my-feed.index = '<A>'\nregistries.my_feed.index = '<B>'\n", &[]);
        assert!(matches!(&shared[..], [trap] if !trap.is_fatal && trap.what.contains("share")), "{shared:?}");
        assert!(found("registries.git.index = 'https://h/index.git'\n", &[]).is_empty());
    }
}
