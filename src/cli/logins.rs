//! `login`, `logout`, `status` and `uninstall`: what this tool keeps for Cargo, without a screen.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::domain::answering::{Answering, Ignored};
use crate::domain::credential::{Credential, Kept};
use crate::domain::lifetime::Lifetime;
use crate::domain::new_pat::PatLeft;
use crate::domain::organization::{Base, Collection, Target};
use crate::domain::text;
use crate::error::{Exit, Report};
use crate::task::logins::{FeedAnswer, KeptLogin, Logins, NewLogin};
use crate::task::{Event, LoggedIn, Request, Services};

use super::args::{Auth, Login, LoginStore};
use super::output::{Printer, closed};
use super::run;
use super::setup::StandardInput;
use super::signing_in::{self, Asking, Ended};

/// Signs in to an organization, and keeps that for Cargo.
pub async fn login(
    services: Arc<Services>,
    printer: Printer,
    (flags, stdin): (Login, StandardInput),
) -> Exit {
    end(printer, Run { services, printer }.log_in(&flags, stdin).await)
}

/// Forgets the sign-in to an organization.
pub async fn logout(services: Arc<Services>, printer: Printer) -> Exit {
    end(printer, Run { services, printer }.log_out().await)
}

/// Lists the sign-ins that are kept.
pub async fn status(services: Arc<Services>, printer: Printer) -> Exit {
    end(printer, Run { services, printer }.status().await)
}

/// Takes this tool out of the person's Cargo configuration.
/// With what it keeps, where it is to forget that.
pub async fn uninstall(services: Arc<Services>, printer: Printer, forgets: bool) -> Exit {
    end(printer, Run { services, printer }.uninstall(forgets).await)
}

fn end(printer: Printer, outcome: Result<Exit, Box<Report>>) -> Exit {
    outcome.unwrap_or_else(|report| {
        printer.report(&report);
        report.exit
    })
}

struct Run {
    services: Arc<Services>,
    printer: Printer,
}

impl Run {
    async fn log_in(&self, flags: &Login, stdin: StandardInput) -> Result<Exit, Box<Report>> {
        let collection = self.collection().await?;
        let auth = flags.auth.or(flags.with_token.then_some(Auth::Pat)).ok_or_else(|| {
            Report::new(Exit::Usage, "flag-missing", "without a screen nothing can be asked")
                .hint("add `--with-token`: the personal access token is on standard input; or `--auth az|device|env`")
        })?;
        signing_in::check_pat(flags.pat_days, auth)?;
        let mut kept = match (flags.store, auth) {
            (LoginStore::File, _) => Kept::File,
            // What a variable holds is known once it is read: a job's token is kept nowhere.
            (LoginStore::Provider, Auth::Env) => Kept::Keyring,
            (LoginStore::Provider, _) => self.find_store(&collection).await?,
        };
        let signed_in = signing_in::sign_in(&self.services, self.printer, (&collection, auth, stdin)).await;
        let (account, credential) = match signed_in {
            Ok(Asking { account: Some(account), credential: Some(credential) }) => (account, credential),
            Ok(_) => {
                let report = Report::new(Exit::Usage, "usage", "`--auth none` signs nobody in");
                return Err(Box::new(
                    report.hint("choose another `--auth`, such as `pat` with `--with-token`"),
                ));
            }
            Err(Ended::Report(report)) => return Err(report),
            Err(Ended::Cancelled) => return Ok(Exit::Interrupted),
        };
        let is_kept = auth == Auth::Env && matches!(credential, Credential::Pat(_));
        if is_kept && flags.store == LoginStore::Provider {
            kept = self.find_store(&collection).await?;
        }
        let base = collection.base();
        let new = NewLogin { collection, credential, account, kept, pat_days: flags.pat_days };
        let Event::LoggedIn(LoggedIn { kept_in: Some(place), left, pat, replaced, .. }) =
            self.ask(Request::KeepLogin(Box::new(new))).await?
        else {
            return Ok(Exit::Failed);
        };
        let place = place.to_string();
        if self.printer == Printer::Json {
            self.print(json!({
                "organization": base.as_str(),
                "credential_in": place,
                "made_token": pat.as_ref().map(signing_in::pat_json),
                "replaced_tokens": replaced.iter().map(signing_in::pat_left_json).collect::<Vec<_>>(),
                "left": left,
            }))?;
        } else {
            if let Some(pat) = &pat {
                self.printer.data(&signing_in::pat_line(pat)).map_err(|error| closed(&error))?;
            }
            self.printer.data(&format!("credential in {place}")).map_err(|error| closed(&error))?;
        }
        self.say_left((left.as_deref(), &replaced));
        if self.logins().await?.asked.is_none() {
            self.printer.say(&format!(
                "note: Cargo does not ask this tool yet: `az-cargo-wizard setup --store {}` names it in your Cargo \
                 configuration",
                kept.flag()
            ));
        }
        Ok(Exit::Done)
    }

