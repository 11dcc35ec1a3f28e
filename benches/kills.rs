//! The full form of `tests/kills.rs`: kills of the wizard and of its Cargo at random moments, while it writes and
//! during fetches of large crates. Fails where a file is neither old nor new, or where the next run leaves a
//! partial crate. Linux only:
//!
//! ```sh
//! cargo bench --profile dev --bench kills             # a hundred each
//! cargo bench --profile dev --bench kills -- 500 7    # five hundred each, with the seed 7
//! cargo bench --profile dev --bench kills -- fetches  # during fetches alone; or `writing`
//! ```
//!
//! The profile does not matter to what is tried; `dev` is what `cargo test` has built already. Kills that come too
//! early or too late are told, and don't count.
#![expect(clippy::print_stdout, reason = "it prints its figures")]
#![cfg_attr(target_os = "linux", expect(clippy::unwrap_used, reason = "it fails by panicking"))]

#[cfg(target_os = "linux")]
#[path = "../tests/kills/chance.rs"]
mod chance;
#[cfg(target_os = "linux")]
#[path = "../tests/kills/fetching.rs"]
mod fetching;
#[cfg(target_os = "linux")]
#[expect(dead_code, reason = "it uses a part of what the tests share")]
#[path = "../tests/support/mod.rs"]
mod support;
#[cfg(target_os = "linux")]
#[path = "../tests/kills/watch.rs"]
mod watch;
#[cfg(target_os = "linux")]
#[path = "../tests/kills/writing.rs"]
mod writing;

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("Kills are tried on Linux only: they need /proc and a pseudo-terminal.");
}

#[cfg(target_os = "linux")]
fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let hits = usize::try_from(numbers.next().unwrap_or(100)).unwrap_or(usize::MAX);
    let mut chance = chance::Chance::new(numbers.next().unwrap_or(1));
    let only = std::env::args().find(|argument| ["writing", "fetches"].contains(&argument.as_str()));
    if only.as_deref() != Some("fetches") {
        println!("{}", writing::Desk::new().play(hits, &mut chance));
    }
    if only.as_deref() != Some("writing") {
        // Of the wizard, of Cargo and of both in turn: so that each is killed about that often.
        println!("{}", fetching::Stage::new().play(hits * 2, &mut chance));
    }
}
