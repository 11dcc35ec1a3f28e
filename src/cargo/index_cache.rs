//! What Cargo has kept of a registry's index: whether it asked for a credential (cargo-contract 3.1). Reads only.

use std::path::Path;

use serde::Deserialize;

use super::index_dir;
use crate::domain::registry::IndexUrl;
use crate::files;

/// As far as it is looked at.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Config {
    #[serde(rename = "dl")]
    _dl: String,
    #[serde(default)]
    auth_required: bool,
}

/// Whether a Cargo has got the `config.json` of the index, and was asked for no credential. False where none has.
#[must_use]
pub fn answers_everyone(cargo_home: &Path, index: &IndexUrl) -> bool {
    let Some(names) = index_dir::dir_names(index.as_str()) else { return false };
    let kept = [names.current, names.old].into_iter().find_map(|name| {
        let file = cargo_home.join("registry/index").join(name).join("config.json");
        serde_json::from_str::<Config>(&files::read(&file).ok()??).ok()
    });
    kept.is_some_and(|config| !config.auth_required)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_was_answered_is_found_again() {
        let index = "sparse+https://pkgs.dev.azure.com/o/_packaging/f/Cargo/index/";
        let index = IndexUrl::parse(index).unwrap();
        let names = index_dir::dir_names(index.as_str()).unwrap();
        for (name, text, expected) in [
            (&names.current, "{\"dl\":\"https://h/dl\",\"api\":\"x\"}", true),
            (&names.old, "{\"dl\":\"x\",\"auth-required\":false}", true),
            (&names.current, "{\"dl\":\"x\",\"auth-required\":true}", false),
            (&names.current, "garbage", false),
        ] {
            let home = tempfile::tempdir().unwrap();
            assert!(!answers_everyone(home.path(), &index));
            let dir = home.path().join("registry/index").join(name);
            std::fs::create_dir_all(&dir).unwrap();
            std::fs::write(dir.join("config.json"), text).unwrap();
            assert_eq!(answers_everyone(home.path(), &index), expected, "{text}");
        }
    }
}
