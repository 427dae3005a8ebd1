//! The server's end of a WebSocket (RFC 6455), with the IO taken out: bytes in, messages and bytes out.
//!
//! tungstenite speaks the protocol, over a pipe in memory. Media do not go through it: they are finished frames already, and
//! may stand between any two of the frames that it makes (answers to pings, the goodbye).

use std::io;

use axum::http::{HeaderMap, HeaderValue, header};
use bytes::{Bytes, BytesMut};
use tungstenite::error::{Error, ProtocolError};
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Message, Utf8Bytes};

use crate::wire::websocket::Pipe;

/// A WebSocket after its handshake.
#[derive(Debug)]
pub(super) struct ServerSocket {
    context: WebSocketContext,
    pipe: Pipe,
    is_over: bool,
}

impl ServerSocket {
    /// Takes messages of at most `max_message` bytes. `early` are bytes that came together with the request.
    pub(super) fn new(max_message: usize, early: &[u8]) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(512)
            .write_buffer_size(0)
            .max_write_buffer_size(64 * 1024)
            .max_message_size(Some(max_message))
            .max_frame_size(Some(max_message));
        let mut socket = Self {
            context: WebSocketContext::new(Role::Server, Some(config)),
            pipe: Pipe::default(),
            is_over: false,
        };
        socket.receive(early);
        socket
    }

    /// Bytes from the peer.
    pub(super) fn receive(&mut self, bytes: &[u8]) {
        if !self.is_over {
            self.pipe.input.extend_from_slice(bytes);
        }
    }

    /// The next whole message. Errors of the peer end the connection with the code that says so (§7.4.1).
    pub(super) fn next(&mut self) -> Option<Message> {
        while !self.is_over {
            match self.context.read(&mut self.pipe) {
                Ok(Message::Close(_)) => {
                    // The answer is on its way already.
                    let _ = self.context.flush(&mut self.pipe);
                    self.is_over = true;
                }
                Ok(message) => return Some(message),
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(Error::Capacity(_)) => self.close(CloseCode::Size, "the message is too large"),
                Err(Error::Utf8(_)) => self.close(CloseCode::Invalid, "the text is no UTF-8"),
                Err(Error::Protocol(ProtocolError::SendAfterClosing)) => self.is_over = true,
                Err(Error::Protocol(_)) => self.close(CloseCode::Protocol, "not as RFC 6455 has it"),
                Err(_) => self.is_over = true,
            }
        }
        // An emptied buffer of a burst goes back: thousands of these are idle at once.
        if self.pipe.input.is_empty() && self.pipe.input.capacity() > 4096 {
            self.pipe.input = BytesMut::new();
        }
        None
    }

    /// Frames for the peer: whole ones.
    pub(super) fn take_output(&mut self) -> Option<Bytes> {
        (!self.pipe.output.is_empty()).then(|| std::mem::take(&mut self.pipe.output).freeze())
    }

    pub(super) fn send_text(&mut self, text: &str) {
        self.send(Message::text(text));
    }

    pub(super) fn send_binary(&mut self, bytes: Vec<u8>) {
        self.send(Message::binary(bytes));
    }

    pub(super) fn ping(&mut self) {
        self.send(Message::Ping(Bytes::new()));
    }

    fn send(&mut self, message: Message) {
        if self.context.write(&mut self.pipe, message).is_err() || self.context.flush(&mut self.pipe).is_err() {
            self.is_over = true;
        }
    }

    /// Says goodbye. What is in the output still has to be written.
    pub(super) fn close(&mut self, code: CloseCode, reason: &'static str) {
        let frame = CloseFrame {
            code,
            reason: Utf8Bytes::from_static(reason),
        };
        let _ = self.context.close(&mut self.pipe, Some(frame));
        self.is_over = true;
    }

    /// Whether one of both sides has said goodbye, or broken the protocol: nothing more is read or sent, but for the output.
    pub(super) const fn is_over(&self) -> bool {
        self.is_over
    }
}

/// What a request to become a WebSocket must have (§4.2.1); gives the answer to its key.
pub(super) fn accept_key(headers: &HeaderMap) -> Option<HeaderValue> {
    let has_word = |name: header::HeaderName, word: &str| {
        let mut values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.any(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word)))
    };
    let is_upgrade = has_word(header::CONNECTION, "upgrade")
        && has_word(header::UPGRADE, "websocket")
        && has_word(header::SEC_WEBSOCKET_VERSION, "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY)?;
    let accept = is_upgrade.then(|| derive_accept_key(key.as_bytes()))?;
    HeaderValue::try_from(accept).ok()
}

/// Whether the client offers this subprotocol (§4.1).
pub(super) fn offers(headers: &HeaderMap, subprotocol: &str) -> bool {
    let mut values = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    values.any(|value| {
        let mut offered = value.to_str().unwrap_or("").split(',');
        offered.any(|offered| offered.trim() == subprotocol)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tungstenite::protocol::frame::coding::{Data, OpCode};
    use tungstenite::protocol::frame::{Frame, FrameHeader};

    /// A frame as a client sends it.
    fn masked(payload: &[u8], is_final: bool) -> Vec<u8> {
        let mut frame = Frame::message(payload.to_vec(), OpCode::Data(Data::Text), is_final);
        frame.header_mut().mask = Some([1, 2, 3, 4]);
        let mut bytes = Vec::new();
        frame.format(&mut bytes).unwrap();
        bytes
    }

    fn close_code(output: &[u8]) -> Option<u16> {
        let mut cursor = io::Cursor::new(output);
        let (header, _): (FrameHeader, u64) = FrameHeader::parse(&mut cursor).ok()??;
        let body = &output[cursor.position() as usize..];
        (u8::from(header.opcode) == 8).then(|| u16::from_be_bytes([body[0], body[1]]))
    }

    #[test]
    fn messages_come_in_any_pieces() {
        let bytes = masked(b"{\"rendition\":\"auto\"}", true);
        let mut socket = ServerSocket::new(4096, &bytes[..3]);
        for byte in &bytes[3..bytes.len() - 1] {
            socket.receive(&[*byte]);
            assert!(socket.next().is_none());
        }
        socket.receive(&bytes[bytes.len() - 1..]);
        assert_eq!(socket.next().unwrap().to_text().unwrap(), "{\"rendition\":\"auto\"}");
        assert!(!socket.is_over() && socket.take_output().is_none());
    }

    #[test]
    fn breaches_are_answered_with_their_codes() {
        let oversize = masked(&[b' '; 4097], true);
        let mut claimed = vec![0x81, 0xff];
        claimed.extend([0xff; 12]);
        for (bytes, code) in [
            (oversize, 1009),
            (claimed, 1009),
            (vec![0x81, 0x01, b'x'], 1002),
            (masked(&[0xff, 0xfe], true), 1007),
        ] {
            let mut socket = ServerSocket::new(4096, &bytes);
            assert!(socket.next().is_none() && socket.is_over());
            assert_eq!(close_code(&socket.take_output().unwrap()), Some(code));
            assert!(socket.pipe.input.capacity() <= 8192, "{}", socket.pipe.input.capacity());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20)) {
            let mut socket = ServerSocket::new(4096, &[]);
            for chunk in chunks {
                socket.receive(&chunk);
                while socket.next().is_some() {}
                socket.take_output();
            }
        }
    }
}
