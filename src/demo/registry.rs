//! The Cargo endpoint of a feed: `config.json`, sparse index, downloads, and the saving of upstream crates
//! (azure-contract 6.3, 7).

use hyper::StatusCode;
use serde_json::json;

use super::access::{Grant, Scope};
use super::blob;
use super::call::Call;
use super::crates::Crate;
use super::front::Service;
use super::refusal::{anonymous, no_project};
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
    match rest {
        ["cargo", "index", "config.json"] => Ok(door.config()),
        ["cargo", "index", directories @ .., name] if directories.join("/") == index_directory(name) => {
            door.index_file(name)
        }
        ["cargo", "api", "v1", "crates", name, version, "download"] => door.download(name, version),
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

    /// The versions that this door shows, and how the feed comes by them.
    fn offered(&self, name: &'a str) -> Vec<(&'a Crate, Supply)> {
        // Nothing was promoted to another view than Local.
        if self.view.is_some_and(|view| !view.eq_ignore_ascii_case("Local")) {
            return Vec::new();
        }
        let versions = self.call.state.catalog.versions(name);
        versions
            .filter_map(|(_, krate)| {
                let supply = self.organization.supply(self.feed, name, krate.internal)?;
                Some((krate, supply))
            })
            .collect()
    }

    /// azure-contract 7.4. Lists what is not saved yet, too.
    fn index_file(&self, name: &'a str) -> Result<Reply, Reply> {
        let offered = self.offered(name);
        let Some((first, _)) = offered.first() else { return Err(self.no_package(name)) };
        let tag = format!("\"{}-{}\"", &first.checksum[..16], offered.len());
        if self.call.header("if-none-match") == Some(tag.as_str()) {
            return Ok(Reply::new(StatusCode::NOT_MODIFIED).header("etag", tag).weight(Weight::Index));
        }
        let mut lines = String::new();
        for (krate, _) in &offered {
            lines.push_str(&krate.index_line);
            lines.push('\n');
        }
        Ok(Reply::text(StatusCode::OK, lines).header("etag", tag).weight(Weight::Index))
    }

    /// Saves what is not saved yet, where the caller may, and leads to the storage; a Server is its own.
    fn download(&self, name: &'a str, version: &str) -> Result<Reply, Reply> {
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
