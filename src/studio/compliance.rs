//! What was moderated, as those who answer for it read it: one line of JSON for each thing that was done, when, by whom and
//! why. Words are masked.
//!
//! Pure: `runtime/compliance_file.rs` writes the lines.

use serde::Serialize;

use super::model::Who;
use crate::media::Timestamp;

/// One thing that was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// When it was decided, on the studio clock.
    pub at: Timestamp,
    /// `word`, `span`, `dump`, `picture`, `mute`, `restore`, `unjudged`, `hold`.
    pub kind: &'static str,
    /// Where in the show it begins, if it has a place.
    pub from: Option<Timestamp>,
    /// Where it ends; none while it is open.
    pub until: Option<Timestamp>,
    /// The word, masked.
    pub word: Option<String>,
    /// What was done: `beep`, `mute`, `cover`.
    pub action: String,
    /// Who wanted it.
    pub who: Who,
    /// Why.
    pub why: String,
}

#[derive(Serialize)]
struct Line<'a> {
    at: &'a str,
    show_s: f64,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    word: Option<&'a str>,
    action: &'a str,
    who: &'a str,
    why: &'a str,
}

impl Entry {
    /// The line, without its end; `wall` is the time of day in the form of RFC 3339.
    #[must_use]
    pub fn line(&self, wall: &str) -> String {
        let seconds = |at: Timestamp| (at.as_secs_f64() * 1000.0).round() / 1000.0;
        let line = Line {
            at: wall,
            show_s: seconds(self.at),
            kind: self.kind,
            from_s: self.from.map(seconds),
            until_s: self.until.map(seconds),
            word: self.word.as_deref(),
            action: &self.action,
            who: self.who.word(),
            why: &self.why,
        };
        // Plain values with names for keys: serialising them cannot fail.
        serde_json::to_string(&line).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_when_who_and_why() {
        let entry = Entry {
            at: Timestamp::from_millis(123_456),
            kind: "word",
            from: Some(Timestamp::from_millis(121_000)),
            until: Some(Timestamp::from_millis(121_480)),
            word: Some("d**n".to_owned()),
            action: "beep".to_owned(),
            who: Who::Recogniser,
            why: "list en: exact".to_owned(),
        };
        insta::assert_snapshot!(entry.line("2026-11-21T20:15:03.120Z"), @r#"{"at":"2026-11-21T20:15:03.120Z","show_s":123.456,"kind":"word","from_s":121.0,"until_s":121.48,"word":"d**n","action":"beep","who":"recogniser","why":"list en: exact"}"#);
        let open = Entry {
            until: None,
            word: None,
            ..entry
        };
        assert!(!open.line("").contains("until_s") && !open.line("").contains("word\":\"d"));
    }
}
