//! What Cargo's copy of an index says of the server it is from, for folders that nobody else names.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::scan::is_real_folder;
use super::{Kept, folder};
use crate::domain::text::{clean, redact, truncate};
use crate::files;

/// Columns; a longer address says no more.
const LONGEST: usize = 200;

/// Whether the folder's index is there: without it Cargo takes the crates for left over (cargo-contract 5.4).
#[must_use]
pub fn has_index(cargo_home: &Path, dir: &str) -> bool {
    folder(cargo_home, Kept::Index, dir).is_ok_and(|path| is_real_folder(&path))
}

/// The address in `registry/index/DIR/config.json`, safe to show; `None` where it tells none.
#[must_use]
pub fn hint(cargo_home: &Path, dir: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Config {
        dl: Option<String>,
        api: Option<String>,
    }
    let path = folder(cargo_home, Kept::Index, dir).ok().filter(|path| is_real_folder(path))?;
    let path = path.join("config.json");
    if !fs::symlink_metadata(&path).ok()?.is_file() {
        return None;
    }
    let config: Config = serde_json::from_str(&files::read(&path).ok()??).ok()?;
    let address = config.api.or(config.dl).map(|address| truncate(&redact(&clean(&address)), LONGEST));
    address.filter(|address| !address.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIR: &str = "pkgs.dev.azure.com-48e597bd8dd18fd1";

    fn hint_of(text: &str) -> Option<String> {
        let home = tempfile::tempdir().unwrap();
        let index = folder(home.path(), Kept::Index, DIR).unwrap();
        fs::create_dir_all(&index).unwrap();
        fs::write(index.join("config.json"), text).unwrap();
        assert!(has_index(home.path(), DIR));
        hint(home.path(), DIR)
    }

    #[test]
    fn the_servers_own_address_is_told_clean() {
        assert_eq!(
            hint_of(r#"{"dl":"https://h/dl","api":"https://me:pw@h/api?sig=x"}"#).unwrap(),
            "https://h/api?***"
        );
        assert_eq!(hint_of(r#"{"dl":"https://h/dl\u001b[2J\u202e"}"#).unwrap(), "https://h/dl[2J");
        assert_eq!(hint_of("{}"), None);
        assert_eq!(hint_of("no json"), None);
        assert_eq!(hint(Path::new("/nowhere"), DIR), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_its_place_is_not_followed() {
        let home = tempfile::tempdir().unwrap();
        let index = folder(home.path(), Kept::Index, DIR).unwrap();
        fs::create_dir_all(&index).unwrap();
        fs::write(home.path().join("secret.json"), r#"{"api":"secret"}"#).unwrap();
        std::os::unix::fs::symlink(home.path().join("secret.json"), index.join("config.json")).unwrap();
        assert_eq!(hint(home.path(), DIR), None);
    }
}
