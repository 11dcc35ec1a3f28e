//! The command line, as types.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// From a bare checkout to an authenticated `cargo fetch` from an Azure Artifacts feed.
///
/// Without a command: the wizard, on a terminal.
#[derive(Debug, Clone, Parser)]
#[command(name = "az-cargo-wizard", version, max_term_width = 100)]
pub struct Arguments {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags that work everywhere.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// The Cargo project [default: here]
    #[arg(long, global = true, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// The organization: a name, a web address, or a feed's index URL
    #[arg(long, global = true, value_name = "ORG")]
    pub org: Option<String>,
    /// Try everything against an embedded Azure on this machine; nothing of yours is touched
    #[arg(long, global = true)]
    pub demo: bool,
    /// Keep the demo in this folder, to go on with it next time
    #[arg(long, global = true, value_name = "DIR")]
    pub demo_dir: Option<PathBuf>,
    /// Let the demo's downloads run at full speed
    #[arg(long, global = true)]
    pub demo_fast: bool,
    /// Print one JSON object, or one event a line, to standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// Colors on the screen
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: When,
    /// Let the project's own settings run programs and redirect traffic, without asking
    #[arg(long, global = true)]
    pub trust_project: bool,
}

/// When to use colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Run `cargo fetch` and show the table of its crates; lines where there is no terminal
    Fetch {
        /// Fail instead of changing the lock file
        #[arg(long)]
        locked: bool,
    },
    /// Look at Cargo's crate cache
    Cache {
        #[command(subcommand)]
        command: CacheCommand,
    },
    /// Serve the embedded Azure in the foreground, for a second terminal
    Demo,
}

/// What to do with the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum CacheCommand {
    /// List the cached crates by registry, with their sizes
    List,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Arguments::command().debug_assert();
    }
}
