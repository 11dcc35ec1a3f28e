//! What Cargo's configuration says once its files and the environment are merged, as far as registries are
//! concerned (cargo-contract 1.2 to 1.6). Pure: the files' texts come from `home`.

mod indexes;
mod merge;
mod network;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use url::Url;

pub use indexes::{NamedIndex, named_indexes};
pub use network::HttpSettings;
pub(super) use network::shown_proxy;

use super::error::ConfigError;
use super::home::{ConfigLayer, Origin};
use super::toml_text;
use crate::domain::registry::{IndexUrl, RegistryInForce, RegistryName};
use crate::domain::text::{clean, redact};
use crate::host::Env;

const CRATES_IO: &str = "crates-io";

/// The argument of `--config` that gives a registry another index for one run (cargo-contract 1.2).
#[must_use]
pub fn index_argument(name: &RegistryName, index: &IndexUrl) -> String {
    format!("registries.{name}.index={}", toml_edit::Value::from(index.as_str()))
}

/// The merged configuration.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    registries: Vec<Registry>,
    sources: BTreeMap<String, Source>,
    env_providers: BTreeMap<String, ProviderSetting>,
    global_providers: Vec<String>,
    http: HttpSettings,
    /// The same with the project's own keys, as Cargo uses them.
    http_of_all: HttpSettings,
}

/// One `[registries.NAME]`, or a registry that only the environment knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    /// As written; Cargo accepts more names than [`RegistryName`].
    pub name: String,
    pub index: Index,
    /// The file or variable that gives the index, or else the nearest one that names the registry.
    pub source: String,
    pub provider: Option<ProviderSetting>,
}

/// The index of a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Index {
    Sparse(IndexUrl),
    /// A git index, or one that Cargo can't use either; as shown to a person.
    Other(String),
    /// No file gives one: Cargo ignores such a registry.
    Missing,
}

/// A `credential-provider`, and where it is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderSetting {
    /// The file; for the environment the variable's name.
    pub file: PathBuf,
    /// Of the file, from 1.
    pub line: Option<usize>,
    pub origin: ProviderOrigin,
    pub kind: ProviderKind,
    /// The command line, words separated by spaces.
    pub text: String,
}

/// Who set a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderOrigin {
    Environment,
    File(Origin),
}

/// The TOML type of a `credential-provider`; two files may not differ in it (cargo-contract 1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderKind {
    String,
    Array,
}

/// What stands in for crates.io.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replacement {
    /// Nothing: crates.io itself.
    None,
    Registry(RegistryInForce),
    /// A vendored folder, a local registry or a git index.
    Other {
        name: String,
        file: PathBuf,
        what: &'static str,
    },
    /// Cargo finds no such source, or no index for it.
    Undefined {
        name: String,
        file: PathBuf,
    },
    /// Cargo would go round for ever (cargo-contract trap 12): it must not be started.
    Cycle {
        name: String,
        file: PathBuf,
    },
}

/// Whether Cargo takes both for one index: it strips a slash at the end, and compares (cargo-contract 1.6).
pub(super) fn same_index(one: &str, other: &str) -> bool {
    let canonical = |text: &str| {
        let url = Url::parse(text).ok()?;
        let text = url.as_str();
        Some(text.strip_suffix('/').unwrap_or(text).to_owned())
    };
    one == other || canonical(one).is_some_and(|one| canonical(other).is_some_and(|other| one == other))
}

#[derive(Debug, Clone, Default)]
struct Source {
    replace_with: Option<(String, PathBuf)>,
    location: Option<Location>,
}

#[derive(Debug, Clone)]
struct Location {
    file: PathBuf,
    kind: &'static str,
    text: String,
}

impl Settings {
    /// Merges the files, nearest first, and the environment.
    ///
    /// # Errors
    /// When a file is no TOML, or two files give a provider in different types: no Cargo command works then.
    pub fn read(layers: &[ConfigLayer], env: &Env) -> Result<Self, ConfigError> {
        let mut settings = Self::default();
        for layer in layers {
            let document =
                toml_text::parse(&layer.text).map_err(|fault| ConfigError::fault(&layer.path, fault))?;
            settings.add(layer, &document)?;
        }
        settings.add_env(env);
        Ok(settings)
    }

