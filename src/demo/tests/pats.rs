//! Tokens that a person makes, read from the wire (azure-contract 2.6).

use serde_json::{Value, json};

use super::*;
use crate::demo::{Fault, Resource, Where};
use crate::domain::date;

const PATS: &str = "/_apis/tokens/pats?api-version=7.1-preview.1";
const FEEDS: &str = "/contoso/_apis/packaging/feeds";

pub(super) fn wanted(scope: &str) -> Value {
    json!({ "displayName": "laptop", "scope": scope, "validTo": "2026-10-01T00:00:00Z", "allOrgs": false })
}

async fn ask(demo: &Demo, authorization: &str, method: &str, path: &str, body: &Value) -> Answer {
    let url = format!("{}{path}", demo.origin());
    let headers = [SUPPRESS, ("Authorization", authorization), ("Content-Type", "application/json")];
    let body = if method == "DELETE" { String::new() } else { body.to_string() };
    exchange((method, &url), &headers, &body).await
}

pub(super) async fn make(demo: &Demo, body: &Value) -> Value {
    let bearer = format!("Bearer {}", demo.entra_token().expose());
    let answer = ask(demo, &bearer, "POST", &format!("/contoso{PATS}"), body).await;
    assert_eq!(answer.status, 200);
    answer.json()
}

pub(super) fn token(made: &Value) -> Secret {
    assert_eq!(made["patTokenError"], "none", "{made}");
    Secret::new(made["patToken"]["token"].as_str().unwrap())
}

#[tokio::test]
async fn a_made_token_is_good_in_its_organization_until_it_is_revoked() {
    let demo = demo().await;
    let made = make(&demo, &wanted("vso.packaging_write")).await;
    let pat = token(&made);
    assert_eq!(pat.len(), 84);
    assert_ne!(token(&make(&demo, &wanted("vso.packaging_write")).await), pat);
    assert_eq!(get_as(&demo, &pat, FEEDS).await.status, 200);
    for elsewhere in
        ["/fabrikam/_apis/packaging/feeds", "/_apis/profile/profiles/me", "/contoso/_apis/projects"]
    {
        assert_eq!(get_as(&demo, &pat, elsewhere).await.status, 401, "{elsewhere}");
    }
    let path =
        format!("/contoso{PATS}&authorizationId={}", made["patToken"]["authorizationId"].as_str().unwrap());
    let bearer = format!("Bearer {}", demo.entra_token().expose());
    assert_eq!(ask(&demo, &bearer, "DELETE", &path, &Value::Null).await.status, 204);
    assert_eq!(get_as(&demo, &pat, FEEDS).await.status, 401);
    assert_eq!(ask(&demo, &bearer, "DELETE", &path, &Value::Null).await.status, 204, "twice does no harm");
}

#[tokio::test]
async fn its_scope_and_its_end_are_respected() {
    let demo = demo().await;
    let feed = json!({ "name": "brand-new" });
    let (world, feed) = (&demo, &feed);
    let post = |pat: Secret| async move { change_as((world, &pat), "POST", FEEDS, feed).await.status };
    assert_eq!(post(token(&make(&demo, &wanted("vso.packaging")).await)).await, 401);
    assert_eq!(post(token(&make(&demo, &wanted("vso.packaging_write")).await)).await, 201);
    let pat = token(&make(&demo, &wanted("vso.packaging_manage")).await);
    let end = date::of_rfc3339("2026-10-01T00:00:00Z").unwrap();
    demo.it_is(end - 1);
    assert_eq!(get_as(&demo, &pat, FEEDS).await.status, 200);
    demo.it_is(end);
    assert_eq!(get_as(&demo, &pat, FEEDS).await.status, 401);
}

#[tokio::test]
async fn what_is_refused_is_said_with_status_200() {
    let demo = demo().await;
    let with = |name: &str, value: Value| {
        let mut body = wanted("vso.packaging_write");
        body[name] = value;
        body
    };
    demo.it_is(date::of_rfc3339("2026-09-01T00:00:00Z").unwrap());
    for (body, word) in [
        (with("displayName", json!(" ")), "displayNameRequired"),
        (with("allOrgs", json!(true)), "globalPatPolicyViolation"),
        (with("scope", json!("app_token")), "fullScopePatPolicyViolation"),
        (with("scope", json!("vso.code")), "invalidScope"),
        (with("validTo", json!("tomorrow")), "invalidValidTo"),
        (with("validTo", json!("2026-08-31T00:00:00Z")), "invalidValidTo"),
        (with("validTo", json!("2028-08-31T00:00:00Z")), "invalidValidTo"),
    ] {
        let answer = make(&demo, &body).await;
        assert_eq!((&answer["patTokenError"], &answer["patToken"]["token"]), (&json!(word), &Value::Null));
    }
}

#[tokio::test]
async fn only_a_person_who_has_signed_in_to_entra_makes_tokens() {
    let demo = demo().await;
    let path = format!("/contoso{PATS}");
    let post = |authorization: String| {
        let (demo, path) = (&demo, &path);
        async move { ask(demo, &authorization, "POST", path, &wanted("vso.packaging_write")).await }
    };
    let pat = post(basic(demo.token())).await;
    assert_eq!((pat.status, &pat.json()["typeKey"]), (403, &json!("InvalidAccessException")));
    let wrong = post("Bearer wrong".to_owned()).await;
    assert_eq!(wrong.status, 302);
    assert!(wrong.header("location").unwrap().contains("/_signin?"));
    assert_eq!(post(basic(&demo.tokens().stranger)).await.status, 401);
    let bearer = format!("Bearer {}", demo.entra_token().expose());
    assert_eq!(ask(&demo, &bearer, "POST", &format!("/nobody{PATS}"), &Value::Null).await.status, 404);
    let old = ask(&demo, &bearer, "POST", "/contoso/_apis/tokens/pats?api-version=7.1", &Value::Null).await;
    assert_eq!(old.status, 400, "there are previews only");
}

#[tokio::test]
async fn a_fault_makes_a_token_for_all_organizations() {
    let demo = demo().await;
    demo.arm(Fault::PatOfAllOrganizations, Where::Rest(Resource::NewPat), 1);
    let made = make(&demo, &wanted("vso.packaging_write")).await;
    assert_eq!(made["patToken"]["targetAccounts"], Value::Null);
    assert_eq!(get_as(&demo, &token(&made), FEEDS).await.status, 200, "it is there");
}
