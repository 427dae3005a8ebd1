//! RTP and RTCP packets in a stream of bytes: each behind its length in 16 bits (RFC 4571 §2).

/// The most that a length can say, and so the most that a reader holds of an unfinished frame.
pub const MAX_FRAME: usize = u16::MAX as usize;

/// Bytes of a length.
pub const LENGTH_SIZE: usize = 2;

/// Appends what `write` appends to `out` as one frame. A packet beyond [`MAX_FRAME`] is taken back, and `false` is told.
pub fn push_frame(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) -> bool {
    let start = out.len();
    out.extend_from_slice(&[0; LENGTH_SIZE]);
    write(out);
    let Ok(length) = u16::try_from(out.len() - start - LENGTH_SIZE) else {
        out.truncate(start);
        return false;
    };
    out[start..start + LENGTH_SIZE].copy_from_slice(&length.to_be_bytes());
    true
}

/// Cuts a stream of bytes into frames, however it was cut on its way.
///
/// It keeps what has come and was not read yet, never more than that: a length is believed only once its bytes are there.
#[derive(Debug, Default)]
pub struct FrameReader {
    buffer: Vec<u8>,
    /// Where the next frame starts in it.
    at: usize,
}

impl FrameReader {
    /// A reader at the start of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what came. Read all frames before the next call, so that no more than one unfinished frame is kept.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.at > 0 {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole packet. Frames of no bytes, which some send to keep a connection open, are passed over.
    pub fn next_frame(&mut self) -> Option<&[u8]> {
        loop {
            let (length, rest) = self.buffer[self.at..].split_first_chunk::<LENGTH_SIZE>()?;
            let length = usize::from(u16::from_be_bytes(*length));
            if rest.len() < length {
                return None;
            }
            let start = self.at + LENGTH_SIZE;
            self.at = start + length;
            if length > 0 {
                return Some(&self.buffer[start..self.at]);
            }
        }
    }

    /// Bytes that wait for the rest of their frame.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.buffer.len() - self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn frames_come_out_as_they_went_in(
            frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20),
            cuts in prop::collection::vec(1usize..200, 1..50),
        ) {
            let mut stream = Vec::new();
            for frame in &frames {
                prop_assert!(push_frame(&mut stream, |out| out.extend_from_slice(frame)));
            }
            let (mut reader, mut read, mut rest) = (FrameReader::new(), Vec::new(), &stream[..]);
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                reader.push(now);
                while let Some(frame) = reader.next_frame() {
                    read.push(frame.to_vec());
                }
                rest = later;
            }
            let sent: Vec<_> = frames.into_iter().filter(|frame| !frame.is_empty()).collect();
            prop_assert_eq!(read, sent);
            prop_assert_eq!(reader.pending(), 0);
        }
    }

    #[test]
    fn a_claimed_length_allocates_nothing() {
        let mut reader = FrameReader::new();
        reader.push(&[0xFF, 0xFF, 1, 2, 3]);
        assert_eq!(reader.next_frame(), None);
        assert_eq!(reader.pending(), 5);
        assert!(reader.buffer.capacity() < 100);
    }

    #[test]
    fn what_no_length_can_say_is_not_written() {
        let mut out = vec![7];
        assert!(!push_frame(&mut out, |out| out.resize(out.len() + MAX_FRAME + 1, 0)));
        assert_eq!(out, [7]);
    }
}
