//! Raw samples of every class.

use reqwest::header::{HeaderName, HeaderValue};

use super::super::error::AzureError;
use super::*;
use crate::error::Report;

const ID: &str = "ActivityId: 12345678-0000-0000-0000-000000000000\n";
const JSON: &str = "Content-Type: application/json; charset=utf-8\n";
const BOM: &str = "\u{feff}";

/// A reply from its raw text: status line, headers, an empty line, body.
fn raw(text: &str) -> Reply {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        (
            HeaderName::from_bytes(name.to_lowercase().as_bytes()).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        )
    });
    Reply { status, headers: headers.collect(), body: body.as_bytes().to_vec() }
}

fn error(key: &str, message: &str) -> String {
    format!(
        r#"{{"$id":"1","innerException":null,"message":"{message}","typeName":"Microsoft.X.{key}, Microsoft.X","typeKey":"{key}","errorCode":0,"eventId":3000}}"#
    )
}

/// Every class of azure-contract 3.2, as its samples show them, by the number there.
fn samples() -> Vec<(&'static str, Class, String)> {
    let anonymous = format!("TF400813: The user '{ANONYMOUS_ID}' is not authorized.");
    let page = "<html><title>Azure DevOps Services | Sign In</title></html>";
    vec![
        (
            "1",
            Class::SignInPage,
            format!("HTTP/1.1 203 Non-Authoritative\n{ID}Content-Type: text/html; charset=utf-8\n\n{page}"),
        ),
        ("1, with JSON", Class::SignInPage, format!("HTTP/1.1 203 Non-Authoritative\n{ID}{JSON}\n{{}}")),
        ("1, with 200", Class::SignInPage, format!("HTTP/1.1 200 OK\n{ID}Content-Type: text/html\n\n{page}")),
        (
            "2",
            Class::SignInPage,
            format!(
                "HTTP/1.1 302 Found\n{ID}Location: https://x.visualstudio.com/_SignIn?realm=dev.azure.com&reply_to=x\n"
            ),
        ),
        (
            "302 elsewhere",
            Class::Redirect,
            format!("HTTP/1.1 302 Found\n{ID}Location: https://evil.example/\n"),
        ),
        (
            "3",
            Class::TokenRefused,
            format!(
                "HTTP/1.1 401 Unauthorized\n{ID}WWW-Authenticate: Basic realm=\"https://tfsprodweu.visualstudio.com/\"\nContent-Length: 0\n"
            ),
        ),
        (
            "3b",
            Class::TokenExpired,
            format!(
                "HTTP/1.1 401 Unauthorized\n{ID}{JSON}\n{}",
                error("AccessCheckException", "Access Denied: The Personal Access Token used has expired.")
            ),
        ),
        (
            "4",
            Class::UnknownIdentity,
            format!(
                "HTTP/1.1 401 Unauthorized\n{ID}{JSON}WWW-Authenticate: Bearer\nX-TFS-ServiceError: TF400813%3A%20The%20user%20%27ana%27%20is%20not%20authorized\n\n{BOM}{}",
                error("InvalidIdentityException", "The identity is not known")
            ),
        ),
        (
            "4, header only",
            Class::UnknownIdentity,
            format!(
                "HTTP/1.1 401 Unauthorized\n{ID}WWW-Authenticate: Bearer\nX-TFS-ServiceError: TF400813%3A%20x\n"
            ),
        ),
        (
            "4, with more than one challenge",
            Class::UnknownIdentity,
            format!(
                "HTTP/1.1 401 Unauthorized\n{ID}WWW-Authenticate: TFS-Federated\nWWW-Authenticate: bearer\nX-TFS-ServiceError: TF400813%3A%20x\n"
            ),
        ),
        (
            "4, as the exception of 5 that names a user",
            Class::UnknownIdentity,
            format!(
                "HTTP/1.1 401 Unauthorized\n{ID}{JSON}WWW-Authenticate: Basic realm=\"x\"\n\n{}",
                error(
                    "UnauthorizedRequestException",
                    "TF400813: The user 'ana@contoso.example' is not authorized."
                )
            ),
        ),
        (
            "5",
            Class::Anonymous,
            format!(
                "HTTP/1.1 401 Unauthorized\n{ID}{JSON}\n{}",
                error("UnauthorizedRequestException", &anonymous)
            ),
        ),
        (
            "5, as 403",
            Class::Anonymous,
            format!(
                "HTTP/1.1 403 Forbidden\n{ID}{JSON}\n{}",
                error("UnauthorizedRequestException", &anonymous)
            ),
        ),
        (
            "5, by number",
            Class::Anonymous,
            format!("HTTP/1.1 401 Unauthorized\n{ID}{JSON}\n{{\"message\":\"{anonymous}\"}}"),
        ),
        (
            "6",
            Class::ConditionalAccess,
            format!(
                "HTTP/1.1 401 Unauthorized\n{ID}{JSON}\n{}",
                error(
                    "VssServiceException",
                    "VS403463: The conditional access policy defined by your administrator has failed."
                )
            ),
        ),
        (
            "6, as 403 in the header",
            Class::ConditionalAccess,
            format!("HTTP/1.1 403 Forbidden\n{ID}X-TFS-ServiceError: VS403463%3A%20x\n"),
        ),
        (
            "7",
            Class::NeedsPermission,
            format!(
                "HTTP/1.1 403 Forbidden\n{ID}{JSON}\n{}",
                error("FeedNeedsPermissionsException", "User x lacks permission, needs AddPackage.")
            ),
        ),
        (
            "7, as 500",
            Class::NeedsPermission,
            format!("HTTP/1.1 500 Internal\n{ID}{JSON}\n{}", error("FeedNeedsPermissionsException", "x")),
        ),
        (
            "403 of another kind",
            Class::Forbidden,
            format!("HTTP/1.1 403 Forbidden\n{ID}{JSON}\n{}", error("AccessCheckException", "x")),
        ),
        (
            "8",
            Class::FeedNotFound,
            format!(
                "HTTP/1.1 404 Not Found\n{ID}{JSON}\n{}",
                error("FeedIdNotFoundException", "The feed with ID 'x' doesn't exist.")
            ),
        ),
        (
            "9",
            Class::ProjectNotFound,
            format!(
                "HTTP/1.1 404 Not Found\n{ID}{JSON}\n{}",
                error("ProjectDoesNotExistWithNameException", "TF200016: x")
            ),
        ),
        (
            "9, by number",
            Class::ProjectNotFound,
            format!("HTTP/1.1 404 Not Found\n{ID}{JSON}\n{{\"message\":\"TF200016: Das Projekt fehlt\"}}"),
        ),
        (
            "10",
            Class::NoRoute,
            format!(
                "HTTP/1.1 404 Not Found\n{ID}Content-Type: text/plain; charset=utf-8\nX-TFS-ServiceError: No%20controller\n\nThe controller for path '/x' was not found"
            ),
        ),
        ("11", Class::NotFound, format!("HTTP/1.1 404 Not Found\n{ID}Content-Type: text/html\n\n<html>")),
        (
            "12, without activity id",
            Class::Asleep,
            format!(
                "HTTP/1.1 503 Unavailable\nX-TFS-ProcessId: 1\nX-TFS-ServiceError: TF24668%3A%20x\n{JSON}\n{BOM}{}",
                error("X", "TF24668: The organization has been deactivated due to inactivity.")
            ),
        ),
        (
            "13",
            Class::InvalidFeedName,
            format!(
                "HTTP/1.1 400 Bad Request\n{ID}{JSON}\n{}",
                error("InvalidFeedNameException", "The name x7.1 isn't allowed.")
            ),
        ),
        (
            "14",
            Class::Conflict,
            format!("HTTP/1.1 409 Conflict\n{ID}{JSON}\n{}", error("FeedNameAlreadyExistsException", "x")),
        ),
        ("14, by status", Class::Conflict, format!("HTTP/1.1 409 Conflict\n{ID}\n")),
        (
            "15",
            Class::RateLimited,
            format!("HTTP/1.1 429 Too Many\n{ID}Retry-After: 7\n{JSON}\n{{\"message\":\"TF400733: x\"}}"),
        ),
        (
            "16",
            Class::Success,
            format!("HTTP/1.1 200 OK\n{ID}Retry-After: 3\nX-RateLimit-Delay: 1.5\n{JSON}\n{{}}"),
        ),
        (
            "17",
            Class::Version,
            format!(
                "HTTP/1.1 400 Bad Request\n{ID}{JSON}\n{}",
                error("VssVersionOutOfRangeException", "out of range")
            ),
        ),
        (
            "17, wrapped, in German",
            Class::Version,
            format!(
                "HTTP/1.1 400 Bad Request\n{ID}{JSON}\n{{\"count\":1,\"value\":{{\"Message\":\"Die Version 7.1 ist zu neu, h\u{f6}chstens 6.0.\"}}}}"
            ),
        ),
        ("18", Class::NotAzure, format!("HTTP/1.1 200 OK\nContent-Type: text/html\n\n{page}")),
        ("18, with JSON", Class::NotAzure, format!("HTTP/1.1 200 OK\n{JSON}\n{{\"count\":0,\"value\":[]}}")),
        (
            "18, a proxy's 407",
            Class::NotAzure,
            "HTTP/1.1 407 Proxy Authentication Required\nProxy-Authenticate: Basic\n".into(),
        ),
        (
            "a success",
            Class::Success,
            format!("HTTP/1.1 201 Created\n{ID}Content-Type: Application/JSON;api-version=5.0\n\n{{}}"),
        ),
        (
            "a success of another type",
            Class::Unexpected,
            format!("HTTP/1.1 200 OK\n{ID}Content-Type: text/plain\n\nhello"),
        ),
        ("trouble", Class::ServerError, format!("HTTP/1.1 500 Internal\n{ID}\n")),
        (
            "a bad request",
            Class::Unexpected,
            format!("HTTP/1.1 400 Bad Request\n{ID}{JSON}\n{{\"message\":\"x\"}}"),
        ),
        (
            "18, the page of a guest network",
            Class::NotAzure,
            "HTTP/1.1 302 Found\nLocation: https://login.guest.example/\nServer: gate\n".into(),
        ),
        (
            "18, a gateway without the service behind it",
            Class::NotAzure,
            "HTTP/1.1 502 Bad Gateway\nVia: 1.1 proxy.corp.example\nContent-Type: text/html\n\n<html>".into(),
        ),
        (
            "18, Azure's sign-in page from somebody else",
            Class::NotAzure,
            format!("HTTP/1.1 203 Non-Authoritative\nX-TFS-Session: ours\nContent-Type: text/html\n\n{page}"),
        ),
    ]
}

