//! Under which names the demo is asked: below its own loopback origin, under the host names of Azure DevOps
//! Services, or as a collection of an Azure DevOps Server. Addresses in answers follow the form of the request
//! (azure-contract 1.1).

use std::sync::Arc;

use super::world::Organization;
use crate::domain::segment;

/// Where the storage is that downloads lead to (azure-contract 7.4).
const BLOB_HOST: &str = "contosoblobs.blob.core.windows.net";

/// Where a browser signs in (azure-contract 2.6).
const SIGN_IN_HOST: &str = "spsprodcin2.vssps.visualstudio.com";

/// The services of Azure DevOps, which have a host name each in the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    /// Projects, `connectionData`, `resourceAreas` and the web pages.
    Web,
    Feeds,
    Packages,
    /// Profiles, and the list of organizations.
    Accounts,
    /// Tokens and identities.
    Identities,
    /// Entra's sign-in.
    Login,
    Blobs,
}

/// How the demo is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Front {
    /// Everything below one origin, `{origin}/{organization}`.
    Loopback,
    /// The host names of Azure DevOps Services, told apart by the request's `Host`.
    Cloud,
    Server(ServerFront),
}

/// A collection of an Azure DevOps Server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServerFront {
    /// `http://host:port/tfs/DefaultCollection`
    pub(super) base: Arc<str>,
    /// The organization of the world that stands in for the collection.
    pub(super) organization: Arc<str>,
}

/// What one request is addressed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Door {
    /// Every service at once.
    Loopback,
    Cloud {
        service: Service,
        /// `{organization}.visualstudio.com` in place of `dev.azure.com/{organization}`.
        legacy: bool,
    },
    Server(ServerFront),
    /// No name of Azure's.
    Nowhere,
}

impl Front {
    /// The door that a request comes to, and its path below the world: `/{organization}/…`.
    pub(super) fn door(&self, authority: &str, path: &str) -> (Door, String) {
        match self {
            Self::Loopback => (Door::Loopback, path.to_owned()),
            Self::Cloud => cloud_door(authority, path),
            Self::Server(server) => {
                let (_, rest) = server.base.split_once("://").unwrap_or_default();
                let root = rest.find('/').map_or("", |at| &rest[at..]);
                match path.strip_prefix(root).filter(|rest| rest.is_empty() || rest.starts_with('/')) {
                    Some(rest) => (Door::Server(server.clone()), format!("/{}{rest}", server.organization)),
                    None => (Door::Nowhere, path.to_owned()),
                }
            }
        }
    }
}

/// The hosts of azure-contract 1.1.
fn cloud_door(authority: &str, path: &str) -> (Door, String) {
    let host = authority.strip_suffix(":443").unwrap_or(authority).to_ascii_lowercase();
    let current = match host.as_str() {
        "dev.azure.com" => Some(Service::Web),
        "feeds.dev.azure.com" => Some(Service::Feeds),
        "pkgs.dev.azure.com" => Some(Service::Packages),
        "vssps.dev.azure.com" => Some(Service::Identities),
        "app.vssps.visualstudio.com" => Some(Service::Accounts),
        "login.microsoftonline.com" => Some(Service::Login),
        BLOB_HOST => Some(Service::Blobs),
        _ => None,
    };
    if let Some(service) = current {
        return (Door::Cloud { service, legacy: false }, path.to_owned());
    }
    let Some(sub) = host.strip_suffix(".visualstudio.com") else { return (Door::Nowhere, path.to_owned()) };
    let (organization, service) = match sub.split_once('.') {
        None => (sub, Service::Web),
        Some((organization, "feeds")) => (organization, Service::Feeds),
        Some((organization, "pkgs")) => (organization, Service::Packages),
        Some((organization, "vssps")) => (organization, Service::Identities),
        Some(_) => return (Door::Nowhere, path.to_owned()),
    };
    let path = path.strip_prefix("/DefaultCollection").unwrap_or(path);
    (Door::Cloud { service, legacy: true }, format!("/{organization}{path}"))
}

impl Door {
    /// Where a service of the organization is, in the form of the request; without a slash at its end.
    pub(super) fn base(&self, origin: &str, service: Service, organization: &Organization) -> String {
        let name = segment::encode(&organization.name);
        match self {
            Self::Server(server) => server.base.to_string(),
            Self::Cloud { legacy: true, .. } => {
                format!("https://{}.{}", name.to_lowercase(), legacy_host(service))
            }
            Self::Cloud { legacy: false, .. } => format!("https://{}/{name}", current_host(service)),
            Self::Loopback | Self::Nowhere => format!("{origin}/{name}"),
        }
    }

    /// Where a browser is sent to sign in.
    pub(super) fn sign_in_origin(&self, origin: &str) -> String {
        match self {
            Self::Cloud { .. } => format!("https://{SIGN_IN_HOST}"),
            _ => origin.to_owned(),
        }
    }

