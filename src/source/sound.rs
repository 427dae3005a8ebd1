//! The way of sound from a source to the mixer: any rate, any channels, any time → blocks on the 10 ms grid.
//!
//! A [`SoundWriter`] joins what it is given into stretches. Within a stretch samples follow each other without a seam,
//! whatever small jitter their timestamps have; where time really jumps, a new stretch starts at its own place, the
//! hole is silent, an overlap is cut. Live stretches are held on the clock by [`DriftControl`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::drift::DriftControl;
use super::resample::Converter;
use crate::media::{AudioBlock, BLOCK_FRAMES, TimeDelta, Timestamp};

/// Blocks in the ring: one second.
pub const RING_BLOCKS: usize = 100;

/// Jumps of timestamps below this are jitter in a file (rounding to the millisecond, edit lists).
const PACED_JITTER_MS: i64 = 5;

/// The same for live sources, whose error is resampled away.
const LIVE_JITTER_MS: i64 = 60;

/// A hole up to this long is filled with silence; after a longer one blocks simply start again later.
const FILLED_FRAMES: i64 = 48_000 / 2;

/// Channels a source may have.
pub const MAX_CHANNELS: usize = 8;

/// Both ends of the way. The ring holds one second; what does not fit is dropped, and counted once somebody reads.
#[must_use]
pub fn sound_queue() -> (SoundWriter, SoundReader) {
    let (producer, consumer) = rtrb::RingBuffer::new(RING_BLOCKS);
    let tally = Arc::new(Tally::default());
    let writer = SoundWriter {
        grid: Grid {
            producer,
            block: AudioBlock::silence(Timestamp::ZERO),
            next: None,
            tally: Arc::clone(&tally),
        },
        stretch: None,
        stereo: Vec::new(),
    };
    let reader = SoundReader {
        consumer: Some(consumer),
        tally,
    };
    (writer, reader)
}

#[derive(Debug, Default)]
struct Tally {
    is_read: AtomicBool,
    dropped: AtomicU64,
}

/// The mixer's end, until the sound thread takes the ring itself.
pub struct SoundReader {
    consumer: Option<rtrb::Consumer<AudioBlock>>,
    tally: Arc<Tally>,
}

impl SoundReader {
    /// The ring, once. From now on blocks that find it full count as dropped.
    pub fn take(&mut self) -> Option<rtrb::Consumer<AudioBlock>> {
        self.tally.is_read.store(true, Ordering::Relaxed);
        self.consumer.take()
    }
}

/// The source's end.
pub struct SoundWriter {
    grid: Grid,
    stretch: Option<Stretch>,
    /// Scratch for the mixdown, kept for its memory.
    stereo: Vec<f32>,
}

struct Stretch {
    converter: Converter,
    /// Where the next frame that comes out of the converter belongs, in 48 kHz frames.
    cursor: i64,
    control: DriftControl,
    is_live: bool,
}

impl SoundWriter {
    /// Adds interleaved `samples` of `channels` channels at `rate` Hz, the first of which sounds at `pts`. Surround is
    /// mixed down to stereo (ITU-R BS.775), mono goes to both sides. Rates outside of [`super::resample::RATES`] and more
    /// than [`MAX_CHANNELS`] channels are ignored: whoever opened the stream has refused them already.
    pub fn write(&mut self, pts: Timestamp, rate: u32, channels: usize, samples: &[f32]) {
        self.add(pts, rate, channels, samples, false);
    }

    /// The same for a source that has its own clock: what drifts is resampled.
    pub fn write_live(&mut self, pts: Timestamp, rate: u32, channels: usize, samples: &[f32]) {
        self.add(pts, rate, channels, samples, true);
    }

    /// Adds a block that is on the grid already.
    pub fn write_block(&mut self, block: &AudioBlock) {
        self.end_stretch();
        let mut stereo = [0.0; BLOCK_FRAMES * 2];
        for (at, pair) in stereo.as_chunks_mut::<2>().0.iter_mut().enumerate() {
            *pair = [block.channels[0][at], block.channels[1][at]];
        }
        self.grid.put(block.pts.to_48k(), &stereo);
    }

    /// Ends the stretch: what is still in the resampler comes out, and the last block is padded with silence.
    pub fn finish(&mut self) {
        self.end_stretch();
        self.grid.pad();
    }

