//! The command `feeds`: what is listed, for whom, in lines and as JSON; and what is said where nothing can be.
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::fs;
use std::io::Write as _;
use std::process::{Output, Stdio};

use az_cargo_wizard::cargo::credentials;
use az_cargo_wizard::domain::credential::{Credential, Secret};
use az_cargo_wizard::domain::registry::RegistryName;
use insta::assert_snapshot;
use serde_json::Value;

use support::sandbox::Sandbox;
use support::wizard::{Traces, demo, demo_dir, token};

#[expect(dead_code, reason = "this test uses a part of what the tests share")]
mod support;

/// A demo that has been started once, and its origin.
fn origin(sandbox: &Sandbox) -> String {
    assert!(demo(sandbox).args(["cache", "list"]).output().unwrap().status.success());
    let world = fs::read_to_string(demo_dir(sandbox).join("world.json")).unwrap();
    let world: Value = serde_json::from_str(&world).unwrap();
    format!("http://127.0.0.1:{}", world["ports"][0])
}

fn feeds(sandbox: &Sandbox, args: &[&str], input: &str) -> Output {
    let mut command = demo(sandbox);
    command.arg("feeds").args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    process.wait_with_output().unwrap()
}

fn picture(output: &Output) -> String {
    format!(
        "exit: {}\n--- stdout\n{}--- stderr\n{}",
        output.status.code().unwrap(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

macro_rules! assert_picture {
    ($output:expr) => {{
        let mut settings = insta::Settings::clone_current();
        settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT");
        settings.add_filter(r"date: .* GMT", "date: DATE");
        settings.add_filter(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID");
        settings.bind(|| assert_snapshot!(picture($output)));
    }};
}

fn object(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn a_member_sees_every_feed_with_what_it_means_for_cargo() {
    let sandbox = Sandbox::new();
    origin(&sandbox);
    let output = feeds(&sandbox, &["--with-token"], &token(&sandbox));
    assert_picture!(&output);
    assert_eq!(Traces::of(&token(&sandbox)).found_in(&[output.stdout, output.stderr].concat()), None);
}

#[test]
fn programs_get_one_object_with_the_fields_that_stay() {
    let sandbox = Sandbox::new();
    origin(&sandbox);
    let output = feeds(&sandbox, &["--with-token", "--json"], &token(&sandbox));
    let object = object(&output);
    assert_eq!((&object["schema"], &object["organization"]), (&1.into(), &"contoso".into()));
    let listed = object["feeds"].as_array().unwrap();
    assert!(listed.len() > 20, "{}", listed.len());
    let labels: Vec<String> = listed
        .iter()
        .map(|feed| match feed["project"].as_str() {
            Some(project) => format!("{project}/{}", feed["name"].as_str().unwrap()).to_lowercase(),
            None => feed["name"].as_str().unwrap().to_lowercase(),
        })
        .collect();
    assert!(labels.is_sorted(), "{labels:?}");
    let wanted = listed.iter().find(|feed| feed["name"] == "rust-crates").unwrap();
    assert_picture!(&Output { stdout: format!("{wanted:#}\n").into_bytes(), ..output.clone() });
}

#[test]
fn one_feed_is_shown_with_its_views_and_the_exact_role() {
    let sandbox = Sandbox::new();
    origin(&sandbox);
    let output = feeds(&sandbox, &["Storefront/rust-crates", "--with-token"], &token(&sandbox));
    assert_picture!(&output);
    // Its project need not be named: names are unique in an organization.
    let again = feeds(&sandbox, &["payments-staging", "--with-token", "--json"], &token(&sandbox));
    let listed = object(&again);
    let [feed] = &listed["feeds"].as_array().unwrap()[..] else { panic!("one: {again:?}") };
    assert_eq!((&feed["project"], &feed["role"]), (&"Payments".into(), &"collaborator".into()));
    assert!(feed["views"].as_array().unwrap().len() >= 3, "{feed}");
}

#[test]
fn nobody_in_particular_sees_the_public_feeds_and_is_told_how_to_see_more() {
    let sandbox = Sandbox::new();
    let origin = origin(&sandbox);
    let public = feeds(&sandbox, &["--org", &format!("{origin}/fabrikam"), "--json"], "");
    let listed = object(&public)["feeds"].clone();
    assert!(!listed.as_array().unwrap().is_empty(), "{listed}");
    assert!(listed.as_array().unwrap().iter().all(|feed| feed["public"] == true), "{listed}");
    assert_picture!(&feeds(&sandbox, &[], ""));
}

#[test]
fn the_token_that_cargo_has_is_used() {
    let sandbox = Sandbox::new();
    let origin = origin(&sandbox);
    let index = format!("sparse+{origin}/contoso/Storefront/_packaging/rust-crates/Cargo/index/");
    let home = demo_dir(&sandbox).join("cargo-home");
    fs::write(home.join("config.toml"), format!("[registries.rust]\nindex = \"{index}\"\n")).unwrap();
    let header = Credential::Pat(Secret::new(token(&sandbox))).header();
    credentials::store(&home, &RegistryName::parse("rust").unwrap(), &header).unwrap();
    let output = feeds(&sandbox, &["--json"], "");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(object(&output)["feeds"].as_array().unwrap().iter().any(|feed| feed["public"] == false));
}

#[test]
fn failures_have_their_codes() {
    let sandbox = Sandbox::new();
    origin(&sandbox);
    let code = |args: &[&str], input: &str| feeds(&sandbox, args, input).status.code();
    assert_eq!(code(&["--with-token"], &"x".repeat(52)), Some(3));
    assert_eq!(code(&["no-such-feed", "--with-token"], &token(&sandbox)), Some(5));
    assert_eq!(code(&["a feed", "--with-token"], &token(&sandbox)), Some(2));
}
