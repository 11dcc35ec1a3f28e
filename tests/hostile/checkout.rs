//! Malicious checkouts: before an explicit yes nothing of them is run, nobody is called, nothing is told. After it,
//! the same canaries sing, so that they are known to be able to.
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use az_cargo_wizard::task::{Event, Request, Restore};

use crate::clean::{assert_json, assert_lines, assert_screen};
use crate::support::pty::{Ended, Terminal};
use crate::support::sandbox::Sandbox;
use crate::support::wizard::product;

const SECRET: &str = "s3cretpassword";

const MANIFEST: &str = "[package]\nname = \"demo\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
const NEEDS_A_CRATE: &str = "[dependencies]\nserde = \"1\"\n";

/// A project with canaries around it.
struct Trap {
    sandbox: Sandbox,
    port: u16,
    calls: Arc<AtomicUsize>,
}

impl Trap {
    fn new() -> Self {
        let mut sandbox = Sandbox::new();
        sandbox.set("CARGO_NET_RETRY", "0");
        sandbox.set("NO_PROXY", "127.0.0.1");
        sandbox.write("project/Cargo.toml", MANIFEST);
        sandbox.write("project/src/lib.rs", "");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                counted.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 1024]);
            }
        });
        let trap = Self { sandbox, port, calls };
        trap.canary("evil");
        trap.canary("bin/rustc");
        trap
    }

    /// A program that leaves a mark when it is run.
    fn canary(&self, name: &str) {
        let script = format!("#!/bin/sh\necho \"$0 $*\" >>'{}'\nexit 1\n", self.marks().display());
        let path = self.sandbox.write(PathBuf::from("project/canaries").join(name), script);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn marks(&self) -> PathBuf {
        self.sandbox.root().join("marks")
    }

    /// Writes a file of the project; `@` is the canary program, `#` the host and port of the canary server.
    fn write(&self, path: &str, text: &str) {
        let canaries = self.sandbox.project().join("canaries");
        let text = text
            .replace("@bin", &canaries.join("bin").display().to_string())
            .replace('@', &canaries.join("evil").display().to_string())
            .replace('#', &format!("127.0.0.1:{}", self.port))
            .replace("ME:PW%", &format!("me:{SECRET}@"));
        self.sandbox.write(format!("project/{path}"), text);
    }

    fn fetch(&self, args: &[&str]) -> Output {
        product(&self.sandbox, ["fetch"]).args(args).output().unwrap()
    }

    #[track_caller]
    fn assert_untouched(&self, what: &str) {
        let marks = fs::read_to_string(self.marks()).unwrap_or_default();
        assert_eq!(marks, "", "{what}: this was run");
        assert_eq!(self.calls.load(Ordering::SeqCst), 0, "{what}: somebody was called");
    }

    fn was_run(&self) -> bool {
        self.marks().exists()
    }

    fn was_called(&self) -> bool {
        self.calls.load(Ordering::SeqCst) > 0
    }
}

#[track_caller]
fn assert_untold(output: &[u8]) {
    assert!(!String::from_utf8_lossy(output).contains(SECRET), "a password is told");
}

/// What a yes leads to, with the Cargo of these tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Runs,
    Calls,
    /// Neither by this Cargo: another one, or another machine, would.
    Nothing,
}

