//! The Cache tab on real crates: damage is found, repaired and fetched again; deleting asks, and waits for Cargo.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use az_cargo_wizard::domain::text::is_control;

use crate::support::pty::{Ended, Terminal};
use crate::support::sandbox::Sandbox;
use crate::support::wizard::{CRATES, demo, demo_dir, files_below, steps, token, whole_crates};

/// The demo's project has its feed, and every crate is there.
fn filled(sandbox: &Sandbox) -> Vec<PathBuf> {
    let mut wizard = Terminal::spawn(&demo(sandbox), 80, 24);
    steps::to_restore(&mut wizard, || token(sandbox));
    steps::restored(&mut wizard);
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
    let mut crates = files_below(&cargo_home(sandbox).join("registry/cache"));
    crates.sort();
    assert_eq!(crates.len(), CRATES);
    crates
}

fn cargo_home(sandbox: &Sandbox) -> PathBuf {
    demo_dir(sandbox).join("cargo-home")
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn damage_is_found_and_repaired_and_pruning_asks_and_waits_for_cargo() {
    let sandbox = Sandbox::new();
    let crates = filled(&sandbox);
    let half = fs::read(&crates[7]).unwrap();
    fs::write(&crates[7], &half[..half.len() / 2]).unwrap();
    flip(&crates[20]);
    fs::write(&crates[40], "").unwrap();

    let mut wizard = Terminal::spawn(&demo(&sandbox), 120, 36);
    wizard.wait_for("Cargo takes its crates from here");
    wizard.send("<tab><tab>");
    wizard.wait_for("60 crates, ");
    wizard.send("v");
    wizard.wait_for("Delete 3 damaged crates?");
    for damage in ["truncated: ", "altered: ", ": empty"] {
        wizard.wait_for(damage);
    }
    wizard.send("<enter>");
    wizard.wait_for("Every crate of the lock file is in the cache");
    assert_eq!(whole_crates(&sandbox), CRATES);

    wizard.send("<tab>");
    wizard.wait_for("60 crates, ");
    let lock = File::open(cargo_home(&sandbox).join(".package-cache")).unwrap();
    lock.lock().unwrap();
    wizard.send("x");
    wizard.wait_for("Delete 1 crate and free");
    wizard.send("<enter>");
    wizard.wait_for("Cargo is running");
    assert_eq!(whole_crates(&sandbox), CRATES, "nothing was deleted");
    drop(lock);
    wizard.send("x");
    wizard.wait_for("Delete 1 crate and free");
    wizard.send("<enter>");
    wizard.wait_for("freed");
    wizard.wait_for("59 crates, ");
    assert!(!crates[0].exists());
    assert_eq!(whole_crates(&sandbox), CRATES - 1);
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
    wizard.assert_restored();
}

/// What would steer the terminal, were it written as it is: a title, the clipboard, colors, the direction of writing.
const STEERING: [&str; 4] = ["\u{1b}]0;OWNED\u{7}", "\u{1b}]52;c;T1dORUQ=\u{7}", "\u{9b}31m", "\u{202e}"];

/// Files that Cargo has never written, links in place of a crate, of sources and of a registry, and a registry whose
/// index is hostile itself; and the folder that they lead to.
fn plant(sandbox: &Sandbox, crates: &[PathBuf]) -> PathBuf {
    let outside = sandbox.root().join("outside");
    for file in ["sources/src/lib.rs", "linked.crate", "a-1.0.0.crate", "a-1.0.0/src/lib.rs"] {
        sandbox.write(Path::new("outside").join(file), "mine");
    }
    let registry = cargo_home(sandbox).join("registry");
    let cache = crates[0].parent().unwrap();
    for (place, steering) in STEERING.iter().enumerate() {
        fs::write(cache.join(format!("OWNED-{place}{steering}-1.0.0.crate")), "").unwrap();
    }
    fs::remove_file(&crates[7]).unwrap();
    symlink(outside.join("linked.crate"), &crates[7]).unwrap();
    let sources = registry.join("src").join(cache.file_name().unwrap()).join(crates[0].file_stem().unwrap());
    fs::remove_dir_all(&sources).unwrap();
    symlink(outside.join("sources"), sources).unwrap();
    for kept in ["cache", "src", "index"] {
        symlink(&outside, registry.join(kept).join("linked-0011223344556677")).unwrap();
    }
    let evil = format!("registry/cache/evil-0011223344556677/OWNED{}-1.0.0.crate", STEERING[1]);
    for (file, text) in [
        (evil.as_str(), ""),
        ("registry/index/evil-0011223344556677/config.json", r#"{"dl":"https://h/\u001b]0;OWNED\u0007"}"#),
    ] {
        let file = cargo_home(sandbox).join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    outside
}

fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    files_below(folder).into_iter().map(|file| (file.clone(), fs::read(file).unwrap())).collect()
}

#[test]
fn a_hostile_cache_steers_no_terminal_and_leads_nowhere() {
    let sandbox = Sandbox::new();
    let crates = filled(&sandbox);
    let outside = plant(&sandbox, &crates);
    let before = tree(&outside);

    let mut wizard = Terminal::spawn(&demo(&sandbox), 120, 36);
    let is_clean = |wizard: &Terminal| {
        let screen = wizard.screen();
        assert!(!screen.chars().any(|c| c != '\n' && is_control(c)), "{screen}");
    };
    wizard.wait_for("Cargo takes its crates from here");
    wizard.send("<tab><tab>");
    wizard.wait_for("59 crates, ");
    wizard.wait_for("unknown (its server: https://h/");
    is_clean(&wizard);
    // The strange ones come last: five names, and the crate that is a link.
    wizard.send("<enter>G");
    for _ in 0..6 {
        wizard.send("xd");
        wizard.wait_for("y copy the path   Esc close");
        wizard.wait_for("foreign: Cargo did not put it there");
        is_clean(&wizard);
        wizard.send("<esc>");
        // The key bar is drawn last.
        wizard.wait_for("m mark all");
        is_clean(&wizard);
        wizard.send("k");
    }
    wizard.wait_for("OWNED");
    wizard.send("v");
    wizard.wait_for("65 files compared");
    wizard.wait_for("6 damaged");
    is_clean(&wizard);
    wizard.send("gx");
    wizard.wait_for("Delete 1 crate and free");
    wizard.send("<enter>");
    wizard.wait_for("1 still there");
    is_clean(&wizard);
    assert!(crates[0].exists(), "its sources are a link");
    wizard.send("<esc>");
    wizard.wait_for("its crates");
    wizard.send("gjx");
    wizard.wait_for("Delete 59 crates and free");
    wizard.wait_for("5 files that Cargo did not put there would go too");
    is_clean(&wizard);
    wizard.send("<enter>");
    wizard.wait_for("0 crates, ");
    is_clean(&wizard);
    wizard.send("x");
    wizard.wait_for("1 file that Cargo did not put there would go too");
    is_clean(&wizard);
    wizard.send("<enter>");
    wizard.wait_for("The crate cache is empty");
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
    wizard.assert_restored();
    let output = wizard.output();
    for steering in STEERING {
        assert!(!output.windows(steering.len()).any(|bytes| bytes == steering.as_bytes()), "{steering:?}");
    }
    assert!(!crates[0].exists() && !String::from_utf8_lossy(output).contains("linked-0011"));
    assert_eq!(tree(&outside), before, "nothing was reached through a link");
}
