//! Disks without room. A small disk of the kernel's own is made without any right, in a namespace of the test's, and
//! filled; where the kernel grants none, that is said, and the limit on the sizes of files, which every system has,
//! stands in for it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::sandbox::Sandbox;
use crate::support::wizard::{demo, demo_dir, token};

/// Mounts a disk, copies the files there, fills it, runs the command and copies back what is there then.
const ON_A_FULL_DISK: &str = r#"
mount -t tmpfs -o size=64k,mode=700 tmpfs "$FULL" || exit 99
cp -a "$BEFORE/." "$FULL" || exit 98
cat /dev/zero > "$FULL/filler" 2> /dev/null && exit 97
"$@"
code=$?
rm "$FULL/filler"
cp -a "$FULL/." "$AFTER" || exit 96
exit $code
"#;

/// 512 bytes, and no signal for who wants more.
const WITH_SMALL_FILES: &str = r#"trap '' XFSZ; ulimit -f 1; exec "$@""#;

const PROJECT: &str = "storefront/.cargo";

/// A kept demo, and what its project says before the wizard comes.
struct Desk {
    sandbox: Sandbox,
    config: String,
}

/// The files of a folder by their names.
type Files = BTreeMap<String, String>;

struct Outcome {
    code: Option<i32>,
    /// The last line of standard output.
    told: Value,
    all: String,
    /// What the full disk holds then.
    files: Files,
}

