//! Making and revoking personal access tokens (azure-contract 2.6). Says no with status 200.

use hyper::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::changes::unsupported;
use super::{Released, check_version};
use crate::demo::access::Caller;
use crate::demo::call::Call;
use crate::demo::pats::{Pat, PatScope, Wanted};
use crate::demo::refusal::unknown_identity;
use crate::demo::reply::Reply;
use crate::demo::world::Organization;
use crate::domain::date;

/// A token of all scopes.
const FULL_SCOPE: &str = "app_token";

/// A token lives this long at most, in seconds; with a day for clocks that differ.
const LONGEST: u64 = 366 * 24 * 60 * 60;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NewPatBody {
    display_name: String,
    scope: String,
    valid_to: String,
    all_orgs: bool,
}

pub(super) fn answer(call: &Call<'_>, organization: &str) -> Result<Reply, Reply> {
    // A Server has no Entra, and so nobody who could ask.
    let found = call.world.organization(organization).filter(|_| !call.door.is_server());
    let organization = found.ok_or_else(|| call.no_controller())?;
    may_ask(call)?;
    check_version(call, Released::PreviewOnly)?;
    match call.method {
        Method::POST => make(call, organization),
        Method::DELETE => {
            call.state.pats.revoke(organization, call.query("authorizationId").unwrap_or_default());
            Ok(Reply::new(StatusCode::NO_CONTENT))
        }
        _ => Err(unsupported()),
    }
}

/// Only a person who has signed in to Entra.
fn may_ask(call: &Call<'_>) -> Result<(), Reply> {
    match call.caller {
        Caller::Known(grant) if std::ptr::eq(grant, &raw const call.state.access.person) => Ok(()),
        Caller::Known(_) => Err(no_access()),
        Caller::Dead => Err(call.lacks_scope()),
        Caller::Stranger => Err(unknown_identity()),
        Caller::Nobody => Err(call.sign_in_redirect()),
    }
}

/// What a personal access token is told.
pub(in crate::demo) fn no_access() -> Reply {
    Reply::failure(StatusCode::FORBIDDEN, "InvalidAccessException", "The requested operation is not allowed.")
}

fn make(call: &Call<'_>, organization: &Organization) -> Result<Reply, Reply> {
    let wanted = match wanted(call.json()?, call.state.pats.now()) {
        Ok(wanted) => wanted,
        Err(word) => return Ok(refusal(word)),
    };
    let (pat, token) = call.state.pats.make(organization, wanted);
    let mut value = shown(&pat, organization);
    value["token"] = json!(token);
    Ok(Reply::json(&json!({ "patToken": value, "patTokenError": "none" })))
}

/// The words are those of the document's `patTokenError`.
fn wanted(body: NewPatBody, now: u64) -> Result<Wanted, &'static str> {
    if body.display_name.trim().is_empty() {
        return Err("displayNameRequired");
    }
    if body.all_orgs {
        return Err("globalPatPolicyViolation");
    }
    if body.scope == FULL_SCOPE {
        return Err("fullScopePatPolicyViolation");
    }
    let scope = PatScope::parse(&body.scope).ok_or("invalidScope")?;
    let is_sound = |ends: &u64| now == 0 || (now + 1..now + LONGEST).contains(ends);
    let ends = date::of_rfc3339(&body.valid_to).filter(is_sound).ok_or("invalidValidTo")?;
    Ok(Wanted { name: body.display_name, scope, ends })
}

fn shown(pat: &Pat, organization: &Organization) -> Value {
    json!({
        "displayName": pat.name, "validTo": date::to_rfc3339(pat.ends), "scope": pat.scope.word(),
        "targetAccounts": [organization.id.as_str()], "validFrom": date::to_rfc3339(pat.made),
        "authorizationId": pat.id().as_str(), "token": null,
    })
}

/// Status 200, and no token.
pub(in crate::demo) fn refusal(word: &str) -> Reply {
    Reply::json(&json!({
        "patToken": { "displayName": null, "validTo": "0001-01-01T00:00:00", "scope": null, "targetAccounts": null,
            "validFrom": "0001-01-01T00:00:00", "authorizationId": "00000000-0000-0000-0000-000000000000", "token": null },
        "patTokenError": word,
    }))
}
