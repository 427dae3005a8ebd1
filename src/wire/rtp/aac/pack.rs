//! One access unit to packets.

use super::{HEADER_BITS, MAX_UNIT};

/// Calls `send` with the prefix, the body and the marker of each payload of one access unit; with none for a unit that the
/// size field cannot state, which no encoder makes.
///
/// A unit that does not fit is cut, and each part says the size of the whole (§3.2.3.1).
pub(in crate::wire::rtp) fn split_unit(unit: &[u8], max_payload: usize, send: &mut impl FnMut(&[u8], &[u8], bool)) {
    if unit.len() > MAX_UNIT {
        return;
    }
    let [bits_high, bits_low] = HEADER_BITS.to_be_bytes();
    let [size_high, size_low] = ((unit.len() as u16) << 3).to_be_bytes();
    let prefix = [bits_high, bits_low, size_high, size_low];
    let mut parts = unit.chunks(max_payload - prefix.len()).peekable();
    while let Some(part) = parts.next() {
        send(&prefix, part, parts.peek().is_none());
    }
}
