//! The loudness meter of program: ITU-R BS.1770-4, EBU Tech 3341 (momentary, short-term, integrated) and 3342 (range).
//!
//! **Who reckons what.** Integrated loudness with its two gates is that of the `ebur128` crate, with a histogram: after hours
//! it knows as much and takes as long as after a minute. The two windows that slide, 400 ms and 3 s, are ours: the
//! crate adds all samples of a window anew for each reading (135 µs for 3 s, once a second in any case), while 300 powers of
//! blocks are added in a fraction of one. So is the [range](super::range).
//!
//! **True peak** comes from the limiter's own kind of detector, which looks only at blocks that could hold a higher one than
//! the highest so far.
//!
//! Nothing here allocates after `new` (`tests/sound_alloc.rs`).

use ebur128::{EbuR128, Mode};

use super::Stereo;
use super::k_weighting::{KWeighting, lufs};
use super::level::amplitude_to_dbfs;
use super::meter::Loudness;
use super::range::LoudnessRange;
use super::true_peak::{Peaks, TruePeakDetector};
use crate::media::SAMPLE_RATE;

/// Blocks in the two windows.
const MOMENTARY_BLOCKS: usize = 40;
const SHORT_TERM_BLOCKS: usize = 300;

/// Gated readings change every 100 ms, with each gating block.
const GATED_BLOCKS: usize = 10;

/// The absolute gate: what is quieter has no loudness to show.
const ABSOLUTE_GATE_LUFS: f64 = -70.0;

/// Measures program.
pub struct LoudnessMeter {
    /// `None` only if the crate refused two channels at 48 kHz; then gated readings stay empty.
    gated: Option<EbuR128>,
    weighting: KWeighting,
    /// Power of each of the last blocks, a ring.
    powers: Box<[f64; SHORT_TERM_BLOCKS]>,
    at: usize,
    /// Blocks heard since the start.
    heard: usize,
    range: LoudnessRange,
    /// Blocks heard since the last reset, up to the next gated reading.
    since_gated: usize,
    detector: TruePeakDetector,
    /// The highest true peak, as an amplitude.
    highest: f32,
    shown: Loudness,
}

impl LoudnessMeter {
    /// A meter that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            gated: EbuR128::new(2, SAMPLE_RATE, Mode::I | Mode::HISTOGRAM).ok(),
            weighting: KWeighting::default(),
            powers: Box::new([0.0; SHORT_TERM_BLOCKS]),
            at: 0,
            heard: 0,
            range: LoudnessRange::new(),
            since_gated: 0,
            detector: TruePeakDetector::new(),
            highest: 0.0,
            shown: Loudness::default(),
        }
    }

    /// Integrated loudness, range and highest true peak start anew. Momentary and short-term loudness go on: they forget
    /// by themselves.
    pub fn reset(&mut self) {
        if let Some(gated) = &mut self.gated {
            gated.reset();
        }
        self.range.reset();
        self.since_gated = 0;
        self.highest = 0.0;
        self.shown.integrated_lufs = None;
        self.shown.range_lu = None;
        self.shown.true_peak_dbtp = None;
    }

    /// Measures the next block.
    pub fn feed(&mut self, block: &Stereo) {
        self.powers[self.at] = self.weighting.power(&block[0], &block[1]);
        self.at = (self.at + 1) % SHORT_TERM_BLOCKS;
        self.heard = self.heard.saturating_add(1);
        let short_term = self.over(SHORT_TERM_BLOCKS);
        self.shown.momentary_lufs = self.over(MOMENTARY_BLOCKS).and_then(shown_lufs);
        self.shown.short_term_lufs = short_term.and_then(shown_lufs);

        if let Peaks::Found(peaks) = self.detector.process(block, self.highest) {
            let highest = peaks.iter().fold(self.highest, |high, peak| high.max(*peak));
            if highest > self.highest {
                self.highest = highest;
                self.shown.true_peak_dbtp = Some(amplitude_to_dbfs(highest));
            }
        }

        if let Some(gated) = &mut self.gated {
            let channels: [&[f32]; 2] = [&block[0], &block[1]];
            // Its only errors are other modes and other numbers of channels.
            let _ = gated.add_frames_planar_f32(&channels);
        }
        self.since_gated += 1;
        if self.since_gated == GATED_BLOCKS {
            self.since_gated = 0;
            if let Some(power) = short_term {
                self.range.add(power);
            }
            self.shown.range_lu = self.range.range_lu().map(|range| range as f32);
            let integrated = self.gated.as_ref().and_then(|gated| gated.loudness_global().ok());
            self.shown.integrated_lufs = integrated.filter(|lufs| lufs.is_finite()).map(|lufs| lufs as f32);
        }
    }

    /// What to show now.
    #[must_use]
    pub const fn shown(&self) -> Loudness {
        self.shown
    }

    /// The power of the last `blocks`. `None` before there were so many.
    fn over(&self, blocks: usize) -> Option<f64> {
        if self.heard < blocks {
            return None;
        }
        let (behind, before) = self.powers.split_at(self.at);
        let sum: f64 = if blocks <= self.at {
            behind[self.at - blocks..].iter().sum()
        } else {
            let older = blocks - self.at;
            behind.iter().sum::<f64>() + before[before.len() - older..].iter().sum::<f64>()
        };
        Some(sum / blocks as f64)
    }
}

