//! What 5,000 feeds and 2,000 projects cost: asked for and read, shown, and each key in the filter, against the 16.7 ms
//! of a frame at 60 Hz. Reading them stands against the same bytes fetched and read into `serde_json::Value`, in turns,
//! so that a busy machine meets both. Prints a table and asserts nothing; for honest numbers on an idle machine:
//!
//! ```sh
//! cargo bench --bench feed_list          # 21 rounds
//! cargo bench --bench feed_list -- 51
//! ```
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]
#![expect(clippy::unwrap_used, reason = "a benchmark that can't be set up has failed")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use az_cargo_wizard::azure::Azure;
use az_cargo_wizard::domain::feed::Feed;
use az_cargo_wizard::domain::organization::Target;
use az_cargo_wizard::net::{self, HttpSettings};
use az_cargo_wizard::task::check::{Checkout, Guess, HostTrust};
use az_cargo_wizard::task::{Event, JobId, Request};
use az_cargo_wizard::tui::{App, Effect, Key, Msg, Opening, Step, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::{Value, json};

const FEEDS: usize = 5_000;
const PROJECTS: usize = 2_000;
const PAGE: usize = 100;
const SIZE: (u16, u16) = (120, 36);
const FRAME: Duration = Duration::from_micros(16_667);

/// What is typed into the filter: few matches, many, and none.
const TYPED: &str = "feed 49 project 1 zz";

fn main() {
    let rounds = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(21);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let server = Server::start();
    println!(
        "{FEEDS} feeds ({} kB of JSON), {PROJECTS} projects; {rounds} rounds",
        server.feeds.len() / 1000
    );
    println!("{:<54} {:>10} {:>10} {:>10}", "figure", "p50", "max", "goal");
    let feeds = runtime.block_on(reading(&server, rounds));
    showing(&feeds, rounds);
}

/// Asks for the lists as the wizard does, in turns with the anchor.
async fn reading(server: &Server, rounds: usize) -> Vec<Feed> {
    net::init();
    let client = net::client(&HttpSettings { loopback_only: true, ..HttpSettings::default() }).unwrap();
    let collection = Target::parse(&format!("{}/contoso", server.origin)).unwrap().collection;
    let azure = Azure::new(client.clone(), collection, None);
    let (mut lists, mut anchors, mut projects) = (Times::default(), Times::default(), Times::default());
    let mut feeds = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        feeds = azure.feeds().await.unwrap();
        lists.add(start);
        let start = Instant::now();
        let url = format!("{}/contoso/_apis/packaging/feeds", server.origin);
        let bytes = client.get(url).send().await.unwrap().bytes().await.unwrap();
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        std::hint::black_box(&value);
        anchors.add(start);
        let start = Instant::now();
        assert_eq!(azure.projects().await.unwrap().len(), PROJECTS);
        projects.add(start);
    }
    assert_eq!(feeds.len(), FEEDS);
    lists.print("feeds: asked for, read, cleaned, sorted", None);
    anchors.print("anchor: the same bytes into serde_json::Value", None);
    println!(
        "{:<54} {:>9.2}x",
        "ratio of the medians",
        lists.p50().as_secs_f64() / anchors.p50().as_secs_f64()
    );
    projects.print("projects: 20 pages, one after the other", None);
    feeds
}

/// Shows them, types into the filter and moves; every key with the frame that follows.
fn showing(feeds: &[Feed], rounds: usize) {
    let (mut taken, mut keys, mut frames, mut moves) =
        (Times::default(), Times::default(), Times::default(), Times::default());
    for _ in 0..rounds {
        let mut wizard = Wizard::at_feeds();
        let list = feeds.to_vec();
        let start = Instant::now();
        wizard.answer(Event::Feeds(list));
        wizard.draw();
        taken.add(start);
        wizard.key(Key::Char('/'));
        let typed = TYPED.chars().map(Key::Char);
        for key in typed.chain(std::iter::repeat_n(Key::Backspace, TYPED.len())) {
            let start = Instant::now();
            wizard.key(key);
            wizard.draw();
            keys.add(start);
        }
        wizard.key(Key::Enter);
        for key in
            [Key::Char('G'), Key::PageUp, Key::Char('k'), Key::Char('g'), Key::PageDown, Key::Char('j')]
        {
            let start = Instant::now();
            wizard.key(key);
            wizard.draw();
            moves.add(start);
        }
        let start = Instant::now();
        wizard.draw();
        frames.add(start);
    }
    taken.print("the list arrives and is drawn", Some(FRAME));
    keys.print("a key in the filter, with its frame", Some(FRAME));
    moves.print("a key that moves, with its frame", Some(FRAME));
    frames.print("a frame alone", Some(FRAME));
}

/// The wizard on a terminal in memory, without anything behind it.
struct Wizard {
    app: App,
    terminal: Terminal<TestBackend>,
    job: JobId,
}

