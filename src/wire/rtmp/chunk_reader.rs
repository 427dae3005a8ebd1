//! Messages out of chunks (§5.3.1).
//!
//! Takes bytes in any pieces and keeps only headers (at most 18 bytes) and the parts of unfinished messages that have
//! really arrived: nothing is allocated by a claimed length.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::DEFAULT_CHUNK_SIZE;
use super::error::{ChunkProblem, RtmpError};
use super::message::{Message, kind, unroll};
use crate::media::Timestamp;

/// Chunk streams that a peer may use. Real ones use fewer than ten.
const MAX_STREAMS: usize = 64;

/// A 24-bit timestamp field of this value says that the real one follows in 32 bits (§5.3.1.3).
const EXTENDED: u32 = 0xFF_FFFF;

/// Basic header (3), message header (11), extended timestamp (4).
const LONGEST_HEADER: usize = 18;

/// What a chunk stream remembers from one header to the next.
#[derive(Debug, Default)]
struct Stream {
    /// Unrolled milliseconds of the newest message.
    millis: i64,
    /// What a header without a timestamp adds.
    delta: u32,
    length: usize,
    kind: u8,
    /// The message stream id.
    recipient: u32,
    is_extended: bool,
    payload: Vec<u8>,
    is_open: bool,
}

/// The receiving side of a chunk stream. Obeys SetChunkSize and Abort by itself.
#[derive(Debug)]
pub struct ChunkReader {
    chunk_size: usize,
    max_message: usize,
    streams: BTreeMap<u32, Stream>,
    header: [u8; LONGEST_HEADER],
    header_len: usize,
    /// The chunk stream of the chunk whose payload is being read, and what is missing of it.
    body: Option<(u32, usize)>,
    position: u64,
    chunk_start: u64,
}

impl ChunkReader {
    /// A reader that takes messages of up to `max_message` bytes.
    #[must_use]
    pub fn new(max_message: usize) -> Self {
        Self {
            chunk_size: DEFAULT_CHUNK_SIZE,
            max_message,
            streams: BTreeMap::new(),
            header: [0; LONGEST_HEADER],
            header_len: 0,
            body: None,
            position: 0,
            chunk_start: 0,
        }
    }

