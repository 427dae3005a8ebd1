//! Parameter sets: picture size, profile and timing as the stream itself states them (H.264 §7.3.2.1, §7.3.2.2, E.1).

use super::BitstreamError;
use super::bits::BitReader;
use super::nal::{NalType, nal_type};
use crate::media::time::FrameRate;

/// Pixels that are coded but not shown, at each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crop {
    /// In luma pixels, as are the others.
    pub left: u32,
    /// From the right edge.
    pub right: u32,
    /// From the top edge.
    pub top: u32,
    /// From the bottom edge.
    pub bottom: u32,
}

/// How the codes of a picture are to be understood (H.264 tables E-3 to E-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour {
    /// colour_primaries; 1 is BT.709, 2 unknown.
    pub primaries: u8,
    /// transfer_characteristics.
    pub transfer: u8,
    /// matrix_coefficients.
    pub matrix: u8,
}

/// A sequence parameter set, as far as a studio has use for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sps {
    /// seq_parameter_set_id.
    pub id: u8,
    /// 66 baseline, 77 main, 100 high, and others.
    pub profile_idc: u8,
    /// constraint_set0_flag in the highest bit to constraint_set5_flag, two reserved bits.
    pub constraint_flags: u8,
    /// Ten times the level.
    pub level_idc: u8,
    /// 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4.
    pub chroma_format_idc: u8,
    /// Bits per luma sample.
    pub bit_depth_luma: u8,
    /// Bits per chroma sample.
    pub bit_depth_chroma: u8,
    /// Bits of frame_num in a slice header: log2_max_frame_num.
    pub frame_num_bits: u32,
    /// Pictures that a decoder keeps for reference.
    pub max_num_ref_frames: u32,
    /// False where pictures may be coded as fields.
    pub is_frame_mbs_only: bool,
    /// Shown width in luma pixels.
    pub width: u32,
    /// Shown height in luma pixels.
    pub height: u32,
    /// What lies between coded and shown size.
    pub crop: Crop,
    /// Sample aspect ratio, where stated by numbers or by table E-1.
    pub sample_aspect: Option<(u16, u16)>,
    /// Whether codes use the full range, where stated.
    pub is_full_range: Option<bool>,
    /// What the codes mean, where stated.
    pub colour: Option<Colour>,
    /// Pictures per second, where stated: half of time_scale / num_units_in_tick.
    pub frame_rate: Option<FrameRate>,
    /// Whether that rate is promised to be constant.
    pub is_frame_rate_fixed: bool,
    /// Pictures that may precede another in decoding order and follow it in output order; 0 means no B-frames.
    pub max_num_reorder_frames: Option<u32>,
}

/// 16 384 pixels either way: more than any level of the standard allows, and small enough that no sum overflows.
const MAX_SIZE_IN_MBS: u32 = 1024;

impl Sps {
    /// Reads a sequence parameter set NAL unit, header byte first.
    ///
    /// # Errors
    /// Where the bytes end too early or a value lies outside what the standard allows. The usability information at the
    /// end is advice: where that part is broken, as from some cameras, its values are left out.
    pub fn parse(nal: &[u8]) -> Result<Self, BitstreamError> {
        if nal_type(nal) != Some(NalType::Sps) {
            return Err(BitstreamError {
                what: "not a sequence parameter set",
                position: 0,
            });
        }
        let mut bits = BitReader::new(nal, 1);
        let profile_idc = bits.byte()?;
        let constraint_flags = bits.byte()?;
        let level_idc = bits.byte()?;
        let id = bits.ue_within(31, "sequence parameter set id is out of range")? as u8;
        let format = SampleFormat::parse(&mut bits, profile_idc)?;
        let frame_num_bits = bits.ue_within(12, "log2_max_frame_num is out of range")? + 4;
        skip_picture_order(&mut bits)?;
        let max_num_ref_frames = bits.ue_within(16, "too many reference frames")?;
        bits.bit()?; // gaps_in_frame_num_value_allowed_flag
        let width_mbs = bits.ue_within(MAX_SIZE_IN_MBS - 1, "picture is too wide")? + 1;
        let height_units = bits.ue_within(MAX_SIZE_IN_MBS - 1, "picture is too high")? + 1;
        let is_frame_mbs_only = bits.bit()?;
        if !is_frame_mbs_only {
            bits.bit()?; // mb_adaptive_frame_field_flag
        }
        bits.bit()?; // direct_8x8_inference_flag
        let (coded_width, coded_height) = (width_mbs * 16, height_units * if is_frame_mbs_only { 16 } else { 32 });
        let crop = if bits.bit()? {
            parse_crop(&mut bits, &format, is_frame_mbs_only)?
        } else {
            Crop::default()
        };
        let shown = |coded: u32, a: u32, b: u32| coded.checked_sub(a.saturating_add(b)).filter(|size| *size > 0);
        let width = shown(coded_width, crop.left, crop.right);
        let height = shown(coded_height, crop.top, crop.bottom);
        let (Some(width), Some(height)) = (width, height) else {
            return Err(bits.error("nothing is left after cropping"));
        };
        let mut sps = Self {
            id,
            profile_idc,
            constraint_flags,
            level_idc,
            chroma_format_idc: format.chroma_format_idc,
            bit_depth_luma: format.bit_depth_luma,
            bit_depth_chroma: format.bit_depth_chroma,
            frame_num_bits,
            max_num_ref_frames,
            is_frame_mbs_only,
            width,
            height,
            crop,
            sample_aspect: None,
            is_full_range: None,
            colour: None,
            frame_rate: None,
            is_frame_rate_fixed: false,
            max_num_reorder_frames: None,
        };
        if bits.bit().unwrap_or(false) {
            // Whatever was read before an error stands; the rest stays unknown.
            let _ = sps.parse_vui(&mut bits);
        }
        Ok(sps)
    }

