//! All about one row.

use crate::domain::feed::{Condition, FeedDetails};
use crate::domain::text;
use crate::task::CacheFolder;
use crate::task::check::HostTrust;

use super::super::super::widget::page::Page;
use super::super::Look;
use super::rows::Row;

/// What was asked about the row under the cursor.
#[derive(Debug, Default)]
pub(super) struct Details {
    /// Asked of the service.
    pub(super) asking: bool,
    pub(super) told: Option<FeedDetails>,
    pub(super) failed: Option<String>,
    /// What Cargo has of it, or why nobody knows.
    pub(super) cache: Option<Result<Vec<CacheFolder>, String>>,
}

impl Details {
    pub(super) fn show(&self, page: &mut Page, row: &Row, look: &Look) {
        page.title(&row.label).gap();
        if row.in_force {
            page.good("Cargo takes its crates from here.");
        }
        if row.host == HostTrust::Unknown {
            page.warning("Nobody has named this host: it is asked nothing.");
        }
        if let Some(registry) = &row.registry {
            let source = row.source.as_deref().map_or(String::new(), |source| format!(", from {source}"));
            page.pair("Registry", &format!("{registry}{source}"));
        }
        match &row.index {
            Some(index) => {
                page.pair("Index", &index.shown());
                page.pair("Credential", row.credential.as_deref().unwrap_or("none"));
            }
            None => {
                page.pair("Index", "sparse+https://index.crates.io/");
            }
        }
        self.of_service(page, row, look);
        match &self.cache {
            None => page,
            Some(Ok(folders)) => page.pair("Cache", &cached(folders, row)),
            Some(Err(why)) => page.warning(&format!("The cache could not be read, because {why}")),
        };
    }

    fn of_service(&self, page: &mut Page, row: &Row, look: &Look) {
        let upstreams = self.told.as_ref().and_then(|told| told.upstreams.clone());
        let upstreams = upstreams.or_else(|| {
            row.feed.as_ref().filter(|feed| feed.upstreams_told).map(|feed| feed.upstreams.clone())
        });
        if let Some(upstreams) = upstreams {
            let names: Vec<&str> = upstreams.iter().map(|upstream| upstream.name.as_str()).collect();
            page.pair("Upstreams", &if names.is_empty() { "none".to_owned() } else { names.join(", ") });
        }
        if let Some(feed) = &row.feed {
            page.pair("Access", if feed.is_public() { "public" } else { "private" });
            let role = self.told.as_ref().and_then(|told| told.role).or(feed.role);
            page.pair("Role", role.map_or("reader or more", |role| role.label()));
            if feed.condition != Condition::Sound {
                page.warning(feed.condition.word());
            }
        }
        if let Some(told) = &self.told {
            for (index, view) in told.views.iter().enumerate() {
                page.pair(
                    if index == 0 { "Views" } else { "" },
                    &format!("@{}: {}", view.name, view.visibility),
                );
            }
        }
        if self.asking {
            page.busy(look.frame(), "Asking the service about it");
        } else if let Some(why) = &self.failed {
            page.warning(&format!("Couldn't find out more, because {why}"));
        } else if row.feed.is_none() && row.index.is_some() {
            page.quiet("The service was not asked about it: the list of its organization does not hold it.");
        }
    }
}

fn cached(folders: &[CacheFolder], row: &Row) -> String {
    let name = row.registry.as_ref().map_or("crates.io", |name| name.as_str());
    let is_known = row.registry.is_some() || row.index.is_none();
    let own = || folders.iter().filter(|folder| is_known && folder.registry.as_deref() == Some(name));
    let crates: usize = own().map(|folder| folder.crates.len()).sum();
    if crates == 0 {
        return "nothing".to_owned();
    }
    let bytes = own().map(CacheFolder::bytes).sum();
    format!("{}, {}", text::count(crates, "crate", "crates"), text::size(bytes))
}
