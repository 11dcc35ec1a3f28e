//! What a checkout would run or redirect, found by reading its files and never by executing anything: the
//! toolchain files and every Cargo configuration file that is not the person's own (product.md, 'Trust').

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use toml_edit::{Document, Item, TableLike};
use url::Url;

use super::error::ConfigError;
use super::home::{self, ConfigLayer, Origin};
use super::settings::shown_proxy;
use super::toml_text;
use crate::domain::finding::Hazard;
use crate::domain::text::{clean, redact};
use crate::files;

/// Cargo's own providers that start no program (cargo-contract 3.3).
const HARMLESS_PROVIDERS: [&str; 5] =
    ["cargo:token", "cargo:wincred", "cargo:macos-keychain", "cargo:libsecret", "cargo:paseto"];

/// A file of the checkout, or of a folder above it, that Cargo or rustup would obey.
#[derive(Clone, PartialEq, Eq)]
pub struct CheckoutFile {
    pub path: PathBuf,
    pub kind: CheckoutFileKind,
    pub text: String,
}

/// Who reads a [`CheckoutFile`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckoutFileKind {
    /// Cargo.
    Config,
    /// Rustup.
    Toolchain,
}

/// Without the text, which may hold tokens.
impl std::fmt::Debug for CheckoutFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckoutFile")
            .field("path", &self.path)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// The files to look at before anything is run in the folder: those of `layers` that are not the person's, and
/// `rust-toolchain` and `rust-toolchain.toml` in the folder and above it.
///
/// # Errors
/// When a toolchain file is there and can't be read.
pub fn checkout_files(dir: &Path, layers: &[ConfigLayer]) -> Result<Vec<CheckoutFile>, ConfigError> {
    let theirs = layers.iter().filter(|layer| layer.origin == Origin::Checkout);
    let mut found: Vec<CheckoutFile> = theirs
        .map(|layer| CheckoutFile {
            path: layer.path.clone(),
            kind: CheckoutFileKind::Config,
            text: layer.text.clone(),
        })
        .collect();
    for dir in home::physical(dir).ancestors() {
        for name in ["rust-toolchain", "rust-toolchain.toml"] {
            let path = dir.join(name);
            // A folder of that name is nothing to rustup.
            if path.is_dir() {
                continue;
            }
            if let Some(text) = files::read(&path)? {
                found.push(CheckoutFile { path, kind: CheckoutFileKind::Toolchain, text });
            }
        }
    }
    Ok(found)
}

/// What these files would run or redirect. `known` says of a host other than those of Azure DevOps Services and
/// crates.io that the person has named it before.
///
/// # Errors
/// When a configuration file is no TOML: Cargo could not read it either.
pub fn hazards(files: &[CheckoutFile], known: &dyn Fn(&Url) -> bool) -> Result<Vec<Hazard>, ConfigError> {
    let mut found = Vec::new();
    for file in files {
        match file.kind {
            CheckoutFileKind::Toolchain => found.extend(toolchain_hazard(file)),
            CheckoutFileKind::Config => {
                let document =
                    toml_text::parse(&file.text).map_err(|fault| ConfigError::fault(&file.path, fault))?;
                let mut reading = Reading { file, document: &document, found: &mut found };
                reading.programs();
                reading.providers();
                reading.network();
                reading.indexes(known);
                reading.others();
            }
        }
    }
    Ok(found)
}

/// What an answer about these files is remembered by: changes with the project's place and with each file's
/// name and content. 64 hex digits.
#[must_use]
pub fn trust_key(dir: &Path, files: &[CheckoutFile]) -> String {
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        // With its length, so that no two lists of files look alike.
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    add(home::physical(dir).as_os_str().as_encoded_bytes());
    for file in files {
        add(file.path.as_os_str().as_encoded_bytes());
        add(file.text.as_bytes());
    }
    hash.finalize().iter().fold(String::with_capacity(64), |hex, byte| hex + &format!("{byte:02x}"))
}

