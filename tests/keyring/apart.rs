//! What is done to a keyring by a process of its own: this very program, started again with the session of the test
//! in its environment, for the keyring that the library finds is that of the process.

use std::process::{Child, Command, Stdio};

use az_cargo_wizard::auth::vault::{Slot, Vault};
use az_cargo_wizard::domain::credential::Secret;
use az_cargo_wizard::domain::organization::Base;
use az_cargo_wizard::host::Host;

use crate::support::sandbox::Sandbox;

/// Says what to do: a word, a base, and what the word needs.
const TASK: &str = "AZ_CARGO_WIZARD_TEST_TASK";

/// The entry point of such a process; in a run of all tests it does nothing.
#[test]
fn a_process_apart() {
    let host = Host::os().unwrap();
    let Some(task) = host.env.text(TASK) else { return };
    let words: Vec<&str> = task.splitn(3, '|').collect();
    let base = Base::parse(words[1]).unwrap();
    let state = host.state_dir.unwrap();
    let vault = || Vault::system(&state).unwrap();
    match (words[0], words[2]) {
        ("write", secret) => {
            let (slot, secret) = secret.split_once('|').unwrap();
            let slot = Slot::ALL.into_iter().find(|known| format!("{known:?}") == slot).unwrap();
            vault().write(&base, slot, &Secret::new(secret)).unwrap();
        }
        ("forget", _) => vault().forget(&base).unwrap(),
        // Each of them is longer than one entry can be.
        ("rewrite", letter) => {
            for length in [5_000, 2_400, 7_300, 10, 2_399] {
                vault().write(&base, Slot::Access, &Secret::new(letter.repeat(length))).unwrap();
                whole(&vault().read(&base, Slot::Access).unwrap().unwrap());
            }
        }
        ("whole", _) => whole(&vault().read(&base, Slot::Access).unwrap().unwrap()),
        ("sizes", _) => {
            for length in [1, 2_399, 2_400, 2_401, 4_800, 20_000] {
                let secret = Secret::new("x".repeat(length));
                vault().write(&base, Slot::Access, &secret).unwrap();
                assert_eq!(
                    vault().read(&base, Slot::Access).unwrap(),
                    Some(secret.clone()),
                    "{length} bytes"
                );
                let quiet = Vault::quiet_system(&state).unwrap();
                assert_eq!(quiet.read(&base, Slot::Access).unwrap(), Some(secret), "{length} bytes");
            }
        }
        other => panic!("{other:?}"),
    }
}

/// One letter again and again: of one writer alone.
fn whole(secret: &Secret) {
    let text = secret.expose();
    let first = text.chars().next().unwrap();
    assert!(text.chars().all(|letter| letter == first), "parts of two writers");
}

pub(crate) fn write(sandbox: &Sandbox, base: &Base, (slot, secret): (Slot, &str)) {
    wait(start(sandbox, &format!("write|{base}|{slot:?}|{secret}")));
}

pub(crate) fn forget(sandbox: &Sandbox, base: &Base) {
    wait(start(sandbox, &format!("forget|{base}|")));
}

pub(crate) fn start(sandbox: &Sandbox, task: &str) -> Child {
    let mut command: Command = sandbox.command(std::env::current_exe().unwrap());
    command.args(["--exact", "apart::a_process_apart", "--nocapture"]).env(TASK, task);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

pub(crate) fn wait(process: Child) {
    let output = process.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}
