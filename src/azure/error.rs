//! What Azure DevOps can say no with, and what to do about each (azure-contract 3.2).

use std::time::Duration;

use super::reply::{Class, Reply};
use crate::domain::credential::MANAGE_SCOPE;
use crate::domain::feed::Role;
use crate::domain::text::duration;
use crate::error::{Exit, Report};
use crate::net::{Fault, NetError};

/// What an answer said of itself, cleaned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    pub host: String,
    pub status: Option<u16>,
    /// The service's own words, in its own language.
    pub words: Option<String>,
    /// What support asks for.
    pub activity_id: Option<String>,
    pub date: Option<String>,
    /// What an answer from in between says of whom it comes from.
    pub by: Option<String>,
    /// The proxy that was asked, without user information.
    pub via: Option<String>,
    /// Whether it also asks for a Windows sign-in, as only a server of one's own does (azure-contract 2.5).
    pub takes_windows: bool,
}

/// Who has a name that a new feed was to have (azure-contract 5.6, 5.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A feed that one can see, by its label.
    Feed(String),
    /// A deleted one; the day on which it is deleted for good.
    RecycleBin { label: String, until: Option<String> },
    /// One that is neither in the list nor in the recycle bin, as far as one may look into that.
    Unseen,
}

/// Everything that can come in place of an answer.
#[derive(Debug, thiserror::Error)]
pub enum AzureError {
    #[error("not signed in at `{}`", .0.host)]
    NotSignedIn(Box<Said>),
    #[error("`{}` refused the token", .0.host)]
    TokenRefused(Box<Said>),
    #[error("the token has expired")]
    TokenExpired(Box<Said>),
    #[error("the organization does not know who is signed in")]
    UnknownIdentity(Box<Said>),
    #[error("`{}` did not understand the credential", .0.host)]
    Anonymous(Box<Said>),
    #[error("a conditional access policy of the organization refused the request")]
    ConditionalAccess(Box<Said>),
    #[error("your role on the feed does not allow this")]
    NeedsPermission(Box<Said>),
    #[error("`{}` does not do this for such a sign-in", .0.host)]
    InvalidAccess(Box<Said>),
    #[error("`{}` does not allow this", .0.host)]
    Forbidden(Box<Said>),
    #[error("the feed was not found, or is not visible to you")]
    FeedNotFound(Box<Said>),
    #[error("the project was not found, or is not visible to you")]
    ProjectNotFound(Box<Said>),
    #[error("the organization was not found, or is not visible to you")]
    OrganizationNotFound(Box<Said>),
    #[error("`{}` knows no such address", .0.host)]
    NoRoute(Box<Said>),
    #[error("`{}` serves no Cargo registry at this address", .0.host)]
    NoCargo(Box<Said>),
    #[error("nothing was found at this address of `{}`", .0.host)]
    NotFound(Box<Said>),
    #[error("the organization was deactivated because nobody used it")]
    Asleep(Box<Said>),
    #[error("Azure DevOps refuses the name of the feed")]
    InvalidFeedName(Box<Said>),
    #[error("the name is taken")]
    Conflict(Box<Said>),
    #[error("the name `{name}` is taken")]
    NameTaken { name: String, by: Holder, said: Box<Said> },
    #[error("you may not create feeds here")]
    MayNotCreate(Box<Said>),
    #[error("`{}` refused the token for making or changing a feed", .0.host)]
    CannotManage(Box<Said>),
    #[error("Azure DevOps refuses the feed as it is described")]
    FeedRefused(Box<Said>),
    #[error("it is not known whether the feed `{name}` was created")]
    CreationUnknown { name: String, cause: Option<Box<AzureError>> },
    #[error("the visibility was set, but the service still says `{is}`")]
    OtherVisibility { is: String, said: Box<Said> },
    #[error("the feed has the upstream source crates.io already")]
    HasCratesIo,
    #[error("the upstream sources of the feed have changed since they were shown")]
    ChangedMeanwhile,
    #[error("Azure DevOps asks to wait {} before the next request", duration(*.wait))]
    RateLimited { wait: Duration, said: Box<Said> },
    #[error("the server is too old: it supports none of the API versions 7.1, 7.0 and 6.0")]
    Version(Box<Said>),
    #[error("this answer did not come from Azure DevOps")]
    NotAzure(Box<Said>),
    #[error("Azure DevOps has trouble of its own")]
    ServerError(Box<Said>),
    #[error("Azure DevOps answered in a way that is not understood")]
    Unexpected { cause: String, said: Box<Said> },
    #[error("Cargo would not send its token to `{}`: it asks without one first and goes on only after 401", .0.host)]
    CargoSendsNoToken(Box<Said>),
    #[error("`{url}` does not belong to the organization, so nothing was sent to it")]
    OutsideOrganization { url: String },
    #[error("`http://{host}` is not encrypted, so the token was not sent to it")]
    InTheClear { host: String },
    #[error("the server says that its feeds are at `{url}`, which is no place of its own")]
    ForeignLocation { url: String, said: Box<Said> },
    #[error("the credential holds characters that cannot be sent")]
    Unsendable,
    #[error(transparent)]
    Network(#[from] NetError),
}

impl AzureError {
    /// The error that a reply stands for. Without a credential a refused token is a missing sign-in.
    pub(super) fn of(reply: &Reply, said: Said, signed_in: bool) -> Self {
        let said = Box::new(said);
        match reply.class() {
            Class::SignInPage => Self::NotSignedIn(said),
            Class::TokenRefused | Class::Anonymous if !signed_in => Self::NotSignedIn(said),
            Class::TokenRefused => Self::TokenRefused(said),
            Class::TokenExpired => Self::TokenExpired(said),
            Class::UnknownIdentity => Self::UnknownIdentity(said),
            Class::Anonymous => Self::Anonymous(said),
            Class::ConditionalAccess => Self::ConditionalAccess(said),
            Class::NeedsPermission => Self::NeedsPermission(said),
            Class::InvalidAccess => Self::InvalidAccess(said),
            Class::Forbidden => Self::Forbidden(said),
            Class::FeedNotFound => Self::FeedNotFound(said),
            Class::ProjectNotFound => Self::ProjectNotFound(said),
            Class::NoRoute => Self::NoRoute(said),
            Class::NotFound => Self::NotFound(said),
            Class::Asleep => Self::Asleep(said),
            Class::InvalidFeedName => Self::InvalidFeedName(said),
            Class::Conflict => Self::Conflict(said),
            Class::RateLimited => Self::RateLimited { wait: reply.retry_after().unwrap_or_default(), said },
            Class::Version => Self::Version(said),
            Class::NotAzure => Self::NotAzure(said),
            Class::ServerError => Self::ServerError(said),
            Class::Redirect => Self::Unexpected { cause: "a redirect, which is not followed".into(), said },
            Class::Success | Class::Unexpected => {
                Self::Unexpected { cause: format!("status {}", reply.status), said }
            }
        }
    }

