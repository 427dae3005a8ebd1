//! The relay's addresses.
//!
//! ```text
//! /  /live/STREAM           the page             /ws/STREAM?rendition=NAME|auto    a viewer
//! /api/streams  /metrics    figures                  /rtp/STREAM                   another rig's show comes in
//! /hls/STREAM/index.m3u8    HLS
//! ```

#![expect(
    clippy::result_large_err,
    reason = "the error is the answer, made once for each request"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use url::form_urlencoded;

use super::access::{Refusal, Wish, allowed_origin, check, is_name};
use super::connection::Connection;
use super::hub::Hub;
use super::server::Peer;
use super::viewer::{Format, Ticket, Viewer};
use super::websocket::{accept_key, offers};
use super::{hls, ingest, metrics, page};

/// How long a viewer too many is asked to wait, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("10");

type Shared = State<Arc<Hub>>;

/// Everything that can be asked for.
pub(super) fn router(hub: Arc<Hub>) -> Router {
    let hls = Router::new()
        .route("/hls/{stream}/index.m3u8", get(hls::master))
        .route("/hls/{stream}/{rendition}/index.m3u8", get(hls::media))
        .route("/hls/{stream}/{rendition}/{piece}", get(hls::piece));
    Router::new()
        .route("/", get(page::index))
        .route("/live/{stream}", get(page::index))
        .route("/page/{file}", get(page::asset))
        .route("/api/streams", get(streams))
        .route("/metrics", get(figures))
        .route("/ws/{stream}", get(watch))
        .route("/rtp/{stream}", get(publish))
        .merge(if hub.settings.hls { hls } else { Router::new() })
        .layer(from_fn_with_state(Arc::clone(&hub), share))
        .with_state(hub)
}

/// Lets pages of named origins read the answers (Fetch standard, CORS protocol), and answers when they ask whether they may.
async fn share(State(hub): Shared, request: Request, next: Next) -> Response {
    let origin = allowed_origin(&hub.settings, request.headers()).and_then(|origin| HeaderValue::from_str(origin).ok());
    let is_asking = request.method() == Method::OPTIONS;
    let mut response = match &origin {
        Some(_) if is_asking => StatusCode::NO_CONTENT.into_response(),
        _ => next.run(request).await,
    };
    if let Some(origin) = origin {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::VARY, HeaderValue::from_static("Origin"));
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("Authorization, Range"),
        );
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("GET, HEAD"),
        );
    }
    response
}

/// Checks the token of a request.
pub(super) fn let_in(hub: &Hub, wish: Wish, request: &Request) -> Result<(), Response> {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    let address = peer
        .as_ref()
        .map_or(std::net::Ipv4Addr::UNSPECIFIED.into(), SocketAddr::ip);
    let query = request.uri().query().unwrap_or("");
    check(&hub.settings, wish, request.headers(), query, address).map_err(|refusal| {
        hub.refused_tokens.fetch_add(1, Ordering::Relaxed);
        match refusal {
            Refusal::Token => {
                let bearer = [(header::WWW_AUTHENTICATE, "Bearer realm=\"rigcast\"")];
                (StatusCode::UNAUTHORIZED, bearer, "a token is needed\n").into_response()
            }
            Refusal::Origin => (StatusCode::FORBIDDEN, "pages of that origin may not use this relay\n").into_response(),
        }
    })
}

async fn streams(State(hub): Shared, request: Request) -> Response {
    match let_in(&hub, Wish::Watch, &request) {
        Ok(()) => ([(header::CACHE_CONTROL, "no-store")], Json(hub.stats())).into_response(),
        Err(refusal) => refusal,
    }
}

async fn figures(State(hub): Shared, request: Request) -> Response {
    match let_in(&hub, Wish::Watch, &request) {
        Ok(()) => (
            [(header::CONTENT_TYPE, metrics::CONTENT_TYPE)],
            metrics::text(&hub.stats()),
        )
            .into_response(),
        Err(refusal) => refusal,
    }
}

async fn watch(State(hub): Shared, Path(name): Path<String>, request: Request) -> Response {
    match admit_viewer(&hub, &name, request) {
        Ok(response) | Err(response) => response,
    }
}

/// A value of a query.
pub(super) fn value(request: &Request, key: &str) -> Option<String> {
    let query = request.uri().query()?.as_bytes();
    let mut pairs = form_urlencoded::parse(query);
    pairs.find(|(own, _)| own == key).map(|(_, value)| value.into_owned())
}

