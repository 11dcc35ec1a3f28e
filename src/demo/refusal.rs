//! The replies to callers who may not come in: classes 1 to 5 of azure-contract 3.2, and what is not
//! there at all.

use hyper::StatusCode;
use url::form_urlencoded;

use super::access::{ACCOUNT, Caller, Grant, Scope};
use super::call::Call;
use super::front::Service;
use super::reply::Reply;
use super::world::{Feed, Organization};
use crate::domain::account::ANONYMOUS_ID;
use crate::domain::segment;

const TOKEN_PAGE: &str = "<!DOCTYPE html>\n<html lang=\"en-US\"><head>\
    <title>Personal Access Tokens</title></head>\n\
    <body><p>The demo has made a token already: it is shown on the sign-in screen of az-cargo-wizard.</p></body></html>\n";
const SIGN_IN_PAGE: &str = "<!DOCTYPE html>\n<html lang=\"en-US\"><head>\
    <title>Azure DevOps Services | Sign In</title></head>\n\
    <body><p>This is the sign-in page of az-cargo-wizard's demo.</p></body></html>\n";

impl<'a> Call<'a> {
    /// Who asks the REST API of an organization for something of this scope; `None` is a caller without
    /// a credential, who may see what is public.
    pub(super) fn viewer(
        &self,
        organization: &Organization,
        scope: Scope,
    ) -> Result<Option<&'a Grant>, Reply> {
        match self.member(scope)? {
            None if !organization.has_public_projects() => Err(self.sign_in()),
            viewer => Ok(viewer),
        }
    }

    /// The same where nothing is public.
    pub(super) fn person(&self, scope: Scope) -> Result<&'a Grant, Reply> {
        self.member(scope)?.ok_or_else(|| self.sign_in())
    }

    /// The caller's grant, `None` for nobody.
    pub(super) fn member(&self, scope: Scope) -> Result<Option<&'a Grant>, Reply> {
        match self.caller {
            Caller::Nobody => Ok(None),
            Caller::Known(grant) if grant.allows(scope) => Ok(Some(grant)),
            Caller::Known(_) | Caller::Dead => Err(self.lacks_scope()),
            Caller::Stranger => Err(unknown_identity()),
        }
    }

    /// Classes 1 and 2: the sign-in page, or the way to it.
    fn sign_in(&self) -> Reply {
        if self.door.is_server() {
            return server_challenge(Reply::new(StatusCode::UNAUTHORIZED));
        }
        let suppressed =
            self.header("x-tfs-fedauthredirect").is_some_and(|value| value.eq_ignore_ascii_case("suppress"));
        if suppressed {
            return sign_in_page(StatusCode::NON_AUTHORITATIVE_INFORMATION);
        }
        self.sign_in_redirect()
    }

    /// Class 2.
    pub(super) fn sign_in_redirect(&self) -> Reply {
        let origin = self.door.sign_in_origin(&self.state.origin);
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("realm", &origin)
            .append_pair("reply_to", &format!("{origin}{}", self.path))
            .finish();
        Reply::text(StatusCode::FOUND, "").header("location", format!("{origin}/_signin?{query}"))
    }

    /// Class 3: the empty 401 of a token that lacks the scope, has expired or was revoked.
    pub(super) fn lacks_scope(&self) -> Reply {
        Reply::new(StatusCode::UNAUTHORIZED)
            .header("www-authenticate", format!("Basic realm=\"{}/\"", self.state.origin))
    }

    /// Adds the challenges of a packaging host (azure-contract 2.5).
    pub(super) fn challenge(&self, organization: &Organization, reply: Reply) -> Reply {
        if self.door.is_server() {
            return server_challenge(reply);
        }
        let (origin, tenant) = (self.base(Service::Packages, organization), &organization.tenant);
        reply
            .header(
                "www-authenticate",
                format!("Bearer authorization_uri=https://login.microsoftonline.com/{tenant}"),
            )
            .header("www-authenticate", format!("Basic realm=\"{origin}/\""))
            .header("www-authenticate", "TFS-Federated")
            .header("x-vss-resourcetenant", tenant.to_string())
            .header(
                "x-vss-authorizationendpoint",
                format!("{}/", self.base(Service::Identities, organization)),
            )
    }

    /// Class 7: the role, or the token's scope, is too low.
    pub(super) fn needs_permission(&self, feed: &Feed, permission: &str) -> Reply {
        let message = format!(
            "User '{}' lacks permission to complete this action on feed '{}'. You need to have '{permission}'. \
             (DevOps Activity ID: {})",
            super::access::person_id(),
            feed.name,
            self.activity
        );
        Reply::failure(StatusCode::FORBIDDEN, "FeedNeedsPermissionsException", &message)
    }

    /// Class 14: the name is another feed's, perhaps one that is not seen (azure-contract 5.6).
    pub(super) fn name_taken(&self, name: &str) -> Reply {
        let message =
            format!("A feed with the name '{name}' already exists. (DevOps Activity ID: {})", self.activity);
        Reply::failure(StatusCode::CONFLICT, "FeedNameAlreadyExistsException", &message)
    }

    /// Class 13: a name against the rules (azure-contract 5.6).
    pub(super) fn name_refused(&self, name: &str) -> Reply {
        let message = format!(
            "The feed name '{name}' isn't allowed because it contains illegal characters. (DevOps Activity ID: {})",
            self.activity
        );
        Reply::failure(StatusCode::BAD_REQUEST, "InvalidFeedNameException", &message)
    }

    /// Class 7 without a feed: who may make feeds is settled for the whole organization (azure-contract 5.4).
    pub(super) fn may_not_make_feeds(&self) -> Reply {
        let message = format!(
            "User '{}' lacks permission to complete this action. You need to have 'CreateFeed'. \
             (DevOps Activity ID: {})",
            super::access::person_id(),
            self.activity
        );
        Reply::failure(StatusCode::FORBIDDEN, "FeedNeedsPermissionsException", &message)
    }

    /// Class 8: absent, or addressed without its project.
    pub(super) fn no_feed(&self, name_or_id: &str) -> Reply {
        let message =
            format!("The feed with ID '{name_or_id}' doesn't exist. (DevOps Activity ID: {})", self.activity);
        Reply::failure(StatusCode::NOT_FOUND, "FeedIdNotFoundException", &message)
    }

    /// Class 10: no such route.
    pub(super) fn no_controller(&self) -> Reply {
        let message = format!(
            "The controller for path '{}' was not found or does not implement IController.",
            self.path
        );
        let error = segment::encode(&message);
        Reply::text(StatusCode::NOT_FOUND, message).header("x-tfs-serviceerror", error)
    }
}

