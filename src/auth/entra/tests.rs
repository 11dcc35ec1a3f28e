use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::domain::credential::{Credential, Kept, TokenStore};
use crate::domain::entra::DEFAULT_CLIENT;
use crate::domain::lifetime::Lifetime;
use crate::domain::machine::Lasting;
use crate::error::{Exit, Report};
use crate::net::{self, HttpSettings};

const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

/// An authority that gives its answers in their order, and keeps what it was asked.
struct Authorities {
    entra: Entra,
    heard: Arc<Mutex<Vec<String>>>,
}

async fn serve(answers: impl IntoIterator<Item = (u16, String)>) -> Authorities {
    net::init();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let mut answers: VecDeque<_> = answers.into_iter().collect();
    let log = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Some((status, body)) = answers.pop_front() {
            let (mut stream, _) = listener.accept().await.unwrap();
            let asked = request(&mut stream).await;
            log.lock().unwrap().push(asked);
            let head = format!(
                "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            // An answer of no status is a connection that is cut.
            if status > 0 {
                stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
            }
        }
    });
    let http = net::client(&HttpSettings { loopback_only: true, ..HttpSettings::default() }).unwrap();
    let authority = Authority::on_loopback(&origin).unwrap();
    let clock = Clock::Fake { since_start: Duration::ZERO, now: SystemTime::UNIX_EPOCH };
    let entra = Entra::new(http, EntraApp { authority, ..EntraApp::default() }, (clock, None));
    Authorities { entra, heard }
}

async fn request(stream: &mut tokio::net::TcpStream) -> String {
    let mut text = String::new();
    let mut bytes = [0; 4096];
    loop {
        let read = stream.read(&mut bytes).await.unwrap();
        text.push_str(&String::from_utf8_lossy(&bytes[..read]));
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.to_ascii_lowercase();
        let length = length.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if body.len() >= length.parse().unwrap() || read == 0 {
            return text;
        }
    }
}

fn code(page: &str) -> (u16, String) {
    let code = serde_json::json!({
        "user_code": "ABCD-EFGH1", "device_code": "GAB-secret", "verification_uri": page, "expires_in": 900,
        "interval": 0, "message": "To sign in, use a web browser \u{1b}[2J",
    });
    (200, code.to_string())
}

fn error(error: &str, words: &str) -> (u16, String) {
    let error = serde_json::json!({
        "error": error, "error_description": words, "error_codes": [], "correlation_id": "c-1",
    });
    (400, error.to_string())
}

fn token() -> (u16, String) {
    let token = serde_json::json!({
        "token_type": "Bearer", "scope": "s", "expires_in": 3599, "ext_expires_in": 3599,
        "access_token": "eyJ0.access", "refresh_token": "0.AX-next",
    });
    (200, token.to_string())
}

const PAGE: &str = "https://microsoft.com/devicelogin";

impl Authorities {
    async fn sign_in(&self) -> Result<AccessToken, EntraError> {
        let code = self.entra.begin(&Tenant::parse(TENANT).unwrap()).await?;
        self.entra.wait(code).await
    }

    fn heard(&self, place: usize) -> String {
        self.heard.lock().unwrap()[place].clone()
    }
}

async fn refused(answer: (u16, String)) -> Report {
    let server = serve([code(PAGE), answer]).await;
    Report::from(server.sign_in().await.unwrap_err())
}

#[tokio::test]
async fn a_code_becomes_a_token_after_the_person_was_waited_for() {
    let server = serve([code(PAGE), error("authorization_pending", "AADSTS70016: not yet"), token()]).await;
    let signed_in = server.sign_in().await.unwrap();
    assert_eq!((signed_in.token.expose(), signed_in.expires), ("eyJ0.access", Some(3599)));
    let TokenOrigin::DeviceCode(renewal) = &signed_in.origin else { panic!("{signed_in:?}") };
    assert_eq!((renewal.refresh.expose(), renewal.tenant.as_str()), ("0.AX-next", TENANT));
    assert!(!format!("{signed_in:?}").contains("eyJ0"));

    let first = server.heard(0);
    assert!(first.starts_with(&format!("POST /{TENANT}/oauth2/v2.0/devicecode ")), "{first}");
    let scope = format!("client_id={DEFAULT_CLIENT}&scope={AZURE_DEVOPS}%2F.default+offline_access");
    assert!(first.ends_with(&scope), "{first}");
    let second = server.heard(1);
    assert!(second.starts_with(&format!("POST /{TENANT}/oauth2/v2.0/token ")), "{second}");
    let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
    assert!(
        second.ends_with(&format!("{grant}&client_id={DEFAULT_CLIENT}&device_code=GAB-secret")),
        "{second}"
    );
}

