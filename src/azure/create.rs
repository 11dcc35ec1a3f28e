//! Making a feed: one POST that is never sent twice, then the visibility of its `@Local` view, read back
//! (azure-contract 5.4 to 5.9, 11). What is shown of a request is what is sent.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::client::{Azure, Change, Stage, address};
use super::error::{AzureError, Holder, Said};
use super::reply::Reply;
use super::upstreams::{PUBLIC_SOURCES, PublicSource};
use super::wire::{List, WireFeed, WireView};
use crate::domain::feed::{Feed, FeedName, FeedProject, Role};
use crate::domain::new_feed::{NewFeed, RequestPreview, Sources};
use crate::domain::organization::ProjectName;
use crate::domain::text::clean;

/// How often a new feed is looked for: with growing pauses, some eight seconds in all (azure-contract 11: it
/// takes seconds until all of the service knows it).
const LOOKS: u32 = 8;

/// A feed that was made, and what of the plan did not come true.
#[derive(Debug)]
pub struct Creation {
    pub feed: Feed,
    /// crates.io was asked for and is not among its upstream sources.
    pub lacks_crates_io: bool,
    /// Why the visibility is not the one that was asked for.
    pub visibility: Result<(), AzureError>,
}

/// The body of the POST (azure-contract 5.4), in the order in which it is shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct NewFeedBody<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    hide_deleted_package_versions: bool,
    badges_enabled: bool,
    upstream_enabled: bool,
    upstream_sources: Vec<PublicSource>,
}

/// A feed in the recycle bin (azure-contract 5.7).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeletedFeed {
    name: Option<String>,
    project: Option<DeletedFeedsProject>,
    scheduled_permanent_delete_date: Option<String>,
}

#[derive(Debug, Deserialize)]
struct DeletedFeedsProject {
    name: Option<String>,
}

impl Azure {
    /// The requests that [`Azure::create_feed`] sends, as it sends them. Asks nothing.
    ///
    /// # Errors
    /// When the names lead out of the organization's own addresses.
    pub fn creation_previews(&self, new: &NewFeed) -> Result<Vec<RequestPreview>, AzureError> {
        Ok(vec![self.creation(new)?.preview(), self.showing(new)?.preview()])
    }

    /// Looks whether a feed that one can see has one of the names: they are unique in an organization.
    ///
    /// # Errors
    /// [`AzureError::NameTaken`] where one has, and every refusal of the list.
    pub async fn check_names(&self, names: &[&FeedName]) -> Result<(), AzureError> {
        let (_, feeds) = self.feed_page(&[]).await?;
        let taken = names.iter().find_map(|name| Some((name, feeds.iter().find(|f| f.name == **name)?)));
        match taken {
            None => Ok(()),
            Some((name, feed)) => Err(AzureError::NameTaken {
                name: name.to_string(),
                by: Holder::Feed(feed.label()),
                said: Box::default(),
            }),
        }
    }

    /// Makes the feed, waits until the service shows it, and sets who may see it.
    ///
    /// # Errors
    /// When there is no new feed, and [`AzureError::CreationUnknown`] when it can't be told. What fails after the
    /// feed was made is part of the [`Creation`].
    pub async fn create_feed(&self, new: &NewFeed) -> Result<Creation, AzureError> {
        let change = self.creation(new)?;
        let told = match self.change(&change, Stage::Released).await {
            Ok(reply) => self.read::<WireFeed>(&reply, &change.url).map(WireFeed::into_feed),
            Err(error) => Err(error),
        };
        let feed = match told {
            Ok(told) => self.settled(new, told).await?,
            Err(error) if error.leaves_open() => self.look_for(new, error).await?,
            Err(error) => return Err(self.why_not(new, error).await),
        };
        Ok(Creation {
            lacks_crates_io: new.sources.has_crates_io() && feed.crates_io() == Some(false),
            visibility: self.show(new).await,
            feed,
        })
    }

    /// The POST. The scope is in its address (azure-contract 5.4).
    fn creation(&self, new: &NewFeed) -> Result<Change, AzureError> {
        let body = NewFeedBody {
            name: new.name.as_str(),
            description: new.description.as_str(),
            hide_deleted_package_versions: true,
            badges_enabled: false,
            upstream_enabled: true,
            upstream_sources: match new.sources {
                Sources::CratesIo => vec![PublicSource::crates_io()],
                Sources::Common => PUBLIC_SOURCES.to_vec(),
                Sources::None => Vec::new(),
            },
        };
        let segments = scoped(new, &["_apis", "packaging", "feeds"]);
        let url = address(&self.feeds_base(), &segments, &[])?;
        Ok(Change::new(Method::POST, url, &body))
    }

    /// The PATCH of the `@Local` view. By name: it is shown before there is an id.
    fn showing(&self, new: &NewFeed) -> Result<Change, AzureError> {
        let path = ["_apis", "packaging", "Feeds", new.name.as_str(), "views", "Local"];
        let url = address(&self.feeds_base(), &scoped(new, &path), &[])?;
        Ok(Change::new(Method::PATCH, url, &json!({ "visibility": new.visibility.word() })))
    }

