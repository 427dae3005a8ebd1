//! AAC in RTP (RFC 3640), mode AAC-hbr (§3.3.6): each access unit has a header of 13 bits of size and 3 of index.

mod pack;
mod unpack;

pub(super) use pack::split_unit;
pub(super) use unpack::Unpacker;

/// Bits of an access unit header.
const HEADER_BITS: u16 = 16;
/// The most bytes that 13 bits can say.
const MAX_UNIT: usize = 0x1FFF;
