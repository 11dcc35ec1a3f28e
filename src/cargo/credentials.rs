//! Cargo's own plain token file, `$CARGO_HOME/credentials.toml`, which `cargo:token` reads (cargo-contract 3.8).
//! Comments stay, which Cargo itself would drop. The file's text is never backed up, shown or named in an error.

use std::path::{Path, PathBuf};

use toml_edit::{Item, Value};

use super::error::ConfigError;
use super::toml_text::{self, Fault, Position};
use crate::domain::credential::Secret;
use crate::domain::registry::RegistryName;
use crate::domain::text::clean;
use crate::files;
use crate::host::Env;

/// A token that `cargo:token` would find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredToken {
    /// The whole `Authorization` value.
    pub header: Secret,
    /// The file or the variable that holds it, as shown to a person.
    pub place: String,
}

/// The file; the old name wins where it exists.
#[must_use]
pub fn path(cargo_home: &Path) -> PathBuf {
    let old = cargo_home.join("credentials");
    if old.exists() { old } else { cargo_home.join("credentials.toml") }
}

/// The token of a registry: the environment's, or else the file's.
///
/// # Errors
/// When the file can't be read, or is no TOML.
pub fn token_for(
    cargo_home: &Path,
    env: &Env,
    name: &RegistryName,
) -> Result<Option<StoredToken>, ConfigError> {
    let variable = format!("CARGO_REGISTRIES_{}_TOKEN", name.env_name());
    if let Some(token) = env.text(&variable) {
        return Ok(Some(StoredToken { header: Secret::new(token), place: variable }));
    }
    let path = path(cargo_home);
    let Some(text) = files::read(&path)? else { return Ok(None) };
    let document = toml_text::parse(&text).map_err(|fault| hidden(&path, &fault))?;
    let token = toml_text::get(&document, &key(name)).and_then(Item::as_str);
    Ok(token
        .filter(|token| !token.trim().is_empty())
        .map(|token| StoredToken { header: Secret::new(token), place: clean(&path.to_string_lossy()) }))
}

/// Keeps the `Authorization` value of a registry, mode 0600, and says where.
///
/// # Errors
/// When it couldn't be sent as a header, or the file can't be changed.
pub fn store(cargo_home: &Path, name: &RegistryName, header: &Secret) -> Result<PathBuf, ConfigError> {
    let is_printable = header.expose().bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if header.is_empty() || !is_printable {
        return Err(ConfigError::TokenNotPrintable);
    }
    let path = path(cargo_home);
    files::update_locked(&path, |text| {
        toml_text::set(text, &key(name), &Value::from(header.expose())).map_err(|fault| hidden(&path, &fault))
    })?;
    Ok(path)
}

/// Forgets the token of a registry; whether there was one.
///
/// # Errors
/// When the file can't be changed.
pub fn forget(cargo_home: &Path, name: &RegistryName) -> Result<bool, ConfigError> {
    let path = path(cargo_home);
    if files::read(&path)?.is_none() {
        return Ok(false);
    }
    let mut is_found = false;
    files::update_locked(&path, |text| {
        let after = toml_text::remove(text, &key(name)).map_err(|fault| hidden(&path, &fault))?;
        is_found = after != text;
        Ok::<_, ConfigError>(after)
    })?;
    Ok(is_found)
}

fn key(name: &RegistryName) -> [&str; 3] {
    ["registries", name.as_str(), "token"]
}

