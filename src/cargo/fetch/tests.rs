//! Whole runs against a Cargo of a few lines of shell: `sh fetch …` in the project's folder. Named pipes
//! keep the two in step.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use super::*;
use crate::cargo::cache::{self, Kept};
use crate::domain::package::{Checksum, CrateId};
use crate::domain::progress::{FetchTable, Phase, PlannedCrate, RowState};
use crate::domain::text::REDACTED;
use crate::error::Exit;

const DIR: &str = "pkgs.dev.azure.com-48e597bd8dd18fd1";
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What any run may take before the test fails.
const LIMIT: Duration = Duration::from_secs(30);

/// Shell functions: `store NAME TEXT`, `unpack NAME`, `say TEXT` on standard error.
const PRELUDE: &str = r#"
cache="$CARGO_HOME/registry/cache/DIR"; src="$CARGO_HOME/registry/src/DIR"
store() { mkdir -p "$cache"; printf %s "$2" > "$cache/$1-1.0.0.crate"; }
unpack() { mkdir -p "$src/$1-1.0.0"; printf '{"v":1}' > "$src/$1-1.0.0/.cargo-ok"; }
say() { printf '%s\n' "$1" >&2; }
"#;

struct Stage {
    root: tempfile::TempDir,
}

impl Stage {
    /// A project with this lock file, and a Cargo that does this.
    fn new(lock: Option<&str>, script: &str) -> Self {
        let stage = Self { root: tempfile::tempdir().unwrap() };
        fs::create_dir_all(stage.project()).unwrap();
        fs::create_dir_all(stage.home()).unwrap();
        fs::write(stage.home().join(".package-cache"), "").unwrap();
        if let Some(lock) = lock {
            fs::write(stage.project().join("Cargo.lock"), lock).unwrap();
        }
        let prelude = PRELUDE.replace("DIR", DIR);
        fs::write(stage.project().join("fetch"), format!("{prelude}{script}")).unwrap();
        stage
    }

    /// With pipes of these names in the project.
    fn with_pipes(self, names: &[&str]) -> Self {
        for name in names {
            let made = std::process::Command::new("mkfifo").arg(self.project().join(name)).status().unwrap();
            assert!(made.success());
        }
        self
    }

    fn project(&self) -> PathBuf {
        self.root.path().join("project")
    }

    fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    fn archive(&self, name: &str) -> PathBuf {
        cache::folder(&self.home(), Kept::Crates, DIR).unwrap().join(format!("{name}-1.0.0.crate"))
    }

    fn cache(&self, name: &str, text: &str) {
        fs::create_dir_all(self.archive(name).parent().unwrap()).unwrap();
        fs::write(self.archive(name), text).unwrap();
    }

    fn written(&self, name: &str) -> String {
        fs::read_to_string(self.project().join(name)).unwrap()
    }

    fn spec(&self) -> FetchSpec {
        FetchSpec {
            cargo: "/bin/sh".into(),
            dir: self.project(),
            cargo_home: self.home(),
            runs_dir: self.root.path().join("runs"),
            env: [("PATH", "/usr/bin:/bin"), ("CARGO_LOG", "trace"), ("RUST_BACKTRACE", "1")]
                .into_iter()
                .collect(),
            locked: false,
            configs: Vec::new(),
            caches: vec![RegistryCache {
                name: "rust".into(),
                dir_name: DIR.into(),
                covers: CrateSource::CratesIo,
            }],
            clock: Clock::Fake { since_start: Duration::ZERO, now: SystemTime::UNIX_EPOCH },
        }
    }

    /// The marks of runs that go on or were killed.
    fn marks(&self) -> Vec<String> {
        let files = fs::read_dir(self.root.path().join("runs")).into_iter().flatten().flatten();
        files.map(|file| fs::read_to_string(file.path()).unwrap()).collect()
    }

    /// Lets a Cargo go on that reads the pipe.
    fn open(&self, pipe: &str) {
        open(&self.project().join(pipe));
    }

