//! Organizations and collections: what a person may type, what a checkout may name, and the canonical
//! base that keys a credential (azure-contract 1.1, 1.2; product.md, 'Trust').

use std::fmt;

use url::Url;

use super::feed::{FeedName, ViewName};
use super::segment;

/// Path segments that end the organization and project part of a URL (azure-contract 1.2).
const MARKERS: [&str; 7] =
    ["_artifacts", "_packaging", "_git", "_apis", "_build", "_settings", "_usersSettings"];

/// The virtual directory of older servers, `https://host/tfs/DefaultCollection`.
const OLD_VIRTUAL_DIRECTORY: &str = "tfs";

/// What the first collection of a server is called, and the only one of an old cloud address.
const DEFAULT_COLLECTION: &str = "DefaultCollection";

/// An organization of Azure DevOps Services, or a collection of an Azure DevOps Server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Collection {
    Cloud { org: OrgName, hosts: CloudHosts },
    Server { base: Base },
}

/// Which of its two host names an organization is addressed by (azure-contract 1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloudHosts {
    /// `dev.azure.com/{org}` and its sisters.
    Current,
    /// `{org}.visualstudio.com` and its sisters, still alive.
    Legacy,
}

impl Collection {
    /// The organization of that name, under the current host names.
    #[must_use]
    pub fn cloud(org: OrgName) -> Self {
        Self::Cloud { org, hosts: CloudHosts::Current }
    }

    /// The name to show: the organization's, or the collection's.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Cloud { org, .. } => org.to_string(),
            Self::Server { base } => base.last_segment(),
        }
    }

    /// What keys a stored credential: both spellings of a cloud organization are one.
    #[must_use]
    pub fn base(&self) -> Base {
        match self {
            Self::Cloud { org, .. } => {
                Base::from_parts("https", "dev.azure.com", None, &[&org.0.to_lowercase()])
            }
            Self::Server { base } => base.clone(),
        }
    }

    /// Where projects, `connectionData` and the web pages are.
    #[must_use]
    pub fn web(&self) -> Base {
        self.host("dev.azure.com", "visualstudio.com")
    }

    /// Where the feeds API is.
    #[must_use]
    pub fn feeds(&self) -> Base {
        self.host("feeds.dev.azure.com", "feeds.visualstudio.com")
    }

    /// Where the Cargo index and the downloads are.
    #[must_use]
    pub fn packages(&self) -> Base {
        self.host("pkgs.dev.azure.com", "pkgs.visualstudio.com")
    }

    /// Where the cloud knows people: the host that also says which tenant an organization belongs to
    /// (azure-contract 1.1, 2.5). A Server has none.
    #[must_use]
    pub fn identities(&self) -> Option<Self> {
        let base = self.is_cloud().then(|| self.host("vssps.dev.azure.com", "vssps.visualstudio.com"))?;
        Some(Self::Server { base })
    }

    /// Where people are told who they are and which organizations they have (azure-contract 4.1, 4.2).
    #[must_use]
    pub fn accounts() -> Self {
        Self::Server { base: Base::from_parts("https", "app.vssps.visualstudio.com", None, &[]) }
    }

    fn host(&self, current: &str, legacy: &str) -> Base {
        match self {
            Self::Cloud { org, hosts: CloudHosts::Current } => {
                Base::from_parts("https", current, None, &[&org.0])
            }
            Self::Cloud { org, hosts: CloudHosts::Legacy } => {
                Base::from_parts("https", &format!("{}.{legacy}", org.0.to_lowercase()), None, &[])
            }
            Self::Server { base } => base.clone(),
        }
    }

    /// Whether it is reached over a host of Azure DevOps Services, whose name alone can be trusted.
    #[must_use]
    pub fn is_cloud(&self) -> bool {
        matches!(self, Self::Cloud { .. })
    }

    /// The page where a person makes a personal access token (azure-contract 2.2).
    #[must_use]
    pub fn token_page(&self) -> String {
        format!("{}/_usersSettings/tokens", self.web())
    }

    /// The page with the settings of a feed, its views among them (azure-contract 1.1).
    #[must_use]
    pub fn feed_settings_page(&self, project: Option<&ProjectName>, feed: &FeedName) -> String {
        let mut segments: Vec<&str> = project.map(ProjectName::as_str).into_iter().collect();
        segments.push("_packaging");
        format!("{}?_a=settings&feed={}", self.web().join(&segments), segment::encode(feed.as_str()))
    }
}

