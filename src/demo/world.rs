//! The organizations, projects and feeds of the demo, read from `assets/demo/world.toml`. Knows nothing of
//! requests; ids are derived from names, so that they are the same in every run. What people make and change
//! in it is `change`'s matter.

mod change;

use std::fmt;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::crates::hex;

pub(super) use change::KeptFeed;

const WORLD: &str = include_str!("../../assets/demo/world.toml");

/// How many feeds an upstream may lead through before it counts as going in a circle.
const UPSTREAM_DEPTH: usize = 4;

/// The whole world.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) organizations: Vec<Organization>,
}

#[derive(Debug, Clone)]
pub(super) struct Organization {
    pub(super) id: Guid,
    pub(super) name: String,
    /// The Entra tenant behind it.
    pub(super) tenant: Guid,
    pub(super) projects: Vec<Project>,
    /// The feeds that the person can see.
    pub(super) feeds: Vec<Feed>,
    /// Those that the person can't see, but whose names are taken (azure-contract 5.6, 5.7).
    pub(super) hidden: Vec<HiddenFeed>,
    /// Whether its members may make feeds, as `globalpermissions` would say (azure-contract 5.4).
    pub(super) members_make_feeds: bool,
}

/// A feed that is no longer there, or not for everyone.
#[derive(Debug, Clone)]
pub(super) struct HiddenFeed {
    pub(super) feed: Feed,
    /// In the recycle bin; else of a project that the person may not see into.
    pub(super) deleted: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Project {
    pub(super) id: Guid,
    pub(super) name: String,
    pub(super) description: Option<String>,
    /// `private`, `public` or `organization`.
    pub(super) visibility: String,
}

#[derive(Debug, Clone)]
pub(super) struct Feed {
    pub(super) id: Guid,
    pub(super) name: String,
    pub(super) description: Option<String>,
    /// The project it belongs to; `None`: the organization.
    pub(super) project: Option<Guid>,
    /// Readable by everyone (azure-contract 5.10).
    pub(super) public: bool,
    /// What the person of the demo may do here.
    pub(super) role: Role,
    pub(super) upstreams: Vec<Upstream>,
    /// The visibility of the `@Local` view.
    pub(super) visibility: String,
    /// Made or changed since the world was made: a kept demo remembers it.
    changed: bool,
    /// How many percent of the upstream crates are saved from the start.
    saved_percent: u8,
    /// The crates that were published here.
    published: Vec<String>,
}

/// The roles of azure-contract 5.8, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    Reader,
    Collaborator,
    Contributor,
    Administrator,
}

impl Role {
    /// The word of the REST API.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Collaborator => "collaborator",
            Self::Contributor => "contributor",
            Self::Administrator => "administrator",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        [Self::Reader, Self::Collaborator, Self::Contributor, Self::Administrator]
            .into_iter()
            .find(|role| role.word().eq_ignore_ascii_case(word))
    }
}

/// Where a feed takes what it doesn't have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Upstream {
    Public(&'static PublicSource),
    /// The `@Local` view of a feed of the same organization, by name.
    Feed(String),
}

/// One of the common public sources (azure-contract 5.4).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PublicSource {
    pub(super) name: &'static str,
    pub(super) protocol: &'static str,
    pub(super) location: &'static str,
}

const CRATES_IO: PublicSource =
    PublicSource { name: "crates.io", protocol: "Cargo", location: "https://index.crates.io/" };

static PUBLIC_SOURCES: [PublicSource; 9] = [
    CRATES_IO,
    PublicSource { name: "npmjs", protocol: "npm", location: "https://registry.npmjs.org/" },
    PublicSource {
        name: "NuGet Gallery",
        protocol: "nuget",
        location: "https://api.nuget.org/v3/index.json",
    },
    PublicSource { name: "PyPI", protocol: "pypi", location: "https://pypi.org/" },
    PublicSource {
        name: "Maven Central",
        protocol: "Maven",
        location: "https://repo.maven.apache.org/maven2/",
    },
    PublicSource {
        name: "PowerShell Gallery",
        protocol: "nuget",
        location: "https://www.powershellgallery.com/api/v2/",
    },
    PublicSource {
        name: "Google Maven Repository",
        protocol: "Maven",
        location: "https://dl.google.com/android/maven2/",
    },
    PublicSource { name: "JitPack", protocol: "Maven", location: "https://jitpack.io/" },
    PublicSource { name: "Gradle Plugins", protocol: "Maven", location: "https://plugins.gradle.org/m2/" },
];

/// How a feed comes by a crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Supply {
    Published,
    Upstream,
}

impl World {
    /// Reads the world.
    ///
    /// # Panics
    /// Never: the file is part of the program, and a test reads it.
    pub(super) fn load() -> Self {
        let file: WorldFile = toml_edit::de::from_str(WORLD).expect("assets/demo/world.toml is sound");
        Self { organizations: file.organization.into_iter().map(Organization::build).collect() }
    }

    pub(super) fn organization(&self, name: &str) -> Option<&Organization> {
        self.organizations.iter().find(|organization| same(&organization.name, name))
    }
}

