//! From a URL to a connected socket, with TLS inside where the scheme asks for it.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

use super::{DestinationSpec, PublishError, Scheme, sockinfo};
#[cfg(target_os = "linux")]
use crate::sockopt::cap_retransmission_wait;
use crate::sockopt::limit_unsent;
use crate::trust;
use crate::wire::rtmp::TargetError;
use crate::wire::rtp_push::PushTargetError;

/// For a TCP connection to one address, and for the TLS handshake.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Unsent bytes that may wait in the kernel: what else it holds is on the way. That bounds what it takes from us when the peer
/// freezes, so the size of its buffer is left to the system, which grows it as far as a long way at a high rate needs.
///
/// The kernel by itself looks at this bound only when it needs another buffer, and fills one to 64 KiB first: four times as much, half a
/// second at 1 Mbit/s. So whoever writes looks as well, see [`room`].
const UNSENT: u32 = 16 * 1024;

/// Encrypted bytes that may wait behind those, in our own TLS.
const TLS_UNSENT: usize = 4 * 1024;

/// After so long without any confirmation the kernel gives the connection up. Later than we do ourselves, see
/// [`STALL_SECONDS`](super::progress::STALL_SECONDS).
const USER_TIMEOUT_MS: u32 = 30_000;

/// Between two attempts to get through to a peer that does not answer. Left to itself TCP doubles the wait each time, and an
/// outage of 10 s looks like one of 13 to 19.
const RETRANSMIT_WITHIN_MS: u32 = 1000;

/// Keeps its rate where packets are lost for other reasons than a full queue, and keeps that queue short.
const CONGESTION_CONTROL: &str = "bbr";