    /// Bytes read so far.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Takes bytes off the front of `input` until a message is whole or nothing is left.
    ///
    /// # Errors
    /// [`RtmpError::Chunk`]; after it the stream is beyond repair.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<Message>, RtmpError> {
        loop {
            let whole = match self.body {
                Some((id, missing)) => {
                    if input.is_empty() {
                        return Ok(None);
                    }
                    self.read_body(input, id, missing)
                }
                None => match self.read_header(input)? {
                    Some(id) => self.begin_body(id)?,
                    None => return Ok(None),
                },
            };
            if let Some(id) = whole
                && let Some(message) = self.finish(id)?
            {
                return Ok(Some(message));
            }
        }
    }

    fn fail<T>(&self, problem: ChunkProblem) -> Result<T, RtmpError> {
        Err(RtmpError::Chunk {
            position: self.chunk_start,
            problem,
        })
    }

    /// Bytes that the header has, as far as the bytes that are there tell.
    fn header_needs(&self) -> usize {
        let Some(&first) = self.header[..self.header_len].first() else {
            return 1;
        };
        let basic = basic_len(first);
        if self.header_len < basic {
            return basic;
        }
        let plain = basic + [11, 7, 3, 0][usize::from(first >> 6)];
        if self.header_len < plain {
            return plain;
        }
        let is_extended = if first >> 6 == 3 {
            self.streams
                .get(&self.chunk_stream_id())
                .is_some_and(|stream| stream.is_extended)
        } else {
            u24(&self.header[basic..]) == EXTENDED
        };
        plain + if is_extended { 4 } else { 0 }
    }

    fn chunk_stream_id(&self) -> u32 {
        let [first, second, third, ..] = self.header;
        match first & 0x3F {
            0 => 64 + u32::from(second),
            1 => 64 + u32::from(second) + 256 * u32::from(third),
            id => u32::from(id),
        }
    }

    /// Collects a header; gives its chunk stream once it is whole and has been understood.
    fn read_header(&mut self, input: &mut &[u8]) -> Result<Option<u32>, RtmpError> {
        loop {
            let needs = self.header_needs();
            if self.header_len == needs {
                break;
            }
            if self.header_len == 0 {
                self.chunk_start = self.position;
            }
            let take = (needs - self.header_len).min(input.len());
            if take == 0 {
                return Ok(None);
            }
            let (taken, rest) = input.split_at(take);
            self.header[self.header_len..self.header_len + take].copy_from_slice(taken);
            self.header_len += take;
            self.position += take as u64;
            *input = rest;
        }
        let id = self.chunk_stream_id();
        self.understand(id)?;
        self.header_len = 0;
        Ok(Some(id))
    }

    fn understand(&mut self, id: u32) -> Result<(), RtmpError> {
        let format = self.header[0] >> 6;
        let fields = &self.header[basic_len(self.header[0])..self.header_len];
        let known = self.streams.get(&id);
        // librtmp, and so OBS, begins chunk stream 2 with a header that lacks only the message stream, which is 0 there.
        let is_control = format == 1 && id == 2;
        if format != 0 && !is_control && known.is_none() {
            return self.fail(ChunkProblem::NoFullHeader { chunk_stream: id });
        }
        if known.is_none() && self.streams.len() >= MAX_STREAMS {
            return self.fail(ChunkProblem::TooManyStreams { limit: MAX_STREAMS });
        }
        if let Some(stream) = known
            && stream.is_open
            && format != 3
        {
            return self.fail(ChunkProblem::Unfinished {
                chunk_stream: id,
                missing: stream.length - stream.payload.len(),
            });
        }
        if format <= 1 {
            let length = u24(&fields[3..]) as usize;
            if length > self.max_message {
                return self.fail(ChunkProblem::TooLong {
                    length,
                    limit: self.max_message,
                });
            }
        }
        let is_new = known.is_none();
        let stream = self.streams.entry(id).or_default();
        if format < 3 {
            let short = u24(fields);
            stream.is_extended = short == EXTENDED;
            stream.delta = if stream.is_extended { tail(fields) } else { short };
        }
        if format <= 1 {
            stream.length = u24(&fields[3..]) as usize;
            stream.kind = fields[6];
        }
        if format == 0 {
            // The one little-endian number of the protocol (§5.3.1.2.1).
            stream.recipient = u32::from_le_bytes([fields[7], fields[8], fields[9], fields[10]]);
            stream.millis = if is_new {
                i64::from(stream.delta)
            } else {
                unroll(stream.millis, stream.delta)
            };
        } else if !stream.is_open {
            let wire = (stream.millis as u32).wrapping_add(stream.delta);
            stream.millis = unroll(stream.millis, wire);
        }
        stream.is_open = true;
        Ok(())
    }

    /// Starts on the payload of a chunk; gives the stream back at once where the message is empty.
    fn begin_body(&mut self, id: u32) -> Result<Option<u32>, RtmpError> {
        let Some(stream) = self.streams.get(&id) else {
            return self.fail(ChunkProblem::NoFullHeader { chunk_stream: id });
        };
        let missing = (stream.length - stream.payload.len()).min(self.chunk_size);
        if missing == 0 {
            return Ok(Some(id));
        }
        self.body = Some((id, missing));
        Ok(None)
    }

    /// Takes payload; gives the stream once its message is whole.
    fn read_body(&mut self, input: &mut &[u8], id: u32, missing: usize) -> Option<u32> {
        let (taken, rest) = input.split_at(missing.min(input.len()));
        *input = rest;
        self.position += taken.len() as u64;
        let stream = self.streams.entry(id).or_default();
        stream.payload.extend_from_slice(taken);
        let missing = missing - taken.len();
        self.body = (missing > 0).then_some((id, missing));
        (stream.payload.len() == stream.length).then_some(id)
    }

    /// Closes a whole message. `None` for those that only this layer needs.
    fn finish(&mut self, id: u32) -> Result<Option<Message>, RtmpError> {
        let stream = self.streams.entry(id).or_default();
        stream.is_open = false;
        let message = Message {
            chunk_stream: id,
            kind: stream.kind,
            stream_id: stream.recipient,
            timestamp: Timestamp::from_millis(stream.millis),
            payload: Bytes::from(std::mem::take(&mut stream.payload)),
        };
        match (message.kind, message.number()) {
            (kind::SET_CHUNK_SIZE, Some(size)) => {
                if size == 0 || size > 0x7FFF_FFFF {
                    return self.fail(ChunkProblem::ChunkSize { size });
                }
                self.chunk_size = size as usize;
                Ok(None)
            }
            (kind::ABORT, Some(aborted)) => {
                if let Some(stream) = self.streams.get_mut(&aborted) {
                    stream.is_open = false;
                    stream.payload = Vec::new();
                }
                Ok(None)
            }
            _ => Ok(Some(message)),
        }
    }
}

