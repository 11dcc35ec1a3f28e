//! Entra, as far as signing in needs it: the tenant, the authority that signs people in, the application that
//! asks, and what an organization says of its own tenant (azure-contract 2.3, 2.5).

use std::fmt;

use url::{Host, Url};

/// The application id of Azure DevOps itself: what a token must be for (azure-contract 2.3).
pub const AZURE_DEVOPS: &str = "499b84ac-1321-427f-aa17-267ca6975798";

/// The public client of Microsoft's own Azure Artifacts credential provider (azure-contract 2.3). There is no
/// registration of ours; whose client id may be used is for each company to say, so that it can be set.
pub const DEFAULT_CLIENT: &str = "d5a56ea4-7369-46b8-a538-c370805301bf";

/// Where people sign in.
pub const DEFAULT_AUTHORITY: &str = "https://login.microsoftonline.com";

/// Its older name, which some answers still use (azure-contract 2.5).
pub const OLDER_AUTHORITY: &str = "https://login.windows.net";

/// The tenants that are no single one.
const SHARED: [&str; 3] = ["organizations", "common", "consumers"];

/// An Entra tenant: its id, one of its domains, or one of the words for several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant(String);

impl Tenant {
    /// Reads what a person or a flag names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let sound = text.len() <= 253
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
            && (is_guid(text) || text.contains('.') || SHARED.contains(&text));
        sound.then(|| Self(text.to_ascii_lowercase()))
    }

    /// Reads what a header names: an id, and not the one of nobody.
    #[must_use]
    pub fn from_id(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_zero = text.bytes().all(|b| b == b'0' || b == b'-');
        (is_guid(text) && !is_zero).then(|| Self(text.to_ascii_lowercase()))
    }

    /// Whichever work account the person has: where an organization names no tenant (azure-contract 2.5).
    #[must_use]
    pub fn any() -> Self {
        Self(SHARED[0].to_owned())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is one tenant, and not a word for several.
    #[must_use]
    pub fn is_one(&self) -> bool {
        !SHARED.contains(&self.as_str())
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text is an id of the form `8-4-4-4-12`.
#[must_use]
pub fn is_guid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

/// Who signs people in: scheme, host and port, and nothing behind them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority(Url);

impl Authority {
    /// Reads an https address without user information, path, query or fragment.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::read(text).filter(|authority| authority.0.scheme() == "https")
    }

    /// The embedded Azure, which answers on loopback without TLS.
    #[must_use]
    pub fn on_loopback(origin: &str) -> Option<Self> {
        let is_loopback = |url: &Url| matches!(url.host(), Some(Host::Ipv4(ip)) if ip.is_loopback());
        Self::read(origin).filter(|authority| is_loopback(&authority.0))
    }

    fn read(text: &str) -> Option<Self> {
        let url = Url::parse(text.trim()).ok()?;
        let bare = url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none();
        bare.then_some(Self(url))
    }

    /// The address of one of its endpoints for a tenant.
    #[must_use]
    pub fn endpoint(&self, tenant: &Tenant, name: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("/{tenant}/oauth2/v2.0/{name}"));
        url
    }

    /// Without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// Whether an address lies on it.
    #[must_use]
    pub fn covers(&self, url: &Url) -> bool {
        url.username().is_empty() && url.password().is_none() && self.0.origin() == url.origin()
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::read(DEFAULT_AUTHORITY).expect("it is an https address")
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which application asks for tokens, where, and for which tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntraApp {
    pub authority: Authority,
    /// A public client: there is no secret.
    pub client_id: String,
    /// Named by the person; `None`: whichever the organization belongs to.
    pub tenant: Option<Tenant>,
}

impl Default for EntraApp {
    fn default() -> Self {
        Self { authority: Authority::default(), client_id: DEFAULT_CLIENT.to_owned(), tenant: None }
    }
}

/// What an organization's host said of its tenant to somebody without a credential, word for word: nothing here
/// is believed yet (product.md, 'Trust').
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Challenge {
    /// Every `WWW-Authenticate`.
    pub authenticate: Vec<String>,
    /// `X-VSS-ResourceTenant`.
    pub tenant: Option<String>,
}

/// A code for a person to enter at a page, with any browser on any machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownCode {
    pub code: String,
    /// Of the allow-list, so that it may be opened.
    pub page: String,
    /// When the code ends: time since the start of this process.
    pub until: std::time::Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "72F988bf-86f1-41af-91ab-2d7cd011db47";

    #[test]
    fn a_tenant_is_an_id_a_domain_or_a_word_for_several() {
        for good in [ID, "contoso.onmicrosoft.com", "organizations"] {
            assert_eq!(Tenant::parse(good).unwrap().as_str(), good.to_ascii_lowercase());
        }
        for bad in ["", "contoso", "a/b.c", "-a.b", "a.b?c", "a b.c", "--tenant.x", "ü.de"] {
            assert_eq!(Tenant::parse(bad), None, "{bad}");
        }
        assert!(Tenant::parse(ID).unwrap().is_one());
        assert!(!Tenant::any().is_one());
    }

    #[test]
    fn a_header_names_an_id_or_nothing() {
        assert!(Tenant::from_id(ID).is_some());
        for bad in ["00000000-0000-0000-0000-000000000000", "organizations", "contoso.com", "", "72f988bf"] {
            assert_eq!(Tenant::from_id(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_authority_is_an_https_host_and_nothing_more() {
        let authority = Authority::parse("https://Login.Example:444/").unwrap();
        assert_eq!(authority.as_str(), "https://login.example:444");
        let tenant = Tenant::any();
        let endpoint = authority.endpoint(&tenant, "token");
        assert_eq!(endpoint.as_str(), "https://login.example:444/organizations/oauth2/v2.0/token");
        assert!(authority.covers(&endpoint));
        for bad in
            ["http://login.example", "https://a@login.example", "https://login.example/x", "login.example"]
        {
            assert_eq!(Authority::parse(bad), None, "{bad}");
        }
        assert!(!authority.covers(&Url::parse("https://login.example/").unwrap()));
        assert!(Authority::on_loopback("http://127.0.0.1:9").is_some());
        assert_eq!(Authority::on_loopback("http://login.example"), None);
        assert_eq!(Authority::on_loopback("http://localhost:9"), None);
    }
}
