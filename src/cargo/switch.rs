//! Feed switching (product.md): `replace-with` changes in the file where it is in force, the registry is added
//! where it is missing there, and nothing else changes. And a registry that goes. Reads files, writes none.

use std::path::{Path, PathBuf};

use super::config::{ConfigEdit, edit};
use super::config_file::{self, Places};
use super::error::ConfigError;
use super::home::{self, ConfigLayer, Origin};
use super::settings::{Index, Replacement, Settings, same_index};
use super::situation::{index_of, line_of, replaced_by, replacement_of, shown};
use super::toml_text;
use crate::domain::diff::diff;
use crate::domain::journal::Act;
use crate::domain::plan::{ConfigChange, ConfigScope, FileChange, SwitchTo, Written};
use crate::domain::registry::{IndexUrl, RegistryName};
use crate::domain::text::clean;
use crate::files;

/// The key that decides.
const REPLACE_WITH: [&str; 3] = ["source", "crates-io", "replace-with"];

/// The configuration in force in a folder.
#[derive(Debug)]
pub struct InFolder {
    layers: Vec<ConfigLayer>,
    pub settings: Settings,
}

impl InFolder {
    /// # Errors
    /// When a file can't be read, or is no TOML.
    pub fn read(dir: &Path, places: &Places<'_>) -> Result<Self, ConfigError> {
        let layers = home::config_layers(dir, places.cargo_home)?;
        let settings = Settings::read(&layers, places.env)?;
        Ok(Self { layers, settings })
    }

    /// The file that says what replaces crates.io here.
    #[must_use]
    pub fn decides(&self) -> Option<&Path> {
        self.layers.iter().find(|layer| replacement_of(layer).is_some()).map(|layer| layer.path.as_path())
    }

    /// Whether only files of the checkout, or the environment, know the registry with this index: a nearer file may
    /// give the person's own name another one.
    #[must_use]
    pub fn is_of_checkout(&self, name: &RegistryName, index: &IndexUrl) -> bool {
        let is_persons = |layer: &&ConfigLayer| layer.origin == Origin::User;
        let mut own =
            self.layers.iter().filter(is_persons).filter_map(|layer| index_of(layer, name.as_str()));
        !own.any(|own| same_index(&own, index.as_str()))
    }

    /// The registries that can stand in for crates.io: those with a sparse index that no source hides.
    #[must_use]
    pub fn registries(&self) -> Vec<(RegistryName, IndexUrl, String)> {
        let usable = self.settings.registries().iter().filter_map(|registry| match &registry.index {
            Index::Sparse(index) => {
                Some((RegistryName::parse(&registry.name).ok()?, index.clone(), clean(&registry.source)))
            }
            Index::Other(_) | Index::Missing => None,
        });
        usable.collect()
    }

    /// What a switch would change.
    ///
    /// # Errors
    /// When a file can't be changed safely, or something other than a feed would have to give way and
    /// [`Places::overwrite_replacement`] is not set.
    pub fn switch(&self, to: &SwitchTo, places: &Places<'_>) -> Result<ConfigChange, ConfigError> {
        self.check_given_up(to, places)?;
        let (what, files) = match to {
            SwitchTo::CratesIo => ("switched to crates.io".to_owned(), self.to_crates_io()?),
            SwitchTo::Registry { name, index } => {
                (format!("switched to `{name}`"), vec![self.to_registry((name, index), places)?])
            }
        };
        let mut notes: Vec<String> = Vec::new();
        if files.iter().any(FileChange::changes_something) {
            notes.extend(whose(&files, places, "every project that names no feed of its own"));
            notes.push(
                "Cargo downloads the crates again, into another cache folder, and rebuilds once.".to_owned(),
            );
        }
        Ok(ConfigChange { act: Act::Switch, what, files, notes, warnings: Vec::new(), to: Some(to.clone()) })
    }

    /// A mirror or a vendored folder gives way only when the person says so (azure-contract 7.7).
    fn check_given_up(&self, to: &SwitchTo, places: &Places<'_>) -> Result<(), ConfigError> {
        if places.overwrite_replacement {
            return Ok(());
        }
        let Replacement::Other { name, file, .. } = self.settings.replacement() else { return Ok(()) };
        if matches!(to, SwitchTo::Registry { name: wanted, .. } if wanted.as_str() == name) {
            return Ok(());
        }
        let layer = self.layers.iter().find(|layer| layer.path == file);
        let line = layer.and_then(|layer| line_of(layer, &REPLACE_WITH));
        Err(ConfigError::OtherReplacement { file, line, current: name })
    }

    /// Every file that replaces crates.io, since the next one would be in force.
    fn to_crates_io(&self) -> Result<Vec<FileChange>, ConfigError> {
        let deciding = self.layers.iter().filter(|layer| replacement_of(layer).is_some());
        deciding
            .map(|layer| {
                let after = toml_text::remove(&layer.text, &REPLACE_WITH);
                Ok(change(layer, after.map_err(|fault| ConfigError::fault(&layer.path, fault))?))
            })
            .collect()
    }