    /// Hears when nobody holds the writing end of the pipe any more.
    fn watch_writers(&self, pipe: &str) -> std::sync::mpsc::Receiver<()> {
        let (gone, heard) = std::sync::mpsc::channel();
        let pipe = self.project().join(pipe);
        std::thread::spawn(move || {
            assert_eq!(fs::File::open(pipe).unwrap().read(&mut [0]).unwrap(), 0);
            gone.send(()).unwrap();
        });
        heard
    }

    async fn run(&self) -> (FetchOutcome, Vec<FetchEvent>) {
        self.run_with(self.spec(), |_| false).await
    }

    /// Runs it; the run is cancelled at the first event for which `cancels` holds.
    async fn run_with(
        &self,
        spec: FetchSpec,
        mut cancels: impl FnMut(&FetchEvent) -> bool,
    ) -> (FetchOutcome, Vec<FetchEvent>) {
        let (events, mut arriving) = mpsc::channel(4);
        let (cancel, cancelled) = tokio::sync::oneshot::channel::<()>();
        let run = fetch(spec, events, async {
            if cancelled.await.is_err() {
                std::future::pending::<()>().await;
            }
        });
        let listen = async {
            let (mut heard, mut cancel) = (Vec::new(), Some(cancel));
            while let Some((_, event)) = arriving.recv().await {
                if cancels(&event) {
                    cancel.take().map(|cancel| cancel.send(()));
                }
                heard.push(event);
            }
            heard
        };
        tokio::time::timeout(LIMIT, async { tokio::join!(run, listen) }).await.expect("the run ends")
    }
}

fn open(pipe: &Path) {
    drop(fs::OpenOptions::new().write(true).open(pipe).unwrap());
}

fn sum(text: &str) -> Checksum {
    Checksum::new(Sha256::digest(text).into())
}

/// A lock file of crates, each with what its file must hold.
fn lock(crates: &[(&str, &str)]) -> String {
    let mut text = String::from("version = 4\n");
    for (name, whole) in crates {
        text.push_str(&format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = \"{CRATES_IO}\"\nchecksum = \"{}\"\n",
            sum(whole)
        ));
    }
    text
}

fn id(name: &str) -> CrateId {
    CrateId::parse(name, "1.0.0").unwrap()
}

fn at(events: &[FetchEvent], wanted: &FetchEvent) -> usize {
    events.iter().position(|event| event == wanted).unwrap_or_else(|| panic!("no {wanted:?} in {events:#?}"))
}

fn is_line(event: &FetchEvent, text: &str) -> bool {
    matches!(event, FetchEvent::Line(line) if line.trim() == text)
}

#[tokio::test]
async fn a_run_is_told_from_its_plan_to_its_last_file() {
    let stage = Stage::new(
        Some(&lock(&[("a", "1"), ("b", "12"), ("c", "123")])),
        r#"echo "$@" > args; env > environment; [ ! -r /proc/$$/stat ] || cut -d' ' -f1,6 /proc/$$/stat > session
say '    Updating `rust` index'
printf '       Fetch [=====>   ] 1 complete; 2 pending    \r' >&2
say ' Downloading crates ...'
printf ' Downloading 1 crate   \r Downloading 2 crates   \r' >&2
say '  Downloaded b v1.0.0 (registry `rust`)'; store b 12; unpack b
printf ' Downloading 1 crate, remaining bytes: 1.5KiB   \r' >&2
say '  Downloaded c v1.0.0 (registry `rust`)'; store c 123; unpack c
say '  Downloaded 2 crates (5B) in 0.01s'"#,
    );
    stage.cache("a", "1");
    let spec = FetchSpec { locked: true, configs: vec!["net.retry=1".into()], ..stage.spec() };
    let (outcome, events) = stage.run_with(spec, |_| false).await;

    assert_eq!(outcome.end, FetchEnd::Done);
    assert_eq!(outcome.report, None);
    assert_eq!(stage.written("args"), "--locked --config net.retry=1\n");
    let environment = stage.written("environment");
    for (name, value) in [
        ("CARGO_TERM_PROGRESS_WHEN", "always"),
        ("CARGO_TERM_PROGRESS_WIDTH", "160"),
        ("CARGO_TERM_COLOR", "never"),
        ("CARGO_TERM_QUIET", "false"),
        ("CARGO_TERM_VERBOSE", "false"),
        ("CARGO_TERM_PROGRESS_TERM_INTEGRATION", "false"),
    ] {
        assert!(environment.lines().any(|line| line == format!("{name}={value}")), "{name}");
    }
    assert!(!environment.contains("CARGO_LOG") && !environment.contains("RUST_BACKTRACE"));
    if cfg!(target_os = "linux") {
        let session = stage.written("session");
        let (pid, session) = session.trim().split_once(' ').unwrap();
        assert_eq!(pid, session, "Cargo leads a session of its own");
    }

    let planned = |name: &str, cached| PlannedCrate { id: id(name), source: "rust".into(), cached };
    let plan = FetchEvent::Planned(vec![planned("a", Some(1)), planned("b", None), planned("c", None)]);
    assert_eq!(events[..2], [FetchEvent::Phase(Phase::Starting), plan]);
    let mut table = FetchTable::default();
    for event in events.iter().cloned() {
        table.apply(Duration::ZERO, event);
    }
    table.finish(Duration::ZERO, outcome.end);
    let states: Vec<_> = table.rows().iter().map(|row| (row.state, row.bytes)).collect();
    assert_eq!(
        states,
        [(RowState::Cached, Some(1)), (RowState::Unpacked, Some(2)), (RowState::Unpacked, Some(3))]
    );
    assert_eq!(
        table.lines,
        [
            "    Updating `rust` index",
            " Downloading crates ...",
            "  Downloaded b v1.0.0 (registry `rust`)",
            "  Downloaded c v1.0.0 (registry `rust`)",
            "  Downloaded 2 crates (5B) in 0.01s",
        ]
    );
    assert_eq!(outcome.lines, table.lines);
}

