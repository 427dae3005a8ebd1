//! Somebody else on the same line: a TCP connection that sends as much as it can, as an upload does.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::path::{Path, far_address};

/// Sends until it is dropped.
pub struct Competitor {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Competitor {
    pub fn start(path: &Path) -> Self {
        let listener = path.far.run(|| TcpListener::bind(("0.0.0.0", 0)).unwrap());
        let port = listener.local_addr().unwrap().port();
        let near = path.near.clone();
        let is_over = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let is_over = Arc::clone(&is_over);
            move || {
                let mut stream = near.run(move || TcpStream::connect((far_address(), port)).unwrap());
                // So that the end is seen while the line is stuck.
                stream.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
                let bytes = [0_u8; 16_384];
                while !is_over.load(Ordering::Relaxed) {
                    let _ = stream.write(&bytes);
                }
                let _ = rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO));
            }
        });
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut bytes = vec![0_u8; 65_536];
            while stream.read(&mut bytes).is_ok_and(|length| length > 0) {}
        });
        Self {
            is_over,
            thread: Some(thread),
        }
    }
}

impl Drop for Competitor {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
