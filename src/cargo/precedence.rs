//! Which file wins for a key of Cargo's configuration, and which ones lose (cargo-contract 1.2, 1.3). Pure.

use toml_edit::{Item, Value};

use super::home::ConfigLayer;
use super::settings::env_name;
use super::toml_text;
use crate::domain::text::{clean, redact};
use crate::host::Env;

/// A key that something sets, its value safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Winner {
    /// `source.crates-io.replace-with`.
    pub key: String,
    pub value: String,
    /// The file or the variable that counts.
    pub from: String,
    /// Those that set it too, and don't count.
    pub losers: Vec<String>,
}

/// The keys that decide where crates come from and how they are asked for, as far as anything sets them.
#[must_use]
pub fn winners(layers: &[ConfigLayer], env: &Env, registry: Option<&str>) -> Vec<Winner> {
    let mut keys: Vec<(Vec<&str>, Option<String>)> =
        vec![(vec!["source", "crates-io", "replace-with"], None)];
    if let Some(name) = registry {
        let variable = |last: &str| Some(format!("CARGO_REGISTRIES_{}_{last}", env_name(name)));
        keys.push((vec!["registries", name, "index"], variable("INDEX")));
        keys.push((vec!["registries", name, "credential-provider"], variable("CREDENTIAL_PROVIDER")));
    }
    for (table, key) in [("http", "proxy"), ("http", "cainfo"), ("net", "offline")] {
        let variable = format!("CARGO_{}_{}", table.to_uppercase(), key.to_uppercase());
        keys.push((vec![table, key], Some(variable)));
    }
    keys.into_iter().filter_map(|(path, variable)| winner(layers, env, (&path, variable))).collect()
}

fn winner(layers: &[ConfigLayer], env: &Env, (path, variable): (&[&str], Option<String>)) -> Option<Winner> {
    let by_env = variable.and_then(|name| Some((env.text(&name)?.to_owned(), name)));
    let in_files = layers.iter().filter_map(|layer| {
        let document = toml_text::parse(&layer.text).ok()?;
        let value = toml_text::get(&document, path).and_then(words)?;
        Some((value, clean(&layer.path.to_string_lossy())))
    });
    let mut set = by_env.into_iter().chain(in_files);
    let (value, from) = set.next()?;
    let losers = set.map(|(_, from)| from).collect();
    // A proxy's address may hold a password.
    let value = redact(&clean(&value));
    let value = if path == ["http", "proxy"] { super::settings::shown_proxy(&value) } else { value };
    Some(Winner { key: clean(&path.join(".")), value, from, losers })
}

fn words(item: &Item) -> Option<String> {
    match item.as_value()? {
        Value::String(text) => Some(text.value().clone()),
        Value::Boolean(flag) => Some(flag.value().to_string()),
        Value::Array(words) => {
            let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
            Some(words.join(" "))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::home::Origin;
    use super::super::settings::tests::layer;
    use super::*;

    #[test]
    fn the_nearest_wins_and_the_environment_before_it() {
        let layers = [
            layer(
                "/p/.cargo/config.toml",
                Origin::Checkout,
                "source.crates-io.replace-with = 'a'\n[registries.a]\nindex = '<A>'\n",
            ),
            layer(
                "/u/config.toml",
                Origin::User,
                "source.crates-io.replace-with = 'b'\n[registries.a]\nindex = '<B>'\ncredential-provider = ['x', 'get']\n[http]\nproxy = 'http://me:hunter2@proxy:1'\n",
            ),
        ];
        let env: Env = [("CARGO_REGISTRIES_A_INDEX", "sparse+https://h/")].into_iter().collect();
        let found = winners(&layers, &env, Some("a"));
        let said = |key: &str| found.iter().find(|winner| winner.key == key).cloned().unwrap();
        let replaced = said("source.crates-io.replace-with");
        assert_eq!((replaced.value.as_str(), replaced.from.as_str()), ("a", "/p/.cargo/config.toml"));
        assert_eq!(replaced.losers, ["/u/config.toml"]);
        let index = said("registries.a.index");
        assert_eq!(index.from, "CARGO_REGISTRIES_A_INDEX");
        assert_eq!(index.losers, ["/p/.cargo/config.toml", "/u/config.toml"]);
        assert_eq!(said("registries.a.credential-provider").value, "x get");
        assert_eq!(said("http.proxy").value, "http://proxy:1");
        assert!(!format!("{found:?}").contains("hunter2"));
        assert!(winners(&[], &Env::default(), None).is_empty());
    }
}
