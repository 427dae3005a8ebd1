//! The test pattern: a picture and a sound from which anyone can measure what became of them on the way.
//!
//! - Frame number *n* is program tick *n*, so numbers show gaps and doubles. It is burnt in twice: as text, and as 24
//!   black and white cells at the bottom edge ([`number`]) that survive encoding.
//! - With `has_flash`, each second starts with one white frame and a beep whose first sample has that frame's PTS.
//! - The rest is a steady tone and a marker that moves, over a background that is drawn once and then copied.

mod background;
pub mod number;
mod tone;

use super::attempt::{Paced, Progress};
use super::outlet::Outlet;
use super::spec::{PatternSpec, SourceAudio, SourceFormat, SourceState, SourceVideo};
use super::{SourceContext, SourceError};
use crate::media::{AudioBlock, FrameMut, FrameRate, Plane, SAMPLE_RATE, TimeDelta, Timestamp, VideoFrame};
use crate::picture::text::draw_text;

/// How far ahead of the clock pictures are made, so that a machine that stands still for less is not seen in them.
const VIDEO_LEAD_MS: i64 = 200;

/// How far ahead of the clock sound is made.
const SOUND_LEAD_MS: i64 = 200;

/// From the order to start until the first frame.
const START_LEAD_MS: i64 = 40;

/// White, black and the colour of text, as RGB.
const INK: [u8; 3] = [235, 235, 235];
const PAPER: [u8; 3] = [16, 16, 16];

/// Luma of white in limited range.
const WHITE: u8 = 235;

/// The test pattern of one program.
pub struct Pattern {
    frame_rate: FrameRate,
    background: VideoFrame,
    label: String,
    has_flash: bool,
    tone: tone::Tone,
    /// The next frame and the next block to make; `None` before the first call of `advance`.
    next: Option<(i64, i64)>,
}

impl Pattern {
    /// The pattern as `spec` wants it, in the size and rate of the program. `name` is its label where it has none.
    #[must_use]
    pub fn new(spec: &PatternSpec, name: &str, context: &SourceContext) -> Self {
        let pool = crate::media::FramePool::new();
        let mut background = pool.frame(context.width, context.height);
        background::draw(&mut background, spec.style);
        Self {
            frame_rate: context.frame_rate,
            background: background.freeze(Timestamp::ZERO),
            label: spec.label.clone().unwrap_or_else(|| name.to_owned()),
            has_flash: spec.has_flash,
            tone: tone::Tone::new(spec, context.frame_rate),
            next: None,
        }
    }

    /// Whether frame `index` is one of the white ones: the first of each second.
    #[must_use]
    pub fn is_flash(&self, index: i64) -> bool {
        self.has_flash && index.rem_euclid(frames_per_second(self.frame_rate)) == 0
    }

    /// Draws frame `index` on `frame`, which must have the size of the program.
    pub fn draw(&self, index: i64, frame: &mut FrameMut) {
        if self.is_flash(index) {
            frame.fill([WHITE, 128, 128]);
        } else {
            for plane in [Plane::Y, Plane::U, Plane::V] {
                frame.plane_mut(plane).copy_from_slice(self.background.plane(plane));
            }
            self.draw_marker(index, frame);
        }
        let scale = (frame.height() / 240).max(1);
        let (x, y) = (scale as i32 * 8, (frame.height() / 12) as i32);
        let time = self.frame_rate.frame_time(index);
        let text = format!("{time}\nFRAME {index}\n{}", self.label);
        draw_text(frame, x, y, scale, &text, INK, Some(PAPER));
        number::draw(frame, index);
    }

