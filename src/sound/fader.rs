//! The end of a strip: gain, pan, delay, then the ways out: PFL, program, aux sends.
//!
//! ```text
//! gain ─ pan ─ delay ─┬─ output (recordings, meter)
//!                     ├─ solo ─ PFL bus
//!                     └─ duck ─ mute ─ AFV ─┬─ program bus
//!                                           └─ sends ─ aux buses A, B
//! ```
//!
//! Mute and AFV are two ramps: a mute is quick even while AFV is in the middle of a long fade.

use super::delay::Delay;
use super::level::{amplitude_to_dbfs, db_to_factor, peak};
use super::pan::balance;
use super::ramp::{Factors, Ramp};
use super::settings::{Role, StripSettings};
use super::{SILENCE, Stereo};
use crate::media::BLOCK_FRAMES;

/// Gain, pan, mute, solo and sends are there after 20 ms.
const STEP_FRAMES: usize = 2 * BLOCK_FRAMES;

/// The sums that strips add to.
#[derive(Clone, Debug)]
pub struct Buses {
    /// All strips that are open: neither muted nor kept out by AFV.
    pub program: Stereo,
    /// All solo strips, open or not.
    pub pfl: Stereo,
    /// Aux buses A and B: what strips send there, open ones only.
    pub aux: [Stereo; 2],
}

impl Default for Buses {
    fn default() -> Self {
        Self {
            program: SILENCE,
            pfl: SILENCE,
            aux: [SILENCE; 2],
        }
    }
}

impl Buses {
    /// Silence on all of them: before each block.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// The fader of one strip and what lies behind it.
pub struct Fader {
    role: Role,
    gain: Ramp,
    pan: [Ramp; 2],
    delay: Delay,
    solo: Ramp,
    duck: Ramp,
    duck_db: f32,
    /// 1 = not muted.
    unmuted: Ramp,
    is_afv: bool,
    is_on_program: bool,
    /// 1 = not kept out by AFV.
    followed: Ramp,
    sends: [Ramp; 2],
    out: Stereo,
    peak: f32,
}

impl Fader {
    /// A fader at rest where `settings` want it.
    #[must_use]
    pub fn new(settings: &StripSettings) -> Self {
        let mut fader = Self {
            role: settings.role,
            gain: Ramp::new(1.0),
            pan: [Ramp::new(1.0), Ramp::new(1.0)],
            delay: Delay::new(settings.delay_ms),
            solo: Ramp::new(0.0),
            duck: Ramp::new(1.0),
            duck_db: 0.0,
            unmuted: Ramp::new(1.0),
            is_afv: settings.is_afv,
            is_on_program: true,
            followed: Ramp::new(1.0),
            sends: [Ramp::new(0.0), Ramp::new(0.0)],
            out: SILENCE,
            peak: 0.0,
        };
        fader.set(settings);
        fader.sleep();
        fader
    }

    /// Moves to sanitised `settings`.
    pub fn set(&mut self, settings: &StripSettings) {
        self.role = settings.role;
        self.is_afv = settings.is_afv;
        self.gain.aim(db_to_factor(settings.gain_db), STEP_FRAMES);
        for (ramp, factor) in self.pan.iter_mut().zip(balance(settings.pan_percent)) {
            ramp.aim(factor, STEP_FRAMES);
        }
        self.delay.set(settings.delay_ms);
        self.solo.aim(as_factor(settings.is_solo), STEP_FRAMES);
        self.unmuted.aim(as_factor(!settings.is_muted), STEP_FRAMES);
        self.follow(STEP_FRAMES);
        for (ramp, db) in self.sends.iter_mut().zip([settings.send_a_db, settings.send_b_db]) {
            ramp.aim(db.map_or(0.0, db_to_factor), STEP_FRAMES);
        }
    }

    /// Tells whether the source is seen on program; where the strip follows it, it opens or closes within
    /// `over_frames`, a cut in 20 ms.
    pub fn set_on_program(&mut self, is_on_program: bool, over_frames: usize) {
        self.is_on_program = is_on_program;
        self.follow(over_frames.max(STEP_FRAMES));
    }

    fn follow(&mut self, frames: usize) {
        self.followed.aim(as_factor(!self.is_afv || self.is_on_program), frames);
    }

    /// Sets by how many dB (0 or less) program and aux hear less of it from the end of the next block on.
    pub fn duck(&mut self, db: f32) {
        self.duck_db = db.min(0.0);
        self.duck.aim_straight(db_to_factor(self.duck_db), BLOCK_FRAMES);
    }

    /// The ducking set last, in dB.
    #[must_use]
    pub const fn duck_db(&self) -> f32 {
        self.duck_db
    }

    /// What left the strip in the last block: behind pan and delay, muted or not.
    #[must_use]
    pub const fn output(&self) -> &Stereo {
        &self.out
    }

    /// The peak, in dBFS, of what a strip of role voice added to program in the last block, ducking left out. `None`
    /// where it is no voice, muted, or kept out by AFV.
    #[must_use]
    pub fn voice_dbfs(&self) -> Option<f32> {
        let is_open = !self.unmuted.rests_at(0.0) && !self.followed.rests_at(0.0);
        (self.role == Role::Voice && is_open).then(|| self.program_dbfs())
    }

    /// The peak, in dBFS, of what it added to program in the last block, ducking left out.
    #[must_use]
    pub fn program_dbfs(&self) -> f32 {
        amplitude_to_dbfs(self.peak * self.unmuted.value() * self.followed.value())
    }

    /// Takes a block of which the first `channels` channels count (one: both are the same) to the buses.
    pub fn process(&mut self, mut block: Stereo, channels: usize, buses: &mut Buses) {
        self.gain.next_block().apply(&mut block[..channels]);
        if channels == 1 {
            block[1] = block[0];
        }
        for (channel, ramp) in block.iter_mut().zip(&mut self.pan) {
            ramp.next_block().apply(std::slice::from_mut(channel));
        }
        self.delay.process(&mut block);
        self.out = block;
        self.peak = peak(&block[0]).max(peak(&block[1]));
        self.solo.next_block().add(&block, &mut buses.pfl);

        let factors = [&mut self.duck, &mut self.unmuted, &mut self.followed].map(Ramp::next_block);
        let sends = self.sends.each_mut().map(Ramp::next_block);
        if factors.iter().any(Factors::is_closed) {
            return;
        }
        for factors in factors {
            factors.apply(&mut block);
        }
        for (sum, sample) in buses.program.as_flattened_mut().iter_mut().zip(block.as_flattened()) {
            *sum += sample;
        }
        for (send, aux) in sends.iter().zip(&mut buses.aux) {
            send.add(&block, aux);
        }
    }

    /// Nothing is heard: everything goes at once to where it is set.
    pub fn sleep(&mut self) {
        let [left, right] = &mut self.pan;
        let [a, b] = &mut self.sends;
        let (unmuted, followed) = (&mut self.unmuted, &mut self.followed);
        for ramp in [
            &mut self.gain,
            left,
            right,
            &mut self.solo,
            &mut self.duck,
            unmuted,
            followed,
            a,
            b,
        ] {
            ramp.settle();
        }
        self.delay.settle();
        self.out = SILENCE;
        self.peak = 0.0;
    }
}

const fn as_factor(is_on: bool) -> f32 {
    if is_on { 1.0 } else { 0.0 }
}
