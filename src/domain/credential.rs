//! Secrets, and the `Authorization` header they become.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::lifetime::Lifetime;
use super::machine::Lasting;
use super::store::NativeProvider;

/// What a personal access token must be allowed to do, in the words of Azure's page (azure-contract 2.2):
/// with less, crates that nobody has saved yet can't be fetched.
pub const NEEDED_SCOPE: &str = "Packaging (Read & write)";

/// The same for making a feed with its visibility, and for changing one (azure-contract 2.2, 5.1).
pub const MANAGE_SCOPE: &str = "Packaging (Read, write, & manage)";

/// What only listing projects by name needs; without it they are read off the feeds.
pub const PROJECT_SCOPE: &str = "Project and Team (Read)";

/// A string that is never printed: `Debug` shows stars, there is no `Display`, and memory is wiped on
/// drop. Where [`Secret::expose`] may be called is a rule of the house (`tests/house.rs`).
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Wraps a secret, without the white space that pasting leaves around it.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        let text: String = text.into();
        Self(SecretString::from(text.trim().to_owned()))
    }

    /// The secret itself, for the few places that send or store it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.expose_secret().is_empty()
    }

    /// Number of characters: all that may be said of a secret.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.expose_secret().chars().count()
    }

    /// Whether it can stand in a header: printable ASCII only, as Cargo demands (cargo-contract 3.8).
    #[must_use]
    pub fn is_printable(&self) -> bool {
        self.0.expose_secret().bytes().all(|b| b.is_ascii_graphic())
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// What a person signed in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A personal access token: `Basic base64(":" + token)` (azure-contract 2.2).
    Pat(Secret),
    /// A token that ends by itself, of Entra or of a pipeline: `Bearer token` (azure-contract 2.1).
    Bearer(Box<AccessToken>),
}

/// A token that ends by itself, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    pub token: Secret,
    /// When it ends, in seconds since 1970 (UTC), where that is known.
    pub expires: Option<u64>,
    pub origin: TokenOrigin,
}

/// Where an access token came from, and so how the next one is had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenOrigin {
    /// Entra's device code (azure-contract 2.3).
    DeviceCode(Renewal),
    /// The same, where the answer held nothing that renews it.
    Unrenewed,
    /// `az account get-access-token`, asked again for each (azure-contract 2.3).
    AzureCli { tenant: Option<String> },
    /// A variable of the environment, by its name (azure-contract 2.8).
    Environment(String),
    /// Cargo or this tool keeps it in that place; who asks for it again gets the next one.
    Kept(String),
}

/// What renews an access token of Entra (azure-contract 2.3, step 3). The refresh token changes each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// `https://login.microsoftonline.com`, or the one that the person configured.
    pub authority: String,
    pub tenant: String,
    pub client_id: String,
    pub refresh: Secret,
}

impl Credential {
    /// The whole `Authorization` value, which is also what Cargo stores and sends verbatim
    /// (azure-contract 2.1). Encoded here, so no shell can wrap it at 76 characters.
    #[must_use]
    pub fn header(&self) -> Secret {
        match self {
            Self::Pat(token) => {
                Secret::new(format!("Basic {}", STANDARD.encode(format!(":{}", token.expose()))))
            }
            Self::Bearer(access) => Secret::new(format!("Bearer {}", access.token.expose())),
        }
    }

    /// The credential behind an `Authorization` value that Cargo keeps, and where it does; `None` where it is no form
    /// that [`Credential::header`] makes.
    #[must_use]
    pub fn from_header(header: &Secret, place: &str) -> Option<Self> {
        let (scheme, value) = header.expose().split_once(' ')?;
        if scheme.eq_ignore_ascii_case("Bearer") {
            let origin = TokenOrigin::Kept(place.to_owned());
            return Some(Self::Bearer(Box::new(AccessToken {
                token: Secret::new(value),
                expires: None,
                origin,
            })));
        }
        let is_basic = scheme.eq_ignore_ascii_case("Basic");
        let text = STANDARD.decode(value.trim()).ok().filter(|_| is_basic)?;
        let (_, token) = std::str::from_utf8(&text).ok()?.split_once(':')?;
        Some(Self::Pat(Secret::new(token)))
    }

