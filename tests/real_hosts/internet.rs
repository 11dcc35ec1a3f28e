//! The network of one test: a CONNECT proxy on loopback, and behind it, with certificates of an own CA, every host
//! that somebody asks for. Azure's names lead to the demo; any other is there too, and only writes down what it got.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use az_cargo_wizard::demo::{Demo, DemoOptions, Entrance, Pace};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::Mutex as AsyncMutex;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use crate::support::sandbox::Sandbox;

/// What a head of a request may be at most.
const LARGEST_HEAD: usize = 64 * 1024;

/// One request as its host got it.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) host: String,
    pub(crate) path: String,
    /// Every header, as it came.
    pub(crate) head: String,
}

impl Heard {
    fn of(host: &str, head: String) -> Self {
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        Self { host: host.to_owned(), path, head }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    pub(crate) fn is_signed(&self) -> bool {
        self.header("authorization").is_some()
    }
}

/// Answers a request in place of the demo, with the bytes of a whole reply.
type Answer = Box<dyn Fn(&Heard) -> Option<String> + Send + Sync>;

/// What all connections share.
struct Behind {
    azure: Entrance,
    /// Servers of companies, by their host names.
    servers: Mutex<HashMap<String, Entrance>>,
    issuer: CertifiedIssuer<'static, KeyPair>,
    key: KeyPair,
    /// What speaks TLS in the name of a host, once somebody has asked for it.
    acceptors: Mutex<HashMap<String, TlsAcceptor>>,
    answer: Mutex<Option<Answer>>,
    /// The targets of CONNECT, and of everything else that the proxy was asked for.
    asked: Mutex<Vec<String>>,
    heard: Mutex<Vec<Heard>>,
}

/// The running network, with a sandbox whose programs know no other.
pub(crate) struct Internet {
    pub(crate) sandbox: Sandbox,
    pub(crate) demo: Demo,
    pub(crate) runtime: Runtime,
    behind: Arc<Behind>,
}

impl Internet {
    /// Programs in its sandbox go through its proxy; its CA is in [`Internet::ca_file`], and nobody knows it yet.
    pub(crate) fn start() -> Self {
        let mut sandbox = Sandbox::new();
        let runtime = Runtime::new().unwrap();
        let options = DemoOptions { dir: None, temp_parent: sandbox.root().to_owned(), pace: Pace::Fast };
        let demo = runtime.block_on(Demo::start(options)).unwrap();
        sandbox.watch(&demo);
        let issuer = authority();
        fs::write(ca_file(&sandbox), issuer.pem()).unwrap();
        let behind = Arc::new(Behind {
            azure: demo.under_cloud_names(),
            servers: Mutex::default(),
            issuer,
            key: KeyPair::generate().unwrap(),
            acceptors: Mutex::default(),
            answer: Mutex::default(),
            asked: Mutex::default(),
            heard: Mutex::default(),
        });
        let address = runtime.block_on(listen(Arc::clone(&behind)));
        // Plain http goes on to the canary of the sandbox: nothing has business there.
        for name in ["https_proxy", "HTTPS_PROXY"] {
            sandbox.set(name, format!("http://{address}"));
        }
        Self { sandbox, demo, runtime, behind }
    }

    /// The same, where Cargo and the product know the CA by Cargo's own setting.
    pub(crate) fn with_cargos_ca() -> Self {
        let mut internet = Self::start();
        let file = internet.ca_file();
        internet.sandbox.set("CARGO_HTTP_CAINFO", file);
        internet
    }

    /// Where its proxy listens.
    pub(crate) fn proxy(&self) -> String {
        self.sandbox.variable("https_proxy")
    }

    /// Takes the proxy out of the environment.
    pub(crate) fn unset_proxies(&mut self) {
        for name in ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            self.sandbox.unset(name);
        }
    }

    /// The CA's certificate, as PEM.
    pub(crate) fn ca_file(&self) -> PathBuf {
        ca_file(&self.sandbox)
    }

    /// Gives these answers in place of the demo's.
    pub(crate) fn answer(&self, answer: impl Fn(&Heard) -> Option<String> + Send + Sync + 'static) {
        *self.behind.answer.lock().unwrap() = Some(Box::new(answer));
    }

    /// Every request so far, whoever it was for.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.behind.heard.lock().unwrap().clone()
    }

    /// The hosts that the proxy was asked for.
    pub(crate) fn hosts(&self) -> BTreeSet<String> {
        self.behind.asked.lock().unwrap().iter().cloned().collect()
    }

    /// The hosts that got a credential.
    pub(crate) fn trusted_hosts(&self) -> BTreeSet<String> {
        self.heard().into_iter().filter(Heard::is_signed).map(|heard| heard.host).collect()
    }

    /// One organization as a Server's collection at that host, over https; its address.
    pub(crate) fn serve_company(&self, host: &str, organization: &str) -> String {
        let base = format!("https://{host}/DefaultCollection");
        let server = self.demo.as_server(&base, organization);
        self.behind.servers.lock().unwrap().insert(host.to_owned(), server);
        base
    }

    /// One organization as a Server's collection, on loopback and over plain http.
    pub(crate) fn serve_server(&self, organization: &'static str) -> String {
        self.runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let base = format!("http://{}/tfs/DefaultCollection", listener.local_addr().unwrap());
            let server = self.demo.as_server(&base, organization);
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(server.clone().serve(stream));
                }
            });
            base
        })
    }
}

