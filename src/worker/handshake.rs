//! How a worker is opened, the same for every role: what it is to do and where the pictures are, in JSON; then that it is
//! ready, with what the studio must know of it, or why it is not.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::arena::Layout;
use super::message::Message;

/// Studio → worker, first: an [`Opening`] as JSON.
pub const OPEN: u8 = 1;
/// Worker → studio, in answer: a greeting of the role's own as JSON.
pub const READY: u8 = 2;
/// Worker → studio, in answer: why not, as text. The worker ends.
pub const REFUSED: u8 = 3;
/// The kinds from here on are the role's own.
pub const FIRST_OWN: u8 = 16;

/// What a worker starts with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opening<T> {
    /// What to do, and how: the role's own.
    pub settings: T,
    /// Where the pictures are.
    pub layout: Layout,
}

impl<T: DeserializeOwned> Opening<T> {
    /// From the first message that a worker gets.
    ///
    /// # Errors
    /// Another kind of message, or settings that are none, in words.
    pub fn decode(message: &Message) -> Result<Self, String> {
        if message.kind != OPEN {
            return Err(message.wrong("not how to begin").to_string());
        }
        serde_json::from_slice(&message.payload).map_err(|error| message.wrong(error.to_string()).to_string())
    }
}

/// What a worker that is ready says of itself.
///
/// # Errors
/// Why it is not ready, or that it talks nonsense, in words.
pub fn greeting<G: DeserializeOwned>(message: &Message) -> Result<G, String> {
    match message.kind {
        READY => serde_json::from_slice(&message.payload).map_err(|error| message.wrong(error.to_string()).to_string()),
        REFUSED => Err(message.text()),
        _ => Err(message.wrong("no greeting").to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn message(kind: u8, payload: impl Into<Bytes>) -> Message {
        let payload = payload.into();
        Message { kind, payload }
    }

    #[test]
    fn a_worker_is_ready_or_says_why_not() {
        assert_eq!(greeting(&message(READY, "7")), Ok(7));
        assert_eq!(
            greeting::<i32>(&message(REFUSED, "no model")),
            Err("no model".to_owned())
        );
        assert!(greeting::<i32>(&message(READY, "no number")).is_err());
        assert!(greeting::<i32>(&message(OPEN, "7")).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(kind: u8, payload in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = greeting::<Vec<u8>>(&message(kind, payload.clone()));
            let _ = Opening::<Vec<u8>>::decode(&message(kind, payload));
        }
    }
}
