//! What this tool costs as Cargo's credential provider: the whole process from its spawn to its end, less a program that
//! does nothing and is driven the same way, one after the other so that a change of the machine's load meets all. The
//! stores' own time is taken in the same run: the same entries read by the same library in a program that does nothing
//! else. Prints a table and asserts nothing; needs Linux and, for the keyring, Debian's dbus and gnome-keyring:
//!
//! ```sh
//! cargo bench --bench provider           # 101 rounds
//! cargo bench --bench provider -- 301
//! ```
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]
#![cfg_attr(target_os = "linux", expect(clippy::unwrap_used, reason = "it fails by panicking"))]

#[cfg(target_os = "linux")]
#[expect(dead_code, reason = "the benchmark uses a part of what the test of the keyring has")]
#[path = "../tests/keyring/session.rs"]
mod session;
#[cfg(target_os = "linux")]
#[expect(dead_code, reason = "the benchmark uses a part of what the tests share")]
#[path = "../tests/support/mod.rs"]
mod support;

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("The figures are taken on Linux only: they need /proc and a message bus.");
}

#[cfg(target_os = "linux")]
fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some(linux::NOTHING) => {}
        Some(linux::READ) => linux::read_entry(&arguments[2]),
        Some(linux::WRITE) => linux::write_entry(&arguments[2..]),
        _ => linux::measure(arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(101)),
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::hint::black_box;
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use az_cargo_wizard::auth::vault::{Slot, Vault};
    use az_cargo_wizard::domain::credential::Secret;
    use az_cargo_wizard::domain::organization::Base;
    use az_cargo_wizard::host::Host;
    use az_cargo_wizard::record::{self, Kept, Login, LoginKind};

    use crate::session::Session;
    use crate::support::sandbox::Sandbox;

    const PRODUCT: &str = env!("CARGO_BIN_EXE_az-cargo-wizard");
    const FLAG: &str = "--cargo-plugin";
    /// What this program does when it is started again by itself.
    pub(super) const NOTHING: &str = "nothing";
    pub(super) const READ: &str = "read";
    pub(super) const WRITE: &str = "write";

    const WARM_UP: usize = 5;
    const GOAL_UNSUPPORTED: Duration = Duration::from_millis(3);
    /// Beyond the store's own time.
    const GOAL_STORED: Duration = Duration::from_millis(10);
    /// So many at once are all to be served.
    const CROWD: usize = 200;
    /// In kibibytes.
    const GOAL_MEMORY: u64 = 12 * 1024;

    /// As long as those of Entra are.
    const ACCESS_TOKEN: usize = 2_500;
    const LATER: u64 = 4_102_444_800;

    /// One thing that is started again and again.
    struct Lane {
        name: &'static str,
        command: Box<dyn Fn() -> Command>,
        request: String,
        /// In the order of the rounds.
        times: Vec<Duration>,
    }

    struct Track {
        sandbox: Sandbox,
        session: Option<Session>,
        lanes: Vec<Lane>,
    }

    pub(super) fn measure(rounds: usize) {
        let mut track = Track::new();
        for round in 0..WARM_UP + rounds {
            for lane in &mut track.lanes {
                let took = time(&mut (lane.command)(), &lane.request);
                if round >= WARM_UP {
                    lane.times.push(took);
                }
            }
        }
        track.report(rounds);
    }

    impl Track {
        fn new() -> Self {
            let mut sandbox = Sandbox::new();
            let session = Session::with_keyring();
            if let Some(session) = &session {
                sandbox.set("DBUS_SESSION_BUS_ADDRESS", session.address());
            }
            let mut track = Self { sandbox, session, lanes: Vec::new() };
            track.add("nothing", "/bin/true", &[], String::new());
            track.add("this program, nothing", &own_program(), &[NOTHING], String::new());
            track.add("unsupported", PRODUCT, &[FLAG], request("elsewhere"));
            track.keep("file-pat", Kept::File, Slot::Pat);
            track.keep("file-access", Kept::File, Slot::Access);
            if track.session.is_some() {
                for (org, slot) in [("keyring-pat", Slot::Pat), ("keyring-access", Slot::Access)] {
                    track.keep(org, Kept::Keyring, slot);
                    let word = if slot == Slot::Pat { "pat" } else { "access" };
                    let entry = format!("{} {word}", base(org));
                    let name = if slot == Slot::Pat { "own pat" } else { "own access" };
                    track.add(name, &own_program(), &[READ, &entry], String::new());
                }
            }
            track
        }

        fn add(&mut self, name: &'static str, program: &str, args: &[&str], request: String) {
            let mut template = self.sandbox.command(program);
            template.args(args);
            let parts: Vec<_> = template.get_args().map(ToOwned::to_owned).collect();
            let env: Vec<_> = template
                .get_envs()
                .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
                .collect();
            let (program, cwd) = (program.to_owned(), self.sandbox.project());
            let command = move || {
                let mut command = Command::new(&program);
                command.args(&parts).env_clear().envs(env.iter().cloned()).current_dir(&cwd);
                command
            };
            self.lanes.push(Lane { name, command: Box::new(command), request, times: Vec::new() });
        }

        /// An organization whose credential is there.
        fn keep(&mut self, org: &'static str, kept: Kept, slot: Slot) {
            let kind = match slot {
                Slot::Pat => LoginKind::Pat,
                _ => LoginKind::AzureCli { tenant: None },
            };
            let login = Login { kind, kept, who: "Ana".to_owned(), expires: None, made: None };
            record::log_in(&self.sandbox.state_dir(), &base(org), &login).unwrap();
            let secret = match slot {
                Slot::Pat => "p".repeat(84),
                _ => format!("{LATER} {}", "e".repeat(ACCESS_TOKEN)),
            };
            match kept {
                Kept::File => self.file().write(&base(org), slot, &Secret::new(secret)).unwrap(),
                Kept::Keyring => {
                    let slot = if slot == Slot::Pat { "pat" } else { "access" };
                    let mut writer = self.sandbox.command(own_program());
                    assert!(writer.args([WRITE, org, slot, &secret]).status().unwrap().success());
                }
            }
            self.add(org, PRODUCT, &[FLAG], request(org));
        }

        fn file(&self) -> Vault {
            Vault::file(self.sandbox.state_dir().join("credentials.json"))
        }

        fn report(&self, rounds: usize) {
            println!("{:<58} {:>10} {:>10}", "figure", "measured", "goal");
            self.beyond("`url-not-supported`", "unsupported", (Duration::ZERO, GOAL_UNSUPPORTED));
            let own = self.file_time();
            self.beyond("personal token of the file", "file-pat", (own, GOAL_STORED));
            self.beyond("fresh access token of the file", "file-access", (own, GOAL_STORED));
            println!("  the file's own time, in this process: {}", milliseconds(own));
            if self.session.is_some() {
                for (figure, org, own) in [
                    ("personal token of the Secret Service", "keyring-pat", "own pat"),
                    ("fresh access token of the Secret Service", "keyring-access", "own access"),
                ] {
                    let own = self.median(own).saturating_sub(self.median("this program, nothing"));
                    self.beyond(figure, org, (own, GOAL_STORED));
                    println!("  the store's own time, library and bus: {}", milliseconds(own));
                }
            }
            println!(
                "  {rounds} rounds; medians less those of a do-nothing program: {}",
                milliseconds(self.median("nothing"))
            );
            for lane in self.lanes.iter().filter(|lane| !lane.request.is_empty()) {
                if lane.name == "keyring-pat" {
                    crowd(lane);
                }
                let peak = Self::peak(lane);
                let figure = format!("peak memory, {}", lane.name);
                row(&figure, &format!("{:.1} MiB", mebibytes(peak)), "12.0 MiB", peak <= GOAL_MEMORY);
            }
        }

        /// Beyond a do-nothing program and the store's own time.
        fn beyond(&self, figure: &str, lane: &str, (own, goal): (Duration, Duration)) {
            let (whole, nothing) = (self.median(lane), self.median("nothing"));
            let beyond = whole.saturating_sub(nothing).saturating_sub(own);
            row(figure, &milliseconds(beyond), &milliseconds(goal), beyond <= goal);
            let ratio = whole.as_secs_f64() / nothing.as_secs_f64();
            println!("  whole process {}, {ratio:.1} times a do-nothing program", milliseconds(whole));
        }

        fn median(&self, name: &str) -> Duration {
            let lane = self.lanes.iter().find(|lane| lane.name == name).unwrap();
            let mut times = lane.times.clone();
            times.sort_unstable();
            times[times.len() / 2]
        }

        fn file_time(&self) -> Duration {
            let file = self.file();
            let mut times = [Duration::ZERO; 51];
            for time in &mut times {
                let start = Instant::now();
                black_box(file.read(&base("file-access"), Slot::Access).unwrap());
                *time = start.elapsed();
            }
            times.sort_unstable();
            times[times.len() / 2]
        }

        /// In kibibytes, when it has answered and waits for the next request.
        fn peak(lane: &Lane) -> u64 {
            let mut child = spawn(&mut (lane.command)());
            let mut input = child.stdin.take().unwrap();
            input.write_all(lane.request.as_bytes()).unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let answer = lines.nth(1).unwrap().unwrap();
            assert_eq!(answer.contains("\"Ok\""), lane.name != "unsupported", "{answer}");
            let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
            drop(input);
            child.wait().unwrap();
            let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
            peak.trim().trim_end_matches(" kB").parse().unwrap()
        }
    }

    /// All at one keyring.
    fn crowd(lane: &Lane) {
        let start = Instant::now();
        let started: Vec<Child> = (0..CROWD)
            .map(|_| {
                let mut child = spawn(&mut (lane.command)());
                child.stdin.take().unwrap().write_all(lane.request.as_bytes()).unwrap();
                child
            })
            .collect();
        let said = started.into_iter().map(|child| child.wait_with_output().unwrap().stdout);
        let served = said.filter(|said| String::from_utf8_lossy(said).contains("\"Ok\"")).count();
        let took = start.elapsed().as_secs_f64();
        row("served of 200 at once by one keyring", &served.to_string(), "200", served == CROWD);
        println!("  the last after {took:.1} s");
    }

    /// As Cargo drives a provider: one request, then the end of the input, and what it says to its end.
    fn time(command: &mut Command, request: &str) -> Duration {
        let start = Instant::now();
        let mut child = spawn(command);
        // A program that reads nothing may have ended.
        let _ = child.stdin.take().unwrap().write_all(request.as_bytes());
        let mut said = String::new();
        child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        let status = child.wait().unwrap();
        let took = start.elapsed();
        assert!(status.success(), "{command:?}");
        assert!(request.is_empty() || said.lines().count() == 2 && !said.contains("other"), "{said}");
        took
    }

    fn spawn(command: &mut Command) -> Child {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap()
    }

    /// By the library alone, the parts of a long entry included.
    pub(super) fn read_entry(name: &str) {
        let read = |name: &str| {
            let entry = keyring::Entry::new("az-cargo-wizard", name).unwrap();
            String::from_utf8(entry.get_secret().unwrap()).unwrap()
        };
        let text = read(name);
        if let Some((tag, count)) = text.strip_prefix('@').and_then(|parts| parts.split_once(' ')) {
            for part in 0..count.parse::<usize>().unwrap() {
                black_box(read(&format!("{name} {tag}.{part}")));
            }
        }
    }

    pub(super) fn write_entry(words: &[String]) {
        let [org, slot, secret] = words else { panic!("an organization, a slot and a secret") };
        let slot = if slot == "pat" { Slot::Pat } else { Slot::Access };
        let state_dir = Host::os().unwrap().state_dir.unwrap();
        Vault::system(&state_dir).unwrap().write(&base(org), slot, &Secret::new(secret.clone())).unwrap();
    }

    fn base(org: &str) -> Base {
        Base::parse(&format!("https://dev.azure.com/{org}")).unwrap()
    }

    fn request(org: &str) -> String {
        let index = format!("sparse+https://pkgs.dev.azure.com/{org}/_packaging/f/Cargo/index/");
        format!(
            "{{\"v\":1,\"registry\":{{\"index-url\":\"{index}\"}},\"kind\":\"get\",\"operation\":\"read\"}}\n"
        )
    }

    fn own_program() -> String {
        std::env::current_exe().unwrap().into_os_string().into_string().unwrap()
    }

    fn milliseconds(time: Duration) -> String {
        format!("{:.2} ms", time.as_secs_f64() * 1e3)
    }

    fn mebibytes(kibibytes: u64) -> f64 {
        f64::from(u32::try_from(kibibytes).unwrap_or(u32::MAX)) / 1024.0
    }

    fn row(figure: &str, measured: &str, goal: &str, met: bool) {
        println!("{figure:<58} {measured:>10} {goal:>10}   {}", if met { "met" } else { "missed" });
    }
}
