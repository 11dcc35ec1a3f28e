//! A wizard that was left half-way: its answers are kept for the next one in this project, and forgotten when it is
//! done.

use std::sync::Arc;

use crate::domain::answers::Answers;
use crate::error::Report;
use crate::record::{self, Record};

use super::services::Services;
use super::{Event, blocking};

/// What the last wizard here has left; `None`: nothing.
pub(super) async fn left(services: &Arc<Services>) -> Result<Option<Answers>, Report> {
    let services = services.clone();
    blocking(move || Record::load(&services.state_dir).unfinished(&key(&services)).cloned()).await
}

/// Keeps the answers; `None` forgets them.
pub(super) async fn keep(services: &Arc<Services>, answers: Option<Answers>) -> Result<Event, Report> {
    let services = services.clone();
    let keep = move || record::leave_unfinished(&services.state_dir, &key(&services), answers);
    blocking(keep).await??;
    Ok(Event::UnfinishedKept)
}

/// The project, or the folder where there is none.
fn key(services: &Services) -> String {
    let dir = services.workspace_or_near().unwrap_or_else(|| services.dir.clone());
    dir.canonicalize().unwrap_or(dir).to_string_lossy().into_owned()
}
