//! Against a server of a few lines: what is told, in which order, and what cancelling does.

use std::collections::VecDeque;
use std::sync::Mutex;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::*;
use crate::domain::credential::Secret;
use crate::domain::new_feed::{Description, FeedScope, Visibility};
use crate::domain::organization::Target;
use crate::host::{Clock, Host, TerminalFlags};
use crate::task::{DemoPlace, JobId, Request, Settled};

/// Answers in order; says of each request what it was.
struct Server {
    origin: String,
    heard: Arc<Mutex<Vec<String>>>,
    told: mpsc::UnboundedReceiver<String>,
    /// Lets the next answer out.
    gate: mpsc::UnboundedSender<()>,
}

impl Server {
    async fn serve(replies: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let mut replies: VecDeque<(String, String)> =
            replies.iter().map(|(status, body)| ((*status).to_owned(), (*body).to_owned())).collect();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (tell, told) = mpsc::unbounded_channel();
        let (gate, mut open) = mpsc::unbounded_channel();
        let shared = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let line = read(&mut stream).await;
                shared.lock().unwrap().push(line.clone());
                // The test may have ended.
                let _ = tell.send(line);
                if open.recv().await.is_none() {
                    return;
                }
                let (status, body) = replies.pop_front().unwrap_or(("418 Unscripted".into(), String::new()));
                let reply = format!(
                    "HTTP/1.1 {status}\r\nActivityId: 1\r\nContent-Type: application/json\r\n\
                     Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(reply.as_bytes()).await;
            }
        });
        Self { origin, heard, told, gate }
    }

    /// Lets that many answers out as soon as they are asked for.
    fn open(&self, answers: usize) {
        for _ in 0..answers {
            self.gate.send(()).unwrap();
        }
    }

    fn heard(&self, method: &str) -> usize {
        self.heard.lock().unwrap().iter().filter(|line| line.starts_with(method)).count()
    }
}

/// The request line; the body is read and dropped.
async fn read(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    stream.read_exact(&mut vec![0; length.unwrap_or(0)]).await.unwrap();
    head.lines().next().unwrap().to_owned()
}

fn services(server: &Server, dir: &std::path::Path) -> Arc<Services> {
    let host = Host {
        args: Vec::new(),
        program: None,
        env: crate::host::Env::default(),
        cwd: dir.to_owned(),
        home: Some(dir.to_owned()),
        state_dir: Some(dir.to_owned()),
        temp_dir: dir.to_owned(),
        terminal: TerminalFlags { stdin: false, stdout: false, stderr: false },
        clock: Clock::Fake { since_start: std::time::Duration::ZERO, now: std::time::SystemTime::UNIX_EPOCH },
        machine: Some("LAPTOP-7".to_owned()),
    };
    let demo = DemoPlace {
        origin: server.origin.clone(),
        token: String::new(),
        project_dir: dir.to_owned(),
        cargo_home: dir.to_owned(),
        state_dir: dir.to_owned(),
    };
    Arc::new(Services::new(host, Settled { demo: Some(demo), ..Settled::default() }).unwrap())
}

fn new(name: &str) -> NewFeed {
    NewFeed {
        name: FeedName::parse(name).unwrap(),
        description: Description::default(),
        visibility: Visibility::Organization,
        sources: Sources::None,
        scope: FeedScope::Organization,
    }
}

/// A job under way.
struct Job {
    events: mpsc::Receiver<(JobId, Event)>,
    cancel: Option<oneshot::Sender<()>>,
    _dir: tempfile::TempDir,
}

impl Job {
    fn start(server: &Server, names: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let services = services(server, dir.path());
        let collection = Target::parse(&format!("{}/contoso", server.origin)).unwrap().collection;
        let credential = Credential::Pat(Secret::new("hunter2"));
        let feeds = names.iter().map(|name| new(name)).collect();
        let change = Change::Create(NewFeeds { collection, credential, feeds });
        let (sender, events) = mpsc::channel(16);
        let (cancel, cancelled) = oneshot::channel();
        let reporter = Events::new(JobId(1), sender);
        tokio::spawn(async move {
            let request = Request::Change(Box::new(change));
            crate::task::run(services, request, (&reporter, cancelled)).await;
        });
        Self { events, cancel: Some(cancel), _dir: dir }
    }

