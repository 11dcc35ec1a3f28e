//! What can go wrong on the other side, on demand: a test arms a fault for a place, and the next requests to it
//! get the fault in place of their answer. Written from azure-contract 3.2; shares nothing with the client that
//! has to understand it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::{Method, StatusCode};
use serde_json::Value;

use super::call::Call;
use super::refusal::{anonymous, no_project, sign_in_page, unknown_identity};
use super::reply::Reply;
use super::routes::pats;
use super::server::Site;
use crate::domain::segment;

/// How late a late answer is: longer than a short limit of Cargo's, in whole seconds.
const LATE: Duration = Duration::from_secs(5);

/// A slow body comes in that many pieces, with that pause before each.
const SLOW_PIECES: usize = 8;
const SLOW_PAUSE: Duration = Duration::from_millis(500);

const PROXY_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Network access</title></head>\n\
    <body><p>Please sign in to the company's proxy.</p></body></html>\n";

/// One thing that goes wrong. The numbers are those of azure-contract 3.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// 1: status 203 and the page to sign in at.
    SignInPage,
    /// 2: the way to that page, though it was asked not to be shown.
    SignInRedirect,
    /// 3: the empty 401 of a token that lacks a scope, has expired or was revoked.
    TokenRefused,
    /// 3b: an expired token, told plainly.
    TokenExpired,
    /// 4: an Entra identity that the organization doesn't know.
    UnknownIdentity,
    /// 5: the credential was taken for none.
    Anonymous,
    /// 6
    ConditionalAccess,
    /// 7: the role is too low to read.
    MayNotRead,
    /// 7: the role is too low to save a crate of an upstream.
    MayNotSave,
    /// 8
    FeedMissing,
    /// 9
    ProjectMissing,
    /// 10: no such route.
    NoRoute,
    /// 11: no such organization, as a page.
    NoOrganization,
    /// 12: TF24668, with status 503.
    Asleep,
    /// 13
    FeedNameRefused,
    /// 14
    FeedNameTaken,
    /// 15: 429 with two minutes to wait.
    RateLimited,
    /// 15: 429 with a second to wait.
    RateLimitedBriefly,
    /// 16: the true answer, and the wish to be asked later next time.
    SlowedDown,
    /// 17: a server that speaks an older version.
    OlderServer,
    /// 18: the page of a proxy.
    NotAzure,
    /// Status 500 without words of use.
    ServiceTrouble,
    /// What Azure sends for a crate that only a signed-in member can have (azure-contract 6.3).
    NoLocalVersions,
    /// The storage refuses a signed address.
    StorageRefused,
    /// A policy: the token would live too long (azure-contract 2.6).
    PatTooLong,
    /// A policy: this person makes no tokens.
    PatDenied,
    /// A kind of sign-in that makes no tokens.
    PatInvalidAccess,
    /// A token that is good in all organizations, whatever was asked for.
    PatOfAllOrganizations,
    /// A success that is no JSON of the right shape.
    Garbage,
    /// The true answer behind a byte-order mark.
    ByteOrderMark,
    /// The true answer with a bit turned over in its middle.
    WrongBytes,
    /// The true answer, too late.
    Late,
    /// The true answer, a piece at a time.
    Slow,
    /// The connection ends before the answer.
    CutBefore,
    /// The connection ends in the middle of an answer of unknown length.
    CutInside,
    /// The connection ends before as much has come as was announced.
    Truncated,
    /// True answers; with the last one that it is armed for, every token ends that was good until then.
    TokensEnd,
}

