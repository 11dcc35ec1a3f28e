//! The figures that the product keeps to, with their goals: the first frame, wake-ups when idle, and the size of
//! the binary. Prints a table and asserts nothing; needs Linux and, for honest numbers, an idle machine:
//!
//! ```sh
//! cargo bench --bench house
//! ```
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[cfg(target_os = "linux")]
#[expect(dead_code, reason = "the benchmark uses a part of what the tests share")]
#[path = "../tests/support/mod.rs"]
mod support;

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("The figures are taken on Linux only: they need /proc and a pseudo-terminal.");
}

#[cfg(target_os = "linux")]
fn main() {
    use linux::{binary_size, first_frame, idle_wake_ups};

    println!("{:<58} {:>10} {:>10}", "figure", "measured", "goal");
    first_frame();
    idle_wake_ups();
    binary_size();
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;
    use std::ffi::OsString;
    use std::fs;
    use std::time::Duration;

    use crate::support::anchor::{build_nothing, time_to};
    use crate::support::pty::Terminal;
    use crate::support::sandbox::Sandbox;

    const PRODUCT: &str = env!("CARGO_BIN_EXE_az-cargo-wizard");
    /// Stands in every frame.
    const IN_FRAME: &str = "az-cargo-wizard";
    const SIZE: (u16, u16) = (80, 24);

    const WARM_UP: usize = 3;
    const PAIRS: usize = 31;
    const GOAL_FIRST_FRAME: Duration = Duration::from_millis(10);

    /// How long nothing must be written before the program counts as idle.
    const SETTLED: Duration = Duration::from_secs(2);
    const IDLE: Duration = Duration::from_secs(10);
    const GOAL_WAKE_UPS: u64 = 0;

    const GOAL_SIZE: u64 = 10_000_000;

    /// Start to first frame in a pseudo-terminal, less what a program that does nothing takes. The two alternate,
    /// so that a change of the machine's load meets both.
    pub(super) fn first_frame() {
        let sandbox = sandbox();
        let nothing = build_nothing(&sandbox);
        let mut products = Vec::new();
        let mut nothings = Vec::new();
        for _ in 0..WARM_UP + PAIRS {
            nothings.push(time_to(&sandbox.command(&nothing), ".", SIZE));
            products.push(time_to(&sandbox.command(PRODUCT), IN_FRAME, SIZE));
        }
        let (products, nothings) = (&products[WARM_UP..], &nothings[WARM_UP..]);
        let pairs = products.iter().zip(nothings);
        let own = sorted(pairs.map(|(product, nothing)| product.saturating_sub(*nothing)));
        row(
            "first frame less a do-nothing program, median",
            &milliseconds(own[PAIRS / 2]),
            &milliseconds(GOAL_FIRST_FRAME),
            own[PAIRS / 2] <= GOAL_FIRST_FRAME,
        );
        let (product, nothing) = (median(products), median(nothings));
        println!(
            "  {PAIRS} pairs; quarters at {} and {}; first frame {}, do-nothing {}, ratio {:.1}",
            milliseconds(own[PAIRS / 4]),
            milliseconds(own[PAIRS * 3 / 4]),
            milliseconds(product),
            milliseconds(nothing),
            product.as_secs_f64() / nothing.as_secs_f64(),
        );
    }

    /// Voluntary context switches of all threads while nobody presses a key.
    pub(super) fn idle_wake_ups() {
        let sandbox = sandbox();
        let mut terminal = Terminal::spawn(&sandbox.command(PRODUCT), SIZE.0, SIZE.1);
        terminal.wait_for(IN_FRAME);
        terminal.wait_quiet(SETTLED);
        let before = voluntary_switches(terminal.pid());
        std::thread::sleep(IDLE);
        let count = switches_since(&before, &voluntary_switches(terminal.pid()));
        row(
            &format!("voluntary context switches in {} idle seconds", IDLE.as_secs()),
            &count.to_string(),
            &GOAL_WAKE_UPS.to_string(),
            count == GOAL_WAKE_UPS,
        );
    }

    pub(super) fn binary_size() {
        let bytes = fs::metadata(PRODUCT).expect("the binary was built").len();
        let kind = if cfg!(debug_assertions) { "binary size (not a release build)" } else { "binary size" };
        row(kind, &megabytes(bytes), &megabytes(GOAL_SIZE), bytes <= GOAL_SIZE);
    }

    /// With a small package as the project.
    fn sandbox() -> Sandbox {
        let sandbox = Sandbox::new();
        sandbox.write("project/Cargo.toml", "[package]\nname = \"sample\"\nedition = \"2021\"\n");
        sandbox.write("project/src/main.rs", "fn main() {}\n");
        sandbox
    }

    /// By thread.
    fn voluntary_switches(pid: u32) -> BTreeMap<OsString, u64> {
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("the program runs");
        let status = tasks.flatten().filter_map(|task| {
            let status = fs::read_to_string(task.path().join("status")).ok()?;
            Some((task.file_name(), switches_of(&status)))
        });
        status.collect()
    }

    /// A thread that has ended meanwhile woke up at least once, to do so.
    fn switches_since(before: &BTreeMap<OsString, u64>, after: &BTreeMap<OsString, u64>) -> u64 {
        let ended = before.keys().filter(|thread| !after.contains_key(*thread)).count() as u64;
        let more = |(thread, count): (&OsString, &u64)| count - before.get(thread).copied().unwrap_or(0);
        ended + after.iter().map(more).sum::<u64>()
    }

    fn switches_of(status: &str) -> u64 {
        let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        count.and_then(|count| count.trim().parse().ok()).expect("the kernel counts switches")
    }

    fn sorted(times: impl Iterator<Item = Duration>) -> Vec<Duration> {
        let mut times: Vec<_> = times.collect();
        times.sort_unstable();
        times
    }

    fn median(times: &[Duration]) -> Duration {
        sorted(times.iter().copied())[times.len() / 2]
    }

    fn milliseconds(time: Duration) -> String {
        format!("{:.1} ms", time.as_secs_f64() * 1e3)
    }

    fn megabytes(bytes: u64) -> String {
        format!("{}.{:02} MB", bytes / 1_000_000, bytes % 1_000_000 / 10_000)
    }

    fn row(figure: &str, measured: &str, goal: &str, met: bool) {
        println!("{figure:<58} {measured:>10} {goal:>10}   {}", if met { "met" } else { "missed" });
    }
}