#[tokio::test]
async fn a_code_is_shown_clean_and_only_with_a_page_of_microsofts() {
    for page in [PAGE, "https://login.microsoft.com/device", "https://login.microsoftonline.com/x"] {
        let server = serve([code(page)]).await;
        let shown = server.entra.begin(&Tenant::any()).await.unwrap().shown;
        assert_eq!((shown.code.as_str(), shown.page.as_str()), ("ABCD-EFGH1", page));
        assert_eq!(shown.until, Duration::from_secs(900));
    }
    for page in [
        "http://microsoft.com/devicelogin",
        "https://microsoft.com.evil.example/devicelogin",
        "https://microsoft.com@evil.example/",
        "https://microsoft.com:8443/devicelogin",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "\u{1b}[2J",
    ] {
        let server = serve([code(page)]).await;
        let report = Report::from(server.entra.begin(&Tenant::any()).await.unwrap_err());
        assert_eq!(report.code, "entra-foreign-page", "{page}");
        assert!(!report.to_string().contains('\u{1b}'));
    }
}

#[tokio::test]
async fn every_end_without_a_token_says_what_to_do() {
    for (name, word) in [
        ("authorization_declined", "entra-declined"),
        ("expired_token", "entra-code-expired"),
        ("bad_verification_code", "entra-code-expired"),
        ("invalid_grant", "entra-sign-in-expired"),
        ("server_error", "entra-refused"),
    ] {
        let report = refused(error(name, "AADSTS1: \u{1b}[31mwhatever")).await;
        assert_eq!(report.code, word, "{name}");
        assert!(report.hint.is_some());
    }
}

#[tokio::test]
async fn each_aadsts_of_the_contract_has_headline_hint_and_code() {
    for (codes, word, exit) in [
        (&[53003, 530_033, 530_035][..], "entra-flow-forbidden", Exit::NotAllowed),
        (&[50097, 53000, 53001], "entra-device-required", Exit::NotAllowed),
        (&[50005, 50158], "entra-condition", Exit::NotAllowed),
        (&[50076, 50079], "entra-mfa-required", Exit::SignIn),
        (&[65001, 65002], "entra-consent-missing", Exit::NotAllowed),
        (&[70043, 700_082], "entra-sign-in-expired", Exit::SignIn),
        (&[7_000_218], "entra-no-public-client", Exit::NotAllowed),
        (&[90072, 50020], "entra-wrong-account", Exit::SignIn),
        (&[700_016], "entra-client-unknown", Exit::NotAllowed),
    ] {
        for number in codes {
            let words = format!("AADSTS{number}: Entra's own words.");
            let report = refused(error("invalid_grant", &words)).await;
            assert_eq!((report.code, report.exit), (word, exit), "{number}");
            assert_eq!(report.causes, [words], "its words are shown too");
            assert!(report.details.iter().any(|detail| detail == "correlation id: c-1"));
            // The number may also come as a number alone.
            let reply = serde_json::json!({ "error": "invalid_client", "error_codes": [number] });
            assert_eq!(refused((401, reply.to_string())).await.code, word);
        }
    }
}

#[tokio::test]
async fn a_code_that_nobody_knows_is_shown_in_entras_own_clean_words() {
    let report =
        refused(error("invalid_request", "AADSTS42: Bearer s3cret \u{1b}]52;c;eA==\u{7}\u{202e}end")).await;
    assert_eq!(report.code, "entra-refused");
    assert_eq!(report.causes, ["AADSTS42: Bearer *** ]52;c;eA==end"]);
}

