//! Tokens that end: renewed before they are handed out, once for all who ask.

use std::fs;
use std::net::TcpListener;

use az_cargo_wizard::auth::vault::{Slot, Vault};
use az_cargo_wizard::domain::credential::Secret;
use az_cargo_wizard::domain::organization::Base;
use az_cargo_wizard::record::{self, Kept, Login, LoginKind};
use serde_json::{Value, json};

use crate::support::sandbox::Sandbox;
use crate::support::wizard::{CRATES, product};
use crate::world::{World, fed, words};

/// As after an hour: no access token is good any more, and what is kept says so.
fn let_an_hour_pass(world: &World) {
    world.demo.end_entra_tokens();
    world.vault().write(&world.base(), Slot::Access, &Secret::new("1 eyJold.e30.x")).unwrap();
}

fn refresh_of(world: &World) -> String {
    world.vault().read(&world.base(), Slot::Refresh).unwrap().unwrap().expose().to_owned()
}

fn renewals(world: &World, before: usize) -> usize {
    let asked = world.requests_since(before);
    asked.iter().filter(|request| request.path.ends_with("/oauth2/v2.0/token")).count()
}

#[test]
fn an_access_token_that_lives_is_handed_out_and_one_that_has_ended_is_renewed_first() {
    let world = World::with_entra();
    let before = world.demo.requests().len();
    let fresh = world.fetch();
    assert!(fresh.status.success(), "{}", words(&fresh));
    assert_eq!((world.crates(), renewals(&world, before)), (CRATES, 0));

    for _ in 0..2 {
        let_an_hour_pass(&world);
        world.forget_crates();
        let (before, refresh) = (world.demo.requests().len(), refresh_of(&world));
        let renewed = world.fetch();
        assert!(renewed.status.success(), "{}", words(&renewed));
        assert_eq!((world.crates(), renewals(&world, before)), (CRATES, 1));
        assert_ne!(refresh_of(&world), refresh, "it is good once: the next one is kept");
        assert!(world.requests_since(before).iter().all(|request| request.status != 401));
    }
}

#[test]
fn a_sign_in_that_cannot_be_renewed_is_said_with_what_mends_it() {
    let world = World::with_entra();
    let_an_hour_pass(&world);
    world.vault().write(&world.base(), Slot::Refresh, &Secret::new("0.AXspent")).unwrap();
    let output = world.fetch();
    assert!(!output.status.success());
    let said = words(&output);
    assert!(said.contains("az-cargo-wizard login"), "{said}");
    assert!(!said.contains("0.AXspent") && !said.contains("eyJold"), "{said}");
}

#[test]
fn two_hundred_who_ask_at_once_are_served_by_one_renewal() {
    use std::io::Write as _;
    use std::process::Stdio;

    const CARGOS: usize = 200;
    let world = World::with_entra();
    let_an_hour_pass(&world);
    let before = world.demo.requests().len();
    let request = format!(
        "{{\"v\":1,\"registry\":{{\"index-url\":\"{}\"}},\"kind\":\"get\",\"operation\":\"read\"}}\n",
        world.index()
    );
    let children: Vec<_> = (0..CARGOS)
        .map(|_| {
            let mut command = crate::support::wizard::product(&world.sandbox, ["--cargo-plugin"]);
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().unwrap();
            child.stdin.take().unwrap().write_all(request.as_bytes()).unwrap();
            child
        })
        .collect();
    let mut answers: Vec<String> = children
        .into_iter()
        .map(|child| {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap()
        })
        .collect();
    answers.dedup();
    let [answer] = &answers[..] else { panic!("all get the same token: {} answers", answers.len()) };
    assert!(answer.contains("\"cache\":\"expires\""), "they were served");
    assert_eq!(renewals(&world, before), 1);
}

const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

/// Whoever `az` has signed in, and nothing of it kept.
fn with_az() -> World {
    let world = World::with_entra();
    let token = world.vault().read(&world.base(), Slot::Access).unwrap().unwrap();
    let (_, token) = token.expose().split_once(' ').unwrap();
    let answer = json!({
        "accessToken": token, "expiresOn": "2099-01-01 00:00:00.000000", "expires_on": 4_070_908_800_u64,
        "tenant": TENANT, "tokenType": "Bearer",
    });
    let root = world.sandbox.root().to_owned();
    world.sandbox.write("az.json", answer.to_string());
    let script = format!("echo \"$*\" >> '{0}/az.log'\ncat '{0}/az.json'", root.display());
    world.sandbox.program("az", &script);
    world.vault().forget(&world.base()).unwrap();
    let kind = LoginKind::AzureCli { tenant: Some(TENANT.to_owned()) };
    let login = Login { kind, kept: Kept::File, who: "Ana".to_owned(), expires: None, made: None };
    record::log_in(world.demo.state_dir(), &world.base(), &login).unwrap();
    world
}

