//! Messages into chunks (§5.3.1), the mirror of [`ChunkReader`](super::ChunkReader).
//!
//! The first message of a chunk stream gets a full header, later ones a delta. So absolute timestamps beyond 24 bits
//! (after 4.6 hours) hardly ever go on the wire, and the wrap of the 32-bit clock after 49.7 days passes as just another
//! delta: both are corners in which servers have bugs.

use std::collections::BTreeMap;

use super::DEFAULT_CHUNK_SIZE;
use crate::media::Timestamp;

const EXTENDED: u32 = 0xFF_FFFF;

#[derive(Debug)]
struct Last {
    millis: i64,
    length: usize,
    kind: u8,
    stream_id: u32,
}

/// The sending side of a chunk stream.
#[derive(Debug)]
pub struct ChunkWriter {
    chunk_size: usize,
    streams: BTreeMap<u32, Last>,
}

impl Default for ChunkWriter {
    fn default() -> Self {
        Self::new()
    }
}

/// What a message is, without its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// 2 to 65 599 (§5.3.1.1).
    pub chunk_stream: u32,
    /// One of [`kind`](super::kind).
    pub kind: u8,
    /// 0 for the connection, else what createStream gave.
    pub stream_id: u32,
    /// Our clock; goes out as its lowest 32 bits of milliseconds.
    pub timestamp: Timestamp,
}

impl ChunkWriter {
    /// A writer with the chunk size that connections start with.
    #[must_use]
    pub fn new() -> Self {
        Self {
            chunk_size: DEFAULT_CHUNK_SIZE,
            streams: BTreeMap::new(),
        }
    }

    /// From now on chunks are of `size` bytes (held within 1 and 2³¹−1). The peer must have been told just before.
    pub fn set_chunk_size(&mut self, size: usize) {
        self.chunk_size = size.clamp(1, 0x7FFF_FFFF);
    }

    /// Appends the chunks of one message to `out`. Its payload is `head` followed by `body`: a tag header need not be
    /// copied together with its frame first. At most 2²⁴−1 bytes go out, which is what the length field holds; the
    /// studio's frames are far below.
    pub fn write(&mut self, envelope: Envelope, head: &[u8], body: &[u8], out: &mut Vec<u8>) {
        let body = &body[..body.len().min(0xFF_FFFF - head.len().min(0xFF_FFFF))];
        let length = head.len() + body.len();
        out.reserve(length + (length / self.chunk_size + 1) * 8 + 18);

        let millis = envelope.timestamp.to_millis();
        let (format, time) = self.header_form(&envelope, length, millis);
        basic_header(format, envelope.chunk_stream, out);
        if format < 3 {
            out.extend_from_slice(&time.min(EXTENDED).to_be_bytes()[1..]);
        }
        if format <= 1 {
            out.extend_from_slice(&(length as u32).to_be_bytes()[1..]);
            out.push(envelope.kind);
        }
        if format == 0 {
            out.extend_from_slice(&envelope.stream_id.to_le_bytes());
        }
        if time >= EXTENDED {
            out.extend_from_slice(&time.to_be_bytes());
        }

        let mut room = self.chunk_size;
        for part in [head, body] {
            let mut part = part;
            while !part.is_empty() {
                if room == 0 {
                    basic_header(3, envelope.chunk_stream, out);
                    if time >= EXTENDED {
                        out.extend_from_slice(&time.to_be_bytes());
                    }
                    room = self.chunk_size;
                }
                let (now, later) = part.split_at(part.len().min(room));
                out.extend_from_slice(now);
                room -= now.len();
                part = later;
            }
        }
        self.streams.insert(
            envelope.chunk_stream,
            Last {
                millis,
                length,
                kind: envelope.kind,
                stream_id: envelope.stream_id,
            },
        );
    }

    /// The header format and its time field: a delta where that is possible, else the absolute time. Format 3 is left to
    /// continuations: peers disagree about what it means at the start of a message.
    fn header_form(&self, envelope: &Envelope, length: usize, millis: i64) -> (u8, u32) {
        let absolute = (0, millis as u32);
        let Some(last) = self.streams.get(&envelope.chunk_stream) else {
            return absolute;
        };
        match u32::try_from(millis - last.millis) {
            Ok(delta) if delta < EXTENDED && last.stream_id == envelope.stream_id => {
                let is_alike = last.length == length && last.kind == envelope.kind;
                (if is_alike { 2 } else { 1 }, delta)
            }
            _ => absolute,
        }
    }
}

