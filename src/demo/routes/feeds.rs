//! Feeds, their views, their permissions and the recycle bin, as they are asked for (azure-contract 5.1 to 5.3,
//! 5.7 to 5.9, 6.1). What changes them is in `changes`.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::{Released, check_version, packages, projects};
use crate::demo::access::{ACCOUNT, Grant, PERSON, Scope, person_id};
use crate::demo::call::Call;
use crate::demo::front::Service;
use crate::demo::refusal::anonymous;
use crate::demo::registry::VIEWS;
use crate::demo::reply::Reply;
use crate::demo::world::{Feed, Guid, Organization, Project, Role, Upstream};

/// Answers what comes after `_apis/packaging/`.
pub(super) fn answer(
    call: &Call<'_>,
    organization: &Organization,
    project: Option<&str>,
    rest: &[&str],
) -> Result<Reply, Reply> {
    let viewer = call.viewer(organization, Scope::Packaging)?;
    check_version(call, Released::Yes)?;
    let project = match project {
        Some(name) => Some(projects::find(organization, viewer, name)?),
        None => None,
    };
    let place = Place { call, organization, viewer };
    match rest {
        ["feedrecyclebin"] => Ok(place.recycle_bin(project)),
        ["feeds"] => place.list(project),
        ["feeds", reference] => place.one(project, reference),
        ["feeds", reference, "views"] => {
            let (feed, _) = place.find(project, reference)?;
            let views: Vec<Value> = VIEWS.iter().map(|view| place.view_json(feed, *view)).collect();
            Ok(Reply::list(&views))
        }
        ["feeds", reference, "views", view] => place.view(project, reference, view),
        ["feeds", reference, "permissions"] => place.permissions(project, reference),
        ["feeds", reference, "packages"] => {
            let (feed, view) = place.find(project, reference)?;
            Ok(packages::list(call, organization, feed, view))
        }
        _ => Err(call.no_controller()),
    }
}

/// When the feeds in the recycle bin were deleted, and when they are for good: 30 days later.
const DELETED: &str = "2026-11-10T09:00:00.1234567Z";
const DELETED_FOR_GOOD: &str = "2026-12-10T09:00:00.1234567Z";

pub(super) type View = (&'static str, &'static str);

/// The feeds of an organization as one viewer sees them.
pub(super) struct Place<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) organization: &'a Organization,
    pub(super) viewer: Option<&'a Grant>,
}

impl<'a> Place<'a> {
    /// At the organization, the feeds of its projects too.
    fn list(&self, project: Option<&Project>) -> Result<Reply, Reply> {
        let least = match self.call.query("feedRole") {
            Some(word) => Some(read_role(word)?),
            None => None,
        };
        let feeds: Vec<Value> = self
            .organization
            .feeds
            .iter()
            .filter(|feed| self.viewer.is_some() || feed.public)
            .filter(|feed| project.is_none_or(|project| feed.project.as_ref() == Some(&project.id)))
            .filter(|feed| least.is_none_or(|least| self.role(feed) >= least))
            .map(|feed| self.feed_json(feed, None))
            .collect();
        Ok(Reply::list(&feeds))
    }

    /// The deleted feeds that the viewer owned; nobody else is told of them (azure-contract 5.7).
    fn recycle_bin(&self, project: Option<&Project>) -> Reply {
        let hidden = self.organization.hidden.iter().filter(|hidden| hidden.deleted);
        let feeds = hidden.map(|hidden| &hidden.feed).filter(|feed| {
            self.viewer.is_some()
                && feed.role == Role::Administrator
                && project.is_none_or(|project| feed.project.as_ref() == Some(&project.id))
        });
        let feeds: Vec<Value> = feeds
            .map(|feed| {
                let mut value = self.feed_json(feed, None);
                value["deletedDate"] = json!(DELETED);
                value["scheduledPermanentDeleteDate"] = json!(DELETED_FOR_GOOD);
                value
            })
            .collect();
        Reply::list(&feeds)
    }

