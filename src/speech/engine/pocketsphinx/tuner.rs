//! Tuning: from recordings whose words are known to thresholds, ways to say, and examples.
//!
//! Recordings are heard once, with every way to say every phrase and a very low threshold; what the decoder thinks it spotted is kept with
//! its score and its sound. Then, for each phrase:
//!
//! 1. **Examples.** A recording that holds the phrase has several spans that might be it. What the recordings have in common is the phrase, so
//!    the span is taken that is nearest to spans of other recordings; one that is no nearer to them than to recordings without the phrase is no example.
//! 2. **Distance.** Each recording is compared with the examples of the others; the limit lies between those that hold the phrase and those that do not.
//! 3. **Thresholds.** So high that the decoder alone is wrong in no recording, with a margin. Ways to say that never were the best are dropped.

use super::dictionary::inflected;
use super::examples::{Example, FAR, Scratch};
use super::features::{BEHIND, Features, Frame, HOP};
use super::spotter::{Candidate, Spotter};
use super::tuning::{MOST_EXAMPLES, TunedPhrase, TunedWay, Tuning};
use super::{AROUND, FLOOR, Model, Vocabulary, failed, library};
use crate::media::AudioBlock;
use crate::speech::engine::resample::{Resampler, to_i16};
use crate::speech::{EngineSettings, RecogniserError};

/// Spans that are kept of each recording for each phrase.
const SPANS: usize = 14;
/// Spans of a recording that may be an example.
const CORES: usize = 6;
/// The power in 10 ms, as a share of the loudest, from which on somebody speaks.
const LOUD: f32 = 0.003;
/// How many times the noise it is at least.
const ABOVE_NOISE: f32 = 4.0;
/// Powers of ten between the surest wrong span and the threshold.
const MARGIN: f32 = 10.0;
/// Frames by which an example is longer than what the decoder found, to either side.
const WIDER: i64 = 2;
/// Where the limit lies between the farthest that is right and the nearest that is wrong, as a share of the way.
const BEYOND: f32 = 0.1;
/// Highest threshold.
const HIGHEST: f32 = 49.0;
/// The share of recordings without the phrase that may be nearer to an example than the limit.
const FALSE_SHARE: f32 = 0.002;
/// How far below the nearest wrong span the limit stays at least, as a share of its distance.
const SHY: f32 = 0.96;

/// A span that may be a phrase.
struct Span {
    way: usize,
    score: f32,
    /// With [`AROUND`] frames to either side.
    sound: Vec<Frame>,
    /// What may be an example.
    core: Option<Example>,
}

/// A recording as it was heard.
struct Heard {
    /// Which phrases it holds.
    said: Vec<usize>,
    /// For each phrase, what may be it; the likeliest first.
    spans: Vec<Vec<Span>>,
    /// Its sound.
    frames: Vec<Frame>,
    /// The power of each frame, as a share of the loudest.
    levels: Vec<f32>,
    /// Whether it is the phrase and nothing else.
    is_alone: bool,
}

/// How a phrase does in the recordings that it was tuned with, each compared with the others.
#[derive(Clone, Debug, PartialEq)]
pub struct PhraseReport {
    /// The phrase.
    pub phrase: String,
    /// Recordings that hold it.
    pub said: usize,
    /// In how many of them it was found.
    pub hits: usize,
    /// Recordings that do not hold it.
    pub clean: usize,
    /// In how many of them it was found all the same.
    pub falses: usize,
    /// Examples that were taken.
    pub examples: usize,
}

/// Hears recordings, and finds what to listen for.
pub struct Tuner {
    vocabulary: Vocabulary,
    spotter: Spotter,
    features: Features,
    heard: Vec<Heard>,
}

