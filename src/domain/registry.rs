//! Registry names and index URLs, as Cargo's configuration spells them (azure-contract 7.1, 10;
//! cargo-contract 1.6).

use std::fmt;

use url::Url;

use super::feed::{Feed, FeedName, ViewName};
use super::organization::{Base, Collection, OrgName, ProjectName, Target};

/// Why a text is no registry name for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegistryNameError {
    #[error("a registry needs a name")]
    Empty,
    #[error("a registry name starts with a letter")]
    Start,
    #[error("a registry name holds letters, digits, `-` and `_`, but no `{0}`")]
    Character(char),
    #[error("`crates-io` is Cargo's own registry")]
    CratesIo,
}

/// A registry's name: `[A-Za-z][A-Za-z0-9_-]*`, a bare TOML key that also works in environment variables.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryName(String);

impl RegistryName {
    /// # Errors
    /// The first rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, RegistryNameError> {
        let first = text.chars().next().ok_or(RegistryNameError::Empty)?;
        if let Some(bad) = text.chars().find(|c| !(c.is_ascii_alphanumeric() || *c == '-' || *c == '_')) {
            return Err(RegistryNameError::Character(bad));
        }
        if !first.is_ascii_alphabetic() {
            return Err(RegistryNameError::Start);
        }
        if text.eq_ignore_ascii_case("crates-io") {
            return Err(RegistryNameError::CratesIo);
        }
        Ok(Self(text.to_owned()))
    }

    /// The alias to suggest for a feed (azure-contract 10.1).
    #[must_use]
    pub fn suggest(feed: &FeedName) -> Self {
        let mut name = String::new();
        for c in feed.as_str().chars() {
            let c = if c.is_ascii_alphanumeric() || c == '_' { c.to_ascii_lowercase() } else { '-' };
            if !(c == '-' && name.ends_with('-')) {
                name.push(c);
            }
        }
        let name = name.trim_matches('-');
        let name = if name.starts_with(|c: char| c.is_ascii_alphabetic()) && name != "crates-io" {
            name.to_owned()
        } else {
            format!("feed-{name}")
        };
        Self(name.trim_end_matches('-').to_owned())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The middle of its environment variables: `CARGO_REGISTRIES_<this>_TOKEN` (azure-contract 10.2).
    #[must_use]
    pub fn env_name(&self) -> String {
        self.0.to_uppercase().replace('-', "_")
    }
}

impl fmt::Display for RegistryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What follows a feed's name in an address that asks everyone who they are (azure-contract 7.2).
const FORCE_AUTH: &str = "~force-auth";

/// A sparse index URL in the spelling of the configuration: Cargo compares, caches and logs in by it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IndexUrl(String);

impl IndexUrl {
    const PREFIX: &str = "sparse+";

    /// Reads `sparse+http[s]://…/`; `None` for git indexes, missing slashes and passwords, which Cargo
    /// refuses too (cargo-contract 1.6).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(Self::PREFIX)?;
        let url = Url::parse(rest).ok()?;
        let sound = matches!(url.scheme(), "http" | "https")
            && url.password().is_none()
            && url.path().ends_with('/')
            && url.query().is_none();
        sound.then(|| Self(text.to_owned()))
    }

    /// The index of a feed, in the spelling of azure-contract 7.1.
    #[must_use]
    pub fn for_feed(collection: &Collection, feed: &Feed, view: Option<&ViewName>) -> Self {
        Self::build(collection, feed.project.as_ref().map(|p| &p.name), &feed.name, view)
    }

    /// The index of a feed known by its names only.
    #[must_use]
    pub fn build(
        collection: &Collection,
        project: Option<&ProjectName>,
        feed: &FeedName,
        view: Option<&ViewName>,
    ) -> Self {
        let feed = match view {
            Some(view) => format!("{feed}@{view}"),
            None => feed.to_string(),
        };
        let mut segments = Vec::with_capacity(5);
        segments.extend(project.map(ProjectName::as_str));
        segments.extend(["_packaging", &feed, "Cargo", "index"]);
        Self(format!("{}{}/", Self::PREFIX, collection.packages().join(&segments)))
    }

    /// As the configuration spells it, with `sparse+`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address to ask, ending in `/`.
    #[must_use]
    pub fn url(&self) -> Url {
        let text = self.0.strip_prefix(Self::PREFIX).unwrap_or(&self.0);
        Url::parse(text).expect("checked when it was parsed or built from parts of a URL")
    }

    /// The same feed under the address that asks everyone who they are, so that Cargo sends its token to a feed that
    /// answers everyone (azure-contract 7.2); `None` where it is no feed, or that address already.
    #[must_use]
    pub fn forced(&self) -> Option<Self> {
        const MARKER: &str = "/_packaging/";
        self.target()?;
        let at = self.0.find(MARKER)? + MARKER.len();
        let end = at + self.0[at..].find('/')?;
        let (before, feed, rest) = (&self.0[..at], &self.0[at..end], &self.0[end..]);
        let is_plain = !feed.ends_with(FORCE_AUTH);
        is_plain.then(|| Self(format!("{before}{feed}{FORCE_AUTH}{rest}")))
    }

    /// The feed behind it; `None` where it is no feed of Azure Artifacts.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        let target = Target::from_url(&self.url())?;
        target.feed.is_some().then_some(target)
    }

    /// The base whose credential may go to this index: a cloud organization by its two package hosts over https, or
    /// the server, among those that the person has named, that it lies under (product.md, 'Trust'). Compares nothing but the address:
    /// what a server answers never counts.
    #[must_use]
    pub fn credential_base(&self, named: impl IntoIterator<Item = Base>) -> Option<Base> {
        let url = self.url();
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return None;
        }
        if let Some(org) = cloud_organization(&url) {
            return Some(Collection::cloud(org).base());
        }
        named.into_iter().find(|base| !is_cloud(base) && base.covers(&url))
    }

    /// The address without user information, safe to show.
    #[must_use]
    pub fn shown(&self) -> String {
        let mut url = self.url();
        // Both calls fail only for URLs without a host, which `parse` refuses.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        format!("{}{url}", Self::PREFIX)
    }
}

