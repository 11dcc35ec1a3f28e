//! The command line, as types.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::domain::new_pat::{FEWEST_DAYS, MOST_DAYS};

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
#[command(next_help_heading = "Everywhere")]
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
    /// The demo, with downloads at full speed
    #[arg(long, global = true)]
    pub demo_fast: bool,
    /// Print one JSON object, or one event a line, to standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// Colors on the screen
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: When,
    /// Trust the certificates of this PEM file beside the system's, for Cargo too
    #[arg(long, global = true, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Add what happens to the end of this file, without secrets [env: AZ_CARGO_WIZARD_LOG]
    #[arg(long, global = true, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// The Entra tenant to sign in to [env: AZ_CARGO_WIZARD_TENANT; default: the organization's]
    #[arg(long, global = true, value_name = "TENANT")]
    pub tenant: Option<String>,
    /// The application that asks Entra for tokens [env: AZ_CARGO_WIZARD_CLIENT_ID]
    #[arg(long, global = true, value_name = "ID")]
    pub client_id: Option<String>,
    /// Where Entra signs people in.
    #[arg(
        help = "Where Entra signs people in [env: AZ_CARGO_WIZARD_AUTHORITY; default: https://login.microsoftonline.com]",
        long,
        global = true,
        value_name = "URL"
    )]
    pub authority: Option<String>,
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
    /// Set a project up without a screen: sign in, choose the feed, write the configuration, log in, fetch
    Setup(Setup),
    /// List the feeds that you can see, or show one of them with its views
    Feeds(Feeds),
    /// Let another feed stand in for crates.io, or crates.io itself; without a name: list what there is
    Switch(Switch),
    /// Take back the last change of Cargo's configuration, or one of the journal
    Undo(Undo),
    /// Sign in to an organization, and keep that for Cargo
    Login(Login),
    /// Forget the sign-in to an organization
    Logout,
    /// Show who is signed in, and where that is kept
    Status,
    /// Take this tool out of your Cargo configuration
    Uninstall {
        /// Forget every sign-in that this tool keeps, too
        #[arg(long)]
        forget: bool,
    },
    /// Run `cargo fetch` and show the table of its crates; lines where there is no terminal
    Fetch {
        /// Fail instead of changing the lock file
        #[arg(long)]
        locked: bool,
        /// Ask a public feed by its `~force-auth` address, so that Cargo sends its token and new crates are saved
        #[arg(long)]
        force_auth: bool,
    },
    /// Look at Cargo's crate cache
    Cache {
        #[command(subcommand)]
        command: CacheCommand,
    },
    /// Check everything: versions, configuration, credential, role, upstreams, network, clock, cache
    Doctor,
    /// Serve the embedded Azure in the foreground, for a second terminal
    Demo,
}

/// Whose feeds, and which.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Feeds {
    /// One feed alone, with its views and your role in it
    #[arg(value_name = "[PROJECT/]NAME")]
    pub feed: Option<String>,
    /// How to sign in [default: with what Cargo has, or not at all]
    #[arg(long, value_name = "WAY")]
    pub auth: Option<Auth>,
    /// Read the personal access token from standard input
    #[arg(long)]
    pub with_token: bool,
}

/// Where to.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Switch {
    /// A registry of the configuration, a feed that was used before, an index URL, a feed of `--org`, or crates-io
    #[arg(value_name = "NAME|crates-io")]
    pub name: Option<String>,
    /// What Cargo is to call a feed that no configuration names yet [default: made from the feed's name]
    #[arg(long, value_name = "NAME", requires = "name")]
    pub registry: Option<String>,
    /// Give up the mirror or the vendored folder that replaces crates.io now
    #[arg(long, requires = "name")]
    pub overwrite_replacement: bool,
    /// Take the registry out of the configuration instead; not the one that is in force
    #[arg(long, requires = "name", conflicts_with_all = ["registry", "overwrite_replacement"])]
    pub remove: bool,
    /// Do it, whatever is warned of
    #[arg(long, requires = "name")]
    pub yes: bool,
    /// Show what would be written; change nothing
    #[arg(long, requires = "name", conflicts_with = "yes")]
    pub dry_run: bool,
}

