//! Connects a project with a feed: the review, the writing, and logging Cargo in.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::azure::Azure;
use crate::cargo::config_file::{self, Places};
use crate::cargo::credentials;
use crate::cargo::error::ConfigError;
use crate::cargo::mirror;
use crate::cargo::native::{self, Native};
use crate::domain::account::Account;
use crate::domain::credential::{Credential, Kept, TokenStore};
use crate::domain::journal::Act;
use crate::domain::new_pat::{MadePat, PatMade};
use crate::domain::organization::Base;
use crate::domain::plan::{OtherReplacement, Review, SetupPlan};
use crate::domain::registry::{IndexUrl, RegistryName};
use crate::domain::store::NativeProvider;
use crate::error::{Exit, Report};
use crate::files::{self, Links};
use crate::host::{Env, Host};
use crate::record::{self, Login, MadeToken, Record};

use super::given_up::{self, InCargos};
use super::keeping::{self, SignedIn, Stored};
use super::new_pat::{self, PatOf};
use super::provide_token::now;
use super::services::Services;
use super::{Event, KeptIn, LogIn, LoggedIn, blocking, check, undoing};

/// What the person gives up as a stand-in for crates.io.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreed {
    /// Whatever it is: a flag said so.
    ToAny,
    /// What was shown, and nothing else.
    To(Box<OtherReplacement>),
}

/// What a plan would change; or what stands in its way and is the person's to decide.
pub(super) async fn review(
    services: &Services,
    plan: SetupPlan,
    agreed: Option<Agreed>,
) -> Result<Event, Report> {
    let places = OwnedPlaces::of(services);
    blocking(move || look(&plan, &places.borrow(), agreed.as_ref())).await?
}

fn look(plan: &SetupPlan, places: &Places<'_>, agreed: Option<&Agreed>) -> Result<Event, Report> {
    let (file, line, current) = match config_file::review(plan, places) {
        Ok(review) => return Ok(Event::Reviewed(review)),
        Err(ConfigError::OtherReplacement { file, line, current }) => (file, line, current),
        Err(error) => return Err(error.into()),
    };
    let found = mirror::describe((file, line, current), plan, places)?;
    let is_agreed = match agreed {
        None => false,
        Some(Agreed::ToAny) => true,
        Some(Agreed::To(shown)) => **shown == found,
    };
    if !is_agreed {
        return Ok(Event::Replaced(Box::new(found)));
    }
    let mut review = config_file::review(plan, &Places { overwrite_replacement: true, ..*places })?;
    let OtherReplacement { name, what, effect, .. } = &found;
    review.notes.insert(0, format!("`{name}` ({what}) is given up as a stand-in for crates.io. {effect}"));
    Ok(Event::Reviewed(review))
}

/// Makes the changes that the person has agreed to.
pub(super) async fn apply(services: &Arc<Services>, review: Review) -> Result<Event, Report> {
    let services = services.clone();
    let written = blocking(move || -> Result<_, Report> {
        let was_trusted = check::is_trusted(&services)?;
        let written = config_file::apply(&review, &OwnedPlaces::of(&services).borrow())?;
        if was_trusted {
            // Failing, it has the person asked again, and takes nothing back.
            let _ = check::trust_as_it_is(&services);
        }
        // The same.
        let _ = record::use_feed(&services.state_dir, (&review.plan.registry, &review.plan.index));
        Ok(written)
    });
    Ok(Event::Applied(written.await??))
}

