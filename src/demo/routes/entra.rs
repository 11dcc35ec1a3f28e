//! Entra's endpoints: a code, the token that it becomes, the next token, and the page for a person (azure-contract
//! 2.3). Refuses a request that the real one would refuse.

use hyper::{Method, StatusCode};
use serde_json::json;

use crate::demo::call::Call;
use crate::demo::entra::{Fate, Outcome, Tokens};
use crate::demo::reply::Reply;

/// The application id of Azure DevOps.
const RESOURCE: &str = "499b84ac-1321-427f-aa17-267ca6975798";

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// How long a code, and a token, is said to last: seconds.
const CODE_LASTS: u32 = 900;
const TOKEN_LASTS: u32 = 3599;

const PAGE: &str = "<!DOCTYPE html>\n<html lang=\"en-US\"><head><title>Signed in</title></head>\n\
    <body><p>This is the demo's page for codes: there is nothing to enter. The sign-in is approved; go back to \
    az-cargo-wizard.</p></body></html>\n";

/// The page that a code is entered at: here, to open it is to approve.
pub(super) fn page(call: &Call<'_>) -> Reply {
    call.state.entra.settle(Fate::Approved);
    Reply::new(StatusCode::OK).body("text/html; charset=utf-8", PAGE)
}

pub(super) fn answer(call: &Call<'_>, (tenant, endpoint): (&str, &str)) -> Result<Reply, Reply> {
    if call.method != Method::POST {
        return Err(Reply::text(StatusCode::METHOD_NOT_ALLOWED, ""));
    }
    let is_tenant = |name: &str| {
        ["organizations", "common"].contains(&name)
            || call.world.organizations.iter().any(|organization| organization.tenant.is(name))
    };
    if !is_tenant(tenant) {
        return Err(refusal("invalid_request", 90002, &format!("Tenant '{tenant}' not found.")));
    }
    let form = call.form()?;
    let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if field("client_id").is_none_or(|id| id.split('-').map(str::len).ne([8, 4, 4, 4, 12])) {
        return Err(refusal("unauthorized_client", 700_016, "Application was not found in the directory."));
    }
    match (endpoint, field("grant_type")) {
        ("devicecode", _) => code(call, field("scope")),
        ("token", Some(DEVICE_GRANT)) => redeem(call, field("device_code").unwrap_or_default()),
        ("token", Some("refresh_token")) => {
            check_scope(field("scope"))?;
            let tokens = call.state.entra.renew(field("refresh_token").unwrap_or_default());
            let spent = || refusal("invalid_grant", 700_082, "The refresh token has expired.");
            tokens.map(|tokens| token(&tokens)).ok_or_else(spent)
        }
        ("token", _) => Err(refusal("unsupported_grant_type", 70003, "The grant type is not supported.")),
        _ => Err(call.no_controller()),
    }
}

fn check_scope(scope: Option<&str>) -> Result<(), Reply> {
    let resource = format!("{RESOURCE}/.default");
    if scope.is_some_and(|scope| scope.split(' ').any(|part| part == resource)) {
        return Ok(());
    }
    Err(refusal("invalid_scope", 70011, "The provided value for the input parameter 'scope' is not valid."))
}

fn code(call: &Call<'_>, scope: Option<&str>) -> Result<Reply, Reply> {
    check_scope(scope)?;
    let code = call.state.entra.begin();
    let page = call.door.code_page(&call.state.origin);
    Ok(Reply::json(&json!({
        "user_code": code.user, "device_code": code.device, "verification_uri": page,
        "expires_in": CODE_LASTS, "interval": call.state.pace.interval(),
        "message": format!("To sign in, use a web browser to open the page {page} and enter the code {} to \
            authenticate.", code.user),
    })))
}

fn redeem(call: &Call<'_>, device_code: &str) -> Result<Reply, Reply> {
    match call.state.entra.redeem(device_code) {
        Outcome::Tokens(tokens) => Ok(token(&tokens)),
        Outcome::Pending => Err(refusal(
            "authorization_pending",
            70016,
            "OAuth 2.0 device flow error. Authorization is pending.",
        )),
        Outcome::Declined => {
            Err(refusal("authorization_declined", 70000, "The user has denied the request."))
        }
        Outcome::Expired => Err(refusal("expired_token", 70020, "The device code has expired.")),
        Outcome::Unknown => Err(refusal("bad_verification_code", 70000, "The code is not known.")),
    }
}

fn token(tokens: &Tokens) -> Reply {
    Reply::json(&json!({
        "token_type": "Bearer", "scope": format!("{RESOURCE}/user_impersonation"), "expires_in": TOKEN_LASTS,
        "ext_expires_in": TOKEN_LASTS, "access_token": tokens.access, "refresh_token": tokens.refresh,
    }))
}

fn refusal(error: &str, code: u32, words: &str) -> Reply {
    let body = json!({
        "error": error, "error_description": format!("AADSTS{code}: {words}"), "error_codes": [code],
        "timestamp": "2026-01-01 10:00:00Z", "trace_id": "00000000-0000-0000-0000-000000000001",
        "correlation_id": "00000000-0000-0000-0000-000000000002",
    });
    Reply::new(StatusCode::BAD_REQUEST).body("application/json; charset=utf-8", body.to_string())
}
