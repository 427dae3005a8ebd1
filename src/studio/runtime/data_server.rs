//! Business data by HTTP: `POST /data` and `PUT /data` replace it, `PATCH /data` merges (RFC 7396), `GET /data` returns what holds.
//!
//! Whoever may post may choose what is on air. So a token is needed (RFC 6750 §2.1), compared in a time that tells nothing; without
//! one only this machine is listened to, and no web page on it: a page would have to name its origin, and cannot send JSON
//! elsewhere without being asked first.

use std::convert::Infallible;
use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::reporters::{Inputs, post};
use crate::control::desk::{Desk, Order, Reply};
use crate::rules::{Data, DataError, MAX_BYTES};
use crate::secret::Secret;
use crate::studio::command::Command;
use crate::studio::model::{Cause, EventLevel};
use crate::studio::update::Input;

/// Connections at the same time; whoever comes then waits.
const CONNECTIONS: usize = 32;

/// For the head of a request, and for its body.
const WITHIN: Duration = Duration::from_secs(10);

/// The longest head of a request.
const MAX_HEAD: usize = 16 * 1024;

/// A connection is closed after this long, however often it is used.
const LIFETIME: Duration = Duration::from_mins(5);

/// Where a request comes from.
#[derive(Clone, Copy)]
struct Peer(SocketAddr);

/// Takes data in.
#[derive(Clone)]
pub struct Server(Arc<Inner>);

struct Inner {
    desk: Desk,
    token: Option<Secret>,
    inputs: Inputs,
    /// Whether a wrong token has been told.
    is_told: AtomicBool,
}

/// Opens the socket, and says where.
pub async fn listen(address: SocketAddr) -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

impl Server {
    /// For the studio at `desk`.
    pub fn new(desk: Desk, token: Option<Secret>, inputs: Inputs) -> Self {
        Self(Arc::new(Inner {
            desk,
            token,
            inputs,
            is_told: AtomicBool::new(false),
        }))
    }

    /// Serves until it is dropped.
    pub async fn run(self, listener: TcpListener) {
        let router = Router::new()
            .route("/data", get(show).post(replace).put(replace).patch(merge))
            .with_state(self);
        let seats = Arc::new(Semaphore::new(CONNECTIONS));
        // Aborted with this task.
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let Ok(seat) = Arc::clone(&seats).acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, peer)) => {
                    let router = router.clone();
                    connections.spawn(async move {
                        let _seat = seat;
                        let _ = timeout(LIFETIME, requests(stream, Peer(peer), router)).await;
                    });
                }
                // No descriptors are left, most likely. Some will be free in a moment.
                Err(_) => sleep(Duration::from_millis(200)).await,
            }
        }
    }
}

async fn requests(stream: TcpStream, peer: Peer, router: Router) {
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        let answer = router.call(request);
        async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
    });
    // An error here is a peer that went away or spoke nonsense; it has been answered where it could be.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(WITHIN)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn show(State(server): State<Server>, request: Request) -> Response {
    if let Some(refusal) = server.refusal(&request) {
        return refusal;
    }
    let values = server.0.desk.state.borrow().data.values.value();
    answer(StatusCode::OK, values.to_string())
}

async fn replace(State(server): State<Server>, request: Request) -> Response {
    let taken = server.take(request, |body| Data::parse(body).map(Command::DataSet));
    taken.await
}

async fn merge(State(server): State<Server>, request: Request) -> Response {
    // Held against nothing first: whether the sum is in bounds is known only where the data is.
    let taken = server.take(request, |body| {
        Data::default().patched(body)?;
        let text = String::from_utf8_lossy(body).into_owned();
        Ok(Command::DataMerge(text))
    });
    taken.await
}