    fn cancel(&mut self) {
        self.cancel.take().unwrap().send(()).unwrap();
    }

    async fn rest(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some((_, event)) = self.events.recv().await {
            let is_last = event.is_last();
            events.push(event);
            if is_last {
                break;
            }
        }
        events
    }
}

const LIST: (&str, &str) = ("200 OK", r#"{"value":[]}"#);
const FEED: (&str, &str) = ("200 OK", r#"{"id":"f","name":"one"}"#);
const VIEW: (&str, &str) = ("200 OK", r#"{"name":"Local","visibility":"collection"}"#);
const HIDDEN: (&str, &str) = ("200 OK", r#"{"name":"Local","visibility":"private"}"#);
const TAKEN: (&str, &str) = ("409 Conflict", "{}");

#[tokio::test]
async fn each_feed_is_told_when_it_is_sent_and_when_it_is_made() {
    let server =
        Server::serve(&[LIST, FEED, FEED, VIEW, VIEW, FEED, FEED, ("401 Unauthorized", ""), HIDDEN]).await;
    server.open(9);
    let events = Job::start(&server, &["one", "two"]).rest().await;
    let [
        Event::Sending(one),
        Event::FeedMade(first),
        Event::Sending(_),
        Event::FeedMade(second),
        Event::FeedsMade,
    ] = events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert_eq!((one.as_str(), first.shortfalls.len()), ("one", 0));
    let report = &second.shortfalls[0];
    assert_eq!(
        (report.headline.as_str(), report.code),
        ("feed created; visibility not set", "visibility-not-set")
    );
    let page = format!("{}/contoso/_packaging?_a=settings&feed=two", server.origin);
    assert!(report.hint.as_ref().unwrap().contains(&page), "{report}");
    assert!(report.causes[0].contains("refused the token"), "{report}");
    assert_eq!(server.heard("POST"), 2);
}

#[tokio::test]
async fn before_anything_is_sent_it_can_be_cancelled() {
    let mut server = Server::serve(&[LIST]).await;
    let mut job = Job::start(&server, &["one"]);
    assert!(server.told.recv().await.unwrap().starts_with("GET"));
    job.cancel();
    assert_eq!(job.rest().await, [Event::Cancelled]);
    assert_eq!(server.heard("POST"), 0);
}

#[tokio::test]
async fn what_has_been_sent_is_not_cancelled_and_what_has_not_is() {
    let mut server = Server::serve(&[LIST, FEED, FEED, VIEW, VIEW]).await;
    let mut job = Job::start(&server, &["one", "two"]);
    assert!(server.told.recv().await.unwrap().starts_with("GET"));
    server.open(1);
    assert!(server.told.recv().await.unwrap().starts_with("POST"));
    job.cancel();
    server.open(4);
    let events = job.rest().await;
    assert!(
        matches!(events.as_slice(), [Event::Sending(_), Event::FeedMade(_), Event::Cancelled]),
        "{events:?}"
    );
    assert_eq!(server.heard("POST"), 1);
}

#[tokio::test]
async fn when_the_second_fails_the_first_is_made_all_the_same() {
    let server = Server::serve(&[LIST, FEED, FEED, VIEW, VIEW, TAKEN, LIST, LIST]).await;
    server.open(8);
    let events = Job::start(&server, &["one", "two"]).rest().await;
    let [Event::Sending(_), Event::FeedMade(made), Event::Sending(_), Event::Failed(report)] =
        events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert_eq!((made.feed.id.as_str(), report.code), ("f", "feed-name-taken"));
}
