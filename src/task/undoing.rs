//! The journal, and taking back what it tells of.

use std::path::Path;
use std::sync::Arc;

use crate::cargo::config_file::Places;
use crate::cargo::journal;
use crate::cargo::undo::{self, UndoError};
use crate::domain::journal::{Act, Entry, UndoPlan};
use crate::error::Report;

use super::connect::OwnedPlaces;
use super::provide_token::now;
use super::services::Services;
use super::{Event, blocking, check};

/// Every entry, the last one first.
pub(super) async fn list(services: &Arc<Services>) -> Result<Event, Report> {
    let state_dir = services.state_dir.clone();
    let list = move || journal::entries(&state_dir).map(|entries| (entries, journal::damage(&state_dir)));
    let (mut entries, damage) = blocking(list).await??;
    entries.reverse();
    Ok(Event::Journal { entries, damage })
}

/// How an entry would be taken back; nothing is written.
pub(super) async fn plan(services: &Arc<Services>, id: Option<u64>) -> Result<Event, Report> {
    let places = OwnedPlaces::of(services);
    let plan = move || {
        let places = places.borrow();
        undo::plan(id, &places).map_err(|error| missing(error, places.state_dir))
    };
    let plan = blocking(plan).await??;
    Ok(Event::UndoPlanned(Box::new(plan)))
}

/// What is not in the journal may have been in one that was damaged.
fn missing(error: UndoError, state_dir: &Path) -> Report {
    let is_missing = matches!(error, UndoError::Nothing | UndoError::NoSuchEntry(_));
    let damage = is_missing.then(|| journal::damage(state_dir)).flatten();
    let report = Report::from(error);
    damage.into_iter().fold(report, Report::hint)
}

/// Says that the journal is damaged, where nobody has said it before, and sets it aside.
#[must_use]
pub fn new_damage(services: &Services) -> Option<String> {
    journal::new_damage(&services.state_dir)
}

/// Takes back what the person has looked at.
pub(super) async fn undo(services: &Arc<Services>, plan: UndoPlan) -> Result<Event, Report> {
    let services = services.clone();
    let undo = move || -> Result<_, Report> {
        let was_trusted = check::is_trusted(&services)?;
        let places = OwnedPlaces::of(&services);
        let written = undo::apply(&plan, &Places { ..places.borrow() })?;
        if was_trusted {
            // Failing, it has the person asked again, and takes nothing back.
            let _ = check::trust_as_it_is(&services);
        }
        Ok(written)
    };
    Ok(Event::Applied(blocking(undo).await??))
}

/// Notes an act that only a person can take back, and how. Failing, it keeps nothing from going on: the act is done.
pub(super) async fn note(services: &Services, what: (Act, String), by_hand: String) {
    let (state_dir, now) = (services.state_dir.clone(), now(&services.host));
    let is_of_project = matches!(what.0, Act::FeedCreated | Act::FeedChanged);
    let project = if is_of_project { services.workspace_or_near() } else { None };
    let project = project.map(|root| root.to_string_lossy().into_owned());
    let entry = Entry::elsewhere(now, what, (by_hand, project));
    let _ = blocking(move || journal::note(&state_dir, entry)).await;
}
