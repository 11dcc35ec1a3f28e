//! The feeds that the signed-in person can see, and one of them more closely (azure-contract 5).

use std::collections::HashSet;

use url::Url;

use super::client::{Azure, Stage, address};
use super::error::AzureError;
use super::reply::Reply;
use super::wire::{List, WireFeed, WirePermission, WireView};
use crate::domain::account::Account;
use crate::domain::feed::{Feed, FeedDetails, Role, Upstream, View};
use crate::domain::organization::ProjectName;

impl Azure {
    /// Every feed of the organization, those of projects included, sorted by label. A role is told where
    /// the service says that it is at least that (azure-contract 5.8): owner or contributor.
    ///
    /// # Errors
    /// When the list itself is refused; the roles may be missing.
    pub async fn feeds(&self) -> Result<Vec<Feed>, AzureError> {
        let (_, mut feeds) = self.feed_page(&[]).await?;
        if self.has_credential() && !feeds.is_empty() {
            let (owned, published) = tokio::join!(self.ids_as("administrator"), self.ids_as("contributor"));
            for feed in &mut feeds {
                feed.role = if owned.contains(&feed.id) {
                    Some(Role::Owner)
                } else if published.contains(&feed.id) {
                    Some(Role::Contributor)
                } else {
                    None
                };
            }
        }
        feeds.sort_by_cached_key(|feed| (feed.label().to_lowercase(), feed.label()));
        Ok(feeds)
    }

    /// One feed by id or name, in its project or in the organization itself.
    ///
    /// # Errors
    /// [`AzureError::FeedNotFound`] also where it belongs to another project, or is invisible.
    pub async fn feed(&self, id: &str, project: Option<&ProjectName>) -> Result<Feed, AzureError> {
        let mut segments: Vec<&str> = project.map(ProjectName::as_str).into_iter().collect();
        segments.extend(["_apis", "packaging", "feeds", id]);
        let url = address(&self.feeds_base(), &segments, &[])?;
        let reply = self.get(&url, Stage::Released).await?;
        let feed: WireFeed = self.read(&reply, &url)?;
        let feed = feed.into_feed();
        // What the feed itself leaves out, it does not have.
        feed.map(|feed| Feed { upstreams_told: true, ..feed })
            .ok_or_else(|| self.misunderstood(&reply, &url, "the feed has no usable name"))
    }

    /// What the list does not tell of a feed. Where a part is refused it stays unknown; the role is then
    /// the one known already.
    ///
    /// # Errors
    /// When the service can't be reached or doesn't answer as it should.
    pub async fn feed_details(&self, feed: &Feed, me: Option<&Account>) -> Result<FeedDetails, AzureError> {
        let (views, listed, crates, upstreams) = tokio::join!(
            self.views(feed),
            self.role_in(feed, me),
            self.crate_count(feed),
            self.untold_upstreams(feed)
        );
        Ok(FeedDetails {
            feed_id: feed.id.clone(),
            upstreams: allowed(upstreams)?.flatten(),
            // An entry is only a lower bound too: groups add to it.
            role: allowed(listed)?.flatten().max(feed.role),
            views: allowed(views)?.unwrap_or_default(),
            crates: allowed(crates)?,
        })
    }

    /// One call to the list, with the reply that it came in. Not paged (azure-contract 5.2).
    pub(super) async fn feed_page(&self, query: &[(&str, &str)]) -> Result<(Reply, Vec<Feed>), AzureError> {
        let url = address(&self.feeds_base(), &["_apis", "packaging", "feeds"], query)?;
        let reply = self.get(&url, Stage::Released).await?;
        let list: List<WireFeed> = self.read(&reply, &url)?;
        Ok((reply, list.value.into_iter().filter_map(WireFeed::into_feed).collect()))
    }

    /// Ids of the feeds where the person has at least this role; none where the service won't tell.
    async fn ids_as(&self, role: &str) -> HashSet<String> {
        let page = self.feed_page(&[("feedRole", role)]).await;
        page.map_or_else(|_| HashSet::new(), |(_, feeds)| feeds.into_iter().map(|feed| feed.id).collect())
    }

    async fn views(&self, feed: &Feed) -> Result<Vec<View>, AzureError> {
        let url = self.feed_url(feed, "views", &[])?;
        let reply = self.get(&url, Stage::Released).await?;
        let list: List<WireView> = self.read(&reply, &url)?;
        let organization = self.collection().name();
        Ok(list.value.into_iter().filter_map(|view| view.into_view(&organization)).collect())
    }

    /// The upstream sources, where the list did not tell them.
    async fn untold_upstreams(&self, feed: &Feed) -> Result<Option<Vec<Upstream>>, AzureError> {
        if feed.upstreams_told {
            return Ok(None);
        }
        let url = self.url_of(feed)?;
        let reply = self.get(&url, Stage::Released).await?;
        let told: WireFeed = self.read(&reply, &url)?;
        Ok(told.into_feed().map(|feed| feed.upstreams))
    }

