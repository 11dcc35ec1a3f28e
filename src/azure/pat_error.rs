//! What Azure DevOps says in place of a new personal access token, and what to do about each (azure-contract 2.6). It
//! says most of it with status 200.

use super::error::{AzureError, Said};
use crate::domain::text::clean;
use crate::error::{Exit, Report};

/// Why there is no new token, or none that is kept.
#[derive(Debug, thiserror::Error)]
pub enum PatError {
    #[error("no personal access token was made: {}", .why.words)]
    Refused { why: &'static Refusal, word: String, said: Box<Said> },
    #[error("it is not known whether the personal access token `{name}` was made")]
    Unknown { name: String, cause: Option<Box<AzureError>> },
    #[error("the personal access token `{name}` was made, but is not used")]
    Useless { name: String, is_too_wide: bool, revoked: bool },
    #[error(transparent)]
    Azure(#[from] AzureError),
}

/// One value of `patTokenError`.
#[derive(Debug)]
pub struct Refusal {
    /// As the service spells it.
    word: &'static str,
    code: &'static str,
    exit: Exit,
    /// The rest of a headline.
    words: &'static str,
    hint: &'static str,
}

const fn refusal(
    word: &'static str,
    code: &'static str,
    exit: Exit,
    (words, hint): (&'static str, &'static str),
) -> Refusal {
    Refusal { word, code, exit, words, hint }
}

const BY_HAND: &str = "make the token on the page of your personal access tokens, and paste it";
const FEWER_DAYS: &str = "ask for fewer days, such as 7 (`--pat-days 7`); an administrator of the Entra tenant sets how many \
     are allowed";
const ORGANIZATION: &str =
    "check the name of the organization, and that it belongs to the Entra tenant you signed in to";
const AGAIN: &str = "look at the page of your personal access tokens, then try again later";
const OTHER_APP: &str =
    "sign in in another way: with `az` in place of a device code, or with another `--client-id`";
const PERSON: &str =
    "sign in as a person: service principals and managed identities have no personal access tokens";
const POLICY: &str = "ask an administrator of the organization or of the Entra tenant which tokens they allow, or keep the \
     sign-in itself (`--store provider`)";
const SIGN_IN_AGAIN: &str = "sign in to Entra again, as a member of the organization";
const FROM_HERE: &str = "connect from the network that your organization demands, often over its VPN";
const REPORT: &str = "this should not happen: report it with these words, and until then make the token on the page of your \
     personal access tokens";

/// Every value but `none`.
static REFUSALS: [Refusal; 32] = [
    refusal("displayNameRequired", "pat-display-name-required", Exit::Failed, ("it needs a name", REPORT)),
    refusal("invalidDisplayName", "pat-invalid-display-name", Exit::Failed, ("its name is refused", BY_HAND)),
    refusal(
        "invalidValidTo",
        "pat-invalid-valid-to",
        Exit::Failed,
        ("its end is refused", "check the clock of this machine, and ask for fewer days with `--pat-days`"),
    ),
    refusal("invalidScope", "pat-invalid-scope", Exit::Failed, ("its scope is refused", BY_HAND)),
    refusal(
        "userIdRequired",
        "pat-user-id-required",
        Exit::SignIn,
        ("it is not known whose it would be", PERSON),
    ),
    refusal(
        "invalidUserId",
        "pat-invalid-user-id",
        Exit::SignIn,
        ("the organization does not know you", ORGANIZATION),
    ),
    refusal(
        "invalidUserType",
        "pat-invalid-user-type",
        Exit::NotAllowed,
        ("this kind of account may not have one", PERSON),
    ),
    refusal("accessDenied", "pat-access-denied", Exit::NotAllowed, ("you may not make any here", POLICY)),
    refusal(
        "failedToIssueAccessToken",
        "pat-failed-to-issue-access-token",
        Exit::Failed,
        ("the service could not issue it", AGAIN),
    ),
    refusal(
        "invalidClient",
        "pat-invalid-client",
        Exit::NotAllowed,
        ("the application that you signed in with may not make any", OTHER_APP),
    ),
    refusal(
        "invalidClientType",
        "pat-invalid-client-type",
        Exit::NotAllowed,
        ("the kind of application that you signed in with may not make any", OTHER_APP),
    ),
    refusal(
        "invalidClientId",
        "pat-invalid-client-id",
        Exit::NotAllowed,
        ("the application that you signed in with is not known", OTHER_APP),
    ),
    refusal(
        "invalidTargetAccounts",
        "pat-invalid-target-accounts",
        Exit::Failed,
        ("the organization is refused as its place", ORGANIZATION),
    ),
    refusal(
        "hostAuthorizationNotFound",
        "pat-host-authorization-not-found",
        Exit::Failed,
        ("the organization has not authorized the application that you signed in with", OTHER_APP),
    ),
    refusal(
        "authorizationNotFound",
        "pat-authorization-not-found",
        Exit::Failed,
        ("the service did not find its authorization", AGAIN),
    ),
    refusal(
        "failedToUpdateAccessToken",
        "pat-failed-to-update-access-token",
        Exit::Failed,
        ("the service could not write it down", AGAIN),
    ),
    refusal(
        "sourceNotSupported",
        "pat-source-not-supported",
        Exit::NotAllowed,
        ("the service takes no such requests from here", BY_HAND),
    ),
    refusal(
        "invalidSourceIP",
        "pat-invalid-source-ip",
        Exit::NotAllowed,
        ("your network's address is not allowed", FROM_HERE),
    ),
    refusal(
        "invalidSource",
        "pat-invalid-source",
        Exit::NotAllowed,
        ("the place that you ask from is not allowed", FROM_HERE),
    ),
    refusal(
        "duplicateHash",
        "pat-duplicate-hash",
        Exit::Failed,
        ("the service made one that is there already", AGAIN),
    ),
    refusal(
        "sshPolicyDisabled",
        "pat-ssh-policy-disabled",
        Exit::NotAllowed,
        ("a policy of the organization forbids this kind of credential", POLICY),
    ),
    refusal(
        "invalidToken",
        "pat-invalid-token",
        Exit::SignIn,
        ("the sign-in is refused for this", "sign in again, as a member of the organization"),
    ),
    refusal(
        "tokenNotFound",
        "pat-token-not-found",
        Exit::Failed,
        ("the service does not find it again", AGAIN),
    ),
    refusal(
        "invalidAuthorizationId",
        "pat-invalid-authorization-id",
        Exit::Failed,
        ("its id is refused", REPORT),
    ),
    refusal(
        "failedToReadTenantPolicy",
        "pat-failed-to-read-tenant-policy",
        Exit::Failed,
        ("the service could not read the policies of the Entra tenant", "try again later"),
    ),
    refusal(
        "globalPatPolicyViolation",
        "pat-global-pat-policy-violation",
        Exit::NotAllowed,
        ("a policy of the Entra tenant forbids tokens for all organizations", POLICY),
    ),
    refusal(
        "fullScopePatPolicyViolation",
        "pat-full-scope-pat-policy-violation",
        Exit::NotAllowed,
        ("a policy of the Entra tenant forbids tokens of all scopes", POLICY),
    ),
    refusal(
        "patLifespanPolicyViolation",
        "pat-lifespan-policy-violation",
        Exit::NotAllowed,
        ("it would live longer than a policy of the Entra tenant allows", FEWER_DAYS),
    ),
    refusal("invalidTokenType", "pat-invalid-token-type", Exit::Failed, ("its kind is refused", REPORT)),
    refusal(
        "invalidAudience",
        "pat-invalid-audience",
        Exit::SignIn,
        ("the sign-in is for another service", OTHER_APP),
    ),
    refusal(
        "invalidSubject",
        "pat-invalid-subject",
        Exit::SignIn,
        ("the sign-in names nobody whom the organization knows", ORGANIZATION),
    ),
    refusal(
        "deploymentHostNotSupported",
        "pat-deployment-host-not-supported",
        Exit::Failed,
        ("this place of the service makes none", ORGANIZATION),
    ),
];

/// A value that no document names yet.
static UNNAMED: Refusal =
    refusal("", "pat-refused", Exit::Failed, ("the service gives a reason that is not known here", BY_HAND));

pub(super) fn refusal_of(word: &str, said: Said) -> PatError {
    let why = REFUSALS.iter().find(|known| known.word.eq_ignore_ascii_case(word)).unwrap_or(&UNNAMED);
    PatError::Refused { why, word: clean(word).chars().take(80).collect(), said: Box::new(said) }
}

impl From<PatError> for Report {
    fn from(error: PatError) -> Self {
        let headline = error.to_string();
        match error {
            PatError::Azure(error) => {
                // What was refused is the sign-in, and no token that somebody has pasted.
                let is_sign_in = matches!(error, AzureError::NotSignedIn(_) | AzureError::TokenRefused(_));
                let report = Self::from(error).detail("no personal access token was made");
                if is_sign_in { report.hint(SIGN_IN_AGAIN) } else { report }
            }
            PatError::Refused { why, word, said } => {
                let report = Self::new(why.exit, why.code, headline).hint(why.hint);
                let report = report.cause(format!("the service says `{word}`"));
                said.activity_id.iter().fold(report, |report, id| report.detail(format!("activity id: {id}")))
            }
            PatError::Unknown { cause, .. } => {
                let report = Self::new(Exit::Network, "pat-unknown", headline)
                    .hint("look at the page of your personal access tokens and revoke it there, before you try again");
                let words = || "the answer was not understood".to_owned();
                report.cause(cause.map_or_else(words, |cause| cause.to_string()))
            }
            PatError::Useless { is_too_wide, revoked, .. } => {
                let why = if is_too_wide {
                    "it is good for more than this organization and the packages in it"
                } else {
                    "the answer holds no token that can be sent"
                };
                let report = Self::new(Exit::NotAllowed, "pat-useless", headline).cause(why);
                if revoked {
                    report.detail("it was revoked again").hint(BY_HAND)
                } else {
                    report
                        .detail("it could not be revoked")
                        .hint("revoke it on the page of your personal access tokens")
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    /// The values that Microsoft's document names.
    fn documented() -> Vec<String> {
        let document: Value =
            serde_json::from_str(include_str!("../../assets/azure-openapi/tokens-7.1.json")).unwrap();
        let words = &document["definitions"]["PatTokenResult"]["properties"]["patTokenError"]["enum"];
        words.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    }

    /// `invalidSourceIP` as `pat-invalid-source-ip`, without a word twice.
    fn code_of(word: &str) -> String {
        let word = word.replace("IP", "Ip");
        let word = word.strip_prefix("pat").map_or(word.clone(), str::to_owned);
        word.chars().fold("pat".to_owned(), |mut code, c| {
            if c.is_ascii_uppercase() || code == "pat" {
                code.push('-');
            }
            code.push(c.to_ascii_lowercase());
            code
        })
    }

    #[test]
    fn every_error_of_the_document_is_translated() {
        let words = documented();
        assert_eq!(words.len(), REFUSALS.len() + 1);
        let mut codes = BTreeSet::new();
        for word in words.iter().filter(|word| *word != "none") {
            let PatError::Refused { why, .. } = refusal_of(word, Said::default()) else { panic!("{word}") };
            assert_eq!((why.word, why.code), (word.as_str(), code_of(word).as_str()));
            let report = Report::from(refusal_of(word, Said::default()));
            assert!(report.headline.len() > 40 && report.hint.as_ref().unwrap().len() > 10, "{report}");
            assert!(report.causes[0].contains(word.as_str()) && codes.insert(report.code), "{report}");
        }
    }

    #[test]
    fn an_error_that_no_document_names_is_shown_cleaned() {
        let report = Report::from(refusal_of("new\u{1b}[31mThing", Said::default()));
        assert_eq!((report.code, report.exit), ("pat-refused", Exit::Failed));
        assert_eq!(report.causes, ["the service says `new[31mThing`"]);
    }
}
