//! What the jobs of one process share: where things are, who may be asked, and the HTTP client.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use reqwest::Client;
use semver::Version;
use url::Url;

use crate::azure::{Azure, Terms};
use crate::cargo::{home, install, settings, workspace};
use crate::domain::credential::Credential;
use crate::domain::entra::EntraApp;
use crate::domain::organization::{Base, Collection, OrgName, Target};
use crate::domain::registry::IndexUrl;
use crate::error::{Exit, Report};
use crate::files::{self, Scratch};
use crate::host::{Env, Host, STATE_DIR};
use crate::net::{self, HttpSettings};
use crate::record::Record;

use super::check::HostTrust;
use super::entra_app::{self, EntraFlags};
use super::network;
use super::waiting;

/// What flags and the host settle before anything runs.
#[derive(Debug, Clone, Default)]
pub struct Settled {
    /// `--dir`.
    pub dir: Option<PathBuf>,
    /// `--org`.
    pub org: Option<String>,
    /// `--trust-project`.
    pub trust_project: bool,
    /// `--ca-file`.
    pub ca_file: Option<PathBuf>,
    /// `--dry-run`: nothing is remembered of this run.
    pub dry_run: bool,
    /// `--tenant`, `--client-id`, `--authority`.
    pub entra: EntraFlags,
    /// The embedded Azure, where it runs.
    pub demo: Option<DemoPlace>,
}

/// The embedded Azure, as far as jobs know of it.
#[derive(Debug, Clone)]
pub struct DemoPlace {
    /// `http://127.0.0.1:PORT`.
    pub origin: String,
    /// Its personal access token, to be shown and pasted.
    pub token: String,
    pub project_dir: PathBuf,
    pub cargo_home: PathBuf,
    /// As [`Host::state_dir`]: the tool's own folder in one for all tools.
    pub state_dir: PathBuf,
}

impl DemoPlace {
    fn base(&self) -> Option<Base> {
        Base::parse(&self.origin)
    }

    fn has(&self, collection: &Collection) -> bool {
        self.base().is_some_and(|own| own.holds(&collection.base()))
    }

    /// Refuses what is not in the demo: `` organization `NAME` ``.
    fn lacks(&self, what: &str) -> Report {
        let origin = &self.origin;
        Report::new(Exit::Usage, "outside-demo", format!("the demo has no {what}")).hint(
            format!(
                "its organizations are {origin}/contoso and {origin}/fabrikam; for the real Azure DevOps leave the demo"
            ),
        )
    }
}

/// Shared by all jobs.
#[derive(Debug)]
pub struct Services {
    pub host: Host,
    /// The folder the person is in, or has named.
    pub dir: PathBuf,
    pub cargo_home: PathBuf,
    pub state_dir: PathBuf,
    pub trust_project: bool,
    pub dry_run: bool,
    pub demo: Option<DemoPlace>,
    /// What `--ca-file` names; nothing in the demo, which needs none.
    ca_file: Option<PathBuf>,
    /// Its certificates and the system's in one file, for Cargo.
    bundle: OnceLock<Scratch>,
    /// What `--org` names.
    pub named: Option<Target>,
    /// Which application asks Entra for tokens, and where.
    pub entra_app: EntraApp,
    /// Built by the first job that needs it: reading certificates takes milliseconds.
    http: Mutex<Option<(HttpSettings, Client)>>,
    /// How this person reaches the network, once it has been read.
    network: Mutex<Option<HttpSettings>>,
    /// What the check has found.
    found: Mutex<Option<Found>>,
    /// What the person was asked to trust, as keys.
    asked: Mutex<Vec<String>>,
    /// What each organization has settled for the requests to come.
    terms: Mutex<BTreeMap<Base, Arc<Terms>>>,
    /// Servers that the person has agreed to ask over plain http.
    agreed: Mutex<Vec<Base>>,
}

/// What the check found that later jobs need.
#[derive(Debug, Clone)]
struct Found {
    workspace: Option<PathBuf>,
    cargo: Version,
}