    /// Every registry known, nearest file first.
    #[must_use]
    pub fn registries(&self) -> &[Registry] {
        &self.registries
    }

    /// What stands in for crates.io, following `replace-with` at most once through each source.
    #[must_use]
    pub fn replacement(&self) -> Replacement {
        let Some((mut name, mut file)) = self.sources.get(CRATES_IO).and_then(|s| s.replace_with.clone())
        else {
            return Replacement::None;
        };
        let mut seen = vec![CRATES_IO.to_owned()];
        loop {
            if seen.contains(&name) {
                return Replacement::Cycle { name: clean(&name), file };
            }
            let Some(source) = self.sources.get(&name) else { return self.registry_named(&name, file) };
            let Some((next, next_file)) = source.replace_with.clone() else {
                return self.source_named(&name, source, file);
            };
            seen.push(std::mem::replace(&mut name, next));
            file = next_file;
        }
    }

    fn registry_named(&self, name: &str, file: PathBuf) -> Replacement {
        let env_name = env_name(name);
        let known = self
            .registries
            .iter()
            .find(|registry| registry.name == name)
            .or_else(|| self.registries.iter().find(|registry| env_name_of(registry) == env_name));
        match (RegistryName::parse(name), known.map(|registry| &registry.index)) {
            (Ok(name), Some(Index::Sparse(index))) => Replacement::Registry(RegistryInForce {
                name,
                index: index.clone(),
                source: shown_path(&file),
                replaces_crates_io: true,
            }),
            (_, Some(Index::Sparse(_) | Index::Other(_))) => {
                Replacement::Other { name: clean(name), file, what: "another kind of registry" }
            }
            _ => Replacement::Undefined { name: clean(name), file },
        }
    }

    fn source_named(&self, name: &str, source: &Source, file: PathBuf) -> Replacement {
        let Some(location) = &source.location else {
            return Replacement::Undefined { name: clean(name), file };
        };
        let index = IndexUrl::parse(&location.text).filter(|_| location.kind == "registry");
        let named = self.registries.iter().find(|registry| match &registry.index {
            Index::Sparse(index) => same_index(index.as_str(), &location.text),
            _ => false,
        });
        // Cargo looks the credential up by URL, so that the registry's name counts where there is one.
        let name_text = named.map_or(name, |registry| registry.name.as_str());
        match (RegistryName::parse(name_text), index) {
            (Ok(name), Some(index)) => Replacement::Registry(RegistryInForce {
                name,
                index,
                source: shown_path(&location.file),
                replaces_crates_io: true,
            }),
            _ => Replacement::Other { name: clean(name), file, what: location.kind },
        }
    }

    /// The same as `--config` would make it with another index for one registry.
    #[must_use]
    pub fn with_index(mut self, name: &RegistryName, index: &IndexUrl) -> Self {
        let same = self.registries.iter_mut().filter(|registry| registry.name == name.as_str());
        same.for_each(|registry| registry.index = Index::Sparse(index.clone()));
        self
    }

    /// The registry that stands in for crates.io; or else the only feed of Azure Artifacts that is
    /// configured, which then replaces nothing.
    #[must_use]
    pub fn registry_in_force(&self) -> Option<RegistryInForce> {
        match self.replacement() {
            Replacement::Registry(registry) => return Some(registry),
            Replacement::None => {}
            _ => return None,
        }
        let mut feeds = self.registries.iter().filter_map(|registry| match &registry.index {
            Index::Sparse(index) if index.target().is_some() => Some((registry, index)),
            _ => None,
        });
        let (registry, index) = feeds.next()?;
        if feeds.next().is_some() {
            return None;
        }
        Some(RegistryInForce {
            name: RegistryName::parse(&registry.name).ok()?,
            index: index.clone(),
            source: registry.source.clone(),
            replaces_crates_io: false,
        })
    }

    /// What Cargo would take this name of a source for, in words.
    pub(super) fn what_is(&self, name: &str) -> String {
        if let Some(source) = self.sources.get(name) {
            return match (&source.location, &source.replace_with) {
                (Some(location), _) => format!("{}: {}", location.kind, redact(&clean(&location.text))),
                (None, Some((next, _))) => format!("a source that `{}` stands in for", clean(next)),
                (None, None) => "a source without a place".to_owned(),
            };
        }
        match self.registries.iter().find(|registry| registry.name == name).map(|registry| &registry.index) {
            Some(Index::Sparse(index)) => format!("the registry {}", index.shown()),
            Some(Index::Other(index)) => format!("the registry {index}"),
            Some(Index::Missing) | None => "a source that no file describes".to_owned(),
        }
    }

