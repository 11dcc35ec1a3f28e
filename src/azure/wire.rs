//! The JSON of Azure DevOps, and its way into the words of the domain. Nearly every field may be missing
//! or null, and enumerations grow (azure-contract 13), so nothing here insists; what can't be used is
//! left out. All text is cleaned on the way.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::domain::account::Account;
use crate::domain::feed::{Condition, Feed, FeedName, FeedProject, Role, Upstream, View};
use crate::domain::new_feed::Visibility;
use crate::domain::organization::ProjectName;
use crate::domain::text::{clean, redact};

/// `{count, value}`; `count` is the size of the page and says nothing that `value` doesn't.
#[derive(Debug, Deserialize)]
pub(super) struct List<T> {
    pub(super) value: Vec<T>,
}

/// `_apis/connectionData` (azure-contract 1.5).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConnectionData {
    authenticated_user: Option<Identity>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    id: Option<String>,
    provider_display_name: Option<String>,
    custom_display_name: Option<String>,
    properties: Option<Properties>,
}

#[derive(Debug, Deserialize)]
struct Properties {
    #[serde(rename = "Account")]
    account: Option<Property>,
}

#[derive(Debug, Deserialize)]
struct Property {
    #[serde(rename = "$value")]
    value: Option<String>,
}

impl ConnectionData {
    /// Whom the service took the caller for, the anonymous one included; `None` where it names nobody.
    pub(super) fn into_account(self) -> Option<Account> {
        let user = self.authenticated_user?;
        let id = text(user.id)?;
        let sign_in_name = user.properties.and_then(|p| p.account).and_then(|a| text(a.value));
        let display_name = text(user.custom_display_name).or_else(|| text(user.provider_display_name));
        let sign_in_name = sign_in_name.unwrap_or_default();
        let display_name = display_name.unwrap_or_else(|| sign_in_name.clone());
        Some(Account { id: Some(id), display_name, sign_in_name })
    }
}

/// One area of `_apis/resourceAreas` (azure-contract 1.3).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireArea {
    pub(super) id: Option<String>,
    pub(super) location_url: Option<String>,
}

/// One project of the list (azure-contract 4.3).
#[derive(Debug, Deserialize)]
pub(super) struct WireProject {
    id: Option<String>,
    name: Option<String>,
    visibility: Option<String>,
}

impl WireProject {
    pub(super) fn name(&self) -> Option<ProjectName> {
        ProjectName::parse(&unchanged(self.name.as_deref()?)?)
    }

    /// A project is addressed by its id as well as by its name, so that one of them is enough.
    fn into_project(self) -> Option<FeedProject> {
        let id = self.id.as_deref().and_then(unchanged).filter(|id| !id.is_empty());
        let name = match &self.name {
            Some(_) => self.name()?,
            None => ProjectName::parse(id.as_deref()?)?,
        };
        let public = self.visibility.is_some_and(|visibility| visibility.eq_ignore_ascii_case("public"));
        Some(FeedProject { id: id.unwrap_or_else(|| name.to_string()), name, public })
    }
}

/// A feed, in the list or alone (azure-contract 5.3).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireFeed {
    id: Option<String>,
    name: Option<String>,
    description: Option<String>,
    project: Option<WireProject>,
    /// Flags, joined by commas.
    capabilities: Option<String>,
    is_enabled: Option<bool>,
    is_read_only: Option<bool>,
    deleted_date: Option<String>,
    upstream_enabled: Option<bool>,
    upstream_sources: Option<Vec<WireUpstream>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireUpstream {
    name: Option<String>,
    protocol: Option<String>,
    location: Option<String>,
    status: Option<String>,
    deleted_date: Option<String>,
}

