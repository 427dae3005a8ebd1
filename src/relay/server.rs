//! From a listening socket to requests: one task per connection, each with its limits.
//!
//! Peers may be slow, silent or malicious. Whoever does not finish the head of a request in time is closed, whoever stops
//! reading an answer as well (see [`connection`](super::connection)), and beyond a number of connections new ones are told
//! so and closed.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::connection::Connection;
use super::hub::Hub;
use super::{RelayError, routes};
use crate::sockopt::limit_unsent;

/// For the head of a request, from its first byte or the end of the one before.
const HEAD_WITHIN: Duration = Duration::from_secs(10);

/// For the TLS handshake.
const TLS_WITHIN: Duration = Duration::from_secs(10);

/// What a connection may have besides those of viewers: players of HLS, pages, scrapers.
const EXTRA_CONNECTIONS: usize = 256;

/// The longest head of a request.
const MAX_HEAD: usize = 16 * 1024;

/// Asked of the kernel for data in flight to a viewer: enough for 10 Mbit/s over 200 ms.
const SEND_BUFFER: u32 = 256 * 1024;

/// Unsent bytes that may wait in the kernel: 200 ms of 2.5 Mbit/s.
const UNSENT: u32 = 64 * 1024;

/// What nobody here sends much of.
const RECEIVE_BUFFER: u32 = 64 * 1024;

const BACKLOG: u32 = 1024;

/// How the last connection too many is told.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Where a connection comes from: an extension of its requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Opens the listening socket; connections inherit the sizes of its buffers.
pub(super) fn listen(address: SocketAddr) -> Result<TcpListener, RelayError> {
    let open = || {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_reuseaddr(true)?;
        socket.set_send_buffer_size(SEND_BUFFER)?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    open().map_err(|source| RelayError::Listen { address, source })
}

/// Accepts until stopped, and reports figures once a second.
pub(super) async fn run(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    hub: Arc<Hub>,
    mut stopped: watch::Receiver<bool>,
) {
    let router = routes::router(Arc::clone(&hub));
    let max_connections = hub.settings.max_viewers.saturating_add(EXTRA_CONNECTIONS);
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut sent = 0;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) if hub.connections.load(Ordering::Relaxed) >= max_connections => {
                    hub.refused_viewers.fetch_add(1, Ordering::Relaxed);
                    let _ = stream.try_write(FULL);
                }
                Ok((stream, peer)) => {
                    hub.connections.fetch_add(1, Ordering::Relaxed);
                    tokio::spawn(serve(stream, Peer(peer), tls.clone(), router.clone(), Arc::clone(&hub)));
                }
                Err(error) => {
                    // No descriptors are left, most likely. Some will be free in a moment.
                    hub.event(true, format!("relay: cannot accept a connection: {error}"));
                    sleep(Duration::from_millis(200)).await;
                }
            },
            _ = seconds.tick() => {
                let total = hub.sent_bytes.load(Ordering::Relaxed);
                hub.sent_kbps.store(((total - sent) / 125) as u32, Ordering::Relaxed);
                sent = total;
                hub.report_stats();
            }
            () = told_to_stop(&mut stopped) => break,
        }
    }
    drop(listener);
    // The goodbyes of viewers are on their way; whoever holds a connection without watching is left to the runtime.
    while hub.stats().viewers > 0 {
        sleep(Duration::from_millis(10)).await;
    }
}

async fn serve(stream: TcpStream, peer: Peer, tls: Option<TlsAcceptor>, router: Router, hub: Arc<Hub>) {
    // A live picture must not wait for the next one, nor in the kernel when it is late; nothing depends on either otherwise.
    let _ = stream.set_nodelay(true);
    let _ = limit_unsent(stream.as_fd(), UNSENT);
    #[cfg(target_os = "linux")]
    let _ = rustix::net::sockopt::set_tcp_user_timeout(&stream, 20_000);
    let connection = match tls {
        None => Some(Connection::plain(stream)),
        Some(tls) => match timeout(TLS_WITHIN, tls.accept(stream)).await {
            Ok(Ok(stream)) => Some(Connection::tls(stream)),
            // Strangers that try this and that are no event for the operator.
            Ok(Err(_)) | Err(_) => None,
        },
    };
    if let Some(connection) = connection {
        let mut stopped = hub.stopped.clone();
        let requests = requests(connection, peer, router);
        tokio::select! {
            () = requests => {}
            () = told_to_stop(&mut stopped) => {}
        }
    }
    hub.connections.fetch_sub(1, Ordering::Relaxed);
}

async fn requests(connection: Connection, peer: Peer, router: Router) {
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
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(connection), service)
        .with_upgrades()
        .await;
}

/// Ends when the relay is to end; a relay that was dropped is.
pub(super) async fn told_to_stop(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|is_stopped| *is_stopped).await;
}
