//! Where `setup` has the credential kept: what a flag says once it was tried, or what fits this machine.

use crate::domain::credential::{Kept, TokenStore};
use crate::domain::machine::{Keyring, Lasting, Recommended, recommend};
use crate::domain::organization::{Base, Target};
use crate::error::{Exit, Report};
use crate::task::check::Checkout;
use crate::task::{Event, Request};

use super::super::args::{Auth, Store};
use super::wishes::{self, Wishes};
use super::{Run, Stop};

impl Run {
    /// Where no flag says where the credential is kept, what fits this machine decides, if that needs nobody's yes. What
    /// is to be said where it does; `None`: it is settled. The keyring is tried only where nothing else is missing.
    pub(super) async fn settle_store(
        &mut self,
        checkout: &Checkout,
        (wishes, target): (&Wishes, Option<&Target>),
    ) -> Result<Option<String>, Stop> {
        const MISSING: &str =
            "`--store provider|provider-file|native|file|none`: where the credential is kept";
        if self.flags.store.is_some() || self.flags.auth == Auth::Nobody {
            return Ok(None);
        }
        if wishes.require(&self.flags, (target, None)).is_err() {
            return Ok(Some(MISSING.to_owned()));
        }
        let lasting = wishes::lasting(&self.flags);
        let tried = match lasting {
            // It is kept nowhere anyway.
            Lasting::Ends(_) => None,
            _ => Some(self.try_keyring(target).await?),
        };
        let found = match &tried {
            None => Keyring::Unknown,
            Some(Ok(_)) if self.services.demo.is_some() => Keyring::Demo,
            Some(Ok(Kept::Keyring)) => Keyring::Works,
            Some(Ok(Kept::File)) => Keyring::Agreed,
            Some(Err(report)) => Keyring::Fails(report.causes.first().unwrap_or(&report.headline)),
        };
        let fitting = recommend(checkout.machine, found, lasting);
        let needs_consent = fitting.needs_consent();
        let Recommended { store, why, .. } = fitting;
        match (needs_consent, found, lasting) {
            (false, ..) => self.take_store(store, &why),
            // This run works without a file, too.
            (true, Keyring::Fails(reason), Lasting::Renewed(_)) => {
                let instead = format!(
                    "`--store {}` keeps it in a file of this tool, in plain text, and renews it",
                    store.flag()
                );
                let why = format!("no keyring answers here: {reason}; {instead}");
                self.take_store(TokenStore::ThisRunOnly, &why);
            }
            _ => {
                let flag = store.flag();
                return Ok(Some(format!("{MISSING}; `{flag}` would fit, in plain text, because {why}")));
            }
        }
        Ok(None)
    }

    fn take_store(&mut self, store: TokenStore, why: &str) {
        self.printer.say(&format!("the credential is kept in: {}, because {why}", store.name()));
        self.store = store;
    }

    async fn try_keyring(&self, target: Option<&Target>) -> Result<Result<Kept, Box<Report>>, Stop> {
        let base: Option<Base> = target.map(|target| target.collection.base());
        match self.ask(Request::TryKeyring(base)).await? {
            Event::Keyring(tried) => Ok(tried),
            _ => Err(Stop::Said(Exit::Failed)),
        }
    }

    /// Nothing is configured that would then fail: the keyring is tried before it is relied on. Without one the file is
    /// taken that was agreed to; where none was, the failure names the flag that agrees.
    pub(super) async fn find_keyring(&mut self, target: &Target) -> Result<(), Stop> {
        let is_native = self.flags.store == Some(Store::Native);
        let is_flags = self.flags.store == Some(Store::Provider);
        if self.flags.dry_run || !(is_native || is_flags) {
            return Ok(());
        }
        let kept = self.try_keyring(Some(target).filter(|_| is_flags)).await?;
        let kept = kept.map_err(|report| Stop::Report(Box::new(in_setup(*report))))?;
        self.store = TokenStore::Provider(kept);
        if kept == Kept::File && self.services.demo.is_none() {
            self.take_store(self.store, "no keyring answers here, and you have agreed to this file before");
        }
        if is_native {
            match self.ask(Request::TryNative).await? {
                Event::Native(tried) => self.store = TokenStore::Native(tried.map_err(Stop::Report)?),
                _ => return Err(Stop::Said(Exit::Failed)),
            }
        }
        Ok(())
    }
}

/// With the flag of this command in place of another command: without it that one would only lead back here.
fn in_setup(mut report: Report) -> Report {
    const FILE: &str = "`az-cargo-wizard login --store file`";
    report.hint = report.hint.map(|hint| hint.replace(FILE, "`--store provider-file`"));
    report
}
