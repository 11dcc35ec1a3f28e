//! The two loopback listeners: Azure itself, and the storage that its downloads lead to; and connections that come
//! under other names. Accepts, asks the routes, adds the headers that every answer has, and keeps a log for tests.

use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, Limited, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::access::{ACCOUNT, Access, Caller, person_id};
use super::call::Call;
use super::crates::{Catalog, Crate};
use super::entra::Desk;
use super::faults::{Armory, Fault, Sending};
use super::front::Front;
use super::pace::Pace;
use super::pats::{Office, Pat};
use super::project::append_line;
use super::publish::{KeptCrate, Shelf};
use super::reply::{Reply, Weight};
use super::world::{Feed, Guid, KeptFeed, Supply, World};
use super::{blob, hostile, routes};

/// How many requests are remembered.
const LOG_LENGTH: usize = 10_000;

/// More than a crate that one would publish for a try.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// The pause after a connection could not be accepted, such as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Between the first half of an answer and the end of its connection.
const CUT_PAUSE: Duration = Duration::from_millis(50);

type Body = UnsyncBoxBody<Bytes, Cut>;

/// One request that the demo has answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestLog {
    pub method: String,
    /// The host and port that it was addressed to.
    pub host: String,
    /// As it came, without the query: that may hold a signature.
    pub path: String,
    /// Empty where the storage was asked.
    pub query: Vec<(String, String)>,
    /// The headers `User-Agent`, `Accept` and `Content-Type`.
    pub agent: String,
    pub accept: String,
    pub content_type: String,
    /// Where it is JSON.
    pub body: String,
    pub status: u16,
    /// Whether an `Authorization` header came with it, good or bad.
    pub authorized: bool,
    /// What was armed for it.
    #[serde(skip)]
    pub fault: Option<Fault>,
}

/// A connection that ends before its answer does.
#[derive(Debug, thiserror::Error)]
#[error("cut by a fault")]
struct Cut;

/// Everything that the answers depend on.
#[derive(Debug)]
pub(super) struct State {
    /// Whole and unchanging for the length of a request; a change puts another in its place.
    world: Mutex<Arc<World>>,
    pub(super) catalog: Arc<Catalog>,
    pub(super) access: Access,
    pub(super) entra: Desk,
    pub(super) pats: Office,
    pub(super) shelf: Shelf,
    pub(super) origin: String,
    pub(super) blob_origin: String,
    pub(super) pace: Pace,
    pub(super) faults: Armory,
    hostile: AtomicBool,
    /// `{feed id}/{crate}-{version}` of what was saved since the world was made.
    saved: Mutex<BTreeSet<String>>,
    log: Mutex<VecDeque<RequestLog>>,
    log_file: Mutex<Option<PathBuf>>,
    exchanges: AtomicU64,
}

/// Which of the two listeners a connection came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Site {
    Azure,
    Blobs,
}

impl State {
    pub(super) fn new(
        catalog: Arc<Catalog>,
        access: Access,
        (origins, pace): ((String, String), Pace),
        (saved, made): (BTreeSet<String>, &[KeptFeed]),
        (pats, published): (Vec<Pat>, Vec<KeptCrate>),
    ) -> Self {
        Self {
            world: Mutex::new(Arc::new(World::load_with(made))),
            catalog,
            entra: Desk::new(&access.blob_key, pace),
            pats: Office::new(&access.blob_key, pats),
            shelf: Shelf::of(published),
            access,
            origin: origins.0,
            blob_origin: origins.1,
            pace,
            faults: Armory::default(),
            hostile: AtomicBool::new(false),
            saved: Mutex::new(saved),
            log: Mutex::new(VecDeque::new()),
            log_file: Mutex::default(),
            exchanges: AtomicU64::new(0),
        }
    }

    pub(super) fn world(&self) -> Arc<World> {
        Arc::clone(&lock(&self.world))
    }

    /// Changes the world in one step, or not at all where that is refused; another change waits meanwhile.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut World) -> Result<T, Reply>) -> Result<T, Reply> {
        let mut world = lock(&self.world);
        let mut next = World::clone(&world);
        let outcome = change(&mut next)?;
        *world = Arc::new(next);
        Ok(outcome)
    }

    /// Whether the feed itself has the crate, so that readers get it too (azure-contract 6.3).
    pub(super) fn has(&self, feed: &Feed, krate: &Crate, supply: Supply) -> bool {
        supply == Supply::Published
            || feed.has_from_the_start(&krate.stem())
            || lock(&self.saved).contains(&saved_key(feed, krate))
    }

    pub(super) fn save(&self, feed: &Feed, krate: &Crate) {
        lock(&self.saved).insert(saved_key(feed, krate));
    }

    pub(super) fn saved(&self) -> BTreeSet<String> {
        lock(&self.saved).clone()
    }

    pub(super) fn requests(&self) -> Vec<RequestLog> {
        lock(&self.log).iter().cloned().collect()
    }

    /// Ends every token that is good now; those that are given out from then on are good.
    pub(super) fn end_tokens(&self) {
        self.entra.end_tokens();
        self.access.end_tokens();
    }

    pub(super) fn turn_hostile(&self) {
        self.hostile.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_hostile(&self) -> bool {
        self.hostile.load(Ordering::Relaxed)
    }

    /// Also writes every request to the end of that file from now on, as JSON lines.
    pub(super) fn log_to(&self, file: PathBuf) {
        *lock(&self.log_file) = Some(file);
    }

    fn remember(&self, call: &Call<'_>, reply: &Reply, fault: Option<Fault>) {
        let request = call.logged(reply.status.as_u16(), fault);
        if let Some(file) = &*lock(&self.log_file) {
            append_line(file, &request);
        }
        let mut log = lock(&self.log);
        if log.len() == LOG_LENGTH {
            log.pop_front();
        }
        log.push_back(request);
    }
}