impl Services {
    /// # Errors
    /// When there is no home for Cargo or for this tool, or `--org` is not understood, or not the demo's.
    pub fn new(mut host: Host, settled: Settled) -> Result<Self, Report> {
        let named = settled.org.as_deref().map(|org| parse_org(org, settled.demo.as_ref())).transpose()?;
        let entra_app = entra_app::of(&settled.entra, &host.env, settled.demo.as_ref())?;
        if let Some(demo) = &settled.demo {
            isolate(&mut host.env, demo);
            host.state_dir = Some(demo.state_dir.clone());
        }
        let dir = match (&settled.demo, settled.dir) {
            (Some(demo), _) => demo.project_dir.clone(),
            (None, Some(dir)) => host.cwd.join(dir),
            (None, None) => host.cwd.clone(),
        };
        let ca_file = settled.ca_file.map(|file| host.cwd.join(file));
        if !dir.is_dir() {
            return Err(Report::new(
                Exit::Usage,
                "no-such-folder",
                format!("there is no folder `{}`", shown(&dir)),
            )
            .hint("name an existing one with `--dir DIR`"));
        }
        let cargo_home = home::cargo_home(&host.env, host.home.as_deref(), &host.cwd).ok_or_else(no_home)?;
        let state_dir = host.state_dir.clone().ok_or_else(no_home)?;
        Ok(Self {
            host,
            dir,
            cargo_home,
            state_dir,
            trust_project: settled.trust_project,
            ca_file: ca_file.filter(|_| settled.demo.is_none()),
            bundle: OnceLock::new(),
            dry_run: settled.dry_run,
            demo: settled.demo,
            named,
            entra_app,
            http: Mutex::default(),
            network: Mutex::default(),
            found: Mutex::default(),
            asked: Mutex::default(),
            terms: Mutex::default(),
            agreed: Mutex::default(),
        })
    }

    /// Remembers what the check has found.
    pub(super) fn found(&self, workspace: Option<PathBuf>, cargo: Version) {
        *lock(&self.found) = Some(Found { workspace, cargo });
    }

    /// The root of the workspace, once the check has found one.
    pub(super) fn workspace(&self) -> Option<PathBuf> {
        lock(&self.found).as_ref()?.workspace.clone()
    }

    /// The same, or as the manifests have it where Cargo was not asked. A root that doesn't lie above the folder is
    /// not taken from them: Cargo reads other files there, and the checkout alone says so.
    pub(super) fn workspace_or_near(&self) -> Option<PathBuf> {
        let dir = home::physical(&self.dir);
        let near = || workspace::root(&dir, &self.cargo_home).filter(|root| dir.starts_with(root));
        let nearest = || Some(home::find_manifest(&dir)?.parent()?.to_owned());
        self.workspace().or_else(near).or_else(nearest)
    }

    /// The workspace where it doesn't lie above the folder: Cargo would read other files there. Such as a
    /// `package.workspace` names it.
    pub(super) fn workspace_elsewhere(&self) -> Option<PathBuf> {
        let physical = |dir: &Path| dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
        self.workspace().filter(|workspace| !physical(&self.dir).starts_with(physical(workspace)))
    }

    /// The folders of the checkout, whose programs are not run. A home is nobody else's, whatever it holds.
    pub(super) fn checkout_folders(&self) -> Vec<PathBuf> {
        folders_of_checkout(&self.dir, self.workspace_or_near(), self.host.home.as_deref())
    }

    /// This program's file, where Cargo's configuration may name it. The demo's own configuration is gone with the
    /// demo, so that it names whatever runs.
    pub(super) fn lasting_program(&self) -> Option<PathBuf> {
        let program = self.host.program.clone()?;
        let lasts = self.demo.is_some() || install::lasts(&program, &self.host.temp_dir);
        lasts.then_some(program)
    }

    /// Remembers a question about trust.
    pub(super) fn asks(&self, key: String) {
        lock(&self.asked).push(key);
    }

    pub(super) fn has_asked(&self, key: &str) -> bool {
        lock(&self.asked).iter().any(|asked| asked == key)
    }

    /// The version of the Cargo that the project uses, once it is known.
    pub(super) fn cargo_version(&self) -> Option<Version> {
        lock(&self.found).as_ref().map(|found| found.cargo.clone())
    }

    /// Takes the limit, the proxy and the certificates that Cargo uses; the demo takes only the first.
    pub(super) fn use_network(&self, cargo: &settings::HttpSettings) {
        let network = if self.demo.is_some() {
            HttpSettings { loopback_only: true, timeout: cargo.timeout, ..HttpSettings::default() }
        } else {
            let network = network::for_client(cargo, &self.host);
            HttpSettings { ca_file: self.ca_file.clone().or(network.ca_file), ..network }
        };
        *lock(&self.network) = Some(network);
    }

