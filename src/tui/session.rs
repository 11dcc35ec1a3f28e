//! What survives between the screens: the answers given so far.

use std::path::Path;

use crate::domain::account::Account;
use crate::domain::credential::{Credential, Kept, TokenStore};
use crate::domain::feed::{Feed, FeedAddress};
use crate::domain::machine::{Keyring, Lasting, Machine, Recommended, recommend};
use crate::domain::new_pat::hindrance;
use crate::domain::organization::{Base, Collection, Target};
use crate::domain::plan::{ConfigScope, SetupPlan, Written};
use crate::domain::progress::Tally;
use crate::domain::registry::{IndexUrl, RegistryName};
use crate::domain::store::NativeProvider;
use crate::domain::text;
use crate::error::Report;
use crate::task::check::{Checkout, HostTrust, InForce};
use crate::task::feeds::Stored;
use crate::task::logins::KeptLogin;
use crate::task::{CacheFolder, KeptIn, LoggedIn, Request};

use super::dashboard::Dashboard;
use super::made_token::MadeToken;
use super::making::Making;
use super::resuming::Left;
use super::widget::page::sentence;

pub(super) use super::step::StepState;
pub use super::step::{Opening, Step};

/// The answers so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Session {
    pub(super) opening: Opening,
    pub(super) dashboard: Dashboard,
    pub(super) checkout: Option<Checkout>,
    pub(super) target: Option<Target>,
    /// Whether the target is the feed that the configuration names already.
    pub(super) found: bool,
    /// Whether the person has named the target with all that it holds: a feed in it need not be chosen again.
    pub(super) named: bool,
    pub(super) credential: Option<Credential>,
    /// The sign-in that the credential is of, where this tool has kept it before.
    pub(super) kept_login: Option<KeptLogin>,
    pub(super) account: Option<Account>,
    pub(super) left: Left,
    /// Signs in to be told the organizations, and not to one of them yet.
    pub(super) listing: bool,
    /// The organizations that the person was told, and whose they are.
    pub(super) mine: Vec<Target>,
    pub(super) mine_of: Option<String>,
    /// What they were told with; the organization that is chosen has yet to prove it.
    pub(super) held: Option<Credential>,
    /// Goes on without signing in: for feeds that everyone can read.
    pub(super) anonymous: bool,
    pub(super) feed: Option<Feed>,
    /// The feed to publish to that goes with it.
    pub(super) publish: Option<Feed>,
    pub(super) making: Making,
    pub(super) plan: Option<SetupPlan>,
    pub(super) written: Vec<Written>,
    /// Where this tool can keep credentials, or why it can't; `None`: not tried yet.
    pub(super) keyring: Option<Result<Kept, Box<Report>>>,
    /// Cargo's own provider for the keyring, or why it does not work here; `None`: not tried.
    pub(super) native: Option<Result<NativeProvider, Box<Report>>>,
    pub(super) logged_in: Option<LoggedIn>,
    /// Credentials that were stored, by registry: they stay where they are when another answer is given.
    pub(super) kept: Vec<(RegistryName, KeptIn)>,
    /// Tokens that were made here: they stay good, too.
    pub(super) made: Vec<MadeToken>,
    /// What became of the sign-ins before these, where there is something to know: each a sentence.
    pub(super) replaced: Vec<String>,
    pub(super) fetched: Option<Tally>,
    /// Why the last fetch brought not all of it, for the normal screen; nothing where it did.
    pub(super) unfinished: Vec<String>,
    pub(super) cache: Vec<CacheFolder>,
    /// Damaged crates were deleted: the next look at Restore fetches them again, as the lock file has them.
    pub(super) fetch_again: bool,
    /// Something was fetched since the crate cache was looked at.
    pub(super) cache_changed: bool,
}

impl Session {
    /// Takes an organization that the person accepted or typed; what was proved for another one goes.
    pub(super) fn choose_target(&mut self, target: Target) {
        let same = self.base() == Some(target.collection.base());
        if !same {
            self.credential = None;
            self.kept_login = None;
            self.account = None;
            self.anonymous = false;
            // The file was agreed to for another one.
            self.keyring.take_if(|tried| matches!(tried, Ok(Kept::File)));
            self.left.way = None;
            self.feed = None;
            self.publish = None;
            self.plan = None;
            self.forget_results();
        } else if self.feed.as_ref().is_some_and(|feed| !may_be(feed, &target)) {
            // The same organization, and another feed in it.
            self.feed = None;
            self.publish = None;
            self.plan = None;
            self.forget_results();
        }
        self.found = false;
        self.named = false;
        self.target = Some(target);
    }

    /// Takes an address that the person typed, pasted or gave as a flag.
    pub(super) fn name_target(&mut self, target: Target) {
        self.choose_target(target);
        self.named = true;
    }

