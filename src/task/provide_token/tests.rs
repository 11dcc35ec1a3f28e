#![expect(
    clippy::unnecessary_wraps,
    clippy::needless_pass_by_value,
    reason = "they stand in for one that renews"
)]

use std::time::{Duration, SystemTime};

use super::*;
use crate::cargo::provider::Registry;
use crate::domain::credential::Renewal;
use crate::host::{Clock, Env, TerminalFlags};
use crate::record::MadeToken;

const NOW: u64 = 1_800_000_000;
const INDEX: &str = "sparse+https://pkgs.dev.azure.com/Contoso/_packaging/f/Cargo/index/";

/// A person with one organization, whose credential is in the private file.
struct Desk {
    _dir: tempfile::TempDir,
    host: Host,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        let host = Host {
            args: Vec::new(),
            program: None,
            env: Env::default(),
            cwd: dir.path().to_owned(),
            home: None,
            state_dir: Some(state),
            temp_dir: dir.path().to_owned(),
            terminal: TerminalFlags::default(),
            machine: None,
            clock: Clock::Fake {
                since_start: Duration::ZERO,
                now: SystemTime::UNIX_EPOCH + Duration::from_secs(NOW),
            },
        };
        Self { _dir: dir, host }
    }

    fn signed_in(kind: LoginKind, secrets: &[(Slot, &str)]) -> Self {
        let desk = Self::new();
        desk.record(&Login { kind, kept: Kept::File, who: "Ana".into(), expires: None, made: None });
        for (slot, secret) in secrets {
            desk.vault().write(&base(), *slot, &Secret::new(*secret)).unwrap();
        }
        desk
    }

    fn record(&self, login: &Login) {
        record::log_in(self.state(), &base(), login).unwrap();
    }

    fn state(&self) -> &Path {
        self.host.state_dir.as_deref().unwrap()
    }

    fn vault(&self) -> Vault {
        Vault::file(keeping::file_of(self.state()))
    }

    fn kept(&self, slot: Slot) -> Option<String> {
        self.vault().read(&base(), slot).unwrap().map(|secret| secret.expose().to_owned())
    }

    fn ask(&self, action: Action, renew: Renew) -> Result<Granted, Refusal> {
        self.ask_for(INDEX, action, renew)
    }

    fn ask_for(&self, index: &str, action: Action, renew: Renew) -> Result<Granted, Refusal> {
        let registry = Registry { index_url: index.to_owned(), ..Registry::default() };
        answer(&self.host, renew, &Asked { registry, action })
    }

    fn get(&self, renew: Renew) -> Result<(String, Keep), Refusal> {
        match self.ask(Action::Get(Operation::Read), renew)? {
            Granted::Token { header, keep } => Ok((header.expose().to_owned(), keep)),
            other => panic!("no token: {other:?}"),
        }
    }
}

fn base() -> Base {
    Base::parse("https://dev.azure.com/contoso").unwrap()
}

fn entra() -> LoginKind {
    LoginKind::Entra { authority: "https://a".into(), tenant: "t".into(), client_id: "c".into() }
}

fn never(_: &Host, _: (&Base, &LoginKind), _: Option<Secret>) -> Result<AccessToken, Report> {
    panic!("nothing is to be renewed")
}

/// Says what it was given, and gives the next refresh token.
fn next(_: &Host, (_, kind): (&Base, &LoginKind), refresh: Option<Secret>) -> Result<AccessToken, Report> {
    let LoginKind::Entra { authority, tenant, client_id } = kind.clone() else { panic!("no Entra") };
    let before = refresh.unwrap();
    let token = Secret::new(format!("next-of-{}", before.expose()));
    let refresh = Secret::new(format!("{}+", before.expose()));
    let origin = TokenOrigin::DeviceCode(Renewal { authority, tenant, client_id, refresh });
    Ok(AccessToken { token, expires: Some(NOW + 3_600), origin })
}

