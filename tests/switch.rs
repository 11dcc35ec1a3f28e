//! Feed switching, the journal and undo: as commands, as use cases of several processes at once, and against a model.
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

#[path = "switch/commands.rs"]
mod commands;
#[cfg(unix)]
#[path = "switch/fetching.rs"]
mod fetching;
#[path = "switch/model.rs"]
mod model;
#[expect(dead_code, reason = "this test uses a part of what the tests share")]
mod support;
#[path = "switch/together.rs"]
mod together;
