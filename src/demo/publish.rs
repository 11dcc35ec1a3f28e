//! Publishing to a feed, yanking, and taking that back (azure-contract 7.5, cargo-contract 9): the web API that
//! `config.json` names, for whoever is a Contributor.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use hyper::StatusCode;
use hyper::body::Bytes;
use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::crates::{Crate, hex};
use super::refusal::unusable;
use super::reply::Reply;
use super::world::Guid;

/// Longest name that Cargo's own registry takes.
const LONGEST_NAME: usize = 64;

/// Of a crate, unpacked, in bytes: more than one would publish for a try.
const LARGEST_UNPACKED: u64 = 64 * 1024 * 1024;

/// What was published while the demo runs, by the feed's id; a demo that is kept goes on with it.
#[derive(Debug, Default)]
pub(super) struct Shelf(Mutex<BTreeMap<String, Vec<Arc<Crate>>>>);

impl Shelf {
    /// What it was when the demo ended; what can't be read any more is left out.
    pub(super) fn of(kept: Vec<KeptCrate>) -> Self {
        let mut shelf: BTreeMap<String, Vec<Arc<Crate>>> = BTreeMap::new();
        for KeptCrate { feed, index_line, packed } in kept {
            if let Some(krate) = restored(index_line, &packed) {
                shelf.entry(feed).or_default().push(Arc::new(krate));
            }
        }
        Self(Mutex::new(shelf))
    }

    /// What a kept demo must remember.
    pub(super) fn kept(&self) -> Vec<KeptCrate> {
        let shelf = self.lock();
        let crates = shelf.iter().flat_map(|(feed, crates)| crates.iter().map(move |krate| (feed, krate)));
        crates
            .map(|(feed, krate)| KeptCrate {
                feed: feed.clone(),
                index_line: krate.index_line.clone(),
                packed: STANDARD.encode(&krate.packed),
            })
            .collect()
    }

    /// Everything that was published in the feed, by name and version.
    pub(super) fn of_feed(&self, feed: &Guid) -> Vec<Arc<Crate>> {
        self.lock().get(feed.as_str()).cloned().unwrap_or_default()
    }

    /// Every version of a crate that was published in the feed, oldest first; Cargo asks the index in lower case.
    pub(super) fn versions(&self, feed: &Guid, name: &str) -> Vec<Arc<Crate>> {
        let mut crates = self.of_feed(feed);
        crates.retain(|krate| krate.name.eq_ignore_ascii_case(name));
        crates
    }

    pub(super) fn by_checksum(&self, checksum: &str) -> Option<Arc<Crate>> {
        self.lock().values().flatten().find(|krate| krate.checksum == checksum).cloned()
    }

    /// Adds a crate that isn't there yet.
    ///
    /// # Errors
    /// The one that is there: of that version, or of another spelling of that name.
    pub(super) fn put(&self, feed: &Guid, krate: Crate) -> Result<(), Arc<Crate>> {
        let mut shelf = self.lock();
        let crates = shelf.entry(feed.to_string()).or_default();
        let is_other_spelling = |other: &Crate| other.name != krate.name && folded(other) == folded(&krate);
        if let Some(other) = crates.iter().find(|other| are_one(other, &krate) || is_other_spelling(other)) {
            return Err(Arc::clone(other));
        }
        crates.push(Arc::new(krate));
        crates.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
        Ok(())
    }

    /// Marks a version as yanked or not; whether there is such a one.
    pub(super) fn yank(&self, feed: &Guid, (name, version): (&str, &str), yanked: bool) -> bool {
        let mut shelf = self.lock();
        let mut crates = shelf.get_mut(feed.as_str()).into_iter().flatten();
        let found = crates.find(|krate| krate.name == name && krate.version.to_string() == version);
        if let Some(krate) = found {
            *krate = Arc::new(krate.with_yanked(yanked));
            return true;
        }
        false
    }

    /// Whole after every statement, so a panic elsewhere spoils nothing.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Arc<Crate>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a registry has room for only one of the two: names that differ in case, `-` or `_` are one, and so are
/// versions that differ in what was built.
pub(super) fn are_one(one: &Crate, other: &Crate) -> bool {
    folded(one) == folded(other) && one.version.cmp_precedence(&other.version).is_eq()
}

fn folded(krate: &Crate) -> String {
    krate.name.to_ascii_lowercase().replace('-', "_")
}

fn restored(index_line: String, packed: &str) -> Option<Crate> {
    let line: Value = serde_json::from_str(&index_line).ok()?;
    let packed = Bytes::from(STANDARD.decode(packed).ok()?);
    let of = (line["name"].as_str()?.to_owned(), Version::parse(line["vers"].as_str()?).ok()?);
    let is_yanked = line["yanked"].as_bool()?;
    let checksum = hex(&Sha256::digest(&packed));
    Some(Crate::published(of, checksum, (index_line, packed)).with_yanked(is_yanked))
}

/// A crate as `world.json` keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptCrate {
    feed: String,
    index_line: String,
    /// In base64.
    packed: String,
}