#[tokio::test]
async fn a_progress_line_in_two_writes_is_one_line() {
    let stage = Stage::new(
        None,
        r"say '    Updating `rust` index'; printf ' Downloading 2 crates, remain' >&2
read go < gate
printf 'ing bytes: 21.0KiB  \r' >&2; say 'note: end'",
    )
    .with_pipes(&["gate"]);
    let gate = stage.project().join("gate");
    let (outcome, events) = stage
        .run_with(stage.spec(), |event| {
            if matches!(event, FetchEvent::Phase(Phase::Updating { .. })) {
                let gate = gate.clone();
                std::thread::spawn(move || open(&gate));
            }
            false
        })
        .await;
    assert_eq!(outcome.end, FetchEnd::Done);
    at(&events, &FetchEvent::Remaining { crates: 2, bytes: Some(21_504) });
}

#[tokio::test]
async fn without_a_lock_file_the_plan_comes_before_the_first_crate() {
    let locked = lock(&[("a", "1"), ("b", "12")]);
    let stage = Stage::new(
        None,
        r"say '    Updating `rust` index'; cp later Cargo.lock
say '     Locking 2 packages to latest compatible versions'
say '  Downloaded b v1.0.0 (registry `rust`)'; store b 12; unpack b",
    );
    fs::write(stage.project().join("later"), locked).unwrap();
    stage.cache("a", "1");
    let (outcome, events) = stage.run().await;
    assert_eq!(outcome.end, FetchEnd::Done);
    let plan =
        events.iter().position(|event| matches!(event, FetchEvent::Planned(crates) if crates.len() == 2));
    let locking = at(&events, &FetchEvent::Phase(Phase::Locking { packages: 2 }));
    assert!(plan.unwrap() < locking, "{events:#?}");
    assert!(locking < at(&events, &FetchEvent::Downloaded(id("b"))));
    assert!(plan.unwrap() > at(&events, &FetchEvent::Phase(Phase::Updating { index: "rust".into() })));
    at(&events, &FetchEvent::Stored { id: id("b"), bytes: 2 });
    at(&events, &FetchEvent::Unpacked(id("b")));
}

#[tokio::test]
async fn a_lock_file_written_without_a_word_is_planned_at_the_end() {
    let stage = Stage::new(None, "cp later Cargo.lock");
    fs::write(stage.project().join("later"), lock(&[("a", "1")])).unwrap();
    stage.cache("a", "1");
    let (_, events) = stage.run().await;
    let planned = PlannedCrate { id: id("a"), source: "rust".into(), cached: Some(1) };
    at(&events, &FetchEvent::Planned(vec![planned]));
}

