//! Why a text can't be a credential. Never holds the text.

use crate::domain::credential::NEEDED_SCOPE;
use crate::error::{Exit, Report};

/// Why a text is no personal access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatError {
    #[error("no personal access token was given")]
    Empty,
    #[error("this is a whole `{0}` header, not a personal access token")]
    Header(&'static str),
    #[error("a personal access token holds no white space")]
    WhiteSpace,
    #[error("a personal access token holds only printable ASCII characters")]
    NotPrintable,
}

impl From<PatError> for Report {
    fn from(error: PatError) -> Self {
        let (code, hint) = match error {
            PatError::Empty => ("token-missing", format!("paste a token with the scope {NEEDED_SCOPE}")),
            PatError::Header(_) => (
                "token-malformed",
                "paste the token as Azure DevOps shows it; the header is made from it".to_owned(),
            ),
            PatError::WhiteSpace | PatError::NotPrintable => (
                "token-malformed",
                "copy the token again, whole and without what stands around it".to_owned(),
            ),
        };
        Self::new(Exit::SignIn, code, error.to_string()).hint(hint)
    }
}
