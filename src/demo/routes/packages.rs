//! What a feed holds (azure-contract 5.11): what was published in it or saved from upstream.

use std::sync::Arc;

use serde_json::{Value, json};

use super::feeds::{upstream_id, view_id};
use crate::demo::call::Call;
use crate::demo::crates::Crate;
use crate::demo::reply::Reply;
use crate::demo::world::{Feed, Guid, Organization, Supply, Upstream};

/// The page where `$top` is not given.
const PAGE: usize = 1000;

pub(super) fn list(
    call: &Call<'_>,
    organization: &Organization,
    feed: &Feed,
    view: Option<(&str, &str)>,
) -> Reply {
    let of_cargo = call.query("protocolType").is_none_or(|word| word.eq_ignore_ascii_case("Cargo"));
    // Nothing was promoted to another view than Local.
    let shown = of_cargo && view.is_none_or(|(name, _)| name == "Local");
    let mut packages: Vec<Vec<(Arc<Crate>, Supply)>> = Vec::new();
    for (krate, supply) in held(call, organization, feed).into_iter().filter(|_| shown) {
        match packages.last_mut() {
            Some(versions) if versions[0].0.name == krate.name => versions.push((krate, supply)),
            _ => packages.push(vec![(krate, supply)]),
        }
    }
    let all_versions = call.flag("includeAllVersions");
    let page: Vec<Value> = packages
        .iter()
        .skip(call.number("$skip").unwrap_or(0))
        .take(call.number("$top").unwrap_or(PAGE))
        .map(|versions| package_json(feed, versions, all_versions))
        .collect();
    Reply::list(&page)
}

/// The crates that the feed itself has, by name and version, as far as the query wants them.
fn held(call: &Call<'_>, organization: &Organization, feed: &Feed) -> Vec<(Arc<Crate>, Supply)> {
    let part = call.query("packageNameQuery").unwrap_or_default().to_lowercase();
    let state = call.state;
    let packed = state.catalog.crates.iter().filter_map(|krate| {
        let supply = organization.supply(feed, &krate.name, krate.internal)?;
        state.has(feed, krate, supply).then(|| (Arc::clone(krate), supply))
    });
    let published = state.shelf.of_feed(&feed.id).into_iter().map(|krate| (krate, Supply::Published));
    let mut held: Vec<_> = packed.chain(published).collect();
    held.retain(|(krate, _)| krate.name.to_lowercase().contains(&part));
    held.sort_by(|(one, _), (other, _)| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
    held
}

fn package_json(feed: &Feed, versions: &[(Arc<Crate>, Supply)], all_versions: bool) -> Value {
    let name = &versions[0].0.name;
    let latest = versions.len() - 1;
    let versions: Vec<Value> = versions
        .iter()
        .enumerate()
        .filter(|(place, _)| all_versions || *place == latest)
        .map(|(place, (krate, supply))| version_json(feed, krate, *supply, place == latest))
        .collect();
    json!({
        "id": Guid::of("package", &[feed.id.as_str(), name]).as_str(),
        "normalizedName": name, "name": name, "protocolType": "Cargo", "versions": versions,
    })
}

fn version_json(feed: &Feed, krate: &Crate, supply: Supply, latest: bool) -> Value {
    let version = krate.version.to_string();
    let mut value = json!({
        "id": Guid::of("version", &[feed.id.as_str(), &krate.stem()]).as_str(),
        "normalizedVersion": version, "version": version,
        "isLatest": latest, "isListed": !krate.yanked, "isDeleted": false,
        "publishDate": "2026-02-01T10:00:00Z",
        "storageId": krate.checksum,
        "views": [{ "id": view_id(feed, "Local").as_str(), "name": "Local", "url": null, "type": "implicit" }],
    });
    let upstream = feed.upstreams.iter().find_map(|upstream| match upstream {
        Upstream::Public(source) if source.protocol == "Cargo" => Some(source.name),
        Upstream::Feed(name) => Some(name.as_str()),
        Upstream::Public(_) => None,
    });
    if let (Supply::Upstream, Some(name)) = (supply, upstream) {
        value["directUpstreamSourceId"] = json!(upstream_id(feed, name).as_str());
    }
    value
}
