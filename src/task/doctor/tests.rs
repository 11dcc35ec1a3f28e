//! Each line in each of its states.

use std::fs;
use std::time::{Duration, SystemTime};

use semver::Version;

use super::*;
use crate::domain::credential::Kept;
use crate::domain::organization::Base;
use crate::domain::package::CrateId;
use crate::host::{Clock, Env, Host, TerminalFlags};
use crate::record::{self, Login, LoginKind};
use crate::task::logins::KeptLogin;
use crate::task::{CacheFolder, CachedCrate, Settled};
use FindingState::{Failed, Good, Note, Unknown, Warning};

const NOW: u64 = 1_800_000_000;
const DAY: u64 = 86_400;
const PROJECT: &str = "[registries.rust]\nindex = \"sparse+https://pkgs.dev.azure.com/contoso/_packaging/rust/Cargo/index/\"\n\
                       [source.crates-io]\nreplace-with = \"rust\"\n";
const PLAIN: &str = "[registries.rust]\ncredential-provider = \"cargo:token\"\n";
const TOKEN: &str = "[registries.rust]\ntoken = \"Basic OnNlY3JldA==\"\n";

/// A project, a person's home and what is remembered.
struct Desk {
    dir: tempfile::TempDir,
    env: Env,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { dir: tempfile::tempdir().unwrap(), env: Env::default() };
        desk.write("project/Cargo.toml", "[package]\nname = \"a\"\n");
        desk
    }

    /// With a feed in force and a plain token for it.
    fn set_up() -> Self {
        let desk = Self::new();
        desk.write("project/.cargo/config.toml", PROJECT);
        desk.write("home/config.toml", PLAIN);
        desk.write("home/credentials.toml", TOKEN);
        desk
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Signed in with this tool as provider, whose program is there.
    fn with_provider(self, expires: Option<u64>) -> Self {
        let program = self.dir.path().join("bin/az-cargo-wizard");
        self.write("bin/az-cargo-wizard", "");
        let config = format!(
            "[credential-alias]\naz-cargo-wizard = [\"{}\"]\n[registry]\nglobal-credential-providers = [\"cargo:token\", \"az-cargo-wizard\"]\n",
            program.display()
        );
        self.write("home/config.toml", &config);
        let base = Base::parse("https://dev.azure.com/contoso").unwrap();
        let login = Login { kind: LoginKind::Pat, kept: Kept::File, who: "Ana".into(), expires, made: None };
        record::log_in(&self.dir.path().join("state"), &base, &login).unwrap();
        self
    }

    fn services(&self) -> Services {
        let mut env = self.env.clone();
        env.set("CARGO_HOME", self.dir.path().join("home"));
        let host = Host {
            args: Vec::new(),
            program: Some(self.dir.path().join("bin/az-cargo-wizard")),
            env,
            machine: None,
            cwd: self.dir.path().join("project"),
            home: None,
            state_dir: Some(self.dir.path().join("state")),
            temp_dir: self.dir.path().join("tmp"),
            terminal: TerminalFlags::default(),
            clock: Clock::Fake {
                since_start: Duration::ZERO,
                now: SystemTime::UNIX_EPOCH + Duration::from_secs(NOW),
            },
        };
        Services::new(host, Settled { trust_project: true, ..Settled::default() }).unwrap()
    }

    /// State and text of the first line of a check.
    fn line(&self, check: Check) -> (FindingState, String) {
        let seen = local::see(&self.services());
        let line = seen.lines.iter().find(|line| line.check == check);
        let line = line.unwrap_or_else(|| panic!("no line for {check:?} in {:?}", seen.lines));
        let remedy = line.finding.remedy.as_ref();
        assert!(
            !matches!(line.finding.state, Warning | Failed) || remedy.is_some(),
            "nothing mends {:?}",
            line.finding
        );
        (
            line.finding.state,
            format!("{} > {}", line.finding.text, remedy.map_or("", |remedy| remedy.as_str())),
        )
    }

    #[track_caller]
    fn says(&self, check: Check, state: FindingState, words: &str) {
        let (found, text) = self.line(check);
        assert!(found == state && text.contains(words), "{check:?}: {found:?} {text}");
    }
}

fn written(path: &str, text: &str) -> Desk {
    let desk = Desk::set_up();
    desk.write(path, text);
    desk
}

#[test]
fn a_project_that_is_set_up_has_nothing_to_mend() {
    let desk = Desk::set_up();
    let seen = local::see(&desk.services());
    let bad: Vec<_> =
        seen.lines.iter().filter(|line| matches!(line.finding.state, Warning | Failed)).collect();
    assert!(bad.is_empty() && seen.held_back.is_none() && seen.in_force.is_some(), "{bad:?}");
    assert_eq!(exit_of(&seen.lines), Exit::Done);
}

