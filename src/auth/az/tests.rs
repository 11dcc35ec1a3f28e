use super::*;
use crate::auth::jwt;
use crate::error::Report;

const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

fn tenant() -> Tenant {
    Tenant::parse(TENANT).unwrap()
}

fn read_one(text: &str) -> Result<AccessToken, AzError> {
    read(text.as_bytes(), Some(&tenant()))
}

#[test]
fn both_forms_of_the_answer_are_read() {
    let token = jwt::made(&format!(r#"{{"exp":1735689599,"tid":"{TENANT}"}}"#));
    let new = format!(
        r#"{{"tokenType":"Bearer","accessToken":"{token}","expires_on":1735689600,"expiresOn":"2025-01-01 01:00:00.000000","tenant":"{TENANT}","subscription":"s"}}"#
    );
    let read = read_one(&new).unwrap();
    assert_eq!((read.expires, read.token.expose()), (Some(1_735_689_600), token.as_str()));
    assert_eq!(read.origin, TokenOrigin::AzureCli { tenant: Some(TENANT.to_owned()) });
    let old = format!(
        r#"{{"accessToken":"{token}","expiresOn":"2025-01-01 01:00:00.000000","tenant":"{TENANT}","tokenType":"Bearer"}}"#
    );
    assert_eq!(read_one(&old).unwrap().expires, Some(1_735_689_599), "the token says it itself");
    let opaque = format!(r#"{{"accessToken":"opaque","tenant":"{TENANT}","expires_on":"1735689600"}}"#);
    assert_eq!(read_one(&opaque).unwrap().expires, Some(1_735_689_600));
    assert_eq!(read_one(r#"{"accessToken":"opaque"}"#).unwrap().expires, None);
}

#[test]
fn warnings_around_the_answer_do_not_matter() {
    let text = "\u{feff}WARNING: a new version is there\n{\"accessToken\":\"opaque\"}\nbye\n";
    assert!(read_one(text).is_ok());
}

#[test]
fn an_answer_that_makes_no_sense_is_said_without_its_words() {
    for text in ["", "no json", "{}", "[]", r#"{"accessToken":5}"#, r#"{"accessToken":""}"#] {
        assert!(matches!(read_one(text), Err(AzError::Misunderstood { .. })), "{text}");
    }
    for text in [r#"{"accessToken":"two s3cret words"}"#, r#"{"accessToken":"s3cret","tokenType":"pop"}"#] {
        let error = read_one(text).unwrap_err();
        assert!(!format!("{error:?} {}", Report::from(error.clone())).contains("s3cret"), "{text}");
    }
}

#[test]
fn a_token_of_another_tenant_is_none() {
    let other = TENANT.replace('7', "1");
    let said = read_one(&format!(r#"{{"accessToken":"x","tenant":"{other}"}}"#)).unwrap_err();
    let report = Report::from(said);
    assert_eq!(report.code, "az-wrong-tenant");
    assert!(report.hint.unwrap().contains(&format!("az login --tenant {TENANT}")));
    let jwt = jwt::made(&format!(r#"{{"tid":"{other}"}}"#));
    let said = read_one(&format!(r#"{{"accessToken":"{jwt}","tenant":"{TENANT}"}}"#));
    assert!(matches!(said, Err(AzError::WrongTenant { .. })));
}

#[test]
fn each_way_to_say_no_has_its_own_report_and_command() {
    let login = format!("az login --tenant {TENANT}");
    for (words, code, mends) in [
        ("ERROR: Please run 'az login' to setup account.", "az-logged-out", login.clone()),
        (
            "ERROR: No subscription found. Run 'az account set' to select a subscription.",
            "az-logged-out",
            format!("{login} --allow-no-subscriptions"),
        ),
        (
            &*format!("ERROR: Can't find token. Please run: az login --tenant \"{TENANT}\""),
            "az-wrong-tenant",
            login.clone(),
        ),
        (
            "ERROR: AADSTS50020: User account 'a' from identity provider 'live.com' does not exist in tenant 'x'",
            "az-wrong-tenant",
            login.clone(),
        ),
        ("AADSTS90072: User account does not exist in tenant", "az-wrong-tenant", login.clone()),
        ("AADSTS90002: Tenant 'x' not found.", "az-wrong-tenant", login.clone()),
        (
            "AADSTS700082: The refresh token has expired due to inactivity.",
            "entra-sign-in-expired",
            login.clone(),
        ),
        (
            "AADSTS50076: Due to a configuration change made by your administrator",
            "entra-mfa-required",
            login.clone(),
        ),
        ("AADSTS53003: Access has been blocked by Conditional Access", "entra-flow-forbidden", login.clone()),
        ("Traceback (most recent call last)", "az-failed", login.clone()),
        ("", "az-failed", login.clone()),
    ] {
        let report = Report::from(refusal(words.as_bytes(), Some(&tenant())));
        assert_eq!(report.code, code, "{words}");
        assert!(report.hint.as_ref().unwrap().contains(&mends), "{words}: {report}");
    }
    assert!(Report::from(refusal(b"az login", None)).hint.unwrap().contains("`az login`"));
}

#[test]
fn its_words_neither_steer_a_terminal_nor_hold_a_token() {
    let said = "ERROR: \u{1b}]52;c;aGFja2Vk\u{7} Authorization: Bearer s3cret \u{202e} az login";
    let report = Report::from(refusal(said.as_bytes(), None)).to_string();
    assert!(!report.chars().any(|c| c != '\n' && crate::domain::text::is_control(c)), "{report:?}");
    assert!(!report.contains("s3cret"));
    let long = "x".repeat(5000);
    assert!(Report::from(refusal(long.as_bytes(), None)).to_string().len() < 1500);
}

#[cfg(unix)]
mod programs {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    struct Fake {
        dir: tempfile::TempDir,
        az: AzureCli,
    }

    /// An `az` that does what the script says.
    fn fake(script: &str) -> Fake {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("az");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let path = std::env::join_paths([dir.path(), Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
        let az = find(&Env::from_iter([("PATH", path)]), &[]).unwrap();
        Fake { dir, az }
    }

    impl Fake {
        async fn token(&self, tenant: Option<&Tenant>) -> Result<AccessToken, AzError> {
            loop {
                match self.az.token(tenant).await {
                    // A child that another test forked meanwhile may still hold the file open for writing.
                    Err(AzError::CannotStart { cause }) if cause.contains("busy") => {
                        tokio::task::yield_now().await;
                    }
                    outcome => return outcome,
                }
            }
        }
    }

    #[tokio::test]
    async fn the_resource_and_the_tenant_are_always_named() {
        let fake = fake(
            r#"echo "$@" >"$(dirname "$0")/args"; pwd >"$(dirname "$0")/cwd"; echo '{"accessToken":"x"}'"#,
        );
        fake.token(Some(&tenant())).await.unwrap();
        let args = || fs::read_to_string(fake.dir.path().join("args")).unwrap();
        let usual = format!("account get-access-token --resource {AZURE_DEVOPS}");
        assert_eq!(args(), format!("{usual} --tenant {TENANT} --output json\n"));
        let cwd = fs::read_to_string(fake.dir.path().join("cwd")).unwrap();
        assert_eq!(Path::new(cwd.trim()).canonicalize().unwrap(), fake.dir.path().canonicalize().unwrap());
        for none in [None, Some(&Tenant::any())] {
            fake.token(none).await.unwrap();
            assert_eq!(args(), format!("{usual} --output json\n"));
        }
    }

    #[tokio::test]
    async fn a_failure_is_read_from_its_words() {
        let fake = fake("echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1");
        assert!(matches!(fake.token(None).await, Err(AzError::LoggedOut { .. })));
    }

    #[tokio::test]
    async fn what_it_leaves_behind_with_its_pipes_is_not_waited_for() {
        let fake = fake(r#"sleep 600 & echo '{"accessToken":"x"}'; kill -9 $! 2>/dev/null; exit 0"#);
        assert!(fake.token(None).await.is_ok());
    }

    #[tokio::test]
    async fn one_that_says_nothing_is_given_up() {
        let mut fake = fake("sleep 600");
        fake.az.limit = Duration::ZERO;
        let error = fake.token(None).await.unwrap_err();
        assert!(matches!(error, AzError::Silent(_)), "{error:?}");
        assert_eq!(Report::from(error).code, "az-silent");
    }

    #[tokio::test]
    async fn giving_it_up_kills_the_group() {
        let fake = fake(
            r#"sleep 600 & echo $! >"$(dirname "$0")/child.new"; mv "$(dirname "$0")/child.new" "$(dirname "$0")/child"; wait"#,
        );
        let child = fake.dir.path().join("child");
        {
            let asking = fake.token(None);
            let started = async {
                while !child.exists() {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            tokio::select! {
                outcome = asking => panic!("it answered: {outcome:?}"),
                () = started => {}
            }
        }
        ended(fs::read_to_string(&child).unwrap().trim()).await;
    }

    /// Waits until no process of that number runs any more.
    async fn ended(pid: &str) {
        let stat = || fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let runs = || stat().rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'));
        while runs() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    #[test]
    fn one_inside_the_checkout_is_not_run() {
        let fake = fake("exit 0");
        let env = Env::from_iter([("PATH", fake.dir.path())]);
        assert_eq!(find(&env, &[fake.dir.path().to_owned()]).unwrap_err(), AzError::InCheckout);
        assert_eq!(find(&Env::default(), &[]).unwrap_err(), AzError::Missing);
    }
}
