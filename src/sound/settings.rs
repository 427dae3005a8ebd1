//! What an operator sets on a strip.

use serde::{Deserialize, Serialize};

/// The lowest gain of a strip, in dB. Silence is what mute is for.
pub const MIN_GAIN_DB: f32 = -60.0;

/// The highest gain of a strip, in dB.
pub const MAX_GAIN_DB: f32 = 24.0;

/// The settings of one strip. The default changes nothing: 0 dB, everything off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StripSettings {
    /// Gain in dB, kept within [`MIN_GAIN_DB`] and [`MAX_GAIN_DB`]; what is no number counts as 0.
    pub gain_db: f32,
    /// Not heard on program. Still metered, and still heard on the monitor when solo.
    pub is_muted: bool,
    /// PFL: heard on the monitor bus instead of program, together with all other solo strips. Never changes program.
    pub is_solo: bool,
    /// Takes noise out of speech (RNNoise).
    pub denoise: bool,
}

impl StripSettings {
    /// The same settings with a gain that a strip can apply.
    #[must_use]
    pub fn sanitised(mut self) -> Self {
        self.gain_db = if self.gain_db.is_nan() {
            0.0
        } else {
            self.gain_db.clamp(MIN_GAIN_DB, MAX_GAIN_DB)
        };
        self
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_gain_becomes_one_that_can_be_applied(bits in any::<u32>()) {
            let settings = StripSettings { gain_db: f32::from_bits(bits), ..StripSettings::default() };
            let gain = settings.sanitised().gain_db;
            prop_assert!((MIN_GAIN_DB..=MAX_GAIN_DB).contains(&gain));
            prop_assert_eq!(settings.sanitised().sanitised(), settings.sanitised());
        }

        #[test]
        fn a_usable_gain_stays(gain_db in MIN_GAIN_DB..=MAX_GAIN_DB) {
            let settings = StripSettings { gain_db, ..StripSettings::default() };
            prop_assert_eq!(settings.sanitised(), settings);
        }
    }

    #[test]
    fn infinities_are_the_ends_and_nan_is_unity() {
        let gain = |gain_db| {
            StripSettings {
                gain_db,
                ..StripSettings::default()
            }
            .sanitised()
            .gain_db
        };
        assert_eq!(gain(f32::INFINITY), MAX_GAIN_DB);
        assert_eq!(gain(f32::NEG_INFINITY), MIN_GAIN_DB);
        assert_eq!(gain(f32::NAN), 0.0);
    }

    #[test]
    fn keys_that_are_left_out_mean_the_default() {
        let settings: StripSettings = serde_json::from_str(r#"{"is_muted":true}"#).unwrap();
        assert_eq!(
            settings,
            StripSettings {
                is_muted: true,
                ..StripSettings::default()
            }
        );
    }
}