    /// Whether the service answered and said no, so that asking for something else may still work.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self.exit(), Exit::SignIn | Exit::NotAllowed | Exit::NotFound)
            && !matches!(
                self,
                Self::OutsideOrganization { .. } | Self::InTheClear { .. } | Self::ForeignLocation { .. }
            )
    }

    /// A refusal of a request that makes or changes a feed, in terms of what that needs (azure-contract 5.1).
    pub(super) fn of_managing(self) -> Self {
        match self {
            Self::TokenRefused(said) => Self::CannotManage(said),
            Self::Unexpected { said, .. } if said.status == Some(400) => Self::FeedRefused(said),
            other => other,
        }
    }

    /// Whether the service may have done what it was asked for, although no answer says so.
    pub(super) fn leaves_open(&self) -> bool {
        match self {
            Self::Network(error) => matches!(error.fault(), Some(Fault::Broken | Fault::TimedOut)),
            Self::ServerError(_) | Self::NotAzure(_) => true,
            Self::Unexpected { said, .. } => matches!(said.status, Some(200..=299)),
            _ => false,
        }
    }

    fn said(&self) -> Option<&Said> {
        match self {
            Self::NotSignedIn(said)
            | Self::TokenRefused(said)
            | Self::TokenExpired(said)
            | Self::UnknownIdentity(said)
            | Self::Anonymous(said)
            | Self::ConditionalAccess(said)
            | Self::NeedsPermission(said)
            | Self::InvalidAccess(said)
            | Self::Forbidden(said)
            | Self::FeedNotFound(said)
            | Self::ProjectNotFound(said)
            | Self::OrganizationNotFound(said)
            | Self::NoRoute(said)
            | Self::NoCargo(said)
            | Self::NotFound(said)
            | Self::Asleep(said)
            | Self::InvalidFeedName(said)
            | Self::Conflict(said)
            | Self::NameTaken { said, .. }
            | Self::MayNotCreate(said)
            | Self::CannotManage(said)
            | Self::FeedRefused(said)
            | Self::OtherVisibility { said, .. }
            | Self::RateLimited { said, .. }
            | Self::Version(said)
            | Self::NotAzure(said)
            | Self::ServerError(said)
            | Self::Unexpected { said, .. }
            | Self::ForeignLocation { said, .. }
            | Self::CargoSendsNoToken(said) => Some(said),
            Self::CreationUnknown { cause, .. } => cause.as_ref().and_then(|cause| cause.said()),
            Self::OutsideOrganization { .. }
            | Self::InTheClear { .. }
            | Self::Unsendable
            | Self::HasCratesIo
            | Self::ChangedMeanwhile
            | Self::Network(_) => None,
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::NotSignedIn(_)
            | Self::TokenRefused(_)
            | Self::TokenExpired(_)
            | Self::UnknownIdentity(_)
            | Self::Anonymous(_)
            | Self::CannotManage(_)
            | Self::Unsendable => Exit::SignIn,
            Self::ConditionalAccess(_)
            | Self::NeedsPermission(_)
            | Self::InvalidAccess(_)
            | Self::Forbidden(_)
            | Self::MayNotCreate(_)
            | Self::InTheClear { .. }
            | Self::ForeignLocation { .. }
            | Self::OutsideOrganization { .. } => Exit::NotAllowed,
            Self::FeedNotFound(_)
            | Self::ProjectNotFound(_)
            | Self::OrganizationNotFound(_)
            | Self::NoRoute(_)
            | Self::NoCargo(_)
            | Self::NotFound(_) => Exit::NotFound,
            Self::RateLimited { .. }
            | Self::NotAzure(_)
            | Self::ServerError(_)
            | Self::CreationUnknown { .. }
            | Self::Network(_) => Exit::Network,
            Self::Asleep(_)
            | Self::InvalidFeedName(_)
            | Self::Conflict(_)
            | Self::NameTaken { .. }
            | Self::FeedRefused(_)
            | Self::OtherVisibility { .. }
            | Self::HasCratesIo
            | Self::ChangedMeanwhile
            | Self::Version(_)
            | Self::CargoSendsNoToken(_)
            | Self::Unexpected { .. } => Exit::Failed,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn(_) => "not-signed-in",
            Self::TokenRefused(_) => "token-refused",
            Self::TokenExpired(_) => "token-expired",
            Self::UnknownIdentity(_) => "unknown-identity",
            Self::Anonymous(_) => "credential-not-understood",
            Self::ConditionalAccess(_) => "conditional-access",
            Self::NeedsPermission(_) => "role-too-low",
            Self::InvalidAccess(_) => "sign-in-not-allowed",
            Self::Forbidden(_) => "not-allowed",
            Self::FeedNotFound(_) => "feed-not-found",
            Self::ProjectNotFound(_) => "project-not-found",
            Self::OrganizationNotFound(_) => "organization-not-found",
            Self::NoRoute(_) => "no-such-api",
            Self::NoCargo(_) => "no-cargo-support",
            Self::NotFound(_) => "not-found",
            Self::Asleep(_) => "organization-deactivated",
            Self::InvalidFeedName(_) => "feed-name-refused",
            Self::Conflict(_) | Self::NameTaken { .. } => "feed-name-taken",
            Self::MayNotCreate(_) => "feed-creation-not-allowed",
            Self::CannotManage(_) => "token-cannot-manage",
            Self::FeedRefused(_) => "feed-refused",
            Self::CreationUnknown { .. } => "feed-creation-unknown",
            Self::OtherVisibility { .. } => "other-visibility",
            Self::HasCratesIo => "upstream-there-already",
            Self::ChangedMeanwhile => "upstreams-changed",
            Self::RateLimited { .. } => "rate-limited",
            Self::Version(_) => "server-too-old",
            Self::NotAzure(_) => "not-azure-devops",
            Self::ServerError(_) => "service-trouble",
            Self::Unexpected { .. } => "answer-not-understood",
            Self::CargoSendsNoToken(_) => "cargo-sends-no-token",
            Self::OutsideOrganization { .. } => "outside-organization",
            Self::InTheClear { .. } => "not-encrypted",
            Self::ForeignLocation { .. } => "foreign-location",
            Self::Unsendable => "token-malformed",
            Self::Network(_) => "network",
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::NotSignedIn(_) => {
                "paste the whole token again, or make a new one, and check the name of the organization"
                    .into()
            }
            Self::TokenRefused(said) | Self::TokenExpired(said) => said.new_token(),
            Self::UnknownIdentity(_) => {
                "sign in with an account that is a member of the organization, in its tenant".into()
            }
            Self::Anonymous(_) | Self::Unsendable => "copy the token again, whole, and sign in again".into(),
            Self::ConditionalAccess(_) => {
                "connect from the network or the device that your organization demands, often over its VPN"
                    .into()
            }
            Self::NeedsPermission(said) => {
                let role = role_for(said.words.as_deref().unwrap_or_default());
                let role =
                    role.map_or("a higher role".to_owned(), |role| format!("the role {}", role.label()));
                format!("ask an owner of the feed for {role}")
            }
            Self::InvalidAccess(_) => "sign in to Entra as a person: with `az`, or with a device code".into(),
            Self::Forbidden(_) => "ask an administrator of the organization for access".into(),
            Self::FeedNotFound(_) => {
                "look for it in the list of feeds: it may belong to a project, or to another one".into()
            }
            Self::ProjectNotFound(_) => "check the spelling of the project, or ask for access to it".into(),
            Self::OrganizationNotFound(_) => {
                "check the spelling of the organization, and that your account can see it".into()
            }
            Self::NoRoute(_) | Self::NotFound(_) => {
                "check the address of the organization or collection".into()
            }
            Self::NoCargo(_) => {
                "check that the server's version supports Cargo feeds, or paste the address that the feed's \
                 page `Connect to feed` shows"
                    .into()
            }
            Self::Asleep(_) => "sign in to the organization in a browser to bring it back".into(),
            Self::InvalidFeedName(_) => "choose a name by the rules that Azure DevOps names".into(),
            Self::Conflict(_) => "use the existing feed, or choose another name".into(),
            Self::NameTaken { by, .. } => by.hint().into(),
            Self::MayNotCreate(_) => {
                "ask an administrator of the organization for the right to create feeds (Artifacts, `Azure \
                 Artifacts settings`), and for access to the project"
                    .into()
            }
            Self::CannotManage(_) => format!("sign in with a token of the scope {MANAGE_SCOPE}"),
            Self::FeedRefused(_) => {
                "a server without Cargo feeds may refuse crates.io: choose no upstream sources there".into()
            }
            Self::CreationUnknown { .. } => {
                "look for it in the list of feeds before you try again; it is never sent twice by itself"
                    .into()
            }
            Self::OtherVisibility { .. } => "look at the feed's settings".into(),
            Self::HasCratesIo | Self::ChangedMeanwhile => "list the feeds again, then look anew".into(),
            Self::RateLimited { wait, .. } => format!("try again in {}", duration(*wait)),
            Self::Version(_) => "use Azure DevOps Server 2022 or later".into(),
            Self::NotAzure(said) => said.out_of_between(),
            Self::ServerError(_) => "try again later".into(),
            Self::Unexpected { .. } => "try again; if it stays, report it with the details".into(),
            Self::CargoSendsNoToken(_) => {
                "use the address of the feed that its page `Connect to feed` shows".into()
            }
            Self::OutsideOrganization { .. } => {
                "choose the organization that the address belongs to, then sign in there".into()
            }
            Self::InTheClear { .. } => "use its https address, or name the server with `--org`".into(),
            Self::ForeignLocation { .. } => "nothing was sent there: ask who runs the server".into(),
            Self::Network(_) => "check the network, then try again".into(),
        }
    }