fn ca_file(sandbox: &Sandbox) -> PathBuf {
    sandbox.root().join("ca.pem")
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    // A certificate with its issuer's own name would count as signed by itself.
    params.distinguished_name.push(DnType::CommonName, "Example Company Root");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

impl Behind {
    fn acceptor(&self, host: &str) -> TlsAcceptor {
        let mut acceptors = self.acceptors.lock().unwrap();
        acceptors.entry(host.to_owned()).or_insert_with(|| self.new_acceptor(host)).clone()
    }

    fn new_acceptor(&self, host: &str) -> TlsAcceptor {
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&self.key, &self.issuer).unwrap();
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }

    fn entrance(&self, host: &str) -> Entrance {
        self.servers.lock().unwrap().get(host).unwrap_or(&self.azure).clone()
    }

    fn reply_to(&self, heard: &Heard) -> Option<String> {
        self.answer.lock().unwrap().as_ref().and_then(|answer| answer(heard))
    }
}

async fn listen(behind: Arc<Behind>) -> SocketAddr {
    az_cargo_wizard::net::init();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(proxied(stream, Arc::clone(&behind)));
        }
    });
    address
}

/// One connection to the proxy.
async fn proxied(mut stream: TcpStream, behind: Arc<Behind>) {
    let Some(head) = read_head(&mut stream).await else { return };
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default().to_owned());
    let host = target.strip_suffix(":443").unwrap_or(&target).to_owned();
    behind.asked.lock().unwrap().push(host.clone());
    if method != "CONNECT" {
        // A client that is refused may be gone at once.
        let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await;
        return;
    }
    if stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.is_err() {
        return;
    }
    // A client that doesn't trust the certificate goes away here.
    if let Ok(stream) = behind.acceptor(&host).accept(stream).await {
        serve(stream, host, &behind).await;
    }
}

/// The requests of one connection, until either side ends it.
async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, host: String, behind: &Behind) {
    let (mut from_client, to_client) = tokio::io::split(stream);
    let to_client = Arc::new(AsyncMutex::new(to_client));
    let (inside, outside) = tokio::io::duplex(LARGEST_HEAD);
    tokio::spawn(behind.entrance(&host).serve(outside));
    let (from_azure, mut to_azure) = tokio::io::split(inside);
    tokio::spawn(give_back(from_azure, Arc::clone(&to_client)));
    while let Some(head) = read_head(&mut from_client).await {
        let heard = Heard::of(&host, head);
        let length = heard.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        behind.heard.lock().unwrap().push(heard.clone());
        if let Some(reply) = behind.reply_to(&heard) {
            let mut to_client = to_client.lock().await;
            // A client may not want to hear the rest.
            let _ = to_client.write_all(reply.as_bytes()).await;
            let _ = to_client.shutdown().await;
            return;
        }
        let mut body = vec![0; length];
        let passed_on = async {
            from_client.read_exact(&mut body).await?;
            to_azure.write_all(heard.head.as_bytes()).await?;
            to_azure.write_all(&body).await
        };
        if passed_on.await.is_err() {
            return;
        }
    }
}

/// What Azure answers, until it ends.
async fn give_back<W: AsyncWrite + Unpin>(
    mut from_azure: impl AsyncRead + Unpin,
    to_client: Arc<AsyncMutex<W>>,
) {
    let mut bytes = vec![0; LARGEST_HEAD];
    while let Ok(length @ 1..) = from_azure.read(&mut bytes).await {
        if to_client.lock().await.write_all(&bytes[..length]).await.is_err() {
            return;
        }
        // TLS keeps back what isn't flushed.
        if to_client.lock().await.flush().await.is_err() {
            return;
        }
    }
    // The client may have gone first.
    let _ = to_client.lock().await.shutdown().await;
}

/// Until the empty line, with it.
async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == LARGEST_HEAD {
            return None;
        }
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

/// The bytes of a reply that Azure could send.
pub(crate) fn azures(status: &str, headers: &[(&str, &str)], body: &str) -> String {
    let headers =
        headers.iter().fold(String::new(), |text, (name, value)| text + &format!("{name}: {value}\r\n"));
    format!(
        "HTTP/1.1 {status}\r\nX-TFS-ProcessId: 11111111-2222-3333-4444-555555555555\r\n\
         ActivityId: 99999999-0000-0000-0000-000000000000\r\n{headers}Content-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )
}
