//! Images that must not be seen, found again wherever they are shown upright and in their shape: scaled, compressed, brighter
//! or darker, a little cut.
//!
//! Windows of the image's shape are slid over a small copy of the picture, from all of it down to [`SMALLEST`] of its area.
//! Each is reduced to 9 × 9 means, whose steps up and down are compared with those of the image: one look-up per mean in a
//! table of sums. What agrees is moved and scaled until it fits best, and then must be alike in 16 × 16 means and in colour.
//!
//! **Found:** an image that fills the picture (stretched to it, with bars beside it, or cut to it), or is inset at a sixteenth
//! of its area or more. **Not found:** one that is smaller, turned, mirrored, in perspective, stretched by more than some
//! 6 % as an inset, or covered by a fifth.

mod print;

pub use print::BlockedImage;
use print::{COLOURS, PARTS, POINTS, Print};

use super::settings::CheckError;
use crate::media::{Plane, VideoFrame};

/// The width of the small copy, about.
const COPY: usize = 320;

/// The smallest window, as a share of the picture's area.
pub const SMALLEST: f32 = 1.0 / 16.0;

/// From one window's size to the next.
const SCALE: f32 = 0.89;

/// From one window to the next, as a share of it.
const SLIDE: f32 = 1.0 / 13.0;

/// While sliding, so many more signs may differ: no window fits exactly.
const SLACK: u32 = 8;

/// How alike, of 1, the parts must be.
const ALIKE: f32 = 0.9;

/// By how many levels colours may differ in the mean.
const COLOUR: f32 = 14.0;

/// The most windows of a picture that are looked at closely for one print.
const CLOSE: usize = 6;

/// An image that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Which of the images.
    pub index: usize,
    /// Left, top, width and height as shares of the picture.
    pub place: [f32; 4],
}

/// Looks for images.
#[derive(Debug)]
pub struct ImageFinder {
    images: Vec<BlockedImage>,
    distance: u32,
    small: Small,
    close: Vec<(u32, Window)>,
}

/// A small copy of luma, as sums of all that is above and to the left.
#[derive(Debug, Default)]
struct Small {
    width: usize,
    height: usize,
    sums: Vec<u32>,
}

/// Part of the small copy.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Window {
    x: f32,
    y: f32,
    width: f32,
    height: f32,
}

impl ImageFinder {
    /// Looks for `images`, of which `distance` of 64 signs may differ.
    ///
    /// # Errors
    /// An image that has come to harm on the way.
    pub fn new(images: &[BlockedImage], distance: u32) -> Result<Self, CheckError> {
        let broken = images.iter().find(|image| !image.prints.iter().all(Print::is_whole));
        if let Some(broken) = broken {
            return Err(CheckError::Plain {
                name: broken.name.clone(),
            });
        }
        Ok(Self {
            images: images.to_vec(),
            distance: distance.min(24),
            small: Small::default(),
            close: Vec::new(),
        })
    }

    /// The name of an image that was found.
    #[must_use]
    pub fn name(&self, index: usize) -> &str {
        self.images.get(index).map_or("", |image| &image.name)
    }

    /// Adds the images that are in `frame` to `found`, each once.
    pub fn look(&mut self, frame: &VideoFrame, found: &mut Vec<Found>) {
        if self.images.is_empty() || frame.width() < 32 || frame.height() < 32 {
            return;
        }
        self.small.measure(frame);
        for (index, image) in self.images.iter().enumerate() {
            let place = image.prints.iter().enumerate().find_map(|(at, print)| {
                let whole = Window {
                    x: 0.0,
                    y: 0.0,
                    width: self.small.width as f32,
                    height: self.small.height as f32,
                };
                // Stretched to all of the picture; cuts were made to fill it, they do so without.
                let stretched = (at == 0)
                    .then(|| self.small.fits(frame, print, whole, self.distance))
                    .flatten();
                stretched.or_else(|| search(&self.small, frame, print, self.distance, &mut self.close))
            });
            if let Some(window) = place {
                let (width, height) = (self.small.width as f32, self.small.height as f32);
                let place = [
                    window.x / width,
                    window.y / height,
                    window.width / width,
                    window.height / height,
                ];
                found.push(Found { index, place });
            }
        }
    }
}

/// The best window in which `print` is seen.
fn search(
    small: &Small,
    frame: &VideoFrame,
    print: &Print,
    distance: u32,
    close: &mut Vec<(u32, Window)>,
) -> Option<Window> {
    close.clear();
    let (width, height) = (small.width as f32, small.height as f32);
    let mut wide = width.min(height * print.aspect);
    while wide * wide / print.aspect >= width * height * SMALLEST {
        let high = wide / print.aspect;
        if wide < PARTS as f32 * 2.0 || high < PARTS as f32 * 2.0 {
            break;
        }
        let lines = Lines::new(wide, high);
        let places = |room: f32, length: f32| ((room / (length * SLIDE)).ceil() as usize, room);
        let ((columns, across), (rows, down)) = (places(width - wide, wide), places(height - high, high));
        for row in 0..=rows {
            let y = if rows == 0 {
                0.0
            } else {
                down * row as f32 / rows as f32
            };
            for column in 0..=columns {
                let x = if columns == 0 {
                    0.0
                } else {
                    across * column as f32 / columns as f32
                };
                if let Some(far) = small.distance(print, &lines, (x as usize, y as usize), distance + SLACK) {
                    note(
                        close,
                        far,
                        Window {
                            x,
                            y,
                            width: wide,
                            height: high,
                        },
                    );
                }
            }
        }
        wide *= SCALE;
    }
    // The nearest first.
    let mut candidates = std::mem::take(close);
    let window = candidates.iter().find_map(|(_, window)| {
        let window = small.settle(print, *window);
        small.fits(frame, print, window, distance)
    });
    candidates.clear();
    *close = candidates;
    window
}

