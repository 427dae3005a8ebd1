//! Keys, pasted text and answers, read from the terminal by a thread of their own.
//!
//! crossterm reads keys, too, but throws away what a terminal answers, or takes it for keys; and the governor of previews lives by
//! answers. So the bytes are read here, cut by [`Splitter`] and read by termina.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossterm::event::KeyEvent;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::sync::mpsc;

use super::answer::Answer;
use super::key_event::key_event;
use super::splitter::{Piece, Splitter};

/// How long a link may take between ESC and the rest of a sequence; after it, ESC was a key.
const ESCAPE_TIME: Duration = Duration::from_millis(40);

/// What has come and was not taken yet. Nobody types as much; where it is full, the terminal waits.
const WAITING: usize = 256;

/// What comes from a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// A question was answered.
    Answer(Answer),
}

impl Input {
    fn of(piece: Piece) -> Option<Self> {
        match piece {
            Piece::Key(bytes) => key_event(&bytes).map(Self::Key),
            Piece::Paste(text) => Some(Self::Paste(text)),
            Piece::Answer(answer) => Some(Self::Answer(answer)),
        }
    }
}

/// Reads a terminal where it is called.
#[derive(Debug)]
pub struct Reader<F> {
    input: F,
    splitter: Splitter,
    pieces: Vec<Piece>,
}

impl<F: AsFd> Reader<F> {
    /// Reads `input`, which must be in raw mode.
    pub fn new(input: F) -> Self {
        Self {
            input,
            splitter: Splitter::default(),
            pieces: Vec::new(),
        }
    }

    /// Waits for something, at most until `deadline`, and appends it; returns whether there may be more.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn read(&mut self, deadline: Option<Instant>, found: &mut Vec<Input>) -> io::Result<bool> {
        self.read_or(deadline, None, found)
    }

    /// The same; it also ends when `stop` can be read, or has no other side any more.
    fn read_or(
        &mut self,
        deadline: Option<Instant>,
        stop: Option<&OwnedFd>,
        found: &mut Vec<Input>,
    ) -> io::Result<bool> {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let patience = match (self.splitter.is_waiting(), left) {
            (true, left) => Some(left.map_or(ESCAPE_TIME, |left| left.min(ESCAPE_TIME))),
            (false, left) => left,
        };
        let patience = patience.map(|patience| Timespec {
            tv_sec: patience.as_secs().cast_signed(),
            tv_nsec: i64::from(patience.subsec_nanos()),
        });
        let mut fds = vec![PollFd::new(&self.input, PollFlags::IN)];
        fds.extend(stop.map(|stop| PollFd::new(stop, PollFlags::IN)));
        match poll(&mut fds, patience.as_ref()) {
            Err(rustix::io::Errno::INTR) => return Ok(true),
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
        if fds.get(1).is_some_and(|stop| !stop.revents().is_empty()) {
            return Ok(false);
        }
        if fds[0].revents().is_empty() {
            self.splitter.settle(&mut self.pieces);
        } else {
            let mut chunk = [0; 4096];
            match rustix::io::read(&self.input, &mut chunk) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => self.splitter.push(&chunk[..read], &mut self.pieces),
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
                Err(error) => return Err(error.into()),
            }
        }
        found.extend(self.pieces.drain(..).filter_map(Input::of));
        Ok(true)
    }
}

/// The thread that reads. Dropping it ends the thread without another byte taken from the terminal.
#[derive(Debug)]
pub struct InputThread {
    received: mpsc::Receiver<Input>,
    /// The other side of what the thread watches: it ends when this is closed.
    stop: Option<OwnedFd>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl InputThread {
    /// Goes on with what `reader` has begun; `early` is what it has read already.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start<F: AsFd + Send + 'static>(mut reader: Reader<F>, early: Vec<Input>) -> io::Result<Self> {
        let (send, received) = mpsc::channel(WAITING);
        let (watched, stop) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let thread = std::thread::Builder::new().name("keys".into()).spawn(move || {
            let mut found = early;
            loop {
                for input in found.drain(..) {
                    // Nobody listens any more.
                    if send.blocking_send(input).is_err() {
                        return Ok(());
                    }
                }
                if !reader.read_or(None, Some(&watched), &mut found)? {
                    return Ok(());
                }
            }
        })?;
        Ok(Self {
            received,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The next thing that comes.
    ///
    /// # Errors
    /// The terminal is gone.
    pub async fn next(&mut self) -> io::Result<Input> {
        match self.received.recv().await {
            Some(input) => Ok(input),
            None => Err(self.end_reason()),
        }
    }

    fn end_reason(&mut self) -> io::Error {
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(Err(error))) => error,
            _ => io::ErrorKind::UnexpectedEof.into(),
        }
    }
}

impl Drop for InputThread {
    fn drop(&mut self) {
        self.received.close();
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic has been told by the hook already.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyModifiers};

    fn pipe() -> (OwnedFd, OwnedFd) {
        rustix::pipe::pipe().unwrap()
    }

    fn key(code: KeyCode) -> Input {
        Input::Key(KeyEvent::new(code, KeyModifiers::NONE))
    }

    #[tokio::test]
    async fn keys_and_answers_come_in_their_order() {
        let (from, to) = pipe();
        rustix::io::write(&to, b"b\x1b[0n\x1b[A\x1b").unwrap();
        let mut input = InputThread::start(Reader::new(from), vec![key(KeyCode::Char('a'))]).unwrap();
        for expected in [
            key(KeyCode::Char('a')),
            key(KeyCode::Char('b')),
            Input::Answer(Answer::Status),
            key(KeyCode::Up),
            key(KeyCode::Esc),
        ] {
            assert_eq!(input.next().await.unwrap(), expected);
        }
        drop(to);
        assert!(input.next().await.is_err(), "the terminal is gone");
    }

    #[test]
    fn it_ends_without_taking_what_comes_after() {
        let (from, to) = pipe();
        let mut kept = from.try_clone().unwrap();
        drop(InputThread::start(Reader::new(from), Vec::new()).unwrap());
        rustix::io::write(&to, b"ls").unwrap();
        let mut bytes = [0; 4];
        assert_eq!(rustix::io::read(&mut kept, &mut bytes).unwrap(), 2);
    }
}
