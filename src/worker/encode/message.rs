//! What studio and encoder worker say to each other.
//!
//! Every request carries all that can change while live, so a worker that takes over needs to be told nothing else.

use bytes::{Buf, BufMut};
use serde::{Deserialize, Serialize};

use crate::media::{FrameRate, Packet, Rate, RateControl, Timestamp, TrackKind, VideoConfig};
use crate::worker::handshake::FIRST_OWN;
use crate::worker::message::{Message, MessageError};

/// Studio → worker: a [`Picture`].
pub const PICTURE: u8 = FIRST_OWN;
/// Worker → studio, in answer: the access unit.
pub const PACKET: u8 = FIRST_OWN + 1;
/// Worker → studio, in answer: rate control left it out.
pub const LEFT_OUT: u8 = FIRST_OWN + 2;
/// Worker → studio, in answer: why not, as text.
pub const FAILED: u8 = FIRST_OWN + 3;

/// What an encoder that is ready greets with: its parameter sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Greeting {
    /// As in [`VideoConfig::sps`].
    pub sps: Vec<u8>,
    /// As in [`VideoConfig::pps`].
    pub pps: Vec<u8>,
}

impl Greeting {
    /// Those of `config`.
    #[must_use]
    pub fn of(config: &VideoConfig) -> Self {
        Self {
            sps: config.sps.to_vec(),
            pps: config.pps.to_vec(),
        }
    }
}

/// A picture to encode, and the targets that hold from it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Where it lies.
    pub slot: u32,
    /// When it is shown.
    pub pts: Timestamp,
    /// Whether it is to be an IDR.
    pub is_idr_wanted: bool,
    /// What may be spent.
    pub rate: Rate,
    /// Pictures per second.
    pub frame_rate: FrameRate,
}

/// What became of a picture.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Its access unit.
    Packet(Packet),
    /// Nothing: rate control left it out.
    LeftOut,
    /// An error of the encoder, in words.
    Failed(String),
}

/// Bytes of an encoded [`Picture`].
const PICTURE_LEN: usize = 30;

/// Bytes before the access unit in a [`PACKET`].
pub const PACKET_HEAD: usize = 9;

impl Picture {
    /// Writes the payload of kind [`PICTURE`].
    pub fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.put_u32_le(self.slot);
        bytes.put_i64_le(self.pts.to_flicks());
        bytes.put_u8(u8::from(self.is_idr_wanted));
        bytes.put_u32_le(self.rate.kbps);
        let (mode, value) = match self.rate.control {
            RateControl::Constant => (0, 0),
            RateControl::Capped { max_kbps } => (1, max_kbps),
            RateControl::Average => (2, 0),
            RateControl::Quality { quantiser } => (3, u32::from(quantiser)),
        };
        bytes.put_u8(mode);
        bytes.put_u32_le(value);
        bytes.put_u32_le(self.frame_rate.num);
        bytes.put_u32_le(self.frame_rate.den);
    }

    /// From a message of kind [`PICTURE`].
    ///
    /// # Errors
    /// Another length, or a frame rate of zero.
    pub fn decode(message: &Message) -> Result<Self, MessageError> {
        let mut bytes = message.payload.clone();
        if bytes.len() != PICTURE_LEN {
            return Err(message.wrong(format!("a picture has {PICTURE_LEN}")));
        }
        let slot = bytes.get_u32_le();
        let pts = Timestamp::from_flicks(bytes.get_i64_le());
        let is_idr_wanted = bytes.get_u8() != 0;
        let kbps = bytes.get_u32_le();
        let control = match (bytes.get_u8(), bytes.get_u32_le()) {
            (0, _) => RateControl::Constant,
            (1, max_kbps) => RateControl::Capped { max_kbps },
            (2, _) => RateControl::Average,
            (3, quantiser @ 0..=51) => RateControl::Quality {
                quantiser: quantiser as u8,
            },
            (mode, value) => return Err(message.wrong(format!("no rate control is {mode} with {value}"))),
        };
        let frame_rate = FrameRate::new(bytes.get_u32_le(), bytes.get_u32_le());
        Ok(Self {
            slot,
            pts,
            is_idr_wanted,
            rate: Rate { control, kbps },
            frame_rate: frame_rate.ok_or_else(|| message.wrong("a frame rate of zero"))?,
        })
    }
}

/// What stands before the access unit in a [`PACKET`].
#[must_use]
pub fn packet_head(packet: &Packet) -> [u8; PACKET_HEAD] {
    let mut head = [0; PACKET_HEAD];
    let mut bytes = &mut head[..];
    bytes.put_i64_le(packet.pts.to_flicks());
    bytes.put_u8(u8::from(packet.is_idr));
    head
}

impl Answer {
    /// From the answer to a picture.
    ///
    /// # Errors
    /// A kind that is no answer, or a packet without an access unit.
    pub fn decode(message: Message) -> Result<Self, MessageError> {
        match message.kind {
            PACKET if message.payload.len() > PACKET_HEAD => {
                let mut bytes = message.payload;
                let pts = Timestamp::from_flicks(bytes.get_i64_le());
                let is_idr = bytes.get_u8() != 0;
                Ok(Self::Packet(Packet {
                    track: TrackKind::Video,
                    pts,
                    dts: pts,
                    is_idr,
                    data: bytes,
                }))
            }
            LEFT_OUT => Ok(Self::LeftOut),
            FAILED => Ok(Self::Failed(message.text())),
            _ => Err(message.wrong("no answer to a picture")),
        }
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

    fn control() -> impl Strategy<Value = RateControl> {
        prop_oneof![
            Just(RateControl::Constant),
            any::<u32>().prop_map(|max_kbps| RateControl::Capped { max_kbps }),
            Just(RateControl::Average),
            (0u8..52).prop_map(|quantiser| RateControl::Quality { quantiser }),
        ]
    }

    proptest! {
        #[test]
        fn a_picture_comes_back(
            slot: u32,
            pts: i64,
            is_idr_wanted: bool,
            kbps: u32,
            control in control(),
            num in 1u32..,
            den in 1u32..,
        ) {
            let picture = Picture {
                slot,
                pts: Timestamp::from_flicks(pts),
                is_idr_wanted,
                rate: Rate { control, kbps },
                frame_rate: FrameRate { num, den },
            };
            let mut payload = Vec::new();
            picture.encode(&mut payload);
            prop_assert_eq!(Picture::decode(&message(PICTURE, payload)), Ok(picture));
        }

        #[test]
        fn a_packet_comes_back(pts: i64, is_idr: bool, data in proptest::collection::vec(any::<u8>(), 1..100)) {
            let packet = Packet {
                track: TrackKind::Video,
                pts: Timestamp::from_flicks(pts),
                dts: Timestamp::from_flicks(pts),
                is_idr,
                data: data.into(),
            };
            let payload = [&packet_head(&packet), &packet.data[..]].concat();
            prop_assert_eq!(Answer::decode(message(PACKET, payload)), Ok(Answer::Packet(packet)));
        }

        #[test]
        fn any_bytes_are_read_or_refused(kind: u8, payload in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = Picture::decode(&message(kind, payload.clone()));
            let _ = Answer::decode(message(kind, payload));
        }
    }
}
