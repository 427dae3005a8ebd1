//! The colours of cameras as the studio has them: limited-range BT.709.
//!
//! Webcams speak BT.601, as JPEG files do; those with JPEGs use all 256 codes. Taken for BT.709, skin goes orange and greens go grey, and
//! full range crushes shadows and burns lights. So every picture that comes with other colours is multiplied by one matrix, two rows at a
//! time, while they are still in the cache. Both matrices have zero for luma in the rows of the colours, so 4:2:0 stays 4:2:0.

use super::device::PictureFormat;
use super::mode::Form;

/// What codes mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tint {
    /// By which weights of red and blue luma is made.
    pub matrix: Matrix,
    /// Whether black is 0 and white 255, not 16 and 235.
    pub is_full: bool,
}

/// The weights of luma.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matrix {
    /// ITU-R BT.601.
    Bt601,
    /// ITU-R BT.709.
    Bt709,
    /// ITU-R BT.2020.
    Bt2020,
    /// SMPTE 240M.
    Smpte240,
}

impl Matrix {
    /// Of red and of blue.
    fn weights(self) -> (f64, f64) {
        match self {
            Self::Bt601 => (0.299, 0.114),
            Self::Bt709 => (0.2126, 0.0722),
            Self::Bt2020 => (0.2627, 0.0593),
            Self::Smpte240 => (0.212, 0.087),
        }
    }
}

/// `V4L2_COLORSPACE_SMPTE240M`, `…_REC709`, `…_JPEG`, `…_BT2020`, `…_DCI_P3`.
const SPACES: [u32; 5] = [2, 3, 7, 10, 12];

impl Tint {
    /// What the driver says, and what `V4L2_MAP_YCBCR_ENC_DEFAULT` and `V4L2_MAP_QUANTIZATION_DEFAULT` of the header make of what it does not
    /// say. JPEGs are full-range BT.601 unless it is said otherwise: drivers call them sRGB, which would mean limited range.
    pub fn of(form: Form, format: &PictureFormat) -> Self {
        let [smpte240, rec709, jpeg, bt2020, dci_p3] = SPACES;
        let matrix = match (format.encoding, format.colorspace) {
            (2 | 4, _) => Matrix::Bt709,
            (6 | 7, _) => Matrix::Bt2020,
            (8, _) => Matrix::Smpte240,
            (0, space) if space == rec709 || space == dci_p3 => Matrix::Bt709,
            (0, space) if space == bt2020 => Matrix::Bt2020,
            (0, space) if space == smpte240 => Matrix::Smpte240,
            _ => Matrix::Bt601,
        };
        let is_full = match format.quantization {
            1 => true,
            2 => false,
            _ => form == Form::Mjpeg || format.colorspace == jpeg,
        };
        Self { matrix, is_full }
    }
}

/// One in the fixed-point numbers below: 7 bits, so that sums stay within 16.
const ONE: f64 = 128.0;

/// The way from one [`Tint`] to limited-range BT.709.
#[derive(Clone, Debug)]
pub struct Recolour {
    luma: i16,
    luma_of_blue: i16,
    luma_of_red: i16,
    /// With half a code for rounding.
    luma_offset: i16,
    /// Of the blue and the red difference each, blue first.
    blue: [i16; 2],
    red: [i16; 2],
    is_needed: bool,
    /// What the colours of one row add to the luma of each of its pixels.
    added: Vec<i16>,
}

impl Recolour {
    /// From `tint`.
    pub fn from(tint: Tint) -> Self {
        let (red, blue) = tint.matrix.weights();
        let green = 1.0 - red - blue;
        let (to_red, to_blue) = Matrix::Bt709.weights();
        let to_green = 1.0 - to_red - to_blue;
        // R = Y + r·Pr, B = Y + b·Pb, G = Y - (red·r·Pr + blue·b·Pb) / green, all in units of full scale.
        let (r, b) = (2.0 * (1.0 - red), 2.0 * (1.0 - blue));
        let of_blue = b * (to_blue - to_green * blue / green);
        let of_red = r * (to_red - to_green * red / green);
        let (luma_scale, colour_scale) = if tint.is_full { (255.0, 255.0) } else { (219.0, 224.0) };
        let fixed = |share: f64| (share * ONE).round() as i16;
        let from = |share: f64, to: f64| fixed(share * to / colour_scale);
        let (to_r, to_b) = (2.0 * (1.0 - to_red), 2.0 * (1.0 - to_blue));
        let offset = if tint.is_full { 16.0 * ONE } else { 0.0 };
        Self {
            luma: fixed(219.0 / luma_scale),
            luma_of_blue: from(of_blue, 219.0),
            luma_of_red: from(of_red, 219.0),
            luma_offset: (offset + ONE / 2.0) as i16,
            blue: [from((b - of_blue) / to_b, 224.0), from(-of_red / to_b, 224.0)],
            red: [from(-of_blue / to_r, 224.0), from((r - of_red) / to_r, 224.0)],
            is_needed: tint
                != Tint {
                    matrix: Matrix::Bt709,
                    is_full: false,
                },
            added: Vec::new(),
        }
    }

    /// Changes two rows of luma and the row of colours that belongs to them. `u` and `v` are half as long as the rows.
    pub fn rows(&mut self, luma: [&mut [u8]; 2], u: &mut [u8], v: &mut [u8]) {
        if !self.is_needed {
            return;
        }
        self.added.resize(u.len() * 2, 0);
        for ((u, v), added) in u.iter_mut().zip(v).zip(self.added.as_chunks_mut().0) {
            let (blue, red) = (i16::from(*u) - 128, i16::from(*v) - 128);
            *added = [self.luma_of_blue * blue + self.luma_of_red * red + self.luma_offset; 2];
            let half = ONE as i16 / 2;
            *u = clipped(((self.blue[0] * blue + self.blue[1] * red + half) >> 7) + 128);
            *v = clipped(((self.red[0] * blue + self.red[1] * red + half) >> 7) + 128);
        }
        for row in luma {
            for (code, added) in row.iter_mut().zip(&self.added) {
                *code = clipped((i16::from(*code) * self.luma).saturating_add(*added) >> 7);
            }
        }
    }
}

fn clipped(value: i16) -> u8 {
    value.clamp(0, 255) as u8
}

#[cfg(test)]
#[path = "tint_tests.rs"]
mod tests;
