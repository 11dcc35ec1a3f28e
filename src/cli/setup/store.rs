//! Where `setup` has the credential kept: what a flag says once it was tried, or what fits this machine.

use crate::domain::credential::{Kept, TokenStore};
use crate::domain::machine::{Keyring, recommend};
use crate::domain::organization::Target;
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
        const MISSING: &str = "`--store provider|native|file|none`: where the credential is kept";
        if self.flags.store.is_some() || self.flags.auth == Auth::Nobody {
            return Ok(None);
        }
        if wishes.require(&self.flags, (target, None)).is_err() {
            return Ok(Some(MISSING.to_owned()));
        }
        let tried = self.try_keyring().await?;
        let found = match &tried {
            Ok(kept) => Keyring::Works(*kept),
            Err(report) => Keyring::Fails(report.causes.first().unwrap_or(&report.headline)),
        };
        let fitting = recommend(checkout.machine, found, wishes::lasting(&self.flags));
        if fitting.needs_consent() {
            return Ok(Some(format!("{MISSING}; `file` would fit, in plain text, because {}", fitting.why)));
        }
        self.printer.say(&format!(
            "the credential is kept in: {}, because {}",
            fitting.store.name(),
            fitting.why
        ));
        self.store = fitting.store;
        Ok(None)
    }

    async fn try_keyring(&self) -> Result<Result<Kept, Box<Report>>, Stop> {
        match self.ask(Request::TryKeyring).await? {
            Event::Keyring(tried) => Ok(tried),
            _ => Err(Stop::Said(Exit::Failed)),
        }
    }

    /// Nothing is configured that would then fail: the keyring is tried before it is relied on.
    pub(super) async fn find_keyring(&mut self) -> Result<(), Stop> {
        let is_native = self.flags.store == Some(Store::Native);
        if self.flags.dry_run || !(is_native || matches!(self.store, TokenStore::Provider(_))) {
            return Ok(());
        }
        let kept = self.try_keyring().await?.map_err(Stop::Report)?;
        self.store = TokenStore::Provider(kept);
        if is_native {
            match self.ask(Request::TryNative).await? {
                Event::Native(tried) => self.store = TokenStore::Native(tried.map_err(Stop::Report)?),
                _ => return Err(Stop::Said(Exit::Failed)),
            }
        }
        Ok(())
    }
}