    /// Sets the visibility and reads it back; what counts is what is read.
    async fn show(&self, new: &NewFeed) -> Result<(), AzureError> {
        let change = self.showing(new)?;
        let changed = self.change(&change, Stage::Released).await.map_err(AzureError::of_managing);
        let seen = async {
            let reply = self.get(&change.url, Stage::Released).await?;
            let view: WireView = self.read(&reply, &change.url)?;
            Ok::<_, AzureError>((view.visibility_word(), self.said(&reply, &change.url)))
        };
        match (changed, seen.await) {
            (_, Ok((word, _))) if word.eq_ignore_ascii_case(new.visibility.word()) => Ok(()),
            (Err(error), _) | (Ok(_), Err(error)) => Err(error),
            (Ok(_), Ok((is, said))) => Err(AzureError::OtherVisibility { is, said: Box::new(said) }),
        }
    }

    /// The new feed as the service shows it; as it was told at first where it isn't shown in time.
    async fn settled(&self, new: &NewFeed, told: Option<Feed>) -> Result<Feed, AzureError> {
        match (self.look(new).await, told) {
            (Ok(Some(feed)), _) | (_, Some(feed)) => Ok(owned(feed, new)),
            (Ok(None), None) => Err(AzureError::CreationUnknown { name: new.label(), cause: None }),
            (Err(error), None) => {
                Err(AzureError::CreationUnknown { name: new.label(), cause: Some(Box::new(error)) })
            }
        }
    }

    /// After a POST whose fate is open: the feed, where it is there after all. It can only be ours: the name
    /// was free a moment ago, and is given once.
    async fn look_for(&self, new: &NewFeed, cause: AzureError) -> Result<Feed, AzureError> {
        match self.look(new).await {
            Ok(Some(feed)) => Ok(owned(feed, new)),
            Ok(None) | Err(_) => {
                Err(AzureError::CreationUnknown { name: new.label(), cause: Some(Box::new(cause)) })
            }
        }
    }

    /// Asks for the feed until it is there; `None` after some time.
    async fn look(&self, new: &NewFeed) -> Result<Option<Feed>, AzureError> {
        for looks in 1..=LOOKS {
            match self.feed(new.name.as_str(), new.scope.project()).await {
                Ok(feed) => return Ok(Some(feed)),
                Err(AzureError::FeedNotFound(_) | AzureError::NotFound(_)) if looks < LOOKS => {
                    self.pause(looks).await;
                }
                Err(AzureError::FeedNotFound(_) | AzureError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// A refusal of the POST in terms of what was wanted.
    async fn why_not(&self, new: &NewFeed, error: AzureError) -> AzureError {
        match error {
            AzureError::Conflict(said) => self.name_taken(new, said).await,
            AzureError::NeedsPermission(said) | AzureError::Forbidden(said) => AzureError::MayNotCreate(said),
            error => AzureError::of_managing(error),
        }
    }

    /// Who has the name: another feed, a deleted one, or one that isn't seen (azure-contract 5.6, 5.7).
    async fn name_taken(&self, new: &NewFeed, said: Box<Said>) -> AzureError {
        let name = new.name.to_string();
        if let Ok((_, feeds)) = self.feed_page(&[]).await
            && let Some(feed) = feeds.iter().find(|feed| feed.name == new.name)
        {
            return AzureError::NameTaken { name, by: Holder::Feed(feed.label()), said };
        }
        let deleted = self.recycle_bin().await.unwrap_or_default();
        let by = deleted.into_iter().find_map(|feed| feed.holder(&new.name)).unwrap_or(Holder::Unseen);
        AzureError::NameTaken { name, by, said }
    }

    /// The deleted feeds of the whole organization that one may see.
    async fn recycle_bin(&self) -> Result<Vec<DeletedFeed>, AzureError> {
        let path = ["_apis", "packaging", "feedrecyclebin"];
        let url = address(&self.feeds_base(), &path, &[])?;
        let reply: Reply = self.get(&url, Stage::Released).await?;
        let list: List<DeletedFeed> = self.read(&reply, &url)?;
        Ok(list.value)
    }
}

impl DeletedFeed {
    fn holder(self, name: &FeedName) -> Option<Holder> {
        let own = FeedName::parse(&clean(self.name.as_deref()?)).ok().filter(|own| own == name)?;
        let project = self.project.and_then(|project| project.name).map(|name| clean(&name));
        let label = project.map_or_else(|| own.to_string(), |project| format!("{project}/{own}"));
        // The day is enough of a date with seven decimals of a second.
        let day = self.scheduled_permanent_delete_date.map(|date| clean(&date).chars().take(10).collect());
        Some(Holder::RecycleBin { label, until: day })
    }
}

/// The path below the project, where the feed is to belong to one.
fn scoped<'a>(new: &'a NewFeed, path: &[&'a str]) -> Vec<&'a str> {
    let project = new.scope.project().map(ProjectName::as_str);
    project.into_iter().chain(path.iter().copied()).collect()
}

/// Whoever makes a feed owns it. A reply that leaves out the project of a project's feed must not make it one
/// of the organization: its addresses would be others.
fn owned(feed: Feed, new: &NewFeed) -> Feed {
    let project = feed.project.or_else(|| {
        let name = new.scope.project()?.clone();
        Some(FeedProject { id: name.to_string(), name, public: false })
    });
    Feed { project, role: Some(Role::Owner), ..feed }
}

#[cfg(test)]
mod tests;