/// What is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Undo {
    /// An entry of the journal [default: the last one of this project]
    #[arg(value_name = "ID")]
    pub id: Option<u64>,
    /// List the journal
    #[arg(long, conflicts_with_all = ["id", "yes", "dry_run"])]
    pub list: bool,
    /// Do it, also where a file has been edited since: the edits stay
    #[arg(long)]
    pub yes: bool,
    /// Show what would be written; change nothing
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
}

/// How to sign in, and where that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Login {
    /// How to sign in
    #[arg(long, value_name = "WAY")]
    pub auth: Option<Auth>,
    /// Read the personal access token from standard input
    #[arg(long)]
    pub with_token: bool,
    /// Where the credential is kept
    #[arg(long, value_name = "STORE", default_value = "provider")]
    pub store: LoginStore,
    /// Have a personal access token made that lives so many days, and keep that; with `--auth az|device`
    #[arg(long, value_name = "DAYS", value_parser = pat_days())]
    pub pat_days: Option<u16>,
}

/// Where a sign-in is kept for Cargo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LoginStore {
    /// The system keyring; without one the file, where you have agreed to it for this organization
    Provider,
    /// A file of this tool: plain text, readable by you alone
    File,
}

/// A tenant may allow less than the service does.
fn pat_days() -> clap::builder::RangedI64ValueParser<u16> {
    clap::value_parser!(u16).range(i64::from(FEWEST_DAYS)..=i64::from(MOST_DAYS))
}

/// Every question of the wizard as a flag.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Setup {
    /// The feed, `NAME` or `NAME@VIEW`
    #[arg(long, value_name = "NAME[@VIEW]")]
    pub feed: Option<String>,
    /// The project that the feed belongs to, where its name alone is not enough
    #[arg(long, value_name = "PROJECT")]
    pub project: Option<String>,
    #[command(flatten)]
    pub create: Create,
    /// A second feed, for publishing your own crates; with `--create` it is created too where it is missing
    #[arg(long, value_name = "NAME")]
    pub publish_feed: Option<String>,
    /// Which configuration names the feed [default: project, or user where there is no Cargo.toml]
    #[arg(long, value_name = "FILE")]
    pub config: Option<ConfigFile>,
    /// What Cargo calls the feed [default: made from the feed's name]
    #[arg(long, value_name = "NAME")]
    pub registry: Option<String>,
    /// Leave crates.io as it is, in place of letting the feed stand in for it
    #[arg(long)]
    pub no_replace_crates_io: bool,
    /// Let a view other than `Local` stand in for crates.io too, though it holds promoted crates only
    #[arg(long, conflicts_with = "no_replace_crates_io")]
    pub replace_crates_io: bool,
    /// Give up the mirror or the vendored folder that replaces crates.io now
    #[arg(long, conflicts_with = "no_replace_crates_io")]
    pub overwrite_replacement: bool,
    /// How to sign in
    #[arg(long, value_name = "WAY", default_value = "pat")]
    pub auth: Auth,
    /// Read the personal access token from standard input
    #[arg(long)]
    pub with_token: bool,
    /// Where the credential is kept [default: what fits this machine, where that needs no yes of yours]
    #[arg(long, value_name = "STORE")]
    pub store: Option<Store>,
    /// Have a personal access token made that lives so many days, and keep that; with `--auth az|device`
    #[arg(long, value_name = "DAYS", value_parser = pat_days())]
    pub pat_days: Option<u16>,
    /// Send and write what `--dry-run` shows
    #[arg(long)]
    pub yes: bool,
    /// Show what would be sent and written; change nothing
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
}

/// The questions about a feed that is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Create {
    /// Create the feed; one that is there already as it is asked for is used
    #[arg(long)]
    pub create: bool,
    /// Who may see the new feed
    #[arg(long, value_name = "WHO", requires = "create")]
    pub visibility: Option<WhoSees>,
    /// Where the new feed takes what it doesn't have
    #[arg(long, value_name = "SOURCES", requires = "create")]
    pub upstreams: Option<Upstreams>,
    /// What the new feed belongs to
    #[arg(long, value_name = "SCOPE", requires = "create")]
    pub scope: Option<Belongs>,
    /// What the new feed is for
    #[arg(long, value_name = "TEXT", requires = "create")]
    pub description: Option<String>,
}

