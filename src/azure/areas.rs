//! Where a server says that its services are (azure-contract 1.3), and whether a credential may go there
//! (product.md, 'Trust'). The hosts of Azure DevOps Services are known and not asked for.

use url::Url;

use super::client::{Azure, Stage, address, is_cloud_host};
use super::error::AzureError;
use super::reply::Reply;
use super::wire::{List, WireArea};
use crate::domain::organization::Base;
use crate::domain::text::{clean, redact};

/// The fixed id of the area of feeds.
const FEEDS: &str = "7ab4e64e-c4d8-4f50-ae73-5ef2e21642a5";

/// The fixed id of the area of Cargo registries.
const CARGO: &str = "71f96160-8701-4914-aed9-c44b89f20ccd";

impl Azure {
    /// Asks a server where its feeds are. One that names no place, as they usually do, or that does not answer in
    /// an understandable way, is asked at its own address for everything.
    ///
    /// # Errors
    /// [`AzureError::ForeignLocation`] where it names a place that the credential may not go to.
    pub(super) async fn find_feeds(&self) -> Result<(), AzureError> {
        if self.collection().is_cloud() {
            return Ok(());
        }
        let url = address(&self.collection().web(), &["_apis", "resourceAreas"], &[])?;
        let Ok(reply) = self.get(&url, Stage::Preview).await else { return Ok(()) };
        let Ok(areas) = reply.json::<List<WireArea>>() else { return Ok(()) };
        let location = |id: &str| {
            let area = areas
                .value
                .iter()
                .find(|area| area.id.as_deref().is_some_and(|is| is.eq_ignore_ascii_case(id)));
            area?.location_url.as_deref()
        };
        if let Some(base) = self.vetted(location(FEEDS), (&reply, &url))? {
            self.terms().feeds_are_at(base);
        }
        // Cargo's address is made from the collection's own; a foreign one would be told of it all the same.
        self.vetted(location(CARGO), (&reply, &url)).map(|_| ())
    }

    /// The place, where it is another one than the collection's own and may be asked with the credential.
    fn vetted(
        &self,
        location: Option<&str>,
        (reply, asked): (&Reply, &Url),
    ) -> Result<Option<Base>, AzureError> {
        let Some(location) = location else { return Ok(None) };
        let own = self.collection().web();
        let Ok(url) = Url::parse(location) else { return Ok(None) };
        // Another folder of the same server is no place that a credential was given for: the own one is used.
        if url.origin() == asked.origin() {
            return Ok(None);
        }
        match Base::parse(location).filter(|base| *base != own) {
            Some(base) if is_cloud_host(&url) => Ok(Some(base)),
            _ => Err(AzureError::ForeignLocation {
                url: redact(&clean(location)),
                said: Box::new(self.said(reply, asked)),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::canned::{Canned, HEADER, json, refusal};
    use super::*;
    use crate::error::Report;

    const ME: &str = r#"{"authenticatedUser":{"id":"2f0c","providerDisplayName":"Ana"}}"#;

    fn areas(feeds: &str) -> String {
        json(&format!(
            r#"{{"count":1,"value":[{{"id":"{}","name":"Packaging","locationUrl":"{feeds}"}}]}}"#,
            FEEDS.to_uppercase()
        ))
    }

    #[tokio::test]
    async fn a_server_is_asked_for_its_areas_after_it_has_named_the_person() {
        let none = json(r#"{"count":0,"value":[]}"#);
        let list = json(r#"{"count":0,"value":[]}"#);
        let server =
            Canned::serve([("connectionData", json(ME)), ("resourceAreas", none), ("packaging/feeds", list)])
                .await;
        let azure = server.azure();
        azure.who_am_i().await.unwrap();
        azure.feed_page(&[]).await.unwrap();
        assert_eq!(
            server.paths(),
            [
                "/contoso/_apis/connectionData",
                "/contoso/_apis/resourceAreas",
                "/contoso/_apis/packaging/feeds"
            ]
        );
        assert!(server.heard()[1].contains("api-version=7.1-preview.1"), "only previews exist");
    }

    #[tokio::test]
    async fn a_server_that_does_not_tell_is_asked_at_its_own_address() {
        for answer in [
            refusal("404 Not Found", "{}"),
            refusal("400 Bad Request", r#"{"message":"x"}"#),
            json("{"),
            json(r#"{"value":[{"id":null,"locationUrl":null},{}]}"#),
            areas("no address"),
        ] {
            let server = Canned::serve([("connectionData", json(ME)), ("resourceAreas", answer)]).await;
            let azure = server.azure();
            azure.who_am_i().await.unwrap();
            assert_eq!(azure.feeds_base(), azure.collection().feeds());
        }
    }

    #[tokio::test]
    async fn a_foreign_place_gets_nothing_and_is_said() {
        let foreign = Canned::serve([]).await;
        for place in [
            foreign.base(),
            "https://evil.example/contoso".to_owned(),
            "http://feeds.dev.azure.com/contoso".to_owned(),
            "https://feeds.dev.azure.com.evil.example/contoso".to_owned(),
            "https://ana:pw@feeds.dev.azure.com/contoso".to_owned(),
            "https://feeds.dev.azure.com:8443/contoso".to_owned(),
        ] {
            let server =
                Canned::serve([("connectionData", json(ME)), ("resourceAreas", areas(&place))]).await;
            let azure = server.azure();
            let error = azure.who_am_i().await.unwrap_err();
            assert!(matches!(error, AzureError::ForeignLocation { .. }), "{place}: {error:?}");
            assert_eq!(azure.feeds_base(), azure.collection().feeds(), "{place}");
            let report = Report::from(error);
            assert!(!report.to_string().contains("pw@"), "{report}");
            assert_eq!(report.code, "foreign-location");
        }
        assert_eq!(foreign.heard(), Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_place_of_the_same_server_changes_nothing_and_one_of_the_cloud_is_taken() {
        let server = Canned::serve([("", json("{}")), ("", json("{}"))]).await;
        let azure = server.azure();
        let asked = Url::parse(&server.base()).unwrap();
        let reply = azure.get(&asked, Stage::Preview).await.unwrap();
        for place in [server.base() + "/", server.base().replace("/contoso", "/other")] {
            assert_eq!(azure.vetted(Some(&place), (&reply, &asked)).unwrap(), None, "{place}");
        }
        let cloud = "https://feeds.dev.azure.com/contoso/";
        let server = Canned::serve([("connectionData", json(ME)), ("resourceAreas", areas(cloud))]).await;
        let azure = server.azure();
        azure.who_am_i().await.unwrap();
        assert_eq!(azure.feeds_base().as_str(), "https://feeds.dev.azure.com/contoso");
        assert!(server.heard().iter().all(|head| head.contains(HEADER)));
    }
}