/// Silence has no loudness.
fn shown_lufs(power: f64) -> Option<f32> {
    let level = lufs(power);
    (level >= ABSOLUTE_GATE_LUFS).then_some(level as f32)
}

impl Default for LoudnessMeter {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::BLOCK_FRAMES;
    use crate::sound::SILENCE;

    /// Noise whose level wanders.
    fn wandering(blocks: usize) -> Vec<Stereo> {
        let mut noise = 7_u32;
        (0..blocks)
            .map(|block| {
                let level = 0.05 + 0.3 * (block as f32 / 170.0).sin().abs();
                std::array::from_fn(|channel| {
                    std::array::from_fn(|_| {
                        noise ^= noise << 13;
                        noise ^= noise >> 17;
                        noise ^= noise << 5;
                        level * (noise as f32 / u32::MAX as f32 - 0.5) / (channel + 1) as f32
                    })
                })
            })
            .collect()
    }

    #[test]
    fn the_windows_are_those_of_the_crate() {
        let mut peer = EbuR128::new(2, SAMPLE_RATE, Mode::S).unwrap();
        let mut meter = LoudnessMeter::new();
        for (index, block) in wandering(1000).iter().enumerate() {
            meter.feed(block);
            peer.add_frames_planar_f32(&[&block[0], &block[1]]).unwrap();
            let shown = meter.shown();
            assert_eq!(shown.momentary_lufs.is_some(), index >= 39);
            assert_eq!(shown.short_term_lufs.is_some(), index >= 299);
            for (found, expected) in [
                (shown.momentary_lufs, peer.loudness_momentary()),
                (shown.short_term_lufs, peer.loudness_shortterm()),
            ] {
                let expected = expected.unwrap() as f32;
                assert!(
                    found.is_none_or(|found| (found - expected).abs() < 0.01),
                    "{index}: {found:?} {expected}"
                );
            }
        }
    }

    #[test]
    fn silence_shows_nothing_and_changes_nothing() {
        let mut meter = LoudnessMeter::new();
        for _ in 0..500 {
            meter.feed(&SILENCE);
        }
        assert_eq!(meter.shown(), Loudness::default());
        for block in &wandering(1000) {
            meter.feed(block);
        }
        let before = meter.shown();
        for _ in 0..1000 {
            meter.feed(&SILENCE);
        }
        let shown = meter.shown();
        assert_eq!(shown.momentary_lufs, None);
        assert!((shown.integrated_lufs.unwrap() - before.integrated_lufs.unwrap()).abs() < 0.3);
        assert_eq!(shown.true_peak_dbtp, before.true_peak_dbtp);
    }

    #[test]
    fn a_reset_forgets_what_is_summed_up_and_nothing_else() {
        let mut meter = LoudnessMeter::new();
        let sound = wandering(400);
        for block in &sound {
            meter.feed(block);
        }
        let before = meter.shown();
        meter.reset();
        let after = meter.shown();
        assert_eq!(
            (after.integrated_lufs, after.range_lu, after.true_peak_dbtp),
            (None, None, None)
        );
        assert_eq!(after.momentary_lufs, before.momentary_lufs);
        assert_eq!(after.short_term_lufs, before.short_term_lufs);
        for _ in 0..100 {
            meter.feed(&[[0.25; BLOCK_FRAMES]; 2].map(|samples: [f32; BLOCK_FRAMES]| {
                let mut samples = samples;
                samples.iter_mut().step_by(2).for_each(|sample| *sample = -0.25);
                samples
            }));
        }
        let shown = meter.shown();
        assert!(shown.integrated_lufs.unwrap() > before.integrated_lufs.unwrap());
        assert!(shown.true_peak_dbtp.is_some());
    }
}
