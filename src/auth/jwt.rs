//! What an access token says of itself. Read for showing and for knowing when it ends; nothing is validated, for the
//! token is for the service and not for us (azure-contract 2.3).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::domain::credential::Secret;
use crate::domain::text::{clean, truncate};

/// No name is longer.
const LONGEST_NAME: usize = 120;

/// The few claims that matter here; all of them may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claims {
    /// Seconds since 1970 (UTC).
    pub expires: Option<u64>,
    /// The tenant that made the token, cleaned.
    pub tenant: Option<String>,
    /// Who it is for, cleaned.
    pub who: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct Payload {
    exp: Option<serde_json::Number>,
    tid: Option<String>,
    upn: Option<String>,
    unique_name: Option<String>,
}

/// The claims of a token; none where it is no JWT.
#[must_use]
pub fn claims(token: &Secret) -> Claims {
    let payload = payload(token.expose()).unwrap_or_default();
    let shown = |text: String| Some(truncate(&clean(&text), LONGEST_NAME)).filter(|text| !text.is_empty());
    Claims {
        expires: payload.exp.and_then(|number| number.as_u64()),
        tenant: payload.tid.and_then(shown),
        who: payload.upn.or(payload.unique_name).and_then(shown),
    }
}

fn payload(token: &str) -> Option<Payload> {
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// Whether a text has the form of such a token.
#[must_use]
pub(super) fn looks_like_one(token: &Secret) -> bool {
    token.expose().starts_with("eyJ") && token.expose().matches('.').count() == 2
}

#[cfg(test)]
pub(super) fn made(claims: &str) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", part(r#"{"typ":"JWT"}"#), part(claims), part("signature"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_claims_are_read_and_clean() {
        let token = made(r#"{"exp":1735689600,"tid":"t-1","unique_name":"ana@contoso.example\u001b[2J"}"#);
        let read = claims(&Secret::new(token));
        assert_eq!(read.expires, Some(1_735_689_600));
        assert_eq!(read.tenant.as_deref(), Some("t-1"));
        assert_eq!(read.who.as_deref(), Some("ana@contoso.example[2J"));
    }

    #[test]
    fn what_is_no_such_token_has_no_claims() {
        for text in
            ["", "a.b", "a.b.c", "a.b.c.d", &made("[]"), &made(r#"{"exp":"soon"}"#), &made(r#"{"exp":-1}"#)]
        {
            assert_eq!(claims(&Secret::new(text)), Claims::default(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_token_makes_it_panic(text in "\\PC{0,40}(\\.\\PC{0,40}){0,3}") {
            let _ = claims(&Secret::new(text));
        }
    }
}
