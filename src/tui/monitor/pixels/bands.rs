//! Bands of six rows as characters: each colour in turn, with runs, over pixels that later colours paint again.
//!
//! A colour may paint where one that follows in the same band paints too: that turns broken runs into long ones. Colours
//! with the most columns come first, because those gain most from such freedom.

use std::ops::Range;

/// Registers that are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used([u64; 4]);

impl Used {
    /// Each of them.
    pub const ALL: Self = Self([u64::MAX; 4]);

    /// Adds one.
    pub fn add(&mut self, color: u8) {
        self.0[usize::from(color >> 6)] |= 1 << (color & 63);
    }

    /// Adds those of another.
    pub fn join(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine |= theirs;
        }
    }

    /// Whether it is one of them.
    pub fn has(&self, color: u8) -> bool {
        self.0[usize::from(color >> 6)] >> (color & 63) & 1 == 1
    }
}

/// A column of a colour: where, and which of its six pixels.
#[derive(Clone, Copy, Debug, Default)]
struct Column {
    x: u16,
    mask: u8,
}

#[derive(Clone, Debug, Default)]
struct Kept {
    bytes: Vec<u8>,
    used: Used,
}

/// The bands of a picture, as they were last written whole, and what is needed to write one.
#[derive(Debug, Default)]
pub struct Bands {
    kept: Vec<Kept>,
    width: usize,
    /// `width` columns for each colour.
    columns: Vec<Column>,
    counts: Vec<u16>,
    order: Vec<u8>,
    /// Per column of the picture: pixels of colours that are still to come.
    later: Vec<u8>,
    /// Of the caller: which blocks of a band are to be painted.
    pub painted: Vec<bool>,
    /// Of the caller: several bands.
    pub body: Vec<u8>,
}

impl Bands {
    /// Makes room for a picture of another size.
    pub fn resize(&mut self, width: usize, bands: usize) {
        self.width = width;
        self.kept.resize(bands, Kept::default());
        self.columns.resize(width * 256, Column::default());
        self.counts.clear();
        self.counts.resize(256, 0);
    }

    /// Writes a band whole and keeps its bytes.
    pub fn keep(&mut self, band: usize, indices: &[u8], width: usize, height: usize) {
        let mut kept = std::mem::take(&mut self.kept[band]);
        kept.bytes.clear();
        kept.used = Used::default();
        self.write(
            indices,
            width,
            band * 6..(band * 6 + 6).min(height),
            None,
            &mut kept.used,
            &mut kept.bytes,
        );
        self.kept[band] = kept;
    }

    /// The bytes of a band as it was last kept.
    pub fn kept(&self, band: usize) -> &[u8] {
        &self.kept[band].bytes
    }

    /// The registers that a band uses.
    pub fn used(&self, band: usize) -> &Used {
        &self.kept[band].used
    }

    /// Writes the rows `lines` (at most six) of the picture, or of it only the `painted` blocks of eight columns.
    pub fn write(
        &mut self,
        indices: &[u8],
        width: usize,
        lines: Range<usize>,
        painted: Option<&[bool]>,
        used: &mut Used,
        out: &mut Vec<u8>,
    ) {
        self.collect(indices, width, lines, painted);
        self.order
            .sort_by_key(|color| std::cmp::Reverse(self.counts[usize::from(*color)]));
        for (nth, color) in self.order.iter().enumerate() {
            used.add(*color);
            let from = usize::from(*color) * self.width;
            let count = usize::from(std::mem::take(&mut self.counts[usize::from(*color)]));
            let columns = &self.columns[from..from + count];
            if nth > 0 {
                out.push(b'$');
            }
            out.push(b'#');
            number(usize::from(*color), out);
            for column in columns {
                self.later[usize::from(column.x)] &= !column.mask;
            }
            write_color(columns, &self.later, out);
        }
        self.order.clear();
    }

    fn collect(&mut self, indices: &[u8], width: usize, lines: Range<usize>, painted: Option<&[bool]>) {
        self.later.clear();
        self.later.resize(width, 0);
        let all = (1u8 << lines.len()) - 1;
        let rows: [&[u8]; 6] = std::array::from_fn(|row| {
            let y = (lines.start + row).min(lines.end - 1);
            &indices[y * width..(y + 1) * width]
        });
        for x in 0..width {
            if painted.is_some_and(|painted| !painted[x / 8]) {
                continue;
            }
            self.later[x] = all;
            let colors = rows.map(|row| row[x]);
            let mut row = 0;
            while row < lines.len() {
                let color = colors[row];
                let mut mask = 1u8 << row;
                row += 1;
                while row < lines.len() && colors[row] == color {
                    mask |= 1 << row;
                    row += 1;
                }
                let count = &mut self.counts[usize::from(color)];
                let from = usize::from(color) * self.width;
                if *count == 0 {
                    self.order.push(color);
                } else {
                    let last = &mut self.columns[from + usize::from(*count) - 1];
                    if usize::from(last.x) == x {
                        last.mask |= mask;
                        continue;
                    }
                }
                self.columns[from + usize::from(*count)] = Column { x: x as u16, mask };
                *count += 1;
            }
        }
    }
}

/// Writes the columns of one colour; it may also paint what is painted `later`.
fn write_color(columns: &[Column], later: &[u8], out: &mut Vec<u8>) {
    let (mut at, mut next) = (0, 0);
    while let Some(column) = columns.get(next) {
        let from = usize::from(column.x);
        run(0, from - at, out);
        // A run goes on while one mask paints all that must be painted and nothing that must not.
        let (mut must, mut may) = (column.mask, column.mask | later[from]);
        let mut end = from + 1;
        next += 1;
        while let Some(column) = columns.get(next) {
            let is_gap = usize::from(column.x) > end;
            let own = if is_gap { 0 } else { column.mask };
            let (all, most) = (must | own, may & (own | later[end]));
            if all & !most != 0 {
                break;
            }
            (must, may) = (all, most);
            end += 1;
            next += usize::from(!is_gap);
        }
        run(must, end - from, out);
        at = end;
    }
}

/// `count` columns of `mask`, with the repeat introducer where that is shorter.
#[inline]
fn run(mask: u8, count: usize, out: &mut Vec<u8>) {
    let character = b'?' + mask;
    match count {
        0 => {}
        1 => out.push(character),
        2 => out.extend_from_slice(&[character; 2]),
        3 => out.extend_from_slice(&[character; 3]),
        _ => {
            out.push(b'!');
            number(count, out);
            out.push(character);
        }
    }
}

#[inline]
fn number(value: usize, out: &mut Vec<u8>) {
    let value = value as u32;
    if value >= 1000 {
        number((value / 1000) as usize, out);
        out.extend_from_slice(&[b'0' + (value / 100 % 10) as u8]);
    } else if value >= 100 {
        out.push(b'0' + (value / 100) as u8);
    }
    if value >= 10 {
        out.push(b'0' + (value / 10 % 10) as u8);
    }
    out.push(b'0' + (value % 10) as u8);
}
