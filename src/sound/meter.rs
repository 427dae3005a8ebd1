//! Level meters: sample peak with a falling needle, peak hold, RMS, clip lamp.

use serde::{Deserialize, Serialize};

use super::Stereo;
use super::level::{FLOOR_DBFS, amplitude_to_dbfs, energy, peak};
use crate::media::{BLOCK_FRAMES, SAMPLE_RATE};

/// How long the peak hold and the clip lamp stay: 1.5 s.
const HOLD_BLOCKS: u32 = 150;

/// How far a needle falls in one block: 20 dB/s.
const FALL_DB: f32 = 20.0 * BLOCK_FRAMES as f32 / SAMPLE_RATE as f32;

/// The RMS window: 300 ms.
const RMS_BLOCKS: usize = 30;

/// What one meter shows, left and right. Levels are in dBFS, never below −90.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StripMeter {
    /// Highest sample: rises at once, falls 20 dB/s, so that a reader who looks 10 times a second misses no peak.
    pub peak_dbfs: [f32; 2],
    /// The highest peak: stays 1.5 s, then falls 20 dB/s.
    pub hold_dbfs: [f32; 2],
    /// RMS over the last 300 ms. A full-scale sine reads −3.01.
    pub rms_dbfs: [f32; 2],
    /// A sample reached full scale within the last 1.5 s.
    pub is_clipping: bool,
    /// The source sent a sample of full scale within the last 1.5 s: no stage behind it can mend that.
    #[serde(default)]
    pub is_input_clipping: bool,
    /// What each stage does.
    #[serde(default)]
    pub stages: StageMeters,
}

/// What each stage of a strip does to the level now, in dB: below zero it turns down. Of high-pass, denoise and EQ it is
/// the difference of RMS over the last 300 ms, of the others the gain that they apply. Zero where a stage is off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StageMeters {
    /// What it takes out.
    pub high_pass_db: f32,
    /// What it takes out.
    pub denoise_db: f32,
    /// How far it is closed.
    pub gate_db: f32,
    /// What it adds or takes.
    pub eq_db: f32,
    /// How far it turns down, make-up left out.
    pub compressor_db: f32,
    /// How far it turns the upper band down.
    pub de_esser_db: f32,
    /// Where the ride stands, up or down.
    pub ride_db: f32,
    /// How far the strip is ducked under voices.
    pub duck_db: f32,
}

impl Default for StripMeter {
    fn default() -> Self {
        Self {
            peak_dbfs: [FLOOR_DBFS; 2],
            hold_dbfs: [FLOOR_DBFS; 2],
            rms_dbfs: [FLOOR_DBFS; 2],
            is_clipping: false,
            is_input_clipping: false,
            stages: StageMeters::default(),
        }
    }
}

/// All meters of the mixer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Meters {
    /// One per strip: after gain, before mute, so that a muted microphone can be seen to work.
    pub strips: Vec<StripMeter>,
    /// What goes on air, after the limiter.
    pub program: StripMeter,
    /// By how many dB the limiter turned program down at most in the last block; 0 when it rests.
    pub limiter_reduction_db: f32,
    /// How loud program is.
    #[serde(default)]
    pub loudness: Loudness,
    /// For how long nothing above −60 dBFS has been on program, in ms; 0 while something is.
    #[serde(default)]
    pub silent_ms: u64,
}

/// How loud program is, by ITU-R BS.1770-4 and EBU Tech 3341 and 3342. `None`: not enough has been heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Loudness {
    /// Over the last 400 ms, in LUFS.
    pub momentary_lufs: Option<f32>,
    /// Over the last 3 s, in LUFS.
    pub short_term_lufs: Option<f32>,
    /// Since the start or the last reset, gated, in LUFS.
    pub integrated_lufs: Option<f32>,
    /// Loudness range since then, in LU.
    pub range_lu: Option<f32>,
    /// The highest true peak since then, in dBTP.
    pub true_peak_dbtp: Option<f32>,
}

/// From here an input counts as clipped: the highest sample of 16 bits.
const INPUT_CLIP: f32 = 32_767.0 / 32_768.0;

/// Feeds one [`StripMeter`].
#[derive(Clone, Debug, Default)]
pub struct Metering {
    shown: StripMeter,
    channels: [ChannelState; 2],
    clip_left: u32,
    input_clip_left: u32,
}

