//! What the kernel knows about a connection.
//!
//! Linux only; elsewhere everything answers "unknown" and the rest of the program does without.
#![allow(unsafe_code)]

use std::os::fd::BorrowedFd;

/// A look into a TCP connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SocketInfo {
    /// Smoothed round-trip time (`TCP_INFO`).
    pub(super) rtt_ms: f64,
    /// Bytes written and not yet confirmed by the peer's system, sent or not (`SIOCOUTQ`).
    pub(super) unconfirmed: u32,
}

/// Reads [`SocketInfo`]; `None` where the system does not tell.
#[cfg(target_os = "linux")]
pub(super) fn probe(socket: BorrowedFd<'_>) -> Option<SocketInfo> {
    use std::os::fd::AsRawFd;
    // SAFETY: `tcp_info` is plain numbers, for which all zeroes is a value.
    let mut info: libc::tcp_info = unsafe { std::mem::zeroed() };
    let mut len = size_of::<libc::tcp_info>() as libc::socklen_t;
    // SAFETY: the descriptor is open while borrowed; the kernel writes at most `len` bytes into `info`, which has them.
    let got_info = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            (&raw mut info).cast(),
            &raw mut len,
        )
    };
    let mut unconfirmed: libc::c_int = 0;
    // SAFETY: SIOCOUTQ (the same number as TIOCOUTQ) writes one int, to a local that outlives the call.
    let got_queue = unsafe { libc::ioctl(socket.as_raw_fd(), libc::TIOCOUTQ, &raw mut unconfirmed) };
    (got_info == 0 && got_queue == 0).then(|| SocketInfo {
        rtt_ms: f64::from(info.tcpi_rtt) / 1000.0,
        unconfirmed: u32::try_from(unconfirmed).unwrap_or(0),
    })
}

/// Nothing is known here.
#[cfg(not(target_os = "linux"))]
pub(super) fn probe(_socket: BorrowedFd<'_>) -> Option<SocketInfo> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::sockopt::limit_unsent;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsFd;

    #[test]
    fn sees_what_a_peer_has_not_taken() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        limit_unsent(stream.as_fd(), 16 * 1024).unwrap();
        stream.set_nonblocking(true).unwrap();
        assert_eq!(probe(stream.as_fd()).unwrap().unconfirmed, 0);
        // Nobody reads: write until the socket takes no more.
        while stream.write(&[0; 16_384]).is_ok() {}
        let info = probe(stream.as_fd()).unwrap();
        assert!(info.unconfirmed > 0 && info.rtt_ms > 0.0, "{info:?}");
        assert_eq!(probe(std::io::stdin().as_fd()), None, "no socket");
    }
}