    /// A white bar on a black band that crosses the picture in four seconds.
    fn draw_marker(&self, index: i64, frame: &mut FrameMut) {
        let (width, height) = (i64::from(frame.width()), i64::from(frame.height()));
        let period = frames_per_second(self.frame_rate) * 4;
        let size = (width / 40).max(2) & !1;
        let left = (index.rem_euclid(period) * (width - size) / period) & !1;
        let (top, bottom) = ((height * 52 / 100) & !1, (height * 58 / 100) & !1);
        for (plane, half, band, bar) in [
            (Plane::Y, 1, 16, WHITE),
            (Plane::U, 2, 128, 128),
            (Plane::V, 2, 128, 128),
        ] {
            let stride = frame.stride(plane);
            let rows = (top / half) as usize..(bottom / half) as usize;
            let columns = (left / half) as usize..((left + size) / half) as usize;
            let bytes = frame.plane_mut(plane);
            for row in bytes.chunks_exact_mut(stride).take(rows.end).skip(rows.start) {
                row.fill(band);
                row[columns.clone()].fill(bar);
            }
        }
    }
}

/// Frames after which the pattern counts a new second: exact for whole rates, 30 for 29.97.
fn frames_per_second(rate: FrameRate) -> i64 {
    (rate.as_f64().round() as i64).max(1)
}