    /// Video usability information, E.1.1.
    fn parse_vui(&mut self, bits: &mut BitReader<'_>) -> Result<(), BitstreamError> {
        if bits.bit()? {
            self.sample_aspect = match bits.byte()? {
                255 => Some((bits.bits(16)? as u16, bits.bits(16)? as u16)),
                idc => SAMPLE_ASPECTS.get(usize::from(idc)).copied(),
            }
            .filter(|(width, height)| *width > 0 && *height > 0);
        }
        if bits.bit()? {
            bits.bit()?; // overscan_appropriate_flag
        }
        if bits.bit()? {
            bits.bits(3)?; // video_format
            self.is_full_range = Some(bits.bit()?);
            if bits.bit()? {
                self.colour = Some(Colour {
                    primaries: bits.byte()?,
                    transfer: bits.byte()?,
                    matrix: bits.byte()?,
                });
            }
        }
        if bits.bit()? {
            bits.ue()?; // chroma_sample_loc_type_top_field
            bits.ue()?; // chroma_sample_loc_type_bottom_field
        }
        if bits.bit()? {
            let (units_in_tick, time_scale) = (bits.bits(32)?, bits.bits(32)?);
            self.frame_rate = frame_rate(units_in_tick, time_scale);
            self.is_frame_rate_fixed = bits.bit()?;
        }
        let has_nal_hrd = bits.bit()?;
        if has_nal_hrd {
            skip_hrd(bits)?;
        }
        let has_vcl_hrd = bits.bit()?;
        if has_vcl_hrd {
            skip_hrd(bits)?;
        }
        if has_nal_hrd || has_vcl_hrd {
            bits.bit()?; // low_delay_hrd_flag
        }
        bits.bit()?; // pic_struct_present_flag
        if bits.bit()? {
            bits.bit()?; // motion_vectors_over_pic_boundaries_flag
            for _ in 0..4 {
                bits.ue()?; // max_bytes_per_pic_denom to log2_max_mv_length_vertical
            }
            self.max_num_reorder_frames = Some(bits.ue_within(16, "too many reordered frames")?);
        }
        Ok(())
    }
}

/// Table E-1, by aspect_ratio_idc; 0 is unspecified.
const SAMPLE_ASPECTS: [(u16, u16); 17] = [
    (0, 0),
    (1, 1),
    (12, 11),
    (10, 11),
    (16, 11),
    (40, 33),
    (24, 11),
    (20, 11),
    (32, 11),
    (80, 33),
    (18, 11),
    (15, 11),
    (64, 33),
    (160, 99),
    (4, 3),
    (3, 2),
    (2, 1),
];