impl Organization {
    fn build(file: OrganizationFile) -> Self {
        let mut projects = Vec::new();
        let (mut feeds, mut hidden) = (Vec::new(), Vec::new());
        let mut place = |file: FeedFile, organization: &str, project: Option<&Project>| {
            let presence = file.presence;
            let feed = Feed::build(file, organization, project);
            match presence {
                Presence::Visible => feeds.push(feed),
                Presence::Deleted => hidden.push(HiddenFeed { feed, deleted: true }),
                Presence::Invisible => hidden.push(HiddenFeed { feed, deleted: false }),
            }
        };
        for feed in file.feeds {
            place(feed, &file.name, None);
        }
        for project in file.projects {
            let built = Project {
                id: Guid::of("project", &[&file.name, &project.name]),
                visibility: project.visibility.unwrap_or_else(|| "private".to_owned()),
                name: project.name,
                description: project.description,
            };
            for feed in project.feeds {
                place(feed, &file.name, Some(&built));
            }
            projects.push(built);
        }
        Self {
            id: Guid::of("organization", &[&file.name]),
            tenant: Guid::of("tenant", &[&file.name]),
            name: file.name,
            projects,
            feeds,
            hidden,
            members_make_feeds: file.members_make_feeds,
        }
    }

    /// A project by name or id.
    pub(super) fn project(&self, name_or_id: &str) -> Option<&Project> {
        self.projects.iter().find(|p| p.id.is(name_or_id) || same(&p.name, name_or_id))
    }

    pub(super) fn project_by_id(&self, id: &Guid) -> Option<&Project> {
        self.projects.iter().find(|project| project.id == *id)
    }

    /// A feed by name or id, addressed with exactly the project that it has (azure-contract 3.2, class 8).
    pub(super) fn feed(&self, project: Option<&Project>, name_or_id: &str) -> Option<&Feed> {
        self.feeds.iter().find(|feed| {
            feed.project.as_ref() == project.map(|p| &p.id)
                && (feed.id.is(name_or_id) || same(&feed.name, name_or_id))
        })
    }

    /// A feed by name, wherever it is: names are unique in an organization (azure-contract 5.6).
    pub(super) fn feed_anywhere(&self, name: &str) -> Option<&Feed> {
        self.feeds.iter().find(|feed| same(&feed.name, name))
    }

    /// Whether strangers may see some of it, so that it answers 200 where others show the sign-in page
    /// (azure-contract 1.5).
    pub(super) fn has_public_projects(&self) -> bool {
        self.projects.iter().any(Project::is_public)
    }

    /// How the feed comes by the crate; `None` where it doesn't.
    pub(super) fn supply(&self, feed: &Feed, name: &str, internal: bool) -> Option<Supply> {
        if feed.published.iter().any(|published| published == name) {
            return Some(Supply::Published);
        }
        (!internal && self.reaches_crates_io(feed, UPSTREAM_DEPTH)).then_some(Supply::Upstream)
    }

    fn reaches_crates_io(&self, feed: &Feed, depth: usize) -> bool {
        feed.upstreams.iter().any(|upstream| match upstream {
            Upstream::Public(source) => source.name == CRATES_IO.name,
            Upstream::Feed(name) => {
                depth > 0
                    && self.feed_anywhere(name).is_some_and(|next| self.reaches_crates_io(next, depth - 1))
            }
        })
    }
}

impl Project {
    pub(super) fn is_public(&self) -> bool {
        self.visibility == "public"
    }
}

impl Feed {
    fn build(file: FeedFile, organization: &str, project: Option<&Project>) -> Self {
        Self {
            id: Guid::of("feed", &[organization, &file.name]),
            project: project.map(|project| project.id.clone()),
            public: project.is_some_and(Project::is_public),
            upstreams: file
                .upstreams
                .iter()
                .map(|text| Upstream::read(text).expect("the world names known sources"))
                .collect(),
            visibility: file.view.unwrap_or_else(|| "collection".to_owned()),
            name: file.name,
            description: file.description,
            role: file.role,
            changed: false,
            saved_percent: file.saved,
            published: file.published,
        }
    }

    /// Whether somebody saved the upstream crate before the demo began: the same answer in every run.
    pub(super) fn has_from_the_start(&self, krate: &str) -> bool {
        let digest = Sha256::digest(format!("{}/{krate}", self.name));
        u16::from_be_bytes([digest[0], digest[1]]) % 100 < u16::from(self.saved_percent)
    }
}

impl Upstream {
    /// Reads a public source's name, or `feed:NAME`.
    fn read(text: &str) -> Option<Self> {
        match text.strip_prefix("feed:") {
            Some(feed) => Some(Self::Feed(feed.to_owned())),
            None => PUBLIC_SOURCES.iter().find(|source| source.name == text).map(Self::Public),
        }
    }

