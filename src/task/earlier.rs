//! What earlier runs of `cargo fetch` left when they were killed together with this tool: an orphaned Cargo is
//! waited for, partial files are removed (cargo-contract 4.10). And the temporary files beside what any command was
//! writing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cargo::fetch::Unfinished;
use crate::cargo::home;
use crate::domain::progress::{FetchEvent, Phase};
use crate::files::{self, Links};

use super::services::Services;
use super::{Event, Events, blocking};

/// How long an orphaned Cargo is waited for. It ends by itself as soon as it has something to say, since nobody
/// reads it any more.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often it is looked at.
const PULSE: Duration = Duration::from_millis(20);

/// Cleans up after every run that was killed. What can't be done now is left to the next run.
pub(super) async fn clean_up(services: &Services, events: &Events) {
    let runs_dir = services.runs_dir();
    let tell = Teller { services, events, began: services.host.clock.since_start() };
    let found = match blocking(move || Unfinished::take_all(&runs_dir)).await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => return tell.warn(&error.to_string()).await,
        Err(report) => return tell.warn(&report.headline).await,
    };
    let mut waited = Duration::ZERO;
    for run in found {
        if let Some(pid) = tell.wait_for_orphan(&run, &mut waited).await {
            tell.warn(&format!("its Cargo, process {pid}, still runs; the next run looks again")).await;
            continue;
        }
        tell.event(FetchEvent::Phase(Phase::CleaningUp)).await;
        match blocking(|| run.recover()).await {
            Ok(recovery) => {
                if !recovery.removed.is_empty() {
                    tell.event(FetchEvent::Recovered { removed: recovery.removed }).await;
                }
                if let Some(trouble) = recovery.trouble {
                    tell.warn(&trouble.to_string()).await;
                }
            }
            Err(report) => tell.warn(&report.headline).await,
        }
    }
}

/// Removes what was being written when a run was killed: it would lie beside the configuration of a project, and
/// might be committed with it. Blocks.
pub(super) fn sweep(services: &Services) {
    let state = &services.state_dir;
    let mut folders = vec![state.clone(), state.join("backups"), services.runs_dir()];
    folders.extend(config_folder(&services.cargo_home, Links::Follow));
    if let Some(workspace) = services.workspace_or_near() {
        folders.extend(config_folder(&workspace.join(".cargo"), Links::Within(&workspace)));
    }
    for folder in folders {
        files::sweep(&folder);
    }
}

/// Where a configuration file really lies: there it would be written.
fn config_folder(cargo_dir: &Path, links: Links<'_>) -> Option<PathBuf> {
    let real = files::real_path(&home::config_path(cargo_dir), links).ok()?;
    Some(real.parent()?.to_owned())
}

struct Teller<'a> {
    services: &'a Services,
    events: &'a Events,
    began: Duration,
}

impl Teller<'_> {
    async fn event(&self, event: FetchEvent) {
        let at = self.services.host.clock.since_start().saturating_sub(self.began);
        self.events.send(Event::Fetch { at, event }).await;
    }

    async fn warn(&self, why: &str) {
        let line = format!("warning: an earlier run was cut short, and partial files may be left: {why}");
        self.event(FetchEvent::Line(line)).await;
    }

    /// The number of the run's Cargo, where it doesn't end in time. All orphans together have [`PATIENCE`].
    async fn wait_for_orphan(&self, run: &Unfinished, waited: &mut Duration) -> Option<u32> {
        let mut said = false;
        loop {
            let pid = run.orphan()?;
            if *waited >= PATIENCE {
                return Some(pid);
            }
            if !said {
                said = true;
                let on = format!("process {pid}, left by a run that was cut short");
                self.event(FetchEvent::Phase(Phase::Waiting { on })).await;
            }
            tokio::time::sleep(PULSE).await;
            *waited += PULSE;
        }
    }
}
