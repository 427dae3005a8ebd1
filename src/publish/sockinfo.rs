//! What the kernel knows about a connection.
//!
//! Linux only; elsewhere everything answers "unknown" and the rest of the program does without.
#![allow(unsafe_code)]

use std::os::fd::BorrowedFd;

use crate::media::TimeDelta;

/// A look into a TCP connection.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct SocketInfo {
    /// Smoothed round-trip time.
    pub(super) rtt: TimeDelta,
    /// The shortest of late; `None` before the first, and where the kernel does not keep it (before 4.6).
    pub(super) min_rtt: Option<TimeDelta>,
    /// Bytes written and not yet confirmed by the peer's system, sent or not (`SIOCOUTQ`).
    pub(super) unconfirmed: u32,
    /// Of these, what has not been sent even once.
    pub(super) unsent: u32,
    /// Of these, about what has arrived behind something that was lost (SACK, RFC 2018).
    pub(super) behind_loss: u32,
    /// The rate at which bytes arrive, in bit/s, as the kernel measures it; `None` before the first measurement.
    pub(super) delivery_bps: Option<u64>,
    /// Whether that was measured while there was too little to send.
    pub(super) is_app_limited: bool,
    /// How long ago the peer's system said anything.
    pub(super) silence: TimeDelta,
    /// Segments sent anew, from the start of the connection.
    pub(super) retransmits: u32,
}

/// `struct tcp_info` of linux/tcp.h as far as it is used here, with the bit fields that libc's has no name for. Kernels only
/// ever append to it: what an older one does not fill stays zero.
#[cfg(target_os = "linux")]
#[repr(C)]
#[derive(Default)]
struct TcpInfo {
    bytes: [u8; 7],
    /// The lowest bit: `delivery_rate_app_limited`. Bit fields are laid out from the other end on big-endian machines.
    flags: u8,
    /// `rto`, `ato`.
    timers: [u32; 2],
    /// Bytes of a segment.
    snd_mss: u32,
    /// `rcv_mss`, `unacked`.
    flight: [u32; 2],
    /// Segments that have arrived behind one that is missing.
    sacked: u32,
    /// From `lost` to `last_data_recv`.
    ages: [u32; 6],
    last_ack_recv_ms: u32,
    /// `pmtu` and `rcv_ssthresh`.
    sizes: [u32; 2],
    rtt_us: u32,
    /// From `rttvar` to `rcv_space`.
    windows: [u32; 7],
    total_retrans: u32,
    /// From `pacing_rate` to `bytes_received`.
    rates: [u64; 4],
    segments: [u32; 2],
    notsent_bytes: u32,
    min_rtt_us: u32,
    data_segments: [u32; 2],
    /// In bytes per second.
    delivery_rate: u64,
}

#[cfg(target_os = "linux")]
impl TcpInfo {
    fn is_app_limited(&self) -> bool {
        let bit = if cfg!(target_endian = "big") { 0x80 } else { 0x01 };
        self.flags & bit != 0
    }
}

#[cfg(target_os = "linux")]
fn micros(count: u32) -> TimeDelta {
    TimeDelta::from_rate(i64::from(count), 1_000_000)
}

/// Reads [`SocketInfo`]; `None` where the system does not tell.
#[cfg(target_os = "linux")]
pub(super) fn probe(socket: BorrowedFd<'_>) -> Option<SocketInfo> {
    use std::os::fd::AsRawFd;
    let mut info = TcpInfo::default();
    let mut len = size_of::<TcpInfo>() as libc::socklen_t;
    // SAFETY: the descriptor is open while borrowed; the kernel writes at most `len` bytes into `info`, which has them, and any
    // bytes are a value of its plain numbers.
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
    if got_info != 0 || got_queue != 0 {
        return None;
    }
    let unconfirmed = u32::try_from(unconfirmed).unwrap_or(0);
    Some(SocketInfo {
        rtt: micros(info.rtt_us),
        // All ones: no round trip yet.
        min_rtt: (info.min_rtt_us != 0 && info.min_rtt_us != u32::MAX).then(|| micros(info.min_rtt_us)),
        unconfirmed,
        unsent: info.notsent_bytes.min(unconfirmed),
        behind_loss: info.sacked.saturating_mul(info.snd_mss).min(unconfirmed),
        delivery_bps: (info.delivery_rate > 0).then(|| info.delivery_rate.saturating_mul(8)),
        is_app_limited: info.is_app_limited(),
        silence: TimeDelta::from_millis(i64::from(info.last_ack_recv_ms)),
        retransmits: info.total_retrans,
    })
}