fn of_az(_: &Host, _: (&Base, &LoginKind), refresh: Option<Secret>) -> Result<AccessToken, Report> {
    assert_eq!(refresh, None);
    let origin = TokenOrigin::AzureCli { tenant: None };
    Ok(AccessToken { token: Secret::new("of-az"), expires: Some(NOW + 3_000), origin })
}

fn offline(_: &Host, _: (&Base, &LoginKind), _: Option<Secret>) -> Result<AccessToken, Report> {
    Err(Report::new(Exit::Network, "host-unknown", "the host name is not known").hint("check the network"))
}

fn spent(_: &Host, _: (&Base, &LoginKind), _: Option<Secret>) -> Result<AccessToken, Report> {
    Err(Report::new(Exit::SignIn, "entra-sign-in-expired", "spent").hint("sign in again"))
}

fn report(outcome: Result<(String, Keep), Refusal>) -> Report {
    match outcome {
        Err(Refusal::Failed(report)) => *report,
        other => panic!("no report: {other:?}"),
    }
}

#[test]
fn a_personal_token_is_handed_out_until_it_ends() {
    let desk = Desk::signed_in(LoginKind::Pat, &[(Slot::Pat, "abc")]);
    assert_eq!(desk.get(never), Ok(("Basic OmFiYw==".to_owned(), Keep::Session)));
    let login =
        |expires| Login { kind: LoginKind::Pat, kept: Kept::File, who: "Ana".into(), expires, made: None };
    desk.record(&login(Some(NOW + 1)));
    assert_eq!(desk.get(never).unwrap().1, Keep::Until(NOW + 1));
    desk.record(&login(Some(NOW)));
    let expired = report(desk.get(never));
    assert_eq!(
        (expired.code, expired.hint.as_deref()),
        ("token-expired", Some("run: az-cargo-wizard login --org https://dev.azure.com/contoso"))
    );
}

#[test]
fn only_a_recorded_base_is_answered_for_and_signed_out_it_is_not_found() {
    let stranger = Desk::new();
    assert_eq!(stranger.get(never), Err(Refusal::UrlNotSupported));
    assert!(!stranger.state().exists(), "nothing was written");
    let desk = Desk::signed_in(LoginKind::Pat, &[(Slot::Pat, "abc")]);
    let elsewhere = "sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/f/Cargo/index/";
    for action in [Action::Get(Operation::Read), Action::Login(Some(Secret::new("x"))), Action::Logout] {
        assert_eq!(desk.ask_for(elsewhere, action, never), Err(Refusal::UrlNotSupported));
    }
    for garbage in
        ["", "https://pkgs.dev.azure.com/contoso/", "registry+https://github.com/x", "sparse+ftp://x/"]
    {
        assert_eq!(desk.ask_for(garbage, Action::Logout, never), Err(Refusal::UrlNotSupported));
    }
    assert_eq!(desk.ask(Action::Logout, never), Ok(Granted::LoggedOut(None)));
    assert_eq!(desk.kept(Slot::Pat), None);
    assert_eq!(desk.get(never), Err(Refusal::NotFound));
    assert_eq!(desk.ask(Action::Logout, never), Err(Refusal::NotFound));
}

#[test]
fn what_a_later_cargo_asks_is_refused_as_the_protocol_wants_it() {
    let desk = Desk::signed_in(LoginKind::Pat, &[(Slot::Pat, "abc")]);
    for action in [Action::Get(Operation::Unknown), Action::Unknown] {
        assert_eq!(desk.ask(action, never), Err(Refusal::OperationNotSupported));
    }
    for operation in [Operation::Publish, Operation::Yank, Operation::Unyank, Operation::Owners] {
        assert!(matches!(desk.ask(Action::Get(operation), never), Ok(Granted::Token { .. })));
    }
}

