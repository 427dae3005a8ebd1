//! Colours as people give them (RGB) and as pictures hold them (limited-range BT.709 Y′CbCr, ITU-R BT.709-6 §3).

/// A colour in a picture: Y, U, V.
pub type Yuv = [u8; 3];

/// Black in limited range.
pub const BLACK: Yuv = [16, 128, 128];

/// An RGB colour as limited-range BT.709, rounded to the nearest code.
#[must_use]
pub fn yuv_of_rgb([r, g, b]: [u8; 3]) -> Yuv {
    let (r, g, b) = (f32::from(r) / 255.0, f32::from(g) / 255.0, f32::from(b) / 255.0);
    let luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    let y = 16.0 + 219.0 * luma;
    let u = 128.0 + 224.0 * (b - luma) / 1.8556;
    let v = 128.0 + 224.0 * (r - luma) / 1.5748;
    // `as` saturates, and the values lie within 16 and 240 anyway.
    [y, u, v].map(|code| (code + 0.5) as u8)
}

/// A limited-range BT.709 colour as RGB, clipped to what RGB can hold.
#[must_use]
pub fn rgb_of_yuv([y, u, v]: Yuv) -> [u8; 3] {
    let luma = (f32::from(y) - 16.0) / 219.0;
    let (blue, red) = ((f32::from(u) - 128.0) / 224.0, (f32::from(v) - 128.0) / 224.0);
    let r = luma + 1.5748 * red;
    let b = luma + 1.8556 * blue;
    let g = (luma - 0.2126 * r - 0.0722 * b) / 0.7152;
    // `as` saturates at both ends: out-of-gamut codes clip.
    [r, g, b].map(|share| (share * 255.0 + 0.5) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_bars_have_their_standard_codes() {
        // 100 % bars in 8-bit BT.709 limited range, as SMPTE RP 219 and every waveform monitor have them.
        for (rgb, yuv) in [
            ([255, 255, 255], [235, 128, 128]),
            ([255, 255, 0], [219, 16, 138]),
            ([0, 255, 255], [188, 154, 16]),
            ([0, 255, 0], [173, 42, 26]),
            ([255, 0, 255], [78, 214, 230]),
            ([255, 0, 0], [63, 102, 240]),
            ([0, 0, 255], [32, 240, 118]),
            ([0, 0, 0], BLACK),
        ] {
            assert_eq!(yuv_of_rgb(rgb), yuv, "{rgb:?}");
        }
    }

    proptest! {
        #[test]
        fn colours_survive_there_and_back(rgb in any::<[u8; 3]>()) {
            let back = rgb_of_yuv(yuv_of_rgb(rgb));
            for (a, b) in rgb.into_iter().zip(back) {
                prop_assert!(a.abs_diff(b) <= 2, "{rgb:?} became {back:?}");
            }
        }
    }
}