    async fn role_in(&self, feed: &Feed, me: Option<&Account>) -> Result<Option<Role>, AzureError> {
        let Some(id) = me.and_then(|me| me.id.as_ref()) else { return Ok(None) };
        let query = [("includeIds", "true"), ("excludeInheritedPermissions", "false")];
        let url = self.feed_url(feed, "permissions", &query)?;
        let reply = self.get(&url, Stage::Released).await?;
        let list: List<WirePermission> = self.read(&reply, &url)?;
        Ok(list.value.iter().filter_map(|entry| entry.role_of(id)).max())
    }

    /// An address below a feed. Ids, not names, so that a rename meanwhile doesn't matter.
    pub(super) fn feed_url(
        &self,
        feed: &Feed,
        part: &str,
        query: &[(&str, &str)],
    ) -> Result<Url, AzureError> {
        let mut segments: Vec<&str> = feed.project.iter().map(|project| project.id.as_str()).collect();
        segments.extend(["_apis", "packaging", "Feeds", &feed.id, part]);
        address(&self.feeds_base(), &segments, query)
    }
}

/// `None` for a refusal.
fn allowed<T>(part: Result<T, AzureError>) -> Result<Option<T>, AzureError> {
    match part {
        Ok(part) => Ok(Some(part)),
        Err(error) if error.is_refusal() => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::super::canned::{Canned, json, refusal, reply, token_refused};
    use super::*;
    use crate::domain::feed::{Condition, CrateCount, FeedName, FeedProject};

    const LIST: &str = "/contoso/_apis/packaging/feeds HTTP";
    const OWNED: &str = "feedRole=administrator";
    const PUBLISHED: &str = "feedRole=contributor";

    fn list(ids: &[&str]) -> String {
        let feeds: Vec<_> = ids.iter().map(|id| format!(r#"{{"id":"id-{id}","name":"{id}"}}"#)).collect();
        json(&format!(r#"{{"count":{},"value":[{}]}}"#, ids.len(), feeds.join(",")))
    }

    fn feed(project: Option<&str>, role: Option<Role>) -> Feed {
        let project = project.map(|name| FeedProject {
            id: "p-1".into(),
            name: ProjectName::parse(name).unwrap(),
            public: false,
        });
        Feed {
            id: "f-1".into(),
            name: FeedName::parse("rust").unwrap(),
            description: String::new(),
            project,
            upstreams: Vec::new(),
            upstreams_told: true,
            role,
            condition: Condition::Sound,
        }
    }

    fn ana() -> Account {
        Account { id: Some("ANA".into()), display_name: "Ana".into(), sign_in_name: String::new() }
    }

    fn views() -> String {
        json(r#"{"value":[{"name":"Local","type":"implicit","visibility":"collection"},{"name":null}]}"#)
    }

    fn packages(number: usize) -> String {
        json(&format!(r#"{{"value":[{}]}}"#, vec![r#"{"name":"a"}"#; number].join(",")))
    }

    fn permissions() -> String {
        json(
            r#"{"count":3,"value":[
                {"role":"administrator","identityDescriptor":"x;y","identityId":"bob"},
                {"role":"reader","identityDescriptor":{"a":1},"identityId":"ana"},
                {"role":"collaborator","identityId":"ana","isInheritedRole":true}]}"#,
        )
    }

    #[tokio::test]
    async fn feeds_come_sorted_with_the_roles_that_the_service_filters_by() {
        let server = Canned::serve([
            (LIST, list(&["web", "App", "docs", "base"])),
            (OWNED, list(&["base"])),
            (PUBLISHED, list(&["base", "web"])),
        ])
        .await;
        let feeds = server.azure().feeds().await.unwrap();
        let seen: Vec<_> = feeds.iter().map(|feed| (feed.label(), feed.role)).collect();
        assert_eq!(
            seen,
            [
                ("App".to_owned(), None),
                ("base".to_owned(), Some(Role::Owner)),
                ("docs".to_owned(), None),
                ("web".to_owned(), Some(Role::Contributor)),
            ]
        );
    }

    #[tokio::test]
    async fn a_role_that_is_not_told_stays_unknown() {
        let server = Canned::serve([
            (LIST, list(&["a"])),
            (OWNED, token_refused()),
            (PUBLISHED, refusal("400 Bad Request", r#"{"message":"no such role"}"#)),
        ])
        .await;
        assert_eq!(server.azure().feeds().await.unwrap()[0].role, None);

        let server = Canned::serve([(LIST, list(&["a"]))]).await;
        assert_eq!(server.azure_with(None).feeds().await.unwrap()[0].role, None);
        assert_eq!(server.heard().len(), 1, "nobody has a role without signing in");
    }

    #[tokio::test]
    async fn an_answer_that_is_no_list_is_not_taken_for_an_empty_one() {
        for body in ["{}", "[]", r#"{"value":{}}"#, r#"{"value":[]"#] {
            let server = Canned::serve([(LIST, json(body))]).await;
            assert!(matches!(server.azure().feeds().await, Err(AzureError::Unexpected { .. })), "{body}");
        }
    }

    #[tokio::test]
    async fn one_feed_is_asked_for_in_its_project_by_any_name() {
        let server =
            Canned::serve([("", json(r#"{"id":"1","name":"a"}"#)), ("", json(r#"{"id":"1"}"#))]).await;
        let azure = server.azure();
        let project = ProjectName::parse("Fabrikam Fiber").unwrap();
        assert_eq!(azure.feed("a@Local", Some(&project)).await.unwrap().name.as_str(), "a");
        assert!(matches!(azure.feed("b", None).await, Err(AzureError::Unexpected { .. })));
        assert_eq!(
            server.paths(),
            ["/contoso/Fabrikam Fiber/_apis/packaging/feeds/a@Local", "/contoso/_apis/packaging/feeds/b"]
        );
        assert!(server.heard()[0].contains("/Fabrikam%20Fiber/"));
    }

    #[tokio::test]
    async fn details_are_asked_for_by_id_and_hold_the_best_role() {
        let server = Canned::serve([
            ("/contoso/p-1/_apis/packaging/Feeds/f-1/views ", views()),
            ("/contoso/p-1/_apis/packaging/Feeds/f-1/permissions?includeIds=true", permissions()),
            ("/contoso/p-1/_apis/packaging/Feeds/f-1/packages?protocolType=Cargo", packages(3)),
        ])
        .await;
        let details = server.azure().feed_details(&feed(Some("Web"), None), Some(&ana())).await.unwrap();
        assert_eq!(details.role, Some(Role::Collaborator));
        assert_eq!(details.crates, Some(CrateCount::Exactly(3)));
        assert_eq!(details.feed_id, "f-1");
        let [local] = details.views.as_slice() else { panic!("one view is usable: {:?}", details.views) };
        assert_eq!((local.name.as_str(), local.visibility.as_str()), ("Local", "Members of contoso"));
    }

    #[tokio::test]
    async fn a_refused_part_stays_unknown_and_the_known_role_is_kept() {
        let server = Canned::serve([
            ("views", refusal("403 Forbidden", "{}")),
            ("permissions", refusal("403 Forbidden", r#"{"typeKey":"FeedNeedsPermissionsException"}"#)),
            ("packages", token_refused()),
        ])
        .await;
        let known = feed(None, Some(Role::Contributor));
        let details = server.azure().feed_details(&known, Some(&ana())).await.unwrap();
        assert_eq!((details.role, details.crates), (Some(Role::Contributor), None));
        assert!(details.views.is_empty());
    }

    #[tokio::test]
    async fn upstream_sources_that_the_list_leaves_out_are_asked_of_the_feed() {
        for list in [
            r#"{"value":[{"id":"f-1","name":"rust","upstreamSources":null}]}"#,
            r#"{"value":[{"id":"f-1","name":"rust"}]}"#,
        ] {
            let own = r#"{"id":"f-1","name":"rust","upstreamSources":[{"name":"crates.io","protocol":"cargo",
                "location":"https://index.crates.io/","status":"ok"}]}"#;
            let server = Canned::serve([
                (LIST, json(list)),
                (OWNED, json(list)),
                (PUBLISHED, json(list)),
                ("/contoso/_apis/packaging/feeds/f-1 ", json(own)),
                ("views", views()),
                ("packages", packages(0)),
            ])
            .await;
            let azure = server.azure();
            let mut feed = azure.feeds().await.unwrap().remove(0);
            assert_eq!(feed.crates_io(), None, "nobody has said so yet");
            feed.take(&azure.feed_details(&feed, None).await.unwrap());
            assert_eq!(feed.crates_io(), Some(true));
        }
    }

    #[tokio::test]
    async fn trouble_is_not_taken_for_a_refusal() {
        let trouble = || reply("500 Internal Server Error", "", "");
        let server = Canned::serve([
            ("views", trouble()),
            ("views", trouble()),
            ("views", trouble()),
            ("permissions", permissions()),
            ("packages", packages(0)),
        ])
        .await;
        let error = server.azure().feed_details(&feed(None, None), Some(&ana())).await.unwrap_err();
        assert!(matches!(error, AzureError::ServerError(_)), "{error:?}");
    }

    #[tokio::test]
    async fn a_full_page_of_crates_is_only_a_lower_bound() {
        let server = Canned::serve([("packages", packages(1000))]).await;
        let count = server.azure().crate_count(&feed(None, None)).await.unwrap();
        assert_eq!(count, CrateCount::AtLeast(1000));
        assert_eq!(
            server.paths(),
            ["/contoso/_apis/packaging/Feeds/f-1/packages?protocolType=Cargo&$top=1000"]
        );
    }
}
