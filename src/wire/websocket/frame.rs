//! Binary messages of a client, made where they are sent from (RFC 6455 §5.2, §5.3): no copy, no allocation.

use std::hash::{BuildHasher, RandomState};

/// A final binary frame.
const BINARY: u8 = 0x82;
const MASKED: u8 = 0x80;

/// In place of a length: one of 16 bits follows, one of 64.
const LENGTH_16: u8 = 0x7E;
const LENGTH_64: u8 = 0x7F;

/// What most headers of media take: two bytes, a length of 16 bits, the mask. That much room is left for each.
const USUAL_HEADER: usize = 8;

/// Masks that the peer cannot foretell: numbers through a keyed hash. Masking keeps scripts in browsers from writing what a
/// proxy would take for HTTP (§10.3); our content is no script's, so that is more than enough.
#[derive(Debug, Default)]
pub(super) struct Masks {
    hasher: RandomState,
    count: u64,
}

impl Masks {
    fn next(&mut self) -> [u8; 4] {
        self.count += 1;
        (self.hasher.hash_one(self.count) as u32).to_ne_bytes()
    }
}

/// Appends what `write` writes as binary messages of at most `limit` bytes. Where that is more than one message, it is cut
/// only between units: `unit` tells how long the first unit of some bytes is. A unit longer than `limit` goes alone.
pub(super) fn write_messages(
    out: &mut Vec<u8>,
    masks: &mut Masks,
    limit: usize,
    write: impl FnOnce(&mut Vec<u8>),
    unit: impl Fn(&[u8]) -> usize,
) {
    let start = out.len();
    out.extend_from_slice(&[0; USUAL_HEADER]);
    write(out);
    let body = start + USUAL_HEADER;
    let total = out.len().saturating_sub(body);
    if total == 0 {
        out.truncate(start);
    } else if total <= limit {
        finish_one(out, start, total, masks.next());
    } else {
        let lengths = cut(&out[body..], limit, unit);
        finish_many(out, start, &lengths, masks);
    }
}

/// Lengths of messages, together all of `bytes`.
fn cut(bytes: &[u8], limit: usize, unit: impl Fn(&[u8]) -> usize) -> Vec<usize> {
    let mut lengths = Vec::new();
    let (mut message, mut at) = (0, 0);
    while at < bytes.len() {
        let len = unit(&bytes[at..]).clamp(1, bytes.len() - at);
        if message > 0 && message + len > limit {
            lengths.push(message);
            message = 0;
        }
        message += len;
        at += len;
    }
    lengths.push(message);
    lengths
}

/// One message, whose header may not be of the usual length.
fn finish_one(out: &mut Vec<u8>, start: usize, len: usize, mask: [u8; 4]) {
    let header = header_len(len);
    let body = start + USUAL_HEADER;
    if header > USUAL_HEADER {
        out.resize(out.len() + header - USUAL_HEADER, 0);
    }
    out.copy_within(body..body + len, start + header);
    out.truncate(start + header + len);
    put_header(&mut out[start..], len, mask);
    apply_mask(&mut out[start + header..], mask);
}

/// Many messages: the last is moved first, so that none is overwritten; but one at the front whose header is short moves
/// towards the start, and so before the header of the next comes to lie where its end was.
fn finish_many(out: &mut Vec<u8>, start: usize, lengths: &[usize], masks: &mut Masks) {
    let headers: usize = lengths.iter().map(|len| header_len(*len)).sum();
    let mut from = out.len();
    out.resize(from + headers - USUAL_HEADER, 0);
    let mut to = out.len();
    let body = start + USUAL_HEADER;
    let is_front_short = header_len(lengths[0]) < USUAL_HEADER;
    if is_front_short {
        out.copy_within(body..body + lengths[0], start + header_len(lengths[0]));
    }
    for (index, len) in lengths.iter().enumerate().rev() {
        let mask = masks.next();
        if index > 0 || !is_front_short {
            out.copy_within(from - len..from, to - len);
        }
        from -= len;
        to -= len;
        apply_mask(&mut out[to..to + len], mask);
        to -= header_len(*len);
        put_header(&mut out[to..], *len, mask);
    }
    debug_assert_eq!(to, start);
}

