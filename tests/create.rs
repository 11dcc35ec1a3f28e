//! Making feeds through the wizard, in process: keys in, screens out, the embedded Azure and the real Cargo at
//! the other end.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "this test uses a part of what the tests share")]
mod support;

use std::collections::HashMap;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use az_cargo_wizard::demo::{Demo, DemoOptions, Pace};
use az_cargo_wizard::domain::credential::Secret;
use az_cargo_wizard::task::{self, DemoPlace, Event, Events, JobId, Services, Settled};
use az_cargo_wizard::tui::{App, Effect, Key, Msg, Opening, Step, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use support::keys;
use support::sandbox::Sandbox;
use tokio::sync::{mpsc, oneshot};

/// Nothing that a test waits for takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// The wizard without its terminal: what `tui::run` does around it, for a test.
struct Wizard {
    app: App,
    services: Arc<Services>,
    sender: mpsc::Sender<(JobId, Event)>,
    events: mpsc::Receiver<(JobId, Event)>,
    cancels: HashMap<JobId, oneshot::Sender<()>>,
    demo: Demo,
    sandbox: Sandbox,
}

impl Wizard {
    /// In the list of feeds, signed in with that token of the demo.
    async fn at_feeds(token: impl FnOnce(&Demo) -> Secret) -> Self {
        let sandbox = Sandbox::new();
        let temp_parent = sandbox.root().join("tmp");
        let demo = Demo::start(DemoOptions { dir: None, temp_parent, pace: Pace::Fast }).await.unwrap();
        sandbox.watch(&demo);
        let place = DemoPlace {
            origin: demo.origin().to_owned(),
            token: demo.token().expose().to_owned(),
            project_dir: demo.project_dir().to_owned(),
            cargo_home: demo.cargo_home().to_owned(),
            state_dir: demo.state_dir().to_owned(),
        };
        let settled = Settled { demo: Some(place), ..Settled::default() };
        let services = Arc::new(Services::new(sandbox.host(&[]), settled).unwrap());
        let token = token(&demo);
        let (sender, events) = mpsc::channel(1024);
        let (app, effects) = App::new(Theme { color: false, unicode: true }, Opening::Wizard);
        let mut wizard = Self { app, services, sender, events, cancels: HashMap::new(), demo, sandbox };
        wizard.carry_out(effects);
        wizard.wait_for("Organization").await;
        wizard.until(|app, _| app.step() == Step::Organization).await;
        wizard.press("<enter>");
        wizard.until(|app, _| app.step() == Step::SignIn).await;
        wizard.paste(token.expose());
        wizard.press("<enter>");
        wizard.wait_for("rust-crates").await;
        wizard
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Start(id, request) => {
                    let (cancel, cancelled) = oneshot::channel();
                    self.cancels.insert(id, cancel);
                    let (services, reporter) = (self.services.clone(), Events::new(id, self.sender.clone()));
                    tokio::spawn(async move { task::run(services, request, (&reporter, cancelled)).await });
                }
                Effect::Cancel(id) => {
                    if let Some(cancel) = self.cancels.remove(&id) {
                        // The job may have ended.
                        let _ = cancel.send(());
                    }
                }
                Effect::Copy(_) | Effect::Suspend | Effect::Quit(_) => {}
            }
        }
    }

    fn press(&mut self, text: &str) {
        for key in keys::parse(text) {
            let effects = self.app.update(Msg::Key(Key::from_event(&key.event).unwrap()));
            self.carry_out(effects);
        }
    }

    fn paste(&mut self, text: &str) {
        let effects = self.app.update(Msg::Paste(text.to_owned()));
        self.carry_out(effects);
    }

    fn screen(&self) -> String {
        let mut terminal = Terminal::new(TestBackend::new(100, 40)).unwrap();
        terminal.draw(|frame| self.app.view(frame)).unwrap();
        terminal.backend().to_string()
    }

    async fn wait_for(&mut self, text: &str) {
        self.until(|_, screen| screen.contains(text)).await;
    }

    /// Handles what the jobs tell until it is so.
    async fn until(&mut self, is_so: impl Fn(&App, &str) -> bool) {
        loop {
            let screen = self.screen();
            if is_so(&self.app, &screen) {
                return;
            }
            match tokio::time::timeout(PATIENCE, self.events.recv()).await {
                Ok(Some((id, event))) => {
                    let effects = self.app.update(Msg::Job(id, event));
                    self.carry_out(effects);
                }
                _ => panic!("it never comes:\n{screen}"),
            }
        }
    }

    /// Reads the request to its end and sends it.
    async fn send(&mut self) {
        self.wait_for("This will be sent when you agree").await;
        while self.screen().contains("Enter read on") {
            self.press("<enter>");
        }
        self.press("<enter>");
    }

    /// Opens the form for a new feed and gives it a name.
    fn name_a_new_feed(&mut self, name: &str) {
        self.press("n<c-u>");
        self.paste(name);
    }

    /// The methods and paths of what changed something, and the answers.
    fn changes(&self) -> Vec<String> {
        let changes = self.demo.requests().into_iter().filter(|request| request.method != "GET");
        changes.map(|request| format!("{} {} {}", request.method, request.path, request.status)).collect()
    }
}

