//! What a coloured cell becomes: the glyph and the colours whose error and whose bytes together cost least.
//!
//! For each cell there is a handful of offers: leave it as it is, which is free; the two colours that the pen holds already,
//! in the best pattern for them; one colour of the pen with one new colour; one new colour for the whole cell; the best two
//! colours there are. An offer costs its squared error, as many times as the cell is likely to be seen, plus its bytes at the
//! price that [`Thrift`] sets. How often it will be seen is guessed from how long the cell has stood still: so in what moves a
//! large error is forgiven, and in what stands still the same error is put right a few pictures later. No error lasts: what is
//! forgiven shrinks with every picture that a cell stays.
//!
//! The pen is followed from cell to cell in the order in which they are sent, so that the bytes counted here are those that
//! [`Paint`](crate::tui::terminal::Paint) will write, but for moves of the cursor.

use ratatui::style::Color;

use super::ansi::{self, Shade};
use super::glyphs::Glyphs;
use super::palette::{Palette, Tone, distance};
use super::picture::PictureCell;
use super::planes::{Planes, Tile};
use super::split::{Split, error_of, pattern_for, split};
use super::thrift::Thrift;

/// A cell is not taken to stay longer than this, however long it has stood.
const LONGEST_STAY: u8 = 120;

/// Bytes of a move to a cell whose neighbour was not sent.
const MOVE: u32 = 4;

/// What a monitor shows in a cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    pub cell: PictureCell,
    /// Subpixels that are inked; of letters, the place in their table.
    pub pattern: u8,
    /// What the inked subpixels look like, and the others.
    on: [u8; 3],
    off: [u8; 3],
    /// Pictures that it has stood.
    age: u8,
}

/// A way to draw a cell.
#[derive(Clone, Copy, Debug)]
struct Offer {
    symbol: char,
    pattern: u8,
    fg: Tone,
    bg: Tone,
    /// What the inked subpixels look like.
    on: [f32; 3],
    cost: f32,
}

/// The pen of the terminal, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
struct Pen {
    fg: Option<Tone>,
    bg: Option<Tone>,
}

/// Chooses the cells of one picture, row by row.
#[derive(Debug)]
pub(super) struct Chooser {
    glyphs: Glyphs,
    palette: Palette,
    thrift: Thrift,
    pen: Pen,
}

impl Chooser {
    pub fn new(glyphs: Glyphs, palette: Palette, thrift: Thrift) -> Self {
        Self {
            glyphs,
            palette,
            thrift,
            pen: Pen::default(),
        }
    }

    /// Chooses a row of cells. `shown` is what the monitor shows of it now, if it shows anything. Returns whether a cell has
    /// changed.
    pub fn row<const N: usize>(&mut self, planes: &Planes, shown: &mut [Shown], is_known: bool) -> bool {
        let price = self.thrift.price() * (3 * N) as f32;
        let unseen = self.thrift.unseen() * (3 * N) as f32;
        let mut is_neighbour_sent = false;
        let mut has_changed = false;
        for (column, shown) in shown.iter_mut().enumerate() {
            let tile = planes.tile::<N>(column);
            let mut keep = f32::MAX;
            if is_known {
                let error = error_of(&tile, shown.pattern, shown.on.map(f32::from), shown.off.map(f32::from));
                let stay = f32::from(shown.age + 1);
                shown.age = (shown.age + 1).min(LONGEST_STAY);
                if error <= unseen {
                    is_neighbour_sent = false;
                    continue;
                }
                // What nobody sees is no reason to send it anew.
                keep = (error - unseen) * stay;
            }
            let stay = if is_known { f32::from(shown.age) } else { 1.0 };
            let split = split(&tile);
            let move_bytes = if is_neighbour_sent { 0 } else { MOVE };
            // Even for nothing, no offer is better than the best two colours.
            if keep - split.error * stay <= price * (move_bytes + 1) as f32 {
                is_neighbour_sent = false;
                continue;
            }
            let offer = self.best_offer(&tile, &split, stay, price);
            if offer.cost + price * move_bytes as f32 >= keep {
                is_neighbour_sent = false;
                continue;
            }
            is_neighbour_sent = true;
            has_changed = true;
            *shown = self.take(&offer);
        }
        has_changed
    }