#[test]
fn every_class_of_the_contract_is_told_by_its_shape() {
    for (name, class, sample) in samples() {
        assert_eq!(raw(&sample).class(), class, "{name}");
    }
}

/// Headline, causes, details, hint and code of each.
#[test]
fn every_class_says_what_happened_and_what_to_do() {
    let refused = samples().into_iter().filter(|(_, class, _)| *class != Class::Success);
    let told: Vec<String> = refused
        .map(|(name, _, sample)| {
            let reply = raw(&sample);
            let said = reply.said("dev.azure.com".into());
            let report = Report::from(AzureError::of(&reply, said, true));
            format!("class {name}: {}, exit {}\n{report}\n", report.code, report.exit.code())
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn no_class_is_without_a_sample() {
    const ALL: [Class; 22] = [
        Class::Success,
        Class::SignInPage,
        Class::Redirect,
        Class::TokenRefused,
        Class::TokenExpired,
        Class::UnknownIdentity,
        Class::Anonymous,
        Class::ConditionalAccess,
        Class::NeedsPermission,
        Class::Forbidden,
        Class::FeedNotFound,
        Class::ProjectNotFound,
        Class::NoRoute,
        Class::NotFound,
        Class::Asleep,
        Class::InvalidFeedName,
        Class::Conflict,
        Class::RateLimited,
        Class::Version,
        Class::NotAzure,
        Class::ServerError,
        Class::Unexpected,
    ];
    for class in ALL {
        assert!(samples().iter().any(|(_, is, _)| *is == class), "{class:?}");
    }
}

#[test]
fn the_services_words_are_found_in_every_envelope_and_cleaned() {
    let words = |body: &str| {
        let text = format!("HTTP/1.1 400 Bad\n{ID}X-TFS-ServiceError: in%20the%20header\n{body}");
        raw(&text).said("host".into()).words
    };
    assert_eq!(words(&format!("{JSON}\n{}", error("K", "plain"))).as_deref(), Some("plain"));
    assert_eq!(words(&format!("{JSON}\n{BOM}{}", error("K", "bom"))).as_deref(), Some("bom"));
    let wrapped = format!("{JSON}\n{{\"count\":1,\"value\":{{\"Message\":\"wrapped\"}}}}");
    assert_eq!(words(&wrapped).as_deref(), Some("wrapped"));
    assert_eq!(words("Content-Type: text/plain\n\ntext\u{1b}[31m").as_deref(), Some("text[31m"));
    assert_eq!(words("").as_deref(), Some("in the header"));
    assert_eq!(words("Content-Type: text/html\n\n<html>").as_deref(), Some("in the header"));
    assert_eq!(words(&format!("{JSON}\n[1]")).as_deref(), Some("in the header"));
    assert_eq!(
        words(&format!("{JSON}\n{}", error("K", "see https://h/x?sig=abc Bearer abc"))).as_deref(),
        Some("see https://h/x?*** Bearer ***")
    );
}

#[test]
fn support_gets_the_activity_id_from_either_header() {
    let date = "Date: Thu, 01 Oct 2026 10:00:00 GMT\n";
    let said = raw(&format!("HTTP/1.1 500 Bad\n{ID}{date}\n")).said("h".into());
    assert_eq!(said.activity_id.as_deref(), Some("12345678-0000-0000-0000-000000000000"));
    assert_eq!(said.date.as_deref(), Some("Thu, 01 Oct 2026 10:00:00 GMT"));
    let said = raw("HTTP/1.1 500 Bad\nX-VSS-E2EID: abc\n\n").said("h".into());
    assert_eq!(said.activity_id.as_deref(), Some("abc"));
}

#[test]
fn waiting_times_are_read_in_seconds_and_nonsense_is_ignored() {
    let after = |value: &str| raw(&format!("HTTP/1.1 429 Too\nRetry-After: {value}\n\n")).retry_after();
    assert_eq!(after("0"), Some(Duration::ZERO));
    assert_eq!(after("30"), Some(Duration::from_secs(30)));
    assert_eq!(after("1.5"), Some(Duration::from_millis(1500)));
    for nonsense in ["-1", "soon", "NaN", "1e400"] {
        assert_eq!(after(nonsense), None, "{nonsense}");
    }
}

#[test]
fn waiting_until_a_date_counts_from_the_answers_own() {
    let after = |until: &str, date: &str| {
        raw(&format!("HTTP/1.1 429 Too\nRetry-After: {until}\n{date}\n\n")).retry_after()
    };
    let sent = "Date: Thu, 01 Oct 2026 10:00:00 GMT";
    assert_eq!(after("Thu, 01 Oct 2026 10:00:12 GMT", sent), Some(Duration::from_secs(12)));
    assert_eq!(after("Thursday, 01-Oct-26 10:01:00 GMT", sent), Some(Duration::from_secs(60)));
    assert_eq!(after("Thu, 01 Oct 2026 09:59:00 GMT", sent), Some(Duration::ZERO), "it has passed");
    assert_eq!(after("Thu, 01 Oct 2026 10:00:12 GMT", "X-TFS-ProcessId: 1"), None, "from when?");
    assert_eq!(after("Thu, 32 Oct 2026 10:00:12 GMT", sent), None);
}

#[test]
fn only_trouble_that_passes_is_worth_another_try() {
    let passing = |text: &str| raw(text).is_passing_trouble();
    assert!(passing(&format!("HTTP/1.1 502 Bad Gateway\n{ID}\n")));
    assert!(passing("HTTP/1.1 503 Unavailable\nServer: gateway\n\n"));
    assert!(!passing(&format!("HTTP/1.1 503 Unavailable\n{ID}X-TFS-ServiceError: TF24668%3A\n\n")));
    assert!(!passing("HTTP/1.1 404 Not Found\nServer: gateway\n\n"));
}

#[test]
fn a_server_that_refuses_every_token_may_have_basic_authentication_of_its_own() {
    let windows =
        "WWW-Authenticate: Basic realm=\"x\"\nWWW-Authenticate: Negotiate\nWWW-Authenticate: NTLM\n";
    let hint = |text: &str| {
        let reply = raw(text);
        let said = reply.said("ado.example".into());
        Report::from(AzureError::of(&reply, said, true)).hint.unwrap()
    };
    let refused = hint(&format!("HTTP/1.1 401 Unauthorized\n{ID}{windows}"));
    assert!(refused.contains("IIS Basic authentication"), "{refused}");
    let by_iis = hint(&format!("HTTP/1.1 401 Unauthorized\n{windows}"));
    assert!(by_iis.contains("IIS Basic authentication"), "{by_iis}");
    let cloud = hint(&format!("HTTP/1.1 401 Unauthorized\n{ID}WWW-Authenticate: Basic realm=\"x\"\n"));
    assert!(!cloud.contains("IIS"), "{cloud}");
}