/// Rustup runs the programs of a toolchain given by path. The old form without TOML takes an absolute path too.
fn toolchain_hazard(file: &CheckoutFile) -> Option<Hazard> {
    let is_old = file.path.extension().is_none();
    let (setting, path) = match toml_text::parse(&file.text) {
        Ok(document) => {
            let path = toml_text::get(&document, &["toolchain", "path"])?;
            ("toolchain.path = ", shown_item(path))
        }
        // Rustup takes anything but TOML for a name, which it refuses itself unless it is a path.
        Err(_) if is_old && file.text.trim().contains(['/', '\\']) => ("", clean(&file.text)),
        Err(_) => return None,
    };
    Some(Hazard {
        file: clean(&file.path.to_string_lossy()),
        setting: format!("{setting}{path}"),
        effect: "run the `cargo` and `rustc` of that folder",
    })
}

/// One configuration file being read.
struct Reading<'a> {
    file: &'a CheckoutFile,
    document: &'a Document<&'a str>,
    found: &'a mut Vec<Hazard>,
}

impl<'a> Reading<'a> {
    fn get(&self, path: &[&str]) -> Option<&'a Item> {
        toml_text::get(self.document, path)
    }

    fn table(&self, key: &str) -> impl Iterator<Item = (&'a str, &'a Item)> + use<'a> {
        let table = self.get(&[key]).and_then(Item::as_table_like);
        table.into_iter().flat_map(TableLike::iter)
    }

    fn add(&mut self, key: &str, value: &str, effect: &'static str) {
        self.found.push(Hazard {
            file: clean(&self.file.path.to_string_lossy()),
            setting: format!("{} = {value}", clean(key)),
            effect,
        });
    }

    fn add_present(&mut self, path: [&str; 2], effect: &'static str) {
        if let Some(item) = self.get(&path) {
            self.add(&path.join("."), &shown_item(item), effect);
        }
    }

    fn programs(&mut self) {
        let compiler = "run that program as the compiler, also while crates are fetched";
        for key in ["rustc", "rustc-wrapper", "rustc-workspace-wrapper"] {
            self.add_present(["build", key], compiler);
        }
    }

    fn providers(&mut self) {
        let effect = "run that program to get your credentials";
        for (name, item) in self.table("registries") {
            let provider = item.as_table_like().and_then(|table| table.get("credential-provider"));
            if let Some(provider) = provider.filter(|provider| !is_harmless(provider)) {
                self.add(&format!("registries.{name}.credential-provider"), &shown_item(provider), effect);
            }
        }
        if let Some(provider) = self.get(&["registry", "credential-provider"])
            && !is_harmless(provider)
        {
            self.add("registry.credential-provider", &shown_item(provider), effect);
        }
        if let Some(list) = self.get(&["registry", "global-credential-providers"])
            && !list.as_array().is_some_and(|list| list.iter().all(|item| is_built_in(item.as_str())))
        {
            self.add("registry.global-credential-providers", &shown_item(list), effect);
        }
        for (name, item) in self.table("credential-alias") {
            self.add(&format!("credential-alias.{name}"), &shown_item(item), effect);
        }
    }

    fn network(&mut self) {
        if let Some(proxy) = self.get(&["http", "proxy"]) {
            let value = proxy.as_str().map_or_else(|| shown_item(proxy), |text| quoted(&shown_proxy(text)));
            self.add("http.proxy", &value, "send Cargo's requests through that host");
        }
        for key in ["cainfo", "proxy-cainfo"] {
            self.add_present(["http", key], "trust the certificates of that file");
        }
    }

    fn indexes(&mut self, known: &dyn Fn(&Url) -> bool) {
        for (section, key) in [("registries", "index"), ("source", "registry")] {
            for (name, item) in self.table(section) {
                let index = item.as_table_like().and_then(|table| table.get(key)).and_then(Item::as_str);
                if let Some(index) = index.filter(|index| !is_known(index, known)) {
                    let value = quoted(&shown_index(index));
                    self.add(&format!("{section}.{name}.{key}"), &value, "ask an unknown host for crates");
                }
            }
        }
    }

    fn others(&mut self) {
        for (name, item) in self.table("env") {
            let upper = name.to_uppercase();
            if upper.starts_with("CARGO_") || upper.starts_with("RUSTUP_") {
                self.add(&format!("env.{name}"), &shown_item(item), "change how Cargo or rustup behaves");
            }
        }
        if let Some(item) = self.get(&["include"]) {
            self.add("include", &shown_item(item), "read further settings from that file");
        }
    }
}

