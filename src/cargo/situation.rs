//! What the configuration says before a plan changes it, and whether something in it would defeat the plan
//! (cargo-contract 0 and 1). Reads files, writes none.

use std::path::{Path, PathBuf};

use toml_edit::Item;

use super::config::ConfigEdit;
use super::config_file::Places;
use super::error::ConfigError;
use super::home::{self, ConfigLayer, Origin};
use super::install;
use super::settings::{Index, ProviderOrigin, ProviderSetting, Replacement, Settings, same_index};
use super::toml_text;
use crate::domain::credential::TokenStore;
use crate::domain::plan::{ConfigScope, SetupPlan};
use crate::domain::text::{clean, redact};

/// Cargo's own provider for the plain token file.
const PLAIN_FILE_PROVIDER: &str = "cargo:token";

/// What a review looks at, read fresh.
pub(super) struct Situation<'a> {
    pub(super) plan: &'a SetupPlan,
    pub(super) places: &'a Places<'a>,
    pub(super) layers: Vec<ConfigLayer>,
    pub(super) settings: Settings,
    /// Where registry and replacement go.
    pub(super) target: PathBuf,
    /// The plan's scope, or the person's own where the project's folder is that of `$CARGO_HOME`.
    pub(super) scope: ConfigScope,
}

impl<'a> Situation<'a> {
    pub(super) fn read(plan: &'a SetupPlan, places: &'a Places<'a>) -> Result<Self, ConfigError> {
        let layers = home::config_layers(places.workspace.unwrap_or(places.cargo_home), places.cargo_home)?;
        let settings = Settings::read(&layers, places.env)?;
        let (scope, target) = target(plan.scope, places)?;
        Ok(Self { plan, places, layers, settings, target, scope })
    }

    /// Whether the target's own replacement is a feed, perhaps one that another file describes.
    pub(super) fn own_replacement_is_feed(&self) -> bool {
        let target = home::physical(&self.target);
        let layer = self.layers.iter().find(|layer| home::physical(&layer.path) == target);
        layer.and_then(replacement_of).is_some_and(|name| self.settings.is_feed(&name))
    }

