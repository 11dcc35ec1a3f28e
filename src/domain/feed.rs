//! Feeds, their views, roles and upstream sources (azure-contract 5 and 6).

use std::fmt;

use super::organization::ProjectName;

/// Why a text is no feed name; each sentence can stand on a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FeedNameError {
    #[error("a feed needs a name")]
    Empty,
    #[error("a feed name has at most 64 characters")]
    TooLong,
    #[error("a feed name holds no white space")]
    WhiteSpace,
    #[error("a feed name starts with neither `_` nor `.` and does not end with `.`")]
    Edge,
    #[error("a feed name holds no `{0}`")]
    Character(char),
}

/// A feed's name by the rules of azure-contract 5.6.
#[derive(Debug, Clone, Eq, PartialOrd, Ord)]
pub struct FeedName(String);

impl FeedName {
    pub(super) const MAX: usize = 64;
    const FORBIDDEN: &str = "@~;{}\\+=<>|/?:&$*\"#[]',%";

    /// # Errors
    /// The first rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, FeedNameError> {
        if text.is_empty() {
            return Err(FeedNameError::Empty);
        }
        if text.chars().count() > Self::MAX {
            return Err(FeedNameError::TooLong);
        }
        if text.chars().any(char::is_whitespace) {
            return Err(FeedNameError::WhiteSpace);
        }
        if text.starts_with(['_', '.']) || text.ends_with('.') {
            return Err(FeedNameError::Edge);
        }
        match text.chars().find(|c| Self::FORBIDDEN.contains(*c) || c.is_control()) {
            Some(bad) => Err(FeedNameError::Character(bad)),
            None => Ok(Self(text.to_owned())),
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Azure compares feed names without case.
impl PartialEq for FeedName {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_lowercase() == other.0.to_lowercase()
    }
}

impl fmt::Display for FeedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A view of a feed, such as `Local`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewName(String);

impl ViewName {
    /// The implicit view that holds everything in the feed.
    #[must_use]
    pub fn local() -> Self {
        Self("Local".to_owned())
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        FeedName::parse(text).ok().map(|name| Self(name.0))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ViewName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A feed as a person writes it: `NAME`, `PROJECT/NAME`, and perhaps `@VIEW` behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedAddress {
    pub project: Option<ProjectName>,
    pub name: FeedName,
    pub view: Option<ViewName>,
}

/// Why a text is no feed's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FeedAddressError {
    #[error(transparent)]
    Name(#[from] FeedNameError),
    #[error("what stands before `/` names no project")]
    Project,
    #[error("what follows `@` names no view")]
    View,
}

impl FeedAddress {
    /// # Errors
    /// The part that is none.
    pub fn parse(text: &str) -> Result<Self, FeedAddressError> {
        let (project, rest) = match text.trim().rsplit_once('/') {
            Some((project, rest)) => {
                (Some(ProjectName::parse(project.trim()).ok_or(FeedAddressError::Project)?), rest)
            }
            None => (None, text.trim()),
        };
        let (name, view) = match rest.split_once('@') {
            Some((name, view)) => (name, Some(ViewName::parse(view).ok_or(FeedAddressError::View)?)),
            None => (rest, None),
        };
        Ok(Self { project, name: FeedName::parse(name)?, view })
    }
}

/// What a person may do in a feed, weakest first (azure-contract 5.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Reader,
    Collaborator,
    Contributor,
    Owner,
}

impl Role {
    /// Azure's own name for it, in its web pages.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Reader => "Feed Reader",
            Self::Collaborator => "Feed and Upstream Reader",
            Self::Contributor => "Feed Publisher",
            Self::Owner => "Feed Owner",
        }
    }

    /// The same in one word, for a column.
    #[must_use]
    pub fn short(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Collaborator => "collaborator",
            Self::Contributor => "contributor",
            Self::Owner => "owner",
        }
    }

    /// Whether a crate that nobody has downloaded yet can be saved from an upstream source.
    #[must_use]
    pub fn saves_upstream_crates(self) -> bool {
        self >= Self::Collaborator
    }
}

/// The project that a project-scoped feed belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedProject {
    pub id: String,
    pub name: ProjectName,
    pub public: bool,
}

/// One upstream source of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    pub name: String,
    pub protocol: String,
    pub location: String,
    pub enabled: bool,
}

impl Upstream {
    /// Whether it brings crates of crates.io (azure-contract 6.1: the protocol's case varies).
    #[must_use]
    pub fn is_crates_io(&self) -> bool {
        self.enabled
            && self.protocol.eq_ignore_ascii_case("cargo")
            && self.location.trim_end_matches('/').eq_ignore_ascii_case("https://index.crates.io")
    }
}

/// Whether a feed can be used as it is, best first; of several the worst counts (azure-contract 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Condition {
    #[default]
    Sound,
    /// Nothing can be saved or published in it.
    ReadOnly,
    /// Being moved or repaired by the service: may not answer.
    UnderMaintenance,
    Disabled,
    /// In the recycle bin.
    Deleted,
}

impl Condition {
    /// One word for a column and for scripts; empty where there is nothing to say.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Sound => "",
            Self::ReadOnly => "read-only",
            Self::UnderMaintenance => "maintenance",
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
        }
    }

    /// What it means for Cargo, as a sentence; `None` where nothing is wrong.
    #[must_use]
    pub fn warning(self) -> Option<&'static str> {
        match self {
            Self::Sound => None,
            Self::ReadOnly => Some("Read-only: nothing new can be saved or published in it."),
            Self::UnderMaintenance => Some("Under maintenance: it may not answer now."),
            Self::Disabled => Some("Disabled: it answers nobody until an owner enables it."),
            Self::Deleted => Some("Deleted: it lies in the recycle bin; an owner can restore it."),
        }
    }
}

