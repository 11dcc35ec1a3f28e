//! Sizes, and several processes at one keyring.

use std::io::Write as _;
use std::process::Stdio;

use az_cargo_wizard::auth::vault::Vault;

use crate::apart;
use crate::session::Session;
use crate::support::wizard::product;
use crate::world::World;

#[test]
fn secrets_longer_than_an_entry_come_back() {
    let Some(session) = Session::with_keyring() else { return };
    let world = World::of(&session);
    apart::wait(apart::start(&world.sandbox, &format!("sizes|{}|", world.base())));
    apart::forget(&world.sandbox, &world.base());
    assert_eq!(session.entries(), 0, "no part is left behind");
}

#[test]
fn of_processes_that_write_at_once_nothing_is_lost_or_mixed() {
    let Some(session) = Session::with_keyring() else { return };
    let world = World::of(&session);
    let other = |n: usize| format!("https://dev.azure.com/org{n}");
    let letters = ["a", "b", "c", "d"];
    let same =
        letters.map(|letter| apart::start(&world.sandbox, &format!("rewrite|{}|{letter}", world.base())));
    let others = letters.map(|letter| {
        apart::start(&world.sandbox, &format!("write|{}|Access|{letter}", other(letter.len())))
    });
    same.into_iter().chain(others).for_each(apart::wait);
    apart::wait(apart::start(&world.sandbox, &format!("whole|{}|", world.base())));
    apart::wait(apart::start(&world.sandbox, &format!("whole|{}|", other(1))));
    assert_eq!(session.entries(), 2, "one each, and no parts of those before");
}

#[test]
fn a_person_at_the_keyring_is_no_outage() {
    let Some(session) = Session::with_keyring() else { return };
    let world = World::of(&session);
    assert!(world.log_in(&[]).status.success());
    let person = Vault::system(world.demo.state_dir()).unwrap();
    let told = world.get();
    let words = "another az-cargo-wizard is using the keyring, and may be waiting for its password";
    assert_eq!((&told["Err"]["kind"], &told["Err"]["message"]), (&"other".into(), &words.into()), "{told}");
    drop(person);
    assert!(world.get()["Ok"]["token"].is_string(), "nobody remembers it");
}

#[test]
fn a_crowd_of_cargos_is_served() {
    const CARGOS: usize = 40;
    let Some(session) = Session::with_keyring() else { return };
    let world = World::of(&session);
    assert!(world.log_in(&[]).status.success());
    let request = format!(
        "{{\"v\":1,\"registry\":{{\"index-url\":\"{}\"}},\"kind\":\"get\",\"operation\":\"read\"}}\n",
        world.index()
    );
    let children: Vec<_> = (0..CARGOS)
        .map(|_| {
            let mut command = product(&world.sandbox, ["--cargo-plugin"]);
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().unwrap();
            child.stdin.take().unwrap().write_all(request.as_bytes()).unwrap();
            child
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("\"Ok\""), "{}", text.lines().last().unwrap_or_default());
    }
}