#[derive(Clone, Debug, Default)]
struct ChannelState {
    /// Energy of each of the last blocks; summed afresh every time, so that no rounding error stays.
    energies: [f32; RMS_BLOCKS],
    at: usize,
    hold_left: u32,
}

impl Metering {
    /// Measures the next block.
    pub fn feed(&mut self, block: &Stereo) {
        self.clip_left = self.clip_left.saturating_sub(1);
        for (index, samples) in block.iter().enumerate() {
            self.feed_channel(index, peak(samples), energy(samples));
        }
        self.shown.is_clipping = self.clip_left > 0;
    }

    /// The largest amplitude of the next block as its source sent it.
    pub fn feed_input(&mut self, peak: f32) {
        self.input_clip_left = if peak >= INPUT_CLIP {
            HOLD_BLOCKS
        } else {
            self.input_clip_left.saturating_sub(1)
        };
        self.shown.is_input_clipping = self.input_clip_left > 0;
    }

    /// What the stages do.
    pub const fn show_stages(&mut self, stages: StageMeters) {
        self.shown.stages = stages;
    }

    /// Measures a block without sound, for less.
    pub fn feed_silence(&mut self) {
        self.clip_left = self.clip_left.saturating_sub(1);
        for index in 0..2 {
            self.feed_channel(index, 0.0, 0.0);
        }
        self.shown.is_clipping = self.clip_left > 0;
    }

    fn feed_channel(&mut self, index: usize, peak: f32, energy: f32) {
        let state = &mut self.channels[index];
        if peak >= 1.0 {
            self.clip_left = HOLD_BLOCKS;
        }
        let level = amplitude_to_dbfs(peak);
        let needle = &mut self.shown.peak_dbfs[index];
        *needle = level.max(*needle - FALL_DB).max(FLOOR_DBFS);

        let hold = &mut self.shown.hold_dbfs[index];
        if level >= *hold {
            *hold = level;
            state.hold_left = HOLD_BLOCKS;
        } else if state.hold_left > 0 {
            state.hold_left -= 1;
        } else {
            *hold = level.max(*hold - FALL_DB).max(FLOOR_DBFS);
        }

        state.energies[state.at] = energy;
        state.at = (state.at + 1) % RMS_BLOCKS;
        let mean = state.energies.iter().sum::<f32>() / (RMS_BLOCKS * BLOCK_FRAMES) as f32;
        self.shown.rms_dbfs[index] = amplitude_to_dbfs(mean.sqrt());
    }

    /// What to show now.
    #[must_use]
    pub const fn shown(&self) -> &StripMeter {
        &self.shown
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;

    fn sine(amplitude: f32) -> Stereo {
        std::array::from_fn(|channel| {
            let amplitude = if channel == 0 { amplitude } else { amplitude / 10.0 };
            std::array::from_fn(|n| amplitude * (std::f32::consts::TAU * n as f32 / 48.0).sin())
        })
    }

    #[test]
    fn peak_and_rms_of_a_sine() {
        let mut metering = Metering::default();
        for _ in 0..RMS_BLOCKS {
            metering.feed(&sine(0.5));
        }
        let shown = metering.shown();
        for (channel, level) in [(0, -6.02), (1, -26.02)] {
            assert!((shown.peak_dbfs[channel] - level).abs() < 0.05, "{shown:?}");
            assert!((shown.rms_dbfs[channel] - (level - 3.01)).abs() < 0.05, "{shown:?}");
        }
        assert!(!shown.is_clipping);
    }

    #[test]
    fn the_hold_stays_a_second_and_a_half_and_then_falls_20_db_per_second() {
        let mut metering = Metering::default();
        metering.feed(&sine(1.0));
        assert!(metering.shown().is_clipping);
        for _ in 0..HOLD_BLOCKS {
            metering.feed_silence();
        }
        let shown = metering.shown();
        assert!(shown.hold_dbfs[0].abs() < 0.01 && !shown.is_clipping, "{shown:?}");
        assert!(
            (shown.peak_dbfs[0] + 30.0).abs() < 0.1,
            "the needle fell 30 dB in 1.5 s: {shown:?}"
        );
        assert_eq!(shown.rms_dbfs[0], FLOOR_DBFS);
        for _ in 0..100 {
            metering.feed_silence();
        }
        assert!(
            (metering.shown().hold_dbfs[0] + 20.0).abs() < 0.1,
            "{:?}",
            metering.shown()
        );
        for _ in 0..1000 {
            metering.feed_silence();
        }
        assert_eq!(*metering.shown(), StripMeter::default());
    }
}