    /// Whether Cargo would take this name for a feed of Azure Artifacts when it follows `replace-with`.
    pub(super) fn is_feed(&self, name: &str) -> bool {
        let is_feed = |index: &Index| matches!(index, Index::Sparse(index) if index.target().is_some());
        let known = self.registries.iter().find(|registry| registry.name == name);
        !self.sources.contains_key(name) && known.is_some_and(|registry| is_feed(&registry.index))
    }

    /// The provider of this registry alone: the environment's, or else the nearest file's.
    #[must_use]
    pub fn provider_of(&self, name: &RegistryName) -> Option<&ProviderSetting> {
        let in_file = || self.registries.iter().find(|registry| registry.name == name.as_str());
        self.env_providers.get(&name.env_name()).or_else(|| in_file()?.provider.as_ref())
    }

    /// `registry.global-credential-providers`, merged: Cargo tries the last one first.
    #[must_use]
    pub fn global_providers(&self) -> &[String] {
        &self.global_providers
    }

    /// How this person reaches the network; without the keys of a checkout's files (product.md, 'Trust').
    #[must_use]
    pub fn http(&self) -> &HttpSettings {
        &self.http
    }

    /// The same with a checkout's keys, as Cargo uses them: only after the person's yes to these files.
    #[must_use]
    pub fn http_of_all(&self) -> &HttpSettings {
        &self.http_of_all
    }
}

/// The first file that includes others, and the line: Cargo 1.94 and later read them, and what they say is not
/// looked at here.
#[must_use]
pub fn first_include(layers: &[ConfigLayer]) -> Option<(PathBuf, usize)> {
    layers.iter().find_map(|layer| {
        let document = toml_text::parse(&layer.text).ok()?;
        let line =
            toml_text::get(&document, &["include"]).map(|item| toml_text::position(&layer.text, item).line);
        Some((layer.path.clone(), line?))
    })
}

/// The middle of a registry's environment variables.
pub(super) fn env_name(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}

fn env_name_of(registry: &Registry) -> String {
    env_name(&registry.name)
}

fn shown_path(path: &Path) -> String {
    clean(&path.to_string_lossy())
}

#[cfg(test)]
pub(in crate::cargo) mod tests {
    use super::*;

    pub(super) const A: &str = "sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/a/Cargo/index/";
    pub(super) const B: &str = "sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/b/Cargo/index/";

    pub(in crate::cargo) fn layer(path: &str, origin: Origin, text: &str) -> ConfigLayer {
        ConfigLayer { path: path.into(), origin, text: text.replace("<A>", A).replace("<B>", B) }
    }

    /// A project's file and the person's.
    pub(super) fn read(project: &str, user: &str, env: &[(&str, &str)]) -> Settings {
        let layers = [
            layer("/p/.cargo/config.toml", Origin::Checkout, project),
            layer("/home/me/.cargo/config.toml", Origin::User, user),
        ];
        Settings::read(&layers, &env.iter().copied().collect()).unwrap()
    }

    fn in_force(settings: &Settings) -> Option<(String, String, String, bool)> {
        let found = settings.registry_in_force()?;
        Some((found.name.to_string(), found.index.to_string(), found.source, found.replaces_crates_io))
    }

    #[test]
    fn the_replacement_in_force_is_the_nearest_ones() {
        let project = "[source.crates-io]\nreplace-with = \"a\"\n";
        let user = "[registries]\na = { index = \"<A>\" }\nb.index = \"<B>\"\n[source.crates-io]\nreplace-with = \"b\"\n";
        let settings = read(project, user, &[]);
        assert_eq!(in_force(&settings), Some(("a".into(), A.into(), "/p/.cargo/config.toml".into(), true)));
        let settings = read("", user, &[("CARGO_REGISTRIES_B_INDEX", A)]);
        let source = "/home/me/.cargo/config.toml".to_owned();
        assert_eq!(in_force(&settings), Some(("b".into(), A.into(), source.clone(), true)));
        // Sources can't be set by the environment (cargo-contract 1.3).
        let settings = read("", user, &[("CARGO_SOURCE_CRATES_IO_REPLACE_WITH", "a")]);
        assert_eq!(in_force(&settings), Some(("b".into(), B.into(), source, true)));
    }

