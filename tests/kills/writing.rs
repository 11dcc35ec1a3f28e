//! Kills while the wizard writes: Cargo's configuration in two files, then the credential. Each file must hold its
//! old text or its new one, and never anything else; of backups there are whole ones, and the next run leaves no
//! temporary file. Whatever the journal says by then, taking back brings both configuration files to their old text.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use az_cargo_wizard::host::STATE_DIR;

use crate::chance::Chance;
use crate::support::pty::{Ended, Signal, Terminal};
use crate::support::sandbox::Sandbox;
use crate::watch::{files_in, kill, marked_cargo, now, wait_gone};

const PROJECT: &str = "storefront/.cargo/config.toml";
const USER: &str = "cargo-home/config.toml";
const CREDENTIALS: &str = "cargo-home/credentials.toml";
const JOURNAL: &str = "state/journal.json";
const FILES: [&str; 3] = [PROJECT, USER, CREDENTIALS];

/// The folders in which something changes while the wizard writes.
const FOLDERS: [&str; 5] = ["storefront/.cargo", "cargo-home", "state", "state/backups", "state/runs"];

/// After how many changes seen from outside the kill may come, and how many looks later.
const CHANGES: usize = 9;
const LOOKS: usize = 20;

/// Kills may come before or after the writing. So many for each that is to hit.
const TRIES: usize = 8;

/// When nothing has changed for so long, the wizard has written everything.
const SETTLED: Duration = Duration::from_millis(500);

/// What is being written when the kill comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writing {
    Configuration,
    Credential,
}

/// What the rounds have shown.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    kills: usize,
    /// Those that came after the first change of the step and before its last file was new.
    hits: usize,
    /// By how many of the step's files were new after the kill.
    new_files: BTreeMap<(String, usize), usize>,
    /// Temporary files that were left, and swept by the next run.
    temporary: usize,
    /// By what the journal said of the change when it was taken back.
    taken_back: BTreeMap<String, usize>,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} kills around the writing, {} in its middle; by new files:", self.kills, self.hits)?;
        for ((step, new), rounds) in &self.new_files {
            write!(f, " {step} {new}: {rounds};")?;
        }
        write!(f, " {} temporary files left and swept; taken back:", self.temporary)?;
        self.taken_back.iter().try_for_each(|(state, rounds)| write!(f, " {state} {rounds};"))
    }
}

/// A kept demo whose files are put back after every kill.
pub(crate) struct Desk {
    sandbox: Sandbox,
    old: [String; 3],
    new: [String; 3],
}

impl Desk {
    pub(crate) fn new() -> Self {
        let mut desk = Self { sandbox: Sandbox::new(), old: Default::default(), new: Default::default() };
        let mut terminal = desk.start();
        terminal.wait_for("Which organization");
        terminal.send("q");
        assert_eq!(terminal.wait_exit(), Ended::Code(0));
        let lines: Vec<String> =
            (0..40).map(|n| format!("shortcut-{n} = \"build --jobs {n}\" # {n}\n")).collect();
        desk.old = [
            format!("# ours, written by hand\n[alias]\n{}", lines.concat()),
            "[net]\nretry = 3 # the proxy is slow\n".to_owned(),
            format!("[registries.other]\ntoken = \"Basic {}\"\n", "b3RoZXI6".repeat(60)),
        ];
        desk.reset();
        desk.to_the_end();
        desk.new = desk.texts();
        for (file, (old, new)) in FILES.iter().zip(desk.old.iter().zip(&desk.new)) {
            assert_ne!(old, new, "{file}");
        }
        desk
    }

    /// Kills until so many have hit, and looks at what is left.
    pub(crate) fn play(&self, hits: usize, chance: &mut Chance) -> Tally {
        let mut tally = Tally::default();
        while tally.hits < hits {
            assert!(tally.kills < hits * TRIES, "too few hits: {tally}");
            let writing = if tally.kills % 3 == 2 { Writing::Credential } else { Writing::Configuration };
            tally.kills += 1;
            self.reset();
            self.round(writing, (chance.below(CHANGES), chance.below(LOOKS)), &mut tally);
        }
        self.reset();
        self.to_the_end();
        assert_eq!(self.temporary_files(), Vec::<PathBuf>::new());
        assert_eq!(self.texts(), self.new);
        tally
    }

