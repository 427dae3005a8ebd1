//! One WebSocket, client's side: bytes on one end, messages on the other.

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;
use tungstenite::error::{CapacityError, Error};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Message, Utf8Bytes};

use super::frame::{Masks, write_messages};
use super::pipe::Pipe;
use super::upgrade::Upgrade;
use super::{MAX_INCOMING, MAX_OUTGOING, UpgradeRequest, WebSocketError};
use crate::wire::session::Output;

/// Answers to pings that may wait before a peer counts as hostile.
const MAX_ANSWERS: usize = 64 * 1024;

/// What a server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// The upgrade is done: messages may be sent.
    Opened,
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Bytes),
    /// The answer to a ping, with its content.
    Pong(Bytes),
}

/// The states in which bytes mean different things.
enum State {
    Upgrading(Upgrade),
    Open(Box<WebSocketContext>),
}

/// The client.
pub struct Client {
    request: UpgradeRequest,
    state: State,
    pipe: Pipe<Output>,
    masks: Masks,
    incoming: VecDeque<Incoming>,
    /// Bytes of the peer until now.
    position: u64,
    /// Bytes of ours that have been written until now.
    written: u64,
    /// Bytes of answers in the output; reset when that runs empty.
    answers: usize,
    is_closed: bool,
}

/// Without what waits to be written: tokens are in there.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("is_open", &self.is_open())
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A connection that has its request ready.
    #[must_use]
    pub fn new(request: UpgradeRequest) -> Self {
        let mut pipe = Pipe::<Output>::default();
        Self {
            state: State::Upgrading(Upgrade::new(&request, pipe.output.end())),
            request,
            pipe,
            masks: Masks::default(),
            incoming: VecDeque::new(),
            position: 0,
            written: 0,
            answers: 0,
            is_closed: false,
        }
    }

    /// Whether messages can be sent.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_)) && !self.is_closed
    }

    /// Bytes that wait to be written.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        self.pipe.output.waiting()
    }

    /// Says that the first `len` bytes of [`output`](Self::output) have been written.
    pub fn consume(&mut self, len: usize) {
        self.written += len.min(self.output().len()) as u64;
        if self.pipe.output.consume(len) {
            self.answers = 0;
        }
    }

    /// Bytes that were said since the start, written or still waiting.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.written + self.output().len() as u64
    }

    /// What the server said, oldest first.
    pub fn poll(&mut self) -> Option<Incoming> {
        self.incoming.pop_front()
    }

    /// Takes what the server sent, in any pieces.
    ///
    /// # Errors
    /// Any [`WebSocketError`] ends the connection; messages that came before it can still be polled.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<(), WebSocketError> {
        self.position += bytes.len() as u64;
        match &mut self.state {
            State::Upgrading(upgrade) => {
                let Some(rest) = upgrade.receive(&self.request, bytes)? else {
                    return Ok(());
                };
                let config = WebSocketConfig::default()
                    .read_buffer_size(4096)
                    .write_buffer_size(0)
                    .max_message_size(Some(MAX_INCOMING))
                    .max_frame_size(Some(MAX_INCOMING));
                self.state = State::Open(Box::new(WebSocketContext::new(Role::Client, Some(config))));
                self.incoming.push_back(Incoming::Opened);
                self.pipe.input.extend_from_slice(&rest);
            }
            State::Open(_) => self.pipe.input.extend_from_slice(bytes),
        }
        self.read()
    }

    fn read(&mut self) -> Result<(), WebSocketError> {
        let State::Open(context) = &mut self.state else {
            return Ok(());
        };
        let before = self.pipe.output.waiting().len();
        loop {
            let message = match context.read(&mut self.pipe) {
                Ok(message) => message,
                Err(Error::Io(_)) => break,
                // After our own goodbye whatever comes is only read away.
                Err(_) if self.is_closed => break,
                Err(error) => return Err(problem(&error, self.position)),
            };
            match message {
                Message::Text(text) => self.incoming.push_back(Incoming::Text(text.as_str().to_owned())),
                Message::Binary(bytes) => self.incoming.push_back(Incoming::Binary(bytes)),
                Message::Pong(bytes) => self.incoming.push_back(Incoming::Pong(bytes)),
                Message::Close(frame) if !self.is_closed => {
                    let (code, reason) = frame.map_or((1005, String::new()), |frame| {
                        (frame.code.into(), self.request.scrub(frame.reason.as_str()))
                    });
                    return Err(WebSocketError::Closed { code, reason });
                }
                // tungstenite answers pings by itself.
                Message::Close(_) | Message::Ping(_) | Message::Frame(_) => {}
            }
        }
        self.answers += self.pipe.output.waiting().len() - before;
        if self.answers > MAX_ANSWERS {
            return Err(WebSocketError::Flood { pending: self.answers });
        }
        Ok(())
    }

    /// Sends a text message; nothing unless open.
    pub fn send_text(&mut self, text: &str) {
        self.send(Message::Text(Utf8Bytes::from(text)));
    }

    /// Asks for a sign of life; nothing unless open.
    pub fn ping(&mut self, content: &[u8]) {
        self.send(Message::Ping(Bytes::copy_from_slice(content)));
    }

    fn send(&mut self, message: Message) {
        if let State::Open(context) = &mut self.state
            && !self.is_closed
        {
            // The pipe takes everything, and we have not closed: there is nothing that could fail.
            let _ = context.write(&mut self.pipe, message);
            let _ = context.flush(&mut self.pipe);
        }
    }

    /// Sends what `write` appends as binary messages of at most [`MAX_OUTGOING`] bytes, cut only between units, whose
    /// length `unit` tells of the bytes that start with one. Nothing unless open.
    pub fn send_binary(&mut self, write: impl FnOnce(&mut Vec<u8>), unit: impl Fn(&[u8]) -> usize) {
        if self.is_open() {
            write_messages(self.pipe.output.end(), &mut self.masks, MAX_OUTGOING, write, unit);
        }
    }

    /// Ends it: a close frame with `code` and `reason` goes out, and nothing after it.
    pub fn close(&mut self, code: u16, reason: &'static str) {
        if let State::Open(context) = &mut self.state
            && !self.is_closed
        {
            let frame = CloseFrame {
                code: CloseCode::from(code),
                reason: Utf8Bytes::from_static(reason),
            };
            let _ = context.close(&mut self.pipe, Some(frame));
        }
        self.is_closed = true;
    }
}

fn problem(error: &Error, position: u64) -> WebSocketError {
    match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => WebSocketError::TooLong { position },
        error => WebSocketError::Protocol {
            position,
            problem: error.to_string(),
        },
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
