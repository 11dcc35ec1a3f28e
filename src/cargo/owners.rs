//! Whose a cache folder is: the names that Cargo computes from every index that is known, and from the other
//! spellings of its feed, which have folders of their own (cargo-contract 6). Pure.

use std::collections::HashMap;

use url::Url;

use super::index_dir;
use super::settings::NamedIndex;
use crate::domain::cache::{Era, KnownIndex, Spelling};
use crate::domain::text::{clean, redact};

/// Both indexes of crates.io: the sparse one, and the repository that is named where nothing stands in for it.
pub const CRATES_IO: [&str; 2] =
    ["sparse+https://index.crates.io/", "https://github.com/rust-lang/crates.io-index"];

/// The views that every feed has.
const VIEWS: [&str; 3] = ["Local", "Prerelease", "Release"];

const FORCE_AUTH: &str = "~force-auth";
const MARKER: &str = "_packaging";
const OWN_HOST: &str = ".pkgs.visualstudio.com";
const SHARED_HOST: &str = "pkgs.dev.azure.com";

/// Folder names, and the index that each belongs to.
#[derive(Debug, Clone, Default)]
pub struct Owners(HashMap<String, KnownIndex>);

impl Owners {
    /// Of these indexes and of crates.io; where two give one name, the first counts.
    #[must_use]
    pub fn of(indexes: &[NamedIndex]) -> Self {
        let mut owners = Self::default();
        for url in CRATES_IO {
            let registry = "crates.io".into();
            owners.add(&NamedIndex { registry, url: url.into(), named_in: "Cargo".into() }, None);
        }
        // Of each feed the address that is named first.
        let mut first: HashMap<String, FeedAddress> = HashMap::new();
        for index in indexes {
            let Some(address) = FeedAddress::parse(&index.url) else {
                owners.add(index, None);
                continue;
            };
            owners.add(index, Some(first.entry(address.feed()).or_insert(address)));
        }
        // What is named counts before what is only possible.
        for index in indexes {
            let Some(address) = FeedAddress::parse(&index.url) else { continue };
            for url in address.spellings() {
                owners.add(&NamedIndex { url, ..index.clone() }, first.get(&address.feed()));
            }
        }
        owners
    }

    fn add(&mut self, index: &NamedIndex, first: Option<&FeedAddress>) {
        let Some(names) = index_dir::dir_names(&index.url) else { return };
        for (dir, era) in [(names.current, Era::Current), (names.old, Era::Old)] {
            self.0.entry(dir).or_insert_with(|| known((index, era), first));
        }
    }

    /// The index whose folder has that name.
    #[must_use]
    pub fn find(&self, dir: &str) -> Option<&KnownIndex> {
        self.0.get(dir)
    }
}

fn known((index, era): (&NamedIndex, Era), first: Option<&FeedAddress>) -> KnownIndex {
    let address = FeedAddress::parse(&index.url);
    let index_shown = shown(&index.url);
    let mut spelling = address.as_ref().map(FeedAddress::spelling).unwrap_or_default();
    if first.zip(address.as_ref()).is_some_and(|(first, address)| !first.has_letters_of(address)) {
        spelling.push(Spelling::Letters);
    }
    let feed = match address {
        Some(address) => address.feed(),
        None if CRATES_IO.contains(&index.url.as_str()) => CRATES_IO[0].to_owned(),
        None => index_shown.clone(),
    };
    KnownIndex {
        registry: index.registry.clone(),
        named_in: index.named_in.clone(),
        era,
        spelling,
        feed,
        index: index_shown,
    }
}

/// Without user information, query and what steers a terminal.
fn shown(url: &str) -> String {
    redact(&clean(url))
}

/// The address of a feed's index, in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FeedAddress {
    scheme: String,
    host: String,
    port: Option<u16>,
    /// What stands before `_packaging`, with a slash at the end.
    before: String,
    name: String,
    view: Option<String>,
    forced: bool,
    /// What follows the feed.
    after: String,
}

