//! A demo whose project uses its feed, with this tool as Cargo's provider over a file of the demo's own state.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use az_cargo_wizard::auth::vault::Vault;
use az_cargo_wizard::demo::{Demo, DemoOptions, Pace, RequestLog};
use az_cargo_wizard::domain::credential::{Credential, Kept, TokenStore};
use az_cargo_wizard::domain::organization::{Base, Collection, Target};
use az_cargo_wizard::domain::plan::{ConfigScope, SetupPlan};
use az_cargo_wizard::domain::registry::{IndexUrl, RegistryName};
use az_cargo_wizard::host::Host;
use az_cargo_wizard::task::{self, DemoPlace, Event, Events, JobId, LogIn, Request, Services, Settled};
use az_cargo_wizard::task::{SignIn, SignInWith};
use tokio::sync::{mpsc, oneshot};

use crate::support::sandbox::Sandbox;
use crate::support::wizard::{BINARY, files_below};

pub(crate) const REGISTRY: &str = "rust-crates";

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) demo: Demo,
    services: Arc<Services>,
    runtime: tokio::runtime::Runtime,
}

/// Of this process, in the environment of the sandbox.
fn services(sandbox: &Sandbox, demo: &Demo) -> Arc<Services> {
    let place = DemoPlace {
        origin: demo.origin().to_owned(),
        token: demo.token().expose().to_owned(),
        project_dir: demo.project_dir().to_owned(),
        cargo_home: sandbox.variable("CARGO_HOME").into(),
        state_dir: demo.state_dir().to_owned(),
    };
    let settled = Settled { demo: Some(place), ..Settled::default() };
    let clock = Host::os().unwrap().clock;
    let host = Host { program: Some(BINARY.into()), clock, ..sandbox.host(&[]) };
    Arc::new(Services::new(host, settled).unwrap())
}

impl World {
    pub(crate) fn new() -> Self {
        let mut sandbox = Sandbox::new();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let dir = Some(sandbox.root().join("demo"));
        let temp_parent = sandbox.root().join("tmp");
        let demo = runtime.block_on(Demo::start(DemoOptions { dir, temp_parent, pace: Pace::Fast })).unwrap();
        sandbox.watch(&demo);
        // As `demo --demo-dir DIR` says it for a second terminal.
        sandbox.set("CARGO_HOME", demo.cargo_home());
        sandbox.set("AZ_CARGO_WIZARD_STATE_DIR", demo.state_dir());
        sandbox.set("NO_PROXY", "127.0.0.1");
        let services = services(&sandbox, &demo);
        Self { sandbox, demo, services, runtime }
    }

