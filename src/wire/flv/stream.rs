//! Tags out of FLV that comes in pieces: from a pipe, whose end is not known.
//!
//! A tag says how long it is with 24 bits; what it claims is believed only as the bytes come. Two FLV files written one
//! after the other into the same pipe are read as one stream: a header may stand wherever a tag may.

use super::read::{FlvError, FlvProblem, TagKind};
use crate::media::Timestamp;

/// Bytes before the body of a tag (E.4.1).
const TAG_HEADER: usize = 11;

/// Bytes of the size that follows each tag, and the header (E.3).
const TRAILER: usize = 4;

/// One tag with a body of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnedTag {
    /// What it carries.
    pub kind: TagKind,
    /// Decode time since the start of the stream.
    pub timestamp: Timestamp,
    /// The tag body, which is also the payload of an RTMP message.
    pub body: Vec<u8>,
}

/// Finds tags in pieces of a stream.
#[derive(Debug, Default)]
pub struct TagReader {
    /// Bytes that are not a whole tag yet.
    bytes: Vec<u8>,
    /// Where they begin in the stream.
    position: usize,
    /// Where what is still to be read begins in `bytes`.
    at: usize,
    has_header: bool,
}

impl TagReader {
    /// A reader before the first byte.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the stream, however they are cut.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.at);
        self.position += self.at;
        self.at = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next tag; `None` until there are more bytes.
    ///
    /// # Errors
    /// What is no FLV, with its position in the stream. There is no way to find the next tag then.
    pub fn poll(&mut self) -> Result<Option<OwnedTag>, FlvError> {
        loop {
            let rest = &self.bytes[self.at..];
            let at_fault = |problem| FlvError {
                position: self.position + self.at,
                problem,
            };
            if !self.has_header || rest.first() == Some(&b'F') {
                let seen = rest.len().min(3);
                if rest[..seen] != b"FLV"[..seen] {
                    return Err(at_fault(FlvProblem::NotFlv));
                }
                let Some(header) = rest.first_chunk::<9>() else {
                    return Ok(None);
                };
                let length = u32::from_be_bytes([header[5], header[6], header[7], header[8]]) as usize;
                // It has always been nine; a longer one may have to be passed over some day, but not megabytes of it.
                if !(9..=1_024).contains(&length) {
                    return Err(at_fault(FlvProblem::NotFlv));
                }
                if rest.len() < length + TRAILER {
                    return Ok(None);
                }
                self.at += length + TRAILER;
                self.has_header = true;
                continue;
            }
            let Some([kind, s2, s1, s0, t2, t1, t0, t3]) = rest.first_chunk::<8>().copied() else {
                return Ok(None);
            };
            let kind = match kind & 0x1f {
                8 => TagKind::Audio,
                9 => TagKind::Video,
                18 => TagKind::Script,
                _ => return Err(at_fault(FlvProblem::UnknownTag(kind))),
            };
            let end = TAG_HEADER + u32::from_be_bytes([0, s2, s1, s0]) as usize;
            if rest.len() < end + TRAILER {
                return Ok(None);
            }
            let tag = OwnedTag {
                kind,
                timestamp: Timestamp::from_millis(i64::from(u32::from_be_bytes([t3, t2, t1, t0]))),
                body: rest[TAG_HEADER..end].to_vec(),
            };
            self.at += end + TRAILER;
            return Ok(Some(tag));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::file_of;
    use super::super::tags;
    use super::*;
    use proptest::prelude::*;

    fn read(pieces: impl Iterator<Item = impl AsRef<[u8]>>) -> (Vec<OwnedTag>, Option<FlvError>) {
        let (mut reader, mut found) = (TagReader::new(), Vec::new());
        for piece in pieces {
            reader.push(piece.as_ref());
            loop {
                match reader.poll() {
                    Ok(Some(tag)) => found.push(tag),
                    Ok(None) => break,
                    Err(error) => return (found, Some(error)),
                }
            }
        }
        (found, None)
    }

    proptest! {
        #[test]
        fn pieces_give_what_the_whole_gives(
            tags_in in prop::collection::vec(
                (prop::sample::select(vec![8_u8, 9, 18]), any::<u32>(), prop::collection::vec(any::<u8>(), 0..300)), 0..12),
            size in 1_usize..400,
        ) {
            let tags_in: Vec<_> = tags_in.iter().map(|(kind, ms, body)| (*kind, *ms, &body[..])).collect();
            let file = file_of(&tags_in);
            let whole: Vec<_> = tags(&file).map(|tag| tag.unwrap()).collect();
            let (found, error) = read(file.chunks(size));
            prop_assert_eq!(error, None);
            prop_assert_eq!(found.len(), whole.len());
            for (found, whole) in found.iter().zip(whole) {
                prop_assert_eq!((found.kind, found.timestamp, &found.body[..]), (whole.kind, whole.timestamp, whole.body));
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), size in 1_usize..100, has_header in any::<bool>()) {
            let head: &[u8] = if has_header { b"FLV\x01\x05\0\0\0\x09\0\0\0\0\x09" } else { b"" };
            read([head, &bytes].concat().chunks(size));
        }
    }

    #[test]
    fn a_second_file_follows_the_first() {
        let one = file_of(&[(9, 40, &[1, 2, 3])]);
        let (found, error) = read([&one[..], &one].into_iter());
        assert_eq!((found.len(), error), (2, None));
    }

    #[test]
    fn errors_name_the_byte() {
        let error = |bytes: &[u8]| read([bytes].into_iter()).1;
        assert_eq!(
            error(b"MP4"),
            Some(FlvError {
                position: 0,
                problem: FlvProblem::NotFlv
            })
        );
        let mut torn = file_of(&[(9, 0, &[0; 10])]);
        torn.extend_from_slice(&[7; 30]);
        assert_eq!(
            error(&torn),
            Some(FlvError {
                position: 13 + 25,
                problem: FlvProblem::UnknownTag(7)
            })
        );
    }
}