/// Keeps the nearest windows, the nearest first.
fn note(close: &mut Vec<(u32, Window)>, far: u32, window: Window) {
    let at = close.partition_point(|(other, _)| *other <= far);
    if at < CLOSE {
        close.truncate(CLOSE - 1);
        close.insert(at, (far, window));
    }
}

/// Where the lines between the parts of a window are, from its corner on.
struct Lines {
    columns: [usize; PARTS + 1],
    rows: [usize; PARTS + 1],
    /// One by the number of pixels of each part, by columns and rows.
    shares: [[f32; PARTS]; 2],
}

impl Lines {
    fn new(width: f32, height: f32) -> Self {
        let lines = |length: f32| std::array::from_fn(|at| (at as f32 * length / PARTS as f32).round() as usize);
        let (columns, rows): ([usize; PARTS + 1], [usize; PARTS + 1]) = (lines(width), lines(height));
        let share =
            |lines: &[usize; PARTS + 1]| std::array::from_fn(|at| 1.0 / (lines[at + 1] - lines[at]).max(1) as f32);
        let shares = [share(&columns), share(&rows)];
        Self { columns, rows, shares }
    }
}

impl Small {
    fn measure(&mut self, frame: &VideoFrame) {
        let (wide, high) = (frame.width() as usize, frame.height() as usize);
        let step = wide.max(high).div_ceil(COPY).max(1);
        (self.width, self.height) = (wide / step, high / step);
        let stride = self.width + 1;
        self.sums.clear();
        self.sums.resize(stride * (self.height + 1), 0);
        let luma = frame.plane(Plane::Y);
        let pitch = frame.stride(Plane::Y);
        let mut row = vec![0_u32; self.width];
        for y in 0..self.height {
            row.fill(0);
            for line in y * step..(y + 1) * step {
                let pixels = luma[line * pitch..][..self.width * step].chunks_exact(step);
                for (sum, pixels) in row.iter_mut().zip(pixels) {
                    *sum += pixels.iter().map(|pixel| u32::from(*pixel)).sum::<u32>();
                }
            }
            let (above, below) = self.sums.split_at_mut((y + 1) * stride);
            let above = &above[y * stride..];
            let mut left = 0;
            // Kept in sixteenths of a level: at most 320 × 320 × 4080, within 32 bits.
            let scale = (step * step) as u32;
            for ((sum, out), above) in row.iter().zip(&mut below[1..]).zip(&above[1..]) {
                left += sum * 16 / scale;
                *out = above + left;
            }
        }
    }

    /// How many of 64 signs differ from those of the window with its corner at a place. `None` where it hangs over the edge, and
    /// as soon as more than `most` do.
    fn distance(&self, print: &Print, lines: &Lines, (x, y): (usize, usize), most: u32) -> Option<u32> {
        let stride = self.width + 1;
        if x + lines.columns[PARTS] > self.width || y + lines.rows[PARTS] > self.height {
            return None;
        }
        let count = print.count().max(1);
        // That is rounded down: what makes the next whole one is too many.
        let most = ((most + 1) * count).div_ceil(64);
        let read = |row: usize| -> [u32; PARTS + 1] {
            let sums = &self.sums[(y + lines.rows[row]) * stride + x..][..=lines.columns[PARTS]];
            lines.columns.map(|column| sums[column])
        };
        let mut upper = read(0);
        let mut last = [0.0_f32; PARTS];
        let mut differ = 0;
        for row in 0..PARTS {
            let lower = read(row + 1);
            let mut parts = [0.0_f32; PARTS];
            for (column, part) in parts.iter_mut().enumerate() {
                let sum = (lower[column + 1] - lower[column]) - (upper[column + 1] - upper[column]);
                // Less than 2³¹, and signed numbers are converted several at a time.
                *part = sum as i32 as f32 * lines.shares[0][column] * lines.shares[1][row];
            }
            differ += print.differ_in_row(row, &parts, &last);
            if differ >= most {
                return None;
            }
            (upper, last) = (lower, parts);
        }
        Some(differ * 64 / count)
    }