/// Whether a provider, written as string or array, starts no program.
fn is_harmless(provider: &Item) -> bool {
    let array = || provider.as_array().filter(|array| array.len() == 1)?.get(0)?.as_str();
    is_built_in(provider.as_str().or_else(array))
}

fn is_built_in(provider: Option<&str>) -> bool {
    provider.is_some_and(|provider| HARMLESS_PROVIDERS.contains(&provider.trim()))
}

/// Whether the index is on a host whose name alone can be trusted, or one that the person named. What Cargo
/// can't read as a URL, nothing is asked for, but it is not known either.
fn is_known(index: &str, known: &dyn Fn(&Url) -> bool) -> bool {
    let Ok(url) = Url::parse(index.strip_prefix("sparse+").unwrap_or(index)) else { return false };
    is_cloud(&url) || known(&url)
}

fn is_cloud(url: &Url) -> bool {
    let is_plain = url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let Some(host) = url.host_str().filter(|_| is_plain) else { return false };
    match host {
        "pkgs.dev.azure.com" | "index.crates.io" => true,
        "github.com" => {
            let path = url.path().trim_end_matches('/').trim_end_matches(".git");
            path.eq_ignore_ascii_case("/rust-lang/crates.io-index")
        }
        host => host.strip_suffix(".pkgs.visualstudio.com").is_some_and(|org| !org.is_empty()),
    }
}

/// An address without user information and query, which may be secrets.
fn shown_index(index: &str) -> String {
    let (prefix, rest) = index.strip_prefix("sparse+").map_or(("", index), |rest| ("sparse+", rest));
    let shown = Url::parse(rest).map_or_else(
        |_| redact(&clean(rest)),
        |mut url| {
            // Both calls fail only for URLs without a host, which hold no user information.
            let _ = url.set_username("");
            let _ = url.set_password(None);
            redact(&clean(url.as_str()))
        },
    );
    format!("{prefix}{shown}")
}

