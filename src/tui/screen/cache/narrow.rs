//! Which of the crates that are meant shall go: all of them, those not used for long, those in no lock file here.

use std::path::Path;
use std::time::Duration;

use crate::domain::cache::Selection;

use super::super::super::session::Session;
use super::super::super::widget::page::Page;

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Only {
    All,
    /// Not used for so many days.
    Unused(u64),
    /// In no lock file below the project.
    Unlocked,
}

impl Only {
    const EVERY: [Self; 5] =
        [Self::All, Self::Unused(30), Self::Unused(90), Self::Unused(365), Self::Unlocked];

    fn label(self) -> &'static str {
        match self {
            Self::All => "all of them",
            Self::Unused(30) => "not used for 30 days",
            Self::Unused(90) => "for 90 days",
            Self::Unused(_) => "for a year",
            Self::Unlocked => "in no lock file here",
        }
    }
}

/// What is asked about: more than one crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Narrow {
    meant: Selection,
    only: Only,
}

impl Narrow {
    /// Never everything at once: of the whole cache what was not used for long comes first.
    pub(super) fn new(meant: Selection) -> Self {
        let only = if meant.is_everything() { Only::Unused(90) } else { Only::All };
        Self { meant, only }
    }

    /// The answers that there are.
    fn answers(&self, session: &Session) -> Vec<Only> {
        let is_there = |only: &Only| match only {
            Only::All => !self.meant.is_everything(),
            Only::Unused(_) => true,
            Only::Unlocked => project(session).is_some(),
        };
        Only::EVERY.into_iter().filter(is_there).collect()
    }

    /// The next answer.
    pub(super) fn turn(&mut self, session: &Session) {
        let answers = self.answers(session);
        let next = answers.iter().position(|only| *only == self.only).map_or(0, |at| at + 1);
        self.only = answers[next % answers.len()];
    }

    pub(super) fn selection(&self, session: &Session) -> Selection {
        let meant = self.meant.clone();
        match self.only {
            Only::All => meant,
            Only::Unused(days) => {
                Selection { unused_for: Some(Duration::from_secs(days * 24 * 60 * 60)), ..meant }
            }
            Only::Unlocked => Selection { unused_under: project(session).map(Path::to_owned), ..meant },
        }
    }

    pub(super) fn show(&self, page: &mut Page, session: &Session) {
        let answers = self.answers(session);
        let chosen = answers.iter().position(|only| *only == self.only).unwrap_or(0);
        let labels: Vec<&str> = answers.iter().map(|only| only.label()).collect();
        page.options("which", (&labels, chosen), true);
        if self.only == Only::Unlocked {
            page.quiet("Other projects may use what no lock file of this one names.");
        }
        page.gap();
    }
}

fn project(session: &Session) -> Option<&Path> {
    session.checkout.as_ref()?.workspace.as_deref()
}
