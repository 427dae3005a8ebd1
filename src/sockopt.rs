//! The one socket option that the safe crates lack, for whoever sends what may be dropped.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::BorrowedFd;

/// Lets the socket take more only while fewer than `bytes` wait unsent in the kernel (`TCP_NOTSENT_LOWAT`, tcp(7)): what is
/// late then waits with the sender, where it can be left out, and not in the kernel, where it cannot. Inherited by the connections
/// of a listening socket.
///
/// # Errors
/// What the system says.
#[cfg(target_os = "linux")]
pub fn limit_unsent(socket: BorrowedFd<'_>, bytes: u32) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    // SAFETY: the descriptor is open for as long as it is borrowed, and the kernel reads `size_of::<u32>()` bytes of a
    // local that outlives the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_NOTSENT_LOWAT,
            (&raw const bytes).cast(),
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
