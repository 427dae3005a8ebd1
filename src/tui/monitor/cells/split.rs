//! The best way to show a cell in two colours: for each pattern the best colours are the means of its two parts.
//!
//! All patterns are tried. What makes that cheap: with the mean of the cell taken off, the squared error of a pattern of `k` of
//! `n` subpixels is the error of the flat cell less `|S|² · n ÷ k ÷ (n − k)`, where `S` is the sum over the pattern; sums of
//! all patterns come from each other by one addition each; and a pattern and its complement are one split, so half of them
//! will do.

use super::planes::Tile;

/// Two colours for a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Split {
    /// Subpixels of the first colour. Never the last subpixel, so that each split comes in one way only.
    pub pattern: u8,
    /// Mean of the pattern.
    pub on: [f32; 3],
    /// Mean of the rest.
    pub off: [f32; 3],
    /// Squared error over all subpixels and channels.
    pub error: f32,
    /// The same where the whole cell has one colour, its mean.
    pub flat_error: f32,
    /// Mean of the cell.
    pub mean: [f32; 3],
}

/// Half of the patterns of 8 subpixels.
const MOST: usize = 128;

/// For `n` subpixels: what the squared sum over a pattern lowers the error by.
const fn weights(n: u32) -> [f32; MOST] {
    let mut weights = [0.0; MOST];
    let mut pattern = 1;
    while pattern < MOST {
        let k = (pattern as u32).count_ones();
        if k < n {
            weights[pattern] = n as f32 / (k * (n - k)) as f32;
        }
        pattern += 1;
    }
    weights
}

const WEIGHTS: [[f32; MOST]; 4] = [weights(2), weights(4), weights(6), weights(8)];

/// The best split of `tile`.
#[inline]
pub(super) fn split<const N: usize>(tile: &Tile<N>) -> Split {
    match N {
        2 => split_into::<N, 2>(tile),
        4 => split_into::<N, 8>(tile),
        6 => split_into::<N, 32>(tile),
        _ => split_into::<N, MOST>(tile),
    }
}

/// As [`split`]; `PATTERNS` is `1 << (N - 1)`.
#[inline]
fn split_into<const N: usize, const PATTERNS: usize>(tile: &Tile<N>) -> Split {
    let mean = tile.map(|channel| channel.iter().sum::<f32>() * (1.0 / N as f32));
    let mut flat_error = 0.0;
    let mut scores = [0.0_f32; PATTERNS];
    let mut sums = [0.0_f32; PATTERNS];
    for (channel, mean) in tile.iter().zip(mean) {
        for (bit, value) in channel.iter().enumerate().take(N - 1) {
            let value = value - mean;
            let (known, new) = sums.split_at_mut(1 << bit);
            for (new, known) in new.iter_mut().zip(known) {
                *new = *known + value;
            }
        }
        for (score, sum) in scores.iter_mut().zip(&sums) {
            *score += sum * sum;
        }
        flat_error += channel.iter().map(|value| (value - mean) * (value - mean)).sum::<f32>();
    }
    for (score, weight) in scores.iter_mut().zip(&WEIGHTS[N / 2 - 1]) {
        *score *= weight;
    }
    let (pattern, gain) = best(&scores);
    let count = pattern.count_ones() as f32;
    let rest = N as f32 - count;
    let mut on = mean;
    let mut off = mean;
    if pattern != 0 {
        for ((channel, mean), (on, off)) in tile.iter().zip(mean).zip(on.iter_mut().zip(&mut off)) {
            let sum: f32 = (0..N)
                .map(|at| {
                    if pattern >> at & 1 == 1 {
                        channel[at] - mean
                    } else {
                        0.0
                    }
                })
                .sum();
            *on = (mean + sum / count).clamp(0.0, 255.0);
            *off = (mean - sum / rest).clamp(0.0, 255.0);
        }
    }
    Split {
        pattern,
        on,
        off,
        error: (flat_error - gain).max(0.0),
        flat_error,
        mean,
    }
}

