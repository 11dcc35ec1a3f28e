//! A feed that is to be made, before anything is sent (azure-contract 5.4, 5.6, 5.9).

use std::fmt;

use super::feed::{Feed, FeedName};
use super::organization::ProjectName;

/// What a second feed for publishing is called: the first one's name and this.
const PUBLISH_SUFFIX: &str = "-publish";

/// Who may see the feed, by the visibility of its `@Local` view (azure-contract 5.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Visibility {
    Tenant,
    #[default]
    Organization,
    Specific,
}

impl Visibility {
    pub const ALL: [Self; 3] = [Self::Tenant, Self::Organization, Self::Specific];

    /// The word of the REST API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Tenant => "aadTenant",
            Self::Organization => "collection",
            Self::Specific => "private",
        }
    }

    /// The same for a person.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Tenant => "people in my Entra tenant",
            Self::Organization => "people in my organization",
            Self::Specific => "specific people",
        }
    }

    /// What a view says of itself that doesn't tell who may see it.
    pub const UNTOLD: &str = "not told";

    /// Who may see a view, in the words of Azure's page.
    #[must_use]
    pub fn audience(self, organization: &str) -> String {
        match self {
            Self::Tenant => "Members of your Microsoft Entra tenant".to_owned(),
            Self::Organization => format!("Members of {organization}"),
            Self::Specific => "Specific people".to_owned(),
        }
    }
}

/// Where the feed takes what it doesn't have (azure-contract 5.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sources {
    /// crates.io alone.
    #[default]
    CratesIo,
    /// Every common public source, crates.io among them.
    Common,
    None,
}

impl Sources {
    pub const ALL: [Self; 3] = [Self::CratesIo, Self::Common, Self::None];

    #[must_use]
    pub fn has_crates_io(self) -> bool {
        self != Self::None
    }
}

/// What the feed belongs to; the address of the request decides it, not its body (azure-contract 5.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedScope {
    Project(ProjectName),
    Organization,
}

impl FeedScope {
    #[must_use]
    pub fn project(&self) -> Option<&ProjectName> {
        match self {
            Self::Project(project) => Some(project),
            Self::Organization => None,
        }
    }
}

/// A text is too long for a feed's description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a description has at most 255 characters")]
pub struct DescriptionTooLong;

/// What a feed is for; may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description(String);

impl Description {
    const MAX: usize = 255;

    /// # Errors
    /// When it is longer than the service takes. Counted as the service counts, in UTF-16.
    pub fn parse(text: &str) -> Result<Self, DescriptionTooLong> {
        let text = text.trim();
        if text.encode_utf16().count() > Self::MAX {
            return Err(DescriptionTooLong);
        }
        Ok(Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One feed to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFeed {
    pub name: FeedName,
    pub description: Description,
    pub visibility: Visibility,
    pub sources: Sources,
    pub scope: FeedScope,
}

impl NewFeed {
    /// `project/feed`, as feeds that exist are labelled.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.scope {
            FeedScope::Project(project) => format!("{project}/{}", self.name),
            FeedScope::Organization => self.name.to_string(),
        }
    }

    /// The feed for crates of one's own that goes with this one: without upstream sources, so that no crate of
    /// the same name can come from outside (azure-contract 5.4, 6.5).
    #[must_use]
    pub fn for_publishing(&self, name: FeedName) -> Self {
        Self { name, sources: Sources::None, description: Description::default(), ..self.clone() }
    }
}

/// One feed, or the recommended pair: the first to consume from, the second to publish to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPlan {
    pub feed: NewFeed,
    pub publish: Option<NewFeed>,
}

impl FeedPlan {
    /// The feeds, in the order in which they are made.
    #[must_use]
    pub fn into_feeds(self) -> Vec<NewFeed> {
        [Some(self.feed), self.publish].into_iter().flatten().collect()
    }
}

/// `NAME-publish`, the name shortened where both together would be too long.
///
/// # Panics
/// Never: what is left of a name, and letters behind it, is a name.
#[must_use]
pub fn publish_name(name: &FeedName) -> FeedName {
    let room = FeedName::MAX - PUBLISH_SUFFIX.len();
    let kept: String = name.as_str().chars().take(room).collect();
    FeedName::parse(&format!("{kept}{PUBLISH_SUFFIX}"))
        .expect("the beginning of a name and a suffix of letters make a name")
}

/// A name for the feed of a project: `Fabrikam Fiber` gives `fabrikam-fiber-crates`.
#[must_use]
pub fn suggested_name(project: Option<&ProjectName>) -> String {
    let project = project.map_or(String::new(), |project| project.as_str().to_lowercase());
    let mut name = String::new();
    for c in project.chars() {
        let c = if c.is_alphanumeric() { c } else { '-' };
        if !(c == '-' && (name.is_empty() || name.ends_with('-'))) {
            name.push(c);
        }
    }
    let name: String = name.chars().take(FeedName::MAX / 2).collect();
    match name.trim_end_matches('-') {
        "" => "rust-crates".to_owned(),
        name => format!("{name}-crates"),
    }
}