/// A value on one line, safe to show; comments and layout are left out.
fn shown_item(item: &Item) -> String {
    let text = match (item.as_str(), item.as_array(), item.as_table_like()) {
        (Some(text), ..) => quoted(text),
        (_, Some(array), _) => {
            let items: Vec<String> =
                array.iter().map(|value| shown_item(&Item::Value(value.clone()))).collect();
            format!("[{}]", items.join(", "))
        }
        (.., Some(table)) => {
            let entries: Vec<String> =
                table.iter().map(|(key, item)| format!("{key} = {}", shown_item(item))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        _ => item.to_string(),
    };
    redact(&clean(&text))
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const FEED: &str = "sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/rust/Cargo/index/";

    fn file(path: &str, kind: CheckoutFileKind, text: &str) -> CheckoutFile {
        CheckoutFile { path: path.into(), kind, text: text.to_owned() }
    }

    fn settings_knowing(text: &str, known: &dyn Fn(&Url) -> bool) -> Vec<String> {
        let files = [file("/p/.cargo/config.toml", CheckoutFileKind::Config, text)];
        let found = hazards(&files, known).unwrap();
        assert!(found.iter().all(|hazard| hazard.file == "/p/.cargo/config.toml"));
        found.into_iter().map(|hazard| hazard.setting).collect()
    }

    fn settings(text: &str) -> Vec<String> {
        settings_knowing(text, &|_| false)
    }

    #[test]
    fn every_key_that_runs_or_redirects_is_found_in_every_form() {
        for (text, expected) in [
            ("[build]\nrustc = \"./evil\"\n", "build.rustc = \"./evil\""),
            ("build.rustc-wrapper = 'sccache'\n", "build.rustc-wrapper = \"sccache\""),
            ("build = { rustc-workspace-wrapper = 'x' }\n", "build.rustc-workspace-wrapper = \"x\""),
            (
                "[registries.a]\ncredential-provider = [\n  \"./evil\", # a\n  \"b\",\n]\n",
                "registries.a.credential-provider = [\"./evil\", \"b\"]",
            ),
            (
                "[registries]\na.credential-provider = 'cargo:token-from-stdout ./evil'\n",
                "registries.a.credential-provider = \"cargo:token-from-stdout ./evil\"",
            ),
            ("[registry]\ncredential-provider = \"./evil\"\n", "registry.credential-provider = \"./evil\""),
            (
                "[registry]\nglobal-credential-providers = [\"cargo:token\", \"./evil\"]\n",
                "registry.global-credential-providers = [\"cargo:token\", \"./evil\"]",
            ),
            ("[credential-alias]\nx = [\"./evil\"]\n", "credential-alias.x = [\"./evil\"]"),
            ("[http]\nproxy = \"http://me:pw@evil:1\"\n", "http.proxy = \"http://evil:1\""),
            ("[http]\nproxy = \"me:pw@evil:1\"\n", "http.proxy = \"evil:1\""),
            ("[http]\ncainfo = \"evil.pem\"\n", "http.cainfo = \"evil.pem\""),
            ("[http]\nproxy-cainfo = \"evil.pem\"\n", "http.proxy-cainfo = \"evil.pem\""),
            (
                "[registries.a]\nindex = \"sparse+https://me:pw@evil.example/x/?sig=1\"\n",
                "registries.a.index = \"sparse+https://evil.example/x/?***\"",
            ),
            (
                "[source.a]\nregistry = \"https://evil.example/index\"\n",
                "source.a.registry = \"https://evil.example/index\"",
            ),
            (
                "[env]\nCARGO_HTTP_PROXY = { value = \"x\", force = true }\n",
                "env.CARGO_HTTP_PROXY = { value = \"x\", force = true }",
            ),
            ("[env]\nRUSTUP_TOOLCHAIN = \"x\"\n", "env.RUSTUP_TOOLCHAIN = \"x\""),
            ("include = [\"x.toml\"]\n", "include = [\"x.toml\"]"),
        ] {
            assert_eq!(settings(text), [expected], "{text}");
        }
    }

    #[test]
    fn an_ordinary_project_raises_no_question() {
        let text = format!(
            "[registries]\nrust = {{ index = \"{FEED}\", credential-provider = \"cargo:token\" }}\n\
             old = {{ index = \"sparse+https://fabrikam.pkgs.visualstudio.com/_packaging/a/Cargo/index/\" }}\n\
             [source.crates-io]\nreplace-with = \"rust\"\n\
             [source.mirror]\nregistry = \"https://github.com/rust-lang/crates.io-index\"\n\
             [source.cio]\nregistry = \"sparse+https://index.crates.io/\"\n\
             [registry]\nglobal-credential-providers = [\"cargo:token\"]\ncredential-provider = [\"cargo:token\"]\n\
             [build]\njobs = 4\n[net]\nretry = 3\n[http]\ntimeout = 3\n[env]\nFOO = \"1\"\n[alias]\nx = \"run\"\n"
        );
        assert_eq!(settings(&text), [] as [&str; 0]);
    }

    #[test]
    fn a_host_is_known_by_its_exact_name_or_by_the_person() {
        for index in [
            "sparse+http://pkgs.dev.azure.com/fabrikam/_packaging/rust/Cargo/index/",
            "sparse+https://pkgs.dev.azure.com.evil.example/x/",
            "sparse+https://pkgs.dev.azure.com:8443/x/",
            "sparse+https://pkgs.dev.azure.com@evil.example/x/",
            "sparse+https://evilpkgs.visualstudio.com/x/",
            "https://github.com/evil/crates.io-index",
            "sparse+https://127.0.0.1/x/",
            "no url at all",
        ] {
            assert_eq!(settings(&format!("[registries.a]\nindex = \"{index}\"\n")).len(), 1, "{index}");
        }
        let text =
            "[registries.a]\nindex = \"sparse+https://ado.corp.example/c/_packaging/r/Cargo/index/\"\n";
        let corp = |url: &Url| url.host_str() == Some("ado.corp.example");
        assert_eq!(settings_knowing(text, &corp), [] as [&str; 0]);
        assert_eq!(settings(text).len(), 1);
    }

    #[test]
    fn nothing_shown_steers_a_terminal_or_tells_a_token() {
        let text = "[build]\nrustc = \"a\\u001b[31m\\u202Eb\\nc\"\n[registries.\"x\\u001b\"]\ncredential-provider = [\"p\", \"Bearer hunter2\"]\n";
        let found = settings(text);
        assert_eq!(found[0], "build.rustc = \"a[31mb c\"");
        assert_eq!(found[1], "registries.x.credential-provider = [\"p\", \"Bearer ***");
    }

    #[test]
    fn a_toolchain_by_path_is_found_in_both_forms() {
        let setting = |path: &str, text: &str| {
            let found = hazards(&[file(path, CheckoutFileKind::Toolchain, text)], &|_| false).unwrap();
            found.into_iter().map(|hazard| hazard.setting).next()
        };
        let toml = "[toolchain]\npath = \"../evil\"\n";
        assert_eq!(setting("/p/rust-toolchain.toml", toml).as_deref(), Some("toolchain.path = \"../evil\""));
        assert_eq!(setting("/p/rust-toolchain", toml).as_deref(), Some("toolchain.path = \"../evil\""));
        assert_eq!(setting("/p/rust-toolchain", "/tmp/evil\n").as_deref(), Some("/tmp/evil"));
        assert_eq!(setting("/p/rust-toolchain", "nightly-2026-01-01\n"), None);
        assert_eq!(setting("/p/rust-toolchain.toml", "[toolchain]\nchannel = \"1.95\"\n"), None);
    }

    #[test]
    fn only_files_that_are_not_the_persons_are_looked_at() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let evil = "[build]\nrustc = \"x\"\n";
        for (path, text) in [
            ("ws/.cargo/config.toml", evil),
            (".cargo/config", evil),
            ("home/config.toml", evil),
            ("rust-toolchain.toml", "[toolchain]\npath = \"y\"\n"),
        ] {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        fs::create_dir_all(root.join("ws/rust-toolchain")).unwrap();
        let layers = home::config_layers(&root.join("ws"), &root.join("home")).unwrap();
        let files = checkout_files(&root.join("ws"), &layers).unwrap();
        let found = hazards(&files, &|_| false).unwrap();
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(!found.iter().any(|hazard| hazard.file.contains("home")));
    }

    #[test]
    fn an_answer_holds_for_one_place_and_one_content() {
        let files = [file("/p/.cargo/config.toml", CheckoutFileKind::Config, "a")];
        let key = trust_key(Path::new("/p"), &files);
        assert_eq!(key.len(), 64);
        assert_eq!(key, trust_key(Path::new("/p"), &files));
        assert_ne!(key, trust_key(Path::new("/q"), &files));
        let changed = [file("/p/.cargo/config.toml", CheckoutFileKind::Config, "b")];
        assert_ne!(key, trust_key(Path::new("/p"), &changed));
        let moved = [file("/p/.cargo/config", CheckoutFileKind::Config, "tomla")];
        assert_ne!(key, trust_key(Path::new("/p"), &moved));
        assert_ne!(key, trust_key(Path::new("/p"), &[]));
    }

    #[test]
    fn a_file_that_is_no_toml_is_an_error() {
        let files = [file("/p/.cargo/config.toml", CheckoutFileKind::Config, "[")];
        assert!(matches!(hazards(&files, &|_| false), Err(ConfigError::Syntax { .. })));
    }
}
