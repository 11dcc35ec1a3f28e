//! Where one can be, what the rail says of each step, and how the program was opened.

use crate::task::check::Checkout;

/// The steps of the wizard, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    Check,
    Organization,
    SignIn,
    Feed,
    Config,
    LogIn,
    Restore,
    Done,
    /// Opened from Feed, and back to it: stands on no rail.
    NewFeed,
    /// The same: adding crates.io to a feed.
    Upstream,
    /// A tab of the dashboard; [`Step::Restore`] is one, too.
    Feeds,
    /// The same.
    Cache,
    /// The same.
    Doctor,
}

impl Step {
    pub const ALL: [Self; 8] = [
        Self::Check,
        Self::Organization,
        Self::SignIn,
        Self::Feed,
        Self::Config,
        Self::LogIn,
        Self::Restore,
        Self::Done,
    ];

    /// The tabs of the dashboard, in their order.
    pub const TABS: [Self; 4] = [Self::Feeds, Self::Restore, Self::Cache, Self::Doctor];

    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Check => "Check",
            Self::Organization => "Organization",
            Self::SignIn => "Sign in to Azure",
            Self::Feed => "Feed",
            Self::Config => "Config",
            Self::LogIn => "Log in Cargo",
            Self::Restore => "Restore",
            Self::Done => "Done",
            Self::NewFeed => "New feed",
            Self::Upstream => "Add crates.io",
            Self::Feeds => "Feeds",
            Self::Cache => "Cache",
            Self::Doctor => "Doctor",
        }
    }

    /// What the step is for: the first lines of its help.
    #[must_use]
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Check => {
                "Looks at Cargo, the project and its configuration. Nothing of a checkout is run before its \
                 settings have been read; what would run a program or redirect traffic is listed first."
            }
            Self::Organization => {
                "The Azure DevOps organization, or the collection of an Azure DevOps Server, that holds the \
                 feed. A name, a web address, or the index URL of a feed will do."
            }
            Self::SignIn => {
                "Signs in to Azure DevOps, to list the feeds and to prove the credential. It stays in memory \
                 until the Log in step stores it where you chose."
            }
            Self::Feed => {
                "Every feed you can see in the organization. A feed with the crates.io upstream can stand in \
                 for crates.io; a reader cannot save crates that nobody has downloaded through it before."
            }
            Self::Config => {
                "What Cargo's configuration will say, and where the credential is kept. Nothing is written \
                 before you have seen the difference and agreed."
            }
            Self::LogIn => {
                "Asks the feed with the very header that Cargo will send, and then stores the credential where \
                 Config said. Who has signed in to Entra can have a personal access token made for that."
            }
            Self::Restore => {
                "Runs the real `cargo fetch`. Cargo tells neither which crates are in flight nor the bytes of \
                 each, so a crate counts as stored when its file is there."
            }
            Self::Done => {
                "What was changed and where, how to take it back, and the crates in the feed's cache."
            }
            Self::NewFeed => {
                "Creates a feed, and a second one for publishing your own crates if you like. The request is \
                 shown before it is sent; once sent, it is not taken back, and never sent twice."
            }
            Self::Upstream => {
                "Adds crates.io to the upstream sources of a feed that you own, so that it can stand in for \
                 crates.io. The request replaces the whole list, so it holds what is there already."
            }
            Self::Feeds => {
                "The feeds that your configuration names, and those of the organization. The one in force is where \
                 Cargo takes its crates from."
            }
            Self::Cache => {
                "The crates that Cargo keeps on this machine, by registry: where each is used, whether it is whole, and \
                 what can go. Deleting asks first and takes Cargo's own locks."
            }
            Self::Doctor => {
                "Every check this tool knows: what is so, what it means, and the one command that mends it. Files \
                 are read at once; what a server has to say comes in as it answers."
            }
        }
    }

    /// The step of the rail that it belongs to.
    pub(super) fn on_rail(self) -> Self {
        if matches!(self, Self::NewFeed | Self::Upstream) { Self::Feed } else { self }
    }

    pub(super) fn previous(self) -> Option<Self> {
        if self.on_rail() != self {
            return Some(self.on_rail());
        }
        let at = Self::ALL.iter().position(|step| *step == self)?;
        at.checked_sub(1).and_then(|at| Self::ALL.get(at)).copied()
    }
}

/// How a step stands on the rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum StepState {
    #[default]
    ToCome,
    Done,
    /// Done before the wizard began: the configuration says so.
    Found,
    Skipped,
    Failed,
}

/// What the wizard was started for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Opening {
    #[default]
    Wizard,
    /// `fetch`: straight to Restore.
    Fetch { locked: bool, force_auth: bool },
    /// A feed is in force and nothing is left to set up, as the files tell: the dashboard.
    Dashboard(Box<Checkout>),
}
