//! What a word sounds like, in numbers that can be compared: mel-frequency cepstra, 100 times a second.
//!
//! Bands are kept as they come in; the rest is done for a span when it is asked for, because the two things that make
//! recordings comparable are known only then: the noise under the span (a low percentile of each band, added to it threefold, so
//! that what lies near it weighs little) and the mean of each coefficient (which takes the microphone and the room out).

use std::collections::VecDeque;
use std::f32::consts::PI;

/// Samples of a window, at 16 kHz.
const WINDOW: usize = 400;
const FFT: usize = 512;
/// Samples from one frame to the next: 10 ms.
pub(super) const HOP: usize = 160;
const BANDS: usize = 26;
/// Coefficients of a frame.
pub(super) const COEFFICIENTS: usize = 12;
/// Where the bands begin and end, in Hz.
const BAND_RANGE: (f32, f32) = (120.0, 6_800.0);
/// Frames that are kept: 30 s, for recordings of sentences that are looked at as a whole.
const KEPT: usize = 3_000;
/// Frames before and behind a span that say what noise and microphone are like.
const BEFORE: i64 = 150;
pub(super) const BEHIND: i64 = 20;
/// Less than this share of the loudest frame's power is no sound at all.
const NOTHING: f32 = 1e-6;
/// The share of frames that are quieter than what is taken for noise.
const NOISE_SHARE: f32 = 0.15;
/// How much the noise is raised by.
const NOISE_WEIGHT: f32 = 3.0;

/// One frame of a span.
pub(super) type Frame = [f32; COEFFICIENTS];

/// The last seconds of sound as bands.
pub(super) struct Features {
    tables: Tables,
    /// The window's samples so far, emphasised.
    line: Vec<f32>,
    last: f32,
    bands: VecDeque<[f32; BANDS]>,
    /// The number of the frame behind the newest.
    next: i64,
}

/// What makes one recording unlike another.
#[derive(Clone, Debug)]
struct Surroundings {
    floor: [f32; BANDS],
    mean: Frame,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self {
            floor: [1.0; BANDS],
            mean: [0.0; COEFFICIENTS],
        }
    }
}

struct Tables {
    hamming: Vec<f32>,
    twiddles: Vec<(f32, f32)>,
    /// For each band: its first bin, and the weights from there.
    mel: Vec<(usize, Vec<f32>)>,
    cosines: Vec<[f32; BANDS]>,
}

impl Tables {
    fn new() -> Self {
        let angle = |k: usize| -2.0 * PI * k as f32 / FFT as f32;
        let mel_of = |hz: f32| 2595.0 * (1.0 + hz / 700.0).log10();
        let (low, high) = (mel_of(BAND_RANGE.0), mel_of(BAND_RANGE.1));
        let edge = |index: usize| {
            let mel = low + (high - low) * index as f32 / (BANDS + 1) as f32;
            700.0 * (10_f32.powf(mel / 2595.0) - 1.0) * FFT as f32 / 16_000.0
        };
        let band = |index: usize| {
            let (start, middle, end) = (edge(index), edge(index + 1), edge(index + 2));
            let (first, last) = (start.ceil() as usize, end.floor() as usize);
            let weight =
                |bin: usize| ((bin as f32 - start) / (middle - start)).min((end - bin as f32) / (end - middle));
            (first, (first..=last).map(|bin| weight(bin).max(0.0)).collect())
        };
        let cosine = |order: usize| {
            // Higher coefficients are smaller, and weigh more for it.
            let lift = (1.0 + 6.0 * (PI * order as f32 / 12.0).sin()) / 4.0 * (2.0 / BANDS as f32).sqrt();
            std::array::from_fn(|at| lift * (PI / BANDS as f32 * order as f32 * (at as f32 + 0.5)).cos())
        };
        Self {
            hamming: (0..WINDOW)
                .map(|at| 0.54 - 0.46 * (2.0 * PI * at as f32 / (WINDOW - 1) as f32).cos())
                .collect(),
            twiddles: (0..FFT / 2).map(|k| (angle(k).cos(), angle(k).sin())).collect(),
            mel: (0..BANDS).map(band).collect(),
            cosines: (1..=COEFFICIENTS).map(cosine).collect(),
        }
    }

