//! A viewer: ffmpeg pulls from the server and copies; each tag is noted as it comes out.

use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rigcast::wire::flv::{AudioBody, VideoBody, parse_audio, parse_video};

use super::namespace::Namespace;
use super::server::Server;
use crate::common::{Guard, peer};

/// What a tag carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sound,
    Picture { is_idr: bool },
}

/// One access unit or one block of sound as it came.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    pub at: Instant,
    pub kind: Kind,
    /// As the publisher stamped it.
    pub timestamp_ms: i64,
    pub bytes: usize,
}

#[derive(Default)]
struct Seen {
    arrivals: Mutex<Vec<Arrival>>,
    is_over: AtomicBool,
}

/// Pulls until it is dropped.
pub struct Reader {
    seen: Arc<Seen>,
    process: Arc<Mutex<Option<Guard>>>,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    /// Starts in the server's namespace. A pull that ends is started again.
    pub fn start(namespace: &Namespace) -> Self {
        let (seen, process) = (Arc::new(Seen::default()), Arc::new(Mutex::new(None)));
        let program = peer("ffmpeg").unwrap();
        let thread = std::thread::spawn({
            let (seen, process, namespace) = (Arc::clone(&seen), Arc::clone(&process), namespace.clone());
            move || {
                while !seen.is_over.load(Ordering::Relaxed) {
                    let mut child = namespace.spawn(pull(&program));
                    let output = child.0.stdout.take().unwrap();
                    *process.lock().unwrap() = Some(child);
                    let _ = note(output, &seen.arrivals);
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
        });
        Self {
            seen,
            process,
            thread: Some(thread),
        }
    }

    /// What came so far.
    pub fn arrivals(&self) -> Vec<Arrival> {
        self.seen.arrivals.lock().unwrap().clone()
    }

    /// When the first picture came, once it has.
    pub fn first_picture(&self) -> Option<Instant> {
        let arrivals = self.seen.arrivals.lock().unwrap();
        let first = arrivals.iter().find(|arrival| arrival.kind != Kind::Sound);
        first.map(|arrival| arrival.at)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.seen.is_over.store(true, Ordering::Relaxed);
        *self.process.lock().unwrap() = None;
        if let Some(thread) = self.thread.take() {
            // It may just have started another one.
            while !thread.is_finished() {
                *self.process.lock().unwrap() = None;
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = thread.join();
        }
    }
}

/// Nothing is held back, neither to interleave nor to fill a buffer. It looks at up to five seconds before it decides which
/// tracks there are, because a server sends no pictures to who joins before the next IDR.
fn pull(program: &PathBuf) -> Command {
    let mut command = Command::new(program);
    command.args("-v error -nostdin -fflags nobuffer -analyzeduration 5000000 -i".split(' '));
    command.arg(Server::pull_url());
    command.args("-map 0 -c copy -copyts -max_interleave_delta 1 -flush_packets 1 -f flv pipe:1".split(' '));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// Reads FLV as it is written (annex E of Adobe's specification) until it ends.
fn note(mut output: ChildStdout, arrivals: &Mutex<Vec<Arrival>>) -> io::Result<()> {
    let mut header = [0; 13];
    output.read_exact(&mut header)?;
    let mut body = Vec::new();
    loop {
        let mut head = [0; 11];
        output.read_exact(&mut head)?;
        let [kind, s2, s1, s0, t2, t1, t0, t3, ..] = head;
        let length = u32::from_be_bytes([0, s2, s1, s0]) as usize;
        // Behind the body stands the size of the tag once more.
        body.resize(length + 4, 0);
        output.read_exact(&mut body)?;
        let at = Instant::now();
        let kind = match kind {
            8 if matches!(parse_audio(&body[..length]), Ok(AudioBody::Block(_))) => Kind::Sound,
            9 => match parse_video(&body[..length]) {
                Ok(VideoBody::AccessUnit { is_idr, .. }) => Kind::Picture { is_idr },
                _ => continue,
            },
            _ => continue,
        };
        arrivals.lock().unwrap().push(Arrival {
            at,
            kind,
            timestamp_ms: i64::from(u32::from_be_bytes([t3, t2, t1, t0])),
            bytes: length + 11,
        });
    }
}
