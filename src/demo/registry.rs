//! The Cargo endpoint of a feed: `config.json`, sparse index, downloads, and the saving of upstream crates
//! (azure-contract 6.3, 7).

use std::sync::Arc;

use hyper::{Method, StatusCode};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::access::{Grant, Scope};
use super::blob;
use super::call::Call;
use super::crates::{Crate, hex};
use super::front::Service;
use super::publish;
use super::refusal::{anonymous, no_project, unusable};
use super::reply::{Reply, Weight};
use super::world::{Feed, Organization, Project, Role, Supply};

const FORCE_AUTH: &str = "~force-auth";

/// The views of every feed; nothing was promoted to the last two.
pub(super) const VIEWS: [(&str, &str); 3] =
    [("Local", "implicit"), ("Prerelease", "release"), ("Release", "release")];

/// Answers what comes after `_packaging/`.
pub(super) fn answer(
    call: &Call<'_>,
    organization: &Organization,
    project: Option<&str>,
    rest: &[&str],
) -> Result<Reply, Reply> {
    let [reference, rest @ ..] = rest else { return Err(call.no_controller()) };
    let door = Door::open(call, organization, project, reference)?;
    match (&call.method, rest) {
        (&Method::GET, ["cargo", "index", "config.json"]) => Ok(door.config()),
        (&Method::GET, ["cargo", "index", directories @ .., name])
            if directories.join("/") == index_directory(name) =>
        {
            door.index_file(name)
        }
        (&Method::GET, ["cargo", "api", "v1", "crates", name, version, "download"]) => {
            door.download(name, version)
        }
        (&Method::PUT, ["cargo", "api", "v1", "crates", "new"]) => door.publish(),
        (&Method::DELETE, ["cargo", "api", "v1", "crates", name, version, "yank"]) => {
            door.yank((name, version), true)
        }
        (&Method::PUT, ["cargo", "api", "v1", "crates", name, version, "unyank"]) => {
            door.yank((name, version), false)
        }
        // Whether there is a search or owners is not known, so there is none (azure-contract 7.5).
        _ => Err(call.no_controller()),
    }
}

/// A feed that the caller may at least look into.
struct Door<'a> {
    call: &'a Call<'a>,
    organization: &'a Organization,
    project: Option<&'a Project>,
    feed: &'a Feed,
    /// What stood behind the feed's name: `@View`, `~force-auth`, both or nothing.
    suffix: &'a str,
    view: Option<&'a str>,
    force_auth: bool,
    /// `None`: nobody in particular.
    grant: Option<&'a Grant>,
}

impl<'a> Door<'a> {
    fn open(
        call: &'a Call<'a>,
        organization: &'a Organization,
        project: Option<&str>,
        reference: &'a str,
    ) -> Result<Self, Reply> {
        let grant = call.member(Scope::Packaging)?;
        // A stranger isn't told what exists.
        let hidden = |reply: Reply| match grant {
            Some(_) => reply,
            None => call.challenge(organization, anonymous()),
        };
        let project = match project {
            Some(name) => Some(organization.project(name).ok_or_else(|| hidden(no_project(name)))?),
            None => None,
        };
        let (name, suffix) = reference.split_at(reference.find(['@', '~']).unwrap_or(reference.len()));
        let feed = organization.feed(project, name).ok_or_else(|| hidden(call.no_feed(name)))?;
        let force_auth = suffix.ends_with(FORCE_AUTH);
        let view = suffix.strip_suffix(FORCE_AUTH).unwrap_or(suffix).strip_prefix('@');
        let door = Self { call, organization, project, feed, suffix, view, force_auth, grant };
        if grant.is_none() && (force_auth || !feed.public) {
            return Err(door.credential_wanted());
        }
        if view.is_some_and(|view| VIEWS.iter().all(|(name, _)| !name.eq_ignore_ascii_case(view))) {
            return Err(call.no_feed(reference));
        }
        Ok(door)
    }

    fn credential_wanted(&self) -> Reply {
        let reply = if self.feed.public {
            let message = format!(
                "No authorization was provided for the feed '{}', although '{FORCE_AUTH}' requires it. \
                 (DevOps Activity ID: {})",
                self.feed.name, self.call.activity
            );
            Reply::failure(StatusCode::UNAUTHORIZED, "UnauthorizedRequestException", &message)
        } else {
            anonymous()
        };
        self.call.challenge(self.organization, reply)
    }

    /// azure-contract 7.3.
    fn config(&self) -> Reply {
        let project = self.project.map(|project| format!("/{}", project.id)).unwrap_or_default();
        let base = self.call.base(Service::Packages, self.organization);
        let api = format!("{base}{project}/_packaging/{}{}/cargo", self.feed.id, self.suffix);
        let mut config =
            json!({ "dl": format!("{api}/api/v1/crates/{{crate}}/{{version}}/download"), "api": api });
        if self.force_auth || !self.feed.public {
            config["auth-required"] = json!(true);
        }
        Reply::json(&config).weight(Weight::Index)
    }

    /// The versions that this door shows, and how the feed comes by them. Where a crate of that name was published,
    /// those of upstream that nobody has saved are hidden (azure-contract 6.5).
    fn offered(&self, name: &str) -> Vec<(Arc<Crate>, Supply)> {
        // Nothing was promoted to another view than Local.
        if !self.shows_local() {
            return Vec::new();
        }
        let state = self.call.state;
        let published = state.shelf.versions(&self.feed.id, name);
        let packed = state.catalog.versions(name).filter_map(|krate| {
            let supply = self.organization.supply(self.feed, name, krate.internal)?;
            let is_shown = published.is_empty() || state.has(self.feed, krate, supply);
            is_shown.then(|| (Arc::clone(krate), supply))
        });
        let mut offered: Vec<_> = packed.collect();
        offered.extend(published.into_iter().map(|krate| (krate, Supply::Published)));
        offered
    }