/// `SIOCOUTQNSD` of linux/sockios.h.
#[cfg(target_os = "linux")]
const SIOCOUTQNSD: libc::Ioctl = 0x894B;

/// Bytes that the kernel has taken and not sent even once; `None` where it does not tell.
#[cfg(target_os = "linux")]
pub(super) fn unsent(socket: BorrowedFd<'_>) -> Option<usize> {
    use std::os::fd::AsRawFd;
    let mut unsent: libc::c_int = 0;
    // SAFETY: SIOCOUTQNSD writes one int, to a local that outlives the call.
    let got = unsafe { libc::ioctl(socket.as_raw_fd(), SIOCOUTQNSD, &raw mut unsent) };
    (got == 0).then(|| usize::try_from(unsent).unwrap_or(0))
}

/// Nothing is known here.
#[cfg(not(target_os = "linux"))]
pub(super) fn unsent(_socket: BorrowedFd<'_>) -> Option<usize> {
    None
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
    use std::io::{Read, Write};
    use std::mem::offset_of;
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsFd;

    #[test]
    fn sees_what_a_peer_has_not_taken_and_what_it_takes() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        limit_unsent(stream.as_fd(), 16 * 1024).unwrap();
        stream.set_nonblocking(true).unwrap();
        assert_eq!(probe(stream.as_fd()).unwrap().unconfirmed, 0);
        // Nobody reads: write until the socket takes no more.
        let mut written = 0;
        while let Ok(len) = stream.write(&[0; 16_384]) {
            written += len;
        }
        let full = probe(stream.as_fd()).unwrap();
        assert!(full.unconfirmed > 0 && full.rtt > TimeDelta::ZERO, "{full:?}");
        assert!(full.unsent > 0 && full.unsent <= full.unconfirmed, "{full:?}");
        assert_eq!(unsent(stream.as_fd()), Some(full.unsent as usize));
        let taken = written - full.unconfirmed as usize;
        peer.read_exact(&mut vec![0; taken]).unwrap();
        peer.read_exact(&mut [0; 1]).unwrap();
        let moved = probe(stream.as_fd()).unwrap();
        assert!(moved.unconfirmed < full.unconfirmed, "{full:?} {moved:?}");
        assert!(
            moved.delivery_bps.is_some() && moved.min_rtt.is_some_and(|min| min <= moved.rtt),
            "{moved:?}"
        );
        assert_eq!(probe(std::io::stdin().as_fd()), None, "no socket");
        assert_eq!(unsent(std::io::stdin().as_fd()), None, "no socket");
    }

    #[test]
    fn fields_are_where_the_kernel_has_them() {
        let known = [
            (offset_of!(TcpInfo, timers), offset_of!(libc::tcp_info, tcpi_rto)),
            (offset_of!(TcpInfo, snd_mss), offset_of!(libc::tcp_info, tcpi_snd_mss)),
            (offset_of!(TcpInfo, sacked), offset_of!(libc::tcp_info, tcpi_sacked)),
            (
                offset_of!(TcpInfo, last_ack_recv_ms),
                offset_of!(libc::tcp_info, tcpi_last_ack_recv),
            ),
            (offset_of!(TcpInfo, rtt_us), offset_of!(libc::tcp_info, tcpi_rtt)),
            (
                offset_of!(TcpInfo, total_retrans),
                offset_of!(libc::tcp_info, tcpi_total_retrans),
            ),
            (
                offset_of!(TcpInfo, notsent_bytes),
                offset_of!(libc::tcp_info, tcpi_notsent_bytes),
            ),
            (
                offset_of!(TcpInfo, min_rtt_us),
                offset_of!(libc::tcp_info, tcpi_min_rtt),
            ),
            (
                offset_of!(TcpInfo, delivery_rate),
                offset_of!(libc::tcp_info, tcpi_delivery_rate),
            ),
        ];
        for (ours, libcs) in known {
            assert_eq!(ours, libcs);
        }
    }
}