    /// Takes the feed that the configuration names already.
    pub(super) fn find_target(&mut self, target: Target) {
        self.choose_target(target);
        self.found = true;
    }

    /// Takes the feed that is in force, where its host is known: what a checkout alone names is not asked, and is
    /// offered no credential (product.md, 'Trust'). Without one the organization at hand stays.
    pub(super) fn find_in_force(&mut self) {
        let in_force = self.checkout.as_ref().and_then(|checkout| checkout.in_force.as_ref());
        let known = in_force.filter(|in_force| in_force.host == HostTrust::Known);
        if let Some(target) = known.map(|in_force| in_force.target.clone()) {
            self.find_target(target);
        }
    }

    /// The feed in force, where that is what the answers are about.
    pub(super) fn in_force(&self) -> Option<&InForce> {
        let in_force = self.checkout.as_ref()?.in_force.as_ref().filter(|_| self.found)?;
        let is_target = self.target.as_ref() == Some(&in_force.target);
        (is_target && in_force.host == HostTrust::Known).then_some(in_force)
    }

    /// The sign-in that this tool keeps for the organization at hand, where nobody has signed in during this run.
    pub(super) fn login(&self) -> Option<&KeptLogin> {
        let in_force = || self.in_force()?.login.as_ref();
        self.kept_login.as_ref().or_else(in_force).filter(|_| self.account.is_none())
    }

    /// Goes on as Cargo does with the feed in force: without signing in, where it answers everyone and there is nobody's
    /// credential.
    pub(super) fn go_on_as(&mut self, in_force: &InForce) {
        let is_for_everyone = in_force.open && in_force.token_in.is_none();
        if !is_for_everyone {
            self.anonymous = false;
        } else if self.credential.is_none() {
            self.go_on_without_signing_in();
        }
    }

    /// Takes the credential that is kept for an organization, where that is the one at hand and nobody has signed in to
    /// it meanwhile.
    pub(super) fn take_stored(&mut self, of: &Collection, stored: Option<Stored>) {
        if self.base() != Some(of.base()) || self.credential.is_some() {
            return;
        }
        let (credential, login) = stored.map(|stored| (stored.credential, stored.login)).unzip();
        (self.credential, self.kept_login) = (credential, login.flatten());
    }

    /// What keys the credentials of the organization at hand.
    pub(super) fn base(&self) -> Option<Base> {
        self.target.as_ref().map(|target| target.collection.base())
    }

    /// Goes on with nobody's credential; what was proved with one goes.
    pub(super) fn go_on_without_signing_in(&mut self) {
        self.credential = None;
        self.kept_login = None;
        self.account = None;
        self.anonymous = true;
        self.logged_in = None;
    }

    /// Who is to be remembered with the credential; `None`: it is that of a sign-in that is kept already.
    pub(super) fn who(&self) -> Option<String> {
        match (&self.account, &self.kept_login) {
            (Some(account), _) => Some(account.label()),
            (None, Some(_)) => None,
            (None, None) => Some(Account::TOKEN_HOLDER.to_owned()),
        }
    }

    /// Takes the person that the organization knows.
    pub(super) fn sign_in(&mut self, account: Account, credential: Credential) {
        self.account = Some(account);
        self.credential = Some(credential);
        self.kept_login = None;
        self.anonymous = false;
        // What was proved was another credential.
        self.logged_in = None;
    }

    /// Takes the organizations that the person has.
    pub(super) fn take_mine(
        &mut self,
        account: &Account,
        credential: Credential,
        organizations: Vec<Target>,
    ) {
        self.listing = false;
        self.mine_of = Some(account.label());
        self.mine = organizations;
        self.held = Some(credential);
    }

