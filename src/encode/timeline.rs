//! From blocks to frames: what AAC and Opus need alike before they can code, and when each frame sounds.
//!
//! **Time.** Sample `k` that a decoder makes of a packet sounds at the packet's PTS + `k`. A codec's delay is taken off each
//! PTS, after padding it to whole frames, so that the first packet starts exactly where the first block does. Packets that
//! would lie before that hold silence and are left out. PTS are counted in samples of the coded rate from the start of the
//! stretch: whole numbers, exact in flicks for both rates, so nothing drifts however long the show.
//!
//! **Gaps.** Lost blocks up to one second become silence. After a longer gap, and where time goes back by more than that,
//! the codec is emptied with silence and the timeline starts anew at the next block (one packet of silence before it, so
//! that nothing fades in). A block that comes twice or late is left out. All are counted.
//!
//! Mono is summed first, then 44.1 kHz is made where it is wanted, then samples are rounded to 16 bit.

use super::EncodeError;
use super::audio::{AudioRate, Channels, to_i16};
use super::resample::Resampler;
use crate::media::{AudioBlock, BLOCK_FRAMES, SAMPLE_RATE, TimeDelta, Timestamp};

/// The longest gap that is filled with silence, in samples at 48 kHz: 1 s.
const MAX_GAP: i64 = SAMPLE_RATE as i64;

/// How often the timeline of the blocks was not what it should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimelineStats {
    /// Samples of silence put in for lost blocks, at 48 kHz.
    pub filled_samples: u64,
    /// Times that the timeline started anew after a long gap.
    pub restarts: u64,
    /// Blocks left out because their time had been coded already.
    pub late_blocks: u64,
}

/// What frames are cut for.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameShape {
    pub rate: AudioRate,
    pub channels: Channels,
    /// Samples per channel in a frame.
    pub samples: usize,
    /// By how many samples the codec's output is late.
    pub delay: usize,
}

/// One full frame for the codec.
pub(super) struct Frame<'a> {
    /// Interleaved.
    pub samples: &'a [i16],
    /// When what the codec now puts out sounds.
    pub pts: Timestamp,
    /// Whether the packet is wanted, or lies before all sound.
    pub is_kept: bool,
}

/// Cuts blocks into frames.
pub(super) struct Timeline {
    shape: FrameShape,
    resampler: Option<Resampler>,
    framer: Framer,
    /// One block, interleaved and summed as asked for.
    block: Box<[f32]>,
    /// When the next sample to come in sounds, at 48 kHz; `None` before the first block.
    next_in: Option<i64>,
    stats: TimelineStats,
}

/// The frame that is being filled, and its place in the stretch.
struct Framer {
    rate: u32,
    frame: Box<[i16]>,
    /// Values (not samples per channel) in the frame.
    filled: usize,
    /// When the first block of the stretch sounds.
    start: Timestamp,
    /// Packets whose content starts before this, in samples from the start, are not wanted.
    keep_from: i64,
    /// Where the next packet's content starts, likewise.
    next_out: i64,
    samples: i64,
}

impl Timeline {
    /// `None` where there is no resampler to be had for the rate.
    pub fn new(shape: FrameShape) -> Option<Self> {
        let channels = shape.channels.count();
        let resampler = match shape.rate {
            AudioRate::Hz48000 => None,
            AudioRate::Hz44100 => Some(Resampler::new(channels)?),
        };
        Some(Self {
            shape,
            resampler,
            framer: Framer {
                rate: shape.rate.hz(),
                frame: vec![0; shape.samples * channels].into_boxed_slice(),
                filled: 0,
                start: Timestamp::ZERO,
                keep_from: 0,
                next_out: 0,
                samples: shape.samples as i64,
            },
            block: vec![0.0; BLOCK_FRAMES * channels].into_boxed_slice(),
            next_in: None,
            stats: TimelineStats::default(),
        })
    }

    /// What was amiss with the blocks so far.
    pub const fn stats(&self) -> TimelineStats {
        self.stats
    }