/// Asks the feed with the very header that Cargo will send, and the one to publish to; only what they accept is
/// kept. Only the asking can be cancelled.
pub(super) async fn log_in(
    services: &Arc<Services>,
    log_in: LogIn,
    cancelled: oneshot::Receiver<()>,
) -> Result<Event, Report> {
    if log_in.pat_days.is_some() {
        new_pat::check(services, &log_in.collection, &log_in.credential)?;
        if log_in.plan.store == TokenStore::ThisRunOnly {
            return Err(outlives_the_run());
        }
    }
    let public = tokio::select! {
        biased;
        _ = cancelled => return Ok(Event::Cancelled),
        public = prove_all(services, &log_in) => public?,
    };
    let forced = Record::load(&services.state_dir).forces(&log_in.plan.index);
    let (base, registry, publish) =
        (log_in.collection.base(), log_in.plan.registry.clone(), log_in.plan.publish.clone());
    let before = kept_before(services, &log_in).await?;
    let is_there = |login: &Login| match log_in.plan.store {
        TokenStore::Provider(kept) => login.kept == kept || !login.is_stored(),
        _ => false,
    };
    let known = before.as_ref().and_then(|(login, _)| known_of(login, &log_in.credential));
    let who = log_in.who.clone().or(before.as_ref().map(|(login, _)| login.who.clone()));
    let there = before.filter(|(login, is_certain)| *is_certain && is_there(login)).map(|(login, _)| login);
    let who = who.unwrap_or_else(|| Account::TOKEN_HOLDER.to_owned());
    let log_in = LogIn { who: Some(who.clone()), ..log_in };
    let (collection, credential) = (log_in.collection.clone(), log_in.credential.clone());
    let (stored, pat) = match log_in.pat_days {
        None => match &there {
            Some(login) => (stays_here(&log_in, login)?, None),
            None => (keep(services, log_in, known).await?, None),
        },
        Some(days) => {
            let (stored, pat) = keep_made(services, log_in, days).await?;
            (stored, Some(pat))
        }
    };
    let Placed { kept_in, left } = stored;
    let publish = publish.map(|publish| publish.name);
    let names: Vec<&RegistryName> = std::iter::once(&registry).chain(&publish).collect();
    let kept_anew = kept_in.as_ref().filter(|_| there.is_none());
    let by_hand = kept_anew.map(|kept_in| by_hand(kept_in, &base, &names));
    if let Some(by_hand) = by_hand {
        undoing::note(services, (Act::LoggedIn, format!("kept the sign-in to {base}")), by_hand).await;
    }
    let replaced = given_up::settled(services, (&collection, &credential, &who)).await;
    Ok(Event::LoggedIn(LoggedIn { kept_in, left, public, forced, pat, replaced }))
}

/// Where the credential is now.
#[derive(Default)]
struct Placed {
    kept_in: Option<KeptIn>,
    /// Where the one before still is.
    left: Option<String>,
}

impl Placed {
    /// Not with this tool.
    fn elsewhere(kept_in: Option<KeptIn>) -> Self {
        Self { kept_in, left: None }
    }
}

/// Makes a token, asks the feeds with it as Cargo will, and keeps it. The sign-in stays nowhere.
async fn keep_made(services: &Arc<Services>, log_in: LogIn, days: u16) -> Result<(Placed, PatMade), Report> {
    let (collection, credential) = (log_in.collection.clone(), log_in.credential.clone());
    new_pat::kept(services, PatOf { collection, credential, days }, async |made: &MadePat| {
        let log_in = LogIn { credential: Credential::Pat(made.token.clone()), ..log_in };
        prove_all(services, &log_in).await?;
        keep(services, log_in, Some(made.clone())).await
    })
    .await
}

/// Keeps the credential where the plan says.
async fn keep(services: &Arc<Services>, log_in: LogIn, made: Option<MadePat>) -> Result<Placed, Report> {
    Ok(match log_in.plan.store {
        TokenStore::ThisRunOnly => Placed::elsewhere(None),
        TokenStore::Native(provider) => {
            let publish = log_in.plan.publish.iter().map(|publish| &publish.index);
            let indexes = std::iter::once(&log_in.plan.index).chain(publish);
            let places = indexes.map(|index| format!("{} {}", provider.name(), index.shown())).collect();
            let cargos = InCargos::of(&log_in, made.as_ref(), places);
            cargos.enter(&services.state_dir)?;
            let kept_in = keep_natively(services, log_in, provider).await;
            cargos.settle(&services.state_dir, kept_in.is_ok());
            Placed::elsewhere(Some(kept_in?))
        }
        TokenStore::PlainFile => keep_with_cargo(services, log_in, made).await?,
        TokenStore::Provider(store) => {
            let Stored { place, left } = keep_here(services, log_in, (store, made)).await?;
            Placed { kept_in: Some(KeptIn::Vault(place)), left }
        }
    })
}

