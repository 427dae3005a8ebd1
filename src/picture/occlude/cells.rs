//! The cells of mosaic and blur: averages of the picture on a grid, and rows painted from nothing but them.
//!
//! Mosaic paints each cell in its average. Blur runs two boxes as wide as a cell over that mosaic, along rows and along
//! columns; over equal steps this is the quadratic B-spline through the cells, which needs three of them for any pixel. So the
//! blur costs the same at any radius, and it depends on the picture by the averages alone.

use super::super::blend::ONE;
use super::outline::Touched;
use crate::media::{FrameMut, Plane};

/// Averages on a grid. Its memory is kept from one mask to the next.
#[derive(Debug, Default)]
pub(super) struct Cells {
    /// Upper left corner of the first cell, and the side of each, in pixels of luma; all even.
    left: i32,
    top: i32,
    side: i32,
    columns: usize,
    rows: usize,
    averages: [Vec<u8>; 3],
    /// What the cell before, this cell and the next count at each pixel of a cell: of luma, and of chroma.
    taps: [[Vec<u16>; 3]; 2],
    sums: Vec<u32>,
    /// A row of averages, mixed for one row of pixels.
    mixed: Vec<u8>,
}

fn slot_of(plane: Plane) -> usize {
    match plane {
        Plane::Y => 0,
        Plane::U => 1,
        Plane::V => 2,
    }
}

/// Pixels of luma to one of `plane`, along rows and columns.
fn unit_of(plane: Plane) -> i32 {
    if plane == Plane::Y { 1 } else { 2 }
}

impl Cells {
    /// Averages `frame` where `touched` is, on a grid of cells of `side` with a corner at about `centre`.
    pub(super) fn measure(&mut self, frame: &FrameMut, touched: Touched, centre: (f32, f32), side: i32) {
        let (width, height) = (frame.width() as i32, frame.height() as i32);
        // No cell is larger than the picture, so a grid that starts in the picture has its place.
        self.side = ((side.max(2) + 1) & !1).min(width.max(height));
        // The first corner at or before `from`, of all that are whole cells away from `centre`.
        let first = |centre: f32, from: i32| {
            let corner = centre.floor() as i32 & !1;
            from - (from - corner).rem_euclid(self.side)
        };
        (self.left, self.top) = (first(centre.0, touched.left), first(centre.1, touched.top));
        let cells = |from: i32, to: i32| ((to - from) as usize).div_ceil(self.side as usize);
        self.columns = cells(self.left, touched.right);
        self.rows = cells(self.top, touched.bottom);
        self.make_room(width as usize, height as usize);
        for plane in [Plane::Y, Plane::U, Plane::V] {
            self.average(frame, plane, (width, height));
        }
        for (taps, unit) in self.taps.iter_mut().zip([1, 2]) {
            set_taps(taps, self.side / unit);
        }
    }

    /// Takes all the memory that any mask on a picture of this size can need, so that none is taken later.
    fn make_room(&mut self, width: usize, height: usize) {
        // The smallest cells are 2 wide, and those at the edges may hang over.
        let (columns, rows) = (width / 2 + 2, height / 2 + 2);
        for averages in &mut self.averages {
            averages.clear();
            averages.reserve(columns * rows);
        }
        for line in self.taps.iter_mut().flatten() {
            // What is in it may still be right.
            line.reserve(width.max(height).saturating_sub(line.len()));
        }
        self.sums.clear();
        self.sums.reserve(columns);
        self.mixed.clear();
        self.mixed.reserve(columns);
    }

    fn average(&mut self, frame: &FrameMut, plane: Plane, (width, height): (i32, i32)) {
        let unit = unit_of(plane);
        let (left, top, side) = (self.left / unit, self.top / unit, self.side / unit);
        let (width, height) = (width / unit, height / unit);
        let (bytes, stride) = (frame.plane(plane), frame.stride(plane));
        let averages = &mut self.averages[slot_of(plane)];
        for row in 0..self.rows as i32 {
            let from = (top + row * side).clamp(0, height);
            let to = (top + (row + 1) * side).clamp(from, height);
            self.sums.clear();
            self.sums.resize(self.columns, 0);
            let pixels = &bytes[from as usize * stride..to as usize * stride];
            for pixels in pixels.chunks_exact(stride) {
                for (column, sum) in (0..).zip(&mut self.sums) {
                    let pixels = &pixels[span(left, side, column, width)];
                    // At most 4096² × 255: within 32 bits.
                    *sum += pixels.iter().map(|pixel| u32::from(*pixel)).sum::<u32>();
                }
            }
            averages.extend((0..).zip(&self.sums).map(|(column, sum)| {
                let count = span(left, side, column, width).len() as u32 * (to - from) as u32;
                ((sum + count / 2) / count.max(1)) as u8
            }));
        }
    }

