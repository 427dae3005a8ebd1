//! The server's end of a WebSocket, upgrade included (RFC 6455 §4.2), with the IO taken out: bytes in, messages and bytes out.
//!
//! tungstenite speaks the protocol over a pipe in memory that says `WouldBlock` when it runs dry, and bounds what a message may
//! claim to be long.

use std::io;

use bytes::BytesMut;
use tungstenite::Message;
use tungstenite::error::{Error, ProtocolError};
use tungstenite::handshake::machine::TryParse as _;
use tungstenite::handshake::server::{Request, create_response, write_response};
use tungstenite::http::{HeaderMap, HeaderValue, header};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig, WebSocketContext};

use super::encoding::Encoding;
use crate::wire::websocket::Pipe;

/// The longest message that is taken from a client.
pub const MAX_MESSAGE: usize = 1 << 20;

/// The longest head of a request. Usual ones have 300 bytes.
const MAX_HEAD: usize = 16 * 1024;

/// The longest name of a program that is told.
const MAX_AGENT: usize = 60;

/// What was agreed upon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upgraded {
    /// How messages are written.
    pub encoding: Encoding,
    /// What the client calls itself (`User-Agent`), as far as it can be printed.
    pub agent: Option<String>,
}

enum Phase {
    /// What there is of the request.
    Upgrading(Vec<u8>),
    Open(Box<WebSocketContext>),
}

/// A client's connection, from its first byte on.
pub struct Socket {
    phase: Phase,
    pipe: Pipe,
    is_any_origin_taken: bool,
    is_over: bool,
}

/// What there is to know of what has come.
#[derive(Debug, PartialEq)]
pub enum Incoming {
    /// The connection is a WebSocket now.
    Upgraded(Upgraded),
    /// A message of text or bytes.
    Message(Message),
}

impl Socket {
    /// Waits for the request. Pages of other machines are let in only where `is_any_origin_taken`.
    #[must_use]
    pub fn new(is_any_origin_taken: bool) -> Self {
        Self {
            phase: Phase::Upgrading(Vec::new()),
            pipe: Pipe::default(),
            is_any_origin_taken,
            is_over: false,
        }
    }

    /// Bytes from the peer.
    pub fn receive(&mut self, bytes: &[u8]) {
        if self.is_over {
            return;
        }
        match &mut self.phase {
            Phase::Upgrading(head) => head.extend_from_slice(bytes),
            Phase::Open(_) => self.pipe.input.extend_from_slice(bytes),
        }
    }

    /// What they say. Breaches of the peer end the connection with the code that says so (§7.4.1).
    pub fn next(&mut self) -> Option<Incoming> {
        while !self.is_over {
            let context = match &mut self.phase {
                Phase::Upgrading(_) => return self.upgrade().map(Incoming::Upgraded),
                Phase::Open(context) => context,
            };
            match context.read(&mut self.pipe) {
                Ok(Message::Close(_)) => {
                    // The answer is on its way already.
                    let _ = context.flush(&mut self.pipe);
                    self.is_over = true;
                }
                Ok(message @ (Message::Text(_) | Message::Binary(_))) => return Some(Incoming::Message(message)),
                // A ping has been answered.
                Ok(_) => drop(context.flush(&mut self.pipe)),
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(Error::Capacity(_)) => self.close(CloseCode::Size.into(), "the message is too large"),
                Err(Error::Utf8(_)) => self.close(CloseCode::Invalid.into(), "the text is no UTF-8"),
                Err(Error::Protocol(ProtocolError::SendAfterClosing)) => self.is_over = true,
                Err(Error::Protocol(_)) => self.close(CloseCode::Protocol.into(), "not as RFC 6455 has it"),
                Err(_) => self.is_over = true,
            }
        }
        None
    }

    fn upgrade(&mut self) -> Option<Upgraded> {
        let Phase::Upgrading(head) = &mut self.phase else {
            return None;
        };
        let parsed = match Request::try_parse(head) {
            Ok(Some(parsed)) => Ok(parsed),
            Ok(None) if head.len() <= MAX_HEAD => return None,
            Ok(None) => Err("431 Request Header Fields Too Large"),
            Err(_) => Err("400 Bad Request"),
        };
        let agreed = parsed.and_then(|(len, request)| {
            let (response, upgraded) = agree(&request, self.is_any_origin_taken)?;
            write_response(&mut self.pipe, &response).map_err(|_| "500 Internal Server Error")?;
            Ok((len, upgraded))
        });
        match agreed {
            Ok((len, upgraded)) => {
                self.pipe.input.extend_from_slice(&head[len..]);
                let config = WebSocketConfig::default()
                    .read_buffer_size(4096)
                    .write_buffer_size(0)
                    .max_write_buffer_size(usize::MAX)
                    .max_message_size(Some(MAX_MESSAGE))
                    .max_frame_size(Some(MAX_MESSAGE));
                self.phase = Phase::Open(Box::new(WebSocketContext::new(Role::Server, Some(config))));
                Some(upgraded)
            }
            Err(status) => {
                let text = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
                self.pipe.output.extend_from_slice(text.as_bytes());
                self.is_over = true;
                None
            }
        }
    }