fn asked_of_az(world: &World) -> Vec<String> {
    let log = fs::read_to_string(world.sandbox.root().join("az.log")).unwrap_or_default();
    log.lines().map(ToOwned::to_owned).collect()
}

#[test]
fn the_azure_clis_session_is_asked_once_an_hour_and_for_the_organizations_tenant() {
    let world = with_az();
    for hour in 1..=2 {
        for _ in 0..2 {
            world.forget_crates();
            let fetch = world.fetch();
            assert!(fetch.status.success(), "{}", words(&fetch));
            assert_eq!(world.crates(), CRATES);
            assert_eq!(asked_of_az(&world).len(), hour, "what it gave is kept as long as it is good");
        }
        world.vault().write(&world.base(), Slot::Access, &Secret::new("1 eyJold.e30.x")).unwrap();
    }
    let resource = "--resource 499b84ac-1321-427f-aa17-267ca6975798";
    let command = format!("account get-access-token {resource} --tenant {TENANT} --output json");
    assert_eq!(asked_of_az(&world), [command.clone(), command]);
    assert_eq!(world.vault().read(&world.base(), Slot::Refresh).unwrap(), None);
}

#[test]
fn an_azure_cli_that_is_signed_out_is_said_with_its_own_command() {
    let world = with_az();
    world.sandbox.program("az", "echo \"ERROR: Please run 'az login' to setup account.\" >&2\nexit 1");
    let fetch = world.fetch();
    assert!(!fetch.status.success());
    assert!(words(&fetch).contains(&format!("az login --tenant {TENANT}")), "{}", words(&fetch));
}

#[test]
fn an_az_of_the_checkout_is_not_run() {
    let mut world = with_az();
    let theirs = world.demo.project_dir().join("bin");
    fs::create_dir(&theirs).unwrap();
    fs::rename(world.sandbox.root().join("bin/az"), theirs.join("az")).unwrap();
    let path = format!("{}:{}", theirs.display(), world.sandbox.variable("PATH"));
    world.sandbox.set("PATH", path);
    let fetch = world.fetch();
    assert!(!fetch.status.success());
    assert_eq!(asked_of_az(&world), <[String; 0]>::default(), "{}", words(&fetch));
}

/// Where nobody listens.
fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn without_a_network_the_answer_says_so_and_the_sign_in_stays() {
    let dead = nowhere();
    // Entra itself behind a proxy that is gone, and an authority that is gone.
    for (authority, origin) in
        [("https://login.microsoftonline.com", "https://dev.azure.com"), (&dead, &dead)]
    {
        let mut sandbox = Sandbox::new();
        sandbox.set("NO_PROXY", "127.0.0.1");
        sandbox.set("https_proxy", nowhere());
        let base = Base::parse(&format!("{origin}/contoso")).unwrap();
        let kind = LoginKind::Entra {
            authority: authority.to_owned(),
            tenant: TENANT.to_owned(),
            client_id: "04b07795-8ddb-461a-bbee-02f9e1bf7b46".to_owned(),
        };
        let login = Login { kind, kept: Kept::File, who: "Ana".to_owned(), expires: None, made: None };
        record::log_in(&sandbox.state_dir(), &base, &login).unwrap();
        let vault = Vault::file(sandbox.state_dir().join("credentials.json"));
        vault.write(&base, Slot::Refresh, &Secret::new("0.AXkept")).unwrap();

        let packages = origin.replace("//dev.", "//pkgs.dev.");
        let index = format!("sparse+{packages}/contoso/_packaging/f/Cargo/index/");
        let request = format!(
            "{{\"v\":1,\"registry\":{{\"index-url\":\"{index}\"}},\"kind\":\"get\",\"operation\":\"read\"}}\n"
        );
        let output = fed(&mut product(&sandbox, ["--cargo-plugin"]), &request);
        let text = String::from_utf8(output.stdout).unwrap();
        let answer: Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
        assert_eq!(answer["Err"]["kind"], "other", "{text}");
        let causes = answer["Err"]["caused-by"].as_array().unwrap();
        let mends = causes.last().unwrap().as_str().unwrap();
        assert!(mends.starts_with("check ") && mends.contains("proxy"), "{text}");
        assert!(mends.ends_with(&format!("az-cargo-wizard login --org {base} --with-token")), "{text}");
        let message = answer["Err"]["message"].as_str().unwrap();
        assert!(message.starts_with("the sign-in could not be renewed: the "), "{text}");
        assert!(!text.contains("0.AXkept"), "{text}");
        assert_eq!(vault.read(&base, Slot::Refresh).unwrap(), Some(Secret::new("0.AXkept")));
    }
}