    fn to_registry(
        &self,
        (name, index): (&RegistryName, &IndexUrl),
        places: &Places<'_>,
    ) -> Result<FileChange, ConfigError> {
        for layer in &self.layers {
            if let Some(line) = line_of(layer, &["source", name.as_str()]) {
                let (file, name) = (layer.path.clone(), name.to_string());
                return Err(ConfigError::SourceOfSameName { file, line: Some(line), name });
            }
        }
        let target = self.target(name, places)?;
        let wanted = ConfigEdit {
            registry: self.is_missing(name, &target).then_some((name, index)),
            replace_crates_io: Some(name),
            overwrite_replacement: true,
            ..ConfigEdit::default()
        };
        let before = files::read(&target.path)?;
        let old = before.as_deref().unwrap_or_default();
        let after = edit(&target.path, old, &wanted)?;
        let lines = diff(old, &after);
        Ok(FileChange { path: target.path, scope: target.scope, before, after, lines })
    }

    /// The file where `replace-with` is in force; or else the one that names the registry; or else the project's.
    fn target(&self, name: &RegistryName, places: &Places<'_>) -> Result<Target, ConfigError> {
        let deciding = self.layers.iter().find(|layer| replacement_of(layer).is_some());
        let naming = || self.layers.iter().find(|layer| index_of(layer, name.as_str()).is_some());
        if let Some(layer) = deciding.or_else(naming) {
            return Ok(Target { path: layer.path.clone(), scope: scope(layer) });
        }
        let (folder, scope) = match places.workspace {
            Some(root) if home::physical(&root.join(".cargo")) != home::physical(places.cargo_home) => {
                (root.join(".cargo"), ConfigScope::Project)
            }
            _ => (places.cargo_home.to_owned(), ConfigScope::User),
        };
        let path = home::config_path(&folder);
        files::real_path(&path, config_file::links(scope, places))?;
        Ok(Target { path, scope })
    }

    /// Whether the file, and those of the same owner that it stands above, don't know the registry: everyone who
    /// clones a project has its files, and nobody has another one's own.
    fn is_missing(&self, name: &RegistryName, target: &Target) -> bool {
        let at = self.layers.iter().position(|layer| layer.path == target.path);
        let same_owner = self.layers[at.unwrap_or(self.layers.len())..]
            .iter()
            .filter(|layer| scope(layer) == target.scope || target.scope == ConfigScope::User);
        !same_owner.into_iter().any(|layer| index_of(layer, name.as_str()).is_some())
    }

    /// What taking a registry out would change, in every file that describes it.
    ///
    /// # Errors
    /// When nothing describes it, when crates.io or another source is replaced by it, or when a file can't be changed
    /// safely.
    pub fn remove(&self, name: &str, places: &Places<'_>) -> Result<ConfigChange, ConfigError> {
        let path = ["registries", name];
        let by = |layer| replaced_by(layer, name).into_iter().map(move |source| (layer, source));
        let replaced = self.layers.iter().flat_map(by);
        // Crates.io first: that is what a switch mends.
        if let Some((layer, source)) = replaced.min_by_key(|(_, source)| source != REPLACE_WITH[1]) {
            return Err(ConfigError::RegistryInForce {
                file: layer.path.clone(),
                line: line_of(layer, &["source", &source, REPLACE_WITH[2]]),
                what: clean(&source),
                name: clean(name),
            });
        }
        let describing: Vec<&ConfigLayer> =
            self.layers.iter().filter(|layer| line_of(layer, &path).is_some()).collect();
        if describing.is_empty() {
            return Err(ConfigError::NoSuchRegistry { name: clean(name) });
        }
        let files = describing.into_iter().map(|layer| {
            let after = toml_text::remove_table(&layer.text, &path);
            Ok(change(layer, after.map_err(|fault| ConfigError::fault(&layer.path, fault))?))
        });
        let files: Vec<FileChange> = files.collect::<Result<_, ConfigError>>()?;
        let mut notes = whose(&files, places, "every project");
        notes.push("What is kept to sign in to it stays; the crates in Cargo's cache too.".to_owned());
        let what = format!("removed the registry `{}`", clean(name));
        Ok(ConfigChange { act: Act::Remove, what, files, notes, warnings: Vec::new(), to: None })
    }
}

/// Makes a change that was looked at.
///
/// # Errors
/// As [`config_file::apply`].
pub fn apply(change: &ConfigChange, places: &Places<'_>) -> Result<Vec<Written>, ConfigError> {
    config_file::make((change.act, change.what.clone()), &change.files, places)
}

/// That a change reaches farther than this project, and what that of the person's own file reaches.
fn whose(files: &[FileChange], places: &Places<'_>, reached: &str) -> Vec<String> {
    let changed = files.iter().filter(|file| file.changes_something());
    let notes = changed.filter_map(|file| {
        let path = shown(&file.path);
        let is_above = places
            .workspace
            .is_some_and(|root| !home::physical(&file.path).starts_with(home::physical(root)));
        match file.scope {
            ConfigScope::User => Some(format!("{path} is yours: it changes {reached}.")),
            _ if is_above => {
                Some(format!("{path} lies above this project: it changes every project below it."))
            }
            _ => None,
        }
    });
    notes.collect()
}

struct Target {
    path: PathBuf,
    scope: ConfigScope,
}

fn scope(layer: &ConfigLayer) -> ConfigScope {
    match layer.origin {
        Origin::User => ConfigScope::User,
        Origin::Checkout => ConfigScope::Project,
    }
}

fn change(layer: &ConfigLayer, after: String) -> FileChange {
    FileChange {
        lines: diff(&layer.text, &after),
        path: layer.path.clone(),
        scope: scope(layer),
        before: Some(layer.text.clone()),
        after,
    }
}
