//! Lives of the product, one after the other: each is pressed for a while, then has to come to rest and to leave.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::fs;
use std::time::{Duration, Instant};

use az_cargo_wizard::demo::{Demo, DemoOptions, Fault, Pace, Resource, Where};

use crate::chance::Chance;
use crate::support::pty::{Ended, Terminal};
use crate::support::sandbox::Sandbox;
use crate::support::wizard::product;

/// How long one life is pressed; of a long soak, more.
const SHORTEST_LIFE: Duration = Duration::from_secs(10);

/// One life a minute goes on until it has been pressed so often that its memory can be judged, but no longer than
/// this.
const LONGEST_LIFE: Duration = Duration::from_secs(90);

/// The product may say nothing for that long before the next key.
const BETWEEN_KEYS: Duration = Duration::from_millis(4);

/// At rest nothing moves: a job that runs turns its sign, or counts its seconds.
const REST: Duration = Duration::from_millis(1500);

/// The longest that a job may take once everything answers again: `cargo fetch` has its own second tries.
const PATIENCE: Duration = Duration::from_secs(90);

/// What memory may grow by in the second half of a life.
const GROWTH: f64 = 1.10;

/// Before so many keys, what is shown for the first time still makes memory grow.
const KEYS_TO_SETTLE: usize = 1500;

/// Each time that so long has gone by, the memory of one more life must have been judged.
const MINUTE: Duration = Duration::from_secs(60);

/// Where one can be.
const STEPS: [&str; 11] = [
    "Check",
    "Organization",
    "Sign in to Azure",
    "Feed",
    "Config",
    "Log in Cargo",
    "Restore",
    "Done",
    "Feeds",
    "Cache",
    "Doctor",
];

const KEYS: [&str; 47] = [
    "<enter>",
    "<enter>",
    "<enter>",
    "<enter>",
    "<enter>",
    "<tab>",
    "<tab>",
    "<s-tab>",
    "<up>",
    "<down>",
    "<left>",
    "<right>",
    "<home>",
    "<end>",
    "<pageup>",
    "<pagedown>",
    "<space>",
    "<space>",
    "<backspace>",
    "<delete>",
    "j",
    "k",
    "g",
    "G",
    "/",
    "?",
    "n",
    "p",
    "d",
    "x",
    "y",
    "u",
    "r",
    "s",
    "v",
    "a",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "7",
    "8",
    "9",
    "é",
    "q",
];

const SIZES: [(u16, u16); 7] = [(80, 24), (120, 36), (60, 18), (40, 10), (39, 9), (200, 60), (1, 1)];

const PLACES: [Where; 9] = [
    Where::Config,
    Where::Index,
    Where::Download,
    Where::Blob,
    Where::Rest(Resource::ConnectionData),
    Where::Rest(Resource::Projects),
    Where::Rest(Resource::Feeds),
    Where::Rest(Resource::Feed),
    Where::Rest(Resource::NewFeed),
];

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    lives: usize,
    keys: usize,
    faults: usize,
    /// The steps that were seen.
    steps: BTreeSet<&'static str>,
    /// How much memory grew in the second half of a life of enough keys, at most.
    growth: Option<f64>,
    /// The lives of enough keys.
    judged: usize,
    largest_kib: u32,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lives, keys, faults, largest_kib, .. } = self;
        let missed: Vec<&str> = STEPS.into_iter().filter(|step| !self.steps.contains(step)).collect();
        let missed = if missed.is_empty() { String::new() } else { format!(", not {}", missed.join(", ")) };
        let steps = format!("{} of {} steps and tabs", self.steps.len(), STEPS.len());
        let growth = self.growth.map_or_else(
            || "not long enough to tell how memory grows".to_owned(),
            |growth| {
                let judged = self.judged;
                format!("memory at most {growth:.3} times what it was in the middle of a life, of {judged}")
            },
        );
        write!(
            f,
            "{lives} lives, {keys} keys, {faults} faults: no panic, nothing stuck, every terminal given back; {growth}, \
             {:.1} MB at most; {steps} seen{missed}",
            f64::from(*largest_kib) / 1024.0
        )
    }
}

/// The stage: an Azure in this process, whose faults can be armed, and a project on it.
struct Stage {
    sandbox: Sandbox,
    demo: Demo,
    _runtime: tokio::runtime::Runtime,
}