/// File, text, what a yes leads to.
const TRAPS: &[(&str, &str, Then)] = &[
    (".cargo/config.toml", "[build]\nrustc = \"@\"\n", Then::Runs),
    (".cargo/config.toml", "build.rustc-wrapper = \"@\"\n", Then::Runs),
    (".cargo/config.toml", "[build]\nrustc-workspace-wrapper = \"@\"\n", Then::Runs),
    (".cargo/config", "[build]\nrustc = \"@\"\n", Then::Runs),
    (".cargo/config.toml", "include = [\"more.toml\"]\n", Then::Runs),
    (".cargo/config.toml", "[env]\nPATH = { value = \"@bin\", force = true }\n", Then::Runs),
    (".cargo/config.toml", "[env]\nLD_PRELOAD = \"@\"\n", Then::Nothing),
    (".cargo/config.toml", "[build]\nrustflags = [\"-Zcodegen-backend=@.so\"]\n", Then::Nothing),
    (".cargo/config.toml", "[target.'cfg(all())']\nrustflags = \"-Zcodegen-backend=@.so\"\n", Then::Nothing),
    ("rust-toolchain.toml", "[toolchain]\npath = \"@\"\n", Then::Nothing),
    ("rust-toolchain", "@\n", Then::Nothing),
    (".cargo/config.toml", "[http]\nproxy = \"http://ME:PW%#\"\n", Then::Calls),
    (".cargo/config.toml", "[http]\ncainfo = \"evil.pem\"\n", Then::Nothing),
    (".cargo/config.toml", "[patch.crates-io]\nserde = { git = \"http://ME:PW%#/serde\" }\n", Then::Calls),
    (
        ".cargo/config.toml",
        "[registries.x]\nindex = \"sparse+http://#/x/\"\n[source.crates-io]\nreplace-with = \"x\"\n",
        Then::Calls,
    ),
    (
        ".cargo/config.toml",
        "[source.x]\nregistry = \"sparse+http://#/x/\"\n[source.crates-io]\nreplace-with = \"x\"\n",
        Then::Calls,
    ),
    (".cargo/config.toml", "[registries.x]\ncredential-provider = \"@ --flag\"\n", Then::Nothing),
    (".cargo/config.toml", "[registries.x]\ncredential-provider = [\"@\", \"--flag\"]\n", Then::Nothing),
    (".cargo/config.toml", "[registry]\ncredential-provider = \"@\"\n", Then::Nothing),
    (".cargo/config.toml", "[credential-alias]\n\"cargo:token\" = [\"@\"]\n", Then::Nothing),
    (
        ".cargo/config.toml",
        "[registry]\nglobal-credential-providers = [\"cargo:token\", \"@\"]\n",
        Then::Nothing,
    ),
];

#[test]
fn before_a_yes_nothing_is_run_and_nobody_is_called_after_it_cargo_goes_on() {
    for (file, text, then) in TRAPS {
        let trap = Trap::new();
        trap.write(file, text);
        trap.write(".cargo/more.toml", "[build]\nrustc = \"@\"\n");
        if *then == Then::Calls {
            trap.write("Cargo.toml", &format!("{MANIFEST}{NEEDS_A_CRATE}"));
        }
        for args in [&[][..], &["--json"], &["--locked"]] {
            let refused = trap.fetch(args);
            assert_eq!(refused.status.code(), Some(2), "{text}: {refused:?}");
            assert!(String::from_utf8_lossy(&refused.stderr).contains("--trust-project"), "{text}");
            for output in [&refused.stdout, &refused.stderr] {
                assert_lines(output);
                assert_untold(output);
            }
        }
        let json = trap.fetch(&["--json"]).stdout;
        assert_json(&json);
        assert!(String::from_utf8_lossy(&json).contains("\"project-not-trusted\""));
        trap.assert_untouched(text);

        let trusted = trap.fetch(&["--trust-project"]);
        assert_ne!(trusted.status.code(), Some(2), "{text}: {trusted:?}");
        assert_eq!(trap.was_run(), *then == Then::Runs, "{text}: {trusted:?}");
        assert_eq!(trap.was_called(), *then == Then::Calls, "{text}: {trusted:?}");
        assert_untold(&trusted.stdout);
        assert_untold(&trusted.stderr);
    }
}

/// A credential provider is asked only by a feed that wants a credential.
#[test]
fn a_provider_of_the_checkout_runs_only_after_a_yes() {
    for provider in
        ["[registries.x]\ncredential-provider = \"@\"\n", "[credential-alias]\nhelper = [\"@\"]\n"]
    {
        let trap = Trap::new();
        let server = Unauthorized::serve();
        let registry = format!("index = \"sparse+http://{}/x/\"\n", server.address);
        let provider = match provider.strip_prefix("[registries.x]\n") {
            Some(line) => format!("[registries.x]\n{registry}{line}"),
            None => format!(
                "[registries.x]\n{registry}[registry]\nglobal-credential-providers = [\"helper\"]\n{provider}"
            ),
        };
        trap.write(".cargo/config.toml", &format!("{provider}[source.crates-io]\nreplace-with = \"x\"\n"));
        trap.write("Cargo.toml", &format!("{MANIFEST}{NEEDS_A_CRATE}"));
        assert_eq!(trap.fetch(&[]).status.code(), Some(2));
        trap.assert_untouched(&provider);
        assert_eq!(server.calls.load(Ordering::SeqCst), 0);
        let trusted = trap.fetch(&["--trust-project"]);
        assert_eq!(trusted.status.code(), Some(3), "{trusted:?}");
        assert!(trap.was_run(), "{provider}: {trusted:?}");
    }
}

