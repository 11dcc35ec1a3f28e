//! Who the credential belongs to, and which projects it can see.

use super::client::{Azure, Stage, address};
use super::error::AzureError;
use super::reply::Reply;
use super::wire::{ConnectionData, List, WireProject};
use crate::domain::account::{ANONYMOUS_ID, Account};
use crate::domain::organization::ProjectName;

/// Projects on one page.
const PAGE: &str = "100";

/// A server that names ever new pages is not asked for ever.
const MOST_PAGES: usize = 200;

impl Azure {
    /// The person behind the credential (azure-contract 1.5). A token that may not ask is proved by the
    /// list of feeds (12); its holder then has no name.
    ///
    /// A server is asked next where its feeds are (11).
    ///
    /// # Errors
    /// [`AzureError::NotSignedIn`] also where the service took the caller for anonymous: a success alone
    /// proves nothing. [`AzureError::ForeignLocation`] where the server names somebody else's place.
    pub async fn who_am_i(&self) -> Result<Account, AzureError> {
        let account = self.connection_data().await?;
        self.find_feeds().await?;
        Ok(account)
    }

    async fn connection_data(&self) -> Result<Account, AzureError> {
        let url = address(&self.collection().web(), &["_apis", "connectionData"], &[])?;
        let reply = match self.get(&url, Stage::Preview).await {
            Ok(reply) => reply,
            Err(refused @ AzureError::TokenRefused(_)) => return self.token_holder(refused).await,
            Err(error) => return Err(as_missing_organization(error)),
        };
        let data: ConnectionData = self.read(&reply, &url)?;
        match data.into_account() {
            Some(account) if is_anonymous(account.id.as_deref()) => {
                Err(AzureError::NotSignedIn(Box::new(self.said(&reply, &url))))
            }
            Some(account) => Ok(account),
            None => Err(self.misunderstood(&reply, &url, "it names no user")),
        }
    }

    async fn token_holder(&self, refused: AzureError) -> Result<Account, AzureError> {
        let (reply, _) = match self.feed_page(&[]).await {
            Ok(page) => page,
            Err(error) if error.is_refusal() => return Err(refused),
            Err(error) => return Err(error),
        };
        match holder(&reply) {
            account if is_anonymous(account.id.as_deref()) => Err(refused),
            account => Ok(account),
        }
    }

    /// The names of all projects (azure-contract 4.3), sorted. A token that may not list them is told
    /// those that have a feed (11).
    ///
    /// # Errors
    /// Every [`AzureError`]; also when the pages do not end.
    pub async fn projects(&self) -> Result<Vec<ProjectName>, AzureError> {
        let mut names = match self.all_projects().await {
            Err(AzureError::TokenRefused(_)) => self.projects_with_feeds().await?,
            listed => listed?,
        };
        names.sort_by_cached_key(|name| (name.as_str().to_lowercase(), name.clone()));
        names.dedup();
        Ok(names)
    }

    async fn all_projects(&self) -> Result<Vec<ProjectName>, AzureError> {
        let mut names = Vec::new();
        let mut token: Option<String> = None;
        let mut pages = 0;
        loop {
            let mut query = vec![("stateFilter", "wellFormed"), ("$top", PAGE)];
            query.extend(token.as_deref().map(|token| ("continuationToken", token)));
            let url = address(&self.collection().web(), &["_apis", "projects"], &query)?;
            let reply = self.get(&url, Stage::Released).await?;
            let page: List<WireProject> = self.read(&reply, &url)?;
            names.extend(page.value.iter().filter_map(WireProject::name));
            pages += 1;
            match reply.continuation().map(str::to_owned) {
                None => return Ok(names),
                next if pages == MOST_PAGES || next == token => {
                    return Err(self.misunderstood(&reply, &url, "the list of projects does not end"));
                }
                next => token = next,
            }
        }
    }

    async fn projects_with_feeds(&self) -> Result<Vec<ProjectName>, AzureError> {
        let (_, feeds) = self.feed_page(&[]).await?;
        Ok(feeds.into_iter().filter_map(|feed| feed.project).map(|project| project.name).collect())
    }
}

fn holder(reply: &Reply) -> Account {
    let (id, sign_in_name) = reply.user().map_or((None, String::new()), |(id, name)| (Some(id), name));
    Account { id, display_name: Account::TOKEN_HOLDER.to_owned(), sign_in_name }
}

