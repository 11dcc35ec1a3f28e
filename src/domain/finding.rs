//! One line of a check: its state, what was found, and what mends it.

/// How a finding stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingState {
    Good,
    /// Worth knowing, nothing to do.
    Note,
    Warning,
    Failed,
    /// It could not be found out.
    Unknown,
}

/// One line of a check; every text is safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub state: FindingState,
    pub subject: &'static str,
    pub text: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl Finding {
    #[must_use]
    pub fn good(subject: &'static str, text: impl Into<String>) -> Self {
        Self { state: FindingState::Good, subject, text: text.into(), remedy: None }
    }

    #[must_use]
    pub fn note(subject: &'static str, text: impl Into<String>) -> Self {
        Self { state: FindingState::Note, ..Self::good(subject, text) }
    }

    #[must_use]
    pub fn warning(subject: &'static str, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { state: FindingState::Warning, remedy: Some(remedy.into()), ..Self::good(subject, text) }
    }

    #[must_use]
    pub fn unknown(subject: &'static str, text: impl Into<String>) -> Self {
        Self { state: FindingState::Unknown, ..Self::good(subject, text) }
    }

    #[must_use]
    pub fn failed(subject: &'static str, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { state: FindingState::Failed, remedy: Some(remedy.into()), ..Self::good(subject, text) }
    }
}

/// Something in a checkout that would run a program or redirect traffic (product.md, 'Trust').
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hazard {
    /// The file that says it, as shown to a person.
    pub file: String,
    /// The key and its value, cleaned: `build.rustc = "./evil"`.
    pub setting: String,
    /// What it would do: a sentence's end after 'would'.
    pub effect: &'static str,
}
