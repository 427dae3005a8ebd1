//! Programs that tests talk to, and what happens where one is missing.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used)]
#![allow(clippy::print_stderr, reason = "a skip must be seen")]

use std::net::TcpListener;
use std::path::PathBuf;

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

/// A TCP port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
