//! What is in a feed, and whether its Cargo index takes the credential (azure-contract 5.11, 7.3).

use reqwest::StatusCode;
use url::Url;

use super::client::{Azure, SignedIn, Stage, is_cloud_host};
use super::error::AzureError;
use super::reply::Reply;
use super::wire::{IndexConfig, List, WirePackage};
use crate::domain::feed::{CrateCount, Feed};
use crate::domain::registry::IndexUrl;
use crate::domain::text::clean;
use crate::net::Place;

/// Crates counted at most.
const PAGE: usize = 1000;

/// An index that gave out its `config.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexProof {
    /// It also answers without a credential, so Cargo will send none (azure-contract 7.2).
    pub anonymous_ok: bool,
    /// `auth-required`: whether Cargo sends its token with every request.
    pub auth_required: bool,
    /// Where crates are downloaded from, and with `auth-required` where Cargo sends its token.
    pub download_host: String,
    /// Whether that is a host of Azure DevOps Services, or below the same server's collection.
    pub download_host_trusted: bool,
}

impl Azure {
    /// Asks the index for its `config.json` as Cargo will: first without a credential, then with the very
    /// header that Cargo sends.
    ///
    /// # Errors
    /// [`AzureError::OutsideOrganization`] before anything is sent to an address that is not the
    /// organization's; [`AzureError::CargoSendsNoToken`] where the credential works but Cargo would not
    /// come to send it; else what the service refuses.
    pub async fn prove_index(&self, index: &IndexUrl) -> Result<IndexProof, AzureError> {
        let Ok(url) = index.url().join("config.json") else {
            return Err(AzureError::OutsideOrganization { url: clean(&index.shown()) });
        };
        let anonymous = self.get_as_cargo(&url, SignedIn::No).await?;
        let anonymous_ok = self.index_config(&anonymous, &url).is_ok();
        let reply = if self.has_credential() {
            self.get_as_cargo(&url, SignedIn::Yes).await?
        } else {
            anonymous.clone()
        };
        let config = self.index_config(&reply, &url)?;
        if anonymous_ok || anonymous.status == StatusCode::UNAUTHORIZED {
            return self
                .proof(&config, anonymous_ok)
                .ok_or_else(|| self.misunderstood(&reply, &url, "`dl` in its `config.json` is no address"));
        }
        Err(match self.refusal(&anonymous, &url) {
            passing @ (AzureError::RateLimited { .. } | AzureError::ServerError(_)) => passing,
            _ => AzureError::CargoSendsNoToken(Box::new(self.said(&anonymous, &url))),
        })
    }

    /// Read by its status alone: an index need not send the headers and types of the REST API.
    fn index_config(&self, reply: &Reply, url: &Url) -> Result<IndexConfig, AzureError> {
        if reply.status.as_u16() == 200
            && let Ok(config) = reply.json()
        {
            return Ok(config);
        }
        Err(match self.refusal(reply, url) {
            AzureError::NoRoute(said) | AzureError::NotFound(said) => AzureError::NoCargo(said),
            AzureError::Unexpected { .. } if reply.status.is_success() => {
                self.misunderstood(reply, url, "its `config.json` is not that of a Cargo registry")
            }
            error => error,
        })
    }

    fn proof(&self, config: &IndexConfig, anonymous_ok: bool) -> Option<IndexProof> {
        let url = Url::parse(&config.dl).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        Some(IndexProof {
            anonymous_ok,
            auth_required: config.auth_required == Some(true),
            download_host: Place::of(&url, None).host,
            download_host_trusted: is_cloud_host(&url)
                || self.collection().packages().covers_in_any_case(&url),
        })
    }