impl Tuner {
    /// For the phrases and the model of `settings`; an earlier tuning is not looked at.
    ///
    /// # Errors
    /// As [`engine::open`](super::super::open).
    pub fn new(settings: &EngineSettings) -> Result<Self, RecogniserError> {
        let library = library()?;
        let model = Model::find(settings.model.as_deref())?;
        let mut vocabulary = Vocabulary::new(&settings.keywords, &model, &Tuning::default(), Some(FLOOR))?;
        vocabulary.add_accents();
        let spotter = Spotter::new(library, &model.acoustic, vocabulary.ways.clone()).map_err(failed)?;
        Ok(Self {
            vocabulary,
            spotter,
            features: Features::new(),
            heard: Vec::new(),
        })
    }

    /// The phrases that `text` holds, in any inflected form.
    fn said_in(&self, text: &str) -> Vec<usize> {
        let words = words_of(text);
        let holds = |phrase: &str| {
            let phrase: Vec<&str> = phrase.split_whitespace().collect();
            !phrase.is_empty()
                && words.windows(phrase.len()).any(|window| {
                    window
                        .iter()
                        .zip(&phrase)
                        .all(|(word, wanted)| word == wanted || inflected(wanted).iter().any(|form| form == word))
                })
        };
        let phrases = self.vocabulary.phrases.iter().enumerate();
        phrases
            .filter(|(_, phrase)| holds(&phrase.text.to_lowercase()))
            .map(|(index, _)| index)
            .collect()
    }

    /// Hears a recording. `text` is what is said in it. Gives how many of the phrases that is.
    ///
    /// # Errors
    /// The decoder failed.
    pub fn hear(&mut self, sound: &[AudioBlock], text: &str) -> Result<usize, RecogniserError> {
        let mut resampler = Resampler::new();
        let samples: Vec<i16> = sound
            .iter()
            .flat_map(|block| to_i16(&resampler.feed(block), 1.0))
            .collect();
        self.hear_samples(&samples, text)
    }

    fn hear_samples(&mut self, samples: &[i16], text: &str) -> Result<usize, RecogniserError> {
        let said = self.said_in(text);
        let is_alone = said
            .iter()
            .any(|phrase| words_of(text) == words_of(&self.vocabulary.phrases[*phrase].text));
        let mut heard = Heard {
            said,
            is_alone,
            spans: Vec::new(),
            frames: Vec::new(),
            levels: levels_of(samples),
        };
        heard.spans.resize_with(self.vocabulary.phrases.len(), Vec::new);
        let mut candidates = Vec::new();
        let begin = self.spotter.now();
        self.features.reset(begin);
        let end = [[0; HOP]; BEHIND as usize + 3];
        for frame in samples.as_chunks::<HOP>().0.iter().chain(&end) {
            self.features.feed(frame);
            self.spotter.feed(frame, true, &mut candidates).map_err(failed)?;
        }
        self.spotter.part(&mut candidates).map_err(failed)?;
        self.features.span(begin, self.features.ready(), &mut heard.frames);
        for candidate in candidates {
            let Candidate {
                way,
                first,
                last,
                score,
            } = candidate;
            let spans = &mut heard.spans[self.vocabulary.ways[way].phrase];
            let at = spans.partition_point(|span| span.score >= score);
            if at == SPANS {
                continue;
            }
            let (mut sound, mut core) = (Vec::new(), Vec::new());
            self.features.span(first - AROUND, last + 1 + AROUND, &mut sound);
            self.features.span(first - WIDER, last + 1 + WIDER, &mut core);
            let core = Example::of(&core);
            spans.insert(
                at,
                Span {
                    way,
                    score,
                    sound,
                    core,
                },
            );
            spans.truncate(SPANS);
        }
        let count = heard.said.len();
        self.heard.push(heard);
        Ok(count)
    }

    /// What all recordings together say, and how each phrase does in them.
    #[must_use]
    pub fn finish(&self) -> (Tuning, Vec<PhraseReport>) {
        let mut tuning = Tuning {
            engine: Tuning::ENGINE.to_owned(),
            phrases: Vec::new(),
        };
        let mut reports = Vec::new();
        for index in 0..self.vocabulary.phrases.len() {
            let (tuned, report) = self.tune(index);
            tuning.phrases.push(tuned);
            reports.push(report);
        }
        (tuning, reports)
    }

