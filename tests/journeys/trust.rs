//! A checkout is not trusted: nothing of it runs, no host of it is asked, no link of it is followed out, before
//! somebody has said so (product.md, 'Trust').

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use az_cargo_wizard::error::Exit;
use az_cargo_wizard::task::Settled;
use az_cargo_wizard::tui::Opening;

use crate::driver::{Journey, World, in_demo};
use crate::support::sandbox::toolchain;

const MANIFEST: &str = "[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";

/// A host that nobody may ask.
struct Canary(TcpListener);

impl Canary {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn authority(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }

    #[track_caller]
    fn assert_silent(&self) {
        assert!(self.0.accept().is_err(), "somebody asked {}", self.authority());
    }
}

/// A program that writes down that it ran, and then is the real compiler.
fn canary_program(world: &World) -> (PathBuf, PathBuf) {
    let ran = world.sandbox.root().join("ran");
    let rustc = toolchain().join("bin/rustc");
    let script = format!("echo ran >>'{}'; exec '{}' \"$@\"", ran.display(), rustc.display());
    (world.sandbox.program("canary", &script), ran)
}

fn project(world: &World) {
    world.sandbox.write("project/Cargo.toml", MANIFEST);
    world.sandbox.write("project/src/lib.rs", "");
}

#[test]
fn a_host_of_a_git_remote_is_shown_and_not_asked() {
    let world = World::new();
    let canary = Canary::new();
    project(&world);
    let remote = format!(
        "[remote \"origin\"]\n\turl = http://user:hunter2@{}/coll/proj/_git/repo\n",
        canary.authority()
    );
    world.sandbox.write("project/.git/config", remote);
    let mut journey = Journey::start(&world, Settled::default());
    journey.wait_for("Which organization");
    journey.wait_for(&format!("unknown host {}", canary.authority()));
    journey.assert_not_shown("hunter2");
    // It is not what Enter would accept.
    journey.press("<enter>");
    journey.wait_for("✗ Organization");
    journey.settle();
    canary.assert_silent();
}

#[test]
fn a_feed_on_an_unknown_host_is_asked_about_and_not_asked() {
    let world = World::new();
    let canary = Canary::new();
    project(&world);
    let config = format!(
        "[registries.theirs]\nindex = \"sparse+http://{}/coll/_packaging/f/Cargo/index/\"\n\n[source.crates-io]\nreplace-with = \"theirs\"\n",
        canary.authority()
    );
    world.sandbox.write("project/.cargo/config.toml", config);
    let mut journey = Journey::start(&world, Settled::default());
    journey.wait_for("registries.theirs.index");
    journey.press("<down><enter>");
    // Trusted as a setting of Cargo's; still no host to sign in to without naming it.
    journey.wait_for("Which organization");
    journey.wait_for("unknown host");
    journey.settle();
    canary.assert_silent();
}

#[test]
fn what_a_checkout_would_run_or_redirect_is_asked_about_once_for_each_state_of_its_files() {
    let world = World::new();
    let (canary, ran) = canary_program(&world);
    let host = Canary::new();
    project(&world);
    let config = format!(
        "[build]\nrustc = '{program}'\n\n[http]\nproxy = \"{host}\"\n\n[registries.theirs]\nindex = \"sparse+http://{host}/i/\"\ncredential-provider = ['{program}']\n",
        program = canary.display(),
        host = host.authority()
    );
    world.sandbox.write("project/.cargo/config.toml", &config);
    world.sandbox.write("project/rust-toolchain.toml", "[toolchain]\npath = \"theirs\"\n");
    world.sandbox.write("project/theirs/bin/cargo", "");

    let mut journey = Journey::start(&world, Settled::default());
    for hazard in [
        "build.rustc = ",
        "http.proxy = ",
        "registries.theirs.index = ",
        "registries.theirs.credential-provider = ",
        "toolchain.path = ",
    ] {
        journey.wait_for(hazard);
    }
    journey.press("<enter>");
    assert_eq!(journey.exit(), Some(Exit::Done), "the answer that is proposed leaves");
    assert!(!ran.exists());

    // Nothing was remembered; now the person agrees.
    let mut journey = Journey::start(&world, Settled::default());
    journey.wait_for("build.rustc = ");
    journey.press("<down><enter>");
    journey.wait_for("Which organization");
    let mut journey = Journey::start(&world, Settled::default());
    journey.wait_for("Which organization");

    // To these files, and to no others.
    world.sandbox.write("project/.cargo/config.toml", config + "# changed\n");
    let mut journey = Journey::start(&world, Settled::default());
    journey.wait_for("build.rustc = ");
    assert!(!ran.exists());
    host.assert_silent();
}

