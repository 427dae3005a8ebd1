//! The backgrounds of the test pattern. Drawn once per start, so clarity goes before speed.

use crate::media::{FrameMut, Plane};
use crate::source::PatternStyle;

/// The colours of the bars at 75 %, as Y, U, V in BT.709 limited range: white, yellow, cyan, green, magenta, red, blue.
const BARS: [[u8; 3]; 7] = [
    [180, 128, 128],
    [168, 44, 136],
    [145, 147, 44],
    [133, 63, 52],
    [63, 193, 204],
    [51, 109, 212],
    [28, 212, 120],
];

const BLACK: [u8; 3] = [16, 128, 128];
const WHITE: [u8; 3] = [235, 128, 128];

/// Paints all of `frame`.
pub(super) fn draw(frame: &mut FrameMut, style: PatternStyle) {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    match style {
        PatternStyle::Bars => paint(frame, |x, y| bars(x as f64 / width as f64, y as f64 / height as f64)),
        PatternStyle::Ramp => paint(frame, |x, y| {
            if y * 3 < height * 2 {
                [(16 + x * 219 / (width - 1).max(1)) as u8, 128, 128]
            } else {
                BARS[x * 7 / width]
            }
        }),
        PatternStyle::Grid => paint(frame, |x, y| grid(x, y, width, height)),
    }
}

/// After SMPTE EG 1: bars, the reverse bars below them, then PLUGE (black, a little less and a little more).
fn bars(x: f64, y: f64) -> [u8; 3] {
    let bar = ((x * 7.0) as usize).min(6);
    if y < 0.67 {
        BARS[bar]
    } else if y < 0.75 {
        if bar.is_multiple_of(2) { BARS[6 - bar] } else { BLACK }
    } else {
        match (x * 28.0) as usize {
            0..=4 => [57, 156, 97],
            5..=9 => WHITE,
            10..=14 => [44, 171, 147],
            20 => [7, 128, 128],
            22 => [25, 128, 128],
            _ => BLACK,
        }
    }
}

/// Lines every sixteenth of the width, and the largest circle that fits.
fn grid(x: usize, y: usize, width: usize, height: usize) -> [u8; 3] {
    let step = (width / 16).max(4);
    let (dx, dy) = (x as f64 - width as f64 / 2.0, y as f64 - height as f64 / 2.0);
    let radius = width.min(height) as f64 * 0.48;
    let thick = (height as f64 / 240.0).max(1.0);
    if ((dx * dx + dy * dy).sqrt() - radius).abs() < thick {
        WHITE
    } else if (x + step / 2) % step < 2 || (y + step / 2) % step < 2 {
        [160, 128, 128]
    } else {
        [70, 128, 128]
    }
}

/// Asks `colour` for each luma pixel, and takes chroma from the upper left of each four.
fn paint(frame: &mut FrameMut, colour: impl Fn(usize, usize) -> [u8; 3]) {
    let (width, chroma) = (frame.stride(Plane::Y), frame.stride(Plane::U));
    let (luma, u, v) = frame.planes_mut();
    for (y, row) in luma.chunks_exact_mut(width).enumerate() {
        for (x, value) in row.iter_mut().enumerate() {
            let [luma, blue, red] = colour(x, y);
            *value = luma;
            if x.is_multiple_of(2) && y.is_multiple_of(2) {
                u[y / 2 * chroma + x / 2] = blue;
                v[y / 2 * chroma + x / 2] = red;
            }
        }
    }
}