    fn tune(&self, index: usize) -> (TunedPhrase, PhraseReport) {
        let mut scratch = Scratch::default();
        let (with, without): (Vec<&Heard>, Vec<&Heard>) =
            self.heard.iter().partition(|heard| heard.said.contains(&index));
        let (examples, distance) = select(choose(index, &with, &without, &mut scratch), index, &with, &mut scratch);
        // Each recording against the examples of the others, as if it had not been there.
        let own = |at: usize| {
            examples
                .iter()
                .filter(move |(from, _)| *from != at)
                .map(|(_, example)| example)
        };
        let all = || examples.iter().map(|(_, example)| example);
        let near: Vec<f32> = (0..with.len())
            .map(|at| nearest(index, own(at), with[at], &mut scratch))
            .collect();
        let far: Vec<f32> = without
            .iter()
            .map(|heard| nearest(index, all(), heard, &mut scratch))
            .collect();
        let with: Vec<&[Span]> = with.into_iter().map(|heard| heard.spans[index].as_slice()).collect();
        let without: Vec<&[Span]> = without.into_iter().map(|heard| heard.spans[index].as_slice()).collect();
        let thresholds = self.thresholds(index, &with, &without);
        let is_sure = |spans: &[Span]| {
            let sure = |span: &Span| {
                thresholds
                    .iter()
                    .any(|(way, threshold)| *way == span.way && span.score >= *threshold)
            };
            spans.iter().any(sure)
        };
        let count = |spans: &[&[Span]], distances: &[f32]| {
            let found = spans
                .iter()
                .zip(distances)
                .filter(|(spans, nearest)| **nearest <= distance || is_sure(spans));
            found.count()
        };
        let report = PhraseReport {
            phrase: self.vocabulary.phrases[index].text.clone(),
            said: with.len(),
            hits: count(&with, &near),
            clean: without.len(),
            falses: count(&without, &far),
            examples: examples.len(),
        };
        let say = thresholds.iter().map(|(way, threshold)| TunedWay {
            sounds: self.vocabulary.ways[*way].sounds.clone(),
            threshold: *threshold,
        });
        let tuned = TunedPhrase {
            phrase: report.phrase.clone(),
            say: say.collect(),
            distance: if examples.is_empty() { 0.0 } else { distance },
            examples: examples.into_iter().map(|(_, example)| example).collect(),
        };
        (tuned, report)
    }

    /// The ways to say a phrase that are worth listening for, each with its threshold.
    fn thresholds(&self, index: usize, with: &[&[Span]], without: &[&[Span]]) -> Vec<(usize, f32)> {
        let best = |spans: &[Span]| spans.first().map(|span| span.way);
        let mut ways: Vec<usize> = with.iter().filter_map(|spans| best(spans)).collect();
        ways.sort_unstable();
        ways.dedup();
        if ways.is_empty() {
            ways = (0..self.vocabulary.ways.len())
                .filter(|way| self.vocabulary.ways[*way].phrase == index)
                .collect();
        }
        let threshold = |way: usize| {
            let scores = |spans: &[&[Span]]| {
                let all = spans
                    .iter()
                    .flat_map(|spans| spans.iter())
                    .filter(|span| span.way == way);
                all.map(|span| span.score).fold(f32::MIN, f32::max)
            };
            let surest_wrong = scores(without);
            if surest_wrong <= f32::MIN {
                // Nothing was wrong: as for a phrase that was not tuned.
                return super::untuned(&self.vocabulary.ways[way].sounds);
            }
            (surest_wrong + MARGIN).clamp(FLOOR, HIGHEST)
        };
        ways.into_iter()
            .map(|way| (way, (threshold(way) * 10.0).round() / 10.0))
            .collect()
    }
}

