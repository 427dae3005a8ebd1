//! The socket options that the safe crates lack, for whoever sends what may be dropped.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::BorrowedFd;

/// `TCP_RTO_MAX_MS` of linux/tcp.h, since Linux 6.15; libc does not know it yet.
#[cfg(target_os = "linux")]
const TCP_RTO_MAX_MS: libc::c_int = 44;

/// Lets the socket take more only while fewer than `bytes` wait unsent in the kernel (`TCP_NOTSENT_LOWAT`, tcp(7)): what is
/// late then waits with the sender, where it can be left out, and not in the kernel, where it cannot. Inherited by the connections
/// of a listening socket.
///
/// # Errors
/// What the system says.
#[cfg(target_os = "linux")]
pub fn limit_unsent(socket: BorrowedFd<'_>, bytes: u32) -> io::Result<()> {
    set(socket, libc::TCP_NOTSENT_LOWAT, bytes)
}

/// Never lets TCP wait longer than `ms` (1000 at the least) before it tries again to get through to a silent peer.
///
/// # Errors
/// What the system says: kernels before 6.15 cannot.
#[cfg(target_os = "linux")]
pub fn cap_retransmission_wait(socket: BorrowedFd<'_>, ms: u32) -> io::Result<()> {
    set(socket, TCP_RTO_MAX_MS, ms)
}

#[cfg(target_os = "linux")]
fn set(socket: BorrowedFd<'_>, option: libc::c_int, value: u32) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    // SAFETY: the descriptor is open for as long as it is borrowed, and the kernel reads `size_of::<u32>()` bytes of a
    // local that outlives the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            option,
            (&raw const value).cast(),
            size_of::<u32>() as libc::socklen_t,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Nothing to be set here.
///
/// # Errors
/// None.
#[cfg(not(target_os = "linux"))]
pub fn limit_unsent(_socket: BorrowedFd<'_>, _bytes: u32) -> io::Result<()> {
    Ok(())
}
