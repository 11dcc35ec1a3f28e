//! The upstream sources of a feed: the common public ones, and adding crates.io to a feed that lacks it
//! (azure-contract 5.4, 5.5, 6.1). A PATCH replaces the whole list, so what is there stays, ids and unknown
//! fields included.

use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};
use url::Url;

use super::client::{Azure, Change, Stage, address};
use super::error::AzureError;
use super::wire::WireFeed;
use crate::domain::feed::Feed;
use crate::domain::new_feed::RequestPreview;

/// A public source as the service wants it described, in the order in which it is shown.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PublicSource {
    name: &'static str,
    protocol: &'static str,
    location: &'static str,
    display_location: &'static str,
    upstream_source_type: &'static str,
    status: &'static str,
}

const fn source(name: &'static str, protocol: &'static str, location: &'static str) -> PublicSource {
    let (upstream_source_type, status) = ("public", "ok");
    PublicSource { name, protocol, location, display_location: location, upstream_source_type, status }
}

impl PublicSource {
    pub(super) const fn crates_io() -> Self {
        source("crates.io", "Cargo", "https://index.crates.io/")
    }

    /// Whether an entry of a list is this source and not deleted.
    fn is(&self, entry: &Value) -> bool {
        let same = |field: &str, value: &str| {
            let text = entry[field].as_str().unwrap_or_default();
            text.trim_end_matches('/').eq_ignore_ascii_case(value.trim_end_matches('/'))
        };
        same("protocol", self.protocol) && same("location", self.location) && entry["deletedDate"].is_null()
    }
}

/// 'Packages from common public sources', as the web page has it.
pub(super) const PUBLIC_SOURCES: [PublicSource; 9] = [
    source("npmjs", "npm", "https://registry.npmjs.org/"),
    source("NuGet Gallery", "nuget", "https://api.nuget.org/v3/index.json"),
    source("PowerShell Gallery", "nuget", "https://www.powershellgallery.com/api/v2/"),
    source("PyPI", "pypi", "https://pypi.org/"),
    source("Maven Central", "Maven", "https://repo.maven.apache.org/maven2/"),
    source("Google Maven Repository", "Maven", "https://dl.google.com/android/maven2/"),
    source("JitPack", "Maven", "https://jitpack.io/"),
    source("Gradle Plugins", "Maven", "https://plugins.gradle.org/m2/"),
    PublicSource::crates_io(),
];

impl Azure {
    /// The request that [`Azure::add_crates_io`] would send now: with the feed's own list, asked for fresh.
    ///
    /// # Errors
    /// [`AzureError::HasCratesIo`] where there is nothing to add.
    pub async fn crates_io_preview(&self, feed: &Feed) -> Result<RequestPreview, AzureError> {
        Ok(self.adding_crates_io(feed).await?.preview())
    }

    /// Adds crates.io to the feed's upstream sources, exactly as it was confirmed.
    ///
    /// # Errors
    /// [`AzureError::ChangedMeanwhile`] where the list is no longer the one that was shown; nothing is sent then.
    pub async fn add_crates_io(&self, feed: &Feed, confirmed: &RequestPreview) -> Result<Feed, AzureError> {
        let change = self.adding_crates_io(feed).await?;
        if change.preview() != *confirmed {
            return Err(AzureError::ChangedMeanwhile);
        }
        self.change(&change, Stage::Released).await.map_err(AzureError::of_managing)?;
        let reply = self.get(&change.url, Stage::Released).await?;
        let told: WireFeed = self.read(&reply, &change.url)?;
        match told.into_feed() {
            Some(changed) if changed.has_crates_io() => {
                Ok(Feed { role: feed.role, upstreams_told: true, ..changed })
            }
            _ => Err(self.misunderstood(&reply, &change.url, "crates.io is not among its upstream sources")),
        }
    }

    async fn adding_crates_io(&self, feed: &Feed) -> Result<Change, AzureError> {
        let url = self.url_of(feed)?;
        let reply = self.get(&url, Stage::Released).await?;
        let value: Value = self.read(&reply, &url)?;
        let body = with_crates_io(&value).ok_or(AzureError::HasCratesIo)?;
        Ok(Change::new(Method::PATCH, url, &body))
    }

    pub(super) fn url_of(&self, feed: &Feed) -> Result<Url, AzureError> {
        let mut segments: Vec<&str> = feed.project.iter().map(|project| project.id.as_str()).collect();
        segments.extend(["_apis", "packaging", "feeds", &feed.id]);
        address(&self.feeds_base(), &segments, &[])
    }
}

/// The update that adds crates.io to what the feed has, or enables it; `None` where it is in use.
fn with_crates_io(feed: &Value) -> Option<Value> {
    let crates_io = PublicSource::crates_io();
    let mut sources = feed["upstreamSources"].as_array().cloned().unwrap_or_default();
    // Switched off as a whole, no source counts (azure-contract 5.4).
    let is_off = feed["upstreamEnabled"] == json!(false);
    match sources.iter_mut().find(|entry| crates_io.is(entry)) {
        Some(entry) if entry["status"].as_str().is_some_and(|s| s.eq_ignore_ascii_case("disabled")) => {
            entry["status"] = json!(crates_io.status);
        }
        Some(_) if !is_off => return None,
        Some(_) => {}
        None => sources.push(json!(crates_io)),
    }
    let mut update = json!({ "upstreamSources": sources });
    if is_off {
        update["upstreamEnabled"] = json!(true);
    }
    Some(update)
}

#[cfg(test)]
mod tests {
    use super::super::canned::{Canned, json as reply_json, refusal, token_refused};
    use super::*;
    use crate::domain::feed::{Condition, FeedName, FeedProject, Role};
    use crate::domain::organization::ProjectName;

