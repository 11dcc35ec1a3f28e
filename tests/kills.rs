//! kill -9 of the wizard and of its Cargo at random moments, in a short form; the full one, of a hundred kills
//! each, is `cargo bench --profile dev --bench kills`. Linux only: it looks at processes through /proc.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "kills/chance.rs"]
mod chance;
#[path = "kills/fetching.rs"]
mod fetching;
#[path = "kills/full.rs"]
mod full;
#[path = "kills/orphan.rs"]
mod orphan;
#[expect(dead_code, reason = "this test uses a part of what the tests share")]
mod support;
#[path = "kills/together.rs"]
mod together;
#[path = "kills/watch.rs"]
mod watch;
#[path = "kills/writing.rs"]
mod writing;

use chance::Chance;

const HITS: usize = 6;

#[test]
fn a_fetch_that_is_killed_leaves_nothing_that_the_next_run_does_not_mend() {
    let tally = fetching::Stage::new().play(HITS, &mut Chance::new(1));
    println!("{tally}");
}

#[test]
fn a_file_that_was_being_written_is_old_or_new() {
    let tally = writing::Desk::new().play(HITS, &mut Chance::new(2));
    println!("{tally}");
}