    fn best_offer<const N: usize>(&self, tile: &Tile<N>, split: &Split, stay: f32, price: f32) -> Offer {
        let mut best = Offer {
            symbol: ' ',
            pattern: 0,
            fg: Tone::NONE,
            bg: Tone::NONE,
            on: [0.0; 3],
            cost: f32::MAX,
        };
        let desk = Desk {
            chooser: self,
            tile,
            stay,
            price,
        };
        let Pen { fg, bg } = self.pen;
        if let (Some(fg), Some(bg)) = (fg, bg) {
            desk.pair(fg, bg, &mut best);
        }
        desk.flat(self.near(split.mean, N as f32 * stay, price), &mut best);
        if self.palette == Palette::Ansi16 {
            let (a, b) = ansi::best_pair(tile);
            desk.pair(a, b, &mut best);
            desk.shade(ansi::shade(split.mean), split, &mut best);
            return best;
        }
        let count = split.pattern.count_ones() as f32;
        let (mut on, mut off) = (split.on, split.off);
        if self.glyphs == Glyphs::Braille {
            // Dots are light on dark; as they ink only a part of their subpixels, they have to be lighter than these.
            if on.iter().sum::<f32>() < off.iter().sum::<f32>() {
                std::mem::swap(&mut on, &mut off);
            }
            on = std::array::from_fn(|at| (off[at] + (on[at] - off[at]) / DOT_INK).clamp(0.0, 255.0));
        }
        if split.pattern != 0 {
            let on = self.near(on, count * stay, price);
            let off = self.near(off, (N as f32 - count) * stay, price);
            desk.pair(on, off, &mut best);
            for held in [fg, bg].into_iter().flatten() {
                // The pen's colour takes the side that it is nearer to.
                let nearer_on = distance(held.rgb, on.rgb) * count < distance(held.rgb, off.rgb) * (N as f32 - count);
                if nearer_on {
                    desk.pair(held, off, &mut best);
                } else {
                    desk.pair(on, held, &mut best);
                }
            }
        }
        if self.palette == Palette::Xterm256 {
            for shade in ansi::shades_256(split.mean) {
                desk.shade(shade, split, &mut best);
            }
        }
        best
    }

    /// The colour of the palette for `wanted`: a near one where its bytes are fewer and `weight` times its error does not
    /// cost more than they save.
    fn near(&self, wanted: [f32; 3], weight: f32, price: f32) -> Tone {
        match self.palette {
            Palette::Xterm256 => Tone::xterm(wanted),
            Palette::Ansi16 | Palette::Mono => ansi::nearest(wanted),
            Palette::TrueColor => {
                let exact = Tone::rgb(wanted);
                let coarse = Tone::xterm(wanted);
                let cost = |tone: Tone| distance(tone.rgb, wanted) * weight + price * tone.bytes() as f32;
                if cost(coarse) < cost(exact) { coarse } else { exact }
            }
        }
    }

    /// Whether two colours may change places by another glyph.
    fn has_complements(&self) -> bool {
        self.glyphs != Glyphs::Braille
    }

    /// Bytes that make the pen hold these colours.
    fn dip_bytes(&self, fg: Option<Tone>, bg: Option<Tone>) -> u32 {
        let new = |now: Option<Tone>, to: Option<Tone>| match to {
            Some(to) if now.map(|now| now.color) != Some(to.color) => to.bytes(),
            _ => 0,
        };
        match (new(self.pen.fg, fg), new(self.pen.bg, bg)) {
            (0, 0) => 0,
            (0, one) | (one, 0) => 3 + one,
            (one, other) => 4 + one + other,
        }
    }

    /// Sends an offer: the pen is what it leaves behind.
    fn take(&mut self, offer: &Offer) -> Shown {
        let (fg, bg) = (offer.fg, offer.bg);
        if fg.color == bg.color {
            if self.pen.bg.map(|held| held.color) != Some(bg.color)
                && self.pen.fg.map(|held| held.color) != Some(fg.color)
            {
                self.pen.bg = Some(bg);
            }
        } else {
            self.pen = Pen {
                fg: Some(fg),
                bg: Some(bg),
            };
        }
        Shown {
            cell: PictureCell {
                symbol: offer.symbol,
                fg: fg.color,
                bg: bg.color,
            },
            pattern: offer.pattern,
            on: offer.on.map(|value| value as u8),
            off: bg.rgb.map(|value| value as u8),
            age: 0,
        }
    }
}

/// How much of its subpixel a dot of braille inks: 0.20 in DejaVu Sans 2.37, a little more where terminals draw dots themselves.
const DOT_INK: f32 = 0.25;

