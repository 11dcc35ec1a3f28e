//! Personal access tokens that were made on the way, told with what ends them.

use crate::domain::new_pat::PatMade;
use crate::domain::organization::Target;

/// A personal access token that was made and kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MadeToken {
    pub(super) pat: PatMade,
    organization: String,
    /// Where it is revoked.
    page: String,
}

impl MadeToken {
    /// One for that organization.
    pub(super) fn of(target: &Target, pat: PatMade) -> Self {
        Self { pat, organization: target.collection.name(), page: target.collection.token_page() }
    }

    /// In a sentence, with its name, its end, and the page that revokes it.
    pub(super) fn words(&self) -> String {
        format!(
            "Made the personal access token `{}` for {} alone; it ends on {}. To revoke it: {}",
            self.pat.name,
            self.organization,
            self.pat.last_day(),
            self.page
        )
    }
}