#[tokio::test]
async fn cancelling_ends_everything_that_cargo_started_and_cleans_up() {
    let stage = Stage::new(
        Some(&lock(&[("whole", "abc"), ("part", "abcdef"), ("never", "x")])),
        r"exec 3> alive
(trap '' TERM; read x < never) &
store whole abc; unpack whole; store part abc
say '  Downloaded part v1.0.0 (registry `rust`)'
read x < never",
    )
    .with_pipes(&["alive", "never"]);
    let all_gone = stage.watch_writers("alive");
    let (outcome, events) = stage
        .run_with(stage.spec(), |event| is_line(event, "Downloaded part v1.0.0 (registry `rust`)"))
        .await;
    assert_eq!(outcome.end, FetchEnd::Cancelled { removed: vec!["part-1.0.0.crate".into()] });
    assert_eq!(outcome.report, None);
    all_gone.recv_timeout(LIMIT).expect("neither Cargo nor its children hold the pipe");
    assert!(stage.archive("whole").exists() && !stage.archive("part").exists());
    let cleaning = at(&events, &FetchEvent::Phase(Phase::CleaningUp));
    assert!(at(&events, &FetchEvent::Downloaded(id("part"))) < cleaning);
    assert!(
        !events
            .iter()
            .any(|event| matches!(event, FetchEvent::Stored { id, .. } if id.name.as_str() == "part"))
    );
    at(&events, &FetchEvent::Stored { id: id("whole"), bytes: 3 });
}

#[tokio::test]
async fn whoever_cancels_need_not_read_on() {
    let stage = Stage::new(None, "say 'note: one'; say 'note: two'; read x < never").with_pipes(&["never"]);
    let (events, mut arriving) = mpsc::channel(1);
    let cancel = async {
        arriving.recv().await;
    };
    let outcome = tokio::time::timeout(LIMIT, fetch(stage.spec(), events, cancel)).await.unwrap();
    assert_eq!(outcome.end, FetchEnd::Cancelled { removed: Vec::new() });
}

#[tokio::test]
async fn a_run_cancelled_before_it_began_starts_nothing() {
    let stage = Stage::new(None, "echo > started");
    let (events, _arriving) = mpsc::channel(8);
    let outcome = fetch(stage.spec(), events, std::future::ready(())).await;
    assert_eq!(outcome.end, FetchEnd::Cancelled { removed: Vec::new() });
    assert!(!stage.project().join("started").exists());
}

#[tokio::test]
async fn a_dropped_run_leaves_nothing_running() {
    let stage =
        Stage::new(None, "exec 3> alive; say 'note: up'; read x < never").with_pipes(&["alive", "never"]);
    let all_gone = stage.watch_writers("alive");
    let (events, mut arriving) = mpsc::channel(64);
    let up = async {
        while let Some((_, event)) = arriving.recv().await {
            if is_line(&event, "note: up") {
                return;
            }
        }
    };
    tokio::select! {
        _ = fetch(stage.spec(), events, std::future::pending()) => panic!("it waits for ever"),
        () = up => {}
    }
    all_gone.recv_timeout(LIMIT).expect("neither Cargo nor its children hold the pipe");
    let marks = stage.marks();
    assert!(matches!(&marks[..], [mark] if mark.contains("\"cargo\":{\"pid\":")), "{marks:?}");
}

#[tokio::test]
async fn a_run_is_marked_before_cargo_starts_and_until_it_has_ended() {
    for (script, ends) in [("", "by itself"), ("exit 101", "failing"), ("kill -9 $$", "killed")] {
        let stage = Stage::new(None, &format!("head -n1 ../runs/*.json > mark; {script}"));
        stage.run().await;
        let mark = stage.written("mark");
        assert!(mark.contains("\"version\":1,") && mark.contains(DIR), "{ends}: {mark}");
        assert_eq!(stage.marks(), Vec::<String>::new(), "{ends}");
    }
}

