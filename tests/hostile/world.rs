//! A kept demo whose answers, files and file names are hostile, and still good enough to go through all screens.
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use az_cargo_wizard::demo::{Demo, DemoOptions, PAYLOAD, Pace};

use crate::support::sandbox::Sandbox;
use crate::support::wizard::demo_dir;

/// What TOML takes as it is: no ESC, but C1 and the bidirectional overrides.
pub(crate) const RAW_IN_TOML: &str = "\u{9b}31m\u{202e}\u{2066}";

/// What TOML takes in its own spelling.
pub(crate) const ESCAPED_IN_TOML: &str =
    "\\u001b]52;c;aGFja2Vk\\u0007\\u001b[999C\\u009b31m\\u202e\\u2066\\b\\r";

/// Makes the folder, and its server hostile from the next start on.
pub(crate) fn make(sandbox: &Sandbox) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let options = DemoOptions {
            dir: Some(demo_dir(sandbox)),
            temp_parent: sandbox.root().to_owned(),
            pace: Pace::Fast,
        };
        let demo = Demo::start(options).await.unwrap();
        sandbox.watch(&demo);
        demo.turn_hostile();
    });
    write_remotes(sandbox);
    write_cache(sandbox);
}

pub(crate) fn project(sandbox: &Sandbox) -> PathBuf {
    demo_dir(sandbox).join("storefront")
}

/// The address of the demo, as its first remote names it.
pub(crate) fn origin(sandbox: &Sandbox) -> String {
    let git = fs::read_to_string(project(sandbox).join(".git/config")).unwrap();
    let (_, rest) = git.split_once("http://").unwrap();
    format!("http://{}", rest.split('/').next().unwrap())
}

fn write_remotes(sandbox: &Sandbox) {
    let config = project(sandbox).join(".git/config");
    let mut text = fs::read_to_string(&config).unwrap();
    let escaped = "%1b%5d52;c;x%07%c2%9b31m%e2%80%ae";
    for (name, url) in [
        (format!("a{PAYLOAD}b"), "https://dev.azure.com/fabrikam/x/_git/y".to_owned()),
        ("raw".to_owned(), format!("https://dev.azure.com/fab{PAYLOAD}rikam/x/_git/y")),
        ("escaped".to_owned(), format!("https://dev.azure.com/fab{escaped}rikam/x/_git/y")),
        ("project".to_owned(), format!("https://dev.azure.com/fabrikam/{escaped}/_git/y")),
        ("host".to_owned(), format!("https://ado{PAYLOAD}.example/tfs/C/_git/y")),
        ("unknown".to_owned(), format!("https://ado.example/t{escaped}fs/C/_git/y")),
    ] {
        text.push_str(&format!("[remote \"{name}\"]\n\turl = {url}\n"));
    }
    fs::write(config, text).unwrap();
}

/// Folders and files that no Cargo has made.
fn write_cache(sandbox: &Sandbox) {
    let cache = demo_dir(sandbox).join("cargo-home/registry/cache");
    let names = [
        format!("evil{PAYLOAD}-0123456789abcdef").into_bytes(),
        b"bytes\x9b31m\x1b]52;c;x\x07-0123456789abcdef".to_vec(),
    ];
    for name in names.map(OsString::from_vec) {
        let folder = cache.join(name);
        fs::create_dir_all(&folder).unwrap();
        for file in [
            format!("a{PAYLOAD}b-1.0.0.crate").into_bytes(),
            b"bytes\x9b31m\x1b]52;c;x\x07-1.0.0.crate".to_vec(),
            b"fine-1.0.0.crate".to_vec(),
        ] {
            fs::write(folder.join(OsString::from_vec(file)), "x").unwrap();
        }
    }
}

/// A configuration of the project that Cargo takes, and whose every word steers.
pub(crate) fn write_config(sandbox: &Sandbox, more: &str) {
    let folder = project(sandbox).join(".cargo");
    fs::create_dir_all(&folder).unwrap();
    let text = format!(
        "# a comment {RAW_IN_TOML} of theirs\n\
         [registries.\"ev{ESCAPED_IN_TOML}il\"]\n\
         index = \"sparse+https://pkgs.dev.azure.com/fabrikam/{RAW_IN_TOML}/_packaging/a/Cargo/index/\" # {RAW_IN_TOML}\n\
         [registries.plain]\n\
         index = \"sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/a/Cargo/index/\" # {RAW_IN_TOML}\n\
         [\"x{ESCAPED_IN_TOML}\"]\n\"key{RAW_IN_TOML}\" = \"value{ESCAPED_IN_TOML}\"\n{more}"
    );
    fs::write(folder.join("config.toml"), text).unwrap();
}