/// A tick is half a frame (E.2.1), so that fields can be timed.
fn frame_rate(units_in_tick: u32, time_scale: u32) -> Option<FrameRate> {
    let (num, den) = (u64::from(time_scale), u64::from(units_in_tick) * 2);
    let divisor = greatest_common_divisor(num, den).max(1);
    FrameRate::new(u32::try_from(num / divisor).ok()?, u32::try_from(den / divisor).ok()?)
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

struct SampleFormat {
    chroma_format_idc: u8,
    /// separate_colour_plane_flag.
    is_separate: bool,
    bit_depth_luma: u8,
    bit_depth_chroma: u8,
}

impl SampleFormat {
    /// Only the high profiles spell it out (§7.3.2.1.1); the others are 4:2:0 of 8 bits.
    fn parse(bits: &mut BitReader<'_>, profile_idc: u8) -> Result<Self, BitstreamError> {
        let mut format = Self {
            chroma_format_idc: 1,
            is_separate: false,
            bit_depth_luma: 8,
            bit_depth_chroma: 8,
        };
        if !is_high_profile(profile_idc) {
            return Ok(format);
        }
        format.chroma_format_idc = bits.ue_within(3, "chroma_format_idc is out of range")? as u8;
        if format.chroma_format_idc == 3 {
            format.is_separate = bits.bit()?;
        }
        format.bit_depth_luma = 8 + bits.ue_within(6, "luma bit depth is out of range")? as u8;
        format.bit_depth_chroma = 8 + bits.ue_within(6, "chroma bit depth is out of range")? as u8;
        bits.bit()?; // qpprime_y_zero_transform_bypass_flag
        if bits.bit()? {
            let lists = if format.chroma_format_idc == 3 { 12 } else { 8 };
            for list in 0..lists {
                if bits.bit()? {
                    skip_scaling_list(bits, if list < 6 { 16 } else { 64 })?;
                }
            }
        }
        Ok(format)
    }
}

/// The profiles whose parameter sets state the sample format.
pub(super) fn is_high_profile(profile_idc: u8) -> bool {
    matches!(
        profile_idc,
        100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135
    )
}

/// §7.3.2.1.1.1.
fn skip_scaling_list(bits: &mut BitReader<'_>, size: usize) -> Result<(), BitstreamError> {
    let (mut last, mut next) = (8_i64, 8_i64);
    for _ in 0..size {
        if next != 0 {
            next = (last + i64::from(bits.se()?)).rem_euclid(256);
        }
        if next != 0 {
            last = next;
        }
    }
    Ok(())
}

fn skip_picture_order(bits: &mut BitReader<'_>) -> Result<(), BitstreamError> {
    match bits.ue_within(2, "pic_order_cnt_type is out of range")? {
        0 => {
            bits.ue_within(12, "log2_max_pic_order_cnt_lsb is out of range")?;
        }
        1 => {
            bits.bit()?; // delta_pic_order_always_zero_flag
            bits.se()?; // offset_for_non_ref_pic
            bits.se()?; // offset_for_top_to_bottom_field
            for _ in 0..bits.ue_within(255, "picture order cycle is too long")? {
                bits.se()?; // offset_for_ref_frame
            }
        }
        _ => {}
    }
    Ok(())
}

/// Crop offsets count in units that depend on the chroma format and on field coding (§7.4.2.1.1).
fn parse_crop(
    bits: &mut BitReader<'_>,
    format: &SampleFormat,
    is_frame_mbs_only: bool,
) -> Result<Crop, BitstreamError> {
    let (unit_x, unit_y) = match (format.is_separate, format.chroma_format_idc) {
        (false, 1) => (2, 2),
        (false, 2) => (2, 1),
        _ => (1, 1),
    };
    let unit_y = unit_y * if is_frame_mbs_only { 1 } else { 2 };
    let mut offset = |unit: u32| Ok(bits.ue_within(16 * MAX_SIZE_IN_MBS, "crop is out of range")? * unit);
    Ok(Crop {
        left: offset(unit_x)?,
        right: offset(unit_x)?,
        top: offset(unit_y)?,
        bottom: offset(unit_y)?,
    })
}

/// Hypothetical reference decoder parameters, E.1.2.
fn skip_hrd(bits: &mut BitReader<'_>) -> Result<(), BitstreamError> {
    let count = bits.ue_within(31, "too many coded picture buffers")? + 1;
    bits.bits(8)?; // bit_rate_scale, cpb_size_scale
    for _ in 0..count {
        bits.ue()?; // bit_rate_value_minus1
        bits.ue()?; // cpb_size_value_minus1
        bits.bit()?; // cbr_flag
    }
    bits.bits(20)?; // lengths of delays and offsets
    Ok(())
}

/// A picture parameter set, as far as a studio has use for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pps {
    /// pic_parameter_set_id.
    pub id: u8,
    /// The sequence parameter set that it refers to.
    pub sps_id: u8,
    /// Whether slices are coded with CABAC; CAVLC otherwise.
    pub is_cabac: bool,
}

