//! Looks at the machine and the checkout before anything is asked or run (product.md, 'Check').

use std::path::PathBuf;
use std::sync::Arc;

use url::Url;

use crate::cargo::answering;
use crate::cargo::credentials;
use crate::cargo::error::ConfigError;
use crate::cargo::git_config;
use crate::cargo::hazards::{self, CheckoutFile};
use crate::cargo::home::{self, ConfigLayer};
use crate::cargo::index_cache;
use crate::cargo::install;
use crate::cargo::settings::{self, HttpSettings, Index, Replacement, Settings};
use crate::domain::answering::{Answering, StoreFacts};
use crate::domain::answers::Answers;
use crate::domain::finding::{Finding, Hazard};
use crate::domain::machine::Machine;
use crate::domain::organization::{self, Target};
use crate::domain::registry::{IndexUrl, RegistryInForce, RegistryName};
use crate::domain::text;
use crate::domain::way::Means;
use crate::error::{Exit, Report};
use crate::host::Found;
use crate::record::{self, Record};

use super::logins::{self, KeptLogin};
use super::services::{Services, shown};
use super::{Event, az_defaults, blocking, earlier, keeping, remote, resuming, sign_in};

/// What the Check step found out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checkout {
    pub findings: Vec<Finding>,
    /// Why the wizard cannot go on.
    pub failure: Option<Report>,
    /// The version of the project's Cargo, once it was asked.
    pub cargo: Option<String>,
    /// The root of the workspace; `None` where there is no `Cargo.toml`.
    pub workspace: Option<PathBuf>,
    /// The person's home, to say paths shortly.
    pub home: Option<PathBuf>,
    /// Organizations that something names, best first.
    pub guesses: Vec<Guess>,
    /// The feed that the configuration names already.
    pub in_force: Option<InForce>,
    /// What stands in for crates.io and is no feed.
    pub stand_in: Option<StandIn>,
    /// Where nothing stands in for crates.io, though feeds are configured: the organization of the first one that may be
    /// asked and is ready for Cargo.
    pub way_back: Option<Target>,
    /// Registries that are configured, in any file.
    pub registries: Vec<(RegistryName, IndexUrl)>,
    /// What this machine has to sign in with.
    pub means: Means,
    pub machine: Machine,
    /// Which store answers Cargo for the feed in force.
    pub answering: Option<Answering>,
    /// The embedded Azure's personal access token, to be pasted.
    pub demo_token: Option<String>,
    /// Where the embedded Azure answers; a bare organization's name means one of its own.
    pub demo_origin: Option<String>,
    /// What the last wizard here has left half-way.
    pub unfinished: Option<Answers>,
}

impl Checkout {
    /// Whether the wizard can go on.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failure.is_none()
    }
}

/// An organization, and what names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    pub target: Target,
    /// `git remote origin`, `.cargo/config.toml`, `--org`.
    pub source: String,
    pub host: HostTrust,
}

impl Guess {
    /// The source of what a flag names.
    const FLAG: &str = "--org";

    /// Whether the person has named it, with the project and the feed that it may hold.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.source == Self::FLAG
    }
}

/// Whether a host may be asked anything before a person has named it (product.md, 'Trust').
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostTrust {
    /// A host of Azure DevOps Services, or one that a person or a flag named.
    Known,
    /// Anything else: shown, never preselected, never asked.
    Unknown,
}

/// The feed in force, and whether Cargo has a credential for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    pub registry: RegistryInForce,
    pub target: Target,
    pub host: HostTrust,
    /// Where its credential comes from, as shown to a person.
    pub token_in: Option<String>,
    /// Who is signed in, where Cargo asks this tool for the credential.
    pub login: Option<KeptLogin>,
    /// Whether it answered Cargo without a credential the last time.
    pub open: bool,
}

/// A registry, a folder or a source without a place that crates.io is replaced by; safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandIn {
    pub name: String,
    /// The file that says so.
    pub source: String,
}

