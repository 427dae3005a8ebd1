//! Frames go to the terminal from a thread of their own, one at a time.
//!
//! A terminal behind a slow link blocks its writer. Here only this thread is blocked: keys are read on, and no new frame is
//! drawn until the last one is out, so what the operator sees is never older than one frame, and pictures are thinned by
//! themselves to what the link carries.

use std::io::{self, Write};
use std::sync::mpsc::{self, SyncSender};
use std::time::{Duration, Instant};

use crate::media::TimeDelta;

/// How long the last frame may take.
const LAST_FRAME: Duration = Duration::from_millis(500);

/// The thread and its hand-over place for one frame.
pub struct Output {
    frames: Option<SyncSender<Vec<u8>>>,
    spares: mpsc::Receiver<(Vec<u8>, Duration)>,
    thread: Option<std::thread::JoinHandle<io::Result<()>>>,
    is_busy: bool,
    spare: Vec<u8>,
    sent_bytes: u64,
    written: Option<(u64, TimeDelta)>,
}

impl Output {
    /// Starts the thread. `wake` is called from it after each frame, and when the terminal is gone.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(mut to: impl Write + Send + 'static, wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let (frames, waiting) = mpsc::sync_channel::<Vec<u8>>(1);
        let (give_spare, spares) = mpsc::channel();
        let thread = std::thread::Builder::new().name("terminal".into()).spawn(move || {
            let written = waiting.iter().try_for_each(|frame| {
                let begun = Instant::now();
                to.write_all(&frame)?;
                to.flush()?;
                // The other side may be gone already; then nobody needs the buffer.
                let _ = give_spare.send((frame, begun.elapsed()));
                wake();
                Ok(())
            });
            drop(give_spare);
            wake();
            written
        })?;
        Ok(Self {
            frames: Some(frames),
            spares,
            thread: Some(thread),
            is_busy: false,
            spare: Vec::new(),
            sent_bytes: 0,
            written: None,
        })
    }

    /// Whether a frame can be sent now.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn is_free(&mut self) -> io::Result<bool> {
        if self.is_busy {
            match self.spares.try_recv() {
                Ok((spare, took)) => {
                    self.written = Some((spare.len() as u64, TimeDelta::from_duration(took)));
                    self.spare = spare;
                    self.is_busy = false;
                }
                Err(mpsc::TryRecvError::Empty) => return Ok(false),
                Err(mpsc::TryRecvError::Disconnected) => return Err(self.end_reason()),
            }
        }
        Ok(true)
    }

    /// The buffer of the last frame, to be filled again.
    #[must_use]
    pub fn spare(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.spare)
    }

    /// Sends a frame; call it only when [`is_free`](Self::is_free) said so.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn send(&mut self, frame: Vec<u8>) -> io::Result<()> {
        self.sent_bytes += frame.len() as u64;
        self.is_busy = true;
        match &self.frames {
            Some(frames) if frames.send(frame).is_ok() => Ok(()),
            _ => Err(self.end_reason()),
        }
    }

    /// The bytes of the last frame that is out, and how long its writing took; once.
    pub fn written(&mut self) -> Option<(u64, TimeDelta)> {
        self.written.take()
    }

    /// Bytes sent since the start.
    #[must_use]
    pub fn sent_bytes(&self) -> u64 {
        self.sent_bytes
    }

    fn end_reason(&mut self) -> io::Error {
        self.frames = None;
        let ended = self.thread.take().map(std::thread::JoinHandle::join);
        match ended {
            Some(Ok(Err(error))) => error,
            _ => io::Error::new(io::ErrorKind::BrokenPipe, "the terminal is gone"),
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // The last frame gets its time, so that what follows is not written into the middle of it. Not for ever: a terminal
        // that takes nothing must not keep us here.
        if self.is_busy && self.frames.is_some() {
            let _ = self.spares.recv_timeout(LAST_FRAME);
        }
        self.frames = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A terminal that takes nothing until it is told to.
    struct Slow(mpsc::Receiver<()>, mpsc::Sender<Vec<u8>>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(io::Error::other)?;
            self.1.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_slow_terminal_makes_it_busy_and_not_slow() {
        let (go, wait) = mpsc::channel();
        let (written, seen) = mpsc::channel();
        let (wake, woken) = mpsc::channel();
        let mut output = Output::start(Slow(wait, written), move || {
            let _ = wake.send(());
        })
        .unwrap();
        assert!(output.is_free().unwrap());
        output.send(b"one".to_vec()).unwrap();
        assert!(!output.is_free().unwrap());
        go.send(()).unwrap();
        assert_eq!(seen.recv().unwrap(), b"one");
        woken.recv().unwrap();
        assert!(output.is_free().unwrap());
        assert_eq!(output.spare(), b"one");
        assert_eq!(output.sent_bytes(), 3);
    }

    #[test]
    fn a_terminal_that_is_gone_is_an_error() {
        let (go, wait) = mpsc::channel::<()>();
        drop(go);
        let (wake, woken) = mpsc::channel();
        let mut output = Output::start(Slow(wait, mpsc::channel().0), move || {
            let _ = wake.send(());
        })
        .unwrap();
        output.send(b"one".to_vec()).unwrap();
        woken.recv().unwrap();
        assert!(output.is_free().is_err());
    }
}