/// The first of the greatest scores: the greatest by lanes, which the compiler makes vectors of, then where it stands.
#[inline]
fn best(scores: &[f32]) -> (u8, f32) {
    let mut lanes = [0.0_f32; 4];
    if scores.len() < 4 {
        return scores.iter().enumerate().fold(
            (0, 0.0),
            |best, (at, score)| if *score > best.1 { (at as u8, *score) } else { best },
        );
    }
    for chunk in scores.as_chunks::<4>().0 {
        for (lane, score) in lanes.iter_mut().zip(chunk) {
            *lane = if *score > *lane { *score } else { *lane };
        }
    }
    let most = lanes.into_iter().fold(0.0, f32::max);
    let at = scores.iter().position(|score| *score >= most).unwrap_or(0);
    (at as u8, most)
}

/// Squared error of `tile` shown in two colours.
#[inline]
pub(super) fn error_of<const N: usize>(tile: &Tile<N>, pattern: u8, on: [f32; 3], off: [f32; 3]) -> f32 {
    let mut shares = [0.0_f32; N];
    for (at, share) in shares.iter_mut().enumerate() {
        *share = f32::from(pattern >> at & 1);
    }
    let mut error = 0.0;
    for ((channel, on), off) in tile.iter().zip(on).zip(off) {
        let step = on - off;
        for (value, share) in channel.iter().zip(shares) {
            let miss = value - off - share * step;
            error += miss * miss;
        }
    }
    error
}

/// The pattern that shows `tile` best in two given colours, and its squared error.
#[inline]
pub(super) fn pattern_for<const N: usize>(tile: &Tile<N>, on: [f32; 3], off: [f32; 3]) -> (u8, f32) {
    let mut to_on = [0.0_f32; N];
    let mut to_off = [0.0_f32; N];
    for ((channel, on), off) in tile.iter().zip(on).zip(off) {
        for at in 0..N {
            let (a, b) = (channel[at] - on, channel[at] - off);
            to_on[at] += a * a;
            to_off[at] += b * b;
        }
    }
    let mut pattern = 0;
    let mut error = 0.0;
    for at in 0..N {
        let is_on = to_on[at] < to_off[at];
        pattern |= u8::from(is_on) << at;
        error += if is_on { to_on[at] } else { to_off[at] };
    }
    (pattern, error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The best of all patterns, the slow way.
    fn slow<const N: usize>(tile: &Tile<N>) -> f32 {
        (0..1u32 << (N - 1))
            .map(|pattern| {
                let mean = |is_on: bool| {
                    tile.map(|channel| {
                        let part: Vec<f32> = (0..N)
                            .filter(|at| (pattern >> at & 1 == 1) == is_on)
                            .map(|at| channel[at])
                            .collect();
                        part.iter().sum::<f32>() / part.len().max(1) as f32
                    })
                };
                error_of(tile, pattern as u8, mean(true), mean(false))
            })
            .fold(f32::MAX, f32::min)
    }

    fn tile<const N: usize>(bytes: &[u8]) -> Tile<N> {
        std::array::from_fn(|channel| std::array::from_fn(|at| f32::from(bytes[channel * N + at])))
    }

    fn check<const N: usize>(bytes: &[u8]) {
        let tile = tile::<N>(bytes);
        let split = split(&tile);
        let shown = error_of(&tile, split.pattern, split.on, split.off);
        let best = slow(&tile);
        let slack = 1.0 + best * 1e-3;
        assert!((split.error - best).abs() < slack, "{N}: {} but {best}", split.error);
        assert!((shown - best).abs() < slack, "{N}: shown {shown} but {best}");
        let (_, again) = pattern_for(&tile, split.on, split.off);
        assert!(again <= shown + slack);
    }

    proptest! {
        #[test]
        fn no_pattern_is_better(bytes in prop::collection::vec(any::<u8>(), 24)) {
            check::<2>(&bytes);
            check::<4>(&bytes);
            check::<6>(&bytes);
            check::<8>(&bytes);
        }
    }
}
