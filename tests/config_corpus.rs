//! Real-world shapes of Cargo's configuration, each a folder of `assets/config-corpus`: what the files say before,
//! and byte for byte what they say after a plan, or the words with which it is refused. `README.md` there tells
//! what the files are. After a change that is meant, make them anew and read the difference:
//!
//! ```sh
//! UPDATE_CORPUS=1 cargo test --test config_corpus
//! ```
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use az_cargo_wizard::cargo::config_file::{Places, apply, review};
use az_cargo_wizard::cargo::error::ConfigError;
use az_cargo_wizard::domain::credential::TokenStore;
use az_cargo_wizard::domain::plan::{ConfigScope, Review, SetupPlan};
use az_cargo_wizard::domain::registry::{IndexUrl, RegistryName};
use az_cargo_wizard::error::Report;
use az_cargo_wizard::host::Env;

const INDEX: &str = "sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/rust/Cargo/index/";
const LEAST_SHAPES: usize = 40;
const FILES: [&str; 6] =
    ["plan", "before.toml", "after.toml", "user-before.toml", "user-after.toml", "refused.txt"];

/// One folder of the corpus.
struct Shape {
    name: String,
    dir: PathBuf,
    scope: ConfigScope,
    replace: bool,
    store: TokenStore,
    overwrite: bool,
    /// `config.toml`, or the old `config`.
    file: String,
}

impl Shape {
    fn all() -> Vec<Self> {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/config-corpus");
        let entries = fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path());
        let mut shapes: Vec<Self> = entries.filter(|path| path.is_dir()).map(Self::read).collect();
        shapes.sort_by(|one, other| one.name.cmp(&other.name));
        assert!(shapes.len() >= LEAST_SHAPES, "only {} shapes", shapes.len());
        shapes
    }

    /// The first line of `plan` is for people; the words of the second say what differs from the usual plan.
    fn read(dir: PathBuf) -> Self {
        let name = dir.file_name().unwrap().to_string_lossy().into_owned();
        for file in fs::read_dir(&dir).unwrap() {
            let file = file.unwrap().file_name();
            assert!(FILES.iter().any(|known| file == *known), "{name} holds {}", file.display());
        }
        let plan = fs::read_to_string(dir.join("plan")).unwrap();
        let (shows, words) = plan.split_once('\n').unwrap();
        assert!(shows.ends_with('.'), "{name}: the first line is a sentence");
        let mut shape = Self {
            name,
            dir,
            scope: ConfigScope::Project,
            replace: true,
            store: TokenStore::ThisRunOnly,
            overwrite: false,
            file: "config.toml".to_owned(),
        };
        for word in words.split_whitespace() {
            match word {
                "scope=user" => shape.scope = ConfigScope::User,
                "replace=no" => shape.replace = false,
                "store=plain-file" => shape.store = TokenStore::PlainFile,
                "overwrite=yes" => shape.overwrite = true,
                "file=config" => "config".clone_into(&mut shape.file),
                other => panic!("{}: `{other}` means nothing", shape.name),
            }
        }
        shape
    }

    fn text(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.dir.join(file)).ok()
    }

    /// The files as they are before, in a world of their own.
    fn stage(&self) -> Stage {
        let stage = Stage { root: tempfile::tempdir().unwrap(), file: self.file.clone() };
        for folder in ["ws/.cargo", "home", "state"] {
            fs::create_dir_all(stage.path(folder)).unwrap();
        }
        for (file, path) in [("before.toml", stage.project()), ("user-before.toml", stage.user())] {
            if let Some(text) = self.text(file) {
                fs::write(path, text).unwrap();
            }
        }
        stage
    }

    fn plan(&self) -> SetupPlan {
        SetupPlan {
            scope: self.scope,
            registry: RegistryName::parse("rust").unwrap(),
            index: IndexUrl::parse(INDEX).unwrap(),
            replace_crates_io: self.replace,
            store: self.store,
            publish: None,
        }
    }

    fn review(&self, stage: &Stage) -> Result<Review, ConfigError> {
        stage.with(self.overwrite, |places| review(&self.plan(), places))
    }

    /// Compares with the file, or writes it where that was asked for.
    fn expect(&self, file: &str, found: Option<&str>) {
        #[expect(clippy::disallowed_methods, reason = "a switch of the tests themselves")]
        let update = std::env::var_os("UPDATE_CORPUS").is_some();
        let path = self.dir.join(file);
        if !update {
            assert_eq!(found, self.text(file).as_deref(), "{}/{file}", self.name);
        } else if let Some(text) = found {
            fs::write(path, text).unwrap();
        } else if path.exists() {
            fs::remove_file(path).unwrap();
        }
    }
}

