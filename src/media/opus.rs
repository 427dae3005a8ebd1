//! What an Opus packet says about itself: the TOC byte (RFC 6716 §3.1), how many frames there are (§3.2), and whether SILK
//! left a copy of the packet before it inside (in-band FEC, §4.2.3 and §4.2.5).
//!
//! Parsers read network bytes: they never panic and never allocate.

use thiserror::Error;

use super::time::TimeDelta;

/// The most bytes that one frame can have (§3.2.1).
pub const MAX_FRAME_BYTES: usize = 1275;

/// How a packet is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpusMode {
    /// Linear prediction: speech at low bitrates.
    Silk,
    /// SILK up to 8 kHz, CELT above.
    Hybrid,
    /// Transform: music, and everything where bits are plenty.
    Celt,
}

/// The head of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpusHead {
    /// How its frames are coded.
    pub mode: OpusMode,
    /// How long one frame lasts: 2.5 to 60 ms.
    pub frame: TimeDelta,
    /// How many frames there are: 1 to 48.
    pub frames: u8,
    /// Two channels are coded, not one.
    pub is_stereo: bool,
    /// Where the frames, or their lengths, begin.
    at: usize,
}

/// Why bytes are no Opus packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OpusError {
    /// Not even a TOC byte, or no frame count where there must be one.
    #[error("an Opus packet of {0} bytes ends in its head")]
    Truncated(usize),
    /// Two frames of the same size in an odd number of bytes (R3).
    #[error("an Opus packet of {0} bytes holds two frames of the same size")]
    Odd(usize),
    /// One frame, and longer than frames can be (R2).
    #[error("an Opus frame of {0} bytes, more than {MAX_FRAME_BYTES}")]
    TooLong(usize),
    /// No frame at all, or more than 120 ms of them (R5).
    #[error("an Opus packet of {0} frames, which is nothing or more than 120 ms")]
    Frames(u8),
}

impl OpusHead {
    /// Reads the head of a packet.
    ///
    /// # Errors
    /// What §3.4 demands and the head alone can tell.
    pub fn parse(packet: &[u8]) -> Result<Self, OpusError> {
        let len = packet.len();
        let (toc, rest) = packet.split_first().ok_or(OpusError::Truncated(len))?;
        let config = toc >> 3;
        // In units of 2.5 ms: table 2.
        let (mode, units) = match config {
            0..12 => (OpusMode::Silk, [4, 8, 16, 24][usize::from(config % 4)]),
            12..16 => (OpusMode::Hybrid, [4, 8][usize::from(config % 2)]),
            _ => (OpusMode::Celt, [1, 2, 4, 8][usize::from(config % 4)]),
        };
        let (frames, at) = match toc & 3 {
            0 if rest.len() > MAX_FRAME_BYTES => return Err(OpusError::TooLong(rest.len())),
            0 => (1, 1),
            1 if rest.len() % 2 == 1 => return Err(OpusError::Odd(len)),
            1 | 2 => (2, 1),
            _ => (rest.first().ok_or(OpusError::Truncated(len))? & 0x3F, 2),
        };
        if frames == 0 || u32::from(frames) * units > 48 {
            return Err(OpusError::Frames(frames));
        }
        Ok(Self {
            mode,
            frame: TimeDelta::from_rate(i64::from(units), 400),
            frames,
            is_stereo: toc & 4 != 0,
            at,
        })
    }

    /// How long the whole packet lasts.
    #[must_use]
    pub fn duration(&self) -> TimeDelta {
        self.frame * i64::from(self.frames)
    }
}

