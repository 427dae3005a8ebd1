//! Draws art on a picture: scaled, turned and laid over it by its alpha, bilinear from the nearest size.

use super::Placed;
use super::art::{Level, PAIR};
use super::outline::Touched;
use crate::media::{FrameMut, Plane};

/// What a fixed-point position counts as one pixel of the drawing.
const PIXEL: f32 = 65536.0;

/// Where in the drawing the pixels of the picture lie.
#[derive(Clone, Copy, Debug)]
struct Turn {
    x: f32,
    y: f32,
    sin: f32,
    cos: f32,
    /// Pixels of the drawing to one of the picture.
    step: f32,
}

/// Where `placed` touches a picture of `size`; `None` where nothing of it shows, or something of it is no number.
pub(super) fn touched(placed: &Placed<'_>, size: (u32, u32)) -> Option<Touched> {
    let numbers = [placed.x, placed.y, placed.width, placed.roll];
    if !numbers.into_iter().all(f32::is_finite) || placed.width < 1.0 {
        return None;
    }
    let (sin, cos) = placed.roll.sin_cos();
    let width = placed.width;
    let height = width * placed.art.height() as f32 / placed.art.width() as f32;
    let across = f32::midpoint((width * cos).abs(), (height * sin).abs()) + 1.0;
    let down = f32::midpoint((width * sin).abs(), (height * cos).abs()) + 1.0;
    let (x, y) = (placed.x, placed.y);
    Touched::within([x - across, y - down, x + across, y + down], size)
}

/// Draws `placed` on `out`, within `touched`.
pub(super) fn draw(out: &mut FrameMut, placed: &Placed<'_>, touched: Touched) {
    let (sin, cos) = placed.roll.sin_cos();
    let turn = Turn {
        x: placed.x,
        y: placed.y,
        sin,
        cos,
        step: placed.art.width() as f32 / placed.width,
    };
    let Touched {
        left,
        top,
        right,
        bottom,
    } = touched;
    let stride = out.stride(Plane::Y);
    let (luma, u_plane, v_plane) = out.planes_mut();
    let (level, halvings) = placed.art.level(turn.step);
    for y in top..bottom {
        let row = &mut luma[y as usize * stride..][left as usize..right as usize];
        let start = (left as f32 + 0.5, y as f32 + 0.5);
        turn.each(placed, (level, halvings), start, 1.0, row.len(), |at, [even, _]| {
            let (code, alpha) = (even as u8, (even >> 16) as u8);
            row[at] = over(row[at], code, alpha);
        });
    }
    // Chroma is half the size: its samples lie between two pixels of luma, two apart.
    let (level, halvings) = placed.art.level(turn.step * 2.0);
    let stride = stride / 2;
    for y in top / 2..bottom / 2 {
        let (from, to) = (
            y as usize * stride + left as usize / 2,
            y as usize * stride + right as usize / 2,
        );
        let (u_row, v_row) = (&mut u_plane[from..to], &mut v_plane[from..to]);
        let start = (left as f32 + 1.0, y as f32 * 2.0 + 1.0);
        let length = u_row.len();
        turn.each(placed, (level, halvings), start, 2.0, length, |at, [even, odd]| {
            let alpha = (even >> 16) as u8;
            u_row[at] = over(u_row[at], odd as u8, alpha);
            v_row[at] = over(v_row[at], (odd >> 16) as u8, alpha);
        });
    }
}

/// `code`, which is times `alpha` already, over `under`.
fn over(under: u8, code: u8, alpha: u8) -> u8 {
    let product = u32::from(under) * u32::from(255 - alpha) + 128;
    let rest = (product + (product >> 8)) >> 8;
    // Rounding may put the sum one above white.
    (u32::from(code) + rest).min(255) as u8
}

impl Turn {
    /// Calls `paint` for those of `length` pixels of a row, `apart` pixels of luma from each other, that the drawing touches.
    fn each(
        &self,
        placed: &Placed<'_>,
        (level, halvings): (&Level, i32),
        start: (f32, f32),
        apart: f32,
        length: usize,
        mut paint: impl FnMut(usize, [u32; 2]),
    ) {
        let scale = self.step / 2.0_f32.powi(halvings);
        let (dx, dy) = (start.0 - self.x, start.1 - self.y);
        let half = 0.5 / 2.0_f32.powi(halvings);
        // From the upper left corner of the drawing to the middle of its first pixel, and of the border before that.
        let (across, down) = (
            placed.art.width() as f32 * half + 0.5,
            placed.art.height() as f32 * half + 0.5,
        );
        let mut u = (((dx * self.cos + dy * self.sin) * scale + across) * PIXEL) as i64;
        let mut v = (((dy * self.cos - dx * self.sin) * scale + down) * PIXEL) as i64;
        let (step_u, step_v) = (self.cos * scale * apart * PIXEL, -self.sin * scale * apart * PIXEL);
        let (step_u, step_v) = (step_u as i64, step_v as i64);
        for at in 0..length {
            if let Some(found) = sample(level, u, v)
                && found[0] >> 16 != 0
            {
                paint(at, found);
            }
            u += step_u;
            v += step_v;
        }
    }
}

/// The drawing at (`u`, `v`), counted from its border: Y and alpha, U and V. `None` outside.
fn sample(level: &Level, u: i64, v: i64) -> Option<[u32; 2]> {
    let (column, row) = ((u >> 16) as usize, (v >> 16) as usize);
    // Negative ones are beyond any width.
    if column > level.width || row > level.height {
        return None;
    }
    let stride = level.width + 2;
    let at = row * stride + column;
    let [a, b] = *level.pixels.get(at..at + 2)?.as_array()?;
    let [c, d] = *level.pixels.get(at + stride..at + stride + 2)?.as_array()?;
    let (x, y) = ((u >> 8 & 255) as u32, (v >> 8 & 255) as u32);
    let fourth = (x * y + 128) >> 8;
    let shares = [256 + fourth - x - y, x - fourth, y - fourth, fourth];
    // The shares come to 256, so neither byte of a pair runs into the other.
    let mix = |pairs: [u32; 4]| {
        let sum = pairs.iter().zip(shares).map(|(pair, share)| pair * share).sum::<u32>();
        sum >> 8 & PAIR
    };
    let four = [a, b, c, d];
    Some([mix(four.map(|p| p & PAIR)), mix(four.map(|p| p >> 8 & PAIR))])
}