/// Share of the contrast of a shade that is seen as grain and not as a mixture.
const GRAIN: f32 = 0.15;

/// Where offers for one cell are weighed.
struct Desk<'a, const N: usize> {
    chooser: &'a Chooser,
    tile: &'a Tile<N>,
    stay: f32,
    price: f32,
}

impl<const N: usize> Desk<'_, N> {
    fn cost(&self, error: f32, bytes: u32) -> f32 {
        error * self.stay + self.price * bytes as f32
    }

    /// Two colours, in the pattern that suits them.
    #[inline]
    fn pair(&self, on: Tone, off: Tone, best: &mut Offer) {
        let chooser = self.chooser;
        let looks = if chooser.has_complements() {
            on.rgb
        } else {
            std::array::from_fn(|at| off.rgb[at] + (on.rgb[at] - off.rgb[at]) * DOT_INK)
        };
        let (pattern, error) = pattern_for(self.tile, looks, off.rgb);
        if error * self.stay >= best.cost {
            return;
        }
        let all = (1u16 << N) as u8;
        let all = all.wrapping_sub(1);
        if pattern == 0 {
            return self.flat(off, best);
        }
        if pattern == all && chooser.has_complements() {
            return self.flat(on, best);
        }
        let (mut pattern, mut fg, mut bg) = (pattern, on, off);
        let mut bytes = chooser.dip_bytes(Some(fg), Some(bg));
        if chooser.has_complements() {
            let turned = chooser.dip_bytes(Some(bg), Some(fg));
            if turned < bytes {
                (pattern, fg, bg, bytes) = (all - pattern, off, on, turned);
            }
        }
        let symbol = chooser.glyphs.symbol(pattern);
        let bytes = bytes + symbol.len_utf8() as u32;
        let cost = self.cost(error, bytes);
        if cost < best.cost {
            *best = Offer {
                symbol,
                pattern,
                fg,
                bg,
                on: if chooser.has_complements() { fg.rgb } else { looks },
                cost,
            };
        }
    }

    /// One colour for the whole cell.
    #[inline]
    fn flat(&self, tone: Tone, best: &mut Offer) {
        let chooser = self.chooser;
        let is = |held: Option<Tone>| held.map(|held| held.color) == Some(tone.color);
        let bytes = if is(chooser.pen.bg) {
            1
        } else if is(chooser.pen.fg) {
            3
        } else {
            4 + tone.bytes()
        };
        let cost = self.cost(error_of(self.tile, 0, tone.rgb, tone.rgb), bytes);
        if cost < best.cost {
            *best = Offer {
                symbol: ' ',
                pattern: 0,
                fg: tone,
                bg: tone,
                on: tone.rgb,
                cost,
            };
        }
    }

    /// A mixture of two colours for the whole cell.
    #[inline]
    fn shade(&self, shade: Shade, split: &Split, best: &mut Offer) {
        let share = shade.share();
        let (fg, bg) = (shade.fg, shade.bg);
        let mix = shade.mix();
        let grain = GRAIN * share * (1.0 - share) * distance(fg.rgb, bg.rgb);
        let error = split.flat_error + N as f32 * (distance(split.mean, mix) + grain);
        if fg.color == bg.color || error * self.stay >= best.cost {
            return;
        }
        let bytes = self.chooser.dip_bytes(Some(fg), Some(bg)) + 3;
        let cost = self.cost(error, bytes);
        if cost < best.cost {
            *best = Offer {
                symbol: shade.symbol(),
                pattern: (1u16 << N).wrapping_sub(1) as u8,
                fg,
                bg,
                on: mix,
                cost,
            };
        }
    }
}

impl Shown {
    /// The colour of its ink, where it is written as a letter.
    pub fn tone(&self) -> Tone {
        Tone {
            color: self.cell.fg,
            rgb: self.on.map(f32::from),
        }
    }

    /// Becomes a letter in a colour.
    pub fn write(&mut self, pattern: u8, symbol: char, tone: Tone) {
        self.cell.symbol = symbol;
        self.cell.fg = tone.color;
        self.pattern = pattern;
        self.on = tone.rgb.map(|value| value as u8);
    }
}

impl Default for Shown {
    fn default() -> Self {
        Self {
            cell: PictureCell {
                symbol: ' ',
                fg: Color::Reset,
                bg: Color::Reset,
            },
            pattern: 0,
            on: [0; 3],
            off: [0; 3],
            age: 0,
        }
    }
}