impl Fault {
    /// Every fault, in the order of the type.
    pub const ALL: [Self; 37] = [
        Self::SignInPage,
        Self::SignInRedirect,
        Self::TokenRefused,
        Self::TokenExpired,
        Self::UnknownIdentity,
        Self::Anonymous,
        Self::ConditionalAccess,
        Self::MayNotRead,
        Self::MayNotSave,
        Self::FeedMissing,
        Self::ProjectMissing,
        Self::NoRoute,
        Self::NoOrganization,
        Self::Asleep,
        Self::FeedNameRefused,
        Self::FeedNameTaken,
        Self::RateLimited,
        Self::RateLimitedBriefly,
        Self::SlowedDown,
        Self::OlderServer,
        Self::NotAzure,
        Self::ServiceTrouble,
        Self::NoLocalVersions,
        Self::StorageRefused,
        Self::PatTooLong,
        Self::PatDenied,
        Self::PatInvalidAccess,
        Self::PatOfAllOrganizations,
        Self::Garbage,
        Self::ByteOrderMark,
        Self::WrongBytes,
        Self::Late,
        Self::Slow,
        Self::CutBefore,
        Self::CutInside,
        Self::Truncated,
        Self::TokensEnd,
    ];

    /// The answer under this fault, and how it is sent; `true_answer` is asked for only where it is wanted.
    pub(super) fn answer(self, call: &Call<'_>, true_answer: impl FnOnce() -> Reply) -> (Reply, Sending) {
        if self == Self::TokensEnd {
            call.state.end_tokens();
        }
        match self.refusal(call) {
            Some(refusal) => (refusal, Sending::Whole),
            None => (self.spoil(true_answer()), self.sending()),
        }
    }

    /// Whether what is sent carries the headers of Azure DevOps.
    pub(super) fn is_azures_own(self) -> bool {
        self != Self::NotAzure
    }

    /// An answer in place of the true one.
    fn refusal(self, call: &Call<'_>) -> Option<Reply> {
        Some(match self {
            Self::SignInPage => sign_in_page(StatusCode::NON_AUTHORITATIVE_INFORMATION),
            Self::SignInRedirect => call.sign_in_redirect(),
            Self::TokenRefused => call.lacks_scope(),
            Self::TokenExpired => token_expired(),
            Self::UnknownIdentity => unknown_identity(),
            Self::Anonymous => anonymous(),
            Self::ConditionalAccess => conditional_access(),
            Self::MayNotRead => needs_permission(call, "ReadPackages"),
            Self::MayNotSave => needs_permission(call, "AddUpstreamPackage"),
            Self::FeedMissing => call.no_feed("rust-crates"),
            Self::ProjectMissing => no_project("Storefront"),
            Self::NoRoute => call.no_controller(),
            Self::NoOrganization => no_organization(),
            Self::Asleep => asleep(),
            Self::FeedNameRefused => feed_name_refused(call),
            Self::FeedNameTaken => feed_name_taken(call),
            Self::RateLimited => rate_limited("120"),
            Self::RateLimitedBriefly => rate_limited("1"),
            Self::OlderServer => older_server(call),
            Self::NotAzure => Reply::new(StatusCode::FORBIDDEN).body("text/html", PROXY_PAGE),
            Self::ServiceTrouble => Reply::new(StatusCode::INTERNAL_SERVER_ERROR).body("text/html", ""),
            Self::NoLocalVersions => no_local_versions(call),
            Self::StorageRefused => storage_refused(),
            Self::PatTooLong => pats::refusal("patLifespanPolicyViolation"),
            Self::PatDenied => pats::refusal("accessDenied"),
            Self::PatInvalidAccess => pats::no_access(),
            Self::Garbage => Reply::new(StatusCode::OK).body("application/json", "{\"value\": 7}"),
            _ => return None,
        })
    }

    /// The true answer with something wrong in it.
    fn spoil(self, mut reply: Reply) -> Reply {
        match self {
            Self::SlowedDown => reply
                .header("retry-after", "1")
                .header("x-ratelimit-resource", "Core")
                .header("x-ratelimit-delay", "0.731")
                .header("x-ratelimit-limit", "200")
                .header("x-ratelimit-remaining", "0"),
            Self::ByteOrderMark => {
                reply.body = [b"\xef\xbb\xbf", &reply.body[..]].concat().into();
                reply
            }
            Self::PatOfAllOrganizations => {
                let mut body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
                body["patToken"]["targetAccounts"] = Value::Null;
                reply.body = body.to_string().into();
                reply
            }
            Self::WrongBytes => {
                let mut body = reply.body.to_vec();
                let middle = body.len() / 2;
                body.iter_mut().skip(middle).take(1).for_each(|byte| *byte ^= 1);
                reply.body = body.into();
                reply
            }
            _ => reply,
        }
    }

