//! The crate cache with the real Cargo: named by feed, verified, repaired and pruned, while Cargo runs and while
//! files vanish (cargo-contract 5, 6). Unix only: links and signals.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use az_cargo_wizard::cargo::index_dir::dir_names;
use az_cargo_wizard::demo::{Demo, DemoOptions, Fault, MadeCrates, Pace, Where};
use az_cargo_wizard::domain::cache::{CacheEvent, CacheTable, Selection};
use az_cargo_wizard::domain::registry::{IndexUrl, RegistryName};
use az_cargo_wizard::host::Host;
use az_cargo_wizard::record;
use az_cargo_wizard::task::{self, CacheDone, CacheJob, Event, Events, JobId, Request, Services, Settled};
use base64::Engine as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, oneshot};

use support::sandbox::Sandbox;
use support::wizard::BINARY;

#[expect(dead_code, reason = "this test uses a part of what the tests share")]
mod support;

const CRATES: MadeCrates = MadeCrates { count: 8, kibibytes: 20 };
const LOCKS: [&str; 2] = [".package-cache-mutate", ".package-cache"];

/// A project whose feed has filled the cache.
struct World {
    sandbox: Sandbox,
    demo: Demo,
    index: String,
    runtime: tokio::runtime::Runtime,
}

impl World {
    fn new() -> Self {
        let mut sandbox = Sandbox::new();
        sandbox.set("NO_PROXY", "127.0.0.1");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let options = DemoOptions { dir: None, temp_parent: sandbox.root().join("tmp"), pace: Pace::Fast };
        let demo = runtime.block_on(Demo::start_with(options, CRATES)).unwrap();
        sandbox.watch(&demo);
        let index =
            format!("sparse+{}/contoso/Storefront/_packaging/rust-crates/Cargo/index/", demo.origin());
        let world = Self { sandbox, demo, index, runtime };
        world.configure();
        let fetched = world.cargo(&["fetch", "--locked"]).output().unwrap();
        assert!(fetched.status.success(), "{fetched:?}");
        world
    }

    fn configure(&self) {
        let config = self.demo.project_dir().join(".cargo/config.toml");
        fs::create_dir(config.parent().unwrap()).unwrap();
        let text = format!(
            "[registries.feed]\nindex = \"{}\"\n\n[source.crates-io]\nreplace-with = \"feed\"\n",
            self.index
        );
        fs::write(config, text).unwrap();
        let token = format!(":{}", self.demo.token().expose());
        let token = base64::engine::general_purpose::STANDARD.encode(token);
        fs::create_dir_all(self.home()).unwrap();
        let credentials = format!("[registries.feed]\ntoken = \"Basic {token}\"\n");
        fs::write(self.home().join("credentials.toml"), credentials).unwrap();
        let config = "[registries.feed]\ncredential-provider = \"cargo:token\"\n";
        fs::write(self.home().join("config.toml"), config).unwrap();
    }

    fn home(&self) -> &Path {
        self.demo.cargo_home()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = self.sandbox.command(program);
        command.current_dir(self.demo.project_dir()).env("CARGO_HOME", self.home());
        command
    }

    fn cargo(&self, args: &[&str]) -> Command {
        let mut command = self.command("cargo");
        command.args(args);
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(BINARY).args(args).output().unwrap()
    }

    /// What a command prints with `--json`, and its exit code.
    fn json(&self, args: &[&str]) -> (Option<i32>, Vec<Value>) {
        let output = self.run(&[args, &["--json"]].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }

    fn list(&self) -> Value {
        let (code, objects) = self.json(&["cache", "list"]);
        assert_eq!((code, objects.len()), (Some(0), 1), "{objects:?}");
        objects.into_iter().next().unwrap()
    }

    /// The folder of the feed, as this Cargo names it.
    fn dir(&self) -> String {
        dir_names(&self.index).unwrap().current
    }

    fn place(&self, kept: &str, dir: &str) -> PathBuf {
        self.home().join("registry").join(kept).join(dir)
    }

    fn krate(&self, number: usize) -> PathBuf {
        self.place("cache", &self.dir()).join(format!("made-{number:04}-1.0.0.crate"))
    }

    fn sources(&self, number: usize) -> PathBuf {
        self.place("src", &self.dir()).join(format!("made-{number:04}-1.0.0"))
    }

    fn crates(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.place("cache", &self.dir())).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
    }