impl InForce {
    /// Whether there is nothing left to set up: it may be asked, and Cargo has what it takes.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.host == HostTrust::Known && (self.token_in.is_some() || self.open)
    }
}

/// The files of a checkout and of the person, read but not believed.
pub(super) struct Read {
    pub(super) layers: Vec<ConfigLayer>,
    hazards: Vec<Hazard>,
    trust_key: String,
}

/// Checks, unless the checkout would do something that nobody has agreed to.
pub(super) async fn check(services: &Arc<Services>) -> Result<Event, Report> {
    let left = services.clone();
    blocking(move || earlier::sweep(&left)).await?;
    let read = read(services).await?;
    match question(services, &read) {
        Some(question) => Ok(question),
        None => look(services, read).await,
    }
}

/// Remembers the person's yes, for the files as they were shown, and checks: what has changed since then is asked
/// about again.
pub(super) async fn trust_and_check(services: &Arc<Services>) -> Result<Event, Report> {
    let key = read(services).await?.trust_key;
    if services.has_asked(&key) {
        let state_dir = services.state_dir.clone();
        blocking(move || record::trust(&state_dir, &key)).await??;
    }
    check(services).await
}

/// What the person has to agree to first; `None`: nothing, or they did.
pub(super) fn question(services: &Services, read: &Read) -> Option<Event> {
    let is_trusted = services.trust_project || Record::load(&services.state_dir).trusts(&read.trust_key);
    if read.hazards.is_empty() || is_trusted {
        return None;
    }
    services.asks(read.trust_key.clone());
    Some(Event::NeedsTrust(read.hazards.clone()))
}

/// Fails where the files have changed since they were looked at, and would now do what nobody has agreed to.
pub(super) async fn still_agreed(services: &Arc<Services>) -> Result<(), Report> {
    match question(services, &read(services).await?) {
        None => Ok(()),
        Some(_) => Err(Report::new(
            Exit::Usage,
            "project-not-trusted",
            "the project's files have changed: its own settings would run programs or redirect traffic now",
        )
        .hint("check again, and read what they say")),
    }
}

/// Whether the person has agreed to this checkout as it is now.
pub(super) fn is_trusted(services: &Services) -> Result<bool, Report> {
    Ok(Record::load(&services.state_dir).trusts(&read_now(services)?.trust_key))
}

/// Carries the person's yes over a change that was ours and that they have seen.
pub(super) fn trust_as_it_is(services: &Services) -> Result<(), Report> {
    Ok(record::trust(&services.state_dir, &read_now(services)?.trust_key)?)
}

async fn read(services: &Arc<Services>) -> Result<Read, Report> {
    let services = services.clone();
    Ok(blocking(move || read_now(&services)).await??)
}

pub(super) fn read_now(services: &Services) -> Result<Read, ConfigError> {
    let layers = home::config_layers(&services.dir, &services.cargo_home)?;
    let mut files: Vec<CheckoutFile> = hazards::checkout_files(&services.dir, &layers)?;
    if let Some(workspace) = services.workspace_elsewhere() {
        let layers = home::config_layers(&workspace, &services.cargo_home)?;
        let others = hazards::checkout_files(&workspace, &layers)?;
        files.extend(others.into_iter().filter(|file| !files.contains(file)).collect::<Vec<_>>());
    }
    let hazards = hazards::hazards(&files, &|url: &Url| services.knows(url))?;
    Ok(Read { layers, hazards, trust_key: hazards::trust_key(&services.dir, &files) })
}

