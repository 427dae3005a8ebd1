//! The curves of the stages: what a page draws and what the stages do, from the same formulas.
//!
//! Filters are those of R. Bristow-Johnson's "Audio EQ Cookbook" (bilinear transform, so their responses bend near half the
//! sample rate as the filters themselves do). Levels follow D. Giannoulis, M. Massberg, J. Reiss, "Digital Dynamic Range
//! Compressor Design" (JAES 60, 2012): the static curve with a quadratic knee.

use super::settings::{Band, Compressor, DeEsser, Eq, Gate, HighPass, Shelf, StripSettings};
use crate::media::SAMPLE_RATE;

/// The Q of shelves and of the high-pass: Butterworth.
pub const BUTTERWORTH_Q: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// A filter of second order: `b0 b1 b2` over `1 a1 a2`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Biquad {
    /// Feed-forward.
    pub b: [f64; 3],
    /// Feedback, `a0` being 1.
    pub a: [f64; 2],
}

impl Biquad {
    /// Changes nothing.
    pub const FLAT: Self = Self {
        b: [1.0, 0.0, 0.0],
        a: [0.0, 0.0],
    };

    fn new(b: [f64; 3], a: [f64; 3]) -> Self {
        Self {
            b: b.map(|b| b / a[0]),
            a: [a[1] / a[0], a[2] / a[0]],
        }
    }

    /// A Butterworth high-pass.
    #[must_use]
    pub fn high_pass(settings: &HighPass) -> Self {
        let (cos, alpha) = angle(settings.hz, BUTTERWORTH_Q);
        let b = f64::midpoint(1.0, cos);
        Self::new([b, -2.0 * b, b], [1.0 + alpha, -2.0 * cos, 1.0 - alpha])
    }

    /// A bell.
    #[must_use]
    pub fn bell(band: &Band) -> Self {
        let (cos, alpha) = angle(band.hz, f64::from(band.q));
        let root = 10_f64.powf(f64::from(band.gain_db) / 40.0);
        Self::new(
            [1.0 + alpha * root, -2.0 * cos, 1.0 - alpha * root],
            [1.0 + alpha / root, -2.0 * cos, 1.0 - alpha / root],
        )
    }

    /// A shelf that raises or lowers what is below its frequency.
    #[must_use]
    pub fn low_shelf(shelf: Shelf) -> Self {
        Self::shelf(shelf, -1.0)
    }

    /// A shelf that raises or lowers what is above its frequency.
    #[must_use]
    pub fn high_shelf(shelf: Shelf) -> Self {
        Self::shelf(shelf, 1.0)
    }

    /// The two shelves are each other's mirror: `side` is the sign of every cosine.
    fn shelf(shelf: Shelf, side: f64) -> Self {
        let (cos, alpha) = angle(shelf.hz, BUTTERWORTH_Q);
        let a = 10_f64.powf(f64::from(shelf.gain_db) / 40.0);
        let (up, down, slope) = (a + 1.0, a - 1.0, 2.0 * a.sqrt() * alpha);
        let cos = side * cos;
        Self::new(
            [
                a * (up + down * cos + slope),
                -2.0 * side * a * (down + up * cos),
                a * (up + down * cos - slope),
            ],
            [
                up - down * cos + slope,
                2.0 * side * (down - up * cos),
                up - down * cos - slope,
            ],
        )
    }

    /// Its gain at `hz`, in dB.
    #[must_use]
    pub fn response_db(&self, hz: f32) -> f32 {
        let angle = std::f64::consts::TAU * f64::from(hz) / f64::from(SAMPLE_RATE);
        let power = |c: [f64; 3]| {
            let re = c[0] + c[1] * angle.cos() + c[2] * (2.0 * angle).cos();
            let im = c[1] * angle.sin() + c[2] * (2.0 * angle).sin();
            re * re + im * im
        };
        let ratio = power(self.b) / power([1.0, self.a[0], self.a[1]]);
        (10.0 * ratio.max(1e-20).log10()) as f32
    }
}

/// The cosine and the `alpha` of the cookbook.
fn angle(hz: f32, q: f64) -> (f64, f64) {
    let angle = std::f64::consts::TAU * f64::from(hz) / f64::from(SAMPLE_RATE);
    (angle.cos(), angle.sin() / (2.0 * q))
}

/// The four bands of an EQ.
#[must_use]
pub fn eq_bands(eq: &Eq) -> [Biquad; 4] {
    [
        Biquad::low_shelf(eq.low),
        Biquad::bell(&eq.mid1),
        Biquad::bell(&eq.mid2),
        Biquad::high_shelf(eq.high),
    ]
}

/// The gain of the EQ alone at `hz`, whether it is on or not.
#[must_use]
pub fn eq_db(eq: &Eq, hz: f32) -> f32 {
    eq_bands(eq).iter().map(|band| band.response_db(hz)).sum()
}

/// What high-pass and EQ make of `hz` together, as far as they are on and not bypassed, in dB.
#[must_use]
pub fn tone_db(settings: &StripSettings, hz: f32) -> f32 {
    let is_on = |is_on| is_on && !settings.is_bypassed;
    let mut sum = 0.0;
    if is_on(settings.high_pass.is_on) {
        sum += Biquad::high_pass(&settings.high_pass).response_db(hz);
    }
    if is_on(settings.eq.is_on) {
        sum += eq_db(&settings.eq, hz);
    }
    sum
}