impl Paced for Pattern {
    fn advance(&mut self, now: Timestamp, outlet: &mut Outlet) -> Result<Progress, SourceError> {
        let (mut frame, mut block) = self.next.unwrap_or_else(|| {
            let start = now + TimeDelta::from_millis(START_LEAD_MS);
            (self.frame_rate.frame_at(start) + 1, AudioBlock::index_at(start) + 1)
        });
        // After a sleep of the machine, what nobody will see any more is not made.
        frame = frame.max(self.frame_rate.frame_at(now) - 1);
        block = block.max(AudioBlock::index_at(now) - 1);
        while self.frame_rate.frame_time(frame) <= now + TimeDelta::from_millis(VIDEO_LEAD_MS)
            && outlet.has_video_room(now)
        {
            let mut picture = outlet.pool().frame(self.background.width(), self.background.height());
            self.draw(frame, &mut picture);
            outlet.push_video(picture.freeze(self.frame_rate.frame_time(frame)));
            frame += 1;
        }
        while AudioBlock::time_of(block) <= now + TimeDelta::from_millis(SOUND_LEAD_MS) {
            outlet.sound().write_block(&self.tone.block(block));
            block += 1;
        }
        self.next = Some((frame, block));
        outlet.set_format(SourceFormat {
            video: Some(SourceVideo::new(
                self.background.width(),
                self.background.height(),
                self.frame_rate.as_f64(),
            )),
            audio: Some(SourceAudio::new(SAMPLE_RATE, 2)),
        });
        outlet.set_state(SourceState::Live);
        Ok(Progress::More)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::source::Intake;

    fn context(frame_rate: FrameRate) -> SourceContext {
        SourceContext {
            clock: Clock::start(),
            width: 640,
            height: 360,
            frame_rate,
            pool: crate::media::FramePool::new(),
        }
    }

    /// Three seconds of the pattern, as a studio would fetch them.
    fn three_seconds(rate: FrameRate, spec: &PatternSpec) -> (Vec<VideoFrame>, Vec<AudioBlock>) {
        let context = context(rate);
        let (mut outlet, intake) = Outlet::new(context.clone(), std::sync::Arc::new(|_| ()));
        let Intake {
            mut video, mut sound, ..
        } = intake;
        let mut ring = sound.take().unwrap();
        let mut pattern = Pattern::new(spec, "test", &context);
        let (mut frames, mut blocks) = (Vec::new(), Vec::new());
        let mut tick = rate.frame_at(Timestamp::from_millis(1_000));
        for ms in (500..4_000).step_by(10) {
            let now = Timestamp::from_millis(ms);
            pattern.advance(now, &mut outlet).unwrap();
            blocks.extend(std::iter::from_fn(|| ring.pop().ok()));
            while rate.frame_time(tick) <= now {
                frames.extend(video.frame_at(rate.frame_time(tick)));
                tick += 1;
            }
        }
        (frames, blocks)
    }

    fn mean(frame: &VideoFrame) -> f64 {
        let luma = frame.plane(Plane::Y);
        luma.iter().map(|v| f64::from(*v)).sum::<f64>() / luma.len() as f64
    }

    #[test]
    fn frame_numbers_are_ticks_and_the_beep_starts_with_the_flash() {
        for (num, den) in [(30, 1), (25, 1), (60, 1), (30_000, 1001)] {
            let rate = FrameRate::new(num, den).unwrap();
            let (frames, blocks) = three_seconds(
                rate,
                &PatternSpec {
                    tone_hz: None,
                    ..PatternSpec::default()
                },
            );
            assert!(frames.len() as f64 > 2.9 * rate.as_f64());
            let mut flashes = 0;
            for (at, frame) in frames.iter().enumerate() {
                let index = rate.frame_at(Timestamp::from_millis(1_000)) + at as i64;
                assert_eq!(number::read(frame), Some(index as u32), "frame {at} at {rate}");
                assert_eq!(frame.pts, rate.frame_time(index));
                let is_flash = index % frames_per_second(rate) == 0;
                assert_eq!(
                    mean(frame) > 200.0,
                    is_flash,
                    "frame {index} at {rate}: mean {}",
                    mean(frame)
                );
                if is_flash {
                    flashes += 1;
                    let sample = frame.pts.to_48k();
                    let near: Vec<f32> = blocks
                        .iter()
                        .filter(|block| (block.pts.to_48k() - sample).abs() <= 960)
                        .flat_map(|block| block.channels[0])
                        .collect();
                    let first = blocks
                        .iter()
                        .find(|block| (block.pts.to_48k() - sample).abs() <= 960)
                        .unwrap();
                    let onset = near.iter().position(|s| s.abs() > 1e-6).unwrap() as i64 + first.pts.to_48k();
                    // The first sample of a sine is zero; the second is heard.
                    assert_eq!(onset, sample + 1, "{rate}");
                }
            }
            assert!(flashes >= 2, "{rate}");
        }
    }

    #[test]
    fn the_tone_is_continuous_and_as_loud_as_asked() {
        let spec = PatternSpec {
            has_flash: false,
            tone_hz: Some(440.0),
            level_dbfs: -20.0,
            ..PatternSpec::default()
        };
        let (_, blocks) = three_seconds(FrameRate::whole(30), &spec);
        assert!(
            blocks
                .windows(2)
                .all(|pair| pair[1].pts - pair[0].pts == AudioBlock::duration())
        );
        let line: Vec<f32> = blocks.iter().flat_map(|block| block.channels[1]).collect();
        let peak = line.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
        assert!((20.0 * peak.log10() + 20.0).abs() < 0.1);
        let steepest = line
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs())
            .fold(0.0, f32::max);
        assert!(steepest < 0.1 * 440.0 * std::f32::consts::TAU / 48_000.0 * 1.01);
    }

    #[test]
    fn patterns_with_other_labels_look_different() {
        let context = context(FrameRate::whole(30));
        let draw = |name| {
            let mut frame = crate::media::FramePool::new().frame(640, 360);
            Pattern::new(&PatternSpec::default(), name, &context).draw(7, &mut frame);
            frame.freeze(Timestamp::ZERO)
        };
        assert_ne!(draw("one").plane(Plane::Y), draw("two").plane(Plane::Y));
    }

    #[test]
    fn after_a_sleep_the_past_is_not_made_up_for() {
        let context = context(FrameRate::whole(30));
        let (mut outlet, mut intake) = Outlet::new(context.clone(), std::sync::Arc::new(|_| ()));
        let mut pattern = Pattern::new(&PatternSpec::default(), "test", &context);
        pattern.advance(Timestamp::ZERO, &mut outlet).unwrap();
        pattern.advance(Timestamp::from_millis(3_600_000), &mut outlet).unwrap();
        let frame = intake.video.frame_at(Timestamp::from_millis(3_600_000)).unwrap();
        assert_eq!(number::read(&frame), Some(108_000));
        assert!(pattern.next.unwrap().0 < 108_010);
    }
}
