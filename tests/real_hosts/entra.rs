//! Signing in with Entra: what `az login` has, and a code.

use std::fs;

use serde_json::{Value, json};

use crate::internet::{Heard, Internet};
use crate::person::{CRATES, STORAGE, Said};
use crate::support::wizard::product;

const REMOTE: &str = "https://dev.azure.com/contoso/Storefront/_git/storefront";

const INDEX: &str =
    "sparse+https://pkgs.dev.azure.com/contoso/Storefront/_packaging/rust-crates/Cargo/index/";

/// The application id of Azure DevOps.
const RESOURCE: &str = "499b84ac-1321-427f-aa17-267ca6975798";

fn setup(internet: &Internet, auth: &str) -> Said {
    let flags = ["setup", "--feed", "rust-crates", "--store", "none", "--yes", "--auth", auth];
    Said::of(&product(&internet.sandbox, flags).output().unwrap())
}

/// A form sent to the demo's own Entra, on loopback.
async fn entra(internet: &Internet, endpoint: &str, form: &str) -> Value {
    let url = format!("{}/organizations/oauth2/v2.0/{endpoint}", internet.demo.origin());
    let settings = az_cargo_wizard::net::HttpSettings { loopback_only: true, ..Default::default() };
    let request = az_cargo_wizard::net::client(&settings).unwrap().post(url);
    let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(form.to_owned());
    request.send().await.unwrap().json().await.unwrap()
}

/// A token of Entra that the demo knows.
async fn entra_token(internet: &Internet) -> String {
    let client = "client_id=04b07795-8ddb-461a-bbee-02f9e1bf7b46";
    let code = entra(internet, "devicecode", &format!("{client}&scope={RESOURCE}%2F.default")).await;
    internet.demo.settle_codes(az_cargo_wizard::demo::Fate::Approved);
    let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
    let form = format!("{client}&{grant}&device_code={}", code["device_code"].as_str().unwrap());
    entra(internet, "token", &form).await["access_token"].as_str().unwrap().to_owned()
}

/// Puts an `az` on `PATH` that has somebody signed in, and writes down what it is asked.
pub(crate) fn put_az(internet: &Internet) {
    let token = internet.runtime.block_on(entra_token(internet));
    let answer = json!({
        "accessToken": token, "expiresOn": "2099-01-01 00:00:00.000000", "expires_on": 4_070_908_800_u64,
        "subscription": "00000000-0000-0000-0000-000000000001", "tenant": "TENANT", "tokenType": "Bearer",
    });
    internet.sandbox.write("az.json", answer.to_string());
    let root = internet.sandbox.root().display();
    let script = format!("echo \"$*\" >> '{root}/az.log'\nsed \"s/TENANT/$6/\" '{root}/az.json'");
    internet.sandbox.program("az", &script);
}

#[test]
fn the_azure_clis_session_in_the_organizations_own_tenant() {
    let internet = Internet::with_cargos_ca();
    put_az(&internet);
    internet.check_out(REMOTE);
    setup(&internet, "az").succeeds();
    assert_eq!(internet.crates().len(), CRATES);
    internet.asked_only(&["dev.azure.com", "feeds.dev.azure.com", "pkgs.dev.azure.com", STORAGE]);
    let first = internet.heard().remove(0);
    assert!(
        first.host == "pkgs.dev.azure.com" && first.path == "/contoso/" && !first.is_signed(),
        "{first:?}"
    );
    let tenant = tenant_of(&internet);
    let asked = fs::read_to_string(internet.sandbox.root().join("az.log")).unwrap();
    let line = format!("account get-access-token --resource {RESOURCE} --tenant {tenant} --output json");
    assert!(asked.lines().count() > 0 && asked.lines().all(|asked| asked == line), "{asked}");
    let bearer =
        |heard: &Heard| heard.header("authorization").is_none_or(|value| value.starts_with("Bearer eyJ"));
    assert!(internet.heard().iter().all(bearer), "az's token, and nothing else");
}

#[test]
fn a_token_is_made_at_the_host_of_tokens_alone_and_used_as_what_it_is() {
    // Also for an organization that is addressed by its old host.
    for remote in [REMOTE, "https://contoso.visualstudio.com/Storefront/_git/storefront"] {
        let internet = Internet::with_cargos_ca();
        put_az(&internet);
        internet.check_out(remote);
        let flags = ["--feed", "rust-crates", "--store", "file", "--yes", "--auth", "az", "--pat-days", "7"];
        let setup = product(&internet.sandbox, [&["setup"][..], &flags].concat()).output().unwrap();
        Said::of(&setup).succeeds();
        assert_eq!(internet.crates().len(), CRATES);
        let made: Vec<_> =
            internet.heard().into_iter().filter(|heard| heard.path.contains("tokens/pats")).collect();
        let [made] = &made[..] else { panic!("asked for once: {made:?}") };
        assert_eq!(
            (made.host.as_str(), made.path.as_str()),
            ("vssps.dev.azure.com", "/contoso/_apis/tokens/pats?api-version=7.1-preview.1")
        );
        assert!(made.header("authorization").is_some_and(|value| value.starts_with("Bearer eyJ")));
        let of_cargo = internet.heard().into_iter().filter(|heard| heard.path.ends_with("/download"));
        let kinds: Vec<bool> = of_cargo
            .map(|heard| heard.header("authorization").is_some_and(|value| value.starts_with("Basic ")))
            .collect();
        assert!(kinds.len() >= CRATES && kinds.iter().all(|is_basic| *is_basic), "{kinds:?}");
    }
}

