//! From a checkout to `cargo fetch`, each way in.

use std::fs;

use crate::internet::Internet;
use crate::person::{CRATES, STORAGE, Said};
use crate::support::openapi::Seen;
use crate::support::wizard::product;

const REMOTE: &str = "https://dev.azure.com/contoso/Storefront/_git/storefront";

const SETUP: [&str; 6] = ["setup", "--with-token", "--store", "file", "--yes", "--feed"];

fn setup<'a>(feed: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    SETUP.iter().copied().chain([feed]).chain(more.iter().copied()).collect()
}

#[test]
fn a_token_and_the_remotes_organization() {
    let internet = Internet::with_cargos_ca();
    internet.check_out(REMOTE);
    let lock = fs::read(internet.sandbox.project().join("Cargo.lock")).unwrap();
    internet.run_with_token(&setup("rust-crates", &[])).succeeds();
    assert_eq!(internet.crates().len(), CRATES);
    internet.asked_only(&["dev.azure.com", "feeds.dev.azure.com", "pkgs.dev.azure.com", STORAGE]);
    let first = internet.heard().remove(0);
    assert!(first.path.starts_with("/contoso/_apis/connectionData"), "nothing is asked before: {first:?}");

    // Another program, later.
    internet.empty_cache();
    internet.cargo_fetch().succeeds();
    assert_eq!(internet.crates().len(), CRATES);
    internet.empty_cache();
    internet.run(&["fetch", "--locked"]).succeeds();
    assert_eq!(internet.crates().len(), CRATES);
    internet.asked_only(&["dev.azure.com", "feeds.dev.azure.com", "pkgs.dev.azure.com", STORAGE]);
    assert_eq!(fs::read(internet.sandbox.project().join("Cargo.lock")).unwrap(), lock);
    let config = fs::read_to_string(internet.sandbox.project().join(".cargo/config.toml")).unwrap();
    let index = "sparse+https://pkgs.dev.azure.com/contoso/Storefront/_packaging/rust-crates/Cargo/index/";
    assert!(config.contains(index), "{config}");
}

#[test]
fn the_older_host_names_of_an_organization() {
    let mut internet = Internet::start();
    // OpenSSL's variable, which both know too: it stands in for the system's certificates.
    let file = internet.ca_file();
    internet.sandbox.set("SSL_CERT_FILE", file);
    internet.check_out("https://contoso.visualstudio.com/DefaultCollection/Storefront/_git/storefront");
    internet.run_with_token(&setup("rust-crates", &[])).succeeds();
    assert_eq!(internet.crates().len(), CRATES);
    let (web, feeds) = ("contoso.visualstudio.com", "contoso.feeds.visualstudio.com");
    internet.asked_only(&[web, feeds, "contoso.pkgs.visualstudio.com", STORAGE]);
}

#[test]
fn a_feed_of_the_organization_itself_named_by_its_index() {
    let internet = Internet::with_cargos_ca();
    internet.check_out("https://github.com/contoso/storefront");
    let index = "sparse+https://pkgs.dev.azure.com/contoso/_packaging/shared-crates/Cargo/index/";
    internet.run_with_token(&setup("shared-crates", &["--org", index])).succeeds();
    assert_eq!(internet.crates().len(), CRATES);
    internet.asked_only(&["dev.azure.com", "feeds.dev.azure.com", "pkgs.dev.azure.com", STORAGE]);
}

#[test]
fn a_public_feed_gives_strangers_what_is_saved_and_members_the_rest() {
    let internet = Internet::with_cargos_ca();
    internet.check_out("https://github.com/fabrikam/oss");
    let index = "https://pkgs.dev.azure.com/fabrikam/OSS/_packaging/open-crates/Cargo/index/";
    internet.commit_config("open", &format!("sparse+{index}"));
    // Nobody is signed in, and some crate was never saved.
    internet.run(&["fetch", "--locked"]).fails_with(3, "No local versions of package");
    assert!(internet.crates().len() < CRATES);
    assert!(internet.trusted_hosts().is_empty(), "nobody has a credential");

    // A member, through the form that asks.
    let said = Said::of(
        &product(&internet.sandbox, ["fetch", "--locked", "--force-auth"])
            .env("CARGO_REGISTRIES_OPEN_CREDENTIAL_PROVIDER", "cargo:token")
            .env("CARGO_REGISTRIES_OPEN_TOKEN", basic(&internet))
            .output()
            .unwrap(),
    );
    said.succeeds();
    internet.asked_only(&["pkgs.dev.azure.com", STORAGE]);
    assert!(!internet.trusted_hosts().is_empty());

    // Now everything is saved, for strangers too.
    internet.empty_cache();
    internet.run(&["fetch", "--locked"]).succeeds();
    assert_eq!(internet.crates().len(), CRATES);
}

fn basic(internet: &Internet) -> String {
    use base64::Engine as _;
    let token = format!(":{}", internet.demo.token().expose());
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(token))
}

#[test]
fn a_reader_of_a_crate_that_nobody_has_saved_is_told_the_role_that_is_missing() {
    let internet = Internet::with_cargos_ca();
    internet.check_out(REMOTE);
    let said = internet.run_with_token(&setup("payments-crates", &["--project", "Payments"]));
    said.fails_with(4, "Feed and Upstream Reader");
    internet.asked_at_most(&["dev.azure.com", "feeds.dev.azure.com", "pkgs.dev.azure.com", STORAGE]);
}

#[test]
fn a_servers_collection_over_plain_http_that_was_named() {
    let mut internet = Internet::with_cargos_ca();
    internet.sandbox.set("NO_PROXY", "127.0.0.1");
    internet.check_out("https://github.com/contoso/storefront");
    let base = internet.serve_server("contoso");
    internet.run_with_token(&setup("rust-crates", &["--org", &base])).succeeds();
    assert_eq!(internet.crates().len(), CRATES);
    internet.empty_cache();
    internet.cargo_fetch().succeeds();
    assert_eq!(internet.crates().len(), CRATES);
    assert!(internet.hosts().is_empty(), "{:?}", internet.hosts());
    let versions: Vec<String> = Seen::read_log(&internet.sandbox.request_log())
        .iter()
        .filter_map(|seen| Some(format!("{} {}", seen.version()?, seen.status)))
        .collect();
    assert!(versions.contains(&"7.1-preview.1 400".to_owned()), "the ladder: {versions:?}");
    assert!(versions.contains(&"7.0 200".to_owned()), "{versions:?}");
}

#[test]
fn a_companys_server_with_a_certificate_of_its_own() {
    let internet = Internet::with_cargos_ca();
    internet.check_out("https://github.com/contoso/storefront");
    let base = internet.serve_company("ado.corp.example", "contoso");
    internet.run_with_token(&setup("rust-crates", &["--org", &base])).succeeds();
    assert_eq!(internet.crates().len(), CRATES);
    internet.asked_only(&["ado.corp.example"]);
}

#[test]
fn a_certificate_that_nobody_knows_is_no_way_in() {
    let internet = Internet::start();
    internet.check_out(REMOTE);
    let said = internet.run_with_token(&setup("rust-crates", &[]));
    said.fails_with(6, "no secure connection could be made");
    assert!(said.text.contains("dev.azure.com") && said.text.contains("--ca-file"), "{}", said.text);
    assert!(internet.heard().is_empty());
}