/// Whether the packet carries a copy of the one before it, for a receiver that lost that one. Told for packets of one frame of
/// up to 20 ms, which is what is sent live; `false` for others.
///
/// The frame begins with one bit per channel for speech, then one for the copy (§4.2.3), each coded as even chances, so they
/// are plain bits of the first byte.
#[must_use]
pub fn has_fec(packet: &[u8]) -> bool {
    let Ok(head) = OpusHead::parse(packet) else {
        return false;
    };
    let is_one_silk_frame = head.frames == 1 && head.at == 1 && head.frame <= TimeDelta::from_millis(20);
    if head.mode == OpusMode::Celt || !is_one_silk_frame {
        return false;
    }
    // Mid: speech, copy; side: speech, copy.
    let first = packet.get(head.at).copied().unwrap_or(0);
    let bits = if head.is_stereo { 0b0101_0000 } else { 0b0100_0000 };
    first & bits != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn heads_of_all_kinds() {
        let ms = TimeDelta::from_millis;
        let table = [
            // Packet, mode, frame, frames, stereo.
            (&[0x08_u8, 1][..], OpusMode::Silk, ms(20), 1, false),
            (&[0x4C, 1], OpusMode::Silk, ms(20), 1, true),
            (&[0x78, 1], OpusMode::Hybrid, ms(20), 1, false),
            (&[0xFC, 1], OpusMode::Celt, ms(20), 1, true),
            (&[0xFC], OpusMode::Celt, ms(20), 1, true),
            (&[0xE1, 1, 2], OpusMode::Celt, TimeDelta::from_rate(1, 400), 2, false),
            (&[0x1B, 2, 9], OpusMode::Silk, ms(60), 2, false),
        ];
        for (packet, mode, frame, frames, is_stereo) in table {
            let head = OpusHead::parse(packet).unwrap();
            assert_eq!(
                (head.mode, head.frame, head.frames, head.is_stereo),
                (mode, frame, frames, is_stereo)
            );
            assert_eq!(head.duration(), frame * i64::from(frames));
        }
    }

    #[test]
    fn what_is_no_packet_is_named() {
        let long = [0xFC; 1277];
        let table = [
            (&[][..], OpusError::Truncated(0)),
            (&[0xFF], OpusError::Truncated(1)),
            (&[0xFD, 1], OpusError::Odd(2)),
            (&[0xFF, 0], OpusError::Frames(0)),
            (&[0x1B, 3], OpusError::Frames(3)),
            (&long, OpusError::TooLong(1276)),
        ];
        for (packet, error) in table {
            assert_eq!(OpusHead::parse(packet), Err(error));
        }
    }

    #[test]
    fn the_copy_is_seen_in_packets_of_libopus() {
        // The first bytes of packets by libopus 1.3.1, of a voice-like tone: with FEC off none has a copy, with it all have
        // one but the first.
        let table: [(&[[u8; 4]], bool); 8] = [
            (
                &[
                    [0x78, 0x83, 0x9b, 0x2d],
                    [0x78, 0xaa, 0x83, 0xf3],
                    [0x78, 0xa5, 0x14, 0x58],
                ],
                false,
            ),
            (&[[0x78, 0x82, 0x2d, 0x5a]], false),
            (
                &[
                    [0x78, 0xc3, 0x6c, 0xa1],
                    [0x78, 0xe1, 0x3b, 0x37],
                    [0x78, 0xe1, 0x4d, 0x74],
                ],
                true,
            ),
            (&[[0x48, 0x83, 0x3e, 0x21]], false),
            (
                &[
                    [0x48, 0xc4, 0x7a, 0x0b],
                    [0x48, 0xe9, 0x07, 0x87],
                    [0x48, 0xea, 0xfc, 0xfe],
                ],
                true,
            ),
            (
                &[
                    [0x7c, 0x8e, 0x50, 0x00],
                    [0x7c, 0xad, 0xa9, 0x0c],
                    [0x7c, 0xaf, 0xb7, 0xf2],
                ],
                false,
            ),
            (
                &[
                    [0x7c, 0xee, 0x4f, 0xff],
                    [0x7c, 0xdd, 0xa8, 0xd0],
                    [0x7c, 0xcd, 0x72, 0x66],
                ],
                true,
            ),
            (&[[0xfc, 0x7f, 0x80, 0xb2], [0xfc, 0x7a, 0xb8, 0x01]], false),
        ];
        for (packets, wanted) in table {
            for packet in packets {
                assert_eq!(has_fec(packet), wanted, "{packet:02x?}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_bytes_upset_it(bytes in prop::collection::vec(any::<u8>(), 0..8)) {
            let _ = has_fec(&bytes);
            if let Ok(head) = OpusHead::parse(&bytes) {
                prop_assert!(head.duration() > TimeDelta::ZERO && head.duration() <= TimeDelta::from_millis(120));
            }
        }
    }
}
