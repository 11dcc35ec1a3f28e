//! What is sent, where to, how often, and what never is.

use super::super::canned::{self, Canned, HEADER, json, refusal, reply, token_refused};
use super::*;
use crate::domain::credential::Secret;

/// Asks the resource that every test here scripts.
async fn ask(azure: &Azure) -> Result<Reply, AzureError> {
    azure.get(&thing(azure), Stage::Released).await
}

fn thing(azure: &Azure) -> Url {
    address(&azure.collection().web(), &["_apis", "thing"], &[]).unwrap()
}

fn too_many(wait: &str) -> String {
    reply("429 Too Many Requests", &format!("Retry-After: {wait}\r\n"), "")
}

fn cloud(name: &str) -> Azure {
    let collection = Target::parse(name).unwrap().collection;
    let credential = Credential::Pat(Secret::new(canned::TOKEN));
    Azure::new(canned::loopback_client(), collection, Some(credential))
}

#[tokio::test]
async fn every_request_carries_what_makes_failures_readable() {
    let server = Canned::serve([("GET /contoso/_apis/thing ", json("{}"))]).await;
    ask(&server.azure()).await.unwrap();
    let heard = server.heard();
    for header in [
        HEADER,
        "accept: application/json;api-version=7.1\r\n",
        "x-tfs-fedauthredirect: Suppress",
        "x-vss-forcemsapassthrough: true",
        concat!("user-agent: az-cargo-wizard/", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(heard[0].contains(header), "{header} is missing in\n{}", heard[0]);
    }
}

#[tokio::test]
async fn no_redirect_is_followed_not_even_on_the_same_host() {
    let server = Canned::serve([("thing", reply("302 Found", "Location: /contoso/else\r\n", ""))]).await;
    let error = ask(&server.azure()).await.unwrap_err();
    assert!(matches!(error, AzureError::Unexpected { .. }), "{error:?}");
    assert_eq!(server.heard().len(), 1);
}

#[tokio::test]
async fn an_older_server_is_asked_in_its_own_version_from_then_on() {
    let too_new = || refusal("400 Bad Request", r#"{"typeKey":"VssVersionOutOfRangeException"}"#);
    let server =
        Canned::serve([("thing", too_new()), ("thing", too_new()), ("", json("{}")), ("", json("{}"))]).await;
    let azure = server.azure();
    ask(&azure).await.unwrap();
    azure.get(&thing(&azure), Stage::Preview).await.unwrap();
    let versions: Vec<_> = server
        .heard()
        .iter()
        .map(|head| head.split("api-version=").last().unwrap().lines().next().unwrap().to_owned())
        .collect();
    assert_eq!(versions, ["7.1", "7.0", "6.0", "6.0-preview.1"]);
}

#[tokio::test]
async fn a_server_that_takes_no_version_is_not_asked_for_ever() {
    let too_new = || refusal("400 Bad Request", r#"{"message":"api-version"}"#);
    let server = Canned::serve([("", too_new()), ("", too_new()), ("", too_new())]).await;
    assert!(matches!(ask(&server.azure()).await, Err(AzureError::Version(_))));
    assert_eq!(server.heard().len(), 3);
}

#[tokio::test]
async fn trouble_that_passes_is_tried_three_times_and_no_more() {
    let trouble = || reply("500 Internal Server Error", "", "");
    let server = Canned::serve([("", trouble()), ("", trouble()), ("", json("{}"))]).await;
    ask(&server.azure()).await.unwrap();
    let server = Canned::serve([("", trouble()), ("", trouble()), ("", trouble()), ("", json("{}"))]).await;
    assert!(matches!(ask(&server.azure()).await, Err(AzureError::ServerError(_))));
    assert_eq!(server.heard().len(), 3);
}

#[tokio::test]
async fn what_asking_again_cannot_change_is_asked_once() {
    let asleep = reply("503 Unavailable", "X-TFS-ServiceError: TF24668%3A%20x\r\n", "");
    for (stands, code) in [(asleep, "organization-deactivated"), (token_refused(), "token-refused")] {
        let server = Canned::serve([("", stands), ("", json("{}"))]).await;
        let error = ask(&server.azure()).await.unwrap_err();
        assert_eq!(crate::error::Report::from(error).code, code);
        assert_eq!(server.heard().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn broken_answers_are_asked_for_again() {
    let cut = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{".to_owned();
    let server = Canned::serve([("", cut.clone()), ("", String::new()), ("", json("{}"))]).await;
    ask(&server.azure()).await.unwrap();
    let server = Canned::serve([("", cut.clone()), ("", cut.clone()), ("", cut)]).await;
    let error = ask(&server.azure()).await.unwrap_err();
    assert!(matches!(&error, AzureError::Network(net) if net.fault() == Some(Fault::Broken)), "{error:?}");
}

#[tokio::test]
async fn the_wait_that_the_service_names_is_kept() {
    let server = Canned::serve([("", too_many("0")), ("", too_many("0.01")), ("", json("{}"))]).await;
    ask(&server.azure()).await.unwrap();
    assert_eq!(server.heard().len(), 3);
}

#[tokio::test]
async fn a_wait_beyond_a_minute_is_said_instead() {
    let server = Canned::serve([("", too_many("3600")), ("", json("{}"))]).await;
    let azure = server.azure();
    let asked = tokio::time::timeout(Duration::from_secs(10), ask(&azure)).await;
    let error = asked.expect("nobody is kept waiting for an hour").unwrap_err();
    assert!(matches!(&error, AzureError::RateLimited { wait, .. } if wait.as_secs() == 3600), "{error:?}");
    assert_eq!(server.heard().len(), 1);
}

#[tokio::test]
async fn after_a_success_that_asks_to_slow_down_the_next_request_waits() {
    let slow = reply("200 OK", "Content-Type: application/json\r\nRetry-After: 0.02\r\n", "{}");
    let server = Canned::serve([("", slow), ("", json("{}"))]).await;
    let azure = server.azure();
    ask(&azure).await.unwrap();
    assert_eq!(azure.terms.quiet(), Some(Duration::from_millis(20)));
    ask(&azure).await.unwrap();
    assert_eq!(azure.terms.quiet(), None);
}

#[tokio::test]
async fn a_wait_that_was_too_long_holds_for_the_next_client_too() {
    let server = Canned::serve([("", too_many("3600"))]).await;
    let terms = Arc::<Terms>::default();
    let refused = ask(&server.azure().on(terms.clone())).await;
    assert!(matches!(refused, Err(AzureError::RateLimited { .. })));
    let again = ask(&server.azure().on(terms.clone())).await;
    assert!(
        matches!(&again, Err(AzureError::RateLimited { wait, .. }) if wait.as_secs() == 3600),
        "{again:?}"
    );
    assert_eq!(server.heard().len(), 1, "nothing was sent before the time");

    let terms = Arc::<Terms>::default();
    terms.keep_quiet(Duration::from_millis(15));
    let (told, mut heard) = mpsc::unbounded_channel();
    let server = Canned::serve([("", json("{}"))]).await;
    ask(&server.azure().on(terms).telling(Some(told))).await.unwrap();
    assert_eq!(heard.recv().await, Some(Waiting::Asked(Duration::from_millis(15))));
}

#[tokio::test]
async fn whoever_listens_hears_why_an_answer_is_late() {
    let trouble = reply("500 Internal Server Error", "", "");
    let server = Canned::serve([("", too_many("0.01")), ("", trouble), ("", json("{}"))]).await;
    let (told, mut heard) = mpsc::unbounded_channel();
    let azure = server.azure().telling(Some(told));
    ask(&azure).await.unwrap();
    drop(azure);
    let mut lines = Vec::new();
    while let Some(waiting) = heard.recv().await {
        lines.push(waiting);
    }
    assert_eq!(
        lines,
        [
            Waiting::Asked(Duration::from_millis(10)),
            Waiting::Again { attempt: 2, of: 3 },
            Waiting::Again { attempt: 3, of: 3 },
            Waiting::Over,
        ]
    );
}

#[tokio::test]
async fn over_plain_http_a_token_goes_only_where_somebody_agreed() {
    let server = Canned::serve([("", json("{}"))]).await;
    let base = Base::parse(&server.base()).unwrap();
    let credential = Credential::Pat(Secret::new(canned::TOKEN));
    let azure = Azure::new(canned::loopback_client(), Collection::Server { base }, Some(credential));
    let error = ask(&azure).await.unwrap_err();
    assert!(matches!(error, AzureError::InTheClear { .. }), "{error:?}");
    assert_eq!(server.heard(), Vec::<String>::new());
    ask(&azure.in_the_clear()).await.unwrap();
    assert!(server.heard()[0].contains(HEADER));
}

#[tokio::test]
async fn nothing_is_sent_outside_the_organization() {
    let server = Canned::serve([]).await;
    let azure = server.azure();
    let port = Url::parse(&server.base()).unwrap().port().unwrap();
    for forged in [
        format!("http://127.0.0.1:{port}/contoso-evil/x"),
        format!("http://127.0.0.1:{port}/other/x"),
        format!("http://127.0.0.1:{port}/contoso/../other/x"),
        format!("http://127.0.0.1:{port}/contoso/%2e%2e/other/x"),
        format!("http://localhost:{port}/contoso/x"),
        format!("http://ana:pw@127.0.0.1:{port}/contoso/x"),
    ] {
        let url = Url::parse(&forged).unwrap();
        for signed_in in [SignedIn::Yes, SignedIn::No] {
            let error = azure.get_as_cargo(&url, signed_in).await.unwrap_err();
            assert!(
                matches!(&error, AzureError::OutsideOrganization { url } if !url.contains("pw")),
                "{forged}"
            );
        }
        assert!(azure.get(&url, Stage::Released).await.is_err());
    }
    assert_eq!(server.heard(), Vec::<String>::new());
}

#[test]
fn a_cloud_organization_is_the_same_under_both_its_hosts_and_under_no_other() {
    let azure = cloud("fabrikam");
    let owns = |text: &str| azure.owns(&Url::parse(text).unwrap());
    for own in [
        "https://dev.azure.com/fabrikam/_apis/x",
        "https://feeds.dev.azure.com/fabrikam/_apis/x",
        "https://pkgs.dev.azure.com/Fabrikam/_packaging/rust/Cargo/index/config.json",
        "https://fabrikam.pkgs.visualstudio.com/_packaging/rust/Cargo/index/config.json",
    ] {
        assert!(owns(own), "{own}");
    }
    for forged in [
        "https://pkgs.dev.azure.com/fabrikam-evil/x",
        "https://pkgs.dev.azure.com/contoso/fabrikam/x",
        "https://pkgs.dev.azure.com.evil/fabrikam/x",
        "https://pkgs.dev.azure.com@evil/fabrikam/x",
        "https://ana@pkgs.dev.azure.com/fabrikam/x",
        "https://pkgs.dev.azure.com:8443/fabrikam/x",
        "http://pkgs.dev.azure.com/fabrikam/x",
        "https://evil.pkgs.visualstudio.com/fabrikam/x",
        "https://fabrikam.visualstudio.com.evil/x",
        "https://vssps.dev.azure.com/fabrikam/x",
        "https://ssh.dev.azure.com/fabrikam/x",
    ] {
        assert!(!owns(forged), "{forged}");
    }
}

#[test]
fn no_segment_leads_out_of_its_base() {
    let base = Base::parse("https://host/coll").unwrap();
    let encoded = address(&base, &["a/../..", "x y"], &[("$top", "1")]).unwrap();
    assert_eq!(encoded.as_str(), "https://host/coll/a%2F..%2F../x%20y?%24top=1");
    assert!(matches!(address(&base, &["..", "x"], &[]), Err(AzureError::OutsideOrganization { .. })));
}

#[test]
fn nothing_printed_of_a_client_holds_the_credential() {
    let text = format!("{:?}", cloud("fabrikam"));
    assert!(text.contains("fabrikam"));
    assert!(!text.contains(canned::TOKEN) && !text.contains("Omh1"));
}