/// The words of a text, in lower case.
fn words_of(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric() && c != '\'');
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The power of each frame, as a share of the loudest.
fn levels_of(samples: &[i16]) -> Vec<f32> {
    let power = |frame: &[i16]| frame.iter().map(|sample| f32::from(*sample).powi(2)).sum::<f32>();
    let mut levels: Vec<f32> = samples.chunks(HOP).map(power).collect();
    let loudest = levels.iter().copied().fold(1.0, f32::max);
    for level in &mut levels {
        *level /= loudest;
    }
    levels
}

impl Heard {
    /// How far the nearest of the spans of a phrase is from an example.
    fn distance(&self, phrase: usize, example: &Example, scratch: &mut Scratch) -> f32 {
        let spans = self.spans[phrase].iter();
        spans
            .map(|span| example.distance(&span.sound, scratch).0)
            .fold(FAR, f32::min)
    }

    /// What of a recording of the phrase alone is the phrase: from the first loud frame to the last.
    fn whole(&self) -> Option<Example> {
        let mut sorted = self.levels.clone();
        sorted.sort_by(f32::total_cmp);
        // Well above the noise, if there is any.
        let noise = sorted.get(sorted.len() / 10).copied()?;
        let is_loud = |level: &f32| *level > LOUD.max(noise * ABOVE_NOISE);
        let first = self.levels.iter().position(is_loud)?;
        let last = self.levels.iter().rposition(is_loud)?;
        self.frames
            .get(first..=last.min(self.frames.len().saturating_sub(1)))
            .and_then(Example::of)
    }
}

/// The distance from the nearest of `examples` to the nearest span of a phrase in a recording.
fn nearest<'a>(
    phrase: usize,
    examples: impl Iterator<Item = &'a Example>,
    heard: &Heard,
    scratch: &mut Scratch,
) -> f32 {
    examples
        .map(|example| heard.distance(phrase, example, scratch))
        .fold(FAR, f32::min)
}

/// An example that was found.
struct Chosen {
    /// The number of its recording.
    from: usize,
    example: Example,
    /// How far recordings with the phrase are from it.
    cost: f32,
    /// How far the nearest recording without the phrase is from it.
    wrong: f32,
}

/// Of each recording that holds the phrase, the span that other such recordings have too.
fn choose(phrase: usize, with: &[&Heard], without: &[&Heard], scratch: &mut Scratch) -> Vec<Chosen> {
    let mut chosen: Vec<Chosen> = Vec::new();
    let alone: Vec<Example> = with
        .iter()
        .filter(|heard| heard.is_alone)
        .filter_map(|heard| heard.whole())
        .collect();
    for (at, heard) in with.iter().enumerate() {
        let mut cores: Vec<Example> = Vec::new();
        if heard.is_alone {
            cores.extend(heard.whole());
        } else {
            let spans = heard.spans[phrase].iter().take(CORES);
            cores.extend(spans.filter_map(|span| span.core.clone()));
            // Where the phrase alone lies best.
            let places = alone.iter().map(|example| example.distance(&heard.frames, scratch));
            if let Some((_, first, last)) = places.min_by(|a, b| a.0.total_cmp(&b.0)) {
                cores.extend(Example::of(&heard.frames[first..=last]));
            }
        }
        let mut best: Option<(f32, Example)> = None;
        for core in cores {
            let others = with.iter().enumerate().filter(|(other, _)| *other != at);
            let mut distances: Vec<f32> = others
                .map(|(_, other)| other.distance(phrase, &core, scratch))
                .collect();
            distances.sort_by(f32::total_cmp);
            // The two nearest, which are of the same voice where there are several.
            let Some(cost) = distances.get(1).or(distances.first()).copied() else {
                continue;
            };
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                best = Some((cost, core));
            }
        }
        if let Some((cost, core)) = best {
            let mut wrong: Vec<f32> = without
                .iter()
                .map(|other| other.distance(phrase, &core, scratch))
                .collect();
            wrong.sort_by(f32::total_cmp);
            let tolerated = (wrong.len() as f32 * FALSE_SHARE) as usize;
            let wrong = wrong.get(tolerated).copied().unwrap_or(FAR) * SHY;
            if cost < wrong {
                chosen.push(Chosen {
                    from: at,
                    example: core,
                    cost,
                    wrong,
                });
            }
        }
    }
    chosen.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    chosen.truncate(MOST_EXAMPLES);
    chosen
}

