//! Which organizations the person who signed in has (azure-contract 4.1, 4.2). Asked of a host of its own, which no
//! organization owns; a personal access token of one organization is refused there.

use serde::Deserialize;

use super::client::{Azure, Stage, address};
use super::error::AzureError;
use super::wire::List;
use crate::domain::account::Account;
use crate::domain::organization::OrgName;
use crate::domain::text::clean;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireProfile {
    id: String,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    email_address: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAccount {
    #[serde(default)]
    account_name: Option<String>,
}

impl Azure {
    /// The person, and the names of their organizations, sorted. Only those of the token's own tenant are told.
    ///
    /// # Errors
    /// [`AzureError::NotFound`] also for somebody who has never used Azure DevOps.
    pub async fn my_organizations(&self) -> Result<(Account, Vec<OrgName>), AzureError> {
        let base = self.collection().web();
        let url = address(&base, &["_apis", "profile", "profiles", "me"], &[])?;
        let profile: WireProfile = self.read(&self.get(&url, Stage::Released).await?, &url)?;
        let url = address(&base, &["_apis", "accounts"], &[("memberId", &profile.id)])?;
        let list: List<WireAccount> = self.read(&self.get(&url, Stage::Released).await?, &url)?;
        let names = list.value.into_iter().filter_map(|account| account.account_name);
        let mut names: Vec<OrgName> = names.filter_map(|name| OrgName::parse(&name)).collect();
        names.sort_by_cached_key(|name| name.as_str().to_lowercase());
        names.dedup();
        let shown = |text: Option<String>| clean(&text.unwrap_or_default());
        let account = Account {
            id: Some(clean(&profile.id)),
            display_name: shown(profile.display_name),
            sign_in_name: shown(profile.email_address),
        };
        Ok((account, names))
    }
}

#[cfg(test)]
mod tests {
    use super::super::canned::{Canned, json, refusal, token_refused};
    use super::*;

    const ME: &str = r#"{"displayName":"Normal \u001b[1mPaulk","publicAlias":"d6245f20","emailAddress":"normal@fabrikam.example",
        "coreRevision":1647,"timeStamp":"2014-05-12T22:23:07.727+00:00","id":"d6245f20-2af8-44f4-9451-8107cb2767db","revision":1647}"#;

    #[tokio::test]
    async fn organizations_are_asked_for_by_the_persons_id() {
        let accounts = r#"{"count":5,"value":[
            {"accountId":"1","accountUri":"https://vssps.dev.azure.com/tailspin/","accountName":"tailspin","properties":{}},
            {"accountId":"2","accountUri":"https://evil.example/","accountName":"Fabrikam"},
            {"accountName":"evil.example/x"},{"accountName":null},{}]}"#;
        let server = Canned::serve([
            ("/_apis/profile/profiles/me ", json(ME)),
            ("/_apis/accounts?memberId=d6245f20-2af8-44f4-9451-8107cb2767db ", json(accounts)),
        ])
        .await;
        let (account, names) = server.azure().my_organizations().await.unwrap();
        assert_eq!(account.label(), "Normal [1mPaulk (normal@fabrikam.example)");
        assert_eq!(names.iter().map(OrgName::as_str).collect::<Vec<_>>(), ["Fabrikam", "tailspin"]);
        assert!(server.heard().iter().all(|head| head.contains("api-version=7.1")));
    }

    #[tokio::test]
    async fn a_token_that_may_not_ask_and_a_person_without_a_profile_are_refused() {
        let server = Canned::serve([("profile", token_refused())]).await;
        assert!(matches!(server.azure().my_organizations().await, Err(AzureError::TokenRefused(_))));
        let server = Canned::serve([("profile", refusal("404 Not Found", "{}"))]).await;
        assert!(matches!(server.azure().my_organizations().await, Err(AzureError::NotFound(_))));
    }
}
