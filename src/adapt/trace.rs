//! A trace of what a controller was told and what it decided: lines of JSON, for `rigcast adapt replay` and for people with `jq`.
//!
//! ```text
//! {"rigcast_trace":1,"policy":"steady","base":{…}}
//! {"connected":{"at":120,"destination":"twitch","line":0}}
//! {"sample":{"destination":"twitch","sample":{"at":170,"written_bytes":18211,…}}}
//! {"encoded":{"at":170,"line":0,"bytes":17950}}
//! {"change":{"at":20140,"change":{"what":{"kind":"rate",…},"reason":"4500 → 870 kbit/s: …"}}}
//! ```
//! Times are in milliseconds. The reader is bounded and says which line is wrong; a last line that is cut off, as a crash leaves it,
//! is left out.

use std::io::BufRead;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::base::Base;
use super::change::Change;
use super::sample::Sample;
use crate::media::Timestamp;

/// The version that is written, and the only one that is read.
const VERSION: u32 = 1;
/// No line of a trace is longer; one of another file is.
const LONGEST_LINE: u64 = 64 << 10;
/// What is read at most: more than four hours of one destination.
const MOST_ENTRIES: usize = 600_000;

#[derive(Serialize, Deserialize)]
struct Header {
    rigcast_trace: u32,
    policy: String,
    base: Base,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TraceEntry {
    /// [`Director::connected`](super::Director::connected).
    Connected {
        /// When.
        at: Timestamp,
        /// Who.
        destination: String,
        /// Which line it takes.
        line: usize,
    },
    /// [`Director::gone`](super::Director::gone).
    Gone {
        /// When.
        at: Timestamp,
        /// Who.
        destination: String,
    },
    /// [`Director::sample`](super::Director::sample).
    Sample {
        /// Whose.
        destination: String,
        /// What was seen.
        sample: Sample,
    },
    /// [`Director::encoded`](super::Director::encoded).
    Encoded {
        /// When.
        at: Timestamp,
        /// Which encoder.
        line: usize,
        /// Its sum.
        bytes: u64,
    },
    /// [`Director::audience`](super::Director::audience).
    Audience {
        /// When.
        at: Timestamp,
        /// How many, where that is known.
        viewers: Option<u64>,
    },
    /// What was decided.
    Change {
        /// When.
        at: Timestamp,
        /// What, and why.
        change: Change,
    },
}

/// What is wrong with a trace.
#[derive(Debug, Error)]
#[error("line {line}: {reason}")]
pub struct TraceError {
    /// From 1.
    pub line: usize,
    /// In words.
    pub reason: String,
}

/// A trace that has been read.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// What the scene file said.
    pub base: Base,
    /// The policy that was on air.
    pub policy: String,
    /// In their order.
    pub entries: Vec<TraceEntry>,
}

/// The first line of a trace, without its end.
#[must_use]
pub fn trace_header(base: &Base, policy: &str) -> String {
    let header = Header {
        rigcast_trace: VERSION,
        policy: policy.to_owned(),
        base: base.clone(),
    };
    // Plain numbers and texts: there is nothing that JSON could not say.
    serde_json::to_string(&header).unwrap_or_default()
}