    /// What the person's file still has to say about credential providers. The project's file never names one: it is
    /// shared with people who keep their tokens elsewhere (product.md).
    pub(super) fn provider_edit(&self) -> Result<Option<ConfigEdit<'a>>, ConfigError> {
        let registry = &self.plan.registry;
        match self.plan.store {
            TokenStore::ThisRunOnly => Ok(None),
            TokenStore::PlainFile | TokenStore::Native(_) => {
                let provider = self.provider_to_write()?.map(|provider| (registry, provider));
                Ok(provider.map(|provider| ConfigEdit { provider: Some(provider), ..ConfigEdit::default() }))
            }
            TokenStore::Provider(_) => {
                self.check_providers()?;
                let program = Some(self.places.program.ok_or(ConfigError::NotInstalled)?);
                let without_provider = Some(registry);
                Ok(Some(ConfigEdit { without_provider, program, ..ConfigEdit::default() }))
            }
        }
    }

    /// What in a checkout would win over this tool as provider, or keep Cargo from starting at all: two files may not
    /// differ in a key's type (cargo-contract 1.4).
    fn check_providers(&self) -> Result<(), ConfigError> {
        self.check_tables()?;
        self.known_provider().map_or(Ok(()), |known| self.check_own(known))?;
        for layer in self.layers.iter().filter(|layer| layer.origin == Origin::Checkout) {
            let document =
                toml_text::parse(&layer.text).map_err(|fault| ConfigError::fault(&layer.path, fault))?;
            let list = toml_text::get(&document, &install::LIST).filter(|item| !item.is_array());
            let alias = toml_text::get(&document, &install::OUR_ALIAS);
            for (item, key) in [(list, install::LIST), (alias, install::OUR_ALIAS)] {
                if let Some(item) = item {
                    let line = Some(toml_text::position(&layer.text, item).line);
                    return Err(ConfigError::ProviderKeyInCheckout {
                        file: layer.path.clone(),
                        line,
                        key: key.join("."),
                    });
                }
            }
        }
        Ok(())
    }

    /// Cargo joins these tables and stops where one file has something else there.
    fn check_tables(&self) -> Result<(), ConfigError> {
        for layer in &self.layers {
            let document =
                toml_text::parse(&layer.text).map_err(|fault| ConfigError::fault(&layer.path, fault))?;
            for key in [install::LIST[0], install::OUR_ALIAS[0]] {
                let item = toml_text::get(&document, &[key]).filter(|item| !item.is_table_like());
                if let Some(item) = item {
                    return Err(ConfigError::WrongType {
                        file: layer.path.clone(),
                        line: toml_text::position(&layer.text, item).line,
                        key: key.to_owned(),
                        found: item.type_name(),
                    });
                }
            }
        }
        Ok(())
    }

    fn known_provider(&self) -> Option<&ProviderSetting> {
        let name = self.plan.registry.as_str();
        self.settings.registries().iter().find(|registry| registry.name == name)?.provider.as_ref()
    }

    /// A string here and a list there would stop every Cargo command (cargo-contract 1.4), and the nearer file would
    /// win anyway.
    fn check_own(&self, known: &ProviderSetting) -> Result<(), ConfigError> {
        if known.origin != ProviderOrigin::File(Origin::Checkout) {
            return Ok(());
        }
        Err(ConfigError::ProviderInCheckout {
            file: known.file.clone(),
            line: known.line,
            name: self.plan.registry.to_string(),
            provider: known.text.clone(),
        })
    }

    /// Cargo's provider for the plan's store, where it is not named yet.
    fn provider_to_write(&self) -> Result<Option<&'static str>, ConfigError> {
        let Some(wanted) = cargos_provider(self.plan.store) else { return Ok(None) };
        let is_wanted = |provider: &ProviderSetting| provider.text.trim() == wanted;
        let Some(known) = self.known_provider() else {
            let by_env = self.settings.provider_of(&self.plan.registry).is_some_and(is_wanted);
            return Ok(Some(wanted).filter(|_| !by_env));
        };
        if is_wanted(known) {
            return Ok(None);
        }
        self.check_own(known)?;
        Ok(Some(wanted))
    }

    /// What stands in files other than the target, or in the environment, and would defeat the plan.
    pub(super) fn check_other_files(&self) -> Result<(), ConfigError> {
        self.check_sources()?;
        self.check_indexes()?;
        if self.plan.replace_crates_io && !self.places.overwrite_replacement {
            self.check_replacement()?;
        }
        Ok(())
    }

    fn check_sources(&self) -> Result<(), ConfigError> {
        let name = self.plan.registry.as_str();
        for layer in &self.layers {
            if let Some(line) = line_of(layer, &["source", name]) {
                return Err(ConfigError::SourceOfSameName {
                    file: layer.path.clone(),
                    line: Some(line),
                    name: name.to_owned(),
                });
            }
        }
        Ok(())
    }

    fn check_indexes(&self) -> Result<(), ConfigError> {
        let own = &self.plan.registry;
        // A variable for our own name is a note, not another registry.
        let own_variable = format!("CARGO_REGISTRIES_{}_INDEX", own.env_name());
        for other in self.settings.registries() {
            let is_other = other.name != own.as_str() && other.source != own_variable;
            let is_same = matches!(&other.index, Index::Sparse(index)
                if same_index(index.as_str(), self.plan.index.as_str()));
            if is_same && is_other {
                let file = PathBuf::from(&other.source);
                return Err(ConfigError::SameIndex {
                    line: self.line_in(&file, &["registries", &other.name, "index"]),
                    file,
                    other: clean(&other.name),
                });
            }
        }
        for layer in self.nearer_layers() {
            let other = index_of(layer, own.as_str());
            if let Some(current) = other.filter(|index| !same_index(index, self.plan.index.as_str())) {
                return Err(ConfigError::OtherIndex {
                    file: layer.path.clone(),
                    line: line_of(layer, &["registries", own.as_str(), "index"]),
                    name: own.to_string(),
                    current: redact(&clean(&current)),
                });
            }
        }
        Ok(())
    }

    /// A mirror or a vendored folder in any file: the person decides (azure-contract 7.7).
    fn check_replacement(&self) -> Result<(), ConfigError> {
        let own = self.plan.registry.as_str();
        let (name, file) = match self.settings.replacement() {
            Replacement::Registry(found) if found.name.as_str() != own && found.index.target().is_none() => {
                (found.name.to_string(), PathBuf::from(found.source))
            }
            Replacement::Other { name, file, .. }
            | Replacement::Undefined { name, file }
            | Replacement::Cycle { name, file }
                if name != own =>
            {
                (name, file)
            }
            _ => return Ok(()),
        };
        let line = self.line_in(&file, &["source", "crates-io", "replace-with"]);
        Err(ConfigError::OtherReplacement { file, line, current: name })
    }

    /// The line of a key in a file that was read, by the path as it is shown.
    fn line_in(&self, file: &Path, path: &[&str]) -> Option<usize> {
        let layer = self.layers.iter().find(|layer| shown(&layer.path) == shown(file))?;
        line_of(layer, path)
    }

    /// The files that win over the target.
    pub(super) fn nearer_layers(&self) -> &[ConfigLayer] {
        let at = match self.scope {
            ConfigScope::Project => Some(0),
            ConfigScope::User | ConfigScope::AsItIs => {
                self.layers.iter().position(|layer| layer.origin == Origin::User)
            }
        };
        &self.layers[..at.unwrap_or(self.layers.len())]
    }
}