#[test]
fn toolchain_and_cargo() {
    Desk::set_up().says(Check::Toolchain, Note, "not pinned");
    written("project/rust-toolchain.toml", "[toolchain]\nchannel = \"1.89.0\"\n").says(
        Check::Toolchain,
        Good,
        "`1.89.0`",
    );
    written("project/rust-toolchain", "nightly\n").says(Check::Toolchain, Good, "`nightly`");
    for (version, state) in [("1.74.0", Warning), ("1.80.1", Note), ("1.95.0", Good)] {
        assert_eq!(local::cargo(&Version::parse(version).unwrap()).finding.state, state, "{version}");
    }
}

#[test]
fn project() {
    Desk::set_up().says(Check::Project, Good, "project");
    written("project/Cargo.toml", "[package\n").says(Check::Project, Failed, "project/Cargo.toml` (line 1");
    written("project/Cargo.toml", "[dependencies]\n").says(Check::Project, Failed, "neither `[package]`");
    let desk = written("project/Cargo.toml", "[package]\nname = \"a\"\nworkspace = \"../elsewhere\"\n");
    desk.says(Check::Project, Note, "beyond what is checked out");
    desk.write(".git/HEAD", "");
    desk.says(Check::Project, Failed, "elsewhere/Cargo.toml");
    desk.write("elsewhere/Cargo.toml", "[workspace]\n");
    desk.says(Check::Project, Good, "elsewhere");
    desk.write("elsewhere/Cargo.toml", "[workspace\n");
    desk.says(Check::Project, Failed, "elsewhere/Cargo.toml` (line 1");
    let desk = Desk::set_up();
    fs::remove_file(desk.dir.path().join("project/Cargo.toml")).unwrap();
    desk.says(Check::Project, Note, "no Cargo.toml here");
}

#[test]
fn configuration() {
    Desk::set_up().says(Check::Configuration, Good, "replace-with = `rust` from");
    Desk::new().says(Check::Configuration, Note, "crates.io directly");
    written("home/config.toml", "[source.crates-io]\nreplace-with = \"x\"\n").says(
        Check::Configuration,
        Note,
        "which wins over",
    );
    written("home/config.toml", "[broken").says(Check::Configuration, Failed, "home/config.toml");
    let desk = written("home/config.toml", "[net]\noffline = true\n");
    let lines = local::see(&desk.services()).lines;
    assert!(
        lines.iter().any(|line| line.finding.state == Warning && line.finding.text.contains("net.offline"))
    );
}

#[test]
fn registry_names() {
    Desk::set_up().says(Check::RegistryName, Good, "CARGO_REGISTRIES_RUST_");
    Desk::new().says(Check::RegistryName, Note, "no feed");
    let hyphen = PROJECT.replace("registries.rust", "registries.my-feed").replace("\"rust\"", "\"my-feed\"");
    let mut desk = written("project/.cargo/config.toml", &hyphen);
    desk.says(Check::RegistryName, Note, "because of the `-`");
    desk.env.set(
        "CARGO_REGISTRIES_MY_FEED_INDEX",
        "sparse+https://pkgs.dev.azure.com/contoso/_packaging/rust/Cargo/index/",
    );
    desk.says(Check::RegistryName, Failed, "unset CARGO_REGISTRIES_MY_FEED_INDEX");
    written("home/config.toml", "[registries.Rust]\nindex = \"https://h/x.git\"\n").says(
        Check::RegistryName,
        Warning,
        "share",
    );
}

#[test]
fn index() {
    Desk::set_up().says(Check::Index, Good, "pkgs.dev.azure.com");
    Desk::new().says(Check::Index, Note, "no feed");
    let named = |from: &str, to: &str| written("project/.cargo/config.toml", &PROJECT.replace(from, to));
    named("/rust/Cargo", "/rust~force-auth/Cargo").says(Check::Index, Warning, "take ~force-auth out");
    named("/rust/Cargo", "/rust@Release/Cargo").says(Check::Index, Warning, "promoted crates only");
    named("/rust/Cargo", "/rust@Local/Cargo").says(Check::Index, Good, "@Local");
    named("pkgs.dev.azure.com/contoso", "ado.example/tfs/Coll").says(
        Check::Index,
        Warning,
        "unknown host ado.example",
    );
}

#[test]
fn providers_and_program() {
    Desk::set_up().says(Check::Providers, Good, "`cargo:token` alone");
    Desk::set_up().says(Check::Program, Note, "does not ask this tool");
    written("home/config.toml", "").says(Check::Providers, Failed, "az-cargo-wizard login");
    let order = "[registry]\nglobal-credential-providers = [\"cargo:token\", \"cargo:libsecret\"]\n";
    written("home/config.toml", order).says(Check::Providers, Note, "asks no other");
    let desk = Desk::set_up().with_provider(None);
    desk.says(Check::Providers, Good, "`az-cargo-wizard`, then `cargo:token`");
    desk.says(Check::Program, Good, "bin/az-cargo-wizard");
    fs::remove_file(desk.dir.path().join("bin/az-cargo-wizard")).unwrap();
    desk.says(Check::Program, Failed, "is not there");
    desk.write("home/config.toml", "[registry]\nglobal-credential-providers = [\"az-cargo-wizard\"]\n");
    desk.says(Check::Program, Failed, "no alias");
    desk.write("target/az-cargo-wizard", "");
    let built = format!(
        "[credential-alias]\naz-cargo-wizard = [\"{}\"]\n[registry]\nglobal-credential-providers = [\"az-cargo-wizard\"]\n",
        desk.dir.path().join("target/az-cargo-wizard").display()
    );
    desk.write("home/config.toml", &built);
    desk.says(Check::Program, Warning, "may be gone tomorrow");
}

