//! One shape for every failure a person can meet, on screen and off. Knows no room: each room's
//! error type says how it becomes a [`Report`].

use std::fmt;

/// How a process ends; the numbers are a contract with users' scripts (product.md, 'Commands').
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    SignIn = 3,
    NotAllowed = 4,
    NotFound = 5,
    Network = 6,
    Cargo = 7,
    Interrupted = 130,
}

impl Exit {
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

/// A failure in the user's terms. All texts must be clean and free of secrets before they come here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What failed: a lower-case fragment without a full stop, literals in backticks.
    pub headline: String,
    /// Why, outermost first; the service's or Cargo's own words, which may be several lines.
    pub causes: Vec<String>,
    /// What to do next, imperative.
    pub hint: Option<String>,
    /// Stable kebab-case word for scripts and documentation.
    pub code: &'static str,
    pub exit: Exit,
    /// What support will ask for, such as an activity id.
    pub details: Vec<String>,
}

impl Report {
    #[must_use]
    pub fn new(exit: Exit, code: &'static str, headline: impl Into<String>) -> Self {
        Self { headline: headline.into(), causes: Vec::new(), hint: None, code, exit, details: Vec::new() }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// The first line of why.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        self.causes.first()?.lines().next()
    }

    /// Adds the chain of sources of an error as causes.
    #[must_use]
    pub fn causes_of(mut self, error: &dyn std::error::Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            self.causes.push(error.to_string());
            next = error.source();
        }
        self
    }
}

/// `error: …`, the causes, and after a blank line `hint: …`, as Cargo prints its own.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.headline)?;
        for cause in &self.causes {
            write!(f, "\n  caused by: {}", cause.replace('\n', "\n    "))?;
        }
        for detail in &self.details {
            write!(f, "\n  {detail}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Report {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_like_cargos_own_errors() {
        let report = Report::new(Exit::SignIn, "not-signed-in", "the token was not accepted")
            .cause("401 Unauthorized")
            .detail("activity id: 1")
            .hint("make a new token");
        assert_eq!(
            report.to_string(),
            "error: the token was not accepted\n  caused by: 401 Unauthorized\n  activity id: 1\n\nhint: make a new token"
        );
        assert_eq!(report.exit.code(), 3);
    }
}
