//! A secret stands where it is kept and goes where it belongs. Everything else that a run leaves behind or hands on is
//! searched: arguments and environments of all programs that are started, the log, what is said, every file.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::entra::put_az;
use crate::internet::Internet;
use crate::person::installed;
use crate::support::sandbox::toolchain;
use crate::support::wizard::Traces;

const REMOTE: &str = "https://dev.azure.com/contoso/Storefront/_git/storefront";

const INDEX: &str =
    "sparse+https://pkgs.dev.azure.com/contoso/Storefront/_packaging/rust-crates/Cargo/index/";

/// Holds a token of the person's own.
const VARIABLE: &str = "AZURE_DEVOPS_EXT_PAT";

/// A run whose every word and child is kept.
struct Watched {
    internet: Internet,
    said: String,
}

impl Watched {
    fn new() -> Self {
        let mut internet = Internet::with_cargos_ca();
        internet.check_out(REMOTE);
        put_az(&internet);
        let root = internet.sandbox.root().to_owned();
        let record = |name: &str, program: &str| {
            format!(
                "echo \"{name} $*\" >>'{0}/arguments'; env | sed '/^{VARIABLE}=/d' >>\"{0}/environment-{name}-$1\"; exec '{program}' \"$@\"",
                root.display()
            )
        };
        let cargo = toolchain().join("bin/cargo");
        internet.sandbox.program("cargo", &record("cargo", &cargo.display().to_string()));
        let az = root.join("real-az");
        fs::rename(internet.sandbox.bin().join("az"), &az).unwrap();
        internet.sandbox.program("az", &record("az", &az.display().to_string()));
        internet.sandbox.set("AZ_CARGO_WIZARD_LOG", root.join("log"));
        internet.sandbox.write("cargo-home/config.toml", installed());
        Self { internet, said: String::new() }
    }

    fn run(&mut self, args: &[&str]) {
        let said = self.internet.run_with_token(args);
        said.succeeds();
        self.said.push_str(&said.text);
    }