    /// Where a credential for it can be kept.
    async fn find_store(&self, collection: &Collection) -> Result<Kept, Box<Report>> {
        match self.ask(Request::TryKeyring(Some(collection.base()))).await? {
            Event::Keyring(kept) => kept,
            _ => Err(Box::new(Report::new(Exit::Interrupted, "interrupted", "interrupted"))),
        }
    }

    async fn log_out(&self) -> Result<Exit, Box<Report>> {
        let base = self.collection().await?.base();
        let forget = Request::ForgetLogin(base.clone());
        let Event::LoggedOut { was_there, left, token } = self.ask(forget).await? else {
            return Ok(Exit::Failed);
        };
        if self.printer == Printer::Json {
            self.print(json!({
                "organization": base.as_str(),
                "logged_out": was_there,
                "token_left": token.as_ref().map(signing_in::pat_left_json),
                "left": left,
            }))?;
        } else if was_there {
            self.printer.data(&format!("signed out of {base}")).map_err(|error| closed(&error))?;
        } else {
            self.printer.say(&format!("not signed in to {base}"));
        }
        self.say_left((left.as_deref(), token.as_slice()));
        Ok(Exit::Done)
    }

    /// What a sign-in leaves behind: a credential that could not be forgotten, a token that was made for it.
    fn say_left(&self, (left, tokens): (Option<&str>, &[PatLeft])) {
        for words in left.map(str::to_owned).into_iter().chain(tokens.iter().map(PatLeft::words)) {
            self.printer.say(&format!("note: {words}"));
        }
    }

    async fn status(&self) -> Result<Exit, Box<Report>> {
        let Logins { logins, left_in_keyring, left_in_file, damaged, asked, feed } =
            self.ask_for(Request::LookUpLogins).await?;
        if self.printer == Printer::Json {
            let logins: Vec<Value> = logins.iter().map(login_json).collect();
            let feed = feed.as_ref().map(feed_json);
            let left: Vec<&str> = left_in_keyring.iter().map(Base::as_str).collect();
            let in_file: Vec<&str> = left_in_file.iter().flatten().map(Base::as_str).collect();
            self.print(json!({
                "logins": logins,
                "left_in_keyring": left,
                "left_in_file": in_file,
                "damaged": damaged,
                "provider": asked,
                "feed": feed,
            }))?;
            return Ok(Exit::Done);
        }
        let now = self.services.host.clock.unix_seconds();
        for login in &logins {
            self.printer.data(&line(login, now)).map_err(|error| closed(&error))?;
        }
        for base in &left_in_keyring {
            self.printer.say(&format!(
                "note: something of {base} may still be in the system keyring: `az-cargo-wizard logout --org {base}` \
                 forgets it"
            ));
        }
        self.say_of_file(&left_in_file, &damaged);
        if let Some(hint) = logins.iter().find_map(|login| login.trouble.as_ref()?.hint.as_ref()) {
            self.printer.say(&format!("note: {hint}"));
        }
        if logins.is_empty() {
            self.say_nobody(feed.as_ref())?;
        }
        match asked {
            Some(program) => self.printer.say(&format!("Cargo asks {program}")),
            None => self.printer.say("Cargo does not ask this tool: your configuration does not name it"),
        }
        if let Some(FeedAnswer { registry, answering, .. }) = &feed {
            for sentence in answering.sentences() {
                self.printer.say(&format!("{registry}: {sentence}"));
            }
        }
        Ok(Exit::Done)
    }

    /// What this tool's own file has that no record tells of.
    fn say_of_file(&self, left: &Result<Vec<Base>, Box<Report>>, damaged: &[String]) {
        for path in damaged {
            self.printer.say(&format!(
                "note: what this tool remembered was damaged; it is kept as {path}: delete that once you need it no more"
            ));
        }
        for base in left.iter().flatten() {
            self.printer.say(&format!(
                "note: a credential of {base} is in the file of this tool, without a sign-in: `az-cargo-wizard login \
                 --org {base}` signs in again, `az-cargo-wizard logout --org {base}` forgets it"
            ));
        }
        if let Err(report) = left {
            self.printer.say(&format!("note: the file of this tool cannot be read: {}", why(report)));
        }
    }