impl FeedAddress {
    /// `None` where it is no sparse index below `_packaging`.
    fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let scheme = url.scheme().strip_prefix("sparse+")?.to_owned();
        let (before, rest) = url.path().split_once(MARKER)?;
        let (feed, after) = rest.strip_prefix('/')?.split_once('/')?;
        let (feed, forced) = match feed.strip_suffix(FORCE_AUTH) {
            Some(feed) => (feed, true),
            None => (feed, false),
        };
        let (name, view) = match feed.split_once('@') {
            Some((name, view)) => (name, Some(view.to_owned())),
            None => (feed, None),
        };
        Some(Self {
            scheme,
            host: url.host_str()?.to_owned(),
            port: url.port(),
            before: before.to_owned(),
            name: name.to_owned(),
            view,
            forced,
            after: after.to_owned(),
        })
    }

    fn url(&self) -> String {
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        let view = self.view.as_ref().map(|view| format!("@{view}")).unwrap_or_default();
        let forced = if self.forced { FORCE_AUTH } else { "" };
        format!(
            "sparse+{}://{}{port}{}{MARKER}/{}{view}{forced}/{}",
            self.scheme, self.host, self.before, self.name, self.after
        )
    }

    fn says_its_port(&self) -> bool {
        matches!((self.scheme.as_str(), self.port), ("https", Some(443)) | ("http", Some(80)))
    }

    fn spelling(&self) -> Vec<Spelling> {
        let has_capitals = self.host.chars().any(|c| c.is_ascii_uppercase());
        let all = [
            self.forced.then_some(Spelling::ForceAuth),
            self.view.as_ref().map(|view| Spelling::View(clean(view))),
            self.says_its_port().then_some(Spelling::Port),
            has_capitals.then_some(Spelling::Case),
            self.host.to_ascii_lowercase().ends_with(OWN_HOST).then_some(Spelling::OwnHost),
        ];
        all.into_iter().flatten().collect()
    }

    /// The plain address that all spellings share; names of Azure DevOps don't tell capitals from small letters.
    fn feed(&self) -> String {
        let mut plain = self.clone().with_port(None).on_shared_host();
        (plain.view, plain.forced) = (None, false);
        shown(&plain.url().to_lowercase())
    }

    /// The port left out where it says nothing; that one in its place.
    fn with_port(mut self, port: Option<u16>) -> Self {
        if self.port.is_none() || self.says_its_port() {
            self.port = port;
        }
        self
    }

    fn on_shared_host(mut self) -> Self {
        self.host = self.host.to_ascii_lowercase();
        if let Some(org) = self.host.strip_suffix(OWN_HOST) {
            self.before = format!("/{org}{}", self.before);
            SHARED_HOST.clone_into(&mut self.host);
        }
        self
    }

    fn on_own_host(&self) -> Option<Self> {
        let shared = self.clone().on_shared_host();
        let (org, before) = shared.before.strip_prefix('/')?.split_once('/')?;
        (shared.host == SHARED_HOST && !org.is_empty()).then(|| Self {
            host: format!("{}{OWN_HOST}", org.to_lowercase()),
            before: format!("/{before}"),
            ..shared.clone()
        })
    }

    /// The same feed in small letters, as a person may type it.
    fn in_small_letters(mut self) -> Self {
        (self.before, self.name) = (small(&self.before), small(&self.name));
        self
    }

    /// Whether both write what stands in their paths with the same capitals: the organization stands there only on the
    /// host that all share.
    fn has_letters_of(&self, other: &Self) -> bool {
        let is_own = |address: &Self| address.host.to_ascii_lowercase().ends_with(OWN_HOST);
        let before = |address: &Self| match (is_own(address), is_own(self) || is_own(other)) {
            (false, true) => address.before.splitn(3, '/').nth(2).map(|rest| format!("/{rest}")),
            _ => Some(address.before.clone()),
        };
        self.name == other.name && before(self) == before(other)
    }

    /// Every address of the same feed that people are known to write.
    fn spellings(&self) -> Vec<String> {
        let default_port = if self.scheme == "https" { 443 } else { 80 };
        let lower = Self { host: self.host.to_ascii_lowercase(), ..self.clone() };
        let hosts =
            [Some(self.clone()), Some(lower), Some(self.clone().on_shared_host()), self.on_own_host()];
        let hosts = hosts.into_iter().flatten().flat_map(|host| [host.clone(), host.in_small_letters()]);
        let mut own_hosts: Vec<Self> = Vec::new();
        for host in hosts {
            if !own_hosts.contains(&host) {
                own_hosts.push(host);
            }
        }
        let own_view = self.view.as_deref().filter(|view| !VIEWS.contains(view));
        let views = std::iter::once(None).chain(own_view.map(Some)).chain(VIEWS.map(Some));
        let mut urls = Vec::new();
        for host in own_hosts {
            for port in [None, Some(default_port)] {
                for view in views.clone() {
                    for forced in [false, true] {
                        let mut address = host.clone().with_port(port);
                        address.view = view.map(str::to_owned);
                        address.forced = forced;
                        urls.push(address.url());
                    }
                }
            }
        }
        urls
    }
}