#[test]
fn a_login_of_cargo_keeps_a_personal_token_in_the_same_place() {
    let desk = Desk::signed_in(entra(), &[(Slot::Refresh, "r"), (Slot::Access, "1 a")]);
    let token = Secret::new("t".repeat(52));
    assert_eq!(desk.ask(Action::Login(Some(token.clone())), never), Ok(Granted::LoggedIn(None)));
    assert_eq!(desk.get(never).unwrap().0, Credential::Pat(token).header().expose());
    for none in [None, Some(Secret::new("")), Some(Secret::new("two words"))] {
        assert!(matches!(desk.ask(Action::Login(none), never), Err(Refusal::Failed(_))));
    }
}

#[test]
fn an_access_token_is_renewed_when_it_has_less_than_a_quarter_of_an_hour() {
    let access = format!("{} living", NOW + ENOUGH);
    let desk = Desk::signed_in(entra(), &[(Slot::Refresh, "r"), (Slot::Access, &access)]);
    assert_eq!(desk.get(never), Ok(("Bearer living".to_owned(), Keep::Until(NOW + ENOUGH))));
    let ending = Secret::new(format!("{} ending", NOW + ENOUGH - 1));
    desk.vault().write(&base(), Slot::Access, &ending).unwrap();
    assert_eq!(desk.get(next), Ok(("Bearer next-of-r".to_owned(), Keep::Until(NOW + 3_600))));
    assert_eq!(desk.kept(Slot::Refresh).as_deref(), Some("r+"), "the one before is used up");
    assert_eq!(desk.get(never).unwrap().0, "Bearer next-of-r", "kept for the next fetch");
}

#[test]
fn without_a_network_the_rest_of_a_token_is_used_and_then_it_is_said() {
    for (left, is_used) in [(LEAST, true), (LEAST - 1, false)] {
        let access = format!("{} ending", NOW + left);
        let desk = Desk::signed_in(entra(), &[(Slot::Refresh, "r"), (Slot::Access, &access)]);
        let outcome = desk.get(offline);
        if is_used {
            assert_eq!(outcome, Ok(("Bearer ending".to_owned(), Keep::Until(NOW + left))));
        } else {
            let told = report(outcome);
            assert!(told.headline.starts_with("the sign-in could not be renewed: the host"), "{told}");
            assert!(told.hint.unwrap().starts_with("check the network; if it stays so, sign in"));
        }
        assert_eq!(desk.kept(Slot::Refresh).as_deref(), Some("r"));
        let refused = report(desk.get(spent));
        assert_eq!(
            refused.hint.as_deref(),
            Some("run: az-cargo-wizard login --org https://dev.azure.com/contoso")
        );
    }
}

#[test]
fn the_azure_cli_is_asked_without_a_refresh_token() {
    let desk = Desk::signed_in(LoginKind::AzureCli { tenant: None }, &[]);
    assert_eq!(desk.get(of_az), Ok(("Bearer of-az".to_owned(), Keep::Until(NOW + 3_000))));
    assert_eq!(desk.get(never).unwrap().0, "Bearer of-az");
}

#[test]
fn a_variable_is_read_each_time() {
    let kind = |variable: &str| LoginKind::Environment { variable: variable.into() };
    let mut desk = Desk::signed_in(kind("SYSTEM_ACCESSTOKEN"), &[]);
    let missing = report(desk.get(never));
    assert!(missing.headline.contains("`SYSTEM_ACCESSTOKEN` is not set"), "{missing}");
    desk.host.env.set("SYSTEM_ACCESSTOKEN", "job");
    assert_eq!(desk.get(never), Ok(("Bearer job".to_owned(), Keep::Session)));
    let mut desk = Desk::signed_in(kind("AZURE_DEVOPS_EXT_PAT"), &[]);
    desk.host.env.set("AZURE_DEVOPS_EXT_PAT", "abc");
    assert_eq!(desk.get(never).unwrap().0, "Basic OmFiYw==");
    desk.host.env.set("SYSTEM_COLLECTIONURI", "https://dev.azure.com/Contoso/");
    assert_eq!(desk.get(never).unwrap().0, "Basic OmFiYw==");
    desk.host.env.set("SYSTEM_COLLECTIONURI", "https://dev.azure.com/fabrikam/");
    let elsewhere = report(desk.get(never));
    assert_eq!(
        (elsewhere.code, elsewhere.hint.as_deref()),
        (
            "environment-token-elsewhere",
            Some("sign in in another way: az-cargo-wizard login --org https://dev.azure.com/contoso")
        )
    );
}