fn outlives_the_run() -> Report {
    let words = "a personal access token for this run only would outlive it, and nobody would keep it";
    Report::new(Exit::Usage, "pat-not-kept", words)
        .hint("keep it, or use the sign-in itself for this run: it lives for most of an hour")
}

/// How a credential is taken back, also once its registries are configured no more.
fn by_hand(kept_in: &KeptIn, base: &Base, registries: &[&RegistryName]) -> String {
    let each = |words: &dyn Fn(&RegistryName) -> String| {
        registries.iter().map(|name| words(name)).collect::<Vec<_>>().join(" and ")
    };
    let logout = each(&|name| format!("`cargo logout --registry {name}`"));
    match kept_in {
        KeptIn::Vault(_) => forgetting(base),
        KeptIn::CargosFile(path) => format!(
            "{logout} forgets it as long as Cargo's configuration names that; once it does not, take the lines of {} out \
             of `{}`.",
            each(&|name| format!("`[registries.{name}]`")),
            super::services::shown(path)
        ),
        KeptIn::Native(_) => {
            format!("{logout} forgets it, as long as Cargo's configuration names that: do that first.")
        }
    }
}

/// How a sign-in that this tool keeps is taken back.
pub(super) fn forgetting(base: &Base) -> String {
    format!("`az-cargo-wizard logout --org {base}` forgets it.")
}

/// Asks every feed of the plan; whether the first answers strangers too.
async fn prove_all(services: &Services, log_in: &LogIn) -> Result<bool, Report> {
    let azure = services.azure(log_in.collection.clone(), Some(log_in.credential.clone()))?;
    let public = prove(&azure, &log_in.plan.index).await?;
    if let Some(publish) = &log_in.plan.publish {
        prove(&azure, &publish.index).await?;
    }
    Ok(public)
}

/// The sign-in that the credential is of, and whether that is certain, where nobody has signed in for this.
async fn kept_before(services: &Services, log_in: &LogIn) -> Result<Option<(Login, bool)>, Report> {
    if log_in.who.is_some() || log_in.pat_days.is_some() {
        return Ok(None);
    }
    let (host, state_dir) = (services.host.clone(), services.state_dir.clone());
    let (base, credential) = (log_in.collection.base(), log_in.credential.clone());
    blocking(move || keeping::login_of(&host, &state_dir, (&base, &credential))).await
}

/// The made token that the credential is.
fn known_of(login: &Login, credential: &Credential) -> Option<MadePat> {
    let (MadeToken { name, id }, ends) = (login.made.clone()?, login.expires?);
    match credential {
        Credential::Pat(token) => Some(MadePat { token: token.clone(), name, id, ends }),
        Credential::Bearer(_) => None,
    }
}

/// Leaves alone what is kept already: nothing more is known of it now than when it was kept.
fn stays_here(log_in: &LogIn, login: &Login) -> Result<Placed, Report> {
    is_answered_for(log_in)?;
    Ok(Placed::elsewhere(Some(KeptIn::Vault(keeping::place(login)))))
}

/// What Cargo will ask for must be found under this base, and under no other.
fn is_answered_for(log_in: &LogIn) -> Result<(), Report> {
    let base = log_in.collection.base();
    let publish = log_in.plan.publish.as_ref().map(|publish| &publish.index);
    let mut indexes = std::iter::once(&log_in.plan.index).chain(publish);
    if indexes.all(|index| index.credential_base([base.clone()]).as_ref() == Some(&base)) {
        return Ok(());
    }
    let registry = &log_in.plan.registry;
    let words =
        format!("the index of `{registry}` lies outside `{base}`, so this tool would not answer for it");
    Err(Report::new(Exit::NotAllowed, "index-elsewhere", words).hint("keep the credential in another place"))
}

