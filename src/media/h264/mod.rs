//! H.264 bitstreams (ITU-T H.264, ISO/IEC 14496-10) and their packing in files and FLV (ISO/IEC 14496-15).
//!
//! All of it reads bytes from strangers: nothing panics, nothing is allocated by a length that a peer claims, and every
//! refusal says at which byte.

mod avcc;
mod bits;
mod nal;
mod slice;
mod sps;
#[cfg(test)]
mod testdata;

pub use avcc::{
    AvcDecoderConfigurationRecord, avc_decoder_configuration_record, parse_avc_decoder_configuration_record,
};
pub use nal::{
    NalType, access_units, annex_b_nals, annex_b_to_avcc, avcc_nals, avcc_to_annex_b, find_start_code,
    first_mb_in_slice, nal_type,
};
pub use slice::idr_pic_id;
pub use sps::{Colour, Crop, Pps, Sps};

/// Why bytes are no valid bitstream, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {position}")]
pub struct BitstreamError {
    /// What is wrong, in words.
    pub what: &'static str,
    /// Offset of the byte at fault from the start of what was given.
    pub position: usize,
}