impl fmt::Display for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cloud { org, .. } => write!(f, "{org}"),
            Self::Server { base } => write!(f, "{base}"),
        }
    }
}

/// The name of a cloud organization: letters, digits and inner hyphens, at most 50.
#[derive(Debug, Clone)]
pub struct OrgName(String);

impl OrgName {
    const MAX: usize = 50;

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let sound = !text.is_empty()
            && text.len() <= Self::MAX
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        sound.then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Case does not tell organizations apart (azure-contract 10.3).
impl PartialEq for OrgName {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for OrgName {}

impl fmt::Display for OrgName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A project's name as a person reads it; may hold spaces and letters of any script.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectName(String);

impl ProjectName {
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let sound = !text.trim().is_empty() && !text.starts_with('_') && !text.contains(['/', '\\']);
        sound.then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A canonical base: scheme, lower-case host, port where it isn't the scheme's own, and the path up to
/// the organization or collection, without a trailing slash, user information, query or fragment.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Base(String);

impl Base {
    fn from_parts(scheme: &str, host: &str, port: Option<u16>, segments: &[&str]) -> Self {
        let mut text = format!("{scheme}://{host}");
        if let Some(port) = port {
            text.push_str(&format!(":{port}"));
        }
        for segment in segments {
            text.push('/');
            text.push_str(&segment::encode(segment));
        }
        Self(text)
    }

    /// The base of a URL and the given decoded path segments; `None` without a host or over anything but
    /// http and https.
    fn of(url: &Url, segments: &[String]) -> Option<Self> {
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let host = url.host_str()?.to_lowercase();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        Some(Self::from_parts(url.scheme(), &host, url.port(), &segments))
    }

    /// Reads back what [`Base::as_str`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        Self::of(&url, &segments_of(&url))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and port, as shown to a person who has to decide about them.
    #[must_use]
    pub fn authority(&self) -> &str {
        let rest = self.0.split_once("://").map_or(self.0.as_str(), |(_, rest)| rest);
        rest.split('/').next().unwrap_or(rest)
    }

    fn last_segment(&self) -> String {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        segment::decode(rest.rsplit_once('/').map_or(rest, |(_, last)| last))
    }

    /// Whether the URL lies under this base: same scheme, host and port, and the base's path as whole
    /// segments at its start. Nothing but this decides whether a credential may go there.
    #[must_use]
    pub fn covers(&self, url: &Url) -> bool {
        self.leads_to(url, |own, other| own == other)
    }

    /// The same where a server may spell its own collection in another case than the person did: its paths are told
    /// apart without regard to that, and its addresses come as it spells them.
    #[must_use]
    pub fn covers_in_any_case(&self, url: &Url) -> bool {
        self.leads_to(url, |own, other| own.to_lowercase() == other.to_lowercase())
    }

    /// Encoding is no difference: a segment is compared as a person reads it.
    fn leads_to(&self, url: &Url, is_same: impl Fn(&str, &str) -> bool) -> bool {
        let (Ok(own), true) = (Url::parse(&self.0), url.username().is_empty() && url.password().is_none())
        else {
            return false;
        };
        let own_path = segments_of(&own);
        let path: Vec<String> =
            url.path_segments().into_iter().flatten().take(own_path.len()).map(segment::decode).collect();
        own.origin() == url.origin()
            && own_path.len() == path.len()
            && own_path.iter().zip(&path).all(|(own, other)| is_same(own, other))
    }