    /// Why, where the service's own words don't say it.
    fn own_cause(&self) -> Option<String> {
        match self {
            Self::TokenRefused(_) => Some(
                "the token lacks a scope, has expired, or was revoked: Azure DevOps answers all three alike"
                    .into(),
            ),
            Self::NotSignedIn(said) if said.words.is_none() => {
                Some("it answered as to somebody it does not know".into())
            }
            Self::OrganizationNotFound(said) if said.words.is_none() => {
                Some("an organization that does not exist, or is another tenant's, answers like this".into())
            }
            Self::ServerError(said) if said.words.is_none() => Some("it gave no reason".into()),
            Self::CargoSendsNoToken(_) => {
                Some("the same address works with the token, but Cargo would not come to send it".into())
            }
            Self::NotAzure(said) => Some(said.in_between()),
            Self::Unexpected { cause, .. } => Some(cause.clone()),
            Self::CannotManage(_) => Some(format!(
                "the token lacks the scope {MANAGE_SCOPE}, has expired, or was revoked: Azure DevOps answers all \
                 three alike"
            )),
            Self::NameTaken { by, .. } => Some(by.sentence()),
            Self::CreationUnknown { cause: None, .. } => {
                Some("the answer was not understood, and no feed of that name is listed".into())
            }
            Self::CreationUnknown { cause: Some(cause), .. } => Some(cause.to_string()),
            _ => None,
        }
    }
}

