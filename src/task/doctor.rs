//! Every check this tool knows (product.md, 'Doctor'): what the files tell at once, and what Cargo, the store of
//! credentials and the service say as they answer. Asks no host that nobody has named, and changes nothing.

mod local;
mod service;

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::cargo::home;
use crate::domain::finding::{Finding, FindingState};
use crate::error::{Exit, Report};

use super::check::InForce;
use super::services::Services;
use super::{Event, Events, Inspect, blocking, inspect};

/// One thing that is looked at; their order is that of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    Tool,
    Cargo,
    Toolchain,
    Project,
    Configuration,
    RegistryName,
    Index,
    Providers,
    Program,
    Credential,
    Kept,
    SignedIn,
    Accepted,
    Role,
    Upstreams,
    Proxy,
    Certificates,
    Clock,
    Cache,
}

impl Check {
    pub const ALL: [Self; 19] = [
        Self::Tool,
        Self::Cargo,
        Self::Toolchain,
        Self::Project,
        Self::Configuration,
        Self::RegistryName,
        Self::Index,
        Self::Providers,
        Self::Program,
        Self::Credential,
        Self::Kept,
        Self::SignedIn,
        Self::Accepted,
        Self::Role,
        Self::Upstreams,
        Self::Proxy,
        Self::Certificates,
        Self::Clock,
        Self::Cache,
    ];

    /// What the service alone can tell.
    pub const OF_SERVICE: [Self; 5] =
        [Self::SignedIn, Self::Accepted, Self::Role, Self::Upstreams, Self::Clock];

    /// Stable word for scripts.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Cargo => "cargo",
            Self::Toolchain => "toolchain",
            Self::Project => "project",
            Self::Configuration => "configuration",
            Self::RegistryName => "registry-name",
            Self::Index => "index",
            Self::Providers => "credential-providers",
            Self::Program => "provider-program",
            Self::Credential => "credential",
            Self::Kept => "kept-credential",
            Self::SignedIn => "signed-in",
            Self::Accepted => "credential-accepted",
            Self::Role => "role",
            Self::Upstreams => "upstreams",
            Self::Proxy => "proxy",
            Self::Certificates => "certificates",
            Self::Clock => "clock",
            Self::Cache => "cache",
        }
    }

    #[must_use]
    pub fn subject(self) -> &'static str {
        match self {
            Self::Tool => "This tool",
            Self::Cargo => "Cargo",
            Self::Toolchain => "Toolchain",
            Self::Project => "Project",
            Self::Configuration => "Configuration",
            Self::RegistryName => "Registry name",
            Self::Index => "Index",
            Self::Providers => "Providers",
            Self::Program => "Our program",
            Self::Credential => "Credential",
            Self::Kept => "Store",
            Self::SignedIn => "Signed in",
            Self::Accepted => "Feed's answer",
            Self::Role => "Role",
            Self::Upstreams => "Upstreams",
            Self::Proxy => "Proxy",
            Self::Certificates => "Certificates",
            Self::Clock => "Clock",
            Self::Cache => "Crate cache",
        }
    }

    pub(super) fn good(self, text: impl Into<String>) -> Diagnosis {
        self.line(Finding::good(self.subject(), text))
    }

    pub(super) fn note(self, text: impl Into<String>) -> Diagnosis {
        self.line(Finding::note(self.subject(), text))
    }

    pub(super) fn warning(self, text: impl Into<String>, remedy: impl Into<String>) -> Diagnosis {
        self.line(Finding::warning(self.subject(), text, remedy))
    }

    pub(super) fn failed(self, exit: Exit, text: impl Into<String>, remedy: impl Into<String>) -> Diagnosis {
        Diagnosis { exit, ..self.line(Finding::failed(self.subject(), text, remedy)) }
    }

    /// What could not be found out, and why.
    pub(super) fn unknown(self, why: &str, remedy: Option<String>) -> Diagnosis {
        let text = format!("couldn't find out, because {why}");
        self.line(Finding { remedy, ..Finding::unknown(self.subject(), text) })
    }

    /// What a failure says of it: where nobody answered, nothing.
    pub(super) fn of_report(self, report: &Report) -> Diagnosis {
        if report.exit == Exit::Network {
            return self.unknown(&report.headline, report.hint.clone());
        }
        let why = report.why().map_or(String::new(), |cause| format!(" ({cause})"));
        let remedy = report.hint.clone().unwrap_or_else(|| "try again".to_owned());
        self.failed(report.exit, format!("{}{why}", report.headline), remedy)
    }

    fn line(self, finding: Finding) -> Diagnosis {
        Diagnosis { check: self, finding, exit: Exit::Failed }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    pub check: Check,
    pub finding: Finding,
    /// The code of a process that ends over it, where it has failed.
    pub exit: Exit,
}

