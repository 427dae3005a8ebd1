//! The analyser that speech is moderated by: a [`Recogniser`] writes down what is said, a [`Judge`] holds it against the lists.
//!
//! What the recogniser has settled is stamped, and nothing else. Once it has failed, sound is not judged and does not leave the
//! hold: [`Finding::Deaf`] has the worker replaced by one that can open a recogniser, which this one cannot behind its fence.

use super::analyser::{Analyser, Wants};
use super::finding::Finding;
use crate::media::{AudioBlock, Timestamp};
use crate::speech::{HeardWord, Judge, Recogniser, WordVerdict, WordsSettings, engine};

/// Listens and judges.
pub(super) struct Words {
    judge: Judge,
    /// None once it has failed.
    recogniser: Option<Box<dyn Recogniser>>,
    is_told: bool,
    /// What the recogniser has settled last.
    settled: Option<Timestamp>,
    heard: Vec<HeardWord>,
    verdicts: Vec<WordVerdict>,
}

impl Words {
    /// As `settings` ask for it. Opens models and programs, so it must be made before the worker shuts itself in.
    ///
    /// # Errors
    /// Why nobody can listen, and what to do about it.
    pub fn boxed(settings: &WordsSettings) -> Result<Box<dyn Analyser>, String> {
        let recogniser = engine::open(&settings.engine).map_err(|error| error.to_string())?;
        Ok(Box::new(Self::new(recogniser, Judge::new(&settings.judge))))
    }

    fn new(recogniser: Box<dyn Recogniser>, judge: Judge) -> Self {
        Self {
            judge,
            recogniser: Some(recogniser),
            is_told: false,
            settled: None,
            heard: Vec::new(),
            verdicts: Vec::new(),
        }
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
        let recogniser = self.recogniser.as_mut()?;
        if !std::mem::replace(&mut self.is_told, true) {
            found.push(Finding::Listening {
                engine: recogniser.name().to_owned(),
            });
        }
        self.heard.clear();
        let settled = match recogniser.hear(block, &mut self.heard) {
            Ok(settled) => settled,
            Err(error) => {
                self.recogniser = None;
                found.push(Finding::Deaf {
                    reason: error.to_string(),
                });
                return None;
            }
        };
        self.verdicts.clear();
        self.settled = settled.or(self.settled);
        // Where nothing is settled yet there is nothing to judge by: words that come all the same are judged at once.
        let judged = if let Some(settled) = self.settled {
            Some(self.judge.judge_until(&self.heard, settled, &mut self.verdicts))
        } else {
            self.judge.judge(&self.heard, &mut self.verdicts);
            None
        };
        if !self.heard.is_empty() || !self.verdicts.is_empty() {
            found.push(Finding::Words {
                words: std::mem::take(&mut self.heard),
                verdicts: std::mem::take(&mut self.verdicts),
            });
        }
        judged
    }

    fn is_deaf(&self) -> bool {
        self.recogniser.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::super::registry::Registry;
    use super::*;
    use crate::media::TimeDelta;
    use crate::speech::{JudgeSettings, ListedWord, RecogniserError, Severity, WordList};

    /// Hears "damn" every second, settles what is half a second old, and fails at 3 s.
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
            if ms >= 3000 {
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
        let words = Words::new(Box::new(Parrot), Judge::new(&lists()));
        let mut registry = Registry::of(vec![Box::new(words)]);
        let mut found = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for index in 0..1000 {
            registry.listen(&AudioBlock::silence(AudioBlock::time_of(index)), &mut found);
            for stamp in registry.stamps() {
                seen.extend(stamp.from.to_millis() / 10..=stamp.until.to_millis() / 10);
            }
        }
        assert!(seen.contains(&0) && seen.contains(&240), "{seen:?}");
        // From where it had settled when it failed, nothing.
        assert!(seen.iter().all(|index| *index < 250), "{seen:?}");
        assert!(matches!(&found[0], Finding::Listening { engine } if engine == "parrot"));
        let verdicts = found.iter().filter_map(|finding| match finding {
            Finding::Words { verdicts, .. } => verdicts.first(),
            _ => None,
        });
        let verdicts: Vec<_> = verdicts.collect();
        assert_eq!(verdicts[0].severity, Severity::Beep);
        assert_eq!(verdicts[0].until - verdicts[0].from, TimeDelta::from_millis(460));
        let deaf = found.iter().filter(|finding| matches!(finding, Finding::Deaf { .. }));
        assert_eq!(deaf.count(), 1);
    }
}