impl Stage {
    fn new() -> Self {
        let mut sandbox = Sandbox::new();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let dir = Some(sandbox.root().join("demo"));
        let temp_parent = sandbox.root().join("tmp");
        let demo = runtime.block_on(Demo::start(DemoOptions { dir, temp_parent, pace: Pace::Fast })).unwrap();
        sandbox.watch(&demo);
        sandbox.set("CARGO_HOME", demo.cargo_home());
        sandbox.set("AZ_CARGO_WIZARD_STATE_DIR", demo.state_dir());
        sandbox.set("NO_PROXY", "127.0.0.1");
        // Nothing is there to answer, and that is told at once: random keys name organizations, too.
        sandbox.unset("DBUS_SESSION_BUS_ADDRESS");
        for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            sandbox.set(name, "http://127.0.0.1:9");
        }
        Self { sandbox, demo, _runtime: runtime }
    }

    fn wizard(&self, (columns, rows): (u16, u16)) -> Terminal {
        let org = format!("{}/contoso", self.demo.origin());
        let mut command = product(&self.sandbox, ["--org", &org, "--trust-project", "--dir"]);
        command.arg(self.demo.project_dir());
        Terminal::spawn(&command, columns, rows)
    }

    /// As before everything, now and then: the first steps want to be pressed, too.
    fn forget_everything(&self) {
        for file in ["config.toml", "credentials.toml"] {
            let _ = fs::remove_file(self.demo.cargo_home().join(file));
        }
        for folder in [self.demo.project_dir().join(".cargo"), self.demo.state_dir().to_owned()] {
            let _ = fs::remove_dir_all(folder);
        }
        let _ = fs::remove_dir_all(self.demo.cargo_home().join("registry"));
    }
}

/// Presses keys for that long; longer on a machine so slow that no life's memory could be judged by then.
///
/// # Panics
/// When the product panics, hangs, grows or leaves the terminal as it shouldn't, with the last keys; or when a minute
/// has passed and nobody can tell whether it grows.
pub(crate) fn soak(length: Duration, mut chance: Chance) -> Figures {
    let stage = Stage::new();
    let mut figures = Figures::default();
    let (start, life) = (now(), SHORTEST_LIFE.max(length / 10));
    let minutes = |time: Duration| usize::try_from(time.as_secs() / MINUTE.as_secs()).unwrap();
    let is_unjudged = |figures: &Figures| figures.judged == 0 && length >= MINUTE;
    while start.elapsed() < length || (is_unjudged(&figures) && start.elapsed() < 3 * length) {
        if chance.below(3) == 0 {
            stage.forget_everything();
        }
        let left = length.saturating_sub(start.elapsed());
        let must_be_judged = length >= MINUTE && figures.judged <= minutes(start.elapsed());
        Life::new(&stage, &mut chance, &mut figures).live(life.min(left), must_be_judged);
        figures.lives += 1;
    }
    assert!(!is_unjudged(&figures), "no life was pressed often enough to judge its memory: {figures}");
    figures
}

struct Life<'a> {
    stage: &'a Stage,
    chance: &'a mut Chance,
    figures: &'a mut Figures,
    terminal: Terminal,
    last: VecDeque<String>,
    keys: usize,
    /// Memory after each key that is the last of a thousand, in KiB.
    memory: Vec<u32>,
}

impl<'a> Life<'a> {
    fn new(stage: &'a Stage, chance: &'a mut Chance, figures: &'a mut Figures) -> Self {
        let terminal = stage.wizard(SIZES[chance.below(3)]);
        Self { stage, chance, figures, terminal, last: VecDeque::new(), keys: 0, memory: Vec::new() }
    }