    /// How the network is reached: as the check has found it, or as the person has set it up.
    fn network(&self) -> Result<HttpSettings, Report> {
        if lock(&self.network).is_none() {
            self.use_network(&network::of_person(&self.host)?);
        }
        Ok(lock(&self.network).clone().unwrap_or_default())
    }

    /// Writes the bundle that makes Cargo trust `--ca-file` beside the system's certificates: its own setting
    /// replaces them (cargo-contract 4.5).
    ///
    /// # Errors
    /// When the file holds no certificate, or the bundle can't be written.
    pub(super) fn prepare_bundle(&self) -> Result<(), Report> {
        if let (Some(file), None) = (&self.ca_file, self.bundle.get()) {
            let text = net::bundle(file)?;
            // A second one that was written at the same time is the same, and deleted again.
            let _ = self.bundle.set(files::scratch(&self.host.temp_dir, ".pem", &text)?);
        }
        Ok(())
    }

    /// Where the runs of `cargo fetch` are marked that go on, or were killed.
    pub(super) fn runs_dir(&self) -> PathBuf {
        self.state_dir.join("runs")
    }

    /// The environment of every `cargo` that is started.
    #[must_use]
    pub fn child_env(&self) -> Env {
        let mut env = home::child_env(&self.host.env);
        env.set("CARGO_HOME", self.cargo_home.clone());
        // Cargo is started in another folder than the person is in.
        for name in ["CARGO_HTTP_CAINFO", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
            if let Some(path) =
                env.os(name).filter(|path| !path.is_empty()).map(|path| self.host.cwd.join(path))
            {
                env.set(name, path);
            }
        }
        if let Some(bundle) = self.bundle.get() {
            env.set("CARGO_HTTP_CAINFO", bundle.path());
        }
        env
    }

    /// What `--ca-file` names.
    pub(super) fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    /// Whether a collection may be asked something: cloud hosts, what a flag or a person has named, and
    /// the demo itself (product.md, 'Trust').
    #[must_use]
    pub fn trust_in(&self, collection: &Collection) -> HostTrust {
        if collection.is_cloud() || self.is_named(collection) { HostTrust::Known } else { HostTrust::Unknown }
    }

    /// Whether a person, a flag or a login has named this organization; the demo's own always are.
    pub(super) fn is_named(&self, collection: &Collection) -> bool {
        let base = collection.base();
        self.named.as_ref().is_some_and(|named| named.collection.base() == base)
            || self.is_in_demo(collection)
            || Record::load(&self.state_dir).knows(&base)
    }

    /// Whether an index may be on that host without being called a redirection.
    #[must_use]
    pub fn knows(&self, url: &Url) -> bool {
        let named = self.named.iter().map(|named| named.collection.base());
        named
            .chain(Record::load(&self.state_dir).named())
            .chain(self.demo_base())
            .any(|base| base.covers(url))
    }

    pub(super) fn is_in_demo(&self, collection: &Collection) -> bool {
        self.demo.as_ref().is_some_and(|demo| demo.has(collection))
    }

    /// Refuses a feed elsewhere in the demo: Cargo would ask it.
    pub(super) fn refuse_outside_demo(&self, index: &IndexUrl) -> Result<(), Report> {
        let Some(demo) = &self.demo else { return Ok(()) };
        let is_own = demo.base().is_some_and(|own| own.covers(&index.url()));
        if is_own { Ok(()) } else { Err(demo.lacks(&format!("feed `{}`", index.shown()))) }
    }

    pub(super) fn demo_base(&self) -> Option<Base> {
        self.demo.as_ref().and_then(DemoPlace::base)
    }

    /// A client for one organization.
    ///
    /// # Errors
    /// When the proxy or the certificates that are set can't be used.
    pub(super) fn azure(
        &self,
        collection: Collection,
        credential: Option<Credential>,
    ) -> Result<Azure, Report> {
        if let Some(demo) = self.demo.as_ref().filter(|_| !self.is_in_demo(&collection)) {
            return Err(demo.lacks(&format!("organization `{}`", collection.base())));
        }
        let (client, proxy) = self.client(collection.web().as_str())?;
        let clock = self.host.clock;
        let terms =
            lock(&self.terms).entry(collection.base()).or_insert_with(|| Arc::new(Terms::new(clock))).clone();
        let in_the_clear = self.may_go_in_the_clear(&collection);
        let azure =
            Azure::new(client, collection, credential).through(proxy).on(terms).telling(waiting::told());
        Ok(if in_the_clear { azure.in_the_clear() } else { azure })
    }