impl Server {
    /// Reads the body of a request and has the studio do what it says.
    async fn take(&self, request: Request, read: impl FnOnce(&[u8]) -> Result<Command, DataError>) -> Response {
        if let Some(refusal) = self.refusal(&request) {
            return refusal;
        }
        if !is_json(request.headers()) {
            return problem(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "the body must be Content-Type: application/json",
            );
        }
        let peer = request
            .extensions()
            .get::<Peer>()
            .map(|peer| peer.0.ip().to_canonical());
        let line = format!("{} /data", request.method());
        let body = match timeout(WITHIN, to_bytes(request.into_body(), MAX_BYTES)).await {
            Ok(Ok(body)) => body,
            Ok(Err(_)) => {
                let what = format!("the body must have {MAX_BYTES} bytes at most");
                return problem(StatusCode::PAYLOAD_TOO_LARGE, &what);
            }
            Err(_) => return problem(StatusCode::REQUEST_TIMEOUT, "the body did not come in time"),
        };
        let command = match read(&body) {
            Ok(command) => command,
            Err(error) => return refused(&error),
        };
        let (reply, answered) = Reply::new(Cause {
            by: peer.map_or_else(|| "http".to_owned(), |peer| format!("http {peer}")),
            command: line,
        });
        let order = Order {
            command,
            // Values are no words of an operator: what comes of them is for the rules to say.
            is_unasked: false,
            reply,
        };
        if self.0.desk.orders.send(order).await.is_err() {
            return problem(StatusCode::SERVICE_UNAVAILABLE, "the show has ended");
        }
        match answered.await {
            Ok(Ok(_)) => {
                let count = self.0.desk.state.borrow().data.values.len();
                answer(StatusCode::OK, format!("{{\"ok\":true,\"values\":{count}}}"))
            }
            Ok(Err(refusal)) => problem(StatusCode::UNPROCESSABLE_ENTITY, &refusal),
            Err(_) => problem(StatusCode::SERVICE_UNAVAILABLE, "the show has ended"),
        }
    }

    /// Why this request is not let in.
    fn refusal(&self, request: &Request) -> Option<Response> {
        let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
        if is_let_in(self.0.token.as_ref(), request.headers(), peer) {
            return None;
        }
        // Once: whoever tries all tokens is not to fill the list of events.
        if !self.0.is_told.swap(true, Ordering::Relaxed) {
            let from = peer.map_or_else(String::new, |peer| format!(" from {}", peer.ip().to_canonical()));
            let text = format!("a request{from} without the right token was refused; further ones are not told");
            post(
                &self.0.inputs,
                Input::Event(EventLevel::Warning, "data".to_owned(), text),
            );
        }
        let bearer = [(header::WWW_AUTHENTICATE, "Bearer realm=\"rigcast\"")];
        let refusal = problem(
            StatusCode::UNAUTHORIZED,
            "a token is needed: Authorization: Bearer TOKEN",
        );
        Some((bearer, refusal).into_response())
    }
}

/// Whether the token of a request counts, or none is needed.
fn is_let_in(token: Option<&Secret>, headers: &HeaderMap, peer: Option<SocketAddr>) -> bool {
    if let Some(token) = token {
        return is_same(token, bearer(headers).unwrap_or_default());
    }
    let is_here = peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    is_here && !headers.contains_key(header::ORIGIN) && is_local_host(headers)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Looks at all of the token, whatever is found on the way. Only its length could be told from the time it takes.
fn is_same(token: &Secret, given: &str) -> bool {
    let token = token.expose().as_bytes();
    let pairs = token.iter().zip(given.bytes());
    let difference = pairs.fold(0, |all, (a, b)| black_box(all | (a ^ b)));
    difference == 0 && token.len() == given.len() && !token.is_empty()
}

/// Whether the host asked for is this machine by its own name or an address: somebody else's name could be made to lead here.
fn is_local_host(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let Some(Ok(url)) = host.map(|host| url::Url::parse(&format!("http://{host}/"))) else {
        return false;
    };
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(_) => true,
        None => false,
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    let kinds = ["application/json", "application/merge-patch+json"];
    kinds.iter().any(|known| kind.eq_ignore_ascii_case(known))
}

fn refused(error: &DataError) -> Response {
    let status = match error {
        DataError::Long => StatusCode::PAYLOAD_TOO_LARGE,
        DataError::Json { .. } => StatusCode::BAD_REQUEST,
        DataError::NoObject(_) | DataError::Deep | DataError::Many => StatusCode::UNPROCESSABLE_ENTITY,
    };
    problem(status, &error.to_string())
}

fn problem(status: StatusCode, what: &str) -> Response {
    let body = serde_json::json!({ "ok": false, "error": what });
    answer(status, body.to_string())
}

fn answer(status: StatusCode, body: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, body).into_response()
}

#[cfg(test)]
#[path = "data_server_tests.rs"]
mod tests;
