//! Kills during `cargo fetch` of large crates: of the wizard, of Cargo, of both at once as when the machine runs
//! out of memory. The next run must find and remove every partial `.crate`, and plain Cargo must then succeed.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use az_cargo_wizard::demo::{Demo, DemoOptions, MadeCrates, Pace};
use base64::Engine as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::chance::Chance;
use crate::support::sandbox::Sandbox;
use crate::watch::{files_in, kill, marked_cargo, until, wait_gone};

const CRATES: MadeCrates = MadeCrates { count: 4, kibibytes: 16 * 1024 };

/// Kills may come too late. So many for each that is to hit.
const TRIES: usize = 4;

/// As many parts of the download as kills are aimed at.
const PARTS: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Wizard,
    Cargo,
    Both,
}

/// When it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// As soon as the run is marked, before or after Cargo is started.
    Marked,
    /// After so many events on standard output.
    Events(usize),
    /// When so many parts of all crates are on the disk; one is being written then.
    Stored(usize),
}

/// What the rounds have shown.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    kills: usize,
    /// By their victims, those that came while crates were still missing.
    wizard: usize,
    cargo: usize,
    both: usize,
    /// Those that came when every crate was there, or the run had ended.
    too_late: usize,
    /// Rounds in which a partial file was left by the kill.
    pub(crate) damaging: usize,
    /// Partial files that were removed: by the run itself, and by the one after.
    removed: [usize; 2],
    /// Orphaned Cargos that the next run met.
    orphans: usize,
}

impl Tally {
    fn hits(&self) -> usize {
        self.wizard + self.cargo + self.both
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} kills during a fetch ({} of the wizard, {} of Cargo, {} of both, {} too late): \
             {} left a partial file; {} removed at once, {} by the next run; {} orphans waited for",
            self.kills,
            self.wizard,
            self.cargo,
            self.both,
            self.too_late,
            self.damaging,
            self.removed[0],
            self.removed[1],
            self.orphans
        )
    }
}

