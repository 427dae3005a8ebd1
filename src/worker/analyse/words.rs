//! The analyser that speech is moderated by: a [`Recogniser`] writes down what is said, a [`Judge`] holds it against the lists.
//!
//! What the recogniser has settled is stamped, and nothing else: while there is none, or it has failed, sound is not judged
//! and does not leave the hold. A recogniser that failed is opened anew after a pause.

use super::analyser::{Analyser, Wants};
use super::finding::{Finding, Opening};
use crate::media::{AudioBlock, TimeDelta, Timestamp};
use crate::speech::{EngineSettings, HeardWord, Judge, JudgeSettings, Recogniser, RecogniserError, WordVerdict};

/// The first pause, in ms, before a recogniser that failed is opened anew; doubled up to the longest.
const FIRST_PAUSE_MS: i64 = 1000;

/// The longest such pause, in ms.
const LONGEST_PAUSE_MS: i64 = 30_000;

/// What opens a recogniser.
type Open = fn(&EngineSettings) -> Result<Box<dyn Recogniser>, RecogniserError>;

/// Listens and judges.
pub(super) struct Words {
    settings: EngineSettings,
    lists: JudgeSettings,
    judge: Judge,
    open: Open,
    recogniser: Option<Box<dyn Recogniser>>,
    not_before: Option<Timestamp>,
    pause: TimeDelta,
    words: Vec<HeardWord>,
    verdicts: Vec<WordVerdict>,
}

impl Words {
    /// As `opening` asks for it, if it does.
    pub fn boxed(opening: &Opening) -> Option<Box<dyn Analyser>> {
        let settings = opening.settings.words.as_ref()?;
        let open = crate::speech::engine::open;
        Some(Box::new(Self::new(
            settings.engine.clone(),
            settings.judge.clone(),
            open,
        )))
    }

    fn new(settings: EngineSettings, lists: JudgeSettings, open: Open) -> Self {
        Self {
            settings,
            judge: Judge::new(&lists),
            lists,
            open,
            recogniser: None,
            not_before: None,
            pause: TimeDelta::from_millis(FIRST_PAUSE_MS),
            words: Vec::new(),
            verdicts: Vec::new(),
        }
    }

    /// Opens the recogniser if it may be tried.
    fn reopen(&mut self, now: Timestamp, found: &mut Vec<Finding>) {
        if self.not_before.is_some_and(|not_before| now < not_before) {
            return;
        }
        match (self.open)(&self.settings) {
            Ok(recogniser) => {
                found.push(Finding::Listening {
                    engine: recogniser.name().to_owned(),
                });
                self.recogniser = Some(recogniser);
            }
            Err(error) => self.fail(now, &error, found),
        }
    }

    fn fail(&mut self, now: Timestamp, error: &RecogniserError, found: &mut Vec<Finding>) {
        self.recogniser = None;
        // A phrase does not go on over a hole.
        self.judge = Judge::new(&self.lists);
        self.not_before = Some(now + self.pause);
        let seconds = self.pause.as_secs_f64();
        found.push(Finding::Deaf {
            reason: format!("{error}; tried again in {seconds:.0} s"),
        });
        let longest = TimeDelta::from_millis(LONGEST_PAUSE_MS);
        self.pause = (self.pause + self.pause).min(longest);
    }
}

impl Analyser for Words {
    fn name(&self) -> &'static str {
        "words"
    }

    fn wants(&self) -> Wants {
        Wants {
            pictures_per_second: 0,
            sound: true,
        }
    }

    fn listen(&mut self, block: &AudioBlock, found: &mut Vec<Finding>) -> Option<Timestamp> {
        if self.recogniser.is_none() {
            self.reopen(block.pts, found);
        }
        let recogniser = self.recogniser.as_mut()?;
        self.words.clear();
        match recogniser.hear(block, &mut self.words) {
            Ok(settled) => {
                self.verdicts.clear();
                let judged = match settled {
                    Some(settled) => {
                        // It works: the next failure is a new one.
                        self.pause = TimeDelta::from_millis(FIRST_PAUSE_MS);
                        Some(self.judge.judge_until(&self.words, settled, &mut self.verdicts))
                    }
                    None => {
                        self.judge.judge(&self.words, &mut self.verdicts);
                        None
                    }
                };
                if !self.words.is_empty() || !self.verdicts.is_empty() {
                    found.push(Finding::Words {
                        words: std::mem::take(&mut self.words),
                        verdicts: std::mem::take(&mut self.verdicts),
                    });
                }
                judged
            }
            Err(error) => {
                self.fail(block.pts, &error, found);
                None
            }
        }
    }

    fn is_deaf(&self) -> bool {
        self.recogniser.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::super::registry::Registry;
    use super::*;
    use crate::speech::{ListedWord, Severity, WordList};

    /// Hears "damn" every second, settles what is half a second old, and fails at 3 s and whenever it is opened before 6 s.
    struct Parrot;

    impl Recogniser for Parrot {
        fn name(&self) -> &'static str {
            "parrot"
        }

        fn hear(
            &mut self,
            block: &AudioBlock,
            words: &mut Vec<HeardWord>,
        ) -> Result<Option<Timestamp>, RecogniserError> {
            let ms = block.pts.to_millis();
            if (3000..6000).contains(&ms) {
                return Err(RecogniserError::Failed {
                    engine: "parrot".to_owned(),
                    reason: "moults".to_owned(),
                });
            }
            let settled = block.pts - TimeDelta::from_millis(500);
            if ms % 1000 == 0 {
                words.push(HeardWord {
                    text: "damn".to_owned(),
                    from: settled,
                    until: settled + TimeDelta::from_millis(300),
                    confidence: 1.0,
                    is_keyword: false,
                });
            }
            Ok(Some(settled))
        }
    }

    fn lists() -> JudgeSettings {
        let word = ListedWord {
            severity: Severity::Beep,
            ..ListedWord::new("damn")
        };
        JudgeSettings {
            lists: vec![WordList {
                name: "en".to_owned(),
                language: "en".to_owned(),
                words: vec![word],
                ..WordList::default()
            }],
            ..JudgeSettings::default()
        }
    }

    #[test]
    fn what_was_said_while_nobody_listened_is_never_stamped() {
        let words = Words::new(EngineSettings::default(), Judge::new(&lists()), |_| {
            Ok(Box::new(Parrot))
        });
        let mut registry = Registry::of(vec![Box::new(words)]);
        let mut found = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for index in 0..1000 {
            registry.listen(&AudioBlock::silence(AudioBlock::time_of(index)), &mut found);
            for stamp in registry.stamps() {
                seen.extend(stamp.from.to_millis() / 10..=stamp.until.to_millis() / 10);
            }
        }
        assert!(seen.contains(&0) && seen.contains(&248));
        // From where it had settled when it failed until it was opened again after 1, 2 and 4 s, nothing.
        assert!(
            (255..1000).all(|index| !seen.contains(&index) || index >= 600),
            "{seen:?}"
        );
        assert!(seen.contains(&930));
        let verdicts = found.iter().filter_map(|finding| match finding {
            Finding::Words { verdicts, .. } => verdicts.first(),
            _ => None,
        });
        let verdicts: Vec<_> = verdicts.collect();
        assert_eq!(verdicts[0].severity, Severity::Beep);
        assert_eq!(verdicts[0].until - verdicts[0].from, TimeDelta::from_millis(460));
        let deaf = found.iter().filter(|finding| matches!(finding, Finding::Deaf { .. }));
        assert_eq!(deaf.count(), 3);
    }
}
