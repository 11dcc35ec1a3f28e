//! The Cache tab on real crates: damage is found, repaired and fetched again; deleting asks, and waits for Cargo.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

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
