//! One worker and the way to it: asks, waits for the answer, and tells a worker that is late from one that is lost.

use std::fmt;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use super::channel::{Channel, ChannelError, Waited};
use super::message::Message;
use super::pulse::{Pulse, Verdict, sample};
use super::spawn::{Process, Program, describe};
use crate::clock::Clock;
use crate::media::TimeDelta;

/// An answer that takes longer, in ms, makes the studio look at the worker …
const FIRST_LOOK_MS: i64 = 40;

/// … and again this often, in ms.
const NEXT_LOOK_MS: i64 = 20;

/// Why a worker is of no use any more. A sentence for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss(pub String);

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A message to a worker.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// What it is.
    pub kind: u8,
    /// What it says: these bytes one after the other.
    pub parts: &'a [&'a [u8]],
}

/// A running worker. Dropping it ends the process.
#[derive(Debug)]
pub struct Link {
    process: Process,
    channel: Channel<UnixStream>,
    clock: Clock,
}

impl Link {
    /// Starts a worker and sends it its first message, without waiting for the answer.
    ///
    /// # Errors
    /// The system starts no process, in words.
    pub fn start(
        program: &Program,
        role: &str,
        memory: impl AsFd,
        clock: Clock,
        opening: Request<'_>,
    ) -> Result<Self, Loss> {
        let (process, socket) = Process::start(program, role, memory)
            .map_err(|error| Loss(format!("no process can be started: {error}")))?;
        let mut link = Self {
            process,
            channel: Channel::new(socket),
            clock,
        };
        let put = link.channel.put(opening.kind, opening.parts);
        match put.and_then(|()| link.channel.flush(false)) {
            Ok(()) => Ok(link),
            Err(error) => Err(link.lose(&error)),
        }
    }

    /// The worker's process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// What the worker has said by itself or in answer, if anything: never waits.
    ///
    /// # Errors
    /// That the worker is gone.
    pub fn look(&mut self) -> Result<Option<Message>, Loss> {
        let message = self.read_once();
        message.map_err(|error| self.lose(&error))
    }

    fn read_once(&mut self) -> Result<Option<Message>, ChannelError> {
        if let Some(message) = self.channel.take()? {
            return Ok(Some(message));
        }
        self.channel.fill(false)?;
        self.channel.take()
    }

    /// Asks, and waits for the answer. `on_slow` is called once where that takes long.
    ///
    /// # Errors
    /// That the worker is gone, or hung: then it is ended.
    pub fn ask(&mut self, request: Request<'_>, on_slow: &mut dyn FnMut()) -> Result<Message, Loss> {
        let put = self.channel.put(request.kind, request.parts);
        put.map_err(|error| self.lose(&error))?;
        self.wait(on_slow)
    }

    /// Waits for the answer to what was asked before.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub fn wait(&mut self, on_slow: &mut dyn FnMut()) -> Result<Message, Loss> {
        let mut pulse = Pulse::new(self.clock.now());
        let mut limit = TimeDelta::from_millis(FIRST_LOOK_MS);
        let mut is_slow = false;
        loop {
            match self.step(limit) {
                Ok(Some(message)) => return Ok(message),
                Ok(None) => {}
                Err(error) => return Err(self.lose(&error)),
            }
            let now = self.clock.now();
            if now < pulse.due(limit) {
                continue;
            }
            limit = TimeDelta::from_millis(NEXT_LOOK_MS);
            match pulse.look(now, sample(self.pid())) {
                Verdict::Working => {}
                Verdict::Slow => {
                    if !std::mem::replace(&mut is_slow, true) {
                        on_slow();
                    }
                }
                Verdict::Hung(why) => {
                    self.process.end();
                    return Err(Loss(why.to_owned()));
                }
            }
        }
    }

    /// Sends and reads what can be sent and read; waits for `limit` at most.
    fn step(&mut self, limit: TimeDelta) -> Result<Option<Message>, ChannelError> {
        if self.channel.has_outgoing() {
            self.channel.flush(false)?;
        }
        if let Some(message) = self.channel.take()? {
            return Ok(Some(message));
        }
        if self.channel.wait(limit)? == Waited::TimedOut {
            return Ok(None);
        }
        self.read_once()
    }

    /// The worker's end, told by how its process ended; by `error` where it lives and talks nonsense.
    fn lose(&mut self, error: &ChannelError) -> Loss {
        let (status, words) = self.process.end();
        match error {
            ChannelError::Closed => Loss(describe(status, &words)),
            error => Loss(error.to_string()),
        }
    }
}
