//! Real peers for the tests: nginx with its RTMP module, ffmpeg, and this program itself.
//!
//! Everything is started on free loopback ports in folders of its own, and ends with the value that holds it.
#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr
)]

pub mod extent;
pub mod far_terminal;
pub mod home;
pub mod media;
pub mod nginx;
pub mod pace;
pub mod peers;
pub mod proc;
pub mod rtsp;
pub mod ssh;
pub mod studio;
pub mod tmux;

use std::process::{Child, Command};
use std::time::{Duration, Instant};

#[allow(unused_imports, reason = "not every test is long")]
pub use extent::extent;
pub use peers::{free_port, peer, skip};

/// What an event may take that is not measured. Generous: tests share a small machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `probe` gives something, looking again as often as is decent; fails with `what` after `limit`.
pub fn wait_for<T>(what: &str, limit: Duration, mut probe: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(value) = probe() {
            return value;
        }
        assert!(Instant::now() < deadline, "waited {limit:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A child process that is killed when dropped.
pub struct Guard(pub Child);

impl Guard {
    pub fn spawn(command: &mut Command) -> Self {
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// SIGKILL, and waits for the end.
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.pid()).unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.kill();
    }
}