fn header_len(len: usize) -> usize {
    match len {
        0..=125 => 6,
        126..=0xFFFF => USUAL_HEADER,
        _ => 14,
    }
}

fn put_header(out: &mut [u8], len: usize, mask: [u8; 4]) {
    out[0] = BINARY;
    let mask_at = header_len(len) - 4;
    match len {
        0..=125 => out[1] = MASKED | len as u8,
        126..=0xFFFF => {
            out[1] = MASKED | LENGTH_16;
            out[2..4].copy_from_slice(&(len as u16).to_be_bytes());
        }
        _ => {
            out[1] = MASKED | LENGTH_64;
            out[2..10].copy_from_slice(&(len as u64).to_be_bytes());
        }
    }
    out[mask_at..mask_at + 4].copy_from_slice(&mask);
}

/// Sixteen bytes at a time, which the compiler turns into vectors.
fn apply_mask(bytes: &mut [u8], mask: [u8; 4]) {
    let mut wide = [0; 16];
    for (index, byte) in wide.iter_mut().enumerate() {
        *byte = mask[index % 4];
    }
    let mut blocks = bytes.chunks_exact_mut(16);
    for block in &mut blocks {
        for (byte, mask) in block.iter_mut().zip(wide) {
            *byte ^= mask;
        }
    }
    for (byte, mask) in blocks.into_remainder().iter_mut().zip(wide) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};

    /// What tungstenite's server side makes of it, message by message.
    fn read_back(bytes: Vec<u8>) -> Vec<Vec<u8>> {
        let config = WebSocketConfig::default();
        let mut server = WebSocket::from_raw_socket(std::io::Cursor::new(bytes), Role::Server, Some(config));
        std::iter::from_fn(|| server.read().ok())
            .map(|message| message.into_data().to_vec())
            .collect()
    }

    #[test]
    fn every_length_of_header_is_read_back() {
        for len in [1, 15, 16, 17, 125, 126, 127, 65_535, 65_536, 200_000] {
            let body: Vec<u8> = (0..len).map(|index| index as u8).collect();
            let mut out = b"before".to_vec();
            let write = |out: &mut Vec<u8>| out.extend_from_slice(&body);
            write_messages(&mut out, &mut Masks::default(), usize::MAX, write, <[u8]>::len);
            assert_eq!(&out[..6], b"before");
            assert_eq!(read_back(out[6..].to_vec()), [body], "{len}");
        }
        let mut out = Vec::new();
        write_messages(&mut out, &mut Masks::default(), 10, |_| {}, <[u8]>::len);
        assert!(out.is_empty(), "nothing to say");
    }

    proptest! {
        #[test]
        fn messages_are_cut_only_between_units(
            units in prop::collection::vec(1_usize..400, 1..60), limit in 200_usize..3000,
        ) {
            // Each unit behind its own length, as RFC 4571 has it.
            let mut body = Vec::new();
            for len in &units {
                body.extend_from_slice(&(*len as u16).to_be_bytes());
                body.resize(body.len() + len, *len as u8);
            }
            let unit = |bytes: &[u8]| 2 + usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
            let mut out = Vec::new();
            let mut masks = Masks::default();
            write_messages(&mut out, &mut masks, limit, |out| out.extend_from_slice(&body), unit);
            let messages = read_back(out);
            prop_assert_eq!(messages.concat(), body);
            for message in &messages {
                let mut rest = &message[..];
                let mut count = 0;
                while !rest.is_empty() {
                    rest = &rest[unit(rest)..];
                    count += 1;
                }
                prop_assert!(message.len() <= limit || count == 1);
            }
        }
    }
}