async fn look(services: &Arc<Services>, read: Read) -> Result<Event, Report> {
    let settings = Settings::read(&read.layers, &services.host.env)?;
    let network = network(services, &settings).await?;
    let mut checkout = Checkout {
        demo_token: services.demo.as_ref().map(|demo| demo.token.clone()),
        demo_origin: services.demo.as_ref().map(|demo| demo.origin.clone()),
        registries: registries(&settings),
        home: services.host.home.clone(),
        means: sign_in::means(services).await?,
        machine: services.host.machine(),
        ..Checkout::default()
    };
    checkout.in_force = in_force(services, &settings)?;
    checkout.stand_in = stand_in(&settings);
    checkout.way_back = way_back(services, &settings)?;
    if let Err(report) = cargo_and_project(services, &settings, &mut checkout).await {
        checkout.findings.push(Finding::failed(
            "Cargo",
            report.headline.clone(),
            report.hint.clone().unwrap_or_default(),
        ));
        checkout.failure = Some(report);
        return Ok(Event::Checked(Box::new(checkout)));
    }
    if services.workspace_elsewhere().is_some()
        && let Some(question) = question(services, &self::read(services).await?)
    {
        return Ok(question);
    }
    let files = read.layers.iter().map(|layer| shown(&layer.path)).collect::<Vec<_>>();
    if !files.is_empty() {
        checkout.findings.push(Finding::good("Configuration", files.join(", ")));
    }
    checkout.findings.extend(on_the_way(services, &network));
    if let Some((file, line)) = settings::first_include(&read.layers) {
        let words = "includes further files, which Cargo reads since 1.94 and which are not looked at here";
        checkout.findings.push(Finding::note("Included", format!("{} (line {line}) {words}", shown(&file))));
    }
    checkout.answering = answering(services, &settings);
    checkout.findings.extend(surroundings(services, checkout.in_force.as_ref()));
    checkout.guesses = guesses(services, &checkout).await?;
    checkout.unfinished = resuming::left(services).await?;
    Ok(Event::Checked(Box::new(checkout)))
}

/// Takes the proxy and the certificates that Cargo uses, the checkout's own among them: whoever comes here has agreed
/// to them, where there are any.
async fn network(services: &Arc<Services>, settings: &Settings) -> Result<HttpSettings, Report> {
    let (host, mut http) = (services.host.clone(), settings.http_of_all().clone());
    let git = blocking(move || git_config::http_proxy(&host.env, host.home.as_deref())).await?;
    http = http.or_else(git, &services.host.env);
    services.use_network(&http);
    let shared = services.clone();
    blocking(move || shared.prepare_bundle()).await??;
    Ok(http)
}

/// What stands between this machine and the service, and where it is set.
fn on_the_way(services: &Services, http: &HttpSettings) -> Vec<Finding> {
    if services.demo.is_some() {
        return Vec::new();
    }
    let proxy = http.shown_proxy().map(|proxy| {
        let except = http.no_proxy.as_deref().map(|hosts| format!(", not for {}", text::clean(hosts)));
        format!("{proxy} from {}{}", http.proxy_source, except.unwrap_or_default())
    });
    let from_flag =
        services.ca_file().map(|file| format!("{} from --ca-file, beside the system's", shown(file)));
    let certificates = from_flag.or_else(|| http.cainfo.as_deref().map(shown));
    let proxy = proxy.map(|text| Finding::good("Proxy", text));
    proxy.into_iter().chain(certificates.map(|text| Finding::good("Certificates", text))).collect()
}

/// Runs Cargo, but only where it would neither hang nor do what nobody has agreed to.
async fn cargo_and_project(
    services: &Services,
    settings: &Settings,
    checkout: &mut Checkout,
) -> Result<(), Report> {
    match settings.replacement() {
        Replacement::Cycle { name, file } => {
            return Err(Report::new(
                Exit::Failed,
                "replacement-cycle",
                format!("`replace-with` goes round in a circle at `{name}`, and Cargo would never end"),
            )
            .cause(format!("in {}", shown(&file)))
            .hint("mend the `[source]` tables of that file"));
        }
        Replacement::Undefined { name, file } => checkout.findings.push(Finding::warning(
            "crates.io",
            format!("is replaced by `{name}`, which has no usable index, in {}", shown(&file)),
            "the Config step can mend it",
        )),
        Replacement::Other { name, what, .. } => {
            checkout.findings.push(Finding::note("crates.io", format!("is replaced by `{name}`: {what}")));
        }
        Replacement::Registry(_) | Replacement::None => {}
    }
    let env = services.child_env();
    let toolchain = home::toolchain(&env, &services.dir).await?;
    checkout.findings.push(Finding::good("Cargo", toolchain.version.to_string()));
    checkout.cargo = Some(toolchain.version.to_string());
    let Some(manifest) = home::find_manifest(&services.dir) else {
        checkout
            .findings
            .push(Finding::note("Project", "no Cargo.toml here: the user's configuration, and no Restore"));
        services.found(None, toolchain.version);
        return Ok(());
    };
    let root = home::workspace_root(&env, manifest.parent().unwrap_or(&services.dir)).await?;
    checkout.findings.push(Finding::good("Project", shown(&root)));
    services.found(Some(root.clone()), toolchain.version);
    checkout.workspace = Some(root);
    Ok(())
}

