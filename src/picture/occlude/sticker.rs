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

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{ImageFormat, Rgba, RgbaImage};
    use proptest::prelude::*;

    use super::super::{Art, Occluder};
    use super::*;
    use crate::media::{FramePool, Timestamp, VideoFrame};
    use crate::picture::colour::yuv_of_rgb;

    const RED: [u8; 4] = [255, 0, 0, 255];
    const BLUE: [u8; 4] = [0, 0, 255, 255];

    fn art(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 4]) -> Art {
        let picture = RgbaImage::from_fn(width, height, |x, y| Rgba(pixel(x, y)));
        let mut bytes = Vec::new();
        picture
            .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
            .unwrap();
        Art::from_png(&bytes).unwrap()
    }

    fn grey(pool: &FramePool) -> VideoFrame {
        let mut frame = pool.frame(96, 64);
        frame.fill([100, 128, 128]);
        frame.freeze(Timestamp::ZERO)
    }

    /// What is seen at (`x`, `y`) with `placed` on grey.
    fn drawn(placed: &Placed<'_>) -> impl Fn(usize, usize) -> [u8; 3] + use<> {
        let pool = FramePool::new();
        let frame = Occluder::new(pool.clone()).apply(grey(&pool), &[], &[*placed]);
        move |x, y| {
            let chroma = y / 2 * 48 + x / 2;
            [
                frame.plane(Plane::Y)[y * 96 + x],
                frame.plane(Plane::U)[chroma],
                frame.plane(Plane::V)[chroma],
            ]
        }
    }

    fn halves() -> Art {
        art(40, 20, |x, _| if x < 20 { RED } else { BLUE })
    }

    #[test]
    fn art_is_drawn_as_it_is_and_nothing_around_it() {
        let art = halves();
        let (x, y, width, roll) = (48.0, 32.0, 40.0, 0.0);
        let placed = Placed {
            art: &art,
            x,
            y,
            width,
            roll,
        };
        let at = drawn(&placed);
        let (red, blue, paper) = (yuv_of_rgb([255, 0, 0]), yuv_of_rgb([0, 0, 255]), [100, 128, 128]);
        for (x, y, expected) in [
            (30, 24, red),
            (45, 40, red),
            (52, 24, blue),
            (65, 40, blue),
            (24, 32, paper),
            (72, 32, paper),
            (48, 18, paper),
            (48, 46, paper),
        ] {
            assert_eq!(at(x, y), expected, "({x}, {y})");
        }
    }

    #[test]
    fn art_turns_clockwise_and_grows() {
        let art = halves();
        let placed = Placed {
            art: &art,
            x: 48.0,
            y: 32.0,
            width: 20.0,
            roll: std::f32::consts::FRAC_PI_2,
        };
        // What was at the left is at the top.
        let at = drawn(&placed);
        assert_eq!(at(48, 26), yuv_of_rgb([255, 0, 0]));
        assert_eq!(at(48, 38), yuv_of_rgb([0, 0, 255]));
        assert_eq!(at(58, 32), [100, 128, 128]);
        let at = drawn(&Placed {
            width: 120.0,
            roll: 0.0,
            ..placed
        });
        assert_eq!(at(1, 5), yuv_of_rgb([255, 0, 0]));
        assert_eq!(at(94, 50), yuv_of_rgb([0, 0, 255]));
    }

    #[test]
    fn alpha_mixes_and_what_is_fine_becomes_its_mean() {
        let half = art(64, 64, |_, _| [255, 255, 255, 128]);
        let placed = |art, width| Placed {
            art,
            x: 48.0,
            y: 32.0,
            width,
            roll: 0.0,
        };
        // (235 × 128 + 100 × 127) / 255.
        assert!(drawn(&placed(&half, 40.0))(48, 32)[0].abs_diff(168) <= 1);
        let checks = art(
            256,
            256,
            |x, y| if (x + y) % 2 == 0 { [0, 0, 0, 255] } else { [255; 4] },
        );
        let at = drawn(&placed(&checks, 32.0));
        for (x, y) in [(40, 24), (48, 32), (55, 41)] {
            assert!(at(x, y)[0].abs_diff(126) <= 2, "{:?}", at(x, y));
        }
    }

    #[test]
    fn what_is_no_number_is_not_drawn() {
        let (pool, art) = (FramePool::new(), halves());
        for broken in [f32::NAN, f32::INFINITY] {
            for place in 0..4 {
                let mut values = [48.0, 32.0, 40.0, 0.0];
                values[place] = broken;
                let [x, y, width, roll] = values;
                let placed = Placed {
                    art: &art,
                    x,
                    y,
                    width,
                    roll,
                };
                let before = grey(&pool);
                let after = Occluder::new(pool.clone()).apply(before.clone(), &[], &[placed]);
                assert!(after.is_same_picture(&before));
            }
        }
    }

    proptest! {
        #[test]
        fn no_place_panics_or_strays(
            size in (1_u32..40, 1_u32..40), x in -200.0_f32..300.0, y in -200.0_f32..300.0,
            width in prop_oneof![0.5_f32..200.0, any::<f32>()], roll in -10.0_f32..10.0, seed in any::<u32>()
        ) {
            let art = art(size.0, size.1, |x, y| (seed.wrapping_mul(x * 31 + y * 17 + 1)).to_le_bytes());
            let placed = Placed { art: &art, x, y, width, roll };
            let at = drawn(&placed);
            // Art fades out over a pixel of its own, of chroma over two.
            let reach = (width * 0.5).hypot(width * 0.5 * size.1 as f32 / size.0 as f32) + 3.0 + 1.5 * width / size.0 as f32;
            for row in 0..64 {
                for column in 0..96 {
                    let away = (column as f32 + 0.5 - x).hypot(row as f32 + 0.5 - y);
                    if width >= 1.0 && away > reach + 1.0 {
                        prop_assert_eq!(at(column, row), [100, 128, 128]);
                    }
                }
            }
        }
    }
}