fn saved_key(feed: &Feed, krate: &Crate) -> String {
    format!("{}/{}", feed.id, krate.stem())
}

/// What is behind these locks is whole after every statement, so a panic elsewhere spoils nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves one listener until it is dropped; its connections end with it.
pub(super) async fn serve(listener: TcpListener, site: Site, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    // Small answers must not wait for each other; without it they only come later.
                    let _ = stream.set_nodelay(true);
                    connections.spawn(connection(stream, (site, Front::Loopback), Arc::clone(&state)));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves one connection to its end.
pub(super) async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    (site, front): (Site, Front),
    state: Arc<State>,
) {
    let service = service_fn(move |request| {
        let (state, front) = (Arc::clone(&state), front.clone());
        async move { answer(&state, (site, &front), request).await }
    });
    // A client that goes away in the middle is no failure of ours.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    state: &State,
    (site, front): (Site, &Front),
    request: Request<Incoming>,
) -> Result<Response<Body>, Cut> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await else {
        let refusal = Reply::text(StatusCode::PAYLOAD_TOO_LARGE, "The request is cut off or too large.");
        return Ok(into_response(refusal, state.pace, Sending::Whole));
    };
    let number = state.exchanges.fetch_add(1, Ordering::Relaxed);
    let activity = Guid::of("activity", &[&state.origin, &number.to_string()]);
    let (reply, sending) = {
        let call = Call::new(state, (front, activity), (&head, body.to_bytes()));
        let site = if call.door.is_storage() { Site::Blobs } else { site };
        let true_answer = || match site {
            Site::Azure => routes::answer(&call),
            Site::Blobs => blob::answer(&call),
        };
        let fault = state.faults.meet(&call, site);
        let (reply, sending) = match fault {
            Some(fault) => fault.answer(&call, true_answer),
            None => (true_answer(), Sending::Whole),
        };
        let is_azures = site == Site::Azure && fault.is_none_or(Fault::is_azures_own);
        let reply = if is_azures { azure_headers(&call, reply) } else { reply };
        let reply = if state.is_hostile() { hostile::poison(reply) } else { reply };
        state.remember(&call, &reply, fault);
        (reply, sending)
    };
    let delay = if let Sending::After(delay) = sending { delay } else { state.pace.latency(reply.weight) };
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    if sending == Sending::Never { Err(Cut) } else { Ok(into_response(reply, state.pace, sending)) }
}

/// What every answer of Azure DevOps carries (azure-contract 1.5, 3.3).
fn azure_headers(call: &Call<'_>, reply: Reply) -> Reply {
    let reply = reply
        .header("activityid", call.activity.to_string())
        .header("x-vss-e2eid", call.activity.to_string())
        .header("x-tfs-processid", Guid::of("process", &[]).to_string());
    let known = matches!(call.caller, Caller::Known(_)) && reply.status.as_u16() != 401;
    if known { reply.header("x-vss-userdata", format!("{}:{ACCOUNT}", person_id())) } else { reply }
}

fn into_response(reply: Reply, pace: Pace, sending: Sending) -> Response<Body> {
    let length = reply.body.len();
    let body = match (sending, pace.pieces()) {
        (Sending::InPieces { pieces, pause }, _) => {
            in_pieces(reply.body, length.div_ceil(pieces).max(1), pause)
        }
        (Sending::Half { .. }, _) => half(&reply.body),
        (_, Some((size, pause))) if reply.weight == Weight::Crate => in_pieces(reply.body, size, pause),
        _ => Full::new(reply.body).map_err(|never| match never {}).boxed_unsync(),
    };
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
    let is_announced = match sending {
        Sending::Half { announced } => announced,
        _ => reply.weight == Weight::Crate,
    };
    if is_announced {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

fn in_pieces(bytes: Bytes, size: usize, pause: Duration) -> Body {
    let pieces = stream::unfold(bytes, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let piece = rest.split_to(size.min(rest.len()));
        Some((Ok(Frame::data(piece)), rest))
    });
    StreamBody::new(pieces).boxed_unsync()
}

/// The first half, and then the end of the connection.
fn half(bytes: &Bytes) -> Body {
    let first = stream::iter([Ok(Frame::data(bytes.slice(..bytes.len() / 2)))]);
    let end = stream::once(async {
        // What was written leaves before the end does.
        tokio::time::sleep(CUT_PAUSE).await;
        Err(Cut)
    });
    StreamBody::new(first.chain(end)).boxed_unsync()
}