fn jwt(expires: u64) -> String {
    use base64::Engine as _;
    let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    [r#"{"typ":"JWT"}"#, &format!(r#"{{"exp":{expires}}}"#), "signature"].map(part).join(".")
}

#[test]
fn of_a_variable_with_many_passwords_one_is_handed_out_with_its_end() {
    for variable in
        ["ARTIFACTS_CREDENTIALPROVIDER_EXTERNAL_FEED_ENDPOINTS", "VSS_NUGET_EXTERNAL_FEED_ENDPOINTS"]
    {
        let mut desk = Desk::signed_in(LoginKind::Environment { variable: variable.into() }, &[]);
        let endpoint = |org: &str, password: &str| {
            format!(
                r#"{{"endpoint":"https://pkgs.dev.azure.com/{org}/_packaging/f/","password":"{password}"}}"#
            )
        };
        let mut hold = |contosos: Option<&str>| {
            let others = Some(endpoint("fabrikam", "others-password"));
            let all: Vec<_> =
                others.into_iter().chain(contosos.map(|password| endpoint("contoso", password))).collect();
            desk.host.env.set(variable, format!(r#"{{"endpointCredentials":[{}]}}"#, all.join(",")));
            desk.get(never)
        };
        assert_eq!(hold(Some("abc")), Ok(("Basic OmFiYw==".to_owned(), Keep::Session)));
        let living = jwt(NOW + 1);
        assert_eq!(hold(Some(&living)), Ok((format!("Bearer {living}"), Keep::Until(NOW + 1))));
        assert_eq!(report(hold(Some(&jwt(NOW)))).code, "token-expired");
        assert_eq!(report(hold(Some("$(Pat)"))).code, "environment-token-unusable");
        assert_eq!(report(hold(None)).code, "environment-token-elsewhere");
    }
}

#[test]
fn an_access_token_that_makes_no_sense_is_none_and_the_next_one_takes_its_place() {
    let desk = Desk::signed_in(entra(), &[(Slot::Refresh, "r"), (Slot::Access, "1 a")]);
    let file = keeping::file_of(desk.state());
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("\"=1 a\""), "{text}");
    std::fs::write(&file, text.replace("=1 a", "garbage")).unwrap();
    assert!(matches!(desk.vault().read(&base(), Slot::Access), Err(VaultError::Garbled)));
    assert_eq!(desk.get(next).unwrap().0, "Bearer next-of-r");
    assert_eq!(desk.get(never).unwrap().0, "Bearer next-of-r");
}

/// An answer that holds no next refresh token, in either spelling.
fn without_next(
    host: &Host,
    login: (&Base, &LoginKind),
    refresh: Option<Secret>,
) -> Result<AccessToken, Report> {
    let came = next(host, login, refresh)?;
    let TokenOrigin::DeviceCode(renewal) = came.origin else { panic!("no Entra") };
    let origin = TokenOrigin::DeviceCode(Renewal { refresh: Secret::new(""), ..renewal });
    Ok(AccessToken { origin, ..came })
}

fn unrenewed(
    host: &Host,
    login: (&Base, &LoginKind),
    refresh: Option<Secret>,
) -> Result<AccessToken, Report> {
    Ok(AccessToken { origin: TokenOrigin::Unrenewed, ..next(host, login, refresh)? })
}

#[test]
fn no_refresh_token_never_takes_the_place_of_one() {
    for renew in [without_next as Renew, unrenewed] {
        let desk = Desk::signed_in(entra(), &[(Slot::Refresh, "r")]);
        assert_eq!(desk.get(renew).unwrap().0, "Bearer next-of-r");
        assert_eq!(desk.kept(Slot::Refresh).as_deref(), Some("r"));
        let came = renew(&desk.host, (&base(), &entra()), Some(Secret::new("r"))).unwrap();
        let credential = Credential::Bearer(Box::new(came));
        assert_eq!(desk.keep(&credential).unwrap_err().code, "token-not-renewable");
        assert_eq!(desk.kept(Slot::Refresh).as_deref(), Some("r"), "the sign-in before is as it was");
    }
    // As a version before may have kept it.
    let empty = Desk::signed_in(entra(), &[(Slot::Refresh, "")]);
    assert_eq!(report(empty.get(never)).code, "credential-gone");
}

#[test]
fn a_variable_needs_no_store_and_leaves_nothing_of_the_sign_in_before() {
    let mut desk = Desk::signed_in(LoginKind::Pat, &[(Slot::Pat, "abc")]);
    desk.host.env.set("AZURE_DEVOPS_EXT_PAT", "def");
    let origin = TokenOrigin::Environment("AZURE_DEVOPS_EXT_PAT".into());
    let token = AccessToken { token: Secret::new("def"), expires: None, origin };
    let credential = Credential::Bearer(Box::new(token));
    let signed_in = keeping::SignedIn { base: &base(), who: "Ben", credential: &credential, made: None };
    // No session is named, so that a keyring would fail.
    let stored = keeping::keep(&desk.host, desk.state(), (&signed_in, Kept::Keyring)).unwrap();
    assert_eq!((stored.place.as_str(), stored.left), ("the variable `AZURE_DEVOPS_EXT_PAT`", None));
    assert_eq!(desk.kept(Slot::Pat), None);
    assert_eq!(desk.get(never).unwrap().0, "Basic OmRlZg==");
    let forgotten = keeping::forget(&desk.host, desk.state(), &base()).unwrap();
    assert!(forgotten.was_there && forgotten.left.is_none(), "{forgotten:?}");
}

/// Its file can be read and not be written.
fn refuse_writes(state: &Path) {
    let lock = state.join("credentials.lock");
    std::fs::remove_file(&lock).unwrap();
    std::fs::create_dir(lock).unwrap();
}

fn next_and_then_refuse(
    host: &Host,
    login: (&Base, &LoginKind),
    refresh: Option<Secret>,
) -> Result<AccessToken, Report> {
    refuse_writes(host.state_dir.as_deref().unwrap());
    next(host, login, refresh)
}

#[test]
fn a_refresh_token_is_not_spent_where_the_next_one_cannot_be_kept() {
    for (left, is_used) in [(LEAST, true), (LEAST - 1, false)] {
        let access = format!("{} ending", NOW + left);
        let desk = Desk::signed_in(entra(), &[(Slot::Refresh, "r"), (Slot::Access, &access)]);
        refuse_writes(desk.state());
        let outcome = desk.get(never);
        if is_used {
            assert_eq!(outcome.unwrap().0, "Bearer ending");
        } else {
            assert_eq!(report(outcome).exit, Exit::Failed);
        }
        assert_eq!(desk.kept(Slot::Refresh).as_deref(), Some("r"));
    }
}

#[test]
fn a_store_that_refuses_just_then_keeps_what_it_had_and_the_token_that_came_is_used() {
    let desk = Desk::signed_in(entra(), &[(Slot::Refresh, "r")]);
    assert_eq!(desk.get(next_and_then_refuse).unwrap().0, "Bearer next-of-r");
    assert_eq!(desk.kept(Slot::Refresh).as_deref(), Some("r"), "the service may take it again");
    let refused = report(desk.get_when_it_can_be_written(spent));
    assert_eq!(
        refused.hint.as_deref(),
        Some("run: az-cargo-wizard login --org https://dev.azure.com/contoso")
    );
}

impl Desk {
    fn get_when_it_can_be_written(&self, renew: Renew) -> Result<(String, Keep), Refusal> {
        std::fs::remove_dir(self.state().join("credentials.lock")).unwrap();
        self.get(renew)
    }

    /// Signs in as a person does.
    fn keep(&self, credential: &Credential) -> Result<(), Report> {
        let signed_in = keeping::SignedIn { base: &base(), who: "Ben", credential, made: None };
        keeping::keep(&self.host, self.state(), (&signed_in, Kept::File)).map(|_| ())
    }
}

fn of_entra(token: &str) -> Credential {
    let LoginKind::Entra { authority, tenant, client_id } = entra() else { panic!("no Entra") };
    let renewal = Renewal { authority, tenant, client_id, refresh: Secret::new(format!("r-{token}")) };
    let origin = TokenOrigin::DeviceCode(renewal);
    let access = AccessToken { token: Secret::new(token), expires: Some(NOW + 3_600), origin };
    Credential::Bearer(Box::new(access))
}

#[test]
fn who_waited_for_a_login_or_a_logout_goes_by_what_is_known_then() {
    let desk = Desk::signed_in(entra(), &[(Slot::Refresh, "r")]);
    let (before, base) = (Record::load(desk.state()), base());
    let login = before.login(&base).unwrap();
    let late =
        Keeper { host: &desk.host, state_dir: desk.state(), record: &before, base: &base, renew: never };
    let pat = Credential::Pat(Secret::new("abc"));
    desk.keep(&pat).unwrap();
    for answer in [late.token(), late.replace(login)] {
        let Ok(Granted::Token { header, .. }) = answer else { panic!("no token: {answer:?}") };
        assert_eq!(header, pat.header());
    }
    // And the other way round: what it read is of a kind that is gone by now.
    let before = Record::load(desk.state());
    let early =
        Keeper { host: &desk.host, state_dir: desk.state(), record: &before, base: &base, renew: never };
    desk.keep(&of_entra("one")).unwrap();
    let Ok(Granted::Token { header, .. }) = early.token() else { panic!("no token") };
    assert_eq!(header.expose(), "Bearer one");
    assert!(keeping::forget(&desk.host, desk.state(), &base).unwrap().was_there);
    assert_eq!(early.token(), Err(Refusal::NotFound));
    assert_eq!((late.token(), late.replace(login)), (Err(Refusal::NotFound), Err(Refusal::NotFound)));
    assert_eq!(Slot::ALL.map(|slot| desk.kept(slot)), [None, None, None]);
}

#[test]
fn a_login_and_a_logout_need_the_turn_that_a_renewal_has() {
    fn in_turn(
        host: &Host,
        login: (&Base, &LoginKind),
        refresh: Option<Secret>,
    ) -> Result<AccessToken, Report> {
        assert!(turn::take(host.state_dir.as_deref().unwrap()).unwrap().is_none());
        next(host, login, refresh)
    }
    let desk = Desk::signed_in(entra(), &[(Slot::Refresh, "r")]);
    assert_eq!(desk.get(in_turn).unwrap().0, "Bearer next-of-r");
    // One that nobody can take.
    let lock = desk.state().join("renew.lock");
    std::fs::remove_file(&lock).unwrap();
    std::fs::create_dir(lock).unwrap();
    let token = Secret::new("t".repeat(52));
    assert!(desk.keep(&Credential::Pat(token.clone())).is_err());
    assert!(keeping::forget(&desk.host, desk.state(), &base()).is_err());
    for action in [Action::Login(Some(token)), Action::Logout] {
        assert!(matches!(desk.ask(action, never), Err(Refusal::Failed(_))));
    }
    assert_eq!(desk.get(never).unwrap().0, "Bearer next-of-r", "nothing has changed");
}

#[test]
fn a_login_of_another_kind_leaves_nothing_of_the_one_before() {
    let desk = Desk::signed_in(LoginKind::Pat, &[(Slot::Pat, "abc")]);
    desk.keep(&of_entra("one")).unwrap();
    assert_eq!(Slot::ALL.map(|slot| desk.kept(slot).is_some()), [false, true, true]);
    desk.keep(&Credential::Pat(Secret::new("def"))).unwrap();
    assert_eq!(Slot::ALL.map(|slot| desk.kept(slot)), [Some("def".to_owned()), None, None]);
    desk.keep(&of_entra("two")).unwrap();
    let token = Secret::new("t".repeat(52));
    assert_eq!(desk.ask(Action::Login(Some(token)), never), Ok(Granted::LoggedIn(None)));
    assert_eq!(Slot::ALL.map(|slot| desk.kept(slot).is_some()), [true, false, false]);
}

#[cfg(unix)]
#[test]
fn the_file_never_answers_for_a_login_to_the_keyring_with_the_one_before() {
    let desk = Desk::signed_in(entra(), &[(Slot::Refresh, "r"), (Slot::Access, "1 a")]);
    let replace = |desk: &Desk, credential: &Credential| {
        keeping::replace_in_file(&desk.host, desk.state(), (&base(), credential)).unwrap();
        Slot::ALL.map(|slot| desk.kept(slot))
    };
    let pat = Credential::Pat(Secret::new("abc"));
    assert_eq!(replace(&desk, &pat), [Some("abc".to_owned()), None, None]);
    let renewed = replace(&desk, &of_entra("one"));
    assert_eq!((renewed[0].as_deref(), renewed[1].as_deref()), (None, Some("r-one")));

    let empty = Desk::signed_in(LoginKind::Pat, &[]);
    assert_eq!(replace(&empty, &pat), [None, None, None], "nothing new comes into the file");
    let never_agreed = Desk::new();
    never_agreed.vault().write(&base(), Slot::Pat, &Secret::new("old")).unwrap();
    assert_eq!(replace(&never_agreed, &pat), [None, None, None]);
}

#[test]
fn what_is_recorded_and_not_there_any_more_is_told_and_never_not_found() {
    for kind in [LoginKind::Pat, entra()] {
        let gone = report(Desk::signed_in(kind, &[]).get(never));
        assert_eq!(
            (gone.code, gone.hint.as_deref()),
            ("credential-gone", Some("run: az-cargo-wizard login --org https://dev.azure.com/contoso"))
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn without_its_keyring_a_sign_in_goes_on_in_the_file_that_was_agreed_to() {
    let desk = Desk::signed_in(entra(), &[(Slot::Refresh, "r")]);
    desk.record(&Login { kind: entra(), kept: Kept::Keyring, who: "Ana".into(), expires: None, made: None });
    // No session is named, so that nothing is called.
    assert_eq!(desk.get(next).unwrap().0, "Bearer next-of-r");
    assert_eq!(desk.kept(Slot::Refresh).as_deref(), Some("r+"), "the next one is not lost");
    assert_eq!(Record::load(desk.state()).login(&base()).unwrap().kept, Kept::File);
    assert_eq!(desk.get(never).unwrap().0, "Bearer next-of-r");
    assert_eq!(desk.ask(Action::Logout, never), Ok(Granted::LoggedOut(None)));
    let again = keeping::forget(&desk.host, desk.state(), &base()).unwrap();
    assert!(!again.was_there);
    assert!(again.left.unwrap().contains("stays in the system keyring: there is no keyring"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_renewal_that_no_keyring_takes_is_remembered_as_an_outage() {
    let desk = Desk::new();
    let login = Login { kind: entra(), kept: Kept::Keyring, who: "Ana".into(), expires: None, made: None };
    desk.record(&login);
    let (record, base) = (Record::load(desk.state()), base());
    let keeper =
        Keeper { host: &desk.host, state_dir: desk.state(), record: &record, base: &base, renew: never };
    assert_eq!(Outage::load(desk.state(), "", NOW), None);
    let came = next(&desk.host, (&base, &login.kind), Some(Secret::new("r"))).unwrap();
    // No session is named, so that nothing is called.
    assert_eq!(keeper.keep_refresh(login.clone(), &came), login);
    assert!(Outage::load(desk.state(), "", NOW).unwrap().why.contains("there is no keyring"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_yes_to_the_file_for_one_organization_moves_nothing_of_another() {
    let desk = Desk::new();
    let fabrikam = Base::parse("https://dev.azure.com/fabrikam").unwrap();
    let login =
        Login { kind: LoginKind::Pat, kept: Kept::File, who: "Ana".into(), expires: None, made: None };
    record::log_in(desk.state(), &fabrikam, &login).unwrap();
    let login = Login { kind: entra(), kept: Kept::Keyring, who: "Ana".into(), expires: None, made: None };
    desk.record(&login);
    let (record, base) = (Record::load(desk.state()), base());
    let keeper =
        Keeper { host: &desk.host, state_dir: desk.state(), record: &record, base: &base, renew: never };
    let came = next(&desk.host, (&base, &login.kind), Some(Secret::new("r"))).unwrap();
    assert_eq!(keeper.keep_refresh(login.clone(), &came), login);
    assert_eq!(desk.kept(Slot::Refresh), None);
    assert!(!keeping::file_of(desk.state()).exists(), "no secret of this one on the disk");
}

#[cfg(target_os = "linux")]
#[test]
fn a_keyring_out_of_reach_is_said_and_never_not_found() {
    let desk = Desk::new();
    desk.record(&Login {
        kind: LoginKind::Pat,
        kept: Kept::Keyring,
        who: "Ana".into(),
        expires: None,
        made: None,
    });
    // No session is named, so that nothing is called.
    let first = report(desk.get(never));
    assert_eq!(first.code, "keyring-unavailable");
    assert!(
        first.hint.as_deref().unwrap().contains("login --org https://dev.azure.com/contoso --store file"),
        "{first}"
    );
    let again = report(desk.get(never));
    assert!(again.causes.iter().any(|cause| cause.contains("within the last minute")), "{again}");

    let agreed = Desk::signed_in(LoginKind::Pat, &[(Slot::Pat, "abc")]);
    agreed.record(&Login {
        kind: LoginKind::Pat,
        kept: Kept::Keyring,
        who: "Ana".into(),
        expires: None,
        made: None,
    });
    assert_eq!(agreed.get(never).unwrap().0, "Basic OmFiYw==", "the file was agreed to before");
    assert_eq!(agreed.get(never).unwrap().0, "Basic OmFiYw==", "in the minute after, too");
}

/// No session is named, so that the keyring doesn't say what it has.
#[cfg(target_os = "linux")]
#[test]
fn what_is_known_of_a_made_token_stays_where_its_store_does_not_say_which_one_it_has() {
    let desk = Desk::new();
    let made = Some(MadeToken { name: "made".into(), id: "1".into() });
    let expires = Some(NOW + 86_400);
    let before = Login { kind: LoginKind::Pat, kept: Kept::Keyring, who: "Ana".into(), expires, made };
    desk.record(&before);
    let credential = Credential::Pat(Secret::new("abc"));
    let known = keeping::login_of(&desk.host, desk.state(), (&base(), &credential));
    assert_eq!(known, Some((before.clone(), false)), "who it is stays known, and that is not certain");
    desk.keep(&credential).unwrap();
    let record = Record::load(desk.state());
    let login = record.login(&base()).unwrap();
    assert_eq!((login.kept, login.expires, &login.made), (Kept::File, expires, &before.made));
    assert_eq!(record.untold().count(), 0, "nobody is told to revoke what may be in use");
    // The file does say it.
    desk.keep(&Credential::Pat(Secret::new("def"))).unwrap();
    let record = Record::load(desk.state());
    assert_eq!(record.login(&base()).unwrap().made, None);
    assert_eq!(record.untold().map(|untold| untold.name.as_str()).collect::<Vec<_>>(), ["made"]);
}