    /// Why the credential is of no use for long, where it isn't.
    pub(super) fn ends_soon(&self) -> Option<&'static str> {
        self.credential.as_ref()?.ends_soon()
    }

    /// What to know about keeping such a credential.
    pub(super) fn store_warning(&self) -> Option<String> {
        let why = sentence(self.ends_soon()?);
        let way_out = if self.may_make_token() {
            "Log in can make a personal access token, to be kept in its place"
        } else {
            "choose this run only, or sign in with a personal access token"
        };
        Some(format!("{why}: {way_out}."))
    }

    /// Whether a personal access token can be made for who has signed in: by Entra, and only in the cloud.
    pub(super) fn may_make_token(&self) -> bool {
        let is_there =
            |target: &Target| self.is_in_demo() || matches!(target.collection, Collection::Cloud { .. });
        let is_possible = |credential: &Credential| {
            matches!(credential.lasting(), Lasting::Renewed(_)) && hindrance(credential).is_none()
        };
        self.target.as_ref().is_some_and(is_there) && self.credential.as_ref().is_some_and(is_possible)
    }

    fn is_in_demo(&self) -> bool {
        self.checkout.as_ref().is_some_and(|checkout| checkout.demo_token.is_some())
    }

    /// What finds out where this tool can keep a credential for the organization at hand.
    pub(super) fn trial(&self) -> Request {
        Request::TryKeyring(self.target.as_ref().map(|target| target.collection.base()))
    }

    /// Where the credential is kept already; a variable counts as any place of this tool.
    fn kept_store(&self) -> Option<TokenStore> {
        self.kept_login.as_ref().map(|login| TokenStore::Provider(login.kept.unwrap_or(Kept::Keyring)))
    }

    /// Where the credential is kept unless the person says otherwise, and why.
    pub(super) fn recommended(&self) -> Recommended {
        if let Some(store) = self.kept_store() {
            let why = "Cargo gets it from there already".to_owned();
            return Recommended { store, why, agreed: true };
        }
        let machine = self.checkout.as_ref().map_or(Machine::Desktop, |checkout| checkout.machine);
        let keyring = match &self.keyring {
            None => Keyring::Unknown,
            Some(Ok(_)) if self.is_in_demo() => Keyring::Demo,
            Some(Ok(Kept::Keyring)) => Keyring::Works,
            Some(Ok(Kept::File)) => Keyring::Agreed,
            Some(Err(report)) => Keyring::Fails(report.causes.first().unwrap_or(&report.headline)),
        };
        let lasting = self.credential.as_ref().map_or(Lasting::Long, Credential::lasting);
        recommend(machine, keyring, lasting)
    }

    /// Every place that may be chosen, in the order of the form: only what was tried and works; a file of this tool only
    /// in place of a keyring.
    pub(super) fn stores(&self) -> Vec<TokenStore> {
        let kept = self.kept_store();
        let here = self.keyring.as_ref().map(|tried| *tried.as_ref().unwrap_or(&Kept::File));
        let here = here.filter(|kept| kept.is_possible() && self.is_renewable()).map(TokenStore::Provider);
        let here = here.filter(|here| kept != Some(*here));
        let native = self.native.as_ref().and_then(|native| native.as_ref().ok()).filter(|_| self.lasts());
        let native = native.map(|native| TokenStore::Native(*native));
        kept.into_iter()
            .chain(here)
            .chain(native)
            .chain([TokenStore::PlainFile, TokenStore::ThisRunOnly])
            .collect()
    }

    /// Whether Cargo's own provider is still to be tried: not without a keyring, and not for what ends by itself.
    pub(super) fn asks_native(&self) -> bool {
        let has_keyring = matches!(self.keyring, Some(Ok(Kept::Keyring)));
        has_keyring && self.native.is_none() && self.lasts()
    }

    /// Whether there is something to keep that is of use without ever being renewed, or can be made.
    fn lasts(&self) -> bool {
        let lasts = |credential: &Credential| credential.lasting() == Lasting::Long;
        self.credential.as_ref().is_some_and(lasts) || self.may_make_token()
    }

    /// The place after that one.
    pub(super) fn store_after(&self, store: TokenStore) -> TokenStore {
        let stores = self.stores();
        let at = stores.iter().position(|other| *other == store).map_or(0, |at| (at + 1) % stores.len());
        stores[at]
    }

    /// Whether this tool can hand the credential to Cargo tomorrow, too: the token of a pipeline ends with its job.
    fn is_renewable(&self) -> bool {
        let credential = self.credential.as_ref();
        credential.is_none_or(|credential| !matches!(credential.lasting(), Lasting::Ends(_)))
    }

    /// The index of the feed at hand: as the configuration spells it where it names the feed already.
    pub(super) fn index(&self) -> Option<IndexUrl> {
        let target = self.target.as_ref()?;
        if let Some(in_force) = self.in_force() {
            return Some(in_force.registry.index.clone());
        }
        let (project, view) = (target.project.as_ref(), target.view.as_ref());
        Some(IndexUrl::build(&target.collection, project, target.feed.as_ref()?, view))
    }

    /// Where to go once the configuration is as it should be: nobody's credential has to be kept.
    pub(super) fn after_config(&self) -> Step {
        match (self.anonymous, self.has_project()) {
            (false, _) => Step::LogIn,
            (true, true) => Step::Restore,
            (true, false) => Step::Done,
        }
    }

    /// Takes a feed; what was configured for another one goes. What was written stays on record.
    pub(super) fn choose_feed(&mut self, feed: Feed) {
        if self.feed.as_ref().is_none_or(|old| old.id != feed.id) {
            self.plan = None;
            self.left.draft = None;
            self.forget_results();
        }
        self.found = false;
        self.publish = None;
        self.feed = Some(feed);
    }

    /// Takes a feed that was typed, with the view that was typed behind it.
    pub(super) fn name_feed(&mut self, feed: Feed, address: FeedAddress) {
        if let Some(target) = &mut self.target {
            target.project = feed.project.as_ref().map(|project| project.name.clone());
            target.feed = Some(address.name);
            target.view = address.view;
        }
        self.choose_feed(feed);
    }

    /// Takes a plan; what was proved and fetched under another one goes.
    pub(super) fn choose_plan(&mut self, plan: SetupPlan) {
        if self.plan.as_ref().is_some_and(|old| *old != plan) {
            self.forget_results();
        }
        self.plan = Some(plan);
    }

    /// Takes the proof of a credential, and remembers where it is kept.
    pub(super) fn log_in(&mut self, logged_in: LoggedIn) {
        if let (Some(plan), Some(place)) = (&self.plan, &logged_in.kept_in) {
            let kept = (plan.registry.clone(), place.clone());
            if !self.kept.contains(&kept) {
                self.kept.push(kept);
            }
        }
        if let (Some(target), Some(pat)) = (&self.target, &logged_in.pat) {
            self.made.push(MadeToken::of(target, pat.clone()));
        }
        for words in logged_in.left_behind() {
            let words = sentence(&words);
            if !self.replaced.contains(&words) {
                self.replaced.push(words);
            }
        }
        self.logged_in = Some(logged_in);
    }

    fn forget_results(&mut self) {
        self.logged_in = None;
        self.fetched = None;
        self.cache.clear();
    }

    /// How a step stands, from what is known.
    pub(super) fn state_of(&self, step: Step) -> StepState {
        let in_force = self.in_force();
        let state = |done: bool, found: bool| match (done, found) {
            (true, _) => StepState::Done,
            (false, true) => StepState::Found,
            (false, false) => StepState::ToCome,
        };
        match step {
            Step::Check => state(self.checkout.as_ref().is_some_and(Checkout::passed), false),
            Step::Organization => state(self.target.is_some() && in_force.is_none(), in_force.is_some()),
            Step::SignIn => state(
                self.account.is_some() || self.anonymous,
                in_force.is_some_and(|feed| feed.token_in.is_some()),
            ),
            Step::Feed => state(self.feed.is_some(), in_force.is_some()),
            Step::Config => {
                let planned = self.plan.as_ref().is_some_and(|plan| plan.scope != ConfigScope::AsItIs);
                state(planned, in_force.is_some())
            }
            Step::LogIn if self.anonymous => StepState::Skipped,
            Step::LogIn => {
                state(self.logged_in.is_some(), in_force.is_some_and(|feed| feed.token_in.is_some()))
            }
            Step::Restore if self.checkout.is_some() && !self.has_project() => StepState::Skipped,
            Step::Restore => state(self.fetched.is_some(), false),
            Step::Done | Step::NewFeed | Step::Upstream | Step::Feeds | Step::Cache | Step::Doctor => {
                StepState::ToCome
            }
        }
    }

    pub(super) fn has_project(&self) -> bool {
        self.checkout.as_ref().is_some_and(|checkout| checkout.workspace.is_some())
    }

    /// A path as short as it can be said: from the workspace, or from the person's home.
    pub(super) fn shown(&self, path: &Path) -> String {
        let checkout = self.checkout.as_ref();
        let workspace = checkout.and_then(|checkout| checkout.workspace.as_deref());
        let home = checkout.and_then(|checkout| checkout.home.as_deref());
        if let Some(Ok(inner)) = workspace.map(|root| path.strip_prefix(root)) {
            return text::clean(&inner.to_string_lossy());
        }
        if let Some(Ok(inner)) = home.map(|home| path.strip_prefix(home)) {
            return text::clean(&Path::new("~").join(inner).to_string_lossy());
        }
        text::clean(&path.to_string_lossy())
    }

    /// The feed in words: `contoso/Storefront/rust-crates`.
    pub(super) fn feed_label(&self) -> Option<String> {
        let target = self.target.as_ref()?;
        let organization = target.collection.name();
        if let Some(feed) = &self.feed {
            return Some(format!("{organization}/{}", feed.label()));
        }
        let feed = target.feed.as_ref()?;
        let project = target.project.as_ref().map_or(String::new(), |project| format!("{project}/"));
        Some(format!("{organization}/{project}{feed}"))
    }
}

/// Whether an address can mean that feed: what it doesn't name may be anything.
fn may_be(feed: &Feed, target: &Target) -> bool {
    let project = feed.project.as_ref().map(|project| &project.name);
    target.feed.as_ref().is_none_or(|name| *name == feed.name && target.project.as_ref() == project)
}