impl Pps {
    /// Reads a picture parameter set NAL unit, header byte first.
    ///
    /// # Errors
    /// Where the bytes end too early or an id is out of range.
    pub fn parse(nal: &[u8]) -> Result<Self, BitstreamError> {
        if nal_type(nal) != Some(NalType::Pps) {
            return Err(BitstreamError {
                what: "not a picture parameter set",
                position: 0,
            });
        }
        let mut bits = BitReader::new(nal, 1);
        Ok(Self {
            id: bits.ue_within(255, "picture parameter set id is out of range")? as u8,
            sps_id: bits.ue_within(31, "sequence parameter set id is out of range")? as u8,
            is_cabac: bits.bit()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testdata::*;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn x264_high_profile_with_cbr_hrd_and_colour() {
        let sps = Sps::parse(X264_720P_HIGH_HRD.0).unwrap();
        assert_eq!((sps.width, sps.height), (1280, 720));
        assert_eq!((sps.profile_idc, sps.constraint_flags, sps.level_idc), (100, 0, 31));
        assert_eq!(sps.frame_rate, FrameRate::new(30_000, 1001));
        assert_eq!(sps.is_full_range, Some(false));
        let bt709 = Colour {
            primaries: 1,
            transfer: 1,
            matrix: 1,
        };
        assert_eq!(sps.colour, Some(bt709));
        assert_eq!(sps.max_num_reorder_frames, Some(2));
        assert_eq!(sps.sample_aspect, Some((1, 1)));
        let pps = Pps::parse(X264_720P_HIGH_HRD.1).unwrap();
        assert_eq!((pps.id, pps.sps_id, pps.is_cabac), (0, 0, true));
    }

    #[test]
    fn x264_main_profile_with_cropping() {
        let sps = Sps::parse(X264_1080P_MAIN.0).unwrap();
        assert_eq!((sps.width, sps.height, sps.crop.bottom), (1920, 1080, 8));
        assert_eq!((sps.profile_idc, sps.frame_rate), (77, Some(FrameRate::whole(25))));
        assert_eq!(sps.max_num_reorder_frames, Some(0));
    }

    #[test]
    fn x264_baseline_with_odd_pixels() {
        let sps = Sps::parse(X264_480P_BASELINE.0).unwrap();
        assert_eq!((sps.width, sps.height, sps.crop.right), (854, 480, 10));
        assert_eq!(
            (sps.sample_aspect, sps.frame_rate),
            (Some((4, 3)), Some(FrameRate::whole(50)))
        );
        assert!(!Pps::parse(X264_480P_BASELINE.1).unwrap().is_cabac);
    }

    #[test]
    fn x264_ten_bits_of_422() {
        let sps = Sps::parse(X264_HIGH422_10BIT.0).unwrap();
        assert_eq!((sps.width, sps.height), (640, 362));
        assert_eq!(
            (sps.chroma_format_idc, sps.bit_depth_luma, sps.bit_depth_chroma),
            (2, 10, 10)
        );
    }

    #[test]
    fn x264_interlaced() {
        let sps = Sps::parse(X264_INTERLACED.0).unwrap();
        assert_eq!((sps.width, sps.height, sps.is_frame_mbs_only), (1440, 1080, false));
        assert_eq!(sps.crop.bottom, 8);
    }

    #[test]
    fn broken_sets_are_refused_with_their_position() {
        let whole = X264_1080P_MAIN.0;
        assert_eq!(Sps::parse(&whole[..6]).unwrap_err().position, 6);
        assert_eq!(Sps::parse(&[]).unwrap_err().position, 0);
        assert_eq!(
            Sps::parse(X264_1080P_MAIN.1).unwrap_err().what,
            "not a sequence parameter set"
        );
        // Cut inside the usability information: the size stands, the rest is unknown.
        let cut = Sps::parse(&whole[..14]).unwrap();
        assert_eq!((cut.width, cut.frame_rate), (1920, None));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..80), high in any::<bool>()) {
            let mut nal = vec![0x67, if high { 100 } else { 77 }, 0, 31];
            nal.extend_from_slice(&bytes);
            if let Ok(sps) = Sps::parse(&nal) {
                prop_assert!(sps.width > 0 && sps.height > 0 && sps.width <= 16_384 && sps.height <= 32_768);
            }
            nal[0] = 0x68;
            let _ = Pps::parse(&nal);
        }

        #[test]
        fn bent_bits_are_survived(which in 0usize..5, at in any::<prop::sample::Index>(), value in any::<u8>()) {
            let mut nal = [X264_720P_HIGH_HRD, X264_1080P_MAIN, X264_480P_BASELINE, X264_HIGH422_10BIT, X264_INTERLACED]
                [which].0.to_vec();
            let at = at.index(nal.len());
            nal[at] = value;
            let _ = Sps::parse(&nal);
        }
    }
}