/// The file for registry and replacement.
fn target(scope: ConfigScope, places: &Places<'_>) -> Result<(ConfigScope, PathBuf), ConfigError> {
    let user = (ConfigScope::User, home::config_path(places.cargo_home));
    if scope != ConfigScope::Project {
        return Ok(user);
    }
    let cargo_dir = places.workspace.ok_or(ConfigError::NoWorkspace)?.join(".cargo");
    // In the person's home both files are one, which is the person's.
    if home::physical(&cargo_dir) == home::physical(places.cargo_home) {
        return Ok(user);
    }
    Ok((ConfigScope::Project, home::config_path(&cargo_dir)))
}

/// Which of Cargo's own providers a registry names for that store; `None` where it names none.
pub(super) fn cargos_provider(store: TokenStore) -> Option<&'static str> {
    match store {
        TokenStore::PlainFile => Some(PLAIN_FILE_PROVIDER),
        TokenStore::Native(provider) => Some(provider.name()),
        TokenStore::Provider(_) | TokenStore::ThisRunOnly => None,
    }
}

/// What a file itself replaces crates.io by.
pub(super) fn replacement_of(layer: &ConfigLayer) -> Option<String> {
    text_at(layer, &["source", "crates-io", "replace-with"])
}

/// The sources that a file itself replaces by that one.
pub(super) fn replaced_by(layer: &ConfigLayer, name: &str) -> Vec<String> {
    let Ok(document) = toml_text::parse(&layer.text) else { return Vec::new() };
    let sources = toml_text::get(&document, &["source"]).and_then(Item::as_table_like);
    let is_replaced = |item: &Item| item.as_table_like()?.get("replace-with")?.as_str().map(|by| by == name);
    let replaced = sources.into_iter().flat_map(|sources| sources.iter());
    replaced.filter(|(_, item)| is_replaced(item) == Some(true)).map(|(key, _)| key.to_owned()).collect()
}

/// The index that a file itself gives a registry.
pub(super) fn index_of(layer: &ConfigLayer, name: &str) -> Option<String> {
    text_at(layer, &["registries", name, "index"])
}

fn text_at(layer: &ConfigLayer, path: &[&str]) -> Option<String> {
    let document = toml_text::parse(&layer.text).ok()?;
    toml_text::get(&document, path).and_then(Item::as_str).map(str::to_owned)
}

/// The line of a key in a file.
pub(super) fn line_of(layer: &ConfigLayer, path: &[&str]) -> Option<usize> {
    let document = toml_text::parse(&layer.text).ok()?;
    toml_text::get(&document, path).map(|item| toml_text::position(&layer.text, item).line)
}