    /// Paints pixels of row `y` of `plane` from column `x` on, each in the colour of its cell.
    pub(super) fn mosaic(&self, plane: Plane, y: i32, x: i32, out: &mut [u8]) {
        let (row, _) = self.row_at(plane, y);
        let averages = &self.averages[slot_of(plane)][row * self.columns..][..self.columns];
        self.each(plane, x, out, |column, _, out| out.fill(averages[column]));
    }

    /// The same, softly.
    pub(super) fn blur(&mut self, plane: Plane, y: i32, x: i32, out: &mut [u8]) {
        let (row, within) = self.row_at(plane, y);
        let taps = &self.taps[(unit_of(plane) - 1) as usize];
        let line = |row: usize| &self.averages[slot_of(plane)][row.min(self.rows - 1) * self.columns..][..self.columns];
        let weights = [taps[0][within], taps[1][within], taps[2][within]];
        let lines = line(row.saturating_sub(1)).iter().zip(line(row)).zip(line(row + 1));
        self.mixed.clear();
        self.mixed
            .extend(lines.map(|((above, here), below)| weigh([*above, *here, *below], weights)));
        let mixed = &self.mixed;
        self.each(plane, x, out, |column, within, out| {
            let last = mixed.len() - 1;
            let three = [
                mixed[column.saturating_sub(1)],
                mixed[column],
                mixed[(column + 1).min(last)],
            ];
            let [before, here, after] = [&taps[0][within..], &taps[1][within..], &taps[2][within..]];
            for (((out, before), here), after) in out.iter_mut().zip(before).zip(here).zip(after) {
                *out = weigh(three, [*before, *here, *after]);
            }
        });
    }

    /// The row of cells at row `y` of `plane`, and how far into it that is.
    fn row_at(&self, plane: Plane, y: i32) -> (usize, usize) {
        let unit = unit_of(plane);
        let (from, side) = (y - self.top / unit, self.side / unit);
        ((from / side) as usize, (from % side) as usize)
    }

    /// Calls `paint` for the part of `out` in each column of cells, with how far into the column it begins.
    fn each(&self, plane: Plane, x: i32, mut out: &mut [u8], mut paint: impl FnMut(usize, usize, &mut [u8])) {
        let unit = unit_of(plane);
        let (from, side) = ((x - self.left / unit) as usize, (self.side / unit) as usize);
        let (mut column, mut within) = (from / side, from % side);
        while !out.is_empty() {
            let (now, rest) = out.split_at_mut((side - within).min(out.len()));
            paint(column, within, now);
            out = rest;
            (column, within) = (column + 1, 0);
        }
    }
}

/// The pixels of column `column`, within the picture.
fn span(left: i32, side: i32, column: i32, width: i32) -> std::ops::Range<usize> {
    let from = (left + column * side).clamp(0, width);
    let to = (left + (column + 1) * side).clamp(from, width);
    from as usize..to as usize
}

/// Three bytes with shares that come to one: no overflow.
fn weigh(bytes: [u8; 3], shares: [u16; 3]) -> u8 {
    let sum = u16::from(bytes[0]) * shares[0] + u16::from(bytes[1]) * shares[1] + u16::from(bytes[2]) * shares[2];
    ((sum + ONE / 2) >> 8) as u8
}

