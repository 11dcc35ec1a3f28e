//! Where a credential goes when an answer points elsewhere: nowhere (product.md, 'Trust').

use crate::internet::{Heard, Internet, azures};

const REMOTE: &str = "https://dev.azure.com/contoso/Storefront/_git/storefront";
const EVIL: &str = "evil.example";

fn setup(internet: &Internet) -> crate::person::Said {
    internet.check_out(REMOTE);
    let flags = ["--with-token", "--store", "file", "--feed", "rust-crates", "--yes"];
    internet.run_with_token(&[&["setup"][..], &flags].concat())
}

/// # Panics
/// When the foreign host was so much as looked for.
#[track_caller]
fn assert_nothing_went_there(internet: &Internet) {
    let hosts = internet.hosts();
    assert!(hosts.iter().all(|host| !host.contains(EVIL)), "{hosts:?}");
    let azures = |host: &String| host.ends_with(".azure.com") && host != EVIL;
    assert!(internet.trusted_hosts().iter().all(azures), "{:?}", internet.trusted_hosts());
}

#[test]
fn a_redirect_of_the_rest_api_is_not_followed() {
    for (status, host) in [
        ("301 Moved Permanently", EVIL),
        ("302 Found", EVIL),
        ("307 Temporary Redirect", "dev.azure.com.evil.example"),
        ("308 Permanent Redirect", EVIL),
    ] {
        for part in ["connectionData", "packaging/feeds"] {
            let internet = Internet::with_cargos_ca();
            internet.answer(move |heard: &Heard| {
                let location = format!("https://{host}{}", heard.path);
                heard.path.contains(part).then(|| azures(status, &[("Location", &location)], ""))
            });
            let said = setup(&internet);
            assert_ne!(said.code, Some(0), "{}", said.text);
            assert!(internet.heard().iter().any(Heard::is_signed));
            assert_nothing_went_there(&internet);
        }
    }
}

#[test]
fn a_redirect_of_the_index_is_not_followed_by_the_product() {
    let internet = Internet::with_cargos_ca();
    internet.answer(|heard: &Heard| {
        let location = format!("https://{EVIL}{}", heard.path);
        heard.path.ends_with("config.json").then(|| azures("302 Found", &[("Location", &location)], ""))
    });
    let said = setup(&internet);
    assert_ne!(said.code, Some(0), "{}", said.text);
    assert_nothing_went_there(&internet);
}

#[test]
fn a_foreign_authority_and_a_forged_tenant_get_nothing() {
    let internet = Internet::with_cargos_ca();
    let challenge = format!("Bearer authorization_uri=https://{EVIL}/72f988bf-86f1-41af-91ab-2d7cd011db47");
    internet.answer(move |_: &Heard| {
        let headers = [
            ("WWW-Authenticate", challenge.as_str()),
            ("X-VSS-ResourceTenant", "72f988bf-86f1-41af-91ab-2d7cd011db47"),
            ("X-VSS-AuthorizationEndpoint", "https://evil.example/contoso/"),
            ("X-TFS-FedAuthRealm", "https://evil.example/"),
        ];
        Some(azures("401 Unauthorized", &headers, ""))
    });
    let said = setup(&internet);
    assert_eq!(said.code, Some(3), "{}", said.text);
    assert_nothing_went_there(&internet);
}

#[test]
fn a_foreign_location_gets_nothing() {
    let internet = Internet::with_cargos_ca();
    internet.answer(|heard: &Heard| {
        let area = r#"{"id":"7ab4e64e-c4d8-4f50-ae73-5ef2e21642a5","name":"Packaging","locationUrl":"https://evil.example/contoso/"}"#;
        let body = if heard.path.to_ascii_lowercase().ends_with("resourceareas") {
            format!("{{\"count\":1,\"value\":[{area}]}}")
        } else {
            area.to_owned()
        };
        let json = [("Content-Type", "application/json; charset=utf-8; api-version=7.1")];
        heard.path.to_ascii_lowercase().contains("resourceareas").then(|| azures("200 OK", &json, &body))
    });
    // Whether the product asks for it or not: it goes on with the hosts that it knows.
    setup(&internet).succeeds();
    assert_nothing_went_there(&internet);
}

#[test]
fn a_servers_foreign_location_gets_nothing() {
    const COMPANY: &str = "ado.corp.example";
    for location in [
        "https://evil.example/DefaultCollection/",
        "https://ado.corp.example.evil.example/DefaultCollection/",
        "https://ado.corp.example@evil.example/DefaultCollection/",
        "https://ado.corp.example:8443/DefaultCollection/",
        "http://ado.corp.example/DefaultCollection/",
        "https://ado.corp.example/OtherCollection/",
        "https://feeds.dev.azure.com.evil.example/contoso/",
    ] {
        let internet = Internet::with_cargos_ca();
        let base = internet.serve_company(COMPANY, "contoso");
        internet.check_out(REMOTE);
        internet.answer(move |heard: &Heard| {
            let area = format!(
                r#"{{"id":"7ab4e64e-c4d8-4f50-ae73-5ef2e21642a5","name":"Packaging","locationUrl":"{location}"}}"#
            );
            let body = format!("{{\"count\":1,\"value\":[{area}]}}");
            let json = [("Content-Type", "application/json; charset=utf-8; api-version=7.0")];
            let asks = heard.path.to_ascii_lowercase().contains("resourceareas");
            asks.then(|| azures("200 OK", &json, &body))
        });
        let flags = ["--with-token", "--store", "file", "--feed", "rust-crates", "--dry-run", "--org", &base];
        let said = internet.run_with_token(&[&["setup"][..], &flags].concat());
        if location.contains("OtherCollection") {
            // Of the same server, but not what the credential is for: passed over.
            said.succeeds();
        } else {
            said.fails_with(4, "which is no place of its own");
        }
        internet.asked_only(&[COMPANY]);
        let asks = |heard: &Heard| heard.path.to_ascii_lowercase().contains("resourceareas");
        assert!(internet.heard().iter().any(asks), "it was never asked for");
        assert!(!internet.heard().iter().any(|heard| heard.path.contains("OtherCollection")), "{location}");
    }
}