/// What Cargo says of a crate that it publishes.
#[derive(Debug, Deserialize)]
struct Metadata {
    name: String,
    vers: String,
    #[serde(default)]
    deps: Vec<Value>,
    #[serde(default)]
    features: Value,
    links: Option<String>,
    rust_version: Option<String>,
}

/// The crate of a request: a length, JSON, a length, the packed crate.
///
/// # Errors
/// When it is not like that, or breaks a rule.
pub(super) fn read(body: &Bytes) -> Result<Crate, Reply> {
    let cut = || unusable("The body is not as long as it says.");
    let (json, rest) = part(body).ok_or_else(cut)?;
    let (packed, rest) = part(&rest).ok_or_else(cut)?;
    if !rest.is_empty() {
        return Err(cut());
    }
    let metadata: Metadata = serde_json::from_slice(&json)
        .map_err(|error| unusable(&format!("The description of the crate can't be read: {error}")))?;
    if !is_name(&metadata.name) {
        return Err(unusable(&format!("The name '{}' is none of a crate.", metadata.name)));
    }
    let version = Version::parse(&metadata.vers)
        .map_err(|_| unusable(&format!("The version '{}' is no semantic version.", metadata.vers)))?;
    if !holds_its_manifest(&packed, &format!("{}-{version}/Cargo.toml", metadata.name)) {
        return Err(unusable("The packed crate does not hold the manifest that it should."));
    }
    let checksum = hex(&Sha256::digest(&packed));
    let line = index_line(&metadata, &version, &checksum);
    Ok(Crate::published((metadata.name, version), checksum, (line, packed)))
}

fn part(bytes: &Bytes) -> Option<(Bytes, Bytes)> {
    let length = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    let end = length.checked_add(4).filter(|end| *end <= bytes.len())?;
    Some((bytes.slice(4..end), bytes.slice(end..)))
}

fn is_name(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    name.len() <= LONGEST_NAME
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(is_letter)
}

fn holds_its_manifest(packed: &[u8], path: &str) -> bool {
    let mut archive = tar::Archive::new(GzDecoder::new(packed).take(LARGEST_UNPACKED));
    let Ok(mut entries) = archive.entries() else { return false };
    entries.any(|entry| entry.is_ok_and(|entry| entry.path().is_ok_and(|own| own.to_str() == Some(path))))
}

/// azure-contract 7.4, made from what Cargo says.
fn index_line(metadata: &Metadata, version: &Version, checksum: &str) -> String {
    let deps: Vec<Value> = metadata.deps.iter().map(dependency).collect();
    json!({
        "name": metadata.name, "vers": version.to_string(), "deps": deps, "cksum": checksum,
        "features": if metadata.features.is_object() { metadata.features.clone() } else { json!({}) },
        "yanked": false, "links": metadata.links, "rust_version": metadata.rust_version, "v": 2,
    })
    .to_string()
}

/// A renamed dependency is called by its new name in the index, and its own stands beside it.
fn dependency(published: &Value) -> Value {
    let renamed = published["explicit_name_in_toml"].as_str();
    let mut dependency = json!({
        "name": renamed.map_or(published["name"].clone(), |name| json!(name)),
        "req": published["version_req"], "features": published["features"], "optional": published["optional"],
        "default_features": published["default_features"], "target": published["target"],
        "kind": published["kind"], "registry": published["registry"],
    });
    if renamed.is_some() {
        dependency["package"] = published["name"].clone();
    }
    dependency
}

/// What Cargo is told of a crate that was published.
pub(super) fn published() -> Reply {
    Reply::json(&json!({ "warnings": { "invalid_categories": [], "invalid_badges": [], "other": [] } }))
}

/// What Cargo is told of a version that is yanked now, or not any more.
pub(super) fn yanked() -> Reply {
    Reply::json(&json!({ "ok": true }))
}

