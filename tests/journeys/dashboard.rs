//! The second run: where everything is set up the dashboard opens, from what is on disk.

use std::fs;

use az_cargo_wizard::demo::Demo;
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

/// Two feeds are configured, and neither is in force: as `switch crates-io` leaves them.
#[test]
fn after_a_switch_to_crates_io_the_dashboard_still_opens() {
    let world = World::new();
    set_up(&world);
    let index = |name: &str| {
        format!(
            "[registries.{name}]\nindex = \"sparse+https://pkgs.dev.azure.com/contoso/_packaging/{name}/Cargo/index/\"\n"
        )
    };
    let two = format!("{}{}", index("tools"), index("rust"));
    world.sandbox.write("project/.cargo/config.toml", &two);
    let checkout = found(&world, Settled::default()).expect("there is a way back");
    assert!(checkout.in_force.is_none());
    assert_eq!(checkout.way_back.unwrap().collection.name(), "contoso");
    let another = Settled { org: Some("fabrikam".to_owned()), ..Settled::default() };
    assert!(found(&world, another).is_none(), "another one is named");
    world.sandbox.write("own/credentials.toml", "");
    assert!(found(&world, Settled::default()).is_none(), "none of them is ready");
    set_up(&world);
    let elsewhere = two.replace("pkgs.dev.azure.com", "ado.attacker.example/t");
    world.sandbox.write("project/.cargo/config.toml", &elsewhere);
    let trusted = Settled { trust_project: true, ..Settled::default() };
    assert!(found(&world, trusted).is_none(), "nobody has named that host");
    let vendored = format!("{two}[source.crates-io]\nreplace-with = \"v\"\n[source.v]\ndirectory = \"v\"\n");
    world.sandbox.write("project/.cargo/config.toml", &vendored);
    assert!(found(&world, Settled::default()).is_none(), "something else stands in for crates.io");
}

#[test]
fn the_second_run_opens_the_dashboard_and_lists_the_organization() {
    let world = World::new();
    let demo = world.demo();
    let (mut second, before) = second_run(&world, &demo);
    second.wait_for("▸ Feeds");
    second.wait_for("Cargo takes its crates from here");
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
    assert_eq!(config(&demo), before);
}

/// In a world of its own, with the demo's project set up; and what its configuration says.
fn second_run(world: &World, demo: &Demo) -> (Journey, String) {
    let mut first = Journey::start(world, in_demo(demo));
    first.reach_config(demo.token());
    first.write_config();
    first.press("<enter>");
    first.wait_for("Every crate of the lock file is in the cache");
    drop(first);
    let mut second = Journey::start(world, in_demo(demo));
    second.wait_for("contoso/archive-2019");
    second.settle();
    (second, config(demo))
}

fn config(demo: &Demo) -> String {
    fs::read_to_string(demo.project_dir().join(".cargo/config.toml")).unwrap()
}

#[test]
fn another_feed_is_switched_to_and_taken_back() {
    let world = World::new();
    let demo = world.demo();
    let (mut journey, before) = second_run(&world, &demo);
    let lock = fs::read(demo.project_dir().join("Cargo.lock")).unwrap();
    journey.press("/payments-crates<enter><enter>");
    journey.wait_for("Cargo has no credential for `payments-crates`");
    assert_eq!(config(&demo), before, "the warning comes before");
    journey.press("<end><enter>");
    journey.wait_for("Switched to `payments-crates`; u takes it back");
    journey.wait_for("payments-crates from .cargo/config.toml");
    assert!(config(&demo).contains("replace-with = \"payments-crates\""), "{}", config(&demo));
    assert_eq!(fs::read(demo.project_dir().join("Cargo.lock")).unwrap(), lock);
    journey.settle();
    journey.press("u");
    journey.wait_for("Taken back: switched to `payments-crates`");
    journey.wait_for("rust-crates from .cargo/config.toml");
    assert_eq!(config(&demo), before);
}

#[test]
fn a_difference_that_is_out_of_date_changes_nothing() {
    let world = World::new();
    let demo = world.demo();
    let (mut journey, before) = second_run(&world, &demo);
    journey.press("/crates.io<enter>p");
    journey.wait_for("This will be written");
    let edited = format!("# by somebody else\n{before}");
    fs::write(demo.project_dir().join(".cargo/config.toml"), &edited).unwrap();
    journey.press("<end><enter>");
    journey.wait_for("Nothing was changed");
    assert_eq!(config(&demo), edited);
    journey.press("r");
    journey.wait_for("This will be written");
    journey.press("<end><enter>");
    journey.wait_for("Switched to crates.io");
    assert!(config(&demo).starts_with("# by somebody else\n"), "{}", config(&demo));
    // What others write beside it stays; what they write into the same place is not overwritten.
    journey.settle();
    let (file, switched) = (demo.project_dir().join(".cargo/config.toml"), config(&demo));
    fs::write(&file, format!("{switched}# the end\n")).unwrap();
    journey.press("u");
    journey.wait_for("was edited in the same place since");
    journey.press("<end><enter>");
    assert_eq!(config(&demo), format!("{switched}# the end\n"));
    journey.press("<esc>");
    fs::write(&file, format!("# and again\n{switched}")).unwrap();
    journey.press("u");
    journey.wait_for("those edits stay");
    journey.press("<end><enter>");
    journey.wait_for("Taken back");
    assert_eq!(config(&demo), format!("# and again\n{edited}"));
}

#[test]
fn without_a_network_every_tab_is_of_use() {
    let world = World::new();
    let demo = world.demo_in("kept");
    let (first, before) = second_run(&world, &demo);
    drop(first);
    let (settled, project) = (in_demo(&demo), demo.project_dir().to_owned());
    drop(demo);
    let mut journey = Journey::start(&world, settled);
    journey.wait_for("The feeds of contoso are not listed");
    journey.wait_for("Cargo takes its crates from here");
    journey.settle();
    journey.press("<down><enter>");
    journey.wait_for("Switched to crates.io");
    journey.settle();
    journey.press("u");
    journey.wait_for("Taken back");
    assert_eq!(fs::read_to_string(project.join(".cargo/config.toml")).unwrap(), before);
    journey.press("<tab>");
    journey.wait_for("Everything is set up");
    journey.press("<tab>");
    journey.wait_for("60 crates");
    journey.press("<tab>");
    journey.wait_for("not found out");
    journey.wait_for("couldn't find out, because");
}