    fn sending(self) -> Sending {
        match self {
            Self::Late => Sending::After(LATE),
            Self::Slow => Sending::InPieces { pieces: SLOW_PIECES, pause: SLOW_PAUSE },
            Self::CutBefore => Sending::Never,
            Self::CutInside => Sending::Half { announced: false },
            Self::Truncated => Sending::Half { announced: true },
            _ => Sending::Whole,
        }
    }
}

/// How an answer leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sending {
    Whole,
    After(Duration),
    InPieces {
        pieces: usize,
        pause: Duration,
    },
    /// The connection is closed in place of it.
    Never,
    /// The connection is closed in the middle of it, after its length was announced or not.
    Half {
        announced: bool,
    },
}

/// Which requests a fault meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Where {
    /// A resource of the REST API.
    Rest(Resource),
    /// `config.json` of an index.
    Config,
    /// An index file of a crate.
    Index,
    /// The download of a crate, which leads to the storage.
    Download,
    /// The storage behind the downloads.
    Blob,
}

/// A resource of the REST API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    ConnectionData,
    Projects,
    /// The list of feeds, also the one asked by role.
    Feeds,
    /// A feed to be made.
    NewFeed,
    /// One feed.
    Feed,
    Views,
    Permissions,
    Packages,
    /// A personal access token to be made.
    NewPat,
    /// One to be revoked.
    Pat,
}

impl Where {
    /// `None` for what no fault is made for.
    fn of(call: &Call<'_>, site: Site) -> Option<Self> {
        if site == Site::Blobs {
            return Some(Self::Blob);
        }
        Some(match call.segments().as_slice() {
            [.., "cargo", "index", "config.json"] => Self::Config,
            [.., "cargo", "index", _, _] | [.., "cargo", "index", _, _, _] => Self::Index,
            [.., "download"] => Self::Download,
            [.., "_apis", "connectiondata"] => Self::Rest(Resource::ConnectionData),
            [.., "tokens", "pats"] if call.method == Method::POST => Self::Rest(Resource::NewPat),
            [.., "tokens", "pats"] => Self::Rest(Resource::Pat),
            [.., "_apis", "projects"] => Self::Rest(Resource::Projects),
            [.., "packaging", "feeds"] if call.method == Method::POST => Self::Rest(Resource::NewFeed),
            [.., "packaging", "feeds"] => Self::Rest(Resource::Feeds),
            [.., "packaging", "feeds", _] => Self::Rest(Resource::Feed),
            [.., "feeds", _, "views"] | [.., "feeds", _, "views", _] => Self::Rest(Resource::Views),
            [.., "feeds", _, "permissions"] => Self::Rest(Resource::Permissions),
            [.., "feeds", _, "packages"] => Self::Rest(Resource::Packages),
            _ => return None,
        })
    }
}

/// The faults that wait for their requests.
#[derive(Debug, Default)]
pub(super) struct Armory(Mutex<Vec<Armed>>);

#[derive(Debug)]
struct Armed {
    fault: Fault,
    place: Where,
    times: u32,
}

impl Armory {
    pub(super) fn arm(&self, fault: Fault, place: Where, times: u32) {
        self.lock().push(Armed { fault, place, times });
    }

    /// Ends every fault, those that met nobody yet too.
    pub(super) fn disarm(&self) {
        self.lock().clear();
    }

    /// The fault that this request meets.
    pub(super) fn meet(&self, call: &Call<'_>, site: Site) -> Option<Fault> {
        let place = Where::of(call, site)?;
        let mut armed = self.lock();
        let next = armed.iter_mut().find(|armed| armed.place == place && armed.times > 0)?;
        // `u32::MAX` is for ever.
        if next.times < u32::MAX {
            next.times -= 1;
        }
        let is_early = next.fault == Fault::TokensEnd && next.times > 0;
        (!is_early).then_some(next.fault)
    }