    /// Takes one block and has each frame that became full coded; time goes on whatever becomes of one frame.
    ///
    /// # Errors
    /// The first that `code` gave.
    pub fn code_block(
        &mut self,
        block: &AudioBlock,
        code: &mut impl FnMut(&Frame<'_>) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let mut result = Ok(());
        self.push(block, &mut |frame| note(&mut result, code(&frame)));
        result
    }

    /// Has coded what is left, padded with silence, so that the last block is heard to its end. The next block starts anew.
    ///
    /// # Errors
    /// The first that `code` gave.
    pub fn code_rest(
        &mut self,
        code: &mut impl FnMut(&Frame<'_>) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let mut result = Ok(());
        self.finish(&mut |frame| note(&mut result, code(&frame)));
        result
    }

    /// Takes one block; hands each frame that became full to `code`.
    fn push(&mut self, block: &AudioBlock, code: &mut impl FnMut(Frame<'_>)) {
        if !self.align(block.pts, code) {
            return;
        }
        let [left, right] = &block.channels;
        match self.shape.channels {
            Channels::Mono => {
                for ((out, left), right) in self.block.iter_mut().zip(left).zip(right) {
                    *out = 0.5 * (left + right);
                }
            }
            Channels::Stereo => {
                for ((out, left), right) in self.block.chunks_exact_mut(2).zip(left).zip(right) {
                    out[0] = *left;
                    out[1] = *right;
                }
            }
        }
        self.push_in(BLOCK_FRAMES, code);
    }

    /// Hands what is left to `code`.
    fn finish(&mut self, code: &mut impl FnMut(Frame<'_>)) {
        if self.next_in.take().is_none() {
            return;
        }
        let framer = &mut self.framer;
        if let Some(resampler) = &mut self.resampler {
            resampler.finish(&mut |samples: &[f32]| framer.push(samples, code));
        }
        let delay = self.shape.delay.next_multiple_of(self.shape.samples);
        let to_frame_end = (framer.frame.len() - framer.filled) % framer.frame.len();
        framer.push_silence(to_frame_end + delay * self.shape.channels.count(), code);
    }

    /// Makes the time of the next sample that of the block, or says that the block is to be left out.
    fn align(&mut self, pts: Timestamp, code: &mut impl FnMut(Frame<'_>)) -> bool {
        let at = pts.to_48k();
        if let Some(next_in) = self.next_in {
            let gap = at - next_in;
            if (0..=MAX_GAP).contains(&gap) {
                self.stats.filled_samples += gap as u64;
                self.fill(gap as usize, code);
                return true;
            }
            if (-MAX_GAP..0).contains(&gap) {
                self.stats.late_blocks += 1;
                return false;
            }
            self.stats.restarts += 1;
            self.finish(code);
        }
        // Whether the codec is new or was emptied by `finish`, a frame begins here and only silence is inside. With the
        // padding in front, the packets that cover this silence end where the block starts.
        let FrameShape { samples, delay, .. } = self.shape;
        let padded = delay.next_multiple_of(samples);
        let lead = if self.stats.restarts == 0 { 0 } else { samples as i64 };
        self.next_in = Some(at);
        self.framer.start = pts;
        self.framer.keep_from = -lead;
        self.framer.next_out = -(padded as i64);
        self.framer
            .push_silence((padded - delay) * self.shape.channels.count(), code);
        true
    }

    /// Takes so many samples of silence at 48 kHz.
    fn fill(&mut self, samples: usize, code: &mut impl FnMut(Frame<'_>)) {
        self.block.fill(0.0);
        let mut left = samples;
        while left > 0 {
            let count = left.min(BLOCK_FRAMES);
            self.push_in(count, code);
            left -= count;
        }
    }

    /// Takes the first `samples` of the block that was made ready.
    fn push_in(&mut self, samples: usize, code: &mut impl FnMut(Frame<'_>)) {
        let framer = &mut self.framer;
        let values = &self.block[..samples * self.shape.channels.count()];
        if let Some(next_in) = &mut self.next_in {
            *next_in += samples as i64;
        }
        match &mut self.resampler {
            None => framer.push(values, code),
            Some(resampler) => resampler.push(values, &mut |samples: &[f32]| framer.push(samples, code)),
        }
    }
}

impl Framer {
    fn push(&mut self, values: &[f32], code: &mut impl FnMut(Frame<'_>)) {
        let mut rest = values;
        while !rest.is_empty() {
            let count = rest.len().min(self.frame.len() - self.filled);
            for (out, value) in self.frame[self.filled..].iter_mut().zip(&rest[..count]) {
                *out = to_i16(*value);
            }
            rest = &rest[count..];
            self.advance(count, code);
        }
    }

    fn push_silence(&mut self, values: usize, code: &mut impl FnMut(Frame<'_>)) {
        let mut left = values;
        while left > 0 {
            let count = left.min(self.frame.len() - self.filled);
            self.frame[self.filled..][..count].fill(0);
            left -= count;
            self.advance(count, code);
        }
    }

    /// Counts values that were put into the frame, and hands the frame on when it is full.
    fn advance(&mut self, values: usize, code: &mut impl FnMut(Frame<'_>)) {
        self.filled += values;
        if self.filled < self.frame.len() {
            return;
        }
        self.filled = 0;
        let at = self.next_out;
        self.next_out += self.samples;
        code(Frame {
            samples: &self.frame,
            pts: self.start + TimeDelta::from_rate(at, self.rate),
            is_kept: at >= self.keep_from,
        });
    }
}

/// Keeps the first error of several frames.
fn note(result: &mut Result<(), EncodeError>, new: Result<(), EncodeError>) {
    if result.is_ok() {
        *result = new;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `blocks` blocks, and gives for each frame its PTS and whether it is kept.
    fn run(shape: FrameShape, first: i64, blocks: i64) -> Vec<(Timestamp, bool)> {
        let mut timeline = Timeline::new(shape).unwrap();
        let mut frames = Vec::new();
        let mut block = AudioBlock::silence(Timestamp::ZERO);
        for index in first..first + blocks {
            block.pts = AudioBlock::time_of(index);
            timeline.push(&block, &mut |frame| frames.push((frame.pts, frame.is_kept)));
        }
        assert_eq!(timeline.stats(), TimelineStats::default());
        frames
    }

    #[test]
    fn after_an_hour_the_last_packet_is_where_the_first_said_it_would_be() {
        const HOUR: i64 = 360_000;
        for (rate, channels, samples, delay) in [
            (AudioRate::Hz44100, Channels::Mono, 1024, 1600),
            (AudioRate::Hz48000, Channels::Stereo, 1024, 1600),
            (AudioRate::Hz48000, Channels::Stereo, 960, 312),
        ] {
            let shape = FrameShape {
                rate,
                channels,
                samples,
                delay,
            };
            let first = 123_457;
            let frames = run(shape, first, HOUR);
            let start = AudioBlock::time_of(first);
            let kept: Vec<Timestamp> = frames.iter().filter(|frame| frame.1).map(|frame| frame.0).collect();
            for (n, pts) in kept.iter().enumerate() {
                let wanted = start + TimeDelta::from_rate((n * samples) as i64, rate.hz());
                assert_eq!(*pts, wanted, "packet {n}");
            }
            // As many frames came out as samples went in: nothing is left behind but the codec's delay, the resampler's
            // 30 ms and a frame that is not full.
            let end = start + TimeDelta::from_millis(HOUR * 10);
            let behind = end - *kept.last().unwrap();
            let most = TimeDelta::from_rate((delay + 2 * samples) as i64, rate.hz()) + TimeDelta::from_millis(30);
            assert!(behind < most, "{} ms behind", behind.to_millis());
        }
    }

    #[test]
    fn what_lies_before_the_first_block_is_not_kept() {
        let shape = FrameShape {
            rate: AudioRate::Hz48000,
            channels: Channels::Stereo,
            samples: 960,
            delay: 312,
        };
        let frames = run(shape, 0, 4);
        assert_eq!(frames, [(Timestamp::from_millis(-20), false), (Timestamp::ZERO, true)]);
    }
}
