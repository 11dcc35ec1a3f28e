//! A planted violation for each rule. A rule that forbids several things has a plant for each of them, made
//! here from the form in which it would be written.

use crate::rules::{Forbidden, RULES};

/// Sources that break a rule.
#[derive(Debug)]
pub(crate) struct Plant {
    pub(crate) rule: &'static str,
    pub(crate) files: Vec<(String, String)>,
}

/// Rule, file, and source: one violation each.
const PLANTS: &[(&str, &str, &str)] = &[
    ("domain-knows-no-room", "domain/feed.rs", "use crate::error::Report;"),
    ("domain-is-pure", "domain/feed.rs", "fn f() { std::thread::yield_now(); }"),
    ("error-knows-no-room", "error.rs", "use crate::azure::AzureError;"),
    ("host-knows-no-room", "host.rs", "use crate::files::read;"),
    ("files-rooms", "files.rs", "use crate::cargo::home;"),
    ("net-rooms", "net.rs", "use crate::azure::client;"),
    ("record-rooms", "record.rs", "use crate::task::Services;"),
    ("azure-rooms", "azure/client.rs", "use crate::auth::pat;"),
    ("auth-rooms", "auth/pat.rs", "use crate::azure::client;"),
    ("cargo-rooms", "cargo/fetch.rs", "use crate::net::client;"),
    ("task-rooms", "task/restore.rs", "use crate::tui::msg::Msg;"),
    ("tui-rooms", "tui/app.rs", "use crate::cargo::fetch;"),
    ("cli-rooms", "cli/run.rs", "use crate::azure::client;"),
    ("demo-rooms", "demo/routes.rs", "use crate::azure::wire::Feed;"),
    ("only-main-knows-the-demo", "lib.rs", "pub use crate::demo::server::Demo;"),
    ("tui-libraries", "tui/screen/config.rs", "fn f() -> toml_edit::DocumentMut { todo() }"),
    ("tui-runtime", "tui/app.rs", "use tokio::sync::mpsc;"),
    ("crossterm", "tui/app.rs", "use ratatui::crossterm::event::KeyEvent;"),
    ("crossterm", "task/mod.rs", "use crossterm::event::KeyEvent;"),
    ("cli-has-no-screen", "cli/output.rs", "use ratatui::style::Style;"),
    ("environment", "cargo/home.rs", "fn f() { std::env::var_os(\"CARGO_HOME\"); }"),
    ("clock", "task/restore.rs", "use std::time::Instant; fn f() { let _ = Instant::now(); }"),
    ("http-clients", "azure/client.rs", "use reqwest::Client; fn f() { let _ = Client::builder(); }"),
    ("writing-files", "cargo/config_file.rs", "use std::fs; fn f() { let _ = fs::write(\"a\", \"b\"); }"),
    ("deleting-files", "cargo/fetch.rs", "use std::fs; fn f() { let _ = fs::remove_file(\"a\"); }"),
    ("stdout", "task/restore.rs", "fn f() { println!(\"stored\"); }"),
    ("stderr", "cargo/fetch.rs", "fn f() { eprintln!(\"failed\"); }"),
    ("exit", "main.rs", "fn main() { std::process::exit(1); }"),
    ("secrets", "tui/screen/sign_in.rs", "fn f(secret: &Secret) { let _ = secret.expose(); }"),
];

/// All that a rule may hold in.
const ROOMS: [&str; 13] = [
    "task", "tui", "cli", "azure", "auth", "cargo", "demo", "domain", "error", "files", "host", "net",
    "record",
];

pub(crate) fn plants() -> Vec<Plant> {
    let plant = |rule, file: &str, text: String| Plant { rule, files: vec![(file.to_owned(), text)] };
    let mut plants: Vec<Plant> =
        PLANTS.iter().map(|(rule, file, text)| plant(rule, file, (*text).to_owned())).collect();
    plants.extend(one_for_each_forbidden_thing());
    plants.push(Plant {
        rule: "screens-do-not-know-each-other",
        files: vec![
            ("tui/screen/done.rs".to_owned(), "use super::check::Check;".to_owned()),
            ("tui/screen/check.rs".to_owned(), "pub struct Check;".to_owned()),
        ],
    });
    plants.push(plant("file-length", "task/restore.rs", "const A: u8 = 0;\n".repeat(501)));
    let long = format!("fn long() {{\n{}}}", "    f();\n".repeat(79));
    plants.push(plant("function-length", "task/restore.rs", long.clone()));
    plants.push(plant("function-length", "task/restore.rs", format!("impl A {{\n{long}\n}}")));
    plants
}

/// So that no entry of the table can be misspelled: each must catch itself.
fn one_for_each_forbidden_thing() -> impl Iterator<Item = Plant> {
    let entries = RULES.iter().filter_map(|rule| match rule.forbids {
        Forbidden::Mentions { never, .. } => Some((rule, never)),
        _ => None,
    });
    entries.flat_map(|(rule, never)| {
        let file = ROOMS.map(|room| format!("{room}/plant.rs")).into_iter().find(|file| rule.holds_in(file));
        let file = file.unwrap_or_default();
        never.iter().map(move |thing| Plant { rule: rule.name, files: vec![(file.clone(), mention(thing))] })
    })
}

fn mention(thing: &str) -> String {
    if let Some(name) = thing.strip_suffix('!') {
        format!("fn f() {{ {name}!(\"text\"); }}")
    } else if let Some(call) = thing.strip_prefix('.') {
        format!("fn f(it: It) {{ it.{call}; }}")
    } else {
        format!("fn f() {{ let _ = {thing}::anything; }}")
    }
}
