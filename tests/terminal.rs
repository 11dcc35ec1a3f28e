//! The real binary in a pseudo-terminal, and first the terminal, the key strings and the sandbox themselves,
//! tried on small programs. Unix only: Windows' terminal has no such ends.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

#[expect(dead_code, reason = "this test uses a part of what the tests share")]
mod support;

#[path = "terminal/cache.rs"]
mod cache;
#[path = "terminal/dashboard.rs"]
mod dashboard;
#[path = "terminal/ends.rs"]
mod ends;
#[path = "terminal/fetch.rs"]
mod fetch;
#[path = "terminal/keys.rs"]
mod keys;
#[path = "terminal/looks.rs"]
mod looks;
#[path = "terminal/paths.rs"]
mod paths;
#[path = "terminal/pty.rs"]
mod pty;
#[path = "terminal/resume.rs"]
mod resume;
#[path = "terminal/sandbox.rs"]
mod sandbox;
#[path = "terminal/secrets.rs"]
mod secrets;
#[path = "terminal/sign_in.rs"]
mod sign_in;
