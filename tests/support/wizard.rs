//! The real binary on its demo, the steps of the straight path, and what they leave on the disk.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use sha2::{Digest as _, Sha256};

#[cfg(unix)]
use super::pty::Terminal;
use super::sandbox::Sandbox;

/// The product.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_az-cargo-wizard");

/// How many crates the demo's project needs.
pub(crate) const CRATES: usize = 60;

/// The product with these arguments.
pub(crate) fn product<A: AsRef<OsStr>>(sandbox: &Sandbox, args: impl IntoIterator<Item = A>) -> Command {
    let mut command = sandbox.command(BINARY);
    command.args(args);
    command
}

/// The product on a demo that is kept in the sandbox, its downloads at full speed.
pub(crate) fn demo(sandbox: &Sandbox) -> Command {
    let mut command = watchable_demo(sandbox);
    command.arg("--demo-fast");
    command
}

/// The same, its downloads slow enough to do something meanwhile.
pub(crate) fn watchable_demo(sandbox: &Sandbox) -> Command {
    let mut command = product(sandbox, ["--demo", "--demo-dir"]);
    command.arg(demo_dir(sandbox));
    command
}

/// Where that demo is kept.
pub(crate) fn demo_dir(sandbox: &Sandbox) -> PathBuf {
    sandbox.root().join("demo")
}

/// The demo's own personal access token, once the demo has been started.
pub(crate) fn token(sandbox: &Sandbox) -> String {
    let world = fs::read_to_string(demo_dir(sandbox).join("world.json")).unwrap();
    let world: serde_json::Value = serde_json::from_str(&world).unwrap();
    world["token"].as_str().unwrap().to_owned()
}

/// The steps of the straight path: each waits for its screen, takes what is proposed there, and ends with the key
/// that leads on.
#[cfg(unix)]
pub(crate) mod steps {
    use super::Terminal;

    pub(crate) fn organization(wizard: &mut Terminal) {
        wizard.wait_for("Which organization");
        wizard.send("<enter>");
    }

    pub(crate) fn sign_in(wizard: &mut Terminal, token: &str) {
        wizard.wait_for("Sign in to http://127.0.0.1:");
        wizard.paste(token);
        wizard.send("<enter>");
    }

    pub(crate) fn feed(wizard: &mut Terminal) {
        wizard.wait_for("Has the crates.io upstream");
        wizard.send("<enter>");
    }

    /// Reviews what the form proposes and has it written.
    pub(crate) fn config(wizard: &mut Terminal) {
        wizard.wait_for("What shall Cargo's configuration say?");
        wizard.send("<enter>");
        wizard.wait_for("This will be written when you agree");
        wizard.send("<enter>");
    }

    pub(crate) fn log_in(wizard: &mut Terminal) {
        wizard.wait_for("the very header");
        wizard.send("<enter>");
    }

    /// Waits until every crate is there.
    pub(crate) fn restored(wizard: &mut Terminal) {
        wizard.wait_for("Every crate of the lock file is in the cache");
        wizard.wait_for("60 of 60 crates");
    }

    /// From the first screen until `cargo fetch` runs.
    pub(crate) fn to_restore(wizard: &mut Terminal, token: impl FnOnce() -> String) {
        organization(wizard);
        wizard.wait_for("Sign in to http://127.0.0.1:");
        sign_in(wizard, &token());
        feed(wizard);
        config(wizard);
        log_in(wizard);
    }
}

/// The crates in the demo's cache.
///
/// # Panics
/// When one is not what the lock file says.
pub(crate) fn whole_crates(sandbox: &Sandbox) -> usize {
    let wanted = checksums(&demo_dir(sandbox).join("storefront/Cargo.lock"));
    let files = files_below(&demo_dir(sandbox).join("cargo-home/registry/cache"));
    for file in &files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let checksum = wanted.get(name).unwrap_or_else(|| panic!("no crate of the lock file: {name}"));
        let digest = Sha256::digest(fs::read(file).unwrap());
        let found = digest.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        assert_eq!(&found, checksum, "{name} is damaged");
    }
    files.len()
}

/// Checksums of a lock file by the names of crate files.
fn checksums(lock: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(lock).unwrap();
    let value = |package: &str, key: &str| {
        let line = package.lines().find_map(|line| line.strip_prefix(&format!("{key} = \"")))?;
        Some(line.trim_end_matches('"').to_owned())
    };
    let packages = text.split("[[package]]").filter_map(|package| {
        let name = format!("{}-{}.crate", value(package, "name")?, value(package, "version")?);
        Some((name, value(package, "checksum")?))
    });
    packages.collect()
}

/// Every file below a folder; links are not followed.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().unwrap().is_dir() {
            files.extend(files_below(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}

/// What betrays a token: every piece of it that is long enough to be no accident, as it is and in base64.
#[derive(Debug)]
pub(crate) struct Traces(Vec<Vec<u8>>);

impl Traces {
    const PIECE: usize = 14;

    pub(crate) fn of(token: &str) -> Self {
        let user = format!(":{token}");
        let forms = [token.to_owned(), STANDARD.encode(token), STANDARD.encode(&user)];
        // Inside a longer text the letters of base64 depend on where it begins.
        let shifted = ["a:", "ab:"].map(|before| STANDARD_NO_PAD.encode(format!("{before}{token}")));
        let forms = forms.into_iter().chain(shifted).chain([URL_SAFE.encode(&user)]);
        let pieces = forms.flat_map(|form| {
            // The ends are shared with other words: `AZDO` with every token, the first letters with every user.
            let bytes = form.into_bytes();
            bytes.windows(Self::PIECE).skip(4).step_by(5).map(<[u8]>::to_vec).collect::<Vec<_>>()
        });
        Self(pieces.collect())
    }

    /// The first trace in the bytes.
    pub(crate) fn found_in(&self, bytes: &[u8]) -> Option<String> {
        let pair = |bytes: &[u8]| usize::from(bytes[0]) << 8 | usize::from(bytes[1]);
        // Megabytes are searched: most places are passed over by their first two bytes.
        let mut starts = vec![false; 1 << 16];
        for piece in &self.0 {
            starts[pair(piece)] = true;
        }
        let places = bytes.windows(Self::PIECE).filter(|place| starts[pair(place)]);
        let mut found = places.filter(|place| self.0.iter().any(|piece| piece == place));
        found.next().map(|place| String::from_utf8_lossy(place).into_owned())
    }

    /// The files below a folder that hold one.
    pub(crate) fn files_below(&self, folder: &Path) -> Vec<PathBuf> {
        let files = files_below(folder).into_iter().filter(|file| file.is_file());
        files.filter(|file| self.found_in(&fs::read(file).unwrap()).is_some()).collect()
    }
}