#[test]
fn credential() {
    Desk::set_up().says(Check::Credential, Good, "credentials.toml");
    Desk::new().says(Check::Credential, Note, "no feed");
    written("home/credentials.toml", "").says(
        Check::Credential,
        Failed,
        "login --org https://dev.azure.com/contoso",
    );
    let kept = |expires| Desk::set_up().with_provider(expires);
    kept(Some(NOW + 90 * DAY)).says(Check::Credential, Good, "wins over");
    kept(Some(NOW + 2 * DAY)).says(Check::Credential, Warning, "login");
    kept(Some(NOW - DAY)).says(Check::Credential, Failed, "expired");
    let lines = local::see(&kept(Some(NOW - DAY)).services()).lines;
    assert_eq!(exit_of(&lines), Exit::SignIn);
}

#[test]
fn what_is_kept() {
    let login = |found, trouble| KeptLogin {
        base: Base::parse("https://dev.azure.com/contoso").unwrap(),
        who: "Ana".to_owned(),
        kind: "personal access token",
        short_kind: "PAT",
        is_renewed: false,
        kept: Some(Kept::Keyring),
        expires: None,
        found,
        trouble,
    };
    let state = |login: &KeptLogin| local::kept(login).finding.state;
    assert_eq!(state(&login(Some(true), None)), Good);
    assert_eq!(state(&login(None, None)), Good);
    assert_eq!(state(&login(Some(false), None)), Failed);
    let locked = Report::new(Exit::Failed, "keyring-locked", "the keyring is locked").hint("unlock it");
    let line = local::kept(&login(None, Some(Box::new(locked))));
    assert_eq!((line.finding.state, line.finding.remedy.as_deref()), (Failed, Some("unlock it")));
}

#[test]
fn the_way_to_the_service() {
    Desk::set_up().says(Check::Proxy, Good, "none");
    Desk::set_up().says(Check::Certificates, Good, "of the system");
    let mut desk = Desk::set_up();
    desk.env.set("HTTPS_PROXY", "http://me:hunter2@proxy.example:8080");
    desk.says(Check::Proxy, Good, "http://proxy.example:8080 from HTTPS_PROXY");
    desk.env.set("CARGO_HTTP_CAINFO", "/no/such/file.pem");
    desk.says(Check::Certificates, Failed, "is not there");
}

#[test]
fn the_clock() {
    for (ahead, state) in
        [(None, Unknown), (Some(0), Good), (Some(-59), Good), (Some(200), Note), (Some(-4000), Warning)]
    {
        assert_eq!(service::clock(ahead).finding.state, state, "{ahead:?}");
    }
    assert!(service::clock(Some(-4000)).finding.text.contains("4000 s behind"));
}

#[test]
fn the_cache() {
    let file = |bytes, id| CachedCrate { id, file: "a-1.0.0.crate".into(), bytes, in_lock_file: true };
    let sound = || CrateId::parse("a", "1.0.0");
    let folder = |registry: Option<&str>, crates| CacheFolder {
        dir_name: "d".into(),
        path: "d".into(),
        registry: registry.map(str::to_owned),
        crates,
    };
    let state = |folders: &[CacheFolder]| local::cache(folders).finding.state;
    assert_eq!(state(&[]), Good);
    assert_eq!(state(&[folder(Some("rust"), vec![file(9, sound())])]), Good);
    let unread = local::cache(&[folder(Some("rust"), vec![file(9, sound())])]).finding.text;
    assert!(unread.contains("`az-cargo-wizard cache verify` reads"), "nothing was read: {unread}");
    assert_eq!(state(&[folder(None, vec![file(9, sound())])]), Note);
    assert_eq!(state(&[folder(Some("rust"), vec![file(9, None)])]), Warning);
    assert_eq!(state(&[folder(Some("rust"), vec![file(0, sound())])]), Failed);
}

#[test]
fn what_nobody_answers_is_unknown_and_a_refusal_is_a_failure() {
    let report = |exit| Report::new(exit, "x", "could not reach `h`").hint("check the network");
    let offline = Check::Role.of_report(&report(Exit::Network));
    assert_eq!(offline.finding.state, Unknown);
    assert_eq!(offline.finding.text, "couldn't find out, because could not reach `h`");
    let refused = Check::Accepted.of_report(&report(Exit::SignIn));
    assert_eq!((refused.finding.state, exit_of(&[refused])), (Failed, Exit::SignIn));
    assert_eq!(exit_of(&[offline]), Exit::Done);
}

#[test]
fn every_check_has_a_place_and_a_word_of_its_own() {
    let mut ids: Vec<&str> = Check::ALL.iter().map(|check| check.id()).collect();
    assert!(Check::ALL.is_sorted());
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), Check::ALL.len());
}