    #[test]
    fn one_feed_alone_is_in_force_without_replacing() {
        let settings = read(
            "[registries.a]\nindex = \"<A>\"\n[registries.cio]\nindex = \"sparse+https://index.crates.io/\"\n",
            "",
            &[],
        );
        assert_eq!(in_force(&settings), Some(("a".into(), A.into(), "/p/.cargo/config.toml".into(), false)));
        let two = read("[registries.a]\nindex = \"<A>\"\n", "[registries.b]\nindex = \"<B>\"\n", &[]);
        assert_eq!(in_force(&two), None);
        assert_eq!(in_force(&read("", "", &[])), None);
        let env = read("", "", &[("CARGO_REGISTRIES_MY_FEED_INDEX", A)]);
        let source = "CARGO_REGISTRIES_MY_FEED_INDEX".to_owned();
        assert_eq!(in_force(&env), Some(("my_feed".into(), A.into(), source, false)));
    }

    #[test]
    fn a_registry_of_the_environment_replaces_under_its_written_name() {
        let project = "[source.crates-io]\nreplace-with = \"my-feed\"\n";
        let settings = read(project, "", &[("CARGO_REGISTRIES_MY_FEED_INDEX", A)]);
        assert_eq!(in_force(&settings).unwrap().0, "my-feed");
    }

    #[test]
    fn replacements_are_followed_and_circles_end() {
        let replacement = |text: &str| read(text, "", &[]).replacement();
        let chain = "[source]\ncrates-io.replace-with = 'x'\nx.replace-with = 'y'\ny.replace-with = 'a'\n[registries]\na.index = '<A>'\n";
        assert!(matches!(replacement(chain), Replacement::Registry(found) if found.name.as_str() == "a"));
        let circle = "[source]\ncrates-io.replace-with = 'x'\nx.replace-with = 'y'\ny.replace-with = 'x'\n";
        assert!(matches!(replacement(circle), Replacement::Cycle { .. }));
        let own = "[source]\ncrates-io.replace-with = 'crates-io'\n";
        assert!(matches!(replacement(own), Replacement::Cycle { .. }));
        let vendored = "[source]\ncrates-io.replace-with = 'v'\nv.directory = 'vendor'\n";
        let what = "a folder of vendored crates";
        assert!(matches!(replacement(vendored), Replacement::Other { what: found, .. } if found == what));
        for undefined in [
            "[source]\ncrates-io.replace-with = 'x'\n",
            "[source]\ncrates-io.replace-with = 'x'\n[registries.x]\n",
            "[source]\ncrates-io.replace-with = 'x'\n[source.x]\n",
        ] {
            assert!(matches!(replacement(undefined), Replacement::Undefined { .. }), "{undefined}");
        }
        let git = "[source]\ncrates-io.replace-with = 'x'\n[registries.x]\nindex = 'https://h/index.git'\n";
        assert!(matches!(replacement(git), Replacement::Other { .. }));
        assert_eq!(replacement("[source.crates-io]\n"), Replacement::None);
    }

    #[test]
    fn a_source_with_a_feeds_url_goes_by_the_registrys_name() {
        let text = "[source]\ncrates-io.replace-with = 'mirror'\nmirror.registry = '<A>'\n";
        assert_eq!(in_force(&read(text, "", &[])).unwrap().0, "mirror");
        let named = format!("{text}[registries.a]\nindex = '<A>'\n");
        assert_eq!(in_force(&read(&named, "", &[])).unwrap().0, "a");
    }

    #[test]
    fn indexes_are_compared_as_cargo_compares_them() {
        assert!(same_index(A, A.trim_end_matches('/')));
        assert!(same_index("sparse+https://h/My Project/x/", "sparse+https://h/My%20Project/x/"));
        assert!(!same_index(A, B));
        assert!(!same_index(A, &A.replace("fabrikam", "Fabrikam")));
    }
}
