//! What looking at the crate cache costs: 20,000 crates in four registries against `cargo cache r` of cargo-cache on
//! the same files, 100,000 crates and what a key costs among them, and checking against `sha256sum`. Prints a table and asserts nothing; needs Linux,
//! a gigabyte of disk and, for honest numbers, an idle machine:
//!
//! ```sh
//! cargo install cargo-cache     # found on PATH; without it, `du -s` is the other one
//! cargo bench --bench cache            # 11 rounds
//! cargo bench --bench cache -- 21
//! cargo bench --bench cache -- 0       # the keys on the Cache tab alone
//! ```
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[cfg(target_os = "linux")]
#[path = "cache/frames.rs"]
mod frames;
#[cfg(target_os = "linux")]
#[path = "cache/tree.rs"]
mod tree;

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("The figures are taken on Linux only: they need /proc.");
}

#[cfg(target_os = "linux")]
fn main() {
    if std::env::args().any(|argument| argument == linux::CHILD) {
        return linux::child();
    }
    let rounds = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(11);
    linux::measure(rounds);
}

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::OsStr;
    use std::fs;
    use std::path::PathBuf;
    use std::process::{Command, Stdio};
    use std::sync::Arc;

    use az_cargo_wizard::domain::cache::{CacheEvent, CacheTable};
    use az_cargo_wizard::host::{Clock, Host};
    use az_cargo_wizard::task::{self, CacheJob, Event, Events, JobId, Request, Services, Settled};
    use tokio::sync::{mpsc, oneshot};

    use crate::frames;
    use crate::tree::{Home, Tree};

    /// Makes this program look at the cache of its environment, once.
    pub(super) const CHILD: &str = "--look-at-the-cache";

    const PRODUCT: &str = env!("CARGO_BIN_EXE_az-cargo-wizard");

    const BUSY: Tree = Tree { crates: 20_000, bytes: 2048, unpacked: true, checksums: false };
    const HUGE: Tree = Tree { crates: 100_000, bytes: 64, unpacked: false, checksums: false };
    const LARGE: Tree = Tree { crates: 2_000, bytes: 200_000, unpacked: false, checksums: true };

    const GOAL_FIRST_MS: f64 = 30.0;
    const GOAL_RATIO: f64 = 0.5;
    const GOAL_MB: f64 = 40.0;
    const GOAL_HUGE_S: f64 = 1.0;
    const GOAL_HUGE_MB: f64 = 80.0;
    const GOAL_HASHING: f64 = 0.9;
    /// Of one key on the Cache tab.
    const GOAL_SCROLL_MS: f64 = 2.0;

    /// Of `times` in bash, of one child.
    #[derive(Debug, Clone, Copy)]
    struct Cost {
        wall: f64,
        cpu: f64,
    }

    pub(super) fn measure(rounds: usize) {
        println!("{:<66} {:>10} {:>10}", "figure", "measured", "goal");
        keys();
        if rounds > 0 {
            busy(rounds);
            huge(rounds);
            hashing(rounds);
        }
    }

    fn busy(rounds: usize) {
        let home = BUSY.grow();
        let anchor = find("cargo-cache");
        let other = || match &anchor {
            Some(program) => cost(&home, program.as_os_str(), &["r"]),
            None => cost(&home, OsStr::new("du"), &["-s", &home.cargo_home().to_string_lossy()]),
        };
        let ours = || cost(&home, OsStr::new(PRODUCT), &["cache", "list", "--json"]);
        let (mut own, mut theirs, mut looks) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..=rounds {
            let (one, two) = if round % 2 == 0 {
                (ours(), other())
            } else {
                let two = other();
                (ours(), two)
            };
            let look = look(&home);
            // The first one warms up.
            if round > 0 {
                own.push(one);
                theirs.push(two);
                looks.push(look);
            }
        }
        let ratios = sorted(own.iter().zip(&theirs).map(|(own, theirs)| own.wall / theirs.wall));
        let name = if anchor.is_some() { "cargo cache r" } else { "du -s (cargo-cache is not installed)" };
        let first = middle(&sorted(looks.iter().map(|look| look.first)));
        row(
            "20,000 crates, first rows, ms after the job began",
            first,
            GOAL_FIRST_MS,
            first <= GOAL_FIRST_MS,
        );
        let ratio = middle(&ratios);
        row(&format!("`cache list --json`, whole process / {name}"), ratio, GOAL_RATIO, ratio <= GOAL_RATIO);
        println!(
            "  {rounds} interleaved pairs: ratio {:.3} to {:.3}; medians {:.0} ms and {:.0} ms, CPU {:.0} ms and {:.0} ms",
            ratios[0],
            ratios[rounds - 1],
            middle(&sorted(own.iter().map(|cost| cost.wall))) * 1e3,
            middle(&sorted(theirs.iter().map(|cost| cost.wall))) * 1e3,
            middle(&sorted(own.iter().map(|cost| cost.cpu))) * 1e3,
            middle(&sorted(theirs.iter().map(|cost| cost.cpu))) * 1e3,
        );
        let memory = looks.iter().map(|look| look.memory).fold(0.0, f64::max);
        row("peak memory with the table complete and sorted, MB", memory, GOAL_MB, memory <= GOAL_MB);
        println!(
            "  complete and sorted after {:.0} ms",
            middle(&sorted(looks.iter().map(|look| look.complete)))
        );
    }

    fn huge(rounds: usize) {
        let home = HUGE.grow();
        let looks: Vec<Look> = (0..=rounds).map(|_| look(&home)).skip(1).collect();
        let complete = middle(&sorted(looks.iter().map(|look| look.complete))) / 1e3;
        let memory = looks.iter().map(|look| look.memory).fold(0.0, f64::max);
        row("100,000 crates, complete and sorted, warm, s", complete, GOAL_HUGE_S, complete <= GOAL_HUGE_S);
        row("peak memory with the table, MB", memory, GOAL_HUGE_MB, memory <= GOAL_HUGE_MB);
        let first = middle(&sorted(looks.iter().map(|look| look.first)));
        println!("  first rows after {first:.0} ms");
    }

    fn keys() {
        let figures = frames::measure(HUGE.crates, &started());
        let scroll = &figures[0];
        let name = "100,000 rows on the Cache tab: a scroll key and its frame, ms";
        row(name, scroll.median, GOAL_SCROLL_MS, scroll.median <= GOAL_SCROLL_MS);
        for figure in figures {
            println!("  {}: {:.2} ms, at most {:.2} ms", figure.name, figure.median, figure.longest);
        }
    }

    fn hashing(rounds: usize) {
        let home = LARGE.grow();
        let files: Vec<String> = home.files.iter().map(|file| file.to_string_lossy().into_owned()).collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let (mut ratios, mut cores, mut speeds) = (Vec::new(), Vec::new(), (Vec::new(), Vec::new()));
        #[expect(clippy::cast_precision_loss, reason = "megabytes")]
        let megabytes = (LARGE.crates * LARGE.bytes) as f64 / 1e6;
        for round in 0..=rounds {
            let ours = || cost(&home, OsStr::new(PRODUCT), &["cache", "verify", "--json"]);
            let theirs = || cost(&home, OsStr::new("sha256sum"), &files);
            let (own, sum) = if round % 2 == 0 {
                (ours(), theirs())
            } else {
                let sum = theirs();
                (ours(), sum)
            };
            if round > 0 {
                ratios.push(sum.cpu / own.cpu);
                cores.push(own.cpu / own.wall);
                speeds.0.push(megabytes / own.cpu);
                speeds.1.push(megabytes / sum.cpu);
            }
        }
        let ratio = middle(&sorted(ratios.into_iter()));
        row("verify / sha256sum, bytes per second of a core", ratio, GOAL_HASHING, ratio >= GOAL_HASHING);
        println!(
            "  {megabytes:.0} MB in {} files: {:.0} and {:.0} MB/s of CPU; cores at work: {:.2} of {}",
            LARGE.crates,
            middle(&sorted(speeds.0.into_iter())),
            middle(&sorted(speeds.1.into_iter())),
            middle(&sorted(cores.into_iter())),
            std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        );
    }

    /// One look in a process of its own.
    #[derive(Debug, Clone, Copy)]
    struct Look {
        /// Milliseconds from the start of the job.
        first: f64,
        complete: f64,
        /// Megabytes, the most that the process ever held.
        memory: f64,
    }

    fn look(home: &Home) -> Look {
        let program = std::env::current_exe().expect("it runs");
        let output = command(home, program.as_os_str()).arg(CHILD).output().expect("it starts");
        let text = String::from_utf8_lossy(&output.stdout);
        let mut numbers = text.split_whitespace().filter_map(|number| number.parse().ok());
        let mut next = || numbers.next().unwrap_or(f64::NAN);
        Look { first: next(), complete: next(), memory: next() }
    }

    /// The other side of [`look`].
    pub(super) fn child() {
        let host = Host::os().expect("it is in a folder");
        let services = Arc::new(Services::new(host, Settled::default()).expect("a home is named"));
        let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
        let (sender, mut receiver) = mpsc::channel(256);
        let (_cancel, cancelled) = oneshot::channel();
        let clock = started();
        runtime.spawn(async move {
            let events = Events::new(JobId(0), sender);
            task::run(services, Request::Cache(CacheJob::List), (&events, cancelled)).await;
        });
        let mut table = CacheTable::default();
        let mut first = None;
        while let Some((_, event)) = receiver.blocking_recv() {
            if let Event::InCache(event) = event {
                if matches!(event, CacheEvent::Rows(_)) {
                    first.get_or_insert(clock.since_start());
                }
                table.apply(event);
            }
        }
        table.finish();
        let totals = table.totals();
        let complete = clock.since_start();
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        let kib: f64 = peak.trim().trim_end_matches(" kB").parse().unwrap_or(f64::NAN);
        assert_eq!(totals.len(), 4);
        println!(
            "{} {} {}",
            first.unwrap_or_default().as_secs_f64() * 1e3,
            complete.as_secs_f64() * 1e3,
            kib * 1024.0 / 1e6
        );
    }

    fn command(home: &Home, program: &OsStr) -> Command {
        let mut command = Command::new(program);
        command.current_dir(home.project()).env("CARGO_HOME", home.cargo_home());
        command.env("AZ_CARGO_WIZARD_STATE_DIR", home.root.path().join("state"));
        command
    }

    /// Wall and CPU time of one process and its threads.
    fn cost(home: &Home, program: &OsStr, args: &[&str]) -> Cost {
        let before = cpu_of_children();
        let clock = started();
        let status = command(home, program).args(args).stdout(Stdio::null()).stderr(Stdio::null()).status();
        let wall = clock.since_start().as_secs_f64();
        assert!(status.is_ok_and(|status| status.success()), "{} has failed", program.display());
        Cost { wall, cpu: cpu_of_children() - before }
    }

    /// Of `/proc/self/stat`: user and system time of children that were waited for, in hundredths of a second.
    fn cpu_of_children() -> f64 {
        let stat = fs::read_to_string("/proc/self/stat").expect("it is Linux");
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
        fields.skip(13).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
    }

    /// A clock that begins now.
    fn started() -> Clock {
        Host::os().expect("it is in a folder").clock
    }

    fn find(program: &str) -> Option<PathBuf> {
        Host::os().ok()?.env.find_program(program)
    }

    fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut values: Vec<f64> = values.collect();
        values.sort_unstable_by(f64::total_cmp);
        values
    }

    fn middle(sorted: &[f64]) -> f64 {
        f64::midpoint(sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2])
    }

    fn row(figure: &str, measured: f64, goal: f64, met: bool) {
        println!("{figure:<66} {measured:>10.2} {goal:>10.2}   {}", if met { "met" } else { "missed" });
    }
}
