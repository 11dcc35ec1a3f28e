//! How the way out is found: certificates and proxies from wherever Cargo takes them, and from a flag.

use std::fs;

use crate::internet::Internet;
use crate::person::CRATES;

const REMOTE: &str = "https://dev.azure.com/contoso/Storefront/_git/storefront";

const SETUP: [&str; 7] = ["setup", "--with-token", "--store", "file", "--yes", "--feed", "rust-crates"];

#[test]
fn a_ca_file_named_by_flag_reaches_cargo_too_and_leaves_nothing_behind() {
    let internet = Internet::start();
    internet.check_out(REMOTE);
    let temporary = internet.sandbox.root().join("tmp");
    let left = || fs::read_dir(&temporary).map_or(0, Iterator::count);
    let before = left();
    let file = internet.ca_file().to_string_lossy().into_owned();
    internet.run_with_token(&[&["--ca-file", &file], &SETUP[..]].concat()).succeeds();
    assert_eq!(internet.crates().len(), CRATES);
    assert_eq!(left(), before);

    let nothing = internet.sandbox.write("project/none.pem", "no certificate");
    let nothing = nothing.to_string_lossy().into_owned();
    internet.run(&["--ca-file", &nothing, "fetch"]).fails_with(6, "none.pem");
}

#[test]
fn a_relative_certificate_file_starts_where_the_person_is() {
    let mut internet = Internet::start();
    internet.check_out(REMOTE);
    // The folder above the project: Cargo is started inside.
    let pem = fs::read(internet.ca_file()).unwrap();
    internet.sandbox.write("project/certificates/ca.pem", pem);
    internet.sandbox.write("project/member/.keep", "");
    internet.sandbox.set("CARGO_HTTP_CAINFO", "certificates/ca.pem");
    internet.run_with_token(&[&["--dir", "member"], &SETUP[..]].concat()).succeeds();
    assert_eq!(internet.crates().len(), CRATES);
}

#[test]
fn a_project_cannot_choose_the_proxy_before_it_is_trusted() {
    let mut internet = Internet::with_cargos_ca();
    internet.check_out(REMOTE);
    let proxy = internet.proxy();
    internet.unset_proxies();
    internet.sandbox.write("project/.cargo/config.toml", format!("[http]\nproxy = \"{proxy}\"\n"));
    internet.run_with_token(&SETUP).fails_with(2, "http.proxy");
    assert!(internet.hosts().is_empty());
    // A yes holds for signing in as for Cargo.
    internet.run_with_token(&[&["--trust-project"], &SETUP[..]].concat()).succeeds();
    assert_eq!(internet.crates().len(), CRATES);
}

#[test]
fn an_index_given_as_the_organization_names_the_feed_and_its_view_too() {
    let internet = Internet::with_cargos_ca();
    internet.check_out("https://github.com/contoso/storefront");
    let index =
        "sparse+https://pkgs.dev.azure.com/contoso/Storefront/_packaging/rust-crates@Local/Cargo/index/";
    let flags = ["setup", "--org", index, "--with-token", "--store", "file", "--yes"];
    internet.run_with_token(&flags).succeeds();
    let config = fs::read_to_string(internet.sandbox.project().join(".cargo/config.toml")).unwrap();
    assert!(config.contains(index), "{config}");
}