    pub(super) fn one(&self, project: Option<&Project>, reference: &str) -> Result<Reply, Reply> {
        let (feed, view) = self.find(project, reference)?;
        Ok(Reply::json(&self.feed_json(feed, view)))
    }

    /// A feed by `{name or id}[@{view}]`.
    pub(super) fn find(
        &self,
        project: Option<&Project>,
        reference: &str,
    ) -> Result<(&'a Feed, Option<View>), Reply> {
        let (name, view) = match reference.split_once('@') {
            Some((name, view)) => (name, Some(view)),
            None => (reference, None),
        };
        let feed = self.organization.feed(project, name).ok_or_else(|| self.call.no_feed(reference))?;
        if self.viewer.is_none() && !feed.public {
            return Err(anonymous());
        }
        let view = match view {
            Some(name) => Some(view_of(feed, name).ok_or_else(|| self.call.no_feed(reference))?),
            None => None,
        };
        Ok((feed, view))
    }

    fn view(&self, project: Option<&Project>, reference: &str, view: &str) -> Result<Reply, Reply> {
        let (feed, _) = self.find(project, reference)?;
        let view = view_of(feed, view).ok_or_else(|| self.call.no_feed(&format!("{reference}@{view}")))?;
        Ok(Reply::json(&self.view_json(feed, view)))
    }

    fn permissions(&self, project: Option<&Project>, reference: &str) -> Result<Reply, Reply> {
        let (feed, _) = self.find(project, reference)?;
        if self.viewer.is_none() {
            return Err(anonymous());
        }
        let organization = self.organization;
        let with_ids = self.call.flag("includeIds");
        let entry = |role: Role, descriptor: String, id: &Guid, name: String| {
            json!({
                "role": role.word(), "identityDescriptor": descriptor,
                "identityId": with_ids.then(|| id.as_str().to_owned()),
                "displayName": name, "isInheritedRole": false,
            })
        };
        let administrators = Guid::of("administrators", &[&organization.name]);
        let mut entries = vec![
            entry(
                feed.role,
                format!("Microsoft.IdentityModel.Claims.ClaimsIdentity;{}\\{ACCOUNT}", organization.tenant),
                &person_id(),
                PERSON.to_owned(),
            ),
            entry(
                Role::Administrator,
                format!("Microsoft.TeamFoundation.Identity;S-1-9-{administrators}"),
                &administrators,
                format!("[{}]\\Project Collection Administrators", organization.name),
            ),
        ];
        if let Some(project) = self.project_of(feed) {
            let build = Guid::of("build", &[&organization.name, &project.name]);
            entries.push(entry(
                Role::Collaborator,
                format!("Microsoft.TeamFoundation.ServiceIdentity;{}:Build:{}", organization.id, project.id),
                &build,
                format!("{} Build Service ({})", project.name, organization.name),
            ));
        }
        Ok(Reply::list(&entries))
    }

    fn role(&self, feed: &Feed) -> Role {
        if self.viewer.is_some() { feed.role } else { Role::Reader }
    }