/// A server that answers every request with 401.
struct Unauthorized {
    address: String,
    calls: Arc<AtomicUsize>,
}

impl Unauthorized {
    fn serve() -> Self {
        use std::io::Write as _;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                counted.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
            }
        });
        Self { address, calls }
    }
}

#[test]
fn a_workspace_that_lies_elsewhere_is_asked_about_too() {
    let trap = Trap::new();
    trap.write("Cargo.toml", &format!("{MANIFEST}workspace = \"../elsewhere\"\n"));
    let root = "[workspace]\nmembers = [\"../project\"]\n";
    trap.write("../elsewhere/Cargo.toml", root);
    trap.write("../elsewhere/.cargo/config.toml", "[build]\nrustc = \"@\"\n");
    let refused = trap.fetch(&[]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("build.rustc"));
    trap.assert_untouched("elsewhere");
    trap.fetch(&["--trust-project"]);
    assert!(trap.was_run());
}

/// Indexes that only manifests and lock files name: Cargo would ask them while it fetches.
#[test]
fn an_index_that_only_a_manifest_or_the_lock_file_names_is_called_only_after_a_yes() {
    let asked = "[dependencies]\nserde = { version = \"1\", registry-index = \"sparse+http://#/x/\" }\n";
    let member = format!("{}{asked}", MANIFEST.replace("demo", "member"));
    let workspace = format!("{MANIFEST}[workspace]\nmembers = [\"crates/*\"]\n");
    let locked = "version = 4\n\n[[package]]\nname = \"demo\"\nversion = \"0.1.0\"\ndependencies = [\"serde\"]\n\n\
                  [[package]]\nname = \"serde\"\nversion = \"1.0.0\"\nsource = \"sparse+http://#/x/\"\n";
    let traps: [(&[(&str, &str)], bool); 3] = [
        (&[("Cargo.toml", &format!("{MANIFEST}{asked}"))], true),
        (
            &[("Cargo.toml", &workspace), ("crates/one/Cargo.toml", &member), ("crates/one/src/lib.rs", "")],
            true,
        ),
        // Without a dependency that needs it, Cargo takes such a row out and calls nobody.
        (&[("Cargo.lock", locked)], false),
    ];
    for (files, is_called) in traps {
        let trap = Trap::new();
        for (path, text) in files {
            trap.write(path, text);
        }
        for args in [&[][..], &["--json"]] {
            let refused = trap.fetch(args);
            assert_eq!(refused.status.code(), Some(2), "{refused:?}");
            let words = String::from_utf8_lossy(&refused.stderr);
            assert!(words.contains("would ask an unknown host for crates"), "{words}");
        }
        trap.assert_untouched("the index");
        let trusted = trap.fetch(&["--trust-project"]);
        assert_ne!(trusted.status.code(), Some(2), "{trusted:?}");
        assert_eq!(trap.was_called(), is_called, "{trusted:?}");
    }
}

#[test]
fn the_wizard_asks_leaves_and_has_touched_nothing() {
    let trap = Trap::new();
    trap.write(
        ".cargo/config.toml",
        "[build]\nrustc = \"@\"\n[http]\nproxy = \"http://ME:PW%#\"\n\
         [registries.x]\nindex = \"sparse+http://ME:PW%#/c/_packaging/f/Cargo/index/\"\ncredential-provider = \"@\"\n\
         [source.crates-io]\nreplace-with = \"x\"\n",
    );
    trap.write(".git/config", "[remote \"origin\"]\n\turl = http://ME:PW%#/tfs/C/p/_git/r\n");
    for args in [&[][..], &["fetch"]] {
        let mut wizard = Terminal::spawn(&product(&trap.sandbox, args), 120, 36);
        wizard.wait_for("This project would do more than build");
        wizard.wait_for("http.proxy = \"http://127.0.0.1:");
        wizard.send("<enter>");
        assert_eq!(wizard.wait_exit(), Ended::Code(0));
        assert_screen(wizard.output());
        assert_untold(wizard.output());
    }
    trap.assert_untouched("the wizard");
    assert_nothing_remembered(&trap);
}