    fn round(&self, writing: Writing, (changes, looks): (usize, usize), tally: &mut Tally) {
        let mut terminal = self.start();
        self.to_the_review(&mut terminal);
        // This run may be writing its own answers down just now.
        for _ in 0..200 {
            if self.temporary_files().is_empty() {
                break;
            }
            terminal.wait_quiet(Duration::from_millis(20));
        }
        assert_eq!(self.temporary_files(), Vec::<PathBuf>::new(), "left by the run before");
        if writing == Writing::Credential {
            terminal.send("<enter>");
            terminal.wait_for("Enter log in");
        }
        let before = self.look();
        terminal.send("<enter>");
        self.wait_for_changes(before.clone(), changes, looks);
        terminal.signal(Signal::KILL);
        assert_eq!(terminal.wait_exit(), Ended::Signal("Killed".to_owned()));
        let state = self.path("state");
        if let Some(cargo) = marked_cargo(&state) {
            kill(cargo);
            wait_gone(cargo);
        }
        let context = format!("{writing:?} after {changes} changes and {looks} looks");
        let new = self.new_files(&context);
        let (of_step, all) = match writing {
            Writing::Configuration => (new[..2].iter().filter(|new| **new).count(), 2),
            Writing::Credential => (usize::from(new[2]), 1),
        };
        tally.hits += usize::from(of_step < all && self.look() != before);
        tally.temporary += self.temporary_files().len();
        *tally.new_files.entry((format!("{writing:?}").to_lowercase(), of_step)).or_default() += 1;
        self.state_is_sound(&context);
        *tally.taken_back.entry(self.take_back(&context)).or_default() += 1;
    }

    /// Takes back what was being written: both configuration files are as they were. What the journal said of it.
    fn take_back(&self, context: &str) -> String {
        let journal = fs::read_to_string(self.path(JOURNAL)).unwrap_or_else(|_| "{}".to_owned());
        let book: serde_json::Value = serde_json::from_str(&journal).expect(context);
        let entries = book["entries"].as_array().into_iter().flatten();
        let state =
            entries.filter(|entry| entry["act"] == "set-up").map(|entry| entry["state"].clone()).next();
        let state = state.map_or("no entry".to_owned(), |state| state.as_str().unwrap().to_owned());
        let mut command = self.sandbox.command(env!("CARGO_BIN_EXE_az-cargo-wizard"));
        command.env("CARGO_HOME", self.path("cargo-home")).env(STATE_DIR, self.path("state"));
        let output = command.args(["undo", "--yes", "--json", "--dir"]).arg(self.path("storefront")).output();
        let output = output.unwrap();
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let is_nothing = said["error"]["code"] == "nothing-to-undo";
        let is_done = output.status.success() && said["undone"] == true;
        assert!(is_done || (is_nothing && state != "done"), "{context}: {state}: {said}");
        assert_eq!(self.texts()[..2], self.old[..2], "{context}: {state}: {said}");
        format!("{state} {}", if is_done { "taken back" } else { "never happened" })
    }

    /// Which files hold their new text.
    ///
    /// # Panics
    /// When one holds neither the old text nor the new one.
    fn new_files(&self, context: &str) -> [bool; 3] {
        let texts = self.texts();
        std::array::from_fn(|at| {
            let text = &texts[at];
            // The credentials are written in place as Cargo does; until they are cut, empty lines follow.
            let text =
                if FILES[at] == CREDENTIALS { &format!("{}\n", text.trim_end_matches('\n')) } else { text };
            let (is_old, is_new) = (*text == self.old[at], *text == self.new[at]);
            assert!(is_old || is_new, "{context}: {} holds\n{text}", FILES[at]);
            is_new
        })
    }

