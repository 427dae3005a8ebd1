//! The tone curve: automatic levels, contrast and brightness in one table of 256 entries for luma, and a gain for chroma.
//!
//! All of it in limited range (BT.709: luma from 16 to 235, chroma around 128), so black stays 16 and white 235.

use super::levels::Ends;
use super::settings::Tone;

const BLACK: f32 = 16.0;
const SPAN: f32 = 219.0;

/// What a table is made from: two of the same make the same table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Curve {
    ends: Ends,
    tone: Tone,
}

impl Curve {
    /// Nothing is set.
    pub const STRAIGHT: Self = Self {
        ends: Ends::AS_IS,
        tone: Tone::AS_IS,
    };

    /// What lies at the ends becomes black and white; then the tone.
    pub fn new(ends: Ends, tone: Tone) -> Self {
        Self { ends, tone }
    }

    /// Whether it leaves luma as it is.
    pub fn is_straight(&self) -> bool {
        let tone = Tone {
            saturation_percent: 0.0,
            ..self.tone
        };
        self.ends == Ends::AS_IS && tone == Tone::AS_IS
    }

    /// Of luma, 0 to 1 in and out.
    fn luma(&self, value: f32) -> f32 {
        let stretched = ((value - self.ends.black) / (self.ends.white - self.ends.black)).clamp(0.0, 1.0);
        let contrast = self.tone.contrast_percent / 100.0;
        let steep = if contrast > 0.0 {
            // An S through black, middle grey and white, up to three times as steep in the middle.
            let k = 6.0 * contrast;
            f32::midpoint((k * (stretched - 0.5)).tanh() / (k * 0.5).tanh(), 1.0)
        } else {
            0.5 + (stretched - 0.5) * (1.0 + contrast)
        };
        // A power keeps black and white where they are: half at 100, twice at −100.
        steep
            .clamp(0.0, 1.0)
            .powf((-self.tone.brightness_percent / 100.0).exp2())
    }

    /// The table for luma.
    pub fn table(&self) -> [u8; 256] {
        std::array::from_fn(|luma| {
            let value = (luma as f32 - BLACK) / SPAN;
            (BLACK + SPAN * self.luma(value)).round() as u8
        })
    }

    /// What the distance of chroma from grey is multiplied by, in 64ths: colours keep step with stretched luma.
    pub fn chroma_gain(&self) -> i16 {
        let gain = (1.0 + self.tone.saturation_percent / 100.0) / (self.ends.white - self.ends.black);
        (gain * 64.0).round().clamp(0.0, 255.0) as i16
    }
}

impl Tone {
    /// What becomes of a shade: 0 is black, 1 is white.
    #[must_use]
    pub fn curve(&self, value: f32) -> f32 {
        Curve::new(Ends::AS_IS, *self).luma(value)
    }
}

/// What a chroma gain of one is.
pub(super) const CHROMA_ONE: i16 = 64;

/// Multiplies the distance of chroma from grey.
pub(super) fn chroma(row: &mut [u8], gain: i16) {
    for chroma in row {
        // At most 128 × 255 + 32: no overflow.
        let scaled = ((i16::from(*chroma) - 128) * gain + 32) >> 6;
        *chroma = (scaled + 128).clamp(16, 240) as u8;
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn curve(brightness: f32, contrast: f32, saturation: f32) -> Curve {
        Curve {
            ends: Ends::AS_IS,
            tone: Tone {
                brightness_percent: brightness,
                contrast_percent: contrast,
                saturation_percent: saturation,
            },
        }
    }

    #[test]
    fn what_is_not_set_is_not_changed() {
        let straight = curve(0.0, 0.0, 0.0);
        assert!(straight.is_straight());
        let table = straight.table();
        assert!((16..=235u8).all(|luma| table[usize::from(luma)] == luma));
        assert_eq!(straight.chroma_gain(), CHROMA_ONE);
    }

    #[test]
    fn each_does_what_it_says() {
        let at = |curve: Curve, luma: usize| curve.table()[luma];
        // Brightness moves the middle; black and white stay.
        for (brightness, middle) in [(100.0, 171), (-100.0, 71)] {
            let bright = curve(brightness, 0.0, 0.0);
            assert_eq!((at(bright, 16), at(bright, 126), at(bright, 235)), (16, middle, 235));
        }
        // Contrast turns around the middle.
        let (hard, soft) = (curve(0.0, 50.0, 0.0), curve(0.0, -50.0, 0.0));
        assert_eq!((at(hard, 16), at(hard, 235)), (16, 235));
        assert!(
            at(hard, 80) < 60 && at(hard, 171) > 191,
            "{} {}",
            at(hard, 80),
            at(hard, 171)
        );
        assert_eq!((at(soft, 16), at(soft, 235)), (71, 180));
        assert!(at(hard, 126).abs_diff(126) <= 1 && at(soft, 126).abs_diff(126) <= 1);
        // Saturation is a gain of chroma and of nothing else.
        for (saturation, expected) in [(-100.0, [128; 3]), (100.0, [128, 172, 72])] {
            let mut row = [128, 150, 100];
            chroma(&mut row, curve(0.0, 0.0, saturation).chroma_gain());
            assert_eq!(row, expected);
        }
        assert_eq!(curve(0.0, 0.0, 80.0).table(), curve(0.0, 0.0, 0.0).table());
    }

    proptest! {
        #[test]
        fn a_table_never_turns_back(
            black in 0.0f32..0.4, white in 0.6f32..1.0,
            brightness in -100.0f32..=100.0, contrast in -100.0f32..=100.0, saturation in -100.0f32..=100.0,
        ) {
            let curve = Curve { ends: Ends { black, white }, ..curve(brightness, contrast, saturation) };
            let table = curve.table();
            prop_assert!(table.is_sorted());
            prop_assert!(table[0] >= 16 && table[255] <= 235);
            prop_assert!((0..=255).contains(&curve.chroma_gain()));
        }

        #[test]
        fn chroma_stays_in_range(from in any::<u8>(), gain in 0i16..=255) {
            let mut row = [from];
            chroma(&mut row, gain);
            prop_assert!((16..=240).contains(&row[0]));
        }
    }
}
