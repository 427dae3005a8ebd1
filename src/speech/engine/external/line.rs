//! What a program says, line by line.
//!
//! ```text
//! {"word":"hello","from":1.23,"until":1.56,"confidence":0.9}
//! {"final":2.0}
//! ```
//! Times are seconds of the sound that it was given, from its first sample. `confidence` may be left out, and fields that are not
//! known here are passed over.

use serde::Deserialize;

/// Longest line in bytes.
pub(super) const LONGEST_LINE: usize = 64 << 10;
/// Most characters of a word.
const LONGEST_WORD: usize = 200;
/// Latest time in seconds: ten years.
const LATEST: f64 = 3.2e8;

/// A line that makes sense.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line {
    /// A word, with its beginning and its end in seconds.
    Word {
        text: String,
        from: f64,
        until: f64,
        confidence: f32,
    },
    /// Nothing more will be said of what lies before this second.
    Final(f64),
}

#[derive(Deserialize)]
struct Raw {
    word: Option<String>,
    from: Option<f64>,
    until: Option<f64>,
    confidence: Option<f32>,
    r#final: Option<f64>,
}

impl Line {
    /// Reads one; an empty line is `None`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Self>, String> {
        if bytes.len() > LONGEST_LINE {
            return Err(format!("longer than {LONGEST_LINE} bytes"));
        }
        let bytes = bytes.trim_ascii();
        if bytes.is_empty() {
            return Ok(None);
        }
        let raw: Raw = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let time = |name: &str, value: Option<f64>| match value {
            Some(value) if (0.0..LATEST).contains(&value) => Ok(value),
            Some(value) => Err(format!("{name}: {value} is no time")),
            None => Err(format!("{name} is missing")),
        };
        match (raw.word, raw.r#final) {
            (Some(word), None) => {
                let (from, until) = (time("from", raw.from)?, time("until", raw.until)?);
                if until < from {
                    return Err(format!("it ends at {until}, before it begins at {from}"));
                }
                let text: String = word
                    .trim()
                    .chars()
                    .filter(|c| !c.is_control())
                    .take(LONGEST_WORD)
                    .collect();
                let confidence = raw.confidence.unwrap_or(1.0).clamp(0.0, 1.0);
                Ok((!text.is_empty()).then_some(Self::Word {
                    text,
                    from,
                    until,
                    confidence,
                }))
            }
            (None, Some(value)) => time("final", Some(value)).map(|value| Some(Self::Final(value))),
            (Some(_), Some(_)) => Err("a word and a final time in one line".to_owned()),
            (None, None) => Err("neither a word nor a final time".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_and_final_times_are_read() {
        let word = Line::read(br#"{"word":" Hello ","from":1.25,"until":1.5,"confidence":0.5,"id":7}"#);
        let expected = Line::Word {
            text: "Hello".to_owned(),
            from: 1.25,
            until: 1.5,
            confidence: 0.5,
        };
        assert_eq!(word, Ok(Some(expected)));
        assert_eq!(Line::read(b"{\"final\":2}\r"), Ok(Some(Line::Final(2.0))));
        assert_eq!(Line::read(b"  "), Ok(None));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |text: &str| Line::read(text.as_bytes()).unwrap_err();
        assert!(wrong("hello").contains("expected value"));
        assert!(wrong("{}").contains("neither"));
        assert!(wrong(r#"{"word":"x","from":1}"#).contains("until is missing"));
        assert!(wrong(r#"{"word":"x","from":2,"until":1}"#).contains("before it begins"));
        assert!(wrong(r#"{"final":-1}"#).contains("no time"));
        assert!(wrong(r#"{"final":1e300}"#).contains("no time"));
        assert!(wrong(&" ".repeat(LONGEST_LINE + 1)).contains("longer"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_line_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Line::read(&bytes);
        }

        #[test]
        fn any_numbers_are_times_or_refused(from in any::<f64>(), until in any::<f64>(), confidence in any::<f32>()) {
            let text = format!(r#"{{"word":"x","from":{from:e},"until":{until:e},"confidence":{confidence:e}}}"#);
            if let Ok(Some(Line::Word { from, until, confidence, .. })) = Line::read(text.as_bytes()) {
                prop_assert!(from >= 0.0 && from <= until && until < LATEST && (0.0..=1.0).contains(&confidence));
            }
        }
    }
}