#[tokio::test]
async fn a_run_that_can_not_be_marked_says_so_and_goes_on() {
    let stage = Stage::new(None, "say 'note: here'");
    fs::write(stage.root.path().join("runs"), "no folder").unwrap();
    let (outcome, events) = stage.run().await;
    assert_eq!(outcome.end, FetchEnd::Done);
    assert!(events.iter().any(|event| is_line(event, "note: here")));
    let warned = |event: &FetchEvent| matches!(event, FetchEvent::Line(line) if line.contains("is killed"));
    assert!(events.iter().any(warned), "{events:#?}");
}

#[tokio::test]
async fn a_child_of_cargo_that_keeps_the_pipe_does_not_keep_us() {
    let stage = Stage::new(None, "(read x < never) & say 'note: bye'").with_pipes(&["never"]);
    let (outcome, events) = stage.run().await;
    assert_eq!(outcome.end, FetchEnd::Done);
    assert!(events.iter().any(|event| is_line(event, "note: bye")));
    stage.open("never");
}

#[tokio::test]
async fn a_failure_is_explained_and_names_the_crate_by_the_lock_file() {
    let stage = Stage::new(
        Some(&lock(&[("a", "1"), ("b", "12")])),
        "say 'error: no matching package named `b` found'; say 'location searched: `rust` index'; exit 101",
    );
    let (outcome, _) = stage.run().await;
    assert_eq!(outcome.end, FetchEnd::Failed { at: Some(id("b")) });
    let report = outcome.report.unwrap();
    assert_eq!((report.exit, report.code), (Exit::NotFound, "crate-not-found"));
    assert_eq!(report.headline, "`b` is neither in the feed `rust` nor in its upstreams");
}

#[tokio::test]
async fn a_cargo_that_is_killed_or_has_no_space_left_is_cleaned_up_after() {
    for (last_words, code) in [
        ("kill -9 $$", "cargo-killed"),
        (
            "say 'error: failed to download'; say '  No space left on device (os error 28)'; exit 101",
            "disk-full",
        ),
    ] {
        let stage = Stage::new(Some(&lock(&[("part", "abcdef")])), &format!("store part abc; {last_words}"));
        let (outcome, events) = stage.run().await;
        let report = outcome.report.unwrap();
        assert_eq!(report.code, code);
        assert_eq!(report.details, ["removed the partial file `part-1.0.0.crate`"]);
        assert!(!stage.archive("part").exists());
        at(&events, &FetchEvent::Phase(Phase::CleaningUp));
    }
}

#[tokio::test]
async fn retries_and_waiting_are_told() {
    let stage = Stage::new(
        None,
        "say '    Blocking waiting for file lock on package cache'
say 'warning: spurious network error (2 tries remaining): [6] Could not resolve hostname'",
    );
    let (_, events) = stage.run().await;
    at(&events, &FetchEvent::Phase(Phase::Waiting { on: "package cache".into() }));
    at(&events, &FetchEvent::Retry { tries_left: 2, reason: "[6] Could not resolve hostname".into() });
}

#[tokio::test]
async fn tokens_and_controls_never_come_through() {
    let stage = Stage::new(
        None,
        r#"say "error: sent $CARGO_REGISTRIES_RUST_TOKEN and ${CARGO_REGISTRIES_RUST_TOKEN#Basic }"
printf 'https://h/x?sig=SIGNATURE \033[2J\n' >&2; exit 101"#,
    );
    let mut spec = stage.spec();
    spec.env.set("CARGO_REGISTRIES_RUST_TOKEN", "Basic UEFUOnNlY3JldA==");
    let (outcome, events) = stage.run_with(spec, |_| false).await;
    let shown = format!("{outcome:?} {events:?}");
    assert!(!shown.contains("UEFUOnNlY3JldA") && !shown.contains("SIGNATURE"), "{shown}");
    assert!(!shown.contains("u{1b}"), "{shown}");
    assert!(outcome.lines[0].contains(REDACTED));
}

#[tokio::test]
async fn a_cargo_that_is_not_there_is_said_to_be_missing() {
    let stage = Stage::new(None, "");
    let spec = FetchSpec { cargo: stage.root.path().join("no-cargo").into(), ..stage.spec() };
    let (outcome, _) = stage.run_with(spec, |_| false).await;
    assert_eq!(outcome.end, FetchEnd::Failed { at: None });
    assert_eq!(outcome.report.unwrap().code, "cargo-not-found");
}
