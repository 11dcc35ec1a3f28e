//! Whether something that was said names a command that a person may copy.

use std::sync::atomic::{AtomicBool, Ordering};

use clap::CommandFactory as _;

use super::super::args::Arguments;

static NAMED: AtomicBool = AtomicBool::new(false);

/// What Cargo does to credentials and registries.
const CARGOS: [&str; 4] = ["fetch", "login", "logout", "publish"];

/// Takes note of what is said.
pub(super) fn note(text: &str) {
    if names_a_command(text) {
        NAMED.store(true, Ordering::Relaxed);
    }
}

/// Whether anything that this process has said for people names one.
#[must_use]
pub fn has_named_a_command() -> bool {
    NAMED.load(Ordering::Relaxed)
}

fn names_a_command(text: &str) -> bool {
    let mut words = text.split([' ', '\n', '`']).filter(|word| !word.is_empty());
    let mut before = "";
    words.any(|word| {
        let program = std::mem::replace(&mut before, word);
        let word = word.trim_end_matches([':', ';', ',', '.']);
        match program {
            "cargo" => CARGOS.contains(&word),
            "az-cargo-wizard" => Arguments::command().find_subcommand(word).is_some(),
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_from_words() {
        for named in [
            "hint: run: az-cargo-wizard login --org contoso",
            "`az-cargo-wizard undo` takes that back",
            "To undo that: az-cargo-wizard undo",
            "error: no\n\nhint: sign in: `az-cargo-wizard setup`",
            "to undo, first: cargo logout --registry rust-crates",
        ] {
            assert!(names_a_command(named), "{named}");
        }
        for other in [
            "made the personal access token `az-cargo-wizard on LAPTOP-7`",
            "Cargo asks /opt/az-cargo-wizard",
            "an az-cargo-wizard",
            "60 crates in the cache, 60 of them new",
        ] {
            assert!(!names_a_command(other), "{other}");
        }
    }
}
