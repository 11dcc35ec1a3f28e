//! What changes the world: making a feed, its upstream sources, the visibility of a view (azure-contract 5.1,
//! 5.4 to 5.6, 5.9, 6.1). Every write needs its scope and its right, and says no before anything is changed.

use hyper::StatusCode;
use serde::Deserialize;

use super::feeds::{Place, upstream_id, view_of};
use super::{Released, check_version, projects};
use crate::demo::access::{Grant, Scope};
use crate::demo::call::Call;
use crate::demo::refusal::unusable;
use crate::demo::reply::Reply;
use crate::demo::world::{Feed, Organization, Project, Role, Upstream};
use crate::domain::feed::FeedName;

/// The most characters of a description (azure-contract 5.6).
const LONGEST_DESCRIPTION: usize = 255;

/// The words for who may see a view (azure-contract 5.9).
const VISIBILITIES: [&str; 4] = ["aadTenant", "collection", "organization", "private"];

/// Answers every request that is no GET.
pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Reply> {
    match call.segments().as_slice() {
        [name, "_apis", "packaging", rest @ ..] => in_organization(call, (name, None), rest),
        [name, project, "_apis", "packaging", rest @ ..] => {
            in_organization(call, (name, Some(project)), rest)
        }
        _ => Err(unsupported()),
    }
}

fn in_organization(
    call: &Call<'_>,
    (name, project): (&str, Option<&str>),
    rest: &[&str],
) -> Result<Reply, Reply> {
    let organization = call.world.organization(name).ok_or_else(|| call.no_controller())?;
    let (scope, change) = match (call.method.as_str(), rest) {
        ("POST", ["feeds"]) => (Scope::PackagingWrite, What::Make),
        ("PATCH", ["feeds", reference]) => (Scope::PackagingManage, What::Update(reference)),
        ("PATCH", ["feeds", reference, "views", view]) => {
            (Scope::PackagingManage, What::Show(reference, view))
        }
        _ => return Err(unsupported()),
    };
    let viewer = call.person(scope)?;
    check_version(call, Released::Yes)?;
    let project = project.map(|project| projects::find(organization, Some(viewer), project)).transpose()?;
    let place = Changes { call, organization, project, viewer };
    match change {
        What::Make => place.make(),
        What::Update(reference) => place.update(reference),
        What::Show(reference, view) => place.show(reference, view),
    }
}

/// What is to be changed.
enum What<'a> {
    Make,
    Update(&'a str),
    Show(&'a str, &'a str),
}

pub(super) fn unsupported() -> Reply {
    Reply::text(StatusCode::METHOD_NOT_ALLOWED, "The requested resource does not support this method.")
}

/// A feed as a client describes it; what is left out stays as it is, or as it is by default.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FeedBody {
    name: Option<String>,
    description: Option<String>,
    upstream_enabled: Option<bool>,
    upstream_sources: Option<Vec<UpstreamBody>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UpstreamBody {
    id: Option<String>,
    #[serde(default)]
    protocol: String,
    #[serde(default)]
    location: String,
    #[serde(default)]
    upstream_source_type: String,
    internal_upstream_feed_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ViewBody {
    visibility: Option<String>,
}

/// An organization or a project of it where somebody changes something.
struct Changes<'a> {
    call: &'a Call<'a>,
    organization: &'a Organization,
    project: Option<&'a Project>,
    viewer: &'a Grant,
}

