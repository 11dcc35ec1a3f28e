//! What an answer that is no success says to a person, beyond its class (azure-contract 2.5, 3.2, 5.6, 5.7).

use super::error::{Holder, Said};
use crate::domain::credential::{NEEDED_SCOPE, PROJECT_SCOPE};

impl Said {
    /// What to do about a token that is refused.
    pub(super) fn new_token(&self) -> String {
        if self.takes_windows {
            return format!(
                "make a new token with the scope {NEEDED_SCOPE}; where every token is refused, `IIS Basic \
                 authentication` is on at the server and shuts them out: ask who runs it to turn that off"
            );
        }
        format!("make a new token with the scope {NEEDED_SCOPE} (and {PROJECT_SCOPE} to list projects)")
    }

    /// What to do about an answer of somebody else.
    pub(super) fn out_of_between(&self) -> String {
        let hint = if self.status == Some(401) && self.takes_windows {
            "if it is an Azure DevOps Server, its `IIS Basic authentication` shuts personal access tokens out: ask who \
             runs it to turn that off"
        } else {
            "check the host and the proxy settings; a proxy may want you to sign in to it first"
        };
        hint.to_owned()
    }

    /// What an answer that is not Azure's own looks like (azure-contract 3.2, class 18).
    pub(super) fn in_between(&self) -> String {
        match self.status {
            Some(407) => "a proxy on the way wants to be signed in to".into(),
            Some(511) => "the network wants to be signed in to".into(),
            Some(300..=399) => {
                "something on the way leads elsewhere, as the sign-in page of a guest network does".into()
            }
            Some(500..=599) => "something on the way did not reach Azure DevOps".into(),
            _ => format!("`{}` answered without any header that Azure DevOps sends", self.host),
        }
    }
}

impl Holder {
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::Feed(label) => {
                format!("`{label}` has it: a name is given once in an organization, not once in each project")
            }
            Self::RecycleBin { label, until } => {
                let until = until.as_ref().map(|day| format!(" until {day}")).unwrap_or_default();
                format!("it belongs to `{label}`, which was deleted and lies in the recycle bin{until}")
            }
            Self::Unseen => {
                "it belongs to a feed that you can't see, of another project or in the recycle bin".into()
            }
        }
    }

    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::Feed(_) => "use that feed, or choose another name",
            Self::RecycleBin { .. } => {
                "choose another name; or restore the feed on the Artifacts page under `Deleted feeds`, or delete \
                 it for good there: the name is free up to 15 minutes later"
            }
            Self::Unseen => "choose another name, or ask an administrator of the organization who has it",
        }
    }
}
