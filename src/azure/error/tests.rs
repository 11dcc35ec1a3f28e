use super::*;

fn said(words: &str) -> Box<Said> {
    Box::new(Said {
        host: "dev.azure.com".into(),
        status: Some(401),
        words: Some(words.to_owned()).filter(|words| !words.is_empty()),
        activity_id: Some("1234".into()),
        ..Said::default()
    })
}

#[test]
fn a_refused_token_names_all_three_causes_and_the_scopes() {
    let report = Report::from(AzureError::TokenRefused(said("")));
    assert_eq!(
        report.to_string(),
        "error: `dev.azure.com` refused the token\n  \
         caused by: the token lacks a scope, has expired, or was revoked: Azure DevOps answers all three \
         alike\n  status: 401 from `dev.azure.com`\n  activity id: 1234\n\n\
         hint: make a new token with the scope Packaging (Read & write) (and Project and Team (Read) to \
         list projects)"
    );
    assert_eq!(report.exit, Exit::SignIn);
}

#[test]
fn a_role_that_is_too_low_names_the_one_to_ask_for() {
    let hint = |words: &str| Report::from(AzureError::NeedsPermission(said(words))).hint.unwrap();
    assert!(hint("User x lacks permission, needs 'ReadPackages'.").contains("Feed Reader"));
    assert!(hint("braucht AddUpstreamPackage").contains("Feed and Upstream Reader"));
    assert!(hint("needs AddPackage").contains("Feed Publisher"));
    assert!(hint("needs AdministerPermissions").contains("Feed Owner"));
    assert!(hint("").contains("a higher role"));
}

#[test]
fn the_services_own_words_are_a_cause() {
    let report = Report::from(AzureError::Asleep(said("TF24668: deactivated")));
    assert_eq!(report.causes, ["TF24668: deactivated"]);
    assert!(report.hint.unwrap().contains("in a browser"));
}

#[test]
fn only_an_answer_that_says_no_is_a_refusal() {
    assert!(AzureError::Forbidden(said("")).is_refusal());
    assert!(AzureError::TokenRefused(said("")).is_refusal());
    assert!(!AzureError::ServerError(said("")).is_refusal());
    assert!(!AzureError::NotAzure(said("")).is_refusal());
    assert!(!AzureError::OutsideOrganization { url: "x".into() }.is_refusal());
}

#[test]
fn a_network_failure_keeps_its_own_report() {
    let place = crate::net::Place { host: "host".into(), via: Some("proxy:1".into()) };
    let fault = crate::net::Fault::Dns;
    let error = AzureError::from(NetError::Unreachable { place, fault, cause: "x".into() });
    let report = Report::from(error);
    assert_eq!((report.code, report.exit), ("host-unknown", Exit::Network));
    assert!(report.headline.contains("`host` through the proxy `proxy:1`"));
}