/// By how much a compressor changes a steady level of `input_db`, make-up left out: 0 or less.
#[must_use]
pub fn compression_db(compressor: &Compressor, input_db: f32) -> f32 {
    let over = input_db - compressor.threshold_db;
    let slope = 1.0 / compressor.ratio - 1.0;
    let knee = compressor.knee_db;
    if 2.0 * over <= -knee {
        0.0
    } else if 2.0 * over < knee {
        let into = over + knee / 2.0;
        slope * into * into / (2.0 * knee)
    } else {
        slope * over
    }
}

/// What a compressor makes of a steady level of `input_db`, make-up included.
#[must_use]
pub fn compressor_output_db(compressor: &Compressor, input_db: f32) -> f32 {
    input_db + compression_db(compressor, input_db) + compressor.makeup_db
}

/// By how much a gate changes a steady level of `input_db`: 0 or less, never below its range.
#[must_use]
pub fn gating_db(gate: &Gate, input_db: f32) -> f32 {
    let under = (gate.threshold_db - input_db).max(0.0);
    (-(gate.ratio - 1.0) * under).max(-gate.range_db)
}

/// Above its threshold a de-esser lets one of so many dB through.
const DE_ESSER_RATIO: f32 = 4.0;

/// By how much a de-esser turns down where the level of the upper band is `band_db`: 0 or less, never below its range.
#[must_use]
pub fn de_essing_db(de_esser: &DeEsser, band_db: f32) -> f32 {
    let over = (band_db - de_esser.threshold_db).max(0.0);
    ((1.0 / DE_ESSER_RATIO - 1.0) * over).max(-de_esser.range_db)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f32, expected: f32, what: &str) {
        assert!(
            (found - expected).abs() < 0.02,
            "{what}: {found} dB, expected {expected} dB"
        );
    }

    #[test]
    fn filters_do_what_their_names_say() {
        let high_pass = Biquad::high_pass(&HighPass { is_on: true, hz: 100.0 });
        near(high_pass.response_db(100.0), -3.01, "corner");
        near(high_pass.response_db(10_000.0), 0.0, "far above");
        assert!((high_pass.response_db(25.0) + 24.1).abs() < 0.2, "12 dB per octave");
        for gain_db in [-12.0, 6.0] {
            let bell = Biquad::bell(&Band {
                hz: 1000.0,
                gain_db,
                q: 2.0,
            });
            near(bell.response_db(1000.0), gain_db, "middle");
            near(bell.response_db(20.0), 0.0, "far below");
            let low = Biquad::low_shelf(Shelf { hz: 200.0, gain_db });
            near(low.response_db(10.0), gain_db, "low side");
            near(low.response_db(200.0), gain_db / 2.0, "corner");
            near(low.response_db(8_000.0), 0.0, "far side");
            let high = Biquad::high_shelf(Shelf { hz: 5_000.0, gain_db });
            near(high.response_db(23_000.0), gain_db, "high side");
            near(high.response_db(5_000.0), gain_db / 2.0, "corner");
            near(high.response_db(50.0), 0.0, "far side");
        }
        near(eq_db(&Eq::default(), 777.0), 0.0, "a flat EQ");
    }

    #[test]
    fn the_knee_joins_both_straight_lines() {
        let compressor = Compressor {
            threshold_db: -20.0,
            ratio: 4.0,
            knee_db: 6.0,
            makeup_db: 2.0,
            ..Compressor::default()
        };
        near(compression_db(&compressor, -40.0), 0.0, "below");
        near(compression_db(&compressor, -23.0), 0.0, "where the knee begins");
        near(compression_db(&compressor, -20.0), -0.5625, "at the threshold");
        near(compression_db(&compressor, -17.0), -2.25, "where the knee ends");
        near(compressor_output_db(&compressor, 0.0), -13.0, "above");
        let hard = Compressor {
            knee_db: 0.0,
            ..compressor
        };
        near(compression_db(&hard, -20.0), 0.0, "a hard knee at the threshold");
        near(compression_db(&hard, -12.0), -6.0, "a hard knee above it");
    }

    #[test]
    fn a_gate_turns_down_what_is_quiet_and_no_further_than_its_range() {
        let gate = Gate {
            threshold_db: -40.0,
            ratio: 3.0,
            range_db: 15.0,
            ..Gate::default()
        };
        near(gating_db(&gate, -39.0), 0.0, "above");
        near(gating_db(&gate, -45.0), -10.0, "below");
        near(gating_db(&gate, -90.0), -15.0, "far below");
    }

    #[test]
    fn a_de_esser_turns_down_no_further_than_its_range() {
        let de_esser = DeEsser {
            threshold_db: -30.0,
            range_db: 6.0,
            ..DeEsser::default()
        };
        near(de_essing_db(&de_esser, -31.0), 0.0, "below");
        near(de_essing_db(&de_esser, -26.0), -3.0, "above");
        near(de_essing_db(&de_esser, -10.0), -6.0, "far above");
    }
}
