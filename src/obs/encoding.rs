//! The two ways in which a message is written: JSON in text frames, MessagePack in binary ones (subprotocols of RFC 6455 §1.9).

use serde::Deserialize as _;
use serde_json::Value;
use tungstenite::Message;

use super::code::CloseCode;

/// How deep a message may be nested. What controllers send has five levels.
const MAX_DEPTH: usize = 64;

/// How a connection writes its messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Where the client has not said otherwise.
    #[default]
    Json,
    /// What the libraries for Python and for Node ask for.
    MessagePack,
}

impl Encoding {
    /// The one that a client offers under that name.
    #[must_use]
    pub fn of(subprotocol: &str) -> Option<Self> {
        [Self::Json, Self::MessagePack]
            .into_iter()
            .find(|encoding| encoding.subprotocol() == subprotocol)
    }

    /// Its name.
    #[must_use]
    pub const fn subprotocol(self) -> &'static str {
        match self {
            Self::Json => "obswebsocket.json",
            Self::MessagePack => "obswebsocket.msgpack",
        }
    }

    /// The message as it goes over the wire.
    #[must_use]
    pub fn encode(self, value: &Value) -> Message {
        match self {
            Self::Json => Message::text(value.to_string()),
            // Memory takes whatever is written, and a `Value` has nothing that cannot be.
            Self::MessagePack => Message::binary(rmp_serde::to_vec(value).unwrap_or_default()),
        }
    }

    /// What came over the wire.
    ///
    /// # Errors
    /// The code to close with, where it is no such message.
    pub fn decode(self, message: &Message) -> Result<Value, CloseCode> {
        match (self, message) {
            (Self::Json, Message::Text(text)) => {
                serde_json::from_str(text.as_str()).map_err(|_| CloseCode::MessageDecodeError)
            }
            (Self::MessagePack, Message::Binary(bytes)) => message_pack(bytes).ok_or(CloseCode::MessageDecodeError),
            _ => Err(CloseCode::MessageDecodeError),
        }
    }
}

/// All of `bytes` as one value. Read in place, so that a length that is claimed and not there allocates nothing.
fn message_pack(bytes: &[u8]) -> Option<Value> {
    let mut reader = bytes;
    let mut reading = rmp_serde::Deserializer::new(&mut reader);
    reading.set_max_depth(MAX_DEPTH);
    let value = Value::deserialize(&mut reading).ok()?;
    reader.is_empty().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            // Halves: serde_json reads others to within the last bit.
            any::<i32>().prop_map(|number| Value::from(f64::from(number) / 2.0)),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(".{0,6}", inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn the_wrong_kind_of_frame_is_no_message() {
        for (encoding, other) in [
            (Encoding::Json, Encoding::MessagePack),
            (Encoding::MessagePack, Encoding::Json),
        ] {
            let message = other.encode(&json!({ "op": 6 }));
            assert_eq!(encoding.decode(&message), Err(CloseCode::MessageDecodeError));
            assert_eq!(Encoding::of(encoding.subprotocol()), Some(encoding));
        }
        assert_eq!(Encoding::of("mqtt"), None);
    }

    #[test]
    fn what_is_claimed_and_not_there_is_refused() {
        // Maps, arrays, texts and blobs of four thousand million entries; a nest of a thousand arrays; a text too short.
        let nested = vec![0x91; 1000];
        for bytes in [
            &[0xdf, 0xff, 0xff, 0xff, 0xff][..],
            &[0xdd, 0xff, 0xff, 0xff, 0xff],
            &[0xdb, 0xff, 0xff, 0xff, 0xff],
            &[0xc6, 0xff, 0xff, 0xff, 0xff],
            &nested,
            &[0xa5, b'a'],
            &[0xc0, 0xc0],
            &[],
        ] {
            let message = Message::binary(bytes.to_vec());
            assert_eq!(
                Encoding::MessagePack.decode(&message),
                Err(CloseCode::MessageDecodeError),
                "{bytes:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn messages_round_trip(value in value()) {
            for encoding in [Encoding::Json, Encoding::MessagePack] {
                prop_assert_eq!(&encoding.decode(&encoding.encode(&value)).unwrap(), &value);
            }
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Encoding::MessagePack.decode(&Message::binary(bytes.clone()));
            let _ = Encoding::Json.decode(&Message::text(String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
}