/// Keeps the credential where Cargo asks this tool for it, and says where that is.
async fn keep_here(
    services: &Services,
    log_in: LogIn,
    (kept, made): (Kept, Option<MadePat>),
) -> Result<Stored, Report> {
    is_answered_for(&log_in)?;
    let base = log_in.collection.base();
    let (host, state_dir) = (services.host.clone(), services.state_dir.clone());
    let keep = move || {
        let LogIn { who, credential, .. } = &log_in;
        let who = who.as_deref().unwrap_or(Account::TOKEN_HOLDER);
        let signed_in = SignedIn { base: &base, who, credential, made: made.as_ref() };
        keeping::keep(&host, &state_dir, (&signed_in, kept))
    };
    blocking(keep).await?
}

/// Has Cargo's own provider keep the credential for every registry of the plan, and hand it out once.
async fn keep_natively(
    services: &Arc<Services>,
    log_in: LogIn,
    provider: NativeProvider,
) -> Result<KeptIn, Report> {
    if !matches!(log_in.credential, Credential::Pat(_)) {
        let words = format!("`{}` renews nothing, and this credential ends by itself", provider.name());
        return Err(Report::new(Exit::Usage, "native-store", words)
            .hint("keep it in another place, or sign in with a personal access token"));
    }
    let header = log_in.credential.header();
    if let Some(limit) = provider.most_bytes().filter(|limit| header.len() > *limit) {
        return Err(ConfigError::TooLongForNative { provider: provider.name(), limit }.into());
    }
    check::still_agreed(services).await?;
    let env = services.child_env();
    let native = Native { env: &env, dir: &services.dir, provider: provider.name() };
    let LogIn { plan, .. } = log_in;
    let publish = plan.publish.as_ref().map(|publish| (&publish.name, &publish.index));
    for (name, index) in std::iter::once((&plan.registry, &plan.index)).chain(publish) {
        let registry = native::Registry { name, index };
        native.keep(registry, &header).await?;
        native.prove(registry).await?;
    }
    Ok(KeptIn::Native(provider))
}

/// Whether Cargo's own provider for the keyring of this system works here, by having it forget what nobody kept.
pub(super) async fn try_native(services: &Arc<Services>) -> Result<Event, Report> {
    let Some(provider) = NativeProvider::of_system(Host::system()) else {
        let words = "Cargo has no provider for the keyring of this system";
        return Ok(Event::Native(Err(Box::new(Report::new(Exit::Failed, "native-store", words)))));
    };
    if services.demo.is_some() {
        let words = "the demo leaves the keyring alone";
        return Ok(Event::Native(Err(Box::new(Report::new(Exit::Failed, "native-store", words)))));
    }
    if let Err(report) = check::still_agreed(services).await {
        return Ok(Event::Native(Err(Box::new(report))));
    }
    let env = services.child_env();
    let native = Native { env: &env, dir: &services.dir, provider: provider.name() };
    let tried = native.try_out().await.map(|()| provider);
    Ok(Event::Native(tried.map_err(|error| Box::new(Report::from(error)))))
}

/// Keeps the credential for every registry of the plan in Cargo's file, and says where.
async fn keep_with_cargo(
    services: &Services,
    log_in: LogIn,
    made: Option<MadePat>,
) -> Result<Placed, Report> {
    let (cargo_home, state_dir) = (services.cargo_home.clone(), services.state_dir.clone());
    let publish = log_in.plan.publish.as_ref().map(|publish| publish.name.clone());
    let registries: Vec<_> = std::iter::once(log_in.plan.registry.clone()).chain(publish).collect();
    let header = log_in.credential.header();
    let keep = move || -> Result<_, Report> {
        let home = files::real_path(&cargo_home, Links::Follow)?;
        let place = |registry| format!("cargo:token {} {registry}", home.display());
        let mut cargos = InCargos::of(&log_in, made.as_ref(), registries.iter().map(place).collect());
        let record = Record::load(&state_dir);
        for (registry, place) in registries.iter().zip(&cargos.places).filter(|_| made.is_none()) {
            // The wizard signs in with what is kept, too.
            let before = credentials::token_for(&cargo_home, &Env::default(), registry)?;
            if before.is_some_and(|before| before.header == header) {
                cargos.made.extend(record.made_for_cargo(place).cloned());
            }
        }
        cargos.enter(&state_dir)?;
        let stored: Result<Vec<_>, _> =
            registries.iter().map(|registry| credentials::store(&cargo_home, registry, &header)).collect();
        cargos.settle(&state_dir, stored.is_ok());
        Ok(Placed::elsewhere(stored?.pop().map(KeptIn::CargosFile)))
    };
    blocking(keep).await?
}