impl Wizard {
    /// At the list of feeds, which has been asked for.
    fn at_feeds() -> Self {
        let (app, effects) = App::new(Theme::default(), Opening::Wizard);
        let terminal = Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).unwrap();
        let mut wizard = Self { app, terminal, job: JobId(0) };
        wizard.carry_out(effects);
        let guess = Guess {
            target: Target::parse("contoso").unwrap(),
            source: "git remote origin".to_owned(),
            host: HostTrust::Known,
        };
        let checkout = Checkout {
            workspace: Some("/home/ana/shop".into()),
            guesses: vec![guess],
            ..Checkout::default()
        };
        wizard.answer(Event::Checked(Box::new(checkout)));
        wizard.key(Key::Enter);
        // The last way: without signing in.
        (0..9).for_each(|_| wizard.key(Key::Down));
        wizard.key(Key::Enter);
        assert_eq!(wizard.app.step(), Step::Feed);
        wizard
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if let Effect::Start(id, request) = effect
                && !matches!(request, Request::FeedDetails(_) | Request::LeaveUnfinished(_))
            {
                self.job = id;
            }
        }
    }

    fn answer(&mut self, event: Event) {
        let effects = self.app.update(Msg::Job(self.job, event));
        self.carry_out(effects);
    }

    fn key(&mut self, key: Key) {
        let effects = self.app.update(Msg::Key(key));
        self.carry_out(effects);
    }

    fn draw(&mut self) {
        self.terminal.draw(|frame| self.app.view(frame)).unwrap();
    }
}

#[derive(Debug, Default)]
struct Times(Vec<Duration>);

impl Times {
    fn add(&mut self, start: Instant) {
        self.0.push(start.elapsed());
    }

    fn p50(&self) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort();
        sorted[sorted.len() / 2]
    }

    fn print(&self, figure: &str, goal: Option<Duration>) {
        let millis = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1000.0);
        let max = self.0.iter().max().copied().unwrap_or_default();
        let goal = goal.map_or(String::new(), millis);
        println!("{figure:<54} {:>10} {:>10} {goal:>10}", millis(self.p50()), millis(max));
    }
}

/// Gives out prepared lists on loopback, over connections that stay.
struct Server {
    origin: String,
    feeds: Arc<Vec<u8>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let feeds = Arc::new(feeds());
        let shared = Arc::clone(&feeds);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let feeds = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream.unwrap(), &feeds));
            }
        });
        Self { origin, feeds }
    }
}

fn serve(mut stream: TcpStream, feeds: &[u8]) {
    let mut head = Vec::new();
    let mut bytes = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut bytes) {
        head.extend_from_slice(&bytes[..read]);
        let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let line = String::from_utf8_lossy(&head[..end]).lines().next().unwrap_or_default().to_owned();
        head.drain(..end + 4);
        let sent = if line.contains("/_apis/projects") {
            page(&mut stream, &line)
        } else {
            send(&mut stream, feeds, "")
        };
        if sent.is_err() {
            return;
        }
    }
}

fn page(stream: &mut TcpStream, line: &str) -> std::io::Result<()> {
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    let from =
        line.split_once("continuationToken=").and_then(|(_, rest)| digits(rest).parse().ok()).unwrap_or(0);
    let to = (from + PAGE).min(PROJECTS);
    let projects: Vec<Value> = (from..to).map(project).collect();
    let next = if to < PROJECTS { format!("x-ms-continuationtoken: {to}\r\n") } else { String::new() };
    send(stream, json!({ "count": projects.len(), "value": projects }).to_string().as_bytes(), &next)
}

fn send(stream: &mut TcpStream, body: &[u8], headers: &str) -> std::io::Result<()> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nActivityId: 99999999-0000-0000-0000-000000000000\r\n{headers}\
         Content-Type: application/json; charset=utf-8; api-version=7.1\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    // In one piece: two would wait for each other's acknowledgment.
    stream.write_all(&[head.as_bytes(), body].concat())
}

fn project(number: usize) -> Value {
    json!({
        "id": guid(1, number), "name": format!("Project {number:04}"), "description": "Crates of one team",
        "url": format!("https://dev.azure.com/contoso/_apis/projects/{}", guid(1, number)), "state": "wellFormed",
        "revision": 12, "visibility": "private", "lastUpdateTime": "2023-07-06T09:03:15.2712345Z",
    })
}

/// Feeds as the service sends them, each with the common public sources (azure-contract 5.3, 5.4).
fn feeds() -> Vec<u8> {
    let source = |number: usize, name: &str, protocol: &str, location: &str| {
        json!({
            "id": guid(3, number), "name": name, "protocol": protocol, "location": location,
            "displayLocation": location, "upstreamSourceType": "public", "status": "ok",
        })
    };
    let feed = |number: usize| {
        let sources = [
            source(number, "npmjs", "npm", "https://registry.npmjs.org/"),
            source(number, "NuGet Gallery", "nuget", "https://api.nuget.org/v3/index.json"),
            source(number, "PyPI", "pypi", "https://pypi.org/"),
            source(number, "crates.io", "Cargo", "https://index.crates.io/"),
        ];
        json!({
            "id": guid(2, number), "name": format!("feed-{number:04}"), "description": "crates.io mirror and our own crates",
            "url": format!("https://feeds.dev.azure.com/contoso/_apis/Packaging/Feeds/{}", guid(2, number)),
            "_links": { "self": { "href": "https://feeds.dev.azure.com/contoso" } },
            "project": (!number.is_multiple_of(5)).then(|| project(number % PROJECTS)),
            "fullyQualifiedName": format!("feed-{number:04}"), "view": null, "defaultViewId": guid(4, number),
            "isReadOnly": false, "capabilities": "defaultCapabilities", "hideDeletedPackageVersions": true,
            "badgesEnabled": false, "upstreamEnabled": true, "upstreamSources": sources, "permissions": null,
            "deletedDate": null,
        })
    };
    let feeds: Vec<Value> = (0..FEEDS).map(feed).collect();
    json!({ "count": feeds.len(), "value": feeds }).to_string().into_bytes()
}

fn guid(kind: usize, number: usize) -> String {
    format!("{number:08x}-0000-4000-a000-{kind:012x}")
}