    /// The power in each band of one window.
    fn bands(&self, window: &[f32]) -> [f32; BANDS] {
        let mut spectrum = [(0.0_f32, 0.0_f32); FFT];
        for (index, (sample, weight)) in window.iter().zip(&self.hamming).enumerate() {
            let swapped = index.reverse_bits() >> (usize::BITS - FFT.trailing_zeros());
            spectrum[swapped].0 = sample * weight;
        }
        let mut half = 1;
        while half < FFT {
            let stride = FFT / 2 / half;
            for start in (0..FFT).step_by(2 * half) {
                for at in 0..half {
                    let (cos, sin) = self.twiddles[at * stride];
                    let (even, odd) = (spectrum[start + at], spectrum[start + at + half]);
                    let turned = (odd.0 * cos - odd.1 * sin, odd.0 * sin + odd.1 * cos);
                    spectrum[start + at] = (even.0 + turned.0, even.1 + turned.1);
                    spectrum[start + at + half] = (even.0 - turned.0, even.1 - turned.1);
                }
            }
            half *= 2;
        }
        let mut bands = [0.0; BANDS];
        for (band, (first, weights)) in bands.iter_mut().zip(&self.mel) {
            let bins = spectrum[*first..].iter().zip(weights);
            *band = bins.map(|((re, im), weight)| (re * re + im * im) * weight).sum();
        }
        bands
    }
}

impl Tables {
    fn cepstrum(&self, frame: &[f32; BANDS], floor: &[f32; BANDS]) -> Frame {
        let logs: [f32; BANDS] = std::array::from_fn(|band| (frame[band] + floor[band]).ln());
        std::array::from_fn(|order| self.cosines[order].iter().zip(&logs).map(|(cos, log)| cos * log).sum())
    }

    /// What noise and microphone are like, by the frames `around`.
    fn surroundings(&self, mut around: Vec<&[f32; BANDS]>) -> Surroundings {
        let power = |frame: &[f32; BANDS]| frame.iter().sum::<f32>();
        let loudest = around.iter().map(|frame| power(frame)).fold(0.0, f32::max);
        // Without sound there is no microphone to be heard.
        around.retain(|frame| power(frame) >= loudest * NOTHING);
        if around.is_empty() {
            return Surroundings::default();
        }
        let mut surroundings = Surroundings::default();
        let mut column = Vec::with_capacity(around.len());
        for (band, floor) in surroundings.floor.iter_mut().enumerate() {
            column.clear();
            column.extend(around.iter().map(|frame| frame[band]));
            let at = (NOISE_SHARE * (column.len() - 1) as f32) as usize;
            *floor = *column.select_nth_unstable_by(at, f32::total_cmp).1 * NOISE_WEIGHT + 1.0;
        }
        let count = around.len() as f32;
        for frame in around {
            let frame = self.cepstrum(frame, &surroundings.floor);
            for (mean, value) in surroundings.mean.iter_mut().zip(&frame) {
                *mean += value / count;
            }
        }
        surroundings
    }
}

impl Features {
    pub(super) fn new() -> Self {
        Self {
            tables: Tables::new(),
            line: Vec::with_capacity(WINDOW + HOP),
            last: 0.0,
            bands: VecDeque::with_capacity(KEPT),
            next: 0,
        }
    }

    /// Forgets everything: the next sample is the first of frame `next`.
    pub(super) fn reset(&mut self, next: i64) {
        self.line.clear();
        self.bands.clear();
        self.last = 0.0;
        self.next = next;
    }

    /// The next 10 ms. A frame is ready when all of its window is: two calls after that with its first sample.
    pub(super) fn feed(&mut self, samples: &[i16]) {
        for sample in samples {
            let sample = f32::from(*sample);
            self.line.push(sample - 0.97 * self.last);
            self.last = sample;
        }
        while self.line.len() >= WINDOW {
            if self.bands.len() == KEPT {
                self.bands.pop_front();
            }
            self.bands.push_back(self.tables.bands(&self.line[..WINDOW]));
            self.line.drain(..HOP);
            self.next += 1;
        }
    }

    /// The number of the frame behind the newest that is ready.
    pub(super) fn ready(&self) -> i64 {
        self.next
    }

    /// The number of the oldest frame that is kept.
    pub(super) fn oldest(&self) -> i64 {
        self.next - self.bands.len() as i64
    }

