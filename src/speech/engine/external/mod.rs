//! Any other engine: a program of the operator's, with sound on its standard input and words on its standard output.
//!
//! It gets 16 kHz mono, signed 16 bits, little endian, and answers with lines of JSON ([`line`]). It is not trusted with time: one that is late
//! holds nobody up, and what it has not judged stays unjudged.

mod line;
mod program;

use std::collections::VecDeque;

use self::line::Line;
use self::program::{Program, Said};
use super::resample::{RATE, Resampler, to_i16};
use crate::media::{AudioBlock, TimeDelta, Timestamp};
use crate::speech::{HeardWord, Recogniser, RecogniserError};

/// Gaps that are remembered until what follows them is final.
const MOST_GAPS: usize = 4096;

/// See the head of this file.
pub(super) struct External {
    name: String,
    program: Program,
    resampler: Resampler,
    /// Samples that it was given.
    given: i64,
    /// From which sample on the content time is counted from where: one for each gap.
    places: VecDeque<(i64, Timestamp)>,
    expected: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl External {
    /// Starts `command`.
    ///
    /// # Errors
    /// It does not start.
    pub(super) fn open(command: &[String]) -> Result<Self, RecogniserError> {
        let path = command.first().map_or("", String::as_str);
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        let program = Program::start(command).map_err(|error| {
            if error.kind() == std::io::ErrorKind::NotFound {
                let remedy = "name a program that is installed, by its whole path".to_owned();
                RecogniserError::Missing {
                    engine: name.clone(),
                    what: path.to_owned(),
                    remedy,
                }
            } else {
                RecogniserError::Unfit {
                    engine: name.clone(),
                    what: path.to_owned(),
                    reason: error.to_string(),
                }
            }
        })?;
        Ok(Self {
            name,
            program,
            resampler: Resampler::new(),
            given: 0,
            places: VecDeque::new(),
            expected: None,
            last: None,
        })
    }

    fn failed(&self, reason: impl Into<String>) -> RecogniserError {
        RecogniserError::Failed {
            engine: self.name.clone(),
            reason: reason.into(),
        }
    }

    /// The content time of so many seconds of sound.
    fn time_of(&self, seconds: f64) -> Timestamp {
        let sample = ((seconds * f64::from(RATE)) as i64).min(self.given);
        let place = self
            .places
            .iter()
            .rev()
            .find(|(first, _)| *first <= sample)
            .or(self.places.front());
        let (first, at) = place.copied().unwrap_or_default();
        at + TimeDelta::from_rate(sample - first, RATE)
    }

    fn take(&mut self, line: Line, words: &mut Vec<HeardWord>) {
        match line {
            Line::Word {
                text,
                from,
                until,
                confidence,
            } => {
                let (from, until) = (self.time_of(from), self.time_of(until));
                words.push(HeardWord {
                    text,
                    from,
                    until,
                    confidence,
                    is_keyword: false,
                });
            }
            Line::Final(seconds) => {
                let time = self.time_of(seconds);
                if self.last.is_none_or(|last| time > last) {
                    self.last = Some(time);
                }
                let sample = (seconds * f64::from(RATE)) as i64;
                while self.places.get(1).is_some_and(|(first, _)| *first <= sample) {
                    self.places.pop_front();
                }
            }
        }
    }
}

impl Recogniser for External {
    fn name(&self) -> &str {
        &self.name
    }

