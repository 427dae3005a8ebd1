//! What tuning has found: how each phrase is said in the recordings it heard, and how sure the decoder has to be.
//!
//! ```toml
//! engine = "pocketsphinx"
//!
//! [[phrase]]
//! phrase = "bloody hell"
//! say = [
//!   { sounds = "B L AH D IY HH EH L", threshold = -23.5 },
//! ]
//! distance = 2.4
//! examples = ["…"]
//! ```
//!
//! It is written by `rigcast words tune`, read here, and may be changed by hand.

use serde::{Deserialize, Serialize};

use super::examples::Example;

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tuning {
    /// Whose thresholds these are: `pocketsphinx`. Those of another engine would mean nothing.
    pub engine: String,
    /// One for each phrase.
    #[serde(default, rename = "phrase")]
    pub phrases: Vec<TunedPhrase>,
}

/// What was found for a phrase.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TunedPhrase {
    /// As in the list.
    pub phrase: String,
    /// The ways to say it that are listened for.
    pub say: Vec<TunedWay>,
    /// How near to an example a span has to be of which the decoder is less sure than that.
    #[serde(default)]
    pub distance: f32,
    /// The phrase as it was said in recordings.
    #[serde(default)]
    pub examples: Vec<Example>,
}

/// One way to say a phrase.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TunedWay {
    /// ARPAbet, separated by spaces.
    pub sounds: String,
    /// How many powers of ten likelier than other sounds it has to be.
    pub threshold: f32,
}

/// Most examples of a phrase: each is compared with whatever might be it.
pub(super) const MOST_EXAMPLES: usize = 40;

/// Lowest and highest threshold that means something.
const RANGE: std::ops::RangeInclusive<f32> = -200.0..=50.0;

impl Tuning {
    /// The engine whose tuning this is.
    pub const ENGINE: &str = "pocketsphinx";

    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it, with the line where that is known.
    pub fn read(text: &str) -> Result<Self, String> {
        let tuning: Self = toml::from_str(text).map_err(|error| error.to_string().trim().to_owned())?;
        if tuning.engine != Self::ENGINE {
            return Err(format!("it is for \"{}\", not for {}", tuning.engine, Self::ENGINE));
        }
        for phrase in &tuning.phrases {
            if phrase.say.is_empty() {
                return Err(format!("\"{}\" has no way to be said", phrase.phrase));
            }
            if phrase.examples.len() > MOST_EXAMPLES {
                let count = phrase.examples.len();
                return Err(format!(
                    "\"{}\" has {count} examples; at most {MOST_EXAMPLES} are compared",
                    phrase.phrase
                ));
            }
            for way in &phrase.say {
                super::dictionary::read_say(&way.sounds).map_err(|error| format!("\"{}\": {error}", phrase.phrase))?;
                if !RANGE.contains(&way.threshold) {
                    let (phrase, threshold) = (&phrase.phrase, way.threshold);
                    return Err(format!(
                        "\"{phrase}\": a threshold of {threshold}; they go from -200 to 50"
                    ));
                }
            }
        }
        Ok(tuning)
    }

    /// As a file, with a head that says what it is.
    #[must_use]
    pub fn write(&self, head: &str) -> String {
        use std::fmt::Write;
        let mut text = String::new();
        for line in head.lines() {
            let _ = writeln!(text, "# {line}");
        }
        let _ = writeln!(text, "engine = {}", toml::Value::from(self.engine.as_str()));
        for phrase in &self.phrases {
            let _ = writeln!(
                text,
                "\n[[phrase]]\nphrase = {}\nsay = [",
                toml::Value::from(phrase.phrase.as_str())
            );
            for way in &phrase.say {
                let sounds = toml::Value::from(way.sounds.as_str());
                let _ = writeln!(text, "  {{ sounds = {sounds}, threshold = {:.1} }},", way.threshold);
            }
            text.push_str("]\n");
            if !phrase.examples.is_empty() {
                let _ = writeln!(text, "distance = {:.2}\nexamples = [", phrase.distance);
                for example in &phrase.examples {
                    let _ = writeln!(text, "  \"{}\",", String::from(example.clone()));
                }
                text.push_str("]\n");
            }
        }
        text
    }

    /// What was found for `phrase`.
    pub(super) fn of(&self, phrase: &str) -> Option<&TunedPhrase> {
        self.phrases
            .iter()
            .find(|tuned| tuned.phrase.eq_ignore_ascii_case(phrase))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tuning() -> Tuning {
        let way = |sounds: &str, threshold| TunedWay {
            sounds: sounds.to_owned(),
            threshold,
        };
        Tuning {
            engine: "pocketsphinx".to_owned(),
            phrases: vec![TunedPhrase {
                phrase: "bloody \"hell\"".to_owned(),
                say: vec![way("B L AH D IY HH EH L", -23.5), way("B L AA D IY EH L", 4.0)],
                distance: 2.25,
                examples: vec![Example::of(&[[1.0; 12]; 20]).unwrap()],
            }],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let text = tuning().write("one\ntwo");
        assert!(text.starts_with("# one\n# two\nengine = \"pocketsphinx\"\n"), "{text}");
        assert_eq!(Tuning::read(&text).unwrap(), tuning());
        assert!(tuning().of("Bloody \"Hell\"").is_some());
    }

    #[test]
    fn what_is_wrong_is_said() {
        let refused = |text: &str| Tuning::read(text).unwrap_err();
        assert!(refused("engine = \"other\"").contains("not for pocketsphinx"));
        assert!(refused("engine = 1").contains("line 1"), "{}", refused("engine = 1"));
        let text = tuning().write("");
        assert!(refused(&text.replace("-23.5", "-2350.0")).contains("from -200 to 50"));
        assert!(refused(&text.replace("AA D", "AX D")).contains("\"AX\" is no sound"));
        assert!(refused("engine = \"pocketsphinx\"\n[[phrase]]\nphrase = \"x\"\nsay = []").contains("no way"));
    }

    proptest! {
        #[test]
        fn any_text_is_a_tuning_or_refused(text in ".{0,400}") {
            let _ = Tuning::read(&text);
        }
    }
}
