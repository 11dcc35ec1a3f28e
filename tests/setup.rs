//! `setup` without a terminal: the real binary, the embedded Azure in this process, so that what was sent to it
//! can be looked at, and the real Cargo. Pictures of what is said, and JSON line by line.
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use az_cargo_wizard::demo::{Demo, DemoOptions, Pace};
use az_cargo_wizard::domain::credential::{Credential, Secret};
use insta::assert_snapshot;
use serde_json::{Value, json};

use support::sandbox::Sandbox;
use support::wizard::{Traces, files_below, product};

#[expect(dead_code, reason = "this test uses a part of what the tests share")]
mod support;

/// What a person asks for who makes the recommended pair.
const PAIR: [&str; 11] = [
    "--create",
    "--feed",
    "shop",
    "--publish-feed",
    "shop-publish",
    "--visibility",
    "organization",
    "--upstreams",
    "crates-io",
    "--scope",
    "project",
];

struct World {
    sandbox: Sandbox,
    demo: Demo,
    token: PathBuf,
    runtime: tokio::runtime::Runtime,
}

impl World {
    fn new() -> Self {
        Self::with_token(|demo| demo.token().clone())
    }

    fn with_token(token: impl FnOnce(&Demo) -> Secret) -> Self {
        let mut sandbox = Sandbox::new();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let dir = Some(sandbox.root().join("demo"));
        let temp_parent = sandbox.root().join("tmp");
        let demo = runtime.block_on(Demo::start(DemoOptions { dir, temp_parent, pace: Pace::Fast })).unwrap();
        sandbox.watch(&demo);
        // As `demo --demo-dir DIR` says it for a second terminal.
        sandbox.set("CARGO_HOME", demo.cargo_home());
        sandbox.set("XDG_STATE_HOME", demo.state_dir());
        sandbox.set("NO_PROXY", "127.0.0.1");
        let token = sandbox.write("token", token(&demo).expose());
        Self { sandbox, demo, token, runtime }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = product(&self.sandbox, ["setup"]);
        command.args(args).arg("--dir").arg(self.demo.project_dir());
        command.stdin(fs::File::open(&self.token).unwrap());
        command
    }

    /// With the organization, the token and its place.
    fn run(&self, args: &[&str]) -> Output {
        let org = format!("{}/contoso", self.demo.origin());
        let mut command = self.command(&["--org", &org, "--with-token", "--store", "file"]);
        command.args(args).output().unwrap()
    }

    /// Exit code, standard output and standard error as one text.
    fn picture(&self, output: &Output) -> String {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let picture = format!(
            "exit: {}\n--- stdout\n{}--- stderr\n{}",
            output.status.code().unwrap(),
            text(&output.stdout),
            text(&output.stderr)
        );
        let root = self.sandbox.root().canonicalize().unwrap();
        picture.replace(root.to_str().unwrap(), "ROOT").replace(self.sandbox.root().to_str().unwrap(), "ROOT")
    }

    /// The methods and paths of what changed something, and the answers.
    fn changes(&self) -> Vec<String> {
        let changes = self.demo.requests().into_iter().filter(|request| request.method != "GET");
        changes.map(|request| format!("{} {} {}", request.method, request.path, request.status)).collect()
    }

    /// Every file of the demo and of the sandbox, with its bytes; but for what the tests write of requests.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let files = files_below(self.sandbox.root()).into_iter().filter(|file| file.is_file());
        let files = files.filter(|file| !file.ends_with("requests.jsonl"));
        files.map(|file| (file.clone(), fs::read(file).unwrap())).collect()
    }

    /// The files that are new, gone or changed since then.
    fn changed_since(&self, before: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<PathBuf> {
        let now = self.files();
        let all: BTreeSet<&PathBuf> = before.keys().chain(now.keys()).collect();
        all.into_iter().filter(|file| before.get(*file) != now.get(*file)).cloned().collect()
    }

    fn config(&self) -> String {
        fs::read_to_string(self.demo.project_dir().join(".cargo/config.toml")).unwrap()
    }

    fn write_config(&self, text: &str) {
        fs::create_dir_all(self.demo.project_dir().join(".cargo")).unwrap();
        fs::write(self.demo.project_dir().join(".cargo/config.toml"), text).unwrap();
    }

    fn crates(&self) -> usize {
        files_below(&self.demo.cargo_home().join("registry/cache")).len()
    }
}

impl Drop for World {
    /// The demo's folder must be given back while its runtime goes on.
    fn drop(&mut self) {
        let _guard = self.runtime.enter();
    }
}