    /// This tool keeps no sign-in; Cargo may have a token all the same.
    fn say_nobody(&self, feed: Option<&FeedAnswer>) -> Result<(), Box<Report>> {
        match feed.map(|feed| (&feed.registry, &feed.answering)) {
            Some((registry, Answering { takes: Some(place), .. })) => {
                let line = format!("token for `{registry}`  in {place}");
                self.printer.data(&line).map_err(|error| closed(&error))?;
                self.printer.say("this tool keeps no sign-in: `az-cargo-wizard login --org ORG`");
            }
            Some((_, Answering { maybe, .. })) if !maybe.is_empty() => {
                self.printer.say("this tool keeps no sign-in: `az-cargo-wizard login --org ORG`");
            }
            _ => self.printer.say("nobody is signed in: `az-cargo-wizard login --org ORG`"),
        }
        Ok(())
    }

    async fn uninstall(&self, forgets: bool) -> Result<Exit, Box<Report>> {
        let Event::Applied(written) = self.ask(Request::Uninstall { forgets }).await? else {
            return Ok(Exit::Failed);
        };
        let paths: Vec<String> =
            written.iter().map(|written| text::clean(&written.path.to_string_lossy())).collect();
        let all = if forgets { self.forget_all().await? } else { AllForgotten::default() };
        let AllForgotten { forgotten, failed, tokens, left, file, damaged } = &all;
        let exit = if failed.is_empty() && file.is_none() { Exit::Done } else { Exit::Failed };
        if self.printer == Printer::Json {
            let forgotten: Vec<&str> = forgotten.iter().map(Base::as_str).collect();
            let failed: Vec<Value> = failed
                .iter()
                .map(|(base, why)| json!({ "organization": base.as_str(), "why": why }))
                .collect();
            let left: Vec<Value> =
                left.iter().map(|(base, why)| json!({ "organization": base.as_str(), "why": why })).collect();
            self.print(json!({
                "changed": paths,
                "forgotten": forgotten,
                "not_forgotten": failed,
                "tokens_left": tokens.iter().map(signing_in::pat_left_json).collect::<Vec<_>>(),
                "left": left,
                "file_trouble": file,
                "damaged": damaged,
            }))?;
            return Ok(exit);
        }
        for path in &paths {
            self.printer.data(&format!("changed {path}")).map_err(|error| closed(&error))?;
        }
        if paths.is_empty() {
            self.printer.say("your Cargo configuration does not name this tool: nothing to change");
        }
        if !forgets {
            self.printer.say(
                "the credentials that this tool keeps stay: `az-cargo-wizard uninstall --forget` forgets them all, \
                 `az-cargo-wizard logout --org ORG` one",
            );
            return Ok(exit);
        }
        for base in forgotten {
            self.printer.data(&format!("signed out of {base}")).map_err(|error| closed(&error))?;
        }
        if forgotten.is_empty() && failed.is_empty() && file.is_none() {
            self.printer.say("this tool keeps no credential: nothing to forget");
        }
        for (base, why) in failed {
            self.printer.say(&format!("could not forget the sign-in to {base}: {why}"));
        }
        if let Some(why) = file {
            self.printer.say(&format!("could not look into the file of this tool: {why}"));
        }
        for path in damaged {
            self.printer.say(&format!(
                "note: what this tool remembered was damaged; it is kept as {path}: something may still be in the \
                 system keyring, as `az-cargo-wizard`"
            ));
        }
        for words in left.iter().map(|(_, why)| why.clone()).chain(tokens.iter().map(PatLeft::words)) {
            self.printer.say(&format!("note: {words}"));
        }
        self.printer.say("tokens that Cargo itself keeps stay: `cargo logout --registry NAME`");
        Ok(exit)
    }

    /// Forgets every sign-in, and what a keyring still has of those before.
    async fn forget_all(&self) -> Result<AllForgotten, Box<Report>> {
        let mut all = AllForgotten::default();
        let Logins { logins, left_in_keyring, left_in_file, damaged, .. } = self.logins().await?;
        all.damaged = damaged;
        all.file = left_in_file.as_ref().err().map(|report| why(report));
        let in_file = left_in_file.unwrap_or_default();
        let in_keyring =
            left_in_keyring.into_iter().filter(|base| !in_file.contains(base)).collect::<Vec<_>>();
        let signed_in = logins.into_iter().map(|login| login.base);
        for base in signed_in.chain(in_keyring).chain(in_file.iter().cloned()) {
            match self.ask(Request::ForgetLogin(base.clone())).await {
                // Nothing but that was there.
                Ok(Event::LoggedOut { was_there: false, left: Some(left), .. }) => {
                    all.failed.push((base, left));
                }
                Ok(Event::LoggedOut { left, token, .. }) => {
                    all.left.extend(left.map(|left| (base.clone(), left)));
                    all.tokens.extend(token);
                    all.forgotten.push(base);
                }
                Ok(_) => break,
                Err(report) => all.failed.push((base, why(&report))),
            }
        }
        Ok(all)
    }