pub(super) fn shown(path: &Path) -> String {
    format!("`{}`", clean(&path.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::super::config_file::review;
    use super::super::config_file::tests::{Sandbox, plan, project, user};
    use super::*;
    use crate::domain::credential::Kept;

    #[test]
    fn a_provider_that_is_in_force_is_not_written_again() {
        for (path, text) in [
            ("home/config.toml", "[registries.rust]\ncredential-provider = ['cargo:token']\n"),
            ("home/config", "registries.rust.credential-provider = 'cargo:token'\n"),
            ("ws/.cargo/config.toml", "[registries.rust]\ncredential-provider = \"cargo:token\"\n"),
        ] {
            let sandbox = Sandbox::new();
            sandbox.write(path, text);
            let review = sandbox.review(&project()).unwrap();
            assert!(!review.files.iter().any(|file| file.scope == ConfigScope::User), "{path}");
        }
        let mut sandbox = Sandbox::new();
        sandbox.env.set("CARGO_REGISTRIES_RUST_CREDENTIAL_PROVIDER", "cargo:token");
        assert_eq!(sandbox.review(&project()).unwrap().files.len(), 1);
        sandbox.env.set("CARGO_REGISTRIES_RUST_CREDENTIAL_PROVIDER", "other");
        let review = sandbox.review(&project()).unwrap();
        assert_eq!(review.files.len(), 2);
        assert!(review.notes[0].contains("RUST_CREDENTIAL_PROVIDER"), "{:?}", review.notes);
    }

    #[test]
    fn the_persons_own_provider_gives_way_and_the_projects_does_not() {
        let sandbox = Sandbox::new();
        sandbox.write("home/config.toml", "[registries.rust]\ncredential-provider = [\"/opt/x\"]\n");
        let notes = sandbox.review(&project()).unwrap().notes;
        assert!(
            notes.iter().any(|note| note.contains("the program `/opt/x`") && note.contains("undo")),
            "{notes:?}"
        );
        sandbox.set_up(&project());
        assert_eq!(
            sandbox.read("home/config.toml"),
            "[registries.rust]\ncredential-provider = [\"cargo:token\"]\n"
        );
        sandbox.write("ws/.cargo/config.toml", "[registries.rust]\ncredential-provider = [\"./evil\"]\n");
        for plan in [project(), user()] {
            let error = sandbox.review(&plan).unwrap_err();
            assert!(
                matches!(&error, ConfigError::ProviderInCheckout { provider, .. } if provider == "./evil")
            );
        }
        assert!(sandbox.review(&plan(ConfigScope::Project, TokenStore::ThisRunOnly)).is_ok());
    }

    #[test]
    fn what_other_files_say_can_defeat_a_plan() {
        let refused = |path: &str, text: &str, plan: &SetupPlan| {
            let sandbox = Sandbox::new();
            sandbox.write(path, text);
            sandbox.review(plan).unwrap_err()
        };
        let mine = "home/config.toml";
        let source = refused(mine, "[source.rust]\nregistry = \"<I>\"\n", &project());
        assert!(matches!(source, ConfigError::SourceOfSameName { .. }), "{source:?}");
        let same = refused(mine, "[registries.azure]\nindex = \"<I>\"\n", &project());
        assert!(matches!(&same, ConfigError::SameIndex { other, .. } if other == "azure"), "{same:?}");
        let vendored = "[source]\ncrates-io.replace-with = \"v\"\nv.directory = \"vendor\"\n";
        for (path, plan) in [(mine, project()), ("ws/.cargo/config.toml", user()), (mine, user())] {
            let error = refused(path, vendored, &plan);
            assert!(
                matches!(&error, ConfigError::OtherReplacement { current, .. } if current == "v"),
                "{error:?}"
            );
        }
        let near = "[registries.rust]\nindex = \"<O>\"\n";
        let taken = refused("ws/.cargo/config.toml", near, &user());
        assert!(matches!(taken, ConfigError::OtherIndex { .. }), "{taken:?}");
        let nowhere = Sandbox::new();
        let error =
            nowhere.with(|places| review(&project(), &Places { workspace: None, ..*places })).unwrap_err();
        assert!(matches!(error, ConfigError::NoWorkspace));
        assert!(nowhere.with(|places| review(&user(), &Places { workspace: None, ..*places })).is_ok());
    }

    /// Tables and lists that are something else, on each level and in each way to write them: named with file and line,
    /// before anything is written.
    #[test]
    fn a_key_of_another_type_is_refused_on_both_levels() {
        let ours = plan(ConfigScope::Project, TokenStore::Provider(Kept::File));
        for text in [
            "\nregistry = [1]\n",
            "\nregistry.global-credential-providers = 'cargo:token'\n",
            "\n[registry]\nglobal-credential-providers = 'cargo:token'\n",
            "\nregistry = { global-credential-providers = { a = 1 } }\n",
            "\ncredential-alias = 'x'\n",
            "\n[[credential-alias]]\nx = ['y']\n",
            "\ncredential-alias.az-cargo-wizard = { a = 1 }\n",
        ] {
            for path in ["home/config.toml", "ws/.cargo/config.toml"] {
                let sandbox = Sandbox::new();
                sandbox.write(path, text);
                let reviewed = sandbox
                    .with(|places| review(&ours, &Places { program: Some(Path::new("/opt/w")), ..*places }));
                let report = crate::error::Report::from(reviewed.expect_err(text));
                assert!(report.headline.contains("config.toml"), "{path}: {text}: {}", report.headline);
                assert!(report.headline.contains("(line "), "{path}: {text}: {}", report.headline);
                assert!(report.hint.is_some(), "{path}: {text}");
                assert_eq!(sandbox.read(path), text);
            }
        }
    }

    #[test]
    fn a_mirror_gives_way_once_the_person_agreed() {
        let sandbox = Sandbox::new();
        sandbox.write(
            "ws/.cargo/config.toml",
            "[source]\ncrates-io.replace-with = \"v\"\nv.directory = \"v\"\n",
        );
        let agreed =
            |places: &Places<'_>| review(&project(), &Places { overwrite_replacement: true, ..*places });
        let review = sandbox.with(agreed).unwrap();
        assert!(
            review.files[0].after.starts_with("[source]\ncrates-io.replace-with = \"rust\"\nv.directory")
        );
    }

    #[test]
    fn another_feed_gives_way_wherever_it_is_described() {
        let sandbox = Sandbox::new();
        sandbox.write("home/config.toml", "[registries.old]\nindex = \"<O>\"\n");
        sandbox.write("ws/.cargo/config.toml", "[source.crates-io]\nreplace-with = \"old\"\n");
        let review = sandbox.review(&project()).unwrap();
        assert!(review.files[0].after.contains("replace-with = \"rust\""));
        assert!(
            review.notes.iter().any(|note| note.contains("downloads the crates again")),
            "{:?}",
            review.notes
        );
    }
}