    /// Sets a variable, for commands and for what is asked in this process.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.sandbox.set(name, value);
        self.services = services(&self.sandbox, &self.demo);
    }

    /// Signed in with the demo's own token, and set up.
    pub(crate) fn with_token() -> Self {
        let world = Self::new();
        world.set_up(Credential::Pat(world.demo.token().clone()));
        world
    }

    /// Signed in with a device code, and set up.
    pub(crate) fn with_entra() -> Self {
        let world = Self::new();
        world.set_up(world.entra());
        world
    }

    /// Signed in with a device code.
    pub(crate) fn entra(&self) -> Credential {
        let request = SignIn { collection: Some(self.collection()), with: SignInWith::DeviceCode };
        match self.ask(Request::SignIn(Box::new(request))) {
            Event::SignedIn { credential, .. } => credential,
            other => panic!("the demo signs everybody in: {other:?}"),
        }
    }

    pub(crate) fn set_up(&self, credential: Credential) {
        let Event::Reviewed(review) = self.ask(Request::Review(self.plan())) else { panic!("no review") };
        let logged_in = self.ask(Request::LogIn(self.log_in_request(credential, None)));
        assert!(matches!(logged_in, Event::LoggedIn(_)), "{logged_in:?}");
        let applied = self.ask(Request::Apply(review));
        assert!(matches!(&applied, Event::Applied(written) if written.len() == 2), "{applied:?}");
    }

    pub(crate) fn log_in_request(&self, credential: Credential, pat_days: Option<u16>) -> LogIn {
        let who = Some("Ana".to_owned());
        LogIn { collection: self.collection(), credential, who, plan: self.plan(), pat_days }
    }

    /// The last answer.
    pub(crate) fn ask(&self, request: Request) -> Event {
        self.ask_all(request).pop().unwrap()
    }

    /// Everything that is told.
    pub(crate) fn ask_all(&self, request: Request) -> Vec<Event> {
        self.runtime.block_on(async {
            let (sender, mut receiver) = mpsc::channel(4096);
            // Kept, so that nothing is cancelled.
            let (_cancel, cancelled) = oneshot::channel();
            let events = Events::new(JobId(0), sender);
            task::run(self.services.clone(), request, (&events, cancelled)).await;
            drop(events);
            let mut told = Vec::new();
            while let Some((_, event)) = receiver.recv().await {
                told.push(event);
            }
            told
        })
    }

    /// As a kill would, ends the work as soon as the demo has got what is looked for.
    pub(crate) fn ask_and_end(&self, request: Request, is_there: impl Fn(&RequestLog) -> bool) {
        self.runtime.block_on(async {
            let (sender, _receiver) = mpsc::channel(4096);
            let (_cancel, cancelled) = oneshot::channel();
            let events = Events::new(JobId(0), sender);
            let come = async {
                while !self.demo.requests().iter().any(&is_there) {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                biased;
                () = come => {}
                () = task::run(self.services.clone(), request, (&events, cancelled)) => panic!("it came to its end"),
            }
        });
    }

    pub(crate) fn run_to_its_end<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub(crate) fn collection(&self) -> Collection {
        Target::parse(&format!("{}/contoso", self.demo.origin())).unwrap().collection
    }

    pub(crate) fn base(&self) -> Base {
        self.collection().base()
    }

    pub(crate) fn index(&self) -> String {
        format!("sparse+{}/contoso/Storefront/_packaging/{REGISTRY}/Cargo/index/", self.demo.origin())
    }

    pub(crate) fn plan(&self) -> SetupPlan {
        SetupPlan {
            scope: ConfigScope::Project,
            registry: RegistryName::parse(REGISTRY).unwrap(),
            index: IndexUrl::parse(&self.index()).unwrap(),
            replace_crates_io: true,
            store: TokenStore::Provider(Kept::File),
            publish: None,
        }
    }

    /// The store behind the provider.
    pub(crate) fn vault(&self) -> Vault {
        Vault::file(self.demo.state_dir().join("credentials.json"))
    }

    /// The real Cargo in the demo's project.
    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let mut command = self.sandbox.command("cargo");
        command.args(args).current_dir(self.demo.project_dir());
        command
    }

    pub(crate) fn fetch(&self) -> Output {
        self.cargo(&["fetch", "--locked"]).output().unwrap()
    }

    pub(crate) fn crates(&self) -> usize {
        files_below(&self.demo.cargo_home().join("registry/cache")).len()
    }

    /// As if no crate had ever been downloaded; what is known of the registry itself stays.
    pub(crate) fn forget_crates(&self) {
        for folder in ["cache", "src"] {
            let _ = fs::remove_dir_all(self.demo.cargo_home().join("registry").join(folder));
        }
    }

    /// What has been asked of the demo since the last look, but for what came before.
    pub(crate) fn requests_since(&self, before: usize) -> Vec<RequestLog> {
        self.demo.requests().into_iter().skip(before).collect()
    }

    pub(crate) fn user_config(&self) -> String {
        fs::read_to_string(self.demo.cargo_home().join("config.toml")).unwrap()
    }

    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.demo.cargo_home().join(path)
    }
}

impl Drop for World {
    /// The demo's folder must be given back while its runtime goes on.
    fn drop(&mut self) {
        let _guard = self.runtime.enter();
    }
}

/// The command with that on its standard input, to its end.
pub(crate) fn fed(command: &mut Command, input: &str) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

pub(crate) fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