#[track_caller]
fn assert_nothing_remembered(trap: &Trap) {
    for file in crate::support::wizard::files_below(&trap.sandbox.root().join("state")) {
        assert_untold(&fs::read(&file).unwrap());
    }
}

#[test]
fn an_unknown_host_of_a_remote_is_shown_without_its_user_and_called_by_nobody() {
    let trap = Trap::new();
    trap.write(
        ".git/config",
        "[remote \"origin\"]\n\turl = http://ME:PW%#/tfs/C/p/_git/r\n\
         [remote \"cloud\"]\n\turl = https://ME:PW%dev.azure.com/fabrikam/p/_git/r\n",
    );
    let mut wizard = Terminal::spawn(&product::<&str>(&trap.sandbox, []), 120, 36);
    wizard.wait_for("Which organization");
    wizard.wait_for("unknown host");
    wizard.wait_for("● fabrikam (project p)");
    wizard.send("<c-c>");
    wizard.wait_exit();
    assert_screen(wizard.output());
    assert_untold(wizard.output());
    trap.assert_untouched("the remotes");
    assert_nothing_remembered(&trap);
}

#[test]
fn a_git_file_that_points_elsewhere_is_not_followed() {
    let trap = Trap::new();
    trap.sandbox
        .write("other/.git/config", "[remote \"origin\"]\n\turl = https://dev.azure.com/private/p/_git/r\n");
    trap.write(".git", "gitdir: ../other/.git\n");
    let mut wizard = Terminal::spawn(&product::<&str>(&trap.sandbox, []), 120, 36);
    wizard.wait_for("Which organization");
    wizard.send("<c-c>");
    wizard.wait_exit();
    assert!(!String::from_utf8_lossy(wizard.output()).contains("private"));
}

#[test]
fn a_link_out_of_the_workspace_is_never_written_through() {
    let trap = Trap::new();
    let outside = trap.sandbox.write("outside/config.toml", "# theirs\n");
    symlink(trap.sandbox.root().join("outside"), trap.sandbox.project().join(".cargo")).unwrap();
    let report = plans::review_and_apply(&trap.sandbox);
    assert_eq!(report.code, "link-leaves-workspace", "{report}");
    assert!(report.headline.contains(outside.parent().unwrap().to_str().unwrap()), "the real path: {report}");
    assert_eq!(fs::read_to_string(outside).unwrap(), "# theirs\n");
}

/// The wizard's plan, in process.
mod plans {
    use std::sync::Arc;

    use az_cargo_wizard::domain::credential::TokenStore;
    use az_cargo_wizard::domain::plan::{ConfigScope, SetupPlan};
    use az_cargo_wizard::domain::registry::{IndexUrl, RegistryName};
    use az_cargo_wizard::error::Report;
    use az_cargo_wizard::task::{self, Event, Events, JobId, Request, Services, Settled};
    use tokio::sync::{mpsc, oneshot};

    use crate::support::sandbox::Sandbox;

    fn plan() -> SetupPlan {
        let index = "sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/rust/Cargo/index/";
        SetupPlan {
            scope: ConfigScope::Project,
            registry: RegistryName::parse("rust").unwrap(),
            index: IndexUrl::parse(index).unwrap(),
            replace_crates_io: true,
            publish: None,
            store: TokenStore::ThisRunOnly,
        }
    }

    /// The product's own jobs on the sandbox's project.
    pub(super) struct Jobs {
        services: Arc<Services>,
        runtime: tokio::runtime::Runtime,
    }

    impl Jobs {
        pub(super) fn new(sandbox: &Sandbox) -> Self {
            let services = Services::new(sandbox.host(&[]), Settled::default()).unwrap();
            Self { services: Arc::new(services), runtime: tokio::runtime::Runtime::new().unwrap() }
        }