/// The examples and the limit with which most recordings are found, each by examples of others. An example that lies nearer to something else
/// than the limit is left out: one that is badly cut would pull the limit down for all.
fn select(chosen: Vec<Chosen>, phrase: usize, with: &[&Heard], scratch: &mut Scratch) -> (Vec<(usize, Example)>, f32) {
    let mut distances: Vec<Vec<f32>> = Vec::new();
    for heard in with {
        distances.push(
            chosen
                .iter()
                .map(|chosen| heard.distance(phrase, &chosen.example, scratch))
                .collect(),
        );
    }
    let wrong: Vec<(usize, f32)> = chosen.iter().map(|chosen| (chosen.from, chosen.wrong)).collect();
    let distance = limit(&distances, &wrong);
    let kept = chosen
        .into_iter()
        .filter(|chosen| chosen.wrong >= distance)
        .map(|chosen| (chosen.from, chosen.example));
    (kept.collect(), distance)
}

/// The limit for examples of which `distances` says how far each recording is from each, and `wrong` which recording each is of and how
/// far the nearest wrong one is.
fn limit(distances: &[Vec<f32>], wrong: &[(usize, f32)]) -> f32 {
    let near = |limit: f32| {
        let nearest = distances.iter().enumerate().map(move |(at, row)| {
            let usable = row
                .iter()
                .zip(wrong)
                .filter(|(_, (from, wrong))| *from != at && *wrong >= limit);
            usable.map(|(distance, _)| *distance).fold(FAR, f32::min)
        });
        nearest.filter(move |distance| *distance <= limit)
    };
    let mut best = (0, 0.0);
    for (_, limit) in wrong {
        let hits = near(*limit).count();
        if hits > best.0 || (hits == best.0 && *limit > best.1) {
            best = (hits, *limit);
        }
    }
    let most = best.1;
    let farthest = near(most).fold(0.0, f32::max);
    // Within the gap, if there is one; never far beyond what was heard.
    // The fewer were heard, the less is known of how far they go.
    let share = (BEYOND + 1.0 / distances.len().max(1) as f32).min(0.5);
    let middle = farthest + (most.min(farthest * 1.5) - farthest) * share;
    (middle.min(most) * 100.0).floor() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_lies_in_the_gap() {
        // Three recordings, an example of each.
        let distances = [vec![0.0, 1.0, 2.0], vec![1.0, 0.0, 2.0], vec![2.0, 2.0, 0.0]];
        let found = limit(&distances, &[(0, 3.0), (1, 3.0), (2, 3.0)]);
        assert!((found - 2.43).abs() < 0.011, "{found}");
        let found = limit(&distances, &[(0, 3.0), (1, 3.0), (2, 0.5)]);
        assert!((found - 2.43).abs() < 0.011, "one bad example is left out: {found}");
        let found = limit(&distances, &[(0, 1.5), (1, 1.5), (2, 1.5)]);
        assert!(
            (1.0..=1.5).contains(&found),
            "what is farther than something wrong is given up: {found}"
        );
        let found = limit(&distances, &[(0, FAR), (1, FAR), (2, FAR)]);
        assert!(
            found <= 3.0,
            "nothing wrong was heard, and yet not everything is right: {found}"
        );
        assert!(limit(&[], &[]).abs() < 0.01);
    }
}