    /// How many crates the feed holds, counted on one page.
    pub(super) async fn crate_count(&self, feed: &Feed) -> Result<CrateCount, AzureError> {
        let top = PAGE.to_string();
        let url = self.feed_url(feed, "packages", &[("protocolType", "Cargo"), ("$top", &top)])?;
        let reply = self.get(&url, Stage::Released).await?;
        let list: List<WirePackage> = self.read(&reply, &url)?;
        Ok(match list.value.len() {
            number if number < PAGE => CrateCount::Exactly(number),
            number => CrateCount::AtLeast(number),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::canned::{Canned, HEADER, json, reply, token_refused};
    use super::*;

    const CONFIG: &str = "/contoso/_packaging/rust/Cargo/index/config.json ";

    fn index(server: &Canned) -> IndexUrl {
        IndexUrl::parse(&format!("sparse+{}/_packaging/rust/Cargo/index/", server.base())).unwrap()
    }

    /// What the index answers, with its `dl` on this host and path.
    fn config(dl: &str, auth_required: &str) -> String {
        json(&format!(r#"{{"dl":"{dl}/{{crate}}/{{version}}/download","api":"https://x"{auth_required}}}"#))
    }

    fn private() -> String {
        config("https://pkgs.dev.azure.com/contoso", r#","auth-required":true"#)
    }

    async fn prove(replies: [(&str, String); 2]) -> Result<IndexProof, AzureError> {
        let server = Canned::serve(replies).await;
        let azure = server.azure();
        let index = index(&server);
        let proved = tokio::time::timeout(Duration::from_secs(10), azure.prove_index(&index)).await;
        proved.expect("no test waits for the service's limits")
    }

    #[tokio::test]
    async fn a_private_index_is_asked_as_cargo_asks_it() {
        let server = Canned::serve([(CONFIG, token_refused()), (CONFIG, private())]).await;
        let proof = server.azure().prove_index(&index(&server)).await.unwrap();
        assert_eq!(
            proof,
            IndexProof {
                anonymous_ok: false,
                auth_required: true,
                download_host: "pkgs.dev.azure.com".into(),
                download_host_trusted: true
            }
        );
        let [first, second] = server.heard().try_into().unwrap();
        assert!(!first.contains("authorization"), "{first}");
        assert!(second.contains(HEADER) && second.contains("cargo-protocol: version=1"), "{second}");
    }

    #[tokio::test]
    async fn a_public_index_needs_no_sign_in() {
        let public = || config("https://pkgs.dev.azure.com/contoso", r#","auth-required":null"#);
        let proof = prove([(CONFIG, public()), (CONFIG, public())]).await.unwrap();
        assert!(proof.anonymous_ok && !proof.auth_required);

        let server = Canned::serve([(CONFIG, public())]).await;
        assert!(server.azure_with(None).prove_index(&index(&server)).await.unwrap().anonymous_ok);
        assert_eq!(server.heard().len(), 1);

        let server = Canned::serve([(CONFIG, token_refused())]).await;
        let refused = server.azure_with(None).prove_index(&index(&server)).await;
        assert!(matches!(refused, Err(AzureError::NotSignedIn(_))));
    }

    #[tokio::test]
    async fn a_working_token_that_cargo_would_never_send_is_no_proof() {
        let page = reply("203 Non-Authoritative Information", "Content-Type: text/html\r\n", "<html>");
        let redirect = reply("302 Found", "Location: https://x/_signin\r\n", "");
        for answer in [page, redirect, reply("403 Forbidden", "", "")] {
            let error = prove([(CONFIG, answer), (CONFIG, private())]).await.unwrap_err();
            assert!(matches!(error, AzureError::CargoSendsNoToken(_)), "{error:?}");
        }
        let busy = reply("429 Too Many Requests", "Retry-After: 3600\r\n", "");
        let error = prove([(CONFIG, busy), (CONFIG, private())]).await.unwrap_err();
        assert!(matches!(error, AzureError::RateLimited { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn every_refusal_of_the_token_is_told_as_what_it_is() {
        let html = "Content-Type: text/html\r\n";
        for (answer, code) in [
            (token_refused(), "token-refused"),
            (reply("203 Non-Authoritative Information", html, "<html>"), "not-signed-in"),
            (reply("302 Found", "Location: https://x/_signin\r\n", ""), "not-signed-in"),
            (reply("403 Forbidden", "", ""), "not-allowed"),
            (reply("404 Not Found", "Content-Type: text/plain\r\n", "no controller"), "no-cargo-support"),
            (json("{}"), "answer-not-understood"),
            (config("javascript:alert(1)", ""), "answer-not-understood"),
        ] {
            let error = prove([(CONFIG, token_refused()), (CONFIG, answer)]).await.unwrap_err();
            assert_eq!(crate::error::Report::from(error).code, code);
        }
    }

    #[tokio::test]
    async fn an_index_elsewhere_gets_no_request() {
        let server = Canned::serve([]).await;
        let other = server.base().replace("/contoso", "/fabrikam");
        let signed = server.base().replace("://", "://ana@");
        for base in [other, signed, format!("{}/../fabrikam", server.base())] {
            let index = IndexUrl::parse(&format!("sparse+{base}/_packaging/rust/Cargo/index/")).unwrap();
            let error = server.azure().prove_index(&index).await.unwrap_err();
            assert!(matches!(error, AzureError::OutsideOrganization { .. }), "{base}");
        }
        assert_eq!(server.heard(), Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_download_host_that_is_nobodys_is_not_trusted() {
        let trusted = async |dl: &str| {
            let proof = prove([(CONFIG, token_refused()), (CONFIG, config(dl, ""))]).await.unwrap();
            proof.download_host_trusted
        };
        assert!(trusted("https://pkgs.dev.azure.com/contoso").await);
        assert!(trusted("https://contoso.pkgs.visualstudio.com").await);
        assert!(!trusted("http://pkgs.dev.azure.com/contoso").await);
        assert!(!trusted("https://pkgs.dev.azure.com.evil/contoso").await);
        assert!(!trusted("https://evildev.azure.com/contoso").await);
        assert!(!trusted("http://127.0.0.1:1/contoso").await);
    }
}