/// A project whose feed serves large crates.
pub(crate) struct Stage {
    pub(crate) sandbox: Sandbox,
    demo: Demo,
    project_before: Vec<(PathBuf, String)>,
    /// The bytes of all crates.
    pub(crate) whole: u64,
    _runtime: tokio::runtime::Runtime,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let mut sandbox = Sandbox::new();
        sandbox.set("NO_PROXY", "127.0.0.1");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let temp_parent = sandbox.root().join("tmp");
        let options = DemoOptions { dir: None, temp_parent, pace: Pace::Fast };
        let demo = runtime.block_on(Demo::start_with(options, CRATES)).unwrap();
        sandbox.watch(&demo);
        let config = demo.project_dir().join(".cargo/config.toml");
        fs::create_dir(config.parent().unwrap()).unwrap();
        let index = format!("{}/contoso/Storefront/_packaging/rust-crates/Cargo/index/", demo.origin());
        fs::write(
            &config,
            format!(
                "[registries.feed]\nindex = \"sparse+{index}\"\n\n[source.crates-io]\nreplace-with = \"feed\"\n"
            ),
        )
        .unwrap();
        let mut stage = Self { sandbox, demo, project_before: Vec::new(), whole: 0, _runtime: runtime };
        stage.clear_home();
        stage.project_before = stage.project();
        let (code, told) = stage.start().end();
        assert_eq!(code, Some(0), "{told:?}");
        stage.whole = stage.stored();
        stage
    }

    /// Every text that a fetch must leave as it is.
    fn project(&self) -> Vec<(PathBuf, String)> {
        let dir = self.demo.project_dir();
        let home = self.demo.cargo_home();
        let files = [dir.join(".cargo/config.toml"), dir.join("Cargo.lock"), home.join("config.toml")];
        files.map(|file| (file.clone(), fs::read_to_string(file).unwrap_or_default())).into()
    }

    /// Kills until so many have hit, and looks at what is left.
    pub(crate) fn play(&self, hits: usize, chance: &mut Chance) -> Tally {
        let mut tally = Tally::default();
        while tally.hits() < hits {
            assert!(tally.kills < hits * TRIES, "too few hits: {tally}");
            let victim = [Victim::Both, Victim::Cargo, Victim::Wizard][tally.kills % 3];
            let moment = match chance.below(8) {
                0 => Moment::Marked,
                1 => Moment::Events(1 + chance.below(20)),
                _ => Moment::Stored(1 + chance.below(PARTS)),
            };
            tally.kills += 1;
            self.clear_home();
            self.round(victim, moment, &mut tally);
        }
        tally
    }

    fn round(&self, victim: Victim, moment: Moment, tally: &mut Tally) {
        let context = format!("{victim:?} killed at {moment:?}");
        let mut run = self.start();
        let struck = self.strike(&mut run, victim, moment);
        let is_whole = self.stored() == self.whole;
        let (code, told) = run.end();
        match (struck && !is_whole, victim) {
            (false, _) => tally.too_late += 1,
            (true, Victim::Wizard) => tally.wizard += 1,
            (true, Victim::Cargo) => tally.cargo += 1,
            (true, Victim::Both) => tally.both += 1,
        }
        let by_itself = removed_at_the_end(&told);
        let mut left = BTreeSet::new();
        if struck && victim == Victim::Cargo && code != Some(0) {
            assert_eq!(self.damaged(), BTreeSet::new(), "{context}: {told:?}");
            assert_eq!(code, Some(7), "{context}: {told:?}");
        } else if struck && victim == Victim::Both {
            left = self.damaged();
        }
        let orphan = marked_cargo(&self.sandbox.state_dir()).filter(|_| victim == Victim::Wizard);

        let (code, told) = self.start().end();
        assert_eq!(code, Some(0), "{context}: {told:?}");
        let recovered = recovered(&told);
        if victim == Victim::Both {
            assert_eq!(recovered, left, "{context}: {told:?}");
        }
        tally.orphans += usize::from(waits_for_orphan(&told) && orphan.is_some());
        tally.removed[0] += by_itself;
        tally.removed[1] += recovered.len();
        tally.damaging += usize::from(by_itself + recovered.len() > 0);
        self.all_is_well(&context);
    }

    /// Waits for the moment and kills; false when the run had ended before.
    fn strike(&self, run: &mut Run, victim: Victim, moment: Moment) -> bool {
        let state = self.sandbox.state_dir();
        let cargo = || marked_cargo(&state);
        let mut pid = None;
        let come = until("the moment of the kill", || {
            if run.has_ended() {
                return Some(false);
            }
            pid = pid.or_else(cargo);
            let come = match moment {
                Moment::Marked => !files_in(&state.join("runs")).is_empty(),
                Moment::Events(count) => run.told().len() >= count,
                Moment::Stored(parts) => self.stored() >= self.whole * parts as u64 / (PARTS as u64 + 1),
            };
            (come && (victim == Victim::Wizard || pid.is_some())).then_some(true)
        });
        if !come {
            return false;
        }
        if victim != Victim::Wizard {
            kill(pid.unwrap());
        }
        if victim != Victim::Cargo {
            kill(run.child.id());
        }
        if victim == Victim::Both {
            wait_gone(pid.unwrap());
        }
        true
    }

    /// The state that every kill must lead to after the next run.
    pub(crate) fn all_is_well(&self, context: &str) {
        assert_eq!(self.project(), self.project_before, "{context}");
        assert_eq!(self.damaged(), BTreeSet::new(), "{context}");
        assert_eq!(self.archives().len(), CRATES.count, "{context}");
        assert!(files_in(&self.sandbox.state_dir().join("runs")).is_empty(), "{context}");
        // What Cargo would choke on is found when it has to unpack everything.
        fs::remove_dir_all(self.demo.cargo_home().join("registry/src")).unwrap();
        let plain = self.command("cargo").args(["fetch", "--locked"]).output().unwrap();
        assert!(plain.status.success(), "{context}: {}", String::from_utf8_lossy(&plain.stderr));
    }

    pub(crate) fn start(&self) -> Run {
        let mut command = self.command(env!("CARGO_BIN_EXE_az-cargo-wizard"));
        command.args(["--trust-project", "--json", "fetch", "--locked"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let (heard, lines) = (Arc::clone(&told), BufReader::new(child.stdout.take().unwrap()).lines());
        let reader = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                heard.lock().unwrap().extend(serde_json::from_str::<Value>(&line));
            }
        });
        Run { child, told, reader }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = self.sandbox.command(program);
        command.current_dir(self.demo.project_dir()).env("CARGO_HOME", self.demo.cargo_home());
        command
    }

    /// A Cargo home with a credential and nothing else.
    pub(crate) fn clear_home(&self) {
        let home = self.demo.cargo_home();
        fs::remove_dir_all(home).unwrap();
        fs::create_dir(home).unwrap();
        let credential = format!(":{}", self.demo.token().expose());
        let token = base64::engine::general_purpose::STANDARD.encode(credential);
        fs::write(home.join("credentials.toml"), format!("[registries.feed]\ntoken = \"Basic {token}\"\n"))
            .unwrap();
        fs::write(home.join("config.toml"), "[registries.feed]\ncredential-provider = \"cargo:token\"\n")
            .unwrap();
    }

    pub(crate) fn archives(&self) -> Vec<(PathBuf, u64)> {
        let cache = self.demo.cargo_home().join("registry/cache");
        let folders = fs::read_dir(cache).into_iter().flatten().flatten();
        folders.flat_map(|folder| files_in(&folder.path())).collect()
    }

    /// The bytes that are there of all crates.
    pub(crate) fn stored(&self) -> u64 {
        self.archives().iter().map(|(_, bytes)| bytes).sum()
    }

    /// The names of the files that are there in part. Empty ones are no damage: Cargo fills them.
    fn damaged(&self) -> BTreeSet<String> {
        let lock = fs::read_to_string(self.demo.project_dir().join("Cargo.lock")).unwrap();
        let archives = self.archives().into_iter().filter(|(_, bytes)| *bytes > 0);
        archives
            .filter(|(file, _)| !lock.contains(&sum_of(file)))
            .map(|(file, _)| file.file_name().unwrap().to_string_lossy().into_owned())
            .collect()
    }
}

