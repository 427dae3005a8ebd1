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
pub mod monitor;
pub mod nginx;
pub mod pace;
pub mod peers;
pub mod proc;
pub mod rtsp;
pub mod ssh;
pub mod studio;
pub mod tmux;
pub mod waiting;

use std::process::{Child, Command};

#[allow(unused_imports, reason = "not every test is long")]
pub use extent::extent;
pub use peers::{free_port, peer, skip};
pub use waiting::{PATIENCE, wait_for};

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