/// The challenges of a Server, which knows no tenants (azure-contract 2.5).
fn server_challenge(reply: Reply) -> Reply {
    ["Basic realm=\"Azure DevOps Server\"", "Negotiate", "NTLM"]
        .into_iter()
        .fold(reply, |reply, challenge| reply.header("www-authenticate", challenge))
}

/// Class 4: an Entra identity that the organization doesn't know.
pub(super) fn unknown_identity() -> Reply {
    let message = format!("TF400813: The user '{ACCOUNT}' is not authorized to access this resource.");
    Reply::failure_with_bom(StatusCode::UNAUTHORIZED, "InvalidIdentityException", &message)
        .header("www-authenticate", "Bearer")
        .header("x-tfs-serviceerror", segment::encode(&message))
}

/// Class 5: a thing that is not for everyone, asked for by nobody in particular.
pub(super) fn anonymous() -> Reply {
    let message = format!("TF400813: The user '{ANONYMOUS_ID}' is not authorized to access this resource.");
    Reply::failure(StatusCode::UNAUTHORIZED, "UnauthorizedRequestException", &message)
}

/// 400: a body that makes no sense.
pub(super) fn unusable(message: &str) -> Reply {
    Reply::failure(StatusCode::BAD_REQUEST, "VssPropertyValidationException", message)
}

/// Class 9: absent or not visible.
pub(super) fn no_project(name: &str) -> Reply {
    let message = format!(
        "TF200016: The following project does not exist: {name}. Verify that the name of the project is correct \
         and that the project exists on the specified Azure DevOps Server."
    );
    Reply::failure(StatusCode::NOT_FOUND, "ProjectDoesNotExistWithNameException", &message)
}

/// The page where a person would make a token; this one only says where it is (azure-contract 2.2).
pub(super) fn token_page() -> Reply {
    Reply::new(StatusCode::OK).body("text/html; charset=utf-8", TOKEN_PAGE)
}

/// The page that a browser would be shown.
pub(super) fn sign_in_page(status: StatusCode) -> Reply {
    Reply::new(status).body("text/html; charset=utf-8", SIGN_IN_PAGE)
}
