//! Codes that a viewer's telephone would read off the screen: QR codes and barcodes, found wherever they are in the picture.
//!
//! ```text
//! luma ─▶ ink (thresholds) ─┬▶ finder ▶ qr ─────────────────▶ codes: what they say, and where
//!                           └▶ bars ▶ ean | code128 | code39 ─▶
//! ```
//!
//! Larger pictures are halved first: a code that is readable to a telephone in front of a screen is some hundred pixels wide.

mod bars;
mod code128;
mod code39;
mod ean;
mod finder;
mod ink;
mod qr;
#[cfg(test)]
mod tests;

use crate::media::{Plane, VideoFrame};
use crate::vision::Luma;

/// Pictures with more pixels than this are halved, and again.
const MOST_PIXELS: usize = 1_300_000;

/// Smaller pictures hold no code.
const SMALLEST: usize = 24;

/// What kind of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeKind {
    /// ISO/IEC 18004.
    Qr,
    /// ISO/IEC 15420, 13 digits; with a 0 in front also UPC-A.
    Ean13,
    /// The same, 8 digits.
    Ean8,
    /// The same, zeros left out.
    UpcE,
    /// ISO/IEC 15417.
    Code128,
    /// ISO/IEC 16388.
    Code39,
}

/// A code in a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Code {
    /// What kind.
    pub kind: CodeKind,
    /// What it says.
    pub text: String,
    /// Left, top, width and height as shares of the picture, with a margin; within the picture.
    pub place: [f32; 4],
}

/// Finds codes. Keeps its memory from one picture to the next.
#[derive(Debug, Default)]
pub struct CodeReader {
    ink: ink::Ink,
    qr: qr::QrReader,
    bars: bars::BarReader,
    halved: [Vec<u8>; 2],
}

impl CodeReader {
    /// Adds the codes of `frame` to `found`.
    pub fn look(&mut self, frame: &VideoFrame, found: &mut Vec<Code>) {
        let (mut width, mut height) = (frame.width() as usize, frame.height() as usize);
        if width < SMALLEST || height < SMALLEST {
            return;
        }
        let [mut halved, mut other] = std::mem::take(&mut self.halved);
        let mut stride = frame.stride(Plane::Y);
        let mut is_halved = false;
        while width * height > MOST_PIXELS {
            let from = if is_halved { &halved } else { frame.plane(Plane::Y) };
            halve(from, stride, width, height, &mut other);
            std::mem::swap(&mut halved, &mut other);
            (width, height, stride) = (width / 2, height / 2, width / 2);
            is_halved = true;
        }
        let luma = if is_halved { &halved } else { frame.plane(Plane::Y) };
        let picture = Luma {
            bytes: luma,
            width,
            height,
            stride,
        };
        self.ink.measure(&picture);
        self.qr.look(&picture, &self.ink, found);
        self.bars.look(&picture, &self.ink, found);
        self.halved = [halved, other];
    }
}

/// Averages of two by two pixels.
fn halve(bytes: &[u8], stride: usize, width: usize, height: usize, out: &mut Vec<u8>) {
    out.clear();
    for row in 0..height / 2 {
        let [upper, lower] = [2 * row, 2 * row + 1].map(|row| &bytes[row * stride..][..width]);
        let pairs = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
        out.extend(
            pairs.map(|(a, b)| ((u16::from(a[0]) + u16::from(a[1]) + u16::from(b[0]) + u16::from(b[1]) + 2) / 4) as u8),
        );
    }
}

/// Left, top, right and bottom in pixels as left, top, width and height in shares, cut at the edges.
fn shares(bounds: [f32; 4], picture: &Luma<'_>) -> [f32; 4] {
    let (width, height) = (picture.width as f32, picture.height as f32);
    let cut = |value: f32, most: f32| {
        if value.is_finite() {
            (value / most).clamp(0.0, 1.0)
        } else {
            0.0
        }
    };
    let (left, top) = (cut(bounds[0], width), cut(bounds[1], height));
    let (right, bottom) = (cut(bounds[2], width), cut(bounds[3], height));
    [left, top, (right - left).max(0.0), (bottom - top).max(0.0)]
}
