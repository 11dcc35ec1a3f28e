use super::super::canned::{Canned, json, refusal, reply, token_refused};
use super::*;
use crate::domain::credential::{AccessToken, Credential, TokenOrigin};
use crate::error::{Exit, Report};

const ID: &str = "4ab5764f-4193-4f1d-b995-64144880b7d7";
const POST: &str = "POST /contoso/_apis/tokens/pats";
const DELETE: &str = "DELETE /contoso/_apis/tokens/pats";

fn new() -> NewPat {
    NewPat { name: "az-cargo-wizard on LAPTOP-7".into(), ends: 1_790_812_800 }
}

fn bearer() -> Credential {
    let origin = TokenOrigin::AzureCli { tenant: None };
    Credential::Bearer(Box::new(AccessToken { token: Secret::new("eyJ"), expires: None, origin }))
}

/// The answer of azure-contract 2.6 with other parts.
fn made(accounts: &str, scope: &str, token: &str) -> String {
    json(&format!(
        r#"{{"patToken":{{"displayName":"az-cargo-wizard on LAPTOP-7","validTo":"2026-09-08T00:00:00.1234567Z",
        "scope":"{scope}","targetAccounts":{accounts},"validFrom":"2026-09-01T08:00:00.1Z",
        "authorizationId":"{ID}","token":{token}}},"patTokenError":"none"}}"#
    ))
}

const ONE: &str = r#"["38aaa865-2c70-4bf7-a308-0c6539c38c1a"]"#;

async fn refused<const N: usize>(replies: [(&str, String); N]) -> (Report, Canned) {
    let server = Canned::serve(replies).await;
    let error = server.azure_with(Some(bearer())).make_pat(&new()).await.unwrap_err();
    assert!(!format!("{error:?}").contains("hunter3"), "{error:?}");
    (Report::from(error), server)
}

#[tokio::test]
async fn a_token_is_made_for_one_organization_with_the_narrowest_scope() {
    let server = Canned::serve([(POST, made(ONE, "vso.packaging_write", "\"hunter3\""))]).await;
    let azure = server.azure_with(Some(bearer()));
    let pat = azure.make_pat(&new()).await.unwrap();
    assert_eq!((pat.token.expose(), pat.id.as_str()), ("hunter3", ID));
    assert_eq!(date::to_rfc3339(pat.ends), "2026-09-08T00:00:00Z", "what the service says counts");
    let sent = &server.bodies("POST")[0];
    assert_eq!(*sent, azure.pat_preview(&new()).unwrap().body, "what is shown is what is sent");
    let sent: serde_json::Value = serde_json::from_str(sent).unwrap();
    assert_eq!(
        sent,
        serde_json::json!({ "displayName": "az-cargo-wizard on LAPTOP-7", "scope": "vso.packaging_write",
            "validTo": "2026-10-01T00:00:00Z", "allOrgs": false })
    );
    assert!(server.heard()[0].contains("authorization: Bearer eyJ"));
    assert!(server.heard()[0].contains("api-version=7.1-preview.1"));
}

#[tokio::test]
async fn a_token_that_is_good_for_more_is_revoked() {
    for (accounts, scope) in [
        ("null", "vso.packaging_write"),
        ("[]", "vso.packaging_write"),
        (
            r#"["38aaa865-2c70-4bf7-a308-0c6539c38c1a","48aaa865-2c70-4bf7-a308-0c6539c38c1a"]"#,
            "vso.packaging_write",
        ),
        (ONE, "app_token"),
    ] {
        let token = made(accounts, scope, "\"hunter3\"");
        let (report, server) =
            refused([(POST, token.clone()), (DELETE, reply("204 No Content", "", ""))]).await;
        assert_eq!(report.code, "pat-useless");
        assert!(report.details.contains(&"it was revoked again".to_owned()), "{report}");
        assert_eq!(server.paths()[1], format!("/contoso/_apis/tokens/pats?authorizationId={ID}"));
        let (report, _) = refused([(POST, token), (DELETE, token_refused())]).await;
        assert!(report.details.contains(&"it could not be revoked".to_owned()), "{report}");
        assert!(report.hint.unwrap().contains("page of your personal access tokens"));
    }
}

#[tokio::test]
async fn an_answer_without_a_token_that_can_be_sent_is_none() {
    for token in ["null", "\"\"", r#""tok\u0007en""#] {
        let answer = made(ONE, "vso.packaging_write", token);
        let (report, _) = refused([(POST, answer), (DELETE, reply("204 No Content", "", ""))]).await;
        assert_eq!(report.code, "pat-useless", "{token}");
    }
}

#[tokio::test]
async fn a_no_with_status_200_is_a_no() {
    for pat in ["null", r#"{"authorizationId":"00000000-0000-0000-0000-000000000000","token":null}"#] {
        let answer = json(&format!(r#"{{"patToken":{pat},"patTokenError":"patLifespanPolicyViolation"}}"#));
        let (report, server) = refused([(POST, answer)]).await;
        assert_eq!((report.code, report.exit), ("pat-lifespan-policy-violation", Exit::NotAllowed));
        assert!(report.hint.unwrap().contains("--pat-days 7"));
        assert_eq!(server.heard().len(), 1, "not asked for again by itself");
    }
}

#[tokio::test]
async fn what_is_open_is_said_and_nothing_is_sent_twice() {
    let garbled = json(r#"{"patToken":"hunter3","patTokenError":"none"}"#);
    let odd = json(&format!(
        r#"{{"patToken":{{"authorizationId":"../x","token":"hunter3","targetAccounts":{ONE}}}}}"#
    ));
    for answer in [garbled, odd, json("{}"), reply("500 Trouble", "", ""), String::new()] {
        let (report, server) = refused([(POST, answer.clone())]).await;
        assert_eq!((report.code, report.exit), ("pat-unknown", Exit::Network), "{answer}");
        assert!(!report.to_string().contains("hunter3"), "{report}");
        assert_eq!(server.heard().len(), 1);
    }
}

#[tokio::test]
async fn other_refusals_are_those_of_every_request() {
    let signin = "Location: https://spsprodcin2.vssps.visualstudio.com/_signin?realm=x\r\n";
    let access =
        r#"{"message":"The requested operation is not allowed.","typeKey":"InvalidAccessException"}"#;
    for (answer, code) in [
        (reply("302 Found", signin, ""), "not-signed-in"),
        (refusal("403 Forbidden", access), "sign-in-not-allowed"),
        (refusal("401 Unauthorized", access), "sign-in-not-allowed"),
        (refusal("400 Bad Request", access), "sign-in-not-allowed"),
        (token_refused(), "token-refused"),
    ] {
        let (report, server) = refused([(POST, answer)]).await;
        assert_eq!(report.code, code);
        assert!(report.details.contains(&"no personal access token was made".to_owned()), "{report}");
        assert_eq!(server.heard().len(), 1);
    }
}

#[tokio::test]
async fn revoking_is_repeated_until_it_is_certain() {
    let gone = || reply("204 No Content", "", "");
    let server =
        Canned::serve([(DELETE, reply("503 Busy", "", "")), (DELETE, gone()), (DELETE, json(""))]).await;
    server.azure_with(Some(bearer())).revoke_pat(ID).await.unwrap();
    server.azure_with(Some(bearer())).revoke_pat(ID).await.unwrap();
    assert_eq!(server.heard().len(), 3);
    assert!(server.heard().iter().all(|request| request.ends_with("\r\n\r\n")), "without a body");
}
