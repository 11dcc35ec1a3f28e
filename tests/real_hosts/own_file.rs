//! A machine without a keyring: from the yes to this tool's own file to the token that the real Cargo gets out of it,
//! outside the demo. On Linux alone, where a session without a bus has no keyring: elsewhere it is the person's.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;

use crate::entra::put_az;
use crate::internet::Internet;
use crate::person::{CRATES, Said};
use crate::support::wizard::BINARY;

const REMOTE: &str = "https://dev.azure.com/contoso/Storefront/_git/storefront";

const SETUP: [&str; 5] = ["setup", "--feed", "rust-crates", "--yes", "--with-token"];

impl Internet {
    fn without_keyring() -> Self {
        let mut internet = Self::with_cargos_ca();
        internet.sandbox.unset("DBUS_SESSION_BUS_ADDRESS");
        internet.check_out(REMOTE);
        internet
    }

    /// Where an installation would put the product: one in a folder of builds is not named in a configuration.
    fn installed(&self) -> PathBuf {
        let program = self.sandbox.bin().join("az-cargo-wizard");
        if !program.exists() && fs::hard_link(BINARY, &program).is_err() {
            fs::copy(BINARY, &program).unwrap();
        }
        program
    }

    /// The installed product, with the demo's token on standard input.
    fn run_installed(&self, args: &[&str]) -> Said {
        let mut child = self
            .sandbox
            .command(self.installed())
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It may fail before it reads: then that is what it says.
        let _ = writeln!(child.stdin.take().unwrap(), "{}", self.demo.token().expose());
        Said::of(&child.wait_with_output().unwrap())
    }

    /// # Panics
    /// When another Cargo, later, gets not all crates, or gets its token from somewhere else.
    #[track_caller]
    fn cargo_gets_it_from_this_tool(&self) {
        assert!(!self.sandbox.cargo_home().join("credentials.toml").exists());
        self.empty_cache();
        self.cargo_fetch().succeeds();
        assert_eq!(self.crates().len(), CRATES);
    }
}

#[test]
fn a_yes_at_login_is_one_for_setup_and_cargo_gets_its_token() {
    let internet = Internet::without_keyring();
    let login = internet.run_installed(&["login", "--org", "contoso", "--with-token", "--store", "file"]);
    login.succeeds();
    assert!(login.text.contains("`az-cargo-wizard setup --store provider-file` names it"), "{}", login.text);
    let setup = internet.run_installed(&SETUP);
    setup.succeeds();
    assert!(setup.text.contains("file of this tool, because no keyring answers here"), "{}", setup.text);
    assert!(setup.text.contains("you have agreed to this file before"), "{}", setup.text);
    let config = fs::read_to_string(internet.sandbox.cargo_home().join("config.toml")).unwrap();
    assert!(config.contains(internet.installed().to_str().unwrap()), "{config}");
    internet.cargo_gets_it_from_this_tool();

    internet.run_installed(&["logout", "--org", "contoso"]).succeeds();
    internet.empty_cache();
    assert_ne!(internet.cargo_fetch().code, Some(0), "it was this tool that had it");
}

#[test]
fn every_command_that_is_named_leads_on_and_none_back() {
    let internet = Internet::without_keyring();
    let with = |store: &'static str| [&SETUP[..], &["--store", store]].concat();
    let refused = internet.run_installed(&with("provider"));
    refused.fails_with(1, "there is no keyring");
    assert!(refused.text.contains("`--store provider-file`"), "{}", refused.text);
    assert!(!refused.text.contains("login --store file"), "{}", refused.text);
    assert!(internet.heard().is_empty(), "the keyring was tried before anybody was asked");

    let shown =
        with("provider-file").into_iter().map(|flag| if flag == "--yes" { "--dry-run" } else { flag });
    let shown = internet.run_installed(&shown.collect::<Vec<_>>());
    shown.succeeds();
    assert!(shown.text.contains("in plain text, readable by you alone"), "{}", shown.text);
    internet.run_installed(&with("provider-file")).succeeds();
    internet.cargo_gets_it_from_this_tool();

    // What doctor names works as well, and so does the shorter one from now on.
    fs::remove_file(internet.installed()).unwrap();
    let doctor = internet.run(&["doctor"]);
    assert!(doctor.text.contains("az-cargo-wizard setup --store provider-file"), "{}", doctor.text);
    internet.run_installed(&with("provider")).succeeds();
    internet.cargo_gets_it_from_this_tool();

    internet.run_installed(&["uninstall", "--forget"]).succeeds();
    internet.run_installed(&with("provider")).fails_with(1, "`--store provider-file`");
}

#[test]
fn a_sign_in_with_entra_is_renewed_out_of_the_file_for_whoever_agrees_to_it() {
    let internet = Internet::without_keyring();
    put_az(&internet);
    let flags = ["setup", "--feed", "rust-crates", "--yes", "--auth", "az"];
    let setup = internet.run_installed(&flags);
    setup.succeeds();
    assert!(setup.text.contains("this run only, because no keyring answers here"), "{}", setup.text);
    assert!(setup.text.contains("`--store provider-file` keeps it in a file of this tool"), "{}", setup.text);
    assert!(!internet.sandbox.state_dir().join("credentials.json").exists());

    internet.run_installed(&[&flags[..], &["--store", "provider-file"]].concat()).succeeds();
    internet.cargo_gets_it_from_this_tool();
    // As if it had ended: the next one comes from `az`.
    fs::remove_file(internet.sandbox.state_dir().join("credentials.json")).unwrap();
    internet.cargo_gets_it_from_this_tool();
}