/// The fault without anything that the file says.
fn hidden(path: &Path, fault: &Fault) -> ConfigError {
    let at = match fault {
        Fault::Syntax { at, .. } | Fault::WrongType { at, .. } => *at,
        Fault::Unsafe { .. } => Position { line: 1, column: 1 },
    };
    ConfigError::CredentialsSyntax { file: path.to_owned(), line: at.line, column: at.column }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn name(text: &str) -> RegistryName {
        RegistryName::parse(text).unwrap()
    }

    fn written(home: &Path) -> String {
        fs::read_to_string(home.join("credentials.toml")).unwrap()
    }

    fn token(home: &Path, registry: &str) -> Option<StoredToken> {
        token_for(home, &Env::default(), &name(registry)).unwrap()
    }

    #[test]
    fn a_token_is_kept_in_cargos_form_and_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("cargo-home");
        assert_eq!(token(&home, "rust"), None);
        let path = store(&home, &name("rust"), &Secret::new("Basic OnBhdA==")).unwrap();
        assert_eq!(path, home.join("credentials.toml"));
        assert_eq!(written(&home), "[registries.rust]\ntoken = \"Basic OnBhdA==\"\n");
        let found = token(&home, "rust").unwrap();
        assert_eq!(found.header.expose(), "Basic OnBhdA==");
        assert!(found.place.ends_with("credentials.toml"));
        assert_eq!(token(&home, "other"), None);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn comments_and_other_tokens_stay() {
        let dir = tempfile::tempdir().unwrap();
        let before = "# mine\r\n[registry]\r\ntoken = \"cio\" # crates.io\r\n\r\n[registries]\r\na = { token = \"x\" }\r\n";
        fs::write(dir.path().join("credentials.toml"), before).unwrap();
        store(dir.path(), &name("rust"), &Secret::new("Basic one")).unwrap();
        store(dir.path(), &name("rust"), &Secret::new("Basic two")).unwrap();
        assert_eq!(written(dir.path()), format!("{before}rust = {{ token = \"Basic two\" }}\r\n"));
        assert!(forget(dir.path(), &name("a")).unwrap());
        assert!(!forget(dir.path(), &name("a")).unwrap());
        assert!(!forget(dir.path(), &name("never")).unwrap());
        let expected = before.replace("{ token = \"x\" }", "{ }");
        assert_eq!(written(dir.path()), format!("{expected}rust = {{ token = \"Basic two\" }}\r\n"));
    }

    #[test]
    fn logging_out_leaves_an_empty_table_as_cargo_does() {
        let dir = tempfile::tempdir().unwrap();
        store(dir.path(), &name("rust"), &Secret::new("Basic one")).unwrap();
        assert!(forget(dir.path(), &name("rust")).unwrap());
        assert_eq!(written(dir.path()), "[registries.rust]\n");
        assert_eq!(token(dir.path(), "rust"), None);
        let nobody = tempfile::tempdir().unwrap();
        assert!(!forget(nobody.path(), &name("rust")).unwrap());
        assert!(!nobody.path().join("credentials.toml").exists(), "forgetting makes no file");
    }

    #[test]
    fn the_old_name_and_the_environment_win() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("credentials.toml"), "[registries.rust]\ntoken = \"new\"\n").unwrap();
        fs::write(dir.path().join("credentials"), "[registries.rust]\ntoken = \"old\"\n").unwrap();
        assert_eq!(token(dir.path(), "rust").unwrap().header.expose(), "old");
        store(dir.path(), &name("rust"), &Secret::new("Basic x")).unwrap();
        assert_eq!(written(dir.path()), "[registries.rust]\ntoken = \"new\"\n");
        let env = Env::from_iter([("CARGO_REGISTRIES_MY_FEED_TOKEN", "Bearer e")]);
        let found = token_for(dir.path(), &env, &name("my-feed")).unwrap().unwrap();
        assert_eq!(
            (found.header.expose(), found.place.as_str()),
            ("Bearer e", "CARGO_REGISTRIES_MY_FEED_TOKEN")
        );
    }

    #[test]
    fn no_error_tells_a_token() {
        let dir = tempfile::tempdir().unwrap();
        for text in [
            "[registries.rust]\ntoken = \"Basic hunter2\n",
            "[registries.rust]\ntoken = Basic hunter2\n",
            "[registries.rust]\ntoken = \"a\"\ntoken = \"hunter2\"\n",
            "hunter2\n",
            "registries = \"hunter2\"\n",
            "[registries.rust]\ntoken = { hunter2 = 1 }\n",
        ] {
            fs::write(dir.path().join("credentials.toml"), text).unwrap();
            let error = store(dir.path(), &name("rust"), &Secret::new("Basic new")).unwrap_err();
            let report = crate::error::Report::from(
                store(dir.path(), &name("rust"), &Secret::new("Basic new")).unwrap_err(),
            );
            assert!(matches!(error, ConfigError::CredentialsSyntax { .. }), "{text}");
            for said in [format!("{error} {error:?}"), format!("{report} {report:?}")] {
                assert!(!said.contains("hunter2") && !said.contains("new"), "{said}");
            }
            assert_eq!(written(dir.path()), text, "a broken file is left alone");
        }
    }

    #[test]
    fn what_cargo_could_not_send_is_not_stored() {
        let dir = tempfile::tempdir().unwrap();
        for bad in ["", "Basic a\nb", "Bäsic x"] {
            let refused = store(dir.path(), &name("rust"), &Secret::new(bad));
            assert!(matches!(refused, Err(ConfigError::TokenNotPrintable)), "{bad:?}");
        }
        assert!(!dir.path().join("credentials.toml").exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_of_the_person_is_followed_and_an_open_file_closed_to_others() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().join("dotfiles-credentials");
        fs::write(&real, "").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o644)).unwrap();
        symlink(&real, dir.path().join("credentials.toml")).unwrap();
        store(dir.path(), &name("rust"), &Secret::new("Basic x")).unwrap();
        assert!(fs::symlink_metadata(dir.path().join("credentials.toml")).unwrap().is_symlink());
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(fs::read_to_string(&real).unwrap().contains("Basic x"));
    }
}