fn is_anonymous(id: Option<&str>) -> bool {
    id.is_some_and(|id| id.eq_ignore_ascii_case(ANONYMOUS_ID))
}

/// What an unknown organization answers is not known for sure: any 404 and any redirect count as one
/// (azure-contract 12).
fn as_missing_organization(error: AzureError) -> AzureError {
    match error {
        AzureError::NoRoute(said) | AzureError::NotFound(said) | AzureError::ProjectNotFound(said) => {
            AzureError::OrganizationNotFound(said)
        }
        AzureError::Unexpected { said, .. } | AzureError::NotSignedIn(said)
            if matches!(said.status, Some(300..=399)) =>
        {
            AzureError::OrganizationNotFound(said)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::canned::{Canned, HEADER, json, refusal, reply, token_refused};
    use super::*;

    const ANA: &str = r#"{"authenticatedUser":{"id":"2f0c1b1e-5b7a-4e1d-9d0a-7f1f4d1c9a10",
        "descriptor":"Microsoft.IdentityModel.Claims.ClaimsIdentity;9e2c\\ana@contoso.example",
        "providerDisplayName":"Ana \u001b[1mCosta","isActive":true,
        "properties":{"Account":{"$type":"System.String","$value":"ana@contoso.example"}},
        "resourceVersion":2,"metaTypeId":0},
        "authorizedUser":{"id":"2f0c1b1e-5b7a-4e1d-9d0a-7f1f4d1c9a10"},"deploymentType":"hosted"}"#;

    fn no_feeds(headers: &str) -> String {
        let headers = format!("Content-Type: application/json\r\n{headers}");
        reply("200 OK", &headers, r#"{"count":0,"value":[]}"#)
    }

    #[tokio::test]
    async fn the_signed_in_person_is_named_as_the_service_names_them() {
        let server = Canned::serve([("GET /contoso/_apis/connectionData ", json(ANA))]).await;
        let me = server.azure().who_am_i().await.unwrap();
        assert_eq!(me.label(), "Ana [1mCosta (ana@contoso.example)");
        assert_eq!(me.id.as_deref(), Some("2f0c1b1e-5b7a-4e1d-9d0a-7f1f4d1c9a10"));
        assert!(server.heard()[0].contains("api-version=7.1-preview.1"), "only previews exist");
        assert!(server.heard()[0].contains(HEADER));
    }

    #[tokio::test]
    async fn an_anonymous_success_is_no_sign_in() {
        let anonymous = format!(r#"{{"authenticatedUser":{{"id":"{}"}}}}"#, ANONYMOUS_ID.to_uppercase());
        let server = Canned::serve([("connectionData", json(&anonymous))]).await;
        assert!(matches!(server.azure().who_am_i().await, Err(AzureError::NotSignedIn(_))));
        for nobody in ["{}", r#"{"authenticatedUser":null}"#, r#"{"authenticatedUser":{"id":""}}"#] {
            let server = Canned::serve([("connectionData", json(nobody))]).await;
            assert!(
                matches!(server.azure().who_am_i().await, Err(AzureError::Unexpected { .. })),
                "{nobody}"
            );
        }
    }

    #[tokio::test]
    async fn a_token_for_packaging_only_is_proved_by_the_feeds() {
        let feeds = "/contoso/_apis/packaging/feeds ";
        let server = Canned::serve([("connectionData", token_refused()), (feeds, no_feeds(""))]).await;
        let me = server.azure().who_am_i().await.unwrap();
        assert_eq!((me.id, me.display_name.as_str()), (None, "token holder"));

        let user = no_feeds("X-VSS-UserData: 2f0c:ana@contoso.example\r\n");
        let server = Canned::serve([("connectionData", token_refused()), (feeds, user)]).await;
        let me = server.azure().who_am_i().await.unwrap();
        assert_eq!((me.id.as_deref(), me.sign_in_name.as_str()), (Some("2f0c"), "ana@contoso.example"));
    }

    #[tokio::test]
    async fn a_dead_token_stays_dead_whatever_the_feeds_say() {
        let anonymous = no_feeds(&format!("X-VSS-UserData: {ANONYMOUS_ID}:x\r\n"));
        for feeds in [token_refused(), anonymous, reply("404 Not Found", "", "")] {
            let server = Canned::serve([("connectionData", token_refused()), ("feeds", feeds)]).await;
            assert!(matches!(server.azure().who_am_i().await, Err(AzureError::TokenRefused(_))));
        }
        let server = Canned::serve([("connectionData", token_refused())]).await;
        let nobody = server.azure_with(None).who_am_i().await;
        assert!(matches!(nobody, Err(AzureError::NotSignedIn(_))), "without a token, none was refused");
        assert!(server.heard().iter().all(|head| !head.contains("authorization")));
    }

    #[tokio::test]
    async fn an_unknown_organization_is_told_from_404_and_redirects() {
        let html = "Content-Type: text/html\r\n";
        for answer in [
            reply("404 Not Found", html, "<html>"),
            reply("404 Not Found", "Content-Type: text/plain\r\n", "no controller"),
            reply("302 Found", "Location: https://x.visualstudio.com/_signin?realm=y\r\n", ""),
            reply("302 Found", "Location: https://x.example/\r\n", ""),
        ] {
            let server = Canned::serve([("connectionData", answer)]).await;
            let error = server.azure().who_am_i().await.unwrap_err();
            assert!(matches!(error, AzureError::OrganizationNotFound(_)), "{error:?}");
        }
        let page = reply("203 Non-Authoritative Information", html, "<html>");
        let server = Canned::serve([("connectionData", page)]).await;
        assert!(matches!(server.azure().who_am_i().await, Err(AzureError::NotSignedIn(_))));
    }

    #[tokio::test]
    async fn projects_are_read_to_the_last_page() {
        let page = |names: &str, next: &str| {
            let next =
                if next.is_empty() { String::new() } else { format!("x-ms-continuationtoken: {next}\r\n") };
            let value: Vec<_> =
                names.split(',').map(|name| format!(r#"{{"id":"1","name":"{name}"}}"#)).collect();
            let body = format!(r#"{{"count":1,"value":[{}]}}"#, value.join(","));
            reply("200 OK", &format!("Content-Type: application/json\r\n{next}"), &body)
        };
        let server = Canned::serve([
            ("continuationToken=a%2Fb", page("alpha,\u{dc}ber", "200")),
            ("continuationToken=200", page("Beta,bad/name,\\u001bevil", "")),
            ("", page("gamma,Fabrikam Fiber", "a/b")),
        ])
        .await;
        let names = server.azure().projects().await.unwrap();
        let names: Vec<_> = names.iter().map(ProjectName::as_str).collect();
        assert_eq!(names, ["alpha", "Beta", "Fabrikam Fiber", "gamma", "\u{dc}ber"]);
        assert_eq!(server.paths()[0], "/contoso/_apis/projects?stateFilter=wellFormed&$top=100");
    }

    #[tokio::test]
    async fn pages_that_lead_in_a_circle_are_left() {
        let page = || {
            let headers = "Content-Type: application/json\r\nx-ms-continuationtoken: 1\r\n";
            reply("200 OK", headers, r#"{"value":[]}"#)
        };
        let server = Canned::serve([("", page()), ("", page()), ("", page())]).await;
        assert!(matches!(server.azure().projects().await, Err(AzureError::Unexpected { .. })));
        assert_eq!(server.heard().len(), 2);
    }

    #[tokio::test]
    async fn a_token_that_lists_no_projects_is_told_those_of_the_feeds() {
        let feeds = r#"{"value":[
            {"id":"1","name":"b","project":{"id":"p2","name":"Web"}},
            {"id":"2","name":"a","project":{"id":"p1","name":"App"}},
            {"id":"3","name":"c","project":{"id":"p1","name":"App"}},
            {"id":"4","name":"d"}]}"#;
        let server = Canned::serve([("projects", token_refused()), ("feeds", json(feeds))]).await;
        let names = server.azure().projects().await.unwrap();
        assert_eq!(names.iter().map(ProjectName::as_str).collect::<Vec<_>>(), ["App", "Web"]);

        let broken = refusal("403 Forbidden", r#"{"message":"no"}"#);
        let server = Canned::serve([("projects", broken)]).await;
        assert!(matches!(server.azure().projects().await, Err(AzureError::Forbidden(_))));
    }
}