    /// Whether the other base is this one, or lies under it.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        Url::parse(&other.0).is_ok_and(|url| self.covers(&url))
    }

    /// A URL under this base from path segments that still need encoding.
    #[must_use]
    pub fn join(&self, segments: &[&str]) -> String {
        let mut text = self.0.clone();
        for segment in segments {
            text.push('/');
            text.push_str(&segment::encode(segment));
        }
        text
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Base({})", self.0)
    }
}

/// Everything that one address can tell: the organization, and perhaps project, feed and view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub collection: Collection,
    pub project: Option<ProjectName>,
    pub feed: Option<FeedName>,
    pub view: Option<ViewName>,
}

impl Target {
    fn organization(collection: Collection) -> Self {
        Self { collection, project: None, feed: None, view: None }
    }

    /// Reads what a person typed or pasted: an organization's name, a web address, an index URL, or the
    /// address of a server's collection (azure-contract 1.2). `None` where it is none of these.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(org) = OrgName::parse(text) {
            return Some(Self::organization(Collection::cloud(org)));
        }
        let text = text.strip_prefix("sparse+").unwrap_or(text);
        let text = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let url = Url::parse(&text).ok()?;
        Self::from_url(&url)
    }

    /// Reads a git remote, over https or ssh. A server's is told by its `_git`.
    #[must_use]
    pub fn from_git_remote(remote: &str) -> Option<Self> {
        let remote = remote.trim();
        if let Some(target) = of_old_ssh(remote) {
            return Some(target);
        }
        let ssh = remote.strip_prefix("ssh://").unwrap_or(remote);
        let path = ["@ssh.dev.azure.com", "@vs-ssh.visualstudio.com"].iter().find_map(|host| {
            let (_, path) = ssh.split_once(host)?;
            Some(path.trim_start_matches(":22").trim_start_matches([':', '/']))
        });
        if let Some(path) = path {
            let segments: Vec<String> = path.split('/').map(segment::decode).collect();
            let [version, org, project, ..] = segments.as_slice() else { return None };
            if version != "v3" {
                return None;
            }
            let collection = Collection::cloud(OrgName::parse(org)?);
            return Some(Self { project: ProjectName::parse(project), ..Self::organization(collection) });
        }
        // A server's web address is likely the same host's; it is shown and has to be typed in any case.
        let web = remote.strip_prefix("ssh://").and_then(|rest| {
            let (authority, path) = rest.split_once('/')?;
            let host = authority.rsplit('@').next()?.split(':').next()?;
            Some(format!("https://{host}/{path}"))
        });
        let url = Url::parse(web.as_deref().unwrap_or(remote)).ok()?;
        let mut known = Self::from_url(&url)?;
        let is_azure = known.collection.is_cloud() || segments_of(&url).iter().any(|s| s == "_git");
        // The repository that has its project's name needs no project in its address.
        known.project = known.project.or_else(|| ProjectName::parse(&repository(remote)?));
        is_azure.then_some(known)
    }

    /// Reads an http or https URL. User information is ignored, never kept.
    #[must_use]
    pub fn from_url(url: &Url) -> Option<Self> {
        let segments = segments_of(url);
        let marker = segments.iter().position(|s| MARKERS.contains(&s.as_str()));
        let (place, rest) = segments.split_at(marker.unwrap_or(segments.len()));
        let (collection, place) = collection_of(url, place)?;
        let (feed, view) = feed_of(url, rest);
        Some(Self { collection, project: place.first().and_then(|s| ProjectName::parse(s)), feed, view })
    }
}