    fn shows_local(&self) -> bool {
        self.view.is_none_or(|view| view.eq_ignore_ascii_case("Local"))
    }

    /// azure-contract 7.4. Lists what is not saved yet, too.
    fn index_file(&self, name: &str) -> Result<Reply, Reply> {
        let offered = self.offered(name);
        if offered.is_empty() {
            return Err(self.no_package(name));
        }
        let mut lines = String::new();
        for (krate, _) in &offered {
            lines.push_str(&krate.index_line);
            lines.push('\n');
        }
        let tag = format!("\"{}\"", &hex(&Sha256::digest(&lines))[..24]);
        if self.call.header("if-none-match") == Some(tag.as_str()) {
            return Ok(Reply::new(StatusCode::NOT_MODIFIED).header("etag", tag).weight(Weight::Index));
        }
        Ok(Reply::text(StatusCode::OK, lines).header("etag", tag).weight(Weight::Index))
    }

    /// Saves what is not saved yet, where the caller may, and leads to the storage; a Server is its own.
    fn download(&self, name: &str, version: &str) -> Result<Reply, Reply> {
        let offered = self.offered(name);
        let found = offered.iter().find(|(krate, _)| krate.version.to_string() == version);
        let Some((krate, supply)) = found else { return Err(self.no_package(name)) };
        let state = self.call.state;
        if !state.has(self.feed, krate, *supply) {
            self.may_save(name)?;
            state.save(self.feed, krate);
        }
        if self.call.door.is_server() {
            return Ok(blob::crate_file(krate));
        }
        Ok(Reply::new(StatusCode::FOUND)
            .header("location", blob::address(self.call, krate))
            .weight(Weight::Index))
    }

    /// azure-contract 7.5: once, and not what upstream has.
    fn publish(&self) -> Result<Reply, Reply> {
        self.may_publish("AddPackage")?;
        let krate = publish::read(self.call.bytes())?;
        let mut known = self.call.state.catalog.crates.iter().filter(|known| publish::are_one(known, &krate));
        let is_there =
            |known: &Arc<Crate>| self.organization.supply(self.feed, &known.name, known.internal).is_some();
        if let Some(known) = known.find(|known| is_there(known)) {
            return Err(publish::exists(known));
        }
        self.call.state.shelf.put(&self.feed.id, krate).map_err(|known| publish::exists(&known))?;
        Ok(publish::published())
    }

    /// Marks what was published while the demo runs, or takes that back.
    fn yank(&self, of: (&str, &str), yanked: bool) -> Result<Reply, Reply> {
        self.may_publish("DelistPackage")?;
        if !self.call.state.shelf.yank(&self.feed.id, of, yanked) {
            return Err(self.no_package(of.0));
        }
        Ok(publish::yanked())
    }

    /// Whether the caller may change what the feed holds: as a Contributor, with a token that may write (azure-contract
    /// 2.2, 5.8). Other views than the default one are for reading (azure-contract 7.1).
    fn may_publish(&self, permission: &str) -> Result<(), Reply> {
        match self.grant {
            Some(_) if !self.shows_local() => {
                Err(unusable("Crates are published to the feed, not to a view of it."))
            }
            None => Err(self.credential_wanted()),
            Some(grant) if grant.allows(Scope::PackagingWrite) && self.feed.role >= Role::Contributor => {
                Ok(())
            }
            Some(_) => Err(self.call.needs_permission(self.feed, permission)),
        }
    }

    /// Whether an unsaved crate may be saved by this caller (azure-contract 5.8, 6.3).
    fn may_save(&self, name: &str) -> Result<(), Reply> {
        match self.grant {
            None => Err(self.call.challenge(self.organization, self.no_local_versions(name))),
            Some(grant) if grant.allows(Scope::PackagingWrite) && self.feed.role >= Role::Collaborator => {
                Ok(())
            }
            Some(_) => Err(self.call.needs_permission(self.feed, "AddPackage")),
        }
    }

    fn no_local_versions(&self, name: &str) -> Reply {
        let message = format!(
            "No local versions of package '{name}'; please provide authentication to access versions from upstream \
             that have not yet been saved to your feed. (DevOps Activity ID: {})",
            self.call.activity
        );
        Reply::failure(StatusCode::UNAUTHORIZED, "UnauthorizedRequestException", &message)
    }

    fn no_package(&self, name: &str) -> Reply {
        let message = format!(
            "Cannot find the package '{name}' in feed '{}'. (DevOps Activity ID: {})",
            self.feed.name, self.call.activity
        );
        Reply::failure(StatusCode::NOT_FOUND, "PackageNotFoundException", &message)
    }
}

/// The directories of a crate's index file: `1`, `2`, `3/a`, `ab/cd`.
fn index_directory(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let part = |range: std::ops::Range<usize>| name.get(range).unwrap_or_default();
    match name.len() {
        0 => String::new(),
        1 | 2 => name.len().to_string(),
        3 => format!("3/{}", part(0..1)),
        _ => format!("{}/{}", part(0..2), part(2..4)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_files_lie_where_cargo_looks_for_them() {
        let cases = [("a", "1"), ("ab", "2"), ("abc", "3/a"), ("Tidewater", "ti/de"), ("éé", "é/é")];
        for (name, directory) in cases {
            assert_eq!(index_directory(name), directory, "{name}");
        }
    }
}
