//! From a bare checkout to an authenticated `cargo fetch` from an Azure Artifacts feed, by keyboard.
//!
//! This is the map of the house. Every line of code has one room, and each room's first line says what it
//! owns. Who may know whom is below; `tests/house.rs` holds the rules and fails on a line that breaks one.
//!
//! # The rooms
//!
//! **[`domain`]**: the words of the trade. Organizations, feeds, registries, credentials, crates, plans and
//! the table folded from a fetch, as values with their rules and their spelling. No I/O, no async, no clock.
//!
//! **[`error`]**: the one shape of every failure a person can meet. Each room says how its own error becomes
//! a [`error::Report`].
//!
//! **[`host`]**: what the process is given: arguments, environment, folders, terminal flags and the clock.
//! Nothing else asks the operating system for them.
//!
//! **[`files`]**: the one place that writes, renames and deletes files: links, modes, locks, backups and
//! atomic replacement.
//!
//! **[`log`]**: the one place that opens the log; what goes into it is said where it happens.
//!
//! **[`net`]**: the one place that builds HTTP clients: TLS, proxy, certificates, limits.
//!
//! **[`record`]**: what the tool remembers between runs; never a secret.
//!
//! **[`azure`]**: speaks to Azure DevOps, and nothing else does. Its wire shapes stay inside.
//!
//! **[`auth`]**: how a person becomes a credential.
//!
//! **[`cargo`]**: the local Cargo: configuration text in and out, what a checkout would run, credentials,
//! the lock file, `cargo fetch` as a child, and the crate cache.
//!
//! **[`task`]**: use cases. A [`task::Request`] in, [`task::Event`]s out, cancellable; shared by screen and
//! command line, and knowing neither.
//!
//! **[`tui`]**: the wizard: one loop, `update` and `view` without effects, one file a screen.
//!
//! **[`cli`]**: the same use cases without a screen: arguments, lines, JSON.
//!
//! **[`demo`]**: a loopback Azure DevOps with a sample project, written from the service's contract and not
//! from our client, so that a wrong field name fails a test.
//!
//! # Who may know whom
//!
//! ```text
//! main ──► tui ─┐
//!      ──► cli ─┴─► task ──► azure ──► net
//!      │                 ──► auth
//!      │                 ──► cargo ──► files
//!      │                 ──► record ─► files
//!      └──► demo
//! everyone ──► domain, error, host
//! ```
//!
//! - `azure`, `auth` and `cargo` know neither each other nor anything above them.
//! - `tui` and `cli` ask `task`, and never go around it. In `tui` only the loop and the effects know the
//!   runtime, and screens do not know each other.
//! - `demo` shares no type with `azure`. Only `main` and tests start it.
//! - A secret leaves its wrapper only where it is encoded, sent to its own service, checked, or handed to
//!   Cargo.

pub mod auth;
pub mod azure;
pub mod cargo;
pub mod cli;
pub mod demo;
pub mod domain;
pub mod error;
pub mod files;
pub mod host;
pub mod log;
pub mod net;
pub mod record;
pub mod task;
pub mod tui;