fn full(demo: &Demo) -> Secret {
    demo.token().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_is_made_chosen_configured_logged_in_and_fetched_from() {
    let mut wizard = Wizard::at_feeds(full).await;
    wizard.name_a_new_feed("shop");
    assert!(wizard.screen().contains("shop-publish"), "{}", wizard.screen());
    wizard.press("<enter>");
    wizard.wait_for("This will be sent when you agree").await;
    let request = wizard.screen();
    assert!(request.contains("POST http://127.0.0.1:"), "{request}");
    assert!(request.contains("\"name\": \"shop\""), "{request}");
    wizard.press("<enter>");
    assert!(wizard.changes().is_empty(), "nothing is sent before it was all seen");
    wizard.send().await;
    wizard.until(|app, _| app.step() == Step::Feed).await;
    wizard.wait_for("40 feeds").await;
    assert_eq!(
        wizard.changes(),
        [
            "POST /contoso/Storefront/_apis/packaging/feeds 201",
            "PATCH /contoso/Storefront/_apis/packaging/Feeds/shop/views/Local 200",
            "POST /contoso/Storefront/_apis/packaging/feeds 201",
            "PATCH /contoso/Storefront/_apis/packaging/Feeds/shop-publish/views/Local 200",
        ]
    );
    wizard.press("<enter>");
    wizard.wait_for("What shall Cargo's configuration say?").await;
    assert!(wizard.screen().contains("shop-publish"), "{}", wizard.screen());
    wizard.press("<enter>");
    wizard.wait_for("[registries.shop-publish]").await;
    wizard.press("<enter>");
    wizard.until(|app, _| app.step() == Step::LogIn).await;
    wizard.press("<enter>");
    wizard.until(|app, _| app.step() == Step::Restore).await;
    wizard.wait_for("Every crate of the lock file").await;
    wizard.press("<enter>");
    wizard.until(|app, _| app.step() == Step::Done).await;
    wizard.wait_for("cached crate").await;
    let done = wizard.screen();
    for words in ["Created the feed Storefront/shop", "publish = [\"shop-publish\"]", "60 crates"] {
        assert!(done.contains(words), "`{words}` is missing in\n{done}");
    }
    let config = fs::read_to_string(wizard.demo.project_dir().join(".cargo/config.toml")).unwrap();
    let index =
        |feed: &str| format!("{}/contoso/Storefront/_packaging/{feed}/Cargo/index/", wizard.demo.origin());
    assert!(config.contains(&index("shop")) && config.contains(&index("shop-publish")), "{config}");
    assert!(config.contains("replace-with = \"shop\""), "{config}");
    let tokens = fs::read_to_string(wizard.demo.cargo_home().join("credentials.toml")).unwrap();
    assert!(tokens.contains("[registries.shop]") && tokens.contains("[registries.shop-publish]"));
    wizard.sandbox.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_another_project_uses_is_said_while_it_is_typed() {
    let mut wizard = Wizard::at_feeds(full).await;
    wizard.name_a_new_feed("Payments-Internal");
    wizard.wait_for("taken by Payments/payments-internal").await;
    wizard.press("<enter>");
    assert_eq!(wizard.app.step(), Step::NewFeed);
    assert!(wizard.changes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_a_deleted_or_an_invisible_feed_has_is_explained_and_another_one_works() {
    let mut wizard = Wizard::at_feeds(full).await;
    wizard.name_a_new_feed("storefront-legacy");
    wizard.press("<enter>");
    wizard.send().await;
    wizard.wait_for("recycle bin until 2026-12-10").await;
    assert!(wizard.screen().contains("The name `storefront-legacy` is taken"), "{}", wizard.screen());
    wizard.press("<c-u>");
    wizard.paste("payments-vault");
    wizard.press("<enter>");
    wizard.send().await;
    wizard.wait_for("a feed that you can't see").await;
    let posts = wizard.changes();
    assert_eq!(posts.len(), 2);
    assert!(posts.iter().all(|post| post.ends_with(" 409")), "{posts:?}");
    wizard.press("<c-u>");
    wizard.paste("storefront-new");
    wizard.press("<enter>");
    wizard.send().await;
    wizard.wait_for("40 feeds").await;
    assert_eq!(wizard.app.step(), Step::Feed);
    assert!(wizard.screen().contains("Storefront/storefront-new"), "{}", wizard.screen());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_scope_to_manage_the_feed_is_made_and_the_page_for_the_rest_is_named() {
    let mut wizard = Wizard::at_feeds(|demo| demo.tokens().read_write.clone()).await;
    wizard.name_a_new_feed("shop");
    // One feed is enough here: the question before the last.
    wizard.press("<s-tab><s-tab><space><enter>");
    wizard.send().await;
    wizard.wait_for("Enter to the feeds").await;
    let screen = wizard.screen();
    for words in [
        "Storefront/shop is created",
        "Feed created; visibility not set",
        "Packaging (Read, write, & manage)",
        "_packaging?_a=settings&feed=shop",
    ] {
        assert!(screen.contains(words), "`{words}` is missing in\n{screen}");
    }
    wizard.press("<enter>");
    wizard.wait_for("39 feeds").await;
    assert_eq!(wizard.app.step(), Step::Feed);
    let posts = wizard.changes().iter().filter(|change| change.starts_with("POST")).count();
    assert_eq!(posts, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn crates_io_is_added_to_a_feed_that_one_owns() {
    let mut wizard = Wizard::at_feeds(full).await;
    wizard.press("/platform-internal<enter>");
    assert!(wizard.screen().contains("p add crates.io"), "{}", wizard.screen());
    wizard.press("p");
    wizard.wait_for("\"location\": \"https://index.crates.io/\"").await;
    assert!(wizard.changes().is_empty());
    wizard.press("<enter>");
    wizard.wait_for("Has the crates.io upstream").await;
    assert!(wizard.screen().contains("Platform/platform-internal"));
    let changes = wizard.changes();
    assert!(matches!(changes.as_slice(), [patch] if patch.starts_with("PATCH ") && patch.ends_with(" 200")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_its_way_is_waited_for_when_the_wizard_is_left() {
    let mut wizard = Wizard::at_feeds(full).await;
    wizard.name_a_new_feed("shop");
    wizard.press("<enter>");
    wizard.send().await;
    wizard.wait_for("Creating Storefront/shop").await;
    assert!(wizard.app.update(Msg::Stop).iter().all(|effect| !matches!(effect, Effect::Quit(_))));
    assert!(wizard.app.is_leaving());
    let mut quit = false;
    while !quit {
        let (id, event) = tokio::time::timeout(PATIENCE, wizard.events.recv()).await.unwrap().unwrap();
        let effects = wizard.app.update(Msg::Job(id, event));
        quit = effects.iter().any(|effect| matches!(effect, Effect::Quit(_)));
        wizard.carry_out(effects);
    }
    assert!(wizard.app.summary().iter().any(|line| line == "Created the feed Storefront/shop"));
}
