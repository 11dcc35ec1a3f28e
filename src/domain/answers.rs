//! The answers of a wizard that was left half-way, so that the next one can go on; never a secret.

use serde::{Deserialize, Serialize};

use super::feed::{FeedAddress, FeedName, ViewName};
use super::organization::{Base, ProjectName, Target};
use super::registry::RegistryName;
use super::way::Way;

/// What the person has answered, as it is spelt. What is missing was not answered yet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Answers {
    organization: Option<String>,
    project: Option<String>,
    feed: Option<String>,
    view: Option<String>,
    registry: Option<String>,
    way: Option<String>,
    /// The person's own file, and not the project's.
    pub user_file: Option<bool>,
    pub replace_crates_io: Option<bool>,
}

impl Answers {
    /// Of a person who has named an organization.
    #[must_use]
    pub fn of(organization: &Base) -> Self {
        Self { organization: Some(organization.as_str().to_owned()), ..Self::default() }
    }

    /// Of a person who has named this much of a feed.
    #[must_use]
    pub fn of_target(target: &Target) -> Self {
        Self {
            project: target.project.as_ref().map(ToString::to_string),
            feed: target.feed.as_ref().map(ToString::to_string),
            view: target.view.as_ref().map(ToString::to_string),
            ..Self::of(&target.collection.base())
        }
    }

    /// Whether both are about the same organization, project and feed.
    #[must_use]
    pub fn same_feed(&self, other: &Self) -> bool {
        let place = |of: &Self| (of.organization.clone(), of.project.clone(), of.feed.clone());
        place(self) == place(other)
    }

    #[must_use]
    pub fn with_feed(mut self, feed: &FeedAddress) -> Self {
        self.project = feed.project.as_ref().map(ToString::to_string);
        self.feed = Some(feed.name.to_string());
        self.view = feed.view.as_ref().map(ToString::to_string);
        self
    }

    #[must_use]
    pub fn with_registry(mut self, name: &RegistryName) -> Self {
        self.registry = Some(name.to_string());
        self
    }

    #[must_use]
    pub fn with_view(self, view: Option<&ViewName>) -> Self {
        Self { view: view.map(ToString::to_string), ..self }
    }

    /// How the person has signed in; not with what.
    #[must_use]
    pub fn with_way(self, way: Way) -> Self {
        Self { way: Some(way.name().to_owned()), ..self }
    }

    /// The organization with project, feed and view; `None` where it is none any more.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        let target = Target::parse(self.organization.as_deref()?)?;
        Some(Target {
            project: self.project.as_deref().and_then(ProjectName::parse),
            feed: self.feed.as_deref().and_then(|name| FeedName::parse(name).ok()),
            view: self.view.as_deref().and_then(ViewName::parse),
            ..target
        })
    }

    #[must_use]
    pub fn registry(&self) -> Option<RegistryName> {
        RegistryName::parse(self.registry.as_deref()?).ok()
    }

    #[must_use]
    pub fn way(&self) -> Option<Way> {
        Way::named(self.way.as_deref()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_back_as_they_were_and_garbage_as_none() {
        let base = Base::parse("https://dev.azure.com/contoso").unwrap();
        let feed = FeedAddress::parse("Fabrikam Fiber/rust@Local").unwrap();
        let name = RegistryName::parse("rust").unwrap();
        let answers =
            Answers { user_file: Some(true), ..Answers::of(&base).with_feed(&feed).with_registry(&name) };
        let answers = answers.with_way(Way::DeviceCode);
        let text = serde_json::to_string(&answers).unwrap();
        let back: Answers = serde_json::from_str(&text).unwrap();
        assert_eq!(back, answers);
        let target = back.target().unwrap();
        assert_eq!(
            (target.collection.base(), target.project, target.feed, target.view),
            (base, feed.project, Some(feed.name), feed.view)
        );
        assert_eq!((back.registry(), back.way()), (Some(name), Some(Way::DeviceCode)));
        assert!(back.same_feed(&answers) && !back.same_feed(&Answers::default()));
        let odd: Answers =
            serde_json::from_str(r#"{"organization":"https://evil\u001b/?","registry":"a b","new":1}"#)
                .unwrap();
        assert!(odd.target().is_none() && odd.registry().is_none() && odd.way().is_none());
    }
}