impl Diagnosis {
    /// Whether it says that Cargo has no credential.
    fn lacks_credential(&self) -> bool {
        let is_of_it = matches!(self.check, Check::Providers | Check::Credential);
        is_of_it && self.finding.state == FindingState::Failed && self.exit == Exit::SignIn
    }
}

/// The code to end with: that of the first failure that has one of its own.
#[must_use]
pub fn exit_of(lines: &[Diagnosis]) -> Exit {
    let failed = || lines.iter().filter(|line| line.finding.state == FindingState::Failed);
    let own = failed().find(|line| line.exit != Exit::Failed);
    own.or_else(|| failed().next()).map_or(Exit::Done, |line| line.exit)
}

/// Looks at everything, and tells line by line.
pub(super) async fn run(services: &Arc<Services>, (events, cancelled): (&Events, oneshot::Receiver<()>)) {
    let last = tokio::select! {
        biased;
        _ = cancelled => Event::Cancelled,
        outcome = Box::pin(examine(services, events)) => match outcome {
            Ok(()) => Event::Examined,
            Err(report) => Event::Failed(Box::new(report)),
        },
    };
    events.send(last).await;
}

async fn examine(services: &Arc<Services>, events: &Events) -> Result<(), Report> {
    let shared = services.clone();
    let seen = blocking(move || local::see(&shared)).await?;
    // Whether a credential that is missing is missed, the feed's answer tells.
    let (open, told): (Vec<_>, Vec<_>) = seen.lines.into_iter().partition(Diagnosis::lacks_credential);
    for line in told {
        events.send(Event::Diagnosed(line)).await;
    }
    let cargo = async {
        let line = match seen.held_back {
            None => cargo(services).await,
            Some(why) => why.line(),
        };
        events.send(Event::Diagnosed(line)).await;
    };
    let cache = async {
        let line = match inspect::inspect(services, Inspect::All).await {
            Ok(Event::Cache(folders)) => local::cache(&folders),
            Ok(_) => return,
            Err(report) => Check::Cache.of_report(&report),
        };
        events.send(Event::Diagnosed(line)).await;
    };
    let service = async {
        let answers_everyone = Box::pin(service::ask(services, events, seen.in_force.as_ref())).await;
        for line in open {
            let line = if answers_everyone { local::needs_none(line.check) } else { line };
            events.send(Event::Diagnosed(line)).await;
        }
    };
    tokio::join!(cargo, cache, kept(services, events, seen.in_force.as_ref()), service);
    Ok(())
}

async fn cargo(services: &Services) -> Diagnosis {
    match home::toolchain(&services.child_env(), &services.dir).await {
        Err(error) => Check::Cargo.of_report(&error.into()),
        Ok(toolchain) => local::cargo(&toolchain.version),
    }
}

/// Whether what this tool keeps is still there.
async fn kept(services: &Arc<Services>, events: &Events, in_force: Option<&InForce>) {
    let Some(base) = in_force.and_then(|feed| Some(feed.login.as_ref()?.base.clone())) else {
        let line = Check::Kept.note("this tool keeps no credential for the feed in force");
        return events.send(Event::Diagnosed(line)).await;
    };
    let line = match super::logins::list(services, true).await {
        Ok(Event::Logins(logins)) => {
            let login = logins.logins.iter().find(|login| login.base == base);
            login.map_or_else(|| Check::Kept.note("nobody is signed in"), local::kept)
        }
        Ok(_) => return,
        Err(report) => Check::Kept.of_report(&report),
    };
    events.send(Event::Diagnosed(line)).await;
}

/// What nothing in force leaves to be asked.
fn without_feed(check: Check) -> Diagnosis {
    check.note("no feed is in force")
}

#[cfg(test)]
mod tests;
