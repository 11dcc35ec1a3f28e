//! The steps themselves: forth, back, and what was done stays done.

use std::fs;

use az_cargo_wizard::demo::Demo;
use az_cargo_wizard::error::Exit;

use crate::driver::{Journey, World, in_demo};
use crate::support::wizard::files_below;

fn project_config(demo: &Demo) -> std::path::PathBuf {
    demo.project_dir().join(".cargo/config.toml")
}

#[test]
fn the_straight_path_sends_the_token_to_azure_alone() {
    let world = World::new();
    let demo = world.demo();
    let mut journey = Journey::start(&world, in_demo(&demo));
    journey.reach_config(demo.token());
    journey.write_config();
    journey.press("<enter>");
    journey.wait_for("Every crate of the lock file is in the cache");
    journey.press("<enter>");
    journey.wait_for("60 crates, 11.2 MB in");
    journey.press("<enter>");
    // The answers that were kept for the next start are forgotten first.
    assert_eq!(journey.wait_exit(), Exit::Done);
    let requests = demo.requests();
    let blobs: Vec<_> = requests.iter().filter(|request| request.path.starts_with("/blob/")).collect();
    assert_eq!(blobs.len(), 60);
    assert!(!blobs.iter().any(|request| request.authorized), "{blobs:?}");
    assert!(requests.iter().any(|request| request.authorized));
}

#[test]
fn what_was_typed_is_there_after_going_back() {
    let world = World::new();
    let demo = world.demo();
    let mut journey = Journey::start(&world, in_demo(&demo));
    journey.wait_for("Which organization");
    journey.press("<down>fabrikam-typed<enter>");
    journey.wait_for("▸ Sign in to Azure");
    journey.press("<esc>");
    journey.wait_for("Which organization");
    journey.wait_for("fabrikam-typed");
}

#[test]
fn nothing_is_written_before_it_was_agreed_to() {
    let world = World::new();
    let demo = world.demo();
    let mut journey = Journey::start(&world, in_demo(&demo));
    journey.reach_config(demo.token());
    journey.press("<enter>");
    journey.wait_for("This will be written");
    journey.press("<esc>");
    journey.wait_for("What shall Cargo's configuration say?");
    journey.press("<c-c>");
    assert_eq!(journey.wait_exit(), Exit::Interrupted);
    assert!(!project_config(&demo).exists());
    assert_eq!(fs::read_dir(demo.cargo_home()).unwrap().count(), 0);
}

/// As with a person's first Ctrl-C: it waits for the rest of what is being written.
#[test]
fn leaving_while_two_files_are_written_waits_for_the_second() {
    let world = World::new();
    let demo = world.demo();
    let mut journey = Journey::start(&world, in_demo(&demo));
    journey.reach_config(demo.token());
    journey.press("<enter>");
    journey.wait_for("This will be written");
    journey.press("<enter><c-c>");
    assert_eq!(journey.exit(), None, "two files are being written");
    assert_eq!(journey.wait_exit(), Exit::Interrupted);
    let files = [project_config(&demo), demo.cargo_home().join("config.toml")];
    let summary = journey.summary();
    for file in &files {
        assert!(file.exists(), "{}", file.display());
    }
    assert_eq!(summary.matches("Wrote ").count(), 2, "{summary}");
    assert!(!demo.cargo_home().join("credentials.toml").exists(), "logging in has not begun");
}

#[test]
fn leaving_twice_while_files_are_written_leaves_at_once() {
    let world = World::new();
    let demo = world.demo();
    let mut journey = Journey::start(&world, in_demo(&demo));
    journey.reach_config(demo.token());
    journey.press("<enter>");
    journey.wait_for("This will be written");
    journey.press("<enter><c-c><c-c>");
    assert_eq!(journey.exit(), Some(Exit::Interrupted));
    // Nobody waits for the job any more; it still writes into the sandbox.
    journey.settle();
}

#[test]
fn a_credential_that_was_kept_while_leaving_is_told() {
    let world = World::new();
    let demo = world.demo();
    let mut journey = Journey::start(&world, in_demo(&demo));
    journey.reach_config(demo.token());
    journey.write_config();
    journey.press("<enter><c-c>");
    assert_eq!(journey.exit(), None, "the credential may be being kept");
    assert_eq!(journey.wait_exit(), Exit::Interrupted);
    let is_kept = demo.cargo_home().join("credentials.toml").exists();
    assert_eq!(journey.summary().contains("Credential in"), is_kept, "{}", journey.summary());
    assert!(!demo.requests().iter().any(|request| request.path.starts_with("/blob/")), "nothing begins");
}

#[test]
fn a_step_that_was_done_is_not_done_again() {
    let world = World::new();
    let demo = world.demo();
    let mut journey = Journey::start(&world, in_demo(&demo));
    journey.reach_config(demo.token());
    journey.write_config();
    let files = || files_below(demo.project_dir().parent().unwrap());
    let (written, before) = (fs::read_to_string(project_config(&demo)).unwrap(), files());
    journey.press("<esc>");
    journey.wait_for("What shall Cargo's configuration say?");
    journey.press("<enter>");
    journey.wait_for("nothing to write");
    journey.press("<enter>");
    journey.wait_for("the very header");
    assert_eq!(fs::read_to_string(project_config(&demo)).unwrap(), written);
    assert_eq!(files(), before, "no backup of a second change");
}

#[test]
fn a_file_that_changed_since_the_review_is_shown_anew() {
    let world = World::new();
    let demo = world.demo();
    let mut journey = Journey::start(&world, in_demo(&demo));
    journey.reach_config(demo.token());
    journey.press("<enter>");
    journey.wait_for("This will be written");
    let theirs = "# somebody else was here\n[net]\nretry = 5\n";
    fs::create_dir_all(project_config(&demo).parent().unwrap()).unwrap();
    fs::write(project_config(&demo), theirs).unwrap();
    journey.press("<enter>");
    journey.wait_for("✗ Config");
    journey.wait_for("Look at the new difference");
    assert_eq!(fs::read_to_string(project_config(&demo)).unwrap(), theirs);
    assert!(!demo.cargo_home().join("config.toml").exists(), "all files or none");
    journey.press("<enter>");
    journey.wait_for("This will be written");
    journey.wait_for("# somebody else was here");
    journey.press("<enter>");
    journey.wait_for("the very header");
    let merged = fs::read_to_string(project_config(&demo)).unwrap();
    assert!(merged.starts_with(theirs) && merged.contains("replace-with = \"rust-crates\""), "{merged}");
}
