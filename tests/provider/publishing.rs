//! The real `cargo publish` through this tool, and what else Cargo asks of a registry's web API (azure-contract 7.5,
//! cargo-contract 9).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use az_cargo_wizard::domain::credential::{Credential, Secret};
use az_cargo_wizard::net::{self, HttpSettings};

use crate::support::wizard::{Traces, files_below, product};
use crate::world::{World, fed, words};

/// A feed without upstream sources, where the person is a Contributor.
const FEED: &str = "sdk-preview";

/// One where the person is a Reader.
const READ_ONLY: &str = "warehouse";

impl World {
    fn index_of(&self, project: &str, feed: &str) -> String {
        format!("sparse+{}/contoso/{project}/_packaging/{feed}/Cargo/index/", self.demo.origin())
    }

    /// A crate of that version, which may go to that feed and to nobody else.
    fn own_crate(&self, version: &str, feed: &str) -> PathBuf {
        let dir = self.sandbox.root().join("harbor");
        fs::create_dir_all(dir.join("src")).unwrap();
        fs::create_dir_all(dir.join(".cargo")).unwrap();
        let manifest = format!(
            "[package]\nname = \"harbor\"\nversion = \"{version}\"\nedition = \"2021\"\nlicense = \"MIT\"\n\
             description = \"x\"\npublish = [\"{feed}\"]\n[workspace]\n"
        );
        fs::write(dir.join("Cargo.toml"), manifest).unwrap();
        fs::write(dir.join("src/lib.rs"), "").unwrap();
        fs::write(dir.join(".cargo/config.toml"), self.registries()).unwrap();
        dir
    }

    fn registries(&self) -> String {
        let (own, theirs) = (self.index_of("Platform", FEED), self.index_of("Logistics", READ_ONLY));
        format!("[registries]\n{FEED} = {{ index = \"{own}\" }}\n{READ_ONLY} = {{ index = \"{theirs}\" }}\n")
    }

    fn cargo_in(&self, dir: &Path, args: &[&str]) -> Output {
        let mut command: Command = self.sandbox.command("cargo");
        command.args(args).current_dir(dir).output().unwrap()
    }

    /// Without `--registry`: the manifest names the only one.
    fn publish(&self, dir: &Path) -> Output {
        let output = self.cargo_in(dir, &["publish", "--no-verify", "--allow-dirty"]);
        let said = [output.stdout.clone(), output.stderr.clone()].concat();
        assert_eq!(Traces::of(self.demo.token().expose()).found_in(&said), None);
        output
    }

    fn puts(&self) -> Vec<(String, u16)> {
        let of_api =
            self.demo.requests().into_iter().filter(|request| request.path.contains("/cargo/api/v1/crates"));
        let changes = of_api.filter(|request| request.method != "GET" && request.authorized);
        changes.map(|request| (request.method, request.status)).collect()
    }

    /// The same request once more, as no Cargo would send it.
    fn put(&self, token: &Secret, body: Vec<u8>) -> u16 {
        let url =
            format!("{}/contoso/Platform/_packaging/{FEED}/cargo/api/v1/crates/new", self.demo.origin());
        let client = net::client(&HttpSettings { loopback_only: true, ..HttpSettings::default() }).unwrap();
        let header = Credential::Pat(token.clone()).header();
        let request =
            client.put(url).header("Authorization", header.expose()).header("User-Agent", "cargo/1.95.0");
        let request = request.body(body);
        self.run_to_its_end(async { request.send().await.unwrap().status().as_u16() })
    }

