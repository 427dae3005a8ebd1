//! What studio and analysis worker say to each other.
//!
//! A request carries a picture, sound, or both: a worker that listens only is not woken for pictures, and one that does both
//! is woken once. The first request to each worker says what those before it had told, so nothing is told twice.

use bytes::{Buf, BufMut, Bytes};
use serde::{Deserialize, Serialize};

use super::analyser::Wants;
use super::finding::{Finding, Opening, Stamp};
use crate::media::{AudioBlock, BLOCK_FRAMES, Timestamp, exact};
use crate::worker::handshake::FIRST_OWN;
use crate::worker::message::{Message, MessageError};

/// Studio → worker: the length of a [`Head`] in bytes (32 bits, little-endian), the head as JSON, then blocks of sound.
pub const ITEMS: u8 = FIRST_OWN;
/// Worker → studio, in answer: [`Reply`] as JSON.
pub const REPLY: u8 = FIRST_OWN + 1;

/// Bytes of a block: its PTS in flicks, then the samples of the left and of the right channel, little-endian.
const BLOCK_LEN: usize = 8 + 2 * BLOCK_FRAMES * 4;

/// What a request says before its sound.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// For a worker that knows nothing yet, or is to do something else from now on.
    pub opening: Option<Opening>,
    /// Whether faces that were lost have left.
    #[serde(default)]
    pub is_release: bool,
    /// A picture to look at.
    pub picture: Option<Picture>,
}

/// A picture in shared memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Where it lies.
    pub slot: u32,
    /// When it is shown.
    #[serde(with = "exact")]
    pub pts: Timestamp,
}

/// What a worker found, and what it has seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// In the order in which they were found.
    pub findings: Vec<Finding>,
    /// One for each analyser and track that has seen anything.
    pub stamps: Vec<Stamp>,
    /// What the worker is to be fed with from now on.
    pub wants: Wants,
}

/// Appends a payload of kind [`ITEMS`].
pub fn encode(head: &Head, blocks: &[AudioBlock], bytes: &mut Vec<u8>) {
    // Plain values with names for keys: serialising them cannot fail.
    let head = serde_json::to_vec(head).unwrap_or_default();
    bytes.reserve(4 + head.len() + blocks.len() * BLOCK_LEN);
    bytes.put_u32_le(head.len() as u32);
    bytes.extend_from_slice(&head);
    for block in blocks {
        bytes.put_i64_le(block.pts.to_flicks());
        for sample in block.channels.as_flattened() {
            bytes.put_f32_le(*sample);
        }
    }
}

/// The parts of a message of kind [`ITEMS`].
///
/// # Errors
/// Another kind, lengths that do not add up, a head that is none.
pub fn decode(message: &Message) -> Result<(Head, impl Iterator<Item = AudioBlock>), MessageError> {
    let wrong = |reason: &str| message.wrong(reason);
    if message.kind != ITEMS {
        return Err(wrong("nothing to look at"));
    }
    let mut bytes = message.payload.clone();
    let len = bytes.try_get_u32_le().map_err(|_| wrong("no head"))? as usize;
    if len > bytes.len() {
        return Err(wrong("a head that ends early"));
    }
    let head = bytes.split_to(len);
    let head = serde_json::from_slice(&head).map_err(|error| wrong(&error.to_string()))?;
    if !bytes.len().is_multiple_of(BLOCK_LEN) {
        return Err(wrong("sound that ends within a block"));
    }
    Ok((head, blocks(bytes)))
}

fn blocks(mut bytes: Bytes) -> impl Iterator<Item = AudioBlock> {
    std::iter::from_fn(move || {
        if bytes.len() < BLOCK_LEN {
            return None;
        }
        let mut block = AudioBlock::silence(Timestamp::from_flicks(bytes.get_i64_le()));
        for sample in block.channels.as_flattened_mut() {
            *sample = bytes.get_f32_le();
        }
        Some(block)
    })
}

/// The answer to items.
///
/// # Errors
/// Another kind, or no [`Reply`].
pub fn reply(answer: &Message) -> Result<Reply, MessageError> {
    if answer.kind != REPLY {
        return Err(answer.wrong("no answer to items"));
    }
    serde_json::from_slice(&answer.payload).map_err(|error| answer.wrong(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::analyse::{Condition, Told};
    use proptest::prelude::*;

    fn encoded(head: &Head, blocks: &[AudioBlock]) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(head, blocks, &mut bytes);
        bytes
    }

    fn message(kind: u8, payload: impl Into<Bytes>) -> Message {
        let payload = payload.into();
        Message { kind, payload }
    }

    proptest! {
        #[test]
        fn items_come_back(slot: u32, pts: i64, has_picture: bool, is_new: bool, levels in prop::collection::vec(-1.0f32..1.0, 0..4)) {
            let told = Told { condition: Condition::Silent, since: Timestamp::from_millis(500) };
            let picture = Picture { slot, pts: Timestamp::from_flicks(pts) };
            let opening = Opening { told: vec![told], ..Opening::default() };
            let head = Head { opening: is_new.then_some(opening), is_release: is_new, picture: has_picture.then_some(picture) };
            let blocks: Vec<AudioBlock> = levels.iter().enumerate().map(|(index, level)| {
                let mut block = AudioBlock::silence(AudioBlock::time_of(index as i64));
                block.channels[1][7] = *level;
                block
            }).collect();
            let message = message(ITEMS, encoded(&head, &blocks));
            let (read, sound) = decode(&message).unwrap();
            prop_assert_eq!(read, head);
            prop_assert_eq!(sound.collect::<Vec<_>>(), blocks);
        }

        #[test]
        fn any_bytes_are_read_or_refused(kind: u8, payload in prop::collection::vec(any::<u8>(), 0..200), len in 0u32..300) {
            let _ = reply(&message(kind, payload.clone()));
            let _ = decode(&message(ITEMS, payload.clone())).map(|(_, blocks)| blocks.count());
            let framed = [&len.to_le_bytes()[..], b"{\"opening\":null,\"picture\":null}", &payload].concat();
            let _ = decode(&message(ITEMS, framed)).map(|(_, blocks)| blocks.count());
        }
    }

    #[test]
    fn what_does_not_add_up_is_named() {
        let error = |message: &Message| decode(message).map(|_| ()).unwrap_err().to_string();
        let good = encoded(&Head::default(), &[AudioBlock::silence(Timestamp::ZERO)]);
        assert!(decode(&message(ITEMS, good.clone())).is_ok());
        let short = message(ITEMS, good[..good.len() - 1].to_vec());
        assert!(
            error(&short).ends_with("sound that ends within a block"),
            "{}",
            error(&short)
        );
        let claims = message(ITEMS, u32::MAX.to_le_bytes().to_vec());
        assert!(error(&claims).ends_with("a head that ends early"));
    }
}
