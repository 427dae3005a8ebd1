//! What only the system can do and the standard library does not: a network namespace, a TUN device, a thread that goes first.
#![allow(unsafe_code)]

use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;

/// Moves the calling thread, and what it starts from now on, into a network namespace of its own. It has a loopback that is
/// down, and nothing else.
pub fn enter_new_network() -> io::Result<()> {
    // SAFETY: takes a number and touches no memory of ours. CLONE_NEWNET changes which network this thread sees, not its
    // descriptors.
    check(unsafe { libc::unshare(libc::CLONE_NEWNET) })
}

/// A TUN device of that name in the network of the calling thread. What the kernel sends over it is read here, one IP packet
/// at a time, whole and with its checksums made; what is written here the kernel receives.
pub fn tun(name: &str) -> io::Result<OwnedFd> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC)
        .open("/dev/net/tun")?;
    // SAFETY: an ifreq is plain bytes, for which zero is a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    assert!(name.len() < request.ifr_name.len(), "{name} is too long");
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = from as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_TUN | libc::IFF_NO_PI) as libc::c_short;
    // SAFETY: the descriptor is open, and the kernel reads and writes an ifreq, which lives until after the call.
    check(unsafe { libc::ioctl(file.as_raw_fd(), libc::TUNSETIFF, &raw mut request) })?;
    Ok(file.into())
}

/// Lets the calling thread run before others where there are more than processors. Without the right to, it stays as it is.
pub fn go_first() {
    // SAFETY: takes numbers. On Linux 0 is the calling thread.
    let _ = check(unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, -19) });
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