        /// The first thing that the job tells.
        pub(super) fn ask(&self, request: Request) -> Event {
            self.runtime.block_on(async {
                let (sender, mut receiver) = mpsc::channel(64);
                let (_cancel, cancelled) = oneshot::channel();
                let events = Events::new(JobId(1), sender);
                task::run(Arc::clone(&self.services), request, (&events, cancelled)).await;
                receiver.recv().await.unwrap().1
            })
        }
    }

    /// What keeps the plan from being carried out.
    pub(super) fn review_and_apply(sandbox: &Sandbox) -> Report {
        let jobs = Jobs::new(sandbox);
        assert!(matches!(jobs.ask(Request::Check), Event::Checked(_)));
        match jobs.ask(Request::Review(plan())) {
            Event::Failed(report) => *report,
            Event::Reviewed(review) => match jobs.ask(Request::Apply(review)) {
                Event::Failed(report) => *report,
                other => panic!("it was written: {other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_yes_holds_for_what_was_shown_and_for_nothing_else() {
    let trap = Trap::new();
    let jobs = plans::Jobs::new(&trap.sandbox);
    trap.write(".cargo/config.toml", "[http]\ncainfo = \"a.pem\"\n");
    let Event::NeedsTrust(hazards) = jobs.ask(Request::Check) else { panic!("it was not asked about") };
    assert_eq!(hazards.len(), 1);
    // Exchanged while the person reads.
    trap.write(".cargo/config.toml", "[build]\nrustc = \"@\"\n");
    let Event::NeedsTrust(hazards) = jobs.ask(Request::TrustAndCheck) else { panic!("it was taken as read") };
    assert!(hazards[0].setting.starts_with("build.rustc"), "{hazards:?}");
    trap.assert_untouched("the exchanged file");
    trap.write(".cargo/config.toml", "");
    assert!(matches!(jobs.ask(Request::Check), Event::Checked(_)));
    // Exchanged between the check and the fetch.
    trap.write(".cargo/config.toml", "[build]\nrustc = \"@\"\n");
    let Event::Failed(report) = jobs.ask(Request::Restore(Restore::default())) else { panic!("it went on") };
    assert_eq!((report.code, report.exit.code()), ("project-not-trusted", 2));
    trap.assert_untouched("the file of before the fetch");
}

#[test]
fn rows_of_a_lock_file_that_are_no_crates_are_invalid_and_never_paths() {
    let sandbox = Sandbox::new();
    sandbox.write("project/Cargo.toml", MANIFEST);
    sandbox.write("project/src/lib.rs", "");
    let outside = sandbox.write("cargo-home/registry/x-1.0.0.crate", "theirs");
    let long = "a".repeat(5000);
    let names = ["../../x", "/etc/passwd", "nul\\u0000", "a\\\\b", "..", &long];
    let packages: String = names.iter().fold(String::new(), |text, name| {
        let sum = "0".repeat(64);
        text + &format!(
            "[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\n\
             source = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{sum}\"\n\n"
        )
    });
    sandbox.write("project/Cargo.lock", format!("version = 4\n\n{packages}"));
    let mut lines = product(&sandbox, ["fetch", "--locked"]);
    let lines = lines.output().unwrap();
    assert_lines(&lines.stdout);
    assert_lines(&lines.stderr);
    let shown = String::from_utf8(lines.stdout).unwrap();
    assert!(shown.contains("invalid in the lock file: `../../x 1.0.0`, `/etc/passwd 1.0.0`"), "{shown}");
    let json = product(&sandbox, ["fetch", "--locked", "--json"]).output().unwrap();
    assert_json(&json.stdout);
    let invalid = String::from_utf8(json.stdout).unwrap();
    let invalid = invalid.lines().find(|line| line.contains("\"event\":\"invalid\"")).unwrap();
    let invalid: serde_json::Value = serde_json::from_str(invalid).unwrap();
    assert_eq!(invalid["rows"].as_array().unwrap().len(), names.len());
    assert_eq!(fs::read_to_string(outside).unwrap(), "theirs");
}