    /// The organization of `--org`, or the only one that somebody is signed in to.
    async fn collection(&self) -> Result<Collection, Box<Report>> {
        if let Some(named) = &self.services.named {
            return Ok(named.collection.clone());
        }
        let logins = self.logins().await?.logins;
        let only = match &logins[..] {
            [only] => Target::parse(only.base.as_str()),
            _ => None,
        };
        let report = || Report::new(Exit::Usage, "flag-missing", "no organization is named");
        Ok(only.ok_or_else(|| report().hint("name it with `--org ORG`"))?.collection)
    }

    async fn logins(&self) -> Result<Logins, Box<Report>> {
        self.ask_for(Request::Logins).await
    }

    async fn ask_for(&self, request: Request) -> Result<Logins, Box<Report>> {
        match self.ask(request).await? {
            Event::Logins(logins) => Ok(*logins),
            _ => Err(Box::new(Report::new(Exit::Interrupted, "interrupted", "interrupted"))),
        }
    }

    async fn ask(&self, request: Request) -> Result<Event, Box<Report>> {
        match run::answer(Arc::clone(&self.services), request).await.event {
            Event::Failed(report) => Err(report),
            event => Ok(event),
        }
    }

    fn print(&self, value: Value) -> Result<(), Box<Report>> {
        Ok(self.printer.object(value).map_err(|error| closed(&error))?)
    }
}

/// What `uninstall --forget` has come to.
#[derive(Default)]
struct AllForgotten {
    forgotten: Vec<Base>,
    /// Those of which nothing could be forgotten, and why.
    failed: Vec<(Base, String)>,
    /// Tokens that were made for them.
    tokens: Vec<PatLeft>,
    /// What of those that were forgotten is still somewhere, and why.
    left: Vec<(Base, String)>,
    /// Why the file of this tool could not be looked into.
    file: Option<String>,
    /// Records that were damaged.
    damaged: Vec<String>,
}

fn place(kept: Kept) -> &'static str {
    match kept {
        Kept::Keyring => "keyring",
        Kept::File => "file",
    }
}

fn line(login: &KeptLogin, now: u64) -> String {
    let KeptLogin { base, who, kind, kept, expires, .. } = login;
    let kept = match kept {
        None => "read anew each time",
        Some(Kept::Keyring) => "in the system keyring",
        Some(Kept::File) => "in a file of this tool that only you can read",
    };
    let state = match (&login.trouble, login.found) {
        (Some(report), _) => format!(", which cannot be asked: {}", why(report)),
        (None, Some(false)) => format!(", where it is not any more: `az-cargo-wizard login --org {base}`"),
        _ => String::new(),
    };
    let lasts = expires.and_then(|end| Lifetime::Until(end).words(Some(now)));
    let lasts = lasts.map(|words| format!("  {words}")).unwrap_or_default();
    let again = if expires.is_some_and(|end| end <= now) && state.is_empty() {
        format!(": `az-cargo-wizard login --org {base}`")
    } else {
        String::new()
    };
    format!("{base}  {who}  {kind}  {kept}{state}{lasts}{again}")
}

fn why(report: &Report) -> String {
    report.causes.iter().fold(report.headline.clone(), |why, cause| why + ": " + cause)
}

fn feed_json(feed: &FeedAnswer) -> Value {
    let Answering { maybe, takes, why, ignored } = &feed.answering;
    let ignored: Vec<Value> = ignored
        .iter()
        .map(|Ignored { place, why, mend }| json!({ "place": place, "why": why, "mend": mend }))
        .collect();
    json!({
        "registry": feed.registry.as_str(),
        "index": feed.index,
        "takes": takes,
        "why": why,
        "asked_before": maybe,
        "ignored": ignored,
    })
}

fn login_json(login: &KeptLogin) -> Value {
    json!({
        "organization": login.base.as_str(),
        "who": login.who,
        "kind": login.kind,
        "store": login.kept.map_or("environment", place),
        "expires": login.expires,
        "found": login.found,
        "trouble": login.trouble.as_deref().map(why),
    })
}