    /// The HTTP client of this process, and the proxy on the way to an address, to be named in errors.
    ///
    /// # Errors
    /// When the proxy or the certificates that are set can't be used.
    pub(super) fn client(&self, to: &str) -> Result<(Client, Option<String>), Report> {
        let settings = self.network()?;
        let proxy = Url::parse(to).ok().and_then(|to| settings.shown_proxy_to(&to));
        let mut http = lock(&self.http);
        let client = match &*http {
            Some((of, client)) if *of == settings => client.clone(),
            _ => {
                net::init();
                let client = net::client(&settings)?;
                *http = Some((settings, client.clone()));
                client
            }
        };
        Ok((client, proxy))
    }

    /// The person has read that http is not encrypted, and wants it for this server.
    pub(super) fn agree_to_http(&self, base: Base) {
        lock(&self.agreed).push(base);
    }

    /// Whether a credential may go to the collection over plain http: only to the demo's loopback, or where a person
    /// has named or confirmed the server (product.md, 'Trust').
    fn may_go_in_the_clear(&self, collection: &Collection) -> bool {
        !collection.is_cloud()
            && (self.trust_in(collection) == HostTrust::Known
                || lock(&self.agreed).contains(&collection.base()))
    }
}

/// A lock that a panic elsewhere has poisoned still holds a whole value.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Nothing of the person's reaches the demo, and nothing of the demo's leaves this machine.
fn isolate(env: &mut Env, demo: &DemoPlace) {
    let theirs: Vec<String> = env
        .iter()
        .filter_map(|(name, _)| name.to_str())
        .filter(|name| {
            let upper = name.to_uppercase();
            upper.ends_with("_PROXY") || upper.starts_with("CARGO_") && *name != "CARGO_HOME"
        })
        .map(str::to_owned)
        .collect();
    for name in theirs {
        env.remove(&name);
    }
    env.set("NO_PROXY", "127.0.0.1");
    env.set("CARGO_HOME", demo.cargo_home.clone());
    // Cargo starts this tool again, as its credential provider.
    env.set(STATE_DIR, demo.state_dir.clone());
}

/// What `--org` names. In the demo a bare name is one of its own organizations, and nothing else is meant.
fn parse_org(text: &str, demo: Option<&DemoPlace>) -> Result<Target, Report> {
    let own = demo.zip(OrgName::parse(text)).map(|(demo, name)| format!("{}/{name}", demo.origin));
    let target = Target::parse(own.as_deref().unwrap_or(text)).ok_or_else(|| {
        Report::new(Exit::Usage, "organization-not-understood", "`--org` names no organization")
            .hint("give a name, such as contoso, or an address, such as https://dev.azure.com/contoso")
    })?;
    match demo.filter(|demo| !demo.has(&target.collection)) {
        Some(demo) => Err(demo.lacks(&format!("organization `{}`", target.collection.base()))),
        None => Ok(target),
    }
}

/// The folders of a checkout around a folder. A home is nobody else's, whatever it holds.
pub(super) fn folders_of_checkout(
    dir: &Path,
    workspace: Option<PathBuf>,
    home: Option<&Path>,
) -> Vec<PathBuf> {
    let repository = dir.ancestors().find(|dir| dir.join(".git").exists()).map(Path::to_owned);
    let folders = [Some(dir.to_owned()), workspace, repository];
    let is_above_home = |dir: &PathBuf| {
        home.is_some_and(|home| home.starts_with(dir) || home::physical(home).starts_with(dir))
    };
    folders.into_iter().flatten().filter(|dir| !is_above_home(dir)).collect()
}

pub(super) fn no_home() -> Report {
    Report::new(Exit::Failed, "no-home", "your home folder is not known")
        .hint("set `HOME`, or `CARGO_HOME` and `XDG_STATE_HOME`")
}

/// A path, safe to show.
pub(super) fn shown(path: &std::path::Path) -> String {
    crate::domain::text::clean(&path.to_string_lossy())
}
