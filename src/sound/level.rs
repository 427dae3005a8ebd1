//! Decibels and factors.

/// What meters show for silence, in dBFS.
pub const FLOOR_DBFS: f32 = -90.0;

/// The factor that `db` decibels of gain multiply a sample by.
#[must_use]
pub fn db_to_factor(db: f32) -> f32 {
    10.0_f32.powf(db / 20.0)
}

/// The level of an amplitude (1.0 = full scale) in dBFS, not below [`FLOOR_DBFS`].
#[must_use]
pub fn amplitude_to_dbfs(amplitude: f32) -> f32 {
    // `max` also turns the -inf of silence and any NaN into the floor.
    (20.0 * amplitude.log10()).max(FLOOR_DBFS)
}

/// Sums and maxima are taken in so many lanes: floats may not be reordered by the compiler, so a plain loop would wait for
/// each addition.
const LANES: usize = 16;

/// The largest amplitude. What is no number does not count.
#[must_use]
pub fn peak(samples: &[f32]) -> f32 {
    let (chunks, rest) = samples.as_chunks::<LANES>();
    let mut lanes = [0.0_f32; LANES];
    for chunk in chunks {
        for (lane, sample) in lanes.iter_mut().zip(chunk) {
            let amplitude = sample.abs();
            *lane = if amplitude > *lane { amplitude } else { *lane };
        }
    }
    lanes
        .iter()
        .chain(rest)
        .fold(0.0, |peak, sample| peak.max(sample.abs()))
}

/// The sum of squares.
#[must_use]
pub fn energy(samples: &[f32]) -> f32 {
    let (chunks, rest) = samples.as_chunks::<LANES>();
    let mut lanes = [0.0_f32; LANES];
    for chunk in chunks {
        for (lane, sample) in lanes.iter_mut().zip(chunk) {
            *lane += sample * sample;
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|sample| sample * sample).sum::<f32>()
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn decibels_and_factors_agree() {
        for (db, factor) in [(0.0, 1.0), (6.0206, 2.0), (-20.0, 0.1), (-60.0, 0.001)] {
            assert!((db_to_factor(db) / factor - 1.0).abs() < 1e-5);
            assert!((amplitude_to_dbfs(factor) - db).abs() < 1e-4);
        }
        for nothing in [0.0, -1.0, f32::NAN, 1e-30] {
            assert_eq!(amplitude_to_dbfs(nothing), FLOOR_DBFS);
        }
    }

    #[test]
    fn peak_and_energy_see_every_sample() {
        for length in [0, 1, 15, 16, 17, 480] {
            let mut samples = vec![0.0_f32; length];
            for at in 0..length {
                samples[at] = -0.5;
                assert_eq!((peak(&samples), energy(&samples)), (0.5, 0.25), "{at} of {length}");
                samples[at] = 0.0;
            }
        }
        assert_eq!(peak(&[f32::NAN; 20]), 0.0);
        assert_eq!(peak(&[f32::NEG_INFINITY; 20]), f32::INFINITY);
        assert_eq!(energy(&[0.1; 100]), energy(&[-0.1; 100]));
    }
}
