//! Recognizes a personal access token by its looks (azure-contract 2.2). Whether it works, only the
//! service can tell.

use std::fmt;

use crate::domain::credential::{Credential, NEEDED_SCOPE, Secret};

pub use super::error::PatError;

/// Characters of tokens made before and since 2024.
const LENGTHS: [usize; 2] = [52, 84];

/// Where the newer tokens carry their signature.
const SIGNATURE: (std::ops::Range<usize>, &str) = (76..80, "AZDO");

/// Beginnings of an `Authorization` header that people paste in place of the token.
const SCHEMES: [&str; 3] = ["Authorization:", "Basic", "Bearer"];

/// Why a token looks unlike those of Azure DevOps. It may work all the same: servers make their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatWarning {
    /// Has this many characters.
    Length(usize),
    /// As long as the newer tokens, without their signature.
    NoSignature,
    /// Looks like an Entra access token, which ends within the hour.
    AccessToken,
}

impl fmt::Display for PatWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(length) => write!(
                f,
                "this does not look like a personal access token: it has {length} characters in place of 84 or 52"
            ),
            Self::NoSignature => f.write_str(
                "this does not look like a personal access token: `AZDO` is missing near its end",
            ),
            Self::AccessToken => f.write_str(
                "this looks like an Entra access token, which ends within the hour, not like a personal access token",
            ),
        }
    }
}

/// The scope to choose when the token is made, in the words of Azure's page.
#[must_use]
pub fn needed_scopes() -> &'static str {
    NEEDED_SCOPE
}

/// Makes a credential of a hidden field's secret; see [`check`].
///
/// # Errors
/// When it can't be a token at all.
pub fn accept(token: &Secret) -> Result<(Credential, Option<PatWarning>), PatError> {
    check(token.expose())
}

/// Makes a credential of what was typed or pasted, without the white space around it.
///
/// # Errors
/// When it can't be a token at all: Cargo and the service would both refuse it.
pub fn check(text: &str) -> Result<(Credential, Option<PatWarning>), PatError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(PatError::Empty);
    }
    if let Some(scheme) = pasted_header(text) {
        return Err(PatError::Header(scheme));
    }
    if text.contains(char::is_whitespace) {
        return Err(PatError::WhiteSpace);
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(PatError::NotPrintable);
    }
    Ok((Credential::Pat(Secret::new(text)), warning(text)))
}

fn pasted_header(text: &str) -> Option<&'static str> {
    SCHEMES.into_iter().find_map(|scheme| {
        let (start, rest) = text.split_at_checked(scheme.len())?;
        let ends = scheme.ends_with(':') || rest.is_empty() || rest.starts_with(char::is_whitespace);
        (start.eq_ignore_ascii_case(scheme) && ends).then(|| scheme.trim_end_matches(':'))
    })
}

fn warning(text: &str) -> Option<PatWarning> {
    let (place, signature) = SIGNATURE;
    if text.starts_with("eyJ") && text.matches('.').count() == 2 {
        Some(PatWarning::AccessToken)
    } else if !LENGTHS.contains(&text.len()) {
        Some(PatWarning::Length(text.len()))
    } else if text.len() > place.end && text.get(place) != Some(signature) {
        Some(PatWarning::NoSignature)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::{Exit, Report};

    fn new_pat() -> String {
        format!("{}AZDO{}", "x".repeat(76), "y".repeat(4))
    }

    fn warned(text: &str) -> Option<PatWarning> {
        check(text).unwrap().1
    }

    #[test]
    fn tokens_of_both_ages_pass_without_a_word() {
        assert_eq!(warned(&new_pat()), None);
        assert_eq!(warned(&"a".repeat(52)), None);
        let (credential, _) = check(&format!(" {}\r\n", new_pat())).unwrap();
        assert_eq!(credential, Credential::Pat(Secret::new(new_pat())));
    }

    #[test]
    fn what_looks_odd_is_taken_with_a_warning() {
        assert_eq!(warned("demo-token"), Some(PatWarning::Length(10)));
        assert_eq!(warned(&"x".repeat(84)), Some(PatWarning::NoSignature));
        assert_eq!(warned("eyJ0eXAi.eyJhdWQi.c2ln"), Some(PatWarning::AccessToken));
    }

    #[test]
    fn what_can_be_no_token_is_refused_with_the_reason() {
        let reason = |text: &str| check(text).unwrap_err();
        assert_eq!(reason(" \n"), PatError::Empty);
        assert_eq!(reason("Basic OmFiYw=="), PatError::Header("Basic"));
        assert_eq!(reason("bearer eyJ"), PatError::Header("Bearer"));
        assert_eq!(reason("BASIC"), PatError::Header("Basic"));
        assert_eq!(reason("Authorization:Basic OmFiYw=="), PatError::Header("Authorization"));
        assert_eq!(reason("two words"), PatError::WhiteSpace);
        assert_eq!(reason("tok\u{200b}en"), PatError::NotPrintable);
        assert_eq!(reason("tok\u{1b}en"), PatError::NotPrintable);
        assert!(check("basically-a-token").is_ok());
    }

    #[test]
    fn the_report_asks_for_sign_in() {
        let report = Report::from(check("").unwrap_err());
        assert_eq!(report.exit, Exit::SignIn);
        assert!(report.hint.unwrap().contains(needed_scopes()));
    }

    proptest! {
        #[test]
        fn an_accepted_token_always_fits_a_header(text in "\\PC{1,90}") {
            if let Ok((credential, _)) = check(&text) {
                let header = credential.header();
                let token = header.expose().strip_prefix("Basic ").expect("a PAT is sent as Basic");
                prop_assert!(token.bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }

        #[test]
        fn no_message_holds_what_was_pasted(secret in "[a-z0-9]{12,40}", odd in "[ \u{e9}]") {
            let refused = check(&format!("{secret}{odd}{secret}")).unwrap_err();
            let said = format!("{refused:?} {}", Report::from(refused));
            prop_assert!(!said.contains(&secret));
            let warning = check(&secret).unwrap().1.map(|warning| warning.to_string());
            prop_assert!(!warning.unwrap_or_default().contains(&secret));
        }
    }
}