    /// Moves and scales a window to where the signs differ least.
    fn settle(&self, print: &Print, from: Window) -> Window {
        let mut best = (u32::MAX, 0.0_f32, from);
        let mut reach = 1.0_f32;
        for _ in 0..3 {
            let centre = best.2;
            for scale in [-1.0, 0.0, 1.0] {
                let wide = centre.width * (1.0 + 0.05 * reach * scale);
                let high = wide / print.aspect;
                let lines = Lines::new(wide, high);
                for move_y in [-2.0, -1.0, 0.0, 1.0, 2.0] {
                    for move_x in [-2.0, -1.0, 0.0, 1.0, 2.0] {
                        let x = centre.x + (centre.width - wide) / 2.0 + move_x * centre.width * 0.02 * reach;
                        let y = centre.y + (centre.height - high) / 2.0 + move_y * centre.height * 0.02 * reach;
                        let (x, y) = (x.max(0.0), y.max(0.0));
                        if x + wide > self.width as f32 + 0.5 || y + high > self.height as f32 + 0.5 {
                            continue;
                        }
                        let window = Window {
                            x,
                            y,
                            width: wide,
                            height: high,
                        };
                        let most = best.0.min(64);
                        let Some(far) = self.distance(print, &lines, (x as usize, y as usize), most) else {
                            continue;
                        };
                        let alike = self.alike(print, window);
                        if far < best.0 || alike > best.1 {
                            best = (far, alike, window);
                        }
                    }
                }
            }
            reach *= 0.5;
        }
        best.2
    }

    /// The window, if the print is seen in it.
    fn fits(&self, frame: &VideoFrame, print: &Print, window: Window, distance: u32) -> Option<Window> {
        let lines = Lines::new(
            window.width.min(self.width as f32 - window.x),
            window.height.min(self.height as f32 - window.y),
        );
        self.distance(print, &lines, (window.x as usize, window.y as usize), distance)?;
        let is_it = self.alike(print, window) >= ALIKE && self.off_colour(frame, print, window) <= COLOUR;
        is_it.then_some(window)
    }

    /// How alike the means of 16 × 16 parts are, whatever the brightness and contrast: 1 where they are the same.
    fn alike(&self, print: &Print, window: Window) -> f32 {
        let stride = self.width + 1;
        let line = |at: usize, from: f32, length: f32, most: usize| {
            ((from + length * at as f32 / POINTS as f32).round().max(0.0) as usize).min(most)
        };
        let columns: [usize; POINTS + 1] = std::array::from_fn(|at| line(at, window.x, window.width, self.width));
        let rows: [usize; POINTS + 1] = std::array::from_fn(|at| line(at, window.y, window.height, self.height));
        let mut sums = [0.0_f64; 5];
        for (at, known) in print.likeness.iter().enumerate() {
            let (column, row) = (at % POINTS, at / POINTS);
            let (left, right, top, bottom) = (columns[column], columns[column + 1], rows[row], rows[row + 1]);
            let at = |row: usize, column: usize| self.sums[row * stride + column];
            let sum = (at(bottom, right) - at(bottom, left)) - (at(top, right) - at(top, left));
            let seen = f64::from(sum) / (((right - left) * (bottom - top)).max(1) as f64);
            let known = f64::from(*known);
            for (sum, value) in sums
                .iter_mut()
                .zip([seen, known, seen * seen, known * known, seen * known])
            {
                *sum += value;
            }
        }
        let count = (POINTS * POINTS) as f64;
        let [seen, known, seen_squares, known_squares, products] = sums.map(|sum| sum / count);
        let (a, b) = (seen_squares - seen * seen, known_squares - known * known);
        let alike = (products - seen * known) / (a.max(1e-9) * b.max(1e-9)).sqrt();
        if a < 16.0 { 0.0 } else { alike as f32 }
    }

    /// By how much colours differ in the mean.
    fn off_colour(&self, frame: &VideoFrame, print: &Print, window: Window) -> f32 {
        let (u, v) = (frame.plane(Plane::U), frame.plane(Plane::V));
        let stride = frame.stride(Plane::U);
        let rows = frame.rows(Plane::U);
        let scale = (stride as f32 / self.width as f32, rows as f32 / self.height as f32);
        let mut off = 0.0;
        for (at, known) in print.colours.iter().enumerate() {
            let (mut sums, mut count) = ([0.0_f32; 2], 0.0);
            // Eight by eight samples of each part.
            for sub in 0..64 {
                let across = ((at % COLOURS) as f32 + (sub % 8) as f32 / 8.0 + 0.0625) / COLOURS as f32;
                let down = ((at / COLOURS) as f32 + (sub / 8) as f32 / 8.0 + 0.0625) / COLOURS as f32;
                let x = (((window.x + across * window.width) * scale.0) as usize).min(stride - 1);
                let y = (((window.y + down * window.height) * scale.1) as usize).min(rows - 1);
                sums[0] += f32::from(u[y * stride + x]);
                sums[1] += f32::from(v[y * stride + x]);
                count += 1.0;
            }
            for (sum, known) in sums.iter().zip(known) {
                off += (sum / count - f32::from(*known)).abs();
            }
        }
        off / (2 * COLOURS * COLOURS) as f32
    }
}

#[cfg(test)]
mod tests;
