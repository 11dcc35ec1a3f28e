//! The second run: where everything is set up the dashboard opens, from what is on disk.

use std::fs;

use az_cargo_wizard::error::Exit;
use az_cargo_wizard::task::{Services, Settled, glance};

use crate::driver::{Journey, World, in_demo};

/// A configuration in which a feed of the cloud is in force, and a token for it.
fn set_up(world: &World) {
    let project = "[registries.rust]\nindex = \"sparse+https://pkgs.dev.azure.com/contoso/_packaging/rust/Cargo/index/\"\n\
                   [source.crates-io]\nreplace-with = \"rust\"\n";
    world.sandbox.write("project/.cargo/config.toml", project);
    world.sandbox.write("project/Cargo.toml", "[package]\nname = \"sample\"\nversion = \"0.1.0\"\n");
    let home = "[registries.rust]\ncredential-provider = \"cargo:token\"\n";
    world.sandbox.write("own/config.toml", home);
    world.sandbox.write("own/credentials.toml", "[registries.rust]\ntoken = \"Basic OnNlY3JldA==\"\n");
}

fn found(world: &World, settled: Settled) -> Option<az_cargo_wizard::task::check::Checkout> {
    let mut host = world.host();
    host.env.set("CARGO_HOME", world.sandbox.root().join("own"));
    glance(&Services::new(host, settled).unwrap())
}

#[test]
fn a_glance_tells_a_feed_in_force_with_its_credential() {
    let world = World::new();
    set_up(&world);
    let checkout = found(&world, Settled::default()).expect("everything is set up");
    let in_force = checkout.in_force.unwrap();
    assert_eq!(in_force.registry.name.as_str(), "rust");
    assert!(in_force.token_in.is_some_and(|place| place.ends_with("credentials.toml")));
    assert_eq!((checkout.registries.len(), checkout.cargo), (1, None));
}

#[test]
fn where_something_is_left_to_be_asked_there_is_no_glance() {
    let glanced = |change: &dyn Fn(&World), settled: Settled| {
        let world = World::new();
        set_up(&world);
        change(&world);
        found(&world, settled).is_some()
    };
    let none = Settled::default;
    let toolchain = |world: &World| {
        world.sandbox.write("project/rust-toolchain.toml", "[toolchain]\npath = \"x\"\n");
    };
    assert!(glanced(&|_| {}, none()));
    assert!(
        !glanced(&|world| drop(world.sandbox.write("own/credentials.toml", "")), none()),
        "no credential"
    );
    assert!(!glanced(&toolchain, none()));
    let trusted = Settled { trust_project: true, ..none() };
    assert!(glanced(&toolchain, trusted));
    assert!(
        !glanced(&|world| drop(world.sandbox.write("own/config.toml", "[broken")), none()),
        "the check says why"
    );
    assert!(
        !glanced(&|_| {}, Settled { org: Some("fabrikam".to_owned()), ..none() }),
        "another one is named"
    );
    assert!(glanced(&|_| {}, Settled { org: Some("contoso".to_owned()), ..none() }));
    let elsewhere = |world: &World| {
        let text = "[registries.rust]\nindex = \"sparse+https://ado.attacker.example/t/C/_packaging/rust/Cargo/index/\"\n\
                    [source.crates-io]\nreplace-with = \"rust\"\n";
        world.sandbox.write("project/.cargo/config.toml", text);
    };
    assert!(!glanced(&elsewhere, Settled { trust_project: true, ..none() }), "nobody has named that host");
}

#[test]
fn the_second_run_opens_the_dashboard_and_lists_the_organization() {
    let world = World::new();
    let demo = world.demo();
    let mut first = Journey::start(&world, in_demo(&demo));
    first.wait_for("Which organization");
    first.press("<enter>");
    first.sign_in(demo.token());
    first.wait_for("Feed Publisher:");
    first.press("<enter>");
    first.wait_for("What shall Cargo's configuration say?");
    first.press("<enter>");
    first.wait_for("This will be written");
    first.press("<enter>");
    first.wait_for("the very header");
    first.press("<enter>");
    first.wait_for("Every crate of the lock file is in the cache");
    drop(first);
    let before = fs::read_to_string(demo.project_dir().join(".cargo/config.toml")).unwrap();

    let mut second = Journey::start(&world, in_demo(&demo));
    second.wait_for("▸ Feeds");
    second.wait_for("Cargo takes its crates from here");
    second.wait_for("contoso/archive-2019");
    second.press("<tab>");
    second.wait_for("Everything is set up");
    second.press("<enter>");
    second.wait_for("Everything is in the cache already");
    second.press("<tab>");
    second.wait_for("60 crates");
    second.press("<s-tab><s-tab>a");
    second.wait_for("Which feed shall Cargo use?");
    second.press("<esc>");
    second.wait_for("▸ Feeds");
    second.press("q");
    assert_eq!(second.exit(), Some(Exit::Done));
    assert_eq!(fs::read_to_string(demo.project_dir().join(".cargo/config.toml")).unwrap(), before);
}
