//! Entra's side of the demo, read from the wire.

use serde_json::Value;

use super::*;
use crate::demo::Fate;

const CLIENT: &str = "client_id=d5a56ea4-7369-46b8-a538-c370805301bf";
const SCOPE: &str = "scope=499b84ac-1321-427f-aa17-267ca6975798/.default%20offline_access";
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

async fn post(demo: &Demo, endpoint: &str, body: &str) -> (u16, Value) {
    let answer = post_to(demo, "organizations", endpoint, body).await;
    (answer.status, answer.json())
}

async fn post_to(demo: &Demo, tenant: &str, endpoint: &str, body: &str) -> Answer {
    let url = format!("{}/{tenant}/oauth2/v2.0/{endpoint}", demo.origin());
    exchange(("POST", &url), &[FORM], body).await
}

/// Who somebody with that token is.
async fn who(demo: &Demo, bearer: &str) -> Answer {
    let url = format!("{}/contoso/_apis/connectionData?api-version=7.1-preview.1", demo.origin());
    send(&url, &[SUPPRESS, ("Authorization", bearer)]).await
}

async fn begin(demo: &Demo) -> String {
    let (status, code) = post(demo, "devicecode", &format!("{CLIENT}&{SCOPE}")).await;
    assert_eq!((status, code["expires_in"].as_u64(), code["interval"].as_u64()), (200, Some(900), Some(0)));
    code["device_code"].as_str().unwrap().to_owned()
}

async fn redeem(demo: &Demo, code: &str) -> (u16, Value) {
    let grant = "grant_type=urn:ietf:params:oauth:grant-type:device_code";
    post(demo, "token", &format!("{grant}&{CLIENT}&device_code={code}")).await
}

#[tokio::test]
async fn a_code_is_pending_until_it_is_approved_by_itself_and_good_once() {
    let demo = demo().await;
    let code = begin(&demo).await;
    for _ in 0..3 {
        let (status, pending) = redeem(&demo, &code).await;
        assert_eq!((status, pending["error"].as_str()), (400, Some("authorization_pending")));
    }
    let (status, token) = redeem(&demo, &code).await;
    assert_eq!((status, token["token_type"].as_str()), (200, Some("Bearer")));
    assert_eq!(redeem(&demo, &code).await.1["error"], "bad_verification_code");
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    assert_eq!(who(&demo, &bearer).await.json()["authenticatedUser"]["providerDisplayName"], "Ana Costa");
    demo.end_entra_tokens();
    assert_eq!(who(&demo, &bearer).await.status, 203, "as after an hour");
}

#[tokio::test]
async fn a_held_code_waits_for_the_page_and_may_be_declined() {
    let demo = demo().await;
    demo.hold_codes();
    let code = begin(&demo).await;
    for _ in 0..9 {
        assert_eq!(redeem(&demo, &code).await.1["error"], "authorization_pending");
    }
    assert_eq!(demo.waiting_codes().len(), 1);
    assert_eq!(get_anonymously(&demo, "/devicelogin").await.status, 200);
    assert_eq!(redeem(&demo, &code).await.0, 200);
    let code = begin(&demo).await;
    demo.settle_codes(Fate::Declined);
    assert_eq!(redeem(&demo, &code).await.1["error"], "authorization_declined");
}

#[tokio::test]
async fn a_refresh_token_is_good_once() {
    let demo = demo().await;
    let code = begin(&demo).await;
    get_anonymously(&demo, "/devicelogin").await;
    let (_, first) = redeem(&demo, &code).await;
    let with = |token: &Value| {
        format!(
            "grant_type=refresh_token&{CLIENT}&{SCOPE}&refresh_token={}",
            token["refresh_token"].as_str().unwrap()
        )
    };
    let (status, second) = post(&demo, "token", &with(&first)).await;
    assert_eq!(status, 200);
    assert_ne!(first["access_token"], second["access_token"]);
    assert_eq!(post(&demo, "token", &with(&first)).await.1["error"], "invalid_grant");
    assert_eq!(post(&demo, "token", &with(&second)).await.0, 200);
}

#[tokio::test]
async fn what_entra_would_refuse_is_refused() {
    let demo = demo().await;
    for (endpoint, body, error) in [
        ("devicecode", SCOPE.to_owned(), "unauthorized_client"),
        ("devicecode", format!("{CLIENT}&scope=offline_access"), "invalid_scope"),
        ("token", format!("{CLIENT}&grant_type=password"), "unsupported_grant_type"),
    ] {
        let (status, refused) = post(&demo, endpoint, &body).await;
        assert_eq!((status, refused["error"].as_str()), (400, Some(error)), "{body}");
    }
    let answer = post_to(&demo, "evil.example", "devicecode", &format!("{CLIENT}&{SCOPE}")).await;
    assert!(answer.json()["error_description"].as_str().unwrap().starts_with("AADSTS90002"));
}

#[tokio::test]
async fn nobody_in_particular_is_told_the_tenant_and_nothing_else() {
    let demo = demo().await;
    let answer = get_anonymously(&demo, "/contoso/").await;
    assert_eq!(answer.status, 401);
    let tenant = answer.header("x-vss-resourcetenant").unwrap().to_owned();
    let bearer = format!("Bearer authorization_uri=https://login.microsoftonline.com/{tenant}");
    assert!(answer.all("www-authenticate").any(|value| value == bearer));
    assert_eq!(post_to(&demo, &tenant, "devicecode", &format!("{CLIENT}&{SCOPE}")).await.status, 200);
}