fn basic_header(format: u8, chunk_stream: u32, out: &mut Vec<u8>) {
    let format = format << 6;
    match chunk_stream {
        0..64 => out.push(format | chunk_stream.max(2) as u8),
        64..320 => out.extend_from_slice(&[format, (chunk_stream - 64) as u8]),
        _ => {
            let [low, high] = (chunk_stream.min(65_599) as u16).wrapping_sub(64).to_le_bytes();
            out.extend_from_slice(&[format | 1, low, high]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ChunkReader, Message, kind};
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn any_message() -> impl Strategy<Value = (u32, u8, u32, i64, Vec<u8>)> {
        (
            prop_oneof![
                Just(3_u32),
                Just(6),
                Just(63),
                Just(64),
                Just(319),
                Just(320),
                Just(65_599)
            ],
            prop_oneof![Just(kind::AUDIO), Just(kind::VIDEO), Just(kind::COMMAND)],
            0_u32..3,
            // Forwards, backwards, and beyond 24 bits.
            prop_oneof![
                0_i64..50,
                -2000_i64..0,
                0xFF_FFF0_i64..0x100_0010,
                1_000_000_000_i64..2_000_000_000
            ],
            prop::collection::vec(any::<u8>(), 0..600),
        )
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_at_any_split(
            start in prop_oneof![Just(0_i64), Just(0xFF_FFFE), Just(0xFFFF_FFF0)],
            script in prop::collection::vec(any_message(), 1..12),
            chunk_size in prop_oneof![Just(1_usize), Just(128), Just(4096)],
            split in 1_usize..700,
        ) {
            let mut writer = ChunkWriter::new();
            let mut wire = Vec::new();
            let control = Envelope { chunk_stream: 2, kind: kind::SET_CHUNK_SIZE, stream_id: 0, timestamp: Timestamp::ZERO };
            writer.write(control, &[], &(chunk_size as u32).to_be_bytes(), &mut wire);
            writer.set_chunk_size(chunk_size);

            let mut clocks = std::collections::BTreeMap::new();
            let mut expected = Vec::new();
            for (chunk_stream, kind, stream_id, step, payload) in script {
                let millis = clocks.get(&chunk_stream).map_or(start, |last: &i64| (last + step).max(0));
                clocks.insert(chunk_stream, millis);
                let timestamp = Timestamp::from_millis(millis);
                let (head, body) = payload.split_at(payload.len() / 3);
                writer.write(Envelope { chunk_stream, kind, stream_id, timestamp }, head, body, &mut wire);
                expected.push(Message { chunk_stream, kind, stream_id, timestamp, payload: Bytes::from(payload) });
            }

            let mut reader = ChunkReader::new(1 << 20);
            let mut read = Vec::new();
            for piece in wire.chunks(split) {
                let mut piece = piece;
                while let Some(message) = reader.read(&mut piece).unwrap() {
                    read.push(message);
                }
            }
            prop_assert_eq!(reader.position(), wire.len() as u64);
            prop_assert_eq!(read, expected);
        }
    }

    #[test]
    fn a_stream_that_runs_through_the_wrap_stays_in_order() {
        let mut writer = ChunkWriter::new();
        let mut wire = Vec::new();
        let start = (1_i64 << 32) - 100;
        for index in 0..20 {
            let envelope = Envelope {
                chunk_stream: 6,
                kind: kind::VIDEO,
                stream_id: 1,
                timestamp: Timestamp::from_millis(start + 33 * index),
            };
            writer.write(envelope, &[0x27], &[0; 300], &mut wire);
        }
        let mut reader = ChunkReader::new(1 << 20);
        let mut input = &wire[..];
        let mut times = Vec::new();
        while let Some(message) = reader.read(&mut input).unwrap() {
            times.push(message.timestamp.to_millis());
        }
        assert_eq!(times.len(), 20);
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 33), "{times:?}");
    }

    #[test]
    fn headers_shrink_as_they_may() {
        let mut writer = ChunkWriter::new();
        let mut sizes = Vec::new();
        for (millis, len) in [(0, 10), (23, 10), (46, 11), (40, 11)] {
            let mut wire = Vec::new();
            let timestamp = Timestamp::from_millis(millis);
            writer.write(
                Envelope {
                    chunk_stream: 4,
                    kind: kind::AUDIO,
                    stream_id: 1,
                    timestamp,
                },
                &[],
                &vec![0; len],
                &mut wire,
            );
            sizes.push(wire.len() - len);
        }
        assert_eq!(
            sizes,
            [12, 4, 8, 12],
            "full; delta; delta and length; back in time: full again"
        );
    }
}