#[tokio::test]
async fn broken_connections_are_endured_a_few_times() {
    let server = serve([code(PAGE), (0, String::new()), (503, "<html>".to_owned()), token()]).await;
    assert!(server.sign_in().await.is_ok());
    let server = serve([code(PAGE)]).await;
    assert!(matches!(server.sign_in().await, Err(EntraError::Network(_))));
}

#[tokio::test]
async fn an_answer_of_somebody_else_is_told_without_its_words() {
    for answer in [
        (200, "<html>s3cret".to_owned()),
        (200, r#"{"access_token":"s3cret"}"#.to_owned()),
        (200, r#"{"token_type":"pop","access_token":"s3cret"}"#.to_owned()),
        (200, r#"{"token_type":"Bearer","access_token":"two s3cret words"}"#.to_owned()),
        (302, String::new()),
        (407, "<html>proxy".to_owned()),
        (200, "x".repeat(LARGEST_BODY + 10)),
    ] {
        let report = refused(answer).await;
        assert_eq!(report.code, "entra-not-understood");
        assert!(!report.to_string().contains("s3cret"));
    }
}

#[tokio::test]
async fn a_sign_in_is_renewed_and_its_refresh_token_changes() {
    let server = serve([code(PAGE), token(), token(), error("invalid_grant", "AADSTS700082: old")]).await;
    let signed_in = server.sign_in().await.unwrap();
    let TokenOrigin::DeviceCode(mut renewal) = signed_in.origin else { panic!() };
    renewal.refresh = Secret::new("0.AX-first");
    let TokenOrigin::DeviceCode(next) = server.entra.refresh(&renewal).await.unwrap().origin else {
        panic!()
    };
    assert_eq!(next.refresh.expose(), "0.AX-next");
    let asked = server.heard(2);
    assert!(
        asked.contains("grant_type=refresh_token") && asked.contains("refresh_token=0.AX-first"),
        "{asked}"
    );
    let report = Report::from(server.entra.refresh(&next).await.unwrap_err());
    assert_eq!((report.code, report.exit), ("entra-sign-in-expired", Exit::SignIn));
}

#[tokio::test]
async fn what_holds_no_refresh_token_is_not_called_renewable_and_leaves_the_one_before() {
    let without = |refresh: Option<&str>| {
        let mut reply: serde_json::Value = serde_json::from_str(&token().1).unwrap();
        match refresh {
            Some(refresh) => reply["refresh_token"] = refresh.into(),
            None => drop(reply.as_object_mut().unwrap().remove("refresh_token")),
        }
        (200, reply.to_string())
    };
    for refresh in [None, Some(""), Some(" ")] {
        let server = serve([code(PAGE), without(refresh), code(PAGE), token(), without(refresh)]).await;
        let signed_in = server.sign_in().await.unwrap();
        assert_eq!(signed_in.origin, TokenOrigin::Unrenewed);
        let credential = Credential::Bearer(Box::new(signed_in));
        assert!(matches!(credential.lasting(), Lasting::Ends(_)), "{:?}", credential.lasting());
        let kept = Some(TokenStore::Provider(Kept::Keyring));
        assert_eq!(credential.lifetime(kept), Lifetime::Until(3599));

        let TokenOrigin::DeviceCode(renewal) = server.sign_in().await.unwrap().origin else { panic!() };
        let next = server.entra.refresh(&renewal).await.unwrap();
        assert_eq!(next.origin, TokenOrigin::DeviceCode(renewal), "the one before is still good");
    }
}

#[tokio::test]
async fn a_renewal_that_was_kept_is_not_sent_to_what_is_no_authority() {
    let server = serve([]).await;
    let own = server.entra.app.authority.to_string();
    for (authority, tenant, refresh) in [
        ("http://login.microsoftonline.com", TENANT, "x"),
        ("https://login.example/path", TENANT, "x"),
        ("", TENANT, "x"),
        (own.as_str(), "../evil", "x"),
        (own.as_str(), TENANT, ""),
    ] {
        let renewal = Renewal {
            authority: authority.to_owned(),
            tenant: tenant.to_owned(),
            client_id: "c".to_owned(),
            refresh: Secret::new(refresh),
        };
        let error = server.entra.refresh(&renewal).await.unwrap_err();
        assert!(matches!(error, EntraError::NothingToRenew), "{error:?}");
    }
}