    /// What the tool remembers can be read, backups are whole, and secrets are private.
    fn state_is_sound(&self, context: &str) {
        for (backup, _) in files_in(&self.path("state/backups")) {
            let text = fs::read_to_string(&backup).unwrap();
            let is_whole = self.old[..2].contains(&text);
            assert!(is_whole || is_temporary(&backup), "{context}: {} holds\n{text}", backup.display());
            assert_eq!(mode(&backup), 0o600, "{context}: {}", backup.display());
        }
        assert_eq!(mode(&self.path(CREDENTIALS)), 0o600, "{context}");
        if let Ok(text) = fs::read_to_string(self.path("state/state.json")) {
            assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{context}: {text}");
        }
    }

    /// Looks until so many changes were seen, then so many times more.
    fn wait_for_changes(&self, mut seen: Vec<(PathBuf, u64)>, changes: usize, looks: usize) {
        let mut left = changes;
        let mut quiet_since = now();
        while left > 0 && now() - quiet_since < SETTLED {
            let look = self.look();
            if look != seen {
                seen = look;
                left -= 1;
                quiet_since = now();
            }
        }
        for _ in 0..looks {
            std::hint::black_box(self.look());
        }
    }

    fn look(&self) -> Vec<(PathBuf, u64)> {
        FOLDERS.iter().flat_map(|folder| files_in(&self.path(folder))).collect()
    }

    fn start(&self) -> Terminal {
        let mut command = self.sandbox.command(env!("CARGO_BIN_EXE_az-cargo-wizard"));
        command.args(["--demo", "--demo-fast", "--demo-dir"]).arg(self.path(""));
        Terminal::spawn(&command, 100, 30)
    }

    fn to_the_review(&self, terminal: &mut Terminal) {
        terminal.wait_for("Which organization");
        terminal.send("<enter>");
        terminal.wait_for("paste its token");
        let world: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(self.path("world.json")).unwrap()).unwrap();
        terminal.paste(world["token"].as_str().unwrap());
        terminal.send("<enter>");
        terminal.wait_for("Has the crates.io upstream");
        terminal.send("<enter>");
        terminal.wait_for("Enter review the difference");
        terminal.send("<enter>");
        terminal.wait_for("Enter write");
    }

    fn to_the_end(&self) {
        let mut terminal = self.start();
        self.to_the_review(&mut terminal);
        terminal.send("<enter>");
        terminal.wait_for("Enter log in");
        terminal.send("<enter>");
        terminal.wait_for("in the cache");
        terminal.wait_for("Enter go on");
        terminal.send("q");
        assert_eq!(terminal.wait_exit(), Ended::Code(0));
    }

    /// The old texts, and nothing remembered. The crates stay in the cache, and what lies beside the files.
    fn reset(&self) {
        for file in ["state/state.json", JOURNAL] {
            let _ = fs::remove_file(self.path(file));
        }
        for (file, text) in FILES.iter().zip(&self.old) {
            let path = self.path(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
        }
        fs::set_permissions(self.path(CREDENTIALS), fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn temporary_files(&self) -> Vec<PathBuf> {
        let files = FOLDERS.iter().flat_map(|folder| files_in(&self.path(folder)));
        files.map(|(file, _)| file).filter(|file| is_temporary(file)).collect()
    }

    /// As they are, but for the demo's ports: those may change from run to run.
    fn texts(&self) -> [String; 3] {
        FILES.map(|file| without_ports(&fs::read_to_string(self.path(file)).unwrap_or_default()))
    }

    fn path(&self, path: &str) -> PathBuf {
        self.sandbox.root().join("demo").join(path)
    }
}

fn is_temporary(file: &Path) -> bool {
    file.file_name().unwrap().to_string_lossy().starts_with(".az-cargo-wizard-")
}

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}

fn without_ports(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str("127.0.0.1:PORT");
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    out
}