impl WireFeed {
    /// `None` where the feed or its project has no usable name: neither could be addressed.
    pub(super) fn into_feed(self) -> Option<Feed> {
        let condition = self.condition();
        let upstreams_on = self.upstream_enabled != Some(false);
        let upstreams_told = self.upstream_sources.is_some();
        let upstreams = self.upstream_sources.unwrap_or_default().into_iter();
        Some(Feed {
            id: text(self.id)?,
            name: FeedName::parse(&unchanged(self.name.as_deref()?)?).ok()?,
            description: text(self.description).unwrap_or_default(),
            project: match self.project {
                Some(project) => Some(project.into_project()?),
                None => None,
            },
            upstreams: upstreams.filter_map(|upstream| upstream.into_upstream(upstreams_on)).collect(),
            upstreams_told,
            role: None,
            condition,
        })
    }

    fn condition(&self) -> Condition {
        let mut flags = self.capabilities.as_deref().unwrap_or_default().split(',');
        if happened(self.deleted_date.as_deref()) {
            Condition::Deleted
        } else if self.is_enabled == Some(false) {
            Condition::Disabled
        } else if flags.any(|flag| flag.trim().eq_ignore_ascii_case("underMaintenance")) {
            Condition::UnderMaintenance
        } else if self.is_read_only == Some(true) {
            Condition::ReadOnly
        } else {
            Condition::Sound
        }
    }
}

impl WireUpstream {
    fn into_upstream(self, upstreams_on: bool) -> Option<Upstream> {
        if happened(self.deleted_date.as_deref()) {
            return None;
        }
        let disabled = self.status.is_some_and(|status| status.eq_ignore_ascii_case("disabled"));
        Some(Upstream {
            name: text(self.name).unwrap_or_default(),
            protocol: text(self.protocol).unwrap_or_default(),
            location: redact(&text(self.location).unwrap_or_default()),
            enabled: upstreams_on && !disabled,
        })
    }
}

/// A view of a feed (azure-contract 5.9).
#[derive(Debug, Deserialize)]
pub(super) struct WireView {
    name: Option<String>,
    visibility: Option<String>,
}

impl WireView {
    /// The word of the REST API, cleaned.
    pub(super) fn visibility_word(self) -> String {
        text(self.visibility).unwrap_or_default()
    }

    pub(super) fn into_view(self, organization: &str) -> Option<View> {
        let visibility = text(self.visibility).unwrap_or_default();
        let visibility = match visibility.to_ascii_lowercase().as_str() {
            "" => Visibility::UNTOLD.to_owned(),
            "private" => Visibility::Specific.audience(organization),
            "collection" => Visibility::Organization.audience(organization),
            "aadtenant" => Visibility::Tenant.audience(organization),
            "organization" => "Members of your enterprise".to_owned(),
            _ => visibility,
        };
        Some(View { name: text(self.name)?, visibility })
    }
}

/// One entry of a feed's permissions (azure-contract 5.8). `identityDescriptor` is not read: documents
/// and service disagree on its shape.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WirePermission {
    role: Option<String>,
    identity_id: Option<String>,
}

impl WirePermission {
    /// The role, where it is this person's own entry.
    pub(super) fn role_of(&self, identity: &str) -> Option<Role> {
        let own = self.identity_id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(identity));
        if !own {
            return None;
        }
        match self.role.as_deref()?.to_ascii_lowercase().as_str() {
            // What a custom role may beyond reading is not told.
            "reader" | "custom" => Some(Role::Reader),
            "collaborator" => Some(Role::Collaborator),
            "contributor" => Some(Role::Contributor),
            "administrator" => Some(Role::Owner),
            _ => None,
        }
    }
}

/// One crate of a feed: only counted.
pub(super) type WirePackage = IgnoredAny;

/// `config.json` of an index (azure-contract 7.3).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct IndexConfig {
    pub(super) dl: String,
    pub(super) auth_required: Option<bool>,
}

/// Whether a date says that something was; the year 1 says 'never' (azure-contract 13).
fn happened(date: Option<&str>) -> bool {
    date.is_some_and(|date| !date.trim().is_empty() && !date.starts_with("0001-"))
}

