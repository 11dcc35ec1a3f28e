//! A server for the tests of this room: gives out prepared bytes on loopback, and remembers what it was
//! asked. Knows nothing of Azure DevOps beyond the bytes.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::client::Azure;
use super::openapi::{Documents, Seen};
use crate::domain::credential::{Credential, Secret};
use crate::domain::organization::{Base, Collection};
use crate::net::{self, HttpSettings};

/// The token that every test signs in with, and the header it becomes.
pub(super) const TOKEN: &str = "hunter2";
pub(super) const HEADER: &str = "authorization: Basic Omh1bnRlcjI=";

/// A reply with the headers that Azure DevOps always sends.
pub(super) fn reply(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nX-TFS-ProcessId: 11111111-2222-3333-4444-555555555555\r\n\
         ActivityId: 99999999-0000-0000-0000-000000000000\r\n{headers}Content-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )
}

/// A JSON success, with the media type's parameters that the service adds.
pub(super) fn json(body: &str) -> String {
    reply("200 OK", "Content-Type: application/json; charset=utf-8; api-version=7.1\r\n", body)
}

/// A JSON refusal.
pub(super) fn refusal(status: &str, body: &str) -> String {
    reply(status, "Content-Type: application/json; charset=utf-8\r\n", body)
}

/// Class 3: what a dead token, or one without the scope, gets.
pub(super) fn token_refused() -> String {
    reply("401 Unauthorized", "WWW-Authenticate: Basic realm=\"https://tfsprod.visualstudio.com/\"\r\n", "")
}

/// Replies to requests whose line holds a text, each given out once, in order.
#[derive(Debug, Default)]
struct Script {
    replies: Vec<(String, String)>,
    heard: Vec<String>,
    /// Sends fields that the documents don't have yet.
    is_ahead: bool,
}

impl Script {
    fn answer(&mut self, request: String) -> String {
        let line = without_version(request.lines().next().unwrap_or_default());
        self.heard.push(request);
        match self.replies.iter().position(|(part, _)| line.contains(part)) {
            Some(found) => self.replies.remove(found).1,
            None => reply("418 Unscripted", "", ""),
        }
    }
}

/// The running server; ends with the test's runtime.
#[derive(Debug)]
pub(super) struct Canned {
    address: String,
    script: Arc<Mutex<Script>>,
}

impl Canned {
    /// Serves the replies: each a part of the request line that it is for, and its bytes.
    pub(super) async fn serve<const N: usize>(replies: [(&str, String); N]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let replies = replies.into_iter().map(|(part, reply)| (part.to_owned(), reply)).collect();
        let script = Arc::new(Mutex::new(Script { replies, ..Script::default() }));
        let shared = Arc::clone(&script);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&shared)));
            }
        });
        Self { address, script }
    }

    /// Its answers have fields that Microsoft's documents don't have yet, and so have the requests that give them
    /// back.
    pub(super) fn is_ahead(&self) {
        self.script.lock().unwrap().is_ahead = true;
    }

    pub(super) fn base(&self) -> String {
        format!("http://{}/contoso", self.address)
    }

    /// A client of this server's collection, signed in.
    pub(super) fn azure(&self) -> Azure {
        self.azure_with(Some(Credential::Pat(Secret::new(TOKEN))))
    }

    pub(super) fn azure_with(&self, credential: Option<Credential>) -> Azure {
        let base = Base::parse(&self.base()).unwrap();
        Azure::new(loopback_client(), Collection::Server { base }, credential)
            .in_the_clear()
            .without_backoff()
    }

    /// The requests so far, heads with header names in lower case, and bodies.
    pub(super) fn heard(&self) -> Vec<String> {
        self.script.lock().unwrap().heard.clone()
    }

    /// The bodies of the requests with that method.
    pub(super) fn bodies(&self, method: &str) -> Vec<String> {
        let of_method = self.heard().into_iter().filter(|request| request.starts_with(method));
        of_method.filter_map(|request| Some(request.split_once("\r\n\r\n")?.1.to_owned())).collect()
    }

    /// Paths and queries of the requests so far, percent-decoded; without the API version.
    pub(super) fn paths(&self) -> Vec<String> {
        let path = |head: &String| without_version(head.split(' ').nth(1).unwrap_or_default());
        self.heard().iter().map(|head| crate::domain::segment::decode(&path(head))).collect()
    }
}

/// Every request of a REST resource names a version; which one matters to few tests.
fn without_version(line: &str) -> String {
    let Some(at) = line.find("api-version=") else { return line.to_owned() };
    let rest = line[at..].find(['&', ' ']).map_or("", |end| &line[at + end..]);
    format!("{}{rest}", line[..at].trim_end_matches(['?', '&']))
}

/// What it was asked is judged by Microsoft's own documents, as in every other test; an address that is none of
/// Azure's was made up for a test of how anything is sent.
impl Drop for Canned {
    fn drop(&mut self) {
        let asked: Vec<Seen> = self.heard().iter().map(|request| Seen::parse(request)).collect();
        let known: Vec<Seen> = asked.into_iter().filter(|seen| Documents::get().knows(seen)).collect();
        let complaints = Documents::get().complaints(&known);
        let is_excused = std::thread::panicking() || self.script.lock().unwrap().is_ahead;
        assert!(is_excused || complaints.is_empty(), "{complaints:#?}");
    }
}

pub(super) fn loopback_client() -> reqwest::Client {
    net::init();
    net::client(&HttpSettings { loopback_only: true, ..HttpSettings::default() }).unwrap()
}

async fn answer(mut stream: TcpStream, script: Arc<Mutex<Script>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let mut request = String::from_utf8(head).unwrap();
    let length = request.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    if stream.read_exact(&mut body).await.is_err() {
        return;
    }
    request.push_str(std::str::from_utf8(&body).unwrap());
    let reply = script.lock().unwrap().answer(request);
    // The client may have gone away; that is its right.
    let _ = stream.write_all(reply.as_bytes()).await;
    let _ = stream.shutdown().await;
}