    fn live(mut self, length: Duration, must_be_judged: bool) {
        let start = now();
        let length = |life: &Self| if must_be_judged && !life.is_judged() { LONGEST_LIFE } else { length };
        while start.elapsed() < length(&self) && !self.terminal.has_ended() {
            self.happen();
            self.terminal.wait_quiet(BETWEEN_KEYS);
        }
        self.stage.demo.disarm();
        if !self.terminal.has_ended() {
            self.come_to_rest();
            self.look_at_memory();
            self.terminal.send("<c-c>");
        }
        let ended = self.terminal.wait_exit();
        let output = String::from_utf8_lossy(self.terminal.output()).into_owned();
        assert!(matches!(ended, Ended::Code(0..=7 | 130)), "it ended with {ended:?} after {:?}", self.last);
        assert!(!output.contains("panicked at"), "after {:?}: {:?}", self.last, self.terminal);
        self.terminal.assert_restored();
        self.figures.keys += self.keys;
    }

    /// A key, mostly.
    fn happen(&mut self) {
        match self.chance.below(100) {
            0 => {
                let (columns, rows) = SIZES[self.chance.below(SIZES.len())];
                self.note(&format!("{columns}x{rows}"));
                self.terminal.resize(columns, rows);
            }
            1 | 2 => {
                let fault = Fault::ALL[self.chance.below(Fault::ALL.len())];
                let place = PLACES[self.chance.below(PLACES.len())];
                self.note(&format!("{fault:?} at {place:?}"));
                self.figures.faults += 1;
                self.stage.demo.arm(fault, place, 1 + u32::try_from(self.chance.below(3)).unwrap());
            }
            3 | 4 => self.stage.demo.disarm(),
            5 => self.paste("日本語 with words\nand a second line\u{1b}[31m"),
            6..=9 if self.terminal.screen().contains("Token") => {
                let token = self.token();
                self.paste(&token);
                self.press("<enter>");
            }
            _ => {
                let key = KEYS[self.chance.below(KEYS.len())];
                // A life that ends with every fortieth key would be a short one.
                if key != "q" || self.chance.below(40) == 0 {
                    self.press(key);
                }
            }
        }
        if self.chance.below(50) == 0 {
            self.press("<esc>");
        }
        if self.keys.is_multiple_of(100) {
            self.measure();
        }
        if self.keys.is_multiple_of(10) {
            let screen = self.terminal.screen();
            let here = STEPS.into_iter().filter(|step| screen.contains(&format!("▸ {step}")));
            self.figures.steps.extend(here);
        }
    }

    fn token(&self) -> String {
        self.stage.demo.token().expose().to_owned()
    }

    fn press(&mut self, key: &str) {
        self.note(key);
        self.keys += 1;
        if !self.terminal.has_ended() {
            self.terminal.send(key);
        }
    }

    fn paste(&mut self, text: &str) {
        self.note("a paste");
        if !self.terminal.has_ended() {
            self.terminal.paste(text);
        }
    }

    fn note(&mut self, what: &str) {
        if self.last.len() == 60 {
            self.last.pop_front();
        }
        self.last.push_back(what.to_owned());
    }

    /// With everything answering again, whatever runs must end by itself.
    fn come_to_rest(&mut self) {
        let start = now();
        loop {
            let before = self.terminal.output().len();
            self.terminal.wait_quiet(REST);
            if self.terminal.has_ended() || self.terminal.output().len() == before {
                return;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "something is stuck after {:?}: {:?}",
                self.last,
                self.terminal
            );
        }
    }

    fn measure(&mut self) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.terminal.pid())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        if let Some(kib) = line.and_then(|line| line.split_whitespace().next()?.parse().ok()) {
            self.memory.push(kib);
            self.figures.largest_kib = self.figures.largest_kib.max(kib);
        }
    }

    /// Whether it was pressed so often that its memory says something.
    fn is_judged(&self) -> bool {
        self.keys >= KEYS_TO_SETTLE && self.memory.len() >= 10
    }

    /// # Panics
    /// When it grew in the second half of a long life.
    fn look_at_memory(&mut self) {
        if !self.is_judged() {
            return;
        }
        let (first, second) = self.memory.split_at(self.memory.len() / 2);
        let most = |half: &[u32]| f64::from(half.iter().max().copied().unwrap_or(1));
        let growth = most(second) / most(first);
        assert!(growth <= GROWTH, "memory grows: {:?} KiB", self.memory);
        self.figures.growth = Some(self.figures.growth.map_or(growth, |worst| worst.max(growth)));
        self.figures.judged += 1;
    }
}

#[expect(clippy::disallowed_methods, reason = "it presses for a time")]
fn now() -> Instant {
    Instant::now()
}