    /// Sends a message, where the connection is a WebSocket.
    pub fn send(&mut self, message: Message) {
        let Phase::Open(context) = &mut self.phase else { return };
        if !self.is_over && (context.write(&mut self.pipe, message).is_err() || context.flush(&mut self.pipe).is_err())
        {
            self.is_over = true;
        }
    }

    /// Says goodbye. What is in the output still has to be written.
    pub fn close(&mut self, code: u16, reason: &str) {
        if let Phase::Open(context) = &mut self.phase {
            // A control frame has 125 bytes at most (§5.5), two of which are the code.
            let mut end = reason.len().min(123);
            while !reason.is_char_boundary(end) {
                end -= 1;
            }
            let frame = CloseFrame {
                code: code.into(),
                reason: reason[..end].into(),
            };
            let _ = context.close(&mut self.pipe, Some(frame));
            let _ = context.flush(&mut self.pipe);
        }
        self.is_over = true;
    }

    /// What the peer is to get: to be taken from the front as far as it goes.
    pub fn output(&mut self) -> &mut BytesMut {
        &mut self.pipe.output
    }

    /// Whether one of both sides has said goodbye, or broken the protocol: nothing more is read or sent, but for the output.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.is_over
    }
}

/// What the request is answered with, and what is agreed upon; or the status of a refusal.
fn agree(
    request: &Request,
    is_any_origin_taken: bool,
) -> Result<(tungstenite::http::Response<()>, Upgraded), &'static str> {
    if !is_any_origin_taken && !is_own_origin(request.headers()) {
        return Err("403 Forbidden");
    }
    let mut response = create_response(request).map_err(|_| "426 Upgrade Required\r\nUpgrade: websocket")?;
    let offered = request.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let encoding = offered
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find_map(|name| Encoding::of(name.trim()));
    if let Some(encoding) = encoding {
        let name = HeaderValue::from_static(encoding.subprotocol());
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, name);
    }
    let agent = request.headers().get(header::USER_AGENT);
    let agent = agent.and_then(|value| value.to_str().ok());
    let upgraded = Upgraded {
        encoding: encoding.unwrap_or_default(),
        agent: agent.map(|agent| agent.chars().filter(|c| !c.is_control()).take(MAX_AGENT).collect()),
    };
    Ok((response, upgraded))
}

