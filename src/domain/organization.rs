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
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, Option<String>, Option<String>, Option<String>) {
        let target = Target::parse(text).unwrap_or_else(|| panic!("{text} should be understood"));
        (
            target.collection.web().to_string(),
            target.project.map(|p| p.to_string()),
            target.feed.map(|f| f.to_string()),
            target.view.map(|v| v.to_string()),
        )
    }

    #[expect(clippy::unnecessary_wraps, reason = "keeps the table below readable")]
    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn the_settings_page_of_a_feed_is_in_its_project() {
        let feed = FeedName::parse("rust").unwrap();
        let page = |text: &str| {
            let Target { collection, project, .. } = Target::parse(text).unwrap();
            collection.feed_settings_page(project.as_ref(), &feed)
        };
        let fiber = "https://dev.azure.com/fabrikam/Fabrikam%20Fiber";
        assert_eq!(page(fiber), format!("{fiber}/_packaging?_a=settings&feed=rust"));
        let server = page("https://host/tfs/Coll");
        assert_eq!(server, "https://host/tfs/Coll/_packaging?_a=settings&feed=rust");
    }

    #[test]
    fn every_form_of_the_contract_is_understood() {
        let fabrikam = "https://dev.azure.com/fabrikam".to_owned();
        let legacy = "https://fabrikam.visualstudio.com".to_owned();
        assert_eq!(parts("fabrikam"), (fabrikam.clone(), None, None, None));
        assert_eq!(parts(" https://dev.azure.com/fabrikam/ "), (fabrikam.clone(), None, None, None));
        assert_eq!(parts("dev.azure.com/fabrikam/Web"), (fabrikam.clone(), some("Web"), None, None));
        assert_eq!(
            parts("https://dev.azure.com/fabrikam/Fabrikam%20Fiber/_artifacts/feed/rust@Local"),
            (fabrikam.clone(), some("Fabrikam Fiber"), some("rust"), some("Local"))
        );
        assert_eq!(
            parts("https://dev.azure.com/fabrikam/Web/_packaging?_a=feed&feed=rust"),
            (fabrikam.clone(), some("Web"), some("rust"), None)
        );
        assert_eq!(
            parts("sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/rust~force-auth/Cargo/index/"),
            (fabrikam, None, some("rust"), None)
        );
        assert_eq!(
            parts("https://fabrikam.visualstudio.com/DefaultCollection/Web"),
            (legacy.clone(), some("Web"), None, None)
        );
        assert_eq!(
            parts("sparse+https://fabrikam.pkgs.visualstudio.com/_packaging/rust/Cargo/index/"),
            (legacy, None, some("rust"), None)
        );
        assert_eq!(
            parts("http://host:8080/DefaultCollection"),
            ("http://host:8080/DefaultCollection".into(), None, None, None)
        );
        assert_eq!(
            parts("https://host/tfs/DefaultCollection/Web/_git/web"),
            ("https://host/tfs/DefaultCollection".into(), some("Web"), None, None)
        );
    }

    #[test]
    fn what_is_no_organization_is_refused() {
        for bad in ["", "-x", "a b", "https://", "https://dev.azure.com", "ftp://host/x", "https://host/"] {
            assert!(Target::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn user_information_and_case_never_reach_the_base() {
        let base = |text: &str| Target::parse(text).unwrap().collection.base().to_string();
        assert_eq!(base("https://ana:secret@dev.azure.com/Fabrikam"), "https://dev.azure.com/fabrikam");
        assert_eq!(base("https://FABRIKAM.visualstudio.com"), "https://dev.azure.com/fabrikam");
        assert_eq!(base("HTTP://Host:80/Coll"), "http://host/Coll");
    }

    #[test]
    fn look_alikes_of_known_hosts_are_servers_nobody_knows() {
        for evil in [
            "https://pkgs.dev.azure.com.evil/fabrikam/_packaging/rust/Cargo/index/",
            "https://pkgs.dev.azure.com@evil/fabrikam/_packaging/rust/Cargo/index/",
            "https://pkgs.dev.azure.com./fabrikam/_packaging/rust/Cargo/index/",
            "https://pkgs.dev.azure.com:8443/fabrikam/_packaging/rust/Cargo/index/",
            "http://pkgs.dev.azure.com/fabrikam/_packaging/rust/Cargo/index/",
        ] {
            assert!(!Target::parse(evil).unwrap().collection.is_cloud(), "{evil}");
        }
    }

    #[test]
    fn a_base_covers_whole_segments_of_the_same_origin_only() {
        let base = Base::parse("http://127.0.0.1:9/contoso").unwrap();
        let covers = |text: &str| base.covers(&Url::parse(text).unwrap());
        assert!(covers("http://127.0.0.1:9/contoso"));
        assert!(covers("http://127.0.0.1:9/contoso/x/y?z"));
        let spaced = Base::parse("https://host/tfs/My%20Coll%20(x)").unwrap();
        let below = Url::parse("https://host/tfs/My%20Coll%20(x)/_apis").unwrap();
        assert!(spaced.covers(&below), "however the parenthesis is written");
        let in_capitals = Url::parse("https://host/TFS/MY%20COLL%20(X)/_apis").unwrap();
        assert!(!spaced.covers(&in_capitals) && spaced.covers_in_any_case(&in_capitals));
        assert!(!spaced.covers_in_any_case(&Url::parse("https://host/tfs/My%20Coll/_apis").unwrap()));
        assert!(!spaced.covers_in_any_case(&Url::parse("https://host/tfs%2FMy%20Coll%20(x)/_apis").unwrap()));
        for other in [
            "http://127.0.0.1:9/contoso-evil/x",
            "http://127.0.0.1:9/other",
            "http://127.0.0.1:8/contoso/x",
            "https://127.0.0.1:9/contoso/x",
            "http://localhost:9/contoso/x",
            "http://a@127.0.0.1:9/contoso/x",
            "http://127.0.0.1:9/",
        ] {
            assert!(!covers(other), "{other}");
        }
    }

    /// Address; base, project, feed and view.
    type Row = (&'static str, &'static str, &'static str, &'static str, &'static str);

    #[test]
    fn every_address_that_can_be_pasted_selects_all_that_it_names() {
        const CURRENT: &str = "https://dev.azure.com/fabrikam";
        const LEGACY: &str = "https://fabrikam.visualstudio.com";
        const SERVER: &str = "https://ado.example:8443/tfs/DefaultCollection";
        const ROWS: &[Row] = &[
            ("fabrikam", CURRENT, "", "", ""),
            ("https://DEV.azure.com/fabrikam/", CURRENT, "", "", ""),
            ("https://dev.azure.com:443/fabrikam", CURRENT, "", "", ""),
            ("https://dev.azure.com/fabrikam/_settings/organizationOverview", CURRENT, "", "", ""),
            ("https://dev.azure.com/fabrikam/Fabrikam%20Fiber", CURRENT, "Fabrikam Fiber", "", ""),
            ("https://dev.azure.com/fabrikam/Web/_git/web?path=/x", CURRENT, "Web", "", ""),
            ("https://dev.azure.com/fabrikam/_artifacts/feed/rust", CURRENT, "", "rust", ""),
            (
                "https://dev.azure.com/fabrikam/Web/_artifacts/feed/rust@Local",
                CURRENT,
                "Web",
                "rust",
                "Local",
            ),
            (
                "https://dev.azure.com/fabrikam/Web/_artifacts/feed/rust%40Local/Cargo/serde/overview/1.0.0",
                CURRENT,
                "Web",
                "rust",
                "Local",
            ),
            ("https://dev.azure.com/fabrikam/Web/_artifacts/feed/rust/connect", CURRENT, "Web", "rust", ""),
            (
                "https://dev.azure.com/fabrikam/Web/_packaging?_a=feed&feed=rust%40Local",
                CURRENT,
                "Web",
                "rust",
                "Local",
            ),
            ("https://feeds.dev.azure.com/fabrikam/Web/_apis/packaging/feeds", CURRENT, "Web", "", ""),
            ("https://pkgs.dev.azure.com/fabrikam/_packaging/rust/Cargo/index/", CURRENT, "", "rust", ""),
            (
                "sparse+https://pkgs.dev.azure.com/fabrikam/Fabrikam%20Fiber/_packaging/rust@Local~force-auth/Cargo/index/",
                CURRENT,
                "Fabrikam Fiber",
                "rust",
                "Local",
            ),
            ("https://fabrikam.visualstudio.com", LEGACY, "", "", ""),
            ("https://fabrikam.visualstudio.com/Web/_artifacts/feed/rust", LEGACY, "Web", "rust", ""),
            ("https://fabrikam.visualstudio.com/DefaultCollection/Web/_git/web", LEGACY, "Web", "", ""),
            ("https://fabrikam.feeds.visualstudio.com/Web/_apis/packaging/feeds", LEGACY, "Web", "", ""),
            (
                "sparse+https://fabrikam.pkgs.visualstudio.com/Web/_packaging/rust/Cargo/index/",
                LEGACY,
                "Web",
                "rust",
                "",
            ),
            ("https://ado.example:8443/tfs/DefaultCollection", SERVER, "", "", ""),
            ("ado.example:8443/tfs/DefaultCollection/Web", SERVER, "Web", "", ""),
            (
                "https://ADO.example:8443/tfs/DefaultCollection/Web/_packaging/rust/Cargo/index/",
                SERVER,
                "Web",
                "rust",
                "",
            ),
            ("http://host/Coll", "http://host/Coll", "", "", ""),
            ("http://host/Coll/Web/_artifacts/feed/rust@Local", "http://host/Coll", "Web", "rust", "Local"),
            ("http://host/vdir/DefaultCollection", "http://host/vdir/DefaultCollection", "", "", ""),
            ("http://host/vdir/Coll/Web", "http://host/vdir/Coll", "Web", "", ""),
            ("http://host/My%20Coll/_packaging/rust/Cargo/index/", "http://host/My%20Coll", "", "rust", ""),
        ];
        for (text, base, project, feed, view) in ROWS {
            let shown = |part: Option<String>| part.unwrap_or_default();
            let (is_base, is_project, is_feed, is_view) = parts(text);
            let found = (is_base, shown(is_project), shown(is_feed), shown(is_view));
            assert_eq!(found, ((*base).into(), (*project).into(), (*feed).into(), (*view).into()), "{text}");
        }
    }

    #[test]
    fn git_remotes_of_every_age_name_organization_and_project() {
        let read = |remote: &str| {
            let target = Target::from_git_remote(remote)?;
            Some((target.collection.base().to_string(), target.project?.to_string()))
        };
        let expected = Some(("https://dev.azure.com/fabrikam".to_owned(), "Fabrikam Fiber".to_owned()));
        assert_eq!(read("https://ana@dev.azure.com/fabrikam/Fabrikam%20Fiber/_git/web"), expected);
        assert_eq!(read("git@ssh.dev.azure.com:v3/fabrikam/Fabrikam%20Fiber/web"), expected);
        assert_eq!(read("ssh://git@ssh.dev.azure.com:22/v3/fabrikam/Fabrikam%20Fiber/web"), expected);
        assert_eq!(read("https://fabrikam.visualstudio.com/Fabrikam%20Fiber/_git/web"), expected);
        assert_eq!(read("fabrikam@vs-ssh.visualstudio.com:v3/fabrikam/Fabrikam%20Fiber/web"), expected);
        assert_eq!(read("https://github.com/fabrikam/web"), None);
        for remote in [
            "git@ssh.dev.azure.com:v3/fabrikam/Fabrikam%20Fiber/web/",
            "https://dev.azure.com/fabrikam/_git/Fabrikam%20Fiber",
            "https://fabrikam@dev.azure.com/fabrikam/Fabrikam%20Fiber/_git/_full/web",
            "https://fabrikam.visualstudio.com/DefaultCollection/Fabrikam%20Fiber/_git/web",
            "https://fabrikam.visualstudio.com/DefaultCollection/_git/Fabrikam%20Fiber",
            "ssh://fabrikam@vs-ssh.visualstudio.com:22/Fabrikam%20Fiber/_ssh/web",
            "ssh://fabrikam@vs-ssh.visualstudio.com:22/DefaultCollection/Fabrikam%20Fiber/_ssh/web",
            "ssh://fabrikam@vs-ssh.visualstudio.com:22/_ssh/Fabrikam%20Fiber",
            "ssh://fabrikam@vs-ssh.visualstudio.com/v3/fabrikam/Fabrikam%20Fiber/web",
        ] {
            assert_eq!(read(remote), expected, "{remote}");
        }
    }

    #[test]
    fn a_servers_remote_names_a_host_that_nobody_knows() {
        let server = Some(("https://ado.example/tfs/Coll".to_owned(), "Web".to_owned()));
        let read = |remote: &str| {
            let target = Target::from_git_remote(remote)?;
            assert!(!target.collection.is_cloud(), "{remote}");
            Some((target.collection.base().to_string(), target.project?.to_string()))
        };
        assert_eq!(read("https://ana:pw@ado.example/tfs/Coll/Web/_git/web"), server);
        assert_eq!(read("ssh://ado.example:22/tfs/Coll/Web/_git/web"), server);
        assert_eq!(read("ssh://git@ado.example/tfs/Coll/_git/Web"), server);
        for look_alike in [
            "git@ssh.dev.azure.com.evil.example:v3/fabrikam/Web/web",
            "ssh://fabrikam@vs-ssh.visualstudio.com.evil.example/Web/_ssh/web",
            "git@evil.example:v3/fabrikam/Web/web",
            "/srv/git/web",
            "",
        ] {
            assert_eq!(Target::from_git_remote(look_alike), None, "{look_alike}");
        }
    }

    #[test]
    fn the_repository_is_the_last_segment() {
        assert_eq!(repository("git@ssh.dev.azure.com:v3/o/p/my%20repo").as_deref(), Some("my repo"));
        assert_eq!(repository("https://dev.azure.com/o/p/_git/web/").as_deref(), Some("web"));
        assert_eq!(repository("web"), None);
    }
}
