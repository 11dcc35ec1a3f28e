//! What an organization's host says of its tenant to somebody without a credential (azure-contract 2.5). Only reads the
//! headers; what may be believed of them is not decided here.

use reqwest::header::WWW_AUTHENTICATE;

use super::client::{Azure, address};
use super::error::AzureError;
use super::reply::Class;
use crate::domain::entra::Challenge;

impl Azure {
    /// Asks the host of the packages, without the credential; each status is an answer.
    ///
    /// # Errors
    /// When there is no answer, or it doesn't come from Azure DevOps.
    pub async fn challenge(&self) -> Result<Challenge, AzureError> {
        let url = address(&self.collection().packages(), &[""], &[])?;
        let reply = self.get_as_nobody(&url).await?;
        if reply.class() == Class::NotAzure && !reply.headers.contains_key(WWW_AUTHENTICATE) {
            return Err(self.refusal(&reply, &url));
        }
        let text =
            |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Ok(Challenge {
            authenticate: reply.headers.get_all(WWW_AUTHENTICATE).iter().map(text).collect(),
            tenant: reply.headers.get("x-vss-resourcetenant").map(text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::canned::{Canned, reply};
    use super::*;

    const ID: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

    #[tokio::test]
    async fn the_headers_are_handed_over_as_they_are_and_no_credential_goes_out() {
        let headers = format!(
            "WWW-Authenticate: Bearer authorization_uri=https://login.microsoftonline.com/{ID}\r\n\
             WWW-Authenticate: Basic realm=\"x\"\r\nX-VSS-ResourceTenant: {ID}\r\n"
        );
        let server = Canned::serve([("GET /contoso/ ", reply("401 Unauthorized", &headers, ""))]).await;
        let challenge = server.azure().challenge().await.unwrap();
        assert_eq!(challenge.authenticate.len(), 2);
        assert_eq!(challenge.tenant.as_deref(), Some(ID));
        assert!(server.heard().iter().all(|head| !head.to_lowercase().contains("authorization:")));
    }

    #[tokio::test]
    async fn an_answer_without_such_headers_is_one_too() {
        let server = Canned::serve([("contoso", reply("404 Not Found", "", ""))]).await;
        assert_eq!(server.azure().challenge().await.unwrap(), Challenge::default());
    }
}