fn objects(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let objects: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(objects.iter().all(|object| object["schema"] == 1), "{text}");
    objects
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// Placeholders of one width for what differs from run to run.
macro_rules! assert_picture {
    ($picture:expr) => {{
        let mut settings = insta::Settings::clone_current();
        settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT");
        settings.add_filter(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ACTIVITY");
        settings.add_filter(r"date: .* GMT", "date: DATE");
        settings.add_filter(r"until \d{4}-\d\d-\d\d", "until YYYY-MM-DD");
        settings.bind(|| assert_snapshot!($picture));
    }};
}

#[test]
fn help() {
    let sandbox = Sandbox::new();
    let output = product(&sandbox, ["setup", "--help"]).output().unwrap();
    assert_picture!(String::from_utf8(output.stdout).unwrap());
}

#[test]
fn every_missing_flag_is_named_at_once() {
    let world = World::new();
    let org = format!("{}/contoso", world.demo.origin());
    let nothing = world.picture(&world.command(&[]).output().unwrap());
    assert_picture!(nothing);
    let create = world.command(&["--org", &org, "--create"]).output().unwrap();
    insta::with_settings!({ snapshot_suffix => "create" }, { assert_picture!(world.picture(&create)) });
    let project = world.run(&[&PAIR[..], &["--yes"]].concat());
    assert_eq!(code(&project), 2);
    assert!(world.picture(&project).contains("hint: add `--project PROJECT`"), "{project:?}");
    let json = world.command(&["--org", &org, "--create", "--json"]).output().unwrap();
    let [object] = &objects(&json)[..] else { panic!("one object: {json:?}") };
    assert_eq!((&object["error"]["code"], &object["error"]["exit"]), (&"flag-missing".into(), &2.into()));
    assert!(world.demo.requests().is_empty(), "somebody was asked");
}

/// Ctrl-C while nobody sends a token: the command ends at once, and has asked and written nothing.
#[cfg(target_os = "linux")]
#[test]
fn it_can_be_stopped_while_it_waits_for_a_token() {
    let world = World::new();
    let before = world.files();
    let org = format!("{}/contoso", world.demo.origin());
    let mut command = world.command(&["--org", &org, "--with-token", "--feed", "rust-crates", "--yes"]);
    command.args(["--store", "file"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut setup = command.spawn().unwrap();
    let kept_open = setup.stdin.take();
    let tasks = PathBuf::from(format!("/proc/{}/task", setup.id()));
    let reads = || {
        let tasks = fs::read_dir(&tasks).into_iter().flatten().flatten();
        let mut names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
        names.any(|name| name.trim() == "standard-input")
    };
    while !reads() {
        assert!(setup.try_wait().unwrap().is_none(), "it did not wait");
        std::thread::yield_now();
    }
    let pid = rustix::process::Pid::from_raw(i32::try_from(setup.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(setup.wait().unwrap().code(), Some(130));
    drop(kept_open);
    assert!(world.demo.requests().is_empty(), "somebody was asked");
    assert_eq!(world.changed_since(&before), [] as [PathBuf; 0]);
}

#[test]
fn flags_that_contradict_each_other_are_usage_errors() {
    let world = World::new();
    let create = ["--create", "--visibility", "tenant", "--upstreams", "none"];
    for args in [
        &["--feed", "a", "--yes", "--dry-run"][..],
        &["--feed", "a", "--visibility", "tenant"],
        &["--feed", "a", "--upstreams", "common"],
        &["--feed", "a", "--scope", "project"],
        &["--feed", "a", "--description", "x"],
        &["--feed", "a", "--create", "--visibility", "everybody"],
        &["--feed", "a", "--config", "system"],
        &["--feed", "a", "--store", "cloud"],
        &["--feed", "a", "--no-replace-crates-io", "--replace-crates-io"],
        &["--feed", "a", "--no-replace-crates-io", "--overwrite-replacement"],
        &["--feed", "a@Release", "--overwrite-replacement"],
        &["--feed", "Web/a", "--project", "Shop"],
        &["--feed", "a", "--publish-feed", "A"],
        &["--feed", "a", "--publish-feed", "b@Local"],
        &["--feed", "a b"],
        &["--feed", "a@b c"],
        &["--feed", "a", "--registry", "1st"],
        &["--feed", "a", "--project", "a/b"],
        &[&create[..], &["--feed", "a", "--scope", "organization"]].concat(),
        &["--create", "--feed", "Web/a", "--scope", "organization"],
        &["--create", "--feed", "a", "--description", &"x".repeat(256)],
    ] {
        let output = world.run(args);
        assert_eq!(code(&output), 2, "{args:?}: {}", world.picture(&output));
        assert!(!world.picture(&output).contains("flag-missing"), "{args:?}");
    }
    assert!(world.demo.requests().is_empty(), "somebody was asked");
}

#[test]
fn a_dry_run_shows_requests_and_differences_and_changes_nothing() {
    let world = World::new();
    // The world's own files are written once it is asked something: from here on nothing changes.
    let before = world.files();
    let pair = [&PAIR[..], &["--project", "Storefront", "--description", "crates for the shop", "--dry-run"]];
    let output = world.run(&pair.concat());
    assert_picture!(world.picture(&output));
    let json = world.run(&[&pair.concat()[..], &["--json"]].concat());
    let [object] = &objects(&json)[..] else { panic!("one object: {json:?}") };
    assert_eq!(world.changes(), [] as [&str; 0]);
    assert_eq!(world.changed_since(&before), [] as [PathBuf; 0], "something was written");
    let text = serde_json::to_string_pretty(object).unwrap();
    let text = text.replace(world.sandbox.root().to_str().unwrap(), "ROOT");
    insta::with_settings!({ snapshot_suffix => "json" }, { assert_picture!(text) });
}

#[test]
fn the_pair_is_made_configured_logged_in_and_fetched_from_and_a_second_time_nothing_is_made() {
    let world = World::new();
    let pair = [&PAIR[..], &["--project", "Storefront", "--yes", "--json"]].concat();
    let output = world.run(&pair);
    assert_eq!(code(&output), 0, "{}", world.picture(&output));
    let events = objects(&output);
    assert_eq!(events[0]["event"], "feed-created");
    assert_eq!(events[0]["feed"], "Storefront/shop");
    assert_eq!(events[1]["feed"], "Storefront/shop-publish");
    assert_eq!(events[2]["event"], "set-up");
    assert_eq!(events[2]["plan"]["publish"]["registry"], "shop-publish");
    assert_eq!(events.last().unwrap()["end"], "done");
    assert_eq!(world.crates(), 60);
    let posts = world.changes().iter().filter(|change| change.starts_with("POST")).count();
    assert_eq!((posts, world.changes().len()), (2, 4));
    assert!(world.config().contains("[registries.shop-publish]"), "{}", world.config());
    let credentials = fs::read_to_string(world.demo.cargo_home().join("credentials.toml")).unwrap();
    assert!(credentials.contains("[registries.shop]") && credentials.contains("[registries.shop-publish]"));

    let config = world.config();
    let again = world.run(&pair);
    assert_eq!(code(&again), 0, "{}", world.picture(&again));
    assert!(world.picture(&again).contains("the feed Storefront/shop is there already, as asked for"));
    assert_eq!(world.changes().len(), 4, "made twice");
    assert_eq!(world.config(), config);

    let said = [output.stdout, output.stderr, again.stdout, again.stderr].concat();
    let token = fs::read_to_string(&world.token).unwrap();
    assert_eq!(Traces::of(&token).found_in(&said), None);
}

#[test]
fn a_feed_that_was_made_is_told_of_when_all_the_rest_is_taken_back() {
    let world = World::new();
    let output = world.run(&[&PAIR[..], &["--project", "Storefront", "--yes"]].concat());
    assert_eq!(code(&output), 0, "{}", world.picture(&output));
    let undo = |args: &[&str]| {
        let mut command = product(&world.sandbox, ["undo", "--dir"]);
        command.arg(world.demo.project_dir()).args(args).output().unwrap()
    };
    let shown = undo(&["--dry-run", "--json"]);
    let later = objects(&shown)[0]["later"].clone();
    let acts: Vec<&str> =
        later.as_array().unwrap().iter().map(|entry| entry["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["feed-created", "feed-created", "logged-in"], "{later}");
    let first = undo(&[]);
    assert_eq!(code(&first), 0, "{}", world.picture(&first));
    for feed in ["shop", "shop-publish"] {
        let told =
            format!("note: not taken back: created the feed Storefront/{feed}. Delete the feed on its own");
        assert!(world.picture(&first).contains(&told), "{}", world.picture(&first));
    }
    assert!(!world.demo.project_dir().join(".cargo").exists(), "what was new is gone, its folder too");
    let second = undo(&[]);
    let text = world.picture(&second);
    assert_eq!(code(&second), 1, "{text}");
    assert!(text.contains("(created the feed Storefront/shop-publish) cannot be taken back"), "{text}");
    assert!(text.contains("Delete the feed on its own page: "), "{text}");
    // Another project has made none.
    let elsewhere = product(&world.sandbox, ["undo"]).output().unwrap();
    assert!(!world.picture(&elsewhere).contains("feed Storefront"), "{}", world.picture(&elsewhere));
}

#[test]
fn only_the_feed_for_publishing_is_made_where_the_other_one_is_there() {
    let world = World::new();
    let args = ["--create", "--feed", "rust-crates", "--publish-feed", "shop-own", "--project", "Storefront"];
    let answers = ["--visibility", "organization", "--upstreams", "common", "--scope", "project", "--yes"];
    let output = world.run(&[&args[..], &answers[..]].concat());
    assert_eq!(code(&output), 0, "{}", world.picture(&output));
    let changes = world.changes();
    assert_eq!(changes.len(), 2, "{changes:?}");
    assert!(changes[1].contains("/Feeds/shop-own/views/Local 200"), "{changes:?}");
    assert!(world.picture(&output).contains("created the feed Storefront/shop-own"));
    assert!(world.picture(&output).contains("to publish a crate: publish = [\"shop-own\"]"));
}

#[test]
fn a_feed_to_publish_to_that_is_there_is_used_and_one_that_is_not_is_said() {
    let world = World::new();
    let args = ["--feed", "rust-crates", "--publish-feed", "contoso-internal", "--dry-run", "--json"];
    let output = world.run(&args);
    let plan = &objects(&output)[0]["plan"];
    assert_eq!(plan["publish"]["registry"], "contoso-internal", "{output:?}");
    let output = world.run(&["--feed", "rust-crates", "--publish-feed", "nowhere", "--dry-run"]);
    assert_eq!(code(&output), 5);
    assert!(world.picture(&output).contains("you can see no feed `nowhere`"));
    let output = world.run(&["--feed", "rust-crates", "--publish-feed", "tools", "--dry-run"]);
    assert!(world.picture(&output).contains("note: tools takes crates from crates.io too"), "{output:?}");
    let taken = ["--feed", "rust-crates", "--publish-feed", "tools", "--registry", "tools", "--dry-run"];
    assert_eq!(code(&world.run(&taken)), 2);
    assert_eq!(world.changes(), [] as [&str; 0]);
}

#[test]
fn a_feed_that_is_there_but_not_as_asked_for_is_left_alone() {
    let world = World::new();
    let answers = [
        "--create",
        "--visibility",
        "tenant",
        "--upstreams",
        "crates-io",
        "--scope",
        "organization",
        "--yes",
    ];
    let output = world.run(&[&answers[..], &["--feed", "payments-internal"]].concat());
    assert_picture!(world.picture(&output));
    let none = ["--create", "--visibility", "organization", "--upstreams", "none", "--scope", "organization"];
    let none = [&none[..], &["--feed", "tools", "--no-replace-crates-io", "--yes"]].concat();
    assert!(world.picture(&world.run(&none)).contains("crates.io is among its upstream sources"));
    assert_eq!(world.changes(), [] as [&str; 0]);
    assert!(!world.demo.project_dir().join(".cargo").exists());
}

#[test]
fn a_feed_without_its_visibility_is_told_and_never_made_twice() {
    let world = World::with_token(|demo| demo.tokens().read_write.clone());
    let args = ["--create", "--feed", "shop", "--project", "Storefront", "--yes"];
    let answers = ["--visibility", "tenant", "--upstreams", "crates-io", "--scope", "project"];
    let args = [&args[..], &answers[..]].concat();
    let json = world.run(&[&args[..], &["--json"]].concat());
    assert_eq!(code(&json), 3, "{}", world.picture(&json));
    let [created, error] = &objects(&json)[..] else { panic!("two objects: {json:?}") };
    assert_eq!((&created["event"], &created["feed"]), (&"feed-created".into(), &"Storefront/shop".into()));
    assert_eq!(created["shortfalls"][0]["code"], "visibility-not-set");
    assert_eq!(error["error"]["headline"], "feed created; visibility not set");
    assert_eq!(error["error"]["exit"], 3);
    assert!(!world.demo.project_dir().join(".cargo").exists(), "it went on");

    let again = world.run(&args);
    assert_picture!(world.picture(&again));
    let posts = world.changes().into_iter().filter(|change| change.starts_with("POST"));
    assert_eq!(posts.count(), 1);
    let as_it_is = world.run(&["--feed", "shop", "--yes"]);
    assert_eq!(code(&as_it_is), 0, "{}", world.picture(&as_it_is));
}

#[test]
fn a_feed_that_could_not_be_made_ends_the_run() {
    let world = World::new();
    let args = ["--create", "--visibility", "organization", "--upstreams", "crates-io", "--scope", "project"];
    let args = [&args[..], &["--project", "Storefront", "--feed", "storefront-legacy", "--yes"]].concat();
    let output = world.run(&args);
    assert_picture!(world.picture(&output));
    assert!(!world.demo.project_dir().join(".cargo").exists());
}

#[test]
fn a_view_must_be_one_of_the_feed() {
    let world = World::new();
    let run = |feed: &str, more: &[&str]| world.run(&[&["--feed", feed, "--dry-run"], more].concat());
    let missing = run("rust-crates@Nightly", &[]);
    assert_eq!(code(&missing), 5);
    assert_picture!(world.picture(&missing));
    let local = run("rust-crates@local", &["--json"]);
    assert_eq!(code(&local), 0, "{local:?}");
    let local = objects(&local).remove(0);
    assert_eq!(local["plan"]["replace_crates_io"], true);
    assert!(local["plan"]["index"].as_str().unwrap().contains("/rust-crates@Local/"), "{local}");
    let release = objects(&run("rust-crates@Release", &["--json"])).remove(0);
    assert_eq!(release["plan"]["replace_crates_io"], false);
    assert!(release["notes"].to_string().contains("promoted crates only"), "{release}");
    let agreed = objects(&run("rust-crates@Release", &["--replace-crates-io", "--json"])).remove(0);
    assert_eq!(agreed["plan"]["replace_crates_io"], true);
}

#[test]
fn each_answer_of_the_config_step_has_its_flag() {
    let world = World::new();
    let plan = |more: &[&str]| {
        let args = [&["--feed", "Storefront/rust-crates", "--dry-run", "--json"], more].concat();
        objects(&world.run(&args)).remove(0)
    };
    assert_eq!(plan(&["--config", "user"])["plan"]["config"], "user");
    assert_eq!(plan(&[])["plan"]["config"], "project");
    assert_eq!(plan(&["--registry", "ours"])["plan"]["registry"], "ours");
    assert_eq!(plan(&["--no-replace-crates-io"])["plan"]["replace_crates_io"], false);
    assert_eq!(plan(&["--project", "Storefront"])["feed"]["feed"], "Storefront/rust-crates");
    let none = world.run(&["--feed", "npm-mirror", "--dry-run"]);
    assert_eq!(code(&none), 1);
    assert!(world.picture(&none).contains("hint: choose another feed, or leave crates.io as it is with"));
    let elsewhere = world.run(&["--feed", "rust-crates", "--project", "Payments", "--dry-run"]);
    assert_eq!(code(&elsewhere), 5);
}

#[test]
fn this_run_only_keeps_no_credential() {
    let world = World::new();
    let org = format!("{}/contoso", world.demo.origin());
    let args = ["--org", &org, "--feed", "rust-crates", "--with-token", "--store", "none", "--yes"];
    let output = world.command(&args).output().unwrap();
    assert_eq!(code(&output), 0, "{}", world.picture(&output));
    assert_eq!(world.crates(), 60);
    assert!(!world.demo.cargo_home().join("credentials.toml").exists());
    let token = fs::read_to_string(&world.token).unwrap();
    fs::remove_file(&world.token).unwrap();
    let holders = Traces::of(&token).files_below(world.sandbox.root());
    // The world knows its own token.
    assert!(holders.iter().all(|file| is_the_worlds(file)), "{holders:?}");
}

fn is_the_worlds(file: &Path) -> bool {
    file.ends_with("demo/world.json")
}

#[test]
fn a_vendored_folder_gives_way_only_when_that_is_said() {
    let vendored = "[build]\njobs = 2 # few\n\n[source.crates-io]\nreplace-with = \"vendored\" # offline\n\n\
                    [source.vendored]\ndirectory = \"vendor\"\n";
    let world = World::new();
    world.write_config(vendored);
    let refused = world.run(&["--feed", "rust-crates", "--yes"]);
    assert_picture!(world.picture(&refused));
    assert_eq!(world.config(), vendored);
    let agreed = world.run(&["--feed", "rust-crates", "--overwrite-replacement", "--yes"]);
    assert_eq!(code(&agreed), 0, "{}", world.picture(&agreed));
    let index = format!("{}/contoso/Storefront/_packaging/rust-crates/Cargo/index/", world.demo.origin());
    assert_eq!(
        world.config(),
        format!(
            "{}\n[registries.rust-crates]\nindex = \"sparse+{index}\"\n",
            vendored.replace("\"vendored\"", "\"rust-crates\"")
        )
    );
}

#[test]
fn a_token_that_is_refused_is_exit_3_and_nothing_is_written() {
    let world = World::with_token(|demo| demo.tokens().expired.clone());
    let before = world.files();
    let output = world.run(&["--feed", "rust-crates", "--yes", "--json"]);
    assert_eq!(code(&output), 3, "{}", world.picture(&output));
    assert_eq!(objects(&output)[0]["error"]["exit"], 3);
    assert_eq!(world.changed_since(&before), [] as [PathBuf; 0]);
}

/// The whole `setup` on a demo of its own, signed in with a code that the demo approves by itself.
fn with_a_code(sandbox: &Sandbox, flags: &[&str]) -> Output {
    let mut command = product(sandbox, ["setup", "--demo", "--demo-fast", "--auth", "device", "--demo-dir"]);
    command.arg(sandbox.root().join("demo")).args(["--feed", "rust-crates", "--yes"]).args(flags);
    command.output().unwrap()
}

#[test]
fn a_code_is_told_on_standard_error_and_as_an_event() {
    let sandbox = Sandbox::new();
    let output = with_a_code(&sandbox, &["--store", "none", "--json"]);
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(code(&output), 0, "{said}");
    let events = objects(&output);
    let told = events.iter().find(|event| event["event"] == "device-code").unwrap();
    let (shown, page) = (told["code"].as_str().unwrap(), told["page"].as_str().unwrap());
    assert!(page.ends_with("/devicelogin") && shown.len() == 9, "{told}");
    // The clock has gone on since then.
    assert!((800..=900).contains(&told["expires_in_s"].as_u64().unwrap()), "{told}");
    assert!(
        said.contains(&format!("to sign in, open {page} in any browser and enter the code {shown}")),
        "{said}"
    );
    assert!(said.contains("signed in to") && !said.contains("ends within the hour"), "{said}");
}

#[test]
fn a_token_that_ends_within_the_hour_is_kept_with_a_word_about_it() {
    let sandbox = Sandbox::new();
    let output = with_a_code(&sandbox, &["--store", "file"]);
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(code(&output), 0, "{said}");
    assert!(said.contains("note: an Entra access token ends within the hour"), "{said}");
    let kept = fs::read_to_string(sandbox.root().join("demo/cargo-home/credentials.toml")).unwrap();
    assert!(kept.contains("token = \"Bearer eyJ"), "sent as it is kept");
    assert!(!said.contains("eyJ") && !String::from_utf8(output.stdout).unwrap().contains("eyJ"));
}

/// What a demo of that folder remembers of the tokens that were made in it.
fn made_tokens(sandbox: &Sandbox) -> Vec<Value> {
    let world = fs::read_to_string(sandbox.root().join("demo/world.json")).unwrap();
    let world: Value = serde_json::from_str(&world).unwrap();
    world["pats"].as_array().unwrap().clone()
}

#[test]
fn a_personal_access_token_is_made_and_kept_in_place_of_the_sign_in() {
    let sandbox = Sandbox::new();
    let plan = with_a_code(&sandbox, &["--store", "file", "--pat-days", "7", "--dry-run", "--json"]);
    assert_eq!(code(&plan), 2, "--yes and --dry-run contradict each other");
    let output = with_a_code(&sandbox, &["--store", "file", "--pat-days", "7", "--json"]);
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(code(&output), 0, "{said}");
    assert!(!said.contains("ends within the hour"), "{said}");
    let events = objects(&output);
    let set_up = events.iter().find(|event| event["event"] == "set-up").unwrap();
    let [made] = &made_tokens(&sandbox)[..] else { panic!("one token") };
    assert_eq!(set_up["made_token"]["name"], made["name"]);
    assert_eq!(set_up["made_token"]["ends"], made["ends"]);
    assert!(made["name"].as_str().unwrap().starts_with("az-cargo-wizard on "), "{made}");
    assert_eq!((&made["scope"], &made["revoked"]), (&"vso.packaging_write".into(), &false.into()));
    let lives = made["ends"].as_u64().unwrap() - made["made"].as_u64().unwrap();
    assert!((7 * 86_400 - 3600..=7 * 86_400).contains(&lives), "{made}");
    let kept = fs::read_to_string(sandbox.root().join("demo/cargo-home/credentials.toml")).unwrap();
    let header = kept.lines().find_map(|line| line.strip_prefix("token = \"")).unwrap().trim_end_matches('"');
    assert!(header.starts_with("Basic ") && !kept.contains("eyJ"), "what is kept is what lasts");
    let token = Credential::from_header(&Secret::new(header), "").unwrap();
    let Credential::Pat(token) = token else { panic!("a personal access token") };
    let all = [output.stdout, output.stderr].concat();
    assert_eq!(Traces::of(token.expose()).found_in(&all), None);
    let holders = Traces::of(token.expose()).files_below(sandbox.root());
    assert!(holders.iter().all(|file| file.ends_with("cargo-home/credentials.toml")), "{holders:?}");
}

#[test]
fn the_token_of_cargos_own_file_is_revoked_when_another_one_is_made() {
    let sandbox = Sandbox::new();
    let set_up = |flags: &[&str]| {
        let output = with_a_code(&sandbox, &[flags, &["--store", "file", "--json"]].concat());
        assert_eq!(code(&output), 0, "{}", String::from_utf8_lossy(&output.stderr));
        let events = objects(&output);
        events.into_iter().find(|event| event["event"] == "set-up").unwrap()
    };
    let made = ["--pat-days", "7"];
    assert_eq!(set_up(&made)["replaced_tokens"], json!([]));
    assert_eq!(set_up(&made)["replaced_tokens"][0]["revoked"], true);
    assert_eq!(set_up(&[])["replaced_tokens"][0]["revoked"], true, "the sign-in itself takes its place");
    assert_eq!(set_up(&[])["replaced_tokens"], json!([]));
    let revoked: Vec<bool> =
        made_tokens(&sandbox).iter().map(|made| made["revoked"].as_bool().unwrap()).collect();
    assert_eq!(revoked, [true, true]);
}

#[test]
fn a_token_that_the_registry_to_publish_to_still_holds_is_not_revoked() {
    let sandbox = Sandbox::new();
    let set_up = |flags: &[&str]| {
        let made = ["--store", "file", "--pat-days", "30", "--json"];
        let output = with_a_code(&sandbox, &[&made, flags].concat());
        assert_eq!(code(&output), 0, "{}", String::from_utf8_lossy(&output.stderr));
        let set_up = objects(&output).into_iter().find(|event| event["event"] == "set-up").unwrap();
        let revoked: Vec<bool> =
            made_tokens(&sandbox).iter().map(|made| made["revoked"].as_bool().unwrap()).collect();
        (set_up["replaced_tokens"].as_array().unwrap().len(), revoked)
    };
    let both = ["--publish-feed", "contoso-internal"];
    assert_eq!(set_up(&both), (0, vec![false]));
    assert_eq!(set_up(&[]), (0, vec![false, false]), "publishing goes on with the first one");
    assert_eq!(set_up(&both), (2, vec![true, true, false]), "now neither is in use");
}

#[test]
fn the_request_for_a_token_is_shown_before_and_nothing_is_sent() {
    let sandbox = Sandbox::new();
    let mut command = product(&sandbox, ["setup", "--demo", "--demo-fast", "--auth", "device", "--demo-dir"]);
    command.arg(sandbox.root().join("demo")).args(["--feed", "rust-crates", "--store", "file"]);
    let output = command.args(["--pat-days", "365", "--dry-run"]).output().unwrap();
    let shown = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(code(&output), 0, "{shown}");
    let lines: Vec<&str> =
        shown.lines().skip_while(|line| !line.starts_with("would send POST ")).take(7).collect();
    assert!(lines[0].ends_with("/contoso/_apis/tokens/pats"), "{shown}");
    assert!(lines[2].starts_with("    \"displayName\": \"az-cargo-wizard on "), "{shown}");
    assert_eq!(lines[3], "    \"scope\": \"vso.packaging_write\",");
    assert!(lines[4].starts_with("    \"validTo\": \"20"), "{shown}");
    assert_eq!(lines[5], "    \"allOrgs\": false");
    assert!(made_tokens(&sandbox).is_empty());
}

/// The product on the demo that is kept in that folder.
fn demo(sandbox: &Sandbox, args: &[&str]) -> Command {
    let mut command = product(sandbox, args);
    command.args(["--demo", "--demo-fast", "--demo-dir"]).arg(sandbox.root().join("demo"));
    command
}

/// The demo's organization, once its world is made with its ports.
fn demos_organization(sandbox: &Sandbox) -> String {
    demo(sandbox, &["status"]).output().unwrap();
    let world = fs::read_to_string(sandbox.root().join("demo/world.json")).unwrap();
    let world: Value = serde_json::from_str(&world).unwrap();
    format!("http://127.0.0.1:{}/contoso", world["ports"][0])
}

#[test]
fn a_token_that_is_made_again_takes_the_place_of_the_one_before_and_none_goes_unsaid() {
    let sandbox = Sandbox::new();
    let org = demos_organization(&sandbox);
    let login = |json: &[&str]| {
        let args = ["login", "--auth", "device", "--store", "file", "--pat-days", "30", "--org", &org];
        let output = demo(&sandbox, &[&args[..], json].concat()).output().unwrap();
        assert_eq!(code(&output), 0, "{}", String::from_utf8_lossy(&output.stderr));
        output
    };
    let first = objects(&login(&["--json"]));
    assert_eq!(first.last().unwrap()["replaced_tokens"], json!([]));
    let second = objects(&login(&["--json"]));
    let replaced = &second.last().unwrap()["replaced_tokens"][0];
    assert_eq!(
        (&replaced["revoked"], &replaced["ends"]),
        (&true.into(), &first.last().unwrap()["made_token"]["ends"])
    );
    let said = String::from_utf8(login(&[]).stderr).unwrap();
    assert!(said.contains("that was made for you earlier was revoked"), "{said}");
    let revoked = |sandbox: &Sandbox| -> Vec<bool> {
        made_tokens(sandbox).iter().map(|made| made["revoked"].as_bool().unwrap()).collect()
    };
    assert_eq!(revoked(&sandbox), [true, true, false], "one lives");

    // Forgotten is not revoked, and that is a field.
    let gone = objects(&demo(&sandbox, &["logout", "--json", "--org", &org]).output().unwrap());
    let page = format!("{org}/_usersSettings/tokens");
    assert_eq!(
        (&gone[0]["token_left"]["revoked"], &gone[0]["token_left"]["page"]),
        (&false.into(), &page.clone().into())
    );
    login(&[]);
    let gone = objects(&demo(&sandbox, &["uninstall", "--forget", "--json"]).output().unwrap());
    let [left] = &gone[0]["tokens_left"].as_array().unwrap()[..] else { panic!("{gone:?}") };
    assert_eq!((&left["revoked"], &left["page"]), (&false.into(), &page.clone().into()));
    login(&[]);
    let said = demo(&sandbox, &["uninstall", "--forget"]).output().unwrap().stderr;
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains("stays good until 2") && said.contains(&page), "{said}");
    assert_eq!(revoked(&sandbox), [true, true, false, false, false]);
}

#[test]
fn login_makes_a_token_too_and_status_knows_its_end() {
    let sandbox = Sandbox::new();
    let demo = |args: &[&str]| demo(&sandbox, args);
    let org = demos_organization(&sandbox);
    let login = ["login", "--auth", "device", "--store", "file", "--pat-days", "30", "--org", &org];
    let output = demo(&login).output().unwrap();
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(code(&output), 0, "{said}");
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.starts_with("made the personal access token `az-cargo-wizard on "), "{shown}");
    let status = objects(&demo(&["status", "--json"]).output().unwrap());
    let [made] = &made_tokens(&sandbox)[..] else { panic!("one token") };
    assert_eq!(status[0]["logins"][0]["kind"], "personal access token");
    assert_eq!(status[0]["logins"][0]["expires"], made["ends"]);
    // Forgotten is not revoked: that it stays good, and where that ends, is said.
    let output = demo(&["logout", "--org", &org]).output().unwrap();
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(code(&output), 0, "{said}");
    let name = made["name"].as_str().unwrap();
    assert!(
        said.contains(&format!("token `{name}` that was made for you earlier stays good until 2")),
        "{said}"
    );
    assert!(said.contains(&format!("to revoke it: {org}/_usersSettings/tokens")), "{said}");
}

#[test]
fn a_token_is_made_only_where_it_can_be_and_is_kept() {
    let world = World::new();
    for flags in [
        &["--pat-days", "30", "--auth", "pat", "--with-token"][..],
        &["--pat-days", "30", "--auth", "env"],
        &["--pat-days", "30", "--auth", "none"],
        &["--pat-days", "30", "--auth", "device", "--store", "none"],
        &["--pat-days", "0", "--auth", "device"],
        &["--pat-days", "366", "--auth", "device"],
    ] {
        let org = format!("{}/contoso", world.demo.origin());
        let output =
            world.command(&[&["--org", &org, "--feed", "rust-crates", "--yes"], flags].concat()).output();
        assert_eq!(code(&output.unwrap()), 2, "{flags:?}");
    }
    assert!(world.demo.requests().is_empty(), "nobody was asked");
}

/// With the organization named by a flag, and no token on standard input.
fn signed_in_by(world: &World, auth: &str) -> Output {
    let org = format!("{}/contoso", world.demo.origin());
    let flags = ["--org", &org, "--auth", auth, "--store", "file", "--feed", "rust-crates", "--dry-run"];
    world.command(&flags).output().unwrap()
}

#[test]
fn the_environments_token_is_named_by_its_variable() {
    let mut world = World::new();
    assert_eq!(code(&signed_in_by(&world, "env")), 3);
    world.sandbox.set("AZURE_DEVOPS_EXT_PAT", world.demo.token().expose());
    let output = signed_in_by(&world, "env");
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(code(&output), 0, "{said}");
    assert!(said.contains("using the token in AZURE_DEVOPS_EXT_PAT"), "{said}");
    assert_eq!(Traces::of(world.demo.token().expose()).found_in(said.as_bytes()), None);
}

#[test]
fn a_server_takes_no_token_of_entra_and_no_code() {
    let world = World::new();
    for auth in ["az", "device"] {
        let output = signed_in_by(&world, auth);
        let said = String::from_utf8(output.stderr.clone()).unwrap();
        assert_eq!(code(&output), 2, "{said}");
        assert!(said.contains("an Azure DevOps Server takes no Entra token"), "{said}");
    }
    assert!(world.demo.requests().is_empty(), "nobody was asked");
}
