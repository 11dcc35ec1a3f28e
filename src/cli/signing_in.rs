//! How a command signs in: the way that a flag names, and what it needs for that.

use std::sync::Arc;

use crate::domain::account::Account;
use crate::domain::credential::{Credential, Secret, TokenStore};
use crate::domain::organization::Collection;
use crate::error::{Exit, Report};
use crate::task::{Event, Services, SignIn, SignInWith};

use super::args::Auth;
use super::output::Printer;
use super::run;
use super::setup::StandardInput;

/// What follows a failed sign-in.
pub(super) enum Ended {
    Report(Box<Report>),
    Cancelled,
}

/// Signs in to the organization, and says as whom.
pub(super) async fn sign_in(
    services: &Arc<Services>,
    printer: Printer,
    (collection, auth, stdin): (&Collection, Auth, StandardInput),
) -> Result<(Account, Credential), Ended> {
    let with = match auth {
        Auth::Pat => SignInWith::Token(read_token(stdin).map_err(|report| Ended::Report(Box::new(report)))?),
        Auth::Az => SignInWith::AzureCli,
        Auth::Device => SignInWith::DeviceCode,
        Auth::Env => SignInWith::Environment,
    };
    let request = SignIn { collection: Some(collection.clone()), with };
    match run::sign_in(Arc::clone(services), printer, request).await {
        Event::SignedIn { account, credential } => {
            printer.say(&format!("signed in to {collection} as {}", account.label()));
            Ok((account, credential))
        }
        Event::Failed(report) => Err(Ended::Report(report)),
        _ => Err(Ended::Cancelled),
    }
}

fn read_token(stdin: StandardInput) -> Result<Secret, Report> {
    let text = stdin().map_err(|error| {
        Report::new(Exit::Failed, "no-input", "standard input could not be read").cause(error.to_string())
    })?;
    Ok(Secret::new(text.lines().next().unwrap_or_default()))
}

/// What to know about a credential that ends by itself where it is to be kept; `None`: nothing.
pub(super) fn lasting(credential: &Credential, store: TokenStore) -> Option<String> {
    let is_kept = store == TokenStore::PlainFile;
    credential.ends_soon().filter(|_| is_kept).map(|why| {
        format!("{why}: kept in a file it is of no use afterwards; take `--store none`, or a personal access token")
    })
}
