//! A feed by its name, where the list of feeds may not be asked for: it is asked for alone.

use crate::domain::feed::FeedAddress;
use crate::error::{Exit, Report};
use crate::task::Request;

use super::super::super::msg::Act;
use super::super::super::session::Session;
use super::super::super::widget::field::Field;
use super::super::super::widget::page::Page;
use super::super::Look;

/// What is typed, and what became of it.
#[derive(Debug)]
pub(super) struct Typed {
    /// Why nothing is listed.
    why: Box<Report>,
    pub(super) field: Field,
    pub(super) asking: Option<FeedAddress>,
    error: Option<String>,
    refused: Option<Box<Report>>,
}

impl Typed {
    /// In place of a list that was refused; `None` where the name would be refused, too.
    pub(super) fn instead(why: &Report, session: &Session) -> Option<Self> {
        let is_refusal = why.exit == Exit::NotAllowed || (why.exit == Exit::SignIn && session.anonymous);
        let target = session.target.as_ref().filter(|_| is_refusal)?;
        let project = target.project.as_ref().map_or(String::new(), |project| format!("{project}/"));
        let feed = target.feed.as_ref().map_or(String::new(), ToString::to_string);
        let view = target.view.as_ref().map_or(String::new(), |view| format!("@{view}"));
        Some(Self {
            why: Box::new(why.clone()),
            field: Field::with(&format!("{project}{feed}{view}")),
            asking: None,
            error: None,
            refused: None,
        })
    }

    /// Asks for what is typed.
    pub(super) fn ask(&mut self, session: &Session) -> Vec<Act> {
        let Some(target) = session.target.as_ref().filter(|_| self.asking.is_none()) else {
            return Vec::new();
        };
        self.changed();
        match FeedAddress::parse(self.field.text()) {
            Err(error) => self.error = Some(error.to_string()),
            Ok(address) => {
                self.asking = Some(address.clone());
                let (collection, credential) = (target.collection.clone(), session.credential.clone());
                return vec![Act::Start(Request::FindFeed { collection, credential, address })];
            }
        }
        Vec::new()
    }

    pub(super) fn changed(&mut self) {
        self.error = None;
        self.refused = None;
    }

    pub(super) fn refused(&mut self, report: Box<Report>) {
        self.asking = None;
        self.refused = Some(report);
    }

    pub(super) fn show(&self, page: &mut Page, look: &Look) {
        let why = self.why.causes.first().map_or(String::new(), |cause| format!(" ({cause})"));
        page.gap().warning(&format!("The feeds can't be listed: {}{why}", self.why.headline));
        page.gap().field("Feed", &self.field, self.asking.is_none());
        if let Some(error) = &self.error {
            page.bad(error);
        }
        page.gap()
            .quiet("Type its name: PROJECT/NAME, or NAME for a feed of the organization; @VIEW may follow.");
        if self.asking.is_some() {
            page.gap().busy(look.frame(), "Asking for this feed");
        }
        if let Some(report) = &self.refused {
            page.gap().report(report);
        }
    }
}