    /// The time up to which sound has been written; `None` before the first.
    #[must_use]
    pub fn written_until(&self) -> Option<Timestamp> {
        let next = self.grid.next?;
        let owed = self.stretch.as_ref().map_or(0.0, |stretch| stretch.converter.owed());
        Some(Timestamp::from_48k(next + owed.round() as i64))
    }

    /// The time up to which whole blocks are in the ring; `None` before the first sound. What is written less far ahead of the mixer
    /// than a block comes too late.
    #[must_use]
    pub fn ready_until(&self) -> Option<Timestamp> {
        let next = self.grid.next?;
        Some(AudioBlock::time_of(next.div_euclid(BLOCK_FRAMES as i64)))
    }

    /// Blocks dropped so far because the ring was full.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.grid.tally.dropped.load(Ordering::Relaxed)
    }

    fn add(&mut self, pts: Timestamp, rate: u32, channels: usize, samples: &[f32], is_live: bool) {
        if channels == 0 || channels > MAX_CHANNELS || samples.len() < channels {
            return;
        }
        let frames = samples.len() / channels;
        let mut stereo = std::mem::take(&mut self.stereo);
        mix_down(channels, samples, &mut stereo);
        let limit = TimeDelta::from_millis(if is_live { LIVE_JITTER_MS } else { PACED_JITTER_MS });
        let fits = self.stretch.as_ref().is_some_and(|stretch| {
            stretch.is_live == is_live && stretch.converter.rate() == rate && stretch.error(pts).abs() < limit
        });
        if !fits {
            self.end_stretch();
            self.stretch = Converter::new(rate, is_live).map(|converter| Stretch {
                converter,
                // Half a sample up, so that times which were rounded down land where they were meant.
                cursor: pts.to_rate(96_000).saturating_add(1).div_euclid(2),
                control: DriftControl::default(),
                is_live,
            });
        }
        if let Some(stretch) = &mut self.stretch {
            if is_live {
                let elapsed = TimeDelta::from_rate(frames as i64, rate);
                let correction = stretch.control.update(stretch.error(pts), elapsed);
                stretch.converter.set_correction(correction);
            }
            let (grid, cursor) = (&mut self.grid, &mut stretch.cursor);
            stretch.converter.push(&stereo, |ready| {
                grid.put(*cursor, ready);
                *cursor += (ready.len() / 2) as i64;
            });
        }
        self.stereo = stereo;
    }

    fn end_stretch(&mut self) {
        if let Some(mut stretch) = self.stretch.take() {
            let (grid, cursor) = (&mut self.grid, &mut stretch.cursor);
            stretch.converter.finish(|ready| {
                grid.put(*cursor, ready);
                *cursor += (ready.len() / 2) as i64;
            });
        }
    }
}

impl Stretch {
    /// How much later than they are about to land samples that sound at `pts` should.
    fn error(&self, pts: Timestamp) -> TimeDelta {
        let lands = Timestamp::from_48k(self.cursor) + TimeDelta::from_secs_f64(self.converter.owed() / 48_000.0);
        pts - lands
    }
}

/// Interleaved in, interleaved stereo out. Orders of three and more channels are those of ITU-R BS.2051 and of every
/// container at hand: L R C, L R Ls Rs, L R C Ls Rs, L R C LFE Ls Rs, and with two more at the sides.
fn mix_down(channels: usize, samples: &[f32], stereo: &mut Vec<f32>) {
    const HALF: f32 = std::f32::consts::FRAC_1_SQRT_2;
    stereo.clear();
    let frames = samples.chunks_exact(channels);
    match channels {
        1 => stereo.extend(frames.flat_map(|frame| [frame[0], frame[0]])),
        2 => stereo.extend_from_slice(&samples[..samples.len() / 2 * 2]),
        4 => stereo.extend(frames.flat_map(|f| [f[0] + HALF * f[2], f[1] + HALF * f[3]])),
        _ => stereo.extend(frames.flat_map(|f| {
            let centre = HALF * f[2];
            let (mut left, mut right) = (f[0] + centre, f[1] + centre);
            // Five channels have no LFE; six and more have it fourth, and it is left out.
            let surround = if channels == 5 { 3 } else { 4 };
            for pair in f.get(surround..).unwrap_or_default().chunks(2) {
                left += HALF * pair[0];
                right += HALF * pair.get(1).copied().unwrap_or(pair[0]);
            }
            [left, right]
        })),
    }
}