impl TraceEntry {
    /// As a line, without its end.
    #[must_use]
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Trace {
    /// Reads a trace.
    ///
    /// # Errors
    /// The first line that is wrong, unless it is the last and cut off; or there is too much of it.
    pub fn read(mut from: impl BufRead) -> Result<Self, TraceError> {
        let mut number = 0;
        let mut next = |number: &mut usize| -> Result<Option<Vec<u8>>, TraceError> {
            *number += 1;
            let wrong = |reason: String| TraceError { line: *number, reason };
            let mut line = Vec::new();
            let mut limited = std::io::Read::take(&mut from, LONGEST_LINE + 1);
            let read = limited.read_until(b'\n', &mut line);
            read.map_err(|error| wrong(format!("cannot be read: {error}")))?;
            if line.len() as u64 > LONGEST_LINE {
                return Err(wrong("longer than any line of a trace".to_owned()));
            }
            Ok((!line.is_empty()).then_some(line))
        };
        let wrong = |line: usize, reason: &str| TraceError {
            line,
            reason: reason.to_owned(),
        };
        let first = next(&mut number)?.unwrap_or_default();
        let header: Header =
            serde_json::from_slice(&first).map_err(|error| wrong(1, &format!("not the header of a trace: {error}")))?;
        if header.rigcast_trace != VERSION {
            let reason = format!(
                "a trace of version {}, this program reads {VERSION}",
                header.rigcast_trace
            );
            return Err(wrong(1, &reason));
        }
        if header.base.lines.is_empty() {
            return Err(wrong(1, "there is no line in it"));
        }
        let mut entries = Vec::new();
        while let Some(line) = next(&mut number)? {
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            if entries.len() == MOST_ENTRIES {
                return Err(wrong(
                    number,
                    "more than a trace may hold: cut it into pieces, each with the header",
                ));
            }
            match serde_json::from_slice(&line) {
                Ok(entry) => entries.push(entry),
                Err(_) if line.last() != Some(&b'\n') => break,
                Err(error) => return Err(wrong(number, &error.to_string())),
            }
        }
        Ok(Self {
            base: header.base,
            policy: header.policy,
            entries,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapt::What;
    use crate::media::{Rate, RateControl, TimeDelta};
    use proptest::prelude::*;

    fn base() -> Base {
        Base::for_tests(Rate {
            control: RateControl::Capped { max_kbps: 5000 },
            kbps: 4500,
        })
    }

    fn entries() -> Vec<TraceEntry> {
        let at = Timestamp::from_millis(20_140);
        let destination = "twitch".to_owned();
        vec![
            TraceEntry::Connected {
                at,
                destination: destination.clone(),
                line: 0,
            },
            TraceEntry::Sample {
                destination: destination.clone(),
                sample: Sample {
                    at,
                    written_bytes: 18_211,
                    rtt: Some(TimeDelta::from_millis(12)),
                    ..Sample::default()
                },
            },
            TraceEntry::Encoded {
                at,
                line: 0,
                bytes: 17_950,
            },
            TraceEntry::Audience { at, viewers: None },
            TraceEntry::Change {
                at,
                change: Change {
                    what: What::LeftBehind("twitch".to_owned(), true),
                    reason: "twitch carries 300".to_owned(),
                },
            },
            TraceEntry::Gone { at, destination },
        ]
    }

    fn text() -> String {
        let mut lines = vec![trace_header(&base(), "steady")];
        lines.extend(entries().iter().map(TraceEntry::to_line));
        lines.join("\n") + "\n"
    }

    #[test]
    fn what_is_written_is_read() {
        let trace = Trace::read(text().as_bytes()).unwrap();
        assert_eq!((trace.base, trace.policy.as_str()), (base(), "steady"));
        assert_eq!(trace.entries, entries());
        let torn = text();
        let trace = Trace::read(&torn.as_bytes()[..torn.len() - 20]).unwrap();
        assert_eq!(trace.entries, entries()[..5]);
    }

    #[test]
    fn errors_name_their_line() {
        let read = |text: &str| Trace::read(text.as_bytes()).unwrap_err().to_string();
        assert!(read("").starts_with("line 1: not the header of a trace"));
        assert!(read("{}").starts_with("line 1: not the header"));
        let other = text().replacen("\"rigcast_trace\":1", "\"rigcast_trace\":7", 1);
        assert_eq!(read(&other), "line 1: a trace of version 7, this program reads 1");
        let spoilt = text().replacen("\"encoded\"", "\"decoded\"", 1);
        assert!(
            read(&spoilt).starts_with("line 4: unknown variant"),
            "{}",
            read(&spoilt)
        );
        let long = text() + &"x".repeat(70_000);
        assert_eq!(read(&long), "line 8: longer than any line of a trace");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(at in 0usize..2000, byte in any::<u8>()) {
            let mut bytes = text().into_bytes();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = Trace::read(bytes.as_slice());
        }
    }
}