/// Who may see a new feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WhoSees {
    /// People in your Entra tenant
    Tenant,
    /// People in your organization
    Organization,
    /// Specific people
    Specific,
}

/// Where a new feed takes what it doesn't have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Upstreams {
    /// crates.io alone
    CratesIo,
    /// Every common public source, crates.io among them
    Common,
    None,
}

/// What a new feed belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Belongs {
    /// The project of `--project`, or the one that the git remote names
    Project,
    Organization,
}

/// Which configuration names the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConfigFile {
    /// `.cargo/config.toml` of the workspace, for everyone who clones it
    Project,
    /// Cargo's own configuration, for every project of yours on this machine
    User,
}

/// How to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Auth {
    /// A personal access token, with `--with-token`
    Pat,
    /// What `az login` has signed in
    Az,
    /// A code that you enter in a browser, on any device
    Device,
    /// AZURE_DEVOPS_EXT_PAT, SYSTEM_ACCESSTOKEN and their like
    Env,
    /// Not at all: for a public feed, which answers everyone
    #[value(name = "none")]
    Nobody,
}

/// Where the credential is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Store {
    /// The system keyring, with this tool as Cargo's credential provider, which also renews it; without a keyring the
    /// file of this tool, where `login --store file` has agreed to it
    Provider,
    /// A file of this tool, with this tool as Cargo's credential provider, which also renews it: plain text, readable by
    /// you alone; not on Windows
    ProviderFile,
    /// The system keyring, with Cargo's own provider for it: cargo:libsecret, cargo:wincred or cargo:macos-keychain;
    /// for personal access tokens, which nothing has to renew
    Native,
    /// credentials.toml in Cargo's home: plain text, readable by you alone
    File,
    /// Nowhere: for this run's `cargo fetch` only
    None,
}

/// What to do with the cache.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum CacheCommand {
    /// List the cached crates by registry, with their sizes
    List,
    /// Compare cached crates with the checksums of the lock file and of the index
    Verify(Meant),
    /// Delete damaged crates while no Cargo runs, and fetch those of this project again
    Repair(Meant),
    /// Delete cached crates while no Cargo runs; Cargo downloads again what it needs
    Prune(Prune),
}

/// Which crates are meant.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Meant {
    /// Only this registry: its name, its index, or the name of a cache folder
    #[arg(long, value_name = "REGISTRY")]
    pub registry: Vec<String>,
    /// Only these crates
    #[arg(value_name = "NAME[@VERSION]")]
    pub crates: Vec<String>,
}

/// What to delete: the crates that fit all that is given.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Prune {
    #[command(flatten)]
    pub meant: Meant,
    /// Only crates that no lock file in DIR or below it names
    #[arg(long, value_name = "DIR")]
    pub unused_under: Option<PathBuf>,
    /// Only crates not used for so long: 90d, 12w or 1y; by the file's age where Cargo has not recorded the use
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub older_than: Option<Duration>,
    /// Show what would be freed, and delete nothing
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Delete it
    #[arg(long)]
    pub yes: bool,
}

/// A number of days, weeks or years.
fn age(text: &str) -> Result<Duration, String> {
    const DAY: u64 = 24 * 60 * 60;
    let (number, days) = match text.chars().last() {
        Some('d') => (&text[..text.len() - 1], 1),
        Some('w') => (&text[..text.len() - 1], 7),
        Some('y') => (&text[..text.len() - 1], 365),
        _ => (text, 1),
    };
    let number: u64 = number.parse().map_err(|_| "write it as 90d, 12w or 1y".to_owned())?;
    let seconds = number.checked_mul(days * DAY).ok_or("that is before anything was cached")?;
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn ages_are_read_in_days_weeks_and_years() {
        let days = |text: &str| age(text).map(|age| age.as_secs() / 86_400);
        assert_eq!((days("90d"), days("90"), days("2w"), days("1y")), (Ok(90), Ok(90), Ok(14), Ok(365)));
        for bad in ["", "d", "-1d", "1h", "1é", "99999999999999999999d", "9999999999999999y"] {
            assert!(age(bad).is_err(), "{bad}");
        }
    }
}
