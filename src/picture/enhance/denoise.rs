//! Temporal denoise: each pixel moves towards the newest picture, slowly where the two differ by noise, at once where something
//! has moved.
//!
//! Noise and movement are told apart by how much a pixel differs, and by how much the nine pixels around it differ on average:
//! noise averages out over nine pixels, movement does not, so even a faint edge that moves leaves nothing behind. Everything
//! is in 16 bits and without branches, for the compiler to make SIMD of it; a row costs the same whatever is in it.

/// How far a pixel goes when it differs by noise alone, in 32768ths: the noise that is left is that of nine pictures in one.
const AT_REST: i16 = 32_767 / 9;

/// What the strongest setting takes for the standard deviation of noise, in steps of 256.
const MOST_NOISE: f32 = 12.0;

/// From so many standard deviations on a pixel is taken to have moved, more and more …
const DOUBT: f32 = 2.4;
/// … until here, where it has.
const SURE: f32 = 4.4;

/// Differences are weighed in 12ths of a step, as that is what a sum over nine pixels in quarter steps comes to against noise.
const UNIT: f32 = 12.0;

/// Where noise ends and movement begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Threshold {
    doubt: i16,
    range: i16,
    slope: i16,
}

impl Threshold {
    /// For a strength of 0 to 100 per cent.
    pub fn new(percent: f32) -> Self {
        let noise = (percent / 100.0).clamp(0.0, 1.0) * MOST_NOISE;
        let range = ((SURE - DOUBT) * noise * UNIT).max(1.0) as i16;
        Self {
            doubt: (DOUBT * noise * UNIT) as i16,
            range,
            slope: (i16::MAX - AT_REST) / range,
        }
    }

    /// How far a pixel goes whose neighbours and which itself differ so much, in 32768ths.
    #[inline]
    fn share(self, around: i16, itself: i16) -> i16 {
        let differs = around.max(-around).max(itself.max(-itself) * 3);
        AT_REST + (differs - self.doubt).max(0).min(self.range) * self.slope
    }
}

/// One plane of the pictures so far.
#[derive(Debug, Default)]
pub(super) struct PlaneDenoiser {
    width: usize,
    height: usize,
    /// The filtered picture in 64ths of a step, at most 255 × 64.
    state: Vec<i16>,
    /// How the newest picture differs along a row, with one pixel more at both ends.
    difference: Vec<i16>,
    /// Sums of three neighbours of that, for three rows: row `y` is in place `y % 3`.
    sums: [Vec<i16>; 3],
    is_empty: bool,
}

impl PlaneDenoiser {
    /// Begins a picture of that size. One that is the first, or of another size than the last, passes as it is.
    pub fn begin(&mut self, width: usize, height: usize) {
        if (self.width, self.height) != (width, height) {
            (self.width, self.height) = (width, height);
            self.state.resize(width * height, 0);
            self.difference.resize(width + 2, 0);
            for sums in &mut self.sums {
                sums.resize(width, 0);
            }
            self.is_empty = true;
        }
    }

    /// What came before is forgotten.
    pub fn forget(&mut self) {
        self.width = 0;
    }

    /// The picture that was begun is complete.
    pub fn end(&mut self) {
        self.is_empty = false;
    }

    /// Filters row `y` of `plane` into `out`. Rows are to be asked for in order, each once.
    pub fn row(&mut self, plane: &[u8], y: usize, threshold: Threshold, out: &mut [u8]) {
        let (width, height) = (self.width, self.height);
        let of_row = |y: usize| y * width..(y + 1) * width;
        let from = &plane[of_row(y)];
        if self.is_empty {
            for (state, from) in self.state[of_row(y)].iter_mut().zip(from) {
                *state = i16::from(*from) << 6;
            }
            out[..width].copy_from_slice(from);
            return;
        }
        if y == 0 {
            self.sum(plane, 0);
        }
        if y + 1 < height {
            // Before the row is filtered: the sums are about the picture before.
            self.sum(plane, y + 1);
        }
        let [above, here, below] =
            [y.saturating_sub(1), y, (y + 1).min(height - 1)].map(|y| &self.sums[y % 3][..width]);
        let state = &mut self.state[of_row(y)];
        let out = &mut out[..width];
        for x in 0..width {
            let around = above[x] + here[x] + below[x];
            let (new, old) = (i16::from(from[x]), state[x]);
            let share = threshold.share(around, (new << 2) - (old >> 4));
            // The upper half of a product of 16 bits: one instruction. Twice the difference still fits.
            let step = (i32::from(((new << 6) - old) << 1) * i32::from(share)) >> 16;
            state[x] = old + step as i16;
            // Products are rounded down; a little more than half makes up for it.
            out[x] = ((state[x] + 36) >> 6).min(255) as u8;
        }
    }

