//! Tokens that end: renewed before they are handed out, once for all who ask.

use az_cargo_wizard::auth::vault::Slot;
use az_cargo_wizard::domain::credential::Secret;

use crate::support::wizard::CRATES;
use crate::world::{World, words};

/// As after an hour: no access token is good any more, and what is kept says so.
fn let_an_hour_pass(world: &World) {
    world.demo.end_entra_tokens();
    world.vault().write(&world.base(), Slot::Access, &Secret::new("1 eyJold.e30.x")).unwrap();
}

fn refresh_of(world: &World) -> String {
    world.vault().read(&world.base(), Slot::Refresh).unwrap().unwrap().expose().to_owned()
}

fn renewals(world: &World, before: usize) -> usize {
    let asked = world.requests_since(before);
    asked.iter().filter(|request| request.path.ends_with("/oauth2/v2.0/token")).count()
}

#[test]
fn an_access_token_that_lives_is_handed_out_and_one_that_has_ended_is_renewed_first() {
    let world = World::with_entra();
    let before = world.demo.requests().len();
    let fresh = world.fetch();
    assert!(fresh.status.success(), "{}", words(&fresh));
    assert_eq!((world.crates(), renewals(&world, before)), (CRATES, 0));

    for _ in 0..2 {
        let_an_hour_pass(&world);
        world.forget_crates();
        let (before, refresh) = (world.demo.requests().len(), refresh_of(&world));
        let renewed = world.fetch();
        assert!(renewed.status.success(), "{}", words(&renewed));
        assert_eq!((world.crates(), renewals(&world, before)), (CRATES, 1));
        assert_ne!(refresh_of(&world), refresh, "it is good once: the next one is kept");
        assert!(world.requests_since(before).iter().all(|request| request.status != 401));
    }
}

#[test]
fn a_sign_in_that_cannot_be_renewed_is_said_with_what_mends_it() {
    let world = World::with_entra();
    let_an_hour_pass(&world);
    world.vault().write(&world.base(), Slot::Refresh, &Secret::new("0.AXspent")).unwrap();
    let output = world.fetch();
    assert!(!output.status.success());
    let said = words(&output);
    assert!(said.contains("az-cargo-wizard login"), "{said}");
    assert!(!said.contains("0.AXspent") && !said.contains("eyJold"), "{said}");
}

#[test]
fn two_hundred_who_ask_at_once_are_served_by_one_renewal() {
    use std::io::Write as _;
    use std::process::Stdio;

    const CARGOS: usize = 200;
    let world = World::with_entra();
    let_an_hour_pass(&world);
    let before = world.demo.requests().len();
    let request = format!(
        "{{\"v\":1,\"registry\":{{\"index-url\":\"{}\"}},\"kind\":\"get\",\"operation\":\"read\"}}\n",
        world.index()
    );
    let children: Vec<_> = (0..CARGOS)
        .map(|_| {
            let mut command = crate::support::wizard::product(&world.sandbox, ["--cargo-plugin"]);
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().unwrap();
            child.stdin.take().unwrap().write_all(request.as_bytes()).unwrap();
            child
        })
        .collect();
    let mut answers: Vec<String> = children
        .into_iter()
        .map(|child| {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap()
        })
        .collect();
    answers.dedup();
    let [answer] = &answers[..] else { panic!("all get the same token: {} answers", answers.len()) };
    assert!(answer.contains("\"cache\":\"expires\""), "they were served");
    assert_eq!(renewals(&world, before), 1);
}