fn basic_len(first: u8) -> usize {
    match first & 0x3F {
        0 => 2,
        1 => 3,
        _ => 1,
    }
}

fn u24(bytes: &[u8]) -> u32 {
    match bytes {
        [high, mid, low, ..] => u32::from_be_bytes([0, *high, *mid, *low]),
        _ => 0,
    }
}

fn tail(bytes: &[u8]) -> u32 {
    bytes.last_chunk().copied().map_or(0, u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Bytes that the reader holds, for the memory bound.
    fn held(reader: &ChunkReader) -> usize {
        reader.streams.values().map(|stream| stream.payload.capacity()).sum()
    }

    fn read_all(reader: &mut ChunkReader, mut input: &[u8]) -> Result<Vec<Message>, RtmpError> {
        let mut messages = Vec::new();
        while let Some(message) = reader.read(&mut input)? {
            messages.push(message);
        }
        Ok(messages)
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic_and_hold_no_more_than_they_are(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let mut reader = ChunkReader::new(1 << 20);
            let _ = read_all(&mut reader, &bytes);
            prop_assert!(held(&reader) <= 4 * bytes.len() + 64 * MAX_STREAMS);
        }
    }

    #[test]
    fn a_claimed_length_is_refused_with_its_position() {
        // A small whole message first, then a claim of 16 MB.
        let mut wire = vec![2, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0, 0, 0xAA];
        wire.extend_from_slice(&[3, 0, 0, 0, 0xFF, 0xFF, 0xFF, 20, 0, 0, 0, 0]);
        let error = read_all(&mut ChunkReader::new(65_536), &wire).unwrap_err();
        assert_eq!(
            error,
            RtmpError::Chunk {
                position: 13,
                problem: ChunkProblem::TooLong {
                    length: 0xFF_FFFF,
                    limit: 65_536
                }
            }
        );
    }

    #[test]
    fn garbage_is_named_with_its_position() {
        let error = read_all(&mut ChunkReader::new(65_536), &[0x43, 1, 2, 3, 4, 5, 6, 7]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "RTMP byte 0: chunk stream 3 starts without a full header"
        );
    }

    #[test]
    fn the_control_stream_may_begin_as_librtmp_begins_it() {
        let mut reader = ChunkReader::new(100);
        let bytes = [0x42, 0, 0, 7, 0, 0, 4, 3, 0, 0, 0x0c, 1];
        let message = reader.read(&mut &bytes[..]).unwrap().unwrap();
        assert_eq!(
            (message.chunk_stream, message.stream_id, message.kind),
            (2, 0, kind::ACKNOWLEDGEMENT)
        );
        assert_eq!(
            (message.timestamp, message.number()),
            (Timestamp::from_millis(7), Some(0x0c01))
        );
    }

    #[test]
    fn abort_forgets_what_was_begun() {
        let mut wire = vec![4, 0, 0, 0, 0, 1, 0, 9, 1, 0, 0, 0];
        wire.extend_from_slice(&[7; 128]);
        wire.extend_from_slice(&[2, 0, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0, 0, 0, 0, 4]);
        wire.extend_from_slice(&[4, 0, 0, 9, 0, 0, 1, 9, 1, 0, 0, 0, 0x55]);
        let messages = read_all(&mut ChunkReader::new(65_536), &wire).unwrap();
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0].payload[..], [0x55]);
        assert_eq!(messages[0].timestamp, Timestamp::from_millis(9));
    }
}