    /// The common public source at that address.
    pub(super) fn public(protocol: &str, location: &str) -> Option<Self> {
        let found = PUBLIC_SOURCES.iter().find(|source| {
            source.protocol.eq_ignore_ascii_case(protocol) && source.location.eq_ignore_ascii_case(location)
        });
        found.map(Self::Public)
    }

    /// What it is called, which its id is derived from.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Public(source) => source.name,
            Self::Feed(name) => name,
        }
    }
}

/// Names are told apart without regard to case.
fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// An id as Azure DevOps writes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Guid(String);

impl Guid {
    /// The id of the thing of that kind and path; always the same.
    pub(super) fn of(kind: &str, path: &[&str]) -> Self {
        Self::from_digest(&Sha256::digest(format!("az-cargo-wizard demo {kind} {}", path.join("\0"))))
    }

    fn from_digest(digest: &[u8]) -> Self {
        let hex = hex(&digest[..16]);
        Self(format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32]))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn is(&self, text: &str) -> bool {
        self.0.eq_ignore_ascii_case(text)
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WorldFile {
    organization: Vec<OrganizationFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrganizationFile {
    name: String,
    #[serde(default = "yes")]
    members_make_feeds: bool,
    feeds: Vec<FeedFile>,
    projects: Vec<ProjectFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProjectFile {
    name: String,
    description: Option<String>,
    visibility: Option<String>,
    feeds: Vec<FeedFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FeedFile {
    name: String,
    role: Role,
    description: Option<String>,
    #[serde(default)]
    upstreams: Vec<String>,
    #[serde(default)]
    published: Vec<String>,
    #[serde(default)]
    saved: u8,
    view: Option<String>,
    #[serde(default)]
    presence: Presence,
}

/// Whether the person can see a feed.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Presence {
    #[default]
    Visible,
    Deleted,
    Invisible,
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_world_is_as_promised() {
        let world = World::load();
        let projects: Vec<&Project> = world.organizations.iter().flat_map(|o| &o.projects).collect();
        let feeds: Vec<&Feed> = world.organizations.iter().flat_map(|o| &o.feeds).collect();
        assert_eq!((world.organizations.len(), projects.len(), feeds.len()), (2, 12, 60));
        assert!(projects.iter().any(|p| p.name.contains(' ')));
        assert!(projects.iter().any(|p| !p.name.is_ascii()));
        assert_eq!(feeds.iter().filter(|f| f.public).count(), 1);
        assert!(feeds.iter().any(|f| f.project.is_none()) && feeds.iter().any(|f| f.project.is_some()));
        for role in [Role::Reader, Role::Collaborator, Role::Contributor, Role::Administrator] {
            assert!(feeds.iter().any(|f| f.role == role), "{role:?}");
        }
    }

    #[test]
    fn ids_and_feed_names_are_unique_and_upstreams_exist() {
        let world = World::load();
        let mut ids = BTreeSet::new();
        for organization in &world.organizations {
            let mut names = BTreeSet::new();
            for project in &organization.projects {
                assert!(ids.insert(project.id.to_string()), "{}", project.name);
            }
            for feed in organization.feeds.iter().chain(organization.hidden.iter().map(|hidden| &hidden.feed))
            {
                assert!(ids.insert(feed.id.to_string()) && names.insert(&feed.name), "{}", feed.name);
                for upstream in &feed.upstreams {
                    if let Upstream::Feed(name) = upstream {
                        assert!(organization.feed_anywhere(name).is_some(), "{name}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_feed_is_found_only_with_its_own_project() {
        let world = World::load();
        let contoso = world.organization("Contoso").unwrap();
        let storefront = contoso.project("storefront").unwrap();
        let payments = contoso.project("Payments").unwrap();
        let feed = contoso.feed(Some(storefront), "Rust-Crates").unwrap();
        assert_eq!(contoso.feed(Some(storefront), feed.id.as_str()).unwrap().name, "rust-crates");
        assert!(contoso.feed(None, "rust-crates").is_none());
        assert!(contoso.feed(Some(payments), "rust-crates").is_none());
        assert!(contoso.feed(None, "shared-crates").is_some());
    }

    #[test]
    fn crates_come_through_upstreams_of_upstreams_but_not_through_npm() {
        let world = World::load();
        let contoso = world.organization("contoso").unwrap();
        let supply = |feed: &str, krate: &str, internal| {
            contoso.supply(contoso.feed_anywhere(feed).unwrap(), krate, internal)
        };
        assert_eq!(supply("rust-crates", "tidewater", false), Some(Supply::Upstream));
        assert_eq!(supply("storefront-nightly", "tidewater", false), Some(Supply::Upstream));
        assert_eq!(supply("npm-mirror", "tidewater", false), None);
        assert_eq!(supply("contoso-internal", "contoso-ids", true), Some(Supply::Published));
        assert_eq!(supply("rust-crates", "contoso-ids", true), None);
    }

    #[test]
    fn ids_look_like_azures_and_never_change() {
        let id = Guid::of("organization", &["contoso"]);
        let lengths: Vec<usize> = id.as_str().split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(id, World::load().organization("contoso").unwrap().id);
    }
}