/// Whether the feed answers strangers too. A feed that leads the credential elsewhere is refused.
async fn prove(azure: &Azure, index: &IndexUrl) -> Result<bool, Report> {
    let proof = azure.prove_index(index).await?;
    if proof.auth_required && !proof.download_host_trusted {
        return Err(Report::new(
            Exit::NotAllowed,
            "download-host-not-trusted",
            format!("the feed sends downloads, and the credential with them, to `{}`", proof.download_host),
        )
        .hint("that is no host of this organization: nothing was stored; ask who runs the feed"));
    }
    Ok(proof.anonymous_ok)
}

/// [`Places`] that can go to another thread.
pub(super) struct OwnedPlaces {
    workspace: Option<PathBuf>,
    cargo_home: PathBuf,
    state_dir: PathBuf,
    env: Env,
    program: Option<PathBuf>,
    now: u64,
}

impl OwnedPlaces {
    pub(super) fn of(services: &Services) -> Self {
        Self {
            workspace: services.workspace_or_near(),
            cargo_home: services.cargo_home.clone(),
            state_dir: services.state_dir.clone(),
            env: services.host.env.clone(),
            program: services.lasting_program(),
            now: now(&services.host),
        }
    }

    pub(super) fn borrow(&self) -> Places<'_> {
        Places {
            workspace: self.workspace.as_deref(),
            cargo_home: &self.cargo_home,
            state_dir: &self.state_dir,
            env: &self.env,
            overwrite_replacement: false,
            program: self.program.as_deref(),
            now: self.now,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::domain::credential::Secret;
    use crate::domain::organization::{Collection, OrgName};
    use crate::domain::plan::ConfigScope;
    use crate::domain::registry::RegistryName;
    use crate::host::{Clock, TerminalFlags};
    use crate::task::Settled;

    fn services(dir: &std::path::Path) -> Arc<Services> {
        let mut env = Env::default();
        env.set("CARGO_HOME", dir.join("home"));
        let host = Host {
            args: Vec::new(),
            program: None,
            env,
            machine: None,
            cwd: dir.join("project"),
            home: None,
            state_dir: Some(dir.join("state")),
            temp_dir: dir.join("tmp"),
            terminal: TerminalFlags::default(),
            clock: Clock::Fake { since_start: Duration::ZERO, now: SystemTime::UNIX_EPOCH },
        };
        Arc::new(Services::new(host, Settled::default()).unwrap())
    }

    #[tokio::test]
    async fn cargos_own_provider_is_run_only_where_the_checkout_is_still_agreed_to() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("project/.cargo")).unwrap();
        fs::write(dir.path().join("project/.cargo/config.toml"), "[build]\nrustc = \"evil\"\n").unwrap();
        let services = services(dir.path());
        let index = "sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/rust/Cargo/index/";
        let plan = SetupPlan {
            scope: ConfigScope::User,
            registry: RegistryName::parse("rust").unwrap(),
            index: IndexUrl::parse(index).unwrap(),
            replace_crates_io: true,
            publish: None,
            store: TokenStore::Native(NativeProvider::Libsecret),
        };
        let log_in = LogIn {
            collection: Collection::cloud(OrgName::parse("fabrikam").unwrap()),
            credential: Credential::Pat(Secret::new("secret")),
            who: Some("Ana".to_owned()),
            plan,
            pat_days: None,
        };
        let kept = keep_natively(&services, log_in, NativeProvider::Libsecret).await;
        assert_eq!(kept.unwrap_err().code, "project-not-trusted");
        if NativeProvider::of_system(Host::system()).is_some() {
            let Ok(Event::Native(Err(tried))) = try_native(&services).await else { panic!("it was run") };
            assert_eq!(tried.code, "project-not-trusted");
        }
    }
}