#[test]
fn a_fetch_of_a_checkout_runs_its_programs_after_the_yes_alone() {
    let world = World::new();
    let (canary, ran) = canary_program(&world);
    project(&world);
    let config = format!("[build]\nrustc = '{}'\n", canary.display());
    world.sandbox.write("project/.cargo/config.toml", config);
    let opening = Opening::Fetch { locked: false, force_auth: false };
    let mut journey = Journey::open(&world, Settled::default(), opening);
    journey.wait_for("build.rustc = ");
    journey.settle();
    assert!(!ran.exists());
    journey.press("<down><enter>");
    journey.wait_for("Nothing to fetch");
    assert!(ran.exists(), "the canary sings");
}

#[test]
fn a_link_out_of_the_workspace_is_refused() {
    let world = World::new();
    let demo = world.demo();
    let outside = world.sandbox.write("outside/config.toml", "# not yours\n");
    fs::create_dir(demo.project_dir().join(".cargo")).unwrap();
    symlink(&outside, demo.project_dir().join(".cargo/config.toml")).unwrap();
    let mut journey = Journey::start(&world, in_demo(&demo));
    journey.reach_config(demo.token());
    journey.press("<enter>");
    journey.wait_for("✗ Config");
    let screen = journey.screen().replace(['\n', ' '], "");
    assert!(screen.contains("outside/config.toml"), "{journey:?}");
    assert_eq!(fs::read_to_string(&outside).unwrap(), "# not yours\n");
}

#[test]
fn names_in_a_lock_file_become_neither_paths_nor_control_sequences() {
    let world = World::new();
    let demo = world.demo();
    let index = format!("{}/contoso/Storefront/_packaging/rust-crates/Cargo/index/", demo.origin());
    let config = format!(
        "[registries.rust-crates]\nindex = \"sparse+{index}\"\n\n[source.crates-io]\nreplace-with = \"rust-crates\"\n"
    );
    fs::create_dir(demo.project_dir().join(".cargo")).unwrap();
    fs::write(demo.project_dir().join(".cargo/config.toml"), config).unwrap();
    let checksum = "0".repeat(64);
    let package = |name: &str, version: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{checksum}\"\n\n"
        )
    };
    let hostile = [
        package("../../../../evil", "1.0.0"),
        package("/tmp/evil", "1.0.0"),
        package("evil", "../../1.0.0"),
        package("\\u001b[2Jevil", "1.0.0"),
        package("ev\\u202eil", "1.0.0"),
    ];
    fs::write(demo.project_dir().join("Cargo.lock"), format!("version = 4\n\n{}", hostile.concat())).unwrap();
    let before = tree(&world);
    let opening = Opening::Fetch { locked: true, force_auth: false };
    let mut journey = Journey::open(&world, in_demo(&demo), opening);
    journey.wait_for("✗ Restore");
    let screen = journey.screen();
    assert!(!screen.contains(['\u{1b}', '\u{202e}']), "{screen:?}");
    journey.press("d");
    let words = journey.screen();
    assert!(!words.contains(['\u{1b}', '\u{202e}']), "{words:?}");
    let new: Vec<_> = tree(&world).into_iter().filter(|path| !before.contains(path)).collect();
    assert!(!new.iter().any(|path| path.to_string_lossy().contains("evil")), "{new:?}");
}

fn tree(world: &World) -> Vec<PathBuf> {
    crate::support::wizard::files_below(world.sandbox.root())
}