    const FEED: &str = "/contoso/p-1/_apis/packaging/feeds/f-1 ";
    const NPM: &str = r#"{"id":"u-1","name":"npmjs","protocol":"npm","location":"https://registry.npmjs.org/","novel":{"a":[1]}}"#;
    const CRATES_IO: &str = r#"{"id":"u-2","name":"crates.io","protocol":"cargo","location":"https://index.crates.io","status":"ok"}"#;

    fn feed() -> Feed {
        Feed {
            id: "f-1".into(),
            name: FeedName::parse("rust").unwrap(),
            description: String::new(),
            project: Some(FeedProject {
                id: "p-1".into(),
                name: ProjectName::parse("Web").unwrap(),
                public: false,
            }),
            upstreams: Vec::new(),
            upstreams_told: true,
            role: Some(Role::Owner),
            condition: Condition::Sound,
        }
    }

    fn with(sources: &str) -> String {
        reply_json(&format!(r#"{{"id":"f-1","name":"rust","upstreamSources":[{sources}]}}"#))
    }

    #[tokio::test]
    async fn the_whole_list_is_sent_with_ids_and_what_is_not_known() {
        let both = format!("{NPM},{CRATES_IO}");
        let server = Canned::serve([
            (FEED, with(NPM)),
            (FEED, with(NPM)),
            ("PATCH /contoso/p-1/_apis/packaging/feeds/f-1 ", with(&both)),
            (FEED, with(&both)),
        ])
        .await;
        server.is_ahead();
        let azure = server.azure();
        let shown = azure.crates_io_preview(&feed()).await.unwrap();
        assert_eq!((shown.method, shown.url.ends_with("/feeds/f-1")), ("PATCH", true));
        let added = azure.add_crates_io(&feed(), &shown).await.unwrap();
        assert!(added.has_crates_io());
        assert_eq!(added.role, Some(Role::Owner));
        assert_eq!(
            server.bodies("PATCH"),
            std::slice::from_ref(&shown.body),
            "what is shown is what is sent"
        );
        let sent: Value = serde_json::from_str(&shown.body).unwrap();
        assert_eq!(sent["upstreamSources"][0], serde_json::from_str::<Value>(NPM).unwrap());
        assert_eq!(sent["upstreamSources"][1]["location"], "https://index.crates.io/");
        assert!(sent.get("upstreamEnabled").is_none());
    }

    #[tokio::test]
    async fn a_list_that_changed_since_it_was_shown_is_not_overwritten() {
        let server = Canned::serve([(FEED, with("")), (FEED, with(NPM))]).await;
        let azure = server.azure();
        let shown = azure.crates_io_preview(&feed()).await.unwrap();
        let refused = azure.add_crates_io(&feed(), &shown).await;
        assert!(matches!(refused, Err(AzureError::ChangedMeanwhile)), "{refused:?}");
        assert!(server.bodies("PATCH").is_empty());
    }

    #[tokio::test]
    async fn a_refusal_names_the_scope_or_the_role() {
        let told = r#"{"typeKey":"FeedNeedsPermissionsException","message":"needs EditFeed"}"#;
        for (answer, part) in
            [(token_refused(), "Read, write, & manage"), (refusal("403 Forbidden", told), "Feed Owner")]
        {
            let server = Canned::serve([("GET ", with("")), ("GET ", with("")), ("PATCH ", answer)]).await;
            let azure = server.azure();
            let shown = azure.crates_io_preview(&feed()).await.unwrap();
            let report = crate::error::Report::from(azure.add_crates_io(&feed(), &shown).await.unwrap_err());
            assert!(report.hint.as_ref().unwrap().contains(part), "{report}");
        }
    }

    #[tokio::test]
    async fn a_change_that_did_not_come_true_is_said() {
        let server =
            Canned::serve([("GET ", with("")), ("GET ", with("")), ("PATCH ", with("")), ("GET ", with(""))])
                .await;
        let azure = server.azure();
        let shown = azure.crates_io_preview(&feed()).await.unwrap();
        let refused = azure.add_crates_io(&feed(), &shown).await;
        assert!(matches!(refused, Err(AzureError::Unexpected { .. })), "{refused:?}");
    }

    #[test]
    fn what_is_off_is_switched_on_and_what_is_there_stays() {
        let update = |text: &str| with_crates_io(&serde_json::from_str(text).unwrap());
        assert_eq!(update(&format!(r#"{{"upstreamSources":[{CRATES_IO}]}}"#)), None);
        let off = update(&format!(r#"{{"upstreamSources":[{CRATES_IO}],"upstreamEnabled":false}}"#)).unwrap();
        assert_eq!(off["upstreamEnabled"], true);
        assert_eq!(off["upstreamSources"].as_array().unwrap().len(), 1);
        let disabled = CRATES_IO.replace("\"ok\"", "\"disabled\"");
        let on = update(&format!(r#"{{"upstreamSources":[{disabled}]}}"#)).unwrap();
        assert_eq!(
            (&on["upstreamSources"][0]["status"], &on["upstreamSources"][0]["id"]),
            (&"ok".into(), &"u-2".into())
        );
        let deleted = CRATES_IO.replace('}', r#","deletedDate":"2026-01-01"}"#);
        assert_eq!(
            update(&format!(r#"{{"upstreamSources":[{deleted}]}}"#)).unwrap()["upstreamSources"]
                .as_array()
                .unwrap()
                .len(),
            2
        );
        assert_eq!(update("{}").unwrap()["upstreamSources"][0]["name"], "crates.io");
    }
}
