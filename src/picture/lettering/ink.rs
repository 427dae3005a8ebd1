//! What letters leave on paper: how much of each pixel they cover, the colours that some have of their own, and the line around both.

use super::super::chroma_key::product;
use super::super::graphic::Graphic;
use super::super::text_style::TextStyle;
use crate::media::FramePool;

/// The widest line around letters, in pixels.
const WIDEST: f32 = 64.0;

/// Kept for its memory.
#[derive(Default)]
pub(super) struct Ink {
    width: usize,
    height: usize,
    /// How much of each pixel letters cover.
    letters: Vec<u8>,
    /// Red, green, blue times alpha, and alpha of letters that have colours of their own.
    colours: Vec<[u8; 4]>,
    has_colours: bool,
    /// How much of each pixel the line around all of them covers, letters included.
    around: Vec<u8>,
}

impl Ink {
    pub(super) fn clear(&mut self, width: u32, height: u32) {
        (self.width, self.height) = (width as usize, height as usize);
        self.letters.clear();
        self.letters.resize(self.width * self.height, 0);
        self.colours.clear();
        self.has_colours = false;
    }

    /// A letter in the colour of the text. Letters may overlap: what is covered stays covered.
    pub(super) fn cover(&mut self, corner: (i32, i32), size: (usize, usize), shares: &[u8]) {
        self.each_row(corner, size, 1, shares, |ink, at, shares| {
            for (letter, share) in ink.letters[at..at + shares.len()].iter_mut().zip(shares) {
                *letter = u8::MAX - product(u8::MAX - *letter, u8::MAX - *share);
            }
        });
    }

    /// A letter with its own colours: red, green, blue, alpha.
    pub(super) fn colour(&mut self, corner: (i32, i32), size: (usize, usize), rgba: &[u8]) {
        if !self.has_colours {
            self.has_colours = true;
            self.colours.resize(self.width * self.height, [0; 4]);
        }
        self.each_row(corner, size, 4, rgba, |ink, at, row| {
            for (under, over) in ink.colours[at..].iter_mut().zip(row.chunks_exact(4)) {
                let alpha = over[3];
                let over = [over[0], over[1], over[2], u8::MAX].map(|code| product(code, alpha));
                *under = laid(*under, over);
            }
        });
    }

    /// Calls `row` with the place of the first pixel and the bytes of each row that lies within.
    fn each_row(
        &mut self,
        (left, top): (i32, i32),
        (width, height): (usize, usize),
        bytes: usize,
        data: &[u8],
        mut row: impl FnMut(&mut Self, usize, &[u8]),
    ) {
        if width == 0 {
            return;
        }
        // What sticks out on the left or above is passed over.
        let (skip_x, skip_y) = ((-left).max(0) as usize, (-top).max(0) as usize);
        let (x, y) = (left.max(0) as usize, top.max(0) as usize);
        if x >= self.width || skip_x >= width {
            return;
        }
        let count = (width - skip_x).min(self.width - x);
        let rows = data.chunks_exact(width * bytes).take(height).skip(skip_y);
        for (line, data) in rows.enumerate() {
            if y + line >= self.height {
                break;
            }
            row(
                self,
                (y + line) * self.width + x,
                &data[skip_x * bytes..(skip_x + count) * bytes],
            );
        }
    }

    /// All of it in the colours of `style`, on its background.
    pub(super) fn graphic(&mut self, style: &TextStyle, pool: &FramePool) -> Graphic {
        let outline = style.outline.filter(|(width, _)| *width > 0.0);
        if let Some((width, _)) = outline {
            self.draw_around(width.min(WIDEST));
        }
        let paper = style.background.map_or([0; 4], |colour| share_of(colour, u8::MAX));
        let this = &*self;
        Graphic::paint_multiplied(pool, self.width as u32, self.height as u32, |x, y| {
            let at = y as usize * this.width + x as usize;
            let mut pixel = paper;
            if let Some((_, colour)) = outline {
                pixel = laid(pixel, share_of(colour, this.around[at]));
            }
            pixel = laid(pixel, share_of(style.color, this.letters[at]));
            if this.has_colours {
                pixel = laid(pixel, this.colours[at].map(|code| product(code, style.color[3])));
            }
            pixel
        })
    }

    /// Finds what lies within `width` of any ink: each pixel at the edge of the ink covers a disc.
    fn draw_around(&mut self, width: f32) {
        let (columns, rows) = (self.width, self.height);
        let covered = |at: usize| self.letters[at].max(if self.has_colours { self.colours[at][3] } else { 0 });
        let ink = (0..columns * rows).map(covered).collect::<Vec<_>>();
        self.around.clear();
        self.around.extend_from_slice(&ink);
        let reach = width.ceil() as i32;
        let disc = (-reach..=reach).flat_map(|dy| (-reach..=reach).map(move |dx| (dx, dy)));
        let disc = disc.filter_map(|(dx, dy)| {
            let share = (width + 0.5 - (dx as f32).hypot(dy as f32)).clamp(0.0, 1.0);
            let share = (share * 255.0) as u8;
            (share > 0).then_some((dx, dy, share))
        });
        let disc = disc.collect::<Vec<_>>();
        for y in 0..rows {
            for x in 0..columns {
                let at = y * columns + x;
                let is_inside = |to: usize| ink[to] == u8::MAX;
                let is_surrounded = x > 0
                    && y > 0
                    && x + 1 < columns
                    && y + 1 < rows
                    && is_inside(at - 1)
                    && is_inside(at + 1)
                    && is_inside(at - columns)
                    && is_inside(at + columns);
                if ink[at] == 0 || is_surrounded {
                    continue;
                }
                for (dx, dy, share) in &disc {
                    let (to_x, to_y) = (x as i32 + dx, y as i32 + dy);
                    if (0..columns as i32).contains(&to_x) && (0..rows as i32).contains(&to_y) {
                        let to = &mut self.around[to_y as usize * columns + to_x as usize];
                        *to = (*to).max(product(ink[at], *share));
                    }
                }
            }
        }
    }
}

/// `rgba` as far as `share` has it, multiplied.
fn share_of([r, g, b, alpha]: [u8; 4], share: u8) -> [u8; 4] {
    if share == 0 {
        return [0; 4];
    }
    let alpha = product(alpha, share);
    [product(r, alpha), product(g, alpha), product(b, alpha), alpha]
}

/// Both multiplied.
fn laid(under: [u8; 4], over: [u8; 4]) -> [u8; 4] {
    match over[3] {
        0 => under,
        u8::MAX => over,
        alpha => {
            let rest = u8::MAX - alpha;
            let mut both = over;
            for (both, under) in both.iter_mut().zip(under) {
                *both = both.saturating_add(product(under, rest));
            }
            both
        }
    }
}
