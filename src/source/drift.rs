//! Keeps the sound of a live source on the studio clock: from how far it is off to how much to stretch it.
//!
//! A camera's crystal is off by tens to hundreds of ppm against ours: seconds per day. Dropping or doubling blocks
//! would be heard; resampling by the same few ppm is not (1 000 ppm is under two cents of pitch). So the error between
//! where sound lands and where it should is fed through a PI controller that moves the resampling ratio. Critically
//! damped, with a time constant of ten seconds: slow enough to ignore network jitter, quick enough that 200 ppm from a
//! cold start never lead to more than a few milliseconds.

use crate::media::TimeDelta;

/// Share of the error that is corrected per second.
const PROPORTIONAL: f64 = 0.1;

/// Gives critical damping: PROPORTIONAL² / 4.
const INTEGRAL: f64 = PROPORTIONAL * PROPORTIONAL / 4.0;

/// No correction goes beyond this: half of it is for the clocks, the rest to catch up.
pub const MAX_CORRECTION: f64 = 0.001;

/// The controller. Starts at no correction.
#[derive(Clone, Copy, Debug, Default)]
pub struct DriftControl {
    integral: f64,
}

impl DriftControl {
    /// How much longer (positive) or shorter than nominal to make the sound, as a share, given that the input that is
    /// `elapsed` long should land `error` later than it is about to.
    pub fn update(&mut self, error: TimeDelta, elapsed: TimeDelta) -> f64 {
        let error = error.as_secs_f64();
        let step = INTEGRAL * error * elapsed.as_secs_f64().clamp(0.0, 1.0);
        self.integral = (self.integral + step).clamp(-MAX_CORRECTION, MAX_CORRECTION);
        (PROPORTIONAL * error + self.integral).clamp(-MAX_CORRECTION, MAX_CORRECTION)
    }

    /// The drift between the clocks as learnt so far, as a share.
    #[must_use]
    pub fn learnt(&self) -> f64 {
        self.integral
    }
}