    /// What is behind the lock is whole after every statement, so a panic elsewhere spoils nothing.
    fn lock(&self) -> MutexGuard<'_, Vec<Armed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn token_expired() -> Reply {
    let message = "Access Denied: The Personal Access Token used has expired.";
    Reply::failure(StatusCode::UNAUTHORIZED, "AccessCheckException", message)
}

fn conditional_access() -> Reply {
    let message = "VS403463: The conditional access policy defined by your Microsoft Entra administrator has \
                   failed. For more information, please contact your administrator.";
    Reply::failure(StatusCode::FORBIDDEN, "VssServiceException", message)
}

fn needs_permission(call: &Call<'_>, permission: &str) -> Reply {
    let message = format!(
        "User '{}' lacks permission to complete this action. You need to have '{permission}'. (DevOps Activity \
         ID: {})",
        super::access::person_id(),
        call.activity
    );
    Reply::failure(StatusCode::FORBIDDEN, "FeedNeedsPermissionsException", &message)
}

/// The exact form is not known (azure-contract 12).
fn no_organization() -> Reply {
    let page = "<!DOCTYPE html>\n<html><head><title>The resource cannot be found.</title></head></html>\n";
    Reply::new(StatusCode::NOT_FOUND).body("text/html; charset=utf-8", page)
}

fn asleep() -> Reply {
    let message = "TF24668: The following team project collection is stopped: contoso. The organization has been \
                   deactivated due to inactivity.";
    Reply::failure_with_bom(StatusCode::SERVICE_UNAVAILABLE, "HostShutdownException", message)
        .header("x-tfs-serviceerror", segment::encode(message))
}

fn feed_name_refused(call: &Call<'_>) -> Reply {
    let message = format!(
        "The feed name 'rust crates' contains characters that are not allowed. (DevOps Activity ID: {})",
        call.activity
    );
    Reply::failure(StatusCode::BAD_REQUEST, "InvalidFeedNameException", &message)
}

fn feed_name_taken(call: &Call<'_>) -> Reply {
    let message =
        format!("A feed named 'rust-crates' already exists. (DevOps Activity ID: {})", call.activity);
    Reply::failure(StatusCode::CONFLICT, "FeedNameAlreadyExistsException", &message)
}

fn rate_limited(seconds: &str) -> Reply {
    let message = "TF400733: The request has been canceled: Request was blocked due to exceeding usage of resource \
                   'Concurrency' in namespace 'User'.";
    Reply::failure(StatusCode::TOO_MANY_REQUESTS, "RequestBlockedException", message)
        .header("retry-after", seconds)
        .header("x-ratelimit-resource", "Concurrency")
}

fn older_server(call: &Call<'_>) -> Reply {
    let wanted = call.api_version().unwrap_or_default();
    let message = format!(
        "The requested REST API version of {wanted} is out of range for this server. The latest REST API version \
         this server supports is 5.1."
    );
    Reply::failure(StatusCode::BAD_REQUEST, "VssVersionOutOfRangeException", &message)
}

fn no_local_versions(call: &Call<'_>) -> Reply {
    let message = format!(
        "No local versions of package 'tidewater'; please provide authentication to access versions from upstream \
         that have not yet been saved to your feed. (DevOps Activity ID: {})",
        call.activity
    );
    Reply::failure(StatusCode::UNAUTHORIZED, "UnauthorizedRequestException", &message)
}

fn storage_refused() -> Reply {
    let text = "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>AuthenticationFailed</Code><Message>Server \
                failed to authenticate the request.</Message></Error>";
    Reply::new(StatusCode::FORBIDDEN).body("application/xml", text)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_list_of_faults_names_each_once() {
        let names: HashSet<Fault> = Fault::ALL.into_iter().collect();
        assert_eq!(names.len(), Fault::ALL.len());
        // The last of the type stands at the end: nobody was forgotten.
        assert_eq!(Fault::TokensEnd as usize + 1, Fault::ALL.len());
    }
}
