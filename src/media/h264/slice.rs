//! What the head of a slice says (H.264 §7.3.3), as far as somebody asks.

use super::bits::BitReader;
use super::nal::{NalType, nal_type};
use super::sps::Sps;

/// The idr_pic_id of an IDR's slice (§7.3.3), by which two IDRs in a row are told apart. `None` for what is no slice of an IDR,
/// is cut short, or has its colours coded as pictures of their own.
#[must_use]
pub fn idr_pic_id(nal: &[u8], sps: &Sps) -> Option<u32> {
    if nal_type(nal)? != NalType::Idr || sps.chroma_format_idc == 3 {
        return None;
    }
    let mut bits = BitReader::new(nal, 1);
    bits.ue().ok()?; // first_mb_in_slice
    bits.ue().ok()?; // slice_type
    bits.ue().ok()?; // pic_parameter_set_id
    bits.bits(sps.frame_num_bits).ok()?;
    if !sps.is_frame_mbs_only && bits.bit().ok()? {
        bits.bit().ok()?; // bottom_field_flag
    }
    bits.ue().ok()
}