/// A connected byte stream.
pub(super) enum Connection {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// The connection, and a second descriptor of its socket for looking at it while the stream is in use.
pub(super) struct Connected {
    pub(super) stream: Connection,
    pub(super) socket: OwnedFd,
}

/// Connects to the host of `spec`: to its first address that answers.
pub(super) async fn connect(spec: &DestinationSpec) -> Result<Connected, PublishError> {
    let peer = spec.url.peer();
    let url = spec.url.expose();
    let scheme = Scheme::of(&spec.url).ok_or_else(|| PublishError::Scheme { peer: peer.clone() })?;
    let port = url
        .port()
        .or(scheme.default_port())
        .ok_or_else(|| PublishError::PushTarget {
            peer: peer.clone(),
            source: PushTargetError::NoPort,
        })?;
    let host = spec.url.host().ok_or_else(|| PublishError::Target {
        peer: peer.clone(),
        source: TargetError::NoHost,
    })?;

    let tls = if scheme.is_tls() {
        Some(trust::connector(spec.ca_file.as_deref()).await?)
    } else {
        None
    };
    let tcp = connect_tcp(&peer, host, port).await?;
    let io_error = |source| PublishError::Io {
        peer: peer.clone(),
        source,
    };
    let socket = tcp.as_fd().try_clone_to_owned().map_err(io_error)?;
    let stream = match tls {
        None => Connection::Plain(tcp),
        Some(connector) => Connection::Tls(Box::new(start_tls(&connector, tcp, host, &peer).await?)),
    };
    Ok(Connected { stream, socket })
}

async fn connect_tcp(peer: &str, host: &str, port: u16) -> Result<TcpStream, PublishError> {
    let timed_out = |what: &str| PublishError::Timeout {
        peer: peer.to_owned(),
        what: what.to_owned(),
        seconds: CONNECT_WITHIN.as_secs(),
    };
    let resolve_error = |source| PublishError::Resolve {
        peer: peer.to_owned(),
        source,
    };
    let addresses = timeout(CONNECT_WITHIN, tokio::net::lookup_host((host, port)))
        .await
        .map_err(|_| timed_out("its address"))?
        .map_err(resolve_error)?;
    let mut last = resolve_error(io::Error::from(io::ErrorKind::NotFound));
    for address in addresses {
        match timeout(CONNECT_WITHIN, connect_address(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(source)) => {
                last = PublishError::Connect {
                    peer: peer.to_owned(),
                    source,
                }
            }
            Err(_) => last = timed_out("a connection"),
        }
    }
    Err(last)
}

async fn connect_address(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    limit_unsent(stream.as_fd(), UNSENT)?;
    #[cfg(target_os = "linux")]
    {
        use rustix::net::sockopt::{set_tcp_congestion, set_tcp_user_timeout};
        set_tcp_user_timeout(&stream, USER_TIMEOUT_MS)?;
        // Both are as the system has it: without the module, without permission or on an older kernel, all else works.
        let _ = set_tcp_congestion(&stream, CONGESTION_CONTROL);
        let _ = cap_retransmission_wait(stream.as_fd(), RETRANSMIT_WITHIN_MS);
    }
    Ok(stream)
}

/// How destinations share the network, for whoever looks what this rig can do.
#[must_use]
pub fn describe_network() -> String {
    let list = |name: &str| {
        let path = format!("/proc/sys/net/ipv4/tcp_{name}_congestion_control");
        std::fs::read_to_string(path).unwrap_or_default().trim().to_owned()
    };
    describe_congestion(&list("available"), &list("allowed"))
}

/// From what the system lists as loaded, and of these as free for everybody's use.
fn describe_congestion(available: &str, allowed: &str) -> String {
    let has = |list: &str| list.split_whitespace().any(|name| name == CONGESTION_CONTROL);
    match (available, has(allowed), has(available)) {
        ("", ..) => "the congestion control is the system's; which one it is cannot be seen".to_owned(),
        (_, true, _) => format!("destinations use {CONGESTION_CONTROL} (there are {available})"),
        (_, false, true) => format!(
            "there are {available}, but {CONGESTION_CONTROL} is for root alone: \
             sysctl net.ipv4.tcp_allowed_congestion_control=\"{allowed} {CONGESTION_CONTROL}\""
        ),
        (_, false, false) => format!(
            "there are {available}; with {CONGESTION_CONTROL} (modprobe tcp_{CONGESTION_CONTROL}) lossy networks carry more"
        ),
    }
}

/// How many bytes may be written now.
pub(super) fn room(socket: &OwnedFd) -> usize {
    sockinfo::unsent(socket.as_fd()).map_or(usize::MAX, |unsent| (UNSENT as usize).saturating_sub(unsent))
}

/// The congestion control of a connection.
pub(super) fn congestion_control(socket: &OwnedFd) -> Option<String> {
    #[cfg(target_os = "linux")]
    return rustix::net::sockopt::tcp_congestion(socket).ok();
    #[cfg(not(target_os = "linux"))]
    return None;
}

async fn start_tls(
    connector: &TlsConnector,
    tcp: TcpStream,
    host: &str,
    peer: &str,
) -> Result<TlsStream<TcpStream>, PublishError> {
    let tls_error = |source| PublishError::Tls {
        peer: peer.to_owned(),
        source,
    };
    let name = ServerName::try_from(host.to_owned()).map_err(|error| tls_error(io::Error::other(error)))?;
    let mut stream = timeout(CONNECT_WITHIN, connector.connect(name, tcp))
        .await
        .map_err(|_| PublishError::Timeout {
            peer: peer.to_owned(),
            what: "the TLS handshake".to_owned(),
            seconds: CONNECT_WITHIN.as_secs(),
        })?
        .map_err(tls_error)?;
    stream.get_mut().1.set_buffer_limit(Some(TLS_UNSENT));
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_the_network_has_and_what_would_help() {
        for (available, allowed, says) in [
            ("reno bbr cubic", "reno bbr", "destinations use bbr"),
            (
                "reno cubic bbr",
                "reno cubic",
                "tcp_allowed_congestion_control=\"reno cubic bbr\"",
            ),
            ("reno cubic", "reno cubic", "modprobe tcp_bbr"),
            ("", "", "cannot be seen"),
        ] {
            let said = describe_congestion(available, allowed);
            assert!(said.contains(says), "{said}");
        }
    }
}
