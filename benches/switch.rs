//! Feed switching, twice: as a whole process, from the start of `switch NAME` until it has ended with the file changed,
//! less what a program takes that does nothing; and on a dashboard that stands ready in a pseudo-terminal, from the key
//! to the changed file, less what a program takes that changes a file on a key (Linux only). Prints its figures and
//! asserts only that the file was changed; for honest numbers it needs a release build and an idle machine:
//!
//! ```sh
//! cargo bench --bench switch
//! ```
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]
#![expect(clippy::unwrap_used, reason = "it fails by panicking")]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::anchor::build_nothing;
use support::sandbox::Sandbox;

#[expect(dead_code, reason = "the benchmark uses a part of what the tests share")]
#[path = "../tests/support/mod.rs"]
mod support;

const PRODUCT: &str = env!("CARGO_BIN_EXE_az-cargo-wizard");
const WARM_UP: usize = 3;
const PAIRS: usize = 51;
const GOAL: Duration = Duration::from_millis(20);
/// Registries that are configured beside the two.
const OTHERS: usize = 48;

fn main() {
    let sandbox = Sandbox::new();
    let config = set_up(&sandbox);
    let nothing = build_nothing(&sandbox);
    #[cfg(target_os = "linux")]
    dashboard::measure(&sandbox, &config);
    let (mut switches, mut nothings) = (Vec::new(), Vec::new());
    for round in 0..WARM_UP + PAIRS {
        let name = ["feed-0", "feed-1"][round % 2];
        nothings.push(time(&mut sandbox.command(&nothing)));
        let mut switch = sandbox.command(PRODUCT);
        switches.push(time(switch.args(["switch", name])));
        let text = fs::read_to_string(&config).unwrap();
        assert!(text.contains(&format!("replace-with = \"{name}\"")), "{text}");
    }
    figures("switch", &switches, ("a do-nothing program", &nothings));
}

/// Both medians, and that of what the first took more, pair by pair.
fn figures(what: &str, times: &[Duration], (anchor, anchors): (&str, &[Duration])) {
    let pairs = || times.iter().zip(anchors).skip(WARM_UP);
    let sorted = |times: &mut dyn Iterator<Item = Duration>| {
        let mut times: Vec<Duration> = times.collect();
        times.sort();
        times
    };
    let shown = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
    let own = sorted(&mut pairs().map(|(time, anchor)| time.saturating_sub(*anchor)));
    println!(
        "{what}, median of {PAIRS}: {}; {anchor}: {}; less that: {} (quarters {} and {}); goal {}{}",
        shown(sorted(&mut pairs().map(|(time, _)| *time))[PAIRS / 2]),
        shown(sorted(&mut pairs().map(|(_, anchor)| *anchor))[PAIRS / 2]),
        shown(own[PAIRS / 2]),
        shown(own[PAIRS / 4]),
        shown(own[PAIRS * 3 / 4]),
        shown(GOAL),
        if own[PAIRS / 2] <= GOAL { "" } else { ": MISSED" },
    );
}

#[cfg(target_os = "linux")]
mod dashboard {
    use std::fs;
    use std::net::TcpListener;
    use std::path::Path;
    use std::process::Command;
    use std::time::{Duration, Instant};

    use super::support::pty::Terminal;
    use super::support::sandbox::Sandbox;
    use super::{PAIRS, PRODUCT, WARM_UP, figures};

    /// How often the file is looked at: often against what is measured, and without taking a core.
    const LOOK: Duration = Duration::from_micros(50);
    const PATIENCE: Duration = Duration::from_secs(60);

    pub(super) fn measure(sandbox: &Sandbox, config: &Path) {
        let mut wizard = Terminal::spawn(&ready(sandbox), 80, 24);
        wizard.wait_for("Cargo takes its crates from here");
        wizard.wait_for("are not listed");
        let changed = sandbox.write("changed", "");
        let mut anchor = Terminal::spawn(&changes_a_file(sandbox, &changed), 80, 24);
        anchor.wait_for("ready");
        let (mut switches, mut anchors) = (Vec::new(), Vec::new());
        for round in 0..WARM_UP + PAIRS {
            let (digit, name) = [("1", "feed-0"), ("2", "feed-1")][round % 2];
            let key = format!("{digit}<enter>");
            anchors.push(time(&mut anchor, &key, (&changed, digit)));
            let wanted = format!("replace-with = \"{name}\"");
            switches.push(time(&mut wizard, digit, (config, &wanted)));
            wizard.wait_for(&format!("Switched to `{name}`"));
        }
        figures("key on the dashboard to changed file", &switches, ("a file changed on a key", &anchors));
    }

    /// Nothing is left to set up for any of the registries, and there is no network.
    fn ready(sandbox: &Sandbox) -> Command {
        let token = |number: usize| format!("[registries.feed-{number}]\ntoken = \"Basic OnNlY3JldA==\"\n");
        let tokens: String = (0..super::OTHERS + 2).map(token).collect();
        sandbox.write("cargo-home/credentials.toml", tokens);
        let providers = "[registry]\nglobal-credential-providers = [\"cargo:token\"]\n";
        sandbox.write("cargo-home/config.toml", providers);
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut wizard = sandbox.command(PRODUCT);
        wizard.args(["--org", "fabrikam"]);
        for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            wizard.env(name, format!("http://{nobody}"));
        }
        wizard
    }

    /// What a key costs by itself: the terminal, the wakening of a program, a file.
    fn changes_a_file(sandbox: &Sandbox, file: &Path) -> Command {
        const SOURCE: &str = "fn main() {\n    let file = std::env::args().nth(1).unwrap();\n    println!(\"ready\");\n    for line in std::io::stdin().lines() {\n        std::fs::write(&file, line.unwrap()).unwrap();\n    }\n}\n";
        let source = sandbox.write("anchor.rs", SOURCE);
        let program = sandbox.root().join("anchor");
        let mut rustc = Command::new("rustc");
        assert!(
            rustc.args(["--edition=2024", "-O", "-o"]).arg(&program).arg(source).status().unwrap().success()
        );
        let mut command = sandbox.command(program);
        command.arg(file);
        command
    }

    fn time(terminal: &mut Terminal, key: &str, (file, wanted): (&Path, &str)) -> Duration {
        let start = Instant::now();
        terminal.send(key);
        while !fs::read_to_string(file).unwrap().contains(wanted) {
            assert!(start.elapsed() < PATIENCE, "{terminal:?}");
            std::thread::sleep(LOOK);
        }
        start.elapsed()
    }
}

/// A project with fifty registries and a lock file as a large one has.
fn set_up(sandbox: &Sandbox) -> PathBuf {
    let registry = |number: usize| {
        format!(
            "[registries.feed-{number}]\nindex = \"sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/feed-{number}/Cargo/index/\"\n\n"
        )
    };
    let registries: String = (0..OTHERS + 2).map(registry).collect();
    let package = |number: usize| {
        format!(
            "\n[[package]]\nname = \"crate-{number}\"\nversion = \"1.0.{number}\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{number:064}\"\n"
        )
    };
    let packages: String = (0..400).map(package).collect();
    sandbox.write(
        "project/Cargo.toml",
        "[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    );
    sandbox.write("project/src/lib.rs", "");
    sandbox.write("project/Cargo.lock", format!("version = 4\n{packages}"));
    let replaced = "[source.crates-io]\nreplace-with = \"feed-1\"\n";
    sandbox.write("project/.cargo/config.toml", format!("{registries}{replaced}"))
}

fn time(command: &mut Command) -> Duration {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    assert!(command.status().unwrap().success());
    start.elapsed()
}
