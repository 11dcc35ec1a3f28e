//! Making and revoking a personal access token for who has signed in to Entra (azure-contract 2.6): one POST that is
//! never sent twice by itself, and the DELETE that takes it back. The client for this has the organization's place on
//! the host of tokens as its own, and sends the sign-in nowhere else.

use reqwest::Method;
use serde::{Deserialize, Deserializer, Serialize};

use super::client::{Azure, Change, Stage, address};
use super::error::AzureError;
use super::pat_error::{PatError, refusal_of};
use super::reply::Reply;
use crate::domain::credential::Secret;
use crate::domain::date;
use crate::domain::new_feed::RequestPreview;
use crate::domain::new_pat::{MadePat, NewPat, SCOPE};

/// What the service calls a token of all scopes.
const FULL_SCOPE: &str = "app_token";

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct NewPatBody<'a> {
    display_name: &'a str,
    scope: &'a str,
    valid_to: String,
    all_orgs: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireResult {
    pat_token: Option<WirePat>,
    /// Says no with status 200.
    pat_token_error: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePat {
    authorization_id: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    token: Option<Secret>,
    scope: Option<String>,
    valid_to: Option<String>,
    /// `None`: it is good in every organization of the person.
    target_accounts: Option<Vec<String>>,
}

fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(Secret::new).filter(|token| !token.is_empty()))
}

impl Azure {
    /// The request that [`Azure::make_pat`] sends, as it sends it. Asks nothing.
    ///
    /// # Errors
    /// Never for a place that a person has named.
    pub fn pat_preview(&self, new: &NewPat) -> Result<RequestPreview, AzureError> {
        Ok(self.pat_creation(new)?.preview())
    }

    /// Makes a token for this organization alone. One that turns out to be good for more is revoked again.
    ///
    /// # Errors
    /// When there is no new token; [`PatError::Unknown`] when it can't be told.
    pub async fn make_pat(&self, new: &NewPat) -> Result<MadePat, PatError> {
        let change = self.pat_creation(new)?;
        let unknown = |cause| PatError::Unknown { name: new.name.clone(), cause };
        let reply = match self.change(&change, Stage::Preview).await {
            Ok(reply) => reply,
            Err(error) if error.leaves_open() => return Err(unknown(Some(Box::new(error)))),
            Err(error) => return Err(error.into()),
        };
        let result = self.read_pat(&reply, &change).map_err(|error| unknown(Some(Box::new(error))))?;
        let word = result.pat_token_error.as_deref().unwrap_or("none");
        if !word.eq_ignore_ascii_case("none") {
            return Err(refusal_of(word, self.said(&reply, &change.url)));
        }
        let made = result.pat_token.ok_or_else(|| unknown(None))?;
        let id = made.authorization_id.clone().filter(|id| is_id(id)).ok_or_else(|| unknown(None))?;
        let is_too_wide = made.is_too_wide();
        let (Some(token), false) = (made.token.filter(Secret::is_printable), is_too_wide) else {
            let revoked = self.revoke_pat(&id).await.is_ok();
            return Err(PatError::Useless { name: new.name.clone(), is_too_wide, revoked });
        };
        // A tenant may allow less than was asked for.
        let ends = made.valid_to.as_deref().and_then(date::of_rfc3339).unwrap_or(new.ends);
        Ok(MadePat { token, name: new.name.clone(), id, ends })
    }

    /// Takes a token back. Doing so twice does no harm.
    ///
    /// # Errors
    /// When it may still be good.
    pub async fn revoke_pat(&self, id: &str) -> Result<(), AzureError> {
        let url = address(&self.collection().web(), &PATS, &[("authorizationId", id)])?;
        self.change(&Change::delete(url), Stage::Preview).await.map(|_| ())
    }

    fn pat_creation(&self, new: &NewPat) -> Result<Change, AzureError> {
        let body = NewPatBody {
            display_name: &new.name,
            scope: SCOPE,
            valid_to: date::to_rfc3339(new.ends),
            all_orgs: false,
        };
        Ok(Change::new(Method::POST, address(&self.collection().web(), &PATS, &[])?, &body))
    }

    /// What stands in the answer, also in an error of the reader, may be a secret.
    fn read_pat(&self, reply: &Reply, change: &Change) -> Result<WireResult, AzureError> {
        reply.json().map_err(|_| self.misunderstood(reply, &change.url, "it has another form"))
    }
}

const PATS: [&str; 3] = ["_apis", "tokens", "pats"];

impl WirePat {
    /// Good in other organizations, too, or for everything.
    fn is_too_wide(&self) -> bool {
        let is_for_one = self.target_accounts.as_ref().is_some_and(|accounts| accounts.len() == 1);
        !is_for_one
            || self.scope.as_deref().is_some_and(|scope| scope.split(' ').any(|one| one == FULL_SCOPE))
    }
}

/// Whether it looks like the ids of the service.
fn is_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests;
