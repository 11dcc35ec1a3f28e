//! What a person at the keyboard does: checks a project out, runs the product and Cargo, and looks at what came of it.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use crate::internet::Internet;
use crate::support::sandbox::toolchain;
use crate::support::wizard::{BINARY, files_below, product};

/// How many crates the project needs.
pub(crate) const CRATES: usize = 60;

/// The storage that downloads lead to.
pub(crate) const STORAGE: &str = "contosoblobs.blob.core.windows.net";

/// Cargo's configuration as after an installation, which refuses a program in a build folder.
pub(crate) fn installed() -> String {
    format!(
        "[registry]\nglobal-credential-providers = [\"cargo:token\", \"az-cargo-wizard\"]\n\n\
         [credential-alias]\naz-cargo-wizard = [\"{BINARY}\"]\n"
    )
}

/// What a command has said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
}

impl Said {
    pub(crate) fn of(output: &Output) -> Self {
        let text = [&output.stdout[..], &output.stderr[..]].map(String::from_utf8_lossy).concat();
        Self { code: output.status.code(), text }
    }

    #[track_caller]
    pub(crate) fn succeeds(&self) {
        assert_eq!(self.code, Some(0), "{}", self.text);
    }

    /// # Panics
    /// When it didn't fail in this way.
    #[track_caller]
    pub(crate) fn fails_with(&self, code: i32, words: &str) {
        assert_eq!(self.code, Some(code), "{}", self.text);
        assert!(self.text.contains(words), "`{words}` is missing in\n{}", self.text);
    }
}

impl Internet {
    /// A checkout of the demo's project, with that remote and nothing else of Azure's in it.
    pub(crate) fn check_out(&self, remote: &str) {
        for file in ["Cargo.toml", "Cargo.lock", "src/main.rs"] {
            let text = fs::read(self.demo.project_dir().join(file)).unwrap();
            self.sandbox.write(format!("project/{file}"), text);
        }
        self.sandbox.write("project/.git/config", format!("[remote \"origin\"]\n\turl = {remote}\n"));
    }

    /// The committed configuration of a project whose feed has that index, in place of crates.io.
    pub(crate) fn commit_config(&self, registry: &str, index: &str) {
        let text = format!(
            "[registries.{registry}]\nindex = \"{index}\"\n\n[source.crates-io]\nreplace-with = \"{registry}\"\n"
        );
        self.sandbox.write("project/.cargo/config.toml", text);
    }

    pub(crate) fn run(&self, args: &[&str]) -> Said {
        Said::of(&product(&self.sandbox, args).output().unwrap())
    }

    /// The same with the demo's token on standard input.
    pub(crate) fn run_with_token(&self, args: &[&str]) -> Said {
        let mut child = product(&self.sandbox, args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It may fail before it reads: then that is what it says.
        let _ = writeln!(child.stdin.take().unwrap(), "{}", self.demo.token().expose());
        Said::of(&child.wait_with_output().unwrap())
    }

    /// The real Cargo, as another program that knows nothing of the product.
    pub(crate) fn cargo_fetch(&self) -> Said {
        Said::of(&self.cargo().output().unwrap())
    }

    pub(crate) fn cargo(&self) -> Command {
        let mut cargo = self.sandbox.command(toolchain().join("bin/cargo"));
        cargo.args(["fetch", "--locked"]);
        cargo
    }

    /// The crates in the cache, by file name.
    pub(crate) fn crates(&self) -> BTreeSet<String> {
        let files = files_below(&self.sandbox.cargo_home().join("registry/cache"));
        files.iter().map(|file| file.file_name().unwrap().to_string_lossy().into_owned()).collect()
    }

    pub(crate) fn empty_cache(&self) {
        fs::remove_dir_all(self.sandbox.cargo_home().join("registry")).unwrap();
    }

    /// # Panics
    /// When another host was asked for than these or one of them was not, or when another than Azure's own got a
    /// credential.
    #[track_caller]
    pub(crate) fn asked_only(&self, hosts: &[&str]) {
        assert_eq!(self.hosts(), hosts.iter().map(|host| (*host).to_owned()).collect());
        self.asked_at_most(hosts);
    }

    /// The same where not all of them need to be asked: what fails may fail before.
    #[track_caller]
    pub(crate) fn asked_at_most(&self, hosts: &[&str]) {
        let hosts: BTreeSet<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        assert!(self.hosts().is_subset(&hosts), "{:?}", self.hosts());
        let trusted: BTreeSet<String> = hosts.into_iter().filter(|host| host != STORAGE).collect();
        assert!(self.trusted_hosts().is_subset(&trusted), "{:?}", self.trusted_hosts());
    }
}
