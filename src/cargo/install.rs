//! Our entry in the person's own Cargo configuration: an alias with the program's absolute path, and the end of the
//! list of credential providers (product.md, 'Where the credential provider is named'; cargo-contract 3.2). Text in, text out.

use std::path::{Path, PathBuf};

use toml_edit::{Array, Item, Value};

use super::error::ConfigError;
use super::toml_text::{self, list};

/// What the list calls us: a path may hold spaces, which an element of the list may not.
pub const ALIAS: &str = "az-cargo-wizard";

pub(super) const LIST: [&str; 2] = ["registry", "global-credential-providers"];
pub(super) const OUR_ALIAS: [&str; 2] = ["credential-alias", ALIAS];

/// Where there was no list, `cargo login` of crates.io goes on working through this.
const CARGOS_OWN: &str = "cargo:token";

/// The text with our entry; the same text where it is there already. `file` only names it in errors.
///
/// # Errors
/// When the text is no TOML or holds another type than Cargo expects.
pub fn install(file: &Path, text: &str, program: &Path) -> Result<String, ConfigError> {
    let in_file = |fault| ConfigError::fault(file, fault);
    let path = Value::from(Array::from_iter([program.to_string_lossy().as_ref()]));
    let text = toml_text::set(text, &OUR_ALIAS, &path).map_err(in_file)?;
    list::append(&text, &LIST, (&[CARGOS_OWN], ALIAS)).map_err(in_file)
}

/// The text without our entry. A list that we began stays with what it had besides us: it does no harm, and may be
/// somebody's by now.
///
/// # Errors
/// When the text is no TOML or holds another type than Cargo expects.
pub fn uninstall(file: &Path, text: &str) -> Result<String, ConfigError> {
    let in_file = |fault| ConfigError::fault(file, fault);
    let text = list::remove(text, &LIST, ALIAS).map_err(in_file)?;
    toml_text::remove(&text, &OUR_ALIAS).map_err(in_file)
}

/// Whether a program will still be where it is tomorrow: not in a folder of builds or of temporary files.
#[must_use]
pub fn lasts(program: &Path, temp_dir: &Path) -> bool {
    let is_of_builds = |dir: &Path| {
        dir.file_name().is_some_and(|name| name == "target") || dir.join(".rustc_info.json").exists()
    };
    !program.starts_with(temp_dir) && !program.ancestors().skip(1).any(is_of_builds)
}

/// The program that our entry names, where it is there whole.
#[must_use]
pub fn installed(text: &str) -> Option<PathBuf> {
    let document = toml_text::parse(text).ok()?;
    let providers = toml_text::get(&document, &LIST).and_then(Item::as_array)?;
    let alias = toml_text::get(&document, &OUR_ALIAS).and_then(Item::as_array)?;
    let program = alias.get(0).and_then(Value::as_str)?;
    providers.iter().any(|provider| provider.as_str() == Some(ALIAS)).then(|| PathBuf::from(program))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "config.toml";

    fn install_at(text: &str, program: &str) -> String {
        install(Path::new(FILE), text, Path::new(program)).unwrap()
    }

    fn uninstalled(text: &str) -> String {
        uninstall(Path::new(FILE), text).unwrap()
    }

    #[test]
    fn a_new_file_gets_alias_and_list_and_crates_io_goes_on_working() {
        let text = install_at("", "/opt/my tools/az-cargo-wizard");
        assert_eq!(
            text,
            "[credential-alias]\naz-cargo-wizard = [\"/opt/my tools/az-cargo-wizard\"]\n\n[registry]\nglobal-credential-providers = [\"cargo:token\", \"az-cargo-wizard\"]\n"
        );
        assert_eq!(installed(&text), Some(PathBuf::from("/opt/my tools/az-cargo-wizard")));
        assert_eq!(install_at(&text, "/opt/my tools/az-cargo-wizard"), text);
        let moved = install_at(&text, "/usr/bin/az-cargo-wizard");
        assert_eq!(installed(&moved), Some(PathBuf::from("/usr/bin/az-cargo-wizard")));
        let gone = uninstalled(&moved);
        assert_eq!(installed(&gone), None);
        assert_eq!(
            gone,
            "[credential-alias]\n\n[registry]\nglobal-credential-providers = [\"cargo:token\"]\n"
        );
    }

    #[test]
    fn what_was_in_the_list_stays_before_us() {
        let before = "# mine\r\n[registry]\r\nglobal-credential-providers = [\r\n  \"cargo:token\", # plain\r\n  \"cargo:libsecret\",\r\n]\r\n";
        let text = install_at(before, "/w");
        let expected = "# mine\r\n[registry]\r\nglobal-credential-providers = [\r\n  \"cargo:token\", # plain\r\n  \"cargo:libsecret\",\r\n  \"az-cargo-wizard\",\r\n]\r\n\r\n[credential-alias]\r\naz-cargo-wizard = [\"/w\"]\r\n";
        assert_eq!(text, expected);
        assert_eq!(uninstalled(&text), format!("{before}\r\n[credential-alias]\r\n"));
    }

    #[test]
    fn a_text_that_holds_something_else_is_refused_with_the_line() {
        for text in [
            "registry.global-credential-providers = \"x\"\n",
            "[credential-alias]\naz-cargo-wizard = \"x\"\n",
            "[[credential-alias]]\n",
            "[registry\n",
        ] {
            let error = install(Path::new(FILE), text, Path::new("/w")).unwrap_err();
            assert!(error.to_string().contains(FILE), "{error}");
        }
        assert_eq!(installed("[credential-alias]\naz-cargo-wizard = [\"/w\"]\n"), None, "not in the list");
        assert_eq!(installed("[registry]\nglobal-credential-providers = [\"az-cargo-wizard\"]\n"), None);
        assert_eq!(uninstalled("[net]\nretry = 1\n"), "[net]\nretry = 1\n");
    }
}