    fn project_of(&self, feed: &Feed) -> Option<&'a Project> {
        self.organization.project_by_id(feed.project.as_ref()?)
    }

    fn feed_json(&self, feed: &Feed, view: Option<View>) -> Value {
        let url = self.url(feed);
        let project = self.project_of(feed);
        let suffix = view.map(|(name, _)| format!("@{name}")).unwrap_or_default();
        let upstreams: Vec<Value> =
            feed.upstreams.iter().map(|upstream| self.upstream_json(feed, upstream)).collect();
        let mut value = json!({
            "id": feed.id.as_str(),
            "name": feed.name,
            "description": feed.description,
            "url": url,
            "_links": {
                "self": { "href": url },
                "packages": { "href": format!("{url}/Packages") },
                "permissions": { "href": format!("{url}/Permissions") },
            },
            "fullyQualifiedName": format!("{}{suffix}", feed.name),
            "fullyQualifiedId": feed.id.as_str(),
            "view": view.map(|view| self.view_json(feed, view)),
            "viewId": view.map(|(name, _)| view_id(feed, name).as_str().to_owned()),
            "viewName": view.map(|(name, _)| name),
            "defaultViewId": view_id(feed, "Local").as_str(),
            "isReadOnly": view.is_some(),
            "capabilities": "defaultCapabilities",
            "hideDeletedPackageVersions": true, "badgesEnabled": false,
            "upstreamEnabled": true, "upstreamEnabledChangedDate": null,
            "upstreamSources": upstreams,
            "permissions": null,
            "deletedDate": null, "scheduledPermanentDeleteDate": null, "permanentDeletedDate": null,
        });
        if let Some(project) = project {
            value["project"] =
                json!({ "id": project.id.as_str(), "name": project.name, "visibility": project.visibility });
        }
        value
    }

    fn upstream_json(&self, feed: &Feed, upstream: &Upstream) -> Value {
        match upstream {
            Upstream::Public(source) => json!({
                "id": upstream_id(feed, source.name).as_str(), "name": source.name,
                "protocol": source.protocol, "location": source.location,
                "displayLocation": source.location, "upstreamSourceType": "public", "status": "ok",
            }),
            Upstream::Feed(name) => self.internal_upstream_json(feed, name),
        }
    }

    fn internal_upstream_json(&self, feed: &Feed, name: &str) -> Value {
        let organization = self.organization;
        let target = organization.feed_anywhere(name).expect("a test finds every upstream feed");
        let project = self.project_of(target);
        let path = |project: Option<String>, feed: String| {
            let project = project.map(|project| format!("{project}/")).unwrap_or_default();
            format!("azure-feed://{}/{project}{feed}", organization.name)
        };
        let view = view_id(target, "Local");
        let mut value = json!({
            "id": upstream_id(feed, name).as_str(),
            "name": format!("{name}@Local"),
            "protocol": "Cargo", "upstreamSourceType": "internal", "status": "ok",
            "location": path(project.map(|p| p.id.to_string()), format!("{}@{view}", target.id)),
            "displayLocation": path(project.map(|p| p.name.clone()), format!("{name}@Local")),
            "internalUpstreamCollectionId": organization.id.as_str(),
            "internalUpstreamFeedId": target.id.as_str(),
            "internalUpstreamViewId": view.as_str(),
        });
        if let Some(project) = project {
            value["internalUpstreamProjectId"] = json!(project.id.as_str());
        }
        value
    }

    pub(super) fn view_json(&self, feed: &Feed, (name, kind): View) -> Value {
        let id = view_id(feed, name);
        json!({
            "id": id.as_str(), "name": name, "type": kind,
            "visibility": if name == "Local" { feed.visibility.as_str() } else { "collection" },
            "url": format!("{}/Views/{id}", self.url(feed)),
        })
    }

    fn url(&self, feed: &Feed) -> String {
        let project = feed.project.as_ref().map(|id| format!("/{id}")).unwrap_or_default();
        let base = self.call.base(Service::Feeds, self.organization);
        format!("{base}{project}/_apis/Packaging/Feeds/{}", feed.id)
    }
}

/// A view of the feed by name or id.
pub(super) fn view_of(feed: &Feed, name_or_id: &str) -> Option<View> {
    VIEWS
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(name_or_id) || view_id(feed, name).is(name_or_id))
}

pub(super) fn view_id(feed: &Feed, name: &str) -> Guid {
    Guid::of("view", &[feed.id.as_str(), name])
}

pub(super) fn upstream_id(feed: &Feed, name: &str) -> Guid {
    Guid::of("upstream", &[feed.id.as_str(), name])
}

fn read_role(word: &str) -> Result<Role, Reply> {
    let numbered = match word {
        "4" => Some(Role::Administrator),
        "3" => Some(Role::Contributor),
        "2" => Some(Role::Reader),
        _ => Role::parse(word),
    };
    numbered.ok_or_else(|| {
        let message = format!("The value '{word}' is not valid for feedRole.");
        Reply::failure(StatusCode::BAD_REQUEST, "VssPropertyValidationException", &message)
    })
}