/// The quadratic B-spline at the middle of each pixel of a cell.
fn set_taps(taps: &mut [Vec<u16>; 3], side: i32) {
    if taps[0].len() == side as usize {
        return;
    }
    taps.iter_mut().for_each(Vec::clear);
    for at in 0..side {
        let share = (at as f32 + 0.5) / side as f32;
        let part = |share: f32| (share * share / 2.0 * f32::from(ONE)).round() as u16;
        let (before, after) = (part(1.0 - share), part(share));
        taps[0].push(before);
        taps[1].push(ONE - before - after);
        taps[2].push(after);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::media::FramePool;

    const ALL: Touched = Touched {
        left: 0,
        top: 0,
        right: 120,
        bottom: 80,
    };

    /// Pseudo-random bytes from 30 to 229.
    fn noise(seed: u64) -> impl FnMut() -> u8 {
        let mut state = seed | 1;
        move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            30 + (state >> 20) as u8 % 200
        }
    }

    fn noisy(seed: u64) -> FrameMut {
        let (mut frame, mut next) = (FramePool::new().frame(120, 80), noise(seed));
        for plane in [Plane::Y, Plane::U, Plane::V] {
            frame.plane_mut(plane).fill_with(&mut next);
        }
        frame
    }

    /// The same pixels in every cell, in another order.
    fn shuffled(frame: &FrameMut, cells: &Cells, seed: u64) -> FrameMut {
        let mut out = FramePool::new().frame(120, 80);
        let mut next = noise(seed);
        for plane in [Plane::Y, Plane::U, Plane::V] {
            let (unit, stride) = (unit_of(plane), frame.stride(plane));
            let side = cells.side / unit;
            for row in 0..cells.rows as i32 {
                for column in 0..cells.columns as i32 {
                    let rows = span(cells.top / unit, side, row, 80 / unit);
                    let columns = span(cells.left / unit, side, column, 120 / unit);
                    let places = rows.flat_map(|y| columns.clone().map(move |x| y * stride + x));
                    let places = places.collect::<Vec<_>>();
                    let mut order = places.clone();
                    order.sort_by_cached_key(|_| (next(), next()));
                    for (to, from) in places.into_iter().zip(order) {
                        out.plane_mut(plane)[to] = frame.plane(plane)[from];
                    }
                }
            }
        }
        out
    }

    fn painted(cells: &mut Cells, is_soft: bool) -> [Vec<u8>; 3] {
        [Plane::Y, Plane::U, Plane::V].map(|plane| {
            let unit = unit_of(plane);
            let mut rows = Vec::new();
            for y in 0..80 / unit {
                let mut row = vec![0; (120 / unit) as usize];
                if is_soft {
                    cells.blur(plane, y, 0, &mut row);
                } else {
                    cells.mosaic(plane, y, 0, &mut row);
                }
                rows.extend(row);
            }
            rows
        })
    }

    proptest! {
        #[test]
        fn what_is_painted_comes_from_the_averages_alone(
            seed in any::<u64>(), side in 2_i32..200, centre in (-50.0_f32..200.0, -50.0_f32..200.0)
        ) {
            let (mut cells, frame) = (Cells::default(), noisy(seed));
            cells.measure(&frame, ALL, centre, side);
            let (hard, soft) = (painted(&mut cells, false), painted(&mut cells, true));
            let other = shuffled(&frame, &cells, seed ^ 0x5555);
            cells.measure(&other, ALL, centre, side);
            prop_assert_eq!(&hard, &painted(&mut cells, false));
            prop_assert_eq!(&soft, &painted(&mut cells, true));
            // A soft picture lies between the cells around it.
            for (hard, soft) in hard.iter().zip(&soft) {
                prop_assert!(soft.iter().min() >= hard.iter().min() && soft.iter().max() <= hard.iter().max());
            }
        }

        #[test]
        fn shares_of_three_cells_come_to_one(side in 1_i32..500) {
            let mut taps = <[Vec<u16>; 3]>::default();
            set_taps(&mut taps, side);
            prop_assert_eq!(taps[0].len(), side as usize);
            for ((before, here), after) in taps[0].iter().zip(&taps[1]).zip(&taps[2]) {
                prop_assert_eq!(before + here + after, ONE);
            }
        }
    }

    #[test]
    fn a_ramp_stays_a_ramp_in_the_soft_and_becomes_steps_in_the_mosaic() {
        let mut frame = FramePool::new().frame(120, 80);
        frame.fill([0, 128, 128]);
        for row in frame.plane_mut(Plane::Y).chunks_exact_mut(120) {
            (0..).zip(row).for_each(|(x, out)| *out = 50 + x);
        }
        let mut cells = Cells::default();
        cells.measure(&frame, ALL, (0.0, 0.0), 20);
        let soft = painted(&mut cells, true);
        for x in 20..100 {
            assert!(soft[0][40 * 120 + x].abs_diff(50 + x as u8) <= 1, "column {x}");
        }
        let hard = painted(&mut cells, false);
        assert_eq!(hard[0][40 * 120..][..3], [60; 3]);
        assert_eq!(hard[0][40 * 120 + 19..][..2], [60, 80]);
    }
}