/// Cleaned; `None` where nothing is left.
fn text(value: Option<String>) -> Option<String> {
    value.map(|value| clean(&value)).filter(|value| !value.is_empty())
}

/// A name only as it is: one that cleaning would change is no name that could be asked for.
fn unchanged(name: &str) -> Option<String> {
    (clean(name) == name).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sample of azure-contract 5.3, with a null for every field that may be one.
    const FEED: &str = r#"{
        "id": "8a1e2c3d", "name": "rust-crates", "description": "crates.io\u001b]0;x\u0007 mirror",
        "url": "https://feeds.dev.azure.com/fabrikam/_apis/Packaging/Feeds/8a1e2c3d",
        "_links": { "self": {"href":"..."} },
        "project": { "id": "6ce954b1", "name": "Fabrikam Fiber", "visibility": "private" },
        "fullyQualifiedName": "rust-crates", "view": null, "defaultViewId": "b3d1", "isReadOnly": false,
        "capabilities": "defaultCapabilities", "upstreamEnabled": true, "upstreamEnabledChangedDate": null,
        "upstreamSources": [ { "id": "5c0e", "name": "crates.io", "protocol": "Cargo",
            "location": "https://index.crates.io/", "displayLocation": "https://index.crates.io/",
            "upstreamSourceType": "public", "status": "ok", "deletedDate": null } ],
        "permissions": null, "deletedDate": null }"#;

    fn feed(text: &str) -> Option<Feed> {
        serde_json::from_str::<WireFeed>(text).unwrap().into_feed()
    }

    /// The sample with one field replaced.
    fn changed(from: &str, to: &str) -> Option<Feed> {
        assert!(FEED.contains(from), "{from}");
        feed(&FEED.replace(from, to))
    }

    #[test]
    fn the_feed_of_the_contract_is_read() {
        let feed = feed(FEED).unwrap();
        assert_eq!(feed.label(), "Fabrikam Fiber/rust-crates");
        assert_eq!(feed.description, "crates.io]0;x mirror");
        assert!(feed.has_crates_io() && !feed.is_public());
        assert_eq!(feed.condition, Condition::Sound);
    }

    #[test]
    fn a_feed_needs_only_an_id_and_a_name() {
        let bare = feed(r#"{"id":"1","name":"a","project":null,"upstreamSources":null}"#).unwrap();
        assert_eq!(bare.label(), "a");
        assert!(!bare.has_crates_io());
    }

    #[test]
    fn what_has_no_usable_name_is_left_out() {
        for (from, to) in [
            ("\"id\": \"8a1e2c3d\"", "\"id\": null"),
            ("\"rust-crates\", \"desc", "\"rust crates\", \"desc"),
            ("\"rust-crates\", \"desc", "\"rust\\u202ecrates\", \"desc"),
            ("\"rust-crates\", \"desc", "null, \"desc"),
            ("\"Fabrikam Fiber\"", "\"a/b\""),
        ] {
            assert_eq!(changed(from, to), None, "{to}");
        }
        assert_eq!(feed(r#"{"id":"1","name":"a","project":{}}"#), None, "its addresses can't be known");
    }

    #[test]
    fn a_project_is_known_by_its_id_or_by_its_name() {
        let project = |from: &str, to: &str| {
            let project = changed(from, to).unwrap().project.unwrap();
            (project.id, project.name.to_string())
        };
        let named = ("Fabrikam Fiber".to_owned(), "Fabrikam Fiber".to_owned());
        assert_eq!(project("\"id\": \"6ce954b1\"", "\"id\": null"), named);
        assert_eq!(project("\"Fabrikam Fiber\"", "null"), ("6ce954b1".into(), "6ce954b1".into()));
    }

    #[test]
    fn flags_decide_maintenance_public_and_upstreams() {
        let condition = |from: &str, to: &str| changed(from, to).unwrap().condition;
        assert_eq!(
            condition("defaultCapabilities", "upstreamV2, underMaintenance"),
            Condition::UnderMaintenance
        );
        let read_only = "\"isReadOnly\": false";
        assert_eq!(condition(read_only, "\"isEnabled\": false"), Condition::Disabled);
        assert_eq!(condition(read_only, "\"isReadOnly\": true"), Condition::ReadOnly);
        assert_eq!(condition(read_only, "\"isReadOnly\": null, \"isEnabled\": null"), Condition::Sound);
        let alive = "\"permissions\": null, \"deletedDate\": null";
        assert!(
            changed(alive, "\"deletedDate\": \"2026-11-10T09:00:00.1234567Z\"")
                .is_some_and(|feed| feed.condition == Condition::Deleted)
        );
        assert!(
            changed(alive, "\"deletedDate\": \"0001-01-01T00:00:00\"")
                .is_some_and(|feed| feed.condition == Condition::Sound)
        );
        assert!(changed("\"private\"", "\"Public\"").unwrap().is_public());
        assert!(!changed("\"private\"", "\"organization\"").unwrap().is_public());
        assert!(!changed("\"upstreamEnabled\": true", "\"upstreamEnabled\": false").unwrap().has_crates_io());
        assert!(!changed("\"ok\"", "\"disabled\"").unwrap().has_crates_io());
        assert!(
            !changed("\"deletedDate\": null }", "\"deletedDate\": \"2026-01-01\" }").unwrap().has_crates_io()
        );
        assert!(changed("\"Cargo\"", "\"cargo\"").unwrap().has_crates_io());
    }

    #[test]
    fn the_recorded_list_of_projects_is_read() {
        let sample = include_str!("../../assets/azure-samples/projects-list.json");
        let sample: serde_json::Value = serde_json::from_str(sample).unwrap();
        let list: List<WireProject> =
            serde_json::from_value(sample["responses"]["200"]["body"].clone()).unwrap();
        let names: Vec<_> = list.value.iter().map(|p| p.name().unwrap().to_string()).collect();
        assert_eq!(names, ["Fabrikam-Fiber-TFVC", "Fabrikam-Fiber-Git", "TestGit"]);
    }

    #[test]
    fn a_chosen_display_name_comes_before_the_providers() {
        let account = |custom: &str| {
            let text = format!(
                r#"{{"authenticatedUser":{{"id":"1","providerDisplayName":"Ana","customDisplayName":{custom}}}}}"#
            );
            serde_json::from_str::<ConnectionData>(&text).unwrap().into_account().unwrap().label()
        };
        assert_eq!(account("null"), "Ana");
        assert_eq!(account("\"Ana C\""), "Ana C");
    }

    #[test]
    fn visibilities_are_told_in_the_words_of_the_web_page() {
        let shown = |visibility: &str| {
            let view = WireView { name: Some("Local".into()), visibility: Some(visibility.into()) };
            view.into_view("fabrikam").unwrap().visibility
        };
        assert_eq!(shown("private"), "Specific people");
        assert_eq!(shown("collection"), "Members of fabrikam");
        assert_eq!(shown("aadTenant"), "Members of your Microsoft Entra tenant");
        assert_eq!(shown("some\u{1b}thingNew"), "somethingNew");
        assert_eq!(shown(""), "not told");
    }

    #[test]
    fn only_ones_own_entry_tells_a_role() {
        let role = |text: &str| serde_json::from_str::<WirePermission>(text).unwrap().role_of("ana");
        assert_eq!(role(r#"{"role":"Administrator","identityId":"ANA"}"#), Some(Role::Owner));
        assert_eq!(role(r#"{"role":"custom","identityId":"ana"}"#), Some(Role::Reader));
        assert_eq!(role(r#"{"role":"none","identityId":"ana"}"#), None);
        assert_eq!(role(r#"{"role":"administrator","identityId":"bob"}"#), None);
        assert_eq!(role(r#"{"role":"administrator","identityId":null}"#), None);
    }
}