/// The form before `v3`: `ssh://ORG@vs-ssh.visualstudio.com:22/[DefaultCollection/]PROJECT/_ssh/REPOSITORY`.
fn of_old_ssh(remote: &str) -> Option<Target> {
    let url = Url::parse(remote).ok().filter(|url| url.scheme() == "ssh")?;
    let is_host = url.host_str().is_some_and(|host| host.eq_ignore_ascii_case("vs-ssh.visualstudio.com"));
    let segments = segments_of(&url);
    let at = segments.iter().position(|segment| segment == "_ssh").filter(|_| is_host)?;
    let collection = Collection::Cloud { org: OrgName::parse(url.username())?, hosts: CloudHosts::Legacy };
    let before = segments[..at].iter().rfind(|segment| !segment.eq_ignore_ascii_case(DEFAULT_COLLECTION));
    let project = before.or_else(|| segments.get(at + 1)).and_then(|name| ProjectName::parse(name));
    Some(Target { project, ..Target::organization(collection) })
}

/// The repository that a git remote names: its last segment.
#[must_use]
pub fn repository(remote: &str) -> Option<String> {
    let path = remote.trim().trim_end_matches('/');
    let (_, last) = path.rsplit_once('/')?;
    Some(segment::decode(last)).filter(|name| !name.is_empty())
}

fn segments_of(url: &Url) -> Vec<String> {
    url.path_segments().into_iter().flatten().filter(|s| !s.is_empty()).map(segment::decode).collect()
}

/// The collection at the start of a path, and what follows it.
fn collection_of<'a>(url: &Url, place: &'a [String]) -> Option<(Collection, &'a [String])> {
    let host = url.host_str()?.to_lowercase();
    let default_port = url.port().is_none() && url.scheme() == "https";
    if default_port && matches!(host.as_str(), "dev.azure.com" | "feeds.dev.azure.com" | "pkgs.dev.azure.com")
    {
        let (org, rest) = place.split_first()?;
        return Some((Collection::cloud(OrgName::parse(org)?), rest));
    }
    if default_port && let Some(sub) = host.strip_suffix(".visualstudio.com") {
        let org = sub.strip_suffix(".pkgs").or_else(|| sub.strip_suffix(".feeds")).unwrap_or(sub);
        let collection = Collection::Cloud { org: OrgName::parse(org)?, hosts: CloudHosts::Legacy };
        let rest = match place.split_first() {
            Some((first, rest)) if first.eq_ignore_ascii_case(DEFAULT_COLLECTION) => rest,
            _ => place,
        };
        return Some((collection, rest));
    }
    let length = server_collection_length(place)?;
    let (own, rest) = place.split_at(length);
    Some((Collection::Server { base: Base::of(url, own)? }, rest))
}

/// How many segments name the collection of a server: one, behind a virtual directory two. The last of three can
/// only be the project; of two, the second is taken for the project where nothing says otherwise.
fn server_collection_length(place: &[String]) -> Option<usize> {
    match place {
        [] => None,
        [first, _, ..] if first.eq_ignore_ascii_case(OLD_VIRTUAL_DIRECTORY) => Some(2),
        [_, second, ..] if second.eq_ignore_ascii_case(DEFAULT_COLLECTION) => Some(2),
        [_, _, _] => Some(2),
        _ => Some(1),
    }
}

fn feed_of(url: &Url, rest: &[String]) -> (Option<FeedName>, Option<ViewName>) {
    let named = match rest {
        [marker, feed, ..] if marker == "_packaging" => Some(feed.clone()),
        [marker, word, feed, ..] if marker == "_artifacts" && word == "feed" => Some(feed.clone()),
        [marker, ..] if marker == "_packaging" => {
            url.query_pairs().find(|(key, _)| key == "feed").map(|(_, feed)| feed.into_owned())
        }
        _ => None,
    };
    named.map_or((None, None), |text| {
        let text = text.strip_suffix("~force-auth").unwrap_or(&text);
        let (feed, view) = match text.split_once('@') {
            Some((feed, view)) => (feed, ViewName::parse(view)),
            None => (text, None),
        };
        (FeedName::parse(feed).ok(), view)
    })
}

#[cfg(test)]
mod tests;
