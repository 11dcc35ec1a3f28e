//! What a checkout would run or redirect, found by reading its files and never by executing anything: the
//! toolchain files and every Cargo configuration file that is not the person's own (product.md, 'Trust'); and the
//! indexes that manifests and lock files name.

mod places;

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use toml_edit::{Document, Item, TableLike};
use url::Url;

use super::error::ConfigError;
use super::home::{self, ConfigLayer, Origin};
use super::settings::shown_proxy;
use super::toml_text;
use crate::domain::finding::Hazard;
use crate::domain::text::{clean, redact, truncate};
use crate::files;

/// Cargo's own providers that start no program (cargo-contract 3.3).
const HARMLESS_PROVIDERS: [&str; 5] =
    ["cargo:token", "cargo:wincred", "cargo:macos-keychain", "cargo:libsecret", "cargo:paseto"];

/// What an index on an unknown host leads to.
const UNKNOWN_INDEX: &str = "ask an unknown host for crates";

/// A longer one is cut, in columns: the rest must stay readable.
const LONGEST_SETTING: usize = 300;

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
    /// Cargo: a `Cargo.toml`, of which only the indexes are the text, one a line.
    Manifest,
    /// The same of a `Cargo.lock`.
    Lock,
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

/// The files to look at before anything is run in the folder: those of `layers` that are not the person's, what
/// they include (Cargo since 1.94), `rust-toolchain` and `rust-toolchain.toml` in the folder and above it, and the
/// manifests and lock files that name indexes.
///
/// # Errors
/// When a toolchain file or an included one is there and can't be read.
pub fn checkout_files(dir: &Path, layers: &[ConfigLayer]) -> Result<Vec<CheckoutFile>, ConfigError> {
    let mut found = Vec::new();
    for layer in layers.iter().filter(|layer| layer.origin == Origin::Checkout) {
        add_config(&layer.path, layer.text.clone(), &mut found)?;
    }
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
    found.extend(places::files_with_indexes(dir, layers));
    Ok(found)
}

/// Adds a configuration file and all that it includes, each once.
fn add_config(path: &Path, text: String, found: &mut Vec<CheckoutFile>) -> Result<(), ConfigError> {
    if found.iter().any(|file| file.path == path) {
        return Ok(());
    }
    // What is no TOML includes nothing; it is said when its hazards are looked for.
    let included = toml_text::parse(&text).map(|document| included_files(path, &document));
    found.push(CheckoutFile { path: path.to_owned(), kind: CheckoutFileKind::Config, text });
    for path in included.unwrap_or_default() {
        if let Some(text) = files::read(&path)? {
            add_config(&path, text, found)?;
        }
    }
    Ok(())
}

/// `include = ["a.toml", { path = "b.toml" }]`, beside the file that says so.
fn included_files(file: &Path, document: &Document<&str>) -> Vec<PathBuf> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let list = toml_text::get(document, &["include"]);
    let names = entries(list).filter_map(|item| {
        item.as_str().or_else(|| item.as_table_like()?.get("path")?.as_str()).map(str::to_owned)
    });
    names.map(|name| folder.join(name)).collect()
}