/// A feed that the signed-in person can see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    pub id: String,
    pub name: FeedName,
    pub description: String,
    /// `None`: the feed belongs to the organization.
    pub project: Option<FeedProject>,
    pub upstreams: Vec<Upstream>,
    /// Whether the service has told the upstream sources: a list may leave them out (azure-contract 5.2).
    pub upstreams_told: bool,
    /// At least this; `None` while it isn't known.
    pub role: Option<Role>,
    pub condition: Condition,
}

impl Feed {
    #[must_use]
    pub fn has_crates_io(&self) -> bool {
        self.upstreams.iter().any(Upstream::is_crates_io)
    }

    /// Whether crates.io is among its upstream sources; `None` while that was not told.
    #[must_use]
    pub fn crates_io(&self) -> Option<bool> {
        self.upstreams_told.then(|| self.has_crates_io())
    }

    /// Whether the feed can stand in for crates.io now.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.condition <= Condition::ReadOnly
    }

    /// Whether a crate that nobody has saved yet will fail for this person, as far as it is known.
    #[must_use]
    pub fn cannot_save(&self) -> bool {
        self.condition == Condition::ReadOnly || self.role.is_some_and(|role| !role.saves_upstream_crates())
    }

    /// Whether anybody can read saved crates without signing in (azure-contract 5.10).
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.project.as_ref().is_some_and(|project| project.public)
    }

    /// Takes what the feed itself has told, where the list had left it out.
    pub fn take(&mut self, details: &FeedDetails) {
        if let Some(upstreams) = &details.upstreams {
            self.upstreams.clone_from(upstreams);
            self.upstreams_told = true;
        }
    }

    /// `project/feed`, or the feed's name alone where it belongs to the organization.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.project {
            Some(project) => format!("{}/{}", project.name, self.name),
            None => self.name.to_string(),
        }
    }
}

/// What the list does not tell of a feed: fetched for the one that is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeedDetails {
    pub feed_id: String,
    pub role: Option<Role>,
    /// Asked for only where the list has left them out.
    pub upstreams: Option<Vec<Upstream>>,
    pub views: Vec<View>,
    /// Crates saved or published in the feed, counted up to the limit of one page.
    pub crates: Option<CrateCount>,
}

/// A number of crates that may be only a lower bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrateCount {
    Exactly(usize),
    AtLeast(usize),
}

/// One view with who may see it, in the words of Azure's web page (azure-contract 5.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pub name: String,
    pub visibility: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_azures_rules() {
        for good in ["rust-crates", "Ä-feed", "a", "f.b", "x_y"] {
            assert!(FeedName::parse(good).is_ok(), "{good}");
        }
        assert_eq!(FeedName::parse(""), Err(FeedNameError::Empty));
        assert_eq!(FeedName::parse(&"x".repeat(65)), Err(FeedNameError::TooLong));
        assert_eq!(FeedName::parse("my feed"), Err(FeedNameError::WhiteSpace));
        for edge in ["_x", ".x", "x."] {
            assert_eq!(FeedName::parse(edge), Err(FeedNameError::Edge), "{edge}");
        }
        for bad in FeedName::FORBIDDEN.chars() {
            assert_eq!(FeedName::parse(&format!("a{bad}b")), Err(FeedNameError::Character(bad)));
        }
    }

    #[test]
    fn an_address_is_what_the_screens_write() {
        let parts = |text: &str| {
            FeedAddress::parse(text).map(|FeedAddress { project, name, view }| {
                (project.map(|p| p.to_string()), name.to_string(), view.map(|v| v.to_string()))
            })
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parts("rust"), Ok((None, "rust".into(), None)));
        assert_eq!(
            parts(" Fabrikam Fiber/rust@Local "),
            Ok((some("Fabrikam Fiber"), "rust".into(), some("Local")))
        );
        assert_eq!(parts("a/b/rust"), Err(FeedAddressError::Project));
        assert_eq!(parts("/rust"), Err(FeedAddressError::Project));
        assert_eq!(parts("rust@"), Err(FeedAddressError::View));
        assert_eq!(parts("a b"), Err(FeedAddressError::Name(FeedNameError::WhiteSpace)));
    }

    #[test]
    fn only_an_enabled_cargo_upstream_counts_as_crates_io() {
        let upstream = |protocol: &str, location: &str, enabled| Upstream {
            name: "x".into(),
            protocol: protocol.into(),
            location: location.into(),
            enabled,
        };
        assert!(upstream("Cargo", "https://index.crates.io/", true).is_crates_io());
        assert!(upstream("cargo", "https://index.crates.io", true).is_crates_io());
        assert!(!upstream("Cargo", "https://index.crates.io/", false).is_crates_io());
        assert!(!upstream("npm", "https://index.crates.io/", true).is_crates_io());
        assert!(!upstream("Cargo", "azure-feed://fabrikam/rust@Local", true).is_crates_io());
    }

    #[test]
    fn readers_cannot_save_upstream_crates() {
        assert!(!Role::Reader.saves_upstream_crates());
        assert!(Role::Collaborator.saves_upstream_crates());
        assert!(Role::Owner.saves_upstream_crates());
    }
}
