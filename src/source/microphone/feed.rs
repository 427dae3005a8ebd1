//! From the fragments of a device to its strip: mixed, placed on the studio clock, held there.
//!
//! The mixer takes each block of 10 ms at its own time, so sound must have been written by then. What stands in the way is
//! known: the block must be full, the fragment must have been complete before it was sent, the resampler works by
//! chunks. On top of that comes what a thread may be late. The sum is the latency. Where it turns out to be too short, the
//! sound has been interrupted anyway, and in that very gap the latency grows a little: a slow machine finds its own after a few
//! of them, and a good one is not made to wait.

use super::clock::{DeviceClock, Placed};
use super::error::MicrophoneError;
use super::mix::{MOST_CHANNELS, Mix};
use crate::media::{AudioBlock, TimeDelta, Timestamp};
use crate::source::resample::{HELD_BACK, RATES};
use crate::source::sound::SoundWriter;

/// The fragments that are asked for. Shorter ones would cost more wakes than they save time.
pub(super) const FRAGMENT_MS: u32 = 10;

/// What a source's thread may be late before sound is missing.
const SPARE_MS: i64 = 15;

/// By so much the latency grows when it was too short.
const GROWTH_MS: i64 = 15;

/// It does not grow beyond this: then the machine has other troubles.
const MOST_LATENCY_MS: i64 = 200;

/// Nor more often than this: one trouble makes many late fragments. When it is over, a loss has been told from mere lateness.
const GROWTH_PAUSE_MS: i64 = 1_000;

/// Longer interruptions are told; what is shorter belongs to a start, or to a server that has changed its pace.
const TOLD_MS: i64 = 10;

/// What is worth saying about the sound of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// So much of it was lost before it came here.
    Lost(TimeDelta),
    /// It came too late, and the latency is this from now on.
    Late(TimeDelta),
}

/// The way of the sound of one device.
pub(super) struct Feed {
    rate: u32,
    mix: Mix,
    clock: DeviceClock,
    latency: TimeDelta,
    grown_at: Option<Timestamp>,
    /// Whether that is still to be told.
    is_growth_new: bool,
    /// Scratch, kept for its memory.
    stereo: Vec<f32>,
}

impl Feed {
    /// For a device of `rate` Hz whose fragments have `fragment` frames.
    ///
    /// # Errors
    /// Rates and numbers of channels that cannot be used.
    pub(super) fn new(rate: u32, mix: Mix, fragment: usize) -> Result<Self, MicrophoneError> {
        let channels = mix.channels();
        if !RATES.contains(&rate) || channels == 0 || channels > MOST_CHANNELS {
            return Err(MicrophoneError::BadFormat { rate, channels });
        }
        Ok(Self {
            rate,
            mix,
            clock: DeviceClock::new(rate),
            latency: latency(rate, fragment),
            grown_at: None,
            is_growth_new: false,
            stereo: Vec::new(),
        })
    }

    /// From when something sounds to when it is mixed.
    pub(super) fn latency(&self) -> TimeDelta {
        self.latency
    }

    /// In Hz.
    pub(super) fn rate(&self) -> u32 {
        self.rate
    }

    /// Of the device.
    pub(super) fn channels(&self) -> usize {
        self.mix.channels()
    }

    /// The device has stood still, or says that samples are lost: what comes next does not follow.
    pub(super) fn stop(&mut self, writer: &mut SoundWriter) {
        self.clock.stop();
        writer.finish();
    }

    /// How far the device is ahead of time: none that is real ever is.
    pub(super) fn is_ahead(&self, now: Timestamp) -> Option<TimeDelta> {
        self.clock.is_ahead(now)
    }

    /// Writes whole frames of the device, interleaved, that came in at `arrival`.
    pub(super) fn put(&mut self, arrival: Timestamp, frames: &[f32], writer: &mut SoundWriter) -> Option<Trouble> {
        let count = frames.len() / self.mix.channels().max(1);
        if count == 0 {
            return None;
        }
        let Placed::At { pts, lost } = self.clock.place(count, arrival) else {
            return None;
        };
        let mut trouble = None;
        let is_growing = self
            .grown_at
            .is_some_and(|grown| arrival - grown <= TimeDelta::from_millis(GROWTH_PAUSE_MS));
        if let Some(lost) = lost {
            writer.finish();
            if lost.abs() > TimeDelta::from_millis(TOLD_MS) {
                trouble = Some(Trouble::Lost(lost));
            }
            // What seemed to come late was not there at all: waiting longer does not help against that.
            if is_growing && self.is_growth_new {
                self.latency -= TimeDelta::from_millis(GROWTH_MS);
                self.is_growth_new = false;
            }
        } else if !is_growing && self.is_late(arrival, writer) {
            writer.finish();
            self.latency += TimeDelta::from_millis(GROWTH_MS);
            self.grown_at = Some(arrival);
            self.is_growth_new = true;
        } else if !is_growing && self.is_growth_new {
            self.is_growth_new = false;
            trouble = Some(Trouble::Late(self.latency));
        }
        let pts = pts + self.latency;
        // What is all over cannot be heard any more: it would only fill the ring.
        if pts + TimeDelta::from_rate(count as i64, self.rate) > arrival {
            let mut stereo = std::mem::take(&mut self.stereo);
            self.mix.apply(frames, &mut stereo);
            writer.write_live(pts, self.rate, 2, &stereo);
            self.stereo = stereo;
        }
        trouble
    }

    /// Whether the mixer has asked in vain for what comes now, and a longer latency would have helped.
    fn is_late(&self, arrival: Timestamp, writer: &SoundWriter) -> bool {
        let Some(ready) = writer.ready_until() else {
            return false;
        };
        let missing = AudioBlock::time_of(AudioBlock::index_at(arrival) + 1) - ready;
        let room = TimeDelta::from_millis(MOST_LATENCY_MS) - self.latency;
        missing > TimeDelta::ZERO && missing <= room
    }
}

/// The least latency with which fragments of so many frames are there when they are asked for.
fn latency(rate: u32, fragment: usize) -> TimeDelta {
    let own = TimeDelta::from_rate((fragment.min(1 << 20) + HELD_BACK) as i64, rate);
    let least = AudioBlock::duration() + own + TimeDelta::from_millis(SPARE_MS);
    least.min(TimeDelta::from_millis(MOST_LATENCY_MS))
}

#[cfg(test)]
#[path = "feed_tests.rs"]
mod tests;