/// The organization of an https address of one of the cloud's package hosts, on its own port.
fn cloud_organization(url: &Url) -> Option<OrgName> {
    if url.scheme() != "https" || url.port().is_some() {
        return None;
    }
    let host = url.host_str()?;
    let name = match host.strip_suffix(".pkgs.visualstudio.com") {
        Some(name) => name,
        None if host == "pkgs.dev.azure.com" => url.path_segments()?.next()?,
        None => return None,
    };
    OrgName::parse(name)
}

/// Organizations are matched by their host names alone.
fn is_cloud(base: &Base) -> bool {
    Target::parse(base.as_str()).is_some_and(|target| target.collection.is_cloud())
}

impl fmt::Display for IndexUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

/// The registry that stands in for crates.io, as the configuration in force says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryInForce {
    pub name: RegistryName,
    pub index: IndexUrl,
    /// The file that says so, as shown to a person.
    pub source: String,
    /// Whether `[source.crates-io]` is replaced by it.
    pub replaces_crates_io: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggested_names_are_names_cargo_accepts() {
        let suggest = |feed: &str| RegistryName::suggest(&FeedName::parse(feed).unwrap()).to_string();
        assert_eq!(suggest("Rust-Crates"), "rust-crates");
        assert_eq!(suggest("2fast"), "feed-2fast");
        assert_eq!(suggest("my.feed..x"), "my-feed-x");
        assert_eq!(suggest("crates-io"), "feed-crates-io");
        assert_eq!(suggest("ü"), "feed");
        for feed in ["Rust-Crates", "2fast", "ü", "a!b", "(x)", "crates-io"] {
            assert!(RegistryName::parse(&suggest(feed)).is_ok(), "{feed}");
        }
    }

    #[test]
    fn a_credential_goes_to_its_own_base_and_to_nothing_that_looks_like_it() {
        let server = Base::parse("https://ado.corp.example:8443/tfs/Coll").unwrap();
        let cloud = Base::parse("https://dev.azure.com/contoso").unwrap();
        let base = |url: &str| {
            let index = IndexUrl::parse(&format!("sparse+{url}"))?;
            index.credential_base([server.clone(), cloud.clone()])
        };
        for url in [
            "https://pkgs.dev.azure.com/contoso/_packaging/f/Cargo/index/",
            "https://pkgs.dev.azure.com/CONTOSO/My%20Project/_packaging/f@v/Cargo/index/",
            "https://pkgs.dev.azure.com:443/contoso/_packaging/f~force-auth/Cargo/index/",
            "https://PKGS.dev.azure.com/contoso/_packaging/f/Cargo/index/",
            "https://contoso.pkgs.visualstudio.com/_packaging/f/Cargo/index/",
        ] {
            assert_eq!(base(url), Some(cloud.clone()), "{url}");
        }
        let on_server = "https://ado.corp.example:8443/tfs/Coll/p/_packaging/f/Cargo/index/";
        assert_eq!(base(on_server), Some(server.clone()));
        for url in [
            "https://pkgs.dev.azure.com.evil/contoso/_packaging/f/Cargo/index/",
            "https://pkgs.dev.azure.com@evil/contoso/_packaging/f/Cargo/index/",
            "https://ana@pkgs.dev.azure.com/contoso/_packaging/f/Cargo/index/",
            "https://pkgs.dev.azure.com./contoso/_packaging/f/Cargo/index/",
            "https://pkgs.dev.azure.com:8443/contoso/_packaging/f/Cargo/index/",
            "http://pkgs.dev.azure.com/contoso/_packaging/f/Cargo/index/",
            "https://evil.dev.azure.com/contoso/_packaging/f/Cargo/index/",
            "https://dev.azure.com/contoso/_packaging/f/Cargo/index/",
            "https://contoso.evil.pkgs.visualstudio.com/_packaging/f/Cargo/index/",
            "https://contoso.pkgs.visualstudio.com.evil/_packaging/f/Cargo/index/",
            "https://pkgs.visualstudio.com/contoso/_packaging/f/Cargo/index/",
            "https://pkgs.dev.azure.com/",
            "https://pkgs.dev.azure.com/%63ontoso%2f/_packaging/f/Cargo/index/",
            "https://evil.example/contoso/_packaging/f/Cargo/index/",
            "https://ado.corp.example/tfs/Coll/_packaging/f/Cargo/index/",
            "https://ado.corp.example:8443/tfs/Collection/_packaging/f/Cargo/index/",
            "https://ado.corp.example:8443/tfs/Coll/../Other/_packaging/f/Cargo/index/",
            "http://ado.corp.example:8443/tfs/Coll/_packaging/f/Cargo/index/",
            "https://127.0.0.1/tfs/Coll/_packaging/f/Cargo/index/",
        ] {
            assert_eq!(base(url), None, "{url}");
        }
        let other = "https://pkgs.dev.azure.com/contoso2/_packaging/f/Cargo/index/";
        assert_ne!(base(other), Some(cloud.clone()));
    }

    #[test]
    fn the_index_of_a_feed_is_spelt_as_azure_spells_it() {
        let index = |org: &str, project: Option<&str>, view: Option<&str>| {
            IndexUrl::build(
                &Target::parse(org).unwrap().collection,
                project.and_then(ProjectName::parse).as_ref(),
                &FeedName::parse("rust").unwrap(),
                view.and_then(ViewName::parse).as_ref(),
            )
            .to_string()
        };
        assert_eq!(
            index("fabrikam", None, None),
            "sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/rust/Cargo/index/"
        );
        assert_eq!(
            index("fabrikam", Some("Fabrikam Fiber"), Some("Local")),
            "sparse+https://pkgs.dev.azure.com/fabrikam/Fabrikam%20Fiber/_packaging/rust@Local/Cargo/index/"
        );
        assert_eq!(
            index("https://fabrikam.visualstudio.com", None, None),
            "sparse+https://fabrikam.pkgs.visualstudio.com/_packaging/rust/Cargo/index/"
        );
        assert_eq!(
            index("http://host:8080/tfs/Coll", Some("É"), None),
            "sparse+http://host:8080/tfs/Coll/%C3%89/_packaging/rust/Cargo/index/"
        );
    }

    #[test]
    fn an_index_leads_back_to_its_feed() {
        let text =
            "sparse+https://pkgs.dev.azure.com/fabrikam/Fabrikam%20Fiber/_packaging/rust@Local/Cargo/index/";
        let target = IndexUrl::parse(text).unwrap().target().unwrap();
        assert_eq!(target.project.unwrap().as_str(), "Fabrikam Fiber");
        assert_eq!(target.feed.unwrap().as_str(), "rust");
        assert_eq!(target.view.unwrap().as_str(), "Local");
        assert!(IndexUrl::parse("sparse+https://index.crates.io/").unwrap().target().is_none());
    }

    #[test]
    fn the_address_that_asks_everyone_differs_in_the_feeds_name_alone() {
        let forced =
            |text: &str| IndexUrl::parse(text).unwrap().forced().map(|index| index.as_str().to_owned());
        let plain = "sparse+https://pkgs.dev.azure.com/o/My%20Project/_packaging/rust@Local/Cargo/index/";
        let asking =
            "sparse+https://pkgs.dev.azure.com/o/My%20Project/_packaging/rust@Local~force-auth/Cargo/index/";
        assert_eq!(forced(plain).as_deref(), Some(asking));
        assert_eq!(forced(asking), None, "it asks everyone already");
        assert_eq!(forced("sparse+https://index.crates.io/"), None);
        let back = |text: &str| IndexUrl::parse(text).unwrap().target();
        assert_eq!(back(asking), back(plain), "it is the same feed");
    }

    #[test]
    fn what_cargo_refuses_is_refused() {
        for bad in [
            "https://h/x/",
            "sparse+https://h/x",
            "sparse+https://u:p@h/x/",
            "sparse+ftp://h/x/",
            "sparse+nonsense",
        ] {
            assert!(IndexUrl::parse(bad).is_none(), "{bad}");
        }
        assert_eq!(IndexUrl::parse("sparse+https://me@h/x/").unwrap().to_string(), "sparse+https://h/x/");
    }
}