/// Whether the request comes from no web page, or from one of this machine. Without a password any page that somebody opens
/// here could drive the show otherwise.
fn is_own_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let host = origin.to_str().ok().and_then(|origin| {
        let rest = origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"))?;
        let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        Some(
            rest.rsplit_once(':')
                .filter(|(_, port)| is_port(port))
                .map_or(rest, |(host, _)| host),
        )
    });
    matches!(host, Some("localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tungstenite::protocol::WebSocket;

    const HEAD: &str = "GET / HTTP/1.1\r\nHost: localhost:4455\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

    fn request(more: &str) -> String {
        format!("{HEAD}{more}\r\n")
    }

    fn open() -> Socket {
        let mut socket = Socket::new(false);
        socket.receive(request("").as_bytes());
        assert!(matches!(socket.next(), Some(Incoming::Upgraded(_))));
        socket.output().clear();
        socket
    }

    /// What a client writes.
    fn masked(message: Message) -> Vec<u8> {
        let mut client = WebSocket::from_raw_socket(Pipe::<BytesMut>::default(), Role::Client, None);
        client.send(message).unwrap();
        client.get_mut().output.to_vec()
    }

    /// The code with which the server says goodbye.
    fn goodbye(socket: &mut Socket) -> Option<u16> {
        let pipe: Pipe = Pipe {
            input: socket.output().split(),
            ..Pipe::default()
        };
        let mut client = WebSocket::from_raw_socket(pipe, Role::Client, None);
        match client.read().ok()? {
            Message::Close(Some(frame)) => Some(frame.code.into()),
            _ => None,
        }
    }

    #[test]
    fn the_subprotocol_is_agreed_upon() {
        for (offered, encoding, named) in [
            ("", Encoding::Json, None),
            (
                "Sec-WebSocket-Protocol: obswebsocket.json\r\n",
                Encoding::Json,
                Some("obswebsocket.json"),
            ),
            (
                "Sec-WebSocket-Protocol: x, obswebsocket.msgpack\r\n",
                Encoding::MessagePack,
                Some("obswebsocket.msgpack"),
            ),
            ("Sec-WebSocket-Protocol: mqtt\r\n", Encoding::Json, None),
        ] {
            let mut socket = Socket::new(false);
            for byte in request(&format!("User-Agent: deck\u{7}/1\r\n{offered}"))
                .replace('\u{7}', "")
                .bytes()
            {
                assert!(socket.next().is_none());
                socket.receive(&[byte]);
            }
            let Some(Incoming::Upgraded(upgraded)) = socket.next() else {
                panic!("{offered}")
            };
            assert_eq!(upgraded.encoding, encoding);
            assert_eq!(upgraded.agent.as_deref(), Some("deck/1"));
            let answer = String::from_utf8_lossy(socket.output()).to_lowercase();
            assert!(answer.starts_with("http/1.1 101 "), "{answer}");
            assert!(
                answer.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="),
                "{answer}"
            );
            let line = answer
                .lines()
                .find_map(|line| line.strip_prefix("sec-websocket-protocol: "));
            assert_eq!(line, named);
        }
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let long = format!("GET /{} HTTP/1.1\r\n", "x".repeat(20_000));
        for (text, status) in [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "426"),
            ("\u{1}\u{2}\u{3}\r\n\r\n".to_owned(), "400"),
            (long, "431"),
            (request("Origin: https://evil.example\r\n"), "403"),
            (request("Origin: null\r\n"), "403"),
            (request("Origin: http://localhost.evil.example:80\r\n"), "403"),
        ] {
            let mut socket = Socket::new(false);
            socket.receive(text.as_bytes());
            assert!(socket.next().is_none() && socket.is_over());
            let answer = String::from_utf8_lossy(socket.output()).into_owned();
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        }
    }

    #[test]
    fn pages_of_this_machine_are_let_in_and_others_with_a_password_alone() {
        for (origin, is_any_taken) in [
            ("http://localhost:3000", false),
            ("http://127.0.0.1", false),
            ("http://[::1]:8080", false),
            ("https://deck.example", true),
        ] {
            let mut socket = Socket::new(is_any_taken);
            socket.receive(request(&format!("Origin: {origin}\r\n")).as_bytes());
            assert!(matches!(socket.next(), Some(Incoming::Upgraded(_))), "{origin}");
        }
    }

    #[test]
    fn messages_come_together_and_pings_are_answered() {
        let mut socket = Socket::new(false);
        let mut bytes = request("").into_bytes();
        bytes.extend(masked(Message::text("one")));
        bytes.extend(masked(Message::Ping("x".into())));
        bytes.extend(masked(Message::binary(vec![1, 2])));
        socket.receive(&bytes);
        assert!(matches!(socket.next(), Some(Incoming::Upgraded(_))));
        assert_eq!(socket.next(), Some(Incoming::Message(Message::text("one"))));
        assert_eq!(socket.next(), Some(Incoming::Message(Message::binary(vec![1, 2]))));
        assert_eq!(socket.next(), None);
        assert!(socket.output().ends_with(&[0x8a, 1, b'x']));
    }

    #[test]
    fn breaches_are_answered_with_their_codes() {
        let mut claimed = vec![0x81, 0xff];
        claimed.extend([0x7f; 12]);
        for (bytes, code) in [
            (claimed, 1009),
            (vec![0x81, 0x01, b'x'], 1002),
            (vec![0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe], 1007),
            (vec![0x8f, 0x80, 0, 0, 0, 0], 1002),
        ] {
            let mut socket = open();
            socket.receive(&bytes);
            assert!(socket.next().is_none() && socket.is_over(), "{code}");
            assert_eq!(goodbye(&mut socket), Some(code));
        }
        let mut socket = open();
        socket.close(4009, &"ä".repeat(100));
        assert_eq!(goodbye(&mut socket), Some(4009));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(
            is_upgraded: bool,
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20),
        ) {
            let mut socket = if is_upgraded { open() } else { Socket::new(false) };
            for chunk in chunks {
                socket.receive(&chunk);
                while socket.next().is_some() {}
                socket.output().clear();
            }
        }
    }
}
