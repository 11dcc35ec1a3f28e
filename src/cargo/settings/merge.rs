//! Merging Cargo's files and the environment: tables key by key, the nearest value wins, lists are joined
//! (cargo-contract 1.2, 1.3).

use std::path::{Path, PathBuf};
use std::time::Duration;

use toml_edit::{Document, Item, TableLike};

use super::{
    HttpSettings, Index, Location, ProviderKind, ProviderOrigin, ProviderSetting, Registry, Settings,
    env_name_of, shown_path,
};
use crate::cargo::error::ConfigError;
use crate::cargo::home::{ConfigLayer, Origin};
use crate::cargo::toml_text;
use crate::domain::registry::IndexUrl;
use crate::domain::text::{clean, redact};
use crate::host::Env;

impl Settings {
    /// Adds a file; the nearest comes first.
    pub(super) fn add(&mut self, layer: &ConfigLayer, document: &Document<&str>) -> Result<(), ConfigError> {
        for (name, table) in tables(document, "registries") {
            self.add_registry(layer, name, table)?;
        }
        for (name, table) in tables(document, "source") {
            self.add_source(layer, name, table);
        }
        // Arrays are joined, the nearest file's last (cargo-contract 1.2).
        let providers = toml_text::get(document, &["registry", "global-credential-providers"]);
        let providers = providers.and_then(Item::as_array).into_iter().flatten();
        let providers = providers.filter_map(|value| value.as_str()).map(clean).collect::<Vec<_>>();
        self.global_providers.splice(..0, providers);
        if layer.origin == Origin::User {
            add_http(&mut self.http, layer, document);
        }
        add_http(&mut self.http_of_all, layer, document);
        Ok(())
    }