/// The items of a list, of an array of tables, or the one item itself.
fn entries(item: Option<&Item>) -> impl Iterator<Item = Item> {
    let (values, tables) = (item.and_then(Item::as_array), item.and_then(Item::as_array_of_tables));
    let alone = item.filter(|_| values.is_none() && tables.is_none());
    let values = values.into_iter().flatten().cloned().map(Item::Value);
    let tables = tables.into_iter().flatten().cloned().map(Item::Table);
    alone.cloned().into_iter().chain(values).chain(tables)
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
            CheckoutFileKind::Manifest => add_indexes(file, "registry-index", known, &mut found),
            CheckoutFileKind::Lock => add_indexes(file, "source", known, &mut found),
            CheckoutFileKind::Config => {
                let document =
                    toml_text::parse(&file.text).map_err(|fault| ConfigError::fault(&file.path, fault))?;
                let mut reading = Reading { file, document: &document, found: &mut found };
                reading.programs();
                reading.providers();
                reading.network();
                reading.indexes(known);
                reading.patches();
                reading.flags();
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

/// The unknown indexes of a manifest or a lock file, but for those that are listed already.
fn add_indexes(file: &CheckoutFile, key: &str, known: &dyn Fn(&Url) -> bool, found: &mut Vec<Hazard>) {
    for index in file.text.lines().filter(|index| !is_known(index, known)) {
        let value = quoted(&shown_index(index));
        if !found.iter().any(|hazard| hazard.setting.ends_with(&format!(" = {value}"))) {
            found.push(Hazard {
                file: clean(&file.path.to_string_lossy()),
                setting: truncate(&format!("{key} = {value}"), LONGEST_SETTING),
                effect: UNKNOWN_INDEX,
            });
        }
    }
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
        setting: truncate(&format!("{setting}{path}"), LONGEST_SETTING),
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
            setting: truncate(&format!("{} = {value}", clean(key)), LONGEST_SETTING),
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
            self.add("http.proxy", &value, "send all requests, sign-in too, through that host");
        }
        for key in ["cainfo", "proxy-cainfo"] {
            self.add_present(["http", key], "trust the certificates of that file");
        }
    }

    fn indexes(&mut self, known: &dyn Fn(&Url) -> bool) {
        for (section, key) in [("registries", "index"), ("source", "registry"), ("source", "git")] {
            for (name, item) in self.table(section) {
                let index = item.as_table_like().and_then(|table| table.get(key)).and_then(Item::as_str);
                if let Some(index) = index.filter(|index| !is_known(index, known)) {
                    let value = quoted(&shown_index(index));
                    self.add(&format!("{section}.{name}.{key}"), &value, UNKNOWN_INDEX);
                }
            }
        }
    }

    /// `[patch.REGISTRY.CRATE]`: code from another place under the name of a crate.
    fn patches(&mut self) {
        for (registry, crates) in self.table("patch") {
            for (name, item) in crates.as_table_like().into_iter().flat_map(TableLike::iter) {
                for key in ["git", "registry-index"] {
                    let place = item.as_table_like().and_then(|table| table.get(key)).and_then(Item::as_str);
                    if let Some(place) = place {
                        let key = format!("patch.{registry}.{name}.{key}");
                        self.add(&key, &quoted(&shown_index(place)), "take that crate from another place");
                    }
                }
            }
        }
    }

    /// Cargo asks the compiler about the machine while it fetches, and hands these on.
    fn flags(&mut self) {
        let effect = "load a library of the project into the compiler";
        let mut places = vec![("build.rustflags".to_owned(), self.get(&["build", "rustflags"]))];
        places.push(("host.rustflags".to_owned(), self.get(&["host", "rustflags"])));
        for section in ["target", "host"] {
            places.extend(self.table(section).map(|(name, item)| {
                let flags = item.as_table_like().and_then(|table| table.get("rustflags"));
                (format!("{section}.{name}.rustflags"), flags)
            }));
        }
        for (key, flags) in places {
            if let Some(flags) = flags
                && entries(Some(flags)).any(|item| item.as_str().is_some_and(loads_something))
            {
                self.add(&key, &shown_item(flags), effect);
            }
        }
        let target = self.get(&["build", "target"]);
        if let Some(target) = target
            && entries(Some(target)).any(|item| item.as_str().is_some_and(is_target_file))
        {
            self.add("build.target", &shown_item(target), effect);
        }
    }

    fn others(&mut self) {
        for (name, item) in self.table("env") {
            if steers_programs(name) {
                self.add(
                    &format!("env.{name}"),
                    &shown_item(item),
                    "change which programs and libraries run",
                );
            }
        }
        if let Some(item) = self.get(&["include"]) {
            self.add("include", &shown_item(item), "read further settings from that file");
        }
        self.add_present(["resolver", "lockfile-path"], "write the lock file to that place");
    }
}

/// Whether a variable of `[env]`, which Cargo gives to the compiler that it asks while it fetches, makes it run or
/// load something else.
fn steers_programs(name: &str) -> bool {
    const PREFIXES: [&str; 4] = ["CARGO_", "RUSTUP_", "LD_", "DYLD_"];
    const NAMES: [&str; 7] =
        ["PATH", "HOME", "USERPROFILE", "LIBPATH", "SHLIB_PATH", "GLIBC_TUNABLES", "GCONV_PATH"];
    let name = name.to_uppercase();
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || NAMES.contains(&name.as_str())
}

fn is_target_file(target: &str) -> bool {
    Path::new(target).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

/// Whether a flag of the compiler names a library to load, or a file with more flags.
fn loads_something(flags: &str) -> bool {
    let marks = ["codegen-backend", "plugin", "--sysroot"];
    marks.iter().any(|mark| flags.contains(mark))
        || flags.split_whitespace().any(|flag| flag.starts_with('@'))
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
mod tests;
