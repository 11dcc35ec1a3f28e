//! Projects (azure-contract 4.3).

use serde_json::{Value, json};

use super::{Released, check_version};
use crate::demo::access::{Grant, Scope};
use crate::demo::call::Call;
use crate::demo::front::Service;
use crate::demo::refusal::{anonymous, no_project};
use crate::demo::reply::Reply;
use crate::demo::world::{Organization, Project};
use crate::domain::segment;

/// The most projects of a page, whatever `$top` asks for: so few that a client which doesn't follow the
/// continuation token misses some.
const PAGE: usize = 5;

pub(super) fn list(call: &Call<'_>, organization: &Organization) -> Result<Reply, Reply> {
    let viewer = call.viewer(organization, Scope::Projects)?;
    check_version(call, Released::Yes)?;
    let state = call.query("stateFilter").unwrap_or("wellFormed");
    let wanted = ["wellFormed", "all"].iter().any(|word| word.eq_ignore_ascii_case(state));
    let mut projects: Vec<&Project> =
        organization.projects.iter().filter(|project| wanted && may_see(viewer, project)).collect();
    projects.sort_by_key(|project| project.name.to_lowercase());
    let start = call.number("continuationToken").or_else(|| call.number("$skip")).unwrap_or(0);
    let top = call.number("$top").unwrap_or(PAGE).clamp(1, PAGE);
    let total = projects.len();
    let page: Vec<Value> = projects
        .into_iter()
        .skip(start)
        .take(top)
        .map(|project| project_json(call, organization, project))
        .collect();
    let end = start.saturating_add(page.len());
    let reply = Reply::list(&page);
    Ok(if end < total { reply.header("x-ms-continuationtoken", end.to_string()) } else { reply })
}

pub(super) fn one(call: &Call<'_>, organization: &Organization, name: &str) -> Result<Reply, Reply> {
    let viewer = call.viewer(organization, Scope::Projects)?;
    check_version(call, Released::Yes)?;
    let project = find(organization, viewer, name)?;
    let mut value = project_json(call, organization, project);
    let web = format!("{}/{}", call.base(Service::Web, organization), segment::encode(&project.name));
    value["_links"] = json!({ "web": { "href": web } });
    Ok(Reply::json(&value))
}

/// A project that the viewer may see, by name or id.
pub(super) fn find<'a>(
    organization: &'a Organization,
    viewer: Option<&Grant>,
    name: &str,
) -> Result<&'a Project, Reply> {
    match organization.project(name) {
        Some(project) if may_see(viewer, project) => Ok(project),
        Some(_) => Err(anonymous()),
        None => Err(no_project(name)),
    }
}

fn may_see(viewer: Option<&Grant>, project: &Project) -> bool {
    viewer.is_some() || project.is_public()
}

fn project_json(call: &Call<'_>, organization: &Organization, project: &Project) -> Value {
    let web = call.base(Service::Web, organization);
    let mut value = json!({
        "id": project.id.as_str(),
        "name": project.name,
        "url": format!("{web}/_apis/projects/{}", project.id),
        "state": "wellFormed",
        "revision": 12,
        "visibility": project.visibility,
        "lastUpdateTime": "2026-02-01T10:00:00.27Z",
    });
    if let Some(description) = &project.description {
        value["description"] = json!(description);
    }
    value
}