    /// What Cargo has uploaded, made from what it has downloaded since.
    fn upload(&self, version: &str) -> Vec<u8> {
        let cached = files_below(&self.demo.cargo_home().join("registry/cache"));
        let name = format!("harbor-{version}.crate");
        let packed = fs::read(cached.iter().find(|path| path.ends_with(&name)).unwrap()).unwrap();
        let json = format!(r#"{{"name":"harbor","vers":"{version}","deps":[],"features":{{}}}}"#);
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
        [&length(json.as_bytes())[..], json.as_bytes(), &length(&packed), &packed].concat()
    }
}

#[test]
fn a_crate_is_published_and_can_be_fetched_by_everybody_who_may_read() {
    let world = World::with_token();
    let dir = world.own_crate("0.1.0", FEED);
    let published = world.publish(&dir);
    assert!(published.status.success(), "{}", words(&published));
    assert_eq!(world.puts(), [("PUT".to_owned(), 200)]);
    // Another project takes it from there.
    let other = world.sandbox.root().join("ship");
    fs::create_dir_all(other.join("src")).unwrap();
    fs::create_dir_all(other.join(".cargo")).unwrap();
    let manifest = format!(
        "[package]\nname = \"ship\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
         [dependencies]\nharbor = {{ version = \"0.1\", registry = \"{FEED}\" }}\n[workspace]\n"
    );
    fs::write(other.join("Cargo.toml"), manifest).unwrap();
    fs::write(other.join("src/lib.rs"), "").unwrap();
    fs::write(other.join(".cargo/config.toml"), world.registries()).unwrap();
    let fetched = world.cargo_in(&other, &["fetch"]);
    assert!(fetched.status.success(), "{}", words(&fetched));
    let lock = fs::read_to_string(other.join("Cargo.lock")).unwrap();
    assert!(lock.contains("name = \"harbor\"") && lock.contains("checksum"), "{lock}");

    let again = world.publish(&dir);
    assert!(words(&again).contains("already exists"), "{}", words(&again));
    assert_eq!(world.puts().len(), 1, "Cargo has seen it in the index");
    let upload = world.upload("0.1.0");
    assert_eq!(world.put(world.demo.token(), upload.clone()), 409);
    assert_eq!(world.put(&world.demo.tokens().read_only, upload.clone()), 403);
    assert_eq!(world.put(&Secret::new("nobody"), upload), 401);
    assert_eq!(world.put(world.demo.token(), b"x".to_vec()), 400);
}

#[test]
fn a_reader_is_refused_in_the_words_of_the_service() {
    let world = World::with_token();
    let output = world.publish(&world.own_crate("0.1.0", READ_ONLY));
    assert!(!output.status.success());
    let said = words(&output);
    assert!(said.contains("403") && said.contains("AddPackage"), "{said}");
    assert_eq!(world.puts(), [("PUT".to_owned(), 403)]);
}

#[test]
fn a_version_is_yanked_and_back_and_owners_and_search_are_not_there() {
    let world = World::with_token();
    let dir = world.own_crate("0.2.0", FEED);
    assert!(world.publish(&dir).status.success());
    let yank = ["yank", "harbor", "--version", "0.2.0", "--registry", FEED];
    let yanked = world.cargo_in(&dir, &yank);
    assert!(yanked.status.success(), "{}", words(&yanked));
    let back = world.cargo_in(&dir, &[&yank[..], &["--undo"]].concat());
    assert!(back.status.success(), "{}", words(&back));
    let expected = [("PUT".to_owned(), 200), ("DELETE".to_owned(), 200), ("PUT".to_owned(), 200)];
    assert_eq!(world.puts(), expected);
    for absent in
        [&["owner", "--list", "harbor", "--registry", FEED][..], &["search", "harbor", "--registry", FEED]]
    {
        let output = world.cargo_in(&dir, absent);
        assert!(!output.status.success() && words(&output).contains("404"), "{absent:?}: {}", words(&output));
        assert!(!words(&output).contains("no token found"), "the provider has answered: {}", words(&output));
    }
}

#[test]
fn every_operation_of_the_protocol_gets_the_token() {
    let world = World::with_token();
    let header = Credential::Pat(world.demo.token().clone()).header();
    let registry =
        format!(r#""registry":{{"index-url":"{}","name":"{FEED}"}}"#, world.index_of("Platform", FEED));
    let operations = [
        r#""operation":"read""#,
        r#""operation":"publish","name":"harbor","vers":"0.1.0","cksum":"a5471346""#,
        r#""operation":"yank","name":"harbor","vers":"0.1.0""#,
        r#""operation":"unyank","name":"harbor","vers":"0.1.0""#,
        r#""operation":"owners","name":"harbor""#,
    ];
    let lines = operations.map(|operation| format!("{{\"v\":1,{registry},\"kind\":\"get\",{operation}}}\n"));
    let output = fed(&mut product(&world.sandbox, ["--cargo-plugin"]), &lines.concat());
    assert!(output.status.success(), "{}", words(&output));
    let told = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<serde_json::Value> =
        told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 1 + operations.len());
    for answer in &answers[1..] {
        assert_eq!(answer["Ok"]["token"], header.expose(), "the very header");
        assert_eq!(answer["Ok"]["operation_independent"], true);
    }
}
