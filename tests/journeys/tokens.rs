//! Tokens that don't do, each said in the person's terms.

use az_cargo_wizard::domain::credential::Secret;
use az_cargo_wizard::error::Exit;

use crate::driver::{Journey, World, in_demo};

fn at_sign_in(world: &World, demo: &az_cargo_wizard::demo::Demo) -> Journey {
    let mut journey = Journey::start(world, in_demo(demo));
    journey.wait_for("Which organization");
    journey.press("<enter>");
    journey
}

#[test]
fn a_token_that_nobody_made_is_refused_and_another_may_be_tried() {
    let world = World::new();
    let demo = world.demo();
    let mut journey = at_sign_in(&world, &demo);
    let unknown = "a".repeat(52);
    journey.sign_in(&Secret::new(unknown.clone()));
    journey.wait_for("✗ Sign in to Azure");
    journey.wait_for("check the name of the organization");
    journey.assert_not_shown(&unknown[..8]);
    journey.sign_in(demo.token());
    journey.wait_for("Which feed shall Cargo use?");
    journey.wait_for("✓ Sign in to Azure");
}

#[test]
fn an_expired_token_says_what_a_new_one_needs() {
    let world = World::new();
    let demo = world.demo();
    let mut journey = at_sign_in(&world, &demo);
    journey.sign_in(&demo.tokens().expired);
    journey.wait_for("✗ Sign in to Azure");
    journey.wait_for("Make a new token with the scope");
}

#[test]
fn a_token_without_scopes_fails_where_the_feeds_are_listed() {
    let world = World::new();
    let demo = world.demo();
    let mut journey = at_sign_in(&world, &demo);
    journey.sign_in(&demo.tokens().scopeless);
    journey.wait_for("✗ Feed");
    journey.wait_for("refused the token");
    journey.wait_for("Make a new token with the scope");
    // Back to Sign in for another one.
    journey.press("<esc>");
    journey.sign_in(demo.token());
    journey.wait_for("Feed Publisher:");
}

#[test]
fn a_stranger_learns_that_the_organization_knows_nobody_of_that_name() {
    let world = World::new();
    let demo = world.demo();
    let mut journey = at_sign_in(&world, &demo);
    journey.sign_in(&demo.tokens().stranger);
    journey.wait_for("✗ Sign in to Azure");
}

#[test]
fn a_reader_is_told_before_it_hurts_and_again_when_it_does() {
    let world = World::new();
    let demo = world.demo();
    let mut journey = at_sign_in(&world, &demo);
    journey.sign_in(demo.token());
    journey.wait_for("Which feed shall Cargo use?");
    journey.settle();
    journey.press("/payments-crates<enter>");
    journey.wait_for("Feed Reader:");
    journey.press("<enter>");
    journey.wait_for("What shall Cargo's configuration say?");
    journey.write_config();
    journey.press("<enter>");
    journey.wait_for("✗ Restore");
    journey.press("q");
    assert_eq!(journey.exit(), Some(Exit::NotAllowed));
}

#[test]
fn a_token_for_packaging_alone_goes_all_the_way() {
    let world = World::new();
    let demo = world.demo();
    let mut journey = at_sign_in(&world, &demo);
    journey.sign_in(&demo.tokens().packaging_only);
    journey.wait_for("Has the crates.io upstream");
    journey.press("<enter>");
    journey.wait_for("What shall Cargo's configuration say?");
    journey.write_config();
    journey.press("<enter>");
    journey.wait_for("Every crate of the lock file is in the cache");
}
