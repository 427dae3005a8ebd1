//! H.264 in RTP (RFC 6184), packetization mode 1: single NAL units, STAP-A and FU-A.

mod pack;
mod unpack;

pub(super) use pack::{ParameterSets, split_unit};
pub(super) use unpack::Unpacker;

/// An aggregation of NAL units with one timestamp (§5.7.1).
const STAP_A: u8 = 24;
/// A fragment of a NAL unit (§5.8).
const FU_A: u8 = 28;
/// The forbidden bit and nal_ref_idc of a NAL unit's first byte.
const REFERENCE_BITS: u8 = 0xE0;
/// The type of a NAL unit in its first byte.
const TYPE_BITS: u8 = 0x1F;
/// The first fragment, in the FU header.
const START: u8 = 0x80;
/// The last fragment, in the FU header.
const END: u8 = 0x40;
