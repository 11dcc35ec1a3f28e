//! The dashboard by its keys: what is switched, looked at first, taken back, and what was edited meanwhile.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use crate::support::pty::{Ended, Terminal};
use crate::support::sandbox::Sandbox;
use crate::support::wizard::{demo, demo_dir, product, steps, token};

#[test]
fn feeds_are_switched_and_taken_back_and_edits_of_others_stay() {
    let sandbox = Sandbox::new();
    let mut wizard = Terminal::spawn(&demo(&sandbox), 80, 24);
    steps::to_restore(&mut wizard, || token(&sandbox));
    steps::restored(&mut wizard);
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));

    let file = demo_dir(&sandbox).join("storefront/.cargo/config.toml");
    let text = || fs::read_to_string(&file).unwrap();
    let at_feed = text();
    let mut wizard = Terminal::spawn(&demo(&sandbox), 80, 24);
    wizard.wait_for("Named by");
    wizard.send("2");
    wizard.wait_for("Switched to crates.io");
    let direct = text();
    assert_ne!(direct, at_feed);
    wizard.send("u");
    wizard.wait_for("Taken back: switched to crates.io");
    assert_eq!(text(), at_feed);
    wizard.send("G<home><down>");
    wizard.wait_for("crates.io itself");
    wizard.wait_for("Enter switch");
    wizard.send("<enter>");
    wizard.wait_for("Switched to crates.io");
    assert_eq!(text(), direct);
    wizard.send("<up>");
    wizard.wait_for("p difference");
    wizard.send("p");
    wizard.wait_for("This will be written");
    assert_eq!(text(), direct, "it was looked at only");
    wizard.send("<enter>");
    wizard.wait_for("Switched to `rust-crates`");
    assert!(text().contains("replace-with = \"rust-crates\""), "{}", text());

    wizard.send("<down>");
    wizard.wait_for("crates.io itself");
    wizard.wait_for("p difference");
    wizard.send("p");
    wizard.wait_for("This will be written");
    let edited = format!("{}# mine\n", text());
    fs::write(&file, &edited).unwrap();
    wizard.send("<enter>");
    wizard.wait_for("Nothing was changed");
    assert_eq!(text(), edited);
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
}

/// A checkout whose feed is set up and signed in, on a machine without a network.
fn offline(sandbox: &Sandbox) -> Command {
    sandbox.write("project/Cargo.toml", "[package]\nname = \"sample\"\nversion = \"0.1.0\"\n");
    sandbox.write("project/src/lib.rs", "");
    let feed = "sparse+https://pkgs.dev.azure.com/contoso/_packaging/shop/Cargo/index/";
    let config =
        format!("[registries.shop]\nindex = \"{feed}\"\n\n[source.crates-io]\nreplace-with = \"shop\"\n");
    sandbox.write("project/.cargo/config.toml", config);
    let providers = "[registry]\nglobal-credential-providers = [\"cargo:token\"]\n";
    sandbox.write("cargo-home/config.toml", providers);
    let token = "[registries.shop]\ntoken = \"Basic OnNvbWV0aGluZw==\"\n";
    sandbox.write("cargo-home/credentials.toml", token);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut wizard = product(sandbox, ["--org", "contoso"]);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        wizard.env(name, format!("http://{nobody}"));
    }
    wizard
}

#[test]
fn without_a_network_every_tab_says_what_it_knows_and_what_it_could_not_find_out() {
    let sandbox = Sandbox::new();
    let mut wizard = Terminal::spawn(&offline(&sandbox), 80, 24);
    wizard.wait_for("Cargo takes its crates from here");
    wizard.wait_for("The feeds of contoso are not listed");
    wizard.send("2");
    wizard.wait_for("Switched to crates.io");
    wizard.send("u");
    wizard.wait_for("Taken back: switched to crates.io");
    wizard.send("<tab>");
    wizard.wait_for("Everything is set up");
    wizard.wait_for("contoso/shop");
    wizard.send("<tab>");
    wizard.wait_for("▸ Cache");
    wizard.send("<tab>");
    wizard.wait_for(" not found out");
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
    wizard.assert_restored();
}

#[test]
fn a_registry_is_looked_at_and_removed_and_what_others_write_is_not_overwritten() {
    let sandbox = Sandbox::new();
    let mut wizard = Terminal::spawn(&offline(&sandbox), 100, 40);
    wizard.wait_for("The feeds of contoso are not listed");
    wizard.send("d");
    wizard.wait_for("sparse+https://pkgs.dev.azure.com/contoso/_packaging/shop/Cargo/index/");
    wizard.wait_for("nothing");
    wizard.send("d");
    let file = sandbox.project().join(".cargo/config.toml");
    let text = || fs::read_to_string(&file).unwrap();
    wizard.wait_for("2  crates.io");
    wizard.send("2");
    wizard.wait_for("Switched to crates.io");
    let before = text();
    wizard.send("g");
    wizard.wait_for("x remove");
    wizard.send("x");
    wizard.wait_for("This will be written");
    assert_eq!(text(), before, "it was looked at only");
    wizard.send("<enter>");
    wizard.wait_for("Removed the registry `shop`");
    assert!(!text().contains("[registries.shop]"), "{}", text());
    wizard.send("u");
    wizard.wait_for("Take this back?");
    wizard.send("<enter>");
    wizard.wait_for("Taken back");
    assert_eq!(text(), before);

    let edited = format!("{}# mine\n", text());
    fs::write(&file, &edited).unwrap();
    wizard.send("u");
    wizard.wait_for("What was done");
    wizard.wait_for("What others have changed since");
    wizard.send("<enter>");
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
    assert_eq!(text(), edited);
}
