//! What people make and change in the world: new feeds, upstream sources, visibilities; and how a kept demo
//! remembers it.

use serde::{Deserialize, Serialize};

use super::{Feed, Guid, Organization, Project, Role, Upstream, World, same};

/// The visibility of a new feed's `@Local` view, until somebody sets another (azure-contract 12: read it back).
const FIRST_VISIBILITY: &str = "private";

/// A feed of that name is there already, was deleted, or belongs to somebody else (azure-contract 5.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::demo) struct NameTaken;

/// A feed as `world.json` keeps it: one that was made, or the changed parts of one of the world's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::demo) struct KeptFeed {
    organization: String,
    project: Option<String>,
    name: String,
    description: Option<String>,
    upstreams: Vec<String>,
    visibility: String,
}

impl World {
    /// The world with what was made and changed in it before; what does not fit in it any more is left out.
    pub(in crate::demo) fn load_with(kept: &[KeptFeed]) -> Self {
        let mut world = Self::load();
        for kept in kept {
            world.restore(kept);
        }
        world
    }

    fn restore(&mut self, kept: &KeptFeed) -> Option<()> {
        let organization = self.organization_mut(&kept.organization)?;
        let project = match &kept.project {
            Some(name) => Some(organization.project(name)?.clone()),
            None => None,
        };
        if organization.feed(project.as_ref(), &kept.name).is_none() {
            organization.make_feed(project.as_ref(), &kept.name).ok()?;
        }
        let feed = organization.feed_mut(project.as_ref(), &kept.name)?;
        feed.description.clone_from(&kept.description);
        feed.visibility.clone_from(&kept.visibility);
        feed.set_upstreams(kept.upstreams.iter().filter_map(|text| Upstream::read(text)).collect());
        Some(())
    }

    /// What a kept demo must remember.
    pub(in crate::demo) fn kept(&self) -> Vec<KeptFeed> {
        let feeds = self.organizations.iter().flat_map(|o| o.feeds.iter().map(move |feed| (o, feed)));
        feeds.filter(|(_, feed)| feed.changed).map(|(o, feed)| KeptFeed::of(o, feed)).collect()
    }

    pub(in crate::demo) fn organization_mut(&mut self, name: &str) -> Option<&mut Organization> {
        self.organizations.iter_mut().find(|organization| same(&organization.name, name))
    }
}

impl KeptFeed {
    fn of(organization: &Organization, feed: &Feed) -> Self {
        let upstream = |upstream: &Upstream| match upstream {
            Upstream::Public(source) => source.name.to_owned(),
            Upstream::Feed(name) => format!("feed:{name}"),
        };
        let project = feed.project.as_ref().and_then(|id| organization.project_by_id(id));
        Self {
            organization: organization.name.clone(),
            project: project.map(|project| project.name.clone()),
            name: feed.name.clone(),
            description: feed.description.clone(),
            upstreams: feed.upstreams.iter().map(upstream).collect(),
            visibility: feed.visibility.clone(),
        }
    }
}

impl Organization {
    /// Makes a feed without upstream sources, which whoever makes it administers.
    pub(in crate::demo) fn make_feed(
        &mut self,
        project: Option<&Project>,
        name: &str,
    ) -> Result<&mut Feed, NameTaken> {
        let hidden = self.hidden.iter().map(|hidden| &hidden.feed);
        if self.feeds.iter().chain(hidden).any(|feed| same(&feed.name, name)) {
            return Err(NameTaken);
        }
        let at = self.feeds.len();
        self.feeds.push(Feed {
            id: Guid::of("feed", &[&self.name, name]),
            name: name.to_owned(),
            description: None,
            project: project.map(|project| project.id.clone()),
            public: project.is_some_and(Project::is_public),
            role: Role::Administrator,
            upstreams: Vec::new(),
            visibility: FIRST_VISIBILITY.to_owned(),
            changed: true,
            saved_percent: 0,
            published: Vec::new(),
        });
        Ok(&mut self.feeds[at])
    }

    pub(in crate::demo) fn feed_mut(
        &mut self,
        project: Option<&Project>,
        name_or_id: &str,
    ) -> Option<&mut Feed> {
        let id = self.feed(project, name_or_id)?.id.clone();
        self.feeds.iter_mut().find(|feed| feed.id == id)
    }
}

impl Feed {
    pub(in crate::demo) fn set_upstreams(&mut self, upstreams: Vec<Upstream>) {
        self.upstreams = upstreams;
        self.changed = true;
    }

    /// Who may see what the `@Local` view holds.
    pub(in crate::demo) fn set_visibility(&mut self, word: &str) {
        word.clone_into(&mut self.visibility);
        self.changed = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_given_once_in_an_organization_whoever_has_it() {
        let mut world = World::load();
        let contoso = world.organization_mut("contoso").unwrap();
        for taken in ["Rust-Crates", "payments-vault", "storefront-legacy"] {
            assert_eq!(contoso.make_feed(None, taken).err(), Some(NameTaken), "{taken}");
        }
        contoso.make_feed(None, "new").unwrap();
        assert_eq!(contoso.make_feed(None, "NEW").err(), Some(NameTaken));
        assert!(world.organization_mut("fabrikam").unwrap().make_feed(None, "new").is_ok());
    }

    #[test]
    fn what_was_made_and_changed_is_there_again() {
        let mut world = World::load();
        assert!(world.kept().is_empty());
        let contoso = world.organization_mut("contoso").unwrap();
        let storefront = contoso.project("Storefront").unwrap().clone();
        let made = contoso.make_feed(Some(&storefront), "new").unwrap();
        made.set_upstreams(vec![Upstream::public("cargo", "https://index.crates.io/").unwrap()]);
        contoso.feed_mut(None, "shared-crates").unwrap().set_visibility("aadTenant");
        let again = World::load_with(&world.kept());
        let contoso = again.organization("contoso").unwrap();
        let new = contoso.feed(contoso.project("Storefront"), "new").unwrap();
        assert_eq!((new.role, new.upstreams.len()), (Role::Administrator, 1));
        let shared = contoso.feed(None, "shared-crates").unwrap();
        assert_eq!((shared.role, shared.visibility.as_str()), (Role::Reader, "aadTenant"));
        assert_eq!(again.kept(), world.kept());
    }

    #[test]
    fn what_fits_no_more_is_left_out() {
        let gone = KeptFeed {
            organization: "contoso".into(),
            project: Some("No such project".into()),
            name: "x".into(),
            description: None,
            upstreams: vec!["no such source".into()],
            visibility: "private".into(),
        };
        let elsewhere = KeptFeed { organization: "nobody".into(), ..gone.clone() };
        let unreadable = KeptFeed { project: None, ..gone.clone() };
        let world = World::load_with(&[gone, elsewhere, unreadable]);
        let made = world.organization("contoso").unwrap().feed(None, "x").unwrap();
        assert!(made.upstreams.is_empty());
        assert_eq!(world.kept().len(), 1);
    }
}