    /// Signs in that way wherever one can, uses it, and takes everything back.
    fn go_all_ways(&mut self, auth: &str) {
        let with_token: &[&str] = if auth == "pat" { &["--with-token"] } else { &[] };
        let with = |args: &[&'static str]| [args, &["--auth", auth], with_token].concat();
        self.run(&with(&["feeds"]));
        self.run(&with(&["setup", "--feed", "rust-crates", "--store", "none", "--dry-run"]));
        self.run(&with(&["setup", "--feed", "rust-crates", "--store", "none", "--yes"]));
        self.run(&with(&["login", "--org", "contoso", "--store", "file"]));
        self.run(&["status", "--json"]);
        self.use_it();
        self.refused();
    }

    /// Has a token made, and another one in its place; uses it, and forgets it.
    fn go_with_made_tokens(&mut self) {
        let flags = ["--auth", "az", "--pat-days", "7", "--store", "file"];
        let with = |args: &[&'static str]| [args, &flags].concat();
        self.internet.commit_config("rust-crates", INDEX);
        for _ in 0..2 {
            self.run(&with(&["login", "--org", "contoso", "--json"]));
        }
        self.run(&["status", "--json"]);
        self.run(&["doctor"]);
        self.run(&["fetch", "--locked"]);
        self.use_it();
        // Now in Cargo's own file, too.
        self.run(&with(&["setup", "--feed", "rust-crates", "--dry-run"]));
        self.run(&with(&["setup", "--feed", "rust-crates", "--yes"]));
        self.refused();
    }

    /// What every fetch does, this tool's and Cargo's.
    fn use_it(&mut self) {
        self.internet.empty_cache();
        self.run(&["fetch", "--locked", "--json"]);
        let fetched = self.internet.cargo_fetch();
        fetched.succeeds();
        self.said.push_str(&fetched.text);
    }

    /// A sign-in that fails has its words, too.
    fn refused(&mut self) {
        self.internet.answer(|heard| {
            let refuse = heard.host == "feeds.dev.azure.com";
            refuse.then(|| crate::internet::azures("500 Internal Server Error", &[], "{\"message\":\"no\"}"))
        });
        let said = self.internet.run_with_token(&["feeds", "--json"]);
        assert_ne!(said.code, Some(0), "{}", said.text);
        self.said.push_str(&said.text);
    }

    /// The credentials that went over the wire, and what renews them.
    fn secrets(&self) -> BTreeSet<String> {
        let heard = self.internet.heard();
        let sent = heard.iter().filter_map(|heard| heard.header("authorization"));
        let sent = sent.map(|value| value.split_once(' ').unwrap().1.to_owned());
        let sent: Vec<String> = sent.collect();
        // A personal access token as it is, too, and not only as it is sent.
        let plain = sent.iter().filter_map(|value| STANDARD.decode(value).ok());
        let plain =
            plain.filter_map(|value| Some(String::from_utf8(value).ok()?.strip_prefix(':')?.to_owned()));
        let plain: Vec<String> = plain.collect();
        let kept = fs::read_to_string(self.internet.sandbox.state_dir().join("credentials.json"));
        let kept: serde_json::Value =
            serde_json::from_str(&kept.unwrap_or_else(|_| "{}".to_owned())).unwrap();
        [sent, plain, strings(&kept)].concat().into_iter().filter(|text| text.len() > 40).collect()
    }

    /// # Panics
    /// When a secret is anywhere else than in these files, which nobody else reads.
    fn assert_kept_in(&self, places: &[&str]) {
        let secrets = self.secrets();
        assert!(!secrets.is_empty());
        let root = self.internet.sandbox.root();
        let mut found = BTreeSet::new();
        for secret in &secrets {
            let traces = Traces::of(secret);
            assert_eq!(traces.found_in(self.said.as_bytes()), None, "it was said");
            for holder in traces.files_below(root) {
                let name = holder.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                // What the tests themselves put there: the demo's own world, the answer of `az`.
                if name.ends_with("world.json") || name == "az.json" {
                    continue;
                }
                assert!(places.contains(&name.as_str()), "`{name}` holds a secret; {}", self.log());
                found.insert(name.clone());
                if !name.starts_with("environment") {
                    let mode = fs::metadata(&holder).unwrap().permissions().mode();
                    assert_eq!(mode & 0o777, 0o600, "{name}");
                }
            }
        }
        assert_eq!(found.len(), places.len(), "where one is kept, one is found: {found:?}");
        let log = self.log();
        for word in ["asking", "answered", "running", "begins", "failed", "granted"] {
            assert!(log.contains(word), "nothing of `{word}` in the log, so it hides nothing:\n{log}");
        }
        let mode = fs::metadata(self.internet.sandbox.root().join("log")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let children = fs::read_to_string(root.join("arguments")).unwrap();
        assert!(children.contains("cargo fetch"), "{children}");
    }

    fn log(&self) -> String {
        fs::read_to_string(self.internet.sandbox.root().join("log")).unwrap()
    }
}

/// Every string in it, those in strings of JSON too.
fn strings(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::String(text) => {
            let inner = serde_json::from_str(text).ok().filter(serde_json::Value::is_object);
            inner.map_or_else(|| vec![text.clone()], |inner| strings(&inner))
        }
        serde_json::Value::Array(values) => values.iter().flat_map(strings).collect(),
        serde_json::Value::Object(fields) => fields.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

/// The one exception: 'this run only' hands the credential to its one `cargo fetch`.
const EXCEPTION: &str = "environment-cargo-fetch";

const FILE: &str = "state/az-cargo-wizard/credentials.json";

/// `setup --store file`, without this tool as the provider.
const CARGOS_FILE: &str = "cargo-home/credentials.toml";

#[test]
fn a_personal_access_token_is_in_its_file_alone() {
    let mut watched = Watched::new();
    watched.go_all_ways("pat");
    watched.assert_kept_in(&[EXCEPTION, FILE]);
}

#[test]
fn the_tokens_of_a_device_code_are_in_their_file_alone() {
    let mut watched = Watched::new();
    watched.go_all_ways("device");
    watched.assert_kept_in(&[EXCEPTION, FILE]);
}

#[test]
fn the_token_of_the_azure_cli_is_in_its_file_alone() {
    let mut watched = Watched::new();
    watched.go_all_ways("az");
    watched.assert_kept_in(&[EXCEPTION, FILE]);
}

#[test]
fn a_token_that_was_made_is_where_it_is_kept_alone() {
    let mut watched = Watched::new();
    watched.go_with_made_tokens();
    let heard = watched.internet.heard();
    let about =
        heard.iter().filter(|heard| heard.path.contains("/tokens/pats")).map(|heard| heard.head.clone());
    let methods: Vec<String> = about.map(|head| head.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(
        methods,
        ["POST", "POST", "DELETE", "POST"],
        "ours, the one in its place, and that of Cargo's file"
    );
    watched.assert_kept_in(&[CARGOS_FILE, FILE]);
}

/// The variable itself is the person's, and whatever is started inherits it.
#[test]
fn a_token_of_the_environment_is_where_it_was_to_be_kept_alone() {
    let mut watched = Watched::new();
    let token = watched.internet.demo.token().expose().to_owned();
    watched.internet.sandbox.set(VARIABLE, token);
    watched.internet.sandbox.set("SYSTEM_COLLECTIONURI", "https://dev.azure.com/contoso/");
    watched.go_all_ways("env");
    watched.assert_kept_in(&[EXCEPTION, FILE]);
}
