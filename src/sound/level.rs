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
}