/// Cuts a line of samples into blocks.
struct Grid {
    producer: rtrb::Producer<AudioBlock>,
    block: AudioBlock,
    /// The frame after the last one that was put. All of `block` from there on is silent.
    next: Option<i64>,
    tally: Arc<Tally>,
}

impl Grid {
    /// Puts interleaved stereo so that its first frame is frame `start` of the studio clock.
    fn put(&mut self, start: i64, stereo: &[f32]) {
        let next = *self.next.get_or_insert_with(|| {
            self.block = AudioBlock::silence(AudioBlock::time_of(start.div_euclid(BLOCK_FRAMES as i64)));
            start
        });
        if start > next {
            self.skip_to(start, start - next <= FILLED_FRAMES);
        }
        let overlap = usize::try_from(next.saturating_sub(start).max(0)).unwrap_or(usize::MAX);
        for frame in stereo.as_chunks::<2>().0.iter().skip(overlap) {
            self.put_frame(*frame);
        }
    }

    fn put_frame(&mut self, [left, right]: [f32; 2]) {
        let Some(next) = self.next else { return };
        let at = next.rem_euclid(BLOCK_FRAMES as i64) as usize;
        self.block.channels[0][at] = left;
        self.block.channels[1][at] = right;
        self.next = Some(next + 1);
        if at + 1 == BLOCK_FRAMES {
            self.send();
        }
    }

    /// Moves on to frame `start` without sound; blocks in between are sent where `is_filled`.
    fn skip_to(&mut self, start: i64, is_filled: bool) {
        let target = start.div_euclid(BLOCK_FRAMES as i64);
        let Some(next) = self.next else { return };
        let mut index = next.div_euclid(BLOCK_FRAMES as i64);
        if index < target && next.rem_euclid(BLOCK_FRAMES as i64) > 0 {
            self.send();
            index += 1;
        }
        while is_filled && index < target {
            self.block = AudioBlock::silence(AudioBlock::time_of(index));
            self.send();
            index += 1;
        }
        if index < target {
            self.block = AudioBlock::silence(AudioBlock::time_of(target));
        }
        self.next = Some(start);
    }

    /// Sends the begun block, if there is one. What has been sent stays sent: nothing starts before its end.
    fn pad(&mut self) {
        if let Some(next) = self.next
            && next.rem_euclid(BLOCK_FRAMES as i64) > 0
        {
            self.send();
            self.next = Some((next.div_euclid(BLOCK_FRAMES as i64) + 1) * BLOCK_FRAMES as i64);
        }
    }

