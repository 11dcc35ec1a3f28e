//! The demo over its own sockets, and with the real Cargo.

mod account;
mod cargo;
mod changes;
mod entra;
mod feeds;
mod folder;
mod pats;
mod publishing;
mod registry;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Demo, DemoOptions, Pace};
use crate::domain::credential::Secret;

const SUPPRESS: (&str, &str) = ("X-TFS-FedAuthRedirect", "Suppress");

/// A demo in a temporary folder.
async fn demo() -> Demo {
    let options = DemoOptions { dir: None, temp_parent: temp_parent(), pace: Pace::Fast };
    Demo::start(options).await.unwrap()
}

/// Where the system keeps temporary folders.
fn temp_parent() -> std::path::PathBuf {
    tempfile::tempdir().unwrap().path().parent().unwrap().to_owned()
}

/// One reply, taken from the wire as it is: redirects are not followed.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_str(self.text().trim_start_matches('\u{feff}'))
            .unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The names in a list's envelope, after checking the count.
    fn names(&self) -> Vec<String> {
        let json = self.json();
        let values = json["value"].as_array().unwrap();
        assert_eq!(json["count"], values.len());
        values.iter().map(|value| value["name"].as_str().unwrap().to_owned()).collect()
    }
}

fn basic(token: &Secret) -> String {
    format!("Basic {}", STANDARD.encode(format!(":{}", token.expose())))
}

/// A request with the person's token.
async fn get(demo: &Demo, path: &str) -> Answer {
    get_as(demo, demo.token(), path).await
}

async fn get_as(demo: &Demo, token: &Secret, path: &str) -> Answer {
    send(&format!("{}{path}", demo.origin()), &[SUPPRESS, ("Authorization", &basic(token))]).await
}

async fn get_anonymously(demo: &Demo, path: &str) -> Answer {
    send(&format!("{}{path}", demo.origin()), &[SUPPRESS]).await
}

async fn send(url: &str, headers: &[(&str, &str)]) -> Answer {
    exchange(("GET", url), headers, "").await
}

/// A request that changes something, with the person's token.
async fn change(demo: &Demo, method: &str, path: &str, body: &Value) -> Answer {
    change_as((demo, demo.token()), method, path, body).await
}

async fn change_as((demo, token): (&Demo, &Secret), method: &str, path: &str, body: &Value) -> Answer {
    let (url, authorization) = (format!("{}{path}", demo.origin()), basic(token));
    let headers = [SUPPRESS, ("Authorization", &authorization), ("Content-Type", "application/json")];
    exchange((method, &url), &headers, &body.to_string()).await
}

async fn exchange((method, url): (&str, &str), headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Answer {
    let body = body.as_ref();
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_at(rest.find('/').unwrap());
    let length = body.len();
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n"
    );
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(&[format!("{request}\r\n").as_bytes(), body].concat()).await.unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await.unwrap();
    let end = reply.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = std::str::from_utf8(&reply[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.filter_map(|line| line.split_once(": ")).map(|(k, v)| (k.into(), v.into())).collect();
    let answer = Answer { status, headers, body: reply[end + 4..].to_vec() };
    if let Some(length) = answer.header("content-length") {
        assert_eq!(length.parse::<usize>().unwrap(), answer.body.len());
    }
    answer
}