/// Small letters; what is written as `%C3` is one by its number.
fn small(path: &str) -> String {
    let mut after_percent = 0;
    let small = path.chars().map(|c| {
        after_percent = if c == '%' { 3 } else { after_percent };
        after_percent = i32::max(after_percent - 1, -1);
        if after_percent >= 0 { c } else { c.to_ascii_lowercase() }
    });
    small.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: &str = "sparse+https://pkgs.dev.azure.com/org/My%20Project/_packaging/feed/Cargo/index/";

    fn named(url: &str) -> NamedIndex {
        NamedIndex { registry: "feed".into(), url: url.into(), named_in: "/p/.cargo/config.toml".into() }
    }

    fn dir(url: &str) -> index_dir::DirNames {
        index_dir::dir_names(url).unwrap()
    }

    #[test]
    fn both_eras_and_crates_io_are_named() {
        let owners = Owners::of(&[named(PLAIN)]);
        let era = |dir: &str| owners.find(dir).map(|index| (index.registry.as_str(), index.era));
        assert_eq!(era(&dir(PLAIN).current), Some(("feed", Era::Current)));
        assert_eq!(era(&dir(PLAIN).old), Some(("feed", Era::Old)));
        assert_eq!(era("index.crates.io-1949cf8c6b5b557f"), Some(("crates.io", Era::Current)));
        assert_eq!(era("github.com-1ecc6299db9ec823"), Some(("crates.io", Era::Old)));
        assert_eq!(era("pkgs.dev.azure.com-0000000000000000"), None);
    }

    #[test]
    fn every_other_spelling_of_a_feed_is_named_as_such() {
        let owners = Owners::of(&[named(PLAIN)]);
        let feed = &owners.find(&dir(PLAIN).current).unwrap().feed;
        for (url, spelling) in [
            (PLAIN.replace("/feed/", "/feed~force-auth/"), vec![Spelling::ForceAuth]),
            (PLAIN.replace("/feed/", "/feed@Local/"), vec![Spelling::View("Local".into())]),
            (PLAIN.replace("azure.com/", "azure.com:443/"), vec![Spelling::Port]),
            (PLAIN.replace("pkgs.dev.azure.com/org", "org.pkgs.visualstudio.com"), vec![Spelling::OwnHost]),
            (
                PLAIN.replace("/feed/", "/feed@Release~force-auth/").replace("azure.com/", "azure.com:443/"),
                vec![Spelling::ForceAuth, Spelling::View("Release".into()), Spelling::Port],
            ),
        ] {
            for dir in [dir(&url).current, dir(&url).old] {
                let found = owners.find(&dir).unwrap_or_else(|| panic!("{url}"));
                assert_eq!((&found.spelling, &found.feed), (&spelling, feed), "{url}");
                assert_eq!(found.registry, "feed");
            }
        }
    }

    #[test]
    fn the_plain_address_is_found_from_any_of_the_others() {
        for other in [
            "sparse+https://PKGS.dev.azure.com:443/org/My Project/_packaging/feed@Local~force-auth/Cargo/index/",
            "sparse+https://Org.pkgs.visualstudio.com/My%20Project/_packaging/feed@mine/Cargo/index/",
        ] {
            let owners = Owners::of(&[named(other)]);
            assert!(owners.find(&dir(other).current).unwrap().spelling.len() > 1, "{other}");
            let plain = owners.find(&dir(PLAIN).current).unwrap_or_else(|| panic!("{other}"));
            assert_eq!(plain.spelling, [], "{other}");
            assert_eq!(plain.feed, owners.find(&dir(other).current).unwrap().feed);
        }
    }

    #[test]
    fn a_feed_whose_capitals_are_written_otherwise_is_a_twin() {
        let capitals =
            "sparse+https://pkgs.dev.azure.com/Org/My%20Project%C3%89/_packaging/Feed/Cargo/index/";
        let small = "sparse+https://pkgs.dev.azure.com/org/my%20project%C3%89/_packaging/feed/Cargo/index/";
        let of = |owners: &Owners, url: &str| {
            let found = owners.find(&dir(url).current).unwrap_or_else(|| panic!("{url}"));
            (found.feed.clone(), found.spelling.clone())
        };
        // Only one of them is named, and then both.
        for named in [vec![named(capitals)], vec![named(capitals), named(small)]] {
            let owners = Owners::of(&named);
            let (feed, spelling) = of(&owners, capitals);
            assert_eq!(spelling, []);
            assert_eq!(of(&owners, small), (feed.clone(), vec![Spelling::Letters]));
            let forced = small.replace("/feed/", "/feed~force-auth/");
            assert_eq!(of(&owners, &forced), (feed.clone(), vec![Spelling::ForceAuth, Spelling::Letters]));
            let own_host =
                "sparse+https://org.pkgs.visualstudio.com/My%20Project%C3%89/_packaging/Feed/Cargo/index/";
            assert_eq!(of(&owners, own_host), (feed, vec![Spelling::OwnHost]));
        }
        assert_eq!(of(&Owners::of(&[]), CRATES_IO[1]).0, of(&Owners::of(&[]), CRATES_IO[0]).0);
    }

    #[test]
    fn what_is_named_itself_keeps_its_own_name() {
        let forced = PLAIN.replace("/feed/", "/feed~force-auth/");
        let own = NamedIndex { registry: "forced".into(), ..named(&forced) };
        let owners = Owners::of(&[named(PLAIN), own]);
        assert_eq!(owners.find(&dir(&forced).current).unwrap().registry, "forced");
    }

    #[test]
    fn user_information_is_never_shown() {
        let url = "sparse+https://me:secret@h/x/_packaging/f/Cargo/index/";
        let owners = Owners::of(&[named(url), named("https://me:secret@h/git-index")]);
        for index in owners.0.values() {
            assert!(!format!("{index:?}").contains("secret"), "{index:?}");
        }
    }

    proptest! {
        #[test]
        fn an_address_is_put_together_as_it_was(
            org in "[a-z]{1,6}", project in "([A-Za-z]{1,6}/)?", feed in "[a-z]{1,6}(@[a-z]{1,5})?(~force-auth)?", port in "(:443|:8080)?",
        ) {
            let url = format!("sparse+https://pkgs.dev.azure.com{port}/{org}/{project}_packaging/{feed}/Cargo/index/");
            let address = FeedAddress::parse(&url).unwrap();
            prop_assert_eq!(address.url(), url.clone());
            prop_assert!(address.spellings().contains(&url) || port == ":8080");
        }

        #[test]
        fn any_text_is_survived(text in "\\PC*") {
            let _ = Owners::of(&[named(&text), named(&format!("sparse+https://{text}/_packaging/{text}/i/"))]);
        }
    }
}