fn admit_viewer(hub: &Arc<Hub>, name: &str, request: Request) -> Result<Response, Response> {
    let_in(hub, Wish::Watch, &request)?;
    let stream = hub.find(name).ok_or_else(|| missing("there is no such stream\n"))?;
    let rendition = match value(&request, "rendition").as_deref() {
        None | Some("auto") => None,
        Some(name) => Some(
            stream
                .find(name)
                .ok_or_else(|| missing("there is no such rendition\n"))?,
        ),
    };
    // Without a wish the best one is tried first: what the network does not carry is known after a second.
    let offer = stream.offer();
    let start = rendition.map_or_else(|| offer.best(), |rendition| offer.nearest(rendition));
    drop(offer);
    let format = match value(&request, "format").as_deref() {
        None | Some("units") => Format::Units,
        Some("fmp4") => Format::Fragments,
        Some(_) => return Err((StatusCode::BAD_REQUEST, "there is no such format\n").into_response()),
    };
    let ticket = Ticket {
        stream,
        rendition,
        start,
        format,
    };
    upgrade(request, None, |request| {
        let kbps = ticket.stream.renditions[ticket.start].info.kbps();
        let admission = hub.admit(kbps).ok_or_else(|| {
            let wait = [(header::RETRY_AFTER, RETRY_AFTER)];
            (StatusCode::SERVICE_UNAVAILABLE, wait, "there are too many viewers\n").into_response()
        })?;
        let (clock, total) = (hub.clock, Arc::clone(&hub.sent_bytes));
        tokio::spawn(async move {
            let _admission = admission;
            if let Some((connection, early)) = upgraded(request).await {
                Viewer::new(connection, &early, ticket, clock, total).run().await;
            }
        });
        Ok(())
    })
}

async fn publish(State(hub): Shared, Path(name): Path<String>, request: Request) -> Response {
    match admit_sender(&hub, name, request) {
        Ok(response) | Err(response) => response,
    }
}

fn admit_sender(hub: &Arc<Hub>, name: String, request: Request) -> Result<Response, Response> {
    let_in(hub, Wish::Publish, &request)?;
    if !is_name(&name) {
        return Err(missing("that is no name of a stream\n"));
    }
    if hub.find(&name).is_some_and(|stream| stream.ingest.is_none()) {
        return Err((StatusCode::CONFLICT, "a stream of that name is being shown already\n").into_response());
    }
    if !offers(request.headers(), ingest::SUBPROTOCOL) {
        let what = "the subprotocol must be rtp4571.rigcast.v1\n";
        return Err((StatusCode::BAD_REQUEST, what).into_response());
    }
    upgrade(request, Some(ingest::SUBPROTOCOL), |request| {
        let seat = hub.seat_sender().ok_or_else(|| {
            let wait = [(header::RETRY_AFTER, RETRY_AFTER)];
            (StatusCode::SERVICE_UNAVAILABLE, wait, "there are too many senders\n").into_response()
        })?;
        let hub = Arc::clone(hub);
        tokio::spawn(async move {
            let _seat = seat;
            if let Some((connection, early)) = upgraded(request).await {
                ingest::run(connection, &early, hub, name).await;
            }
        });
        Ok(())
    })
}

pub(super) fn missing(what: &'static str) -> Response {
    (StatusCode::NOT_FOUND, what).into_response()
}

/// Answers a request to become a WebSocket, after `accept` has taken it on.
pub(super) fn upgrade(
    mut request: Request,
    subprotocol: Option<&'static str>,
    accept: impl FnOnce(OnUpgrade) -> Result<(), Response>,
) -> Result<Response, Response> {
    let no_websocket = || {
        let upgrade = [(header::UPGRADE, "websocket"), (header::SEC_WEBSOCKET_VERSION, "13")];
        (StatusCode::UPGRADE_REQUIRED, upgrade, "this address speaks WebSocket\n").into_response()
    };
    let key = accept_key(request.headers()).ok_or_else(no_websocket)?;
    let pending = request
        .extensions_mut()
        .remove::<OnUpgrade>()
        .ok_or_else(no_websocket)?;
    accept(pending)?;
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let fixed: [(HeaderName, HeaderValue); 3] = [
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::CONNECTION, HeaderValue::from_static("Upgrade")),
        (header::SEC_WEBSOCKET_ACCEPT, key),
    ];
    response.headers_mut().extend(fixed);
    if let Some(subprotocol) = subprotocol {
        let value = HeaderValue::from_static(subprotocol);
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, value);
    }
    Ok(response)
}

/// The bare connection, once the answer has gone out, with what came after the request.
pub(super) async fn upgraded(pending: OnUpgrade) -> Option<(Connection, bytes::Bytes)> {
    let upgraded = pending.await.ok()?;
    let parts = upgraded.downcast::<TokioIo<Connection>>().ok()?;
    Some((parts.io.into_inner(), parts.read_buf))
}
