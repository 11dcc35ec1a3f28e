//! What the live table costs: `cargo fetch` of 3,000 crates, bare and under the wizard, from the spawn of Cargo to its
//! exit, in pairs with cold caches; the wizard's CPU as a share of Cargo's; and the frames that it draws while events
//! pour in. Prints a table; asserts only that every crate ends in its true state. Needs Linux, bash and, for honest
//! numbers, an idle machine:
//!
//! ```sh
//! cargo bench --bench live_table                # 15 pairs of 3,000 crates
//! cargo bench --bench live_table -- 51 500      # 51 pairs of 500
//! cargo bench --bench live_table -- 0           # the frames alone
//! ```
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]

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
    let mut numbers = std::env::args().filter_map(|argument| argument.parse().ok());
    let (pairs, crates) = (numbers.next().unwrap_or(15), numbers.next().unwrap_or(3_000));
    frames::measure(crates);
    if pairs > 0 {
        linux::measure(pairs, crates);
    }
}

/// The table on a terminal in memory, told by hand.
#[cfg(target_os = "linux")]
mod frames {
    use std::time::{Duration, Instant};

    use az_cargo_wizard::domain::package::CrateId;
    use az_cargo_wizard::domain::progress::{FetchEvent, PlannedCrate};
    use az_cargo_wizard::task::check::Checkout;
    use az_cargo_wizard::task::{Event, JobId};
    use az_cargo_wizard::tui::{App, Effect, Key, Msg, Opening, Theme};
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    const SIZE: (u16, u16) = (120, 36);
    /// What a fast fetch tells between two frames, and more.
    const BURST: usize = 300;
    /// Between two frames of what only goes on.
    const PERIOD: Duration = Duration::from_millis(100);
    /// Of 60 Hz: a key and its frame are done before the eye looks.
    const GOAL: Duration = Duration::from_micros(16_667);

    pub(super) fn measure(crates: usize) {
        println!(
            "{:<58} {:>10} {:>10} {:>10}",
            format!("{crates} rows, {BURST} events a frame"),
            "p50",
            "max",
            "goal"
        );
        for (order, sorts) in [("by name", ""), ("by state", "s"), ("by size", "ss"), ("by time", "sss")] {
            let mut table = Table::planned(crates);
            table.keys(sorts);
            let figure = format!("a burst and its frame, sorted {order}");
            table.pour(&figure, |_, _| {});
        }
        let mut table = Table::planned(crates);
        table.keys("ss");
        table.pour("a burst, a movement and its frame, sorted by size", |table, turn| {
            table.keys(["G", "k", "g", "j"][turn % 4]);
        });
        let mut table = Table::planned(crates);
        table.pour("a burst, another order and its frame", |table, _| table.keys("s"));
        let mut table = Table::planned(crates);
        table.keys("ss/");
        table.pour("a burst, a key in the filter and its frame", |table, turn| {
            let typed = [
                Key::Char('e'),
                Key::Char('-'),
                Key::Char('1'),
                Key::Backspace,
                Key::Backspace,
                Key::Backspace,
            ];
            table.key(typed[turn % typed.len()]);
        });
    }

    struct Table {
        app: App,
        terminal: Terminal<TestBackend>,
        job: JobId,
        ids: Vec<CrateId>,
    }

    impl Table {
        /// The list of crates is there, and none of them.
        fn planned(crates: usize) -> Self {
            let opening = Opening::Fetch { locked: true, force_auth: false };
            let (app, effects) = App::new(Theme::default(), opening);
            let terminal = Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).expect("memory is a terminal");
            let id =
                |index| CrateId::parse(&format!("made-{index:04}"), "1.0.0").expect("a name and a version");
            let mut table = Self { app, terminal, job: JobId(0), ids: (0..crates).map(id).collect() };
            table.carry_out(effects);
            let checkout = Checkout { workspace: Some("/home/ana/shop".into()), ..Checkout::default() };
            table.tell(Event::Checked(Box::new(checkout)));
            let planned =
                |id: &CrateId| PlannedCrate { id: id.clone(), source: "feed".to_owned(), cached: None };
            let planned = FetchEvent::Planned(table.ids.iter().map(planned).collect());
            table.tell(Event::Fetch { at: Duration::ZERO, event: planned });
            table
        }