/// What the demo says of contoso to strangers.
fn tenant_of(internet: &Internet) -> String {
    let settings = az_cargo_wizard::net::HttpSettings { loopback_only: true, ..Default::default() };
    let url = format!("{}/contoso/", internet.demo.origin());
    let client = az_cargo_wizard::net::client(&settings).unwrap();
    let reply = internet.runtime.block_on(async { client.get(url).send().await.unwrap() });
    reply.headers()["x-vss-resourcetenant"].to_str().unwrap().to_owned()
}

#[test]
fn a_code_that_is_entered_elsewhere() {
    let internet = Internet::with_cargos_ca();
    internet.check_out(REMOTE);
    let said = setup(&internet, "device");
    said.succeeds();
    assert!(said.text.contains("https://microsoft.com/devicelogin"), "{}", said.text);
    assert_eq!(internet.crates().len(), CRATES);
    let login = "login.microsoftonline.com";
    internet.asked_only(&["dev.azure.com", "feeds.dev.azure.com", login, "pkgs.dev.azure.com", STORAGE]);
    let entra: Vec<Heard> = internet.heard().into_iter().filter(|heard| heard.host == login).collect();
    let own = format!("/{}/oauth2/v2.0/", tenant_of(&internet));
    assert!(entra.iter().all(|heard| heard.path.starts_with(&own) && !heard.is_signed()), "{entra:?}");
}

#[test]
fn an_authority_that_an_answer_names_is_not_signed_in_at() {
    for auth in ["az", "device"] {
        let internet = Internet::with_cargos_ca();
        put_az(&internet);
        internet.check_out(REMOTE);
        internet.answer(|heard: &Heard| {
            let id = "72f988bf-86f1-41af-91ab-2d7cd011db47";
            let uri = format!("Bearer authorization_uri=https://login.evil.example/{id}");
            let headers = [
                ("WWW-Authenticate", uri.as_str()),
                ("X-VSS-ResourceTenant", id),
                ("X-VSS-AuthorizationEndpoint", "https://vssps.evil.example/contoso/"),
            ];
            (heard.path == "/contoso/").then(|| crate::internet::azures("401 Unauthorized", &headers, ""))
        });
        setup(&internet, auth).succeeds();
        let hosts = internet.hosts();
        assert!(hosts.iter().all(|host| !host.contains("evil")), "{hosts:?}");
        // No tenant is better than one that can't be believed.
        let asked = fs::read_to_string(internet.sandbox.root().join("az.log")).unwrap_or_default();
        assert!(!asked.contains("--tenant"), "{asked}");
        let entra = internet.heard().into_iter().filter(|heard| heard.host == "login.microsoftonline.com");
        let mut paths = entra.map(|heard| heard.path);
        assert!(paths.all(|path| path.starts_with("/organizations/oauth2/")));
    }
}

#[test]
fn a_sign_in_is_renewed_on_the_same_way_as_it_was_made() {
    use az_cargo_wizard::auth::vault::{Slot, Vault};
    use az_cargo_wizard::domain::credential::Secret;
    use az_cargo_wizard::domain::organization::Target;
    let internet = Internet::with_cargos_ca();
    internet.check_out(REMOTE);
    internet.commit_config("rust-crates", INDEX);
    internet.sandbox.write("cargo-home/config.toml", crate::person::installed());
    internet.run(&["login", "--org", "contoso", "--auth", "device", "--store", "file"]).succeeds();
    internet.demo.end_entra_tokens();
    let vault = Vault::file(internet.sandbox.state_dir().join("credentials.json"));
    let base = Target::parse("contoso").unwrap().collection.base();
    vault.write(&base, Slot::Access, &Secret::new("1 eyJold.e30.x")).unwrap();
    let renewals = || {
        let heard = internet.heard().into_iter().filter(|heard| heard.host == "login.microsoftonline.com");
        heard.filter(|heard| heard.path.ends_with("/token")).count()
    };
    let before = renewals();
    internet.cargo_fetch().succeeds();
    assert_eq!((internet.crates().len(), renewals() - before), (CRATES, 1));
}