/// The weakest role with the permission that the service's words name (azure-contract 5.8); `None` where
/// they name none that is known. Names of permissions are the same in every language.
fn role_for(words: &str) -> Option<Role> {
    const ROLES: [(&str, Role); 8] = [
        ("ReadPackages", Role::Reader),
        ("AddUpstreamPackage", Role::Collaborator),
        ("AddPackage", Role::Contributor),
        ("UpdatePackage", Role::Contributor),
        ("DelistPackage", Role::Contributor),
        ("DeletePackage", Role::Owner),
        ("EditFeed", Role::Owner),
        ("AdministerPermissions", Role::Owner),
    ];
    let mut words = words.split(|c: char| !c.is_ascii_alphanumeric());
    words.find_map(|word| {
        let (_, role) = ROLES.iter().find(|(permission, _)| permission.eq_ignore_ascii_case(word))?;
        Some(*role)
    })
}

impl From<AzureError> for Report {
    fn from(error: AzureError) -> Self {
        if let AzureError::Network(error) = error {
            return error.into();
        }
        let mut report = Self::new(error.exit(), error.code(), error.to_string()).hint(error.hint());
        report.causes.extend(error.own_cause());
        if let Some(said) = error.said() {
            report.causes.extend(said.words.clone());
            report.details.extend(said.status.map(|status| format!("status: {status} from `{}`", said.host)));
            report.details.extend(said.activity_id.as_ref().map(|id| format!("activity id: {id}")));
            report.details.extend(said.date.as_ref().map(|date| format!("date: {date}")));
            report.details.extend(said.by.as_ref().map(|by| format!("answered by: {by}")));
            report.details.extend(said.via.as_ref().map(|proxy| format!("through the proxy: {proxy}")));
        }
        report
    }
}

#[cfg(test)]
mod tests;
