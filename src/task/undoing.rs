//! The journal, and taking back what it tells of.

use std::sync::Arc;

use crate::cargo::config_file::Places;
use crate::cargo::{journal, undo};
use crate::domain::journal::{Act, Entry, UndoPlan};
use crate::error::Report;

use super::connect::OwnedPlaces;
use super::provide_token::now;
use super::services::Services;
use super::{Event, blocking, check};

/// Every entry, the last one first.
pub(super) async fn list(services: &Arc<Services>) -> Result<Event, Report> {
    let state_dir = services.state_dir.clone();
    let mut entries = blocking(move || journal::entries(&state_dir)).await??;
    entries.reverse();
    Ok(Event::Journal(entries))
}

/// How an entry would be taken back; nothing is written.
pub(super) async fn plan(services: &Arc<Services>, id: Option<u64>) -> Result<Event, Report> {
    let places = OwnedPlaces::of(services);
    let plan = blocking(move || undo::plan(id, &places.borrow())).await??;
    Ok(Event::UndoPlanned(Box::new(plan)))
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