    /// How row `y` differs from the picture before, summed over three neighbours.
    fn sum(&mut self, plane: &[u8], y: usize) {
        let width = self.width;
        let row = y * width..(y + 1) * width;
        let inner = &mut self.difference[1..=width];
        for ((difference, new), old) in inner.iter_mut().zip(&plane[row.clone()]).zip(&self.state[row]) {
            *difference = (i16::from(*new) << 2) - (*old >> 4);
        }
        self.difference[0] = self.difference[1];
        self.difference[width + 1] = self.difference[width];
        let (left, middle, right) = (
            &self.difference[..width],
            &self.difference[1..=width],
            &self.difference[2..],
        );
        for (x, sum) in self.sums[y % 3][..width].iter_mut().enumerate() {
            *sum = left[x] + middle[x] + right[x];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filter(denoiser: &mut PlaneDenoiser, width: usize, plane: &[u8], percent: f32) -> Vec<u8> {
        let height = plane.len() / width;
        let mut out = vec![0; plane.len()];
        denoiser.begin(width, height);
        for (y, out) in out.chunks_exact_mut(width).enumerate() {
            denoiser.row(plane, y, Threshold::new(percent), out);
        }
        denoiser.end();
        out
    }

    #[test]
    fn what_stands_still_stays_to_the_step() {
        let plane: Vec<u8> = (0..64 * 16).map(|at| (at * 7 % 256) as u8).collect();
        let mut denoiser = PlaneDenoiser::default();
        for _ in 0..20 {
            assert_eq!(filter(&mut denoiser, 64, &plane, 100.0), plane);
        }
    }

    #[test]
    fn a_cut_is_a_cut() {
        let mut denoiser = PlaneDenoiser::default();
        filter(&mut denoiser, 32, &[20; 32 * 8], 100.0);
        let after = filter(&mut denoiser, 32, &[220; 32 * 8], 100.0);
        assert!(after.iter().all(|luma| luma.abs_diff(220) <= 1), "{after:?}");
    }

    #[test]
    fn nothing_is_taken_for_noise_at_0() {
        let mut denoiser = PlaneDenoiser::default();
        filter(&mut denoiser, 32, &[100; 32 * 8], 0.0);
        let after = filter(&mut denoiser, 32, &[101; 32 * 8], 0.0);
        assert!(after.iter().all(|luma| *luma == 101), "{after:?}");
    }

    #[test]
    fn a_slow_change_of_light_is_followed_closely() {
        // A step of 256 every five pictures, up and down: far below what is taken for noise.
        let mut denoiser = PlaneDenoiser::default();
        for turn in 0..400_u32 {
            let level = 60 + (turn / 5).min(80 - turn / 5) as u8;
            let out = filter(&mut denoiser, 16, &[level; 16 * 8], 100.0);
            assert!(
                out.iter().all(|luma| luma.abs_diff(level) <= 2),
                "{turn}: {level} {out:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn pictures_of_any_content_and_size_stay_between_old_and_new(
            width in 1usize..40,
            height in 1usize..10,
            seeds in proptest::collection::vec(any::<u64>(), 1..6),
            percent in -10.0f32..200.0,
        ) {
            let mut denoiser = PlaneDenoiser::default();
            let (mut low, mut high) = (vec![255; width * height], vec![0; width * height]);
            for seed in seeds {
                let mut noise = seed | 1;
                let plane: Vec<u8> = (0..width * height).map(|_| {
                    noise ^= noise << 13;
                    noise ^= noise >> 7;
                    noise ^= noise << 17;
                    // Often at the very ends.
                    [0, 255, noise as u8, 128][(noise >> 8) as usize % 4]
                }).collect();
                let out = filter(&mut denoiser, width, &plane, percent);
                for at in 0..plane.len() {
                    low[at] = plane[at].min(low[at]);
                    high[at] = plane[at].max(high[at]);
                    prop_assert!((low[at]..=high[at]).contains(&out[at]));
                }
            }
        }
    }
}
