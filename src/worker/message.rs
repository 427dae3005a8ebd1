//! How messages lie in the byte stream between the studio and a worker.
//!
//! ```text
//! byte 0      version of the protocol, [`VERSION`]
//! byte 1      kind of message; what its payload means is the business of the worker's own module
//! byte 2..4   zero
//! byte 4..8   length of the payload in bytes, little-endian, at most [`MAX_PAYLOAD`]
//! then        the payload
//! ```
//! Both ends are the same binary, so another version means that something is badly wrong: the connection is given up.

use bytes::Bytes;
use thiserror::Error;

/// Raised with every change of a message.
pub const VERSION: u8 = 1;

/// Larger than any access unit of 4K at 100 Mbit/s.
pub const MAX_PAYLOAD: usize = 16 << 20;

/// Bytes before the payload.
pub const HEADER_LEN: usize = 8;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it is.
    pub kind: u8,
    /// What it says.
    pub payload: Bytes,
}

/// Bytes that are no message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MessageError {
    /// The other end is another program, or the stream is out of step.
    #[error("byte {position}: version {found} of the worker protocol, not {VERSION}")]
    Version {
        /// Of the header in the stream.
        position: u64,
        /// What stands there.
        found: u8,
    },
    /// A length beyond [`MAX_PAYLOAD`], or reserved bytes that are not zero.
    #[error("byte {position}: a message of kind {kind} with {claimed} bytes is not possible")]
    Header {
        /// Of the header in the stream.
        position: u64,
        /// What it claims to be.
        kind: u8,
        /// The length that it claims.
        claimed: u32,
    },
    /// A payload that does not mean anything.
    #[error("a message of kind {kind} with {len} bytes means nothing here: {reason}")]
    Payload {
        /// The kind of the message.
        kind: u8,
        /// Bytes in its payload.
        len: usize,
        /// What is wrong.
        reason: String,
    },
}

/// The header of a message, read or to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The kind of the message.
    pub kind: u8,
    /// Bytes in its payload.
    pub len: usize,
}

impl Header {
    /// As bytes. The length must be within [`MAX_PAYLOAD`].
    #[must_use]
    pub fn encode(self) -> [u8; HEADER_LEN] {
        let [a, b, c, d] = (self.len as u32).to_le_bytes();
        [VERSION, self.kind, 0, 0, a, b, c, d]
    }

    /// From the bytes at `position` of the stream.
    ///
    /// # Errors
    /// [`MessageError::Version`], [`MessageError::Header`].
    pub fn decode(bytes: [u8; HEADER_LEN], position: u64) -> Result<Self, MessageError> {
        let [version, kind, zero, another, len @ ..] = bytes;
        if version != VERSION {
            return Err(MessageError::Version {
                position,
                found: version,
            });
        }
        let claimed = u32::from_le_bytes(len);
        if (zero, another) != (0, 0) || claimed as usize > MAX_PAYLOAD {
            return Err(MessageError::Header {
                position,
                kind,
                claimed,
            });
        }
        Ok(Self {
            kind,
            len: claimed as usize,
        })
    }
}

impl Message {
    /// The payload as text, whatever it is.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.payload).into_owned()
    }

    /// That the payload of this message does not mean anything.
    #[must_use]
    pub fn wrong(&self, reason: impl Into<String>) -> MessageError {
        MessageError::Payload {
            kind: self.kind,
            len: self.payload.len(),
            reason: reason.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_form_is_as_documented() {
        let header = Header {
            kind: 3,
            len: 0x0001_0203,
        };
        assert_eq!(header.encode(), [1, 3, 0, 0, 3, 2, 1, 0]);
    }

    #[test]
    fn another_version_and_absurd_lengths_are_named_by_their_place() {
        let error = Header::decode([9, 3, 0, 0, 0, 0, 0, 0], 77).unwrap_err();
        assert_eq!(error.to_string(), "byte 77: version 9 of the worker protocol, not 1");
        let error = Header::decode([1, 3, 0, 0, 255, 255, 255, 255], 8).unwrap_err();
        assert!(error.to_string().contains("4294967295"), "{error}");
        assert!(Header::decode([1, 3, 1, 0, 0, 0, 0, 0], 0).is_err());
    }

    proptest! {
        #[test]
        fn any_header_is_read_or_refused(bytes: [u8; HEADER_LEN]) {
            if let Ok(header) = Header::decode(bytes, 0) {
                prop_assert!(header.len <= MAX_PAYLOAD);
                prop_assert_eq!(header.encode(), bytes);
            }
        }
    }
}
