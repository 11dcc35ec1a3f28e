//! The Secret Service of Linux: a message bus and a keyring of the test's own, which the real binary and the real Cargo
//! find as a person's programs find theirs; and those that are missing, dead, silent or locked. Where Debian's packages
//! `dbus` and `gnome-keyring` are not installed, what needs them is skipped, and `.ci/run` says so.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

#[expect(dead_code, reason = "this test uses a part of what the tests share")]
mod support;

#[path = "keyring/apart.rs"]
mod apart;
#[path = "keyring/broken.rs"]
mod broken;
#[path = "keyring/keeping.rs"]
mod keeping;
#[path = "keyring/session.rs"]
mod session;
#[path = "keyring/turns.rs"]
mod turns;
#[expect(dead_code, reason = "this test uses a part of the world that the provider's own test is in")]
#[path = "provider/world.rs"]
mod world;
