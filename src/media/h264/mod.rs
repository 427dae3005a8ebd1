//! H.264 bitstreams (ITU-T H.264, ISO/IEC 14496-10) and their packing in files and FLV (ISO/IEC 14496-15).
//!
//! All of it reads bytes from strangers: nothing panics, nothing is allocated by a length that a peer claims, and every
//! refusal says at which byte.

/// Why bytes are no valid bitstream, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {position}")]
pub struct BitstreamError {
    /// What is wrong, in words.
    pub what: &'static str,
    /// Offset of the byte at fault from the start of what was given.
    pub position: usize,
}
