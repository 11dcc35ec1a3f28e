//! Signing in with what is outside the wizard: a code in a browser, and an `az` on the PATH in every mood.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::pty::{Ended, Terminal};
use crate::support::sandbox::{Sandbox, toolchain};
use crate::support::wizard::{Traces, product, steps, watchable_demo};

const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

/// A browser, as far as the demo's page needs one.
fn visit(url: &str) {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_code_is_copied_and_signs_in_once_its_page_was_visited() {
    let sandbox = Sandbox::new();
    let mut wizard = Terminal::spawn(&watchable_demo(&sandbox), 80, 24);
    steps::organization(&mut wizard);
    wizard.wait_for("Sign in to http://127.0.0.1:");
    wizard.send("<up><enter>");
    wizard.wait_for("Waiting for you");
    let screen = wizard.screen();
    let line = |part: &str| screen.lines().find(|line| line.contains(part)).unwrap().to_owned();
    let page = line("/devicelogin").split_whitespace().last().unwrap().to_owned();
    let code: String = line(" - ").split_whitespace().filter(|word| word.chars().count() == 1).collect();
    wizard.send("y");
    wizard.wait_for("the code is on the clipboard");
    let copied = format!("\u{1b}]52;c;{}", STANDARD.encode(&code[code.len() - 9..]));
    assert!(String::from_utf8_lossy(wizard.output()).contains(&copied), "{code}");
    visit(&page);
    wizard.wait_for("Which feed shall Cargo use?");
    wizard.send("<c-c>");
    assert_eq!(wizard.wait_exit(), Ended::Code(130));
}

/// The wizard for a cloud organization, where nothing but `az` answers.
fn with_az(sandbox: &Sandbox, script: &str) -> Terminal {
    sandbox.program("az", script);
    let flags = ["--org", "contoso", "--tenant", TENANT];
    let mut wizard = Terminal::spawn(&product(sandbox, flags), 80, 24);
    wizard.wait_for("Which organization");
    wizard.send("<enter>");
    wizard.wait_for("● Azure CLI session");
    wizard
}

fn says(script: &str, words: &[&str]) {
    let sandbox = Sandbox::new();
    let mut wizard = with_az(&sandbox, script);
    wizard.send("<enter>");
    for words in words {
        wizard.wait_for(words);
    }
    wizard.send("<c-c>");
    assert_eq!(wizard.wait_exit(), Ended::Code(130));
}

#[test]
fn an_az_that_is_logged_out_says_how_to_log_in() {
    let script = "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1";
    says(script, &["The Azure CLI is not signed in", "Please run 'az login'", "az login --tenant", TENANT]);
}

#[test]
fn an_az_of_another_tenant_names_both() {
    let script = r#"echo '{"accessToken":"hunter2","tenant":"11111111-86f1-41af-91ab-2d7cd011db47","tokenType":"Bearer"}'"#;
    says(script, &["signed in to another tenant", "11111111-86f1-41af-91ab-2d7cd011db47"]);
}

#[test]
fn an_az_that_steers_the_terminal_only_fails() {
    let script = r"printf 'ERROR: \033]52;c;aGFja2Vk\007 \033[2J Bearer s3cr3tt0k3n no\n' >&2; exit 1";
    let sandbox = Sandbox::new();
    let mut wizard = with_az(&sandbox, script);
    wizard.send("<enter>");
    wizard.wait_for("The Azure CLI failed");
    wizard.send("<c-c>");
    assert_eq!(wizard.wait_exit(), Ended::Code(130));
    let output = String::from_utf8_lossy(wizard.output()).into_owned();
    assert!(!output.contains("\u{1b}]52;c;aGFja2Vk") && !output.contains("s3cr3tt0k3n"));
}

#[test]
fn a_slow_az_is_given_up_with_all_that_it_has_started() {
    let sandbox = Sandbox::new();
    let place = sandbox.root().join("az-child");
    let script = format!("sleep 600 & echo $! >'{0}.new'; mv '{0}.new' '{0}'; wait", place.display());
    let mut wizard = with_az(&sandbox, &script);
    wizard.send("<enter>");
    wizard.wait_for("Asking the Azure CLI for a token");
    wizard.wait_until("az has started its child", |_| place.exists());
    let child = fs::read_to_string(&place).unwrap().trim().to_owned();
    wizard.send("<esc>");
    wizard.wait_for("what `az login` has signed in");
    wizard.wait_until("the child is gone", |_| !runs(&child));
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
}

/// Whether a process of that number runs; one that only waits to be buried doesn't.
fn runs(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

#[test]
fn an_az_out_of_the_checkout_is_not_run() {
    let mut sandbox = Sandbox::new();
    let ran = sandbox.root().join("ran");
    let az = sandbox.program("az", &format!("echo ran >'{}'", ran.display()));
    let inside = sandbox.project().join("bin");
    fs::create_dir(&inside).unwrap();
    fs::rename(az, inside.join("az")).unwrap();
    let cargo = toolchain().join("bin");
    sandbox.set(
        "PATH",
        std::env::join_paths([inside, sandbox.bin(), cargo, "/usr/bin".into(), "/bin".into()]).unwrap(),
    );
    let mut wizard = Terminal::spawn(&product(&sandbox, ["--org", "contoso"]), 120, 36);
    wizard.wait_for("Which organization");
    wizard.send("<enter>");
    wizard.wait_for("the only `az` on the PATH lies in this checkout: not run");
    wizard.wait_for("● Personal access token");
    wizard.send("<c-c>");
    assert_eq!(wizard.wait_exit(), Ended::Code(130));
    assert!(!ran.exists());
}

#[test]
fn a_token_of_az_is_never_shown() {
    let token = "eyJ0eXAiOiJKV1QifQ.e30.c2lnbmF0dXJlLW9mLWF6LXRoYXQtbm9ib2R5LW1heS1zZWU";
    let sandbox = Sandbox::new();
    let mut wizard =
        with_az(&sandbox, &format!("echo '{{\"accessToken\":\"{token}\",\"tokenType\":\"pop\"}}'"));
    wizard.send("<enter>");
    wizard.wait_for("is not understood");
    wizard.send("<c-c>");
    assert_eq!(wizard.wait_exit(), Ended::Code(130));
    assert_eq!(Traces::of(token).found_in(wizard.output()), None);
}