    /// The frames from `first` to `end` (which is not among them), as far as they are kept; into `found`, which is emptied.
    pub(super) fn span(&self, first: i64, end: i64, found: &mut Vec<Frame>) {
        found.clear();
        let oldest = self.oldest();
        let place = |frame: i64| (frame.clamp(oldest, self.next) - oldest) as usize;
        let around = self
            .bands
            .range(place(first - BEFORE)..place(end + BEHIND).max(place(first - BEFORE)));
        let surroundings = self.tables.surroundings(around.collect());
        for bands in self.bands.range(place(first)..place(end).max(place(first))) {
            let mut frame = self.tables.cepstrum(bands, &surroundings.floor);
            for (value, mean) in frame.iter_mut().zip(&surroundings.mean) {
                *value -= mean;
            }
            found.push(frame);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f32, samples: usize) -> Vec<i16> {
        (0..samples)
            .map(|at| ((2.0 * PI * hz * at as f32 / 16_000.0).sin() * 8_000.0) as i16)
            .collect()
    }

    #[test]
    fn a_tone_is_loudest_in_its_band() {
        let tables = Tables::new();
        for (band, (first, weights)) in tables.mel.iter().enumerate() {
            let top = (0..weights.len())
                .max_by(|a, b| weights[*a].total_cmp(&weights[*b]))
                .unwrap();
            let hz = (first + top) as f32 * 16_000.0 / FFT as f32;
            let window: Vec<f32> = tone(hz, WINDOW).into_iter().map(f32::from).collect();
            let bands = tables.bands(&window);
            let loudest = (0..BANDS).max_by(|a, b| bands[*a].total_cmp(&bands[*b])).unwrap();
            assert!(loudest.abs_diff(band) <= 1, "{hz} Hz in band {loudest}, not {band}");
        }
    }

    #[test]
    fn the_transform_keeps_the_power() {
        // Parseval: of one click, every bin has the same power.
        let tables = Tables::new();
        let mut window = vec![0.0; WINDOW];
        window[200] = 2.0;
        let weight = tables.hamming[200];
        for (band, power) in tables.bands(&window).iter().enumerate() {
            let expected = 4.0 * weight * weight * tables.mel[band].1.iter().sum::<f32>();
            assert!(
                (power / expected - 1.0).abs() < 1e-3,
                "band {band}: {power}, not {expected}"
            );
        }
    }

    /// Frames `first` to `end` of `sound`.
    fn span(sound: &[i16], first: i64, end: i64) -> Vec<Frame> {
        let (mut features, mut frames) = (Features::new(), Vec::new());
        features.reset(1_000);
        features.feed(sound);
        features.span(1_000 + first, 1_000 + end, &mut frames);
        frames
    }

    fn most_apart(a: &[Frame], b: &[Frame]) -> f32 {
        assert_eq!(a.len(), b.len());
        a.iter()
            .flatten()
            .zip(b.iter().flatten())
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max)
    }

    #[test]
    fn the_level_does_not_matter() {
        let sound: Vec<i16> = [300.0, 900.0, 2_500.0]
            .into_iter()
            .flat_map(|hz| tone(hz, 16_000))
            .collect();
        let soft: Vec<i16> = sound.iter().map(|sample| sample / 8).collect();
        let (loud, soft) = (span(&sound, 50, 150), span(&soft, 50, 150));
        assert_eq!(loud.len(), 100);
        assert!(most_apart(&loud, &soft) < 0.5, "{}", most_apart(&loud, &soft));
    }

    #[test]
    fn silence_before_a_word_does_not_change_it() {
        let word: Vec<i16> = [500.0, 1_500.0].into_iter().flat_map(|hz| tone(hz, 8_000)).collect();
        let late = [vec![0; 32_000], word.clone()].concat();
        let (alone, late) = (span(&word, 20, 70), span(&late, 220, 270));
        assert!(most_apart(&alone, &late) < 1.0, "{}", most_apart(&alone, &late));
    }

    #[test]
    fn what_is_not_kept_is_not_given() {
        assert!(span(&[], 0, 100).is_empty());
        assert!(
            span(&vec![0; HOP * (KEPT + 500)], -50, 100).is_empty(),
            "it is too long ago"
        );
        let frames = span(&vec![0; 16_000], 90, 150);
        assert_eq!(frames.len(), 8);
        assert!(frames.iter().flatten().all(|value| value.is_finite()));
    }
}