#[test]
fn a_feed_that_sends_downloads_elsewhere_is_refused_before_cargo_could_follow() {
    for dl in [
        "https://evil.example/{crate}/{version}/download",
        "http://pkgs.dev.azure.com/contoso/{crate}/{version}/download",
        "https://pkgs.dev.azure.com.evil.example/{crate}",
        "https://pkgs.dev.azure.com@evil.example/{crate}",
        "https://pkgs.dev.azure.com:8443/contoso/{crate}",
        "https://127.0.0.1:1/{crate}",
    ] {
        let internet = Internet::with_cargos_ca();
        internet.answer(move |heard: &Heard| {
            let challenge = ("WWW-Authenticate", "Basic realm=\"https://pkgs.dev.azure.com/\"");
            let body = format!(r#"{{"dl":"{dl}","api":"https://evil.example/","auth-required":true}}"#);
            let json = ("Content-Type", "application/json");
            if !heard.path.ends_with("config.json") {
                None
            } else if heard.is_signed() {
                Some(azures("200 OK", &[json], &body))
            } else {
                Some(azures("401 Unauthorized", &[challenge], ""))
            }
        });
        let said = setup(&internet);
        said.fails_with(4, "the feed sends downloads, and the credential with them, to");
        assert_nothing_went_there(&internet);
        let credentials = internet.sandbox.cargo_home().join("credentials.toml");
        assert!(!credentials.exists(), "nothing was stored for {dl}");
    }
}

#[test]
fn a_download_that_leads_elsewhere_takes_no_credential_along() {
    let internet = Internet::with_cargos_ca();
    internet.answer(|heard: &Heard| {
        let location = format!("https://{EVIL}{}", heard.path);
        heard.path.ends_with("/download").then(|| azures("302 Found", &[("Location", &location)], ""))
    });
    assert_ne!(setup(&internet).code, Some(0));
    let there: Vec<Heard> = internet.heard().into_iter().filter(|heard| heard.host == EVIL).collect();
    assert!(!there.is_empty() && !there.iter().any(Heard::is_signed), "{there:?}");
}

/// Cargo knows its tokens by the registry's name: another index under that name would be sent the token.
#[test]
fn a_checkout_that_gives_a_known_registry_another_index_gets_nothing() {
    let internet = Internet::with_cargos_ca();
    setup(&internet).succeeds();
    let (heard, hosts) = (internet.heard().len(), internet.hosts());
    for index in [
        "sparse+https://evil.example/contoso/Storefront/_packaging/rust-crates/Cargo/index/",
        "sparse+https://pkgs.dev.azure.com.evil.example/contoso/_packaging/rust-crates/Cargo/index/",
        "sparse+http://pkgs.dev.azure.com/contoso/_packaging/rust-crates/Cargo/index/",
    ] {
        internet.commit_config("rust-crates", index);
        assert_eq!(internet.run(&["fetch", "--locked"]).code, Some(2), "{index}");
    }
    assert_eq!((internet.heard().len(), internet.hosts()), (heard, hosts));
}

/// A page of the network's own in place of Azure's answer (azure-contract 3.2, class 18).
#[test]
fn an_answer_of_something_in_between_is_told_as_such() {
    let internet = Internet::with_cargos_ca();
    internet.answer(|_: &Heard| {
        let page = "<html><title>Sign in to the network</title></html>";
        let length = page.len();
        Some(format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{page}"
        ))
    });
    setup(&internet).fails_with(6, "this answer did not come from Azure DevOps");
    assert_nothing_went_there(&internet);
}

#[test]
fn a_server_that_only_the_checkout_names_gets_nothing() {
    let mut internet = Internet::with_cargos_ca();
    internet.sandbox.set("NO_PROXY", "127.0.0.1");
    let base = internet.serve_server("contoso");
    for remote in [
        format!("{base}/Storefront/_git/storefront"),
        "https://ado.evil.example/DefaultCollection/Storefront/_git/storefront".to_owned(),
        "https://dev.azure.com.evil.example/contoso/Storefront/_git/storefront".to_owned(),
        "http://dev.azure.com/contoso/Storefront/_git/storefront".to_owned(),
    ] {
        internet.check_out(&remote);
        let flags = ["setup", "--with-token", "--store", "file", "--feed", "rust-crates", "--yes"];
        let said = internet.run_with_token(&flags);
        assert_eq!(said.code, Some(2), "{remote}: {}", said.text);
    }
    assert!(internet.hosts().is_empty() && internet.demo.requests().is_empty());
}