    fn add_registry(
        &mut self,
        layer: &ConfigLayer,
        name: &str,
        table: &dyn TableLike,
    ) -> Result<(), ConfigError> {
        let provider = provider(layer, table);
        let index = table.get("index").and_then(Item::as_str).map(index_of);
        let registries = &mut self.registries;
        let Some(known) = registries.iter_mut().find(|registry| registry.name == name) else {
            registries.push(Registry {
                name: name.to_owned(),
                index: index.unwrap_or(Index::Missing),
                source: shown_path(&layer.path),
                provider,
            });
            return Ok(());
        };
        if let (Index::Missing, Some(index)) = (&known.index, index) {
            known.index = index;
            known.source = shown_path(&layer.path);
        }
        match (&known.provider, provider) {
            (Some(near), Some(far)) if near.kind != far.kind => Err(ConfigError::MixedProviderTypes {
                name: clean(name),
                near: (near.file.clone(), near.line),
                far: (far.file, far.line),
            }),
            (None, far) => {
                known.provider = far;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn add_source(&mut self, layer: &ConfigLayer, name: &str, table: &dyn TableLike) {
        let source = self.sources.entry(name.to_owned()).or_default();
        if source.replace_with.is_none() {
            let next = table.get("replace-with").and_then(Item::as_str);
            source.replace_with = next.map(|next| (next.to_owned(), layer.path.clone()));
        }
        if source.location.is_none() {
            source.location = [
                ("registry", "registry"),
                ("directory", "a folder of vendored crates"),
                ("local-registry", "a local registry"),
                ("git", "a git repository"),
            ]
            .into_iter()
            .find_map(|(key, kind)| {
                let text = table.get(key).and_then(Item::as_str)?.to_owned();
                Some(Location { file: layer.path.clone(), kind, text })
            });
        }
    }

    /// Adds the environment, after all files.
    pub(super) fn add_env(&mut self, env: &Env) {
        for (variable, value) in env.iter() {
            let (Some(variable), Some(value)) = (variable.to_str(), value.to_str()) else { continue };
            let Some(rest) = variable.strip_prefix("CARGO_REGISTRIES_") else { continue };
            if let Some(name) = rest.strip_suffix("_INDEX").filter(|name| !name.is_empty()) {
                self.add_env_index(variable, name, value);
            }
            if let Some(name) = rest.strip_suffix("_CREDENTIAL_PROVIDER") {
                let setting = ProviderSetting {
                    file: PathBuf::from(variable),
                    line: None,
                    origin: ProviderOrigin::Environment,
                    kind: ProviderKind::String,
                    text: clean(value),
                };
                self.env_providers.insert(name.to_owned(), setting);
            }
        }
        let words = env.text("CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS").unwrap_or_default();
        self.global_providers.extend(words.split_whitespace().map(clean));
        add_http_env(&mut self.http, env);
        add_http_env(&mut self.http_of_all, env);
    }

    fn add_env_index(&mut self, variable: &str, name: &str, value: &str) {
        let mut is_known = false;
        for registry in self.registries.iter_mut().filter(|known| env_name_of(known) == name) {
            registry.index = index_of(value);
            variable.clone_into(&mut registry.source);
            is_known = true;
        }
        if !is_known {
            self.registries.push(Registry {
                // The name that Cargo gives it in its messages and to providers (cargo-contract 1.5).
                name: name.to_lowercase(),
                index: index_of(value),
                source: variable.to_owned(),
                provider: None,
            });
        }
    }
}

fn add_http(http: &mut HttpSettings, layer: &ConfigLayer, document: &Document<&str>) {
    let text = |key| toml_text::get(document, &["http", key]).and_then(Item::as_str).map(str::to_owned);
    http.or_proxy(text("proxy"), &layer.path.to_string_lossy());
    // A relative path starts at the folder that holds `.cargo`.
    let base = layer.path.parent().and_then(Path::parent).unwrap_or(Path::new(""));
    http.cainfo = http.cainfo.take().or_else(|| text("cainfo").map(|file| base.join(file)));
    let seconds = toml_text::get(document, &["http", "timeout"]).and_then(Item::as_integer);
    http.timeout = http.timeout.or_else(|| timeout(seconds?.try_into().ok()));
}

/// Cargo's variables come before all files.
fn add_http_env(http: &mut HttpSettings, env: &Env) {
    const PROXY: &str = "CARGO_HTTP_PROXY";
    if let Some(proxy) = env.text(PROXY) {
        *http = HttpSettings { proxy: None, ..http.clone() };
        http.or_proxy(Some(proxy.to_owned()), PROXY);
    }
    let cainfo = env.os("CARGO_HTTP_CAINFO").filter(|file| !file.is_empty()).map(PathBuf::from);
    http.cainfo = cainfo.or_else(|| http.cainfo.take());
    let seconds = |name| env.text(name).and_then(|seconds| seconds.parse().ok());
    http.timeout =
        timeout(seconds("CARGO_HTTP_TIMEOUT")).or(http.timeout).or_else(|| timeout(seconds("HTTP_TIMEOUT")));
}

pub(super) fn tables<'d>(
    document: &'d Document<&str>,
    key: &str,
) -> impl Iterator<Item = (&'d str, &'d dyn TableLike)> + use<'d> {
    let table = toml_text::get(document, &[key]).and_then(Item::as_table_like);
    let entries = table.into_iter().flat_map(|table| table.iter());
    entries.filter_map(|(name, item)| Some((name, item.as_table_like()?)))
}

fn provider(layer: &ConfigLayer, table: &dyn TableLike) -> Option<ProviderSetting> {
    let item = table.get("credential-provider")?;
    let (kind, text) = match (item.as_str(), item.as_array()) {
        (Some(text), _) => (ProviderKind::String, text.to_owned()),
        (_, Some(words)) => {
            let words: Vec<&str> = words.iter().filter_map(|word| word.as_str()).collect();
            (ProviderKind::Array, words.join(" "))
        }
        _ => return None,
    };
    let origin = ProviderOrigin::File(layer.origin);
    let line = Some(toml_text::position(&layer.text, item).line);
    Some(ProviderSetting { file: layer.path.clone(), line, origin, kind, text: redact(&clean(&text)) })
}

fn index_of(text: &str) -> Index {
    IndexUrl::parse(text).map_or_else(|| Index::Other(redact(&clean(text))), Index::Sparse)
}

/// Zero is no limit to Cargo's library; here it is as good as none given.
fn timeout(seconds: Option<u64>) -> Option<Duration> {
    seconds.filter(|seconds| *seconds > 0).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{A, layer, read};
    use super::*;
    use crate::domain::registry::RegistryName;

    #[test]
    fn tables_are_merged_key_by_key() {
        let project = "[registries.a]\nindex = \"<A>\"\n";
        let user = "[registries.a]\nindex = \"<B>\"\ncredential-provider = [\"cargo:token\"]\n[registries.git]\nindex = \"https://me:pw@h/x\"\n[registries.none]\n";
        let settings = read(project, user, &[]);
        let [a, git, none] = settings.registries() else { panic!("{settings:?}") };
        assert_eq!(
            (a.index.clone(), a.source.as_str()),
            (Index::Sparse(IndexUrl::parse(A).unwrap()), "/p/.cargo/config.toml")
        );
        let provider = a.provider.as_ref().unwrap();
        assert_eq!((provider.kind, provider.text.as_str()), (ProviderKind::Array, "cargo:token"));
        assert_eq!(provider.origin, ProviderOrigin::File(Origin::User));
        assert_eq!(git.index, Index::Other("https://h/x".into()));
        assert_eq!(none.index, Index::Missing);
        let name = RegistryName::parse("a").unwrap();
        assert_eq!(settings.provider_of(&name), Some(provider));
        let env = read(project, user, &[("CARGO_REGISTRIES_A_CREDENTIAL_PROVIDER", "/opt/p get")]);
        assert_eq!(env.provider_of(&name).unwrap().origin, ProviderOrigin::Environment);
        assert_eq!(env.provider_of(&name).unwrap().text, "/opt/p get");
    }

    #[test]
    fn provider_lists_are_joined_with_the_nearest_last() {
        let settings = read(
            "[registry]\nglobal-credential-providers = [\"proj1\", \"proj2\"]\n",
            "[registry]\nglobal-credential-providers = [\"user1\", \"user2\"]\n",
            &[("CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS", "env1 env2")],
        );
        assert_eq!(settings.global_providers(), ["user1", "user2", "proj1", "proj2", "env1", "env2"]);
    }

    #[test]
    fn a_provider_of_two_types_is_said_before_cargo_fails() {
        let layers = [
            layer("/p/.cargo/config.toml", Origin::Checkout, "[registries.a]\ncredential-provider = 'x'\n"),
            layer("/u/config.toml", Origin::User, "[registries.a]\ncredential-provider = ['x']\n"),
        ];
        let error = Settings::read(&layers, &Env::default()).unwrap_err();
        assert!(matches!(error, ConfigError::MixedProviderTypes { .. }), "{error:?}");
    }

    #[test]
    fn proxies_and_certificates_come_from_the_person_alone() {
        let theirs = "[http]\nproxy = \"http://evil:1\"\ncainfo = \"evil.pem\"\ntimeout = 1\n";
        assert_eq!(*read(theirs, "", &[]).http(), HttpSettings::default());
        let agreed = read(theirs, "", &[]);
        assert_eq!(agreed.http_of_all().proxy.as_deref(), Some("http://evil:1"), "Cargo itself uses it");
        let mine = "[http]\nproxy = \"http://me:pw@proxy:8080\"\ncainfo = \"certs/ca.pem\"\ntimeout = 5\n";
        let settings = read(theirs, mine, &[("HTTP_TIMEOUT", "9")]);
        assert_eq!(settings.http().timeout, Some(Duration::from_secs(5)));
        assert_eq!(settings.http().proxy.as_deref(), Some("http://me:pw@proxy:8080"));
        assert_eq!(settings.http().cainfo.as_deref(), Some(Path::new("/home/me/certs/ca.pem")));
        assert_eq!(settings.http().shown_proxy().as_deref(), Some("http://proxy:8080"));
        assert!(!format!("{settings:?}").contains("pw"));
        let env =
            [("CARGO_HTTP_PROXY", "env:1"), ("CARGO_HTTP_CAINFO", "/env.pem"), ("CARGO_HTTP_TIMEOUT", "7")];
        let settings = read(theirs, mine, &env);
        assert_eq!(settings.http().proxy.as_deref(), Some("env:1"));
        assert_eq!(settings.http().cainfo.as_deref(), Some(Path::new("/env.pem")));
        assert_eq!(settings.http().timeout, Some(Duration::from_secs(7)));
    }

    #[test]
    fn a_broken_file_is_named_with_line_and_column() {
        let layers = [layer("/p/.cargo/config.toml", Origin::Checkout, "[a]\nb = \n")];
        let error = Settings::read(&layers, &Env::default()).unwrap_err();
        assert!(matches!(error, ConfigError::Syntax { line: 2, .. }), "{error:?}");
        assert!(error.to_string().contains("`/p/.cargo/config.toml` (line 2, column "), "{error}");
    }
}
