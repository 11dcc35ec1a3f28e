//! A feed that answers everyone, by somebody without an account.

use az_cargo_wizard::error::Exit;

use crate::driver::{Journey, World, in_demo};

#[test]
fn nobody_has_to_sign_in_and_what_nobody_has_saved_is_said() {
    let world = World::new();
    let demo = world.demo();
    let mut journey = Journey::start(&world, in_demo(&demo));
    journey.wait_for("Which organization");
    journey.press("<down>");
    journey.paste(&format!("{}/fabrikam/OSS/_packaging/open-crates/Cargo/index/", demo.origin()));
    journey.press("<enter>");
    journey.wait_for("this feed answers everyone");
    journey.press("<enter>");
    journey.wait_for("What shall Cargo's configuration say?");
    journey.assert_not_shown("Credential");
    journey.press("<enter>");
    journey.wait_for("This will be written");
    journey.press("<enter>");
    journey.wait_for("✗ Restore");
    journey.wait_for("As a member who may save crates");
    journey.press("q");
    assert_eq!(journey.exit(), Some(Exit::SignIn));
    assert!(!demo.cargo_home().join("credentials.toml").exists());
    assert!(demo.requests().iter().all(|request| !request.authorized), "nobody has a token");
}
