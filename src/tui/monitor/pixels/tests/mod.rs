//! Pixels read back: a terminal of our own for each protocol shows what was written, and it is held against the picture.

mod glass;
mod images;
mod sixels;
mod wrapped;

use super::super::Picture;
use super::{PixelPicture, Thrift};

/// Pictures in which a bright square crosses a soft ground with grain, and the rest stands still.
fn clip(width: usize, height: usize, count: usize) -> Vec<Picture> {
    let mut noise = 0x2545_f491_u32;
    (0..count)
        .map(|at| {
            let mut rgb = Vec::with_capacity(width * height * 3);
            let (left, top) = (width * (at + 1) / (count + 4), height / 3);
            for y in 0..height {
                for x in 0..width {
                    noise ^= noise << 13;
                    noise ^= noise >> 17;
                    noise ^= noise << 5;
                    let grain = (noise % 3) as u8;
                    let is_square =
                        (left..left + width / 6 + 1).contains(&x) && (top..top + height / 4 + 1).contains(&y);
                    rgb.extend(if is_square {
                        [230, 60 + (y * 3 % 90) as u8, 40 + grain]
                    } else {
                        [
                            (x * 160 / width) as u8 + grain,
                            (y * 200 / height) as u8 + grain,
                            90 + ((x + y) * 60 / (width + height)) as u8,
                        ]
                    });
                }
            }
            Picture::new(width, height, rgb).unwrap()
        })
        .collect()
}

/// Peak signal-to-noise ratio in dB.
fn psnr(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    let squares: f64 = a
        .iter()
        .zip(b)
        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
        .sum();
    10.0 * (65025.0 / (squares / a.len() as f64).max(1e-9)).log10()
}

/// A screen that shows the pictures of one monitor as ours does, and sometimes misses some.
struct Player {
    on_screen: Option<u64>,
    /// Bytes of each picture that was written.
    sent: Vec<usize>,
    updates: usize,
}

impl Player {
    fn new() -> Self {
        Self {
            on_screen: None,
            sent: Vec::new(),
            updates: 0,
        }
    }

    /// Writes a picture; each piece goes to `write` with its cell.
    fn show(&mut self, picture: &PixelPicture, mut write: impl FnMut(u16, u16, &[u8])) {
        let patches = picture.patches(self.on_screen);
        self.updates += usize::from(*patches != *picture.patches(None));
        self.sent.push(patches.len());
        for (column, row, bytes) in patches.iter() {
            write(column, row, bytes);
        }
        picture.mark_shown();
        self.on_screen = Some(picture.serial());
    }
}

const THRIFTS: [Thrift; 4] = [Thrift::new(0), Thrift::new(1), Thrift::new(2), Thrift::new(3)];