    /// Where a person enters a code.
    pub(super) fn code_page(&self, origin: &str) -> String {
        match self {
            Self::Cloud { .. } => "https://microsoft.com/devicelogin".to_owned(),
            _ => format!("{origin}/devicelogin"),
        }
    }

    /// Where the storage is.
    pub(super) fn blob_origin(&self, loopback: &str) -> String {
        match self {
            Self::Cloud { .. } => format!("https://{BLOB_HOST}"),
            _ => loopback.to_owned(),
        }
    }

    /// Whether the path is one of this door's service: each host knows its own alone.
    pub(super) fn serves(&self, segments: &[&str]) -> bool {
        let Self::Cloud { service, .. } = self else { return *self != Self::Nowhere };
        let has = |word: &str| segments.contains(&word);
        match service {
            Service::Web => {
                !has("pats") && !has("packaging") && !has("_packaging") && !has("profile") && !has("accounts")
            }
            Service::Feeds => has("packaging") && !has("cargo"),
            Service::Packages => {
                segments.len() == 1 || has("_packaging") || (has("packaging") && has("cargo"))
            }
            Service::Accounts => has("profile") || has("accounts"),
            Service::Identities => !has("packaging") && !has("_packaging") && !has("projects"),
            Service::Login => has("oauth2"),
            Service::Blobs => false,
        }
    }

    /// Whether a Server is asked, which has no Entra and no areas (azure-contract 1.3, 2.5).
    pub(super) fn is_server(&self) -> bool {
        matches!(self, Self::Server(_))
    }

    pub(super) fn is_storage(&self) -> bool {
        matches!(self, Self::Cloud { service: Service::Blobs, .. })
    }
}

fn current_host(service: Service) -> &'static str {
    match service {
        Service::Web => "dev.azure.com",
        Service::Feeds => "feeds.dev.azure.com",
        Service::Packages => "pkgs.dev.azure.com",
        Service::Accounts => "app.vssps.visualstudio.com",
        Service::Identities => "vssps.dev.azure.com",
        Service::Login => "login.microsoftonline.com",
        Service::Blobs => BLOB_HOST,
    }
}

fn legacy_host(service: Service) -> &'static str {
    match service {
        Service::Feeds => "feeds.visualstudio.com",
        Service::Packages => "pkgs.visualstudio.com",
        Service::Identities => "vssps.visualstudio.com",
        _ => "visualstudio.com",
    }
}

#[cfg(test)]
mod tests {
    use super::super::world::World;
    use super::*;

    fn base(front: &Front, authority: &str, path: &str, service: Service) -> (String, String) {
        let world = World::load();
        let (door, path) = front.door(authority, path);
        (door.base("http://127.0.0.1:1", service, world.organization("contoso").unwrap()), path)
    }

    #[test]
    fn addresses_follow_the_form_of_the_request() {
        let feeds = |front: &Front, authority, path| base(front, authority, path, Service::Feeds);
        let both = |base: &str, path: &str| (base.to_owned(), path.to_owned());
        assert_eq!(
            feeds(&Front::Cloud, "pkgs.dev.azure.com", "/contoso/x"),
            both("https://feeds.dev.azure.com/contoso", "/contoso/x")
        );
        assert_eq!(
            feeds(&Front::Cloud, "Contoso.pkgs.visualstudio.com:443", "/DefaultCollection/x"),
            both("https://contoso.feeds.visualstudio.com", "/contoso/x")
        );
        assert_eq!(
            feeds(&Front::Loopback, "127.0.0.1:1", "/contoso/x"),
            both("http://127.0.0.1:1/contoso", "/contoso/x")
        );
        let server = ServerFront { base: "http://h:8/tfs/Coll".into(), organization: "contoso".into() };
        let server = Front::Server(server);
        assert_eq!(feeds(&server, "h:8", "/tfs/Coll/_apis"), both("http://h:8/tfs/Coll", "/contoso/_apis"));
        assert_eq!(server.door("h:8", "/tfs/Collection/_apis").0, Door::Nowhere);
    }

    #[test]
    fn every_host_serves_its_own_and_others_are_not_azure() {
        let door = |host: &str| Front::Cloud.door(host, "/").0;
        let list = ["contoso", "_apis", "packaging", "feeds"];
        let index = ["contoso", "_packaging", "rust", "cargo", "index", "config.json"];
        for (host, feeds, packages) in [
            ("dev.azure.com", false, false),
            ("feeds.dev.azure.com", true, false),
            ("contoso.feeds.visualstudio.com", true, false),
            ("pkgs.dev.azure.com", false, true),
            ("contoso.pkgs.visualstudio.com", false, true),
            ("login.microsoftonline.com", false, false),
            ("dev.azure.com.evil.example", false, false),
        ] {
            let door = door(host);
            assert_eq!((door.serves(&list), door.serves(&index)), (feeds, packages), "{host}");
        }
        assert_eq!(door("x.y.visualstudio.com"), Door::Nowhere);
        assert!(door("contosoblobs.blob.core.windows.net").is_storage());
    }
}