/// The feed that goes with another for publishing, by its name: of the same project, without crates.io.
#[must_use]
pub fn publish_partner<'a>(feed: &Feed, feeds: &'a [Feed]) -> Option<&'a Feed> {
    let name = publish_name(&feed.name);
    let project = |feed: &Feed| feed.project.as_ref().map(|project| project.id.clone());
    feeds.iter().find(|other| {
        other.id != feed.id && other.name == name && project(other) == project(feed) && !other.has_crates_io()
    })
}

/// A request as it will be sent, or was: for a person to look at before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestPreview {
    pub method: &'static str,
    /// Without a credential: that goes in a header.
    pub url: String,
    /// JSON, byte for byte as it is sent.
    pub body: String,
}

impl fmt::Display for RequestPreview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}\n{}", self.method, self.url, self.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::feed::{Condition, FeedProject, Upstream};

    fn name(text: &str) -> FeedName {
        FeedName::parse(text).unwrap()
    }

    fn feed(text: &str, project: Option<&str>, crates_io: bool) -> Feed {
        let upstream = Upstream {
            name: "crates.io".into(),
            protocol: "Cargo".into(),
            location: "https://index.crates.io/".into(),
            enabled: true,
        };
        Feed {
            id: format!("id-{text}-{project:?}"),
            name: name(text),
            description: String::new(),
            project: project.map(|name| FeedProject {
                id: name.to_owned(),
                name: ProjectName::parse(name).unwrap(),
                public: false,
            }),
            upstreams: if crates_io { vec![upstream] } else { Vec::new() },
            upstreams_told: true,
            role: None,
            condition: Condition::Sound,
        }
    }

    #[test]
    fn a_description_is_counted_as_the_service_counts() {
        assert_eq!(Description::parse("  Crates \n").unwrap().as_str(), "Crates");
        assert!(Description::parse(&"ü".repeat(255)).is_ok());
        assert_eq!(Description::parse(&"x".repeat(256)), Err(DescriptionTooLong));
        assert_eq!(Description::parse(&"🦀".repeat(128)), Err(DescriptionTooLong));
    }

    #[test]
    fn the_name_for_publishing_always_fits() {
        assert_eq!(publish_name(&name("rust")).as_str(), "rust-publish");
        let long = publish_name(&name(&"ü".repeat(64)));
        assert_eq!(long.as_str().chars().count(), 64);
        assert!(long.as_str().ends_with("ü-publish"));
    }

    #[test]
    fn a_name_is_suggested_from_the_project_and_is_always_one() {
        let suggested = |project: &str| suggested_name(ProjectName::parse(project).as_ref());
        assert_eq!(suggested("Fabrikam Fiber"), "fabrikam-fiber-crates");
        assert_eq!(suggested("Zahlungsverkehr Österreich"), "zahlungsverkehr-österreich-crates");
        assert_eq!(suggested("#!?"), "rust-crates");
        assert_eq!(suggested_name(None), "rust-crates");
        for project in ["a b", "...x...", "--", "İ", &"x ".repeat(64)] {
            assert!(FeedName::parse(&suggested(project)).is_ok(), "{project}: {}", suggested(project));
        }
    }

    #[test]
    fn the_feed_for_publishing_has_no_upstream_sources() {
        let consume = NewFeed {
            name: name("rust"),
            description: Description::parse("mirror").unwrap(),
            visibility: Visibility::Tenant,
            sources: Sources::Common,
            scope: FeedScope::Project(ProjectName::parse("Web").unwrap()),
        };
        let publish = consume.for_publishing(name("rust-publish"));
        assert_eq!((publish.sources, publish.visibility), (Sources::None, Visibility::Tenant));
        assert_eq!((publish.label().as_str(), publish.description.as_str()), ("Web/rust-publish", ""));
        let plan = FeedPlan { feed: consume.clone(), publish: Some(publish.clone()) };
        assert_eq!(plan.into_feeds(), [consume, publish]);
    }

    #[test]
    fn a_partner_is_of_the_same_project_and_without_crates_io() {
        let rust = feed("rust", Some("Web"), true);
        let found = |feeds: &[Feed]| publish_partner(&rust, feeds).map(|feed| feed.id.clone());
        let partner = feed("Rust-Publish", Some("Web"), false);
        assert_eq!(found(&[rust.clone(), partner.clone()]), Some(partner.id));
        assert_eq!(found(&[feed("rust-publish", None, false)]), None);
        assert_eq!(found(&[feed("rust-publish", Some("Web"), true)]), None);
    }
}