    /// Why it is of no use for long, where it isn't; the beginning of a sentence.
    #[must_use]
    pub fn ends_soon(&self) -> Option<&'static str> {
        match self {
            Self::Pat(_) => None,
            Self::Bearer(access) if matches!(access.origin, TokenOrigin::Environment(_)) => {
                Some("the token of a pipeline ends with its job")
            }
            Self::Bearer(_) => Some("an Entra access token ends within the hour"),
        }
    }

    /// How long it can be of use to who keeps it.
    #[must_use]
    pub fn lasting(&self) -> Lasting {
        match (self, self.ends_soon()) {
            (Self::Bearer(access), Some(why)) => match access.origin {
                TokenOrigin::Environment(_) | TokenOrigin::Kept(_) | TokenOrigin::Unrenewed => {
                    Lasting::Ends(why)
                }
                TokenOrigin::DeviceCode(_) | TokenOrigin::AzureCli { .. } => Lasting::Renewed(why),
            },
            _ => Lasting::Long,
        }
    }

    /// What to call it in a sentence.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Pat(_) => "personal access token",
            Self::Bearer(access) if matches!(access.origin, TokenOrigin::Environment(_)) => {
                "token from the environment"
            }
            Self::Bearer(_) => "Entra access token",
        }
    }

    /// The same in one word.
    #[must_use]
    pub fn short_kind(&self) -> &'static str {
        match self {
            Self::Pat(_) => "PAT",
            Self::Bearer(access) => match &access.origin {
                TokenOrigin::Environment(_) => "environment",
                TokenOrigin::AzureCli { .. } => "az",
                TokenOrigin::DeviceCode(_) | TokenOrigin::Unrenewed | TokenOrigin::Kept(_) => "Entra",
            },
        }
    }

    /// How long it lives; where this tool keeps it and can get the next one, for as long as the sign-in does.
    #[must_use]
    pub fn lifetime(&self, store: Option<TokenStore>) -> Lifetime {
        let Self::Bearer(access) = self else { return Lifetime::Unknown };
        let gets_next = matches!(access.origin, TokenOrigin::DeviceCode(_) | TokenOrigin::AzureCli { .. });
        match (store, access.expires) {
            (Some(TokenStore::Provider(_)), _) if gets_next => Lifetime::Renewed,
            (_, Some(end)) => Lifetime::Until(end),
            (_, None) => Lifetime::Unknown,
        }
    }
}

/// An access token and when it ends, kept as one so that neither is ever the other's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedToken {
    pub token: Secret,
    /// In seconds since 1970 (UTC).
    pub expires: u64,
}

impl TimedToken {
    /// Reads back what [`TimedToken::to_kept`] made.
    #[must_use]
    pub fn of_kept(kept: &Secret) -> Option<Self> {
        let (expires, token) = kept.expose().split_once(' ')?;
        Some(Self { token: Secret::new(token), expires: expires.parse().ok()? })
    }

    /// As one secret, for a store.
    #[must_use]
    pub fn to_kept(&self) -> Secret {
        Secret::new(format!("{} {}", self.expires, self.token.expose()))
    }

    /// The whole `Authorization` value.
    #[must_use]
    pub fn header(&self) -> Secret {
        Secret::new(format!("Bearer {}", self.token.expose()))
    }
}

/// Where this tool keeps a credential that it gives to Cargo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// In the keyring of the system.
    Keyring,
    /// In a file of the state folder, in plain text, mode 0600.
    File,
}

/// Where the credential is kept for Cargo, as the Config step offers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TokenStore {
    /// With this tool, which is Cargo's credential provider then (product.md, 'Where the credential provider is
    /// named').
    Provider(Kept),
    /// With Cargo's own provider for the keyring of this system (cargo-contract 3.3).
    Native(NativeProvider),
    /// `$CARGO_HOME/credentials.toml`, in plain text, mode 0600, read by `cargo:token`.
    #[default]
    PlainFile,
    /// Nowhere: only in the environment of the one `cargo fetch` that the wizard starts.
    ThisRunOnly,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pat_becomes_canonical_basic_without_line_ends() {
        let pat = Credential::Pat(Secret::new("x".repeat(84) + "\n"));
        let header = pat.header();
        assert_eq!(header.len(), "Basic ".len() + 116);
        assert!(!header.expose().contains('\n'));
        assert_eq!(Credential::Pat(Secret::new("abc")).header().expose(), "Basic OmFiYw==");
    }

    #[test]
    fn an_access_token_is_sent_as_bearer_and_never_printed() {
        let renewal = Renewal {
            authority: "https://login.microsoftonline.com".into(),
            tenant: "t".into(),
            client_id: "c".into(),
            refresh: Secret::new("hunter3"),
        };
        let token = Secret::new("hunter2");
        let origin = TokenOrigin::DeviceCode(renewal);
        let bearer = Credential::Bearer(Box::new(AccessToken { token, expires: Some(1), origin }));
        assert_eq!(bearer.header().expose(), "Bearer hunter2");
        assert!(!format!("{bearer:?}").contains("hunter"));
    }

    #[test]
    fn a_kept_header_leads_back_to_its_credential() {
        let back = |header: &str| Credential::from_header(&Secret::new(header), "credentials.toml");
        let pat = Credential::Pat(Secret::new("abc"));
        assert_eq!(back(pat.header().expose()), Some(pat.clone()));
        assert_eq!(back("basic YW55Ym9keTphYmM="), Some(pat), "any user will do");
        let bearer = back("Bearer hunter2").unwrap();
        assert_eq!(bearer.header().expose(), "Bearer hunter2");
        assert_eq!((bearer.kind(), bearer.short_kind()), ("Entra access token", "Entra"));
        for other in ["", "abc", "Basic", "Basic !", "Basic YWJj", "Digest abc"] {
            assert_eq!(back(other), None, "{other}");
        }
    }

    #[test]
    fn nothing_printed_holds_the_secret() {
        let pat = Credential::Pat(Secret::new("hunter2"));
        assert!(!format!("{pat:?} {:#?}", pat.header()).contains("hunter2"));
        assert!(!format!("{pat:?} {:#?}", pat.header()).contains("OmFi"));
    }
}
