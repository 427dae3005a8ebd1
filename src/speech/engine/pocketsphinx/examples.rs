//! Words as they were said in recordings, and how far from them a span of sound is.
//!
//! The decoder's model knows no voice in particular; a phrase that it is not sure of is compared with examples of the voices that
//! were tuned for. They are aligned by dynamic time warping (Sakoe and Chiba, 1978): each frame of the example finds its place in the
//! span, in order, up to twice as fast; the beginning and the end are free, since the decoder's are rough.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::features::{COEFFICIENTS, Frame};

/// Coefficients are kept in steps of this size.
const STEP: f32 = 1.0 / 12.0;
/// What staying on one frame of the span costs, and skipping one, as shares of that frame's distance.
const STAY: f32 = 1.3;
const SKIPPED: f32 = 0.5;
/// Frames that an example has.
pub(super) const LENGTH: std::ops::RangeInclusive<usize> = 8..=300;

/// A distance that nothing has.
pub(super) const FAR: f32 = 1e9;

/// One example: the frames of a word.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Example {
    frames: Vec<[i8; COEFFICIENTS]>,
}

impl Example {
    /// From the frames of a span; `None` where that is too short or too long for a word.
    pub(super) fn of(frames: &[Frame]) -> Option<Self> {
        let step = |value: f32| (value / STEP).round().clamp(-127.0, 127.0) as i8;
        LENGTH.contains(&frames.len()).then(|| Self {
            frames: frames.iter().map(|frame| frame.map(step)).collect(),
        })
    }

    /// How far the nearest part of `span` is from it, per frame, with the first and the last frame of that part.
    pub(super) fn distance(&self, span: &[Frame], scratch: &mut Scratch) -> (f32, usize, usize) {
        let width = span.len();
        if width == 0 {
            return (FAR, 0, 0);
        }
        scratch.resize(width);
        for (row, frame) in self.frames.iter().enumerate() {
            let frame = frame.map(|value| f32::from(value) * STEP);
            for (place, other) in scratch.local.iter_mut().zip(span) {
                *place = frame
                    .iter()
                    .zip(other)
                    .map(|(a, b)| (a - b) * (a - b))
                    .sum::<f32>()
                    .sqrt();
            }
            if row == 0 {
                scratch.costs.copy_from_slice(&scratch.local);
                scratch
                    .starts
                    .iter_mut()
                    .enumerate()
                    .for_each(|(at, start)| *start = at);
                continue;
            }
            // From right to left, so that what is read is still of the row before.
            for at in (0..width).rev() {
                let local = scratch.local[at];
                let mut best = (scratch.costs[at] + STAY * local, scratch.starts[at]);
                if at >= 1 && scratch.costs[at - 1] + local < best.0 {
                    best = (scratch.costs[at - 1] + local, scratch.starts[at - 1]);
                }
                if at >= 2 {
                    let cost = scratch.costs[at - 2] + SKIPPED * scratch.local[at - 1] + local;
                    if cost < best.0 {
                        best = (cost, scratch.starts[at - 2]);
                    }
                }
                (scratch.costs[at], scratch.starts[at]) = best;
            }
        }
        let end = (0..width)
            .min_by(|a, b| scratch.costs[*a].total_cmp(&scratch.costs[*b]))
            .unwrap_or(0);
        (scratch.costs[end] / self.frames.len() as f32, scratch.starts[end], end)
    }
}

/// Memory for [`Example::distance`], used again and again.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    local: Vec<f32>,
    costs: Vec<f32>,
    starts: Vec<usize>,
}

impl Scratch {
    fn resize(&mut self, width: usize) {
        self.local.resize(width, 0.0);
        self.costs.resize(width, 0.0);
        self.starts.resize(width, 0);
    }
}

impl From<Example> for String {
    fn from(example: Example) -> Self {
        let bytes: Vec<u8> = example
            .frames
            .iter()
            .flatten()
            .map(|value| value.cast_unsigned())
            .collect();
        STANDARD.encode(bytes)
    }
}

impl TryFrom<String> for Example {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let bytes = STANDARD
            .decode(text)
            .map_err(|error| format!("an example that cannot be read: {error}"))?;
        let (frames, rest) = bytes.as_chunks::<COEFFICIENTS>();
        if !rest.is_empty() || !LENGTH.contains(&frames.len()) {
            return Err(format!("an example of {} bytes", bytes.len()));
        }
        Ok(Self {
            frames: frames.iter().map(|frame| frame.map(u8::cast_signed)).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn word(seed: u32, frames: usize) -> Vec<Frame> {
        let value = |frame: usize, order: usize| ((frame as f32 * 0.21 + order as f32 * seed as f32).sin()) * 3.0;
        (0..frames)
            .map(|frame| std::array::from_fn(|order| value(frame, order)))
            .collect()
    }

    #[test]
    fn a_word_is_found_in_a_longer_span_faster_and_slower() {
        let example = Example::of(&word(2, 40)).unwrap();
        let mut scratch = Scratch::default();
        let within = |middle: Vec<Frame>| [word(9, 20), middle, word(7, 15)].concat();
        let (same, first, last) = example.distance(&within(word(2, 40)), &mut scratch);
        assert!(
            same < 0.2 && first.abs_diff(20) <= 2 && last.abs_diff(59) <= 2,
            "{same} from {first} to {last}"
        );
        let slow: Vec<Frame> = word(2, 40)
            .into_iter()
            .flat_map(|frame| [frame, frame])
            .step_by(1)
            .collect();
        let fast: Vec<Frame> = word(2, 40).into_iter().step_by(2).collect();
        let (slow, ..) = example.distance(&within(slow), &mut scratch);
        let (fast, ..) = example.distance(&within(fast), &mut scratch);
        let (other, ..) = example.distance(&within(word(5, 40)), &mut scratch);
        assert!(
            slow < other / 2.0 && fast < other / 2.0,
            "slow {slow}, fast {fast}, another {other}"
        );
        assert!(example.distance(&[], &mut scratch).0 >= FAR);
    }

    #[test]
    fn what_is_written_is_read() {
        let example = Example::of(&word(3, 30)).unwrap();
        let text = String::from(example.clone());
        assert_eq!(text.len(), 480);
        assert_eq!(Example::try_from(text).unwrap(), example);
        assert!(Example::of(&word(3, 3)).is_none());
        assert!(Example::try_from("AAAA".to_owned()).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_an_example_or_refused(text in ".{0,300}") {
            let _ = Example::try_from(text);
        }
    }
}