    fn send(&mut self) {
        let following = AudioBlock::index_at(self.block.pts) + 1;
        if self.producer.push(self.block).is_err() && self.tally.is_read.load(Ordering::Relaxed) {
            self.tally.dropped.fetch_add(1, Ordering::Relaxed);
        }
        self.block = AudioBlock::silence(AudioBlock::time_of(following));
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // What is copied must arrive as it was.
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn blocks(consumer: &mut rtrb::Consumer<AudioBlock>) -> Vec<AudioBlock> {
        std::iter::from_fn(|| consumer.pop().ok()).collect()
    }

    fn pair() -> (SoundWriter, rtrb::Consumer<AudioBlock>) {
        let (writer, mut reader) = sound_queue();
        let consumer = reader.take().unwrap();
        (writer, consumer)
    }

    /// All left samples from frame `start` on, holes as zeros.
    fn line(blocks: &[AudioBlock], start: i64) -> Vec<f32> {
        let mut line = Vec::new();
        for block in blocks {
            line.resize((block.pts.to_48k() - start) as usize, 0.0);
            line.extend_from_slice(&block.channels[0]);
        }
        line
    }

    #[test]
    fn sound_may_start_in_the_middle_of_a_block() {
        let (mut writer, mut consumer) = pair();
        writer.write(Timestamp::from_millis(1_003), 48_000, 2, &[0.5; 480 * 2]);
        writer.finish();
        let got = blocks(&mut consumer);
        assert_eq!(got.len(), 2);
        assert_eq!(got[0].pts, Timestamp::from_millis(1_000));
        assert!(got[0].channels[0][..144].iter().all(|s| *s == 0.0));
        assert!(got[0].channels[1][144..].iter().all(|s| *s == 0.5));
        assert!(got[1].channels[0][..144].iter().all(|s| *s == 0.5));
        assert!(got[1].channels[0][144..].iter().all(|s| *s == 0.0));
    }

    #[test]
    fn jitter_is_absorbed_gaps_are_silent_overlaps_are_cut() {
        let (mut writer, mut consumer) = pair();
        let ms = Timestamp::from_millis;
        writer.write(ms(0), 48_000, 1, &[0.1; 480]);
        writer.write(ms(12), 48_000, 1, &[0.2; 480]); // 2 ms late: follows without a seam
        writer.write(ms(50), 48_000, 1, &[0.3; 480]); // 30 ms of nothing
        writer.write(ms(40), 48_000, 1, &[0.4; 960]); // 20 ms back: only its end is new
        writer.write(ms(60), 48_000, 1, &[0.5; 480]);
        let got = blocks(&mut consumer);
        let line: Vec<f32> = line(&got, 0)
            .chunks(480)
            .map(|block| {
                assert!(block.iter().all(|s| *s == block[0]));
                block[0]
            })
            .collect();
        assert_eq!(line, [0.1, 0.2, 0.0, 0.0, 0.0, 0.3, 0.5]);
    }

    #[test]
    fn after_a_long_hole_blocks_start_again_later() {
        let (mut writer, mut consumer) = pair();
        writer.write(Timestamp::from_millis(0), 48_000, 1, &[0.1; 500]);
        writer.write(Timestamp::from_millis(3_600_000), 48_000, 1, &[0.2; 480]);
        let times: Vec<i64> = blocks(&mut consumer).iter().map(|b| b.pts.to_millis()).collect();
        assert_eq!(times, [0, 10, 3_600_000]);
    }

    #[test]
    fn a_full_ring_counts_only_once_somebody_reads() {
        let (mut writer, mut reader) = sound_queue();
        writer.write(Timestamp::ZERO, 48_000, 1, &vec![0.1; 480 * 120]);
        assert_eq!(writer.dropped(), 0);
        let _consumer = reader.take();
        writer.write(Timestamp::from_millis(1_200), 48_000, 1, &[0.1; 480 * 3]);
        assert_eq!(writer.dropped(), 3);
    }

    #[test]
    fn surround_is_mixed_down() {
        let half = std::f32::consts::FRAC_1_SQRT_2;
        for (channels, frame, wanted) in [
            (1, vec![0.5], [0.5, 0.5]),
            (2, vec![0.5, 0.25], [0.5, 0.25]),
            (3, vec![0.0, 0.0, 1.0], [half, half]),
            (4, vec![0.1, 0.2, 1.0, 0.0], [0.1 + half, 0.2]),
            (5, vec![0.0, 0.0, 0.0, 1.0, 0.0], [half, 0.0]),
            (6, vec![0.0, 0.0, 0.0, 9.0, 1.0, 0.0], [half, 0.0]),
            (7, vec![0.0, 0.0, 0.0, 9.0, 0.0, 1.0, 0.0], [0.0, half]),
            (8, vec![0.0, 0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 1.0], [0.0, half]),
        ] {
            let mut stereo = Vec::new();
            mix_down(channels, &frame, &mut stereo);
            if channels == 7 {
                // The single back channel goes to both sides; it is silent here.
                assert_eq!(stereo.len(), 2);
            }
            assert_eq!(stereo, wanted, "{channels} channels");
        }
    }

    proptest! {
        #[test]
        fn blocks_ascend_on_the_grid_whatever_is_written(
            writes in proptest::collection::vec((-2_000i64..20_000, 0usize..12, 0usize..3_000, any::<bool>(), 0usize..5), 1..30),
        ) {
            let (mut writer, mut consumer) = pair();
            let mut last: Option<Timestamp> = None;
            for (ms, channels, samples, is_live, rate) in writes {
                let rate = [48_000, 44_100, 8_000, 96_000, 3][rate];
                let samples = vec![0.25; samples];
                if is_live {
                    writer.write_live(Timestamp::from_millis(ms), rate, channels, &samples);
                } else {
                    writer.write(Timestamp::from_millis(ms), rate, channels, &samples);
                }
                for block in blocks(&mut consumer) {
                    prop_assert_eq!(block.pts.to_48k() % 480, 0);
                    prop_assert!(last.is_none_or(|last| block.pts > last));
                    last = Some(block.pts);
                }
            }
        }
    }
}
