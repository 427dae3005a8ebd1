//! PES packets (§2.4.3.6): a piece of one track with the time that it belongs to.

use crate::media::TimeDelta;

/// Bits of a time in a PES header.
const TIME_BITS: u32 = 33;

/// Ticks per second of these times.
const TICKS: u32 = 90_000;

/// The header of a PES packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PesHeader {
    /// Where the payload begins.
    pub(super) len: usize,
    /// Bytes of the whole packet, header included; `None` where it ends with the begin of the next.
    pub(super) total: Option<usize>,
    /// When it is shown, in 90 kHz, 33 bits.
    pub(super) pts: Option<u64>,
    /// When it is decoded, where that is another time.
    pub(super) dts: Option<u64>,
}

impl PesHeader {
    /// Reads the header at the start of `bytes`. `None` where it is none, or not all there.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let [0, 0, 1, _, high, low, marker, flags, rest_len, ..] = *bytes else {
            return None;
        };
        // Two bits that MPEG-2 has here.
        if marker >> 6 != 2 {
            return None;
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        let len = 9 + usize::from(rest_len);
        let fields = bytes.get(9..len)?;
        let pts = if flags & 0x80 == 0 { None } else { time(fields) };
        let dts = if flags >> 6 == 3 {
            fields.get(5..).and_then(time)
        } else {
            None
        };
        Some(Self {
            len,
            total: (length > 0).then_some(6 + length),
            pts,
            dts,
        })
    }
}

/// Five bytes with a time, cut by marker bits.
fn time(bytes: &[u8]) -> Option<u64> {
    let bytes: &[u8; 5] = bytes.first_chunk()?;
    let [top, a, b, c, d] = bytes.map(u64::from);
    Some((top >> 1 & 7) << 30 | a << 22 | (b >> 1) << 15 | c << 7 | d >> 1)
}

/// Times that wrap after 26 hours, made into ones that do not. One for all tracks, for they have one clock.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unwrap {
    last: Option<i64>,
}

impl Unwrap {
    /// The time that `ticks` are, given that they lie near the one before.
    pub(super) fn time(&mut self, ticks: u64) -> TimeDelta {
        let raw = (ticks & ((1 << TIME_BITS) - 1)) as i64;
        let unwrapped = match self.last {
            None => raw,
            Some(last) => {
                // The nearest of the times with these 33 bits: shift the sign of the difference to the top and back.
                let shift = 64 - TIME_BITS;
                let step = raw.wrapping_sub(last) << shift >> shift;
                last.wrapping_add(step)
            }
        };
        self.last = Some(unwrapped);
        TimeDelta::from_rate(unwrapped, TICKS)
    }
}
