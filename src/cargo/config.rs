//! Cargo's `config.toml`, text in, text out: the keys that the wizard owns are added or changed, every other
//! byte stays, and what can't be done safely is refused (cargo-contract 0 and 1). Never touches the disk.

use std::path::Path;

use toml_edit::{Array, Document, Item, Value};

use super::error::ConfigError;
use super::install;
use super::settings::same_index;
use super::toml_text::{self, Fault};
use crate::domain::registry::{IndexUrl, RegistryName};
use crate::domain::text::{clean, redact};

/// What one file should say; `None` leaves the matter as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct ConfigEdit<'a> {
    /// `[registries.NAME] index`.
    pub registry: Option<(&'a RegistryName, &'a IndexUrl)>,
    /// `[source.crates-io] replace-with`.
    pub replace_crates_io: Option<&'a RegistryName>,
    /// `[registries.NAME] credential-provider`; the other type is kept where it is an array already, so
    /// that no two files differ in it (cargo-contract 1.4).
    pub provider: Option<(&'a RegistryName, &'a str)>,
    /// `[registries.NAME] credential-provider` goes, so that the list for all registries holds.
    pub without_provider: Option<&'a RegistryName>,
    /// The file of this program, which is to be Cargo's credential provider.
    pub program: Option<&'a Path>,
    /// The person knows that something other than a feed stands in for crates.io now, and gives it up.
    pub overwrite_replacement: bool,
}

/// The text after the edit; the same text where it says so already. `file` only names it in errors.
///
/// # Errors
/// When the text is no TOML, holds another type than Cargo expects, or when the edit would break what is
/// there: see the variants of [`ConfigError`].
pub fn edit(file: &Path, text: &str, edit: &ConfigEdit<'_>) -> Result<String, ConfigError> {
    let in_file = |fault| ConfigError::fault(file, fault);
    let document = toml_text::parse(text).map_err(in_file)?;
    let current = Current { file, text, document: &document };
    let mut out = text.to_owned();
    if let Some((name, index)) = edit.registry {
        current.check_source(name)?;
        current.check_index(name, index)?;
        out = set(&out, &["registries", name.as_str(), "index"], index.as_str()).map_err(in_file)?;
    }
    if let Some(name) = edit.replace_crates_io {
        current.check_source(name)?;
        if !edit.overwrite_replacement {
            current.check_replacement(name)?;
        }
        out = set(&out, &["source", "crates-io", "replace-with"], name.as_str()).map_err(in_file)?;
    }
    if let Some((name, provider)) = edit.provider {
        let path = ["registries", name.as_str(), "credential-provider"];
        let value = match current.get(&path).and_then(Item::as_array) {
            Some(_) => Value::from(Array::from_iter([provider])),
            None => Value::from(provider),
        };
        out = toml_text::set(&out, &path, &value).map_err(in_file)?;
    }
    if let Some(name) = edit.without_provider {
        let path = ["registries", name.as_str(), "credential-provider"];
        out = toml_text::remove(&out, &path).map_err(in_file)?;
    }
    match edit.program {
        Some(program) => install::install(file, &out, program),
        None => Ok(out),
    }
}

fn set(text: &str, path: &[&str], value: &str) -> Result<String, Fault> {
    toml_text::set(text, path, &Value::from(value))
}

/// The file as it is, for the checks.
struct Current<'a> {
    file: &'a Path,
    text: &'a str,
    document: &'a Document<&'a str>,
}

impl Current<'_> {
    fn get(&self, path: &[&str]) -> Option<&Item> {
        toml_text::get(self.document, path)
    }

    fn line(&self, item: &Item) -> usize {
        toml_text::position(self.text, item).line
    }

    /// `replace-with = "X"` would take `[source.X]`, and then no credential is found (cargo-contract 1.6).
    fn check_source(&self, name: &RegistryName) -> Result<(), ConfigError> {
        match self.get(&["source", name.as_str()]) {
            None => Ok(()),
            Some(item) => Err(ConfigError::SourceOfSameName {
                file: self.file.to_owned(),
                line: Some(self.line(item)),
                name: name.to_string(),
            }),
        }
    }

    fn check_index(&self, name: &RegistryName, index: &IndexUrl) -> Result<(), ConfigError> {
        let registries = self.get(&["registries"]).and_then(Item::as_table_like);
        for (other, item) in registries.into_iter().flat_map(|table| table.iter()) {
            let Some(entry) = item.as_table_like().and_then(|table| table.get("index")) else { continue };
            let Some(text) = entry.as_str() else { continue };
            let (is_same, is_ours) = (same_index(text, index.as_str()), other == name.as_str());
            let (file, line) = (self.file.to_owned(), Some(self.line(entry)));
            if is_ours && !is_same {
                return Err(ConfigError::OtherIndex {
                    file,
                    line,
                    name: clean(other),
                    current: redact(&clean(text)),
                });
            }
            if is_same && !is_ours {
                return Err(ConfigError::SameIndex { file, line, other: clean(other) });
            }
        }
        Ok(())
    }

    /// A feed may give way to another feed; a vendored folder or a mirror only when the person says so.
    fn check_replacement(&self, name: &RegistryName) -> Result<(), ConfigError> {
        let Some(item) = self.get(&["source", "crates-io", "replace-with"]) else { return Ok(()) };
        let Some(current) = item.as_str().filter(|current| *current != name.as_str()) else { return Ok(()) };
        let index = self.get(&["registries", current, "index"]).and_then(Item::as_str);
        let is_feed = index.and_then(IndexUrl::parse).is_some_and(|index| index.target().is_some());
        if is_feed && self.get(&["source", current]).is_none() {
            return Ok(());
        }
        Err(ConfigError::OtherReplacement {
            file: self.file.to_owned(),
            line: Some(self.line(item)),
            current: clean(current),
        })
    }
}