/// A version is published once, whether here or upstream.
pub(super) fn exists(krate: &Crate) -> Reply {
    let message = format!("The package '{}' already exists in version '{}'.", krate.name, krate.version);
    Reply::failure(StatusCode::CONFLICT, "PackageVersionExistsException", &message)
}

#[cfg(test)]
mod tests {
    use super::super::crates::Catalog;
    use super::*;

    fn body(json: &str, packed: &[u8]) -> Bytes {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
        let parts = [&length(json.as_bytes())[..], json.as_bytes(), &length(packed), packed];
        parts.concat().into()
    }

    fn inkstream() -> Bytes {
        Catalog::packed().versions("inkstream").next().unwrap().packed.clone()
    }

    const JSON: &str = r#"{"name":"inkstream","vers":"0.1.22","deps":[{"name":"tidewater","version_req":"^1","features":[],
        "optional":false,"default_features":true,"target":null,"kind":"normal","registry":null,
        "explicit_name_in_toml":"water"}],"features":{"a":[]},"links":null,"rust_version":"1.60"}"#;

    #[test]
    fn a_published_crate_has_its_line_of_the_index_and_its_checksum() {
        let krate = read(&body(JSON, &inkstream())).unwrap();
        assert_eq!(krate.checksum, hex(&Sha256::digest(inkstream())));
        let line: Value = serde_json::from_str(&krate.index_line).unwrap();
        assert_eq!((&line["vers"], &line["cksum"]), (&json!("0.1.22"), &json!(krate.checksum)));
        let dependency = &line["deps"][0];
        assert_eq!((&dependency["name"], &dependency["package"]), (&json!("water"), &json!("tidewater")));
        assert_eq!((&dependency["req"], &line["features"]["a"]), (&json!("^1"), &json!([])));
        let yanked: Value = serde_json::from_str(&krate.with_yanked(true).index_line).unwrap();
        assert_eq!((&line["yanked"], &yanked["yanked"]), (&json!(false), &json!(true)));
    }

    #[test]
    fn what_is_no_crate_is_refused() {
        let packed = inkstream();
        let whole = body(JSON, &packed);
        let other = |from: &str, to: &str| body(&JSON.replace(from, to), &packed);
        for wrong in [
            Bytes::new(),
            whole.slice(..whole.len() - 1),
            [&whole[..], b"x"].concat().into(),
            body("{", &packed),
            body(JSON, b"no archive"),
            other("inkstream", "../inkstream"),
            other("inkstream", "1nkstream"),
            other("inkstream", ""),
            other("inkstream", "another"),
            other("0.1.22", "0.1"),
            other("0.1.22", "0.1.23"),
        ] {
            assert_eq!(read(&wrong).unwrap_err().status, StatusCode::BAD_REQUEST);
        }
    }

    #[test]
    fn a_version_is_put_once_in_a_feed_whatever_the_spelling_of_its_name() {
        let shelf = Shelf::default();
        let krate = |name: &str, version: &str| {
            let line = json!({ "name": name, "vers": version, "yanked": false }).to_string();
            restored(line, "").unwrap()
        };
        let (one, other) = (Guid::of("feed", &["one"]), Guid::of("feed", &["other"]));
        shelf.put(&one, krate("my-crate", "1.0.0")).unwrap();
        for again in
            [("my-crate", "1.0.0"), ("my-crate", "1.0.0+linux"), ("My_Crate", "1.0.0"), ("My_Crate", "2.0.0")]
        {
            assert_eq!(shelf.put(&one, krate(again.0, again.1)).unwrap_err().name, "my-crate", "{again:?}");
        }
        shelf.put(&one, krate("my-crate", "2.0.0")).unwrap();
        shelf.put(&other, krate("My_Crate", "2.0.0")).unwrap();
        let count = |feed, name| shelf.versions(feed, name).len();
        assert_eq!((count(&one, "my-crate"), count(&one, "my_crate"), count(&other, "my_crate")), (2, 0, 1));
        assert!(
            shelf.yank(&one, ("my-crate", "1.0.0"), true) && !shelf.yank(&one, ("my-crate", "3.0.0"), true)
        );
        let again = Shelf::of(shelf.kept());
        assert_eq!(again.kept(), shelf.kept());
        let yanked =
            |shelf: &Shelf| shelf.versions(&one, "my-crate").iter().map(|krate| krate.yanked).collect();
        let (before, after): (Vec<bool>, Vec<bool>) = (yanked(&shelf), yanked(&again));
        assert_eq!((&before, &before), (&vec![true, false], &after));
    }
}