pub(super) fn registries(settings: &Settings) -> Vec<(RegistryName, IndexUrl)> {
    let sparse = settings.registries().iter().filter_map(|registry| match &registry.index {
        Index::Sparse(index) => Some((RegistryName::parse(&registry.name).ok()?, index.clone())),
        Index::Other(_) | Index::Missing => None,
    });
    sparse.collect()
}

pub(super) fn in_force(services: &Services, settings: &Settings) -> Result<Option<InForce>, Report> {
    let Some(registry) = settings.registry_in_force() else { return Ok(None) };
    let Some(target) = registry.index.target() else { return Ok(None) };
    let host = services.trust_in(&target.collection);
    let token_in = token_in(services, settings, &registry)?;
    let login = logins::of_index(services, &registry.index).filter(|_| asks_us(settings, &registry.name));
    let open = index_cache::answers_everyone(&services.cargo_home, &registry.index);
    Ok(Some(InForce { registry, target, host, token_in, login, open }))
}

/// What crates.io is replaced by, where that is no feed.
pub(super) fn stand_in(settings: &Settings) -> Option<StandIn> {
    let (name, source) = match settings.replacement() {
        Replacement::Registry(registry) if registry.index.target().is_none() => {
            (registry.name.to_string(), registry.source)
        }
        Replacement::Other { name, file, .. } | Replacement::Undefined { name, file } => (name, shown(&file)),
        Replacement::Registry(_) | Replacement::None | Replacement::Cycle { .. } => return None,
    };
    Some(StandIn { name, source: text::clean(&source) })
}

/// See [`Checkout::way_back`]. What was used in other projects does not count: it says nothing about this one.
pub(super) fn way_back(services: &Services, settings: &Settings) -> Result<Option<Target>, Report> {
    if settings.replacement() != Replacement::None || settings.registry_in_force().is_some() {
        return Ok(None);
    }
    for (name, index) in registries(settings) {
        let Some(collection) = index.target().map(|target| target.collection) else { continue };
        let is_another =
            services.named.as_ref().is_some_and(|named| named.collection.base() != collection.base());
        if is_another || services.trust_in(&collection) == HostTrust::Unknown {
            continue;
        }
        let open = index_cache::answers_everyone(&services.cargo_home, &index);
        let (source, replaces_crates_io) = (String::new(), true);
        let registry = RegistryInForce { name, index, source, replaces_crates_io };
        if open || token_in(services, settings, &registry)?.is_some() {
            return Ok(Some(Target { collection, project: None, feed: None, view: None }));
        }
    }
    Ok(None)
}

/// Which of the stores answers Cargo for the feed in force; `None`: there is no feed, or its stores can't be read, which
/// is said elsewhere.
pub(super) fn answering(services: &Services, settings: &Settings) -> Option<Answering> {
    let registry = settings.registry_in_force().filter(|registry| registry.index.target().is_some())?;
    let of = (&registry.name, &registry.index);
    let facts = answering::facts((settings, &services.host.env), &services.cargo_home, of).ok()?;
    let ours = keeping::place_of(&services.state_dir, &registry.index);
    let kept = keeping::kept_for(&services.state_dir, &registry.index);
    Some(Answering::of(&StoreFacts { ours, kept, ..facts }))
}