fn sum_of(file: &Path) -> String {
    let sum = Sha256::digest(fs::read(file).unwrap());
    sum.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// A run of the wizard's `fetch`.
pub(crate) struct Run {
    pub(crate) child: Child,
    told: Arc<Mutex<Vec<Value>>>,
    reader: JoinHandle<()>,
}

impl Run {
    fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// What it has told until now.
    pub(crate) fn told(&self) -> Vec<Value> {
        self.told.lock().unwrap().clone()
    }

    /// Its exit code, `None` when it was killed, and what it has told.
    pub(crate) fn end(mut self) -> (Option<i32>, Vec<Value>) {
        let code = self.child.wait().unwrap().code();
        self.reader.join().unwrap();
        let told = self.told.lock().unwrap().clone();
        (code, told)
    }
}

/// Whether a run waits, or has waited, for the Cargo of another that was killed.
pub(crate) fn waits_for_orphan(told: &[Value]) -> bool {
    told.iter().any(|event| event["on"].as_str().is_some_and(|on| on.contains("cut short")))
}

/// The files that a run found damaged when it began.
pub(crate) fn recovered(told: &[Value]) -> BTreeSet<String> {
    let events = told.iter().filter(|event| event["event"] == "recovered");
    let files = events.flat_map(|event| event["removed"].as_array().cloned().unwrap_or_default());
    files.filter_map(|file| file.as_str().map(str::to_owned)).collect()
}

/// How many files a run removed after its Cargo was killed.
fn removed_at_the_end(told: &[Value]) -> usize {
    let details = told.iter().filter_map(|event| event["error"]["details"].as_array());
    let partial = |detail: &&Value| detail.as_str().is_some_and(|text| text.contains("partial file"));
    details.flatten().filter(partial).count()
}
