use super::{SUPPRESS, basic, demo, get, get_anonymously, get_as, send};
use crate::domain::account::ANONYMOUS_ID;

const FEEDS: &str = "/contoso/_apis/packaging/feeds?api-version=7.1";
const WHO_AM_I: &str = "_apis/connectionData?api-version=7.1-preview.1";

#[tokio::test]
async fn class_1_a_missing_malformed_or_unknown_credential_gets_the_sign_in_page() {
    let demo = demo().await;
    let url = format!("{}{FEEDS}", demo.origin());
    let good = basic(demo.token());
    let bearer = good.replace("Basic", "Bearer");
    for bad in
        [None, Some("Basic Ondyb25n"), Some("nonsense"), Some(bearer.as_str()), Some(&format!("{good}="))]
    {
        let mut headers = vec![SUPPRESS];
        headers.extend(bad.map(|value| ("Authorization", value)));
        let answer = send(&url, &headers).await;
        assert_eq!(answer.status, 203, "{bad:?}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(answer.text().contains("<title>Azure DevOps Services | Sign In</title>"));
        assert!(answer.header("x-vss-userdata").is_none() && answer.header("activityid").is_some());
    }
}

#[tokio::test]
async fn class_2_without_the_suppress_header_it_is_a_redirect_to_it() {
    let demo = demo().await;
    let answer = send(&format!("{}{FEEDS}", demo.origin()), &[]).await;
    assert_eq!(answer.status, 302);
    let location = answer.header("location").unwrap();
    assert!(location.starts_with(&format!("{}/_signin?realm=", demo.origin())), "{location}");
    assert!(location.contains("&reply_to="));
    assert_eq!(send(location, &[]).await.status, 200);
}

#[tokio::test]
async fn the_page_for_tokens_says_where_the_token_is_and_not_what_it_is() {
    let demo = demo().await;
    let page = get_anonymously(&demo, "/contoso/_usersSettings/tokens").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.text().contains("sign-in screen") && !page.text().contains(demo.token().expose()));
}

#[tokio::test]
async fn class_3_a_token_without_the_scope_and_a_dead_one_get_the_same_empty_401() {
    let demo = demo().await;
    for token in [&demo.tokens().scopeless, &demo.tokens().expired] {
        for path in [FEEDS, "/contoso/Storefront/_packaging/rust-crates/Cargo/index/config.json"] {
            let answer = get_as(&demo, token, path).await;
            assert_eq!((answer.status, answer.body.len()), (401, 0), "{path}");
            assert_eq!(answer.header("content-length"), Some("0"));
            assert!(answer.header("www-authenticate").unwrap().starts_with("Basic realm="));
            assert!(answer.header("content-type").is_none() && answer.header("x-vss-userdata").is_none());
            assert!(answer.header("activityid").is_some());
        }
    }
    let who = format!("/contoso/{WHO_AM_I}");
    assert_eq!(get_as(&demo, &demo.tokens().scopeless, &who).await.status, 200);
    assert_eq!(get_as(&demo, &demo.tokens().expired, &who).await.status, 401);
    let narrow = &demo.tokens().packaging_only;
    assert_eq!(get_as(&demo, narrow, FEEDS).await.status, 200);
    assert_eq!(get_as(&demo, narrow, &who).await.status, 401);
    assert_eq!(get_as(&demo, narrow, "/contoso/_apis/projects").await.status, 401);
}

#[tokio::test]
async fn class_4_an_entra_identity_that_nobody_knows() {
    let demo = demo().await;
    let bearer = format!("Bearer {}", demo.tokens().stranger.expose());
    let answer = send(&format!("{}{FEEDS}", demo.origin()), &[SUPPRESS, ("Authorization", &bearer)]).await;
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Bearer")));
    assert!(answer.header("x-tfs-serviceerror").unwrap().starts_with("TF400813%3A"));
    assert!(answer.text().starts_with('\u{feff}'));
    assert_eq!(answer.json()["typeKey"], "InvalidIdentityException");
}

#[tokio::test]
async fn class_5_a_stranger_at_something_private_where_other_things_are_public() {
    let demo = demo().await;
    for path in ["/fabrikam/_apis/packaging/feeds/fabrikam-shared", "/fabrikam/Billing/_apis/packaging/feeds"]
    {
        let answer = get_anonymously(&demo, path).await;
        assert_eq!(answer.status, 401, "{path}");
        let json = answer.json();
        assert_eq!(json["typeKey"], "UnauthorizedRequestException");
        let message = json["message"].as_str().unwrap();
        assert!(message.contains("TF400813") && message.contains(ANONYMOUS_ID), "{message}");
    }
}