    fn services(&self) -> Arc<Services> {
        let mut host = self.sandbox.host(&[]);
        host.env.set("CARGO_HOME", self.home());
        host.clock = Host::os().unwrap().clock;
        let settled = Settled { dir: Some(self.demo.project_dir().to_owned()), ..Settled::default() };
        Arc::new(Services::new(host, settled).unwrap())
    }

    /// Runs a job as the screen does; `at_first` sees the first thing that it tells.
    fn job(&self, job: CacheJob, at_first: impl FnOnce(oneshot::Sender<()>)) -> (CacheTable, Event) {
        // No room: the job waits until each thing that it tells is taken.
        let (sender, mut receiver) = mpsc::channel(1);
        let (cancel, cancelled) = oneshot::channel();
        let services = self.services();
        self.runtime.spawn(async move {
            task::run(services, Request::Cache(job), (&Events::new(JobId(1), sender), cancelled)).await;
        });
        let mut first = Some((at_first, cancel));
        let mut table = CacheTable::default();
        loop {
            let (_, event) = receiver.blocking_recv().expect("a last event");
            if let Some((at_first, cancel)) = first.take() {
                at_first(cancel);
            }
            match event {
                Event::InCache(event) => table.apply(event),
                last => {
                    assert!(last.is_last());
                    table.finish();
                    return (table, last);
                }
            }
        }
    }
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn code_of(objects: &[Value]) -> &str {
    objects.last().unwrap()["error"]["code"].as_str().unwrap_or_default()
}

#[test]
fn three_planted_damages_are_found_and_repaired() {
    let world = World::new();
    let (code, objects) = world.json(&["cache", "verify"]);
    assert_eq!(code, Some(0), "{objects:?}");
    assert_eq!((&objects[0]["checked"], &objects[0]["whole"]), (&8.into(), &8.into()), "{objects:?}");
    let before = fs::read(world.krate(1)).unwrap();
    fs::write(world.krate(1), &before[..before.len() / 2]).unwrap();
    flip(&world.krate(2));
    fs::write(world.krate(3), "").unwrap();
    fs::write(world.place("cache", &world.dir()).join("notes.txt"), "mine").unwrap();
    // What Cargo would go on building from, were the crate alone replaced.
    fs::write(world.sources(2).join("planted"), "").unwrap();

    let (code, objects) = world.json(&["cache", "verify"]);
    assert_eq!(code, Some(1), "{objects:?}");
    let damaged = objects[0]["damaged"].as_array().unwrap();
    let found: BTreeSet<(&str, &str)> = damaged
        .iter()
        .map(|found| (found["file"].as_str().unwrap(), found["damage"].as_str().unwrap()))
        .collect();
    let expected = [
        ("made-0001-1.0.0.crate", "truncated"),
        ("made-0002-1.0.0.crate", "altered"),
        ("made-0003-1.0.0.crate", "empty"),
        ("notes.txt", "foreign"),
    ];
    assert_eq!(found, expected.into());
    let (code, _) = world.json(&["cache", "verify", "made-0004", "made-0005@1.0.0"]);
    assert_eq!(code, Some(0), "only what is named is looked at");

    let (code, events) = world.json(&["cache", "repair", "--trust-project"]);
    assert_eq!(code, Some(0), "{events:?}");
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!((kinds[0], kinds[1], *kinds.last().unwrap()), ("verified", "repaired", "ended"));
    assert_eq!((&events[1]["removed"], &events[1]["fetch_again"]), (&3.into(), &true.into()));
    assert_eq!(kinds.iter().filter(|kind| **kind == "stored").count(), 3, "{kinds:?}");
    assert_eq!(fs::read(world.krate(1)).unwrap(), before);
    assert!(!world.sources(2).join("planted").exists() && world.sources(2).join(".cargo-ok").exists());
    let (code, objects) = world.json(&["cache", "verify"]);
    assert_eq!((code, &objects[0]["whole"]), (Some(0), &8.into()), "{objects:?}");
    assert!(world.crates().contains("notes.txt"), "what Cargo did not write is not deleted");
}

#[test]
fn without_the_lock_file_the_index_tells_the_checksums() {
    let world = World::new();
    flip(&world.krate(2));
    let truncated = fs::read(world.krate(4)).unwrap();
    fs::write(world.krate(4), &truncated[..100]).unwrap();
    // A lock file may be anybody's: what it says of a whole crate is not believed against the index.
    let lock = world.demo.project_dir().join("Cargo.lock");
    let text = fs::read_to_string(&lock).unwrap();
    let sum = text.split("checksum = \"").nth(1).unwrap()[..64].to_owned();
    fs::write(&lock, text.replace(&sum, &"0".repeat(64))).unwrap();
    let (_, objects) = world.json(&["cache", "verify"]);
    assert_eq!(objects[0]["whole"], 6, "{objects:?}");
    fs::remove_file(lock).unwrap();
    let (code, objects) = world.json(&["cache", "verify"]);
    assert_eq!((code, &objects[0]["whole"]), (Some(1), &6.into()), "{objects:?}");
    let sum = Sha256::digest(fs::read(world.krate(2)).unwrap());
    let sum = sum.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let altered = text.split("name = \"made-0002\"").nth(1).unwrap().split("checksum = \"").nth(1).unwrap();
    let lock_file = world.demo.project_dir().join("Cargo.lock");
    fs::write(&lock_file, text.replace(&altered[..64], &sum)).unwrap();
    let (code, objects) = world.json(&["cache", "verify"]);
    assert_eq!((code, &objects[0]["whole"]), (Some(1), &6.into()), "nor of an altered one: {objects:?}");
    fs::remove_file(lock_file).unwrap();
    // Without both, the archive's own end is all that is left.
    fs::remove_dir_all(world.place("index", &world.dir()).join(".cache")).unwrap();
    let (code, objects) = world.json(&["cache", "verify"]);
    assert_eq!((code, &objects[0]["checksum_not_known"]), (Some(1), &6.into()), "{objects:?}");
    assert_eq!(objects[0]["damaged"].as_array().unwrap().len(), 2);
}

#[test]
fn nothing_is_deleted_while_a_cargo_holds_a_lock() {
    let world = World::new();
    flip(&world.krate(2));
    let all = world.crates();
    for lock in LOCKS {
        let held = File::open(world.home().join(lock));
        let held = held.unwrap_or_else(|_| File::create(world.home().join(lock)).unwrap());
        held.lock().unwrap();
        let repair = ["cache", "repair", "--trust-project"];
        for args in [&["cache", "prune", "--registry", "feed", "--yes"][..], &repair] {
            let (code, objects) = world.json(args);
            assert_eq!((code, code_of(&objects)), (Some(1), "cache-busy"), "{lock}: {objects:?}");
            assert_eq!(world.crates(), all);
        }
        let (code, _) = world.json(&["cache", "list"]);
        assert_eq!(code, Some(0), "looking needs no lock");
    }
}

#[test]
fn a_real_cargo_that_downloads_is_not_disturbed() {
    let world = World::new();
    (2..8).for_each(|number| fs::remove_file(world.krate(number)).unwrap());
    let rest = world.crates();
    world.demo.arm(Fault::Slow, Where::Blob, 6);
    let mut fetch = world.cargo(&["fetch", "--locked"]);
    let mut fetch = fetch.stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(fetch.stderr.take().unwrap()).lines();
    // From this line to its end it holds the lock.
    assert!(lines.map_while(Result::ok).any(|line| line.contains("Downloading")));
    let output = world.run(&["cache", "prune", "made-0001", "--yes"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("Cargo is running"), "{words}");
    assert!(world.crates().is_superset(&rest));
    fetch.kill().unwrap();
    fetch.wait().unwrap();
    let output = world.run(&["cache", "prune", "made-0001", "--yes"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(!world.krate(1).exists() && !world.sources(1).exists());
}

#[test]
fn prune_shows_first_and_deletes_what_was_shown() {
    let world = World::new();
    let all = world.crates();
    let prune = |args: &[&str]| world.json(&[&["cache", "prune"], args].concat());
    assert_eq!(prune(&["--yes"]).0, Some(2), "nothing says what");
    assert_eq!(prune(&["../../x", "--yes"]).0, Some(2));
    assert_eq!(prune(&["--registry", "no-such", "--yes"]).0, Some(5));
    let (code, objects) = prune(&["--registry", "feed"]);
    assert_eq!((code, objects.len(), code_of(&objects)), (Some(2), 1, "not-agreed"), "{objects:?}");
    for args in [&["made-0oo1", "--yes"][..], &["--registry", "fed", "--yes"], &["made-0001@2.0.0", "--yes"]]
    {
        let (code, objects) = prune(args);
        let hint = objects[0]["error"]["hint"].as_str().unwrap();
        assert!(code == Some(5) && hint.starts_with("did you mean"), "{objects:?}");
    }
    assert_eq!(world.json(&["cache", "verify", "no-such"]).0, Some(5));
    let (code, objects) = prune(&["--registry", "feed", "--dry-run"]);
    assert_eq!((code, &objects[0]["crates"], &objects[0]["pruned"]), (Some(0), &8.into(), &Value::Null));
    assert_eq!(objects[0]["targets"][0]["dir"], world.dir());
    assert_eq!(world.crates(), all);

    let (code, objects) = prune(&["--older-than", "1d", "--yes"]);
    assert_eq!((code, &objects[0]["crates"]), (Some(0), &0.into()), "all were used today");
    let (code, objects) = prune(&["--older-than", "300000000000y", "--dry-run"]);
    assert_eq!((code, &objects[0]["crates"]), (Some(0), &0.into()), "nothing is older than time itself");
    let (code, objects) = prune(&["--older-than", "0d", "made-0002", "--yes"]);
    assert_eq!((code, &objects[0]["crates"]), (Some(0), &1.into()), "{objects:?}");
    assert!(!world.krate(2).exists() && !world.sources(2).exists() && world.krate(1).exists());

    // In no lock file of these projects: nothing but a foreign one is locked there.
    let project = world.demo.project_dir().to_str().unwrap();
    let (code, objects) = prune(&["--unused-under", project, "--yes"]);
    assert_eq!((code, &objects[0]["crates"], &objects[0]["lock_files"]), (Some(0), &0.into(), &1.into()));
    assert_eq!(prune(&["--unused-under", "bin", "--yes"]).0, Some(1), "there is no such folder");
    let lock = fs::read_to_string(world.demo.project_dir().join("Cargo.lock")).unwrap();
    let packages: Vec<&str> = lock.split("\n\n").filter(|part| !part.contains("made-0003")).collect();
    world.sandbox.write("projects/a/Cargo.lock", packages.join("\n\n"));
    let projects = world.sandbox.root().join("projects");
    let projects = projects.to_str().unwrap();
    let (code, objects) = prune(&["--unused-under", projects, "--yes"]);
    assert_eq!((code, &objects[0]["crates"]), (Some(0), &1.into()), "{objects:?}");
    assert!(!world.krate(3).exists() && world.krate(1).exists());
    assert!(objects[0]["warnings"][0].as_str().unwrap().contains("this project's lock file"));
    world.sandbox.write("projects/b/Cargo.lock", "<<<<<<< HEAD\n");
    assert_eq!(prune(&["--unused-under", projects, "--yes"]).0, Some(1), "one that can't be read");
    assert_eq!(prune(&["--unused-under", world.home().to_str().unwrap(), "--yes"]).0, Some(5), "none at all");

    let database = fs::read(world.home().join(".global-cache")).unwrap();
    let (code, objects) = prune(&["--registry", "feed", "--yes"]);
    assert_eq!((code, &objects[0]["pruned"]["removed"]), (Some(0), &1.into()), "{objects:?}");
    for kept in ["cache", "src", "index"] {
        assert!(!world.place(kept, &world.dir()).exists(), "{kept}");
    }
    assert!(world.home().join(".package-cache").exists());
    assert_eq!(fs::read(world.home().join(".global-cache")).unwrap(), database, "the record is Cargo's");
    let fetched = world.cargo(&["fetch", "--locked"]).output().unwrap();
    assert!(fetched.status.success(), "{fetched:?}");
    assert_eq!(world.crates(), all, "Cargo is not confused");
}

#[test]
fn files_that_vanish_under_a_prune_are_no_failure() {
    let world = World::new();
    let selection = Selection { registries: vec!["feed".into()], crates: vec![], ..Selection::default() };
    let some = Selection { crates: vec!["made-0001".into(), "made-0002".into()], ..selection };
    let (_, planned) = world.job(CacheJob::PlanPrune(some), drop_nothing);
    let Event::CacheDone(CacheDone::PrunePlanned(plan)) = planned else { panic!("{planned:?}") };
    assert_eq!(plan.crates, 2);
    fs::remove_file(world.krate(1)).unwrap();
    fs::remove_dir_all(world.sources(2)).unwrap();
    let (_, pruned) = world.job(CacheJob::Prune(plan), drop_nothing);
    let Event::CacheDone(CacheDone::Pruned(cleared)) = pruned else { panic!("{pruned:?}") };
    assert_eq!((cleared.removed, cleared.failed), (2, 0));
    assert_eq!(world.crates().len(), 6);
    assert!(!world.sources(1).exists());
}

/// Lets the job go on.
fn drop_nothing(cancel: oneshot::Sender<()>) {
    // A sender that is gone would cancel it.
    std::mem::forget(cancel);
}

#[test]
fn a_job_that_is_cancelled_says_so_and_ends() {
    let world = World::new();
    let (table, last) = world.job(CacheJob::Verify(Selection::default()), |cancel| cancel.send(()).unwrap());
    assert_eq!((last, table.progress().1.0), (Event::Cancelled, 8));
    let (table, last) = world.job(CacheJob::List, drop_nothing);
    assert_eq!(last, Event::CacheDone(CacheDone::Listed));
    assert_eq!(table.rows().len(), 8);
    assert!(table.rows().iter().all(|row| row.used.is_some() && row.unpacked.is_some_and(|bytes| bytes > 0)));
}

#[test]
fn a_folder_is_named_by_its_feed_however_the_address_is_spelled() {
    let world = World::new();
    // Cargo itself is asked for the names of the folders.
    let spelled = |feed: &str| world.index.replace("rust-crates", feed);
    let spellings = [("rust-crates~force-auth", "~force-auth"), ("rust-crates@Local", "@Local")];
    for (feed, _) in spellings {
        let config = format!("registries.feed.index='{}'", spelled(feed));
        let fetched = world.cargo(&["fetch", "--locked", "--config", &config]).output().unwrap();
        assert!(fetched.status.success(), "{fetched:?}");
    }
    // A Cargo of the other era, as far as the name goes.
    let names = dir_names(&world.index).unwrap();
    for kept in ["cache", "index"] {
        let (from, to) = (world.place(kept, &names.current), world.place(kept, &names.old));
        fs::create_dir(&to).unwrap();
        for entry in fs::read_dir(from).unwrap().flatten().filter(|entry| entry.path().is_file()) {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
    let list = world.list();
    let folders = list["folders"].as_array().unwrap();
    assert_eq!(folders.len(), 4, "{list}");
    let folder = |dir: &str| folders.iter().find(|folder| folder["dir"] == dir).unwrap();
    for (feed, spelling) in spellings {
        let folder = folder(&dir_names(&spelled(feed)).unwrap().current);
        assert_eq!((&folder["registry"], &folder["spelling"][0]), (&"feed".into(), &spelling.into()));
        assert_eq!(folder["twins"].as_array().unwrap().len(), 3, "{folder}");
        assert_eq!(folder["duplicate_bytes"], folder["bytes"]);
    }
    // Of them all Cargo takes its crates from one.
    let is_in_use = |folder: &Value| {
        let crates = folder["crates"].as_array().unwrap();
        crates.iter().filter(|krate| krate["in_lock_file"] == true).count()
    };
    let in_use: Vec<(bool, usize)> =
        folders.iter().map(|folder| (folder["dir"] == names.current, is_in_use(folder))).collect();
    assert!(in_use.iter().all(|(is_it, crates)| *crates == if *is_it { 8 } else { 0 }), "{in_use:?}");
    for (dir, warnings) in [(&names.current, 1), (&names.old, 0)] {
        let (_, objects) = world.json(&["cache", "prune", "made-0001", "--registry", dir, "--dry-run"]);
        assert_eq!(objects[0]["warnings"].as_array().unwrap().len(), warnings, "{objects:?}");
    }
    let (code, objects) = world.json(&["cache", "prune", "--registry", "feed", "--dry-run"]);
    assert_eq!(
        (code, objects[0]["targets"].as_array().unwrap().len()),
        (Some(0), 4),
        "one feed: {objects:?}"
    );
    let plain = folder(&names.current);
    assert_eq!((&plain["era"], &plain["spelling"]), (&"current".into(), &Value::Array(vec![])));
    assert_eq!(folder(&names.old)["era"], "old");
    assert_eq!(plain["crates"][0]["also_in"].as_array().unwrap().len(), 3);
    let bytes = |value: &Value| value.as_u64().unwrap();
    assert_eq!(bytes(&list["duplicate_bytes"]), bytes(&plain["bytes"]) * 3);
    let lines = String::from_utf8(world.run(&["cache", "list"]).stdout).unwrap();
    assert!(lines.contains("feed (~force-auth): 8 crates"), "{lines}");
    assert!(lines.contains("feed (for Cargo up to 1.84): 8 crates"), "{lines}");
}

#[test]
fn a_feed_that_was_used_before_is_known_in_every_project() {
    let world = World::new();
    let fetched = world.run(&["fetch", "--locked", "--trust-project"]);
    assert!(fetched.status.success(), "{fetched:?}");
    // Elsewhere, and without the configuration: the folder is the feed's all the same.
    let elsewhere = world.sandbox.project();
    let list = |world: &World| {
        let output = world.command(BINARY).current_dir(&elsewhere).args(["cache", "list", "--json"]).output();
        serde_json::from_slice::<Value>(&output.unwrap().stdout).unwrap()["folders"][0].clone()
    };
    let folder = list(&world);
    assert_eq!((&folder["registry"], &folder["named_in"]), (&"feed".into(), &"used before".into()));
    fs::remove_dir_all(world.sandbox.state_dir()).unwrap();
    let folder = list(&world);
    assert_eq!(folder["registry"], Value::Null);
    assert!(folder["hint"].as_str().unwrap().starts_with(world.demo.origin()), "{folder}");
    let lines = world.command(BINARY).current_dir(&elsewhere).args(["cache", "list"]).output().unwrap();
    let lines = String::from_utf8(lines.stdout).unwrap();
    assert!(lines.starts_with("unknown (its server: http://127.0.0.1:"), "{lines}");
}

#[test]
fn hostile_names_and_links_are_rows_and_never_paths() {
    let world = World::new();
    let outside = world.sandbox.write("outside/made-0009-1.0.0/mine", "mine");
    let outside = outside.parent().unwrap().parent().unwrap().to_owned();
    world.sandbox.write("outside/made-0009-1.0.0.crate", "mine");
    let whole = |dir: &Path| support::wizard::files_below(dir).len();
    let (cache, src) = (world.place("cache", &world.dir()), world.place("src", &world.dir()));
    fs::remove_file(world.krate(7)).unwrap();
    symlink(outside.join("made-0009-1.0.0.crate"), world.krate(7)).unwrap();
    fs::remove_dir_all(world.sources(6)).unwrap();
    symlink(&outside, world.sources(6)).unwrap();
    for name in ["a\u{1b}[2J\u{202e}-1.0.0.crate", "..-1.0.0.crate", "x-01.0.crate", "-1.0.0.crate"] {
        fs::write(cache.join(name), "").unwrap();
    }
    fs::create_dir(cache.join("made-0010-1.0.0.crate")).unwrap();
    symlink(&outside, world.place("cache", "h-0011223344556677")).unwrap();
    symlink(&outside, world.place("src", "h-0011223344556677")).unwrap();
    fs::create_dir(world.place("cache", "b\u{1b}]0;x\u{7}-0011223344556677")).unwrap();
    fs::remove_dir_all(src.join("made-0005-1.0.0")).unwrap();

    let output = world.run(&["cache", "list"]);
    let lines = String::from_utf8(output.stdout).unwrap();
    assert!(!lines.chars().any(|c| c != '\n' && c.is_control()), "{lines:?}");
    assert_eq!(lines.matches("invalid name").count(), 6, "{lines}");
    assert!(!lines.contains("h-0011223344556677") && !lines.contains('\u{202e}'), "{lines}");
    let (_, objects) = world.json(&["cache", "verify"]);
    assert_eq!((&objects[0]["whole"], objects[0]["damaged"].as_array().unwrap().len()), (&7.into(), 6));
    world.json(&["cache", "repair", "--trust-project"]);

    let before = whole(&outside);
    let (code, objects) = world.json(&["cache", "prune", "made-0006", "--yes"]);
    assert_eq!(code, Some(1), "its sources are a link: {objects:?}");
    assert_eq!(objects[0]["pruned"]["failed"][0]["name"], "made-0006");
    assert!(world.krate(6).exists());
    let (code, _) = world.json(&["cache", "prune", "made-0007", "--yes"]);
    assert_eq!(code, Some(5), "a link is no crate");
    let (_, objects) = world.json(&["cache", "prune", "--registry", &world.dir(), "--dry-run"]);
    let warnings = objects[0]["warnings"].to_string();
    assert!(warnings.contains("6 files that Cargo did not put there would go too"), "{warnings}");
    let (code, objects) = world.json(&["cache", "prune", "--registry", &world.dir(), "--yes"]);
    assert_eq!(code, Some(0), "{objects:?}");
    assert!(!cache.exists() && !src.exists());
    assert_eq!(whole(&outside), before, "nothing was reached through a link");
    let (code, _) = world.json(&["cache", "prune", "--registry", "h-0011223344556677", "--yes"]);
    assert_eq!(code, Some(5), "a link is no folder of the cache");
    assert_eq!(whole(&outside), before);
}

#[test]
fn crates_without_an_index_are_told_to_be_in_danger() {
    let world = World::new();
    fs::remove_dir_all(world.place("index", &world.dir())).unwrap();
    assert_eq!(world.list()["folders"][0]["orphan"], true);
    let lines = String::from_utf8(world.run(&["cache", "list"]).stdout).unwrap();
    assert!(lines.contains("no index: Cargo's daily clean-up will delete all of it"), "{lines}");
    let (_, objects) = world.json(&["cache", "prune", "made-0001", "--dry-run"]);
    let warnings = objects[0]["warnings"].to_string();
    assert!(warnings.contains("has no index"), "{warnings}");
}

#[test]
fn rows_come_in_batches_before_their_sizes() {
    let world = World::new();
    fs::remove_file(world.home().join(".global-cache")).unwrap();
    let (sender, mut receiver) = mpsc::channel(64);
    let (_cancel, cancelled) = oneshot::channel();
    let services = world.services();
    world.runtime.spawn(async move {
        let events = Events::new(JobId(1), sender);
        task::run(services, Request::Cache(CacheJob::List), (&events, cancelled)).await;
    });
    let mut kinds = Vec::new();
    while let Some((_, event)) = receiver.blocking_recv() {
        kinds.push(match event {
            Event::InCache(CacheEvent::Folders(_)) => "folders",
            Event::InCache(CacheEvent::Rows(rows)) => {
                assert!(rows.iter().all(|row| row.used.is_none() && row.last_use().is_some()), "file times");
                "rows"
            }
            Event::InCache(CacheEvent::Unpacked(sizes)) => {
                assert!(sizes.iter().all(|(_, bytes)| *bytes > 0));
                "sizes"
            }
            Event::CacheDone(CacheDone::Listed) => "end",
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(kinds, ["folders", "rows", "sizes", "end"]);
}

#[test]
fn feeds_that_only_share_a_name_are_never_deleted_together() {
    let world = World::new();
    let other = "sparse+https://pkgs.dev.azure.com/other/_packaging/feed/Cargo/index/";
    let home = format!("[registries.feed]\nindex = \"{other}\"\ncredential-provider = \"cargo:token\"\n");
    fs::write(world.home().join("config.toml"), home).unwrap();
    let dir = dir_names(other).unwrap().current;
    let file = world.place("cache", &dir).join("x-1.0.0.crate");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "x").unwrap();
    let prune = |registry: &str| world.json(&["cache", "prune", "--registry", registry, "--yes"]);
    let (code, objects) = prune("feed");
    assert_eq!((code, code_of(&objects)), (Some(2), "ambiguous"), "{objects:?}");
    let details = objects[0]["error"]["details"].to_string();
    assert!(details.contains(&dir) && details.contains(&world.dir()), "{details}");
    assert!(file.exists() && world.krate(1).exists());
    assert_eq!(prune(&world.index).0, Some(0), "the index says which");
    assert!(file.exists() && !world.krate(1).exists());
    assert_eq!(prune("feed").0, Some(0), "only one is left");
    assert!(!file.exists());
}

#[test]
fn a_broken_project_hides_nothing_of_the_cache() {
    let world = World::new();
    flip(&world.krate(2));
    let lock = world.demo.project_dir().join("Cargo.lock");
    let config = world.demo.project_dir().join(".cargo/config.toml");
    for (file, code) in [(lock, "lock-file-not-valid"), (config, "config-syntax")] {
        let before = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("<<<<<<< HEAD\n{before}")).unwrap();
        let list = world.list();
        let is_noted =
            |notes: &Value| notes[0].as_str().unwrap().contains("what this project uses is not known");
        assert!(is_noted(&list["notes"]), "{list}");
        assert_eq!(list["folders"][0]["crates"].as_array().unwrap().len(), 8);
        let (failed, objects) = world.json(&["cache", "verify"]);
        assert_eq!((failed, &objects[0]["whole"]), (Some(1), &7.into()), "{objects:?}");
        assert!(is_noted(&objects[0]["notes"]));
        let (planned, objects) = world.json(&["cache", "prune", "made-0001", "--dry-run"]);
        assert!(planned == Some(0) && is_noted(&objects[0]["warnings"]), "{objects:?}");
        let (failed, objects) = world.json(&["cache", "repair", "--trust-project"]);
        assert_eq!((failed, code_of(&objects)), (Some(1), code), "{objects:?}");
        assert!(world.krate(2).exists(), "nothing could be fetched again");
        fs::write(&file, before).unwrap();
    }
}

#[test]
fn a_repair_asks_for_trust_before_it_deletes() {
    let world = World::new();
    flip(&world.krate(2));
    let (code, objects) = world.json(&["cache", "repair"]);
    assert_eq!((code, code_of(&objects)), (Some(2), "project-not-trusted"), "{objects:?}");
    assert!(world.krate(2).exists() && world.sources(2).exists());
}

#[test]
fn a_fetch_says_that_it_waits_for_another_cargo() {
    let world = World::new();
    fs::remove_file(world.krate(1)).unwrap();
    let lock = File::open(world.home().join(LOCKS[1])).unwrap();
    lock.lock().unwrap();
    let mut fetch = world.command(BINARY);
    fetch.args(["fetch", "--locked", "--trust-project", "--json"]).stdout(Stdio::piped());
    let mut fetch = fetch.spawn().unwrap();
    let lines = BufReader::new(fetch.stdout.take().unwrap()).lines();
    let mut events = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let waiting = events.find(|event| event["phase"] == "waiting").expect("it waits");
    assert_eq!(waiting["on"], "package cache");
    assert!(!world.krate(1).exists());
    drop(lock);
    let last = events.last().unwrap();
    assert_eq!((&last["event"], &last["end"], &last["stored"]), (&"ended".into(), &"done".into(), &1.into()));
    assert!(fetch.wait().unwrap().success() && world.krate(1).exists());
}

#[test]
fn a_feed_that_was_switched_to_is_known_in_every_project() {
    let world = World::new();
    let index = IndexUrl::parse(&world.index).unwrap();
    let name = RegistryName::parse("switched").unwrap();
    record::use_feed(&world.sandbox.state_dir(), (&name, &index)).unwrap();
    let elsewhere = world.sandbox.project();
    let output = world.command(BINARY).current_dir(elsewhere).args(["cache", "list", "--json"]).output();
    let list: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    assert_eq!(list["folders"][0]["registry"], "switched", "{list}");
}
