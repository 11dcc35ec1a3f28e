//! The log that a person asks for: what was asked of whom, what was run, and how it ended. Opens the file and decides
//! what may go into it; every room says its own lines, none of which holds a secret.

use std::path::Path;
use std::sync::Mutex;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

use crate::error::Report;
use crate::files;

/// Names the file where there is no flag for it: Cargo starts a credential provider without any.
pub const VARIABLE: &str = "AZ_CARGO_WIZARD_LOG";

/// Adds a line for everything that happens from now on to the end of that file, which only the person can read where
/// it is new. A second call does nothing.
///
/// # Errors
/// When the file can't be written.
pub fn to(file: &Path) -> Result<(), Report> {
    let lines =
        tracing_subscriber::fmt::layer().with_ansi(false).with_writer(Mutex::new(files::append(file)?));
    // Libraries say what they send: none of their lines comes in.
    let own = Targets::new().with_target(env!("CARGO_CRATE_NAME"), LevelFilter::TRACE);
    let _ =
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines.with_filter(own)));
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "started");
    Ok(())
}
