//! The server's side of a WebSocket in memory, for tests of whatever speaks through one.

use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::{Role, WebSocket};
use tungstenite::{Error, Message};

/// The value of `Sec-WebSocket-Accept` for a request.
pub(in crate::wire) fn accept_of(request: &str) -> String {
    let key = request
        .split("Sec-WebSocket-Key: ")
        .nth(1)
        .unwrap()
        .split("\r\n")
        .next()
        .unwrap();
    derive_accept_key(key.as_bytes())
}

/// The answer that upgrades, with `headers` besides.
pub(in crate::wire) fn upgrade(accept: &str, headers: &str) -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{headers}\r\n"
    )
}

/// A frame of a server.
pub(in crate::wire) fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match payload.len() {
        len @ 0..=125 => frame.push(len as u8),
        len => {
            frame.push(126);
            frame.extend_from_slice(&u16::try_from(len).unwrap().to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

/// What a client's bytes say, as tungstenite's server reads them.
pub(in crate::wire) fn messages(bytes: &[u8]) -> Vec<Message> {
    let mut server = WebSocket::from_raw_socket(std::io::Cursor::new(bytes.to_vec()), Role::Server, None);
    let mut messages = Vec::new();
    loop {
        match server.read() {
            Ok(message) => messages.push(message),
            // The end of the bytes, or of the connection.
            Err(Error::Protocol(_) | Error::ConnectionClosed | Error::Io(_)) => return messages,
            Err(error) => panic!("{error}"),
        }
    }
}