impl Desk {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let listed = demo(&sandbox).args(["cache", "list"]).output().unwrap();
        assert!(listed.status.success(), "{listed:?}");
        let line = |n| format!("shortcut-{n} = \"build --jobs {n}\"\n");
        let config = format!("# by hand\n[alias]\n{}", (0..60).map(line).collect::<String>());
        let desk = Self { sandbox, config };
        desk.reset();
        desk
    }

    fn path(&self, path: &str) -> PathBuf {
        demo_dir(&self.sandbox).join(path)
    }

    /// The project's file as it was, and nothing kept for Cargo.
    fn reset(&self) {
        for folder in ["cargo-home", "state"] {
            fs::remove_dir_all(self.path(folder)).unwrap();
            fs::create_dir(self.path(folder)).unwrap();
        }
        fs::create_dir_all(self.path(PROJECT)).unwrap();
        fs::write(self.path(PROJECT).join("config.toml"), &self.config).unwrap();
    }

    fn setup(&self) -> Command {
        let mut command = demo(&self.sandbox);
        command.args(["--json", "setup", "--feed", "rust-crates", "--registry", "feed"]);
        command.args(["--store", "file", "--with-token", "--yes"]);
        command
    }

    fn fetch(&self) -> Command {
        let mut command = demo(&self.sandbox);
        command.args(["--json", "fetch", "--locked"]);
        command
    }

    /// Runs the product where this folder of the demo is a disk without room for more than these files.
    fn run_full(&self, command: &Command, folder: &str, files: &Files) -> Outcome {
        let [before, after] = ["before", "after"].map(|name| self.sandbox.root().join(name));
        for dir in [&before, &after] {
            let _ = fs::remove_dir_all(dir);
            fs::create_dir(dir).unwrap();
        }
        for (name, text) in files {
            fs::write(before.join(name), text).unwrap();
            fs::set_permissions(before.join(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
        let mut shell = self.sandbox.command("unshare");
        shell.args(["--user", "--map-root-user", "--mount", "sh", "-c", ON_A_FULL_DISK, "sh"]);
        shell.env("FULL", self.path(folder)).env("BEFORE", &before).env("AFTER", &after);
        let output = self.feed_token(shell.arg(command.get_program()).args(command.get_args()));
        Outcome { files: files_of(&after), ..Outcome::of(&output) }
    }

    fn feed_token(&self, command: &mut Command) -> Output {
        let file = self.sandbox.write("token", format!("{}\n", token(&self.sandbox)));
        command.stdin(Stdio::from(fs::File::open(file).unwrap())).output().unwrap()
    }

    fn project_config(&self) -> String {
        fs::read_to_string(self.path(PROJECT).join("config.toml")).unwrap()
    }
}

impl Outcome {
    fn of(output: &Output) -> Self {
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let told = stdout.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
        Self { code: output.status.code(), told, all: format!("{stdout}{stderr}"), files: Files::new() }
    }

    /// Says what is wrong with which file, and what to do.
    #[track_caller]
    fn assert_says(&self, code: &str, path: &str) {
        assert_eq!(self.code, Some(1), "{}", self.all);
        let error = &self.told["error"];
        assert_eq!(error["code"], code, "{}", self.all);
        assert!(error["headline"].as_str().unwrap().contains(path), "{}", self.all);
        assert!(error["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{}", self.all);
    }
}

fn files_of(folder: &Path) -> Files {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    let text = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    files.map(|entry| (entry.file_name().into_string().unwrap(), text(&entry.path()))).collect()
}

fn one(name: &str, text: &str) -> Files {
    Files::from([(name.to_owned(), text.to_owned())])
}

/// Whether the kernel lets an ordinary user make a disk.
#[expect(clippy::print_stdout, reason = "what is not tried is said")]
fn may_mount(sandbox: &Sandbox) -> bool {
    let mut trial = sandbox.command("unshare");
    trial.args(["--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs"]);
    let may = trial.arg(sandbox.project()).output().is_ok_and(|output| output.status.success());
    if !may {
        println!("not tried: this kernel makes no disk for an ordinary user; see the limit on file sizes");
    }
    may
}

#[test]
fn on_a_full_disk_every_file_stays_as_it_was_and_the_error_names_it() {
    let desk = Desk::new();
    if !may_mount(&desk.sandbox) {
        return;
    }
    // A whole page, so that one more byte needs a second.
    let credentials = one("credentials.toml", &format!("#{}\n", "-".repeat(4094)));
    let outcome = desk.run_full(&desk.setup(), "cargo-home", &credentials);
    outcome.assert_says("disk-full", "credentials.toml");
    assert_eq!(outcome.files, credentials);
    assert_eq!(desk.project_config(), desk.config, "nothing is written for a credential that is not kept");

    let config = one("config.toml", &desk.config);
    let outcome = desk.run_full(&desk.setup(), PROJECT, &config);
    outcome.assert_says("disk-full", "config.toml");
    assert_eq!(outcome.files, config);
    assert!(outcome.all.contains("the credential is in"), "{}", outcome.all);
    assert!(!desk.path("cargo-home/config.toml").exists());

    let remembered = one("state.json", &fs::read_to_string(desk.path("state/state.json")).unwrap());
    desk.reset();
    let outcome = desk.run_full(&desk.setup(), "state", &Files::new());
    outcome.assert_says("disk-full", "state/state.json");
    assert_eq!(outcome.files.get("state.json"), None);
    let outcome = desk.run_full(&desk.setup(), "state", &remembered);
    outcome.assert_says("disk-full", "state/backups");
    assert_eq!(outcome.files.get("state.json"), remembered.get("state.json"));
    assert_eq!(desk.project_config(), desk.config);
}

#[test]
fn where_the_second_file_finds_no_room_the_first_is_put_back_and_a_fetch_is_explained() {
    let desk = Desk::new();
    if !may_mount(&desk.sandbox) {
        return;
    }
    let done = desk.feed_token(&mut desk.setup());
    assert!(done.status.success(), "{done:?}");
    let (home, project) = (files_of(&desk.path("cargo-home")), desk.project_config());
    let kept = |name: &str| (name.to_owned(), home[name].clone());

    fs::write(desk.path(PROJECT).join("config.toml"), &desk.config).unwrap();
    let old =
        Files::from([kept("credentials.toml"), ("config.toml".to_owned(), "[net]\nretry = 3\n".to_owned())]);
    let outcome = desk.run_full(&desk.setup(), "cargo-home", &old);
    outcome.assert_says("disk-full", "cargo-home/config.toml");
    assert_eq!(outcome.files, old);
    assert_eq!(desk.project_config(), desk.config, "the first file is put back");

    fs::write(desk.path(PROJECT).join("config.toml"), project).unwrap();
    let outcome = desk.run_full(&desk.fetch(), "state", &Files::new());
    assert_eq!(outcome.code, Some(0), "{}", outcome.all);
    assert!(outcome.all.contains("its partial files go unnoticed"), "{}", outcome.all);

    let set_up = Files::from([kept("credentials.toml"), kept("config.toml")]);
    let outcome = desk.run_full(&desk.fetch(), "cargo-home", &set_up);
    outcome.assert_says("disk-full", "the disk is full");
}

#[test]
fn where_files_may_not_grow_they_stay_as_they_were() {
    let desk = Desk::new();
    let command = desk.setup();
    let mut shell = desk.sandbox.command("sh");
    shell.args(["-c", WITH_SMALL_FILES, "sh"]).arg(command.get_program()).args(command.get_args());
    let outcome = Outcome::of(&desk.feed_token(&mut shell));
    outcome.assert_says("file-size-limit", "state/backups");
    assert_eq!(files_of(&desk.path(PROJECT)), one("config.toml", &desk.config));
    assert_eq!(files_of(&desk.path("state/backups")), Files::new());

    // The same for the file of the credentials, which is written in place.
    let credentials =
        desk.sandbox.write("demo/cargo-home/credentials.toml", format!("#{}\n", "-".repeat(510)));
    let outcome = Outcome::of(&desk.feed_token(&mut shell));
    outcome.assert_says("file-size-limit", "credentials.toml");
    assert_eq!(fs::read_to_string(credentials).unwrap(), format!("#{}\n", "-".repeat(510)));
}