        /// All that a fetch tells, with something done and a frame drawn after each burst.
        fn pour(&mut self, figure: &str, mut each: impl FnMut(&mut Self, usize)) {
            let mut times = Vec::new();
            let events: Vec<FetchEvent> =
                self.ids.iter().enumerate().flat_map(|(index, id)| told(index, id)).collect();
            for (turn, burst) in events.chunks(BURST).enumerate() {
                let at = PERIOD * u32::try_from(turn).unwrap_or(u32::MAX);
                let burst = burst.to_vec();
                let start = Instant::now();
                for event in burst {
                    self.tell(Event::Fetch { at, event });
                }
                each(self, turn);
                self.app.update(Msg::Tick(at));
                self.terminal.draw(|frame| self.app.view(frame)).expect("memory is a terminal");
                times.push(start.elapsed());
            }
            times.sort();
            let millis = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1000.0);
            let (middle, most) = (times[times.len() / 2], times[times.len() - 1]);
            println!("{figure:<58} {:>10} {:>10} {:>10}", millis(middle), millis(most), millis(GOAL));
        }

        fn keys(&mut self, keys: &str) {
            keys.chars().for_each(|key| self.key(Key::Char(key)));
        }

        fn key(&mut self, key: Key) {
            let effects = self.app.update(Msg::Key(key));
            self.carry_out(effects);
        }

        fn tell(&mut self, event: Event) {
            let effects = self.app.update(Msg::Job(self.job, event));
            self.carry_out(effects);
        }

        fn carry_out(&mut self, effects: Vec<Effect>) {
            for effect in effects {
                if let Effect::Start(id, _) = effect {
                    self.job = id;
                }
            }
        }
    }

    /// What is told of one crate.
    fn told(index: usize, id: &CrateId) -> [FetchEvent; 4] {
        let bytes = 1_000 + u64::try_from(index).unwrap_or_default() * 7_919 % 50_000;
        [
            FetchEvent::Line(format!("  Downloaded {} v{} (registry `feed`)", id.name, id.version)),
            FetchEvent::Downloaded(id.clone()),
            FetchEvent::Stored { id: id.clone(), bytes },
            FetchEvent::Unpacked(id.clone()),
        ]
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use std::time::Duration;

    use az_cargo_wizard::demo::{Demo, DemoOptions, MadeCrates, Pace};
    use base64::Engine as _;

    use crate::support::pty::{Ended, Terminal};
    use crate::support::sandbox::{Sandbox, toolchain};

    const PRODUCT: &str = env!("CARGO_BIN_EXE_az-cargo-wizard");
    const SIZE: (u16, u16) = (120, 36);

    const KIBIBYTES: usize = 20;
    const WARM_UP: usize = 1;
    /// Of one run, on a machine that does other things, too.
    const PATIENCE: Duration = Duration::from_secs(600);
    /// Of the low end of the interval of the median ratio.
    const GOAL_RATIO: f64 = 1.02;
    const GOAL_SHARE: f64 = 0.05;

    /// Of `/proc/PID/stat`, on every Linux of today.
    const TICKS_PER_SECOND: f64 = 100.0;

    /// Stands in for `cargo`: its times are those of the real one alone, whoever starts it.
    const STOPWATCH: &str = r#"#!/bin/bash
[ "$1" = fetch ] || exec @CARGO@ "$@"
start=$EPOCHREALTIME
@CARGO@ "$@"
code=$?
{ echo "$start $EPOCHREALTIME"; times; } > "$STOPWATCH"
exit $code
"#;

    /// One run of Cargo, in seconds.
    #[derive(Debug, Clone, Copy)]
    struct Fetch {
        wall: f64,
        cpu: f64,
    }

    struct Track {
        crates: usize,
        sandbox: Sandbox,
        demo: Demo,
        stopwatch: PathBuf,
        _runtime: tokio::runtime::Runtime,
    }

    pub(super) fn measure(pairs: usize, crates: usize) {
        let load = || fs::read_to_string("/proc/loadavg").unwrap_or_default();
        println!("\nload at the start: {}", load().trim());
        let track = Track::new(crates);
        let (mut bare, mut watched, mut own) = (Vec::new(), Vec::new(), Vec::new());
        let rounds = WARM_UP + pairs;
        for round in 0..rounds {
            // The order alternates, so that a drift of the machine meets both.
            if round % 2 == 0 {
                bare.push(track.bare());
            }
            let (fetch, cpu) = track.watched();
            watched.push(fetch);
            own.push(cpu);
            if round % 2 == 1 {
                bare.push(track.bare());
            }
        }
        report(crates, (&bare[WARM_UP..], &watched[WARM_UP..], &own[WARM_UP..]));
        println!("  load at the end: {}", load().trim());
    }

    impl Track {
        fn new(crates: usize) -> Self {
            let mut sandbox = Sandbox::new();
            sandbox.set("NO_PROXY", "127.0.0.1");
            let stopwatch = sandbox.root().join("stopwatch");
            sandbox.set("STOPWATCH", &stopwatch);
            let real = toolchain().join("bin/cargo");
            let script = STOPWATCH.replace("@CARGO@", &format!("'{}'", real.display()));
            let program = sandbox.write("bin/cargo", script);
            fs::set_permissions(program, fs::Permissions::from_mode(0o755)).expect("it was just written");
            let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
            let options =
                DemoOptions { dir: None, temp_parent: sandbox.root().join("tmp"), pace: Pace::Fast };
            let made = MadeCrates { count: crates, kibibytes: KIBIBYTES };
            let demo = runtime.block_on(Demo::start_with(options, made)).expect("the demo starts");
            let feed = format!("{}/contoso/Storefront/_packaging/rust-crates/Cargo/index/", demo.origin());
            let config = format!(
                "[registries.feed]\nindex = \"sparse+{feed}\"\n\n[source.crates-io]\nreplace-with = \"feed\"\n"
            );
            write(&demo.project_dir().join(".cargo/config.toml"), &config);
            Self { crates, sandbox, demo, stopwatch, _runtime: runtime }
        }

        /// Cargo by itself, as a person sees it.
        fn bare(&self) -> Fetch {
            self.furnish();
            let mut command = self.command("cargo");
            let mut terminal = Terminal::spawn(command.args(["fetch", "--locked"]), SIZE.0, SIZE.1);
            terminal.set_deadline(PATIENCE);
            assert_eq!(terminal.wait_exit(), Ended::Code(0), "{terminal:?}");
            self.read_off()
        }

        /// Cargo under the live table, and the seconds of CPU that the whole wizard has used by its end.
        fn watched(&self) -> (Fetch, f64) {
            self.furnish();
            let mut command = self.command(PRODUCT);
            let command = command.args(["--trust-project", "fetch", "--locked"]);
            let mut terminal = Terminal::spawn(command, SIZE.0, SIZE.1);
            terminal.set_deadline(PATIENCE);
            terminal.wait_for("Every crate of the lock file is in the cache");
            let cpu = cpu_of(terminal.pid());
            // Sorted by state, the first and the last row say what all the rows say.
            terminal.send("s");
            terminal.wait_for("sorted by state");
            terminal.wait_until("every row is unpacked", |screen| {
                let rows: Vec<String> = screen.rows(0, SIZE.0).collect();
                let first = rows.iter().position(|row| row.contains("crate ") && row.contains("state"));
                first.and_then(|head| rows.get(head + 1)).is_some_and(|row| row.contains("unpacked"))
            });
            terminal.send("G");
            let last = format!("made-{:04}", self.crates - 1);
            terminal.wait_until("the last row is unpacked", |screen| {
                screen.rows(0, SIZE.0).any(|row| row.contains(&last) && row.contains("unpacked"))
            });
            terminal.send("q");
            assert_eq!(terminal.wait_exit(), Ended::Code(0), "{terminal:?}");
            (self.read_off(), cpu)
        }

        fn command(&self, program: &str) -> Command {
            let mut command = self.sandbox.command(program);
            command.current_dir(self.demo.project_dir()).env("CARGO_HOME", self.demo.cargo_home());
            command
        }

        /// A Cargo home with a credential and nothing else.
        fn furnish(&self) {
            let home = self.demo.cargo_home();
            fs::remove_dir_all(home).expect("nobody else uses the home");
            let token =
                base64::engine::general_purpose::STANDARD.encode(format!(":{}", self.demo.token().expose()));
            write(&home.join("credentials.toml"), &format!("[registries.feed]\ntoken = \"Basic {token}\"\n"));
            write(&home.join("config.toml"), "[registries.feed]\ncredential-provider = \"cargo:token\"\n");
            let _ = fs::remove_file(&self.stopwatch);
        }

        fn read_off(&self) -> Fetch {
            let cache = self.demo.cargo_home().join("registry/cache");
            let folders = fs::read_dir(cache).expect("Cargo made it").flatten();
            let crates: usize = folders.map(|dir| fs::read_dir(dir.path()).map_or(0, Iterator::count)).sum();
            assert_eq!(crates, self.crates);
            let text = fs::read_to_string(&self.stopwatch).expect("the stopwatch was stopped");
            parse(&text).expect("bash writes two times and two lines of times")
        }
    }

    /// `START END`, then bash's `times`: its own, and its children's as `0m1.204s 0m0.800s`.
    fn parse(text: &str) -> Option<Fetch> {
        let mut lines = text.lines();
        let (start, end) = lines.next()?.split_once(' ')?;
        let wall = end.parse::<f64>().ok()? - start.parse::<f64>().ok()?;
        let seconds = |time: &str| {
            let (minutes, seconds) = time.strip_suffix('s')?.split_once('m')?;
            Some(minutes.parse::<f64>().ok()? * 60.0 + seconds.parse::<f64>().ok()?)
        };
        let (user, system) = lines.nth(1)?.split_once(' ')?;
        Some(Fetch { wall, cpu: seconds(user)? + seconds(system)? })
    }

    /// Of all its threads, those that have ended included; of none of its children. The kernel cuts both numbers to
    /// whole ticks: half a tick is added to each, so that the mean of many is right.
    fn cpu_of(pid: u32) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it still runs");
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
        let ticks: f64 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
        (ticks + 0.5 * 2.0) / TICKS_PER_SECOND
    }

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the sandbox can be written");
        fs::write(path, text).expect("the sandbox can be written");
    }

    fn report(crates: usize, (bare, watched, own): (&[Fetch], &[Fetch], &[f64])) {
        let pairs = bare.len();
        let ratios = sorted(watched.iter().zip(bare).map(|(watched, bare)| watched.wall / bare.wall));
        let (low, high) = interval(pairs);
        println!("{:<58} {:>10} {:>10}", "figure", "measured", "goal");
        row(
            "wall time under the table / bare: low end of the median",
            &format!("{:.3}", ratios[low]),
            &format!("{GOAL_RATIO:.2}"),
            ratios[low] <= GOAL_RATIO,
        );
        println!(
            "  {pairs} pairs of {} crates; median {:.3}, its 95 % interval {:.3} to {:.3}; all {:.3} to {:.3}",
            crates,
            middle(&ratios),
            ratios[low],
            ratios[high],
            ratios[0],
            ratios[pairs - 1],
        );
        let walls = |fetches: &[Fetch]| middle(&sorted(fetches.iter().map(|fetch| fetch.wall)));
        println!(
            "  median spawn to exit: bare {:.3} s, under the table {:.3} s",
            walls(bare),
            walls(watched)
        );
        let shares = sorted(own.iter().zip(watched).map(|(own, fetch)| own / fetch.cpu));
        // Of the sums, not the median of the shares: one tick is a large part of one run.
        let share = own.iter().sum::<f64>() / watched.iter().map(|fetch| fetch.cpu).sum::<f64>();
        row(
            "the wizard's CPU / Cargo's, of all pairs together",
            &format!("{:.1} %", share * 100.0),
            &format!("{:.1} %", GOAL_SHARE * 100.0),
            share <= GOAL_SHARE,
        );
        let cpus = |fetches: &[Fetch]| fetches.iter().map(|fetch| fetch.cpu).sum::<f64>() / count(pairs);
        println!(
            "  single pairs: median {:.1} %, quarters {:.1} % and {:.1} %; means: wizard {:.0} ms (whole process, \
             its start and the check included), Cargo under the table {:.0} ms, bare {:.0} ms",
            middle(&shares) * 100.0,
            shares[pairs / 4] * 100.0,
            shares[pairs * 3 / 4] * 100.0,
            own.iter().sum::<f64>() / count(pairs) * 1e3,
            cpus(watched) * 1e3,
            cpus(bare) * 1e3,
        );
    }

    /// Between which of the sorted values the median of all that could be measured lies, in 95 of 100 cases: the
    /// number of values below it is binomial, whatever their distribution.
    fn interval(values: usize) -> (usize, usize) {
        let mut below = 0.0;
        let mut chance = 0.5f64.powi(i32::try_from(values).unwrap_or(i32::MAX));
        let mut low = 0;
        for taken in 0..values / 2 {
            below += chance;
            if below > 0.025 {
                break;
            }
            low = taken + 1;
            chance *= count(values - taken) / count(taken + 1);
        }
        let low = low.saturating_sub(1);
        (low, values - 1 - low)
    }

    fn middle(sorted: &[f64]) -> f64 {
        f64::midpoint(sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2])
    }

    fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut values: Vec<f64> = values.collect();
        values.sort_unstable_by(f64::total_cmp);
        values
    }

    fn count(number: usize) -> f64 {
        f64::from(u32::try_from(number).unwrap_or(u32::MAX))
    }

    fn row(figure: &str, measured: &str, goal: &str, met: bool) {
        println!("{figure:<58} {measured:>10} {goal:>10}   {}", if met { "met" } else { "missed" });
    }
}