impl Changes<'_> {
    fn make(&self) -> Result<Reply, Reply> {
        let body: FeedBody = self.call.json()?;
        if !self.organization.members_make_feeds {
            return Err(self.call.may_not_make_feeds());
        }
        let name = body.name.clone().ok_or_else(|| unusable("A feed needs a name."))?;
        FeedName::parse(&name).map_err(|_| self.call.name_refused(&name))?;
        let description = description(&body)?;
        let upstreams = self.upstreams(&body, None)?.unwrap_or_default();
        self.call.state.change(|world| {
            let organization = world.organization_mut(&self.organization.name);
            let organization = organization.ok_or_else(|| self.call.no_controller())?;
            let feed =
                organization.make_feed(self.project, &name).map_err(|_| self.call.name_taken(&name))?;
            feed.description = description;
            feed.set_upstreams(upstreams);
            Ok(())
        })?;
        let reply = self.as_it_is_now(|place| place.one(self.project, &name))?;
        Ok(Reply { status: StatusCode::CREATED, ..reply })
    }

    fn update(&self, reference: &str) -> Result<Reply, Reply> {
        let body: FeedBody = self.call.json()?;
        let feed = self.owned(reference)?;
        if body.name.as_ref().is_some_and(|name| *name != feed.name) {
            return Err(unusable("The demo does not rename feeds."));
        }
        let description = description(&body)?;
        let upstreams = self.upstreams(&body, Some(feed))?;
        self.changed(feed, |feed| {
            if let Some(description) = description {
                feed.description = Some(description);
            }
            if let Some(upstreams) = upstreams {
                feed.set_upstreams(upstreams);
            }
        })?;
        self.as_it_is_now(|place| place.one(self.project, reference))
    }

    fn show(&self, reference: &str, view: &str) -> Result<Reply, Reply> {
        let body: ViewBody = self.call.json()?;
        let feed = self.owned(reference)?;
        let missing = || self.call.no_feed(&format!("{reference}@{view}"));
        let view = view_of(feed, view).ok_or_else(missing)?;
        let word = body.visibility.unwrap_or_default();
        let word = VISIBILITIES.iter().find(|known| known.eq_ignore_ascii_case(&word));
        let word = word.ok_or_else(|| unusable("The visibility of a view is not valid."))?;
        if view.0 != "Local" {
            return Err(unusable("The demo keeps the visibility of @Local alone."));
        }
        self.changed(feed, |feed| feed.set_visibility(word))?;
        self.as_it_is_now(|place| {
            let (feed, _) = place.find(self.project, reference)?;
            Ok(Reply::json(&place.view_json(feed, view)))
        })
    }

    /// A feed that the person may change the settings of (azure-contract 5.8).
    fn owned(&self, reference: &str) -> Result<&Feed, Reply> {
        let feed = self.organization.feed(self.project, reference);
        let feed = feed.ok_or_else(|| self.call.no_feed(reference))?;
        if feed.role < Role::Administrator {
            return Err(self.call.needs_permission(feed, "EditFeed"));
        }
        Ok(feed)
    }

    fn changed(&self, feed: &Feed, change: impl FnOnce(&mut Feed)) -> Result<(), Reply> {
        self.call.state.change(|world| {
            let organization = world.organization_mut(&self.organization.name);
            let feed_now = organization.and_then(|found| found.feed_mut(self.project, &feed.name));
            change(feed_now.ok_or_else(|| self.call.no_feed(&feed.name))?);
            Ok(())
        })
    }

    /// The answer from the world as it is after the change.
    fn as_it_is_now(&self, answer: impl FnOnce(&Place<'_>) -> Result<Reply, Reply>) -> Result<Reply, Reply> {
        let world = self.call.state.world();
        let organization = world.organization(&self.organization.name);
        let organization = organization.ok_or_else(|| self.call.no_controller())?;
        answer(&Place { call: self.call, organization, viewer: Some(self.viewer) })
    }

    /// The whole new list of upstream sources; `None` where the body names none. One that is there already must
    /// come with its id: whoever leaves it out has lost what came through it (azure-contract 5.5).
    fn upstreams(&self, body: &FeedBody, feed: Option<&Feed>) -> Result<Option<Vec<Upstream>>, Reply> {
        if body.upstream_enabled == Some(false) {
            return Ok(Some(Vec::new()));
        }
        let Some(sources) = &body.upstream_sources else { return Ok(None) };
        let mut upstreams = Vec::new();
        for source in sources {
            let upstream = self.upstream(source)?;
            let known = feed.filter(|feed| feed.upstreams.contains(&upstream));
            let id = known.map(|feed| upstream_id(feed, upstream.name()));
            let is_right = match (&id, &source.id) {
                (Some(id), Some(given)) => id.is(given),
                (known, given) => known.is_none() && given.is_none(),
            };
            if !is_right || upstreams.contains(&upstream) {
                let name = upstream.name();
                return Err(unusable(&format!(
                    "The upstream source '{name}' has another id, or stands twice."
                )));
            }
            upstreams.push(upstream);
        }
        Ok(Some(upstreams))
    }

    fn upstream(&self, source: &UpstreamBody) -> Result<Upstream, Reply> {
        let found = match source.upstream_source_type.to_ascii_lowercase().as_str() {
            "public" => Upstream::public(&source.protocol, &source.location),
            "internal" => {
                let id = source.internal_upstream_feed_id.as_deref().unwrap_or_default();
                let target = self.organization.feeds.iter().find(|feed| feed.id.is(id));
                target.map(|feed| Upstream::Feed(feed.name.clone()))
            }
            _ => None,
        };
        found.ok_or_else(|| unusable(&format!("The upstream source '{}' is not known.", source.location)))
    }
}

fn description(body: &FeedBody) -> Result<Option<String>, Reply> {
    match &body.description {
        Some(text) if text.encode_utf16().count() > LONGEST_DESCRIPTION => {
            Err(unusable("The description has more than 255 characters."))
        }
        text => Ok(text.clone()),
    }
}
