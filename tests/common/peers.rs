//! Programs that tests talk to, and what happens where one is missing.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used)]
#![allow(clippy::print_stderr, reason = "a skip must be seen")]

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// The path of a program that a test needs. Where it is missing the test is skipped, visibly; on CI that is a failure.
pub fn peer(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let extra = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    let found = std::env::split_paths(&path)
        .chain(extra)
        .map(|dir| dir.join(program))
        .find(|path| path.is_file());
    if found.is_none() {
        skip(program);
    }
    found
}

/// Says that a test is skipped for want of `what`. On CI that is a failure: it must have every peer.
pub fn skip(what: &str) {
    assert!(
        std::env::var_os("CI").is_none(),
        "{what} is missing: CI must have every peer"
    );
    eprintln!("SKIPPED: this test needs {what}; ./test installs it");
}

/// A free TCP port of loopback, another one each time.
///
/// It lies below those that the kernel gives to outgoing connections (32768 to 60999 by default). One of those can be taken
/// by any client between this moment and the server's start, or while a server is away that is to come back: even by the
/// client that keeps asking for the server, which is then connected to itself.
pub fn free_port() -> u16 {
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 12_000;
    static TURN: AtomicU32 = AtomicU32::new(0);
    // Test binaries that run beside each other begin in different places.
    let start = std::process::id().wrapping_mul(211);
    let mut ports = std::iter::repeat_with(|| {
        let turn = start.wrapping_add(TURN.fetch_add(1, Ordering::Relaxed));
        u16::try_from(FIRST + turn % COUNT).unwrap()
    });
    ports
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .unwrap()
}
