//! Every index that a configuration names, also where a nearer file gives its registry another one: each has, or
//! once had, a cache folder of its own (cargo-contract 6).

use toml_edit::Item;

use super::merge::tables;
use super::shown_path;
use crate::cargo::home::ConfigLayer;
use crate::cargo::toml_text;
use crate::domain::text::clean;
use crate::host::Env;

/// An index and who names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedIndex {
    /// The registry's name, clean.
    pub registry: String,
    /// As written, with its `sparse+`: it may hold user information, and is not for showing.
    pub url: String,
    /// The file or the variable, clean.
    pub named_in: String,
}

/// The indexes of the environment, then those of all files, nearest first. A file that is no TOML names none.
#[must_use]
pub fn named_indexes(layers: &[ConfigLayer], env: &Env) -> Vec<NamedIndex> {
    let mut named: Vec<NamedIndex> =
        env.iter().filter_map(|(name, value)| of_variable(name, value)).collect();
    for layer in layers {
        let Ok(document) = toml_text::parse(&layer.text) else { continue };
        for (table, key) in [("registries", "index"), ("source", "registry")] {
            named.extend(tables(&document, table).filter_map(|(name, table)| {
                Some(NamedIndex {
                    registry: clean(name),
                    url: table.get(key).and_then(Item::as_str)?.to_owned(),
                    named_in: shown_path(&layer.path),
                })
            }));
        }
    }
    named
}

fn of_variable(name: &std::ffi::OsStr, value: &std::ffi::OsStr) -> Option<NamedIndex> {
    let variable = name.to_str()?;
    let registry = variable.strip_prefix("CARGO_REGISTRIES_")?.strip_suffix("_INDEX")?;
    let url = value.to_str()?.to_owned();
    Some(NamedIndex { registry: clean(&registry.to_lowercase()), url, named_in: clean(variable) })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{A, B, layer};
    use super::*;
    use crate::cargo::home::Origin;

    #[test]
    fn the_farther_file_is_asked_too_and_what_is_no_toml_names_nothing() {
        let layers = [
            layer("/p/.cargo/config.toml", Origin::Checkout, "[registries]\nfeed = { index = '<A>' }\n"),
            layer("/p/broken", Origin::Checkout, "[registries\n"),
            layer(
                "/home/me/.cargo/config.toml",
                Origin::User,
                "[registries.feed]\nindex = '<B>'\n[source.git]\nregistry = 'https://h/i.git'\n[source.v]\ndirectory = 'v'\n",
            ),
        ];
        let env = [("CARGO_REGISTRIES_MY_FEED_INDEX", "sparse+https://h/e/"), ("CARGO_HOME", "x")];
        let named = named_indexes(&layers, &env.into_iter().collect());
        let named: Vec<_> = named.iter().map(|index| (index.registry.as_str(), index.url.as_str())).collect();
        assert_eq!(
            named,
            [("my_feed", "sparse+https://h/e/"), ("feed", A), ("feed", B), ("git", "https://h/i.git")]
        );
    }
}