    fn hear(&mut self, block: &AudioBlock, words: &mut Vec<HeardWord>) -> Result<Option<Timestamp>, RecogniserError> {
        if self.expected != Some(block.pts) {
            if self.places.len() == MOST_GAPS {
                return Err(self.failed("it has said nothing final while the sound broke off thousands of times"));
            }
            let delay = TimeDelta::from_rate(Resampler::DELAY as i64, RATE);
            self.places.push_back((self.given, block.pts - delay));
            self.resampler.reset();
        }
        self.expected = Some(block.pts + AudioBlock::duration());
        let samples = to_i16(&self.resampler.feed(block), 1.0);
        self.given += samples.len() as i64;
        let keeps_up = self
            .program
            .feed(samples.iter().flat_map(|sample| sample.to_le_bytes()).collect());
        let (count, before) = (words.len(), self.last);
        while let Some(said) = self.program.said() {
            match said {
                Said::Line(line) => self.take(line, words),
                Said::Ended(reason) => return Err(self.failed(reason)),
            }
        }
        if !keeps_up {
            return Err(self.failed("it does not keep up: 5 s of sound wait for it"));
        }
        words[count..].sort_by_key(|word| word.from);
        Ok(self.last.filter(|_| self.last != before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn open(script: &str) -> External {
        External::open(&["sh".to_owned(), "-c".to_owned(), script.to_owned()]).unwrap()
    }

    /// Feeds blocks until `done`, or for 20 s.
    fn feed_until(
        engine: &mut External,
        mut done: impl FnMut(&Result<Option<Timestamp>, RecogniserError>, &[HeardWord]) -> bool,
    ) {
        let (mut words, start, mut index) = (Vec::new(), Instant::now(), 0);
        while start.elapsed() < Duration::from_secs(20) {
            // The second half second comes an hour later.
            let pts = AudioBlock::time_of(if index < 50 { index } else { index + 360_000 });
            let heard = engine.hear(&AudioBlock::silence(pts), &mut words);
            if done(&heard, &words) {
                return;
            }
            index += 1;
            std::thread::sleep(Duration::from_millis(2));
        }
        panic!("it never came");
    }

    #[test]
    fn words_keep_their_time_over_a_gap() {
        // It answers when it has been given a second.
        let script = r#"head -c 32000 >/dev/null; echo '{"word":"one","from":0.1,"until":0.2}';
            echo '{"word":"two","from":0.6,"until":0.7,"confidence":0.5}'; echo '{"final":0.9}'; exec cat >/dev/null"#;
        let mut engine = open(script);
        assert_eq!(engine.name(), "sh");
        let mut last = None;
        feed_until(&mut engine, |heard, words| {
            last = heard.clone().unwrap().or(last);
            let hour = 3_600_000;
            last.is_some_and(|last| {
                let from: Vec<i64> = words.iter().map(|word| word.from.to_millis()).collect();
                assert!(
                    from[0].abs_diff(100) <= 2 && from[1].abs_diff(hour + 600) <= 2,
                    "{from:?}"
                );
                assert!(last.to_millis().abs_diff(hour + 900) <= 2 && (words[1].confidence - 0.5).abs() < 0.01);
                true
            })
        });
    }

    #[test]
    fn a_program_that_ends_says_why() {
        for (script, reason) in [
            ("echo 'no model' >&2; exit 3", "it ended with code 3: no model"),
            ("echo; echo hello; sleep 60", "line 2 of its output: expected value"),
            ("kill -9 $$", "it was ended by signal 9"),
        ] {
            let mut engine = open(script);
            feed_until(&mut engine, |heard, _| {
                heard.as_ref().is_err_and(|error| {
                    assert!(error.to_string().contains(reason), "{error}");
                    true
                })
            });
        }
    }

    #[test]
    fn a_program_that_does_not_listen_holds_nobody_up() {
        let mut engine = open("sleep 60");
        let mut longest = Duration::ZERO;
        let mut words = Vec::new();
        let error = (0..).find_map(|index| {
            let start = Instant::now();
            let heard = engine.hear(&AudioBlock::silence(AudioBlock::time_of(index)), &mut words);
            longest = longest.max(start.elapsed());
            heard.err()
        });
        assert!(error.unwrap().to_string().contains("does not keep up"));
        assert!(longest < Duration::from_secs(1), "{longest:?}");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = External::open(&["/nowhere/ears".to_owned()]).err().unwrap();
        assert!(error.to_string().contains("ears: /nowhere/ears is missing"), "{error}");
        assert!(External::open(&[]).is_err());
    }
}
