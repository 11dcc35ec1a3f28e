//! The personal access token that `--pat-days` has made.

use crate::domain::new_feed::RequestPreview;
use crate::error::Exit;
use crate::task::new_pat::PatOf;
use crate::task::{Event, Request};

use super::{Run, SignedIn, Stop};

impl Run {
    /// The request that would make it.
    pub(super) async fn pat_request(&self, person: &SignedIn) -> Result<Vec<RequestPreview>, Stop> {
        let (Some(days), Some(credential)) = (self.flags.pat_days, person.credential.clone()) else {
            return Ok(Vec::new());
        };
        let of = PatOf { collection: person.collection.clone(), credential, days };
        match self.ask(Request::PlanPat(Box::new(of))).await? {
            Event::Previewed(requests) => Ok(requests),
            _ => Err(Stop::Said(Exit::Failed)),
        }
    }
}
