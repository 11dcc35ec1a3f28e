//! Random keys over all screens, for as long as wanted, on the embedded Azure with faults: nothing may panic or hang,
//! memory must not grow, and the terminal is given back. The real binary in a pseudo-terminal, with the real Cargo.
//! Linux only:
//!
//! ```sh
//! cargo bench --profile dev --bench soak              # a minute
//! cargo bench --profile dev --bench soak -- 1800 7    # half an hour, with the seed 7
//! ```
//!
//! The seed decides the keys, not when they meet what runs meanwhile.
#![expect(clippy::print_stdout, reason = "it prints its figures")]
#![cfg_attr(target_os = "linux", expect(clippy::unwrap_used, reason = "it fails by panicking"))]

#[cfg(target_os = "linux")]
#[path = "../tests/kills/chance.rs"]
mod chance;
#[cfg(target_os = "linux")]
#[path = "soak/run.rs"]
mod run;
#[cfg(target_os = "linux")]
#[expect(dead_code, reason = "it uses a part of what the tests share")]
#[path = "../tests/support/mod.rs"]
mod support;

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("The soak runs on Linux only: it needs /proc and a pseudo-terminal.");
}

#[cfg(target_os = "linux")]
fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let length = std::time::Duration::from_secs(numbers.next().unwrap_or(60));
    println!("{}", run::soak(length, chance::Chance::new(numbers.next().unwrap_or(1))));
}