#[tokio::test]
async fn connection_data_says_who_calls_and_a_public_organization_answers_nobody_too() {
    let demo = demo().await;
    let known = get(&demo, &format!("/contoso/{WHO_AM_I}")).await;
    let json = known.json();
    assert_eq!(json["authenticatedUser"]["providerDisplayName"], "Ana Costa");
    assert_eq!(json["authenticatedUser"]["properties"]["Account"]["$value"], "ana@contoso.example");
    assert_eq!(json["authenticatedUser"]["id"], json["authorizedUser"]["id"]);
    let user = format!("{}:ana@contoso.example", json["authenticatedUser"]["id"].as_str().unwrap());
    assert_eq!(known.header("x-vss-userdata"), Some(user.as_str()));
    assert_eq!(known.header("x-vss-e2eid"), known.header("activityid"));
    assert!(known.header("x-tfs-processid").is_some());

    let nobody = get_anonymously(&demo, &format!("/fabrikam/{WHO_AM_I}")).await;
    assert_eq!(nobody.json()["authenticatedUser"]["id"], ANONYMOUS_ID);
    assert!(nobody.header("x-vss-userdata").is_none());
    assert_eq!(get_anonymously(&demo, &format!("/contoso/{WHO_AM_I}")).await.status, 203);
}

#[tokio::test]
async fn the_profile_leads_to_both_organizations() {
    let demo = demo().await;
    let me = get(&demo, "/_apis/profile/profiles/me?api-version=7.1").await.json();
    assert_eq!(me["emailAddress"], "ana@contoso.example");
    let accounts = format!("/_apis/accounts?memberId={}&api-version=7.1", me["id"].as_str().unwrap());
    let json = get(&demo, &accounts).await.json();
    let names: Vec<&str> =
        json["value"].as_array().unwrap().iter().map(|a| a["accountName"].as_str().unwrap()).collect();
    assert_eq!(names, ["contoso", "fabrikam"]);
    let instance = get(&demo, &format!("/contoso/{WHO_AM_I}")).await.json();
    assert_eq!(json["value"][0]["accountId"], instance["instanceId"]);
    let bare = get(&demo, "/_apis/accounts").await;
    assert_eq!(bare.status, 400);
    assert!(bare.text().contains("Necessary parameters ownerId or memberId were not provided"));
    assert_eq!(get_as(&demo, &demo.tokens().read_only, &accounts).await.status, 401);
}

#[tokio::test]
async fn areas_lead_back_to_the_organization_without_a_credential() {
    let demo = demo().await;
    let area = "7ab4e64e-c4d8-4f50-ae73-5ef2e21642a5";
    let base = format!("{}/contoso/", demo.origin());
    for path in [
        format!("/contoso/_apis/resourceAreas/{area}?api-version=5.0-preview.1"),
        format!("/_apis/resourceAreas/{area}?accountName=Contoso&api-version=5.0-preview.1"),
    ] {
        let json = get_anonymously(&demo, &path).await.json();
        assert_eq!((&json["id"], &json["name"]), (&area.into(), &"Packaging".into()));
        assert_eq!(json["locationUrl"], base.as_str());
    }
    let all = get(&demo, "/contoso/_apis/resourceAreas?api-version=7.1-preview.1").await;
    assert!(all.names().contains(&"Cargo".to_owned()));
}

#[tokio::test]
async fn versions_that_are_not_spoken_are_refused_with_the_highest_that_is() {
    let demo = demo().await;
    for path in ["/contoso/_apis/projects?api-version=8.0", "/contoso/_apis/connectionData?api-version=7.1"] {
        let answer = get(&demo, path).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.text().contains("7.2"), "{path}");
    }
    let url = format!("{}/contoso/_apis/projects", demo.origin());
    let authorization = ("Authorization", basic(demo.token()));
    for (accept, status) in
        [("application/json;api-version=9.0", 400), ("application/json; api-version=7.0", 200)]
    {
        let answer = send(&url, &[(authorization.0, &authorization.1), ("Accept", accept)]).await;
        assert_eq!(answer.status, status);
    }
}

#[tokio::test]
async fn class_10_a_route_or_organization_that_is_not_there() {
    let demo = demo().await;
    for path in ["/contoso/_apis/nothing", "/nobody/_apis/projects", "/", "/contoso/a/b/c"] {
        let answer = get(&demo, path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        assert!(answer.text().starts_with("The controller for path"));
        assert!(answer.header("x-tfs-serviceerror").is_some());
    }
}
