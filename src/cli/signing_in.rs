//! How a command signs in: the way that a flag names, and what it needs for that.

use std::io;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::domain::account::Account;
use crate::domain::credential::{Credential, Secret, TokenStore};
use crate::domain::new_pat::{PatLeft, PatMade, USUAL_DAYS, hindrance};
use crate::domain::organization::Collection;
use crate::error::{Exit, Report};
use crate::task::{self, Event, Services, SignIn, SignInWith};

use super::args::Auth;
use super::output::Printer;
use super::run;
use super::setup::StandardInput;

/// What follows a failed sign-in.
pub(super) enum Ended {
    Report(Box<Report>),
    Cancelled,
}

/// Who goes on: somebody, or nobody in particular.
#[derive(Default)]
pub(super) struct Asking {
    pub(super) credential: Option<Credential>,
    pub(super) account: Option<Account>,
}

/// Signs in to the organization, and says as whom.
pub(super) async fn sign_in(
    services: &Arc<Services>,
    printer: Printer,
    (collection, auth, stdin): (&Collection, Auth, StandardInput),
) -> Result<Asking, Ended> {
    if auth != Auth::Nobody {
        warn_of_http(services, printer, collection);
    }
    let with = match auth {
        Auth::Nobody => {
            printer.say(&format!("not signed in to {collection}: only public feeds can be used"));
            return Ok(Asking::default());
        }
        Auth::Pat => SignInWith::Token(read_token(stdin, task::interrupted()).await?),
        Auth::Az => SignInWith::AzureCli,
        Auth::Device => SignInWith::DeviceCode,
        Auth::Env => SignInWith::Environment,
    };
    let request = SignIn { collection: Some(collection.clone()), with };
    match run::sign_in(Arc::clone(services), printer, request).await {
        Event::SignedIn { account, credential } => {
            printer.say(&format!("signed in to {collection} as {}", account.label()));
            Ok(Asking { credential: Some(credential), account: Some(account) })
        }
        Event::Failed(report) => Err(Ended::Report(report)),
        _ => Err(Ended::Cancelled),
    }
}

/// A server that was named with http gets the credential as it was wanted, but not without a word (product.md,
/// 'Trust').
pub(super) fn warn_of_http(services: &Services, printer: Printer, collection: &Collection) {
    if services.demo.is_none() && collection.base().as_str().starts_with("http://") {
        printer.say(&format!(
            "warning: {collection} is not encrypted: everybody on the way can read the credential that is sent to it; \
             naming the server counts as your yes"
        ));
    }
}

/// The first line of standard input. Read on a thread of its own, which nobody waits for: whoever has forgotten to
/// send a token can stop the command.
async fn read_token(stdin: StandardInput, stop: impl Future<Output = ()>) -> Result<Secret, Ended> {
    let input = async {
        let (sender, input) = oneshot::channel();
        let reader = std::thread::Builder::new().name(READER.to_owned());
        reader.spawn(move || sender.send(stdin()))?;
        input.await.map_err(io::Error::other)?
    };
    // Listens before it reads: whoever sees it wait can stop it.
    let text = tokio::select! {
        biased;
        () = stop => return Err(Ended::Cancelled),
        text = input => text,
    };
    let text = text.map_err(|error| {
        let report = Report::new(Exit::Failed, "no-input", "standard input could not be read");
        Ended::Report(Box::new(report.cause(error.to_string())))
    })?;
    Ok(Secret::new(text.lines().next().unwrap_or_default()))
}

/// How the thread that reads standard input is called.
const READER: &str = "standard-input";

/// Whether the flags for a token that is to be made fit together: only who signs in to Entra is given one.
///
/// # Errors
/// When another way to sign in is asked for.
pub(super) fn check_pat(days: Option<u16>, auth: Auth) -> Result<(), Report> {
    match (days, auth) {
        (None, _) | (Some(_), Auth::Az | Auth::Device) => Ok(()),
        (Some(_), Auth::Pat | Auth::Env | Auth::Nobody) => {
            let words = "a personal access token is made only for who signs in to Entra";
            Err(Report::new(Exit::Usage, "usage", words)
                .hint("add `--auth az` or `--auth device`, or leave `--pat-days` out"))
        }
    }
}

/// What is told of a token that was made.
pub(super) fn pat_line(pat: &PatMade) -> String {
    format!("made the personal access token `{}`, which ends on {}", pat.name, pat.last_day())
}

/// The same as an object.
pub(super) fn pat_json(pat: &PatMade) -> Value {
    json!({ "name": pat.name, "ends": pat.ends })
}

/// What became of a token that was made before, as an object.
pub(super) fn pat_left_json(left: &PatLeft) -> Value {
    json!({ "name": left.name, "ends": left.ends, "revoked": left.revoked, "why": left.why, "page": left.page })
}

/// What to know about a credential that ends by itself where it is to be kept; `None`: nothing.
pub(super) fn lasting(credential: &Credential, store: TokenStore) -> Option<String> {
    let is_kept = store == TokenStore::PlainFile;
    let instead = match hindrance(credential) {
        None => format!("`--pat-days {USUAL_DAYS}` has a personal access token made"),
        Some(_) => "take `--store none`, or a personal access token".to_owned(),
    };
    credential
        .ends_soon()
        .filter(|_| is_kept)
        .map(|why| format!("{why}: kept in a file it is of no use afterwards; {instead}"))
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn the_token_is_the_first_line_of_standard_input() {
        let token = read_token(|| Ok("secret\nmore\n".to_owned()), pending()).await;
        assert!(matches!(token, Ok(token) if token.expose() == "secret"));
        let failed = read_token(|| Err(io::Error::other("gone")), pending()).await;
        assert!(matches!(failed, Err(Ended::Report(report)) if report.code == "no-input"));
    }

    #[tokio::test]
    async fn who_waits_for_a_token_that_never_comes_can_be_stopped() {
        let never = || -> io::Result<String> {
            loop {
                std::thread::park();
            }
        };
        assert!(matches!(read_token(never, ready(())).await, Err(Ended::Cancelled)));
    }
}
