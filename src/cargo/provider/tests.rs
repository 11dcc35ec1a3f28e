use cargo_credential::{
    Action as TheirAction, CacheControl, CredentialHello, CredentialRequest, CredentialResponse,
    Error as TheirError, LoginOptions, Operation as TheirOperation, RegistryInfo, Secret as TheirSecret,
};

use super::*;
use crate::error::Exit;

/// What Cargo is answered after the hello.
fn answers(input: &str, answer: impl FnMut(&Asked) -> Result<Granted, Refusal>) -> Vec<String> {
    let mut output = Vec::new();
    serve(input.as_bytes(), &mut output, answer).unwrap();
    let text = String::from_utf8(output).unwrap();
    assert!(text.ends_with('\n'));
    let mut lines = text.lines().map(str::to_owned);
    assert_eq!(lines.next().as_deref(), Some(r#"{"v":[1]}"#));
    lines.collect()
}

fn asked(request: &str) -> Asked {
    let mut heard = Vec::new();
    answers(request, |asked| {
        heard.push(asked.clone());
        Err(Refusal::NotFound)
    });
    heard.pop().expect("the request was understood")
}

/// The transcripts of cargo-contract 3.4.
#[test]
fn the_requests_that_cargo_was_seen_to_send_are_understood() {
    let first = asked(
        r#"{"v":1,"registry":{"index-url":"sparse+http://127.0.0.1:1/feed-a/index/","name":"feed-a","headers":["Server: fake-registry","WWW-Authenticate: Cargo login_url=\"https://example.com/login\", Bearer x=\"y\"","Content-Length: 38"]},"kind":"get","operation":"read","args":["one","two"]}"#,
    );
    assert_eq!(first.action, Action::Get(Operation::Read));
    assert_eq!(first.registry.index_url, "sparse+http://127.0.0.1:1/feed-a/index/");
    assert_eq!((first.registry.name.as_deref(), first.registry.headers.len()), (Some("feed-a"), 3));

    let cached = asked(
        r#"{"v":1,"registry":{"index-url":"sparse+https://x/","name":"feed-a"},"kind":"get","operation":"read"}"#,
    );
    assert!(cached.registry.headers.is_empty());
    let publish = asked(
        r#"{"v":1,"registry":{"index-url":"sparse+https://x/"},"kind":"get","operation":"publish","name":"demo","vers":"0.9.1","cksum":"a5471346"}"#,
    );
    assert_eq!((publish.action, publish.registry.name), (Action::Get(Operation::Publish), None));
    for (word, operation) in [
        ("yank", Operation::Yank),
        ("unyank", Operation::Unyank),
        ("owners", Operation::Owners),
        ("of-tomorrow", Operation::Unknown),
    ] {
        let request = format!(
            r#"{{"v":1,"registry":{{"index-url":"sparse+https://x/"}},"kind":"get","operation":"{word}","name":"demo","new-field":[1]}}"#
        );
        assert_eq!(asked(&request).action, Action::Get(operation));
    }
    let login = asked(
        r#"{"v":1,"registry":{"index-url":"sparse+https://x/"},"kind":"login","token":"tok\n","login-url":"http://127.0.0.1:1/feed-b/me","args":["--extra","x"]}"#,
    );
    assert_eq!(login.action, Action::Login(Some(Secret::new("tok"))));
    let logout = asked(r#"{"v":1,"registry":{"index-url":"sparse+https://x/"},"kind":"logout"}"#);
    assert_eq!(logout.action, Action::Logout);
    let later = asked(r#"{"v":1,"registry":{"index-url":"sparse+https://x/"},"kind":"dance"}"#);
    assert_eq!(later.action, Action::Unknown);
}

#[test]
fn what_cargos_own_types_write_is_read_and_the_other_way_round() {
    let get = |operation| TheirAction::Get(operation);
    for (theirs, ours) in [
        (get(TheirOperation::Read), Action::Get(Operation::Read)),
        (
            get(TheirOperation::Publish { name: "demo", vers: "1.0.0", cksum: "00" }),
            Action::Get(Operation::Publish),
        ),
        (get(TheirOperation::Yank { name: "demo", vers: "1.0.0" }), Action::Get(Operation::Yank)),
        (get(TheirOperation::Owners { name: "demo" }), Action::Get(Operation::Owners)),
        (
            TheirAction::Login(LoginOptions { token: Some(TheirSecret::from("tok")), login_url: None }),
            Action::Login(Some(Secret::new("tok"))),
        ),
        (TheirAction::Logout, Action::Logout),
    ] {
        let registry =
            RegistryInfo { index_url: "sparse+https://x/", name: Some("feed"), headers: vec!["A: b".into()] };
        let request =
            serde_json::to_string(&CredentialRequest { v: 1, registry, action: theirs, args: vec!["a b"] })
                .unwrap();
        let understood = asked(&request);
        assert_eq!(understood.action, ours);
        assert_eq!(understood.registry.name.as_deref(), Some("feed"));
    }

    let hello: CredentialHello = serde_json::from_str(r#"{"v":[1]}"#).unwrap();
    assert_eq!(hello.v, [cargo_credential::PROTOCOL_VERSION_1]);
}

fn their_reading(answer: Result<Granted, Refusal>) -> Result<CredentialResponse, TheirError> {
    let request = r#"{"v":1,"registry":{"index-url":"sparse+https://x/"},"kind":"get","operation":"read"}"#;
    let mut answer = Some(answer);
    let lines = answers(request, |_| answer.take().unwrap());
    serde_json::from_str(&lines[0]).expect("Cargo reads it")
}

#[test]
fn every_answer_is_read_by_cargo_as_it_is_meant() {
    let header = Secret::new("Bearer eyJ");
    let token = |keep| their_reading(Ok(Granted::Token { header: header.clone(), keep })).unwrap();
    let CredentialResponse::Get { token: read, cache, operation_independent } = token(Keep::Session) else {
        panic!("a token")
    };
    assert_eq!((read.expose().as_str(), operation_independent), ("Bearer eyJ", true));
    assert!(matches!(cache, CacheControl::Session));
    let CredentialResponse::Get { cache: CacheControl::Expires { expiration }, .. } =
        token(Keep::Until(1_795_343_591))
    else {
        panic!("a token that expires")
    };
    assert_eq!(expiration.unix_timestamp(), 1_795_343_591);
    assert!(matches!(their_reading(Ok(Granted::LoggedIn(None))), Ok(CredentialResponse::Login)));
    assert!(matches!(their_reading(Ok(Granted::LoggedOut(None))), Ok(CredentialResponse::Logout)));

    assert!(matches!(their_reading(Err(Refusal::UrlNotSupported)), Err(TheirError::UrlNotSupported)));
    assert!(matches!(their_reading(Err(Refusal::NotFound)), Err(TheirError::NotFound)));
    assert!(matches!(
        their_reading(Err(Refusal::OperationNotSupported)),
        Err(TheirError::OperationNotSupported)
    ));
    let report = Report::new(Exit::SignIn, "x", "it \u{1b}[31mbroke").cause("inner").hint("run this");
    let Err(TheirError::Other(error)) = their_reading(Err(report.into())) else { panic!("an error") };
    let chain: Vec<String> =
        std::iter::successors(Some(&*error as &dyn std::error::Error), |error| error.source())
            .map(ToString::to_string)
            .collect();
    assert_eq!(chain, ["it [31mbroke", "inner", "run this"]);
}

#[test]
fn many_requests_are_answered_in_one_process_and_a_last_line_needs_no_end() {
    let request = r#"{"v":1,"registry":{"index-url":"sparse+https://x/"},"kind":"logout"}"#;
    let lines = answers(&format!("{request}\n\n{request}\r\n{request}"), |_| Ok(Granted::LoggedOut(None)));
    assert_eq!(lines, [r#"{"Ok":{"kind":"logout"}}"#; 3]);
    assert!(answers("", |_| panic!("nothing was asked")).is_empty());
}

#[test]
fn a_request_that_is_none_is_refused_in_one_line_without_its_words() {
    for request in [
        "hunter2",
        r#"{"v":1,"registry":"hunter2","kind":"login"}"#,
        r#"{"v":1,"registry":{"index-url":"x"},"kind":"login","token":["hunter2"]}"#,
        r#"{"v":2,"registry":{"index-url":"x"},"kind":"login","token":"hunter2"}"#,
        "\u{feff}\u{1b}",
    ] {
        let lines = answers(request, |_| panic!("it was not understood"));
        assert_eq!(lines.len(), 1);
        assert!(lines[0].starts_with(r#"{"Err":{"kind":"other","message":"#), "{}", lines[0]);
        assert!(!lines[0].contains("hunter2"));
    }
}

#[test]
fn windows_paths_and_other_escapes_do_no_harm() {
    let request = r#"{"v":1,"registry":{"index-url":"sparse+https:\/\/x\/","name":"a\u0062"},"kind":"get","operation":"read","args":["C:\\Program Files\\x"]}"#;
    assert_eq!(asked(request).registry.index_url, "sparse+https://x/");
}
