//! The real `cargo fetch` as a child process, told as events (cargo-contract 4.9 and 12). Two threads serve
//! a run: one reads Cargo's lines, one looks at the files; the run puts both into one stream.

mod child;
mod mark;
mod outbox;
mod plan;
mod run;
mod watch;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;

pub use self::mark::Unfinished;
use self::run::Run;
use crate::domain::package::CrateSource;
use crate::domain::progress::{FetchEnd, FetchEvent};
use crate::error::Report;
use crate::host::{Clock, Env};

/// One run of `cargo fetch`.
#[derive(Debug, Clone)]
pub struct FetchSpec {
    /// The program, usually `cargo`, found on the `PATH` of `env`.
    pub cargo: OsString,
    /// The root of the workspace, where its `Cargo.lock` is.
    pub dir: PathBuf,
    pub cargo_home: PathBuf,
    /// Where the run is marked as long as it goes on, in the tool's own state folder.
    pub runs_dir: PathBuf,
    /// The whole environment of the child, a token included where it is for this run only.
    pub env: Env,
    pub locked: bool,
    /// Arguments of `--config`; never secrets, others can read them.
    pub configs: Vec<String>,
    /// Where the crates of each source land.
    pub caches: Vec<RegistryCache>,
    pub clock: Clock,
}

/// A source of crates, and the folder its crates are kept in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryCache {
    /// The name that a person knows it by, clean.
    pub name: String,
    /// The folder under `registry/cache` (see [`super::index_dir`]).
    pub dir_name: String,
    pub covers: CrateSource,
}

/// How a run ended, and what it left to be said.
#[derive(Debug)]
pub struct FetchOutcome {
    pub end: FetchEnd,
    /// Why it failed; `None` unless it did.
    pub report: Option<Report>,
    /// Whether it failed because a credential was refused after crates had come with it (cargo-contract 3.5).
    pub ran_out: bool,
    /// The last lines of Cargo, safe to show.
    pub lines: Vec<String>,
    /// Rows of the lock file that are not valid, safe to show.
    pub invalid: Vec<String>,
}

/// Runs it to its end, or until `cancel`: then Cargo and everything it started is ended, waited for and
/// cleaned up after. Dropped before that, it kills them and cleans nothing.
///
/// `events` may be small, but is to be read until it closes: only redrawn progress is left out when it is
/// full. After `cancel`, or once its receiver is gone, it need not be read.
pub async fn fetch(
    spec: FetchSpec,
    events: mpsc::Sender<(Duration, FetchEvent)>,
    cancel: impl Future<Output = ()>,
) -> FetchOutcome {
    let mut run = Run::new(&spec, events);
    let ended = tokio::select! {
        biased;
        ended = run.drive(&spec) => Some(ended),
        () = cancel => None,
    };
    run.finish(ended).await
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