struct Stage {
    root: tempfile::TempDir,
    file: String,
}

impl Stage {
    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn project(&self) -> PathBuf {
        self.path("ws/.cargo").join(&self.file)
    }

    fn user(&self) -> PathBuf {
        self.path("home/config.toml")
    }

    fn texts(&self) -> [Option<String>; 2] {
        [self.project(), self.user()].map(|file| fs::read_to_string(file).ok())
    }

    fn with<T>(&self, overwrite_replacement: bool, act: impl FnOnce(&Places<'_>) -> T) -> T {
        act(&Places {
            workspace: Some(&self.path("ws")),
            cargo_home: &self.path("home"),
            state_dir: &self.path("state"),
            env: &Env::default(),
            overwrite_replacement,
            program: None,
            now: 0,
        })
    }

    /// Without the folder of this run.
    fn words(&self, report: &Report) -> String {
        let words = format!("{report}\n[{}]\n", report.code);
        words.replace(&*self.root.path().to_string_lossy(), "").replace("/home/", "CARGO_HOME/")
    }
}

#[test]
fn every_shape_becomes_what_it_should_byte_for_byte() {
    for shape in Shape::all() {
        let stage = shape.stage();
        let before = stage.texts();
        match shape.review(&stage) {
            Ok(review) => {
                stage.with(false, |places| apply(&review, places)).unwrap();
                shape.expect("refused.txt", None);
                let again = shape.review(&stage).unwrap_or_else(|error| panic!("{}: {error}", shape.name));
                assert!(again.is_done(), "{}: a second time changes something", shape.name);
            }
            Err(error) => {
                assert_eq!(stage.texts(), before, "{}", shape.name);
                shape.expect("refused.txt", Some(&stage.words(&error.into())));
            }
        }
        let after = stage.texts();
        for (file, (before, after)) in ["after.toml", "user-after.toml"].iter().zip(before.iter().zip(&after))
        {
            shape.expect(file, after.as_deref().filter(|_| before != after));
        }
    }
}

/// What cannot be done safely is refused with the line and what to do.
#[test]
fn a_refusal_names_the_line_and_what_to_do() {
    let mut codes = BTreeSet::new();
    for shape in Shape::all() {
        let Some(words) = shape.text("refused.txt") else { continue };
        assert!(words.contains("config.toml` (line "), "{}: {words}", shape.name);
        assert!(words.lines().count() >= 3, "{}: no hint in\n{words}", shape.name);
        codes.insert(words.lines().last().unwrap().to_owned());
    }
    assert!(codes.len() >= 8, "{codes:?}");
}

/// The real Cargo reads every result, and takes the feed from it.
#[test]
fn cargo_obeys_every_file_that_was_written() {
    for shape in Shape::all() {
        if shape.text("refused.txt").is_some() {
            continue;
        }
        let stage = shape.stage();
        let review = shape.review(&stage).unwrap();
        stage.with(false, |places| apply(&review, places)).unwrap();
        let ws = stage.path("ws");
        fs::create_dir(ws.join("src")).unwrap();
        fs::write(ws.join("src/lib.rs"), "").unwrap();
        // What `patch-in-config` points to.
        fs::create_dir_all(stage.path("helper/src")).unwrap();
        fs::write(stage.path("helper/src/lib.rs"), "").unwrap();
        let helper = "[package]\nname = \"helper\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
        fs::write(stage.path("helper/Cargo.toml"), helper).unwrap();
        let by_name = searched(&stage, "{ version = \"1\", registry = \"rust\" }");
        assert!(by_name.contains("searched: `rust` index\n"), "{}: {by_name}", shape.name);
        let by_default = searched(&stage, "\"1\"");
        let replaced =
            by_default.contains("searched: `rust` index (which is replacing registry `crates-io`)");
        // A nearer file may say otherwise; then the review has said so.
        let nearer = shape.scope == ConfigScope::User && shape.text("before.toml").is_some();
        assert_eq!(replaced, shape.replace && !nearer, "{}: {by_default}", shape.name);
    }
}

/// Where Cargo looks for a crate that it can't have offline, in its own words.
fn searched(stage: &Stage, dependency: &str) -> String {
    let ws = stage.path("ws");
    let manifest = format!(
        "[package]\nname = \"corpus\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\nnowhere = {dependency}\n"
    );
    fs::write(ws.join("Cargo.toml"), manifest).unwrap();
    let cargo = Path::new(env!("CARGO"));
    let output = Command::new(cargo)
        .args(["generate-lockfile", "--offline"])
        .current_dir(ws)
        .env_clear()
        .env("PATH", cargo.parent().unwrap())
        .env("HOME", stage.path("home"))
        .env("CARGO_HOME", stage.path("home"))
        .output()
        .unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}
