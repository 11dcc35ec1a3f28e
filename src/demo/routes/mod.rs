//! From a path to its handler, for everything but the storage. Written from azure-contract and from
//! nothing else: a route, field or status that isn't there isn't here.

mod account;
mod changes;
mod entra;
mod feeds;
mod packages;
pub(super) mod pats;
mod projects;

use hyper::{Method, StatusCode};

use super::call::Call;
use super::refusal::{anonymous, sign_in_page, token_page};
use super::registry;
use super::reply::Reply;
use super::world::Organization;

/// The highest version that the cloud speaks, and that of Azure DevOps Server 2022.
const MAX_VERSION: (u32, u32) = (7, 2);
const MAX_SERVER_VERSION: (u32, u32) = (7, 0);

/// Answers one request; refusals are answers, too.
pub(super) fn answer(call: &Call<'_>) -> Reply {
    route(call).unwrap_or_else(|refusal| refusal)
}

fn route(call: &Call<'_>) -> Result<Reply, Reply> {
    let segments = call.segments();
    if !call.door.serves(&segments) {
        return Err(call.no_controller());
    }
    if let [tenant, "oauth2", "v2.0", endpoint] = segments.as_slice() {
        return entra::answer(call, (tenant, endpoint));
    }
    if let [name, "_apis", "tokens", "pats"] = segments.as_slice() {
        return pats::answer(call, name);
    }
    if call.method != Method::GET && !segments.contains(&"_packaging") {
        return changes::answer(call);
    }
    match segments.as_slice() {
        ["devicelogin"] => Ok(entra::page(call)),
        ["_signin", ..] => Ok(sign_in_page(StatusCode::OK)),
        ["_apis", "profile", "profiles", "me"] => account::profile(call),
        ["_apis", "accounts"] => account::accounts(call),
        ["_apis", "resourceareas", area] => account::area_of_account(call, area),
        [name, rest @ ..] => {
            // The exact form is not known; a client takes any 404 as 'no such organization' (azure-contract 12).
            let organization = call.world.organization(name).ok_or_else(|| call.no_controller())?;
            in_organization(call, organization, rest)
        }
        [] => Err(call.no_controller()),
    }
}

fn in_organization(call: &Call<'_>, organization: &Organization, rest: &[&str]) -> Result<Reply, Reply> {
    match rest {
        // The place to ask for the tenant (azure-contract 2.5).
        [] => Err(call.challenge(organization, anonymous())),
        ["_userssettings", "tokens"] => Ok(token_page()),
        ["_apis", "resourceareas"] => account::areas(call, organization),
        ["_apis", "resourceareas", area] => account::area(call, organization, area),
        ["_apis", "connectiondata"] => account::connection_data(call, organization),
        ["_apis", "projects"] => projects::list(call, organization),
        ["_apis", "projects", name] => projects::one(call, organization, name),
        ["_apis", "packaging", rest @ ..] => feeds::answer(call, organization, None, rest),
        ["_packaging", rest @ ..] => registry::answer(call, organization, None, rest),
        [project, "_apis", "packaging", rest @ ..] => feeds::answer(call, organization, Some(project), rest),
        [project, "_packaging", rest @ ..] => registry::answer(call, organization, Some(project), rest),
        _ => Err(call.no_controller()),
    }
}

/// Which versions of a resource there are (azure-contract 1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Released {
    Yes,
    /// Only `-preview` versions.
    PreviewOnly,
}

/// Refuses a version that isn't spoken, naming the highest one.
fn check_version(call: &Call<'_>, released: Released) -> Result<(), Reply> {
    let Some(version) = call.api_version() else { return Ok(()) };
    let highest = if call.door.is_server() { MAX_SERVER_VERSION } else { MAX_VERSION };
    let (number, preview) = version.split_once('-').map_or((version, false), |(number, _)| (number, true));
    let known = number
        .split_once('.')
        .and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)))
        .is_some_and(|version: (u32, u32)| version <= highest);
    let (major, minor) = highest;
    if !known {
        let message = format!(
            "The requested REST API version of {version} is out of range for this server. The latest REST API \
             version this server supports is {major}.{minor}."
        );
        return Err(Reply::failure(StatusCode::BAD_REQUEST, "VssVersionOutOfRangeException", &message));
    }
    if released == Released::PreviewOnly && !preview {
        let message = format!(
            "The requested version \"{version}\" of the resource is under preview. The -preview flag must be \
             supplied in the api-version for such requests. For example: \"{version}-preview\". The latest REST \
             API version this server supports is {major}.{minor}."
        );
        return Err(Reply::failure(StatusCode::BAD_REQUEST, "VssInvalidPreviewVersionException", &message));
    }
    Ok(())
}