/// Where Cargo would find the credential of a registry. A token counts only where `cargo:token` is
/// configured to be asked for it (cargo-contract 3.1); what another provider has, only it knows.
pub(super) fn token_in(
    services: &Services,
    settings: &Settings,
    registry: &RegistryInForce,
) -> Result<Option<String>, Report> {
    const PLAIN: &str = "cargo:token";
    let name = &registry.name;
    let own = settings.provider_of(name).map(|provider| provider.text.as_str());
    let names = |alias: &str| settings.global_providers().iter().any(|provider| provider == alias);
    if asks_us(settings, name) {
        let kept = keeping::place_of(&services.state_dir, &registry.index);
        if kept.is_some() {
            return Ok(kept);
        }
    }
    let global = || names(PLAIN);
    if own == Some(PLAIN) || (own.is_none() && global()) {
        let token = credentials::token_for(&services.cargo_home, &services.host.env, name)?;
        return Ok(token.map(|token| token.place));
    }
    Ok(own.map(|provider| format!("credential provider {}", text::clean(provider))))
}

/// Whether Cargo asks this tool for the registry's credential.
fn asks_us(settings: &Settings, name: &RegistryName) -> bool {
    settings.provider_of(name).is_none()
        && settings.global_providers().iter().any(|provider| provider == install::ALIAS)
}

/// What else is worth knowing.
fn surroundings(services: &Services, in_force: Option<&InForce>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(feed) = in_force {
        let what = if feed.registry.replaces_crates_io { "stands in for crates.io" } else { "is configured" };
        let from = text::clean(&feed.registry.source);
        findings.push(Finding::good("Feed", format!("`{}` {what}, from {from}", feed.registry.name)));
        match &feed.token_in {
            Some(place) => findings.push(Finding::good("Credential", format!("from {place}"))),
            None => findings.push(Finding::note("Credential", "none for this feed yet")),
        }
    }
    let az = match services.host.env.find_program_outside("az", &services.checkout_folders()) {
        Found::Program(path) => shown(&path),
        Found::OnlyInside => "only inside this checkout: not run".to_owned(),
        Found::Nothing => "not installed".to_owned(),
    };
    findings.push(Finding::note("Azure CLI", az));
    findings
}

/// Every organization that something names, each once, the best source first.
async fn guesses(services: &Arc<Services>, checkout: &Checkout) -> Result<Vec<Guess>, Report> {
    let mut guesses: Vec<Guess> = Vec::new();
    let mut add = |target: Target, source: String| {
        let same = |guess: &Guess| guess.target.collection.base() == target.collection.base();
        if !guesses.iter().any(same) {
            let host = services.trust_in(&target.collection);
            guesses.push(Guess { target, source, host });
        }
    };
    if let Some(target) = &services.named {
        add(target.clone(), Guess::FLAG.to_owned());
    }
    if let Some(feed) = &checkout.in_force {
        add(feed.target.clone(), text::clean(&feed.registry.source));
    }
    let dir = services.dir.clone();
    for remote in blocking(move || remote::remotes(&dir)).await? {
        if let Some(target) = Target::from_git_remote(&remote.url) {
            let repository = organization::repository(&remote.url);
            let repository = repository.map(|name| format!(", repository {}", text::clean(&name)));
            add(
                target,
                format!("git remote {}{}", text::clean(&remote.name), repository.unwrap_or_default()),
            );
        }
    }
    for (name, index) in &checkout.registries {
        if let Some(target) = index.target() {
            add(target, format!("registry {name}"));
        }
    }
    let host = services.host.clone();
    let find = move || az_defaults::az_defaults(&host.env, host.home.as_deref());
    // The demo is no place for what the person has set up elsewhere.
    if services.demo.is_none()
        && let Some(target) = blocking(find).await?
    {
        add(target, "the defaults of az devops".to_owned());
    }
    Ok(guesses)
}
