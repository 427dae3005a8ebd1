//! Unsharp masking of luma, three rows at a time: what a pixel stands out by from the nine around it is added to it.

/// What is added, and what is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Amount {
    /// In 16ths.
    gain: i16,
    /// In 16ths of a step of 256: what stands out by less is left alone.
    floor: i16,
}

/// More than this, in 16ths of a step, is not added before the gain: an edge between black and white gets no halo that glares.
const MOST: i16 = 40 * 16;

impl Amount {
    /// For 0 to 100 per cent, and a floor in steps of 256.
    pub fn new(percent: f32, floor: f32) -> Self {
        Self {
            // Twice what an edge stands out by at 100: the blur that it is held against is a small one.
            gain: (percent.clamp(0.0, 100.0) * 0.32).round() as i16,
            floor: (floor.clamp(0.0, 16.0) * 16.0).round() as i16,
        }
    }
}

/// Sharpens rows. Keeps a buffer from row to row.
#[derive(Debug, Default)]
pub(super) struct Sharpener {
    /// Sums down the columns, 1 2 1, with one more at both ends.
    columns: Vec<i16>,
}

impl Sharpener {
    /// Writes the sharpened row `here`, which lies between `above` and `below`. All are of one length.
    pub fn row(&mut self, out: &mut [u8], above: &[u8], here: &[u8], below: &[u8], amount: Amount) {
        let width = here.len();
        self.columns.resize(width + 2, 0);
        let columns = self.columns[1..].iter_mut().zip(above).zip(here).zip(below);
        for (((column, above), here), below) in columns {
            *column = i16::from(*above) + 2 * i16::from(*here) + i16::from(*below);
        }
        self.columns[0] = self.columns[1];
        self.columns[width + 1] = self.columns[width];
        let (left, middle, right) = (&self.columns[..width], &self.columns[1..=width], &self.columns[2..]);
        for (x, (out, here)) in out.iter_mut().zip(here).enumerate() {
            let here = i16::from(*here);
            let detail = (here << 4) - (left[x] + 2 * middle[x] + right[x]);
            // Towards zero by the floor, then at most `MOST` either way: 640 × 32 fits.
            let above = (detail - amount.floor).clamp(0, MOST);
            let below = (detail + amount.floor).clamp(-MOST, 0);
            *out = (here + (((above + below) * amount.gain + 128) >> 8)).clamp(0, 255) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sharpen(rows: [&[u8]; 3], percent: f32, floor: f32) -> Vec<u8> {
        let mut out = vec![0; rows[1].len()];
        Sharpener::default().row(&mut out, rows[0], rows[1], rows[2], Amount::new(percent, floor));
        out
    }

    #[test]
    fn edges_rise_and_flat_ground_stays() {
        let edge = [60, 60, 60, 60, 160, 160, 160, 160];
        let out = sharpen([&edge; 3], 50.0, 2.0);
        assert_eq!(out[..3], [60; 3]);
        assert_eq!(out[5..], [160; 3]);
        // A quarter of the step of 100 stands out on either side; the floor is taken off.
        assert_eq!((out[3], out[4]), (37, 183));
        assert_eq!(sharpen([&edge; 3], 0.0, 0.0), edge);
    }

    #[test]
    fn what_is_fainter_than_the_floor_is_left_alone() {
        let grain = [100, 104, 100, 104, 100, 104];
        assert_eq!(sharpen([&grain; 3], 100.0, 3.0), grain);
        assert_ne!(sharpen([&grain; 3], 100.0, 0.0), grain);
    }

    #[test]
    fn black_on_white_gets_no_wider_halo_than_said() {
        let dot = [128, 128, 128, 255, 128, 128, 128];
        let flat = [128; 7];
        let out = sharpen([&flat, &dot, &flat], 100.0, 0.0);
        assert!(out[2] >= 128 - 81 && out[2] < 128, "{out:?}");
    }

    proptest! {
        #[test]
        fn it_is_what_the_formula_says(
            rows in (1usize..30).prop_flat_map(|width| proptest::collection::vec(proptest::collection::vec(any::<u8>(), width), 3)),
            percent in 0.0f32..100.0,
            floor in 0.0f32..16.0,
        ) {
            let out = sharpen([&rows[0], &rows[1], &rows[2]], percent, floor);
            let width = rows[0].len();
            for (x, sharpened) in out.iter().enumerate() {
                let at = |row: usize, x: isize| f32::from(rows[row][x.clamp(0, width as isize - 1) as usize]);
                let mut blurred = 0.0;
                for (row, down) in [(0, 1.0), (1, 2.0), (2, 1.0)] {
                    for (step, across) in [(-1, 1.0), (0, 2.0), (1, 1.0)] {
                        blurred += at(row, x as isize + step) * down * across / 16.0;
                    }
                }
                let detail = at(1, x as isize) - blurred;
                let added = detail.signum() * (detail.abs() - floor).clamp(0.0, 40.0) * percent / 50.0;
                let expected = (at(1, x as isize) + added).clamp(0.0, 255.0);
                prop_assert!((f32::from(*sharpened) - expected).abs() <= 2.5, "{sharpened} {expected}");
            }
        }
    }
}
