//! Whether anything is heard: the idea of ffmpeg's silencedetect, block by block.

use super::Stereo;
use super::level::{db_to_factor, peak};
use crate::media::{AudioBlock, Spell, TimeDelta, Timestamp, Turn};

/// Below this peak, in dBFS, nothing is heard: the noise of a quiet room through a microphone is louder.
pub(super) const QUIET_DBFS: f32 = -60.0;

/// Blocks further apart than this have others between them that were not heard here.
const LONGEST_STEP_MS: i64 = 250;

/// Tells when sound has been silent for long, and when it is heard again.
#[derive(Clone, Debug)]
pub struct SilenceWatch {
    spell: Spell,
    quiet: f32,
}

impl SilenceWatch {
    /// Tells silence that lasts `needed`.
    #[must_use]
    pub fn new(needed: TimeDelta) -> Self {
        Self {
            spell: Spell::new(needed, TimeDelta::from_millis(LONGEST_STEP_MS)),
            quiet: db_to_factor(QUIET_DBFS),
        }
    }

    /// Goes on with a silence that has been told: its end will be.
    #[must_use]
    pub fn resume(mut self, since: Timestamp) -> Self {
        self.spell = self.spell.resume(since);
        self
    }

    /// The next block.
    pub fn listen(&mut self, block: &AudioBlock) -> Option<Turn> {
        self.spell.note(block.pts, is_quiet(&block.channels, self.quiet))
    }
}

/// Whether both channels stay below `quiet`. What is no number is no sound.
pub(super) fn is_quiet(block: &Stereo, quiet: f32) -> bool {
    block.iter().all(|samples| peak(samples) < quiet)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(index: i64, left: f32, right: f32) -> AudioBlock {
        let mut block = AudioBlock::silence(AudioBlock::time_of(index));
        for (samples, amplitude) in block.channels.iter_mut().zip([left, right]) {
            for (n, sample) in samples.iter_mut().enumerate() {
                *sample = amplitude * (std::f32::consts::TAU * n as f32 / 48.0).sin();
            }
        }
        block
    }

    #[test]
    fn quiet_means_both_channels_below_minus_60() {
        let quiet = db_to_factor(QUIET_DBFS);
        for (left, right, expected) in [
            (0.0, 0.0, true),
            (0.0009, 0.0009, true),
            (0.0011, 0.0, false),
            (0.0, 0.0011, false),
            (0.5, 0.5, false),
            (f32::NAN, 0.0, true),
            (f32::INFINITY, 0.0, false),
        ] {
            assert_eq!(
                is_quiet(&tone(0, left, right).channels, quiet),
                expected,
                "{left} {right}"
            );
        }
        // One sample is enough.
        let mut click = AudioBlock::silence(Timestamp::ZERO);
        click.channels[1][479] = -0.002;
        assert!(!is_quiet(&click.channels, quiet));
    }

    #[test]
    fn silence_is_told_after_its_time_and_its_end_at_once() {
        let mut watch = SilenceWatch::new(TimeDelta::from_millis(500));
        let mut told = Vec::new();
        for index in 0..300 {
            let level = if (100..200).contains(&index) { 0.0005 } else { 0.1 };
            told.extend(watch.listen(&tone(index, level, level)).map(|turn| (index, turn)));
        }
        let (since, until) = (Timestamp::from_millis(1000), Timestamp::from_millis(2000));
        assert_eq!(
            told,
            [(150, Turn::Began { since }), (200, Turn::Ended { since, until })]
        );
    }

    #[test]
    fn blocks_that_were_not_heard_are_not_counted_as_silent() {
        let mut watch = SilenceWatch::new(TimeDelta::from_millis(500));
        let told = (0..45)
            .chain(75..120)
            .find_map(|index| watch.listen(&tone(index, 0.0, 0.0)));
        assert_eq!(told, None);
    }
}
