//! Ways around a rule that the checker sees through, and honest code that it lets pass.

use crate::checker::{Violation, check};
use crate::rules::RULES;
use crate::source::World;

fn violations(files: &[(&str, &str)]) -> Vec<Violation> {
    check(RULES, &World::parse(files))
}

/// Breaks the rule, and no other.
#[track_caller]
fn caught(rule: &str, files: &[(&str, &str)]) {
    let found: Vec<_> = violations(files).into_iter().map(|found| found.rule).collect();
    assert!(!found.is_empty() && found.iter().all(|name| *name == rule), "{rule} expected, found {found:?}");
}

#[track_caller]
fn passes(files: &[(&str, &str)]) {
    let found = violations(files);
    assert!(found.is_empty(), "{}", crate::lines(&found));
}

#[test]
fn groups_renames_and_chains_of_names_are_followed() {
    caught("tui-rooms", &[("tui/app.rs", "use crate::{domain::feed::Feed, azure::{client, wire as w}};")]);
    caught("clock", &[("azure/a.rs", "use std::time as t; use t::Instant as I; fn f() { I::now(); }")]);
    caught(
        "clock",
        &[("azure/a.rs", "use std::time::{self, Duration}; fn f() { time::SystemTime::now(); }")],
    );
    caught("http-clients", &[("azure/a.rs", "type C = reqwest::Client; fn f() { C::new(); }")]);
    caught("http-clients", &[("azure/a.rs", "fn f() { <reqwest::Client>::new(); }")]);
    caught("exit", &[("task/a.rs", "fn f() { use std::process::exit as leave; leave(1) }")]);
    caught("exit", &[("task/a.rs", "fn f() { ::std::process::exit(1) }")]);
    caught("tui-rooms", &[("tui/app.rs", "extern crate az_cargo_wizard as us; use us::azure::client;")]);
    caught("tui-rooms", &[("tui/app.rs", "extern crate self as us; fn f() { us::azure::client(); }")]);
}

#[test]
fn relative_paths_are_resolved() {
    caught("domain-knows-no-room", &[("domain/feed.rs", "use super::super::net::client;")]);
    caught("domain-knows-no-room", &[("domain/mod.rs", "mod a { fn f() { super::super::net::client(); } }")]);
    passes(&[(
        "domain/feed.rs",
        "use super::registry::Name; use self::b::C; mod b { use super::super::feed; }",
    )]);
}

#[test]
fn names_from_a_parent_module_are_seen() {
    let parent = ("azure/mod.rs", "use std::time::Instant; mod call;");
    caught("clock", &[parent, ("azure/call.rs", "use super::Instant; fn f() { Instant::now(); }")]);
    caught("clock", &[parent, ("azure/call.rs", "use super::*; fn f() { Instant::now(); }")]);
    caught("clock", &[("azure/a.rs", "use std::time::Instant; mod b { fn f() { super::Instant::now(); } }")]);
}

#[test]
fn a_re_export_does_not_launder() {
    let task = ("task/mod.rs", "pub use crate::azure::Feed as ServiceFeed;");
    caught("tui-rooms", &[task, ("tui/app.rs", "use crate::task::ServiceFeed;")]);
    caught(
        "tui-rooms",
        &[task, ("tui/app.rs", "use crate::task::*; fn f(feed: crate::task::ServiceFeed) {}")],
    );
}

#[test]
fn the_insides_of_macros_are_read() {
    caught("environment", &[("task/a.rs", "fn f() { format!(\"{:?}\", std::env::args()); }")]);
    caught("secrets", &[("azure/a.rs", "fn f() { format!(\"{}\", token.expose()); }")]);
    caught("stdout", &[("azure/a.rs", "fn f() { tokio::select! { () = wait() => println!(\"over\") } }")]);
    caught("clock", &[("azure/a.rs", "macro_rules! now { () => { ::std::time::Instant::now() } }")]);
    caught("tui-rooms", &[("tui/a.rs", "macro_rules! feed { () => { $crate::azure::Feed } }")]);
    caught(
        "secrets",
        &[("azure/a.rs", "fn f() { tokens.iter().map(crate::domain::credential::Secret::expose); }")],
    );
}

#[test]
fn a_glob_that_may_bring_something_forbidden_is_refused() {
    caught("environment", &[("cargo/a.rs", "use std::env::*;")]);
    caught("deleting-files", &[("demo/a.rs", "use std::fs::{remove_file as gone};")]);
    caught(
        "screens-do-not-know-each-other",
        &[("tui/screen/a.rs", "use super::*;"), ("tui/screen/b.rs", "")],
    );
    passes(&[("tui/app.rs", "use ratatui::widgets::*;")]);
}

#[test]
fn an_exception_holds_for_its_file_alone() {
    let delete = "fn f() { let _ = std::fs::remove_file(\"a\"); }";
    passes(&[("cargo/cache.rs", delete), ("cargo/cache/crates.rs", delete)]);
    caught("deleting-files", &[("cargo/cache_of_mine.rs", delete)]);
    passes(&[("auth/pat/looks.rs", "fn f(secret: &Secret) { secret.expose(); }")]);
}

#[test]
fn screens_share_through_their_parent() {
    passes(&[
        ("tui/screen/mod.rs", "pub mod check; pub mod done; pub enum Step { Stay } use check::Check;"),
        ("tui/screen/check.rs", "use super::Step; use crate::tui::screen::check::Check;"),
        ("tui/screen/check/list.rs", "use super::Check;"),
        ("tui/screen/done.rs", "use crate::tui::screen::Step;"),
    ]);
}

#[test]
fn test_code_is_free() {
    let body = "use crate::demo::World; fn f() { println!(\"{:?}\", std::env::args()); }";
    passes(&[("azure/a.rs", &format!("#[cfg(test)]\nmod tests {{ {body} }}"))]);
    passes(&[("azure/a.rs", &format!("#[cfg(all(test, unix))]\nmod tests {{ {body} }}"))]);
    passes(&[("azure/a.rs", "#[cfg(test)] use crate::demo::World; #[cfg(test)] fn f() { dbg!(1); }")]);
    passes(&[("azure/a.rs", "impl A { #[cfg(test)] fn f() { dbg!(1); } }")]);
    passes(&[("azure/a.rs", "#[cfg(test)]\nmod tests;"), ("azure/a/tests.rs", body)]);
    passes(&[("azure/a.rs", &format!("#[cfg(test)]\nmod tests {{\n{}}}", "const A: u8 = 0;\n".repeat(600)))]);
}

#[test]
fn code_that_is_only_sometimes_a_test_is_product_code() {
    for condition in ["not(test)", "any(test, unix)", "unix"] {
        caught("stdout", &[("azure/a.rs", &format!("#[cfg({condition})]\nfn f() {{ println!(\"a\"); }}"))]);
    }
}

#[test]
fn likenesses_are_no_violations() {
    passes(&[(
        "tui/app.rs",
        "pub(crate) struct A; pub(in crate::tui) struct B; fn f(tokio: u8) -> u8 { tokio }",
    )]);
    passes(&[(
        "tui/app.rs",
        "/// Never `std::env::var` or `println!`.\nfn f() { let _ = \"std::fs::write\"; }",
    )]);
    passes(&[("cargo/a.rs", "use std::fs::{self, File}; fn f() { fs::read(\"a\"); File::open(\"b\"); }")]);
    passes(&[("azure/a.rs", "use reqwest::Client; fn f(client: &Client) { client.get(\"a\"); }")]);
    passes(&[("task/a.rs", &format!("fn f() {{\n{}}}", "    g();\n".repeat(78)))]);
}
